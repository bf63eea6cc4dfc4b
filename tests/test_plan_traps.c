/* SPDX-License-Identifier: Apache-2.0
 *
 * What the server does not check: traps of a VM at its source.
 */
#include "tests/estate_builder.h"

typedef struct Case {
    const char *name;
    void (*change)(Estate *estate, InstanceView *view);
    const char *finding;  /* must be there; NULL: must be ready without a warning */
    const char *evidence; /* a part of its text, evidence or remedy */
    Verdict verdict;
    bool is_kvm;
} Case;

static void
nothing(Estate *estate, InstanceView *view)
{
    (void)estate, (void)view;
}

static Attribute *
add_tuning(Estate *estate, InstanceView *view, const char *key, const char *value)
{
    Attribute *items = arena_new_n(&estate->arena, Attribute, view->tunings.n + 1);
    if (view->tunings.n)
        memcpy(items, view->tunings.items, view->tunings.n * sizeof *items);
    items[view->tunings.n] = (Attribute){text_known(key), text_known(value)};
    view->tunings.items = items;
    view->tunings.n++;
    return items;
}

static void
linked_clone(Estate *estate, InstanceView *view)
{
    view->disks.items[0].chain = one_text(estate, "[ds1] gold/gold.vmdk");
}

static void
delta_in_own_folder(Estate *estate, InstanceView *view)
{
    view->disks.items[0].path = text_known("[ds1] web-01/web-01-000001.vmdk");
    view->disks.items[0].chain = one_text(estate, "[ds1] web-01/web-01.vmdk");
}

static void
kvm_backing_file(Estate *estate, InstanceView *view)
{
    view->disks.items[0].chain = one_text(estate, "/var/lib/gold.qcow2");
}

static void
kvm_raw(Estate *estate, InstanceView *view)
{
    (void)estate;
    view->disks.items[0].format = text_known("raw");
}

static void
kvm_autostart(Estate *estate, InstanceView *view)
{
    (void)estate;
    view->is_autostart = bool_known(true);
}

static void
read_only_disk(Estate *estate, InstanceView *view)
{
    (void)estate;
    view->disks.items[0].is_read_only = bool_known(true);
}

static void
sparse_disk(Estate *estate, InstanceView *view)
{
    (void)estate;
    view->disks.items[0].backing_type = text_known("VirtualDiskSeSparseBackingInfo");
}

static void
add_snapshot(Estate *estate, InstanceView *view, const char *name)
{
    view->snapshots.items = arena_new(&estate->arena, Snapshot);
    view->snapshots.items[0] = (Snapshot){.name = text_known(name)};
    view->snapshots.n = 1;
}

static void
backup(Estate *estate, InstanceView *view)
{
    add_snapshot(estate, view, "VEEAM BACKUP TEMPORARY SNAPSHOT");
}

static void
replicated(Estate *estate, InstanceView *view)
{
    add_tuning(estate, view, "replication", "GID-7");
}

static void
change_tracking(Estate *estate, InstanceView *view)
{
    (void)estate;
    view->has_change_tracking = bool_known(true);
}

static void
in_vapp(Estate *estate, InstanceView *view)
{
    (void)estate;
    view->vapp = text_known("shop");
}

static void
odd_folder(Estate *estate, InstanceView *view)
{
    (void)estate;
    view->path = text_known("/DC0/vm/Finance & Co");
}

static void
in_datastore_cluster(Estate *estate, InstanceView *view)
{
    Datastore datastore = {.source = text_known("vc"),
        .id = text_known("datastore-1"),
        .name = text_known("ds1"),
        .pod = text_known("pod-a")};
    estate_put(estate, RECORD_DATASTORE, &datastore);
    view->disks.items[0].datastore = text_known("datastore-1");
}

static void
unread_tunings(Estate *estate, InstanceView *view)
{
    (void)estate;
    view->tunings.state = FACT_UNKNOWN;
    view->firmware = FIRMWARE_UNKNOWN;
}

static const Case cases[] = {
    {"plain-vm-has-none", nothing, NULL, NULL, VERDICT_READY, false},
    {"linked-clone", linked_clone, "linked-clone", "[ds1] gold/gold.vmdk", VERDICT_READY, false},
    {"delta-of-its-own-is-none", delta_in_own_folder, NULL, NULL, VERDICT_READY, false},
    {"kvm-backing-file", kvm_backing_file, "linked-clone", "blockpull", VERDICT_READY, true},
    {"kvm-raw-disk", kvm_raw, "disk-format-recorded", "QCOW2", VERDICT_READY, true},
    {"kvm-autostart", kvm_autostart, "autostart", "virsh autostart --disable web-01",
        VERDICT_READY_AFTER_ACTION, true},
    {"read-only-disk", read_only_disk, "disk-read-only", "Hard disk 1", VERDICT_READY, false},
    {"sparse-disk", sparse_disk, "disk-kind-unreadable", "SeSparse", VERDICT_READY, false},
    {"backup-snapshot", backup, "backup-running", "VEEAM", VERDICT_READY_AFTER_ACTION, false},
    {"replication", replicated, "replicated", "GID-7", VERDICT_READY, false},
    {"change-tracking", change_tracking, "change-tracking", NULL, VERDICT_READY, false},
    {"vapp", in_vapp, "in-vapp", "'shop'", VERDICT_READY, false},
    {"folder-with-ampersand", odd_folder, "names-with-special-characters",
        "folder '/DC0/vm/Finance & Co'", VERDICT_READY, false},
    {"datastore-cluster", in_datastore_cluster, "datastore-in-cluster", "'pod-a'", VERDICT_READY,
        false},
    {"unread-settings-are-untold", unread_tunings, "traps-untold",
        "UEFI firmware, settings that a start resets", VERDICT_READY, false},
};

/* A KVM estate of the same VM: another kind of source, and the template that an import needs. */
static void
make_kvm(Estate *estate)
{
    LAST(Cluster, estate->clusters)->hypervisortype = text_known("KVM");
    estate_add_template(estate, "placeholder", 1 << 20);
}

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
    if (it->is_kvm)
        make_kvm(&estate);
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
    if (it->evidence && !strstr(all, it->evidence))
        g_error("'%s' is not in: %s", it->evidence, all);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/plan/traps/%s", cases[i].name);
        g_test_add_data_func(path, &cases[i], test_case);
    }
    return g_test_run();
}
