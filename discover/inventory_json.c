/* SPDX-License-Identifier: Apache-2.0
 *
 * The saved inventory: a JSON document with one record a line.
 *
 *   {"apiVersion":"vm-ingest/v1","kind":"Inventory","records":[
 *   {"source":{"name":"vc1","kind":"vsphere",...}},
 *   ...
 *   {"end":{"source":"vc1","is_complete":true,...}}
 *   ]}
 */
#include "inventory.h"

#include <errno.h>
#include <string.h>

#include "discover_priv.h"
#include "json_items.h"
#include "record.h"
#include "cleanup.h"

/* More than any estate has; a file that never ends must end somewhere. */
enum { RECORDS_MAX = 10 * 1000 * 1000 };

/* --- reading ---------------------------------------------------------------------------------- */

typedef struct InventoryReader {
    InventorySink *sink;
    Arena arena; /* of the record at hand */
    bool has_version, has_kind, has_records;
    bool is_sinks_error;   /* the sink failed, not the file */
    GHashTable *sources;   /* name (owned) -> SourceSeen */
    GHashTable *instances; /* "source\nid" (owned) of those that must be unique */
} InventoryReader;

typedef struct SourceSeen {
    SourceKind kind;
    bool has_end;
} SourceSeen;

G_GNUC_PRINTF(2, 3)
static bool
invalid(GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error_literal(error, INGEST_ERROR, INGEST_ERROR_INVALID, text);
    return false;
}

static bool
read_word(const char *name, json_object *value, const char *wanted, IngestErrorCode code,
    bool *has_it, GError **error)
{
    if (*has_it)
        return invalid(error, "'%s' stands twice", name);
    const char *found = json_object_is_type(value, json_type_string)
                            ? json_object_get_string(value)
                            : json_object_to_json_string(value);
    *has_it = strcmp(found, wanted) == 0;
    if (!*has_it)
        g_set_error(error, INGEST_ERROR, code, "'%s' is '%.60s', not '%s'", name, found, wanted);
    return *has_it;
}

static bool
read_member(void *data, const char *name, json_object *value, GError **error)
{
    InventoryReader *reader = data;
    if (strcmp(name, "apiVersion") == 0)
        return read_word(name, value, INVENTORY_API_VERSION, INGEST_ERROR_UNSUPPORTED,
            &reader->has_version, error);
    if (strcmp(name, "kind") == 0)
        return read_word(
            name, value, INVENTORY_KIND, INGEST_ERROR_INVALID, &reader->has_kind, error);
    if (strcmp(name, "records") == 0)
        return invalid(error, "'records': expected a list");
    return invalid(error, "unknown member '%.60s'", name);
}

static bool
read_list(void *data, const char *name, GError **error)
{
    InventoryReader *reader = data;
    if (strcmp(name, "records") != 0)
        return invalid(error, "unknown list '%.60s'", name);
    if (!reader->has_version || !reader->has_kind)
        return invalid(error, "'apiVersion' and 'kind' must stand before 'records'");
    if (reader->has_records)
        return invalid(error, "'records' stands twice");
    reader->has_records = true;
    return true;
}

static RecordKind
find_kind(const char *word)
{
    RecordKind kind = 0;
    while (kind < RECORD_KIND_N && strcmp(inventory_record_words[kind], word) != 0)
        kind++;
    return kind;
}

static bool
check_source(InventoryReader *reader, const SourceInfo *info, GError **error)
{
    if (g_hash_table_contains(reader->sources, info->name.value))
        return invalid(error, "source '%s' stands twice", info->name.value);
    SourceSeen *seen = g_new0(SourceSeen, 1);
    seen->kind = info->kind;
    g_hash_table_insert(reader->sources, g_strdup(info->name.value), seen);
    return true;
}

/* CloudStack may list one name several times in a cluster; all other instance ids are unique. */
static bool
check_instance(
    InventoryReader *reader, const SourceSeen *seen, const InstanceView *view, GError **error)
{
    if (seen->kind == SOURCE_KIND_CLOUDSTACK)
        return true;
    char *key = g_strconcat(view->source.value, "\n", view->id.value, NULL);
    if (!g_hash_table_add(reader->instances, key))
        return invalid(error, "instance '%s' (%s) of source '%s' stands twice", view->id.value,
            view->name.value, view->source.value);
    return true;
}

/* What no table can say: a source is announced before its records, and ends once. */
static bool
check_record(InventoryReader *reader, RecordKind kind, const AnyRecord *record, GError **error)
{
    if (kind == RECORD_SOURCE)
        return check_source(reader, &record->source, error);
    const char *source = ((const Text *)record)->value; /* first member of all others */
    SourceSeen *seen = g_hash_table_lookup(reader->sources, source);
    if (!seen)
        return invalid(error, "'%s.source' is '%.60s', of which there is no source record before",
            inventory_record_words[kind], source);
    if (kind == RECORD_INSTANCE)
        return check_instance(reader, seen, &record->instance, error);
    if (kind != RECORD_END)
        return true;
    if (seen->has_end)
        return invalid(error, "source '%s' ends twice", source);
    seen->has_end = true;
    return true;
}

/* An item is {"<word>": {...}}. */
static bool
read_item(void *data, const char *list, size_t index, json_object *item, GError **error)
{
    InventoryReader *reader = data;
    (void)list;
    if (index >= RECORDS_MAX)
        return invalid(error, "more than %d records", RECORDS_MAX);
    if (!json_object_is_type(item, json_type_object) || json_object_object_length(item) != 1)
        return invalid(
            error, "'records[%zu]': expected an object with one member, the kind of record", index);
    struct json_object_iterator at = json_object_iter_begin(item);
    const char *word = json_object_iter_peek_name(&at);
    RecordKind kind = find_kind(word);
    if (kind == RECORD_KIND_N)
        return invalid(error, "'records[%zu]': unknown kind of record '%.60s'", index, word);
    g_autofree char *place = g_strdup_printf("records[%zu].%s", index, word);
    AnyRecord record = {0};
    arena_reset(&reader->arena);
    if (!record_decode(inventory_record_types[kind], json_object_iter_peek_value(&at),
            RECORD_STRICT, place, &reader->arena, &record, error))
        return false;
    if (!check_record(reader, kind, &record, error)) {
        g_prefix_error(error, "'records[%zu]': ", index);
        return false;
    }
    reader->is_sinks_error = !inventory_put(reader->sink, kind, &record, error);
    return !reader->is_sinks_error;
}

static void
reader_release(InventoryReader *reader)
{
    arena_release(&reader->arena);
    g_hash_table_unref(reader->sources);
    g_hash_table_unref(reader->instances);
}

static const char *
remedy_for(const GError *error)
{
    if (g_error_matches(error, INGEST_ERROR, INGEST_ERROR_UNSUPPORTED))
        return "this program reads " INVENTORY_API_VERSION
               "; save the inventory anew with 'vm-ingest discover'";
    if (g_error_matches(error, INGEST_ERROR, INGEST_ERROR_INVALID))
        return "correct it there, or save the inventory anew with 'vm-ingest discover'";
    return NULL;
}

bool
inventory_read(FILE *file, const char *name, InventorySink *sink, GError **error)
{
    InventoryReader reader = {.sink = sink};
    reader.sources = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    reader.instances = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    arena_init(&reader.arena);
    const JsonItemsHandler handler = {
        .data = &reader, .member = read_member, .item = read_item, .list = read_list};
    g_autoptr(GError) trouble = NULL;
    bool is_ok = json_items_read(file, name, &handler, &trouble);
    if (is_ok && !reader.has_records)
        is_ok =
            invalid(&trouble, "'%s': the file has no 'records': it is no saved inventory", name);
    const char *remedy = is_ok || reader.is_sinks_error ? NULL : remedy_for(trouble);
    reader_release(&reader);
    if (remedy)
        g_set_error(error, trouble->domain, trouble->code, "%s; %s", trouble->message, remedy);
    else if (!is_ok)
        g_propagate_error(error, g_steal_pointer(&trouble));
    return is_ok;
}

Inventory *
inventory_load(const char *path, GError **error)
{
    g_autoptr(StdioFile) file = fopen(path, "re");
    if (!file) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_STORAGE, "'%s' cannot be opened: %s", path,
            g_strerror(errno));
        return NULL;
    }
    g_autoptr(InventoryBuilder) builder = inventory_builder_new();
    if (!inventory_read(file, path, inventory_builder_sink(builder), error))
        return NULL;
    return inventory_builder_freeze(builder);
}

/* --- writing ---------------------------------------------------------------------------------- */

struct InventoryWriter {
    InventorySink sink;
    FILE *file;    /* borrowed */
    GString *line; /* used again for each record */
    bool has_record;
    int failed_errno; /* the first write that failed; nothing is written after it */
};

static bool
writer_write(InventoryWriter *writer, const char *text, size_t length, GError **error)
{
    if (!writer->failed_errno && fwrite(text, 1, length, writer->file) != length)
        writer->failed_errno = errno ? errno : EIO;
    if (!writer->failed_errno)
        return true;
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_STORAGE,
        "the inventory cannot be written: %s; make room or choose another file",
        g_strerror(writer->failed_errno));
    return false;
}

static bool
writer_put(InventorySink *sink, RecordKind kind, const void *record, GError **error)
{
    InventoryWriter *writer = (InventoryWriter *)sink;
    GString *line = writer->line;
    g_string_assign(line, writer->has_record ? ",\n{\"" : "\n{\"");
    g_string_append(line, inventory_record_words[kind]);
    g_string_append(line, "\":");
    record_encode(inventory_record_types[kind], record, line);
    g_string_append_c(line, '}');
    writer->has_record = true;
    return writer_write(writer, line->str, line->len, error);
}

InventoryWriter *
inventory_writer_new(FILE *file)
{
    static const char head[] = "{\"apiVersion\":\"" INVENTORY_API_VERSION
                               "\",\"kind\":\"" INVENTORY_KIND "\",\"records\":[";
    InventoryWriter *writer = g_new0(InventoryWriter, 1);
    writer->sink.put = writer_put;
    writer->file = file;
    writer->line = g_string_sized_new(8192);
    writer_write(writer, head, sizeof head - 1, NULL);
    return writer;
}

InventorySink *
inventory_writer_sink(InventoryWriter *writer)
{
    return &writer->sink;
}

bool
inventory_writer_finish(InventoryWriter *writer, GError **error)
{
    static const char tail[] = "\n]}\n";
    if (writer_write(writer, tail, sizeof tail - 1, NULL) && fflush(writer->file) != 0)
        writer->failed_errno = errno ? errno : EIO;
    return writer_write(writer, "", 0, error);
}

void
inventory_writer_free(InventoryWriter *writer)
{
    if (!writer)
        return;
    g_string_free(writer->line, true);
    g_free(writer);
}

bool
inventory_save(const Inventory *inventory, FILE *file, GError **error)
{
    g_autoptr(InventoryWriter) writer = inventory_writer_new(file);
    for (size_t i = 0; i < inventory->n_records; i++) {
        const InventoryRecord *entry = &inventory->records[i];
        if (!inventory_put(&writer->sink, entry->kind, entry->record, error))
            return false;
    }
    return inventory_writer_finish(writer, error);
}
