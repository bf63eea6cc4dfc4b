/* SPDX-License-Identifier: Apache-2.0
 *
 * Judge the choices of a plan as they stand.
 */
#include "convert_priv.h"
#include "plan_priv.h"

/* Instances by source and id, by UUID, by name and path. */
static GHashTable *
index_identities(Planner *planner)
{
    GHashTable *table = g_hash_table_new(key_hash, key_equal);
    const Inventory *inventory = planner->inventory;
    for (size_t i = 0; i < inventory->n_instances; i++) {
        const Instance *instance = &inventory->instances[i];
        const InstanceView *view = instance_view(instance);
        const char *keys[][3] = {
            {"id", view->source.value, view->id.value},
            {"uuid", view->instance_uuid.value, NULL},
            {view->name.value, view->path.value, NULL},
        };
        for (size_t j = 0; j < G_N_ELEMENTS(keys); j++) {
            const Key *key = planner_key(planner, keys[j][0], keys[j][1], keys[j][2]);
            if (keys[j][1] && !g_hash_table_contains(table, key))
                g_hash_table_insert(table, key_keep(&planner->scratch, key), (gpointer)instance);
        }
    }
    return table;
}

static const Instance *
find_instance(Planner *planner, GHashTable *table, const PlanInstance *wanted)
{
    const char *keys[][3] = {
        {"id", wanted->source.value, wanted->id.value},
        {"uuid", wanted->instance_uuid.value, NULL},
        {wanted->name.value, wanted->path.value, NULL},
    };
    for (size_t j = 0; j < G_N_ELEMENTS(keys); j++) {
        const Instance *found = keys[j][1]
                                    ? g_hash_table_lookup(table,
                                          planner_key(planner, keys[j][0], keys[j][1], keys[j][2]))
                                    : NULL;
        if (found)
            return found;
    }
    return NULL;
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
check_item(Planner *planner, PlanItem *item, const PlanItem *given, const Instance *instance,
    GHashTable *seen)
{
    item->choice = given->choice;
    Task task = plan_start_task(planner, item, instance);
    if (!g_hash_table_add(seen, (gpointer)instance))
        FIND(&task, INSTANCE_TWICE, NULL, ARG(text_or_word(task.view->source)),
            ARG(text_or_word(task.view->id)));
    check_facts(&task, given);
    keep_reasons(&task, given);
    if (choice_is_converted(&item->choice))
        start_convert(&task);
    run_checks(&task);
    settle(&task);
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
    g_autoptr(GHashTable) identities = index_identities(&planner);
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    for (size_t i = 0; i < plan->n_items; i++) {
        const PlanItem *item = &given->items[i];
        const Instance *instance = find_instance(&planner, identities, &item->instance);
        if (instance)
            check_item(&planner, &plan->items[i], item, instance, seen);
        else
            check_gone(&planner, &plan->items[i], item);
    }
    count_all_vlans(&planner);
    finish_plan(&planner, given);
    return plan_end(&planner, plan, error);
}
