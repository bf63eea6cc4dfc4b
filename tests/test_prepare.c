/* SPDX-License-Identifier: Apache-2.0
 *
 * Preparations: what is missing is proposed, nothing else is, and it helps.
 */
#include "tests/estate_builder.h"

#include "prepare.h"

/* estate_init_plain() and a caller who may make everything. */
static void
init_permitted(Estate *estate)
{
    static const char *const commands[] = {"createDomain", "createAccount", "createProject",
        "updateResourceLimit", "createNetworkPermissions", "createServiceOffering",
        "createDiskOffering", "addGuestOsMapping", "registerTemplate"};
    estate_init_plain(estate);
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        estate_add_api(estate, commands[i], NULL);
}

static Changes *
prepare(Estate *estate, const char *rules, const PrepareOptions *options, PrepareGain *ret)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Policy) policy = rules ? policy_parse(rules, "rules", &error) : NULL;
    g_assert_no_error(error);
    Changes *changes =
        prepare_build(estate->inventory, estate->catalog, policy, options, ret, &error);
    g_assert_no_error(error);
    changes_check(changes, &error);
    g_assert_no_error(error);
    return changes;
}

/* What the call sends: the value, or the change whose id it takes; NULL: neither. */
static const char *
sent(const Change *change, const char *param)
{
    for (size_t i = 0; i < change->call.params.n; i++)
        if (!strcmp(change->call.params.items[i].name.value, param))
            return change->call.params.items[i].value.value;
    for (size_t i = 0; i < change->call.refs.n; i++)
        if (!strcmp(change->call.refs.items[i].param.value, param))
            return change->call.refs.items[i].change.value;
    return NULL;
}

/* The ids of all changes, in their order. */
static void
assert_changes(const Changes *changes, const char *wanted)
{
    g_autoptr(GString) ids = g_string_new(NULL);
    for (size_t i = 0; i < changes->changes.n; i++)
        g_string_append_printf(ids, "%s%s", i ? " " : "", changes->changes.items[i].id.value);
    g_assert_cmpstr(ids->str, ==, wanted);
}

static void
test_nothing_is_missing(void)
{
    g_auto(Estate) estate = {0};
    init_permitted(&estate);
    estate_put_vm(&estate, estate_add_plain_vm(&estate, "web"), true);
    estate_freeze(&estate);
    PrepareGain gain;
    g_autoptr(Changes) changes = prepare(&estate, NULL, NULL, &gain);
    assert_changes(changes, "");
    g_assert_cmpuint(gain.before[VERDICT_READY], ==, 1);
    g_assert_cmpuint(gain.after[VERDICT_READY], ==, 1);
}

static void
add_settings(Estate *estate, const char *most)
{
    static const char *const settings[] = {
        "user.vms", "cpus", "memory", "volumes", "primary.storage"};
    for (size_t i = 0; i < G_N_ELEMENTS(settings); i++) {
        estate_add_setting(estate, estate_text(estate, "max.account.%s", settings[i]), most);
        estate_add_setting(estate, estate_text(estate, "max.domain.%s", settings[i]), "-1");
    }
}

/* A new account in a new domain below a new domain, which gets a right to the network. */
static void
test_owners(void)
{
    g_auto(Estate) estate = {0};
    init_permitted(&estate);
    add_settings(&estate, "4000");
    estate_put_vm(&estate, estate_add_plain_vm(&estate, "web"), true);
    estate_freeze(&estate);
    PrepareGain gain;
    g_autoptr(Changes) changes =
        prepare(&estate, "owner any -> account ops domain /b/c", NULL, &gain);
    assert_changes(changes, "domain-root-b domain-root-b-c account-ops permission-l2-10-ops");
    const Change *domain = changes_find(changes, "domain-root-b-c");
    g_assert_cmpstr(sent(domain, "name"), ==, "c");
    g_assert_cmpstr(sent(domain, "parentdomainid"), ==, "domain-root-b");
    g_assert_cmpstr(
        sent(changes_find(changes, "domain-root-b"), "parentdomainid"), ==, "domain-root");
    const Change *account = changes_find(changes, "account-ops");
    g_assert_cmpstr(sent(account, "domainid"), ==, "domain-root-b-c");
    g_assert_null(sent(account, "password"));
    g_assert_cmpstr(account->call.secrets.items[0], ==, "password");
    const Change *permission = changes_find(changes, "permission-l2-10-ops");
    g_assert_cmpstr(sent(permission, "accountids"), ==, "account-ops");
    g_assert_cmpstr(sent(permission, "networkid"), ==, "id-of-l2-10");
    g_assert_cmpuint(gain.before[VERDICT_BLOCKED], ==, 1);
    g_assert_cmpuint(gain.after[VERDICT_READY], ==, 1);
}

static void
test_projects(void)
{
    g_auto(Estate) estate = {0};
    init_permitted(&estate);
    estate_add_account(&estate, "alice", "domain-a", 0);
    estate_put_vm(&estate, estate_add_plain_vm(&estate, "web"), true);
    estate_freeze(&estate);
    PrepareGain gain;
    g_autoptr(Changes) changes = prepare(&estate,
        "owner name x -> project shop\nowner name y -> project shop domain /a\n"
        "owner any -> project lone domain /a/sub",
        NULL, &gain);
    assert_changes(changes, "project-shop project-shop-2 project-lone");
    g_assert_null(sent(changes_find(changes, "project-shop"), "account"));
    g_assert_cmpstr(sent(changes_find(changes, "project-shop-2"), "account"), ==, "alice");
    const Change *lone = changes_find(changes, "project-lone");
    g_assert_cmpint(lone->verdict, ==, VERDICT_BLOCKED);
    g_assert_cmpstr(lone->findings.items[0].id.value, ==, "project-without-account");
    g_assert_cmpuint(gain.after[VERDICT_BLOCKED], ==, 1);
}

/* Lists that were not read, and ids that are not there, make no owner. */
static void
test_owners_that_cannot_be_made(void)
{
    g_auto(Estate) estate = {0};
    init_permitted(&estate);
    estate_put_vm(&estate, estate_add_plain_vm(&estate, "web"), true);
    estate_freeze(&estate);
    PrepareGain gain;
    g_autoptr(Changes) by_id = prepare(&estate,
        "owner any -> account ops domain 5a1b2c3d-0000-4000-8000-000000000001", NULL, &gain);
    assert_changes(by_id, "");
    estate.catalog->accounts.state = FACT_UNKNOWN;
    g_autoptr(Changes) unread = prepare(&estate, "owner any -> account ops domain /a", NULL, &gain);
    assert_changes(unread, "");
    estate.catalog->domains.state = FACT_UNKNOWN;
    g_autoptr(Changes) domains =
        prepare(&estate, "owner any -> account ops domain /x", NULL, &gain);
    assert_changes(domains, "");
}

/* The sum of the estate counts, blocked VMs too; what a managed VM takes is used already. */
static void
test_limits(void)
{
    g_auto(Estate) estate = {0};
    init_permitted(&estate);
    LAST(Network, estate.networks)->acltype = text_known("Domain");
    LAST(Network, estate.networks)->subdomainaccess = bool_known(true);
    Account *alice = estate_add_account(&estate, "alice", "domain-sub", 0);
    alice->cpulimit = text_known("5");
    alice->cpuavailable = text_known("3");
    alice->memorylimit = alice->memoryavailable = text_known("8192");
    g_array_index(estate.domains, Domain, 1).primarystoragelimit = text_known("50");
    g_array_index(estate.domains, Domain, 1).primarystorageavailable = text_known("45");
    for (int i = 0; i < 3; i++)
        estate_put_vm(&estate, estate_add_plain_vm(&estate, estate_text(&estate, "w%d", i)), true);
    estate_freeze(&estate);
    PrepareGain gain;
    g_autoptr(Changes) changes =
        prepare(&estate, "owner any -> account alice domain /a/sub", NULL, &gain);
    assert_changes(changes, "limit-domain-root-a-primary_storage limit-account-alice-cpu");
    const Change *cpu = changes_find(changes, "limit-account-alice-cpu");
    g_assert_cmpstr(sent(cpu, "max"), ==, "8");
    g_assert_cmpstr(sent(cpu, "resourcetype"), ==, "8");
    g_assert_cmpstr(sent(cpu, "account"), ==, "alice");
    g_assert_cmpstr(cpu->find.before.items[0].value.value, ==, "5");
    g_assert_cmpstr(cpu->undo.params.items[cpu->undo.params.n - 1].value.value, ==, "5");
    const Change *storage = changes_find(changes, "limit-domain-root-a-primary_storage");
    g_assert_cmpstr(sent(storage, "max"), ==, "66"); /* 5 used, 60, 1 for parts of a GiB */
    g_assert_cmpstr(sent(storage, "domainid"), ==, "domain-a");
    g_assert_cmpuint(gain.after[VERDICT_READY], ==, 3);
}

/* What is new gets the limits that the settings say. */
static void
test_limits_of_new_owner(void)
{
    g_auto(Estate) estate = {0};
    init_permitted(&estate);
    estate_add_setting(&estate, "max.account.user.vms", "1");
    estate_add_setting(&estate, "max.account.volumes", "-1");
    for (int i = 0; i < 2; i++)
        estate_put_vm(&estate, estate_add_plain_vm(&estate, estate_text(&estate, "w%d", i)), true);
    estate_freeze(&estate);
    PrepareGain gain;
    g_autoptr(Changes) changes =
        prepare(&estate, "owner any -> account ops domain /a", NULL, &gain);
    assert_changes(changes, "account-ops limit-account-ops-user_vm permission-l2-10-ops");
    g_assert_cmpstr(sent(changes_find(changes, "limit-account-ops-user_vm"), "max"), ==, "2");
}

static void
add_sizes(Estate *estate)
{
    static const struct {
        int n, cpus, gib;
    } sizes[] = {{5, 2, 2}, {3, 4, 8}, {1, 16, 64}, {1, 1, 1}};
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
        for (int j = 0; j < sizes[i].n; j++) {
            InstanceView *view = estate_add_plain_vm(estate, estate_text(estate, "s%zu-%d", i, j));
            view->cpus = int_known(sizes[i].cpus);
            view->memory_bytes = int_known((int64_t)sizes[i].gib << 30);
            estate_put_vm(estate, view, true);
        }
}

/* One custom offering with ranges is the fewest that all fit. */
static void
test_custom_offering(void)
{
    g_auto(Estate) estate = {0};
    init_permitted(&estate);
    add_sizes(&estate);
    estate_freeze(&estate);
    PrepareGain gain;
    g_autoptr(Changes) changes = prepare(&estate, NULL, NULL, &gain);
    assert_changes(changes, "offering-import-custom");
    const Change *offering = changes_find(changes, "offering-import-custom");
    g_assert_cmpstr(sent(offering, "mincpunumber"), ==, "1");
    g_assert_cmpstr(sent(offering, "maxcpunumber"), ==, "16");
    g_assert_cmpstr(sent(offering, "minmemory"), ==, "1024");
    g_assert_cmpstr(sent(offering, "maxmemory"), ==, "65536");
    g_assert_cmpstr(sent(offering, "cpuspeed"), ==, "1000");
    g_assert_cmpstr(offering->evidence.value, ==,
        "of 10 VMs of known size 5 fit an offering as they run; wanted are 10; with those before "
        "it 5, this one adds 5: 10 (100.0 %)");
    g_assert_cmpuint(gain.after[VERDICT_READY], ==, 10);
}

/* With fixed sizes: those of most VMs first, and no more than are wanted. */
static void
test_fixed_offerings(void)
{
    g_auto(Estate) estate = {0};
    init_permitted(&estate);
    add_sizes(&estate);
    estate_freeze(&estate);
    PrepareGain gain;
    const PrepareOptions options = {.is_fixed = true, .fit_percent = 81, .cpu_speed_mhz = 2000};
    g_autoptr(Changes) changes = prepare(&estate, NULL, &options, &gain);
    assert_changes(changes, "offering-import-4x8192 offering-import-1x1024");
    const Change *second = changes_find(changes, "offering-import-1x1024");
    g_assert_cmpstr(sent(second, "cpuspeed"), ==, "2000");
    g_assert_nonnull(strstr(second->evidence.value, "adds 1: 9 (90.0 %)"));
    g_assert_cmpuint(gain.after[VERDICT_READY], ==, 9);
    const PrepareOptions fewer = {.is_fixed = true, .fit_percent = 80};
    g_autoptr(Changes) one = prepare(&estate, NULL, &fewer, &gain);
    assert_changes(one, "offering-import-4x8192");
}

/* A reservation has to equal the speed of a fixed offering. */
static void
test_fixed_offering_of_reservation(void)
{
    g_auto(Estate) estate = {0};
    init_permitted(&estate);
    InstanceView *view = estate_add_plain_vm(&estate, "web");
    view->cpu_reservation_mhz = int_known(1700);
    estate_put_vm(&estate, view, true);
    estate_freeze(&estate);
    PrepareGain gain;
    const PrepareOptions options = {.is_fixed = true};
    g_autoptr(Changes) changes = prepare(&estate, NULL, &options, &gain);
    assert_changes(changes, "offering-import-2x2048");
    g_assert_cmpstr(sent(changes_find(changes, "offering-import-2x2048"), "cpuspeed"), ==, "1700");
    g_assert_cmpuint(gain.after[VERDICT_READY], ==, 1);
}

static void
test_disk_offering(void)
{
    g_auto(Estate) estate = {0};
    init_permitted(&estate);
    g_array_set_size(estate.disk_offerings, 0);
    estate_add_disk_offering(&estate, "import-disk-any-size", 1, NULL);
    InstanceView *view = estate_add_plain_vm(&estate, "web");
    estate_add_disk(&estate, view, 40, "ds1");
    estate_put_vm(&estate, view, true);
    estate_freeze(&estate);
    PrepareGain gain;
    g_autoptr(Changes) changes = prepare(&estate, NULL, NULL, &gain);
    assert_changes(changes, "disk-offering-import-disk-any-size-2");
    g_assert_cmpuint(gain.after[VERDICT_READY], ==, 1);
}

static void
test_guest_os(void)
{
    g_auto(Estate) estate = {0};
    init_permitted(&estate);
    OsType other = {.id = text_known("os-64"), .description = text_known("Other (64-bit)")};
    g_array_append_val(estate.os_types, other);
    const char *const guests[][2] = {
        {"Odd Unix", "odd64Guest"}, {"Odd Unix", "odd64Guest"}, {"Guest OS 2", "two64Guest"}};
    OsType two = {.id = text_known("os-2"), .description = text_known("Guest OS 2")};
    g_array_append_val(estate.os_types, two);
    for (size_t i = 0; i < G_N_ELEMENTS(guests); i++) {
        InstanceView *view = estate_add_plain_vm(&estate, estate_text(&estate, "w%zu", i));
        view->guest_os_name = text_known(guests[i][0]);
        view->guest_os_id = text_known(guests[i][1]);
        estate_put_vm(&estate, view, true);
    }
    estate_freeze(&estate);
    PrepareGain gain;
    g_autoptr(Changes) changes = prepare(&estate, NULL, NULL, &gain);
    assert_changes(changes, "guest-os-odd64guest-default guest-os-two64guest-default");
    g_assert_cmpstr(sent(&changes->changes.items[0], "ostypeid"), ==, "os-64");
    g_assert_cmpstr(sent(&changes->changes.items[0], "osnameforhypervisor"), ==, "odd64Guest");
    g_assert_cmpstr(sent(&changes->changes.items[1], "ostypeid"), ==, "os-2");
    g_assert_cmpuint(gain.after[VERDICT_READY], ==, 3);
}

static void
test_template(void)
{
    g_auto(Estate) estate = {.is_kvm = true};
    init_permitted(&estate);
    g_array_index(estate.clusters, Cluster, 0).hypervisortype = text_known("KVM");
    InstanceView *view = estate_add_plain_vm(&estate, "web");
    view->disks.items[0].datastore_host = text_known("VMFS datastore: /DC0/ds1");
    view->disks.items[0].datastore_path = text_known("/DC0/ds1");
    estate_put_vm(&estate, view, true);
    estate_freeze(&estate);
    PrepareGain gain;
    g_autoptr(Changes) changes = prepare(&estate, NULL, NULL, &gain);
    assert_changes(changes, "template-import-placeholder-kvm");
    g_assert_cmpint(changes->changes.items[0].verdict, ==, VERDICT_BLOCKED);
    g_assert_cmpuint(gain.after[VERDICT_READY], ==, 0);
    const PrepareOptions options = {.template_url = "http://files/placeholder.qcow2"};
    g_autoptr(Changes) with_url = prepare(&estate, NULL, &options, &gain);
    assert_changes(with_url, "template-import-placeholder-kvm");
    g_assert_cmpint(with_url->changes.items[0].verdict, ==, VERDICT_READY);
    g_assert_nonnull(strstr(with_url->changes.items[0].evidence.value, "20 GiB"));
    g_assert_cmpuint(gain.before[VERDICT_BLOCKED], ==, 1);
    g_assert_cmpuint(gain.after[VERDICT_BLOCKED], ==, 0);
}

/* What the role may not call is told, and what depends on it is not counted on. */
static void
test_without_rights(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    InstanceView *view = estate_add_plain_vm(&estate, "web");
    view->cpus = int_known(3);
    estate_put_vm(&estate, view, true);
    estate_freeze(&estate);
    PrepareGain gain;
    g_autoptr(Changes) changes = prepare(&estate, NULL, NULL, &gain);
    assert_changes(changes, "offering-import-custom");
    g_assert_cmpint(changes->changes.items[0].verdict, ==, VERDICT_BLOCKED);
    g_assert_cmpstr(
        changes->changes.items[0].findings.items[0].id.value, ==, "change-not-permitted");
    g_assert_cmpuint(gain.after[VERDICT_READY], ==, 0);
}

/* VMs that CloudStack manages ask for nothing. */
static void
test_managed_ask_for_nothing(void)
{
    g_auto(Estate) estate = {0};
    init_permitted(&estate);
    InstanceView *view = estate_add_plain_vm(&estate, "web");
    view->cpus = int_known(3);
    estate_put_vm(&estate, view, true);
    estate_add_managed(&estate, "web", view->nics.items[0].mac.value, "id-of-l2-10");
    estate_freeze(&estate);
    PrepareGain gain;
    g_autoptr(Changes) changes = prepare(&estate, NULL, NULL, &gain);
    assert_changes(changes, "");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/prepare/nothing-is-missing", test_nothing_is_missing);
    g_test_add_func("/prepare/owners", test_owners);
    g_test_add_func("/prepare/projects", test_projects);
    g_test_add_func("/prepare/owners-that-cannot-be-made", test_owners_that_cannot_be_made);
    g_test_add_func("/prepare/limits", test_limits);
    g_test_add_func("/prepare/limits-of-new-owner", test_limits_of_new_owner);
    g_test_add_func("/prepare/custom-offering", test_custom_offering);
    g_test_add_func("/prepare/fixed-offerings", test_fixed_offerings);
    g_test_add_func("/prepare/fixed-offering-of-reservation", test_fixed_offering_of_reservation);
    g_test_add_func("/prepare/disk-offering", test_disk_offering);
    g_test_add_func("/prepare/guest-os", test_guest_os);
    g_test_add_func("/prepare/template", test_template);
    g_test_add_func("/prepare/without-rights", test_without_rights);
    g_test_add_func("/prepare/managed-ask-for-nothing", test_managed_ask_for_nothing);
    return g_test_run();
}
