/* SPDX-License-Identifier: Apache-2.0
 *
 * Port groups and bridges of a NIC on the other hosts of its cluster, and what its port group is.
 */
#include "tests/estate_builder.h"

typedef struct Case {
    const char *name;
    void (*change)(Estate *estate, InstanceView *view);
    const char *finding; /* NULL: none beyond information */
    const char *text;
    Verdict verdict;
    bool is_kvm;
} Case;

static void
add_host(Estate *estate, int number)
{
    const char *name = estate_text(estate, "esx%d", number);
    SourceHost host = {.source = text_known("vc"),
        .id = text_known(estate_text(estate, "host-%d", number)),
        .name = text_known(name),
        .cluster = estate->is_kvm ? text_absent() : text_known("domain-c1")};
    estate_put(estate, RECORD_HOST, &host);
    Host *first = &g_array_index(estate->hosts, Host, 0), known_host = *first;
    known_host.id = text_known(estate_text(estate, "cs-host-%d", number));
    known_host.name = text_known(name);
    g_array_append_val(estate->hosts, known_host);
}

static Portgroup
group_on(Estate *estate, int host, const char *name, int64_t vlan)
{
    const char *id = estate_text(estate, "host-%d", host);
    return (Portgroup){.source = text_known("vc"),
        .id = text_known(estate_text(estate, "%s/%s", id, name)),
        .name = text_known(name),
        .kind = estate->is_kvm ? SWITCH_BRIDGE : SWITCH_STANDARD,
        .hosts = one_text(estate, id),
        .is_uplink = bool_known(false),
        .vlan = {.kind = VLAN_ID, .id = int_known(vlan), .is_certain = bool_known(true)}};
}

static void
put_group(Estate *estate, int host, const char *name, int64_t vlan)
{
    Portgroup group = group_on(estate, host, name, vlan);
    estate_put(estate, RECORD_PORTGROUP, &group);
}

/* Two hosts; the VM's port group is 'prod' of the first. */
static void
two_hosts(Estate *estate, InstanceView *view)
{
    add_host(estate, 2);
    put_group(estate, 1, "prod", 10);
    view->nics.items[0].portgroup = text_known("host-1/prod");
}

static void
alike(Estate *estate, InstanceView *view)
{
    two_hosts(estate, view);
    put_group(estate, 2, "prod", 10);
}

static void
missing(Estate *estate, InstanceView *view)
{
    two_hosts(estate, view);
    put_group(estate, 2, "other", 10);
}

static void
drift(Estate *estate, InstanceView *view)
{
    two_hosts(estate, view);
    put_group(estate, 2, "prod", 30);
}

static void
vlan_missing(Estate *estate, InstanceView *view)
{
    two_hosts(estate, view);
    put_group(estate, 2, "other", 20);
}

static void
trunk_covers(Estate *estate, InstanceView *view)
{
    two_hosts(estate, view);
    Portgroup trunk = group_on(estate, 2, "prod", 0);
    trunk.id = text_known("host-2/all");
    trunk.name = text_known("all");
    trunk.vlan = (Vlan){.kind = VLAN_TRUNK, .is_certain = bool_known(true)};
    trunk.vlan.ranges.items = arena_new(&estate->arena, VlanRange);
    trunk.vlan.ranges.items[0] = (VlanRange){int_known(5), int_known(15)};
    trunk.vlan.ranges.n = 1;
    estate_put(estate, RECORD_PORTGROUP, &trunk);
}

static void
distributed(Estate *estate, InstanceView *view, bool has_both)
{
    add_host(estate, 2);
    put_group(estate, 2, "storage", 99);
    Portgroup group = group_on(estate, 1, "prod", 10);
    group.id = text_known("dvportgroup-1");
    group.kind = SWITCH_DISTRIBUTED;
    if (has_both) {
        group.hosts.items = arena_new_n(&estate->arena, const char *, 2);
        group.hosts.items[0] = "host-1";
        group.hosts.items[1] = "host-2";
        group.hosts.n = 2;
    }
    estate_put(estate, RECORD_PORTGROUP, &group);
    view->nics.items[0].portgroup = text_known("dvportgroup-1");
}

static void
joined(Estate *estate, InstanceView *view)
{
    distributed(estate, view, true);
}

static void
not_joined(Estate *estate, InstanceView *view)
{
    distributed(estate, view, false);
}

static void
ephemeral(Estate *estate, InstanceView *view)
{
    Portgroup group = group_on(estate, 1, "prod", 10);
    group.is_ephemeral = bool_known(true);
    estate_put(estate, RECORD_PORTGROUP, &group);
    view->nics.items[0].portgroup = text_known("host-1/prod");
}

static void
misnamed(Estate *estate, InstanceView *view)
{
    put_group(estate, 1, "prod-VLAN_0020", 10);
    view->nics.items[0].portgroup = text_known("host-1/prod-VLAN_0020");
}

static void
well_named(Estate *estate, InstanceView *view)
{
    put_group(estate, 1, "Vlan 10", 10);
    view->nics.items[0].portgroup = text_known("host-1/Vlan 10");
}

static void
allocated(Estate *estate, InstanceView *view)
{
    (void)view;
    LAST(Network, estate->networks)->state = text_known("Allocated");
}

static const Case cases[] = {
    {"alike-on-all-hosts", alike, NULL, NULL, VERDICT_READY, false},
    {"missing-on-a-host", missing, "port-group-not-on-every-host", "esx2", VERDICT_READY, false},
    {"vlan-differs", drift, "port-group-vlan-differs", "esx2 (VLAN 30)", VERDICT_READY_AFTER_ACTION,
        false},
    {"vlan-not-on-a-host", vlan_missing, "vlan-not-on-every-host", "vlan://10", VERDICT_READY,
        false},
    {"networks-of-a-host-unread", two_hosts, "host-networks-untold", "esx2", VERDICT_READY, false},
    {"switch-joined", joined, NULL, NULL, VERDICT_READY, false},
    {"switch-not-joined", not_joined, "switch-not-on-every-host", "esx2", VERDICT_READY, false},
    {"kvm-bridges-alike", alike, NULL, NULL, VERDICT_READY, true},
    {"kvm-bridge-missing", vlan_missing, "vlan-not-on-every-host", "esx2", VERDICT_READY, true},
    {"ephemeral", ephemeral, "nic-on-ephemeral-port", "'prod'", VERDICT_READY, false},
    {"name-of-another-vlan", misnamed, "port-group-misnamed", "VLAN 10", VERDICT_READY, false},
    {"name-of-its-vlan", well_named, NULL, NULL, VERDICT_READY, false},
    {"network-allocated", allocated, "network-not-ready", "'Allocated'", VERDICT_READY, false},
};

static const Finding *
first_warning(const PlanItem *item)
{
    static const char *const of_elsewhere[] = {"start-untold", NULL};
    for (size_t i = 0; i < item->n_findings; i++)
        if (item->findings[i].severity > SEVERITY_INFO &&
            !g_strv_contains(of_elsewhere, item->findings[i].kind->id))
            return &item->findings[i];
    return NULL;
}

static void
init(Estate *estate, bool is_kvm)
{
    estate->is_kvm = is_kvm;
    estate_init_plain(estate);
    if (is_kvm) {
        LAST(Cluster, estate->clusters)->hypervisortype = text_known("KVM");
        estate_add_template(estate, "placeholder", 1 << 20);
    }
}

static void
test_case(gconstpointer data)
{
    const Case *it = data;
    g_auto(Estate) estate = {0};
    init(&estate, it->is_kvm);
    InstanceView *view = estate_add_plain_vm(&estate, "web-01");
    it->change(&estate, view);
    estate_put_vm(&estate, view, true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    const PlanItem *item = &plan->items[0];
    assert_verdict(item, it->verdict);
    if (!it->finding) {
        const Finding *warning = first_warning(item);
        g_assert_cmpstr(warning ? warning->kind->id : NULL, ==, NULL);
        return;
    }
    assert_finding(item, it->finding);
    FindingText text;
    finding_render(item, find_finding(item, it->finding), plan_arena(plan), &text);
    g_autofree char *all =
        g_strjoin("\n", text.text.value, text.evidence.value, text.remedy.value, NULL);
    if (!strstr(all, it->text))
        g_error("'%s' is not in: %s", it->text, all);
}

/* A part of a trunk is not all of it. */
static void
test_trunk_carries_its_ranges(void)
{
    g_auto(Estate) estate = {0};
    init(&estate, false);
    estate_add_network(&estate, "l2-20", 20);
    InstanceView *view = estate_add_plain_vm(&estate, "web-01");
    trunk_covers(&estate, view);
    put_group(&estate, 1, "test", 20);
    Nic *second = estate_add_nic(&estate, view, 20);
    second->portgroup = text_known("host-1/test");
    estate_put_vm(&estate, view, true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    size_t n = 0;
    for (size_t i = 0; i < plan->items[0].n_findings; i++) {
        const Finding *finding = &plan->items[0].findings[i];
        if (strcmp(finding->kind->id, "vlan-not-on-every-host") != 0)
            continue;
        g_assert_cmpstr(finding->subject, ==, "Network adapter 2");
        n++;
    }
    g_assert_cmpuint(n, ==, 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/plan/reach/%s", cases[i].name);
        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/plan/reach/trunk-carries-its-ranges", test_trunk_carries_its_ranges);
    return g_test_run();
}
