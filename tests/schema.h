/* SPDX-License-Identifier: Apache-2.0
 *
 * Holds a JSON Schema file against the record tables, both ways: each member of a table is in the
 * schema with the same type, and the schema has none besides. Descriptions are free.
 */
#ifndef TESTS_SCHEMA_H
#define TESTS_SCHEMA_H

#include "json_items.h"
#include "record.h"
#include "cleanup.h"

static inline json_object *
schema_word(const char *name, const char *word)
{
    json_object *object = json_object_new_object();
    json_object_object_add(object, name, json_object_new_string(word));
    return object;
}

/* "text", or ["text","null"] where null says that there is none. */
static inline void
schema_add_type(json_object *object, const char *type, bool is_nullable)
{
    json_object *value = json_object_new_string(type);
    if (is_nullable) {
        json_object *both = json_object_new_array();
        json_object_array_add(both, value);
        json_object_array_add(both, json_object_new_string("null"));
        value = both;
    }
    json_object_object_add(object, "type", value);
}

static inline json_object *
schema_reference(const RecordType *type)
{
    g_autofree char *path = g_strconcat("#/$defs/", type->name, NULL);
    return schema_word("$ref", path);
}

static inline json_object *
schema_words(const Field *field)
{
    json_object *object = json_object_new_object(), *words = json_object_new_array();
    for (size_t i = 1; i < field->n_words; i++)
        if (field->words[i])
            json_object_array_add(words, json_object_new_string(field->words[i]));
    json_object_object_add(object, "enum", words);
    return object;
}

/* The schema of one member. */
static inline json_object *
schema_of_field(const Field *field)
{
    json_object *object = NULL;
    switch (field->kind) {
    case FIELD_ENUM:
        return schema_words(field);
    case FIELD_RECORD:
        return schema_reference(field->record);
    case FIELD_TEXT:
    case FIELD_INT:
    case FIELD_BOOL:
    case FIELD_TEXTS:
    case FIELD_LIST:
    case FIELD_MAP:
        break;
    }
    static const char *const types[] = {[FIELD_TEXT] = "string",
        [FIELD_INT] = "integer",
        [FIELD_BOOL] = "boolean",
        [FIELD_TEXTS] = "array",
        [FIELD_LIST] = "array",
        [FIELD_MAP] = "object"};
    object = json_object_new_object();
    schema_add_type(object, types[field->kind], !field->is_required);
    if (field->kind == FIELD_TEXTS)
        json_object_object_add(object, "items", schema_word("type", "string"));
    if (field->kind == FIELD_LIST)
        json_object_object_add(object, "items", schema_reference(field->record));
    if (field->kind == FIELD_MAP) {
        json_object *value = json_object_new_object();
        schema_add_type(value, "string", true);
        json_object_object_add(object, "additionalProperties", value);
    }
    return object;
}

/* The schema of one record type. (owned) */
static inline json_object *
schema_of_type(const RecordType *type)
{
    json_object *object = schema_word("type", "object"), *members = json_object_new_object(),
                *required = json_object_new_array();
    for (size_t i = 0; i < type->n_fields; i++) {
        const Field *field = &type->fields[i];
        json_object_object_add(members, field->name, schema_of_field(field));
        if (field->is_required)
            json_object_array_add(required, json_object_new_string(field->name));
    }
    json_object_object_add(object, "properties", members);
    if (json_object_array_length(required))
        json_object_object_add(object, "required", required);
    else
        json_object_put(required);
    json_object_object_add(object, "additionalProperties", json_object_new_boolean(false));
    return object;
}

/* Adds the schemas of @type and of all types that it holds to @defs. */
static inline void
schema_add_defs(json_object *defs, const RecordType *type)
{
    if (json_object_object_get_ex(defs, type->name, NULL))
        return;
    json_object_object_add(defs, type->name, schema_of_type(type));
    for (size_t i = 0; i < type->n_fields; i++)
        if (type->fields[i].kind == FIELD_RECORD || type->fields[i].kind == FIELD_LIST)
            schema_add_defs(defs, type->fields[i].record);
}

/* Takes the descriptions out of a schema, the members of that name aside. */
static inline void
schema_strip(json_object *schema)
{
    if (json_object_is_type(schema, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(schema); i++)
            schema_strip(json_object_array_get_idx(schema, i));
    } else if (json_object_is_type(schema, json_type_object)) {
        json_object *text = NULL;
        if (json_object_object_get_ex(schema, "description", &text) &&
            json_object_is_type(text, json_type_string))
            json_object_object_del(schema, "description");
        json_object_object_foreach(schema, name, value)
        {
            (void)name;
            schema_strip(value);
        }
    }
}

/* @path is relative to the top of the tree, where the tests run. (owned) */
static inline json_object *
schema_load(const char *path)
{
    json_object *schema = json_object_from_file(path);
    if (!schema)
        g_error("'%s': %s", path, json_util_get_last_err());
    return schema;
}

/* Fails unless the file's $defs are those of the tables, no more and no less. */
static inline void
schema_assert_defs(json_object *schema, const RecordType *const *types, size_t n_types)
{
    g_autoptr(JsonObject) wanted = json_object_new_object();
    for (size_t i = 0; i < n_types; i++)
        schema_add_defs(wanted, types[i]);
    json_object *found = NULL;
    g_assert_true(json_object_object_get_ex(schema, "$defs", &found));
    schema_strip(found);
    json_object_object_foreach(wanted, name, definition)
    {
        json_object *other = NULL;
        json_object_object_get_ex(found, name, &other);
        if (!json_object_equal(definition, other))
            g_error("the schema of '%s' should be %s", name,
                json_object_to_json_string_ext(definition, JSON_C_TO_STRING_PLAIN));
    }
    json_object_object_foreach(found, extra, value)
    {
        (void)value;
        if (!json_object_object_get_ex(wanted, extra, NULL))
            g_error("the schema's '%s' is no record", extra);
    }
}

#endif
