/* SPDX-License-Identifier: Apache-2.0
 *
 * Judge the choices of a plan as they stand.
 */
#include <string.h>

#include "convert_priv.h"
#include "plan_priv.h"

/* Instances by source and id, else by UUID, else by name and path. */
typedef struct Identities {
    const Inventory *inventory;
    struct {
        Table table;
        bool is_made; /* when it is first asked */
    } by[3];
} Identities;

typedef struct Identity {
    const char *a, *b;
} Identity;

static Identity
identity_of(size_t kind, Text source, Text id, Text uuid, Text name, Text path)
{
    const Identity identities[] = {
        {source.value, id.value}, {uuid.value, NULL}, {path.value, name.value}};
    return identities[kind];
}

static void
index_identities(Identities *identities, size_t kind)
{
    const Inventory *inventory = identities->inventory;
    HashedText last = {0};
    identities->by[kind].is_made = true;
    for (size_t i = 0; i < inventory->n_instances; i++) {
        const InstanceView *view = instance_view(&inventory->instances[i]);
        Identity identity =
            identity_of(kind, view->source, view->id, view->instance_uuid, view->name, view->path);
        if (!identity.a)
            continue;
        if (identity.a != last.text) /* of one source come many */
            last = hashed(identity.a);
        table_add_pair(
            &identities->by[kind].table, last, hashed(identity.b), &inventory->instances[i]);
    }
}

static const Instance *
find_instance(Identities *identities, const PlanInstance *wanted)
{
    for (size_t kind = 0; kind < G_N_ELEMENTS(identities->by); kind++) {
        Identity identity = identity_of(
            kind, wanted->source, wanted->id, wanted->instance_uuid, wanted->name, wanted->path);
        if (!identities->by[kind].is_made)
            index_identities(identities, kind);
        const Instance *found = identity.a ? table_find_pair(&identities->by[kind].table,
                                                 hashed(identity.a), hashed(identity.b))
                                           : NULL;
        if (found)
            return found;
    }
    return NULL;
}

static void
release_identities(Identities *identities)
{
    for (size_t i = 0; i < G_N_ELEMENTS(identities->by); i++)
        table_release(&identities->by[i].table);
}

static void
check_gone(Planner *planner, PlanItem *item, const PlanItem *given)
{
    g_array_set_size(planner->findings, 0);
    g_array_set_size(planner->reasons, 0);
    g_array_set_size(planner->nic_uses, 0);
    item->instance = given->instance;
    Task task = {.planner = planner, .item = item};
    FIND(&task, INSTANCE_GONE, NULL, ARG(text_or_word(given->instance.source)),
        ARG(text_or_word(given->instance.id)));
    finish_item(planner, item);
}

static void
check_facts(Task *task, const PlanItem *given)
{
    const char *before = given->loaded_facts.value;
    g_autofree char *of_given = before ? NULL : plan_item_facts(given);
    g_autofree char *now = plan_item_facts(task->item);
    before = before ? before : of_given;
    if (before && g_strcmp0(before, now) != 0)
        FIND(task, FACTS_CHANGED, NULL, ARG(arena_strdup(task->planner->arena, before)),
            ARG(arena_strdup(task->planner->arena, now)));
}

static void
check_item(Task *task, const PlanItem *given, bool is_wanted, GHashTable *seen)
{
    if (!g_hash_table_add(seen, (gpointer)task->instance))
        FIND(task, INSTANCE_TWICE, NULL, ARG(text_or_word(task->view->source)),
            ARG(text_or_word(task->view->id)));
    if (is_wanted) { /* neither changes a verdict */
        check_facts(task, given);
        keep_reasons(task, given);
    }
    if (choice_is_converted(&task->item->choice))
        start_convert(task);
    run_checks(task);
    settle(task);
}

static void
check_items(Planner *planner, const Plan *given, const bool *is_wanted)
{
    PlanItem *items = planner->plan->items;
    Identities identities = {.inventory = planner->inventory};
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    for (size_t i = 0; i < given->n_items; i++) {
        const PlanItem *item = &given->items[i];
        const Instance *instance = find_instance(&identities, &item->instance);
        if (!instance) {
            check_gone(planner, &items[i], item);
            continue;
        }
        items[i].choice = item->choice;
        Task task = plan_start_task(planner, &items[i], instance);
        check_item(&task, item, !is_wanted || is_wanted[i], seen);
    }
    release_identities(&identities);
}

static void
keep_wanted(Plan *plan, const bool *is_wanted)
{
    size_t n = plan->n_items;
    plan->n_items = 0;
    memset(plan->n_verdicts, 0, sizeof plan->n_verdicts);
    for (size_t i = 0; i < n; i++) {
        if (!is_wanted[i])
            continue;
        plan->items[plan->n_items] = plan->items[i];
        plan->n_verdicts[plan->items[plan->n_items++].verdict]++;
    }
}

Plan *
plan_check(const Plan *given, const Inventory *inventory, const Catalog *catalog,
    const Policy *policy, const PlanOptions *options, GError **error)
{
    g_autoptr(Policy) none = policy ? NULL : policy_new_default();
    PlanOptions with_zone = options ? *options : (PlanOptions){0};
    if (!with_zone.zone)
        with_zone.zone = given->info.zoneid.value;
    Planner planner = {.inventory = inventory, .catalog = catalog, .is_checking = true};
    planner.policy = policy ? policy : none;
    if (!plan_start(&planner, &with_zone, error))
        return plan_end(&planner, NULL, error);
    Plan *plan = planner.plan;
    plan_borrow(plan, given);
    plan->n_items = given->n_items;
    plan->items = arena_new_n(planner.arena, PlanItem, plan->n_items);
    check_items(&planner, given, with_zone.is_wanted);
    finish_items(&planner);
    plan_build_schedule(&planner, given);
    if (with_zone.is_wanted) {
        keep_wanted(plan, with_zone.is_wanted);
    } else {
        count_all_vlans(&planner);
        build_maps(&planner);
    }
    return plan_end(&planner, plan, error);
}
