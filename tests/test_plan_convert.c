/* SPDX-License-Identifier: Apache-2.0
 *
 * VMs of a vCenter that are converted to KVM: what is proposed, the call that comes of it, and what
 * is told beyond the server's own checks. What the server refuses is in convert_replies.h.
 */
#include "tests/convert_estate.h"

#define GIB ((int64_t)1 << 30)

static void
init(Estate *estate)
{
    estate_init_plain(estate);
    estate_add_kvm(estate);
    estate_add_api(estate, "importVm", NULL);
}

static InstanceView *
add_vm(Estate *estate, const char *name)
{
    InstanceView *view = estate_add_plain_vm(estate, name);
    make_convertible(view);
    return view;
}

static Plan *
plan_with(Estate *estate, const char *rules, const PlanOptions *options)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Policy) policy = rules ? policy_parse(rules, "rules", &error) : NULL;
    g_assert_no_error(error);
    Plan *plan = plan_build(estate->inventory, estate->catalog, policy, options, &error);
    g_assert_no_error(error);
    assert_findings(plan);
    return plan;
}

/* The plan as it is judged after a choice was changed by hand. */
static Plan *
check(Estate *estate, Plan *plan)
{
    g_autoptr(GError) error = NULL;
    Plan *checked = plan_check(plan, estate->inventory, estate->catalog, NULL, NULL, &error);
    g_assert_no_error(error);
    assert_findings(checked);
    return checked;
}

/* NULL: it is not sent. */
static const char *
param(const Call *call, const char *name)
{
    for (size_t i = 0; i < call->params.n; i++)
        if (!g_strcmp0(call->params.items[i].name.value, name))
            return call->params.items[i].value.value;
    return NULL;
}

/* The only call of the item. */
static const Call *
call_of(Estate *estate, const PlanItem *item)
{
    Call *calls = NULL;
    g_assert_cmpuint(plan_item_calls(item, &estate->arena, &calls), ==, 1);
    return calls;
}

static void
assert_params(const Call *call, const char *const (*expected)[2], size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (g_strcmp0(param(call, expected[i][0]), expected[i][1]) != 0)
            g_error("%s is '%s', not '%s'", expected[i][0], param(call, expected[i][0]),
                expected[i][1]);
}
#define ASSERT_PARAMS(call, list) assert_params((call), (list), G_N_ELEMENTS(list))

/* --- what is proposed ------------------------------------------------------------------------- */

static void
test_linked_vcenter(void)
{
    g_auto(Estate) estate = {0};
    init(&estate);
    estate_put_vm(&estate, add_vm(&estate, "web-01"), false);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = plan_with(&estate, CONVERT_RULE, NULL);
    const PlanItem *item = &plan->items[0];
    assert_verdict(item, VERDICT_READY);
    static const char *const expected[][2] = {{"zoneid", ZONE_ID}, {"hypervisor", "KVM"},
        {"importsource", "vmware"}, {"existingvcenterid", "id-of-DC0"}, {"clusterid", KVM_ID},
        {"name", "web-01"}, {"clustername", "C0"}, {"hostip", "esx1"},
        {"convertinstancehostid", "id-of-kvm-h1"}, {"importinstancehostid", "id-of-kvm-h1"},
        {"usevddk", "false"}, {"osid", "os-2"}, {"serviceofferingid", "id-of-so-2x2"},
        {"nicnetworklist[0].nic", "Network adapter 1"},
        {"nicnetworklist[0].network", "id-of-l2-10"}, {"vcenter", NULL}, {"datacentername", NULL},
        {"username", NULL}, {"password", NULL}, {"templateid", NULL}, {"forced", NULL},
        {"convertinstancepoolid", NULL}, {"forceconverttopool", NULL},
        {"forcemstoimportvmfiles", NULL}};
    const Call *call = call_of(&estate, item);
    g_assert_cmpstr(call->command.value, ==, "importVm");
    g_assert_null(call->credentials.value);
    ASSERT_PARAMS(call, expected);
    assert_finding(item, "convert-unproved");
    assert_finding(item, "convert-copies");
    assert_finding(item, "convert-two-must-not-run");
}

/* Its user is named by the source; its password is nowhere. */
static void
test_other_vcenter(void)
{
    g_auto(Estate) estate = {0};
    init(&estate);
    g_array_index(estate.vmware_dcs, VmwareDc, 0).vcenter = text_known("other.example");
    estate_put_vm(&estate, add_vm(&estate, "web-01"), false);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = plan_with(&estate, CONVERT_RULE, NULL);
    static const char *const expected[][2] = {{"existingvcenterid", NULL},
        {"vcenter", "vcenter.example"}, {"datacentername", "DC0"}, {"username", NULL},
        {"password", NULL}};
    const Call *call = call_of(&estate, &plan->items[0]);
    g_assert_cmpstr(call->credentials.value, ==, "vc");
    ASSERT_PARAMS(call, expected);
    assert_verdict(&plan->items[0], VERDICT_READY);
    plan->items[0].choice.convert.credentials = text_absent();
    Call *none = NULL;
    g_assert_cmpuint(plan_item_calls(&plan->items[0], &estate.arena, &none), ==, 0);
}

static void
test_older_releases_are_asked_less(void)
{
    g_auto(Estate) estate = {0};
    init(&estate);
    estate_put_vm(&estate, add_vm(&estate, "web-01"), false);
    estate_freeze(&estate);
    PlanOptions options = {.server_version = "4.19.1"};
    g_autoptr(Plan) plan = plan_with(&estate, CONVERT_RULE, &options);
    static const char *const expected[][2] = {{"importinstancehostid", NULL}, {"usevddk", NULL},
        {"osid", NULL}, {"convertinstancehostid", "id-of-kvm-h1"}};
    assert_verdict(&plan->items[0], VERDICT_READY);
    ASSERT_PARAMS(call_of(&estate, &plan->items[0]), expected);
}

/* Of two hosts that can, each second VM; one that cannot is passed over. */
static void
test_hosts_take_turns(void)
{
    static const char *const names[] = {"vm-1", "vm-2", "vm-3", "vm-4"};
    g_auto(Estate) estate = {0};
    int n_first = 0;
    init(&estate);
    estate_add_kvm_host(&estate, "kvm-h0")->instanceconversionsupported = bool_known(false);
    estate_add_kvm_host(&estate, "kvm-h2");
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        estate_put_vm(&estate, add_vm(&estate, names[i]), false);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = plan_with(&estate, CONVERT_RULE, NULL);
    for (size_t i = 0; i < plan->n_items; i++) {
        const char *host = plan->items[i].choice.convert.convertinstancehostid.value;
        assert_verdict(&plan->items[i], VERDICT_READY);
        g_assert_true(!strcmp(host, "id-of-kvm-h1") || !strcmp(host, "id-of-kvm-h2"));
        n_first += !strcmp(host, "id-of-kvm-h1");
    }
    g_assert_cmpint(n_first, ==, 2);
}

static void
test_rule_names_what_is_used(void)
{
    g_auto(Estate) estate = {0};
    init(&estate);
    estate_add_kvm_host(&estate, "kvm-h2");
    estate_add_nfs_pool(&estate, "nfs-temp", NULL);
    estate_put_vm(&estate, add_vm(&estate, "web-01"), false);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = plan_with(&estate,
        "convert any -> cluster kvm-1 host kvm-h2 import-host kvm-h1 pool nfs-temp direct "
        "server-export",
        NULL);
    static const char *const expected[][2] = {{"convertinstancehostid", "id-of-kvm-h2"},
        {"importinstancehostid", "id-of-kvm-h1"}, {"convertinstancepoolid", "id-of-nfs-temp"},
        {"forceconverttopool", "true"}, {"forcemstoimportvmfiles", "true"}, {"usevddk", "false"}};
    ASSERT_PARAMS(call_of(&estate, &plan->items[0]), expected);
    assert_verdict(&plan->items[0], VERDICT_READY);
    g_autoptr(Plan) unknown = plan_with(&estate, "convert any -> cluster kvm-1 host nobody", NULL);
    assert_finding(&unknown->items[0], "convert-id-not-found");
    assert_verdict(&unknown->items[0], VERDICT_BLOCKED);
    g_autoptr(Plan) elsewhere = plan_with(&estate, "convert any -> cluster kvm-9", NULL);
    assert_finding(&elsewhere->items[0], "cluster-not-found");
    g_autoptr(Plan) vmware = plan_with(&estate, "convert any -> cluster " CLUSTER_ID, NULL);
    assert_finding(&vmware->items[0], "convert-cluster-not-kvm");
}

/* Needs the library on the host, which says whether it has it. */
static void
test_vddk(void)
{
    static const struct {
        Bool has;
        Verdict verdict;
    } hosts[] = {{{true, FACT_KNOWN}, VERDICT_READY},
        {{false, FACT_KNOWN}, VERDICT_READY_AFTER_ACTION}, {{0}, VERDICT_UNKNOWN}};
    for (size_t i = 0; i < G_N_ELEMENTS(hosts); i++) {
        g_auto(Estate) estate = {0};
        init(&estate);
        g_array_index(estate.hosts, Host, 1).details.vddk = hosts[i].has;
        estate_put_vm(&estate, add_vm(&estate, "web-01"), false);
        estate_freeze(&estate);
        g_autoptr(Plan) plan = plan_with(&estate, CONVERT_RULE " vddk", NULL);
        assert_verdict(&plan->items[0], hosts[i].verdict);
        g_assert_cmpstr(param(call_of(&estate, &plan->items[0]), "usevddk"), ==, "true");
    }
}

/* --- which are converted ---------------------------------------------------------------------- */

static void
test_which(void)
{
    g_auto(Estate) estate = {0};
    init(&estate);
    InstanceView *template = add_vm(&estate, "template");
    template->is_template = bool_known(true);
    estate_put_vm(&estate, add_vm(&estate, "stays"), true);
    estate_put_vm(&estate, add_vm(&estate, "goes"), true);
    estate_put_vm(&estate, template, true);
    estate_freeze(&estate);
    PlanOptions all = {.convert = "kvm-1"};
    static const struct {
        const char *rules;
        bool is_for_all;
        const char *commands[2]; /* of 'stays' and of 'goes' */
    } cases[] = {
        {NULL, false, {"importUnmanagedInstance", "importUnmanagedInstance"}},
        {NULL, true, {"importVm", "importVm"}},
        {"convert name goes -> cluster kvm-1", false, {"importUnmanagedInstance", "importVm"}},
        {"convert name stays -> none", true, {"importUnmanagedInstance", "importVm"}},
        {"convert name goes -> cluster kvm-1\nconvert any -> none", true,
            {"importUnmanagedInstance", "importVm"}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Plan) plan =
            plan_with(&estate, cases[i].rules, cases[i].is_for_all ? &all : NULL);
        for (size_t j = 0; j < 2; j++) {
            const Call *call = call_of(&estate, &plan->items[j]);
            g_assert_cmpstr(call->command.value, ==, cases[i].commands[j]);
            assert_verdict(&plan->items[j], VERDICT_READY);
        }
        assert_finding(&plan->items[2], "is-template");
        g_assert_null(plan->items[2].choice.convert.importsource.value);
    }
}

static void
test_kvm_stays_kvm(void)
{
    g_auto(Estate) estate = {.is_kvm = true};
    init(&estate);
    g_array_index(estate.clusters, Cluster, 0).hypervisortype = text_known("KVM");
    estate_put_vm(&estate, add_vm(&estate, "guest"), true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = plan_with(&estate, CONVERT_RULE, NULL);
    g_assert_null(plan->items[0].choice.convert.importsource.value);
    plan->items[0].choice.convert.importsource = text_known("vmware");
    g_autoptr(Plan) checked = check(&estate, plan);
    assert_finding(&checked->items[0], "convert-not-vmware");
    assert_verdict(&checked->items[0], VERDICT_BLOCKED);
}

/* CloudStack need not list what it reads through vCenter. */
static void
test_needs_no_view(void)
{
    g_auto(Estate) estate = {.has_no_view = true};
    init(&estate);
    estate_put_vm(&estate, add_vm(&estate, "web-01"), false);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = plan_with(&estate, CONVERT_RULE, NULL);
    Absence *absences = NULL;
    assert_verdict(&plan->items[0], VERDICT_READY);
    g_assert_cmpuint(plan_item_absences(&plan->items[0], &estate.arena, &absences), ==, 0);
}

/* A cluster that is none of KVM is an error before any VM is judged. */
static void
test_no_such_cluster(void)
{
    static const char *const names[] = {"kvm-9", CLUSTER_ID};
    g_auto(Estate) estate = {0};
    init(&estate);
    estate_put_vm(&estate, add_vm(&estate, "web-01"), false);
    estate_freeze(&estate);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        PlanOptions options = {.convert = names[i]};
        g_assert_null(plan_build(estate.inventory, estate.catalog, NULL, &options, &error));
        g_assert_error(error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND);
        g_assert_nonnull(strstr(error->message, "zone 'zone-1', which has 'kvm-1'"));
    }
}

/* How long it takes was measured by nobody. */
static void
test_time_is_not_known(void)
{
    g_auto(Estate) estate = {0};
    init(&estate);
    estate_put_vm(&estate, add_vm(&estate, "web-01"), true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = plan_with(&estate, CONVERT_RULE, NULL);
    bool has_row = false;
    for (size_t i = 0; i < plan->n_time; i++) {
        const TimeRow *row = &plan->time[i];
        has_row |= row->kind == TIME_CONVERT;
        g_assert_cmpint(row->kind, !=, TIME_IMPORT);
        g_assert_true(row->kind != TIME_CONVERT || row->count.value == 1);
        g_assert_true(row->kind == TIME_CATALOG || row->total_ms.state != FACT_KNOWN);
    }
    g_assert_true(has_row);
}

/* --- what the server does not look at --------------------------------------------------------- */

typedef struct Trait {
    const char *name;
    void (*change)(Estate *estate, InstanceView *view);
    const char *finding;
    Verdict verdict;
} Trait;

static void
runs(Estate *estate, InstanceView *view)
{
    (void)estate;
    view->power = POWER_ON;
}

static void
is_windows_off(Estate *estate, InstanceView *view)
{
    (void)estate;
    view->guest_os_id = text_known("windows2019srv_64Guest");
    view->guest_os_name = text_known("Microsoft Windows Server 2019 (64-bit)");
}

static void
is_solaris(Estate *estate, InstanceView *view)
{
    (void)estate;
    view->guest_os_id = text_known("solaris11_64Guest");
}

static void
is_other_linux(Estate *estate, InstanceView *view)
{
    (void)estate;
    view->guest_os_id = text_known("other5xLinux64Guest");
}

static void
guest_is_untold(Estate *estate, InstanceView *view)
{
    (void)estate;
    view->guest_os_id = view->guest_os_name = (Text){0};
}

static void
has_twin(Estate *estate, InstanceView *view)
{
    InstanceView *twin = add_vm(estate, view->name.value);
    twin->path = text_known("/DC0/vm/other");
    estate_put_vm(estate, twin, false);
}

static void
has_space_in_cluster(Estate *estate, InstanceView *view)
{
    (void)estate;
    view->cluster_name = text_known("Cluster 1");
}

static void
pool_has_little(Estate *estate, InstanceView *view)
{
    (void)view;
    StoragePool *pool = &g_array_index(estate->pools, StoragePool, 1);
    pool->disksizeused = int_known(pool->disksizetotal.value - 15 * GIB);
}

static void
pool_is_full(Estate *estate, InstanceView *view)
{
    (void)view;
    StoragePool *pool = &g_array_index(estate->pools, StoragePool, 1);
    pool->disksizeused = int_known(pool->disksizetotal.value - 5 * GIB);
}

static void
pool_is_untold(Estate *estate, InstanceView *view)
{
    (void)view;
    g_array_index(estate->pools, StoragePool, 1).disksizeused = (Int){0};
}

static void
pool_is_down(Estate *estate, InstanceView *view)
{
    (void)view;
    g_array_index(estate->pools, StoragePool, 1).state = text_known("Maintenance");
}

static void
store_has_little(Estate *estate, InstanceView *view)
{
    (void)view;
    ImageStore *store = &g_array_index(estate->image_stores, ImageStore, 0);
    store->disksizeused = int_known(store->disksizetotal.value - 30 * GIB);
}

static void
store_is_full(Estate *estate, InstanceView *view)
{
    (void)view;
    ImageStore *store = &g_array_index(estate->image_stores, ImageStore, 0);
    store->disksizeused = int_known(store->disksizetotal.value - 15 * GIB);
}

static void
store_is_untold(Estate *estate, InstanceView *view)
{
    (void)view;
    g_array_index(estate->image_stores, ImageStore, 0).disksizetotal = int_known(0);
}

static void
host_is_untold(Estate *estate, InstanceView *view)
{
    (void)view;
    g_array_index(estate->hosts, Host, 1).instanceconversionsupported = (Bool){0};
}

static void
is_managed(Estate *estate, InstanceView *view)
{
    estate_add_managed(estate, view->name.value, view->nics.items[0].mac.value, "id-of-other");
}

static void
was_converted(Estate *estate, InstanceView *view)
{
    ManagedVm *vm = estate_add_managed(estate, "i-2-7-VM", view->nics.items[0].mac.value, "other");
    vm->hypervisor = text_known("KVM");
    vm->displayname = view->name;
}

static void
caller_may_not(Estate *estate, InstanceView *view)
{
    (void)view;
    g_array_set_size(estate->apis, estate->apis->len - 1);
}

static void
network_has_other_vlan(Estate *estate, InstanceView *view)
{
    (void)estate;
    view->nics.items[0].vlan.id = int_known(20);
}

static const Trait traits[] = {
    {"runs", runs, "convert-running", VERDICT_READY},
    {"windows", is_windows_off, "convert-windows-drivers", VERDICT_READY_AFTER_ACTION},
    {"solaris", is_solaris, "convert-guest-refused", VERDICT_BLOCKED},
    {"other-linux", is_other_linux, "convert-guest-unknown", VERDICT_UNKNOWN},
    {"guest-untold", guest_is_untold, "convert-guest-unknown", VERDICT_UNKNOWN},
    {"twin", has_twin, "convert-name-twice", VERDICT_BLOCKED},
    {"space-in-name", has_space_in_cluster, "convert-name-with-space", VERDICT_UNKNOWN},
    {"pool-small", pool_has_little, "convert-pool-space", VERDICT_READY},
    {"pool-full", pool_is_full, "convert-pool-space", VERDICT_READY_AFTER_ACTION},
    {"pool-untold", pool_is_untold, "convert-space-untold", VERDICT_UNKNOWN},
    {"pool-down", pool_is_down, "convert-pool-not-up", VERDICT_READY_AFTER_ACTION},
    {"store-small", store_has_little, "convert-temporary-space", VERDICT_READY},
    {"store-full", store_is_full, "convert-temporary-space", VERDICT_READY_AFTER_ACTION},
    {"store-untold", store_is_untold, "convert-space-untold", VERDICT_UNKNOWN},
    {"host-untold", host_is_untold, "convert-host-untold", VERDICT_UNKNOWN},
    {"managed", is_managed, "convert-source-managed", VERDICT_READY_AFTER_ACTION},
    {"converted-before", was_converted, "convert-done-before", VERDICT_BLOCKED},
    {"caller", caller_may_not, "caller-not-permitted", VERDICT_BLOCKED},
    {"vlan", network_has_other_vlan, "vlan-without-network", VERDICT_BLOCKED},
};

static void
test_trait(gconstpointer data)
{
    const Trait *trait = data;
    g_auto(Estate) estate = {0};
    init(&estate);
    InstanceView *view = add_vm(&estate, "web-01");
    trait->change(&estate, view);
    estate_put_vm(&estate, view, false);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = plan_with(&estate, CONVERT_RULE, NULL);
    const PlanItem *item = &plan->items[plan->n_items - 1];
    assert_finding(item, trait->finding);
    assert_verdict(item, trait->verdict);
}

/* What one conversion takes, the next one has not. */
static void
test_space_is_taken_once(void)
{
    g_auto(Estate) estate = {0};
    init(&estate);
    StoragePool *pool = &g_array_index(estate.pools, StoragePool, 1);
    pool->disksizeused = int_known(pool->disksizetotal.value - 25 * GIB);
    estate_put_vm(&estate, add_vm(&estate, "vm-1"), false);
    estate_put_vm(&estate, add_vm(&estate, "vm-2"), false);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = plan_with(&estate, CONVERT_RULE, NULL);
    g_assert_null(find_finding(&plan->items[0], "convert-pool-space"));
    assert_finding(&plan->items[1], "convert-pool-space");
}

/* Each disk goes where the tags of its offering are. */
static void
test_tags_choose_the_pool(void)
{
    g_auto(Estate) estate = {0};
    init(&estate);
    estate_add_nfs_pool(&estate, "nfs-gold", "gold");
    estate_add_disk_offering(&estate, "do-gold", 0, "gold");
    estate_add_disk_offering(&estate, "do-silver", 0, "silver");
    InstanceView *view = add_vm(&estate, "db");
    estate_add_disk(&estate, view, 100, "ds1");
    make_convertible(view);
    estate_put_vm(&estate, view, false);
    estate_freeze(&estate);
    g_autoptr(Plan) gold = plan_with(&estate, CONVERT_RULE "\nprefer disk-offering do-gold", NULL);
    assert_verdict(&gold->items[0], VERDICT_READY);
    g_assert_cmpstr(gold->items[0].choice.disks.items[0].diskofferingid.value, ==, "id-of-do-gold");
    g_assert_cmpuint(gold->items[0].choice.migrate.n, ==, 0);
    gold->items[0].choice.disks.items[0].diskofferingid = text_known("id-of-do-silver");
    g_autoptr(Plan) silver = check(&estate, gold);
    assert_finding(&silver->items[0], "convert-pool-tags");
    assert_verdict(&silver->items[0], VERDICT_BLOCKED);
}

/* --- by hand ---------------------------------------------------------------------------------- */

static void
test_shut_down_by_the_run(void)
{
    g_auto(Estate) estate = {0};
    init(&estate);
    InstanceView *view = add_vm(&estate, "win");
    is_windows_off(&estate, view);
    view->power = POWER_ON;
    estate_put_vm(&estate, view, false);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = plan_with(&estate, CONVERT_RULE, NULL);
    assert_finding(&plan->items[0], "convert-windows-running");
    plan->items[0].choice.power.off = bool_known(true);
    g_autoptr(Plan) checked = check(&estate, plan);
    g_assert_null(find_finding(&checked->items[0], "convert-windows-running"));
    assert_finding(&checked->items[0], "convert-shuts-down");
    assert_verdict(&checked->items[0], VERDICT_READY_AFTER_ACTION);
}

/* No release compares the two on KVM. */
static void
test_other_vlan_is_told(void)
{
    g_auto(Estate) estate = {0};
    init(&estate);
    estate_add_network(&estate, "l2-20", 20);
    estate_put_vm(&estate, add_vm(&estate, "web-01"), false);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = plan_with(&estate, CONVERT_RULE, NULL);
    plan->items[0].choice.nics.items[0].networkid = text_known("id-of-l2-20");
    g_autoptr(Plan) checked = check(&estate, plan);
    assert_finding(&checked->items[0], "network-changes-vlan");
}

/* What is planned is judged the same when it is checked; without a source it is imported. */
static void
test_check_says_the_same(void)
{
    g_auto(Estate) estate = {0};
    init(&estate);
    InstanceView *view = add_vm(&estate, "web-01");
    runs(&estate, view);
    estate_put_vm(&estate, view, true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = plan_with(&estate, CONVERT_RULE, NULL);
    g_autoptr(Plan) checked = check(&estate, plan);
    const PlanItem *before = &plan->items[0], *after = &checked->items[0];
    g_assert_cmpuint(before->n_findings, ==, after->n_findings);
    for (size_t i = 0; i < before->n_findings; i++)
        g_assert_cmpstr(before->findings[i].kind->id, ==, after->findings[i].kind->id);
    plan->items[0].choice.migrate.items = arena_new(&estate.arena, MigrateChoice);
    plan->items[0].choice.migrate.n = 1;
    g_autoptr(Plan) moved = check(&estate, plan);
    assert_finding(&moved->items[0], "convert-moves-nothing");
    plan->items[0].choice.migrate.n = 0;
    plan->items[0].choice.convert.importsource = text_known("external");
    g_autoptr(Plan) external = check(&estate, plan);
    assert_finding(&external->items[0], "convert-source-not-planned");
    assert_verdict(&external->items[0], VERDICT_BLOCKED);
    plan->items[0].choice.convert = (ConvertChoice){0};
    plan->items[0].choice.clusterid = text_known(CLUSTER_ID);
    g_autoptr(Plan) imported = check(&estate, plan);
    assert_verdict(&imported->items[0], VERDICT_READY);
}

/* A parameter that the release does not know does nothing, and that is said. */
static void
test_unknown_parameters_are_told(void)
{
    g_auto(Estate) estate = {0};
    init(&estate);
    estate_put_vm(&estate, add_vm(&estate, "web-01"), false);
    estate_freeze(&estate);
    PlanOptions options = {.server_version = "4.20.3"};
    g_autoptr(Plan) plan = plan_with(&estate, CONVERT_RULE " vddk", &options);
    assert_finding(&plan->items[0], "convert-parameter-ignored");
    assert_verdict(&plan->items[0], VERDICT_READY);
    plan->items[0].choice.convert.usevddk = (Bool){.state = FACT_ABSENT};
    g_autoptr(Plan) open = check(&estate, plan);
    assert_finding(&open->items[0], "convert-vddk-left-open");
}

/* --- lists that were not read ----------------------------------------------------------------- */

static void
test_unread_lists_are_unknown(void)
{
    for (int i = 0; i < 4; i++) {
        g_auto(Estate) estate = {0};
        init(&estate);
        estate_put_vm(&estate, add_vm(&estate, "web-01"), false);
        estate_freeze(&estate);
        g_autoptr(Plan) plan = plan_with(&estate, CONVERT_RULE, NULL);
        Catalog *catalog = estate.catalog;
        FactState *states[] = {&catalog->hosts.state, &catalog->pools.state,
            &catalog->image_stores.state, &catalog->vmware_dcs.state};
        size_t *counts[] = {
            &catalog->hosts.n, &catalog->pools.n, &catalog->image_stores.n, &catalog->vmware_dcs.n};
        *states[i] = FACT_UNKNOWN;
        *counts[i] = 0;
        g_autoptr(Plan) checked = check(&estate, plan);
        assert_finding(&checked->items[0], "list-unread");
        assert_verdict(&checked->items[0], VERDICT_UNKNOWN);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/convert/linked-vcenter", test_linked_vcenter);
    g_test_add_func("/convert/other-vcenter", test_other_vcenter);
    g_test_add_func("/convert/older-releases", test_older_releases_are_asked_less);
    g_test_add_func("/convert/hosts-take-turns", test_hosts_take_turns);
    g_test_add_func("/convert/rule-options", test_rule_names_what_is_used);
    g_test_add_func("/convert/vddk", test_vddk);
    g_test_add_func("/convert/which", test_which);
    g_test_add_func("/convert/kvm-stays", test_kvm_stays_kvm);
    g_test_add_func("/convert/needs-no-view", test_needs_no_view);
    g_test_add_func("/convert/no-such-cluster", test_no_such_cluster);
    g_test_add_func("/convert/time-is-not-known", test_time_is_not_known);
    for (size_t i = 0; i < G_N_ELEMENTS(traits); i++) {
        g_autofree char *path = g_strdup_printf("/convert/trait/%s", traits[i].name);
        g_test_add_data_func(path, &traits[i], test_trait);
    }
    g_test_add_func("/convert/space-is-taken-once", test_space_is_taken_once);
    g_test_add_func("/convert/tags", test_tags_choose_the_pool);
    g_test_add_func("/convert/shut-down", test_shut_down_by_the_run);
    g_test_add_func("/convert/other-vlan", test_other_vlan_is_told);
    g_test_add_func("/convert/check-says-the-same", test_check_says_the_same);
    g_test_add_func("/convert/unknown-parameters", test_unknown_parameters_are_told);
    g_test_add_func("/convert/unread-lists", test_unread_lists_are_unknown);
    return g_test_run();
}
