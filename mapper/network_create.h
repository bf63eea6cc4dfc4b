/* SPDX-License-Identifier: Apache-2.0
 *
 * Between network_create.c, which proposes networks, and network_create_check.c, which foretells
 * what the server would say to them.
 */
#ifndef NETWORK_CREATE_H
#define NETWORK_CREATE_H

#include "change.h"
#include "mapper_priv.h"

/* A VLAN on one physical network, and who needs it. */
typedef struct WantedNetwork {
    VlanKey key;
    Vlan vlan;
    const char *physical;      /* id that a label ties it to; NULL: none does */
    const PhysicalNetwork *on; /* where it would be made; NULL: cannot be told */
    GHashTable *owners;        /* Owner -> count of NICs */
    GHashTable *portgroups, *switches;
    size_t n_nics, n_instances;
    const Instance *last; /* counted last */
    bool is_repeated;     /* an earlier one has the same VLAN */
    const char *vlan_text, *portgroup_names, *switch_names;
} WantedNetwork;

typedef struct NetworkPlanner {
    Planner *planner;
    Changes *changes;
    GHashTable *wanted;              /* physical network and VLAN -> WantedNetwork, owned */
    const GPtrArray *sorted;         /* of them, in the order of the document */
    GHashTable *names;               /* of networks, given out so far */
    GHashTable *told;                /* problems noted so far */
    const NetworkOffering *offering; /* NULL: there is none */
} NetworkPlanner;

/* The best enabled L2 offering that takes a VLAN, or NULL. */
const NetworkOffering *network_create_choose_offering(const Planner *planner);
const PhysicalNetwork *network_create_choose_physical(
    const NetworkPlanner *networks, const WantedNetwork *wanted);

/* A finding of a change, with its text made. (borrowed) */
FindingText *network_create_find(
    NetworkPlanner *networks, Change *change, FindingId id, const FindingArg *args, size_t n_args);

/* Adds the findings, in the order in which the server looks, and the verdict. */
void network_create_judge(
    NetworkPlanner *networks, Change *change, const WantedNetwork *wanted, const Owner *owner);
void network_create_judge_permission(
    NetworkPlanner *networks, Change *change, const Owner *owner, const char *network);

#endif
