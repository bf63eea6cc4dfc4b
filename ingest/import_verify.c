/* SPDX-License-Identifier: Apache-2.0
 *
 * An imported VM read back and held against its plan and its source, fact by fact.
 */
#include <string.h>
#include <time.h>

#include "import_priv.h"
#include "utc_text.h"
#include "cleanup.h"

const char *const verify_words[VERIFY_N] = {
    [VERIFY_SAME] = "same",
    [VERIFY_DIFFERS] = "differs",
    [VERIFY_NOTED] = "noted",
};

static const Field row_fields[] = {
    F_TEXT(VerifyRow, about),
    F_TEXT(VerifyRow, expected),
    F_TEXT(VerifyRow, found),
    F_ENUM(VerifyRow, result, verify_words),
    F_TEXT(VerifyRow, note),
};
static const RecordType row_type = RECORD_TYPE(VerifyRow, row_fields);

/* What is compared, and what came of it. */
typedef struct Comparison {
    ImportWork *work;
    const ReadVm *vm;
    const ReadVolumes *volumes;
    GArray *rows; /* VerifyRow */
} Comparison;

/* --- rows ------------------------------------------------------------------------------------- */

static void
add_row(Comparison *all, const char *about, const char *expected, const char *found,
    VerifyResult result, const char *note)
{
    const VerifyRow row = {.about = text_known(arena_strdup(&all->work->arena, about)),
        .expected = text_known(expected),
        .found = text_known(found),
        .result = result,
        .note = text_known(note)};
    g_array_append_val(all->rows, row);
}

/* Nothing is expected: no row. Nothing was read: unknown, or as @if_missing says. */
static void
compare_text(Comparison *all, const char *about, Text expected, Text found)
{
    if (expected.state != FACT_KNOWN)
        return;
    bool is_same = !g_strcmp0(expected.value, found.value);
    add_row(all, about, expected.value, found.value,
        is_same                       ? VERIFY_SAME
        : found.state == FACT_UNKNOWN ? VERIFY_UNKNOWN
                                      : VERIFY_DIFFERS,
        found.state == FACT_UNKNOWN ? "CloudStack does not tell it" : NULL);
}

static const char *
number_text(Comparison *all, int64_t number)
{
    return arena_printf(&all->work->arena, "%" G_GINT64_FORMAT, number);
}

static void
compare_count(Comparison *all, const char *about, size_t expected, size_t found)
{
    add_row(all, about, number_text(all, (int64_t)expected), number_text(all, (int64_t)found),
        expected == found ? VERIFY_SAME : VERIFY_DIFFERS, NULL);
}

G_GNUC_PRINTF(2, 3)
static const char *
about(Comparison *all, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    return arena_strdup(&all->work->arena, text);
}

/* --- the VM ----------------------------------------------------------------------------------- */

static void
compare_state(Comparison *all)
{
    const PlanItem *item = &all->work->task.item;
    bool is_off = item->instance.power == POWER_OFF || is_true(item->choice.power.off);
    bool is_known = is_off || item->instance.power == POWER_ON;
    const char *expected = is_off ? "Stopped" : is_known ? "Running" : NULL;
    const char *found = all->vm->state.value;
    if (is_known)
        compare_text(all, "state", text_known(expected), all->vm->state);
    else
        add_row(all, "state", NULL, found, VERIFY_NOTED,
            "a VM that is neither on nor off is recorded as Stopped");
}

/* Sizes of custom offerings are the hypervisor's, whatever was sent. */
static bool
is_overwritten(const char *key)
{
    static const char *const keys[] = {"cpuNumber", "memory", "cpuSpeed", NULL};
    return key && g_strv_contains(keys, key);
}

static void
compare_details(Comparison *all)
{
    const Choice *choice = &all->work->task.item.choice;
    for (size_t i = 0; i < choice->details.n; i++) {
        const DetailChoice *detail = &choice->details.items[i];
        Text found = {.state = FACT_ABSENT};
        for (size_t k = 0; k < all->vm->details.n; k++)
            if (!g_strcmp0(all->vm->details.items[k].key.value, detail->key.value))
                found = all->vm->details.items[k].value;
        const char *name = about(all, "details.%s", detail->key.value);
        if (is_overwritten(detail->key.value) && g_strcmp0(found.value, detail->value.value) != 0)
            add_row(all, name, detail->value.value, found.value, VERIFY_NOTED,
                "CloudStack records the hypervisor's value, or the offering's");
        else
            compare_text(all, name, detail->value, found);
    }
}

static void
compare_vm(Comparison *all)
{
    const Choice *choice = &all->work->task.item.choice;
    compare_text(all, "instancename", choice->name, all->vm->instancename);
    compare_text(all, "hostname", choice->hostname, all->vm->name);
    compare_text(all, "displayname", choice->displayname, all->vm->displayname);
    compare_text(all, "account", choice->account, all->vm->account);
    compare_text(all, "domainid", choice->domainid, all->vm->domainid);
    compare_text(all, "projectid", choice->projectid, all->vm->projectid);
    compare_text(all, "serviceofferingid", choice->serviceofferingid, all->vm->serviceofferingid);
    compare_text(all, "templateid", choice->templateid, all->vm->templateid);
    compare_state(all);
    compare_details(all);
}

/* --- NICs ------------------------------------------------------------------------------------- */

static const ReadNic *
nic_by_mac(const ReadVm *vm, const char *mac)
{
    for (size_t i = 0; mac && i < vm->nic.n; i++)
        if (vm->nic.items[i].macaddress.value &&
            !g_ascii_strcasecmp(vm->nic.items[i].macaddress.value, mac))
            return &vm->nic.items[i];
    return NULL;
}

static const ReadNic *
nic_by_place(Comparison *all, size_t at)
{
    const char *place = number_text(all, (int64_t)at);
    for (size_t i = 0; i < all->vm->nic.n; i++)
        if (!g_strcmp0(all->vm->nic.items[i].deviceid.value, place))
            return &all->vm->nic.items[i];
    return NULL;
}

static const NicChoice *
choice_of_nic(const Choice *choice, const char *nic)
{
    for (size_t i = 0; i < choice->nics.n; i++)
        if (!g_strcmp0(choice->nics.items[i].nic.value, nic))
            return &choice->nics.items[i];
    return NULL;
}

/* The network's own VLAN is what the guest's frames need; the server compares it on VMware only. */
static void
compare_vlan(Comparison *all, const PlanNic *planned, const ReadNic *nic)
{
    if (planned->vlan.kind != VLAN_ID || planned->vlan.id.state != FACT_KNOWN)
        return;
    const char *expected =
        arena_printf(&all->work->arena, "vlan://%" G_GINT64_FORMAT, planned->vlan.id.value);
    const char *name = about(all, "nics[%s].vlan", planned->id.value);
    bool is_isolated = !g_strcmp0(nic->type.value, "Isolated");
    if (is_isolated && g_strcmp0(nic->broadcasturi.value, expected) != 0)
        add_row(all, name, expected, nic->broadcasturi.value, VERIFY_NOTED,
            "an isolated network has a VLAN of its own once it is implemented");
    else
        compare_text(all, name, text_known(expected), nic->broadcasturi);
}

static void
compare_address(Comparison *all, const char *id, Text expected, const ReadNic *nic)
{
    const char *name = about(all, "nics[%s].ip4", id);
    if (!g_strcmp0(expected.value, "auto"))
        add_row(all, name, "auto", nic->ipaddress.value,
            nic->ipaddress.value ? VERIFY_NOTED : VERIFY_DIFFERS, "chosen by CloudStack");
    else if (!g_strcmp0(nic->type.value, "L2") && !nic->ipaddress.value)
        return;
    else
        compare_text(all, name, expected, nic->ipaddress);
}

static void
compare_nic(Comparison *all, const PlanNic *planned, size_t at)
{
    const Choice *choice = &all->work->task.item.choice;
    const NicChoice *chosen = choice_of_nic(choice, planned->id.value);
    const ReadNic *by_mac = nic_by_mac(all->vm, planned->mac.value), *nic = by_mac;
    const char *id = planned->id.value;
    if (!nic)
        nic = nic_by_place(all, at);
    bool is_new = !by_mac && is_true(choice->forced);
    add_row(all, about(all, "nics[%s].mac", id), planned->mac.value,
        nic ? nic->macaddress.value : NULL,
        by_mac   ? VERIFY_SAME
        : is_new ? VERIFY_NOTED
                 : VERIFY_DIFFERS,
        is_new ? "forced: the record has a new MAC, which the guest gets at its next start" : NULL);
    if (!nic)
        return;
    compare_text(all, about(all, "nics[%s].place", id), text_known(number_text(all, (int64_t)at)),
        nic->deviceid);
    compare_vlan(all, planned, nic);
    if (!chosen)
        return;
    compare_text(all, about(all, "nics[%s].networkid", id), chosen->networkid, nic->networkid);
    compare_address(all, id, chosen->ip4, nic);
}

static void
compare_nics(Comparison *all)
{
    const PlanItem *item = &all->work->task.item;
    compare_count(all, "nics", item->instance.nics.n, all->vm->nic.n);
    for (size_t i = 0; i < item->instance.nics.n; i++)
        compare_nic(all, &item->instance.nics.items[i], i);
    for (size_t i = 0; i < item->choice.ips.n; i++) {
        const IpChoice *ip = &item->choice.ips.items[i];
        bool is_there = false;
        for (size_t k = 0; k < all->vm->nic.n; k++)
            for (size_t j = 0; j < all->vm->nic.items[k].secondaryip.n; j++)
                is_there |= !g_strcmp0(
                    all->vm->nic.items[k].secondaryip.items[j].ipaddress.value, ip->ip.value);
        add_row(all, about(all, "nics[%s].ips", ip->nic.value), ip->ip.value,
            is_there ? ip->ip.value : NULL, is_there ? VERIFY_SAME : VERIFY_DIFFERS, NULL);
    }
}

/* --- volumes ---------------------------------------------------------------------------------- */

static const MigrateChoice *
move_of_disk(const Choice *choice, const char *disk)
{
    for (size_t i = 0; i < choice->migrate.n; i++)
        if (!g_strcmp0(choice->migrate.items[i].disk.value, disk))
            return &choice->migrate.items[i];
    return NULL;
}

static Text
offering_of_disk(const Choice *choice, const char *disk)
{
    const MigrateChoice *move = move_of_disk(choice, disk);
    if (move && move->diskofferingid.value)
        return move->diskofferingid;
    for (size_t i = 0; i < choice->disks.n; i++)
        if (!g_strcmp0(choice->disks.items[i].disk.value, disk))
            return choice->disks.items[i].diskofferingid;
    return (Text){0};
}

static void
compare_volume(Comparison *all, const PlanDisk *planned)
{
    const Choice *choice = &all->work->task.item.choice;
    const char *id = planned->id.value, *why = NULL;
    const ReadVolume *volume = import_find_volume(all->work, all->volumes, id, &why);
    const MigrateChoice *move = move_of_disk(choice, id);
    if (!volume) {
        add_row(all, about(all, "disks[%s]", id), planned->label.value, NULL, VERIFY_DIFFERS, why);
        return;
    }
    compare_text(all, about(all, "disks[%s].state", id), text_known("Ready"), volume->state);
    if (planned->capacity_bytes.state == FACT_KNOWN && planned->capacity_bytes.value)
        compare_text(all, about(all, "disks[%s].size", id),
            text_known(number_text(all, planned->capacity_bytes.value)),
            volume->size.state == FACT_KNOWN ? text_known(number_text(all, volume->size.value))
                                             : (Text){0});
    compare_text(all, about(all, "disks[%s].offering", id), offering_of_disk(choice, id),
        volume->diskofferingid);
    if (move)
        compare_text(all, about(all, "disks[%s].pool", id), move->storageid, volume->storageid);
    else
        add_row(all, about(all, "disks[%s].path", id), planned->path.value, volume->path.value,
            !volume->path.value || !planned->path.value                  ? VERIFY_UNKNOWN
            : import_is_path_of(volume->path.value, planned->path.value) ? VERIFY_SAME
                                                                         : VERIFY_DIFFERS,
            NULL);
}

static void
compare_volumes(Comparison *all)
{
    const PlanInstance *instance = &all->work->task.item.instance;
    compare_count(all, "disks", instance->disks.n, all->volumes->n);
    for (size_t i = 0; i < instance->disks.n; i++)
        compare_volume(all, &instance->disks.items[i]);
}

/* --- the source ------------------------------------------------------------------------------- */

/* What CloudStack manages is not in its list of what it does not. */
static bool
compare_list(Comparison *all, const SourceAnswer *answer)
{
    bool is_gone = answer->look == SOURCE_LOOK_GONE,
         is_unknown = answer->look == SOURCE_LOOK_UNKNOWN;
    add_row(all, "source", "not listed as unmanaged",
        is_gone      ? "not listed as unmanaged"
        : is_unknown ? NULL
                     : "listed as unmanaged",
        is_gone      ? VERIFY_SAME
        : is_unknown ? VERIFY_UNKNOWN
                     : VERIFY_DIFFERS,
        answer->text);
    return true;
}

static bool
compare_source(Comparison *all, GError **error)
{
    ImportWork *work = all->work;
    const ImportSource *source = work->run->source;
    SourceAnswer answer = {0};
    if (!source)
        return true;
    if (!source->look(source->data, &work->task, &work->arena, &answer, error))
        return false;
    if (is_true(work->task.is_listed_only))
        return compare_list(all, &answer);
    bool is_there = answer.look == SOURCE_LOOK_SAME || answer.look == SOURCE_LOOK_BUSY;
    add_row(all, "source", "as it was", is_there ? "as it was" : answer.text,
        is_there                             ? VERIFY_SAME
        : answer.look == SOURCE_LOOK_UNKNOWN ? VERIFY_UNKNOWN
                                             : VERIFY_DIFFERS,
        answer.text);
    if (!is_true(work->task.item.choice.power.off))
        add_row(all, "source.restarted", "no",
            answer.has_restarted.state != FACT_KNOWN ? NULL
            : answer.has_restarted.value             ? "yes"
                                                     : "no",
            answer.has_restarted.state != FACT_KNOWN ? VERIFY_UNKNOWN
            : answer.has_restarted.value             ? VERIFY_DIFFERS
                                                     : VERIFY_SAME,
            answer.has_restarted.state != FACT_KNOWN ? "the source does not tell since when it runs"
                                                     : NULL);
    return true;
}

/* --- the journal ------------------------------------------------------------------------------ */

/* "2 facts differ: nics[..].mac is '..', expected '..'"; NULL: none does. */
static const char *
difference_text(const Comparison *all)
{
    const VerifyRow *first = NULL;
    size_t n = 0;
    for (guint i = 0; i < all->rows->len; i++) {
        const VerifyRow *row = &g_array_index(all->rows, VerifyRow, i);
        if (row->result == VERIFY_DIFFERS && !n++)
            first = row;
    }
    if (!n)
        return NULL;
    return arena_printf(&all->work->arena, "%zu facts differ: %s is '%s', expected '%s'%s%s", n,
        first->about.value, first->found.value ? first->found.value : "not there",
        first->expected.value ? first->expected.value : "", first->note.value ? ": " : "",
        first->note.value ? first->note.value : "");
}

static bool
note_rows(Comparison *all, const char *difference, GError **error)
{
    g_autoptr(GString) json = g_string_new("[");
    size_t n_unknown = 0;
    for (guint i = 0; i < all->rows->len; i++) {
        const VerifyRow *row = &g_array_index(all->rows, VerifyRow, i);
        if (i)
            g_string_append_c(json, ',');
        record_encode(&row_type, row, json);
        n_unknown += row->result == VERIFY_UNKNOWN;
    }
    g_string_append_c(json, ']');
    const JournalStep step = {.purpose = text_known("verify"),
        .command = text_known("listVirtualMachines, listVolumes"),
        .outcome = OUTCOME_OK,
        .text = text_known(difference ? difference
                                      : arena_printf(&all->work->arena,
                                            "%u facts compared, none differs, %zu not known",
                                            all->rows->len, n_unknown)),
        .reply = text_known(json->str)};
    return journal_note_read(all->work->run->journal, all->work->item, &step, error);
}

/* What a ledger of managed VMs keeps: both replies as they were, and when. */
static const char *
ledger_text(ImportWork *work)
{
    char now[UTC_TEXT_BYTES];
    utc_text(time(NULL), now);
    return arena_printf(&work->arena, "{\"read_at\":\"%s\",\"vm\":%s,\"volumes\":%s}", now,
        work->vm_json, work->volumes_json);
}

static bool
compare_all(Comparison *all, GError **error)
{
    compare_vm(all);
    compare_nics(all);
    compare_volumes(all);
    if (!compare_source(all, error))
        return false;
    const char *difference = difference_text(all);
    all->work->item->record = text_known(ledger_text(all->work));
    return note_rows(all, difference, error) &&
           import_settle(
               all->work, difference ? ITEM_FAILED : ITEM_VERIFIED, "verify", difference, error);
}

bool
import_verify_one(ImportWork *work, GError **error)
{
    ReadVm *vm = NULL;
    ReadVolumes volumes;
    if (!import_read_vm(work, work->item->object.value, &vm, error))
        return false;
    if (!vm)
        return import_settle(
            work, ITEM_FAILED, "verify", "CloudStack has no such VM any more", error);
    if (!import_read_volumes(work, vm->id.value, &volumes, error))
        return false;
    Comparison all = {.work = work,
        .vm = vm,
        .volumes = &volumes,
        .rows = g_array_new(false, true, sizeof(VerifyRow))};
    bool is_ok = compare_all(&all, error);
    g_array_unref(all.rows);
    return is_ok;
}
