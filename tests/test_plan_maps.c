/* SPDX-License-Identifier: Apache-2.0
 *
 * The storage map and the offering map of a plan.
 */
#include "tests/estate_builder.h"

#define GIB ((int64_t)1 << 30)

static void
set_size(StoragePool *pool, int64_t gib)
{
    pool->disksizetotal = int_known(gib * GIB);
    pool->disksizeallocated = pool->disksizeused = int_known(100 * GIB);
    pool->overprovisionfactor = text_known("1.0");
}

static void
init_sized(Estate *estate)
{
    estate_init_plain(estate);
    set_size(LAST(StoragePool, estate->pools), 1000);
    estate_add_setting(estate, "pool.storage.allocated.capacity.disablethreshold", "0.9");
    estate_add_setting(estate, "pool.storage.capacity.disablethreshold", "0.8");
}

static const StorageRow *
find_datastore(const Plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->n_storage; i++)
        if (!g_strcmp0(plan->storage[i].datastore.value, name))
            return &plan->storage[i];
    g_error("no row of datastore '%s'", name ? name : "(none)");
}

static const OfferingRow *
find_offering(const Plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->n_offerings; i++)
        if (!g_strcmp0(plan->offerings[i].name.value, name))
            return &plan->offerings[i];
    g_error("no row of offering '%s'", name);
}

static void
test_datastore_row(void)
{
    g_auto(Estate) estate = {0};
    init_sized(&estate);
    for (int i = 0; i < 3; i++) {
        InstanceView *view = estate_add_plain_vm(&estate, estate_text(&estate, "web-%d", i));
        estate_add_disk(&estate, view, 30, "ds1");
        view->is_encrypted = bool_known(i == 2); /* is not imported */
        estate_put_vm(&estate, view, true);
    }
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    g_assert_cmpuint(plan->n_storage, ==, 1);
    const StorageRow *row = find_datastore(plan, "ds1");
    g_assert_cmpint(row->match, ==, STORAGE_POOL);
    g_assert_cmpstr(row->poolid.value, ==, "id-of-ds1");
    g_assert_cmpstr(row->cluster.value, ==, "vcenter/DC0/C0");
    g_assert_cmpstr(row->datacenter.value, ==, "DC0");
    g_assert_cmpint(row->instances.value, ==, 3);
    g_assert_cmpint(row->disks.value, ==, 6);
    g_assert_cmpint(row->bytes.value, ==, 150 * GIB);
    g_assert_cmpint(row->limit_bytes.value, ==, 900 * GIB);
    g_assert_cmpint(row->imported_bytes.value, ==, 100 * GIB);
    g_assert_cmpint(row->free_after_bytes.value, ==, 700 * GIB);
    g_assert_null(row->note.value);
}

static void
test_moves_are_in_the_rows(void)
{
    g_auto(Estate) estate = {0};
    init_sized(&estate);
    set_size(estate_add_pool(&estate, "gold-1", "gold"), 500);
    estate_add_disk_offering(&estate, "do-gold", 0, "gold");
    InstanceView *view = estate_add_plain_vm(&estate, "web-1");
    estate_add_disk(&estate, view, 30, "ds1");
    estate_put_vm(&estate, view, true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, "prefer disk-offering do-gold");
    g_assert_cmpuint(plan->n_storage, ==, 2);
    const StorageRow *from = find_datastore(plan, "ds1"), *to = find_datastore(plan, NULL);
    g_assert_cmpint(from->leaving_bytes.value, ==, 30 * GIB);
    g_assert_cmpint(from->arriving_bytes.value, ==, 0);
    g_assert_cmpint(from->free_after_bytes.value, ==, 700 * GIB);
    g_assert_cmpint(to->match, ==, STORAGE_TARGET);
    g_assert_cmpstr(to->pool.value, ==, "gold-1");
    g_assert_cmpint(to->arriving_bytes.value, ==, 30 * GIB);
    g_assert_cmpint(to->free_after_bytes.value, ==, 270 * GIB); /* used: 400 less 130 */
    g_assert_cmpint(find_offering(plan, "do-gold")->moved.value, ==, 1);
    g_assert_cmpint(find_offering(plan, "custom")->disks.value, ==, 1);
}

static void
no_pool(Estate *estate)
{
    g_array_set_size(estate->pools, 0);
}

static void
two_pools(Estate *estate)
{
    estate_add_pool(estate, "ds10", NULL);
}

static void
wrong_pool(Estate *estate)
{
    g_array_set_size(estate->pools, 0);
    estate_add_pool(estate, "ds10", NULL);
}

static void
no_cluster(Estate *estate)
{
    g_array_set_size(estate->clusters, 0);
}

static void
in_maintenance(Estate *estate)
{
    LAST(StoragePool, estate->pools)->state = text_known("Maintenance");
}

static void
over_threshold(Estate *estate)
{
    LAST(StoragePool, estate->pools)->disksizeallocated = int_known(890 * GIB);
}

static void
unread_size(Estate *estate)
{
    LAST(StoragePool, estate->pools)->disksizeused = (Int){0};
}

static const struct {
    const char *name;
    void (*change)(Estate *estate);
    StorageMatch match;
    const char *note; /* part of it */
} states[] = {
    {"no-pool", no_pool, STORAGE_MISSING, "createStoragePool"},
    {"one-of-two", two_pools, STORAGE_AMBIGUOUS, "another pool"},
    {"another-pool", wrong_pool, STORAGE_WRONG, "'ds10'"},
    {"no-cluster", no_cluster, STORAGE_UNKNOWN, "cluster"},
    {"maintenance", in_maintenance, STORAGE_POOL, "Maintenance"},
    {"beyond-a-threshold", over_threshold, STORAGE_POOL, "beyond a threshold"},
    {"unread-size", unread_size, STORAGE_POOL, "not read"},
};

static void
test_state(gconstpointer data)
{
    size_t i = GPOINTER_TO_SIZE(data);
    g_auto(Estate) estate = {0};
    init_sized(&estate);
    states[i].change(&estate);
    estate_put_vm(&estate, estate_add_plain_vm(&estate, "web-1"), true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    const StorageRow *row = find_datastore(plan, "ds1");
    g_assert_cmpint(row->match, ==, states[i].match);
    g_assert_nonnull(strstr(row->note.value, states[i].note));
    if (states[i].match != STORAGE_POOL && states[i].match != STORAGE_AMBIGUOUS)
        g_assert_cmpint(row->free_after_bytes.state, ==, FACT_UNKNOWN);
}

static void
test_offering_rows(void)
{
    g_auto(Estate) estate = {0};
    init_sized(&estate);
    estate_add_offering(&estate, "so-gold", 4, 2048)->storagetags = one_text(&estate, "gold");
    for (int i = 0; i < 3; i++)
        estate_put_vm(
            &estate, estate_add_plain_vm(&estate, estate_text(&estate, "web-%d", i)), true);
    InstanceView *large = estate_add_plain_vm(&estate, "large");
    large->cpus = int_known(4);
    estate_put_vm(&estate, large, true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    g_assert_cmpuint(plan->n_offerings, ==, 2);
    g_assert_cmpstr(plan->offerings[0].name.value, ==, "so-2x2");
    g_assert_cmpint(plan->offerings[0].instances.value, ==, 4); /* the large one when it is off */
    g_assert_nonnull(strstr(plan->offerings[0].why.value, "fixed"));
    const OfferingRow *gold = find_offering(plan, "so-gold");
    g_assert_cmpint(gold->instances.value, ==, 0);
    g_assert_cmpint(gold->missed.value, ==, 1);
    g_assert_nonnull(strstr(gold->miss.value, "two steps"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plan/maps/storage/datastore", test_datastore_row);
    g_test_add_func("/plan/maps/storage/moves", test_moves_are_in_the_rows);
    for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
        g_autofree char *path = g_strdup_printf("/plan/maps/storage/%s", states[i].name);
        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_state);
    }
    g_test_add_func("/plan/maps/offerings", test_offering_rows);
    return g_test_run();
}
