/* SPDX-License-Identifier: Apache-2.0
 *
 * What the items of a plan take from those behind them: host names, addresses and MACs. Items that
 * are not imported take nothing. Each costs a lookup, however long the plan is.
 */
#include "mapper_priv.h"

/* A NIC as it would be recorded; judged, and not yet certain to be imported. */
typedef struct NicUse {
    const char *networkid;
    const char *ip4; /* NULL: none, or one that the server chooses */
    const char *mac; /* NULL: unknown */
} NicUse;

GArray *
nic_uses_new(void)
{
    return g_array_new(false, true, sizeof(NicUse));
}

void
use_nic(Task *task, const Network *network, const char *ip4, const char *mac)
{
    NicUse use = {network->id.value, ip4, mac};
    if (use.networkid)
        g_array_append_val(task->planner->nic_uses, use);
}

bool
uses_mac(const Task *task, const Network *network, const char *mac)
{
    const GArray *uses = task->planner->nic_uses;
    for (guint i = 0; i < uses->len; i++) {
        const NicUse *use = &g_array_index(uses, NicUse, i);
        if (!g_strcmp0(use->networkid, network->id.value) && !g_strcmp0(use->mac, mac))
            return true;
    }
    return false;
}

bool
is_taken_on(const Task *task, const Network *network, const char *mac)
{
    Planner *planner = task->planner;
    const char *hostname = task_hostname(task), *id = network->id.value;
    const Key *key = planner_key(planner, id, hostname, NULL);
    if (hostname && (g_hash_table_contains(planner->managed_hostnames, key) ||
                        g_hash_table_contains(planner->held_hostnames, key)))
        return true;
    if (!mac || !id)
        return false;
    const GPtrArray *list = g_hash_table_lookup(planner->managed_macs, mac);
    for (guint i = 0; list && i < list->len; i++)
        if (!g_strcmp0(((const ManagedNicRef *)list->pdata[i])->nic->networkid.value, id))
            return true;
    return held_by(planner, planner->held_macs, id, mac) != NULL;
}

const PlanItem *
held_by(Planner *planner, GHashTable *held, const char *networkid, const char *what)
{
    return g_hash_table_lookup(held, planner_key(planner, networkid, what, NULL));
}

/* The first item that takes it is the one to name. */
static void
hold(const Task *task, GHashTable *held, const char *networkid, const char *what)
{
    Planner *planner = task->planner;
    if (what && !held_by(planner, held, networkid, what))
        g_hash_table_insert(held, key_keep(&planner->scratch, planner->lookup), task->item);
}

void
hold_uses(const Task *task)
{
    Planner *planner = task->planner;
    const GArray *uses = planner->nic_uses;
    const char *hostname = task_hostname(task);
    if (setting_is_true(planner, "vm.instancename.flag") == ANSWER_YES)
        hold(task, planner->held_hostnames, NULL, hostname); /* anywhere in the zone */
    for (guint i = 0; i < uses->len; i++) {
        const NicUse *use = &g_array_index(uses, NicUse, i);
        hold(task, planner->held_hostnames, use->networkid, hostname);
        hold(task, planner->held_ips, use->networkid, use->ip4);
        hold(task, planner->held_macs, use->networkid, use->mac);
    }
}
