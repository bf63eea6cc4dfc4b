/* SPDX-License-Identifier: Apache-2.0
 *
 * CloudStack's clusters and hosts, page by page.
 *
 * Source: CloudStack API, listClusters, listHosts; paging by page and pagesize, both from 1
 */
#include <string.h>

#include <json-c/json.h>

#include "discover_priv.h"
#include "error.h"
#include "record.h"
#include "cleanup.h"

enum { PAGE_SIZE = 500, PAGES_MAX = 2000 };

static const Field reply_place_fields[] = {
    F_TEXT(ReplyPlace, id),
    F_TEXT(ReplyPlace, name),
    F_TEXT(ReplyPlace, zoneid, .is_interned = true),
    F_TEXT(ReplyPlace, zonename, .is_interned = true),
    F_TEXT(ReplyPlace, hypervisortype, .is_interned = true),
    F_TEXT(ReplyPlace, clusterid, .is_interned = true),
    F_TEXT(ReplyPlace, state, .is_interned = true),
    F_TEXT(ReplyPlace, resourcestate, .is_interned = true),
    F_TEXT(ReplyPlace, hypervisorversion, .is_interned = true),
    F_INT(ReplyPlace, cpunumber),
    F_INT(ReplyPlace, cpuspeed),
    F_INT(ReplyPlace, memorytotal),
};
static const RecordType reply_place_type = RECORD_TYPE(ReplyPlace, reply_place_fields);

typedef struct PlaceList {
    PlaceQuery *query;
    GArray *places;   /* ReplyPlace */
    GHashTable *seen; /* their ids, borrowed */
} PlaceList;

/* Keeps an item of the list at hand; pages may overlap. */
static bool
take_place(PlaceList *list, json_object *item, GError **error)
{
    const char *object = list->query->object;
    ReplyPlace place = {0};
    if (!record_decode(
            &reply_place_type, item, RECORD_LENIENT, object, list->query->arena, &place, error))
        return false;
    if (place.id.state != FACT_KNOWN || place.name.state != FACT_KNOWN) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_PROTOCOL,
            "'%s': an entry without 'id' or 'name'", object);
        return false;
    }
    if (g_hash_table_add(list->seen, (gpointer)place.id.value))
        g_array_append_val(list->places, place);
    return true;
}

/* Takes the items of one page; *ret_n: how many there were. */
static bool
take_page(PlaceList *list, json_object *reply, size_t *ret_n, GError **error)
{
    const char *object = list->query->object;
    json_object *items = NULL;
    *ret_n = 0;
    if (!json_object_object_get_ex(reply, object, &items))
        return true;
    if (!json_object_is_type(items, json_type_array)) {
        g_set_error(
            error, INGEST_ERROR, INGEST_ERROR_PROTOCOL, "'%s' of the reply is no list", object);
        return false;
    }
    *ret_n = json_object_array_length(items);
    for (size_t i = 0; i < *ret_n; i++)
        if (!take_place(list, json_object_array_get_idx(items, i), error))
            return false;
    return true;
}

/* A server may allow smaller pages than usual. */
static bool
is_page_too_large(const CloudStackFault *fault, size_t *page_size)
{
    size_t allowed = (size_t)cloudstack_fault_page_size(fault);
    if (!allowed || allowed >= *page_size)
        return false;
    *page_size = allowed;
    return true;
}

static bool
fetch_page(
    PlaceQuery *query, size_t page, size_t *page_size, json_object **ret_reply, GError **error)
{
    CloudStack *cloudstack = query->source->context->cloudstack;
    bool is_hosts = strcmp(query->command, "listHosts") == 0;
    for (;;) {
        g_autofree char *number = g_strdup_printf("%zu", page);
        g_autofree char *size = g_strdup_printf("%zu", *page_size);
        const CloudStackParam params[] = {{"page", number}, {"pagesize", size},
            {"type", is_hosts ? "Routing" : NULL}, {"clusterid", query->cluster_id}};
        CloudStackFault fault = {0};
        g_autoptr(GError) trouble = NULL;
        query->requests++;
        bool is_ok = cloudstack->call(cloudstack, query->command, params, G_N_ELEMENTS(params), 0,
            &fault, ret_reply, &trouble);
        bool is_again = !is_ok && page == 1 && is_page_too_large(&fault, page_size);
        cloudstack_fault_clear(&fault);
        if (is_again)
            continue;
        if (!is_ok)
            g_propagate_error(error, g_steal_pointer(&trouble));
        return is_ok;
    }
}

static bool
fetch_all(PlaceList *list, GError **error)
{
    const char *command = list->query->command;
    size_t page_size = PAGE_SIZE;
    for (size_t page = 1; page <= PAGES_MAX; page++) {
        g_autoptr(JsonObject) reply = NULL;
        size_t n = 0;
        if (source_is_cancelled(list->query->source)) {
            g_set_error_literal(error, INGEST_ERROR, INGEST_ERROR_CANCELLED, "interrupted");
            return false;
        }
        if (!fetch_page(list->query, page, &page_size, &reply, error))
            return false;
        if (!take_page(list, reply, &n, error)) {
            g_prefix_error(error, "%s: ", command);
            return false;
        }
        if (n < page_size)
            return true;
    }
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_PROTOCOL, "%s: no end after %d pages", command,
        PAGES_MAX);
    return false;
}

GArray *
cloudstack_fetch_places(PlaceQuery *query, GError **error)
{
    g_autoptr(GArray) places = g_array_new(false, false, sizeof(ReplyPlace));
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    PlaceList list = {query, places, seen};
    return fetch_all(&list, error) ? g_steal_pointer(&places) : NULL;
}

/* --- what they mean --------------------------------------------------------------------------- */

static ConnectionState
place_connection(const ReplyPlace *host)
{
    if (host->state.state != FACT_KNOWN)
        return CONNECTION_UNKNOWN;
    return strcmp(host->state.value, "Up") == 0 ? CONNECTION_CONNECTED : CONNECTION_DISCONNECTED;
}

/* Maintenance, PrepareForMaintenance, ErrorInMaintenance, ... */
static Bool
place_maintenance(const ReplyPlace *host)
{
    if (host->resourcestate.state != FACT_KNOWN)
        return (Bool){0};
    return bool_known(strstr(host->resourcestate.value, "Maintenance") != NULL);
}

bool
place_is_silent(const ReplyPlace *host)
{
    return place_connection(host) != CONNECTION_CONNECTED || is_true(place_maintenance(host));
}

void
place_add_silent(
    const GArray *hosts, const char *cluster_id, GHashTable *named, struct json_object *list)
{
    for (guint i = 0; hosts && i < hosts->len; i++) {
        const ReplyPlace *host = &g_array_index(hosts, ReplyPlace, i);
        if (g_strcmp0(host->clusterid.value, cluster_id) != 0 || !place_is_silent(host) ||
            !g_hash_table_add(named, (gpointer)host->id.value))
            continue;
        g_autofree char *evidence = g_strdup_printf("listHosts: state '%s', resourcestate '%s'",
            host->state.value ? host->state.value : "not given",
            host->resourcestate.value ? host->resourcestate.value : "not given");
        json_object *entry = json_object_new_object();
        json_object_object_add(entry, "name", json_object_new_string(host->name.value));
        json_object_object_add(entry, "evidence", json_object_new_string(evidence));
        json_object_array_add(list, entry);
    }
}

SourceHost
place_host(const ReplyPlace *place)
{
    return (SourceHost){
        .id = place->id,
        .name = place->name,
        .cluster = place->clusterid,
        .datacenter = place->zonename,
        .connection = place_connection(place),
        .in_maintenance = place_maintenance(place),
        .version = place->hypervisorversion,
        .cpus = place->cpunumber,
        .cpu_mhz = place->cpuspeed,
        .memory_bytes = place->memorytotal,
    };
}
