/* SPDX-License-Identifier: Apache-2.0
 *
 * The catalog: saved, loaded, fetched from a stand-in for the server.
 */
#include "ingest/ingest_priv.h"

#include "cleanup.h"
#include "schema.h"

#include <string.h>
#include <unistd.h>

#define DEMO "appliance/demo/catalog.json"

static char *
read_file(const char *path)
{
    char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

/* The bytes that catalog_save() writes. (owned) */
static char *
saved_text(const Catalog *catalog)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    g_autoptr(GError) error = NULL;
    g_assert_true(catalog_save(catalog, file, &error));
    g_assert_no_error(error);
    fclose(file);
    char *copy = g_strndup(text, size);
    free(text);
    return copy;
}

static Catalog *
load_text(const char *text, GError **error)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("catalog-XXXXXX.json", &path, NULL);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, text, strlen(text)), ==, (ssize_t)strlen(text));
    close(fd);
    Catalog *catalog = catalog_load(path, error);
    unlink(path);
    return catalog;
}

static void
test_demo_reads(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Catalog) catalog = catalog_load(DEMO, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(catalog->zones.items[0].name.value, ==, "zone-1");
    g_assert_cmpint(catalog->networks.state, ==, FACT_KNOWN);
    g_assert_cmpuint(catalog->networks.n, ==, 11);
    g_assert_cmpstr(catalog->info.version.value, ==, "4.20.3.0");
    const Network *pvlan = &catalog->networks.items[9];
    g_assert_cmpstr(pvlan->broadcasturi.value, ==, "pvlan://300-i301");
    const ServiceOffering *custom = &catalog->service_offerings.items[6];
    g_assert_cmpint(custom->cpunumber.state, ==, FACT_UNKNOWN);
    g_assert_cmpint(custom->serviceofferingdetails.maxmemory.value, ==, 65536);
    g_assert_cmpstr(catalog->vms.items[0].nic.items[0].macaddress.value, ==, "02:01:00:5a:00:0b");
    g_assert_cmpstr(catalog->pools.items[0].tags.items[0], ==, "ssd");
    g_assert_nonnull(catalog_find_list(catalog, "vms"));
    g_assert_null(catalog_find_list(catalog, "nonsense"));
}

static void
test_same_bytes(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Catalog) catalog = catalog_load(DEMO, &error);
    g_assert_no_error(error);
    g_autofree char *given = read_file(DEMO);
    g_autofree char *saved = saved_text(catalog);
    g_assert_cmpstr(saved, ==, given);
}

#define HEAD                                                                                       \
    "{\"apiVersion\":\"vm-ingest/v1\",\n\"kind\":\"Catalog\",\n\"info\":{},\n\"records\":[\n"
#define ZONES "{\"list\":{\"name\":\"zones\",\"command\":\"listZones\",\"is_complete\":true}}"

/* What this version does not read stays in the file, odd numbers and escapes included. */
static void
test_unknown_members_stay(void)
{
    static const char text[] =
        HEAD ZONES ",\n{\"zones\":{\"new\":{\"a\":[1,2.50,1e3,null,true]},\"name\":\"a/b \\u0001"
                   "\\\"\\\\\",\"id\":\"z\"}}\n]}\n";
    g_autoptr(GError) error = NULL;
    g_autoptr(Catalog) catalog = load_text(text, &error);
    g_assert_no_error(error);
    g_autofree char *saved = saved_text(catalog);
    g_assert_cmpstr(saved, ==, text);
}

static void
test_incomplete_list_is_unknown(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Catalog) catalog =
        load_text(HEAD "{\"list\":{\"name\":\"hosts\",\"command\":\"listHosts\",\"is_complete\":"
                       "false,\"error\":\"no\",\"code\":432}}\n]}\n",
            &error);
    g_assert_no_error(error);
    g_assert_cmpint(catalog->hosts.state, ==, FACT_UNKNOWN);
    g_assert_cmpint(catalog_find_list(catalog, "hosts")->code.value, ==, 432);
}

static void
assert_bad(const char *text, IngestErrorCode code, const char *pattern)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Catalog) catalog = load_text(text, &error);
    g_assert_null(catalog);
    g_assert_error(error, INGEST_ERROR, (int)code);
    if (!g_regex_match_simple(pattern, error->message, 0, 0))
        g_test_message("'%s' does not match '%s'", error->message, pattern), g_test_fail();
}

static void
test_bad_files(void)
{
    assert_bad("", INGEST_ERROR_INVALID, "line 1: the file is empty");
    assert_bad(HEAD ZONES, INGEST_ERROR_INVALID, "truncated");
    assert_bad(HEAD "{\"zones\":{\"id\":\"z\"}}\n]}", INGEST_ERROR_INVALID,
        "line 5: record 0: item of 'zones' before its");
    assert_bad(HEAD "{\"stars\":{}}\n]}", INGEST_ERROR_INVALID, "line 5.*'stars'");
    assert_bad(HEAD ZONES ",\n" ZONES "]}", INGEST_ERROR_INVALID, "line 6.*second time");
    assert_bad(HEAD "{\"list\":{\"name\":\"zones\",\"command\":\"x\"}}]}", INGEST_ERROR_INVALID,
        "'is_complete' is missing");
    assert_bad(HEAD "{\"list\":{\"nam\":\"zones\"}}]}", INGEST_ERROR_INVALID, "unknown member");
    assert_bad(HEAD ZONES ",\n{\"zones\":[]}]}", INGEST_ERROR_INVALID, "expected an object");
    assert_bad("{\"apiVersion\":\"vm-ingest/v9\"}", INGEST_ERROR_UNSUPPORTED, "'vm-ingest/v9'");
    assert_bad("{\"apiVersion\":\"vm-ingest/v1\",\"kind\":\"Plan\"}", INGEST_ERROR_INVALID,
        "'kind' is 'Plan'.*vm-ingest catalog");
    assert_bad("{\"records\":[]}", INGEST_ERROR_INVALID, "'apiVersion' is missing");
    assert_bad("{\"apiVersion\":\"vm-ingest/v1\",\"kind\":\"Catalog\"}", INGEST_ERROR_INVALID,
        "'records' is missing");
    assert_bad(HEAD "],\"more\":1}", INGEST_ERROR_INVALID, "unknown member 'more'");
    g_autoptr(GError) error = NULL;
    g_assert_null(catalog_load("/nonexistent/catalog.json", &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_STORAGE);
}

static void
test_full_disk(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Catalog) catalog = catalog_load(DEMO, &error);
    g_autoptr(StdioFile) full = fopen("/dev/full", "w");
    g_assert_nonnull(full);
    g_assert_false(catalog_save(catalog, full, &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_STORAGE);
}

static void
test_secrets_are_removed(void)
{
    g_autoptr(JsonObject) item = json_tokener_parse(
        "{\"name\":\"smtp.password\",\"value\":\"x1\",\"passwordenabled\":true,\"user\":[{"
        "\"apikey\":\"x2\",\"secretkey\":\"x3\",\"username\":\"ok\"}],\"details\":{"
        "\"kvm.vnc.password\":\"x4\"},\"apikeyaccess\":\"INHERIT\"}");
    catalog_scrub(item);
    g_assert_cmpstr(json_object_to_json_string_ext(item, JSON_C_TO_STRING_PLAIN), ==,
        "{\"name\":\"smtp.password\",\"passwordenabled\":true,\"user\":[{\"username\":\"ok\"}],"
        "\"details\":{},\"apikeyaccess\":\"INHERIT\"}");
    g_autoptr(JsonObject) setting =
        json_tokener_parse("{\"name\":\"api.key.access\",\"value\":\"true\"}");
    catalog_scrub(setting);
    g_assert_nonnull(json_object_object_get(setting, "value"));
}

/* --- items of a real server ------------------------------------------------------------------- */

/* Adds the items of a recorded reply to a list. Returns how many. */
static size_t
add_recorded(Catalog *catalog, const char *word, const char *path)
{
    int index = catalog_list_index(word);
    g_assert_cmpint(index, >=, 0);
    g_autoptr(JsonObject) root = json_object_from_file(path);
    json_object *items = NULL;
    g_autofree char *command = g_ascii_strdown(catalog_list_specs[index].command, -1);
    g_autofree char *place =
        g_strdup_printf("/response/body/%sresponse/%s", command, catalog_list_specs[index].object);
    g_assert_cmpint(json_pointer_get(root, place, &items), ==, 0);
    bool is_list = json_object_is_type(items, json_type_array);
    size_t n = is_list ? json_object_array_length(items) : 1;
    for (size_t i = 0; i < n; i++) {
        json_object *item = is_list ? json_object_array_get_idx(items, i) : items;
        g_autoptr(GError) error = NULL;
        catalog_add(catalog, index, item, json_object_to_json_string(item), &error);
        g_assert_no_error(error);
    }
    return n;
}

/* Members that no recorded item has, as they are only there on other estates. */
static bool
is_known_to_be_missing(const char *word, const char *member)
{
    static const char *const missing[] = {"zones.domainid", "hosts.hosttags", "hosts.istagarule",
        "networks.projectid", "networks.vpcid", "service_offerings.zoneid",
        "service_offerings.gpucardname", "service_offerings.vgpuprofilename",
        "disk_offerings.zoneid", "templates.templatetag", "templates.size", "vms.projectid",
        "apis.since", "hosts.details", "image_stores.disksizetotal", "image_stores.disksizeused",
        "networks.issystem", "service_offerings.networkrate", "network_offerings.tags",
        "network_offerings.domainid", "network_offerings.zoneid"};
    g_autofree char *both = g_strdup_printf("%s.%s", word, member);
    for (size_t i = 0; i < G_N_ELEMENTS(missing); i++)
        if (strcmp(both, missing[i]) == 0)
            return true;
    return false;
}

/* Every member that we read is one that the server sends: a slip of the pen would be unknown. */
static void
assert_all_members_seen(const Catalog *catalog, const char *word)
{
    int index = catalog_list_index(word);
    const RecordType *type = catalog_list_specs[index].type;
    const GArray *items = catalog->store->items[index];
    for (size_t f = 0; f < type->n_fields; f++) {
        bool is_seen = is_known_to_be_missing(word, type->fields[f].name);
        for (size_t i = 0; i < items->len && !is_seen; i++)
            is_seen = field_state(&type->fields[f],
                          items->data + i * type->size + type->fields[f].offset) == FACT_KNOWN;
        if (!is_seen)
            g_test_message("no item has '%s.%s'", word, type->fields[f].name), g_test_fail();
    }
}

static void
test_recorded_items(void)
{
    static const char *const words[] = {"apis", "capabilities", "zones", "pods", "clusters",
        "hosts", "pools", "physical_networks", "traffic_types", "networks", "network_offerings",
        "vlan_ip_ranges", "service_offerings", "disk_offerings", "templates", "os_types",
        "os_mappings", "domains", "accounts", "projects", "settings", "image_stores"};
    g_autoptr(Catalog) catalog = catalog_new();
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        g_autofree char *path = g_strdup_printf("tests/recordings/inventory/%s.json",
            catalog_list_specs[catalog_list_index(words[i])].command);
        g_assert_cmpuint(add_recorded(catalog, words[i], path), >, 0);
        assert_all_members_seen(catalog, words[i]);
    }
    add_recorded(catalog, "vms", "tests/recordings/after-import/listVirtualMachines.json");
    assert_all_members_seen(catalog, "vms");
    add_recorded(catalog, "volumes", "tests/recordings/after-import/listVolumes.json");
    assert_all_members_seen(catalog, "volumes");
    catalog_freeze(catalog);
    g_assert_cmpstr(catalog->pools.items[0].tags.items[0], ==, "gold");
    g_assert_cmpint(catalog->vms.items[0].nic.n, ==, 1);
    g_assert_cmpstr(catalog->vms.items[0].nic.items[0].broadcasturi.value, ==, "vlan://101");
    g_assert_cmpstr(
        catalog->capabilities.items[0].cloudstackversion.value, ==, "4.23.0.0-SNAPSHOT");
}

static bool
has_param(const Api *api, const char *name)
{
    for (size_t i = 0; i < api->params.n; i++)
        if (strcmp(api->params.items[i].name.value, name) == 0)
            return true;
    g_test_message("'%s' has no parameter '%s'", api->name.value, name), g_test_fail();
    return false;
}

/* The server passes over parameters that it does not know: a slip would go unseen. */
static void
test_parameters_exist(void)
{
    g_autoptr(Catalog) catalog = catalog_new();
    add_recorded(catalog, "apis", "tests/recordings/inventory/listApis.json");
    const GArray *apis = catalog->store->items[catalog_list_index("apis")];
    size_t n_checked = 0;
    for (int i = 0; i < CATALOG_N_LISTS; i++) {
        const CatalogListSpec *spec = &catalog_list_specs[i];
        const Api *api = NULL;
        for (size_t k = 0; k < apis->len && !api; k++)
            if (strcmp(g_array_index(apis, Api, k).name.value, spec->command) == 0)
                api = &g_array_index(apis, Api, k);
        for (size_t k = 0; api && k < CATALOG_LIST_PARAMS_MAX && spec->params[k].name; k++)
            has_param(api, spec->params[k].name);
        if (!api)
            continue; /* the recording holds a selection */
        n_checked++;
        g_assert_true(!spec->is_paged || (has_param(api, "page") && has_param(api, "pagesize")));
        g_assert_true(!spec->is_by_zone || has_param(api, "zoneid"));
        g_assert_true(!spec->has_projects || has_param(api, "projectid"));
        g_assert_true(!spec->parent || has_param(api, spec->parent_param));
    }
    g_assert_cmpuint(n_checked, >=, 9);
}

/* The schema's file and the tables say the same; each list of ours has its word there. */
static void
test_schema(void)
{
    g_autoptr(JsonObject) schema = schema_load("appliance/schema/catalog.schema.json");
    const RecordType *const types[] = {&catalog_info_type, &catalog_list_type};
    schema_assert_defs(schema, types, G_N_ELEMENTS(types));
    json_object *words = NULL;
    g_assert_cmpint(
        json_pointer_get(schema, "/properties/records/items/properties", &words), ==, 0);
    g_assert_cmpint(json_object_object_length(words), ==, CATALOG_N_LISTS + 1);
    for (int i = 0; i < CATALOG_N_LISTS; i++)
        g_assert_true(json_object_object_get_ex(words, catalog_list_specs[i].word, NULL));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/catalog/demo catalog reads into the structs", test_demo_reads);
    g_test_add_func("/catalog/load and save give the same bytes", test_same_bytes);
    g_test_add_func("/catalog/unknown members of items stay", test_unknown_members_stay);
    g_test_add_func("/catalog/an incomplete list is unknown", test_incomplete_list_is_unknown);
    g_test_add_func("/catalog/bad files name line and remedy", test_bad_files);
    g_test_add_func("/catalog/a full disk is reported", test_full_disk);
    g_test_add_func("/catalog/a real server's items have what we read", test_recorded_items);
    g_test_add_func("/catalog/our parameters are the server's", test_parameters_exist);
    g_test_add_func("/catalog/the schema agrees with the tables", test_schema);
    g_test_add_func("/catalog/secrets are not kept", test_secrets_are_removed);
    return g_test_run();
}
