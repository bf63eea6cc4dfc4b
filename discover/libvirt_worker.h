/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the worker process: one libvirt host, read in stages.
 *
 *   libvirt_worker.c   the process: request, connection, order of stages
 *   libvirt_host.c     the host: itself, networks' XML, pools, leases, mounts
 *   libvirt_networks.c NICs to networks: interfaces, switches, port groups, VLANs
 *   libvirt_domains.c  the domains: XML, states, snapshots
 *   libvirt_disks.c    disks beyond their XML: volumes, sizes, chains, datastores
 *   libvirt_agent.c    the guests, asked by their agents
 *   libvirt_guest.c    the power of one domain, and its guest shut down
 *
 * Each stage may fail or hang alone: it runs in a thread of its own and is left behind at its
 * deadline. It makes a result of its own, in an arena of its own; the main thread takes the result
 * only of a stage that came to its end.
 */
#ifndef LIBVIRT_WORKER_H
#define LIBVIRT_WORKER_H

#include "libvirt_priv.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <pthread.h>

enum {
    XML_THREADS = 8,       /* a far host's round trips overlap */
    XML_THREADS_LOCAL = 3, /* a near one is bound by CPU */
    AGENT_THREADS = 8,
    STAGE_MS = 10 * 1000, /* of one stage that is not about the number of domains */
    STATS_MS = 5 * 1000,
};

typedef struct PoolEntry {
    PoolFacts facts;
    virStoragePoolPtr handle;
    const char *id; /* of its Datastore record */
    bool is_active;
} PoolEntry;

/* A mount of this host that is NFS. */
typedef struct MountEntry {
    const char *path, *host, *export;
    const char *id; /* of its Datastore record */
} MountEntry;

/* What was asked about one disk beyond its XML. */
typedef struct DiskFacts {
    int64_t capacity_bytes, allocation_bytes; /* -1: not told */
    const char *path;                         /* of a volume */
    const char *trouble;                      /* why it could not be read */
    Texts chain;
} DiskFacts;

typedef struct SnapshotList {
    Snapshot *items;
    size_t n;
    bool is_read;
} SnapshotList;

typedef enum DomainProgress {
    DOMAIN_WAITING, /* its XML is not read, or being read */
    DOMAIN_READ,
    DOMAIN_VANISHED, /* gone between the list and the reading */
    DOMAIN_FAILED,   /* .trouble says why */
} DomainProgress;

enum { /* what the filtered lists tell */
    MARK_TRANSIENT = 1 << 0,
    MARK_AUTOSTART = 1 << 1,
    MARK_MANAGED_SAVE = 1 << 2,
    MARK_SNAPSHOT = 1 << 3,
    MARK_CHECKPOINT = 1 << 4,
};

/* What is defined of a running domain. */
typedef struct Definition {
    _Atomic(DomainProgress) progress;
    DomainProgress taken;
    DomainXml xml;       /* once DOMAIN_READ */
    const char *trouble; /* once DOMAIN_FAILED */
} Definition;

typedef struct DomainEntry {
    virDomainPtr handle;
    char uuid[VIR_UUID_STRING_BUFLEN];
    const char *name; /* borrowed from handle */
    _Atomic(DomainProgress) progress;
    DomainProgress taken; /* what it was when the reading was over; the main thread's */
    DomainXml xml;        /* once DOMAIN_READ */
    const char *trouble;  /* once DOMAIN_FAILED */
    Definition definition;
    unsigned marks;
    bool is_lost; /* DOMAIN_FAILED, and not for what its XML is */
    bool is_agent_asked;
} DomainEntry;

typedef struct HostFacts {
    const char *name; /* NULL: not told */
    virNodeInfo info;
    bool has_info;
} HostFacts;

typedef struct Marks {
    GHashTable *by_uuid; /* uuid -> MARK_... */
    unsigned told;       /* which lists were answered */
} Marks;

typedef struct LibvirtError {
    int code;       /* VIR_ERR_...; 0: no error of libvirt's */
    char text[512]; /* "... (libvirt code 42)"; control characters removed */
} LibvirtError;

typedef struct Worker {
    WireRequest request;
    Arena arena; /* of the main thread */
    /* These are handed on to the worker of the next request. */
    virConnectPtr connection, read_write; /* read_write: NULL until it is needed */
    unsigned long libvirt_version;
    bool is_test; /* the test driver: it knows no sizes */
    WireConnected connected;
    FILE *out;
    pthread_mutex_t out_lock;
    atomic_uint_fast64_t requests;
    int64_t deadline_us; /* of the inventory */

    LibvirtError read_write_why; /* there is no read-write connection */
    atomic_bool is_left;         /* a thread of this request was left behind: no other can follow */
    DomainEntry *domains;
    /* Those that were asked for come first; others tell what these share with them. */
    size_t n_domains, n_all, n_vanished;
    /* Results of stages; NULL: left behind, not told. */
    Marks *marks;
    GHashTable *stats;     /* uuid -> virDomainStatsRecordPtr */
    GHashTable *networks;  /* name -> NetworkFacts */
    GArray *pools;         /* PoolEntry */
    GHashTable *leases;    /* MAC -> GPtrArray of addresses */
    GHashTable *snapshots; /* uuid -> SnapshotList */
    GHashTable *jobs;      /* uuid -> Texts; of running domains whose driver tells */
    GHashTable *disks;     /* disk_key() -> DiskFacts */
    HostFacts *host;
    GHashTable *interfaces; /* name -> InterfaceFacts, NULL when it could not be read */
    GArray *mounts;         /* MountEntry, of this host only */
} Worker;

/* --- libvirt_worker.c ------------------------------------------------------------------------- */

void worker_put(Worker *worker, const char *word, const RecordType *type, const void *record);
/* Hands what was put to the parent: before anything that may hang. */
void worker_flush(Worker *worker);
/* A record of the inventory; its .source is set here. */
void worker_put_record(Worker *worker, RecordKind kind, void *record);
G_GNUC_PRINTF(6, 7)
void worker_problem(Worker *worker, const char *id, const char *about, const char *text,
    const char *remedy, const char *evidence, ...);

/* What libvirt said last in this thread. */
LibvirtError libvirt_last_error(void);

/**
 * worker_bounded - run a stage in a thread of its own, but no longer than it may last
 * @run: gets @worker, returns its result
 *
 * NULL: it was left behind, or had no result; it may go on working on what is its own.
 */
void *worker_bounded(Worker *worker, void *(*run)(Worker *worker), int64_t ms);

/* An arena for a stage; it lives as long as the process. */
Arena *stage_arena(void);
/* "label#kind/name" */
const char *record_id(const Worker *worker, Arena *arena, const char *kind, const char *name);

/* --- libvirt_host.c --------------------------------------------------------------------------- */

void *worker_read_host(Worker *worker);
void *worker_read_networks(Worker *worker);
void *worker_read_pools(Worker *worker);
void *worker_read_leases(Worker *worker);
void worker_read_mounts(Worker *worker);
void worker_put_host(Worker *worker);
void worker_put_datastores(Worker *worker);

/* --- libvirt_networks.c ----------------------------------------------------------------------- */

/* The bridges and devices that NICs and networks name, and what lies below them. */
void *worker_read_interfaces(Worker *worker);
/* Fills VLANs and port groups of the NICs that were read, puts switches and port groups. */
void worker_resolve_networks(Worker *worker);

/* --- libvirt_domains.c ------------------------------------------------------------------------ */

/* False when the list cannot be had. Only those that the request names are asked for, or all. */
bool worker_list_domains(Worker *worker, LibvirtError *ret_error);
/* Of a virDomainState. */
PowerState worker_power_of(int state);
void *worker_read_marks(Worker *worker);
void worker_read_domains(Worker *worker);
/* After it: what running domains would be after their next start. */
void worker_read_definitions(Worker *worker);
void *worker_read_stats(Worker *worker);
void *worker_read_snapshots(Worker *worker);
/* Joins what the stages found out into the views, and puts them. */
void worker_put_domains(Worker *worker);

/* --- libvirt_jobs.c --------------------------------------------------------------------------- */

void *worker_read_jobs(Worker *worker);
void worker_finish_jobs(const Worker *worker, DomainEntry *entry);

/* --- libvirt_guest.c -------------------------------------------------------------------------- */

/* Of the only domain that the request names: nothing is put if the host does not have it. */
bool worker_put_power(Worker *worker, LibvirtError *ret_error);
/* Asks the guest by its agent, else by ACPI; never pulls the plug. Nothing put: as above. */
bool worker_shutdown_guest(Worker *worker, LibvirtError *ret_error);
/* Opens worker->read_write if it is not open; in a thread of its own. */
void *worker_open_read_write(Worker *worker);

/* --- libvirt_disks.c -------------------------------------------------------------------------- */

void *worker_read_disks(Worker *worker);
void worker_find_shared_disks(Worker *worker);
void worker_finish_disks(Worker *worker, DomainEntry *entry);

/* --- libvirt_agent.c -------------------------------------------------------------------------- */

/* Asks the agents and puts the instances that waited for them. */
void worker_ask_agents(Worker *worker);
void nic_take_addresses(Nic *nic, const GPtrArray *addresses, const char *from, Arena *arena);

#endif
