/* SPDX-License-Identifier: Apache-2.0
 *
 * A policy as it is parsed, and which of its rules holds.
 */
#ifndef POLICY_PRIV_H
#define POLICY_PRIV_H

#include "arena.h"
#include "inventory.h"
#include "policy.h"
#include "schedule.h"

typedef enum RuleKind {
    RULE_OWNER,
    RULE_PREFER_OFFERING,
    RULE_FORBID_OFFERING,
    RULE_PREFER_DISK_OFFERING,
    RULE_FORBID_DISK_OFFERING,
    RULE_NETWORK,
    RULE_HOSTNAME,
    RULE_DISPLAYNAME,
    RULE_WAVE,
    RULE_PRIORITY,
    RULE_TEMPLATE,
    RULE_CONVERT,
    RULE_KIND_N
} RuleKind;

typedef enum ConditionKind {
    CONDITION_FOLDER,
    CONDITION_TAG,
    CONDITION_ATTRIBUTE,
    CONDITION_POOL,
    CONDITION_CLUSTER,
    CONDITION_NAME,
    CONDITION_DATACENTER,
    CONDITION_HOST,
    CONDITION_SOURCE,
    CONDITION_DATASTORE,
    CONDITION_CPUS, /* this and the next two: compared with a number */
    CONDITION_MEMORY,
    CONDITION_DISK,
    CONDITION_LIST,
    CONDITION_ACCOUNT, /* this and the next two: of the owner, rules of waves and priorities only */
    CONDITION_PROJECT,
    CONDITION_DOMAIN,
    CONDITION_PORTGROUP, /* this and the following: of a NIC, network rules only */
    CONDITION_SWITCH,
    CONDITION_VLAN,
    CONDITION_PVLAN,
    CONDITION_UNTAGGED,
    CONDITION_N
} ConditionKind;

typedef enum Comparison {
    COMPARE_LESS,
    COMPARE_AT_MOST,
    COMPARE_EQUAL,
    COMPARE_AT_LEAST,
    COMPARE_MORE,
} Comparison;

/* VMs by name, id, instance UUID, or folder and name. */
typedef struct PolicyList {
    const char *name;
    GHashTable *entries;    /* owned; texts */
    GHashTable *last_names; /* owned; of the entries that have a folder, what is behind it */
    size_t line, column;    /* where it was first named */
    bool is_defined;
} PolicyList;

typedef struct Condition {
    ConditionKind kind;
    const char *pattern; /* glob; of the value for an attribute */
    const char *key;     /* attribute key or tag category, glob; NULL: any category */
    int64_t number, second;
    Comparison comparison;
    const PolicyList *list;
} Condition;

/* Who may own what an owner rule holds for. */
typedef struct RuleOwner {
    const char *domain, *account, *project;
    bool is_caller; /* whoever calls the API */
} RuleOwner;

/* What instances of VMware become on KVM, and how; names or ids, NULL: left open. */
typedef struct RuleConvert {
    const char *cluster; /* NULL: they are imported where they are */
    const char *host, *import_host, *pool;
    bool is_direct, uses_vddk, is_exported_by_server;
} RuleConvert;

enum { CONDITIONS_MAX = 8, RULE_OWNERS_MAX = 8 };

/* "KIND [VALUE] [for] CONDITION and CONDITION ... -> VALUE" */
typedef struct Rule {
    RuleKind kind;
    size_t line;
    Condition conditions[CONDITIONS_MAX];
    size_t n_conditions;          /* 0: holds for every instance */
    const char *value;            /* pattern, name or text; NULL: see below */
    size_t first_owner, n_owners; /* RULE_OWNER: in Policy.owners, the one that is wanted first */
    bool is_from_guest;           /* RULE_HOSTNAME */
    const RuleConvert *convert;   /* RULE_CONVERT */
    int64_t number;               /* RULE_PRIORITY */
} Rule;

struct Policy {
    Arena arena;
    Rule *rules;
    size_t n_rules;
    RuleOwner *owners; /* of all owner rules */
    size_t n_owners;
    const Rule **of_kind[RULE_KIND_N]; /* in the order of the file */
    size_t n_of_kind[RULE_KIND_N];
    Schedule schedule;
    size_t n_ordered_waves; /* of its waves, those whose order was given */
    size_t n_settings;      /* lines that are no rules */
    GPtrArray *lists;       /* PolicyList, owned */
};

bool glob_match(const char *pattern, const char *text);
/* First rule of a kind that holds for the instance (and the NIC); NULL: none. */
const Rule *policy_find_rule(const Policy *policy, const Inventory *inventory, RuleKind kind,
    const InstanceView *view, const Nic *nic);
bool rule_holds(
    const Rule *rule, const Inventory *inventory, const InstanceView *view, const Nic *nic);
/* "ROOT/a", "/ROOT/a" and "/a" as "a"; borrowed from @path. */
const char *trim_domain(const char *path);

void policy_list_free(void *list);
/* "folder", "tag", ... */
const char *condition_word(ConditionKind kind);

#endif
