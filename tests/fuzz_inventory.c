/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader of saved inventories: any bytes are read or refused with an error; what was read can
 * be joined and saved, and reading what was saved and saving it again gives the same bytes.
 */
#include "inventory.h"

#include "cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static Inventory *
read_records(const void *data, size_t size, bool *ret_is_whole)
{
    g_autoptr(StdioFile) file = size ? fmemopen((void *)data, size, "r") : fopen("/dev/null", "r");
    g_autoptr(InventoryBuilder) builder = inventory_builder_new();
    g_autoptr(GError) error = NULL;
    *ret_is_whole = inventory_read(file, "fuzz", inventory_builder_sink(builder), &error);
    g_assert_true(*ret_is_whole == !error);
    return inventory_builder_freeze(builder);
}

static char *
save(const Inventory *inventory, size_t *ret_size)
{
    char *text = NULL;
    FILE *file = open_memstream(&text, ret_size);
    g_assert_true(inventory_save(inventory, file, NULL));
    fclose(file);
    return text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool is_whole = false;
    size_t length = 0, length_again = 0;
    g_autoptr(Inventory) inventory = read_records(data, size, &is_whole);
    g_autofree char *text = save(inventory, &length);
    g_autoptr(Inventory) again = read_records(text, length, &is_whole);
    g_assert_true(is_whole);
    g_autofree char *text_again = save(again, &length_again);
    g_assert_cmpmem(text, length, text_again, length_again);
    g_assert_cmpuint(again->n_instances, ==, inventory->n_instances);
    return 0;
}
