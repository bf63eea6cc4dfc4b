/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/estate_builder.h"

/* One VM whose first NIC a case has changed, planned; the verdict and one finding are expected. */
typedef struct Case {
    const char *name;
    void (*change)(Estate *estate, Nic *nic);
    const char *rules;
    const char *network; /* name chosen for NIC 1; NULL: none */
    const char *ip4;
    Verdict verdict;
    const char *finding; /* NULL: none at all is expected */
} Case;

static void
nothing(Estate *estate, Nic *nic)
{
    (void)estate;
    (void)nic;
}

static void
on_vlan_99(Estate *estate, Nic *nic)
{
    (void)estate;
    nic->vlan.id = int_known(99);
}

static void
on_trunk(Estate *estate, Nic *nic)
{
    VlanRange *range = arena_new(&estate->arena, VlanRange);
    *range = (VlanRange){int_known(10), int_known(20)};
    nic->vlan.kind = VLAN_TRUNK;
    nic->vlan.id = (Int){0};
    nic->vlan.ranges.items = range;
    nic->vlan.ranges.n = 1;
}

static void
on_overlay(Estate *estate, Nic *nic)
{
    (void)estate;
    nic->vlan = (Vlan){.kind = VLAN_OVERLAY, .segment = text_known("5001")};
}

static void
on_private(Estate *estate, Nic *nic)
{
    (void)estate;
    nic->vlan = (Vlan){.kind = VLAN_PRIVATE};
}

static void
on_unknown(Estate *estate, Nic *nic)
{
    (void)estate;
    nic->vlan = (Vlan){0};
}

static void
on_uncertain(Estate *estate, Nic *nic)
{
    (void)estate;
    nic->vlan.is_certain = bool_known(false);
}

static void
untagged(Estate *estate, Nic *nic)
{
    estate_add_network(estate, "plain", 0)->broadcasturi = text_known("vlan://untagged");
    nic->vlan = (Vlan){.kind = VLAN_NONE, .is_certain = bool_known(true)};
}

static void
untagged_without_network(Estate *estate, Nic *nic)
{
    (void)estate;
    nic->vlan = (Vlan){.kind = VLAN_NONE, .is_certain = bool_known(true)};
}

static void
on_pvlan(Estate *estate, Nic *nic)
{
    estate_add_network(estate, "pv-i", 0)->broadcasturi = text_known("pvlan://100-i201");
    estate_add_network(estate, "pv-c", 0)->broadcasturi = text_known("pvlan://100-c202");
    nic->vlan = (Vlan){.kind = VLAN_PVLAN,
        .id = int_known(100),
        .secondary = int_known(202),
        .pvlan_type = PVLAN_COMMUNITY,
        .is_certain = bool_known(true)};
}

static void
on_pvlan_of_other_type(Estate *estate, Nic *nic)
{
    on_pvlan(estate, nic);
    nic->vlan.pvlan_type = PVLAN_ISOLATED;
}

static void
two_networks(Estate *estate, Nic *nic)
{
    (void)nic;
    estate_add_network(estate, "l2-10b", 10);
}

static void
two_physical(Estate *estate, Nic *nic)
{
    two_networks(estate, nic);
    LAST(Network, estate->networks)->physicalnetworkid = text_known("physical-2");
}

/* The traffic label of one of them names the NIC's switch. */
static void
two_physical_labelled(Estate *estate, Nic *nic)
{
    two_physical(estate, nic);
    Switch device = {.source = text_known("vc"),
        .id = text_known("dvs-1"),
        .name = text_known("DVS0"),
        .kind = SWITCH_DISTRIBUTED};
    TrafficType type = {.physicalnetworkid = text_known("physical-2"),
        .traffictype = text_known("Guest"),
        .vmwarenetworklabel = text_known("DVS0,,vmwaredvs")};
    estate_put(estate, RECORD_SWITCH, &device);
    g_array_append_val(estate->traffic_types, type);
    nic->switch_id = text_known("dvs-1");
}

static void
of_alice(Estate *estate, Nic *nic)
{
    (void)nic;
    Network *network = LAST(Network, estate->networks);
    estate_add_account(estate, "alice", "domain-a", 0);
    network->account = text_known("alice");
    network->domainid = text_known("domain-a");
}

static void
of_alice_permitted(Estate *estate, Nic *nic)
{
    of_alice(estate, nic);
    NetworkPermission permission = {.networkid = text_known("id-of-l2-10"),
        .accountid = text_known("id-of-admin"),
        .account = text_known("admin"),
        .domainid = text_known("domain-root")};
    g_array_append_val(estate->network_permissions, permission);
}

static void
of_alice_anywhere(Estate *estate, Nic *nic)
{
    of_alice(estate, nic);
    estate_add_setting(estate, "admin.is.allowed.to.deploy.anywhere", "true");
}

static void
of_some_admin(Estate *estate, Nic *nic)
{
    (void)nic;
    estate_add_account(estate, "admin2", "domain-root", 1);
}

static void
of_a_domain(Estate *estate, Nic *nic)
{
    of_alice(estate, nic);
    Network *network = LAST(Network, estate->networks);
    network->acltype = text_known("Domain");
    network->type = text_known("L2");
    network->account = text_absent();
    estate_add_account(estate, "bob", "domain-sub", 0);
}

static void
of_a_domain_and_below(Estate *estate, Nic *nic)
{
    of_a_domain(estate, nic);
    LAST(Network, estate->networks)->subdomainaccess = bool_known(true);
}

static void
of_a_project(Estate *estate, Nic *nic)
{
    (void)nic;
    estate_add_project(estate, "shop", "domain-a");
    Network *network = LAST(Network, estate->networks);
    network->projectid = text_known("id-of-shop");
    network->account = text_absent();
}

static void
in_other_zone(Estate *estate, Nic *nic)
{
    (void)nic;
    LAST(Network, estate->networks)->zoneid = text_known("other-zone");
}

static void
without_vlans(Estate *estate, Nic *nic)
{
    (void)nic;
    LAST(Network, estate->networks)->broadcasturi = (Text){0};
}

static void
shared(Estate *estate, Nic *nic, const char *ip)
{
    Network *network = LAST(Network, estate->networks);
    network->type = text_known("Shared");
    network->acltype = text_known("Domain");
    network->account = text_absent();
    network->subdomainaccess = bool_known(true);
    network->cidr = text_known("192.168.10.0/24");
    network->gateway = text_known("192.168.10.1");
    nic->ips = one_text(estate, ip);
    SharedIp free_ip = {.ipaddress = text_known("192.168.10.20"),
        .networkid = text_known("id-of-l2-10"),
        .state = text_known("Free")};
    SharedIp taken = free_ip;
    taken.ipaddress = text_known("192.168.10.21");
    taken.state = text_known("Allocated");
    g_array_append_val(estate->shared_ips, free_ip);
    g_array_append_val(estate->shared_ips, taken);
}

static void
shared_free(Estate *estate, Nic *nic)
{
    shared(estate, nic, "192.168.10.20");
}

static void
shared_taken(Estate *estate, Nic *nic)
{
    shared(estate, nic, "192.168.10.21");
}

static void
shared_without_row(Estate *estate, Nic *nic)
{
    shared(estate, nic, "192.168.10.99");
}

static void
shared_in_a_range(Estate *estate, Nic *nic)
{
    shared(estate, nic, "192.168.10.99");
    VlanIpRange range = {.networkid = text_known("id-of-l2-10"),
        .startip = text_known("192.168.10.90"),
        .endip = text_known("192.168.10.99")};
    g_array_append_val(estate->vlan_ip_ranges, range);
}

static void
shared_gateway(Estate *estate, Nic *nic)
{
    shared(estate, nic, "192.168.10.1");
}

static void
shared_outside(Estate *estate, Nic *nic)
{
    shared(estate, nic, "10.1.1.1");
}

static void
shared_unread(Estate *estate, Nic *nic)
{
    shared(estate, nic, NULL);
    nic->ips = (Texts){0};
}

static void
shared_without_any(Estate *estate, Nic *nic)
{
    shared(estate, nic, NULL);
}

static void
shared_second_of_two(Estate *estate, Nic *nic)
{
    shared(estate, nic, NULL);
    nic->ips.items = arena_new_n(&estate->arena, const char *, 3);
    nic->ips.items[0] = "172.17.0.1";
    nic->ips.items[1] = "192.168.10.20";
    nic->ips.items[2] = "fd00::1";
    nic->ips.n = 3;
}

static const Case cases[] = {
    {"only-network-of-the-vlan", nothing, NULL, "l2-10", NULL, VERDICT_READY, NULL},
    {"no-network-blocks", on_vlan_99, NULL, NULL, NULL, VERDICT_BLOCKED, "vlan-without-network"},
    {"trunk-blocks", on_trunk, NULL, NULL, NULL, VERDICT_BLOCKED, "vlan-trunk"},
    {"overlay-blocks", on_overlay, NULL, NULL, NULL, VERDICT_BLOCKED, "vlan-overlay"},
    {"private-blocks", on_private, NULL, NULL, NULL, VERDICT_BLOCKED, "vlan-private"},
    {"unknown-vlan-is-unknown", on_unknown, NULL, NULL, NULL, VERDICT_UNKNOWN, "vlan-unknown"},
    {"derived-vlan-is-unknown", on_uncertain, NULL, NULL, NULL, VERDICT_UNKNOWN, "vlan-uncertain"},
    {"derived-vlan-is-confirmed-by-rule", on_uncertain, "network any -> network l2-10", "l2-10",
        NULL, VERDICT_READY, NULL},
    {"untagged", untagged, NULL, "plain", NULL, VERDICT_READY, "network-untagged"},
    {"untagged-without-network-blocks", untagged_without_network, NULL, NULL, NULL, VERDICT_BLOCKED,
        "vlan-without-network"},
    {"pvlan-by-pair-and-type", on_pvlan, NULL, "pv-c", NULL, VERDICT_READY, NULL},
    {"pvlan-of-other-type-blocks", on_pvlan_of_other_type, NULL, NULL, NULL, VERDICT_BLOCKED,
        "vlan-without-network"},
    {"several-on-one-wire-warn", two_networks, NULL, "l2-10", NULL, VERDICT_READY,
        "vlan-with-several-networks"},
    {"several-are-settled-by-rule", two_networks, "network vlan 10 -> network l2-10b", "l2-10b",
        NULL, VERDICT_READY, NULL},
    {"several-wires-need-a-person", two_physical, NULL, "l2-10", NULL, VERDICT_READY_AFTER_ACTION,
        "vlan-on-several-physical-networks"},
    {"traffic-label-tells-the-wire", two_physical_labelled, NULL, "l2-10b", NULL, VERDICT_READY,
        "vlan-with-several-networks"},
    {"of-other-account-blocks", of_alice, NULL, NULL, NULL, VERDICT_BLOCKED,
        "vlan-network-of-others"},
    {"of-the-owner-by-rule", of_alice, "owner any -> account alice domain /a", "l2-10", NULL,
        VERDICT_READY, NULL},
    {"permission-opens-it", of_alice_permitted, NULL, "l2-10", NULL, VERDICT_READY, NULL},
    {"setting-opens-it-to-root", of_alice_anywhere, NULL, "l2-10", NULL, VERDICT_READY, NULL},
    {"caller-unknown-is-unknown", of_some_admin, NULL, NULL, NULL, VERDICT_UNKNOWN,
        "vlan-network-right-unknown"},
    {"domain-network-for-its-domain", of_a_domain, "owner any -> account alice domain ROOT/a",
        "l2-10", NULL, VERDICT_READY, NULL},
    {"domain-network-not-below", of_a_domain, "owner any -> account bob domain ROOT/a/sub", NULL,
        NULL, VERDICT_BLOCKED, "vlan-network-of-others"},
    {"domain-network-below-if-it-says-so", of_a_domain_and_below,
        "owner any -> account bob domain ROOT/a/sub", "l2-10", NULL, VERDICT_READY, NULL},
    {"project-network-for-its-project", of_a_project, "owner any -> project shop", "l2-10", NULL,
        VERDICT_READY, NULL},
    {"project-network-for-nobody-else", of_a_project, NULL, NULL, NULL, VERDICT_BLOCKED,
        "vlan-network-of-others"},
    {"network-of-other-zone-is-none", in_other_zone, NULL, NULL, NULL, VERDICT_BLOCKED,
        "vlan-without-network"},
    {"unreadable-vlans-are-unknown", without_vlans, NULL, NULL, NULL, VERDICT_UNKNOWN,
        "network-vlans-unread"},
    {"rule-names-nothing", nothing, "network any -> network nowhere", NULL, NULL, VERDICT_BLOCKED,
        "network-of-rule-not-found"},
    {"rule-by-port-group", on_trunk, "network portgroup VLAN10 -> network l2-10", "l2-10", NULL,
        VERDICT_READY, "vlan-trunk"},
    {"rule-against-the-vlan-blocks", on_vlan_99, "network any -> network l2-10", "l2-10", NULL,
        VERDICT_BLOCKED, "network-vlan-differs"},
    {"shared-takes-the-guests-address", shared_free, NULL, "l2-10", "192.168.10.20", VERDICT_READY,
        NULL},
    {"shared-address-taken-blocks", shared_taken, NULL, "l2-10", "192.168.10.21", VERDICT_BLOCKED,
        "ip-not-available"},
    {"shared-address-without-row-blocks", shared_without_row, NULL, "l2-10", "192.168.10.99",
        VERDICT_BLOCKED, "ip-not-in-range"},
    {"shared-address-in-a-range", shared_in_a_range, NULL, "l2-10", "192.168.10.99", VERDICT_READY,
        NULL},
    {"shared-gateway-blocks", shared_gateway, NULL, "l2-10", "192.168.10.1", VERDICT_BLOCKED,
        "ip-not-available"},
    {"shared-address-outside-is-not-taken", shared_outside, NULL, "l2-10", NULL, VERDICT_BLOCKED,
        "ip-missing"},
    {"shared-with-unread-address-is-given-one", shared_unread, NULL, "l2-10", "auto", VERDICT_READY,
        "ip-new"},
    {"shared-without-address-is-given-one", shared_without_any, NULL, "l2-10", "auto",
        VERDICT_READY, "ip-new"},
    {"shared-takes-the-address-inside", shared_second_of_two, NULL, "l2-10", "192.168.10.20",
        VERDICT_READY, "ip-not-carried"},
};

static const char *
network_name_of(const Plan *plan, Text id)
{
    for (size_t i = 0; id.value && i < plan->catalog->networks.n; i++)
        if (!strcmp(plan->catalog->networks.items[i].id.value, id.value))
            return plan->catalog->networks.items[i].name.value;
    return NULL;
}

static void
test_case(gconstpointer data)
{
    const Case *it = data;
    g_auto(Estate) estate = {0};
    estate_init(&estate);
    estate_add_pool(&estate, "ds1", NULL);
    estate_add_offering(&estate, "so", 2, 2048);
    estate_add_network(&estate, "l2-10", 10);
    InstanceView *view = estate_add_plain_vm(&estate, "web-01");
    it->change(&estate, &view->nics.items[0]);
    estate_put_vm(&estate, view, true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, it->rules);
    const PlanItem *item = &plan->items[0];
    g_assert_cmpuint(plan->n_items, ==, 1);
    assert_verdict(item, it->verdict);
    if (it->finding)
        assert_finding(item, it->finding);
    else
        g_assert_cmpuint(item->n_findings, ==, 0);
    g_assert_cmpstr(network_name_of(plan, item->choice.nics.items[0].networkid), ==, it->network);
    g_assert_cmpstr(item->choice.nics.items[0].ip4.value, ==, it->ip4);
}

static void
test_mixed_adapters_block(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    InstanceView *view = estate_add_plain_vm(&estate, "web-01");
    estate_add_nic(&estate, view, 10)->adapter = text_known("E1000");
    estate_put_vm(&estate, view, true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    assert_verdict(&plan->items[0], VERDICT_BLOCKED);
    g_assert_cmpstr(plan->items[0].findings[0].kind->id, ==, "adapters-mixed");
}

static void
test_nic_lost_by_cloudstack_blocks(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    InstanceView *view = estate_add_plain_vm(&estate, "web-01");
    InstanceView *listed = estate_view_of(&estate, view);
    estate_add_nic(&estate, view, 10);
    estate_put(&estate, RECORD_INSTANCE, view);
    estate_put(&estate, RECORD_INSTANCE, listed);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    assert_verdict(&plan->items[0], VERDICT_BLOCKED);
    assert_finding(&plan->items[0], "nics-differ");
}

static void
test_vm_without_nics_is_fine(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    InstanceView *view = estate_add_vm(&estate, "web-01");
    estate_add_disk(&estate, view, 10, "ds1");
    estate_put_vm(&estate, view, true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    assert_verdict(&plan->items[0], VERDICT_READY);
}

static void
test_matrix_counts_each_vlan(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    InstanceView *first = estate_add_plain_vm(&estate, "a");
    estate_add_nic(&estate, first, 10);
    InstanceView *second = estate_add_plain_vm(&estate, "b");
    estate_add_nic(&estate, second, 150);
    PhysicalNetwork physical = {.id = text_known("physical-1"),
        .name = text_known("guest"),
        .zoneid = text_known(ZONE_ID),
        .vlan = text_known("100-200,300-399")};
    g_array_append_val(estate.physical_networks, physical);
    estate_put_vm(&estate, first, true);
    estate_put_vm(&estate, second, true);
    estate_freeze(&estate);
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = plan_build_networks(estate.inventory, estate.catalog, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(plan->n_networks, ==, 2);
    const MatrixRow *ten = &plan->networks[0], *dynamic = &plan->networks[1];
    g_assert_cmpint(ten->vlan.id.value, ==, 10);
    g_assert_cmpint(ten->instances.value, ==, 2);
    g_assert_cmpint(ten->nics.value, ==, 3);
    g_assert_cmpint(ten->match, ==, MATCH_ONE);
    g_assert_cmpstr(ten->networks.items[0].name.value, ==, "l2-10");
    g_assert_cmpint(dynamic->match, ==, MATCH_CONFLICT);
    g_assert_nonnull(strstr(dynamic->note.value, "100-200,300-399"));
}

/* Three VMs with one MAC: the first is not imported, so the second may take it, the third not. */
static void
test_mac_of_an_earlier_item_blocks(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    for (int i = 0; i < 3; i++) {
        InstanceView *view = estate_add_plain_vm(&estate, i == 0 ? "a" : i == 1 ? "b" : "c");
        view->nics.items[0].mac = text_known("00:50:56:00:00:99");
        if (i == 0)
            view->nics.items[0].vlan.kind = VLAN_OVERLAY;
        estate_put_vm(&estate, view, true);
    }
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    g_assert_cmpint(plan->items[0].verdict, ==, VERDICT_BLOCKED);
    assert_verdict(&plan->items[1], VERDICT_READY);
    assert_verdict(&plan->items[2], VERDICT_BLOCKED);
    assert_finding(&plan->items[2], "mac-in-network");
}

static void
test_mac_twice_in_one_vm_blocks(void)
{
    for (int i = 0; i < 2; i++) {
        g_auto(Estate) estate = {0};
        estate_init_plain(&estate);
        estate_add_network(&estate, "l2-20", 20);
        InstanceView *view = estate_add_plain_vm(&estate, "web-01");
        estate_add_nic(&estate, view, i ? 10 : 20)->mac = view->nics.items[0].mac;
        estate_put_vm(&estate, view, true);
        estate_freeze(&estate);
        g_autoptr(Plan) plan = estate_plan(&estate, NULL);
        assert_verdict(&plan->items[0], i ? VERDICT_BLOCKED : VERDICT_READY);
        if (i)
            assert_finding(&plan->items[0], "mac-in-network");
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/plan/network/%s", cases[i].name);
        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/plan/network/mixed-adapters-block", test_mixed_adapters_block);
    g_test_add_func(
        "/plan/network/nic-lost-by-cloudstack-blocks", test_nic_lost_by_cloudstack_blocks);
    g_test_add_func("/plan/network/no-nics-is-fine", test_vm_without_nics_is_fine);
    g_test_add_func(
        "/plan/network/mac-of-an-earlier-item-blocks", test_mac_of_an_earlier_item_blocks);
    g_test_add_func("/plan/network/mac-twice-in-one-vm-blocks", test_mac_twice_in_one_vm_blocks);
    g_test_add_func("/plan/network/matrix-counts-each-vlan", test_matrix_counts_each_vlan);
    return g_test_run();
}
