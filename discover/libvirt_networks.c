/* SPDX-License-Identifier: Apache-2.0
 *
 * NICs to networks: VLANs, port groups, switches.
 */
#include "libvirt_worker.h"

#include "record.h"

/* --- what vlan_resolve() asks ----------------------------------------------------------------- */

static const NetworkFacts *
find_network(void *data, const char *name)
{
    Worker *worker = data;
    return worker->networks ? g_hash_table_lookup(worker->networks, name) : NULL;
}

static const InterfaceFacts *
find_interface(void *data, const char *name)
{
    Worker *worker = data;
    return worker->interfaces ? g_hash_table_lookup(worker->interfaces, name) : NULL;
}

/* --- the stage that asks for interfaces ------------------------------------------------------- */

typedef struct InterfaceReader {
    Worker *worker;
    Arena *arena;
    GHashTable *interfaces;
    GHashTable *listed; /* names of all that is no member of a bridge; NULL: not told */
    GHashTable *taps;   /* ends of running domains' NICs on the host, by name */
    GQueue wanted;      /* names, borrowed */
    bool lacks_driver;
} InterfaceReader;

static void
want(InterfaceReader *reader, const char *name)
{
    if (name && !g_hash_table_contains(reader->interfaces, name)) {
        g_hash_table_insert(reader->interfaces, (gpointer)name, NULL);
        g_queue_push_tail(&reader->wanted, (gpointer)name);
    }
}

/* A bridge is no member of another: if the list lacks it, there is none. */
static void
want_bridge(InterfaceReader *reader, const char *name)
{
    if (name && reader->listed && !g_hash_table_contains(reader->listed, name))
        g_hash_table_insert(reader->interfaces, (gpointer)name, NULL);
    else
        want(reader, name);
}

static void
list_interfaces(InterfaceReader *reader)
{
    virInterfacePtr *handles = NULL;
    int n = virConnectListAllInterfaces(reader->worker->connection, &handles, 0);
    reader->worker->requests++;
    virResetLastError();
    if (n < 0)
        return;
    reader->listed = g_hash_table_new(g_str_hash, g_str_equal);
    for (int i = 0; i < n; i++) {
        g_hash_table_add(
            reader->listed, (gpointer)arena_strdup(reader->arena, virInterfaceGetName(handles[i])));
        virInterfaceFree(handles[i]);
    }
    free(handles);
}

/* libvirt leaves out members named "vnet..."; a tap may have a name of its own. */
static void
drop_taps(const InterfaceReader *reader, InterfaceFacts *bridge)
{
    size_t n = 0;
    for (size_t i = 0; i < bridge->n_members; i++)
        if (!bridge->members[i].name ||
            !g_hash_table_contains(reader->taps, bridge->members[i].name))
            bridge->members[n++] = bridge->members[i];
    bridge->n_members = n;
}

static const InterfaceFacts *
fetch_interface(InterfaceReader *reader, const char *name)
{
    Worker *worker = reader->worker;
    virInterfacePtr handle = virInterfaceLookupByName(worker->connection, name);
    g_autofree char *xml = handle ? virInterfaceGetXMLDesc(handle, 0) : NULL;
    worker->requests += handle ? 2 : 1;
    if (handle)
        virInterfaceFree(handle);
    if (!xml) {
        LibvirtError why = libvirt_last_error();
        reader->lacks_driver = why.code == VIR_ERR_NO_SUPPORT || why.code == VIR_ERR_NO_CONNECT;
        if (reader->lacks_driver)
            worker_problem(worker, "interfaces-unread", NULL,
                "bridges of the host cannot be read: the VLANs of NICs on them are not certain",
                "install libvirt-daemon-driver-interface on the host, or name the VLANs by policy",
                "%s", why.text);
        return NULL;
    }
    InterfaceFacts *facts = arena_new(reader->arena, InterfaceFacts);
    if (!interface_xml_parse(xml, strlen(xml), reader->arena, facts, NULL))
        return NULL;
    drop_taps(reader, facts);
    return facts;
}

static void
want_all(InterfaceReader *reader)
{
    Worker *worker = reader->worker;
    GHashTableIter at;
    gpointer value;
    if (worker->networks) {
        g_hash_table_iter_init(&at, worker->networks);
        while (g_hash_table_iter_next(&at, NULL, &value)) {
            const NetworkFacts *network = value;
            want_bridge(reader, network->bridge);
            for (size_t i = 0; i < network->devices.n; i++)
                want(reader, network->devices.items[i]);
        }
    }
    for (size_t i = 0; i < worker->n_all; i++) /* a tap is known by the domain that it is of */
        if (worker->domains[i].taken == DOMAIN_READ)
            for (size_t k = 0; k < worker->domains[i].xml.view.nics.n; k++) {
                const NicSource *nic = &worker->domains[i].xml.nics[k];
                const char *tap = worker->domains[i].xml.view.nics.items[k].port.value;
                if (tap && nic->is_live)
                    g_hash_table_add(reader->taps, (gpointer)tap);
                want_bridge(reader, nic->bridge);
                if (g_strcmp0(nic->type, "direct") == 0)
                    want(reader, nic->dev);
            }
}

void *
worker_read_interfaces(Worker *worker)
{
    enum { INTERFACES_MAX = 20000 };
    InterfaceReader reader = {.worker = worker,
        .arena = stage_arena(),
        .interfaces = g_hash_table_new(g_str_hash, g_str_equal),
        .taps = g_hash_table_new(g_str_hash, g_str_equal)};
    list_interfaces(&reader);
    want_all(&reader);
    while (!g_queue_is_empty(&reader.wanted) && !reader.lacks_driver &&
           g_hash_table_size(reader.interfaces) < INTERFACES_MAX) {
        const char *name = g_queue_pop_head(&reader.wanted);
        const InterfaceFacts *facts = fetch_interface(&reader, name);
        g_hash_table_insert(reader.interfaces, (gpointer)name, (gpointer)facts);
        want(&reader, facts ? facts->vlan_parent : NULL);
        for (size_t i = 0; facts && i < facts->n_members; i++) {
            const InterfaceFacts *member = &facts->members[i];
            want(&reader, member->vlan_parent);
            if (g_strcmp0(member->type, "vlan") == 0 || g_strcmp0(member->type, "bridge") == 0)
                want(&reader, member->name);
        }
    }
    g_queue_clear(&reader.wanted);
    g_clear_pointer(&reader.listed, g_hash_table_unref);
    g_clear_pointer(&reader.taps, g_hash_table_unref);
    return reader.interfaces;
}

/* --- records ---------------------------------------------------------------------------------- */

typedef struct Putting {
    Worker *worker;
    HostNetworks host;
    GHashTable *ids; /* of the records that were put */
} Putting;

static const char *
put_switch(Putting *putting, const char *name, SwitchKind kind)
{
    Worker *worker = putting->worker;
    const char *id = record_id(worker, &worker->arena, "switch", name);
    if (!g_hash_table_add(putting->ids, (gpointer)id))
        return id;
    Switch record = {.id = text_known(id),
        .name = text_known(name),
        .kind = kind,
        .host = worker->request.label,
        .datacenter = text_absent(),
        .pvlans = {.state = FACT_ABSENT}};
    const InterfaceFacts *facts = find_interface(worker, name);
    if (facts && g_strcmp0(facts->type, "bridge") == 0) {
        record.uplinks.items = arena_new_n(&worker->arena, const char *, facts->n_members + 1);
        record.uplinks.state = FACT_KNOWN;
        for (size_t i = 0; i < facts->n_members; i++)
            if (facts->members[i].name)
                record.uplinks.items[record.uplinks.n++] = facts->members[i].name;
    }
    worker_put_record(worker, RECORD_SWITCH, &record);
    return id;
}

/* @switch_name NULL: none that is known. */
static const char *
put_portgroup(Putting *putting, const char *kind_word, const char *name, SwitchKind kind,
    const char *switch_name, Vlan vlan)
{
    Worker *worker = putting->worker;
    const char *id = record_id(worker, &worker->arena, kind_word, name);
    if (!g_hash_table_add(putting->ids, (gpointer)id))
        return id;
    Portgroup record = {
        .id = text_known(id),
        .name = text_known(name),
        .datacenter = text_absent(),
        .kind = kind,
        .switch_id = switch_name ? text_known(put_switch(putting, switch_name, kind)) : (Text){0},
        .hosts = {.items = &worker->request.label.value, .n = 1, .state = FACT_KNOWN},
        .vlan = vlan,
        .is_uplink = bool_known(false),
    };
    worker_put_record(worker, RECORD_PORTGROUP, &record);
    return id;
}

static const char *
put_network(Putting *putting, const NetworkFacts *network, const char *portgroup)
{
    Arena *arena = &putting->worker->arena;
    const char *name =
        portgroup ? arena_printf(arena, "%s/%s", network->name, portgroup) : network->name;
    return put_portgroup(putting, "network", name, network_switch_kind(network), network->bridge,
        vlan_of_network(network, portgroup, &putting->host, arena));
}

static int
compare_networks(const void *a, const void *b)
{
    const NetworkFacts *const *left = a, *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

static void
put_networks(Putting *putting)
{
    GHashTable *networks = putting->worker->networks;
    if (!networks)
        return;
    guint n = 0;
    g_autofree NetworkFacts **all = (NetworkFacts **)g_hash_table_get_keys_as_array(networks, &n);
    for (guint i = 0; i < n; i++)
        all[i] = g_hash_table_lookup(networks, all[i]);
    qsort(all, n, sizeof *all, compare_networks);
    for (guint i = 0; i < n; i++) {
        put_network(putting, all[i], NULL);
        for (size_t k = 0; k < all[i]->n_portgroups; k++)
            if (all[i]->portgroups[k].name)
                put_network(putting, all[i], all[i]->portgroups[k].name);
    }
}

static const char *
put_nic_portgroup(Putting *putting, const NicSource *from)
{
    Worker *worker = putting->worker;
    Arena *arena = &worker->arena;
    SwitchKind kind = nic_switch_kind(from, &putting->host);
    if (from->network) {
        const NetworkFacts *network = find_network(worker, from->network);
        if (network)
            return put_network(putting, network, from->portgroup);
        Vlan unread = {.from = text_known(
                           arena_printf(arena, "network '%s' could not be read", from->network))};
        return put_portgroup(putting, "network", from->network, kind, from->bridge, unread);
    }
    if (from->bridge) {
        Vlan ports = {.from = text_known("each port of Open vSwitch has a tag of its own")};
        return put_portgroup(putting, "bridge", from->bridge, kind, from->bridge,
            kind == SWITCH_OVS ? ports : vlan_of_interface(from->bridge, &putting->host, arena));
    }
    if (from->dev && g_strcmp0(from->type, "direct") == 0)
        return put_portgroup(putting, "device", from->dev, kind, from->dev,
            vlan_of_interface(from->dev, &putting->host, arena));
    return NULL;
}

static const char *
nic_switch(Worker *worker, const NicSource *from)
{
    const NetworkFacts *network = from->network ? find_network(worker, from->network) : NULL;
    if (network && network->bridge)
        return network->bridge;
    if (from->bridge)
        return from->bridge;
    return g_strcmp0(from->type, "direct") == 0 && !from->network ? from->dev : NULL;
}

static void
resolve_nic(Putting *putting, DomainEntry *entry, size_t i)
{
    Arena *arena = &putting->worker->arena;
    Nic *nic = &entry->xml.view.nics.items[i];
    const NicSource *from = &entry->xml.nics[i];
    nic->vlan = vlan_resolve(from, &putting->host, arena);
    const char *id = put_nic_portgroup(putting, from);
    nic->portgroup = id ? text_known(id) : text_absent();
    const char *switch_name = nic_switch(putting->worker, from);
    nic->switch_id = switch_name
                         ? text_known(record_id(putting->worker, arena, "switch", switch_name))
                         : text_absent();
    if (nic->vlan.kind == VLAN_UNKNOWN)
        view_add_problem(&entry->xml.view, arena, "vlan-unknown", nic->id.value,
            "its VLAN is not known", nic->vlan.from.value);
    if (from->has_vlan && nic->vlan.from.value != from->vlan.from.value)
        view_add_problem(&entry->xml.view, arena, "vlan-ignored", nic->id.value,
            "its <vlan> has no effect: this libvirt cannot apply it to such a network",
            "<vlan> without Open vSwitch or SR-IOV, and libvirt before 11.0");
}

void
worker_resolve_networks(Worker *worker)
{
    g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);
    Putting putting = {.worker = worker,
        .ids = ids,
        .host = {.data = worker,
            .network = find_network,
            .interface = find_interface,
            .libvirt_version = (unsigned)worker->libvirt_version}};
    put_networks(&putting);
    for (size_t i = 0; i < worker->n_domains; i++)
        if (worker->domains[i].taken == DOMAIN_READ)
            for (size_t k = 0; k < worker->domains[i].xml.view.nics.n; k++)
                resolve_nic(&putting, &worker->domains[i], k);
}
