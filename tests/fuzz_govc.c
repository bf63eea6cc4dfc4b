/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as what govc printed: records that can be saved and loaded again, and an end in any
 * case.
 */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const SourceContext context = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(Source) source = source_new(&source_govc, "fuzzed", &context);
    g_autoptr(InventoryBuilder) builder = inventory_builder_new();
    int fd = memfd_create("govc", MFD_CLOEXEC);
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        g_error("no file");
    source_config(source, "path", path, NULL);
    bool is_ok = source_run(source, inventory_builder_sink(builder), &error);
    close(fd);
    if (is_ok != !error || (error && g_str_has_prefix(error->message, "source 'fuzzed': bug in")))
        g_error("not a good end: %s", error ? error->message : "none");
    g_autoptr(Inventory) inventory = inventory_builder_freeze(builder);
    if (inventory->n_ends != 1 || (is_ok && inventory->is_partial))
        g_error("no end");
    char *text = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&text, &length);
    if (!inventory_save(inventory, file, NULL) || fclose(file) != 0)
        g_error("cannot be saved");
    g_autoptr(StdioFile) saved = fmemopen(text, length, "r");
    g_autoptr(InventoryBuilder) again = inventory_builder_new();
    g_clear_error(&error);
    if (!inventory_read(saved, "saved", inventory_builder_sink(again), &error))
        g_error("cannot be loaded: %s", error->message);
    free(text);
    return 0;
}
