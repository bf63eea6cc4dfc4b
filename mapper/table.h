/* SPDX-License-Identifier: Apache-2.0
 *
 * Flat tables from one text, or from two, to a pointer.
 *
 * A plan makes dozens of lookups for each instance: nothing is copied or allocated for them, a text
 * that is looked up several times is hashed once, and a lookup touches one place of memory.
 */
#ifndef MAPPER_TABLE_H
#define MAPPER_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "key.h"

typedef struct TableSlot {
    uint64_t hash; /* 0: free */
    const char *a, *b;
    void *value;
} TableSlot;

/* Texts and values are borrowed. Zeroed memory is an empty table. */
typedef struct Table {
    TableSlot *slots;
    size_t n, n_slots; /* n_slots: 0 or a power of 2 */
} Table;

/* NULL: not there. */
void *table_find_pair(const Table *table, HashedText a, HashedText b);

static inline void *
table_find(const Table *table, const char *text)
{
    return table->n ? table_find_pair(table, hashed(text), hashed(NULL)) : NULL;
}

/* Where the value of the texts stands; NULL is there if they are new. Valid until the next call. */
void **table_at_pair(Table *table, HashedText a, HashedText b);
void **table_at(Table *table, const char *text);
/* The first value of equal texts stays. */
void table_add_pair(Table *table, HashedText a, HashedText b, const void *value);
void table_add(Table *table, const char *text, const void *value);
/* Forgets all, and keeps the memory. */
void table_empty(Table *table);
void table_release(Table *table);

/* Pointers that grow in number, in an arena. */
typedef struct List {
    const void **items;
    size_t n, n_space;
} List;

void list_add(Arena *arena, List *list, const void *item);
/* To the list of a text; the first one makes it. */
void table_add_to_list(Arena *arena, Table *table, const char *text, const void *item);

#endif
