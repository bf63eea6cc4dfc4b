/* SPDX-License-Identifier: Apache-2.0
 *
 * The host: itself, its networks' XML, storage pools, leases and mounts.
 */
#include "libvirt_worker.h"

#include "cleanup.h"
#include "record.h"

/* --- networks and leases ---------------------------------------------------------------------- */

void *
worker_read_networks(Worker *worker)
{
    GHashTable *networks = g_hash_table_new(g_str_hash, g_str_equal);
    Arena *arena = stage_arena();
    virNetworkPtr *handles = NULL;
    int n = virConnectListAllNetworks(worker->connection, &handles, 0);
    worker->requests++;
    if (n < 0) {
        LibvirtError why = libvirt_last_error();
        worker_problem(worker, "networks-unread", NULL, "its libvirt networks could not be read",
            "see that the network driver of libvirt is installed", "%s", why.text);
        return networks;
    }
    for (int i = 0; i < n; i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *xml = virNetworkGetXMLDesc(handles[i], 0);
        NetworkFacts *facts = arena_new(arena, NetworkFacts);
        worker->requests++;
        if (xml && network_xml_parse(xml, strlen(xml), arena, facts, &error))
            g_hash_table_replace(networks, (gpointer)facts->name, facts);
        else
            worker_problem(worker, "network-unread", virNetworkGetName(handles[i]),
                "a libvirt network could not be read", "check it with 'virsh net-dumpxml'", "%s",
                error ? error->message : libvirt_last_error().text);
        virNetworkFree(handles[i]);
    }
    free(handles);
    return networks;
}

static void
read_network_leases(Worker *worker, virNetworkPtr network, GHashTable *leases, Arena *arena)
{
    virNetworkDHCPLeasePtr *found = NULL;
    int n = virNetworkGetDHCPLeases(network, NULL, &found, 0);
    worker->requests++;
    for (int i = 0; i < n; i++) {
        const char *mac = text_to_mac(found[i]->mac, arena);
        if (mac && found[i]->ipaddr) {
            GPtrArray *addresses = g_hash_table_lookup(leases, mac);
            if (!addresses) {
                addresses = g_ptr_array_new();
                g_hash_table_insert(leases, (gpointer)mac, addresses);
            }
            g_ptr_array_add(addresses, (gpointer)arena_strdup(arena, found[i]->ipaddr));
        }
        virNetworkDHCPLeaseFree(found[i]);
    }
    free(found);
    virResetLastError();
}

void *
worker_read_leases(Worker *worker)
{
    GHashTable *leases = g_hash_table_new(g_str_hash, g_str_equal);
    Arena *arena = stage_arena();
    virNetworkPtr *handles = NULL;
    int n =
        virConnectListAllNetworks(worker->connection, &handles, VIR_CONNECT_LIST_NETWORKS_ACTIVE);
    worker->requests++;
    for (int i = 0; i < n; i++) {
        read_network_leases(worker, handles[i], leases, arena);
        virNetworkFree(handles[i]);
    }
    free(handles);
    virResetLastError();
    return leases;
}

/* --- storage ---------------------------------------------------------------------------------- */

static int
compare_pools(const void *a, const void *b)
{
    const PoolEntry *left = a, *right = b;
    return strcmp(left->facts.name, right->facts.name);
}

void *
worker_read_pools(Worker *worker)
{
    GArray *pools = g_array_new(false, true, sizeof(PoolEntry));
    Arena *arena = stage_arena();
    virStoragePoolPtr *handles = NULL;
    int n = virConnectListAllStoragePools(worker->connection, &handles, 0);
    worker->requests++;
    if (n < 0) {
        LibvirtError why = libvirt_last_error();
        worker_problem(worker, "pools-unread", NULL, "its storage pools could not be read",
            "see that the storage driver of libvirt is installed", "%s", why.text);
        return pools;
    }
    for (int i = 0; i < n; i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *xml = virStoragePoolGetXMLDesc(handles[i], 0);
        PoolEntry pool = {.handle = handles[i]};
        pool.is_active = virStoragePoolIsActive(handles[i]) == 1;
        worker->requests += 2;
        if (xml && pool_xml_parse(xml, strlen(xml), arena, &pool.facts, &error)) {
            pool.id = record_id(worker, arena, "pool", pool.facts.name);
            g_array_append_val(pools, pool);
        } else {
            worker_problem(worker, "pool-unread", virStoragePoolGetName(handles[i]),
                "a storage pool could not be read", "check it with 'virsh pool-dumpxml'", "%s",
                error ? error->message : libvirt_last_error().text);
        }
    }
    free(handles);
    g_array_sort(pools, compare_pools);
    return pools;
}

static bool
is_nfs_pool(const PoolFacts *pool)
{
    return strcmp(pool->type, "netfs") == 0 &&
           (!pool->format || strcmp(pool->format, "nfs") == 0 || strcmp(pool->format, "auto") == 0);
}

static const char *
pool_type_word(const PoolFacts *pool)
{
    if (is_nfs_pool(pool))
        return "NFS";
    if (strcmp(pool->type, "netfs") == 0)
        return pool->format;
    return strcmp(pool->type, "rbd") == 0 ? "RBD" : pool->type;
}

static void
put_pool(Worker *worker, const PoolEntry *pool)
{
    const PoolFacts *facts = &pool->facts;
    const char *host = worker->request.label.value;
    bool is_nfs = is_nfs_pool(facts);
    Datastore datastore = {
        .id = text_known(pool->id),
        .name = text_known(facts->name),
        .datacenter = text_absent(),
        .type = text_known(pool_type_word(facts)),
        .nfs_host = is_nfs ? text_known(facts->host) : text_absent(),
        .nfs_path = is_nfs ? text_known(facts->source_path) : text_absent(),
        .path = facts->path ? text_known(facts->path) : text_absent(),
        .is_accessible = bool_known(pool->is_active),
        .pod = text_absent(),
        .hosts = {.items = &host, .n = 1, .state = FACT_KNOWN},
    };
    /* The numbers of a pool that is not started are those of no time. */
    if (pool->is_active && facts->capacity_bytes >= 0)
        datastore.capacity_bytes = int_known(facts->capacity_bytes);
    if (pool->is_active && facts->available_bytes >= 0)
        datastore.free_bytes = int_known(facts->available_bytes);
    worker_put_record(worker, RECORD_DATASTORE, &datastore);
}

/* --- mounts of this host ---------------------------------------------------------------------- */

/* "\040" and the like in /proc/self/mountinfo. */
static char *
unescape_mount(const char *text)
{
    return g_strcompress(text);
}

static void
read_mount(Worker *worker, const char *line)
{
    /* 36 35 98:0 /root /mountpoint options [tags...] - type source options */
    enum { MOUNT_POINT = 4, FIELDS_MIN = 10 };
    g_auto(GStrv) fields = g_strsplit(line, " ", 64);
    guint n = g_strv_length(fields), dash = 6;
    while (dash < n && strcmp(fields[dash], "-") != 0)
        dash++;
    if (n < FIELDS_MIN || dash + 2 >= n || !g_str_has_prefix(fields[dash + 1], "nfs"))
        return;
    g_autofree char *path = unescape_mount(fields[MOUNT_POINT]);
    g_autofree char *source = unescape_mount(fields[dash + 2]);
    char *slash = strstr(source, ":/");
    if (!slash)
        return;
    MountEntry mount = {.path = arena_strdup(&worker->arena, path),
        .host = arena_strndup(&worker->arena, source, (size_t)(slash - source)),
        .export = arena_strdup(&worker->arena, slash + 1),
        .id = record_id(worker, &worker->arena, "mount", path)};
    g_array_append_val(worker->mounts, mount);
}

void
worker_read_mounts(Worker *worker)
{
    worker->mounts = g_array_new(false, true, sizeof(MountEntry));
    if (!is_true(worker->request.is_same_host))
        return;
    g_autoptr(StdioFile) file = fopen("/proc/self/mountinfo", "re");
    char line[8192];
    while (file && fgets(line, sizeof line, file))
        read_mount(worker, g_strchomp(line));
}

/* Mounts that no pool stands for. */
static void
put_mounts(Worker *worker)
{
    const char *host = worker->request.label.value;
    for (guint i = 0; i < worker->mounts->len; i++) {
        const MountEntry *mount = &g_array_index(worker->mounts, MountEntry, i);
        Datastore datastore = {.id = text_known(mount->id),
            .name = text_known(mount->path),
            .datacenter = text_absent(),
            .type = text_known("NFS"),
            .nfs_host = text_known(mount->host),
            .nfs_path = text_known(mount->export),
            .path = text_known(mount->path),
            .pod = text_absent(),
            .hosts = {.items = &host, .n = 1, .state = FACT_KNOWN}};
        worker_put_record(worker, RECORD_DATASTORE, &datastore);
    }
}

/* --- records ---------------------------------------------------------------------------------- */

void *
worker_read_host(Worker *worker)
{
    HostFacts *facts = g_new0(HostFacts, 1);
    g_autofree char *name = virConnectGetHostname(worker->connection);
    if (name && *name)
        facts->name = arena_strdup(stage_arena(), name);
    facts->has_info = virNodeGetInfo(worker->connection, &facts->info) == 0;
    worker->requests += 2;
    virResetLastError();
    return facts;
}

void
worker_put_host(Worker *worker)
{
    static const HostFacts nothing;
    const HostFacts *facts = worker->host ? worker->host : &nothing;
    const char *name = facts->name ? facts->name : worker->request.label.value;
    unsigned long version = worker->libvirt_version;
    g_autofree char *text = g_strdup_printf(
        "libvirt %lu.%lu.%lu", version / 1000000, version / 1000 % 1000, version % 1000);
    SourceHost host = {
        .id = worker->request.label,
        .name = text_known(name),
        .cluster = text_absent(),
        .datacenter = text_absent(),
        .connection = CONNECTION_CONNECTED,
        .version = text_known(text),
    };
    if (facts->has_info) {
        const virNodeInfo *info = &facts->info;
        host.cpus = int_known(info->cpus);
        host.cpu_mhz = info->mhz ? int_known(info->mhz) : (Int){0};
        if (info->memory < INT64_MAX / 1024)
            host.memory_bytes = int_known((int64_t)info->memory * 1024);
    }
    worker_put_record(worker, RECORD_HOST, &host);
    for (size_t i = 0; i < worker->n_domains; i++)
        if (worker->domains[i].taken == DOMAIN_READ)
            worker->domains[i].xml.view.host_name = text_known(name);
}

void
worker_put_datastores(Worker *worker)
{
    for (guint i = 0; worker->pools && i < worker->pools->len; i++)
        put_pool(worker, &g_array_index(worker->pools, PoolEntry, i));
    put_mounts(worker);
}
