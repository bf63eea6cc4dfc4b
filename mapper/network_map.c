/* SPDX-License-Identifier: Apache-2.0
 *
 * NICs to networks: by rule, else by VLAN among those that the owner may use.
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
    const Domain *domain = g_hash_table_lookup(planner->domains, network->domainid.value);
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
    const GPtrArray *list =
        network->id.value ? g_hash_table_lookup(planner->permissions, network->id.value) : NULL;
    for (guint i = 0; list && i < list->len; i++)
        if (permission_is_of(g_ptr_array_index(list, i), owner))
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
    const Account *account = NULL;
    for (size_t i = 0; i < planner->catalog->accounts.n && !account; i++) {
        const Account *row = &planner->catalog->accounts.items[i];
        if (is_equal(row->name, network->account.value) &&
            is_equal(row->domainid, network->domainid.value))
            account = row;
    }
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
    if (owner->is_root_admin &&
        setting_is_true(planner, "admin.is.allowed.to.deploy.anywhere") == ANSWER_YES)
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

static int
compare_networks(gconstpointer a, gconstpointer b)
{
    const Network *left = *(const Network *const *)a, *right = *(const Network *const *)b;
    int by_rank = network_rank(left) - network_rank(right);
    int by_name = by_rank ? by_rank : g_strcmp0(left->name.value, right->name.value);
    return by_name ? by_name : g_strcmp0(left->id.value, right->id.value);
}

/* Names of the usable networks but for one. */
static Texts
names_but(Arena *arena, const NetworkCandidates *found, const Network *chosen)
{
    Texts names = {.state = FACT_KNOWN};
    if (found->n_usable < 2)
        return names;
    names.items = arena_new_n(arena, const char *, MIN(found->n_usable, OTHERS_MAX));
    for (size_t i = 0; i < found->n_usable && names.n < OTHERS_MAX; i++)
        if (found->usable[i] != chosen)
            names.items[names.n++] = text_or_word(found->usable[i]->name);
    return names;
}

static NetworkCandidates *
collect_candidates(Planner *planner, const Owner *owner, const GPtrArray *list)
{
    NetworkCandidates *found = arena_new(planner->arena, NetworkCandidates);
    size_t n = list ? list->len : 0;
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
        const Network *network = g_ptr_array_index(list, i);
        Answer answer = network_usable(planner, network, owner);
        (*of_answer[answer])[(*count[answer])++] = network;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(of_answer); i++)
        if (*count[i] > 1)
            qsort(*of_answer[i], *count[i], sizeof(Network *), compare_networks);
    return found;
}

NetworkCandidates *
network_candidates(Planner *planner, const Owner *owner, VlanKey key)
{
    NetworkCandidates *known = g_hash_table_lookup(owner->by_vlan, &key);
    if (known)
        return known;
    NetworkCandidates *found =
        collect_candidates(planner, owner, g_hash_table_lookup(planner->vlans, &key));
    VlanKey *kept = arena_new(planner->arena, VlanKey);
    *kept = key;
    g_hash_table_insert(owner->by_vlan, kept, found);
    return found;
}

/* --- proposing -------------------------------------------------------------------------------- */

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
        const char *id = names[i] ? g_hash_table_lookup(planner->labels, names[i]) : NULL;
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

/* Best of the usable ones: on the NIC's physical network, and able to take the guest's address. */
static const Network *
best_network(const Task *task, const Nic *nic, const NetworkCandidates *found)
{
    const Network *best = NULL;
    int best_score = -1;
    const char *physical = found->n_usable > 1 ? task_physical_network(task, nic) : NULL;
    for (size_t i = 0; i < found->n_usable; i++) {
        const Network *network = found->usable[i];
        const char *ip = network_needs_ip(network) ? ip_choose(task, nic, network) : NULL;
        int score = physical && is_equal(network->physicalnetworkid, physical) ? 4 : 0;
        score += !network_needs_ip(network) ? 2 : ip && !ip_fit(task, nic, network, ip) ? 1 : 0;
        if (score > best_score) {
            best = network;
            best_score = score;
        }
    }
    return best;
}

/* The network that a rule names: by id, else by name, usable and of the VLAN before others. */
static const Network *
network_of_rule(const Task *task, const Rule *rule, VlanKey key)
{
    const Planner *planner = task->planner;
    const Network *by_id = g_hash_table_lookup(planner->networks, rule->value);
    if (by_id)
        return by_id;
    const GPtrArray *list = g_hash_table_lookup(planner->networks_by_name, rule->value);
    const Network *best = NULL;
    int best_score = -1;
    for (guint i = 0; list && i < list->len; i++) {
        const Network *network = g_ptr_array_index(list, i);
        int score = network_usable(planner, network, task->owner) == ANSWER_YES ? 2 : 0;
        score += key && network_vlan(planner, network) == key;
        if (score > best_score) {
            best = network;
            best_score = score;
        }
    }
    return best;
}

static void
propose_nic(Task *task, const Nic *server_nic, NicChoice *choice)
{
    Planner *planner = task->planner;
    const Nic *nic = task_find_nic(task, server_nic);
    const Vlan *vlan = nic_vlan(nic, server_nic);
    VlanKey key = vlan_key(vlan);
    const Rule *rule =
        policy_find_rule(planner->policy, planner->inventory, RULE_NETWORK, task->view, nic);
    const Network *network = NULL;
    Texts others = {.state = FACT_KNOWN};
    const char *why = "named by a network rule";
    if (rule) {
        network = network_of_rule(task, rule, key);
    } else if (key && !(vlan->is_certain.state == FACT_KNOWN && !vlan->is_certain.value)) {
        const NetworkCandidates *found = network_candidates(planner, task->owner, key);
        network = best_network(task, nic, found);
        others = names_but(planner->arena, found, network);
        why = found->n_usable > 1 ? "the best of several networks of this VLAN"
                                  : "the only network of this VLAN that the owner may use";
    }
    choice->nic = server_nic->id;
    choice->networkid = network ? network->id : text_absent();
    const char *ip = network && network_needs_ip(network) ? ip_choose(task, nic, network) : NULL;
    choice->ip4 = ip ? text_known(ip) : text_absent();
    if (network)
        add_reason(task, about_nic(planner, text_or_word(server_nic->id)),
            text_or_word(network->name), why, others);
}

void
propose_nics(Task *task)
{
    const InstanceView *server = task->server;
    Choice *choice = &task->item->choice;
    choice->nics.state = FACT_KNOWN;
    if (!server->nics.n)
        return;
    choice->nics.items = arena_new_n(task->planner->arena, NicChoice, server->nics.n);
    for (size_t i = 0; i < server->nics.n; i++)
        if (server->nics.items[i].id.value)
            propose_nic(task, &server->nics.items[i], &choice->nics.items[choice->nics.n++]);
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
