/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader of files of changes: any bytes are read or refused with an error; reading what was
 * saved and saving it again gives the same bytes.
 */
#include "appliance/change_file.h"

#include "cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static Changes *
read_changes(const void *data, size_t size)
{
    g_autoptr(StdioFile) file = size ? fmemopen((void *)data, size, "r") : fopen("/dev/null", "r");
    g_autoptr(GError) error = NULL;
    Changes *changes = changes_read(file, "fuzz", &error);
    g_assert_true(!changes == !!error);
    return changes;
}

static char *
save(const Changes *changes, size_t *ret_size)
{
    char *text = NULL;
    FILE *file = open_memstream(&text, ret_size);
    g_assert_true(changes_save(changes, file, NULL));
    fclose(file);
    return text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t length = 0, length_again = 0;
    g_autoptr(Changes) changes = read_changes(data, size);
    if (!changes)
        return 0;
    g_autofree char *text = save(changes, &length);
    g_autoptr(Changes) again = read_changes(text, length);
    g_assert_nonnull(again);
    g_autofree char *text_again = save(again, &length_again);
    g_assert_cmpmem(text, length, text_again, length_again);
    return 0;
}
