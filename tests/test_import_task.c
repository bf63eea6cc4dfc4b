/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading how far a conversion is. No reply of a real server is recorded: the texts are those that
 * the server's code makes.
 */
#include "ingest/import_task.h"

#include "cleanup.h"

static ImportTask
read_task(Arena *arena, const char *json)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) item = json_tokener_parse(json);
    ImportTask task = {0};
    g_assert_true(import_task_read(item, arena, &task, &error));
    g_assert_no_error(error);
    return task;
}

static void
test_running(void)
{
    Arena arena;
    arena_init(&arena);
    ImportTask task = read_task(&arena,
        "{\"zoneid\":\"z\",\"account\":\"acme\",\"vcenter\":\"vc.example\",\"datacentername\":"
        "\"DC0\",\"sourcevmname\":\"web01\",\"displayname\":\"Web 1\",\"step\":\"[3/5] "
        "ConvertingInstance\",\"state\":\"Running\",\"stepduration\":\"4 min 10 secs\","
        "\"convertinstancehostid\":\"h\",\"convertinstancehostname\":\"kvm1\",\"created\":"
        "\"2026-11-21T12:00:00+0000\",\"lastupdated\":\"2026-11-21T12:01:00+0000\",\"new\":1}");
    g_assert_cmpint(task.state, ==, IMPORT_TASK_RUNNING);
    g_assert_cmpint(task.step, ==, IMPORT_STEP_CONVERT);
    g_assert_cmpint(task.step_number.value, ==, 3);
    g_assert_cmpint(task.steps.value, ==, 5);
    g_assert_cmpint(task.step_seconds.value, ==, 250);
    g_assert_cmpint(task.seconds.state, ==, FACT_UNKNOWN);
    g_assert_cmpint(task.created_at.value, ==, 1795262400);
    g_assert_cmpstr(import_task_text(&task, &arena), ==,
        "converting on host 'kvm1', step 3 of 5, for 4 min 10 s");
    arena_release(&arena);
}

static void
test_ended(void)
{
    Arena arena;
    arena_init(&arena);
    ImportTask done = read_task(&arena,
        "{\"sourcevmname\":\"a\",\"state\":\"Completed\",\"step\":\"[5/5] Completed\","
        "\"duration\":\"1 hs 2 min 3 secs\",\"virtualmachineid\":\"v\"}");
    g_assert_cmpint(done.state, ==, IMPORT_TASK_COMPLETED);
    g_assert_cmpint(done.step, ==, IMPORT_STEP_DONE);
    g_assert_cmpstr(done.virtualmachineid.value, ==, "v");
    g_assert_cmpstr(import_task_text(&done, &arena), ==, "converted in 1 h 2 min");
    ImportTask failed = read_task(&arena,
        "{\"state\":\"Failed\",\"step\":\"[2/5] CloningInstance\",\"duration\":\"7 secs\","
        "\"description\":\"Cannot find VM with name a\"}");
    g_assert_cmpint(failed.step, ==, IMPORT_STEP_CLONE);
    g_assert_cmpstr(
        import_task_text(&failed, &arena), ==, "failed after 7 s: Cannot find VM with name a");
    arena_release(&arena);
}

/* What it does not know is unknown, whatever the server sends. */
static void
test_odd_replies(void)
{
    static const char *const items[] = {"{}",
        "{\"step\":\"\",\"state\":\"\",\"stepduration\":\"\"}",
        "{\"step\":\"[3/5\",\"state\":\"Paused\",\"stepduration\":\"soon\"}",
        "{\"step\":\"[9/5] Flying\",\"created\":\"yesterday\",\"duration\":\"3 days\"}",
        "{\"step\":\"]/[\",\"state\":7,\"created\":[],\"duration\":\"1 hs 2\"}"};
    Arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < G_N_ELEMENTS(items); i++) {
        ImportTask task = read_task(&arena, items[i]);
        g_assert_cmpint(task.state, ==, IMPORT_TASK_UNKNOWN);
        g_assert_cmpint(task.step, ==, IMPORT_STEP_UNKNOWN);
        g_assert_cmpint(task.step_number.state, !=, FACT_KNOWN);
        g_assert_cmpint(task.seconds.state, !=, FACT_KNOWN);
        g_assert_cmpint(task.created_at.state, !=, FACT_KNOWN);
        g_assert_nonnull(import_task_text(&task, &arena));
    }
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) list = json_tokener_parse("[1]");
    ImportTask task;
    g_assert_false(import_task_read(list, &arena, &task, &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_PROTOCOL);
    arena_release(&arena);
}

/* Also as the documentation has it: the bare word. */
static void
test_bare_step(void)
{
    Arena arena;
    arena_init(&arena);
    ImportTask task = read_task(&arena, "{\"state\":\"Running\",\"step\":\"Importing\"}");
    g_assert_cmpint(task.step, ==, IMPORT_STEP_IMPORT);
    g_assert_cmpstr(import_task_text(&task, &arena), ==, "being imported");
    arena_release(&arena);
}

static void
test_durations(void)
{
    static const struct {
        const char *text;
        int64_t seconds; /* below 0: none */
    } cases[] = {{"", 0}, {"59 secs", 59}, {"2 min ", 120}, {"1 hs 1 min 1 secs", 3661},
        {"30 hs ", 108000}, {"secs", -1}, {"1", -1}, {"x min", -1}, {"1 hour", -1}, {"-1 min", -1},
        {NULL, -1}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Int got = import_task_seconds(cases[i].text);
        g_assert_cmpint(got.state == FACT_KNOWN, ==, cases[i].seconds >= 0);
        g_assert_cmpint(got.value, ==, MAX(cases[i].seconds, 0));
    }
}

static void
test_whose_it_is(void)
{
    Arena arena;
    arena_init(&arena);
    ImportTask task =
        read_task(&arena, "{\"sourcevmname\":\"web01\",\"displayname\":\"web01\",\"created\":"
                          "\"2026-11-21T14:00:00+0200\"}");
    g_assert_true(import_task_is_of(&task, "web01", NULL, 1795262400));
    g_assert_true(import_task_is_of(&task, "web01", "web01", 0));
    g_assert_false(import_task_is_of(&task, "web01", NULL, 1795262401));
    g_assert_false(import_task_is_of(&task, "web01", "Web 1", 0));
    g_assert_false(import_task_is_of(&task, "web02", NULL, 0));
    arena_release(&arena);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/import-task/running", test_running);
    g_test_add_func("/import-task/ended", test_ended);
    g_test_add_func("/import-task/odd-replies", test_odd_replies);
    g_test_add_func("/import-task/bare-step", test_bare_step);
    g_test_add_func("/import-task/durations", test_durations);
    g_test_add_func("/import-task/whose-it-is", test_whose_it_is);
    return g_test_run();
}
