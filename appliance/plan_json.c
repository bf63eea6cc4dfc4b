/* SPDX-License-Identifier: Apache-2.0
 *
 * The plan file: a JSON document with one network and one item a line.
 *
 *   {"apiVersion":"vm-ingest/v1","kind":"Plan","info":{...},
 *   "schedule":{"jobs":5,...},
 *   "networks":[
 *   {"vlan":{"kind":"id","id":120},...}
 *   ],
 *   "storage":[...],
 *   "offerings":[...],
 *   "freeze":[...],
 *   "time":[...],
 *   "absent":[
 *   {"source":"vcenter","id":"vm-7","name":"db","side":"not-listed","reason":"hidden-name",...}
 *   ],
 *   "items":[
 *   {"instance":{...},"choice":{...},"facts":"...","verdict":"ready","findings":[...],...}
 *   ]}
 *
 * absent[] says again what the items' findings say: it is checked when it is read, and made anew.
 *
 * Written and read item by item. What people made of it by hand - another order of members, line
 * breaks, members left out - is read as well.
 */
#include "report.h"

#include <errno.h>
#include <string.h>

#include "json_items.h"
#include "record.h"
#include "cleanup.h"

/* Texts are made for some items before their memory is given back. */
enum { ARENA_KEPT_BYTES = 1024 * 1024 };

/* The lists of rows that a plan keeps as a whole. */
static const struct PlanList {
    const char *name;
    const RecordType *type;
    size_t rows, n; /* offsets in Plan */
} plan_lists[] = {
    {"networks", &matrix_row_type, offsetof(Plan, networks), offsetof(Plan, n_networks)},
    {"storage", &storage_row_type, offsetof(Plan, storage), offsetof(Plan, n_storage)},
    {"offerings", &offering_row_type, offsetof(Plan, offerings), offsetof(Plan, n_offerings)},
    {"freeze", &freeze_row_type, offsetof(Plan, freeze), offsetof(Plan, n_freeze)},
    {"time", &time_row_type, offsetof(Plan, time), offsetof(Plan, n_time)},
};
enum { N_LISTS = G_N_ELEMENTS(plan_lists) };

static size_t
count_rows(const Plan *plan, const struct PlanList *list)
{
    return *(const size_t *)(const void *)((const char *)plan + list->n);
}

static const void *
row_at(const Plan *plan, const struct PlanList *list, size_t index)
{
    const char *const *rows = (const char *const *)(const void *)((const char *)plan + list->rows);
    return *rows + index * list->type->size;
}

/* N_LISTS: no such list. */
static size_t
find_list(const char *name)
{
    size_t i = 0;
    while (i < N_LISTS && strcmp(plan_lists[i].name, name) != 0)
        i++;
    return i;
}

/* --- writing ---------------------------------------------------------------------------------- */

PlanItem
plan_item_with_texts(const PlanItem *item, Arena *arena)
{
    PlanItem full = *item;
    const FindingText *findings;
    const Reason *reasons;
    const Call *calls;
    bool is_loaded = item->loaded_findings.state == FACT_KNOWN && !item->facts_of;
    size_t n = report_findings(item, arena, &findings);
    if (n || !is_loaded) {
        full.loaded_findings.items = (FindingText *)findings;
        full.loaded_findings.n = n;
        full.loaded_findings.state = FACT_KNOWN;
    }
    n = report_reasons(item, &reasons);
    if (n || item->facts_of) {
        full.loaded_reasons.items = (Reason *)reasons;
        full.loaded_reasons.n = n;
        full.loaded_reasons.state = FACT_KNOWN;
    }
    n = report_calls(item, arena, &calls);
    if (n || item->facts_of) {
        full.loaded_calls.items = (Call *)calls;
        full.loaded_calls.n = n;
        full.loaded_calls.state = FACT_KNOWN;
    }
    g_autofree char *facts = plan_item_facts(item);
    if (facts)
        full.loaded_facts = text_known(arena_strdup(arena, facts));
    return full;
}

static void
write_out(GString *text, FILE *file)
{
    fwrite(text->str, 1, text->len, file);
    g_string_truncate(text, 0);
}

/* The rows of absent[] of all items, one a line. */
static void
save_absences(const Plan *plan, GString *text, FILE *file)
{
    const char *separator = "\n],\n\"absent\":[\n";
    for (size_t i = 0; i < plan->n_items && !ferror(file); i++) {
        Arena arena;
        Absence *absences;
        arena_init(&arena);
        size_t n = plan_item_absences(&plan->items[i], &arena, &absences);
        for (size_t k = 0; k < n; k++) {
            g_string_append(text, separator);
            record_encode(&absence_type, &absences[k], text);
            separator = ",\n";
        }
        arena_release(&arena);
        write_out(text, file);
    }
}

/* Nothing, if nothing of it is known. */
static void
append_schedule(const Plan *plan, const char *label, GString *text)
{
    static const Field member = F_RECORD(Plan, schedule, &schedule_type);
    if (field_state(&member, &plan->schedule) == FACT_UNKNOWN)
        return;
    g_string_append(text, label);
    record_encode(&schedule_type, &plan->schedule, text);
}

static void
save_head(const Plan *plan, GString *text)
{
    g_string_append(
        text, "{\"apiVersion\":\"" PLAN_API_VERSION "\",\"kind\":\"" PLAN_KIND "\",\"info\":");
    record_encode(&plan_info_type, &plan->info, text);
    append_schedule(plan, ",\n\"schedule\":", text);
    for (size_t k = 0; k < N_LISTS; k++) {
        const struct PlanList *list = &plan_lists[k];
        g_string_append_printf(text, "%s\n\"%s\":[", k ? "\n]," : ",", list->name);
        for (size_t i = 0; i < count_rows(plan, list); i++) {
            g_string_append(text, i ? ",\n" : "\n");
            record_encode(list->type, row_at(plan, list, i), text);
        }
    }
}

bool
plan_save(const Plan *plan, FILE *file, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    Arena arena;
    arena_init(&arena);
    save_head(plan, text);
    save_absences(plan, text, file);
    g_string_append(text, "\n],\n\"items\":[");
    for (size_t i = 0; i < plan->n_items && !ferror(file); i++) {
        PlanItem full = plan_item_with_texts(&plan->items[i], &arena);
        g_string_append(text, i ? ",\n" : "\n");
        record_encode(&plan_item_type, &full, text);
        write_out(text, file);
        if (arena.total_bytes > ARENA_KEPT_BYTES) {
            arena_release(&arena);
            arena_init(&arena);
        }
    }
    arena_release(&arena);
    g_string_append(text, "\n]}\n");
    write_out(text, file);
    if (output_flush(file, error))
        return true;
    g_prefix_error(error, "save plan: ");
    return false;
}

/* YAML of one record, as an entry of the list that is open. */
static bool
yaml_entry(const RecordType *type, const void *record, FILE *file, GError **error)
{
    g_autoptr(GString) json = g_string_new("[");
    record_encode(type, record, json);
    g_string_append_c(json, ']');
    return output_document_text(json->str, OUTPUT_YAML, file, error);
}

static bool
yaml_lists(const Plan *plan, FILE *file, GError **error)
{
    for (size_t k = 0; k < N_LISTS; k++) {
        const struct PlanList *list = &plan_lists[k];
        fprintf(file, "%s:%s\n", list->name, count_rows(plan, list) ? "" : " []");
        for (size_t i = 0; i < count_rows(plan, list); i++)
            if (!yaml_entry(list->type, row_at(plan, list, i), file, error))
                return false;
    }
    return true;
}

static bool
yaml_absences(const Plan *plan, FILE *file, GError **error)
{
    const char *title = "absent:\n";
    bool is_ok = true;
    for (size_t i = 0; i < plan->n_items && is_ok; i++) {
        Arena arena;
        Absence *absences;
        arena_init(&arena);
        size_t n = plan_item_absences(&plan->items[i], &arena, &absences);
        for (size_t k = 0; k < n && is_ok; k++) {
            fputs(title, file);
            title = "";
            is_ok = yaml_entry(&absence_type, &absences[k], file, error);
        }
        arena_release(&arena);
    }
    return is_ok;
}

bool
plan_save_yaml(const Plan *plan, FILE *file, GError **error)
{
    g_autoptr(GString) head = g_string_new(
        "{\"apiVersion\":\"" PLAN_API_VERSION "\",\"kind\":\"" PLAN_KIND "\",\"info\":");
    record_encode(&plan_info_type, &plan->info, head);
    append_schedule(plan, ",\"schedule\":", head);
    g_string_append_c(head, '}');
    if (!output_document_text(head->str, OUTPUT_YAML, file, error))
        return false;
    if (!yaml_lists(plan, file, error) || !yaml_absences(plan, file, error))
        return false;
    fputs(plan->n_items ? "items:\n" : "items: []\n", file);
    for (size_t i = 0; i < plan->n_items; i++) {
        Arena arena;
        arena_init(&arena);
        PlanItem full = plan_item_with_texts(&plan->items[i], &arena);
        bool is_ok = yaml_entry(&plan_item_type, &full, file, error);
        arena_release(&arena);
        if (!is_ok)
            return false;
    }
    return output_flush(file, error);
}

/* --- reading ---------------------------------------------------------------------------------- */

typedef struct PlanReader {
    Plan *plan;
    GArray *items;          /* PlanItem */
    GArray *lists[N_LISTS]; /* rows, by plan_lists */
    GHashTable *seen;       /* "source\nid" (owned) of the items so far */
    PlanVisitor visit;      /* NULL: items are kept */
    void *visit_data;
    bool has_version, has_kind, has_info, has_schedule, has_absent, has_items, has_list[N_LISTS];
} PlanReader;

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
    return strcmp(found, wanted) == 0 || invalid(error, INGEST_ERROR_UNSUPPORTED,
                                             "'%s' is '%.60s', not '%s': give a plan file that "
                                             "'vm-ingest plan' of this release has written",
                                             name, found, wanted);
}

static bool
unknown_member(const char *name, GError **error)
{
    return invalid(error, INGEST_ERROR_INVALID,
        "unknown member '%.60s': remove it or correct its name; known are apiVersion, kind, "
        "info, schedule, networks, storage, offerings, freeze, time, absent, items",
        name);
}

static bool
read_member(void *data, const char *name, json_object *value, GError **error)
{
    PlanReader *reader = data;
    if (strcmp(name, "apiVersion") == 0)
        return expect_word(value, name, PLAN_API_VERSION, &reader->has_version, error);
    if (strcmp(name, "kind") == 0)
        return expect_word(value, name, PLAN_KIND, &reader->has_kind, error);
    if (strcmp(name, "info") == 0)
        return note_once(&reader->has_info, name, error) &&
               record_decode(&plan_info_type, value, RECORD_STRICT, "info",
                   plan_arena(reader->plan), &reader->plan->info, error);
    if (strcmp(name, "schedule") == 0)
        return note_once(&reader->has_schedule, name, error) &&
               record_decode(&schedule_type, value, RECORD_STRICT, name, plan_arena(reader->plan),
                   &reader->plan->schedule, error) &&
               schedule_check(&reader->plan->schedule, error);
    if (strcmp(name, "items") == 0 || strcmp(name, "absent") == 0 || find_list(name) < N_LISTS)
        return invalid(error, INGEST_ERROR_INVALID, "'%s' has to be a list", name);
    return unknown_member(name, error);
}

static bool
read_list(void *data, const char *name, GError **error)
{
    PlanReader *reader = data;
    if (strcmp(name, "items") == 0)
        return note_once(&reader->has_items, name, error) &&
               (!reader->visit || reader->visit(reader->visit_data, NULL, error));
    size_t list = find_list(name);
    if (list < N_LISTS)
        return note_once(&reader->has_list[list], name, error);
    if (strcmp(name, "absent") == 0)
        return note_once(&reader->has_absent, name, error);
    if (strcmp(name, "info") == 0 || strcmp(name, "schedule") == 0 || strcmp(name, "kind") == 0 ||
        strcmp(name, "apiVersion") == 0)
        return invalid(error, INGEST_ERROR_INVALID, "'%s' cannot be a list", name);
    return unknown_member(name, error);
}

static bool
check_identity(PlanReader *reader, const PlanInstance *instance, size_t index, GError **error)
{
    if (!instance->id.value && !instance->instance_uuid.value && !instance->name.value)
        return invalid(error, INGEST_ERROR_INVALID,
            "'items[%zu].instance': tells no instance: give source and id, instance_uuid, or name "
            "and path",
            index);
    if (!instance->id.value)
        return true;
    char *key = g_strdup_printf(
        "%s\n%s", instance->source.value ? instance->source.value : "", instance->id.value);
    if (g_hash_table_add(reader->seen, key))
        return true;
    return invalid(error, INGEST_ERROR_INVALID,
        "'items[%zu].instance': '%.80s' of source '%.80s' stands twice; remove one of the items",
        index, instance->id.value, instance->source.value ? instance->source.value : "");
}

/* Which of two entries would be sent, nobody could tell. */
static bool
check_twice(GHashTable *seen, Text id, const char *place, const char *list, GError **error)
{
    if (!id.value || g_hash_table_add(seen, (gpointer)id.value))
        return true;
    return invalid(error, INGEST_ERROR_INVALID,
        "'%s.choice.%s': '%.80s' stands twice; remove one of the entries", place, list, id.value);
}

static bool
check_choice(const Choice *choice, const char *place, GError **error)
{
    g_autoptr(GHashTable) nics = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) disks = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) moves = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < choice->nics.n; i++)
        if (!check_twice(nics, choice->nics.items[i].nic, place, "nics", error))
            return false;
    for (size_t i = 0; i < choice->disks.n; i++)
        if (!check_twice(disks, choice->disks.items[i].disk, place, "disks", error))
            return false;
    for (size_t i = 0; i < choice->migrate.n; i++)
        if (!check_twice(moves, choice->migrate.items[i].disk, place, "migrate", error))
            return false;
    return true;
}

static bool
decode_item(PlanReader *reader, const char *place, size_t index, json_object *value, Arena *arena,
    PlanItem *ret_item, GError **error)
{
    return record_decode(&plan_item_type, value, RECORD_STRICT, place, arena, ret_item, error) &&
           check_identity(reader, &ret_item->instance, index, error) &&
           check_choice(&ret_item->choice, place, error);
}

static bool
visit_item(PlanReader *reader, const char *place, size_t index, json_object *value, GError **error)
{
    PlanItem item = {0};
    Arena arena;
    arena_init(&arena);
    bool is_ok = decode_item(reader, place, index, value, &arena, &item, error) &&
                 reader->visit(reader->visit_data, &item, error);
    arena_release(&arena);
    return is_ok;
}

/* Absences are told anew of the items; those of the file are only checked. */
static bool
check_absence(const char *place, json_object *value, GError **error)
{
    Absence absence = {0};
    Arena arena;
    arena_init(&arena);
    bool is_ok = record_decode(&absence_type, value, RECORD_STRICT, place, &arena, &absence, error);
    arena_release(&arena);
    return is_ok;
}

static bool
read_item(void *data, const char *list, size_t index, json_object *value, GError **error)
{
    PlanReader *reader = data;
    Arena *arena = plan_arena(reader->plan);
    g_autofree char *place = g_strdup_printf("%s[%zu]", list, index);
    size_t k = find_list(list);
    if (k < N_LISTS) {
        GArray *rows = reader->lists[k];
        g_array_set_size(rows, rows->len + 1);
        void *row = rows->data + (rows->len - 1) * plan_lists[k].type->size;
        return record_decode(plan_lists[k].type, value, RECORD_STRICT, place, arena, row, error);
    }
    if (strcmp(list, "absent") == 0)
        return check_absence(place, value, error);
    if (reader->visit)
        return visit_item(reader, place, index, value, error);
    PlanItem item = {0};
    if (!decode_item(reader, place, index, value, arena, &item, error))
        return false;
    g_array_append_val(reader->items, item);
    reader->plan->n_verdicts[item.verdict]++;
    return true;
}

static bool
check_complete(const PlanReader *reader, const char *name, GError **error)
{
    const char *missing = !reader->has_version ? "apiVersion"
                          : !reader->has_kind  ? "kind"
                          : !reader->has_items ? "items"
                                               : NULL;
    if (!missing)
        return true;
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_INVALID,
        "'%s': member '%s' is missing: this is no plan file", name, missing);
    return false;
}

static void
take_arrays(PlanReader *reader)
{
    Plan *plan = reader->plan;
    Arena *arena = plan_arena(plan);
    plan->n_items = reader->items->len;
    plan->items = arena_memdup(arena, reader->items->data, plan->n_items * sizeof(PlanItem));
    for (size_t k = 0; k < N_LISTS; k++) {
        const struct PlanList *list = &plan_lists[k];
        const GArray *rows = reader->lists[k];
        void *copy = arena_memdup(arena, rows->data, rows->len * list->type->size);
        *(size_t *)(void *)((char *)plan + list->n) = rows->len;
        memcpy((char *)plan + list->rows, &copy, sizeof copy);
    }
}

static void
release_reader(PlanReader *reader)
{
    g_array_unref(reader->items);
    g_hash_table_destroy(reader->seen);
    for (size_t k = 0; k < N_LISTS; k++)
        g_array_unref(reader->lists[k]);
}

Plan *
plan_scan(FILE *file, const char *name, PlanVisitor visit, void *data, GError **error)
{
    g_autoptr(Plan) plan = plan_new_empty();
    PlanReader reader = {.plan = plan,
        .items = g_array_new(false, false, sizeof(PlanItem)),
        .seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .visit = visit,
        .visit_data = data};
    for (size_t k = 0; k < N_LISTS; k++)
        reader.lists[k] = g_array_new(false, true, (guint)plan_lists[k].type->size);
    const JsonItemsHandler handler = {
        .data = &reader, .member = read_member, .item = read_item, .list = read_list};
    bool is_ok =
        json_items_read(file, name, &handler, error) && check_complete(&reader, name, error);
    if (is_ok)
        take_arrays(&reader);
    release_reader(&reader);
    if (is_ok)
        return g_steal_pointer(&plan);
    g_prefix_error(error, "read plan: ");
    return NULL;
}

Plan *
plan_read(FILE *file, const char *name, GError **error)
{
    return plan_scan(file, name, NULL, NULL, error);
}

Plan *
plan_load(const char *path, GError **error)
{
    g_autoptr(StdioFile) file = fopen(path, "re");
    if (!file) {
        g_set_error(error, INGEST_ERROR,
            errno == ENOENT ? INGEST_ERROR_NOT_FOUND : INGEST_ERROR_STORAGE, "read plan: '%s': %s",
            path, g_strerror(errno));
        return NULL;
    }
    return plan_read(file, path, error);
}
