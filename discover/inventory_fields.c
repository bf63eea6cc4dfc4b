/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables of the inventory's records: they are the file format (see
 * appliance/schema/inventory.schema.json, which a test holds against them).
 *
 * Required is what a record cannot be understood without. Texts that repeat from record to record
 * are interned; the wrapper of the sources sees to it that what is required is there.
 */
#include "inventory.h"
#include "record.h"

/* --- words ------------------------------------------------------------------------------------ */

const char *const source_kind_words[SOURCE_KIND_N] = {
    [SOURCE_KIND_VSPHERE] = "vsphere",
    [SOURCE_KIND_LIBVIRT] = "libvirt",
    [SOURCE_KIND_CLOUDSTACK] = "cloudstack",
};

const char *const power_words[POWER_N] = {
    [POWER_ON] = "on",
    [POWER_OFF] = "off",
    [POWER_SUSPENDED] = "suspended",
};

const char *const connection_words[CONNECTION_N] = {
    [CONNECTION_CONNECTED] = "connected",
    [CONNECTION_DISCONNECTED] = "disconnected",
    [CONNECTION_INACCESSIBLE] = "inaccessible",
    [CONNECTION_ORPHANED] = "orphaned",
    [CONNECTION_INVALID] = "invalid",
};

const char *const firmware_words[FIRMWARE_N] = {
    [FIRMWARE_BIOS] = "bios",
    [FIRMWARE_UEFI] = "uefi",
};

const char *const vlan_words[VLAN_N] = {
    [VLAN_NONE] = "none",
    [VLAN_ID] = "id",
    [VLAN_TRUNK] = "trunk",
    [VLAN_PVLAN] = "pvlan",
    [VLAN_OVERLAY] = "overlay",
    [VLAN_PRIVATE] = "private",
};

const char *const pvlan_words[PVLAN_N] = {
    [PVLAN_ISOLATED] = "isolated",
    [PVLAN_COMMUNITY] = "community",
    [PVLAN_PROMISCUOUS] = "promiscuous",
};

const char *const switch_words[SWITCH_N] = {
    [SWITCH_STANDARD] = "standard",
    [SWITCH_DISTRIBUTED] = "distributed",
    [SWITCH_OPAQUE] = "opaque",
    [SWITCH_BRIDGE] = "bridge",
    [SWITCH_OVS] = "ovs",
    [SWITCH_DIRECT] = "direct",
    [SWITCH_PRIVATE] = "private",
};

const char *const disk_backing_words[DISK_BACKING_N] = {
    [DISK_BACKING_FILE] = "file",
    [DISK_BACKING_BLOCK] = "block",
    [DISK_BACKING_NETWORK] = "network",
    [DISK_BACKING_VOLUME] = "volume",
    [DISK_BACKING_RDM] = "rdm",
    [DISK_BACKING_OTHER] = "other",
};

const char *const inventory_record_words[RECORD_KIND_N] = {
    [RECORD_SOURCE] = "source",
    [RECORD_CLUSTER] = "cluster",
    [RECORD_HOST] = "host",
    [RECORD_DATASTORE] = "datastore",
    [RECORD_SWITCH] = "switch",
    [RECORD_PORTGROUP] = "portgroup",
    [RECORD_INSTANCE] = "instance",
    [RECORD_PROBLEM] = "problem",
    [RECORD_END] = "end",
};

/* --- tables ----------------------------------------------------------------------------------- */

#define REQUIRED .is_required = true
#define INTERNED .is_interned = true

/* Every record begins so; inventory.c relies on that. */
#define F_SOURCE_ID(T) F_TEXT(T, source, REQUIRED, INTERNED), F_TEXT(T, id, REQUIRED)

static const Field source_info_fields[] = {
    F_TEXT(SourceInfo, name, REQUIRED),
    F_ENUM(SourceInfo, kind, source_kind_words, REQUIRED),
    F_TEXT(SourceInfo, url),
    F_TEXT(SourceInfo, product),
    F_TEXT(SourceInfo, api_version),
    F_TEXT(SourceInfo, uuid),
    F_TEXT(SourceInfo, read_at),
    F_BOOL(SourceInfo, is_cached),
};
static const RecordType source_info_type = RECORD_TYPE(SourceInfo, source_info_fields);

static const Field source_call_fields[] = {
    F_TEXT(SourceCall, command, INTERNED),
    F_TEXT(SourceCall, about),
    F_TEXT(SourceCall, name),
    F_INT(SourceCall, elapsed_ms),
    F_INT(SourceCall, instances),
    F_INT(SourceCall, hosts),
};
static const RecordType source_call_type = RECORD_TYPE(SourceCall, source_call_fields);

static const Field source_end_fields[] = {
    F_TEXT(SourceEnd, source, REQUIRED, INTERNED),
    F_BOOL(SourceEnd, is_complete, REQUIRED),
    F_TEXT(SourceEnd, error),
    F_INT(SourceEnd, instances),
    F_INT(SourceEnd, elapsed_ms),
    F_INT(SourceEnd, requests),
    F_LIST(SourceEnd, calls, &source_call_type),
};
static const RecordType source_end_type = RECORD_TYPE(SourceEnd, source_end_fields);

static const Field source_problem_fields[] = {
    F_TEXT(SourceProblem, source, REQUIRED, INTERNED),
    F_TEXT(SourceProblem, id, REQUIRED, INTERNED),
    F_TEXT(SourceProblem, about),
    F_TEXT(SourceProblem, text, REQUIRED),
    F_TEXT(SourceProblem, evidence),
    F_TEXT(SourceProblem, remedy, INTERNED),
};
const RecordType source_problem_type = RECORD_TYPE(SourceProblem, source_problem_fields);

static const Field cluster_fields[] = {
    F_SOURCE_ID(SourceCluster),
    F_TEXT(SourceCluster, name, REQUIRED),
    F_TEXT(SourceCluster, datacenter, INTERNED),
    F_TEXT(SourceCluster, path),
    F_TEXT(SourceCluster, hypervisor, INTERNED),
    F_BOOL(SourceCluster, has_drs),
    F_TEXT(SourceCluster, drs_level, INTERNED),
    F_BOOL(SourceCluster, has_ha),
};
static const RecordType cluster_type = RECORD_TYPE(SourceCluster, cluster_fields);

static const Field host_fields[] = {
    F_SOURCE_ID(SourceHost),
    F_TEXT(SourceHost, name, REQUIRED),
    F_TEXT(SourceHost, cluster, INTERNED),
    F_TEXT(SourceHost, datacenter, INTERNED),
    F_ENUM(SourceHost, connection, connection_words),
    F_BOOL(SourceHost, in_maintenance),
    F_TEXT(SourceHost, version, INTERNED),
    F_INT(SourceHost, cpus),
    F_INT(SourceHost, cpu_mhz),
    F_INT(SourceHost, memory_bytes),
};
static const RecordType host_type = RECORD_TYPE(SourceHost, host_fields);

static const Field datastore_fields[] = {
    F_SOURCE_ID(Datastore),
    F_TEXT(Datastore, name, REQUIRED),
    F_TEXT(Datastore, datacenter, INTERNED),
    F_TEXT(Datastore, type, INTERNED),
    F_TEXT(Datastore, nfs_host, INTERNED),
    F_TEXT(Datastore, nfs_path),
    F_TEXT(Datastore, url),
    F_TEXT(Datastore, path),
    F_INT(Datastore, capacity_bytes),
    F_INT(Datastore, free_bytes),
    F_BOOL(Datastore, is_accessible),
    F_BOOL(Datastore, in_maintenance),
    F_TEXT(Datastore, pod, INTERNED),
    F_BOOL(Datastore, has_sdrs),
    F_TEXT(Datastore, sdrs_level, INTERNED),
    F_TEXTS(Datastore, hosts),
};
static const RecordType datastore_type = RECORD_TYPE(Datastore, datastore_fields);

static const Field vlan_range_fields[] = {
    F_INT(VlanRange, start, REQUIRED),
    F_INT(VlanRange, end, REQUIRED),
};
static const RecordType vlan_range_type = RECORD_TYPE(VlanRange, vlan_range_fields);

static const Field vlan_fields[] = {
    F_ENUM(Vlan, kind, vlan_words),
    F_INT(Vlan, id),
    F_INT(Vlan, secondary),
    F_ENUM(Vlan, pvlan_type, pvlan_words),
    F_LIST(Vlan, ranges, &vlan_range_type),
    F_TEXT(Vlan, segment),
    F_TEXT(Vlan, from, INTERNED),
    F_BOOL(Vlan, is_certain),
};
const RecordType vlan_type = RECORD_TYPE(Vlan, vlan_fields);

static const Field pvlan_pair_fields[] = {
    F_INT(PvlanPair, primary, REQUIRED),
    F_INT(PvlanPair, secondary),
    F_ENUM(PvlanPair, type, pvlan_words),
};
static const RecordType pvlan_pair_type = RECORD_TYPE(PvlanPair, pvlan_pair_fields);

static const Field switch_fields[] = {
    F_SOURCE_ID(Switch),
    F_TEXT(Switch, name, REQUIRED, INTERNED),
    F_TEXT(Switch, uuid),
    F_TEXT(Switch, datacenter, INTERNED),
    F_ENUM(Switch, kind, switch_words),
    F_TEXT(Switch, host, INTERNED),
    F_INT(Switch, mtu),
    F_LIST(Switch, pvlans, &pvlan_pair_type),
    F_TEXTS(Switch, uplinks),
};
static const RecordType switch_type = RECORD_TYPE(Switch, switch_fields);

static const Field portgroup_fields[] = {
    F_SOURCE_ID(Portgroup),
    F_TEXT(Portgroup, name, REQUIRED, INTERNED),
    F_TEXT(Portgroup, datacenter, INTERNED),
    F_ENUM(Portgroup, kind, switch_words),
    F_TEXT(Portgroup, switch_id, INTERNED),
    F_TEXTS(Portgroup, hosts),
    F_RECORD(Portgroup, vlan, &vlan_type),
    F_BOOL(Portgroup, is_uplink),
    F_BOOL(Portgroup, is_ephemeral),
    F_BOOL(Portgroup, allows_promiscuous),
    F_BOOL(Portgroup, allows_forged_transmits),
    F_BOOL(Portgroup, allows_mac_changes),
};
static const RecordType portgroup_type = RECORD_TYPE(Portgroup, portgroup_fields);

static const Field problem_fields[] = {
    F_TEXT(Problem, id, REQUIRED, INTERNED),
    F_TEXT(Problem, about, INTERNED),
    F_TEXT(Problem, text, REQUIRED, INTERNED),
    F_TEXT(Problem, evidence),
};
static const RecordType problem_type = RECORD_TYPE(Problem, problem_fields);

static const Field disk_fields[] = {
    F_TEXT(Disk, id, REQUIRED),
    F_TEXT(Disk, label, INTERNED),
    F_TEXT(Disk, key, INTERNED),
    F_INT(Disk, capacity_bytes),
    F_INT(Disk, allocated_bytes),
    F_ENUM(Disk, backing, disk_backing_words),
    F_TEXT(Disk, backing_type, INTERNED),
    F_TEXT(Disk, format, INTERNED),
    F_TEXT(Disk, path),
    F_TEXT(Disk, datastore, INTERNED),
    F_TEXT(Disk, datastore_name, INTERNED),
    F_TEXT(Disk, datastore_host, INTERNED),
    F_TEXT(Disk, datastore_path, INTERNED),
    F_TEXT(Disk, datastore_type, INTERNED),
    F_TEXT(Disk, controller, INTERNED),
    F_TEXT(Disk, controller_type, INTERNED),
    F_INT(Disk, controller_unit),
    F_INT(Disk, position),
    F_TEXT(Disk, mode, INTERNED),
    F_TEXT(Disk, sharing, INTERNED),
    F_BOOL(Disk, is_shared),
    F_BOOL(Disk, is_independent),
    F_BOOL(Disk, is_encrypted),
    F_BOOL(Disk, is_thin),
    F_BOOL(Disk, is_read_only),
    F_TEXTS(Disk, chain),
};
static const RecordType disk_type = RECORD_TYPE(Disk, disk_fields);

static const Field nic_fields[] = {
    F_TEXT(Nic, id, REQUIRED, INTERNED),
    F_TEXT(Nic, label, INTERNED),
    F_TEXT(Nic, key, INTERNED),
    F_TEXT(Nic, mac),
    F_TEXT(Nic, adapter, INTERNED),
    F_TEXT(Nic, adapter_type, INTERNED),
    F_TEXT(Nic, network, INTERNED),
    F_TEXT(Nic, portgroup, INTERNED),
    F_TEXT(Nic, switch_id, INTERNED),
    F_TEXT(Nic, port),
    F_RECORD(Nic, vlan, &vlan_type),
    F_BOOL(Nic, is_connected),
    F_BOOL(Nic, starts_connected),
    F_TEXTS(Nic, ips),
    F_TEXT(Nic, ips_from, INTERNED),
};
static const RecordType nic_type = RECORD_TYPE(Nic, nic_fields);

static const Field snapshot_fields[] = {
    F_TEXT(Snapshot, name),
    F_TEXT(Snapshot, created_at),
    F_INT(Snapshot, depth),
};
static const RecordType snapshot_type = RECORD_TYPE(Snapshot, snapshot_fields);

static const Field cdrom_fields[] = {
    F_TEXT(Cdrom, label, INTERNED),
    F_TEXT(Cdrom, path, INTERNED),
    F_BOOL(Cdrom, is_connected),
};
static const RecordType cdrom_type = RECORD_TYPE(Cdrom, cdrom_fields);

static const Field device_fields[] = {
    F_TEXT(Device, kind, REQUIRED, INTERNED),
    F_TEXT(Device, type, INTERNED),
    F_TEXT(Device, label, INTERNED),
};
static const RecordType device_type = RECORD_TYPE(Device, device_fields);

static const Field attribute_fields[] = {
    F_TEXT(Attribute, key, REQUIRED, INTERNED),
    F_TEXT(Attribute, value, INTERNED),
};
static const RecordType attribute_type = RECORD_TYPE(Attribute, attribute_fields);

static const Field tag_fields[] = {
    F_TEXT(Tag, category, INTERNED),
    F_TEXT(Tag, name, REQUIRED, INTERNED),
};
static const RecordType tag_type = RECORD_TYPE(Tag, tag_fields);

static const Field instance_fields[] = {
    F_SOURCE_ID(InstanceView),
    F_TEXT(InstanceView, name, REQUIRED),
    F_TEXT(InstanceView, instance_uuid),
    F_TEXT(InstanceView, bios_uuid),
    F_TEXT(InstanceView, path, INTERNED),
    F_TEXT(InstanceView, datacenter, INTERNED),
    F_TEXT(InstanceView, resource_pool, INTERNED),
    F_TEXT(InstanceView, vapp, INTERNED),
    F_TEXT(InstanceView, host, INTERNED),
    F_TEXT(InstanceView, cluster, INTERNED),
    F_TEXT(InstanceView, host_name, INTERNED),
    F_TEXT(InstanceView, cluster_name, INTERNED),
    F_ENUM(InstanceView, power, power_words),
    F_ENUM(InstanceView, connection, connection_words),
    F_BOOL(InstanceView, is_template),
    F_BOOL(InstanceView, is_persistent),
    F_BOOL(InstanceView, is_autostart),
    F_INT(InstanceView, cpus),
    F_INT(InstanceView, cores_per_socket),
    F_INT(InstanceView, memory_bytes),
    F_INT(InstanceView, cpu_reservation_mhz),
    F_INT(InstanceView, cpu_limit_mhz),
    F_INT(InstanceView, memory_reservation_bytes),
    F_TEXT(InstanceView, hardware_version, INTERNED),
    F_ENUM(InstanceView, firmware, firmware_words),
    F_BOOL(InstanceView, secure_boot),
    F_BOOL(InstanceView, has_vtpm),
    F_BOOL(InstanceView, is_encrypted),
    F_TEXT(InstanceView, guest_os_id, INTERNED),
    F_TEXT(InstanceView, guest_os_name, INTERNED),
    F_TEXT(InstanceView, guest_hostname),
    F_TEXT(InstanceView, tools_status, INTERNED),
    F_TEXT(InstanceView, tools_running, INTERNED),
    F_LIST(InstanceView, disks, &disk_type),
    F_LIST(InstanceView, nics, &nic_type),
    F_LIST(InstanceView, snapshots, &snapshot_type),
    F_LIST(InstanceView, cdroms, &cdrom_type),
    F_LIST(InstanceView, devices, &device_type),
    F_BOOL(InstanceView, is_fault_tolerant),
    F_BOOL(InstanceView, needs_consolidation),
    F_BOOL(InstanceView, has_change_tracking),
    F_LIST(InstanceView, tunings, &attribute_type),
    F_TEXT(InstanceView, question),
    F_TEXTS(InstanceView, tasks),
    F_TEXT(InstanceView, drs_override, INTERNED),
    F_TEXT(InstanceView, sdrs_override, INTERNED),
    F_TEXT(InstanceView, annotation),
    F_LIST(InstanceView, attributes, &attribute_type),
    F_LIST(InstanceView, tags, &tag_type),
    F_TEXT(InstanceView, booted_at),
    F_TEXT(InstanceView, start_id),
    F_INT(InstanceView, storage_committed_bytes),
    F_TEXT(InstanceView, managed_by, INTERNED),
    F_TEXTS(InstanceView, hidden_because),
    F_TEXT(InstanceView, hypervisor, INTERNED),
    F_TEXT(InstanceView, hypervisor_version, INTERNED),
    F_LIST(InstanceView, problems, &problem_type),
};
static const RecordType instance_type = RECORD_TYPE(InstanceView, instance_fields);

const RecordType *const inventory_record_types[RECORD_KIND_N] = {
    [RECORD_SOURCE] = &source_info_type,
    [RECORD_CLUSTER] = &cluster_type,
    [RECORD_HOST] = &host_type,
    [RECORD_DATASTORE] = &datastore_type,
    [RECORD_SWITCH] = &switch_type,
    [RECORD_PORTGROUP] = &portgroup_type,
    [RECORD_INSTANCE] = &instance_type,
    [RECORD_PROBLEM] = &source_problem_type,
    [RECORD_END] = &source_end_type,
};
