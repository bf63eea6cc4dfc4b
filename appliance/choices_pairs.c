/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists in one cell: "KEY=VALUE; KEY=VALUE", the key being the id of a NIC or disk. A backslash
 * takes away what ; = and itself mean; blanks around keys and values do not count.
 */
#include "choices.h"

#include <string.h>

static void
pair_clear(gpointer data)
{
    ChoicePair *pair = data;
    g_free(pair->key);
    g_free(pair->value);
}

static void
add_escaped(GString *cell, const char *text, const char *special)
{
    for (; *text; text++) {
        if (strchr(special, *text))
            g_string_append_c(cell, '\\');
        g_string_append_c(cell, *text);
    }
}

void
choice_render_pair(GString *cell, Text key, Text value)
{
    if (cell->len)
        g_string_append(cell, "; ");
    add_escaped(cell, key.value ? key.value : "", ";=\\");
    g_string_append_c(cell, '=');
    add_escaped(cell, value.value ? value.value : "", ";\\");
}

/* Takes what has been collected of an entry; blanks around it do not count. */
static char *
take_part(GString *part)
{
    char *text = g_strdup(part->str);
    g_string_truncate(part, 0);
    return g_strstrip(text);
}

/* What stands between two semicolons, empty or not. */
static void
end_pair(GArray *pairs, ChoicePair *pair, GString *part)
{
    pair->value = take_part(part);
    if (pair->key || *pair->value)
        g_array_append_val(pairs, *pair);
    else
        pair_clear(pair);
    *pair = (ChoicePair){0};
}

/* (owned) ChoicePair */
GArray *
choice_parse_pairs(const char *cell)
{
    GArray *pairs = g_array_new(false, true, sizeof(ChoicePair));
    g_autoptr(GString) part = g_string_new(NULL);
    ChoicePair pair = {0};
    g_array_set_clear_func(pairs, pair_clear);
    for (; *cell; cell++) {
        if (*cell == '\\' && cell[1])
            g_string_append_c(part, *++cell);
        else if (*cell == ';')
            end_pair(pairs, &pair, part);
        else if (*cell == '=' && !pair.key)
            pair.key = take_part(part);
        else
            g_string_append_c(part, *cell);
    }
    end_pair(pairs, &pair, part);
    return pairs;
}

ChoiceSubjects
choice_nic_subjects(const PlanItem *item)
{
    ChoiceSubjects subjects = {.thing = "NIC", .ids = g_ptr_array_new()};
    for (size_t i = 0; i < item->instance.nics.n; i++)
        if (item->instance.nics.items[i].id.value)
            g_ptr_array_add(subjects.ids, (gpointer)item->instance.nics.items[i].id.value);
    return subjects;
}

ChoiceSubjects
choice_disk_subjects(const PlanItem *item)
{
    ChoiceSubjects subjects = {.thing = "disk", .ids = g_ptr_array_new()};
    for (size_t i = 0; i < item->instance.disks.n; i++)
        if (item->instance.disks.items[i].id.value)
            g_ptr_array_add(subjects.ids, (gpointer)item->instance.disks.items[i].id.value);
    return subjects;
}

static bool
has_id(const GPtrArray *ids, const char *id)
{
    for (unsigned i = 0; i < ids->len; i++)
        if (strcmp(g_ptr_array_index(ids, i), id) == 0)
            return true;
    return false;
}

/* Each entry is about one that is there, and no two about the same. */
static bool
check_pairs(const ChoiceSubjects *subjects, GArray *pairs, char **ret_why)
{
    for (unsigned i = 0; i < pairs->len; i++) {
        ChoicePair *pair = &g_array_index(pairs, ChoicePair, i);
        if (!pair->key && subjects->ids->len == 1)
            pair->key = g_strdup(g_ptr_array_index(subjects->ids, 0));
        if (!pair->key || !has_id(subjects->ids, pair->key)) {
            g_ptr_array_add(subjects->ids, NULL);
            g_autofree char *known = g_strjoinv(", ", (char **)subjects->ids->pdata);
            *ret_why = pair->key
                           ? g_strdup_printf("the VM has no %s '%s'; it has: %s", subjects->thing,
                                 pair->key, *known ? known : "none")
                           : g_strdup_printf("'%s' does not say which %s it is for: write it as "
                                             "%s=VALUE, with one of: %s",
                                 pair->value, subjects->thing, subjects->thing, known);
            return false;
        }
        for (unsigned k = 0; !subjects->may_repeat && k < i; k++) {
            if (strcmp(g_array_index(pairs, ChoicePair, k).key, pair->key) != 0)
                continue;
            *ret_why = g_strdup_printf("%s '%s' stands twice", subjects->thing, pair->key);
            return false;
        }
    }
    return true;
}

/* The pairs of a cell about the VM's NICs or disks; NULL and *ret_why if they are wrong. (owned) */
GArray *
choice_read_pairs(ChoiceSubjects subjects, const char *cell, char **ret_why)
{
    g_autoptr(GPtrArray) ids = subjects.ids;
    g_autoptr(GArray) pairs = choice_parse_pairs(cell);
    return check_pairs(&subjects, pairs, ret_why) ? g_steal_pointer(&pairs) : NULL;
}

const char *
choice_pair_value(const GArray *pairs, Text key)
{
    for (unsigned i = 0; i < pairs->len; i++)
        if (!g_strcmp0(CHOICE_PAIR(pairs, i)->key, key.value))
            return CHOICE_PAIR(pairs, i)->value;
    return NULL;
}
