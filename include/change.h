/* SPDX-License-Identifier: Apache-2.0
 *
 * Changes: what would have to be made or set in CloudStack before a plan can be carried out.
 *
 * Planners in mapper/ make the document ("networks plan", "prepare plan"), people read and edit it,
 * the engine of change_run.h carries it out and takes it back. One change is one writing call, so
 * that after a crash it is either done or not; things that belong together are several changes,
 * of which a later one takes the id of what an earlier one made:
 *
 *   {"apiVersion":"vm-ingest/v1","kind":"Changes","info":{...},
 *   "changes":[
 *   {"id":"network-vlan-120","kind":"network","name":"vlan-120","verdict":"ready",
 *    "why":"14 NICs are on VLAN 120, and no network carries it","evidence":"port group 'web' ...",
 *    "findings":[...],
 *    "call":{"command":"createNetwork","params":{"name":"vlan-120","vlan":"120",...},
 *            "refs":{"domainid":"domain-acme"}},
 *    "find":{"reads":[{"command":"listNetworks","params":{"zoneid":"...","listall":"true"}}],
 *            "item":"network",
 *            "expects":[{"member":"name","param":"name"},
 *                       {"member":"broadcasturi","value":"vlan://120"},
 *                       {"member":"projectid","value":null}],
 *            "clashes":["name","broadcasturi"]},
 *    "undo":{"command":"deleteNetwork","refs":{"id":"network-vlan-120"}},
 *    "uses":[{"what":"a VM has a NIC in it","item":"virtualmachine","reads":[...]}]}
 *   ]}
 *
 * How the engine reads one change:
 *
 *   1  send all .find.reads; items of one id count once
 *   2  one item meets every expectation: it is there, nothing is sent; several do: conflict
 *   3  some item equals in a member of .clashes, but not in all: conflict, nothing is sent
 *   4  .before is known and no item meets all of it: conflict ("changed since the plan")
 *   5  send .call, wait for its job, then read again: one item has to meet every expectation, and
 *      to have the id that the reply gave, within .settle_seconds
 *
 * Taking it back: only what this run made, and only while 2 holds and no read of .uses gives an
 * item; send .undo, then read again: no item meets all expectations, and .before is met if known.
 *
 * Texts live in the document's arena, or as long as what they were borrowed from.
 */
#ifndef CHANGE_H
#define CHANGE_H

#include "plan.h"

#define CHANGES_API_VERSION "vm-ingest/v1"
#define CHANGES_KIND        "Changes"

typedef enum ChangeKind {
    CHANGE_UNKNOWN,
    CHANGE_NETWORK,
    CHANGE_NETWORK_PERMISSION,
    CHANGE_DOMAIN,
    CHANGE_ACCOUNT,
    CHANGE_PROJECT,
    CHANGE_LIMIT,
    CHANGE_SERVICE_OFFERING,
    CHANGE_DISK_OFFERING,
    CHANGE_GUEST_OS_MAPPING,
    CHANGE_TEMPLATE,
    CHANGE_KIND_N
} ChangeKind;

extern const char
    *const change_kind_words[CHANGE_KIND_N]; /* "network", "network-permission", ... */

/* A parameter whose value is the id of what another change made or found. */
typedef struct ChangeRef {
    Text param;
    Text change; /* id of an earlier change; in .uses and .undo also of the change itself */
} ChangeRef;

typedef struct ChangeCall {
    Text command;
    LIST_OF(CallParam) params; /* without keys, in the order they are sent */
    LIST_OF(ChangeRef) refs;
    Texts secrets; /* parameters made up at random when the call is sent, and kept nowhere */
} ChangeCall;

/* What a member of an item has to be: exactly one of value, param and ref. */
typedef struct ChangeExpect {
    Text member; /* "broadcasturi"; "details.isolatedpvlantype" is a member of a member */
    Text value; /* numbers and truth values by their text; absent (null): there is no such member */
    Text param; /* as the call's parameter of this name, edits by hand included */
    Text ref;   /* the id of what this change made or found */
} ChangeExpect;

typedef struct ChangeFind {
    LIST_OF(ChangeCall) reads; /* list calls, read to their end; their items together are judged */
    Text item; /* the list's member in the replies, and the object's in the call's */
    Text id;   /* the item's member that is its id; not known = "id" */
    LIST_OF(ChangeExpect) expects; /* all of them: it is there as asked for */
    Texts clashes; /* members of .expects: equal in one of these but not in all is a conflict */
    LIST_OF(ChangeExpect) before; /* of a change to what is there already: how it is now */
    Int settle_seconds; /* how long it may take until it is as asked for; not known = at once */
} ChangeFind;

/* Something that keeps it from being taken back, as long as the reads give any item. */
typedef struct ChangeUse {
    Text what; /* "a VM has a NIC in it" */
    LIST_OF(ChangeCall) reads;
    Text item;
} ChangeUse;

typedef struct Change {
    Text id; /* unique in the document: letters, digits, '-', '.', '_' */
    ChangeKind kind;
    Text name; /* what people call the thing */
    Text why;
    Text evidence; /* the values read, and where */
    Verdict
        verdict; /* the server's answer foretold; blocked: it is not sent, nor what refers to it */
    LIST_OF(FindingText) findings; /* worst first */
    ChangeCall call;
    ChangeFind find;
    ChangeCall undo; /* no command: it cannot be taken back */
    LIST_OF(ChangeUse) uses;
} Change;

typedef struct ChangesInfo {
    Text about; /* "networks", "preparations" */
    Text created_at, tool_version;
    Text url; /* of the CloudStack that the catalog came from; without keys */
    Text zone, zoneid, server_version;
    LIST_OF(PlanInput) inputs;
    LIST_OF(SourceProblem) problems; /* what could not be read */
} ChangesInfo;

typedef struct Changes Changes;

/* Read-only once made; may be read by many threads. */
struct Changes {
    ChangesInfo info;
    LIST_OF(Change) changes;    /* in the order they are carried out */
    Inventory *inventory;       /* reference, or NULL: texts may be borrowed from it */
    Catalog *catalog;           /* reference, or NULL */
    struct ChangesStore *store; /* private: arena, reference count */
};

/* A document to be filled; changes_arena() gives the memory for its texts. (owned) */
Changes *changes_new_empty(void);
struct Arena *changes_arena(Changes *changes);

/* One reference more or less, from any thread; the last one frees all. */
Changes *changes_ref(const Changes *changes);
void changes_unref(Changes *changes);

/* NULL = absent. */
const Change *changes_find(const Changes *changes, const char *id);

/**
 * changes_check - does the document hold together?
 *
 * Ids are there and unique; each change has a call, and a way to find it; references are to
 * earlier changes; an expectation says one thing; clashes name members that are expected.
 * Errors: INVALID naming the change and the member
 */
bool changes_check(const Changes *changes, GError **error);

/**
 * changes_plan_networks - the networks that are missing
 *
 * One change for each VLAN and PVLAN that VMs are on and that no network of the zone carries, for
 * the owner of most of its NICs; one more for each other owner that has to be permitted to use it.
 * What cannot be made (trunks, VLANs that were not read) is in info.problems. Pure as plan_build(),
 * with its errors. (owned)
 */
Changes *changes_plan_networks(const Inventory *inventory, const Catalog *catalog,
    const Policy *policy, const PlanOptions *options, GError **error);

/* --- filling one ------------------------------------------------------------------------------ */

/* One more item of a LIST_OF(type), zeroed; grows in the arena. (borrowed until the next one) */
#define change_list_add(changes, list)                                                             \
    ((typeof((list)->items))changes_list_grow((changes), (list), sizeof *(list)->items))
void *changes_list_grow(Changes *changes, void *list, size_t item_bytes);

/* The next change; texts of all these are copied. (borrowed until the next one) */
Change *changes_add(Changes *changes, ChangeKind kind, const char *id, const char *name);
void change_call_init(Changes *changes, ChangeCall *call, const char *command);
void change_call_add(Changes *changes, ChangeCall *call, const char *param, const char *value);
void change_call_add_ref(Changes *changes, ChangeCall *call, const char *param, const char *change);
ChangeCall *change_find_add_read(Changes *changes, ChangeFind *find, const char *command);
/* NULL @value: the member has to be absent. */
void change_expect(Changes *changes, ChangeFind *find, const char *member, const char *value);
void change_expect_param(Changes *changes, ChangeFind *find, const char *member, const char *param);
void change_expect_ref(Changes *changes, ChangeFind *find, const char *member, const char *change);
void change_add_clash(Changes *changes, ChangeFind *find, const char *member);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Changes, changes_unref)

#endif
