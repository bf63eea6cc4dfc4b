/* SPDX-License-Identifier: Apache-2.0
 *
 * The API calls of an item, in the server's own names, and the digest of the facts behind them.
 */
#include <string.h>

#include "convert_priv.h"
#include "mapper_priv.h"

typedef struct CallBuilder {
    Arena *arena;
    GArray *params;
    bool is_incomplete;
} CallBuilder;

static void
add_param(CallBuilder *builder, const char *name, Text value)
{
    CallParam param = {text_known(name), value};
    if (value.value)
        g_array_append_val(builder->params, param);
}

static void
add_needed(CallBuilder *builder, const char *name, Text value)
{
    builder->is_incomplete |= !value.value;
    add_param(builder, name, value);
}

static void
add_member(CallBuilder *builder, const char *list, size_t index, const char *member, Text value)
{
    add_needed(builder, arena_printf(builder->arena, "%s[%zu].%s", list, index, member), value);
}

/* An account wins over a project, but the project must exist all the same. */
static void
add_owner(CallBuilder *builder, const Choice *choice)
{
    add_param(builder, "account", choice->account);
    if (choice->account.value || !choice->projectid.value)
        add_param(builder, "domainid", choice->domainid);
    add_param(builder, "projectid", choice->projectid);
}

static void
add_nics(CallBuilder *builder, const Choice *choice)
{
    size_t n_ips = 0;
    for (size_t i = 0; i < choice->nics.n; i++) {
        add_member(builder, "nicnetworklist", i, "nic", choice->nics.items[i].nic);
        if (!choice->nics.items[i].networkid.value || *choice->nics.items[i].networkid.value)
            add_member(builder, "nicnetworklist", i, "network", choice->nics.items[i].networkid);
    }
    for (size_t i = 0; i < choice->nics.n; i++) {
        if (!choice->nics.items[i].ip4.value)
            continue;
        add_member(builder, "nicipaddresslist", n_ips, "nic", choice->nics.items[i].nic);
        add_member(builder, "nicipaddresslist", n_ips++, "ip4Address", choice->nics.items[i].ip4);
    }
}

static void
add_disks(CallBuilder *builder, const Choice *choice)
{
    for (size_t i = 0; i < choice->disks.n; i++) {
        const DiskChoice *disk = &choice->disks.items[i];
        add_member(builder, "datadiskofferinglist", i, "disk", disk->disk);
        add_member(builder, "datadiskofferinglist", i, "diskOffering", disk->diskofferingid);
    }
}

static void
add_flag(CallBuilder *builder, const char *name, Bool flag)
{
    if (is_true(flag))
        add_param(builder, name, text_known("true"));
}

static void
keep_call(CallBuilder *builder, const char *command, Call *ret)
{
    GArray *params = builder->params;
    ret->command = text_known(command);
    ret->params.items = arena_memdup(builder->arena, params->data, params->len * sizeof(CallParam));
    ret->params.n = params->len;
    ret->params.state = FACT_KNOWN;
    g_array_set_size(params, 0);
}

/* The volume has no id before the import: "{volume of disk 51-2001}". */
static void
add_move_call(CallBuilder *builder, const PlanItem *item, const MigrateChoice *move, Call *ret)
{
    const Instance *instance = item->facts_of;
    const InstanceView *server = instance && instance->cloudstack ? instance->cloudstack
                                 : instance                       ? instance->source
                                                                  : NULL;
    Text volume =
        move->disk.value
            ? text_known(arena_printf(builder->arena, "{volume of disk %s}", move->disk.value))
            : text_absent();
    add_needed(builder, "volumeid", volume);
    add_needed(builder, "storageid", move->storageid);
    add_param(builder, "newdiskofferingid", move->diskofferingid);
    if (is_moved_live(server))
        add_param(builder, "livemigrate", text_known("true"));
    keep_call(builder, "migrateVolume", ret);
}

bool
choice_is_converted(const Choice *choice)
{
    return choice->convert.importsource.value && *choice->convert.importsource.value;
}

const ApiName *
choice_api(const Choice *choice)
{
    static const ApiName names[] = {
        {"importUnmanagedInstance", "importunmanagedinstance"}, {"importVm", "importvm"}};
    return &names[choice_is_converted(choice)];
}

static void
add_import(CallBuilder *builder, const Choice *choice)
{
    add_needed(builder, "clusterid", choice->clusterid);
    add_needed(builder, "name", choice->name);
    add_param(builder, "displayname", choice->displayname);
    add_param(builder, "hostname", choice->hostname);
    add_owner(builder, choice);
    add_param(builder, "templateid", choice->templateid);
    add_needed(builder, "serviceofferingid", choice->serviceofferingid);
    add_nics(builder, choice);
    add_disks(builder, choice);
    for (size_t i = 0; i < choice->details.n; i++)
        add_param(builder,
            arena_printf(
                builder->arena, "details[0].%s", text_or_word(choice->details.items[i].key)),
            choice->details.items[i].value);
    add_flag(builder, "migrateallowed", choice->migrateallowed);
    add_flag(builder, "forced", choice->forced);
}

/* Which server reads the source, and how; what it needs of the one or the other. */
static void
add_vcenter(CallBuilder *builder, const ConvertChoice *convert)
{
    if (convert->existingvcenterid.value) {
        add_param(builder, "existingvcenterid", convert->existingvcenterid);
        return;
    }
    add_needed(builder, "vcenter", convert->vcenter);
    add_needed(builder, "datacentername", convert->datacentername);
    builder->is_incomplete |= !convert->credentials.value;
}

/* Since 4.22.1 the server reads by the VDDK unless it is told not to, so both are written out. */
static void
add_convert(CallBuilder *builder, const ConvertChoice *convert)
{
    add_needed(builder, "zoneid", convert->zoneid);
    add_param(builder, "hypervisor", text_known("KVM"));
    add_param(builder, "importsource", convert->importsource);
    builder->is_incomplete |= g_ascii_strcasecmp(convert->importsource.value, "vmware") != 0;
    add_vcenter(builder, convert);
    add_param(builder, "clustername", convert->clustername);
    add_param(builder, "hostip", convert->hostip);
    add_param(builder, "convertinstancehostid", convert->convertinstancehostid);
    add_param(builder, "importinstancehostid", convert->importinstancehostid);
    add_param(builder, "convertinstancepoolid", convert->convertinstancepoolid);
    add_flag(builder, "forceconverttopool", convert->forceconverttopool);
    add_flag(builder, "forcemstoimportvmfiles", convert->forcemstoimportvmfiles);
    if (convert->usevddk.state == FACT_KNOWN)
        add_param(builder, "usevddk", text_known(convert->usevddk.value ? "true" : "false"));
    add_param(builder, "extraparams", convert->extraparams);
    add_param(builder, "osid", convert->osid);
}

static void
add_first_call(CallBuilder *builder, const Choice *choice, Call *ret)
{
    const ConvertChoice *convert = &choice->convert;
    bool is_converted = choice_is_converted(choice);
    if (is_converted)
        add_convert(builder, convert);
    add_import(builder, choice);
    keep_call(builder, choice_api(choice)->name, ret);
    if (is_converted && !convert->existingvcenterid.value)
        ret->credentials = convert->credentials;
}

/* No call as long as something that one of them needs has not been chosen. */
size_t
plan_item_calls(const PlanItem *item, Arena *arena, Call **ret_calls)
{
    const Choice *choice = &item->choice;
    size_t n = 1 + choice->migrate.n;
    g_autoptr(GArray) params = g_array_new(false, true, sizeof(CallParam));
    CallBuilder builder = {.arena = arena, .params = params};
    Call *calls = arena_new_n(arena, Call, n);
    add_first_call(&builder, choice, &calls[0]);
    for (size_t i = 0; i < choice->migrate.n; i++)
        add_move_call(&builder, item, &choice->migrate.items[i], &calls[1 + i]);
    *ret_calls = builder.is_incomplete ? NULL : calls;
    return builder.is_incomplete ? 0 : n;
}

/* --- facts ------------------------------------------------------------------------------------ */

static void
add_fact(GChecksum *sum, const char *name, Text value)
{
    static const char *const states[] = {"?", "-", "="};
    g_checksum_update(sum, (const guchar *)name, -1);
    g_checksum_update(sum, (const guchar *)states[value.state], -1);
    if (value.value)
        g_checksum_update(sum, (const guchar *)value.value, -1);
    g_checksum_update(sum, (const guchar *)"\n", 1);
}

static void
add_number(GChecksum *sum, const char *name, Int value)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, value.value);
    Text as_text = {.state = value.state, .value = value.state == FACT_KNOWN ? text : NULL};
    add_fact(sum, name, as_text);
}

static void
add_disk_facts(GChecksum *sum, const Disk *disk)
{
    add_fact(sum, "disk", disk->id);
    add_number(sum, "capacity", disk->capacity_bytes);
    add_fact(sum, "path", disk->path);
    add_fact(sum, "controller", disk->controller);
    add_fact(sum, "datastore", disk->datastore);
    add_fact(sum, "datastorename", disk->datastore_name);
    add_fact(sum, "datastorehost", disk->datastore_host);
    add_fact(sum, "datastorepath", disk->datastore_path);
}

static void
add_nic_facts(GChecksum *sum, const Nic *nic)
{
    add_fact(sum, "nic", nic->id);
    add_fact(sum, "mac", nic->mac);
    add_fact(sum, "adapter", nic->adapter);
    add_fact(sum, "network", nic->network);
    add_number(sum, "kind", int_known(nic->vlan.kind));
    add_number(sum, "vlan", nic->vlan.id);
    add_number(sum, "secondary", nic->vlan.secondary);
}

static void
add_view_facts(GChecksum *sum, const char *name, const InstanceView *view)
{
    g_checksum_update(sum, (const guchar *)name, -1);
    if (!view)
        return;
    add_fact(sum, "name", view->name);
    add_fact(sum, "cluster", view->cluster);
    add_number(sum, "power", int_known(view->power));
    add_number(sum, "template", int_known(is_true(view->is_template)));
    add_number(sum, "cpus", view->cpus);
    add_number(sum, "memory", view->memory_bytes);
    add_number(sum, "reservation", view->cpu_reservation_mhz);
    add_number(sum, "snapshots", int_known((int64_t)view->snapshots.n));
    for (size_t i = 0; i < view->disks.n; i++)
        add_disk_facts(sum, &view->disks.items[i]);
    for (size_t i = 0; i < view->nics.n; i++)
        add_nic_facts(sum, &view->nics.items[i]);
}

/* Guest addresses are left out: they come and go, and an address that matters is judged anew.
 * So are boot time and running tasks: an import looks at them itself, just before it submits. */
char *
instance_facts(const InstanceView *source, const InstanceView *cloudstack)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    add_view_facts(sum, "source\n", source);
    add_view_facts(sum, "cloudstack\n", cloudstack);
    return g_strdup(g_checksum_get_string(sum));
}

char *
plan_item_facts(const PlanItem *item)
{
    const Instance *instance = item->facts_of;
    return instance ? instance_facts(instance->source, instance->cloudstack) : NULL;
}
