/* SPDX-License-Identifier: Apache-2.0
 *
 * Sections of the page that are lists of the plan: waves, storage, offerings, what CloudStack does
 * not list, what must hold still, and what it costs in time.
 */
#include "report_priv.h"

#include <string.h>

enum { ABSENT_MAX = 200 }; /* as many are shown; absent.csv has all */

static void
put_cell(FILE *file, const char *text)
{
    fputs("<td>", file);
    report_html_text(file, text);
    fputs("</td>", file);
}

static void
put_row(FILE *file, const char *const *cells, size_t n)
{
    fputs("<tr>", file);
    for (size_t i = 0; i < n; i++)
        put_cell(file, cells[i]);
    fputs("</tr>\n", file);
}

/* @columns: titles, ends with NULL; of numbers with a # in front. */
static void
begin_table(FILE *file, const char *id, const char *title, const char *const *columns)
{
    fprintf(file,
        "<section class=\"card\" id=\"%s\" aria-labelledby=\"%s-title\">\n<h2 id=\"%s-title\">%s"
        "</h2>\n<div class=\"scroll\"><table>\n<thead><tr>",
        id, id, id, title);
    for (size_t i = 0; columns[i]; i++)
        fprintf(file, "<th scope=\"col\"%s>%s</th>",
            columns[i][0] == '#' ? " class=\"number\"" : "", columns[i] + (columns[i][0] == '#'));
    fputs("</tr></thead>\n<tbody>\n", file);
}

static void
end_table(FILE *file)
{
    fputs("</tbody></table></div>\n</section>\n", file);
}

/* A cell of a number; what is not known is told as such. */
static void
put_number(FILE *file, Int number, int64_t unit)
{
    if (number.state == FACT_KNOWN && unit == 1)
        fprintf(file, "<td class=\"number\">%" G_GINT64_FORMAT "</td>", number.value);
    else if (number.state == FACT_KNOWN)
        fprintf(file, "<td class=\"number\">%.1f</td>", (double)number.value / (double)unit);
    else
        fprintf(file, "<td class=\"number\">%s</td>",
            number.state == FACT_ABSENT ? "" : "<span class=\"muted\">unknown</span>");
}

/* --- waves ------------------------------------------------------------------------------------ */

static void
put_wave(FILE *file, const SummaryWave *wave)
{
    fputs("<tr><th scope=\"row\">", file);
    if (wave->name) {
        fputs("<a href=\"", file);
        report_html_link(file, "wave", wave->name);
        fputs("\">", file);
        report_html_text(file, wave->name);
        fputs("</a></th>", file);
    } else {
        fputs("<span class=\"muted\">none</span></th>", file);
    }
    put_number(file, int_known((int64_t)wave->total), 1);
    for (int i = VERDICT_READY; i < VERDICT_N; i++)
        put_number(file, int_known((int64_t)wave->n[i]), 1);
    put_number(file, wave->bytes, (int64_t)1 << 30);
    g_autofree char *windows =
        wave->windows && wave->windows->n ? report_windows_text(wave->windows) : NULL;
    put_cell(file, windows);
    fputs("</tr>\n", file);
}

void
report_html_waves(const Plan *plan, FILE *file)
{
    static const char *const columns[] = {
        "Wave", "#VMs", "#ready", "#after action", "#blocked", "#unknown", "#GiB", "Begun", NULL};
    g_autoptr(GArray) waves = report_waves(plan);
    g_autofree char *schedule = report_schedule_text(&plan->schedule);
    begin_table(file, "waves", "Waves", columns);
    for (guint i = 0; i < waves->len; i++)
        put_wave(file, &g_array_index(waves, SummaryWave, i));
    fputs("</tbody></table></div>\n<p>", file);
    report_html_text(file, schedule);
    fputs("</p>\n</section>\n", file);
}

/* --- storage and offerings -------------------------------------------------------------------- */

static void
put_texts(FILE *file, const Texts *texts)
{
    fputs("<td>", file);
    for (size_t i = 0; i < texts->n; i++) {
        fputs(i ? ", " : "", file);
        report_html_text(file, texts->items[i]);
    }
    fputs("</td>", file);
}

static void
put_storage_match(FILE *file, const StorageRow *row)
{
    const char *word = storage_match_words[row->match];
    const char *look = row->match == STORAGE_POOL        ? "one"
                       : row->match == STORAGE_AMBIGUOUS ? "several"
                       : word && strcmp(word, "unknown") ? "missing"
                                                         : "none";
    fprintf(file, "<td><span class=\"tag %s\">%s</span></td>", look, word ? word : "unknown");
}

static void
put_storage_row(FILE *file, const StorageRow *row)
{
    const int64_t gib = (int64_t)1 << 30;
    const Int sizes[] = {row->bytes, row->leaving_bytes, row->arriving_bytes, row->capacity_bytes,
        row->allocated_bytes, row->free_after_bytes};
    fputs("<tr>", file);
    put_cell(file, row->datastore.value);
    put_cell(file, row->datacenter.value);
    put_storage_match(file, row);
    put_cell(file, row->pool.value);
    put_cell(file, row->scope.value);
    put_texts(file, &row->tags);
    put_number(file, row->instances, 1);
    put_number(file, row->disks, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
        put_number(file, sizes[i], gib);
    put_cell(file, row->note.value);
    fputs("</tr>\n", file);
}

void
report_html_storage(const Plan *plan, FILE *file)
{
    static const char *const columns[] = {"Datastore", "Datacenter", "Match", "Pool", "Scope",
        "Tags", "#VMs", "#Disks", "#GiB", "#Leaves GiB", "#Arrives GiB", "#Pool GiB",
        "#Allocated GiB", "#Free after GiB", "Note", NULL};
    if (!plan->n_storage)
        return;
    begin_table(file, "storage", "Datastores and primary storage", columns);
    for (size_t i = 0; i < plan->n_storage; i++)
        put_storage_row(file, &plan->storage[i]);
    end_table(file);
}

void
report_html_offerings(const Plan *plan, FILE *file)
{
    static const char *const columns[] = {"Offering", "Kind", "Tags", "#VMs", "#Disks", "#Moved",
        "Why", "#Missed by", "What it lacks", NULL};
    if (!plan->n_offerings)
        return;
    begin_table(file, "offerings", "Offerings", columns);
    for (size_t i = 0; i < plan->n_offerings; i++) {
        const OfferingRow *row = &plan->offerings[i];
        fputs("<tr>", file);
        put_cell(file, row->name.value ? row->name.value : row->id.value);
        put_cell(file, offering_kind_words[row->kind]);
        put_texts(file, &row->tags);
        put_number(file, row->instances, 1);
        put_number(file, row->disks, 1);
        put_number(file, row->moved, 1);
        put_cell(file, row->why.value);
        put_number(file, row->missed, 1);
        put_cell(file, row->miss.value);
        fputs("</tr>\n", file);
    }
    end_table(file);
}

/* --- absences --------------------------------------------------------------------------------- */

static void
put_absence(const Absence *row, FILE *file)
{
    const char *cells[] = {row->name.value, absence_side_words[row->side], row->reason.value,
        certainty_words[row->certainty], row->host.value, row->text.value, row->remedy.value};
    put_row(file, cells, G_N_ELEMENTS(cells));
}

void
report_html_absences(const Plan *plan, FILE *file)
{
    static const char *const columns[] = {
        "VM", "Side", "Reason", "Certainty", "Host", "What is so", "What to do", NULL};
    size_t shown = 0;
    begin_table(file, "absent", "Not in CloudStack's list, or read wrongly", columns);
    for (size_t i = 0; i < plan->n_items && shown <= ABSENT_MAX; i++) {
        Arena arena;
        Absence *rows;
        arena_init(&arena);
        size_t n = plan_item_absences(&plan->items[i], &arena, &rows);
        for (size_t k = 0; k < n && shown++ < ABSENT_MAX; k++)
            put_absence(&rows[k], file);
        arena_release(&arena);
    }
    if (!shown)
        fputs("<tr><td colspan=\"7\">None.</td></tr>\n", file);
    if (shown > ABSENT_MAX)
        fputs("<tr><td colspan=\"7\">There are more: absent.csv has them all.</td></tr>\n", file);
    end_table(file);
}

/* --- freeze list ------------------------------------------------------------------------------ */

void
report_html_freeze(const Plan *plan, FILE *file)
{
    static const char *const columns[] = {
        "Where", "State", "What is so", "VMs", "Before", "After", "Until", NULL};
    begin_table(file, "freeze", "To hold still while VMs are imported", columns);
    for (size_t i = 0; i < plan->n_freeze; i++) {
        const FreezeRow *row = &plan->freeze[i];
        char number[24];
        g_snprintf(number, sizeof number, "%" G_GINT64_FORMAT, row->instances.value);
        const char *cells[] = {row->where.value, freeze_state_words[row->state], row->text.value,
            number, row->command.value, row->undo.value, row->until.value};
        put_row(file, cells, G_N_ELEMENTS(cells));
    }
    if (!plan->n_freeze)
        fputs("<tr><td colspan=\"7\">Nothing.</td></tr>\n", file);
    end_table(file);
}

/* --- time ------------------------------------------------------------------------------------- */

void
report_html_time(const Plan *plan, FILE *file)
{
    static const char *const columns[] = {"What", "Of", "Time", "Basis", NULL};
    if (!plan->n_time)
        return;
    begin_table(file, "time", "Time that it costs this server", columns);
    for (size_t i = 0; i < plan->n_time; i++) {
        const TimeRow *row = &plan->time[i];
        const char *cells[] = {time_kind_words[row->kind], row->about.value,
            row->arithmetic.value ? row->arithmetic.value : "unknown", row->basis.value};
        put_row(file, cells, G_N_ELEMENTS(cells));
    }
    end_table(file);
}
