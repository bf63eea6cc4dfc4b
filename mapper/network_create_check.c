/* SPDX-License-Identifier: Apache-2.0
 *
 * What createNetwork would answer: offering, physical network, dynamic range, overlaps, owner.
 *
 * Source: createNetwork of the CloudStack API; the server's texts as recorded of release 4.23.
 */
#include <string.h>

#include "network_create.h"
#include "plan_priv.h"

enum { VLAN_MAX = 4094, SHOWN_MAX = 20, CODE_PARAM = 431 };

/* --- findings --------------------------------------------------------------------------------- */

FindingText *
network_create_find(
    NetworkPlanner *networks, Change *change, FindingId id, const FindingArg *args, size_t n_args)
{
    Changes *changes = networks->changes;
    const FindingKind *kind = finding_kinds[id - 1];
    const PlanItem item = {.instance.name = change->name};
    Finding finding = {.kind = kind, .severity = kind->severity};
    memcpy(finding.args, args, n_args * sizeof *args);
    FindingText *text = change_list_add(changes, &change->findings);
    finding_render(&item, &finding, changes_arena(changes), text);
    return text;
}

#define CREATE_FIND(id, ...)                                                                       \
    network_create_find(networks, change, FINDING_##id, (FindingArg[]){__VA_ARGS__},               \
        sizeof((FindingArg[]){__VA_ARGS__}) / sizeof(FindingArg))

/* The server's answer to the call, or how it begins. */
static void
foretell(FindingText *finding, const char *text)
{
    finding->server = (ServerReply){
        .stage = STAGE_SUBMIT, .code = int_known(CODE_PARAM), .text = text_known(text)};
}

static Verdict
worst_of(const Change *change)
{
    static const Verdict by_severity[SEVERITY_N] = {
        [SEVERITY_ACTION] = VERDICT_READY_AFTER_ACTION,
        [SEVERITY_UNKNOWN] = VERDICT_UNKNOWN,
        [SEVERITY_BLOCKER] = VERDICT_BLOCKED,
    };
    Severity worst = SEVERITY_NONE;
    for (size_t i = 0; i < change->findings.n; i++)
        worst = MAX(worst, change->findings.items[i].severity);
    return by_severity[worst] ? by_severity[worst] : VERDICT_READY;
}

/* Worst first; equal ones stay in the order in which the server looks. */
static void
sort_findings(Change *change)
{
    FindingText *items = change->findings.items;
    for (size_t i = 1; i < change->findings.n; i++)
        for (size_t j = i; j > 0 && items[j].severity > items[j - 1].severity; j--) {
            FindingText swap = items[j];
            items[j] = items[j - 1];
            items[j - 1] = swap;
        }
}

/* --- the offering ----------------------------------------------------------------------------- */

static bool
is_l2_vlan_offering(const NetworkOffering *offering)
{
    return !g_strcmp0(offering->guestiptype.value, "L2") && is_true(offering->specifyvlan) &&
           !is_true(offering->forvpc) && offering->id.value;
}

/* Least surplus first: persistent networks are made at once on all hosts, tags choose the physical
 * network, and the default offering is the one that people know. */
static int
offering_rank(const NetworkOffering *offering)
{
    bool is_plain = !g_strcmp0(offering->name.value, "DefaultL2NetworkOfferingVlan");
    return (is_true(offering->ispersistent) ? 8 : 0) + (offering->tags.value ? 4 : 0) +
           (is_true(offering->isdefault) ? 0 : 2) + (is_plain ? 0 : 1);
}

const NetworkOffering *
network_create_choose_offering(const Planner *planner)
{
    const Catalog *catalog = planner->catalog;
    const NetworkOffering *best = NULL;
    for (size_t i = 0; i < catalog->network_offerings.n; i++) {
        const NetworkOffering *offering = &catalog->network_offerings.items[i];
        if (!is_l2_vlan_offering(offering) || g_strcmp0(offering->state.value, "Enabled") != 0 ||
            zone_sees(planner, &offering->zoneid) == ANSWER_NO)
            continue;
        int better = best ? offering_rank(offering) - offering_rank(best) : -1;
        if (better < 0 || (!better && g_strcmp0(offering->name.value, best->name.value) < 0))
            best = offering;
    }
    return best;
}

static void
judge_offering(NetworkPlanner *networks, Change *change)
{
    const Catalog *catalog = networks->planner->catalog;
    Arena *arena = changes_arena(networks->changes);
    if (networks->offering)
        return;
    const NetworkOffering *nearest = NULL;
    for (size_t i = 0; i < catalog->network_offerings.n && !nearest; i++)
        if (is_l2_vlan_offering(&catalog->network_offerings.items[i]))
            nearest = &catalog->network_offerings.items[i];
    const char *text = nearest ? arena_printf(arena, "'%s', which is %s",
                                     text_or_word(nearest->name), text_or_word(nearest->state))
                               : "none";
    const char *remedy =
        nearest
            ? arena_printf(arena, "updateNetworkOffering id=%s state=Enabled", nearest->id.value)
            : "createNetworkOffering name=L2-Vlan displaytext=L2-Vlan guestiptype=L2 "
              "traffictype=Guest specifyvlan=true, then updateNetworkOffering id=... "
              "state=Enabled";
    if (!is_read(&catalog->network_offerings))
        CREATE_FIND(CREATE_VLANS_UNREAD, ARG("the offering for it"),
            ARG("listNetworkOfferings was not read"));
    else
        CREATE_FIND(CREATE_OFFERING_MISSING, ARG_N((int64_t)catalog->network_offerings.n),
            ARG(text), ARG(remedy));
}

/* --- the physical network --------------------------------------------------------------------- */

static bool
carries_guests(const Planner *planner, const PhysicalNetwork *physical)
{
    const Catalog *catalog = planner->catalog;
    if (g_strcmp0(physical->zoneid.value, planner->zone->id.value) != 0)
        return false;
    for (size_t i = 0; i < catalog->traffic_types.n; i++) {
        const TrafficType *type = &catalog->traffic_types.items[i];
        if (!g_strcmp0(type->traffictype.value, "Guest") &&
            !g_strcmp0(type->physicalnetworkid.value, physical->id.value))
            return true;
    }
    return false;
}

static bool
has_tag(const PhysicalNetwork *physical, const char *tag)
{
    g_auto(GStrv) tags = g_strsplit(physical->tags.value ? physical->tags.value : "", ",", -1);
    return g_strv_contains((const char *const *)tags, tag);
}

/* By the label of the VMs' switch; else the only one that there is; else by the offering's tag. */
const PhysicalNetwork *
network_create_choose_physical(const NetworkPlanner *networks, const WantedNetwork *wanted)
{
    const Planner *planner = networks->planner;
    const Catalog *catalog = planner->catalog;
    const char *tag = networks->offering ? networks->offering->tags.value : NULL;
    const PhysicalNetwork *only = NULL, *tagged = NULL;
    size_t n = 0, n_tagged = 0;
    for (size_t i = 0; i < catalog->physical_networks.n; i++) {
        const PhysicalNetwork *physical = &catalog->physical_networks.items[i];
        if (!carries_guests(planner, physical) || !physical->id.value)
            continue;
        if (wanted->physical && !strcmp(physical->id.value, wanted->physical))
            return physical;
        only = physical;
        n++;
        if (tag && has_tag(physical, tag)) {
            tagged = physical;
            n_tagged++;
        }
    }
    return n == 1 ? only : n_tagged == 1 ? tagged : NULL;
}

/* Names, or labels, of all that carry guests. */
static const char *
guest_networks_text(NetworkPlanner *networks, bool wants_labels)
{
    const Catalog *catalog = networks->planner->catalog;
    g_autoptr(GString) text = g_string_new(NULL);
    for (size_t i = 0; i < catalog->physical_networks.n && !wants_labels; i++)
        if (carries_guests(networks->planner, &catalog->physical_networks.items[i]))
            g_string_append_printf(text, "%s'%s'", text->len ? ", " : "",
                text_or_word(catalog->physical_networks.items[i].name));
    for (size_t i = 0; i < catalog->traffic_types.n && wants_labels; i++) {
        const TrafficType *type = &catalog->traffic_types.items[i];
        if (!g_strcmp0(type->traffictype.value, "Guest"))
            g_string_append_printf(text, "%sVMware '%s', KVM '%s'", text->len ? "; " : "",
                text_or_word(type->vmwarenetworklabel), text_or_word(type->kvmnetworklabel));
    }
    return arena_strdup(changes_arena(networks->changes), text->len ? text->str : "none");
}

static void
judge_no_physical(NetworkPlanner *networks, Change *change, const WantedNetwork *wanted)
{
    const Catalog *catalog = networks->planner->catalog;
    const char *all = guest_networks_text(networks, false);
    if (!is_read(&catalog->physical_networks) || !is_read(&catalog->traffic_types))
        CREATE_FIND(CREATE_VLANS_UNREAD, ARG("the physical network of it"),
            ARG("listPhysicalNetworks or listTrafficTypes was not read"));
    else if (!strcmp(all, "none"))
        CREATE_FIND(CREATE_PHYSICAL_MISSING, ARG(text_or_word(networks->planner->zone->name)),
            ARG(arena_printf(changes_arena(networks->changes), "%zu physical networks",
                catalog->physical_networks.n)));
    else
        CREATE_FIND(
            CREATE_PHYSICAL_SEVERAL, ARG(wanted->vlan_text), ARG(all), ARG(wanted->switch_names));
}

static void
judge_physical(NetworkPlanner *networks, Change *change, const WantedNetwork *wanted)
{
    const PhysicalNetwork *on = wanted->on;
    if (!on) {
        judge_no_physical(networks, change, wanted);
        return;
    }
    const char *name = text_or_word(on->name), *methods = on->isolationmethods.value;
    if (on->state.value && strcmp(on->state.value, "Enabled") != 0)
        CREATE_FIND(CREATE_PHYSICAL_DISABLED, ARG(name), ARG(on->state.value), ARG(on->id.value));
    if (methods && !strstr(methods, "VLAN"))
        CREATE_FIND(CREATE_PHYSICAL_NOT_VLAN, ARG(name), ARG(methods));
    if (!wanted->physical && g_hash_table_size(wanted->switches))
        CREATE_FIND(CREATE_PHYSICAL_UNLABELLED, ARG(name), ARG(wanted->switch_names),
            ARG(guest_networks_text(networks, true)));
    if (wanted->is_repeated)
        CREATE_FIND(CREATE_SAME_VLAN, ARG(wanted->vlan_text), ARG(wanted->switch_names));
}

/* --- the dynamic range ------------------------------------------------------------------------ */

/* VLANs 0 to 4095, one bit each. */
typedef struct VlanSet {
    bool has[VLAN_ALL + 1];
} VlanSet;

/* False when the ranges go beyond VLANs. */
static bool
vlan_set_parse(const char *ranges, VlanSet *ret)
{
    *ret = (VlanSet){0};
    for (const char *at = ranges; at && *at;) {
        char *end = NULL;
        int64_t first = g_ascii_strtoll(at, &end, 10), last = first;
        if (end == at)
            return false;
        if (*end == '-')
            last = g_ascii_strtoll(end + 1, &end, 10);
        if (first < 0 || last > VLAN_ALL || last < first)
            return false;
        for (int64_t id = first; id <= last; id++)
            ret->has[id] = true;
        at = *end == ',' ? end + 1 : NULL;
    }
    return true;
}

static const char *
vlan_set_text(const VlanSet *set, Arena *arena)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (int id = 0; id <= VLAN_ALL; id++) {
        if (!set->has[id])
            continue;
        int last = id;
        while (last < VLAN_ALL && set->has[last + 1])
            last++;
        g_string_append_printf(
            text, last > id ? "%s%d-%d" : "%s%d", text->len ? "," : "", id, last);
        id = last;
    }
    return arena_strdup(arena, text->str);
}

/* The range without what all networks of the document need, so that one call is enough. */
static const char *
shrunk_range(const NetworkPlanner *networks, const PhysicalNetwork *on)
{
    VlanSet set;
    Arena *arena = changes_arena(networks->changes);
    if (!vlan_set_parse(on->vlan.value, &set))
        return "(the range without it)";
    for (guint i = 0; i < networks->sorted->len; i++) {
        const WantedNetwork *wanted = g_ptr_array_index(networks->sorted, i);
        if (wanted->on == on && wanted->vlan.id.value > 0 && wanted->vlan.id.value <= VLAN_ALL)
            set.has[wanted->vlan.id.value] = false;
    }
    const char *text = vlan_set_text(&set, arena);
    return *text ? text : "\"\" (none is left)";
}

/* "2001 (iso-1), 2004 (iso-2)": VLANs of the range that networks have now. */
static const char *
used_of_range(const NetworkPlanner *networks, const PhysicalNetwork *on)
{
    const Catalog *catalog = networks->planner->catalog;
    g_autoptr(GString) text = g_string_new(NULL);
    size_t n = 0;
    for (size_t i = 0; i < catalog->networks.n; i++) {
        const Network *network = &catalog->networks.items[i];
        int64_t id = network->broadcasturi.value
                         ? (int64_t)(vlan_key_of_uri(network->broadcasturi.value) & 0xffff)
                         : 0;
        if (!id || g_strcmp0(network->physicalnetworkid.value, on->id.value) != 0 ||
            !vlan_is_in_ranges(on->vlan.value, id) || ++n > SHOWN_MAX)
            continue;
        g_string_append_printf(text, "%s%" G_GINT64_FORMAT " (%s)", text->len ? ", " : "", id,
            text_or_word(network->name));
    }
    if (n > SHOWN_MAX)
        g_string_append_printf(text, " and %zu more", n - SHOWN_MAX);
    return arena_strdup(changes_arena(networks->changes), n ? text->str : "none");
}

static void
judge_range(NetworkPlanner *networks, Change *change, const WantedNetwork *wanted)
{
    Arena *arena = changes_arena(networks->changes);
    const PhysicalNetwork *on = wanted->on;
    int64_t id = wanted->vlan.id.value;
    if (!on || wanted->vlan.kind == VLAN_NONE || !vlan_is_in_ranges(on->vlan.value, id))
        return;
    FindingText *finding = CREATE_FIND(CREATE_VLAN_DYNAMIC, ARG_N(id), ARG(on->vlan.value),
        ARG(text_or_word(on->name)), ARG(on->id.value), ARG(used_of_range(networks, on)),
        ARG(shrunk_range(networks, on)));
    foretell(finding,
        arena_printf(arena,
            "The VLAN tag to use for new guest network, %" G_GINT64_FORMAT
            " is already being used for dynamic vlan allocation for the guest network in zone %s",
            id, text_or_word(networks->planner->zone->name)));
}

/* --- overlaps --------------------------------------------------------------------------------- */

static bool
is_guest_vlan(int64_t id)
{
    return id >= 1 && id <= VLAN_MAX;
}

static bool
is_valid(const Vlan *vlan)
{
    if (vlan->kind == VLAN_NONE || (vlan->kind == VLAN_ID && !vlan->id.value))
        return true; /* made as "untagged" */
    return is_guest_vlan(vlan->id.value) &&
           (vlan->kind != VLAN_PVLAN || is_guest_vlan(vlan->secondary.value));
}

/* A network of the same pair of VLANs, but of another type of PVLAN. */
static const Network *
find_other_pvlan(const Planner *planner, VlanKey key)
{
    const VlanKey pair = (VlanKey)0xffff << 48 | 0xffffffff;
    for (size_t i = 0; i < planner->catalog->networks.n; i++) {
        const Network *network = &planner->catalog->networks.items[i];
        VlanKey other =
            network->broadcasturi.value ? vlan_key_of_uri(network->broadcasturi.value) : 0;
        if (other != key && (other & pair) == (key & pair) &&
            !g_strcmp0(network->zoneid.value, planner->zone->id.value))
            return network;
    }
    return NULL;
}

static void
judge_vlan(NetworkPlanner *networks, Change *change, const WantedNetwork *wanted)
{
    const Planner *planner = networks->planner;
    if (!is_valid(&wanted->vlan))
        CREATE_FIND(CREATE_VLAN_INVALID, ARG(wanted->vlan_text), ARG(wanted->portgroup_names));
    const Network *other =
        wanted->vlan.kind == VLAN_PVLAN ? find_other_pvlan(planner, wanted->key) : NULL;
    if (other) {
        FindingText *finding = CREATE_FIND(CREATE_VLAN_TAKEN, ARG(wanted->vlan_text),
            ARG(text_or_word(other->name)), ARG(other->broadcasturi.value),
            ARG(text_or_word(other->account)), ARG(text_or_word(other->id)));
        char type[16] = "";
        g_strlcpy(type, pvlan_words[wanted->vlan.pvlan_type], sizeof type);
        type[0] = g_ascii_toupper(type[0]);
        foretell(
            finding, arena_printf(changes_arena(networks->changes),
                         "Network with primary vlan %" G_GINT64_FORMAT
                         " and secondary vlan %" G_GINT64_FORMAT
                         " type %s already exists or overlaps with other network pvlans in zone",
                         wanted->vlan.id.value, wanted->vlan.secondary.value, type));
    }
    if (!planner->sees_vlans || planner->has_hidden_vlan)
        CREATE_FIND(
            CREATE_VLANS_UNREAD, ARG(wanted->vlan_text), ARG("listNetworks shows no broadcasturi"));
}

/* --- the owner -------------------------------------------------------------------------------- */

static void
judge_owner(NetworkPlanner *networks, Change *change, const Owner *owner)
{
    bool is_unsure =
        (owner->account && !owner->of_account) || (owner->projectid && !owner->of_project);
    if (owner->problem)
        network_create_find(networks, change, owner->problem, owner->args, FINDING_ARGS_MAX);
    else if (is_unsure)
        CREATE_FIND(CREATE_OWNER_UNSURE, ARG(owner->label));
}

/* What the kinds of an owner foretell is the import's answer, not that of these calls. */
static void
drop_import_replies(Change *change)
{
    for (size_t i = 0; i < change->findings.n; i++) {
        FindingText *finding = &change->findings.items[i];
        if (!g_str_has_prefix(finding->id.value, "create-"))
            finding->server = (ServerReply){0};
    }
}

static void
finish(Change *change)
{
    drop_import_replies(change);
    sort_findings(change);
    change->verdict = worst_of(change);
}

void
network_create_judge(
    NetworkPlanner *networks, Change *change, const WantedNetwork *wanted, const Owner *owner)
{
    const Zone *zone = networks->planner->zone;
    if (zone->networktype.value && strcmp(zone->networktype.value, "Advanced") != 0)
        CREATE_FIND(CREATE_ZONE_BASIC, ARG(text_or_word(zone->name)), ARG(zone->networktype.value));
    judge_owner(networks, change, owner);
    judge_offering(networks, change);
    judge_physical(networks, change, wanted);
    judge_range(networks, change, wanted);
    judge_vlan(networks, change, wanted);
    finish(change);
}

void
network_create_judge_permission(
    NetworkPlanner *networks, Change *change, const Owner *owner, const char *network)
{
    judge_owner(networks, change, owner);
    finish(change);
    const Change *made = changes_find(networks->changes, network);
    if (made->verdict == VERDICT_BLOCKED)
        change->verdict = VERDICT_BLOCKED;
    else if (made->verdict == VERDICT_UNKNOWN && change->verdict == VERDICT_READY)
        change->verdict = VERDICT_UNKNOWN;
}
