/* SPDX-License-Identifier: Apache-2.0
 *
 * For those who make something else than a plan of what a planner knows.
 */
#ifndef PLAN_PRIV_H
#define PLAN_PRIV_H

#include "mapper_priv.h"

/* A planner with its plan, which it owns until it is stolen. */
bool plan_start(Planner *planner, const PlanOptions *options, GError **error);
/* Releases the planner; without @plan its plan, too, and prefixes the error. */
Plan *plan_end(Planner *planner, Plan *plan, GError **error);
/* An instance before anything is proposed for it. */
Task plan_start_task(Planner *planner, PlanItem *item, const Instance *instance);
/* Judges the choices as they stand; the worst that was found. */
Severity run_checks(Task *task);
/* Keeps what was found, and the verdict that follows. */
void finish_item(Planner *planner, PlanItem *item);
/* As finish_item(); and what it takes is taken from the items behind it. */
void settle(Task *task);
/* The VLANs of the whole inventory, which a plan need not have. */
void count_all_vlans(Planner *planner);
/* What findings tell of all items, once all are judged. */
void finish_items(Planner *planner);
/* The maps of the estate: networks, storage, offerings, freeze, time. */
void build_maps(Planner *planner);
/* The plan may borrow texts of @given from now on. */
void plan_borrow(Plan *plan, const Plan *given);

/* proposal.c: the choices, judged */
void propose(Task *task);

/* "100-200,300-399": is the VLAN in the range that CloudStack gives out by itself? */
bool vlan_is_in_ranges(const char *ranges, int64_t id);

/* The VLAN that the NIC is on: what the source read, else what CloudStack reads. */
const Vlan *nic_vlan(const Nic *nic, const Nic *server_nic);
/* The physical network that a traffic label ties the NIC's switch or bridge to, or NULL. */
const char *task_physical_network(const Task *task, const Nic *nic);

#endif
