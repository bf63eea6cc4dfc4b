/* SPDX-License-Identifier: Apache-2.0
 *
 * Between prepare.c, which makes preparations up, and prepare_*.c, which each know one kind.
 */
#ifndef PREPARATION_H
#define PREPARATION_H

#include "mapper_priv.h"
#include "prepare.h"

/* What is being made, and the catalog as it will be then: ids of new things are ids of changes. */
typedef struct Preparation {
    const Inventory *inventory;
    const Catalog *catalog;
    const Policy *policy;
    const PrepareOptions *options;
    Changes *changes;
    Arena *arena; /* of the changes */
    const char *zoneid;
    Catalog future;   /* rows of @catalog and those that the changes make */
    const Plan *plan; /* against @future, as far as it has come */
} Preparation;

/* Adds a copy of @row to a list of the future catalog, or puts it in the place of another. */
#define future_add(preparation, list, row)                                                         \
    future_put((preparation), (list), (list)->n, (row), sizeof *(row))
#define future_replace(preparation, list, place, row)                                              \
    future_put((preparation), (list), (place), (row), sizeof *(row))
void future_put(Preparation *preparation, void *list, size_t place, const void *row, size_t bytes);

/* A change whose id is made of @prefix and @name, and is taken by no other. (borrowed) */
Change *prepare_add(
    Preparation *preparation, ChangeKind kind, const char *prefix, const char *name);
/* Sets the call; blocked if listApis shows that the caller may not use it. */
void prepare_begin_call(Preparation *preparation, Change *change, const char *command);
/* The plan against the future catalog as it is now. (owned) */
Plan *prepare_plan(const Preparation *preparation, GError **error);
/* A parameter that is an id: of something that is there, or of a change before. */
void prepare_add_id(Preparation *preparation, ChangeCall *call, const char *param, const char *id);
/* The change cannot be sent as it is; the first one that is said counts. */
void prepare_block(Preparation *preparation, Change *change, FindingId id);
void prepare_set_why(Preparation *preparation, Change *change, const char *why, const char *from);
/* Something keeps it from being taken back: @command lists items with @param of the change's id. */
void prepare_add_use(Preparation *preparation, Change *change, const char *what,
    const char *command, const char *param, const char *item);
/* Is the item of a VM that may be imported at all, now or after changes? */
bool prepare_is_wanted(const PlanItem *item);
/* One of the findings of an item; NULL: it has none of the kind. */
const Finding *item_find_finding(const PlanItem *item, FindingId id);

void prepare_owners(Preparation *preparation);      /* prepare_owners.c, before there is a plan */
void prepare_limits(Preparation *preparation);      /* prepare_limits.c */
void prepare_permissions(Preparation *preparation); /* prepare_limits.c */
/* prepare_offerings.c; false as of plan_build() */
bool prepare_offerings(Preparation *preparation, GError **error);
void prepare_guests(Preparation *preparation); /* prepare_guests.c */

#endif
