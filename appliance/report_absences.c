/* SPDX-License-Identifier: Apache-2.0
 *
 * Why VMs are not in CloudStack's list: as a table, at length, as CSV and as a document.
 */
#include "report.h"

#include <string.h>

#include "arena.h"
#include "error.h"
#include "record.h"
#include "vm_names.h"

/* --- counting --------------------------------------------------------------------------------- */

static void
count_absence(GArray *counts, const Absence *absence)
{
    const char *reason = absence->reason.value ? absence->reason.value : "unexplained";
    for (guint i = 0; i < counts->len; i++) {
        AbsenceCount *count = &g_array_index(counts, AbsenceCount, i);
        if (count->side == absence->side && count->certainty == absence->certainty &&
            strcmp(count->reason, reason) == 0) {
            count->n++;
            return;
        }
    }
    AbsenceCount fresh = {absence->side, absence->certainty, reason, absence->name.value, 1};
    g_array_append_val(counts, fresh);
}

GArray *
report_count_absences(const Plan *plan)
{
    GArray *counts = g_array_new(false, false, sizeof(AbsenceCount));
    for (size_t i = 0; i < plan->n_items; i++) {
        Arena arena;
        Absence *absences;
        arena_init(&arena);
        size_t n = plan_item_absences(&plan->items[i], &arena, &absences);
        for (size_t k = 0; k < n; k++)
            count_absence(counts, &absences[k]);
        arena_release(&arena);
    }
    return counts;
}

/* --- which VMs are asked for ------------------------------------------------------------------ */

static bool
check_names(const Plan *plan, char *const *names, GError **error)
{
    const char *unknown = names ? vm_names_unknown(plan, names) : NULL;
    if (unknown)
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND,
            "'%s': neither the sources nor CloudStack's list has a VM of this name, id or path: "
            "look for its right name with: vm-ingest plan -o table",
            unknown);
    return !unknown;
}

/* The rows of one item that are to be shown; in @arena. */
static size_t
rows_of(const PlanItem *item, char *const *names, Arena *arena, Absence **ret, size_t *absent)
{
    *ret = NULL;
    if (names && !vm_is_named(&item->instance, names))
        return 0;
    size_t n = plan_item_absences(item, arena, ret);
    *absent += n;
    if (n || !names)
        return n;
    *ret = arena_new(arena, Absence);
    **ret = plan_item_listed(item);
    return 1;
}

/* --- as a table ------------------------------------------------------------------------------- */

static const OutputColumn columns[] = {
    {"NAME", "name", .is_fixed = false},
    {"SIDE", "side", .is_fixed = true},
    {"REASON", "reason", .is_fixed = true},
    {"CERTAINTY", "certainty", .is_fixed = true},
    {"HOST", "host", .is_fixed = false},
    {"TEXT", "text", .is_fixed = false},
    {"CLUSTER", "cluster", .is_fixed = false},
    {"SOURCE", "source", .is_fixed = false},
    {"ID", "id", .is_fixed = false},
    {"PATH", "path", .is_fixed = false},
    {"FINDING", "finding", .is_fixed = false},
    {"EVIDENCE", "evidence", .is_fixed = false},
    {"REMEDY", "remedy", .is_fixed = false},
};

enum { COLUMNS_FOR_PEOPLE = 6 };

static void
add_row(OutputTable *table, const Absence *row)
{
    const char *cells[] = {row->name.value, absence_side_words[row->side], row->reason.value,
        certainty_words[row->certainty], row->host.value, row->text.value, row->cluster.value,
        row->source.value, row->id.value, row->path.value, row->finding.value, row->evidence.value,
        row->remedy.value};
    output_table_add(table, cells);
}

static bool
print_table(const Plan *plan, char *const *names, OutputFormat format, const OutputStyle *style,
    FILE *file, size_t *absent, GError **error)
{
    size_t n_columns = format == OUTPUT_CSV ? G_N_ELEMENTS(columns) : COLUMNS_FOR_PEOPLE;
    g_autoptr(OutputTable) table = output_table_new(columns, n_columns);
    for (size_t i = 0; i < plan->n_items; i++) {
        Arena arena;
        Absence *rows;
        arena_init(&arena);
        size_t n = rows_of(&plan->items[i], names, &arena, &rows, absent);
        for (size_t k = 0; k < n; k++)
            add_row(table, &rows[k]);
        arena_release(&arena);
    }
    return output_table_print(table, format, style, file, error);
}

bool
report_csv_absences(const Plan *plan, FILE *file, GError **error)
{
    size_t absent = 0;
    return print_table(plan, NULL, OUTPUT_CSV, &(OutputStyle){0}, file, &absent, error);
}

/* --- at length -------------------------------------------------------------------------------- */

static void
tell_line(FILE *file, const char *label, const char *text)
{
    if (!text)
        return;
    g_autofree char *shown = output_printable(text);
    fprintf(file, "  %s%s\n", label, shown);
}

static void
tell_row(FILE *file, const Absence *row)
{
    const char *text = row->text.value;
    if (!text && row->side == ABSENCE_LISTED)
        text = "CloudStack lists it.";
    g_autofree char *name = output_printable(row->name.value ? row->name.value : "(no name)");
    g_autofree char *host = output_printable(row->host.value ? row->host.value : "unknown host");
    fprintf(file, "%s on %s: %s", name, host, absence_side_words[row->side]);
    if (row->reason.value)
        fprintf(file, ", %s (%s)", row->reason.value, certainty_words[row->certainty]);
    fputc('\n', file);
    tell_line(file, "", text ? text : "No finding tells why.");
    tell_line(file, "Evidence: ", row->evidence.value);
    tell_line(file, "Remedy: ", row->remedy.value);
}

static void
tell_all(const Plan *plan, char *const *names, FILE *file, size_t *absent)
{
    for (size_t i = 0; i < plan->n_items; i++) {
        Arena arena;
        Absence *rows;
        arena_init(&arena);
        size_t n = rows_of(&plan->items[i], names, &arena, &rows, absent);
        for (size_t k = 0; k < n; k++)
            tell_row(file, &rows[k]);
        arena_release(&arena);
    }
}

/* --- as a document ---------------------------------------------------------------------------- */

static bool
print_document(const Plan *plan, char *const *names, OutputFormat format, FILE *file,
    size_t *absent, GError **error)
{
    const char *separator = "";
    g_autoptr(GString) json =
        g_string_new("{\"apiVersion\":\"" PLAN_API_VERSION "\",\"kind\":\"Absences\",\"absent\":[");
    for (size_t i = 0; i < plan->n_items; i++) {
        Arena arena;
        Absence *rows;
        arena_init(&arena);
        size_t n = rows_of(&plan->items[i], names, &arena, &rows, absent);
        for (size_t k = 0; k < n; k++) {
            g_string_append(json, separator);
            record_encode(&absence_type, &rows[k], json);
            separator = ",";
        }
        arena_release(&arena);
    }
    g_string_append(json, "]}");
    return output_document_text(json->str, format, file, error);
}

bool
report_absences(const Plan *plan, char *const *names, OutputFormat format, const OutputStyle *style,
    FILE *file, size_t *ret_absent, GError **error)
{
    size_t absent = 0;
    if (!check_names(plan, names, error))
        return false;
    if (format == OUTPUT_TABLE && names)
        tell_all(plan, names, file, &absent);
    else if (!(format == OUTPUT_JSON || format == OUTPUT_YAML
                     ? print_document(plan, names, format, file, &absent, error)
                     : print_table(plan, names, format, style, file, &absent, error)))
        return false;
    *ret_absent = absent;
    return output_flush(file, error);
}
