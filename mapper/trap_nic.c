/* SPDX-License-Identifier: Apache-2.0
 *
 * Traps of a NIC's port group and of the network that was chosen for it.
 */
#include <string.h>

#include "trap_priv.h"

/* "VLAN 20", "vlan20", "prod-VLAN_0020": the number that a name promises; 0: none. */
static int64_t
promised_vlan(const char *name)
{
    g_autofree char *lower = g_ascii_strdown(name, -1);
    const char *at = strstr(lower, "vlan");
    if (!at)
        return 0;
    at += strlen("vlan");
    at += strspn(at, " -_.:#id");
    size_t n = strspn(at, "0123456789");
    return n && n <= 4 ? g_ascii_strtoll(at, NULL, 10) : 0;
}

static void
check_name_of(Task *task, const Nic *nic, const Portgroup *group)
{
    const char *name = group->name.value;
    bool is_told = nic->vlan.kind == VLAN_ID || nic->vlan.kind == VLAN_NONE;
    if (!name || !is_told || !strpbrk(name, "vV"))
        return;
    int64_t promised = promised_vlan(name);
    if (promised && promised <= VLAN_ID_MAX && promised != nic->vlan.id.value)
        FIND(task, PORTGROUP_MISNAMED, nic->id.value, ARG(name),
            ARG(planner_vlan_text(task->planner, &nic->vlan)), ARG(text_or_word(nic->vlan.from)));
}

static void
check_ephemeral(Task *task, const Nic *nic, const Portgroup *group)
{
    if (is_true(group->is_ephemeral))
        FIND(task, NIC_EPHEMERAL, nic->id.value, ARG(text_or_word(group->name)))->severity =
            task->instance->cloudstack ? SEVERITY_WARNING : SEVERITY_ACTION;
}

static void
check_network_state(Task *task, const Nic *nic, const Network *network)
{
    const char *state = network->state.value, *uri = network->broadcasturi.value;
    if (state && strcmp(state, "Setup") != 0 && strcmp(state, "Implemented") != 0)
        FIND(task, NETWORK_NOT_READY, nic->id.value, ARG(text_or_word(network->name)), ARG(state));
    if (uri && !strcmp(uri, "vlan://untagged"))
        FIND(task, NETWORK_UNTAGGED, nic->id.value, ARG(text_or_word(network->name)));
}

void
check_nic_traps(Task *task, const Nic *nic, const Network *network)
{
    const Portgroup *group = nic->portgroup.value
                                 ? inventory_find_portgroup(task->planner->inventory,
                                       task->view->source.value, nic->portgroup.value)
                                 : NULL;
    if (group)
        check_name_of(task, nic, group);
    if (group && !task->target) { /* what is left behind does not matter */
        check_ephemeral(task, nic, group);
        check_reach(task, nic, group, network);
    }
    if (network)
        check_network_state(task, nic, network);
}
