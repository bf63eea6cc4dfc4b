/* SPDX-License-Identifier: Apache-2.0
 *
 * Judge the chosen networks and addresses as the server would.
 */
#include <string.h>

#include "convert_priv.h"
#include "nic_task.h"
#include "trap_priv.h"

static const char *
owner_of_network(Arena *arena, const Network *network)
{
    if (network->projectid.value)
        return arena_printf(arena, "project %s", network->projectid.value);
    return arena_printf(arena, "account '%s' in domain '%s'", text_or_word(network->account),
        network->domain.value ? network->domain.value : text_or_word(network->domainid));
}

static const char *
network_name(const Network *network)
{
    return text_or_word(network->name);
}

static const char *
zone_name(const Task *task)
{
    return text_or_word(task->planner->zone->name);
}

/* --- no network ------------------------------------------------------------------------------- */

/* An L2 offering that lets a VLAN be given. */
static const char *
l2_offering(const Catalog *catalog)
{
    for (size_t i = 0; i < catalog->network_offerings.n; i++) {
        const NetworkOffering *offering = &catalog->network_offerings.items[i];
        if (!g_strcmp0(offering->guestiptype.value, "L2") && is_true(offering->specifyvlan) &&
            !g_strcmp0(offering->state.value, "Enabled") && offering->id.value)
            return offering->id.value;
    }
    return "<id of an L2 offering with specifyvlan=true: createNetworkOffering guestiptype=l2>";
}

/* The parameters of createNetwork that a VLAN asks for, made once for each VLAN. */
const char *
planner_create_text(Planner *planner, const Vlan *vlan)
{
    VlanKey key = vlan_key(vlan);
    VlanInfo *info = key ? planner_vlan(planner, key) : NULL;
    if (info && info->create_text)
        return info->create_text;
    g_autoptr(GString) text = g_string_new(NULL);
    if (vlan->kind == VLAN_PVLAN)
        g_string_append_printf(text,
            "name=l2-%" G_GINT64_FORMAT "-%" G_GINT64_FORMAT " vlan=%" G_GINT64_FORMAT
            " isolatedpvlan=%" G_GINT64_FORMAT " isolatedpvlantype=%s",
            vlan->id.value, vlan->secondary.value, vlan->id.value, vlan->secondary.value,
            pvlan_words[vlan->pvlan_type]);
    else if (vlan->kind == VLAN_ID && vlan->id.value)
        g_string_append_printf(text, "name=l2-%" G_GINT64_FORMAT " vlan=%" G_GINT64_FORMAT,
            vlan->id.value, vlan->id.value);
    else
        g_string_append(text, "name=l2-untagged vlan=untagged");
    g_string_append_printf(text, " networkofferingid=%s", l2_offering(planner->catalog));
    const char *made = arena_strndup(planner->arena, text->str, text->len);
    if (info)
        info->create_text = made;
    return made;
}

static bool
is_trunk(const Vlan *vlan)
{
    return vlan->kind == VLAN_TRUNK || (vlan->kind == VLAN_ID && vlan->id.value == VLAN_ALL);
}

/* Of a standard switch the server reads VLAN 4095, which it compares; of others none. */
static Finding *
find_trunk(const NicTask *at)
{
    Task *task = at->task;
    bool is_compared = server_vlan(task, at->server) == vlan_key_of_id(VLAN_ALL);
    return FIND(task, VLAN_TRUNK, at->id, ARG(planner_vlan_text(task->planner, at->vlan)),
        ARG(text_or_word(at->nic->network)), ARG(text_or_word(at->vlan->from)),
        ARG(is_compared ? "an isolated network, or an L2 network that was created with vlan=4095,"
                        : "an L2 network"),
        ARG(is_compared ? "compares VLAN 4095 with that of an L2 or shared network"
                        : "does not check the VLAN of such a NIC"));
}

/* Nothing carries the VLAN, or nothing that the owner may use. */
static void
find_no_candidate(const NicTask *at, VlanKey key)
{
    Task *task = at->task;
    Planner *planner = task->planner;
    const NetworkCandidates *found = network_candidates(planner, task->owner, key);
    const char *vlan = planner_vlan_text(planner, at->vlan);
    const char *portgroup = text_or_word(at->nic->network);
    if (!is_read(&planner->catalog->networks))
        find_unread_list(task, "networks");
    else if (found->n_usable) /* it was taken out by hand, or is a trunk */
        FIND(task, NIC_CHOICE_MISSING, at->id, ARG(vlan), ARG(network_name(found->usable[0])));
    else if (found->n_uncertain)
        FIND(task, VLAN_NETWORK_UNCERTAIN, at->id, ARG(vlan),
            ARG(network_name(found->uncertain[0])), ARG(task->owner->label),
            ARG(owner_of_network(planner->arena, found->uncertain[0])));
    else if (found->n_foreign)
        FIND(task, VLAN_NETWORK_FOREIGN, at->id, ARG(vlan), ARG(network_name(found->foreign[0])),
            ARG(task->owner->label), ARG(owner_of_network(planner->arena, found->foreign[0])),
            ARG(text_or_word(found->foreign[0]->id)));
    else if (!planner->sees_vlans || planner->has_hidden_vlan)
        FIND(task, NETWORK_VLANS_UNREAD, at->id, ARG(vlan));
    else if (key == vlan_key_of_id(VLAN_ALL))
        find_trunk(at);
    else
        FIND(task, VLAN_WITHOUT_NETWORK, at->id, ARG(vlan), ARG(zone_name(task)), ARG(portgroup),
            ARG(text_or_word(at->vlan->from)), ARG(planner->zone->id.value),
            ARG(planner_create_text(planner, at->vlan)));
}

static void
find_no_network(const NicTask *at)
{
    Task *task = at->task;
    Planner *planner = task->planner;
    VlanKey key = vlan_key(at->vlan);
    const char *portgroup = text_or_word(at->nic->network);
    const char *from = text_or_word(at->vlan->from);
    const Rule *rule =
        policy_find_rule(planner->policy, planner->inventory, RULE_NETWORK, task->view, at->nic);
    if (rule && !planner->is_checking)
        FIND(task, NETWORK_RULE_NOT_FOUND, at->id, ARG(arena_intern(planner->arena, rule->value)),
            ARG_N((int64_t)rule->line));
    else if (is_trunk(at->vlan) && server_vlan(task, at->server) == vlan_key_of_id(VLAN_ALL))
        find_no_candidate(at, vlan_key_of_id(VLAN_ALL));
    else if (is_trunk(at->vlan))
        find_trunk(at);
    else if (at->vlan->kind == VLAN_OVERLAY)
        FIND(task, VLAN_OVERLAY, at->id, ARG(planner_vlan_text(task->planner, at->vlan)),
            ARG(portgroup), ARG(from));
    else if (at->vlan->kind == VLAN_PRIVATE)
        FIND(task, VLAN_PRIVATE, at->id, ARG(planner_vlan_text(task->planner, at->vlan)),
            ARG(portgroup), ARG(from));
    else if (!key)
        FIND(task, VLAN_UNKNOWN, at->id, ARG(portgroup));
    else if (at->vlan->is_certain.state == FACT_KNOWN && !at->vlan->is_certain.value)
        FIND(task, VLAN_UNCERTAIN, at->id, ARG(planner_vlan_text(task->planner, at->vlan)),
            ARG(from), ARG(portgroup));
    else
        find_no_candidate(at, key);
}

/* --- the chosen network ----------------------------------------------------------------------- */

static const char *
pvlan_uri(Arena *arena, const Vlan *vlan)
{
    char letter = vlan->pvlan_type ? pvlan_words[vlan->pvlan_type][0] : '?';
    return arena_printf(arena, "pvlan://%" G_GINT64_FORMAT "-%c%" G_GINT64_FORMAT, vlan->id.value,
        letter, vlan->secondary.value);
}

static void
find_network_problem(const NicTask *at, FindingId problem)
{
    Task *task = at->task;
    Arena *arena = task->planner->arena;
    const Network *network = at->network;
    const char *name = network_name(network), *id = text_or_word(network->id);
    const char *owner = task->owner->label;
    if (problem == FINDING_NETWORK_OTHER_ZONE)
        FIND(task, NETWORK_OTHER_ZONE, at->id, ARG(name), ARG(text_or_word(network->zoneid)),
            ARG(id));
    else if (problem == FINDING_NETWORK_FORBIDDEN)
        FIND(task, NETWORK_FORBIDDEN, at->id, ARG(name), ARG(owner), ARG(id),
            ARG(owner_of_network(arena, network)));
    else if (problem == FINDING_NETWORK_SHARED_FORBIDDEN)
        FIND(task, NETWORK_SHARED_FORBIDDEN, at->id, ARG(name), ARG(owner), ARG(id),
            ARG(owner_of_network(arena, network)),
            ARG(task->owner->of_domain ? text_or_word(task->owner->of_domain->id) : "unknown"));
    else if (problem == FINDING_NETWORK_RIGHT_UNKNOWN)
        FIND(task, NETWORK_RIGHT_UNKNOWN, at->id, ARG(name), ARG(owner),
            ARG(owner_of_network(arena, network)));
    else if (problem == FINDING_NETWORK_VLANS_UNREAD)
        FIND(task, NETWORK_VLANS_UNREAD, at->id, ARG(planner_vlan_text(task->planner, at->vlan)));
    else if (problem == FINDING_NETWORK_PVLAN_DIFFERS && !network->broadcasturi.value &&
             check_is_made(task->planner, FINDING_NETWORK_NO_PVLAN) == ANSWER_YES)
        FIND(task, NETWORK_NO_PVLAN, at->id, ARG(name), ARG(pvlan_uri(arena, &at->server->vlan)));
    else if (problem == FINDING_NETWORK_PVLAN_DIFFERS)
        FIND(task, NETWORK_PVLAN_DIFFERS, at->id, ARG(name),
            ARG(network->broadcasturi.value ? network->broadcasturi.value : "null"),
            ARG(pvlan_uri(arena, &at->server->vlan)), ARG(id));
    else if (problem == FINDING_NETWORK_VLAN_DIFFERS)
        FIND(task, NETWORK_VLAN_DIFFERS, at->id, ARG(name),
            ARG(network->broadcasturi.value ? network->broadcasturi.value : "null"),
            ARG_N(at->server->vlan.kind == VLAN_TRUNK ? VLAN_ALL : at->server->vlan.id.value),
            ARG(id));
}

/* The wire that the NIC gets at its next start, where the server does not compare. */
static void
warn_of_vlan(const NicTask *at)
{
    Task *task = at->task;
    VlanKey key = vlan_key(at->vlan);
    const char *uri = at->network->broadcasturi.value;
    if (at->vlan->kind == VLAN_TRUNK && !key)
        key = server_vlan(task, at->server);
    if (key && network_vlan(task->planner, at->network) == key)
        return;
    if (at->vlan->kind == VLAN_TRUNK) {
        find_trunk(at)->severity = SEVERITY_WARNING;
        return;
    }
    if (uri || key)
        FIND(task, NETWORK_VLAN_CHANGES, at->id, ARG(planner_vlan_text(task->planner, at->vlan)),
            ARG(network_name(at->network)), ARG(uri ? uri : "no VLAN of its own"));
}

static bool
is_one_physical_network(const NetworkCandidates *found)
{
    for (size_t i = 1; i < found->n_usable; i++)
        if (g_strcmp0(found->usable[i]->physicalnetworkid.value,
                found->usable[0]->physicalnetworkid.value) != 0)
            return false;
    return found->usable[0]->physicalnetworkid.value != NULL;
}

/* Mostly it is the same one that is chosen. */
static const char *
other_names(Arena *arena, NetworkCandidates *found, const Network *chosen)
{
    if (found->chosen == chosen)
        return found->others;
    g_autoptr(GString) text = g_string_new(NULL);
    for (size_t i = 0, n = 0; i < found->n_usable && n < OTHERS_MAX; i++)
        if (found->usable[i] != chosen)
            g_string_append_printf(text, "%s'%s'", n++ ? ", " : "", network_name(found->usable[i]));
    found->chosen = chosen;
    found->others = arena_strndup(arena, text->str, text->len);
    return found->others;
}

/* Several networks carry the VLAN: somebody should say which, unless a rule does. */
static void
warn_of_several(const NicTask *at)
{
    Task *task = at->task;
    Planner *planner = task->planner;
    VlanKey key = vlan_key(at->vlan);
    if (!key ||
        policy_find_rule(planner->policy, planner->inventory, RULE_NETWORK, task->view, at->nic))
        return;
    NetworkCandidates *found = network_candidates(planner, task->owner, key);
    bool is_among = false;
    for (size_t i = 0; i < found->n_usable; i++)
        is_among |= found->usable[i] == at->network;
    if (found->n_usable < 2 || !is_among)
        return;
    bool is_same_wire =
        is_one_physical_network(found) || network_is_labelled(task, at->nic, at->network);
    add_finding(task, is_same_wire ? FINDING_VLAN_SEVERAL_NETWORKS : FINDING_VLAN_SEVERAL_PHYSICAL,
        at->id,
        (FindingArg[FINDING_ARGS_MAX]){ARG(planner_vlan_text(planner, at->vlan)),
            ARG_N((int64_t)found->n_usable), ARG(network_name(at->network)),
            ARG(other_names(planner->arena, found, at->network)),
            ARG(text_or_word(at->nic->network))});
}

/* --- MAC addresses ---------------------------------------------------------------------------- */

/* What the server would not even come to: it does not find an instance that it manages. */
static bool
is_itself(const Task *task, const ManagedVm *vm)
{
    return vm == task->managed && !task->instance->cloudstack;
}

/* "00:50:56:aa:00:01" */
static bool
mac_is_valid(const char *mac)
{
    for (int i = 0; i < 17; i++)
        if (i % 3 == 2 ? mac[i] != ':' : !g_ascii_isxdigit(mac[i]))
            return false;
    return !mac[17];
}

/* Refused, unless it is forced: then a new MAC is recorded, or the other NIC's record is gone. */
static void
find_mac_taken(const NicTask *at, const char *mac, const char *whose)
{
    Task *task = at->task;
    Planner *planner = task->planner;
    const char *network = network_name(at->network);
    Answer removes = RELEASES_ASK(&planner->releases, force_removes_other_nic);
    if (!is_true(task->item->choice.forced) && task->target)
        FIND(task, CONVERT_MAC_TAKEN, at->id, ARG(mac), ARG(network), ARG(whose),
            ARG(text_or_word(at->network->id)));
    else if (!is_true(task->item->choice.forced))
        FIND(task, MAC_IN_NETWORK, at->id, ARG(mac), ARG(network), ARG(whose),
            ARG(text_or_word(at->network->id)));
    else if (removes == ANSWER_NO)
        FIND(task, MAC_REPLACED, at->id, ARG(mac), ARG(network), ARG(whose));
    else
        FIND(task, FORCE_REMOVES_NIC, at->id,
            ARG(releases_text(planner->arena, &planner->releases)), ARG(whose))
            ->severity = removes == ANSWER_YES ? SEVERITY_BLOCKER : SEVERITY_UNKNOWN;
}

/* 4.18 and 4.19.0 record any text. */
static void
check_mac_text(const NicTask *at, const char *mac)
{
    Task *task = at->task;
    Planner *planner = task->planner;
    Answer is_made = check_is_made(planner, FINDING_MAC_INVALID);
    if (mac_is_valid(mac) || is_made == ANSWER_NO)
        return;
    Finding *finding = FIND(task, MAC_INVALID, at->id, ARG(mac),
        ARG(*mac ? arena_printf(planner->arena, "Invalid mac address: %s", mac)
                 : "Mac address not specified"));
    if (is_made == ANSWER_UNKNOWN)
        finding->severity = SEVERITY_UNKNOWN;
}

/* What this plan brings before: NICs are recorded one after the other. */
static bool
check_mac_in_plan(const NicTask *at)
{
    Task *task = at->task;
    const Planner *planner = task->planner;
    if (!at->network)
        return false;
    const PlanItem *item = held_by(&planner->held_macs, network_id(planner, at->network), at->mac);
    if (!item && uses_mac(task, at->network, at->mac.text))
        item = task->item;
    if (item)
        find_mac_taken(at, at->mac.text, text_or_word(item->instance.name));
    return item != NULL;
}

static void
check_mac(const NicTask *at)
{
    Task *task = at->task;
    Planner *planner = task->planner;
    const char *mac = at->mac.text;
    if (!mac) {
        FIND(task, MAC_MISSING, at->id, ARG(text_or_word(task->view->source)));
        return;
    }
    check_mac_text(at, mac);
    if (check_mac_in_plan(at))
        return;
    const List *list = table_find_pair(&planner->managed_macs, at->mac, hashed(NULL));
    for (size_t i = 0; list && i < list->n; i++) {
        const ManagedNicRef *ref = list->items[i];
        bool is_same = at->network && ref->nic->networkid.value &&
                       !g_strcmp0(ref->nic->networkid.value, at->network->id.value);
        const char *name = text_or_word(ref->vm->name);
        if (is_itself(task, ref->vm))
            continue;
        if (is_same) {
            find_mac_taken(at, mac, name);
            return;
        }
        FIND(task, MAC_ELSEWHERE, at->id, ARG(mac), ARG(name));
    }
}

/* Names are unique on a network: those that are there, and those of this plan before. */
static void
check_hostname_on(const NicTask *at)
{
    Task *task = at->task;
    Planner *planner = task->planner;
    const char *hostname = task_hostname(task);
    if (!hostname)
        return;
    const HashedText id = network_id(planner, at->network), name = hashed(hostname);
    const ManagedVm *vm = table_find_pair(&planner->managed_hostnames, id, name);
    const PlanItem *item = held_by(&planner->held_hostnames, id, name);
    const char *domain =
        at->network->networkdomain.value ? at->network->networkdomain.value : "null";
    if (vm && is_itself(task, vm))
        return;
    if (vm)
        FIND(task, HOSTNAME_TAKEN, at->id, ARG(hostname), ARG(network_name(at->network)),
            ARG(text_or_word(vm->displayname)), ARG(domain));
    else if (item)
        FIND(task, HOSTNAME_TAKEN, at->id, ARG(hostname), ARG(network_name(at->network)),
            ARG(text_or_word(item->instance.name)), ARG(domain));
}

/* --- all NICs --------------------------------------------------------------------------------- */

static const NicChoice *
find_choice(const Choice *choice, const char *id)
{
    for (size_t i = 0; id && i < choice->nics.n; i++)
        if (!g_strcmp0(choice->nics.items[i].nic.value, id))
            return &choice->nics.items[i];
    return NULL;
}

/* On KVM the server would take any network that the owner may use, if it sees some VLAN. */
static void
find_none_chosen(const NicTask *at)
{
    GArray *findings = at->task->planner->findings;
    guint n_before = findings->len;
    find_no_network(at);
    for (guint i = n_before; at->task->hypervisor == HYPERVISOR_KVM && i < findings->len; i++)
        g_array_index(findings, Finding, i).is_unforetold = true;
}

/* What the server does for a NIC that the call does not name: by VLAN on VMware; on KVM it takes
 * any network. NULL after a finding. */
static const Network *
network_taken_by_server(const NicTask *at)
{
    Task *task = at->task;
    Planner *planner = task->planner;
    const char *vlan = vlan_text(&at->server->vlan, planner->arena);
    bool is_vmware = task->hypervisor == HYPERVISOR_VMWARE;
    VlanKey key = is_vmware ? server_vlan(task, at->server) : 0;
    if (is_vmware && !key) {
        FIND(task, NIC_WITHOUT_NETWORK, at->id, ARG(vlan));
        return NULL;
    }
    const NetworkCandidates *found = key ? network_candidates(planner, task->owner, key) : NULL;
    if (found && !found->n_usable) {
        find_no_candidate(at, key);
        return NULL;
    }
    Finding *finding = FIND(task, NIC_CHOICE_MISSING, at->id, ARG(vlan),
        ARG(found ? network_name(found->usable[0]) : "the first one that the owner may use"));
    bool is_sure = found && found->n_usable == 1 && !found->n_uncertain;
    finding->severity = is_sure ? SEVERITY_WARNING : SEVERITY_UNKNOWN;
    return is_sure ? found->usable[0] : NULL;
}

static void
check_network(NicTask *at)
{
    Task *task = at->task;
    Planner *planner = task->planner;
    const char *id = at->choice ? at->choice->networkid.value : NULL;
    if (id)
        at->network = table_find(&planner->networks, id);
    else if (at->choice || !planner->is_checking)
        find_none_chosen(at);
    else if (task->target)
        FIND(task, CONVERT_NIC_OPEN, at->id, ARG(""));
    else
        at->network = network_taken_by_server(at);
    if (!at->network)
        return;
    if (task->target) /* importVm looks at it before all others */
        check_mac(at);
    FindingId problem = network_fit(task, at->server, at->network);
    if (problem)
        find_network_problem(at, problem);
    else
        warn_of_vlan(at);
    warn_of_several(at);
    check_hostname_on(at);
    check_ip(at);
    if (!task->target)
        check_mac(at);
    check_nic_start(task, at->server, at->nic, at->network);
    const char *ip4 = at->choice ? at->choice->ip4.value : NULL;
    const char *recorded = ip_recorded(task, at->server, at->network, ip4);
    check_shared(task, at->nic, at->network, recorded);
    use_nic(task, at->network, recorded, at->mac);
}

/* The two views of a NIC's VLAN: the server goes by its own. */
static void
check_views(const NicTask *at)
{
    Task *task = at->task;
    if (at->nic == at->server || task->hypervisor == HYPERVISOR_KVM)
        return;
    VlanKey ours = vlan_key(&at->nic->vlan), theirs = vlan_key(&at->server->vlan);
    if (ours && theirs && ours != theirs)
        FIND(task, VLAN_VIEWS_DIFFER, at->id,
            ARG(planner_vlan_text(task->planner, &at->server->vlan)),
            ARG(planner_vlan_text(task->planner, &at->nic->vlan)));
}

/* Compared with the first one's; the server looks at it before it looks at the NIC's network, and
 * at both before the next NIC. */
static void
check_adapter(Task *task, const Nic *nic, const char **first)
{
    const char *adapter = nic->adapter.value;
    if (task->target) /* virt-v2v makes all of one kind */
        return;
    if (!adapter && task->server->nics.n > 1)
        FIND(task, ADAPTER_UNKNOWN, nic->id.value, ARG_N((int64_t)task->server->nics.n));
    else if (!*first)
        *first = adapter;
    else if (strcmp(*first, adapter) != 0)
        FIND(task, ADAPTERS_MIXED, nic->id.value, ARG(*first), ARG(adapter));
}

/* 'auto' with several addresses: refused whatever the network, before any NIC is looked at. */
static void
check_auto(const NicTask *at)
{
    const Texts *ips = &at->server->ips;
    const char *ip4 = at->choice ? at->choice->ip4.value : NULL;
    if (at->task->hypervisor != HYPERVISOR_VMWARE || g_strcmp0(ip4, "auto") != 0 || ips->n < 2)
        return;
    Arena *arena = at->task->planner->arena;
    FIND(at->task, IP_SEVERAL, at->id, ARG(join_texts(arena, ips, ", ")),
        ARG(arena_printf(arena, "%s, %s", ips->items[0], ips->items[1])));
}

static const char *
nic_ids(Arena *arena, const InstanceView *view)
{
    g_autoptr(GString) text = g_string_new(view->nics.n ? NULL : "none");
    for (size_t i = 0; i < view->nics.n; i++)
        g_string_append_printf(text, "%s'%s'", i ? ", " : "", text_or_word(view->nics.items[i].id));
    return arena_strndup(arena, text->str, text->len);
}

/* Ids and addresses are read before any NIC is looked at, also those that no NIC will use. */
static void
check_entry_values(Task *task, const NicChoice *entry)
{
    Planner *planner = task->planner;
    const char *nic = text_or_word(entry->nic), *id = entry->networkid.value;
    const char *ip4 = entry->ip4.value;
    if (id && !table_find(&planner->networks, id)) {
        if (is_read(&planner->catalog->networks))
            FIND(task, NETWORK_NOT_FOUND, nic, ARG(*id ? id : "null"));
        else
            find_unread_list(task, "networks");
    }
    if (ip4 && strcmp(ip4, "auto") != 0 && !ip4_is_valid(ip4))
        FIND(task, IP_INVALID, nic, ARG(ip4));
}

/* The server passes over entries for NICs that are not there. */
static void
check_entries(Task *task)
{
    const Choice *choice = &task->item->choice;
    const InstanceView *server = task->server;
    for (size_t i = 0; i < choice->nics.n; i++) {
        const char *id = choice->nics.items[i].nic.value;
        bool is_there = false;
        for (size_t j = 0; id && j < server->nics.n; j++)
            is_there |= !g_strcmp0(server->nics.items[j].id.value, id);
        if (!is_there)
            FIND(task, NIC_CHOICE_UNKNOWN, NULL, ARG(id ? id : "(none)"),
                ARG(nic_ids(task->planner->arena, server)));
        check_entry_values(task, &choice->nics.items[i]);
    }
}

/* importVm counts networks, each NIC's name once. */
static void
check_count(Task *task)
{
    const Choice *choice = &task->item->choice;
    const InstanceView *server = task->server;
    size_t n = 0;
    for (size_t i = 0; i < choice->nics.n; i++) {
        bool is_first = choice->nics.items[i].networkid.value;
        for (size_t j = 0; j < i && is_first; j++)
            is_first = !choice->nics.items[j].networkid.value ||
                       g_strcmp0(choice->nics.items[j].nic.value, choice->nics.items[i].nic.value);
        n += is_first;
    }
    if (n != server->nics.n)
        FIND(task, CONVERT_NICS_COUNT, NULL,
            ARG(is_cloned(task) ? "(name of the clone)" : text_or_word(task->item->choice.name)),
            ARG_N((int64_t)server->nics.n), ARG_N((int64_t)n));
}

void
check_nics(Task *task)
{
    const InstanceView *server = task->server;
    if (server->nics.state != FACT_KNOWN && !server->nics.n) {
        FIND(task, FACTS_UNREAD, NULL, ARG("The list of NICs"), ARG(text_or_word(server->source)));
        return;
    }
    check_entries(task);
    if (task->target)
        check_count(task);
    const char *adapter = NULL;
    for (size_t i = 0; i < server->nics.n; i++) {
        NicTask at = {.task = task, .server = &server->nics.items[i]};
        at.id = text_or_word(at.server->id);
        at.nic = task_find_nic(task, at.server);
        at.vlan = at.nic->vlan.kind != VLAN_UNKNOWN ? &at.nic->vlan : &at.server->vlan;
        at.mac = hashed(at.server->mac.value ? at.server->mac.value : at.nic->mac.value);
        at.choice = find_choice(&task->item->choice, at.server->id.value);
        check_views(&at);
        check_auto(&at);
        check_adapter(task, at.server, &adapter);
        check_network(&at);
        check_nic_traps(task, at.nic, at.network);
    }
}
