/* SPDX-License-Identifier: Apache-2.0
 *
 * Two files against each other. The first is read once for where each VM stands in it; while the
 * second is read, the VM's item of the first is read again from there. So memory grows by some
 * hundred bytes a VM, whatever the items hold.
 */
#include "plan_diff.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "json_items.h"
#include "record.h"
#include "report.h"
#include "cleanup.h"

typedef struct DiffFile {
    const char *path;
    FILE *file;
    bool is_inventory;
    Plan *head;             /* without items; NULL of an inventory */
    GHashTable *cloudstack; /* of an inventory: names (owned) of sources whose VMs are no VMs of the
                               estate */
} DiffFile;

/* Where an item stands. */
typedef struct Place {
    int64_t begin, end; /* bytes of the file */
    bool is_matched;
} Place;

typedef struct Diff {
    const DiffSink *sink;
    DiffSummary *summary;
    DiffFile old, new;
    GArray *places;   /* Place, of the old file */
    GArray *deferred; /* Place, of the new file: not found by id */
    GHashTable *keys; /* see add_key(): -> index in .places + 1 */
    GHashTable *uses; /* "service offering 'x'" -> Use */
    GString *key;     /* scratch */
} Diff;

/* How many VMs something is chosen for, or used by. */
typedef struct Use {
    size_t n_old, n_new;
} Use;

/* --- files ------------------------------------------------------------------------------------ */

static bool
open_file(DiffFile *file, const char *path, GError **error)
{
    struct stat st;
    char head[512];
    file->path = path;
    file->file = fopen(path, "re");
    if (!file->file) {
        g_set_error(error, INGEST_ERROR,
            errno == ENOENT ? INGEST_ERROR_NOT_FOUND : INGEST_ERROR_STORAGE,
            "'%s' cannot be opened: %s", path, g_strerror(errno));
        return false;
    }
    if (fstat(fileno(file->file), &st) != 0 || !S_ISREG(st.st_mode)) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_STORAGE,
            "'%s' is no plain file: save it first, since it is read in more than one go", path);
        return false;
    }
    head[fread(head, 1, sizeof head - 1, file->file)] = '\0';
    const char *kind = strstr(head, "\"kind\"");
    kind = kind ? kind + 6 + strspn(kind + 6, " \t\r\n:") : "";
    file->is_inventory = g_str_has_prefix(kind, "\"" INVENTORY_KIND "\"");
    rewind(file->file);
    return true;
}

static void
close_file(DiffFile *file)
{
    if (file->file)
        fclose(file->file);
    plan_unref(file->head);
    if (file->cloudstack)
        g_hash_table_unref(file->cloudstack);
}

/* --- an inventory's VM as an item ------------------------------------------------------------- */

static PlanItem
item_of_view(const InstanceView *view, Arena *arena)
{
    PlanItem item = {.instance = {.source = view->source,
                         .id = view->id,
                         .instance_uuid = view->instance_uuid,
                         .bios_uuid = view->bios_uuid,
                         .name = view->name,
                         .path = view->path,
                         .datacenter = view->datacenter,
                         .cluster = view->cluster_name,
                         .host = view->host_name,
                         .guest_os = view->guest_os_name,
                         .power = view->power,
                         .cpus = view->cpus,
                         .memory_bytes = view->memory_bytes}};
    PlanInstance *to = &item.instance;
    to->disks.items = arena_new_n(arena, PlanDisk, view->disks.n);
    to->disks.n = view->disks.n;
    to->disks.state = view->disks.state;
    for (size_t i = 0; i < view->disks.n; i++) {
        const Disk *disk = &view->disks.items[i];
        to->disks.items[i] = (PlanDisk){
            disk->id, disk->label, disk->datastore_name, disk->path, disk->capacity_bytes};
    }
    to->nics.items = arena_new_n(arena, PlanNic, view->nics.n);
    to->nics.n = view->nics.n;
    to->nics.state = view->nics.state;
    for (size_t i = 0; i < view->nics.n; i++) {
        const Nic *nic = &view->nics.items[i];
        to->nics.items[i] =
            (PlanNic){nic->id, nic->mac, nic->adapter, nic->network, nic->vlan, nic->ips};
    }
    return item;
}

/* --- scanning --------------------------------------------------------------------------------- */

/* Hands out the items of a file with their places. */
typedef struct Scan {
    InventorySink sink; /* of an inventory */
    DiffFile *file;
    int64_t last; /* where the item before ended */
    bool (*visit)(Diff *diff, const PlanItem *item, Place place, GError **error);
    Diff *diff;
} Scan;

static bool
scan_item(void *data, const PlanItem *item, GError **error)
{
    Scan *scan = data;
    Place place = {.begin = scan->last, .end = ftello(scan->file->file)};
    scan->last = place.end;
    return !item || scan->visit(scan->diff, item, place, error);
}

static bool
scan_record(InventorySink *sink, RecordKind kind, const void *record, GError **error)
{
    Scan *scan = (Scan *)sink;
    const SourceInfo *source = record;
    if (kind == RECORD_SOURCE && source->kind == SOURCE_KIND_CLOUDSTACK)
        g_hash_table_add(scan->file->cloudstack, g_strdup(source->name.value));
    const InstanceView *view = record;
    if (kind != RECORD_INSTANCE ||
        g_hash_table_contains(scan->file->cloudstack, view->source.value))
        return scan_item(scan, NULL, error);
    Arena arena;
    arena_init(&arena);
    PlanItem item = item_of_view(view, &arena);
    bool is_ok = scan_item(scan, &item, error);
    arena_release(&arena);
    return is_ok;
}

static bool
scan_file(Scan *scan, GError **error)
{
    DiffFile *file = scan->file;
    if (!file->is_inventory) {
        file->head = plan_scan(file->file, file->path, scan_item, scan, error);
        return file->head != NULL;
    }
    file->cloudstack = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    scan->sink.put = scan_record;
    return inventory_read(file->file, file->path, &scan->sink, error);
}

static bool
decode_item(const DiffFile *file, json_object *json, Arena *arena, PlanItem *ret, GError **error)
{
    if (!file->is_inventory)
        return record_decode(&plan_item_type, json, RECORD_STRICT, "items[]", arena, ret, error);
    InstanceView *view = arena_new(arena, InstanceView);
    json_object *instance = NULL;
    if (!json_object_object_get_ex(json, "instance", &instance) ||
        !record_decode(inventory_record_types[RECORD_INSTANCE], instance, RECORD_STRICT,
            "records[].instance", arena, view, error))
        return false;
    *ret = item_of_view(view, arena);
    return true;
}

/* The text of the item at a place, once more; the file's position stays. (owned) */
static char *
read_text(const DiffFile *file, Place place, GError **error)
{
    size_t length = (size_t)(place.end - place.begin);
    g_autofree char *text = g_malloc(length + 1);
    if (pread(fileno(file->file), text, length, place.begin) == (ssize_t)length) {
        text[length] = '\0';
        /* A comma and line breaks of the list come first. */
        size_t skipped = strcspn(text, "{");
        memmove(text, text + skipped, length - skipped + 1);
        return g_steal_pointer(&text);
    }
    g_set_error(
        error, INGEST_ERROR, INGEST_ERROR_STORAGE, "'%s' changed while it was read", file->path);
    return NULL;
}

static bool
read_item(const DiffFile *file, const char *text, Arena *arena, PlanItem *ret, GError **error)
{
    g_autoptr(JsonObject) json = json_tokener_parse(text);
    *ret = (PlanItem){0};
    if (json)
        return decode_item(file, json, arena, ret, error);
    g_set_error(
        error, INGEST_ERROR, INGEST_ERROR_STORAGE, "'%s' changed while it was read", file->path);
    return false;
}

/* --- the old file ----------------------------------------------------------------------------- */

static const char *
make_key(Diff *diff, char kind, Text a, Text b)
{
    g_string_printf(diff->key, "%c%s\x1f%s", kind, a.value ? a.value : "", b.value ? b.value : "");
    return diff->key->str;
}

enum { SEVERAL = UINT_MAX }; /* a key that does not tell one */

static void
add_key(Diff *diff, const char *key)
{
    unsigned index = diff->places->len; /* of the last one, plus 1 */
    bool is_there = g_hash_table_contains(diff->keys, key);
    g_hash_table_insert(
        diff->keys, g_strdup(key), GUINT_TO_POINTER(is_there ? (unsigned)SEVERAL : index));
}

static void
tally(Diff *diff, const char *what, const char *name, bool is_new)
{
    g_autofree char *key = g_strdup_printf("%s '%s'", what, name);
    Use *use = g_hash_table_lookup(diff->uses, key);
    if (!use) {
        use = g_new0(Use, 1);
        g_hash_table_insert(diff->uses, g_steal_pointer(&key), use);
    }
    *(is_new ? &use->n_new : &use->n_old) += 1;
}

/* Offerings by the names that the reasons give them, and datastores. */
static void
tally_uses(Diff *diff, const PlanItem *item, bool is_new)
{
    const Reason *reasons;
    size_t n = report_reasons(item, &reasons);
    for (size_t i = 0; i < n; i++) {
        const char *about = reasons[i].about.value, *chosen = reasons[i].chosen.value;
        if (about && chosen && strcmp(about, "serviceofferingid") == 0)
            tally(diff, "service offering", chosen, is_new);
        else if (about && chosen && g_str_has_prefix(about, "disks["))
            tally(diff, "disk offering", chosen, is_new);
    }
    const PlanInstance *instance = &item->instance;
    for (size_t i = 0; i < instance->disks.n; i++) {
        bool is_first = instance->disks.items[i].datastore.value != NULL;
        for (size_t k = 0; k < i; k++)
            is_first &= g_strcmp0(instance->disks.items[k].datastore.value,
                            instance->disks.items[i].datastore.value) != 0;
        if (is_first)
            tally(diff, "datastore", instance->disks.items[i].datastore.value, is_new);
    }
}

static bool
note_old(Diff *diff, const PlanItem *item, Place place, GError **error G_GNUC_UNUSED)
{
    const PlanInstance *instance = &item->instance;
    const Text none = {0};
    g_array_append_val(diff->places, place);
    if (instance->id.value)
        add_key(diff, make_key(diff, 'i', instance->source, instance->id));
    if (instance->instance_uuid.value)
        add_key(diff, make_key(diff, 'u', instance->instance_uuid, none));
    if (instance->name.value)
        add_key(diff, make_key(diff, 'n', instance->name, instance->path));
    tally_uses(diff, item, false);
    diff->summary->n_old++;
    return true;
}

/* --- the new file ----------------------------------------------------------------------------- */

static Place *
find_place(Diff *diff, const char *key)
{
    unsigned index = GPOINTER_TO_UINT(g_hash_table_lookup(diff->keys, key));
    if (index == 0 || index == SEVERAL)
        return NULL;
    Place *place = &g_array_index(diff->places, Place, index - 1);
    return place->is_matched ? NULL : place;
}

static bool
is_bad(const PlanItem *item)
{
    return item->verdict == VERDICT_BLOCKED || item->verdict == VERDICT_UNKNOWN;
}

static bool
compare_with(Diff *diff, Place *place, const PlanItem *item, Place new_place, GError **error)
{
    PlanItem old;
    Arena arena;
    g_autofree char *before = read_text(&diff->old, *place, error);
    g_autofree char *now = before ? read_text(&diff->new, new_place, error) : NULL;
    place->is_matched = true;
    if (!now || strcmp(before, now) == 0)
        return now != NULL;
    arena_init(&arena);
    bool is_ok = read_item(&diff->old, before, &arena, &old, error);
    if (is_ok) {
        plan_diff_items(diff->sink, &old, item);
        diff->summary->is_worse |= is_bad(item) && !is_bad(&old);
    }
    arena_release(&arena);
    return is_ok;
}

static void
tell_vm(Diff *diff, Change change, const PlanItem *item)
{
    const PlanInstance *instance = &item->instance;
    const DiffRow row = {.change = change,
        .source = instance->source.value,
        .id = instance->id.value,
        .name = instance->name.value,
        .old_value = change == CHANGE_VM_GONE ? plan_diff_verdict(item) : NULL,
        .new_value = change == CHANGE_VM_NEW ? plan_diff_verdict(item) : NULL};
    diff->sink->row(diff->sink->data, &row);
}

static bool
take_new(Diff *diff, const PlanItem *item, Place place, GError **error)
{
    diff->summary->n_new++;
    tally_uses(diff, item, true);
    const PlanInstance *instance = &item->instance;
    Place *old = instance->id.value
                     ? find_place(diff, make_key(diff, 'i', instance->source, instance->id))
                     : NULL;
    if (old)
        return compare_with(diff, old, item, place, error);
    g_array_append_val(diff->deferred, place);
    return true;
}

/* Once all were looked for by id: by UUID, then by name and path; else it is new. */
static bool
take_deferred(Diff *diff, const PlanItem *item, Place place, GError **error)
{
    const PlanInstance *instance = &item->instance;
    const Text none = {0};
    Place *old = instance->instance_uuid.value
                     ? find_place(diff, make_key(diff, 'u', instance->instance_uuid, none))
                     : NULL;
    if (!old && instance->name.value)
        old = find_place(diff, make_key(diff, 'n', instance->name, instance->path));
    if (old)
        return compare_with(diff, old, item, place, error);
    tell_vm(diff, CHANGE_VM_NEW, item);
    diff->summary->is_worse |= is_bad(item);
    return true;
}

static bool
take_rest(Diff *diff, GError **error)
{
    bool is_ok = true;
    for (unsigned i = 0; is_ok && i < diff->deferred->len + diff->places->len; i++) {
        bool is_new = i < diff->deferred->len;
        Place place = is_new ? g_array_index(diff->deferred, Place, i)
                             : g_array_index(diff->places, Place, i - diff->deferred->len);
        PlanItem item;
        Arena arena;
        const DiffFile *file = is_new ? &diff->new : &diff->old;
        if (place.is_matched)
            continue;
        g_autofree char *text = read_text(file, place, error);
        arena_init(&arena);
        is_ok = text && read_item(file, text, &arena, &item, error) &&
                (!is_new || take_deferred(diff, &item, place, error));
        if (is_ok && !is_new)
            tell_vm(diff, CHANGE_VM_GONE, &item);
        arena_release(&arena);
    }
    return is_ok;
}

/* --- the whole -------------------------------------------------------------------------------- */

/* What no VM uses any more, or none did. */
static void
tell_uses(Diff *diff)
{
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(diff->uses), (GCompareFunc)strcmp);
    for (GList *at = names; at; at = at->next) {
        const Use *use = g_hash_table_lookup(diff->uses, at->data);
        if (use->n_old && use->n_new)
            continue;
        g_autofree char *old = g_strdup_printf("%zu VMs", use->n_old);
        g_autofree char *new = g_strdup_printf("%zu VMs", use->n_new);
        const DiffRow row = {
            .change = CHANGE_USE, .about = at->data, .old_value = old, .new_value = new};
        diff->sink->row(diff->sink->data, &row);
    }
}

static bool
diff_files(Diff *diff, const char *old, const char *new, GError **error)
{
    if (!open_file(&diff->old, old, error) || !open_file(&diff->new, new, error))
        return false;
    if (diff->old.is_inventory != diff->new.is_inventory) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_INVALID,
            "'%s' is an inventory and '%s' is not: give two plans, or two inventories",
            diff->old.is_inventory ? old : new, diff->old.is_inventory ? new : old);
        return false;
    }
    Scan first = {.file = &diff->old, .visit = note_old, .diff = diff},
         second = {.file = &diff->new, .visit = take_new, .diff = diff};
    if (!scan_file(&first, error) || !scan_file(&second, error) || !take_rest(diff, error))
        return false;
    if (diff->old.head)
        plan_diff_heads(diff->sink, diff->old.head, diff->new.head);
    tell_uses(diff);
    return true;
}

/* Counts a row and hands it on. */
typedef struct CountingSink {
    DiffSink sink;
    DiffSummary *summary;
    const DiffSink *inner;
} CountingSink;

static void
pass_row(void *data, const DiffRow *row)
{
    CountingSink *counting = data;
    counting->summary->n[row->change]++;
    counting->inner->row(counting->inner->data, row);
}

bool
plan_diff(const char *old, const char *new, const DiffSink *sink, DiffSummary *ret_summary,
    GError **error)
{
    g_autoptr(GArray) places = g_array_new(false, true, sizeof(Place));
    g_autoptr(GArray) deferred = g_array_new(false, true, sizeof(Place));
    g_autoptr(GHashTable) keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) uses = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GString) key = g_string_new(NULL);
    *ret_summary = (DiffSummary){0};
    Diff diff = {.summary = ret_summary,
        .places = places,
        .deferred = deferred,
        .keys = keys,
        .uses = uses,
        .key = key};
    CountingSink counting = {.sink.row = pass_row, .summary = ret_summary, .inner = sink};
    counting.sink.data = &counting;
    diff.sink = &counting.sink;
    bool is_ok = diff_files(&diff, old, new, error);
    close_file(&diff.old);
    close_file(&diff.new);
    return is_ok;
}
