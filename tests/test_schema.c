/* SPDX-License-Identifier: Apache-2.0
 *
 * The JSON Schemas in appliance/schema agree with the record tables. After a change of a table,
 * `build/tests/test_schema --print` prints the $defs to put into the schema.
 */
#include "schema.h"

#include "inventory.h"

static void
test_inventory_defs(void)
{
    g_autoptr(JsonObject) schema = schema_load("appliance/schema/inventory.schema.json");
    schema_assert_defs(schema, inventory_record_types, RECORD_KIND_N);
}

/* The envelope of a record is one member, named by its kind. */
static void
test_inventory_records(void)
{
    g_autoptr(JsonObject) schema = schema_load("appliance/schema/inventory.schema.json");
    json_object *members = NULL;
    g_assert_cmpint(
        json_pointer_get(schema, "/properties/records/items/properties", &members), ==, 0);
    g_assert_cmpint(json_object_object_length(members), ==, RECORD_KIND_N);
    for (int kind = 0; kind < RECORD_KIND_N; kind++) {
        g_autoptr(JsonObject) wanted = schema_reference(inventory_record_types[kind]);
        json_object *found = NULL;
        json_object_object_get_ex(members, inventory_record_words[kind], &found);
        g_assert_true(json_object_equal(found, wanted));
    }
}

static int
print_defs(void)
{
    g_autoptr(JsonObject) defs = json_object_new_object();
    for (int kind = 0; kind < RECORD_KIND_N; kind++)
        schema_add_defs(defs, inventory_record_types[kind]);
    puts(json_object_to_json_string_ext(defs, JSON_C_TO_STRING_PRETTY));
    return 0;
}

int
main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--print") == 0)
        return print_defs();
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/schema/inventory/members-are-those-of-the-tables", test_inventory_defs);
    g_test_add_func("/schema/inventory/records-are-those-of-the-kinds", test_inventory_records);
    return g_test_run();
}
