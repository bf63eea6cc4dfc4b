/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as the tabs of an RVTools export, separated by a byte 0x1e: records that can be saved
 * and loaded again, and an end in any case.
 */
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const tabs[] = {"vInfo", "vDisk", "vNetwork", "vPort", "dvPort", "vHost",
    "vDatastore", "vCluster", "vSwitch", "dvSwitch", "vSnapshot", "vCD", "vCPU", "vMemory",
    "vTools", "vSource"};

static char *
write_tabs(const uint8_t *data, size_t size)
{
    static char *folder; /* one for all inputs, in TMPDIR */
    folder = folder ? folder : g_dir_make_tmp("rvtools-XXXXXX", NULL);
    g_assert_nonnull(folder);
    for (size_t i = 0; i < G_N_ELEMENTS(tabs); i++) {
        g_autofree char *path = g_strdup_printf("%s/RVTools_tab%s.csv", folder, tabs[i]);
        const uint8_t *end = size ? memchr(data, 0x1e, size) : NULL;
        size_t length = end ? (size_t)(end - data) : size;
        unlink(path);
        if (length && !g_file_set_contents(path, (const char *)data, (gssize)length, NULL))
            g_error("cannot write");
        size -= end ? length + 1 : length;
        data += end ? length + 1 : length;
    }
    return folder;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const SourceContext context = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(Source) source = source_new(&source_rvtools, "fuzzed", &context);
    g_autoptr(InventoryBuilder) builder = inventory_builder_new();
    source_config(source, "path", write_tabs(data, size), NULL);
    bool is_ok = source_run(source, inventory_builder_sink(builder), &error);
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
