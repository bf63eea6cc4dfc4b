/* SPDX-License-Identifier: Apache-2.0
 *
 * An imported VM read back and held against its plan.
 */
#include "import_priv.h"
#include "cleanup.h"

const char *const verify_words[VERIFY_N] = {
    [VERIFY_SAME] = "same",
    [VERIFY_DIFFERS] = "differs",
    [VERIFY_NOTED] = "noted",
};

bool
import_verify_one(ImportWork *work, GError **error)
{
    ReadVm *vm = NULL;
    ReadVolumes volumes;
    const PlanInstance *instance = &work->task.item.instance;
    if (!import_read_vm(work, work->item->object.value, &vm, error) ||
        !import_read_volumes(work, work->item->object.value, &volumes, error))
        return false;
    const char *note = !vm ? "CloudStack has no such VM any more"
                       : vm->nic.n != instance->nics.n
                           ? arena_printf(&work->arena, "%zu NICs, where the plan has %zu",
                                 vm->nic.n, instance->nics.n)
                       : volumes.n != instance->disks.n
                           ? arena_printf(&work->arena, "%zu volumes, where the plan has %zu disks",
                                 volumes.n, instance->disks.n)
                           : NULL;
    if (!import_note_read(
            work, "verify", "listVirtualMachines", NULL, note ? note : "as planned", error))
        return false;
    return import_settle(work, note ? ITEM_FAILED : ITEM_VERIFIED, "verify", note, error);
}
