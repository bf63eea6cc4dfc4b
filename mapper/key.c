/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys of several texts. A plan makes dozens of lookups for each instance: nothing is copied for
 * them, and eight bytes are hashed at a time.
 */
#include <string.h>

#include "mapper_priv.h"

#define HASH_START  UINT64_C(0x9e3779b97f4a7c15)
#define HASH_FACTOR UINT64_C(0xd6e8feb86659fd93)

static uint64_t
mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * HASH_FACTOR;
    return hash ^ hash >> 32;
}

static uint64_t
mix_text(uint64_t hash, const char *text)
{
    size_t left = strlen(text);
    uint64_t word;
    for (; left >= sizeof word; left -= sizeof word, text += sizeof word) {
        memcpy(&word, text, sizeof word);
        hash = mix(hash, word);
    }
    word = left + 1;
    for (size_t i = 0; i < left; i++)
        word = word << 8 | (unsigned char)text[i];
    return mix(hash, word);
}

guint
text_hash(gconstpointer text)
{
    return (guint)mix_text(HASH_START, text);
}

guint
key_hash(gconstpointer key)
{
    return ((const Key *)key)->hash;
}

gboolean
key_equal(gconstpointer a, gconstpointer b)
{
    const Key *left = a, *right = b;
    if (left->hash != right->hash || left->n != right->n)
        return false;
    for (size_t i = 0; i < left->n; i++)
        if (left->parts[i] != right->parts[i] && strcmp(left->parts[i], right->parts[i]) != 0)
            return false;
    return true;
}

const Key *
planner_key_of(Planner *planner, const char *const *parts, size_t n)
{
    Key *key = planner->lookup;
    uint64_t hash = HASH_START;
    g_assert(n <= KEY_PARTS_MAX);
    while (n && (!parts[n - 1] || !*parts[n - 1]))
        n--;
    for (size_t i = 0; i < n; i++) {
        key->parts[i] = parts[i] ? parts[i] : "";
        hash = mix_text(hash, key->parts[i]);
    }
    key->n = (unsigned)n;
    key->hash = (guint)hash;
    return key;
}

const Key *
planner_key(Planner *planner, const char *a, const char *b, const char *c)
{
    const char *const parts[] = {a, b, c};
    return planner_key_of(planner, parts, G_N_ELEMENTS(parts));
}

Key *
key_keep(Arena *arena, const Key *key)
{
    return arena_memdup(arena, key, sizeof *key + key->n * sizeof key->parts[0]);
}

guint
number_key_hash(gconstpointer key)
{
    const NumberKey *numbers = key;
    uint64_t hash = HASH_START;
    for (size_t i = 0; i < G_N_ELEMENTS(numbers->numbers); i++)
        hash = mix(hash, numbers->numbers[i]);
    return (guint)mix_text(hash, numbers->text);
}

gboolean
number_key_equal(gconstpointer a, gconstpointer b)
{
    const NumberKey *left = a, *right = b;
    return !memcmp(left->numbers, right->numbers, sizeof left->numbers) &&
           !strcmp(left->text, right->text);
}
