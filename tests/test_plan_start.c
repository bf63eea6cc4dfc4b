/* SPDX-License-Identifier: Apache-2.0
 *
 * What the next stop and start changes, and whether a VM can start again.
 */
#include "tests/estate_builder.h"

typedef struct Case {
    const char *name;
    void (*change)(Estate *estate, InstanceView *view);
    const char *finding; /* NULL: must be ready without a warning */
    const char *text;    /* a part of its text, evidence or remedy */
    Verdict verdict;
    bool is_kvm;
} Case;

static Host *
host_of(Estate *estate)
{
    return &g_array_index(estate->hosts, Host, 0);
}

static void
set_value(Estate *estate, const char *name, const char *value)
{
    for (guint i = 0; i < estate->settings->len; i++) {
        Setting *setting = &g_array_index(estate->settings, Setting, i);
        if (!strcmp(setting->name.value, name))
            setting->value = text_known(value);
    }
}

static void
tune(Estate *estate, InstanceView *view, const char *key, const char *value)
{
    view->tunings.items = arena_new(&estate->arena, Attribute);
    view->tunings.items[0] = (Attribute){text_known(key), text_known(value)};
    view->tunings.n = 1;
}

static void
nothing(Estate *estate, InstanceView *view)
{
    (void)estate, (void)view;
}

static void
hot_add(Estate *estate, InstanceView *view)
{
    tune(estate, view, "cpu-hot-add", "true");
}

static void
latency(Estate *estate, InstanceView *view)
{
    tune(estate, view, "latency-sensitivity", "high");
}

static void
cpu_mode(Estate *estate, InstanceView *view)
{
    tune(estate, view, "cpu-mode", "host-passthrough");
}

static void
direct_kernel(Estate *estate, InstanceView *view)
{
    tune(estate, view, "direct-kernel", "true");
}

static void
machine(Estate *estate, InstanceView *view)
{
    (void)estate;
    view->hardware_version = text_known("pc-q35-7.2");
}

static void
uuid(Estate *estate, InstanceView *view)
{
    (void)estate;
    view->bios_uuid = text_known("11112222-3333-4444-5555-666677778888");
}

static void
windows_on_linux_template(Estate *estate, InstanceView *view)
{
    LAST(Template, estate->templates)->ostypename = text_known("CentOS 7");
    tune(estate, view, "hyperv", "true");
}

static void
memory_reservation(Estate *estate, InstanceView *view)
{
    (void)estate;
    view->memory_reservation_bytes = int_known((int64_t)1 << 30);
}

static void
kept_reservation(Estate *estate, InstanceView *view)
{
    memory_reservation(estate, view);
    estate_add_setting(estate, "vmware.reserve.mem", "true");
}

static void
cpu_limit(Estate *estate, InstanceView *view)
{
    (void)view;
    LAST(ServiceOffering, estate->service_offerings)->limitcpuuse = bool_known(true);
}

static void
uefi(Estate *estate, InstanceView *view)
{
    (void)estate;
    view->firmware = FIRMWARE_UEFI;
    view->secure_boot = bool_known(true);
}

static void
uefi_without_host(Estate *estate, InstanceView *view)
{
    uefi(estate, view);
    host_of(estate)->ueficapability = bool_known(false);
}

static void
uefi_untold(Estate *estate, InstanceView *view)
{
    uefi(estate, view);
    host_of(estate)->ueficapability = (Bool){0};
}

static void
e1000e(Estate *estate, InstanceView *view)
{
    (void)estate;
    view->nics.items[0].adapter = text_known("E1000");
    view->nics.items[0].adapter_type = text_known("VirtualE1000e");
}

static void
vmxnet3(Estate *estate, InstanceView *view)
{
    (void)estate;
    view->nics.items[0].adapter_type = text_known("VirtualVmxnet3");
}

static void
unplugged(Estate *estate, InstanceView *view)
{
    (void)estate;
    view->nics.items[0].is_connected = bool_known(false);
    view->nics.items[0].starts_connected = bool_known(true);
}

static void
on_portgroup(Estate *estate, InstanceView *view)
{
    Portgroup group = {.source = text_known("vc"),
        .id = text_known("dvportgroup-1"),
        .name = text_known("prod"),
        .kind = SWITCH_DISTRIBUTED,
        .allows_promiscuous = bool_known(false),
        .allows_forged_transmits = bool_known(true),
        .allows_mac_changes = bool_known(true)};
    TrafficType traffic = {.physicalnetworkid = text_known("physical-1"),
        .traffictype = text_known("Guest"),
        .vmwarenetworklabel = text_known("dvSwitch0,,vmwaredvs")};
    estate_put(estate, RECORD_PORTGROUP, &group);
    g_array_append_val(estate->traffic_types, traffic);
    view->nics.items[0].portgroup = text_known("dvportgroup-1");
    estate_add_setting(estate, "network.promiscuous.mode", "false");
    estate_add_setting(estate, "network.forged.transmits", "true");
    estate_add_setting(estate, "network.mac.address.changes", "true");
}

static void
other_security(Estate *estate, InstanceView *view)
{
    on_portgroup(estate, view);
    set_value(estate, "network.forged.transmits", "false");
}

static void
rate_by_setting(Estate *estate, InstanceView *view)
{
    (void)view;
    set_value(estate, "vm.network.throttling.rate", "200");
}

static void
rate_by_offering(Estate *estate, InstanceView *view)
{
    rate_by_setting(estate, view);
    LAST(ServiceOffering, estate->service_offerings)->networkrate = int_known(1000);
}

static void
no_rate(Estate *estate, InstanceView *view)
{
    rate_by_setting(estate, view);
    LAST(ServiceOffering, estate->service_offerings)->networkrate = int_known(0);
}

static void
disabled_host(Estate *estate, InstanceView *view)
{
    (void)view;
    host_of(estate)->resourcestate = text_known("Disabled");
}

static void
dedicated_host(Estate *estate, InstanceView *view)
{
    (void)view;
    DedicatedHost dedicated = {.hostid = text_known("cs-host-1")};
    g_array_append_val(estate->dedicated_hosts, dedicated);
}

static void
dedicated_cluster(Estate *estate, InstanceView *view)
{
    (void)view;
    DedicatedCluster dedicated = {.clusterid = text_known(CLUSTER_ID)};
    g_array_append_val(estate->dedicated_clusters, dedicated);
}

static void
slow_host(Estate *estate, InstanceView *view)
{
    (void)view;
    host_of(estate)->cpuspeed = int_known(999); /* the offering has 1000 */
}

static void
small_host(Estate *estate, InstanceView *view)
{
    (void)view;
    host_of(estate)->memorytotal = int_known(2047LL << 20);
}

static void
overcommitted_host(Estate *estate, InstanceView *view)
{
    small_host(estate, view);
    g_array_index(estate->clusters, Cluster, 0).memoryovercommitratio = text_known("4.0");
}

static void
full_host(Estate *estate, InstanceView *view)
{
    (void)view;
    host_of(estate)->memorytotal = int_known(8LL << 30);
    host_of(estate)->memoryallocatedbytes = int_known((6LL << 30) + (1 << 20));
}

static void
full_host_and_off(Estate *estate, InstanceView *view)
{
    full_host(estate, view);
    view->power = POWER_OFF;
}

static void
unknown_allocation(Estate *estate, InstanceView *view)
{
    (void)view;
    host_of(estate)->cpuallocatedvalue = (Int){0};
}

static void
other_version(Estate *estate, InstanceView *view)
{
    (void)view;
    Host other = *host_of(estate);
    other.id = text_known("cs-host-2");
    other.name = text_known("esx2");
    other.hypervisorversion = text_known("8.0.3");
    host_of(estate)->hypervisorversion = text_known("7.0.3");
    g_array_append_val(estate->hosts, other);
    LAST(OsMapping, estate->os_mappings)->hypervisorversion = text_known("7.0.3");
}

static void
tag_on_other_host(Estate *estate, InstanceView *view)
{
    (void)view;
    Host other = *host_of(estate);
    other.id = text_known("cs-host-2");
    other.name = text_known("esx2");
    other.hosttags = one_text(estate, "ssd");
    g_array_append_val(estate->hosts, other);
    LAST(ServiceOffering, estate->service_offerings)->hosttags = one_text(estate, "ssd");
}

static const Case cases[] = {
    {"plain-vm-starts-as-it-is", nothing, NULL, NULL, VERDICT_READY, false},
    {"hot-add-is-turned-off", hot_add, "start-resets-setting", "isdynamicallyscalable",
        VERDICT_READY, false},
    {"latency-needs-its-reservation", latency, "start-resets-setting", "may not power on",
        VERDICT_READY, false},
    {"cpu-mode-is-the-agents", cpu_mode, "start-resets-setting", "agent.properties", VERDICT_READY,
        true},
    {"direct-kernel-needs-a-boot-loader", direct_kernel, "start-resets-setting", "boot loader",
        VERDICT_READY_AFTER_ACTION, true},
    {"q35-with-bios-becomes-pc", machine, "start-resets-setting", "'pc' (i440FX)", VERDICT_READY,
        true},
    {"uuid-is-of-the-record", uuid, "start-changes-uuid",
        "customid=11112222-3333-4444-5555-666677778888", VERDICT_READY, true},
    {"windows-needs-its-os-type", windows_on_linux_template, "start-changes-guest-os", "CentOS 7",
        VERDICT_READY, true},
    {"reservation-may-go", memory_reservation, "start-resets-setting", "1024 MiB", VERDICT_READY,
        false},
    {"reservation-that-cloudstack-makes", kept_reservation, "start-resets-setting",
        "becomes all that the offering gives", VERDICT_READY, false},
    {"cpu-limit-of-the-offering", cpu_limit, "start-limits-cpu", "limited to 2000 MHz",
        VERDICT_READY, false},
    {"uefi-is-recorded", uefi, NULL, NULL, VERDICT_READY, false},
    {"uefi-needs-a-host", uefi_without_host, "no-host-with-uefi", "ueficapability",
        VERDICT_READY_AFTER_ACTION, false},
    {"uefi-of-hosts-untold", uefi_untold, "start-untold", "UEFI", VERDICT_READY, false},
    {"e1000e-becomes-e1000", e1000e, "start-changes-adapter", "VirtualE1000e", VERDICT_READY,
        false},
    {"vmxnet3-stays", vmxnet3, NULL, NULL, VERDICT_READY, false},
    {"unplugged-nic-is-plugged-in", unplugged, "start-connects-nic", "Connected: no", VERDICT_READY,
        false},
    {"port-group-is-made", on_portgroup, "start-moves-port-group", "dvSwitch0", VERDICT_READY,
        false},
    {"security-policy-changes", other_security, "start-changes-port-security",
        "forged transmits accepted, then rejected", VERDICT_READY, false},
    {"rate-by-setting", rate_by_setting, "start-limits-nic", "limited to 200 Mbit/s", VERDICT_READY,
        false},
    {"rate-by-offering", rate_by_offering, "start-limits-nic", "limited to 1000 Mbit/s",
        VERDICT_READY, false},
    {"rate-none", no_rate, NULL, NULL, VERDICT_READY, false},
    {"host-disabled", disabled_host, "no-host-up", "Enable", VERDICT_READY_AFTER_ACTION, false},
    {"host-dedicated", dedicated_host, "no-host-undedicated", "'esx1'", VERDICT_READY_AFTER_ACTION,
        false},
    {"cluster-dedicated", dedicated_cluster, "no-host-undedicated", "the cluster",
        VERDICT_READY_AFTER_ACTION, false},
    {"offering-faster-than-hosts", slow_host, "no-host-large-enough", "fastest 999 MHz",
        VERDICT_READY_AFTER_ACTION, false},
    {"host-too-small", small_host, "no-host-large-enough", "2048 MiB", VERDICT_READY_AFTER_ACTION,
        false},
    {"host-overcommitted", overcommitted_host, NULL, NULL, VERDICT_READY, false},
    {"host-full", full_host, "no-host-with-room", "2047 MiB", VERDICT_READY, false},
    {"host-full-and-vm-off", full_host_and_off, "no-host-with-room", "2047 MiB",
        VERDICT_READY_AFTER_ACTION, false},
    {"allocation-untold", unknown_allocation, "start-untold", "what its hosts have given away",
        VERDICT_READY, false},
    {"guest-os-unmapped-on-other-host", other_version, "guest-os-unmapped-on-host", "8.0.3",
        VERDICT_READY, false},
    {"host-tag-elsewhere", tag_on_other_host, "start-on-other-host", "ssd", VERDICT_READY, false},
};

static const Finding *
first_warning(const PlanItem *item)
{
    for (size_t i = 0; i < item->n_findings; i++)
        if (item->findings[i].severity > SEVERITY_INFO)
            return &item->findings[i];
    return NULL;
}

static void
test_case(gconstpointer data)
{
    const Case *it = data;
    g_auto(Estate) estate = {.is_kvm = it->is_kvm};
    estate_init_plain(&estate);
    if (it->is_kvm) {
        LAST(Cluster, estate.clusters)->hypervisortype = text_known("KVM");
        estate_add_template(&estate, "placeholder", 1 << 20);
    }
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

/* The sum of the plan counts, in its order; what is not ready takes nothing. */
static void
test_wave_fills_the_cluster(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    host_of(&estate)->memorytotal = int_known(10LL << 30); /* 9.5 GiB below the threshold */
    host_of(&estate)->memoryallocatedbytes = int_known(3LL << 30);
    for (int i = 0; i < 5; i++) {
        InstanceView *view = estate_add_plain_vm(&estate, estate_text(&estate, "vm-%d", i));
        if (i == 1)
            view->disks.items[0].datastore_name = text_known("elsewhere");
        estate_put_vm(&estate, view, true);
    }
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    assert_verdict(&plan->items[1], VERDICT_BLOCKED);
    for (int i = 0; i < 5; i++)
        g_assert_cmpint(
            find_finding(&plan->items[i], "cluster-over-threshold") != NULL, ==, i == 4);
    g_assert_cmpint(find_finding(&plan->items[4], "cluster-over-threshold")->args[2].number, ==,
        (3 + 3 * 2) * 1024);
    assert_finding(&plan->items[4], "no-host-with-room");
    g_assert_null(find_finding(&plan->items[3], "no-host-with-room"));
}

/* A cluster's own threshold stands before the global one; none at all is told. */
static void
test_threshold_of_the_cluster(void)
{
    for (int i = 0; i < 3; i++) {
        g_auto(Estate) estate = {0};
        estate_init_plain(&estate);
        host_of(&estate)->memorytotal = int_known(8LL << 30);
        ClusterSetting own = {text_known("cluster.memory.allocated.capacity.disablethreshold"),
            text_known(CLUSTER_ID), text_known("0.20")};
        if (i == 1)
            g_array_append_val(estate.cluster_settings, own);
        if (i == 2)
            g_array_set_size(estate.settings, 0);
        estate_put_vm(&estate, estate_add_plain_vm(&estate, "web-01"), true);
        estate_freeze(&estate);
        g_autoptr(Plan) plan = estate_plan(&estate, NULL);
        g_assert_cmpint(
            find_finding(&plan->items[0], "cluster-over-threshold") != NULL, ==, i == 1);
        g_assert_cmpint(find_finding(&plan->items[0], "start-untold") != NULL, ==, i == 2);
    }
}

static const struct {
    const char *version;
    bool by_vmware, by_kvm; /* the release records UEFI by itself */
} recorders[] = {{"4.18.2", false, false}, {"4.19.3", false, false}, {"4.20.0", false, false},
    {"4.20.1", false, false}, {"4.20.2", true, true}, {"4.20.3", true, true},
    {"4.21.0", true, false}, {"4.22.0", true, true}, {"4.22.1", true, true},
    {"4.23.0", true, true}};

static bool
proposes_uefi(const PlanItem *item)
{
    for (size_t i = 0; i < item->choice.details.n; i++)
        if (!strcmp(item->choice.details.items[i].key.value, "UEFI")) {
            g_assert_cmpstr(item->choice.details.items[i].value.value, ==, "SECURE");
            return true;
        }
    return false;
}

/* What a release does not record is proposed as a detail; taken out, it is missed. */
static void
test_firmware_by_release(void)
{
    for (size_t i = 0; i < 2 * G_N_ELEMENTS(recorders); i++) {
        bool is_kvm = i % 2;
        g_auto(Estate) estate = {.is_kvm = is_kvm};
        g_autoptr(GError) error = NULL;
        estate_init_plain(&estate);
        if (is_kvm)
            LAST(Cluster, estate.clusters)->hypervisortype = text_known("KVM");
        estate_add_template(&estate, "placeholder", 1 << 20);
        InstanceView *view = estate_add_plain_vm(&estate, "web-01");
        uefi(&estate, view);
        estate_put_vm(&estate, view, true);
        estate_freeze(&estate);
        estate.catalog->info.version = text_known(recorders[i / 2].version);
        g_autoptr(Plan) plan = estate_plan(&estate, NULL);
        bool records = is_kvm ? recorders[i / 2].by_kvm : recorders[i / 2].by_vmware;
        g_test_message("%s on %s", recorders[i / 2].version, is_kvm ? "KVM" : "VMware");
        g_assert_cmpint(proposes_uefi(&plan->items[0]), ==, !records);
        g_assert_null(find_finding(&plan->items[0], "start-loses-uefi"));
        plan->items[0].choice.details.n = 0;
        g_autoptr(Plan) checked =
            plan_check(plan, estate.inventory, estate.catalog, NULL, NULL, &error);
        g_assert_no_error(error);
        g_assert_cmpint(find_finding(&checked->items[0], "start-loses-uefi") != NULL, ==, !records);
    }
}

static void
test_details_that_contradict(void)
{
    g_auto(Estate) estate = {0};
    g_autoptr(GError) error = NULL;
    estate_init_plain(&estate);
    estate_put_vm(&estate, estate_add_plain_vm(&estate, "web-01"), true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    DetailChoice detail = {text_known("rootDiskController"), text_known("ide")};
    plan->items[0].choice.details.items = &detail;
    plan->items[0].choice.details.n = 1;
    g_autoptr(Plan) checked =
        plan_check(plan, estate.inventory, estate.catalog, NULL, NULL, &error);
    g_assert_no_error(error);
    assert_finding(&checked->items[0], "start-changes-controller");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/plan/start/%s", cases[i].name);
        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/plan/start/wave-fills-the-cluster", test_wave_fills_the_cluster);
    g_test_add_func("/plan/start/threshold-of-the-cluster", test_threshold_of_the_cluster);
    g_test_add_func("/plan/start/firmware-by-release", test_firmware_by_release);
    g_test_add_func("/plan/start/details-that-contradict", test_details_that_contradict);
    return g_test_run();
}
