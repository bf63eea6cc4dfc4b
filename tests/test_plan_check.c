/* SPDX-License-Identifier: Apache-2.0
 *
 * Visibility, names, managed VMs, the calls, and choices pinned by hand.
 */
#include "tests/estate_builder.h"

/* --- is it there, and seen? ------------------------------------------------------------------- */

static void
put_plain(Estate *estate, const char *name, bool is_listed)
{
    estate_put_vm(estate, estate_add_plain_vm(estate, name), is_listed);
}

static void
assert_one(Estate *estate, const char *rules, Verdict verdict, const char *finding)
{
    estate_freeze(estate);
    g_autoptr(Plan) plan = estate_plan(estate, rules);
    assert_verdict(&plan->items[0], verdict);
    if (finding)
        assert_finding(&plan->items[0], finding);
    else
        g_assert_cmpuint(plan->items[0].n_findings, ==, 0);
}

static void
test_unlisted_is_blocked(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    put_plain(&estate, "web-01", false);
    assert_one(&estate, NULL, VERDICT_BLOCKED, "not-visible");
}

static void
test_host_in_maintenance_is_the_reason(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    LAST(Host, estate.hosts)->resourcestate = text_known("Maintenance");
    put_plain(&estate, "web-01", false);
    assert_one(&estate, NULL, VERDICT_BLOCKED, "not-visible-host");
}

static void
test_source_tells_the_reason(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    InstanceView *view = estate_add_plain_vm(&estate, "web-01");
    view->hidden_because = one_text(&estate, "a NIC has no model");
    estate_put_vm(&estate, view, false);
    assert_one(&estate, NULL, VERDICT_BLOCKED, "not-visible-known-reason");
}

static void
test_template_is_blocked(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    InstanceView *view = estate_add_plain_vm(&estate, "golden");
    view->is_template = bool_known(true);
    estate_put_vm(&estate, view, false);
    assert_one(&estate, NULL, VERDICT_BLOCKED, "is-template");
}

static void
test_unread_view_is_unknown(void)
{
    g_auto(Estate) estate = {.has_no_view = true};
    estate_init_plain(&estate);
    put_plain(&estate, "web-01", false);
    assert_one(&estate, NULL, VERDICT_UNKNOWN, "cloudstack-view-unread");
}

static void
test_untold_traps_are_a_warning(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    InstanceView *view = estate_add_plain_vm(&estate, "web-01");
    view->snapshots.state = FACT_UNKNOWN;
    view->disks.items[0].is_shared = (Bool){0};
    estate_put_vm(&estate, view, true);
    assert_one(&estate, NULL, VERDICT_READY, "traps-untold");
}

static void
test_unread_place_is_unknown(void)
{
    g_auto(Estate) estate = {.has_no_view = true};
    estate_init_plain(&estate);
    InstanceView *view = estate_add_plain_vm(&estate, "web-01");
    view->host = view->cluster = view->host_name = view->cluster_name = (Text){0};
    estate_put_vm(&estate, view, false);
    assert_one(&estate, NULL, VERDICT_UNKNOWN, "facts-unread");
}

static void
test_cluster_of_cloudstack_is_found_by_name(void)
{
    g_auto(Estate) estate = {.has_no_view = true};
    estate_init_plain(&estate);
    LAST(Host, estate.hosts)->name = text_known("10.0.0.9");
    put_plain(&estate, "web-01", false);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    g_assert_cmpstr(plan->items[0].choice.clusterid.value, ==, CLUSTER_ID);
}

static void
test_cluster_not_added_is_blocked(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    InstanceView *view = estate_add_plain_vm(&estate, "web-01");
    view->cluster = text_known("domain-c9");
    view->cluster_name = text_known("C9");
    view->host_name = text_known("esx9");
    estate_put_vm(&estate, view, false);
    assert_one(&estate, NULL, VERDICT_BLOCKED, "cluster-not-added");
}

static void
test_disabled_cluster_is_blocked(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    LAST(Cluster, estate.clusters)->allocationstate = text_known("Disabled");
    put_plain(&estate, "web-01", true);
    assert_one(&estate, NULL, VERDICT_BLOCKED, "cluster-disabled");
}

static void
test_vm_that_we_do_not_see_names_the_right(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    InstanceView *view = estate_add_plain_vm(&estate, "secret");
    estate_put(&estate, RECORD_INSTANCE, estate_view_of(&estate, view));
    assert_one(&estate, NULL, VERDICT_READY_AFTER_ACTION, "unseen-by-source");
}

static void
test_same_name_twice_is_blocked(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    put_plain(&estate, "twin", true);
    put_plain(&estate, "twin", false);
    assert_one(&estate, NULL, VERDICT_BLOCKED, "name-not-unique");
}

/* --- managed already -------------------------------------------------------------------------- */

static void
test_managed_by_name_is_blocked(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    estate_add_managed(&estate, "web-01", NULL, NULL);
    put_plain(&estate, "web-01", true);
    assert_one(&estate, NULL, VERDICT_BLOCKED, "managed-listed-again");
}

static void
test_managed_and_unlisted_is_told_apart(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    estate_add_managed(&estate, "web-01", NULL, NULL);
    put_plain(&estate, "web-01", false);
    assert_one(&estate, NULL, VERDICT_BLOCKED, "already-managed");
}

static void
test_managed_under_other_name_by_mac(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    InstanceView *view = estate_add_plain_vm(&estate, "renamed");
    estate_add_managed(&estate, "i-2-7-VM", view->nics.items[0].mac.value, "other-network");
    estate_put_vm(&estate, view, true);
    assert_one(&estate, NULL, VERDICT_BLOCKED, "managed-listed-again");
}

static void
add_volume(Estate *estate, const char *path, const char *vm)
{
    ManagedVolume volume = {.id = text_known("volume-1"),
        .path = text_known(path),
        .storageid = text_known("id-of-ds1"),
        .virtualmachineid = text_known(vm)};
    g_array_append_val(estate->volumes, volume);
}

static void
test_managed_under_other_name_by_disk(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    estate_add_managed(&estate, "i-2-7-VM", NULL, NULL);
    add_volume(&estate, "disk0", "vm-of-i-2-7-VM");
    put_plain(&estate, "renamed", true);
    assert_one(&estate, NULL, VERDICT_BLOCKED, "managed-listed-again");
}

/* A managed VM with disks of its own merely has the same MAC. */
static void
test_same_mac_of_another_vm_warns(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    InstanceView *view = estate_add_plain_vm(&estate, "web-01");
    estate_add_managed(&estate, "i-2-7-VM", view->nics.items[0].mac.value, "other-network");
    add_volume(&estate, "other-disk", "vm-of-i-2-7-VM");
    estate_put_vm(&estate, view, true);
    assert_one(&estate, NULL, VERDICT_READY, "mac-in-other-network");
}

static void
test_same_mac_in_the_network_is_blocked(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    InstanceView *view = estate_add_plain_vm(&estate, "web-01");
    estate_add_managed(&estate, "i-2-7-VM", view->nics.items[0].mac.value, "id-of-l2-10");
    add_volume(&estate, "other-disk", "vm-of-i-2-7-VM");
    estate_put_vm(&estate, view, true);
    assert_one(&estate, NULL, VERDICT_BLOCKED, "mac-in-network");
}

static void
test_unread_vms_are_unknown(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    put_plain(&estate, "web-01", true);
    estate_freeze(&estate);
    estate.catalog->vms.state = FACT_UNKNOWN;
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    assert_verdict(&plan->items[0], VERDICT_UNKNOWN);
    assert_finding(&plan->items[0], "list-unread");
}

/* --- names and template ----------------------------------------------------------------------- */

static const struct {
    const char *name, *rules, *hostname;
    Verdict verdict;
    const char *finding;
} hostnames[] = {
    {"web-01", NULL, "web-01", VERDICT_READY, NULL},
    {"web 01", NULL, "web-01", VERDICT_READY, "hostname-derived"},
    {"web_01.", NULL, "web-01", VERDICT_READY, "hostname-derived"},
    {"web01.example.com", NULL, "web01", VERDICT_READY, "hostname-derived"},
    {"01web", NULL, "web", VERDICT_READY, "hostname-derived"},
    {"2019", NULL, NULL, VERDICT_BLOCKED, "hostname-missing"},
    {"\xc3\xa4\xc3\xb6", NULL, NULL, VERDICT_BLOCKED, "hostname-missing"},
    {"2019", "hostname name 2019 -> y2019", "y2019", VERDICT_READY, "hostname-derived"},
    {"web 02", "hostname any -> \"x {name}\"", "x-web-02", VERDICT_READY, "hostname-derived"},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL,
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", VERDICT_READY,
        "hostname-derived"},
};

static void
test_hostname_is_a_dns_label(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(hostnames); i++) {
        g_auto(Estate) estate = {0};
        estate_init_plain(&estate);
        put_plain(&estate, hostnames[i].name, true);
        estate_freeze(&estate);
        g_autoptr(Plan) plan = estate_plan(&estate, hostnames[i].rules);
        const PlanItem *item = &plan->items[0];
        g_assert_cmpstr(item->choice.hostname.value, ==, hostnames[i].hostname);
        g_assert_cmpstr(item->choice.displayname.value, ==, hostnames[i].name);
        assert_verdict(item, hostnames[i].verdict);
        if (hostnames[i].finding)
            assert_finding(item, hostnames[i].finding);
    }
}

static void
test_hostname_from_guest(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    InstanceView *view = estate_add_plain_vm(&estate, "web-01");
    view->guest_hostname = text_known("inner.example.com");
    estate_put_vm(&estate, view, true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, "hostname from guest");
    g_assert_cmpstr(plan->items[0].choice.hostname.value, ==, "inner");
}

static void
test_same_hostname_on_one_network_is_blocked(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    put_plain(&estate, "web_01", true);
    put_plain(&estate, "web-01", true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    assert_verdict(&plan->items[0], VERDICT_READY);
    assert_verdict(&plan->items[1], VERDICT_BLOCKED);
    assert_finding(&plan->items[1], "hostname-taken");
}

static void
test_hostname_in_the_zone_is_blocked_by_a_setting(void)
{
    for (int i = 0; i < 2; i++) {
        g_auto(Estate) estate = {0};
        estate_init_plain(&estate);
        estate_add_managed(&estate, "i-2-7-VM", NULL, NULL)->name = text_known("web-01");
        estate_add_setting(&estate, "vm.instancename.flag", i ? "true" : "false");
        put_plain(&estate, "web-01", true);
        assert_one(
            &estate, NULL, i ? VERDICT_BLOCKED : VERDICT_READY, i ? "hostname-in-zone" : NULL);
    }
}

static void
prepare_kvm(Estate *estate)
{
    estate_init_plain(estate);
    LAST(Cluster, estate->clusters)->hypervisortype = text_known("KVM");
    LAST(Cluster, estate->clusters)->name = text_known("K0");
    InstanceView *view = estate_view_of(estate, estate_add_plain_vm(estate, "kvm-01"));
    view->hypervisor = text_known("KVM");
    view->cluster_name = text_known("K0");
    view->host_name = text_known("kvm1");
    estate_put(estate, RECORD_INSTANCE, view);
}

static void
test_kvm_without_template_is_blocked(void)
{
    g_auto(Estate) estate = {0};
    prepare_kvm(&estate);
    assert_one(&estate, NULL, VERDICT_BLOCKED, "kvm-without-template");
}

static void
test_kvm_without_template_is_refused_as_the_release_does(void)
{
    static const struct {
        const char *version, *finding;
    } releases[] = {{"4.19.3", "kvm-template-needed"}, {"4.20.3", "kvm-template-needed"},
        {"4.21.0", "kvm-template-needed"}, {"4.22.1", "kvm-without-template"},
        {"4.23.0", "kvm-without-template"}};
    for (size_t i = 0; i < G_N_ELEMENTS(releases); i++) {
        g_auto(Estate) estate = {0};
        prepare_kvm(&estate);
        estate_freeze(&estate);
        PlanOptions options = {.server_version = releases[i].version};
        g_autoptr(Plan) plan = plan_build(estate.inventory, estate.catalog, NULL, &options, NULL);
        assert_verdict(&plan->items[0], VERDICT_BLOCKED);
        assert_finding(&plan->items[0], releases[i].finding);
    }
}

static void
test_kvm_takes_the_smallest_template(void)
{
    g_auto(Estate) estate = {0};
    prepare_kvm(&estate);
    estate_add_template(&estate, "big", (int64_t)50 << 30);
    estate_add_template(&estate, "small", 1 << 20);
    estate_add_template(&estate, "middle", (int64_t)10 << 30);
    estate_add_template(&estate, "esx", 1024)->hypervisor = text_known("VMware");
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    g_assert_cmpstr(plan->items[0].choice.templateid.value, ==, "id-of-small");
    assert_verdict(&plan->items[0], VERDICT_READY);
    g_autoptr(Plan) by_rule = estate_plan(&estate, "template mid*");
    g_assert_cmpstr(by_rule->items[0].choice.templateid.value, ==, "id-of-middle");
}

static void
test_kvm_template_too_big_is_none(void)
{
    g_auto(Estate) estate = {0};
    prepare_kvm(&estate);
    estate_add_template(&estate, "big", (int64_t)50 << 30);
    assert_one(&estate, NULL, VERDICT_BLOCKED, "kvm-without-template");
}

/* --- calls and pinned choices ----------------------------------------------------------------- */

static void
test_call_has_the_servers_names(void)
{
    static const char *const expected[][2] = {
        {"clusterid", CLUSTER_ID},
        {"name", "web-01"},
        {"displayname", "web-01"},
        {"hostname", "web-01"},
        {"account", "alice"},
        {"domainid", "domain-a"},
        {"serviceofferingid", "id-of-custom-so"},
        {"nicnetworklist[0].nic", "Network adapter 1"},
        {"nicnetworklist[0].network", "id-of-l2-10"},
        {"nicnetworklist[1].nic", "Network adapter 2"},
        {"nicnetworklist[1].network", "id-of-shared"},
        {"nicipaddresslist[0].nic", "Network adapter 2"},
        {"nicipaddresslist[0].ip4Address", "10.0.0.7"},
        {"datadiskofferinglist[0].disk", "1-2001"},
        {"datadiskofferinglist[0].diskOffering", "id-of-custom"},
        {"details[0].cpuSpeed", "2600"},
    };
    g_auto(Estate) estate = {0};
    estate_init(&estate);
    estate_add_account(&estate, "alice", "domain-a", 0);
    estate_add_pool(&estate, "ds1", NULL);
    estate_add_disk_offering(&estate, "custom", 0, NULL);
    estate_add_offering(&estate, "custom-so", 0, 0);
    for (int i = 0; i < 2; i++) {
        Network *network = estate_add_network(&estate, i ? "shared" : "l2-10", i ? 20 : 10);
        network->acltype = text_known("Domain");
        network->subdomainaccess = bool_known(true);
        if (i) {
            network->type = text_known("Isolated");
            network->cidr = text_known("10.0.0.0/24");
        }
    }
    InstanceView *view = estate_add_plain_vm(&estate, "web-01");
    estate_add_disk(&estate, view, 5, "ds1");
    estate_add_nic(&estate, view, 20)->ips = one_text(&estate, "10.0.0.7");
    estate_put_vm(&estate, view, true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, "owner any -> account alice domain /a");
    assert_verdict(&plan->items[0], VERDICT_READY);
    Call *calls = NULL;
    g_assert_cmpuint(plan_item_calls(&plan->items[0], plan_arena(plan), &calls), ==, 1);
    g_assert_cmpstr(calls[0].command.value, ==, "importUnmanagedInstance");
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_assert_cmpstr(calls[0].params.items[i].name.value, ==, expected[i][0]);
        g_assert_cmpstr(calls[0].params.items[i].value.value, ==, expected[i][1]);
    }
    g_assert_cmpuint(calls[0].params.n, ==, G_N_ELEMENTS(expected));
}

/* What an editor may do to the choices of a plan, and what the check says of it. */
static void
pin_offering(Choice *choice)
{
    choice->serviceofferingid = text_known("id-of-so-4x4");
}

static void
pin_unknown_offering(Choice *choice)
{
    choice->serviceofferingid = text_known("nonsense");
}

static void
pin_other_vlan(Choice *choice)
{
    choice->nics.items[0].networkid = text_known("id-of-l2-20");
}

static void
pin_isolated(Choice *choice)
{
    choice->nics.items[0].networkid = text_known("id-of-iso");
    choice->nics.items[0].ip4 = text_known("10.5.0.9");
}

static void
pin_bad_ip(Choice *choice)
{
    pin_isolated(choice);
    choice->nics.items[0].ip4 = text_known("10.5.0.900");
}

static void
pin_auto_ip(Choice *choice)
{
    pin_isolated(choice);
    choice->nics.items[0].ip4 = text_known("auto");
}

static void
pin_unknown_network(Choice *choice)
{
    choice->nics.items[0].networkid = text_known("nonsense");
}

static void
pin_unknown_nic(Choice *choice)
{
    choice->nics.items[0].nic = text_known("eth0");
}

static void
pin_unknown_root(Choice *choice)
{
    choice->root = text_known("9-9");
}

static void
pin_swapped_root(Choice *choice)
{
    choice->root = choice->disks.items[0].disk;
}

static void
pin_small_disk(Choice *choice)
{
    choice->disks.items[0].diskofferingid = text_known("id-of-do-1");
}

static void
pin_unknown_disk_offering(Choice *choice)
{
    choice->disks.items[0].diskofferingid = text_known("nonsense");
}

static void
drop_disk(Choice *choice)
{
    choice->disks.n = 0;
}

static void
pin_bad_hostname(Choice *choice)
{
    choice->hostname = text_known("no_label");
}

static void
drop_name(Choice *choice)
{
    choice->name = text_absent();
}

static void
pin_account_alone(Choice *choice)
{
    choice->account = text_known("admin");
}

static void
pin_domain_alone(Choice *choice)
{
    choice->domainid = text_known("domain-a");
}

static void
pin_unknown_cluster(Choice *choice)
{
    choice->clusterid = text_known("nonsense");
}

static void
pin_unknown_template(Choice *choice)
{
    choice->templateid = text_known("nonsense");
}

static void
change_nothing(Choice *choice)
{
    (void)choice;
}

static void
pin_unknown_project_beside_account(Choice *choice)
{
    choice->account = text_known("admin");
    choice->domainid = text_known("domain-root");
    choice->projectid = text_known("nope");
}

static const struct {
    const char *name;
    void (*edit)(Choice *choice);
    Verdict verdict;
    const char *finding; /* the first one */
} edits[] = {
    {"unedited-stays-ready", change_nothing, VERDICT_READY, NULL},
    {"offering-of-other-size", pin_offering, VERDICT_READY_AFTER_ACTION, "offering-cpu-differs"},
    {"unknown-offering", pin_unknown_offering, VERDICT_BLOCKED, "offering-not-found"},
    {"network-of-other-vlan", pin_other_vlan, VERDICT_BLOCKED, "network-vlan-differs"},
    {"isolated-is-not-compared", pin_isolated, VERDICT_READY, "network-changes-vlan"},
    {"address-that-is-none", pin_bad_ip, VERDICT_BLOCKED, "ip-invalid"},
    {"new-address", pin_auto_ip, VERDICT_READY, "network-changes-vlan"},
    {"unknown-network", pin_unknown_network, VERDICT_BLOCKED, "network-not-found"},
    {"unknown-nic", pin_unknown_nic, VERDICT_READY, "nic-choice-unknown"},
    {"unknown-root", pin_unknown_root, VERDICT_READY_AFTER_ACTION, "root-disk-differs"},
    {"swapped-root", pin_swapped_root, VERDICT_READY_AFTER_ACTION, "root-disk-has-offering"},
    {"disk-offering-too-small", pin_small_disk, VERDICT_BLOCKED, "disk-offering-too-small"},
    {"unknown-disk-offering", pin_unknown_disk_offering, VERDICT_BLOCKED,
        "disk-offering-not-found"},
    {"disk-without-offering", drop_disk, VERDICT_BLOCKED, "disk-offering-missing"},
    {"hostname-no-label", pin_bad_hostname, VERDICT_BLOCKED, "hostname-invalid"},
    {"no-name", drop_name, VERDICT_BLOCKED, "name-missing"},
    {"account-alone", pin_account_alone, VERDICT_BLOCKED, "account-without-domain"},
    {"domain-alone", pin_domain_alone, VERDICT_BLOCKED, "domain-without-account"},
    {"unknown-cluster", pin_unknown_cluster, VERDICT_BLOCKED, "cluster-not-found"},
    {"unknown-project-beside-account", pin_unknown_project_beside_account, VERDICT_BLOCKED,
        "project-not-found"},
    {"unknown-template", pin_unknown_template, VERDICT_BLOCKED, "template-not-found"},
};

static void
prepare_pinned(Estate *estate)
{
    estate_init_plain(estate);
    estate_add_network(estate, "l2-20", 20);
    Network *isolated = estate_add_network(estate, "iso", 30);
    isolated->type = text_known("Isolated");
    isolated->cidr = text_known("10.5.0.0/24");
    estate_add_offering(estate, "so-4x4", 4, 4096);
    estate_add_disk_offering(estate, "do-1", 1, NULL);
    InstanceView *view = estate_add_plain_vm(estate, "web-01");
    estate_add_disk(estate, view, 30, "ds1");
    estate_put_vm(estate, view, true);
    estate_freeze(estate);
}

static void
test_pinned_choices_are_judged_as_they_stand(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(edits); i++) {
        g_auto(Estate) estate = {0};
        prepare_pinned(&estate);
        g_autoptr(Plan) given = estate_plan(&estate, NULL);
        g_autoptr(GError) error = NULL;
        edits[i].edit(&given->items[0].choice);
        g_autoptr(Plan) plan =
            plan_check(given, estate.inventory, estate.catalog, NULL, NULL, &error);
        g_assert_no_error(error);
        const PlanItem *item = &plan->items[0];
        assert_findings(plan);
        g_test_message("%s", edits[i].name);
        assert_verdict(item, edits[i].verdict);
        g_assert_cmpstr(item->n_findings ? item->findings[0].kind->id : NULL, ==, edits[i].finding);
    }
}

static void
test_two_items_of_one_instance_are_blocked(void)
{
    g_auto(Estate) estate = {0};
    g_autoptr(GError) error = NULL;
    prepare_pinned(&estate);
    g_autoptr(Plan) given = estate_plan(&estate, NULL);
    PlanItem items[2] = {given->items[0], given->items[0]};
    items[1].instance.id = items[1].instance.source = (Text){0}; /* now known by its UUID */
    given->items = items;
    given->n_items = 2;
    g_autoptr(Plan) plan = plan_check(given, estate.inventory, estate.catalog, NULL, NULL, &error);
    g_assert_no_error(error);
    assert_verdict(&plan->items[0], VERDICT_READY);
    assert_verdict(&plan->items[1], VERDICT_BLOCKED);
    assert_finding(&plan->items[1], "instance-twice");
}

static const Reason *
find_reason(const Plan *plan, const char *about)
{
    for (size_t i = 0; i < plan->items[0].n_reasons; i++)
        if (!strcmp(plan->items[0].reasons[i].about.value, about))
            return &plan->items[0].reasons[i];
    return NULL;
}

static void
test_reasons_stay_with_unedited_choices(void)
{
    g_auto(Estate) estate = {0};
    g_autoptr(GError) error = NULL;
    prepare_pinned(&estate);
    g_autoptr(Plan) given = estate_plan(&estate, NULL);
    g_assert_nonnull(find_reason(given, "serviceofferingid"));
    pin_offering(&given->items[0].choice);
    g_autoptr(Plan) plan = plan_check(given, estate.inventory, estate.catalog, NULL, NULL, &error);
    g_assert_no_error(error);
    g_assert_null(find_reason(plan, "serviceofferingid"));
    g_assert_nonnull(find_reason(plan, "clusterid"));
    g_assert_cmpstr(
        find_reason(plan, "nics[Network adapter 1].networkid")->chosen.value, ==, "l2-10");
    g_assert_cmpstr(find_reason(plan, "disks[1-2001].diskofferingid")->chosen.value, ==, "custom");
}

static void
test_gone_and_changed_instances(void)
{
    g_auto(Estate) before = {0}, after = {0};
    estate_init_plain(&before);
    put_plain(&before, "stays", true);
    put_plain(&before, "goes", true);
    estate_freeze(&before);
    g_autoptr(Plan) given = estate_plan(&before, NULL);
    estate_init_plain(&after);
    InstanceView *view = estate_add_plain_vm(&after, "stays");
    view->cpus = int_known(4);
    estate_put_vm(&after, view, true);
    estate_freeze(&after);
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = plan_check(given, after.inventory, after.catalog, NULL, NULL, &error);
    g_assert_no_error(error);
    assert_finding(&plan->items[0], "facts-changed");
    assert_verdict(&plan->items[0], VERDICT_READY_AFTER_ACTION);
    assert_finding(&plan->items[1], "instance-gone");
    assert_verdict(&plan->items[1], VERDICT_BLOCKED);
}

static void
test_digest_follows_the_facts(void)
{
    g_auto(Estate) one = {0}, same = {0}, other = {0};
    Estate *estates[] = {&one, &same, &other};
    char *texts[3];
    for (int i = 0; i < 3; i++) {
        estate_init_plain(estates[i]);
        InstanceView *view = estate_add_plain_vm(estates[i], "web-01");
        if (i == 2)
            view->nics.items[0].vlan.id = int_known(11);
        estate_put_vm(estates[i], view, true);
        estate_freeze(estates[i]);
        g_autoptr(Plan) plan = estate_plan(estates[i], NULL);
        texts[i] = plan_item_facts(&plan->items[0]);
    }
    g_assert_cmpuint(strlen(texts[0]), ==, 64);
    g_assert_cmpstr(texts[0], ==, texts[1]);
    g_assert_cmpstr(texts[0], !=, texts[2]);
    for (int i = 0; i < 3; i++)
        g_free(texts[i]);
}

static void
test_zone_must_be_told_if_there_are_several(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    Zone zone = {.id = text_known("z2"), .name = text_known("zone-2")};
    g_array_append_val(estate.zones, zone);
    estate_freeze(&estate);
    g_autoptr(GError) several = NULL, unknown = NULL, none = NULL;
    g_assert_null(plan_build(estate.inventory, estate.catalog, NULL, NULL, &several));
    g_assert_error(several, INGEST_ERROR, INGEST_ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(several->message, "'zone-1', 'zone-2'"));
    PlanOptions options = {.zone = "zone-3"};
    g_assert_null(plan_build(estate.inventory, estate.catalog, NULL, &options, &unknown));
    g_assert_error(unknown, INGEST_ERROR, INGEST_ERROR_NOT_FOUND);
    options.zone = "zone-2";
    g_autoptr(Plan) plan = plan_build(estate.inventory, estate.catalog, NULL, &options, &none);
    g_assert_no_error(none);
    g_assert_cmpstr(plan->info.zoneid.value, ==, "z2");
}

static void
test_empty_estate_makes_an_empty_plan(void)
{
    g_auto(Estate) estate = {0};
    estate_init(&estate);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    g_assert_cmpuint(plan->n_items, ==, 0);
    g_assert_cmpuint(plan->n_networks, ==, 0);
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*test)(void);
    } tests[] = {
        {"visible/unlisted-is-blocked", test_unlisted_is_blocked},
        {"visible/host-in-maintenance", test_host_in_maintenance_is_the_reason},
        {"visible/source-tells-the-reason", test_source_tells_the_reason},
        {"visible/template-is-blocked", test_template_is_blocked},
        {"visible/unread-view-is-unknown", test_unread_view_is_unknown},
        {"visible/cluster-by-name", test_cluster_of_cloudstack_is_found_by_name},
        {"traps/untold-is-a-warning", test_untold_traps_are_a_warning},
        {"visible/unread-place-is-unknown", test_unread_place_is_unknown},
        {"visible/cluster-not-added", test_cluster_not_added_is_blocked},
        {"visible/cluster-disabled", test_disabled_cluster_is_blocked},
        {"visible/unseen-by-source", test_vm_that_we_do_not_see_names_the_right},
        {"check/two-items-of-one-instance", test_two_items_of_one_instance_are_blocked},
        {"name/twice-is-blocked", test_same_name_twice_is_blocked},
        {"managed/by-name", test_managed_by_name_is_blocked},
        {"managed/unlisted", test_managed_and_unlisted_is_told_apart},
        {"managed/by-mac", test_managed_under_other_name_by_mac},
        {"managed/by-disk", test_managed_under_other_name_by_disk},
        {"managed/same-mac-warns", test_same_mac_of_another_vm_warns},
        {"managed/same-mac-in-network", test_same_mac_in_the_network_is_blocked},
        {"managed/unread-is-unknown", test_unread_vms_are_unknown},
        {"hostname/is-a-dns-label", test_hostname_is_a_dns_label},
        {"hostname/from-guest", test_hostname_from_guest},
        {"hostname/twice-on-one-network", test_same_hostname_on_one_network_is_blocked},
        {"hostname/in-the-zone-by-a-setting", test_hostname_in_the_zone_is_blocked_by_a_setting},
        {"template/kvm-without", test_kvm_without_template_is_blocked},
        {"kvm/without-template-by-release",
            test_kvm_without_template_is_refused_as_the_release_does},
        {"template/kvm-smallest", test_kvm_takes_the_smallest_template},
        {"template/kvm-too-big", test_kvm_template_too_big_is_none},
        {"call/has-the-servers-names", test_call_has_the_servers_names},
        {"check/pinned-choices", test_pinned_choices_are_judged_as_they_stand},
        {"check/reasons-stay-with-unedited-choices", test_reasons_stay_with_unedited_choices},
        {"check/gone-and-changed", test_gone_and_changed_instances},
        {"check/digest-follows-the-facts", test_digest_follows_the_facts},
        {"zone/must-be-told", test_zone_must_be_told_if_there_are_several},
        {"empty-estate", test_empty_estate_makes_an_empty_plan},
    };
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *path = g_strdup_printf("/plan/%s", tests[i].path);
        g_test_add_func(path, tests[i].test);
    }
    return g_test_run();
}
