/* SPDX-License-Identifier: Apache-2.0
 *
 * From options and config to the facts: the policy first, then what is read live or from files.
 */
#include "estate.h"

#include "choices.h"
#include "outfile.h"
#include "plan.h"
#include "target.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

void
estate_release(Estate *estate)
{
    g_clear_pointer(&estate->policy, policy_free);
    g_clear_pointer(&estate->catalog, catalog_unref);
    g_clear_pointer(&estate->inventory, inventory_unref);
    g_clear_pointer(&estate->config, config_free);
    g_free(estate->inventory_name);
    g_free(estate->catalog_name);
    g_clear_pointer(&estate->policy_files, g_ptr_array_unref);
    *estate = (Estate){0};
}

ConfigGroup *
estate_find_target(const Options *options, const Config *config, GError **error)
{
    ConfigGroup *found = NULL;
    unsigned n = 0;
    if (options->cloudstack || options->profile)
        return config_find_group(
            config, "cloudstack", options->cloudstack ? options->cloudstack : options->profile);
    for (unsigned i = 0; i < config->groups->len; i++) {
        ConfigGroup *group = g_ptr_array_index(config->groups, i);
        if (strcmp(group->kind, "cloudstack") == 0) {
            found = group;
            n++;
        }
    }
    if (n == 1)
        return found;
    const char *file = config->path ? config->path : CONFIG_SYSTEM_PATH;
    if (n == 0)
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "no CloudStack: write a [cloudstack NAME] group into %s, give --profile NAME, or set "
            "CLOUDSTACK_ENDPOINT, CLOUDSTACK_KEY and CLOUDSTACK_SECRET; where --help names "
            "--catalog, a saved catalog does, too",
            file);
    else
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "%u [cloudstack NAME] groups in %s: choose one with --cloudstack NAME", n, file);
    return NULL;
}

static void
catalog_progress(void *data, const char *list, uint64_t done, uint64_t total)
{
    progress_report(NULL, data, list, done, total);
}

/* The catalog of the chosen [cloudstack NAME]. (owned) */
static Catalog *
fetch_catalog(const Options *options, const Config *config, GError **error)
{
    ConfigGroup *group = estate_find_target(options, config, error);
    if (!group)
        return NULL;
    g_autoptr(Target) target = target_open(group, error);
    if (!target)
        return NULL;
    const char *zone = options->zone ? options->zone : config_find(group, "zone");
    const CatalogFetchOptions fetch = {.name = group->name,
        .zone = zone,
        .progress = catalog_progress,
        .progress_data = group->name,
        .is_cancelled = &interrupted};
    Catalog *catalog = catalog_fetch(target_seam(target), &fetch, error);
    if (!catalog)
        g_prefix_error(error, "cloudstack '%s': ", group->name);
    return catalog;
}

static bool
read_live_inventory(const Options *options, const Config *config, Estate *estate, GError **error)
{
    g_autoptr(InventoryBuilder) builder = inventory_builder_new();
    /* A plan needs CloudStack's own view of the VMs. */
    if (!estate_run_sources(options, config, !options->catalog, inventory_builder_sink(builder),
            &estate->worst, error))
        return false;
    estate->inventory = inventory_builder_freeze(builder);
    estate->inventory_name = g_strdup("sources");
    return true;
}

static bool
read_inventory(const Options *options, Estate *estate, GError **error)
{
    if (!options->inventory)
        return read_live_inventory(options, estate->config, estate, error);
    estate->inventory = inventory_load(options->inventory, error);
    estate->inventory_name = g_strdup(options->inventory);
    if (estate->inventory && estate->inventory->is_partial)
        estate->worst = EXIT_CODE_PARTIAL;
    return estate->inventory != NULL;
}

static bool
read_catalog(const Options *options, Estate *estate, GError **error)
{
    estate->catalog = options->catalog ? catalog_load(options->catalog, error)
                                       : fetch_catalog(options, estate->config, error);
    estate->catalog_name = g_strdup(options->catalog ? options->catalog : "server");
    return estate->catalog != NULL;
}

static bool
read_policy(const Options *options, Estate *estate, GError **error)
{
    estate->policy = options->policy
                         ? estate_read_policy(options->policy, &estate->policy_files, error)
                         : policy_new_default();
    return estate->policy != NULL;
}

/* Cells are looked at when the plan is there. */
static bool
check_choices(const Options *options, GError **error)
{
    g_autofree char *unknown = NULL;
    if (!options->choices)
        return true;
    if (!choices_check_file(options->choices, &unknown, error))
        return false;
    if (*unknown)
        message_warning(
            "'%s': passed over, being none of the report's columns: %s", options->choices, unknown);
    return true;
}

PlanOptions
estate_plan_options(const Options *options)
{
    return (PlanOptions){.zone = options->zone,
        .server_version = options->server_version,
        .convert = options->convert};
}

/* The plan of no instance asks for the same zone, release and cluster as that of all. */
static bool
check_zone(const Options *options, const Catalog *catalog, GError **error)
{
    g_autoptr(InventoryBuilder) builder = inventory_builder_new();
    g_autoptr(Inventory) inventory = inventory_builder_freeze(builder);
    const PlanOptions plan_options = estate_plan_options(options);
    g_autoptr(Plan) plan = plan_build_networks(inventory, catalog, &plan_options, error);
    return plan != NULL;
}

bool
estate_read(const Options *options, unsigned needs, Estate *ret_estate, GError **error)
{
    g_auto(Estate) estate = {0};
    const bool is_live = ((needs & NEEDS_INVENTORY) && !options->inventory) ||
                         ((needs & NEEDS_CATALOG) && !options->catalog);
    /* What is cheap to get wrong comes first: nobody waits an hour for a typing error. */
    if ((needs & NEEDS_POLICY) && !read_policy(options, &estate, error))
        return false;
    if (!check_choices(options, error))
        return false;
    if (is_live && !(estate.config = config_load(options, error)))
        return false;
    if ((needs & NEEDS_CATALOG) && !read_catalog(options, &estate, error))
        return false;
    if ((needs & NEEDS_ZONE) && !check_zone(options, estate.catalog, error))
        return false;
    if ((needs & NEEDS_INVENTORY) && !read_inventory(options, &estate, error))
        return false;
    *ret_estate = estate;
    estate = (Estate){0};
    return true;
}
