/* SPDX-License-Identifier: Apache-2.0
 *
 * Who will own an imported instance: by the policy's rules, else whoever calls the API.
 */
#include <string.h>

#include "mapper_priv.h"

static bool
is_active(Text state, const char *word)
{
    return !state.value || !g_ascii_strcasecmp(state.value, word);
}

/* The caller must be a root administrator: if there is but one, it is he. */
static void
resolve_caller(Planner *planner, Owner *owner)
{
    const Catalog *catalog = planner->catalog;
    size_t n = 0;
    for (size_t i = 0; i < catalog->accounts.n; i++) {
        const Account *account = &catalog->accounts.items[i];
        if (account->accounttype.value != ACCOUNT_TYPE_ROOT_ADMIN ||
            !g_strcmp0(account->name.value, "system") || !is_active(account->state, "enabled"))
            continue;
        owner->of_account = account;
        n++;
    }
    owner->is_caller = owner->is_root_admin = true;
    if (n != 1)
        owner->of_account = NULL;
    owner->label = n == 1 ? arena_printf(planner->arena, "the caller, account '%s'",
                                text_or_word(owner->of_account->name))
                          : "the caller";
}

static void
refuse(Owner *owner, FindingId problem, const char *a, const char *b, const char *c)
{
    owner->problem = problem;
    owner->args[0] = ARG(a ? a : "");
    owner->args[1] = ARG(b ? b : "");
    owner->args[2] = ARG(c ? c : "");
}

static const char *
count_text(Planner *planner, size_t n)
{
    return arena_printf(planner->arena, "%zu entries", n);
}

/* The nearest miss: the domain that has an account of that name; NULL: none has. */
static const char *
other_account_text(Planner *planner, const Owner *owner)
{
    const Catalog *catalog = planner->catalog;
    for (size_t i = 0; i < catalog->accounts.n; i++) {
        const Account *account = &catalog->accounts.items[i];
        if (!account->name.value || g_ascii_strcasecmp(account->name.value, owner->account) != 0)
            continue;
        const Domain *domain =
            account->domainid.value ? table_find(&planner->domains, account->domainid.value) : NULL;
        return arena_printf(planner->arena, "%zu entries; nearest: '%s' in domain '%s'",
            catalog->accounts.n, account->name.value,
            domain ? text_or_word(domain->path) : text_or_word(account->domainid));
    }
    return NULL;
}

static void
resolve_account(Planner *planner, Owner *owner)
{
    const Catalog *catalog = planner->catalog;
    owner->of_domain = table_find(&planner->domains, owner->domainid);
    owner->of_account =
        table_find_pair(&planner->accounts, hashed(owner->domainid), hashed(owner->account));
    const char *domain = owner->of_domain ? owner->of_domain->path.value : NULL;
    owner->label = arena_printf(planner->arena, "account '%s' in domain '%s'", owner->account,
        domain ? domain : owner->domainid);
    /* Without the domains a rule's path has not become an id, and no account has a path. */
    bool is_sure = is_read(&catalog->accounts) && (owner->of_domain || is_read(&catalog->domains));
    const char *other = owner->of_account ? NULL : other_account_text(planner, owner);
    if (!owner->of_account && is_sure)
        refuse(owner, FINDING_OWNER_NOT_FOUND, owner->account, domain ? domain : owner->domainid,
            other ? other : count_text(planner, catalog->accounts.n));
    if (!owner->of_domain && is_read(&catalog->domains))
        refuse(owner, FINDING_DOMAIN_NOT_FOUND, owner->domainid,
            count_text(planner, catalog->domains.n), NULL);
    if (!owner->of_account)
        return;
    owner->is_root_admin = owner->of_account->accounttype.value == ACCOUNT_TYPE_ROOT_ADMIN;
    if (!is_active(owner->of_account->state, "enabled"))
        refuse(owner, FINDING_OWNER_INACTIVE, owner->account, owner->of_account->state.value, NULL);
}

/* The domains of the projects of a name; NULL: there are not several. */
static const char *
domains_of_projects(Planner *planner, const char *name)
{
    g_autoptr(GString) text = g_string_new(NULL);
    size_t n = 0;
    for (size_t i = 0; i < planner->catalog->projects.n; i++) {
        const Project *project = &planner->catalog->projects.items[i];
        if (g_strcmp0(project->name.value, name) != 0)
            continue;
        const Domain *domain =
            project->domainid.value ? table_find(&planner->domains, project->domainid.value) : NULL;
        g_string_append_printf(text, "%s%s", n++ ? ", " : "",
            domain ? text_or_word(domain->path) : text_or_word(project->domainid));
    }
    return n > 1 ? arena_strndup(planner->arena, text->str, text->len) : NULL;
}

static void
resolve_project(Planner *planner, Owner *owner)
{
    const Catalog *catalog = planner->catalog;
    owner->of_project = table_find(&planner->projects, owner->projectid);
    owner->label = arena_printf(planner->arena, "project '%s'",
        owner->of_project ? text_or_word(owner->of_project->name) : owner->projectid);
    if (!owner->of_project) {
        const char *several = domains_of_projects(planner, owner->projectid);
        if (several)
            refuse(owner, FINDING_PROJECT_AMBIGUOUS, owner->projectid, several, NULL);
        else if (is_read(&catalog->projects))
            refuse(owner, FINDING_PROJECT_NOT_FOUND, owner->projectid,
                count_text(planner, catalog->projects.n), NULL);
        return;
    }
    owner->of_domain = owner->of_project->domainid.value
                           ? table_find(&planner->domains, owner->of_project->domainid.value)
                           : NULL;
    owner->domainid = NULL;
    if (!is_active(owner->of_project->state, "active"))
        refuse(owner, FINDING_PROJECT_INACTIVE, text_or_word(owner->of_project->name),
            owner->of_project->state.value, NULL);
}

static void
resolve(Planner *planner, Owner *owner)
{
    if (owner->account && owner->domainid)
        resolve_account(planner, owner); /* with a project as well: the account wins */
    else if (owner->account)
        refuse(owner, FINDING_ACCOUNT_WITHOUT_DOMAIN, owner->account, NULL, NULL);
    else if (owner->projectid)
        resolve_project(planner, owner);
    else if (owner->domainid)
        refuse(owner, FINDING_DOMAIN_WITHOUT_ACCOUNT, owner->domainid, NULL, NULL);
    else
        resolve_caller(planner, owner);
    if (!owner->of_domain && owner->of_account && owner->of_account->domainid.value)
        owner->of_domain = table_find(&planner->domains, owner->of_account->domainid.value);
    if (!owner->label)
        owner->label = owner->account ? owner->account : "nobody";
}

Owner *
owner_resolve(Planner *planner, const char *account, const char *domainid, const char *projectid)
{
    const Key *key = planner_key(planner, account, domainid, projectid);
    Owner *owner = g_hash_table_lookup(planner->owners, key);
    if (owner)
        return owner;
    Key *kept = key_keep(&planner->scratch, key);
    owner = arena_new(planner->arena, Owner);
    *owner = (Owner){.account = account, .domainid = domainid, .projectid = projectid};
    resolve(planner, owner);
    owner->by_vlan = g_hash_table_new(NULL, NULL);
    g_hash_table_insert(planner->owners, kept, owner);
    return owner;
}

/* --- by rules --------------------------------------------------------------------------------- */

static bool
domain_has_name(const Domain *domain, const char *name)
{
    if (!g_strcmp0(domain->id.value, name))
        return true;
    if (!domain->path.value)
        return false;
    const char *path = domain->path.value + (domain->path.value[0] == '/');
    name += name[0] == '/';
    if (!strcmp(path, name))
        return true;
    if (!strncmp(path, "ROOT", 4) && (path[4] == '/' || !path[4]))
        path += path[4] ? 5 : 4;
    return !strcmp(path, name);
}

const Domain *
find_domain(const Catalog *catalog, const char *name)
{
    for (size_t i = 0; i < catalog->domains.n; i++)
        if (domain_has_name(&catalog->domains.items[i], name))
            return &catalog->domains.items[i];
    return NULL;
}

/* By id, or by a name that no other project has, in the domain if one is given. */
static const Project *
find_project(const Catalog *catalog, const char *name, const Domain *domain)
{
    const Project *found = NULL;
    for (size_t i = 0; i < catalog->projects.n; i++) {
        const Project *project = &catalog->projects.items[i];
        if (domain && g_strcmp0(project->domainid.value, domain->id.value) != 0)
            continue;
        if (!g_strcmp0(project->id.value, name))
            return project;
        if (g_strcmp0(project->name.value, name) != 0)
            continue;
        if (found)
            return NULL;
        found = project;
    }
    return found;
}

/* One whose names are not in the catalog keeps them, so that a finding can tell. */
static Owner *
owner_of_rule(Planner *planner, const RuleOwner *named)
{
    if (named->is_caller)
        return owner_resolve(planner, NULL, NULL, NULL);
    Arena *arena = planner->arena; /* the plan outlives the policy */
    const Domain *domain = named->domain ? find_domain(planner->catalog, named->domain) : NULL;
    const char *domainid = domain ? domain->id.value : arena_intern(arena, named->domain);
    if (named->project) {
        bool is_nowhere = named->domain && !domain && is_read(&planner->catalog->domains);
        const Project *project =
            is_nowhere ? NULL : find_project(planner->catalog, named->project, domain);
        return owner_resolve(
            planner, NULL, NULL, project ? project->id.value : arena_intern(arena, named->project));
    }
    return owner_resolve(planner, arena_intern(arena, named->account), domainid, NULL);
}

static Text
text_or_absent(const char *value)
{
    return value ? text_known(value) : text_absent();
}

static Owner *
rule_owner(Planner *planner, size_t index)
{
    Owner **known = &planner->rule_owners[index];
    *known = *known ? *known : owner_of_rule(planner, &planner->policy->owners[index]);
    return *known;
}

/* The other owners that the rule names. */
static Texts
other_owners(Planner *planner, const Rule *rule, size_t chosen)
{
    Texts names = {.state = FACT_KNOWN};
    if (rule->n_owners < 2)
        return names;
    names.items = arena_new_n(planner->arena, const char *, rule->n_owners);
    for (size_t i = 0; i < rule->n_owners; i++)
        if (i != chosen)
            names.items[names.n++] = rule_owner(planner, rule->first_owner + i)->label;
    return names;
}

static void
give_to(Task *task, const Owner *owner)
{
    Choice *choice = &task->item->choice;
    choice->account = text_or_absent(owner->account);
    choice->domainid = text_or_absent(owner->projectid ? NULL : owner->domainid);
    choice->projectid = text_or_absent(owner->projectid);
    task->owner = owner;
}

void
propose_owner(Task *task)
{
    Planner *planner = task->planner;
    const Rule *rule =
        policy_find_rule(planner->policy, planner->inventory, RULE_OWNER, task->view, NULL);
    size_t nth = task->nth_owner;
    if (!rule) {
        give_to(task, owner_resolve(planner, NULL, NULL, NULL));
        add_reason(task, "account", task->owner->label, "no owner rule holds: the caller owns it",
            (Texts){.state = FACT_KNOWN});
        return;
    }
    give_to(task, rule_owner(planner, rule->first_owner + nth));
    task->n_owners = rule->n_owners;
    add_reason(task, "account", task->owner->label,
        nth ? "by the first owner rule that holds; the owners that it names before would be refused"
            : "by the first owner rule that holds",
        other_owners(planner, rule, nth));
}

void
check_owner(Task *task)
{
    Planner *planner = task->planner;
    const Catalog *catalog = planner->catalog;
    const Choice *choice = &task->item->choice;
    const Owner *owner = task->owner = owner_resolve(
        planner, choice->account.value, choice->domainid.value, choice->projectid.value);
    if (owner->account && owner->projectid && is_read(&catalog->projects) &&
        !table_find(&planner->projects, owner->projectid))
        FIND(task, PROJECT_NOT_FOUND, NULL, ARG(owner->projectid),
            ARG(count_text(planner, catalog->projects.n)));
    if (owner->problem)
        add_finding(task, owner->problem, NULL, owner->args);
    else if (owner->account && !owner->of_account)
        find_unread_list(task, is_read(&catalog->accounts) ? "domains" : "accounts");
    else if (owner->projectid && !owner->account && !owner->of_project)
        find_unread_list(task, "projects");
    else if (owner->is_caller && !owner->of_account)
        FIND(task, CALLER_UNKNOWN, NULL,
            ARG(is_read(&catalog->accounts) ? "each account that is root administrator"
                                            : "the list of accounts was not read, so any"));
}
