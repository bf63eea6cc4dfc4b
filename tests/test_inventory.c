/* SPDX-License-Identifier: Apache-2.0 */
#include "inventory.h"

#include <pthread.h>
#include <string.h>

#include "error.h"
#include "record.h"
#include "cleanup.h"

#define HEAD "{\"apiVersion\":\"vm-ingest/v1\",\"kind\":\"Inventory\",\"records\":["
#define TAIL "\n]}\n"
#define VC   "\n{\"source\":{\"name\":\"vc\",\"kind\":\"vsphere\"}}"
#define CS   ",\n{\"source\":{\"name\":\"cs\",\"kind\":\"cloudstack\"}}"
#define VC_END                                                                                     \
    ",\n{\"end\":{\"source\":\"vc\",\"is_complete\":true,\"error\":null,\"instances\":1}}"
#define CS_END ",\n{\"end\":{\"source\":\"cs\",\"is_complete\":true}}"

static bool
read_bytes(const char *text, size_t length, InventorySink *sink, GError **error)
{
    g_autoptr(StdioFile) file =
        length ? fmemopen((void *)text, length, "r") : fopen("/dev/null", "r");
    g_assert_nonnull(file);
    return inventory_read(file, "test.json", sink, error);
}

/* Freezes what could be read; NULL unless all of it could and @error is given. */
static Inventory *
load_text(const char *text, GError **error)
{
    g_autoptr(InventoryBuilder) builder = inventory_builder_new();
    if (!read_bytes(text, strlen(text), inventory_builder_sink(builder), error) && error)
        return NULL;
    return inventory_builder_freeze(builder);
}

static char *
save_text(const Inventory *inventory)
{
    char *text = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&text, &length);
    g_autoptr(GError) error = NULL;
    g_assert_true(inventory_save(inventory, file, &error));
    g_assert_no_error(error);
    fclose(file);
    return text;
}

static void
assert_refused(const char *text, IngestErrorCode code, const char *pattern)
{
    g_autoptr(GError) error = NULL;
    Inventory *inventory = load_text(text, &error);
    g_assert_null(inventory);
    g_assert_error(error, INGEST_ERROR, (int)code);
    if (!g_pattern_match_simple(pattern, error->message))
        g_error("'%s' does not match '%s'", error->message, pattern);
}

/* --- one record of each kind with every member ------------------------------------------------ */

typedef enum FillHow { FILL_KNOWN, FILL_ABSENT, FILL_EMPTY } FillHow;

/* Gives every member of a record a value of its own, or null, or an empty list. */
static void
fill(const RecordType *type, void *record, FillHow how, unsigned *seed, Arena *arena)
{
    for (size_t i = 0; i < type->n_fields; i++) {
        const Field *field = &type->fields[i];
        void *at = (char *)record + field->offset;
        FactState state = how == FILL_ABSENT && !field->is_required ? FACT_ABSENT : FACT_KNOWN;
        bool is_known = state == FACT_KNOWN;
        unsigned n = how == FILL_EMPTY ? 0 : 2;
        (*seed)++;
        switch (field->kind) {
        case FIELD_TEXT:
            *(Text *)at = (Text){
                is_known ? arena_printf(arena, "t\"\\\n\x7f\xc3\xa9%u", *seed) : NULL, state};
            break;
        case FIELD_INT:
            *(Int *)at = (Int){is_known ? (int64_t)*seed << 33 : 0, state};
            break;
        case FIELD_BOOL:
            *(Bool *)at = (Bool){is_known && *seed % 2, state};
            break;
        case FIELD_ENUM:
            *(int *)at = 1 + (int)(*seed % (field->n_words - 1));
            break;
        case FIELD_RECORD:
            fill(field->record, at, how, seed, arena);
            break;
        case FIELD_TEXTS: {
            Texts texts = {.state = state, .n = is_known ? n : 0};
            texts.items = arena_new_n(arena, const char *, 2);
            texts.items[0] = arena_printf(arena, "a%u", *seed);
            texts.items[1] = "";
            *(Texts *)at = texts;
            break;
        }
        case FIELD_MAP:
            g_assert_not_reached(); /* no inventory record has one */
        case FIELD_LIST: {
            RecordList list = {.state = state, .n = is_known ? n : 0};
            list.items = arena_alloc(arena, 2 * field->record->size);
            for (size_t k = 0; k < list.n; k++)
                fill(field->record, (char *)list.items + k * field->record->size, how, seed, arena);
            *(RecordList *)at = list;
            break;
        }
        }
    }
}

/* A document with one record of each kind, of one source. */
static char *
full_document(FillHow how)
{
    Arena arena;
    arena_init(&arena);
    unsigned seed = 7;
    g_autoptr(GString) out = g_string_new(HEAD);
    for (int kind = 0; kind < RECORD_KIND_N; kind++) {
        const RecordType *type = inventory_record_types[kind];
        void *record = arena_alloc(&arena, type->size);
        fill(type, record, how, &seed, &arena);
        *(Text *)record = text_known("vc"); /* name of the source, the first member of all */
        g_string_append_printf(out, "%s\n{\"%s\":", kind ? "," : "", inventory_record_words[kind]);
        record_encode(type, record, out);
        g_string_append_c(out, '}');
    }
    g_string_append(out, TAIL);
    arena_release(&arena);
    return g_strdup(out->str);
}

static void
test_round_trip(gconstpointer data)
{
    g_autofree char *text = full_document((FillHow)GPOINTER_TO_INT(data));
    g_autoptr(GError) error = NULL;
    g_autoptr(Inventory) inventory = load_text(text, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(inventory->n_records, ==, RECORD_KIND_N);
    g_autofree char *saved = save_text(inventory);
    g_assert_cmpstr(saved, ==, text);
}

static void
test_round_trip_empty(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Inventory) inventory = load_text(HEAD TAIL, &error);
    g_assert_no_error(error);
    g_assert_false(inventory->is_partial);
    g_autofree char *saved = save_text(inventory);
    g_assert_cmpstr(saved, ==, HEAD TAIL);
}

static void
test_unknown_absent_known(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Inventory) inventory = load_text(HEAD VC
        ",\n{\"instance\":{\"source\":\"vc\",\"id\":\"vm-1\",\"name\":\"a\",\"path\":null,"
        "\"nics\":[],\"tags\":null}}" VC_END TAIL,
        &error);
    g_assert_no_error(error);
    const InstanceView *view = inventory->views[0];
    g_assert_cmpint(view->path.state, ==, FACT_ABSENT);
    g_assert_cmpint(view->annotation.state, ==, FACT_UNKNOWN);
    g_assert_cmpint(view->nics.state, ==, FACT_KNOWN);
    g_assert_cmpuint(view->nics.n, ==, 0);
    g_assert_cmpint(view->tags.state, ==, FACT_ABSENT);
    g_assert_cmpint(view->disks.state, ==, FACT_UNKNOWN);
    g_assert_cmpint(view->power, ==, POWER_UNKNOWN);
}

/* --- refused files ---------------------------------------------------------------------------- */

typedef struct BadFile {
    const char *name, *text;
    IngestErrorCode code;
    const char *pattern;
} BadFile;

#define VM(id, more)                                                                               \
    ",\n{\"instance\":{\"source\":\"vc\",\"id\":\"" id "\",\"name\":\"a\"" more "}}"

static const BadFile bad_files[] = {
    {"empty", "", INGEST_ERROR_INVALID, "'test.json', line 1: the file is empty; *discover*"},
    {"no-json", "hello", INGEST_ERROR_INVALID, "*line 1: expected a JSON object; *"},
    {"list", "[]", INGEST_ERROR_INVALID, "*line 1: expected a JSON object; *"},
    {"other-version", "{\"apiVersion\":\"vm-ingest/v9\"}", INGEST_ERROR_UNSUPPORTED,
        "*line 1: 'apiVersion' is 'vm-ingest/v9', not 'vm-ingest/v1'; *"},
    {"version-null", "{\"apiVersion\":null}", INGEST_ERROR_UNSUPPORTED, "*is 'null', not*"},
    {"other-kind", "{\"apiVersion\":\"vm-ingest/v1\",\n\"kind\":\"Plan\"}", INGEST_ERROR_INVALID,
        "*line 2: 'kind' is 'Plan', not 'Inventory'; *"},
    {"no-version", "{\"records\":[]}", INGEST_ERROR_INVALID,
        "*line 1: 'apiVersion' and 'kind' must stand before 'records'; *"},
    {"version-after-records",
        "{\"kind\":\"Inventory\",\"records\":[],\"apiVersion\":\"vm-ingest/v1\"}",
        INGEST_ERROR_INVALID, "*must stand before*"},
    {"version-twice", "{\"apiVersion\":\"vm-ingest/v1\",\"apiVersion\":\"vm-ingest/v1\"}",
        INGEST_ERROR_INVALID, "*'apiVersion' stands twice; *"},
    {"no-records", "{\"apiVersion\":\"vm-ingest/v1\",\"kind\":\"Inventory\"}", INGEST_ERROR_INVALID,
        "*has no 'records'*"},
    {"records-twice", HEAD "],\"records\":[" TAIL, INGEST_ERROR_INVALID,
        "*'records' stands twice; *"},
    {"records-object", "{\"apiVersion\":\"vm-ingest/v1\",\"kind\":\"Inventory\",\"records\":{}}",
        INGEST_ERROR_INVALID, "*'records': expected a list; *"},
    {"unknown-top-member", HEAD "],\"extra\":1}", INGEST_ERROR_INVALID,
        "*unknown member 'extra'; *"},
    {"unknown-top-list", HEAD "],\"extra\":[]}", INGEST_ERROR_INVALID, "*unknown list 'extra'; *"},
    {"trailing-comma", HEAD "],}", INGEST_ERROR_INVALID, "*expected a member's name*"},
    {"text-after-end", HEAD TAIL "x", INGEST_ERROR_INVALID, "*something follows*"},
    {"item-no-object", HEAD "\n7" TAIL, INGEST_ERROR_INVALID, "*line 2: 'records[0]': expected*"},
    {"item-null", HEAD "\nnull" TAIL, INGEST_ERROR_INVALID, "*line 2: 'records[0]': expected*"},
    {"item-of-two", HEAD "{\"source\":{},\"end\":{}}" TAIL, INGEST_ERROR_INVALID, "*one member*"},
    {"unknown-kind-of-record", HEAD "{\"vm\":{}}" TAIL, INGEST_ERROR_INVALID,
        "*'records[0]': unknown kind of record 'vm'; *"},
    {"unknown-member", HEAD VC VM("vm-1", ",\n\"nics\":[{\"id\":\"1\",\"vlan\":{\"tag\":7}}]") TAIL,
        INGEST_ERROR_INVALID,
        "*line 3: 'records[1].instance.nics[0].vlan': unknown member 'tag': *; *"},
    {"missing-member", HEAD "{\"source\":{\"name\":\"vc\"}}" TAIL, INGEST_ERROR_INVALID,
        "*'records[0].source': member 'kind' is missing; *"},
    {"required-null", HEAD "{\"source\":{\"name\":null,\"kind\":\"vsphere\"}}" TAIL,
        INGEST_ERROR_INVALID, "*member 'name' is missing; *"},
    {"text-for-number", HEAD VC VM("vm-1", ",\"cpus\":\"4\"") TAIL, INGEST_ERROR_INVALID,
        "*instance.cpus': expected a whole number, found string; *"},
    {"fraction", HEAD VC VM("vm-1", ",\"cpus\":1.5") TAIL, INGEST_ERROR_INVALID,
        "*instance.cpus': expected a whole number, found double; *"},
    {"huge-number", HEAD VC VM("vm-1", ",\"cpus\":99999999999999999999") TAIL, INGEST_ERROR_INVALID,
        "*instance.cpus': number out of range; *"},
    {"number-for-text", HEAD VC VM("vm-1", ",\"path\":4") TAIL, INGEST_ERROR_INVALID,
        "*instance.path': expected a text, found int; *"},
    {"text-for-bool", HEAD VC VM("vm-1", ",\"has_vtpm\":\"true\"") TAIL, INGEST_ERROR_INVALID,
        "*instance.has_vtpm': expected true or false*"},
    {"unknown-word", HEAD VC VM("vm-1", ",\"power\":\"sleeping\"") TAIL, INGEST_ERROR_INVALID,
        "*instance.power': 'sleeping' is not a known word; *"},
    {"enum-null", HEAD VC VM("vm-1", ",\"power\":null") TAIL, INGEST_ERROR_INVALID,
        "*null is not*"},
    {"object-for-list", HEAD VC VM("vm-1", ",\"disks\":{}") TAIL, INGEST_ERROR_INVALID,
        "*instance.disks': expected a list; *"},
    {"zero-byte", HEAD VC VM("vm-1", ",\"path\":\"a\\u0000b\"") TAIL, INGEST_ERROR_INVALID,
        "*instance.path': a text may not hold a zero byte; *"},
    {"bad-utf8", HEAD VC VM("vm-1", ",\"path\":\"\xff\"") TAIL, INGEST_ERROR_INVALID,
        "*line 3: not valid JSON*"},
    {"member-twice", HEAD VC VM("vm-1", ",\"name\":\"b\"") TAIL, INGEST_ERROR_INVALID,
        "*line 3: some object has a member twice; *"},
    {"source-twice", HEAD VC "," VC TAIL, INGEST_ERROR_INVALID, "*source 'vc' stands twice; *"},
    {"source-not-announced",
        HEAD VC ",{\"host\":{\"source\":\"x\",\"id\":\"1\",\"name\":\"h\"}}" TAIL,
        INGEST_ERROR_INVALID, "*'records[1]': 'host.source' is 'x', of which there is no*"},
    {"instance-twice", HEAD VC VM("vm-1", "") VM("vm-1", "") TAIL, INGEST_ERROR_INVALID,
        "*line 4: 'records[2]': instance 'vm-1' (a) of source 'vc' stands twice; *"},
    {"end-twice", HEAD VC VC_END VC_END TAIL, INGEST_ERROR_INVALID, "*source 'vc' ends twice; *"},
    {"truncated", HEAD VC VM("vm-1", ""), INGEST_ERROR_INVALID,
        "*line 3: the file ends inside 'records' after 2 items: it is truncated; *"},
};

static void
test_bad_file(gconstpointer data)
{
    const BadFile *bad = data;
    assert_refused(bad->text, bad->code, bad->pattern);
}

static void
test_records_before_an_error_are_kept(void)
{
    g_autoptr(Inventory) inventory = load_text(HEAD VC VM("vm-1", "") ",\n{\"instance\":7}", NULL);
    g_assert_cmpuint(inventory->n_views, ==, 1);
    g_assert_true(inventory->is_partial);
}

/* A file cut anywhere is refused, and what is whole before the cut is kept. */
static void
test_truncation_at_every_byte(void)
{
    g_autofree char *text = full_document(FILL_KNOWN);
    size_t length = strlen(text);
    size_t last = 0;
    for (size_t cut = 0; cut < length - 1; cut++) {
        g_autoptr(InventoryBuilder) builder = inventory_builder_new();
        g_autoptr(GError) error = NULL;
        g_autofree char *part = g_memdup2(text, cut + 1);
        g_assert_false(read_bytes(part, cut, inventory_builder_sink(builder), &error));
        g_assert_error(error, INGEST_ERROR, INGEST_ERROR_INVALID);
        g_autoptr(Inventory) inventory = inventory_builder_freeze(builder);
        g_assert_cmpuint(inventory->n_records, >=, last);
        last = inventory->n_records;
    }
    g_assert_cmpuint(last, ==, RECORD_KIND_N);
}

static void
test_unreadable_files(void)
{
    g_autoptr(GError) missing = NULL, folder = NULL;
    g_assert_null(inventory_load("/nonexistent/x.json", &missing));
    g_assert_error(missing, INGEST_ERROR, INGEST_ERROR_STORAGE);
    g_assert_nonnull(strstr(missing->message, "/nonexistent/x.json"));
    g_assert_null(inventory_load("/", &folder));
    g_assert_error(folder, INGEST_ERROR, INGEST_ERROR_STORAGE);
}

static void
test_full_disk(void)
{
    g_autoptr(StdioFile) file = fopen("/dev/full", "w");
    g_autofree char *text = full_document(FILL_KNOWN);
    g_autoptr(GError) error = NULL;
    g_autoptr(Inventory) inventory = load_text(text, NULL);
    g_assert_false(inventory_save(inventory, file, &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_STORAGE);
    g_assert_nonnull(strstr(error->message, "No space left"));
}

/* --- frozen ----------------------------------------------------------------------------------- */

static void
test_find(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Inventory) inventory = load_text(HEAD VC CS
        ",{\"host\":{\"source\":\"vc\",\"id\":\"host-1\",\"name\":\"one\"}}"
        ",{\"host\":{\"source\":\"cs\",\"id\":\"host-1\",\"name\":\"two\"}}"
        ",{\"portgroup\":{\"source\":\"vc\",\"id\":\"network-1\",\"name\":\"first\"}}"
        ",{\"portgroup\":{\"source\":\"vc\",\"id\":\"network-1\",\"name\":\"second\"}}" VC_END TAIL,
        &error);
    g_assert_no_error(error);
    g_assert_cmpstr(inventory_find_host(inventory, "vc", "host-1")->name.value, ==, "one");
    g_assert_cmpstr(inventory_find_host(inventory, "cs", "host-1")->name.value, ==, "two");
    g_assert_null(inventory_find_host(inventory, "vc", "host-2"));
    g_assert_null(inventory_find_host(inventory, "vc", NULL));
    g_assert_null(inventory_find_cluster(inventory, "vc", "host-1"));
    g_assert_cmpstr(
        inventory_find_portgroup(inventory, "vc", "network-1")->name.value, ==, "first");
    g_assert_cmpuint(inventory->n_portgroups, ==, 2);
    g_assert_true(is_true(inventory_find_end(inventory, "vc")->is_complete));
    g_assert_null(inventory_find_end(inventory, "cs"));
    g_assert_true(inventory->is_partial);
}

static void
test_partial(void)
{
    g_autoptr(Inventory) whole = load_text(HEAD VC VC_END TAIL, NULL);
    g_assert_false(whole->is_partial);
    g_autoptr(Inventory) no_end = load_text(HEAD VC TAIL, NULL);
    g_assert_true(no_end->is_partial);
    g_autoptr(Inventory) broken = load_text(
        HEAD VC ",{\"end\":{\"source\":\"vc\",\"is_complete\":false,\"error\":\"x\"}}" TAIL, NULL);
    g_assert_true(broken->is_partial);
}

static void
test_reference(void)
{
    Inventory *inventory = load_text(HEAD VC VC_END TAIL, NULL);
    Inventory *second = inventory_ref(inventory);
    g_assert_true(second == inventory);
    inventory_unref(inventory);
    g_assert_cmpstr(second->sources[0]->name.value, ==, "vc");
    inventory_unref(second);
    inventory_unref(NULL);
}

static void
test_builder_is_used_again(void)
{
    g_autoptr(InventoryBuilder) builder = inventory_builder_new();
    g_assert_true(
        read_bytes(HEAD VC TAIL, strlen(HEAD VC TAIL), inventory_builder_sink(builder), NULL));
    g_autoptr(Inventory) first = inventory_builder_freeze(builder);
    g_autoptr(Inventory) second = inventory_builder_freeze(builder);
    g_assert_cmpuint(first->n_sources, ==, 1);
    g_assert_cmpuint(second->n_records, ==, 0);
}

/* --- joining ---------------------------------------------------------------------------------- */

#define NIC(mac) "{\"id\":\"Network adapter 1\",\"mac\":\"" mac "\"}"
#define DISK(id) "{\"id\":\"" id "\"}"
#define OURS(id, more)                                                                             \
    ",\n{\"instance\":{\"source\":\"vc\",\"id\":\"" id "\",\"name\":\"web\"" more "}}"
#define THEIRS(more)                                                                               \
    ",\n{\"instance\":{\"source\":\"cs\",\"id\":\"c1/web\",\"name\":\"web\"" more "}}"
#define NICS(mac)   ",\"nics\":[" NIC(mac) "]"
#define DISKS(id)   ",\"disks\":[" DISK(id) "]"
#define PATHS(path) ",\"disks\":[{\"id\":\"0\",\"path\":\"" path "\"}]"
#define HOST(name)  ",\"host_name\":\"" name "\""

/* Which CloudStack view (1, 2, ..., 0 = none) each source view got, as digits; then a '+' for each
 * CloudStack view that stayed alone. */
typedef struct JoinCase {
    const char *name, *records, *expected;
    size_t n_same_name;
} JoinCase;

static const JoinCase join_cases[] = {
    {"by-mac-whatever-its-case",
        OURS("vm-1", NICS("00:50:56:aa:00:01")) THEIRS(NICS("00:50:56:AA:00:01")), "1", 1},
    {"by-disk-id",
        OURS("vm-51", DISKS("51-2000")) OURS("vm-52", DISKS("52-2000")) THEIRS(DISKS("52-2000")),
        "01", 1},
    {"by-disk-path",
        OURS("u1", PATHS("/a/1.qcow2")) OURS("u2", PATHS("/a/2.qcow2")) THEIRS(PATHS("/a/2.qcow2"))
            THEIRS(PATHS("/a/1.qcow2")),
        "21", 2},
    {"lone-pair-without-facts", OURS("vm-1", "") THEIRS(""), "1", 1},
    {"lone-pair-with-facts-on-one-side", OURS("vm-1", NICS("00:50:56:aa:00:01")) THEIRS(""), "1",
        1},
    {"lone-pair-of-other-macs-stays-separate",
        OURS("vm-1", NICS("00:50:56:aa:00:01")) THEIRS(NICS("00:50:56:aa:00:02")), "0+", 1},
    {"lone-pair-of-other-disks-stays-separate",
        OURS("vm-51", DISKS("51-2000")) THEIRS(DISKS("52-2000")), "0+", 1},
    {"libvirt-disk-index-tells-nothing",
        OURS("u1", DISKS("0")) OURS("u2", DISKS("0")) THEIRS(DISKS("0")), "00+", 1},
    {"two-of-a-name-without-facts-stay-separate", OURS("vm-1", "") OURS("vm-2", "") THEIRS(""),
        "00+", 1},
    {"two-of-a-name-and-mac-stay-separate",
        OURS("vm-1", NICS("52:54:00:00:00:01")) OURS("vm-2", NICS("52:54:00:00:00:01"))
            THEIRS(NICS("52:54:00:00:00:01")),
        "00+", 1},
    {"host-decides-between-two-alike",
        OURS("vm-1", NICS("52:54:00:00:00:01") HOST("kvm1")) OURS("vm-2",
            NICS("52:54:00:00:00:01") HOST("kvm2")) THEIRS(NICS("52:54:00:00:00:01") HOST("kvm2")),
        "01", 1},
    {"host-alone-is-no-evidence",
        OURS("vm-1", HOST("kvm1")) OURS("vm-2", HOST("kvm2")) THEIRS(HOST("kvm2")), "00+", 1},
    {"more-shared-facts-win",
        OURS("vm-51", DISKS("51-2000") NICS("00:50:56:aa:00:01")) THEIRS(DISKS("51-2000")
                NICS("00:50:56:aa:00:02")) THEIRS(DISKS("51-2000") NICS("00:50:56:aa:00:01")),
        "2+", 2},
    {"other-name-is-another-instance",
        OURS("vm-1", NICS("00:50:56:aa:00:01")) ",{\"instance\":{\"source\":\"cs\",\"id\":\"c1/"
                                                "x\",\"name\":\"x\"" NICS("00:50:56:aa:00:01") "}}",
        "0+", 0},
    {"of-two-servers-the-first-is-joined",
        OURS("vm-1", NICS("00:50:56:aa:00:01")) THEIRS(
            NICS("00:50:56:aa:00:01")) ",{\"source\":{\"name\":\"cs2\",\"kind\":\"cloudstack\"}}"
                                       ",{\"instance\":{\"source\":\"cs2\",\"id\":\"c1/"
                                       "web\",\"name\":\"web\"" NICS("00:50:56:aa:00:01") "}}",
        "1+", 2},
    {"vcenters-escapes-in-cloudstacks-name",
        ",{\"instance\":{\"source\":\"vc\",\"id\":\"vm-1\",\"name\":\"a/b%\"}}"
        ",{\"instance\":{\"source\":\"cs\",\"id\":\"c1/x\",\"name\":\"a%2fb%25\"}}",
        "1", 1},
    {"kvm-names-are-not-escaped",
        ",{\"instance\":{\"source\":\"vc\",\"id\":\"u1\",\"name\":\"a%25\"}}"
        ",{\"instance\":{\"source\":\"cs\",\"id\":\"c1/"
        "x\",\"name\":\"a%25\",\"hypervisor\":\"KVM\"}}",
        "1", 1},
    {"cloudstack-alone", THEIRS(""), "+", 1},
};

static void
test_join(gconstpointer data)
{
    const JoinCase *join = data;
    g_autofree char *text = g_strconcat(HEAD VC CS, join->records, VC_END CS_END TAIL, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(Inventory) inventory = load_text(text, &error);
    g_assert_no_error(error);
    g_autoptr(GString) got = g_string_new(NULL);
    for (size_t i = 0; i < inventory->n_instances; i++) {
        const Instance *instance = &inventory->instances[i];
        size_t place = 0;
        for (size_t k = 0; k < inventory->n_views && instance->cloudstack; k++) {
            place += strcmp(inventory->views[k]->source.value, "cs") == 0;
            if (inventory->views[k] == instance->cloudstack)
                break;
        }
        g_string_append_printf(got, instance->source ? "%zu" : "+", place);
    }
    g_assert_cmpstr(got->str, ==, join->expected);
    g_assert_cmpuint(inventory->instances[0].n_cloudstack_same_name, ==, join->n_same_name);
}

/* Thousands of one name and one MAC are told apart by nothing, and that does not take long. */
static void
test_join_many_alike(void)
{
    g_autoptr(GString) text = g_string_new(HEAD VC CS);
    for (int i = 0; i < 3000; i++)
        g_string_append_printf(text,
            ",\n{\"instance\":{\"source\":\"%s\",\"id\":\"i%d\",\"name\":\"web\"" NICS(
                "00:50:56:aa:00:01") "}}",
            i % 2 ? "vc" : "cs", i);
    g_string_append(text, VC_END CS_END TAIL);
    g_autoptr(Inventory) inventory = load_text(text->str, NULL);
    g_assert_cmpuint(inventory->n_instances, ==, 3000);
    g_assert_cmpuint(inventory->instances[0].n_cloudstack_same_name, ==, 1500);
}

/* --- sinks ------------------------------------------------------------------------------------ */

typedef struct CountSink {
    InventorySink sink;
    size_t n;
    size_t fail_at; /* the put that fails, from 1; 0 = none */
} CountSink;

static bool
count_put(InventorySink *sink, RecordKind kind, const void *record, GError **error)
{
    (void)kind, (void)record;
    CountSink *count = (CountSink *)sink;
    if (++count->n != count->fail_at)
        return true;
    g_set_error_literal(error, INGEST_ERROR, INGEST_ERROR_STORAGE, "full");
    return false;
}

static void *
put_many(void *sink)
{
    InstanceView view = {
        .source = text_known("vc"), .id = text_known("vm-1"), .name = text_known("a")};
    for (int i = 0; i < 2000; i++)
        g_assert_true(inventory_put(sink, RECORD_INSTANCE, &view, NULL));
    return NULL;
}

static void
test_locked(void)
{
    g_autoptr(InventoryBuilder) builder = inventory_builder_new();
    g_autoptr(InventorySink) locked = inventory_locked_sink(inventory_builder_sink(builder));
    pthread_t threads[4];
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        g_assert_cmpint(pthread_create(&threads[i], NULL, put_many, locked), ==, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        pthread_join(threads[i], NULL);
    g_autoptr(Inventory) inventory = inventory_builder_freeze(builder);
    g_assert_cmpuint(inventory->n_views, ==, 8000);
}

static void
test_sink_error_is_passed_on(void)
{
    CountSink count = {.sink.put = count_put, .fail_at = 1};
    g_autoptr(GError) error = NULL;
    g_assert_false(read_bytes(HEAD VC TAIL, strlen(HEAD VC TAIL), &count.sink, &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_STORAGE);
    g_assert_null(strstr(error->message, "discover")); /* the file is not to blame */
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func(
        "/inventory/file/all-known-gives-same-bytes", GINT_TO_POINTER(FILL_KNOWN), test_round_trip);
    g_test_add_data_func("/inventory/file/all-absent-gives-same-bytes",
        GINT_TO_POINTER(FILL_ABSENT), test_round_trip);
    g_test_add_data_func("/inventory/file/empty-lists-give-same-bytes", GINT_TO_POINTER(FILL_EMPTY),
        test_round_trip);
    g_test_add_func("/inventory/file/no-records-give-same-bytes", test_round_trip_empty);
    g_test_add_func("/inventory/file/unknown-absent-and-known-differ", test_unknown_absent_known);
    for (size_t i = 0; i < G_N_ELEMENTS(bad_files); i++) {
        g_autofree char *path = g_strconcat("/inventory/refused/", bad_files[i].name, NULL);
        g_test_add_data_func(path, &bad_files[i], test_bad_file);
    }
    g_test_add_func(
        "/inventory/file/records-before-an-error-are-kept", test_records_before_an_error_are_kept);
    g_test_add_func("/inventory/file/cut-at-every-byte-is-refused", test_truncation_at_every_byte);
    g_test_add_func("/inventory/file/unreadable-is-a-storage-error", test_unreadable_files);
    g_test_add_func("/inventory/file/full-disk-is-a-storage-error", test_full_disk);
    g_test_add_func("/inventory/frozen/finds-by-source-and-id", test_find);
    g_test_add_func("/inventory/frozen/partial-without-complete-end", test_partial);
    g_test_add_func("/inventory/frozen/lives-as-long-as-a-reference", test_reference);
    g_test_add_func("/inventory/frozen/builder-starts-anew", test_builder_is_used_again);
    for (size_t i = 0; i < G_N_ELEMENTS(join_cases); i++) {
        g_autofree char *path = g_strconcat("/inventory/join/", join_cases[i].name, NULL);
        g_test_add_data_func(path, &join_cases[i], test_join);
    }
    g_test_add_func("/inventory/join/thousands-alike-stay-separate", test_join_many_alike);
    g_test_add_func("/inventory/sink/locked-takes-many-threads", test_locked);
    g_test_add_func("/inventory/sink/its-error-is-not-the-files", test_sink_error_is_passed_on);
    return g_test_run();
}
