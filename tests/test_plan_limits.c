/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/estate_builder.h"

#define RULES "owner any -> account alice domain ROOT/a"

/* Limit and what is left of it, by CloudStack's names. */
#define SET_LIMIT(row, what, most, left)                                                           \
    ((row)->what##limit = text_known(most), (row)->what##available = text_known(left))

static Account *
prepare(Estate *estate)
{
    estate_init_plain(estate);
    Network *network = LAST(Network, estate->networks);
    network->acltype = text_known("Domain");
    network->subdomainaccess = bool_known(true);
    return estate_add_account(estate, "alice", "domain-a", 0);
}

static Domain *
domain_at(Estate *estate, guint index)
{
    return &g_array_index(estate->domains, Domain, index);
}

static void
add_vms(Estate *estate, int n)
{
    for (int i = 0; i < n; i++)
        estate_put_vm(
            estate, estate_add_plain_vm(estate, estate_text(estate, "web-%02d", i)), true);
    estate_freeze(estate);
}

static void
assert_rendered(const PlanItem *item, const char *id, const char *server, const char *remedy)
{
    Arena arena;
    arena_init(&arena);
    FindingText text;
    const Finding *finding = find_finding(item, id);
    g_assert_nonnull(finding);
    finding_render(item, finding, &arena, &text);
    g_assert_cmpstr(text.server.text.value, ==, server);
    g_assert_cmpint(text.server.code.value, ==, 530);
    g_assert_cmpint((int)text.server.stage, ==, STAGE_JOB);
    if (remedy)
        g_assert_true(g_str_has_prefix(text.remedy.value, remedy));
    arena_release(&arena);
}

#define ACCOUNT_TEXT(type, amounts)                                                                \
    "Maximum amount of resources of Type = '" type "', tag = 'null' for Account Name = alice in "  \
    "Domain Id = (internal number) is exceeded: Account Resource Limit = " amounts

static void
test_sum_of_the_plan_counts(void)
{
    g_auto(Estate) estate = {0};
    Account *alice = prepare(&estate);
    SET_LIMIT(alice, vm, "20", "2");
    add_vms(&estate, 4);
    g_autoptr(Plan) plan = estate_plan(&estate, RULES);
    assert_verdict(&plan->items[0], VERDICT_READY);
    assert_verdict(&plan->items[1], VERDICT_READY);
    assert_verdict(&plan->items[2], VERDICT_BLOCKED);
    assert_verdict(&plan->items[3], VERDICT_BLOCKED);
    assert_rendered(&plan->items[3], "limit-exceeded-instances",
        "VM resource allocation error for account: id-of-alice. " ACCOUNT_TEXT("user_vm",
            "20, Current Account Resource Amount = 20, Current Account Resource Reservation = 0, "
            "Requested Resource Amount = 1."),
        "updateResourceLimit resourcetype=0 account=alice domainid=domain-a max=22 ");
}

static void
test_check_of_a_plan_counts_alike(void)
{
    g_auto(Estate) estate = {0};
    g_autoptr(GError) error = NULL;
    Account *alice = prepare(&estate);
    SET_LIMIT(alice, vm, "20", "2");
    add_vms(&estate, 4);
    g_autoptr(Plan) plan = estate_plan(&estate, RULES);
    g_autoptr(Plan) checked =
        plan_check(plan, estate.inventory, estate.catalog, NULL, NULL, &error);
    g_assert_no_error(error);
    for (size_t i = 0; i < plan->n_items; i++)
        assert_verdict(&checked->items[i], plan->items[i].verdict);
    assert_finding(&checked->items[2], "limit-exceeded-instances");
}

static void
test_cpu_and_memory(void)
{
    g_auto(Estate) estate = {0};
    Account *alice = prepare(&estate);
    SET_LIMIT(alice, cpu, "40", "3");
    SET_LIMIT(alice, memory, "4096", "4096");
    add_vms(&estate, 3);
    g_autoptr(Plan) plan = estate_plan(&estate, RULES);
    assert_verdict(&plan->items[0], VERDICT_READY);
    assert_rendered(&plan->items[1], "limit-exceeded-cpus",
        "VM resource allocation error for account: id-of-alice. " ACCOUNT_TEXT("cpu",
            "40, Current Account Resource Amount = 39, Current Account Resource Reservation = 0, "
            "Requested Resource Amount = 2."),
        "updateResourceLimit resourcetype=8 account=alice domainid=domain-a max=43 ");
    g_assert_null(find_finding(&plan->items[2], "limit-exceeded-memory"));
}

static void
test_memory_after_cpu(void)
{
    g_auto(Estate) estate = {0};
    Account *alice = prepare(&estate);
    SET_LIMIT(alice, cpu, "0", "0");
    SET_LIMIT(alice, memory, "0", "0");
    add_vms(&estate, 1);
    g_autoptr(Plan) plan = estate_plan(&estate, RULES);
    g_assert_cmpstr(plan->items[0].findings[0].kind->id, ==, "limit-exceeded-cpus");
    assert_rendered(&plan->items[0], "limit-exceeded-memory",
        "VM resource allocation error for account: id-of-alice. " ACCOUNT_TEXT("memory",
            "0, Current Account Resource Amount = 0, Current Account Resource Reservation = 0, "
            "Requested Resource Amount = 2048."),
        "updateResourceLimit resourcetype=9 account=alice domainid=domain-a max=2048 ");
}

static void
test_offering_counts_when_powered_off(void)
{
    g_auto(Estate) estate = {0};
    Account *alice = prepare(&estate);
    SET_LIMIT(alice, cpu, "40", "3");
    InstanceView *view = estate_add_plain_vm(&estate, "off");
    view->power = POWER_OFF;
    view->cpus = int_known(4); /* the offering has 2 */
    estate_put_vm(&estate, view, true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, RULES);
    g_assert_null(find_finding(&plan->items[0], "limit-exceeded-cpus"));
    assert_verdict(&plan->items[0], VERDICT_READY);
}

static void
test_volumes_are_reserved_one_by_one(void)
{
    g_auto(Estate) estate = {0};
    Account *alice = prepare(&estate);
    SET_LIMIT(alice, volume, "1", "1");
    InstanceView *view = estate_add_plain_vm(&estate, "db");
    estate_add_disk(&estate, view, 5, "ds1");
    estate_put_vm(&estate, view, true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, RULES);
    assert_rendered(&plan->items[0], "limit-exceeded-volumes",
        "Volume resource allocation error for owner: id-of-alice. " ACCOUNT_TEXT("volume",
            "1, Current Account Resource Amount = 0, Current Account Resource Reservation = 1, "
            "Requested Resource Amount = 1."),
        "updateResourceLimit resourcetype=2 account=alice domainid=domain-a max=2 ");
}

static void
test_storage_is_counted_in_bytes(void)
{
    g_auto(Estate) estate = {0};
    Account *alice = prepare(&estate);
    SET_LIMIT(alice, primarystorage, "0", "0");
    add_vms(&estate, 1);
    g_autoptr(Plan) plan = estate_plan(&estate, RULES);
    assert_rendered(&plan->items[0], "limit-exceeded-storage",
        "Volume resource allocation error for owner: id-of-alice. " ACCOUNT_TEXT("primary_storage",
            "(0 bytes) 0, Current Account Resource Amount = (0 bytes) 0, Current Account Resource "
            "Reservation = (0 bytes) 0, Requested Resource Amount = (20.00 GB) 21474836480."),
        "updateResourceLimit resourcetype=10 account=alice domainid=domain-a max=20 ");
}

static void
test_less_than_a_gib_left_is_unknown(void)
{
    g_auto(Estate) estate = {0};
    Account *alice = prepare(&estate);
    SET_LIMIT(alice, primarystorage, "50", "20");
    ManagedVolume volume = {.size = int_known((int64_t)30 << 30 | 1)};
    g_array_append_val(estate.volumes, volume);
    add_vms(&estate, 1);
    g_autoptr(Plan) plan = estate_plan(&estate, RULES);
    assert_finding(&plan->items[0], "limit-unknown");
    assert_verdict(&plan->items[0], VERDICT_UNKNOWN);
}

static void
test_domains_above_count(void)
{
    g_auto(Estate) estate = {0};
    prepare(&estate);
    estate_add_account(&estate, "bob", "domain-sub", 0);
    SET_LIMIT(domain_at(&estate, 1), vm, "5", "1");
    add_vms(&estate, 2);
    g_autoptr(Plan) plan = estate_plan(&estate, "owner name web-00 -> account alice domain ROOT/a\n"
                                                "owner any -> account bob domain ROOT/a/sub\n");
    assert_verdict(&plan->items[0], VERDICT_READY);
    assert_rendered(&plan->items[1], "limit-exceeded-instances",
        "VM resource allocation error for account: id-of-bob. Maximum domain resource limits of "
        "Type 'user_vm' for Domain Id = domain-a is exceeded: Domain Resource Limit = 5, Current "
        "Domain Resource Amount = 5, Current Resource Reservation = 0, Requested Resource Amount "
        "= 1.",
        "updateResourceLimit resourcetype=0 domainid=domain-a max=6 ");
}

static void
test_project(void)
{
    g_auto(Estate) estate = {0};
    prepare(&estate);
    Project *shop = estate_add_project(&estate, "shop", "domain-a");
    SET_LIMIT(shop, vm, "0", "-1");
    add_vms(&estate, 1);
    g_autoptr(Plan) plan = estate_plan(&estate, "owner any -> project shop");
    assert_rendered(&plan->items[0], "limit-exceeded-instances",
        "VM resource allocation error for account: (account of the project). Maximum amount of "
        "resources of Type = 'user_vm', tag = 'null' for Project Name = shop in Domain Id = "
        "(internal number) is exceeded: Account Resource Limit = 0, Current Account Resource "
        "Amount = 1, Current Account Resource Reservation = 0, Requested Resource Amount = 1.",
        "updateResourceLimit resourcetype=0 projectid=id-of-shop max=2 ");
}

static void
test_root_admins_have_none(void)
{
    g_auto(Estate) estate = {0};
    prepare(&estate);
    SET_LIMIT(&g_array_index(estate.accounts, Account, 0), vm, "0", "0");
    add_vms(&estate, 1);
    g_autoptr(Plan) plan = estate_plan(&estate, "owner any -> account admin domain ROOT");
    assert_verdict(&plan->items[0], VERDICT_READY);
}

static void
test_items_of_other_blockers_take_nothing(void)
{
    g_auto(Estate) estate = {0};
    Account *alice = prepare(&estate);
    SET_LIMIT(alice, vm, "1", "1");
    estate_put_vm(&estate, estate_add_plain_vm(&estate, "a-hidden"), false);
    add_vms(&estate, 2);
    g_autoptr(Plan) plan = estate_plan(&estate, RULES);
    assert_verdict(&plan->items[0], VERDICT_BLOCKED);
    g_assert_null(find_finding(&plan->items[0], "limit-exceeded-instances"));
    assert_verdict(&plan->items[1], VERDICT_READY);
    assert_finding(&plan->items[2], "limit-exceeded-instances");
}

static void
test_items_of_unknown_verdict_may_take_theirs(void)
{
    g_auto(Estate) estate = {0};
    Account *alice = prepare(&estate);
    SET_LIMIT(alice, vm, "1", "1");
    InstanceView *view = estate_add_plain_vm(&estate, "a-unread");
    view->disks.items[0].capacity_bytes = (Int){0};
    estate_put_vm(&estate, view, true);
    add_vms(&estate, 1);
    g_autoptr(Plan) plan = estate_plan(&estate, RULES);
    assert_verdict(&plan->items[0], VERDICT_UNKNOWN);
    assert_finding(&plan->items[1], "limit-unknown");
    assert_verdict(&plan->items[1], VERDICT_UNKNOWN);
}

static void
test_limits_not_shown_are_unknown(void)
{
    g_auto(Estate) estate = {0};
    Account *alice = prepare(&estate);
    alice->cpulimit = (Text){0};
    add_vms(&estate, 1);
    g_autoptr(Plan) plan = estate_plan(&estate, RULES);
    assert_finding(&plan->items[0], "limit-unknown");
    assert_verdict(&plan->items[0], VERDICT_UNKNOWN);
}

static void
test_tags_with_limits_are_unknown(void)
{
    g_auto(Estate) estate = {0};
    prepare(&estate);
    g_array_index(estate.service_offerings, ServiceOffering, 0).hosttags = one_text(&estate, "gpu");
    estate_add_setting(&estate, "resource.limit.host.tags", "ssd, gpu");
    add_vms(&estate, 1);
    g_autoptr(Plan) plan = estate_plan(&estate, RULES);
    assert_finding(&plan->items[0], "limit-unknown");
}

static const struct {
    const char *version;
    bool limits_cpu, limits_storage;
} by_release[] = {
    {"4.18.2", true, false},
    {"4.19.3", true, false},
    {"4.20.0", false, true},
    {"4.20.2", false, true},
    {"4.20.3", true, true},
    {"4.21.0", false, true},
    {"4.22.0", false, true},
    {"4.22.1", true, true},
    {"4.23.0", true, true},
};

static void
test_releases_differ(void)
{
    g_auto(Estate) estate = {0};
    Account *alice = prepare(&estate);
    SET_LIMIT(alice, cpu, "0", "0");
    SET_LIMIT(alice, primarystorage, "0", "0");
    SET_LIMIT(alice, vm, "0", "0");
    add_vms(&estate, 1);
    g_autoptr(Policy) policy = policy_parse(RULES, "rules", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(by_release); i++) {
        PlanOptions options = {.server_version = by_release[i].version};
        g_autoptr(Plan) plan = plan_build(estate.inventory, estate.catalog, policy, &options, NULL);
        const PlanItem *item = &plan->items[0];
        g_test_message("%s", by_release[i].version);
        g_assert_cmpint(
            find_finding(item, "limit-exceeded-cpus") != NULL, ==, by_release[i].limits_cpu);
        g_assert_cmpint(
            find_finding(item, "limit-exceeded-storage") != NULL, ==, by_release[i].limits_storage);
        g_assert_cmpstr(item->findings[0].kind->id, ==, "limit-exceeded-instances");
    }
}

static void
test_release_that_is_open_decides(void)
{
    g_auto(Estate) estate = {0};
    Account *alice = prepare(&estate);
    SET_LIMIT(alice, cpu, "0", "0");
    add_vms(&estate, 1);
    estate.catalog->info.version = (Text){0};
    estate.catalog->settings.n = 0; /* they would tell */
    estate.catalog->apis.n = 0;     /* nor does the key show them */
    g_autoptr(Plan) plan = estate_plan(&estate, RULES);
    assert_finding(&plan->items[0], "release-decides");
    g_assert_null(find_finding(&plan->items[0], "limit-exceeded-cpus"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define TEST(name) g_test_add_func("/plan/limits/" #name, test_##name)
    TEST(sum_of_the_plan_counts);
    TEST(check_of_a_plan_counts_alike);
    TEST(cpu_and_memory);
    TEST(memory_after_cpu);
    TEST(offering_counts_when_powered_off);
    TEST(volumes_are_reserved_one_by_one);
    TEST(storage_is_counted_in_bytes);
    TEST(less_than_a_gib_left_is_unknown);
    TEST(domains_above_count);
    TEST(project);
    TEST(root_admins_have_none);
    TEST(items_of_other_blockers_take_nothing);
    TEST(items_of_unknown_verdict_may_take_theirs);
    TEST(limits_not_shown_are_unknown);
    TEST(tags_with_limits_are_unknown);
    TEST(releases_differ);
    TEST(release_that_is_open_decides);
    return g_test_run();
}
