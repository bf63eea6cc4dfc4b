/* SPDX-License-Identifier: Apache-2.0
 *
 * Networks with addresses of their own on a VLAN where machines are already.
 */
#include "tests/estate_builder.h"

static const Texts no_texts = {.state = FACT_KNOWN};

static Texts
ips(Estate *estate, const char *first, const char *second)
{
    Texts texts = {.items = arena_new_n(&estate->arena, const char *, 2), .state = FACT_KNOWN};
    if (first)
        texts.items[texts.n++] = first;
    if (second)
        texts.items[texts.n++] = second;
    return texts;
}

/* l2-10 becomes a shared network with DHCP and the range .90 to .99. */
static Network *
prepare(Estate *estate)
{
    estate_init_plain(estate);
    Network *network = LAST(Network, estate->networks);
    network->type = text_known("Shared");
    network->cidr = text_known("192.168.10.0/24");
    network->gateway = text_known("192.168.10.1");
    network->service.items = arena_new(&estate->arena, NetworkService);
    network->service.items[0].name = text_known("Dhcp");
    network->service.n = 1;
    VlanIpRange range = {.networkid = network->id,
        .startip = text_known("192.168.10.90"),
        .endip = text_known("192.168.10.99")};
    g_array_append_val(estate->vlan_ip_ranges, range);
    return network;
}

static InstanceView *
add(Estate *estate, const char *name, const char *ip, const char *second)
{
    InstanceView *view = estate_add_plain_vm(estate, name);
    view->nics.items[0].ips = ip ? ips(estate, ip, second) : no_texts;
    return view;
}

static const char *
render(const Plan *plan, size_t item, const char *id)
{
    FindingText text;
    assert_finding(&plan->items[item], id);
    finding_render(
        &plan->items[item], find_finding(&plan->items[item], id), plan_arena((Plan *)plan), &text);
    return text.text.value;
}

static void
test_dhcp_and_router(void)
{
    g_auto(Estate) estate = {0};
    Network *network = prepare(&estate);
    Router router = {.name = text_known("r-4-VM"), .state = text_known("Running")};
    RouterNic nic = {network->id, text_known("192.168.10.90"), {0}, {0}};
    router.nic.items = &nic;
    router.nic.n = 1;
    g_array_append_val(estate.routers, router);
    estate_put_vm(&estate, add(&estate, "web-01", "192.168.10.95", NULL), true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    assert_verdict(&plan->items[0], VERDICT_READY);
    g_assert_nonnull(strstr(render(plan, 0, "dhcp-on-live-vlan"), "answers DHCP on vlan://10"));
    const Finding *finding = find_finding(&plan->items[0], "dhcp-on-live-vlan");
    g_assert_cmpstr(finding->args[2].text, ==, "virtual router 'r-4-VM' at 192.168.10.90, Running");
    g_assert_null(find_finding(&plan->items[0], "range-in-use"));
    g_assert_null(find_finding(&plan->items[0], "range-use-untold"));
}

/* web-02 comes along with its address; web-03 is blocked and does not; web-04 is outside. */
static void
test_addresses_in_the_range(void)
{
    g_auto(Estate) estate = {0};
    prepare(&estate);
    InstanceView *views[] = {add(&estate, "web-01", "192.168.10.95", NULL),
        add(&estate, "web-02", "192.168.10.96", NULL),
        add(&estate, "web-03", "192.168.10.97", NULL),
        add(&estate, "web-04", "192.168.10.200", NULL)};
    views[2]->disks.items[0].datastore_name = text_known("elsewhere");
    views[3]->disks.items[0].datastore_name = text_known("elsewhere");
    for (size_t i = 0; i < G_N_ELEMENTS(views); i++)
        estate_put_vm(&estate, views[i], true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    assert_verdict(&plan->items[0], VERDICT_READY);
    g_assert_nonnull(strstr(render(plan, 0, "range-in-use"), "192.168.10.97 ('web-03')"));
    g_assert_cmpint(find_finding(&plan->items[0], "range-in-use")->args[1].number, ==, 1);
}

static void
test_silent_machines_are_not_free(void)
{
    g_auto(Estate) estate = {0};
    prepare(&estate);
    estate_put_vm(&estate, add(&estate, "web-01", "192.168.10.95", NULL), true);
    estate_put_vm(&estate, add(&estate, "quiet", NULL, NULL), true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    g_assert_nonnull(strstr(render(plan, 0, "range-use-untold"), "1 machines"));
    g_assert_nonnull(strstr(render(plan, 0, "range-use-untold"), "'quiet'"));
}

static void
test_address_and_gateway_of_others(void)
{
    g_auto(Estate) estate = {0};
    prepare(&estate);
    estate_put_vm(&estate, add(&estate, "web-01", "192.168.10.95", NULL), true);
    estate_put_vm(&estate, add(&estate, "copy", "192.168.10.95", NULL), true);
    estate_put_vm(&estate, add(&estate, "router", "192.168.10.1", NULL), true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    g_assert_nonnull(strstr(render(plan, 0, "address-of-other-machine"), "'copy'"));
    g_assert_nonnull(strstr(render(plan, 0, "gateway-held-by-machine"), "'router'"));
}

static void
test_several_networks_on_a_vlan(void)
{
    g_auto(Estate) estate = {0};
    prepare(&estate);
    Network other = *LAST(Network, estate.networks);
    other.id = text_known("other");
    other.name = text_known("of-tenant");
    other.account = text_known("tenant");
    g_array_append_val(estate.networks, other);
    estate_add_account(&estate, "tenant", "domain-a", 0);
    estate_put_vm(&estate, add(&estate, "web-01", "192.168.10.95", NULL), true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    render(plan, 0, "network-shares-vlan");
}

static void
test_further_addresses(void)
{
    g_auto(Estate) estate = {0};
    prepare(&estate);
    estate_put_vm(&estate, add(&estate, "web-01", "192.168.10.95", "192.168.10.110"), true);
    estate_put_vm(&estate, add(&estate, "web-02", "192.168.10.96", "2001:db8::7"), true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    g_assert_nonnull(strstr(render(plan, 0, "ip-not-carried"), ": 192.168.10.110."));
    g_assert_null(find_finding(&plan->items[0], "ipv6-not-carried"));
    g_assert_nonnull(strstr(render(plan, 1, "ipv6-not-carried"), "2001:db8::7"));
    g_assert_null(find_finding(&plan->items[1], "ip-not-carried"));
}

/* The server does not give a router's address away; what it is busy with is told once. */
static void
test_router_address_and_jobs(void)
{
    g_auto(Estate) estate = {0};
    Network *network = prepare(&estate);
    Router router = {.name = text_known("r-4-VM")};
    RouterNic nic = {network->id, text_known("192.168.10.95"), {0}, {0}};
    router.nic.items = &nic;
    router.nic.n = 1;
    g_array_append_val(estate.routers, router);
    PendingJob job = {
        .jobid = text_known("job-1"), .cmd = text_known("ImportUnmanagedInstanceCmd")};
    g_array_append_val(estate.jobs, job);
    estate_add_setting(&estate, "unmanage.vm.preserve.nics", "true");
    estate_put_vm(&estate, add(&estate, "web-01", "192.168.10.95", NULL), true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    assert_verdict(&plan->items[0], VERDICT_BLOCKED);
    g_assert_nonnull(strstr(render(plan, 0, "ip-not-available"), "virtual router 'r-4-VM' has it"));
    g_assert_cmpuint(plan->info.problems.n, ==, 2);
    g_assert_cmpstr(plan->info.problems.items[0].id.value, ==, "jobs-pending");
    g_assert_cmpstr(plan->info.problems.items[1].id.value, ==, "nics-preserved");
}

static void
test_services_unread_may_answer(void)
{
    g_auto(Estate) estate = {0};
    Network *network = prepare(&estate);
    network->service.n = 0;
    network->service.state = FACT_UNKNOWN;
    estate_put_vm(&estate, add(&estate, "web-01", "192.168.10.95", NULL), true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    g_assert_nonnull(strstr(render(plan, 0, "dhcp-on-live-vlan"), "may answer"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plan/shared/dhcp-and-router-are-told", test_dhcp_and_router);
    g_test_add_func("/plan/shared/addresses-in-the-range", test_addresses_in_the_range);
    g_test_add_func("/plan/shared/silent-machines-are-not-free", test_silent_machines_are_not_free);
    g_test_add_func(
        "/plan/shared/address-and-gateway-of-others", test_address_and_gateway_of_others);
    g_test_add_func("/plan/shared/several-networks-on-a-vlan", test_several_networks_on_a_vlan);
    g_test_add_func("/plan/shared/further-addresses", test_further_addresses);
    g_test_add_func("/plan/shared/services-unread-may-answer", test_services_unread_may_answer);
    g_test_add_func("/plan/shared/router-address-and-jobs", test_router_address_and_jobs);
    return g_test_run();
}
