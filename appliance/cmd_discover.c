/* SPDX-License-Identifier: Apache-2.0
 *
 * vm-ingest discover and catalog: save what the sources have and what the target offers.
 */
#include "arena.h"
#include "cleanup.h"
#include "cmd_plan.h"
#include "outfile.h"

#include <errno.h>
#include <string.h>

/* --- discover --------------------------------------------------------------------------------- */

typedef struct InstanceTable {
    InventorySink sink;
    OutputTable *table;
} InstanceTable;

static const OutputColumn instance_columns[] = {
    {"NAME", "name", false, true},
    {"SOURCE", "source", false, false},
    {"POWER", "power", false, false},
    {"CPUS", "cpus", true, false},
    {"MEMORY MIB", "memory_mib", true, false},
    {"DISKS", "disks", true, false},
    {"NICS", "nics", true, false},
    {"VLANS", "vlans", false, false},
    {"PATH", "path", false, false},
    {"ID", "id", false, false},
};

static const char *
number_cell(Int fact, int64_t unit, Arena *arena)
{
    return fact.state == FACT_KNOWN ? arena_printf(arena, "%" G_GINT64_FORMAT, fact.value / unit)
                                    : NULL;
}

static const char *
count_cell(FactState state, size_t n, Arena *arena)
{
    return state == FACT_UNKNOWN ? NULL : arena_printf(arena, "%zu", n);
}

static const char *
vlans_cell(const InstanceView *view, Arena *arena)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (size_t i = 0; i < view->nics.n; i++)
        g_string_append_printf(
            text, "%s%s", i ? ", " : "", report_vlan_text(&view->nics.items[i].vlan, arena));
    return arena_strdup(arena, text->str);
}

static bool
add_instance_row(InventorySink *sink, RecordKind kind, const void *record, GError **error)
{
    (void)error;
    const InstanceView *view = record;
    if (kind != RECORD_INSTANCE)
        return true;
    Arena arena;
    arena_init(&arena);
    const char *const cells[G_N_ELEMENTS(instance_columns)] = {view->name.value, view->source.value,
        power_words[view->power], number_cell(view->cpus, 1, &arena),
        number_cell(view->memory_bytes, 1024 * 1024, &arena),
        count_cell(view->disks.state, view->disks.n, &arena),
        count_cell(view->nics.state, view->nics.n, &arena), vlans_cell(view, &arena),
        view->path.value, view->id.value};
    output_table_add(((InstanceTable *)sink)->table, cells);
    arena_release(&arena);
    return true;
}

/* Passes records on and counts the sources that have no complete end so far. */
typedef struct ReplaySink {
    InventorySink sink;
    InventorySink *inner; /* borrowed */
    size_t n_open;
} ReplaySink;

static bool
replay_record(InventorySink *sink, RecordKind kind, const void *record, GError **error)
{
    ReplaySink *replay = (ReplaySink *)sink;
    if (atomic_load(&interrupted)) {
        g_set_error_literal(error, INGEST_ERROR, INGEST_ERROR_CANCELLED, "interrupted");
        return false;
    }
    replay->n_open += kind == RECORD_SOURCE;
    replay->n_open -= kind == RECORD_END && is_true(((const SourceEnd *)record)->is_complete);
    return inventory_put(replay->inner, kind, record, error);
}

/* A saved inventory, record by record: the estate need not fit into memory. */
static bool
feed_saved(const char *path, InventorySink *sink, ExitCode *ret_worst, GError **error)
{
    g_autoptr(StdioFile) file = fopen(path, "re");
    if (!file) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_STORAGE, "'%s' cannot be opened: %s", path,
            g_strerror(errno));
        return false;
    }
    ReplaySink replay = {.sink.put = replay_record, .inner = sink};
    if (!inventory_read(file, path, &replay.sink, error))
        return false;
    *ret_worst = replay.n_open ? EXIT_CODE_PARTIAL : EXIT_CODE_OK;
    return true;
}

/* From the sources, or from a saved inventory, into a sink. */
static bool
feed(const Options *options, InventorySink *sink, ExitCode *ret_worst, GError **error)
{
    if (options->inventory)
        return feed_saved(options->inventory, sink, ret_worst, error);
    g_autoptr(Config) config = config_load(options, error);
    if (!config)
        return false;
    g_autofree char *origins = config_describe(config);
    message_verbose("config:\n%s", origins);
    bool wants_cloudstack = !options->sources || options->cloudstack || options->profile;
    return estate_run_sources(options, config, wants_cloudstack, sink, ret_worst, error);
}

/* Writes from the first record on: what fails before it leaves the output empty. */
typedef struct FileSink {
    InventorySink sink;
    OutFile *out;            /* borrowed */
    InventoryWriter *writer; /* owned; NULL until the first record */
} FileSink;

static void
begin_file(FileSink *file)
{
    if (file->writer)
        return;
    file->writer = inventory_writer_new(file->out->file);
    /* What has been read stays read, whatever happens now. */
    outfile_keep_partial(file->out);
}

static bool
write_record(InventorySink *sink, RecordKind kind, const void *record, GError **error)
{
    FileSink *file = (FileSink *)sink;
    begin_file(file);
    return inventory_put(inventory_writer_sink(file->writer), kind, record, error);
}

static bool
end_file(FileSink *file, GError **error)
{
    begin_file(file); /* an inventory without a record is one, too */
    return outfile_finish(file->out, inventory_writer_finish(file->writer, error), error);
}

static bool
discover_to_file(const Options *options, OutFile *out, ExitCode *ret_worst, GError **error)
{
    FileSink file = {.sink.put = write_record, .out = out};
    bool is_ok = feed(options, &file.sink, ret_worst, error) && end_file(&file, error);
    inventory_writer_free(file.writer);
    return is_ok;
}

static bool
discover_to_table(const Options *options, OutFile *out, ExitCode *ret_worst, GError **error)
{
    g_autoptr(OutputTable) table =
        output_table_new(instance_columns, G_N_ELEMENTS(instance_columns));
    InstanceTable rows = {.sink.put = add_instance_row, .table = table};
    OutputStyle style = chosen_style(options, out->file);
    OutputFormat format = chosen_format(options, OUTPUT_TABLE);
    return feed(options, &rows.sink, ret_worst, error) &&
           outfile_finish(out, output_table_print(table, format, &style, out->file, error), error);
}

static ExitCode
run_discover(const Options *options, char **args, int n_args)
{
    (void)args, (void)n_args;
    g_autoptr(GError) error = NULL;
    g_autoptr(OutFile) out = outfile_open(options->out, &error);
    ExitCode worst = EXIT_CODE_OK;
    bool is_json = !options->format || strcmp(options->format, "json") == 0;
    if (!out || !(is_json ? discover_to_file(options, out, &worst, &error)
                          : discover_to_table(options, out, &worst, &error))) {
        if (out && out->keeps_partial && out->temporary)
            message("what was read is in '%s'", out->temporary);
        return exit_complain(error);
    }
    return worst;
}

static const GOptionEntry *const discover_entries[] = {options_sources, options_inventory,
    options_target, options_format, options_out, options_config, options_general, NULL};

const Command cmd_discover = {
    .name = "discover",
    .summary = "save what the sources have",
    .args = "",
    .entries = discover_entries,
    .formats = "json table yaml csv",
    .description =
        "Reads the sources and writes an inventory, which later commands take with --inventory "
        "FILE.\n"
        "json is the saved inventory, written as it is read; the other formats list the VMs.",
    .run = run_discover,
};

/* --- catalog ---------------------------------------------------------------------------------- */

static const OutputColumn list_columns[] = {
    {"LIST", "list", false, true},
    {"COMMAND", "command", false, false},
    {"ITEMS", "items", true, false},
    {"COMPLETE", "complete", false, false},
    {"REPAIRED", "repaired", true, false},
    {"WHY NOT", "error", false, false},
};

static bool
print_lists(const Options *options, const Catalog *catalog, FILE *file, GError **error)
{
    g_autoptr(OutputTable) table = output_table_new(list_columns, G_N_ELEMENTS(list_columns));
    for (size_t i = 0; i < catalog->lists.n; i++) {
        const CatalogList *list = &catalog->lists.items[i];
        char count[24], repaired[24];
        g_snprintf(count, sizeof count, "%" G_GINT64_FORMAT, list->count.value);
        g_snprintf(repaired, sizeof repaired, "%" G_GINT64_FORMAT, list->repaired.value);
        const char *const cells[] = {list->name.value, list->command.value, count,
            is_true(list->is_complete) ? "yes" : "no", list->repaired.value ? repaired : NULL,
            list->error.value};
        output_table_add(table, cells);
    }
    OutputStyle style = chosen_style(options, file);
    return output_table_print(table, chosen_format(options, OUTPUT_TABLE), &style, file, error);
}

/* What a plan would miss. */
static ExitCode
tell_unread_lists(const Catalog *catalog)
{
    ExitCode code = EXIT_CODE_OK;
    for (size_t i = 0; i < catalog->lists.n; i++) {
        const CatalogList *list = &catalog->lists.items[i];
        if (list->repaired.value)
            message("%s: broken JSON in %" G_GINT64_FORMAT " replies was repaired",
                list->command.value, list->repaired.value);
        if (is_true(list->is_complete) || is_true(list->is_optional))
            continue;
        message_warning("%s was not read to its end: %s", list->command.value,
            list->error.value ? list->error.value : "no reason was given");
        code = EXIT_CODE_PARTIAL;
    }
    return code;
}

static ExitCode
run_catalog(const Options *options, char **args, int n_args)
{
    (void)args, (void)n_args;
    g_autoptr(GError) error = NULL;
    g_auto(Estate) estate = {0};
    if (!estate_read(options, NEEDS_CATALOG, &estate, &error))
        return exit_complain(error);
    g_autoptr(OutFile) out = outfile_open(options->out, &error);
    bool is_json = !options->format || strcmp(options->format, "json") == 0;
    if (!out || !outfile_finish(out,
                    is_json ? catalog_save(estate.catalog, out->file, &error)
                            : print_lists(options, estate.catalog, out->file, &error),
                    &error))
        return exit_complain(error);
    return tell_unread_lists(estate.catalog);
}

static const GOptionEntry *const catalog_entries[] = {options_catalog, options_target,
    options_format, options_out, options_config, options_general, NULL};

const Command cmd_catalog = {
    .name = "catalog",
    .summary = "save what the target offers",
    .args = "",
    .entries = catalog_entries,
    .formats = "json table yaml csv",
    .description =
        "Reads everything of CloudStack that a plan needs: zones, clusters, pools, networks, "
        "offerings,\n"
        "owners, limits, and what is managed already. Later commands take it with --catalog FILE.\n"
        "json is the saved catalog; the other formats list what was read and what was not.",
    .run = run_catalog,
};
