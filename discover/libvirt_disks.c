/* SPDX-License-Identifier: Apache-2.0
 *
 * Disks beyond their XML: volume, size, chain, datastore.
 */
#include "libvirt_worker.h"

/* --- sizes from the bulk call ----------------------------------------------------------------- */

typedef struct BlockStats {
    const char *name;
    int64_t capacity_bytes, allocation_bytes; /* -1: not told */
} BlockStats;

static int64_t
bytes_or_untold(const virTypedParameter *param)
{
    return param->type == VIR_TYPED_PARAM_ULLONG && param->value.ul <= INT64_MAX
               ? (int64_t)param->value.ul
               : -1;
}

/* "block.3.capacity" of the record's parameters; the disk of that target. */
static BlockStats
find_block(virDomainStatsRecordPtr record, const char *target)
{
    BlockStats stats = {.capacity_bytes = -1, .allocation_bytes = -1};
    char prefix[32] = "";
    for (int i = 0; target && i < record->nparams; i++) {
        const virTypedParameter *param = &record->params[i];
        if (!*prefix) {
            const char *end = g_strrstr(param->field, ".name");
            if (g_str_has_prefix(param->field, "block.") && end &&
                param->type == VIR_TYPED_PARAM_STRING && strcmp(param->value.s, target) == 0) {
                g_snprintf(prefix, sizeof prefix, "%.*s.", (int)(end - param->field), param->field);
                stats.name = target;
            }
            continue;
        }
        if (!g_str_has_prefix(param->field, prefix))
            continue;
        const char *field = param->field + strlen(prefix);
        if (strcmp(field, "capacity") == 0)
            stats.capacity_bytes = bytes_or_untold(param);
        else if (strcmp(field, "allocation") == 0)
            stats.allocation_bytes = bytes_or_untold(param);
    }
    return stats;
}

static BlockStats
disk_stats(Worker *worker, const DomainEntry *entry, size_t i)
{
    virDomainStatsRecordPtr record =
        worker->stats ? g_hash_table_lookup(worker->stats, entry->uuid) : NULL;
    return record ? find_block(record, entry->xml.disks[i].target)
                  : (BlockStats){.capacity_bytes = -1, .allocation_bytes = -1};
}

/* --- pools and mounts by path ----------------------------------------------------------------- */

/* Whether @path lies in @folder; how deep that is. */
static size_t
match_folder(const char *path, const char *folder)
{
    size_t length = folder ? strlen(folder) : 0;
    while (length > 1 && folder[length - 1] == '/')
        length--;
    return length > 1 && strncmp(path, folder, length) == 0 && path[length] == '/' ? length : 0;
}

static const PoolEntry *
find_pool(const Worker *worker, const char *name)
{
    for (guint i = 0; worker->pools && name && i < worker->pools->len; i++) {
        const PoolEntry *pool = &g_array_index(worker->pools, PoolEntry, i);
        if (strcmp(pool->facts.name, name) == 0)
            return pool;
    }
    return NULL;
}

static bool
has_files(const PoolFacts *pool)
{
    return strcmp(pool->type, "dir") == 0 || strcmp(pool->type, "fs") == 0 ||
           strcmp(pool->type, "netfs") == 0 || strcmp(pool->type, "logical") == 0 ||
           strcmp(pool->type, "vstorage") == 0;
}

/* The pool whose folder is the nearest above @path. */
static const PoolEntry *
find_pool_of_path(const Worker *worker, const char *path, size_t *ret_depth)
{
    const PoolEntry *best = NULL;
    size_t best_depth = 0;
    for (guint i = 0; worker->pools && i < worker->pools->len; i++) {
        const PoolEntry *pool = &g_array_index(worker->pools, PoolEntry, i);
        size_t depth = has_files(&pool->facts) ? match_folder(path, pool->facts.path) : 0;
        if (depth > best_depth) {
            best = pool;
            best_depth = depth;
        }
    }
    *ret_depth = best_depth;
    return best;
}

static const PoolEntry *
find_rbd_pool(const Worker *worker, const char *name)
{
    for (guint i = 0; worker->pools && name && i < worker->pools->len; i++) {
        const PoolEntry *pool = &g_array_index(worker->pools, PoolEntry, i);
        if (strcmp(pool->facts.type, "rbd") == 0 && g_strcmp0(pool->facts.source_name, name) == 0)
            return pool;
    }
    return NULL;
}

static const MountEntry *
find_mount_of_path(const Worker *worker, const char *path, size_t *ret_depth)
{
    const MountEntry *best = NULL;
    *ret_depth = 0;
    for (guint i = 0; i < worker->mounts->len; i++) {
        const MountEntry *mount = &g_array_index(worker->mounts, MountEntry, i);
        size_t depth = match_folder(path, mount->path);
        if (depth > *ret_depth) {
            best = mount;
            *ret_depth = depth;
        }
    }
    return best;
}

static void
take_pool(Disk *disk, const PoolEntry *pool)
{
    const PoolFacts *facts = &pool->facts;
    bool is_nfs = strcmp(facts->type, "netfs") == 0;
    disk->datastore = text_known(pool->id);
    disk->datastore_name = text_known(facts->name);
    disk->datastore_type =
        text_known(is_nfs && (!facts->format || strcmp(facts->format, "glusterfs") != 0) ? "NFS"
                   : strcmp(facts->type, "rbd") == 0                                     ? "RBD"
                                                     : facts->type);
    if (is_nfs) {
        disk->datastore_host = text_known(facts->host);
        disk->datastore_path = text_known(facts->source_path);
    } else if (strcmp(facts->type, "rbd") == 0) {
        if (disk->datastore_host.state != FACT_KNOWN)
            disk->datastore_host = text_known(facts->host);
        disk->datastore_path = text_known(facts->source_name);
    } else {
        disk->datastore_host = text_absent();
        disk->datastore_path = text_known(facts->path);
    }
}

static void
place_disk(Worker *worker, Disk *disk, const char *pool_name)
{
    size_t pool_depth = 0, mount_depth = 0;
    const char *path = disk->path.value;
    const PoolEntry *pool = find_pool(worker, pool_name);
    const MountEntry *mount = NULL;
    if (!pool && g_strcmp0(disk->backing_type.value, "network/rbd") == 0)
        pool = find_rbd_pool(worker, disk->datastore_path.value);
    if (!pool && path && *path == '/') {
        pool = find_pool_of_path(worker, path, &pool_depth);
        mount = find_mount_of_path(worker, path, &mount_depth);
    }
    if (pool && (strcmp(pool->facts.type, "netfs") == 0 || pool_depth == 0 || !mount)) {
        take_pool(disk, pool);
    } else if (mount) { /* a directory pool on top of an NFS mount is NFS */
        disk->datastore = text_known(mount->id);
        disk->datastore_name = text_known(pool ? pool->facts.name : mount->path);
        disk->datastore_type = text_known("NFS");
        disk->datastore_host = text_known(mount->host);
        disk->datastore_path = text_known(mount->export);
    }
}

/* --- the stage that asks for volumes ---------------------------------------------------------- */

static char *
disk_key(const DomainEntry *entry, const char *target)
{
    return g_strdup_printf("%s %s", entry->uuid, target ? target : "");
}

typedef struct VolumeReader {
    Worker *worker;
    Arena *arena;
    GHashTable *by_path; /* path -> virStorageVolPtr, of all pools with files */
    size_t n_refused;    /* calls that only told why a disk cannot be read */
} VolumeReader;

enum { REFUSED_MAX = 100 };

/* The keys of volumes with files are their paths, and come with the list. */
static void
list_volumes(VolumeReader *reader)
{
    for (guint i = 0; reader->worker->pools && i < reader->worker->pools->len; i++) {
        const PoolEntry *pool = &g_array_index(reader->worker->pools, PoolEntry, i);
        virStorageVolPtr *volumes = NULL;
        if (!pool->is_active || !has_files(&pool->facts))
            continue;
        int n = virStoragePoolListAllVolumes(pool->handle, &volumes, 0);
        reader->worker->requests++;
        for (int k = 0; k < n; k++) {
            const char *key = virStorageVolGetKey(volumes[k]);
            if (key)
                g_hash_table_replace(reader->by_path, (gpointer)key, volumes[k]);
        }
        free(volumes);
    }
    virResetLastError();
}

static bool
read_volume(VolumeReader *reader, virStorageVolPtr volume, VolumeFacts *ret)
{
    g_autofree char *xml = virStorageVolGetXMLDesc(volume, 0);
    reader->worker->requests++;
    return xml && volume_xml_parse(xml, strlen(xml), reader->arena, ret, NULL);
}

/* The backing files below @volume, as far as pools know them. */
static void
follow_chain(VolumeReader *reader, const VolumeFacts *volume, DiskFacts *facts)
{
    const char *paths[DISK_CHAIN_MAX];
    size_t n = 0;
    VolumeFacts layer = *volume;
    while (layer.backing_path && n < DISK_CHAIN_MAX) {
        paths[n++] = layer.backing_path;
        virStorageVolPtr below = g_hash_table_lookup(reader->by_path, layer.backing_path);
        if (!below || !read_volume(reader, below, &layer))
            break;
    }
    /* What lies below a file that no pool knows is not known; that something does, is. */
    facts->chain.items = arena_memdup(reader->arena, paths, n * sizeof *paths);
    facts->chain.n = n;
    facts->chain.state = FACT_KNOWN;
}

static void
take_volume(VolumeReader *reader, virStorageVolPtr handle, DiskFacts *facts)
{
    VolumeFacts volume = {0};
    if (!read_volume(reader, handle, &volume)) {
        facts->trouble = arena_strdup(reader->arena, libvirt_last_error().text);
        return;
    }
    facts->path = volume.path;
    facts->capacity_bytes = volume.capacity_bytes;
    facts->allocation_bytes = volume.allocation_bytes;
    follow_chain(reader, &volume, facts);
}

static void
find_volume(VolumeReader *reader, const DiskSource *source, DiskFacts *facts)
{
    virStoragePoolPtr pool = virStoragePoolLookupByName(reader->worker->connection, source->pool);
    virStorageVolPtr volume = pool ? virStorageVolLookupByName(pool, source->volume) : NULL;
    reader->worker->requests += 2;
    if (volume)
        take_volume(reader, volume, facts);
    else
        facts->trouble = arena_strdup(reader->arena, libvirt_last_error().text);
    if (volume)
        virStorageVolFree(volume);
    if (pool)
        virStoragePoolFree(pool);
}

/*
 * Of stopped domains only: a running one would be asked through a QEMU that may be frozen. The bulk
 * call has failed at this disk before, so what comes is mostly the reason; a host whose storage is
 * gone does not have to give it a thousand times.
 */
static void
ask_block_info(VolumeReader *reader, const DomainEntry *entry, const char *target, DiskFacts *facts)
{
    virDomainBlockInfo info = {0};
    reader->worker->requests++;
    if (virDomainGetBlockInfo(entry->handle, target, &info, 0) != 0) {
        reader->n_refused++;
        facts->trouble = arena_strdup(reader->arena, libvirt_last_error().text);
        return;
    }
    facts->capacity_bytes = info.capacity <= INT64_MAX ? (int64_t)info.capacity : -1;
    facts->allocation_bytes = info.allocation <= INT64_MAX ? (int64_t)info.allocation : -1;
}

static void
read_disk_facts(VolumeReader *reader, DomainEntry *entry, size_t i, GHashTable *disks)
{
    const Disk *disk = &entry->xml.view.disks.items[i];
    const DiskSource *source = &entry->xml.disks[i];
    const char *path = disk->path.value;
    BlockStats stats = disk_stats(reader->worker, entry, i);
    bool has_size = stats.capacity_bytes > 0, has_chain = disk->chain.state == FACT_KNOWN;
    DiskFacts facts = {.capacity_bytes = -1, .allocation_bytes = -1};
    if (source->pool && source->volume) {
        find_volume(reader, source, &facts);
    } else if (!has_size || !has_chain) {
        virStorageVolPtr volume = path ? g_hash_table_lookup(reader->by_path, path) : NULL;
        if (volume)
            take_volume(reader, volume, &facts);
        if (!has_size && facts.capacity_bytes <= 0 && !entry->xml.is_active && source->target &&
            !reader->worker->is_test && reader->n_refused < REFUSED_MAX)
            ask_block_info(reader, entry, source->target, &facts);
    } else {
        return;
    }
    DiskFacts *kept = arena_memdup(reader->arena, &facts, sizeof facts);
    g_hash_table_insert(disks, disk_key(entry, source->target), kept);
}

void *
worker_read_disks(Worker *worker)
{
    GHashTable *disks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    VolumeReader reader = {.worker = worker,
        .arena = stage_arena(),
        .by_path = g_hash_table_new(g_str_hash, g_str_equal)};
    list_volumes(&reader);
    for (size_t i = 0; i < worker->n_domains; i++) {
        DomainEntry *entry = &worker->domains[i];
        if (entry->taken == DOMAIN_READ)
            for (size_t k = 0; k < entry->xml.view.disks.n; k++)
                read_disk_facts(&reader, entry, k, disks);
    }
    return disks;
}

/* --- disks of several domains ----------------------------------------------------------------- */

/* Two domains with the same file, block device or image: at most one of them can take it along. */
static void
note_shared(Worker *worker, GHashTable *users, DomainEntry *entry, size_t i)
{
    Disk *disk = &entry->xml.view.disks.items[i];
    const char *path = disk->path.value;
    if (!path)
        return;
    g_autofree char *key = g_strdup_printf("%s %s", disk->backing_type.value, path);
    const DomainEntry *other = g_hash_table_lookup(users, key);
    if (!other) {
        g_hash_table_insert(users, g_steal_pointer(&key), entry);
    } else if (other != entry) {
        disk->is_shared = bool_known(true);
        if (disk->sharing.state != FACT_KNOWN)
            disk->sharing = text_known(arena_printf(&worker->arena, "also of '%s'", other->name));
        g_autofree char *evidence = g_strdup_printf("'%s' of '%s'", path, other->name);
        view_add_problem(&entry->xml.view, &worker->arena, "shared-disk", disk->id.value,
            "another instance of this host has the same disk", evidence);
    }
}

static int
compare_entries(const void *a, const void *b)
{
    return strcmp((*(DomainEntry *const *)a)->name, (*(DomainEntry *const *)b)->name);
}

void
worker_find_shared_disks(Worker *worker)
{
    g_autofree DomainEntry **by_name = g_new0(DomainEntry *, worker->n_all + 1);
    for (size_t k = 0; k < worker->n_all; k++)
        by_name[k] = &worker->domains[k];
    qsort(by_name, worker->n_all, sizeof *by_name, compare_entries);
    /* Once in each direction, so that both are told. */
    for (int pass = 0; pass < 2; pass++) {
        g_autoptr(GHashTable) users = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        for (size_t k = 0; k < worker->n_all; k++) {
            DomainEntry *entry = by_name[pass ? worker->n_all - 1 - k : k];
            if (entry->taken == DOMAIN_READ)
                for (size_t i = 0; i < entry->xml.view.disks.n; i++)
                    note_shared(worker, users, entry, i);
        }
    }
}

/* --- together --------------------------------------------------------------------------------- */

static void
finish_size(Worker *worker, DomainEntry *entry, size_t i, const DiskFacts *facts)
{
    Disk *disk = &entry->xml.view.disks.items[i];
    BlockStats stats = disk_stats(worker, entry, i);
    int64_t capacity = stats.capacity_bytes > 0 ? stats.capacity_bytes
                       : facts                  ? facts->capacity_bytes
                                                : -1;
    int64_t allocation = stats.allocation_bytes >= 0 ? stats.allocation_bytes
                         : facts                     ? facts->allocation_bytes
                                                     : -1;
    if (capacity > 0)
        disk->capacity_bytes = int_known(capacity);
    else
        view_add_problem(&entry->xml.view, &worker->arena, "disk-size-unread", disk->id.value,
            "its size could not be read",
            facts && facts->trouble ? facts->trouble : "the host did not tell it");
    if (allocation >= 0)
        disk->allocated_bytes = int_known(allocation);
    if (capacity <= 0 && facts && facts->trouble && entry->xml.disks[i].is_local) {
        g_autofree char *reason = g_strdup_printf("disk '%s' cannot be opened", disk->id.value);
        view_add_hidden(&entry->xml.view, &worker->arena, reason);
    }
}

void
worker_finish_disks(Worker *worker, DomainEntry *entry)
{
    InstanceView *view = &entry->xml.view;
    for (size_t i = 0; i < view->disks.n; i++) {
        Disk *disk = &view->disks.items[i];
        const DiskSource *source = &entry->xml.disks[i];
        g_autofree char *key = disk_key(entry, source->target);
        const DiskFacts *facts = worker->disks ? g_hash_table_lookup(worker->disks, key) : NULL;
        if (facts && facts->path && source->pool)
            disk->path = text_known(facts->path);
        if (facts && disk->chain.state == FACT_UNKNOWN)
            disk->chain = facts->chain;
        finish_size(worker, entry, i, facts);
        place_disk(worker, disk, source->pool);
    }
}
