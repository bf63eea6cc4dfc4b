/* SPDX-License-Identifier: Apache-2.0
 *
 * Which networks an owner may use, and which of them a NIC fits.
 */
#include <string.h>

#include "plan_priv.h"

/* --- the owner's right ------------------------------------------------------------------------ */

static bool
is_equal(Text a, const char *b)
{
    return a.value && b && !strcmp(a.value, b);
}

/* Networks open to a domain, and to those below it if it says so. */
static Answer
domain_network_usable(const Planner *planner, const Network *network, const Owner *owner)
{
    const char *domainid = owner->of_domain ? owner->of_domain->id.value : owner->domainid;
    if (!network->domainid.value)
        return network->domainid.state == FACT_ABSENT ? ANSWER_YES : ANSWER_UNKNOWN;
    const Domain *domain = table_find(&planner->domains, network->domainid.value);
    bool is_root = domain && domain->path.value && !strchr(domain->path.value + 1, '/');
    bool includes_below = is_true(network->subdomainaccess);
    if (!domainid) /* the caller is root: his domain is above or equal to any */
        return is_root ? ANSWER_YES : ANSWER_UNKNOWN;
    if (!strcmp(domainid, network->domainid.value))
        return ANSWER_YES;
    if (!includes_below)
        return ANSWER_NO;
    if (domain_is_within(planner, domainid, network->domainid.value))
        return ANSWER_YES;
    return is_read(&planner->catalog->domains) ? ANSWER_NO : ANSWER_UNKNOWN;
}

static bool
permission_is_of(const NetworkPermission *permission, const Owner *owner)
{
    if (owner->of_project && is_equal(permission->projectid, owner->of_project->id.value))
        return true;
    if (!owner->of_account)
        return false;
    return is_equal(permission->accountid, owner->of_account->id.value) ||
           (is_equal(permission->account, owner->of_account->name.value) &&
               is_equal(permission->domainid, owner->of_account->domainid.value));
}

static Answer
is_permitted(const Planner *planner, const Network *network, const Owner *owner)
{
    const List *list =
        network->id.value ? table_find(&planner->permissions, network->id.value) : NULL;
    for (size_t i = 0; list && i < list->n; i++)
        if (permission_is_of(list->items[i], owner))
            return ANSWER_YES;
    const Catalog *catalog = planner->catalog;
    return is_read(&catalog->network_permissions) ? ANSWER_NO : ANSWER_UNKNOWN;
}

/* The owner is some root administrator: may it be the one that owns the network? */
static bool
is_of_some_root_admin(const Planner *planner, const Network *network)
{
    if (!network->account.value)
        return false;
    const Account *account = network->domainid.value ? table_find_pair(&planner->accounts,
                                                           hashed(network->domainid.value),
                                                           hashed(network->account.value))
                                                     : NULL;
    return !account || account->accounttype.value == ACCOUNT_TYPE_ROOT_ADMIN;
}

/* Who it is, or what it may, hangs on a list that was not read. */
static bool
is_owner_uncertain(const Planner *planner, const Owner *owner)
{
    if (owner->problem)
        return false;
    return (owner->account && !owner->of_account) ||
           (owner->projectid && !owner->account && !owner->of_project) ||
           (owner->is_root_admin && !is_read(&planner->catalog->settings));
}

static Answer
network_usable(const Planner *planner, const Network *network, const Owner *owner)
{
    if (owner->is_root_admin && planner->is_admin_allowed_anywhere)
        return ANSWER_YES;
    if (is_equal(network->acltype, "Domain"))
        return domain_network_usable(planner, network, owner);
    if (network->projectid.value) {
        if (owner->of_project && is_equal(owner->of_project->id, network->projectid.value))
            return ANSWER_YES;
    } else if (owner->account) { /* as sent: the list of accounts need not be read */
        if (is_equal(network->account, owner->account) &&
            is_equal(network->domainid, owner->domainid))
            return ANSWER_YES;
    } else if (owner->of_account) {
        if (is_equal(network->account, owner->of_account->name.value) &&
            is_equal(network->domainid, owner->of_account->domainid.value))
            return ANSWER_YES;
    } else if (owner->is_caller && is_of_some_root_admin(planner, network)) {
        return ANSWER_UNKNOWN;
    }
    if (network->account.state == FACT_UNKNOWN && !network->projectid.value)
        return ANSWER_UNKNOWN;
    Answer answer = is_permitted(planner, network, owner);
    return answer == ANSWER_NO && is_owner_uncertain(planner, owner) ? ANSWER_UNKNOWN : answer;
}

/* --- candidates of a VLAN --------------------------------------------------------------------- */

bool
network_needs_ip(const Network *network)
{
    return !is_equal(network->type, "L2");
}

/* L2 asks nothing of the guest; a tier of a VPC asks most. */
static int
network_rank(const Network *network)
{
    int rank = is_equal(network->type, "L2") ? 0 : is_equal(network->type, "Shared") ? 1 : 2;
    return rank + (network->vpcid.value ? 3 : 0);
}

int
network_compare(gconstpointer a, gconstpointer b)
{
    const Network *left = *(const Network *const *)a, *right = *(const Network *const *)b;
    int by_rank = network_rank(left) - network_rank(right);
    int by_name = by_rank ? by_rank : g_strcmp0(left->name.value, right->name.value);
    return by_name ? by_name : g_strcmp0(left->id.value, right->id.value);
}

static NetworkCandidates *
collect_candidates(Planner *planner, const Owner *owner, const List *list)
{
    NetworkCandidates *found = arena_new(planner->arena, NetworkCandidates);
    size_t n = list->n;
    const Network ***of_answer[] = {
        [ANSWER_NO] = &found->foreign,
        [ANSWER_YES] = &found->usable,
        [ANSWER_UNKNOWN] = &found->uncertain,
    };
    size_t *count[] = {
        [ANSWER_NO] = &found->n_foreign,
        [ANSWER_YES] = &found->n_usable,
        [ANSWER_UNKNOWN] = &found->n_uncertain,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(of_answer); i++)
        *of_answer[i] = n ? arena_new_n(planner->arena, const Network *, n) : NULL;
    for (size_t i = 0; i < n; i++) {
        const Network *network = list->items[i];
        Answer answer = network_usable(planner, network, owner);
        (*of_answer[answer])[(*count[answer])++] = network;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(of_answer); i++)
        if (*count[i] > 1)
            qsort(*of_answer[i], *count[i], sizeof(Network *), network_compare);
    return found;
}

NetworkCandidates *
network_candidates(Planner *planner, const Owner *owner, VlanKey key)
{
    VlanInfo *vlan = planner_vlan(planner, key);
    if (vlan->owner == owner)
        return vlan->candidates;
    NetworkCandidates *found = g_hash_table_lookup(owner->by_vlan, vlan);
    if (!found) {
        found = collect_candidates(planner, owner, &vlan->networks);
        g_hash_table_insert(owner->by_vlan, vlan, found);
    }
    vlan->owner = owner;
    vlan->candidates = found;
    return found;
}

/* --- the NIC ---------------------------------------------------------------------------------- */

/* The NIC as the source has it: of the same MAC, the one of the same id if there are several, else
 * of the same id. */
const Nic *
task_find_nic(const Task *task, const Nic *server_nic)
{
    const InstanceView *view = task->view;
    const Nic *by_mac = NULL, *by_id = NULL;
    if (view == task->server)
        return server_nic;
    for (size_t i = 0; i < view->nics.n; i++) {
        const Nic *nic = &view->nics.items[i];
        bool is_mac = server_nic->mac.value && is_equal(nic->mac, server_nic->mac.value);
        bool is_id = server_nic->id.value && is_equal(nic->id, server_nic->id.value);
        if (is_mac && is_id)
            return nic;
        if (is_mac && !by_mac)
            by_mac = nic;
        if (is_id && !by_id)
            by_id = nic;
    }
    return by_mac ? by_mac : by_id ? by_id : server_nic;
}

const Vlan *
nic_vlan(const Nic *nic, const Nic *server_nic)
{
    return nic->vlan.kind != VLAN_UNKNOWN ? &nic->vlan : &server_nic->vlan;
}

const char *
task_physical_network(const Task *task, const Nic *nic)
{
    const Planner *planner = task->planner;
    const char *source = task->view->source.value;
    const Switch *device = nic->switch_id.value ? inventory_find_switch(planner->inventory, source,
                                                      nic->switch_id.value)
                                                : NULL;
    const char *names[] = {device ? device->name.value : NULL, nic->network.value};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *id = names[i] ? table_find(&planner->labels, names[i]) : NULL;
        if (id && *id)
            return id;
    }
    return NULL;
}

/* Does a traffic label tie the NIC to the network's physical network? */
bool
network_is_labelled(const Task *task, const Nic *nic, const Network *network)
{
    const char *physical = task_physical_network(task, nic);
    return physical && is_equal(network->physicalnetworkid, physical);
}

/* --- what fits -------------------------------------------------------------------------------- */

/* A port group of a standard switch that passes all VLANs is read as VLAN 4095. */
static bool
is_read_as_4095(const Task *task, const Nic *nic)
{
    if (nic->vlan.kind != VLAN_TRUNK)
        return false;
    if (task->server == task->instance->cloudstack)
        return true; /* on a distributed switch it would have shown none */
    const Switch *device = nic->switch_id.value
                               ? inventory_find_switch(task->planner->inventory,
                                     task->server->source.value, nic->switch_id.value)
                               : NULL;
    return device && device->kind == SWITCH_STANDARD;
}

/* What the server compares with the network: 0 = nothing. */
VlanKey
server_vlan(const Task *task, const Nic *server_nic)
{
    if (task->hypervisor == HYPERVISOR_KVM)
        return 0;
    if (is_read_as_4095(task, server_nic))
        return vlan_key_of_id(VLAN_ALL);
    if (server_nic->vlan.kind == VLAN_PVLAN && !server_nic->vlan.id.value)
        return 0;
    VlanKey key = vlan_key(&server_nic->vlan);
    return key == vlan_key(&(Vlan){.kind = VLAN_NONE}) ? 0 : key;
}

/* The server compares VLANs for L2 and Shared networks on VMware, if the NIC has one. */
static FindingId
vlan_fit(const Task *task, const Nic *server_nic, const Network *network)
{
    VlanKey key = server_vlan(task, server_nic);
    if (!key || is_equal(network->type, "Isolated"))
        return FINDING_NONE;
    if (network->broadcasturi.state == FACT_UNKNOWN && !task->planner->sees_vlans)
        return FINDING_NETWORK_VLANS_UNREAD;
    if (network_vlan(task->planner, network) == key)
        return FINDING_NONE;
    return server_nic->vlan.kind == VLAN_PVLAN ? FINDING_NETWORK_PVLAN_DIFFERS
                                               : FINDING_NETWORK_VLAN_DIFFERS;
}

FindingId
network_fit(const Task *task, const Nic *server_nic, const Network *network)
{
    const Planner *planner = task->planner;
    if (network->zoneid.value && strcmp(network->zoneid.value, planner->zone->id.value) != 0)
        return FINDING_NETWORK_OTHER_ZONE;
    Answer usable = network_usable(planner, network, task->owner);
    if (usable == ANSWER_NO)
        return is_equal(network->acltype, "Domain") ? FINDING_NETWORK_SHARED_FORBIDDEN
                                                    : FINDING_NETWORK_FORBIDDEN;
    FindingId by_vlan = vlan_fit(task, server_nic, network);
    if (by_vlan)
        return by_vlan;
    return usable == ANSWER_UNKNOWN ? FINDING_NETWORK_RIGHT_UNKNOWN : FINDING_NONE;
}
