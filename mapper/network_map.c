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
            qsort(*of_answer[i], *count[i], sizeof(Network *), compare_networks);
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

/* What is proposed for a NIC. */
typedef struct NicPick {
    const Nic *server, *nic; /* as the server reads it, as it is */
    const Rule *rule;
    const NetworkCandidates *found; /* NULL: a rule names the network, or no VLAN is known */
    const Network *network;
    const char *ip, *physical;
    HashedText mac;
} NicPick;

typedef struct NicPicks {
    const Task *task;
    HashedText hostname;
    NicPick *items;
    size_t n;
    int tries_left;
} NicPicks;

enum { NIC_TRIES_MAX = 500 };

/* Does a NIC of the same VM before that one go to the network with the same MAC or address? */
static bool
is_used_before(const NicPicks *picks, size_t index, const Network *network, const char *ip)
{
    const char *mac = picks->items[index].nic->mac.value;
    for (size_t i = 0; i < index; i++) {
        const NicPick *other = &picks->items[i];
        if (other->network != network)
            continue;
        bool is_ip = ip && other->ip && !strcmp(ip, other->ip) && strcmp(ip, "auto") != 0;
        if (is_ip || (mac && !g_strcmp0(other->nic->mac.value, mac)))
            return true;
    }
    return false;
}

enum { SCORE_FREE = 16, SCORE_PHYSICAL = 8, SCORE_WITHOUT_IP = 4, SCORE_IP_FITS = 2 };

/* Acceptable at all, before on the NIC's physical network, before one that asks for no address. */
static int
score_network(const NicPicks *picks, size_t index, const Network *network, const char **ret_ip)
{
    const NicPick *pick = &picks->items[index];
    bool needs_ip = network_needs_ip(network);
    const char *ip = needs_ip ? ip_choose(picks->task, pick->nic, network) : NULL;
    bool fits = !needs_ip || (ip && !ip_fit(picks->task, pick->nic, network, ip));
    bool is_free = fits && !is_taken_on(picks->task, network, picks->hostname, pick->mac) &&
                   !is_used_before(picks, index, network, ip);
    int score = is_free ? SCORE_FREE : 0;
    score +=
        pick->physical && is_equal(network->physicalnetworkid, pick->physical) ? SCORE_PHYSICAL : 0;
    score += !needs_ip ? SCORE_WITHOUT_IP : fits ? SCORE_IP_FITS : 0;
    *ret_ip = ip;
    return score - (ip && !strcmp(ip, "auto")); /* a new address is a change */
}

/* The best of those that score less than @below, or come later with that score; its score. */
static int
pick_network(NicPicks *picks, size_t index, int below, size_t after)
{
    NicPick *pick = &picks->items[index];
    int best = -1;
    for (size_t i = 0; i < pick->found->n_usable; i++) {
        const Network *network = pick->found->usable[i];
        const char *ip = NULL;
        int score = score_network(picks, index, network, &ip);
        bool is_left = score < below || (score == below && i > after);
        if (!is_left || score <= best)
            continue;
        best = score;
        pick->network = network;
        pick->ip = ip;
    }
    return best;
}

static size_t
place_of(const NicPick *pick)
{
    size_t i = 0;
    while (pick->found->usable[i] != pick->network)
        i++;
    return i;
}

/* All NICs together, where the best network of one would take the only one of another. */
static bool
pick_together(NicPicks *picks, size_t index)
{
    if (index == picks->n)
        return true;
    if (!picks->items[index].found)
        return pick_together(picks, index + 1);
    int below = G_MAXINT;
    size_t after = 0;
    while (picks->tries_left-- > 0) {
        below = pick_network(picks, index, below, after);
        if (below < SCORE_FREE - 1)
            return false;
        if (pick_together(picks, index + 1))
            return true;
        after = place_of(&picks->items[index]);
    }
    return false;
}

/* One NIC after the other; false when one has found no free network. */
static bool
pick_each(NicPicks *picks)
{
    bool is_free = true;
    for (size_t i = 0; i < picks->n; i++)
        if (picks->items[i].found && picks->items[i].found->n_usable)
            is_free &= pick_network(picks, i, G_MAXINT, 0) >= SCORE_FREE - 1;
    return is_free;
}

/* The network that a rule names: by id, else by name, usable and of the VLAN before others. */
static const Network *
network_of_rule(const Task *task, const Rule *rule, VlanKey key)
{
    const Planner *planner = task->planner;
    const Network *by_id = table_find(&planner->networks, rule->value);
    if (by_id)
        return by_id;
    const List *list = table_find(&planner->networks_by_name, rule->value);
    const Network *best = NULL;
    int best_score = -1;
    for (size_t i = 0; list && i < list->n; i++) {
        const Network *network = list->items[i];
        int score = network_usable(planner, network, task->owner) == ANSWER_YES ? 2 : 0;
        score += key && network_vlan(planner, network) == key;
        if (score > best_score) {
            best = network;
            best_score = score;
        }
    }
    return best;
}

static NicPick
start_pick(const Task *task, const Nic *server_nic)
{
    Planner *planner = task->planner;
    NicPick pick = {.server = server_nic, .nic = task_find_nic(task, server_nic)};
    const Vlan *vlan = nic_vlan(pick.nic, server_nic);
    VlanKey key = vlan_key(vlan);
    pick.mac = hashed(pick.nic->mac.value);
    pick.rule =
        policy_find_rule(planner->policy, planner->inventory, RULE_NETWORK, task->view, pick.nic);
    if (pick.rule) {
        pick.network = network_of_rule(task, pick.rule, key);
        if (pick.network && network_needs_ip(pick.network))
            pick.ip = ip_choose(task, pick.nic, pick.network);
    } else if (key && !(vlan->is_certain.state == FACT_KNOWN && !vlan->is_certain.value)) {
        pick.found = network_candidates(planner, task->owner, key);
        if (pick.found->n_usable > 1)
            pick.physical = task_physical_network(task, pick.nic);
    }
    return pick;
}

static void
propose_nic(Task *task, const NicPick *pick)
{
    Planner *planner = task->planner;
    Choice *choice = &task->item->choice;
    const Network *network = pick->network;
    const char *why = pick->rule ? "named by a network rule"
                      : pick->found && pick->found->n_usable > 1
                          ? "the best of several networks of this VLAN"
                          : "the only network of this VLAN that the owner may use";
    choice->nics.items[choice->nics.n++] = (NicChoice){pick->server->id,
        network ? network->id : text_absent(), pick->ip ? text_known(pick->ip) : text_absent()};
    if (network)
        add_reason(task, about_nic(planner, text_or_word(pick->server->id)),
            text_or_word(network->name), why,
            pick->found ? names_but(planner->arena, pick->found, network)
                        : (Texts){.state = FACT_KNOWN});
}

void
propose_nics(Task *task)
{
    const InstanceView *server = task->server;
    Choice *choice = &task->item->choice;
    choice->nics.state = FACT_KNOWN;
    if (!server->nics.n)
        return;
    g_autofree NicPick *items = g_new(NicPick, server->nics.n);
    NicPicks picks = {.task = task,
        .hostname = hashed(task_hostname(task)),
        .items = items,
        .tries_left = NIC_TRIES_MAX};
    for (size_t i = 0; i < server->nics.n; i++)
        if (server->nics.items[i].id.value)
            items[picks.n++] = start_pick(task, &server->nics.items[i]);
    if (!pick_each(&picks) && (picks.n < 2 || !pick_together(&picks, 0)))
        pick_each(&picks);
    choice->nics.items = arena_new_n(task->planner->arena, NicChoice, picks.n);
    for (size_t i = 0; i < picks.n; i++)
        propose_nic(task, &items[i]);
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
