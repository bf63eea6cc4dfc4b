/* SPDX-License-Identifier: Apache-2.0
 *
 * Which VMs of a plan a command line means.
 */
#include "vm_names.h"

#include <fnmatch.h>
#include <string.h>

static bool
fits(const char *pattern, const char *text)
{
    return text && (strcmp(pattern, text) == 0 || fnmatch(pattern, text, 0) == 0);
}

static bool
is_called(const PlanInstance *instance, const char *pattern)
{
    g_autofree char *full = instance->path.value && instance->name.value
                                ? g_strconcat(instance->path.value, "/", instance->name.value, NULL)
                                : NULL;
    return fits(pattern, instance->name.value) || fits(pattern, instance->id.value) ||
           fits(pattern, full);
}

bool
vm_is_named(const PlanInstance *instance, char *const *names)
{
    for (size_t i = 0; names[i]; i++)
        if (is_called(instance, names[i]))
            return true;
    return false;
}

const char *
vm_names_unknown(const Plan *plan, char *const *names)
{
    for (size_t i = 0; names[i]; i++) {
        size_t k = 0;
        while (k < plan->n_items && !is_called(&plan->items[k].instance, names[i]))
            k++;
        if (k == plan->n_items)
            return names[i];
    }
    return NULL;
}
