/* SPDX-License-Identifier: Apache-2.0
 *
 * The page's VLAN to network matrix: a row a VLAN, a column a physical network of the zone; and the
 * networks that would have to be created.
 */
#include "report_priv.h"

#include <string.h>

/* Columns of the matrix, by name; "" is for what is tied to none of them. */
typedef struct Columns {
    const char *zone;
    GPtrArray *names; /* borrowed texts */
} Columns;

static bool
has_name(const GPtrArray *names, const char *name)
{
    for (guint i = 0; i < names->len; i++)
        if (!strcmp(g_ptr_array_index(names, i), name))
            return true;
    return false;
}

/* Is there something of the row that none of its columns would show? */
static bool
is_tied_to_none(const MatrixRow *row)
{
    bool is_untied = !row->networks.n && !row->physicalnetworks.n;
    for (size_t i = 0; i < row->networks.n; i++)
        is_untied |= !row->networks.items[i].physicalnetwork.value;
    return is_untied;
}

static Columns
choose_columns(const Plan *plan)
{
    Columns columns = {
        .zone = plan->info.zone.value ? plan->info.zone.value : "zone", .names = g_ptr_array_new()};
    bool has_untied = false;
    for (size_t i = 0; i < plan->info.physicalnetworks.n; i++)
        g_ptr_array_add(columns.names, (gpointer)plan->info.physicalnetworks.items[i]);
    for (size_t i = 0; i < plan->n_networks; i++) {
        const MatrixRow *row = &plan->networks[i];
        has_untied |= is_tied_to_none(row);
        for (size_t j = 0; j < row->networks.n; j++) {
            const char *name = row->networks.items[j].physicalnetwork.value;
            if (name && !has_name(columns.names, name))
                g_ptr_array_add(columns.names, (gpointer)name);
        }
    }
    /* With one column there is no question where it would be. */
    if (columns.names->len != 1 && (has_untied || !columns.names->len))
        g_ptr_array_add(columns.names, (gpointer) "");
    return columns;
}

/* --- cells ------------------------------------------------------------------------------------ */

static void
put_count(FILE *file, Int count)
{
    if (count.state == FACT_KNOWN)
        fprintf(file, "<td class=\"number\">%" G_GINT64_FORMAT "</td>", count.value);
    else
        fputs("<td class=\"number\">?</td>", file);
}

static void
put_names(FILE *file, const Texts *texts)
{
    fputs("<td class=\"wide\">", file);
    for (size_t i = 0; i < texts->n; i++) {
        fputs(i ? ", " : "", file);
        report_html_text(file, texts->items[i]);
    }
    fputs("</td>", file);
}

static void
put_network(FILE *file, const MatrixNetwork *network)
{
    const char *extras[] = {network->type.value, network->owner.value};
    fputs("<br>", file);
    report_html_text(file, network->name.value ? network->name.value : network->id.value);
    fputs(" <span class=\"muted\">", file);
    for (size_t i = 0; i < G_N_ELEMENTS(extras); i++) {
        if (!extras[i])
            continue;
        fputs("&middot; ", file);
        report_html_text(file, extras[i]);
        fputc(' ', file);
    }
    fputs("</span>", file);
}

static bool
is_in_column(const MatrixNetwork *network, const char *column, bool is_only)
{
    const char *name = network->physicalnetwork.value;
    return is_only || !strcmp(name ? name : "", column);
}

/* Would what is missing, or in conflict, be in this column? */
static bool
belongs_here(const MatrixRow *row, const char *column, bool is_only)
{
    if (is_only || (!*column && !row->physicalnetworks.n))
        return true;
    for (size_t i = 0; i < row->physicalnetworks.n; i++)
        if (!strcmp(row->physicalnetworks.items[i], column))
            return true;
    return false;
}

static void
put_tag(FILE *file, NetworkMatch match, bool is_one)
{
    static const char *const classes[MATCH_N] = {"none", "one", "several", "missing", "conflict"};
    static const char *const titles[MATCH_N] = {
        "not known", "network", "several", "create", "conflict"};
    if (match == MATCH_SEVERAL && is_one) /* the others are in other columns */
        match = MATCH_ONE;
    fprintf(file, "<span class=\"tag %s\">%s</span>", classes[match], titles[match]);
}

static void
put_cell(FILE *file, const MatrixRow *row, const char *column, bool is_only)
{
    size_t n = 0;
    fputs("<td class=\"wide\">", file);
    for (size_t i = 0; i < row->networks.n; i++)
        n += is_in_column(&row->networks.items[i], column, is_only);
    bool is_here = belongs_here(row, column, is_only);
    if (n || (!row->networks.n && is_here) || (row->match == MATCH_CONFLICT && is_here))
        put_tag(file, row->match, n == 1);
    for (size_t i = 0; i < row->networks.n; i++)
        if (is_in_column(&row->networks.items[i], column, is_only))
            put_network(file, &row->networks.items[i]);
    if (row->note.value && is_here) {
        fputs("<br>", file);
        report_html_text(file, row->note.value);
    }
    fputs("</td>", file);
}

static void
put_row(FILE *file, const MatrixRow *row, const Columns *columns)
{
    Arena arena;
    arena_init(&arena);
    const char *vlan = report_vlan_text(&row->vlan, &arena);
    fputs("<tr><th scope=\"row\"><a href=\"", file);
    report_html_link(file, "vlan", vlan);
    fputs("\">", file);
    report_html_text(file, vlan);
    fputs("</a></th>", file);
    put_names(file, &row->portgroups);
    put_names(file, &row->switches);
    put_count(file, row->hosts);
    put_count(file, row->instances);
    put_count(file, row->nics);
    for (guint i = 0; i < columns->names->len; i++)
        put_cell(file, row, g_ptr_array_index(columns->names, i), columns->names->len == 1);
    fputs("</tr>\n", file);
    arena_release(&arena);
}

static void
put_head(FILE *file, const Columns *columns)
{
    fputs("<div class=\"matrix\" tabindex=\"0\" role=\"region\" "
          "aria-labelledby=\"networks-title\"><table>\n<thead><tr><th scope=\"col\">VLAN</th>"
          "<th scope=\"col\">Port groups</th><th scope=\"col\">Switches</th>"
          "<th scope=\"col\" class=\"number\">Hosts</th>"
          "<th scope=\"col\" class=\"number\">VMs</th>"
          "<th scope=\"col\" class=\"number\">NICs</th>",
        file);
    for (guint i = 0; i < columns->names->len; i++) {
        const char *name = g_ptr_array_index(columns->names, i);
        fputs("<th scope=\"col\">", file);
        report_html_text(file, columns->zone);
        fputs(" / ", file);
        report_html_text(file, *name ? name : "no physical network known");
        fputs("</th>", file);
    }
    fputs("</tr></thead>\n<tbody>\n", file);
}

void
report_html_matrix(const Plan *plan, FILE *file)
{
    fputs("<section class=\"card\" id=\"networks\" aria-labelledby=\"networks-title\">\n"
          "<h2 id=\"networks-title\">VLANs and networks</h2>\n",
        file);
    if (!plan->n_networks) {
        fputs("<p class=\"muted\">No VLAN is in use.</p></section>\n", file);
        return;
    }
    Columns columns = choose_columns(plan);
    put_head(file, &columns);
    for (size_t i = 0; i < plan->n_networks; i++)
        put_row(file, &plan->networks[i], &columns);
    fputs("</tbody></table></div>\n</section>\n", file);
    g_ptr_array_unref(columns.names);
}

/* --- what would have to be created ------------------------------------------------------------ */

static void
put_creation(FILE *file, const MatrixRow *row)
{
    Arena arena;
    arena_init(&arena);
    fputs("<tr><th scope=\"row\">", file);
    report_html_text(file, report_vlan_text(&row->vlan, &arena));
    fputs("</th>", file);
    put_names(file, &row->physicalnetworks);
    put_count(file, row->instances);
    put_count(file, row->nics);
    fputs("<td class=\"wide\"><code>", file);
    report_html_text(file, row->create.value);
    fputs("</code></td></tr>\n", file);
    arena_release(&arena);
}

/* VLANs that only port groups without a VM have ask for no network. */
void
report_html_creations(const Plan *plan, FILE *file)
{
    size_t n = 0;
    for (size_t i = 0; i < plan->n_networks; i++) {
        const MatrixRow *row = &plan->networks[i];
        if (!row->create.value || !row->nics.value)
            continue;
        if (!n++)
            fputs("<section class=\"card\" id=\"create\" aria-labelledby=\"create-title\">\n"
                  "<h2 id=\"create-title\">Networks to create</h2>\n<p>With owners, and what "
                  "CloudStack would answer: <code>vm-ingest networks plan --out networks.json"
                  "</code></p>\n<div class=\"scroll\"><table>\n<thead><tr>"
                  "<th scope=\"col\">VLAN</th><th scope=\"col\">Physical network</th>"
                  "<th scope=\"col\" class=\"number\">VMs</th>"
                  "<th scope=\"col\" class=\"number\">NICs</th>"
                  "<th scope=\"col\">Call</th></tr></thead>\n<tbody>\n",
                file);
        put_creation(file, row);
    }
    if (n)
        fputs("</tbody></table></div>\n</section>\n", file);
}
