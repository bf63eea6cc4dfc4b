/* SPDX-License-Identifier: Apache-2.0
 *
 * What the table of the server's checks rests on: how releases behave, and the order of checks.
 */
#ifndef SERVER_CHECKS_H
#define SERVER_CHECKS_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "catalog.h"
#include "plan.h"

typedef enum Answer { ANSWER_NO, ANSWER_YES, ANSWER_UNKNOWN } Answer;

/* --- releases --------------------------------------------------------------------------------- */

typedef enum PoolSearch {
    POOL_SEARCH_ENDS,    /* pool path ends with the datastore's name */
    POOL_SEARCH_PATH,    /* pool path contains the datastore's path; without one nothing matches */
    POOL_SEARCH_CONTAINS /* pool path contains the datastore's path, else its name */
} PoolSearch;

/* How one CloudStack release behaves. A higher number is not a later code: always ask the row. */
typedef struct Release {
    const char *name;              /* "4.22.0.1" */
    int minor, patch, security;    /* 4.<minor>.<patch>.<security> */
    int last_patch, last_security; /* up to these the code is the same */
    PoolSearch pool_search;
    /* how it looks for pools */
    bool filters_pools_by_tag; /* a pool without the offering's tags is not found */
    bool finds_pool_by_uuid;   /* and looks through the pools in no order */
    bool evaluates_tag_rules;  /* a pool's tag may be a script */
    /* which checks it makes */
    bool needs_enabled_cluster; /* a disabled cluster is refused */
    bool imports_kvm;
    bool asks_kvm_template;    /* before it looks at the guest OS; else it fails at the root disk */
    bool needs_every_host_tag; /* else only those listed in vm.strict.host.tags */
    bool evaluates_host_rules; /* a host's tag may be a script */
    bool counts_single_disk;   /* a disk offering for the only disk is refused */
    bool lends_disk_size;      /* a disk of size 0 is given that of its fixed offering */
    bool compares_null_uri;    /* PVLAN and a network without URI: a text, not a null pointer */
    bool validates_mac;
    bool needs_free_basic_ip;  /* an address of a Basic zone must be a free row of the ranges */
    bool needs_free_shared_ip; /* an address of any Shared network must be */
    bool breaks_custom;        /* each custom offering ends in a null pointer */
    bool limits_cpu;           /* looks at the limits of CPUs and memory */
    bool limits_storage;       /* and of primary storage */
    bool reserves_limits;      /* reserves all at a time, after the instance was found */
    /* what it does besides */
    bool asks_cluster_first;      /* before it looks at domain and account */
    bool force_removes_other_nic; /* forced=true takes the MAC away from its owner */
    bool hides_names_by_host;     /* a managed VM on another host than recorded is found again */
    /* which domains its reader of KVM misses */
    bool misses_no_cputune, misses_no_cache, misses_itco;
    /* how it words its texts */
    bool has_words_of_418;
    bool misspells_please;
    bool numbers_network;   /* of a MAC in use: by its internal number */
    bool tells_network_id;  /* the same, by its id; else the whole object */
    bool tells_limit_tag;   /* "tag = 'null'" */
    bool tells_objects;     /* in brackets: whole objects, else names and ids */
    bool writes_cpu_large;  /* "CPU", "Template", else "cpu", "template" */
    bool shows_displayname; /* late in the job: the display name for the instance's name */
    /* what its APIs and settings show */
    bool has_import_vm, has_import_volume, has_import_host, has_dcvms_batch, has_dcvms_instance;
    bool has_delete_protection, has_import_tasks, has_vddk, has_update_nic;
    bool has_strict_tags_setting, has_key_access_setting, has_post_setting;
    /* how it converts */
    bool clones_always;        /* what is off, too, and before it looks at hosts and pools */
    bool picks_pools_by_tag;   /* else all disks go to one pool, whatever their offerings' tags */
    bool compares_with_source; /* an offering that is smaller than the source is refused */
} Release;

enum { RELEASE_COLUMNS_MAX = 16 };

extern const Release releases[]; /* in order of number */
extern const size_t releases_n;

typedef enum ReleaseMatch {
    RELEASE_EXACT,
    RELEASE_NEWER,   /* than all that we know: judged by the newest */
    RELEASE_OLDER,   /* than all that we know: judged by the oldest */
    RELEASE_NEAR,    /* none that we know: judged by the one before it */
    RELEASE_NARROWED /* the server hides its version; narrowed down by its APIs and settings */
} ReleaseMatch;

typedef struct ReleaseSet {
    const Release *rows[RELEASE_COLUMNS_MAX]; /* those that the server may be; at least one */
    size_t n;
    ReleaseMatch match;
} ReleaseSet;

/* False when @version is not of the form 4.<minor>.<patch>. */
bool releases_from_version(const char *version, ReleaseSet *ret);
/* By the APIs that it has and by its settings. */
void releases_from_catalog(const Catalog *catalog, ReleaseSet *ret);
/* Asks a property of all that the server may be. */
Answer releases_ask(const ReleaseSet *set, size_t offset);
#define RELEASES_ASK(set, member) releases_ask((set), offsetof(Release, member))
bool release_is_in(const Release *release, ReleaseScope scope);
/* "4.19.2, 4.19.3" */
const char *releases_text(Arena *arena, const ReleaseSet *set);

/* The order of the server's checks; it sends one refusal, the first. Findings of one rank keep the
 * order in which they were found: disk by disk, NIC by NIC. 4.23 and those that reserve limits have
 * it so; the others differ as server_order.c says. */
typedef enum CheckRank {
    RANK_NONE,
    RANK_CALLER,
    RANK_PARAM_CHARACTERS,
    RANK_PARAM_CLUSTER,
    RANK_PARAM_NAME,
    RANK_PARAM_DOMAIN,
    RANK_PARAM_PROJECT,
    RANK_PARAM_TEMPLATE,
    RANK_PARAM_OFFERING,
    RANK_PARAM_CONVERT, /* this and all others of that name: of importVm alone */
    RANK_OWNER,
    RANK_CONVERT_EXTRA, /* the first one in the job */
    RANK_DOMAIN_ALONE,  /* likewise, of an import */
    RANK_HYPERVISOR,
    RANK_CLUSTER_STATE,
    RANK_OFFERING_ACCESS,
    RANK_EARLY_LIMIT, /* of instances, without reservations */
    RANK_HOSTNAME,
    RANK_HOSTNAME_IN_ZONE,
    RANK_NETWORK_IDS,
    RANK_ADDRESS_TEXTS,
    RANK_DISK_OFFERING_IDS,
    RANK_EARLY_INSTANCES, /* reserved first by the release that breaks on custom offerings, */
    RANK_EARLY_SIZES,     /* then CPUs and memory */
    RANK_CONVERT_VCENTER,
    RANK_CONVERT_POOL,
    RANK_CONVERT_HOST, /* from here on each refusal of importVm is a 530 */
    RANK_CONVERT_IMPORT_HOST,
    RANK_CONVERT_SUPPORT,
    RANK_CONVERT_TEMPORARY,
    RANK_CONVERT_TARGET,
    RANK_CONVERT_SOURCE,
    RANK_VISIBLE,
    RANK_TEMPLATE_NEEDED,
    RANK_GUEST_OS,
    RANK_SIZE,
    RANK_LIMITS,
    RANK_CONVERT_NICS, /* importVm looks at NICs before it converts, and again at the end */
    RANK_LATE_HOST,    /* the hosts and pools of importVm in the release that clones first */
    RANK_LATE_IMPORT_HOST,
    RANK_LATE_SUPPORT,
    RANK_LATE_TEMPORARY,
    RANK_LATE_TARGET,
    RANK_OFFERING_FIT,
    RANK_OFFERING_LIMITS, /* of CPUs and memory, without reservations */
    RANK_HOST_TAGS,
    RANK_NO_DISKS,
    RANK_DISK_SPLIT,
    RANK_ROOT_CONTROLLER,
    RANK_DISKS,
    RANK_STORAGE_LIMIT, /* without reservations */
    RANK_SEVERAL_IPS,
    RANK_NICS,
    RANK_TEMPLATE_SIZE,
    RANK_NIC_ROWS,
    RANK_HOST_CHANGE,
    RANK_N
} CheckRank;

#endif
