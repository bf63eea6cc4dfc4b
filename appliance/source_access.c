/* SPDX-License-Identifier: Apache-2.0
 *
 * Sources by the name that a plan's items have, each with one session that all threads share.
 */
#include "source_access.h"

#include <pthread.h>
#include <string.h>

#include "estate.h"
#include "plan.h"
#include "target.h"

typedef struct Sources {
    SourceAccess access;
    const Config *config;
    ConfigGroup *target_group; /* or NULL */
    Target *target;            /* of it, once it is needed; under .lock */
    SourceContext context;     /* .cloudstack under .lock, until the session is made */
    char *program, *cache;
    pthread_mutex_t lock;
    GHashTable *sessions; /* of groups: name -> SourceSession; under .lock */
    GHashTable *saved;    /* name within a saved file -> its SourceSession, borrowed; under .lock */
} Sources;

/* --- finding the session ---------------------------------------------------------------------- */

/* CloudStack's own view needs the server's keys; others do not. Under the lock. */
static bool
open_target(Sources *sources, GError **error)
{
    if (sources->target || !sources->target_group)
        return true;
    sources->target = target_open(sources->target_group, error);
    if (sources->target)
        sources->context.cloudstack = target_seam(sources->target);
    return sources->target != NULL;
}

/* (owned) Under the lock. */
static Source *
make_source(Sources *sources, const ConfigGroup *group, GError **error)
{
    bool is_target = group == sources->target_group;
    bool is_view = is_target || strcmp(config_find(group, "type"), "cloudstack") == 0;
    if (is_view && !open_target(sources, error))
        return NULL;
    if (!is_target)
        return estate_make_source(group, &sources->context, error);
    g_autoptr(Source) source = source_new(&source_cloudstack, group->name, &sources->context);
    const char *zone = config_find(group, "zone");
    return !zone || source_config(source, "zone", zone, error) ? g_steal_pointer(&source) : NULL;
}

/* Of a group, made at the first use. Under the lock. */
static SourceSession *
find_session(Sources *sources, const ConfigGroup *group, GError **error)
{
    SourceSession *session = g_hash_table_lookup(sources->sessions, group->name);
    if (session)
        return session;
    Source *source = make_source(sources, group, error);
    if (!source)
        return NULL;
    session = source_session_new(source);
    g_hash_table_insert(sources->sessions, group->name, session);
    return session;
}

static bool
holds_source(SourceSession *session, const char *name, GError **error)
{
    const SourceQuery nothing = {.n_ids = 0};
    g_autoptr(SourceReading) reading = source_session_read(session, &nothing, error);
    return reading && inventory_find_source(reading->inventory, name);
}

/* The saved file that has a source of that name, NULL without error: none has. Under the lock. */
static SourceSession *
find_in_saved(Sources *sources, const char *name, GError **error)
{
    SourceSession *known = g_hash_table_lookup(sources->saved, name);
    g_autoptr(GError) first = NULL; /* counts if no other file has it */
    for (guint i = 0; !known && i < sources->config->groups->len; i++) {
        const ConfigGroup *group = g_ptr_array_index(sources->config->groups, i);
        if (strcmp(group->kind, "source") != 0 || strcmp(config_find(group, "type"), "file") != 0)
            continue;
        GError **trouble = first ? NULL : &first;
        SourceSession *session = find_session(sources, group, trouble);
        if (session && holds_source(session, name, trouble))
            known = session;
    }
    if (known)
        g_hash_table_insert(sources->saved, g_strdup(name), known);
    else if (first)
        g_propagate_error(error, g_steal_pointer(&first));
    return known;
}

static const ConfigGroup *
find_group(const Sources *sources, const char *name)
{
    for (guint i = 0; i < sources->config->groups->len; i++) {
        const ConfigGroup *group = g_ptr_array_index(sources->config->groups, i);
        if (strcmp(group->kind, "source") == 0 && strcmp(group->name, name) == 0)
            return group;
    }
    bool is_target = sources->target_group && strcmp(sources->target_group->name, name) == 0;
    return is_target ? sources->target_group : NULL;
}

static SourceSession *
find_source(Sources *sources, const char *name, GError **error)
{
    GError *trouble = NULL;
    pthread_mutex_lock(&sources->lock);
    const ConfigGroup *group = find_group(sources, name);
    SourceSession *session =
        group ? find_session(sources, group, &trouble) : find_in_saved(sources, name, &trouble);
    pthread_mutex_unlock(&sources->lock);
    if (trouble)
        g_propagate_error(error, trouble);
    else if (!session)
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "no source '%s' is configured, from which the plan was made: write a [source %s] group "
            "into %s",
            name, name, sources->config->path ? sources->config->path : CONFIG_SYSTEM_PATH);
    return session;
}

/* --- the access ------------------------------------------------------------------------------- */

static SourceReading *
access_read(SourceAccess *self, const SourceQuery *query, GError **error)
{
    SourceSession *session = find_source((Sources *)self, query->source, error);
    return session ? source_session_read(session, query, error) : NULL;
}

static ShutdownOutcome
access_shutdown_guest(SourceAccess *self, const char *source, const char *id,
    const SourceLimits *limits, GError **error)
{
    SourceSession *session = find_source((Sources *)self, source, error);
    return session ? source_session_shutdown_guest(session, id, limits, error)
                   : SHUTDOWN_UNSUPPORTED;
}

static void
free_session(gpointer session)
{
    source_session_free(session);
}

SourceAccess *
source_access_new(const Config *config, ConfigGroup *target)
{
    Sources *sources = g_new0(Sources, 1);
    sources->access = (SourceAccess){
        .read = access_read, .shutdown_guest = access_shutdown_guest, .facts = instance_facts};
    sources->config = config;
    sources->target_group = target;
    sources->program = estate_worker_program();
    sources->cache = g_build_filename(g_get_user_cache_dir(), "vm-ingest", NULL);
    sources->context = (SourceContext){
        .is_cancelled = &interrupted, .cache_folder = sources->cache, .program = sources->program};
    sources->sessions = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_session);
    sources->saved = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    pthread_mutex_init(&sources->lock, NULL);
    return &sources->access;
}

void
source_access_free(SourceAccess *access)
{
    Sources *sources = (Sources *)access;
    if (!sources)
        return;
    g_hash_table_unref(sources->saved);
    g_hash_table_unref(sources->sessions);
    target_close(sources->target);
    pthread_mutex_destroy(&sources->lock);
    g_free(sources->program);
    g_free(sources->cache);
    g_free(sources);
}
