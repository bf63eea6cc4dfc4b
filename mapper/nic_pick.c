/* SPDX-License-Identifier: Apache-2.0
 *
 * A network and an address for each NIC: those that a rule names, else those of its VLAN that the
 * owner may use. The NICs of a VM are chosen together: two of one MAC or address cannot share a
 * network, and a network may have fewer free addresses than the VM asks of it.
 */
#include <string.h>

#include "plan_priv.h"

/* A network that a NIC may be given, and how far it is from what is wanted. */
typedef struct NicOption {
    const Network *network;
    const char *ip;
    bool is_free;  /* acceptable as far as this NIC goes */
    bool is_wired; /* the VLAN is the NIC's and so is the physical network, as far as one knows */
    int penalty;
} NicOption;

enum {
    PENALTY_NEW_IP = 1,
    PENALTY_ADDRESS = 2,    /* of those that are not free: it asks for an address */
    PENALTY_NO_ADDRESS = 4, /* likewise: and for one that the NIC cannot have */
    PENALTY_OFF_WIRE = 64,  /* more than all NICs together can have of the others */
    PENALTY_REFUSED = 128,  /* likewise: the owner or the VLAN stands in the way */
    NIC_TRIES_MAX = 20000,
};

typedef struct NicPick {
    const Nic *server, *nic; /* as the server reads it, as it is */
    const Nic *told;         /* the one of these that tells addresses */
    const Rule *rule;
    VlanKey key;
    HashedText mac;
    const char *physical;
    NicOption *options; /* by type and name of the network */
    size_t n_options, n_networks;
    NicOption only, *owned;
    const NicOption *chosen; /* NULL: no network at all */
    int least;               /* penalty of its best option, where one is free */
} NicPick;

typedef struct NicPicks {
    Task *task;
    HashedText hostname;
    NicPick *items;
    size_t n;
    int tries_left;
    int found;              /* sum of the penalties of the best so far */
    const NicOption **best; /* by place of the NIC */
} NicPicks;

/* --- what each NIC may have ------------------------------------------------------------------- */

/* @ip: an address that fits, "auto", or NULL: the network needs none, or the NIC can have none. */
static NicOption
make_option(const NicPicks *picks, const NicPick *pick, const Network *network, const char *ip)
{
    const Task *task = picks->task;
    NicOption option = {.network = network, .ip = ip};
    bool needs_ip = network_needs_ip(network);
    bool has_ip = !needs_ip || (ip && !ip_fit(task, pick->told, network, ip));
    bool is_allowed = !network_fit(task, pick->server, network);
    bool is_wired =
        (!pick->key || network_vlan(task->planner, network) == pick->key) &&
        (!pick->physical || !g_strcmp0(network->physicalnetworkid.value, pick->physical));
    option.is_free =
        is_allowed && has_ip && !is_taken_on(task, network, picks->hostname, pick->mac);
    option.penalty = is_wired ? 0 : PENALTY_OFF_WIRE;
    if (ip && !strcmp(ip, "auto"))
        option.penalty += PENALTY_NEW_IP;
    if (!option.is_free)
        option.penalty += (is_allowed ? 0 : PENALTY_REFUSED) + (needs_ip ? PENALTY_ADDRESS : 0) +
                          (has_ip ? 0 : PENALTY_NO_ADDRESS);
    return option;
}

/* One option for each address that it may have there; the best one comes first. */
static void
add_options(const NicPicks *picks, NicPick *pick, const Network *network)
{
    const Texts *ips = &pick->told->ips;
    const char *best =
        network_needs_ip(network) ? ip_choose(picks->task, pick->told, network) : NULL;
    pick->options[pick->n_options++] = make_option(picks, pick, network, best);
    if (!best || !pick->options[pick->n_options - 1].is_free)
        return;
    for (size_t i = 0; i < ips->n; i++)
        if (strcmp(ips->items[i], best) != 0 && ip4_is_valid(ips->items[i]) &&
            !ip_fit(picks->task, pick->told, network, ips->items[i]))
            pick->options[pick->n_options++] = make_option(picks, pick, network, ips->items[i]);
    if (strcmp(best, "auto") != 0 && ip_may_be_new(picks->task, pick->told, network))
        pick->options[pick->n_options++] = make_option(picks, pick, network, "auto");
}

/* The only one is taken as it is. */
static void
collect_options(NicPicks *picks, NicPick *pick, const Network *const *networks, size_t n)
{
    if (n == 1 && !network_needs_ip(networks[0])) {
        pick->only = (NicOption){.network = networks[0], .is_free = true};
        pick->options = &pick->only;
        pick->n_options = 1;
    } else if (n) {
        pick->options = pick->owned = g_new(NicOption, n * (pick->told->ips.n + 1));
        for (size_t i = 0; i < n; i++)
            add_options(picks, pick, networks[i]);
    }
    pick->n_networks = n;
}

/* Those that a rule names: the one of that id, else all of that name. */
static void
collect_by_rule(NicPicks *picks, NicPick *pick)
{
    const Planner *planner = picks->task->planner;
    const Network *by_id = table_find(&planner->networks, pick->rule->value);
    const List *list = by_id ? NULL : table_find(&planner->networks_by_name, pick->rule->value);
    if (by_id) {
        collect_options(picks, pick, &by_id, 1);
        return;
    }
    if (!list)
        return;
    g_autofree const Network **networks = g_memdup2(list->items, list->n * sizeof *networks);
    qsort(networks, list->n, sizeof *networks, network_compare);
    collect_options(picks, pick, networks, list->n);
}

static void
start_pick(NicPicks *picks, const Nic *server_nic)
{
    const Task *task = picks->task;
    Planner *planner = task->planner;
    NicPick *pick = &picks->items[picks->n++];
    *pick = (NicPick){.server = server_nic, .nic = task_find_nic(task, server_nic)};
    pick->told = pick->nic->ips.n || !server_nic->ips.n ? pick->nic : server_nic;
    const Vlan *vlan = nic_vlan(pick->nic, server_nic);
    bool is_certain = vlan->is_certain.state != FACT_KNOWN || vlan->is_certain.value;
    pick->key = vlan_key(vlan);
    pick->mac = hashed(pick->nic->mac.value);
    pick->rule =
        policy_find_rule(planner->policy, planner->inventory, RULE_NETWORK, task->view, pick->nic);
    if (pick->rule) {
        collect_by_rule(picks, pick);
    } else if (pick->key && is_certain) {
        const NetworkCandidates *found = network_candidates(planner, task->owner, pick->key);
        if (found->n_usable > 1)
            pick->physical = task_physical_network(task, pick->nic);
        collect_options(picks, pick, found->usable, found->n_usable);
    }
}

/* --- one by one ------------------------------------------------------------------------------- */

static bool
is_better(const NicOption *option, const NicOption *than)
{
    if (!than || option->is_free != than->is_free)
        return !than || option->is_free;
    return option->penalty < than->penalty;
}

static bool
gives_itself(const char *ip)
{
    return ip && strcmp(ip, "auto") != 0;
}

/* May a NIC have the option, with what those before it have? */
static bool
is_left(const NicPicks *picks, size_t index, const NicOption *option)
{
    const char *mac = picks->items[index].nic->mac.value;
    int64_t asked = option->ip != NULL;
    for (size_t i = 0; i < index; i++) {
        const NicOption *other = picks->items[i].chosen;
        if (!other || other->network != option->network)
            continue;
        bool is_same_ip = gives_itself(option->ip) && !g_strcmp0(option->ip, other->ip);
        if (is_same_ip || (mac && !g_strcmp0(picks->items[i].nic->mac.value, mac)))
            return false;
        asked += other->ip != NULL;
    }
    return asked < 2 || ip_has_room(picks->task->planner, option->network, asked);
}

/* The best of each NIC; false where two of them stand in each other's way. */
static bool
pick_each(NicPicks *picks)
{
    bool is_good = true;
    for (size_t i = 0; i < picks->n; i++) {
        NicPick *pick = &picks->items[i];
        pick->chosen = NULL;
        for (size_t j = 0; j < pick->n_options; j++)
            if (is_better(&pick->options[j], pick->chosen))
                pick->chosen = &pick->options[j];
        bool is_free = pick->chosen && pick->chosen->is_free;
        pick->least = is_free ? pick->chosen->penalty : 0;
        is_good &= !is_free || is_left(picks, i, pick->chosen);
    }
    return is_good;
}

/* As that, each with what those before it have left. */
static void
pick_what_is_left(NicPicks *picks)
{
    for (size_t i = 0; i < picks->n; i++) {
        NicPick *pick = &picks->items[i];
        const NicOption *best = NULL;
        for (size_t j = 0; j < pick->n_options; j++)
            if (is_left(picks, i, &pick->options[j]) && is_better(&pick->options[j], best))
                best = &pick->options[j];
        pick->chosen = best ? best : pick->chosen;
    }
}

/* --- together --------------------------------------------------------------------------------- */

/* All ways but those that can be no better than the best so far; of equal ones the first stays, and
 * options are tried by type and name. NICs that have no free option do not count. */
static void
try_together(NicPicks *picks, size_t index, int sum, int least_behind)
{
    if (index == picks->n) {
        picks->found = sum;
        for (size_t i = 0; i < picks->n; i++)
            picks->best[i] = picks->items[i].chosen;
        return;
    }
    NicPick *pick = &picks->items[index];
    const NicOption *kept = pick->chosen;
    int behind = least_behind - pick->least;
    if (!kept || !kept->is_free) {
        try_together(picks, index + 1, sum, behind);
        return;
    }
    for (size_t i = 0; i < pick->n_options; i++) {
        const NicOption *option = &pick->options[i];
        bool is_worth = option->is_free && sum + option->penalty + behind < picks->found;
        if (!is_worth || picks->tries_left-- <= 0 || !is_left(picks, index, option))
            continue;
        pick->chosen = option;
        try_together(picks, index + 1, sum + option->penalty, behind);
    }
    pick->chosen = kept;
}

static bool
pick_together(NicPicks *picks)
{
    int least = 0;
    for (size_t i = 0; i < picks->n; i++)
        least += picks->items[i].least;
    g_autofree const NicOption **best = g_new0(const NicOption *, picks->n);
    picks->best = best;
    picks->found = G_MAXINT;
    picks->tries_left = NIC_TRIES_MAX;
    try_together(picks, 0, 0, least);
    for (size_t i = 0; picks->found < G_MAXINT && i < picks->n; i++)
        picks->items[i].chosen = picks->best[i];
    return picks->found < G_MAXINT;
}

/* --- telling ---------------------------------------------------------------------------------- */

static Texts
other_names(Arena *arena, const NicPick *pick)
{
    Texts names = {.state = FACT_KNOWN};
    const Network *last = NULL;
    if (pick->n_networks < 2)
        return names;
    names.items = arena_new_n(arena, const char *, MIN(pick->n_networks, (size_t)OTHERS_MAX));
    for (size_t i = 0; i < pick->n_options && names.n < OTHERS_MAX; i++) {
        const Network *network = pick->options[i].network;
        if (network != pick->chosen->network && network != last)
            names.items[names.n++] = text_or_word(network->name);
        last = network;
    }
    return names;
}

static void
keep_pick(Task *task, const NicPick *pick)
{
    Planner *planner = task->planner;
    Choice *choice = &task->item->choice;
    const NicOption *chosen = pick->chosen;
    const char *why = pick->rule ? "named by a network rule"
                      : pick->n_options > 1
                          ? "the best of several networks of this VLAN"
                          : "the only network of this VLAN that the owner may use";
    choice->nics.items[choice->nics.n++] =
        (NicChoice){pick->server->id, chosen ? chosen->network->id : text_absent(),
            chosen && chosen->ip ? text_known(chosen->ip) : text_absent()};
    if (chosen)
        add_reason(task, about_nic(planner, text_or_word(pick->server->id)),
            text_or_word(chosen->network->name), why, other_names(planner->arena, pick));
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
    NicPicks picks = {.task = task, .hostname = hashed(task_hostname(task)), .items = items};
    for (size_t i = 0; i < server->nics.n; i++)
        if (server->nics.items[i].id.value)
            start_pick(&picks, &server->nics.items[i]);
    if (!pick_each(&picks) && !pick_together(&picks))
        pick_what_is_left(&picks);
    choice->nics.items = arena_new_n(task->planner->arena, NicChoice, picks.n);
    for (size_t i = 0; i < picks.n; i++) {
        keep_pick(task, &items[i]);
        g_free(items[i].owned);
    }
}
