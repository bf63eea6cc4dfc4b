/* SPDX-License-Identifier: Apache-2.0
 *
 * Which rule of a policy holds for an instance: the first one of its kind.
 */
#include "policy.h"

#include <string.h>

#include "mapper_priv.h"

/* '*' stands for any text, '?' for one character; case counts. */
static bool
glob_match_until(const char *pattern, const char *text, bool is_prefix)
{
    const char *star = NULL, *retry = NULL;
    for (;;) {
        if (*pattern == '*') {
            star = ++pattern;
            retry = text;
        } else if (!*pattern && (!*text || (is_prefix && *text == '/'))) {
            return true;
        } else if (*text && *pattern == '?') {
            pattern++;
            text = g_utf8_next_char(text);
        } else if (*text && *pattern == *text) {
            pattern++;
            text++;
        } else if (star && *retry) {
            pattern = star;
            text = retry = g_utf8_next_char(retry);
        } else {
            return false;
        }
    }
}

bool
glob_match(const char *pattern, const char *text)
{
    return text && glob_match_until(pattern, text, false);
}

/* A folder holds for all that is below it. */
static bool
folder_matches(const char *pattern, const char *path)
{
    return path && glob_match_until(pattern, path, true);
}

/* By its whole path, or by the name of the pool or of one that it is in. */
static bool
pool_matches(const char *pattern, const char *path)
{
    static const char top[] = "/Resources/";
    if (!path || folder_matches(pattern, path))
        return path != NULL;
    const char *names = strstr(path, top), *last = strrchr(path, '/');
    names = names ? names + strlen(top) : last ? last + 1 : NULL;
    while (names && !folder_matches(pattern, names)) {
        names = strchr(names, '/');
        names += names ? 1 : 0;
    }
    return names != NULL;
}

/* A fact that was not read may be anything. */
static Answer
answer_of(bool matches, FactState state)
{
    return matches ? ANSWER_YES : state == FACT_UNKNOWN ? ANSWER_UNKNOWN : ANSWER_NO;
}

static Answer
by_text(const char *pattern, Text text)
{
    return answer_of(glob_match(pattern, text.value), text.state);
}

static Answer
has_tag_like(const Condition *condition, const InstanceView *view)
{
    bool matches = false;
    for (size_t i = 0; i < view->tags.n && !matches; i++)
        matches =
            glob_match(condition->pattern, view->tags.items[i].name.value) &&
            (!condition->key || glob_match(condition->key, view->tags.items[i].category.value));
    return answer_of(matches, view->tags.state);
}

static Answer
has_attribute_like(const Condition *condition, const InstanceView *view)
{
    bool matches = false;
    for (size_t i = 0; i < view->attributes.n && !matches; i++)
        matches = glob_match(condition->key, view->attributes.items[i].key.value) &&
                  glob_match(condition->pattern, view->attributes.items[i].value.value);
    return answer_of(matches, view->attributes.state);
}

static Text
cluster_name_of(const Inventory *inventory, const InstanceView *view)
{
    const SourceCluster *cluster =
        view->cluster_name.state == FACT_UNKNOWN && view->cluster.value
            ? inventory_find_cluster(inventory, view->source.value, view->cluster.value)
            : NULL;
    return cluster ? cluster->name : view->cluster_name;
}

static Text
host_name_of(const Inventory *inventory, const InstanceView *view)
{
    const SourceHost *host =
        view->host_name.state == FACT_UNKNOWN && view->host.value
            ? inventory_find_host(inventory, view->source.value, view->host.value)
            : NULL;
    return host ? host->name : view->host_name;
}

/* Does one of its disks lie there? */
static Answer
lies_on(const char *pattern, const Inventory *inventory, const InstanceView *view)
{
    Answer any = answer_of(false, view->disks.state);
    for (size_t i = 0; i < view->disks.n; i++) {
        const Disk *disk = &view->disks.items[i];
        const Datastore *datastore =
            disk->datastore_name.value || !disk->datastore.value
                ? NULL
                : inventory_find_datastore(inventory, view->source.value, disk->datastore.value);
        Answer here = by_text(pattern, datastore ? datastore->name : disk->datastore_name);
        if (here == ANSWER_YES)
            return ANSWER_YES;
        if (here == ANSWER_UNKNOWN)
            any = ANSWER_UNKNOWN;
    }
    return any;
}

static Answer
switch_holds(const Condition *condition, const Inventory *inventory, const InstanceView *view,
    const Nic *nic)
{
    if (!nic->switch_id.value)
        return answer_of(false, nic->switch_id.state);
    const Switch *device =
        inventory_find_switch(inventory, view->source.value, nic->switch_id.value);
    return device ? by_text(condition->pattern, device->name) : ANSWER_UNKNOWN;
}

static Answer
vlan_holds(const Condition *condition, const Vlan *vlan)
{
    bool matches = false;
    if (vlan->kind == VLAN_UNKNOWN ||
        (vlan->is_certain.state == FACT_KNOWN && !vlan->is_certain.value))
        return ANSWER_UNKNOWN;
    if (condition->kind == CONDITION_VLAN)
        matches = vlan->kind == VLAN_ID && vlan->id.value == condition->number;
    else if (condition->kind == CONDITION_PVLAN)
        matches = vlan->kind == VLAN_PVLAN && vlan->id.value == condition->number &&
                  vlan->secondary.value == condition->second;
    else
        matches = vlan->kind == VLAN_NONE ||
                  (vlan->kind == VLAN_ID && vlan->id.state == FACT_KNOWN && !vlan->id.value);
    return matches ? ANSWER_YES : ANSWER_NO;
}

static Answer
compare(const Condition *condition, Int value)
{
    if (value.state != FACT_KNOWN)
        return answer_of(false, value.state);
    bool is_less = value.value < condition->number, is_equal = value.value == condition->number;
    bool holds = condition->comparison == COMPARE_LESS       ? is_less
                 : condition->comparison == COMPARE_AT_MOST  ? is_less || is_equal
                 : condition->comparison == COMPARE_EQUAL    ? is_equal
                 : condition->comparison == COMPARE_AT_LEAST ? !is_less
                                                             : !is_less && !is_equal;
    return holds ? ANSWER_YES : ANSWER_NO;
}

/* Of all its disks together. */
static Int
disk_bytes_of(const InstanceView *view)
{
    Int sum = {.state = view->disks.state == FACT_UNKNOWN ? FACT_UNKNOWN : FACT_KNOWN};
    for (size_t i = 0; i < view->disks.n; i++) {
        Int bytes = view->disks.items[i].capacity_bytes;
        if (bytes.state == FACT_UNKNOWN || bytes.value < 0 || bytes.value > INT64_MAX - sum.value)
            return (Int){0};
        sum.value += bytes.value;
    }
    return sum;
}

/* Who the caller is may not be known; that no project owns it is. */
static Answer
owner_is(const Condition *condition, const Owner *owner)
{
    const char *pattern = condition->pattern;
    Text account = owner->account      ? text_known(owner->account)
                   : owner->of_account ? owner->of_account->name
                                       : (Text){0};
    Text domain = owner->of_domain ? owner->of_domain->path : (Text){0};
    if (condition->kind == CONDITION_PROJECT) {
        const char *name = owner->of_project ? owner->of_project->name.value : owner->projectid;
        return glob_match(pattern, name) || glob_match(pattern, owner->projectid) ? ANSWER_YES
                                                                                  : ANSWER_NO;
    }
    if (condition->kind == CONDITION_ACCOUNT)
        return owner->projectid ? ANSWER_NO : by_text(pattern, account);
    bool matches =
        domain.value && (!*pattern || folder_matches(pattern, trim_domain(domain.value)));
    return answer_of(matches, domain.state);
}

/* Who is asked what. */
typedef struct Asked {
    const Inventory *inventory;
    const InstanceView *view;
    const Nic *nic;     /* NULL: no NIC */
    const Owner *owner; /* NULL: not chosen yet */
} Asked;

static Answer
condition_holds(const Condition *condition, const Asked *asked)
{
    const Inventory *inventory = asked->inventory;
    const InstanceView *view = asked->view;
    const Nic *nic = asked->nic;
    const char *pattern = condition->pattern;
    switch (condition->kind) {
    case CONDITION_FOLDER:
        return answer_of(folder_matches(pattern, view->path.value), view->path.state);
    case CONDITION_TAG:
        return has_tag_like(condition, view);
    case CONDITION_ATTRIBUTE:
        return has_attribute_like(condition, view);
    case CONDITION_POOL:
        return answer_of(
            pool_matches(pattern, view->resource_pool.value), view->resource_pool.state);
    case CONDITION_CLUSTER:
        return by_text(pattern, cluster_name_of(inventory, view));
    case CONDITION_NAME:
        return by_text(pattern, view->name);
    case CONDITION_DATACENTER:
        return by_text(pattern, view->datacenter);
    case CONDITION_HOST:
        return by_text(pattern, host_name_of(inventory, view));
    case CONDITION_SOURCE:
        return by_text(pattern, view->source);
    case CONDITION_DATASTORE:
        return lies_on(pattern, inventory, view);
    case CONDITION_CPUS:
        return compare(condition, view->cpus);
    case CONDITION_MEMORY:
        return compare(condition, view->memory_bytes);
    case CONDITION_DISK:
        return compare(condition, disk_bytes_of(view));
    case CONDITION_LIST:
        return list_has(condition->list, view);
    case CONDITION_ACCOUNT:
    case CONDITION_PROJECT:
    case CONDITION_DOMAIN:
        return asked->owner ? owner_is(condition, asked->owner) : ANSWER_UNKNOWN;
    case CONDITION_PORTGROUP:
        return nic ? by_text(pattern, nic->network) : ANSWER_NO;
    case CONDITION_SWITCH:
        return nic ? switch_holds(condition, inventory, view, nic) : ANSWER_NO;
    case CONDITION_VLAN:
    case CONDITION_PVLAN:
    case CONDITION_UNTAGGED:
        return nic ? vlan_holds(condition, &nic->vlan) : ANSWER_NO;
    case CONDITION_N:
        break;
    }
    return ANSWER_NO;
}

/* One condition that does not hold decides, whatever the others are. */
static Answer
rule_answer(const Rule *rule, const Asked *asked, ConditionKind *ret_unread)
{
    Answer all = ANSWER_YES;
    for (size_t i = 0; i < rule->n_conditions; i++) {
        Answer one = condition_holds(&rule->conditions[i], asked);
        if (one == ANSWER_NO)
            return ANSWER_NO;
        if (one == ANSWER_UNKNOWN && all == ANSWER_YES) {
            all = ANSWER_UNKNOWN;
            *ret_unread = rule->conditions[i].kind;
        }
    }
    return all;
}

bool
rule_holds(const Rule *rule, const Inventory *inventory, const InstanceView *view, const Nic *nic)
{
    ConditionKind unread;
    return rule_answer(rule, &(Asked){inventory, view, nic, NULL}, &unread) == ANSWER_YES;
}

static const Rule *
find_rule(const Policy *policy, RuleKind kind, const Asked *asked)
{
    ConditionKind unread;
    for (size_t i = 0; i < policy->n_of_kind[kind]; i++)
        if (rule_answer(policy->of_kind[kind][i], asked, &unread) == ANSWER_YES)
            return policy->of_kind[kind][i];
    return NULL;
}

const Rule *
policy_find_rule(const Policy *policy, const Inventory *inventory, RuleKind kind,
    const InstanceView *view, const Nic *nic)
{
    return find_rule(policy, kind, &(Asked){inventory, view, nic, NULL});
}

const Rule *
task_find_rule(const Task *task, RuleKind kind)
{
    const Planner *planner = task->planner;
    return find_rule(
        planner->policy, kind, &(Asked){planner->inventory, task->view, NULL, task->owner});
}

/* A rule that decides who owns an instance or what the server will say, or one of taste? */
static Severity
severity_of_undecided(RuleKind kind)
{
    bool is_taste = kind == RULE_HOSTNAME || kind == RULE_DISPLAYNAME || kind == RULE_WAVE ||
                    kind == RULE_PRIORITY || kind == RULE_PREFER_OFFERING ||
                    kind == RULE_PREFER_DISK_OFFERING;
    return is_taste ? SEVERITY_WARNING : SEVERITY_UNKNOWN;
}

/* Rules about offerings go on: the next one may be about another offering. */
static bool
is_first_match(RuleKind kind)
{
    return kind < RULE_PREFER_OFFERING || kind > RULE_FORBID_DISK_OFFERING;
}

static void
find_undecided_rule(Task *task, RuleKind kind, const Nic *nic, const char *subject)
{
    const Planner *planner = task->planner;
    const Policy *policy = planner->policy;
    const Asked asked = {planner->inventory, task->view, nic, task->owner};
    ConditionKind unread = CONDITION_N;
    for (size_t i = 0; i < policy->n_of_kind[kind]; i++) {
        const Rule *rule = policy->of_kind[kind][i];
        Answer answer = rule_answer(rule, &asked, &unread);
        if (answer == ANSWER_YES && is_first_match(kind))
            return;
        if (answer != ANSWER_UNKNOWN)
            continue;
        FIND(task, RULE_UNDECIDED, subject, ARG_N((int64_t)rule->line), ARG(condition_word(unread)),
            ARG(text_or_word(task->view->source)))
            ->severity = severity_of_undecided(kind);
        return;
    }
}

void
check_rules(Task *task)
{
    const InstanceView *server = task->server;
    for (int kind = 0; kind < RULE_KIND_N; kind++) {
        bool is_of_data_disks =
            kind == RULE_PREFER_DISK_OFFERING || kind == RULE_FORBID_DISK_OFFERING;
        if (kind == RULE_NETWORK || (is_of_data_disks && server->disks.n < 2) ||
            (kind == RULE_TEMPLATE && task->hypervisor != HYPERVISOR_KVM) ||
            (kind == RULE_CONVERT && task->hypervisor == HYPERVISOR_KVM && !task->target))
            continue;
        find_undecided_rule(task, (RuleKind)kind, NULL, NULL);
    }
    for (size_t i = 0; i < server->nics.n; i++)
        find_undecided_rule(task, RULE_NETWORK, task_find_nic(task, &server->nics.items[i]),
            server->nics.items[i].id.value);
}

Policy *
policy_new_default(void)
{
    Policy *policy = g_new0(Policy, 1);
    arena_init(&policy->arena);
    policy->lists = g_ptr_array_new_with_free_func(policy_list_free);
    return policy;
}

void
policy_free(Policy *policy)
{
    if (!policy)
        return;
    g_ptr_array_unref(policy->lists);
    arena_release(&policy->arena);
    g_free(policy);
}

size_t
policy_count_rules(const Policy *policy)
{
    return policy->n_rules + policy->n_settings;
}
