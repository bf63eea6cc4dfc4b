/* SPDX-License-Identifier: Apache-2.0
 *
 * The VLAN to network matrix, and the JSON of CloudStack's discover_networks.py.
 *
 * Source: scripts/vm/hypervisor/vmware/discover_networks.py of CloudStack, members and their forms.
 */
#include "report.h"

#include <string.h>

#include <json-c/json.h>

#include "arena.h"
#include "cleanup.h"
#include "record.h"

/* --- matrix ----------------------------------------------------------------------------------- */

static const OutputColumn matrix_columns[] = {
    {"VLAN", "vlan", .is_fixed = true},
    {"ZONE", "zone", .is_fixed = false},
    {"MATCH", "match", .is_fixed = true},
    {"NETWORKS", "networks", .is_fixed = false},
    {"PORT GROUPS", "portgroups", .is_fixed = false},
    {"SWITCHES", "switches", .is_fixed = false},
    {"HOSTS", "hosts", .is_number = true, .is_fixed = true},
    {"VMS", "instances", .is_number = true, .is_fixed = true},
    {"NICS", "nics", .is_number = true, .is_fixed = true},
    {"NOTE", "note", .is_fixed = false},
    {"NETWORK IDS", "networkids", .is_fixed = false},
};

static const char *
join_texts(const Texts *texts, Arena *arena)
{
    g_autoptr(GString) joined = g_string_new(NULL);
    for (size_t i = 0; i < texts->n; i++)
        g_string_append_printf(joined, "%s%s", i ? "; " : "", texts->items[i]);
    return arena_strdup(arena, joined->str);
}

static const char *
number(Int count, Arena *arena)
{
    return count.state == FACT_KNOWN ? arena_printf(arena, "%" G_GINT64_FORMAT, count.value) : NULL;
}

static void
add_row(OutputTable *table, const MatrixRow *row)
{
    Arena arena;
    arena_init(&arena);
    g_autoptr(GString) names = g_string_new(NULL);
    g_autoptr(GString) ids = g_string_new(NULL);
    for (size_t i = 0; i < row->networks.n; i++) {
        const MatrixNetwork *network = &row->networks.items[i];
        g_string_append_printf(names, "%s%s%s%s%s", i ? "; " : "",
            network->name.value ? network->name.value : "(no name)",
            network->owner.value ? " (" : "", network->owner.value ? network->owner.value : "",
            network->owner.value ? ")" : "");
        g_string_append_printf(
            ids, "%s%s", i ? "; " : "", network->id.value ? network->id.value : "");
    }
    const char *cells[] = {report_vlan_text(&row->vlan, &arena), row->zone.value,
        network_match_words[row->match], names->str, join_texts(&row->portgroups, &arena),
        join_texts(&row->switches, &arena), number(row->hosts, &arena),
        number(row->instances, &arena), number(row->nics, &arena), row->note.value, ids->str};
    output_table_add(table, cells);
    arena_release(&arena);
}

static bool
print_table(const Plan *plan, OutputFormat format, const OutputStyle *style, size_t n_columns,
    FILE *file, GError **error)
{
    g_autoptr(OutputTable) table = output_table_new(matrix_columns, n_columns);
    for (size_t i = 0; i < plan->n_networks; i++)
        add_row(table, &plan->networks[i]);
    return output_table_print(table, format, style, file, error);
}

bool
report_csv_networks(const Plan *plan, FILE *file, GError **error)
{
    const OutputStyle plain = {0};
    return print_table(plan, OUTPUT_CSV, &plain, G_N_ELEMENTS(matrix_columns), file, error);
}

bool
report_networks(
    const Plan *plan, OutputFormat format, const OutputStyle *style, FILE *file, GError **error)
{
    if (format == OUTPUT_CSV)
        return print_table(plan, OUTPUT_CSV, style, G_N_ELEMENTS(matrix_columns), file, error);
    if (format == OUTPUT_TABLE) /* the ids are for programs */
        return print_table(plan, format, style, G_N_ELEMENTS(matrix_columns) - 1, file, error);
    g_autoptr(GString) json =
        g_string_new("{\"apiVersion\":\"" PLAN_API_VERSION "\",\"kind\":\"Networks\",");
    if (plan->info.zone.value) {
        g_string_append(json, "\"zone\":");
        json_append_text(json, plan->info.zone.value);
        g_string_append_c(json, ',');
    }
    g_string_append(json, "\"networks\":[");
    for (size_t i = 0; i < plan->n_networks; i++) {
        g_string_append(json, i ? "," : "");
        record_encode(&matrix_row_type, &plan->networks[i], json);
    }
    g_string_append(json, "]}");
    return output_document_text(json->str, format, file, error);
}

/* --- discover_networks.py --------------------------------------------------------------------- */

/* Where one NIC is attached, in the words of that script; NULL: no member. */
typedef struct Attachment {
    const char *cluster, *host, *portgroup, *switch_name;
    const char *vlanid, *isolatedpvlan, *isolatedpvlantype;
} Attachment;

static void
find_place(const Inventory *inventory, const InstanceView *view, Attachment *at)
{
    const char *source = view->source.value, *cluster_id = view->cluster.value;
    const SourceHost *host =
        view->host.value ? inventory_find_host(inventory, source, view->host.value) : NULL;
    if (!cluster_id && host)
        cluster_id = host->cluster.value;
    const SourceCluster *cluster =
        cluster_id ? inventory_find_cluster(inventory, source, cluster_id) : NULL;
    at->host = view->host_name.value ? view->host_name.value : host ? host->name.value : NULL;
    at->cluster = view->cluster_name.value ? view->cluster_name.value
                  : cluster                ? cluster->name.value
                                           : NULL;
}

static void
find_vlan(const Vlan *vlan, Attachment *at, Arena *arena)
{
    bool is_guess = vlan->is_certain.state == FACT_KNOWN && !vlan->is_certain.value;
    if (is_guess)
        return;
    if (vlan->kind == VLAN_NONE)
        at->vlanid = "0";
    if (vlan->kind == VLAN_ID || vlan->kind == VLAN_PVLAN)
        at->vlanid = number(vlan->id, arena);
    if (vlan->kind == VLAN_TRUNK && vlan->ranges.n)
        at->vlanid = report_vlan_text(vlan, arena) + strlen("trunk ");
    if (at->vlanid && vlan->kind == VLAN_TRUNK && !strpbrk(at->vlanid, "-,"))
        at->vlanid = arena_printf(arena, "%s-%s", at->vlanid, at->vlanid); /* tagged, so no "7" */
    if (vlan->kind == VLAN_PVLAN) {
        at->isolatedpvlan = number(vlan->secondary, arena);
        at->isolatedpvlantype = pvlan_words[vlan->pvlan_type];
    }
}

static Attachment
find_attachment(const Inventory *inventory, const InstanceView *view, const Nic *nic, Arena *arena)
{
    Attachment at = {0};
    const char *source = view->source.value, *switch_id = nic->switch_id.value;
    const Portgroup *portgroup =
        nic->portgroup.value ? inventory_find_portgroup(inventory, source, nic->portgroup.value)
                             : NULL;
    if (!switch_id && portgroup)
        switch_id = portgroup->switch_id.value;
    const Switch *net_switch =
        switch_id ? inventory_find_switch(inventory, source, switch_id) : NULL;
    find_place(inventory, view, &at);
    at.portgroup = portgroup && portgroup->name.value ? portgroup->name.value : nic->network.value;
    at.switch_name = net_switch ? net_switch->name.value : NULL;
    find_vlan(nic->vlan.kind || !portgroup ? &nic->vlan : &portgroup->vlan, &at, arena);
    return at;
}

static void
add_text(json_object *object, const char *name, const char *text)
{
    json_object_object_add(object, name, json_object_new_string(text ? text : ""));
}

static void
add_known(json_object *object, const char *name, const char *text)
{
    if (text)
        add_text(object, name, text);
}

/* The network entry of the attachment, with its list of VMs; made at first use. */
static json_object *
find_entry(json_object *networks, GHashTable *index, const Attachment *at)
{
    char *key = g_strjoin("\n", at->cluster ? at->cluster : "", at->host ? at->host : "",
        at->switch_name ? at->switch_name : "", at->portgroup ? at->portgroup : "",
        at->vlanid ? at->vlanid : "", at->isolatedpvlan ? at->isolatedpvlan : "",
        at->isolatedpvlantype ? at->isolatedpvlantype : "", NULL);
    json_object *vms = g_hash_table_lookup(index, key);
    if (vms) {
        g_free(key);
        return vms;
    }
    json_object *entry = json_object_new_object();
    vms = json_object_new_array();
    add_text(entry, "cluster", at->cluster);
    add_text(entry, "host", at->host);
    add_known(entry, "isolatedpvlan", at->isolatedpvlan);
    add_known(entry, "isolatedpvlantype", at->isolatedpvlantype);
    add_text(entry, "portgroup", at->portgroup);
    add_text(entry, "switch", at->switch_name);
    json_object_object_add(entry, "virtualmachines", vms);
    add_known(entry, "vlanid", at->vlanid);
    json_object_array_add(networks, entry);
    g_hash_table_insert(index, key, vms);
    return vms;
}

static void
add_vm(json_object *vms, const InstanceView *view, const Nic *nic)
{
    json_object *device = json_object_new_object(), *vm = json_object_new_object();
    add_text(device, "label", nic->label.value ? nic->label.value : nic->id.value);
    add_text(device, "macaddress", nic->mac.value);
    json_object_object_add(vm, "device", device);
    add_text(vm, "name", view->name.value);
    json_object_array_add(vms, vm);
}

bool
report_discover_networks(const Inventory *inventory, FILE *file, GError **error)
{
    g_autoptr(JsonObject) document = json_object_new_object();
    g_autoptr(GHashTable) index = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    json_object *networks = json_object_new_array();
    Arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < inventory->n_instances; i++) {
        const InstanceView *view = instance_view(&inventory->instances[i]);
        for (size_t k = 0; k < view->nics.n; k++) {
            const Nic *nic = &view->nics.items[k];
            Attachment at = find_attachment(inventory, view, nic, &arena);
            add_vm(find_entry(networks, index, &at), view, nic);
        }
    }
    arena_release(&arena);
    json_object_object_add(
        document, "count", json_object_new_int64((int64_t)json_object_array_length(networks)));
    json_object_object_add(document, "networks", networks);
    return output_json(document, file, error);
}
