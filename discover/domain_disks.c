/* SPDX-License-Identifier: Apache-2.0
 *
 * Disks, CD-ROM and floppy drives of a domain.
 */
#include "libvirt_priv.h"

/* "10.0.0.1,10.0.0.2", each with its port when @with_ports */
static const char *
read_hosts(DomainWalk *walk, const xmlNode *source, bool with_ports)
{
    g_autoptr(GString) hosts = g_string_new(NULL);
    XML_EACH(source, host) {
        if (!xml_is(host, "host"))
            continue;
        const char *name =
            xml_attr(host, "name") ? xml_attr(host, "name") : xml_attr(host, "socket");
        const char *port = with_ports ? xml_attr(host, "port") : NULL;
        if (name)
            g_string_append_printf(hosts, "%s%.255s%s%.8s", hosts->len ? "," : "", name,
                port ? ":" : "", port ? port : "");
    }
    return hosts->len ? arena_intern(walk->arena, hosts->str) : NULL;
}

static const char *
network_path(DomainWalk *walk, const xmlNode *source)
{
    const char *name = xml_attr_copy(source, "name", walk->arena),
               *hosts = read_hosts(walk, source, true);
    if (name)
        return name;
    return hosts
               ? arena_printf(walk->arena, "%s://%s",
                     xml_attr(source, "protocol") ? xml_attr(source, "protocol") : "network", hosts)
               : NULL;
}

/* The path of a <source>, of a disk or of a layer below it; NULL when it names none. */
static const char *
source_path(DomainWalk *walk, const char *type, const xmlNode *source)
{
    if (g_strcmp0(type, "network") == 0)
        return network_path(walk, source);
    if (g_strcmp0(type, "volume") == 0) {
        const char *pool = xml_attr(source, "pool"), *volume = xml_attr(source, "volume");
        return pool && volume ? arena_printf(walk->arena, "%s/%s", pool, volume) : NULL;
    }
    const char *names[] = {"file", "dev", "dir", "path", "name"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (xml_attr_copy(source, names[i], walk->arena))
            return xml_attr_copy(source, names[i], walk->arena);
    return NULL;
}

static DiskBacking
disk_backing(const char *type)
{
    static const struct {
        const char *type;
        DiskBacking backing;
    } kinds[] = {{"file", DISK_BACKING_FILE}, {"block", DISK_BACKING_BLOCK},
        {"network", DISK_BACKING_NETWORK}, {"volume", DISK_BACKING_VOLUME}};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (strcmp(type, kinds[i].type) == 0)
            return kinds[i].backing;
    return DISK_BACKING_OTHER;
}

/* A running domain lists its whole chain; a stopped one at most what was set by hand. */
static void
read_chain(DomainWalk *walk, const xmlNode *node, Disk *disk)
{
    const char *paths[DISK_CHAIN_MAX];
    size_t n = 0;
    const xmlNode *layer = xml_child(node, "backingStore");
    if (!layer)
        return;
    for (; layer && xml_child(layer, "source"); layer = xml_child(layer, "backingStore")) {
        const char *type = xml_attr(layer, "type");
        const char *path = source_path(walk, type ? type : "file", xml_child(layer, "source"));
        if (n == DISK_CHAIN_MAX) {
            walk_problem(walk, "too-many", disk->id.value, "its backing chain is too long",
                "more than %d layers below '%s'", DISK_CHAIN_MAX, disk->key.value);
            break;
        }
        paths[n++] = path ? path : "";
    }
    bool is_ended = layer != NULL || walk->domain->is_active;
    if (!is_ended && n == 0)
        return;
    disk->chain.items = arena_memdup(walk->arena, paths, n * sizeof *paths);
    disk->chain.n = n;
    disk->chain.state = FACT_KNOWN;
}

/* The model of the controller that the disk hangs on: "virtio-scsi" and the like. */
static const char *
controller_model(const DomainWalk *walk, const char *bus, const char *index)
{
    XML_EACH(walk->devices, node)
        if (xml_is(node, "controller") && g_strcmp0(xml_attr(node, "type"), bus) == 0 &&
            g_strcmp0(xml_attr(node, "index"), index) == 0)
            return xml_attr(node, "model");
    return NULL;
}

static void
read_target(DomainWalk *walk, const xmlNode *node, Disk *disk)
{
    const xmlNode *target = xml_child(node, "target"), *address = xml_child(node, "address");
    const char *bus = xml_attr_copy(target, "bus", walk->arena),
               *dev = xml_attr_copy(target, "dev", walk->arena);
    const char *controller = xml_attr(address, "controller");
    disk->key = disk->label = text_known(dev);
    disk->controller = disk->controller_type = text_known(bus);
    uint64_t number = 0;
    if (g_strcmp0(xml_attr(address, "type"), "drive") == 0) {
        const char *model = bus ? controller_model(walk, bus, controller ? controller : "0") : NULL;
        if (model)
            disk->controller_type = text_known(arena_intern(walk->arena, model));
        if (text_to_uint(controller, INT32_MAX, &number))
            disk->controller_unit = int_known((int64_t)number);
        if (text_to_uint(xml_attr(address, "unit"), INT32_MAX, &number))
            disk->position = int_known((int64_t)number);
    }
    if (!dev || !bus)
        walk_problem(walk, "disk-unread", disk->id.value, "its target cannot be read in full",
            "<target dev='%.60s' bus='%.60s'/>", dev ? dev : "", bus ? bus : "");
}

static void
read_storage(DomainWalk *walk, const char *type, const xmlNode *node, Disk *disk)
{
    const xmlNode *source = xml_child(node, "source");
    const char *protocol = xml_attr_copy(source, "protocol", walk->arena);
    const char *path = source_path(walk, type, source);
    disk->backing = disk_backing(type);
    disk->backing_type = text_known(protocol ? arena_printf(walk->arena, "%s/%s", type, protocol)
                                             : arena_intern(walk->arena, type));
    if (path)
        disk->path = text_known(path);
    else
        walk_problem(walk, "disk-unread", disk->id.value, "where it lies cannot be read",
            "<disk type='%.40s'> with no path, device or name in its <source>", type);
    if (disk->backing != DISK_BACKING_NETWORK)
        return;
    disk->datastore_host = text_known(read_hosts(walk, source, false));
    if (g_strcmp0(protocol, "rbd") == 0 && path && strchr(path, '/')) {
        disk->datastore_type = text_known("RBD");
        disk->datastore_name = disk->datastore_path =
            text_known(arena_strndup(walk->arena, path, (size_t)(strchr(path, '/') - path)));
    }
}

static void
read_flags(const xmlNode *node, Disk *disk)
{
    const xmlNode *source = xml_child(node, "source");
    disk->is_shared = bool_known(xml_child(node, "shareable") != NULL);
    disk->sharing = is_true(disk->is_shared) ? text_known("shareable") : text_absent();
    disk->is_read_only = bool_known(xml_child(node, "readonly") != NULL);
    disk->is_encrypted =
        bool_known(xml_child(node, "encryption") || xml_child(source, "encryption"));
    disk->is_independent = (Bool){.state = FACT_ABSENT};
    disk->mode = text_absent();
}

/* What a disk does that its path and format do not show. */
static void
check_disk(DomainWalk *walk, const xmlNode *node, const Disk *disk)
{
    const xmlNode *mirror = xml_child(node, "mirror");
    const xmlNode *data = xml_child(xml_child(node, "source"), "dataStore");
    if (mirror)
        walk_problem(walk, "disk-job", disk->id.value, "a block job is copying it: end it first",
            "<mirror job='%.40s' ready='%.40s'>",
            xml_attr(mirror, "job") ? xml_attr(mirror, "job") : "",
            xml_attr(mirror, "ready") ? xml_attr(mirror, "ready") : "no");
    if (xml_child(node, "transient"))
        walk_problem(walk, "disk-transient", disk->id.value,
            "what the guest writes to it is thrown away at shutdown", "<transient/>");
    if (data) {
        const char *type = xml_attr(data, "type");
        const char *path = source_path(walk, type ? type : "file", xml_child(data, "source"));
        walk_problem(walk, "disk-data-file", disk->id.value,
            "its data lie in a second file, which CloudStack does not take along",
            "<dataStore> '%.255s'", path ? path : "");
    }
}

/* Ids of CloudStack are places among the disks that it lists; the others get one it never uses. */
static const char *
disk_id(DomainWalk *walk, const char *word, const char *target, bool is_listed)
{
    return is_listed ? arena_printf(walk->arena, "%u", walk->n_listed++)
                     : arena_printf(walk->arena, "%s:%s", word, target ? target : "?");
}

static void
read_drive(DomainWalk *walk, const char *type, const char *device, const xmlNode *node)
{
    const char *path = source_path(walk, type, xml_child(node, "source"));
    const char *label = xml_attr_copy(xml_child(node, "target"), "dev", walk->arena);
    walk->n_listed += domain_is_disk_listed(node);
    if (strcmp(device, "floppy") == 0) {
        walk_device(walk, "floppy", type, path);
        return;
    }
    Cdrom cdrom = {.label = text_known(label),
        .path = path ? text_known(path) : text_absent(),
        .is_connected = bool_known(path != NULL)};
    g_array_append_val(walk->cdrom, cdrom);
}

void
domain_read_disk(DomainWalk *walk, const xmlNode *node)
{
    const char *device = xml_attr(node, "device"), *type = xml_attr(node, "type");
    const char *target = xml_attr_copy(xml_child(node, "target"), "dev", walk->arena);
    device = device ? arena_intern(walk->arena, device) : "disk";
    type = type && *type ? type : "file";
    if (strcmp(device, "cdrom") == 0 || strcmp(device, "floppy") == 0) {
        read_drive(walk, type, device, node);
        return;
    }
    if (walk->disk->len == DOMAIN_DISKS_MAX) {
        walk_problem(walk, "too-many", NULL, "it has more disks than are read",
            "the first %d were read; '%.60s' was not", DOMAIN_DISKS_MAX, target ? target : "?");
        return;
    }
    const char *word = strcmp(device, "disk") == 0 ? arena_intern(walk->arena, type) : device;
    Disk disk = {.id = text_known(disk_id(walk, word, target, domain_is_disk_listed(node)))};
    const xmlNode *source = xml_child(node, "source");
    disk.format = text_known(xml_attr_copy(xml_child(node, "driver"), "type", walk->arena));
    read_target(walk, node, &disk);
    read_storage(walk, type, node, &disk);
    read_flags(node, &disk);
    read_chain(walk, node, &disk);
    check_disk(walk, node, &disk);
    DiskSource from = {.pool = xml_attr_copy(source, "pool", walk->arena),
        .volume = xml_attr_copy(source, "volume", walk->arena),
        .target = target,
        .is_local = disk.backing == DISK_BACKING_FILE || disk.backing == DISK_BACKING_BLOCK};
    g_array_append_val(walk->disk, disk);
    g_array_append_val(walk->disk_source, from);
}
