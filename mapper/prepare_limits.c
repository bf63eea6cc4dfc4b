/* SPDX-License-Identifier: Apache-2.0
 *
 * Limits that do not hold all of the estate, and networks that the owners may not use yet.
 */
#include <string.h>

#include "preparation.h"

/* What one account, project or domain would get. */
typedef struct Demand {
    int64_t amounts[RESOURCE_N]; /* memory in MiB, storage in bytes */
    size_t n_unknown;            /* VMs of which some size was not read */
} Demand;

typedef struct Demands {
    GHashTable *by_id;              /* id of account, project or domain -> Demand */
    GHashTable *accounts;           /* "domainid/name" -> Account */
    GHashTable *projects, *domains; /* by id */
} Demands;

/* --- the sums --------------------------------------------------------------------------------- */

static Demand *
demand_of(Demands *demands, const char *id)
{
    Demand *demand = g_hash_table_lookup(demands->by_id, id);
    if (!demand) {
        demand = g_new0(Demand, 1);
        g_hash_table_insert(demands->by_id, (gpointer)id, demand);
    }
    return demand;
}

static Demand
demand_of_item(const PlanItem *item)
{
    const PlanInstance *instance = &item->instance;
    Demand demand = {.amounts = {[RESOURCE_VM] = 1,
                         [RESOURCE_CPU] = instance->cpus.value,
                         [RESOURCE_MEMORY] = instance->memory_bytes.value / MIB,
                         [RESOURCE_VOLUME] = (int64_t)instance->disks.n}};
    bool is_known = instance->cpus.state == FACT_KNOWN &&
                    instance->memory_bytes.state == FACT_KNOWN &&
                    instance->disks.state == FACT_KNOWN;
    for (size_t i = 0; i < instance->disks.n; i++) {
        demand.amounts[RESOURCE_STORAGE] += instance->disks.items[i].capacity_bytes.value;
        is_known &= instance->disks.items[i].capacity_bytes.state == FACT_KNOWN;
    }
    demand.n_unknown = !is_known;
    return demand;
}

static void
add_demand(Demands *demands, const char *id, const Demand *demand)
{
    Demand *sum = demand_of(demands, id);
    for (int i = 0; i < RESOURCE_N; i++)
        sum->amounts[i] += demand->amounts[i];
    sum->n_unknown += demand->n_unknown;
}

/* A root administrator has no limits, and neither has whoever calls. */
static void
add_item(Demands *demands, const PlanItem *item)
{
    const Choice *choice = &item->choice;
    g_autofree char *key = g_strdup_printf("%s/%s", choice->domainid.value, choice->account.value);
    const Account *account = g_hash_table_lookup(demands->accounts, key);
    const Project *project = account || !choice->projectid.value
                                 ? NULL
                                 : g_hash_table_lookup(demands->projects, choice->projectid.value);
    if ((!account && !project) ||
        (account && account->accounttype.value == ACCOUNT_TYPE_ROOT_ADMIN))
        return;
    const char *id = account ? account->id.value : project->id.value;
    const char *domainid = account ? account->domainid.value : project->domainid.value;
    Demand demand = demand_of_item(item);
    if (id)
        add_demand(demands, id, &demand);
    for (int depth = 0; domainid && depth < 64; depth++) {
        const Domain *domain = g_hash_table_lookup(demands->domains, domainid);
        add_demand(demands, domainid, &demand);
        domainid = domain ? domain->parentdomainid.value : NULL;
    }
}

static void
index_owners(Demands *demands, const Catalog *catalog)
{
    demands->by_id = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    demands->accounts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    demands->projects = g_hash_table_new(g_str_hash, g_str_equal);
    demands->domains = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < catalog->accounts.n; i++) {
        const Account *account = &catalog->accounts.items[i];
        g_hash_table_insert(demands->accounts,
            g_strdup_printf("%s/%s", account->domainid.value, account->name.value),
            (gpointer)account);
    }
    for (size_t i = 0; i < catalog->projects.n; i++)
        if (catalog->projects.items[i].id.value)
            g_hash_table_insert(demands->projects, (gpointer)catalog->projects.items[i].id.value,
                &catalog->projects.items[i]);
    for (size_t i = 0; i < catalog->domains.n; i++)
        if (catalog->domains.items[i].id.value)
            g_hash_table_insert(demands->domains, (gpointer)catalog->domains.items[i].id.value,
                &catalog->domains.items[i]);
}

static void
free_demands(Demands *demands)
{
    g_hash_table_destroy(demands->by_id);
    g_hash_table_destroy(demands->accounts);
    g_hash_table_destroy(demands->projects);
    g_hash_table_destroy(demands->domains);
}

/* --- raising ---------------------------------------------------------------------------------- */

/* An account, a project or a domain, and its limits. */
typedef struct Limited {
    const char *what, *name; /* "account 'web'" */
    const char *id;
    struct {
        const char *param, *value;
        bool is_id;
    } params[2];              /* that name it in updateResourceLimit and listResourceLimits */
    Text *const (*limits)[2]; /* of a copy of the row */
} Limited;

static void
add_params(Preparation *preparation, ChangeCall *call, const Limited *limited, Resource resource)
{
    for (size_t i = 0; i < G_N_ELEMENTS(limited->params); i++)
        if (limited->params[i].is_id)
            prepare_add_id(preparation, call, limited->params[i].param, limited->params[i].value);
        else if (limited->params[i].param)
            change_call_add(
                preparation->changes, call, limited->params[i].param, limited->params[i].value);
    g_autofree char *number = g_strdup_printf("%d", resource_number(resource));
    change_call_add(preparation->changes, call, "resourcetype", number);
}

static Change *
raise_limit(Preparation *preparation, const Limited *limited, Resource resource, int64_t most,
    int64_t wanted)
{
    Changes *changes = preparation->changes;
    g_autofree char *name =
        g_strdup_printf("%s-%s-%s", limited->what, limited->name, resource_word(resource));
    g_autofree char *now = g_strdup_printf("%" G_GINT64_FORMAT, most);
    g_autofree char *then = g_strdup_printf("%" G_GINT64_FORMAT, wanted);
    Change *change = prepare_add(preparation, CHANGE_LIMIT, "limit", name);
    prepare_begin_call(preparation, change, "updateResourceLimit");
    add_params(preparation, &change->call, limited, resource);
    change_call_add(changes, &change->call, "max", then);
    ChangeFind *find = &change->find;
    add_params(
        preparation, change_find_add_read(changes, find, "listResourceLimits"), limited, resource);
    find->item = text_known("resourcelimit");
    find->id = text_known("resourcetype");
    change_expect_param(changes, find, "resourcetype", "resourcetype");
    change_expect_param(changes, find, "max", "max");
    ChangeExpect *before = change_list_add(changes, &find->before);
    *before = (ChangeExpect){
        .member = text_known("max"), .value = text_known(arena_strdup(preparation->arena, now))};
    change_call_init(changes, &change->undo, "updateResourceLimit");
    add_params(preparation, &change->undo, limited, resource);
    change_call_add(changes, &change->undo, "max", now);
    return change;
}

/* In the unit of the limit; a part of a GiB counts as a whole one. */
static int64_t
in_limit_units(Resource resource, int64_t amount)
{
    return resource == RESOURCE_STORAGE ? (amount + GIB - 1) / GIB : amount;
}

/* True if the row's limit was raised. */
static bool
check_limit(
    Preparation *preparation, const Limited *limited, Resource resource, const Demand *demand)
{
    Arena *arena = preparation->arena;
    Text *const *limit = limited->limits[resource];
    int64_t most = 0, left = 0;
    if (limit_parse(*limit[0], &most) != ANSWER_YES || most < 0 ||
        limit_parse(*limit[1], &left) != ANSWER_YES)
        return false;
    /* Volumes may add up to other than whole GiB: one more is there to be safe. */
    int64_t slack = resource == RESOURCE_STORAGE ? 1 : 0;
    int64_t used = most - left;
    int64_t asked = in_limit_units(resource, demand->amounts[resource]);
    int64_t wanted = used + asked + slack;
    if (!asked || used + asked <= most)
        return false;
    Change *change = raise_limit(preparation, limited, resource, most, wanted);
    prepare_set_why(preparation, change,
        arena_printf(arena, "%s '%s' may have %" G_GINT64_FORMAT " %s; the estate asks for more",
            limited->what, limited->name, most, resource_word(resource)),
        arena_printf(arena,
            "used %" G_GINT64_FORMAT " + VMs of this estate %" G_GINT64_FORMAT
            "%s = %" G_GINT64_FORMAT "%s%s",
            used, asked, slack ? " + 1 for parts of a GiB" : "", wanted,
            demand->n_unknown ? "; sizes of some VMs were not read, VMs: " : "",
            demand->n_unknown ? arena_printf(arena, "%zu", demand->n_unknown) : ""));
    if (demand->n_unknown)
        change->verdict = VERDICT_UNKNOWN;
    if (change->verdict == VERDICT_BLOCKED)
        return false;
    *limit[0] = text_known(arena_printf(arena, "%" G_GINT64_FORMAT, wanted));
    *limit[1] = text_known(arena_printf(arena, "%" G_GINT64_FORMAT, wanted - used));
    return true;
}

static bool
check_limited(Preparation *preparation, const Limited *limited, const Demands *demands)
{
    const Demand *demand = limited->id ? g_hash_table_lookup(demands->by_id, limited->id) : NULL;
    bool is_raised = false;
    for (int i = 0; demand && i < RESOURCE_N; i++)
        is_raised |= check_limit(preparation, limited, (Resource)i, demand);
    return is_raised;
}

static void
check_domains(Preparation *preparation, const Demands *demands)
{
    Catalog *future = &preparation->future;
    for (size_t i = 0; i < future->domains.n; i++) {
        Domain row = future->domains.items[i];
        const Limited limited = {.what = "domain",
            .name = text_or_word(row.path),
            .id = row.id.value,
            .params = {{"domainid", row.id.value, true}},
            .limits = (Text *const[RESOURCE_N][2])LIMIT_MEMBERS(&row)};
        /* ROOT has no limits. */
        if (row.parentdomainid.value && check_limited(preparation, &limited, demands))
            future_replace(preparation, &future->domains, i, &row);
    }
}

static void
check_accounts(Preparation *preparation, const Demands *demands)
{
    Catalog *future = &preparation->future;
    for (size_t i = 0; i < future->accounts.n; i++) {
        Account row = future->accounts.items[i];
        const Limited limited = {.what = "account",
            .name = text_or_word(row.name),
            .id = row.id.value,
            .params = {{"account", row.name.value, false}, {"domainid", row.domainid.value, true}},
            .limits = (Text *const[RESOURCE_N][2])LIMIT_MEMBERS(&row)};
        if (row.domainid.value && check_limited(preparation, &limited, demands))
            future_replace(preparation, &future->accounts, i, &row);
    }
}

static void
check_projects(Preparation *preparation, const Demands *demands)
{
    Catalog *future = &preparation->future;
    for (size_t i = 0; i < future->projects.n; i++) {
        Project row = future->projects.items[i];
        const Limited limited = {.what = "project",
            .name = text_or_word(row.name),
            .id = row.id.value,
            .params = {{"projectid", row.id.value, true}},
            .limits = (Text *const[RESOURCE_N][2])LIMIT_MEMBERS(&row)};
        if (check_limited(preparation, &limited, demands))
            future_replace(preparation, &future->projects, i, &row);
    }
}

void
prepare_limits(Preparation *preparation)
{
    Demands demands = {0};
    index_owners(&demands, &preparation->future);
    for (size_t i = 0; i < preparation->plan->n_items; i++)
        if (prepare_is_wanted(&preparation->plan->items[i]))
            add_item(&demands, &preparation->plan->items[i]);
    check_domains(preparation, &demands);
    check_accounts(preparation, &demands);
    check_projects(preparation, &demands);
    free_demands(&demands);
}

/* --- rights to networks ----------------------------------------------------------------------- */

/* A network of one account can be opened to others; a shared one has its scope for good. */
static const Network *
network_to_open(const Catalog *catalog, const Finding *finding)
{
    bool is_by_vlan = finding->kind == &kind_VLAN_NETWORK_FOREIGN;
    if (!is_by_vlan && finding->kind != &kind_NETWORK_FORBIDDEN)
        return NULL;
    const char *id = finding->args[is_by_vlan ? 4 : 2].text;
    for (size_t i = 0; i < catalog->networks.n; i++) {
        const Network *network = &catalog->networks.items[i];
        if (!g_strcmp0(network->id.value, id))
            return !g_strcmp0(network->type.value, "Shared") ||
                           g_strcmp0(network->acltype.value, "Account") != 0
                       ? NULL
                       : network;
    }
    return NULL;
}

/* "l2-10-alice" */
static const char *
permission_name(
    Preparation *preparation, const Network *network, const char *owner, bool is_project)
{
    const Catalog *future = &preparation->future;
    const char *name = owner;
    for (size_t i = 0; !is_project && i < future->accounts.n; i++)
        if (!g_strcmp0(future->accounts.items[i].id.value, owner))
            name = text_or_word(future->accounts.items[i].name);
    for (size_t i = 0; is_project && i < future->projects.n; i++)
        if (!g_strcmp0(future->projects.items[i].id.value, owner))
            name = text_or_word(future->projects.items[i].name);
    return arena_printf(preparation->arena, "%s-%s", text_or_word(network->name), name);
}

static void
open_network(Preparation *preparation, const Network *network, const char *owner, bool is_project)
{
    Changes *changes = preparation->changes;
    Arena *arena = preparation->arena;
    const char *param = is_project ? "projectids" : "accountids";
    Change *change = prepare_add(preparation, CHANGE_NETWORK_PERMISSION, "permission",
        permission_name(preparation, network, owner, is_project));
    prepare_begin_call(preparation, change, "createNetworkPermissions");
    change_call_add(changes, &change->call, "networkid", network->id.value);
    prepare_add_id(preparation, &change->call, param, owner);
    ChangeFind *find = &change->find;
    change_call_add(changes, change_find_add_read(changes, find, "listNetworkPermissions"),
        "networkid", network->id.value);
    find->item = text_known("networkpermission");
    find->id = text_known(is_project ? "projectid" : "accountid");
    change_expect_param(changes, find, find->id.value, param);
    change_call_init(changes, &change->undo, "removeNetworkPermissions");
    change_call_add(changes, &change->undo, "networkid", network->id.value);
    prepare_add_id(preparation, &change->undo, param, owner);
    prepare_set_why(preparation, change,
        arena_printf(arena, "NICs of VMs of this owner are on the VLAN of network '%s'",
            text_or_word(network->name)),
        arena_printf(arena, "listNetworks: %s, it belongs to account '%s', project %s",
            network->broadcasturi.value ? network->broadcasturi.value : "no URI",
            network->account.value ? network->account.value : "none",
            network->projectid.value ? network->projectid.value : "none"));
    NetworkPermission row = {.networkid = network->id,
        .accountid = is_project ? text_absent() : text_known(owner),
        .projectid = is_project ? text_known(owner) : text_absent()};
    if (change->verdict == VERDICT_READY)
        future_add(preparation, &preparation->future.network_permissions, &row);
}

/* NULL: it is the caller, or cannot be told. */
static const char *
owner_id(const Demands *owners, const Choice *choice, bool *ret_is_project)
{
    g_autofree char *key = g_strdup_printf("%s/%s", choice->domainid.value, choice->account.value);
    const Account *account = g_hash_table_lookup(owners->accounts, key);
    const Project *project = account || !choice->projectid.value
                                 ? NULL
                                 : g_hash_table_lookup(owners->projects, choice->projectid.value);
    *ret_is_project = project;
    return account ? account->id.value : project ? project->id.value : NULL;
}

void
prepare_permissions(Preparation *preparation)
{
    Demands owners = {0};
    index_owners(&owners, &preparation->future);
    g_autoptr(GHashTable) done = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const Plan *plan = preparation->plan;
    for (size_t i = 0; i < plan->n_items; i++) {
        const PlanItem *item = &plan->items[i];
        for (size_t j = 0; prepare_is_wanted(item) && j < item->n_findings; j++) {
            const Network *network = network_to_open(preparation->catalog, &item->findings[j]);
            bool is_project = false;
            const char *owner = network ? owner_id(&owners, &item->choice, &is_project) : NULL;
            if (owner && g_hash_table_add(done, g_strdup_printf("%s/%s", network->id.value, owner)))
                open_network(preparation, network, owner, is_project);
        }
    }
    free_demands(&owners);
}
