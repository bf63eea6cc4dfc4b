/* SPDX-License-Identifier: Apache-2.0
 *
 * A VM looked at again where it runs, and its guest shut down.
 */
#include <string.h>

#include "import_document.h"

enum { LOOK_TIMEOUT_MS = 120 * 1000 };

/* --- what changed ----------------------------------------------------------------------------- */

static void
add_text(GString *out, const char *about, Text was, Text is)
{
    if (was.state != FACT_UNKNOWN && g_strcmp0(was.value, is.value) != 0)
        g_string_append_printf(out, "%s%s is '%s', was '%s'", out->len ? "; " : "", about,
            is.value ? is.value : "not known", was.value ? was.value : "none");
}

static void
add_number(GString *out, const char *about, Int was, Int is)
{
    if (was.state != FACT_UNKNOWN && (was.state != is.state || was.value != is.value))
        g_string_append_printf(out, "%s%s is %" G_GINT64_FORMAT ", was %" G_GINT64_FORMAT,
            out->len ? "; " : "", about, is.value, was.value);
}

static void
add_power(GString *out, PowerState was, PowerState is)
{
    if (was != is)
        g_string_append_printf(out, "%spower is %s, was %s", out->len ? "; " : "",
            power_words[is] ? power_words[is] : "unknown",
            power_words[was] ? power_words[was] : "unknown");
}

static const Disk *
find_disk(const InstanceView *view, const char *id)
{
    for (size_t i = 0; i < view->disks.n; i++)
        if (!g_strcmp0(view->disks.items[i].id.value, id))
            return &view->disks.items[i];
    return NULL;
}

static const Nic *
find_nic(const InstanceView *view, const char *id)
{
    for (size_t i = 0; i < view->nics.n; i++)
        if (!g_strcmp0(view->nics.items[i].id.value, id))
            return &view->nics.items[i];
    return NULL;
}

static void
add_disks(GString *out, const PlanInstance *planned, const InstanceView *view)
{
    if (planned->disks.n != view->disks.n)
        g_string_append_printf(
            out, "%s%zu disks, were %zu", out->len ? "; " : "", view->disks.n, planned->disks.n);
    for (size_t i = 0; i < planned->disks.n; i++) {
        const PlanDisk *was = &planned->disks.items[i];
        const Disk *is = find_disk(view, was->id.value);
        g_autofree char *about = g_strdup_printf("disk %s", was->id.value);
        g_autofree char *size = g_strconcat(about, "'s size", NULL);
        if (!is) {
            g_string_append_printf(out, "%s%s is gone", out->len ? "; " : "", about);
            continue;
        }
        add_text(out, about, was->path, is->path);
        add_number(out, size, was->capacity_bytes, is->capacity_bytes);
    }
}

static void
add_nics(GString *out, const PlanInstance *planned, const InstanceView *view)
{
    if (planned->nics.n != view->nics.n)
        g_string_append_printf(
            out, "%s%zu NICs, were %zu", out->len ? "; " : "", view->nics.n, planned->nics.n);
    for (size_t i = 0; i < planned->nics.n; i++) {
        const PlanNic *was = &planned->nics.items[i];
        const Nic *is = find_nic(view, was->id.value);
        g_autofree char *mac = g_strdup_printf("the MAC of NIC '%s'", was->id.value);
        g_autofree char *vlan = g_strdup_printf("the VLAN of NIC '%s'", was->id.value);
        if (!is) {
            g_string_append_printf(out, "%sNIC '%s' is gone", out->len ? "; " : "", was->id.value);
            continue;
        }
        add_text(out, mac, was->mac, is->mac);
        add_number(out, vlan, was->vlan.id, is->vlan.id);
    }
}

const char *
import_describe_change(const PlanInstance *planned, const InstanceView *view, Arena *arena)
{
    g_autoptr(GString) out = g_string_new(NULL);
    add_text(out, "its name", planned->name, view->name);
    add_power(out, planned->power, view->power);
    add_number(out, "CPUs", planned->cpus, view->cpus);
    add_number(out, "memory in bytes", planned->memory_bytes, view->memory_bytes);
    add_disks(out, planned, view);
    add_nics(out, planned, view);
    return out->len ? arena_strdup(arena, out->str) : NULL;
}

/* --- looking ---------------------------------------------------------------------------------- */

/* What runs on it, or NULL. */
static const char *
busy_text(const InstanceView *view, Arena *arena)
{
    if (view->tasks.n)
        return arena_printf(arena, "task %s", view->tasks.items[0]);
    if (view->question.value)
        return arena_printf(arena, "it waits for an answer: %s", view->question.value);
    return NULL;
}

/* A VM that is to be powered off may be off already. */
static InstanceView
as_planned(const InstanceView *view, const PlanItem *item)
{
    InstanceView copy = *view;
    if (is_true(item->choice.power.off) && view->power == POWER_OFF)
        copy.power = item->instance.power;
    return copy;
}

static void
judge(SourceAccess *access, const ImportTask *task, const InstanceView *view, Arena *arena,
    SourceAnswer *ret)
{
    const InstanceView before = {.booted_at = task->booted_at, .start_id = task->start_id};
    InstanceView planned = as_planned(view, &task->item);
    g_autofree char *facts = access->facts(&planned, NULL);
    const char *busy = busy_text(view, arena);
    bool is_same = !task->facts.value || !g_strcmp0(task->facts.value, facts);
    const char *change =
        is_same ? NULL : import_describe_change(&task->item.instance, &planned, arena);
    ret->look = !is_same ? SOURCE_LOOK_CHANGED : busy ? SOURCE_LOOK_BUSY : SOURCE_LOOK_SAME;
    ret->text = !is_same ? (change ? change : "other facts that the verdict used") : busy;
    ret->is_off = view->power == POWER_OFF;
    ret->has_restarted = instance_has_restarted(&before, view);
}

static bool
look(void *data, const ImportTask *task, Arena *arena, SourceAnswer *ret, GError **error)
{
    SourceAccess *access = data;
    const char *ids[] = {task->item.instance.id.value};
    const SourceQuery query = {.source = task->item.instance.source.value,
        .ids = ids,
        .n_ids = 1,
        .limits = {.timeout_ms = LOOK_TIMEOUT_MS}};
    g_autoptr(GError) why = NULL;
    g_autoptr(SourceReading) reading = access->read(access, &query, &why);
    *ret = (SourceAnswer){.look = SOURCE_LOOK_UNKNOWN};
    if (g_error_matches(why, INGEST_ERROR, INGEST_ERROR_CANCELLED)) {
        g_propagate_error(error, g_steal_pointer(&why));
        return false;
    }
    if (!reading) {
        ret->text = arena_strdup(arena, why->message);
        return true;
    }
    const InstanceReading *found = &reading->instances[0];
    /* What could not be read now may be what could not be read before. */
    if (found->view && found->presence != PRESENCE_GONE)
        judge(access, task, found->view, arena, ret);
    else if (found->presence == PRESENCE_GONE)
        ret->look = SOURCE_LOOK_GONE;
    if (ret->look == SOURCE_LOOK_CHANGED && found->presence == PRESENCE_UNREADABLE)
        ret->look = SOURCE_LOOK_UNKNOWN;
    if (ret->look == SOURCE_LOOK_UNKNOWN && found->why)
        ret->text = arena_strdup(arena, found->why);
    return true;
}

static bool
shut_down(void *data, const ImportTask *task, unsigned deadline_s, GError **error)
{
    SourceAccess *access = data;
    const SourceLimits limits = {.timeout_ms = (int64_t)deadline_s * 1000};
    return shutdown_is_off(access->shutdown_guest(
        access, task->item.instance.source.value, task->item.instance.id.value, &limits, error));
}

ImportSource
import_source_new(SourceAccess *access)
{
    return (ImportSource){.data = access, .look = look, .shut_down = shut_down};
}
