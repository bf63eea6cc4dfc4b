/* SPDX-License-Identifier: Apache-2.0
 *
 * The HTML report: one file, no network. The overview is plain HTML and reads without scripts; the
 * list of VMs is drawn by report.js from the data at the end of the page. The content security
 * policy admits our own style and script by their digests and nothing else.
 */
#include "report_priv.h"

#include <string.h>

#include "arena.h"
#include "assets.h"

enum { CAUSES_MAX = 10 }; /* shown at once, the others on demand */

/* What the style sheet calls a verdict. */
static const char *const verdict_classes[VERDICT_N] = {
    [VERDICT_NONE] = "none",
    [VERDICT_READY] = "ready",
    [VERDICT_READY_AFTER_ACTION] = "action",
    [VERDICT_BLOCKED] = "blocked",
    [VERDICT_UNKNOWN] = "unknown",
};

/* Writes a text as HTML; control characters, which HTML cannot hold, as '?'. */
static void
put(FILE *file, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);
    for (char *at = valid; *at; at++) {
        switch (*at) {
        case '<':
            fputs("&lt;", file);
            break;
        case '>':
            fputs("&gt;", file);
            break;
        case '&':
            fputs("&amp;", file);
            break;
        case '"':
            fputs("&quot;", file);
            break;
        default:
            fputc((unsigned char)*at >= 0x20 || *at == '\n' || *at == '\t' ? *at : '?', file);
        }
    }
}

/* Writes "#NAME=VALUE", a link into the list of VMs. */
void
report_html_link(FILE *file, const char *name, const char *value)
{
    g_autofree char *escaped = g_uri_escape_string(value, NULL, false);
    fprintf(file, "#%s=", name);
    put(file, escaped);
}

static void
put_digest(FILE *file, const char *begin, const char *end)
{
    guint8 digest[32];
    gsize length = sizeof digest;
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, (const guchar *)begin, end - begin);
    g_checksum_get_digest(sum, digest, &length);
    g_autofree char *text = g_base64_encode(digest, length);
    fprintf(file, "'sha256-%s'", text);
}

static void
put_head(const Plan *plan, FILE *file)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src ",
        file);
    put_digest(file, report_css, report_css_end);
    fputs("; script-src ", file);
    put_digest(file, report_js, report_js_end);
    fputs("; base-uri 'none'; form-action 'none'\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n"
          "<meta name=\"referrer\" content=\"no-referrer\">\n<title>Dry run",
        file);
    if (plan->info.zone.value) {
        fputs(" of zone ", file);
        put(file, plan->info.zone.value);
    }
    fputs("</title>\n<style>", file);
    fwrite(report_css, 1, (size_t)(report_css_end - report_css), file);
    fputs("</style>\n</head>\n<body>\n", file);
}

static void
put_inputs(const PlanInfo *info, FILE *file)
{
    for (size_t i = 0; i < info->inputs.n; i++) {
        const PlanInput *input = &info->inputs.items[i];
        fputs(i ? " &middot; " : "<p class=\"muted\">Made from ", file);
        put(file, input->kind.value);
        fputs(" <code>", file);
        put(file, input->name.value);
        fputs("</code>", file);
        if (input->read_at.value) {
            fputs(" read at ", file);
            put(file, input->read_at.value);
        }
        if (is_true(input->is_partial))
            fputs(" <span class=\"tag warning\">only half read</span>", file);
        if (input->sha256.value) {
            fputs(" <span class=\"mono\" title=\"", file);
            put(file, input->sha256.value);
            fprintf(file, "\">(%.12s)</span>", input->sha256.value);
        }
    }
    if (info->inputs.n)
        fputs("</p>\n", file);
}

static void
put_title(const Plan *plan, FILE *file)
{
    const PlanInfo *info = &plan->info;
    fprintf(file, "<header>\n<h1>Dry run of %zu VMs</h1>\n<p>", plan->n_items);
    fputs(info->zone.value ? "Into zone <strong>" : "", file);
    put(file, info->zone.value);
    fputs(info->zone.value ? "</strong>" : "", file);
    if (info->server_version.value) {
        fputs(" of CloudStack ", file);
        put(file, info->server_version.value);
    }
    if (info->created_at.value) {
        fputs(" &middot; ", file);
        put(file, info->created_at.value);
    }
    if (info->tool_version.value) {
        fputs(" &middot; vm-ingest ", file);
        put(file, info->tool_version.value);
    }
    fputs(" &middot; nothing was changed anywhere</p>\n", file);
    put_inputs(info, file);
    fputs("</header>\n<main>\n", file);
}

static void
put_tiles(const Plan *plan, FILE *file)
{
    fputs("<ul class=\"tiles\" aria-label=\"Verdicts\">\n", file);
    for (int i = VERDICT_READY; i < VERDICT_N; i++) {
        double percent = plan->n_items ? 100.0 * plan->n_verdicts[i] / plan->n_items : 0;
        fprintf(file,
            "<li><a class=\"%s\" href=\"#verdict=%s\"><strong>%zu</strong>"
            "<span class=\"tag %s\">%s</span> <span class=\"muted\">%.0f %%</span></a></li>\n",
            verdict_classes[i], verdict_words[i], plan->n_verdicts[i], verdict_classes[i],
            report_verdict_title((Verdict)i), percent);
    }
    fputs("</ul>\n", file);
    if (plan->n_verdicts[VERDICT_NONE])
        fprintf(file, "<p>%zu VMs have not been judged yet.</p>\n", plan->n_verdicts[VERDICT_NONE]);
    g_autofree char *conversions = report_conversions(plan);
    if (conversions)
        fprintf(file, "<p><span class=\"tag warning\">importVm</span> %s</p>\n", conversions);
}

/* --- groups and causes ------------------------------------------------------------------------ */

static void
put_bar(const SummaryGroup *group, FILE *file)
{
    double at = 0;
    fputs("<svg class=\"bar\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" "
          "aria-hidden=\"true\">",
        file);
    for (int i = VERDICT_READY; i < VERDICT_N; i++) {
        double width = 100.0 * group->n[i] / group->total;
        if (group->n[i])
            fprintf(file, "<rect class=\"%s\" x=\"%.2f\" width=\"%.2f\" height=\"8\"/>",
                verdict_classes[i], at, width);
        at += width;
    }
    fputs("</svg>", file);
}

static void
put_groups(const GArray *groups, const char *title, const char *key, FILE *file)
{
    fprintf(file,
        "<section class=\"card\">\n<h2>%s</h2>\n<div class=\"scroll\"><table>\n<thead><tr>"
        "<th scope=\"col\">Name</th><th scope=\"col\" class=\"number\">VMs</th>",
        title);
    for (int i = VERDICT_READY; i < VERDICT_N; i++)
        fprintf(file, "<th scope=\"col\" class=\"number\">%s</th>",
            i == VERDICT_READY_AFTER_ACTION ? "after action" : report_verdict_title((Verdict)i));
    fputs("<th scope=\"col\"><span aria-hidden=\"true\">Share</span></th></tr></thead>\n<tbody>\n",
        file);
    for (guint i = 0; i < groups->len; i++) {
        const SummaryGroup *group = &g_array_index(groups, SummaryGroup, i);
        fputs("<tr><th scope=\"row\"><a href=\"", file);
        report_html_link(file, key, group->name);
        fputs("\">", file);
        put(file, group->name);
        fprintf(file, "</a></th><td class=\"number\">%zu</td>", group->total);
        for (int k = VERDICT_READY; k < VERDICT_N; k++)
            fprintf(file, "<td class=\"number\">%zu</td>", group->n[k]);
        fputs("<td>", file);
        put_bar(group, file);
        fputs("</td></tr>\n", file);
    }
    fputs("</tbody></table></div>\n</section>\n", file);
}

static void
put_cause(const SummaryFinding *cause, FILE *file)
{
    const char *word = severity_words[cause->severity];
    fprintf(file,
        "<li><span class=\"tag %s\">%s</span><span class=\"count\">%zu %s</span><div><a href=\"",
        word, word, cause->items, cause->items == 1 ? "VM" : "VMs");
    report_html_link(file, "finding", cause->id);
    fputs("\"><code>", file);
    put(file, cause->id);
    fputs("</code></a><p>", file);
    if (cause->name && cause->items > 1) {
        fputs("<span class=\"muted\">For example ", file);
        put(file, cause->name);
        fputs(":</span> ", file);
    } else if (cause->name) {
        put(file, cause->name);
        fputs(": ", file);
    }
    put(file, cause->first.text.value);
    fputs("</p>", file);
    if (cause->first.remedy.value) {
        fputs("<p class=\"remedy\">", file);
        put(file, cause->first.remedy.value);
        fputs("</p>", file);
    }
    fputs("</div></li>\n", file);
}

static void
put_causes(const ReportSummary *summary, FILE *file)
{
    fputs("<section class=\"card\" aria-labelledby=\"causes-title\">\n"
          "<h2 id=\"causes-title\">What stands in the way</h2>\n<ul class=\"causes\">\n",
        file);
    guint n = summary->findings->len;
    for (guint i = 0; i < n; i++) {
        if (i == CAUSES_MAX)
            fprintf(file,
                "</ul>\n<details><summary>%u more kinds of findings</summary>\n"
                "<ul class=\"causes\">\n",
                n - i);
        put_cause(&g_array_index(summary->findings, SummaryFinding, i), file);
    }
    fputs(n > CAUSES_MAX ? "</ul></details>\n" : "</ul>\n", file);
    if (!n)
        fputs("<p>Nothing.</p>\n", file);
    fputs("</section>\n", file);
}

static void
put_problems(const PlanInfo *info, FILE *file)
{
    if (!info->problems.n)
        return;
    fputs("<section class=\"card\" aria-labelledby=\"problems-title\">\n"
          "<h2 id=\"problems-title\">What could not be read</h2>\n<ul class=\"causes\">\n",
        file);
    for (size_t i = 0; i < info->problems.n; i++) {
        const SourceProblem *problem = &info->problems.items[i];
        fputs("<li><span class=\"tag warning\">warning</span><span class=\"muted\">", file);
        put(file, problem->source.value);
        fputs("</span><div><p>", file);
        put(file, problem->about.value);
        fputs(problem->about.value ? ": " : "", file);
        put(file, problem->text.value);
        fputs("</p><p class=\"muted\">", file);
        put(file, problem->evidence.value);
        fputs(problem->remedy.value ? "</p><p class=\"remedy\">" : "</p>", file);
        put(file, problem->remedy.value);
        fputs("</p></div></li>\n", file);
    }
    fputs("</ul>\n</section>\n", file);
}

void
report_html_text(FILE *file, const char *text)
{
    put(file, text);
}

/* --- the list of VMs -------------------------------------------------------------------------- */

static const char list_frame[] =
    "<section class=\"card\" id=\"vms\" aria-labelledby=\"vms-title\">\n"
    "<h2 id=\"vms-title\">VMs</h2>\n"
    "<noscript><p>The list of VMs needs JavaScript, which this page keeps in itself. Without it, "
    "use the CSV report or the plan file: they hold the same.</p></noscript>\n"
    "<div class=\"filters\" id=\"filters\" role=\"search\" hidden>\n"
    "<label class=\"grow\">Search name, address, host, VLAN, finding ( / )"
    "<input id=\"q\" type=\"search\" autocomplete=\"off\" spellcheck=\"false\"></label>\n"
    "<label>Verdict<select id=\"verdict\"></select></label>\n"
    "<label>Cluster or host<select id=\"cluster\"></select></label>\n"
    "<label>Owner<select id=\"owner\"></select></label>\n"
    "<label>Wave<select id=\"wave\"></select></label>\n"
    "<label>Finding<select id=\"finding\"></select></label>\n"
    "<label>VLAN<select id=\"vlan\"></select></label>\n"
    "<button type=\"button\" id=\"reset\">Reset</button>\n"
    "<output id=\"count\" aria-live=\"polite\"></output>\n</div>\n"
    "<p id=\"empty\" hidden>No VM fits the filter.</p>\n"
    "<div class=\"split\" id=\"split\">\n"
    "<div class=\"list\" id=\"list\" tabindex=\"0\" role=\"region\" aria-label=\"List of VMs\" "
    "hidden><table><thead><tr id=\"head\"></tr></thead><tbody id=\"rows\"></tbody></table></div>\n"
    "<aside class=\"details\" id=\"details\" aria-label=\"Details of the VM\" hidden></aside>\n"
    "</div>\n<div class=\"printed\" id=\"printed\"></div>\n</section>\n";

static void
put_list(const Plan *plan, FILE *file)
{
    fputs(list_frame, file);
    fputs("</main>\n<footer><p>Keys: / search, j and k next and previous VM, Escape closes. The "
          "address of this page holds the filter.</p></footer>\n"
          "<script type=\"application/json\" id=\"data\">",
        file);
    report_html_data(plan, file);
    fputs("</script>\n<script>", file);
    fwrite(report_js, 1, (size_t)(report_js_end - report_js), file);
    fputs("</script>\n</body>\n</html>\n", file);
}

bool
report_html(const Plan *plan, FILE *file, GError **error)
{
    ReportSummary summary;
    report_summary_init(&summary, plan);
    put_head(plan, file);
    put_title(plan, file);
    put_tiles(plan, file);
    report_html_matrix(plan, file);
    report_html_creations(plan, file);
    fputs("<div class=\"columns\">\n", file);
    put_groups(summary.clusters, "By cluster or host", "cluster", file);
    put_groups(summary.owners, "By owner", "owner", file);
    fputs("</div>\n", file);
    put_causes(&summary, file);
    report_html_waves(plan, file);
    report_html_storage(plan, file);
    report_html_offerings(plan, file);
    report_html_absences(plan, file);
    report_html_freeze(plan, file);
    report_html_time(plan, file);
    put_problems(&plan->info, file);
    put_list(plan, file);
    report_summary_release(&summary);
    return output_flush(file, error);
}
