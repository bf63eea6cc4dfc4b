/* SPDX-License-Identifier: Apache-2.0
 *
 * Switches, port groups and the VLAN of each port.
 *
 * A standard port group exists per host, and its VLAN may differ from host to host under one name.
 * A distributed port group takes its VLAN from itself or, inherited, from its switch; a single port
 * may override both. A PVLAN setting names one id only; the pair stands in the switch's map.
 *
 * Source: vSphere Web Services API: HostPortGroup, HostVirtualSwitch, DVPortgroupConfigInfo,
 * VMwareDVSConfigInfo, VmwareDistributedVirtualSwitchVlanSpec and its three kinds.
 */
#include "vim_priv.h"

#include <string.h>

/* The settings below derive from base types: whole properties, no path into them. */
const VimField vim_switch_fields[] = {
    {.path = "name", .kind = VIM_NAME, .offset = offsetof(Switch, name)},
    {.path = "parent", .kind = VIM_VALUE},
    {.path = "uuid", .kind = VIM_TEXT, .offset = offsetof(Switch, uuid)},
    {.path = "config", .element = "maxMtu", .kind = VIM_INT, .offset = offsetof(Switch, mtu)},
};
const size_t vim_switch_fields_n = G_N_ELEMENTS(vim_switch_fields);

static const VimWord pvlan_table[] = {
    {"isolated", PVLAN_ISOLATED},
    {"community", PVLAN_COMMUNITY},
    {"promiscuous", PVLAN_PROMISCUOUS},
    {NULL, 0},
};

#define GROUP(member) offsetof(Portgroup, member)
#define SECURITY      "defaultPortConfig/securityPolicy/"
/* clang-format off */
const VimField vim_portgroup_fields[] = {
    {.path = "name", .kind = VIM_NAME, .offset = GROUP(name)},
    {.path = "parent", .kind = VIM_VALUE},
    {.path = "key", .kind = VIM_VALUE},
    {.path = "tag", .kind = VIM_VALUE},
    {.path = "config", .element = SECURITY "allowPromiscuous/value", .kind = VIM_BOOL, .offset = GROUP(allows_promiscuous)},
    {.path = "config", .element = SECURITY "forgedTransmits/value", .kind = VIM_BOOL, .offset = GROUP(allows_forged_transmits)},
    {.path = "config", .element = SECURITY "macChanges/value", .kind = VIM_BOOL, .offset = GROUP(allows_mac_changes)},
};
/* clang-format on */
const size_t vim_portgroup_fields_n = G_N_ELEMENTS(vim_portgroup_fields);

const VimField vim_opaque_fields[] = {
    {.path = "name", .kind = VIM_NAME, .offset = GROUP(name)},
    {.path = "parent", .kind = VIM_VALUE},
    {.path = "summary", .kind = VIM_VALUE},
};
const size_t vim_opaque_fields_n = G_N_ELEMENTS(vim_opaque_fields);

/* --- VLAN settings ---------------------------------------------------------------------------- */

static Vlan
vlan_of_id(Int id, Arena *arena)
{
    Vlan vlan = {.is_certain = bool_known(true)};
    if (id.state != FACT_KNOWN || id.value < 0 || id.value > VLAN_ALL)
        return (Vlan){0};
    if (id.value == 0) {
        vlan.kind = VLAN_NONE;
    } else if (id.value == VLAN_ALL) {
        vlan.kind = VLAN_TRUNK;
        vlan.ranges.items = arena_new(arena, VlanRange);
        vlan.ranges.items[0] = (VlanRange){int_known(0), int_known(VLAN_ID_MAX)};
        vlan.ranges.n = 1;
        vlan.ranges.state = FACT_KNOWN;
    } else {
        vlan.kind = VLAN_ID;
        vlan.id = id;
    }
    return vlan;
}

static Vlan
vlan_of_trunk(const VimNode *spec, Arena *arena)
{
    Vlan vlan = {.kind = VLAN_TRUNK, .is_certain = bool_known(true)};
    size_t n = 0;
    for (const VimNode *at = spec->children; at; at = at->next)
        n += strcmp(at->name, "vlanId") == 0;
    vlan.ranges.items = arena_new_n(arena, VlanRange, n);
    vlan.ranges.state = FACT_KNOWN;
    for (const VimNode *at = spec->children; at; at = at->next)
        if (strcmp(at->name, "vlanId") == 0)
            vlan.ranges.items[vlan.ranges.n++] =
                (VlanRange){vim_node_int(at, "start"), vim_node_int(at, "end")};
    return vlan;
}

/* @spec: the element vlan of a VMwareDVSPortSetting, or NULL. */
static VimVlanSetting
read_setting(const VimNode *spec, Arena *arena)
{
    VimVlanSetting setting = {0};
    if (!spec)
        return setting;
    setting.is_set = true;
    setting.is_inherited = is_true(vim_node_bool(spec, "inherited"));
    const VimNode *id = vim_node_find(spec, "vlanId");
    if (strstr(spec->type, "Pvlan")) {
        setting.vlan = (Vlan){.kind = VLAN_PVLAN,
            .secondary = vim_node_int(spec, "pvlanId"),
            .is_certain = bool_known(true)};
    } else if (strstr(spec->type, "Trunk")) {
        setting.vlan = vlan_of_trunk(spec, arena);
    } else if (strstr(spec->type, "VlanIdSpec") && id && !id->children) {
        setting.vlan = vlan_of_id(vim_node_int(id, ""), arena);
    } else if (*spec->type || spec->children) {
        setting.unknown_type = arena_strdup(arena, *spec->type ? spec->type : "vlan");
        setting.is_set = !setting.is_inherited || spec->children;
    }
    return setting;
}

/* The pair that a PVLAN id stands for on its switch. */
static void
resolve_pvlan(Vlan *vlan, const VimSwitch *in_switch)
{
    if (vlan->kind != VLAN_PVLAN || !in_switch)
        return;
    for (size_t i = 0; i < in_switch->record.pvlans.n; i++) {
        const PvlanPair *pair = &in_switch->record.pvlans.items[i];
        if (pair->secondary.value != vlan->secondary.value)
            continue;
        vlan->id = pair->primary;
        vlan->pvlan_type = pair->type;
        return;
    }
}

/* --- standard switches ------------------------------------------------------------------------ */

static Texts
one_text(Arena *arena, const char *text)
{
    Texts texts = {.items = arena_new(arena, const char *), .n = 1, .state = FACT_KNOWN};
    texts.items[0] = text;
    return texts;
}

/* Texts of all children of that name; for references and plain lists. */
static Texts
child_texts(const VimNode *node, const char *name, Arena *arena)
{
    Texts texts = {.state = FACT_KNOWN};
    size_t n = 0;
    for (const VimNode *at = node ? node->children : NULL; at; at = at->next)
        n += strcmp(at->name, name) == 0;
    texts.items = arena_new_n(arena, const char *, n);
    for (const VimNode *at = node ? node->children : NULL; at; at = at->next)
        if (strcmp(at->name, name) == 0)
            texts.items[texts.n++] = arena_intern(arena, at->text);
    return texts;
}

/* A physical NIC goes by its key; what follows is its name. */
static const char pnic_key[] = "key-vim.host.PhysicalNic-";

static void
take_vswitch(VimInfra *infra, const char *host, const VimNode *node)
{
    Arena *arena = &infra->arena;
    const char *name = vim_node_text(node, "name");
    VimSwitch *vswitch = arena_new(arena, VimSwitch);
    vswitch->type = "HostVirtualSwitch";
    vswitch->record = (Switch){.source = text_known(infra->source),
        .id = text_known(arena_printf(arena, "%s/%s", host, name ? name : "?")),
        .name = text_known(arena_strdup(arena, name)),
        .uuid = text_absent(),
        .kind = SWITCH_STANDARD,
        .host = text_known(host),
        .mtu = vim_node_int(node, "mtu"),
        .uplinks = child_texts(node, "pnic", arena)};
    vswitch->record.pvlans.state = FACT_ABSENT;
    for (size_t i = 0; i < vswitch->record.uplinks.n; i++) {
        const char **uplink = &vswitch->record.uplinks.items[i];
        if (g_str_has_prefix(*uplink, pnic_key))
            *uplink += sizeof pnic_key - 1;
    }
    g_ptr_array_add(infra->switches, vswitch);
}

static Bool
security_flag(const VimNode *node, const char *flag)
{
    char path[80];
    g_snprintf(path, sizeof path, "computedPolicy/security/%s", flag);
    Bool value = vim_node_bool(node, path);
    if (value.state == FACT_KNOWN)
        return value;
    g_snprintf(path, sizeof path, "spec/policy/security/%s", flag);
    return vim_node_bool(node, path);
}

static void
take_host_portgroup(VimInfra *infra, const char *host, const VimNode *node)
{
    Arena *arena = &infra->arena;
    const char *name = vim_unescape(arena, vim_node_text(node, "spec/name")),
               *vswitch = vim_node_text(node, "spec/vswitchName");
    if (!name)
        return;
    VimPortgroup *group = arena_new(arena, VimPortgroup);
    group->record = (Portgroup){.source = text_known(infra->source),
        .id = text_known(arena_printf(arena, "%s/%s", host, name)),
        .name = text_known(arena_strdup(arena, name)),
        .kind = SWITCH_STANDARD,
        .hosts = one_text(arena, host),
        .vlan = vlan_of_id(vim_node_int(node, "spec/vlanId"), arena),
        .is_uplink = bool_known(false),
        .is_ephemeral = bool_known(false),
        .allows_promiscuous = security_flag(node, "allowPromiscuous"),
        .allows_forged_transmits = security_flag(node, "forgedTransmits"),
        .allows_mac_changes = security_flag(node, "macChanges")};
    if (vswitch && *vswitch)
        group->record.switch_id = text_known(arena_printf(arena, "%s/%s", host, vswitch));
    if (group->record.vlan.kind)
        group->record.vlan.from =
            text_known(arena_printf(arena, "port group '%s' on %s", name, host));
    g_ptr_array_add(infra->portgroups, group);
    g_hash_table_insert(infra->standard_by_name, (gpointer)group->record.id.value, group);
}

void
vim_network_take_host(VimInfra *infra, const VimObject *object)
{
    const char *host = arena_intern(&infra->arena, object->id);
    const VimNode *switches = vim_object_value(object, "config.network.vswitch"),
                  *groups = vim_object_value(object, "config.network.portgroup");
    if (groups)
        g_hash_table_add(infra->hosts_with_network, (gpointer)host);
    for (const VimNode *at = switches ? switches->children : NULL; at; at = at->next)
        take_vswitch(infra, host, at);
    for (const VimNode *at = groups ? groups->children : NULL; at; at = at->next)
        take_host_portgroup(infra, host, at);
}

const VimPortgroup *
vim_network_find_standard(const VimInfra *infra, const char *host, const char *name, Arena *scratch)
{
    if (!host || !name)
        return NULL;
    return g_hash_table_lookup(infra->standard_by_name, arena_printf(scratch, "%s/%s", host, name));
}

/* --- distributed switches --------------------------------------------------------------------- */

static void
take_pvlans(Switch *record, const VimNode *config, Arena *arena)
{
    size_t n = 0;
    for (const VimNode *at = config->children; at; at = at->next)
        n += strcmp(at->name, "pvlanConfig") == 0;
    record->pvlans.items = arena_new_n(arena, PvlanPair, n);
    record->pvlans.state = FACT_KNOWN;
    for (const VimNode *at = config->children; at; at = at->next) {
        if (strcmp(at->name, "pvlanConfig") != 0)
            continue;
        PvlanPair *pair = &record->pvlans.items[record->pvlans.n++];
        pair->primary = vim_node_int(at, "primaryVlanId");
        pair->secondary = vim_node_int(at, "secondaryVlanId");
        const char *type = vim_node_text(at, "pvlanType");
        for (const VimWord *word = pvlan_table; type && word->text; word++)
            if (strcmp(word->text, type) == 0)
                pair->type = (PvlanType)word->value;
    }
}

static Texts
member_hosts(const VimNode *config, Arena *arena)
{
    Texts hosts = {.state = FACT_KNOWN};
    size_t n = 0;
    for (const VimNode *at = config->children; at; at = at->next)
        n += strcmp(at->name, "host") == 0;
    hosts.items = arena_new_n(arena, const char *, n);
    for (const VimNode *at = config->children; at; at = at->next) {
        const char *host = strcmp(at->name, "host") == 0 ? vim_node_text(at, "config/host") : NULL;
        if (host)
            hosts.items[hosts.n++] = arena_intern(arena, host);
    }
    return hosts;
}

void
vim_network_take_switch(VimInfra *infra, const VimObject *object)
{
    Arena *arena = &infra->arena;
    VimSwitch *dvs = arena_new(arena, VimSwitch);
    Switch *record = &dvs->record;
    vim_fields_apply(object, record);
    vim_fields_keep(object->spec, record, arena);
    dvs->type = arena_intern(arena, object->type);
    record->source = text_known(infra->source);
    record->id = text_known(arena_strdup(arena, object->id));
    record->kind = SWITCH_DISTRIBUTED;
    record->host = text_absent();
    const VimNode *config = vim_object_value(object, "config");
    if (config) {
        take_pvlans(record, config, arena);
        record->uplinks =
            child_texts(vim_node_find(config, "uplinkPortPolicy"), "uplinkPortName", arena);
        dvs->hosts = member_hosts(config, arena);
        dvs->uplink_portgroups = child_texts(config, "uplinkPortgroup", arena);
        dvs->default_setting =
            read_setting(vim_node_find_path(config, "defaultPortConfig/vlan"), arena);
        if (record->uuid.state != FACT_KNOWN && vim_node_text(config, "uuid"))
            record->uuid = text_known(arena_strdup(arena, vim_node_text(config, "uuid")));
    }
    g_ptr_array_add(infra->switches, dvs);
    g_hash_table_insert(infra->switches_by_id, (gpointer)record->id.value, dvs);
    if (record->uuid.value)
        g_hash_table_insert(infra->switches_by_uuid, (gpointer)record->uuid.value, dvs);
}

static bool
has_uplink_tag(const VimNode *tags)
{
    for (const VimNode *at = tags ? tags->children : NULL; at; at = at->next)
        if (g_strcmp0(vim_node_text(at, "key"), "SYSTEM/DVS.UPLINKPG") == 0)
            return true;
    return false;
}

static void
take_portgroup_config(VimPortgroup *group, const VimNode *config, Arena *arena)
{
    Portgroup *record = &group->record;
    const char *type = vim_node_text(config, "type"),
               *backing = vim_node_text(config, "backingType"),
               *dvs = vim_node_text(config, "distributedVirtualSwitch"),
               *segment = vim_node_text(config, "segmentId");
    if (!segment || !*segment)
        segment = vim_node_text(config, "logicalSwitchUuid");
    record->switch_id = text_known(arena_strdup(arena, dvs));
    if (type)
        record->is_ephemeral = bool_known(strcmp(type, "ephemeral") == 0);
    record->is_uplink = vim_node_bool(config, "uplink");
    Bool can_override = vim_node_bool(config, "policy/vlanOverrideAllowed");
    group->forbids_override = can_override.state == FACT_KNOWN && !can_override.value;
    group->setting = read_setting(vim_node_find_path(config, "defaultPortConfig/vlan"), arena);
    group->is_nsx = (backing && strcmp(backing, "nsx") == 0) || (segment && *segment);
    if (group->is_nsx)
        record->vlan = (Vlan){.kind = VLAN_OVERLAY,
            .segment = segment && *segment ? text_known(arena_strdup(arena, segment)) : (Text){0},
            .is_certain = bool_known(true)};
}

/* What port groups of every kind have: the fields of the table, source and id. */
static VimPortgroup *
begin_portgroup(VimInfra *infra, const VimObject *object, SwitchKind kind)
{
    VimPortgroup *group = arena_new(&infra->arena, VimPortgroup);
    Portgroup *record = &group->record;
    vim_fields_apply(object, record);
    vim_fields_keep(object->spec, record, &infra->arena);
    record->source = text_known(infra->source);
    record->id = text_known(arena_strdup(&infra->arena, object->id));
    record->kind = kind;
    return group;
}

void
vim_network_take_portgroup(VimInfra *infra, const VimObject *object)
{
    Arena *arena = &infra->arena;
    VimPortgroup *group = begin_portgroup(infra, object, SWITCH_DISTRIBUTED);
    Portgroup *record = &group->record;
    const VimNode *config = vim_object_value(object, "config"),
                  *key = vim_object_value(object, "key");
    group->key = key && *key->text              ? arena_strdup(arena, key->text)
                 : vim_node_text(config, "key") ? arena_strdup(arena, vim_node_text(config, "key"))
                                                : record->id.value;
    if (config)
        take_portgroup_config(group, config, arena);
    if (has_uplink_tag(vim_object_value(object, "tag")))
        record->is_uplink = bool_known(true);
    g_ptr_array_add(infra->portgroups, group);
    g_hash_table_insert(infra->portgroups_by_key, (gpointer)group->key, group);
}

void
vim_network_take_opaque(VimInfra *infra, const VimObject *object)
{
    Arena *arena = &infra->arena;
    VimPortgroup *group = begin_portgroup(infra, object, SWITCH_OPAQUE);
    Portgroup *record = &group->record;
    record->switch_id = text_absent();
    record->is_uplink = record->is_ephemeral = bool_known(false);
    const char *id = vim_node_text(vim_object_value(object, "summary"), "opaqueNetworkId");
    record->vlan = (Vlan){.kind = VLAN_OVERLAY,
        .segment = text_known(arena_strdup(arena, id)),
        .from = text_known(arena_printf(arena, "opaque network %s", object->id)),
        .is_certain = bool_known(true)};
    g_ptr_array_add(infra->portgroups, group);
    if (id)
        g_hash_table_insert(infra->opaque_by_id, (gpointer)record->vlan.segment.value, group);
}

/* --- ports ------------------------------------------------------------------------------------ */

typedef struct PortListing {
    VimInfra *infra;
    const VimSwitch *dvs;
} PortListing;

/* Keeps only ports with a VLAN of their own. */
static bool
take_port(VimReader *reader, const VimNode *node, Arena *arena G_GNUC_UNUSED,
    GError **error G_GNUC_UNUSED)
{
    PortListing *listing = reader->data;
    Arena *kept = &listing->infra->arena;
    const char *key = vim_node_text(node, "key");
    const VimNode *vlan = vim_node_find_path(node, "config/setting/vlan");
    if (!key || !vlan || is_true(vim_node_bool(vlan, "inherited")))
        return true;
    VimVlanSetting *setting = arena_new(kept, VimVlanSetting);
    *setting = read_setting(vlan, kept);
    resolve_pvlan(&setting->vlan, listing->dvs);
    setting->vlan.from =
        text_known(arena_printf(kept, "port %s of %s", key, listing->dvs->record.id.value));
    g_hash_table_insert(listing->infra->ports,
        (gpointer)arena_printf(kept, "%s/%s", listing->dvs->record.id.value, key), setting);
    return true;
}

void
vim_network_note_ports(VimInfra *infra, const VimNode *devices)
{
    for (const VimNode *at = devices ? devices->children : NULL; at; at = at->next) {
        const VimNode *port = vim_node_find_path(at, "backing/port");
        const char *key = vim_node_text(port, "portKey"), *uuid = vim_node_text(port, "switchUuid");
        if (!key || !*key || !uuid)
            continue;
        GPtrArray *keys = g_hash_table_lookup(infra->port_keys, uuid);
        if (!keys) {
            keys = g_ptr_array_new();
            g_hash_table_insert(infra->port_keys, g_strdup(uuid), keys);
        }
        g_ptr_array_add(keys, (gpointer)arena_intern(&infra->arena, key));
    }
}

/* A switch whose ports may not be read costs the overrides, not the listing. */
static bool
fetch_ports(VimInfra *infra, VimSwitch *dvs, GError **error)
{
    PortListing listing = {infra, dvs};
    VimReader reader = {.object = take_port, .data = &listing};
    VimSession *session = infra->session;
    const char *uuid = dvs->record.uuid.value;
    const GPtrArray *keys = uuid ? g_hash_table_lookup(infra->port_keys, uuid) : NULL;
    VimPorts ports = {.switch_type = dvs->type, .switch_id = dvs->record.id.value};
    g_autoptr(GError) failure = NULL;
    if (infra->is_around && uuid && !keys) { /* nobody asks for a port of it */
        dvs->has_ports = true;
        return true;
    }
    if (keys) {
        ports.keys = (const char *const *)keys->pdata;
        ports.n_keys = keys->len;
    }
    bool is_read = vim_collect_ports(session, &ports, &reader, &failure);
    if (!is_read && vim_fault_is(session, "NotAuthenticated")) {
        g_clear_error(&failure);
        is_read = vim_session_login(session, &failure) &&
                  vim_collect_ports(session, &ports, &reader, &failure);
    }
    dvs->has_ports = is_read;
    if (is_read)
        return true;
    bool is_too_large = session->transport.page_bytes > VIM_PAGE_BYTES_MAX;
    if (!is_too_large && (!session->fault || vim_fault_is(session, "NotAuthenticated"))) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return false;
    }
    SourceProblem *problem = vim_infra_problem(infra, "ports-unread", dvs->record.id.value,
        "give the account the privilege System.Read on the distributed switch");
    problem->text = text_known(arena_printf(&infra->arena,
        "ports of the distributed switch '%s' could not be read: a VLAN that a single port "
        "overrides is not seen",
        dvs->record.name.value ? dvs->record.name.value : "?"));
    problem->evidence = text_known(arena_strdup(&infra->arena, failure->message));
    return true;
}

Vlan
vim_network_port_vlan(const VimInfra *infra, const VimPortgroup *group, const VimSwitch *dvs,
    const char *port, Arena *arena)
{
    const VimVlanSetting *own = NULL;
    if (dvs && port && *port)
        own = g_hash_table_lookup(
            infra->ports, arena_printf(arena, "%s/%s", dvs->record.id.value, port));
    if (own && !(group && group->is_nsx))
        return own->vlan;
    Vlan vlan = group ? group->record.vlan : (Vlan){0};
    if (group && group->in_switch && !group->in_switch->has_ports && !group->forbids_override)
        vlan.is_certain = bool_known(false);
    return vlan;
}

/* --- resolving -------------------------------------------------------------------------------- */

static void
resolve_portgroup(VimInfra *infra, VimPortgroup *group)
{
    Portgroup *record = &group->record;
    const VimSwitch *dvs = group->in_switch;
    const VimVlanSetting *setting = &group->setting;
    const char *from = "port group";
    bool takes_default = !setting->is_set || setting->is_inherited;
    if (takes_default && dvs && dvs->default_setting.is_set) {
        setting = &dvs->default_setting;
        from = "default of the switch for port group";
    }
    if (!group->is_nsx) {
        record->vlan = setting->vlan;
        resolve_pvlan(&record->vlan, dvs);
    }
    if (setting->unknown_type)
        group->setting.unknown_type = setting->unknown_type;
    if (record->vlan.kind)
        record->vlan.from =
            text_known(arena_printf(&infra->arena, "%s %s", from, record->id.value));
}

static bool
texts_contain(const Texts *texts, const char *text)
{
    for (size_t i = 0; i < texts->n; i++)
        if (strcmp(texts->items[i], text) == 0)
            return true;
    return false;
}

static void
finish_distributed(VimInfra *infra, VimPortgroup *group)
{
    Portgroup *record = &group->record;
    VimSwitch *dvs = record->switch_id.value
                         ? g_hash_table_lookup(infra->switches_by_id, record->switch_id.value)
                         : NULL;
    group->in_switch = dvs;
    if (dvs && dvs->uplink_portgroups.state == FACT_KNOWN && !is_true(record->is_uplink))
        record->is_uplink = bool_known(texts_contain(&dvs->uplink_portgroups, record->id.value));
    if (dvs)
        record->hosts = dvs->hosts;
    resolve_portgroup(infra, group);
    if (record->vlan.kind || !group->setting.unknown_type)
        return;
    SourceProblem *problem = vim_infra_problem(
        infra, "vlan-unread", record->id.value, "look up the VLAN of this port group in vCenter");
    problem->text = text_known(arena_printf(&infra->arena,
        "the VLAN setting of port group '%s' is of a type that is not known here",
        record->name.value ? record->name.value : "?"));
    problem->evidence = text_known(arena_printf(
        &infra->arena, "xsi:type '%s' in defaultPortConfig.vlan", group->setting.unknown_type));
}

bool
vim_network_finish(VimInfra *infra, GError **error)
{
    for (guint i = 0; i < infra->portgroups->len; i++) {
        VimPortgroup *group = infra->portgroups->pdata[i];
        if (group->record.kind == SWITCH_DISTRIBUTED)
            finish_distributed(infra, group);
        const char *about = group->record.kind == SWITCH_STANDARD ? group->record.hosts.items[0]
                                                                  : group->record.id.value;
        group->record.datacenter = vim_infra_datacenter(infra, about);
    }
    for (guint i = 0; i < infra->switches->len; i++) {
        VimSwitch *any = infra->switches->pdata[i];
        bool is_distributed = any->record.kind == SWITCH_DISTRIBUTED;
        any->record.datacenter = vim_infra_datacenter(
            infra, is_distributed ? any->record.id.value : any->record.host.value);
        /* An export has no ports: has_ports stays false. */
        if (is_distributed && !infra->session->collect && !fetch_ports(infra, any, error))
            return false;
    }
    return true;
}
