/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/estate_builder.h"

typedef struct Case {
    const char *name;
    void (*change)(Estate *estate, InstanceView *view);
    const char *rules;
    const char *offering; /* name chosen; NULL: none */
    const char *speed;    /* details[0].cpuSpeed */
    Verdict verdict;
    const char *finding;
} Case;

static void
exact(Estate *estate, InstanceView *view)
{
    (void)view;
    estate_add_offering(estate, "so-2x2", 2, 2048);
    estate_add_offering(estate, "so-4x4", 4, 4096);
}

static void
range(Estate *estate, InstanceView *view)
{
    (void)view;
    estate_add_constrained_offering(estate, "so-range", 1, 4, 512, 8192);
}

static void
exact_and_range(Estate *estate, InstanceView *view)
{
    exact(estate, view);
    range(estate, view);
}

static void
range_too_small(Estate *estate, InstanceView *view)
{
    range(estate, view);
    view->cpus = int_known(8);
}

static void
unconstrained(Estate *estate, InstanceView *view)
{
    (void)view;
    estate_add_offering(estate, "so-custom", 0, 0);
}

static void
unconstrained_host_unread(Estate *estate, InstanceView *view)
{
    unconstrained(estate, view);
    view->host = (Text){0};
}

static void
partly_fixed(Estate *estate, InstanceView *view)
{
    (void)view;
    estate_add_offering(estate, "so-cpu-only", 2, 2048)->memory = (Int){0};
}

static void
only_larger(Estate *estate, InstanceView *view)
{
    (void)view;
    estate_add_offering(estate, "so-4x4", 4, 4096);
    estate_add_offering(estate, "so-8x8", 8, 8192);
}

static void
only_larger_and_off(Estate *estate, InstanceView *view)
{
    only_larger(estate, view);
    view->power = POWER_OFF;
}

static void
only_larger_and_unknown_power(Estate *estate, InstanceView *view)
{
    exact(estate, view);
    view->power = POWER_SUSPENDED;
}

static void
reserved(Estate *estate, InstanceView *view)
{
    exact(estate, view);
    view->cpu_reservation_mhz = int_known(500);
}

static void
reserved_alike(Estate *estate, InstanceView *view)
{
    exact(estate, view);
    view->cpu_reservation_mhz = int_known(1000);
}

static void
encrypting(Estate *estate, InstanceView *view)
{
    (void)view;
    estate_add_offering(estate, "so-enc", 2, 2048)->encryptroot = bool_known(true);
}

static void
volatile_one(Estate *estate, InstanceView *view)
{
    (void)view;
    estate_add_offering(estate, "so-vol", 2, 2048)->isvolatile = bool_known(true);
}

static void
with_gpu(Estate *estate, InstanceView *view)
{
    (void)view;
    estate_add_offering(estate, "so-gpu", 2, 2048)->gpucardname = text_known("A16");
}

static void
inactive(Estate *estate, InstanceView *view)
{
    (void)view;
    estate_add_offering(estate, "so-old", 2, 2048)->state = text_known("Inactive");
}

static void
of_domain_a(Estate *estate, InstanceView *view)
{
    (void)view;
    estate_add_offering(estate, "so-a", 2, 2048)->domainid = one_text(estate, "domain-a");
    estate_add_account(estate, "bob", "domain-sub", 0);
    estate_add_account(estate, "carl", "domain-root", 0);
    LAST(Network, estate->networks)->acltype = text_known("Domain");
    LAST(Network, estate->networks)->subdomainaccess = bool_known(true);
}

static void
of_other_zone(Estate *estate, InstanceView *view)
{
    (void)view;
    estate_add_offering(estate, "so-z", 2, 2048)->zoneid = one_text(estate, "other-zone");
}

static void
tag_off_pool(Estate *estate, InstanceView *view)
{
    (void)view;
    estate_add_offering(estate, "so-gold", 2, 2048)->storagetags = one_text(estate, "gold");
}

static void
tag_on_pool(Estate *estate, InstanceView *view)
{
    exact(estate, view);
    tag_off_pool(estate, view);
    LAST(StoragePool, estate->pools)->tags = one_text(estate, "gold");
}

static void
host_tag_not_strict(Estate *estate, InstanceView *view)
{
    (void)view;
    estate_add_offering(estate, "so-ssd", 2, 2048)->hosttags = one_text(estate, "ssd");
}

static void
host_tag_strict(Estate *estate, InstanceView *view)
{
    host_tag_not_strict(estate, view);
    estate_add_setting(estate, "vm.strict.host.tags", "big,ssd");
}

static void
cpus_unread(Estate *estate, InstanceView *view)
{
    exact(estate, view);
    view->cpus = (Int){0};
}

static const Case cases[] = {
    {"same-size", exact, NULL, "so-2x2", NULL, VERDICT_READY, NULL},
    {"custom-within-limits", range, NULL, "so-range", NULL, VERDICT_READY, NULL},
    {"same-size-before-custom", exact_and_range, NULL, "so-2x2", NULL, VERDICT_READY, NULL},
    {"prefer-rule-wins", exact_and_range, "prefer offering so-r*", "so-range", NULL, VERDICT_READY,
        NULL},
    {"prefer-rule-for-others-does-not", exact_and_range, "prefer offering so-r* for name db-*",
        "so-2x2", NULL, VERDICT_READY, NULL},
    {"forbid-rule-takes-out", exact_and_range, "forbid offering so-2*", "so-range", NULL,
        VERDICT_READY, NULL},
    {"outside-limits-blocks", range_too_small, NULL, NULL, NULL, VERDICT_BLOCKED, "no-offering"},
    {"unconstrained-gets-the-hosts-speed", unconstrained, NULL, "so-custom", "2600", VERDICT_READY,
        NULL},
    {"unconstrained-gets-some-speed", unconstrained_host_unread, NULL, "so-custom", "1000",
        VERDICT_READY, NULL},
    {"partly-fixed-never-fits", partly_fixed, NULL, NULL, NULL, VERDICT_BLOCKED, "no-offering"},
    {"only-larger-needs-power-off", only_larger, NULL, "so-4x4", NULL, VERDICT_READY_AFTER_ACTION,
        "offering-needs-power-off"},
    {"powered-off-takes-the-smallest-larger", only_larger_and_off, NULL, "so-4x4", NULL,
        VERDICT_READY, "offering-resizes"},
    {"suspended-counts-as-running", only_larger_and_unknown_power, NULL, "so-2x2", NULL,
        VERDICT_READY_AFTER_ACTION, "suspended"},
    {"reservation-is-compared-with-speed", reserved, NULL, "so-2x2", NULL,
        VERDICT_READY_AFTER_ACTION, "offering-speed-differs"},
    {"equal-reservation-fits", reserved_alike, NULL, "so-2x2", NULL, VERDICT_READY,
        "start-resets-setting"},
    {"encrypting-is-skipped", encrypting, NULL, NULL, NULL, VERDICT_BLOCKED, "no-offering"},
    {"volatile-is-skipped", volatile_one, NULL, NULL, NULL, VERDICT_BLOCKED, "no-offering"},
    {"gpu-is-skipped", with_gpu, NULL, NULL, NULL, VERDICT_BLOCKED, "no-offering"},
    {"inactive-is-skipped", inactive, NULL, NULL, NULL, VERDICT_BLOCKED, "no-offering"},
    {"domain-offering-for-domains-below", of_domain_a, "owner any -> account bob domain ROOT/a/sub",
        "so-a", NULL, VERDICT_READY, NULL},
    {"domain-offering-not-for-others", of_domain_a, "owner any -> account carl domain ROOT", NULL,
        NULL, VERDICT_BLOCKED, "no-offering"},
    {"domain-offering-for-root-admin", of_domain_a, NULL, "so-a", NULL, VERDICT_READY, NULL},
    {"offering-of-other-zone-is-skipped", of_other_zone, NULL, NULL, NULL, VERDICT_BLOCKED,
        "no-offering"},
    {"tag-off-the-pool-does-not-fit", tag_off_pool, NULL, NULL, NULL, VERDICT_BLOCKED,
        "no-offering"},
    {"tag-on-the-pool-comes-first", tag_on_pool, NULL, "so-gold", NULL, VERDICT_READY, NULL},
    {"host-tag-counts-only-if-listed", host_tag_not_strict, NULL, "so-ssd", NULL,
        VERDICT_READY_AFTER_ACTION, "no-host-with-tag"},
    {"listed-host-tag-blocks", host_tag_strict, NULL, "so-ssd", NULL, VERDICT_BLOCKED,
        "offering-host-tag"},
    {"unread-size-is-unknown", cpus_unread, NULL, NULL, NULL, VERDICT_UNKNOWN, "facts-unread"},
};

static void
test_case(gconstpointer data)
{
    const Case *it = data;
    g_auto(Estate) estate = {0};
    estate_init(&estate);
    estate_add_network(&estate, "l2-10", 10);
    estate_add_pool(&estate, "ds1", NULL);
    InstanceView *view = estate_add_plain_vm(&estate, "web-01");
    it->change(&estate, view);
    estate_put_vm(&estate, view, true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, it->rules);
    const PlanItem *item = &plan->items[0];
    g_autofree char *id = it->offering ? g_strdup_printf("id-of-%s", it->offering) : NULL;
    g_assert_cmpstr(item->choice.serviceofferingid.value, ==, id);
    const char *speed = item->choice.details.n ? item->choice.details.items[0].value.value : NULL;
    g_assert_cmpstr(speed, ==, it->speed);
    assert_verdict(item, it->verdict);
    if (it->finding)
        assert_finding(item, it->finding);
    else
        g_assert_cmpuint(item->n_findings, ==, 0);
}

/* A misfit that only its tags keep away is named. */
static void
test_nearest_miss_is_named(void)
{
    g_auto(Estate) estate = {0};
    estate_init(&estate);
    estate_add_network(&estate, "l2-10", 10);
    estate_add_pool(&estate, "ds1", NULL);
    InstanceView *view = estate_add_plain_vm(&estate, "web-01");
    tag_off_pool(&estate, view);
    estate_put_vm(&estate, view, true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    FindingText text;
    finding_render(
        &plan->items[0], find_finding(&plan->items[0], "no-offering"), plan_arena(plan), &text);
    g_assert_nonnull(strstr(text.evidence.value, "'so-gold' fits but for the tag gold: two steps"));
}

/* What another size would cost is told with its numbers. */
static void
test_nearest_size_is_named(void)
{
    g_auto(Estate) estate = {0};
    estate_init(&estate);
    estate_add_network(&estate, "l2-10", 10);
    estate_add_pool(&estate, "ds1", NULL);
    estate_add_offering(&estate, "so-4x2", 4, 2048);
    estate_put_vm(&estate, estate_add_plain_vm(&estate, "web-01"), true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    const Finding *finding = find_finding(&plan->items[0], "offering-needs-power-off");
    FindingText text;
    g_assert_nonnull(finding);
    finding_render(&plan->items[0], finding, plan_arena(plan), &text);
    g_assert_nonnull(
        strstr(text.evidence.value, "'so-4x2' fits but for 4 CPUs instead of 2: power off"));
}

static void
test_kvm_off_with_no_cpus_is_refused(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    LAST(Cluster, estate.clusters)->hypervisortype = text_known("KVM");
    InstanceView *view = estate_add_plain_vm(&estate, "kvm-off");
    InstanceView *listed = estate_view_of(&estate, view);
    listed->hypervisor = text_known("KVM");
    listed->cpus = int_known(0);
    listed->power = POWER_OFF;
    estate_put(&estate, RECORD_INSTANCE, listed);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    assert_verdict(&plan->items[0], VERDICT_BLOCKED);
    g_assert_cmpstr(plan->items[0].findings[0].kind->id, ==, "size-invalid");
}

/* What neither view tells is unknown, and no check that follows may refuse for want of it. */
static void
test_kvm_without_facts_is_unknown(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    LAST(Cluster, estate.clusters)->hypervisortype = text_known("KVM");
    estate_add_template(&estate, "placeholder", 1 << 20);
    InstanceView *view = estate_add_plain_vm(&estate, "kvm");
    InstanceView *listed = estate_view_of(&estate, view);
    listed->hypervisor = text_known("KVM");
    listed->cpus = (Int){0};
    listed->disks.n = 0;
    listed->disks.state = FACT_UNKNOWN;
    estate_put(&estate, RECORD_INSTANCE, listed);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    assert_verdict(&plan->items[0], VERDICT_UNKNOWN);
    assert_finding(&plan->items[0], "facts-unread");
    assert_finding(&plan->items[0], "template-size-unknown");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/plan/offering/%s", cases[i].name);
        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/plan/offering/nearest-miss-is-named", test_nearest_miss_is_named);
    g_test_add_func("/plan/offering/nearest-size-is-named", test_nearest_size_is_named);
    g_test_add_func(
        "/plan/offering/kvm-without-cpus-is-refused", test_kvm_off_with_no_cpus_is_refused);
    g_test_add_func(
        "/plan/offering/kvm-without-facts-is-unknown", test_kvm_without_facts_is_unknown);
    return g_test_run();
}
