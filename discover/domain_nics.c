/* SPDX-License-Identifier: Apache-2.0
 *
 * NICs of a domain.
 */
#include "libvirt_priv.h"

static int
compare_ids(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* Sorted ids to ranges: 10, 11, 12, 20 is 10-12 and 20. */
static void
ids_to_ranges(int *ids, size_t n, Arena *arena, Vlan *vlan)
{
    qsort(ids, n, sizeof *ids, compare_ids);
    VlanRange *ranges = arena_new_n(arena, VlanRange, n);
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        if (used && ids[i] <= ranges[used - 1].end.value + 1)
            ranges[used - 1].end = int_known(ids[i]);
        else
            ranges[used++] = (VlanRange){int_known(ids[i]), int_known(ids[i])};
    }
    vlan->ranges.items = ranges;
    vlan->ranges.n = used;
    vlan->ranges.state = FACT_KNOWN;
}

bool
vlan_read(const xmlNode *node, Arena *arena, Vlan *ret)
{
    int ids[VLAN_TAGS_MAX], native = 0;
    size_t n = 0;
    XML_EACH(node, tag) {
        uint64_t id = 0;
        if (!xml_is(tag, "tag"))
            continue;
        if (!text_to_uint(xml_attr(tag, "id"), VLAN_ID_MAX, &id) || n == VLAN_TAGS_MAX)
            return false;
        ids[n++] = (int)id;
        if (xml_attr(tag, "nativeMode"))
            native = (int)id;
    }
    if (n == 0)
        return false;
    Vlan vlan = {.kind = VLAN_ID, .id = int_known(ids[0]), .is_certain = bool_known(true)};
    if (n > 1 || g_strcmp0(xml_attr(node, "trunk"), "yes") == 0) {
        vlan.kind = VLAN_TRUNK;
        vlan.id = native ? int_known(native) : (Int){.state = FACT_ABSENT};
        ids_to_ranges(ids, n, arena, &vlan);
    } else if (ids[0] == 0) {
        vlan.kind = VLAN_NONE;
        vlan.id = (Int){.state = FACT_ABSENT};
    }
    *ret = vlan;
    return true;
}

static void
read_vlan(DomainWalk *walk, const xmlNode *node, const char *id, NicSource *from)
{
    const xmlNode *vlan = xml_child(node, "vlan");
    if (!vlan)
        return;
    from->has_vlan = vlan_read(vlan, walk->arena, &from->vlan);
    from->is_vlan_unread = !from->has_vlan;
    if (!from->has_vlan)
        walk_problem(walk, "nic-unread", id, "its VLAN tags cannot be read",
            "<vlan> with first tag id '%.40s'",
            xml_child_attr(vlan, "tag", "id") ? xml_child_attr(vlan, "tag", "id") : "");
    else
        from->vlan.from = text_known("<vlan> of the NIC");
}

static NicSource
read_source(DomainWalk *walk, const xmlNode *node)
{
    const xmlNode *source = xml_child(node, "source");
    return (NicSource){
        .type = xml_attr_copy(node, "type", walk->arena),
        .bridge = xml_attr_copy(source, "bridge", walk->arena),
        .dev = xml_attr_copy(source, "dev", walk->arena),
        .network = xml_attr_copy(source, "network", walk->arena),
        .portgroup = xml_attr_copy(source, "portgroup", walk->arena),
        .mode = xml_attr_copy(source, "mode", walk->arena),
        .virtualport = xml_attr_copy(xml_child(node, "virtualport"), "type", walk->arena),
        .is_live = walk->domain->is_active,
    };
}

static const char *
network_name(DomainWalk *walk, const NicSource *from)
{
    if (from->network)
        return from->portgroup ? arena_printf(walk->arena, "%s/%s", from->network, from->portgroup)
                               : from->network;
    return from->bridge ? from->bridge : from->dev;
}

static void
check_nic(DomainWalk *walk, const xmlNode *node, const Nic *nic, const NicSource *from)
{
    static const char *const named[] = {"bridge", "network", "direct"};
    const char *mac = xml_child_attr(node, "mac", "address");
    if (nic->mac.state != FACT_KNOWN)
        walk_problem(walk, "nic-unread", nic->id.value, "its MAC address cannot be read",
            "<mac address='%.60s'/>", mac ? mac : "");
    if (!from->type)
        walk_problem(walk, "nic-unread", nic->id.value, "what it is connected to cannot be read",
            "<interface> without type");
    for (size_t i = 0; i < G_N_ELEMENTS(named); i++)
        if (g_strcmp0(from->type, named[i]) == 0 && nic->network.state != FACT_KNOWN)
            walk_problem(walk, "nic-unread", nic->id.value,
                "what it is connected to cannot be read", "<interface type='%s'> without a source",
                named[i]);
}

void
domain_read_nic(DomainWalk *walk, const xmlNode *node)
{
    if (walk->nic->len == DOMAIN_NICS_MAX) {
        walk_problem(walk, "too-many", NULL, "it has more NICs than are read",
            "the first %d were read", DOMAIN_NICS_MAX);
        return;
    }
    NicSource from = read_source(walk, node);
    const char *model = xml_attr_copy(xml_child(node, "model"), "type", walk->arena);
    const char *tap = xml_attr_copy(xml_child(node, "target"), "dev", walk->arena);
    const char *alias = xml_attr_copy(xml_child(node, "alias"), "name", walk->arena);
    bool is_up = g_strcmp0(xml_child_attr(node, "link", "state"), "down") != 0;
    Nic nic = {
        .id = text_known(arena_printf(walk->arena, "%u", walk->nic->len)),
        .label = text_known(alias ? alias : tap),
        .key = text_known(tap),
        .mac = text_known(text_to_mac(xml_child_attr(node, "mac", "address"), walk->arena)),
        .adapter = model ? text_known(model) : text_absent(),
        .adapter_type = model ? text_known(model) : text_absent(),
        .network = text_known(network_name(walk, &from)),
        .port = tap ? text_known(tap) : text_absent(),
        .is_connected = bool_known(is_up),
        .starts_connected = bool_known(is_up),
    };
    if (from.type && !from.network && !from.bridge && !from.dev)
        nic.network = text_absent();
    read_vlan(walk, node, nic.id.value, &from);
    check_nic(walk, node, &nic, &from);
    if (g_strcmp0(from.type, "hostdev") == 0)
        walk_device(walk, "sriov", "interface", nic.mac.value);
    g_array_append_val(walk->nic, nic);
    g_array_append_val(walk->nic_source, from);
}
