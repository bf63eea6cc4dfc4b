/* SPDX-License-Identifier: Apache-2.0
 *
 * Sections of the page that are lists of the plan: what CloudStack does not list, what must hold
 * still, and what it costs in time.
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

static void
begin_table(FILE *file, const char *id, const char *title, const char *const *columns)
{
    fprintf(file,
        "<section class=\"card\" id=\"%s\" aria-labelledby=\"%s-title\">\n<h2 id=\"%s-title\">%s"
        "</h2>\n<div class=\"scroll\"><table>\n<thead><tr>",
        id, id, id, title);
    for (size_t i = 0; columns[i]; i++)
        fprintf(file, "<th scope=\"col\">%s</th>", columns[i]);
    fputs("</tr></thead>\n<tbody>\n", file);
}

static void
end_table(FILE *file)
{
    fputs("</tbody></table></div>\n</section>\n", file);
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
