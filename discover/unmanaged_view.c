/* SPDX-License-Identifier: Apache-2.0
 *
 * CloudStack's unmanaged instance as an InstanceView.
 *
 * The server leaves out what is null, so a missing member is mostly unknown. Where its absence
 * tells something, a comment says so. Sizes come in bytes (disks) and MiB (memory).
 *
 * Source: CloudStack API, listUnmanagedInstances, reply object unmanagedinstance
 */
#include <string.h>

#include <json-c/json.h>

#include "discover_priv.h"
#include "record.h"

typedef struct ReplyDisk {
    Text id, label, imagepath, controller;
    Text datastorename, datastorehost, datastorepath, datastoretype;
    Int capacity, controllerunit, position;
} ReplyDisk;

typedef struct ReplyNic {
    Text id, networkname, macaddress, adaptertype, isolatedpvlantype;
    Int vlanid, isolatedpvlan;
    Texts ipaddresses;
} ReplyNic;

typedef struct ReplyInstance {
    Text name, clustername, hostid, hostname, hypervisor, hypervisorversion;
    Text powerstate, osid, osdisplayname, boottype, bootmode;
    Int cpunumber, cpucorepersocket, cpucorespersocket, cpuspeed, memory;
    LIST_OF(ReplyDisk) disk;
    LIST_OF(ReplyNic) nic;
} ReplyInstance;

static const Field reply_disk_fields[] = {
    F_TEXT(ReplyDisk, id),
    F_TEXT(ReplyDisk, label),
    F_INT(ReplyDisk, capacity),
    F_TEXT(ReplyDisk, imagepath),
    F_TEXT(ReplyDisk, controller),
    F_INT(ReplyDisk, controllerunit),
    F_INT(ReplyDisk, position),
    F_TEXT(ReplyDisk, datastorename),
    F_TEXT(ReplyDisk, datastorehost),
    F_TEXT(ReplyDisk, datastorepath),
    F_TEXT(ReplyDisk, datastoretype),
};
static const RecordType reply_disk_type = RECORD_TYPE(ReplyDisk, reply_disk_fields);

static const Field reply_nic_fields[] = {
    F_TEXT(ReplyNic, id),
    F_TEXT(ReplyNic, networkname),
    F_TEXT(ReplyNic, macaddress),
    F_INT(ReplyNic, vlanid),
    F_INT(ReplyNic, isolatedpvlan),
    F_TEXT(ReplyNic, isolatedpvlantype),
    F_TEXT(ReplyNic, adaptertype),
    F_TEXTS(ReplyNic, ipaddresses),
};
static const RecordType reply_nic_type = RECORD_TYPE(ReplyNic, reply_nic_fields);

static const Field reply_instance_fields[] = {
    F_TEXT(ReplyInstance, name),
    F_TEXT(ReplyInstance, clustername),
    F_TEXT(ReplyInstance, hostid),
    F_TEXT(ReplyInstance, hostname),
    F_TEXT(ReplyInstance, hypervisor),
    F_TEXT(ReplyInstance, hypervisorversion),
    F_TEXT(ReplyInstance, powerstate),
    F_INT(ReplyInstance, cpunumber),
    F_INT(ReplyInstance, cpucorepersocket),
    F_INT(ReplyInstance, cpucorespersocket),
    F_INT(ReplyInstance, cpuspeed),
    F_INT(ReplyInstance, memory),
    F_TEXT(ReplyInstance, osid),
    F_TEXT(ReplyInstance, osdisplayname),
    F_TEXT(ReplyInstance, boottype),
    F_TEXT(ReplyInstance, bootmode),
    F_LIST(ReplyInstance, disk, &reply_disk_type),
    F_LIST(ReplyInstance, nic, &reply_nic_type),
};
static const RecordType reply_instance_type = RECORD_TYPE(ReplyInstance, reply_instance_fields);

enum { MIB = 1024 * 1024 };

static bool
is_word(Text text, const char *word)
{
    return text.state == FACT_KNOWN && g_ascii_strcasecmp(text.value, word) == 0;
}

/* The server writes 0 or -1 for what it could not read. */
static Int
positive(Int number)
{
    return number.state == FACT_KNOWN && number.value > 0 ? number : (Int){0};
}

/* CPUs and memory of 0, as of a KVM domain that is off, are what the server goes by: they refuse
 * the import, whatever the VM has. */
static Int
not_negative(Int number)
{
    return number.state == FACT_KNOWN && number.value >= 0 ? number : (Int){0};
}

static Int
mib_to_bytes(Int mib)
{
    mib = not_negative(mib);
    if (mib.state == FACT_KNOWN && mib.value > INT64_MAX / MIB)
        return (Int){0};
    mib.value *= MIB;
    return mib;
}

static PowerState
power_of(Text powerstate)
{
    if (is_word(powerstate, "PowerOn"))
        return POWER_ON;
    /* PowerUnknown stands for suspended and for unread alike. */
    return is_word(powerstate, "PowerOff") ? POWER_OFF : POWER_UNKNOWN;
}

static PvlanType
pvlan_type_of(Text type)
{
    for (int i = 1; i < PVLAN_N; i++)
        if (is_word(type, pvlan_words[i]))
            return (PvlanType)i;
    return PVLAN_UNKNOWN;
}

/* No vlanid: on a distributed switch untagged, trunk or unresolved; KVM writes -1 as well. */
static Vlan
vlan_of(const ReplyNic *nic, Arena *arena)
{
    Vlan vlan = {.from = text_known("listUnmanagedInstances")};
    if (nic->vlanid.state != FACT_KNOWN || nic->vlanid.value < 0)
        return (Vlan){0};
    vlan.is_certain = bool_known(true);
    if (nic->isolatedpvlan.state == FACT_KNOWN) {
        vlan.kind = VLAN_PVLAN;
        vlan.id = nic->vlanid;
        vlan.secondary = nic->isolatedpvlan;
        vlan.pvlan_type = pvlan_type_of(nic->isolatedpvlantype);
    } else if (nic->vlanid.value == 0) {
        vlan.kind = VLAN_NONE;
    } else if (nic->vlanid.value == VLAN_ALL) { /* ESXi passes every tag on to the guest */
        vlan.kind = VLAN_TRUNK;
        vlan.ranges.items = arena_new(arena, VlanRange);
        vlan.ranges.items[0] = (VlanRange){int_known(0), int_known(VLAN_ID_MAX)};
        vlan.ranges.n = 1;
        vlan.ranges.state = FACT_KNOWN;
    } else {
        vlan.kind = VLAN_ID;
        vlan.id = nic->vlanid;
    }
    return vlan;
}

static Text
lower_case(Text text, Arena *arena)
{
    if (text.state != FACT_KNOWN)
        return text;
    g_autofree char *lower = g_ascii_strdown(text.value, -1);
    return text_known(arena_strdup(arena, lower));
}

/* A NIC or disk without an id still is one; its place stands in for the id. */
static Text
id_or_place(Text id, size_t place, Arena *arena)
{
    return id.state == FACT_KNOWN ? id : text_known(arena_printf(arena, "#%zu", place + 1));
}

static Nic
nic_of(const ReplyNic *reply, size_t place, bool is_kvm, Arena *arena)
{
    Nic nic = {
        .id = id_or_place(reply->id, place, arena),
        .mac = lower_case(reply->macaddress, arena),
        .adapter = reply->adaptertype,
        .vlan = vlan_of(reply, arena),
        .ips = reply->ipaddresses,
    };
    if (reply->ipaddresses.state == FACT_KNOWN)
        nic.ips_from = text_known("tools");
    if (is_kvm) /* the tap device, not a network */
        nic.port = reply->networkname;
    else
        nic.network = reply->networkname;
    return nic;
}

static Disk
disk_of(const ReplyDisk *reply, size_t place, bool is_vmware, Arena *arena)
{
    Disk disk = {
        .id = id_or_place(reply->id, place, arena),
        .label = reply->label,
        .capacity_bytes = reply->capacity,
        .path = reply->imagepath,
        .controller = reply->controller,
        .controller_unit = reply->controllerunit,
        .position = reply->position,
        .datastore_name = reply->datastorename,
        .datastore_host = reply->datastorehost,
        .datastore_path = reply->datastorepath,
        .datastore_type = reply->datastoretype,
    };
    /* For VMware the server writes the three of an NFS datastore only. */
    if (is_vmware && reply->datastorename.state == FACT_KNOWN &&
        reply->datastorehost.state == FACT_UNKNOWN && reply->datastoretype.state == FACT_UNKNOWN) {
        disk.datastore_host = text_absent();
        disk.datastore_path = text_absent();
        disk.datastore_type = text_absent();
    }
    return disk;
}

static void
view_add_devices(InstanceView *view, const ReplyInstance *reply, Arena *arena)
{
    bool is_kvm = is_word(view->hypervisor, "KVM"), is_vmware = is_word(view->hypervisor, "VMware");
    view->nics.state = reply->nic.state;
    view->nics.items = arena_new_n(arena, Nic, reply->nic.n);
    for (view->nics.n = 0; view->nics.n < reply->nic.n; view->nics.n++)
        view->nics.items[view->nics.n] =
            nic_of(&reply->nic.items[view->nics.n], view->nics.n, is_kvm, arena);
    view->disks.state = reply->disk.state;
    view->disks.items = arena_new_n(arena, Disk, reply->disk.n);
    for (view->disks.n = 0; view->disks.n < reply->disk.n; view->disks.n++)
        view->disks.items[view->disks.n] =
            disk_of(&reply->disk.items[view->disks.n], view->disks.n, is_vmware, arena);
}

static void
view_add_firmware(InstanceView *view, const ReplyInstance *reply)
{
    if (is_word(reply->boottype, "UEFI"))
        view->firmware = FIRMWARE_UEFI;
    else if (is_word(reply->boottype, "BIOS"))
        view->firmware = FIRMWARE_BIOS;
    if (is_word(reply->bootmode, "SECURE"))
        view->secure_boot = bool_known(true);
    else if (is_word(reply->bootmode, "LEGACY"))
        view->secure_boot = bool_known(false);
}

/* An entry of which the server could read little more than the name. */
static void
view_add_problem(InstanceView *view, const ReplyInstance *reply, Arena *arena)
{
    bool has_nics = reply->nic.n > 0, has_disks = reply->disk.n > 0;
    if ((has_nics || has_disks) && reply->disk.state == FACT_KNOWN)
        return;
    Problem *problem = arena_new(arena, Problem);
    problem->id = text_known("config-unread");
    problem->about = text_absent();
    problem->text = text_known("CloudStack shows this instance without disks");
    if (!has_nics && !has_disks)
        problem->text = text_known("CloudStack shows this instance without disks and NICs");
    problem->evidence = text_known(arena_printf(arena, "listUnmanagedInstances: powerstate '%s'",
        reply->powerstate.value ? reply->powerstate.value : "not given"));
    view->problems.items = problem;
    view->problems.n = 1;
    view->problems.state = FACT_KNOWN;
}

bool
unmanaged_decode(struct json_object *json, const SourceCluster *cluster, Arena *arena,
    InstanceView *ret_view, GError **error)
{
    ReplyInstance reply = {0};
    if (!record_decode(
            &reply_instance_type, json, RECORD_LENIENT, "unmanagedinstance", arena, &reply, error))
        return false;
    if (reply.name.state != FACT_KNOWN) {
        g_set_error_literal(error, INGEST_ERROR, INGEST_ERROR_PROTOCOL,
            "'unmanagedinstance': member 'name' is missing");
        return false;
    }
    InstanceView view = {
        .id = text_known(arena_printf(arena, "%s/%s", cluster->id.value, reply.name.value)),
        .name = reply.name,
        .datacenter = cluster->datacenter,
        .cluster = cluster->id,
        .cluster_name = reply.clustername.value ? reply.clustername : cluster->name,
        .host = reply.hostid,
        .host_name = reply.hostname,
        .power = power_of(reply.powerstate),
        .cores_per_socket = positive(reply.cpucorepersocket),
        .memory_bytes = mib_to_bytes(reply.memory),
        .cpu_reservation_mhz = reply.cpuspeed,
        .guest_os_id = reply.osid,
        .guest_os_name = reply.osdisplayname,
        .hypervisor = reply.hypervisor.value ? reply.hypervisor : cluster->hypervisor,
        .hypervisor_version = reply.hypervisorversion,
    };
    view.cpus = not_negative(reply.cpunumber);
    if (view.cores_per_socket.state == FACT_UNKNOWN)
        view.cores_per_socket = positive(reply.cpucorespersocket); /* the older spelling */
    view_add_firmware(&view, &reply);
    view_add_devices(&view, &reply, arena);
    view_add_problem(&view, &reply, arena);
    *ret_view = view;
    return true;
}
