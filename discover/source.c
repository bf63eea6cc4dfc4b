/* SPDX-License-Identifier: Apache-2.0
 *
 * The list of sources and the contract around their callbacks.
 *
 * A back end fills in what it read; the wrapper's sink sees to the rest: every record bears the
 * source's name, the SourceInfo comes first and once, infrastructure before instances, required
 * members are there, an instance comes once, and an end record closes the source in any case.
 * A source that replays a file (SOURCE_IS_REPLAY) keeps the records' own sources and ends: what the
 * file does not end stays without end, that is partial.
 */
#include "source.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "discover_priv.h"
#include "error.h"
#include "record.h"
#include "utc_text.h"

/* In the order of --help. */
const SourceClass *const source_classes[] = {
    &source_vsphere,
    &source_libvirt,
    &source_cloudstack,
    &source_rvtools,
    &source_govc,
    &source_file,
    NULL,
};

const SourceClass *
source_find_class(const char *type)
{
    for (const SourceClass *const *known = source_classes; *known; known++)
        if (strcmp((*known)->type, type) == 0)
            return *known;
    return NULL;
}

Source *
source_new(const SourceClass *class, const char *name, const SourceContext *context)
{
    Source *source = g_new0(Source, 1);
    source->class = class;
    source->name = g_strdup(name);
    source->context = context;
    source->state = class->create ? class->create(source) : NULL;
    return source;
}

void
source_free(Source *source)
{
    if (!source)
        return;
    if (source->class->destroy)
        source->class->destroy(source->state);
    g_free(source->name);
    g_free(source);
}

/* --- config ----------------------------------------------------------------------------------- */

/* The keys of config_help, "KEY=VALUE ..." a line. */
static GPtrArray *
config_keys(const SourceClass *class)
{
    GPtrArray *keys = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) lines = g_strsplit(class->config_help ? class->config_help : "", "\n", -1);
    for (char **line = lines; *line; line++) {
        const char *start = *line + strspn(*line, " ");
        size_t length = strspn(start, "abcdefghijklmnopqrstuvwxyz0123456789-");
        if (length && start[length] == '=')
            g_ptr_array_add(keys, g_strndup(start, length));
    }
    return keys;
}

bool
source_config(Source *source, const char *key, const char *value, GError **error)
{
    g_autoptr(GPtrArray) keys = config_keys(source->class);
    for (guint i = 0; i < keys->len; i++) {
        if (strcmp(g_ptr_array_index(keys, i), key) != 0)
            continue;
        if (source->class->config(source, key, value, error))
            return true;
        g_prefix_error(error, "source '%s': ", source->name);
        return false;
    }
    g_ptr_array_add(keys, NULL);
    g_autofree char *known = g_strjoinv(", ", (char **)keys->pdata);
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
        "source '%s': unknown key '%s'; a source of type '%s' knows: %s", source->name, key,
        source->class->type, *known ? known : "none");
    return false;
}

/* --- the sink between the back end and the world ---------------------------------------------- */

typedef struct ContractSink {
    InventorySink sink;
    InventorySink *inner; /* borrowed */
    Source *source;
    GHashTable *ids; /* of the instances so far, in the arena */
    Arena arena;
    int64_t n_instances;
    bool has_info, has_instance;
} ContractSink;

static SourceKind
class_kind(const SourceClass *class)
{
    if (class->kind != SOURCE_KIND_UNKNOWN)
        return class->kind;
    for (int kind = 1; kind < SOURCE_KIND_N; kind++)
        if (strcmp(source_kind_words[kind], class->type) == 0)
            return (SourceKind)kind;
    return SOURCE_KIND_UNKNOWN;
}

static bool
contract_broken(const ContractSink *contract, const char *what, GError **error)
{
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_FAILED, "bug in the '%s' source: %s",
        contract->source->class->type, what);
    return false;
}

static bool
contract_put_info(ContractSink *contract, const SourceInfo *info, GError **error)
{
    char now[UTC_TEXT_BYTES];
    if (contract->has_info)
        return contract_broken(contract, "a second source record", error);
    SourceInfo copy = *info;
    copy.name = text_known(contract->source->name);
    if (copy.kind == SOURCE_KIND_UNKNOWN)
        copy.kind = class_kind(contract->source->class);
    if (copy.read_at.state == FACT_UNKNOWN)
        copy.read_at = text_known(utc_text(time(NULL), now));
    contract->has_info = true;
    return inventory_put(contract->inner, RECORD_SOURCE, &copy, error);
}

static bool
contract_put_problem(ContractSink *contract, const char *id, const char *about, const char *text,
    const char *remedy, GError **error)
{
    SourceProblem problem = {
        .source = text_known(contract->source->name),
        .id = text_known(id),
        .about = text_known(about),
        .text = text_known(text),
        .remedy = text_known(remedy),
    };
    return inventory_put(contract->inner, RECORD_PROBLEM, &problem, error);
}

/* False without an error: the record is left out, a problem says so. */
static bool
contract_admit_instance(ContractSink *contract, const InstanceView *view, GError **error)
{
    contract->has_instance = true;
    bool is_cloudstack = class_kind(contract->source->class) == SOURCE_KIND_CLOUDSTACK;
    if (is_cloudstack || !g_hash_table_contains(contract->ids, view->id.value)) {
        if (!is_cloudstack)
            g_hash_table_add(contract->ids, (char *)arena_strdup(&contract->arena, view->id.value));
        contract->n_instances++;
        return true;
    }
    g_autofree char *about = g_strdup_printf(
        "instance '%s' (%s)", view->name.value ? view->name.value : view->id.value, view->id.value);
    contract_put_problem(contract, "instance-twice", about,
        "the source listed this instance twice; its first entry is kept",
        "if its facts look wrong, read the source again", error);
    return false;
}

/* A thing whose name could not be read goes by its id. */
static bool
contract_complete_head(ContractSink *contract, RecordKind kind, RecordHead *head, GError **error)
{
    head->source = text_known(contract->source->name);
    if (head->id.state != FACT_KNOWN)
        return contract_broken(contract, "a record without id", error);
    if (head->name.state == FACT_KNOWN)
        return true;
    head->name = head->id;
    g_autofree char *about =
        g_strdup_printf("%s '%s'", inventory_record_words[kind], head->id.value);
    return contract_put_problem(contract, "name-unread", about,
        "the name could not be read; the id stands in for it",
        "check the rights of the account on this object", error);
}

static bool
contract_put(InventorySink *sink, RecordKind kind, const void *record, GError **error)
{
    ContractSink *contract = (ContractSink *)sink;
    if (source_is_cancelled(contract->source)) {
        g_set_error_literal(error, INGEST_ERROR, INGEST_ERROR_CANCELLED, "interrupted");
        return false;
    }
    if (kind == RECORD_SOURCE)
        return contract_put_info(contract, record, error);
    if (!contract->has_info)
        return contract_broken(contract, "a record before the source record", error);
    if (kind == RECORD_END)
        return contract_broken(contract, "an end record of its own", error);
    AnyRecord copy;
    memcpy(&copy, record, inventory_record_types[kind]->size);
    if (kind == RECORD_PROBLEM) {
        copy.problem.source = text_known(contract->source->name);
        return inventory_put(contract->inner, kind, &copy, error);
    }
    if (kind != RECORD_INSTANCE && contract->has_instance)
        return contract_broken(contract, "infrastructure after an instance", error);
    if (!contract_complete_head(contract, kind, &copy.head, error))
        return false;
    if (kind == RECORD_INSTANCE) {
        g_autoptr(GError) trouble = NULL;
        if (!contract_admit_instance(contract, &copy.instance, &trouble)) {
            if (trouble)
                g_propagate_error(error, g_steal_pointer(&trouble));
            return !trouble;
        }
    }
    return inventory_put(contract->inner, kind, &copy, error);
}

static bool
contract_end(ContractSink *contract, const GError *why, int64_t elapsed_ms, GError **error)
{
    SourceInfo nothing = {0};
    if (!contract->has_info && !contract_put_info(contract, &nothing, error))
        return false;
    SourceEnd end = {
        .source = text_known(contract->source->name),
        .is_complete = bool_known(!why),
        .error = why ? text_known(why->message) : text_absent(),
        .instances = int_known(contract->n_instances),
        .elapsed_ms = int_known(elapsed_ms),
        .requests = int_known((int64_t)contract->source->requests),
    };
    end.calls.items = (SourceCall *)contract->source->calls;
    end.calls.n = contract->source->n_calls;
    end.calls.state = FACT_KNOWN;
    return inventory_put(contract->inner, RECORD_END, &end, error);
}

/* --- running ---------------------------------------------------------------------------------- */

static bool
open_and_list(Source *source, void *data G_GNUC_UNUSED, InventorySink *sink, GError **error)
{
    const SourceClass *class = source->class;
    bool is_ok = (!class->open || class->open(source, error)) && class->list(source, sink, error);
    if (class->close)
        class->close(source);
    return is_ok;
}

bool
source_put_all(Source *source, SourceLister list, void *data, InventorySink *sink, GError **error)
{
    int64_t begin_us = g_get_monotonic_time();
    g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);
    ContractSink contract = {
        .sink.put = contract_put,
        .inner = sink,
        .source = source,
        .ids = ids,
    };
    arena_init(&contract.arena);
    g_autoptr(GError) trouble = NULL;
    if (!list(source, data, &contract.sink, &trouble))
        g_prefix_error(&trouble, "source '%s': ", source->name);
    int64_t elapsed_ms = (g_get_monotonic_time() - begin_us) / 1000;
    bool is_ended = contract_end(&contract, trouble, elapsed_ms, trouble ? NULL : error);
    arena_release(&contract.arena);
    if (trouble)
        g_propagate_error(error, g_steal_pointer(&trouble));
    else if (is_ended)
        return true;
    return false;
}

bool
source_run(Source *source, InventorySink *sink, GError **error)
{
    if (!(source->class->can & SOURCE_IS_REPLAY))
        return source_put_all(source, open_and_list, NULL, sink, error);
    if (open_and_list(source, NULL, sink, error))
        return true;
    g_prefix_error(error, "source '%s': ", source->name);
    return false;
}

/* What a back end without a test of its own gets. */
static bool
check_by_opening(Source *source, const HopSink *hops)
{
    g_autoptr(GError) trouble = NULL;
    bool is_ok = !source->class->open || source->class->open(source, &trouble);
    if (source->class->close)
        source->class->close(source);
    hops->hop(hops->data, "open", is_ok ? HOP_OK : HOP_FAILED, is_ok ? "open" : trouble->message,
        is_ok ? NULL : "see the text before");
    return is_ok;
}

bool
source_check(Source *source, const HopSink *hops, GError **error)
{
    if (!source->class->check)
        return check_by_opening(source, hops);
    if (source->class->check(source, hops, error))
        return true;
    if (error && *error)
        g_prefix_error(error, "source '%s': ", source->name);
    return false;
}
