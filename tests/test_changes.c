/* SPDX-License-Identifier: Apache-2.0
 *
 * Files of changes: what is saved is what is loaded, what people edit is read, what is wrong is
 * named. `build/tests/test_changes --print` prints the $defs to put into the schema.
 */
#include "schema.h"

#include "appliance/change_file.h"

#define CORPUS "tests/corpus/changes/"

static char *
read_text(const char *name)
{
    g_autofree char *path = g_strconcat(CORPUS, name, NULL);
    char *text = NULL;
    g_autoptr(GError) error = NULL;
    if (!g_file_get_contents(path, &text, NULL, &error))
        g_error("%s", error->message);
    return text;
}

static Changes *
read_changes(const char *text, GError **error)
{
    g_autoptr(StdioFile) file = fmemopen((char *)text, strlen(text), "r");
    return changes_read(file, "c.json", error);
}

static char *
save(const Changes *changes)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    g_assert_true(changes_save(changes, file, NULL));
    fclose(file);
    return text;
}

/* Replaces the first @from of the full example; it has to be there. */
static void
assert_complaint(const char *from, const char *to, int code, const char *wanted)
{
    g_autofree char *text = read_text("valid-full.json");
    g_auto(GStrv) parts = g_strsplit(text, from, 2);
    g_assert_cmpuint(g_strv_length(parts), ==, 2);
    g_autofree char *bad = g_strjoinv(to, parts);
    g_autoptr(GError) error = NULL;
    g_assert_null(read_changes(bad, &error));
    g_assert_error(error, INGEST_ERROR, code);
    if (!strstr(error->message, wanted))
        g_error("'%s' is not in '%s'", wanted, error->message);
}

static void
test_same_bytes(void)
{
    static const char *const names[] = {"valid-full.json", "valid-empty.json"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_strconcat(CORPUS, names[i], NULL), *text = read_text(names[i]);
        g_autoptr(GError) error = NULL;
        g_autoptr(Changes) changes = changes_load(path, &error);
        g_assert_no_error(error);
        g_autofree char *saved = save(changes);
        g_assert_cmpstr(saved, ==, text);
    }
}

static void
test_members(void)
{
    g_autofree char *text = read_text("valid-full.json");
    g_autoptr(Changes) changes = read_changes(text, NULL);
    g_assert_nonnull(changes);
    g_assert_cmpuint(changes->changes.n, ==, 2);
    g_assert_null(changes_find(changes, "network-vlan-121"));
    const Change *network = changes_find(changes, "network-vlan-120");
    g_assert_cmpint(network->kind, ==, CHANGE_NETWORK);
    g_assert_cmpint(network->verdict, ==, VERDICT_READY);
    g_assert_cmpstr(network->call.refs.items[0].param.value, ==, "domainid");
    g_assert_cmpstr(network->call.refs.items[0].change.value, ==, "domain-acme");
    g_assert_cmpstr(network->find.clashes.items[1], ==, "broadcasturi");
    g_assert_cmpint(network->find.expects.items[3].value.state, ==, FACT_ABSENT);
    g_assert_cmpstr(network->uses.items[0].what.value, ==, "a VM has a NIC in it");
}

/* What a planner fills in is what is read back. */
static void
test_filled(void)
{
    g_autoptr(Changes) changes = changes_new_empty();
    for (int i = 0; i < 5; i++) {
        g_autofree char *id = g_strdup_printf("domain-%d", i);
        Change *change = changes_add(changes, CHANGE_DOMAIN, id, id);
        change_call_init(changes, &change->call, "createDomain");
        change_call_add(changes, &change->call, "name", id);
        ChangeCall *read = change_find_add_read(changes, &change->find, "listDomains");
        change_call_add(changes, read, "listall", "true");
        change->find.item = text_known("domain");
        change_expect_param(changes, &change->find, "name", "name");
        change_expect(changes, &change->find, "state", "Active");
        change_expect(changes, &change->find, "networkdomain", NULL);
        change_add_clash(changes, &change->find, "name");
        if (i) {
            change_call_add_ref(changes, &change->call, "parentdomainid", "domain-0");
            change_expect_ref(changes, &change->find, "parentdomainid", "domain-0");
        }
        change_call_init(changes, &change->undo, "deleteDomain");
        change_call_add_ref(changes, &change->undo, "id", id);
    }
    g_autoptr(GError) error = NULL;
    changes_check(changes, &error);
    g_assert_no_error(error);
    g_autofree char *text = save(changes);
    g_autoptr(Changes) again = read_changes(text, &error);
    g_assert_no_error(error);
    g_autofree char *text_again = save(again);
    g_assert_cmpstr(text, ==, text_again);
    g_assert_cmpuint(again->changes.n, ==, 5);
    const Change *last = &again->changes.items[4];
    g_assert_cmpuint(last->find.expects.n, ==, 4);
    g_assert_cmpstr(last->find.expects.items[3].ref.value, ==, "domain-0");
    g_assert_cmpint(last->find.expects.items[2].value.state, ==, FACT_ABSENT);
}

static void
test_bad_files(void)
{
    assert_complaint("vm-ingest/v1", "vm-ingest/v2", INGEST_ERROR_UNSUPPORTED, "'vm-ingest/v2'");
    assert_complaint("\"Changes\"", "\"Plan\"", INGEST_ERROR_UNSUPPORTED, "networks plan --out");
    assert_complaint("\"why\"", "\"wy\"", INGEST_ERROR_INVALID, "unknown member 'wy'");
    assert_complaint(
        "\"network\",", "\"router\",", INGEST_ERROR_INVALID, "'router' is not a known word");
    assert_complaint("\"changes\":[", "\"items\":[", INGEST_ERROR_INVALID, "'items'");
    assert_complaint("\n]}", "", INGEST_ERROR_INVALID, "truncated");
    assert_complaint("\"info\":", "\"apiVersion\":", INGEST_ERROR_INVALID, "stands twice");
}

/* An edited file must hold together before anything is sent. */
static void
test_bad_changes(void)
{
    const int invalid = INGEST_ERROR_INVALID;
    assert_complaint("\"id\":\"domain-acme\"", "\"id\":\"domain acme\"", invalid, "letters");
    assert_complaint(
        "\"id\":\"domain-acme\"", "\"id\":\"network-vlan-120\"", invalid, "'domain-acme' is no");
    assert_complaint("\"id\":\"network-vlan-120\"", "\"id\":\"domain-acme\"", invalid, "twice");
    assert_complaint("{\"domainid\":\"domain-acme\"}", "{\"domainid\":\"network-vlan-120\"}",
        invalid, "'network-vlan-120' is no other change before this one");
    assert_complaint("{\"domainid\":\"domain-acme\"}", "{\"vlan\":\"domain-acme\"}", invalid,
        "parameter 'vlan' stands twice");
    assert_complaint("\"command\":\"createNetwork\"", "\"command\":\"destroyVirtualMachine\"",
        invalid, "it has to be createNetwork");
    assert_complaint("\"command\":\"deleteNetwork\"", "\"command\":\"deleteDomain\"", invalid,
        "it has to be deleteNetwork");
    assert_complaint("\"deleteNetwork\",", "\"deleteNetwork\",\"params\":{\"forced\":\"true\"},",
        invalid, "would take away more than was made");
    assert_complaint("\"command\":\"listNetworks\"", "\"command\":\"deleteNetwork\"", invalid,
        "'deleteNetwork' is no list call");
    assert_complaint(
        "\"param\":\"name\"}", "\"param\":\"nome\"}", invalid, "the call has no parameter 'nome'");
    assert_complaint("\"param\":\"name\"}", "\"param\":\"name\",\"value\":\"x\"}", invalid,
        "one of value, param and ref");
    assert_complaint("\"clashes\":[\"name\"", "\"clashes\":[\"state\"", invalid,
        "'state' is no member that is expected");
}

static const RecordType *const types[] = {&changes_info_type, &change_type};

static void
test_schema(void)
{
    g_autoptr(JsonObject) schema = schema_load("appliance/schema/changes.schema.json");
    schema_assert_defs(schema, types, G_N_ELEMENTS(types));
}

static int
print_defs(void)
{
    g_autoptr(JsonObject) defs = json_object_new_object();
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        schema_add_defs(defs, types[i]);
    puts(json_object_to_json_string_ext(defs, JSON_C_TO_STRING_PRETTY));
    return 0;
}

int
main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--print") == 0)
        return print_defs();
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/changes/file/loading-and-saving-gives-the-same-bytes", test_same_bytes);
    g_test_add_func("/changes/file/members-are-read", test_members);
    g_test_add_func("/changes/file/what-was-filled-in-is-read-back", test_filled);
    g_test_add_func("/changes/file/a-bad-file-is-named", test_bad_files);
    g_test_add_func(
        "/changes/file/a-change-that-does-not-hold-together-is-named", test_bad_changes);
    g_test_add_func("/changes/schema/members-are-those-of-the-tables", test_schema);
    return g_test_run();
}
