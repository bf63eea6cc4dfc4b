/* SPDX-License-Identifier: Apache-2.0
 *
 * Is the instance managed already? A managed VM that was powered off outside CloudStack is listed
 * as unmanaged again, so being listed proves nothing: compare names, disks and MACs.
 */
#include <string.h>

#include "mapper_priv.h"

/* "[ds1] web01/web01.vmdk" -> "web01"; "/mnt/x/a.qcow2" -> "a.qcow2" */
static const char *
volume_path_of(const Task *task, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *bracket = strstr(path, "] ");
    const char *base = slash ? slash + 1 : bracket ? bracket + 2 : path;
    GString *key = task->planner->key;
    g_string_assign(key, base);
    if (task->hypervisor == HYPERVISOR_VMWARE && g_str_has_suffix(base, ".vmdk"))
        g_string_truncate(key, key->len - strlen(".vmdk"));
    return key->str;
}

/* Does the volume's chain name the file with its folder? Without a chain nothing speaks against. */
static bool
chain_agrees(const ManagedVolume *volume, const char *path)
{
    if (!volume->chaininfo.value || !*volume->chaininfo.value)
        return true;
    const char *bracket = strstr(path, "] ");
    return strstr(volume->chaininfo.value, bracket ? bracket + 2 : path) != NULL;
}

static const ManagedVolume *
find_volume(const Task *task, const Disk *disk, const StoragePool *pool)
{
    if (!disk->path.value)
        return NULL;
    const GPtrArray *list =
        g_hash_table_lookup(task->planner->managed_paths, volume_path_of(task, disk->path.value));
    for (guint i = 0; list && i < list->len; i++) {
        const ManagedVolume *volume = g_ptr_array_index(list, i);
        bool is_there = pool && !g_strcmp0(volume->storageid.value, pool->id.value);
        if (is_there && chain_agrees(volume, disk->path.value))
            return volume;
    }
    return NULL;
}

static const ManagedVm *
find_vm(const Planner *planner, const char *id)
{
    for (size_t i = 0; id && i < planner->catalog->vms.n; i++)
        if (!g_strcmp0(planner->catalog->vms.items[i].id.value, id))
            return &planner->catalog->vms.items[i];
    return NULL;
}

static void
find_managed(Task *task, const ManagedVm *vm, const char *by)
{
    task->managed = vm;
    add_finding(task,
        task->instance->cloudstack ? FINDING_MANAGED_LISTED_AGAIN : FINDING_ALREADY_MANAGED, NULL,
        (FindingArg[FINDING_ARGS_MAX]){ARG(text_or_word(vm->displayname)),
            ARG(text_or_word(vm->instancename)), ARG(text_or_word(vm->id)),
            ARG(text_or_word(vm->state)), ARG(by),
            ARG(text_or_word(task->item->choice.clusterid))});
}

static bool
is_same_hypervisor(const Task *task, const ManagedVm *vm)
{
    const char *word = hypervisor_word(task->hypervisor);
    return !word || !vm->hypervisor.value || !g_ascii_strcasecmp(vm->hypervisor.value, word);
}

static bool
check_by_name(Task *task)
{
    Planner *planner = task->planner;
    const char *name = task->server->name.value;
    const GPtrArray *list = name ? g_hash_table_lookup(planner->managed_names, name) : NULL;
    for (guint i = 0; list && i < list->len; i++) {
        const ManagedVm *vm = g_ptr_array_index(list, i);
        bool is_in_zone =
            !vm->zoneid.value || !g_strcmp0(vm->zoneid.value, planner->zone->id.value);
        if (!is_in_zone || !is_same_hypervisor(task, vm))
            continue;
        find_managed(task, vm, "name");
        return true;
    }
    return false;
}

static bool
check_by_disk(Task *task)
{
    const InstanceView *server = task->server;
    for (size_t i = 0; i < server->disks.n; i++) {
        const Disk *disk = &server->disks.items[i];
        const ManagedVolume *volume = find_volume(task, disk, pool_match_find(task, disk)->right);
        const ManagedVm *vm =
            volume ? find_vm(task->planner, volume->virtualmachineid.value) : NULL;
        if (!vm)
            continue;
        find_managed(task, vm, "the path of a disk");
        return true;
    }
    return false;
}

/* The managed VM has disks, and none of them is ours: the MAC is merely used twice. */
static bool
has_other_disks(const Task *task, const ManagedVm *vm)
{
    const GPtrArray *list =
        vm->id.value ? g_hash_table_lookup(task->planner->managed_volumes, vm->id.value) : NULL;
    return list && list->len && task->server->disks.n;
}

static bool
check_by_mac(Task *task)
{
    const InstanceView *server = task->server;
    for (size_t i = 0; i < server->nics.n; i++) {
        const char *mac = server->nics.items[i].mac.value;
        const GPtrArray *list = mac ? g_hash_table_lookup(task->planner->managed_macs, mac) : NULL;
        for (guint j = 0; list && j < list->len; j++) {
            const ManagedNicRef *ref = g_ptr_array_index(list, j);
            if (!is_same_hypervisor(task, ref->vm) || has_other_disks(task, ref->vm))
                continue;
            find_managed(task, ref->vm, "a MAC address");
            return true;
        }
    }
    return false;
}

void
check_managed(Task *task)
{
    const Planner *planner = task->planner;
    const Catalog *catalog = planner->catalog;
    if (is_true(task->view->is_template))
        return;
    if (!is_read(&catalog->vms))
        find_unread_list(task, "vms");
    bool is_managed = check_by_name(task) || check_by_disk(task) || check_by_mac(task);
    const char *mark = task->view->managed_by.value;
    if (mark && !is_managed)
        FIND(task, LOOKS_MANAGED, NULL, ARG(mark));
}
