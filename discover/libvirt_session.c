/* SPDX-License-Identifier: Apache-2.0
 *
 * One instance on one of the hosts: its power, and its guest asked to shut down, by workers that
 * stay with their connections.
 */
#include "libvirt_priv.h"

#include "record.h"

enum { AGENT_S = 5 };

/* --- asking a host ---------------------------------------------------------------------------- */

static char *
make_request(const Source *source, const HostAsk *ask)
{
    const LibvirtState *state = source->state;
    g_autoptr(GString) text = g_string_new(NULL);
    WireRequest request = {
        .mode = text_known(ask->mode),
        .uri = text_known(ask->uri->uri),
        .label = text_known(ask->uri->label),
        .is_kept = bool_known(ask->kept != NULL),
        .agent = text_known(state->agent),
        .agent_timeout_s = int_known(AGENT_S),
        .inventory_ms = int_known(2 * state->timeout_s * 1000),
        .is_same_host = bool_known(ask->uri->is_same_host),
    };
    if (ask->ids) {
        request.ids.items = (const char **)ask->ids->pdata;
        request.ids.n = ask->ids->len;
        request.ids.state = FACT_KNOWN;
    }
    record_encode(&wire_request_type, &request, text);
    return g_string_free(g_steal_pointer(&text), false);
}

bool
host_ask(const Source *source, const HostAsk *ask, const WorkerHandler *handler, GError **error)
{
    enum { STAGES = 10, TOTAL_MIN_S = 600 };
    const LibvirtState *state = source->state;
    g_autofree char *request = make_request(source, ask);
    WorkerRun run = {
        .program = source->context->program,
        .request = request,
        .source = source,
        .connect_ms = state->timeout_s * 1000,
        .total_ms = MAX(STAGES * state->timeout_s, TOTAL_MIN_S) * 1000,
    };
    return ask->kept ? worker_ask(ask->kept, &run, handler, error)
                     : worker_run(&run, handler, error);
}

bool
host_take_failed(struct json_object *value, GError **error)
{
    Arena arena;
    WireFailed failed = {0};
    arena_init(&arena);
    if (record_decode(&wire_failed_type, value, RECORD_STRICT, WIRE_FAILED, &arena, &failed, error))
        g_set_error(error, INGEST_ERROR, (int)failed.code.value, "%s%s%s", failed.text.value,
            failed.remedy.value ? "; " : "", failed.remedy.value ? failed.remedy.value : "");
    arena_release(&arena);
    return false;
}

/* --- one instance ----------------------------------------------------------------------------- */

typedef struct PowerAnswer {
    PowerState power;
    bool is_there;
    uint64_t requests;
} PowerAnswer;

static bool
take_line(void *data, const char *word, struct json_object *value,
    int64_t *deadline_ms G_GNUC_UNUSED, GError **error)
{
    PowerAnswer *answer = data;
    Arena arena;
    WirePower told = {0};
    WireDone done = {0};
    bool is_ok = true;
    if (strcmp(word, WIRE_FAILED) == 0)
        return host_take_failed(value, error);
    arena_init(&arena);
    if (strcmp(word, WIRE_POWER) == 0) {
        is_ok = record_decode(&wire_power_type, value, RECORD_STRICT, word, &arena, &told, error);
        answer->is_there = is_ok;
        for (int power = 1; is_ok && power < POWER_N; power++)
            if (strcmp(power_words[power], told.power.value) == 0)
                answer->power = (PowerState)power;
    } else if (strcmp(word, WIRE_DONE) == 0) {
        is_ok = record_decode(&wire_done_type, value, RECORD_STRICT, word, &arena, &done, error);
        answer->requests = (uint64_t)done.requests.value;
    }
    arena_release(&arena);
    return is_ok;
}

/* @number: of the host */
static bool
ask_about(Source *source, guint number, const char *mode, const char *id, PowerAnswer *ret_answer,
    GError **error)
{
    const LibvirtState *state = source->state;
    g_autoptr(GPtrArray) ids = g_ptr_array_new();
    g_ptr_array_add(ids, (gpointer)id);
    const HostUri *uri = &g_array_index(state->hosts, HostUri, number);
    const HostAsk ask = {mode, uri, ids, g_ptr_array_index(state->kept, number)};
    const WorkerHandler handler = {ret_answer, take_line};
    *ret_answer = (PowerAnswer){0};
    bool is_ok = host_ask(source, &ask, &handler, error);
    source->requests += ret_answer->requests;
    if (!is_ok)
        g_prefix_error(error, "host '%s': ", uri->label);
    return is_ok;
}

/* The host that had it last is asked first; one where it runs outdoes one that only defines it. */
bool
libvirt_read_power(Source *source, const char *id, PowerState *ret_power, GError **error)
{
    LibvirtState *state = source->state;
    guint first = GPOINTER_TO_UINT(g_hash_table_lookup(state->places, id));
    g_autoptr(GError) trouble = NULL;
    PowerState best = POWER_UNKNOWN;
    bool is_there = false;
    for (guint i = 0; i < state->hosts->len && best != POWER_ON; i++) {
        guint number = first == 0 ? i : i == 0 ? first - 1 : i <= first - 1 ? i - 1 : i;
        PowerAnswer answer;
        if (!ask_about(source, number, "power", id, &answer, trouble ? NULL : &trouble) ||
            !answer.is_there || (is_there && answer.power != POWER_ON))
            continue;
        best = answer.power;
        is_there = true;
        g_hash_table_replace(state->places, g_strdup(id), GUINT_TO_POINTER(number + 1));
    }
    if (is_there && best != POWER_UNKNOWN) {
        *ret_power = best;
        return true;
    }
    if (trouble)
        g_propagate_error(error, g_steal_pointer(&trouble));
    else if (is_there)
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_PROTOCOL,
            "instance '%s' is in a state that is not known here", id);
    else
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND,
            "no host has an instance '%s' any more", id);
    return false;
}

bool
libvirt_shutdown_guest(Source *source, const char *id, GError **error)
{
    const LibvirtState *state = source->state;
    PowerState power = POWER_UNKNOWN;
    PowerAnswer answer;
    if (!g_hash_table_contains(state->places, id) && !libvirt_read_power(source, id, &power, error))
        return false;
    guint place = GPOINTER_TO_UINT(g_hash_table_lookup(state->places, id));
    if (!ask_about(source, place - 1, "shutdown", id, &answer, error))
        return false;
    if (answer.is_there)
        return true;
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND,
        "instance '%s' is no longer on the host that had it", id);
    return false;
}
