/* SPDX-License-Identifier: Apache-2.0
 *
 * One domain's XML to an instance: identity, size, firmware, metadata and devices; disks and NICs
 * are in files of their own. What cannot be understood is an entry and a problem.
 *
 * Source: libvirt's domain XML format.
 */
#include "libvirt_priv.h"

#include "cleanup.h"

void
walk_problem(DomainWalk *walk, const char *id, const char *about, const char *text,
    const char *evidence, ...)
{
    Problem problem = {.id = text_known(id),
        .about = about ? text_known(arena_intern(walk->arena, about)) : text_absent(),
        .text = text_known(text)};
    if (evidence) {
        va_list args;
        va_start(args, evidence);
        g_autofree char *said = g_strdup_vprintf(evidence, args);
        va_end(args);
        problem.evidence = text_known(arena_strdup(walk->arena, said));
    }
    g_array_append_val(walk->problem, problem);
}

void
walk_device(DomainWalk *walk, const char *kind, const char *type, const char *label)
{
    Device device = {.kind = text_known(arena_intern(walk->arena, kind)),
        .type = text_known(arena_intern(walk->arena, type)),
        .label = label ? text_known(arena_strdup(walk->arena, label)) : text_absent()};
    g_array_append_val(walk->device, device);
}

void
view_add_problem(InstanceView *view, Arena *arena, const char *id, const char *about,
    const char *text, const char *evidence)
{
    Problem *items = arena_new_n(arena, Problem, view->problems.n + 1);
    if (view->problems.n)
        memcpy(items, view->problems.items, view->problems.n * sizeof *items);
    items[view->problems.n] = (Problem){.id = text_known(id),
        .about = about ? text_known(arena_strdup(arena, about)) : text_absent(),
        .text = text_known(text),
        .evidence = text_known(arena_strdup(arena, evidence))};
    view->problems.items = items;
    view->problems.n++;
    view->problems.state = FACT_KNOWN;
}

void
view_add_hidden(InstanceView *view, Arena *arena, const char *reason)
{
    Texts *reasons = &view->hidden_because;
    const char **items = arena_new_n(arena, const char *, reasons->n + 1);
    if (reasons->n)
        memcpy(items, reasons->items, reasons->n * sizeof *items);
    items[reasons->n++] = arena_intern(arena, reason);
    reasons->items = items;
    reasons->state = FACT_KNOWN;
}

/* --- identity, size, firmware ----------------------------------------------------------------- */

static const char *
lower_case(const char *text, Arena *arena)
{
    g_autofree char *lower = g_ascii_strdown(text, -1);
    return arena_strdup(arena, lower);
}

static bool
read_identity(DomainWalk *walk, GError **error)
{
    InstanceView *view = &walk->domain->view;
    const char *name = xml_text(xml_child(walk->root, "name"), walk->arena);
    const char *uuid = xml_text(xml_child(walk->root, "uuid"), walk->arena);
    if (!name) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_INVALID, "domain XML: it has no <name>");
        return false;
    }
    if (!text_is_uuid(uuid)) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_INVALID,
            "domain XML of '%.255s': its <uuid> is '%.60s', which is none", name, uuid ? uuid : "");
        return false;
    }
    view->name = text_known(name);
    view->id = view->instance_uuid = view->bios_uuid = text_known(lower_case(uuid, walk->arena));
    XML_EACH(walk->root, sysinfo) /* what the guest sees may differ from what libvirt uses */
        if (xml_is(sysinfo, "sysinfo"))
            XML_EACH(xml_child(sysinfo, "system"), entry)
                if (g_strcmp0(xml_attr(entry, "name"), "uuid") == 0 &&
                    text_is_uuid(xml_text(entry, walk->arena)))
                    view->bios_uuid =
                        text_known(lower_case(xml_text(entry, walk->arena), walk->arena));
    return true;
}

enum { CPUS_MAX = 65536 };

/* Cores are counted in a cluster, clusters in a die, dies in a socket. */
static void
read_topology(InstanceView *view, const xmlNode *topology)
{
    uint64_t cores = 0, dies = 1, clusters = 1;
    if (!text_to_uint(xml_attr(topology, "cores"), CPUS_MAX, &cores) || cores == 0 ||
        (xml_attr(topology, "dies") &&
            !text_to_uint(xml_attr(topology, "dies"), CPUS_MAX, &dies)) ||
        (xml_attr(topology, "clusters") &&
            !text_to_uint(xml_attr(topology, "clusters"), CPUS_MAX, &clusters)))
        return;
    if (cores * dies * clusters > 0 && cores * dies * clusters <= CPUS_MAX)
        view->cores_per_socket = int_known((int64_t)(cores * dies * clusters));
}

static void
read_size(DomainWalk *walk)
{
    InstanceView *view = &walk->domain->view;
    const xmlNode *vcpu = xml_child(walk->root, "vcpu"), *memory = xml_child(walk->root, "memory");
    const char *text = xml_text(vcpu, walk->arena), *current = xml_attr(vcpu, "current");
    uint64_t cpus = 0;
    if (text_to_uint(current ? current : text, CPUS_MAX, &cpus) && cpus > 0)
        view->cpus = int_known((int64_t)cpus);
    else
        walk_problem(walk, "config-unread", "vcpu", "the number of vCPUs cannot be read",
            "<vcpu current='%.40s'>%.40s</vcpu>", current ? current : "", text ? text : "");

    const char *unit = xml_attr(memory, "unit");
    text = xml_text(memory, walk->arena);
    int64_t bytes = 0;
    if (text_to_bytes(text, unit, &bytes) && bytes > 0)
        view->memory_bytes = int_known(bytes);
    else
        walk_problem(walk, "config-unread", "memory", "the memory size cannot be read",
            "<memory unit='%.40s'>%.40s</memory>", unit ? unit : "KiB", text ? text : "");
    read_topology(view, xml_child(xml_child(walk->root, "cpu"), "topology"));
}

static bool
mentions_uefi(const char *path)
{
    g_autofree char *lower = g_ascii_strdown(path ? path : "", -1);
    return strstr(lower, "ovmf") || strstr(lower, "aavmf") || strstr(lower, "uefi") ||
           strstr(lower, "edk2");
}

static Bool
read_feature_secure_boot(const xmlNode *firmware)
{
    XML_EACH(firmware, feature)
        if (xml_is(feature, "feature") && g_strcmp0(xml_attr(feature, "name"), "secure-boot") == 0)
            return bool_known(g_strcmp0(xml_attr(feature, "enabled"), "yes") == 0);
    return (Bool){0};
}

static void
read_firmware(DomainWalk *walk)
{
    InstanceView *view = &walk->domain->view;
    const xmlNode *os = xml_child(walk->root, "os"), *loader = xml_child(os, "loader"),
                  *type = xml_child(os, "type");
    const char *firmware = xml_attr(os, "firmware"), *secure = xml_attr(loader, "secure"),
               *arch = xml_attr(type, "arch");
    const char *machine = xml_attr(type, "machine");
    view->hardware_version = machine ? text_known(arena_intern(walk->arena, machine)) : (Text){0};
    bool is_x86 = !arch || strcmp(arch, "x86_64") == 0 || strcmp(arch, "i686") == 0;
    if (g_strcmp0(firmware, "efi") == 0 || g_strcmp0(xml_attr(loader, "type"), "pflash") == 0 ||
        mentions_uefi(xml_text(loader, walk->arena))) {
        view->firmware = FIRMWARE_UEFI;
        view->secure_boot = secure ? bool_known(strcmp(secure, "yes") == 0)
                                   : read_feature_secure_boot(xml_child(os, "firmware"));
        if (view->secure_boot.state == FACT_UNKNOWN && loader)
            view->secure_boot = bool_known(false);
    } else if (g_strcmp0(firmware, "bios") == 0 || is_x86) {
        view->firmware = FIRMWARE_BIOS;
        view->secure_boot = bool_known(false);
    }
}

/* --- metadata --------------------------------------------------------------------------------- */

static bool
is_in_namespace(const xmlNode *node, const char *prefix)
{
    return node->ns && node->ns->href && g_str_has_prefix((const char *)node->ns->href, prefix);
}

static void
read_metadata(DomainWalk *walk)
{
    InstanceView *view = &walk->domain->view;
    const char *title = xml_text(xml_child(walk->root, "title"), walk->arena);
    const char *description = xml_text(xml_child(walk->root, "description"), walk->arena);
    view->annotation = description ? text_known(description) : text_absent();
    view->attributes.state = FACT_KNOWN;
    if (title) {
        view->attributes.items = arena_new(walk->arena, Attribute);
        view->attributes.items[0] = (Attribute){text_known("title"), text_known(title)};
        view->attributes.n = 1;
    }
    view->guest_os_id = text_absent();
    XML_EACH(xml_child(walk->root, "metadata"), info)
        if (is_in_namespace(info, "http://libosinfo.org/"))
            XML_EACH(info, os)
                if (xml_is(os, "os") && xml_attr(os, "id"))
                    view->guest_os_id = text_known(arena_intern(walk->arena, xml_attr(os, "id")));
}

/* What libvirt does not have at all. */
static void
mark_absent(InstanceView *view)
{
    view->path = view->datacenter = view->resource_pool = view->vapp = text_absent();
    view->cluster = view->cluster_name = view->question = view->start_id = text_absent();
    view->is_template = view->is_fault_tolerant = (Bool){.state = FACT_ABSENT};
    view->needs_consolidation = view->has_change_tracking = (Bool){.state = FACT_ABSENT};
    view->tags.state = FACT_ABSENT;
    view->tasks.state = FACT_ABSENT;
}

/* --- devices ---------------------------------------------------------------------------------- */

static void
read_hostdev(DomainWalk *walk, const xmlNode *node)
{
    static const struct {
        const char *type, *kind;
    } kinds[] = {{"pci", "pci-passthrough"}, {"usb", "usb"}, {"mdev", "vgpu"},
        {"scsi", "scsi-passthrough"}, {"scsi_host", "scsi-passthrough"}};
    const char *type = xml_attr(node, "type"), *kind = "unknown";
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_strcmp0(type, kinds[i].type) == 0)
            kind = kinds[i].kind;
    g_autoptr(GString) label = g_string_new(NULL);
    const xmlNode *source = xml_child(node, "source"), *address = xml_child(source, "address");
    for (const xmlAttr *at = address ? address->properties : NULL; at; at = at->next)
        g_string_append_printf(label, "%s%s=%.64s", label->len ? " " : "", (const char *)at->name,
            at->children && at->children->content ? (const char *)at->children->content : "");
    const char *vendor = xml_child_attr(source, "vendor", "id");
    if (vendor)
        g_string_append_printf(label, "%svendor=%.16s product=%.16s", label->len ? " " : "", vendor,
            xml_child_attr(source, "product", "id") ? xml_child_attr(source, "product", "id") : "");
    walk_device(walk, kind, type ? type : "hostdev", label->len ? label->str : NULL);
}

static void
read_channel(DomainWalk *walk, const xmlNode *node)
{
    const xmlNode *target = xml_child(node, "target");
    if (g_strcmp0(xml_attr(target, "name"), "org.qemu.guest_agent.0") != 0)
        return;
    walk->domain->has_agent_channel = true;
    const char *state = xml_attr(target, "state");
    walk->domain->is_agent_connected = g_strcmp0(state, "connected") == 0;
}

static void
read_serial(DomainWalk *walk, const xmlNode *node)
{
    const char *type = xml_attr(node, "type");
    if (g_strcmp0(type, "pty") != 0 && g_strcmp0(type, "null") != 0)
        walk_device(walk, (const char *)node->name, type ? type : "none",
            xml_child_attr(node, "source", "path"));
}

static void
read_warned(DomainWalk *walk, const xmlNode *node)
{
    const char *name = (const char *)node->name, *kind = name;
    const char *type = xml_attr(node, "type") ? xml_attr(node, "type") : xml_attr(node, "model");
    const char *label = xml_attr(node, "name");
    if (strcmp(name, "tpm") == 0) {
        walk->domain->view.has_vtpm = bool_known(true);
        const char *backend = xml_child_attr(node, "backend", "type");
        type = backend ? backend : type;
    } else if (strcmp(name, "filesystem") == 0) {
        label = xml_child_attr(node, "target", "dir");
    } else if (strcmp(name, "redirdev") == 0) {
        kind = "usb";
    }
    walk_device(walk, kind, type ? type : name, label);
}

static void
read_device(DomainWalk *walk, const xmlNode *node)
{
    static void (*const quiet)(DomainWalk *, const xmlNode *) = NULL;
    static const struct {
        const char *name;
        void (*read)(DomainWalk *walk, const xmlNode *node);
    } known[] = {{"disk", domain_read_disk}, {"interface", domain_read_nic},
        {"hostdev", read_hostdev}, {"channel", read_channel}, {"serial", read_serial},
        {"parallel", read_serial}, {"tpm", read_warned}, {"filesystem", read_warned},
        {"redirdev", read_warned}, {"smartcard", read_warned}, {"shmem", read_warned},
        {"memory", read_warned}, {"vsock", read_warned}, {"nvram", read_warned},
        {"lease", read_warned}, {"crypto", read_warned}, {"iommu", read_warned},
        {"emulator", quiet}, {"controller", quiet}, {"input", quiet}, {"graphics", quiet},
        {"video", quiet}, {"sound", quiet}, {"audio", quiet}, {"memballoon", quiet}, {"rng", quiet},
        {"console", quiet}, {"hub", quiet}, {"watchdog", quiet}, {"panic", quiet},
        {"redirfilter", quiet}, {"pstore", quiet}};
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        if (!xml_is(node, known[i].name))
            continue;
        if (known[i].read)
            known[i].read(walk, node);
        return;
    }
    g_autofree char *name = g_strndup((const char *)node->name, 64);
    walk_device(walk, "unknown", name, NULL);
    walk_problem(walk, "device-unknown", NULL, "a device of a kind that is not known here",
        "<%s> under <devices>, line %ld", name, xmlGetLineNo(node));
}

static void
read_devices(DomainWalk *walk)
{
    size_t n = 0;
    walk->domain->view.has_vtpm = bool_known(false);
    XML_EACH(walk->devices, node)
        if (n++ < DOMAIN_DEVICES_MAX)
            read_device(walk, node);
    if (n > DOMAIN_DEVICES_MAX)
        walk_problem(walk, "too-many", "devices", "it has more devices than are read",
            "%zu under <devices>; the first %d were read", n, DOMAIN_DEVICES_MAX);
    if (xml_child(walk->root, "launchSecurity"))
        walk_device(walk, "memory-encryption",
            xml_child_attr(walk->root, "launchSecurity", "type")
                ? xml_child_attr(walk->root, "launchSecurity", "type")
                : "launchSecurity",
            NULL);
}

/* --- the whole -------------------------------------------------------------------------------- */

static void *
take_items(DomainWalk *walk, GArray *from, size_t item)
{
    return arena_memdup(walk->arena, from->data, from->len * item);
}

#define TAKE_LIST(list, array, T)                                                                  \
    ((list).items = take_items(walk, walk->array, sizeof(T)), (list).n = walk->array->len,         \
        (list).state = FACT_KNOWN)

static void
take_lists(DomainWalk *walk)
{
    InstanceView *view = &walk->domain->view;
    TAKE_LIST(view->disks, disk, Disk);
    TAKE_LIST(view->nics, nic, Nic);
    TAKE_LIST(view->cdroms, cdrom, Cdrom);
    TAKE_LIST(view->devices, device, Device);
    TAKE_LIST(view->problems, problem, Problem);
    TAKE_LIST(view->tunings, tuning, Attribute);
    walk->domain->disks = take_items(walk, walk->disk_source, sizeof(DiskSource));
    walk->domain->nics = take_items(walk, walk->nic_source, sizeof(NicSource));
    view->hidden_because.items =
        arena_memdup(walk->arena, walk->hidden->pdata, walk->hidden->len * sizeof(char *));
    view->hidden_because.n = walk->hidden->len;
    view->hidden_because.state = FACT_KNOWN;
    view->is_encrypted = bool_known(false);
    for (size_t i = 0; i < view->disks.n; i++)
        if (is_true(view->disks.items[i].is_encrypted))
            view->is_encrypted = bool_known(true);
}

static void
walk_init(DomainWalk *walk)
{
    walk->disk = g_array_new(false, true, sizeof(Disk));
    walk->disk_source = g_array_new(false, true, sizeof(DiskSource));
    walk->nic = g_array_new(false, true, sizeof(Nic));
    walk->nic_source = g_array_new(false, true, sizeof(NicSource));
    walk->cdrom = g_array_new(false, true, sizeof(Cdrom));
    walk->device = g_array_new(false, true, sizeof(Device));
    walk->problem = g_array_new(false, true, sizeof(Problem));
    walk->tuning = g_array_new(false, true, sizeof(Attribute));
    walk->hidden = g_ptr_array_new();
}

static void
walk_release(DomainWalk *walk)
{
    GArray *arrays[] = {walk->disk, walk->disk_source, walk->nic, walk->nic_source, walk->cdrom,
        walk->device, walk->problem, walk->tuning};
    for (size_t i = 0; i < G_N_ELEMENTS(arrays); i++)
        g_array_unref(arrays[i]);
    g_ptr_array_unref(walk->hidden);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DomainWalk, walk_release)

bool
domain_xml_parse(
    const char *xml, size_t length, Arena *arena, DomainXml *ret_domain, GError **error)
{
    g_autoptr(xmlDoc) document = xml_walk_parse(xml, length, "domain XML", "domain", error);
    if (!document)
        return false;
    DomainXml domain = {0};
    g_auto(DomainWalk)
        walk = {.arena = arena, .root = xmlDocGetRootElement(document), .domain = &domain};
    walk_init(&walk);
    walk.devices = xml_child(walk.root, "devices");
    domain.is_active = xml_attr(walk.root, "id") != NULL;
    mark_absent(&domain.view);
    if (domain.is_active)
        domain.view.start_id = text_known(xml_attr_copy(walk.root, "id", arena));
    if (!read_identity(&walk, error))
        return false;
    read_size(&walk);
    read_firmware(&walk);
    read_metadata(&walk);
    read_devices(&walk);
    domain_read_tunings(&walk);
    domain_judge_visibility(&walk);
    domain.view.managed_by = domain_managed_by(&walk, domain.view.name.value);
    take_lists(&walk);
    *ret_domain = domain;
    return true;
}
