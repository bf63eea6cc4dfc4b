/* SPDX-License-Identifier: Apache-2.0
 *
 * What the server refuses before it looks at the instance: a caller without the right, and values
 * that it takes from nobody.
 */
#include <string.h>

#include "convert_priv.h"
#include "mapper_priv.h"

enum { VALUE_LENGTH_MAX = 255 };

/* listApis shows what the caller may call. */
static void
check_caller(Task *task)
{
    const Planner *planner = task->planner;
    if (task->target && RELEASES_ASK(&planner->releases, has_import_vm) == ANSWER_NO)
        return; /* nobody may: told by check_convert_call() */
    if (planner->apis.n && is_read(&planner->catalog->apis) &&
        !table_find(&planner->apis, choice_api(&task->item->choice)->name))
        FIND(task, CALLER_FORBIDDEN, NULL, ARG("(of the keys)"));
}

/* ASCII control characters, at any length. */
static void
check_characters(Task *task, const char *param, const char *value)
{
    for (const char *p = value; p && *p; p++)
        if (g_ascii_iscntrl(*p)) {
            FIND(task, VALUE_UNPRINTABLE, NULL, ARG(param), ARG_N(p - value + 1));
            return;
        }
}

static void
check_length(Task *task, const char *param, const char *value)
{
    glong length = value && strlen(value) > VALUE_LENGTH_MAX ? g_utf8_strlen(value, -1) : 0;
    if (length > VALUE_LENGTH_MAX)
        FIND(task, VALUE_TOO_LONG, NULL, ARG(param), ARG_N(length));
}

void
check_params(Task *task)
{
    const Choice *choice = &task->item->choice;
    const struct {
        const char *param, *value;
    } texts[] = {{"name", choice->name.value}, {"displayname", choice->displayname.value},
        {"hostname", choice->hostname.value}, {"account", choice->account.value}};
    check_caller(task);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        check_characters(task, texts[i].param, texts[i].value);
        check_length(task, texts[i].param, texts[i].value);
    }
    for (size_t i = 0; i < choice->nics.n; i++)
        check_characters(task, "nicnetworklist", choice->nics.items[i].nic.value);
    for (size_t i = 0; i < choice->disks.n; i++)
        check_characters(task, "datadiskofferinglist", choice->disks.items[i].disk.value);
}
