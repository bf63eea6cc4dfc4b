/* SPDX-License-Identifier: Apache-2.0
 *
 * A list call, read to its end, page by page.
 */
#include <string.h>

#include "ingest_priv.h"
#include "cleanup.h"

enum { PAGE_ITEMS = 500, PAGES_MAX = 2000 };

static void
json_free(gpointer object)
{
    json_object_put(object);
}

void
list_items_clear(ListItems *items)
{
    g_ptr_array_unref(items->found);
    g_hash_table_unref(items->seen);
}
ListItems
list_items_new(void)
{
    return (ListItems){.found = g_ptr_array_new_with_free_func(json_free),
        .seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
}

/* How many of the page's items there are, and how many were new. */
static bool
take_page(ListItems *items, json_object *reply, const char *list, size_t *ret_n, size_t *ret_new)
{
    json_object *page = NULL;
    *ret_n = *ret_new = 0;
    if (!json_object_object_get_ex(reply, list, &page))
        return json_object_object_length(reply) == 0 ||
               (json_object_object_get_ex(reply, "count", &page) &&
                   json_object_get_int64(page) == 0);
    if (!json_object_is_type(page, json_type_array))
        return false;
    *ret_n = json_object_array_length(page);
    for (size_t i = 0; i < *ret_n; i++) {
        json_object *item = json_object_array_get_idx(page, i);
        if (!json_object_is_type(item, json_type_object))
            return false;
        json_object *id = NULL;
        bool has_id = json_object_object_get_ex(item, "id", &id) && id;
        if (!g_hash_table_add(items->seen, g_strdup(json_object_get_string(has_id ? id : item))))
            continue;
        g_ptr_array_add(items->found, json_object_get(item));
        ++*ret_new;
    }
    return true;
}

/* One page; a page size that is more than the server allows is corrected. */
static bool
fetch_page(CloudStack *cs, const char *command, CloudStackParam *params, size_t n,
    uint64_t *page_items, json_object **ret_reply, GError **error)
{
    for (;;) {
        GError *why = NULL;
        CloudStackFault fault = {0};
        char size[24];
        g_snprintf(size, sizeof size, "%" G_GUINT64_FORMAT, *page_items);
        params[n - 1].value = size;
        bool is_ok = cs->call(cs, command, params, n, 0, &fault, ret_reply, &why);
        uint64_t allowed = cloudstack_fault_page_size(&fault);
        cloudstack_fault_clear(&fault);
        if (is_ok)
            return true;
        if (!allowed || allowed >= *page_items) {
            g_propagate_prefixed_error(error, why, "%s: ", command);
            return false;
        }
        g_error_free(why);
        *page_items = allowed;
    }
}

bool
list_fetch(CloudStack *cs, const char *command, const CloudStackParam *given, size_t n_given,
    const char *list, ListItems *items, GError **error)
{
    size_t n = n_given + 2;
    g_autofree CloudStackParam *params = g_new0(CloudStackParam, n);
    if (n_given)
        memcpy(params, given, n_given * sizeof *params);
    params[n - 2].name = "page";
    params[n - 1].name = "pagesize";
    uint64_t page_items = PAGE_ITEMS;
    for (int page = 1; page <= PAGES_MAX; page++) {
        g_autoptr(JsonObject) reply = NULL;
        char number[16];
        size_t n_items, n_new;
        g_snprintf(number, sizeof number, "%d", page);
        params[n - 2].value = number;
        if (!fetch_page(cs, command, params, n, &page_items, &reply, error))
            return false;
        if (!take_page(items, reply, list, &n_items, &n_new)) {
            g_set_error(error, INGEST_ERROR, INGEST_ERROR_PROTOCOL,
                "%s: the reply has no list '%s': %.200s", command, list,
                json_object_get_string(reply));
            return false;
        }
        if (n_items < page_items || !n_new)
            return true;
    }
    g_set_error(
        error, INGEST_ERROR, INGEST_ERROR_PROTOCOL, "%s: more than %d pages", command, PAGES_MAX);
    return false;
}
