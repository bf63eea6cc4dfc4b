/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files convert_*.c share: VMs of VMware that CloudStack's importVm copies to KVM.
 *
 * CloudStack reads the VM through vCenter, clones it if it runs, exports its disks to temporary
 * storage, lets virt-v2v convert them on a KVM host, moves them to primary storage and records a
 * stopped VM. The source stays as it is. No server was seen to do it: all of this is read in
 * CloudStack's code.
 *
 * An item is such a one as long as choice.convert.importsource is there; Task.target holds what its
 * choice names. Task.hypervisor is KVM then: that is what its record would say.
 */
#ifndef CONVERT_PRIV_H
#define CONVERT_PRIV_H

#include "mapper_priv.h"

/* Where converted disks come to, cached by cluster and pool. */
struct ConvertTarget {
    PoolMatch match; /* what whoever asks for the pool of a disk is given */
    const Cluster *cluster;
    const StoragePool *pool;   /* choice.convert.convertinstancepoolid */
    bool is_direct;            /* the disks stay on it */
    const StoragePool **pools; /* that disks may be put on and that are Up */
    size_t n_pools;
    const StoragePool *down; /* one that is not Up */
    const Host **hosts;      /* that the plan spreads conversions over */
    size_t n_hosts, turn;
};

/* convert_map.c */
/* Is there a cluster for all that no rule says something about? NOT_FOUND naming those of KVM. */
bool check_convert_cluster(const Planner *planner, GError **error);
/* Is it to be converted, by a rule or for all? Then its call is importVm from now on. */
void propose_convert(Task *task);
/* The members of choice.convert, once all others are chosen. */
void propose_convert_call(Task *task);
/* As the choice says. */
void start_convert(Task *task);
const VmwareDc *find_vmware_dc(const Planner *planner, const char *id);
const Host *find_host_by_id(const Planner *planner, const char *id);
bool is_host_up(const Host *host);
bool is_of_kvm(const Planner *planner, const Host *host);

/* convert_storage.c */
ConvertTarget *convert_target_find(
    Planner *planner, const char *clusterid, const char *poolid, bool is_direct);
const PoolMatch *target_match(const ConvertTarget *target);
/* As of pool_certainty(). */
int target_certainty(const Planner *planner, const ConvertTarget *target, const Texts *tags);
void find_target_problem(Task *task, const Disk *disk, const Texts *tags, const char *offering);
void check_convert_storage(Task *task);
/* Disks as large as they may become, and, if it is known, as they are; in bytes. */
int64_t converted_bytes(const Task *task, int64_t *ret_least);

/* convert_check.c: what the call says, and the hosts that it names */
void check_convert_call(Task *task);
void check_convert_hosts(Task *task);

/* convert_source.c: the VM that is read */
void check_convert_source(Task *task);
void check_convert_guest(Task *task);
void check_convert_notes(Task *task);
/* It runs, and nobody shuts it down before. */
bool is_cloned(const Task *task);

/* calls.c: the call that a choice makes */
typedef struct ApiName {
    const char *name, *lower; /* as it is sent, and as the server's texts have it */
} ApiName;

const ApiName *choice_api(const Choice *choice);

#endif
