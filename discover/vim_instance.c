/* SPDX-License-Identifier: Apache-2.0
 *
 * One virtual machine -> InstanceView, straight from the page to the sink.
 *
 * Each record lives in the arena of its object and is gone when the sink took it. A machine whose
 * configuration cannot be read is put with what is known and a problem that says why.
 */
#include "vim_priv.h"

#include <string.h>

enum { PROGRESS_STEP = 100, SNAPSHOTS_MAX = 1000 };

static const VimWord power_table[] = {
    {"poweredOn", POWER_ON},
    {"poweredOff", POWER_OFF},
    {"suspended", POWER_SUSPENDED},
    {NULL, 0},
};

static const VimWord connection_table[] = {
    {"connected", CONNECTION_CONNECTED},
    {"disconnected", CONNECTION_DISCONNECTED},
    {"inaccessible", CONNECTION_INACCESSIBLE},
    {"orphaned", CONNECTION_ORPHANED},
    {"invalid", CONNECTION_INVALID},
    {NULL, 0},
};

static const VimWord firmware_table[] = {
    {"bios", FIRMWARE_BIOS},
    {"efi", FIRMWARE_UEFI},
    {NULL, 0},
};

/* clang-format off */
#define VIEW(member) offsetof(InstanceView, member)
static const VimField instance_fields[] = {
    {.path = "name", .kind = VIM_NAME, .offset = VIEW(name)},
    {.path = "parent", .kind = VIM_VALUE},
    {.path = "parentVApp", .kind = VIM_VALUE},
    {.path = "resourcePool", .kind = VIM_VALUE},
    {.path = "config.uuid", .kind = VIM_TEXT, .offset = VIEW(bios_uuid)},
    {.path = "config.instanceUuid", .kind = VIM_TEXT, .offset = VIEW(instance_uuid)},
    {.path = "config.template", .kind = VIM_BOOL, .offset = VIEW(is_template)},
    {.path = "config.guestId", .kind = VIM_TEXT, .offset = VIEW(guest_os_id)},
    {.path = "config.guestFullName", .kind = VIM_TEXT, .offset = VIEW(guest_os_name)},
    {.path = "config.version", .kind = VIM_TEXT, .offset = VIEW(hardware_version)},
    {.path = "config.firmware", .kind = VIM_WORD, .offset = VIEW(firmware), .words = firmware_table},
    {.path = "config.bootOptions", .element = "efiSecureBootEnabled", .kind = VIM_FALSE, .offset = VIEW(secure_boot)},
    {.path = "config.annotation", .kind = VIM_TEXT_OR_NONE, .offset = VIEW(annotation)},
    {.path = "config.hardware.numCPU", .kind = VIM_INT, .offset = VIEW(cpus)},
    {.path = "config.hardware.numCoresPerSocket", .kind = VIM_INT, .offset = VIEW(cores_per_socket)},
    {.path = "config.hardware.memoryMB", .kind = VIM_INT, .offset = VIEW(memory_bytes), .scale = 1 << 20},
    {.path = "config.hardware.device", .kind = VIM_VALUE},
    {.path = "config.changeTrackingEnabled", .kind = VIM_FALSE, .offset = VIEW(has_change_tracking)},
    {.path = "config.keyId", .kind = VIM_VALUE},
    {.path = "config.cpuHotAddEnabled", .kind = VIM_VALUE},
    {.path = "config.memoryHotAddEnabled", .kind = VIM_VALUE},
    {.path = "config.nestedHVEnabled", .kind = VIM_VALUE},
    {.path = "config.cpuAffinity", .kind = VIM_VALUE},
    {.path = "config.memoryAffinity", .kind = VIM_VALUE},
    {.path = "config.latencySensitivity", .kind = VIM_VALUE},
    {.path = "config.repConfig", .kind = VIM_VALUE},
    {.path = "config.managedBy", .element = "extensionKey", .kind = VIM_TEXT_OR_NONE, .offset = VIEW(managed_by)},
    {.path = "resourceConfig.cpuAllocation", .kind = VIM_VALUE},
    {.path = "resourceConfig.memoryAllocation", .kind = VIM_VALUE},
    {.path = "summary.config.cpuReservation", .kind = VIM_INT, .offset = VIEW(cpu_reservation_mhz)},
    {.path = "summary.config.memoryReservation", .kind = VIM_INT, .offset = VIEW(memory_reservation_bytes), .scale = 1 << 20},
    {.path = "summary.storage", .element = "committed", .kind = VIM_INT, .offset = VIEW(storage_committed_bytes)},
    {.path = "guest.net", .kind = VIM_VALUE},
    {.path = "guest.toolsStatus", .kind = VIM_TEXT, .offset = VIEW(tools_status)},
    {.path = "guest.toolsRunningStatus", .kind = VIM_TEXT, .offset = VIEW(tools_running)},
    {.path = "guest.hostName", .kind = VIM_TEXT, .offset = VIEW(guest_hostname)},
    {.path = "runtime.powerState", .kind = VIM_WORD, .offset = VIEW(power), .words = power_table},
    {.path = "runtime.connectionState", .kind = VIM_WORD, .offset = VIEW(connection), .words = connection_table},
    {.path = "runtime.host", .kind = VIM_TEXT, .offset = VIEW(host)},
    {.path = "runtime.bootTime", .kind = VIM_TEXT_OR_NONE, .offset = VIEW(booted_at)},
    {.path = "runtime.question", .element = "text", .kind = VIM_TEXT_OR_NONE, .offset = VIEW(question)},
    {.path = "runtime.faultToleranceState", .kind = VIM_VALUE},
    {.path = "runtime.consolidationNeeded", .kind = VIM_FALSE, .offset = VIEW(needs_consolidation)},
    {.path = "snapshot", .kind = VIM_VALUE},
    {.path = "customValue", .kind = VIM_VALUE},
};
/* clang-format on */

void
vim_instance_problem(VimInstance *instance, const char *id, const char *about, const char *evidence,
    const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    Problem *problem = arena_new(instance->arena, Problem);
    *problem = (Problem){.id = text_known(id),
        .about = about ? text_known(about) : text_absent(),
        .text = text_known(arena_strdup(instance->arena, text)),
        .evidence = text_known(evidence)};
    g_ptr_array_add(instance->problems, problem);
}

/* --- where it is ------------------------------------------------------------------------------ */

static const char *
value_text(const VimObject *object, const char *path)
{
    const VimNode *value = vim_object_value(object, path);
    return value && *value->text ? value->text : NULL;
}

/* The folder that a vApp, or the outermost one around it, is shown in. */
static const char *
vapp_folder(const VimInfra *infra, const VimEntity *vapp)
{
    for (int depth = 0; vapp && depth < VIM_DEPTH_MAX; depth++) {
        if (vapp->folder)
            return vapp->folder;
        vapp = vim_infra_find(infra, vapp->parent);
    }
    return NULL;
}

static void
read_place(VimInstance *instance)
{
    VimInfra *infra = instance->infra;
    InstanceView *view = &instance->view;
    const VimObject *object = instance->object;
    const char *vapp_id = value_text(object, "parentVApp"), *parent = value_text(object, "parent"),
               *pool = value_text(object, "resourcePool");
    const VimEntity *vapp = vim_infra_find(infra, vapp_id);
    if (!parent)
        parent = vapp_folder(infra, vapp);
    if (vapp && vapp->name)
        view->vapp = text_known(vim_unescape(instance->arena, vapp->name));
    else if (!vapp_id && !vim_object_is_missing(object, "parentVApp"))
        view->vapp = text_absent();
    view->path = text_known(vim_infra_path(infra, parent));
    if (pool)
        view->resource_pool = text_known(vim_infra_path(infra, pool));
    else if (is_true(view->is_template))
        view->resource_pool = text_absent();
    view->datacenter = vim_infra_datacenter(infra, parent ? parent : view->host.value);
}

static void
read_host(VimInstance *instance)
{
    VimInfra *infra = instance->infra;
    InstanceView *view = &instance->view;
    const SourceHost *host =
        view->host.value ? g_hash_table_lookup(infra->hosts_by_id, view->host.value) : NULL;
    if (!host)
        return;
    view->host_name = host->name;
    view->cluster = host->cluster;
    const VimEntity *cluster = vim_infra_find(infra, host->cluster.value);
    if (cluster && cluster->name)
        view->cluster_name = text_known(vim_unescape(instance->arena, cluster->name));
    else if (host->cluster.state == FACT_ABSENT)
        view->cluster_name = text_absent();
}

/* --- values that are no single field ---------------------------------------------------------- */

static void
read_allocation(VimInstance *instance)
{
    InstanceView *view = &instance->view;
    const VimNode *cpu = vim_object_value(instance->object, "resourceConfig.cpuAllocation"),
                  *memory = vim_object_value(instance->object, "resourceConfig.memoryAllocation");
    Int reservation = vim_node_int(cpu, "reservation"), limit = vim_node_int(cpu, "limit");
    if (reservation.state == FACT_KNOWN)
        view->cpu_reservation_mhz = reservation;
    if (limit.state == FACT_KNOWN) /* -1: no limit */
        view->cpu_limit_mhz = limit.value < 0 ? (Int){.state = FACT_ABSENT} : limit;
    Int memory_mib = vim_node_int(memory, "reservation");
    if (memory_mib.state == FACT_KNOWN && memory_mib.value >= 0 &&
        memory_mib.value < INT64_MAX >> 20)
        view->memory_reservation_bytes = int_known(memory_mib.value << 20);
}

static size_t
count_snapshots(const VimNode *tree, int depth)
{
    size_t n = 0;
    for (const VimNode *at = tree ? tree->children : NULL; at && depth < VIM_DEPTH_MAX;
         at = at->next)
        if (g_str_has_suffix(at->name, "SnapshotList"))
            n += 1 + count_snapshots(at, depth + 1);
    return n;
}

static void
add_snapshots(InstanceView *view, const VimNode *tree, int depth, size_t max)
{
    for (const VimNode *at = tree->children; at && depth <= VIM_DEPTH_MAX; at = at->next) {
        if (!g_str_has_suffix(at->name, "SnapshotList") || view->snapshots.n >= max)
            continue;
        view->snapshots.items[view->snapshots.n++] = (Snapshot){.name = vim_node_fact(at, "name"),
            .created_at = vim_node_fact(at, "createTime"),
            .depth = int_known(depth)};
        add_snapshots(view, at, depth + 1, max);
    }
}

static void
read_snapshots(VimInstance *instance)
{
    InstanceView *view = &instance->view;
    const VimNode *tree = vim_object_value(instance->object, "snapshot");
    /* Without a configuration "no snapshots" is not what unset means. */
    if (!tree && (!vim_object_has(instance->object, "config.") ||
                     vim_object_is_missing(instance->object, "snapshot")))
        return;
    view->snapshots.state = FACT_KNOWN;
    size_t max = MIN(count_snapshots(tree, 1), (size_t)SNAPSHOTS_MAX);
    view->snapshots.items = arena_new_n(instance->arena, Snapshot, max);
    if (tree)
        add_snapshots(view, tree, 1, max);
}

static void
read_attributes(VimInstance *instance)
{
    InstanceView *view = &instance->view;
    const VimInfra *infra = instance->infra;
    const VimNode *values = vim_object_value(instance->object, "customValue");
    if (!infra->has_attribute_names || vim_object_is_missing(instance->object, "customValue"))
        return;
    size_t n = 0;
    for (const VimNode *at = values ? values->children : NULL; at; at = at->next)
        n++;
    view->attributes.items = arena_new_n(instance->arena, Attribute, n);
    view->attributes.state = FACT_KNOWN;
    for (const VimNode *at = values ? values->children : NULL; at; at = at->next) {
        const char *key = vim_node_text(at, "key"), *value = vim_node_text(at, "value");
        const char *name = key ? g_hash_table_lookup(infra->attribute_names, key) : NULL;
        if (name && value && *value)
            view->attributes.items[view->attributes.n++] =
                (Attribute){text_known(name), text_known(value)};
    }
}

static void
read_tasks(VimInstance *instance)
{
    const VimInfra *infra = instance->infra;
    if (!infra->has_tasks)
        return;
    const GPtrArray *names = g_hash_table_lookup(infra->tasks, instance->object->id);
    instance->view.tasks.state = FACT_KNOWN;
    if (names) {
        instance->view.tasks.items = (const char **)names->pdata;
        instance->view.tasks.n = names->len;
    }
}

/* Its own level, where any cluster told of such. */
static Text
override_of(const VimInstance *instance, GHashTable *overrides, bool is_told)
{
    const char *level = g_hash_table_lookup(overrides, instance->object->id);
    return level ? text_known(level) : is_told ? text_absent() : (Text){0};
}

static void
read_overrides(VimInstance *instance)
{
    const VimInfra *infra = instance->infra;
    instance->view.drs_override =
        override_of(instance, infra->drs_overrides, !infra->lacks_drs_overrides);
    instance->view.sdrs_override =
        override_of(instance, infra->sdrs_overrides, !infra->lacks_sdrs_overrides);
}

static void
read_tags(VimInstance *instance)
{
    if (!instance->infra->tags)
        return;
    size_t n = 0;
    instance->view.tags.items =
        vim_tags_find(instance->infra->tags, instance->object->id, instance->arena, &n);
    instance->view.tags.n = n;
    instance->view.tags.state = FACT_KNOWN;
}

static void
read_encryption(VimInstance *instance)
{
    const VimObject *object = instance->object;
    if (vim_object_value(object, "config.keyId"))
        instance->view.is_encrypted = bool_known(true);
    else if (vim_object_has(object, "config.") && !vim_object_is_missing(object, "config.keyId"))
        instance->view.is_encrypted = bool_known(false);
    const char *ft = value_text(object, "runtime.faultToleranceState");
    if (ft)
        instance->view.is_fault_tolerant = bool_known(strcmp(ft, "notConfigured") != 0);
    else if (vim_object_has(object, "runtime.") &&
             !vim_object_is_missing(object, "runtime.faultToleranceState"))
        instance->view.is_fault_tolerant = bool_known(false);
}

/* --- what could not be read ------------------------------------------------------------------- */

/* "System.Read (config.uuid, config.version, ...)" */
static char *
describe_missing(const VimObject *object)
{
    GString *text = g_string_new(NULL);
    unsigned shown = 0;
    for (size_t i = 0; i < object->spec->n_paths; i++) {
        if (!object->missing[i])
            continue;
        const VimNode *fault = vim_node_find_path(object->missing[i], "fault/fault");
        const char *privilege = vim_node_text(fault, "privilegeId");
        if (shown == 0)
            g_string_append_printf(text, "%s %s:", fault && *fault->type ? fault->type : "fault",
                privilege ? privilege : "");
        if (shown++ < 4)
            g_string_append_printf(text, " %s", object->spec->paths[i]);
    }
    if (shown > 4)
        g_string_append_printf(text, " and %u more", shown - 4);
    return g_string_free(text, false);
}

static void
note_unread(VimInstance *instance)
{
    const VimObject *object = instance->object;
    if (object->n_missing > 0) {
        g_autofree char *missing = describe_missing(object);
        vim_instance_problem(instance, "rights-missing", NULL,
            arena_strdup(instance->arena, missing),
            "the account lacks a right on this instance; what it hides is unknown");
    }
    if (vim_object_has(object, "config.") || vim_object_is_missing(object, "config.uuid"))
        return;
    const char *connection = value_text(object, "runtime.connectionState");
    vim_instance_problem(instance, "config-unread", NULL,
        connection ? connection : "no runtime.connectionState",
        instance->infra->session->collect
            ? "the export has no configuration of this instance; disks and NICs are unknown"
            : "vCenter has no configuration of this instance: its files cannot be read; disks and "
              "NICs are unknown");
}

/* --- the whole -------------------------------------------------------------------------------- */

static void
read_devices(VimInstance *instance)
{
    const VimNode *devices = vim_object_value(instance->object, "config.hardware.device"),
                  *guest = vim_object_value(instance->object, "guest.net");
    if (devices)
        vim_devices_read(instance, devices);
    if (devices && guest &&
        (guest->children ||
            g_strcmp0(instance->view.tools_running.value, "guestToolsRunning") == 0))
        vim_guest_read(instance, guest);
}

static void
finish_problems(VimInstance *instance)
{
    InstanceView *view = &instance->view;
    view->problems.items = arena_new_n(instance->arena, Problem, instance->problems->len);
    view->problems.n = instance->problems->len;
    view->problems.state = FACT_KNOWN;
    for (guint i = 0; i < instance->problems->len; i++)
        view->problems.items[i] = *(const Problem *)instance->problems->pdata[i];
}

static void
read_instance(VimInstance *instance)
{
    InstanceView *view = &instance->view;
    view->source = text_known(instance->infra->source);
    view->id = text_known(instance->object->id);
    vim_fields_apply(instance->object, view);
    read_host(instance);
    read_place(instance);
    read_allocation(instance);
    vim_tunings_read(instance);
    read_snapshots(instance);
    read_attributes(instance);
    read_overrides(instance);
    read_overrides(instance);
    read_tasks(instance);
    read_tags(instance);
    read_encryption(instance);
    read_devices(instance);
    note_unread(instance);
    finish_problems(instance);
}

static const char *const instance_view_types[] = {"VirtualMachine", NULL};

typedef struct InstanceListing {
    VimInfra *infra;
    InventorySink *sink;
    GPtrArray *problems; /* reused */
    uint64_t n;
} InstanceListing;

static bool
take_instance(void *data, const VimObject *object, GError **error)
{
    InstanceListing *listing = data;
    const SourceContext *context = listing->infra->session->source->context;
    g_ptr_array_set_size(listing->problems, 0);
    VimInstance instance = {.infra = listing->infra,
        .object = object,
        .arena = object->arena,
        .problems = listing->problems};
    read_instance(&instance);
    vim_infra_note_denied(listing->infra, object);
    if (!inventory_put(listing->sink, RECORD_INSTANCE, &instance.view, error))
        return false;
    if (++listing->n % PROGRESS_STEP == 0 && context && context->progress)
        context->progress(
            context->progress_data, listing->infra->source, "instances", listing->n, 0);
    return true;
}

bool
vim_instances_list(VimInfra *infra, InventorySink *sink, GError **error)
{
    g_autofree VimSpec *spec = g_new0(VimSpec, 1);
    g_autoptr(GPtrArray) problems = g_ptr_array_new();
    vim_spec_init(spec, "VirtualMachine", instance_fields, G_N_ELEMENTS(instance_fields));
    InstanceListing data = {.infra = infra, .sink = sink, .problems = problems};
    VimListing listing = {.view_types = instance_view_types,
        .specs = spec,
        .n_specs = 1,
        .page = infra->session->config->page,
        .object = take_instance,
        .data = &data};
    return vim_collect(infra->session, &listing, error);
}

/* --- some of them ----------------------------------------------------------------------------- */

/* An object that waits until all that it hangs on is there. */
typedef struct HeldObject {
    VimObject object;
    Arena arena;
} HeldObject;

typedef struct HeldObjects {
    VimInfra *infra;
    const VimSpec *spec; /* lasts longer than that of the listing */
    GPtrArray *objects;  /* HeldObject */
} HeldObjects;

static void
held_free(gpointer data)
{
    HeldObject *held = data;
    arena_release(&held->arena);
    g_free(held);
}

static bool
hold_instance(void *data, const VimObject *object, GError **error G_GNUC_UNUSED)
{
    HeldObjects *all = data;
    HeldObject *held = g_new0(HeldObject, 1);
    held->object = *object;
    held->arena = arena_steal(object->arena);
    held->object.arena = &held->arena;
    held->object.spec = all->spec;
    g_ptr_array_add(all->objects, held);
    vim_network_note_ports(all->infra, vim_object_value(object, "config.hardware.device"));
    return true;
}

static bool
put_held(VimInfra *infra, const GPtrArray *objects, InventorySink *sink, GError **error)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new();
    InstanceListing data = {.infra = infra, .sink = sink, .problems = problems};
    for (guint i = 0; i < objects->len; i++)
        if (!take_instance(&data, &((const HeldObject *)objects->pdata[i])->object, error))
            return false;
    return true;
}

bool
vim_instances_read(VimInfra *infra, const SourceRead *read, GError **error)
{
    g_autofree VimSpec *spec = g_new0(VimSpec, 1);
    g_autoptr(GPtrArray) objects = g_ptr_array_new_with_free_func(held_free);
    vim_spec_init(spec, "VirtualMachine", instance_fields, G_N_ELEMENTS(instance_fields));
    HeldObjects data = {.infra = infra, .spec = spec, .objects = objects};
    const VimAround around = {
        .ids = read->ids, .n = read->n_ids, .spec = spec, .instance = hold_instance, .data = &data};
    return vim_infra_fetch_around(infra, &around, error) &&
           vim_infra_put(infra, read->sink, error) && put_held(infra, objects, read->sink, error);
}

typedef struct PowerQuery {
    PowerState power;
    bool is_there;
} PowerQuery;

static const VimField power_fields[] = {
    {.path = "runtime.powerState",
        .kind = VIM_WORD,
        .offset = offsetof(PowerQuery, power),
        .words = power_table},
};

static bool
take_power(void *data, const VimObject *object, GError **error G_GNUC_UNUSED)
{
    PowerQuery *query = data;
    query->is_there = true;
    vim_fields_apply(object, query);
    return true;
}

bool
vim_power_read(VimSession *session, const char *id, PowerState *ret_power, GError **error)
{
    PowerQuery query = {0};
    g_autofree VimSpec *spec = g_new0(VimSpec, 1);
    vim_spec_init(spec, "VirtualMachine", power_fields, G_N_ELEMENTS(power_fields));
    const VimRoots roots = {.type = spec->type, .ids = &id, .n = 1};
    VimListing listing = {.roots = &roots,
        .specs = spec,
        .n_specs = 1,
        .page = 1,
        .object = take_power,
        .data = &query};
    if (!vim_collect(session, &listing, error))
        return false;
    if (query.is_there && query.power != POWER_UNKNOWN) {
        *ret_power = query.power;
        return true;
    }
    if (!query.is_there)
        g_set_error(
            error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND, "there is no VM '%s' any more", id);
    else
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_AUTH,
            "the power state of VM '%s' may not be read; give the account the role Read-only on it",
            id);
    return false;
}

/* --- doctor ----------------------------------------------------------------------------------- */

static const VimField probe_fields[] = {
    {.path = "name", .kind = VIM_VALUE},
    {.path = "config.uuid", .kind = VIM_VALUE},
    {.path = "guest.toolsStatus", .kind = VIM_VALUE},
};

static bool
count_instance(void *data, const VimObject *object, GError **error G_GNUC_UNUSED)
{
    InstanceListing *listing = data;
    listing->n++;
    vim_infra_note_denied(listing->infra, object);
    return true;
}

bool
vim_instances_count(VimInfra *infra, uint64_t *ret_n, GError **error)
{
    g_autofree VimSpec *spec = g_new0(VimSpec, 1);
    vim_spec_init(spec, "VirtualMachine", probe_fields, G_N_ELEMENTS(probe_fields));
    InstanceListing data = {.infra = infra};
    VimListing listing = {.view_types = instance_view_types,
        .specs = spec,
        .n_specs = 1,
        .page = infra->session->config->page,
        .object = count_instance,
        .data = &data};
    if (!vim_collect(infra->session, &listing, error))
        return false;
    *ret_n = data.n;
    return true;
}
