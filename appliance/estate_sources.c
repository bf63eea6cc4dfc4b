/* SPDX-License-Identifier: Apache-2.0
 *
 * Sources of the config: chosen, given their secrets, run side by side into one sink.
 */
#include "estate.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "target.h"

typedef struct SourceRun {
    Source *source;      /* owned */
    InventorySink *sink; /* borrowed; many threads may call it */
    GError *error;       /* owned */
    pthread_t thread;
} SourceRun;

char *
estate_worker_program(void)
{
    static const char worker[] = "vm-ingest-libvirt-worker";
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = g_path_get_dirname(self ? self : "");
    g_autofree char *beside = g_build_filename(folder, worker, NULL);
    return access(beside, X_OK) == 0 ? g_steal_pointer(&beside)
                                     : g_build_filename(folder, "..", "libexec", worker, NULL);
}

static bool
give_password(Source *source, const ConfigGroup *group, GError **error)
{
    GError *why = NULL;
    char *password = config_read_secret(group, "password", &why);
    if (why) {
        g_propagate_error(error, why);
        return false;
    }
    const char *username = config_find(group, "username");
    if (!password && username && source->class == &source_vsphere && isatty(STDERR_FILENO)) {
        g_autofree char *question =
            g_strdup_printf("password of '%s' for source '%s'", username, group->name);
        password = secret_from_prompt(question, error);
        if (!password)
            return false;
    }
    bool is_ok = !password || source_config(source, "password", password, error);
    secret_free(password);
    return is_ok;
}

static bool
is_handled_here(const char *key)
{
    const char *const keys[] = {"type", "password", "password-file", "password-fd", NULL};
    return g_strv_contains(keys, key);
}

Source *
estate_make_source(const ConfigGroup *group, const SourceContext *context, GError **error)
{
    const SourceClass *class = source_find_class(config_find(group, "type"));
    g_autoptr(Source) source = source_new(class, group->name, context);
    for (unsigned i = 0; i < group->values->len; i++) {
        const ConfigValue *value = g_ptr_array_index(group->values, i);
        if (is_handled_here(value->key))
            continue;
        if (!source_config(source, value->key, value->value, error)) {
            g_prefix_error(error, "[source %s] (%s): ", group->name, value->origin);
            return NULL;
        }
    }
    return give_password(source, group, error) ? g_steal_pointer(&source) : NULL;
}

GPtrArray *
estate_choose_sources(const Options *options, const Config *config)
{
    GPtrArray *chosen = g_ptr_array_new();
    for (unsigned i = 0; i < config->groups->len; i++) {
        ConfigGroup *group = g_ptr_array_index(config->groups, i);
        bool is_wanted = !options->sources ||
                         g_strv_contains((const char *const *)options->sources, group->name);
        if (strcmp(group->kind, "source") == 0 && is_wanted)
            g_ptr_array_add(chosen, group);
    }
    return chosen;
}

static void *
run_in_thread(void *data)
{
    SourceRun *run = data;
    source_run(run->source, run->sink, &run->error);
    return NULL;
}

/* 130 before all, then what was half read, then the first failure. */
static ExitCode
worse_of(ExitCode a, ExitCode b)
{
    const ExitCode order[] = {EXIT_CODE_INTERRUPTED, EXIT_CODE_PARTIAL, EXIT_CODE_AUTH,
        EXIT_CODE_CONNECTION, EXIT_CODE_TIMEOUT, EXIT_CODE_USAGE, EXIT_CODE_ERROR};
    for (size_t i = 0; i < G_N_ELEMENTS(order); i++)
        if (a == order[i] || b == order[i])
            return order[i];
    return EXIT_CODE_OK;
}

typedef struct CountingSink {
    InventorySink sink;
    InventorySink *inner;
    size_t instances; /* of any source */
} CountingSink;

static bool
counting_put(InventorySink *sink, RecordKind kind, const void *record, GError **error)
{
    CountingSink *counting = (CountingSink *)sink;
    counting->instances += kind == RECORD_INSTANCE;
    return inventory_put(counting->inner, kind, record, error);
}

static ExitCode
wait_for_sources(GPtrArray *runs)
{
    ExitCode worst = EXIT_CODE_OK;
    for (unsigned i = 0; i < runs->len; i++) {
        SourceRun *run = g_ptr_array_index(runs, i);
        pthread_join(run->thread, NULL);
        if (!run->error)
            continue;
        message_warning("%s", run->error->message);
        worst = worse_of(worst, exit_code_of(run->error));
    }
    return worst;
}

static void
source_run_free(gpointer data)
{
    SourceRun *run = data;
    source_free(run->source);
    g_clear_error(&run->error);
    g_free(run);
}

static bool
add_run(GPtrArray *runs, const ConfigGroup *group, const SourceContext *context,
    InventorySink *sink, GError **error)
{
    Source *source = estate_make_source(group, context, error);
    if (!source)
        return false;
    SourceRun *run = g_new0(SourceRun, 1);
    run->source = source;
    run->sink = sink;
    g_ptr_array_add(runs, run);
    return true;
}

/* CloudStack's own view of the chosen target, as one more source. */
static bool
add_cloudstack_run(GPtrArray *runs, const Options *options, const ConfigGroup *target,
    const SourceContext *context, InventorySink *sink, GError **error)
{
    SourceRun *run = g_new0(SourceRun, 1);
    run->source = source_new(&source_cloudstack, target->name, context);
    run->sink = sink;
    g_ptr_array_add(runs, run);
    const char *zone = options->zone ? options->zone : config_find(target, "zone");
    return !zone || source_config(run->source, "zone", zone, error);
}

static bool
collect_runs(GPtrArray *runs, const Options *options, const Config *config,
    const ConfigGroup *target, const SourceContext *context, InventorySink *sink, GError **error)
{
    g_autoptr(GPtrArray) groups = estate_choose_sources(options, config);
    bool has_cloudstack = false;
    for (unsigned i = 0; i < groups->len; i++) {
        const ConfigGroup *group = g_ptr_array_index(groups, i);
        has_cloudstack |= strcmp(config_find(group, "type"), "cloudstack") == 0;
        if (!add_run(runs, group, context, sink, error))
            return false;
    }
    if (target && !has_cloudstack &&
        !add_cloudstack_run(runs, options, target, context, sink, error))
        return false;
    if (runs->len > 0)
        return true;
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
        "no source: write a [source NAME] group into %s, give --source TYPE:URL or --inventory "
        "FILE, or set GOVC_URL",
        config->path ? config->path : CONFIG_SYSTEM_PATH);
    return false;
}

/* Whether a chosen source is CloudStack's own view. */
static bool
wants_cloudstack_source(const Options *options, const Config *config)
{
    g_autoptr(GPtrArray) groups = estate_choose_sources(options, config);
    for (unsigned i = 0; i < groups->len; i++)
        if (strcmp(config_find(g_ptr_array_index(groups, i), "type"), "cloudstack") == 0)
            return true;
    return false;
}

/* The CloudStack whose view is read; none is configured: none is. */
static ConfigGroup *
find_view(const Options *options, const Config *config)
{
    g_autoptr(GError) why = NULL;
    ConfigGroup *group = estate_find_target(options, config, &why);
    if (!group && config_has_kind(config, "cloudstack"))
        message_warning("CloudStack's own list is not read: %s", why->message);
    return group;
}

bool
estate_run_sources(const Options *options, const Config *config, bool wants_cloudstack,
    InventorySink *sink, ExitCode *ret_worst, GError **error)
{
    g_autofree char *program = estate_worker_program();
    g_autofree char *cache = g_build_filename(g_get_user_cache_dir(), "vm-ingest", NULL);
    g_autoptr(Target) target = NULL;
    ConfigGroup *target_group = wants_cloudstack || wants_cloudstack_source(options, config)
                                    ? find_view(options, config)
                                    : NULL;
    if (target_group && !(target = target_open(target_group, error)))
        return false;
    SourceContext context = {.is_cancelled = &interrupted,
        .progress = progress_report,
        .cache_folder = cache,
        .program = program,
        .cloudstack = target ? target_seam(target) : NULL};
    CountingSink counting = {.sink.put = counting_put, .inner = sink};
    g_autoptr(InventorySink) locked = inventory_locked_sink(&counting.sink);
    g_autoptr(GPtrArray) runs = g_ptr_array_new_with_free_func(source_run_free);
    if (!collect_runs(runs, options, config, target_group, &context, locked, error))
        return false;
    for (unsigned i = 0; i < runs->len; i++) {
        SourceRun *run = g_ptr_array_index(runs, i);
        pthread_create(&run->thread, NULL, run_in_thread, run);
    }
    ExitCode worst = wait_for_sources(runs);
    /* Something was read and something not: that is partial, whatever the failure was. */
    if (worst != EXIT_CODE_OK && worst != EXIT_CODE_INTERRUPTED && counting.instances > 0)
        worst = EXIT_CODE_PARTIAL;
    *ret_worst = worst;
    return true;
}
