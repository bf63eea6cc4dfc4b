/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON that govc printed, as a source: the vSphere source without the vCenter. It reads the same
 * properties by the same code; what the files do not have is unknown, and a problem of the source
 * names the property and the govc command that tells it.
 */
#include "source_govc.h"

#include <inttypes.h>
#include <string.h>

#include "error.h"
#include "utc_text.h"

typedef struct GovcState {
    char *path;
    VimConfig config;
    VimSession session; /* no connection: what the readers look at */
    GovcExport export;
    bool is_open;
} GovcState;

static void *
govc_create(Source *source)
{
    GovcState *state = g_new0(GovcState, 1);
    state->config.page = 1;
    state->session = (VimSession){.source = source,
        .config = &state->config,
        .collect = govc_collect,
        .export = &state->export};
    return state;
}

static bool
govc_config(Source *source, const char *key G_GNUC_UNUSED, const char *value, GError **error)
{
    GovcState *state = source->state; /* "path" is the only key */
    if (!*value) {
        g_set_error_literal(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "'path' is empty: give the folder with what govc printed as JSON");
        return false;
    }
    g_free(state->path);
    state->path = g_strdup(value);
    return true;
}

static void
govc_close(Source *source)
{
    GovcState *state = source->state;
    GovcExport *export = &state->export;
    if (!state->is_open)
        return;
    g_ptr_array_unref(export->paths);
    g_hash_table_unref(export->missing);
    g_hash_table_unref(export->seen);
    arena_release(&export->arena);
    g_clear_pointer(&state->session.root.id, g_free);
    *export = (GovcExport){0};
    state->is_open = false;
}

static bool
govc_open(Source *source, GError **error)
{
    GovcState *state = source->state;
    GovcExport *export = &state->export;
    if (!state->path) {
        g_set_error_literal(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "no 'path': give the folder with what govc printed as JSON");
        return false;
    }
    export->paths = g_ptr_array_new_with_free_func(g_free);
    export->missing = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    export->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    arena_init(&export->arena);
    state->is_open = true;
    return govc_find_files(export, state->path, error);
}

static void
govc_destroy(void *data)
{
    GovcState *state = data;
    g_free(state->path);
    g_free(state);
}

/* --- what the files lack ---------------------------------------------------------------------- */

/* Types that decide something, and how govc prints their objects. */
static const struct {
    const char *type, *lacking, *command;
} wanted[] = {
    {"VirtualMachine", "all VMs", "govc vm.info -json '*'"},
    {"HostSystem", "hosts, standard port groups and their VLANs", "govc host.info -json '*'"},
    {"Datastore", "types, addresses and free space of datastores", "govc datastore.info -json '*'"},
    {"DistributedVirtualPortgroup", "distributed port groups and their VLANs",
        "govc collect -json -type DistributedVirtualPortgroup /"},
    {"VmwareDistributedVirtualSwitch", "distributed switches and PVLANs",
        "govc collect -json -type VmwareDistributedVirtualSwitch /"},
    {"ClusterComputeResource", "names of clusters",
        "govc collect -json -type ClusterComputeResource / name parent configurationEx"},
    {"Folder", "paths of VMs",
        "govc collect -json -type Folder / name parent; govc collect -json -o /"},
    {"Datacenter", "datacenters", "govc collect -json -type Datacenter / name parent"},
    {"ResourcePool", "resource pools", "govc collect -json -type ResourcePool / name parent"},
    {"CustomFieldsManager", "custom attributes",
        "govc collect -json -o CustomFieldsManager:CustomFieldsManager"},
};

static void
tell_lacking_types(VimInfra *infra, const GovcExport *export)
{
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
        if (g_hash_table_contains(export->seen, wanted[i].type))
            continue;
        g_autofree char *remedy =
            g_strdup_printf("save it beside the others: %s", wanted[i].command);
        SourceProblem *problem = vim_infra_problem(infra, "export-lacks", wanted[i].type, remedy);
        problem->text = text_known(
            arena_printf(&infra->arena, "no object of type %s is in the files; unknown: %s",
                wanted[i].type, wanted[i].lacking));
    }
    SourceProblem *problem = vim_infra_problem(infra, "export-lacks", "govc export",
        "where one of these decides, read the vCenter itself: a source of type vsphere");
    problem->text = text_known("govc's JSON does not tell tags, running tasks, and VLANs that "
                               "single ports of a distributed switch have of their own");
}

static int
compare_texts(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void
tell_lacking_properties(VimInfra *infra, const GovcExport *export)
{
    g_autoptr(GList) keys = g_list_sort(g_hash_table_get_keys(export->missing), compare_texts);
    for (GList *at = keys; at; at = at->next) {
        SourceProblem *problem = vim_infra_problem(infra, "property-lacks", at->data,
            "collect the object without naming properties, or name this one, too");
        problem->text = text_known(arena_printf(&infra->arena,
            "%zu values below this property of the type are not in the files, and unknown",
            GPOINTER_TO_SIZE(g_hash_table_lookup(export->missing, at->data))));
    }
    if (export->n_untyped) {
        SourceProblem *problem = vim_infra_problem(infra, "devices-untyped", export->first_untyped,
            "export again with govc 0.30 or newer");
        problem->text = text_known(arena_printf(&infra->arena,
            "the devices of %zu VMs bear no types, as govc before 0.30 wrote them; disks and NICs "
            "are unknown",
            export->n_untyped));
    }
    if (export->n_unnamed) {
        SourceProblem *problem = vim_infra_problem(infra, "object-unnamed", export->first_unnamed,
            "collect with -type, or with -o, which tell the reference");
        problem->text = text_known(arena_printf(&infra->arena,
            "%zu objects do not tell which ones they are, and are left out", export->n_unnamed));
    }
}

/* --- reading ---------------------------------------------------------------------------------- */

static bool
put_source(const GovcState *state, InventorySink *sink, GError **error)
{
    char read_at[UTC_TEXT_BYTES];
    const GovcExport *export = &state->export;
    const SourceInfo info = {.kind = SOURCE_KIND_VSPHERE,
        .url = text_known(state->path),
        .product = text_known(export->product),
        .api_version = text_known(export->api_version),
        .uuid = text_known(export->uuid),
        .read_at = text_known(utc_text(export->written_at, read_at)),
        .is_cached = bool_known(true)};
    return inventory_put(sink, RECORD_SOURCE, &info, error);
}

static bool
list_all(VimInfra *infra, GovcState *state, InventorySink *sink, GError **error)
{
    return vim_infra_fetch(infra, error) && put_source(state, sink, error) &&
           vim_infra_put(infra, sink, error) && vim_instances_list(infra, sink, error);
}

static bool
govc_list(Source *source, InventorySink *sink, GError **error)
{
    GovcState *state = source->state;
    VimInfra infra;
    vim_infra_init(&infra, &state->session);
    bool is_ok = list_all(&infra, state, sink, error);
    if (is_ok) {
        tell_lacking_types(&infra, &state->export);
        tell_lacking_properties(&infra, &state->export);
        is_ok = vim_infra_put_problems(&infra, sink, error);
    }
    vim_infra_release(&infra);
    return is_ok;
}

static bool
govc_check(Source *source, const HopSink *hops, GError **error G_GNUC_UNUSED)
{
    GovcState *state = source->state;
    g_autoptr(GError) trouble = NULL;
    if (!govc_open(source, &trouble)) {
        govc_close(source);
        hops->hop(hops->data, "files", HOP_FAILED, trouble->message,
            "give the folder with what govc printed as JSON as 'path'");
        hops->hop(hops->data, "form", HOP_SKIPPED, "not opened", NULL);
        return false;
    }
    g_autofree char *files = g_strdup_printf("%u files", state->export.paths->len);
    hops->hop(hops->data, "files", HOP_OK, files, NULL);
    VimInfra infra;
    uint64_t n = 0;
    vim_infra_init(&infra, &state->session);
    bool is_ok = vim_infra_fetch(&infra, &trouble) && vim_instances_count(&infra, &n, &trouble);
    g_autofree char *detail =
        is_ok ? g_strdup_printf("%" PRIu64 " VMs, %u hosts, %u port groups, %u datastores", n,
                    infra.hosts->len, infra.portgroups->len, infra.datastores->len)
              : g_strdup(trouble->message);
    hops->hop(hops->data, "form", is_ok ? HOP_OK : HOP_FAILED, detail,
        is_ok ? NULL : "correct what the text names, or save the output of govc anew");
    vim_infra_release(&infra);
    govc_close(source);
    return is_ok;
}

static const char *
govc_paths(const Source *source)
{
    return ((const GovcState *)source->state)->path;
}

const SourceClass source_govc = {
    .type = "govc",
    .kind = SOURCE_KIND_VSPHERE,
    .summary = "what govc printed as JSON: no credentials",
    .config_help = "path=FOLDER  with the output of govc vm.info -json and others; or files, by "
                   "commas",
    .can = SOURCE_CAN_VLAN | SOURCE_CAN_GUEST_IPS | SOURCE_CAN_FOLDERS | SOURCE_CAN_SNAPSHOTS,
    .create = govc_create,
    .config = govc_config,
    .open = govc_open,
    .list = govc_list,
    .check = govc_check,
    .paths = govc_paths,
    .close = govc_close,
    .destroy = govc_destroy,
};
