/* SPDX-License-Identifier: Apache-2.0
 *
 * Networks, interfaces, storage pools and volumes of a host.
 */
#include "libvirt_priv.h"

#include "cleanup.h"

/* --- networks --------------------------------------------------------------------------------- */

static bool
read_vlan_child(const xmlNode *node, Arena *arena, Vlan *ret)
{
    const xmlNode *vlan = xml_child(node, "vlan");
    return vlan && vlan_read(vlan, arena, ret);
}

static void
read_portgroups(const xmlNode *root, Arena *arena, NetworkFacts *network)
{
    size_t n = 0;
    XML_EACH(root, node)
        n += xml_is(node, "portgroup");
    network->portgroups = arena_new_n(arena, NetworkPortgroup, MIN(n, NETWORK_PORTGROUPS_MAX));
    XML_EACH(root, node) {
        if (!xml_is(node, "portgroup") || network->n_portgroups == NETWORK_PORTGROUPS_MAX)
            continue;
        NetworkPortgroup *group = &network->portgroups[network->n_portgroups++];
        group->name = xml_attr_copy(node, "name", arena);
        group->is_default = g_strcmp0(xml_attr(node, "default"), "yes") == 0;
        group->virtualport = xml_attr_copy(xml_child(node, "virtualport"), "type", arena);
        group->has_vlan = read_vlan_child(node, arena, &group->vlan);
    }
}

/* The devices that a network forwards to: <forward dev=> and <interface dev=> below it. */
static void
read_forward(const xmlNode *forward, Arena *arena, NetworkFacts *network)
{
    enum { DEVICES_MAX = 256 };
    const char *devices[DEVICES_MAX];
    size_t n = 0;
    if (!forward)
        return;
    network->forward = xml_attr_copy(forward, "mode", arena);
    if (!network->forward)
        network->forward = "nat";
    XML_EACH(forward, node)
        if (xml_is(node, "interface") && xml_attr(node, "dev") && n < DEVICES_MAX)
            devices[n++] = xml_attr_copy(node, "dev", arena);
    if (n == 0 && xml_attr(forward, "dev"))
        devices[n++] = xml_attr_copy(forward, "dev", arena);
    network->devices.items = arena_memdup(arena, devices, n * sizeof *devices);
    network->devices.n = n;
    network->devices.state = FACT_KNOWN;
}

bool
network_xml_parse(const char *xml, size_t length, Arena *arena, NetworkFacts *ret, GError **error)
{
    g_autoptr(xmlDoc) document = xml_walk_parse(xml, length, "network XML", "network", error);
    if (!document)
        return false;
    const xmlNode *root = xmlDocGetRootElement(document);
    NetworkFacts network = {
        .name = xml_text(xml_child(root, "name"), arena),
        .uuid = xml_text(xml_child(root, "uuid"), arena),
        .bridge = xml_attr_copy(xml_child(root, "bridge"), "name", arena),
        .virtualport = xml_attr_copy(xml_child(root, "virtualport"), "type", arena),
    };
    if (!network.name) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_INVALID, "network XML: it has no <name>");
        return false;
    }
    network.has_vlan = read_vlan_child(root, arena, &network.vlan);
    read_forward(xml_child(root, "forward"), arena, &network);
    read_portgroups(root, arena, &network);
    *ret = network;
    return true;
}

/* --- interfaces ------------------------------------------------------------------------------- */

static void
read_interface(const xmlNode *node, Arena *arena, InterfaceFacts *ret)
{
    uint64_t tag = 0;
    const xmlNode *vlan = xml_child(node, "vlan");
    ret->name = xml_attr_copy(node, "name", arena);
    ret->type = xml_attr_copy(node, "type", arena);
    if (text_to_uint(xml_attr(vlan, "tag"), VLAN_ID_MAX, &tag))
        ret->vlan_tag = (int)tag;
    ret->vlan_parent = xml_attr_copy(xml_child(vlan, "interface"), "name", arena);
}

static void
read_members(const xmlNode *bridge, Arena *arena, InterfaceFacts *ret)
{
    enum { MEMBERS_MAX = 4096 };
    size_t n = 0;
    XML_EACH(bridge, node)
        n += xml_is(node, "interface");
    ret->members = arena_new_n(arena, InterfaceFacts, MIN(n, MEMBERS_MAX));
    XML_EACH(bridge, node)
        if (xml_is(node, "interface") && ret->n_members < MEMBERS_MAX)
            read_interface(node, arena, &ret->members[ret->n_members++]);
}

bool
interface_xml_parse(
    const char *xml, size_t length, Arena *arena, InterfaceFacts *ret, GError **error)
{
    g_autoptr(xmlDoc) document = xml_walk_parse(xml, length, "interface XML", "interface", error);
    if (!document)
        return false;
    const xmlNode *root = xmlDocGetRootElement(document);
    InterfaceFacts interface = {0};
    read_interface(root, arena, &interface);
    read_members(xml_child(root, "bridge"), arena, &interface);
    *ret = interface;
    return true;
}

/* --- storage ---------------------------------------------------------------------------------- */

static int64_t
read_bytes(const xmlNode *node, Arena *arena)
{
    int64_t bytes = 0;
    const char *unit = xml_attr(node, "unit");
    return text_to_bytes(xml_text(node, arena), unit ? unit : "bytes", &bytes) ? bytes : -1;
}

bool
pool_xml_parse(const char *xml, size_t length, Arena *arena, PoolFacts *ret, GError **error)
{
    g_autoptr(xmlDoc) document = xml_walk_parse(xml, length, "pool XML", "pool", error);
    if (!document)
        return false;
    const xmlNode *root = xmlDocGetRootElement(document), *source = xml_child(root, "source");
    PoolFacts pool = {
        .name = xml_text(xml_child(root, "name"), arena),
        .uuid = xml_text(xml_child(root, "uuid"), arena),
        .type = xml_attr_copy(root, "type", arena),
        .path = xml_text(xml_child(xml_child(root, "target"), "path"), arena),
        .host = xml_attr_copy(xml_child(source, "host"), "name", arena),
        .source_path = xml_attr_copy(xml_child(source, "dir"), "path", arena),
        .source_name = xml_text(xml_child(source, "name"), arena),
        .format = xml_attr_copy(xml_child(source, "format"), "type", arena),
        .capacity_bytes = read_bytes(xml_child(root, "capacity"), arena),
        .available_bytes = read_bytes(xml_child(root, "available"), arena),
    };
    if (!pool.name || !pool.type) {
        g_set_error(
            error, INGEST_ERROR, INGEST_ERROR_INVALID, "pool XML: it has no <name> or no type");
        return false;
    }
    *ret = pool;
    return true;
}

bool
volume_xml_parse(const char *xml, size_t length, Arena *arena, VolumeFacts *ret, GError **error)
{
    g_autoptr(xmlDoc) document = xml_walk_parse(xml, length, "volume XML", "volume", error);
    if (!document)
        return false;
    const xmlNode *root = xmlDocGetRootElement(document), *target = xml_child(root, "target"),
                  *backing = xml_child(root, "backingStore");
    VolumeFacts volume = {
        .path = xml_text(xml_child(target, "path"), arena),
        .format = xml_attr_copy(xml_child(target, "format"), "type", arena),
        .capacity_bytes = read_bytes(xml_child(root, "capacity"), arena),
        .allocation_bytes = read_bytes(xml_child(root, "allocation"), arena),
        .backing_path = xml_text(xml_child(backing, "path"), arena),
        .backing_format = xml_attr_copy(xml_child(backing, "format"), "type", arena),
    };
    *ret = volume;
    return true;
}
