/* SPDX-License-Identifier: Apache-2.0
 *
 * Guest OS mappings that VMware hosts of the estate lack, and the template that KVM imports name.
 */
#include <string.h>

#include "preparation.h"

enum { TEMPLATE_SETTLE_SECONDS = 1800 };

/* --- guest OS --------------------------------------------------------------------------------- */

static const OsType *
find_os_type(const Catalog *catalog, const char *id, const char *description)
{
    for (size_t i = 0; i < catalog->os_types.n; i++) {
        const OsType *type = &catalog->os_types.items[i];
        if ((id && !g_strcmp0(type->id.value, id)) ||
            (description && !g_strcmp0(type->description.value, description)))
            return type;
    }
    return NULL;
}

/* The type of a guest that CloudStack has no type for, by vCenter's id: "centos8_64Guest". */
static const OsType *
nearest_os_type(const Catalog *catalog, const char *id)
{
    bool is_64 = strstr(id, "64") != NULL;
    const char *const names[] = {
        g_str_has_prefix(id, "win")
            ? (is_64 ? "Windows Server 2016 (64-bit)" : "Windows XP (32-bit)")
        : strstr(id, "inux") ? (is_64 ? "Other Linux (64-bit)" : "Other Linux (32-bit)")
                             : NULL,
        is_64 ? "Other (64-bit)" : "Other (32-bit)",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const OsType *type = names[i] ? find_os_type(catalog, NULL, names[i]) : NULL;
        if (type)
            return type;
    }
    return NULL;
}

static void
add_mapping(Preparation *preparation, const OsType *type, const char *guest, const char *version,
    const char *why)
{
    Changes *changes = preparation->changes;
    g_autofree char *name = g_strdup_printf("%s-%s", guest, version);
    Change *change = prepare_add(preparation, CHANGE_GUEST_OS_MAPPING, "guest-os", name);
    prepare_begin_call(preparation, change, "addGuestOsMapping");
    change_call_add(changes, &change->call, "hypervisor", "VMware");
    change_call_add(changes, &change->call, "hypervisorversion", version);
    change_call_add(changes, &change->call, "osnameforhypervisor", guest);
    change_call_add(changes, &change->call, "ostypeid", type->id.value);
    ChangeFind *find = &change->find;
    ChangeCall *read = change_find_add_read(changes, find, "listGuestOsMapping");
    change_call_add(changes, read, "hypervisor", "VMware");
    change_call_add(changes, read, "hypervisorversion", version);
    find->item = text_known("guestosmapping");
    change_expect_param(changes, find, "osnameforhypervisor", "osnameforhypervisor");
    change_expect_param(changes, find, "hypervisorversion", "hypervisorversion");
    change_expect_param(changes, find, "ostypeid", "ostypeid");
    change_call_init(changes, &change->undo, "removeGuestOsMapping");
    change_call_add_ref(changes, &change->undo, "id", change->id.value);
    prepare_set_why(preparation, change, why,
        arena_printf(preparation->arena,
            "listGuestOsMapping has none of VMware %s for '%s'; as OS type '%s' is taken", version,
            guest, text_or_word(type->description)));
    OsMapping row = {.id = change->id,
        .ostypeid = type->id,
        .osdisplayname = type->description,
        .osnameforhypervisor = text_known(arena_strdup(preparation->arena, guest)),
        .hypervisor = text_known("VMware"),
        .hypervisorversion = text_known(arena_strdup(preparation->arena, version))};
    if (change->verdict == VERDICT_READY)
        future_add(preparation, &preparation->future.os_mappings, &row);
}

/* Arguments of both findings: name and id of the guest, version of the host, id of the OS type. */
static void
map_guest(Preparation *preparation, GHashTable *done, const Finding *finding)
{
    const char *name = finding->args[0].text, *id = finding->args[1].text;
    const char *version = finding->args[2].text, *type_id = finding->args[3].text;
    const Catalog *catalog = preparation->catalog;
    const OsType *type =
        type_id && *type_id ? find_os_type(catalog, type_id, NULL) : nearest_os_type(catalog, id);
    g_autofree char *key = g_strdup_printf("%s/%s", id, version);
    if (!type || !*id || g_hash_table_contains(done, key))
        return;
    g_hash_table_add(done, g_steal_pointer(&key));
    add_mapping(preparation, type, id, version,
        arena_printf(preparation->arena, "VMs have the guest OS '%s', which is not mapped", name));
}

static void
prepare_mappings(Preparation *preparation)
{
    const Plan *plan = preparation->plan;
    g_autoptr(GHashTable) done = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (size_t i = 0; i < plan->n_items; i++) {
        const PlanItem *item = &plan->items[i];
        const Finding *finding = item_find_finding(item, FINDING_GUEST_OS_UNMAPPED);
        if (!finding)
            finding = item_find_finding(item, FINDING_GUEST_OS_UNKNOWN);
        if (finding && prepare_is_wanted(item))
            map_guest(preparation, done, finding);
    }
}

/* --- template --------------------------------------------------------------------------------- */

/* The smallest root disk of those that lack a template, in whole GiB; 0: none lacks one. */
static int64_t
smallest_root_gib(const Plan *plan, size_t *ret_n)
{
    int64_t least = 0;
    size_t n = 0;
    for (size_t i = 0; i < plan->n_items; i++) {
        const PlanItem *item = &plan->items[i];
        if (!prepare_is_wanted(item) || (!item_find_finding(item, FINDING_TEMPLATE_NEEDED) &&
                                            !item_find_finding(item, FINDING_TEMPLATE_MISSING)))
            continue;
        n++;
        for (size_t j = 0; j < item->instance.disks.n; j++) {
            const PlanDisk *disk = &item->instance.disks.items[j];
            int64_t gib = (disk->capacity_bytes.value + GIB - 1) / GIB;
            if (!g_strcmp0(disk->id.value, item->choice.root.value) && gib &&
                (!least || gib < least))
                least = gib;
        }
    }
    *ret_n = n;
    return n && !least ? 1 : least;
}

static void
call_register(Preparation *preparation, Change *change, const OsType *type)
{
    Changes *changes = preparation->changes;
    ChangeCall *call = &change->call;
    prepare_begin_call(preparation, change, "registerTemplate");
    change_call_add(changes, call, "name", change->name.value);
    change_call_add(changes, call, "displaytext", "placeholder that KVM imports name");
    change_call_add(changes, call, "hypervisor", "KVM");
    change_call_add(changes, call, "format", "QCOW2");
    change_call_add(changes, call, "ispublic", "true");
    change_call_add(changes, call, "zoneid", preparation->zoneid);
    if (type)
        change_call_add(changes, call, "ostypeid", type->id.value);
    if (preparation->options->template_url)
        change_call_add(changes, call, "url", preparation->options->template_url);
    else
        prepare_block(preparation, change, FINDING_PLACEHOLDER_URL);
}

static void
find_template(Preparation *preparation, Change *change)
{
    Changes *changes = preparation->changes;
    ChangeFind *find = &change->find;
    ChangeCall *read = change_find_add_read(changes, find, "listTemplates");
    change_call_add(changes, read, "templatefilter", "all");
    change_call_add(changes, read, "zoneid", preparation->zoneid);
    change_call_add(changes, read, "name", change->name.value);
    find->item = text_known("template");
    find->settle_seconds = int_known(TEMPLATE_SETTLE_SECONDS);
    change_expect_param(changes, find, "name", "name");
    change_expect_param(changes, find, "hypervisor", "hypervisor");
    change_expect(changes, find, "isready", "true");
    change_add_clash(changes, find, "name");
    change_call_init(changes, &change->undo, "deleteTemplate");
    change_call_add_ref(changes, &change->undo, "id", change->id.value);
    change_call_add(changes, &change->undo, "zoneid", preparation->zoneid);
    prepare_add_use(preparation, change, "a VM was made with it", "listVirtualMachines",
        "templateid", "virtualmachine");
}

static void
prepare_template(Preparation *preparation)
{
    size_t n = 0;
    int64_t gib = smallest_root_gib(preparation->plan, &n);
    if (!n)
        return;
    Arena *arena = preparation->arena;
    const OsType *type = find_os_type(preparation->catalog, NULL, "Other Linux (64-bit)");
    if (!type)
        type = find_os_type(preparation->catalog, NULL, "Other (64-bit)");
    Change *change =
        prepare_add(preparation, CHANGE_TEMPLATE, "template", "import-placeholder-kvm");
    call_register(preparation, change, type);
    find_template(preparation, change);
    prepare_set_why(preparation, change,
        arena_printf(arena, "%zu VMs on KVM have no template that they could be imported with", n),
        arena_printf(arena,
            "the server asks for one that is not bigger than the root disk, and takes nothing of "
            "it; the smallest root disk is %" G_GINT64_FORMAT
            " GiB, so the file may be that at most: qemu-img create -f qcow2 placeholder.qcow2 1M",
            gib));
    Template row = {.id = change->id,
        .name = change->name,
        .hypervisor = text_known("KVM"),
        .format = text_known("QCOW2"),
        .zoneid = text_known(preparation->zoneid),
        .templatetype = text_known("USER"),
        .isready = bool_known(true),
        .ispublic = bool_known(true),
        .size = int_known(MIB)};
    if (change->verdict == VERDICT_READY)
        future_add(preparation, &preparation->future.templates, &row);
}

void
prepare_guests(Preparation *preparation)
{
    const Catalog *catalog = preparation->catalog;
    if (is_read(&catalog->os_types) && is_read(&catalog->os_mappings))
        prepare_mappings(preparation);
    if (is_read(&catalog->templates) && preparation->zoneid)
        prepare_template(preparation);
}
