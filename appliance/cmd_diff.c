/* SPDX-License-Identifier: Apache-2.0
 *
 * vm-ingest diff: what changed between two dry runs.
 */
#include "cmd_plan.h"
#include "outfile.h"
#include "plan_diff.h"
#include "record.h"

#include <string.h>

#define DIFF_KIND "PlanDiff"

static const OutputColumn diff_columns[] = {
    {"CHANGE", "change", .is_fixed = true},
    {"SOURCE", "source", .is_fixed = false},
    {"ID", "id", .is_fixed = true},
    {"VM", "name", .is_fixed = false},
    {"WHAT", "about", .is_fixed = false},
    {"OLD", "old", .is_fixed = false},
    {"NEW", "new", .is_fixed = false},
};

/* Rows go out as they come, but for the table, whose widths depend on all of them. */
typedef struct DiffPrinter {
    OutputFormat format;
    FILE *file;
    OutputTable *table; /* OUTPUT_TABLE */
    GString *text;      /* scratch */
    size_t n;
    GError *error; /* the first of the YAML writer */
} DiffPrinter;

static void
row_cells(const DiffRow *row, const char **cells)
{
    const char *const values[] = {change_words[row->change], row->source, row->id, row->name,
        row->about, row->old_value, row->new_value};
    memcpy(cells, values, sizeof values);
}

static void
append_json(GString *text, const DiffRow *row)
{
    const char *cells[G_N_ELEMENTS(diff_columns)], *separator = "{";
    row_cells(row, cells);
    for (size_t i = 0; i < G_N_ELEMENTS(cells); i++) {
        if (!cells[i])
            continue;
        g_string_append_printf(text, "%s\"%s\":", separator, diff_columns[i].key);
        json_append_text(text, cells[i]);
        separator = ",";
    }
    g_string_append_c(text, '}');
}

static void
append_csv(GString *text, const DiffRow *row)
{
    const char *cells[G_N_ELEMENTS(diff_columns)];
    row_cells(row, cells);
    for (size_t i = 0; i < G_N_ELEMENTS(cells); i++) {
        if (i)
            g_string_append_c(text, ',');
        output_csv_text(text, cells[i]);
    }
    g_string_append(text, "\r\n");
}

static void
print_row(void *data, const DiffRow *row)
{
    DiffPrinter *printer = data;
    const char *cells[G_N_ELEMENTS(diff_columns)];
    g_string_truncate(printer->text, 0);
    if (printer->format == OUTPUT_TABLE) {
        row_cells(row, cells);
        output_table_add(printer->table, cells);
        return;
    }
    if (printer->format == OUTPUT_CSV) {
        append_csv(printer->text, row);
    } else if (printer->format == OUTPUT_JSON) {
        g_string_append(printer->text, printer->n ? ",\n" : "\n");
        append_json(printer->text, row);
    } else {
        g_string_append_c(printer->text, '[');
        append_json(printer->text, row);
        g_string_append_c(printer->text, ']');
        if (printer->n == 0)
            fputs("changes:\n", printer->file);
        if (!printer->error)
            output_document_text(printer->text->str, OUTPUT_YAML, printer->file, &printer->error);
        g_string_truncate(printer->text, 0);
    }
    fwrite(printer->text->str, 1, printer->text->len, printer->file);
    printer->n++;
}

/* {"apiVersion":...,"kind":...,"old":"FILE","new":"FILE" */
static GString *
document_head(const char *old, const char *new)
{
    GString *text = g_string_new(
        "{\"apiVersion\":\"" PLAN_API_VERSION "\",\"kind\":\"" DIFF_KIND "\",\"old\":");
    json_append_text(text, old);
    g_string_append(text, ",\"new\":");
    json_append_text(text, new);
    return text;
}

static GString *
summary_json(const DiffSummary *summary)
{
    GString *text = g_string_new(NULL);
    g_string_printf(text, "{\"old\":%zu,\"new\":%zu", summary->n_old, summary->n_new);
    for (int i = 0; i < CHANGE_N; i++)
        if (summary->n[i])
            g_string_append_printf(text, ",\"%s\":%zu", change_words[i], summary->n[i]);
    g_string_append_c(text, '}');
    return text;
}

static bool
begin_document(DiffPrinter *printer, char **files, bool has_heading, GError **error)
{
    g_autoptr(GString) head = document_head(files[0], files[1]);
    if (printer->format == OUTPUT_JSON) {
        fprintf(printer->file, "%s,\n\"changes\":[", head->str);
    } else if (printer->format == OUTPUT_YAML) {
        g_string_append_c(head, '}');
        return output_document_text(head->str, OUTPUT_YAML, printer->file, error);
    } else if (printer->format == OUTPUT_CSV && has_heading) {
        for (size_t i = 0; i < G_N_ELEMENTS(diff_columns); i++)
            fprintf(printer->file, "%s%s", i ? "," : "", diff_columns[i].key);
        fputs("\r\n", printer->file);
    }
    return true;
}

static bool
end_document(
    DiffPrinter *printer, const DiffSummary *summary, const OutputStyle *style, GError **error)
{
    g_autoptr(GString) counts = summary_json(summary);
    if (printer->error) {
        g_propagate_error(error, g_steal_pointer(&printer->error));
        return false;
    }
    if (printer->format == OUTPUT_JSON) {
        fprintf(printer->file, "\n],\n\"summary\":%s}\n", counts->str);
    } else if (printer->format == OUTPUT_YAML) {
        g_string_prepend(counts, "{\"summary\":");
        g_string_append_c(counts, '}');
        if (printer->n == 0)
            fputs("changes: []\n", printer->file);
        return output_document_text(counts->str, OUTPUT_YAML, printer->file, error);
    } else if (printer->format == OUTPUT_TABLE) {
        return output_table_print(printer->table, OUTPUT_TABLE, style, printer->file, error);
    }
    return output_flush(printer->file, error);
}

static bool
print_diff(
    const Options *options, char **files, OutFile *out, DiffSummary *ret_summary, GError **error)
{
    g_autoptr(OutputTable) table = output_table_new(diff_columns, G_N_ELEMENTS(diff_columns));
    g_autoptr(GString) text = g_string_new(NULL);
    DiffPrinter printer = {.format = chosen_format(options, OUTPUT_TABLE),
        .file = out->file,
        .table = table,
        .text = text};
    const DiffSink sink = {&printer, print_row};
    OutputStyle style = chosen_style(options, out->file);
    bool is_ok = begin_document(&printer, files, !options->no_headers, error) &&
                 plan_diff(files[0], files[1], &sink, ret_summary, error) &&
                 end_document(&printer, ret_summary, &style, error);
    g_clear_error(&printer.error);
    return is_ok;
}

/* "12 became-ready, 3 vm-new": the one line that ends a run. */
static void
tell_summary(const DiffSummary *summary)
{
    g_autoptr(GString) line = g_string_new(NULL);
    for (int i = 0; i < CHANGE_N; i++)
        if (summary->n[i])
            g_string_append_printf(
                line, "%s%zu %s", line->len ? ", " : "", summary->n[i], change_words[i]);
    message("%zu VMs before, %zu now: %s", summary->n_old, summary->n_new,
        line->len ? line->str : "nothing changed");
}

static ExitCode
run_diff(const Options *options, char **args, int n_args)
{
    (void)n_args;
    g_autoptr(GError) error = NULL;
    DiffSummary summary;
    g_autoptr(OutFile) out = outfile_open(options->out, &error);
    if (!out || !outfile_finish(out, print_diff(options, args, out, &summary, &error), &error))
        return exit_complain(error);
    tell_summary(&summary);
    return summary.is_worse ? EXIT_CODE_BLOCKED : EXIT_CODE_OK;
}

static const GOptionEntry *const diff_entries[] = {
    options_format, options_out, options_general, NULL};

const Command cmd_diff = {
    .name = "diff",
    .summary = "tell what changed between two plans",
    .args = "OLD NEW",
    .args_min = 2,
    .args_max = 2,
    .entries = diff_entries,
    .formats = "table json yaml csv",
    .description =
        "Compares two plan files, or two saved inventories: verdicts and the findings that came "
        "and\n"
        "went, VMs that are new, gone, renamed, resized or moved, networks, and choices.\n"
        "Exit code 3: some VM is blocked or unknown that was not before, or was not there.",
    .run = run_diff,
};
