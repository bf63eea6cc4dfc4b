/* SPDX-License-Identifier: Apache-2.0
 *
 * The tabs of RVTools: file names, column names of its versions, and how values are written, which
 * depends on the locale of the computer that it ran on.
 *
 * Source: the column lists in RVTools' documentation and in public exports of 3.x and 4.x
 */
#include "source_rvtools.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "error.h"

/* --- columns ---------------------------------------------------------------------------------- */

#define VM_COLUMNS "VM", "VM ID|Object ID", "VM UUID", "VI SDK Server"

/* clang-format off */
static const char *const source_columns[] = {"Name", "Version", "Fullname", "API version", "VI SDK UUID", NULL};
static const char *const cluster_columns[] = {"Name", "HA enabled", "DRS enabled", "Object ID", "VI SDK Server", NULL};
static const char *const host_columns[] = {"Host", "Datacenter", "Cluster", "in Maintenance Mode", "Speed", "# Cores", "# Memory", "ESX Version", "Object ID", "VI SDK Server", NULL};
static const char *const store_columns[] = {"Name", "Address", "Accessible", "Type", "Capacity MiB|Capacity MB", "Free MiB|Free MB", "Cluster name", "URL", "Object ID", "VI SDK Server", NULL};
static const char *const switch_columns[] = {"Host", "Switch", "Datacenter", "MTU", "VI SDK Server", NULL};
static const char *const dvs_columns[] = {"Switch", "Datacenter", "Max MTU", "Object ID", "VI SDK Server", NULL};
static const char *const port_columns[] = {"Host", "Datacenter", "Port Group", "Switch", "VLAN", "Promiscuous Mode", "Mac Changes", "Forged Transmits", "VI SDK Server", NULL};
static const char *const dvport_columns[] = {"Port", "Switch", "Type", "VLAN", "Allow Promiscuous", "Mac Changes", "Forged Transmits", "Vlan Override", "Object ID", "VI SDK Server", NULL};
static const char *const info_columns[] = {VM_COLUMNS, "Powerstate", "Template", "DNS Name", "Connection state", "Consolidation Needed", "CPUs", "Memory", "NICs", "Disks", "CBT", "Resource pool", "Folder", "vApp", "FT State", "EFI Secure boot", "Firmware", "HW version", "Annotation", "Datacenter", "Cluster", "Host", "OS according to the configuration file|OS", "SMBIOS UUID", NULL};
static const char *const cpu_columns[] = {VM_COLUMNS, "Cores p/s", "Reservation", "Limit", NULL};
static const char *const memory_columns[] = {VM_COLUMNS, "Reservation", NULL};
static const char *const disk_columns[] = {VM_COLUMNS, "Disk", "Disk Key", "Disk Path|Path", "Capacity MiB|Capacity MB", "Raw", "Disk Mode", "Sharing mode", "Thin", "Controller", "Label", "Unit #", "Shared Bus", NULL};
static const char *const network_columns[] = {VM_COLUMNS, "NIC label", "Adapter", "Network", "Switch", "Connected", "Starts Connected", "Mac Address", "IPv4 Address|IP Address", "IPv6 Address", "Host", NULL};
static const char *const cd_columns[] = {VM_COLUMNS, "Device Node", "Connected", "Device Type", NULL};
static const char *const snapshot_columns[] = {VM_COLUMNS, "Name", NULL};
static const char *const tools_columns[] = {VM_COLUMNS, "Tools", NULL};

/* What is unknown without a column; the remedy is a newer RVTools. */
static const char *const info_missed[RV_COLUMNS_MAX] = {[INFO_POWER] = "power states", [INFO_CPUS] = "CPUs", [INFO_MEMORY] = "memory", [INFO_HOST] = "hosts", [INFO_FIRMWARE] = "firmware", [INFO_BIOS_UUID] = "which of the two UUIDs 'VM UUID' is"};
static const char *const disk_missed[RV_COLUMNS_MAX] = {[DISK_KEY] = "ids of disks, by which CloudStack knows them", [DISK_PATH] = "paths and datastores of disks", [DISK_CAPACITY] = "capacities of disks", [DISK_RAW] = "raw device mappings", [DISK_SHARING] = "shared disks"};
static const char *const network_missed[RV_COLUMNS_MAX] = {[NIC_LABEL] = "labels of NICs, by which CloudStack knows them", [NIC_NETWORK] = "networks of NICs", [NIC_MAC] = "MAC addresses"};
static const char *const port_missed[RV_COLUMNS_MAX] = {[PORT_VLAN] = "VLANs of standard port groups"};
static const char *const dvport_missed[RV_COLUMNS_MAX] = {[DVPORT_VLAN] = "VLANs of distributed port groups"};

#define BIT(column) (1u << (column))

const RvTabType rv_tabs[TAB_N] = {
    [TAB_SOURCE] = {"vSource", NULL, source_columns, 0, NULL},
    [TAB_CLUSTER] = {"vCluster", NULL, cluster_columns, BIT(CLUSTER_NAME), NULL},
    [TAB_HOST] = {"vHost", "CPUs, memory and maintenance of hosts", host_columns, BIT(HOST_NAME), NULL},
    [TAB_DATASTORE] = {"vDatastore", "types, addresses and free space of datastores", store_columns, BIT(STORE_NAME), NULL},
    [TAB_SWITCH] = {"vSwitch", NULL, switch_columns, BIT(SWITCH_HOST) | BIT(SWITCH_NAME), NULL},
    [TAB_DVSWITCH] = {"dvSwitch", NULL, dvs_columns, BIT(DVS_NAME), NULL},
    [TAB_PORT] = {"vPort", "VLANs of standard port groups", port_columns, BIT(PORT_HOST) | BIT(PORT_GROUP), port_missed},
    [TAB_DVPORT] = {"dvPort", "VLANs of distributed port groups", dvport_columns, BIT(DVPORT_NAME) | BIT(DVPORT_SWITCH), dvport_missed},
    [TAB_INFO] = {"vInfo", "all VMs", info_columns, BIT(VM_NAME), info_missed},
    [TAB_CPU] = {"vCPU", "CPU reservations and limits", cpu_columns, BIT(VM_NAME), NULL},
    [TAB_MEMORY] = {"vMemory", "memory reservations", memory_columns, BIT(VM_NAME), NULL},
    [TAB_DISK] = {"vDisk", "disks", disk_columns, BIT(VM_NAME), disk_missed},
    [TAB_NETWORK] = {"vNetwork", "NICs", network_columns, BIT(VM_NAME), network_missed},
    [TAB_CD] = {"vCD", "CD drives", cd_columns, BIT(VM_NAME), NULL},
    [TAB_SNAPSHOT] = {"vSnapshot", "snapshots", snapshot_columns, BIT(VM_NAME), NULL},
    [TAB_TOOLS] = {"vTools", "the state of VMware Tools", tools_columns, BIT(VM_NAME), NULL},
};
/* clang-format on */

/* --- files ------------------------------------------------------------------------------------ */

static void
file_free(gpointer data)
{
    RvFile *file = data;
    g_free(file->path);
    g_free(file);
}

/* "RVTools_tabvInfo.csv", "vcenter1_vInfo.csv", "vInfo.csv"; TAB_N: none that is read. */
static RvTab
tab_of(const char *path)
{
    g_autofree char *base = g_path_get_basename(path);
    size_t length = strlen(base);
    if (length < 4 || g_ascii_strcasecmp(base + length - 4, ".csv") != 0)
        return TAB_N;
    base[length -= 4] = '\0';
    for (int tab = 0; tab < TAB_N; tab++) {
        size_t n = strlen(rv_tabs[tab].name);
        if (length < n || g_ascii_strcasecmp(base + length - n, rv_tabs[tab].name) != 0)
            continue;
        /* "dvPort" ends as "vPort" does. */
        const char *before = base + length - n;
        if (before == base || !g_ascii_isalpha(before[-1]) ||
            (before - base >= 3 && g_ascii_strncasecmp(before - 3, "tab", 3) == 0))
            return (RvTab)tab;
    }
    return TAB_N;
}

static void
add_file(GPtrArray *files, const char *path)
{
    RvFile *file = g_new0(RvFile, 1);
    file->path = g_strdup(path);
    file->tab = tab_of(path);
    g_ptr_array_add(files, file);
}

static bool
add_folder(GPtrArray *files, const char *path, GError **error)
{
    GError *why = NULL;
    GDir *folder = g_dir_open(path, 0, &why);
    if (!folder) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_STORAGE, "'%s': %s", path, why->message);
        g_error_free(why);
        return false;
    }
    for (const char *name; (name = g_dir_read_name(folder));) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        if (tab_of(file) != TAB_N)
            add_file(files, file);
    }
    g_dir_close(folder);
    return true;
}

static bool
add_path(GPtrArray *files, const char *path, GError **error)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_STORAGE, "'%s': %s", path, g_strerror(errno));
        return false;
    }
    if (S_ISDIR(st.st_mode))
        return add_folder(files, path, error);
    if (tab_of(path) == TAB_N) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "'%s' is no tab of an RVTools export by its name: export all tabs as CSV, which gives "
            "RVTools_tabvInfo.csv and so on",
            path);
        return false;
    }
    add_file(files, path);
    return true;
}

static int
compare_files(const void *a, const void *b)
{
    const RvFile *one = *(RvFile *const *)a, *two = *(RvFile *const *)b;
    return one->tab != two->tab ? (one->tab < two->tab ? -1 : 1) : strcmp(one->path, two->path);
}

GPtrArray *
rv_find_files(const char *path, GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(file_free);
    struct stat st;
    bool is_one = stat(path, &st) == 0; /* a name may hold a comma */
    g_auto(GStrv) paths = g_strsplit(path, is_one ? "\n" : ",", -1);
    for (char **at = paths; *at; at++)
        if (**at && !add_path(files, *at, error))
            return NULL;
    g_ptr_array_sort(files, compare_files);
    for (unsigned i = 0; i < files->len; i++)
        if (((const RvFile *)files->pdata[i])->tab == TAB_INFO)
            return g_steal_pointer(&files);
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
        "'%s' has no RVTools_tabvInfo.csv: export all tabs of RVTools as CSV into one folder",
        path);
    return NULL;
}

/* --- one tab ---------------------------------------------------------------------------------- */

static int
find_column(const CsvReader *csv, const char *names)
{
    g_auto(GStrv) list = g_strsplit(names, "|", -1);
    for (char **name = list; *name; name++) {
        int column = csv_find_column(csv, *name);
        if (column >= 0)
            return column;
    }
    return -1;
}

RvReader *
rv_reader_new(FILE *file, const RvFile *which, const char *encoding, GError **error)
{
    const RvTabType *type = &rv_tabs[which->tab];
    CsvReader *csv = csv_new(file, which->path, encoding, error);
    if (!csv)
        return NULL;
    g_autoptr(RvReader) reader = g_new0(RvReader, 1);
    reader->tab = which->tab;
    reader->csv = csv;
    for (int i = 0; type->columns[i]; i++) {
        reader->columns[i] = find_column(csv, type->columns[i]);
        if (reader->columns[i] >= 0 || !(type->needed & BIT(i)))
            continue;
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_INVALID,
            "'%s': there is no column '%s': this is no tab %s of RVTools, or one in another "
            "language",
            which->path, type->columns[i], type->name);
        return NULL;
    }
    return g_steal_pointer(&reader);
}

void
rv_reader_free(RvReader *reader)
{
    if (!reader)
        return;
    csv_free(reader->csv);
    g_free(reader);
}

/* --- values ----------------------------------------------------------------------------------- */

const char *
rv_cell(const RvReader *reader, int column, Arena *arena)
{
    if (reader->columns[column] < 0)
        return NULL;
    g_autofree char *text = g_strdup(csv_cell(reader->csv, (size_t)reader->columns[column]));
    return arena_intern(arena, g_strstrip(text));
}

Text
rv_text(const RvReader *reader, int column, Arena *arena)
{
    const char *text = rv_cell(reader, column, arena);
    return text && *text ? text_known(text) : (Text){0};
}

Text
rv_text_or_none(const RvReader *reader, int column, Arena *arena)
{
    const char *text = rv_cell(reader, column, arena);
    return !text ? (Text){0} : *text ? text_known(text) : text_absent();
}

/* The character that groups digits by three, at @text; its length, or 0. */
static size_t
group_mark(const char *text)
{
    static const char *const marks[] = {",", ".", "'", " ", "\u00a0", "\u202f", "\u2019"};
    for (size_t i = 0; i < G_N_ELEMENTS(marks); i++)
        if (g_str_has_prefix(text, marks[i]))
            return strlen(marks[i]);
    return 0;
}

static bool
parse_int(const char *text, int64_t *ret)
{
    bool is_negative = *text == '-';
    int64_t value = 0;
    size_t run = 0, groups = 0;
    for (text += is_negative; *text;) {
        if (g_ascii_isdigit(*text)) {
            if (value > (INT64_MAX - 9) / 10)
                return false;
            value = 10 * value + (*text++ - '0');
            run++;
            continue;
        }
        size_t length = group_mark(text), digits = strspn(text + length, "0123456789");
        if (length == 0 || run == 0 || digits == 0)
            return false;
        if (digits == 3 && run <= 3 && (groups == 0 || run == 3)) {
            groups++;
            run = 0;
            text += length;
        } else if ((*text == ',' || *text == '.') && !text[length + digits] &&
                   strspn(text + length, "0") == digits) {
            break; /* a fraction of nothing */
        } else {
            return false;
        }
    }
    if (run == 0 || (groups && run != 3))
        return false;
    *ret = is_negative ? -value : value;
    return true;
}

Int
rv_int(const RvReader *reader, int column, int64_t unit)
{
    int64_t value;
    if (reader->columns[column] < 0)
        return (Int){0};
    g_autofree char *text = g_strdup(csv_cell(reader->csv, (size_t)reader->columns[column]));
    if (!parse_int(g_strstrip(text), &value) || __builtin_mul_overflow(value, unit, &value))
        return (Int){0};
    return int_known(value);
}

Bool
rv_bool(const RvReader *reader, int column)
{
    static const char *const words[][2] = {
        {"False", "True"}, {"no", "yes"}, {"0", "1"}, {"Falsch", "Wahr"}, {"Faux", "Vrai"}};
    if (reader->columns[column] < 0)
        return (Bool){0};
    g_autofree char *text = g_strdup(csv_cell(reader->csv, (size_t)reader->columns[column]));
    g_strstrip(text);
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        for (int value = 0; value < 2; value++)
            if (g_ascii_strcasecmp(text, words[i][value]) == 0)
                return bool_known(value);
    return (Bool){0};
}

/* --- VLANs ------------------------------------------------------------------------------------ */

static bool
parse_range(const char *text, VlanRange *ret)
{
    g_auto(GStrv) ends = g_strsplit(text, "-", 2);
    guint64 first, last;
    if (!ends[0] || !g_ascii_string_to_unsigned(g_strstrip(ends[0]), 10, 0, VLAN_ALL, &first, NULL))
        return false;
    last = first;
    if (ends[1] &&
        !g_ascii_string_to_unsigned(g_strstrip(ends[1]), 10, first, VLAN_ALL, &last, NULL))
        return false;
    *ret = (VlanRange){int_known((int64_t)first), int_known((int64_t)last)};
    return true;
}

Vlan
rv_vlan(const char *text, const char *from, Arena *arena)
{
    Vlan vlan = {.from = text_known(from)};
    g_auto(GStrv) parts = g_strsplit(text ? text : "", ",", -1);
    size_t n = g_strv_length(parts);
    VlanRange *ranges = arena_new_n(arena, VlanRange, n);
    for (size_t i = 0; i < n; i++)
        if (!parse_range(g_strstrip(parts[i]), &ranges[i]))
            return vlan; /* "PVLAN ...", or nothing: unknown */
    if (n == 0)
        return vlan;
    vlan.is_certain = bool_known(true);
    bool is_one = n == 1 && ranges[0].start.value == ranges[0].end.value;
    if (is_one && ranges[0].start.value != VLAN_ALL) {
        vlan.kind = ranges[0].start.value == 0 ? VLAN_NONE : VLAN_ID;
        if (vlan.kind == VLAN_ID)
            vlan.id = ranges[0].start;
        return vlan;
    }
    vlan.kind = VLAN_TRUNK;
    if (is_one)
        ranges[0] = (VlanRange){int_known(0), int_known(VLAN_ID_MAX)};
    vlan.ranges.items = ranges;
    vlan.ranges.n = n;
    vlan.ranges.state = FACT_KNOWN;
    return vlan;
}
