/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings of a domain that differ from what a plain one has and that another manager, which
 * writes the XML anew at each start, may not keep.
 *
 * Source: libvirt's domain XML format.
 */
#include "libvirt_priv.h"

static void
add_tuning(DomainWalk *walk, const char *key, const char *value)
{
    Attribute tuning = {text_known(key), text_known(arena_intern(walk->arena, value))};
    g_array_append_val(walk->tuning, tuning);
}

/* "host-passthrough", "custom Haswell" */
static void
read_cpu_mode(DomainWalk *walk)
{
    const xmlNode *cpu = xml_child(walk->root, "cpu");
    const char *mode = xml_attr(cpu, "mode"),
               *model = xml_text(xml_child(cpu, "model"), walk->arena);
    if (!mode && !model)
        return;
    g_autofree char *text = g_strdup_printf(
        "%.40s%s%.60s", mode ? mode : "custom", model ? " " : "", model ? model : "");
    add_tuning(walk, "cpu-mode", text);
}

static void
read_placement(DomainWalk *walk)
{
    static const char *const pins[] = {"vcpupin", "emulatorpin", "iothreadpin", "vcpusched"};
    const xmlNode *root = walk->root, *tune = xml_child(root, "cputune");
    const char *set = xml_attr(xml_child(root, "vcpu"), "cpuset");
    for (size_t i = 0; !set && i < G_N_ELEMENTS(pins); i++)
        if (xml_child(tune, pins[i]))
            set = xml_child_attr(tune, pins[i], "cpuset") ? xml_child_attr(tune, pins[i], "cpuset")
                                                          : pins[i];
    if (set)
        add_tuning(walk, "cpu-affinity", set);
    if (xml_child(root, "numatune") || xml_child(xml_child(root, "cpu"), "numa"))
        add_tuning(walk, "memory-affinity", "numa");
    if (xml_child(xml_child(root, "memoryBacking"), "hugepages"))
        add_tuning(walk, "hugepages", "true");
    const char *threads = xml_text(xml_child(root, "iothreads"), walk->arena);
    if (threads)
        add_tuning(walk, "iothreads", threads);
}

static void
read_start(DomainWalk *walk)
{
    const xmlNode *root = walk->root;
    const char *clock = xml_child_attr(root, "clock", "offset");
    if (clock && strcmp(clock, "utc") != 0)
        add_tuning(walk, "clock", clock);
    if (xml_child(xml_child(root, "features"), "hyperv"))
        add_tuning(walk, "hyperv", "true");
    if (xml_child(xml_child(root, "os"), "kernel"))
        add_tuning(walk, "direct-kernel", "true");
    XML_EACH(root, node)
        if (xml_is(node, "commandline") || xml_is(node, "override"))
            add_tuning(walk, "command-line", (const char *)node->name);
}

static void
read_device(DomainWalk *walk, const xmlNode *node)
{
    const char *type = xml_attr(node, "type"), *model = xml_child_attr(node, "model", "type");
    if (xml_is(node, "graphics") && g_strcmp0(type, "vnc") != 0)
        add_tuning(walk, "graphics", type ? type : "none");
    else if (xml_is(node, "video") && model)
        add_tuning(walk, "video", model);
    else if (xml_is(node, "disk") && xml_child(node, "serial"))
        add_tuning(walk, "disk-serial", "true");
}

enum { TUNINGS_MAX = 64 };

void
domain_read_tunings(DomainWalk *walk)
{
    read_cpu_mode(walk);
    read_placement(walk);
    read_start(walk);
    XML_EACH(walk->devices, node)
        if (walk->tuning->len < TUNINGS_MAX)
            read_device(walk, node);
}
