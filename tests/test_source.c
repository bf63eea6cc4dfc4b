/* SPDX-License-Identifier: Apache-2.0 */
#include "source.h"

#include <string.h>

#include <glib/gstdio.h>

#include "error.h"
#include "cleanup.h"

/* --- a back end that plays a script ----------------------------------------------------------- */

typedef struct Script {
    const char *steps; /* i info, c cluster, h host, v instance (v1, v2, ...), n host without a
                          name, x host without id, p problem, e end record, f fail, C cancel */
    bool fails_open;
    unsigned n_opened, n_closed;
    atomic_bool is_cancelled;
} Script;

static bool
script_put(Script *script, Source *source, InventorySink *sink, const char *step, GError **error)
{
    char id[] = {'v', 'm', '-', step[1], 0};
    switch (*step) {
    case 'i':
        return inventory_put(
            sink, RECORD_SOURCE, &(SourceInfo){.product = text_known("script")}, error);
    case 'c':
        return inventory_put(sink, RECORD_CLUSTER,
            &(SourceCluster){.id = text_known("c1"), .name = text_known("cluster")}, error);
    case 'n':
    case 'x':
    case 'h':
        return inventory_put(sink, RECORD_HOST,
            &(SourceHost){.id = *step == 'x' ? (Text){0} : text_known("host-1"),
                .name = *step == 'n' ? (Text){0} : text_known("esx1")},
            error);
    case 'v':
        source->requests++;
        return inventory_put(sink, RECORD_INSTANCE,
            &(InstanceView){.id = text_known(id), .name = text_known("web")}, error);
    case 'p':
        return inventory_put(sink, RECORD_PROBLEM,
            &(SourceProblem){.id = text_known("x"), .text = text_known("y")}, error);
    case 'e':
        return inventory_put(sink, RECORD_END, &(SourceEnd){0}, error);
    case 'C':
        atomic_store(&script->is_cancelled, true);
        return true;
    default:
        g_set_error_literal(error, INGEST_ERROR, INGEST_ERROR_TIMEOUT, "no answer in 5 s");
        return false;
    }
}

static bool
script_open(Source *source, GError **error)
{
    Script *script = source->context->progress_data;
    script->n_opened++;
    if (script->fails_open)
        g_set_error_literal(error, INGEST_ERROR, INGEST_ERROR_AUTH, "login refused");
    return !script->fails_open;
}

static bool
script_list(Source *source, InventorySink *sink, GError **error)
{
    Script *script = source->context->progress_data;
    for (const char *step = script->steps; *step; step += 1 + (*step == 'v'))
        if (!script_put(script, source, sink, step, error))
            return false;
    return true;
}

static void
script_close(Source *source)
{
    ((Script *)source->context->progress_data)->n_closed++;
}

static bool
script_config(Source *source, const char *key, const char *value, GError **error)
{
    (void)source;
    if (strcmp(value, "good") == 0)
        return true;
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG, "'%s' is '%s': give 'good'", key, value);
    return false;
}

static const SourceClass script_class = {
    .type = "vsphere",
    .config_help = "url=URL  where\n  ca-file=FILE  trust\n    more words on it\napi-version=V",
    .config = script_config,
    .open = script_open,
    .list = script_list,
    .close = script_close,
};

static Inventory *
run_script(Script *script, GError **error)
{
    SourceContext context = {.is_cancelled = &script->is_cancelled, .progress_data = script};
    g_autoptr(Source) source = source_new(&script_class, "vc1", &context);
    g_autoptr(InventoryBuilder) builder = inventory_builder_new();
    bool is_ok = source_run(source, inventory_builder_sink(builder), error);
    g_assert_true(is_ok == !*error);
    g_assert_cmpuint(script->n_opened, ==, 1);
    g_assert_cmpuint(script->n_closed, ==, 1);
    return inventory_builder_freeze(builder);
}

/* One letter a record: S source, C cluster, H host, V instance, P problem, E end. */
static char *
summary(const Inventory *inventory)
{
    static const char letters[] = "SCHDWGVPE";
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < inventory->n_records; i++)
        g_string_append_c(text, letters[inventory->records[i].kind]);
    return g_string_free(text, FALSE);
}

/* --- the contract ----------------------------------------------------------------------------- */

typedef struct RunCase {
    const char *name, *steps;
    bool fails_open;
    const char *records; /* as summary() */
    const char *message; /* of the error and of the end record, or NULL */
} RunCase;

static const RunCase run_cases[] = {
    {"complete", "ichv1v2p", false, "SCHVVPE", NULL},
    {"nothing-there", "i", false, "SE", NULL},
    {"open-fails", "i", true, "SE", "source 'vc1': login refused"},
    {"fails-at-once", "f", false, "SE", "source 'vc1': no answer in 5 s"},
    {"fails-half-way-keeps-what-was-read", "ichv1v2f", false, "SCHVVE",
        "source 'vc1': no answer in 5 s"},
    {"cancelled-half-way", "ichv1Cv2", false, "SCHVE", "source 'vc1': interrupted"},
    {"instance-twice-is-kept-once", "iv1v2v1", false, "SVVPE", NULL},
    {"name-unread-goes-by-id", "in", false, "SPHE", NULL},
    {"no-source-record", "c", false, "SE",
        "source 'vc1': bug in the 'vsphere' source: a record before the source record"},
    {"two-source-records", "ii", false, "SE",
        "source 'vc1': bug in the 'vsphere' source: a second source record"},
    {"end-of-its-own", "ie", false, "SE",
        "source 'vc1': bug in the 'vsphere' source: an end record of its own"},
    {"no-id", "ix", false, "SE", "source 'vc1': bug in the 'vsphere' source: a record without id"},
    {"host-after-instance", "iv1h", false, "SVE",
        "source 'vc1': bug in the 'vsphere' source: infrastructure after an instance"},
};

static void
test_run(gconstpointer data)
{
    const RunCase *run = data;
    Script script = {.steps = run->steps, .fails_open = run->fails_open};
    g_autoptr(GError) error = NULL;
    g_autoptr(Inventory) inventory = run_script(&script, &error);
    g_autofree char *records = summary(inventory);
    g_assert_cmpstr(records, ==, run->records);
    g_assert_cmpstr(error ? error->message : NULL, ==, run->message);
    const SourceEnd *end = inventory_find_end(inventory, "vc1");
    g_assert_nonnull(end);
    g_assert_true(is_true(end->is_complete) == !run->message);
    g_assert_cmpstr(end->error.value, ==, run->message);
    g_assert_cmpint(end->error.state, ==, run->message ? FACT_KNOWN : FACT_ABSENT);
    g_assert_cmpint(end->instances.value, ==, (int64_t)inventory->n_views);
    g_assert_cmpint(end->elapsed_ms.state, ==, FACT_KNOWN);
    g_assert_true(inventory->is_partial == (run->message != NULL));
    const SourceInfo *info = inventory_find_source(inventory, "vc1");
    g_assert_cmpint(info->kind, ==, SOURCE_KIND_VSPHERE);
    g_assert_cmpuint(strlen(info->read_at.value), ==, strlen("2026-01-02T03:04:05Z"));
    for (size_t i = 0; i < inventory->n_views; i++)
        g_assert_cmpstr(inventory->views[i]->source.value, ==, "vc1");
}

static void
test_error_code_is_kept(void)
{
    Script script = {.steps = "if"};
    g_autoptr(GError) error = NULL;
    g_autoptr(Inventory) inventory = run_script(&script, &error);
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_TIMEOUT);
    g_assert_true(inventory->is_partial);
}

static void
test_config(void)
{
    Script script = {0};
    SourceContext context = {.progress_data = &script};
    g_autoptr(Source) source = source_new(&script_class, "vc1", &context);
    g_autoptr(GError) unknown = NULL, wrong = NULL;
    g_assert_true(source_config(source, "url", "good", NULL));
    g_assert_true(source_config(source, "ca-file", "good", NULL));
    g_assert_true(source_config(source, "api-version", "good", NULL));
    g_assert_false(source_config(source, "more", "good", &unknown));
    g_assert_error(unknown, INGEST_ERROR, INGEST_ERROR_CONFIG);
    g_assert_cmpstr(unknown->message, ==,
        "source 'vc1': unknown key 'more'; a source of type 'vsphere' knows: url, ca-file, "
        "api-version");
    g_assert_false(source_config(source, "url", "bad", &wrong));
    g_assert_cmpstr(wrong->message, ==, "source 'vc1': 'url' is 'bad': give 'good'");
}

static void
test_classes(void)
{
    for (const SourceClass *const *class = source_classes; *class; class ++) {
        g_assert_true(source_find_class((*class)->type) == *class);
        g_assert_nonnull((*class)->summary);
        g_assert_nonnull((*class)->list);
    }
    g_assert_true(source_find_class("file") == &source_file);
    g_assert_null(source_find_class("hyperv"));
}

typedef struct Hops {
    GString *text;
} Hops;

static void
hear_hop(void *data, const char *hop, HopResult result, const char *detail, const char *remedy)
{
    g_assert_true((result == HOP_FAILED) == (remedy != NULL));
    g_string_append_printf(((Hops *)data)->text, "%s %d %s;", hop, (int)result, detail);
}

static void
test_check_by_opening(void)
{
    for (int fails = 0; fails <= 1; fails++) {
        Script script = {.fails_open = fails};
        SourceContext context = {.progress_data = &script};
        g_autoptr(Source) source = source_new(&script_class, "vc1", &context);
        g_autoptr(GString) text = g_string_new(NULL);
        HopSink hops = {&(Hops){text}, hear_hop};
        g_autoptr(GError) error = NULL;
        g_assert_true(source_check(source, &hops, &error) == !fails);
        g_assert_no_error(error);
        g_assert_cmpstr(text->str, ==, fails ? "open 1 login refused;" : "open 0 open;");
        g_assert_cmpuint(script.n_closed, ==, 1);
    }
}

/* --- the saved inventory as a source ---------------------------------------------------------- */

typedef struct FileRun {
    char *path;
    Inventory *inventory;
    GError *error;
} FileRun;

static void
file_run_clear(FileRun *run)
{
    g_unlink(run->path);
    g_free(run->path);
    inventory_unref(run->inventory);
    g_clear_error(&run->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FileRun, file_run_clear)

static FileRun
run_file(const char *text, size_t length)
{
    FileRun run = {0};
    int fd = g_file_open_tmp("vmi-XXXXXX", &run.path, NULL);
    g_assert_cmpint(fd, >=, 0);
    g_close(fd, NULL);
    g_assert_true(g_file_set_contents(run.path, text, (gssize)length, NULL));
    SourceContext context = {0};
    g_autoptr(Source) source = source_new(&source_file, "saved", &context);
    g_assert_true(source_config(source, "path", run.path, NULL));
    g_autoptr(InventoryBuilder) builder = inventory_builder_new();
    source_run(source, inventory_builder_sink(builder), &run.error);
    run.inventory = inventory_builder_freeze(builder);
    return run;
}

static void
test_file_gives_same_bytes(void)
{
    g_autofree char *text = NULL, *saved = NULL;
    size_t length = 0, saved_length = 0;
    g_assert_true(
        g_file_get_contents("tests/corpus/inventory/valid-two-views.json", &text, &length, NULL));
    g_auto(FileRun) run = run_file(text, length);
    g_assert_error(run.error, INGEST_ERROR, INGEST_ERROR_FAILED);
    g_assert_nonnull(strstr(run.error->message, "source 'cs' was only half read"));
    FILE *file = open_memstream(&saved, &saved_length);
    g_assert_true(inventory_save(run.inventory, file, NULL));
    fclose(file);
    g_assert_cmpmem(saved, saved_length, text, length);
    g_assert_null(inventory_find_source(run.inventory, "saved"));
    g_assert_true(run.inventory->is_partial); /* its second source was */
}

static void
test_file_cut_is_partial(void)
{
    g_autofree char *text = NULL;
    size_t length = 0;
    g_assert_true(
        g_file_get_contents("tests/corpus/inventory/valid-two-views.json", &text, &length, NULL));
    size_t cut = (size_t)(strstr(text, "{\"end\"") - text) - 2;
    g_auto(FileRun) run = run_file(text, cut);
    g_assert_error(run.error, INGEST_ERROR, INGEST_ERROR_INVALID);
    g_assert_true(g_str_has_prefix(run.error->message, "source 'saved': '"));
    g_assert_nonnull(strstr(run.error->message, "truncated"));
    g_assert_cmpuint(run.inventory->n_instances, ==, 1);
    g_assert_cmpuint(run.inventory->n_ends, ==, 0);
    g_assert_true(run.inventory->is_partial);
}

static void
test_file_of_complete_sources(void)
{
    g_autofree char *text = NULL;
    size_t length = 0;
    g_assert_true(
        g_file_get_contents("tests/corpus/inventory/valid-two-views.json", &text, &length, NULL));
    char *mark = strstr(text, "\"is_complete\":false");
    memcpy(mark, "\"is_complete\":true ", strlen("\"is_complete\":false"));
    g_auto(FileRun) run = run_file(text, length);
    g_assert_no_error(run.error);
    g_assert_false(run.inventory->is_partial);
}

static void
test_file_errors(void)
{
    SourceContext context = {0};
    g_autoptr(InventoryBuilder) builder = inventory_builder_new();
    g_autoptr(Source) source = source_new(&source_file, "saved", &context);
    g_autoptr(GError) no_path = NULL, no_file = NULL, empty = NULL;
    g_assert_false(source_run(source, inventory_builder_sink(builder), &no_path));
    g_assert_error(no_path, INGEST_ERROR, INGEST_ERROR_CONFIG);
    g_assert_false(source_config(source, "path", "", &empty));
    g_assert_error(empty, INGEST_ERROR, INGEST_ERROR_CONFIG);
    g_assert_true(source_config(source, "path", "/nonexistent/x.json", NULL));
    g_assert_false(source_run(source, inventory_builder_sink(builder), &no_file));
    g_assert_error(no_file, INGEST_ERROR, INGEST_ERROR_STORAGE);
    g_assert_nonnull(strstr(no_file->message, "/nonexistent/x.json"));
}

static void
test_file_check(void)
{
    const char *paths[] = {"tests/corpus/inventory/valid-two-views.json",
        "tests/corpus/inventory/bad-type.json", "/nonexistent/x.json"};
    const char *patterns[] = {
        "file 0 *;form 0 2 instances;", "file 0 *;form 1 *records*name*;", "file 1 *;form 2 *;"};
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        SourceContext context = {0};
        g_autoptr(Source) source = source_new(&source_file, "saved", &context);
        g_assert_true(source_config(source, "path", paths[i], NULL));
        g_autoptr(GString) text = g_string_new(NULL);
        HopSink hops = {&(Hops){text}, hear_hop};
        g_assert_true(source_check(source, &hops, NULL) == (i == 0));
        g_assert_true(g_pattern_match_simple(patterns[i], text->str));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(run_cases); i++) {
        g_autofree char *path = g_strconcat("/source/run/", run_cases[i].name, NULL);
        g_test_add_data_func(path, &run_cases[i], test_run);
    }
    g_test_add_func("/source/run/error-code-is-kept", test_error_code_is_kept);
    g_test_add_func("/source/config/unknown-key-lists-the-known", test_config);
    g_test_add_func("/source/classes-are-found-by-type", test_classes);
    g_test_add_func("/source/check/opens-where-there-is-no-test", test_check_by_opening);
    g_test_add_func("/source/file/saved-again-gives-same-bytes", test_file_gives_same_bytes);
    g_test_add_func("/source/file/cut-file-is-partial-and-keeps-records", test_file_cut_is_partial);
    g_test_add_func("/source/file/complete-sources-are-complete", test_file_of_complete_sources);
    g_test_add_func("/source/file/errors-name-the-file", test_file_errors);
    g_test_add_func("/source/file/check-names-the-hop", test_file_check);
    return g_test_run();
}
