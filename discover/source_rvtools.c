/* SPDX-License-Identifier: Apache-2.0
 *
 * An RVTools export as a source: what a vCenter has, without credentials. What no column tells is
 * unknown, and a problem of the source says which tab or column would.
 */
#include "source_rvtools.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "error.h"
#include "utc_text.h"
#include "cleanup.h"

typedef struct RvState {
    char *path, *encoding;
    GPtrArray *files; /* RvFile; while it is open */
} RvState;

char rv_several;

/* --- config ----------------------------------------------------------------------------------- */

static void *
rvtools_create(Source *source G_GNUC_UNUSED)
{
    return g_new0(RvState, 1);
}

static void
rvtools_destroy(void *data)
{
    RvState *state = data;
    g_free(state->path);
    g_free(state->encoding);
    if (state->files)
        g_ptr_array_unref(state->files);
    g_free(state);
}

static bool
rvtools_config(Source *source, const char *key, const char *value, GError **error)
{
    RvState *state = source->state;
    char **text = strcmp(key, "encoding") == 0 ? &state->encoding : &state->path;
    if (!*value) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG, "'%s' is empty", key);
        return false;
    }
    g_free(*text);
    *text = g_strdup(value);
    return true;
}

static bool
rvtools_open(Source *source, GError **error)
{
    RvState *state = source->state;
    if (!state->path) {
        g_set_error_literal(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "no 'path': give the folder with the CSV files of an RVTools export");
        return false;
    }
    state->files = rv_find_files(state->path, error);
    return state->files != NULL;
}

static void
rvtools_close(Source *source)
{
    RvState *state = source->state;
    g_clear_pointer(&state->files, g_ptr_array_unref);
}

/* --- the estate ------------------------------------------------------------------------------- */

static void
estate_init(RvEstate *estate, Source *source)
{
    *estate = (RvEstate){.source = source};
    arena_init(&estate->arena);
    GPtrArray **arrays[] = {&estate->clusters, &estate->hosts, &estate->datastores,
        &estate->switches, &estate->portgroups, &estate->problems};
    for (size_t i = 0; i < G_N_ELEMENTS(arrays); i++)
        *arrays[i] = g_ptr_array_new();
    estate->vms = g_ptr_array_new_with_free_func((GDestroyNotify)rv_vm_free);
    GHashTable **tables[] = {&estate->clusters_by_name, &estate->hosts_by_name,
        &estate->datastores_by_name, &estate->switches_by_name, &estate->groups,
        &estate->group_names, &estate->vms_by_key, &estate->servers};
    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++)
        *tables[i] = g_hash_table_new(g_str_hash, g_str_equal);
}

static void
estate_release(RvEstate *estate)
{
    GPtrArray *arrays[] = {estate->clusters, estate->hosts, estate->datastores, estate->switches,
        estate->portgroups, estate->problems, estate->vms};
    for (size_t i = 0; i < G_N_ELEMENTS(arrays); i++)
        g_ptr_array_unref(arrays[i]);
    GHashTable *tables[] = {estate->clusters_by_name, estate->hosts_by_name,
        estate->datastores_by_name, estate->switches_by_name, estate->groups, estate->group_names,
        estate->vms_by_key, estate->servers};
    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++)
        g_hash_table_unref(tables[i]);
    arena_release(&estate->arena);
}

SourceProblem *
rv_problem(RvEstate *estate, const char *id, const char *about, const char *remedy)
{
    SourceProblem *problem = arena_new(&estate->arena, SourceProblem);
    *problem = (SourceProblem){.id = text_known(id),
        .about = text_known(arena_strdup(&estate->arena, about)),
        .remedy = text_known(arena_strdup(&estate->arena, remedy))};
    g_ptr_array_add(estate->problems, problem);
    return problem;
}

const char *
rv_scoped(RvEstate *estate, const RvReader *reader, int server, const char *name)
{
    const char *of = rv_cell(reader, server, &estate->arena);
    if (!of || !*of || g_hash_table_size(estate->servers) < 2)
        return name;
    return arena_printf(&estate->arena, "%s/%s", of, name);
}

/* A second thing of the name makes the name tell nothing. */
static void
add_by_name(GHashTable *table, const char *name, void *value)
{
    g_hash_table_insert(
        table, (gpointer)name, g_hash_table_contains(table, name) ? &rv_several : value);
}

/* --- infrastructure --------------------------------------------------------------------------- */

#define CELL(column)         rv_cell(reader, (column), &estate->arena)
#define TEXT(column)         rv_text(reader, (column), &estate->arena)
#define SCOPED(server, name) rv_scoped(estate, reader, (server), (name))
#define EXACT(name)          vim_unescape(&estate->arena, (name))

static void
take_source(RvEstate *estate, const RvReader *reader)
{
    const char *full = CELL(SRC_FULLNAME), *name = CELL(SRC_NAME), *version = CELL(SRC_VERSION);
    if (full && *full)
        estate->product = full;
    else if (name && version)
        estate->product = arena_printf(&estate->arena, "%s %s", name, version);
    estate->api_version = TEXT(SRC_API).value;
    estate->uuid = TEXT(SRC_UUID).value;
}

static SourceCluster *
add_cluster(RvEstate *estate, const char *scoped_name, const char *name, const char *id)
{
    SourceCluster *cluster = arena_new(&estate->arena, SourceCluster);
    cluster->id = text_known(id ? id : scoped_name);
    cluster->name = text_known(EXACT(name));
    g_ptr_array_add(estate->clusters, cluster);
    add_by_name(estate->clusters_by_name, scoped_name, cluster);
    return cluster;
}

static void
take_cluster(RvEstate *estate, const RvReader *reader)
{
    const char *name = CELL(CLUSTER_NAME), *id = TEXT(CLUSTER_ID).value;
    if (!*name)
        return;
    SourceCluster *cluster = add_cluster(
        estate, SCOPED(CLUSTER_SERVER, name), name, id ? SCOPED(CLUSTER_SERVER, id) : NULL);
    cluster->has_ha = rv_bool(reader, CLUSTER_HA);
    cluster->has_drs = rv_bool(reader, CLUSTER_DRS);
}

/* "VMware ESXi 7.0.3 build-19193900" -> "7.0.3" */
static Text
version_of(Text product, Arena *arena)
{
    const char *at = product.value ? strpbrk(product.value, "0123456789") : NULL;
    return at ? text_known(arena_strndup(arena, at, strspn(at, "0123456789."))) : (Text){0};
}

static void
take_host(RvEstate *estate, const RvReader *reader)
{
    const char *name = CELL(HOST_NAME), *cluster = CELL(HOST_CLUSTER), *id = TEXT(HOST_ID).value;
    if (!*name)
        return;
    SourceHost *host = arena_new(&estate->arena, SourceHost);
    const char *scoped = SCOPED(HOST_SERVER, name);
    *host = (SourceHost){.id = text_known(id ? SCOPED(HOST_SERVER, id) : scoped),
        .name = text_known(EXACT(name)),
        .datacenter = TEXT(HOST_DATACENTER),
        .in_maintenance = rv_bool(reader, HOST_MAINTENANCE),
        .version = version_of(TEXT(HOST_VERSION), &estate->arena),
        .cpus = rv_int(reader, HOST_CORES, 1),
        .cpu_mhz = rv_int(reader, HOST_SPEED, 1),
        .memory_bytes = rv_int(reader, HOST_MEMORY, 1 << 20)};
    if (cluster && *cluster) {
        const char *of = SCOPED(HOST_SERVER, cluster);
        SourceCluster *in = g_hash_table_lookup(estate->clusters_by_name, of);
        if (!in)
            in = add_cluster(estate, of, cluster, NULL);
        if ((void *)in != &rv_several) {
            host->cluster = in->id;
            in->datacenter = host->datacenter;
        }
    } else if (cluster) {
        host->cluster = text_absent();
    }
    g_ptr_array_add(estate->hosts, host);
    add_by_name(estate->hosts_by_name, scoped, host);
}

/* An NFS datastore's address is "server:/path"; others have a device there. */
static void
read_address(Datastore *store, const char *address, Arena *arena)
{
    const char *colon = address ? strstr(address, ":/") : NULL;
    bool is_nfs = store->type.value && g_ascii_strncasecmp(store->type.value, "NFS", 3) == 0;
    if (store->type.value && !is_nfs) {
        store->nfs_host = store->nfs_path = text_absent();
    } else if (is_nfs && colon && colon > address && !strchr(address, ' ')) {
        store->nfs_host = text_known(arena_strndup(arena, address, (size_t)(colon - address)));
        store->nfs_path = text_known(arena_strdup(arena, colon + 1));
    }
}

static void
take_datastore(RvEstate *estate, const RvReader *reader)
{
    const char *name = CELL(STORE_NAME), *id = TEXT(STORE_ID).value;
    if (!*name)
        return;
    Datastore *store = arena_new(&estate->arena, Datastore);
    const char *scoped = SCOPED(STORE_SERVER, name);
    *store = (Datastore){.id = text_known(id ? SCOPED(STORE_SERVER, id) : scoped),
        .name = text_known(EXACT(name)),
        .type = TEXT(STORE_TYPE),
        .url = TEXT(STORE_URL),
        .path = text_absent(),
        .capacity_bytes = rv_int(reader, STORE_CAPACITY, 1 << 20),
        .free_bytes = rv_int(reader, STORE_FREE, 1 << 20),
        .is_accessible = rv_bool(reader, STORE_ACCESSIBLE),
        .pod = rv_text_or_none(reader, STORE_POD, &estate->arena)};
    read_address(store, CELL(STORE_ADDRESS), &estate->arena);
    g_ptr_array_add(estate->datastores, store);
    add_by_name(estate->datastores_by_name, scoped, store);
}

static const char *
host_id(RvEstate *estate, const char *scoped)
{
    const SourceHost *host = g_hash_table_lookup(estate->hosts_by_name, scoped);
    return host && (const void *)host != &rv_several ? host->id.value : scoped;
}

static void
take_switch(RvEstate *estate, const RvReader *reader)
{
    const char *host = CELL(SWITCH_HOST), *name = CELL(SWITCH_NAME);
    if (!*host || !*name)
        return;
    Switch *vswitch = arena_new(&estate->arena, Switch);
    const char *of = host_id(estate, SCOPED(SWITCH_SERVER, host));
    *vswitch = (Switch){.id = text_known(arena_printf(&estate->arena, "%s/%s", of, name)),
        .name = text_known(name),
        .kind = SWITCH_STANDARD,
        .uuid = text_absent(),
        .host = text_known(of),
        .datacenter = TEXT(SWITCH_DATACENTER),
        .mtu = rv_int(reader, SWITCH_MTU, 1)};
    vswitch->pvlans.state = FACT_ABSENT;
    g_ptr_array_add(estate->switches, vswitch);
}

static void
take_dvswitch(RvEstate *estate, const RvReader *reader)
{
    const char *name = CELL(DVS_NAME), *id = TEXT(DVS_ID).value;
    if (!*name)
        return;
    Switch *dvs = arena_new(&estate->arena, Switch);
    const char *scoped = SCOPED(DVS_SERVER, name);
    *dvs = (Switch){.id = text_known(id ? SCOPED(DVS_SERVER, id) : scoped),
        .name = text_known(EXACT(name)),
        .kind = SWITCH_DISTRIBUTED,
        .host = text_absent(),
        .datacenter = TEXT(DVS_DATACENTER),
        .mtu = rv_int(reader, DVS_MTU, 1)};
    g_ptr_array_add(estate->switches, dvs);
    add_by_name(estate->switches_by_name, scoped, dvs);
}

static void
take_port(RvEstate *estate, const RvReader *reader)
{
    const char *host = CELL(PORT_HOST), *name = CELL(PORT_GROUP), *in = CELL(PORT_SWITCH);
    if (!*host || !*name)
        return;
    Arena *arena = &estate->arena;
    Portgroup *group = arena_new(arena, Portgroup);
    const char *scoped = SCOPED(PORT_SERVER, host), *of = host_id(estate, scoped);
    *group = (Portgroup){.id = text_known(arena_printf(arena, "%s/%s", of, name)),
        .name = text_known(EXACT(name)),
        .kind = SWITCH_STANDARD,
        .datacenter = TEXT(PORT_DATACENTER),
        .switch_id = in && *in ? text_known(arena_printf(arena, "%s/%s", of, in)) : (Text){0},
        .hosts = {.items = arena_new(arena, const char *), .n = 1, .state = FACT_KNOWN},
        .is_uplink = bool_known(false),
        .is_ephemeral = bool_known(false),
        .allows_promiscuous = rv_bool(reader, PORT_PROMISCUOUS),
        .allows_mac_changes = rv_bool(reader, PORT_MAC),
        .allows_forged_transmits = rv_bool(reader, PORT_FORGED)};
    group->hosts.items[0] = of;
    group->vlan =
        rv_vlan(CELL(PORT_VLAN), arena_printf(arena, "vPort '%s' of %s", name, host), arena);
    g_ptr_array_add(estate->portgroups, group);
    add_by_name(estate->groups, arena_printf(arena, "s\x1f%s\x1f%s", scoped, name), group);
}

/* A single port may have a VLAN of its own; no tab lists ports. */
static void
judge_override(Vlan *vlan, Bool override)
{
    if (vlan->kind != VLAN_UNKNOWN && !(override.state == FACT_KNOWN && !override.value))
        vlan->is_certain = bool_known(false);
}

static void
take_dvport(RvEstate *estate, const RvReader *reader)
{
    const char *name = CELL(DVPORT_NAME), *in = CELL(DVPORT_SWITCH), *id = TEXT(DVPORT_ID).value,
               *type = CELL(DVPORT_TYPE);
    if (!*name)
        return;
    Arena *arena = &estate->arena;
    Portgroup *group = arena_new(arena, Portgroup);
    const char *scoped = SCOPED(DVPORT_SERVER, name), *of = SCOPED(DVPORT_SERVER, in);
    const Switch *dvs = g_hash_table_lookup(estate->switches_by_name, of);
    *group = (Portgroup){
        .id = text_known(id ? SCOPED(DVPORT_SERVER, id) : arena_printf(arena, "%s/%s", of, name)),
        .name = text_known(EXACT(name)),
        .kind = SWITCH_DISTRIBUTED,
        .switch_id = dvs && (const void *)dvs != &rv_several ? dvs->id : (Text){0},
        .is_ephemeral =
            type && *type ? bool_known(g_ascii_strcasecmp(type, "ephemeral") == 0) : (Bool){0},
        .allows_promiscuous = rv_bool(reader, DVPORT_PROMISCUOUS),
        .allows_mac_changes = rv_bool(reader, DVPORT_MAC),
        .allows_forged_transmits = rv_bool(reader, DVPORT_FORGED)};
    group->vlan =
        rv_vlan(CELL(DVPORT_VLAN), arena_printf(arena, "dvPort '%s' of %s", name, in), arena);
    judge_override(&group->vlan, rv_bool(reader, DVPORT_OVERRIDE));
    g_ptr_array_add(estate->portgroups, group);
    add_by_name(estate->groups, arena_printf(arena, "d\x1f%s\x1f%s", of, name), group);
    add_by_name(estate->group_names, scoped, group);
}

/* --- reading ---------------------------------------------------------------------------------- */

static void
take_row(RvEstate *estate, const RvReader *reader, const char *file)
{
    static void (*const take[TAB_INFO])(RvEstate *, const RvReader *) = {
        [TAB_SOURCE] = take_source,
        [TAB_CLUSTER] = take_cluster,
        [TAB_HOST] = take_host,
        [TAB_DATASTORE] = take_datastore,
        [TAB_SWITCH] = take_switch,
        [TAB_DVSWITCH] = take_dvswitch,
        [TAB_PORT] = take_port,
        [TAB_DVPORT] = take_dvport,
    };
    if (reader->tab < TAB_INFO)
        take[reader->tab](estate, reader);
    else
        rv_take_vm_row(estate, reader, file);
}

/* Columns that decide something and are not there. */
static void
tell_missing_columns(RvEstate *estate, const RvReader *reader, const char *path)
{
    const RvTabType *type = &rv_tabs[reader->tab];
    for (int i = 0; type->missed && type->columns[i]; i++) {
        if (reader->columns[i] >= 0 || !type->missed[i])
            continue;
        g_autofree char *about = g_strdup_printf("column '%s' of %s", type->columns[i], type->name);
        SourceProblem *problem = rv_problem(estate, "column-missing", about,
            "export again with a newer RVTools, or read the vCenter itself");
        problem->text = text_known(
            arena_printf(&estate->arena, "the column is missing; unknown: %s", type->missed[i]));
        problem->evidence = text_known(arena_strdup(&estate->arena, path));
    }
}

static bool
read_file(RvEstate *estate, const RvFile *which, bool only_servers, GError **error)
{
    const RvState *state = estate->source->state;
    g_autoptr(StdioFile) file = fopen(which->path, "re");
    if (!file) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_STORAGE, "'%s' cannot be opened: %s",
            which->path, g_strerror(errno));
        return false;
    }
    g_autoptr(RvReader) reader = rv_reader_new(file, which, state->encoding, error);
    struct stat st;
    if (!reader)
        return false;
    if (which->tab == TAB_INFO && fstat(fileno(file), &st) == 0)
        estate->written_at = st.st_mtime;
    if (!only_servers) {
        estate->has_tab[which->tab] = true;
        tell_missing_columns(estate, reader, which->path);
    }
    while (csv_next(reader->csv)) {
        if (source_is_cancelled(estate->source)) {
            g_set_error_literal(error, INGEST_ERROR, INGEST_ERROR_CANCELLED, "interrupted");
            return false;
        }
        const char *server = only_servers ? rv_cell(reader, VM_SERVER, &estate->arena) : NULL;
        if (server && *server)
            g_hash_table_add(estate->servers, (gpointer)server);
        if (!only_servers)
            take_row(estate, reader, which->path);
    }
    return csv_finish(reader->csv, error);
}

/* Tabs that are not there, and what no tab has. */
static void
tell_unknown(RvEstate *estate)
{
    for (int tab = 0; tab < TAB_N; tab++) {
        if (estate->has_tab[tab] || !rv_tabs[tab].lacking)
            continue;
        g_autofree char *about = g_strdup_printf("tab %s", rv_tabs[tab].name);
        g_autofree char *remedy =
            g_strdup_printf("put RVTools_tab%s.csv beside the others", rv_tabs[tab].name);
        SourceProblem *problem = rv_problem(estate, "tab-missing", about, remedy);
        problem->text = text_known(
            arena_printf(&estate->arena, "the tab is missing; unknown: %s", rv_tabs[tab].lacking));
    }
    SourceProblem *problem = rv_problem(estate, "export-lacks", "RVTools export",
        "where one of these decides, read the vCenter itself: a source of type vsphere, or govc");
    problem->text = text_known("an RVTools export does not tell types of controllers, passthrough "
                               "devices, encryption, vTPM, backing chains, PVLAN pairs, VLANs of "
                               "single ports, tags, running tasks and pending questions");
    problem->evidence = text_known("no tab has a column for it");
}

static bool
read_all(RvEstate *estate, GError **error)
{
    const RvState *state = estate->source->state;
    for (unsigned i = 0; i < state->files->len; i++) {
        const RvFile *file = state->files->pdata[i];
        if (file->tab == TAB_INFO && !read_file(estate, file, true, error))
            return false;
    }
    for (unsigned i = 0; i < state->files->len; i++) {
        const SourceContext *context = estate->source->context;
        const RvFile *file = state->files->pdata[i];
        if (context->progress)
            context->progress(context->progress_data, estate->source->name, rv_tabs[file->tab].name,
                i, state->files->len);
        if (!read_file(estate, file, false, error))
            return false;
    }
    tell_unknown(estate);
    return true;
}

static bool
put_all(RvEstate *estate, InventorySink *sink, GError **error)
{
    const RvState *state = estate->source->state;
    char read_at[UTC_TEXT_BYTES];
    const SourceInfo info = {.url = text_known(state->path),
        .product = text_known(estate->product),
        .api_version = text_known(estate->api_version),
        .uuid = text_known(estate->uuid),
        .read_at = text_known(utc_text(estate->written_at, read_at)),
        .is_cached = bool_known(true)};
    const struct {
        RecordKind kind;
        const GPtrArray *records;
    } groups[] = {
        {RECORD_CLUSTER, estate->clusters},
        {RECORD_HOST, estate->hosts},
        {RECORD_DATASTORE, estate->datastores},
        {RECORD_SWITCH, estate->switches},
        {RECORD_PORTGROUP, estate->portgroups},
        {RECORD_PROBLEM, estate->problems},
    };
    if (!inventory_put(sink, RECORD_SOURCE, &info, error))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(groups); i++)
        for (unsigned k = 0; k < groups[i].records->len; k++)
            if (!inventory_put(sink, groups[i].kind, groups[i].records->pdata[k], error))
                return false;
    return rv_put_vms(estate, sink, error);
}

static bool
rvtools_list(Source *source, InventorySink *sink, GError **error)
{
    RvEstate estate;
    estate_init(&estate, source);
    bool is_ok = read_all(&estate, error) && put_all(&estate, sink, error);
    estate_release(&estate);
    return is_ok;
}

/* --- doctor ----------------------------------------------------------------------------------- */

static bool
rvtools_check(Source *source, const HopSink *hops, GError **error G_GNUC_UNUSED)
{
    g_autoptr(GError) trouble = NULL;
    RvState *state = source->state;
    if (!rvtools_open(source, &trouble)) {
        hops->hop(hops->data, "files", HOP_FAILED, trouble->message,
            "give the folder with the CSV files of an RVTools export as 'path'");
        hops->hop(hops->data, "form", HOP_SKIPPED, "not opened", NULL);
        return false;
    }
    g_autoptr(GString) names = g_string_new(NULL);
    for (unsigned i = 0; i < state->files->len; i++)
        g_string_append_printf(names, "%s%s", i ? ", " : "",
            rv_tabs[((const RvFile *)state->files->pdata[i])->tab].name);
    hops->hop(hops->data, "files", HOP_OK, names->str, NULL);
    RvEstate estate;
    estate_init(&estate, source);
    bool is_ok = read_all(&estate, &trouble);
    g_autofree char *detail =
        is_ok ? g_strdup_printf("%u VMs, %u hosts, %u port groups, %u datastores", estate.vms->len,
                    estate.hosts->len, estate.portgroups->len, estate.datastores->len)
              : g_strdup(trouble->message);
    hops->hop(hops->data, "form", is_ok ? HOP_OK : HOP_FAILED, detail,
        is_ok ? NULL : "correct what the text names, or export again");
    estate_release(&estate);
    rvtools_close(source);
    return is_ok;
}

static const char *
rvtools_paths(const Source *source)
{
    return ((const RvState *)source->state)->path;
}

const SourceClass source_rvtools = {
    .type = "rvtools",
    .kind = SOURCE_KIND_VSPHERE,
    .summary = "the CSV files of an RVTools export: no credentials",
    .config_help = "path=FOLDER    with RVTools_tabvInfo.csv and the others; or files, by commas\n"
                   "encoding=NAME  of files without byte order mark (UTF-8), as iconv calls it",
    .can = SOURCE_CAN_VLAN | SOURCE_CAN_GUEST_IPS | SOURCE_CAN_SNAPSHOTS,
    .create = rvtools_create,
    .config = rvtools_config,
    .open = rvtools_open,
    .list = rvtools_list,
    .check = rvtools_check,
    .paths = rvtools_paths,
    .close = rvtools_close,
    .destroy = rvtools_destroy,
};
