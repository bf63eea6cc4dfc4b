/* SPDX-License-Identifier: Apache-2.0
 *
 * A region allocator: memory is taken piece by piece and given back all at once.
 *
 * Inventory, Catalog and Plan are snapshots: built, frozen, read by many, freed at once. Everything
 * reachable from a snapshot lives exactly as long as it. That one rule replaces the free functions
 * of their members. Memory is zeroed. Not thread-safe while a snapshot is being built.
 */
#ifndef ARENA_H
#define ARENA_H

#include <glib.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    ARENA_BLOCK_BYTES = 64 * 1024,           /* of the first block */
    ARENA_BLOCK_BYTES_MAX = 4 * 1024 * 1024, /* of those of a large snapshot */
    ARENA_ALIGN = 16
};

typedef struct Arena {
    GPtrArray *blocks;  /* owned blocks */
    char *first;        /* the last block */
    char *next;         /* first free byte of it */
    size_t left;        /* bytes free in it */
    size_t total_bytes; /* handed out so far */
    GHashTable *texts;  /* interned texts, borrowed from the blocks; made at first use */
} Arena;

static inline void
arena_init(Arena *arena)
{
    *arena = (Arena){.blocks = g_ptr_array_new_with_free_func(g_free)};
}

static inline void
arena_release(Arena *arena)
{
    g_clear_pointer(&arena->texts, g_hash_table_destroy);
    g_clear_pointer(&arena->blocks, g_ptr_array_unref);
    *arena = (Arena){0};
}

/* Gives all memory back, save one block that is used again. */
static inline void
arena_reset(Arena *arena)
{
    if (arena->texts)
        g_hash_table_remove_all(arena->texts);
    if (arena->blocks->len != 1 || arena->next + arena->left != arena->first + ARENA_BLOCK_BYTES) {
        g_ptr_array_set_size(arena->blocks, 0);
        arena->next = arena->first = NULL;
        arena->left = 0;
    } else {
        memset(arena->first, 0, (size_t)(arena->next - arena->first));
        arena->next = arena->first;
        arena->left = ARENA_BLOCK_BYTES;
    }
    arena->total_bytes = 0;
}

/* All memory becomes that of the arena returned; @arena is empty then. */
static inline Arena
arena_steal(Arena *arena)
{
    Arena stolen = *arena;
    arena_init(arena);
    return stolen;
}

static inline void *
arena_alloc_aligned(Arena *arena, size_t bytes, size_t align)
{
    size_t pad = (size_t)(-(uintptr_t)arena->next & (align - 1));
    if (bytes + pad > arena->left || !arena->next) {
        size_t block =
            CLAMP(arena->total_bytes / 8, (size_t)ARENA_BLOCK_BYTES, (size_t)ARENA_BLOCK_BYTES_MAX);
        block = MAX(bytes, block);
        arena->first = arena->next = g_malloc0(block);
        arena->left = block;
        g_ptr_array_add(arena->blocks, arena->next);
        pad = 0;
    }
    void *piece = arena->next + pad;
    arena->next += bytes + pad;
    arena->left -= bytes + pad;
    arena->total_bytes += bytes;
    return piece;
}

/* Zeroed memory for any type. */
static inline void *
arena_alloc(Arena *arena, size_t bytes)
{
    return arena_alloc_aligned(arena, bytes, ARENA_ALIGN);
}

#define arena_new(arena, type)      ((type *)arena_alloc((arena), sizeof(type)))
#define arena_new_n(arena, type, n) ((type *)arena_alloc((arena), sizeof(type) * (n)))

static inline void *
arena_memdup(Arena *arena, const void *from, size_t bytes)
{
    void *copy = arena_alloc(arena, bytes);
    if (bytes)
        memcpy(copy, from, bytes);
    return copy;
}

static inline const char *
arena_strndup(Arena *arena, const char *text, size_t length)
{
    char *copy = (char *)arena_alloc_aligned(arena, length + 1, 1);
    memcpy(copy, text, length);
    return copy;
}

/* A copy in the arena; NULL stays NULL. */
static inline const char *
arena_strdup(Arena *arena, const char *text)
{
    return text ? arena_strndup(arena, text, strlen(text)) : NULL;
}

/* As arena_strdup(), but equal texts share one copy. */
static inline const char *
arena_intern(Arena *arena, const char *text)
{
    if (!text)
        return NULL;
    if (!arena->texts)
        arena->texts = g_hash_table_new(g_str_hash, g_str_equal);
    const char *known = (const char *)g_hash_table_lookup(arena->texts, text);
    if (known)
        return known;
    const char *copy = arena_strdup(arena, text);
    g_hash_table_add(arena->texts, (gpointer)copy);
    return copy;
}

G_GNUC_PRINTF(2, 3)
static inline const char *
arena_printf(Arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    return arena_strdup(arena, text);
}

#endif
