/* SPDX-License-Identifier: Apache-2.0
 *
 * A Plan: one item per instance, with every choice written out, the verdict, and the findings that
 * led to it. plan_build() proposes the choices; plan_check() judges choices as they stand.
 *
 * Both are pure: Inventory + Catalog + Policy -> Plan. Texts are not made while planning: a finding
 * holds its kind and arguments, and is rendered when somebody reads it.
 *
 * A plan keeps references to the inventory and catalog it was made from (and plan_check() to the
 * plan it was given), and its texts may be borrowed from them; a plan that was loaded from a file
 * has neither and owns its texts.
 */
#ifndef PLAN_H
#define PLAN_H

#include "catalog.h"
#include "inventory.h"
#include "policy.h"
#include "schedule.h"

#define PLAN_API_VERSION "vm-ingest/v1"
#define PLAN_KIND        "Plan"

typedef enum Verdict {
    VERDICT_NONE, /* not judged yet */
    VERDICT_READY,
    VERDICT_READY_AFTER_ACTION,
    VERDICT_BLOCKED,
    VERDICT_UNKNOWN, /* some fact that decides is missing; a finding names it */
    VERDICT_N
} Verdict;

typedef enum Severity {
    SEVERITY_NONE,
    SEVERITY_INFO,
    SEVERITY_WARNING, /* accepted, but the operator should know */
    SEVERITY_ACTION,  /* somebody must do something before; ready after it */
    SEVERITY_UNKNOWN, /* a fact that decides is missing */
    SEVERITY_BLOCKER,
    SEVERITY_N
} Severity;

extern const char *const verdict_words[VERDICT_N];   /* "ready", "ready-after-action", ... */
extern const char *const severity_words[SEVERITY_N]; /* "info", "warning", "action", ... */

/* --- findings --------------------------------------------------------------------------------- */

typedef enum ServerStage { STAGE_NONE, STAGE_SUBMIT, STAGE_JOB, STAGE_N } ServerStage;

extern const char *const server_stage_words[STAGE_N]; /* "submit", "job" */

/* How we know that the server makes a check as the row says. */
typedef enum CheckProof {
    PROOF_NONE,     /* the server makes no such check */
    PROOF_RECORDED, /* a running server was seen to make it */
    PROOF_READ,     /* read in the server's code */
    PROOF_N
} CheckProof;

extern const char *const check_proof_words[PROOF_N]; /* "recorded", "read" */

/* Releases by one of their behaviours, see mapper/release_table.c; member 0: all of them. */
typedef struct ReleaseScope {
    unsigned short member; /* offset in struct Release */
    bool has_not;          /* those that do not behave so */
} ReleaseScope;

/* How some releases word a check. */
typedef struct ServerWording {
    const char *text;
    ReleaseScope scope;
} ServerWording;

/**
 * A kind of finding: a row of mapper/kinds_*.c, shown by "vm-ingest explain". The rows with a stage
 * are the table of the server's checks.
 *
 * In the templates {1} .. {6} stand for the finding's arguments ({1:size}: bytes, told in GiB),
 * {nic} or {disk} for its subject, {vm} for the name of the instance, {api} and {command} for the
 * call that imports it, as it is sent and in lower case. In the server's texts {shown}
 * is the name that the release prints late in a job, {CPU} and {Template} are in its letters.
 */
typedef struct FindingKind {
    int number;     /* from 1, in the order of the table */
    const char *id; /* "vlan-without-network"; lower case, hyphens; stable */
    Severity severity;
    const char *text;     /* template: what is so, one sentence */
    const char *evidence; /* template: the values read, and where */
    const char *remedy;   /* template: what a person can do, with the command or call */
    const char *meaning;  /* for explain: what it means and why it matters */
    ServerStage stage;    /* when the server makes this check, STAGE_NONE: it does not */
    int server_code;
    const char *server_text; /* template of the server's own text; NULL: it sends none */
    int rank;                /* place in the server's order of checks, from 1; see CheckRank */
    CheckProof proof;
    ReleaseScope scope;            /* the releases that make the check */
    const ServerWording *wordings; /* where releases differ; ends with an empty row, or NULL */
    bool is_of_conversion;         /* a check of importVm alone */
} FindingKind;

extern const FindingKind *const finding_kinds[];
extern const size_t finding_kinds_n;
/* NULL = absent. */
const FindingKind *finding_find_kind(const char *id);
/* "all", or "4.19.2, 4.19.3": the releases that make the check. (owned) */
char *finding_kind_releases(const FindingKind *kind);
/* A line for each other wording, "4.18.2: ..."; empty if there is one only. (owned) */
char *finding_kind_wordings(const FindingKind *kind);

enum { FINDING_ARGS_MAX = 6 };

typedef struct FindingArg {
    const char *text; /* borrowed from the plan, its inventory or its catalog; NULL: a number */
    int64_t number;
} FindingArg;

typedef struct Finding {
    const FindingKind *kind;       /* NULL in a loaded plan whose id we do not know */
    Severity severity;             /* may differ from the kind's by the case */
    bool is_unforetold;            /* the server might accept it all the same: no reply is given */
    const struct Release *release; /* whose text is given; NULL: the newest one's */
    const char *subject;           /* id of the NIC or disk, NULL = the instance */
    FindingArg args[FINDING_ARGS_MAX];
} Finding;

/* As it stands in the plan file and in reports. */
typedef struct ServerReply {
    ServerStage stage;
    Int code;
    Text text;
} ServerReply;

typedef struct FindingText {
    Text id;
    Severity severity;
    Text subject, text, evidence, remedy;
    ServerReply server;
} FindingText;

/* --- choices ---------------------------------------------------------------------------------- */

typedef struct DetailChoice {
    Text key, value;
} DetailChoice;

typedef struct NicChoice {
    Text nic, networkid;
    Text ip4; /* address, "auto", or absent: none is sent */
} NicChoice;

typedef struct DiskChoice {
    Text disk, diskofferingid;
} DiskChoice;

typedef struct MigrateChoice {
    Text disk, storageid, diskofferingid;
} MigrateChoice;

typedef struct PowerChoice {
    Bool off;
    Int deadline; /* seconds */
} PowerChoice;

typedef struct IpChoice {
    Text nic, ip;
} IpChoice;

/* What importVm asks for besides: a copy of the VM is converted, the VM itself is left alone. */
typedef struct ConvertChoice {
    Text importsource;                    /* "vmware"; absent: it is imported where it is */
    Text zoneid;                          /* of the cluster that it is converted to */
    Text existingvcenterid;               /* of listVmwareDcs; absent: the three that follow */
    Text vcenter, datacentername;         /* as the management server reaches it */
    Text credentials;                     /* name of the source whose user name and password are
                                             sent with them */
    Text clustername, hostip;             /* at the source */
    Text convertinstancehostid;           /* where virt-v2v runs; absent: the server takes one */
    Text importinstancehostid;            /* that moves the disks to their pools; likewise */
    Text convertinstancepoolid;           /* absent: secondary storage */
    Bool forceconverttopool;              /* the disks stay on that pool */
    Bool forcemstoimportvmfiles, usevddk; /* who reads the disks, and how */
    Text extraparams;                     /* of virt-v2v */
    Text osid;                            /* of listOsTypes */
} ConvertChoice;

/* What will be asked of the server; each member can be edited by hand in the plan file. */
typedef struct Choice {
    Text clusterid, name, displayname, hostname;
    Text account, domainid, projectid;
    Text templateid, serviceofferingid;
    LIST_OF(DetailChoice) details;
    LIST_OF(NicChoice) nics;
    Text root; /* id of the root disk */
    LIST_OF(DiskChoice) disks;
    Bool migrateallowed, forced;
    LIST_OF(MigrateChoice) migrate;
    PowerChoice power;
    LIST_OF(IpChoice) ips;
    Text wave;
    Int priority; /* higher ones first in their wave; unknown or absent: 0 */
    ConvertChoice convert;
} Choice;

/* Why a choice was made, and what else fitted. */
typedef struct Reason {
    Text about;  /* "nics[Network adapter 1].networkid", "serviceofferingid", ... */
    Text chosen; /* name of what was chosen */
    Text why;
    Texts others; /* names of what else fitted, best first, ten at most */
} Reason;

/* --- items ------------------------------------------------------------------------------------ */

typedef struct PlanDisk {
    Text id, label, datastore, path;
    Int capacity_bytes;
} PlanDisk;

typedef struct PlanNic {
    Text id, mac, adapter, network;
    Vlan vlan;
    Texts ips;
} PlanNic;

/* Identity of an instance, and what a report shows of it. */
typedef struct PlanInstance {
    Text source, id, instance_uuid, bios_uuid, name, path;
    Text cloudstack_source, cloudstack_id; /* of the other view, if there is one */
    Bool is_listed;                        /* by CloudStack; false: plan_item_absences() says why */
    Text datacenter, cluster, host, guest_os;
    PowerState power;
    Int cpus, memory_bytes;
    LIST_OF(PlanDisk) disks;
    LIST_OF(PlanNic) nics;
} PlanInstance;

typedef struct CallParam {
    Text name, value;
} CallParam;

typedef struct Call {
    Text command;
    LIST_OF(CallParam) params; /* without keys, in the order they are sent */
    /* Name of the source whose user name and password are sent besides, as username and password:
     * they are read where it is configured when the call is sent, and stand in no file. Mostly not
     * known: none are sent. */
    Text credentials;
} Call;

/* A disk that is moved once it is imported: what reports show of an entry of choice.migrate. */
typedef struct PlanMove {
    Text disk, label;
    Int bytes; /* its size: the most that is copied */
    Text from_pool, from_poolid, to_pool, to_poolid;
    Text offering_before, offering; /* names; the first of a service offering for a root disk */
    Bool is_live;                   /* while the VM runs */
    Int free_after_bytes;           /* on the pool it goes to, below the thresholds */
    Text why;                       /* why this pool */
} PlanMove;

typedef struct PlanItem {
    PlanInstance instance;
    Choice choice;
    Verdict verdict;
    const Instance *facts_of; /* the inventory's instance; NULL in a loaded plan */
    Finding *findings;        /* worst first; the server's first refusal before all others */
    size_t n_findings;
    Reason *reasons;
    size_t n_reasons;
    LIST_OF(PlanMove) moves; /* in the order of choice.migrate; not those that would be refused */
    /* Loaded from a file: as they stood there. */
    LIST_OF(FindingText) loaded_findings;
    LIST_OF(Reason) loaded_reasons;
    LIST_OF(Call) loaded_calls;
    Text loaded_facts;
} PlanItem;

/* One row of the VLAN to network matrix. */
typedef enum NetworkMatch {
    MATCH_NONE_YET,
    MATCH_ONE,      /* exactly one usable network */
    MATCH_SEVERAL,  /* several: a rule or a person must choose */
    MATCH_MISSING,  /* no network: one would have to be created */
    MATCH_CONFLICT, /* something stands in the way: trunk, reserved range, unreadable */
    MATCH_N
} NetworkMatch;

extern const char *const network_match_words[MATCH_N]; /* "one", "several", "missing", "conflict" */

typedef struct MatrixNetwork {
    Text id, name, type, owner, physicalnetwork;
} MatrixNetwork;

typedef struct MatrixRow {
    Vlan vlan;
    Texts portgroups; /* names, sorted */
    Texts switches;
    Int hosts, instances, nics;
    Text zone;
    NetworkMatch match;
    LIST_OF(MatrixNetwork) networks;
    Texts physicalnetworks; /* that traffic labels tie its switches to; none: no label does */
    Text note;              /* why it is a conflict, or what would be created */
    Text create;            /* the call, where the network is missing */
} MatrixRow;

/* One row of the storage map: a datastore that VMs of the plan lie on, or a pool that their disks
 * are moved to. */
typedef enum StorageMatch {
    STORAGE_NONE_YET,
    STORAGE_POOL,      /* it is this pool, and the server takes it for that */
    STORAGE_AMBIGUOUS, /* the server takes one of several */
    STORAGE_WRONG,     /* the server takes another pool */
    STORAGE_MISSING,   /* it is no primary storage */
    STORAGE_UNKNOWN,   /* it cannot be told */
    STORAGE_TARGET,    /* no VM lies there: disks are moved to it */
    STORAGE_N
} StorageMatch;

extern const char *const storage_match_words[STORAGE_N]; /* "pool", "ambiguous", ... */

typedef struct StorageRow {
    Text datastore, datacenter, type;                   /* at the source */
    Int datastore_capacity_bytes, datastore_free_bytes; /* as the source tells */
    StorageMatch match;
    Text pool, poolid, pooltype, scope, state, cluster; /* of CloudStack; cluster: its name */
    Texts tags;
    Bool istagarule;
    Int capacity_bytes, allocated_bytes, used_bytes; /* of the pool, before the plan */
    Int limit_bytes;                                 /* that may be allocated, by the threshold */
    Int instances, disks, bytes;                     /* of the plan that lie there */
    /* Of the pool, by the items that are imported: */
    Int imported_bytes, leaving_bytes, arriving_bytes;
    Int free_after_bytes; /* below both thresholds, once all is done; may be negative */
    Text note;
} StorageRow;

/* One row of the offering map. */
typedef enum OfferingKind {
    OFFERING_NONE_YET,
    OFFERING_SERVICE,
    OFFERING_DISK,
    OFFERING_KIND_N
} OfferingKind;

extern const char *const offering_kind_words[OFFERING_KIND_N]; /* "service", "disk" */

typedef struct OfferingRow {
    OfferingKind kind;
    Text id, name;
    Texts tags;
    Int instances; /* that are imported with it */
    Int disks;     /* likewise; of a service offering the root disks */
    Int moved;     /* disks that are given it when they are moved */
    Text why;      /* of the first one */
    Int missed;    /* instances or disks that it would be the next best choice for */
    Text miss;     /* what it lacks for the first of those */
} OfferingRow;
/* --- what must hold still meanwhile ----------------------------------------------------------- */

typedef enum FreezeState {
    FREEZE_NONE,
    FREEZE_OFF,
    FREEZE_ON,
    FREEZE_UNKNOWN,
    FREEZE_STATE_N
} FreezeState;

extern const char *const freeze_state_words[FREEZE_STATE_N]; /* "off", "on", "unknown" */

/* Something that would move or rename VMs while they are imported. */
typedef struct FreezeRow {
    Text kind; /* "drs", "storage-drs", "backup", "task", "autostart", "managed-save", ... */
    Text source, datacenter;
    Text where;        /* "cluster 'C0'", "datastore cluster 'pod1'", "host 'kvm1'" */
    FreezeState state; /* unknown: it was not read */
    Text text, evidence;
    Text command, undo; /* to hold it still, and afterwards */
    Text until;
    Int instances; /* how many VMs of the plan that are not blocked */
    Texts names;   /* of the first of them */
} FreezeRow;

/* --- time ------------------------------------------------------------------------------------- */

typedef enum TimeKind {
    TIME_NONE,
    TIME_CATALOG, /* reading what the target offers */
    TIME_LIST,    /* CloudStack's list of one cluster */
    TIME_IMPORT,  /* importing what is ready from one cluster, one VM after the other */
    TIME_CONVERT, /* copying what is converted */
    TIME_TOTAL,
    TIME_KIND_N
} TimeKind;

extern const char
    *const time_kind_words[TIME_KIND_N]; /* "catalog", "list", "import", "convert", "total" */

/* What something costs this server, by its own measured answers. */
typedef struct TimeRow {
    TimeKind kind;
    Text about;             /* name of the cluster */
    Int count;              /* calls, VMs listed, VMs to be imported */
    Int each_ms;            /* of one of them */
    Int total_ms, most_ms;  /* at least and at most; unknown: not measured */
    Text arithmetic, basis; /* basis: what was measured, or why nothing was */
} TimeRow;

typedef struct PlanInput {
    Text kind;   /* "inventory", "catalog", "policy" */
    Text name;   /* file or source */
    Text sha256; /* of its saved form, hexadecimal */
    Text read_at;
    Bool is_partial;
} PlanInput;

typedef struct PlanInfo {
    Text created_at, tool_version;
    Text zone, zoneid, server_version;
    Texts physicalnetworks; /* of the zone, by name where they have one */
    LIST_OF(PlanInput) inputs;
    LIST_OF(SourceProblem) problems; /* of the sources and of the catalog, for the report */
} PlanInfo;

typedef struct Plan Plan;

struct Plan {
    PlanInfo info;
    PlanItem *items; /* in the order of the inventory */
    size_t n_items;
    MatrixRow *networks; /* sorted by kind, VLAN ID, zone */
    size_t n_networks;
    StorageRow *storage; /* sorted by datastore, datacenter, pool */
    size_t n_storage;
    OfferingRow *offerings; /* service offerings first; most used first */
    size_t n_offerings;
    FreezeRow *freeze;
    size_t n_freeze;
    TimeRow *time;
    size_t n_time;
    Schedule schedule;
    size_t n_verdicts[VERDICT_N];
    Inventory *inventory;    /* reference, or NULL */
    Catalog *catalog;        /* reference, or NULL */
    struct PlanStore *store; /* private: arena, reference count */
};

typedef struct PlanOptions {
    const char *zone;           /* name or id; NULL: the only one, else an error names them */
    const char *server_version; /* pins the release; NULL: the catalog's */
    const char *convert; /* name or id of the KVM cluster that VMs of VMware are converted to which
                            no convert rule holds for; NULL: they are imported where they are */
    const bool
        *is_wanted; /* plan_check(): by place in the given plan; NULL: all items are. Of the
                       others no more is found out than what they take from those behind
                       them. The result has the wanted ones alone, judged as in the whole,
                       and no maps of the estate: networks, storage, offerings, freeze, time */
} PlanOptions;

/**
 * plan_build - propose choices for every instance and judge them
 *
 * Reads nothing, writes nothing, asks no clock. info.created_at, tool_version and inputs are the
 * caller's to fill in.
 *
 * Errors:  NOT_FOUND when the zone is not in the catalog or cannot be told, or has no such KVM
 *          cluster; CONFIG when the server version that was given is none
 * Returns: (owned) with one reference
 */
Plan *plan_build(const Inventory *inventory, const Catalog *catalog, const Policy *policy,
    const PlanOptions *options, GError **error);

/**
 * plan_check - judge the choices of @given as they stand against other facts
 *
 * Items are joined to instances by source and id, else by instance UUID, else by name and path. An
 * item whose instance is gone is blocked ("instance-gone"); one whose facts changed has a finding.
 * Reads, writes, errors and result as of plan_build().
 */
Plan *plan_check(const Plan *given, const Inventory *inventory, const Catalog *catalog,
    const Policy *policy, const PlanOptions *options, GError **error);

/* One reference more or less, from any thread; the last one frees all. */
Plan *plan_ref(const Plan *plan);
void plan_unref(Plan *plan);

/* A plan to be filled by a loader; plan_arena() gives the memory for its texts. (owned) */
Plan *plan_new_empty(void);
struct Arena *plan_arena(Plan *plan);

/* Fills @ret with texts in @arena. */
void finding_render(
    const PlanItem *item, const Finding *finding, struct Arena *arena, FindingText *ret);

/* Is it converted (importVm), or imported where it is (importUnmanagedInstance)? */
bool choice_is_converted(const Choice *choice);

/* The exact API calls of an item, in order, without keys. Texts in @arena; returns their number. */
size_t plan_item_calls(const PlanItem *item, struct Arena *arena, Call **ret_calls);

/* SHA-256, hexadecimal, of the facts that the verdict used. (owned); NULL in a loaded plan */
char *plan_item_facts(const PlanItem *item);
/* The same of the two views of a VM; either may be NULL. (owned) */
char *instance_facts(const InstanceView *source, const InstanceView *cloudstack);

/* --- why is it not in the list? --------------------------------------------------------------- */

typedef enum AbsenceSide {
    ABSENCE_NONE,
    ABSENCE_LISTED,        /* CloudStack lists it */
    ABSENCE_NOT_LISTED,    /* the source has it, CloudStack does not list it */
    ABSENCE_NOT_AT_SOURCE, /* CloudStack lists it, and the source that was read does not see it */
    ABSENCE_READ_WRONGLY,  /* listed with other disks or NICs than it has */
    ABSENCE_SIDE_N
} AbsenceSide;

typedef enum Certainty {
    CERTAINTY_NONE,
    CERTAINTY_CERTAIN,  /* read */
    CERTAINTY_PROBABLE, /* by exclusion: no API shows it */
    CERTAINTY_UNKNOWN,  /* something that decides was not read */
    CERTAINTY_N
} Certainty;

extern const char *const absence_side_words[ABSENCE_SIDE_N]; /* "listed", "not-listed", ... */
extern const char *const certainty_words[CERTAINTY_N];       /* "certain", "probable", "unknown" */

typedef struct Absence {
    Text source, id, name, path, cluster, host;
    AbsenceSide side;
    Text reason; /* "template", "managed", "host-not-up", "hidden-name", ...; stable */
    Certainty certainty;
    Text finding; /* its id */
    Text text, evidence, remedy;
} Absence;

/* What the findings of an item tell of its absence; usually none or one. Texts in @arena or
 * borrowed from the plan; returns the number. */
size_t plan_item_absences(const PlanItem *item, struct Arena *arena, Absence **ret_absences);
/* The row of an item that is listed, for whoever asks for it by name. */
Absence plan_item_listed(const PlanItem *item);

/* A plan without items, for its VLAN to network rows: "vm-ingest networks". As plan_build(). */
Plan *plan_build_networks(
    const Inventory *inventory, const Catalog *catalog, const PlanOptions *options, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Plan, plan_unref)

#endif
