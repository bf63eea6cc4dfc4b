/* SPDX-License-Identifier: Apache-2.0 */
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "inventory.h"
#include "plan.h"
#include "source_session.h"

/* Runs the source with this program as its worker. */
static Inventory *
list(const char *uri, GError **error)
{
    SourceContext context = {.program = "/proc/self/exe"};
    g_autoptr(Source) source = source_new(&source_libvirt, "kvm", &context);
    g_autoptr(InventoryBuilder) builder = inventory_builder_new();
    if (source_config(source, "uri", uri, error))
        source_run(source, inventory_builder_sink(builder), error);
    return inventory_builder_freeze(builder);
}

static void
test_default_host(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Inventory) inventory = list("test:///default", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(inventory->n_views, ==, 1);
    g_assert_false(inventory->is_partial);
    const InstanceView *view = inventory->views[0];
    g_assert_cmpstr(view->name.value, ==, "test");
    g_assert_cmpint(view->cpus.value, ==, 2);
    g_assert_cmpint(view->power, ==, POWER_ON);
    g_assert_cmpint(view->nics.items[0].vlan.kind, ==, VLAN_PRIVATE);
    g_assert_nonnull(
        inventory_find_portgroup(inventory, "kvm", view->nics.items[0].portgroup.value));
}

static void
test_missing_file(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Inventory) inventory = list("test:///nowhere/estate.xml", &error);
    g_assert_nonnull(error);
    g_assert_nonnull(strstr(error->message, "/nowhere/estate.xml"));
    g_assert_true(inventory->is_partial);
    g_assert_cmpuint(inventory->n_sources, ==, 1);
}

/* --- a session -------------------------------------------------------------------------------- */

static SourceSession *
session_of(const SourceContext *context, const char *uri)
{
    Source *source = source_new(&source_libvirt, "kvm", context);
    g_assert_true(source_config(source, "uri", uri, NULL));
    return source_session_new(source);
}

/* More often than one worker process serves. */
static void
test_session_reads_again(void)
{
    SourceContext context = {.program = "/proc/self/exe"};
    g_autoptr(SourceSession) session = session_of(&context, "test:///default");
    g_autoptr(Inventory) whole = list("test:///default", NULL);
    const char *ids[] = {whole->views[0]->id.value, "no-uuid"};
    const SourceQuery query = {.ids = ids, .n_ids = G_N_ELEMENTS(ids)};
    g_autofree char *facts = instance_facts(whole->views[0], NULL);
    for (int i = 0; i < 60; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(SourceReading) reading = source_session_read(session, &query, &error);
        g_assert_no_error(error);
        g_assert_cmpint(reading->instances[0].presence, ==, PRESENCE_THERE);
        g_assert_cmpint(reading->instances[1].presence, ==, PRESENCE_GONE);
        g_autofree char *again = instance_facts(reading->instances[0].view, NULL);
        g_assert_cmpstr(again, ==, facts);
    }
}

static void
test_session_shuts_down(void)
{
    SourceContext context = {.program = "/proc/self/exe"};
    g_autoptr(SourceSession) session = session_of(&context, "test:///default");
    g_autoptr(Inventory) whole = list("test:///default", NULL);
    const char *id = whole->views[0]->id.value;
    const SourceLimits limits = {.timeout_ms = 20 * 1000};
    const ShutdownOutcome expected[] = {SHUTDOWN_OFF, SHUTDOWN_WAS_OFF};
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_autoptr(GError) error = NULL;
        ShutdownOutcome outcome = source_session_shutdown_guest(session, id, &limits, &error);
        g_assert_no_error(error);
        g_assert_cmpint(outcome, ==, expected[i]);
    }
}

/* A host that cannot be reached leaves what the other has; what it may have is unknown. */
static void
test_session_with_a_lost_host(void)
{
    SourceContext context = {.program = "/proc/self/exe"};
    g_autoptr(SourceSession) session =
        session_of(&context, "test:///default,qemu+unix:///system?socket=/nowhere/sock");
    g_autoptr(Inventory) whole = list("test:///default", NULL);
    const char *ids[] = {whole->views[0]->id.value, "aaaaaaaa-0000-4000-8000-000000000001"};
    const SourceQuery query = {.ids = ids, .n_ids = G_N_ELEMENTS(ids)};
    g_autoptr(GError) error = NULL;
    g_autoptr(SourceReading) reading = source_session_read(session, &query, &error);
    g_assert_no_error(error);
    g_assert_cmpint(reading->instances[0].presence, ==, PRESENCE_THERE);
    g_assert_cmpint(reading->instances[1].presence, ==, PRESENCE_UNKNOWN);
    g_assert_nonnull(strstr(reading->instances[1].why, "/nowhere/sock"));
}

/* --- workers that do not do what they should -------------------------------------------------- */

static char *
list_with_program(const char *program, const char *timeout_s, int *ret_code)
{
    SourceContext context = {.program = program};
    g_autoptr(Source) source = source_new(&source_libvirt, "kvm", &context);
    g_autoptr(InventoryBuilder) builder = inventory_builder_new();
    g_autoptr(GError) error = NULL;
    g_assert_true(source_config(source, "uri", "test:///default", NULL));
    g_assert_true(source_config(source, "timeout", timeout_s, NULL));
    g_assert_false(source_run(source, inventory_builder_sink(builder), &error));
    g_autoptr(Inventory) inventory = inventory_builder_freeze(builder);
    g_assert_true(inventory->is_partial);
    g_assert_cmpuint(inventory->n_problems, ==, 1);
    *ret_code = error->code;
    return g_strdup(error->message);
}

static void
test_bad_workers(void)
{
    static const struct {
        const char *script, *why;
        int code;
    } cases[] = {
        {NULL, "could not be started", INGEST_ERROR_FAILED},
        {"exit 3", "ended early with status 3", INGEST_ERROR_PROTOCOL},
        {"kill -SEGV $$", "ended early by signal 11", INGEST_ERROR_PROTOCOL},
        {"echo hello; exec sleep 900", "cannot be read", INGEST_ERROR_PROTOCOL},
        {"echo '{\"a\":{},\"b\":{}}'; exec sleep 900", "one member", INGEST_ERROR_PROTOCOL},
        {"echo '{\"wat\":{}}'; exec sleep 900", "the worker said 'wat'", INGEST_ERROR_PROTOCOL},
        {"echo '{\"instance\":{\"id\":7}}'; exec sleep 900", "instance", INGEST_ERROR_INVALID},
        {"exec sleep 900", "did not answer in time", INGEST_ERROR_TIMEOUT},
        {"while :; do echo; done", "cannot be read", INGEST_ERROR_PROTOCOL},
        {"trap '' TERM INT; sleep 9 & wait", "did not answer in time", INGEST_ERROR_TIMEOUT},
    };
    g_autofree char *folder = g_dir_make_tmp("vmi-XXXXXX", NULL);
    g_autofree char *program = g_build_filename(folder, "worker", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        int code = 0;
        if (cases[i].script) {
            g_autofree char *text = g_strdup_printf("#!/bin/sh\n%s\n", cases[i].script);
            g_assert_true(
                g_file_set_contents_full(program, text, -1, G_FILE_SET_CONTENTS_NONE, 0700, NULL));
        }
        /* on a busy machine, too, the deadline is not what ends the others */
        const char *timeout_s = cases[i].code == INGEST_ERROR_TIMEOUT ? "1" : "120";
        g_autofree char *message = list_with_program(program, timeout_s, &code);
        if (!strstr(message, cases[i].why) || code != cases[i].code)
            g_error("'%s' gave %d '%s'", cases[i].script, code, message);
    }
    g_unlink(program);
    g_rmdir(folder);
}

static void
test_cancelled(void)
{
    atomic_bool is_cancelled = true;
    SourceContext context = {.program = "/proc/self/exe", .is_cancelled = &is_cancelled};
    g_autoptr(Source) source = source_new(&source_libvirt, "kvm", &context);
    g_autoptr(InventoryBuilder) builder = inventory_builder_new();
    g_autoptr(GError) error = NULL;
    g_assert_true(source_config(source, "uri", "test:///default", NULL));
    g_assert_false(source_run(source, inventory_builder_sink(builder), &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_CANCELLED);
}

/* A secret of another peer in the environment, a descriptor of ours: not for a worker. */
static void
test_worker_inherits_nothing(void)
{
    g_autofree char *folder = g_dir_make_tmp("vmi-XXXXXX", NULL);
    g_autofree char *program = g_build_filename(folder, "worker", NULL);
    g_autofree char *seen = g_build_filename(folder, "seen", NULL);
    g_autofree char *script = g_strdup_printf(
        "#!/bin/sh\n{ env; ls -l /proc/self/fd; tr '\\0' ' ' </proc/$$/cmdline; } >%s\n", seen);
    g_autofree char *text = NULL;
    int code = 0;
    g_setenv("GOVC_PASSWORD", "hunter2", true);
    int leak = dup(2);
    g_assert_true(
        g_file_set_contents_full(program, script, -1, G_FILE_SET_CONTENTS_NONE, 0700, NULL));
    g_autofree char *message = list_with_program(program, "120", &code);
    close(leak);
    g_assert_true(g_file_get_contents(seen, &text, NULL, NULL));
    g_assert_nonnull(strstr(text, "PATH="));
    g_assert_nonnull(strstr(text, "libvirt-worker"));
    g_assert_null(strstr(text, "hunter2"));
    g_assert_null(strstr(text, "test:///"));
    g_unlink(seen);
    g_unlink(program);
    g_rmdir(folder);
}

/* --- config ----------------------------------------------------------------------------------- */

static void
test_config(void)
{
    static const struct {
        const char *key, *value, *why;
    } cases[] = {{"uri", "qemu+ssh://h/system?no_verify=1", "no_verify"},
        {"keyfile", "id_rsa", "absolute path"}, {"keyfile", "/nowhere", "'/nowhere'"},
        {"pkipath", "/dev/null", "folder"}, {"known-hosts", "/tmp/a\"b", "takes for its own"},
        {"agent", "maybe", "yes, no, auto"}, {"timeout", "0", "1 to 3600"},
        {"timeout", "-5", "1 to 3600"}, {"timeout", "99999999999999999999", "1 to 3600"},
        {"password", "x", "unknown key"}};
    SourceContext context = {.program = "/proc/self/exe"};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Source) source = source_new(&source_libvirt, "kvm", &context);
        g_autoptr(GError) error = NULL;
        g_assert_false(source_config(source, cases[i].key, cases[i].value, &error));
        g_assert_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG);
        g_assert_nonnull(strstr(error->message, cases[i].why));
    }
}

static void
test_same_host_twice(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Inventory) inventory = list("test:///default, test:///default", &error);
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG);
    g_assert_nonnull(strstr(error->message, "given twice"));
    g_assert_cmpuint(inventory->n_views, ==, 0);
}

/* --- doctor ----------------------------------------------------------------------------------- */

static void
note_hop(void *data, const char *hop, HopResult result, const char *detail, const char *remedy)
{
    static const char *const words[] = {"ok", "failed", "skipped"};
    g_assert_nonnull(detail);
    g_string_append_printf(data, "%s %s", hop, words[result]);
    if (result == HOP_FAILED)
        g_string_append_printf(data, ": %.14s", remedy);
    g_string_append(data, "; ");
}

static void
test_doctor(void)
{
    static const struct {
        const char *uri, *agent, *hops;
        bool is_ok;
    } cases[] = {
        {"test:///default", "no",
            "connection ok; login ok; rights ok; interfaces ok; agent skipped; ", true},
        {"test:///default", "yes", "connection ok; login ok; rights ok; interfaces ok; agent ok; ",
            true},
        {"test:///nowhere.xml", "no", "connection failed: check the file; ", false},
        {"qemu+unix:///system?socket=/nowhere", "no", "connection failed: see that the h; ", false},
    };
    SourceContext context = {.program = "/proc/self/exe"};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Source) source = source_new(&source_libvirt, "kvm", &context);
        g_autoptr(GString) seen = g_string_new(NULL);
        HopSink hops = {seen, note_hop};
        g_autoptr(GError) error = NULL;
        g_assert_true(source_config(source, "uri", cases[i].uri, NULL));
        g_assert_true(source_config(source, "agent", cases[i].agent, NULL));
        g_assert_true(source_check(source, &hops, &error) == cases[i].is_ok);
        g_assert_no_error(error);
        g_assert_cmpstr(seen->str, ==, cases[i].hops);
    }
}

/* "list KEY=VALUE...": for the tests against real hosts. The error's code is the exit status. */
static int
list_to_stdout(int argc, char **argv)
{
    SourceContext context = {.program = "/proc/self/exe"};
    g_autoptr(Source) source = source_new(&source_libvirt, "kvm", &context);
    g_autoptr(InventoryWriter) writer = inventory_writer_new(stdout);
    g_autoptr(GError) error = NULL;
    for (int i = 0; i < argc && !error; i++) {
        g_auto(GStrv) pair = g_strsplit(argv[i], "=", 2);
        source_config(source, pair[0], pair[1], &error);
    }
    if (!error)
        source_run(source, inventory_writer_sink(writer), &error);
    inventory_writer_finish(writer, NULL);
    if (!error)
        return 0;
    fprintf(stderr, "%s\n", error->message);
    return 100 + error->code;
}

int
main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "libvirt-worker") == 0)
        return libvirt_worker_main(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "list") == 0)
        return list_to_stdout(argc - 2, argv + 2);
    g_test_init(&argc, &argv, NULL);
    signal(SIGPIPE, SIG_IGN); /* as the program does: a worker may end before it is asked */
    g_test_add_func("/source-libvirt/default-host-is-listed", test_default_host);
    g_test_add_func("/source-libvirt/missing-file-is-named", test_missing_file);
    g_test_add_func("/source-libvirt/session/reads-again", test_session_reads_again);
    g_test_add_func("/source-libvirt/session/shuts-down", test_session_shuts_down);
    g_test_add_func("/source-libvirt/session/with-a-lost-host", test_session_with_a_lost_host);
    g_test_add_func("/source-libvirt/bad-workers-give-clear-errors", test_bad_workers);
    g_test_add_func("/source-libvirt/cancelled-is-told", test_cancelled);
    g_test_add_func("/source-libvirt/worker-inherits-nothing", test_worker_inherits_nothing);
    g_test_add_func("/source-libvirt/wrong-config-is-refused", test_config);
    g_test_add_func("/source-libvirt/same-host-twice-is-refused", test_same_host_twice);
    g_test_add_func("/source-libvirt/doctor-tells-hops", test_doctor);
    return g_test_run();
}
