/* SPDX-License-Identifier: Apache-2.0
 *
 * What instances hang on: folders and pools by name, clusters, hosts, datastores, custom
 * attribute definitions and running tasks, all from one view and one property collector call (and
 * its pages). Networks are taken from the same answer by vim_network.c.
 */
#include "vim_priv.h"

#include <string.h>

enum { INFRA_PAGE = 5000, PATH_DEPTH_MAX = 100 };

/* --- tables ----------------------------------------------------------------------------------- */

static const VimWord connection_table[] = {
    {"connected", CONNECTION_CONNECTED},
    {"disconnected", CONNECTION_DISCONNECTED},
    {"notResponding", CONNECTION_DISCONNECTED},
    {NULL, 0},
};

static const VimField entity_fields[] = {
    {.path = "name", .kind = VIM_VALUE},
    {.path = "parent", .kind = VIM_VALUE},
};

static const VimField vapp_fields[] = {
    {.path = "name", .kind = VIM_VALUE},
    {.path = "parent", .kind = VIM_VALUE},
    {.path = "parentFolder", .kind = VIM_VALUE},
};

/* clang-format off */
#define CLUSTER(member) offsetof(SourceCluster, member)
static const VimField cluster_fields[] = {
    {.path = "name", .kind = VIM_NAME, .offset = CLUSTER(name)},
    {.path = "parent", .kind = VIM_VALUE},
    /* Declared as a base type: no path may lead into it. */
    {.path = "configurationEx", .element = "drsConfig/enabled", .kind = VIM_BOOL, .offset = CLUSTER(has_drs)},
    {.path = "configurationEx", .element = "drsConfig/defaultVmBehavior", .kind = VIM_TEXT, .offset = CLUSTER(drs_level)},
    {.path = "configurationEx", .element = "dasConfig/enabled", .kind = VIM_BOOL, .offset = CLUSTER(has_ha)},
};

#define HOST(member) offsetof(SourceHost, member)
static const VimField host_fields[] = {
    {.path = "name", .kind = VIM_NAME, .offset = HOST(name)},
    {.path = "parent", .kind = VIM_VALUE},
    {.path = "runtime.connectionState", .kind = VIM_WORD, .offset = HOST(connection), .words = connection_table},
    {.path = "runtime.inMaintenanceMode", .kind = VIM_BOOL, .offset = HOST(in_maintenance)},
    {.path = "config.product", .element = "version", .kind = VIM_TEXT, .offset = HOST(version)},
    {.path = "summary.hardware", .element = "numCpuCores", .kind = VIM_INT, .offset = HOST(cpus)},
    {.path = "summary.hardware", .element = "cpuMhz", .kind = VIM_INT, .offset = HOST(cpu_mhz)},
    {.path = "summary.hardware", .element = "memorySize", .kind = VIM_INT, .offset = HOST(memory_bytes)},
    {.path = "config.network.portgroup", .kind = VIM_VALUE},
    {.path = "config.network.vswitch", .kind = VIM_VALUE},
};

#define STORE(member) offsetof(Datastore, member)
static const VimField datastore_fields[] = {
    {.path = "name", .kind = VIM_NAME, .offset = STORE(name)},
    {.path = "parent", .kind = VIM_VALUE},
    {.path = "summary", .element = "type", .kind = VIM_TEXT, .offset = STORE(type)},
    {.path = "summary", .element = "url", .kind = VIM_TEXT, .offset = STORE(url)},
    {.path = "summary", .element = "capacity", .kind = VIM_INT, .offset = STORE(capacity_bytes)},
    {.path = "summary", .element = "freeSpace", .kind = VIM_INT, .offset = STORE(free_bytes)},
    {.path = "summary", .element = "accessible", .kind = VIM_BOOL, .offset = STORE(is_accessible)},
    /* NasDatastoreInfo of the base DatastoreInfo: whole, too. */
    {.path = "info", .element = "nas/remoteHost", .kind = VIM_TEXT_OR_NONE, .offset = STORE(nfs_host)},
    {.path = "info", .element = "nas/remotePath", .kind = VIM_TEXT_OR_NONE, .offset = STORE(nfs_path)},
    {.path = "host", .kind = VIM_VALUE},
};

/* clang-format on */

static const VimField pod_fields[] = {
    {.path = "name", .kind = VIM_VALUE},
    {.path = "parent", .kind = VIM_VALUE},
    {.path = "podStorageDrsEntry", .kind = VIM_VALUE},
};

static const VimField attribute_fields[] = {{.path = "field", .kind = VIM_VALUE}};

static const VimField task_fields[] = {
    {.path = "info.state", .kind = VIM_VALUE},
    {.path = "info.entity", .kind = VIM_VALUE},
    {.path = "info.name", .kind = VIM_VALUE},
    {.path = "info.descriptionId", .kind = VIM_VALUE},
};

/* --- entities --------------------------------------------------------------------------------- */

static const char *
value_text(const VimObject *object, const char *path)
{
    const VimNode *value = vim_object_value(object, path);
    return value ? value->text : NULL;
}

static void
take_entity(VimInfra *infra, const VimObject *object)
{
    VimEntity *entity = arena_new(&infra->arena, VimEntity);
    *entity = (VimEntity){.id = arena_strdup(&infra->arena, object->id),
        .type = arena_intern(&infra->arena, object->type),
        .name = arena_strdup(&infra->arena, value_text(object, "name")),
        .parent = arena_intern(&infra->arena, value_text(object, "parent")),
        .folder = arena_intern(&infra->arena, value_text(object, "parentFolder"))};
    g_hash_table_insert(infra->entities, (gpointer)entity->id, entity);
    if (g_strcmp0(entity->id, infra->session->root.id) == 0 && entity->name)
        infra->has_root = true;
}

const VimEntity *
vim_infra_find(const VimInfra *infra, const char *id)
{
    return id ? g_hash_table_lookup(infra->entities, id) : NULL;
}

/* The entity itself or the nearest above it of that type, or NULL. */
static const VimEntity *
find_ancestor(const VimInfra *infra, const char *id, const char *type)
{
    const VimEntity *entity = vim_infra_find(infra, id);
    for (int depth = 0; entity && depth < PATH_DEPTH_MAX; depth++) {
        if (strcmp(entity->type, type) == 0)
            return entity;
        entity = vim_infra_find(infra, entity->parent);
    }
    return NULL;
}

static const char *
find_path(VimInfra *infra, const char *id, int depth)
{
    VimEntity *entity = id ? g_hash_table_lookup(infra->entities, id) : NULL;
    if (id && g_strcmp0(id, infra->session->root.id) == 0)
        return "";
    if (!entity || !entity->name || depth > PATH_DEPTH_MAX)
        return NULL;
    if (!entity->path) {
        const char *above = find_path(infra, entity->parent, depth + 1);
        if (above)
            entity->path = arena_printf(&infra->arena, "%s/%s", above, entity->name);
    }
    return entity->path;
}

const char *
vim_infra_path(VimInfra *infra, const char *id)
{
    return find_path(infra, id, 0);
}

Text
vim_infra_datacenter(VimInfra *infra, const char *id)
{
    const VimEntity *datacenter = find_ancestor(infra, id, "Datacenter");
    return datacenter ? text_known(vim_unescape(&infra->arena, datacenter->name)) : (Text){0};
}

/* --- problems --------------------------------------------------------------------------------- */

SourceProblem *
vim_infra_problem(VimInfra *infra, const char *id, const char *about, const char *remedy)
{
    SourceProblem *problem = arena_new(&infra->arena, SourceProblem);
    *problem = (SourceProblem){.source = text_known(infra->source),
        .id = text_known(id),
        .about = text_known(arena_strdup(&infra->arena, about)),
        .remedy = text_known(arena_strdup(&infra->arena, remedy))};
    g_ptr_array_add(infra->problems, problem);
    return problem;
}

static void
denied_free(gpointer data)
{
    VimDenied *denied = data;
    g_free(denied->privilege);
    g_free(denied->first);
    g_free(denied);
}

void
vim_infra_note_denied(VimInfra *infra, const VimObject *object)
{
    const VimSpec *spec = object->spec;
    for (size_t i = 0; object->n_missing && i < spec->n_paths; i++) {
        const VimNode *fault = vim_node_find_path(object->missing[i], "fault/fault");
        if (!fault || strcmp(fault->type, "NoPermission") != 0)
            continue;
        const char *privilege = vim_node_text(fault, "privilegeId");
        privilege = privilege && *privilege ? privilege : "System.Read";
        VimDenied *denied = g_hash_table_lookup(infra->denied, privilege);
        if (!denied) {
            denied = g_new0(VimDenied, 1);
            denied->privilege = g_strdup(privilege);
            const char *name = value_text(object, "name");
            denied->first =
                g_strdup_printf("%s '%s' (%s)", object->type, name ? name : "?", object->id);
            g_hash_table_insert(infra->denied, denied->privilege, denied);
        }
        denied->n++;
        return; /* count objects, not properties */
    }
}

static void
denied_to_problems(VimInfra *infra)
{
    GHashTableIter at;
    gpointer value;
    g_hash_table_iter_init(&at, infra->denied);
    while (g_hash_table_iter_next(&at, NULL, &value)) {
        const VimDenied *denied = value;
        g_autofree char *remedy =
            g_strdup_printf("give the account a role with the privilege %s on these objects, "
                            "propagated, such as Read-only on the vCenter",
                denied->privilege);
        SourceProblem *problem = vim_infra_problem(infra, "rights-missing", denied->first, remedy);
        problem->text = text_known(arena_printf(&infra->arena,
            "the account lacks the privilege %s on %u object%s; their properties are unknown",
            denied->privilege, denied->n, denied->n == 1 ? "" : "s"));
        problem->evidence = text_known(
            arena_printf(&infra->arena, "missingSet NoPermission, first on %s", denied->first));
    }
    g_hash_table_remove_all(infra->denied);
}

bool
vim_infra_put_problems(VimInfra *infra, InventorySink *sink, GError **error)
{
    denied_to_problems(infra);
    for (guint i = 0; i < infra->problems->len; i++)
        if (!inventory_put(sink, RECORD_PROBLEM, infra->problems->pdata[i], error))
            return false;
    g_ptr_array_set_size(infra->problems, 0);
    return true;
}

/* --- taking objects --------------------------------------------------------------------------- */

/* "disabled", or the level that the VM has instead of its cluster's. */
static void
take_override(
    VimInfra *infra, GHashTable *overrides, const VimNode *node, const char *vm, const char *level)
{
    const char *id = vim_node_text(node, vm), *word = vim_node_text(node, level);
    Bool is_enabled = vim_node_bool(node, "enabled");
    if (is_enabled.state == FACT_KNOWN && !is_enabled.value)
        word = "disabled";
    if (id && word)
        g_hash_table_insert(overrides, (gpointer)arena_strdup(&infra->arena, id),
            (gpointer)arena_intern(&infra->arena, word));
}

/* Overrides count only where the cluster lets them. */
static void
take_drs_overrides(VimInfra *infra, const VimObject *object)
{
    const VimNode *config = vim_object_value(object, "configurationEx");
    infra->lacks_drs_overrides |= !config;
    if (!config)
        return;
    Bool is_allowed = vim_node_bool(config, "drsConfig/enableVmBehaviorOverrides");
    if (is_allowed.state == FACT_KNOWN && !is_allowed.value)
        return;
    for (const VimNode *at = config->children; at; at = at->next)
        if (strcmp(at->name, "drsVmConfig") == 0)
            take_override(infra, infra->drs_overrides, at, "key", "behavior");
}

static void
take_pod(VimInfra *infra, const VimObject *object)
{
    const VimNode *entry = vim_object_value(object, "podStorageDrsEntry");
    const VimNode *config = entry ? vim_node_find(entry, "storageDrsConfig") : NULL;
    infra->lacks_sdrs_overrides |= !config;
    if (!config)
        return;
    VimPod *pod = arena_new(&infra->arena, VimPod);
    pod->has_sdrs = vim_node_bool(config, "podConfig/enabled");
    pod->sdrs_level = text_known(
        arena_intern(&infra->arena, vim_node_text(config, "podConfig/defaultVmBehavior")));
    g_hash_table_insert(infra->pods_by_id, (gpointer)arena_strdup(&infra->arena, object->id), pod);
    for (const VimNode *at = config->children; at; at = at->next)
        if (strcmp(at->name, "vmConfig") == 0)
            take_override(infra, infra->sdrs_overrides, at, "vm", "behavior");
}

static void
take_cluster(VimInfra *infra, const VimObject *object)
{
    SourceCluster *cluster = arena_new(&infra->arena, SourceCluster);
    vim_fields_apply(object, cluster);
    vim_fields_keep(object->spec, cluster, &infra->arena);
    cluster->source = text_known(infra->source);
    cluster->id = text_known(arena_strdup(&infra->arena, object->id));
    g_ptr_array_add(infra->clusters, cluster);
    take_drs_overrides(infra, object);
}

static void
take_host(VimInfra *infra, const VimObject *object)
{
    SourceHost *host = arena_new(&infra->arena, SourceHost);
    vim_fields_apply(object, host);
    vim_fields_keep(object->spec, host, &infra->arena);
    host->source = text_known(infra->source);
    host->id = text_known(arena_strdup(&infra->arena, object->id));
    g_ptr_array_add(infra->hosts, host);
    g_hash_table_insert(infra->hosts_by_id, (gpointer)host->id.value, host);
    vim_network_take_host(infra, object);
}

/* Hosts that have it mounted and reach it. */
static Texts
mounting_hosts(VimInfra *infra, const VimNode *mounts)
{
    Texts hosts = {.state = mounts ? FACT_KNOWN : FACT_UNKNOWN};
    size_t n = 0;
    for (const VimNode *at = mounts ? mounts->children : NULL; at; at = at->next)
        n++;
    hosts.items = arena_new_n(&infra->arena, const char *, n);
    for (const VimNode *at = mounts ? mounts->children : NULL; at; at = at->next) {
        const char *host = vim_node_text(at, "key");
        Bool accessible = vim_node_bool(at, "mountInfo/accessible");
        if (host && !(accessible.state == FACT_KNOWN && !accessible.value))
            hosts.items[hosts.n++] = arena_intern(&infra->arena, host);
    }
    return hosts;
}

static void
take_datastore(VimInfra *infra, const VimObject *object)
{
    Datastore *store = arena_new(&infra->arena, Datastore);
    vim_fields_apply(object, store);
    vim_fields_keep(object->spec, store, &infra->arena);
    store->source = text_known(infra->source);
    store->id = text_known(arena_strdup(&infra->arena, object->id));
    store->path = text_absent();
    store->hosts = mounting_hosts(infra, vim_object_value(object, "host"));
    const char *mode = vim_node_text(vim_object_value(object, "summary"), "maintenanceMode");
    if (mode)
        store->in_maintenance = bool_known(strcmp(mode, "normal") != 0);
    else if (vim_object_value(object, "summary"))
        store->in_maintenance = bool_known(false); /* unset: it cannot be put into maintenance */
    g_ptr_array_add(infra->datastores, store);
    g_hash_table_insert(infra->datastores_by_id, (gpointer)store->id.value, store);
}

static void
take_attributes(VimInfra *infra, const VimObject *object)
{
    const VimNode *fields = vim_object_value(object, "field");
    infra->has_attribute_names = !vim_object_is_missing(object, "field");
    for (const VimNode *at = fields ? fields->children : NULL; at; at = at->next) {
        const char *key = vim_node_text(at, "key"), *name = vim_node_text(at, "name");
        if (key && name)
            g_hash_table_insert(
                infra->attribute_names, g_strdup(key), (gpointer)arena_strdup(&infra->arena, name));
    }
}

static void
take_task(VimInfra *infra, const VimObject *object)
{
    const char *state = value_text(object, "info.state"),
               *entity = value_text(object, "info.entity"), *name = value_text(object, "info.name");
    if (!name || !*name)
        name = value_text(object, "info.descriptionId");
    if (!state || !entity || !name ||
        (strcmp(state, "running") != 0 && strcmp(state, "queued") != 0))
        return;
    GPtrArray *names = g_hash_table_lookup(infra->tasks, entity);
    if (!names) {
        names = g_ptr_array_new();
        g_hash_table_insert(infra->tasks, g_strdup(entity), names);
    }
    g_ptr_array_add(names, (gpointer)arena_intern(&infra->arena, name));
}

#define TABLE(fields) (fields), G_N_ELEMENTS(fields)

static const struct Kind {
    const char *type;
    const VimField *fields;
    size_t n_fields;
    void (*take)(VimInfra *infra, const VimObject *object);
} kinds[] = {
    {"Datacenter", TABLE(entity_fields), NULL},
    {"Folder", TABLE(entity_fields), NULL},
    {"StoragePod", TABLE(pod_fields), take_pod},
    {"ResourcePool", TABLE(entity_fields), NULL},
    {"VirtualApp", TABLE(vapp_fields), NULL},
    {"ComputeResource", TABLE(entity_fields), NULL},
    {"ClusterComputeResource", TABLE(cluster_fields), take_cluster},
    {"HostSystem", TABLE(host_fields), take_host},
    {"Datastore", TABLE(datastore_fields), take_datastore},
    {"CustomFieldsManager", TABLE(attribute_fields), take_attributes},
    {"Task", TABLE(task_fields), take_task},
    {"Network", TABLE(entity_fields), NULL},
    /* In vim_network.c: */
    {"OpaqueNetwork", NULL, 0, vim_network_take_opaque},
    {"DistributedVirtualSwitch", NULL, 0, vim_network_take_switch},
    {"DistributedVirtualPortgroup", NULL, 0, vim_network_take_portgroup},
};

static void
init_specs(VimSpec *specs)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        const VimField *fields = kinds[i].fields;
        size_t n = kinds[i].n_fields;
        if (kinds[i].take == vim_network_take_opaque)
            fields = vim_opaque_fields, n = vim_opaque_fields_n;
        else if (kinds[i].take == vim_network_take_switch)
            fields = vim_switch_fields, n = vim_switch_fields_n;
        else if (kinds[i].take == vim_network_take_portgroup)
            fields = vim_portgroup_fields, n = vim_portgroup_fields_n;
        vim_spec_init(&specs[i], kinds[i].type, fields, n);
    }
}

typedef struct InfraListing {
    VimInfra *infra;
    const VimAround *around;                /* or NULL */
    VimSpec specs[G_N_ELEMENTS(kinds) + 1]; /* the last one is that of instances */
} InfraListing;

static bool
take_object(void *data, const VimObject *object, GError **error)
{
    InfraListing *listing = data;
    size_t at = (size_t)(object->spec - listing->specs);
    if (at == G_N_ELEMENTS(kinds))
        return listing->around->instance(listing->around->data, object, error);
    const struct Kind *kind = &kinds[at];
    if (strcmp(object->spec->paths[0], "name") == 0)
        take_entity(listing->infra, object);
    if (kind->take)
        kind->take(listing->infra, object);
    vim_infra_note_denied(listing->infra, object);
    return true;
}

/* --- derived facts ---------------------------------------------------------------------------- */

/* What the datastore has of the datastore cluster that it is in. */
static void
finish_pod(VimInfra *infra, Datastore *store)
{
    const VimEntity *entity = vim_infra_find(infra, store->id.value);
    if (!entity || !entity->parent)
        return;
    const VimEntity *above = find_ancestor(infra, entity->parent, "StoragePod");
    store->pod = above ? text_known(vim_unescape(&infra->arena, above->name)) : text_absent();
    const VimPod *pod = above ? g_hash_table_lookup(infra->pods_by_id, above->id) : NULL;
    if (pod) {
        store->has_sdrs = pod->has_sdrs;
        store->sdrs_level = pod->sdrs_level;
    } else if (!above) {
        store->has_sdrs.state = FACT_ABSENT;
        store->sdrs_level = text_absent();
    }
}

static void
finish_records(VimInfra *infra)
{
    for (guint i = 0; i < infra->clusters->len; i++) {
        SourceCluster *cluster = infra->clusters->pdata[i];
        cluster->datacenter = vim_infra_datacenter(infra, cluster->id.value);
        cluster->path = text_known(vim_infra_path(infra, cluster->id.value));
    }
    for (guint i = 0; i < infra->hosts->len; i++) {
        SourceHost *host = infra->hosts->pdata[i];
        const VimEntity *entity = vim_infra_find(infra, host->id.value),
                        *above = entity ? vim_infra_find(infra, entity->parent) : NULL;
        host->datacenter = vim_infra_datacenter(infra, host->id.value);
        if (above)
            host->cluster = strcmp(above->type, "ClusterComputeResource") == 0
                                ? text_known(above->id)
                                : text_absent();
    }
    for (guint i = 0; i < infra->datastores->len; i++) {
        Datastore *store = infra->datastores->pdata[i];
        store->datacenter = vim_infra_datacenter(infra, store->id.value);
        finish_pod(infra, store);
    }
}

static void
note_root(VimInfra *infra)
{
    if (infra->has_root || infra->session->collect)
        return;
    SourceProblem *problem = vim_infra_problem(infra, "rights-missing", infra->session->root.id,
        "give the account the role Read-only on the vCenter's root, propagated");
    problem->text = text_known("the account lacks the privilege System.View on the root folder; "
                               "instances outside the folders that it may see are not listed");
}

/* --- the whole -------------------------------------------------------------------------------- */

void
vim_infra_init(VimInfra *infra, VimSession *session)
{
    *infra = (VimInfra){.session = session, .source = session->source->name};
    arena_init(&infra->arena);
    GPtrArray **arrays[] = {&infra->clusters, &infra->hosts, &infra->datastores, &infra->switches,
        &infra->portgroups, &infra->problems};
    for (size_t i = 0; i < G_N_ELEMENTS(arrays); i++)
        *arrays[i] = g_ptr_array_new();
    GHashTable **borrowing[] = {&infra->entities, &infra->hosts_by_id, &infra->datastores_by_id,
        &infra->switches_by_id, &infra->switches_by_uuid, &infra->portgroups_by_key,
        &infra->opaque_by_id, &infra->hosts_with_network, &infra->standard_by_name, &infra->ports,
        &infra->pods_by_id, &infra->drs_overrides, &infra->sdrs_overrides};
    for (size_t i = 0; i < G_N_ELEMENTS(borrowing); i++)
        *borrowing[i] = g_hash_table_new(g_str_hash, g_str_equal);
    infra->attribute_names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    infra->tasks =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    infra->port_keys =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    infra->denied = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, denied_free);
}

void
vim_infra_release(VimInfra *infra)
{
    GPtrArray *arrays[] = {infra->clusters, infra->hosts, infra->datastores, infra->switches,
        infra->portgroups, infra->problems};
    for (size_t i = 0; i < G_N_ELEMENTS(arrays); i++)
        g_ptr_array_unref(arrays[i]);
    GHashTable *tables[] = {infra->entities, infra->hosts_by_id, infra->datastores_by_id,
        infra->switches_by_id, infra->switches_by_uuid, infra->portgroups_by_key,
        infra->opaque_by_id, infra->hosts_with_network, infra->standard_by_name, infra->ports,
        infra->attribute_names, infra->tasks, infra->denied, infra->pods_by_id,
        infra->drs_overrides, infra->sdrs_overrides, infra->port_keys};
    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++)
        g_hash_table_unref(tables[i]);
    vim_tags_free(infra->tags);
    arena_release(&infra->arena);
}

/* When all objects are there. */
static bool
finish(VimInfra *infra, GError **error)
{
    note_root(infra);
    finish_records(infra);
    return vim_network_finish(infra, error);
}

bool
vim_infra_fetch(VimInfra *infra, GError **error)
{
    static const char *const view_types[] = {"Datacenter", "Folder", "ComputeResource",
        "ResourcePool", "HostSystem", "Network", "DistributedVirtualSwitch", "Datastore", NULL};
    g_autofree InfraListing *data = g_new0(InfraListing, 1);
    data->infra = infra;
    init_specs(data->specs);
    VimListing listing = {.view_types = view_types,
        .specs = data->specs,
        .n_specs = G_N_ELEMENTS(kinds),
        .page = INFRA_PAGE,
        .with_managers = true,
        .object = take_object,
        .data = data};
    if (!vim_collect(infra->session, &listing, error))
        return false;
    infra->has_tasks = infra->session->tasks.id != NULL;
    return finish(infra, error);
}

/* From an instance to all that its record is made of; paths are upward, to the root. */
static const VimStep around_steps[] = {
    {"up", "ManagedEntity", "parent", {"up", "folder"}},
    {"folder", "VirtualApp", "parentFolder", {"up", "folder"}},
    {"switch", "DistributedVirtualPortgroup", "config.distributedVirtualSwitch", {"up"}},
    {"vapp", "VirtualMachine", "parentVApp", {"up", "folder"}},
    {"pool", "VirtualMachine", "resourcePool", {"up", "folder"}},
    {"host", "VirtualMachine", "runtime.host", {"up"}},
    {"datastore", "VirtualMachine", "datastore", {"up"}},
    {"network", "VirtualMachine", "network", {"up", "switch"}},
    {"task", "VirtualMachine", "recentTask", {NULL}},
};

bool
vim_infra_fetch_around(VimInfra *infra, const VimAround *around, GError **error)
{
    const VimRoots roots = {.type = around->spec->type,
        .ids = around->ids,
        .n = around->n,
        .steps = around_steps,
        .n_steps = G_N_ELEMENTS(around_steps)};
    g_autofree InfraListing *data = g_new0(InfraListing, 1);
    data->infra = infra;
    data->around = around;
    init_specs(data->specs);
    data->specs[G_N_ELEMENTS(kinds)] = *around->spec;
    VimListing listing = {.roots = &roots,
        .specs = data->specs,
        .n_specs = G_N_ELEMENTS(data->specs),
        .page = INFRA_PAGE,
        .with_managers = true,
        .object = take_object,
        .data = data};
    bool is_read = vim_collect(infra->session, &listing, error);
    *around->spec = data->specs[G_N_ELEMENTS(kinds)]; /* with what the server does not know */
    infra->is_around = infra->has_tasks = true;
    return is_read && finish(infra, error);
}

bool
vim_infra_put(VimInfra *infra, InventorySink *sink, GError **error)
{
    const struct {
        RecordKind kind;
        const GPtrArray *records; /* each begins with its record */
    } groups[] = {
        {RECORD_CLUSTER, infra->clusters},
        {RECORD_HOST, infra->hosts},
        {RECORD_DATASTORE, infra->datastores},
        {RECORD_SWITCH, infra->switches},
        {RECORD_PORTGROUP, infra->portgroups},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(groups); i++)
        for (guint k = 0; k < groups[i].records->len; k++)
            if (!inventory_put(sink, groups[i].kind, groups[i].records->pdata[k], error))
                return false;
    return vim_infra_put_problems(infra, sink, error);
}
