/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings of a virtual machine that differ from their defaults and that another manager may not
 * keep at the next start: hot-add, affinity, shares, limits.
 *
 * Source: vSphere Web Services API: VirtualMachineConfigInfo, ResourceConfigSpec.
 */
#include "vim_priv.h"

#include <string.h>

enum { TUNINGS_MAX = 16 };

typedef struct TuningReader {
    VimInstance *instance;
    Attribute items[TUNINGS_MAX];
    size_t n;
} TuningReader;

static void
add_tuning(TuningReader *reader, const char *key, const char *value)
{
    if (value && *value && reader->n < TUNINGS_MAX)
        reader->items[reader->n++] = (Attribute){text_known(key), text_known(value)};
}

static void
add_if_true(TuningReader *reader, const char *path, const char *key)
{
    const VimNode *value = vim_object_value(reader->instance->object, path);
    if (value && is_true(vim_node_bool(value, "")))
        add_tuning(reader, key, "true");
}

/* "0,1,4" of the elements affinitySet. */
static void
add_affinity(TuningReader *reader, const char *path, const char *key)
{
    const VimNode *value = vim_object_value(reader->instance->object, path);
    g_autoptr(GString) set = g_string_new(NULL);
    for (const VimNode *at = value ? value->children : NULL; at; at = at->next)
        if (strcmp(at->name, "affinitySet") == 0)
            g_string_append_printf(set, "%s%s", set->len ? "," : "", at->text);
    if (set->len)
        add_tuning(reader, key, arena_strdup(reader->instance->arena, set->str));
}

/* "high", "low", or the number of a custom level; "normal" is the default. */
static void
add_shares(TuningReader *reader, const char *path, const char *key)
{
    const VimNode *value = vim_object_value(reader->instance->object, path);
    const char *level = vim_node_text(value, "shares/level");
    if (level && strcmp(level, "custom") == 0)
        add_tuning(reader, key, vim_node_text(value, "shares/shares"));
    else if (level && strcmp(level, "normal") != 0)
        add_tuning(reader, key, level);
}

void
vim_tunings_read(VimInstance *instance)
{
    const VimObject *object = instance->object;
    TuningReader reader = {.instance = instance};
    if (!vim_object_has(object, "config."))
        return;
    add_if_true(&reader, "config.cpuHotAddEnabled", "cpu-hot-add");
    add_if_true(&reader, "config.memoryHotAddEnabled", "memory-hot-add");
    add_if_true(&reader, "config.nestedHVEnabled", "nested-virtualization");
    add_affinity(&reader, "config.cpuAffinity", "cpu-affinity");
    add_affinity(&reader, "config.memoryAffinity", "memory-affinity");
    add_shares(&reader, "resourceConfig.cpuAllocation", "cpu-shares");
    add_shares(&reader, "resourceConfig.memoryAllocation", "memory-shares");
    const char *limit =
        vim_node_text(vim_object_value(object, "resourceConfig.memoryAllocation"), "limit");
    if (limit && *limit != '-') /* -1: none */
        add_tuning(&reader, "memory-limit-mib", limit);
    const char *latency =
        vim_node_text(vim_object_value(object, "config.latencySensitivity"), "level");
    if (latency && strcmp(latency, "normal") != 0)
        add_tuning(&reader, "latency-sensitivity", latency);
    const VimNode *replication = vim_object_value(object, "config.repConfig");
    if (replication) {
        const char *id = vim_node_text(replication, "vmReplicationId");
        add_tuning(&reader, "replication", id && *id ? id : "configured");
    }
    instance->view.tunings.items =
        arena_memdup(instance->arena, reader.items, reader.n * sizeof(Attribute));
    instance->view.tunings.n = reader.n;
    instance->view.tunings.state = FACT_KNOWN;
}
