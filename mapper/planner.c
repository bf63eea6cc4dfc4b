/* SPDX-License-Identifier: Apache-2.0
 *
 * Indexes over catalog and inventory, built once for a plan: afterwards each question about an
 * instance costs a lookup, however large the estate is.
 */
#include <string.h>

#include "trap_priv.h"

static void
add_to_list(GHashTable *table, gconstpointer key, gconstpointer value)
{
    GPtrArray *list = g_hash_table_lookup(table, key);
    if (!list) {
        list = g_ptr_array_new();
        g_hash_table_insert(table, (gpointer)key, list);
    }
    g_ptr_array_add(list, (gpointer)value);
}

/* The first of equal keys stays. */
static void
add_first(GHashTable *table, Text key, gconstpointer value)
{
    if (key.value && !g_hash_table_contains(table, key.value))
        g_hash_table_insert(table, (gpointer)key.value, (gpointer)value);
}

/* As add_first(), under a copy of the key that was made last. */
static void
add_first_key(Planner *planner, GHashTable *table, gconstpointer value)
{
    if (!g_hash_table_contains(table, planner->lookup))
        g_hash_table_insert(table, key_keep(&planner->scratch, planner->lookup), (gpointer)value);
}

#define INDEX_BY_ID(table, list)                                                                   \
    for (size_t i_ = 0; i_ < (list).n; i_++)                                                       \
    add_first((table), (list).items[i_].id, &(list).items[i_])

static void
index_ids(Planner *planner)
{
    const Catalog *catalog = planner->catalog;
    INDEX_BY_ID(planner->networks, catalog->networks);
    INDEX_BY_ID(planner->service_offerings, catalog->service_offerings);
    INDEX_BY_ID(planner->disk_offerings, catalog->disk_offerings);
    INDEX_BY_ID(planner->pools, catalog->pools);
    INDEX_BY_ID(planner->templates, catalog->templates);
    INDEX_BY_ID(planner->clusters, catalog->clusters);
    INDEX_BY_ID(planner->domains, catalog->domains);
    INDEX_BY_ID(planner->projects, catalog->projects);
    for (size_t i = 0; i < catalog->accounts.n; i++) {
        const Account *account = &catalog->accounts.items[i];
        planner_key(planner, account->domainid.value, account->name.value, NULL);
        add_first_key(planner, planner->accounts, account);
    }
    for (size_t i = 0; i < catalog->settings.n; i++)
        add_first(planner->settings, catalog->settings.items[i].name, &catalog->settings.items[i]);
    for (size_t i = 0; i < catalog->zone_settings.n; i++) {
        const ZoneSetting *row = &catalog->zone_settings.items[i];
        planner_key(planner, row->zoneid.value, row->name.value, NULL);
        add_first_key(planner, planner->scoped_settings, row->value.value);
    }
    for (size_t i = 0; i < catalog->pool_settings.n; i++) {
        const PoolSetting *row = &catalog->pool_settings.items[i];
        planner_key(planner, row->storageid.value, row->name.value, NULL);
        add_first_key(planner, planner->scoped_settings, row->value.value);
    }
    for (size_t i = 0; i < catalog->hosts.n; i++) {
        add_first(planner->hosts, catalog->hosts.items[i].name, &catalog->hosts.items[i]);
        add_first(planner->hosts, catalog->hosts.items[i].ipaddress, &catalog->hosts.items[i]);
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
        add_first(
            planner->os_types, catalog->os_types.items[i].description, &catalog->os_types.items[i]);
    for (size_t i = 0; i < catalog->os_mappings.n; i++) {
        const OsMapping *mapping = &catalog->os_mappings.items[i];
        if (g_strcmp0(mapping->hypervisor.value, "VMware") != 0)
            continue;
        const char *version = mapping->hypervisorversion.value;
        planner_key(planner, version, "T", mapping->ostypeid.value);
        add_first_key(planner, planner->os_mappings, mapping);
        planner_key(planner, version, "N", mapping->osnameforhypervisor.value);
        add_first_key(planner, planner->os_mappings, mapping);
    }
}

VlanKey
network_vlan(const Planner *planner, const Network *network)
{
    return planner->network_vlans[network - planner->catalog->networks.items];
}

static void
index_networks(Planner *planner)
{
    const Catalog *catalog = planner->catalog;
    size_t n_guest = 0;
    planner->network_vlans = arena_new_n(&planner->scratch, VlanKey, catalog->networks.n);
    for (size_t i = 0; i < catalog->networks.n; i++) {
        const Network *network = &catalog->networks.items[i];
        if (network->broadcasturi.value)
            planner->network_vlans[i] = vlan_key_of_uri(network->broadcasturi.value);
        if (!is_guest_network(planner, network))
            continue;
        n_guest++;
        if (network->name.value)
            add_to_list(planner->networks_by_name, network->name.value, network);
        bool is_allocated = !g_strcmp0(network->state.value, "Allocated");
        if (network->broadcasturi.value) {
            VlanKey *key = &planner->network_vlans[i];
            planner->sees_vlans = true;
            if (*key)
                add_to_list(planner->vlans, key, network);
        } else if (network->broadcasturi.state == FACT_UNKNOWN && !is_allocated)
            planner->has_hidden_vlan = true;
    }
    planner->sees_vlans |= !n_guest && is_read(&catalog->networks);
    for (size_t i = 0; i < catalog->network_permissions.n; i++) {
        const NetworkPermission *permission = &catalog->network_permissions.items[i];
        if (permission->networkid.value)
            add_to_list(planner->permissions, permission->networkid.value, permission);
    }
}

/* "vSwitch1,,vmwaresvs" -> "vSwitch1" */
static void
index_label(Planner *planner, const char *label, const char *physical)
{
    if (!label || !physical)
        return;
    const char *name = arena_strndup(planner->arena, label, strcspn(label, ","));
    const char *known = g_hash_table_lookup(planner->labels, name);
    /* A label of two physical networks tells nothing. */
    g_hash_table_insert(planner->labels, (gpointer)name,
        (gpointer)(known && strcmp(known, physical) != 0 ? "" : physical));
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
            add_to_list(planner->managed_macs, arena_strdup(&planner->scratch, mac), ref);
        }
        planner_key(planner, nic->networkid.value, vm->name.value, NULL);
        add_first_key(planner, planner->managed_hostnames, vm);
        if (nic->ipaddress.value) {
            planner_key(planner, nic->networkid.value, nic->ipaddress.value, NULL);
            add_first_key(planner, planner->managed_ips, vm);
        }
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
            if (!nic->networkid.value || !nic->ipaddress.value)
                continue;
            planner_key(planner, nic->networkid.value, nic->ipaddress.value, NULL);
            add_first_key(planner, planner->router_ips, router);
        }
    }
}

static void
index_managed(Planner *planner)
{
    const Catalog *catalog = planner->catalog;
    index_routers(planner);
    for (size_t i = 0; i < catalog->vms.n; i++) {
        const ManagedVm *vm = &catalog->vms.items[i];
        add_first(planner->managed_ids, vm->id, vm);
        if (vm->instancename.value)
            add_to_list(planner->managed_names, vm->instancename.value, vm);
        index_managed_nics(planner, vm);
        if (!vm->zoneid.value || !g_strcmp0(vm->zoneid.value, planner->zone->id.value)) {
            planner_key(planner, NULL, vm->name.value, NULL); /* anywhere in the zone */
            add_first_key(planner, planner->managed_hostnames, vm);
        }
    }
    for (size_t i = 0; i < catalog->volumes.n; i++) {
        const ManagedVolume *volume = &catalog->volumes.items[i];
        if (volume->virtualmachineid.value)
            add_to_list(planner->managed_volumes, volume->virtualmachineid.value, volume);
    }
    for (size_t i = 0; i < catalog->shared_ips.n; i++) {
        const SharedIp *ip = &catalog->shared_ips.items[i];
        planner_key(planner, ip->networkid.value, ip->ipaddress.value, NULL);
        add_first_key(planner, planner->shared_ips, ip);
    }
}

static size_t *
count_name(Planner *planner, const char *a, const char *b, const char *c)
{
    const Key *key = planner_key(planner, a, b, c);
    size_t *count = g_hash_table_lookup(planner->names, key);
    if (!count) {
        count = arena_new(&planner->scratch, size_t);
        g_hash_table_insert(planner->names, key_keep(&planner->scratch, key), count);
    }
    ++*count;
    return count;
}

static void
index_instances(Planner *planner)
{
    const Inventory *inventory = planner->inventory;
    planner->name_counts = arena_new_n(&planner->scratch, NameCounts, inventory->n_instances);
    for (size_t i = 0; i < inventory->n_instances; i++) {
        const InstanceView *view = instance_view(&inventory->instances[i]);
        const InstanceView *listed = inventory->instances[i].cloudstack;
        NameCounts *counts = &planner->name_counts[i];
        if (listed)
            count_name(planner, LISTED_KEY, listed->cluster.value, listed->name.value);
        if (is_true(view->is_template))
            continue;
        counts->here =
            count_name(planner, view->source.value, view->cluster.value, view->name.value);
        counts->anywhere = count_name(planner, NULL, NULL, view->name.value);
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
        add_first(is_view ? planner->read_clusters : planner->seen_clusters,
            is_view ? cluster->id : cluster->name, cluster->source.value);
    }
    for (size_t i = 0; i < inventory->n_hosts; i++) {
        const SourceHost *host = inventory->hosts[i];
        const SourceInfo *source = inventory_find_source(inventory, host->source.value);
        if (source && source->kind != SOURCE_KIND_CLOUDSTACK)
            add_first(planner->seen_clusters, host->name, host->source.value);
    }
}

/* Every table of a planner, by what its keys are. */
static const struct {
    size_t offset;
    GHashFunc hash;
    GEqualFunc equal;
    GDestroyNotify free_value;
} tables[] = {
#define TABLE(member, ...)                                                                         \
    {                                                                                              \
        offsetof(Planner, member), __VA_ARGS__                                                     \
    }
#define BY_TEXT(member)    TABLE(member, text_hash, g_str_equal, NULL)
#define BY_KEY(member)     TABLE(member, key_hash, key_equal, NULL)
#define BY_VLAN(member)    TABLE(member, g_int64_hash, g_int64_equal, NULL)
#define BY_NUMBERS(member) TABLE(member, number_key_hash, number_key_equal, NULL)
#define LISTS(member)      TABLE(member, text_hash, g_str_equal, (GDestroyNotify)g_ptr_array_unref)
    BY_TEXT(networks),
    BY_TEXT(service_offerings),
    BY_TEXT(disk_offerings),
    BY_TEXT(templates),
    BY_TEXT(pools),
    BY_TEXT(clusters),
    BY_TEXT(domains),
    BY_TEXT(projects),
    BY_TEXT(hosts),
    BY_TEXT(labels),
    BY_TEXT(settings),
    BY_TEXT(read_clusters),
    BY_TEXT(seen_clusters),
    BY_TEXT(os_types),
    BY_TEXT(abouts),
    BY_TEXT(managed_ids),
    BY_TEXT(listing_hosts),
    BY_TEXT(offering_counts),
    BY_KEY(accounts),
    BY_KEY(managed_hostnames),
    BY_KEY(managed_ips),
    BY_KEY(router_ips),
    BY_KEY(shared_ips),
    BY_KEY(os_mappings),
    BY_KEY(names),
    BY_KEY(source_hosts),
    BY_KEY(shown_twins),
    BY_KEY(owners),
    BY_KEY(ledgers),
    BY_KEY(pool_matches),
    BY_KEY(convert_targets),
    BY_KEY(source_clusters),
    BY_KEY(move_targets),
    BY_KEY(held_hostnames),
    BY_KEY(held_ips),
    BY_KEY(held_macs),
    BY_KEY(scoped_settings),
    LISTS(permissions),
    LISTS(networks_by_name),
    LISTS(managed_names),
    LISTS(managed_macs),
    LISTS(managed_files),
    LISTS(managed_volumes),
    BY_VLAN(vlan_texts),
    BY_VLAN(create_texts),
    BY_NUMBERS(offering_picks),
    BY_NUMBERS(disk_offering_picks),
    TABLE(vlans, g_int64_hash, g_int64_equal, (GDestroyNotify)g_ptr_array_unref),
    BY_TEXT(mapped_disks),
    TABLE(pool_spaces, NULL, NULL, NULL),
    TABLE(network_traps, NULL, NULL, NULL),
    TABLE(rooms, NULL, NULL, NULL),
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
        *table_of(planner, i) =
            g_hash_table_new_full(tables[i].hash, tables[i].equal, NULL, tables[i].free_value);
    arena_init(&planner->scratch);
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
    const Setting *setting = g_hash_table_lookup(planner->settings, name);
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
    index_absences(planner);
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
    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++)
        g_clear_pointer(table_of(planner, i), g_hash_table_destroy);
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
    const Setting *setting = g_hash_table_lookup(planner->settings, name);
    if (setting && setting->value.value)
        return strcmp(setting->value.value, "true") ? ANSWER_NO : ANSWER_YES;
    return setting ? ANSWER_NO : ANSWER_UNKNOWN;
}

bool
domain_is_within(const Planner *planner, const char *domainid, const char *ancestorid)
{
    for (int depth = 0; domainid && depth < 64; depth++) {
        if (!g_strcmp0(domainid, ancestorid))
            return true;
        const Domain *domain = g_hash_table_lookup(planner->domains, domainid);
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
