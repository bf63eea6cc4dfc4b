/* SPDX-License-Identifier: Apache-2.0
 *
 * CSV: one line a VM. RFC 4180 with a heading line, UTF-8; formulas are defused as
 * output_csv_cell() says, and what a spreadsheet would rewrite as output_csv_text() says. Several
 * values in one cell are separated by "; ". What is not known or not there is an empty cell.
 * Columns keep their names and order; new ones come at the end. The choices are those of
 * choices.h, and can be read back.
 *
 *   source, id, instance_uuid            identity at the source
 *   name, path, datacenter, cluster, host, guest_os, power
 *   cpus, memory_mib, disks, disk_gib, nics, vlans
 *   verdict                              ready, ready-after-action, blocked, unknown
 *   findings                             ids, worst first, without mere information
 *   text, remedy                         of the first of them
 *   account, domainid, ...               choice_columns
 *   absence, absence_certainty           why CloudStack does not list it, or reads it wrongly
 *   priority, ...                        choice_columns that came later
 *   import_order                         place in the order of imports, from 1
 */
#include "report.h"

#include <string.h>

#include "arena.h"
#include "choices.h"

static const char heading[] =
    "source,id,instance_uuid,name,path,datacenter,cluster,host,guest_os,power,cpus,memory_mib,"
    "disks,disk_gib,nics,vlans,verdict,findings,text,remedy";

static void
add_cell(GString *line, const char *text)
{
    g_string_append_c(line, ',');
    output_csv_text(line, text);
}

static void
add_number(GString *line, FactState state, double number, int digits)
{
    char text[40] = "";
    if (state == FACT_KNOWN)
        g_snprintf(text, sizeof text, "%.*f", digits, number);
    g_string_append_c(line, ',');
    g_string_append(line, text);
}

static void
add_value(GString *values, const char *value)
{
    if (value)
        g_string_append_printf(values, "%s%s", values->len ? "; " : "", value);
}

static void
add_size(GString *line, const PlanInstance *instance)
{
    int64_t disk_bytes = 0;
    bool knows_disks = instance->disks.state == FACT_KNOWN;
    for (size_t i = 0; i < instance->disks.n; i++) {
        knows_disks &= instance->disks.items[i].capacity_bytes.state == FACT_KNOWN;
        disk_bytes += instance->disks.items[i].capacity_bytes.value;
    }
    add_number(line, instance->cpus.state, (double)instance->cpus.value, 0);
    add_number(
        line, instance->memory_bytes.state, (double)instance->memory_bytes.value / 0x1p20, 0);
    add_number(line, instance->disks.state, (double)instance->disks.n, 0);
    add_number(line, knows_disks ? FACT_KNOWN : FACT_UNKNOWN, (double)disk_bytes / 0x1p30, 1);
    add_number(line, instance->nics.state, (double)instance->nics.n, 0);
}

static void
add_identity(GString *line, const PlanInstance *instance, Arena *arena)
{
    const char *cells[] = {instance->id.value, instance->instance_uuid.value, instance->name.value,
        instance->path.value, instance->datacenter.value, instance->cluster.value,
        instance->host.value, instance->guest_os.value, power_words[instance->power]};
    output_csv_text(line, instance->source.value);
    for (size_t i = 0; i < G_N_ELEMENTS(cells); i++)
        add_cell(line, cells[i]);
    add_size(line, instance);
    g_autoptr(GString) vlans = g_string_new(NULL);
    for (size_t i = 0; i < instance->nics.n; i++)
        add_value(vlans, report_vlan_text(&instance->nics.items[i].vlan, arena));
    add_cell(line, vlans->str);
}

static void
add_findings(GString *line, const PlanItem *item, Arena *arena)
{
    const FindingText *findings, *first = NULL;
    size_t n = report_findings(item, arena, &findings);
    g_autoptr(GString) ids = g_string_new(NULL);
    for (size_t i = 0; i < n; i++) {
        if (findings[i].severity == SEVERITY_INFO)
            continue;
        add_value(ids, findings[i].id.value);
        first = first ? first : &findings[i];
    }
    add_cell(line, ids->str);
    add_cell(line, first ? first->text.value : NULL);
    add_cell(line, first ? first->remedy.value : NULL);
}

/* Of choice_columns, those that stand before the absences. */
enum { FIRST_CHOICES = 22 };

static void
add_choices(GString *line, const Choice *choice, size_t from, size_t to)
{
    g_autoptr(GString) cell = g_string_new(NULL);
    for (size_t i = from; i < to; i++) {
        g_string_truncate(cell, 0);
        choice_columns[i].render(choice, cell);
        add_cell(line, cell->str);
    }
}

char *
report_csv_heading(void)
{
    GString *line = g_string_new(heading);
    for (size_t i = 0; i < choice_columns_n; i++)
        g_string_append_printf(line, "%s,%s",
            i == FIRST_CHOICES ? ",absence,absence_certainty" : "", choice_columns[i].name);
    g_string_append(line, ",import_order");
    return g_string_free(line, false);
}

static void
add_absence(GString *line, const PlanItem *item, Arena *arena)
{
    Absence *absences;
    size_t n = plan_item_absences(item, arena, &absences);
    g_autoptr(GString) reasons = g_string_new(NULL);
    g_autoptr(GString) certainties = g_string_new(NULL);
    for (size_t i = 0; i < n; i++) {
        add_value(reasons, absences[i].reason.value);
        add_value(certainties, certainty_words[absences[i].certainty]);
    }
    add_cell(line, reasons->str);
    add_cell(line, certainties->str);
}

bool
report_csv(const Plan *plan, const OutputStyle *style, FILE *file, GError **error)
{
    g_autoptr(GString) line = g_string_new(NULL);
    g_autofree char *names = report_csv_heading();
    g_autofree size_t *order = report_order(plan);
    if (!style->no_headers)
        fprintf(file, "%s\r\n", names);
    for (size_t i = 0; i < plan->n_items && !ferror(file); i++) {
        const PlanItem *item = &plan->items[i];
        Arena arena;
        arena_init(&arena);
        g_string_truncate(line, 0);
        add_identity(line, &item->instance, &arena);
        add_cell(line, verdict_words[item->verdict]);
        add_findings(line, item, &arena);
        add_choices(line, &item->choice, 0, FIRST_CHOICES);
        add_absence(line, item, &arena);
        add_choices(line, &item->choice, FIRST_CHOICES, choice_columns_n);
        add_number(line, FACT_KNOWN, (double)order[i], 0);
        g_string_append(line, "\r\n");
        fwrite(line->str, 1, line->len, file);
        arena_release(&arena);
    }
    return output_flush(file, error);
}
