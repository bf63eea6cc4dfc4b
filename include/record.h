/* SPDX-License-Identifier: Apache-2.0
 *
 * Structs as tables: one table of fields per struct says how it reads and writes as JSON.
 *
 * The same table decodes a saved file (strict: an unknown member is an error) and a server's reply
 * (lenient: unknown members are passed over, numbers may come as text), encodes, and copies a
 * record into an arena. A member's order in the table is its order in the JSON.
 *
 *   kind         C type                   JSON (lenient reading takes more)
 *   FIELD_TEXT   Text                     "..."
 *   FIELD_INT    Int                      123          (lenient: "123")
 *   FIELD_BOOL   Bool                     true         (lenient: "true")
 *   FIELD_TEXTS  Texts                    ["..."]      (lenient: "a,b" split at commas)
 *   FIELD_ENUM   an enum, 0 = unknown     one of .words; words[0] is NULL: unknown has no member
 *   FIELD_RECORD the struct itself        {...}; nothing known in it: no member
 *   FIELD_LIST   LIST_OF(struct)          [{...}, ...]
 *   FIELD_MAP    LIST_OF(struct)          {"key": "value", ...}: the record's two texts, in order
 */
#ifndef RECORD_H
#define RECORD_H

#include "arena.h"
#include "error.h"
#include "fact.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>

typedef enum FieldKind {
    FIELD_TEXT,
    FIELD_INT,
    FIELD_BOOL,
    FIELD_TEXTS,
    FIELD_ENUM,
    FIELD_RECORD,
    FIELD_LIST,
    FIELD_MAP,
} FieldKind;

typedef struct RecordType RecordType;

typedef struct Field {
    const char *name; /* JSON member */
    FieldKind kind;
    size_t offset;            /* in the struct */
    const RecordType *record; /* FIELD_RECORD, FIELD_LIST, FIELD_MAP */
    const char *const *words; /* FIELD_ENUM: words[value], n_words of them */
    size_t n_words;
    bool is_required; /* strict reading: must be known */
    bool is_interned; /* FIELD_TEXT: few distinct values, share them */
} Field;

struct RecordType {
    const char *name;
    size_t size; /* of the struct */
    const Field *fields;
    size_t n_fields;
};

typedef LIST_OF(void) RecordList;

/* clang-format off */
#define FIELD_AT(T, member, kind_, ...) {.name = #member, .kind = (kind_), .offset = offsetof(T, member), __VA_ARGS__}
#define F_TEXT(T, member, ...)         FIELD_AT(T, member, FIELD_TEXT, __VA_ARGS__)
#define F_INT(T, member, ...)          FIELD_AT(T, member, FIELD_INT, __VA_ARGS__)
#define F_BOOL(T, member, ...)         FIELD_AT(T, member, FIELD_BOOL, __VA_ARGS__)
#define F_TEXTS(T, member, ...)        FIELD_AT(T, member, FIELD_TEXTS, __VA_ARGS__)
#define F_ENUM(T, member, list, ...)   FIELD_AT(T, member, FIELD_ENUM, .words = (list), .n_words = G_N_ELEMENTS(list), __VA_ARGS__)
#define F_RECORD(T, member, type, ...) FIELD_AT(T, member, FIELD_RECORD, .record = (type), __VA_ARGS__)
#define F_LIST(T, member, type, ...)   FIELD_AT(T, member, FIELD_LIST, .record = (type), __VA_ARGS__)
#define F_MAP(T, member, type, ...)    FIELD_AT(T, member, FIELD_MAP, .record = (type), __VA_ARGS__)
#define RECORD_TYPE(T, table)          {.name = #T, .size = sizeof(T), .fields = (table), .n_fields = G_N_ELEMENTS(table)}
/* clang-format on */

typedef enum RecordMode { RECORD_STRICT, RECORD_LENIENT } RecordMode;

enum { RECORD_LIST_MAX = 100000, RECORD_DEPTH_MAX = 32 };

/* --- writing ---------------------------------------------------------------------------------- */

/* Appends @text as a JSON string; bytes that are not UTF-8 become U+FFFD. */
static inline void
json_append_text(GString *out, const char *text)
{
    g_autofree char *valid = NULL;
    if (!g_utf8_validate(text, -1, NULL))
        text = valid = g_utf8_make_valid(text, -1);
    g_string_append_c(out, '"');
    for (const char *run = text; *run;) {
        size_t plain = 0;
        while ((unsigned char)run[plain] >= 0x20 && run[plain] != '"' && run[plain] != '\\' &&
               run[plain] != 0x7f)
            plain++;
        g_string_append_len(out, run, (gssize)plain);
        run += plain;
        if (*run == '"' || *run == '\\')
            g_string_append_printf(out, "\\%c", *run++);
        else if (*run)
            g_string_append_printf(out, "\\u%04x", (unsigned)(unsigned char)*run++);
    }
    g_string_append_c(out, '"');
}

static inline void record_encode(const RecordType *type, const void *record, GString *out);

static inline void
record_encode_list(const Field *field, const RecordList *list, GString *out)
{
    g_string_append_c(out, '[');
    for (size_t i = 0; i < list->n; i++) {
        if (i)
            g_string_append_c(out, ',');
        record_encode(field->record, (const char *)list->items + i * field->record->size, out);
    }
    g_string_append_c(out, ']');
}

/* Key and value of an entry of a FIELD_MAP. */
static inline Text *
record_map_text(const Field *field, const RecordList *list, size_t entry, size_t which)
{
    return (Text *)((char *)list->items + entry * field->record->size +
                    field->record->fields[which].offset);
}

static inline void
record_encode_map(const Field *field, const RecordList *list, GString *out)
{
    const char *separator = "";
    g_string_append_c(out, '{');
    for (size_t i = 0; i < list->n; i++) {
        const Text *key = record_map_text(field, list, i, 0),
                   *value = record_map_text(field, list, i, 1);
        if (key->state != FACT_KNOWN)
            continue;
        g_string_append(out, separator);
        json_append_text(out, key->value);
        g_string_append_c(out, ':');
        if (value->state == FACT_KNOWN)
            json_append_text(out, value->value);
        else
            g_string_append(out, "null");
        separator = ",";
    }
    g_string_append_c(out, '}');
}

static inline FactState
field_state(const Field *field, const void *at)
{
    switch (field->kind) {
    case FIELD_TEXT:
        return ((const Text *)at)->state;
    case FIELD_INT:
        return ((const Int *)at)->state;
    case FIELD_BOOL:
        return ((const Bool *)at)->state;
    case FIELD_TEXTS:
        return ((const Texts *)at)->state;
    case FIELD_LIST:
    case FIELD_MAP:
        return ((const RecordList *)at)->state;
    case FIELD_ENUM:
        return *(const int *)at ? FACT_KNOWN : FACT_UNKNOWN;
    case FIELD_RECORD:
        for (size_t i = 0; i < field->record->n_fields; i++) {
            const Field *inner = &field->record->fields[i];
            if (field_state(inner, (const char *)at + inner->offset) != FACT_UNKNOWN)
                return FACT_KNOWN;
        }
        return FACT_UNKNOWN;
    }
    g_assert_not_reached();
}

static inline void
field_encode_value(const Field *field, const void *at, GString *out)
{
    switch (field->kind) {
    case FIELD_TEXT:
        json_append_text(out, ((const Text *)at)->value);
        break;
    case FIELD_INT: {
        char digits[24];
        g_string_append_len(
            out, digits, g_snprintf(digits, sizeof digits, "%" PRId64, ((const Int *)at)->value));
        break;
    }
    case FIELD_BOOL:
        g_string_append(out, ((const Bool *)at)->value ? "true" : "false");
        break;
    case FIELD_TEXTS: {
        const Texts *texts = at;
        g_string_append_c(out, '[');
        for (size_t i = 0; i < texts->n; i++) {
            if (i)
                g_string_append_c(out, ',');
            json_append_text(out, texts->items[i]);
        }
        g_string_append_c(out, ']');
        break;
    }
    case FIELD_ENUM:
        json_append_text(out, field->words[*(const int *)at]);
        break;
    case FIELD_RECORD:
        record_encode(field->record, at, out);
        break;
    case FIELD_LIST:
        record_encode_list(field, at, out);
        break;
    case FIELD_MAP:
        record_encode_map(field, at, out);
        break;
    }
}

/**
 * record_encode - append a record as one JSON object, on one line
 * @out: grows; the object's members stand in the order of the table
 */
static inline void
record_encode(const RecordType *type, const void *record, GString *out)
{
    bool is_first = true;
    g_string_append_c(out, '{');
    for (size_t i = 0; i < type->n_fields; i++) {
        const Field *field = &type->fields[i];
        const void *at = (const char *)record + field->offset;
        FactState state = field_state(field, at);
        if (state == FACT_UNKNOWN)
            continue;
        g_string_append(out, is_first ? "\"" : ",\"");
        g_string_append(out, field->name);
        g_string_append(out, "\":");
        is_first = false;
        if (state == FACT_ABSENT)
            g_string_append(out, "null");
        else
            field_encode_value(field, at, out);
    }
    g_string_append_c(out, '}');
}

/* --- copying ---------------------------------------------------------------------------------- */

static inline void record_adopt(const RecordType *type, void *record, Arena *arena);

static inline void
field_adopt(const Field *field, void *at, Arena *arena)
{
    if (field->kind == FIELD_TEXT) {
        Text *text = at;
        text->value = field->is_interned ? arena_intern(arena, text->value)
                                         : arena_strdup(arena, text->value);
    } else if (field->kind == FIELD_TEXTS) {
        Texts *texts = at;
        texts->items = arena_memdup(arena, texts->items, texts->n * sizeof *texts->items);
        for (size_t i = 0; i < texts->n; i++)
            texts->items[i] = arena_intern(arena, texts->items[i]);
    } else if (field->kind == FIELD_RECORD) {
        record_adopt(field->record, at, arena);
    } else if (field->kind == FIELD_LIST || field->kind == FIELD_MAP) {
        RecordList *list = at;
        list->items = arena_memdup(arena, list->items, list->n * field->record->size);
        for (size_t i = 0; i < list->n; i++)
            record_adopt(field->record, (char *)list->items + i * field->record->size, arena);
    }
}

/* Replaces everything that the struct at @record points to by copies in @arena. */
static inline void
record_adopt(const RecordType *type, void *record, Arena *arena)
{
    for (size_t i = 0; i < type->n_fields; i++)
        field_adopt(&type->fields[i], (char *)record + type->fields[i].offset, arena);
}

/* A deep copy of @record in @arena. */
static inline void *
record_copy(const RecordType *type, const void *record, Arena *arena)
{
    void *copy = arena_memdup(arena, record, type->size);
    record_adopt(type, copy, arena);
    return copy;
}

/* --- reading ---------------------------------------------------------------------------------- */

typedef struct RecordReader {
    Arena *arena;
    RecordMode mode;
    GString *path; /* "instance.nics[2].vlan", for error texts */
    int depth;
} RecordReader;

static inline bool record_read(
    RecordReader *reader, const RecordType *type, json_object *json, void *record, GError **error);

G_GNUC_PRINTF(3, 4)
static inline bool
record_complain(RecordReader *reader, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_INVALID, "'%s': %s", reader->path->str, text);
    return false;
}

static inline bool
record_read_text(
    RecordReader *reader, const Field *field, json_object *json, Text *ret, GError **error)
{
    if (!json_object_is_type(json, json_type_string) && reader->mode == RECORD_STRICT)
        return record_complain(reader, error, "expected a text, found %s",
            json_type_to_name(json_object_get_type(json)));
    const char *value = json_object_get_string(json);
    if (reader->mode == RECORD_STRICT && strlen(value) != (size_t)json_object_get_string_len(json))
        return record_complain(reader, error, "a text may not hold a zero byte");
    *ret = text_known(field->is_interned ? arena_intern(reader->arena, value)
                                         : arena_strdup(reader->arena, value));
    return true;
}

static inline bool
record_read_int(RecordReader *reader, json_object *json, Int *ret, GError **error)
{
    if (json_object_is_type(json, json_type_int)) {
        /* json-c clamps what does not fit. */
        int64_t value = json_object_get_int64(json);
        if (value == INT64_MAX || value == INT64_MIN)
            return record_complain(reader, error, "number out of range");
        *ret = int_known(value);
        return true;
    }
    if (reader->mode == RECORD_STRICT)
        return record_complain(reader, error, "expected a whole number, found %s",
            json_type_to_name(json_object_get_type(json)));
    if (json_object_is_type(json, json_type_double)) {
        double value = json_object_get_double(json);
        if (value > -9e15 && value < 9e15)
            *ret = int_known((int64_t)value);
    } else if (json_object_is_type(json, json_type_string)) {
        const char *text = json_object_get_string(json);
        char *end = NULL;
        errno = 0;
        int64_t value = g_ascii_strtoll(text, &end, 10);
        if (*text && !*end && errno == 0)
            *ret = int_known(value);
    }
    return true; /* lenient: what is no number stays unknown */
}

static inline bool
record_read_bool(RecordReader *reader, json_object *json, Bool *ret, GError **error)
{
    if (json_object_is_type(json, json_type_boolean)) {
        *ret = bool_known(json_object_get_boolean(json));
        return true;
    }
    if (reader->mode == RECORD_STRICT)
        return record_complain(reader, error, "expected true or false, found %s",
            json_type_to_name(json_object_get_type(json)));
    const char *text = json_object_get_string(json);
    if (g_ascii_strcasecmp(text, "true") == 0 || g_ascii_strcasecmp(text, "false") == 0)
        *ret = bool_known(g_ascii_strcasecmp(text, "true") == 0);
    return true;
}

static inline void
record_split_texts(RecordReader *reader, const char *text, Texts *ret)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    Texts texts = {.items = arena_new_n(reader->arena, const char *, g_strv_length(parts)),
        .state = FACT_KNOWN};
    for (char **part = parts; *part; part++)
        if (*g_strstrip(*part))
            texts.items[texts.n++] = arena_intern(reader->arena, *part);
    *ret = texts;
}

static inline bool
record_read_texts(RecordReader *reader, json_object *json, Texts *ret, GError **error)
{
    if (reader->mode == RECORD_LENIENT && json_object_is_type(json, json_type_string)) {
        record_split_texts(reader, json_object_get_string(json), ret);
        return true;
    }
    if (!json_object_is_type(json, json_type_array))
        return reader->mode == RECORD_LENIENT ||
               record_complain(reader, error, "expected a list of texts");
    size_t n = json_object_array_length(json);
    if (n > RECORD_LIST_MAX)
        return record_complain(reader, error, "%zu entries; %d at most", n, RECORD_LIST_MAX);
    Texts texts = {.items = arena_new_n(reader->arena, const char *, n), .state = FACT_KNOWN};
    for (size_t i = 0; i < n; i++) {
        json_object *item = json_object_array_get_idx(json, i);
        if (!json_object_is_type(item, json_type_string) && reader->mode == RECORD_STRICT)
            return record_complain(reader, error, "entry %zu is not a text", i);
        if (item)
            texts.items[texts.n++] = arena_intern(reader->arena, json_object_get_string(item));
    }
    *ret = texts;
    return true;
}

static inline bool
record_read_enum(
    RecordReader *reader, const Field *field, json_object *json, int *ret, GError **error)
{
    const char *word = json_object_get_string(json);
    for (size_t i = 1; i < field->n_words; i++) {
        if (field->words[i] && strcmp(field->words[i], word) == 0) {
            *ret = (int)i;
            return true;
        }
    }
    return reader->mode == RECORD_LENIENT ||
           record_complain(reader, error, "'%.60s' is not a known word", word);
}

static inline bool
record_read_list(
    RecordReader *reader, const Field *field, json_object *json, RecordList *ret, GError **error)
{
    if (!json_object_is_type(json, json_type_array))
        return reader->mode == RECORD_LENIENT || record_complain(reader, error, "expected a list");
    size_t n = json_object_array_length(json), size = field->record->size,
           length = reader->path->len;
    if (n > RECORD_LIST_MAX)
        return record_complain(reader, error, "%zu entries; %d at most", n, RECORD_LIST_MAX);
    RecordList list = {.items = arena_alloc(reader->arena, n * size), .n = n, .state = FACT_KNOWN};
    for (size_t i = 0; i < n; i++) {
        g_string_append_printf(reader->path, "[%zu]", i);
        if (!record_read(reader, field->record, json_object_array_get_idx(json, i),
                (char *)list.items + i * size, error))
            return false;
        g_string_truncate(reader->path, length);
    }
    *ret = list;
    return true;
}

static inline bool
record_read_map(
    RecordReader *reader, const Field *field, json_object *json, RecordList *ret, GError **error)
{
    if (!json_object_is_type(json, json_type_object))
        return reader->mode == RECORD_LENIENT ||
               record_complain(reader, error, "expected an object of texts, found %s",
                   json_type_to_name(json_object_get_type(json)));
    size_t n = (size_t)json_object_object_length(json), length = reader->path->len, i = 0;
    if (n > RECORD_LIST_MAX)
        return record_complain(reader, error, "%zu entries; %d at most", n, RECORD_LIST_MAX);
    RecordList list = {
        .items = arena_alloc(reader->arena, n * field->record->size), .n = n, .state = FACT_KNOWN};
    struct json_object_iterator at = json_object_iter_begin(json), end = json_object_iter_end(json);
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at), i++) {
        const char *name = json_object_iter_peek_name(&at);
        json_object *value = json_object_iter_peek_value(&at);
        Text *to = record_map_text(field, &list, i, 1);
        *record_map_text(field, &list, i, 0) = text_known(arena_intern(reader->arena, name));
        g_string_append_printf(reader->path, ".%.60s", name);
        if (!value)
            *to = text_absent();
        else if (!record_read_text(reader, &field->record->fields[1], value, to, error))
            return false;
        g_string_truncate(reader->path, length);
    }
    *ret = list;
    return true;
}

static inline bool
field_read(RecordReader *reader, const Field *field, json_object *json, void *at, GError **error)
{
    if (!json) { /* null: we know that there is none */
        FactState absent = FACT_ABSENT;
        switch (field->kind) {
        case FIELD_TEXT:
            ((Text *)at)->state = absent;
            return true;
        case FIELD_INT:
            ((Int *)at)->state = absent;
            return true;
        case FIELD_BOOL:
            ((Bool *)at)->state = absent;
            return true;
        case FIELD_TEXTS:
            ((Texts *)at)->state = absent;
            return true;
        case FIELD_LIST:
        case FIELD_MAP:
            ((RecordList *)at)->state = absent;
            return true;
        case FIELD_ENUM:
        case FIELD_RECORD:
            return reader->mode == RECORD_LENIENT ||
                   record_complain(reader, error, "null is not a value here");
        }
    }
    switch (field->kind) {
    case FIELD_TEXT:
        return record_read_text(reader, field, json, at, error);
    case FIELD_INT:
        return record_read_int(reader, json, at, error);
    case FIELD_BOOL:
        return record_read_bool(reader, json, at, error);
    case FIELD_TEXTS:
        return record_read_texts(reader, json, at, error);
    case FIELD_ENUM:
        return record_read_enum(reader, field, json, at, error);
    case FIELD_RECORD:
        return record_read(reader, field->record, json, at, error);
    case FIELD_LIST:
        return record_read_list(reader, field, json, at, error);
    case FIELD_MAP:
        return record_read_map(reader, field, json, at, error);
    }
    g_assert_not_reached();
}

static inline const Field *
record_find_field(const RecordType *type, const char *name, size_t guess)
{
    /* Members mostly come in the table's order. */
    for (size_t i = 0; i < type->n_fields; i++) {
        const Field *field = &type->fields[(guess + i) % type->n_fields];
        if (strcmp(field->name, name) == 0)
            return field;
    }
    return NULL;
}

/* Names the members that there are, so that a slip of the pen is seen at once. */
static inline bool
record_complain_unknown(
    RecordReader *reader, const RecordType *type, const char *name, GError **error)
{
    g_autoptr(GString) known = g_string_new(NULL);
    for (size_t i = 0; i < type->n_fields; i++)
        g_string_append_printf(known, "%s%s", i ? ", " : "", type->fields[i].name);
    return record_complain(reader, error,
        "unknown member '%.60s': remove it or correct its name; known are %s", name, known->str);
}

static inline bool
record_check_required(
    RecordReader *reader, const RecordType *type, const void *record, GError **error)
{
    if (reader->mode == RECORD_LENIENT)
        return true;
    for (size_t i = 0; i < type->n_fields; i++) {
        const Field *field = &type->fields[i];
        if (field->is_required &&
            field_state(field, (const char *)record + field->offset) != FACT_KNOWN)
            return record_complain(reader, error, "member '%s' is missing", field->name);
    }
    return true;
}

static inline bool
record_read(
    RecordReader *reader, const RecordType *type, json_object *json, void *record, GError **error)
{
    if (!json_object_is_type(json, json_type_object))
        return record_complain(reader, error, "expected an object, found %s",
            json_type_to_name(json_object_get_type(json)));
    if (reader->depth >= RECORD_DEPTH_MAX)
        return record_complain(reader, error, "nested too deeply");
    reader->depth++;
    size_t length = reader->path->len, seen = 0;
    struct json_object_iterator at = json_object_iter_begin(json), end = json_object_iter_end(json);
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
        const char *name = json_object_iter_peek_name(&at);
        const Field *field = record_find_field(type, name, seen);
        if (!field && reader->mode == RECORD_LENIENT)
            continue;
        if (!field)
            return record_complain_unknown(reader, type, name, error);
        seen = (size_t)(field - type->fields) + 1;
        g_string_append_c(reader->path, '.');
        g_string_append(reader->path, name);
        if (!field_read(reader, field, json_object_iter_peek_value(&at),
                (char *)record + field->offset, error))
            return false;
        g_string_truncate(reader->path, length);
    }
    reader->depth--;
    return record_check_required(reader, type, record, error);
}

/**
 * record_decode - fill a zeroed struct from a JSON object
 * @place:  what an error text begins its path with, such as "records[17].instance"
 * @record: zeroed, at least @type->size bytes; on failure its content is undefined
 *
 * Errors: INVALID with the path of the member
 */
static inline bool
record_decode(const RecordType *type, json_object *json, RecordMode mode, const char *place,
    Arena *arena, void *record, GError **error)
{
    g_autoptr(GString) path = g_string_new(place);
    RecordReader reader = {.arena = arena, .mode = mode, .path = path};
    return record_read(&reader, type, json, record, error);
}

#endif
