/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files trap_*.c and start_*.c share: what the server does not look at, but an operator
 * must know, and what the next start makes of a VM.
 */
#ifndef TRAP_PRIV_H
#define TRAP_PRIV_H

#include "mapper_priv.h"

/* What the next start depends on and nobody told; find_untold() has the words. */
typedef enum StartFact {
    START_FACT_RATE = 1 << 0,
    START_FACT_SECURITY = 1 << 1,
    START_FACT_ALLOCATED = 1 << 2,
    START_FACT_THRESHOLD = 1 << 3,
    START_FACT_DEDICATED = 1 << 4,
    START_FACT_UEFI = 1 << 5,
    START_FACT_TAGS = 1 << 6,
    START_FACT_VLANS = 1 << 7,
} StartFact;

/* What all NICs of a network have in common, cached. */
typedef struct NetworkTraps {
    const char *portgroup[HYPERVISOR_KVM + 1], *label[HYPERVISOR_KVM + 1]; /* by hypervisor */
    /* Of a network with addresses of its own. */
    const char *router; /* what is known of it; NULL: not asked yet */
    const char *rivals; /* other networks that answer DHCP on its VLAN; NULL: none */
    Answer has_dhcp;
    /* Once all items are judged. */
    bool is_surveyed;
    int64_t n_in_range, n_silent;
    const char *in_range, *silent, *gateway_holder;
} NetworkTraps;

/* source_check.c: what the server does not check, but an operator must know */
void check_source(Task *task);
/* trap_instance.c: what the VM is at its source */
void check_instance_traps(Task *task);

/* trap_nic.c; @network: NULL if none is chosen */
void check_nic_traps(Task *task, const Nic *nic, const Network *network);
/* trap_reach.c: does its wire reach the other hosts of its cluster? */
void check_reach(Task *task, const Nic *nic, const Portgroup *group, const Network *network);
void reach_release(Planner *planner);

/* ip_map.c: would the network hand the address out? */
Answer network_gives(const Planner *planner, const Network *network, const char *ip4);
/* trap_shared.c; @ip4: the address that would be recorded, or NULL */
void check_shared(Task *task, const Nic *nic, const Network *network, const char *ip4);
/* Once all items are judged. */
void finish_shared(Planner *planner);
GArray *shared_uses_new(void);

/* start_changes.c: what the next start through CloudStack changes */
void propose_firmware(Task *task);
bool is_recorded_as_uefi(const Task *task);
int64_t recorded_speed(const Task *task);
void check_start(Task *task);
/* start_nics.c; @nic: as it is, @server_nic: as the server reads it */
void init_rates(Planner *planner);
NetworkTraps *network_traps_find(Planner *planner, const Network *network);
void check_nic_start(Task *task, const Nic *server_nic, const Nic *nic, const Network *network);
/* guest_os.c: by name or id, for a version of VMware */
bool is_guest_os_mapped(const Task *task, const char *version);
/* start_room.c: whether a host of the cluster can start it, after all that comes before */
void check_start_room(Task *task);
/* Once the verdict is known: takes the item's part. */
void use_start_room(Task *task);

#endif
