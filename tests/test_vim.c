/* SPDX-License-Identifier: Apache-2.0
 *
 * The vSphere reader on answers written down: what gSOAP, the collector and the tables make of
 * single elements. Whole estates are tests/it_vsphere.py.
 */
#include "tests/vim_replay.h"

#include "cleanup.h"

#define OBJECT(type, id, properties)                                                               \
    "<objects><obj type=\"" type "\">" id "</obj>" properties "</objects>"
#define PROPERTY(name, type, value)                                                                \
    "<propSet><name>" name "</name><val xsi:type=\"" type "\">" value "</val></propSet>"
#define NAME(value) PROPERTY("name", "xsd:string", value)
#define VM(id, properties)                                                                         \
    OBJECT("VirtualMachine", id, PROPERTY("config.uuid", "xsd:string", "u-" id) properties)
#define DEVICES(devices) PROPERTY("config.hardware.device", "ArrayOfVirtualDevice", devices)

/* One run over written answers. */
typedef struct Fixture {
    Replay replay;
    InventoryBuilder *builder;
    Inventory *inventory;
    GError *error;
    bool is_ok;
} Fixture;

static const SourceContext no_context;

static void
fixture_run(Fixture *fixture)
{
    fixture->builder = inventory_builder_new();
    fixture->is_ok =
        replay_run(&fixture->replay, inventory_builder_sink(fixture->builder), &fixture->error);
    vim_session_close(fixture->replay.session);
    fixture->inventory = inventory_builder_freeze(fixture->builder);
}

static void
fixture_init(Fixture *fixture, const char *const *answers, size_t n)
{
    *fixture = (Fixture){0};
    replay_init(&fixture->replay, &no_context, (char **)answers, n);
}

static void
fixture_release(Fixture *fixture)
{
    g_clear_error(&fixture->error);
    inventory_unref(fixture->inventory);
    inventory_builder_free(fixture->builder);
    replay_release(&fixture->replay);
}

static const InstanceView *
only_view(const Fixture *fixture)
{
    g_assert_no_error(fixture->error);
    g_assert_cmpuint(fixture->inventory->n_views, ==, 1);
    return fixture->inventory->views[0];
}

static unsigned
count_requests(const Fixture *fixture, const char *text)
{
    unsigned n = 0;
    for (guint i = 0; i < fixture->replay.requests->len; i++)
        n += strstr(fixture->replay.requests->pdata[i], text) != NULL;
    return n;
}

/* --- the reader ------------------------------------------------------------------------------- */

static void
test_text_is_kept(void)
{
    const char *answers[] = {REPLAY_NOTHING,
        REPLAY_PAGE(VM(
            "vm-1", NAME("  a%2fb &amp; &lt;c&gt; &#x17d;&#10;<![CDATA[<d> & ]]>\xc5\xa1 %41 ")))};
    Fixture fixture;
    fixture_init(&fixture, answers, G_N_ELEMENTS(answers));
    fixture_run(&fixture);
    g_assert_cmpstr(
        only_view(&fixture)->name.value, ==, "  a/b & <c> \xc5\xbd\n<d> & \xc5\xa1 %41 ");
    fixture_release(&fixture);
}

static void
test_bad_utf8_is_replaced(void)
{
    const char *answers[] = {REPLAY_NOTHING, REPLAY_PAGE(VM("vm-1", NAME("a\xff"
                                                                         "b&#xd800;")))};
    Fixture fixture;
    fixture_init(&fixture, answers, G_N_ELEMENTS(answers));
    fixture_run(&fixture);
    const char *name = only_view(&fixture)->name.value;
    g_assert_true(g_utf8_validate(name, -1, NULL));
    g_assert_true(g_str_has_prefix(name, "a\xef\xbf\xbd"
                                         "b"));
    fixture_release(&fixture);
}

#define SET(name, value) PROPERTY(name, "xsd:anyType", value)
/* clang-format off */
static const char tuned_vm[] = REPLAY_PAGE(VM("vm-1", NAME("a")
    SET("config.cpuHotAddEnabled", "true")
    SET("config.memoryHotAddEnabled", "false")
    SET("config.cpuAffinity", "<affinitySet>2</affinitySet><affinitySet>3</affinitySet>")
    SET("config.memoryAffinity", "")
    SET("config.latencySensitivity", "<level>high</level>")
    SET("config.repConfig", "<vmReplicationId>GID-1</vmReplicationId>")
    SET("resourceConfig.cpuAllocation",
        "<limit>-1</limit><shares><shares>4000</shares><level>high</level></shares>")
    SET("resourceConfig.memoryAllocation",
        "<limit>2048</limit><shares><shares>4096</shares><level>custom</level></shares>")));
/* clang-format on */

/* Only what differs from the defaults is told; an empty list says that all are at theirs. */
static void
test_tunings_are_read(void)
{
    static const char *const expected[][2] = {{"cpu-hot-add", "true"}, {"cpu-affinity", "2,3"},
        {"cpu-shares", "high"}, {"memory-shares", "4096"}, {"memory-limit-mib", "2048"},
        {"latency-sensitivity", "high"}, {"replication", "GID-1"}};
    const char *answers[] = {REPLAY_NOTHING, tuned_vm};
    Fixture fixture;
    fixture_init(&fixture, answers, G_N_ELEMENTS(answers));
    fixture_run(&fixture);
    const InstanceView *view = only_view(&fixture);
    g_assert_cmpuint(view->tunings.n, ==, G_N_ELEMENTS(expected));
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_assert_cmpstr(view->tunings.items[i].key.value, ==, expected[i][0]);
        g_assert_cmpstr(view->tunings.items[i].value.value, ==, expected[i][1]);
    }
    fixture_release(&fixture);
}

static void
test_wrong_end_tag_is_refused(void)
{
    const char *answers[] = {REPLAY_NOTHING,
        REPLAY_PAGE(VM("vm-1", NAME("kept")) "<objects><obj type=\"VirtualMachine\">vm-2</obj>"
                                             "<propSet><name>name</name></wrong></objects>")};
    Fixture fixture;
    fixture_init(&fixture, answers, G_N_ELEMENTS(answers));
    fixture_run(&fixture);
    g_assert_error(fixture.error, INGEST_ERROR, INGEST_ERROR_PROTOCOL);
    g_assert_cmpuint(fixture.inventory->n_views, ==, 1);
    g_assert_cmpstr(fixture.inventory->views[0]->name.value, ==, "kept");
    g_assert_cmpuint(count_requests(&fixture, "vim25:Logout>"), ==, 1);
    fixture_release(&fixture);
}

static void
test_truncated_answer_is_refused(void)
{
    const char *answers[] = {REPLAY_NOTHING,
        "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body>"
        "<RetrievePropertiesExResponse xmlns=\"urn:vim25\"><returnval><objects>"};
    Fixture fixture;
    fixture_init(&fixture, answers, G_N_ELEMENTS(answers));
    fixture_run(&fixture);
    g_assert_error(fixture.error, INGEST_ERROR, INGEST_ERROR_PROTOCOL);
    fixture_release(&fixture);
}

/* --- the collector ---------------------------------------------------------------------------- */

static void
test_token_zero_is_a_token(void)
{
    const char *answers[] = {REPLAY_NOTHING, REPLAY_PAGE("<token>0</token>" VM("vm-1", NAME("a"))),
        REPLAY_NEXT_PAGE("<token>00</token>" VM("vm-2", NAME("b")) VM("vm-1", NAME("a"))),
        REPLAY_NEXT_PAGE(VM("vm-3", NAME("c")))};
    Fixture fixture;
    fixture_init(&fixture, answers, G_N_ELEMENTS(answers));
    fixture_run(&fixture);
    g_assert_no_error(fixture.error);
    g_assert_cmpuint(fixture.inventory->n_views, ==, 3); /* vm-1 came twice */
    g_assert_cmpuint(count_requests(&fixture, "<vim25:token>0</vim25:token>"), ==, 1);
    g_assert_cmpuint(count_requests(&fixture, "vim25:DestroyView>"), ==, 2);
    fixture_release(&fixture);
}

static void
test_expired_session_starts_again(void)
{
    const char *answers[] = {REPLAY_NOTHING, REPLAY_PAGE("<token>1</token>" VM("vm-1", NAME("a"))),
        REPLAY_FAULT("NotAuthenticated", ""),
        REPLAY_PAGE(VM("vm-1", NAME("a")) VM("vm-2", NAME("b")))};
    Fixture fixture;
    fixture_init(&fixture, answers, G_N_ELEMENTS(answers));
    fixture_run(&fixture);
    g_assert_no_error(fixture.error);
    g_assert_cmpuint(fixture.inventory->n_views, ==, 2);
    g_assert_cmpuint(count_requests(&fixture, "vim25:Login>"), ==, 2);
    fixture_release(&fixture);
}

static void
test_unknown_property_is_dropped(void)
{
    const char *answers[] = {REPLAY_NOTHING,
        REPLAY_FAULT("InvalidProperty", "<name>config.managedBy</name>"),
        REPLAY_PAGE(VM("vm-1", NAME("a")))};
    Fixture fixture;
    fixture_init(&fixture, answers, G_N_ELEMENTS(answers));
    fixture_run(&fixture);
    const InstanceView *view = only_view(&fixture);
    g_assert_cmpuint(count_requests(&fixture, ">config.managedBy<"), ==, 1);
    g_assert_cmpint(view->managed_by.state, ==, FACT_UNKNOWN);
    g_assert_cmpint(view->annotation.state, ==, FACT_ABSENT); /* unset means none */
    fixture_release(&fixture);
}

static void
test_server_fault_is_told(void)
{
    const char *answers[] = {
        REPLAY_NOTHING, REPLAY_FAULT("NoPermission", "<privilegeId>System.View</privilegeId>")};
    Fixture fixture;
    fixture_init(&fixture, answers, G_N_ELEMENTS(answers));
    fixture_run(&fixture);
    g_assert_error(fixture.error, INGEST_ERROR, INGEST_ERROR_AUTH);
    g_assert_nonnull(strstr(fixture.error->message, "NoPermission System.View: text of the fault"));
    fixture_release(&fixture);
}

static void
test_fault_without_type_goes_by_name(void)
{
    const char *answers[] = {REPLAY_NOTHING,
        REPLAY_ENVELOPE("<soapenv:Fault><faultcode>c</faultcode><faultstring>s</faultstring>"
                        "<detail><x:InvalidLoginFault xmlns:x=\"urn:vim25\"><object "
                        "type=\"Folder\">f</object></x:InvalidLoginFault></detail>"
                        "</soapenv:Fault>")};
    Fixture fixture;
    fixture_init(&fixture, answers, G_N_ELEMENTS(answers));
    fixture_run(&fixture);
    g_assert_error(fixture.error, INGEST_ERROR, INGEST_ERROR_AUTH);
    g_assert_nonnull(strstr(fixture.error->message, "InvalidLogin: s"));
    fixture_release(&fixture);
}

/* --- the session ------------------------------------------------------------------------------ */

static void
test_cookie_goes_back_verbatim(void)
{
    const char *answers[] = {REPLAY_NOTHING, REPLAY_NOTHING};
    Fixture fixture;
    fixture_init(&fixture, answers, G_N_ELEMENTS(answers));
    fixture_run(&fixture);
    g_assert_no_error(fixture.error);
    /* All calls after the login. */
    g_assert_cmpuint(count_requests(&fixture, "\r\nCookie: vmware_soap_session=\"a/b:c =d\"\r\n"),
        ==, fixture.replay.requests->len - 2);
    fixture_release(&fixture);
}

static void
check_version(const char *server, const char *highest, const char *declared)
{
    const char *answers[] = {REPLAY_NOTHING, REPLAY_NOTHING};
    g_autofree char *text = g_strdup_printf("urn:vim25/%s\"", declared);
    Fixture fixture;
    fixture_init(&fixture, answers, G_N_ELEMENTS(answers));
    fixture.replay.api_version = server;
    g_autofree char *cap = g_strdup(highest);
    fixture.replay.config.api_version = cap;
    fixture_run(&fixture);
    g_assert_no_error(fixture.error);
    g_assert_cmpuint(count_requests(&fixture, text), ==, fixture.replay.requests->len - 1);
    fixture_release(&fixture);
}

static void
test_version_is_the_highest_both_know(void)
{
    check_version("8.0.2.0", "8.0.3.0", "8.0.2.0");
    check_version("9.0.0.0", "8.0.3.0", "8.0.3.0");
    check_version("8.0.10.0", "8.0.3.0", "8.0.3.0");
    check_version("6.7.3", "8.0.3.0", "6.7.3");
    check_version("8.0.2.0", "6.7", "6.7");
}

static void
test_password_is_escaped_and_not_told(void)
{
    const char *answers[] = {REPLAY_FAULT("InvalidLogin", "")};
    Fixture fixture;
    fixture_init(&fixture, answers, G_N_ELEMENTS(answers));
    fixture_run(&fixture);
    g_assert_cmpuint(count_requests(&fixture, ">pa&lt;&amp;&gt;ss<"), ==, 1);
    g_assert_null(strstr(fixture.error->message, "pa<"));
    fixture_release(&fixture);
}

/* --- devices ---------------------------------------------------------------------------------- */

#define DISK_DEVICE(type, key, members)                                                            \
    "<VirtualDevice xsi:type=\"" type "\"><key>" key "</key><deviceInfo><label>Hard disk " key     \
    "</label></deviceInfo>" members "</VirtualDevice>"

static void
test_unknown_types_are_told_by_members(void)
{
    const char *answers[] = {REPLAY_NOTHING,
        REPLAY_PAGE(VM("vm-51",
            DEVICES("<VirtualDevice xsi:type=\"ns9:VirtualFutureNic\"><key>4000</key>"
                    "<lanes><macAddress>x</macAddress></lanes>"
                    "<macAddress>00:50:56:AA:BB:CC</macAddress></VirtualDevice>" DISK_DEVICE(
                        "VirtualFutureDisk", "2000",
                        "<capacityInKB>1024</capacityInKB><backing xsi:type=\"FutureBacking\">"
                        "<fileName>[ds 1] a/b.vmdk</fileName></backing>") DISK_DEVICE("VirtualDisk",
                        "2001", "<controllerKey>7</controllerKey>") "<VirtualDevice "
                                                                    "xsi:type=\"VirtualFuture\"><"
                                                                    "key>9</key></VirtualDevice>"
                                                                    "<VirtualDevice><key>10</key></"
                                                                    "VirtualDevice>")))};
    Fixture fixture;
    fixture_init(&fixture, answers, G_N_ELEMENTS(answers));
    fixture_run(&fixture);
    const InstanceView *view = only_view(&fixture);
    g_assert_cmpuint(view->nics.n, ==, 1);
    g_assert_cmpstr(view->nics.items[0].mac.value, ==, "00:50:56:aa:bb:cc");
    g_assert_cmpstr(view->nics.items[0].adapter.value, ==, "E1000");
    g_assert_cmpuint(view->disks.n, ==, 2);
    g_assert_cmpstr(view->disks.items[0].id.value, ==, "51-2000");
    g_assert_cmpint(view->disks.items[0].capacity_bytes.value, ==, 1 << 20);
    g_assert_cmpstr(view->disks.items[0].datastore_name.value, ==, "ds 1");
    g_assert_cmpstr(view->disks.items[0].backing_type.value, ==, "FutureBacking");
    g_assert_cmpint(view->disks.items[0].backing, ==, DISK_BACKING_OTHER);
    g_assert_cmpint(view->disks.items[1].path.state, ==, FACT_UNKNOWN);
    g_assert_cmpuint(view->devices.n, ==, 2);
    g_assert_cmpstr(view->devices.items[0].kind.value, ==, "unknown");
    g_assert_cmpuint(view->problems.n, >=, 6);
    fixture_release(&fixture);
}

static void
test_unset_is_not_unreadable(void)
{
    const char *answers[] = {REPLAY_NOTHING,
        REPLAY_PAGE(OBJECT("VirtualMachine", "vm-1",
            NAME("x") "<missingSet><path>snapshot</path><fault><fault xsi:type=\"NoPermission\">"
                      "<object type=\"VirtualMachine\">vm-1</object>"
                      "<privilegeId>System.Read</privilegeId></fault></fault></missingSet>"))};
    Fixture fixture;
    fixture_init(&fixture, answers, G_N_ELEMENTS(answers));
    fixture_run(&fixture);
    const InstanceView *view = only_view(&fixture);
    g_assert_cmpint(view->disks.state, ==, FACT_UNKNOWN);
    g_assert_cmpint(view->snapshots.state, ==, FACT_UNKNOWN);
    g_assert_cmpint(view->annotation.state, ==, FACT_UNKNOWN);
    g_assert_cmpint(view->secure_boot.state, ==, FACT_UNKNOWN);
    g_assert_cmpuint(view->problems.n, ==, 2);
    g_assert_cmpstr(view->problems.items[0].id.value, ==, "rights-missing");
    g_assert_nonnull(strstr(view->problems.items[0].evidence.value, "System.Read: snapshot"));
    g_assert_cmpstr(view->problems.items[1].id.value, ==, "config-unread");
    fixture_release(&fixture);
}

static void
test_guest_addresses(void)
{
    const char *answers[] = {REPLAY_NOTHING,
        REPLAY_PAGE(VM("vm-1",
            DEVICES("<VirtualDevice xsi:type=\"VirtualVmxnet3\"><key>4000</key>"
                    "<macAddress>00:50:56:00:00:01</macAddress></VirtualDevice>"
                    "<VirtualDevice xsi:type=\"VirtualVmxnet3\"><key>4001</key>"
                    "<macAddress>00:50:56:00:00:02</macAddress></VirtualDevice>")
                PROPERTY("guest.toolsRunningStatus", "xsd:string", "guestToolsRunning")
                    PROPERTY("guest.net", "ArrayOfGuestNicInfo",
                        "<GuestNicInfo><macAddress>00:50:56:00:00:01</macAddress>"
                        "<deviceConfigId>4001</deviceConfigId><ipAddress>10.0.0.2</ipAddress>"
                        "<ipAddress>169.254.3.3</ipAddress><ipAddress>127.0.0.1</ipAddress>"
                        "<ipAddress>fe80::1</ipAddress><ipAddress>2001:db8::2</ipAddress>"
                        "<ipAddress>nonsense</ipAddress></GuestNicInfo>"
                        "<GuestNicInfo><macAddress>00:50:56:00:00:01</macAddress>"
                        "<deviceConfigId>-1</deviceConfigId><ipAddress>10.0.0.1</ipAddress>"
                        "</GuestNicInfo>")))};
    Fixture fixture;
    fixture_init(&fixture, answers, G_N_ELEMENTS(answers));
    fixture_run(&fixture);
    const InstanceView *view = only_view(&fixture);
    g_assert_cmpuint(view->nics.items[0].ips.n, ==, 1); /* by MAC */
    g_assert_cmpstr(view->nics.items[0].ips.items[0], ==, "10.0.0.1");
    g_assert_cmpuint(view->nics.items[1].ips.n, ==, 2); /* by device key, though the MAC lies */
    g_assert_cmpstr(view->nics.items[1].ips.items[0], ==, "10.0.0.2");
    g_assert_cmpstr(view->nics.items[1].ips.items[1], ==, "2001:db8::2");
    fixture_release(&fixture);
}

/* --- networks --------------------------------------------------------------------------------- */

#define PORT_CONFIG(vlan)                                                                          \
    PROPERTY("config", "DVPortgroupConfigInfo",                                                    \
        "<distributedVirtualSwitch type=\"VmwareDistributedVirtualSwitch\">dvs-1"                  \
        "</distributedVirtualSwitch><type>ephemeral</type><defaultPortConfig "                     \
        "xsi:type=\"VMwareDVSPortSetting\">" vlan "</defaultPortConfig>")
#define SWITCH_CONFIG                                                                              \
    OBJECT("VmwareDistributedVirtualSwitch", "dvs-1",                                              \
        NAME("DVS") PROPERTY("uuid", "xsd:string", "uu") PROPERTY("config", "VMwareDVSConfigInfo", \
            "<defaultPortConfig xsi:type=\"VMwareDVSPortSetting\"><vlan "                          \
            "xsi:type=\"VmwareDistributedVirtualSwitchVlanIdSpec\"><inherited>false"               \
            "</inherited><vlanId>9</vlanId></vlan></defaultPortConfig><pvlanConfig>"               \
            "<primaryVlanId>900</primaryVlanId><secondaryVlanId>901</secondaryVlanId>"             \
            "<pvlanType>isolated</pvlanType></pvlanConfig>"))

static const Portgroup *
find_group(const Fixture *fixture, const char *id)
{
    const Portgroup *group = inventory_find_portgroup(fixture->inventory, "vc", id);
    g_assert_nonnull(group);
    return group;
}

/* clang-format off */
static const char moving_parts[] = REPLAY_PAGE(
    OBJECT("ClusterComputeResource", "domain-c1", NAME("c1") PROPERTY("configurationEx",
        "ClusterConfigInfoEx", "<drsConfig><enabled>true</enabled>"
        "<enableVmBehaviorOverrides>true</enableVmBehaviorOverrides>"
        "<defaultVmBehavior>fullyAutomated</defaultVmBehavior></drsConfig>"
        "<drsVmConfig><key type=\"VirtualMachine\">vm-1</key><enabled>false</enabled></drsVmConfig>"
        "<drsVmConfig><key type=\"VirtualMachine\">vm-2</key><behavior>manual</behavior></drsVmConfig>"))
    OBJECT("ClusterComputeResource", "domain-c2", NAME("c2") PROPERTY("configurationEx",
        "ClusterConfigInfoEx", "<drsConfig><enableVmBehaviorOverrides>false"
        "</enableVmBehaviorOverrides></drsConfig>"
        "<drsVmConfig><key type=\"VirtualMachine\">vm-3</key><behavior>manual</behavior></drsVmConfig>"))
    OBJECT("StoragePod", "group-p1", NAME("pod%2f1") PROPERTY("parent",
        "ManagedObjectReference", "group-s1") PROPERTY("podStorageDrsEntry", "PodStorageDrsEntry",
        "<storageDrsConfig><podConfig><enabled>true</enabled><defaultVmBehavior>automated"
        "</defaultVmBehavior></podConfig><vmConfig><vm type=\"VirtualMachine\">vm-3</vm>"
        "<enabled>true</enabled><behavior>manual</behavior></vmConfig></storageDrsConfig>"))
    OBJECT("Datastore", "datastore-1", NAME("ds1") PROPERTY("parent", "ManagedObjectReference",
        "group-p1")));
/* clang-format on */

static void
test_what_moves_vms_is_read(void)
{
    const char *answers[] = {moving_parts,
        REPLAY_PAGE(VM("vm-1", NAME("a")) VM("vm-2", NAME("b")) VM("vm-3", NAME("c")))};
    Fixture fixture;
    fixture_init(&fixture, answers, G_N_ELEMENTS(answers));
    fixture_run(&fixture);
    const Inventory *inventory = fixture.inventory;
    const SourceCluster *cluster = inventory_find_cluster(inventory, "vc", "domain-c1");
    g_assert_true(is_true(cluster->has_drs));
    g_assert_cmpstr(cluster->drs_level.value, ==, "fullyAutomated");
    cluster = inventory_find_cluster(inventory, "vc", "domain-c2");
    g_assert_cmpint(cluster->has_drs.state, ==, FACT_UNKNOWN);
    const Datastore *store = inventory_find_datastore(inventory, "vc", "datastore-1");
    g_assert_cmpstr(store->pod.value, ==, "pod/1");
    g_assert_true(is_true(store->has_sdrs));
    g_assert_cmpstr(store->sdrs_level.value, ==, "automated");
    static const char *const drs[] = {"disabled", "manual", NULL};
    static const char *const sdrs[] = {NULL, NULL, "manual"};
    g_assert_cmpuint(inventory->n_views, ==, 3);
    for (size_t i = 0; i < 3; i++) {
        const InstanceView *view = inventory->views[i];
        g_assert_cmpstr(view->drs_override.value, ==, drs[i]);
        g_assert_cmpstr(view->sdrs_override.value, ==, sdrs[i]);
        g_assert_cmpint(view->sdrs_override.state, ==, sdrs[i] ? FACT_KNOWN : FACT_ABSENT);
    }
    fixture_release(&fixture);
}

static void
test_vlans_are_resolved(void)
{
    const char *answers[] = {
        REPLAY_PAGE(SWITCH_CONFIG OBJECT("DistributedVirtualPortgroup", "pg-1",
            NAME("inherits") PORT_CONFIG(
                "<vlan xsi:type=\"VmwareDistributedVirtualSwitchVlanIdSpec\"><inherited>true"
                "</inherited><vlanId>0</vlanId></vlan>")) OBJECT("DistributedVirtualPortgroup",
            "pg-2",
            NAME("pvlan") PORT_CONFIG(
                "<vlan xsi:type=\"VmwareDistributedVirtualSwitchPvlanSpec\"><inherited>false"
                "</inherited><pvlanId>901</pvlanId></vlan>"))
                OBJECT("DistributedVirtualPortgroup", "pg-3",
                    NAME("future") PORT_CONFIG(
                        "<vlan xsi:type=\"VmwareDistributedVirtualSwitchQinQSpec\"><inherited>false"
                        "</inherited><outer>3</outer></vlan>"))),
        REPLAY_ENVELOPE(
            "<FetchDVPortsResponse xmlns=\"urn:vim25\"><returnval><key>7</key>"
            "<portgroupKey>pg-1</portgroupKey><config><setting xsi:type=\"VMwareDVSPortSetting\">"
            "<vlan xsi:type=\"VmwareDistributedVirtualSwitchTrunkVlanSpec\"><inherited>false"
            "</inherited><vlanId><start>5</start><end>6</end></vlanId></vlan></setting></config>"
            "</returnval><returnval><key>8</key><config><setting><vlan><inherited>true"
            "</inherited></vlan></setting></config></returnval></FetchDVPortsResponse>"),
        REPLAY_PAGE(VM("vm-1",
            DEVICES("<VirtualDevice xsi:type=\"VirtualVmxnet3\"><key>4000</key>"
                    "<backing xsi:type=\"VirtualEthernetCardDistributedVirtualPortBackingInfo\">"
                    "<port><switchUuid>uu</switchUuid><portgroupKey>pg-1</portgroupKey>"
                    "<portKey>7</portKey></port></backing></VirtualDevice>")))};
    Fixture fixture;
    fixture_init(&fixture, answers, G_N_ELEMENTS(answers));
    fixture_run(&fixture);
    const InstanceView *view = only_view(&fixture);
    const Vlan *vlan = &find_group(&fixture, "pg-1")->vlan;
    g_assert_cmpint(vlan->kind, ==, VLAN_ID); /* the switch's, not the 0 that is shown */
    g_assert_cmpint(vlan->id.value, ==, 9);
    vlan = &find_group(&fixture, "pg-2")->vlan;
    g_assert_cmpint(vlan->kind, ==, VLAN_PVLAN);
    g_assert_cmpint(vlan->id.value, ==, 900);
    g_assert_cmpint(vlan->pvlan_type, ==, PVLAN_ISOLATED);
    g_assert_cmpint(find_group(&fixture, "pg-3")->vlan.kind, ==, VLAN_UNKNOWN);
    g_assert_cmpuint(fixture.inventory->n_problems, ==, 2); /* no root folder, unknown VLAN type */
    vlan = &view->nics.items[0].vlan;
    g_assert_cmpint(vlan->kind, ==, VLAN_TRUNK);
    g_assert_cmpint(vlan->ranges.items[0].end.value, ==, 6);
    g_assert_cmpuint(count_requests(&fixture, "vim25:FetchDVPorts>"), ==, 1);
    fixture_release(&fixture);
}

/* --- config ----------------------------------------------------------------------------------- */

static void
test_fingerprint_forms(void)
{
    unsigned char bytes[VIM_FINGERPRINT_BYTES] = {0};
    static const char plain[] = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF",
                      colons[] =
                          "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:"
                          "88:99:AA:BB:CC:DD:EE:FF";
    g_assert_true(vim_fingerprint_parse(plain, bytes));
    g_assert_cmpint(bytes[31], ==, 0xff);
    g_assert_true(vim_fingerprint_parse(colons, bytes));
    g_assert_false(vim_fingerprint_parse("", bytes));
    g_assert_false(vim_fingerprint_parse(plain + 1, bytes));
    g_assert_false(vim_fingerprint_parse(plain + 2, bytes));
    g_assert_false(vim_fingerprint_parse("00:11", bytes));
    g_assert_false(vim_fingerprint_parse("zz", bytes));
}

static void
check_url(const char *url, const char *text)
{
    g_autoptr(Source) source = source_new(&source_vsphere, "vc", &no_context);
    g_autoptr(GError) error = NULL;
    bool is_ok = source_config(source, "url", url, &error);
    g_assert_true(is_ok == !text);
    if (text) {
        g_assert_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG);
        g_assert_nonnull(strstr(error->message, text));
        g_assert_null(strstr(error->message, "geheim"));
    }
}

static void
test_url_forms(void)
{
    check_url("vcenter.example.org", NULL);
    check_url("https://vcenter.example.org", NULL);
    check_url("https://vcenter.example.org:8443/sdk/", NULL);
    check_url("https://[2001:db8::1]:443", NULL);
    check_url("2001:db8::1", NULL);
    check_url("http://vcenter.example.org", "https://HOST");
    check_url("https://me:geheim@vcenter.example.org", "password in the URL");
    check_url("https://vcenter.example.org:99999", "number from 1 to 65535");
    check_url("https://", "https://HOST");
    check_url("https://[::1", "https://HOST");
    check_url("https://a b", "https://HOST");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vim/instance/tunings-are-read", test_tunings_are_read);
    g_test_add_func("/vim/reader/text-is-kept", test_text_is_kept);
    g_test_add_func("/vim/reader/bad-utf8-is-replaced", test_bad_utf8_is_replaced);
    g_test_add_func("/vim/reader/wrong-end-tag-is-refused", test_wrong_end_tag_is_refused);
    g_test_add_func("/vim/reader/truncated-answer-is-refused", test_truncated_answer_is_refused);
    g_test_add_func("/vim/collect/token-zero-is-a-token", test_token_zero_is_a_token);
    g_test_add_func("/vim/collect/expired-session-starts-again", test_expired_session_starts_again);
    g_test_add_func("/vim/collect/unknown-property-is-dropped", test_unknown_property_is_dropped);
    g_test_add_func("/vim/collect/server-fault-is-told", test_server_fault_is_told);
    g_test_add_func(
        "/vim/collect/fault-without-type-goes-by-name", test_fault_without_type_goes_by_name);
    g_test_add_func("/vim/session/cookie-goes-back-verbatim", test_cookie_goes_back_verbatim);
    g_test_add_func("/vim/session/version-both-know", test_version_is_the_highest_both_know);
    g_test_add_func(
        "/vim/session/password-is-escaped-and-not-told", test_password_is_escaped_and_not_told);
    g_test_add_func("/vim/device/unknown-types-by-members", test_unknown_types_are_told_by_members);
    g_test_add_func("/vim/instance/unset-is-not-unreadable", test_unset_is_not_unreadable);
    g_test_add_func("/vim/device/guest-addresses", test_guest_addresses);
    g_test_add_func("/vim/network/vlans-are-resolved", test_vlans_are_resolved);
    g_test_add_func("/vim/infra/what-moves-vms", test_what_moves_vms_is_read);
    g_test_add_func("/vim/config/fingerprint-forms", test_fingerprint_forms);
    g_test_add_func("/vim/config/url-forms", test_url_forms);
    return g_test_run();
}
