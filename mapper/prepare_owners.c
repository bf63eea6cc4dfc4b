/* SPDX-License-Identifier: Apache-2.0
 *
 * Domains, accounts and projects that the policy's owner rules name and the target does not have.
 */
#include <string.h>

#include "preparation.h"

enum { DOMAIN_DEPTH_MAX = 32 };

/* A setting's number; absent when it was not read. */
static Text
setting_text(const Catalog *catalog, const char *name)
{
    for (size_t i = 0; i < catalog->settings.n; i++)
        if (!g_strcmp0(catalog->settings.items[i].name.value, name))
            return catalog->settings.items[i].value;
    return (Text){0};
}

/* The limits that the server gives to what is new: max.account.user.vms and so on. */
static void
set_default_limits(
    const Preparation *preparation, const char *kind, Text *const limits[RESOURCE_N][2])
{
    static const char *const settings[RESOURCE_N] = {
        "user.vms", "cpus", "memory", "volumes", "primary.storage"};
    for (int i = 0; i < RESOURCE_N; i++) {
        g_autofree char *name = g_strdup_printf("max.%s.%s", kind, settings[i]);
        *limits[i][0] = *limits[i][1] = setting_text(preparation->catalog, name);
        int64_t most = 0;
        if (limit_parse(*limits[i][0], &most) == ANSWER_YES && most < 0)
            *limits[i][0] = *limits[i][1] = text_known("Unlimited");
    }
}

/* --- domains ---------------------------------------------------------------------------------- */

static void
find_domain_call(Preparation *preparation, Change *change, const char *path)
{
    Changes *changes = preparation->changes;
    ChangeFind *find = &change->find;
    ChangeCall *read = change_find_add_read(changes, find, "listDomains");
    change_call_add(changes, read, "listall", "true");
    change_call_add(changes, read, "name", change->name.value);
    find->item = text_known("domain");
    change_expect_param(changes, find, "name", "name");
    change_expect(changes, find, "path", path);
    change_add_clash(changes, find, "path");
    change_call_init(changes, &change->undo, "deleteDomain");
    change_call_add_ref(changes, &change->undo, "id", change->id.value);
    prepare_add_use(
        preparation, change, "it has an account", "listAccounts", "domainid", "account");
}

static const Domain *
make_domain(Preparation *preparation, const Domain *parent, const char *name, const char *why)
{
    const char *path = arena_printf(preparation->arena, "%s/%s", text_or_word(parent->path), name);
    Change *change = prepare_add(preparation, CHANGE_DOMAIN, "domain", path);
    change->name = text_known(arena_strdup(preparation->arena, name));
    prepare_begin_call(preparation, change, "createDomain");
    change_call_add(preparation->changes, &change->call, "name", name);
    prepare_add_id(preparation, &change->call, "parentdomainid", parent->id.value);
    find_domain_call(preparation, change, path);
    prepare_set_why(preparation, change, why,
        arena_printf(preparation->arena, "no domain of listDomains has the path '%s'", path));
    Domain row = {.id = change->id,
        .name = change->name,
        .path = text_known(path),
        .parentdomainid = parent->id,
        .state = text_known("Active")};
    set_default_limits(preparation, "domain", (Text *const[RESOURCE_N][2])LIMIT_MEMBERS(&row));
    if (change->verdict != VERDICT_READY)
        return NULL;
    future_add(preparation, &preparation->future.domains, &row);
    return &preparation->future.domains.items[preparation->future.domains.n - 1];
}

/* The domain of a rule, made with those above it if need be. NULL: it cannot be made. */
static const Domain *
ensure_domain(Preparation *preparation, const char *name, const char *why, int depth)
{
    const Domain *domain = find_domain(&preparation->future, name);
    if (domain || depth > DOMAIN_DEPTH_MAX || g_uuid_string_is_valid(name) ||
        !is_read(&preparation->catalog->domains))
        return domain;
    const char *path = name + (name[0] == '/');
    if (!strncmp(path, "ROOT/", 5))
        path += 5;
    const char *slash = strrchr(path, '/');
    const char *leaf = slash ? slash + 1 : path;
    g_autofree char *above = slash ? g_strndup(path, (gsize)(slash - path)) : g_strdup("/");
    const Domain *parent = *leaf ? ensure_domain(preparation, above, why, depth + 1) : NULL;
    return parent && parent->id.value ? make_domain(preparation, parent, leaf, why) : NULL;
}

/* --- accounts --------------------------------------------------------------------------------- */

static void
call_create_account(
    Preparation *preparation, Change *change, const Domain *domain, const char *name)
{
    Changes *changes = preparation->changes;
    ChangeCall *call = &change->call;
    prepare_begin_call(preparation, change, "createAccount");
    change_call_add(changes, call, "accounttype", "0");
    change_call_add(changes, call, "account", name);
    prepare_add_id(preparation, call, "domainid", domain->id.value);
    change_call_add(changes, call, "username", name);
    change_call_add(changes, call, "firstname", name);
    change_call_add(changes, call, "lastname", "imported");
    change_call_add(changes, call, "email", "nobody@example.invalid");
    Texts *secrets = &call->secrets;
    secrets->items = arena_new_n(preparation->arena, const char *, 1);
    secrets->items[0] = "password";
    secrets->n = 1;
    secrets->state = FACT_KNOWN;
}

static void
find_account_call(Preparation *preparation, Change *change, const Domain *domain)
{
    Changes *changes = preparation->changes;
    ChangeFind *find = &change->find;
    ChangeCall *read = change_find_add_read(changes, find, "listAccounts");
    change_call_add(changes, read, "listall", "true");
    prepare_add_id(preparation, read, "domainid", domain->id.value);
    find->item = text_known("account");
    change_expect_param(changes, find, "name", "account");
    change_expect_param(changes, find, "domainid", "domainid");
    change_expect_param(changes, find, "accounttype", "accounttype");
    change_expect(changes, find, "state", "enabled");
    change_add_clash(changes, find, "name");
    change_call_init(changes, &change->undo, "deleteAccount");
    change_call_add_ref(changes, &change->undo, "id", change->id.value);
}

/* deleteAccount takes everything along that the account has. */
static void
add_account_uses(Preparation *preparation, Change *change, const Domain *domain)
{
    static const struct {
        const char *what, *command, *item;
    } uses[] = {
        {"it has a VM", "listVirtualMachines", "virtualmachine"},
        {"it has a volume", "listVolumes", "volume"},
        {"it has a network", "listNetworks", "network"},
        {"it has a snapshot", "listSnapshots", "snapshot"},
        {"it has a VPC", "listVPCs", "vpc"},
    };
    Changes *changes = preparation->changes;
    for (size_t i = 0; i < G_N_ELEMENTS(uses); i++) {
        ChangeUse *use = change_list_add(changes, &change->uses);
        ChangeCall *read = change_list_add(changes, &use->reads);
        use->what = text_known(uses[i].what);
        use->item = text_known(uses[i].item);
        change_call_init(changes, read, uses[i].command);
        change_call_add(changes, read, "listall", "true");
        change_call_add(changes, read, "account", change->name.value);
        prepare_add_id(preparation, read, "domainid", domain->id.value);
    }
}

static bool
has_account(const Catalog *catalog, const Domain *domain, const char *name)
{
    for (size_t i = 0; i < catalog->accounts.n; i++)
        if (!g_strcmp0(catalog->accounts.items[i].domainid.value, domain->id.value) &&
            (!name || !g_strcmp0(catalog->accounts.items[i].name.value, name)))
            return true;
    return false;
}

static void
ensure_account(Preparation *preparation, const Domain *domain, const char *name, const char *why)
{
    if (!is_read(&preparation->catalog->accounts) ||
        has_account(&preparation->future, domain, name))
        return;
    Change *change = prepare_add(preparation, CHANGE_ACCOUNT, "account", name);
    call_create_account(preparation, change, domain, name);
    find_account_call(preparation, change, domain);
    add_account_uses(preparation, change, domain);
    prepare_set_why(preparation, change, why,
        arena_printf(preparation->arena,
            "listAccounts has no '%s' in domain '%s'. The user's address is made up, his password "
            "is random and kept nowhere: updateUser sets both",
            name, text_or_word(domain->path)));
    Account row = {.id = change->id,
        .name = change->name,
        .domainid = domain->id,
        .domain = domain->name,
        .domainpath = domain->path,
        .state = text_known("enabled"),
        .accounttype = int_known(0)};
    set_default_limits(preparation, "account", (Text *const[RESOURCE_N][2])LIMIT_MEMBERS(&row));
    if (change->verdict == VERDICT_READY)
        future_add(preparation, &preparation->future.accounts, &row);
}

/* --- projects --------------------------------------------------------------------------------- */

/* A project is made in the domain of its administrator: outside of ROOT one has to be named. */
static const Account *
find_administrator(const Catalog *catalog, const Domain *domain)
{
    for (size_t i = 0; i < catalog->accounts.n; i++) {
        const Account *account = &catalog->accounts.items[i];
        if (!g_strcmp0(account->domainid.value, domain->id.value) &&
            !g_strcmp0(account->state.value, "enabled") && account->accounttype.value != 5)
            return account;
    }
    return NULL;
}

static void
find_project_call(Preparation *preparation, Change *change, const Domain *domain)
{
    Changes *changes = preparation->changes;
    ChangeFind *find = &change->find;
    ChangeCall *read = change_find_add_read(changes, find, "listProjects");
    change_call_add(changes, read, "listall", "true");
    prepare_add_id(preparation, read, "domainid", domain->id.value);
    find->item = text_known("project");
    change_expect_param(changes, find, "name", "name");
    change_expect(changes, find, "state", "Active");
    change_add_clash(changes, find, "name");
    change_call_init(changes, &change->undo, "deleteProject");
    change_call_add_ref(changes, &change->undo, "id", change->id.value);
    prepare_add_use(
        preparation, change, "it has a VM", "listVirtualMachines", "projectid", "virtualmachine");
    prepare_add_use(preparation, change, "it has a volume", "listVolumes", "projectid", "volume");
    prepare_add_use(
        preparation, change, "it has a network", "listNetworks", "projectid", "network");
}

static void
make_project(Preparation *preparation, const Domain *domain, const char *name, const char *why)
{
    Changes *changes = preparation->changes;
    bool is_root = !domain->parentdomainid.value;
    const Account *administrator =
        is_root ? NULL : find_administrator(&preparation->future, domain);
    Change *change = prepare_add(preparation, CHANGE_PROJECT, "project", name);
    prepare_begin_call(preparation, change, "createProject");
    change_call_add(changes, &change->call, "name", name);
    change_call_add(changes, &change->call, "displaytext", name);
    if (administrator) {
        change_call_add(changes, &change->call, "account", administrator->name.value);
        prepare_add_id(preparation, &change->call, "domainid", domain->id.value);
    } else if (!is_root) {
        prepare_block(preparation, change, FINDING_PROJECT_WITHOUT_ACCOUNT);
    }
    find_project_call(preparation, change, domain);
    prepare_set_why(preparation, change, why,
        arena_printf(preparation->arena, "listProjects has no '%s' in domain '%s'", name,
            text_or_word(domain->path)));
    Project row = {.id = change->id,
        .name = change->name,
        .displaytext = change->name,
        .domainid = domain->id,
        .domain = domain->name,
        .state = text_known("Active")};
    set_default_limits(preparation, "project", (Text *const[RESOURCE_N][2])LIMIT_MEMBERS(&row));
    if (change->verdict == VERDICT_READY)
        future_add(preparation, &preparation->future.projects, &row);
}

static bool
has_project(const Catalog *catalog, const char *name, const Domain *domain)
{
    for (size_t i = 0; i < catalog->projects.n; i++) {
        const Project *project = &catalog->projects.items[i];
        if ((!g_strcmp0(project->name.value, name) || !g_strcmp0(project->id.value, name)) &&
            (!domain || !g_strcmp0(project->domainid.value, domain->id.value)))
            return true;
    }
    return false;
}

static void
ensure_project(Preparation *preparation, const char *name, const Domain *domain, const char *why)
{
    const Catalog *future = &preparation->future;
    if (!is_read(&preparation->catalog->projects) || g_uuid_string_is_valid(name) ||
        has_project(future, name, domain))
        return;
    if (!domain)
        domain = find_domain(future, "/");
    if (domain)
        make_project(preparation, domain, name, why);
}

/* --- rules ------------------------------------------------------------------------------------ */

/* How many VMs each rule of the policy holds for, as the first of its kind. (owned) */
static size_t *
count_instances(const Preparation *preparation)
{
    const Inventory *inventory = preparation->inventory;
    const Policy *policy = preparation->policy;
    size_t *counts = g_new0(size_t, policy->n_rules + 1);
    for (size_t i = 0; i < inventory->n_instances; i++) {
        const InstanceView *view = instance_view(&inventory->instances[i]);
        const Rule *rule = policy_find_rule(policy, inventory, RULE_OWNER, view, NULL);
        if (rule)
            counts[rule - policy->rules]++;
    }
    return counts;
}

static void
prepare_owner(Preparation *preparation, const RuleOwner *owner, const char *why)
{
    const Domain *domain = owner->domain ? ensure_domain(preparation, owner->domain, why, 0) : NULL;
    if (owner->project && (domain || !owner->domain))
        ensure_project(preparation, owner->project, domain, why);
    else if (owner->account && domain)
        ensure_account(preparation, domain, owner->account, why);
}

void
prepare_owners(Preparation *preparation)
{
    const Policy *policy = preparation->policy;
    g_autofree size_t *counts = count_instances(preparation);
    for (size_t i = 0; i < policy->n_of_kind[RULE_OWNER]; i++) {
        const Rule *rule = policy->of_kind[RULE_OWNER][i];
        const char *why = arena_printf(preparation->arena,
            "the owner rule in line %zu names it; it holds for %zu of the VMs", rule->line,
            counts[rule - policy->rules]);
        for (size_t j = 0; j < rule->n_owners; j++)
            prepare_owner(preparation, &policy->owners[rule->first_owner + j], why);
    }
}
