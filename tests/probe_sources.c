/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads single instances again, as an import does, for the integration tests.
 *
 *   probe_sources --config FILE [--cloudstack NAME] < COMMANDS
 *
 * A line of COMMANDS, its words divided by tabs, and what it prints as one line of JSON:
 *   read SOURCE TIMEOUT_MS ID...   {"instances": [{"id", "presence", "why", "facts", "view"}, ...]}
 *   share SOURCE THREADS TIMES ID  reads at the same time: {"there": N}
 *   shutdown SOURCE TIMEOUT_MS ID  {"outcome"}
 * Each has requests and ms; or error and code when it failed.
 */
#include "appliance/estate.h"
#include "appliance/source_access.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include <json-c/json.h>

#include "cleanup.h"
#include "record.h"

static void
add_text(json_object *to, const char *name, const char *text)
{
    json_object_object_add(to, name, text ? json_object_new_string(text) : NULL);
}

static void
add_error(json_object *to, const GError *error)
{
    if (!error)
        return;
    add_text(to, "error", error->message);
    json_object_object_add(to, "code", json_object_new_int((int)exit_code_of(error)));
}

static json_object *
describe(const SourceAccess *access, const InstanceReading *row)
{
    json_object *told = json_object_new_object();
    add_text(told, "id", row->id);
    add_text(told, "presence", presence_to_string(row->presence));
    add_text(told, "why", row->why);
    if (!row->view)
        return told;
    g_autofree char *facts = access->facts(row->view, NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    record_encode(inventory_record_types[RECORD_INSTANCE], row->view, text);
    add_text(told, "facts", facts);
    json_object_object_add(told, "view", json_tokener_parse(text->str));
    return told;
}

static void
read_again(SourceAccess *access, char **words, json_object *told)
{
    g_autoptr(GError) error = NULL;
    const SourceQuery query = {.source = words[1],
        .ids = (const char *const *)words + 3,
        .n_ids = g_strv_length(words + 3),
        .limits.timeout_ms = g_ascii_strtoll(words[2], NULL, 10)};
    g_autoptr(SourceReading) reading = access->read(access, &query, &error);
    add_error(told, error);
    if (!reading)
        return;
    json_object *rows = json_object_new_array();
    for (size_t i = 0; i < reading->n_instances; i++)
        json_object_array_add(rows, describe(access, &reading->instances[i]));
    json_object_object_add(told, "instances", rows);
    json_object_object_add(told, "requests", json_object_new_int64((int64_t)reading->requests));
    json_object_object_add(
        told, "problems", json_object_new_int64((int64_t)reading->inventory->n_problems));
}

typedef struct Share {
    SourceAccess *access;
    char **words;
    atomic_int n_there;
} Share;

static void *
read_many_times(void *data)
{
    Share *share = data;
    const SourceQuery query = {.source = share->words[1],
        .ids = (const char *const *)share->words + 4,
        .n_ids = g_strv_length(share->words + 4)};
    for (int64_t left = g_ascii_strtoll(share->words[3], NULL, 10); left > 0; left--) {
        g_autoptr(SourceReading) reading = share->access->read(share->access, &query, NULL);
        for (size_t i = 0; reading && i < reading->n_instances; i++)
            atomic_fetch_add(&share->n_there, reading->instances[i].presence == PRESENCE_THERE);
    }
    return NULL;
}

static void
share_session(SourceAccess *access, char **words, json_object *told)
{
    enum { THREADS_MAX = 64 };
    Share share = {.access = access, .words = words};
    pthread_t threads[THREADS_MAX];
    size_t n = MIN((size_t)g_ascii_strtoll(words[2], NULL, 10), (size_t)THREADS_MAX);
    for (size_t i = 0; i < n; i++)
        pthread_create(&threads[i], NULL, read_many_times, &share);
    for (size_t i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    json_object_object_add(told, "there", json_object_new_int(atomic_load(&share.n_there)));
}

static void
shut_down(SourceAccess *access, char **words, json_object *told)
{
    g_autoptr(GError) error = NULL;
    const SourceLimits limits = {.timeout_ms = g_ascii_strtoll(words[2], NULL, 10)};
    add_text(told, "outcome",
        shutdown_to_string(access->shutdown_guest(access, words[1], words[3], &limits, &error)));
    add_error(told, error);
}

static void
obey(SourceAccess *access, char **words)
{
    static const struct {
        const char *word;
        void (*run)(SourceAccess *access, char **words, json_object *told);
        guint n_words;
    } known[] = {{"read", read_again, 3}, {"share", share_session, 5}, {"shutdown", shut_down, 4}};
    g_autoptr(JsonObject) told = json_object_new_object();
    int64_t begin_us = g_get_monotonic_time();
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (g_strcmp0(words[0], known[i].word) == 0 && g_strv_length(words) >= known[i].n_words)
            known[i].run(access, words, told);
    json_object_object_add(
        told, "ms", json_object_new_double((double)(g_get_monotonic_time() - begin_us) / 1000));
    printf("%s\n", json_object_to_json_string_ext(told, JSON_C_TO_STRING_PLAIN));
    fflush(stdout);
}

int
main(int argc, char **argv)
{
    Options options = {0};
    for (int i = 1; i + 1 < argc; i += 2)
        *(strcmp(argv[i], "--config") == 0 ? &options.config : &options.cloudstack) = argv[i + 1];
    g_autoptr(GError) error = NULL;
    interrupt_init();
    signal(SIGPIPE, SIG_IGN); /* as the program does: a worker may end before it is asked */
    g_autoptr(Config) config = config_load(&options, &error);
    if (!config)
        return exit_complain(error);
    ConfigGroup *target = estate_find_target(&options, config, NULL);
    SourceAccess *access = source_access_new(config, target);
    char line[64 * 1024];
    while (!atomic_load(&interrupted) && fgets(line, sizeof line, stdin)) {
        g_auto(GStrv) words = g_strsplit(g_strchomp(line), "\t", -1);
        obey(access, words);
    }
    source_access_free(access); /* logs out */
    return 0;
}
