/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader of saved catalogs: any bytes are read or refused with an error; saving what was read,
 * reading that and saving it again gives the same bytes.
 */
#include "catalog.h"

#include "error.h"

#include "cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static Catalog *
read_bytes(const void *data, size_t size)
{
    g_autoptr(StdioFile) file = size ? fmemopen((void *)data, size, "r") : fopen("/dev/null", "r");
    g_autoptr(GError) error = NULL;
    Catalog *catalog = catalog_read(file, "fuzz", &error);
    g_assert_true((catalog == NULL) == (error != NULL));
    return catalog;
}

static char *
save(const Catalog *catalog, size_t *ret_size)
{
    char *text = NULL;
    FILE *file = open_memstream(&text, ret_size);
    g_assert_true(catalog_save(catalog, file, NULL));
    fclose(file);
    return text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Catalog) catalog = read_bytes(data, size);
    if (!catalog)
        return 0;
    size_t length = 0, length_again = 0;
    g_autofree char *text = save(catalog, &length);
    g_autoptr(Catalog) again = read_bytes(text, length);
    g_assert_nonnull(again);
    g_autofree char *text_again = save(again, &length_again);
    g_assert_cmpmem(text, length, text_again, length_again);
    return 0;
}
