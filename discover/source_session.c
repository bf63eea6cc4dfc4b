/* SPDX-License-Identifier: Apache-2.0
 *
 * A source that stays open: instances read again one by one, guests shut down.
 *
 * One call at a time is with the back end; others wait their turn, until their own deadline. While
 * a guest shuts down the back end is free between two looks at its power. An error may leave the
 * connection half way through an answer: it is closed then, and opened anew by the next call.
 */
#include "source_session.h"

#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "discover_priv.h"
#include "error.h"

enum {
    WAIT_SLICE_MS = 100, /* how soon a cancellation is seen */
    LOOK_MIN_MS = 250,   /* between two looks at the power of a guest */
    LOOK_MAX_MS = 2000,
    LAST_LOOK_MS = 30 * 1000, /* for the look after the deadline */
};

struct SourceSession {
    Source *source; /* .class, .name and .context any time; the rest while .is_busy is ours */
    pthread_mutex_t lock;
    pthread_cond_t freed;
    bool is_busy; /* under .lock */
    /* The one call under way has these: */
    bool is_open;
    Inventory *whole; /* of a source that only lists: what it listed last, or NULL */
    char *stamp;      /* of the files then */
    char *half_why;   /* why it was only half listed, or NULL */
};

SourceSession *
source_session_new(Source *source)
{
    SourceSession *session = g_new0(SourceSession, 1);
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&session->freed, &clock);
    pthread_condattr_destroy(&clock);
    pthread_mutex_init(&session->lock, NULL);
    session->source = source;
    return session;
}

static void
close_source(SourceSession *session)
{
    if (session->is_open && session->source->class->close)
        session->source->class->close(session->source);
    session->is_open = false;
}

static void
forget_whole(SourceSession *session)
{
    g_clear_pointer(&session->whole, inventory_unref);
    g_clear_pointer(&session->stamp, g_free);
    g_clear_pointer(&session->half_why, g_free);
}

void
source_session_free(SourceSession *session)
{
    if (!session)
        return;
    close_source(session);
    forget_whole(session);
    source_free(session->source);
    pthread_mutex_destroy(&session->lock);
    pthread_cond_destroy(&session->freed);
    g_free(session);
}

/* --- turns ------------------------------------------------------------------------------------ */

/* A call's limits, from when it began. */
typedef struct Turn {
    SourceSession *session;
    const atomic_bool *is_cancelled;
    int64_t begin_us, deadline_us; /* deadline 0: none */
} Turn;

static Turn
turn_begin(SourceSession *session, const SourceLimits *limits)
{
    int64_t now_us = g_get_monotonic_time();
    return (Turn){.session = session,
        .is_cancelled = limits->is_cancelled,
        .begin_us = now_us,
        .deadline_us = limits->timeout_ms ? now_us + limits->timeout_ms * 1000 : 0};
}

static bool
turn_is_cancelled(const Turn *turn)
{
    const atomic_bool *flags[] = {turn->is_cancelled, turn->session->source->context->is_cancelled};
    return (flags[0] && atomic_load(flags[0])) || (flags[1] && atomic_load(flags[1]));
}

static bool
turn_is_late(const Turn *turn)
{
    return turn->deadline_us && g_get_monotonic_time() >= turn->deadline_us;
}

/* False and an error: nobody waits for the answer any more. */
static bool
turn_is_on(const Turn *turn, GError **error)
{
    const char *name = turn->session->source->name;
    if (turn_is_cancelled(turn))
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CANCELLED, "source '%s': interrupted", name);
    else if (turn_is_late(turn))
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_TIMEOUT,
            "source '%s': no answer before the deadline of %" G_GINT64_FORMAT
            " ms; other calls of this source may be waiting for it, too",
            name, (turn->deadline_us - turn->begin_us) / 1000);
    else
        return true;
    return false;
}

/* Until @ms have gone by or somebody gives the session back. Under the lock. */
static void
wait_under_lock(SourceSession *session, int64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + ms * 1000000;
    until.tv_sec += ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    pthread_cond_timedwait(&session->freed, &session->lock, &until);
}

static bool
turn_take(const Turn *turn, GError **error)
{
    SourceSession *session = turn->session;
    pthread_mutex_lock(&session->lock);
    bool is_on = turn_is_on(turn, error);
    while (is_on && session->is_busy) {
        wait_under_lock(session, WAIT_SLICE_MS);
        is_on = turn_is_on(turn, error);
    }
    if (is_on)
        session->is_busy = true;
    pthread_mutex_unlock(&session->lock);
    if (is_on) {
        session->source->is_call_cancelled = turn->is_cancelled;
        session->source->deadline_us = turn->deadline_us;
    }
    return is_on;
}

static void
turn_give(const Turn *turn)
{
    SourceSession *session = turn->session;
    session->source->is_call_cancelled = NULL;
    session->source->deadline_us = 0;
    pthread_mutex_lock(&session->lock);
    session->is_busy = false;
    pthread_cond_signal(&session->freed);
    pthread_mutex_unlock(&session->lock);
}

/* Ours: opens it if it is not open. */
static bool
open_source(SourceSession *session, GError **error)
{
    const SourceClass *class = session->source->class;
    if (session->is_open)
        return true;
    session->is_open = true; /* a failed open is closed, too */
    if (!class->open || class->open(session->source, error))
        return true;
    close_source(session);
    return false;
}

/* The peer said what it says of one instance; the connection is as good as before. */
static bool
is_answer(const GError *error)
{
    return error->code == INGEST_ERROR_REFUSED || error->code == INGEST_ERROR_NOT_FOUND ||
           error->code == INGEST_ERROR_UNSUPPORTED;
}

/* --- reading ---------------------------------------------------------------------------------- */

typedef struct OwnedReading {
    SourceReading reading;
    Inventory *inventory;
    Arena arena;
} OwnedReading;

static void
reading_destroy(SourceReading *reading)
{
    OwnedReading *owned = (OwnedReading *)reading;
    inventory_unref(owned->inventory);
    arena_release(&owned->arena);
    g_free(owned);
}

void
source_read_note(SourceRead *read, const char *id, const char *why)
{
    if (!g_hash_table_contains(read->unread, id))
        g_hash_table_insert(read->unread, g_strdup(id), g_strdup(why));
}

static const char *
find_unread_why(const InstanceView *view)
{
    for (size_t i = 0; i < view->problems.n; i++) {
        const Problem *problem = &view->problems.items[i];
        if (problem->about.state != FACT_KNOWN && problem->text.value)
            return problem->text.value;
    }
    return view->power == POWER_UNKNOWN      ? "its power state could not be read"
           : view->disks.state != FACT_KNOWN ? "its disks could not be read"
                                             : "its NICs could not be read";
}

static InstanceReading
judge_reading(const char *id, const InstanceView *view, const char *unread_why)
{
    InstanceReading ret = {.id = id, .view = view};
    bool is_read = view && view->power != POWER_UNKNOWN && view->disks.state == FACT_KNOWN &&
                   view->nics.state == FACT_KNOWN;
    if (is_read) {
        ret.presence = PRESENCE_THERE;
    } else if (view) {
        ret.presence = PRESENCE_UNREADABLE;
        ret.why = find_unread_why(view);
    } else if (unread_why) {
        ret.presence = PRESENCE_UNKNOWN;
        ret.why = unread_why;
    } else {
        ret.presence = PRESENCE_GONE;
    }
    return ret;
}

/* Of @inventory, which is taken; @unread: id -> why, or NULL; @half_why: of all others, or NULL */
static SourceReading *
make_reading(
    const SourceQuery *query, Inventory *take_inventory, GHashTable *unread, const char *half_why)
{
    OwnedReading *owned = g_new0(OwnedReading, 1);
    arena_init(&owned->arena);
    owned->inventory = take_inventory;
    g_autoptr(GHashTable) places = g_hash_table_new(g_str_hash, g_str_equal);
    InstanceReading *rows = arena_new_n(&owned->arena, InstanceReading, query->n_ids);
    const InstanceView **views = arena_new_n(&owned->arena, const InstanceView *, query->n_ids);
    for (size_t i = query->n_ids; i-- > 0;) /* of an id given twice the first place is left */
        g_hash_table_insert(places, (gpointer)query->ids[i], GSIZE_TO_POINTER(i + 1));
    for (size_t i = take_inventory->n_views; i-- > 0;) { /* of two with one id the first counts */
        const InstanceView *view = take_inventory->views[i];
        size_t place = GPOINTER_TO_SIZE(g_hash_table_lookup(places, view->id.value));
        if (place && (!query->source || strcmp(view->source.value, query->source) == 0))
            views[place - 1] = view;
    }
    for (size_t i = 0; i < query->n_ids; i++) {
        size_t first = GPOINTER_TO_SIZE(g_hash_table_lookup(places, query->ids[i])) - 1;
        const char *why = unread ? g_hash_table_lookup(unread, query->ids[i]) : NULL;
        rows[i] = judge_reading(arena_strdup(&owned->arena, query->ids[i]), views[first],
            arena_strdup(&owned->arena, why ? why : half_why));
    }
    owned->reading = (SourceReading){.inventory = take_inventory,
        .instances = rows,
        .n_instances = query->n_ids,
        .destroy = reading_destroy};
    return &owned->reading;
}

static GPtrArray *
distinct_ids(const SourceQuery *query)
{
    GPtrArray *ids = g_ptr_array_new();
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < query->n_ids; i++)
        if (g_hash_table_add(seen, (gpointer)query->ids[i]))
            g_ptr_array_add(ids, (gpointer)query->ids[i]);
    return ids;
}

static bool
list_asked(Source *source, void *data, InventorySink *sink, GError **error)
{
    SourceRead *read = data;
    read->sink = sink;
    return source->class->read(source, read, error);
}

/* Ours: asks the back end for these alone. */
static SourceReading *
read_asked(SourceSession *session, const SourceQuery *query, GError **error)
{
    Source *source = session->source;
    g_autoptr(GHashTable) unread = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GPtrArray) ids = distinct_ids(query);
    SourceRead read = {.ids = (const char *const *)ids->pdata, .n_ids = ids->len, .unread = unread};
    bool was_open = session->is_open;
    for (bool is_again = false;; is_again = true) {
        g_autoptr(InventoryBuilder) builder = inventory_builder_new();
        g_autoptr(GError) trouble = NULL;
        if (!open_source(session, &trouble)) {
            g_prefix_error(&trouble, "source '%s': ", source->name);
        } else if (source_put_all(
                       source, list_asked, &read, inventory_builder_sink(builder), &trouble)) {
            return make_reading(query, inventory_builder_freeze(builder), unread, NULL);
        }
        close_source(session);
        /* What was kept open may have died meanwhile: that is no word on the source yet. */
        bool may_be_stale =
            trouble->code == INGEST_ERROR_UNREACHABLE || trouble->code == INGEST_ERROR_PROTOCOL;
        if (is_again || !was_open || !may_be_stale) {
            g_propagate_error(error, g_steal_pointer(&trouble));
            return NULL;
        }
        g_hash_table_remove_all(unread);
    }
}

/* --- what can only be listed ------------------------------------------------------------------ */

static void
stamp_file(GString *stamp, const char *path)
{
    struct stat info;
    if (stat(path, &info) == 0)
        g_string_append_printf(stamp, "%s %ju %jd %jd.%09ld\n", path, (uintmax_t)info.st_ino,
            (intmax_t)info.st_size, (intmax_t)info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
}

static void
stamp_path(GString *stamp, const char *path)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    stamp_file(stamp, path);
    for (const char *name; folder && (name = g_dir_read_name(folder));) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        stamp_file(stamp, file);
    }
}

/* Another text when a file was changed, replaced, added or removed. (owned) */
static char *
stamp_of(const Source *source)
{
    const char *paths = source->class->paths ? source->class->paths(source) : NULL;
    g_auto(GStrv) parts = g_strsplit(paths ? paths : "", ",", -1);
    g_autoptr(GString) stamp = g_string_new(NULL);
    for (char **part = parts; *part; part++)
        stamp_path(stamp, g_strstrip(*part));
    return g_string_free(g_steal_pointer(&stamp), false);
}

/* Ours: lists all, or takes what was listed if its files are as they were. */
static bool
list_whole(SourceSession *session, GError **error)
{
    g_autofree char *stamp = stamp_of(session->source);
    if (session->whole && *stamp && strcmp(stamp, session->stamp) == 0)
        return true;
    g_autoptr(InventoryBuilder) builder = inventory_builder_new();
    g_autoptr(GError) trouble = NULL;
    bool is_ok = source_run(session->source, inventory_builder_sink(builder), &trouble);
    g_autoptr(Inventory) whole = inventory_builder_freeze(builder);
    bool is_cancelled = g_error_matches(trouble, INGEST_ERROR, INGEST_ERROR_CANCELLED);
    if (!is_ok && (is_cancelled || whole->n_views == 0)) {
        g_propagate_error(error, g_steal_pointer(&trouble));
        return false;
    }
    forget_whole(session);
    session->whole = g_steal_pointer(&whole);
    session->stamp = g_steal_pointer(&stamp);
    session->half_why = trouble ? g_strdup(trouble->message) : NULL;
    return true;
}

SourceReading *
source_session_read(SourceSession *session, const SourceQuery *query, GError **error)
{
    Source *source = session->source;
    Turn turn = turn_begin(session, &query->limits);
    if (query->n_ids > SOURCE_QUERY_MAX) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_INVALID,
            "source '%s': %zu instances at once; at most %d are read by one call", source->name,
            query->n_ids, SOURCE_QUERY_MAX);
        return NULL;
    }
    if (!turn_take(&turn, error))
        return NULL;
    uint64_t before = source->requests;
    SourceReading *reading = NULL;
    if (source->class->read)
        reading = read_asked(session, query, error);
    else if (list_whole(session, error))
        reading = make_reading(query, inventory_ref(session->whole), NULL, session->half_why);
    if (reading) {
        reading->requests = source->requests - before;
        reading->elapsed_ms = (g_get_monotonic_time() - turn.begin_us) / 1000;
    }
    turn_give(&turn);
    return reading;
}

/* --- shutting down ---------------------------------------------------------------------------- */

/* What an answer of the back end, not an accident on the way, means. */
static ShutdownOutcome
outcome_of(const GError *error)
{
    switch ((IngestErrorCode)error->code) {
    case INGEST_ERROR_UNSUPPORTED:
        return SHUTDOWN_UNHEARD;
    case INGEST_ERROR_REFUSED:
    case INGEST_ERROR_AUTH:
        return SHUTDOWN_REFUSED;
    case INGEST_ERROR_NOT_FOUND:
        return SHUTDOWN_GONE;
    case INGEST_ERROR_CANCELLED:
        return SHUTDOWN_CANCELLED;
    case INGEST_ERROR_FAILED:
    case INGEST_ERROR_USAGE:
    case INGEST_ERROR_CONFIG:
    case INGEST_ERROR_INVALID:
    case INGEST_ERROR_UNREACHABLE:
    case INGEST_ERROR_TIMEOUT:
    case INGEST_ERROR_PROTOCOL:
    case INGEST_ERROR_CONFLICT:
    case INGEST_ERROR_STORAGE:
        break;
    }
    return SHUTDOWN_UNKNOWN;
}

/* One look, in a turn of its own. */
static bool
look_at_power(const Turn *turn, const char *id, PowerState *ret_power, GError **error)
{
    SourceSession *session = turn->session;
    g_autoptr(GError) trouble = NULL;
    if (!turn_take(turn, error))
        return false;
    bool is_ok = open_source(session, &trouble) &&
                 session->source->class->read_power(session->source, id, ret_power, &trouble);
    if (!is_ok && !is_answer(trouble))
        close_source(session);
    turn_give(turn);
    if (is_ok)
        return true;
    g_propagate_prefixed_error(
        error, g_steal_pointer(&trouble), "source '%s': ", session->source->name);
    return false;
}

/* Asks, unless it is off already. True: the guest may have heard. */
static bool
ask_guest(const Turn *turn, const char *id, ShutdownOutcome *ret_outcome, GError **error)
{
    SourceSession *session = turn->session;
    PowerState power = POWER_UNKNOWN;
    g_autoptr(GError) trouble = NULL;
    if (!look_at_power(turn, id, &power, &trouble) || power == POWER_OFF ||
        !turn_take(turn, &trouble)) {
        *ret_outcome = trouble ? outcome_of(trouble) : SHUTDOWN_WAS_OFF;
        if (trouble)
            g_propagate_error(error, g_steal_pointer(&trouble));
        return false;
    }
    bool is_open = open_source(session, &trouble);
    bool is_asked =
        is_open && session->source->class->shutdown_guest(session->source, id, &trouble);
    if (is_open && !is_asked && !is_answer(trouble))
        close_source(session);
    turn_give(turn);
    /* An answer that did not come may still stand for a request that went. */
    if (is_asked || (is_open && outcome_of(trouble) == SHUTDOWN_UNKNOWN))
        return true;
    *ret_outcome = outcome_of(trouble);
    g_propagate_prefixed_error(
        error, g_steal_pointer(&trouble), "source '%s': ", session->source->name);
    return false;
}

static void
sleep_between_looks(const Turn *turn, int64_t ms)
{
    int64_t until_us = g_get_monotonic_time() + ms * 1000;
    if (turn->deadline_us)
        until_us = MIN(until_us, turn->deadline_us);
    while (!turn_is_cancelled(turn) && g_get_monotonic_time() < until_us)
        g_usleep((gulong)MIN(WAIT_SLICE_MS * 1000, until_us - g_get_monotonic_time() + 1));
}

/* The deadline is over: one more look, which has a time of its own, tells how it ended. */
static ShutdownOutcome
look_a_last_time(SourceSession *session, const char *id, int64_t asked_us, GError **error)
{
    const SourceLimits limits = {.timeout_ms = LAST_LOOK_MS};
    const Turn turn = turn_begin(session, &limits);
    PowerState power = POWER_UNKNOWN;
    bool is_seen = look_at_power(&turn, id, &power, error);
    int64_t waited_s = (g_get_monotonic_time() - asked_us) / G_USEC_PER_SEC;
    if (!is_seen) {
        g_prefix_error(error,
            "the guest of '%s' was asked to shut down %" G_GINT64_FORMAT
            " s ago, and whether it is off is not known: ",
            id, waited_s);
        return g_error_matches(*error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND) ? SHUTDOWN_GONE
                                                                             : SHUTDOWN_UNKNOWN;
    }
    if (power == POWER_OFF)
        return SHUTDOWN_OFF;
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_TIMEOUT,
        "source '%s': the guest of '%s' was asked to shut down and is still on after "
        "%" G_GINT64_FORMAT " s; see on its console what it waits for, or give it more time",
        session->source->name, id, waited_s);
    return SHUTDOWN_STILL_ON;
}

static ShutdownOutcome
wait_until_off(const Turn *turn, const char *id, GError **error)
{
    int64_t pause_ms = LOOK_MIN_MS;
    while (!turn_is_cancelled(turn) && !turn_is_late(turn)) {
        PowerState power = POWER_UNKNOWN;
        g_autoptr(GError) trouble = NULL; /* a source that is silent now may answer later */
        sleep_between_looks(turn, pause_ms);
        pause_ms = MIN(2 * pause_ms, (int64_t)LOOK_MAX_MS);
        if (look_at_power(turn, id, &power, &trouble) && power == POWER_OFF)
            return SHUTDOWN_OFF;
        if (g_error_matches(trouble, INGEST_ERROR, INGEST_ERROR_NOT_FOUND)) {
            g_propagate_error(error, g_steal_pointer(&trouble));
            return SHUTDOWN_GONE;
        }
    }
    if (!turn_is_cancelled(turn))
        return look_a_last_time(turn->session, id, turn->begin_us, error);
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_CANCELLED,
        "source '%s': interrupted while the guest of '%s' was shutting down; it may go off later",
        turn->session->source->name, id);
    return SHUTDOWN_CANCELLED;
}

ShutdownOutcome
source_session_shutdown_guest(
    SourceSession *session, const char *id, const SourceLimits *limits, GError **error)
{
    const SourceClass *class = session->source->class;
    Turn turn = turn_begin(session, limits);
    ShutdownOutcome outcome = SHUTDOWN_UNKNOWN;
    g_autoptr(GError) trouble = NULL;
    g_assert(limits->timeout_ms > 0);
    if (!class->shutdown_guest || !class->read_power) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_UNSUPPORTED,
            "source '%s': a source of type '%s' shuts no guest down; shut '%s' down yourself",
            session->source->name, class->type, id);
        return SHUTDOWN_UNSUPPORTED;
    }
    if (ask_guest(&turn, id, &outcome, &trouble))
        outcome = wait_until_off(&turn, id, &trouble);
    if (trouble)
        g_propagate_error(error, g_steal_pointer(&trouble));
    return outcome;
}
