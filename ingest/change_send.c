/* SPDX-License-Identifier: Apache-2.0
 *
 * A change's call sent, and what became of the last one.
 */
#include "ingest_priv.h"

static Sender
sender_of(const ChangeWork *work)
{
    return (Sender){.cs = work->run->cs,
        .journal = work->run->journal,
        .jobs = work->jobs,
        .arena = work->arena};
}

bool
change_send(const ChangeWork *work, size_t at, const ChangeCall *call, const char *purpose,
    SendSettle settle, JournalStep *ret_step, GError **error)
{
    ResolvedCall resolved;
    const char *missing = change_resolve(work, call, &resolved);
    if (missing) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND, "%s: the id of '%s' is not known",
            call->command.value, missing);
        return false;
    }
    const Sender sender = sender_of(work);
    const Sending sending = {.purpose = purpose,
        .command = call->command.value,
        .params = resolved.params,
        .n = resolved.n,
        .secrets = call->secrets,
        .settle = settle,
        .data = (void *)work};
    return send_call(&sender, &sending, &work->items[at], ret_step, error);
}

/* The last writing step of the item, or NULL. */
static JournalStep *
last_writing(const JournalSteps *steps)
{
    for (size_t i = steps->n; i-- > 0;)
        if (!g_strcmp0(steps->items[i].purpose.value, "call") ||
            !g_strcmp0(steps->items[i].purpose.value, "undo"))
            return &steps->items[i];
    return NULL;
}

bool
change_settle_last(
    const ChangeWork *work, size_t at, SendSettle settle, unsigned *ret_wait_ms, GError **error)
{
    JournalSteps steps;
    *ret_wait_ms = 0;
    if (!journal_read_steps(work->run->journal, work->items[at].number, work->arena, &steps, error))
        return false;
    JournalStep *step = last_writing(&steps);
    if (!step || !send_is_open(step))
        return true;
    const Sender sender = sender_of(work);
    const Sending sending = {.settle = settle, .data = (void *)work};
    return send_settle(&sender, &sending, &work->items[at], step, ret_wait_ms, error);
}
