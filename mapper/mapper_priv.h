/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the mapper: how a plan is made.
 *
 * A Planner holds what is common to all instances (indexes and caches), a Task what belongs to one.
 * Each subject has a fit function that answers the first reason against a choice. Proposing takes
 * the best candidate without such a reason; judging asks the same function about the choice as it
 * stands. So a proposal can never be kinder than the judgement.
 */
#ifndef MAPPER_PRIV_H
#define MAPPER_PRIV_H

#include <glib.h>

#include "arena.h"
#include "catalog.h"
#include "error.h"
#include "inventory.h"
#include "key.h"
#include "plan.h"
#include "policy_priv.h"
#include "server_checks.h"
#include "table.h"

enum { OTHERS_MAX = 10 }; /* names of what else fits */

#define GIB ((int64_t)1 << 30)
#define MIB ((int64_t)1 << 20)

typedef struct Planner Planner;
typedef struct Task Task;
typedef struct ConvertTarget ConvertTarget; /* convert_priv.h */

typedef enum Hypervisor { HYPERVISOR_UNKNOWN, HYPERVISOR_VMWARE, HYPERVISOR_KVM } Hypervisor;

/* The number of a FindingKind; the order is that of the table, not that of the server. */
typedef enum FindingId {
    FINDING_NONE,
#define FINDING(id) FINDING_##id,
#include "finding_ids.h"
#undef FINDING
    FINDING_N
} FindingId;

#define FINDING(id) extern const FindingKind kind_##id;
#include "finding_ids.h"
#undef FINDING

/* --- indexes and caches ----------------------------------------------------------------------- */

/* A VLAN as a number: kind, primary, secondary and type. 0 = no VLAN that could be looked up. */
typedef uint64_t VlanKey;

typedef struct Owner Owner;
typedef struct NetworkCandidates NetworkCandidates;

typedef struct NetworkInfo {
    VlanKey vlan; /* of its broadcast URI */
    HashedText id;
} NetworkInfo;

/* What is known of a VLAN that can be looked up. */
typedef struct VlanInfo {
    VlanKey key;
    List networks;           /* of the zone that carry it: Network */
    const char *text;        /* as vlan_text(); NULL: not asked for yet */
    const char *create_text; /* likewise */
    /* As the owner who asked last may use its networks. */
    const Owner *owner;
    NetworkCandidates *candidates;
} VlanInfo;

/* @key must not be 0. */
VlanInfo *planner_vlan(Planner *planner, VlanKey key);

VlanKey vlan_key(const Vlan *vlan);
VlanKey vlan_key_of_uri(const char *uri);
VlanKey vlan_key_of_id(int64_t id);
/* Of a network of the catalog; made once for each. */
VlanKey network_vlan(const Planner *planner, const Network *network);
HashedText network_id(const Planner *planner, const Network *network);
/* "VLAN 10", "PVLAN 100-i201", "untagged", "trunk 10-20,30". */
const char *vlan_text(const Vlan *vlan, Arena *arena);
/* "name=l2-10 vlan=10 networkofferingid=...": parameters of createNetwork for it. */
const char *planner_create_text(Planner *planner, const Vlan *vlan);
/* As vlan_text(), made once for each VLAN. */
const char *planner_vlan_text(Planner *planner, const Vlan *vlan);

/* Networks of one VLAN, as one owner may use them. */
struct NetworkCandidates {
    const Network **usable, **uncertain, **foreign; /* each best first */
    size_t n_usable, n_uncertain, n_foreign;
    const Network *chosen; /* that was asked for last, with ... */
    const char *others;    /* ... the names of the other usable ones */
};

/* What an account, project or domain may use, and what this plan takes of it. */
typedef struct Ledger Ledger;

typedef enum Resource {
    RESOURCE_VM,
    RESOURCE_CPU,
    RESOURCE_MEMORY, /* MiB */
    RESOURCE_VOLUME,
    RESOURCE_STORAGE, /* bytes */
    RESOURCE_N
} Resource;

struct Owner {
    const char *account, *domainid, *projectid; /* as sent; all NULL: the caller */
    const char *label;                          /* for people */
    const Account *of_account;
    const Project *of_project;
    const Domain *of_domain;
    bool is_caller, is_root_admin;
    FindingId problem; /* why the server would refuse it */
    FindingArg args[FINDING_ARGS_MAX];
    GHashTable *by_vlan; /* VlanInfo -> NetworkCandidates */
    Ledger *ledger;      /* NULL: not known, or not looked up yet */
    bool has_ledger;
};

/* Who in one cluster of a source is called so. */
typedef struct NameUse {
    const char *source, *cluster;
    size_t n;              /* instances, templates aside */
    const Instance *shown; /* the one that CloudStack lists; looked for if there are several */
    struct NameUse *next;  /* in other clusters */
} NameUse;

/* Who is called so anywhere. */
typedef struct NameUses {
    size_t n;
    NameUse first;
} NameUses;

/* NULL: nobody is, or only templates are. */
NameUses *name_uses_find(const Planner *planner, const char *name);
NameUse *name_use_find(const Planner *planner, const InstanceView *view);

/* What a pool may still hold, see storage_space.c. */
typedef struct PoolSpace {
    const StoragePool *pool;
    bool is_known;                       /* all that follows but what the plan takes */
    double allocated_share, used_share;  /* thresholds, 0 to 1; 0: not read */
    int64_t total;                       /* bytes that count as its size for allocation */
    int64_t most_allocated, most_used;   /* bytes, up to the thresholds */
    int64_t imported, arriving, leaving; /* bytes, by the items so far that are imported */
    int64_t possible;                    /* bytes, by those of which it is unknown */
} PoolSpace;

typedef enum PoolTakeKind {
    POOL_TAKE_NONE, /* not found */
    POOL_TAKE_ONE,
    POOL_TAKE_AMBIGUOUS, /* the server takes one of several, which one nobody can tell */
    POOL_TAKE_UNKNOWN    /* a tag rule, or the release, decides */
} PoolTakeKind;

/* The pool that the server would record a disk on. */
typedef struct PoolTake {
    PoolTakeKind kind;
    const StoragePool *pool; /* the first one of several */
    const StoragePool *other;
    bool is_rule; /* a pool's tag is a script, which is not run here */
    /* Of those that may be taken, in releases that look at tags only afterwards. */
    size_t n_with_tags, n_without_tags, n_with_rule;
} PoolTake;

/* What a datastore is on CloudStack's side, seen from one cluster. */
typedef struct PoolMatch {
    const ConvertTarget *target;   /* disks do not stay there: where they are converted to */
    const char *datastore;         /* name for texts */
    const char *clusterid;         /* of the cluster that looks */
    const StoragePool *right;      /* the pool that is this datastore */
    const StoragePool *second;     /* another one that may be it just as well */
    const StoragePool *by_uuid;    /* the one whose id is the datastore's name */
    const StoragePool **first;     /* of equal host and path, in reach of the cluster */
    const StoragePool **search[3]; /* by PoolSearch: what the server's text search finds */
    size_t n_right, n_first, n_search[3];
    PoolSpace *space; /* of the right pool, or NULL */
    /* Of the plan; see storage_rows.c. */
    const char *datacenter, *type;
    const Datastore *record;       /* the source's; NULL: not read */
    const StoragePool *in_cluster; /* a datastore cluster that it may be in */
    const PlanItem *last;          /* the item counted last */
    int64_t n_instances, n_disks, bytes;
    bool is_known; /* pools were read and the datastore can be told */
    /* What the server would take for an offering with the tags, which were asked for last. */
    bool has_take;
    Texts tags;
    PoolTake take;
} PoolMatch;

typedef struct Shape {
    int64_t cpus, memory_mib;
    int64_t reservation_mhz; /* VMware: what the server compares with the offering's speed */
    int64_t own_mhz;         /* that, or KVM's shares: the speed of a custom offering */
    int64_t limit_mhz;       /* what it may use now; 0: no limit that was read */
    bool is_off;
    bool is_converted; /* newer releases refuse an offering that is smaller */
    bool has_speed;    /* details[0].cpuSpeed is given and a number, which may be 0 or less */
    int64_t given_mhz; /* that number */
} Shape;

/* Best offering of a shape, cached. */
typedef struct OfferingPick {
    const ServiceOffering *best;
    const ServiceOffering
        *nearest; /* best one if the instance were off, or else but for its tags */
    FindingId nearest_problem;
    const ServiceOffering **fitting;  /* all that fit, best first */
    const ServiceOffering **when_off; /* likewise: those that fit once it is powered off */
    size_t n_fitting, n_when_off;
    Texts others; /* names of what else fits */
    const char *why;
    /* Two steps: what a rule prefers to all that fit, and what to import with until then. */
    const ServiceOffering *wanted, *transitional;
} OfferingPick;

typedef struct DiskOfferingPick {
    const DiskOffering *best, *nearest;
    FindingId nearest_problem;
    Texts others;
    const char *why;
    const DiskOffering *wanted, *transitional; /* as of OfferingPick */
} DiskOfferingPick;

/* Caches of trap_priv.h: hosts of a cluster and what is left on them. */
typedef struct Room Room;
typedef struct RoomHost RoomHost;
typedef struct Reach Reach;

/* What is counted while items are judged; see matrix.c and freeze.c. */
typedef struct Matrix Matrix;
typedef struct FreezeList FreezeList;

struct Planner {
    const Inventory *inventory;
    const Catalog *catalog;
    const Policy *policy;
    Plan *plan;
    Arena *arena;  /* the plan's */
    Arena scratch; /* for what the plan does not keep */
    const Zone *zone;
    ReleaseSet releases;
    bool is_checking;    /* plan_check() */
    const char *convert; /* PlanOptions.convert */

    /* Catalog by id, and by what else is looked for. */
    Table networks, networks_by_name; /* by name: List of Network */
    Table service_offerings, disk_offerings, templates, pools, clusters, domains, projects;
    Table accounts;                /* domain id, name */
    Table hosts;                   /* by name and by address */
    NetworkInfo *network_infos;    /* by place in the catalog */
    VlanInfo **plain_vlans;        /* by VLAN ID, up to VLAN_ALL; NULL: not met yet */
    GHashTable *other_vlans;       /* VlanKey -> VlanInfo */
    Table permissions;             /* network id -> List of NetworkPermission */
    Table labels;                  /* switch or bridge -> physical network id */
    Table managed_names;           /* instancename -> List of ManagedVm */
    Table managed_macs;            /* MAC -> List of ManagedNicRef */
    Table managed_ids;             /* VM id -> ManagedVm */
    Table managed_files;           /* name of a file, no folder -> List of ManagedVolume */
    Table managed_volumes;         /* VM id -> List of ManagedVolume */
    Table managed_hostnames;       /* network id or none, host name -> ManagedVm */
    Table managed_ips;             /* network id, address -> ManagedVm */
    Table router_ips;              /* network id, address -> Router */
    Table shared_ips;              /* network id, address -> SharedIp */
    Table settings, apis;          /* by name */
    Table scoped_settings;         /* zone or pool id, name -> value */
    Table os_types;                /* by description */
    Table mapped_types, mapped_os; /* version and id of OS type, version and the hypervisor's name
                                      -> OsMapping */

    /* Inventory. */
    Table names;         /* NameUses by name */
    Table listed_names;  /* cluster and name of what CloudStack lists; made when first asked */
    Table read_clusters; /* ids of the clusters whose list was read to its end */
    Table seen_clusters; /* names of the clusters and hosts that a source reads itself */
    Table source_hosts;  /* source, host -> HostCount, see absence_check.c */
    Table listing_hosts; /* id -> SourceHost as CloudStack's source met it */
    bool has_absences;   /* the two before are made, when first asked */
    bool has_cloudstack_view, is_cloudstack_view_complete;
    bool sees_vlans;      /* the catalog's networks show their VLANs */
    bool has_hidden_vlan; /* some network in use does not */

    /* The source that was asked for last. */
    const char *source_name;
    const SourceInfo *source;

    /* Settings and what the server's lists hold. */
    int64_t custom_cpus_max, custom_memory_max; /* of any custom offering; MiB */
    bool lists_deleted_offerings, lists_deleted_disk_offerings;
    bool has_unique_hostnames;      /* vm.instancename.flag: in the whole zone of VMware */
    bool is_admin_allowed_anywhere; /* admin.is.allowed.to.deploy.anywhere */

    /* Caches. */
    GHashTable *ledgers;      /* "account/domainid/name", "project/domainid/id", "domain/id" */
    bool has_odd_sizes;       /* volumes in use may add up to other than whole GiB */
    GHashTable *owners;       /* "account/domainid/projectid" -> Owner */
    Owner **rule_owners;      /* by place in the policy */
    GHashTable *pool_matches; /* datastore and cluster -> PoolMatch */
    List datastores;          /* PoolMatch, in the order in which they were met */
    GHashTable *offering_picks, *disk_offering_picks;
    GHashTable *convert_targets; /* "cluster/pool/direct" -> ConvertTarget */
    GHashTable *pool_spaces;     /* StoragePool -> PoolSpace */
    Table offering_counts;       /* id -> OfferingRow ... */
    List offering_rows;          /* ... in the order in which they were met */
    GHashTable *move_targets;    /* cluster, hypervisor and tags -> TargetList */
    GHashTable *source_clusters; /* "source/cluster/host" -> ClusterPick */
    Table held_hostnames;        /* network id or none, host name -> PlanItem */
    Table held_ips, held_macs;   /* network id, address or MAC -> PlanItem */
    GHashTable *free_ips;        /* Network -> FreeIps; NULL: not asked for yet */
    Table abouts;                /* NIC id -> "nics[...].networkid" */
    GHashTable *network_traps;   /* Network -> NetworkTraps */
    Int default_rates[2];        /* Mbit/s by setting: of a first NIC, of others */
    GHashTable *rooms;           /* Cluster -> Room */
    GArray *shared_uses;         /* see trap_shared.c */
    Reach *reach;                /* NULL: not asked for yet */
    Matrix *matrix;
    FreezeList *freeze;
    Table imports; /* cluster id -> number of items that are imported from it */
    int64_t conversions,
        converted_bytes; /* items that are converted, and how large they may become */
    GString *key;        /* scratch for texts */
    Key *lookup;         /* what planner_key() gives */
    GArray *findings;    /* of the current task */
    GArray *reasons;
    Table mapped_disks; /* of the current task: ids of disks that have an offering */
    GArray *nic_uses;   /* of the current task, see held.c */
    GArray *pool_uses;  /* of the current task, see storage_space.c */
    GArray *misses;     /* of the current task, see offering_rows.c */
};

typedef struct ManagedNicRef {
    const ManagedVm *vm;
    const ManagedNic *nic;
} ManagedNicRef;

/* One instance being planned. */
struct Task {
    Planner *planner;
    PlanItem *item;
    const Instance *instance;
    const InstanceView *view;   /* what is so: the source's view, else CloudStack's */
    const InstanceView *server; /* what the server sees: CloudStack's view, else the source's */
    Hypervisor hypervisor;      /* that CloudStack records: of a VM that is converted, KVM */
    ConvertTarget *target;      /* what it is converted for; NULL: it is imported where it is */
    const Cluster *cluster;
    const Owner *owner;
    size_t nth_owner, n_owners; /* while proposing: of those that its rule names */
    Shape shape;
    const Disk *root;
    const PoolMatch *root_match;
    struct {
        const Disk *disk;
        const PoolMatch *match;
    } matches[8]; /* looked up last, by place of the disk */
    const ServiceOffering *offering;
    const Template *template;
    const OfferingPick *offering_pick; /* while proposing */
    int64_t amounts[RESOURCE_N];       /* that the server counts; of disks those looked at so far */
    unsigned start_untold;             /* of StartFact */
    Room *room;                        /* of its cluster, once looked for */
    RoomHost *room_host;               /* its own in there; NULL: not among them */
    bool has_size;
    bool is_other;            /* the call names another instance: nothing else can be judged */
    const ManagedVm *managed; /* that this instance is already */
};

/* One of the proposals or checks of an instance. */
typedef void (*Step)(Task *task);

void planner_init(Planner *planner);
void planner_release(Planner *planner);
bool planner_find_zone(Planner *planner, const char *name, GError **error);

/* A key of up to three texts, borrowed; valid until the next one is made. NULL parts are empty. */
const Key *planner_key(Planner *planner, const char *a, const char *b, const char *c);
const Key *planner_key_of(Planner *planner, const char *const *parts, size_t n);
Answer setting_is_true(const Planner *planner, const char *name);
/* The source of a view; mostly it is that of the view before. NULL: the inventory has no record. */
const SourceInfo *planner_source(Planner *planner, const InstanceView *view);
/* Was a list of the catalog read to its end? */
#define is_read(list) ((list)->state == FACT_KNOWN)
bool domain_is_within(const Planner *planner, const char *domainid, const char *ancestorid);
/* An offering limited to domains or zones: may the owner use it? */
Answer owner_sees(const Planner *planner, const Owner *owner, const Texts *domains);
Answer zone_sees(const Planner *planner, const Texts *zones);

/* --- findings and reasons --------------------------------------------------------------------- */

#define ARG(text_)     ((FindingArg){.text = (text_)})
#define ARG_N(number_) ((FindingArg){.number = (number_)})
/* add_finding() with the arguments written in a row. */
#define FIND(task, id, subject, ...)                                                               \
    add_finding((task), FINDING_##id, (subject), (FindingArg[FINDING_ARGS_MAX]){__VA_ARGS__})

Finding *add_finding(Task *task, FindingId id, const char *subject, const FindingArg *args);
/* Does the server make this check? */
Answer check_is_made(const Planner *planner, FindingId id);
/* A check that only some releases make: nothing where the server makes none; unknown where it may
 * be one of either. */
void find_if_made(Task *task, FindingId id, const char *subject, const FindingArg *args);
#define FIND_IF_MADE(task, id, subject, ...)                                                       \
    find_if_made((task), FINDING_##id, (subject), (const FindingArg[FINDING_ARGS_MAX]){__VA_ARGS__})
/* A list of the catalog that was needed and not read. */
void find_unread_list(Task *task, const char *list);
void add_reason(Task *task, const char *about, const char *chosen, const char *why, Texts others);
/* "nics[Network adapter 1].networkid", "disks[51-2001].diskofferingid" */
const char *about_nic(Planner *planner, const char *id);
const char *about_disk(Planner *planner, const char *id);
/* "migrate[51-2001].storageid" */
const char *about_move(Planner *planner, const char *id);
/* The value, or a word for why there is none. */
const char *text_or_word(Text text);
/* "a, b", or "none". */
const char *join_texts(Arena *arena, const Texts *texts, const char *separator);

bool has_text(const Texts *texts, const char *text);
#define UNSEEN_OFFERING_WHY                                                                        \
    "this release lists no deleted ones, so it may be one of them, or none at all"

/* param_check.c: what the server refuses before it looks at the instance */
void check_params(Task *task);

/* policy.c */
/* policy_find_rule() of a kind that may ask for the owner. */
const Rule *task_find_rule(const Task *task, RuleKind kind);
/* A rule that comes before the first one that holds, and rests on a fact that was not read. */
void check_rules(Task *task);

/* policy_list.c */
Answer list_has(const PolicyList *list, const InstanceView *view);
/* VMs that a list names and nobody has. */
void add_list_problems_of_policy(Planner *planner);

/* server_order.c */
/* Index of the one refusal that the server would send; findings->len if it sends none. */
guint first_refusal(const Planner *planner, const GArray *findings, bool is_converted);

/* --- the maps --------------------------------------------------------------------------------- */

/* cluster_map.c */
/* "VMware" or "KVM", as CloudStack calls it; NULL: not known. */
const char *hypervisor_word(Hypervisor hypervisor);
void propose_cluster(Task *task);
void check_cluster(Task *task);
/* As the source calls it; NULL: it does not tell. */
const char *source_host_name(const Task *task);
void check_name(Task *task);

/* absence_check.c: does CloudStack see it, and if not, why? */
void check_visible(Task *task);
/* "govc object.rename ...", to a name that nobody has. */
const char *rename_text(const Task *task);

/* managed_check.c */
void index_managed_files(Planner *planner);
void check_managed(Task *task);

/* owner_map.c */
/* Whom account, domain and project (ids; NULL: none) mean; all NULL: the caller. */
Owner *owner_resolve(
    Planner *planner, const char *account, const char *domainid, const char *projectid);
void propose_owner(Task *task);
/* "/", "/Customers", "ROOT/Customers", "/ROOT/Customers" and the id all name a domain. */
const Domain *find_domain(const Catalog *catalog, const char *name);
void check_owner(Task *task);

/* limits.c */
/* Limit and what is left of it, of an account, a project or a domain; by Resource. */
#define LIMIT_MEMBERS(row)                                                                         \
    {                                                                                              \
        {&(row)->vmlimit, &(row)->vmavailable}, {&(row)->cpulimit, &(row)->cpuavailable},          \
            {&(row)->memorylimit, &(row)->memoryavailable},                                        \
            {&(row)->volumelimit, &(row)->volumeavailable},                                        \
            {&(row)->primarystoragelimit, &(row)->primarystorageavailable},                        \
    }
/* NO: unlimited. */
Answer limit_parse(Text text, int64_t *ret);
/* resourcetype of updateResourceLimit; memory in MiB, storage in GiB. */
int resource_number(Resource resource);
/* "user_vm", "cpu", ... */
const char *resource_word(Resource resource);
void init_limits(Planner *planner);
/* Before and after the server looks at a disk. */
void check_disk_limit_first(Task *task);
void check_disk_limit_last(Task *task, int64_t bytes);
void check_limits(Task *task);
/* Once the verdict is known: takes the item's part. */
void use_limits(Task *task);
/* Forgets what the checks told of the item, which will be judged again. */
void forget_limits(Task *task);
/* Does one of the tags have a limit of its own, which nobody knows? */
bool has_limited_tag(const Task *task, const char *setting, const Texts *tags);
/* Once all items are judged: the sums for the remedies. */
void finish_limits(Planner *planner);

/* guest_map.c */
void propose_names(Task *task);
/* "{name}" in a rule's text stands for the instance's name; a copy in @arena. */
const char *fill_name(Arena *arena, const char *text, const char *name);
void propose_template(Task *task);
void check_hostname(Task *task);
/* The host name that the server will use; NULL: there is no name at all. */
const char *task_hostname(const Task *task);
void check_template(Task *task);
void check_guest_os(Task *task);

/* offering_map.c */
enum { CPU_SPEED_DEFAULT_MHZ = 1000 };
void task_read_shape(Task *task);
typedef struct CustomRange {
    int64_t cpus_min, cpus_max, memory_min, memory_max; /* MiB */
} CustomRange;

/* What is less than the source has ("CPU number"), and by how much; NULL: nothing. */
const char *smaller_than_source(
    const ServiceOffering *offering, const Shape *shape, int64_t *ret_has, int64_t *ret_wants);
CustomRange custom_range(const Planner *planner, const ServiceOffering *offering);
bool offering_is_custom(const ServiceOffering *offering);
FindingId offering_fit(const Planner *planner, const ServiceOffering *offering, const Shape *shape);
void propose_offering(Task *task);
/* "'so-2x2048' fits but for the tag gold: two steps" */
const char *nearest_offering_text(const Task *task, const OfferingPick *pick);
const char *offering_size_text(const Task *task, const ServiceOffering *offering);
/* Does one of those fit that may be chosen? If not, one is proposed that needs a power-off. */
bool offering_needs_power_off(const OfferingPick *pick);
/* A fixed offering of another size than a VM that is not off. */
bool is_size_misfit(FindingId problem);
/* Chooses another one of those that fit, with the speed that it asks for. */
void set_offering(Task *task, const ServiceOffering *offering);
/* It was taken after better ones that fit as well, but are refused: names them. */
void keep_offering_reason(Task *task, const ServiceOffering *offering);
/* All that stands against the choices so far is what another offering may cure. */
bool is_offering_to_blame(const Task *task);
void check_offering(Task *task);
bool template_tag_is_missing(const Task *task, const Template *template);
bool offering_is_forbidden(const Task *task, const char *name);
int disk_offering_rule_score(const Task *task, const char *name);
const char *rule_set(const Task *task, RuleKind prefer, RuleKind forbid);

/* storage_map.c */
const PoolMatch *pool_match_find(Task *task, const Disk *disk);
FindingId pool_fit(const Planner *planner, const PoolMatch *match, const Texts *tags);
/* The source's record, by id or by name; NULL: none was read. */
const Datastore *datastore_record(const Task *task, const Disk *disk, const char *name);
const StoragePool *datastore_cluster(const Task *task, const Disk *disk, const PoolMatch *match);
/* The pool that the server would take for an untagged offering, the first of several; or NULL. */
const StoragePool *pool_taken(const Planner *planner, const PoolMatch *match);
bool pool_has_tags(const StoragePool *pool, const Texts *tags);
int pool_certainty(const Planner *planner, const PoolMatch *match, const Texts *tags);
/* As that; a tag with a limit that nobody knows leaves nothing certain. */
int certainty_of(const Task *task, const PoolMatch *match, const Texts *tags);
/* Does the pool that would be taken, *@ret_pool, lack the tags? No where only pools that have them
 * are found. */
Answer pool_lacks_tags(const Planner *planner, const PoolMatch *match, const Texts *tags,
    const StoragePool **ret_pool);
/* Another pool that has the tags, where migrateallowed would move a volume to; NULL: none, or
 * *@ret_is_rule: one whose tag is a script. */
const StoragePool *pool_to_move_to(
    const Task *task, const StoragePool *from, const Texts *tags, bool *ret_is_rule);
void find_pool_problem(
    Task *task, const Disk *disk, const PoolMatch *match, const Texts *tags, const char *offering);

/* storage_space.c */
PoolSpace *pool_space(Planner *planner, const StoragePool *pool);
/* Bytes with what the plan has taken so far; what is free is so below both thresholds. */
int64_t pool_space_allocated(const PoolSpace *space);
int64_t pool_space_used(const PoolSpace *space);
int64_t pool_space_free(const PoolSpace *space);
GArray *pool_uses_new(void);
/* Takes the space of all disks of the instance where they lie. */
void import_space(Task *task);
/* Takes that of a disk that is converted. */
void convert_space(Task *task, PoolSpace *to, int64_t bytes);
/* Takes that of a move; @from: NULL if it is not known. */
void move_space(Task *task, PoolSpace *from, PoolSpace *to, int64_t bytes);
/* Gives back what the current task took. */
void return_space(Planner *planner);
/* Once the verdict is known: for good, if the item is imported. */
void keep_space(const Task *task);
void check_space(Task *task);
/* "12 GiB", "95.0 %" */
const char *size_text(Arena *arena, int64_t bytes);
const char *share_text(Arena *arena, double part, double whole);

/* storage_move.c */
bool texts_within(const Texts *texts, const Texts *others);
bool must_keep_tags(const Planner *planner);
/* Will the instance be running when its volumes are moved? */
bool is_moved_live(const InstanceView *server);
/* Why no volume of the instance can be moved; NULL: they can. */
const char *move_obstacle(const Task *task);
bool pool_serves_hypervisor(const Task *task, const StoragePool *pool);
bool is_local_pool(const StoragePool *pool);
const char *target_text(const Planner *planner, const PoolSpace *space, const Texts *tags);
/* "gold; 'nfs-gold' (ID) has them" */
const char *tags_and_pools(const Task *task, const StoragePool *from, const Texts *tags);
/* Adds an entry to choice.migrate; else says why not. @offeringid: what it ends with. */
const char *propose_move(Task *task, const Disk *disk, const Texts *tags, Text offeringid);
const char *propose_root_move(Task *task, const ServiceOffering *wanted);

/* storage_move_check.c */
void check_moves(Task *task);

/* storage_rows.c */
void count_storage(Task *task);
void plan_build_storage(Planner *planner);

/* offering_rows.c */
void count_offerings(const Task *task);
GArray *misses_new(void);
/* A choice that is missing, and what would have been nearest; counted by count_offerings(). */
void note_service_miss(Planner *planner, const ServiceOffering *offering, const char *what);
void note_disk_miss(Planner *planner, const DiskOffering *offering, const char *what);
void plan_build_offerings(Planner *planner);

/* disk_map.c */
const char *disk_ids(Arena *arena, const InstanceView *view);
void propose_root(Task *task);
void propose_disks(Task *task);
void check_disks(Task *task);

/* disk_tags.c */
void check_tags_recorded(
    Task *task, const Disk *disk, const PoolMatch *match, const Texts *tags, Text name, Text id);

/* Size of the root disk as it would be recorded. */
int64_t task_root_bytes(const Task *task);

/* network_map.c, network_check.c */
NetworkCandidates *network_candidates(Planner *planner, const Owner *owner, VlanKey key);
/* By type and name, for qsort(). */
int network_compare(gconstpointer a, gconstpointer b);
FindingId network_fit(const Task *task, const Nic *server_nic, const Network *network);
/* nic_pick.c */
void propose_nics(Task *task);
void check_nics(Task *task);
/* The VLAN that the server compares; 0: it compares none. */
VlanKey server_vlan(const Task *task, const Nic *server_nic);
bool network_is_labelled(const Task *task, const Nic *nic, const Network *network);
const Nic *task_find_nic(const Task *task, const Nic *server_nic);

/* held.c */
GArray *nic_uses_new(void);
/* A NIC that would be recorded; held for the items behind by hold_uses(). Texts are borrowed. */
void use_nic(Task *task, const Network *network, const char *ip4, HashedText mac);
/* How many NICs of the same item are on the network so far? */
int64_t count_uses(const Planner *planner, const Network *network);
/* Does an earlier NIC of the same item have the MAC on the same network? */
bool uses_mac(const Task *task, const Network *network, const char *mac);
/* Likewise the address. */
bool uses_ip(const Task *task, const Network *network, const char *ip4);
void hold_uses(const Task *task);
/* Would the server refuse the name or the MAC there? */
bool is_taken_on(const Task *task, const Network *network, HashedText hostname, HashedText mac);
/* The earlier item that takes @what on the network; NULL: none. */
const PlanItem *held_by(const Table *held, HashedText network, HashedText what);

/* ip_map.c */
FindingId ip_fit(const Task *task, const Nic *nic, const Network *network, const char *ip4);
/* The address that would be recorded for @ip4; NULL: none, or one that the server chooses. */
const char *ip_recorded(const Task *task, const Nic *nic, const Network *network, const char *ip4);
const char *ip_choose(const Task *task, const Nic *nic, const Network *network);
/* Would "auto" get it one that it has not now? */
bool ip_may_be_new(const Task *task, const Nic *nic, const Network *network);
/* May the VM have that many addresses of the network, as far as the ranges and this plan go? */
bool ip_has_room(Planner *planner, const Network *network, int64_t asked);
/* Once an item is to be imported: @ip4 is NULL where the server chooses. */
void ip_take(Planner *planner, const Network *network, const char *ip4);
bool ip4_is_valid(const char *text);
bool network_needs_ip(const Network *network);

/* reasons.c: carries over the reasons of @given that its choices still have */
void keep_reasons(Task *task, const PlanItem *given);

/* freeze.c: of each item once it is judged, and of all */
void count_freeze(Planner *planner, const PlanItem *item);
void plan_build_freeze(Planner *planner);
void freeze_release(Planner *planner);

/* cost.c: of each item once it is judged, and of all */
void count_import(Planner *planner, const PlanItem *item);
void plan_build_time(Planner *planner);

/* schedule.c */
void propose_wave(Task *task);
/* Of the policy, or as it stands in the file of a plan that is checked (NULL: none is). */
void plan_build_schedule(Planner *planner, const Plan *given);

/* matrix.c: the port groups, then each instance, then the rows */
void start_matrix(Planner *planner);
void count_vlans(Planner *planner, const Instance *instance);
void plan_build_matrix(Planner *planner);
void matrix_release(Planner *planner);

#endif
