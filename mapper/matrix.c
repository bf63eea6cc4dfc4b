/* SPDX-License-Identifier: Apache-2.0
 *
 * The VLAN to network matrix: each VLAN of the estate, who uses it, and which networks carry it.
 */
#include <string.h>

#include "plan_priv.h"

const char *const network_match_words[MATCH_N] = {
    [MATCH_ONE] = "one",
    [MATCH_SEVERAL] = "several",
    [MATCH_MISSING] = "missing",
    [MATCH_CONFLICT] = "conflict",
};

/* A row being collected. */
typedef struct Draft {
    Vlan vlan;
    Table portgroups, switches, hosts; /* sets of names and ids */
    int64_t n_instances, n_nics;
    const Instance *last;       /* instance counted last */
    const char *last_portgroup; /* of the NIC counted last: mostly it is the same */
} Draft;

struct Matrix {
    List drafts;         /* in the order in which they were met */
    Draft **plain;       /* by VLAN ID, of those that are nothing but an ID */
    GHashTable *by_vlan; /* NumberKey -> Draft, of all others */
};

static void
add_hashed(Table *set, HashedText text)
{
    if (text.text)
        table_add_pair(set, text, hashed(NULL), text.text);
}

static void
add_text(Table *set, const char *text)
{
    add_hashed(set, hashed(text));
}

/* What no number tells: the ranges of a trunk, the segment of an overlay. */
static const char *
row_text(Planner *planner, const Vlan *vlan)
{
    if (!vlan->ranges.n && !vlan->segment.value)
        return "";
    GString *text = g_string_assign(planner->key, vlan->segment.value ? vlan->segment.value : "");
    for (size_t i = 0; i < vlan->ranges.n; i++)
        g_string_append_printf(text, " %" G_GINT64_FORMAT "-%" G_GINT64_FORMAT,
            vlan->ranges.items[i].start.value, vlan->ranges.items[i].end.value);
    return text->str;
}

static Draft *
add_draft(Planner *planner, const Vlan *vlan)
{
    Draft *draft = arena_new(&planner->scratch, Draft);
    draft->vlan = *vlan;
    list_add(&planner->scratch, &planner->matrix->drafts, draft);
    return draft;
}

static Draft *
find_draft(Planner *planner, const Vlan *vlan)
{
    Matrix *matrix = planner->matrix;
    int64_t id = vlan->id.value;
    if (vlan->kind == VLAN_ID && id > 0 && id < VLAN_ALL && !vlan->secondary.value &&
        !vlan->pvlan_type && !vlan->ranges.n && !vlan->segment.value) {
        if (!matrix->plain[id])
            matrix->plain[id] = add_draft(planner, vlan);
        return matrix->plain[id];
    }
    NumberKey key = {{vlan->kind, (uint64_t)id, (uint64_t)vlan->secondary.value, vlan->pvlan_type},
        row_text(planner, vlan)};
    Draft *draft = g_hash_table_lookup(matrix->by_vlan, &key);
    if (draft)
        return draft;
    draft = add_draft(planner, vlan);
    key.text = arena_intern(&planner->scratch, key.text);
    g_hash_table_insert(matrix->by_vlan, arena_memdup(&planner->scratch, &key, sizeof key), draft);
    return draft;
}

static void
add_portgroups(Planner *planner)
{
    const Inventory *inventory = planner->inventory;
    for (size_t i = 0; i < inventory->n_portgroups; i++) {
        const Portgroup *portgroup = inventory->portgroups[i];
        if (is_true(portgroup->is_uplink))
            continue;
        Draft *draft = find_draft(planner, &portgroup->vlan);
        add_text(&draft->portgroups, portgroup->name.value);
        for (size_t j = 0; j < portgroup->hosts.n; j++)
            add_text(&draft->hosts, portgroup->hosts.items[j]);
        const Switch *device = portgroup->switch_id.value
                                   ? inventory_find_switch(inventory, portgroup->source.value,
                                         portgroup->switch_id.value)
                                   : NULL;
        if (device)
            add_text(&draft->switches, device->name.value);
    }
}

void
start_matrix(Planner *planner)
{
    Matrix *matrix = planner->matrix = arena_new(&planner->scratch, Matrix);
    matrix->plain = arena_new_n(&planner->scratch, Draft *, VLAN_ALL);
    matrix->by_vlan = g_hash_table_new(number_key_hash, number_key_equal);
    add_portgroups(planner);
}

void
count_vlans(Planner *planner, const Instance *instance)
{
    const InstanceView *view = instance_view(instance);
    const HashedText host = hashed(view->host.value);
    for (size_t i = 0; i < view->nics.n; i++) {
        const Nic *nic = &view->nics.items[i];
        Draft *draft = find_draft(planner, &nic->vlan);
        draft->n_nics++;
        draft->n_instances += draft->last != instance;
        draft->last = instance;
        add_hashed(&draft->hosts, host);
        if (draft->last_portgroup != nic->network.value)
            add_text(&draft->portgroups, nic->network.value);
        draft->last_portgroup = nic->network.value;
    }
}

static int
compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
keep_texts(Arena *arena, const Table *set, Texts *ret)
{
    *ret = (Texts){.state = FACT_KNOWN};
    ret->items = arena_new_n(arena, const char *, set->n);
    for (size_t i = 0; i < set->n_slots; i++)
        if (set->slots[i].value)
            ret->items[ret->n++] = set->slots[i].value;
    if (ret->n)
        qsort(ret->items, ret->n, sizeof *ret->items, compare_texts);
}

static Text
owner_text(Planner *planner, const Network *network)
{
    if (network->projectid.value) {
        const Project *project = table_find(&planner->projects, network->projectid.value);
        return text_known(arena_printf(planner->arena, "project %s",
            project && project->name.value ? project->name.value : network->projectid.value));
    }
    if (!network->account.value)
        return network->domain;
    return text_known(arena_printf(
        planner->arena, "%s/%s", text_or_word(network->domain), network->account.value));
}

/* By name where the catalog has it. */
static Text
physical_network_text(const Planner *planner, Text id)
{
    const Catalog *catalog = planner->catalog;
    for (size_t i = 0; i < catalog->physical_networks.n; i++) {
        const PhysicalNetwork *physical = &catalog->physical_networks.items[i];
        if (physical->name.value && !g_strcmp0(physical->id.value, id.value))
            return physical->name;
    }
    return id;
}

/* That the traffic labels tie the row's switches to. */
static void
keep_physical_networks(Planner *planner, MatrixRow *row)
{
    const Texts *switches = &row->switches;
    Texts *found = &row->physicalnetworks;
    *found = (Texts){
        .state = FACT_KNOWN, .items = arena_new_n(planner->arena, const char *, switches->n)};
    for (size_t i = 0; i < switches->n; i++) {
        const char *id = table_find(&planner->labels, switches->items[i]);
        const char *name = id && *id ? physical_network_text(planner, text_known(id)).value : NULL;
        if (name && !has_text(found, name))
            found->items[found->n++] = name;
    }
}

/* All of the zone. */
static void
keep_all_physical_networks(Planner *planner)
{
    const Catalog *catalog = planner->catalog;
    Texts *all = &planner->plan->info.physicalnetworks;
    *all = (Texts){.state = catalog->physical_networks.state,
        .items = arena_new_n(planner->arena, const char *, catalog->physical_networks.n)};
    for (size_t i = 0; i < catalog->physical_networks.n; i++) {
        const PhysicalNetwork *physical = &catalog->physical_networks.items[i];
        const char *name = physical_network_text(planner, physical->id).value;
        if (name && !g_strcmp0(physical->zoneid.value, planner->zone->id.value))
            all->items[all->n++] = name;
    }
}

static void
keep_networks(Planner *planner, const List *list, MatrixRow *row)
{
    row->networks.state = FACT_KNOWN;
    row->networks.n = list ? list->n : 0;
    row->networks.items = arena_new_n(planner->arena, MatrixNetwork, row->networks.n);
    for (size_t i = 0; i < row->networks.n; i++) {
        const Network *network = list->items[i];
        row->networks.items[i] =
            (MatrixNetwork){network->id, network->name, network->type, owner_text(planner, network),
                physical_network_text(planner, network->physicalnetworkid)};
    }
}

bool
vlan_is_in_ranges(const char *ranges, int64_t id)
{
    for (const char *at = ranges; at && *at;) {
        char *end = NULL;
        int64_t first = g_ascii_strtoll(at, &end, 10), last = first;
        if (end == at)
            return false;
        if (*end == '-')
            last = g_ascii_strtoll(end + 1, &end, 10);
        if (id >= first && id <= last)
            return true;
        at = *end == ',' ? end + 1 : NULL;
    }
    return false;
}

static const PhysicalNetwork *
dynamic_range_of(const Planner *planner, int64_t id)
{
    const Catalog *catalog = planner->catalog;
    for (size_t i = 0; i < catalog->physical_networks.n; i++) {
        const PhysicalNetwork *physical = &catalog->physical_networks.items[i];
        if (!g_strcmp0(physical->zoneid.value, planner->zone->id.value) &&
            vlan_is_in_ranges(physical->vlan.value, id))
            return physical;
    }
    return NULL;
}

static const char *
conflict_of(Planner *planner, const Vlan *vlan)
{
    if (vlan->kind == VLAN_TRUNK || (vlan->kind == VLAN_ID && vlan->id.value == VLAN_ALL))
        return "a trunk: CloudStack has no networks of several VLANs for a guest";
    if (vlan->kind == VLAN_OVERLAY)
        return "an overlay segment: choose a network by a rule";
    if (vlan->kind == VLAN_PRIVATE)
        return "private to one host: connect it to a bridge, or choose a network by a rule";
    if (!vlan_key(vlan))
        return "the VLAN could not be read";
    return planner->sees_vlans ? NULL : "the VLANs of CloudStack's networks are not readable";
}

static void
match_row(Planner *planner, MatrixRow *row)
{
    VlanKey key = vlan_key(&row->vlan);
    const List *list = key ? &planner_vlan(planner, key)->networks : NULL;
    const char *conflict = conflict_of(planner, &row->vlan);
    keep_networks(planner, list, row);
    row->note = row->create = text_absent();
    row->match = conflict              ? MATCH_CONFLICT
                 : !row->networks.n    ? MATCH_MISSING
                 : row->networks.n > 1 ? MATCH_SEVERAL
                                       : MATCH_ONE;
    if (conflict)
        row->note = text_known(conflict);
    if (row->match != MATCH_MISSING)
        return;
    const PhysicalNetwork *physical = (row->vlan.kind == VLAN_ID || row->vlan.kind == VLAN_PVLAN)
                                          ? dynamic_range_of(planner, row->vlan.id.value)
                                          : NULL;
    if (!physical) {
        row->note = text_known(
            "an L2 network of this VLAN would have to be created: vm-ingest networks plan");
        row->create = text_known(arena_printf(planner->arena, "createNetwork zoneid=%s %s",
            planner->zone->id.value, planner_create_text(planner, &row->vlan)));
        return;
    }
    row->match = MATCH_CONFLICT;
    row->note = text_known(arena_printf(planner->arena,
        "no network, and the VLAN lies in the dynamic range %s of physical network '%s': shrink "
        "the range first (updatePhysicalNetwork vlan=...)",
        physical->vlan.value, text_or_word(physical->name)));
}

static int
compare_rows(gconstpointer a, gconstpointer b)
{
    const Vlan *left = &((const MatrixRow *)a)->vlan, *right = &((const MatrixRow *)b)->vlan;
    if (left->kind != right->kind)
        return (int)left->kind - (int)right->kind;
    if (left->id.value != right->id.value)
        return left->id.value < right->id.value ? -1 : 1;
    if (left->secondary.value != right->secondary.value)
        return left->secondary.value < right->secondary.value ? -1 : 1;
    if (left->pvlan_type != right->pvlan_type)
        return (int)left->pvlan_type - (int)right->pvlan_type;
    if (left->ranges.n && right->ranges.n &&
        left->ranges.items[0].start.value != right->ranges.items[0].start.value)
        return left->ranges.items[0].start.value < right->ranges.items[0].start.value ? -1 : 1;
    return g_strcmp0(left->segment.value, right->segment.value);
}

static void
make_row(Planner *planner, const Draft *draft, MatrixRow *row)
{
    Arena *arena = planner->arena;
    row->vlan = draft->vlan;
    keep_texts(arena, &draft->portgroups, &row->portgroups);
    keep_texts(arena, &draft->switches, &row->switches);
    row->hosts = int_known((int64_t)draft->hosts.n);
    row->instances = int_known(draft->n_instances);
    row->nics = int_known(draft->n_nics);
    row->zone = planner->zone->name;
    keep_physical_networks(planner, row);
    match_row(planner, row);
}

void
plan_build_matrix(Planner *planner)
{
    const List *drafts = &planner->matrix->drafts;
    keep_all_physical_networks(planner);
    Plan *plan = planner->plan;
    plan->networks = arena_new_n(planner->arena, MatrixRow, drafts->n);
    for (size_t i = 0; i < drafts->n; i++)
        make_row(planner, drafts->items[i], &plan->networks[plan->n_networks++]);
    if (plan->n_networks)
        qsort(plan->networks, plan->n_networks, sizeof(MatrixRow), compare_rows);
}

void
matrix_release(Planner *planner)
{
    Matrix *matrix = planner->matrix;
    if (!matrix)
        return;
    for (size_t i = 0; i < matrix->drafts.n; i++) {
        Draft *draft = (Draft *)matrix->drafts.items[i];
        Table *sets[] = {&draft->portgroups, &draft->switches, &draft->hosts};
        for (size_t j = 0; j < G_N_ELEMENTS(sets); j++)
            table_release(sets[j]);
    }
    g_hash_table_destroy(matrix->by_vlan);
    planner->matrix = NULL;
}
