/* SPDX-License-Identifier: Apache-2.0
 *
 * The freeze list: what would move or rename VMs while they are imported, and how to hold it still
 * until that is over. CloudStack takes down host, datastore and file of each VM as they are at that
 * moment; what moves in between is recorded wrongly, and nobody notices until it is to be started.
 */
#include <string.h>

#include "mapper_priv.h"

const char *const freeze_state_words[FREEZE_STATE_N] = {
    [FREEZE_OFF] = "off",
    [FREEZE_ON] = "on",
    [FREEZE_UNKNOWN] = "unknown",
};

enum { NAMED_MAX = 20 }; /* VMs of a row */

/* A row that is being collected. */
typedef struct FreezeGroup {
    FreezeRow row;
    List names; /* of the first VMs */
    size_t n;
} FreezeGroup;

struct FreezeList {
    Planner *planner;
    List groups;        /* FreezeGroup, in the order in which they were found */
    GHashTable *by_key; /* Key -> FreezeGroup */
    /* The cluster that was looked for last, with what it was looked for by. */
    const char *source, *host, *clusterid;
    const SourceCluster *cluster;
};

static const char *const until =
    "the last import of these VMs is done and was compared with its plan";

/* --- collecting ------------------------------------------------------------------------------- */

/* The group of the key that was made last; NULL: there is none yet. */
static FreezeGroup *
find_group(const FreezeList *list)
{
    return g_hash_table_lookup(list->by_key, list->planner->lookup);
}

static FreezeGroup *
add_group(FreezeList *list)
{
    Planner *planner = list->planner;
    FreezeGroup *group = arena_new(&planner->scratch, FreezeGroup);
    list_add(&planner->scratch, &list->groups, group);
    g_hash_table_insert(list->by_key, key_keep(&planner->scratch, planner->lookup), group);
    return group;
}

static void
add_vm(FreezeList *list, FreezeGroup *group, const PlanItem *item)
{
    group->n++;
    if (group->names.n < NAMED_MAX && item->instance.name.value)
        list_add(&list->planner->scratch, &group->names, item->instance.name.value);
}

/* Will it be imported, as far as is known? */
static bool
is_concerned(const PlanItem *item)
{
    return item->verdict != VERDICT_BLOCKED && item->facts_of;
}

static const char *
quoted(const Planner *planner, const char *text)
{
    g_autofree char *quoted_text = g_shell_quote(text ? text : "");
    return arena_strdup(planner->arena, quoted_text);
}

static const char *
powershell_quoted(const Planner *planner, const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text ? text : "", "'", -1);
    g_autofree char *doubled = g_strjoinv("''", parts);
    return arena_printf(planner->arena, "'%s'", doubled);
}

static Text
undo_of(const Planner *planner, const char *command, const char *level, const char *path)
{
    if (!level)
        return text_known("Set it back to the level that it had before.");
    return text_known(arena_printf(planner->arena, "%s -drs-mode %s %s", command, level, path));
}

/* --- DRS -------------------------------------------------------------------------------------- */

/* Does DRS move VMs of this level by itself? */
static FreezeState
drs_state(Bool has_drs, const char *level)
{
    if (has_drs.state == FACT_KNOWN && !has_drs.value)
        return FREEZE_OFF;
    if (has_drs.state != FACT_KNOWN || !level)
        return FREEZE_UNKNOWN;
    return strcmp(level, "fullyAutomated") == 0 ? FREEZE_ON : FREEZE_OFF;
}

static FreezeGroup *
drs_group(FreezeList *list, const SourceCluster *cluster, FreezeState state)
{
    Planner *planner = list->planner;
    planner_key(
        planner, state == FREEZE_ON ? "drs" : "drs?", cluster->source.value, cluster->id.value);
    FreezeGroup *group = find_group(list);
    if (group)
        return group;
    const char *path =
        quoted(planner, cluster->path.value ? cluster->path.value : cluster->name.value);
    const char *name = powershell_quoted(planner, cluster->name.value);
    const char *level = text_or_word(cluster->drs_level);
    group = add_group(list);
    group->row = (FreezeRow){.kind = text_known("drs"),
        .source = cluster->source,
        .datacenter = cluster->datacenter,
        .where =
            text_known(arena_printf(planner->arena, "cluster '%s'", text_or_word(cluster->name))),
        .state = state,
        .text = text_known(state == FREEZE_ON
                               ? "DRS moves these VMs between hosts by itself."
                               : "Whether DRS moves these VMs between hosts was not read."),
        .evidence = text_known(arena_printf(planner->arena,
            "configurationEx.drsConfig: enabled %s, defaultVmBehavior %s; own levels of VMs "
            "counted",
            cluster->has_drs.state == FACT_KNOWN ? cluster->has_drs.value ? "true" : "false"
                                                 : "unknown",
            level)),
        .command = text_known(arena_printf(planner->arena,
            "govc cluster.change -drs-mode manual %s  (PowerCLI: Set-Cluster %s "
            "-DrsAutomationLevel Manual; vSphere Client: cluster, Configure, vSphere DRS, Edit)",
            path, name)),
        .undo = undo_of(planner, "govc cluster.change", cluster->drs_level.value, path),
        .until = text_known(until)};
    return group;
}

static const SourceCluster *
find_cluster(const Planner *planner, const InstanceView *view)
{
    const char *source = view->source.value, *id = view->cluster.value;
    const SourceHost *host = !id && view->host.value
                                 ? inventory_find_host(planner->inventory, source, view->host.value)
                                 : NULL;
    if (host)
        id = host->cluster.value;
    return id ? inventory_find_cluster(planner->inventory, source, id) : NULL;
}

/* As find_cluster(); the same for all groups of a VM, and often for the next one. */
static const SourceCluster *
cluster_of(FreezeList *list, const InstanceView *view)
{
    const char *source = view->source.value, *host = view->host.value, *id = view->cluster.value;
    if (!source || list->source != source || list->host != host || list->clusterid != id) {
        list->cluster = find_cluster(list->planner, view);
        list->source = source;
        list->host = host;
        list->clusterid = id;
    }
    return list->cluster;
}

static void
add_drs(FreezeList *list, const PlanItem *item, const InstanceView *view)
{
    const SourceCluster *cluster = cluster_of(list, view);
    if (!cluster)
        return; /* a host of its own has no DRS */
    Bool has_drs = cluster->has_drs;
    const char *level =
        view->drs_override.value ? view->drs_override.value : cluster->drs_level.value;
    FreezeState state = drs_state(has_drs, level);
    if (state != FREEZE_OFF)
        add_vm(list, drs_group(list, cluster, state), item);
}

/* --- Storage DRS ------------------------------------------------------------------------------ */

static FreezeGroup *
sdrs_group(FreezeList *list, const Datastore *store, FreezeState state)
{
    Planner *planner = list->planner;
    const char *const parts[] = {state == FREEZE_ON ? "storage-drs" : "storage-drs?",
        store->datacenter.value, store->pod.value, store->source.value};
    planner_key_of(planner, parts, G_N_ELEMENTS(parts));
    FreezeGroup *group = find_group(list);
    if (group)
        return group;
    const char *pod = quoted(planner, store->pod.value);
    if (store->datacenter.value)
        pod = arena_printf(
            planner->arena, "-dc %s %s", quoted(planner, store->datacenter.value), pod);
    group = add_group(list);
    group->row = (FreezeRow){.kind = text_known("storage-drs"),
        .source = store->source,
        .datacenter = store->datacenter,
        .where =
            text_known(arena_printf(planner->arena, "datastore cluster '%s'", store->pod.value)),
        .state = state,
        .text = text_known(state == FREEZE_ON
                               ? "Storage DRS moves the disks of these VMs between datastores by "
                                 "itself."
                               : "Whether Storage DRS moves the disks of these VMs was not read."),
        .evidence = text_known(arena_printf(planner->arena,
            "podStorageDrsEntry.storageDrsConfig.podConfig: enabled %s, defaultVmBehavior %s; own "
            "levels of VMs counted",
            store->has_sdrs.state == FACT_KNOWN ? store->has_sdrs.value ? "true" : "false"
                                                : "unknown",
            text_or_word(store->sdrs_level))),
        .command = text_known(arena_printf(planner->arena,
            "govc datastore.cluster.change -drs-mode manual %s  (PowerCLI: Set-DatastoreCluster %s "
            "-SdrsAutomationLevel Manual; vSphere Client: datastore cluster, Configure, Storage "
            "DRS, Edit)",
            pod, powershell_quoted(planner, store->pod.value))),
        .undo =
            text_known(arena_printf(planner->arena, "govc datastore.cluster.change -drs-mode %s %s",
                store->sdrs_level.value ? store->sdrs_level.value : "automated", pod)),
        .until = text_known(until)};
    return group;
}

static FreezeState
sdrs_state(const Datastore *store, const InstanceView *view)
{
    const char *level =
        view->sdrs_override.value ? view->sdrs_override.value : store->sdrs_level.value;
    if (store->has_sdrs.state == FACT_KNOWN && !store->has_sdrs.value)
        return FREEZE_OFF;
    if (store->has_sdrs.state != FACT_KNOWN || !level)
        return FREEZE_UNKNOWN;
    return strcmp(level, "automated") == 0 ? FREEZE_ON : FREEZE_OFF;
}

static void
add_storage_drs(FreezeList *list, const PlanItem *item, const InstanceView *view)
{
    const Inventory *inventory = list->planner->inventory;
    const Datastore *last = NULL;
    for (size_t i = 0; i < view->disks.n; i++) {
        const char *id = view->disks.items[i].datastore.value;
        const Datastore *store =
            id ? inventory_find_datastore(inventory, view->source.value, id) : NULL;
        if (!store || !store->pod.value || (last && !g_strcmp0(last->pod.value, store->pod.value)))
            continue;
        last = store;
        FreezeState state = sdrs_state(store, view);
        if (state != FREEZE_OFF)
            add_vm(list, sdrs_group(list, store, state), item);
    }
}

/* --- jobs and backups ------------------------------------------------------------------------- */

/* Traces that backup products leave in the names of snapshots, attributes and annotations. */
static const struct {
    const char *product, *trace; /* trace: a part, in lower case */
} traces[] = {
    {"Veeam", "veeam"},
    {"Veritas NetBackup", "nbu_snapshot"},
    {"Veritas NetBackup", "netbackup"},
    {"Commvault", "_gx_backup_"},
    {"Commvault", "commvault"},
    {"Dell Avamar", "avamar"},
    {"Dell PowerProtect", "powerprotect"},
    {"Rubrik", "rubrik"},
    {"Cohesity", "cohesity"},
    {"Nakivo", "nakivo"},
    {"IBM Spectrum Protect", "tsm-vm"},
    {"IBM Spectrum Protect", "spectrum protect"},
    {"Acronis", "acronis"},
    {"Zerto", "zerto"},
    {"Bacula", "bacula"},
    {"Altaro", "altaro"},
    {"Quest vRanger", "vranger"},
    {"Unitrends", "unitrends"},
    {"Arcserve", "arcserve"},
};

static const char *
product_in(const char *text)
{
    if (!text)
        return NULL;
    g_autofree char *lower = g_utf8_strdown(text, -1);
    for (size_t i = 0; i < G_N_ELEMENTS(traces); i++)
        if (strstr(lower, traces[i].trace))
            return traces[i].product;
    return NULL;
}

/* The product that backs the VM up, and what tells so; NULL: none that is known. */
static const char *
find_product(const Planner *planner, const InstanceView *view, const char **ret_evidence)
{
    for (size_t i = 0; i < view->snapshots.n; i++) {
        const char *name = view->snapshots.items[i].name.value, *product = product_in(name);
        if (product) {
            *ret_evidence = arena_printf(planner->arena, "snapshot '%s'", name);
            return product;
        }
    }
    for (size_t i = 0; i < view->attributes.n; i++) {
        const Attribute *attribute = &view->attributes.items[i];
        const char *by_key = product_in(attribute->key.value);
        const char *product = by_key ? by_key : product_in(attribute->value.value);
        if (product) {
            *ret_evidence =
                arena_printf(planner->arena, "custom attribute '%s'", text_or_word(attribute->key));
            return product;
        }
    }
    *ret_evidence = "its annotation";
    return product_in(view->annotation.value);
}

static Text
place_of(const Planner *planner, const SourceCluster *cluster, const InstanceView *view)
{
    if (cluster && cluster->name.value)
        return text_known(arena_printf(planner->arena, "cluster '%s'", cluster->name.value));
    return view->host_name.value
               ? text_known(arena_printf(planner->arena, "host '%s'", view->host_name.value))
               : text_known("unknown host");
}

static FreezeGroup *
place_group(FreezeList *list, const InstanceView *view, const char *kind, const char *what)
{
    Planner *planner = list->planner;
    const SourceCluster *cluster = cluster_of(list, view);
    const char *const parts[] = {
        kind, view->source.value, cluster ? cluster->id.value : view->host.value, what};
    planner_key_of(planner, parts, G_N_ELEMENTS(parts));
    FreezeGroup *group = find_group(list);
    if (group)
        return group;
    group = add_group(list);
    group->row = (FreezeRow){.kind = text_known(kind),
        .source = view->source,
        .datacenter = view->datacenter,
        .where = place_of(planner, cluster, view),
        .state = FREEZE_ON,
        .until = text_known(until)};
    return group;
}

static void
add_backup(FreezeList *list, const PlanItem *item, const InstanceView *view)
{
    const Planner *planner = list->planner;
    const char *evidence = NULL, *product = find_product(planner, view, &evidence);
    if (!product)
        return;
    FreezeGroup *group = place_group(list, view, "backup", product);
    if (!group->n) {
        group->row.text = text_known(arena_printf(planner->arena,
            "There are traces of %s: its jobs take snapshots, which change the disk files of these "
            "VMs.",
            product));
        group->row.evidence = text_known(
            arena_printf(planner->arena, "'%s': %s", text_or_word(view->name), evidence));
        group->row.command = text_known(arena_printf(planner->arena,
            "In %s: disable the jobs of these VMs and let running ones end; no snapshot of theirs "
            "may be left (govc snapshot.tree -vm NAME).",
            product));
        group->row.undo =
            text_known("Enable the jobs again, and make a full backup: the VM is another object "
                       "to some products once it was renamed.");
    }
    add_vm(list, group, item);
}

static void
add_tasks(FreezeList *list, const PlanItem *item, const InstanceView *view, SourceKind kind)
{
    const Planner *planner = list->planner;
    if (view->tasks.n == 0 && view->tasks.state != FACT_UNKNOWN)
        return;
    bool is_told = view->tasks.n > 0, is_kvm = kind == SOURCE_KIND_LIBVIRT;
    if (!is_told && is_kvm && view->power == POWER_OFF)
        return;
    FreezeGroup *group = place_group(list, view, "task", is_told ? "on" : "unknown");
    if (!group->n) {
        group->row.state = is_told ? FREEZE_ON : FREEZE_UNKNOWN;
        group->row.text = text_known(
            is_told ? "Tasks run on these VMs." : "Whether tasks run on these VMs was not read.");
        group->row.evidence =
            text_known(is_told ? arena_printf(planner->arena, "'%s': %s", text_or_word(view->name),
                                     join_texts(planner->arena, &view->tasks, ", "))
                               : "the source gave no list of tasks");
        group->row.command =
            text_known(is_kvm ? "Let them end: virsh domjobinfo NAME; virsh blockjob NAME DISK"
                              : "Let them end: govc tasks -f");
        group->row.undo = text_known("nothing");
    }
    add_vm(list, group, item);
}

/* --- KVM -------------------------------------------------------------------------------------- */

static void
add_autostart(FreezeList *list, const PlanItem *item, const InstanceView *view)
{
    if (!is_true(view->is_autostart))
        return;
    FreezeGroup *group = place_group(list, view, "autostart", "");
    if (!group->n) {
        group->row.text = text_known("libvirt starts these VMs when their host starts, and so does "
                                     "CloudStack once it manages them.");
        group->row.evidence = text_known(arena_printf(
            list->planner->arena, "'%s': virDomainGetAutostart is 1", text_or_word(view->name)));
        group->row.command = text_known("virsh autostart --disable NAME");
        group->row.undo = text_known("only if the import is undone: virsh autostart NAME");
        group->row.until = text_known("for good, once they are imported");
    }
    add_vm(list, group, item);
}

static bool
has_problem(const InstanceView *view, const char *id)
{
    for (size_t i = 0; i < view->problems.n; i++)
        if (!g_strcmp0(view->problems.items[i].id.value, id))
            return true;
    return false;
}

static void
add_saved_state(FreezeList *list, const PlanItem *item, const InstanceView *view)
{
    bool is_saved = has_problem(view, "managed-save");
    if (!is_saved && !has_problem(view, "checkpoints"))
        return;
    FreezeGroup *group = place_group(list, view, is_saved ? "managed-save" : "backup", "libvirt");
    if (!group->n) {
        group->row.text =
            text_known(is_saved ? "The memory of these VMs is saved: their next start goes on from "
                                  "there, whatever happened to their disks meanwhile."
                                : "Backup software keeps checkpoints of these VMs.");
        group->row.evidence =
            text_known(arena_printf(list->planner->arena, "'%s': %s", text_or_word(view->name),
                is_saved ? "libvirt has a managed save image" : "libvirt has checkpoints"));
        group->row.command = text_known(
            is_saved ? "virsh start NAME, then shut it down or let it run; or give the "
                       "saved memory up: virsh managedsave-remove NAME"
                     : "Disable the backup jobs of these VMs; virsh checkpoint-list NAME");
        group->row.undo = text_known(is_saved ? "nothing" : "Enable the jobs again.");
    }
    add_vm(list, group, item);
}

/* --- the list --------------------------------------------------------------------------------- */

static void
add_item(FreezeList *list, const PlanItem *item)
{
    const InstanceView *view = item->facts_of->source;
    const SourceInfo *source = view ? planner_source(list->planner, view) : NULL;
    if (!source)
        return; /* what CloudStack alone tells says nothing of it: see finish_list() */
    if (source->kind == SOURCE_KIND_VSPHERE) {
        add_drs(list, item, view);
        add_storage_drs(list, item, view);
    }
    add_backup(list, item, view);
    add_tasks(list, item, view, source->kind);
    if (source->kind == SOURCE_KIND_LIBVIRT) {
        add_autostart(list, item, view);
        add_saved_state(list, item, view);
    }
}

/* VMs that only CloudStack showed: whatever moves them was not read. */
static void
add_unseen(FreezeList *list, const PlanItem *item)
{
    planner_key(list->planner, "unseen", NULL, NULL);
    FreezeGroup *group = find_group(list);
    if (!group) {
        group = add_group(list);
        group->row = (FreezeRow){.kind = text_known("source-unread"),
            .source = item->instance.source,
            .where = text_known("VMs that only CloudStack's list shows"),
            .state = FREEZE_UNKNOWN,
            .text = text_known("What moves these VMs was not read: neither vCenter nor libvirt "
                               "told of them."),
            .evidence = text_known("the inventory has them from listUnmanagedInstances alone"),
            .command = text_known("Add their vCenter or hosts as a source and discover again."),
            .undo = text_known("nothing"),
            .until = text_known(until)};
    }
    add_vm(list, group, item);
}

static void
keep_rows(FreezeList *list)
{
    Plan *plan = list->planner->plan;
    Arena *arena = list->planner->arena;
    plan->n_freeze = list->groups.n;
    plan->freeze = arena_new_n(arena, FreezeRow, plan->n_freeze);
    for (size_t i = 0; i < list->groups.n; i++) {
        const FreezeGroup *group = list->groups.items[i];
        const List *names = &group->names;
        FreezeRow *row = &plan->freeze[i];
        *row = group->row;
        row->instances = int_known((int64_t)group->n);
        row->names.items = arena_memdup(arena, names->items, names->n * sizeof *names->items);
        row->names.n = names->n;
        row->names.state = FACT_KNOWN;
    }
}

void
count_freeze(Planner *planner, const PlanItem *item)
{
    if (!planner->freeze) {
        planner->freeze = arena_new(&planner->scratch, FreezeList);
        planner->freeze->planner = planner;
        planner->freeze->by_key = g_hash_table_new(key_hash, key_equal);
    }
    if (!is_concerned(item))
        return;
    if (item->facts_of->source)
        add_item(planner->freeze, item);
    else
        add_unseen(planner->freeze, item);
}

void
plan_build_freeze(Planner *planner)
{
    if (planner->freeze)
        keep_rows(planner->freeze);
}

void
freeze_release(Planner *planner)
{
    if (planner->freeze)
        g_hash_table_destroy(planner->freeze->by_key);
    planner->freeze = NULL;
}
