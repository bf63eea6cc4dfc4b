/* SPDX-License-Identifier: Apache-2.0
 *
 * What keeps CloudStack's KVM agent from listing a domain, and traces of CloudStack in one.
 *
 * The agent parses domain XML into enumerations; a word that these lack throws, and the agent drops
 * the whole domain with a log line. Source: LibvirtGetUnmanagedInstancesCommandWrapper,
 * LibvirtDomainXMLParser and LibvirtVMDef of CloudStack 4.19 to 4.23.
 */
#include "libvirt_priv.h"

static bool
is_one_of(const char *text, const char *const *words)
{
    for (; *words; words++)
        if (g_strcmp0(text, *words) == 0)
            return true;
    return false;
}
#define IS_ONE_OF(text, ...) is_one_of((text), (const char *const[]){__VA_ARGS__, NULL})

/* Appends one reason unless it is there. */
G_GNUC_PRINTF(2, 3)
static void
walk_hidden(DomainWalk *walk, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    for (guint i = 0; i < walk->hidden->len; i++)
        if (strcmp(g_ptr_array_index(walk->hidden, i), text) == 0)
            return;
    g_ptr_array_add(walk->hidden, (gpointer)arena_intern(walk->arena, text));
}

/*
 * A file must be device='disk'; of block and network disks the agent does not read the device at
 * all, so that a LUN or a drive counts as well. The other types have no place in its list.
 */
bool
domain_is_disk_listed(const xmlNode *node)
{
    const char *type = xml_attr(node, "type"), *device = xml_attr(node, "device");
    if (!type || !*type || strcmp(type, "file") == 0)
        return !device || strcmp(device, "disk") == 0;
    return IS_ONE_OF(type, "block", "network");
}

static void
judge_disk(DomainWalk *walk, const xmlNode *node, const char *id)
{
    const xmlNode *driver = xml_child(node, "driver"), *source = xml_child(node, "source");
    const char *type = xml_attr(node, "type"), *format = xml_attr(driver, "type"),
               *cache = xml_attr(driver, "cache"), *bus = xml_child_attr(node, "target", "bus"),
               *protocol = xml_attr(source, "protocol");
    bool is_listed = domain_is_disk_listed(node), is_block = g_strcmp0(type, "block") == 0;
    if (is_listed && !is_block && format && !IS_ONE_OF(format, "raw", "qcow2"))
        walk_hidden(walk, "disk '%s' has the format '%.40s', not raw or qcow2", id, format);
    if (is_listed && bus &&
        !IS_ONE_OF(bus, "ide", "scsi", "virtio", "xen", "usb", "uml", "fdc", "sata"))
        walk_hidden(walk, "disk '%s' is on the bus '%.40s'", id, bus);
    if (cache && !IS_ONE_OF(cache, "none", "writeback", "writethrough"))
        walk_hidden(walk, "disk '%s' has cache='%.40s'", id, cache);
    if (g_strcmp0(type, "network") == 0 && !IS_ONE_OF(protocol, "rbd", "sheepdog", "gluster"))
        walk_hidden(walk, "disk '%s' is on the network by '%.40s'", id, protocol ? protocol : "");
    else if (g_strcmp0(type, "network") == 0 && !cache)
        walk_hidden(walk, "network disk '%s'" HIDDEN_NO_CACHE, id);
    if (is_listed && g_strcmp0(type, "network") != 0 &&
        !xml_attr(source, is_block ? "dev" : "file"))
        walk_hidden(
            walk, "disk '%s' is a %s without a path", id, is_block ? "block device" : "file");
}

/* A disk that the agent passes over in silence, which the import would lose; or takes amiss. */
static void
judge_listing(DomainWalk *walk, const xmlNode *node, const char *id)
{
    const char *type = xml_attr(node, "type"), *device = xml_attr(node, "device");
    bool is_listed = domain_is_disk_listed(node), is_disk = !device || strcmp(device, "disk") == 0;
    if (is_listed && !is_disk)
        walk_problem(walk, "disk-taken-amiss", id, "CloudStack takes it for an ordinary disk",
            "device='%.40s'; CloudStack does not look at the device of type='%.40s'", device, type);
    else if (!is_listed && is_disk)
        walk_problem(walk, "disk-unlisted", id, "CloudStack does not see this disk",
            "type='%.40s'; CloudStack lists disks of type file, block and network only", type);
    else if (!is_listed && !IS_ONE_OF(device, "cdrom", "floppy"))
        walk_problem(walk, "disk-unlisted", id, "CloudStack does not see this disk",
            "type='%.40s' device='%.40s'", type ? type : "file", device);
}

static void
judge_nic(DomainWalk *walk, const xmlNode *node, const char *id)
{
    const char *type = xml_attr(node, "type"), *model = xml_child_attr(node, "model", "type");
    const xmlNode *address = xml_child(node, "address"), *bandwidth = xml_child(node, "bandwidth");
    if (type && !IS_ONE_OF(type, "bridge", "network", "ethernet"))
        walk_hidden(walk, "NIC '%s' is of type '%.40s'", id, type);
    else if (!model)
        walk_hidden(walk, "NIC '%s' has no model", id);
    if (model && !IS_ONE_OF(model, "e1000", "virtio", "rtl8139", "vmxnet3"))
        walk_hidden(walk, "NIC '%s' has the model '%.40s'", id, model);
    if (address && g_strcmp0(xml_attr(address, "type"), "pci") != 0)
        walk_hidden(walk, "NIC '%s' has no PCI slot", id);
    if (bandwidth && !xml_child(bandwidth, "inbound") != !xml_child(bandwidth, "outbound"))
        walk_hidden(walk, "NIC '%s' has a bandwidth limit for one direction only", id);
}

/* libvirt from 9.1 on gives each q35 machine the chipset's own, 'itco'. */
static void
judge_watchdog(DomainWalk *walk, const xmlNode *node)
{
    const char *model = xml_attr(node, "model"), *action = xml_attr(node, "action");
    if (!model || !*model)
        return;
    if (strcmp(model, "itco") == 0)
        walk_hidden(walk, HIDDEN_ITCO_WATCHDOG);
    else if (!IS_ONE_OF(model, "i6300esb", "ib700", "diag288"))
        walk_hidden(walk, "it has a watchdog '%.40s'", model);
    if (action && *action &&
        !IS_ONE_OF(action, "reset", "shutdown", "poweroff", "pause", "none", "dump"))
        walk_hidden(walk, "its watchdog has the action '%.40s'", action);
}

static void
judge_disks_and_nics(DomainWalk *walk)
{
    guint disk = 0, nic = 0;
    XML_EACH(walk->devices, node) {
        if (xml_is(node, "disk")) {
            const char *device = xml_attr(node, "device");
            const char *target = xml_child_attr(node, "target", "dev");
            bool is_drive = IS_ONE_OF(device, "cdrom", "floppy");
            const char *id = is_drive ? (target ? target : "?")
                             : disk < walk->disk->len
                                 ? g_array_index(walk->disk, Disk, disk++).id.value
                                 : "?";
            judge_disk(walk, node, id);
            judge_listing(walk, node, id);
        } else if (xml_is(node, "interface")) {
            judge_nic(walk, node,
                nic < walk->nic->len ? g_array_index(walk->nic, Nic, nic).id.value : "?");
            nic++;
        } else if (xml_is(node, "watchdog")) {
            judge_watchdog(walk, node);
        } else if (xml_is(node, "channel")) {
            const char *type = xml_attr(node, "type");
            if (!IS_ONE_OF(type, "unix", "serial", "spicevmc"))
                walk_hidden(walk, "it has a channel of type '%.40s'", type ? type : "");
        } else if (xml_is(node, "rng")) {
            const char *model = xml_child_attr(node, "backend", "model");
            if (!IS_ONE_OF(model, "random", "egd"))
                walk_hidden(walk, "its random number device is '%.40s'", model ? model : "");
        }
    }
}

void
domain_judge_visibility(DomainWalk *walk)
{
    if (!walk->domain->is_active)
        walk_hidden(walk, "it is not running");
    if (!xml_child(walk->root, "cputune"))
        walk_hidden(walk, HIDDEN_NO_CPUTUNE);
    judge_disks_and_nics(walk);
}

/* --- traces ----------------------------------------------------------------------------------- */

static const char *
skip_number(const char *text)
{
    if (!text || !g_ascii_isdigit(*text))
        return NULL;
    while (g_ascii_isdigit(*text))
        text++;
    return text;
}

/* "i-2-10-VM", "r-4-VM", "s-1-VM", "v-2-VM"; the last part is a setting. */
static bool
is_cloudstack_name(const char *name)
{
    if (!name[0] || !strchr("irsv", name[0]) || name[1] != '-')
        return false;
    const char *rest = skip_number(name + 2);
    if (rest && name[0] == 'i')
        rest = *rest == '-' ? skip_number(rest + 1) : NULL;
    return rest && *rest == '-' && g_ascii_isalnum(rest[1]);
}

static bool
has_cloudstack_sysinfo(const DomainWalk *walk)
{
    XML_EACH(xml_child(xml_child(walk->root, "sysinfo"), "system"), entry) {
        const char *name = xml_attr(entry, "name"), *text = xml_text(entry, walk->arena);
        if (!text || !IS_ONE_OF(name, "manufacturer", "product"))
            continue;
        if (strcmp(text, "Apache Software Foundation") == 0 || g_str_has_prefix(text, "CloudStack"))
            return true;
    }
    return false;
}

Text
domain_managed_by(const DomainWalk *walk, const char *name)
{
    XML_EACH(xml_child(walk->root, "metadata"), info)
        if (info->ns && info->ns->href &&
            g_str_has_prefix((const char *)info->ns->href, "http://cloudstack.apache.org/"))
            return text_known("cloudstack (certain)");
    bool is_named = is_cloudstack_name(name);
    if (has_cloudstack_sysinfo(walk))
        return text_known(is_named ? "cloudstack (strong)" : "cloudstack (weak)");
    return is_named ? text_known("cloudstack (weak)") : text_absent();
}
