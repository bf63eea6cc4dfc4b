/* SPDX-License-Identifier: Apache-2.0
 *
 * One case a check of the server: an estate and a choice that it refuses, and what each release
 * answers. The cases are in the order of the server's checks, so that two of them put together tell
 * which refusal comes first.
 */
#ifndef SERVER_BATTERY_H
#define SERVER_BATTERY_H

#include "mapper/mapper_priv.h"
#include "tests/convert_estate.h"

#define RELEASES_ALL "000000000000000"

enum { FIRST_PLACE_IN_JOB = 100 };

typedef struct Bench {
    Estate estate;
    InstanceView *view; /* of the VM that is imported */
    const char *rules;
    bool is_unseen; /* CloudStack's view of its cluster does not have it */
    bool is_open;   /* the server hides its release, whatever it is */
    bool is_vmfs;   /* its datastore is found by its name, not by host and path */
} Bench;

typedef struct Reply {
    int code;
    const char *text; /* NULL: without a text */
} Reply;

/* What each release answers: an index of @replies, 'a' accepted, 'w' accepted with the finding as a
 * warning, 'u' unknown with the finding, 'b' blocked by us with the finding, 'x' blocked for
 * another reason. */
typedef struct Case {
    int place; /* in the server's order, as its code has it */
    FindingId id;
    void (*prepare)(Bench *bench);
    void (*choose)(Bench *bench, Choice *choice);
    const char *by_release;
    Reply replies[4];
    bool is_converted; /* by importVm */
    bool is_kvm, is_after_action;
} Case;

/* What was foretold. */
typedef struct Outcome {
    Verdict verdict;
    ServerStage stage;
    int code;
    char *text;
    Severity severity;
    FindingId first;     /* whose reply it is */
    bool has[FINDING_N]; /* findings of any severity */
    bool is_refusal[FINDING_N];
} Outcome;

static inline void
outcome_clear(Outcome *outcome)
{
    g_clear_pointer(&outcome->text, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Outcome, outcome_clear)

static inline bool
is_refusing(const Finding *finding)
{
    return finding->kind->stage != STAGE_NONE && !finding->is_unforetold &&
           (finding->severity == SEVERITY_BLOCKER || finding->severity == SEVERITY_ACTION);
}

static inline void
read_outcome(const PlanItem *item, Outcome *ret)
{
    Arena arena;
    arena_init(&arena);
    ret->verdict = item->verdict;
    for (size_t i = 0; i < item->n_findings; i++) {
        const Finding *finding = &item->findings[i];
        FindingText text;
        ret->has[finding->kind->number] = true;
        if (!is_refusing(finding))
            continue;
        ret->is_refusal[finding->kind->number] = true;
        if (ret->first)
            continue;
        finding_render(item, finding, &arena, &text);
        ret->first = (FindingId)finding->kind->number;
        ret->stage = text.server.stage;
        ret->severity = finding->severity;
        ret->code = (int)text.server.code.value;
        ret->text = g_strdup(text.server.text.value);
    }
    arena_release(&arena);
}

/* --- what a server shows of itself ------------------------------------------------------------ */

/* What each release shows, as its code has it. */
static const struct {
    const char *api, *param, *by_release;
} shown_apis[] = {
    {"importVm", NULL, "--YYYYYYYYYYYYY"},
    {"importVm", "forcemstoimportvmfiles", "---YYYYYYYYYYYY"},
    {"importVm", "importinstancehostid", "----YY-YYYYYYYY"},
    {"importVm", "usevddk", "-------------YY"},
    {"unmanageVolume", NULL, "---YYYYYYYYYYYY"},
    {"listVmwareDcVms", NULL, "--YYYYYYYYYYYYY"},
    {"listVmwareDcVms", "batchsize", "----Y----------"},
    {"listVmwareDcVms", "instancename", "-----Y-YYYYYYYY"},
    {"updateVirtualMachine", NULL, "YYYYYYYYYYYYYYY"},
    {"updateVirtualMachine", "deleteprotection", "------YYYYYYYYY"},
    {"listImportVmTasks", NULL, "-----------YYYY"},
    {"updateVmNic", NULL, "--------------Y"},
};
static const struct {
    const char *setting, *by_release;
} shown_settings[] = {
    {"vm.strict.host.tags", "------YYYYYYYYY"},
    {"api.key.access", "-------YYYYYYYY"},
    {"enforce.post.requests.and.timestamps", "----------YYYYY"},
};
/* Those that nothing tells apart; a letter each. */
static const char indistinct[] = "aabcdefggghiijk";

static inline bool
has_setting(const Catalog *catalog, const char *name)
{
    for (size_t i = 0; i < catalog->settings.n; i++)
        if (!strcmp(catalog->settings.items[i].name.value, name))
            return true;
    return false;
}

/* Beside what the catalog holds already. */
static inline void
show_apis(Catalog *catalog, Arena *arena, size_t column)
{
    Api *apis = arena_new_n(arena, Api, catalog->apis.n + G_N_ELEMENTS(shown_apis));
    for (size_t i = 0; i < catalog->apis.n; i++)
        apis[i] = catalog->apis.items[i];
    catalog->apis.items = apis;
    for (size_t i = 0; i < G_N_ELEMENTS(shown_apis); i++) {
        if (shown_apis[i].by_release[column] != 'Y')
            continue;
        if (!shown_apis[i].param) {
            Api *api = &apis[catalog->apis.n++];
            api->name = text_known(shown_apis[i].api);
            api->params.state = FACT_KNOWN;
            api->params.items = arena_new_n(arena, ApiParam, G_N_ELEMENTS(shown_apis));
            continue;
        }
        for (size_t j = 0; j < catalog->apis.n; j++)
            if (!strcmp(apis[j].name.value, shown_apis[i].api))
                apis[j].params.items[apis[j].params.n++].name = text_known(shown_apis[i].param);
    }
}

static inline void
show_release(Catalog *catalog, Arena *arena, size_t column)
{
    show_apis(catalog, arena, column);
    Setting *settings =
        arena_new_n(arena, Setting, catalog->settings.n + G_N_ELEMENTS(shown_settings) + 1);
    for (size_t i = 0; i < catalog->settings.n; i++)
        settings[i] = catalog->settings.items[i];
    catalog->settings.items = settings;
    for (size_t i = 0; i < G_N_ELEMENTS(shown_settings); i++)
        if (shown_settings[i].by_release[column] == 'Y' &&
            !has_setting(catalog, shown_settings[i].setting))
            settings[catalog->settings.n++].name = text_known(shown_settings[i].setting);
    if (!catalog->settings.n)
        settings[catalog->settings.n++].name = text_known("other");
    catalog->apis.state = catalog->settings.state = FACT_KNOWN;
}

/* --- playing ---------------------------------------------------------------------------------- */

/* NFS, which each release finds alike. */
static inline void
put_on_nfs(Bench *bench)
{
    StoragePool *pool = &g_array_index(bench->estate.pools, StoragePool, 0);
    pool->ipaddress = text_known("10.0.0.1");
    pool->path = text_known("/export/ds1");
    for (size_t i = 0; i < bench->view->disks.n; i++) {
        Disk *disk = &bench->view->disks.items[i];
        if (strcmp(disk->datastore_name.value, "ds1") != 0)
            continue;
        disk->datastore_host = pool->ipaddress;
        disk->datastore_path = pool->path;
        disk->datastore_type = text_known("NFS");
    }
}

/* Before what the case prepares. */
static inline void
start_conversion(Bench *bench)
{
    estate_add_kvm(&bench->estate);
    make_convertible(bench->view);
    bench->rules = CONVERT_RULE;
}

/* The plan of an estate that has the troubles of all cases at once, as the release judges it.
 * @ret_set: NULL: it tells its version; else it hides it, and what it may be by what it shows. */
static inline void
play_cases(const Case *const *cases, size_t n, size_t column, ReleaseSet *ret_set, Outcome *ret)
{
    g_autoptr(GError) error = NULL;
    Bench bench = {.estate.is_kvm = cases[0]->is_kvm || cases[n - 1]->is_kvm};
    *ret = (Outcome){0};
    estate_init_plain(&bench.estate);
    bench.view = estate_add_plain_vm(&bench.estate, "web-01");
    if (cases[0]->is_converted)
        start_conversion(&bench);
    for (size_t i = 0; i < n; i++)
        if (cases[i]->prepare)
            cases[i]->prepare(&bench);
    if (cases[0]->is_converted && releases[column].has_import_vm)
        estate_add_api(&bench.estate, "importVm", NULL);
    if (!bench.is_vmfs)
        put_on_nfs(&bench);
    estate_put_vm(&bench.estate, bench.view, !bench.is_unseen);
    estate_freeze(&bench.estate);
    g_autoptr(Policy) policy = bench.rules ? policy_parse(bench.rules, "rules", &error) : NULL;
    bool is_hidden = bench.is_open || ret_set;
    PlanOptions options = {.server_version = is_hidden ? NULL : releases[column].name};
    if (ret_set) {
        bench.estate.catalog->info.version = (Text){0};
        show_release(bench.estate.catalog, &bench.estate.arena, column);
        releases_from_catalog(bench.estate.catalog, ret_set);
    } else if (bench.is_open) {
        bench.estate.catalog->info.version = (Text){0};
        bench.estate.catalog->apis.n = bench.estate.catalog->settings.n = 0;
    }
    g_autoptr(Plan) plan =
        plan_build(bench.estate.inventory, bench.estate.catalog, policy, &options, &error);
    g_assert_no_error(error);
    size_t last = plan->n_items - 1; /* others come before */
    plan->items[last].choice.displayname = text_known("Shown");
    for (size_t i = 0; i < n; i++)
        if (cases[i]->choose)
            cases[i]->choose(&bench, &plan->items[last].choice);
    g_autoptr(Plan) checked =
        plan_check(plan, bench.estate.inventory, bench.estate.catalog, policy, &options, &error);
    g_assert_no_error(error);
    read_outcome(&checked->items[last], ret);
    estate_release(&bench.estate);
}

/* NULL: as expected; else what was foretold instead. (owned) */
static inline char *
judge_case(const Case *it, size_t column)
{
    g_auto(Outcome) outcome;
    play_cases(&it, 1, column, NULL, &outcome);
    char letter = it->by_release[column];
    const Reply *reply = g_ascii_isdigit(letter) ? &it->replies[letter - '0'] : NULL;
    Verdict refused = it->is_after_action ? VERDICT_READY_AFTER_ACTION : VERDICT_BLOCKED;
    Severity severity = it->is_after_action ? SEVERITY_ACTION : SEVERITY_BLOCKER;
    ServerStage stage = it->place < FIRST_PLACE_IN_JOB ? STAGE_SUBMIT : STAGE_JOB;
    bool is_right = false;
    if (reply)
        is_right = release_is_in(&releases[column], finding_kinds[it->id - 1]->scope) &&
                   outcome.verdict == refused && outcome.first == it->id &&
                   outcome.severity == severity && outcome.stage == stage &&
                   outcome.code == reply->code && !g_strcmp0(outcome.text, reply->text);
    else if (letter == 'x')
        is_right = outcome.verdict == VERDICT_BLOCKED && outcome.first != it->id;
    else if (letter == 'u')
        is_right = outcome.verdict == VERDICT_UNKNOWN && outcome.has[it->id];
    else if (letter == 'b')
        is_right = outcome.verdict == VERDICT_BLOCKED && !outcome.first && outcome.has[it->id];
    else
        is_right =
            (outcome.verdict == VERDICT_READY || outcome.verdict == VERDICT_READY_AFTER_ACTION) &&
            !outcome.first && outcome.has[it->id] == (letter == 'w');
    return is_right ? NULL
                    : g_strdup_printf("%s on %s: %s, %s %d %s", finding_kinds[it->id - 1]->id,
                          releases[column].name, verdict_words[outcome.verdict],
                          outcome.first ? finding_kinds[outcome.first - 1]->id : "accepted",
                          outcome.code, outcome.text ? outcome.text : "(no text)");
}

/* Is it refused by some of what the server may be, and not by others? */
static inline Answer
is_refused_by(const Case *it, const ReleaseSet *set)
{
    size_t refusing = 0;
    for (size_t i = 0; i < set->n; i++) {
        char letter = it->by_release[set->rows[i] - releases];
        if (letter == 'u')
            return ANSWER_UNKNOWN;
        refusing += letter != 'a' && letter != 'w';
    }
    return refusing == set->n ? ANSWER_YES : refusing ? ANSWER_UNKNOWN : ANSWER_NO;
}

/* A server that hides its version: where what is left open decides, the verdict is unknown. NULL:
 * it is so. (owned) */
static inline char *
judge_hidden(const Case *it, size_t column)
{
    g_auto(Outcome) outcome;
    ReleaseSet set = {0};
    play_cases(&it, 1, column, &set, &outcome);
    Answer is_refused = is_refused_by(it, &set);
    bool is_blocked =
        outcome.verdict == VERDICT_BLOCKED || (it->is_after_action && outcome.first == it->id);
    bool is_right = is_refused == ANSWER_YES       ? is_blocked
                    : is_refused == ANSWER_UNKNOWN ? outcome.verdict == VERDICT_UNKNOWN
                                                   : outcome.verdict < VERDICT_BLOCKED;
    return is_right ? NULL
                    : g_strdup_printf("%s, which may be %s and %zu more: %s",
                          finding_kinds[it->id - 1]->id, set.rows[0]->name, set.n - 1,
                          verdict_words[outcome.verdict]);
}

/* Of two troubles at once the one of the lower place comes first. ANSWER_UNKNOWN: they do not go
 * together. */
static inline Answer
judge_pair(const Case *lower, const Case *higher, size_t column)
{
    if (lower->is_converted != higher->is_converted)
        return ANSWER_UNKNOWN;
    const Case *const cases[] = {lower, higher};
    g_auto(Outcome) outcome;
    play_cases(cases, 2, column, NULL, &outcome);
    if (!outcome.is_refusal[lower->id] || !outcome.is_refusal[higher->id])
        return ANSWER_UNKNOWN;
    return outcome.first == higher->id ? ANSWER_NO : ANSWER_YES;
}

#endif
