/* SPDX-License-Identifier: Apache-2.0
 *
 * VMs given back: unmanaged, so that the hypervisor has them alone again; the guests run on.
 */
#include <string.h>

#include "import_priv.h"
#include "cleanup.h"

/* --- whether it can be ------------------------------------------------------------------------ */

static void
add_reason(GPtrArray *reasons, Arena *arena, const char *text)
{
    g_ptr_array_add(reasons, (gpointer)arena_strdup(arena, text));
}

/* How many items a list call gives; -1: it could not be read. */
static int64_t
count_listed(ImportWork *work, const char *command, const char *list, const char *param)
{
    const CloudStackParam params[] = {{param, work->item->object.value}, {"listall", "true"}};
    g_auto(ListItems) items = list_items_new();
    if (!list_fetch(work->sender.cs, command, params, 2, list, &items, NULL))
        return -1;
    return items.found->len;
}

/* What stands in the way, by the server's own checks; else what will differ from before. */
static bool
foretell(ImportWork *work, GPtrArray *reasons, Bool *ret_is_possible, GError **error)
{
    ReadVm *vm = NULL;
    const PlanInstance *instance = &work->task.item.instance;
    *ret_is_possible = bool_known(true);
    if (!import_read_vm(work, work->item->object.value, &vm, error))
        return false;
    if (!vm) {
        add_reason(reasons, &work->arena, "CloudStack manages it no more: nothing is to be done");
        return true;
    }
    int64_t n_snapshots = count_listed(work, "listVMSnapshot", "vmSnapshot", "virtualmachineid");
    if (n_snapshots < 0) {
        *ret_is_possible = (Bool){0};
        add_reason(reasons, &work->arena, "its VM snapshots could not be read");
    } else if (n_snapshots > 0) {
        *ret_is_possible = bool_known(false);
        add_reason(reasons, &work->arena, "it has VM snapshots in CloudStack: delete them first");
    }
    if (work->has_iso) {
        *ret_is_possible = bool_known(false);
        add_reason(reasons, &work->arena, "an ISO is attached: detach it first");
    }
    if (vm->nic.n != instance->nics.n)
        add_reason(reasons, &work->arena,
            "its NICs were changed in CloudStack since: they stay as they are now");
    if (work->task.item.choice.migrate.n)
        add_reason(reasons, &work->arena, "its volumes stay where they were moved to");
    if (is_true(work->task.item.choice.power.off))
        add_reason(reasons, &work->arena, "it was powered off for the import, and stays off");
    return true;
}

/* --- undoing ---------------------------------------------------------------------------------- */

static void
settle_undo(void *data, JournalItem *item, const JournalStep *step, json_object *result)
{
    (void)result;
    ImportWork *work = data;
    item->note = step->outcome == OUTCOME_OK || step->outcome == OUTCOME_RUNNING
                     ? text_absent()
                     : text_known(arena_printf(&work->arena, "%s %s: %s", step->command.value,
                           journal_outcome_words[step->outcome], step->text.value));
}

/* By reading back, not by the job's word: gone in CloudStack, there at its source. */
static bool
check_undone(ImportWork *work, GError **error)
{
    const ImportSource *source = work->run->source;
    SourceAnswer answer = {.look = SOURCE_LOOK_SAME};
    ReadVm *vm = NULL;
    if (!import_read_vm(work, work->item->object.value, &vm, error))
        return false;
    if (vm)
        return import_settle(work, work->item->state, "undo",
            work->item->note.value ? work->item->note.value : "CloudStack manages it still", error);
    if (source && !source->look(source->data, &work->task, &work->arena, &answer, error))
        return false;
    const char *note = answer.look == SOURCE_LOOK_SAME || answer.look == SOURCE_LOOK_BUSY
                           ? NULL
                           : arena_printf(&work->arena, "given back; at its source: %s",
                                 answer.text ? answer.text : "not as it was");
    work->item->is_made = false;
    return import_settle(work, ITEM_UNDONE, "undo", note, error);
}

/* What an earlier process left open is settled first. */
static bool
settle_open_undo(ImportWork *work, GError **error)
{
    const Sending sending = {.settle = settle_undo, .data = work};
    unsigned unused;
    for (size_t i = work->steps.n; i-- > 0;) {
        JournalStep *step = &work->steps.items[i];
        if (!g_strcmp0(step->purpose.value, "undo"))
            return !send_is_open(step) ||
                   send_settle(&work->sender, &sending, work->item, step, &unused, error);
    }
    return true;
}

static bool
undo_one(ImportWork *work, GError **error)
{
    g_autoptr(GPtrArray) reasons = g_ptr_array_new();
    ReadVm *vm = NULL;
    Bool is_possible;
    JournalStep step;
    if (!settle_open_undo(work, error) || !foretell(work, reasons, &is_possible, error) ||
        !import_read_vm(work, work->item->object.value, &vm, error))
        return false;
    if (!vm)
        return check_undone(work, error);
    if (is_possible.state == FACT_KNOWN && !is_possible.value)
        return import_settle(work, work->item->state, "undo",
            arena_printf(&work->arena, "not given back: %s", (char *)reasons->pdata[0]), error);
    const CloudStackParam params[] = {{"id", work->item->object.value}};
    const Sending sending = {.purpose = "undo",
        .command = "unmanageVirtualMachine",
        .params = params,
        .n = 1,
        .settle = settle_undo,
        .data = work};
    return send_call(&work->sender, &sending, work->item, &step, error) &&
           check_undone(work, error);
}

bool
import_undo(const ImportRun *run, const char *const *names, ImportTally *ret, GError **error)
{
    return import_each(run, names, RUN_UNDOING, undo_one, ret, error);
}

/* --- outlook ---------------------------------------------------------------------------------- */

typedef struct OutlookList {
    Arena *arena;
    GArray *outlooks; /* UndoOutlook */
} OutlookList;

static bool
add_outlook(ImportWork *work, GError **error)
{
    OutlookList *list = work->data;
    g_autoptr(GPtrArray) reasons = g_ptr_array_new();
    UndoOutlook outlook = {.key = text_known(arena_strdup(list->arena, work->item->key.value)),
        .name = text_known(arena_strdup(list->arena, work->item->name.value))};
    if (!foretell(work, reasons, &outlook.is_possible, error))
        return false;
    outlook.reasons.items = arena_new_n(list->arena, const char *, reasons->len);
    outlook.reasons.n = reasons->len;
    outlook.reasons.state = FACT_KNOWN;
    for (guint i = 0; i < reasons->len; i++)
        outlook.reasons.items[i] = arena_strdup(list->arena, reasons->pdata[i]);
    g_array_append_val(list->outlooks, outlook);
    return true;
}

bool
import_undo_outlook(
    const ImportRun *run, const char *const *names, Arena *arena, UndoOutlooks *ret, GError **error)
{
    OutlookList list = {arena, g_array_new(false, true, sizeof(UndoOutlook))};
    bool is_ok = import_look_at_each(run, names, add_outlook, &list, error);
    ret->items = arena_memdup(arena, list.outlooks->data, list.outlooks->len * sizeof(UndoOutlook));
    ret->n = list.outlooks->len;
    ret->state = FACT_KNOWN;
    g_array_unref(list.outlooks);
    return is_ok;
}
