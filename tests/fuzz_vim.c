/* SPDX-License-Identifier: Apache-2.0
 *
 * What a vCenter answers: any bytes are read or refused with an error, and what was read can be
 * written. The input is the streamed answers in their order, divided by lines of %%.
 */
#include "tests/vim_replay.h"

#include "cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const SourceContext context = {0};
    g_autofree char *text = g_strndup((const char *)data, size);
    g_auto(GStrv) answers = g_strsplit(text, "\n%%\n", 12);
    g_autoptr(GError) error = NULL;
    g_autoptr(InventoryBuilder) builder = inventory_builder_new();
    Replay replay;
    replay_init(&replay, &context, answers, g_strv_length(answers));
    bool is_ok = replay_run(&replay, inventory_builder_sink(builder), &error);
    g_assert_true(is_ok == !error);
    replay_release(&replay);
    g_autoptr(Inventory) inventory = inventory_builder_freeze(builder);
    g_autoptr(StdioFile) out = fopen("/dev/null", "w");
    g_assert_true(inventory_save(inventory, out, NULL));
    return 0;
}
