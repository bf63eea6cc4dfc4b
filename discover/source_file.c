/* SPDX-License-Identifier: Apache-2.0
 *
 * The saved inventory as a source: the way to work without credentials, and the double of every
 * other source in tests. Its records keep the sources and ends that they were saved with.
 */
#include "source.h"

#include <errno.h>
#include <inttypes.h>

#include "error.h"
#include "cleanup.h"

typedef struct FileState {
    char *path;
    FILE *file;
} FileState;

static void *
file_create(Source *source)
{
    (void)source;
    return g_new0(FileState, 1);
}

static bool
file_config(Source *source, const char *key, const char *value, GError **error)
{
    (void)key; /* "path" is the only one */
    FileState *state = source->state;
    if (!*value) {
        g_set_error_literal(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "'path' is empty: give the file that 'vm-ingest discover' saved");
        return false;
    }
    g_free(state->path);
    state->path = g_strdup(value);
    return true;
}

static bool
file_open(Source *source, GError **error)
{
    FileState *state = source->state;
    if (!state->path) {
        g_set_error_literal(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "no 'path': give the file that 'vm-ingest discover' saved");
        return false;
    }
    state->file = fopen(state->path, "re");
    if (!state->file)
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_STORAGE, "'%s' cannot be opened: %s",
            state->path, g_strerror(errno));
    return state->file != NULL;
}

/* Passes on until the run is cancelled, and sees which sources were read to their end. */
typedef struct ReplaySink {
    InventorySink sink;
    InventorySink *inner; /* borrowed; NULL: records are only checked */
    const Source *source;
    uint64_t n_instances;
    GHashTable *open; /* names (owned) of sources without a complete end; NULL: not of interest */
} ReplaySink;

static void
replay_note(ReplaySink *replay, RecordKind kind, const void *record)
{
    const SourceEnd *end = record;
    if (kind == RECORD_SOURCE)
        g_hash_table_add(replay->open, g_strdup(((const SourceInfo *)record)->name.value));
    else if (kind == RECORD_END && is_true(end->is_complete))
        g_hash_table_remove(replay->open, end->source.value);
}

static bool
replay_put(InventorySink *sink, RecordKind kind, const void *record, GError **error)
{
    ReplaySink *replay = (ReplaySink *)sink;
    if (source_is_cancelled(replay->source)) {
        g_set_error_literal(error, INGEST_ERROR, INGEST_ERROR_CANCELLED, "interrupted");
        return false;
    }
    replay->n_instances += kind == RECORD_INSTANCE;
    if (replay->open)
        replay_note(replay, kind, record);
    return !replay->inner || inventory_put(replay->inner, kind, record, error);
}

/* What was half read when it was saved is half read now. */
static bool
file_list(Source *source, InventorySink *sink, GError **error)
{
    FileState *state = source->state;
    g_autoptr(GHashTable) open = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    ReplaySink replay = {.sink.put = replay_put, .inner = sink, .source = source, .open = open};
    if (!inventory_read(state->file, state->path, &replay.sink, error))
        return false;
    GHashTableIter iter;
    gpointer name;
    g_hash_table_iter_init(&iter, open);
    if (!g_hash_table_iter_next(&iter, &name, NULL))
        return true;
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_FAILED,
        "'%s': source '%s' was only half read when it was saved; read it again", state->path,
        (const char *)name);
    return false;
}

static bool
file_check(Source *source, const HopSink *hops, GError **error)
{
    (void)error;
    FileState *state = source->state;
    g_autoptr(GError) trouble = NULL;
    if (!file_open(source, &trouble)) {
        hops->hop(hops->data, "file", HOP_FAILED, trouble->message,
            "give an existing file that you may read as 'path'");
        hops->hop(hops->data, "form", HOP_SKIPPED, "not opened", NULL);
        return false;
    }
    hops->hop(hops->data, "file", HOP_OK, state->path, NULL);
    ReplaySink count = {.sink.put = replay_put, .source = source};
    bool is_ok = inventory_read(state->file, state->path, &count.sink, &trouble);
    g_autofree char *detail = is_ok ? g_strdup_printf("%" PRIu64 " instances", count.n_instances)
                                    : g_strdup(trouble->message);
    hops->hop(hops->data, "form", is_ok ? HOP_OK : HOP_FAILED, detail,
        is_ok ? NULL : "correct the line named, or save the inventory anew");
    g_clear_pointer(&state->file, fclose);
    return is_ok;
}

static void
file_close(Source *source)
{
    FileState *state = source->state;
    g_clear_pointer(&state->file, fclose);
}

static void
file_destroy(void *data)
{
    FileState *state = data;
    g_clear_pointer(&state->file, fclose);
    g_free(state->path);
    g_free(state);
}

static const char *
file_paths(const Source *source)
{
    return ((const FileState *)source->state)->path;
}

const SourceClass source_file = {
    .type = "file",
    .summary = "a saved inventory",
    .config_help = "path=FILE  the file that 'vm-ingest discover' saved",
    .can = SOURCE_IS_REPLAY | SOURCE_CAN_VLAN | SOURCE_CAN_GUEST_IPS | SOURCE_CAN_TAGS |
           SOURCE_CAN_FOLDERS | SOURCE_CAN_SNAPSHOTS,
    .create = file_create,
    .config = file_config,
    .open = file_open,
    .list = file_list,
    .check = file_check,
    .paths = file_paths,
    .close = file_close,
    .destroy = file_destroy,
};
