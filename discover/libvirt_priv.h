/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the libvirt source share.
 *
 *   source_libvirt.c   parent: config, hosts, connection test
 *   libvirt_listing.c  parent: one worker process per host, records into the sink
 *   libvirt_session.c  parent: one instance's power, and its guest, by workers that stay
 *   libvirt_process.c  parent: start, deadlines, kill
 *   libvirt_worker.c   worker: stages, in the files that libvirt_worker.h lists
 *   domain_xml.c ...   pure: XML texts to facts; know no libvirt
 *
 * Source: libvirt's domain, network, storage and interface XML formats.
 */
#ifndef LIBVIRT_PRIV_H
#define LIBVIRT_PRIV_H

#include "arena.h"
#include "discover_priv.h"
#include "error.h"
#include "inventory.h"
#include "source.h"

#include <libxml/tree.h>

enum {
    XML_BYTES_MAX = 4 * 1024 * 1024, /* of one document; the same as libvirt's longest text */
    DOMAIN_DISKS_MAX = 512,
    DOMAIN_NICS_MAX = 256,
    DOMAIN_DEVICES_MAX = 1024,
    DISK_CHAIN_MAX = 200,
    NETWORK_PORTGROUPS_MAX = 4096,
    VLAN_TAGS_MAX = 4096,
    VLAN_DEPTH_MAX = 4, /* bridge -> VLAN device -> bridge -> VLAN device */
};

/* --- xml_walk.c: reading XML that a stranger wrote -------------------------------------------- */

/**
 * xml_walk_parse - parse one document without entities, network or DTD
 * @what:      for error texts: "domain XML"
 * @root_name: the element that the root must be
 *
 * Errors: INVALID: too large, not well formed, a DOCTYPE, another root
 */
xmlDoc *xml_walk_parse(
    const char *xml, size_t length, const char *what, const char *root_name, GError **error);

/* Borrowed from the document; NULL = absent. */
const char *xml_attr(const xmlNode *node, const char *name);
xmlNode *xml_child(const xmlNode *node, const char *name);
/* In the arena; NULL = absent or empty. */
const char *xml_attr_copy(const xmlNode *node, const char *name, Arena *arena);
/* Attribute of a child; NULL when there is no such child or attribute. */
const char *xml_child_attr(const xmlNode *node, const char *child, const char *name);
/* The next element from @node on, itself included. */
xmlNode *xml_element(xmlNode *node);
bool xml_is(const xmlNode *node, const char *name);
/* Text of an element without the blanks around it; NULL when @node is NULL or has no text. */
const char *xml_text(const xmlNode *node, Arena *arena);

#define XML_EACH(parent, node)                                                                     \
    for (xmlNode *node = xml_element((parent) ? (parent)->children : NULL); node;                  \
         node = xml_element(node->next))

/* --- domain_text.c: numbers and names as libvirt writes them ---------------------------------- */

/* Decimal digits only, at most @max. */
bool text_to_uint(const char *text, uint64_t max, uint64_t *ret);
/* @unit NULL: KiB. "b", "bytes", "KB", "k", "KiB", ... "EiB"; false: no number, overflow. */
bool text_to_bytes(const char *text, const char *unit, int64_t *ret);
/* "52:54:00:AA:..." to lower case with colons; NULL when it is none. */
const char *text_to_mac(const char *text, Arena *arena);
bool text_is_uuid(const char *text);

/* --- domain_xml.c ----------------------------------------------------------------------------- */

/* Where a NIC hangs, as its XML says; what vlan_resolve() begins with. */
typedef struct NicSource {
    const char *type; /* "bridge", "network", "direct", ... or NULL */
    const char *bridge, *dev, *network, *portgroup;
    const char *virtualport; /* "openvswitch", "802.1Qbh", ... or NULL */
    const char *mode;        /* direct: "bridge", "vepa", ... */
    bool is_live;            /* of a running domain: the VLAN is in effect */
    bool has_vlan;           /* a <vlan> that could be read */
    bool is_vlan_unread;     /* a <vlan> that could not */
    Vlan vlan;               /* it, when has_vlan */
} NicSource;

/* Where a disk lies, beyond what Disk says. */
typedef struct DiskSource {
    const char *pool, *volume; /* type='volume' */
    const char *target;        /* "vda" */
    bool is_local;             /* file, block or dir: its path is one of the host */
} DiskSource;

typedef struct DomainXml {
    /* Everything but source, host, power, sizes, addresses, snapshots. problems and hidden_because
     * may grow: view_add_problem(), view_add_hidden(). */
    InstanceView view;
    NicSource *nics;   /* as many as view.nics */
    DiskSource *disks; /* as many as view.disks */
    bool is_active;    /* the XML is that of a running domain */
    bool has_agent_channel, is_agent_connected;
} DomainXml;

/**
 * domain_xml_parse - one <domain> to an instance
 * @arena: everything that the result points to lies in it
 *
 * A part that cannot be understood is an entry and a problem.
 * Errors: INVALID: no domain XML at all, or without name and uuid
 */
bool domain_xml_parse(
    const char *xml, size_t length, Arena *arena, DomainXml *ret_domain, GError **error);

/**
 * domain_pending_changes - what the next start of a running domain would change
 * @live:    XML of the running domain
 * @defined: its definition (VIR_DOMAIN_XML_INACTIVE)
 *
 * A text in @arena, "vCPUs 2, defined 4; disk 'vdb' is not defined"; NULL: nothing.
 */
const char *domain_pending_changes(const DomainXml *live, const DomainXml *defined, Arena *arena);

/* Appends a problem; the list is copied, so seldom. */
void view_add_problem(InstanceView *view, Arena *arena, const char *id, const char *about,
    const char *text, const char *evidence);

/* Appends a reason why CloudStack cannot see it; as view_add_problem(). */
void view_add_hidden(InstanceView *view, Arena *arena, const char *reason);

/* What the files of the domain parser hand around. */
typedef struct DomainWalk {
    Arena *arena;
    xmlNode *root, *devices; /* devices may be NULL */
    DomainXml *domain;
    GArray *disk, *disk_source, *nic, *nic_source, *cdrom, *device, *problem, *tuning;
    GPtrArray *hidden; /* texts in the arena */
    guint n_listed;    /* disks so far that CloudStack counts */
} DomainWalk;

G_GNUC_PRINTF(5, 6)
void walk_problem(DomainWalk *walk, const char *id, const char *about, const char *text,
    const char *evidence, ...);
void walk_device(DomainWalk *walk, const char *kind, const char *type, const char *label);

void domain_read_disk(DomainWalk *walk, const xmlNode *node); /* domain_disks.c */
/* Whether CloudStack's agent takes this <disk> for a disk; domain_hidden.c */
bool domain_is_disk_listed(const xmlNode *node);
void domain_read_nic(DomainWalk *walk, const xmlNode *node);      /* domain_nics.c */
bool vlan_read(const xmlNode *node, Arena *arena, Vlan *ret);     /* <vlan>; domain_nics.c */
void domain_read_tunings(DomainWalk *walk);                       /* domain_tunings.c */
void domain_judge_visibility(DomainWalk *walk);                   /* domain_hidden.c */
Text domain_managed_by(const DomainWalk *walk, const char *name); /* domain_hidden.c */

/* --- network_xml.c ---------------------------------------------------------------------------- */

typedef struct NetworkPortgroup {
    const char *name, *virtualport;
    bool is_default, has_vlan;
    Vlan vlan;
} NetworkPortgroup;

/* One libvirt network. */
typedef struct NetworkFacts {
    const char *name, *uuid;
    const char *forward;     /* "nat", "route", "open", "bridge", ...; NULL: isolated */
    const char *bridge;      /* NULL: none */
    const char *virtualport; /* "openvswitch" or NULL */
    bool has_vlan;
    Vlan vlan;
    Texts devices; /* of <forward>: macvtap or SR-IOV devices of the host */
    NetworkPortgroup *portgroups;
    size_t n_portgroups;
} NetworkFacts;

/* One interface of the host as virInterfaceGetXMLDesc() tells it. */
typedef struct InterfaceFacts {
    const char *name, *type;        /* "bridge", "vlan", "ethernet", "bond" */
    int vlan_tag;                   /* type vlan; 0: none or unreadable */
    const char *vlan_parent;        /* type vlan: device below, or NULL */
    struct InterfaceFacts *members; /* type bridge: its ports without taps of guests */
    size_t n_members;
} InterfaceFacts;

/* One storage pool. */
typedef struct PoolFacts {
    const char *name, *uuid, *type;          /* "dir", "netfs", "logical", "rbd", ... */
    const char *path;                        /* directory or device folder on the host, or NULL */
    const char *host, *source_path;          /* netfs: export; gluster, rbd, iscsi: host */
    const char *source_name;                 /* rbd: pool; logical: volume group */
    const char *format;                      /* netfs: "nfs", "glusterfs", "cifs", "auto" */
    int64_t capacity_bytes, available_bytes; /* -1: not told */
} PoolFacts;

/* One volume of a pool. */
typedef struct VolumeFacts {
    const char *path, *format;
    int64_t capacity_bytes, allocation_bytes;  /* -1: not told */
    const char *backing_path, *backing_format; /* NULL: it stands alone */
} VolumeFacts;

bool network_xml_parse(
    const char *xml, size_t length, Arena *arena, NetworkFacts *ret, GError **error);
bool interface_xml_parse(
    const char *xml, size_t length, Arena *arena, InterfaceFacts *ret, GError **error);
bool pool_xml_parse(const char *xml, size_t length, Arena *arena, PoolFacts *ret, GError **error);
bool volume_xml_parse(
    const char *xml, size_t length, Arena *arena, VolumeFacts *ret, GError **error);

/* --- vlan_resolve.c --------------------------------------------------------------------------- */

/* What is known of the host, by name. NULL: it could not be read. */
typedef struct HostNetworks {
    void *data;
    const NetworkFacts *(*network)(void *data, const char *name);
    const InterfaceFacts *(*interface)(void *data, const char *name);
    unsigned libvirt_version; /* 9000000 = 9.0.0; 0 = not known */
} HostNetworks;

/**
 * vlan_resolve - the VLAN of a NIC
 * @nic:  as the domain XML has it
 * @host: what to ask about networks and bridges
 *
 * First the NIC's own <vlan> where it takes effect, then network and port group, then the member of
 * the bridge or the device, then the name of the bridge (not certain). What is left is VLAN_UNKNOWN
 * and .from says why nobody knows.
 */
Vlan vlan_resolve(const NicSource *nic, const HostNetworks *host, Arena *arena);
/* The VLAN of a bridge or device of the host. */
Vlan vlan_of_interface(const char *name, const HostNetworks *host, Arena *arena);
SwitchKind nic_switch_kind(const NicSource *nic, const HostNetworks *host);
/* The VLAN of a network, or of a port group of it (@portgroup NULL: the default one if any). */
Vlan vlan_of_network(
    const NetworkFacts *network, const char *portgroup, const HostNetworks *host, Arena *arena);
SwitchKind network_switch_kind(const NetworkFacts *network);

/* --- libvirt_uri.c ---------------------------------------------------------------------------- */

typedef struct UriOptions {
    const char *keyfile, *pkipath;
    const char *ssh_command; /* what to run instead of ssh, or NULL */
} UriOptions;

typedef struct HostUri {
    char *uri;   /* (owned) for libvirt */
    char *label; /* (owned) for people, and the id of the host: without user and secrets */
    bool is_ssh, is_tls;
    bool is_same_host; /* its files and mounts are those of this process */
} HostUri;

/**
 * libvirt_uri_build - take apart what the operator gave and put together what libvirt gets
 *
 * Only schemes and parameters that are known to be safe pass; nothing of @given is passed raw.
 * Errors: CONFIG with the part that is wrong and the remedy
 */
bool libvirt_uri_build(const char *given, const UriOptions *options, HostUri *ret, GError **error);
void host_uri_clear(HostUri *uri);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HostUri, host_uri_clear)

/* --- libvirt_wire.c: what parent and worker say to each other --------------------------------- */

/*
 * The parent writes a request to the worker's stdin, a line of JSON, and closes it or keeps it for
 * the next one. The worker answers each by lines {"<word>": {...}}: the words of inventory records,
 * and those below, up to done or failed.
 */
#define WIRE_CONNECTED "connected" /* WireConnected: the connection stands */
#define WIRE_STAGE     "stage"     /* WireStage: a stage begins, with its own deadline */
#define WIRE_PENDING   "pending"   /* InstanceView: stands unless an instance of that id comes */
#define WIRE_HOP       "hop"       /* WireHop: one hop of a connection test */
#define WIRE_POWER     "power"     /* WirePower: of the instance that was asked for; none: gone */
#define WIRE_FAILED    "failed"    /* WireFailed: the reading broke; the worker ends */
#define WIRE_DONE      "done"      /* WireDone: all was said */

enum { WIRE_LINE_BYTES_MAX = 64 * 1024 * 1024 };

typedef struct WireRequest {
    Text mode; /* "list", "read", "power", "shutdown" or "check" */
    Text uri, label;
    Texts ids;           /* UUIDs, unless all are listed or the host is checked */
    Bool is_kept;        /* more requests will come; the worker ends when its stdin does */
    Text agent;          /* "yes", "no", "auto" */
    Int agent_timeout_s; /* of one guest */
    Int inventory_ms;    /* the worker's own deadline, plus WIRE_DOMAIN_MS a domain */
    Bool is_same_host;
} WireRequest;

enum { WIRE_DOMAIN_MS = 5 };

typedef struct WireConnected {
    Text product, api_version, uuid;
} WireConnected;

typedef struct WireStage {
    Text name; /* "inventory", "agent" */
    Int total; /* instances */
    Int deadline_ms;
} WireStage;

typedef struct WireHop {
    Text name, result; /* "ok", "failed", "skipped" */
    Text detail, remedy;
} WireHop;

typedef struct WirePower {
    Text power; /* as power_words has it */
} WirePower;

typedef struct WireFailed {
    Int code; /* IngestErrorCode */
    Text text, remedy;
} WireFailed;

typedef struct WireDone {
    Int requests;
} WireDone;

extern const RecordType wire_request_type, wire_connected_type, wire_stage_type, wire_hop_type,
    wire_power_type, wire_failed_type, wire_done_type;

/* --- libvirt_process.c ------------------------------------------------------------------------ */

/* What a worker said, line by line. */
typedef struct WorkerHandler {
    void *data;
    /* @deadline_ms: from now on; the handler may set it anew for the stage that begins */
    bool (*line)(void *data, const char *word, struct json_object *value, int64_t *deadline_ms,
        GError **error);
} WorkerHandler;

typedef struct WorkerRun {
    const char *program;  /* started as "PROGRAM libvirt-worker" */
    const char *request;  /* JSON, for its stdin */
    const Source *source; /* for the cancel flags and the deadline of the session's call */
    int64_t connect_ms;   /* first deadline, until the handler sets another */
    int64_t total_ms;
    bool is_done; /* out: the worker said that it was through */
} WorkerRun;

/**
 * worker_run - start a worker, read its lines, see that it ends
 *
 * The worker's process group is killed at the deadline, when cancelled and when the handler fails.
 * Errors: TIMEOUT, CANCELLED, PROTOCOL (it died or spoke nonsense), those of the handler
 */
bool worker_run(WorkerRun *run, const WorkerHandler *handler, GError **error);

/* A worker that stays for more requests, with its connection. One thread at a time. */
typedef struct KeptWorker KeptWorker;
KeptWorker *worker_keep(void); /* started when it is first asked. (owned) */
void worker_dismiss(KeptWorker *kept);
/* As worker_run(). A worker that failed is ended; the next request starts another. */
bool worker_ask(KeptWorker *kept, WorkerRun *run, const WorkerHandler *handler, GError **error);

/* --- the source ------------------------------------------------------------------------------- */

typedef struct LibvirtState {
    GPtrArray *given; /* URIs as the operator wrote them */
    GArray *hosts;    /* HostUri, once open */
    char *keyfile, *known_hosts, *pkipath, *agent;
    int64_t timeout_s;
    char *folder, *ssh_command; /* private; gone after close */
    /* Of a session that asks for single instances; gone after close. */
    GPtrArray *kept;    /* KeptWorker of each host */
    GHashTable *places; /* id of an instance -> number of the host that had it last, plus 1 */
} LibvirtState;

/* What a worker is asked of one host; @ids NULL: of all instances, by a worker of its own. */
typedef struct HostAsk {
    const char *mode;
    const HostUri *uri;
    const GPtrArray *ids;
    KeptWorker *kept; /* NULL: a worker for this request alone */
} HostAsk;

bool host_ask(
    const Source *source, const HostAsk *ask, const WorkerHandler *handler, GError **error);
/* Of a failed line; always false. */
bool host_take_failed(struct json_object *value, GError **error);

/* libvirt_listing.c */
bool libvirt_list(Source *source, InventorySink *sink, GError **error);
bool libvirt_read(Source *source, SourceRead *read, GError **error);
/* libvirt_session.c */
bool libvirt_read_power(Source *source, const char *id, PowerState *ret_power, GError **error);
bool libvirt_shutdown_guest(Source *source, const char *id, GError **error);

#endif
