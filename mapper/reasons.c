/* SPDX-License-Identifier: Apache-2.0
 *
 * Reasons of a plan that is checked: those that still tell why the choice is what it is.
 */
#include <string.h>

#include "mapper_priv.h"

/* "nics[Network adapter 1].networkid": is it about this list and id? */
static bool
is_about(const char *about, const char *list, Text id)
{
    size_t length = strlen(list);
    return id.value && !strncmp(about, list, length) && about[length] == '[' &&
           g_str_has_prefix(about + length + 1, id.value) &&
           g_str_has_prefix(about + length + 1 + strlen(id.value), "].");
}

static const char *
name_of_nic_network(const Planner *planner, const Choice *choice, const char *about)
{
    for (size_t i = 0; i < choice->nics.n; i++) {
        const NicChoice *nic = &choice->nics.items[i];
        const Network *network = is_about(about, "nics", nic->nic) && nic->networkid.value
                                     ? table_find(&planner->networks, nic->networkid.value)
                                     : NULL;
        if (network)
            return network->name.value;
    }
    return NULL;
}

static const char *
name_of_disk_offering(const Planner *planner, const Choice *choice, const char *about)
{
    for (size_t i = 0; i < choice->disks.n; i++) {
        const DiskChoice *disk = &choice->disks.items[i];
        const DiskOffering *offering =
            is_about(about, "disks", disk->disk) && disk->diskofferingid.value
                ? table_find(&planner->disk_offerings, disk->diskofferingid.value)
                : NULL;
        if (offering)
            return offering->name.value;
    }
    return NULL;
}

static const char *
name_of_root(const PlanItem *item)
{
    for (size_t i = 0; i < item->instance.disks.n; i++)
        if (!g_strcmp0(item->instance.disks.items[i].id.value, item->choice.root.value))
            return text_or_word(item->instance.disks.items[i].label);
    return NULL;
}

static const char *
name_of_move_pool(const Planner *planner, const Choice *choice, const char *about)
{
    for (size_t i = 0; i < choice->migrate.n; i++) {
        const MigrateChoice *move = &choice->migrate.items[i];
        const StoragePool *pool = is_about(about, "migrate", move->disk) && move->storageid.value
                                      ? table_find(&planner->pools, move->storageid.value)
                                      : NULL;
        if (pool)
            return pool->name.value;
    }
    return NULL;
}

/* What the choice is called now; NULL when it is gone or not in the catalog. */
static const char *
name_of_choice(Planner *planner, const PlanItem *item, const char *about)
{
    const Choice *choice = &item->choice;
    if (!strcmp(about, "account"))
        return owner_resolve(
            planner, choice->account.value, choice->domainid.value, choice->projectid.value)
            ->label;
    if (!strcmp(about, "root"))
        return name_of_root(item);
    if (!strcmp(about, "serviceofferingid") && choice->serviceofferingid.value) {
        const ServiceOffering *offering =
            table_find(&planner->service_offerings, choice->serviceofferingid.value);
        return offering ? offering->name.value : NULL;
    }
    if (!strcmp(about, "clusterid") && choice->clusterid.value) {
        const Cluster *cluster = table_find(&planner->clusters, choice->clusterid.value);
        return cluster ? cluster->name.value : NULL;
    }
    if (!strcmp(about, "templateid") && choice->templateid.value) {
        const Template *template = table_find(&planner->templates, choice->templateid.value);
        return template ? template->name.value : NULL;
    }
    if (!strcmp(about, "hostname"))
        return choice->hostname.value;
    const char *network = name_of_nic_network(planner, choice, about);
    if (network)
        return network;
    const char *pool = name_of_move_pool(planner, choice, about);
    return pool ? pool : name_of_disk_offering(planner, choice, about);
}

void
keep_reasons(Task *task, const PlanItem *given)
{
    Planner *planner = task->planner;
    const Reason *reasons = given->n_reasons ? given->reasons : given->loaded_reasons.items;
    size_t n = given->n_reasons ? given->n_reasons : given->loaded_reasons.n;
    for (size_t i = 0; i < n; i++) {
        const char *about = reasons[i].about.value, *chosen = reasons[i].chosen.value;
        if (about && chosen && !g_strcmp0(name_of_choice(planner, task->item, about), chosen))
            g_array_append_val(planner->reasons, reasons[i]);
    }
}
