/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a catalog from the server: every list of catalog_lists.c, paged to its end.
 *
 * Four threads take jobs from a queue; a job is one list, or one parent of a list that needs a call
 * per parent. What a list could not tell is written into its CatalogList and stops no other list.
 *
 * Paging by offset is no snapshot: items that come or go meanwhile shift the pages. Items are
 * told apart by their key, and a list that ends up with fewer than the server counted is read once
 * more before it is called incomplete.
 */
#include "ingest_priv.h"

#include <pthread.h>
#include <string.h>

#include "cleanup.h"
#include "utc_text.h"

enum {
    PAGE_ITEMS = 500,
    LIST_ITEMS_MAX = 2000000,
    UNCOUNTED_ITEMS_MAX = 100000, /* of a list whose length the server does not tell */
    N_THREADS = 4,
    SWEEP_TRIES = 2,
    CALL_PARAMS_MAX = CATALOG_LIST_PARAMS_MAX + 5,
};

/* How far a list is. Guarded by Fetch.lock. */
typedef struct ListState {
    GHashTable *seen;  /* owned key -> number of the sweep that brought it last */
    uint64_t count;    /* items taken */
    uint64_t expected; /* items or, for a list by parents, parents; 0: not known */
    uint64_t done;     /* parents */
    unsigned repaired;
    int64_t requests, elapsed_us;
    char *error; /* (owned) first trouble; NULL: none */
    int code;    /* the server's, 0: not of its making */
    bool is_refused;
} ListState;

typedef struct Job {
    int list;
    const char *parent_id; /* borrowed from the catalog; NULL: none */
} Job;

typedef struct Fetch {
    CloudStack *cs;
    const CatalogFetchOptions *options;
    Catalog *catalog;
    char *zone_id; /* owned; NULL: all zones */
    pthread_mutex_t lock;
    GArray *jobs; /* Job */
    size_t next_job;
    unsigned n_sweeps; /* so far, numbers them */
    bool is_gone;      /* the server cannot be reached any more */
    ListState lists[CATALOG_N_LISTS];
} Fetch;

/* One sweep over the pages of one list. */
typedef struct Sweep {
    Fetch *fetch;
    const CatalogListSpec *spec;
    const Job *job;
    unsigned number;
    bool is_of_projects;
    unsigned page, page_items;
    uint64_t received, distinct;
    uint64_t count; /* as the server says */
    bool has_count;
} Sweep;

static bool
is_cancelled(const Fetch *fetch)
{
    return fetch->options->is_cancelled && atomic_load(fetch->options->is_cancelled);
}

/* --- items ------------------------------------------------------------------------------------ */

/* What tells this item from the others of its list. (owned) */
static char *
item_key(const CatalogListSpec *spec, json_object *item, const char *text)
{
    static const char *const by_id[] = {"id", NULL};
    g_autoptr(GString) key = g_string_new(NULL);
    for (const char *const *member = spec->key ? spec->key : by_id; *member; member++) {
        json_object *value = json_object_object_get(item, *member);
        if (value)
            g_string_append_printf(key, "%s=%s;", *member, json_object_get_string(value));
    }
    return g_strdup(key->len ? key->str : text);
}

static void
note_trouble(ListState *state, int code, const char *text)
{
    if (state->error)
        return;
    state->error = g_strdup(text);
    state->code = code;
}

/* Takes one item into the catalog, once. */
static void
take_item(Sweep *sweep, json_object *item)
{
    const CatalogListSpec *spec = sweep->spec;
    for (const char *const *member = spec->dropped; member && *member; member++)
        json_object_object_del(item, *member);
    if (sweep->job->parent_id && !json_object_object_get(item, spec->parent_param))
        json_object_object_add(
            item, spec->parent_param, json_object_new_string(sweep->job->parent_id));
    catalog_scrub(item);
    const char *text = json_object_to_json_string_ext(
        item, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    char *key = item_key(spec, item, text);

    Fetch *fetch = sweep->fetch;
    pthread_mutex_lock(&fetch->lock);
    ListState *state = &fetch->lists[sweep->job->list];
    void *last = g_hash_table_lookup(state->seen, key);
    if (last != GUINT_TO_POINTER(sweep->number))
        sweep->distinct++;
    if (!last) {
        g_autoptr(GError) why = NULL;
        if (catalog_add(fetch->catalog, sweep->job->list, item, text, &why))
            state->count++;
        else
            note_trouble(state, 0, why->message);
    }
    g_hash_table_replace(state->seen, key, GUINT_TO_POINTER(sweep->number));
    pthread_mutex_unlock(&fetch->lock);
}

/* The reply's items: an array under the object's name, or, for some calls, one object. */
static json_object *
reply_items(const CatalogListSpec *spec, json_object *reply)
{
    json_object *items = json_object_object_get(reply, spec->object);
    if (items)
        return items;
    struct json_object_iterator at = json_object_iter_begin(reply),
                                end = json_object_iter_end(reply);
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
        if (json_object_is_type(json_object_iter_peek_value(&at), json_type_array))
            return json_object_iter_peek_value(&at);
    return NULL;
}

/* Takes the items of a page and returns how many there were. */
static size_t
take_page(Sweep *sweep, json_object *reply)
{
    json_object *count = json_object_object_get(reply, "count");
    if (count) {
        sweep->has_count = true;
        sweep->count = (uint64_t)MAX(json_object_get_int64(count), 0);
    }
    json_object *items = reply_items(sweep->spec, reply);
    if (json_object_is_type(items, json_type_object)) {
        take_item(sweep, items);
        return 1;
    }
    size_t n = json_object_is_type(items, json_type_array) ? json_object_array_length(items) : 0;
    for (size_t i = 0; i < n; i++) {
        json_object *item = json_object_array_get_idx(items, i);
        if (json_object_is_type(item, json_type_object))
            take_item(sweep, item);
    }
    return n;
}

/* --- pages ------------------------------------------------------------------------------------ */

static size_t
build_params(
    const Sweep *sweep, char page[static 16], char size[static 16], CloudStackParam *params)
{
    const CatalogListSpec *spec = sweep->spec;
    size_t n = 0;
    for (; n < CATALOG_LIST_PARAMS_MAX && spec->params[n].name; n++)
        params[n] = spec->params[n];
    if (sweep->is_of_projects)
        params[n++] = (CloudStackParam){"projectid", "-1"};
    if (spec->is_by_zone && sweep->fetch->zone_id)
        params[n++] = (CloudStackParam){"zoneid", sweep->fetch->zone_id};
    if (spec->parent)
        params[n++] = (CloudStackParam){spec->parent_param, sweep->job->parent_id};
    if (spec->is_paged) {
        g_snprintf(page, 16, "%u", sweep->page);
        g_snprintf(size, 16, "%u", sweep->page_items);
        params[n++] = (CloudStackParam){"page", page};
        params[n++] = (CloudStackParam){"pagesize", size};
    }
    return n;
}

/* The smaller page that the server asks for; 0 if it does not. */
static unsigned
allowed_page_items(const CloudStackFault *fault)
{
    uint64_t allowed = fault->code == API_PARAM_ERROR ? cloudstack_fault_page_size(fault) : 0;
    return allowed < PAGE_ITEMS ? (unsigned)allowed : 0;
}

static void
report_progress(Sweep *sweep)
{
    Fetch *fetch = sweep->fetch;
    pthread_mutex_lock(&fetch->lock);
    ListState *state = &fetch->lists[sweep->job->list];
    bool is_by_parent = sweep->spec->parent != NULL;
    if (!is_by_parent && sweep->has_count)
        state->expected = MAX(state->expected, MAX(sweep->count, state->count));
    if (fetch->options->progress)
        fetch->options->progress(fetch->options->progress_data, sweep->spec->word,
            is_by_parent ? state->done : state->count, state->expected);
    pthread_mutex_unlock(&fetch->lock);
}

static void
note_cost(Sweep *sweep, int64_t elapsed_us)
{
    Fetch *fetch = sweep->fetch;
    pthread_mutex_lock(&fetch->lock);
    fetch->lists[sweep->job->list].requests++;
    fetch->lists[sweep->job->list].elapsed_us += elapsed_us;
    pthread_mutex_unlock(&fetch->lock);
}

/* One page. @ret_items: how many it held. */
static bool
fetch_page(Sweep *sweep, CloudStackFault *fault, size_t *ret_items, GError **error)
{
    char page[16], size[16];
    CloudStackParam params[CALL_PARAMS_MAX];
    size_t n = build_params(sweep, page, size, params);
    g_autoptr(JsonObject) reply = NULL;
    CloudStack *cs = sweep->fetch->cs;
    int64_t begin_us = g_get_monotonic_time();
    bool is_ok = cs->call(cs, sweep->spec->command, params, n, 0, fault, &reply, error);
    note_cost(sweep, g_get_monotonic_time() - begin_us);
    if (!is_ok)
        return false;
    if (fault->repairs) {
        pthread_mutex_lock(&sweep->fetch->lock);
        sweep->fetch->lists[sweep->job->list].repaired++;
        pthread_mutex_unlock(&sweep->fetch->lock);
    }
    *ret_items = take_page(sweep, reply);
    report_progress(sweep);
    return true;
}

/* Reads page after page until the server has no more. */
static bool
fetch_pages(Sweep *sweep, CloudStackFault *fault, GError **error)
{
    for (sweep->page = 1;; sweep->page++) {
        uint64_t distinct = sweep->distinct;
        size_t n = 0;
        cloudstack_fault_clear(fault);
        g_autoptr(GError) why = NULL;
        if (is_cancelled(sweep->fetch)) {
            g_set_error(error, INGEST_ERROR, INGEST_ERROR_CANCELLED, "interrupted");
            return false;
        }
        if (!fetch_page(sweep, fault, &n, &why)) {
            unsigned allowed = allowed_page_items(fault);
            if (sweep->page == 1 && allowed && allowed < sweep->page_items) {
                sweep->page_items = allowed;
                sweep->page = 0;
                continue;
            }
            g_propagate_error(error, g_steal_pointer(&why));
            return false;
        }
        sweep->received += n;
        if (!sweep->spec->is_paged || n == 0 || sweep->distinct == distinct)
            return true;
        if (sweep->has_count ? sweep->received >= sweep->count : n < sweep->page_items)
            return true;
        uint64_t most = sweep->has_count ? LIST_ITEMS_MAX : UNCOUNTED_ITEMS_MAX;
        if (sweep->received > most) {
            g_set_error(error, INGEST_ERROR, INGEST_ERROR_PROTOCOL,
                "%s: more than %" G_GUINT64_FORMAT " items: the pages do not end",
                sweep->spec->command, most);
            return false;
        }
    }
}

static bool
fetch_sweep(
    Fetch *fetch, const Job *job, bool is_of_projects, CloudStackFault *fault, GError **error)
{
    const CatalogListSpec *spec = &catalog_list_specs[job->list];
    uint64_t count = 0, distinct = 0;
    for (int i = 0; i < SWEEP_TRIES; i++) {
        pthread_mutex_lock(&fetch->lock);
        Sweep sweep = {.fetch = fetch,
            .spec = spec,
            .job = job,
            .number = ++fetch->n_sweeps,
            .is_of_projects = is_of_projects,
            .page_items = PAGE_ITEMS};
        pthread_mutex_unlock(&fetch->lock);
        if (!fetch_pages(&sweep, fault, error))
            return false;
        count = sweep.count;
        distinct = sweep.distinct;
        if (!sweep.has_count || distinct >= count)
            return true;
    }
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_PROTOCOL,
        "%s: the server counts %" G_GUINT64_FORMAT " items%s, its pages hold %" G_GUINT64_FORMAT,
        spec->command, count, is_of_projects ? " of projects" : "", distinct);
    return false;
}

/* --- lists ------------------------------------------------------------------------------------ */

/* False when nothing more of this list should be asked for. */
static bool
begin_job(Fetch *fetch, ListState *state)
{
    pthread_mutex_lock(&fetch->lock);
    if (!state->seen)
        state->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (fetch->is_gone)
        note_trouble(state, 0, "not asked for: the server could not be reached any more");
    bool is_wanted = !fetch->is_gone && !state->is_refused;
    pthread_mutex_unlock(&fetch->lock);
    return is_wanted;
}

static void
end_job(Fetch *fetch, ListState *state, const CloudStackFault *fault, const GError *why)
{
    pthread_mutex_lock(&fetch->lock);
    state->done++;
    if (why) {
        note_trouble(state, fault->code, why->message);
        if (g_error_matches(why, INGEST_ERROR, INGEST_ERROR_AUTH))
            state->is_refused = true;
        if (g_error_matches(why, INGEST_ERROR, INGEST_ERROR_UNREACHABLE))
            fetch->is_gone = true;
    }
    pthread_mutex_unlock(&fetch->lock);
}

static bool
run_job(Fetch *fetch, const Job *job, GError **error)
{
    const CatalogListSpec *spec = &catalog_list_specs[job->list];
    ListState *state = &fetch->lists[job->list];
    if (!begin_job(fetch, state))
        return true;
    CloudStackFault fault = {0};
    g_autoptr(GError) why = NULL;
    if (fetch_sweep(fetch, job, false, &fault, &why) && spec->has_projects)
        fetch_sweep(fetch, job, true, &fault, &why);
    end_job(fetch, state, &fault, why);
    cloudstack_fault_clear(&fault);
    if (!why)
        return true;
    g_propagate_error(error, g_steal_pointer(&why));
    return false;
}

static void *
work(void *data)
{
    Fetch *fetch = data;
    for (;;) {
        pthread_mutex_lock(&fetch->lock);
        bool has_job = fetch->next_job < fetch->jobs->len;
        Job job = has_job ? g_array_index(fetch->jobs, Job, fetch->next_job++) : (Job){0};
        pthread_mutex_unlock(&fetch->lock);
        if (!has_job || is_cancelled(fetch))
            return NULL;
        run_job(fetch, &job, NULL);
    }
}

/* Runs what is in the queue. */
static void
run_queue(Fetch *fetch)
{
    pthread_t threads[N_THREADS - 1]; /* the calling thread takes part */
    size_t n = 0;
    while (n < N_THREADS - 1 && n + 1 < fetch->jobs->len &&
           pthread_create(&threads[n], NULL, work, fetch) == 0)
        n++;
    work(fetch);
    for (size_t i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    g_array_set_size(fetch->jobs, 0);
    fetch->next_job = 0;
}

/* A job per parent. The id is every parent's first member. */
static void
queue_by_parent(Fetch *fetch, int list)
{
    const CatalogListSpec *spec = &catalog_list_specs[list];
    int parent = catalog_list_index(spec->parent);
    const CatalogListSpec *parent_spec = &catalog_list_specs[parent];
    ListState *state = &fetch->lists[list];
    if (fetch->lists[parent].error) {
        g_autofree char *why =
            g_strdup_printf("needs the list '%s', which could not be read", spec->parent);
        note_trouble(state, fetch->lists[parent].code, why);
    }
    const GArray *items = fetch->catalog->store->items[parent];
    for (size_t i = 0; items && i < items->len; i++) {
        const char *item = items->data + i * parent_spec->type->size;
        const Text *id = (const Text *)(item + parent_spec->type->fields[0].offset);
        if (!id->value || (spec->is_parent_wanted && !spec->is_parent_wanted(item)))
            continue;
        if (strcmp(spec->parent, "zones") == 0 && fetch->zone_id &&
            strcmp(id->value, fetch->zone_id) != 0)
            continue;
        Job job = {.list = list, .parent_id = id->value};
        g_array_append_val(fetch->jobs, job);
        state->expected++;
    }
}

static const char *
now_text(Arena *arena)
{
    char text[UTC_TEXT_BYTES];
    return arena_strdup(arena, utc_text(time(NULL), text));
}

static void
finish_list(Fetch *fetch, int list)
{
    ListState *state = &fetch->lists[list];
    Arena *arena = &fetch->catalog->store->arena;
    CatalogList *out = &fetch->catalog->store->lists[list];
    out->name = text_known(catalog_list_specs[list].word);
    out->command = text_known(catalog_list_specs[list].command);
    out->read_at = text_known(now_text(arena));
    out->is_complete = bool_known(!state->error);
    out->count = int_known((int64_t)state->count);
    out->repaired = int_known(state->repaired);
    out->is_optional = bool_known(catalog_list_specs[list].is_optional);
    out->requests = int_known(state->requests);
    out->elapsed_ms = int_known(state->elapsed_us / 1000);
    if (state->error) {
        out->error = text_known(arena_strdup(arena, state->error));
        out->code = state->code ? int_known(state->code) : (Int){.state = FACT_ABSENT};
    }
    g_clear_pointer(&state->seen, g_hash_table_destroy);
}

/* --- the whole -------------------------------------------------------------------------------- */

/* Of the other zones nothing is read: a catalog that names them would be taken to know them. */
static void
keep_one_zone(GArray *zones, guint index)
{
    g_array_set_size(zones, index + 1);
    g_array_remove_range(zones, 0, index);
}

static bool
find_zone(Fetch *fetch, GError **error)
{
    const char *wanted = fetch->options->zone;
    if (!wanted)
        return true;
    GArray *zones = fetch->catalog->store->items[catalog_list_index("zones")];
    g_autoptr(GString) known = g_string_new(NULL);
    for (guint i = 0; zones && i < zones->len; i++) {
        const Zone *zone = &g_array_index(zones, Zone, i);
        if (g_strcmp0(zone->id.value, wanted) == 0 || g_strcmp0(zone->name.value, wanted) == 0) {
            fetch->zone_id = g_strdup(zone->id.value);
            keep_one_zone(zones, i);
            return true;
        }
        g_string_append_printf(
            known, "%s'%s'", i ? ", " : "", zone->name.value ? zone->name.value : "?");
    }
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND,
        "zone '%s' is not among those that the server shows: %s", wanted,
        known->len ? known->str : "none");
    return false;
}

static void
fill_info(Fetch *fetch)
{
    Catalog *catalog = fetch->catalog;
    Arena *arena = &catalog->store->arena;
    catalog->info.name = text_known(arena_strdup(arena, fetch->options->name));
    catalog->info.url = text_known(arena_strdup(arena, fetch->cs->url));
    catalog->info.read_at = text_known(now_text(arena));
    const GArray *found = catalog->store->items[catalog_list_index("capabilities")];
    const Capability *capability =
        found && found->len ? &g_array_index(found, Capability, 0) : NULL;
    if (capability && capability->cloudstackversion.state == FACT_KNOWN) {
        catalog->info.version = capability->cloudstackversion;
        catalog->info.version_from = text_known("listCapabilities");
    }
}

/* The first lists one by one: without listApis there is no use in going on. */
static bool
fetch_first(Fetch *fetch, GError **error)
{
    Job apis = {.list = catalog_list_index("apis")};
    Job capabilities = {.list = catalog_list_index("capabilities")};
    Job zones = {.list = catalog_list_index("zones")};
    if (!run_job(fetch, &apis, error))
        return false;
    run_job(fetch, &capabilities, NULL);
    run_job(fetch, &zones, NULL);
    return find_zone(fetch, error);
}

static bool
fetch_all(Fetch *fetch, GError **error)
{
    if (!fetch_first(fetch, error))
        return false;
    for (int i = 0; i < CATALOG_N_LISTS; i++) {
        Job job = {.list = i};
        if (!catalog_list_specs[i].parent && !fetch->lists[i].done)
            g_array_append_val(fetch->jobs, job);
    }
    run_queue(fetch);
    for (int i = 0; i < CATALOG_N_LISTS; i++)
        if (catalog_list_specs[i].parent)
            queue_by_parent(fetch, i);
    run_queue(fetch);
    if (!is_cancelled(fetch))
        return true;
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_CANCELLED, "interrupted");
    return false;
}

Catalog *
catalog_fetch(CloudStack *cs, const CatalogFetchOptions *options, GError **error)
{
    g_autoptr(Catalog) catalog = catalog_new();
    Fetch fetch = {.cs = cs, .options = options, .catalog = catalog};
    fetch.jobs = g_array_new(false, false, sizeof(Job));
    pthread_mutex_init(&fetch.lock, NULL);
    bool is_ok = fetch_all(&fetch, error);
    for (int i = 0; i < CATALOG_N_LISTS; i++)
        finish_list(&fetch, i);
    fill_info(&fetch);
    for (int i = 0; i < CATALOG_N_LISTS; i++)
        g_free(fetch.lists[i].error);
    pthread_mutex_destroy(&fetch.lock);
    g_array_unref(fetch.jobs);
    g_free(fetch.zone_id);
    if (!is_ok) {
        g_prefix_error(error, "fetch catalog from '%s': ", cs->url);
        return NULL;
    }
    catalog_freeze(catalog);
    return g_steal_pointer(&catalog);
}
