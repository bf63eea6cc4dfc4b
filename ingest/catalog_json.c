/* SPDX-License-Identifier: Apache-2.0
 *
 * The saved catalog: one item a line, read and written item by item.
 *
 *   {"apiVersion":"vm-ingest/v1",
 *   "kind":"Catalog",
 *   "info":{"name":...,"url":...},
 *   "records":[
 *   {"list":{"name":"zones","command":"listZones","is_complete":true,...}},
 *   {"zones":{"id":...,"name":...}},
 *   ...
 *   ]}
 *
 * A list's items follow its own record. They are what the server sent, unknown members included
 * (without passwords, keys and tokens), so that a later version can read more from an old file.
 */
#include "ingest_priv.h"

#include "json_items.h"

#include "cleanup.h"

#include <string.h>

/* --- saving ----------------------------------------------------------------------------------- */

typedef struct SaveState {
    FILE *file;
    const char *word;
    bool has_record; /* a comma is due */
} SaveState;

static bool
save_record(SaveState *save, const char *word, const char *text, size_t length)
{
    if (fprintf(save->file, "%s\n{\"%s\":", save->has_record ? "," : "", word) < 0)
        return false;
    save->has_record = true;
    return fwrite(text, 1, length, save->file) == length && putc('}', save->file) != EOF;
}

static bool
save_item(void *data, const char *text, size_t length)
{
    SaveState *save = data;
    return save_record(save, save->word, text, length);
}

static bool
save_lists(const Catalog *catalog, FILE *file)
{
    SaveState save = {.file = file};
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = 0; i < CATALOG_N_LISTS; i++) {
        const CatalogList *list = &catalog->store->lists[i];
        if (!list->name.value)
            continue;
        g_string_truncate(text, 0);
        record_encode(&catalog_list_type, list, text);
        save.word = catalog_list_specs[i].word;
        if (!save_record(&save, "list", text->str, text->len) ||
            !raw_items_each(catalog->store->raw[i], save_item, &save))
            return false;
    }
    return true;
}

bool
catalog_save(const Catalog *catalog, FILE *file, GError **error)
{
    g_autoptr(GString) info = g_string_new(NULL);
    record_encode(&catalog_info_type, &catalog->info, info);
    if (fprintf(file,
            "{\"apiVersion\":\"" CATALOG_API_VERSION "\",\n\"kind\":\"" CATALOG_KIND
            "\",\n\"info\":%s,\n\"records\":[",
            info->str) >= 0 &&
        save_lists(catalog, file) && fputs("\n]}\n", file) >= 0 && fflush(file) == 0)
        return true;
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_STORAGE, "save catalog: cannot write: %s",
        g_strerror(errno));
    return false;
}

/* --- loading ---------------------------------------------------------------------------------- */

typedef struct LoadState {
    Catalog *catalog;
    bool has_version, has_kind, has_records;
} LoadState;

G_GNUC_PRINTF(3, 4)
static bool
load_complain(GError **error, IngestErrorCode code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error_literal(error, INGEST_ERROR, (int)code, text);
    return false;
}

static bool
load_constant(json_object *value, const char *name, const char *expected, GError **error)
{
    if (!json_object_is_type(value, json_type_string))
        return load_complain(error, INGEST_ERROR_INVALID, "'%s' is not a text", name);
    const char *found = json_object_get_string(value);
    if (strcmp(found, expected) == 0)
        return true;
    bool is_kind = strcmp(name, "kind") == 0;
    return load_complain(error, is_kind ? INGEST_ERROR_INVALID : INGEST_ERROR_UNSUPPORTED,
        "'%s' is '%.60s', this program reads '%s': %s", name, found, expected,
        is_kind ? "give a file that 'vm-ingest catalog' has saved"
                : "save the catalog again with this version of vm-ingest");
}

static bool
load_member(void *data, const char *name, json_object *value, GError **error)
{
    LoadState *load = data;
    if (strcmp(name, "apiVersion") == 0)
        return load->has_version = load_constant(value, name, CATALOG_API_VERSION, error);
    if (strcmp(name, "kind") == 0)
        return load->has_kind = load_constant(value, name, CATALOG_KIND, error);
    if (strcmp(name, "info") == 0)
        return record_decode(&catalog_info_type, value, RECORD_STRICT, "info",
            &load->catalog->store->arena, &load->catalog->info, error);
    return load_complain(error, INGEST_ERROR_INVALID,
        "unknown member '%.60s': a catalog has 'apiVersion', 'kind', 'info' and 'records'", name);
}

/* apiVersion and kind come first, so that a strange file is named as such. */
static bool
load_list_begin(void *data, const char *name, GError **error)
{
    LoadState *load = data;
    if (strcmp(name, "records") != 0)
        return load_member(data, name, NULL, error);
    if (!load->has_version || !load->has_kind)
        return load_complain(error, INGEST_ERROR_INVALID,
            "'%s' is missing before 'records': give a file that 'vm-ingest catalog' has saved",
            load->has_version ? "kind" : "apiVersion");
    if (load->has_records)
        return load_complain(error, INGEST_ERROR_INVALID, "'records' comes a second time");
    load->has_records = true;
    return true;
}

static bool
load_list_record(Catalog *catalog, json_object *value, GError **error)
{
    CatalogList list = {0};
    if (!record_decode(
            &catalog_list_type, value, RECORD_STRICT, "list", &catalog->store->arena, &list, error))
        return false;
    int index = catalog_list_index(list.name.value);
    if (index < 0)
        return load_complain(
            error, INGEST_ERROR_INVALID, "'list.name': no list is called '%.60s'", list.name.value);
    if (catalog->store->lists[index].name.value)
        return load_complain(
            error, INGEST_ERROR_INVALID, "list '%s' comes a second time", list.name.value);
    catalog->store->lists[index] = list;
    return true;
}

static bool
load_record(Catalog *catalog, const char *word, json_object *value, GError **error)
{
    if (strcmp(word, "list") == 0)
        return load_list_record(catalog, value, error);
    int index = catalog_list_index(word);
    if (index < 0)
        return load_complain(
            error, INGEST_ERROR_INVALID, "no list is called '%.60s': remove this record", word);
    if (!catalog->store->lists[index].name.value)
        return load_complain(error, INGEST_ERROR_INVALID,
            "item of '%s' before its {\"list\": {\"name\": \"%s\", ...}} record", word, word);
    const char *text = json_object_to_json_string_ext(
        value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    return catalog_add(catalog, index, value, text, error);
}

static bool
load_item(void *data, const char *list, size_t index, json_object *item, GError **error)
{
    (void)list;
    LoadState *load = data;
    if (!json_object_is_type(item, json_type_object) || json_object_object_length(item) != 1)
        return load_complain(error, INGEST_ERROR_INVALID,
            "record %zu is not an object with one member, the list's word", index);
    struct json_object_iterator at = json_object_iter_begin(item);
    if (load_record(load->catalog, json_object_iter_peek_name(&at),
            json_object_iter_peek_value(&at), error))
        return true;
    g_prefix_error(error, "record %zu: ", index);
    return false;
}

static bool
load_file(LoadState *load, FILE *file, const char *path, GError **error)
{
    const JsonItemsHandler handler = {
        .data = load, .member = load_member, .item = load_item, .list = load_list_begin};
    if (!json_items_read(file, path, &handler, error))
        return false;
    if (!load->has_version || !load->has_kind || !load->has_records)
        return load_complain(error, INGEST_ERROR_INVALID,
            "'%s': '%s' is missing: give a file that 'vm-ingest catalog' has saved", path,
            !load->has_version ? "apiVersion"
            : !load->has_kind  ? "kind"
                               : "records");
    return true;
}

Catalog *
catalog_read(FILE *file, const char *name, GError **error)
{
    g_autoptr(Catalog) catalog = catalog_new();
    LoadState load = {.catalog = catalog};
    if (!load_file(&load, file, name, error)) {
        g_prefix_error(error, "load catalog: ");
        return NULL;
    }
    catalog_freeze(catalog);
    return g_steal_pointer(&catalog);
}

Catalog *
catalog_load(const char *path, GError **error)
{
    g_autoptr(StdioFile) file = fopen(path, "re");
    if (!file) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_STORAGE,
            "load catalog: '%s' cannot be opened: %s", path, g_strerror(errno));
        return NULL;
    }
    return catalog_read(file, path, error);
}
