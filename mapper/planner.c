/* SPDX-License-Identifier: Apache-2.0
 *
 * Indexes over catalog and inventory, built once for a plan: afterwards each question about an
 * instance costs a lookup, however large the estate is.
 */
#include <string.h>

#include "trap_priv.h"

/* The first of equal keys stays; what has none cannot be looked for. */
static void
add_first(Table *table, Text key, const void *value)
{
    if (key.value)
        table_add(table, key.value, value);
}

static void
add_pair(Table *table, Text a, Text b, const void *value)
{
    table_add_pair(table, hashed(a.value), hashed(b.value), value);
}

#define INDEX_BY_ID(table, list)                                                                   \
    for (size_t i_ = 0; i_ < (list).n; i_++)                                                       \
    add_first((table), (list).items[i_].id, &(list).items[i_])

static void
index_ids(Planner *planner)
{
    const Catalog *catalog = planner->catalog;
    INDEX_BY_ID(&planner->networks, catalog->networks);
    INDEX_BY_ID(&planner->service_offerings, catalog->service_offerings);
    INDEX_BY_ID(&planner->disk_offerings, catalog->disk_offerings);
    INDEX_BY_ID(&planner->pools, catalog->pools);
    INDEX_BY_ID(&planner->templates, catalog->templates);
    INDEX_BY_ID(&planner->clusters, catalog->clusters);
    INDEX_BY_ID(&planner->domains, catalog->domains);
    INDEX_BY_ID(&planner->projects, catalog->projects);
    for (size_t i = 0; i < catalog->accounts.n; i++) {
        const Account *account = &catalog->accounts.items[i];
        add_pair(&planner->accounts, account->domainid, account->name, account);
    }
    for (size_t i = 0; i < catalog->settings.n; i++)
        add_first(&planner->settings, catalog->settings.items[i].name, &catalog->settings.items[i]);
    for (size_t i = 0; i < catalog->apis.n; i++)
        add_first(&planner->apis, catalog->apis.items[i].name, &catalog->apis.items[i]);
    for (size_t i = 0; i < catalog->zone_settings.n; i++) {
        const ZoneSetting *row = &catalog->zone_settings.items[i];
        add_pair(&planner->scoped_settings, row->zoneid, row->name, row->value.value);
    }
    for (size_t i = 0; i < catalog->pool_settings.n; i++) {
        const PoolSetting *row = &catalog->pool_settings.items[i];
        add_pair(&planner->scoped_settings, row->storageid, row->name, row->value.value);
    }
    for (size_t i = 0; i < catalog->hosts.n; i++) {
        add_first(&planner->hosts, catalog->hosts.items[i].name, &catalog->hosts.items[i]);
        add_first(&planner->hosts, catalog->hosts.items[i].ipaddress, &catalog->hosts.items[i]);
    }
}

/* Guest networks of the zone that are not torn down. */
static bool
is_guest_network(const Planner *planner, const Network *network)
{
    return (!network->zoneid.value || !g_strcmp0(network->zoneid.value, planner->zone->id.value)) &&
           !is_true(network->issystem) &&
           (!network->traffictype.value || !strcmp(network->traffictype.value, "Guest")) &&
           g_strcmp0(network->state.value, "Destroy") != 0;
}

static void
index_guest_os(Planner *planner)
{
    const Catalog *catalog = planner->catalog;
    for (size_t i = 0; i < catalog->os_types.n; i++)
        add_first(&planner->os_types, catalog->os_types.items[i].description,
            &catalog->os_types.items[i]);
    for (size_t i = 0; i < catalog->os_mappings.n; i++) {
        const OsMapping *mapping = &catalog->os_mappings.items[i];
        if (g_strcmp0(mapping->hypervisor.value, "VMware") != 0)
            continue;
        const Text version = mapping->hypervisorversion;
        add_pair(&planner->mapped_types, version, mapping->ostypeid, mapping);
        add_pair(&planner->mapped_os, version, mapping->osnameforhypervisor, mapping);
    }
}

static const NetworkInfo *
network_info(const Planner *planner, const Network *network)
{
    return &planner->network_infos[network - planner->catalog->networks.items];
}

VlanKey
network_vlan(const Planner *planner, const Network *network)
{
    return network_info(planner, network)->vlan;
}

HashedText
network_id(const Planner *planner, const Network *network)
{
    return network_info(planner, network)->id;
}

static void
index_network(Planner *planner, const Network *network, VlanKey vlan)
{
    bool is_allocated = !g_strcmp0(network->state.value, "Allocated");
    if (network->name.value)
        table_add_to_list(
            &planner->scratch, &planner->networks_by_name, network->name.value, network);
    planner->sees_vlans |= network->broadcasturi.value != NULL;
    if (vlan)
        list_add(&planner->scratch, &planner_vlan(planner, vlan)->networks, network);
    if (network->broadcasturi.state == FACT_UNKNOWN && !is_allocated)
        planner->has_hidden_vlan = true;
}

static void
index_networks(Planner *planner)
{
    const Catalog *catalog = planner->catalog;
    size_t n_guest = 0;
    planner->network_infos = arena_new_n(&planner->scratch, NetworkInfo, catalog->networks.n);
    for (size_t i = 0; i < catalog->networks.n; i++) {
        const Network *network = &catalog->networks.items[i];
        NetworkInfo *info = &planner->network_infos[i];
        const char *uri = network->broadcasturi.value;
        *info = (NetworkInfo){uri ? vlan_key_of_uri(uri) : 0, hashed(network->id.value)};
        if (!is_guest_network(planner, network))
            continue;
        n_guest++;
        index_network(planner, network, info->vlan);
    }
    planner->sees_vlans |= !n_guest && is_read(&catalog->networks);
    for (size_t i = 0; i < catalog->network_permissions.n; i++) {
        const NetworkPermission *permission = &catalog->network_permissions.items[i];
        if (permission->networkid.value)
            table_add_to_list(
                &planner->scratch, &planner->permissions, permission->networkid.value, permission);
    }
}

/* "vSwitch1,,vmwaresvs" -> "vSwitch1" */
static void
index_label(Planner *planner, const char *label, const char *physical)
{
    if (!label || !physical)
        return;
    const char *name = arena_strndup(planner->arena, label, strcspn(label, ","));
    void **at = table_at(&planner->labels, name);
    /* A label of two physical networks tells nothing. */
    *at = (void *)(*at && strcmp(*at, physical) != 0 ? "" : physical);
}

static void
index_labels(Planner *planner)
{
    const Catalog *catalog = planner->catalog;
    for (size_t i = 0; i < catalog->traffic_types.n; i++) {
        const TrafficType *type = &catalog->traffic_types.items[i];
        if (g_strcmp0(type->traffictype.value, "Guest") != 0)
            continue;
        index_label(planner, type->vmwarenetworklabel.value, type->physicalnetworkid.value);
        index_label(planner, type->kvmnetworklabel.value, type->physicalnetworkid.value);
    }
}

static void
index_managed_nics(Planner *planner, const ManagedVm *vm)
{
    for (size_t i = 0; i < vm->nic.n; i++) {
        const ManagedNic *nic = &vm->nic.items[i];
        ManagedNicRef *ref = arena_new(&planner->scratch, ManagedNicRef);
        *ref = (ManagedNicRef){vm, nic};
        if (nic->macaddress.value) {
            g_autofree char *mac = g_ascii_strdown(nic->macaddress.value, -1);
            table_add_to_list(&planner->scratch, &planner->managed_macs,
                arena_strdup(&planner->scratch, mac), ref);
        }
        add_pair(&planner->managed_hostnames, nic->networkid, vm->name, vm);
        if (nic->ipaddress.value)
            add_pair(&planner->managed_ips, nic->networkid, nic->ipaddress, vm);
    }
}

static void
index_routers(Planner *planner)
{
    const Catalog *catalog = planner->catalog;
    for (size_t i = 0; i < catalog->routers.n; i++) {
        const Router *router = &catalog->routers.items[i];
        for (size_t j = 0; j < router->nic.n; j++) {
            const RouterNic *nic = &router->nic.items[j];
            if (nic->networkid.value && nic->ipaddress.value)
                add_pair(&planner->router_ips, nic->networkid, nic->ipaddress, router);
        }
    }
}

static void
index_managed(Planner *planner)
{
    const Catalog *catalog = planner->catalog;
    Arena *scratch = &planner->scratch;
    index_routers(planner);
    for (size_t i = 0; i < catalog->vms.n; i++) {
        const ManagedVm *vm = &catalog->vms.items[i];
        add_first(&planner->managed_ids, vm->id, vm);
        if (vm->instancename.value)
            table_add_to_list(scratch, &planner->managed_names, vm->instancename.value, vm);
        index_managed_nics(planner, vm);
        if (!vm->zoneid.value || !g_strcmp0(vm->zoneid.value, planner->zone->id.value))
            add_pair(&planner->managed_hostnames, text_absent(), vm->name, vm); /* anywhere */
    }
    for (size_t i = 0; i < catalog->volumes.n; i++) {
        const ManagedVolume *volume = &catalog->volumes.items[i];
        if (volume->virtualmachineid.value)
            table_add_to_list(
                scratch, &planner->managed_volumes, volume->virtualmachineid.value, volume);
    }
    for (size_t i = 0; i < catalog->shared_ips.n; i++) {
        const SharedIp *ip = &catalog->shared_ips.items[i];
        add_pair(&planner->shared_ips, ip->networkid, ip->ipaddress, ip);
    }
}

/* --- names ------------------------------------------------------------------------------------ */

NameUses *
name_uses_find(const Planner *planner, const char *name)
{
    return table_find(&planner->names, name);
}

static bool
is_use_of(const NameUse *use, const InstanceView *view)
{
    return is_same_text(use->source, view->source.value) &&
           is_same_text(use->cluster, view->cluster.value);
}

NameUse *
name_use_find(const Planner *planner, const InstanceView *view)
{
    NameUses *uses = name_uses_find(planner, view->name.value);
    NameUse *use = uses ? &uses->first : NULL;
    while (use && !is_use_of(use, view))
        use = use->next;
    return use;
}

static void
count_name(Planner *planner, const InstanceView *view)
{
    void **at = table_at(&planner->names, view->name.value);
    bool is_first = !*at;
    NameUses *uses = *at = is_first ? arena_new(&planner->scratch, NameUses) : *at;
    NameUse *use = &uses->first;
    uses->n++;
    while (!is_first && use && !is_use_of(use, view))
        use = use->next;
    if (!use) {
        use = arena_new(&planner->scratch, NameUse);
        use->next = uses->first.next;
        uses->first.next = use;
    }
    use->source = view->source.value;
    use->cluster = view->cluster.value;
    use->n++;
}

static void
index_instances(Planner *planner)
{
    const Inventory *inventory = planner->inventory;
    for (size_t i = 0; i < inventory->n_instances; i++) {
        const InstanceView *view = instance_view(&inventory->instances[i]);
        if (!is_true(view->is_template))
            count_name(planner, view);
    }
}

/* Of a listing that broke off, those clusters count that were read to their end. */
static bool
was_listed(const Inventory *inventory, const SourceCluster *cluster)
{
    const SourceEnd *end = inventory_find_end(inventory, cluster->source.value);
    if (!end || is_true(end->is_complete))
        return end != NULL;
    for (size_t i = 0; i < end->calls.n; i++)
        if (!g_strcmp0(end->calls.items[i].about.value, cluster->id.value))
            return true;
    return false;
}

static void
index_sources(Planner *planner)
{
    const Inventory *inventory = planner->inventory;
    planner->is_cloudstack_view_complete = true;
    for (size_t i = 0; i < inventory->n_sources; i++) {
        const SourceInfo *source = inventory->sources[i];
        if (source->kind != SOURCE_KIND_CLOUDSTACK)
            continue;
        const SourceEnd *end = inventory_find_end(inventory, source->name.value);
        planner->has_cloudstack_view = true;
        planner->is_cloudstack_view_complete &= end && is_true(end->is_complete);
    }
    for (size_t i = 0; i < inventory->n_clusters; i++) {
        const SourceCluster *cluster = inventory->clusters[i];
        const SourceInfo *source = inventory_find_source(inventory, cluster->source.value);
        bool is_view = source && source->kind == SOURCE_KIND_CLOUDSTACK;
        if (is_view && !was_listed(inventory, cluster))
            continue;
        add_first(is_view ? &planner->read_clusters : &planner->seen_clusters,
            is_view ? cluster->id : cluster->name, cluster->source.value);
    }
    for (size_t i = 0; i < inventory->n_hosts; i++) {
        const SourceHost *host = inventory->hosts[i];
        const SourceInfo *source = inventory_find_source(inventory, host->source.value);
        if (source && source->kind != SOURCE_KIND_CLOUDSTACK)
            add_first(&planner->seen_clusters, host->name, host->source.value);
    }
}

static const size_t flat_tables[] = {
#define FLAT(member) offsetof(Planner, member)
    FLAT(networks),
    FLAT(networks_by_name),
    FLAT(service_offerings),
    FLAT(disk_offerings),
    FLAT(templates),
    FLAT(pools),
    FLAT(clusters),
    FLAT(domains),
    FLAT(projects),
    FLAT(accounts),
    FLAT(hosts),
    FLAT(permissions),
    FLAT(labels),
    FLAT(managed_names),
    FLAT(managed_macs),
    FLAT(managed_ids),
    FLAT(managed_files),
    FLAT(managed_volumes),
    FLAT(managed_hostnames),
    FLAT(managed_ips),
    FLAT(router_ips),
    FLAT(shared_ips),
    FLAT(settings),
    FLAT(apis),
    FLAT(scoped_settings),
    FLAT(os_types),
    FLAT(mapped_types),
    FLAT(mapped_os),
    FLAT(names),
    FLAT(listed_names),
    FLAT(read_clusters),
    FLAT(seen_clusters),
    FLAT(source_hosts),
    FLAT(listing_hosts),
    FLAT(offering_counts),
    FLAT(held_hostnames),
    FLAT(held_ips),
    FLAT(held_macs),
    FLAT(abouts),
    FLAT(imports),
    FLAT(mapped_disks),
};

/* Tables by longer keys, numbers and pointers. */
static const struct {
    size_t offset;
    GHashFunc hash;
    GEqualFunc equal;
} tables[] = {
#define TABLE(member, ...)                                                                         \
    {                                                                                              \
        offsetof(Planner, member), __VA_ARGS__                                                     \
    }
    TABLE(owners, key_hash, key_equal),
    TABLE(ledgers, key_hash, key_equal),
    TABLE(pool_matches, key_hash, key_equal),
    TABLE(source_clusters, key_hash, key_equal),
    TABLE(move_targets, key_hash, key_equal),
    TABLE(convert_targets, key_hash, key_equal),
    TABLE(offering_picks, number_key_hash, number_key_equal),
    TABLE(disk_offering_picks, number_key_hash, number_key_equal),
    TABLE(other_vlans, g_int64_hash, g_int64_equal),
    TABLE(pool_spaces, NULL, NULL),
    TABLE(network_traps, NULL, NULL),
    TABLE(rooms, NULL, NULL),
};

static GHashTable **
table_of(Planner *planner, size_t i)
{
    return (GHashTable **)(void *)((char *)planner + tables[i].offset);
}

static void
new_tables(Planner *planner)
{
    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++)
        *table_of(planner, i) = g_hash_table_new(tables[i].hash, tables[i].equal);
    arena_init(&planner->scratch);
    planner->plain_vlans = arena_new_n(&planner->scratch, VlanInfo *, VLAN_ALL + 1);
    planner->lookup =
        arena_alloc(&planner->scratch, sizeof(Key) + KEY_PARTS_MAX * sizeof(const char *));
    planner->key = g_string_sized_new(256);
    planner->findings = g_array_new(false, true, sizeof(Finding));
    planner->reasons = g_array_new(false, true, sizeof(Reason));
    planner->nic_uses = nic_uses_new();
    planner->shared_uses = shared_uses_new();
    planner->pool_uses = pool_uses_new();
    planner->misses = misses_new();
}

/* 0 or none: as large as one likes. */
static int64_t
bound_of_setting(const Planner *planner, const char *name)
{
    const Setting *setting = table_find(&planner->settings, name);
    int64_t bound =
        setting && setting->value.value ? g_ascii_strtoll(setting->value.value, NULL, 10) : 0;
    return bound > 0 ? bound : G_MAXINT32;
}

/* Some releases list deleted offerings too, if they are asked for all states. */
static bool
lists_all_states(const Catalog *catalog, const char *command)
{
    for (size_t i = 0; i < catalog->apis.n; i++) {
        const Api *api = &catalog->apis.items[i];
        for (size_t j = 0; !g_strcmp0(api->name.value, command) && j < api->params.n; j++)
            if (!g_strcmp0(api->params.items[j].name.value, "state"))
                return true;
    }
    return false;
}

static void
read_settings(Planner *planner)
{
    const Catalog *catalog = planner->catalog;
    planner->custom_cpus_max = bound_of_setting(planner, "vm.serviceoffering.cpu.cores.max");
    planner->custom_memory_max = bound_of_setting(planner, "vm.serviceoffering.ram.size.max");
    planner->has_unique_hostnames = setting_is_true(planner, "vm.instancename.flag") == ANSWER_YES;
    planner->is_admin_allowed_anywhere =
        setting_is_true(planner, "admin.is.allowed.to.deploy.anywhere") == ANSWER_YES;
    planner->lists_deleted_offerings = lists_all_states(catalog, "listServiceOfferings");
    planner->lists_deleted_disk_offerings = lists_all_states(catalog, "listDiskOfferings");
}

void
planner_init(Planner *planner)
{
    new_tables(planner);
    index_ids(planner);
    index_networks(planner);
    index_guest_os(planner);
    index_labels(planner);
    index_managed(planner);
    index_managed_files(planner);
    index_instances(planner);
    index_sources(planner);
    init_limits(planner);
    init_rates(planner);
    read_settings(planner);
    planner->rule_owners =
        arena_new_n(planner->arena, Owner *, planner->policy ? planner->policy->n_owners + 1 : 1);
}

static void
free_owner_caches(Planner *planner)
{
    GHashTableIter iter;
    gpointer owner;
    g_hash_table_iter_init(&iter, planner->owners);
    while (g_hash_table_iter_next(&iter, NULL, &owner))
        g_clear_pointer(&((Owner *)owner)->by_vlan, g_hash_table_destroy);
}

void
planner_release(Planner *planner)
{
    if (!planner->key)
        return;
    free_owner_caches(planner);
    reach_release(planner);
    matrix_release(planner);
    freeze_release(planner);
    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++)
        g_clear_pointer(table_of(planner, i), g_hash_table_destroy);
    for (size_t i = 0; i < G_N_ELEMENTS(flat_tables); i++)
        table_release((Table *)(void *)((char *)planner + flat_tables[i]));
    g_clear_pointer(&planner->free_ips, g_hash_table_destroy);
    g_array_unref(planner->findings);
    g_array_unref(planner->reasons);
    g_array_unref(planner->nic_uses);
    g_array_unref(planner->shared_uses);
    g_array_unref(planner->pool_uses);
    g_array_unref(planner->misses);
    arena_release(&planner->scratch);
    g_string_free(planner->key, true);
    planner->key = NULL;
}

static char *
zone_names(const Catalog *catalog)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (size_t i = 0; i < catalog->zones.n; i++)
        g_string_append_printf(
            names, "%s'%s'", i ? ", " : "", text_or_word(catalog->zones.items[i].name));
    return g_strdup(names->str);
}

bool
planner_find_zone(Planner *planner, const char *name, GError **error)
{
    const Catalog *catalog = planner->catalog;
    if (!name && catalog->zones.n == 1)
        planner->zone = &catalog->zones.items[0];
    for (size_t i = 0; name && i < catalog->zones.n; i++)
        if (!g_strcmp0(catalog->zones.items[i].id.value, name) ||
            !g_strcmp0(catalog->zones.items[i].name.value, name))
            planner->zone = &catalog->zones.items[i];
    if (planner->zone)
        return true;
    g_autofree char *names = zone_names(catalog);
    if (!catalog->zones.n)
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND,
            "the catalog has no zone: read it with keys that may call listZones");
    else if (!name)
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND,
            "the catalog has several zones, say which with --zone: %s", names);
    else
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND,
            "zone '%s' is not in the catalog, which has %s", name, names);
    return false;
}

/* --- questions about the catalog -------------------------------------------------------------- */

Answer
setting_is_true(const Planner *planner, const char *name)
{
    const Setting *setting = table_find(&planner->settings, name);
    if (setting && setting->value.value)
        return strcmp(setting->value.value, "true") ? ANSWER_NO : ANSWER_YES;
    return setting ? ANSWER_NO : ANSWER_UNKNOWN;
}

const SourceInfo *
planner_source(Planner *planner, const InstanceView *view)
{
    if (!planner->source_name || planner->source_name != view->source.value) {
        planner->source_name = view->source.value;
        planner->source = inventory_find_source(planner->inventory, view->source.value);
    }
    return planner->source;
}

bool
domain_is_within(const Planner *planner, const char *domainid, const char *ancestorid)
{
    for (int depth = 0; domainid && depth < 64; depth++) {
        if (!g_strcmp0(domainid, ancestorid))
            return true;
        const Domain *domain = table_find(&planner->domains, domainid);
        domainid = domain ? domain->parentdomainid.value : NULL;
    }
    return false;
}

Answer
owner_sees(const Planner *planner, const Owner *owner, const Texts *domains)
{
    if (!domains->n || owner->is_root_admin)
        return ANSWER_YES;
    const char *domainid = owner->of_domain ? owner->of_domain->id.value : owner->domainid;
    if (!domainid)
        return ANSWER_UNKNOWN;
    for (size_t i = 0; i < domains->n; i++)
        if (domain_is_within(planner, domainid, domains->items[i]))
            return ANSWER_YES;
    return is_read(&planner->catalog->domains) ? ANSWER_NO : ANSWER_UNKNOWN;
}

Answer
zone_sees(const Planner *planner, const Texts *zones)
{
    for (size_t i = 0; i < zones->n; i++)
        if (!strcmp(zones->items[i], planner->zone->id.value))
            return ANSWER_YES;
    return zones->n ? ANSWER_NO : ANSWER_YES;
}

bool
has_text(const Texts *texts, const char *text)
{
    for (size_t i = 0; i < texts->n; i++)
        if (!strcmp(texts->items[i], text))
            return true;
    return false;
}
