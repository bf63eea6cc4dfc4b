/* SPDX-License-Identifier: Apache-2.0
 *
 * Why CloudStack does not list an instance, which instances it manages already, and what must hold
 * still while the others are imported, and for how long.
 */
#include "tests/estate_builder.h"

static void
put_plain(Estate *estate, const char *name, bool is_listed)
{
    estate_put_vm(estate, estate_add_plain_vm(estate, name), is_listed);
}

static const PlanItem *
find_item(const Plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->n_items; i++)
        if (!g_strcmp0(plan->items[i].instance.name.value, name))
            return &plan->items[i];
    g_error("no item '%s'", name);
}

static void
assert_texts(const PlanItem *item, const char *id, const char *evidence, const char *remedy)
{
    Arena arena;
    arena_init(&arena);
    FindingText text;
    assert_finding(item, id);
    finding_render(item, find_finding(item, id), &arena, &text);
    if (evidence && !strstr(text.evidence.value, evidence))
        g_error("'%s' is not in the evidence '%s'", evidence, text.evidence.value);
    if (remedy && !strstr(text.remedy.value, remedy))
        g_error("'%s' is not in the remedy '%s'", remedy, text.remedy.value);
    arena_release(&arena);
}

/* --- by exclusion ----------------------------------------------------------------------------- */

static void
test_hidden_name_is_probable_on_a_host_that_answered(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    put_plain(&estate, "db", false);
    put_plain(&estate, "web-01", true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    const PlanItem *item = find_item(plan, "db");
    assert_verdict(item, VERDICT_BLOCKED);
    assert_texts(item, "not-visible-hidden-name", "host 'esx1' answered, with 1 other",
        "govc object.rename '/DC0/vm/db' 'db_import'");
}

static void
test_new_name_is_one_that_nobody_has(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    put_plain(&estate, "my-db 1", false);
    put_plain(&estate, "my_db_1_import", true);
    estate_add_managed(&estate, "my_db_1_import2", NULL, NULL);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    assert_texts(find_item(plan, "my-db 1"), "not-visible-hidden-name", NULL,
        "govc object.rename '/DC0/vm/my-db 1' 'my_db_1_import3'");
}

static void
test_host_of_which_nothing_is_listed_did_not_answer(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    put_plain(&estate, "db", false);
    put_plain(&estate, "web-01", false);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    assert_texts(find_item(plan, "db"), "not-visible-host-silent", "none of the 2 instances", NULL);
}

static void
test_what_is_hidden_for_itself_does_not_silence_a_host(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    put_plain(&estate, "db", false);
    InstanceView *template = estate_add_plain_vm(&estate, "golden");
    template->is_template = bool_known(true);
    estate_put_vm(&estate, template, false);
    put_plain(&estate, "managed", false);
    estate_add_managed(&estate, "managed", NULL, NULL);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    assert_finding(find_item(plan, "db"), "not-visible");
    assert_finding(find_item(plan, "golden"), "is-template");
    assert_finding(find_item(plan, "managed"), "already-managed");
}

/* A listing that broke off tells nothing of the clusters that it had not read by then. */
static void
test_broken_listing_counts_for_what_it_read(void)
{
    for (int is_read = 0; is_read < 2; is_read++) {
        g_auto(Estate) estate = {0};
        estate_init_plain(&estate);
        SourceCall call = {.about = text_known(is_read ? CLUSTER_ID : "another-cluster")};
        estate.calls = &call;
        estate.is_view_partial = true;
        put_plain(&estate, "db", false);
        put_plain(&estate, "web-01", true);
        estate_freeze(&estate);
        g_autoptr(Plan) plan = estate_plan(&estate, NULL);
        assert_finding(
            find_item(plan, "db"), is_read ? "not-visible-hidden-name" : "cloudstack-view-unread");
        assert_verdict(find_item(plan, "db"), is_read ? VERDICT_BLOCKED : VERDICT_UNKNOWN);
    }
}

/* --- by what was read ------------------------------------------------------------------------- */

static void
test_host_that_was_down_while_listing(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    SourceHost host = {.source = text_known("cs"),
        .id = text_known("cs-host-1"),
        .name = text_known("esx1"),
        .connection = CONNECTION_DISCONNECTED};
    estate_put(&estate, RECORD_HOST, &host);
    put_plain(&estate, "db", false);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    assert_texts(find_item(plan, "db"), "not-visible-host", NULL, "reconnectHost id=cs-host-1");
}

static void
test_host_that_was_not_added(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    InstanceView *view = estate_add_plain_vm(&estate, "db");
    view->host = text_known("host-2");
    view->host_name = text_known("esx2");
    estate_put_vm(&estate, view, false);
    put_plain(&estate, "web-01", true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    assert_texts(find_item(plan, "db"), "not-visible-host-not-added", "has esx1", NULL);
}

static void
test_twin_of_the_same_host_is_named(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    put_plain(&estate, "twin", true);
    InstanceView *view = estate_add_plain_vm(&estate, "twin");
    view->path = text_known("/DC0/vm/old");
    estate_put_vm(&estate, view, false);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    assert_verdict(&plan->items[1], VERDICT_BLOCKED);
    assert_texts(&plan->items[1], "not-visible-duplicate-name", "/DC0/vm/old/twin (vm-2)",
        "govc object.rename '/DC0/vm/old/twin' 'twin_import'");
}

static void
test_inaccessible_vm_is_the_reason(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    InstanceView *view = estate_add_plain_vm(&estate, "lost");
    view->connection = CONNECTION_ORPHANED;
    estate_put_vm(&estate, view, false);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    assert_finding(find_item(plan, "lost"), "not-visible-known-reason");
}

static const struct {
    const char *name, *managed_by;
    bool is_listed;
    const char *finding;
} systems[] = {
    {"vCLS-1b2c", NULL, true, "system-vm"}, {"vCLS (3)", NULL, false, "system-vm"},
    {"edge-1", "com.vmware.vim.eam", true, "system-vm"}, {"r-4-VM", NULL, false, "system-vm"},
    {"v-2-VM", NULL, true, "system-vm"},
    {"s-1-db", NULL, true, NULL}, /* no name of this server's */
    {"i-2-10-VM", NULL, false, "not-visible-cloudstack-name"},
    {"i-2-10-VM", NULL, true, NULL}, /* unmanaged VMs keep their name */
};

static void
test_system_vms_are_told_by_name_and_owner(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(systems); i++) {
        g_auto(Estate) estate = {0};
        estate_init_plain(&estate);
        InstanceView *view = estate_add_plain_vm(&estate, systems[i].name);
        view->managed_by = known(systems[i].managed_by);
        estate_put_vm(&estate, view, systems[i].is_listed);
        estate_freeze(&estate);
        g_autoptr(Plan) plan = estate_plan(&estate, NULL);
        assert_verdict(&plan->items[0], systems[i].finding ? VERDICT_BLOCKED : VERDICT_READY);
        if (systems[i].finding)
            assert_finding(&plan->items[0], systems[i].finding);
    }
}

/* --- KVM, by release -------------------------------------------------------------------------- */

static const struct {
    const char *release, *reason, *finding;
} hidden[] = {
    {"4.20.0", HIDDEN_NO_CPUTUNE, "not-visible-known-reason"},
    {"4.19.2", HIDDEN_NO_CPUTUNE, "not-visible"},
    {"4.23.0", HIDDEN_NO_CPUTUNE, "not-visible"},
    {"4.22.0", "network disk '1'" HIDDEN_NO_CACHE, "not-visible-known-reason"},
    {"4.20.3", "network disk '1'" HIDDEN_NO_CACHE, "not-visible"},
    {"4.19.0", HIDDEN_ITCO_WATCHDOG, "not-visible-known-reason"},
    {"4.19.1", HIDDEN_ITCO_WATCHDOG, "not-visible"},
    {"4.23.0", "it is not running", "not-visible-known-reason"},
};

static void
test_reasons_of_some_releases_count_for_these(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(hidden); i++) {
        g_auto(Estate) estate = {0};
        estate_init_plain(&estate);
        InstanceView *view = estate_add_plain_vm(&estate, "kvm1");
        view->hidden_because = one_text(&estate, hidden[i].reason);
        estate_put_vm(&estate, view, false);
        estate_freeze(&estate);
        g_autoptr(GError) error = NULL;
        const PlanOptions options = {.server_version = hidden[i].release};
        g_autoptr(Plan) plan = plan_build(estate.inventory, estate.catalog, NULL, &options, &error);
        g_assert_no_error(error);
        assert_finding(&plan->items[0], hidden[i].finding);
    }
}

/* --- managed already -------------------------------------------------------------------------- */

typedef struct ManagedCase {
    const char *what;
    const char *path, *chain, *storage; /* of the volume; no path: none */
    const char *instancename, *state, *mac;
    const char *finding; /* NULL: it is another VM */
} ManagedCase;

#define CHAIN(file) "{\"diskDeviceBusName\": \"scsi0:0\", \"diskChain\": [\"" file "\"]}"

/* The instance is "web01" with "[ds1] web01/web01-000001.vmdk" and the MAC 00:50:56:00:01:01. */
static const ManagedCase managed[] = {
    {"name alone", NULL, NULL, NULL, "web01", "Running", NULL, "managed-listed-again"},
    {"a destroyed one", NULL, NULL, NULL, "web01", "Destroyed", NULL, "managed-listed-again"},
    {"one in error", NULL, NULL, NULL, "web01", "Error", NULL, "managed-listed-again"},
    {"only the name", "other", CHAIN("[ds1] x/other.vmdk"), "id-of-ds1", "web01", "Running",
        "02:00:00:00:00:01", "name-is-managed"},
    {"name in other case", NULL, NULL, NULL, "WEB01", "Running", NULL, NULL},
    {"recorded before a snapshot", "web01", CHAIN("[ds1] web01/web01.vmdk"), "id-of-ds1",
        "i-2-3-VM", "Stopped", NULL, "managed-listed-again"},
    {"recorded with a later snapshot", "web01-000007", CHAIN("[ds1] web01/web01-000007.vmdk"),
        "id-of-ds1", "i-2-3-VM", "Stopped", NULL, "managed-listed-again"},
    {"no chain", "web01", NULL, "id-of-ds1", "i-2-3-VM", "Stopped", NULL, "managed-listed-again"},
    {"other folder", "web01", CHAIN("[ds1] web01_1/web01.vmdk"), "id-of-ds1", "i-2-3-VM", "Stopped",
        NULL, NULL},
    {"other datastore", "web01", CHAIN("[ds2] web01/web01.vmdk"), "id-of-ds2", "i-2-3-VM",
        "Stopped", NULL, NULL},
    {"recorded on a wrong pool", "web01", CHAIN("[ds1] web01/web01.vmdk"), "id-of-ds2", "i-2-3-VM",
        "Stopped", NULL, "managed-undecided"},
    {"recorded on a wrong pool, MAC agrees", "web01", CHAIN("[ds1] web01/web01.vmdk"), "id-of-ds2",
        "i-2-3-VM", "Stopped", "00:50:56:00:01:01", "managed-listed-again"},
    {"pool of the same storage", "web01", CHAIN("[old] web01/web01.vmdk"), "id-of-same", "i-2-3-VM",
        "Stopped", NULL, "managed-listed-again"},
    {"MAC in other case, no disks known", NULL, NULL, NULL, "i-2-3-VM", "Stopped",
        "00:50:56:00:01:01", "managed-listed-again"},
    {"MAC, but other disks", "other", CHAIN("[ds1] x/other.vmdk"), "id-of-ds1", "i-2-3-VM",
        "Stopped", "00:50:56:00:01:01", NULL},
    {"chain with an escape", "a&b", CHAIN("[ds1] web\\u003001/web01.vmdk"), "id-of-ds1", "i-2-3-VM",
        "Stopped", NULL, NULL},
    {"chain escaped", "x", CHAIN("[ds1] web\\u0030\\u0031/web01.vmdk"), "id-of-ds1", "i-2-3-VM",
        "Stopped", NULL, "managed-listed-again"},
};

static void
add_volume(Estate *estate, const ManagedCase *of, const char *vm)
{
    if (!of->path)
        return;
    ManagedVolume volume = {.id = text_known("volume-1"),
        .name = text_known("ROOT-3"),
        .path = text_known(of->path),
        .chaininfo = known(of->chain),
        .storageid = text_known(of->storage),
        .storage = text_known("pool"),
        .state = text_known("Ready"),
        .virtualmachineid = known(vm)};
    g_array_append_val(estate->volumes, volume);
}

static Plan *
plan_of_case(Estate *estate, const ManagedCase *of, bool has_vm)
{
    estate_init_plain(estate);
    estate_add_pool(estate, "ds2", NULL);
    StoragePool *same = estate_add_pool(estate, "same", NULL);
    same->path = text_known("/DC0/ds1");
    same->ipaddress = text_known("VMFS datastore: /DC0/ds1");
    same->clusterid = text_known("another-cluster");
    InstanceView *view = estate_add_plain_vm(estate, "web01");
    view->disks.items[0].path = text_known("[ds1] web01/web01-000001.vmdk");
    estate_put_vm(estate, view, true);
    if (has_vm)
        estate_add_managed(estate, of->instancename, of->mac, "other-network")->state =
            text_known(of->state);
    add_volume(estate, of, has_vm ? LAST(ManagedVm, estate->vms)->id.value : NULL);
    estate_freeze(estate);
    return estate_plan(estate, NULL);
}

static void
test_managed_ones_are_never_ready(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(managed); i++) {
        g_auto(Estate) estate = {0};
        g_autoptr(Plan) plan = plan_of_case(&estate, &managed[i], true);
        const PlanItem *item = &plan->items[0];
        g_test_message("%s: %s", managed[i].what, verdict_words[item->verdict]);
        if (managed[i].finding)
            assert_finding(item, managed[i].finding);
        bool is_ready = item->verdict == VERDICT_READY;
        g_assert_true(is_ready == !managed[i].finding);
    }
}

static void
test_volume_of_no_vm_blocks(void)
{
    g_auto(Estate) estate = {0};
    g_autoptr(Plan) plan = plan_of_case(&estate, &managed[5], false);
    assert_verdict(&plan->items[0], VERDICT_BLOCKED);
    assert_texts(&plan->items[0], "disk-is-managed", "web01-000001.vmdk", "listVolumes");
}

/* A disk behind the one in use: only the source tells it. */
static void
test_file_behind_the_disk_counts(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    InstanceView *view = estate_add_plain_vm(&estate, "clone");
    view->disks.items[0].chain = one_text(&estate, "[ds1] base/base.vmdk");
    estate_put_vm(&estate, view, true);
    estate_add_managed(&estate, "i-2-3-VM", NULL, NULL);
    const ManagedCase of = {
        .path = "base", .chain = CHAIN("[ds1] base/base.vmdk"), .storage = "id-of-ds1"};
    add_volume(&estate, &of, "vm-of-i-2-3-VM");
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    assert_finding(&plan->items[0], "managed-listed-again");
}

static void
test_owner_and_cure_are_told(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    estate_add_project(&estate, "shop", "domain-a");
    ManagedVm *vm = estate_add_managed(&estate, "web-01", NULL, NULL);
    vm->projectid = LAST(Project, estate.projects)->id;
    vm->domainid = text_known("domain-a");
    vm->state = text_known("Destroyed");
    put_plain(&estate, "web-01", true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    assert_texts(&plan->items[0], "managed-listed-again",
        "state Destroyed, project 'shop' of domain 'ROOT/a'",
        "recoverVirtualMachine id=vm-of-web-01");
}

static void
test_moved_and_renamed_one_needs_a_look(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    InstanceView *view = estate_add_plain_vm(&estate, "moved");
    const ManagedCase of = {
        .path = "old", .chain = CHAIN("[ds1] old/old.vmdk"), .storage = "id-of-ds1"};
    estate_add_managed(&estate, "i-2-3-VM", view->nics.items[0].mac.value, "other-network");
    add_volume(&estate, &of, "vm-of-i-2-3-VM");
    LAST(ManagedVolume, estate.volumes)->size = view->disks.items[0].capacity_bytes;
    estate_put_vm(&estate, view, true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    assert_verdict(&plan->items[0], VERDICT_READY_AFTER_ACTION);
    assert_finding(&plan->items[0], "looks-like-managed");
}

static void
test_unread_volumes_are_unknown(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    put_plain(&estate, "web-01", true);
    estate_freeze(&estate);
    estate.catalog->volumes.state = FACT_UNKNOWN;
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    assert_verdict(&plan->items[0], VERDICT_UNKNOWN);
    assert_finding(&plan->items[0], "list-unread");
}

/* Forcing does not make it another VM. */
static void
test_forced_does_not_help(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    estate_add_managed(&estate, "web-01", NULL, NULL);
    put_plain(&estate, "web-01", true);
    estate_freeze(&estate);
    g_autoptr(Plan) given = estate_plan(&estate, NULL);
    given->items[0].choice.forced = bool_known(true);
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = plan_check(given, estate.inventory, estate.catalog, NULL, NULL, &error);
    g_assert_no_error(error);
    assert_verdict(&plan->items[0], VERDICT_BLOCKED);
}

/* --- what must hold still --------------------------------------------------------------------- */

static const FreezeRow *
find_row(const Plan *plan, const char *kind)
{
    for (size_t i = 0; i < plan->n_freeze; i++)
        if (!g_strcmp0(plan->freeze[i].kind.value, kind))
            return &plan->freeze[i];
    return NULL;
}

static InstanceView *
put_still(Estate *estate, const char *name)
{
    InstanceView *view = estate_add_plain_vm(estate, name);
    view->cluster = text_known("domain-c2");
    view->tasks.state = FACT_KNOWN;
    view->drs_override = view->sdrs_override = text_absent();
    return view;
}

/* A cluster of its own beside that of the estate. */
static void
put_cluster(Estate *estate, Bool has_drs, const char *level)
{
    SourceCluster cluster = {.source = text_known("vc"),
        .id = text_known("domain-c2"),
        .name = text_known("C0"),
        .path = text_known("/DC0/host/C 2"),
        .has_drs = has_drs,
        .drs_level = known(level)};
    estate_put(estate, RECORD_CLUSTER, &cluster);
}

static const struct {
    Bool has_drs;
    const char *level, *override;
    FreezeState state; /* NONE: no row */
} drs_cases[] = {
    {{true, FACT_KNOWN}, "fullyAutomated", NULL, FREEZE_ON},
    {{true, FACT_KNOWN}, "fullyAutomated", "disabled", FREEZE_NONE},
    {{true, FACT_KNOWN}, "fullyAutomated", "manual", FREEZE_NONE},
    {{true, FACT_KNOWN}, "partiallyAutomated", NULL, FREEZE_NONE},
    {{true, FACT_KNOWN}, "manual", "fullyAutomated", FREEZE_ON},
    {{false, FACT_KNOWN}, "fullyAutomated", "fullyAutomated", FREEZE_NONE},
    {{true, FACT_KNOWN}, NULL, NULL, FREEZE_UNKNOWN},
    {{false, FACT_UNKNOWN}, "fullyAutomated", NULL, FREEZE_UNKNOWN},
};

static void
test_drs_is_held_where_it_moves_vms(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(drs_cases); i++) {
        g_auto(Estate) estate = {0};
        estate_init_plain(&estate);
        put_cluster(&estate, drs_cases[i].has_drs, drs_cases[i].level);
        InstanceView *view = put_still(&estate, "web-01");
        view->drs_override = known(drs_cases[i].override);
        estate_put_vm(&estate, view, true);
        estate_freeze(&estate);
        g_autoptr(Plan) plan = estate_plan(&estate, NULL);
        const FreezeRow *row = find_row(plan, "drs");
        g_assert_cmpint(row ? row->state : FREEZE_NONE, ==, drs_cases[i].state);
        if (!row)
            continue;
        g_assert_cmpint(row->instances.value, ==, 1);
        g_assert_cmpstr(row->names.items[0], ==, "web-01");
        g_assert_nonnull(strstr(row->command.value, "-drs-mode manual '/DC0/host/C 2'"));
    }
}

static void
test_storage_drs_is_held_where_it_moves_disks(void)
{
    for (int is_on = 0; is_on < 2; is_on++) {
        g_auto(Estate) estate = {0};
        estate_init_plain(&estate);
        Datastore store = {.source = text_known("vc"),
            .id = text_known("datastore-1"),
            .name = text_known("ds1"),
            .pod = text_known("pod1"),
            .has_sdrs = bool_known(true),
            .sdrs_level = text_known(is_on ? "automated" : "manual")};
        estate_put(&estate, RECORD_DATASTORE, &store);
        InstanceView *view = put_still(&estate, "web-01");
        view->disks.items[0].datastore = text_known("datastore-1");
        estate_put_vm(&estate, view, true);
        estate_freeze(&estate);
        g_autoptr(Plan) plan = estate_plan(&estate, NULL);
        const FreezeRow *row = find_row(plan, "storage-drs");
        g_assert_true(!row == !is_on);
        if (row)
            g_assert_nonnull(strstr(row->undo.value, "-drs-mode automated 'pod1'"));
    }
}

static void
test_traces_of_backups_and_tasks(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    InstanceView *view = put_still(&estate, "backed-up");
    Attribute attribute = {text_known("Last Backup"), text_known("VEEAM BACKUP 2026-11-20")};
    view->attributes.items = arena_memdup(&estate.arena, &attribute, sizeof attribute);
    view->attributes.n = 1;
    view->attributes.state = FACT_KNOWN;
    view->tasks = (Texts){0};
    estate_put_vm(&estate, view, true);
    put_cluster(&estate, bool_known(false), NULL);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    g_assert_cmpint(find_row(plan, "backup")->state, ==, FREEZE_ON);
    g_assert_nonnull(strstr(find_row(plan, "backup")->text.value, "Veeam"));
    g_assert_cmpint(find_row(plan, "task")->state, ==, FREEZE_UNKNOWN);
    g_assert_null(find_row(plan, "drs"));
}

static void
test_what_is_blocked_needs_no_freeze(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    put_cluster(&estate, bool_known(true), "fullyAutomated");
    estate_put_vm(&estate, put_still(&estate, "web-01"), false);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    assert_verdict(&plan->items[0], VERDICT_BLOCKED);
    g_assert_cmpuint(plan->n_freeze, ==, 0);
}

static void
test_vms_of_cloudstack_alone_are_not_known_to_hold_still(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    estate_put(
        &estate, RECORD_INSTANCE, estate_view_of(&estate, estate_add_plain_vm(&estate, "secret")));
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    g_assert_cmpint(find_row(plan, "source-unread")->state, ==, FREEZE_UNKNOWN);
}

/* --- what it costs ---------------------------------------------------------------------------- */

static const TimeRow *
find_time(const Plan *plan, TimeKind kind)
{
    for (size_t i = 0; i < plan->n_time; i++)
        if (plan->time[i].kind == kind)
            return &plan->time[i];
    g_error("no row of time");
}

static void
test_time_is_counted_from_what_was_measured(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    SourceCall call = {.command = text_known("listUnmanagedInstances"),
        .about = text_known(CLUSTER_ID),
        .name = text_known("C0"),
        .elapsed_ms = int_known(36000),
        .instances = int_known(120),
        .hosts = int_known(4)};
    estate.calls = (SourceCall *)arena_memdup(&estate.arena, &call, sizeof call);
    put_plain(&estate, "web-01", true);
    put_plain(&estate, "web-02", true);
    put_plain(&estate, "hidden", false);
    estate_freeze(&estate);
    CatalogList list = {.requests = int_known(40), .elapsed_ms = int_known(2000)};
    estate.catalog->lists.items = &list;
    estate.catalog->lists.n = 1;
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    g_assert_cmpint(find_time(plan, TIME_CATALOG)->each_ms.value, ==, 50);
    g_assert_cmpint(find_time(plan, TIME_LIST)->each_ms.value, ==, 300);
    const TimeRow *row = find_time(plan, TIME_IMPORT);
    g_assert_cmpint(row->count.value, ==, 2);
    g_assert_cmpint(row->total_ms.value, ==, 600);
    g_assert_cmpint(row->most_ms.value, ==, 72000);
    g_assert_cmpstr(row->arithmetic.value, ==,
        "2 imports x 0.30 s (one VM is read) = 0.60 s at least, x 36.00 s (all are read again) = 1 "
        "min 12 s at most");
    row = find_time(plan, TIME_TOTAL);
    g_assert_cmpint(row->total_ms.value, ==, 2000 + 36000 + 600);
    g_assert_cmpint(row->most_ms.value, ==, 2000 + 36000 + 72000);
    estate.catalog->lists.n = 0;
}

static void
test_time_is_unknown_where_nothing_was_measured(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    put_plain(&estate, "web-01", true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    const TimeKind kinds[] = {TIME_CATALOG, TIME_LIST, TIME_IMPORT, TIME_TOTAL};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        const TimeRow *row = find_time(plan, kinds[i]);
        g_assert_cmpint(row->total_ms.state, ==, FACT_UNKNOWN);
        g_assert_nonnull(strstr(row->basis.value, "not measured"));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    static const struct {
        const char *name;
        void (*test)(void);
    } tests[] = {
        {"absence/hidden-name", test_hidden_name_is_probable_on_a_host_that_answered},
        {"absence/new-name-is-free", test_new_name_is_one_that_nobody_has},
        {"absence/host-silent", test_host_of_which_nothing_is_listed_did_not_answer},
        {"absence/own-reasons-do-not-silence",
            test_what_is_hidden_for_itself_does_not_silence_a_host},
        {"absence/broken-listing", test_broken_listing_counts_for_what_it_read},
        {"absence/host-down-while-listing", test_host_that_was_down_while_listing},
        {"absence/host-not-added", test_host_that_was_not_added},
        {"absence/twin-is-named", test_twin_of_the_same_host_is_named},
        {"absence/inaccessible", test_inaccessible_vm_is_the_reason},
        {"absence/system-vms", test_system_vms_are_told_by_name_and_owner},
        {"absence/reasons-by-release", test_reasons_of_some_releases_count_for_these},
        {"freeze/drs", test_drs_is_held_where_it_moves_vms},
        {"freeze/storage-drs", test_storage_drs_is_held_where_it_moves_disks},
        {"freeze/backups-and-tasks", test_traces_of_backups_and_tasks},
        {"freeze/blocked-ones-do-not-count", test_what_is_blocked_needs_no_freeze},
        {"freeze/seen-by-cloudstack-alone",
            test_vms_of_cloudstack_alone_are_not_known_to_hold_still},
        {"time/counted", test_time_is_counted_from_what_was_measured},
        {"time/unknown", test_time_is_unknown_where_nothing_was_measured},
        {"managed/edges", test_managed_ones_are_never_ready},
        {"managed/volume-of-no-vm", test_volume_of_no_vm_blocks},
        {"managed/file-behind-the-disk", test_file_behind_the_disk_counts},
        {"managed/owner-and-cure", test_owner_and_cure_are_told},
        {"managed/moved-and-renamed", test_moved_and_renamed_one_needs_a_look},
        {"managed/unread-volumes", test_unread_volumes_are_unknown},
        {"managed/forced", test_forced_does_not_help},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *path = g_strdup_printf("/plan/%s", tests[i].name);
        g_test_add_func(path, tests[i].test);
    }
    return g_test_run();
}
