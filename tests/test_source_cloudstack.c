/* SPDX-License-Identifier: Apache-2.0 */
#include "source_session.h"

#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <glib/gstdio.h>
#include <json-c/json.h>

#include "discover/discover_priv.h"
#include "error.h"
#include "cleanup.h"
#include "plan.h"

#define VC1 "e4a3bacf-806e-4932-b6bf-ec8d3e4c870d"
#define VC2 "c2111b5e-53ee-4e2d-87d4-7f5a60d8249d"
#define KVM "42aa7f4e-ac13-4127-985f-9e0ba68c006a"

/* --- a server that answers from recordings ---------------------------------------------------- */

typedef struct Server {
    CloudStack cloudstack;
    json_object *clusters, *hosts; /* (owned) replies of listClusters, listHosts */
    const char *extra;             /* reply of every listUnmanagedInstances, or NULL: recorded */
    bool falls_silent;             /* the first host, while the first cluster is listed */
    const char *failing;           /* cluster id whose list fails, or NULL */
    int code;                      /* INGEST_ERROR_... it fails with */
    size_t page_size_max;          /* refuses larger pages; 0 = none refused */
    atomic_bool *cancels;          /* set by the first list, or NULL */
    unsigned awaits;               /* a list waits until so many were asked for at once */
    pthread_mutex_t lock;          /* over the rest */
    unsigned n_calls, n_lists, n_named, n_at_once, n_at_once_max, timeout_s;
} Server;

static json_object *
recorded(const char *path)
{
    g_autofree char *full = g_strconcat("tests/recordings/", path, ".json", NULL);
    g_autoptr(JsonObject) file = json_object_from_file(full);
    json_object *body = NULL;
    g_assert_nonnull(file);
    g_assert_cmpint(json_pointer_get(file, "/response/body", &body), ==, 0);
    struct json_object_iterator at = json_object_iter_begin(body);
    return json_object_get(json_object_iter_peek_value(&at));
}

static const char *
param(const CloudStackParam *params, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(params[i].name, name) == 0)
            return params[i].value;
    return NULL;
}

static void
set_host(Server *server, size_t index, const char *member, const char *value)
{
    json_object *hosts = NULL;
    json_object_object_get_ex(server->hosts, "host", &hosts);
    json_object_object_add(
        json_object_array_get_idx(hosts, index), member, json_object_new_string(value));
}

static bool
refuse(CloudStackFault *fault, int code, const char *text, GError **error)
{
    if (fault)
        *fault = (CloudStackFault){.http_status = 431, .code = 431, .text = g_strdup(text)};
    g_set_error_literal(error, INGEST_ERROR, code, text);
    return false;
}

static bool
is_wanted(json_object *item, const char *cluster)
{
    json_object *id = NULL;
    return !cluster || (json_object_object_get_ex(item, "clusterid", &id) &&
                           strcmp(json_object_get_string(id), cluster) == 0);
}

static json_object *
copy_of(json_object *item)
{
    json_object *copy = NULL;
    g_assert_cmpint(json_object_deep_copy(item, &copy, NULL), ==, 0);
    return copy;
}

/* One page of a recorded list; nothing of it is shared with another thread. */
static bool
answer_page(Server *server, json_object *list, const char *object, const CloudStackParam *params,
    size_t n, CloudStackFault *fault, json_object **ret, GError **error)
{
    size_t page = g_ascii_strtoull(param(params, n, "page"), NULL, 10);
    size_t size = g_ascii_strtoull(param(params, n, "pagesize"), NULL, 10);
    if (server->page_size_max && size > server->page_size_max)
        return refuse(fault, INGEST_ERROR_REFUSED,
            "Page size can't exceed max allowed page size value: 2", error);
    json_object *items = NULL, *part = json_object_new_array();
    pthread_mutex_lock(&server->lock);
    json_object_object_get_ex(list, object, &items);
    for (size_t i = (page - 1) * size; i < MIN(page * size, json_object_array_length(items)); i++)
        if (is_wanted(json_object_array_get_idx(items, i), param(params, n, "clusterid")))
            json_object_array_add(part, copy_of(json_object_array_get_idx(items, i)));
    pthread_mutex_unlock(&server->lock);
    *ret = json_object_new_object();
    if (json_object_array_length(part))
        json_object_object_add(*ret, object, part);
    else
        json_object_put(part);
    return true;
}

static bool
answer_list(Server *server, const char *cluster, json_object **ret, GError **error)
{
    if (server->cancels)
        atomic_store(server->cancels, true);
    if (server->falls_silent && strcmp(cluster, VC1) == 0) {
        pthread_mutex_lock(&server->lock);
        set_host(server, 0, "state", "Alert");
        pthread_mutex_unlock(&server->lock);
    }
    if (g_strcmp0(cluster, server->failing) == 0)
        return refuse(NULL, server->code, "HTTP 530: the server broke down", error);
    if (server->extra)
        *ret = json_tokener_parse(server->extra);
    else
        *ret = recorded(strcmp(cluster, VC1) == 0   ? "unmanaged/vc-cluster-1"
                        : strcmp(cluster, VC2) == 0 ? "unmanaged/vc-cluster-2"
                                                    : "unmanaged/kvm-cluster-1");
    return true;
}

/* Until as many lists as are awaited were asked for at once, or two minutes. */
static void
await_company(Server *server)
{
    gint64 end = g_get_monotonic_time() + 120 * G_USEC_PER_SEC;
    unsigned most = 0;
    do {
        g_usleep(1000);
        pthread_mutex_lock(&server->lock);
        most = server->n_at_once_max;
        pthread_mutex_unlock(&server->lock);
    } while (most < server->awaits && g_get_monotonic_time() < end);
}

/* Only those of that name, as the server does. */
static void
filter_by_name(json_object *reply, const char *name)
{
    json_object *items = NULL, *member = NULL;
    json_object_object_get_ex(reply, "unmanagedinstance", &items);
    for (size_t i = items ? json_object_array_length(items) : 0; i-- > 0;) {
        json_object_object_get_ex(json_object_array_get_idx(items, i), "name", &member);
        if (strcmp(json_object_get_string(member), name) != 0)
            json_object_array_del_idx(items, i, 1);
    }
}

static bool
list_slowly(
    Server *server, const char *cluster, const char *name, json_object **ret, GError **error)
{
    pthread_mutex_lock(&server->lock);
    server->n_lists++;
    server->n_named += name != NULL;
    server->n_at_once++;
    server->n_at_once_max = MAX(server->n_at_once_max, server->n_at_once);
    pthread_mutex_unlock(&server->lock);
    await_company(server);
    bool is_ok = answer_list(server, cluster, ret, error);
    if (is_ok && name)
        filter_by_name(*ret, name);
    pthread_mutex_lock(&server->lock);
    server->n_at_once--;
    pthread_mutex_unlock(&server->lock);
    return is_ok;
}

static bool
server_call(CloudStack *self, const char *command, const CloudStackParam *params, size_t n,
    unsigned timeout_s, CloudStackFault *fault, json_object **ret, GError **error)
{
    Server *server = (Server *)self;
    pthread_mutex_lock(&server->lock);
    server->n_calls++;
    if (strcmp(command, "listUnmanagedInstances") == 0)
        server->timeout_s = timeout_s;
    pthread_mutex_unlock(&server->lock);
    if (strcmp(command, "listClusters") == 0)
        return answer_page(server, server->clusters, "cluster", params, n, fault, ret, error);
    if (strcmp(command, "listHosts") == 0) {
        g_assert_cmpstr(param(params, n, "type"), ==, "Routing");
        return answer_page(server, server->hosts, "host", params, n, fault, ret, error);
    }
    if (strcmp(command, "listUnmanagedInstances") == 0)
        return list_slowly(
            server, param(params, n, "clusterid"), param(params, n, "name"), ret, error);
    g_assert_true(strcmp(command, "listCapabilities") == 0 || strcmp(command, "listApis") == 0);
    g_autofree char *path = g_strconcat("inventory/", command, NULL);
    *ret = recorded(path);
    return true;
}

/* The recording is of all types; the server gives those asked for. */
static json_object *
routing_hosts(void)
{
    g_autoptr(JsonObject) all = recorded("inventory/listHosts");
    json_object *hosts = NULL, *reply = json_object_new_object(), *list = json_object_new_array();
    json_object_object_get_ex(all, "host", &hosts);
    for (size_t i = 0; i < json_object_array_length(hosts); i++) {
        json_object *host = json_object_array_get_idx(hosts, i), *type = NULL;
        json_object_object_get_ex(host, "type", &type);
        if (strcmp(json_object_get_string(type), "Routing") == 0)
            json_object_array_add(list, json_object_get(host));
    }
    json_object_object_add(reply, "host", list);
    return reply;
}

/* --- one run ---------------------------------------------------------------------------------- */

typedef struct Fixture {
    Server server;
    SourceContext context;
    atomic_bool is_cancelled;
    char *folder;
    Inventory *inventory;
    GError *error;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
    (void)data;
    fixture->server = (Server){
        .cloudstack = {.call = server_call, .url = "http://cs.example:8080/client/api"},
        .clusters = recorded("inventory/listClusters"),
        .hosts = routing_hosts(),
        .code = INGEST_ERROR_REFUSED,
    };
    pthread_mutex_init(&fixture->server.lock, NULL);
    fixture->folder = g_dir_make_tmp("vmi-XXXXXX", NULL);
    fixture->context = (SourceContext){
        .cloudstack = &fixture->server.cloudstack,
        .cache_folder = fixture->folder,
        .is_cancelled = &fixture->is_cancelled,
    };
}

static void
forget(Fixture *fixture)
{
    g_clear_pointer(&fixture->inventory, inventory_unref);
    g_clear_error(&fixture->error);
    fixture->server.n_calls = fixture->server.n_lists = fixture->server.n_named = 0;
}

/* Calls @fn with the path of each file in the cache. */
static unsigned
each_cached(Fixture *fixture, void (*fn)(const char *path))
{
    unsigned n = 0;
    GDir *dir = g_dir_open(fixture->folder, 0, NULL);
    for (const char *name = g_dir_read_name(dir); name; name = g_dir_read_name(dir), n++) {
        g_autofree char *path = g_build_filename(fixture->folder, name, NULL);
        if (fn)
            fn(path);
    }
    g_dir_close(dir);
    return n;
}

static void
delete_file(const char *path)
{
    g_unlink(path);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    (void)data;
    forget(fixture);
    each_cached(fixture, delete_file);
    g_rmdir(fixture->folder);
    g_free(fixture->folder);
    json_object_put(fixture->server.clusters);
    json_object_put(fixture->server.hosts);
    pthread_mutex_destroy(&fixture->server.lock);
}

/* @config: "key=value key=value" */
static const Inventory *
run(Fixture *fixture, const char *config)
{
    forget(fixture);
    g_autoptr(Source) source = source_new(&source_cloudstack, "cs", &fixture->context);
    g_auto(GStrv) pairs = g_strsplit(config, " ", -1);
    for (char **pair = pairs; *pair && **pair; pair++) {
        g_auto(GStrv) parts = g_strsplit(*pair, "=", 2);
        g_autoptr(GError) error = NULL;
        source_config(source, parts[0], parts[1], &error);
        g_assert_no_error(error);
    }
    g_autoptr(InventoryBuilder) builder = inventory_builder_new();
    source_run(source, inventory_builder_sink(builder), &fixture->error);
    return fixture->inventory = inventory_builder_freeze(builder);
}

static const InstanceView *
find_view(const Inventory *inventory, const char *id)
{
    for (size_t i = 0; i < inventory->n_views; i++)
        if (strcmp(inventory->views[i]->id.value, id) == 0)
            return inventory->views[i];
    g_error("no instance '%s'", id);
}

static size_t
count_problems(const Inventory *inventory, const char *id)
{
    size_t n = 0;
    for (size_t i = 0; i < inventory->n_problems; i++)
        n += strcmp(inventory->problems[i]->id.value, id) == 0;
    return n;
}

/* --- what is listed --------------------------------------------------------------------------- */

static void
test_all_clusters(Fixture *fixture, gconstpointer data)
{
    (void)data;
    const Inventory *inventory = run(fixture, "");
    g_assert_no_error(fixture->error);
    g_assert_false(inventory->is_partial);
    g_assert_cmpuint(inventory->n_clusters, ==, 3);
    g_assert_cmpuint(inventory->n_hosts, ==, 5);
    g_assert_cmpuint(inventory->n_problems, ==, 1);
    g_assert_cmpstr(inventory->problems[0]->id.value, ==, "host-empty");
    g_assert_nonnull(strstr(inventory->problems[0]->text.value, "of 'kvm2.lab.example': "));
    g_assert_cmpuint(fixture->server.n_lists, ==, 3);
    g_assert_cmpint(inventory->ends[0]->requests.value, ==, fixture->server.n_calls);
    g_assert_cmpstr(
        inventory->sources[0]->product.value, ==, "Apache CloudStack 4.23.0.0-SNAPSHOT");
    g_assert_false(is_true(inventory->sources[0]->is_cached));
    const SourceCluster *cluster = inventory_find_cluster(inventory, "cs", VC1);
    g_assert_cmpstr(cluster->hypervisor.value, ==, "VMware");
    g_assert_cmpstr(cluster->datacenter.value, ==, "zone-1");
    const SourceHost *host = inventory->hosts[0];
    g_assert_cmpstr(host->name.value, ==, "esx1.lab.example");
    g_assert_cmpint(host->connection, ==, CONNECTION_CONNECTED);
    g_assert_cmpint(host->in_maintenance.state, ==, FACT_KNOWN);
    g_assert_cmpint(host->memory_bytes.value, ==, 8589934592);
}

static void
test_vmware_facts(Fixture *fixture, gconstpointer data)
{
    (void)data;
    const InstanceView *view = find_view(run(fixture, ""), VC1 "/app-shared");
    g_assert_cmpstr(view->cluster_name.value, ==, "vc-cluster-1");
    g_assert_cmpstr(view->host_name.value, ==, "esx1.lab.example");
    g_assert_cmpint(view->power, ==, POWER_ON);
    g_assert_cmpint(view->memory_bytes.value, ==, 1024LL << 20);
    g_assert_cmpint(view->cpu_reservation_mhz.value, ==, 0);
    g_assert_cmpint(view->firmware, ==, FIRMWARE_UNKNOWN);
    g_assert_cmpint(view->snapshots.state, ==, FACT_UNKNOWN);
    const Disk *disk = &view->disks.items[0];
    g_assert_cmpstr(disk->id.value, ==, "103-2000");
    g_assert_cmpint(disk->capacity_bytes.value, ==, 10737418240);
    g_assert_cmpstr(disk->datastore_host.value, ==, "10.0.32.4");
    const Nic *nic = &view->nics.items[0];
    g_assert_cmpstr(nic->mac.value, ==, "00:50:56:aa:00:04");
    g_assert_cmpint(nic->vlan.kind, ==, VLAN_ID);
    g_assert_cmpint(nic->vlan.id.value, ==, 200);
    g_assert_cmpstr(nic->ips.items[0], ==, "192.168.200.20");
    const Disk *vmfs = &find_view(fixture->inventory, VC1 "/db-01")->disks.items[0];
    g_assert_cmpstr(vmfs->datastore_name.value, ==, "vmfs1");
    g_assert_cmpint(vmfs->datastore_host.state, ==, FACT_ABSENT);
}

/* One name on two hosts of a cluster: the host's id makes the two. */
static void
test_same_name(Fixture *fixture, gconstpointer data)
{
    (void)data;
    const Inventory *inventory = run(fixture, "");
    const InstanceView *one =
        find_view(inventory, VC1 "/web-01/b599795e-a936-403e-bed3-55ddf25df22e");
    const InstanceView *other =
        find_view(inventory, VC1 "/web-01/1bfb6124-7354-4e3d-b53c-cd5e7e810b89");
    g_assert_cmpstr(one->host_name.value, ==, "esx1.lab.example");
    g_assert_cmpstr(other->host_name.value, ==, "esx2.lab.example");
    g_assert_cmpstr(one->name.value, ==, other->name.value);
}

static void
test_kvm_facts(Fixture *fixture, gconstpointer data)
{
    (void)data;
    const InstanceView *view = find_view(run(fixture, ""), KVM "/kvm-two");
    g_assert_cmpint(view->guest_os_id.state, ==, FACT_UNKNOWN);
    g_assert_cmpstr(view->nics.items[0].port.value, ==, "vnet0");
    g_assert_cmpint(view->nics.items[0].network.state, ==, FACT_UNKNOWN);
    g_assert_cmpint(view->nics.items[1].vlan.kind, ==, VLAN_UNKNOWN); /* vlanid is -1 */
    g_assert_cmpint(view->nics.items[1].ips.state, ==, FACT_UNKNOWN);
    g_assert_cmpstr(view->disks.items[1].path.value, ==, "/mnt/9d8f/kvm-two-b.qcow2");
}

/* --- one entry -------------------------------------------------------------------------------- */

static const SourceCluster vmware_cluster = {
    .id = {"c1", FACT_KNOWN}, .name = {"one", FACT_KNOWN}, .hypervisor = {"VMware", FACT_KNOWN}};

static bool
decode(const char *text, Arena *arena, InstanceView *view, GError **error)
{
    g_autoptr(JsonObject) json = json_tokener_parse(text);
    return unmanaged_decode(json, &vmware_cluster, arena, view, error);
}

typedef struct VlanCase {
    const char *nic;
    VlanKind kind;
    int64_t id, secondary;
    PvlanType pvlan;
} VlanCase;

static void
test_vlans(void)
{
    static const VlanCase cases[] = {
        {"", VLAN_UNKNOWN, 0, 0, 0},
        {"\"vlanid\":-1", VLAN_UNKNOWN, 0, 0, 0},
        {"\"vlanid\":0", VLAN_NONE, 0, 0, 0},
        {"\"vlanid\":4094", VLAN_ID, 4094, 0, 0},
        {"\"vlanid\":\"17\"", VLAN_ID, 17, 0, 0},
        {"\"vlanid\":4095", VLAN_TRUNK, 0, 0, 0},
        {"\"vlanid\":300,\"isolatedpvlan\":301,\"isolatedpvlantype\":\"isolated\"", VLAN_PVLAN, 300,
            301, PVLAN_ISOLATED},
        {"\"vlanid\":300,\"isolatedpvlan\":300,\"isolatedpvlantype\":\"Promiscuous\"", VLAN_PVLAN,
            300, 300, PVLAN_PROMISCUOUS},
    };
    Arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        InstanceView view;
        g_autofree char *text = g_strdup_printf("{\"name\":\"a\",\"nic\":[{%s}]}", cases[i].nic);
        g_assert_true(decode(text, &arena, &view, NULL));
        const Vlan *vlan = &view.nics.items[0].vlan;
        g_assert_cmpint(vlan->kind, ==, cases[i].kind);
        g_assert_cmpint(vlan->id.value, ==, cases[i].id);
        g_assert_cmpint(vlan->secondary.value, ==, cases[i].secondary);
        g_assert_cmpint(vlan->pvlan_type, ==, cases[i].pvlan);
        g_assert_cmpstr(view.nics.items[0].id.value, ==, "#1");
    }
    arena_release(&arena);
}

static void
test_sparse_entry(void)
{
    Arena arena;
    arena_init(&arena);
    InstanceView view;
    g_assert_true(decode(
        "{\"name\":\"a\",\"powerstate\":\"PowerUnknown\",\"memory\":0}", &arena, &view, NULL));
    g_assert_cmpstr(view.id.value, ==, "c1/a");
    g_assert_cmpstr(view.hypervisor.value, ==, "VMware");
    g_assert_cmpint(view.power, ==, POWER_UNKNOWN);
    g_assert_cmpint(view.memory_bytes.state, ==, FACT_KNOWN); /* the server goes by its 0 */
    g_assert_cmpint(view.memory_bytes.value, ==, 0);
    g_assert_cmpint(view.cpus.state, ==, FACT_UNKNOWN);
    g_assert_cmpint(view.disks.state, ==, FACT_UNKNOWN);
    g_assert_cmpint(view.nics.state, ==, FACT_UNKNOWN);
    g_assert_cmpuint(view.problems.n, ==, 1);
    g_assert_true(
        decode("{\"name\":\"a\",\"disk\":[{\"id\":\"1-2000\"}],\"nic\":[],"
               "\"boottype\":\"UEFI\",\"bootmode\":\"SECURE\",\"powerstate\":\"PowerOff\"}",
            &arena, &view, NULL));
    g_assert_cmpint(view.power, ==, POWER_OFF);
    g_assert_cmpint(view.firmware, ==, FIRMWARE_UEFI);
    g_assert_true(is_true(view.secure_boot));
    g_assert_cmpint(view.nics.state, ==, FACT_KNOWN);
    g_assert_cmpint(view.problems.state, ==, FACT_UNKNOWN);
    arena_release(&arena);
}

static void
test_bad_entries(Fixture *fixture, gconstpointer data)
{
    (void)data;
    fixture->server.extra =
        "{\"unmanagedinstance\":[{\"powerstate\":\"PowerOn\"},null,{\"name\":\"a\"}]}";
    const Inventory *inventory = run(fixture, "");
    g_assert_no_error(fixture->error);
    g_assert_cmpuint(inventory->n_views, ==, 3); /* one a cluster */
    g_assert_cmpuint(count_problems(inventory, "instance-unread"), ==, 6);
    fixture->server.extra = "{}";
    g_assert_cmpuint(run(fixture, "")->n_views, ==, 0);
    g_assert_no_error(fixture->error);
    fixture->server.extra = "{\"unmanagedinstance\":{}}";
    g_assert_cmpuint(count_problems(run(fixture, ""), "cluster-unread"), ==, 3);
}

/* --- what is missing -------------------------------------------------------------------------- */

static void
test_silent_hosts(Fixture *fixture, gconstpointer data)
{
    (void)data;
    set_host(&fixture->server, 0, "state", "Disconnected");
    set_host(&fixture->server, 1, "resourcestate", "PrepareForMaintenance");
    const Inventory *inventory = run(fixture, "");
    g_assert_no_error(fixture->error);
    g_assert_cmpuint(count_problems(inventory, "host-silent"), ==, 2);
    const SourceProblem *problem = inventory->problems[0];
    g_assert_cmpstr(problem->text.value, ==,
        "host 'esx1.lab.example' did not answer: its VMs are missing from CloudStack's view");
    g_assert_cmpstr(
        problem->evidence.value, ==, "listHosts: state 'Disconnected', resourcestate 'Enabled'");
    g_assert_cmpint(inventory->hosts[0]->connection, ==, CONNECTION_DISCONNECTED);
    g_assert_true(is_true(inventory->hosts[1]->in_maintenance));
    set_host(&fixture->server, 0, "state", "Up"); /* what was kept still lacks that host */
    g_assert_cmpuint(count_problems(run(fixture, "max-age=100"), "host-silent"), ==, 2);
}

static void
test_host_falls_silent(Fixture *fixture, gconstpointer data)
{
    (void)data;
    fixture->server.falls_silent = true;
    const Inventory *inventory = run(fixture, "parallel=1");
    g_assert_no_error(fixture->error);
    g_assert_cmpint(inventory->hosts[0]->connection, ==, CONNECTION_CONNECTED); /* before */
    g_assert_cmpuint(count_problems(inventory, "host-silent"), ==, 1);
    g_assert_cmpstr(inventory->problems[0]->evidence.value, ==,
        "listHosts: state 'Alert', resourcestate 'Enabled'");
}

static void
test_failed_cluster(Fixture *fixture, gconstpointer data)
{
    (void)data;
    fixture->server.failing = VC2;
    const Inventory *inventory = run(fixture, "");
    g_assert_error(fixture->error, INGEST_ERROR, INGEST_ERROR_REFUSED);
    g_assert_cmpstr(fixture->error->message, ==,
        "source 'cs': 1 of 3 clusters were not read: cluster 'vc-cluster-2': "
        "HTTP 530: the server broke down");
    g_assert_true(inventory->is_partial);
    g_assert_cmpuint(count_problems(inventory, "cluster-unread"), ==, 1);
    g_assert_nonnull(find_view(inventory, VC1 "/db-01"));
    g_assert_nonnull(find_view(inventory, KVM "/kvm-web"));
}

static void
test_no_rights(Fixture *fixture, gconstpointer data)
{
    (void)data;
    fixture->server.failing = VC1;
    fixture->server.code = INGEST_ERROR_AUTH;
    run(fixture, "parallel=1");
    g_assert_error(fixture->error, INGEST_ERROR, INGEST_ERROR_AUTH);
    g_assert_cmpuint(fixture->server.n_lists, ==, 1); /* the others would fail alike */
    g_assert_nonnull(strstr(fixture->error->message, "3 of 3 clusters were not read"));
}

static void
test_cancelled(Fixture *fixture, gconstpointer data)
{
    (void)data;
    fixture->server.cancels = &fixture->is_cancelled;
    const Inventory *inventory = run(fixture, "parallel=1");
    g_assert_error(fixture->error, INGEST_ERROR, INGEST_ERROR_CANCELLED);
    g_assert_cmpuint(fixture->server.n_lists, ==, 1);
    g_assert_true(inventory->is_partial);
}

static void
test_no_server(Fixture *fixture, gconstpointer data)
{
    (void)data;
    fixture->context.cloudstack = NULL;
    const Inventory *inventory = run(fixture, "");
    g_assert_error(fixture->error, INGEST_ERROR, INGEST_ERROR_CONFIG);
    g_assert_cmpint(inventory->sources[0]->kind, ==, SOURCE_KIND_CLOUDSTACK);
}

/* --- how it asks ------------------------------------------------------------------------------ */

static void
test_parallel(Fixture *fixture, gconstpointer data)
{
    (void)data;
    fixture->server.awaits = 2;
    run(fixture, "parallel=2 timeout=77");
    g_assert_no_error(fixture->error);
    g_assert_cmpuint(fixture->server.n_at_once_max, ==, 2);
    g_assert_cmpuint(fixture->server.timeout_s, ==, 77);
    fixture->server.n_at_once_max = fixture->server.awaits = 0;
    run(fixture, "parallel=1");
    g_assert_cmpuint(fixture->server.n_at_once_max, ==, 1);
}

static void
test_small_pages(Fixture *fixture, gconstpointer data)
{
    (void)data;
    fixture->server.page_size_max = 2;
    const Inventory *inventory = run(fixture, "");
    g_assert_no_error(fixture->error);
    g_assert_cmpuint(inventory->n_clusters, ==, 3);
    g_assert_cmpuint(inventory->n_hosts, ==, 5);
}

static void
test_zone(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_assert_cmpuint(run(fixture, "zone=zone-1")->n_clusters, ==, 3);
    g_assert_cmpuint(run(fixture, "zone=4604b207-6e10-4126-b1a9-52c18506649f")->n_hosts, ==, 5);
    run(fixture, "zone=zone-2");
    g_assert_error(fixture->error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(fixture->error->message, "no cluster in a zone 'zone-2'"));
}

static void
test_bad_config(Fixture *fixture, gconstpointer data)
{
    (void)data;
    const char *bad[][2] = {{"parallel", "0"}, {"parallel", "17"}, {"timeout", "10m"},
        {"timeout", ""}, {"max-age", "-1"}, {"resume", "maybe"}, {"zone", ""}, {"cluster", "x"}};
    g_autoptr(Source) source = source_new(&source_cloudstack, "cs", &fixture->context);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(source_config(source, bad[i][0], bad[i][1], &error));
        g_assert_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG);
        g_assert_nonnull(strstr(error->message, bad[i][0]));
    }
}

/* --- what is kept ----------------------------------------------------------------------------- */

static void
assert_private(const char *path)
{
    struct stat status;
    g_assert_cmpint(stat(path, &status), ==, 0);
    g_assert_cmpuint(status.st_mode & 0777, ==, 0600);
}

static void
test_cache(Fixture *fixture, gconstpointer data)
{
    (void)data;
    size_t n_views = run(fixture, "")->n_views;
    g_assert_cmpuint(each_cached(fixture, assert_private), ==, 3);
    const Inventory *inventory = run(fixture, "");
    g_assert_cmpuint(fixture->server.n_lists, ==, 3); /* always fresh unless told */
    inventory = run(fixture, "max-age=600");
    g_assert_no_error(fixture->error);
    g_assert_cmpuint(fixture->server.n_lists, ==, 0);
    g_assert_cmpuint(inventory->n_views, ==, n_views);
    g_assert_true(is_true(inventory->sources[0]->is_cached));
    fixture->server.cloudstack.url = "http://other.example/client/api";
    run(fixture, "max-age=600");
    g_assert_cmpuint(fixture->server.n_lists, ==, 3); /* another server's are not ours */
}

static void
test_old_cache(Fixture *fixture, gconstpointer data)
{
    (void)data;
    UnmanagedCache cache = {fixture->folder, fixture->server.cloudstack.url};
    g_autoptr(JsonObject) reply = json_tokener_parse("{}");
    int64_t now_s = time(NULL);
    g_assert_true(unmanaged_cache_store(&cache, VC1, now_s - 100, reply, NULL));
    g_assert_true(unmanaged_cache_store(&cache, VC2, now_s - 5000, reply, NULL));
    const Inventory *inventory = run(fixture, "max-age=1000");
    g_assert_cmpuint(fixture->server.n_lists, ==, 2);
    struct tm utc;
    char read_at[32];
    time_t when = (time_t)(now_s - 100);
    strftime(read_at, sizeof read_at, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&when, &utc));
    g_assert_cmpstr(inventory->sources[0]->read_at.value, ==, read_at);
    g_assert_true(is_true(inventory->sources[0]->is_cached));
}

static void
break_file(const char *path)
{
    g_assert_true(g_file_set_contents(path, "{\"url\":", -1, NULL));
}

static void
test_broken_cache(Fixture *fixture, gconstpointer data)
{
    (void)data;
    run(fixture, "");
    each_cached(fixture, break_file);
    run(fixture, "max-age=600 resume=yes");
    g_assert_no_error(fixture->error);
    g_assert_cmpuint(fixture->server.n_lists, ==, 3);
}

static void
test_unwritable_cache(Fixture *fixture, gconstpointer data)
{
    (void)data;
    fixture->context.cache_folder = "/proc/nonexistent";
    const Inventory *inventory = run(fixture, "");
    g_assert_no_error(fixture->error); /* nothing of the listing is lost */
    g_assert_cmpuint(count_problems(inventory, "cache-unwritten"), ==, 4);
    fixture->context.cache_folder = NULL;
    g_assert_cmpuint(count_problems(run(fixture, ""), "cache-unwritten"), ==, 0);
    run(fixture, "resume=yes");
    g_assert_error(fixture->error, INGEST_ERROR, INGEST_ERROR_CONFIG);
}

static void
test_resume(Fixture *fixture, gconstpointer data)
{
    (void)data;
    fixture->server.failing = VC2;
    run(fixture, "");
    g_assert_nonnull(fixture->error);
    fixture->server.failing = NULL;
    const Inventory *inventory = run(fixture, "resume=yes");
    g_assert_no_error(fixture->error);
    g_assert_cmpuint(fixture->server.n_lists, ==, 1); /* the one that is missing */
    g_assert_true(is_true(inventory->sources[0]->is_cached));
    g_assert_false(inventory->is_partial);
    run(fixture, "resume=yes"); /* nothing is left to resume */
    g_assert_cmpuint(fixture->server.n_lists, ==, 3);
}

static void
hear_hop(void *data, const char *hop, HopResult result, const char *detail, const char *remedy)
{
    (void)remedy;
    g_string_append_printf(data, "%s %d %s;", hop, (int)result, detail);
}

static void
test_check(Fixture *fixture, gconstpointer data)
{
    (void)data;
    g_autoptr(Source) source = source_new(&source_cloudstack, "cs", &fixture->context);
    g_autoptr(GString) text = g_string_new(NULL);
    g_assert_true(source_check(source, &(HopSink){text, hear_hop}, NULL));
    g_assert_cmpstr(text->str, ==, "login 0 4.23.0.0-SNAPSHOT;rights 0 listApis;");
}

/* --- some of them ----------------------------------------------------------------------------- */

/* "there gone unknown", in the order of the ids; or the error. (owned) */
static char *
read_again(Fixture *fixture, const char *const *ids, size_t n)
{
    g_autoptr(SourceSession) session =
        source_session_new(source_new(&source_cloudstack, "cs", &fixture->context));
    const SourceQuery query = {.ids = ids, .n_ids = n};
    g_autoptr(GError) error = NULL;
    g_autoptr(SourceReading) reading = source_session_read(session, &query, &error);
    if (!reading)
        return g_strdup(error->message);
    g_autoptr(GString) text = g_string_new(NULL);
    for (size_t i = 0; i < reading->n_instances; i++) {
        const InstanceReading *row = &reading->instances[i];
        g_string_append_printf(text, "%s%s", i ? " " : "", presence_to_string(row->presence));
        if (!row->view)
            continue;
        g_autofree char *facts = instance_facts(NULL, row->view);
        g_autofree char *before = instance_facts(NULL, find_view(fixture->inventory, row->id));
        g_assert_cmpstr(facts, ==, before);
    }
    return g_string_free(g_steal_pointer(&text), false);
}

static void
expect_again(Fixture *fixture, const char *const *ids, size_t n, const char *expected)
{
    fixture->server.n_lists = fixture->server.n_named = 0;
    g_autofree char *told = read_again(fixture, ids, n);
    g_assert_cmpstr(told, ==, expected);
}

static void
test_read_again(Fixture *fixture, gconstpointer data)
{
    (void)data;
    const Inventory *inventory = run(fixture, "");
    for (size_t i = 0; i < inventory->n_views; i++) /* of a suspended one it tells no power */
        expect_again(fixture, &inventory->views[i]->id.value, 1,
            inventory->views[i]->power == POWER_UNKNOWN ? "unreadable" : "there");
    const char *const one[] = {KVM "/kvm-web"};
    expect_again(fixture, one, 1, "there");
    g_assert_cmpuint(fixture->server.n_lists, ==, 1);
    g_assert_cmpuint(fixture->server.n_named, ==, 1);
    const char *const several[] = {
        VC1 "/db-01", VC1 "/web-01/b599795e-a936-403e-bed3-55ddf25df22e", VC1 "/none", KVM "/none"};
    expect_again(fixture, several, 4, "there there gone gone");
    g_assert_cmpuint(fixture->server.n_lists, ==, 2);
    g_assert_cmpuint(fixture->server.n_named, ==, 1); /* one is enough to ask by name */
    const char *const nowhere[] = {"deleted-cluster/db-01"};
    expect_again(fixture, nowhere, 1, "gone");
}

/* What the server could not tell is not gone. */
static void
test_read_again_in_part(Fixture *fixture, gconstpointer data)
{
    (void)data;
    const char *const ids[] = {VC1 "/db-01", VC1 "/none", VC2 "/none", KVM "/kvm-web"};
    run(fixture, "");
    fixture->server.failing = VC2;
    expect_again(fixture, ids, 4, "there gone unknown there");
    fixture->server.falls_silent = true; /* a host of VC1, while it is listed */
    expect_again(fixture, ids, 4, "there unknown unknown there");
    const char *const named_twice[] = {VC1 "/web-01"}; /* when the plan was made there was one */
    expect_again(fixture, named_twice, 1, "unknown");
}

static void
test_read_again_fails(Fixture *fixture, gconstpointer data)
{
    (void)data;
    const char *const ids[] = {VC1 "/db-01"};
    run(fixture, "");
    fixture->server.failing = VC1;
    expect_again(fixture, ids, 1,
        "source 'cs': 1 of 1 clusters were not read: cluster 'vc-cluster-1': "
        "HTTP 530: the server broke down");
}

#define ADD(path, test) g_test_add(path, Fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/source/cloudstack/lists-all-clusters", test_all_clusters);
    ADD("/source/cloudstack/vmware-facts", test_vmware_facts);
    ADD("/source/cloudstack/one-name-on-two-hosts-is-two", test_same_name);
    ADD("/source/cloudstack/kvm-facts", test_kvm_facts);
    g_test_add_func("/source/cloudstack/vlans-of-every-kind", test_vlans);
    g_test_add_func("/source/cloudstack/missing-is-unknown", test_sparse_entry);
    ADD("/source/cloudstack/unreadable-entries-are-named", test_bad_entries);
    ADD("/source/cloudstack/silent-hosts-are-named", test_silent_hosts);
    ADD("/source/cloudstack/host-that-falls-silent-is-named", test_host_falls_silent);
    ADD("/source/cloudstack/failed-cluster-leaves-the-others", test_failed_cluster);
    ADD("/source/cloudstack/missing-rights-end-it", test_no_rights);
    ADD("/source/cloudstack/cancelled-between-clusters", test_cancelled);
    ADD("/source/cloudstack/no-server-is-a-config-error", test_no_server);
    ADD("/source/cloudstack/as-parallel-as-told", test_parallel);
    ADD("/source/cloudstack/pages-as-small-as-allowed", test_small_pages);
    ADD("/source/cloudstack/only-the-zone", test_zone);
    ADD("/source/cloudstack/bad-config-is-named", test_bad_config);
    ADD("/source/cloudstack/cache-serves-while-young", test_cache);
    ADD("/source/cloudstack/cache-tells-its-age", test_old_cache);
    ADD("/source/cloudstack/broken-cache-is-passed-over", test_broken_cache);
    ADD("/source/cloudstack/unwritable-cache-loses-nothing", test_unwritable_cache);
    ADD("/source/cloudstack/resumes-cluster-by-cluster", test_resume);
    ADD("/source/cloudstack/again/as-they-were-listed", test_read_again);
    ADD("/source/cloudstack/again/unknown-is-not-gone", test_read_again_in_part);
    ADD("/source/cloudstack/again/failure-is-told", test_read_again_fails);
    ADD("/source/cloudstack/check-tests-login-and-rights", test_check);
    return g_test_run();
}
