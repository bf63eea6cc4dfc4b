/* SPDX-License-Identifier: Apache-2.0
 *
 * The summary of a plan on a terminal.
 */
#include "report.h"

#include <string.h>

#include "arena.h"

enum {
    TOP_FINDINGS = 10,
    TOP_CLUSTERS = 20,
    TOP_WAVES = 20,
    TOP_DATASTORES = 20,
    TOP_OFFERINGS = 20,
    BAR_COLUMNS = 30
};

typedef struct Printer {
    FILE *file;
    const OutputStyle *style;
} Printer;

#define BOLD    "\033[1m"
#define RED     "\033[31m"
#define GREEN   "\033[32m"
#define YELLOW  "\033[33m"
#define MAGENTA "\033[35m"
#define PLAIN   "\033[0m"

static const char *const verdict_colors[VERDICT_N] = {
    [VERDICT_NONE] = "",
    [VERDICT_READY] = GREEN,
    [VERDICT_READY_AFTER_ACTION] = YELLOW,
    [VERDICT_BLOCKED] = RED,
    [VERDICT_UNKNOWN] = MAGENTA,
};

static const char *const severity_colors[SEVERITY_N] = {
    [SEVERITY_ACTION] = YELLOW,
    [SEVERITY_UNKNOWN] = MAGENTA,
    [SEVERITY_BLOCKER] = RED,
};

static const char *
color(const Printer *printer, const char *code)
{
    return printer->style->has_color ? code : "";
}

static void
print_title(const Printer *printer, const char *title)
{
    fprintf(printer->file, "\n%s%s%s\n", color(printer, BOLD), title, color(printer, PLAIN));
}

/* A text may hold whatever a VM's name holds; a terminal gets no control characters of it. */
static char *
make_printable(const char *text)
{
    return g_strdelimit(output_printable(text), "\n\t", ' ');
}

/* Prints @label and then @text, broken at words to the width of a terminal, indented. */
static void
print_wrapped(const Printer *printer, unsigned indent, const char *label, const char *text)
{
    g_autofree char *whole = g_strconcat(label, text, NULL), *shown = make_printable(whole);
    unsigned limit = printer->style->columns, at = indent;
    g_auto(GStrv) words = g_strsplit(shown, " ", -1);
    fprintf(printer->file, "%*s", (int)indent, "");
    for (size_t i = 0; words[i]; i++) {
        unsigned width = (unsigned)g_utf8_strlen(words[i], -1);
        if (i && limit && at + 1 + width > limit) {
            fprintf(printer->file, "\n%*s", (int)indent + 2, "");
            at = indent + 2;
        } else if (i) {
            fputc(' ', printer->file);
            at++;
        }
        fputs(words[i], printer->file);
        at += width;
    }
    fputc('\n', printer->file);
}

static void
print_bar(const Printer *printer, size_t part, size_t whole)
{
    size_t length = whole ? (part * BAR_COLUMNS + whole - 1) / whole : 0;
    fputs(length ? "  " : "", printer->file);
    while (length--)
        fputs("█", printer->file);
}

static void
print_head(const Printer *printer, const Plan *plan)
{
    const PlanInfo *info = &plan->info;
    g_autoptr(GString) head = g_string_new(NULL);
    g_string_append_printf(head, "%zu VMs", plan->n_items);
    if (info->zone.value)
        g_string_append_printf(head, ", into zone '%s'", info->zone.value);
    if (info->server_version.value)
        g_string_append_printf(head, " of CloudStack %s", info->server_version.value);
    if (info->created_at.value)
        g_string_append_printf(head, ", %s", info->created_at.value);
    print_wrapped(printer, 0, "Dry run of ", head->str);
    fputc('\n', printer->file);
    for (int i = 0; i < VERDICT_N; i++) {
        Verdict verdict = i + 1 < VERDICT_N ? (Verdict)(i + 1) : VERDICT_NONE;
        if (verdict == VERDICT_NONE && !plan->n_verdicts[verdict])
            continue;
        fprintf(printer->file, "  %s%-19s %6zu%s", color(printer, verdict_colors[verdict]),
            report_verdict_title(verdict), plan->n_verdicts[verdict], color(printer, PLAIN));
        print_bar(printer, plan->n_verdicts[verdict], plan->n_items);
        fputc('\n', printer->file);
    }
    g_autofree char *conversions = report_conversions(plan);
    if (conversions) {
        fputc('\n', printer->file);
        print_wrapped(printer, 0, "", conversions);
    }
}

static bool
print_clusters(const Printer *printer, const ReportSummary *summary, GError **error)
{
    static const OutputColumn columns[] = {
        {"CLUSTER", "cluster", .is_fixed = false},
        {"VMS", "vms", .is_number = true, .is_fixed = true},
        {"READY", "ready", .is_number = true, .is_fixed = true},
        {"AFTER ACTION", "ready-after-action", .is_number = true, .is_fixed = true},
        {"BLOCKED", "blocked", .is_number = true, .is_fixed = true},
        {"UNKNOWN", "unknown", .is_number = true, .is_fixed = true},
    };
    g_autoptr(OutputTable) table = output_table_new(columns, G_N_ELEMENTS(columns));
    size_t shown = MIN(summary->clusters->len, (guint)TOP_CLUSTERS);
    for (size_t i = 0; i < shown; i++) {
        const SummaryGroup *group = &g_array_index(summary->clusters, SummaryGroup, i);
        char numbers[VERDICT_N][24];
        g_snprintf(numbers[0], sizeof numbers[0], "%zu", group->total);
        for (int k = 1; k < VERDICT_N; k++)
            g_snprintf(numbers[k], sizeof numbers[k], "%zu", group->n[k]);
        const char *cells[] = {
            group->name, numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]};
        output_table_add(table, cells);
    }
    print_title(printer, "By cluster or host");
    if (!output_table_print(table, OUTPUT_TABLE, printer->style, printer->file, error))
        return false;
    if (shown < summary->clusters->len)
        fprintf(printer->file, "and %zu more\n", summary->clusters->len - shown);
    return true;
}

static const char *
gib_text(Int bytes, char *text, size_t size)
{
    if (bytes.state != FACT_KNOWN)
        return NULL;
    g_snprintf(text, size, "%.0f GiB", (double)bytes.value / 0x1p30);
    return text;
}

static bool
print_waves(const Printer *printer, const Plan *plan, GError **error)
{
    static const OutputColumn columns[] = {
        {"WAVE", "wave", .is_fixed = false},
        {"VMS", "vms", .is_number = true, .is_fixed = true},
        {"READY", "ready", .is_number = true, .is_fixed = true},
        {"AFTER ACTION", "ready-after-action", .is_number = true, .is_fixed = true},
        {"BLOCKED", "blocked", .is_number = true, .is_fixed = true},
        {"UNKNOWN", "unknown", .is_number = true, .is_fixed = true},
        {"SIZE", "bytes", .is_number = true, .is_fixed = true},
        {"BEGUN", "windows", .is_fixed = false},
    };
    g_autoptr(OutputTable) table = output_table_new(columns, G_N_ELEMENTS(columns));
    g_autoptr(GArray) waves = report_waves(plan);
    g_autofree char *schedule = report_schedule_text(&plan->schedule);
    size_t shown = MIN(waves->len, (guint)TOP_WAVES);
    for (size_t i = 0; i < shown; i++) {
        const SummaryWave *wave = &g_array_index(waves, SummaryWave, i);
        char numbers[VERDICT_N][24], size[32];
        g_autofree char *windows =
            wave->windows && wave->windows->n ? report_windows_text(wave->windows) : NULL;
        g_snprintf(numbers[0], sizeof numbers[0], "%zu", wave->total);
        for (int k = 1; k < VERDICT_N; k++)
            g_snprintf(numbers[k], sizeof numbers[k], "%zu", wave->n[k]);
        const char *cells[] = {wave->name ? wave->name : "(none)", numbers[0], numbers[1],
            numbers[2], numbers[3], numbers[4],
            wave->bytes.state == FACT_KNOWN ? gib_text(wave->bytes, size, sizeof size) : "unknown",
            windows};
        output_table_add(table, cells);
    }
    print_title(printer, "Waves");
    if (waves->len &&
        !output_table_print(table, OUTPUT_TABLE, printer->style, printer->file, error))
        return false;
    if (shown < waves->len)
        fprintf(printer->file, "and %zu more\n", waves->len - shown);
    print_wrapped(printer, 2, "", schedule);
    return true;
}

static void
print_findings(const Printer *printer, const ReportSummary *summary)
{
    size_t shown = MIN(summary->findings->len, (guint)TOP_FINDINGS);
    print_title(printer, "What stands in the way");
    for (size_t i = 0; i < shown; i++) {
        const SummaryFinding *finding = &g_array_index(summary->findings, SummaryFinding, i);
        fprintf(printer->file, "  %s%-7s%s %5zu %s  %s\n",
            color(printer,
                severity_colors[finding->severity] ? severity_colors[finding->severity] : ""),
            severity_words[finding->severity], color(printer, PLAIN), finding->items,
            finding->items == 1 ? "VM " : "VMs", finding->id);
        g_autofree char *label =
            finding->name ? g_strdup_printf("'%s': ", finding->name) : g_strdup("");
        print_wrapped(
            printer, 10, label, finding->first.text.value ? finding->first.text.value : "");
        if (finding->first.remedy.value)
            print_wrapped(printer, 10, "Remedy: ", finding->first.remedy.value);
    }
    if (!shown)
        fputs("  nothing\n", printer->file);
    if (shown < summary->findings->len)
        fprintf(
            printer->file, "  and %zu more kinds of findings\n", summary->findings->len - shown);
}

static void
print_networks(const Printer *printer, const Plan *plan, const ReportSummary *summary)
{
    print_title(printer, "Networks");
    g_autofree char *line = g_strdup_printf(
        "%zu VLANs in use: %zu with one network, %zu with several, %zu without a network, %zu in "
        "conflict ('vm-ingest networks' shows them)",
        plan->n_networks, summary->n_matches[MATCH_ONE], summary->n_matches[MATCH_SEVERAL],
        summary->n_matches[MATCH_MISSING], summary->n_matches[MATCH_CONFLICT]);
    print_wrapped(printer, 2, "", line);
}

static const char *
count_text(Int number, char *text, size_t size)
{
    if (number.state != FACT_KNOWN)
        return NULL;
    g_snprintf(text, size, "%" G_GINT64_FORMAT, number.value);
    return text;
}

static void
add_storage_row(OutputTable *table, const StorageRow *row)
{
    char numbers[5][32];
    g_autoptr(GString) tags = g_string_new(NULL);
    for (size_t i = 0; i < row->tags.n; i++)
        g_string_append_printf(tags, "%s%s", i ? ", " : "", row->tags.items[i]);
    const char *cells[] = {row->datastore.value, row->pool.value, tags->str,
        count_text(row->instances, numbers[0], sizeof numbers[0]),
        gib_text(row->bytes, numbers[1], sizeof numbers[1]),
        gib_text(row->leaving_bytes, numbers[2], sizeof numbers[2]),
        gib_text(row->arriving_bytes, numbers[3], sizeof numbers[3]),
        gib_text(row->free_after_bytes, numbers[4], sizeof numbers[4]), row->note.value};
    output_table_add(table, cells);
}

static bool
print_storage(const Printer *printer, const Plan *plan, GError **error)
{
    static const OutputColumn columns[] = {
        {"DATASTORE", "datastore", .is_fixed = false},
        {"POOL", "pool", .is_fixed = false},
        {"TAGS", "tags", .is_fixed = false},
        {"VMS", "instances", .is_number = true, .is_fixed = true},
        {"SIZE", "bytes", .is_number = true, .is_fixed = true},
        {"LEAVES", "leaving_bytes", .is_number = true, .is_fixed = true},
        {"ARRIVES", "arriving_bytes", .is_number = true, .is_fixed = true},
        {"FREE AFTER", "free_after_bytes", .is_number = true, .is_fixed = true},
        {"NOTE", "note", .is_fixed = false},
    };
    if (!plan->n_storage)
        return true;
    g_autoptr(OutputTable) table = output_table_new(columns, G_N_ELEMENTS(columns));
    size_t shown = MIN(plan->n_storage, (size_t)TOP_DATASTORES);
    for (size_t i = 0; i < shown; i++)
        add_storage_row(table, &plan->storage[i]);
    print_title(printer, "Storage");
    if (!output_table_print(table, OUTPUT_TABLE, printer->style, printer->file, error))
        return false;
    if (shown < plan->n_storage)
        fprintf(printer->file, "and %zu more\n", plan->n_storage - shown);
    return true;
}

static bool
print_offerings(const Printer *printer, const Plan *plan, GError **error)
{
    static const OutputColumn columns[] = {
        {"OFFERING", "name", .is_fixed = false},
        {"KIND", "kind", .is_fixed = true},
        {"VMS", "instances", .is_number = true, .is_fixed = true},
        {"DISKS", "disks", .is_number = true, .is_fixed = true},
        {"MOVED", "moved", .is_number = true, .is_fixed = true},
        {"MISSED", "missed", .is_number = true, .is_fixed = true},
        {"WHY", "why", .is_fixed = false},
    };
    if (!plan->n_offerings)
        return true;
    g_autoptr(OutputTable) table = output_table_new(columns, G_N_ELEMENTS(columns));
    size_t shown = MIN(plan->n_offerings, (size_t)TOP_OFFERINGS);
    for (size_t i = 0; i < shown; i++) {
        const OfferingRow *row = &plan->offerings[i];
        char numbers[4][32];
        const char *cells[] = {row->name.value, offering_kind_words[row->kind],
            count_text(row->instances, numbers[0], sizeof numbers[0]),
            count_text(row->disks, numbers[1], sizeof numbers[1]),
            count_text(row->moved, numbers[2], sizeof numbers[2]),
            count_text(row->missed, numbers[3], sizeof numbers[3]),
            row->why.value ? row->why.value : row->miss.value};
        output_table_add(table, cells);
    }
    print_title(printer, "Offerings");
    if (!output_table_print(table, OUTPUT_TABLE, printer->style, printer->file, error))
        return false;
    if (shown < plan->n_offerings)
        fprintf(printer->file, "and %zu more\n", plan->n_offerings - shown);
    return true;
}

static void
print_absences(const Printer *printer, const Plan *plan)
{
    static const char *const titles[ABSENCE_SIDE_N] = {
        [ABSENCE_NOT_LISTED] = "not listed",
        [ABSENCE_NOT_AT_SOURCE] = "not at the source",
        [ABSENCE_READ_WRONGLY] = "read wrongly",
    };
    g_autoptr(GArray) counts = report_count_absences(plan);
    print_title(printer, "What CloudStack does not list, or lists otherwise");
    for (guint i = 0; i < counts->len; i++) {
        const AbsenceCount *count = &g_array_index(counts, AbsenceCount, i);
        g_autofree char *line = g_strdup_printf("%5zu %s  %s: %s (%s), such as '%s'", count->n,
            count->n == 1 ? "VM " : "VMs", titles[count->side], count->reason,
            certainty_words[count->certainty] ? certainty_words[count->certainty] : "unknown",
            count->name ? count->name : "(no name)");
        print_wrapped(printer, 2, "", line);
    }
    fputs(counts->len ? "  ('vm-ingest explain-absence' tells each with evidence and remedy)\n"
                      : "  nothing\n",
        printer->file);
}

static void
print_freeze(const Printer *printer, const Plan *plan)
{
    print_title(printer, "To hold still while VMs are imported");
    for (size_t i = 0; i < plan->n_freeze; i++) {
        const FreezeRow *row = &plan->freeze[i];
        g_autofree char *line = g_strdup_printf("%s, %s: %s (%" G_GINT64_FORMAT " VMs)",
            row->kind.value ? row->kind.value : "?", row->where.value ? row->where.value : "?",
            row->text.value ? row->text.value : "", row->instances.value);
        print_wrapped(printer, 2, "", line);
        if (row->command.value)
            print_wrapped(printer, 4, "Before: ", row->command.value);
        if (row->undo.value)
            print_wrapped(printer, 4, "After: ", row->undo.value);
    }
    if (!plan->n_freeze)
        fputs("  nothing\n", printer->file);
}

static void
print_time(const Printer *printer, const Plan *plan)
{
    print_title(printer, "Time that it costs this server");
    for (size_t i = 0; i < plan->n_time; i++) {
        const TimeRow *row = &plan->time[i];
        const char *text = row->arithmetic.value ? row->arithmetic.value : "unknown";
        const char *word = time_kind_words[row->kind];
        g_autofree char *line = g_strdup_printf("%s%s%s: %s", word ? word : "?",
            row->about.value ? " of " : "", row->about.value ? row->about.value : "", text);
        print_wrapped(printer, 2, "", line);
        if (row->basis.value && row->kind != TIME_TOTAL)
            print_wrapped(printer, 4, "Basis: ", row->basis.value);
    }
    if (!plan->n_time)
        fputs("  unknown\n", printer->file);
}

static void
print_problem(const Printer *printer, const SourceProblem *problem)
{
    g_autofree char *label =
        g_strdup_printf("%s%s%s: ", problem->source.value ? problem->source.value : "",
            problem->source.value && problem->about.value ? ", " : "",
            problem->about.value ? problem->about.value : "");
    print_wrapped(printer, 2, label, problem->text.value ? problem->text.value : "");
    if (problem->remedy.value)
        print_wrapped(printer, 4, "Remedy: ", problem->remedy.value);
}

static void
print_inputs(const Printer *printer, const PlanInfo *info)
{
    bool has_partial = false;
    for (size_t i = 0; i < info->inputs.n; i++)
        has_partial |= is_true(info->inputs.items[i].is_partial);
    if (!has_partial && !info->problems.n)
        return;
    print_title(printer, "What could not be read");
    for (size_t i = 0; i < info->inputs.n; i++) {
        const PlanInput *input = &info->inputs.items[i];
        if (!is_true(input->is_partial))
            continue;
        g_autofree char *line = g_strdup_printf("%s '%s' is only half read",
            input->kind.value ? input->kind.value : "input",
            input->name.value ? input->name.value : "");
        print_wrapped(printer, 2, "", line);
    }
    for (size_t i = 0; i < info->problems.n; i++)
        print_problem(printer, &info->problems.items[i]);
}

bool
report_text(const Plan *plan, const OutputStyle *style, FILE *file, GError **error)
{
    const Printer printer = {file, style};
    ReportSummary summary;
    report_summary_init(&summary, plan);
    print_head(&printer, plan);
    bool is_ok = !plan->n_items || print_clusters(&printer, &summary, error);
    if (is_ok) {
        print_findings(&printer, &summary);
        print_absences(&printer, plan);
        print_freeze(&printer, plan);
        print_time(&printer, plan);
        is_ok = !plan->n_items || print_waves(&printer, plan, error);
    }
    if (is_ok) {
        print_networks(&printer, plan, &summary);
        is_ok = print_storage(&printer, plan, error) && print_offerings(&printer, plan, error);
    }
    if (is_ok) {
        print_inputs(&printer, &plan->info);
        is_ok = output_flush(file, error);
    }
    report_summary_release(&summary);
    return is_ok;
}
