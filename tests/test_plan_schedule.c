/* SPDX-License-Identifier: Apache-2.0
 *
 * Waves, priorities and the schedule that a plan proposes.
 */
#include "tests/estate_builder.h"

#include "appliance/report.h"
#include "cleanup.h"

static char *
schedule_text(const Plan *plan)
{
    g_autoptr(GString) text = g_string_new(NULL);
    record_encode(&schedule_type, &plan->schedule, text);
    return g_strdup(text->str);
}

/* VMs of these names, planned. */
static Plan *
plan_of(Estate *estate, const char *rules, const char *const *names)
{
    estate_init_plain(estate);
    for (; *names; names++)
        estate_put_vm(estate, estate_add_plain_vm(estate, *names), true);
    estate_freeze(estate);
    return estate_plan(estate, rules);
}

static void
assert_schedule(const char *rules, const char *expected)
{
    static const char *const names[] = {"a-10", "a-9", "b", "a-009", "c", NULL};
    g_auto(Estate) estate = {0};
    g_autoptr(Plan) plan = plan_of(&estate, rules, names);
    g_autofree char *found = schedule_text(plan);
    g_assert_cmpstr(found, ==, expected);
}

static void
test_defaults_are_written_out(void)
{
    assert_schedule("", "{\"jobs\":5,\"limits\":[{\"kind\":\"moves\",\"jobs\":2}],\"windows\":[],"
                        "\"failures\":3,\"waves\":[],\"overlap\":false}");
}

static void
test_settings_are_taken_over(void)
{
    assert_schedule("limit jobs 7\nlimit moves 1\nlimit pool \"p 1\" 3\nfailures none\n"
                    "window  22:00  to 06:00 \"Europe/Berlin\" # at night\n"
                    "window sat 00:00-24:00 UTC\nwaves overlap\nfailures 1 for wave x\n"
                    "window 10:00-11:00 UTC for wave x\n",
        "{\"jobs\":7,\"limits\":[{\"kind\":\"moves\",\"jobs\":1},{\"kind\":\"pool\",\"name\":\"p "
        "1\","
        "\"jobs\":3}],\"windows\":[\"22:00 to 06:00 Europe/Berlin\",\"sat 00:00-24:00 UTC\"],"
        "\"failures\":null,\"waves\":[{\"name\":\"x\",\"windows\":[\"10:00-11:00 UTC\"],"
        "\"failures\":1}],\"overlap\":true}");
}

/* Those of a 'waves' line, then the others by name, numbers by their value. */
static void
test_waves_are_in_order(void)
{
    assert_schedule("wave name c -> z\nwave any -> \"{name}\"\nwaves z later\nwaves b\n"
                    "failures 9 for wave a-10\n",
        "{\"jobs\":5,\"limits\":[{\"kind\":\"moves\",\"jobs\":2}],\"windows\":[],\"failures\":3,"
        "\"waves\":[{\"name\":\"z\"},{\"name\":\"later\"},{\"name\":\"b\"},{\"name\":\"a-009\"},"
        "{\"name\":\"a-9\"},{\"name\":\"a-10\",\"failures\":9}],\"overlap\":false}");
}

static void
test_priority_by_the_first_rule(void)
{
    static const char *const names[] = {"db-1", "web-1", "x", NULL};
    g_auto(Estate) estate = {0};
    g_autoptr(Plan) plan =
        plan_of(&estate, "priority name db-* -> 10\npriority name *-1 -> -3\n", names);
    g_assert_cmpint(plan->items[0].choice.priority.value, ==, 10);
    g_assert_cmpint(plan->items[1].choice.priority.value, ==, -3);
    g_assert_cmpint(plan->items[2].choice.priority.state, ==, FACT_ABSENT);
}

static Plan *
save_and_read(const Plan *plan)
{
    g_autofree char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    g_assert_true(plan_save(plan, out, NULL));
    fclose(out);
    g_autoptr(StdioFile) in = fmemopen(text, size, "r");
    g_autoptr(GError) error = NULL;
    Plan *read = plan_read(in, "p.json", &error);
    g_assert_no_error(error);
    return read;
}

/* A plan file that is checked keeps its schedule, whatever the policy says; new waves follow. */
static void
test_check_keeps_what_was_edited(void)
{
    static const char *const names[] = {"a", "b", NULL};
    g_auto(Estate) estate = {0};
    g_autoptr(Plan) built = plan_of(&estate, "wave any -> 1\nlimit jobs 7\n", names);
    g_autoptr(Plan) plan = save_and_read(built);
    ScheduleWave waves[] = {{.name = text_known("2")}, {.name = text_known("1")}};
    plan->schedule.waves.items = waves;
    plan->schedule.waves.n = 2;
    plan->schedule.jobs = int_known(9);
    plan->items[1].choice.wave = text_known("0");
    plan->items[1].choice.priority = int_known(4);
    g_autoptr(Policy) policy = policy_parse("limit jobs 3\nwave any -> 5\n", "other", NULL);
    g_autoptr(Plan) checked =
        plan_check(plan, estate.inventory, estate.catalog, policy, NULL, NULL);
    g_autofree char *found = schedule_text(checked);
    g_assert_cmpstr(found, ==,
        "{\"jobs\":9,\"limits\":[{\"kind\":\"moves\",\"jobs\":2}],\"windows\":[],\"failures\":3,"
        "\"waves\":[{\"name\":\"2\"},{\"name\":\"1\"},{\"name\":\"0\"}],\"overlap\":false}");
    g_assert_cmpstr(checked->items[0].choice.wave.value, ==, "1");
    g_assert_cmpint(checked->items[1].choice.priority.value, ==, 4);
}

/* Choices that are taken into a proposal bring their waves into its order. */
static void
test_choices_bring_waves(void)
{
    static const char *const names[] = {"a", "b", NULL};
    g_auto(Estate) estate = {0};
    g_autoptr(Policy) policy = policy_parse("wave any -> 2\nlimit jobs 7\n", "rules", NULL);
    g_autoptr(Plan) plan = plan_of(&estate, "wave any -> 2\nlimit jobs 7\n", names);
    plan->items[1].choice.wave = text_known("1");
    g_autoptr(Plan) checked =
        plan_check(plan, estate.inventory, estate.catalog, policy, NULL, NULL);
    g_assert_cmpuint(checked->schedule.waves.n, ==, 2);
    g_assert_cmpstr(checked->schedule.waves.items[0].name.value, ==, "1");
    g_assert_cmpint(checked->schedule.jobs.value, ==, 7);
}

/* --- what chooses a wave ---------------------------------------------------------------------- */

/* The waves of three VMs: small, of 2 CPUs, 4 GiB and a disk of 20 GiB; and large, of 16 CPUs,
 * 64 GiB and disks of 20 and 2048 GiB; and one of which size and folder are not known. Returns
 * whether a rule could not be decided for that one. */
static bool
assert_waves(const char *rules, const char *small, const char *large, const char *unread)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    estate_add_domain(&estate, "d-fin", "ROOT/Customers/fin", "root");
    estate_add_account(&estate, "fin", "d-fin", 0);
    estate_add_project(&estate, "acme", "d-fin");
    InstanceView *view = estate_add_plain_vm(&estate, "small");
    view->path = text_known("/DC0/vm/Web");
    view->cpus = int_known(2);
    view->memory_bytes = int_known((int64_t)4 << 30);
    view->disks.items[0].capacity_bytes = int_known((int64_t)20 << 30);
    estate_put_vm(&estate, view, true);
    view = estate_add_plain_vm(&estate, "large");
    view->path = text_known("/DC0/vm/Db");
    view->instance_uuid = text_known("50000000-0000-4000-8000-00000000000a");
    view->cpus = int_known(16);
    view->memory_bytes = int_known((int64_t)64 << 30);
    view->disks.items[0].capacity_bytes = int_known((int64_t)20 << 30);
    estate_add_disk(&estate, view, 2048, "ds1");
    estate_put_vm(&estate, view, true);
    view = estate_add_plain_vm(&estate, "unread");
    view->path = (Text){0};
    view->cpus = view->memory_bytes = (Int){0};
    view->disks.items[0].capacity_bytes = (Int){0};
    estate_put_vm(&estate, view, false);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, rules);
    g_assert_cmpuint(plan->n_items, ==, 3);
    g_assert_cmpstr(plan->items[0].choice.wave.value, ==, small);
    g_assert_cmpstr(plan->items[1].choice.wave.value, ==, large);
    g_assert_cmpstr(plan->items[2].choice.wave.value, ==, unread);
    return find_finding(&plan->items[2], "policy-rule-undecided");
}

static void
test_wave_by_size(void)
{
    g_assert_true(assert_waves("wave cpus >= 16 -> b", NULL, "b", NULL));
    assert_waves("wave cpus > 16 -> b", NULL, NULL, NULL);
    assert_waves("wave cpus = 2 -> b", "b", NULL, NULL);
    assert_waves("wave cpus <= 2 -> b", "b", NULL, NULL);
    assert_waves("wave cpus < 2 -> b", NULL, NULL, NULL);
    assert_waves("wave memory >= 4GiB and memory < 64 GiB -> b", "b", NULL, NULL);
    assert_waves("wave memory >=65536MiB -> b", NULL, "b", NULL);
    assert_waves("wave disk > 2 TiB -> b", NULL, "b", NULL);
    assert_waves("wave disk <= 20GiB -> b\nwave name l* -> c", "b", "c", NULL);
}

static void
test_wave_by_list(void)
{
    assert_waves("wave list first -> b\nlist first large other\nlist first unread", NULL, "b", "b");
    assert_waves("list u 50000000-0000-4000-8000-00000000000a\nwave list u -> b", NULL, "b", NULL);
    assert_waves("list p /DC0/vm/Web/small /DC0/vm/Web/large\nwave list p -> b", "b", NULL, NULL);
    g_assert_true(
        assert_waves("list p /DC0/vm/Web/unread\nwave list p -> b\nwave any -> c", "c", "c", "c"));
}

static void
test_wave_by_owner(void)
{
    const char *owners = "owner name small -> account fin domain /Customers/fin\n"
                         "owner name large -> project acme\n";
    static const struct {
        const char *rule, *small, *large;
    } cases[] = {
        {"wave account fin -> b", "b", NULL},
        {"wave account f* -> b", "b", NULL},
        {"wave project acme -> b", NULL, "b"},
        {"wave domain /Customers -> b", "b", "b"},
        {"wave domain ROOT/Customers/fin -> b", "b", "b"},
        {"wave domain /Customers/f -> b", NULL, NULL},
        {"wave domain /Other -> b", NULL, NULL},
        {"wave account fin and domain /Customers/* -> b", "b", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *rules = g_strconcat(owners, cases[i].rule, NULL);
        assert_waves(rules, cases[i].small, cases[i].large, NULL);
    }
    assert_waves(
        "wave domain ROOT -> b\nowner any -> account fin domain /Customers/fin", "b", "b", "b");
}

/* A slip of the pen in a list must not go unnoticed. */
static void
test_lists_tell_whom_they_miss(void)
{
    static const char *const names[] = {"a", "b", NULL};
    g_auto(Estate) estate = {0};
    g_autoptr(Plan) plan =
        plan_of(&estate, "list l a x9 x10\nlist l /no/where/b\nlist m b\n", names);
    const SourceProblem *found = NULL;
    for (size_t i = 0; i < plan->info.problems.n; i++)
        if (!g_strcmp0(plan->info.problems.items[i].id.value, "list-names-no-vm")) {
            g_assert_null(found);
            found = &plan->info.problems.items[i];
        }
    g_assert_nonnull(found);
    g_assert_cmpstr(found->about.value, ==, "list 'l'");
    g_assert_cmpstr(
        found->text.value, ==, "No VM that was read is called '/no/where/b', 'x10', 'x9'.");
}

static char *
read_names(void *data, const char *name, GError **error)
{
    if (!strcmp(name, "pilot.txt"))
        return g_strdup(data);
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG, "'%s' is not there", name);
    return NULL;
}

static void
test_list_from_a_file(void)
{
    static const char *const names[] = {"a", "b c", "d", NULL};
    PolicyFiles files = {read_names, (char *)"\xef\xbb\xbf"
                                             "a\r\n\n# d\n  b c \n"};
    g_auto(Estate) estate = {0};
    g_autoptr(Plan) none = plan_of(&estate, "", names);
    g_autoptr(GError) error = NULL;
    g_autoptr(Policy) policy =
        policy_parse_with("list p from pilot.txt\nwave list p -> 1", "p", &files, &error);
    g_assert_no_error(error);
    g_autoptr(Plan) plan = plan_build(estate.inventory, estate.catalog, policy, NULL, &error);
    g_assert_cmpstr(plan->items[0].choice.wave.value, ==, "1");
    g_assert_cmpstr(plan->items[1].choice.wave.value, ==, "1");
    g_assert_null(plan->items[2].choice.wave.value);
    g_assert_null(policy_parse_with("list p from other.txt", "p", &files, &error));
    g_assert_nonnull(strstr(error->message, "'p', line 1, column 8: list 'p': 'other.txt' is not"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plan/schedule/defaults-are-written-out", test_defaults_are_written_out);
    g_test_add_func("/plan/schedule/settings-are-taken-over", test_settings_are_taken_over);
    g_test_add_func("/plan/schedule/waves-are-in-order", test_waves_are_in_order);
    g_test_add_func("/plan/schedule/priority-by-the-first-rule", test_priority_by_the_first_rule);
    g_test_add_func("/plan/schedule/check-keeps-what-was-edited", test_check_keeps_what_was_edited);
    g_test_add_func("/plan/schedule/choices-bring-waves", test_choices_bring_waves);
    g_test_add_func("/plan/schedule/wave-by-size", test_wave_by_size);
    g_test_add_func("/plan/schedule/wave-by-list", test_wave_by_list);
    g_test_add_func("/plan/schedule/wave-by-owner", test_wave_by_owner);
    g_test_add_func("/plan/schedule/lists-tell-whom-they-miss", test_lists_tell_whom_they_miss);
    g_test_add_func("/plan/schedule/list-from-a-file", test_list_from_a_file);
    return g_test_run();
}
