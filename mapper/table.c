/* SPDX-License-Identifier: Apache-2.0
 *
 * Open addressing: whoever finds a slot taken goes on to the next one.
 */
#include "table.h"

#include <string.h>

enum { SLOTS_MIN = 16 };

/* The slot of the texts, or the free one where they belong. */
static TableSlot *
probe(const Table *table, uint64_t hash, const char *a, const char *b)
{
    for (size_t i = hash;; i++) {
        TableSlot *slot = &table->slots[i & (table->n_slots - 1)];
        if (!slot->hash ||
            (slot->hash == hash && is_same_text(slot->a, a) && is_same_text(slot->b, b)))
            return slot;
    }
}

static TableSlot *
find_free(const Table *table, uint64_t hash)
{
    size_t i = hash;
    while (table->slots[i & (table->n_slots - 1)].hash)
        i++;
    return &table->slots[i & (table->n_slots - 1)];
}

/* For one more: it is never more than two thirds full. */
static void
make_room(Table *table)
{
    if (3 * (table->n + 1) <= 2 * table->n_slots)
        return;
    Table larger = {.n = table->n, .n_slots = MAX(2 * table->n_slots, (size_t)SLOTS_MIN)};
    larger.slots = g_new0(TableSlot, larger.n_slots);
    for (size_t i = 0; i < table->n_slots; i++)
        if (table->slots[i].hash)
            *find_free(&larger, table->slots[i].hash) = table->slots[i];
    g_free(table->slots);
    *table = larger;
}

void *
table_find_pair(const Table *table, HashedText a, HashedText b)
{
    return table->n ? probe(table, hash_of_pair(a, b), a.text, b.text)->value : NULL;
}

void **
table_at_pair(Table *table, HashedText a, HashedText b)
{
    uint64_t hash = hash_of_pair(a, b);
    make_room(table);
    TableSlot *slot = probe(table, hash, a.text, b.text);
    if (!slot->hash) {
        *slot = (TableSlot){.hash = hash, .a = a.text, .b = b.text};
        table->n++;
    }
    return &slot->value;
}

void **
table_at(Table *table, const char *text)
{
    return table_at_pair(table, hashed(text), hashed(NULL));
}

void
table_add_pair(Table *table, HashedText a, HashedText b, const void *value)
{
    void **at = table_at_pair(table, a, b);
    *at = *at ? *at : (void *)value;
}

void
table_add(Table *table, const char *text, const void *value)
{
    table_add_pair(table, hashed(text), hashed(NULL), value);
}

void
table_empty(Table *table)
{
    if (table->n)
        memset(table->slots, 0, table->n_slots * sizeof *table->slots);
    table->n = 0;
}

void
table_release(Table *table)
{
    g_free(table->slots);
    *table = (Table){0};
}

void
list_add(Arena *arena, List *list, const void *item)
{
    if (list->n == list->n_space) {
        const void **items = arena_new_n(arena, const void *, MAX(2 * list->n, (size_t)2));
        if (list->n)
            memcpy(items, list->items, list->n * sizeof *items);
        list->items = items;
        list->n_space = MAX(2 * list->n, (size_t)2);
    }
    list->items[list->n++] = item;
}

void
table_add_to_list(Arena *arena, Table *table, const char *text, const void *item)
{
    void **at = table_at(table, text);
    *at = *at ? *at : arena_new(arena, List);
    list_add(arena, *at, item);
}
