/* SPDX-License-Identifier: Apache-2.0
 *
 * What the next start changes about a NIC: its port group, the security policy of that, its type,
 * its rate, and whether it is connected.
 */
#include <string.h>

#include "trap_priv.h"

/* --- port group or bridge --------------------------------------------------------------------- */

/* The traffic label of guests on a physical network: a switch of VMware, a bridge of KVM. */
static const char *
guest_label(const Task *task, const char *physical)
{
    const Catalog *catalog = task->planner->catalog;
    for (size_t i = 0; physical && i < catalog->traffic_types.n; i++) {
        const TrafficType *type = &catalog->traffic_types.items[i];
        if (!g_strcmp0(type->physicalnetworkid.value, physical) &&
            !g_strcmp0(type->traffictype.value, "Guest"))
            return task->hypervisor == HYPERVISOR_KVM ? type->kvmnetworklabel.value
                                                      : type->vmwarenetworklabel.value;
    }
    return NULL;
}

static const char *
new_portgroup(const Task *task, const Network *network)
{
    const char *uri = network->broadcasturi.value;
    const char *slash = uri ? strstr(uri, "://") : NULL;
    const char *vlan = slash ? slash + 3 : "<vlan>";
    if (task->hypervisor == HYPERVISOR_KVM)
        return arena_printf(task->planner->arena, "the agent's own bridge for VLAN %s", vlan);
    return arena_printf(
        task->planner->arena, "'cloud.guest.%s.<rate>.1-<switch>', which CloudStack makes", vlan);
}

NetworkTraps *
network_traps_find(Planner *planner, const Network *network)
{
    NetworkTraps *traps = g_hash_table_lookup(planner->network_traps, network);
    if (!traps) {
        traps = arena_new(planner->arena, NetworkTraps);
        g_hash_table_insert(planner->network_traps, (gpointer)network, traps);
    }
    return traps;
}

/* What every NIC of a network has in common, made once. */
static const NetworkTraps *
portgroup_traps(const Task *task, const Network *network)
{
    NetworkTraps *traps = network_traps_find(task->planner, network);
    if (!traps->portgroup[task->hypervisor]) {
        const char *label = guest_label(task, network->physicalnetworkid.value);
        traps->portgroup[task->hypervisor] = new_portgroup(task, network);
        traps->label[task->hypervisor] = label ? label : "unknown";
    }
    return traps;
}

/* --- security policy -------------------------------------------------------------------------- */

typedef struct PolicyChange {
    GString *text;
    bool is_taken; /* something that was allowed will not be */
} PolicyChange;

/* Adds "promiscuous mode accepted, then rejected" where the two differ. */
static void
add_policy(Task *task, PolicyChange *change, const char *what, Bool is_allowed, const char *setting)
{
    Answer will_be = setting_is_true(task->planner, setting);
    if (is_allowed.state != FACT_KNOWN)
        return;
    if (will_be == ANSWER_UNKNOWN) {
        task->start_untold |= START_FACT_SECURITY;
    } else if (is_allowed.value != (will_be == ANSWER_YES)) {
        change->is_taken |= is_allowed.value;
        g_string_append_printf(change->text, "%s%s %s, then %s", change->text->len ? ", " : "",
            what, is_allowed.value ? "accepted" : "rejected",
            is_allowed.value ? "rejected" : "accepted");
    }
}

static void
check_security(Task *task, const Nic *nic, const char *id)
{
    Planner *planner = task->planner;
    const Portgroup *group = nic->portgroup.value
                                 ? inventory_find_portgroup(planner->inventory,
                                       task->view->source.value, nic->portgroup.value)
                                 : NULL;
    if (!group)
        return;
    g_autoptr(GString) text = g_string_new(NULL);
    PolicyChange change = {.text = text};
    add_policy(
        task, &change, "promiscuous mode", group->allows_promiscuous, "network.promiscuous.mode");
    add_policy(
        task, &change, "MAC changes", group->allows_mac_changes, "network.mac.address.changes");
    add_policy(task, &change, "forged transmits", group->allows_forged_transmits,
        "network.forged.transmits");
    if (text->len)
        FIND(task, START_SECURITY, id, ARG(text_or_word(group->name)),
            ARG(arena_intern(planner->arena, text->str)))
            ->severity = change.is_taken ? SEVERITY_WARNING : SEVERITY_INFO;
}

/* --- rate ------------------------------------------------------------------------------------- */

static const char *const rate_settings[] = {
    "vm.network.throttling.rate", "network.throttling.rate"};

void
init_rates(Planner *planner)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rate_settings); i++) {
        const Setting *setting = table_find(&planner->settings, rate_settings[i]);
        if (setting && setting->value.value)
            planner->default_rates[i] = int_known(g_ascii_strtoll(setting->value.value, NULL, 10));
    }
}

static const NetworkOffering *
offering_of(const Planner *planner, const Network *network)
{
    const Catalog *catalog = planner->catalog;
    for (size_t i = 0; i < catalog->network_offerings.n; i++)
        if (!g_strcmp0(
                catalog->network_offerings.items[i].id.value, network->networkofferingid.value))
            return &catalog->network_offerings.items[i];
    return NULL;
}

/* Of the default NIC by the service offering, of others by the network offering. */
static void
check_rate(Task *task, const Nic *server_nic, const Network *network, const char *id)
{
    Planner *planner = task->planner;
    bool is_default = server_nic == &task->server->nics.items[0];
    const char *setting = rate_settings[!is_default];
    const NetworkOffering *by_network = is_default ? NULL : offering_of(planner, network);
    Int rate = is_default && task->offering ? task->offering->networkrate
               : by_network                 ? by_network->networkrate
                                            : (Int){0};
    const char *from =
        is_default ? "Service offering: networkrate" : "Network offering: networkrate";
    if (rate.state != FACT_KNOWN) {
        rate = planner->default_rates[!is_default];
        from = is_default ? "listConfigurations: vm.network.throttling.rate"
                          : "listConfigurations: network.throttling.rate";
    }
    if (rate.state != FACT_KNOWN)
        task->start_untold |= START_FACT_RATE;
    else if (rate.value > 0)
        FIND(task, START_RATE, id, ARG_N(rate.value), ARG(from), ARG(setting));
}

/* --- the device ------------------------------------------------------------------------------- */

/* "Vmxnet3" stands for a VirtualVmxnet3; whatever else reads so becomes one. */
static void
check_adapter(Task *task, const Nic *server_nic, const Nic *nic, const char *id)
{
    const char *type = nic->adapter_type.value, *adapter = server_nic->adapter.value;
    if (task->hypervisor != HYPERVISOR_VMWARE || !type || !adapter ||
        !g_str_has_prefix(type, "Virtual") || !strcmp(type + strlen("Virtual"), adapter))
        return;
    FIND(task, START_ADAPTER, id, ARG(type), ARG(adapter));
}

static const char *
yes_or_no(Bool fact)
{
    return fact.state != FACT_KNOWN ? "unknown" : fact.value ? "yes" : "no";
}

static void
check_connected(Task *task, const Nic *nic, const char *id)
{
    bool is_off_now = task->view->power == POWER_ON && nic->is_connected.state == FACT_KNOWN &&
                      !nic->is_connected.value;
    bool stays_off = nic->starts_connected.state == FACT_KNOWN && !nic->starts_connected.value;
    if (is_off_now || stays_off)
        FIND(task, START_CONNECTS, id, ARG(yes_or_no(nic->is_connected)),
            ARG(yes_or_no(nic->starts_connected)));
}

void
check_nic_start(Task *task, const Nic *server_nic, const Nic *nic, const Network *network)
{
    const char *id = text_or_word(server_nic->id);
    if (nic->portgroup.value) {
        const NetworkTraps *traps = portgroup_traps(task, network);
        FIND(task, START_PORTGROUP, id, ARG(text_or_word(nic->network)),
            ARG(traps->portgroup[task->hypervisor]), ARG(text_or_word(network->name)),
            ARG(traps->label[task->hypervisor]));
    }
    if (task->hypervisor == HYPERVISOR_VMWARE)
        check_security(task, nic, id);
    check_rate(task, server_nic, network, id);
    check_adapter(task, server_nic, nic, id);
    check_connected(task, nic, id);
}
