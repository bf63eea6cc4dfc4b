/* SPDX-License-Identifier: Apache-2.0
 *
 * VMs of an RVTools export: the row in vInfo, and the rows of the other tabs that are of it.
 */
#include "source_rvtools.h"

#include <string.h>

struct RvVm {
    InstanceView view;
    GPtrArray *disks, *nics, *snapshots, *cdroms, *problems; /* in the estate's arena */
    const char *server;                                      /* scope of its names */
    Int n_nics, n_disks;                                     /* as vInfo counts them */
};

void
rv_vm_free(RvVm *vm)
{
    GPtrArray *arrays[] = {vm->disks, vm->nics, vm->snapshots, vm->cdroms, vm->problems};
    for (size_t i = 0; i < G_N_ELEMENTS(arrays); i++)
        if (arrays[i])
            g_ptr_array_unref(arrays[i]);
    g_free(vm);
}

static void
add_to(GPtrArray **array, void *record)
{
    if (!*array)
        *array = g_ptr_array_new();
    g_ptr_array_add(*array, record);
}

static void
add_problem(RvEstate *estate, RvVm *vm, const char *id, const char *about, const char *text,
    const char *evidence)
{
    Problem *problem = arena_new(&estate->arena, Problem);
    *problem = (Problem){.id = text_known(id),
        .about = about ? text_known(about) : text_absent(),
        .text = text_known(text),
        .evidence = text_known(evidence)};
    add_to(&vm->problems, problem);
}

#define CELL(column)         rv_cell(reader, (column), &estate->arena)
#define TEXT(column)         rv_text(reader, (column), &estate->arena)
#define TEXT_OR_NONE(column) rv_text_or_none(reader, (column), &estate->arena)

/* --- which VM --------------------------------------------------------------------------------- */

static const char *
vm_key(RvEstate *estate, char kind, const char *value)
{
    return arena_printf(&estate->arena, "%c\x1f%s", kind, value);
}

static void
add_key(RvEstate *estate, char kind, const char *value, RvVm *vm)
{
    const char *key = vm_key(estate, kind, value);
    g_hash_table_insert(estate->vms_by_key, (gpointer)key,
        g_hash_table_contains(estate->vms_by_key, key) ? (void *)&rv_several : vm);
}

static RvVm *
find_vm(RvEstate *estate, char kind, const char *value)
{
    void *vm = value && *value
                   ? g_hash_table_lookup(estate->vms_by_key, vm_key(estate, kind, value))
                   : NULL;
    return vm == &rv_several ? NULL : vm;
}

static const char *
scoped_cell(RvEstate *estate, const RvReader *reader, int column)
{
    const char *text = CELL(column);
    return text && *text ? rv_scoped(estate, reader, VM_SERVER, text) : NULL;
}

/* By id, else by UUID, else by a name that only one VM has. */
static RvVm *
vm_of_row(RvEstate *estate, const RvReader *reader)
{
    RvVm *vm = find_vm(estate, 'i', scoped_cell(estate, reader, VM_ID));
    if (!vm)
        vm = find_vm(estate, 'u', scoped_cell(estate, reader, VM_UUID));
    return vm ? vm : find_vm(estate, 'n', scoped_cell(estate, reader, VM_NAME));
}

/* --- vInfo ------------------------------------------------------------------------------------ */

static int
find_word(const char *text, const char *const *words, const int *values)
{
    for (size_t i = 0; text && words[i]; i++)
        if (g_ascii_strcasecmp(text, words[i]) == 0)
            return values[i];
    return 0;
}

static void
read_states(RvEstate *estate, const RvReader *reader, InstanceView *view)
{
    static const char *const powers[] = {"poweredOn", "poweredOff", "suspended", NULL};
    static const int power_values[] = {POWER_ON, POWER_OFF, POWER_SUSPENDED};
    static const char *const connections[] = {
        "connected", "disconnected", "inaccessible", "orphaned", "invalid", NULL};
    static const int connection_values[] = {CONNECTION_CONNECTED, CONNECTION_DISCONNECTED,
        CONNECTION_INACCESSIBLE, CONNECTION_ORPHANED, CONNECTION_INVALID};
    static const char *const firmwares[] = {"bios", "efi", NULL};
    static const int firmware_values[] = {FIRMWARE_BIOS, FIRMWARE_UEFI};
    view->power = (PowerState)find_word(CELL(INFO_POWER), powers, power_values);
    view->connection =
        (ConnectionState)find_word(CELL(INFO_CONNECTION), connections, connection_values);
    view->firmware = (Firmware)find_word(CELL(INFO_FIRMWARE), firmwares, firmware_values);
    view->is_template = rv_bool(reader, INFO_TEMPLATE);
    view->needs_consolidation = rv_bool(reader, INFO_CONSOLIDATION);
    view->has_change_tracking = rv_bool(reader, INFO_CBT);
    view->secure_boot = rv_bool(reader, INFO_SECURE_BOOT);
    const char *ft = CELL(INFO_FT);
    if (ft && *ft)
        view->is_fault_tolerant = bool_known(g_ascii_strcasecmp(ft, "notConfigured") != 0);
}

/* "13" and "vmx-13" */
static Text
hardware_version(RvEstate *estate, const char *text)
{
    if (!text || !*text)
        return (Text){0};
    return text_known(
        text[strspn(text, "0123456789")] ? text : arena_printf(&estate->arena, "vmx-%s", text));
}

static void
read_place(RvEstate *estate, const RvReader *reader, InstanceView *view)
{
    const char *host = CELL(INFO_HOST), *cluster = CELL(INFO_CLUSTER), *folder = CELL(INFO_FOLDER),
               *pool = CELL(INFO_POOL);
    view->datacenter = TEXT(INFO_DATACENTER);
    view->vapp = TEXT_OR_NONE(INFO_VAPP);
    /* A path that does not begin at the root may begin anywhere. */
    view->path = folder && *folder == '/' ? text_known(folder) : (Text){0};
    view->resource_pool = pool && *pool == '/' ? text_known(pool) : (Text){0};
    if (host && *host) {
        const char *scoped = rv_scoped(estate, reader, VM_SERVER, host);
        const SourceHost *found = g_hash_table_lookup(estate->hosts_by_name, scoped);
        bool is_one = found && (const void *)found != &rv_several;
        view->host = is_one ? found->id : (Text){0};
        view->host_name = text_known(vim_unescape(&estate->arena, host));
        view->cluster = is_one ? found->cluster : (Text){0};
    }
    if (cluster && *cluster) {
        const SourceCluster *in = g_hash_table_lookup(
            estate->clusters_by_name, rv_scoped(estate, reader, VM_SERVER, cluster));
        view->cluster_name = text_known(vim_unescape(&estate->arena, cluster));
        if (in && (const void *)in != &rv_several)
            view->cluster = in->id;
    } else if (cluster && host && *host) {
        view->cluster = view->cluster_name = text_absent();
    }
}

static void
read_identity(RvEstate *estate, const RvReader *reader, RvVm *vm)
{
    InstanceView *view = &vm->view;
    const char *name = CELL(VM_NAME), *id = scoped_cell(estate, reader, VM_ID),
               *uuid = scoped_cell(estate, reader, VM_UUID);
    view->name = text_known(vim_unescape(&estate->arena, name));
    /* Before there was a column for either, nothing says which of the two UUIDs it is. */
    if (reader->columns[INFO_BIOS_UUID] >= 0) {
        view->instance_uuid = TEXT(VM_UUID);
        view->bios_uuid = TEXT(INFO_BIOS_UUID);
    }
    const char *scoped = scoped_cell(estate, reader, VM_NAME);
    view->id = text_known(id ? id : uuid ? uuid : scoped);
    if (id)
        add_key(estate, 'i', id, vm);
    if (uuid)
        add_key(estate, 'u', uuid, vm);
    add_key(estate, 'n', scoped, vm);
    vm->server = CELL(VM_SERVER);
}

static void
take_info(RvEstate *estate, const RvReader *reader)
{
    if (!*CELL(VM_NAME))
        return;
    RvVm *vm = g_new0(RvVm, 1);
    InstanceView *view = &vm->view;
    g_ptr_array_add(estate->vms, vm);
    read_identity(estate, reader, vm);
    read_states(estate, reader, view);
    read_place(estate, reader, view);
    view->cpus = rv_int(reader, INFO_CPUS, 1);
    view->memory_bytes = rv_int(reader, INFO_MEMORY, 1 << 20);
    view->hardware_version = hardware_version(estate, CELL(INFO_HW));
    view->guest_os_name = TEXT(INFO_OS);
    view->guest_hostname = TEXT(INFO_DNS);
    view->annotation = TEXT_OR_NONE(INFO_ANNOTATION);
    vm->n_nics = rv_int(reader, INFO_NICS, 1);
    vm->n_disks = rv_int(reader, INFO_DISKS, 1);
}

/* --- vCPU, vMemory, vTools -------------------------------------------------------------------- */

static void
take_cpu(const RvReader *reader, RvVm *vm)
{
    Int limit = rv_int(reader, CPU_LIMIT, 1);
    vm->view.cores_per_socket = rv_int(reader, CPU_CORES, 1);
    vm->view.cpu_reservation_mhz = rv_int(reader, CPU_RESERVATION, 1);
    vm->view.cpu_limit_mhz = limit.value < 0 ? (Int){.state = FACT_ABSENT} : limit;
}

/* --- vDisk ------------------------------------------------------------------------------------ */

/* What RVTools tells of a controller is its label, and in some releases its model. */
static const struct {
    const char *text, *word;
} controllers[] = {
    {"paravirtual", "pvscsi"},
    {"pvscsi", "pvscsi"},
    {"lsi logic sas", "lsisas1068"},
    {"lsi logic", "lsilogic"},
    {"buslogic", "buslogic"},
    {"ide", "ide"},
};

static void
read_controller(RvEstate *estate, Disk *disk, const char *text)
{
    if (!text || !*text)
        return;
    g_autofree char *lower = g_ascii_strdown(text, -1);
    for (size_t i = 0; i < G_N_ELEMENTS(controllers); i++) {
        if (!strstr(lower, controllers[i].text) ||
            (strcmp(controllers[i].word, "ide") == 0 && !g_str_has_prefix(lower, "ide")))
            continue;
        disk->controller = text_known(controllers[i].word);
        disk->controller_type = text_known(arena_strdup(&estate->arena, text));
        break;
    }
    /* "SCSI controller 1", "IDE 0" */
    const char *last = strrchr(text, ' ');
    guint64 bus;
    if (last && g_ascii_string_to_unsigned(last + 1, 10, 0, 255, &bus, NULL))
        disk->controller_unit = int_known((int64_t)bus);
}

static void
read_sharing(RvEstate *estate, const RvReader *reader, Disk *disk)
{
    const char *sharing = CELL(DISK_SHARING), *bus = CELL(DISK_BUS);
    bool has_sharing = sharing && *sharing, has_bus = bus && *bus;
    if (has_bus && g_ascii_strcasecmp(bus, "noSharing") != 0) {
        disk->sharing = text_known(bus);
        disk->is_shared = bool_known(true);
        return;
    }
    disk->sharing = has_sharing ? text_known(sharing) : (Text){0};
    if (has_sharing && g_ascii_strcasecmp(sharing, "sharingNone") != 0)
        disk->is_shared = bool_known(true);
    else if (has_sharing && (has_bus || bus))
        disk->is_shared = bool_known(false);
}

/* "[datastore1] web01/web01.vmdk" */
static void
read_path(RvEstate *estate, const RvReader *reader, Disk *disk)
{
    const char *path = CELL(DISK_PATH), *end = path ? strchr(path, ']') : NULL;
    if (!path || !*path)
        return;
    disk->path = text_known(path);
    if (g_str_has_suffix(path, ".vmdk"))
        disk->format = text_known("vmdk");
    if (*path != '[' || !end)
        return;
    const char *name = arena_strndup(&estate->arena, path + 1, (size_t)(end - path - 1));
    const Datastore *store =
        g_hash_table_lookup(estate->datastores_by_name, rv_scoped(estate, reader, VM_SERVER, name));
    disk->datastore_name = text_known(name);
    if (!store || (const void *)store == &rv_several)
        return;
    disk->datastore = store->id;
    disk->datastore_name = store->name;
    disk->datastore_type = store->type;
    disk->datastore_host = store->nfs_host;
    disk->datastore_path = store->nfs_path;
}

/* "51-2000", as vSphere's diskObjectId and CloudStack have it. */
static Text
disk_id(RvEstate *estate, const RvReader *reader, int64_t key)
{
    const char *id = CELL(VM_ID), *digits = id ? strpbrk(id, "0123456789") : NULL;
    if (!digits || !g_str_has_prefix(id, "vm-") || digits[strspn(digits, "0123456789")])
        return (Text){0};
    return text_known(arena_printf(&estate->arena, "%s-%" G_GINT64_FORMAT, digits, key));
}

static void
take_disk(RvEstate *estate, const RvReader *reader, RvVm *vm)
{
    Disk *disk = arena_new(&estate->arena, Disk);
    Bool raw = rv_bool(reader, DISK_RAW);
    Int key = rv_int(reader, DISK_KEY, 1);
    disk->label = TEXT(DISK_LABEL);
    if (key.state == FACT_KNOWN) {
        disk->key = text_known(arena_printf(&estate->arena, "%" G_GINT64_FORMAT, key.value));
        disk->id = disk_id(estate, reader, key.value);
    }
    disk->capacity_bytes = rv_int(reader, DISK_CAPACITY, 1 << 20);
    if (raw.state == FACT_KNOWN)
        disk->backing = raw.value ? DISK_BACKING_RDM : DISK_BACKING_FILE;
    disk->mode = TEXT(DISK_MODE);
    if (disk->mode.value)
        disk->is_independent = bool_known(g_str_has_prefix(disk->mode.value, "independent"));
    disk->is_thin = rv_bool(reader, DISK_THIN);
    disk->position = rv_int(reader, DISK_UNIT, 1);
    read_controller(estate, disk, CELL(DISK_CONTROLLER));
    if (!disk->controller.value && disk->controller_unit.state != FACT_KNOWN)
        read_controller(estate, disk, CELL(DISK_CONTROLLER_LABEL));
    read_sharing(estate, reader, disk);
    read_path(estate, reader, disk);
    add_to(&vm->disks, disk);
}

/* --- vNetwork --------------------------------------------------------------------------------- */

/* As CloudStack names them. */
static const struct {
    const char *text, *word, *type;
} adapters[] = {
    {"vmxnet3", "Vmxnet3", "VirtualVmxnet3"},
    {"vmxnet2", "Vmxnet2", "VirtualVmxnet2"},
    {"e1000", "E1000", "VirtualE1000"},
    {"e1000e", "E1000", "VirtualE1000e"},
    {"pcnet32", "PCNet32", "VirtualPCNet32"},
};

static void
read_adapter(Nic *nic, const char *text)
{
    for (size_t i = 0; text && i < G_N_ELEMENTS(adapters); i++) {
        if (g_ascii_strcasecmp(text, adapters[i].text) != 0 &&
            g_ascii_strcasecmp(text, adapters[i].type) != 0)
            continue;
        nic->adapter = text_known(adapters[i].word);
        nic->adapter_type = text_known(adapters[i].type);
        return;
    }
    if (text && *text)
        nic->adapter_type = text_known(text);
}

/* "10.0.0.1, fe80::1" */
static void
add_ips(RvEstate *estate, Nic *nic, const char *text)
{
    g_auto(GStrv) parts = g_strsplit_set(text ? text : "", ",; ", -1);
    for (char **part = parts; *part; part++) {
        if (!g_hostname_is_ip_address(*part) || g_ascii_strncasecmp(*part, "fe80:", 5) == 0 ||
            g_str_has_prefix(*part, "169.254.") || g_str_has_prefix(*part, "127.") ||
            strcmp(*part, "::1") == 0)
            continue;
        const char **items = arena_new_n(&estate->arena, const char *, nic->ips.n + 1);
        for (size_t i = 0; i < nic->ips.n; i++)
            items[i] = nic->ips.items[i];
        items[nic->ips.n++] = arena_strdup(&estate->arena, *part);
        nic->ips.items = items;
        nic->ips.state = FACT_KNOWN;
        nic->ips_from = text_known("tools");
    }
}

/* The port group of a NIC: on its switch if that is told, else the only one of the name. */
static const Portgroup *
find_group(RvEstate *estate, const RvReader *reader, const char *name)
{
    Arena *arena = &estate->arena;
    const char *in = scoped_cell(estate, reader, NIC_SWITCH),
               *host = scoped_cell(estate, reader, NIC_HOST);
    void *distributed =
        in ? g_hash_table_lookup(estate->groups, arena_printf(arena, "d\x1f%s\x1f%s", in, name))
           : g_hash_table_lookup(estate->group_names, rv_scoped(estate, reader, VM_SERVER, name));
    void *standard =
        host ? g_hash_table_lookup(estate->groups, arena_printf(arena, "s\x1f%s\x1f%s", host, name))
             : NULL;
    bool is_both = distributed && standard && !in; /* which of the two it is, nothing tells */
    void *found = is_both ? NULL : distributed ? distributed : standard;
    return found == &rv_several ? NULL : found;
}

static void
read_network(RvEstate *estate, const RvReader *reader, Nic *nic)
{
    const char *name = CELL(NIC_NETWORK);
    nic->vlan.from = text_known("no tab tells the VLAN of this NIC's network");
    if (!name || !*name)
        return;
    const Portgroup *group = find_group(estate, reader, name);
    nic->network = text_known(vim_unescape(&estate->arena, name));
    if (!group)
        return;
    nic->portgroup = group->id;
    nic->switch_id = group->switch_id;
    nic->vlan = group->vlan;
}

static void
take_nic(RvEstate *estate, const RvReader *reader, RvVm *vm)
{
    Nic *nic = arena_new(&estate->arena, Nic);
    const char *adapter = CELL(NIC_ADAPTER), *mac = CELL(NIC_MAC);
    nic->label = nic->id = TEXT(NIC_LABEL);
    /* RVTools 3 has the label under another name. */
    if (!nic->label.value && adapter && g_ascii_strncasecmp(adapter, "Network adapter", 15) == 0)
        nic->label = nic->id = text_known(adapter);
    else
        read_adapter(nic, adapter);
    if (mac && *mac) {
        g_autofree char *lower = g_ascii_strdown(mac, -1);
        nic->mac = text_known(arena_strdup(&estate->arena, g_strdelimit(lower, "-", ':')));
    }
    nic->is_connected = rv_bool(reader, NIC_CONNECTED);
    nic->starts_connected = rv_bool(reader, NIC_STARTS);
    read_network(estate, reader, nic);
    add_ips(estate, nic, CELL(NIC_IP4));
    add_ips(estate, nic, CELL(NIC_IP6));
    add_to(&vm->nics, nic);
}

/* --- the other tabs --------------------------------------------------------------------------- */

static void
take_cd(RvEstate *estate, const RvReader *reader, RvVm *vm)
{
    Cdrom *drive = arena_new(&estate->arena, Cdrom);
    const char *type = CELL(CD_TYPE);
    drive->label = TEXT(CD_NODE);
    drive->is_connected = rv_bool(reader, CD_CONNECTED);
    if (type && g_str_has_prefix(type, "ISO "))
        drive->path = text_known(type + 4);
    add_to(&vm->cdroms, drive);
}

static void
take_snapshot(RvEstate *estate, const RvReader *reader, RvVm *vm)
{
    Snapshot *snapshot = arena_new(&estate->arena, Snapshot);
    snapshot->name = TEXT(SNAPSHOT_NAME);
    add_to(&vm->snapshots, snapshot);
}

static void
tell_lost_row(RvEstate *estate, const RvReader *reader, const char *file)
{
    g_autofree char *about = g_strdup_printf("row %zu of %s", reader->csv->row, file);
    SourceProblem *problem = rv_problem(estate, "row-unplaced", about,
        "export all tabs in one go, with a version of RVTools that has the column 'VM ID'");
    problem->text = text_known(arena_printf(&estate->arena,
        "no VM of vInfo, or more than one, is the '%s' of this row", CELL(VM_NAME)));
    problem->evidence = text_known("columns VM ID, VM UUID and VM");
}

void
rv_take_vm_row(RvEstate *estate, const RvReader *reader, const char *file)
{
    if (reader->tab == TAB_INFO) {
        take_info(estate, reader);
        return;
    }
    RvVm *vm = vm_of_row(estate, reader);
    if (!vm)
        tell_lost_row(estate, reader, file);
    else if (reader->tab == TAB_CPU)
        take_cpu(reader, vm);
    else if (reader->tab == TAB_MEMORY)
        vm->view.memory_reservation_bytes = rv_int(reader, MEMORY_RESERVATION, 1 << 20);
    else if (reader->tab == TAB_DISK)
        take_disk(estate, reader, vm);
    else if (reader->tab == TAB_NETWORK)
        take_nic(estate, reader, vm);
    else if (reader->tab == TAB_CD)
        take_cd(estate, reader, vm);
    else if (reader->tab == TAB_SNAPSHOT)
        take_snapshot(estate, reader, vm);
    else if (reader->tab == TAB_TOOLS)
        vm->view.tools_status = TEXT(TOOLS_STATE);
}

/* --- the whole -------------------------------------------------------------------------------- */

/* The records of a tab that was read make a known list, empty or not. */
#define TAKE_LIST(list, array, tab)                                                                \
    do {                                                                                           \
        size_t n_ = (array) ? (array)->len : 0;                                                    \
        (list).items = arena_alloc(&estate->arena, n_ * sizeof *(list).items);                     \
        (list).n = n_;                                                                             \
        (list).state = estate->has_tab[tab] ? FACT_KNOWN : FACT_UNKNOWN;                           \
        for (size_t i_ = 0; i_ < n_; i_++)                                                         \
            memcpy(&(list).items[i_], (array)->pdata[i_], sizeof *(list).items);                   \
    } while (0)

/* Rows that are not there must not look as if the VM had nothing more: an entry each stands for
 * them. */
static void
check_count(RvEstate *estate, RvVm *vm, Int told, GPtrArray **records, RvTab tab, size_t size)
{
    enum { PLACEHOLDERS_MAX = 100 };
    int64_t n = *records ? (*records)->len : 0;
    bool is_nic = tab == TAB_NETWORK;
    if (!estate->has_tab[tab] || told.state != FACT_KNOWN || told.value == n)
        return;
    add_problem(estate, vm, is_nic ? "nic-unread" : "disk-unread", NULL,
        arena_printf(&estate->arena,
            "vInfo counts %" G_GINT64_FORMAT " %s of this VM, and %s has %" G_GINT64_FORMAT " rows",
            told.value, is_nic ? "NICs" : "disks", rv_tabs[tab].name, n),
        "the columns NICs and Disks of vInfo");
    for (; n < told.value && n < PLACEHOLDERS_MAX; n++)
        add_to(records, arena_alloc(&estate->arena, size));
}

/* A disk or NIC whose id no column tells goes by its place, and that is said. */
static void
name_unread(RvEstate *estate, RvVm *vm, Text *id, Text label, unsigned place, RvTab tab)
{
    if (id->state == FACT_KNOWN)
        return;
    bool is_nic = tab == TAB_NETWORK;
    *id = text_known(arena_printf(&estate->arena, "unread-%u", place));
    add_problem(estate, vm, is_nic ? "nic-unread" : "disk-unread", id->value,
        arena_printf(&estate->arena,
            "the id of the %s '%s', by which CloudStack knows it, is not "
            "in the export",
            is_nic ? "NIC" : "disk", label.value ? label.value : id->value),
        is_nic ? "column 'NIC label' of vNetwork" : "columns 'Disk Key' and 'VM ID' of vDisk");
}

static void
name_all_unread(RvEstate *estate, RvVm *vm)
{
    for (unsigned i = 0; vm->disks && i < vm->disks->len; i++) {
        Disk *disk = vm->disks->pdata[i];
        name_unread(estate, vm, &disk->id, disk->label, i, TAB_DISK);
    }
    for (unsigned i = 0; vm->nics && i < vm->nics->len; i++) {
        Nic *nic = vm->nics->pdata[i];
        name_unread(estate, vm, &nic->id, nic->label, i, TAB_NETWORK);
    }
}

/* Passthrough and the like have no tab: the list of devices stays unknown. */
static void
finish_vm(RvEstate *estate, RvVm *vm)
{
    InstanceView *view = &vm->view;
    check_count(estate, vm, vm->n_nics, &vm->nics, TAB_NETWORK, sizeof(Nic));
    check_count(estate, vm, vm->n_disks, &vm->disks, TAB_DISK, sizeof(Disk));
    name_all_unread(estate, vm);
    TAKE_LIST(view->disks, vm->disks, TAB_DISK);
    TAKE_LIST(view->nics, vm->nics, TAB_NETWORK);
    TAKE_LIST(view->snapshots, vm->snapshots, TAB_SNAPSHOT);
    TAKE_LIST(view->cdroms, vm->cdroms, TAB_CD);
    TAKE_LIST(view->problems, vm->problems, TAB_INFO);
}

bool
rv_put_vms(RvEstate *estate, InventorySink *sink, GError **error)
{
    for (unsigned i = 0; i < estate->vms->len; i++) {
        RvVm *vm = estate->vms->pdata[i];
        finish_vm(estate, vm);
        if (!inventory_put(sink, RECORD_INSTANCE, &vm->view, error))
            return false;
    }
    return true;
}
