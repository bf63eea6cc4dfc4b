/* SPDX-License-Identifier: Apache-2.0
 *
 * How the definition of a running domain differs from what runs: changes that its next start would
 * bring. Only what both forms of the XML tell alike: a definition lacks backing chains, loaders and
 * the bridges of networks.
 */
#include "libvirt_priv.h"

#include <inttypes.h>

enum {
    DIFFERENCES_MAX = 16, /* as many are named */
};

typedef struct Differences {
    GString *text;
    size_t n;
} Differences;

G_GNUC_PRINTF(2, 3)
static void
differ(Differences *differences, const char *format, ...)
{
    if (differences->n++ >= DIFFERENCES_MAX)
        return;
    va_list args;
    va_start(args, format);
    if (differences->text->len)
        g_string_append(differences->text, "; ");
    g_string_append_vprintf(differences->text, format, args);
    va_end(args);
}

static const char *
or_none(const char *text)
{
    return text ? text : "none";
}

static bool
is_same_text(const Text *a, const Text *b)
{
    return g_strcmp0(a->value, b->value) == 0;
}

/* --- size ------------------------------------------------------------------------------------- */

static void
compare_sizes(const InstanceView *live, const InstanceView *defined, Differences *differences)
{
    if (live->cpus.state == FACT_KNOWN && defined->cpus.state == FACT_KNOWN &&
        live->cpus.value != defined->cpus.value)
        differ(differences, "vCPUs %" PRId64 ", defined %" PRId64, live->cpus.value,
            defined->cpus.value);
    if (live->memory_bytes.state == FACT_KNOWN && defined->memory_bytes.state == FACT_KNOWN &&
        live->memory_bytes.value != defined->memory_bytes.value)
        differ(differences, "memory %" PRId64 " MiB, defined %" PRId64 " MiB",
            live->memory_bytes.value >> 20, defined->memory_bytes.value >> 20);
    if (live->firmware != FIRMWARE_UNKNOWN && defined->firmware != FIRMWARE_UNKNOWN &&
        live->firmware != defined->firmware)
        differ(differences, "firmware %s, defined %s", firmware_words[live->firmware],
            firmware_words[defined->firmware]);
}

/* --- disks ------------------------------------------------------------------------------------ */

static const Disk *
find_disk(const InstanceView *view, const Text *key)
{
    for (size_t i = 0; i < view->disks.n; i++)
        if (is_same_text(&view->disks.items[i].key, key))
            return &view->disks.items[i];
    return NULL;
}

static void
compare_disks(const InstanceView *live, const InstanceView *defined, Differences *differences)
{
    for (size_t i = 0; i < live->disks.n; i++) {
        const Disk *disk = &live->disks.items[i], *other = find_disk(defined, &disk->key);
        const char *key = or_none(disk->key.value);
        if (!other)
            differ(differences, "disk '%s' is not defined", key);
        else if (!is_same_text(&disk->path, &other->path))
            differ(differences, "disk '%s' on '%s', defined on '%s'", key,
                or_none(disk->path.value), or_none(other->path.value));
        else if (!is_same_text(&disk->format, &other->format))
            differ(differences, "disk '%s' is %s, defined as %s", key, or_none(disk->format.value),
                or_none(other->format.value));
    }
    for (size_t i = 0; i < defined->disks.n; i++)
        if (!find_disk(live, &defined->disks.items[i].key))
            differ(differences, "disk '%s' is defined, but not attached",
                or_none(defined->disks.items[i].key.value));
}

/* --- NICs ------------------------------------------------------------------------------------- */

static bool
is_same_vlan(const NicSource *a, const NicSource *b)
{
    if (a->has_vlan != b->has_vlan)
        return false;
    if (!a->has_vlan)
        return true;
    if (a->vlan.kind != b->vlan.kind || a->vlan.id.value != b->vlan.id.value ||
        a->vlan.ranges.n != b->vlan.ranges.n)
        return false;
    for (size_t i = 0; i < a->vlan.ranges.n; i++)
        if (a->vlan.ranges.items[i].start.value != b->vlan.ranges.items[i].start.value ||
            a->vlan.ranges.items[i].end.value != b->vlan.ranges.items[i].end.value)
            return false;
    return true;
}

/* What a NIC of a running domain got from its network stands beside it: bridge, group, VLAN. */
static void
compare_nic(
    const DomainXml *live, size_t i, const DomainXml *defined, size_t k, Differences *differences)
{
    const Nic *nic = &live->view.nics.items[i], *other = &defined->view.nics.items[k];
    const NicSource *from = &live->nics[i], *to = &defined->nics[k];
    const char *mac = or_none(nic->mac.value);
    bool is_moved = g_strcmp0(from->network, to->network) != 0;
    if (to->network)
        is_moved |= to->portgroup && g_strcmp0(from->portgroup, to->portgroup) != 0;
    else
        is_moved |= g_strcmp0(from->bridge, to->bridge) != 0 || g_strcmp0(from->dev, to->dev) != 0;
    if (is_moved)
        differ(differences, "NIC %s on '%s', defined on '%s'", mac, or_none(nic->network.value),
            or_none(other->network.value));
    else if (!to->network && !is_same_vlan(from, to))
        differ(differences, "NIC %s has another <vlan> than defined", mac);
    if (!is_same_text(&nic->adapter, &other->adapter))
        differ(differences, "NIC %s is %s, defined as %s", mac, or_none(nic->adapter.value),
            or_none(other->adapter.value));
}

static void
compare_nics(const DomainXml *live, const DomainXml *defined, Differences *differences)
{
    const InstanceView *view = &defined->view;
    g_autofree bool *is_taken = g_new0(bool, view->nics.n + 1); /* a MAC may come twice */
    for (size_t i = 0; i < live->view.nics.n; i++) {
        const Nic *nic = &live->view.nics.items[i];
        size_t k = 0;
        while (
            k < view->nics.n && (is_taken[k] || !is_same_text(&view->nics.items[k].mac, &nic->mac)))
            k++;
        if (k == view->nics.n) {
            differ(differences, "NIC %s is not defined", or_none(nic->mac.value));
            continue;
        }
        is_taken[k] = true;
        compare_nic(live, i, defined, k, differences);
    }
    for (size_t k = 0; k < view->nics.n; k++)
        if (!is_taken[k])
            differ(differences, "NIC %s is defined, but not attached",
                or_none(view->nics.items[k].mac.value));
}

const char *
domain_pending_changes(const DomainXml *live, const DomainXml *defined, Arena *arena)
{
    g_autoptr(GString) text = g_string_new(NULL);
    Differences differences = {.text = text};
    compare_sizes(&live->view, &defined->view, &differences);
    compare_disks(&live->view, &defined->view, &differences);
    compare_nics(live, defined, &differences);
    if (differences.n > DIFFERENCES_MAX)
        g_string_append_printf(text, "; and %zu more", differences.n - DIFFERENCES_MAX);
    return differences.n ? arena_strdup(arena, text->str) : NULL;
}
