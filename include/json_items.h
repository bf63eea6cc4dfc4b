/* SPDX-License-Identifier: Apache-2.0
 *
 * Read a large JSON document item by item, never as one tree.
 *
 * All our files (Inventory, Catalog, Plan) are one object whose members are small values and long
 * lists: {"apiVersion": ..., "kind": ..., "records": [item, item, ...]}. Each small member and each
 * item is handed to a callback as soon as it has been read, with the line it stands in.
 */
#ifndef JSON_ITEMS_H
#define JSON_ITEMS_H

#include "error.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    JSON_ITEM_BYTES_MAX = 64 * 1024 * 1024, /* one item or member */
    JSON_DEPTH_MAX = 64,
    JSON_NAME_BYTES_MAX = 256,
};

typedef struct JsonItemsHandler {
    void *data;
    /* A member that is not a list. @value is borrowed for the call, NULL for null. */
    bool (*member)(void *data, const char *name, json_object *value, GError **error);
    /* One item of a list. @index counts from 0 in each list. */
    bool (*item)(void *data, const char *list, size_t index, json_object *item, GError **error);
    /* May be NULL. A list begins (it may be empty). */
    bool (*list)(void *data, const char *list, GError **error);
    /* NULL: the file is one object. Else it may hold several documents, objects and lists (whose
     * items come under the name ""), and this is called as each of them ends. */
    bool (*end)(void *data, GError **error);
} JsonItemsHandler;

typedef struct JsonItems {
    FILE *file; /* borrowed */
    const char *name;
    size_t line;
    GString *text;    /* the value being collected */
    size_t n_members; /* names in it, counted by their colons */
    json_tokener *tokener;
    const JsonItemsHandler *handler;
} JsonItems;

G_GNUC_PRINTF(3, 4)
static inline bool
json_items_complain(const JsonItems *items, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    if (ferror(items->file))
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_STORAGE, "'%s', line %zu: cannot be read: %s",
            items->name, items->line, g_strerror(errno));
    else
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_INVALID, "'%s', line %zu: %s", items->name,
            items->line, text);
    return false;
}

static inline int
json_items_next(JsonItems *items)
{
    int c = getc_unlocked(items->file);
    if (c == '\n')
        items->line++;
    return c;
}

/* The next character that is not white space, or EOF. */
static inline int
json_items_skip(JsonItems *items)
{
    int c;
    do
        c = json_items_next(items);
    while (c == ' ' || c == '\n' || c == '\t' || c == '\r');
    return c;
}

static inline bool
json_items_too_large(const JsonItems *items, GError **error)
{
    return json_items_complain(
        items, error, "one value is larger than %d MiB", JSON_ITEM_BYTES_MAX >> 20);
}

/* Collects a text up to its closing quote; the opening one has been collected. */
static inline bool
json_items_collect_string(JsonItems *items, GError **error)
{
    for (;;) {
        int c = json_items_next(items);
        if (c == EOF)
            return json_items_complain(
                items, error, "the file ends inside a text: it is truncated");
        g_string_append_c(items->text, (char)c);
        if (c == '"')
            return true;
        if (c == '\\' && (c = json_items_next(items)) != EOF)
            g_string_append_c(items->text, (char)c);
        if (items->text->len > JSON_ITEM_BYTES_MAX)
            return json_items_too_large(items, error);
    }
}

/* Collects an object or a list up to its closing bracket; the opening one has been collected. */
static inline bool
json_items_collect_nested(JsonItems *items, GError **error)
{
    for (int depth = 1; depth > 0;) {
        int c = json_items_next(items);
        if (c == EOF)
            return json_items_complain(
                items, error, "the file ends inside an item: it is truncated");
        g_string_append_c(items->text, (char)c);
        if (items->text->len > JSON_ITEM_BYTES_MAX)
            return json_items_too_large(items, error);
        if (c == '"' && !json_items_collect_string(items, error))
            return false;
        if (c == '{' || c == '[')
            depth++;
        if (c == '}' || c == ']')
            depth--;
        if (c == ':')
            items->n_members++;
    }
    return true;
}

/* Collects the value that begins with @first. */
static inline bool
json_items_collect(JsonItems *items, int first, GError **error)
{
    g_string_truncate(items->text, 0);
    items->n_members = 0;
    if (first == EOF)
        return json_items_complain(
            items, error, "the file ends where a value is expected: it is truncated");
    g_string_append_c(items->text, (char)first);
    if (first == '"')
        return json_items_collect_string(items, error);
    if (first == '{' || first == '[')
        return json_items_collect_nested(items, error);
    for (;;) { /* number, true, false, null */
        int c = getc_unlocked(items->file);
        if (c == EOF || strchr(" \n\t\r,]}", c)) {
            if (c != EOF)
                ungetc(c, items->file);
            return true;
        }
        g_string_append_c(items->text, (char)c);
        if (items->text->len > JSON_NAME_BYTES_MAX)
            return json_items_complain(
                items, error, "expected a JSON value, found '%.20s'", items->text->str);
    }
}

/* How many members the objects in @value have. */
static inline size_t
json_items_count_members(json_object *value)
{
    size_t n = 0;
    if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++)
            n += json_items_count_members(json_object_array_get_idx(value, i));
    } else if (json_object_is_type(value, json_type_object)) {
        n = (size_t)json_object_object_length(value);
        struct json_object_iterator at = json_object_iter_begin(value),
                                    end = json_object_iter_end(value);
        for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
            n += json_items_count_members(json_object_iter_peek_value(&at));
    }
    return n;
}

/* Parses what has been collected. A JSON null gives a NULL object. */
static inline bool
json_items_parse(JsonItems *items, size_t line, json_object **ret, GError **error)
{
    json_tokener_reset(items->tokener);
    json_object *value =
        json_tokener_parse_ex(items->tokener, items->text->str, (int)items->text->len + 1);
    enum json_tokener_error why = json_tokener_get_error(items->tokener);
    if (why != json_tokener_success) {
        items->line = line;
        return json_items_complain(items, error, "not valid JSON: %s near '%.40s'",
            json_tokener_error_desc(why),
            items->text->str + MIN(json_tokener_get_parse_end(items->tokener), items->text->len));
    }
    /* json-c keeps the last of two members of one name; nothing that was given may be lost. */
    if (items->n_members != json_items_count_members(value)) {
        json_object_put(value);
        items->line = line;
        return json_items_complain(items, error, "some object has a member twice");
    }
    *ret = value;
    return true;
}

/* Collects and parses one value and gives it to the item or the member callback. */
static inline bool
json_items_emit(JsonItems *items, const char *name, const size_t *index, int first, GError **error)
{
    const JsonItemsHandler *handler = items->handler;
    json_object *value = NULL;
    size_t line = items->line;
    if (!json_items_collect(items, first, error) || !json_items_parse(items, line, &value, error))
        return false;
    bool is_ok = index ? handler->item(handler->data, name, *index, value, error)
                       : handler->member(handler->data, name, value, error);
    json_object_put(value);
    if (!is_ok)
        g_prefix_error(error, "'%s', line %zu: ", items->name, line);
    return is_ok;
}

static inline bool
json_items_list(JsonItems *items, const char *name, GError **error)
{
    if (items->handler->list && !items->handler->list(items->handler->data, name, error)) {
        g_prefix_error(error, "'%s', line %zu: ", items->name, items->line);
        return false;
    }
    int c = json_items_skip(items);
    if (c == ']')
        return true;
    for (size_t index = 0;; index++, c = json_items_skip(items)) {
        if (!json_items_emit(items, name, &index, c, error))
            return false;
        c = json_items_skip(items);
        if (c == ']')
            return true;
        if (c == EOF)
            return json_items_complain(items, error,
                "the file ends inside '%s' after %zu items: it is truncated", name, index + 1);
        if (c != ',')
            return json_items_complain(
                items, error, "expected ',' or ']' after item %zu of '%s'", index, name);
    }
}

static inline bool
json_items_member(JsonItems *items, GError **error)
{
    json_object *key = NULL;
    size_t line = items->line;
    if (!json_items_collect(items, '"', error) || !json_items_parse(items, line, &key, error))
        return false;
    g_autofree char *name = g_strdup(json_object_get_string(key));
    json_object_put(key);
    if (strlen(name) > JSON_NAME_BYTES_MAX)
        return json_items_complain(
            items, error, "a member's name is longer than %d bytes", JSON_NAME_BYTES_MAX);
    if (json_items_skip(items) != ':')
        return json_items_complain(items, error, "expected ':' after '%s'", name);
    int c = json_items_skip(items);
    return c == '[' ? json_items_list(items, name, error)
                    : json_items_emit(items, name, NULL, c, error);
}

/* The first character; some editors put a byte order mark before UTF-8. */
static inline int
json_items_begin(JsonItems *items)
{
    int c = json_items_skip(items);
    if (c == 0xef && json_items_next(items) == 0xbb && json_items_next(items) == 0xbf)
        return json_items_skip(items);
    return c;
}

/* The members of an object whose opening bracket has been read, and its closing one. */
static inline bool
json_items_members(JsonItems *items, GError **error)
{
    bool is_first = true;
    for (int c = json_items_skip(items); !is_first || c != '}'; c = json_items_skip(items)) {
        is_first = false;
        if (c == EOF)
            return json_items_complain(
                items, error, "the file ends before its last '}': it is truncated");
        if (c != '"')
            return json_items_complain(items, error, "expected a member's name");
        if (!json_items_member(items, error))
            return false;
        c = json_items_skip(items);
        if (c == '}')
            break;
        if (c != ',')
            return json_items_complain(items, error,
                c == EOF ? "the file ends before its last '}': it is truncated"
                         : "expected ',' or '}' after a member");
    }
    return true;
}

static inline bool
json_items_document(JsonItems *items, GError **error)
{
    int c = json_items_begin(items);
    if (c == EOF)
        return json_items_complain(items, error, "the file is empty");
    if (c != '{')
        return json_items_complain(items, error, "expected a JSON object");
    if (!json_items_members(items, error))
        return false;
    if (json_items_skip(items) != EOF)
        return json_items_complain(items, error, "something follows the last '}'");
    return !ferror(items->file) || json_items_complain(items, error, "read error");
}

/* Documents one after the other, each an object or a list; a list's items are of list "". */
static inline bool
json_items_stream(JsonItems *items, GError **error)
{
    int c = json_items_begin(items);
    if (c == EOF)
        return json_items_complain(items, error, "the file is empty");
    for (; c != EOF; c = json_items_skip(items)) {
        if (c != '{' && c != '[')
            return json_items_complain(items, error, "expected a JSON object or list");
        if (!(c == '{' ? json_items_members(items, error) : json_items_list(items, "", error)))
            return false;
        if (!items->handler->end(items->handler->data, error)) {
            g_prefix_error(error, "'%s', line %zu: ", items->name, items->line);
            return false;
        }
    }
    return !ferror(items->file) || json_items_complain(items, error, "read error");
}

/**
 * json_items_read - read a document, handing out members and items as they come
 * @file: open for reading, borrowed
 * @name: what error texts call the file
 *
 * What has been handed out before an error stays with the caller.
 * Errors: INVALID with line; STORAGE; those of the callbacks, with file and line before them
 */
static inline bool
json_items_read(FILE *file, const char *name, const JsonItemsHandler *handler, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    JsonItems items = {.file = file, .name = name, .line = 1, .text = text, .handler = handler};
    items.tokener = json_tokener_new_ex(JSON_DEPTH_MAX);
    json_tokener_set_flags(items.tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    bool is_ok =
        handler->end ? json_items_stream(&items, error) : json_items_document(&items, error);
    json_tokener_free(items.tokener);
    return is_ok;
}

#endif
