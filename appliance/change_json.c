/* SPDX-License-Identifier: Apache-2.0
 *
 * The file of changes: a JSON document with one change a line; include/change.h shows one.
 * appliance/schema/changes.schema.json says the same as the tables here.
 */
#include "change_file.h"

#include <errno.h>
#include <string.h>

#include "report.h"
#include "json_items.h"
#include "record.h"
#include "cleanup.h"

#define REQUIRED .is_required = true
#define INTERNED .is_interned = true

/* --- tables ----------------------------------------------------------------------------------- */

static const Field ref_fields[] = {
    F_TEXT(ChangeRef, param, INTERNED),
    F_TEXT(ChangeRef, change, INTERNED),
};
static const RecordType ref_type = RECORD_TYPE(ChangeRef, ref_fields);

static const Field call_fields[] = {
    F_TEXT(ChangeCall, command, REQUIRED, INTERNED),
    F_MAP(ChangeCall, params, &plan_param_type),
    F_MAP(ChangeCall, refs, &ref_type),
    F_TEXTS(ChangeCall, secrets),
};
static const RecordType call_type = RECORD_TYPE(ChangeCall, call_fields);

static const Field expect_fields[] = {
    F_TEXT(ChangeExpect, member, REQUIRED, INTERNED),
    F_TEXT(ChangeExpect, value, INTERNED),
    F_TEXT(ChangeExpect, param, INTERNED),
    F_TEXT(ChangeExpect, ref, INTERNED),
};
static const RecordType expect_type = RECORD_TYPE(ChangeExpect, expect_fields);

static const Field find_fields[] = {
    F_LIST(ChangeFind, reads, &call_type, REQUIRED),
    F_TEXT(ChangeFind, item, REQUIRED, INTERNED),
    F_TEXT(ChangeFind, id, INTERNED),
    F_LIST(ChangeFind, expects, &expect_type, REQUIRED),
    F_TEXTS(ChangeFind, clashes),
    F_LIST(ChangeFind, before, &expect_type),
    F_INT(ChangeFind, settle_seconds),
};
static const RecordType find_type = RECORD_TYPE(ChangeFind, find_fields);

static const Field use_fields[] = {
    F_TEXT(ChangeUse, what, INTERNED),
    F_LIST(ChangeUse, reads, &call_type, REQUIRED),
    F_TEXT(ChangeUse, item, REQUIRED, INTERNED),
};
static const RecordType use_type = RECORD_TYPE(ChangeUse, use_fields);

static const Field change_fields[] = {
    F_TEXT(Change, id, REQUIRED),
    F_ENUM(Change, kind, change_kind_words, REQUIRED),
    F_TEXT(Change, name),
    F_TEXT(Change, why),
    F_TEXT(Change, evidence),
    F_ENUM(Change, verdict, verdict_words),
    F_LIST(Change, findings, &plan_finding_type),
    F_RECORD(Change, call, &call_type, REQUIRED),
    F_RECORD(Change, find, &find_type, REQUIRED),
    F_RECORD(Change, undo, &call_type),
    F_LIST(Change, uses, &use_type),
};
const RecordType change_type = RECORD_TYPE(Change, change_fields);

static const Field info_fields[] = {
    F_TEXT(ChangesInfo, about),
    F_TEXT(ChangesInfo, created_at),
    F_TEXT(ChangesInfo, tool_version),
    F_TEXT(ChangesInfo, url),
    F_TEXT(ChangesInfo, zone),
    F_TEXT(ChangesInfo, zoneid),
    F_TEXT(ChangesInfo, server_version),
    F_LIST(ChangesInfo, inputs, &plan_input_type),
    F_LIST(ChangesInfo, problems, &source_problem_type),
};
const RecordType changes_info_type = RECORD_TYPE(ChangesInfo, info_fields);

/* --- writing ---------------------------------------------------------------------------------- */

bool
changes_save(const Changes *changes, FILE *file, GError **error)
{
    g_autoptr(GString) text = g_string_new(
        "{\"apiVersion\":\"" CHANGES_API_VERSION "\",\"kind\":\"" CHANGES_KIND "\",\"info\":");
    record_encode(&changes_info_type, &changes->info, text);
    g_string_append(text, ",\n\"changes\":[");
    for (size_t i = 0; i < changes->changes.n; i++) {
        g_string_append(text, i ? ",\n" : "\n");
        record_encode(&change_type, &changes->changes.items[i], text);
    }
    g_string_append(text, "\n]}\n");
    fwrite(text->str, 1, text->len, file);
    if (output_flush(file, error))
        return true;
    g_prefix_error(error, "save changes: ");
    return false;
}

/* --- reading ---------------------------------------------------------------------------------- */

typedef struct ChangesReader {
    Changes *changes;
    bool has_version, has_kind, has_info, has_changes;
} ChangesReader;

G_GNUC_PRINTF(3, 4)
static bool
invalid(GError **error, IngestErrorCode code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error_literal(error, INGEST_ERROR, (int)code, text);
    return false;
}

static bool
note_once(bool *has_it, const char *name, GError **error)
{
    if (*has_it)
        return invalid(
            error, INGEST_ERROR_INVALID, "'%s' stands twice; remove one of the two", name);
    return *has_it = true;
}

static bool
expect_word(json_object *value, const char *name, const char *wanted, bool *has_it, GError **error)
{
    if (!note_once(has_it, name, error))
        return false;
    const char *found = json_object_is_type(value, json_type_string)
                            ? json_object_get_string(value)
                            : json_object_to_json_string(value);
    return strcmp(found, wanted) == 0 ||
           invalid(error, INGEST_ERROR_UNSUPPORTED,
               "'%s' is '%.60s', not '%s': give a file that 'vm-ingest networks plan --out' of "
               "this release has written",
               name, found, wanted);
}

static bool
unknown_member(const char *name, GError **error)
{
    return invalid(error, INGEST_ERROR_INVALID,
        "unknown member '%.60s': remove it or correct its name; known are apiVersion, kind, "
        "info, changes",
        name);
}

static bool
read_member(void *data, const char *name, json_object *value, GError **error)
{
    ChangesReader *reader = data;
    if (strcmp(name, "apiVersion") == 0)
        return expect_word(value, name, CHANGES_API_VERSION, &reader->has_version, error);
    if (strcmp(name, "kind") == 0)
        return expect_word(value, name, CHANGES_KIND, &reader->has_kind, error);
    if (strcmp(name, "info") == 0)
        return note_once(&reader->has_info, name, error) &&
               record_decode(&changes_info_type, value, RECORD_STRICT, "info",
                   changes_arena(reader->changes), &reader->changes->info, error);
    if (strcmp(name, "changes") == 0)
        return invalid(error, INGEST_ERROR_INVALID, "'changes' has to be a list");
    return unknown_member(name, error);
}

static bool
read_list(void *data, const char *name, GError **error)
{
    ChangesReader *reader = data;
    if (strcmp(name, "changes") == 0)
        return note_once(&reader->has_changes, name, error);
    if (strcmp(name, "info") == 0 || strcmp(name, "kind") == 0 || strcmp(name, "apiVersion") == 0)
        return invalid(error, INGEST_ERROR_INVALID, "'%s' cannot be a list", name);
    return unknown_member(name, error);
}

static bool
read_item(void *data, const char *list, size_t index, json_object *value, GError **error)
{
    ChangesReader *reader = data;
    g_autofree char *place = g_strdup_printf("%s[%zu]", list, index);
    Change change = {0};
    if (!record_decode(&change_type, value, RECORD_STRICT, place, changes_arena(reader->changes),
            &change, error))
        return false;
    *change_list_add(reader->changes, &reader->changes->changes) = change;
    return true;
}

static bool
check_complete(const ChangesReader *reader, GError **error)
{
    const char *missing = !reader->has_version   ? "apiVersion"
                          : !reader->has_kind    ? "kind"
                          : !reader->has_info    ? "info"
                          : !reader->has_changes ? "changes"
                                                 : NULL;
    return !missing || invalid(error, INGEST_ERROR_INVALID,
                           "member '%s' is missing: this is no file of changes", missing);
}

Changes *
changes_read(FILE *file, const char *name, GError **error)
{
    g_autoptr(Changes) changes = changes_new_empty();
    ChangesReader reader = {.changes = changes};
    const JsonItemsHandler handler = {
        .data = &reader, .member = read_member, .item = read_item, .list = read_list};
    if (!json_items_read(file, name, &handler, error)) {
        g_prefix_error(error, "read changes: ");
        return NULL;
    }
    if (!check_complete(&reader, error) || !changes_check(changes, error)) {
        g_prefix_error(error, "read changes: '%s': ", name);
        return NULL;
    }
    return g_steal_pointer(&changes);
}

Changes *
changes_load(const char *path, GError **error)
{
    g_autoptr(StdioFile) file = fopen(path, "re");
    if (!file) {
        g_set_error(error, INGEST_ERROR,
            errno == ENOENT ? INGEST_ERROR_NOT_FOUND : INGEST_ERROR_STORAGE,
            "read changes: '%s': %s", path, g_strerror(errno));
        return NULL;
    }
    return changes_read(file, path, error);
}
