/* SPDX-License-Identifier: Apache-2.0
 *
 * What the server does not look at, but an operator must know before a VM is handed over.
 */
#include <string.h>

#include "trap_priv.h"

static const char *
label_of(const Disk *disk)
{
    return disk->label.value ? disk->label.value : text_or_word(disk->id);
}

static void
check_power(Task *task)
{
    const InstanceView *view = task->view;
    if (view->power == POWER_SUSPENDED)
        FIND(task, SUSPENDED, NULL, ARG(""));
    else if (view->power == POWER_UNKNOWN && task->server->power == POWER_UNKNOWN)
        FIND(task, POWER_UNKNOWN, NULL, ARG(text_or_word(view->source)))->severity =
            task->instance->cloudstack ? SEVERITY_WARNING : SEVERITY_UNKNOWN;
    if (view->connection > CONNECTION_CONNECTED && view->connection < CONNECTION_N)
        FIND(task, NOT_CONNECTED, NULL, ARG(connection_words[view->connection]));
    if (view->question.value)
        FIND(task, QUESTION_PENDING, NULL, ARG(view->question.value));
    if (view->tasks.n)
        FIND(task, TASK_RUNNING, NULL, ARG(view->tasks.items[0]));
    if (view->is_persistent.state == FACT_KNOWN && !view->is_persistent.value)
        FIND(task, NOT_PERSISTENT, NULL, ARG(""));
}

static void
check_snapshots(Task *task)
{
    const InstanceView *view = task->view;
    if (view->snapshots.n)
        FIND(task, SNAPSHOTS, NULL, ARG_N((int64_t)view->snapshots.n),
            ARG(text_or_word(view->snapshots.items[view->snapshots.n - 1].name)));
    if (is_true(view->needs_consolidation))
        FIND(task, CONSOLIDATION, NULL, ARG(""));
}

static void
check_devices(Task *task)
{
    static const char *const of_the_host[] = {"pci-passthrough", "sriov", "vgpu", NULL};
    const InstanceView *view = task->view;
    for (size_t i = 0; i < view->devices.n; i++) {
        const Device *device = &view->devices.items[i];
        bool is_of_host = device->kind.value && g_strv_contains(of_the_host, device->kind.value);
        add_finding(task, is_of_host ? FINDING_PASSTHROUGH : FINDING_DEVICE_NOT_CARRIED, NULL,
            (FindingArg[FINDING_ARGS_MAX]){
                ARG(text_or_word(device->kind)), ARG(text_or_word(device->label))});
    }
    for (size_t i = 0; i < view->cdroms.n; i++)
        if (is_true(view->cdroms.items[i].is_connected) && view->cdroms.items[i].path.value)
            FIND(task, CDROM_CONNECTED, NULL, ARG(view->cdroms.items[i].path.value));
    if (is_true(view->has_vtpm))
        FIND(task, VTPM, NULL, ARG(""));
    if (is_true(view->is_encrypted))
        FIND(task, VM_ENCRYPTED, NULL, ARG(""));
    if (is_true(view->is_fault_tolerant))
        FIND(task, FAULT_TOLERANT, NULL, ARG(""));
}

static void
check_disk_kind(Task *task, const Disk *disk)
{
    const char *id = disk->id.value, *label = label_of(disk);
    const char *backing = text_or_word(disk->backing_type);
    bool is_vmware = task->hypervisor == HYPERVISOR_VMWARE || task->target;
    if (disk->backing == DISK_BACKING_RDM)
        FIND(task, DISK_RAW_MAPPED, id, ARG(label), ARG(backing));
    else if (disk->backing == DISK_BACKING_OTHER ||
             (!is_vmware && disk->backing == DISK_BACKING_VOLUME) ||
             (is_vmware && disk->backing_type.value && disk->backing == DISK_BACKING_FILE &&
                 strcmp(backing, "VirtualDiskFlatVer2BackingInfo") != 0))
        FIND(task, DISK_KIND_UNREADABLE, id, ARG(label), ARG(backing));
    if (is_true(disk->is_shared))
        FIND(task, DISK_SHARED, id, ARG(label), ARG(text_or_word(disk->sharing)));
    if (is_true(disk->is_independent))
        FIND(task, DISK_INDEPENDENT, id, ARG(label), ARG(text_or_word(disk->mode)));
    if (is_true(disk->is_encrypted))
        FIND(task, DISK_ENCRYPTED, id, ARG(label), ARG(backing));
}

/* What an operator must know before the import and no source has told. */
static void
check_untold(Task *task)
{
    const InstanceView *view = task->view;
    bool has_sharing = true, has_kind = true;
    for (size_t i = 0; i < view->disks.n; i++) {
        has_sharing &= view->disks.items[i].is_shared.state != FACT_UNKNOWN;
        has_kind &= view->disks.items[i].backing != DISK_BACKING_UNKNOWN;
    }
    const struct {
        bool is_told;
        const char *what; /* the VM has */
    } traps[] = {{view->snapshots.state != FACT_UNKNOWN, "snapshots"},
        {view->devices.state != FACT_UNKNOWN, "devices of its host"},
        {has_sharing, "disks shared with others"}, {has_kind, "raw mapped disks"},
        {view->is_encrypted.state != FACT_UNKNOWN, "encrypted disks"},
        {view->firmware != FIRMWARE_UNKNOWN, "UEFI firmware"},
        {view->tunings.state != FACT_UNKNOWN, "settings that a start resets"}};
    GString *untold = g_string_truncate(task->planner->key, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(traps); i++)
        if (!traps[i].is_told)
            g_string_append_printf(untold, "%s%s", untold->len ? ", " : "", traps[i].what);
    if (untold->len)
        FIND(task, TRAPS_UNTOLD, NULL, ARG(arena_intern(task->planner->arena, untold->str)),
            ARG(text_or_word(view->source)));
}

static void
check_problems(Task *task)
{
    const InstanceView *view = task->view;
    for (size_t i = 0; i < view->problems.n; i++) {
        const Problem *problem = &view->problems.items[i];
        const char *id = problem->id.value ? problem->id.value : "";
        FindingArg args[FINDING_ARGS_MAX] = {ARG(text_or_word(problem->text)),
            ARG(problem->evidence.value ? problem->evidence.value : "")};
        FindingId kind = FINDING_SOURCE_PROBLEM;
        if (g_str_has_prefix(id, "nic-"))
            kind = FINDING_NIC_UNREAD;
        else if (g_str_has_prefix(id, "disk-"))
            kind = FINDING_DISK_UNREAD;
        else if (!strcmp(id, "config-unread")) {
            kind = FINDING_FACTS_UNREAD;
            args[0] = ARG("The configuration");
            args[1] = ARG(text_or_word(view->source));
        }
        add_finding(task, kind, problem->about.value, args);
    }
}

static bool
has_nic(const InstanceView *view, const Nic *wanted)
{
    for (size_t i = 0; i < view->nics.n; i++)
        if (wanted->mac.value && !g_strcmp0(view->nics.items[i].mac.value, wanted->mac.value))
            return true;
    return false;
}

static bool
has_disk(const InstanceView *view, const Disk *wanted)
{
    for (size_t i = 0; i < view->disks.n; i++)
        if (!g_strcmp0(view->disks.items[i].id.value, wanted->id.value) ||
            !g_strcmp0(view->disks.items[i].path.value, wanted->path.value))
            return true;
    return false;
}

/* "Network adapter 2 (VLAN20), ...": the NICs that only the source shows. */
static const char *
nics_lost(Arena *arena, const InstanceView *source, const InstanceView *cloudstack)
{
    g_autoptr(GString) lost = g_string_new(NULL);
    for (size_t i = 0; i < source->nics.n; i++)
        if (!has_nic(cloudstack, &source->nics.items[i]))
            g_string_append_printf(lost, "%s%s (%s)", lost->len ? ", " : "",
                text_or_word(source->nics.items[i].id),
                text_or_word(source->nics.items[i].network));
    return lost->len ? arena_strndup(arena, lost->str, lost->len) : "none by its MAC";
}

static const char *
disks_lost(Arena *arena, const InstanceView *source, const InstanceView *cloudstack)
{
    g_autoptr(GString) lost = g_string_new(NULL);
    for (size_t i = 0; i < source->disks.n; i++)
        if (!has_disk(cloudstack, &source->disks.items[i]))
            g_string_append_printf(lost, "%s%s (%s)", lost->len ? ", " : "",
                label_of(&source->disks.items[i]),
                text_or_word(source->disks.items[i].backing_type));
    return lost->len ? arena_strndup(arena, lost->str, lost->len) : "none by its id";
}

/* CloudStack's reader leaves out what it does not understand. */
static void
check_counts(Task *task)
{
    Arena *arena = task->planner->arena;
    const Instance *instance = task->instance;
    if (!instance->source || !instance->cloudstack)
        return;
    const InstanceView *source = instance->source, *cloudstack = instance->cloudstack;
    if (source->nics.state == FACT_KNOWN && cloudstack->nics.n != source->nics.n)
        FIND(task, NICS_DIFFER, NULL, ARG_N((int64_t)cloudstack->nics.n),
            ARG_N((int64_t)source->nics.n), ARG(nics_lost(arena, source, cloudstack)));
    if (source->disks.state == FACT_KNOWN && cloudstack->disks.n != source->disks.n)
        FIND(task, DISKS_DIFFER, NULL, ARG_N((int64_t)cloudstack->disks.n),
            ARG_N((int64_t)source->disks.n), ARG(disks_lost(arena, source, cloudstack)));
}

void
check_source(Task *task)
{
    check_power(task);
    check_counts(task);
    check_snapshots(task);
    check_devices(task);
    for (size_t i = 0; i < task->view->disks.n; i++)
        check_disk_kind(task, &task->view->disks.items[i]);
    check_instance_traps(task);
    check_untold(task);
    check_problems(task);
}
