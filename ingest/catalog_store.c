/* SPDX-License-Identifier: Apache-2.0
 *
 * A catalog while it is being filled, and its life afterwards.
 *
 * The structs hold what the mapper reads; the whole items are needed again only for saving. They
 * are kept deflated: a large estate's items are hundreds of megabytes of very alike lines.
 */
#include "ingest_priv.h"

#include "cleanup.h"

#include <string.h>
#include <zlib.h>

enum { RAW_CHUNK_BYTES = 64 * 1024, RAW_LEVEL = 1 };

struct RawItems {
    GByteArray *bytes; /* deflated lines */
    z_stream deflate;
    bool is_open; /* more lines may come */
};

static RawItems *
raw_items_new(void)
{
    RawItems *raw = g_new0(RawItems, 1);
    raw->bytes = g_byte_array_new();
    raw->is_open = true;
    if (deflateInit(&raw->deflate, RAW_LEVEL) != Z_OK)
        g_error("zlib: out of memory");
    return raw;
}

static void
raw_items_push(RawItems *raw, const char *data, size_t length, int flush)
{
    unsigned char out[16 * 1024];
    raw->deflate.next_in = (unsigned char *)data;
    raw->deflate.avail_in = (unsigned)length;
    do {
        raw->deflate.next_out = out;
        raw->deflate.avail_out = sizeof out;
        int result = deflate(&raw->deflate, flush);
        g_assert(result != Z_STREAM_ERROR);
        g_byte_array_append(raw->bytes, out, (guint)(sizeof out - raw->deflate.avail_out));
    } while (raw->deflate.avail_out == 0);
}

static void
raw_items_finish(RawItems *raw)
{
    if (!raw || !raw->is_open)
        return;
    raw_items_push(raw, "", 0, Z_FINISH);
    deflateEnd(&raw->deflate);
    raw->is_open = false;
}

static void
raw_items_free(RawItems *raw)
{
    if (!raw)
        return;
    if (raw->is_open)
        deflateEnd(&raw->deflate);
    g_byte_array_unref(raw->bytes);
    g_free(raw);
}

bool
raw_items_each(
    const RawItems *raw, bool (*each)(void *data, const char *text, size_t length), void *data)
{
    if (!raw)
        return true;
    z_stream inflater = {.next_in = raw->bytes->data, .avail_in = raw->bytes->len};
    if (inflateInit(&inflater) != Z_OK)
        g_error("zlib: out of memory");
    g_autoptr(GString) line = g_string_new(NULL);
    g_autofree char *out = g_malloc(RAW_CHUNK_BYTES);
    bool is_ok = true;
    for (int result = Z_OK; is_ok && result == Z_OK;) {
        inflater.next_out = (unsigned char *)out;
        inflater.avail_out = RAW_CHUNK_BYTES;
        result = inflate(&inflater, Z_NO_FLUSH);
        g_assert(result == Z_OK || result == Z_STREAM_END);
        const char *at = out, *end = out + RAW_CHUNK_BYTES - inflater.avail_out;
        for (const char *newline; is_ok && (newline = memchr(at, '\n', (size_t)(end - at)));
             at = newline + 1) {
            g_string_append_len(line, at, newline - at);
            is_ok = each(data, line->str, line->len);
            g_string_truncate(line, 0);
        }
        g_string_append_len(line, at, end - at);
    }
    inflateEnd(&inflater);
    return is_ok;
}

Catalog *
catalog_new(void)
{
    Catalog *catalog = g_new0(Catalog, 1);
    catalog->store = g_new0(CatalogStore, 1);
    arena_init(&catalog->store->arena);
    atomic_init(&catalog->store->refs, 1);
    return catalog;
}

Catalog *
catalog_ref(const Catalog *catalog)
{
    atomic_fetch_add(&catalog->store->refs, 1);
    return (Catalog *)catalog;
}

void
catalog_unref(Catalog *catalog)
{
    if (!catalog || atomic_fetch_sub(&catalog->store->refs, 1) > 1)
        return;
    CatalogStore *store = catalog->store;
    for (int i = 0; i < CATALOG_N_LISTS; i++) {
        if (store->items[i])
            g_array_unref(store->items[i]);
        raw_items_free(store->raw[i]);
    }
    if (store->known)
        g_array_unref(store->known);
    arena_release(&store->arena);
    g_free(store);
    g_free(catalog);
}

bool
catalog_add(Catalog *catalog, int index, json_object *item, const char *text, GError **error)
{
    CatalogStore *store = catalog->store;
    const CatalogListSpec *spec = &catalog_list_specs[index];
    g_autofree void *record = g_malloc0(spec->type->size);
    if (!record_decode(spec->type, item, RECORD_LENIENT, spec->word, &store->arena, record, error))
        return false;
    if (!store->items[index]) {
        store->items[index] = g_array_new(false, true, (guint)spec->type->size);
        store->raw[index] = raw_items_new();
    }
    g_array_append_vals(store->items[index], record, 1);
    raw_items_push(store->raw[index], text, strlen(text), Z_NO_FLUSH);
    raw_items_push(store->raw[index], "\n", 1, Z_NO_FLUSH);
    return true;
}

void
catalog_freeze(Catalog *catalog)
{
    CatalogStore *store = catalog->store;
    store->known = g_array_new(false, true, sizeof(CatalogList));
    for (int i = 0; i < CATALOG_N_LISTS; i++) {
        RecordList list = {0};
        if (store->items[i]) {
            list.items = store->items[i]->data;
            list.n = store->items[i]->len;
        }
        if (is_true(store->lists[i].is_complete))
            list.state = FACT_KNOWN;
        memcpy((char *)catalog + catalog_list_specs[i].offset, &list, sizeof list);
        raw_items_finish(store->raw[i]);
        if (store->lists[i].name.value)
            g_array_append_val(store->known, store->lists[i]);
    }
    catalog->lists.items = (CatalogList *)store->known->data;
    catalog->lists.n = store->known->len;
    catalog->lists.state = FACT_KNOWN;
}

const CatalogList *
catalog_find_list(const Catalog *catalog, const char *name)
{
    for (size_t i = 0; i < catalog->lists.n; i++)
        if (strcmp(catalog->lists.items[i].name.value, name) == 0)
            return &catalog->lists.items[i];
    return NULL;
}

/* --- secrets ---------------------------------------------------------------------------------- */

static bool
is_secret_name(const char *name)
{
    static const char *const words[] = {
        "password", "passwd", "secret", "token", "apikey", "privatekey", "userdata"};
    g_autofree char *lower = g_ascii_strdown(name, -1);
    if (strcmp(lower, "apikeyaccess") == 0)
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (strstr(lower, words[i]))
            return true;
    return false;
}

/* "passwordenabled": true tells a trait and no password. */
static bool
is_harmless(json_object *value)
{
    if (!json_object_is_type(value, json_type_string))
        return !json_object_is_type(value, json_type_object) &&
               !json_object_is_type(value, json_type_array);
    const char *text = json_object_get_string(value);
    return !*text || g_ascii_strcasecmp(text, "true") == 0 ||
           g_ascii_strcasecmp(text, "false") == 0;
}

static void
scrub_setting(json_object *item, json_object *name)
{
    static const char *const members[] = {"value", "defaultvalue"};
    g_autofree char *lower = g_ascii_strdown(json_object_get_string(name), -1);
    if (!is_secret_name(lower) && !strstr(lower, "key") && !strstr(lower, "credential"))
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(members); i++) {
        json_object *value = json_object_object_get(item, members[i]);
        if (value && !is_harmless(value))
            json_object_object_del(item, members[i]);
    }
}

void
catalog_scrub(json_object *item)
{
    if (json_object_is_type(item, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(item); i++)
            catalog_scrub(json_object_array_get_idx(item, i));
        return;
    }
    if (!json_object_is_type(item, json_type_object))
        return;
    json_object *name = json_object_object_get(item, "name");
    if (json_object_is_type(name, json_type_string))
        scrub_setting(item, name);
    g_autoptr(GPtrArray) secrets = g_ptr_array_new_with_free_func(g_free);
    struct json_object_iterator at = json_object_iter_begin(item), end = json_object_iter_end(item);
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
        const char *member = json_object_iter_peek_name(&at);
        json_object *value = json_object_iter_peek_value(&at);
        if (is_secret_name(member) && !is_harmless(value))
            g_ptr_array_add(secrets, g_strdup(member));
        else
            catalog_scrub(value);
    }
    for (size_t i = 0; i < secrets->len; i++)
        json_object_object_del(item, secrets->pdata[i]);
}
