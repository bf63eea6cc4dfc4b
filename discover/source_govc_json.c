/* SPDX-License-Identifier: Apache-2.0
 *
 * The forms in which govc prints managed objects as JSON, all of them told by their members:
 *
 *   {"virtualMachines": [OBJECT, ...]}          vm.info, host.info, datastore.info, pool.info
 *   {"elements": [{"object": OBJECT, "path"}]}  ls
 *   {"self": REF, "name": ..., ...}             collect -o
 *   {"obj": REF, "changeSet": [CHANGE, ...]}    collect -type
 *   [CHANGE, ...]                               collect of one object
 *
 * and one after the other in one file. OBJECT has its reference as "self" and its properties as
 * members; CHANGE is {"name": "config.hardware", "val": ...}. A value of a type that is not the
 * declared one bears "_typeName". govc before 0.30 wrote the members with a capital and no
 * "_typeName": what it says of devices cannot be told apart, and is taken for unknown.
 */
#include "source_govc.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "error.h"
#include "json_items.h"
#include "cleanup.h"

enum { FILES_MAX = 10000, COLLECTED_MAX = 1000000 };

/* --- files ------------------------------------------------------------------------------------ */

static int
compare_paths(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool
add_path(GovcExport *export, const char *path, GError **error)
{
    struct stat st;
    GError *why = NULL;
    if (stat(path, &st) != 0) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_STORAGE, "'%s': %s", path, g_strerror(errno));
        return false;
    }
    export->written_at = MAX(export->written_at, st.st_mtime);
    if (!S_ISDIR(st.st_mode)) {
        g_ptr_array_add(export->paths, g_strdup(path));
        return true;
    }
    GDir *folder = g_dir_open(path, 0, &why);
    if (!folder) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_STORAGE, "'%s': %s", path, why->message);
        g_error_free(why);
        return false;
    }
    for (const char *name; (name = g_dir_read_name(folder)) && export->paths->len < FILES_MAX;)
        if (g_str_has_suffix(name, ".json")) {
            char *file = g_build_filename(path, name, NULL);
            if (stat(file, &st) == 0)
                export->written_at = MAX(export->written_at, st.st_mtime);
            g_ptr_array_add(export->paths, file);
        }
    g_dir_close(folder);
    return true;
}

bool
govc_find_files(GovcExport *export, const char *path, GError **error)
{
    struct stat st;
    bool is_one = stat(path, &st) == 0; /* a name may hold a comma */
    g_auto(GStrv) paths = g_strsplit(path, is_one ? "\n" : ",", -1);
    for (char **at = paths; *at; at++)
        if (**at && !add_path(export, *at, error))
            return false;
    g_ptr_array_sort(export->paths, compare_paths);
    if (export->paths->len > 0)
        return true;
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
        "'%s' has no *.json: save what govc prints, as in: govc vm.info -json '*' > %s/vms.json",
        path, path);
    return false;
}

/* --- JSON to nodes ---------------------------------------------------------------------------- */

/* "NumCPU" of an old govc is "numCPU" of the API. */
static const char *
member_name(Arena *arena, const char *name)
{
    if (!g_ascii_isupper(*name))
        return arena_intern(arena, name);
    g_autofree char *lower = g_strdup(name);
    lower[0] = g_ascii_tolower(lower[0]);
    return arena_intern(arena, lower);
}

/* A member by the API's name, or as an old govc writes it. */
static json_object *
find_member(json_object *json, const char *name)
{
    json_object *value = NULL;
    if (!json_object_is_type(json, json_type_object) ||
        json_object_object_get_ex(json, name, &value))
        return value;
    g_autofree char *upper = g_strdup(name);
    upper[0] = g_ascii_toupper(upper[0]);
    json_object_object_get_ex(json, upper, &value);
    return value;
}

static const char *
member_text(json_object *json, const char *name)
{
    json_object *value = find_member(json, name);
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

/* {"type": "HostSystem", "value": "host-12"} and nothing else but what says so. */
static bool
is_reference(json_object *json)
{
    int n = json_object_is_type(json, json_type_object) ? json_object_object_length(json) : 0;
    return n >= 2 && n <= 4 && member_text(json, "type") && member_text(json, "value") &&
           (n == 2 || find_member(json, "serverGuid") || find_member(json, "_typeName") ||
               find_member(json, "ServerGUID"));
}

static VimNode *fill_node(Arena *arena, VimNode *node, json_object *json, int depth);

/* A list becomes an element each; null in it, as govc writes what it does not know, an empty one.
 * Returns where the next one goes. */
static VimNode **
add_child(Arena *arena, VimNode **end, const char *name, json_object *json, int depth)
{
    if (json_object_is_type(json, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(json); i++) {
            json_object *item = json_object_array_get_idx(json, i);
            if (!json_object_is_type(item, json_type_array))
                end = add_child(arena, end, name, item, depth);
        }
        return end;
    }
    VimNode *child = arena_new(arena, VimNode);
    *child = (VimNode){.name = name, .type = "", .ref_type = "", .text = ""};
    fill_node(arena, child, json, depth + 1);
    *end = child;
    return &child->next;
}

/* The same for members of a value. */
static bool
is_old_blank(const char *name, json_object *value)
{
    return g_ascii_isupper(*name) && json_object_is_type(value, json_type_string) &&
           json_object_get_string_len(value) == 0;
}

static void
fill_object(Arena *arena, VimNode *node, json_object *json, int depth)
{
    VimNode **end = &node->children;
    struct json_object_iterator at = json_object_iter_begin(json),
                                stop = json_object_iter_end(json);
    for (; !json_object_iter_equal(&at, &stop); json_object_iter_next(&at)) {
        const char *name = json_object_iter_peek_name(&at);
        json_object *value = json_object_iter_peek_value(&at);
        if (strcmp(name, "_typeName") == 0)
            node->type = arena_intern(arena, json_object_get_string(value));
        else if (value && !is_old_blank(name, value))
            end = add_child(arena, end, member_name(arena, name), value, depth);
    }
}

static VimNode *
fill_node(Arena *arena, VimNode *node, json_object *json, int depth)
{
    json_object *boxed = NULL;
    if (depth > VIM_DEPTH_MAX)
        return node;
    if (is_reference(json)) {
        node->ref_type = arena_intern(arena, member_text(json, "type"));
        node->text = arena_intern(arena, member_text(json, "value"));
    } else if (json_object_is_type(json, json_type_object) &&
               json_object_object_get_ex(json, "_value", &boxed)) {
        const char *type = member_text(json, "_typeName");
        fill_node(arena, node, boxed, depth + 1);
        node->type = type ? arena_intern(arena, type) : "";
    } else if (json_object_is_type(json, json_type_object)) {
        fill_object(arena, node, json, depth);
    } else if (json_object_is_type(json, json_type_array)) {
        add_child(arena, &node->children, "item", json, depth);
    } else if (json) {
        node->text = arena_strdup(arena, json_object_get_string(json));
    }
    return node;
}

static VimNode *
make_node(Arena *arena, json_object *json)
{
    VimNode *node = arena_new(arena, VimNode);
    *node = (VimNode){.name = "val", .type = "", .ref_type = "", .text = ""};
    return fill_node(arena, node, json, 0);
}

/* What kind of VLAN setting an old govc's untyped one is, its members tell. */
static void
name_vlan_setting(VimNode *vlan)
{
    const VimNode *id = vim_node_find(vlan, "vlanId");
    if (*vlan->type)
        return;
    if (vim_node_find(vlan, "pvlanId"))
        vlan->type = "VmwareDistributedVirtualSwitchPvlanSpec";
    else if (id && id->children)
        vlan->type = "VmwareDistributedVirtualSwitchTrunkVlanSpec";
    else if (id)
        vlan->type = "VmwareDistributedVirtualSwitchVlanIdSpec";
}

/* --- objects ---------------------------------------------------------------------------------- */

typedef struct GovcReader {
    GovcExport *export;
    VimSession *session;
    VimListing *listing;
    GHashTable *done; /* ids that were handed out, in the arena */
    const char *path;
    json_object *document; /* members so far; owned */
    Arena arena;           /* of the object */
} GovcReader;

/* Where the properties of an object are. */
typedef struct GovcObject {
    const char *type, *id;
    json_object *members; /* of OBJECT; or NULL */
    json_object *changes; /* list of CHANGE; or NULL */
    bool is_whole;        /* all properties were asked for: what is not there is not set */
} GovcObject;

/* Down "config.hardware.device" from an object. */
static json_object *
descend(json_object *json, const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, ".", -1);
    for (char **name = names; *name && json; name++)
        json = find_member(json, *name);
    return json;
}

/* Value of a property; *ret_told: the export says whether it is set. */
static json_object *
find_property(const GovcObject *object, const char *path, bool *ret_told)
{
    g_autofree char *first = g_strndup(path, strcspn(path, "."));
    *ret_told = object->is_whole;
    if (object->members) {
        json_object *top = find_member(object->members, first);
        *ret_told |= top != NULL;
        return descend(object->members, path);
    }
    size_t n = json_object_array_length(object->changes);
    for (size_t i = 0; i < n; i++) {
        json_object *change = json_object_array_get_idx(object->changes, i);
        const char *name = member_text(change, "name");
        size_t length = name ? strlen(name) : 0;
        if (!name || strncmp(path, name, length) != 0 || (path[length] && path[length] != '.'))
            continue;
        *ret_told = true;
        json_object *value = find_member(change, "val");
        return path[length] ? descend(value, path + length + 1) : value;
    }
    return NULL;
}

/* An array of an old govc stands in an object of its own: {"VirtualDevice": [...]}. */
static json_object *
unwrap_list(json_object *json)
{
    if (!json_object_is_type(json, json_type_object) || json_object_object_length(json) != 1)
        return json;
    struct json_object_iterator at = json_object_iter_begin(json);
    json_object *value = json_object_iter_peek_value(&at);
    bool is_list = g_ascii_isupper(*json_object_iter_peek_name(&at)) &&
                   json_object_is_type(value, json_type_array);
    return is_list ? value : json;
}

static void
note_missing(GovcReader *reader, const GovcObject *object, const char *path)
{
    char *key = g_strdup_printf("%s %.*s", object->type, (int)strcspn(path, "."), path);
    size_t n = GPOINTER_TO_SIZE(g_hash_table_lookup(reader->export->missing, key));
    g_hash_table_replace(reader->export->missing, key, GSIZE_TO_POINTER(n + 1));
}

static void
name_vlan_settings(VimNode *value)
{
    VimNode *vlan = (VimNode *)vim_node_find_path(value, "defaultPortConfig/vlan");
    if (vlan)
        name_vlan_setting(vlan);
}

/* Devices without types are no devices: which NIC or controller one is decides. */
static bool
are_typed(const VimNode *devices)
{
    for (const VimNode *at = devices->children; at; at = at->next)
        if (*at->type)
            return true;
    return devices->children == NULL;
}

static const VimNode nowhere = {.name = "missing", .type = "", .ref_type = "", .text = ""};

static void
read_property(GovcReader *reader, const GovcObject *from, VimObject *object, size_t i)
{
    const char *path = object->spec->paths[i];
    bool is_told = false;
    json_object *json = unwrap_list(find_property(from, path, &is_told));
    if (json_object_is_type(json, json_type_string) && !json_object_get_string_len(json))
        json = NULL; /* an old govc writes what is not set as an empty text */
    if (!json && !is_told) {
        /* Not as vim_object_read() has it: no right is missing, so .n_missing stays 0. */
        object->missing[i] = &nowhere;
        note_missing(reader, from, path);
    }
    if (!json)
        return;
    VimNode *value = make_node(&reader->arena, json);
    if (strcmp(path, "config") == 0)
        name_vlan_settings(value);
    if (strcmp(path, "config.hardware.device") == 0 && !are_typed(value)) {
        object->missing[i] = &nowhere;
        reader->export->n_untyped++;
        if (!reader->export->first_untyped)
            reader->export->first_untyped = reader->path;
        return;
    }
    object->values[i] = value;
}

/* The root folder has no parent. */
static void
find_root(GovcReader *reader, const VimObject *object)
{
    if (strcmp(object->type, "Folder") == 0 && !vim_object_value(object, "parent") &&
        !vim_object_is_missing(object, "parent") && !reader->session->root.id)
        reader->session->root.id = g_strdup(object->id);
}

static bool
hand_out(GovcReader *reader, const GovcObject *from, GError **error)
{
    const VimSpec *spec = vim_listing_find_spec(reader->listing, from->type);
    g_hash_table_add(reader->export->seen, g_strdup(from->type));
    if (!spec || g_hash_table_contains(reader->done, from->id))
        return true;
    if (source_is_cancelled(reader->session->source)) {
        g_set_error_literal(error, INGEST_ERROR, INGEST_ERROR_CANCELLED, "interrupted");
        return false;
    }
    VimObject object = {.spec = spec, .arena = &reader->arena};
    arena_init(&reader->arena);
    object.type = arena_strdup(&reader->arena, from->type);
    object.id = arena_strdup(&reader->arena, from->id);
    for (size_t i = 0; i < spec->n_paths; i++)
        read_property(reader, from, &object, i);
    find_root(reader, &object);
    bool is_ok = reader->listing->object(reader->listing->data, &object, error);
    arena_release(&reader->arena);
    g_hash_table_add(reader->done, (gpointer)arena_strdup(&reader->export->arena, from->id));
    return is_ok;
}

/* OBJECT, or what holds it; *ret_is_one: that is what it is. */
static bool
take_entity(GovcReader *reader, json_object *json, bool *ret_is_one, GError **error)
{
    json_object *inner = find_member(json, "object");
    json_object *self = find_member(inner ? inner : json, "self");
    *ret_is_one = is_reference(self);
    if (!*ret_is_one)
        return true;
    const GovcObject object = {.type = member_text(self, "type"),
        .id = member_text(self, "value"),
        .members = inner ? inner : json,
        .is_whole = true};
    return hand_out(reader, &object, error);
}

/* Of one object without its reference, that may stand in its summary. */
static json_object *
find_own_reference(json_object *changes)
{
    static const char *const members[] = {"vm", "host", "datastore", "network"};
    const GovcObject object = {.changes = changes};
    bool is_told;
    json_object *summary = find_property(&object, "summary", &is_told);
    for (size_t i = 0; summary && i < G_N_ELEMENTS(members); i++)
        if (is_reference(find_member(summary, members[i])))
            return find_member(summary, members[i]);
    return NULL;
}

/* Who names properties does not name these; so all were asked for. */
static bool
are_all_properties(json_object *changes)
{
    static const char *const names[] = {"overallStatus", "configStatus", "summary", "capability"};
    const GovcObject object = {.changes = changes};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        bool is_told = false;
        find_property(&object, names[i], &is_told);
        if (!is_told)
            return false;
    }
    return true;
}

static bool
take_changes(GovcReader *reader, json_object *reference, json_object *changes, GError **error)
{
    size_t n = json_object_array_length(changes);
    if (n == 0 || !member_text(json_object_array_get_idx(changes, 0), "name"))
        return true;
    if (!reference)
        reference = find_own_reference(changes);
    if (!is_reference(reference)) {
        reader->export->n_unnamed++;
        if (!reader->export->first_unnamed)
            reader->export->first_unnamed = reader->path;
        return true;
    }
    const GovcObject object = {.type = member_text(reference, "type"),
        .id = member_text(reference, "value"),
        .changes = changes,
        .is_whole = are_all_properties(changes)};
    return hand_out(reader, &object, error);
}

static void
take_about(GovcReader *reader, json_object *about)
{
    GovcExport *export = reader->export;
    export->product = arena_strdup(&export->arena, member_text(about, "fullName"));
    export->api_version = arena_strdup(&export->arena, member_text(about, "apiVersion"));
    export->uuid = arena_strdup(&export->arena, member_text(about, "instanceUuid"));
}

/* --- documents -------------------------------------------------------------------------------- */

static bool
read_member(void *data, const char *name, json_object *value, GError **error G_GNUC_UNUSED)
{
    GovcReader *reader = data;
    json_object_object_add(reader->document, name, json_object_get(value));
    return true;
}

static bool
read_list(void *data, const char *name, GError **error G_GNUC_UNUSED)
{
    GovcReader *reader = data;
    json_object_object_add(reader->document, name, json_object_new_array());
    return true;
}

/* Objects are handed out as they come; other lists belong to the document's own object. */
static bool
read_item(void *data, const char *list, size_t index, json_object *item, GError **error)
{
    GovcReader *reader = data;
    bool is_one = false;
    json_object *into = NULL;
    if (!take_entity(reader, item, &is_one, error))
        return false;
    if (is_one || !json_object_object_get_ex(reader->document, list, &into))
        return true;
    if (index >= COLLECTED_MAX) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_INVALID,
            "more than %d entries in '%s' that are no objects", COLLECTED_MAX, list);
        return false;
    }
    json_object_array_add(into, json_object_get(item));
    return true;
}

static bool
end_document(void *data, GError **error)
{
    GovcReader *reader = data;
    g_autoptr(JsonObject) document = reader->document;
    bool is_one = false;
    reader->document = json_object_new_object();
    bool is_ok = take_entity(reader, document, &is_one, error);
    if (!is_ok || is_one)
        return is_ok;
    json_object *changes = find_member(document, "changeSet"),
                *about = find_member(document, "about"), *list = NULL;
    if (json_object_is_type(changes, json_type_array))
        return take_changes(reader, find_member(document, "obj"), changes, error);
    if (about)
        take_about(reader, about);
    if (json_object_object_get_ex(document, "", &list) &&
        json_object_is_type(list, json_type_array))
        return take_changes(reader, NULL, list, error);
    return true;
}

/* PowerShell's > writes UTF-16. */
static bool
check_encoding(FILE *file, const char *path, GError **error)
{
    int first = getc(file), second = getc(file);
    rewind(file);
    if (!(first == 0xff && second == 0xfe) && !(first == 0xfe && second == 0xff))
        return true;
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_INVALID,
        "'%s' is UTF-16: save it as UTF-8, in PowerShell with: govc ... | Out-File -Encoding utf8 "
        "FILE",
        path);
    return false;
}

static bool
read_file(GovcReader *reader, GError **error)
{
    g_autoptr(StdioFile) file = fopen(reader->path, "re");
    const JsonItemsHandler handler = {.data = reader,
        .member = read_member,
        .item = read_item,
        .list = read_list,
        .end = end_document};
    if (!file) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_STORAGE, "'%s' cannot be opened: %s",
            reader->path, g_strerror(errno));
        return false;
    }
    reader->document = json_object_new_object();
    bool is_ok = check_encoding(file, reader->path, error) &&
                 json_items_read(file, reader->path, &handler, error);
    json_object_put(reader->document);
    return is_ok;
}

bool
govc_collect(VimSession *session, VimListing *listing, GError **error)
{
    GovcExport *export = session->export;
    g_autoptr(GHashTable) done = g_hash_table_new(g_str_hash, g_str_equal);
    GovcReader reader = {.export = export, .session = session, .listing = listing, .done = done};
    for (unsigned i = 0; i < export->paths->len; i++) {
        reader.path = export->paths->pdata[i];
        if (!read_file(&reader, error))
            return false;
    }
    return true;
}
