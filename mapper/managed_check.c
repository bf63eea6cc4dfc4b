/* SPDX-License-Identifier: Apache-2.0
 *
 * Is the instance managed already? A managed VM that was powered off outside CloudStack is listed
 * as unmanaged again, so being listed proves nothing: compare names, disks and MACs, with managed
 * VMs of every owner and state.
 *
 * A disk is a managed volume when both mean one file. The volume tells its file's name and pool
 * and, on VMware, its chain with folders and datastores; it may be recorded on a wrong pool, and a
 * snapshot that was taken outside CloudStack makes the disk another file of the same chain.
 */
#include <string.h>

#include "mapper_priv.h"

/* --- files ------------------------------------------------------------------------------------ */

/* "[ds1] web01/web01.vmdk" in its parts; none of them ends in 0. */
typedef struct FileName {
    const char *store, *folder, *base;
    size_t store_len, folder_len, base_len;
    size_t core_len; /* of the base without a snapshot's "-000001" */
} FileName;

static size_t
without_suffix(const char *text, size_t length, const char *suffix)
{
    size_t n = strlen(suffix);
    bool has_it = length > n && !g_ascii_strncasecmp(text + length - n, suffix, n);
    return has_it ? length - n : length;
}

/* "web01-000002" is a snapshot's file of "web01". */
static size_t
without_delta(const char *base, size_t length)
{
    enum { DIGITS = 6 };
    if (length <= DIGITS + 1 || base[length - DIGITS - 1] != '-')
        return length;
    for (size_t i = length - DIGITS; i < length; i++)
        if (!g_ascii_isdigit(base[i]))
            return length;
    return length - DIGITS - 1;
}

static FileName
file_name(const char *path)
{
    const char *end = strchr(path, ']'), *start = path;
    FileName name = {0};
    if (*path == '[' && end) {
        name.store = path + 1;
        name.store_len = (size_t)(end - path - 1);
        start = end + 1 + strspn(end + 1, " ");
    }
    const char *slash = strrchr(start, '/');
    name.folder = start;
    name.folder_len = slash ? (size_t)(slash - start) : 0;
    name.base = slash ? slash + 1 : start;
    name.base_len = without_suffix(name.base, strlen(name.base), ".vmdk");
    name.core_len = name.store ? without_delta(name.base, name.base_len) : name.base_len;
    return name;
}

static bool
is_same_part(const char *a, size_t a_len, const char *b, size_t b_len)
{
    return a_len == b_len && !memcmp(a, b, a_len);
}

/* Files of one chain lie side by side and differ by their snapshot's number. */
static bool
is_same_chain(const FileName *a, const FileName *b)
{
    return is_same_part(a->folder, a->folder_len, b->folder, b->folder_len) &&
           is_same_part(a->base, a->core_len, b->base, b->core_len);
}

/* One character of a JSON text; what a repaired reply lost its backslash of stands for itself. */
static const char *
unescape_one(const char *p, GString *out)
{
    unsigned code = 0;
    if (*p != '\\' || !p[1]) {
        g_string_append_c(out, *p);
        return p + 1;
    }
    if (p[1] == 'u' && sscanf(p + 2, "%4x", &code) == 1) {
        g_string_append_unichar(out, code);
        return p + 2 + strspn(p + 2, "0123456789abcdefABCDEF") % 5;
    }
    g_string_append_c(out, p[1]);
    return p + 2;
}

/* The next file of a volume's chain info, {"diskChain":["[ds1] web01/web01.vmdk"]}, into @out. */
static const char *
next_of_chain(const char *p, GString *out)
{
    p = p ? strstr(p, "\"[") : NULL;
    if (!p)
        return NULL;
    g_string_truncate(out, 0);
    for (p++; *p && *p != '"';)
        p = unescape_one(p, out);
    return p;
}

/* --- index ------------------------------------------------------------------------------------ */

static void
index_file(Planner *planner, const ManagedVolume *volume, const char *base, size_t length)
{
    g_autofree char *key = g_strndup(base, length);
    const List *list = table_find(&planner->managed_files, key);
    if (!list || list->items[list->n - 1] != volume)
        table_add_to_list(&planner->scratch, &planner->managed_files,
            list ? key : arena_strdup(&planner->scratch, key), volume);
}

static void
index_volume(Planner *planner, const ManagedVolume *volume, GString *file)
{
    if (volume->path.value) {
        FileName name = file_name(volume->path.value);
        index_file(planner, volume, name.base, name.base_len);
        index_file(planner, volume, name.base, without_delta(name.base, name.base_len));
    }
    const char *chain = volume->chaininfo.value;
    while ((chain = next_of_chain(chain, file))) {
        FileName name = file_name(file->str);
        index_file(planner, volume, name.base, name.core_len);
    }
}

void
index_managed_files(Planner *planner)
{
    const Catalog *catalog = planner->catalog;
    g_autoptr(GString) file = g_string_new(NULL);
    for (size_t i = 0; i < catalog->volumes.n; i++)
        index_volume(planner, &catalog->volumes.items[i], file);
}

/* --- one disk, one volume --------------------------------------------------------------------- */

typedef enum ChainSays {
    CHAIN_IS_SILENT, /* there is none */
    CHAIN_HAS_OTHERS,
    CHAIN_HAS_FOLDER, /* the same folder and file, on a datastore of another name */
    CHAIN_HAS_FILE
} ChainSays;

static ChainSays
ask_chain(const ManagedVolume *volume, const FileName *ours, GString *file)
{
    ChainSays says = CHAIN_IS_SILENT;
    const char *chain = volume->chaininfo.value;
    while (ours->store && (chain = next_of_chain(chain, file))) {
        FileName theirs = file_name(file->str);
        bool is_chain = is_same_chain(ours, &theirs);
        bool is_store = is_same_part(ours->store, ours->store_len, theirs.store, theirs.store_len);
        ChainSays now = !is_chain ? CHAIN_HAS_OTHERS : is_store ? CHAIN_HAS_FILE : CHAIN_HAS_FOLDER;
        says = MAX(says, now);
    }
    return says;
}

static const StoragePool *
find_pool(const Planner *planner, const char *id)
{
    const Catalog *catalog = planner->catalog;
    for (size_t i = 0; id && i < catalog->pools.n; i++)
        if (!g_strcmp0(catalog->pools.items[i].id.value, id))
            return &catalog->pools.items[i];
    return NULL;
}

/* The same storage may be two pools: of two clusters, or of two zones. */
static bool
is_same_storage(const StoragePool *a, const StoragePool *b)
{
    if (a == b)
        return true;
    return a->ipaddress.value && a->path.value && !g_strcmp0(a->path.value, b->path.value) &&
           !g_strcmp0(a->ipaddress.value, b->ipaddress.value);
}

/* A volume without a chain: KVM's, which tells a block device by its whole path. */
static bool
may_be_path(const ManagedVolume *volume, const char *file, const FileName *ours)
{
    const char *path = volume->path.value;
    if (ours->store || !path)
        return true;
    return *path == '/' ? !strcmp(path, file)
                        : is_same_part(path, strlen(path), ours->base, ours->base_len);
}

/* Is the disk's datastore the volume's pool? */
static Answer
ask_pool(Task *task, const Disk *disk, const ManagedVolume *volume)
{
    const StoragePool *theirs = find_pool(task->planner, volume->storageid.value);
    const PoolMatch *match = disk ? pool_match_find(task, disk) : NULL;
    if (!match || !theirs || !match->is_known)
        return ANSWER_UNKNOWN;
    if ((match->right && is_same_storage(match->right, theirs)) ||
        (match->second && is_same_storage(match->second, theirs)))
        return ANSWER_YES;
    return ANSWER_NO;
}

static Answer
is_same_file(Task *task, const Disk *disk, const char *file, const ManagedVolume *volume)
{
    static const Answer answers[][3] = {
        /* the pool is: another, the same, not known */
        [CHAIN_IS_SILENT] = {ANSWER_NO, ANSWER_YES, ANSWER_UNKNOWN},
        [CHAIN_HAS_OTHERS] = {ANSWER_NO, ANSWER_NO, ANSWER_NO},
        [CHAIN_HAS_FOLDER] = {ANSWER_NO, ANSWER_YES, ANSWER_UNKNOWN},
        [CHAIN_HAS_FILE] = {ANSWER_UNKNOWN, ANSWER_YES, ANSWER_YES},
    };
    FileName ours = file_name(file);
    g_autoptr(GString) buffer = g_string_new(NULL);
    ChainSays says = ask_chain(volume, &ours, buffer);
    if (says == CHAIN_IS_SILENT && !may_be_path(volume, file, &ours))
        return ANSWER_NO;
    return answers[says][ask_pool(task, disk, volume)];
}

/* --- what is found ---------------------------------------------------------------------------- */

/* What speaks for the one or the other while the disks are compared. */
typedef struct Suspicion {
    const ManagedVolume *volume; /* that may be one of the disks */
    const char *file;
} Suspicion;

static const char *
owner_text(const Planner *planner, const ManagedVm *vm)
{
    const Domain *domain =
        vm->domainid.value ? table_find(&planner->domains, vm->domainid.value) : NULL;
    const Project *project =
        vm->projectid.value ? table_find(&planner->projects, vm->projectid.value) : NULL;
    const char *of = project               ? text_or_word(project->name)
                     : vm->projectid.value ? vm->projectid.value
                                           : text_or_word(vm->account);
    return arena_printf(planner->arena, "state %s, %s '%s' of domain '%s'", text_or_word(vm->state),
        vm->projectid.value ? "project" : "account", of,
        domain ? text_or_word(domain->path) : text_or_word(vm->domainid));
}

static const char *
cure_text(const Planner *planner, const ManagedVm *vm)
{
    const char *id = text_or_word(vm->id), *state = text_or_word(vm->state);
    if (!strcmp(state, "Destroyed"))
        return arena_printf(planner->arena, "It can be had back: recoverVirtualMachine id=%s", id);
    if (!strcmp(state, "Expunging") || !strcmp(state, "Error"))
        return arena_printf(planner->arena,
            "CloudStack is about to delete it or failed to: look at it before anything else "
            "(listVirtualMachines id=%s listall=true)",
            id);
    return arena_printf(planner->arena,
        "If it runs at the source and its record says Stopped, or the other way round, power it "
        "to what the record says; then look again: listVirtualMachines id=%s listall=true",
        id);
}

static const char *
vm_text(const Planner *planner, const ManagedVm *vm)
{
    return arena_printf(
        planner->arena, "'%s' (%s)", text_or_word(vm->displayname), text_or_word(vm->instancename));
}

/* The names of VMs on hosts of the cluster that are Up are passed over: it was listed before it was
 * recorded, or before it was powered on. */
static bool
is_hidden_by_now(const Task *task, const ManagedVm *vm)
{
    const Catalog *catalog = task->planner->catalog;
    const char *cluster = task->item->choice.clusterid.value;
    if (!vm->hostid.value || g_strcmp0(vm->instancename.value, task->item->choice.name.value) != 0)
        return false;
    for (size_t i = 0; i < catalog->hosts.n; i++)
        if (!g_strcmp0(catalog->hosts.items[i].id.value, vm->hostid.value))
            return !g_strcmp0(catalog->hosts.items[i].clusterid.value, cluster) &&
                   !g_strcmp0(catalog->hosts.items[i].state.value, "Up");
    return false;
}

static void
find_managed(Task *task, const ManagedVm *vm, const char *by)
{
    const Planner *planner = task->planner;
    task->managed = vm;
    bool is_listed = task->instance->cloudstack && !is_hidden_by_now(task, vm);
    Finding *finding =
        add_finding(task, is_listed ? FINDING_MANAGED_LISTED_AGAIN : FINDING_ALREADY_MANAGED, NULL,
            (FindingArg[FINDING_ARGS_MAX]){ARG(vm_text(planner, vm)), ARG(text_or_word(vm->id)),
                ARG(owner_text(planner, vm)), ARG(by),
                ARG(text_or_word(task->item->choice.clusterid)), ARG(cure_text(planner, vm))});
    /* Where names are hidden host by host, a VM on another host than recorded is found. */
    finding->is_unforetold = RELEASES_ASK(&planner->releases, hides_names_by_host) != ANSWER_NO;
}

static bool
is_same_hypervisor(const Task *task, const ManagedVm *vm)
{
    const char *word = hypervisor_word(task->hypervisor);
    return !word || !vm->hypervisor.value || !g_ascii_strcasecmp(vm->hypervisor.value, word);
}

/* --- by disk ---------------------------------------------------------------------------------- */

static const char *
volume_text(const Planner *planner, const ManagedVolume *volume)
{
    return arena_printf(
        planner->arena, "'%s' (%s)", text_or_word(volume->name), text_or_word(volume->id));
}

static bool
find_owner_of(Task *task, const Disk *disk, const char *file, const ManagedVolume *volume)
{
    const Planner *planner = task->planner;
    const ManagedVm *vm = volume->virtualmachineid.value
                              ? table_find(&planner->managed_ids, volume->virtualmachineid.value)
                              : NULL;
    if (vm && !is_same_hypervisor(task, vm))
        return false;
    if (vm)
        find_managed(task, vm,
            arena_printf(planner->arena, "the path of a disk, '%s', which is volume %s", file,
                volume_text(planner, volume)));
    else
        FIND(task, DISK_IS_MANAGED, disk ? disk->id.value : NULL, ARG(volume_text(planner, volume)),
            ARG(file), ARG(text_or_word(volume->state)));
    return true;
}

static bool
check_file(Task *task, const Disk *disk, const char *file, Suspicion *suspicion)
{
    Planner *planner = task->planner;
    FileName name = file_name(file);
    g_autofree char *base = g_strndup(name.base, name.core_len);
    const List *list = table_find(&planner->managed_files, base);
    for (size_t i = 0; list && i < list->n; i++) {
        const ManagedVolume *volume = list->items[i];
        Answer is_same = is_same_file(task, disk, file, volume);
        if (is_same == ANSWER_YES && find_owner_of(task, disk, file, volume))
            return true;
        if (is_same == ANSWER_UNKNOWN && !suspicion->volume)
            *suspicion = (Suspicion){volume, file};
    }
    return false;
}

/* As the source sees the disk: it tells the files behind it, which CloudStack's reader does not. */
static const Disk *
find_source_disk(const Task *task, const Disk *disk)
{
    const InstanceView *source = task->instance->source;
    for (size_t i = 0; source && source != task->server && i < source->disks.n; i++)
        if (disk->id.value && !g_strcmp0(source->disks.items[i].id.value, disk->id.value))
            return &source->disks.items[i];
    return source == task->server ? disk : NULL;
}

static bool
check_disk(Task *task, const Disk *disk, Suspicion *suspicion)
{
    if (disk->path.value && check_file(task, disk, disk->path.value, suspicion))
        return true;
    const Disk *source = find_source_disk(task, disk);
    for (size_t i = 0; source && i < source->chain.n; i++)
        if (check_file(task, disk, source->chain.items[i], suspicion))
            return true;
    return source && source != disk && source->path.value &&
           check_file(task, disk, source->path.value, suspicion);
}

static bool
check_by_disk(Task *task, Suspicion *suspicion)
{
    if (!task->planner->managed_files.n)
        return false;
    for (size_t i = 0; i < task->server->disks.n; i++)
        if (check_disk(task, &task->server->disks.items[i], suspicion))
            return true;
    return false;
}

/* --- by name ---------------------------------------------------------------------------------- */

static const List *
volumes_of(const Task *task, const ManagedVm *vm)
{
    return vm->id.value ? table_find(&task->planner->managed_volumes, vm->id.value) : NULL;
}

/* The managed VM has disks, and none of them is ours. */
static bool
has_other_disks(const Task *task, const ManagedVm *vm, const Suspicion *suspicion)
{
    const List *list = volumes_of(task, vm);
    return list && list->n && task->server->disks.n &&
           !(suspicion->volume &&
               !g_strcmp0(suspicion->volume->virtualmachineid.value, vm->id.value));
}

static bool
has_mac(const InstanceView *view, const char *mac)
{
    for (size_t i = 0; i < view->nics.n; i++)
        if (view->nics.items[i].mac.value && mac &&
            !g_ascii_strcasecmp(view->nics.items[i].mac.value, mac))
            return true;
    return false;
}

static size_t
count_common_macs(const InstanceView *view, const ManagedVm *vm)
{
    size_t n = 0;
    for (size_t i = 0; i < vm->nic.n; i++)
        n += has_mac(view, vm->nic.items[i].macaddress.value);
    return n;
}

/* Only the name is the same: both sides tell disks and MACs, and none of them agrees. */
static bool
is_namesake(const Task *task, const ManagedVm *vm, const Suspicion *suspicion)
{
    return has_other_disks(task, vm, suspicion) && vm->nic.n && task->server->nics.n &&
           !count_common_macs(task->server, vm);
}

static bool
check_by_name(Task *task, const Suspicion *suspicion)
{
    Planner *planner = task->planner;
    const char *name = task->server->name.value;
    const List *list = name ? table_find(&planner->managed_names, name) : NULL;
    for (size_t i = 0; list && i < list->n; i++) {
        const ManagedVm *vm = list->items[i];
        bool is_in_zone =
            !vm->zoneid.value || !g_strcmp0(vm->zoneid.value, planner->zone->id.value);
        if (!is_in_zone || !is_same_hypervisor(task, vm))
            continue;
        if (!is_namesake(task, vm, suspicion)) {
            find_managed(task, vm, "name");
            return true;
        }
        task->managed = vm;
        FIND(task, NAME_IS_MANAGED, NULL, ARG(vm_text(planner, vm)), ARG(text_or_word(vm->id)),
            ARG(owner_text(planner, vm)), ARG(text_or_word(task->item->choice.clusterid)),
            ARG(rename_text(task)))
            ->is_unforetold = task->instance->cloudstack != NULL;
        return true;
    }
    return false;
}

/* --- by MAC ----------------------------------------------------------------------------------- */

static int
compare_sizes(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static bool
has_disk_sizes_of(const Task *task, const ManagedVm *vm)
{
    const List *list = volumes_of(task, vm);
    size_t n = task->server->disks.n;
    if (!list || list->n != n)
        return false;
    g_autofree int64_t *ours = g_new(int64_t, n + 1), *theirs = g_new(int64_t, n + 1);
    for (size_t i = 0; i < n; i++) {
        const ManagedVolume *volume = list->items[i];
        ours[i] = task->server->disks.items[i].capacity_bytes.value;
        theirs[i] = volume->size.value;
    }
    qsort(ours, n, sizeof *ours, compare_sizes);
    qsort(theirs, n, sizeof *theirs, compare_sizes);
    return n && ours[0] > 0 && !memcmp(ours, theirs, n * sizeof *ours);
}

/* All its MACs and the sizes of all its disks, elsewhere: it was moved and renamed, or copied. */
static bool
is_lookalike(const Task *task, const ManagedVm *vm)
{
    return vm->nic.n && vm->nic.n == task->server->nics.n &&
           count_common_macs(task->server, vm) == vm->nic.n && has_disk_sizes_of(task, vm);
}

static bool
check_by_mac(Task *task, const Suspicion *suspicion)
{
    const InstanceView *server = task->server;
    for (size_t i = 0; i < server->nics.n; i++) {
        const char *mac = server->nics.items[i].mac.value;
        const List *list = mac ? table_find(&task->planner->managed_macs, mac) : NULL;
        for (size_t j = 0; list && j < list->n; j++) {
            const ManagedVm *vm = ((const ManagedNicRef *)list->items[j])->vm;
            if (!is_same_hypervisor(task, vm))
                continue;
            if (!has_other_disks(task, vm, suspicion)) {
                find_managed(task, vm, "a MAC address");
                return true;
            }
            if (!i && is_lookalike(task, vm))
                FIND(task, LOOKALIKE_MANAGED, NULL, ARG(vm_text(task->planner, vm)),
                    ARG(text_or_word(vm->id)), ARG(owner_text(task->planner, vm)),
                    ARG_N((int64_t)vm->nic.n), ARG_N((int64_t)server->disks.n));
        }
    }
    return false;
}

/* --- all of it -------------------------------------------------------------------------------- */

void
check_managed(Task *task)
{
    const Planner *planner = task->planner;
    const Catalog *catalog = planner->catalog;
    Suspicion suspicion = {0};
    if (is_true(task->view->is_template))
        return;
    bool is_managed = check_by_disk(task, &suspicion) || check_by_name(task, &suspicion) ||
                      check_by_mac(task, &suspicion);
    if (!is_managed && !is_read(&catalog->vms))
        find_unread_list(task, "vms");
    if (!is_managed && !is_read(&catalog->volumes) && task->server->disks.n)
        find_unread_list(task, "volumes");
    if (!is_managed && suspicion.volume)
        FIND(task, MANAGED_UNDECIDED, NULL, ARG(volume_text(planner, suspicion.volume)),
            ARG(suspicion.file), ARG(text_or_word(suspicion.volume->storage)));
    const char *mark = task->view->managed_by.value;
    if (mark && !is_managed)
        FIND(task, LOOKS_MANAGED, NULL, ARG(mark));
}
