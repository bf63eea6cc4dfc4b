/* SPDX-License-Identifier: Apache-2.0
 *
 * Two steps: a disk is imported where it lies, then moved to a pool with the tags that are wanted.
 */
#include "tests/estate_builder.h"

#define GIB ((int64_t)1 << 30)

/* Pool 'ds1' has no tag; 'gold-1' has the tag and room. */
static StoragePool *
add_sized_pool(Estate *estate, const char *name, const char *tag, int64_t gib)
{
    StoragePool *pool = estate_add_pool(estate, name, tag);
    pool->disksizetotal = int_known(gib * GIB);
    pool->disksizeallocated = pool->disksizeused = int_known(0);
    pool->overprovisionfactor = text_known("1.0");
    pool->hypervisor = text_known("VMware");
    return pool;
}

static void
init_gold(Estate *estate)
{
    estate_init(estate);
    estate_add_network(estate, "l2-10", 10);
    add_sized_pool(estate, "ds1", NULL, 1000);
    add_sized_pool(estate, "gold-1", "gold", 1000);
    estate_add_offering(estate, "so", 2, 2048);
    estate_add_offering(estate, "so-gold", 2, 2048)->storagetags = one_text(estate, "gold");
    estate_add_disk_offering(estate, "do", 0, NULL);
    estate_add_disk_offering(estate, "do-gold", 0, "gold");
    estate_add_setting(estate, "pool.storage.allocated.capacity.disablethreshold", "0.9");
    estate_add_setting(estate, "pool.storage.capacity.disablethreshold", "0.8");
}

/* A root disk of 20 GiB and a data disk of 30 GiB on 'ds1'. */
static InstanceView *
add_vm(Estate *estate, const char *name)
{
    InstanceView *view = estate_add_plain_vm(estate, name);
    estate_add_disk(estate, view, 30, "ds1");
    return view;
}

typedef struct Case {
    const char *name;
    void (*change)(Estate *estate, InstanceView *view);
    const char *rules;
    const char *offering, *disk_offering; /* names of what it is imported with */
    const char *to, *root_to;             /* pools that the disks are moved to */
    const char *ends_with, *root_ends_with;
} Case;

static void
as_is(Estate *estate, InstanceView *view)
{
    (void)estate;
    (void)view;
}

static void
local_target(Estate *estate, InstanceView *view)
{
    (void)view;
    LAST(StoragePool, estate->pools)->scope = text_known("HOST");
}

static void
target_in_maintenance(Estate *estate, InstanceView *view)
{
    (void)view;
    LAST(StoragePool, estate->pools)->state = text_known("Maintenance");
}

static void
target_of_other_cluster(Estate *estate, InstanceView *view)
{
    (void)view;
    LAST(StoragePool, estate->pools)->clusterid = text_known("other");
}

static void
target_of_kvm(Estate *estate, InstanceView *view)
{
    (void)view;
    LAST(StoragePool, estate->pools)->hypervisor = text_known("KVM");
}

static void
zone_wide_target(Estate *estate, InstanceView *view)
{
    (void)view;
    LAST(StoragePool, estate->pools)->clusterid = text_absent();
}

static void
rule_target(Estate *estate, InstanceView *view)
{
    (void)view;
    LAST(StoragePool, estate->pools)->istagarule = bool_known(true);
}

static void
full_target(Estate *estate, InstanceView *view)
{
    (void)view;
    LAST(StoragePool, estate->pools)->disksizeallocated = int_known(871 * GIB);
}

static void
used_up_target(Estate *estate, InstanceView *view)
{
    (void)view;
    LAST(StoragePool, estate->pools)->disksizeused = int_known(771 * GIB);
}

static void
full_but_overprovisioned(Estate *estate, InstanceView *view)
{
    full_target(estate, view);
    LAST(StoragePool, estate->pools)->overprovisionfactor = text_known("2.0");
}

static void
room_to_the_byte(Estate *estate, InstanceView *view)
{
    (void)view;
    LAST(StoragePool, estate->pools)->disksizeallocated = int_known(870 * GIB);
}

static void
lower_threshold_of_pool(Estate *estate, InstanceView *view)
{
    (void)view;
    PoolSetting own = {text_known("pool.storage.allocated.capacity.disablethreshold"),
        text_known("id-of-gold-1"), text_known("0.02")};
    g_array_append_val(estate->pool_settings, own);
}

static void
lower_threshold_of_zone(Estate *estate, InstanceView *view)
{
    (void)view;
    ZoneSetting own = {text_known("pool.storage.capacity.disablethreshold"), text_known(ZONE_ID),
        text_known("0.02")};
    g_array_append_val(estate->zone_settings, own);
}

static void
higher_threshold_of_pool(Estate *estate, InstanceView *view)
{
    lower_threshold_of_zone(estate, view);
    PoolSetting own = {text_known("pool.storage.capacity.disablethreshold"),
        text_known("id-of-gold-1"), text_known("0.9")};
    g_array_append_val(estate->pool_settings, own);
    PoolSetting of_other = {text_known("pool.storage.capacity.disablethreshold"),
        text_known("id-of-ds1"), text_known("0.9")};
    g_array_append_val(estate->pool_settings, of_other);
}

static void
larger_second(Estate *estate, InstanceView *view)
{
    (void)view;
    add_sized_pool(estate, "gold-2", "gold", 2000);
}

static void
larger_second_with_more_tags(Estate *estate, InstanceView *view)
{
    larger_second(estate, view);
    StoragePool *pool = LAST(StoragePool, estate->pools);
    const char **tags = arena_new_n(&estate->arena, const char *, 2);
    tags[0] = "gold";
    tags[1] = "ssd";
    pool->tags = (Texts){.items = tags, .n = 2, .state = FACT_KNOWN};
}

static void
without_untagged(Estate *estate, InstanceView *view)
{
    (void)view;
    g_array_remove_index(estate->disk_offerings, 0);
}

static void
silver_pool(Estate *estate, InstanceView *view)
{
    (void)view;
    g_array_index(estate->pools, StoragePool, 0).tags = one_text(estate, "silver");
    g_array_index(estate->disk_offerings, DiskOffering, 0).tags = one_text(estate, "silver");
    estate_add_disk_offering(estate, "small", 10, NULL);
}

static void
silver_pool_free_tags(Estate *estate, InstanceView *view)
{
    silver_pool(estate, view);
    estate_add_setting(estate, "match.storage.pool.tags.with.disk.offering", "false");
}

static void
strict_offering(Estate *estate, InstanceView *view)
{
    (void)view;
    g_array_index(estate->service_offerings, ServiceOffering, 0).diskofferingstrictness =
        bool_known(true);
}

static void
without_listed_gold(Estate *estate, InstanceView *view)
{
    (void)view;
    g_array_remove_index(estate->disk_offerings, 1);
}

static void
already_gold(Estate *estate, InstanceView *view)
{
    (void)view;
    g_array_index(estate->pools, StoragePool, 0).tags = one_text(estate, "gold");
}

static const char disks[] = "prefer disk-offering do-gold", roots[] = "prefer offering so-gold";

static const Case cases[] = {
    {"nothing-moves-without-a-rule", as_is, NULL, "so", "do", NULL, NULL, NULL, NULL},
    {"preferred-offering-moves-the-data-disk", as_is, disks, "so", "do", "gold-1", NULL, "do-gold",
        NULL},
    {"preferred-offering-moves-the-root-disk", as_is, roots, "so", "do", NULL, "gold-1", NULL,
        "do-gold"},
    {"for-a-datastore", as_is, "prefer disk-offering do-gold for datastore ds*", "so", "do",
        "gold-1", NULL, "do-gold", NULL},
    {"for-another-datastore", as_is, "prefer disk-offering do-gold for datastore ds2", "so", "do",
        NULL, NULL, NULL, NULL},
    {"one-that-fits-is-as-much-preferred", as_is, "prefer disk-offering do*", "so", "do", NULL,
        NULL, NULL, NULL},
    {"one-that-fits-is-preferred-more", as_is,
        "prefer disk-offering do\nprefer disk-offering do-gold", "so", "do", NULL, NULL, NULL,
        NULL},
    {"no-move-where-the-tags-fit", already_gold, disks, "so-gold", "do-gold", NULL, NULL, NULL,
        NULL},
    {"not-to-a-local-pool", local_target, disks, "so", "do", NULL, NULL, NULL, NULL},
    {"not-to-a-pool-in-maintenance", target_in_maintenance, disks, "so", "do", NULL, NULL, NULL,
        NULL},
    {"not-to-another-cluster", target_of_other_cluster, disks, "so", "do", NULL, NULL, NULL, NULL},
    {"not-to-another-hypervisor", target_of_kvm, disks, "so", "do", NULL, NULL, NULL, NULL},
    {"not-to-a-pool-with-a-rule", rule_target, disks, "so", "do", NULL, NULL, NULL, NULL},
    {"to-a-zone-wide-pool", zone_wide_target, disks, "so", "do", "gold-1", NULL, "do-gold", NULL},
    {"not-beyond-the-allocated-threshold", full_target, disks, "so", "do", NULL, NULL, NULL, NULL},
    {"not-beyond-the-used-threshold", used_up_target, disks, "so", "do", NULL, NULL, NULL, NULL},
    {"up-to-the-threshold", room_to_the_byte, disks, "so", "do", "gold-1", NULL, "do-gold", NULL},
    {"overprovisioning-counts", full_but_overprovisioned, disks, "so", "do", "gold-1", NULL,
        "do-gold", NULL},
    {"a-pool-may-have-a-threshold", lower_threshold_of_pool, disks, "so", "do", NULL, NULL, NULL,
        NULL},
    {"a-pool-goes-before-its-zone", higher_threshold_of_pool, disks, "so", "do", "gold-1", NULL,
        "do-gold", NULL},
    {"most-room-of-equal-pools", larger_second, disks, "so", "do", "gold-2", NULL, "do-gold", NULL},
    {"fewest-further-tags-before-room", larger_second_with_more_tags, disks, "so", "do", "gold-1",
        NULL, "do-gold", NULL},
    {"none-to-import-with-until-then", without_untagged, disks, "so", NULL, NULL, NULL, NULL, NULL},
    {"no-tag-is-lost-by-the-change", silver_pool, disks, "so", "do", NULL, NULL, NULL, NULL},
    {"a-tag-may-be-lost-if-the-setting-is-off", silver_pool_free_tags, disks, "so", "do", "gold-1",
        NULL, "do-gold", NULL},
    {"a-strict-offering-binds-the-root-disk", strict_offering, roots, "so", "do", NULL, NULL, NULL,
        NULL},
    {"root-ends-with-the-offering-of-the-preferred", without_listed_gold, roots, "so", "do", NULL,
        "gold-1", NULL, "so-gold"},
};

/* Nothing is expected of a disk that is not moved. */
static void
assert_moved(const PlanItem *item, const char *disk, const char *to, const char *ends_with)
{
    const PlanMove *found = NULL;
    for (size_t i = 0; i < item->moves.n; i++)
        if (!strcmp(item->moves.items[i].disk.value, disk))
            found = &item->moves.items[i];
    g_assert_cmpstr(found ? found->to_pool.value : NULL, ==, to);
    g_assert_cmpstr(found ? found->offering.value : NULL, ==, ends_with);
    if (!found)
        return;
    g_assert_cmpstr(found->from_pool.value, ==, "ds1");
    g_assert_true(found->is_live.value);
    g_assert_cmpint(found->bytes.value, ==, (strcmp(disk, "1-2000") ? 30 : 20) * GIB);
}

static void
test_case(gconstpointer data)
{
    const Case *it = data;
    g_auto(Estate) estate = {0};
    init_gold(&estate);
    InstanceView *view = add_vm(&estate, "web-01");
    it->change(&estate, view);
    estate_put_vm(&estate, view, true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, it->rules);
    const PlanItem *item = &plan->items[0];
    g_autofree char *service = g_strdup_printf("id-of-%s", it->offering);
    g_autofree char *disk =
        it->disk_offering ? g_strdup_printf("id-of-%s", it->disk_offering) : NULL;
    g_assert_cmpstr(item->choice.serviceofferingid.value, ==, service);
    g_assert_cmpstr(item->choice.disks.items[0].diskofferingid.value, ==, disk);
    assert_moved(item, "1-2001", it->to, it->ends_with);
    assert_moved(item, "1-2000", it->root_to, it->root_ends_with);
    g_assert_cmpuint(item->choice.migrate.n, ==, item->moves.n);
    if (!it->disk_offering)
        return;
    assert_verdict(item, VERDICT_READY);
    g_assert_cmpuint(item->n_findings, ==, item->moves.n);
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) checked =
        plan_check(plan, estate.inventory, estate.catalog, NULL, NULL, &error);
    g_assert_no_error(error);
    assert_verdict(&checked->items[0], VERDICT_READY);
    g_assert_cmpuint(checked->items[0].moves.n, ==, item->moves.n);
}

/* --- calls ------------------------------------------------------------------------------------ */

static const char *
param(const Call *call, const char *name)
{
    for (size_t i = 0; i < call->params.n; i++)
        if (!strcmp(call->params.items[i].name.value, name))
            return call->params.items[i].value.value;
    return NULL;
}

static void
assert_calls(PowerState power, const char *livemigrate)
{
    g_auto(Estate) estate = {0};
    init_gold(&estate);
    InstanceView *view = add_vm(&estate, "web-01");
    view->power = power;
    estate_put_vm(&estate, view, true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan =
        estate_plan(&estate, "prefer disk-offering do-gold\nprefer offering so-gold");
    Call *calls = NULL;
    g_assert_cmpuint(plan_item_calls(&plan->items[0], plan_arena(plan), &calls), ==, 3);
    g_assert_cmpstr(calls[0].command.value, ==, "importUnmanagedInstance");
    g_assert_cmpstr(param(&calls[0], "datadiskofferinglist[0].diskOffering"), ==, "id-of-do");
    static const char *const volumes[] = {"{volume of disk 1-2000}", "{volume of disk 1-2001}"};
    for (size_t i = 0; i < 2; i++) {
        const Call *move = &calls[1 + i];
        g_assert_cmpstr(move->command.value, ==, "migrateVolume");
        g_assert_cmpstr(param(move, "volumeid"), ==, volumes[i]);
        g_assert_cmpstr(param(move, "storageid"), ==, "id-of-gold-1");
        g_assert_cmpstr(param(move, "newdiskofferingid"), ==, "id-of-do-gold");
        g_assert_cmpstr(param(move, "livemigrate"), ==, livemigrate);
    }
}

static void
test_calls_of_a_running_vm(void)
{
    assert_calls(POWER_ON, "true");
}

static void
test_calls_of_a_vm_that_is_off(void)
{
    assert_calls(POWER_OFF, NULL);
}

/* --- edits ------------------------------------------------------------------------------------ */

typedef struct Edit {
    const char *name;
    void (*change)(Estate *estate, InstanceView *view);
    const char *disk, *storageid, *diskofferingid; /* of the one entry; NULL: absent */
    const char *finding;                           /* NULL: none but that it moves */
    Verdict verdict;
} Edit;

static void
strict_root(Estate *estate, InstanceView *view)
{
    strict_offering(estate, view);
}

static void
small_gold(Estate *estate, InstanceView *view)
{
    (void)view;
    estate_add_disk_offering(estate, "small-gold", 10, "gold");
}

static void
local_offering(Estate *estate, InstanceView *view)
{
    (void)view;
    estate_add_disk_offering(estate, "local", 0, "gold")->storagetype = text_known("local");
}

static void
removed_offering(Estate *estate, InstanceView *view)
{
    (void)view;
    estate_add_disk_offering(estate, "gone", 0, "gold")->state = text_known("Inactive");
}

static void
offering_of_other_zone(Estate *estate, InstanceView *view)
{
    (void)view;
    estate_add_disk_offering(estate, "z", 0, "gold")->zoneid = one_text(estate, "other");
}

static void
target_of_other_zone(Estate *estate, InstanceView *view)
{
    (void)view;
    LAST(StoragePool, estate->pools)->zoneid = text_known("other");
}

static void
target_disabled(Estate *estate, InstanceView *view)
{
    (void)view;
    LAST(StoragePool, estate->pools)->state = text_known("Disabled");
}

static void
size_unread(Estate *estate, InstanceView *view)
{
    (void)view;
    LAST(StoragePool, estate->pools)->disksizetotal = (Int){0};
}

static const Edit edits[] = {
    {"to-a-pool-with-the-tags", as_is, "1-2001", "id-of-gold-1", "id-of-do-gold", NULL,
        VERDICT_READY},
    {"of-the-root-disk-to-a-compute-offering", as_is, "1-2000", "id-of-gold-1", "root-of-so-gold",
        NULL, VERDICT_READY},
    {"with-the-offering-it-has", as_is, "1-2001", "id-of-gold-1", NULL, NULL, VERDICT_READY},
    {"of-another-disk", as_is, "9-9", "id-of-gold-1", "id-of-do-gold", "move-disk-unknown",
        VERDICT_BLOCKED},
    {"of-no-disk", as_is, NULL, "id-of-gold-1", "id-of-do-gold", "move-disk-unknown",
        VERDICT_BLOCKED},
    {"to-an-unknown-pool", as_is, "1-2001", "nowhere", "id-of-do-gold", "move-pool-not-found",
        VERDICT_BLOCKED},
    {"to-no-pool", as_is, "1-2001", NULL, "id-of-do-gold", "move-pool-not-found", VERDICT_BLOCKED},
    {"to-where-it-lies", as_is, "1-2001", "id-of-ds1", "id-of-do", "move-pool-same",
        VERDICT_BLOCKED},
    {"to-a-pool-without-the-tags", larger_second, "1-2001", "id-of-gold-1", "id-of-do-gold", NULL,
        VERDICT_READY},
    {"to-another-cluster", target_of_other_cluster, "1-2001", "id-of-gold-1", "id-of-do-gold",
        "move-pool-out-of-reach", VERDICT_BLOCKED},
    {"to-another-zone", target_of_other_zone, "1-2001", "id-of-gold-1", "id-of-do-gold",
        "move-pool-out-of-reach", VERDICT_BLOCKED},
    {"to-another-hypervisor", target_of_kvm, "1-2001", "id-of-gold-1", "id-of-do-gold",
        "move-pool-out-of-reach", VERDICT_BLOCKED},
    {"to-a-local-pool", local_target, "1-2001", "id-of-gold-1", "id-of-do-gold",
        "move-pool-out-of-reach", VERDICT_BLOCKED},
    {"to-a-pool-in-maintenance", target_in_maintenance, "1-2001", "id-of-gold-1", "id-of-do-gold",
        "move-pool-not-up", VERDICT_BLOCKED},
    {"to-a-disabled-pool-warns", target_disabled, "1-2001", "id-of-gold-1", "id-of-do-gold",
        "move-pool-not-up", VERDICT_READY},
    {"to-a-full-pool", full_target, "1-2001", "id-of-gold-1", "id-of-do-gold", "move-pool-full",
        VERDICT_BLOCKED},
    {"to-a-pool-that-may-fill-warns", used_up_target, "1-2001", "id-of-gold-1", "id-of-do-gold",
        "move-pool-fills", VERDICT_READY},
    {"to-a-pool-of-unread-size", size_unread, "1-2001", "id-of-gold-1", "id-of-do-gold",
        "move-space-unknown", VERDICT_UNKNOWN},
    {"to-a-pool-with-a-rule", rule_target, "1-2001", "id-of-gold-1", "id-of-do-gold",
        "pool-tag-rule", VERDICT_UNKNOWN},
    {"with-an-unknown-offering", as_is, "1-2001", "id-of-gold-1", "nothing",
        "move-offering-not-found", VERDICT_BLOCKED},
    {"with-a-removed-offering", removed_offering, "1-2001", "id-of-gold-1", "id-of-gone",
        "move-offering-not-found", VERDICT_BLOCKED},
    {"with-tags-that-the-pool-lacks", silver_pool_free_tags, "1-2001", "id-of-gold-1", "id-of-do",
        "move-tags-differ", VERDICT_BLOCKED},
    {"with-a-tag-less", silver_pool, "1-2001", "id-of-gold-1", "id-of-do-gold",
        "move-offering-unfit", VERDICT_BLOCKED},
    {"of-a-root-disk-that-is-bound", strict_root, "1-2000", "id-of-gold-1", "id-of-do-gold",
        "move-offering-unfit", VERDICT_BLOCKED},
    {"with-a-local-offering", local_offering, "1-2001", "id-of-gold-1", "id-of-local",
        "move-offering-unfit", VERDICT_BLOCKED},
    {"with-an-offering-of-another-zone", offering_of_other_zone, "1-2001", "id-of-gold-1",
        "id-of-z", "move-offering-unfit", VERDICT_BLOCKED},
    {"with-a-smaller-offering-warns", small_gold, "1-2001", "id-of-gold-1", "id-of-small-gold",
        "move-offering-small", VERDICT_READY},
};

static void
test_edit(gconstpointer data)
{
    const Edit *it = data;
    g_auto(Estate) estate = {0};
    init_gold(&estate);
    InstanceView *view = add_vm(&estate, "web-01");
    it->change(&estate, view);
    estate_put_vm(&estate, view, true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    MigrateChoice entry = {known(it->disk), known(it->storageid), known(it->diskofferingid)};
    plan->items[0].choice.migrate.items = &entry;
    plan->items[0].choice.migrate.n = 1;
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) checked =
        plan_check(plan, estate.inventory, estate.catalog, NULL, NULL, &error);
    g_assert_no_error(error);
    assert_findings(checked);
    assert_verdict(&checked->items[0], it->verdict);
    if (it->finding)
        assert_finding(&checked->items[0], it->finding);
    else
        g_assert_cmpuint(checked->items[0].n_findings, ==, 1);
    g_assert_cmpuint(checked->items[0].moves.n, ==, it->verdict == VERDICT_BLOCKED ? 0 : 1);
}

/* --- space ------------------------------------------------------------------------------------ */

/* 'gold-1' takes 900 GiB: 30 disks of 30 GiB, and no further one. */
static void
test_space_is_used_up_in_order(void)
{
    g_auto(Estate) estate = {0};
    init_gold(&estate);
    LAST(StoragePool, estate.pools)->disksizeallocated = int_known(800 * GIB);
    g_array_index(estate.pools, StoragePool, 0).overprovisionfactor = text_known("4.0");
    for (int i = 0; i < 5; i++)
        estate_put_vm(&estate, add_vm(&estate, estate_text(&estate, "web-%d", i)), true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, "prefer disk-offering do-gold");
    for (size_t i = 0; i < 5; i++) {
        assert_verdict(&plan->items[i], VERDICT_READY);
        g_assert_cmpuint(plan->items[i].moves.n, ==, i < 3 ? 1 : 0);
    }
    g_assert_cmpint(plan->items[2].moves.items[0].free_after_bytes.value, ==, 10 * GIB);
}

/* The threshold of the zone goes before that of all. */
static void
test_zone_has_a_threshold(void)
{
    g_auto(Estate) estate = {0};
    init_gold(&estate);
    InstanceView *view = add_vm(&estate, "web-1");
    lower_threshold_of_zone(&estate, view);
    estate_put_vm(&estate, view, true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, "prefer disk-offering do-gold");
    assert_verdict(&plan->items[0], VERDICT_READY);
    g_assert_cmpuint(plan->items[0].moves.n, ==, 0);
}

/* What is not imported takes no space. */
static void
test_blocked_items_take_no_space(void)
{
    g_auto(Estate) estate = {0};
    init_gold(&estate);
    LAST(StoragePool, estate.pools)->disksizeallocated = int_known(870 * GIB);
    InstanceView *first = add_vm(&estate, "web-1");
    first->is_encrypted = bool_known(true);
    estate_put_vm(&estate, first, true);
    estate_put_vm(&estate, add_vm(&estate, "web-2"), true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, "prefer disk-offering do-gold");
    assert_verdict(&plan->items[0], VERDICT_BLOCKED);
    g_assert_cmpuint(plan->items[1].moves.n, ==, 1);
}

/* The import adds to what is counted on the pool, and is accepted all the same. */
static void
test_import_beyond_a_threshold_warns(void)
{
    g_auto(Estate) estate = {0};
    init_gold(&estate);
    g_array_index(estate.pools, StoragePool, 0).disksizeallocated = int_known(830 * GIB);
    estate_put_vm(&estate, add_vm(&estate, "web-1"), true);
    estate_put_vm(&estate, add_vm(&estate, "web-2"), true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    g_assert_null(find_finding(&plan->items[0], "pool-over-threshold"));
    assert_finding(&plan->items[1], "pool-over-threshold");
    assert_verdict(&plan->items[1], VERDICT_READY);
}

/* On KVM a running VM keeps its volumes where they are. */
static void
test_kvm_moves_only_what_is_off(void)
{
    for (int is_off = 0; is_off < 2; is_off++) {
        g_auto(Estate) estate = {0};
        init_gold(&estate);
        g_array_index(estate.clusters, Cluster, 0).hypervisortype = text_known("KVM");
        for (guint i = 0; i < estate.pools->len; i++)
            g_array_index(estate.pools, StoragePool, i).hypervisor = text_known("KVM");
        estate_add_template(&estate, "placeholder", GIB);
        SourceInfo kvm = {.name = text_known("kvm"), .kind = SOURCE_KIND_LIBVIRT};
        estate_put(&estate, RECORD_SOURCE, &kvm);
        InstanceView *view = add_vm(&estate, "web-1");
        view->power = is_off ? POWER_OFF : POWER_ON;
        InstanceView *listed = estate_view_of(&estate, view);
        listed->hypervisor = text_known("KVM");
        listed->instance_uuid = view->instance_uuid;
        estate_put(&estate, RECORD_INSTANCE, listed);
        SourceEnd end = {.source = text_known("kvm"), .is_complete = bool_known(true)};
        estate_put(&estate, RECORD_END, &end);
        estate_freeze(&estate);
        g_autoptr(Plan) plan = estate_plan(&estate, "prefer disk-offering do-gold");
        g_assert_cmpuint(plan->items[0].moves.n, ==, is_off);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/plan/move/%s", cases[i].name);
        g_test_add_data_func(path, &cases[i], test_case);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(edits); i++) {
        g_autofree char *path = g_strdup_printf("/plan/move/edited/%s", edits[i].name);
        g_test_add_data_func(path, &edits[i], test_edit);
    }
    g_test_add_func("/plan/move/calls/running", test_calls_of_a_running_vm);
    g_test_add_func("/plan/move/calls/off", test_calls_of_a_vm_that_is_off);
    g_test_add_func("/plan/move/space-is-used-up-in-order", test_space_is_used_up_in_order);
    g_test_add_func("/plan/move/zone-has-a-threshold", test_zone_has_a_threshold);
    g_test_add_func("/plan/move/blocked-items-take-no-space", test_blocked_items_take_no_space);
    g_test_add_func(
        "/plan/move/import-beyond-a-threshold-warns", test_import_beyond_a_threshold_warns);
    g_test_add_func("/plan/move/kvm-moves-only-what-is-off", test_kvm_moves_only_what_is_off);
    return g_test_run();
}
