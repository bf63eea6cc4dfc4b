/* SPDX-License-Identifier: Apache-2.0
 *
 * CloudStack's unmanaged instance: any JSON gives a view or an error, and a view that was given can
 * be saved and read again by the strict reader.
 */
#include "discover/discover_priv.h"

#include <json-c/json.h>

#include "error.h"
#include "record.h"
#include "cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
assert_readable(InstanceView *view, Arena *arena)
{
    const RecordType *type = inventory_record_types[RECORD_INSTANCE];
    InstanceView again = {0};
    g_autoptr(GString) text = g_string_new(NULL), text_again = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    view->source = text_known("cs");
    record_encode(type, view, text);
    g_autoptr(JsonObject) json = json_tokener_parse(text->str);
    if (!record_decode(type, json, RECORD_STRICT, "view", arena, &again, &error))
        g_error("%s", error->message);
    record_encode(type, &again, text_again);
    g_assert_cmpstr(text->str, ==, text_again->str);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const SourceCluster cluster = {
        .id = text_known("c1"), .name = text_known("one"), .datacenter = text_known("zone")};
    g_autoptr(JsonTokener) tokener = json_tokener_new();
    g_autoptr(JsonObject) json = json_tokener_parse_ex(tokener, (const char *)data, (int)size);
    g_autoptr(GError) error = NULL;
    InstanceView view;
    Arena arena;
    arena_init(&arena);
    if (unmanaged_decode(json, &cluster, &arena, &view, &error))
        assert_readable(&view, &arena);
    else
        g_assert_nonnull(error);
    arena_release(&arena);
    return 0;
}
