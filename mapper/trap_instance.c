/* SPDX-License-Identifier: Apache-2.0
 *
 * Traps in what a VM is at its source: what its disks rest on, what else works on it, and names
 * that tools trip over.
 */
#include <string.h>

#include "trap_priv.h"

enum { DISKS_MANY = 64, NICS_MANY = 10 };

/* --- disks ------------------------------------------------------------------------------------ */

/* "[ds1] base/" of "[ds1] base/base.vmdk": where a file lies. */
static size_t
folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) : 0;
}

/* A disk whose content partly lies in a file that is not its own. */
static bool
is_linked(const Task *task, const Disk *disk, const char *base)
{
    if (task->hypervisor == HYPERVISOR_KVM)
        return task->view->snapshots.state == FACT_KNOWN && !task->view->snapshots.n;
    size_t length = folder_length(base);
    return disk->path.value && (length != folder_length(disk->path.value) ||
                                   strncmp(base, disk->path.value, length) != 0);
}

static void
check_disk_traps(Task *task)
{
    const InstanceView *view = task->view;
    for (size_t i = 0; i < view->disks.n; i++) {
        const Disk *disk = &view->disks.items[i];
        const char *label = disk->label.value ? disk->label.value : text_or_word(disk->id);
        const char *base = disk->chain.n ? disk->chain.items[disk->chain.n - 1] : NULL;
        if (base && is_linked(task, disk, base))
            FIND(task, LINKED_CLONE, disk->id.value, ARG(label), ARG(base));
        if (task->hypervisor == HYPERVISOR_KVM && !g_strcmp0(disk->format.value, "raw") &&
            disk->backing == DISK_BACKING_FILE)
            FIND(task, DISK_FORMAT_RECORDED, disk->id.value, ARG(label), ARG(disk->format.value));
        if (is_true(disk->is_read_only))
            FIND(task, DISK_READ_ONLY, disk->id.value, ARG(label));
    }
    if (view->disks.n > DISKS_MANY)
        FIND(task, MANY_DEVICES, NULL, ARG_N((int64_t)view->disks.n), ARG("disks"),
            ARG_N(DISKS_MANY));
    if (view->nics.n > NICS_MANY)
        FIND(task, MANY_DEVICES, NULL, ARG_N((int64_t)view->nics.n), ARG("NICs"), ARG_N(NICS_MANY));
}

/* The datastore cluster that a disk lies in, once for each. What is converted is read as a whole,
 * wherever it lies. */
static void
check_datastore_clusters(Task *task)
{
    const InstanceView *view = task->view;
    const char *last = NULL;
    for (size_t i = 0; i < view->disks.n && !task->target; i++) {
        const Disk *disk = &view->disks.items[i];
        const Datastore *datastore = disk->datastore.value
                                         ? inventory_find_datastore(task->planner->inventory,
                                               view->source.value, disk->datastore.value)
                                         : NULL;
        const char *pod = datastore ? datastore->pod.value : NULL;
        if (pod && g_strcmp0(pod, last) != 0)
            FIND(task, DATASTORE_CLUSTER, disk->id.value, ARG(text_or_word(datastore->name)),
                ARG(pod));
        last = pod ? pod : last;
    }
}

/* --- who else works on it --------------------------------------------------------------------- */

static const char *
tuning_of(const InstanceView *view, const char *key)
{
    for (size_t i = 0; i < view->tunings.n; i++)
        if (!g_strcmp0(view->tunings.items[i].key.value, key))
            return text_or_word(view->tunings.items[i].value);
    return NULL;
}

/* Backup products make a snapshot for as long as they copy, and call it by their name. */
static const char *
backup_snapshot(const InstanceView *view)
{
    static const char *const patterns[] = {"*VEEAM BACKUP TEMPORARY*", "Consolidate Helper*",
        "*NBU_SNAPSHOT*", "*GX_BACKUP*", "*NAKIVO*", "*Acronis*", "*Altaro*", "*avamar*",
        "*NetWorker*", "*Rubrik*", "*Cohesity*", "smvi_*", "VDP-*"};
    for (size_t i = 0; i < view->snapshots.n; i++)
        for (size_t j = 0; view->snapshots.items[i].name.value && j < G_N_ELEMENTS(patterns); j++)
            if (glob_match(patterns[j], view->snapshots.items[i].name.value))
                return view->snapshots.items[i].name.value;
    return NULL;
}

static void
check_others_at_work(Task *task)
{
    const InstanceView *view = task->view;
    const char *backup = backup_snapshot(view), *replication = tuning_of(view, "replication");
    if (backup)
        FIND(task, BACKUP_RUNNING, NULL, ARG(backup));
    if (replication)
        FIND(task, REPLICATED, NULL, ARG(replication));
    if (is_true(view->has_change_tracking))
        FIND(task, CHANGE_TRACKING, NULL, ARG(""));
    if (view->vapp.value)
        FIND(task, IN_VAPP, NULL, ARG(view->vapp.value));
    if (is_true(view->is_autostart) && task->hypervisor == HYPERVISOR_KVM)
        FIND(task, AUTOSTART, NULL, ARG(""));
}

/* --- names ------------------------------------------------------------------------------------ */

/* Adds "folder 'a b'" for a name that holds blanks or signs that tools trip over. */
static void
add_odd_name(GString *odd, const char *what, const char *name)
{
    bool is_odd = false;
    for (const char *p = name; p && *p; p++)
        is_odd |= !g_ascii_isalnum(*p) && !strchr("-_./", *p);
    if (is_odd)
        g_string_append_printf(odd, "%s%s '%s'", odd->len ? ", " : "", what, name);
}

static void
check_names(Task *task)
{
    const InstanceView *view = task->view;
    GString *odd = g_string_truncate(task->planner->key, 0);
    add_odd_name(odd, "VM", view->name.value);
    if (task->hypervisor == HYPERVISOR_VMWARE) {
        add_odd_name(odd, "folder", view->path.value);
        add_odd_name(odd, "cluster", view->cluster_name.value);
        add_odd_name(odd, "datacenter", view->datacenter.value);
    }
    const char *last = NULL;
    for (size_t i = 0; i < view->disks.n; i++) {
        const char *name = view->disks.items[i].datastore_name.value;
        if (name && task->hypervisor == HYPERVISOR_VMWARE && g_strcmp0(name, last) != 0)
            add_odd_name(odd, "datastore", name);
        last = name ? name : last;
    }
    if (odd->len)
        FIND(task, NAMES_ODD, NULL, ARG(arena_intern(task->planner->arena, odd->str)));
}

void
check_instance_traps(Task *task)
{
    check_disk_traps(task);
    check_datastore_clusters(task);
    check_others_at_work(task);
    check_names(task);
}
