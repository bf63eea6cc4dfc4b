/* SPDX-License-Identifier: Apache-2.0
 *
 * VMs as they are named on the command line: by name, id or path, or by a pattern of one.
 */
#ifndef VM_NAMES_H
#define VM_NAMES_H

#include "plan.h"

/* Does one of the names, which end with NULL, mean it? */
bool vm_is_named(const PlanInstance *instance, char *const *names);
/* The first name that means no item of the plan, or NULL. */
const char *vm_names_unknown(const Plan *plan, char *const *names);

#endif
