/* SPDX-License-Identifier: Apache-2.0
 *
 * One case a check of the server: an estate and a choice that it refuses, and what each release
 * answers. The cases are in the order of the server's checks, so that two of them put together tell
 * which refusal comes first.
 */
#ifndef SERVER_BATTERY_H
#define SERVER_BATTERY_H

#include "mapper/mapper_priv.h"
#include "tests/estate_builder.h"

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

/* The plan of an estate that has the troubles of all cases at once, as @release judges it. */
static inline void
play_cases(const Case *const *cases, size_t n, const char *release, Outcome *ret)
{
    g_autoptr(GError) error = NULL;
    Bench bench = {.estate.is_kvm = cases[0]->is_kvm || cases[n - 1]->is_kvm};
    *ret = (Outcome){0};
    estate_init_plain(&bench.estate);
    bench.view = estate_add_plain_vm(&bench.estate, "web-01");
    for (size_t i = 0; i < n; i++)
        if (cases[i]->prepare)
            cases[i]->prepare(&bench);
    if (!bench.is_vmfs)
        put_on_nfs(&bench);
    estate_put_vm(&bench.estate, bench.view, !bench.is_unseen);
    estate_freeze(&bench.estate);
    g_autoptr(Policy) policy = bench.rules ? policy_parse(bench.rules, "rules", &error) : NULL;
    PlanOptions options = {.server_version = bench.is_open ? NULL : release};
    if (bench.is_open) {
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
    play_cases(&it, 1, releases[column].name, &outcome);
    char letter = it->by_release[column];
    const Reply *reply = g_ascii_isdigit(letter) ? &it->replies[letter - '0'] : NULL;
    Verdict refused = it->is_after_action ? VERDICT_READY_AFTER_ACTION : VERDICT_BLOCKED;
    Severity severity = it->is_after_action ? SEVERITY_ACTION : SEVERITY_BLOCKER;
    ServerStage stage = it->place < FIRST_PLACE_IN_JOB ? STAGE_SUBMIT : STAGE_JOB;
    bool is_right = false;
    if (reply)
        is_right = outcome.verdict == refused && outcome.first == it->id &&
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

/* Of two troubles at once the one of the lower place comes first. ANSWER_UNKNOWN: they do not go
 * together. */
static inline Answer
judge_pair(const Case *lower, const Case *higher, const char *release)
{
    const Case *const cases[] = {lower, higher};
    g_auto(Outcome) outcome;
    play_cases(cases, 2, release, &outcome);
    if (!outcome.is_refusal[lower->id] || !outcome.is_refusal[higher->id])
        return ANSWER_UNKNOWN;
    return outcome.first == higher->id ? ANSWER_NO : ANSWER_YES;
}

#endif
