/* SPDX-License-Identifier: Apache-2.0
 *
 * What the sources have: an Inventory of instances and of the infrastructure they hang on.
 *
 * A source emits records into a sink, infrastructure first. One sink freezes them into an
 * Inventory, another writes the saved inventory file as they come. Each record names its source;
 * each fact in it is known, absent or unknown (fact.h). A NIC or disk that could not be read is an
 * entry with a problem, never missing.
 *
 * Where the facts come from:
 *
 *   ours                   vSphere property          domain XML                unmanaged instance
 *
 *   id                     MoRef                     uuid                      clusterid "/" name
 *   instance_uuid          config.instanceUuid       uuid                      -
 *   bios_uuid              config.uuid               sysinfo uuid, else uuid   -
 *   name                   name, %XX unescaped       name                      name
 *   path                   chain of parent folders   -                         -
 *   power                  runtime.powerState        virDomainGetState         powerstate
 *   cpus                   config.hardware.numCPU    vcpu (@current)           cpunumber
 *   memory_bytes           config.hardware.memoryMB  memory (@unit)            memory (MiB)
 *   cpu_reservation_mhz    cpuAllocation.reservation -                         cpuspeed
 *   guest_os_id            config.guestId            metadata libosinfo        osid
 *   guest_os_name          config.guestFullName      -                         osdisplayname
 *   firmware               config.firmware           os/@firmware, os/loader   boottype
 *   secure_boot            config.bootOptions        os/loader/@secure         bootmode
 *   disks[].id             <number in MoRef>-<key>   index among the disks     disk.id
 *   disks[].path           backing.fileName          source/@file, @dev, @name disk.imagepath
 *   disks[].capacity_bytes capacityInBytes           virDomainGetBlockInfo     disk.capacity
 *   disks[].controller     device of controllerKey   target/@bus               disk.controller
 *   nics[].id              deviceInfo.label          index among the NICs      nic.id
 *   nics[].mac             macAddress                mac/@address              nic.macaddress
 *   nics[].adapter         type of the device        model/@type               nic.adaptertype
 *   nics[].vlan            port group, port override vlan, network, bridge     nic.vlanid
 *   nics[].ips             guest.net (key, then MAC) guest agent, lease        nic.ipaddresses
 *   booted_at              runtime.bootTime          -                         -
 *   start_id               -                         domain/@id                -
 */
#ifndef INVENTORY_H
#define INVENTORY_H

#include "fact.h"

#include <glib.h>
#include <stdio.h>

#define INVENTORY_API_VERSION "vm-ingest/v1"
#define INVENTORY_KIND        "Inventory"

typedef struct RecordType RecordType;

/* --- words ------------------------------------------------------------------------------------ */

typedef enum SourceKind {
    SOURCE_KIND_UNKNOWN,
    SOURCE_KIND_VSPHERE,
    SOURCE_KIND_LIBVIRT,
    SOURCE_KIND_CLOUDSTACK,
    SOURCE_KIND_N
} SourceKind;

typedef enum PowerState { POWER_UNKNOWN, POWER_ON, POWER_OFF, POWER_SUSPENDED, POWER_N } PowerState;

typedef enum ConnectionState {
    CONNECTION_UNKNOWN,
    CONNECTION_CONNECTED,
    CONNECTION_DISCONNECTED,
    CONNECTION_INACCESSIBLE, /* its files cannot be read */
    CONNECTION_ORPHANED,     /* its host no longer knows it */
    CONNECTION_INVALID,
    CONNECTION_N
} ConnectionState;

typedef enum Firmware { FIRMWARE_UNKNOWN, FIRMWARE_BIOS, FIRMWARE_UEFI, FIRMWARE_N } Firmware;

typedef enum VlanKind {
    VLAN_UNKNOWN,
    VLAN_NONE,    /* untagged */
    VLAN_ID,      /* one 802.1Q id */
    VLAN_TRUNK,   /* several ids, or all */
    VLAN_PVLAN,   /* primary, secondary, type */
    VLAN_OVERLAY, /* VXLAN, NSX segment and the like */
    VLAN_PRIVATE, /* a network of one host only (NAT, isolated): no VLAN exists */
    VLAN_N
} VlanKind;

enum {
    VLAN_ID_MAX = 4094, /* the largest 802.1Q id */
    VLAN_ALL = 4095,    /* a standard switch's word for all ids: a trunk */
};

/* Reasons of hidden_because that hold for some releases of CloudStack only. */
#define HIDDEN_NO_CPUTUNE    "it has no <cputune>"
#define HIDDEN_NO_CACHE      " has no cache="
#define HIDDEN_ITCO_WATCHDOG "it has a watchdog 'itco'"

typedef enum PvlanType {
    PVLAN_UNKNOWN,
    PVLAN_ISOLATED,
    PVLAN_COMMUNITY,
    PVLAN_PROMISCUOUS,
    PVLAN_N
} PvlanType;

typedef enum SwitchKind {
    SWITCH_UNKNOWN,
    SWITCH_STANDARD,    /* vSwitch of one ESXi host */
    SWITCH_DISTRIBUTED, /* VMware DVS */
    SWITCH_OPAQUE,      /* NSX */
    SWITCH_BRIDGE,      /* Linux bridge */
    SWITCH_OVS,         /* Open vSwitch */
    SWITCH_DIRECT,      /* macvtap or SR-IOV on a device */
    SWITCH_PRIVATE,     /* libvirt NAT, routed or isolated network */
    SWITCH_N
} SwitchKind;

typedef enum DiskBacking {
    DISK_BACKING_UNKNOWN,
    DISK_BACKING_FILE,    /* vmdk, qcow2, raw file */
    DISK_BACKING_BLOCK,   /* block device of the host */
    DISK_BACKING_NETWORK, /* rbd, iscsi, nbd, ... */
    DISK_BACKING_VOLUME,  /* libvirt volume by pool and name */
    DISK_BACKING_RDM,     /* raw device mapping */
    DISK_BACKING_OTHER,   /* a kind that we do not know; backing_type names it */
    DISK_BACKING_N
} DiskBacking;

/* The words of the file, by value; that of the unknown value is NULL. */
extern const char *const source_kind_words[SOURCE_KIND_N];   /* "vsphere", "libvirt", ... */
extern const char *const power_words[POWER_N];               /* "on", "off", "suspended" */
extern const char *const connection_words[CONNECTION_N];     /* "connected", "disconnected", ... */
extern const char *const firmware_words[FIRMWARE_N];         /* "bios", "uefi" */
extern const char *const vlan_words[VLAN_N];                 /* "none", "id", "trunk", ... */
extern const char *const pvlan_words[PVLAN_N];               /* "isolated", "community", ... */
extern const char *const switch_words[SWITCH_N];             /* "standard", "distributed", ... */
extern const char *const disk_backing_words[DISK_BACKING_N]; /* "file", "block", "network", ... */

/* --- infrastructure --------------------------------------------------------------------------- */

/* The first record of each source. */
typedef struct SourceInfo {
    Text name; /* as the operator calls it; unique in an inventory */
    SourceKind kind;
    Text url;     /* without user or password */
    Text product; /* "VMware vCenter Server 8.0.2 build-...", "QEMU 7.2.22, libvirt 9.0.0" */
    Text api_version;
    Text uuid;      /* about.instanceUuid; libvirt: host uuid; CloudStack: - */
    Text read_at;   /* RFC 3339, UTC: when the reading began */
    Bool is_cached; /* the facts were kept from an earlier reading at read_at */
} SourceInfo;

/* How long a peer took for a call that costs it much. */
typedef struct SourceCall {
    Text command;     /* "listUnmanagedInstances" */
    Text about, name; /* id and name of the cluster */
    Int elapsed_ms;
    Int instances, hosts; /* that it answered with; hosts of the cluster that were asked */
} SourceCall;

/* The last record of each source. No such record: the source broke off. */
typedef struct SourceEnd {
    Text source;
    Bool is_complete; /* false: partial, .error says why */
    Text error;       /* as shown to the operator, without secrets */
    Int instances;    /* how many instance records there are */
    Int elapsed_ms;
    Int requests; /* round trips made */
    LIST_OF(SourceCall) calls;
} SourceEnd;

/* Something of a source, not of one instance, that could not be read or looks wrong. */
typedef struct SourceProblem {
    Text source;
    Text id;    /* "rights-missing", "host-silent", "tags-unread", ...; lower case, hyphens */
    Text about; /* object it concerns: "host 'esx1' (host-12)" */
    Text text;
    Text evidence; /* value read and where */
    Text remedy;
} SourceProblem;

typedef struct SourceCluster {
    Text source, id, name, datacenter; /* CloudStack: id of the cluster, datacenter = zone name */
    Text path;                         /* "/DC0/host/Cluster" */
    Text hypervisor;                   /* CloudStack only: "VMware", "KVM" */
    Bool has_drs, has_ha;
    Text drs_level; /* "manual", "partiallyAutomated", "fullyAutomated" */
} SourceCluster;

typedef struct SourceHost {
    Text source, id, name, cluster; /* cluster: id */
    Text datacenter;
    ConnectionState connection;
    Bool in_maintenance;
    Text version;
    Int cpus, cpu_mhz, memory_bytes; /* totals; MHz of one core */
} SourceHost;

typedef struct Datastore {
    Text source, id, name, datacenter;
    Text type;               /* "NFS", "NFS41", "VMFS", "vsan"; libvirt: pool type or fs type */
    Text nfs_host, nfs_path; /* absent when it is no NFS */
    Text url;
    Text path; /* libvirt: directory on the host */
    Int capacity_bytes, free_bytes;
    Bool is_accessible, in_maintenance;
    Text pod;        /* datastore cluster (StoragePod) it is in, or absent */
    Bool has_sdrs;   /* of the pod: Storage DRS */
    Text sdrs_level; /* "manual", "automated" */
    Texts hosts;     /* ids of the hosts that mount it */
} Datastore;

typedef struct VlanRange {
    Int start, end;
} VlanRange;

typedef struct Vlan {
    VlanKind kind;
    Int id;        /* VLAN_ID; primary for VLAN_PVLAN; native of a trunk if known */
    Int secondary; /* VLAN_PVLAN */
    PvlanType pvlan_type;
    LIST_OF(VlanRange) ranges; /* VLAN_TRUNK */
    Text segment;              /* VLAN_OVERLAY: VNI or segment id */
    Text from;       /* what told us: "port group dvportgroup-12", "port 7 of dvs-3", ... */
    Bool is_certain; /* false: derived from a name; shown, not used without confirmation */
} Vlan;

typedef struct PvlanPair {
    Int primary, secondary;
    PvlanType type;
} PvlanPair;

typedef struct Switch {
    Text source, id, name, uuid, datacenter;
    SwitchKind kind;
    Text host; /* id; standard switches and bridges belong to one host */
    Int mtu;
    LIST_OF(PvlanPair) pvlans;
    Texts uplinks;
} Switch;

/* A port group; for standard switches one record per host and name; libvirt: network or bridge. */
typedef struct Portgroup {
    Text source, id, name, datacenter;
    SwitchKind kind;
    Text switch_id;
    Texts hosts; /* ids */
    Vlan vlan;
    Bool is_uplink, is_ephemeral;
    Bool allows_promiscuous, allows_forged_transmits, allows_mac_changes;
} Portgroup;

/* --- instances -------------------------------------------------------------------------------- */

/* Something of one instance that could not be read, or that only the source can tell. */
typedef struct Problem {
    Text id;       /* "nic-unread", "disk-unread", "device-unknown", "config-unread", ... */
    Text about;    /* id or label of the NIC, disk or device; absent: the instance itself */
    Text text;     /* one sentence for the operator */
    Text evidence; /* value read and where */
} Problem;

typedef struct Disk {
    Text id;    /* as CloudStack names it */
    Text label; /* "Hard disk 1", "vda" */
    Text key;   /* source's own key: device key, target dev */
    Int capacity_bytes;
    Int allocated_bytes;
    DiskBacking backing;
    Text backing_type; /* xsi:type of the backing, libvirt disk type and protocol */
    Text format;       /* "vmdk", "qcow2", "raw" */
    Text path;         /* "[ds1] web01/web01.vmdk", "/mnt/x/web01.qcow2", "pool/image" */
    Text datastore;    /* id of a Datastore record */
    /* As CloudStack has them. */
    Text datastore_name, datastore_host, datastore_path, datastore_type;
    Text controller;      /* as CloudStack names it: "lsilogic", "pvscsi", "ide", "virtio", ... */
    Text controller_type; /* as the source names it: "ParaVirtualSCSIController", "virtio" */
    Int controller_unit;  /* bus number */
    Int position;         /* unit number on the bus */
    Text mode;            /* vSphere diskMode */
    Text sharing;         /* vSphere backing.sharing; bus sharing of the controller */
    Bool is_shared, is_independent, is_encrypted, is_thin, is_read_only;
    Texts chain; /* backing files, nearest parent first */
} Disk;

typedef struct Nic {
    Text id; /* as CloudStack names it: "Network adapter 1", "0" */
    Text label, key;
    Text mac;          /* lower case, colons */
    Text adapter;      /* as CloudStack names it: "Vmxnet3", "E1000", "virtio" */
    Text adapter_type; /* as the source names it: "VirtualVmxnet3", "virtio" */
    Text network;      /* port group, network or bridge by name */
    Text portgroup;    /* id of a Portgroup record */
    Text switch_id;    /* id of a Switch record */
    Text port;         /* port key of a distributed switch, tap device of a bridge */
    Vlan vlan;
    Bool is_connected, starts_connected;
    Texts ips;     /* v4 and v6 without link-local, as text; no prefix length */
    Text ips_from; /* "tools", "agent", "lease" */
} Nic;

typedef struct Snapshot {
    Text name, created_at;
    Int depth; /* 1 = root */
} Snapshot;

typedef struct Cdrom {
    Text label, path; /* path: ISO or device, absent when empty */
    Bool is_connected;
} Cdrom;

typedef struct Device {
    Text kind; /* "pci-passthrough", "sriov", "vgpu", "usb", "serial", "floppy", "unknown", ... */
    Text type; /* as the source names it */
    Text label;
} Device;

typedef struct Attribute {
    Text key, value;
} Attribute;

typedef struct Tag {
    Text category, name;
} Tag;

/* One instance as one source sees it. */
typedef struct InstanceView {
    Text source, id, name;
    Text instance_uuid, bios_uuid;
    Text path; /* "/DC0/vm/Finance/web01" without the name: "/DC0/vm/Finance" */
    Text datacenter, resource_pool, vapp;
    Text host, cluster; /* ids of records of the same source */
    Text host_name, cluster_name;
    PowerState power;
    ConnectionState connection;
    Bool is_template, is_persistent, is_autostart;
    Int cpus, cores_per_socket, memory_bytes;
    Int cpu_reservation_mhz, cpu_limit_mhz, memory_reservation_bytes;
    Text hardware_version;
    Firmware firmware;
    Bool secure_boot, has_vtpm, is_encrypted;
    Text guest_os_id, guest_os_name, guest_hostname;
    Text tools_status, tools_running; /* vSphere; libvirt: "agent-connected", "agent-absent" */
    LIST_OF(Disk) disks;
    LIST_OF(Nic) nics;
    LIST_OF(Snapshot) snapshots;
    LIST_OF(Cdrom) cdroms;
    LIST_OF(Device) devices; /* what cannot be carried over or is worth a warning */
    Bool is_fault_tolerant, needs_consolidation, has_change_tracking;
    /* Settings away from their defaults that another manager may not keep: "cpu-hot-add",
     * "cpu-affinity", "machine", ...; the table in mapper/start_tunings.c has them all. */
    LIST_OF(Attribute) tunings;
    Text question; /* text of a pending question, absent if none */
    Texts tasks;   /* running tasks: "CreateSnapshot_Task", "block job copy of vda", ... */
    /* Its own level of DRS and Storage DRS, "disabled" or as above; absent: that of its cluster. */
    Text drs_override, sdrs_override;
    Text annotation;
    LIST_OF(Attribute) attributes; /* custom attributes */
    LIST_OF(Tag) tags;             /* unknown when the tagging service did not answer */
    Text booted_at;                /* vSphere: when it was powered on last; absent: it is off */
    Text start_id; /* libvirt: of the running domain, another one after each start on its host */
    Int storage_committed_bytes;
    Text managed_by;      /* "cloudstack (certain|strong|weak)", extension key; absent if none */
    Texts hidden_because; /* why CloudStack's own reader cannot see it, as far as is known */
    Text hypervisor, hypervisor_version; /* CloudStack's view only */
    LIST_OF(Problem) problems;
} InstanceView;

/* --- records ---------------------------------------------------------------------------------- */

typedef enum RecordKind {
    RECORD_SOURCE,
    RECORD_CLUSTER,
    RECORD_HOST,
    RECORD_DATASTORE,
    RECORD_SWITCH,
    RECORD_PORTGROUP,
    RECORD_INSTANCE,
    RECORD_PROBLEM,
    RECORD_END,
    RECORD_KIND_N
} RecordKind;

/* Table per record kind; in the file a record is {"<word>": {...}} on one line. */
extern const RecordType *const inventory_record_types[RECORD_KIND_N];
extern const char *const inventory_record_words[RECORD_KIND_N]; /* "source", "cluster", ... */
/* Tables of what plans hold too. */
extern const RecordType vlan_type, source_problem_type;

typedef struct InventorySink InventorySink;

struct InventorySink {
    /**
     * put - take one record
     * @record: the struct of that kind, borrowed for the call; the sink copies what it keeps
     * Threads: one call at a time; inventory_locked_sink() makes one that many threads may call
     */
    bool (*put)(InventorySink *sink, RecordKind kind, const void *record, GError **error);
};

static inline bool
inventory_put(InventorySink *sink, RecordKind kind, const void *record, GError **error)
{
    return sink->put(sink, kind, record, error);
}

/* --- the frozen inventory --------------------------------------------------------------------- */

/* One VM with both views; at least one is there. */
typedef struct Instance {
    const InstanceView *source;     /* as vCenter or libvirt sees it, or NULL */
    const InstanceView *cloudstack; /* as listUnmanagedInstances shows it, or NULL */
    size_t n_cloudstack_same_name;  /* CloudStack entries of this name in its cluster and others */
} Instance;

typedef struct InventoryRecord {
    RecordKind kind;
    const void *record;
} InventoryRecord;

typedef struct Inventory Inventory;

/* Read-only once frozen; may be read by many threads. Arrays keep the order of arrival. */
struct Inventory {
    const SourceInfo *const *sources;
    size_t n_sources;
    const SourceEnd *const *ends;
    size_t n_ends;
    const SourceProblem *const *problems;
    size_t n_problems;
    const SourceCluster *const *clusters;
    size_t n_clusters;
    const SourceHost *const *hosts;
    size_t n_hosts;
    const Datastore *const *datastores;
    size_t n_datastores;
    const Switch *const *switches;
    size_t n_switches;
    const Portgroup *const *portgroups;
    size_t n_portgroups;
    const InstanceView *const *views; /* every instance record */
    size_t n_views;
    const Instance *instances; /* the views joined */
    size_t n_instances;
    const InventoryRecord *records; /* all, in order of arrival: what saving writes */
    size_t n_records;
    bool is_partial;              /* some source has no end record, or an incomplete one */
    struct InventoryIndex *index; /* private */
};

/* The view that tells most: the source's, else CloudStack's. */
static inline const InstanceView *
instance_view(const Instance *instance)
{
    return instance->source ? instance->source : instance->cloudstack;
}

typedef struct InventoryBuilder InventoryBuilder;

/* Empty. (owned) */
InventoryBuilder *inventory_builder_new(void);
void inventory_builder_free(InventoryBuilder *builder);
/* Borrowed from the builder. */
InventorySink *inventory_builder_sink(InventoryBuilder *builder);

/**
 * inventory_builder_freeze - join the views and build the indexes
 * @builder: emptied; still to be freed
 *
 * A CloudStack view belongs to the source's view of the same name whose NICs (MAC) or disks (id,
 * path) agree most; a lone pair of one name is joined too, unless MACs or VMware's disk ids of both
 * are known and none agrees. What cannot be told apart stays separate.
 * Records of unknown references are kept: readers handle a NULL from the find functions.
 *
 * Returns: (owned) with one reference
 */
Inventory *inventory_builder_freeze(InventoryBuilder *builder);
/* One reference more or less, from any thread; the last one frees all. */
Inventory *inventory_ref(const Inventory *inventory);
void inventory_unref(Inventory *inventory);

/* Lookups within one source; NULL = absent. */
const SourceInfo *inventory_find_source(const Inventory *inventory, const char *source);
const SourceEnd *inventory_find_end(const Inventory *inventory, const char *source);
const SourceCluster *inventory_find_cluster(
    const Inventory *inventory, const char *source, const char *id);
const SourceHost *inventory_find_host(
    const Inventory *inventory, const char *source, const char *id);
const Datastore *inventory_find_datastore(
    const Inventory *inventory, const char *source, const char *id);
const Switch *inventory_find_switch(const Inventory *inventory, const char *source, const char *id);
const Portgroup *inventory_find_portgroup(
    const Inventory *inventory, const char *source, const char *id);

/* --- saved inventory -------------------------------------------------------------------------- */

/**
 * inventory_read - hand the records of a saved inventory to a sink, one by one
 * @file: open for reading, borrowed
 * @name: what error texts call it
 *
 * Strict: apiVersion and kind stand before the records, each source before what is of it, no member
 * and no instance twice (save CloudStack's, which may list one name more than once in a cluster).
 * What the sink took before an error stays taken.
 * Errors: INVALID with line and member; UNSUPPORTED for another apiVersion; STORAGE
 */
bool inventory_read(FILE *file, const char *name, InventorySink *sink, GError **error);
/* inventory_read() into a new inventory. (owned) */
Inventory *inventory_load(const char *path, GError **error);

typedef struct InventoryWriter InventoryWriter;

/* A sink that writes records to @file (borrowed) as they come. (owned) */
InventoryWriter *inventory_writer_new(FILE *file);
/* Borrowed from the writer. */
InventorySink *inventory_writer_sink(InventoryWriter *writer);
/* Writes the end of the document and flushes; STORAGE when the disk is full. */
bool inventory_writer_finish(InventoryWriter *writer, GError **error);
void inventory_writer_free(InventoryWriter *writer);

/* Writes all records of a frozen inventory; what was loaded gives the same bytes. STORAGE. */
bool inventory_save(const Inventory *inventory, FILE *file, GError **error);

/* A sink that many threads may call; @inner is borrowed. (owned) */
InventorySink *inventory_locked_sink(InventorySink *inner);
void inventory_sink_free(InventorySink *locked_sink);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Inventory, inventory_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(InventoryBuilder, inventory_builder_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(InventoryWriter, inventory_writer_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(InventorySink, inventory_sink_free)

#endif
