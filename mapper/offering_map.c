/* SPDX-License-Identifier: Apache-2.0
 *
 * Size to service offering. Its storage tags concern the root disk, so the pool of the root disk
 * takes part in the choice.
 */
#include <string.h>

#include "mapper_priv.h"

/* CPUs, memory, or speed is left open. */
bool
offering_is_custom(const ServiceOffering *offering)
{
    return offering->cpunumber.state != FACT_KNOWN || offering->memory.state != FACT_KNOWN ||
           offering->cpuspeed.state != FACT_KNOWN;
}

void
task_read_shape(Task *task)
{
    const InstanceView *server = task->server, *view = task->view;
    Shape *shape = &task->shape;
    Int cpus = server->cpus, memory = server->memory_bytes;
    shape->cpus = cpus.value;
    shape->memory_mib = memory.value / MIB;
    shape->is_off = server->power == POWER_OFF;
    Int reservation = server->cpu_reservation_mhz.state == FACT_KNOWN ? server->cpu_reservation_mhz
                                                                      : view->cpu_reservation_mhz;
    shape->own_mhz = reservation.value;
    shape->limit_mhz = MAX(view->cpu_limit_mhz.value, 0);
    shape->reservation_mhz = task->hypervisor == HYPERVISOR_KVM ? 0 : reservation.value;
    if (cpus.state != FACT_KNOWN)
        FIND(task, FACTS_UNREAD, NULL, ARG("The number of CPUs"), ARG(text_or_word(view->source)));
    if (memory.state != FACT_KNOWN)
        FIND(task, FACTS_UNREAD, NULL, ARG("The memory size"), ARG(text_or_word(view->source)));
    task->has_size = cpus.state == FACT_KNOWN && memory.state == FACT_KNOWN;
}

/* What importVm compares with the source: of a custom offering the least that it gives. */
const char *
smaller_than_source(
    const ServiceOffering *offering, const Shape *shape, int64_t *ret_has, int64_t *ret_wants)
{
    const ServiceOfferingDetails *limits = &offering->serviceofferingdetails;
    const struct {
        const char *what;
        Int has;
        int64_t wants;
    } sizes[] = {
        {"CPU number",
            offering->cpunumber.state == FACT_KNOWN ? offering->cpunumber : limits->mincpunumber,
            shape->cpus},
        {"CPU speed", offering->cpuspeed, shape->own_mhz},
        {"Memory", offering->memory.state == FACT_KNOWN ? offering->memory : limits->minmemory,
            shape->memory_mib}};
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        if (sizes[i].has.state != FACT_KNOWN || sizes[i].has.value >= sizes[i].wants)
            continue;
        *ret_has = sizes[i].has.value;
        *ret_wants = sizes[i].wants;
        return sizes[i].what;
    }
    return NULL;
}

static FindingId
fixed_fit(const ServiceOffering *offering, const Shape *shape)
{
    if (shape->is_off)
        return FINDING_NONE;
    if (offering->cpunumber.value != shape->cpus)
        return FINDING_OFFERING_CPU;
    if (offering->memory.value != shape->memory_mib)
        return FINDING_OFFERING_MEMORY;
    if (shape->reservation_mhz > 0 && offering->cpuspeed.value != shape->reservation_mhz)
        return FINDING_OFFERING_SPEED;
    return FINDING_NONE;
}

bool
is_size_misfit(FindingId problem)
{
    return problem == FINDING_OFFERING_CPU || problem == FINDING_OFFERING_MEMORY ||
           problem == FINDING_OFFERING_SPEED;
}

static int64_t
limit_or(Int limit, int64_t other)
{
    return limit.state == FACT_KNOWN ? limit.value : other;
}

/* What a custom offering takes; settings bound each of them. */
CustomRange
custom_range(const Planner *planner, const ServiceOffering *offering)
{
    const ServiceOfferingDetails *limits = &offering->serviceofferingdetails;
    return (CustomRange){.cpus_min = limit_or(limits->mincpunumber, 1),
        .cpus_max = MIN(limit_or(limits->maxcpunumber, G_MAXINT32), planner->custom_cpus_max),
        .memory_min = limit_or(limits->minmemory, 32),
        .memory_max = MIN(limit_or(limits->maxmemory, G_MAXINT32), planner->custom_memory_max)};
}

/* In the order in which the server looks. */
static FindingId
custom_fit(const Planner *planner, const ServiceOffering *offering, const Shape *shape)
{
    bool is_sized = offering->cpunumber.state == FACT_KNOWN && offering->memory.state == FACT_KNOWN;
    if (!is_sized && check_is_made(planner, FINDING_OFFERING_CUSTOM_BROKEN) == ANSWER_YES)
        return FINDING_OFFERING_CUSTOM_BROKEN;
    const CustomRange range = custom_range(planner, offering);
    if (offering->cpunumber.state == FACT_KNOWN)
        return FINDING_OFFERING_PARTLY_FIXED;
    if (shape->cpus < range.cpus_min || shape->cpus > range.cpus_max)
        return FINDING_OFFERING_CPU_RANGE;
    int64_t mhz = shape->has_speed ? shape->given_mhz : shape->own_mhz;
    if (offering->cpuspeed.state != FACT_KNOWN && mhz <= 0)
        return FINDING_OFFERING_NEEDS_SPEED;
    if (offering->memory.state == FACT_KNOWN)
        return FINDING_OFFERING_MEMORY_FIXED;
    if (shape->memory_mib < range.memory_min || shape->memory_mib > range.memory_max)
        return FINDING_OFFERING_MEMORY_RANGE;
    return FINDING_NONE;
}

FindingId
offering_fit(const Planner *planner, const ServiceOffering *offering, const Shape *shape)
{
    if (zone_sees(planner, &offering->zoneid) == ANSWER_NO)
        return FINDING_OFFERING_OF_OTHER_ZONE;
    if (is_true(offering->encryptroot))
        return FINDING_OFFERING_ENCRYPTS;
    if (is_true(offering->isvolatile))
        return FINDING_OFFERING_VOLATILE;
    int64_t has = 0, wants = 0;
    if (shape->is_converted &&
        check_is_made(planner, FINDING_CONVERT_OFFERING_SMALL) != ANSWER_NO &&
        smaller_than_source(offering, shape, &has, &wants))
        return FINDING_CONVERT_OFFERING_SMALL;
    return offering_is_custom(offering) ? custom_fit(planner, offering, shape)
                                        : fixed_fit(offering, shape);
}

/* --- proposing -------------------------------------------------------------------------------- */

/* What the policy says of an offering by name: first rule that matches. */
static int
rule_score(const Task *task, RuleKind prefer, RuleKind forbid, const char *name)
{
    const Planner *planner = task->planner;
    const Policy *policy = planner->policy;
    if (!name || !(policy->n_of_kind[prefer] + policy->n_of_kind[forbid]))
        return 0;
    for (size_t i = 0; i < policy->n_rules; i++) {
        const Rule *rule = &policy->rules[i];
        if ((rule->kind == prefer || rule->kind == forbid) && glob_match(rule->value, name) &&
            rule_holds(rule, planner->inventory, task->view, NULL))
            return rule->kind == forbid ? -1 : (int)(policy->n_rules - i);
    }
    return 0;
}

bool
offering_is_forbidden(const Task *task, const char *name)
{
    return rule_score(task, RULE_PREFER_OFFERING, RULE_FORBID_OFFERING, name) < 0;
}

int
disk_offering_rule_score(const Task *task, const char *name)
{
    return rule_score(task, RULE_PREFER_DISK_OFFERING, RULE_FORBID_DISK_OFFERING, name);
}

/* How good an offering that fits is; greater is better. */
typedef struct OfferingScore {
    int by_rule;
    int certainty;   /* that the server takes the right pool, and no unknown limit counts */
    int changes;     /* what the next start would change; fewer is better */
    int n_tags;      /* storage tags that it shares with the pool; less than 0: what a disk that is
                        converted would be tied to */
    int storagetype; /* 1: local or shared as the pool is */
    int64_t surplus; /* MiB and CPUs that it has too much; smaller is better */
    int kind;        /* 2 same size, 1 custom within limits, 0 custom with a speed of ours */
} OfferingScore;

/* CPUs, memory and the limit of MHz. What takes something away counts more than all others. */
static int
count_changes(const ServiceOffering *offering, const Shape *shape)
{
    int64_t mhz = offering->cpuspeed.value ? offering->cpuspeed.value : shape->own_mhz;
    int64_t limit = is_true(offering->limitcpuuse) ? MAX(mhz * shape->cpus, 1) : 0;
    int changes = limit != shape->limit_mhz;
    if (offering_is_custom(offering))
        return changes;
    int64_t cpus = offering->cpunumber.value - shape->cpus;
    int64_t memory = offering->memory.value - shape->memory_mib;
    changes += (cpus != 0) + (memory != 0);
    return changes + 3 * ((cpus < 0) + (memory < 0));
}

static OfferingScore
score_offering(const Task *task, const ServiceOffering *offering)
{
    const Shape *shape = &task->shape;
    int n_tags = (int)offering->storagetags.n;
    OfferingScore score = {.n_tags = task->target ? -n_tags : n_tags};
    score.by_rule =
        rule_score(task, RULE_PREFER_OFFERING, RULE_FORBID_OFFERING, offering->name.value);
    const StoragePool *pool = task->root_match ? task->root_match->right : NULL;
    bool is_local = !g_strcmp0(offering->storagetype.value, "local");
    score.storagetype = !pool || is_local == !g_strcmp0(pool->scope.value, "HOST");
    score.changes = count_changes(offering, shape);
    if (offering_is_custom(offering)) {
        score.kind = offering->cpuspeed.state == FACT_KNOWN;
        return score;
    }
    score.kind = 2;
    score.surplus = ABS(offering->cpunumber.value - shape->cpus) * 1024 +
                    ABS(offering->memory.value - shape->memory_mib);
    return score;
}

static int
compare_scores(const OfferingScore *a, const OfferingScore *b)
{
    if (a->by_rule != b->by_rule)
        return a->by_rule - b->by_rule;
    if (a->certainty != b->certainty)
        return a->certainty - b->certainty;
    if (a->changes != b->changes)
        return b->changes - a->changes;
    if (a->n_tags != b->n_tags)
        return a->n_tags - b->n_tags;
    if (a->storagetype != b->storagetype)
        return a->storagetype - b->storagetype;
    if (a->surplus != b->surplus)
        return a->surplus < b->surplus ? 1 : -1;
    return a->kind - b->kind;
}

typedef struct Candidate {
    const ServiceOffering *offering;
    OfferingScore score;
} Candidate;

static int
compare_candidates(gconstpointer a, gconstpointer b)
{
    const Candidate *left = a, *right = b;
    int by_score = compare_scores(&right->score, &left->score);
    return by_score ? by_score : g_strcmp0(left->offering->name.value, right->offering->name.value);
}

/* Is it offered at all: active, to this owner, not forbidden, nothing that only hardware has? */
static bool
is_offered(const Task *task, const ServiceOffering *offering, Answer seen)
{
    return (!offering->state.value || !strcmp(offering->state.value, "Active")) &&
           !is_true(offering->issystem) && !offering->gpucardname.value &&
           !offering->vgpuprofilename.value &&
           owner_sees(task->planner, task->owner, &offering->domainid) == seen &&
           !offering_is_forbidden(task, offering->name.value);
}

static const char *
why_best(const ServiceOffering *best)
{
    if (!offering_is_custom(best))
        return "a fixed offering that the VM may have";
    return best->cpuspeed.state == FACT_KNOWN ? "a custom offering whose limits hold its size"
                                              : "a custom offering, with a CPU speed given to it";
}

/* How much stands in the way of an offering that does not fit; 0: nothing could be done about it.
 */
static int
distance(const ServiceOffering *offering, const Shape *shape, FindingId problem)
{
    bool is_larger =
        offering->cpunumber.value >= shape->cpus && offering->memory.value >= shape->memory_mib;
    if (problem == FINDING_STORAGE_TAGS_DIFFER)
        return 1;
    if (is_size_misfit(problem))
        return is_larger ? 2 : 4;
    if (problem == FINDING_OFFERING_OF_OTHER_ZONE)
        return 3;
    return problem == FINDING_OFFERING_CPU_RANGE || problem == FINDING_OFFERING_MEMORY_RANGE ? 5
                                                                                             : 0;
}

/* The nearest miss: least in the way, then the better one. */
static void
note_nearest(
    const Task *task, const ServiceOffering *offering, FindingId problem, OfferingPick *pick)
{
    const Shape *shape = &task->shape;
    int found = distance(offering, shape, problem);
    int known = pick->nearest ? distance(pick->nearest, shape, pick->nearest_problem) : G_MAXINT;
    bool is_nearer = found && found < known;
    if (found && found == known) {
        OfferingScore left = score_offering(task, offering);
        OfferingScore right = score_offering(task, pick->nearest);
        is_nearer = compare_scores(&left, &right) > 0;
    }
    if (is_nearer) {
        pick->nearest = offering;
        pick->nearest_problem = problem;
    }
}

static void
append_instead(GString *text, int64_t has, int64_t wants, const char *unit)
{
    if (has != wants)
        g_string_append_printf(text, "%s%" G_GINT64_FORMAT "%s instead of %" G_GINT64_FORMAT,
            text->len ? ", " : "", has, unit, wants);
}

/* "4 CPUs instead of 3, 8192 MiB instead of 4096" */
const char *
offering_size_text(const Task *task, const ServiceOffering *offering)
{
    const Shape *shape = &task->shape;
    g_autoptr(GString) text = g_string_new(NULL);
    append_instead(text, offering->cpunumber.value, shape->cpus, " CPUs");
    append_instead(text, offering->memory.value, shape->memory_mib, " MiB");
    if (shape->reservation_mhz > 0)
        append_instead(text, offering->cpuspeed.value, shape->reservation_mhz, " MHz");
    return arena_strndup(task->planner->arena, text->str, text->len);
}

static const char *
range_text(Arena *arena, Int least, Int most, const char *unit)
{
    return arena_printf(arena, "its limits of %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT " %s",
        least.value, most.value, unit);
}

bool
offering_needs_power_off(const OfferingPick *pick)
{
    return pick && !pick->n_fitting && pick->n_when_off;
}

const char *
nearest_offering_text(const Task *task, const OfferingPick *pick)
{
    Arena *arena = task->planner->arena;
    const ServiceOffering *offering = pick ? pick->nearest : NULL;
    if (!offering)
        return pick ? "none" : "none was looked for";
    const ServiceOfferingDetails *limits = &offering->serviceofferingdetails;
    const char *but, *remedy;
    if (pick->nearest_problem == FINDING_STORAGE_TAGS_DIFFER) {
        but = arena_printf(arena, "the tag %s", join_texts(arena, &offering->storagetags, ", "));
        remedy = "two steps";
    } else if (pick->nearest_problem == FINDING_OFFERING_CPU_RANGE) {
        but = range_text(arena, limits->mincpunumber, limits->maxcpunumber, "CPUs");
        remedy = "create another";
    } else if (pick->nearest_problem == FINDING_OFFERING_MEMORY_RANGE) {
        but = range_text(arena, limits->minmemory, limits->maxmemory, "MiB");
        remedy = "create another";
    } else if (pick->nearest_problem == FINDING_OFFERING_OF_OTHER_ZONE) {
        but = "its zones";
        remedy = "updateServiceOffering zoneid=...";
    } else {
        but = offering_size_text(task, offering);
        remedy = "power off, and it is smaller at the next start";
    }
    return arena_printf(
        arena, "'%s' fits but for %s: %s", text_or_word(offering->name), but, remedy);
}

static void
keep_names(Arena *arena, const GArray *fitting, OfferingPick *pick)
{
    pick->others.state = FACT_KNOWN;
    pick->others.n = fitting->len > 1 ? MIN(fitting->len - 1, (guint)OTHERS_MAX) : 0;
    pick->others.items = arena_new_n(arena, const char *, pick->others.n);
    for (size_t i = 0; i < pick->others.n; i++)
        pick->others.items[i] =
            text_or_word(g_array_index(fitting, Candidate, i + 1).offering->name);
}

/* Lacks it nothing but a pool with its storage tags, and does a rule prefer it? */
static void
note_wanted(const Task *task, const ServiceOffering *offering, Candidate *wanted)
{
    Candidate candidate = {offering, score_offering(task, offering)};
    if (candidate.score.by_rule > 0 && g_strcmp0(offering->storagetype.value, "local") != 0 &&
        (!wanted->offering || compare_candidates(&candidate, wanted) < 0))
        *wanted = candidate;
}

/* What to import with until the root disk is moved: the best that leaves its offering open. */
static void
choose_transitional(
    const Planner *planner, const GArray *fitting, const Candidate *wanted, OfferingPick *pick)
{
    if (!wanted->offering || !fitting->len ||
        g_array_index(fitting, Candidate, 0).score.by_rule >= wanted->score.by_rule)
        return;
    pick->wanted = wanted->offering;
    bool keeps = must_keep_tags(planner);
    for (guint i = 0; i < fitting->len && !pick->transitional; i++) {
        const ServiceOffering *offering = g_array_index(fitting, Candidate, i).offering;
        if (!is_true(offering->diskofferingstrictness) &&
            (!keeps || texts_within(&offering->storagetags, &wanted->offering->storagetags)))
            pick->transitional = offering;
    }
}

typedef struct Fitting {
    GArray *now, *when_off; /* of Candidate */
    Candidate wanted;
} Fitting;

static void
add_candidate(const Task *task, const ServiceOffering *offering, int certainty, GArray *to)
{
    Candidate candidate = {offering, score_offering(task, offering)};
    bool is_limited =
        has_limited_tag(task, "resource.limit.storage.tags", &offering->storagetags) ||
        has_limited_tag(task, "resource.limit.host.tags", &offering->hosttags);
    candidate.score.certainty = is_limited ? 0 : certainty;
    g_array_append_val(to, candidate);
}

/* Those that fit, of the offerings that the owner is seen, or is not known, to be offered. */
static void
collect_fitting(const Task *task, Answer seen, Fitting *fitting, OfferingPick *pick)
{
    Planner *planner = task->planner;
    const Catalog *catalog = planner->catalog;
    for (size_t i = 0; i < catalog->service_offerings.n; i++) {
        const ServiceOffering *offering = &catalog->service_offerings.items[i];
        if (!is_offered(task, offering, seen))
            continue;
        FindingId problem = offering_fit(planner, offering, &task->shape);
        int certainty = pool_certainty(planner, task->root_match, &offering->storagetags);
        if (!problem && certainty < 0) {
            problem = FINDING_STORAGE_TAGS_DIFFER;
            note_wanted(task, offering, &fitting->wanted);
        }
        if (problem)
            note_nearest(task, offering, problem, pick);
        if (!problem)
            add_candidate(task, offering, certainty, fitting->now);
        else if (is_size_misfit(problem) && certainty >= 0)
            add_candidate(task, offering, certainty, fitting->when_off);
    }
}

static const ServiceOffering **
keep_sorted(Arena *scratch, GArray *candidates)
{
    const ServiceOffering **kept = arena_new_n(scratch, const ServiceOffering *, candidates->len);
    g_array_sort(candidates, compare_candidates);
    for (guint i = 0; i < candidates->len; i++)
        kept[i] = g_array_index(candidates, Candidate, i).offering;
    return kept;
}

static OfferingPick *
pick_offering(const Task *task)
{
    Planner *planner = task->planner;
    OfferingPick *pick = arena_new(planner->arena, OfferingPick);
    g_autoptr(GArray) now = g_array_new(false, true, sizeof(Candidate));
    g_autoptr(GArray) when_off = g_array_new(false, true, sizeof(Candidate));
    Fitting fitting = {.now = now, .when_off = when_off};
    collect_fitting(task, ANSWER_YES, &fitting, pick);
    if (!now->len)
        collect_fitting(task, ANSWER_UNKNOWN, &fitting, pick);
    pick->n_fitting = now->len;
    pick->fitting = keep_sorted(&planner->scratch, now);
    pick->n_when_off = when_off->len;
    pick->when_off = keep_sorted(&planner->scratch, when_off);
    choose_transitional(planner, now, &fitting.wanted, pick);
    if (now->len) {
        pick->best = pick->fitting[0];
        pick->why = why_best(pick->best);
    }
    keep_names(planner->arena, now->len ? now : when_off, pick);
    return pick;
}

/* Which of the rules with conditions hold: part of the key of a cached choice. In the scratch. */
const char *
rule_set(const Task *task, RuleKind prefer, RuleKind forbid)
{
    const Policy *policy = task->planner->policy;
    if (!(policy->n_of_kind[prefer] + policy->n_of_kind[forbid]))
        return "";
    GString *key = g_string_truncate(task->planner->key, 0);
    for (size_t i = 0; i < policy->n_rules; i++) {
        const Rule *rule = &policy->rules[i];
        if ((rule->kind == prefer || rule->kind == forbid) && rule->n_conditions &&
            rule_holds(rule, task->planner->inventory, task->view, NULL))
            g_string_append_printf(key, " %zu", i);
    }
    return key->str;
}

static const OfferingPick *
find_offering_pick(const Task *task)
{
    Planner *planner = task->planner;
    const Shape *shape = &task->shape;
    NumberKey key = {
        {(uint64_t)shape->cpus, (uint64_t)shape->memory_mib, (uint64_t)shape->reservation_mhz,
            (uint64_t)shape->is_off | (uint64_t)shape->is_converted << 1, (uintptr_t)task->owner,
            (uintptr_t)task->root_match, (uint64_t)shape->limit_mhz, (uint64_t)shape->own_mhz},
        rule_set(task, RULE_PREFER_OFFERING, RULE_FORBID_OFFERING)};
    OfferingPick *pick = g_hash_table_lookup(planner->offering_picks, &key);
    if (pick)
        return pick;
    key.text = arena_intern(&planner->scratch, key.text);
    pick = pick_offering(task);
    g_hash_table_insert(
        planner->offering_picks, arena_memdup(&planner->scratch, &key, sizeof key), pick);
    return pick;
}

/* A custom offering without a speed needs one: that of the host's cores, if it was read. */
static const char *
speed_text(const Task *task)
{
    const Planner *planner = task->planner;
    const InstanceView *view = task->view;
    const SourceHost *host = view->host.value ? inventory_find_host(planner->inventory,
                                                    view->source.value, view->host.value)
                                              : NULL;
    int64_t mhz = host && host->cpu_mhz.value > 0 ? host->cpu_mhz.value : CPU_SPEED_DEFAULT_MHZ;
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, mhz);
    return arena_intern(planner->arena, text);
}

void
set_offering(Task *task, const ServiceOffering *offering)
{
    Choice *choice = &task->item->choice;
    bool needs_speed = offering && offering->cpuspeed.state != FACT_KNOWN;
    choice->serviceofferingid = offering ? offering->id : text_absent();
    choice->details.state = FACT_KNOWN;
    if (!needs_speed && !choice->details.n)
        return;
    DetailChoice *items =
        arena_new_n(task->planner->arena, DetailChoice, choice->details.n + needs_speed);
    size_t n = 0;
    if (needs_speed)
        items[n++] = (DetailChoice){text_known("cpuSpeed"), text_known(speed_text(task))};
    for (size_t i = 0; i < choice->details.n; i++)
        if (g_strcmp0(choice->details.items[i].key.value, "cpuSpeed") != 0)
            items[n++] = choice->details.items[i];
    choice->details.items = items;
    choice->details.n = n;
}

/* No offering fits as it is: what would be nearest, and what is chosen for a VM that is powered off
 * before the import. */
static const ServiceOffering *
choose_when_off(Task *task, const OfferingPick *pick, const char **ret_why)
{
    Planner *planner = task->planner;
    const ServiceOffering *offering = pick->n_when_off ? pick->when_off[0] : NULL;
    if (offering)
        *ret_why = arena_printf(planner->arena,
            "none fits while it runs; this one does once it is powered off, and gives it %s at the "
            "next start",
            offering_size_text(task, offering));
    if (pick->nearest && pick->nearest != offering)
        note_service_miss(planner, pick->nearest,
            pick->nearest_problem == FINDING_STORAGE_TAGS_DIFFER
                ? "its storage tags are not on the pool of the root disk: two steps, and none fits "
                  "until then"
                : "it fits only a VM that is powered off");
    return offering;
}

/* In two steps if one is preferred of which the pool of the root disk lacks the tags. */
static const ServiceOffering *
choose_offering(Task *task, const OfferingPick *pick, const char **ret_why)
{
    const ServiceOffering *wanted = pick->wanted;
    *ret_why = pick->why;
    if (!pick->best)
        return choose_when_off(task, pick, ret_why);
    if (!wanted)
        return pick->best;
    const char *obstacle = pick->transitional
                               ? propose_root_move(task, wanted)
                               : "no offering without further tags fits until the disk is moved";
    if (obstacle)
        note_service_miss(task->planner, wanted, obstacle);
    *ret_why = arena_printf(task->planner->arena, "%s; '%s' is preferred, %s%s",
        obstacle ? pick->why : "fits where the root disk lies", text_or_word(wanted->name),
        obstacle ? "but out of reach: " : "whose storage tags the root disk is given when moved",
        obstacle ? obstacle : "");
    return obstacle ? pick->best : pick->transitional;
}

void
propose_offering(Task *task)
{
    if (!task->has_size || task->shape.cpus <= 0 || task->shape.memory_mib <= 0) {
        task->item->choice.serviceofferingid = text_absent();
        return;
    }
    task->shape.has_speed = true; /* it is given where it is needed */
    task->shape.given_mhz = CPU_SPEED_DEFAULT_MHZ;
    const OfferingPick *pick = find_offering_pick(task);
    const char *why = NULL;
    const ServiceOffering *offering = choose_offering(task, pick, &why);
    task->offering_pick = pick;
    set_offering(task, offering);
    if (offering)
        add_reason(task, "serviceofferingid", text_or_word(offering->name), why, pick->others);
}

bool
is_offering_to_blame(const Task *task)
{
    const GArray *findings = task->planner->findings;
    bool is_off = task->shape.is_off;
    bool is_blamed = false;
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = &g_array_index(findings, Finding, i);
        FindingId id = (FindingId)finding->kind->number;
        if (finding->severity < SEVERITY_ACTION || is_size_misfit(id))
            continue;
        is_blamed = id == FINDING_OFFERING_HOST_TAG || id == FINDING_NO_HOST_TAGGED ||
                    id == FINDING_NO_HOST_LARGE || id == FINDING_LIMIT_UNKNOWN ||
                    (is_off && (id == FINDING_LIMIT_CPU || id == FINDING_LIMIT_MEMORY));
        if (!is_blamed)
            return false;
    }
    return is_blamed;
}

void
keep_offering_reason(Task *task, const ServiceOffering *offering)
{
    GArray *reasons = task->planner->reasons;
    Arena *arena = task->planner->arena;
    const OfferingPick *pick = task->offering_pick;
    const ServiceOffering *first = pick->best ? pick->best : pick->when_off[0];
    for (guint i = 0; i < reasons->len; i++) {
        Reason *reason = &g_array_index(reasons, Reason, i);
        if (strcmp(reason->about.value, "serviceofferingid") != 0)
            continue;
        reason->chosen = offering->name;
        reason->why = text_known(arena_printf(arena,
            "%s; '%s' would be nearer, but for its host tags, its size on the hosts or the owner's "
            "limits",
            why_best(offering), text_or_word(first->name)));
    }
}
