/* SPDX-License-Identifier: Apache-2.0
 *
 * Networks that are missing: which are proposed, for whom, where, and what the server would say.
 */
#include "change.h"
#include "tests/estate_builder.h"

#include "json_items.h"
#include "cleanup.h"

/* A zone with one physical network "pn", labelled dvs, range 2000-2999, and an L2 offering. */
static void
init(Estate *estate)
{
    estate_init_plain(estate);
    PhysicalNetwork physical = {.id = text_known("physical-1"),
        .name = text_known("pn"),
        .zoneid = text_known(ZONE_ID),
        .state = text_known("Enabled"),
        .vlan = text_known("2000-2999"),
        .isolationmethods = text_known("VLAN")};
    TrafficType type = {.id = text_known("traffic-1"),
        .physicalnetworkid = text_known("physical-1"),
        .traffictype = text_known("Guest"),
        .vmwarenetworklabel = text_known("dvs,,vmwaredvs")};
    NetworkOffering offering = {.id = text_known("offering-l2"),
        .name = text_known("L2Vlan"),
        .state = text_known("Enabled"),
        .guestiptype = text_known("L2"),
        .specifyvlan = bool_known(true)};
    g_array_append_val(estate->physical_networks, physical);
    g_array_append_val(estate->traffic_types, type);
    g_array_append_val(estate->network_offerings, offering);
}

static Nic *
add_vm(Estate *estate, const char *name, int64_t vlan)
{
    InstanceView *view = estate_add_vm(estate, name);
    Nic *nic = estate_add_nic(estate, view, vlan);
    estate_put_vm(estate, view, true);
    return nic;
}

static Changes *
plan(Estate *estate, const char *rules)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Policy) policy = rules ? policy_parse(rules, "rules", &error) : NULL;
    g_assert_no_error(error);
    estate_freeze(estate);
    Changes *changes =
        changes_plan_networks(estate->inventory, estate->catalog, policy, NULL, &error);
    g_assert_no_error(error);
    g_assert_true(changes_check(changes, &error));
    g_assert_no_error(error);
    return changes;
}

static const char *
param(const Change *change, const char *name)
{
    for (size_t i = 0; i < change->call.params.n; i++)
        if (!strcmp(change->call.params.items[i].name.value, name))
            return change->call.params.items[i].value.value;
    return NULL;
}

static const FindingText *
finding(const Change *change, const char *id)
{
    for (size_t i = 0; i < change->findings.n; i++)
        if (!strcmp(change->findings.items[i].id.value, id))
            return &change->findings.items[i];
    return NULL;
}

static const Change *
only(const Changes *changes)
{
    g_assert_cmpuint(changes->changes.n, ==, 1);
    return &changes->changes.items[0];
}

/* The error text that a recording has. (owned) */
static char *
recorded_text(const char *name)
{
    g_autofree char *path = g_strdup_printf("tests/recordings/network/%s.json", name);
    g_autoptr(JsonObject) root = json_object_from_file(path);
    json_object *text = NULL;
    g_assert_cmpint(
        json_pointer_get(root, "/response/body/createnetworkresponse/errortext", &text), ==, 0);
    return g_strdup(json_object_get_string(text));
}

/* --- what is proposed ------------------------------------------------------------------------- */

static void
test_one_a_vlan(void)
{
    g_auto(Estate) estate = {0};
    init(&estate);
    add_vm(&estate, "a", 120);
    add_vm(&estate, "b", 120);
    add_vm(&estate, "c", 10);
    g_autoptr(Changes) changes = plan(&estate, NULL);
    const Change *change = only(changes);
    g_assert_cmpstr(change->id.value, ==, "network-l2-120");
    g_assert_cmpint(change->verdict, ==, VERDICT_READY);
    g_assert_cmpstr(param(change, "vlan"), ==, "120");
    g_assert_cmpstr(param(change, "networkofferingid"), ==, "offering-l2");
    g_assert_cmpstr(param(change, "physicalnetworkid"), ==, "physical-1");
    g_assert_null(param(change, "account"));
    g_assert_null(param(change, "bypassvlanoverlapcheck"));
    g_assert_nonnull(strstr(change->why.value, "2 NICs of 2 VMs are on VLAN 120"));
    g_assert_cmpstr(change->undo.command.value, ==, "deleteNetwork");
    g_assert_cmpuint(change->uses.n, ==, 2);
}

static void
test_pvlan(void)
{
    g_auto(Estate) estate = {0};
    init(&estate);
    static const char *const letters[] = {"i", "c", "p"};
    for (int type = PVLAN_ISOLATED; type <= PVLAN_PROMISCUOUS; type++) {
        InstanceView *view = estate_add_vm(&estate, estate_text(&estate, "pv-%d", type));
        Nic *nic = estate_add_nic(&estate, view, 300);
        nic->vlan.kind = VLAN_PVLAN;
        nic->vlan.secondary = int_known(300 + type);
        nic->vlan.pvlan_type = (PvlanType)type;
        estate_put_vm(&estate, view, true);
    }
    g_autoptr(Changes) changes = plan(&estate, NULL);
    g_assert_cmpuint(changes->changes.n, ==, 3);
    for (size_t i = 0; i < 3; i++) {
        const Change *change = &changes->changes.items[i];
        const char *type = param(change, "isolatedpvlantype");
        g_assert_cmpint(change->verdict, ==, VERDICT_READY);
        g_assert_cmpstr(param(change, "vlan"), ==, "300");
        g_autofree char *uri =
            g_strdup_printf("pvlan://300-%c%s", type[0], param(change, "isolatedpvlan"));
        bool has_uri = false, has_letter = false;
        for (size_t j = 0; j < change->find.expects.n; j++)
            has_uri |= !g_strcmp0(change->find.expects.items[j].value.value, uri);
        for (size_t j = 0; j < 3; j++)
            has_letter |= letters[j][0] == type[0];
        g_assert_true(has_uri && has_letter);
    }
}

/* The owner of most NICs has the network; the others are permitted. */
static void
test_owners(void)
{
    g_auto(Estate) estate = {0};
    init(&estate);
    estate_add_account(&estate, "alice", "domain-a", 0);
    estate_add_project(&estate, "shop", "domain-a");
    for (int i = 0; i < 3; i++)
        add_vm(&estate, estate_text(&estate, "web-%d", i), 120);
    add_vm(&estate, "shop-1", 120);
    add_vm(&estate, "other", 120);
    g_autoptr(Changes) changes =
        plan(&estate, "owner name \"web-*\" -> domain ROOT/a account alice\n"
                      "owner name \"shop-*\" -> project shop\n");
    g_assert_cmpuint(changes->changes.n, ==, 3);
    const Change *network = &changes->changes.items[0];
    g_assert_cmpstr(param(network, "account"), ==, "alice");
    g_assert_cmpstr(param(network, "domainid"), ==, "domain-a");
    for (size_t i = 1; i < 3; i++) {
        const Change *permission = &changes->changes.items[i];
        g_assert_cmpint(permission->kind, ==, CHANGE_NETWORK_PERMISSION);
        g_assert_cmpint(permission->verdict, ==, VERDICT_READY);
        g_assert_cmpstr(permission->call.refs.items[0].change.value, ==, "network-l2-120");
        g_assert_true(!!param(permission, "accountids") != !!param(permission, "projectids"));
    }
}

static void
test_managed_and_mapped_ask_for_none(void)
{
    g_auto(Estate) estate = {0};
    init(&estate);
    InstanceView *view = estate_add_vm(&estate, "managed");
    const char *mac = estate_add_nic(&estate, view, 130)->mac.value;
    estate_put_vm(&estate, view, true);
    ManagedVm *vm = estate_add_managed(&estate, "managed", mac, "id-of-l2-10");
    vm->state = text_known("Running");
    InstanceView *template = estate_add_vm(&estate, "golden");
    estate_add_nic(&estate, template, 131);
    template->is_template = bool_known(true);
    estate_put_vm(&estate, template, true);
    add_vm(&estate, "mapped", 132);
    g_autoptr(Changes) changes = plan(&estate, "network name \"mapped\" -> network \"l2-10\"\n");
    g_assert_cmpuint(changes->changes.n, ==, 0);
}

/* What cannot become a network is told: it must not look as if nothing were missing. */
static void
test_problems(void)
{
    g_auto(Estate) estate = {0};
    init(&estate);
    InstanceView *view = estate_add_vm(&estate, "odd");
    estate_add_nic(&estate, view, 1)->vlan.kind = VLAN_TRUNK;
    estate_add_nic(&estate, view, 140)->vlan.is_certain = bool_known(false);
    estate_add_nic(&estate, view, 4095);
    estate_put_vm(&estate, view, true);
    estate_add_network(&estate, "of-bob", 150)->account = text_known("bob");
    add_vm(&estate, "foreign", 150);
    g_autoptr(Changes) changes = plan(&estate, NULL);
    g_assert_cmpuint(changes->changes.n, ==, 0);
    static const char *const ids[] = {
        "vlan-without-key", "vlan-uncertain", "vlan-without-key", "vlan-network-of-others"};
    size_t n = 0;
    for (size_t i = 0; i < changes->info.problems.n; i++)
        if (g_str_has_prefix(changes->info.problems.items[i].id.value, "vlan-"))
            g_assert_cmpstr(changes->info.problems.items[i].id.value, ==, ids[n++]);
    g_assert_cmpuint(n, ==, G_N_ELEMENTS(ids));
}

static void
test_names(void)
{
    g_auto(Estate) estate = {0};
    init(&estate);
    estate_add_network(&estate, "l2-120", 500);
    add_vm(&estate, "a", 120);
    g_autoptr(Changes) changes = plan(&estate, NULL);
    g_assert_cmpstr(only(changes)->name.value, ==, "l2-120-2");
}

/* --- where ------------------------------------------------------------------------------------ */

static void
add_second_physical(Estate *estate, const char *label)
{
    PhysicalNetwork physical = {.id = text_known("physical-2"),
        .name = text_known("pn2"),
        .zoneid = text_known(ZONE_ID),
        .state = text_known("Enabled"),
        .vlan = text_absent(),
        .isolationmethods = text_known("VLAN")};
    TrafficType type = {.id = text_known("traffic-2"),
        .physicalnetworkid = text_known("physical-2"),
        .traffictype = text_known("Guest"),
        .vmwarenetworklabel = known(label)};
    g_array_append_val(estate->physical_networks, physical);
    g_array_append_val(estate->traffic_types, type);
}

static void
put_switch(Estate *estate, const char *id, const char *name)
{
    Switch device = {.source = text_known("vc"),
        .id = text_known(id),
        .name = text_known(name),
        .kind = SWITCH_DISTRIBUTED};
    estate_put(estate, RECORD_SWITCH, &device);
}

static void
test_label_chooses(void)
{
    g_auto(Estate) estate = {0};
    init(&estate);
    add_second_physical(&estate, "dvs2");
    put_switch(&estate, "dvs-b", "dvs2");
    InstanceView *view = estate_add_vm(&estate, "a");
    estate_add_nic(&estate, view, 120)->switch_id = text_known("dvs-b");
    estate_put_vm(&estate, view, true);
    g_autoptr(Changes) changes = plan(&estate, NULL);
    g_assert_cmpstr(param(only(changes), "physicalnetworkid"), ==, "physical-2");
    g_assert_cmpint(only(changes)->verdict, ==, VERDICT_READY);
}

static void
test_several_without_label(void)
{
    g_auto(Estate) estate = {0};
    init(&estate);
    add_second_physical(&estate, "dvs2");
    add_vm(&estate, "a", 120);
    g_autoptr(Changes) changes = plan(&estate, NULL);
    g_assert_cmpint(only(changes)->verdict, ==, VERDICT_BLOCKED);
    g_assert_null(param(only(changes), "physicalnetworkid"));
    const FindingText *found = finding(only(changes), "create-physical-several");
    g_assert_nonnull(strstr(found->evidence.value, "'pn', 'pn2'"));
}

/* One VLAN ID on two switches is two networks: the second call says so. */
static void
test_same_vlan_on_two(void)
{
    g_auto(Estate) estate = {0};
    init(&estate);
    add_second_physical(&estate, "dvs2");
    put_switch(&estate, "dvs-a", "dvs");
    put_switch(&estate, "dvs-b", "dvs2");
    static const char *const switches[] = {"dvs-a", "dvs-b"};
    for (int i = 0; i < 2; i++) {
        InstanceView *view = estate_add_vm(&estate, switches[i]);
        estate_add_nic(&estate, view, 120)->switch_id = text_known(switches[i]);
        estate_put_vm(&estate, view, true);
    }
    g_autoptr(Changes) changes = plan(&estate, NULL);
    g_assert_cmpuint(changes->changes.n, ==, 2);
    g_assert_null(param(&changes->changes.items[0], "bypassvlanoverlapcheck"));
    g_assert_cmpstr(param(&changes->changes.items[1], "bypassvlanoverlapcheck"), ==, "true");
    g_assert_nonnull(finding(&changes->changes.items[1], "create-same-vlan"));
    g_assert_cmpstr(changes->changes.items[1].name.value, ==, "l2-120-2");
}

static void
test_unlabelled_is_told(void)
{
    g_auto(Estate) estate = {0};
    init(&estate);
    put_switch(&estate, "dvs-x", "other");
    InstanceView *view = estate_add_vm(&estate, "a");
    estate_add_nic(&estate, view, 120)->switch_id = text_known("dvs-x");
    estate_put_vm(&estate, view, true);
    g_autoptr(Changes) changes = plan(&estate, NULL);
    g_assert_cmpint(only(changes)->verdict, ==, VERDICT_READY);
    g_assert_nonnull(finding(only(changes), "create-physical-unlabelled"));
}

/* --- what the server would say ---------------------------------------------------------------- */

static void
test_dynamic_range(void)
{
    g_auto(Estate) estate = {0};
    init(&estate);
    g_array_index(estate.physical_networks, PhysicalNetwork, 0).vlan = text_known("100-3900,3950");
    estate_add_network(&estate, "iso-1", 2004);
    add_vm(&estate, "a", 101);
    add_vm(&estate, "b", 3950);
    add_vm(&estate, "c", 3999);
    g_autoptr(Changes) changes = plan(&estate, NULL);
    g_assert_cmpuint(changes->changes.n, ==, 3);
    const FindingText *found = finding(&changes->changes.items[0], "create-vlan-dynamic");
    g_autofree char *said = recorded_text("vlan-in-dynamic-range-refused");
    g_assert_cmpstr(found->server.text.value, ==, said);
    g_assert_cmpint(found->server.code.value, ==, 431);
    g_assert_nonnull(strstr(found->remedy.value, "vlan=100,102-3900,"));
    g_assert_nonnull(strstr(found->evidence.value, "2004 (iso-1)"));
    g_assert_cmpint(changes->changes.items[1].verdict, ==, VERDICT_BLOCKED);
    g_assert_cmpint(changes->changes.items[2].verdict, ==, VERDICT_READY);
}

static void
test_pvlan_overlap(void)
{
    g_auto(Estate) estate = {0};
    init(&estate);
    estate_add_network(&estate, "pv", 0)->broadcasturi = text_known("pvlan://300-c301");
    InstanceView *view = estate_add_vm(&estate, "a");
    Nic *nic = estate_add_nic(&estate, view, 300);
    nic->vlan.kind = VLAN_PVLAN;
    nic->vlan.secondary = int_known(301);
    nic->vlan.pvlan_type = PVLAN_ISOLATED;
    estate_put_vm(&estate, view, true);
    g_autoptr(Changes) changes = plan(&estate, NULL);
    const FindingText *found = finding(only(changes), "create-vlan-taken");
    g_autofree char *said = recorded_text("l2-pvlan-overlap-refused");
    g_assert_true(g_str_has_prefix(said, found->server.text.value));
}

static void
test_invalid_vlan(void)
{
    g_auto(Estate) estate = {0};
    init(&estate);
    InstanceView *view = estate_add_vm(&estate, "a");
    Nic *nic = estate_add_nic(&estate, view, 300);
    nic->vlan.kind = VLAN_PVLAN;
    nic->vlan.secondary = int_known(4096);
    nic->vlan.pvlan_type = PVLAN_ISOLATED;
    estate_put_vm(&estate, view, true);
    g_autoptr(Changes) changes = plan(&estate, NULL);
    g_assert_nonnull(finding(only(changes), "create-vlan-invalid"));
    g_assert_cmpint(only(changes)->verdict, ==, VERDICT_BLOCKED);
    /* Nor can it be sent by taking the verdict out. */
    changes->changes.items[0].verdict = VERDICT_NONE;
    g_autoptr(GError) error = NULL;
    g_assert_false(changes_check(changes, &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_INVALID);
}

/* One fact of the zone changed, one finding. */
static void
test_zone(gconstpointer data)
{
    const char *id = data;
    g_auto(Estate) estate = {0};
    init(&estate);
    PhysicalNetwork *physical = &g_array_index(estate.physical_networks, PhysicalNetwork, 0);
    NetworkOffering *offering = &g_array_index(estate.network_offerings, NetworkOffering, 0);
    Network *network = &g_array_index(estate.networks, Network, 0);
    Verdict verdict = VERDICT_BLOCKED;
    if (!strcmp(id, "create-zone-basic"))
        g_array_index(estate.zones, Zone, 0).networktype = text_known("Basic");
    else if (!strcmp(id, "create-offering-missing"))
        offering->state = text_known("Disabled");
    else if (!strcmp(id, "create-physical-missing"))
        g_array_index(estate.traffic_types, TrafficType, 0).traffictype = text_known("Public");
    else if (!strcmp(id, "create-physical-disabled"))
        physical->state = text_known("Disabled");
    else if (!strcmp(id, "create-physical-not-vlan"))
        physical->isolationmethods = text_known("VXLAN");
    else if (!strcmp(id, "create-vlans-unread"))
        verdict = (network->broadcasturi = (Text){0}, VERDICT_UNKNOWN);
    add_vm(&estate, "a", 120);
    g_autoptr(Changes) changes = plan(&estate, NULL);
    if (!finding(only(changes), id))
        g_error("no finding '%s'", id);
    g_assert_cmpint(only(changes)->verdict, ==, verdict);
    g_assert_cmpuint(only(changes)->findings.n, ==, 1);
}

static void
test_owner_missing(void)
{
    g_auto(Estate) estate = {0};
    init(&estate);
    add_vm(&estate, "a", 120);
    g_autoptr(Changes) changes = plan(&estate, "owner any -> domain ROOT/a account nobody\n");
    g_assert_cmpint(only(changes)->verdict, ==, VERDICT_BLOCKED);
    g_assert_cmpstr(only(changes)->findings.items[0].id.value, ==, "account-not-found");
    g_assert_cmpint(only(changes)->findings.items[0].server.stage, ==, STAGE_NONE);
}

/* The plainest of the offerings that do: not the one that makes its network on all hosts at once.
 */
static void
test_offering_choice(void)
{
    g_auto(Estate) estate = {0};
    init(&estate);
    NetworkOffering *first = &g_array_index(estate.network_offerings, NetworkOffering, 0);
    NetworkOffering other = *first;
    first->ispersistent = bool_known(true);
    first->isdefault = bool_known(true);
    other.id = text_known("plain");
    other.name = text_known("Plain");
    g_array_append_val(estate.network_offerings, other);
    other.id = text_known("vpc");
    other.name = text_known("A");
    other.forvpc = bool_known(true);
    g_array_append_val(estate.network_offerings, other);
    add_vm(&estate, "a", 120);
    g_autoptr(Changes) changes = plan(&estate, NULL);
    g_assert_cmpstr(param(only(changes), "networkofferingid"), ==, "plain");
}

#define PLAN(path, test) g_test_add_func("/network-create/" path, test)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    PLAN("plan/one-a-vlan", test_one_a_vlan);
    PLAN("plan/pvlan-of-each-type", test_pvlan);
    PLAN("plan/owner-of-most-has-it-others-are-permitted", test_owners);
    PLAN("plan/managed-mapped-and-templates-ask-for-none", test_managed_and_mapped_ask_for_none);
    PLAN("plan/what-cannot-be-made-is-told", test_problems);
    PLAN("plan/names-are-new", test_names);
    PLAN("plan/offering-is-the-plainest", test_offering_choice);
    PLAN("where/label-chooses", test_label_chooses);
    PLAN("where/several-without-label-is-blocked", test_several_without_label);
    PLAN("where/same-vlan-on-two-switches", test_same_vlan_on_two);
    PLAN("where/label-of-another-switch-is-told", test_unlabelled_is_told);
    PLAN("server/vlan-of-the-dynamic-range", test_dynamic_range);
    PLAN("server/pvlan-of-another-type", test_pvlan_overlap);
    PLAN("server/vlan-that-no-guest-can-use", test_invalid_vlan);
    PLAN("server/owner-that-is-not-there", test_owner_missing);
    static const char *const zones[] = {"create-zone-basic", "create-offering-missing",
        "create-physical-missing", "create-physical-disabled", "create-physical-not-vlan",
        "create-vlans-unread"};
    for (size_t i = 0; i < G_N_ELEMENTS(zones); i++) {
        g_autofree char *path = g_strconcat("/network-create/zone/", zones[i], NULL);
        g_test_add_data_func(path, zones[i], test_zone);
    }
    return g_test_run();
}
