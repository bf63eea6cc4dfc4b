/* SPDX-License-Identifier: Apache-2.0
 *
 * Fetching a catalog from a stand-in for the call seam: paging, sweeps, refusals, cancelling.
 */
#include "ingest/ingest_priv.h"

#include "cleanup.h"

#include <pthread.h>
#include <string.h>

/* A server whose lists are made of a number. */
typedef struct Fake {
    CloudStack seam; /* first */
    pthread_mutex_t lock;
    size_t page_items_max;
    size_t n_networks, n_project_networks, n_shown; /* n_shown < n_networks: the rest never comes */
    const char *refused;                            /* command */
    int refused_status;
    const char *unreachable; /* command */
    const char *broken;      /* command whose replies needed repair */
    bool is_endless, is_shifting, is_unpaged;
    atomic_bool is_cancelled;
    const char *cancelled_by; /* command */
    GHashTable *calls;        /* command -> times */
    unsigned n_network_pages;
    char *zone_params; /* what zoneid listHosts was given */
} Fake;

static const char *
param(const CloudStackParam *params, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(params[i].name, name) == 0)
            return params[i].value;
    return NULL;
}

static void
add_network(json_object *list, size_t i, bool is_of_project)
{
    static const char *const types[] = {"Shared", "L2"};
    json_object *item = json_object_new_object();
    g_autofree char *id = g_strdup_printf("%s%zu", is_of_project ? "p" : "n", i);
    json_object_object_add(item, "id", json_object_new_string(id));
    json_object_object_add(item, "type", json_object_new_string(types[i % 2]));
    json_object_object_add(item, "acltype", json_object_new_string("Account"));
    json_object_array_add(list, item);
}

static json_object *
network_page(Fake *fake, const CloudStackParam *params, size_t n)
{
    bool is_of_project = param(params, n, "projectid") != NULL;
    size_t total = is_of_project ? fake->n_project_networks : fake->n_networks;
    size_t shown = is_of_project ? total : MIN(total, fake->n_shown);
    size_t page = (size_t)g_ascii_strtoull(param(params, n, "page"), NULL, 10);
    size_t size = (size_t)g_ascii_strtoull(param(params, n, "pagesize"), NULL, 10);
    fake->n_network_pages++;
    json_object *reply = json_object_new_object(), *list = json_object_new_array();
    size_t from = (page - 1) * size, to = MIN(from + size, shown);
    if (fake->is_unpaged)
        from = 0, to = shown;
    if (fake->is_endless)
        to = from + size;
    if (fake->is_shifting && page > 1)
        from--; /* an item came meanwhile: the last one of the page before shows again */
    for (size_t i = from; i < to; i++)
        add_network(list, i, is_of_project);
    if (total && !fake->is_endless)
        json_object_object_add(reply, "count", json_object_new_int64((int64_t)total));
    if (json_object_array_length(list))
        json_object_object_add(reply, "network", list);
    else
        json_object_put(list);
    return reply;
}

static bool
refuse(int code, const char *text, CloudStackFault *fault, GError **error)
{
    if (fault) {
        fault->http_status = fault->code = code;
        fault->text = g_strdup(text);
    }
    g_set_error(error, INGEST_ERROR,
        code == 401 || code == 432 ? INGEST_ERROR_AUTH : INGEST_ERROR_REFUSED, "HTTP %d: %s", code,
        text);
    return false;
}

static json_object *
answer(Fake *fake, const char *command, const CloudStackParam *params, size_t n)
{
    if (strcmp(command, "listNetworks") == 0)
        return network_page(fake, params, n);
    if (strcmp(command, "listZones") == 0)
        return json_tokener_parse("{\"count\":2,\"zone\":[{\"id\":\"z1\",\"name\":\"east\"},{"
                                  "\"id\":\"z2\",\"name\":\"west\"}]}");
    if (strcmp(command, "listCapabilities") == 0)
        return json_tokener_parse("{\"capability\":{\"cloudstackversion\":\"4.20.3.0\"}}");
    if (strcmp(command, "listNetworkPermissions") == 0)
        return json_tokener_parse("{\"networkpermission\":[{\"accountid\":\"a1\"}]}");
    if (strcmp(command, "listTemplates") == 0)
        return json_tokener_parse("{\"count\":2,\"template\":[{\"id\":\"t\",\"zoneid\":\"z1\"},{"
                                  "\"id\":\"t\",\"zoneid\":\"z2\"}]}");
    if (strcmp(command, "listHosts") == 0) {
        g_free(fake->zone_params);
        fake->zone_params = g_strdup(param(params, n, "zoneid"));
    }
    return json_object_new_object();
}

static bool
fake_call(CloudStack *self, const char *command, const CloudStackParam *params, size_t n,
    unsigned timeout_s, CloudStackFault *fault, json_object **ret_reply, GError **error)
{
    (void)timeout_s;
    Fake *fake = (Fake *)self;
    pthread_mutex_lock(&fake->lock);
    size_t times = GPOINTER_TO_SIZE(g_hash_table_lookup(fake->calls, command)) + 1;
    g_hash_table_insert(fake->calls, (gpointer)command, GSIZE_TO_POINTER(times));
    bool is_ok = false;
    const char *size = param(params, n, "pagesize");
    if (g_strcmp0(command, fake->cancelled_by) == 0)
        atomic_store(&fake->is_cancelled, true);
    if (g_strcmp0(command, fake->refused) == 0)
        refuse(fake->refused_status, "no", fault, error);
    else if (g_strcmp0(command, fake->unreachable) == 0)
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_UNREACHABLE, "gone");
    else if (size && g_ascii_strtoull(size, NULL, 10) > fake->page_items_max) {
        g_autofree char *text = g_strdup_printf(
            "Page size can't exceed max allowed page size value: %zu", fake->page_items_max);
        refuse(431, text, fault, error);
    } else {
        *ret_reply = answer(fake, command, params, n);
        if (fault && g_strcmp0(command, fake->broken) == 0)
            fault->repairs = 3;
        is_ok = true;
    }
    pthread_mutex_unlock(&fake->lock);
    return is_ok;
}

static Fake *
fake_new(void)
{
    Fake *fake = g_new0(Fake, 1);
    fake->seam = (CloudStack){.call = fake_call, .url = "https://cloud.example/client/api"};
    fake->page_items_max = 500;
    fake->n_networks = fake->n_shown = 1203;
    fake->n_project_networks = 2;
    fake->calls = g_hash_table_new(g_str_hash, g_str_equal);
    pthread_mutex_init(&fake->lock, NULL);
    return fake;
}

static void
fake_free(Fake *fake)
{
    pthread_mutex_destroy(&fake->lock);
    g_hash_table_unref(fake->calls);
    g_free(fake->zone_params);
    g_free(fake);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fake, fake_free)

static Catalog *
fetch(Fake *fake, const char *zone, GError **error)
{
    const CatalogFetchOptions options = {
        .name = "test", .zone = zone, .is_cancelled = &fake->is_cancelled};
    return catalog_fetch(&fake->seam, &options, error);
}

static size_t
times(Fake *fake, const char *command)
{
    return GPOINTER_TO_SIZE(g_hash_table_lookup(fake->calls, command));
}

static void
test_all_pages(void)
{
    g_autoptr(Fake) fake = fake_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(Catalog) catalog = fetch(fake, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpint(catalog->networks.state, ==, FACT_KNOWN);
    g_assert_cmpuint(catalog->networks.n, ==, 1205); /* those of projects too */
    g_assert_cmpuint(fake->n_network_pages, ==, 4);  /* no page more than needed */
    g_assert_cmpint(catalog->vms.state, ==, FACT_KNOWN);
    g_assert_cmpuint(catalog->vms.n, ==, 0);
    g_assert_cmpuint(catalog->templates.n, ==, 2); /* one per zone, with one id */
    g_assert_cmpstr(catalog->info.version.value, ==, "4.20.3.0");
    g_assert_cmpstr(catalog->info.version_from.value, ==, "listCapabilities");
    g_assert_cmpuint(catalog->lists.n, ==, CATALOG_N_LISTS);
}

static void
test_smaller_pages(void)
{
    g_autoptr(Fake) fake = fake_new();
    fake->page_items_max = 100;
    g_autoptr(Catalog) catalog = fetch(fake, NULL, NULL);
    g_assert_cmpuint(catalog->networks.n, ==, 1205);
    g_assert_cmpint(catalog->hosts.state, ==, FACT_KNOWN);
}

static void
test_shifted_pages(void)
{
    g_autoptr(Fake) fake = fake_new();
    fake->is_shifting = true;
    g_autoptr(Catalog) catalog = fetch(fake, NULL, NULL);
    g_assert_cmpint(catalog->networks.state, ==, FACT_KNOWN);
    g_assert_cmpuint(catalog->networks.n, ==, 1205);
}

static void
test_unpaged_server(void)
{
    g_autoptr(Fake) fake = fake_new();
    fake->is_unpaged = true;
    g_autoptr(Catalog) catalog = fetch(fake, NULL, NULL);
    g_assert_cmpuint(catalog->networks.n, ==, 1205);
    g_assert_cmpuint(fake->n_network_pages, ==, 2);
}

static void
test_missing_items(void)
{
    g_autoptr(Fake) fake = fake_new();
    fake->n_shown = 1200;
    g_autoptr(Catalog) catalog = fetch(fake, NULL, NULL);
    g_assert_cmpint(catalog->networks.state, ==, FACT_UNKNOWN);
    const CatalogList *list = catalog_find_list(catalog, "networks");
    g_assert_false(list->is_complete.value);
    g_assert_nonnull(strstr(list->error.value, "counts 1203 items, its pages hold 1200"));
    /* What hangs on it is not known either. */
    g_assert_cmpint(catalog->network_permissions.state, ==, FACT_UNKNOWN);
}

static void
test_endless_pages(void)
{
    g_autoptr(Fake) fake = fake_new();
    fake->is_endless = true;
    g_autoptr(Catalog) catalog = fetch(fake, NULL, NULL);
    const CatalogList *list = catalog_find_list(catalog, "networks");
    g_assert_nonnull(strstr(list->error.value, "the pages do not end"));
}

static void
test_a_call_per_network(void)
{
    g_autoptr(Fake) fake = fake_new();
    fake->n_networks = fake->n_shown = 10; /* five of them L2, and one of the projects' two */
    g_autoptr(Catalog) catalog = fetch(fake, NULL, NULL);
    g_assert_cmpuint(times(fake, "listNetworkPermissions"), ==, 6);
    g_assert_cmpuint(catalog->network_permissions.n, ==, 6);
    g_assert_cmpint(catalog->network_permissions.state, ==, FACT_KNOWN);
    g_assert_nonnull(catalog->network_permissions.items[0].networkid.value);
    fake->refused = "listNetworkPermissions";
    fake->refused_status = 432;
    g_hash_table_remove_all(fake->calls);
    g_autoptr(Catalog) other = fetch(fake, NULL, NULL);
    g_assert_cmpint(other->network_permissions.state, ==, FACT_UNKNOWN);
    g_assert_cmpuint(times(fake, "listNetworkPermissions"), <=, 4); /* one a thread */
}

static void
test_refused_list(void)
{
    g_autoptr(Fake) fake = fake_new();
    fake->refused = "listHosts";
    fake->refused_status = 432;
    g_autoptr(GError) error = NULL;
    g_autoptr(Catalog) catalog = fetch(fake, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpint(catalog->hosts.state, ==, FACT_UNKNOWN);
    g_assert_cmpint(catalog->pods.state, ==, FACT_KNOWN);
    const CatalogList *list = catalog_find_list(catalog, "hosts");
    g_assert_cmpint(list->code.value, ==, 432);
    g_assert_cmpstr(list->error.value, ==, "HTTP 432: no");
}

static void
test_refused_key(void)
{
    g_autoptr(Fake) fake = fake_new();
    fake->refused = "listApis";
    fake->refused_status = 401;
    g_autoptr(GError) error = NULL;
    g_assert_null(fetch(fake, NULL, &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_AUTH);
    g_assert_cmpstr(
        error->message, ==, "fetch catalog from 'https://cloud.example/client/api': HTTP 401: no");
    g_assert_cmpuint(times(fake, "listZones"), ==, 0);
}

static void
test_lost_server(void)
{
    g_autoptr(Fake) fake = fake_new();
    fake->unreachable = "listDomains";
    g_autoptr(GError) error = NULL;
    g_autoptr(Catalog) catalog = fetch(fake, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpint(catalog->zones.state, ==, FACT_KNOWN); /* what was read stays */
    g_assert_cmpint(catalog->domains.state, ==, FACT_UNKNOWN);
    g_assert_nonnull(catalog_find_list(catalog, "domains")->error.value);
    fake->unreachable = "listApis";
    g_assert_null(fetch(fake, NULL, &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_UNREACHABLE);
}

static void
test_zone(void)
{
    g_autoptr(Fake) fake = fake_new();
    g_autoptr(Catalog) catalog = fetch(fake, "west", NULL);
    g_assert_cmpstr(fake->zone_params, ==, "z2");
    /* Nothing was read of the other one, so the catalog does not offer it to a plan. */
    g_assert_cmpuint(catalog->zones.n, ==, 1);
    g_assert_cmpstr(catalog->zones.items[0].id.value, ==, "z2");
    g_assert_cmpuint(times(fake, "listVmwareDcs"), ==, 1);
    g_autoptr(GError) error = NULL;
    g_assert_null(fetch(fake, "north", &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(error->message, "zone 'north'"));
    g_assert_nonnull(strstr(error->message, "'east', 'west'"));
}

static void
test_repairs_are_told(void)
{
    g_autoptr(Fake) fake = fake_new();
    fake->broken = "listVolumes";
    g_autoptr(Catalog) catalog = fetch(fake, NULL, NULL);
    g_assert_cmpint(catalog->volumes.state, ==, FACT_KNOWN);
    g_assert_cmpint(catalog_find_list(catalog, "volumes")->repaired.value, ==, 2); /* two sweeps */
    g_assert_cmpint(catalog_find_list(catalog, "vms")->repaired.value, ==, 0);
}

static void
test_cancel(void)
{
    g_autoptr(Fake) fake = fake_new();
    fake->cancelled_by = "listPods";
    g_autoptr(GError) error = NULL;
    g_assert_null(fetch(fake, NULL, &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_CANCELLED);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fetch/every page and what projects own", test_all_pages);
    g_test_add_func("/fetch/a server with smaller pages", test_smaller_pages);
    g_test_add_func("/fetch/pages that shift", test_shifted_pages);
    g_test_add_func("/fetch/a server that does not page", test_unpaged_server);
    g_test_add_func("/fetch/fewer items than counted are unknown", test_missing_items);
    g_test_add_func("/fetch/pages that never end", test_endless_pages);
    g_test_add_func("/fetch/a call per network of one owner", test_a_call_per_network);
    g_test_add_func("/fetch/a refused list is unknown, others are read", test_refused_list);
    g_test_add_func("/fetch/a refused key is an error", test_refused_key);
    g_test_add_func("/fetch/a server that goes away keeps what was read", test_lost_server);
    g_test_add_func("/fetch/the zone limits lists", test_zone);
    g_test_add_func("/fetch/repaired replies are counted", test_repairs_are_told);
    g_test_add_func("/fetch/interrupted", test_cancel);
    return g_test_run();
}
