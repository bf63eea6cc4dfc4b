/* SPDX-License-Identifier: Apache-2.0
 *
 * What comes after the import: volumes moved to the pools and offerings where they belong, further
 * addresses added. Each thing is read back; what is there already is not asked for again.
 */
#include <string.h>

#include "import_priv.h"
#include "cleanup.h"

enum {
    TRIES_MAX = 5,
    PUT_OFF_MS = 3000,
    PUT_OFF_MAX = 200,
    LOGIN_AGAIN_MS = 500,
    REFUSED_LOGINS_MAX = 3,
};

/* --- one call --------------------------------------------------------------------------------- */

static void
settle_nothing(void *data, JournalItem *item, const JournalStep *step, json_object *result)
{
    (void)data, (void)item, (void)step, (void)result;
}

/* The last step of this purpose about this thing, if what became of it is not known; else NULL. */
static const JournalStep *
find_open(const ImportWork *work, const char *purpose, const char *subject)
{
    for (size_t i = work->steps.n; i-- > 0;) {
        const JournalStep *step = &work->steps.items[i];
        if (!g_strcmp0(step->purpose.value, purpose) && !g_strcmp0(step->subject.value, subject))
            return send_is_open(step) ? step : NULL;
    }
    return NULL;
}

/* One writing call until what became of it is known. */
typedef struct Try {
    JournalStep step; /* the last one; no outcome: none was sent yet */
    const char *job;  /* of one whose answer was lost: the next one has the same id, so that the
                         server takes only one of the two */
} Try;

/* Waits for the end of what an earlier process, or a lost answer, left open. */
static bool
settle_open(ImportWork *work, Try *try, GError **error)
{
    const Sending sending = {.settle = settle_nothing};
    unsigned unused;
    if (!send_settle(&work->sender, &sending, work->item, &try->step, &unused, error))
        return false;
    try->job = try->step.outcome == OUTCOME_LOST ? try->step.job.value : NULL;
    return true;
}

/* The job of this id was taken before: its end is all that is waited for. */
static bool
await_duplicate(ImportWork *work, Try *try, GError **error)
{
    g_autoptr(JsonObject) job = NULL;
    if (!jobs_wait(work->sender.jobs, try->step.job.value, &job, error))
        return false;
    *try = (Try){0};
    return true;
}

/* Sends, again where the server puts it off; a login that is refused again and again is an error.
 */
static bool
send_until_taken(ImportWork *work, const Sending *sending, JournalStep *step, GError **error)
{
    for (unsigned n_logins = 0, n = 0; n < PUT_OFF_MAX; n++) {
        if (!send_call(&work->sender, sending, work->item, step, error))
            return false;
        n_logins = send_is_login_refused(step) ? n_logins + 1 : 0;
        if (!n_logins && !send_is_put_off(step))
            return true;
        if (n_logins == REFUSED_LOGINS_MAX) {
            g_set_error(error, INGEST_ERROR, INGEST_ERROR_AUTH, "%s: %s", step->command.value,
                step->text.value);
            return false;
        }
        if (!send_pause(work->run->is_abandoned, n_logins ? LOGIN_AGAIN_MS : PUT_OFF_MS, error))
            return false;
    }
    return true;
}

/* Sends, and finds out what became of it. A refusal and a failure are outcomes. */
static bool
send_settled(ImportWork *work, Sending sending, Try *try, GError **error)
{
    sending.job = try->job;
    sending.settle = settle_nothing;
    if (!send_until_taken(work, &sending, &try->step, error))
        return false;
    if (send_is_duplicate(&try->step))
        return await_duplicate(work, try, error);
    try->job = NULL;
    return try->step.outcome != OUTCOME_LOST || settle_open(work, try, error);
}

/* Takes up what the last process left open. */
static bool
take_up(ImportWork *work, const char *purpose, const char *subject, Try *try, GError **error)
{
    const JournalStep *open = find_open(work, purpose, subject);
    *try = (Try){0};
    if (!open)
        return true;
    try->step = *open;
    return settle_open(work, try, error);
}

static const char *
failure_text(ImportWork *work, const JournalStep *step)
{
    return arena_printf(&work->arena, "%s %s: %" G_GINT64_FORMAT " %s", step->command.value,
        journal_outcome_words[step->outcome], step->code.value,
        step->text.value ? step->text.value : "without a text");
}

/* --- volumes ---------------------------------------------------------------------------------- */

static bool
is_where_it_belongs(const ReadVolume *volume, const MigrateChoice *wanted)
{
    return !g_strcmp0(volume->storageid.value, wanted->storageid.value) &&
           (!wanted->diskofferingid.value ||
               !g_strcmp0(volume->diskofferingid.value, wanted->diskofferingid.value));
}

static const char *
pool_name(const ImportWork *work, const MigrateChoice *move)
{
    const PlanItem *item = &work->task.item;
    for (size_t i = 0; i < item->moves.n; i++)
        if (!g_strcmp0(item->moves.items[i].disk.value, move->disk.value))
            return item->moves.items[i].to_pool.value;
    return move->storageid.value;
}

static bool
try_move(
    ImportWork *work, const MigrateChoice *move, const ReadVolume *volume, Try *try, GError **error)
{
    ReadVm *vm = NULL;
    if (!import_read_vm(work, work->item->object.value, &vm, error))
        return false;
    bool is_running = vm && !g_strcmp0(vm->state.value, "Running");
    const CloudStackParam params[] = {{"volumeid", volume->id.value},
        {"storageid", move->storageid.value}, {"newdiskofferingid", move->diskofferingid.value},
        {"livemigrate", is_running ? "true" : NULL}};
    const Sending sending = {.purpose = "move",
        .subject = move->disk.value,
        .command = "migrateVolume",
        .params = params,
        .n = G_N_ELEMENTS(params)};
    const char *to = pool_name(work, move);
    if (!import_take_move(work, volume->storage.value, to, error))
        return false;
    bool is_ok = send_settled(work, sending, try, error);
    import_put_move(work, volume->storage.value, to);
    return is_ok;
}

/* The volume of a disk as it is now; NULL: @ret_why. */
static bool
read_volume(ImportWork *work, const char *disk, const ReadVolume **ret, const char **ret_why,
    GError **error)
{
    ReadVolumes volumes;
    *ret = NULL;
    if (!import_read_volumes(work, work->item->object.value, &volumes, error))
        return false;
    *ret = import_find_volume(work, &volumes, disk, ret_why);
    return true;
}

/* @ret_why: NULL: it is where it belongs now. Not by the job's word: by reading it back. */
static bool
move_one(ImportWork *work, const MigrateChoice *move, const char **ret_why, GError **error)
{
    Try try;
    if (!take_up(work, "move", move->disk.value, &try, error))
        return false;
    for (int i = 0; i < TRIES_MAX; i++) {
        const ReadVolume *volume = NULL;
        if (!read_volume(work, move->disk.value, &volume, ret_why, error))
            return false;
        if (!volume || is_where_it_belongs(volume, move))
            return !volume || import_note_read(work, "verify", "listVolumes", move->disk.value,
                                  "it is where it belongs", error);
        if (try.step.outcome == OUTCOME_OK)
            *ret_why = "the job says that it was moved, but it is not on the pool, or not of the "
                       "offering, that was asked for";
        else if (try.step.outcome == OUTCOME_REFUSED || try.step.outcome == OUTCOME_FAILED)
            *ret_why = failure_text(work, &try.step);
        if (*ret_why)
            return true;
        if (!try_move(work, move, volume, &try, error))
            return false;
    }
    *ret_why = "the answers were lost again and again, and it has not moved";
    return true;
}

/* "; Hard disk 1 is on 'vmfs1' with 'gold'": where each disk is now. */
static bool
describe_places(ImportWork *work, GString *text, GError **error)
{
    const Choice *choice = &work->task.item.choice;
    ReadVolumes volumes;
    if (!import_read_volumes(work, work->item->object.value, &volumes, error))
        return false;
    for (size_t i = 0; i < choice->migrate.n; i++) {
        const char *disk = choice->migrate.items[i].disk.value, *why = NULL;
        const ReadVolume *volume = import_find_volume(work, &volumes, disk, &why);
        if (volume)
            g_string_append_printf(text, "; disk %s is on '%s' with '%s'", disk,
                volume->storage.value,
                volume->diskofferingname.value      ? volume->diskofferingname.value
                : volume->serviceofferingname.value ? volume->serviceofferingname.value
                                                    : "no offering");
        else
            g_string_append_printf(text, "; disk %s: %s", disk, why);
    }
    return true;
}

static bool
fail_moves(ImportWork *work, GString *failures, GError **error)
{
    if (!describe_places(work, failures, error))
        return false;
    return import_settle(
        work, ITEM_FAILED, "migrate", arena_strdup(&work->arena, failures->str), error);
}

bool
import_move_volumes(ImportWork *work, bool *ret_is_done, GError **error)
{
    const Choice *choice = &work->task.item.choice;
    g_autoptr(GString) failures = g_string_new("");
    *ret_is_done = false;
    for (size_t i = 0; i < choice->migrate.n; i++) {
        const MigrateChoice *move = &choice->migrate.items[i];
        const char *why = NULL, *note = arena_printf(&work->arena, "volume %zu of %zu", i + 1,
                                    (size_t)choice->migrate.n);
        if (import_is_stopped(work))
            return true;
        if (!import_settle(work, ITEM_MIGRATING, "migrate", note, error) ||
            !move_one(work, move, &why, error))
            return false;
        if (why)
            g_string_append_printf(failures, "%s%s (disk %s): %s", failures->len ? "; " : "", note,
                move->disk.value, why);
    }
    *ret_is_done = !failures->len;
    return *ret_is_done || fail_moves(work, failures, error);
}

/* --- addresses -------------------------------------------------------------------------------- */

/* The NIC of the record that has the MAC of the plan's; NULL: none. */
static const ReadNic *
find_nic(const ImportWork *work, const ReadVm *vm, const char *nic)
{
    const PlanInstance *instance = &work->task.item.instance;
    for (size_t i = 0; i < instance->nics.n; i++)
        for (size_t j = 0; !g_strcmp0(instance->nics.items[i].id.value, nic) && j < vm->nic.n; j++)
            if (vm->nic.items[j].macaddress.value && instance->nics.items[i].mac.value &&
                !g_ascii_strcasecmp(
                    vm->nic.items[j].macaddress.value, instance->nics.items[i].mac.value))
                return &vm->nic.items[j];
    return NULL;
}

static bool
has_ip(const ReadNic *nic, const char *ip)
{
    for (size_t i = 0; i < nic->secondaryip.n; i++)
        if (!g_strcmp0(nic->secondaryip.items[i].ipaddress.value, ip))
            return true;
    return !g_strcmp0(nic->ipaddress.value, ip);
}

/* @ret_why: NULL: it is there now. */
static bool
add_ip(ImportWork *work, const IpChoice *choice, const char **ret_why, GError **error)
{
    Try try;
    if (!take_up(work, "address", choice->ip.value, &try, error))
        return false;
    for (int i = 0; i < TRIES_MAX; i++) {
        ReadVm *vm = NULL;
        if (!import_read_vm(work, work->item->object.value, &vm, error))
            return false;
        const ReadNic *nic = vm ? find_nic(work, vm, choice->nic.value) : NULL;
        if (nic && has_ip(nic, choice->ip.value))
            return true;
        if (!nic)
            *ret_why = "the VM has no such NIC";
        else if (try.step.outcome == OUTCOME_OK)
            *ret_why = "added, but not read back";
        else if (try.step.outcome == OUTCOME_REFUSED || try.step.outcome == OUTCOME_FAILED)
            *ret_why = failure_text(work, &try.step);
        if (*ret_why)
            return true;
        const CloudStackParam params[] = {
            {"nicid", nic->id.value}, {"ipaddress", choice->ip.value}};
        const Sending sending = {.purpose = "address",
            .subject = choice->ip.value,
            .command = "addIpToNic",
            .params = params,
            .n = G_N_ELEMENTS(params)};
        if (!send_settled(work, sending, &try, error))
            return false;
    }
    *ret_why = "the answers were lost again and again, and it is not there";
    return true;
}

bool
import_add_ips(ImportWork *work, bool *ret_is_done, GError **error)
{
    const Choice *choice = &work->task.item.choice;
    for (size_t i = 0; i < choice->ips.n; i++) {
        const IpChoice *ip = &choice->ips.items[i];
        const char *why = NULL;
        if (!add_ip(work, ip, &why, error))
            return false;
        *ret_is_done = !why;
        if (why)
            return import_settle(work, ITEM_FAILED, "address",
                arena_printf(&work->arena, "address %s of NIC '%s': %s; the VM is imported",
                    ip->ip.value, ip->nic.value, why),
                error);
    }
    *ret_is_done = true;
    return true;
}
