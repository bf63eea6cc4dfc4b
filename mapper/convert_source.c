/* SPDX-License-Identifier: Apache-2.0
 *
 * The VM that is converted, as the server finds it in vCenter; what virt-v2v can make of its guest;
 * and what whoever converts must know.
 */
#include <string.h>

#include "convert_priv.h"

/* --- is it found? ----------------------------------------------------------------------------- */

/* VMs and templates of that name in the VM's datacenter: the server looks in all of its folders. */
static size_t
count_named(const Task *task, const char *name)
{
    const Inventory *inventory = task->planner->inventory;
    const InstanceView *own = task->view;
    size_t n = 0;
    for (size_t i = 0; i < inventory->n_instances; i++) {
        const InstanceView *view = instance_view(&inventory->instances[i]);
        n += !g_strcmp0(view->name.value, name) &&
             !g_strcmp0(view->source.value, own->source.value) &&
             !g_strcmp0(view->datacenter.value, own->datacenter.value);
    }
    return n;
}

static bool
is_only_name(const Task *task)
{
    const NameUses *uses = name_uses_find(task->planner, task->view->name.value);
    return !uses || is_true(task->view->is_template) || uses->n < 2;
}

static void
check_found(Task *task)
{
    const Planner *planner = task->planner;
    const Choice *choice = &task->item->choice;
    const char *own = task->view->datacenter.value, *name = choice->name.value;
    const VmwareDc *dc = find_vmware_dc(planner, choice->convert.existingvcenterid.value);
    Text datacenter = dc ? dc->name : choice->convert.datacentername;
    const char *vcenter = text_or_word(dc ? dc->vcenter : choice->convert.vcenter);
    bool is_named = !g_strcmp0(name, task->view->name.value);
    if (own && datacenter.value && strcmp(own, datacenter.value) != 0)
        FIND(task, CONVERT_VM_NOT_THERE, NULL, ARG(vcenter), ARG(datacenter.value), ARG(own));
    else if (is_named && !is_only_name(task) && count_named(task, name) > 1)
        FIND(task, CONVERT_NAME_TWICE, NULL, ARG_N((int64_t)count_named(task, name)),
            ARG(own ? own : "unknown"), ARG(rename_text(task)));
    else if (!is_named && name && *name) {
        task->is_other = count_named(task, name) > 0;
        if (task->is_other)
            FIND(task, CONVERT_NAME_OF_OTHER, NULL, ARG(name), ARG(text_or_word(task->view->name)));
        else
            FIND(task, CONVERT_VM_NOT_THERE, NULL, ARG(vcenter), ARG(text_or_word(datacenter)),
                ARG(own ? own : "unknown"));
    }
}

static void
check_spaces(Task *task)
{
    const ConvertChoice *convert = &task->item->choice.convert;
    const VmwareDc *dc = find_vmware_dc(task->planner, convert->existingvcenterid.value);
    const Text names[] = {
        dc ? dc->name : convert->datacentername, convert->clustername, convert->hostip};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i].value && strchr(names[i].value, ' ')) {
            FIND(task, CONVERT_NAME_SPACE, NULL, ARG(names[i].value));
            return;
        }
}

/* --- is it managed, or converted before? ------------------------------------------------------ */

static const char *
vm_text(const Planner *planner, const ManagedVm *vm)
{
    return arena_printf(
        planner->arena, "'%s' (%s)", text_or_word(vm->displayname), text_or_word(vm->instancename));
}

static bool
is_copy(const Choice *choice, const ManagedVm *vm)
{
    return !g_strcmp0(vm->hypervisor.value, "KVM") &&
           (!g_strcmp0(vm->displayname.value, choice->displayname.value) ||
               !g_strcmp0(vm->name.value, choice->hostname.value));
}

static bool
check_managed_vm(Task *task, const ManagedVm *vm)
{
    const Planner *planner = task->planner;
    if (is_copy(&task->item->choice, vm))
        FIND(task, CONVERT_DONE, NULL, ARG(vm_text(planner, vm)), ARG(text_or_word(vm->id)),
            ARG(text_or_word(vm->state)));
    else if (!g_strcmp0(vm->hypervisor.value, "VMware") &&
             !g_strcmp0(vm->instancename.value, task->view->name.value))
        FIND(task, CONVERT_MANAGED, NULL, ARG(vm_text(planner, vm)), ARG(text_or_word(vm->id)),
            ARG(text_or_word(vm->state)));
    else
        return false;
    return true;
}

/* By a MAC and a name, each of which others may have. */
static void
check_managed_already(Task *task)
{
    const Planner *planner = task->planner;
    const InstanceView *view = task->view;
    for (size_t i = 0; i < view->nics.n; i++) {
        const char *mac = view->nics.items[i].mac.value;
        const List *list = mac ? table_find(&planner->managed_macs, mac) : NULL;
        for (size_t j = 0; list && j < list->n; j++)
            if (check_managed_vm(task, ((const ManagedNicRef *)list->items[j])->vm))
                return;
    }
    if (!is_read(&planner->catalog->vms))
        find_unread_list(task, "vms");
}

/* --- does it run? ----------------------------------------------------------------------------- */

static bool
is_windows(const InstanceView *view)
{
    const char *id = view->guest_os_id.value, *name = view->guest_os_name.value;
    g_autofree char *lower = name ? g_ascii_strdown(name, -1) : NULL;
    return (lower && strstr(lower, "windows")) || (!name && id && g_str_has_prefix(id, "win"));
}

static bool
is_shut_down(const Task *task)
{
    return is_true(task->item->choice.power.off);
}

bool
is_cloned(const Task *task)
{
    bool is_off = task->view->power == POWER_OFF || is_shut_down(task);
    return !is_off || RELEASES_ASK(&task->planner->releases, clones_always) == ANSWER_YES;
}

/* A full clone on the first datastore of the VM, thin. */
static void
check_clone_space(Task *task)
{
    const InstanceView *view = task->view;
    const Disk *first = view->disks.n ? &view->disks.items[0] : NULL;
    const Datastore *record =
        first ? datastore_record(task, first, first->datastore_name.value) : NULL;
    int64_t least = 0, most = converted_bytes(task, &least);
    if (!record || record->free_bytes.state != FACT_KNOWN || record->free_bytes.value >= most)
        return;
    FIND(task, CONVERT_CLONE_SPACE, NULL, ARG(text_or_word(record->name)), ARG_N(most),
        ARG(size_text(task->planner->arena, least)),
        ARG(size_text(task->planner->arena, record->free_bytes.value)))
        ->severity = least > record->free_bytes.value || !record->free_bytes.value
                         ? SEVERITY_ACTION
                         : SEVERITY_WARNING;
}

static bool
is_standalone(const InstanceView *view)
{
    return view->cluster.state == FACT_ABSENT ||
           (view->cluster.state != FACT_KNOWN && view->cluster_name.state == FACT_ABSENT);
}

static void
check_running(Task *task)
{
    const InstanceView *view = task->view;
    Answer refuses_alone = check_is_made(task->planner, FINDING_CONVERT_STANDALONE_RUNS);
    if (view->power == POWER_ON && is_shut_down(task))
        FIND(task, CONVERT_SHUT_DOWN, NULL, ARG(text_or_word(view->guest_os_name)));
    else if (view->power == POWER_ON && is_windows(view))
        FIND(task, CONVERT_WINDOWS_RUNS, NULL, ARG(text_or_word(view->guest_os_name)));
    else if (view->power == POWER_ON && is_standalone(view) && refuses_alone != ANSWER_NO)
        FIND_IF_MADE(task, CONVERT_STANDALONE_RUNS, NULL, ARG(text_or_word(view->host_name)));
    else if (view->power == POWER_ON)
        FIND(task, CONVERT_RUNS, NULL, ARG(text_or_word(view->guest_os_name)));
    if (is_cloned(task))
        check_clone_space(task);
}

void
check_convert_source(Task *task)
{
    const InstanceView *view = task->view;
    const SourceInfo *source = inventory_find_source(task->planner->inventory, view->source.value);
    bool is_vsphere = !source || source->kind == SOURCE_KIND_VSPHERE;
    if (!task->instance->source || !is_vsphere)
        FIND(task, CONVERT_NOT_VMWARE, NULL, ARG(text_or_word(view->source)));
    if (is_true(view->is_template))
        FIND(task, IS_TEMPLATE, NULL, ARG(text_or_word(task->item->choice.clusterid)))
            ->is_unforetold = true;
    check_found(task);
    check_spaces(task);
    check_managed_already(task);
    check_running(task);
}

/* --- the guest -------------------------------------------------------------------------------- */

typedef enum GuestSupport { GUEST_UNKNOWN, GUEST_CONVERTED, GUEST_REFUSED } GuestSupport;

/* Beginnings of vSphere's guest ids, the longer ones first. Source: virt-v2v-support(1), and the
 * distributions that virt-v2v's convert_linux knows. */
static const struct {
    const char *prefix;
    GuestSupport support;
} guests[] = {
    {"win31", GUEST_REFUSED},
    {"win95", GUEST_REFUSED},
    {"win98", GUEST_REFUSED},
    {"winMe", GUEST_REFUSED},
    {"winNT", GUEST_REFUSED},
    {"win2000", GUEST_REFUSED},
    {"winXP", GUEST_CONVERTED},
    {"winNet", GUEST_CONVERTED},
    {"winVista", GUEST_CONVERTED},
    {"winLonghorn", GUEST_CONVERTED},
    {"windowsHyperV", GUEST_UNKNOWN},
    {"windows", GUEST_CONVERTED},
    {"rhel2", GUEST_REFUSED},
    {"rhel", GUEST_CONVERTED},
    {"centos", GUEST_CONVERTED},
    {"oracleLinux", GUEST_CONVERTED},
    {"rockylinux", GUEST_CONVERTED},
    {"almalinux", GUEST_CONVERTED},
    {"fedora", GUEST_CONVERTED},
    {"sles1", GUEST_CONVERTED}, /* 10 and up; without a number it is older */
    {"opensuse", GUEST_CONVERTED},
    {"debian4", GUEST_REFUSED},
    {"debian5", GUEST_REFUSED},
    {"debian", GUEST_CONVERTED},
    {"ubuntu", GUEST_CONVERTED},
    {"coreos", GUEST_REFUSED},
    {"vmwarePhoton", GUEST_REFUSED},
    {"crx", GUEST_REFUSED},
    {"freebsd", GUEST_REFUSED},
    {"darwin", GUEST_REFUSED},
    {"solaris", GUEST_REFUSED},
    {"netware", GUEST_REFUSED},
    {"vmkernel", GUEST_REFUSED},
    {"dos", GUEST_REFUSED},
    {"os2", GUEST_REFUSED},
    {"eComStation", GUEST_REFUSED},
    {"openServer", GUEST_REFUSED},
    {"unixWare", GUEST_REFUSED},
};

static GuestSupport
support_of(const InstanceView *view)
{
    const char *id = view->guest_os_id.value;
    for (size_t i = 0; id && i < G_N_ELEMENTS(guests); i++)
        if (g_str_has_prefix(id, guests[i].prefix))
            return guests[i].support;
    return !id && is_windows(view) ? GUEST_CONVERTED : GUEST_UNKNOWN;
}

/* A host that has virt-v2v need not have the drivers for Windows; no call tells. */
static void
check_windows(Task *task)
{
    const Host *host =
        find_host_by_id(task->planner, task->item->choice.convert.convertinstancehostid.value);
    if (is_windows(task->view))
        FIND(task, CONVERT_WINDOWS_DRIVERS, NULL, ARG(host ? text_or_word(host->name) : "any"));
}

void
check_convert_guest(Task *task)
{
    const InstanceView *view = task->view;
    GuestSupport support = support_of(view);
    const char *id = text_or_word(view->guest_os_id), *name = text_or_word(view->guest_os_name);
    if (support == GUEST_REFUSED)
        FIND(task, CONVERT_GUEST_REFUSED, NULL, ARG(name), ARG(id));
    else if (support == GUEST_UNKNOWN)
        FIND(task, CONVERT_GUEST_UNKNOWN, NULL, ARG(name), ARG(id));
    else
        check_windows(task);
}

/* --- what whoever converts must know ---------------------------------------------------------- */

void
check_convert_notes(Task *task)
{
    const Planner *planner = task->planner;
    Arena *arena = planner->arena;
    const char *name = "convert.vmware.instance.to.kvm.timeout";
    const Setting *setting = table_find(&planner->settings, name);
    int64_t least = 0, most = converted_bytes(task, &least);
    FIND(task, CONVERT_UNPROVED, NULL, ARG(""));
    FIND(task, CONVERT_COPIES, NULL, ARG(size_text(arena, most)),
        ARG(least ? size_text(arena, least) : "not told"),
        ARG(setting && setting->value.value
                ? arena_printf(arena, "%s hours, by %s", setting->value.value, name)
                : arena_printf(arena, "3 hours unless %s says otherwise", name)),
        ARG(is_cloned(task) ? "as a clone that the server makes" : "as it is"));
    FIND(task, CONVERT_TWO_RUN, NULL, ARG(text_or_word(task->view->source)));
}
