/* SPDX-License-Identifier: Apache-2.0
 *
 * Which VLAN a NIC is in, from what libvirt tells.
 */
#include "libvirt_priv.h"

enum {
    VNI_MAX = 16777215,
    LIBVIRT_WITH_BRIDGE_VLANS = 11000000, /* from there on <vlan> works on a plain bridge */
};

typedef struct Resolver {
    const HostNetworks *host;
    Arena *arena;
} Resolver;

static Vlan of_interface(const Resolver *resolver, const char *name, int depth);

G_GNUC_PRINTF(2, 3)
static Vlan
unknown(const Resolver *resolver, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *why = g_strdup_vprintf(format, args);
    va_end(args);
    return (Vlan){.kind = VLAN_UNKNOWN, .from = text_known(arena_intern(resolver->arena, why))};
}

G_GNUC_PRINTF(4, 5)
static Vlan
told(const Resolver *resolver, VlanKind kind, bool is_certain, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *from = g_strdup_vprintf(format, args);
    va_end(args);
    return (Vlan){.kind = kind,
        .id = {.state = kind == VLAN_ID ? FACT_UNKNOWN : FACT_ABSENT},
        .is_certain = bool_known(is_certain),
        .from = text_known(arena_intern(resolver->arena, from))};
}

/* --- names ------------------------------------------------------------------------------------ */

/* The number at the end of "breth0-100" after @mark, when it is in 1..@max. */
static int
trailing_number(const char *name, char mark, int max)
{
    const char *at = strrchr(name, mark);
    uint64_t number = 0;
    return at && at != name && text_to_uint(at + 1, (uint64_t)max, &number) ? (int)number : 0;
}

/* Names that CloudStack and others give to bridges of a VLAN; not certain. */
static Vlan
of_name(const Resolver *resolver, const char *name)
{
    uint64_t number = 0;
    if (g_str_has_prefix(name, "brvx-")) {
        if (text_to_uint(name + strlen("brvx-"), VNI_MAX, &number) && number > 0) {
            Vlan vlan = told(resolver, VLAN_OVERLAY, false, "name of bridge '%s'", name);
            vlan.segment = text_known(arena_printf(resolver->arena, "%d", (int)number));
            return vlan;
        }
        return (Vlan){0};
    }
    if (g_str_has_prefix(name, "cloudVirBr"))
        text_to_uint(name + strlen("cloudVirBr"), VLAN_ID_MAX, &number);
    else if (g_str_has_prefix(name, "br"))
        number = (uint64_t)trailing_number(name + strlen("br"), '-', VLAN_ID_MAX);
    if (number == 0)
        return (Vlan){0};
    Vlan vlan = told(resolver, VLAN_ID, false, "name of bridge '%s'", name);
    vlan.id = int_known((int64_t)number);
    return vlan;
}

static Vlan
of_name_or_unknown(const Resolver *resolver, const char *name, const char *why)
{
    Vlan vlan = of_name(resolver, name);
    return vlan.kind != VLAN_UNKNOWN ? vlan : unknown(resolver, "%s", why);
}

/* --- interfaces ------------------------------------------------------------------------------- */

/* What carries @parent's frames decides whether @device's tag is the one that leaves the host. */
static Vlan
of_vlan_device(const Resolver *resolver, const InterfaceFacts *device, int depth)
{
    const char *parent = device->vlan_parent;
    Vlan below = {0};
    if (device->vlan_tag == 0)
        return unknown(resolver, "the tag of VLAN device '%s' cannot be read", device->name);
    if (parent)
        below = of_interface(resolver, parent, depth + 1);
    if (below.kind == VLAN_ID)
        return unknown(resolver, "VLAN %d of '%s' is inside VLAN %d (QinQ)", device->vlan_tag,
            device->name, (int)below.id.value);
    if (below.kind == VLAN_OVERLAY)
        return unknown(resolver, "VLAN %d of '%s' is inside overlay %s", device->vlan_tag,
            device->name, below.segment.value);
    if (below.kind == VLAN_UNKNOWN && parent &&
        resolver->host->interface(resolver->host->data, parent))
        return below; /* below it is something that is not understood */
    Vlan vlan = told(resolver, VLAN_ID, below.kind == VLAN_NONE, "VLAN device '%s'%s", device->name,
        below.kind == VLAN_NONE      ? ""
        : below.kind == VLAN_PRIVATE ? " on a bridge that has no way outside"
                                     : " on a device that could not be read");
    vlan.id = int_known(device->vlan_tag);
    return vlan;
}

/* libvirt tells no kind of such a device; what is inside it leaves the host wrapped. */
static bool
is_overlay_name(const char *name)
{
    return g_str_has_prefix(name, "vxlan") || g_str_has_prefix(name, "geneve") ||
           g_str_has_prefix(name, "gretap");
}

static Vlan
of_member(
    const Resolver *resolver, const InterfaceFacts *bridge, const InterfaceFacts *member, int depth)
{
    const char *type = member->type ? member->type : "";
    if (!member->name)
        return unknown(resolver, "a member of bridge '%s' has no name", bridge->name);
    if (strcmp(type, "vlan") == 0) {
        if (member->vlan_parent)
            return of_vlan_device(resolver, member, depth);
        Vlan vlan = of_interface(resolver, member->name, depth + 1);
        return vlan.kind != VLAN_UNKNOWN ? vlan : of_vlan_device(resolver, member, depth);
    }
    if (is_overlay_name(member->name)) {
        Vlan named = of_name(resolver, bridge->name);
        if (named.kind != VLAN_OVERLAY || !g_str_has_prefix(member->name, "vxlan") ||
            strcmp(named.segment.value, member->name + strlen("vxlan")) != 0)
            return unknown(resolver, "member '%s' of bridge '%s' may be an overlay's tunnel",
                member->name, bridge->name);
        named.from = text_known(arena_printf(
            resolver->arena, "names of bridge '%s' and member '%s'", bridge->name, member->name));
        return named;
    }
    if (strcmp(type, "bridge") == 0)
        return of_interface(resolver, member->name, depth + 1);
    return told(resolver, VLAN_NONE, false,
        "member '%s' of bridge '%s' is no VLAN device; a filter of the bridge or what is behind "
        "the member may put it in a VLAN",
        member->name, bridge->name);
}

static bool
is_same(const Vlan *a, const Vlan *b)
{
    return a->kind == b->kind && a->id.value == b->id.value &&
           g_strcmp0(a->segment.value, b->segment.value) == 0;
}

static Vlan
of_bridge(const Resolver *resolver, const InterfaceFacts *bridge, int depth)
{
    if (bridge->n_members == 0) {
        Vlan vlan = of_name(resolver, bridge->name);
        return vlan.kind != VLAN_UNKNOWN
                   ? vlan
                   : told(resolver, VLAN_PRIVATE, false,
                         "bridge '%s' has no member that leads outside", bridge->name);
    }
    Vlan first = of_member(resolver, bridge, &bridge->members[0], depth);
    for (size_t i = 1; i < bridge->n_members; i++) {
        Vlan other = of_member(resolver, bridge, &bridge->members[i], depth);
        if (!is_same(&first, &other))
            return unknown(resolver, "members '%s' and '%s' of bridge '%s' are in different VLANs",
                bridge->members[0].name, bridge->members[i].name, bridge->name);
        if (!is_true(other.is_certain))
            first.is_certain = other.is_certain;
    }
    if (first.kind == VLAN_ID && depth == 0)
        first.from = text_known(
            arena_printf(resolver->arena, "%s in bridge '%s'", first.from.value, bridge->name));
    return first;
}

static Vlan
of_interface(const Resolver *resolver, const char *name, int depth)
{
    if (depth > VLAN_DEPTH_MAX)
        return unknown(resolver, "'%s' is more than %d devices deep", name, VLAN_DEPTH_MAX);
    const InterfaceFacts *facts = resolver->host->interface(resolver->host->data, name);
    if (!facts) {
        g_autofree char *why = g_strdup_printf("'%s' of the host could not be read", name);
        return of_name_or_unknown(resolver, name, why);
    }
    InterfaceFacts device = *facts;
    device.name = name;
    if (g_strcmp0(device.type, "bridge") == 0)
        return of_bridge(resolver, &device, depth);
    if (g_strcmp0(device.type, "vlan") == 0)
        return of_vlan_device(resolver, &device, depth);
    if (is_overlay_name(name))
        return unknown(resolver, "device '%s' may be an overlay's tunnel", name);
    return told(resolver, VLAN_NONE, false,
        "device '%s' is no VLAN device; its switch port may be in a VLAN", name);
}

/* A bridge that is not seen as one belongs to Open vSwitch, where only ports know their tag. */
static Vlan
of_attached_bridge(const Resolver *resolver, const char *name)
{
    const InterfaceFacts *facts = resolver->host->interface(resolver->host->data, name);
    if (facts && g_strcmp0(facts->type, "bridge") != 0) {
        g_autofree char *why = g_strdup_printf(
            "'%s' is no Linux bridge; an Open vSwitch port may have a tag of its own", name);
        return of_name_or_unknown(resolver, name, why);
    }
    return of_interface(resolver, name, 0);
}

static Vlan
of_devices(const Resolver *resolver, const char *network, const Texts *devices)
{
    if (devices->n == 0)
        return unknown(resolver, "network '%s' names no device", network);
    Vlan first = of_interface(resolver, devices->items[0], 0);
    for (size_t i = 1; i < devices->n; i++) {
        Vlan other = of_interface(resolver, devices->items[i], 0);
        if (!is_same(&first, &other))
            return unknown(resolver, "the devices of network '%s' are in different VLANs", network);
        if (!is_true(other.is_certain))
            first.is_certain = other.is_certain;
    }
    return first;
}

/* --- networks --------------------------------------------------------------------------------- */

static bool
is_ovs(const char *virtualport)
{
    return g_strcmp0(virtualport, "openvswitch") == 0;
}

static const NetworkPortgroup *
find_portgroup(const NetworkFacts *network, const char *name)
{
    for (size_t i = 0; i < network->n_portgroups; i++) {
        const NetworkPortgroup *group = &network->portgroups[i];
        if (name ? g_strcmp0(group->name, name) == 0 : group->is_default)
            return group;
    }
    return NULL;
}

static bool
is_private_forward(const char *mode)
{
    return !mode || strcmp(mode, "nat") == 0 || strcmp(mode, "route") == 0 ||
           strcmp(mode, "open") == 0;
}

/* libvirt applies a VLAN only where the switch can: Open vSwitch, SR-IOV, from 11.0 bridges. */
static bool
has_vlan_effect(const Resolver *resolver, const NetworkFacts *network, const char *virtualport)
{
    return is_ovs(virtualport) || is_ovs(network->virtualport) ||
           g_strcmp0(virtualport, "802.1Qbh") == 0 || g_strcmp0(network->forward, "hostdev") == 0 ||
           resolver->host->libvirt_version >= LIBVIRT_WITH_BRIDGE_VLANS;
}

static Vlan
without_vlan(const Resolver *resolver, const NetworkFacts *network, const char *virtualport)
{
    if (is_private_forward(network->forward))
        return told(resolver, VLAN_PRIVATE, true, "network '%s' (%s) exists on its host only",
            network->name, network->forward ? network->forward : "isolated");
    if (is_ovs(virtualport) || is_ovs(network->virtualport))
        return unknown(resolver,
            "network '%s' is on Open vSwitch without a VLAN; its ports may have tags of their own",
            network->name);
    if (strcmp(network->forward, "hostdev") == 0)
        return unknown(resolver,
            "network '%s' hands out SR-IOV functions; libvirt does not tell their VLAN",
            network->name);
    if (network->bridge)
        return of_attached_bridge(resolver, network->bridge);
    return of_devices(resolver, network->name, &network->devices);
}

static Vlan
of_network(const Resolver *resolver, const NetworkFacts *network, const char *portgroup)
{
    const NetworkPortgroup *group = find_portgroup(network, portgroup);
    if (portgroup && !group)
        return unknown(resolver, "network '%s' has no port group '%s'", network->name, portgroup);
    const char *virtualport =
        group && group->virtualport ? group->virtualport : network->virtualport;
    bool has_effect = has_vlan_effect(resolver, network, virtualport);
    if (group && group->has_vlan && has_effect) {
        Vlan vlan = group->vlan;
        vlan.from = text_known(arena_printf(
            resolver->arena, "port group '%s' of network '%s'", group->name, network->name));
        return vlan;
    }
    if (network->has_vlan && has_effect) {
        Vlan vlan = network->vlan;
        vlan.from = text_known(arena_printf(resolver->arena, "network '%s'", network->name));
        return vlan;
    }
    return without_vlan(resolver, network, virtualport);
}

/* --- NICs ------------------------------------------------------------------------------------- */

static bool
is_own_vlan_effective(const Resolver *resolver, const NicSource *nic, const NetworkFacts *network)
{
    if (!nic->has_vlan)
        return false;
    if (nic->is_live || g_strcmp0(nic->type, "hostdev") == 0 || is_ovs(nic->virtualport) ||
        g_strcmp0(nic->virtualport, "802.1Qbh") == 0 ||
        resolver->host->libvirt_version >= LIBVIRT_WITH_BRIDGE_VLANS)
        return true;
    return network && has_vlan_effect(resolver, network, NULL);
}

static Vlan
of_typed(const Resolver *resolver, const NicSource *nic, const NetworkFacts *network)
{
    const char *type = nic->type ? nic->type : "";
    if (nic->is_vlan_unread)
        return unknown(resolver, "the NIC's <vlan> cannot be read");
    if (is_ovs(nic->virtualport))
        return unknown(resolver,
            "a port of Open vSwitch without <vlan>; the port or its bridge may have a tag");
    if (nic->network && network)
        return of_network(resolver, network, nic->portgroup);
    if (nic->bridge && (strcmp(type, "bridge") == 0 || strcmp(type, "network") == 0))
        return of_attached_bridge(resolver, nic->bridge);
    if (nic->dev && strcmp(type, "direct") == 0)
        return of_interface(resolver, nic->dev, 0);
    if (nic->network)
        return unknown(resolver, "network '%s' could not be read", nic->network);
    if (strcmp(type, "user") == 0)
        return told(resolver, VLAN_PRIVATE, true, "type='user': address translation by QEMU");
    return unknown(resolver, "type='%s': libvirt does not tell", type);
}

Vlan
vlan_resolve(const NicSource *nic, const HostNetworks *host, Arena *arena)
{
    Resolver resolver = {host, arena};
    const NetworkFacts *network = nic->network ? host->network(host->data, nic->network) : NULL;
    if (is_own_vlan_effective(&resolver, nic, network))
        return nic->vlan;
    return of_typed(&resolver, nic, network);
}

Vlan
vlan_of_interface(const char *name, const HostNetworks *host, Arena *arena)
{
    Resolver resolver = {host, arena};
    return of_attached_bridge(&resolver, name);
}

Vlan
vlan_of_network(
    const NetworkFacts *network, const char *portgroup, const HostNetworks *host, Arena *arena)
{
    Resolver resolver = {host, arena};
    return of_network(&resolver, network, portgroup);
}

SwitchKind
network_switch_kind(const NetworkFacts *network)
{
    if (is_ovs(network->virtualport))
        return SWITCH_OVS;
    if (is_private_forward(network->forward))
        return SWITCH_PRIVATE;
    return network->bridge ? SWITCH_BRIDGE : SWITCH_DIRECT;
}

SwitchKind
nic_switch_kind(const NicSource *nic, const HostNetworks *host)
{
    const NetworkFacts *network = nic->network ? host->network(host->data, nic->network) : NULL;
    if (is_ovs(nic->virtualport))
        return SWITCH_OVS;
    if (network)
        return network_switch_kind(network);
    if (nic->bridge) {
        const InterfaceFacts *facts = host->interface(host->data, nic->bridge);
        return facts && g_strcmp0(facts->type, "bridge") == 0 ? SWITCH_BRIDGE : SWITCH_UNKNOWN;
    }
    if (g_strcmp0(nic->type, "direct") == 0 || g_strcmp0(nic->type, "hostdev") == 0)
        return SWITCH_DIRECT;
    return g_strcmp0(nic->type, "user") == 0 ? SWITCH_PRIVATE : SWITCH_UNKNOWN;
}
