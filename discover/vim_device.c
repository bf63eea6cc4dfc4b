/* SPDX-License-Identifier: Apache-2.0
 *
 * The devices of a virtual machine. A type that we know goes by its name; one that we do not goes
 * by its members: what has a MAC address is a NIC, what has a capacity and a file is a disk. The
 * rest becomes a device of kind "unknown" with a problem. Nothing is passed over.
 *
 * Names of controllers and adapters are those that CloudStack gives them when it lists the same
 * instance, so that the two views can be compared.
 *
 * Source: vSphere Web Services API: VirtualDevice and what derives from it.
 */
#include "vim_priv.h"

#include <arpa/inet.h>
#include <string.h>

typedef enum DeviceClass {
    CLASS_UNKNOWN,
    CLASS_IGNORED, /* every machine has it, or it tells nothing */
    CLASS_CONTROLLER,
    CLASS_DISK,
    CLASS_NIC,
    CLASS_CDROM,
    CLASS_TPM,
    CLASS_PCI,
    CLASS_OTHER, /* a Device of the word's kind */
} DeviceClass;

static const struct DeviceType {
    const char *type;
    DeviceClass class;
    const char *word; /* CloudStack's name of a controller or adapter; kind of a Device */
} device_types[] = {
    {"VirtualDisk", CLASS_DISK, NULL},
    {"VirtualVmxnet3", CLASS_NIC, "Vmxnet3"},
    {"VirtualVmxnet3Vrdma", CLASS_NIC, "Vmxnet3"},
    {"VirtualVmxnet2", CLASS_NIC, "Vmxnet2"},
    {"VirtualVmxnet", CLASS_NIC, "E1000"},
    {"VirtualPCNet32", CLASS_NIC, "PCNet32"},
    {"VirtualE1000", CLASS_NIC, "E1000"},
    {"VirtualE1000e", CLASS_NIC, "E1000"},
    {"VirtualSriovEthernetCard", CLASS_NIC, "E1000"},
    {"ParaVirtualSCSIController", CLASS_CONTROLLER, "pvscsi"},
    {"VirtualLsiLogicController", CLASS_CONTROLLER, "lsilogic"},
    {"VirtualLsiLogicSASController", CLASS_CONTROLLER, "lsisas1068"},
    {"VirtualBusLogicController", CLASS_CONTROLLER, "buslogic"},
    {"VirtualSCSIController", CLASS_CONTROLLER, "scsi"},
    {"VirtualIDEController", CLASS_CONTROLLER, "ide"},
    {"VirtualCdrom", CLASS_CDROM, NULL},
    {"VirtualTPM", CLASS_TPM, NULL},
    {"VirtualPCIPassthrough", CLASS_PCI, "pci-passthrough"},
    {"VirtualUSB", CLASS_OTHER, "usb"},
    {"VirtualSerialPort", CLASS_OTHER, "serial"},
    {"VirtualParallelPort", CLASS_OTHER, "parallel"},
    {"VirtualFloppy", CLASS_OTHER, "floppy"},
    {"VirtualNVDIMM", CLASS_OTHER, "nvdimm"},
    {"VirtualSCSIPassthrough", CLASS_OTHER, "scsi-passthrough"},
    {"VirtualPrecisionClock", CLASS_IGNORED, NULL},
    {"VirtualWDT", CLASS_IGNORED, NULL},
    {"VirtualHdAudioCard", CLASS_IGNORED, NULL},
    {"VirtualEnsoniq1371", CLASS_IGNORED, NULL},
    {"VirtualSoundBlaster16", CLASS_IGNORED, NULL},
    {"VirtualKeyboard", CLASS_IGNORED, NULL},
    {"VirtualPointingDevice", CLASS_IGNORED, NULL},
    {"VirtualMachineVideoCard", CLASS_IGNORED, NULL},
    {"VirtualMachineVMCIDevice", CLASS_IGNORED, NULL},
    {"VirtualMachineVMIROM", CLASS_IGNORED, NULL},
};

static const struct DeviceType unknown_disk = {"", CLASS_DISK, NULL},
                               unknown_nic = {"", CLASS_NIC, "E1000"},
                               unknown_controller = {"", CLASS_CONTROLLER, "none"},
                               unknown_scsi = {"", CLASS_CONTROLLER, "scsi"},
                               unknown_device = {"", CLASS_UNKNOWN, NULL};

/* Of one device list under way. */
typedef struct DeviceReader {
    VimInstance *instance;
    const VimNode *devices;
    size_t n_disks, n_nics, n_cdroms, n_devices;
} DeviceReader;

static const struct DeviceType *
classify(const VimNode *device)
{
    for (size_t i = 0; i < G_N_ELEMENTS(device_types); i++)
        if (strcmp(device_types[i].type, device->type) == 0)
            return &device_types[i];
    if (vim_node_find(device, "macAddress"))
        return &unknown_nic;
    if ((vim_node_find(device, "capacityInKB") || vim_node_find(device, "capacityInBytes")) &&
        vim_node_find_path(device, "backing/fileName"))
        return &unknown_disk;
    if (vim_node_find(device, "busNumber") || g_str_has_suffix(device->type, "Controller"))
        return strstr(device->type, "SCSI") ? &unknown_scsi : &unknown_controller;
    return &unknown_device;
}

static const char *
label_of(const VimNode *device, Arena *arena)
{
    const char *label = vim_node_text(device, "deviceInfo/label");
    if (label && *label)
        return label;
    const char *key = vim_node_text(device, "key");
    return arena_printf(arena, "%s %s", *device->type ? device->type : "device", key ? key : "?");
}

/* --- disks ------------------------------------------------------------------------------------ */

#define DISK(member) offsetof(Disk, member)
static const VimField disk_fields[] = {
    {.path = "key", .kind = VIM_TEXT, .offset = DISK(key)},
    {.path = "capacityInKB", .kind = VIM_INT, .offset = DISK(capacity_bytes), .scale = 1024},
    {.path = "capacityInBytes", .kind = VIM_INT, .offset = DISK(capacity_bytes)},
    {.path = "unitNumber", .kind = VIM_INT, .offset = DISK(position)},
    {.path = "backing/fileName", .kind = VIM_TEXT, .offset = DISK(path)},
    {.path = "backing/diskMode", .kind = VIM_TEXT, .offset = DISK(mode)},
    {.path = "backing/sharing", .kind = VIM_TEXT, .offset = DISK(sharing)},
    {.path = "backing/thinProvisioned", .kind = VIM_BOOL, .offset = DISK(is_thin)},
    {.path = "backing/datastore", .kind = VIM_TEXT, .offset = DISK(datastore)},
};

static const struct {
    const char *type;
    DiskBacking backing;
} backing_table[] = {
    {"VirtualDiskFlatVer2BackingInfo", DISK_BACKING_FILE},
    {"VirtualDiskFlatVer1BackingInfo", DISK_BACKING_FILE},
    {"VirtualDiskSparseVer1BackingInfo", DISK_BACKING_FILE},
    {"VirtualDiskSparseVer2BackingInfo", DISK_BACKING_FILE},
    {"VirtualDiskSeSparseBackingInfo", DISK_BACKING_FILE},
    {"VirtualDiskRawDiskMappingVer1BackingInfo", DISK_BACKING_RDM},
    {"VirtualDiskRawDiskVer2BackingInfo", DISK_BACKING_BLOCK},
    {"VirtualDiskPartitionedRawDiskVer2BackingInfo", DISK_BACKING_BLOCK},
    {"VirtualDiskLocalPMemBackingInfo", DISK_BACKING_OTHER},
};

/* UNKNOWN: none of ours. */
static DiskBacking
backing_kind(const VimNode *backing)
{
    for (size_t i = 0; i < G_N_ELEMENTS(backing_table); i++)
        if (strcmp(backing_table[i].type, backing->type) == 0)
            return backing_table[i].backing;
    return DISK_BACKING_UNKNOWN;
}

static const VimNode *
find_device(const VimNode *devices, const char *key)
{
    for (const VimNode *at = key ? devices->children : NULL; at; at = at->next)
        if (g_strcmp0(vim_node_text(at, "key"), key) == 0)
            return at;
    return NULL;
}

static void
read_controller(DeviceReader *reader, const VimNode *device, Disk *disk)
{
    const VimNode *controller =
        find_device(reader->devices, vim_node_text(device, "controllerKey"));
    if (!controller)
        return;
    const struct DeviceType *known = classify(controller);
    disk->controller =
        text_known(known->class == CLASS_CONTROLLER && known->word ? known->word : "none");
    disk->controller_type = text_known(controller->type);
    disk->controller_unit = vim_node_int(controller, "busNumber");
    const char *sharing = vim_node_text(controller, "sharedBus");
    if (sharing && strcmp(sharing, "noSharing") != 0) {
        disk->sharing = text_known(sharing);
        disk->is_shared = bool_known(true);
    }
}

static void
read_chain(Disk *disk, const VimNode *backing, Arena *arena)
{
    size_t n = 0;
    const VimNode *parent = vim_node_find(backing, "parent");
    for (const VimNode *at = parent; at; at = vim_node_find(at, "parent"))
        n++;
    disk->chain = (Texts){.items = arena_new_n(arena, const char *, n), .state = FACT_KNOWN};
    for (const VimNode *at = parent; at; at = vim_node_find(at, "parent")) {
        const char *file = vim_node_text(at, "fileName");
        if (file)
            disk->chain.items[disk->chain.n++] = file;
    }
}

/* "ds1" of "[ds1] dir/file.vmdk". */
static const char *
datastore_name(const char *path, Arena *arena)
{
    const char *end = path && *path == '[' ? strchr(path, ']') : NULL;
    return end ? arena_strndup(arena, path + 1, (size_t)(end - path - 1)) : NULL;
}

static void
read_datastore(DeviceReader *reader, Disk *disk)
{
    VimInstance *instance = reader->instance;
    const Datastore *store =
        disk->datastore.value
            ? g_hash_table_lookup(instance->infra->datastores_by_id, disk->datastore.value)
            : NULL;
    if (!store) {
        disk->datastore_name = text_known(datastore_name(disk->path.value, instance->arena));
        return;
    }
    disk->datastore_name = store->name;
    disk->datastore_host = store->nfs_host;
    disk->datastore_path = store->nfs_path;
    /* CloudStack names the type of NFS stores alone. */
    disk->datastore_type = store->nfs_host.state == FACT_KNOWN    ? store->type
                           : store->nfs_host.state == FACT_ABSENT ? text_absent()
                                                                  : (Text){0};
}

static void
read_backing(DeviceReader *reader, const VimNode *device, Disk *disk)
{
    VimInstance *instance = reader->instance;
    const VimNode *backing = vim_node_find(device, "backing");
    if (!backing)
        return;
    disk->backing = backing_kind(backing);
    disk->backing_type = text_known(*backing->type ? backing->type : "unnamed");
    if (disk->backing == DISK_BACKING_FILE || disk->backing == DISK_BACKING_RDM)
        disk->format = text_known("vmdk");
    if (disk->mode.value)
        disk->is_independent = bool_known(g_str_has_prefix(disk->mode.value, "independent"));
    if (disk->is_shared.state != FACT_KNOWN)
        disk->is_shared =
            bool_known(disk->sharing.value && strcmp(disk->sharing.value, "sharingNone") != 0);
    if (strstr(backing->type, "SeSparse"))
        disk->is_thin = bool_known(true);
    disk->is_encrypted = bool_known(vim_node_find(backing, "keyId") != NULL);
    read_chain(disk, backing, instance->arena);
    if (disk->backing == DISK_BACKING_UNKNOWN) {
        disk->backing = DISK_BACKING_OTHER;
        vim_instance_problem(instance, "disk-backing-unknown", disk->label.value,
            disk->backing_type.value, "the backing of this disk is of a kind that is not known");
    }
}

/* "51-2000": what vSphere calls diskObjectId, and CloudStack the disk's id. */
static Text
disk_id(const VimInstance *instance, const VimNode *device)
{
    const char *id = vim_node_text(device, "diskObjectId"), *key = vim_node_text(device, "key");
    if (id && *id)
        return text_known(id);
    const char *number = strrchr(instance->object->id, '-');
    return text_known(arena_printf(
        instance->arena, "%s-%s", number ? number + 1 : instance->object->id, key ? key : "?"));
}

static void
read_disk(DeviceReader *reader, const VimNode *device, const struct DeviceType *type)
{
    VimInstance *instance = reader->instance;
    Disk *disk = &instance->view.disks.items[reader->n_disks++];
    disk->id = disk_id(instance, device);
    disk->label = text_known(label_of(device, instance->arena));
    vim_elements_apply(device, disk_fields, G_N_ELEMENTS(disk_fields), instance->arena, disk);
    read_controller(reader, device, disk);
    read_backing(reader, device, disk);
    read_datastore(reader, disk);
    if (type == &unknown_disk)
        vim_instance_problem(instance, "device-unknown", disk->label.value, device->type,
            "this device is of a type that is not known; by its members it is a disk");
    if (!disk->path.value || disk->capacity_bytes.state != FACT_KNOWN)
        vim_instance_problem(instance, "disk-unread", disk->label.value, device->type,
            "the %s of this disk could not be read", disk->path.value ? "capacity" : "file");
}

/* --- NICs ------------------------------------------------------------------------------------- */

#define NIC(member) offsetof(Nic, member)
static const VimField nic_fields[] = {
    {.path = "key", .kind = VIM_TEXT, .offset = NIC(key)},
    {.path = "backing/port/portKey", .kind = VIM_TEXT_OR_NONE, .offset = NIC(port)},
    {.path = "connectable/connected", .kind = VIM_BOOL, .offset = NIC(is_connected)},
    {.path = "connectable/startConnected", .kind = VIM_BOOL, .offset = NIC(starts_connected)},
};

static void
attach_portgroup(Nic *nic, const VimPortgroup *group)
{
    nic->portgroup = group->record.id;
    nic->switch_id = group->record.switch_id;
    nic->network = group->record.name;
    nic->vlan = group->record.vlan;
}

static const char *
why_no_portgroup(const VimInfra *infra, const SourceHost *host)
{
    const bool is_export = infra->session->collect != NULL;
    if (!host && is_export)
        return "the instance's host is not in the export";
    if (!host)
        return "the instance's host is not visible to the account (System.View on it is missing)";
    if (is_export && !g_hash_table_contains(infra->hosts_with_network, host->id.value))
        return "the network configuration of the instance's host is not in the export";
    if (!g_hash_table_contains(infra->hosts_with_network, host->id.value))
        return host->connection == CONNECTION_CONNECTED
                   ? "the network configuration of the instance's host could not be read "
                     "(System.Read on it is missing)"
                   : "the instance's host is disconnected, its port groups cannot be read";
    return "the port group of this NIC does not exist on the instance's host";
}

static void
read_standard_backing(VimInstance *instance, const VimNode *backing, Nic *nic)
{
    const char *name = vim_unescape(instance->arena, vim_node_text(backing, "deviceName"));
    nic->network = text_known(name);
    const VimPortgroup *group = vim_network_find_standard(
        instance->infra, instance->view.host.value, name, instance->arena);
    const SourceHost *host =
        instance->view.host.value
            ? g_hash_table_lookup(instance->infra->hosts_by_id, instance->view.host.value)
            : NULL;
    if (group)
        attach_portgroup(nic, group);
    else
        vim_instance_problem(instance, "nic-unread", nic->label.value, name ? name : "no name",
            "%s; the VLAN of this NIC is unknown", why_no_portgroup(instance->infra, host));
}

static void
read_distributed_backing(VimInstance *instance, const VimNode *backing, Nic *nic)
{
    const VimInfra *infra = instance->infra;
    const char *key = vim_node_text(backing, "port/portgroupKey"),
               *uuid = vim_node_text(backing, "port/switchUuid");
    const VimPortgroup *group = key ? g_hash_table_lookup(infra->portgroups_by_key, key) : NULL;
    /* Copies of a switch may share its UUID; a port group is of one switch. */
    const VimSwitch *dvs = group && group->in_switch ? group->in_switch
                           : uuid ? g_hash_table_lookup(infra->switches_by_uuid, uuid)
                                  : NULL;
    if (group)
        attach_portgroup(nic, group);
    if (dvs)
        nic->switch_id = dvs->record.id;
    nic->vlan = vim_network_port_vlan(infra, group, dvs, nic->port.value, instance->arena);
    if (!group)
        vim_instance_problem(instance, "nic-unread", nic->label.value, key ? key : "no key",
            "the distributed port group of this NIC is not visible to the account "
            "(System.Read on it is missing, or it was deleted); its VLAN is unknown");
}

static void
read_opaque_backing(VimInstance *instance, const VimNode *backing, Nic *nic)
{
    const char *id = vim_node_text(backing, "opaqueNetworkId");
    const VimPortgroup *group = id ? g_hash_table_lookup(instance->infra->opaque_by_id, id) : NULL;
    nic->network = text_known(id);
    nic->vlan = (Vlan){.kind = VLAN_OVERLAY,
        .segment = text_known(id),
        .from = text_known("opaque network of the NIC"),
        .is_certain = bool_known(true)};
    if (group)
        attach_portgroup(nic, group);
}

static void
read_nic_backing(VimInstance *instance, const VimNode *device, Nic *nic)
{
    const VimNode *backing = vim_node_find(device, "backing");
    if (vim_node_find_path(backing, "port/portgroupKey") ||
        vim_node_find_path(backing, "port/switchUuid"))
        read_distributed_backing(instance, backing, nic);
    else if (vim_node_find(backing, "opaqueNetworkId"))
        read_opaque_backing(instance, backing, nic);
    else if (vim_node_find(backing, "deviceName"))
        read_standard_backing(instance, backing, nic);
    else
        vim_instance_problem(instance, "nic-unread", nic->label.value,
            backing ? backing->type : "no backing",
            "what this NIC is attached to could not be read; its VLAN is unknown");
}

static void
add_device(DeviceReader *reader, const VimNode *device, const char *kind)
{
    VimInstance *instance = reader->instance;
    instance->view.devices.items[reader->n_devices++] = (Device){.kind = text_known(kind),
        .type = text_known(*device->type ? device->type : "VirtualDevice"),
        .label = text_known(label_of(device, instance->arena))};
}

static void
read_nic(DeviceReader *reader, const VimNode *device, const struct DeviceType *type)
{
    VimInstance *instance = reader->instance;
    Nic *nic = &instance->view.nics.items[reader->n_nics++];
    const char *mac = vim_node_text(device, "macAddress");
    nic->id = nic->label = text_known(label_of(device, instance->arena));
    vim_elements_apply(device, nic_fields, G_N_ELEMENTS(nic_fields), instance->arena, nic);
    if (mac && *mac) {
        g_autofree char *lower = g_ascii_strdown(mac, -1);
        nic->mac = text_known(arena_strdup(instance->arena, lower));
    }
    nic->adapter = text_known(type->word);
    nic->adapter_type = text_known(*device->type ? device->type : "VirtualEthernetCard");
    read_nic_backing(instance, device, nic);
    if (strcmp(device->type, "VirtualSriovEthernetCard") == 0)
        add_device(reader, device, "sriov");
    if (type == &unknown_nic)
        vim_instance_problem(instance, "device-unknown", nic->label.value, device->type,
            "this device is of a type that is not known; by its members it is a NIC");
    if (!nic->mac.value)
        vim_instance_problem(instance, "nic-unread", nic->label.value, device->type,
            "this NIC has no MAC address yet");
}

/* --- the rest --------------------------------------------------------------------------------- */

static void
read_cdrom(DeviceReader *reader, const VimNode *device)
{
    VimInstance *instance = reader->instance;
    Cdrom *cdrom = &instance->view.cdroms.items[reader->n_cdroms++];
    const char *path = vim_node_text(device, "backing/fileName");
    if (!path || !*path)
        path = vim_node_text(device, "backing/deviceName");
    cdrom->label = text_known(label_of(device, instance->arena));
    cdrom->path = path && *path ? text_known(path) : text_absent();
    cdrom->is_connected = vim_node_bool(device, "connectable/connected");
}

static void
read_unknown(DeviceReader *reader, const VimNode *device)
{
    add_device(reader, device, "unknown");
    if (!*device->type && !device->children) { /* govc's null: what it is, nothing tells */
        vim_instance_problem(reader->instance, "nic-unread", NULL,
            "null among the devices of the configuration",
            "a device of a type that govc does not know is left out of its JSON; it may be a NIC "
            "or a disk");
        return;
    }
    vim_instance_problem(reader->instance, "device-unknown",
        label_of(device, reader->instance->arena), device->type,
        "this device is of a type that is not known");
}

static void
read_device(DeviceReader *reader, const VimNode *device)
{
    const struct DeviceType *type = classify(device);
    switch (type->class) {
    case CLASS_DISK:
        read_disk(reader, device, type);
        break;
    case CLASS_NIC:
        read_nic(reader, device, type);
        break;
    case CLASS_CDROM:
        read_cdrom(reader, device);
        break;
    case CLASS_TPM:
        reader->instance->view.has_vtpm = bool_known(true);
        break;
    case CLASS_PCI:
        add_device(reader, device,
            strstr(vim_node_find(device, "backing") ? vim_node_find(device, "backing")->type : "",
                "Vmiop")
                ? "vgpu"
                : type->word);
        break;
    case CLASS_OTHER:
        add_device(reader, device, type->word);
        break;
    case CLASS_UNKNOWN:
        read_unknown(reader, device);
        break;
    case CLASS_CONTROLLER:
    case CLASS_IGNORED:
        break;
    }
}

/* By the number in the label, as CloudStack orders them; without one: as they came. */
static int
compare_numbers(Text a, Text b)
{
    const char *digits_a = a.value ? strpbrk(a.value, "0123456789") : NULL,
               *digits_b = b.value ? strpbrk(b.value, "0123456789") : NULL;
    uint64_t number_a = digits_a ? g_ascii_strtoull(digits_a, NULL, 10) : 0,
             number_b = digits_b ? g_ascii_strtoull(digits_b, NULL, 10) : 0;
    return number_a < number_b ? -1 : number_a > number_b;
}

static int
compare_disks(const void *a, const void *b, void *data G_GNUC_UNUSED)
{
    return compare_numbers(((const Disk *)a)->label, ((const Disk *)b)->label);
}

static int
compare_nics(const void *a, const void *b, void *data G_GNUC_UNUSED)
{
    return compare_numbers(((const Nic *)a)->label, ((const Nic *)b)->label);
}

static void
set_counts(DeviceReader *reader)
{
    InstanceView *view = &reader->instance->view;
    view->disks.n = reader->n_disks;
    view->nics.n = reader->n_nics;
    view->cdroms.n = reader->n_cdroms;
    view->devices.n = reader->n_devices;
    view->disks.state = view->nics.state = FACT_KNOWN;
    view->cdroms.state = view->devices.state = FACT_KNOWN;
    g_qsort_with_data(view->disks.items, (int)view->disks.n, sizeof(Disk), compare_disks, NULL);
    g_qsort_with_data(view->nics.items, (int)view->nics.n, sizeof(Nic), compare_nics, NULL);
}

void
vim_devices_read(VimInstance *instance, const VimNode *devices)
{
    InstanceView *view = &instance->view;
    DeviceReader reader = {.instance = instance, .devices = devices};
    size_t n[CLASS_OTHER + 1] = {0}, total = 0;
    for (const VimNode *at = devices->children; at && total < VIM_DEVICES_MAX; at = at->next) {
        n[classify(at)->class]++;
        total++;
    }
    view->disks.items = arena_new_n(instance->arena, Disk, n[CLASS_DISK]);
    view->nics.items = arena_new_n(instance->arena, Nic, n[CLASS_NIC]);
    view->cdroms.items = arena_new_n(instance->arena, Cdrom, n[CLASS_CDROM]);
    view->devices.items = arena_new_n(
        instance->arena, Device, n[CLASS_UNKNOWN] + n[CLASS_PCI] + n[CLASS_OTHER] + n[CLASS_NIC]);
    view->has_vtpm = bool_known(false);
    for (const VimNode *at = devices->children; at && total > 0; at = at->next, total--)
        read_device(&reader, at);
    set_counts(&reader);
}

/* --- guest addresses -------------------------------------------------------------------------- */

/* An address that tells where the guest is: not link-local, loopback, multicast or none. */
static bool
is_useful_address(const char *text)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, text, &v4) == 1) {
        uint32_t address = ntohl(v4.s_addr);
        return address != 0 && address >> 24 != 127 && address >> 16 != 0xa9fe &&
               address >> 28 < 0xe;
    }
    return inet_pton(AF_INET6, text, &v6) == 1 && !IN6_IS_ADDR_LINKLOCAL(&v6) &&
           !IN6_IS_ADDR_LOOPBACK(&v6) && !IN6_IS_ADDR_MULTICAST(&v6) &&
           !IN6_IS_ADDR_UNSPECIFIED(&v6);
}

/* Elements ipAddress of @list: the address itself, or a structure with a member of that name. */
static void
add_addresses(VimInstance *instance, Nic *nic, const VimNode *list)
{
    size_t n = 0;
    for (const VimNode *at = list ? list->children : NULL; at; at = at->next)
        n += strcmp(at->name, "ipAddress") == 0;
    const char **items = arena_new_n(instance->arena, const char *, nic->ips.n + n);
    if (nic->ips.n)
        memcpy(items, nic->ips.items, nic->ips.n * sizeof *items);
    nic->ips.items = items;
    for (const VimNode *at = list ? list->children : NULL; at; at = at->next) {
        const VimNode *inner = vim_node_find(at, "ipAddress");
        const char *text = inner ? inner->text : at->text;
        if (strcmp(at->name, "ipAddress") == 0 && is_useful_address(text))
            nic->ips.items[nic->ips.n++] = text;
    }
    nic->ips_from = text_known("tools");
}

static Nic *
match_nic(InstanceView *view, const VimNode *guest_nic)
{
    const char *key = vim_node_text(guest_nic, "deviceConfigId"),
               *mac = vim_node_text(guest_nic, "macAddress");
    for (size_t i = 0; key && i < view->nics.n; i++)
        if (g_strcmp0(view->nics.items[i].key.value, key) == 0)
            return &view->nics.items[i];
    for (size_t i = 0; mac && i < view->nics.n; i++)
        if (view->nics.items[i].mac.value &&
            g_ascii_strcasecmp(view->nics.items[i].mac.value, mac) == 0)
            return &view->nics.items[i];
    return NULL; /* an interface that only the guest has: a bridge, a tunnel */
}

void
vim_guest_read(VimInstance *instance, const VimNode *guest_nics)
{
    InstanceView *view = &instance->view;
    for (size_t i = 0; i < view->nics.n; i++)
        view->nics.items[i].ips.state = FACT_KNOWN;
    for (const VimNode *at = guest_nics->children; at; at = at->next) {
        Nic *nic = match_nic(view, at);
        if (nic)
            add_addresses(
                instance, nic, vim_node_find(at, "ipAddress") ? at : vim_node_find(at, "ipConfig"));
    }
}
