/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include "json_items.h"
#include "cleanup.h"

typedef enum Colour { COLOUR_UNKNOWN, COLOUR_RED, COLOUR_BLUE, COLOUR_N } Colour;

static const char *const colour_words[COLOUR_N] = {[COLOUR_RED] = "red", [COLOUR_BLUE] = "blue"};

typedef struct Leaf {
    Text name;
    Int size_bytes;
} Leaf;

typedef struct Pair {
    Text key, value;
} Pair;

typedef struct Tree {
    Text id, note, kind;
    Int count;
    Bool is_old;
    Texts words;
    Colour colour;
    Leaf leaf;
    LIST_OF(Leaf) leaves;
    LIST_OF(Pair) details;
} Tree;

static const Field leaf_fields[] = {F_TEXT(Leaf, name), F_INT(Leaf, size_bytes)};
static const RecordType leaf_type = RECORD_TYPE(Leaf, leaf_fields);
static const Field pair_fields[] = {F_TEXT(Pair, key), F_TEXT(Pair, value)};
static const RecordType pair_type = RECORD_TYPE(Pair, pair_fields);
static const Field tree_fields[] = {
    F_TEXT(Tree, id, .is_required = true),
    F_TEXT(Tree, note),
    F_TEXT(Tree, kind, .is_interned = true),
    F_INT(Tree, count),
    F_BOOL(Tree, is_old),
    F_TEXTS(Tree, words),
    F_ENUM(Tree, colour, colour_words),
    F_RECORD(Tree, leaf, &leaf_type),
    F_LIST(Tree, leaves, &leaf_type),
    F_MAP(Tree, details, &pair_type),
};
static const RecordType tree_type = RECORD_TYPE(Tree, tree_fields);

/* A type that holds itself, as deep as wanted. */
typedef struct Nest {
    LIST_OF(struct Nest) nests;
} Nest;

static const RecordType nest_type;
static const Field nest_fields[] = {F_LIST(Nest, nests, &nest_type)};
static const RecordType nest_type = RECORD_TYPE(Nest, nest_fields);

typedef struct Fixture {
    Arena arena;
    GError *error;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
    (void)data;
    arena_init(&fixture->arena);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    (void)data;
    arena_release(&fixture->arena);
    g_clear_error(&fixture->error);
}

static bool
decode(Fixture *fixture, const RecordType *type, const char *text, RecordMode mode, void *ret)
{
    g_autoptr(JsonObject) json = json_tokener_parse(text);
    g_assert_nonnull(json);
    g_clear_error(&fixture->error);
    return record_decode(type, json, mode, "x", &fixture->arena, ret, &fixture->error);
}

static char *
encode(const RecordType *type, const void *record)
{
    GString *out = g_string_new(NULL);
    record_encode(type, record, out);
    return g_string_free(out, FALSE);
}

/* --- writing and reading ---------------------------------------------------------------------- */

static void
test_members_in_table_order(Fixture *fixture, gconstpointer data)
{
    (void)data;
    static const char text[] = "{\"id\":\"a\",\"note\":null,\"kind\":\"k\",\"count\":-7,\"is_old\":"
                               "false,\"words\":[\"x\",\"\"],"
                               "\"colour\":\"blue\",\"leaf\":{\"name\":\"l\"},\"leaves\":[{},{"
                               "\"name\":null,\"size_bytes\":9}],"
                               "\"details\":{\"z\":\"1\",\"a\":null}}";
    Tree tree = {0}, shuffled = {0};
    g_assert_true(decode(fixture, &tree_type, text, RECORD_STRICT, &tree));
    g_autofree char *again = encode(&tree_type, &tree);
    g_assert_cmpstr(again, ==, text);
    g_assert_true(decode(fixture, &tree_type,
        "{\"details\":{\"z\":\"1\",\"a\":null},\"leaves\":[{},{\"size_bytes\":9,\"name\":null}],"
        "\"leaf\":{\"name\":\"l\"},\"colour\":"
        "\"blue\","
        "\"words\":[\"x\",\"\"],\"is_old\":false,\"count\":-7,\"kind\":\"k\",\"note\":null,\"id\":"
        "\"a\"}",
        RECORD_STRICT, &shuffled));
    g_autofree char *sorted = encode(&tree_type, &shuffled);
    g_assert_cmpstr(sorted, ==, text);
}

static void
test_nothing_known_is_empty(Fixture *fixture, gconstpointer data)
{
    (void)fixture, (void)data;
    Tree tree = {0};
    g_autofree char *text = encode(&tree_type, &tree);
    g_assert_cmpstr(text, ==, "{}");
}

/* Any bytes become a text that reads back as the same, or as valid UTF-8 in their place. */
static void
test_any_bytes_survive(Fixture *fixture, gconstpointer data)
{
    (void)data;
    for (int round = 0; round < 2000; round++) {
        char bytes[24] = {0};
        int length = g_test_rand_int_range(0, (int)sizeof bytes - 1);
        int top = round % 2 ? 256 : 128;
        for (int i = 0; i < length; i++)
            bytes[i] = (char)g_test_rand_int_range(1, top);
        g_autofree char *expected = g_utf8_make_valid(bytes, -1);
        Tree tree = {.id = text_known(bytes)}, back = {0};
        g_autofree char *text = encode(&tree_type, &tree);
        g_assert_null(strpbrk(text, "\n\r\x7f"));
        g_assert_true(decode(fixture, &tree_type, text, RECORD_STRICT, &back));
        g_assert_cmpstr(back.id.value, ==, expected);
    }
}

static void
test_any_number_survives(Fixture *fixture, gconstpointer data)
{
    (void)data;
    const int64_t edges[] = {0, -1, INT64_MAX - 1, INT64_MIN + 1, INT32_MAX, 1LL << 53};
    for (size_t i = 0; i < 1000; i++) {
        int64_t value = i < G_N_ELEMENTS(edges)
                            ? edges[i]
                            : (int64_t)g_test_rand_int() * (g_test_rand_int() & 0xffffff);
        Tree tree = {.id = text_known(""), .count = int_known(value)}, back = {0};
        g_autofree char *text = encode(&tree_type, &tree);
        g_assert_true(decode(fixture, &tree_type, text, RECORD_STRICT, &back));
        g_assert_cmpint(back.count.value, ==, value);
    }
}

static void
test_copy_is_deep(Fixture *fixture, gconstpointer data)
{
    (void)data;
    char id[] = "id", word[] = "word", name[] = "name";
    const char *words[] = {word};
    Leaf leaves[] = {{.name = text_known(name)}};
    Tree tree = {.id = text_known(id),
        .kind = text_known(name),
        .words = {words, 1, FACT_KNOWN},
        .leaf = {.name = text_known(name)},
        .leaves = {leaves, 1, FACT_KNOWN},
        .details = {&(Pair){text_known(id), text_known(word)}, 1, FACT_KNOWN}};
    g_autofree char *before = encode(&tree_type, &tree);
    const Tree *copy = record_copy(&tree_type, &tree, &fixture->arena);
    id[0] = word[0] = name[0] = '#';
    leaves[0] = (Leaf){0};
    g_autofree char *after = encode(&tree_type, copy);
    g_assert_cmpstr(after, ==, before);
    g_assert_true(copy->kind.value == arena_intern(&fixture->arena, "name"));
}

/* --- strict and lenient ----------------------------------------------------------------------- */

typedef struct StrictCase {
    const char *text, *message;
} StrictCase;

static const StrictCase strict_cases[] = {
    {"[]", "'x': expected an object, found array"},
    {"{}", "'x': member 'id' is missing"},
    {"{\"id\":null}", "'x': member 'id' is missing"},
    {"{\"id\":1}", "'x.id': expected a text, found int"},
    {"{\"id\":\"\",\"more\":1}", "'x': unknown member 'more': remove it or correct its name; known "
                                 "are id, note, kind, count, "
                                 "is_old, words, colour, leaf, leaves, details"},
    {"{\"id\":\"\",\"count\":\"1\"}", "'x.count': expected a whole number, found string"},
    {"{\"id\":\"\",\"count\":1e2}", "'x.count': expected a whole number, found double"},
    {"{\"id\":\"\",\"count\":9223372036854775807}", "'x.count': number out of range"},
    {"{\"id\":\"\",\"is_old\":1}", "'x.is_old': expected true or false, found int"},
    {"{\"id\":\"\",\"words\":\"a,b\"}", "'x.words': expected a list of texts"},
    {"{\"id\":\"\",\"words\":[\"a\",null]}", "'x.words': entry 1 is not a text"},
    {"{\"id\":\"\",\"colour\":\"RED\"}", "'x.colour': 'RED' is not a known word"},
    {"{\"id\":\"\",\"colour\":null}", "'x.colour': null is not a value here"},
    {"{\"id\":\"\",\"leaf\":null}", "'x.leaf': null is not a value here"},
    {"{\"id\":\"\",\"leaves\":[{},{\"size\":1}]}",
        "'x.leaves[1]': unknown member 'size': remove it or correct its name; known are name, "
        "size_bytes"},
    {"{\"id\":\"a\\u0000b\"}", "'x.id': a text may not hold a zero byte"},
};

static void
test_strict_refuses(Fixture *fixture, gconstpointer data)
{
    (void)data;
    for (size_t i = 0; i < G_N_ELEMENTS(strict_cases); i++) {
        Tree tree = {0};
        g_assert_false(decode(fixture, &tree_type, strict_cases[i].text, RECORD_STRICT, &tree));
        g_assert_error(fixture->error, INGEST_ERROR, INGEST_ERROR_INVALID);
        g_assert_cmpstr(fixture->error->message, ==, strict_cases[i].message);
    }
}

static void
test_lenient_takes_a_servers_forms(Fixture *fixture, gconstpointer data)
{
    (void)data;
    Tree tree = {0};
    g_assert_true(decode(fixture, &tree_type,
        "{\"more\":[1],\"id\":7,\"count\":\"42\",\"is_old\":\"TRUE\",\"words\":\"a, b,,c\","
        "\"colour\":\"mauve\",\"leaf\":null,\"leaves\":{}}",
        RECORD_LENIENT, &tree));
    g_assert_cmpstr(tree.id.value, ==, "7");
    g_assert_cmpint(tree.count.value, ==, 42);
    g_assert_true(is_true(tree.is_old));
    g_assert_cmpuint(tree.words.n, ==, 3);
    g_assert_cmpstr(tree.words.items[1], ==, "b");
    g_assert_cmpint(tree.colour, ==, COLOUR_UNKNOWN);
    g_assert_cmpint(tree.leaves.state, ==, FACT_UNKNOWN);
}

static void
test_lenient_leaves_unreadable_unknown(Fixture *fixture, gconstpointer data)
{
    (void)data;
    Tree tree = {0};
    g_assert_true(decode(fixture, &tree_type,
        "{\"count\":\"4 GHz\",\"is_old\":\"maybe\",\"words\":7}", RECORD_LENIENT, &tree));
    g_assert_cmpint(tree.count.state, ==, FACT_UNKNOWN);
    g_assert_cmpint(tree.is_old.state, ==, FACT_UNKNOWN);
    g_assert_cmpint(tree.words.state, ==, FACT_UNKNOWN);
}

/* --- bounds ----------------------------------------------------------------------------------- */

static void
test_list_too_long(Fixture *fixture, gconstpointer data)
{
    (void)data;
    const char *members[] = {"words", "leaves"}, *entries[] = {"\"\"", "{}"};
    for (size_t i = 0; i < G_N_ELEMENTS(members); i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        g_string_printf(text, "{\"id\":\"\",\"%s\":[%s", members[i], entries[i]);
        for (int n = 0; n < RECORD_LIST_MAX; n++)
            g_string_append_printf(text, ",%s", entries[i]);
        g_string_append(text, "]}");
        Tree tree = {0};
        g_assert_false(decode(fixture, &tree_type, text->str, RECORD_STRICT, &tree));
        g_assert_nonnull(strstr(fixture->error->message, "100001 entries; 100000 at most"));
    }
}

static void
test_nested_too_deeply(Fixture *fixture, gconstpointer data)
{
    (void)data;
    for (int depth = RECORD_DEPTH_MAX - 1; depth <= RECORD_DEPTH_MAX; depth++) {
        g_autoptr(GString) text = g_string_new(NULL);
        for (int i = 0; i < depth; i++)
            g_string_append(text, "{\"nests\":[");
        g_string_append(text, "{}");
        for (int i = 0; i < depth; i++)
            g_string_append(text, "]}");
        g_autoptr(JsonTokener) tokener = json_tokener_new_ex(1000);
        g_autoptr(JsonObject) json = json_tokener_parse_ex(tokener, text->str, (int)text->len);
        Nest nest = {0};
        bool is_ok = record_decode(
            &nest_type, json, RECORD_STRICT, "x", &fixture->arena, &nest, &fixture->error);
        g_assert_true(is_ok == (depth < RECORD_DEPTH_MAX));
    }
    g_assert_nonnull(strstr(fixture->error->message, "nested too deeply"));
}

/* --- arena ------------------------------------------------------------------------------------ */

static void
test_arena_pieces(Fixture *fixture, gconstpointer data)
{
    (void)data;
    Arena *arena = &fixture->arena;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 2000; i++) {
            size_t bytes = (size_t)g_test_rand_int_range(0, i % 100 ? 300 : 3 * ARENA_BLOCK_BYTES);
            unsigned char *piece = arena_alloc(arena, bytes);
            g_assert_cmpuint((uintptr_t)piece % ARENA_ALIGN, ==, 0);
            for (size_t k = 0; k < bytes; k++)
                g_assert_cmpuint(piece[k], ==, 0);
            if (bytes)
                memset(piece, 0xff, bytes);
            g_assert_cmpstr(arena_strdup(arena, "text"), ==, "text");
        }
        arena_reset(arena);
        g_assert_cmpuint(arena->total_bytes, ==, 0);
    }
    g_assert_null(arena_strdup(arena, NULL));
}

static void
test_arena_intern(Fixture *fixture, gconstpointer data)
{
    (void)data;
    Arena *arena = &fixture->arena;
    char text[] = "network";
    const char *first = arena_intern(arena, text);
    text[0] = 'N';
    g_assert_cmpstr(first, ==, "network");
    g_assert_true(arena_intern(arena, "network") == first);
    g_assert_true(arena_intern(arena, text) != first);
    arena_reset(arena);
    g_assert_cmpstr(arena_intern(arena, "network"), ==, "network");
}

/* --- documents item by item ------------------------------------------------------------------- */

typedef struct Heard {
    GString *text;
    const char *fail_at;
} Heard;

static bool
hear_member(void *data, const char *name, json_object *value, GError **error)
{
    Heard *heard = data;
    if (heard->fail_at && strcmp(name, heard->fail_at) == 0) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFLICT, "no '%s' wanted", name);
        return false;
    }
    g_string_append_printf(
        heard->text, "%s=%s;", name, json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN));
    return true;
}

static bool
hear_item(void *data, const char *list, size_t index, json_object *item, GError **error)
{
    (void)error;
    g_string_append_printf(((Heard *)data)->text, "%s[%zu]=%s;", list, index,
        json_object_to_json_string_ext(item, JSON_C_TO_STRING_PLAIN));
    return true;
}

static bool
read_items(const char *text, size_t length, Heard *heard, GError **error)
{
    const JsonItemsHandler handler = {heard, hear_member, hear_item, NULL, NULL};
    g_autoptr(StdioFile) file =
        length ? fmemopen((void *)text, length, "r") : fopen("/dev/null", "r");
    return json_items_read(file, "doc", &handler, error);
}

static const char document[] = " {\"a\": 1, \"b\" :null,\n\"list\":[ 1.5 "
                               ",\"x]\\\"\\\\\",{\"y\":[{\"c\":\"}:\"}]},\n[],true],\"e\":[],"
                               "\"o\":{\"z\":\"\xc3\xa9\"}} \n";

static void
test_items_as_they_come(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autoptr(GString) text = g_string_new(NULL);
    Heard heard = {text, NULL};
    g_assert_true(read_items(document, strlen(document), &heard, &fixture->error));
    g_assert_cmpstr(text->str, ==,
        "a=1;b=null;list[0]=1.5;list[1]=\"x]\\\"\\\\\";list[2]={\"y\":[{\"c\":\"}:\"}]};list[3]=[];"
        "list[4]=true;o={\"z\":\"\xc3\xa9\"};");
}

static void
test_items_cut_anywhere(Fixture *fixture, gconstpointer data)
{
    (void)data;
    for (size_t cut = 0; cut < strlen(document) - 2; cut++) {
        g_autoptr(GString) text = g_string_new(NULL);
        Heard heard = {text, NULL};
        g_clear_error(&fixture->error);
        g_assert_false(read_items(document, cut, &heard, &fixture->error));
        g_assert_error(fixture->error, INGEST_ERROR, INGEST_ERROR_INVALID);
    }
}

/* One byte changed is refused or read; it never crashes, and an error names the line. */
static void
test_items_any_byte_changed(Fixture *fixture, gconstpointer data)
{
    (void)data;
    for (int round = 0; round < 5000; round++) {
        char bytes[sizeof document];
        memcpy(bytes, document, sizeof bytes);
        bytes[g_test_rand_int_range(0, sizeof bytes - 1)] = (char)g_test_rand_int();
        g_autoptr(GString) text = g_string_new(NULL);
        Heard heard = {text, NULL};
        g_clear_error(&fixture->error);
        if (!read_items(bytes, sizeof bytes - 1, &heard, &fixture->error))
            g_assert_true(g_str_has_prefix(fixture->error->message, "'doc', line "));
    }
}

static void
test_items_callbacks_error(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autoptr(GString) text = g_string_new(NULL);
    Heard heard = {text, "o"};
    g_assert_false(read_items(document, strlen(document), &heard, &fixture->error));
    g_assert_error(fixture->error, INGEST_ERROR, INGEST_ERROR_CONFLICT);
    g_assert_cmpstr(fixture->error->message, ==, "'doc', line 3: no 'o' wanted");
}

static void
test_items_too_deep(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autoptr(GString) deep = g_string_new("{\"a\":{\"b\":");
    for (int i = 0; i < 100000; i++)
        g_string_append_c(deep, '[');
    for (int i = 0; i < 100000; i++)
        g_string_append_c(deep, ']');
    g_string_append(deep, "}}");
    g_autoptr(GString) text = g_string_new(NULL);
    Heard heard = {text, NULL};
    g_assert_false(read_items(deep->str, deep->len, &heard, &fixture->error));
    g_assert_nonnull(strstr(fixture->error->message, "not valid JSON: nesting too deep"));
}

/* A text that never ends. */
static ssize_t
endless_read(void *cookie, char *buffer, size_t size)
{
    static const char head[] = "{\"list\":[\"";
    bool *is_begun = cookie;
    memset(buffer, 'a', size);
    if (!*is_begun)
        memcpy(buffer, head, sizeof head - 1);
    *is_begun = true;
    return (ssize_t)size;
}

static void
test_items_endless(Fixture *fixture, gconstpointer data)
{
    (void)data;
    bool is_begun = false;
    g_autoptr(StdioFile) file =
        fopencookie(&is_begun, "r", (cookie_io_functions_t){.read = endless_read});
    g_autoptr(GString) text = g_string_new(NULL);
    Heard heard = {text, NULL};
    const JsonItemsHandler handler = {&heard, hear_member, hear_item, NULL, NULL};
    g_assert_false(json_items_read(file, "doc", &handler, &fixture->error));
    g_assert_cmpstr(fixture->error->message, ==, "'doc', line 1: one value is larger than 64 MiB");
}

#define ADD(path, test) g_test_add(path, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/record/members-come-in-the-tables-order", test_members_in_table_order);
    ADD("/record/nothing-known-is-an-empty-object", test_nothing_known_is_empty);
    ADD("/record/any-bytes-survive", test_any_bytes_survive);
    ADD("/record/any-number-survives", test_any_number_survives);
    ADD("/record/copy-is-deep", test_copy_is_deep);
    ADD("/record/strict-refuses-and-names-the-member", test_strict_refuses);
    ADD("/record/lenient-takes-a-servers-forms", test_lenient_takes_a_servers_forms);
    ADD("/record/lenient-leaves-unreadable-unknown", test_lenient_leaves_unreadable_unknown);
    ADD("/record/list-too-long-is-refused", test_list_too_long);
    ADD("/record/nested-too-deeply-is-refused", test_nested_too_deeply);
    ADD("/arena/pieces-are-aligned-and-zero", test_arena_pieces);
    ADD("/arena/equal-texts-are-shared", test_arena_intern);
    ADD("/json-items/handed-out-as-they-come", test_items_as_they_come);
    ADD("/json-items/cut-anywhere-is-refused", test_items_cut_anywhere);
    ADD("/json-items/any-byte-changed-does-no-harm", test_items_any_byte_changed);
    ADD("/json-items/callbacks-error-gets-its-line", test_items_callbacks_error);
    ADD("/json-items/too-deep-is-refused", test_items_too_deep);
    ADD("/json-items/endless-text-is-refused", test_items_endless);
    return g_test_run();
}
