/* SPDX-License-Identifier: Apache-2.0
 *
 * What the items of a plan take from those behind them: host names, addresses and MACs. Items that
 * are not imported take nothing. Each costs a lookup, however long the plan is.
 */
#include <string.h>

#include "mapper_priv.h"

/* A NIC as it would be recorded; judged, and not yet certain to be imported. */
typedef struct NicUse {
    const Network *network; /* with an id */
    HashedText ip4;         /* no text: none, or one that the server chooses */
    HashedText mac;         /* no text: unknown */
} NicUse;

GArray *
nic_uses_new(void)
{
    return g_array_new(false, true, sizeof(NicUse));
}

void
use_nic(Task *task, const Network *network, const char *ip4, HashedText mac)
{
    NicUse use = {network, hashed(ip4), mac};
    if (network->id.value)
        g_array_append_val(task->planner->nic_uses, use);
}

int64_t
count_uses(const Planner *planner, const Network *network)
{
    int64_t n = 0;
    for (guint i = 0; i < planner->nic_uses->len; i++)
        n += g_array_index(planner->nic_uses, NicUse, i).network == network;
    return n;
}

bool
uses_mac(const Task *task, const Network *network, const char *mac)
{
    const GArray *uses = task->planner->nic_uses;
    for (guint i = 0; i < uses->len; i++) {
        const NicUse *use = &g_array_index(uses, NicUse, i);
        if (use->network == network && !g_strcmp0(use->mac.text, mac))
            return true;
    }
    return false;
}

bool
uses_ip(const Task *task, const Network *network, const char *ip4)
{
    const GArray *uses = task->planner->nic_uses;
    for (guint i = 0; i < uses->len; i++) {
        const NicUse *use = &g_array_index(uses, NicUse, i);
        if (use->network == network && use->ip4.text && !strcmp(use->ip4.text, ip4))
            return true;
    }
    return false;
}

const PlanItem *
held_by(const Table *held, HashedText network, HashedText what)
{
    return table_find_pair(held, network, what);
}

bool
is_taken_on(const Task *task, const Network *network, HashedText hostname, HashedText mac)
{
    Planner *planner = task->planner;
    const HashedText id = network_id(planner, network);
    if (hostname.text && (table_find_pair(&planner->managed_hostnames, id, hostname) ||
                             held_by(&planner->held_hostnames, id, hostname)))
        return true;
    if (!mac.text || !id.text)
        return false;
    const List *list = table_find_pair(&planner->managed_macs, mac, hashed(NULL));
    for (size_t i = 0; list && i < list->n; i++)
        if (!g_strcmp0(((const ManagedNicRef *)list->items[i])->nic->networkid.value, id.text))
            return true;
    return held_by(&planner->held_macs, id, mac) != NULL;
}

/* The first item that takes it is the one to name. */
static void
hold(const Task *task, Table *held, HashedText network, HashedText what)
{
    if (what.text)
        table_add_pair(held, network, what, task->item);
}

void
hold_uses(const Task *task)
{
    Planner *planner = task->planner;
    const GArray *uses = planner->nic_uses;
    const HashedText hostname = hashed(task_hostname(task));
    if (planner->has_unique_hostnames)
        hold(task, &planner->held_hostnames, hashed(NULL), hostname); /* anywhere in the zone */
    for (guint i = 0; i < uses->len; i++) {
        const NicUse *use = &g_array_index(uses, NicUse, i);
        const HashedText id = network_id(planner, use->network);
        hold(task, &planner->held_hostnames, id, hostname);
        hold(task, &planner->held_ips, id, use->ip4);
        hold(task, &planner->held_macs, id, use->mac);
        if (network_needs_ip(use->network))
            ip_take(planner, use->network, use->ip4.text);
    }
}
