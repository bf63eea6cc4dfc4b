/* SPDX-License-Identifier: Apache-2.0
 *
 * Keep findings while planning, and render them when somebody reads them.
 */
#include <string.h>

#include "convert_priv.h"
#include "mapper_priv.h"

const char *const verdict_words[VERDICT_N] = {
    [VERDICT_READY] = "ready",
    [VERDICT_READY_AFTER_ACTION] = "ready-after-action",
    [VERDICT_BLOCKED] = "blocked",
    [VERDICT_UNKNOWN] = "unknown",
};

const char *const severity_words[SEVERITY_N] = {
    [SEVERITY_INFO] = "info",
    [SEVERITY_WARNING] = "warning",
    [SEVERITY_ACTION] = "action",
    [SEVERITY_UNKNOWN] = "unknown",
    [SEVERITY_BLOCKER] = "blocker",
};

const char *const server_stage_words[STAGE_N] = {[STAGE_SUBMIT] = "submit", [STAGE_JOB] = "job"};

const char *const check_proof_words[PROOF_N] = {
    [PROOF_RECORDED] = "recorded", [PROOF_READ] = "read"};

const FindingKind *const finding_kinds[] = {
#define FINDING(id) &kind_##id,
#include "finding_ids.h"
#undef FINDING
};

const size_t finding_kinds_n = G_N_ELEMENTS(finding_kinds);

const FindingKind *
finding_find_kind(const char *id)
{
    for (size_t i = 0; i < finding_kinds_n; i++)
        if (!strcmp(finding_kinds[i]->id, id))
            return finding_kinds[i];
    return NULL;
}

/* --- the table of the server's checks --------------------------------------------------------- */

static const ServerWording *
find_wording(const FindingKind *kind, const Release *release)
{
    for (const ServerWording *each = kind->wordings; each && each->text; each++)
        if (release_is_in(release, each->scope))
            return each;
    return NULL;
}

char *
finding_kind_releases(const FindingKind *kind)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; kind->scope.member && i < releases_n; i++)
        if (release_is_in(&releases[i], kind->scope))
            g_string_append_printf(text, "%s%s", text->len ? ", " : "", releases[i].name);
    if (!kind->scope.member)
        g_string_append(text, "all");
    return g_string_free(text, false);
}

char *
finding_kind_wordings(const FindingKind *kind)
{
    GString *text = g_string_new(NULL);
    for (const ServerWording *each = kind->wordings; each && each->text; each++) {
        size_t n = 0;
        for (size_t i = 0; i < releases_n; i++)
            if (release_is_in(&releases[i], kind->scope) &&
                find_wording(kind, &releases[i]) == each)
                g_string_append_printf(text, "%s%s", n++ ? ", " : "", releases[i].name);
        if (n)
            g_string_append_printf(text, ": %s\n", each->text);
    }
    return g_string_free(text, false);
}

/* The newest of those that the server may be and that make the check: its words are told. */
static const Release *
release_that_tells(const ReleaseSet *set, const FindingKind *kind)
{
    for (size_t i = set->n; i > 0; i--)
        if (release_is_in(set->rows[i - 1], kind->scope))
            return set->rows[i - 1];
    return set->rows[set->n - 1];
}

/* --- keeping ---------------------------------------------------------------------------------- */

Finding *
add_finding(Task *task, FindingId id, const char *subject, const FindingArg *args)
{
    const FindingKind *kind = finding_kinds[id - 1];
    Finding finding = {.kind = kind, .severity = kind->severity, .subject = subject};
    if (kind->stage)
        finding.release = release_that_tells(&task->planner->releases, kind);
    memcpy(finding.args, args, sizeof finding.args);
    GArray *findings = task->planner->findings;
    g_array_append_val(findings, finding);
    return &g_array_index(findings, Finding, findings->len - 1);
}

void
find_if_made(Task *task, FindingId id, const char *subject, const FindingArg *args)
{
    Answer is_made = check_is_made(task->planner, id);
    if (is_made == ANSWER_NO)
        return;
    Finding *finding = add_finding(task, id, subject, args);
    finding->severity = is_made == ANSWER_YES ? finding->severity : SEVERITY_UNKNOWN;
}

void
find_unread_list(Task *task, const char *list)
{
    GArray *findings = task->planner->findings;
    for (guint i = 0; i < findings->len; i++) {
        const Finding *known = &g_array_index(findings, Finding, i);
        if (known->kind == &kind_LIST_UNREAD && !strcmp(known->args[0].text, list))
            return;
    }
    const CatalogList *row = catalog_find_list(task->planner->catalog, list);
    const char *error = row && row->error.value ? row->error.value : "it was not asked for";
    const char *command = row && row->command.value ? row->command.value : "list call";
    FIND(task, LIST_UNREAD, NULL, ARG(list), ARG(command), ARG(error));
}

void
add_reason(Task *task, const char *about, const char *chosen, const char *why, Texts others)
{
    Reason reason = {.about = text_known(about), .chosen = text_known(chosen)};
    reason.why = text_known(why);
    reason.others = others;
    g_array_append_val(task->planner->reasons, reason);
}

static const char *
join_about(Planner *planner, const char *list, const char *id, const char *member)
{
    const char *const parts[] = {list, "[", id, "].", member};
    g_string_truncate(planner->key, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        g_string_append(planner->key, parts[i]);
    return arena_strndup(planner->arena, planner->key->str, planner->key->len);
}

const char *
about_disk(Planner *planner, const char *id)
{
    return join_about(planner, "disks", id, "diskofferingid");
}

const char *
about_move(Planner *planner, const char *id)
{
    return join_about(planner, "migrate", id, "storageid");
}

/* NICs are called alike all over the estate: each text is made once. */
const char *
about_nic(Planner *planner, const char *id)
{
    const char *about = table_find(&planner->abouts, id);
    if (about)
        return about;
    about = join_about(planner, "nics", id, "networkid");
    table_add(&planner->abouts, id, about);
    return about;
}

const char *
text_or_word(Text text)
{
    if (text.state == FACT_KNOWN)
        return text.value;
    return text.state == FACT_ABSENT ? "none" : "unknown";
}

const char *
join_texts(Arena *arena, const Texts *texts, const char *separator)
{
    g_autoptr(GString) joined = g_string_new(texts->n ? NULL : "none");
    for (size_t i = 0; i < texts->n; i++)
        g_string_append_printf(joined, "%s%s", i ? separator : "", texts->items[i]);
    return arena_strndup(arena, joined->str, joined->len);
}

/* --- rendering -------------------------------------------------------------------------------- */

static void
append_quantity(GString *out, int64_t number, bool is_size)
{
    if (!is_size)
        g_string_append_printf(out, "%" G_GINT64_FORMAT, number);
    else if (number % GIB == 0)
        g_string_append_printf(out, "%" G_GINT64_FORMAT " GiB", number / GIB);
    else
        g_string_append_printf(out, "%.2f GiB", (double)number / (double)GIB);
}

/* The instance's name as the call has it, or the display name. */
static const char *
name_in_call(const PlanItem *item, bool is_display)
{
    const Text display = item->choice.displayname, name = item->choice.name;
    if (is_display && display.value && *display.value)
        return display.value;
    return name.value && *name.value ? name.value : text_or_word(item->instance.name);
}

/* The words that only the server's texts have. */
static bool
append_server_word(GString *out, const PlanItem *item, const Release *release, const char *word)
{
    bool is_large = release->writes_cpu_large;
    if (!strcmp(word, "vm"))
        g_string_append(out, name_in_call(item, false));
    else if (!strcmp(word, "shown"))
        g_string_append(out, name_in_call(item, release->shows_displayname));
    else if (!strcmp(word, "CPU"))
        g_string_append(out, is_large ? "CPU" : "cpu");
    else if (!strcmp(word, "Template"))
        g_string_append(out, is_large ? "Template" : "template");
    else
        return false;
    return true;
}

/* One {word} of a template; false when it is none of ours and stands for itself. */
static bool
append_word(GString *out, const PlanItem *item, const Finding *finding, const Release *release,
    const char *word)
{
    if (release && append_server_word(out, item, release, word))
        return true;
    if (!strcmp(word, "nic") || !strcmp(word, "disk")) {
        g_string_append(out, finding->subject ? finding->subject : "");
        return true;
    }
    if (!strcmp(word, "vm")) {
        g_string_append(out, text_or_word(item->instance.name));
        return true;
    }
    if (!strcmp(word, "api") || !strcmp(word, "command")) {
        const ApiName *api = choice_api(&item->choice);
        g_string_append(out, word[0] == 'a' ? api->name : api->lower);
        return true;
    }
    if (word[0] < '1' || word[0] > '0' + FINDING_ARGS_MAX)
        return false;
    const FindingArg *arg = &finding->args[word[0] - '1'];
    if (arg->text)
        g_string_append(out, arg->text);
    else
        append_quantity(out, arg->number, !strcmp(word + 1, ":size"));
    return true;
}

/* The template with its words filled in; NULL stays absent. @release: of a server's text. */
static Text
render(const PlanItem *item, const Finding *finding, const char *template, const Release *release,
    Arena *arena)
{
    if (!template)
        return text_absent();
    g_autoptr(GString) out = g_string_new(NULL);
    for (const char *p = template; *p;) {
        const char *end = *p == '{' ? strchr(p, '}') : NULL;
        char word[12] = "";
        if (end && end - p - 1 < (ptrdiff_t)sizeof word)
            memcpy(word, p + 1, (size_t)(end - p - 1));
        if (end && append_word(out, item, finding, release, word))
            p = end + 1;
        else
            g_string_append_c(out, *p++);
    }
    return text_known(arena_strndup(arena, out->str, out->len));
}

/* importVm wraps whatever goes wrong once it has begun. */
static int
code_of(const PlanItem *item, const FindingKind *kind)
{
    enum { INTERNAL_ERROR = 530 };
    bool is_wrapped = !kind->is_of_conversion && kind->rank >= RANK_CONVERT_HOST &&
                      choice_is_converted(&item->choice);
    return is_wrapped ? INTERNAL_ERROR : kind->server_code;
}

void
finding_render(const PlanItem *item, const Finding *finding, Arena *arena, FindingText *ret)
{
    const FindingKind *kind = finding->kind;
    FindingText text = {.severity = finding->severity};
    text.subject = finding->subject ? text_known(finding->subject) : text_absent();
    if (kind) {
        text.id = text_known(kind->id);
        text.text = render(item, finding, kind->text, NULL, arena);
        text.evidence = render(item, finding, kind->evidence, NULL, arena);
        text.remedy = render(item, finding, kind->remedy, NULL, arena);
        bool is_refused = kind->stage && !finding->is_unforetold;
        const Release *release = finding->release ? finding->release : &releases[releases_n - 1];
        const ServerWording *wording = find_wording(kind, release);
        const char *said = wording ? wording->text : kind->server_text;
        text.server.stage = is_refused ? kind->stage : STAGE_NONE;
        text.server.text = render(item, finding, is_refused ? said : NULL, release, arena);
        text.server.code = is_refused ? int_known(code_of(item, kind)) : (Int){0, FACT_ABSENT};
    }
    *ret = text;
}
