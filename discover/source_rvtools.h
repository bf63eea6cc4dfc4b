/* SPDX-License-Identifier: Apache-2.0
 *
 * The CSV files of an RVTools export, one a tab, and what is made of them:
 *
 *   source_rvtools_tab   finds the files, knows the columns and how RVTools writes their values
 *   source_rvtools_vm    tabs of VMs -> InstanceView
 *   source_rvtools       tabs of the infrastructure, the source itself
 *
 * Column names are those of RVTools 4.x, and those of 3.x where they differ.
 */
#ifndef SOURCE_RVTOOLS_H
#define SOURCE_RVTOOLS_H

#include "arena.h"
#include "csv.h"
#include "discover_priv.h"
#include "inventory.h"
#include "source.h"

/* In the order they are read: the infrastructure before the VMs, vInfo before what is of a VM. */
typedef enum RvTab {
    TAB_SOURCE,
    TAB_CLUSTER,
    TAB_HOST,
    TAB_DATASTORE,
    TAB_SWITCH,
    TAB_DVSWITCH,
    TAB_PORT,
    TAB_DVPORT,
    TAB_INFO,
    TAB_CPU,
    TAB_MEMORY,
    TAB_DISK,
    TAB_NETWORK,
    TAB_CD,
    TAB_SNAPSHOT,
    TAB_TOOLS,
    TAB_N
} RvTab;

enum { RV_COLUMNS_MAX = 32 };

/* A tab that is being read. */
typedef struct RvReader {
    RvTab tab;
    CsvReader *csv;
    int columns[RV_COLUMNS_MAX]; /* by the numbers that the tab's reader uses, -1: not there */
} RvReader;

typedef struct RvFile {
    char *path;
    RvTab tab;
} RvFile;

/* Columns of a tab; each text is "Name" or "Name|Older name". */
typedef struct RvTabType {
    const char *name;           /* "vInfo" */
    const char *lacking;        /* what is unknown without it */
    const char *const *columns; /* NULL-terminated, by number */
    unsigned needed;            /* bits of columns without which the tab is of no use */
    const char *const *missed;  /* by number: what is unknown without it; NULL: nothing is said */
} RvTabType;

extern const RvTabType rv_tabs[TAB_N];

/* Columns by number, tab by tab; the names stand in source_rvtools_tab.c. */
enum { SRC_NAME, SRC_VERSION, SRC_FULLNAME, SRC_API, SRC_UUID };
enum { CLUSTER_NAME, CLUSTER_HA, CLUSTER_DRS, CLUSTER_ID, CLUSTER_SERVER };
enum {
    HOST_NAME,
    HOST_DATACENTER,
    HOST_CLUSTER,
    HOST_MAINTENANCE,
    HOST_SPEED,
    HOST_CORES,
    HOST_MEMORY,
    HOST_VERSION,
    HOST_ID,
    HOST_SERVER
};
enum {
    STORE_NAME,
    STORE_ADDRESS,
    STORE_ACCESSIBLE,
    STORE_TYPE,
    STORE_CAPACITY,
    STORE_FREE,
    STORE_POD,
    STORE_URL,
    STORE_ID,
    STORE_SERVER
};
enum { SWITCH_HOST, SWITCH_NAME, SWITCH_DATACENTER, SWITCH_MTU, SWITCH_SERVER };
enum { DVS_NAME, DVS_DATACENTER, DVS_MTU, DVS_ID, DVS_SERVER };
enum {
    PORT_HOST,
    PORT_DATACENTER,
    PORT_GROUP,
    PORT_SWITCH,
    PORT_VLAN,
    PORT_PROMISCUOUS,
    PORT_MAC,
    PORT_FORGED,
    PORT_SERVER
};
enum {
    DVPORT_NAME,
    DVPORT_SWITCH,
    DVPORT_TYPE,
    DVPORT_VLAN,
    DVPORT_PROMISCUOUS,
    DVPORT_MAC,
    DVPORT_FORGED,
    DVPORT_OVERRIDE,
    DVPORT_ID,
    DVPORT_SERVER
};
/* The first of every tab of VMs. */
enum { VM_NAME, VM_ID, VM_UUID, VM_SERVER, VM_FIRST };
enum {
    INFO_POWER = VM_FIRST,
    INFO_TEMPLATE,
    INFO_DNS,
    INFO_CONNECTION,
    INFO_CONSOLIDATION,
    INFO_CPUS,
    INFO_MEMORY,
    INFO_NICS,
    INFO_DISKS,
    INFO_CBT,
    INFO_POOL,
    INFO_FOLDER,
    INFO_VAPP,
    INFO_FT,
    INFO_SECURE_BOOT,
    INFO_FIRMWARE,
    INFO_HW,
    INFO_ANNOTATION,
    INFO_DATACENTER,
    INFO_CLUSTER,
    INFO_HOST,
    INFO_OS,
    INFO_BIOS_UUID
};
enum { CPU_CORES = VM_FIRST, CPU_RESERVATION, CPU_LIMIT };
enum { MEMORY_RESERVATION = VM_FIRST };
enum {
    DISK_LABEL = VM_FIRST,
    DISK_KEY,
    DISK_PATH,
    DISK_CAPACITY,
    DISK_RAW,
    DISK_MODE,
    DISK_SHARING,
    DISK_THIN,
    DISK_CONTROLLER,
    DISK_CONTROLLER_LABEL,
    DISK_UNIT,
    DISK_BUS
};
enum {
    NIC_LABEL = VM_FIRST,
    NIC_ADAPTER,
    NIC_NETWORK,
    NIC_SWITCH,
    NIC_CONNECTED,
    NIC_STARTS,
    NIC_MAC,
    NIC_IP4,
    NIC_IP6,
    NIC_HOST
};
enum { CD_NODE = VM_FIRST, CD_CONNECTED, CD_TYPE };
enum { SNAPSHOT_NAME = VM_FIRST };
enum { TOOLS_STATE = VM_FIRST };

/* --- source_rvtools_tab.c --------------------------------------------------------------------- */

/**
 * rv_find_files - the files of a folder, or those that are listed with commas
 * Errors:  CONFIG when there is no vInfo among them, or a file is no tab; STORAGE
 * Returns: (owned) RvFile, by tab
 */
GPtrArray *rv_find_files(const char *path, GError **error);

/* Opens a tab; INVALID when a needed column is missing. @encoding NULL: UTF-8. (owned) */
RvReader *rv_reader_new(FILE *file, const RvFile *which, const char *encoding, GError **error);
void rv_reader_free(RvReader *reader);

/* The text of a cell without blanks around it, in the arena; NULL: no such column. */
const char *rv_cell(const RvReader *reader, int column, Arena *arena);
/* A text; an empty cell is unknown. */
Text rv_text(const RvReader *reader, int column, Arena *arena);
/* A text; an empty cell says that there is none. */
Text rv_text_or_none(const RvReader *reader, int column, Arena *arena);
/* "51200", "51,200", "51.200", "51 200", "51200,0" times @unit; else unknown. */
Int rv_int(const RvReader *reader, int column, int64_t unit);
Bool rv_bool(const RvReader *reader, int column);
/* "0", "120", "1-10,20": of a port group. */
Vlan rv_vlan(const char *text, const char *from, Arena *arena);

/* --- source_rvtools.c, source_rvtools_vm.c ---------------------------------------------------- */

typedef struct RvVm RvVm;

/* All that was read. */
typedef struct RvEstate {
    Source *source;
    Arena arena;
    const char *product, *api_version, *uuid;
    GPtrArray *clusters, *hosts, *datastores, *switches, *portgroups, *problems; /* in the arena */
    GHashTable *clusters_by_name, *hosts_by_name, *datastores_by_name, *switches_by_name;
    GHashTable *groups;      /* "d\x1fswitch\x1fname", "s\x1fhost\x1fname" -> Portgroup */
    GHashTable *group_names; /* distributed ones by name -> Portgroup, or &rv_several */
    GPtrArray *vms;          /* RvVm, owned */
    GHashTable *vms_by_key;  /* "i\x1fid", "u\x1fuuid", "n\x1fname" -> RvVm, or &rv_several */
    GHashTable *servers;     /* names of vCenters */
    int64_t written_at;      /* vInfo, seconds since 1970 */
    bool has_tab[TAB_N];
} RvEstate;

extern char rv_several; /* stands for "more than one" in the tables by name */

SourceProblem *rv_problem(RvEstate *estate, const char *id, const char *about, const char *remedy);
/* "server/name" where an export is of several vCenters, else the name. In the arena. */
const char *rv_scoped(RvEstate *estate, const RvReader *reader, int server, const char *name);

/* Takes a row of a tab of VMs; @file for the texts of problems. */
void rv_take_vm_row(RvEstate *estate, const RvReader *reader, const char *file);
bool rv_put_vms(RvEstate *estate, InventorySink *sink, GError **error);
void rv_vm_free(RvVm *vm);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(RvReader, rv_reader_free)

#endif
