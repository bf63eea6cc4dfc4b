/* SPDX-License-Identifier: Apache-2.0
 *
 * Failed VMs let to be tried again.
 */
#include <string.h>

#include "import_priv.h"

/* Whether an item failed where this retry begins. */
static bool
is_meant(const JournalItem *item, ImportRetry what)
{
    const char *step = item->step.value ? item->step.value : "";
    bool is_after = !strcmp(step, "migrate") || !strcmp(step, "address");
    if (item->state != ITEM_FAILED)
        return false;
    switch (what) {
    case RETRY_IMPORT:
        return !item->is_made;
    case RETRY_MIGRATE:
        return item->is_made && is_after;
    case RETRY_VERIFY:
        return item->is_made && !is_after;
    }
    return false;
}

bool
import_is_named(const JournalItem *item, const char *const *names)
{
    return !names || (item->name.value && g_strv_contains(names, item->name.value)) ||
           g_strv_contains(names, item->key.value);
}

bool
import_check_names(const JournalItems *items, const char *const *names, int64_t run, GError **error)
{
    for (size_t k = 0; names && names[k]; k++) {
        const char *one[] = {names[k], NULL};
        bool is_found = false;
        for (size_t i = 0; i < items->n && !is_found; i++)
            is_found = import_is_named(&items->items[i], one);
        if (is_found)
            continue;
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND, "run %d has no VM '%s'", (int)run,
            names[k]);
        return false;
    }
    return true;
}

bool
import_retry(Journal *journal, int64_t run, ImportRetry what, const char *const *names,
    size_t *ret_n, GError **error)
{
    Arena arena;
    JournalItems items;
    arena_init(&arena);
    *ret_n = 0;
    bool is_ok = journal_lock_run(journal, run, error) &&
                 journal_read_items(journal, run, &arena, &items, error) &&
                 import_check_names(&items, names, run, error);
    for (size_t i = 0; is_ok && i < items.n; i++) {
        JournalItem *item = &items.items[i];
        if (!is_meant(item, what) || !import_is_named(item, names))
            continue;
        item->state = item->is_made ? ITEM_IMPORTED : ITEM_PLANNED;
        is_ok = journal_set_item(journal, item, error);
        *ret_n += is_ok;
    }
    arena_release(&arena);
    return is_ok;
}
