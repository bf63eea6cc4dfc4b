/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/estate_builder.h"

typedef struct Case {
    const char *name;
    void (*change)(Estate *estate, InstanceView *view);
    const char *rules, *version;
    const char *offering; /* of the data disk; NULL: none */
    Verdict verdict;
    const char *finding;
} Case;

static void
custom(Estate *estate, InstanceView *view)
{
    (void)view;
    estate_add_disk_offering(estate, "custom", 0, NULL);
}

static void
fixed(Estate *estate, InstanceView *view)
{
    (void)view;
    estate_add_disk_offering(estate, "do-10", 10, NULL);
    estate_add_disk_offering(estate, "do-50", 50, NULL);
    estate_add_disk_offering(estate, "do-100", 100, NULL);
}

static void
fixed_too_small(Estate *estate, InstanceView *view)
{
    (void)view;
    estate_add_disk_offering(estate, "do-10", 10, NULL);
}

static void
one_byte_too_small(Estate *estate, InstanceView *view)
{
    estate_add_disk_offering(estate, "do-30", 30, NULL);
    view->disks.items[1].capacity_bytes.value += 1;
}

static void
tagged_off_pool(Estate *estate, InstanceView *view)
{
    (void)view;
    estate_add_disk_offering(estate, "gold", 0, "gold");
}

static void
tagged_on_pool(Estate *estate, InstanceView *view)
{
    custom(estate, view);
    tagged_off_pool(estate, view);
    LAST(StoragePool, estate->pools)->tags = one_text(estate, "gold");
}

static void
tag_rule(Estate *estate, InstanceView *view)
{
    custom(estate, view);
    LAST(StoragePool, estate->pools)->istagarule = bool_known(true);
}

static void
not_a_pool(Estate *estate, InstanceView *view)
{
    custom(estate, view);
    view->disks.items[1].datastore_name = text_known("elsewhere");
}

static void
pool_of_other_cluster(Estate *estate, InstanceView *view)
{
    custom(estate, view);
    LAST(StoragePool, estate->pools)->clusterid = text_known("other-cluster");
}

/* No source told what is in it. */
static void
in_datastore_cluster(Estate *estate, InstanceView *view)
{
    not_a_pool(estate, view);
    estate_add_pool(estate, "pod-1", NULL)->type = text_known("DatastoreCluster");
}

static void
put_datastore(Estate *estate, const char *pod)
{
    Datastore record = {.source = text_known("vc"),
        .id = text_known("datastore-1"),
        .name = text_known("elsewhere"),
        .datacenter = text_known("DC0"),
        .pod = known(pod)};
    estate_put(estate, RECORD_DATASTORE, &record);
}

static void
in_this_datastore_cluster(Estate *estate, InstanceView *view)
{
    in_datastore_cluster(estate, view);
    put_datastore(estate, "pod-1");
}

static void
in_no_datastore_cluster(Estate *estate, InstanceView *view)
{
    in_datastore_cluster(estate, view);
    put_datastore(estate, NULL);
}

static void
local_offering(Estate *estate, InstanceView *view)
{
    (void)view;
    estate_add_disk_offering(estate, "custom", 0, NULL)->storagetype = text_known("local");
}

static void
pool_in_maintenance(Estate *estate, InstanceView *view)
{
    custom(estate, view);
    LAST(StoragePool, estate->pools)->state = text_known("Maintenance");
}

/* 'ds1' is part of '/DC0/ds10', which the offering's tag would choose. */
static void
name_in_other_path(Estate *estate, InstanceView *view)
{
    (void)view;
    estate_add_pool(estate, "ds10", "silver");
    estate_add_disk_offering(estate, "silver", 0, "silver");
}

static void
name_in_other_path_untagged(Estate *estate, InstanceView *view)
{
    custom(estate, view);
    estate_add_pool(estate, "ds10", NULL);
}

static void
tag_makes_it_sure(Estate *estate, InstanceView *view)
{
    LAST(StoragePool, estate->pools)->tags = one_text(estate, "gold");
    name_in_other_path_untagged(estate, view);
    estate_add_disk_offering(estate, "gold", 0, "gold");
    LAST(ServiceOffering, estate->service_offerings)->storagetags = one_text(estate, "gold");
}

static void
nfs(Estate *estate, InstanceView *view)
{
    custom(estate, view);
    StoragePool *pool = LAST(StoragePool, estate->pools);
    pool->path = text_known("/export/a");
    pool->ipaddress = text_known("10.0.0.1");
    pool->clusterid = text_absent();
    for (size_t i = 0; i < view->disks.n; i++) {
        view->disks.items[i].datastore_host = text_known("10.0.0.1");
        view->disks.items[i].datastore_path = text_known("/export/a");
        view->disks.items[i].datastore_type = text_known("NFS");
    }
}

static void
nfs_without_path(Estate *estate, InstanceView *view)
{
    nfs(estate, view);
    view->disks.items[1].datastore_path = (Text){0};
}

static void
nfs_without_place(Estate *estate, InstanceView *view)
{
    nfs_without_path(estate, view);
    view->disks.items[1].datastore_host = (Text){0};
}

static void
nfs_by_name(Estate *estate, InstanceView *view)
{
    nfs(estate, view);
    LAST(StoragePool, estate->pools)->ipaddress = text_known("nfs1.example.com");
}

static void
nfs_of_other_host(Estate *estate, InstanceView *view)
{
    nfs(estate, view);
    LAST(StoragePool, estate->pools)->ipaddress = text_known("10.0.0.2");
}

static void
mixed_controllers(Estate *estate, InstanceView *view)
{
    custom(estate, view);
    estate_add_disk(estate, view, 30, "ds1")->controller = text_known("lsilogic");
}

static void
other_root_controller(Estate *estate, InstanceView *view)
{
    custom(estate, view);
    view->disks.items[0].controller = text_known("ide");
}

static void
controller_none(Estate *estate, InstanceView *view)
{
    custom(estate, view);
    view->disks.items[1].controller = text_known("none");
}

static void
size_unknown(Estate *estate, InstanceView *view)
{
    custom(estate, view);
    view->disks.items[1].capacity_bytes = (Int){0};
}

static void
root_size_zero(Estate *estate, InstanceView *view)
{
    custom(estate, view);
    view->disks.items[0].capacity_bytes = int_known(0);
}

static void
data_size_zero(Estate *estate, InstanceView *view)
{
    custom(estate, view);
    fixed(estate, view);
    view->disks.items[1].capacity_bytes = int_known(0);
}

static void
encrypting(Estate *estate, InstanceView *view)
{
    (void)view;
    estate_add_disk_offering(estate, "enc", 0, NULL)->encrypt = bool_known(true);
}

static void
of_other_zone(Estate *estate, InstanceView *view)
{
    (void)view;
    estate_add_disk_offering(estate, "z", 0, NULL)->zoneid = one_text(estate, "other");
}

static void
raw_mapped(Estate *estate, InstanceView *view)
{
    custom(estate, view);
    view->disks.items[1].backing = DISK_BACKING_RDM;
}

static void
shared(Estate *estate, InstanceView *view)
{
    custom(estate, view);
    view->disks.items[1].is_shared = bool_known(true);
}

static const Case cases[] = {
    {"custom-takes-any-size", custom, NULL, NULL, "custom", VERDICT_READY, NULL},
    {"smallest-fixed-that-is-enough", fixed, NULL, NULL, "do-50", VERDICT_READY,
        "disk-offering-larger"},
    {"forbidden-is-passed-over", fixed, "forbid disk-offering do-50", NULL, "do-100", VERDICT_READY,
        "disk-offering-larger"},
    {"preferred-comes-first", fixed, "prefer disk-offering do-1*", NULL, "do-100", VERDICT_READY,
        "disk-offering-larger"},
    {"too-small-blocks", fixed_too_small, NULL, NULL, NULL, VERDICT_BLOCKED, "no-disk-offering"},
    {"a-byte-too-small-blocks", one_byte_too_small, NULL, NULL, NULL, VERDICT_BLOCKED,
        "no-disk-offering"},
    {"tag-off-the-pool-blocks", tagged_off_pool, NULL, NULL, NULL, VERDICT_BLOCKED,
        "no-disk-offering"},
    {"tag-on-the-pool-comes-first", tagged_on_pool, NULL, NULL, "gold", VERDICT_READY, NULL},
    {"tag-rule-is-unknown", tag_rule, NULL, NULL, "custom", VERDICT_UNKNOWN, "pool-tag-rule"},
    {"datastore-without-pool-blocks", not_a_pool, NULL, NULL, "custom", VERDICT_BLOCKED,
        "datastore-not-a-pool"},
    {"pool-of-other-cluster-is-taken-wrongly", pool_of_other_cluster, NULL, NULL, "custom",
        VERDICT_READY_AFTER_ACTION, "datastore-taken-for-other"},
    {"in-a-datastore-cluster-is-unknown", in_datastore_cluster, NULL, NULL, "custom",
        VERDICT_UNKNOWN, "datastore-not-listed"},
    {"in-this-datastore-cluster-is-unknown", in_this_datastore_cluster, NULL, NULL, "custom",
        VERDICT_UNKNOWN, "datastore-not-listed"},
    {"in-no-datastore-cluster-blocks", in_no_datastore_cluster, NULL, NULL, "custom",
        VERDICT_BLOCKED, "datastore-not-a-pool"},
    {"local-offering-on-shared-storage-warns", local_offering, NULL, NULL, "custom", VERDICT_READY,
        "storage-type-differs"},
    {"pool-in-maintenance-warns", pool_in_maintenance, NULL, NULL, "custom", VERDICT_READY,
        "pool-not-up"},
    {"wrong-pool-by-tag-is-not-chosen", name_in_other_path, NULL, NULL, NULL, VERDICT_BLOCKED,
        "no-disk-offering"},
    {"overlapping-names-warn", name_in_other_path_untagged, NULL, NULL, "custom", VERDICT_READY,
        "datastore-ambiguous"},
    {"a-tag-that-leaves-one-pool-comes-first", tag_makes_it_sure, NULL, NULL, "gold", VERDICT_READY,
        NULL},
    {"nfs-by-host-and-path", nfs, NULL, NULL, "custom", VERDICT_READY, NULL},
    {"nfs-path-unread-is-unknown", nfs_without_path, NULL, NULL, "custom", VERDICT_UNKNOWN,
        "datastore-unknown"},
    {"nfs-place-unread-is-unknown", nfs_without_place, NULL, NULL, "custom", VERDICT_UNKNOWN,
        "datastore-unknown"},
    {"nfs-host-by-name-or-address", nfs_by_name, NULL, NULL, "custom", VERDICT_READY, NULL},
    {"nfs-of-other-host-is-taken-wrongly", nfs_of_other_host, NULL, NULL, "custom",
        VERDICT_READY_AFTER_ACTION, "datastore-taken-for-other"},
    {"vmfs-on-4.19.0-is-never-found", custom, NULL, "4.19.0.0", "custom", VERDICT_BLOCKED,
        "datastore-not-found"},
    {"tags-on-4.19.1-are-refused-late", tagged_off_pool, NULL, "4.19.1.0", NULL, VERDICT_BLOCKED,
        "no-disk-offering"},
    {"mixed-data-controllers-block", mixed_controllers, NULL, NULL, "custom", VERDICT_BLOCKED,
        "data-controllers-mixed"},
    {"root-controller-may-differ", other_root_controller, NULL, NULL, "custom", VERDICT_READY,
        NULL},
    {"controller-none-warns", controller_none, NULL, NULL, "custom", VERDICT_READY,
        "controller-not-known"},
    {"unread-size-is-unknown", size_unknown, NULL, NULL, NULL, VERDICT_UNKNOWN,
        "disk-size-unknown"},
    {"root-of-size-zero-blocks", root_size_zero, NULL, NULL, "custom", VERDICT_BLOCKED,
        "disk-size-zero"},
    {"data-of-size-zero-needs-a-fixed-one", data_size_zero, NULL, NULL, "do-10", VERDICT_READY,
        "disk-size-zero"},
    {"encrypting-is-skipped", encrypting, NULL, NULL, NULL, VERDICT_BLOCKED, "no-disk-offering"},
    {"offering-of-other-zone-is-skipped", of_other_zone, NULL, NULL, NULL, VERDICT_BLOCKED,
        "no-disk-offering"},
    {"raw-mapping-blocks", raw_mapped, NULL, NULL, "custom", VERDICT_BLOCKED, "disk-raw-mapped"},
    {"shared-disk-blocks", shared, NULL, NULL, "custom", VERDICT_BLOCKED, "disk-shared"},
};

static void
test_case(gconstpointer data)
{
    const Case *it = data;
    g_auto(Estate) estate = {0};
    estate_init(&estate);
    estate_add_network(&estate, "l2-10", 10);
    estate_add_pool(&estate, "ds1", NULL);
    estate_add_offering(&estate, "so", 2, 2048);
    InstanceView *view = estate_add_plain_vm(&estate, "web-01");
    estate_add_disk(&estate, view, 30, "ds1");
    it->change(&estate, view);
    estate_put_vm(&estate, view, true);
    estate_freeze(&estate);
    if (it->version)
        estate.catalog->info.version = text_known(it->version);
    g_autoptr(Plan) plan = estate_plan(&estate, it->rules);
    const PlanItem *item = &plan->items[0];
    g_autofree char *id = it->offering ? g_strdup_printf("id-of-%s", it->offering) : NULL;
    g_assert_cmpstr(item->choice.root.value, ==, "1-2000");
    g_assert_cmpstr(item->choice.disks.items[0].disk.value, ==, "1-2001");
    g_assert_cmpstr(item->choice.disks.items[0].diskofferingid.value, ==, id);
    assert_verdict(item, it->verdict);
    if (it->finding)
        assert_finding(item, it->finding);
    else
        g_assert_cmpuint(item->n_findings, ==, 0);
}

/* The root disk is the first of the first controller, wherever it stands in the list. */
static void
test_root_is_the_boot_disk(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    InstanceView *view = estate_add_vm(&estate, "web-01");
    estate_add_disk(&estate, view, 10, "ds1")->controller_unit = int_known(1);
    estate_add_disk(&estate, view, 20, "ds1")->position = int_known(3);
    estate_add_disk(&estate, view, 30, "ds1")->position = int_known(0);
    estate_put_vm(&estate, view, true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    g_assert_cmpstr(plan->items[0].choice.root.value, ==, "1-2002");
    g_assert_cmpuint(plan->items[0].choice.disks.n, ==, 2);
}

static void
test_disk_lost_by_cloudstack_blocks(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    InstanceView *view = estate_add_plain_vm(&estate, "web-01");
    InstanceView *listed = estate_view_of(&estate, view);
    estate_add_disk(&estate, view, 20, "ds1");
    estate_put(&estate, RECORD_INSTANCE, view);
    estate_put(&estate, RECORD_INSTANCE, listed);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    assert_finding(&plan->items[0], "disks-differ");
    assert_verdict(&plan->items[0], VERDICT_BLOCKED);
}

static void
test_vm_without_disks_blocks(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    InstanceView *view = estate_add_vm(&estate, "web-01");
    estate_put_vm(&estate, view, true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    assert_finding(&plan->items[0], "no-disks");
}

static void
test_hidden_release_is_unknown_where_it_decides(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    estate_put_vm(&estate, estate_add_plain_vm(&estate, "web-01"), true);
    estate_freeze(&estate);
    estate.catalog->info.version = (Text){0};
    estate.catalog->apis.n = 0; /* nor does the key show them */
    g_autoptr(Plan) hidden = estate_plan(&estate, NULL);
    assert_verdict(&hidden->items[0], VERDICT_UNKNOWN);
    assert_finding(&hidden->items[0], "release-decides");
    g_autoptr(GError) error = NULL;
    PlanOptions options = {.server_version = "4.20.3"};
    g_autoptr(Plan) pinned = plan_build(estate.inventory, estate.catalog, NULL, &options, &error);
    g_assert_no_error(error);
    assert_verdict(&pinned->items[0], VERDICT_READY);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/plan/storage/%s", cases[i].name);
        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/plan/storage/root-is-the-boot-disk", test_root_is_the_boot_disk);
    g_test_add_func(
        "/plan/storage/disk-lost-by-cloudstack-blocks", test_disk_lost_by_cloudstack_blocks);
    g_test_add_func("/plan/storage/no-disks-blocks", test_vm_without_disks_blocks);
    g_test_add_func(
        "/plan/storage/hidden-release-is-unknown", test_hidden_release_is_unknown_where_it_decides);
    return g_test_run();
}
