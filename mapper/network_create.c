/* SPDX-License-Identifier: Apache-2.0
 *
 * Networks that are missing: one for each VLAN or PVLAN that VMs are on and that no network of the
 * zone carries, with the call that makes it.
 *
 * An L2 network is proposed: it asks nothing of the guests. It belongs to the owner of most of its
 * NICs; the others are permitted to use it. VLANs of one number on two physical networks are two
 * networks.
 */
#include <string.h>

#include "network_create.h"
#include "plan_priv.h"

/* --- what is wanted --------------------------------------------------------------------------- */

static void
wanted_free(gpointer data)
{
    WantedNetwork *wanted = data;
    g_hash_table_destroy(wanted->owners);
    g_hash_table_destroy(wanted->portgroups);
    g_hash_table_destroy(wanted->switches);
    g_free(wanted);
}

static WantedNetwork *
find_wanted(NetworkPlanner *networks, VlanKey key, const Vlan *vlan, const char *physical)
{
    GString *text = networks->planner->key;
    g_string_printf(text, "%s %" G_GINT64_MODIFIER "x", physical ? physical : "", key);
    WantedNetwork *wanted = g_hash_table_lookup(networks->wanted, text->str);
    if (wanted)
        return wanted;
    wanted = g_new0(WantedNetwork, 1);
    *wanted = (WantedNetwork){.key = key,
        .vlan = *vlan,
        .physical = physical,
        .owners = g_hash_table_new(NULL, NULL),
        .portgroups = g_hash_table_new(g_str_hash, g_str_equal),
        .switches = g_hash_table_new(g_str_hash, g_str_equal)};
    g_hash_table_insert(networks->wanted, g_strdup(text->str), wanted);
    return wanted;
}

static void
want_network(NetworkPlanner *networks, const Task *task, const Nic *nic, const Vlan *vlan)
{
    const Planner *planner = networks->planner;
    WantedNetwork *wanted =
        find_wanted(networks, vlan_key(vlan), vlan, task_physical_network(task, nic));
    gpointer count = g_hash_table_lookup(wanted->owners, task->owner);
    g_hash_table_insert(
        wanted->owners, (gpointer)task->owner, GUINT_TO_POINTER(GPOINTER_TO_UINT(count) + 1));
    wanted->n_nics++;
    wanted->n_instances += wanted->last != task->instance;
    wanted->last = task->instance;
    if (nic->network.value)
        g_hash_table_add(wanted->portgroups, (gpointer)nic->network.value);
    const Switch *device = nic->switch_id.value
                               ? inventory_find_switch(planner->inventory, task->view->source.value,
                                     nic->switch_id.value)
                               : NULL;
    if (device && device->name.value)
        g_hash_table_add(wanted->switches, (gpointer)device->name.value);
}

/* A VLAN that cannot become a network is told once. */
static void
note_problem(NetworkPlanner *networks, const Vlan *vlan, const Nic *nic, const char *id,
    const char *text, const char *remedy)
{
    Planner *planner = networks->planner;
    Changes *changes = networks->changes;
    Arena *arena = changes_arena(changes);
    const char *about = planner_vlan_text(planner, vlan);
    g_autofree char *key = g_strdup_printf("%s\n%s\n%s", id, about, text_or_word(nic->network));
    if (!g_hash_table_add(networks->told, g_strdup(key)))
        return;
    *change_list_add(changes, &changes->info.problems) =
        (SourceProblem){.source = planner->catalog->info.name.value ? planner->catalog->info.name
                                                                    : text_known("cloudstack"),
            .id = text_known(id),
            .about = text_known(arena_strdup(arena, about)),
            .text = text_known(text),
            .evidence = text_known(
                arena_printf(arena, "port group or bridge '%s'", text_or_word(nic->network))),
            .remedy = text_known(remedy)};
}

/* Some network has the VLAN, but not for this owner: that is a matter of permissions. */
static void
note_foreign(
    NetworkPlanner *networks, const Task *task, const Vlan *vlan, const Nic *nic, VlanKey key)
{
    const Network *network = planner_vlan(networks->planner, key)->networks.items[0];
    note_problem(networks, vlan, nic, "vlan-network-of-others",
        arena_printf(changes_arena(networks->changes),
            "network '%s' carries it, but %s may not use it", text_or_word(network->name),
            task->owner->label),
        "permit it: vm-ingest prepare plan, or choose another owner");
}

static void
collect_nic(NetworkPlanner *networks, Task *task, const Nic *server_nic)
{
    Planner *planner = networks->planner;
    const Nic *nic = task_find_nic(task, server_nic);
    const Vlan *vlan = nic_vlan(nic, server_nic);
    VlanKey key = vlan_key(vlan);
    bool is_guess = vlan->is_certain.state == FACT_KNOWN && !vlan->is_certain.value;
    if (policy_find_rule(planner->policy, planner->inventory, RULE_NETWORK, task->view, nic))
        return;
    if (!key || is_guess) {
        note_problem(networks, vlan, nic, is_guess ? "vlan-uncertain" : "vlan-without-key",
            is_guess ? "its VLAN is derived from a name only"
                     : "no network can be made for it: it is no VLAN of one guest, or was not read",
            "choose a network by a rule in the policy");
        return;
    }
    const NetworkCandidates *found = network_candidates(planner, task->owner, key);
    if (found->n_usable || found->n_uncertain)
        return;
    if (found->n_foreign)
        note_foreign(networks, task, vlan, nic, key);
    else
        want_network(networks, task, nic, vlan);
}

/* VMs that are managed already, and templates, ask for no network. */
static void
collect_instance(NetworkPlanner *networks, const Instance *instance)
{
    PlanItem item = {0};
    Task task = plan_start_task(networks->planner, &item, instance);
    propose_cluster(&task);
    propose_owner(&task);
    check_managed(&task);
    if (task.managed || is_true(task.view->is_template))
        return;
    for (size_t i = 0; i < task.server->nics.n; i++)
        collect_nic(networks, &task, &task.server->nics.items[i]);
}

/* --- owners ----------------------------------------------------------------------------------- */

typedef struct OwnerCount {
    const Owner *owner;
    guint n_nics;
} OwnerCount;

static int
compare_owner_counts(gconstpointer a, gconstpointer b)
{
    const OwnerCount *left = a, *right = b;
    if (left->n_nics != right->n_nics)
        return left->n_nics > right->n_nics ? -1 : 1;
    return g_strcmp0(left->owner->label, right->owner->label);
}

/* Those with most NICs first. (owned) */
static GArray *
sort_owners(const WantedNetwork *wanted)
{
    GArray *owners = g_array_new(false, false, sizeof(OwnerCount));
    GHashTableIter iter;
    gpointer owner, count;
    g_hash_table_iter_init(&iter, wanted->owners);
    while (g_hash_table_iter_next(&iter, &owner, &count)) {
        OwnerCount entry = {owner, GPOINTER_TO_UINT(count)};
        g_array_append_val(owners, entry);
    }
    g_array_sort(owners, compare_owner_counts);
    return owners;
}

/* --- the call --------------------------------------------------------------------------------- */

/* "120", "100-201-isolated", "untagged" */
static const char *
vlan_suffix(Arena *arena, const Vlan *vlan)
{
    if (vlan->kind == VLAN_PVLAN)
        return arena_printf(arena, "%" G_GINT64_FORMAT "-%" G_GINT64_FORMAT "-%s", vlan->id.value,
            vlan->secondary.value, pvlan_words[vlan->pvlan_type]);
    if (vlan->kind == VLAN_ID && vlan->id.value)
        return arena_printf(arena, "%" G_GINT64_FORMAT, vlan->id.value);
    return "untagged";
}

/* A name that no network of the zone and no other change has. */
static const char *
choose_name(NetworkPlanner *networks, const char *suffix)
{
    Arena *arena = changes_arena(networks->changes);
    const char *name = arena_printf(arena, "l2-%s", suffix);
    for (int n = 2; table_find(&networks->planner->networks_by_name, name) ||
                    g_hash_table_contains(networks->names, name);
         n++)
        name = arena_printf(arena, "l2-%s-%d", suffix, n);
    g_hash_table_add(networks->names, (gpointer)name);
    return name;
}

static void
add_vlan_params(Changes *changes, Change *change, const Vlan *vlan)
{
    Arena *arena = changes_arena(changes);
    const char *primary = vlan->kind == VLAN_NONE || !vlan->id.value
                              ? "untagged"
                              : arena_printf(arena, "%" G_GINT64_FORMAT, vlan->id.value);
    change_call_add(changes, &change->call, "vlan", primary);
    if (vlan->kind != VLAN_PVLAN) {
        change_expect_param(changes, &change->find, "vlan", "vlan");
        return;
    }
    const char *type = pvlan_words[vlan->pvlan_type];
    const char *secondary = arena_printf(arena, "%" G_GINT64_FORMAT, vlan->secondary.value);
    change_call_add(changes, &change->call, "isolatedpvlan", secondary);
    change_call_add(changes, &change->call, "isolatedpvlantype", type);
    change_expect(changes, &change->find, "broadcasturi",
        arena_printf(arena, "pvlan://%s-%c%s", primary, type[0], secondary));
}

static void
add_owner_params(Changes *changes, Change *change, const Owner *owner)
{
    ChangeFind *find = &change->find;
    change_expect(changes, find, "acltype", "Account");
    if (owner->projectid) {
        change_call_add(changes, &change->call, "projectid", owner->projectid);
        change_expect_param(changes, find, "projectid", "projectid");
        return;
    }
    change_expect(changes, find, "projectid", NULL);
    if (owner->account) {
        change_call_add(changes, &change->call, "account", owner->account);
        change_call_add(changes, &change->call, "domainid", owner->domainid);
        change_expect_param(changes, find, "account", "account");
        change_expect_param(changes, find, "domainid", "domainid");
    } else if (owner->of_account) {
        change_expect(changes, find, "account", owner->of_account->name.value);
        change_expect(changes, find, "domainid", owner->of_account->domainid.value);
    }
}

/* Of all accounts, then of all projects, which the first leaves out. */
enum { SCOPES = 2 };

static void
add_scope(Changes *changes, ChangeCall *read, int scope)
{
    change_call_add(changes, read, "listall", "true");
    if (scope)
        change_call_add(changes, read, "projectid", "-1");
}

static void
add_network_reads(Changes *changes, ChangeFind *find, const char *zoneid)
{
    for (int scope = 0; scope < SCOPES; scope++) {
        ChangeCall *read = change_find_add_read(changes, find, "listNetworks");
        change_call_add(changes, read, "zoneid", zoneid);
        add_scope(changes, read, scope);
    }
    find->item = text_known("network");
}

/* NICs of VMs of all accounts and projects, and of virtual routers. */
static void
add_network_uses(Changes *changes, Change *change)
{
    static const struct {
        const char *what, *command, *item;
    } uses[] = {{"a VM has a NIC in it", "listVirtualMachines", "virtualmachine"},
        {"a virtual router has a NIC in it", "listRouters", "router"}};
    for (size_t i = 0; i < G_N_ELEMENTS(uses); i++) {
        ChangeUse *use = change_list_add(changes, &change->uses);
        use->what = text_known(uses[i].what);
        use->item = text_known(uses[i].item);
        for (int scope = 0; scope < SCOPES; scope++) {
            ChangeCall *read = change_list_add(changes, &use->reads);
            change_call_init(changes, read, uses[i].command);
            add_scope(changes, read, scope);
            change_call_add_ref(changes, read, "networkid", change->id.value);
        }
    }
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *
names_of(Arena *arena, GHashTable *set)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    GHashTableIter iter;
    gpointer name;
    g_hash_table_iter_init(&iter, set);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        g_ptr_array_add(names, name);
    g_ptr_array_sort(names, compare_names);
    g_autoptr(GString) text = g_string_new(names->len ? NULL : "none");
    for (guint i = 0; i < names->len; i++)
        g_string_append_printf(
            text, "%s'%s'", i ? ", " : "", (const char *)g_ptr_array_index(names, i));
    return arena_strdup(arena, text->str);
}

static void
describe(NetworkPlanner *networks, Change *change, const WantedNetwork *wanted)
{
    const Planner *planner = networks->planner;
    Arena *arena = changes_arena(networks->changes);
    change->why = text_known(arena_printf(arena,
        "%zu NIC%s of %zu VM%s %s on %s, and no network of zone '%s' carries it", wanted->n_nics,
        wanted->n_nics == 1 ? "" : "s", wanted->n_instances, wanted->n_instances == 1 ? "" : "s",
        wanted->n_nics == 1 ? "is" : "are", wanted->vlan_text, text_or_word(planner->zone->name)));
    change->evidence = text_known(
        arena_printf(arena, "port groups or bridges %s of switches %s; %zu networks read",
            wanted->portgroup_names, wanted->switch_names, planner->catalog->networks.n));
}

static void
add_call(NetworkPlanner *networks, Change *change, const WantedNetwork *wanted, const Owner *owner)
{
    Changes *changes = networks->changes;
    ChangeCall *call = &change->call;
    ChangeFind *find = &change->find;
    const char *zoneid = text_or_word(networks->planner->zone->id);
    change_call_init(changes, call, "createNetwork");
    change_call_add(changes, call, "name", change->name.value);
    change_call_add(changes, call, "displaytext", change->name.value);
    change_call_add(changes, call, "zoneid", zoneid);
    add_network_reads(changes, find, zoneid);
    change_expect_param(changes, find, "name", "name");
    change_add_clash(changes, find, "name");
    change_expect_param(changes, find, "zoneid", "zoneid");
    change_expect(changes, find, "type", "L2");
    if (networks->offering) {
        change_call_add(changes, call, "networkofferingid", networks->offering->id.value);
        change_expect_param(changes, find, "networkofferingid", "networkofferingid");
    }
    if (wanted->on) {
        change_call_add(changes, call, "physicalnetworkid", wanted->on->id.value);
        change_expect_param(changes, find, "physicalnetworkid", "physicalnetworkid");
    }
    add_vlan_params(changes, change, &wanted->vlan);
    if (wanted->is_repeated)
        change_call_add(changes, call, "bypassvlanoverlapcheck", "true");
    else
        change_add_clash(changes, find, wanted->vlan.kind == VLAN_PVLAN ? "broadcasturi" : "vlan");
    add_owner_params(changes, change, owner);
}

/* --- permissions ------------------------------------------------------------------------------ */

/* VMs of the one that is permitted, with a NIC in the network. */
static void
add_permission_uses(Changes *changes, Change *change, const Owner *owner, const char *network)
{
    ChangeUse *use = change_list_add(changes, &change->uses);
    ChangeCall *read = change_list_add(changes, &use->reads);
    use->what = text_known("a VM of the owner has a NIC in it");
    use->item = text_known("virtualmachine");
    change_call_init(changes, read, "listVirtualMachines");
    change_call_add(changes, read, "listall", "true");
    if (owner->projectid) {
        change_call_add(changes, read, "projectid", owner->projectid);
    } else if (owner->of_account) {
        change_call_add(changes, read, "account", owner->of_account->name.value);
        change_call_add(changes, read, "domainid", owner->of_account->domainid.value);
    }
    change_call_add_ref(changes, read, "networkid", network);
}

static void
add_permission(
    NetworkPlanner *networks, const char *network, const char *vlan, const OwnerCount *entry)
{
    Changes *changes = networks->changes;
    Arena *arena = changes_arena(changes);
    const Owner *owner = entry->owner;
    const char *member = owner->projectid ? "projectid" : "accountid";
    const char *id = owner->projectid    ? owner->projectid
                     : owner->of_account ? owner->of_account->id.value
                                         : NULL;
    size_t n = changes->changes.n;
    Change *change = changes_add(changes, CHANGE_NETWORK_PERMISSION,
        arena_printf(arena, "permission-%zu-%s", n, network), owner->label);
    change->why = text_known(
        arena_printf(arena, "%u NICs of %s are on %s, too", entry->n_nics, owner->label, vlan));
    change->evidence = text_known("owners as the policy's rules say");
    change_call_init(changes, &change->call, "createNetworkPermissions");
    change_call_add_ref(changes, &change->call, "networkid", network);
    ChangeCall *read = change_find_add_read(changes, &change->find, "listNetworkPermissions");
    change_call_add_ref(changes, read, "networkid", network);
    change->find.item = text_known("networkpermission");
    change->find.id = text_known(member);
    change_expect_ref(changes, &change->find, "networkid", network);
    change_call_init(changes, &change->undo, "removeNetworkPermissions");
    change_call_add_ref(changes, &change->undo, "networkid", network);
    if (id) {
        const char *param = owner->projectid ? "projectids" : "accountids";
        change_call_add(changes, &change->call, param, id);
        change_call_add(changes, &change->undo, param, id);
        change_expect_param(changes, &change->find, member, param);
    } else {
        network_create_find(networks, change, FINDING_PERMISSION_UNSURE,
            (FindingArg[]){ARG(owner->label), ARG(vlan)}, 2);
    }
    add_permission_uses(changes, change, owner, network);
    network_create_judge_permission(networks, change, owner, network);
}

/* --- the document ----------------------------------------------------------------------------- */

static int
compare_wanted(gconstpointer a, gconstpointer b)
{
    const WantedNetwork *left = *(const WantedNetwork *const *)a,
                        *right = *(const WantedNetwork *const *)b;
    if (left->key != right->key)
        return left->key < right->key ? -1 : 1;
    return g_strcmp0(left->physical, right->physical);
}

/* (owned) By VLAN; the second of one VLAN is told not to look for the first. */
static GPtrArray *
sort_wanted(NetworkPlanner *networks)
{
    Arena *arena = changes_arena(networks->changes);
    GPtrArray *sorted = g_ptr_array_new();
    GHashTableIter iter;
    gpointer wanted;
    g_hash_table_iter_init(&iter, networks->wanted);
    while (g_hash_table_iter_next(&iter, NULL, &wanted))
        g_ptr_array_add(sorted, wanted);
    g_ptr_array_sort(sorted, compare_wanted);
    for (guint i = 0; i < sorted->len; i++) {
        WantedNetwork *at = g_ptr_array_index(sorted, i);
        const WantedNetwork *before = i ? g_ptr_array_index(sorted, i - 1) : NULL;
        at->is_repeated = before && before->key == at->key;
        at->vlan_text = arena_strdup(arena, planner_vlan_text(networks->planner, &at->vlan));
        at->portgroup_names = names_of(arena, at->portgroups);
        at->switch_names = names_of(arena, at->switches);
        at->on = network_create_choose_physical(networks, at);
    }
    return sorted;
}

static void
add_network(NetworkPlanner *networks, const WantedNetwork *wanted)
{
    Changes *changes = networks->changes;
    Arena *arena = changes_arena(changes);
    g_autoptr(GArray) owners = sort_owners(wanted);
    const Owner *owner = g_array_index(owners, OwnerCount, 0).owner;
    const char *name = choose_name(networks, vlan_suffix(arena, &wanted->vlan));
    const char *id = arena_printf(arena, "network-%s", name);
    Change *change = changes_add(changes, CHANGE_NETWORK, id, name);
    describe(networks, change, wanted);
    add_call(networks, change, wanted, owner);
    change_call_init(changes, &change->undo, "deleteNetwork");
    change_call_add_ref(changes, &change->undo, "id", id);
    add_network_uses(changes, change);
    network_create_judge(networks, change, wanted, owner);
    for (guint i = 1; i < owners->len; i++)
        add_permission(networks, id, wanted->vlan_text, &g_array_index(owners, OwnerCount, i));
}

static void
fill_info(NetworkPlanner *networks)
{
    const Planner *planner = networks->planner;
    ChangesInfo *info = &networks->changes->info;
    const PlanInfo *from = &planner->plan->info;
    Arena *arena = changes_arena(networks->changes);
    info->about = text_known("networks");
    info->zone = planner->zone->name;
    info->zoneid = planner->zone->id;
    info->server_version = text_known(arena_strdup(arena, from->server_version.value));
    info->problems.state = FACT_KNOWN;
    for (size_t i = 0; i < from->problems.n; i++) {
        SourceProblem *problem = change_list_add(networks->changes, &info->problems);
        *problem = from->problems.items[i];
        problem->text = text_known(arena_strdup(arena, problem->text.value));
        problem->evidence = text_known(arena_strdup(arena, problem->evidence.value));
    }
}

static Changes *
plan_networks(Planner *planner)
{
    NetworkPlanner networks = {.planner = planner,
        .changes = changes_new_empty(),
        .wanted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, wanted_free),
        .names = g_hash_table_new(g_str_hash, g_str_equal),
        .told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
    Changes *changes = networks.changes;
    changes->inventory = inventory_ref(planner->inventory);
    changes->catalog = catalog_ref(planner->catalog);
    fill_info(&networks);
    networks.offering = network_create_choose_offering(planner);
    for (size_t i = 0; i < planner->inventory->n_instances; i++)
        collect_instance(&networks, &planner->inventory->instances[i]);
    g_autoptr(GPtrArray) sorted = sort_wanted(&networks);
    networks.sorted = sorted;
    for (guint i = 0; i < sorted->len; i++)
        add_network(&networks, g_ptr_array_index(sorted, i));
    g_hash_table_destroy(networks.wanted);
    g_hash_table_destroy(networks.names);
    g_hash_table_destroy(networks.told);
    return changes;
}

Changes *
changes_plan_networks(const Inventory *inventory, const Catalog *catalog, const Policy *policy,
    const PlanOptions *options, GError **error)
{
    g_autoptr(Policy) none = policy ? NULL : policy_new_default();
    Planner planner = {.inventory = inventory, .catalog = catalog};
    planner.policy = policy ? policy : none;
    if (!plan_start(&planner, options, error)) {
        plan_end(&planner, NULL, error);
        return NULL;
    }
    Changes *changes = plan_networks(&planner);
    plan_unref(plan_end(&planner, planner.plan, error));
    return changes;
}
