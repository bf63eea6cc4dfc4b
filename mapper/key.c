/* SPDX-License-Identifier: Apache-2.0
 *
 * Hashing texts, and keys of several of them.
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
read_64(const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof word);
    return word;
}

static uint64_t
read_32(const char *text)
{
    uint32_t word;
    memcpy(&word, text, sizeof word);
    return word;
}

/* Eight bytes at a time; the last ones may have been read before. */
HashedText
hashed(const char *text)
{
    size_t length = text ? strlen(text) : 0;
    uint64_t hash = HASH_START ^ length, last = 0;
    if (length >= 8) {
        for (size_t i = 0; i < length - 8; i += 8)
            hash = mix(hash, read_64(text + i));
        last = read_64(text + length - 8);
    } else if (length >= 4) {
        last = read_32(text) << 32 | read_32(text + length - 4);
    } else if (length) {
        last = (uint64_t)(unsigned char)text[0] << 16 |
               (uint64_t)(unsigned char)text[length / 2] << 8 | (unsigned char)text[length - 1];
    }
    return (HashedText){text, mix(hash, last)};
}

bool
is_same_text(const char *a, const char *b)
{
    return a == b || !strcmp(a ? a : "", b ? b : "");
}

uint64_t
hash_of_pair(HashedText a, HashedText b)
{
    uint64_t hash = mix(mix(HASH_START, a.hash), b.hash);
    return hash ? hash : 1;
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
        hash = mix(hash, hashed(key->parts[i]).hash);
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
    return (guint)mix(hash, hashed(numbers->text).hash);
}

gboolean
number_key_equal(gconstpointer a, gconstpointer b)
{
    const NumberKey *left = a, *right = b;
    return !memcmp(left->numbers, right->numbers, sizeof left->numbers) &&
           !strcmp(left->text, right->text);
}
