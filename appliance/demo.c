/* SPDX-License-Identifier: Apache-2.0
 *
 * The demo estate, read from the program as if its parts were saved files.
 */
#include "demo.h"

#include "assets.h"
#include "cleanup.h"

static const char inventory_name[] = "demo/inventory.json", catalog_name[] = "demo/catalog.json",
                  policy_name[] = "demo/policy";

static FILE *
open_asset(const char *begin, const char *end)
{
    return fmemopen((void *)(uintptr_t)begin, (size_t)(end - begin), "r");
}

static Inventory *
read_inventory(GError **error)
{
    g_autoptr(InventoryBuilder) builder = inventory_builder_new();
    g_autoptr(StdioFile) file = open_asset(demo_inventory, demo_inventory_end);
    bool is_ok = inventory_read(file, inventory_name, inventory_builder_sink(builder), error);
    return is_ok ? inventory_builder_freeze(builder) : NULL;
}

static Catalog *
read_catalog(GError **error)
{
    g_autoptr(StdioFile) file = open_asset(demo_catalog, demo_catalog_end);
    return catalog_read(file, catalog_name, error);
}

bool
demo_read(Estate *ret_estate, GError **error)
{
    g_auto(Estate) estate = {.inventory_name = g_strdup(inventory_name),
        .catalog_name = g_strdup(catalog_name),
        .policy_files = g_ptr_array_new_with_free_func(policy_file_free)};
    g_ptr_array_add(estate.policy_files, policy_file_new("policy", policy_name, demo_policy,
                                             (size_t)(demo_policy_end - demo_policy)));
    if (!(estate.inventory = read_inventory(error)) || !(estate.catalog = read_catalog(error)) ||
        !(estate.policy = policy_parse(demo_policy, policy_name, error)))
        return false;
    *ret_estate = estate;
    estate = (Estate){0};
    return true;
}
