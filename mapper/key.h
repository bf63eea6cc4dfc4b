/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys of the planner's tables: several texts, or numbers.
 */
#ifndef MAPPER_KEY_H
#define MAPPER_KEY_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "arena.h"

/* A text that is looked up more than once. NULL and "" are the same. */
typedef struct HashedText {
    const char *text;
    uint64_t hash;
} HashedText;

HashedText hashed(const char *text);
bool is_same_text(const char *a, const char *b);
/* Never 0. */
uint64_t hash_of_pair(HashedText a, HashedText b);

enum { KEY_PARTS_MAX = 7 };

/* Several texts, which live at least as long as it. */
typedef struct Key {
    guint hash;
    unsigned n;
    const char *parts[]; /* none is NULL, the last one is not empty */
} Key;

guint key_hash(gconstpointer key);
gboolean key_equal(gconstpointer a, gconstpointer b);
/* A copy, whose parts are still borrowed. */
Key *key_keep(Arena *arena, const Key *key);

enum { NUMBER_KEY_MAX = 8 };

typedef struct NumberKey {
    uint64_t numbers[NUMBER_KEY_MAX];
    const char *text; /* not NULL */
} NumberKey;

guint number_key_hash(gconstpointer key);
gboolean number_key_equal(gconstpointer a, gconstpointer b);

#endif
