/* SPDX-License-Identifier: Apache-2.0
 *
 * Preparations: the catalog is made up as it will be after the changes, and the plan is built
 * against that, so one engine tells what is missing and what it is good for.
 */
#include "prepare.h"

#include <string.h>

#include "preparation.h"

/* --- the future catalog ----------------------------------------------------------------------- */

void
future_put(Preparation *preparation, void *list, size_t place, const void *row, size_t bytes)
{
    LIST_OF(void) grown;
    memcpy(&grown, list, sizeof grown);
    size_t n = MAX(grown.n, place + 1);
    char *items = arena_alloc(preparation->arena, n * bytes);
    if (grown.n)
        memcpy(items, grown.items, grown.n * bytes);
    memcpy(items + place * bytes, row, bytes);
    grown.items = (void *)items;
    grown.n = n;
    memcpy(list, &grown, sizeof grown);
}

/* --- one change ------------------------------------------------------------------------------- */

/* Letters, digits, '-', '.' and '_' of the name, in lower case; a number if that is taken. */
static const char *
make_id(Preparation *preparation, const char *prefix, const char *name)
{
    g_autofree char *plain = g_strdup_printf("%s-%.60s", prefix, name);
    for (char *at = plain; *at; at++)
        *at = g_ascii_isalnum(*at) || strchr("-._", *at) ? g_ascii_tolower(*at) : '-';
    const char *id = arena_strdup(preparation->arena, plain);
    for (unsigned i = 2; changes_find(preparation->changes, id); i++)
        id = arena_printf(preparation->arena, "%s-%u", plain, i);
    return id;
}

Change *
prepare_add(Preparation *preparation, ChangeKind kind, const char *prefix, const char *name)
{
    Change *change =
        changes_add(preparation->changes, kind, make_id(preparation, prefix, name), name);
    change->verdict = VERDICT_READY;
    return change;
}

void
prepare_add_id(Preparation *preparation, ChangeCall *call, const char *param, const char *id)
{
    if (changes_find(preparation->changes, id))
        change_call_add_ref(preparation->changes, call, param, id);
    else
        change_call_add(preparation->changes, call, param, id);
}

void
prepare_block(Preparation *preparation, Change *change, FindingId id)
{
    if (change->verdict == VERDICT_BLOCKED)
        return;
    const FindingKind *kind = finding_kinds[id - 1];
    FindingText *finding = change_list_add(preparation->changes, &change->findings);
    *finding = (FindingText){.id = text_known(kind->id),
        .severity = kind->severity,
        .subject = text_absent(),
        .text = text_known(kind->text),
        .evidence = text_known(kind->evidence),
        .remedy = text_known(kind->remedy),
        .server.text = text_absent()};
    change->verdict = VERDICT_BLOCKED;
}

/* Does the caller's role have the call? listApis shows what it may use. */
static bool
may_call(const Catalog *catalog, const char *command)
{
    for (size_t i = 0; i < catalog->apis.n; i++)
        if (!g_strcmp0(catalog->apis.items[i].name.value, command))
            return true;
    return !is_read(&catalog->apis) || !catalog->apis.n;
}

void
prepare_begin_call(Preparation *preparation, Change *change, const char *command)
{
    change_call_init(preparation->changes, &change->call, command);
    if (!may_call(preparation->catalog, command))
        prepare_block(preparation, change, FINDING_CHANGE_NOT_PERMITTED);
}

void
prepare_set_why(Preparation *preparation, Change *change, const char *why, const char *from)
{
    change->why = text_known(arena_strdup(preparation->arena, why));
    change->evidence = text_known(arena_strdup(preparation->arena, from));
}

void
prepare_add_use(Preparation *preparation, Change *change, const char *what, const char *command,
    const char *param, const char *item)
{
    Changes *changes = preparation->changes;
    ChangeUse *use = change_list_add(changes, &change->uses);
    ChangeCall *read = change_list_add(changes, &use->reads);
    use->what = text_known(what);
    use->item = text_known(item);
    change_call_init(changes, read, command);
    change_call_add(changes, read, "listall", "true");
    change_call_add_ref(changes, read, param, change->id.value);
}

/* --- items ------------------------------------------------------------------------------------ */

const Finding *
item_find_finding(const PlanItem *item, FindingId id)
{
    for (size_t i = 0; i < item->n_findings; i++)
        if (item->findings[i].kind == finding_kinds[id - 1])
            return &item->findings[i];
    return NULL;
}

bool
prepare_is_wanted(const PlanItem *item)
{
    return !item_find_finding(item, FINDING_IS_TEMPLATE) &&
           !item_find_finding(item, FINDING_ALREADY_MANAGED) &&
           !item_find_finding(item, FINDING_MANAGED_LISTED_AGAIN);
}

/* --- all of it -------------------------------------------------------------------------------- */

static void
describe(Preparation *preparation, const Plan *plan)
{
    Changes *changes = preparation->changes;
    ChangesInfo *info = &changes->info;
    Arena *arena = preparation->arena;
    changes->inventory = inventory_ref(preparation->inventory);
    changes->catalog = catalog_ref(preparation->catalog);
    *info =
        (ChangesInfo){.about = text_known("preparations"), .url = preparation->catalog->info.url};
    info->zone = plan->info.zone;
    info->zoneid = plan->info.zoneid;
    info->server_version = plan->info.server_version;
    if (info->server_version.value)
        info->server_version.value = arena_strdup(arena, info->server_version.value);
    info->problems.state = FACT_KNOWN;
    info->problems.n = plan->info.problems.n;
    info->problems.items = arena_new_n(arena, SourceProblem, plan->info.problems.n);
    for (size_t i = 0; i < plan->info.problems.n; i++) {
        SourceProblem *to = &info->problems.items[i];
        *to = plan->info.problems.items[i];
        Text *const texts[] = {
            &to->source, &to->id, &to->about, &to->text, &to->evidence, &to->remedy};
        for (size_t j = 0; j < G_N_ELEMENTS(texts); j++)
            texts[j]->value = arena_strdup(arena, texts[j]->value);
    }
}

Plan *
prepare_plan(const Preparation *preparation, GError **error)
{
    return plan_build(preparation->inventory, &preparation->future, preparation->policy,
        &preparation->options->plan, error);
}

/* Owners first: limits, rights and offerings are theirs. */
static bool
add_all(Preparation *preparation, size_t ret_after[VERDICT_N], GError **error)
{
    prepare_owners(preparation);
    g_autoptr(Plan) with_owners = prepare_plan(preparation, error);
    if (!with_owners)
        return false;
    preparation->plan = with_owners;
    prepare_limits(preparation);
    prepare_permissions(preparation);
    bool is_ok = prepare_offerings(preparation, error);
    prepare_guests(preparation);
    preparation->plan = NULL;
    g_autoptr(Plan) after = is_ok ? prepare_plan(preparation, error) : NULL;
    if (!after)
        return false;
    memcpy(ret_after, after->n_verdicts, sizeof after->n_verdicts);
    return true;
}

Changes *
prepare_build(const Inventory *inventory, const Catalog *catalog, const Policy *policy,
    const PrepareOptions *options, PrepareGain *ret_gain, GError **error)
{
    static const PrepareOptions defaults = {0};
    g_autoptr(Policy) none = policy ? NULL : policy_new_default();
    g_autoptr(Plan) before =
        plan_build(inventory, catalog, policy, options ? &options->plan : NULL, error);
    if (!before)
        return NULL;
    g_autoptr(Changes) changes = changes_new_empty();
    Preparation preparation = {.inventory = inventory,
        .catalog = catalog,
        .policy = policy ? policy : none,
        .options = options ? options : &defaults,
        .changes = changes,
        .arena = changes_arena(changes),
        .future = *catalog};
    describe(&preparation, before);
    preparation.zoneid = changes->info.zoneid.value;
    PrepareGain gain;
    memcpy(gain.before, before->n_verdicts, sizeof gain.before);
    if (!add_all(&preparation, gain.after, error))
        return NULL;
    *ret_gain = gain;
    return g_steal_pointer(&changes);
}
