/* SPDX-License-Identifier: Apache-2.0
 *
 * What entries wait for, in words.
 */
#include "import_queue.h"

#include <inttypes.h>

#include "window.h"

static const char *
plural(int64_t n)
{
    return n == 1 ? "" : "s";
}

static char *
window_text(const QueueHold *hold)
{
    if (!hold->window)
        return g_strdup("outside the window, which does not open again");
    g_autofree char *clock = window_clock_text(hold->window, hold->until);
    return g_strdup_printf("outside the window until %s %s", clock, hold->window->zone_name);
}

/* "2 imports on host 'esx1'". */
static char *
limit_text(const QueueHold *hold)
{
    static const struct {
        const char *what, *where;
    } words[LIMIT_KIND_N] = {
        [LIMIT_CLUSTER] = {"import", "in cluster"},
        [LIMIT_HOST] = {"import", "on host"},
        [LIMIT_POOL] = {"import", "on pool"},
        [LIMIT_MOVES] = {"move", "from or to pool"},
    };
    g_autofree char *name =
        hold->name ? g_strdup_printf("'%s'", hold->name) : g_strdup("(not known)");
    return g_strdup_printf("%" PRId64 " %s%s %s %s, as many as may be at once", hold->count,
        words[hold->limit].what, plural(hold->count), words[hold->limit].where, name);
}

char *
queue_hold_text(const QueueHold *hold)
{
    const char *wave = hold->wave ? hold->wave : "(none)";
    switch (hold->kind) {
    case HOLD_NONE:
        return g_strdup("it may start");
    case HOLD_END:
        return g_strdup("all has ended");
    case HOLD_RUNNING:
        return g_strdup("what has begun has not ended");
    case HOLD_WINDOW:
        return window_text(hold);
    case HOLD_PAUSED:
        return g_strdup_printf("wave '%s' is paused: %" PRId64 " import%s of it failed", wave,
            hold->count, plural(hold->count));
    case HOLD_CANARY:
        return g_strdup_printf("the first %" PRId64 " have not ended yet", hold->count);
    case HOLD_APPROVAL:
        return g_strdup_printf("the first %" PRId64 " have ended: approval is asked", hold->count);
    case HOLD_WAVE:
        return g_strdup_printf("its wave begins when wave '%s' is done", wave);
    case HOLD_JOBS:
        return g_strdup_printf("%" PRId64 " job%s in flight, as many as may be at once",
            hold->count, plural(hold->count));
    case HOLD_LIMIT:
        return limit_text(hold);
    case HOLD_TURN:
        return g_strdup("others come before it");
    case HOLD_KIND_N:
        break;
    }
    g_assert_not_reached();
}

char *
import_queue_reason(ImportQueue *queue, size_t index, time_t now)
{
    QueueHold hold = import_queue_hold(queue, index, now);
    g_autofree char *text = hold.kind ? queue_hold_text(&hold) : NULL;
    return text ? g_strdup_printf("waits: %s", text) : NULL;
}
