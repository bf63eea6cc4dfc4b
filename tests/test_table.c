/* SPDX-License-Identifier: Apache-2.0 */
#include "mapper/table.h"

/* What a GHashTable of "a\x1fb" answers, a Table must answer, however texts and lengths fall. */
static void
test_like_a_hash_table(void)
{
    enum { TEXTS = 3000, ADDITIONS = 20000 };
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GHashTable) model = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Table table = {0};
    for (int i = 0; i < TEXTS; i++)
        g_ptr_array_add(texts, g_strdup_printf("%.*s%d", g_test_rand_int_range(0, 20),
                                   "00:50:56:aa:bb:cc.example", g_test_rand_int_range(0, TEXTS)));
    for (int i = 0; i < ADDITIONS; i++) {
        const char *a = texts->pdata[g_test_rand_int_range(0, TEXTS)];
        const char *b = i % 3 ? texts->pdata[g_test_rand_int_range(0, i % 50 + 1)] : NULL;
        char *both = g_strdup_printf("%s\x1f%s", a, b ? b : "");
        const void *known = g_hash_table_lookup(model, both);
        g_assert_true(table_find_pair(&table, hashed(a), hashed(b)) == known);
        table_add_pair(&table, hashed(a), hashed(b), a);
        if (known)
            g_free(both);
        else
            g_hash_table_insert(model, both, (gpointer)a);
        g_assert_cmpuint(table.n, ==, g_hash_table_size(model));
    }
    table_release(&table);
    g_assert_null(table_find(&table, "00"));
}

static void
test_no_text_is_a_key(void)
{
    Table table = {0};
    table_add(&table, NULL, "nothing");
    g_assert_cmpstr(table_find(&table, ""), ==, "nothing");
    table_add_pair(&table, hashed(NULL), hashed("a"), "second");
    table_add_pair(&table, hashed("a"), hashed(""), "first");
    g_assert_cmpstr(table_find(&table, "a"), ==, "first");
    g_assert_cmpstr(table_find_pair(&table, hashed(""), hashed("a")), ==, "second");
    g_assert_null(table_find_pair(&table, hashed("a"), hashed("a")));
    table_release(&table);
}

static void
test_first_stays(void)
{
    Table table = {0};
    table_add(&table, "a", "one");
    table_add(&table, "a", "two");
    g_assert_cmpstr(table_find(&table, "a"), ==, "one");
    *table_at(&table, "a") = (void *)"three";
    g_assert_cmpstr(table_find(&table, "a"), ==, "three");
    g_assert_cmpuint(table.n, ==, 1);
    table_empty(&table);
    g_assert_null(table_find(&table, "a"));
    table_add(&table, "a", "four");
    g_assert_cmpstr(table_find(&table, "a"), ==, "four");
    table_release(&table);
}

static void
test_lists(void)
{
    enum { ITEMS = 100 };
    static const char items[ITEMS];
    Arena arena;
    Table table = {0};
    arena_init(&arena);
    for (int i = 0; i < ITEMS; i++)
        table_add_to_list(&arena, &table, i % 2 ? "odd" : "even", &items[i]);
    const List *odd = table_find(&table, "odd");
    g_assert_cmpuint(odd->n, ==, ITEMS / 2);
    for (size_t i = 0; i < odd->n; i++)
        g_assert_true(odd->items[i] == &items[2 * i + 1]);
    table_release(&table);
    arena_release(&arena);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mapper/table/answers-like-a-hash-table", test_like_a_hash_table);
    g_test_add_func("/mapper/table/no-text-is-a-key", test_no_text_is_a_key);
    g_test_add_func("/mapper/table/the-first-value-stays", test_first_stays);
    g_test_add_func("/mapper/table/lists-keep-their-order", test_lists);
    return g_test_run();
}
