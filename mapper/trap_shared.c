/* SPDX-License-Identifier: Apache-2.0
 *
 * A network with addresses of its own on a live VLAN: its virtual router answers DHCP there, and
 * hands out addresses that machines of the estate may hold. What holds which address is known of
 * guests with tools or an agent only: an address that nobody told is unknown, not free.
 *
 * Which of them come along with this plan is known when all items are judged. So these findings
 * are added at the end; they are warnings, and change no verdict.
 */
#include <string.h>

#include "trap_priv.h"

enum { HOLDERS_NAMED_MAX = 5 };

/* A NIC that this plan puts on a network with addresses. */
typedef struct SharedUse {
    PlanItem *item;
    const InstanceView *view;
    const char *nic;
    const Network *network;
    const char *ip4; /* that would be recorded; NULL: none is known */
} SharedUse;

/* A NIC of the estate on a VLAN. */
typedef struct Holder {
    const InstanceView *view;
    const Nic *nic;
} Holder;

/* --- while the items are judged --------------------------------------------------------------- */

static Answer
has_service(const Network *network, const char *name)
{
    for (size_t i = 0; i < network->service.n; i++)
        if (!g_strcmp0(network->service.items[i].name.value, name))
            return ANSWER_YES;
    return network->service.state == FACT_KNOWN ? ANSWER_NO : ANSWER_UNKNOWN;
}

/* "r-4-VM at 10.30.0.2", or that none is shown. */
static const char *
router_of(const Planner *planner, const Network *network)
{
    const Catalog *catalog = planner->catalog;
    for (size_t i = 0; i < catalog->routers.n; i++) {
        const Router *router = &catalog->routers.items[i];
        for (size_t j = 0; j < router->nic.n; j++)
            if (!g_strcmp0(router->nic.items[j].networkid.value, network->id.value))
                return arena_printf(planner->arena, "virtual router '%s' at %s, %s",
                    text_or_word(router->name), text_or_word(router->nic.items[j].ipaddress),
                    text_or_word(router->state));
    }
    return is_read(&catalog->routers) ? "no virtual router runs yet" : "listRouters was not read";
}

/* Networks of the zone on the same VLAN that answer DHCP, too. */
static const char *
rivals_of(Planner *planner, const Network *network)
{
    VlanKey key = network->broadcasturi.value ? vlan_key_of_uri(network->broadcasturi.value) : 0;
    const List *list = key ? &planner_vlan(planner, key)->networks : NULL;
    g_autoptr(GString) names = g_string_new(NULL);
    for (size_t i = 0; list && i < list->n; i++) {
        const Network *other = list->items[i];
        if (other != network && has_service(other, "Dhcp") == ANSWER_YES)
            g_string_append_printf(
                names, "%s'%s'", names->len ? ", " : "", text_or_word(other->name));
    }
    return names->len ? arena_strdup(planner->arena, names->str) : NULL;
}

static NetworkTraps *
shared_traps(const Task *task, const Network *network)
{
    NetworkTraps *traps = network_traps_find(task->planner, network);
    if (!traps->router) {
        traps->router = router_of(task->planner, network);
        traps->rivals = rivals_of(task->planner, network);
        traps->has_dhcp = has_service(network, "Dhcp");
    }
    return traps;
}

/* Addresses of the guest that no record will hold. */
static void
check_further(Task *task, const Nic *nic, const Network *network, const char *ip4)
{
    g_autoptr(GString) four = g_string_new(NULL);
    g_autoptr(GString) six = g_string_new(NULL);
    for (size_t i = 0; i < nic->ips.n; i++) {
        const char *ip = nic->ips.items[i];
        GString *to = strchr(ip, ':') ? six : four;
        if (g_strcmp0(ip, ip4) != 0)
            g_string_append_printf(to, "%s%s", to->len ? ", " : "", ip);
    }
    Arena *arena = task->planner->arena;
    const char *name = text_or_word(network->name);
    if (four->len && ip4)
        FIND(task, IP_NOT_CARRIED, nic->id.value, ARG(arena_strdup(arena, four->str)), ARG(name),
            ARG(arena_strndup(arena, four->str, strcspn(four->str, ","))));
    if (six->len)
        FIND(task, IP6_NOT_CARRIED, nic->id.value, ARG(arena_strdup(arena, six->str)), ARG(name));
}

void
check_shared(Task *task, const Nic *nic, const Network *network, const char *ip4)
{
    if (!network_needs_ip(network))
        return;
    const NetworkTraps *traps = shared_traps(task, network);
    const char *id = nic->id.value, *name = text_or_word(network->name);
    const char *uri = network->broadcasturi.value ? network->broadcasturi.value : "no VLAN yet";
    if (traps->has_dhcp != ANSWER_NO)
        FIND(task, DHCP_ON_LIVE_VLAN, id, ARG(name), ARG(uri), ARG(traps->router),
            ARG(traps->has_dhcp == ANSWER_YES ? "answers" : "may answer"));
    if (traps->rivals)
        FIND(task, NETWORK_SHARES_VLAN, id, ARG(name), ARG(uri), ARG(traps->rivals));
    check_further(task, nic, network, ip4);
    SharedUse use = {task->item, task->view, id, network, ip4};
    g_array_append_val(task->planner->shared_uses, use);
}

/* --- when all are judged ---------------------------------------------------------------------- */

static void
free_holders(gpointer holders)
{
    g_array_unref(holders);
}

/* VlanKey -> GArray of Holder; VLANs that are not wanted are left out. */
static GHashTable *
index_holders(Planner *planner, GHashTable *wanted)
{
    GHashTable *table = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_holders);
    const Inventory *inventory = planner->inventory;
    for (size_t i = 0; i < inventory->n_instances; i++) {
        const InstanceView *view = instance_view(&inventory->instances[i]);
        for (size_t j = 0; !is_true(view->is_template) && j < view->nics.n; j++) {
            const Nic *nic = &view->nics.items[j];
            VlanKey key = vlan_key(&nic->vlan);
            if (!key || !g_hash_table_contains(wanted, &key))
                continue;
            GArray *holders = g_hash_table_lookup(table, &key);
            if (!holders) {
                holders = g_array_new(false, false, sizeof(Holder));
                g_hash_table_insert(
                    table, arena_memdup(&planner->scratch, &key, sizeof key), holders);
            }
            Holder holder = {view, nic};
            g_array_append_val(holders, holder);
        }
    }
    return table;
}

/* What is known of a network's addresses on its VLAN. */
typedef struct Survey {
    GString *in_range; /* "10.0.0.5 ('web02')", ... */
    GString *silent;   /* names of machines that told no address */
    const char *gateway_holder;
    int64_t n_in_range, n_silent;
} Survey;

/* "10.0.0.5 ('web02')", or the name alone; a few are named, all are counted. */
static void
name_some(GString *text, int64_t n, const char *ip, const char *name)
{
    if (n > HOLDERS_NAMED_MAX)
        return;
    g_string_append(text, text->len ? ", " : "");
    if (ip)
        g_string_append_printf(text, "%s ('%s')", ip, name);
    else
        g_string_append_printf(text, "'%s'", name);
}

/* An address that comes along with an item of this plan is the network's own from then on. */
static bool
comes_along(Planner *planner, const Network *network, const char *ip)
{
    const HashedText id = network_id(planner, network), address = hashed(ip);
    return table_find_pair(&planner->held_ips, id, address) ||
           table_find_pair(&planner->managed_ips, id, address);
}

static void
survey_holder(Planner *planner, const Network *network, const Holder *holder, Survey *survey)
{
    const char *name = text_or_word(holder->view->name);
    bool has_told = false;
    for (size_t i = 0; i < holder->nic->ips.n; i++) {
        const char *ip = holder->nic->ips.items[i];
        if (!ip4_is_valid(ip))
            continue;
        has_told = true;
        if (!g_strcmp0(ip, network->gateway.value))
            survey->gateway_holder = name;
        else if (network_gives(planner, network, ip) == ANSWER_YES &&
                 !comes_along(planner, network, ip))
            name_some(survey->in_range, ++survey->n_in_range, ip, name);
    }
    if (!has_told)
        name_some(survey->silent, ++survey->n_silent, NULL, name);
}

/* Adds a warning behind all that weighs as much. */
static void
append_finding(Planner *planner, const SharedUse *use, FindingId id, const FindingArg *args)
{
    PlanItem *item = use->item;
    Finding *items = arena_new_n(planner->arena, Finding, item->n_findings + 1);
    size_t place = item->n_findings;
    while (place > 0 && item->findings[place - 1].severity < SEVERITY_WARNING)
        place--;
    for (size_t i = 0; i < item->n_findings; i++)
        items[i + (i >= place)] = item->findings[i];
    items[place] =
        (Finding){.kind = finding_kinds[id - 1], .severity = SEVERITY_WARNING, .subject = use->nic};
    memcpy(items[place].args, args, sizeof items[place].args);
    item->findings = items;
    item->n_findings++;
}

#define APPEND(planner, use, id, ...)                                                              \
    append_finding((planner), (use), FINDING_##id, (FindingArg[FINDING_ARGS_MAX]){__VA_ARGS__})

/* Another machine of the VLAN that has the very address. */
static const char *
other_holder(const GArray *holders, const SharedUse *use)
{
    for (guint i = 0; use->ip4 && holders && i < holders->len; i++) {
        const Holder *holder = &g_array_index(holders, Holder, i);
        if (holder->view != use->view && has_text(&holder->nic->ips, use->ip4))
            return text_or_word(holder->view->name);
    }
    return NULL;
}

static const NetworkTraps *
survey_network(Planner *planner, const Network *network, const GArray *holders)
{
    NetworkTraps *traps = network_traps_find(planner, network);
    if (traps->is_surveyed)
        return traps;
    Survey survey = {.in_range = g_string_new(NULL), .silent = g_string_new(NULL)};
    for (guint i = 0; holders && i < holders->len; i++)
        survey_holder(planner, network, &g_array_index(holders, Holder, i), &survey);
    traps->is_surveyed = true;
    traps->n_in_range = survey.n_in_range;
    traps->n_silent = survey.n_silent;
    traps->in_range = arena_strdup(planner->arena, survey.in_range->str);
    traps->silent = arena_strdup(planner->arena, survey.silent->str);
    traps->gateway_holder = survey.gateway_holder;
    g_string_free(survey.in_range, true);
    g_string_free(survey.silent, true);
    return traps;
}

static void
finish_use(Planner *planner, const SharedUse *use, GHashTable *by_vlan)
{
    const Network *network = use->network;
    const char *uri = network->broadcasturi.value, *name = text_or_word(network->name);
    VlanKey key = uri ? vlan_key_of_uri(uri) : 0;
    const GArray *holders = key ? g_hash_table_lookup(by_vlan, &key) : NULL;
    const NetworkTraps *traps = survey_network(planner, network, holders);
    const char *other = other_holder(holders, use);
    if (other)
        APPEND(planner, use, ADDRESS_OF_OTHER, ARG(use->ip4), ARG(other), ARG(name));
    if (traps->gateway_holder)
        APPEND(planner, use, GATEWAY_HELD, ARG(text_or_word(network->gateway)), ARG(name),
            ARG(traps->gateway_holder),
            ARG(!g_strcmp0(network->type.value, "Isolated")
                    ? "the virtual router takes it with the first start"
                    : "it must be the router of the VLAN"));
    if (traps->n_in_range)
        APPEND(planner, use, RANGE_IN_USE, ARG(name), ARG_N(traps->n_in_range),
            ARG(traps->in_range), ARG(text_or_word(network->id)));
    if (traps->n_silent)
        APPEND(planner, use, RANGE_UNTOLD, ARG(name), ARG_N(traps->n_silent), ARG(traps->silent),
            ARG(text_or_word(network->id)));
}

void
finish_shared(Planner *planner)
{
    const GArray *uses = planner->shared_uses;
    if (!uses->len)
        return;
    g_autoptr(GHashTable) wanted = g_hash_table_new(g_int64_hash, g_int64_equal);
    for (guint i = 0; i < uses->len; i++) {
        const char *uri = g_array_index(uses, SharedUse, i).network->broadcasturi.value;
        VlanKey *key = arena_new(&planner->scratch, VlanKey);
        *key = uri ? vlan_key_of_uri(uri) : 0;
        if (*key)
            g_hash_table_add(wanted, key);
    }
    g_autoptr(GHashTable) by_vlan = index_holders(planner, wanted);
    for (guint i = 0; i < uses->len; i++)
        finish_use(planner, &g_array_index(uses, SharedUse, i), by_vlan);
}

GArray *
shared_uses_new(void)
{
    return g_array_new(false, false, sizeof(SharedUse));
}
