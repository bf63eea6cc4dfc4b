/* SPDX-License-Identifier: Apache-2.0
 *
 * CloudStack's own view as a source: config, login, test; unmanaged_list.c does the listing.
 *
 * Source: CloudStack API: listCapabilities, listApis
 */
#include "source.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <json-c/json.h>

#include "discover_priv.h"
#include "error.h"
#include "cleanup.h"

enum {
    PARALLEL_DEFAULT = 2,
    TIMEOUT_DEFAULT_S = 1800,
    DAY_S = 24 * 60 * 60,
    AGE_MAX_S = 365 * DAY_S,
};

/* --- config ----------------------------------------------------------------------------------- */

static bool
parse_number(
    const char *key, const char *value, int64_t min, int64_t max, int64_t *ret, GError **error)
{
    char *end = NULL;
    errno = 0;
    int64_t number = g_ascii_strtoll(value, &end, 10);
    if (errno == 0 && end != value && !*end && number >= min && number <= max) {
        *ret = number;
        return true;
    }
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
        "'%s' is '%s': give a whole number from %" PRId64 " to %" PRId64, key, value, min, max);
    return false;
}

static bool
parse_yes_no(const char *key, const char *value, bool *ret, GError **error)
{
    if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0) {
        g_set_error(
            error, INGEST_ERROR, INGEST_ERROR_CONFIG, "'%s' is '%s': give yes or no", key, value);
        return false;
    }
    *ret = strcmp(value, "yes") == 0;
    return true;
}

static bool
cloudstack_config(Source *source, const char *key, const char *value, GError **error)
{
    UnmanagedOptions *options = source->state;
    if (strcmp(key, "parallel") == 0)
        return parse_number(key, value, 1, UNMANAGED_PARALLEL_MAX, &options->parallel, error);
    if (strcmp(key, "timeout") == 0)
        return parse_number(key, value, 1, DAY_S, &options->timeout_s, error);
    if (strcmp(key, "max-age") == 0)
        return parse_number(key, value, 0, AGE_MAX_S, &options->max_age_s, error);
    if (strcmp(key, "resume") == 0)
        return parse_yes_no(key, value, &options->is_resuming, error);
    if (!*value) {
        g_set_error_literal(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "'zone' is empty: give a zone's name or id, or leave it out for all");
        return false;
    }
    g_free(options->zone);
    options->zone = g_strdup(value);
    return true;
}

static void *
cloudstack_create(Source *source)
{
    (void)source;
    UnmanagedOptions *options = g_new0(UnmanagedOptions, 1);
    options->parallel = PARALLEL_DEFAULT;
    options->timeout_s = TIMEOUT_DEFAULT_S;
    options->calls = g_new0(UnmanagedCalls, 1);
    options->calls->rows = g_array_new(false, false, sizeof(SourceCall));
    arena_init(&options->calls->arena);
    return options;
}

static void
cloudstack_destroy(void *data)
{
    UnmanagedOptions *options = data;
    g_free(options->zone);
    g_free(options->version);
    g_array_unref(options->calls->rows);
    arena_release(&options->calls->arena);
    g_free(options->calls);
    g_free(options);
}

/* --- login ------------------------------------------------------------------------------------ */

static void
version_from(UnmanagedOptions *options, json_object *reply)
{
    json_object *value = NULL;
    if (json_pointer_get(reply, "/capability/cloudstackversion", &value) == 0 && value) {
        g_free(options->version);
        options->version = g_strdup(json_object_get_string(value));
    }
}

/* Any reply tells that we may speak; a server may hide its version. */
static bool
cloudstack_open(Source *source, GError **error)
{
    UnmanagedOptions *options = source->state;
    const SourceContext *context = source->context;
    g_autoptr(JsonObject) reply = NULL;
    g_autoptr(GError) trouble = NULL;
    if (!context->cloudstack) {
        g_set_error_literal(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "no CloudStack server is configured: add a [cloudstack NAME] group with url and keys");
        return false;
    }
    if ((options->is_resuming || options->max_age_s) && !context->cache_folder) {
        g_set_error_literal(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "'resume' and 'max-age' need a cache folder, and there is none");
        return false;
    }
    source->requests++;
    if (context->cloudstack->call(
            context->cloudstack, "listCapabilities", NULL, 0, 0, NULL, &reply, &trouble))
        version_from(options, reply);
    else if (!g_error_matches(trouble, INGEST_ERROR, INGEST_ERROR_REFUSED)) {
        g_propagate_error(error, g_steal_pointer(&trouble));
        return false;
    }
    return true;
}

static bool
cloudstack_list(Source *source, InventorySink *sink, GError **error)
{
    return unmanaged_list(source, source->state, NULL, sink, error);
}

static bool
cloudstack_read(Source *source, SourceRead *read, GError **error)
{
    UnmanagedCalls *calls = ((UnmanagedOptions *)source->state)->calls;
    g_array_set_size(calls->rows, 0); /* what the last reading cost was told by its end */
    arena_reset(&calls->arena);
    source->n_calls = 0;
    return unmanaged_list(source, source->state, read, read->sink, error);
}

/* --- test of the connection ------------------------------------------------------------------- */

static bool
hear_call(Source *source, const HopSink *hops, const char *hop, const char *command,
    const CloudStackParam *param, const char *remedy)
{
    CloudStack *cloudstack = source->context->cloudstack;
    g_autoptr(JsonObject) reply = NULL;
    g_autoptr(GError) trouble = NULL;
    source->requests++;
    bool is_ok =
        cloudstack->call(cloudstack, command, param, param ? 1 : 0, 0, NULL, &reply, &trouble);
    hops->hop(hops->data, hop, is_ok ? HOP_OK : HOP_FAILED, is_ok ? command : trouble->message,
        is_ok ? NULL : remedy);
    return is_ok;
}

static bool
cloudstack_check(Source *source, const HopSink *hops, GError **error)
{
    const CloudStackParam api = {"name", "listUnmanagedInstances"};
    g_autoptr(GError) trouble = NULL;
    (void)error;
    if (!cloudstack_open(source, &trouble)) {
        hops->hop(hops->data, "login", HOP_FAILED, trouble->message,
            "test the CloudStack server itself, its url and keys");
        hops->hop(hops->data, "rights", HOP_SKIPPED, "not logged in", NULL);
        return false;
    }
    const UnmanagedOptions *options = source->state;
    hops->hop(
        hops->data, "login", HOP_OK, options->version ? options->version : "version hidden", NULL);
    return hear_call(source, hops, "rights", "listApis", &api,
        "use the keys of a root administrator: listUnmanagedInstances is for them only");
}

const SourceClass source_cloudstack = {
    .type = "cloudstack",
    .summary = "what CloudStack's listUnmanagedInstances shows",
    .config_help = "zone=ZONE       name or id of the only zone to read (all)\n"
                   "parallel=N      clusters asked for at a time (2)\n"
                   "timeout=SECONDS for the list of one cluster (1800)\n"
                   "max-age=SECONDS use a reply kept from an earlier run up to this age (0: none)\n"
                   "resume=yes|no   go on with a listing that was interrupted (no)",
    .can = SOURCE_CAN_VLAN | SOURCE_CAN_GUEST_IPS,
    .create = cloudstack_create,
    .config = cloudstack_config,
    .open = cloudstack_open,
    .list = cloudstack_list,
    .check = cloudstack_check,
    .read = cloudstack_read,
    .destroy = cloudstack_destroy,
};
