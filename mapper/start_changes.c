/* SPDX-License-Identifier: Apache-2.0
 *
 * What the next stop and start through CloudStack changes on a VM that the import left alone.
 *
 * On VMware the start reconfigures the VM: CPUs, memory, reservations, limits, hot-add, guest OS;
 * NICs and disks are taken off and put on again. On KVM it defines the domain anew: what the record
 * does not hold is gone.
 */
#include <string.h>

#include "trap_priv.h"

/* A setting that differs from its default, and what a start makes of it. */
typedef struct Reset {
    const char *key; /* of InstanceView.tunings */
    Hypervisor hypervisor;
    Severity severity;
    const char *what, *becomes, *remedy;
} Reset;

#define SCALABLE                                                                                   \
    "If it is needed: enable.dynamic.scale.vm=true, and updateVirtualMachine id=... "              \
    "isdynamicallyscalable=true after the import."
#define BY_EXTRACONFIG                                                                             \
    "If it is needed: enable.additional.vm.configuration=true and updateVirtualMachine id=... "    \
    "extraconfig=... after the import, before the next start."
#define ON_THE_AGENT                                                                               \
    "Set guest.cpu.mode (and guest.cpu.model) in agent.properties of each KVM host of the "        \
    "cluster and restart cloudstack-agent, before the VM is stopped."
#define OF_THE_TEMPLATE "Choose a template of the guest's OS type (choice.templateid)."
#define VM              HYPERVISOR_VMWARE
#define KVM             HYPERVISOR_KVM

static const Reset resets[] = {
    {"cpu-hot-add", VM, SEVERITY_INFO, "CPU hot-add",
        "is turned off unless the VM is dynamically scalable", SCALABLE},
    {"memory-hot-add", VM, SEVERITY_INFO, "memory hot-add",
        "is turned off unless the VM is dynamically scalable", SCALABLE},
    {"nested-virtualization", VM, SEVERITY_WARNING, "nested virtualization",
        "is turned off unless vmware.nested.virtualization says otherwise",
        "Add \"nestedVirtualizationFlag\": \"true\" to choice.details, with "
        "vmware.nested.virtualization.perVM=true."},
    {"cpu-affinity", VM, SEVERITY_WARNING, "CPU affinity",
        "binds the VM to CPUs of whatever host CloudStack chooses",
        "Take the affinity off at the source (scheduling affinity of the VM)."},
    {"memory-affinity", VM, SEVERITY_WARNING, "memory affinity",
        "binds the VM to NUMA nodes of whatever host CloudStack chooses",
        "Take the affinity off at the source."},
    {"cpu-shares", VM, SEVERITY_INFO, "CPU shares", "stay, without CloudStack's knowledge",
        "Set them to normal at the source, unless they are meant."},
    {"memory-shares", VM, SEVERITY_INFO, "memory shares", "stay, without CloudStack's knowledge",
        "Set them to normal at the source, unless they are meant."},
    {"memory-limit-mib", VM, SEVERITY_INFO, "memory limit in MiB",
        "becomes the memory of the offering", "Choose an offering of that memory, if it is meant."},
    {"latency-sensitivity", VM, SEVERITY_WARNING, "latency sensitivity",
        "stays while the reservations that it needs go: the VM may not power on",
        "Set it to normal at the source, or keep reservations: vmware.reserve.cpu=true and "
        "vmware.reserve.mem=true for the cluster."},
    {"cpu-mode", KVM, SEVERITY_WARNING, "CPU mode",
        "becomes that of the agent, QEMU's plain CPU if it names none", ON_THE_AGENT},
    {"cpu-affinity", KVM, SEVERITY_WARNING, "CPU pinning", "is gone", BY_EXTRACONFIG},
    {"memory-affinity", KVM, SEVERITY_WARNING, "NUMA placement", "is gone", BY_EXTRACONFIG},
    {"hugepages", KVM, SEVERITY_WARNING, "huge pages", "are gone", BY_EXTRACONFIG},
    {"iothreads", KVM, SEVERITY_INFO, "I/O threads", "are gone",
        "Add \"iothreads\": \"true\" to choice.details, from 4.18 on."},
    {"command-line", KVM, SEVERITY_WARNING, "QEMU's command line", "is gone", BY_EXTRACONFIG},
    {"direct-kernel", KVM, SEVERITY_ACTION, "the kernel that the host loads",
        "is gone: the VM boots from its disk",
        "Put a boot loader on the disk before the VM is stopped."},
    {"clock", KVM, SEVERITY_WARNING, "the clock's offset",
        "becomes UTC, or local time if the template's OS type is Windows", OF_THE_TEMPLATE},
    {"hyperv", KVM, SEVERITY_WARNING, "Hyper-V features",
        "are gone unless the template's OS type is Windows", OF_THE_TEMPLATE},
    {"disk-serial", KVM, SEVERITY_WARNING, "the serial number of a disk",
        "becomes the id of its volume",
        "Mount by UUID or label in the guest, not by /dev/disk/by-id, before the VM is stopped."},
    {"graphics", KVM, SEVERITY_INFO, "the console", "becomes VNC with a password",
        "Use the console of CloudStack."},
    {"video", KVM, SEVERITY_INFO, "the video card", "becomes the agent's default",
        "If it is needed, add \"video.hardware\" to choice.details."},
};

static void
find_reset(Task *task, const Reset *reset, const char *value)
{
    FIND(task, START_RESETS, NULL, ARG(reset->what), ARG(value), ARG(reset->becomes),
        ARG(reset->remedy))
        ->severity = reset->severity;
}

static void
check_tunings(Task *task)
{
    const InstanceView *view = task->view;
    for (size_t i = 0; i < view->tunings.n; i++) {
        const Attribute *tuning = &view->tunings.items[i];
        for (size_t j = 0; j < G_N_ELEMENTS(resets); j++)
            if (resets[j].hypervisor == task->hypervisor &&
                !g_strcmp0(tuning->key.value, resets[j].key))
                find_reset(task, &resets[j], text_or_word(tuning->value));
    }
}

/* --- reservations and limits ------------------------------------------------------------------ */

static const char *
number_text(const Task *task, int64_t number, const char *unit)
{
    return arena_printf(task->planner->arena, "%" G_GINT64_FORMAT " %s", number, unit);
}

static void
check_reservation(Task *task, const char *what, const char *setting, Int value, int64_t unit)
{
    Arena *arena = task->planner->arena;
    if (value.state != FACT_KNOWN || value.value <= 0)
        return;
    Answer keeps = setting_is_true(task->planner, setting);
    FIND(task, START_RESETS, NULL, ARG(what),
        ARG(number_text(task, value.value / unit, unit == 1 ? "MHz" : "MiB")),
        ARG(keeps == ANSWER_YES  ? "becomes all that the offering gives"
            : keeps == ANSWER_NO ? "becomes 0"
                                 : "becomes 0, or all that the offering gives"),
        ARG(arena_printf(arena,
            "updateConfiguration name=%s value=true clusterid=... reserves all that the offering "
            "of a VM gives; without it no VM of the cluster has a reservation.",
            setting)));
}

/* The speed that CloudStack would record, in MHz; 0: not known. */
int64_t
recorded_speed(const Task *task)
{
    const ServiceOffering *offering = task->offering;
    if (offering && offering->cpuspeed.state == FACT_KNOWN)
        return offering->cpuspeed.value;
    if (task->shape.own_mhz > 0)
        return task->shape.own_mhz;
    const Choice *choice = &task->item->choice;
    for (size_t i = 0; i < choice->details.n; i++)
        if (!g_strcmp0(choice->details.items[i].key.value, "cpuSpeed") &&
            choice->details.items[i].value.value)
            return g_ascii_strtoll(choice->details.items[i].value.value, NULL, 10);
    return 0;
}

static void
check_limits_of_offering(Task *task)
{
    const ServiceOffering *offering = task->offering;
    int64_t mhz = recorded_speed(task);
    if (offering && is_true(offering->limitcpuuse) && mhz > 0 && task->shape.cpus > 0)
        FIND(task, START_CPU_LIMIT, NULL, ARG(text_or_word(offering->name)),
            ARG_N(mhz * task->shape.cpus), ARG_N(mhz));
    if (task->hypervisor != HYPERVISOR_VMWARE)
        return;
    const InstanceView *view = task->view;
    check_reservation(
        task, "the CPU reservation", "vmware.reserve.cpu", view->cpu_reservation_mhz, 1);
    check_reservation(
        task, "the memory reservation", "vmware.reserve.mem", view->memory_reservation_bytes, MIB);
    if (view->cpu_limit_mhz.state == FACT_KNOWN && offering && !is_true(offering->limitcpuuse))
        FIND(task, START_RESETS, NULL, ARG("the CPU limit"),
            ARG(number_text(task, view->cpu_limit_mhz.value, "MHz")), ARG("is gone"),
            ARG("Choose an offering with limitcpuuse, if the limit is meant."))
            ->severity = SEVERITY_INFO;
}

/* --- firmware --------------------------------------------------------------------------------- */

/* Releases that record UEFI=LEGACY or SECURE of what their readers see, by their code. */
static const struct {
    int minor, patch;
    bool vmware, kvm;
} recorders[] = {{20, 2, true, true}, {20, 3, true, true}, {21, 0, true, false},
    {22, 0, true, true}, {22, 1, true, true}, {23, 0, true, true}};

static bool
records_firmware(const Task *task)
{
    const ReleaseSet *set = &task->planner->releases;
    size_t n = 0;
    for (size_t i = 0; i < set->n; i++)
        for (size_t j = 0; j < G_N_ELEMENTS(recorders); j++)
            n += set->rows[i]->minor == recorders[j].minor &&
                 set->rows[i]->patch == recorders[j].patch &&
                 (task->hypervisor == HYPERVISOR_KVM ? recorders[j].kvm : recorders[j].vmware);
    return n == set->n;
}

static const char *
detail_of(const Choice *choice, const char *key)
{
    for (size_t i = 0; i < choice->details.n; i++)
        if (!g_strcmp0(choice->details.items[i].key.value, key))
            return choice->details.items[i].value.value;
    return NULL;
}

static const char *
uefi_word(const Task *task)
{
    return is_true(task->view->secure_boot) ? "SECURE" : "LEGACY";
}

/* Would the record say that the VM boots by UEFI? */
bool
is_recorded_as_uefi(const Task *task)
{
    return detail_of(&task->item->choice, "UEFI") ||
           (!task->target && task->server->firmware == FIRMWARE_UEFI && records_firmware(task));
}

/* What the release does not record of itself goes into the details. */
void
propose_firmware(Task *task)
{
    Choice *choice = &task->item->choice;
    if (task->view->firmware != FIRMWARE_UEFI || is_recorded_as_uefi(task))
        return;
    DetailChoice *items = arena_new_n(task->planner->arena, DetailChoice, choice->details.n + 1);
    if (choice->details.n)
        memcpy(items, choice->details.items, choice->details.n * sizeof *items);
    items[choice->details.n] = (DetailChoice){text_known("UEFI"), text_known(uefi_word(task))};
    choice->details.items = items;
    choice->details.n++;
    choice->details.state = FACT_KNOWN;
}

static void
check_firmware(Task *task)
{
    const InstanceView *view = task->view;
    if (view->firmware != FIRMWARE_UEFI || is_recorded_as_uefi(task))
        return;
    const char *secure = view->secure_boot.state != FACT_KNOWN ? "unknown"
                         : view->secure_boot.value             ? "on"
                                                               : "off";
    Finding *finding = FIND(task, START_FIRMWARE, NULL, ARG(secure),
        ARG(releases_text(task->planner->arena, &task->planner->releases)), ARG(uefi_word(task)));
    if (task->hypervisor == HYPERVISOR_VMWARE)
        finding->severity = SEVERITY_WARNING;
}

/* --- what a KVM domain is made of ------------------------------------------------------------- */

/* "pc-q35-7.2" with BIOS becomes "pc", i440FX with UEFI becomes "q35". */
static void
check_machine(Task *task)
{
    static const Reset to_pc = {.what = "the machine type",
        .becomes = "becomes 'pc' (i440FX), as for each guest with BIOS",
        .severity = SEVERITY_WARNING,
        .remedy = "Try it on a clone: PCI addresses change, and with them names of NICs."};
    static const Reset to_q35 = {.what = "the machine type",
        .becomes = "becomes 'q35', as for each guest with UEFI",
        .severity = SEVERITY_WARNING,
        .remedy = "Try it on a clone: PCI addresses change, and with them names of NICs."};
    const InstanceView *view = task->view;
    const char *machine = view->hardware_version.value;
    if (!machine)
        return;
    bool is_q35 = strstr(machine, "q35") != NULL;
    bool is_pc = !strcmp(machine, "pc") || g_str_has_prefix(machine, "pc-i440fx");
    if (is_q35 && view->firmware == FIRMWARE_BIOS)
        find_reset(task, &to_pc, machine);
    else if (is_pc && is_recorded_as_uefi(task))
        find_reset(task, &to_q35, machine);
}

/* What the source says of Windows: the OS that was told, or what only Windows is given. */
static bool
looks_like_windows(const InstanceView *view)
{
    const char *id = view->guest_os_id.value, *name = view->guest_os_name.value;
    if ((id && (strstr(id, "/win/") || g_str_has_prefix(id, "win"))) ||
        (name && strstr(name, "Windows")))
        return true;
    for (size_t i = 0; i < view->tunings.n; i++)
        if (!g_strcmp0(view->tunings.items[i].key.value, "hyperv"))
            return true;
    return false;
}

static void
check_os_type(Task *task)
{
    const Template *template = task->template;
    const InstanceView *view = task->view;
    const char *type = template ? template->ostypename.value : NULL;
    const char *own = view->guest_os_name.value ? view->guest_os_name.value : "Windows";
    if (!type)
        return;
    bool differs = task->hypervisor == HYPERVISOR_KVM
                       ? looks_like_windows(view) && !strstr(type, "Windows")
                       : view->guest_os_name.value && strcmp(type, own) != 0;
    if (differs)
        FIND(task, START_GUEST_OS, NULL, ARG(text_or_word(template->name)), ARG(type), ARG(own));
}

/* --- details that contradict ------------------------------------------------------------------ */

static void
check_details(Task *task)
{
    const Choice *choice = &task->item->choice;
    const InstanceView *server = task->server;
    const char *root = detail_of(choice, "rootDiskController"),
               *data = detail_of(choice, "dataDiskController");
    if (root && task->root && task->root->controller.value &&
        strcmp(root, task->root->controller.value) != 0)
        FIND(task, START_CONTROLLER, task->root->id.value, ARG("rootDiskController"), ARG(root),
            ARG(task->root->controller.value));
    for (size_t i = 0; data && i < server->disks.n; i++) {
        const Disk *disk = &server->disks.items[i];
        if (disk != task->root && disk->controller.value &&
            strcmp(data, disk->controller.value) != 0)
            FIND(task, START_CONTROLLER, disk->id.value, ARG("dataDiskController"), ARG(data),
                ARG(disk->controller.value));
    }
}

/* --- what was not told ------------------------------------------------------------------------ */

static void
find_untold(Task *task)
{
    static const char *const words[] = {"the limits of network rates",
        "the security policy of its port groups", "what its hosts have given away",
        "the thresholds of its cluster", "which hosts are dedicated",
        "whether its hosts can boot UEFI", "the host tags of its hosts",
        "which VLANs reach the other hosts of its cluster"};
    GString *untold = g_string_truncate(task->planner->key, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (task->start_untold & (1u << i))
            g_string_append_printf(untold, "%s%s", untold->len ? ", " : "", words[i]);
    if (untold->len)
        FIND(task, START_UNTOLD, NULL, ARG(arena_intern(task->planner->arena, untold->str)));
}

void
check_start(Task *task)
{
    if (is_true(task->view->is_template))
        return;
    check_tunings(task);
    check_limits_of_offering(task);
    check_firmware(task);
    if (task->hypervisor == HYPERVISOR_KVM) {
        check_machine(task);
        if (task->view->bios_uuid.value)
            FIND(task, START_UUID, NULL, ARG(task->view->bios_uuid.value));
    }
    check_os_type(task);
    if (!task->target)
        check_details(task);
    check_start_room(task);
    find_untold(task);
}
