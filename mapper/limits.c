/* SPDX-License-Identifier: Apache-2.0
 *
 * Resource limits of the owner and of all domains above it, used up in the order of the plan: what
 * one instance takes the next ones lack. Items that will not be imported take nothing; whether an
 * item of unknown verdict takes its part is unknown, and so is what then depends on it.
 *
 * The catalog shows storage in whole GiB; what is used may be up to 1 GiB more.
 */
#include <string.h>

#include "mapper_priv.h"

enum { REMEDY_MAX = 320 };

static const struct {
    FindingId exceeded;
    const char *type; /* the server's word */
    int number;       /* resourcetype of updateResourceLimit */
    bool is_size;     /* counted in bytes, limited in GiB */
} resources[RESOURCE_N] = {
    [RESOURCE_VM] = {FINDING_LIMIT_INSTANCES, "user_vm", 0, false},
    [RESOURCE_CPU] = {FINDING_LIMIT_CPU, "cpu", 8, false},
    [RESOURCE_MEMORY] = {FINDING_LIMIT_MEMORY, "memory", 9, false},
    [RESOURCE_VOLUME] = {FINDING_LIMIT_VOLUMES, "volume", 2, false},
    [RESOURCE_STORAGE] = {FINDING_LIMIT_STORAGE, "primary_storage", 10, true},
};

/* One resource of one account, project or domain. */
typedef struct Quota {
    Answer is_limited;
    int64_t most, used, slack;          /* slack: what may be used beside @used */
    int64_t certain, possible, hopeful; /* by this plan: will be, may be, would be with no limit */
    const PlanItem *found_by;           /* the last item that it was told of */
    char *whose;                        /* with limit and use */
    char *remedy;                       /* filled in at the end, when the sum is known */
} Quota;

struct Ledger {
    enum { OF_ACCOUNT, OF_PROJECT, OF_DOMAIN } kind;
    const char *id, *name;    /* name: path of a domain */
    const char *domainid;     /* of an account */
    Ledger *parent;           /* of the domain above */
    bool is_unread;           /* the domain above is not in the catalog */
    const PlanItem *found_by; /* the last item that was told that limits are not known */
    Quota quotas[RESOURCE_N];
};

/* --- what the catalog says -------------------------------------------------------------------- */

Answer
limit_parse(Text text, int64_t *ret)
{
    if (!text.value)
        return ANSWER_UNKNOWN;
    if (!g_ascii_strcasecmp(text.value, "Unlimited"))
        return ANSWER_NO;
    char *end = NULL;
    int64_t number = g_ascii_strtoll(text.value, &end, 10);
    bool is_number = end != text.value && !*end && ABS(number) < G_MAXINT64 / GIB;
    if (is_number)
        *ret = number;
    return is_number ? ANSWER_YES : ANSWER_UNKNOWN;
}

int
resource_number(Resource resource)
{
    return resources[resource].number;
}

const char *
resource_word(Resource resource)
{
    return resources[resource].type;
}

/* May the volumes in use add up to other than whole GiB? */
static bool
has_odd_sizes(const Catalog *catalog)
{
    bool is_odd = !is_read(&catalog->volumes);
    for (size_t i = 0; i < catalog->volumes.n && !is_odd; i++)
        is_odd = catalog->volumes.items[i].size.value % GIB != 0;
    return is_odd;
}

static void
read_quotas(Planner *planner, Ledger *ledger, const Text *const texts[RESOURCE_N][2])
{
    for (int i = 0; i < RESOURCE_N; i++) {
        Quota *quota = &ledger->quotas[i];
        int64_t unit = resources[i].is_size ? GIB : 1, most = 0, left = 0;
        quota->is_limited = limit_parse(*texts[i][0], &most);
        if (quota->is_limited == ANSWER_YES && most < 0)
            quota->is_limited = ANSWER_NO;
        if (quota->is_limited == ANSWER_YES && limit_parse(*texts[i][1], &left) != ANSWER_YES)
            quota->is_limited = ANSWER_UNKNOWN;
        quota->most = most * unit;
        quota->used = (most - left) * unit;
        if (resources[i].is_size && planner->has_odd_sizes)
            quota->slack = GIB - 1;
    }
}

/* @name must not be NULL: it stands for an id that is not known. */
static Ledger *
new_ledger(Planner *planner, int kind, Text id, const char *name)
{
    Ledger *ledger = arena_new(planner->arena, Ledger);
    ledger->kind = kind;
    ledger->id = id.value;
    ledger->name = name;
    g_hash_table_insert(planner->ledgers, key_keep(&planner->scratch, planner->lookup), ledger);
    return ledger;
}

static Ledger *
ledger_of_domain(Planner *planner, const char *domainid, int depth)
{
    const Domain *domain = domainid ? table_find(&planner->domains, domainid) : NULL;
    if (!domain || depth > 64)
        return NULL;
    Ledger *ledger =
        g_hash_table_lookup(planner->ledgers, planner_key(planner, "domain", domainid, NULL));
    if (ledger)
        return ledger;
    ledger = new_ledger(planner, OF_DOMAIN, domain->id, text_or_word(domain->path));
    read_quotas(planner, ledger, (const Text *const[RESOURCE_N][2])LIMIT_MEMBERS(domain));
    const char *parent = domain->parentdomainid.value;
    for (int i = 0; i < RESOURCE_N; i++) /* the root domain has no limits */
        if (!parent && ledger->quotas[i].is_limited == ANSWER_UNKNOWN)
            ledger->quotas[i].is_limited = ANSWER_NO;
    ledger->parent = ledger_of_domain(planner, parent, depth + 1);
    ledger->is_unread = parent && (!ledger->parent || ledger->parent->is_unread) &&
                        !is_read(&planner->catalog->domains);
    return ledger;
}

static Ledger *
make_ledger(Planner *planner, const Owner *owner)
{
    const Account *account = owner->of_account;
    const Project *project = account ? NULL : owner->of_project;
    if (!account && !project)
        return NULL;
    const Text id = account ? account->id : project->id;
    const Text name = account ? account->name : project->name;
    const char *domainid = account ? account->domainid.value : project->domainid.value;
    planner_key(planner, account ? "account" : "project", domainid,
        account || !id.value ? name.value : id.value);
    Ledger *ledger = g_hash_table_lookup(planner->ledgers, planner->lookup);
    if (ledger)
        return ledger;
    ledger = new_ledger(planner, account ? OF_ACCOUNT : OF_PROJECT, id, text_or_word(name));
    if (account)
        read_quotas(planner, ledger, (const Text *const[RESOURCE_N][2])LIMIT_MEMBERS(account));
    else
        read_quotas(planner, ledger, (const Text *const[RESOURCE_N][2])LIMIT_MEMBERS(project));
    ledger->domainid = domainid;
    ledger->parent = ledger_of_domain(planner, domainid, 0);
    ledger->is_unread =
        ledger->parent ? ledger->parent->is_unread : !is_read(&planner->catalog->domains);
    return ledger;
}

static Ledger *
task_ledger(const Task *task)
{
    Planner *planner = task->planner;
    Owner *owner = (Owner *)task->owner; /* a cache of the planner */
    if (owner && !owner->has_ledger) {
        owner->ledger = make_ledger(planner, owner);
        owner->has_ledger = true;
    }
    return owner ? owner->ledger : NULL;
}

/* --- texts ------------------------------------------------------------------------------------ */

typedef struct AmountText {
    char text[64];
} AmountText;

static AmountText
amount_text(int resource, int64_t amount)
{
    static const char *const units[] = {"KB", "MB", "GB", "TB", "PB"};
    AmountText ret;
    double human = (double)amount / 1024;
    size_t unit = 0;
    for (; human >= 1024 && unit + 1 < G_N_ELEMENTS(units); unit++)
        human /= 1024;
    if (!resources[resource].is_size)
        g_snprintf(ret.text, sizeof ret.text, "%" G_GINT64_FORMAT, amount);
    else if (amount < 1024)
        g_snprintf(ret.text, sizeof ret.text, "(%" G_GINT64_FORMAT " bytes) %" G_GINT64_FORMAT,
            amount, amount);
    else
        g_snprintf(
            ret.text, sizeof ret.text, "(%.2f %s) %" G_GINT64_FORMAT, human, units[unit], amount);
    return ret;
}

static const char *
quota_text(Arena *arena, int resource, int64_t amount)
{
    if (!resources[resource].is_size)
        return arena_printf(arena, "%" G_GINT64_FORMAT, amount);
    return amount % GIB ? arena_printf(arena, "%.2f GiB", (double)amount / (double)GIB)
                        : arena_printf(arena, "%" G_GINT64_FORMAT " GiB", amount / GIB);
}

static const char *
ledger_label(Arena *arena, const Ledger *ledger)
{
    static const char *const words[] = {"account", "project", "domain"};
    const char *domain = ledger->kind != OF_DOMAIN && ledger->parent ? ledger->parent->name : NULL;
    return arena_printf(arena, "%s '%s'%s%s%s", words[ledger->kind], ledger->name,
        domain ? " in domain '" : "", domain ? domain : "", domain ? "'" : "");
}

static const char *
quota_whose(Arena *arena, const Ledger *ledger, int resource)
{
    const Quota *quota = &ledger->quotas[resource];
    return arena_printf(arena, "%s: limit %s, used %s", ledger_label(arena, ledger),
        quota_text(arena, resource, quota->most), quota_text(arena, resource, quota->used));
}

/* The reason inside the server's refusal; its domain's internal number is nowhere to be read. */
static const char *
reason_text(Arena *arena, const Planner *planner, const Ledger *ledger, int resource, int64_t held,
    int64_t amount)
{
    const Quota *quota = &ledger->quotas[resource];
    const char *type = resources[resource].type;
    const AmountText most = amount_text(resource, quota->most);
    const AmountText used = amount_text(resource, quota->used + quota->certain);
    const AmountText reserved = amount_text(resource, held);
    const AmountText wanted = amount_text(resource, amount);
    if (ledger->kind == OF_DOMAIN)
        return arena_printf(arena,
            "Maximum domain resource limits of Type '%s' for Domain Id = %s is exceeded: Domain "
            "Resource Limit = %s, Current Domain Resource Amount = %s, Current Resource "
            "Reservation = %s, Requested Resource Amount = %s.",
            type, ledger->id, most.text, used.text, reserved.text, wanted.text);
    bool has_tag = RELEASES_ASK(&planner->releases, tells_limit_tag) != ANSWER_NO;
    return arena_printf(arena,
        "Maximum amount of resources of Type = '%s'%s for %s Name = %s in Domain Id = (internal "
        "number) is exceeded: Account Resource Limit = %s, Current Account Resource Amount = %s, "
        "Current Account Resource Reservation = %s, Requested Resource Amount = %s.",
        type, has_tag ? ", tag = 'null'" : "", ledger->kind == OF_PROJECT ? "Project" : "Account",
        ledger->name, most.text, used.text, reserved.text, wanted.text);
}

static const char *
refusal_text(const Task *task, const Ledger *owner, int resource, const char *reason)
{
    const Planner *planner = task->planner;
    Arena *arena = planner->arena;
    const char *id = owner->kind == OF_PROJECT ? "(account of the project)" : owner->id;
    bool is_in_fit = (resource == RESOURCE_CPU || resource == RESOURCE_MEMORY) &&
                     RELEASES_ASK(&planner->releases, reserves_limits) == ANSWER_NO;
    if (is_in_fit && RELEASES_ASK(&planner->releases, has_words_of_418) == ANSWER_YES)
        return arena_printf(
            arena, "Failed to import VM: %s. %s", text_or_word(task->item->choice.name), reason);
    if (is_in_fit)
        return arena_printf(arena,
            "Failed to import Unmanaged VM [%s] because the service offering [%s] is not "
            "compatible due to [%s].",
            text_or_word(task->item->choice.name), text_or_word(task->offering->id), reason);
    return arena_printf(arena, "%s: %s. %s",
        resource == RESOURCE_VOLUME || resource == RESOURCE_STORAGE
            ? "Volume resource allocation error for owner"
            : "VM resource allocation error for account",
        id ? id : "(unknown)", reason);
}

/* --- the check -------------------------------------------------------------------------------- */

static void
find_exceeded(Task *task, Ledger *ledger, int resource, int64_t held, int64_t amount)
{
    Arena *arena = task->planner->arena;
    Quota *quota = &ledger->quotas[resource];
    if (!quota->remedy) {
        quota->remedy = arena_new_n(arena, char, REMEDY_MAX);
        quota->whose = (char *)quota_whose(arena, ledger, resource);
    }
    const char *reason = reason_text(arena, task->planner, ledger, resource, held, amount);
    add_finding(task, resources[resource].exceeded, NULL,
        (FindingArg[FINDING_ARGS_MAX]){ARG(quota->whose), ARG_N(quota->certain),
            ARG_N(held + amount), ARG(quota->remedy),
            ARG(refusal_text(task, task_ledger(task), resource, reason))});
}

static void
find_uncertain(Task *task, const Ledger *ledger, const char *type, const char *why)
{
    Arena *arena = task->planner->arena;
    FIND(task, LIMIT_UNKNOWN, NULL, ARG(type), ARG(ledger_label(arena, ledger)), ARG(why));
}

/* Once for all resources. */
static void
find_not_shown(Task *task, Ledger *ledger)
{
    if (ledger->found_by == task->item)
        return;
    ledger->found_by = task->item;
    find_uncertain(task, ledger, "resources", "The catalog does not show each of them.");
}

static void
check_quota(Task *task, Ledger *ledger, int resource, int64_t held, int64_t amount)
{
    Quota *quota = &ledger->quotas[resource];
    int64_t sum = quota->used + quota->certain + held + amount;
    if (quota->is_limited == ANSWER_NO || quota->found_by == task->item)
        return;
    const PlanItem *found_by = task->item;
    if (quota->is_limited == ANSWER_UNKNOWN)
        find_not_shown(task, ledger);
    else if (sum > quota->most)
        find_exceeded(task, ledger, resource, held, amount);
    else if (sum + quota->slack > quota->most)
        find_uncertain(task, ledger, resources[resource].type,
            "What is used is shown in whole GiB, and it fits by less than one.");
    else if (sum + quota->slack + quota->possible > quota->most)
        find_uncertain(task, ledger, resources[resource].type,
            "It is enough only if VMs before this one take nothing: their verdict is unknown, or "
            "they are off and resource.count.running.vms.only is true.");
    else
        found_by = quota->found_by;
    quota->found_by = found_by;
}

/* @held: what the same import has been granted before. */
static void
check_resource(Task *task, int resource, int64_t held, int64_t amount)
{
    if (!task->owner || task->owner->is_root_admin)
        return;
    for (Ledger *ledger = task_ledger(task); ledger; ledger = ledger->parent)
        check_quota(task, ledger, resource, held, amount);
}

/* As check_resource(), if the release makes that check. */
static void
check_if(Task *task, Answer does_check, int resource, int64_t held, int64_t amount)
{
    GArray *findings = task->planner->findings;
    guint before = findings->len;
    if (does_check == ANSWER_NO)
        return;
    check_resource(task, resource, held, amount);
    if (does_check == ANSWER_YES || findings->len == before)
        return;
    g_array_set_size(findings, before);
    Arena *arena = task->planner->arena;
    FIND(task, RELEASE_DECIDES, NULL,
        ARG(arena_printf(arena, "whether it looks at the limit of %s", resources[resource].type)),
        ARG(releases_text(arena, &task->planner->releases)));
}

static Answer
is_reserving(const Task *task)
{
    return RELEASES_ASK(&task->planner->releases, reserves_limits);
}

/* Before a disk is looked at, releases without reservations ask for one volume. */
void
check_disk_limit_first(Task *task)
{
    if (is_reserving(task) == ANSWER_NO)
        check_resource(task, RESOURCE_VOLUME, 0, 1);
}

/* After it was found good, the others reserve its volume and size. */
void
check_disk_limit_last(Task *task, int64_t bytes)
{
    int64_t *amounts = task->amounts;
    if (is_reserving(task) != ANSWER_NO) {
        check_resource(task, RESOURCE_VOLUME, amounts[RESOURCE_VOLUME], 1);
        check_if(task, check_is_made(task->planner, FINDING_LIMIT_STORAGE), RESOURCE_STORAGE,
            amounts[RESOURCE_STORAGE], bytes);
    }
    amounts[RESOURCE_VOLUME]++;
    amounts[RESOURCE_STORAGE] += bytes;
}

bool
has_limited_tag(const Task *task, const char *setting_name, const Texts *tags)
{
    const Planner *planner = task->planner;
    const Setting *setting = tags->n ? table_find(&planner->settings, setting_name) : NULL;
    if (!setting || !setting->value.value || !task->owner || task->owner->is_root_admin ||
        RELEASES_ASK(&planner->releases, limits_storage) == ANSWER_NO)
        return false;
    g_auto(GStrv) listed = g_strsplit(setting->value.value, ",", 64);
    for (char **tag = listed; *tag; tag++)
        if (has_text(tags, g_strstrip(*tag)))
            return true;
    return false;
}

/* Tags that have limits of their own, which the catalog does not hold. */
static void
check_tagged(Task *task, const char *setting_name, const Texts *tags)
{
    Planner *planner = task->planner;
    const Setting *setting = table_find(&planner->settings, setting_name);
    if (!setting || !setting->value.value || !*setting->value.value)
        return;
    g_auto(GStrv) listed = g_strsplit(setting->value.value, ",", 64);
    for (char **tag = listed; *tag; tag++)
        if (has_text(tags, g_strstrip(*tag))) {
            const char *why = arena_printf(planner->arena,
                "Tag '%s' has limits of its own (setting %s), which are not read.", *tag,
                setting_name);
            FIND(task, LIMIT_UNKNOWN, NULL, ARG("tagged resources"), ARG(task->owner->label),
                ARG(why));
            return;
        }
}

static void
check_all_tagged(Task *task)
{
    const Planner *planner = task->planner;
    const Choice *choice = &task->item->choice;
    if (task->owner->is_root_admin || check_is_made(planner, FINDING_LIMIT_STORAGE) == ANSWER_NO)
        return;
    if (task->offering && is_reserving(task) != ANSWER_NO)
        check_tagged(task, "resource.limit.host.tags", &task->offering->hosttags);
    if (task->offering)
        check_tagged(task, "resource.limit.storage.tags", &task->offering->storagetags);
    for (size_t i = 0; i < choice->disks.n; i++) {
        const char *id = choice->disks.items[i].diskofferingid.value;
        const DiskOffering *offering = id ? table_find(&planner->disk_offerings, id) : NULL;
        if (offering)
            check_tagged(task, "resource.limit.storage.tags", &offering->tags);
    }
}

/* What the hypervisor shows, or the offering if it is fixed and the instance is off; one release
 * reserves what a fixed offering says whatever the instance is. */
static void
measure(Task *task)
{
    const ServiceOffering *offering = task->offering;
    bool is_lent =
        task->shape.is_off || RELEASES_ASK(&task->planner->releases, breaks_custom) == ANSWER_YES;
    bool is_offerings = offering && is_lent && offering->cpunumber.state == FACT_KNOWN &&
                        offering->memory.state == FACT_KNOWN &&
                        offering->cpuspeed.state == FACT_KNOWN;
    task->amounts[RESOURCE_VM] = 1;
    task->amounts[RESOURCE_CPU] = is_offerings ? offering->cpunumber.value : task->shape.cpus;
    task->amounts[RESOURCE_MEMORY] = is_offerings ? offering->memory.value : task->shape.memory_mib;
}

void
check_limits(Task *task)
{
    measure(task);
    const Ledger *ledger = task_ledger(task);
    if (!ledger || task->owner->is_root_admin)
        return;
    if (ledger->is_unread)
        find_unread_list(task, "domains");
    const int64_t *amounts = task->amounts;
    check_resource(task, RESOURCE_VM, 0, 1);
    if (task->offering && task->has_size) {
        check_if(task, check_is_made(task->planner, FINDING_LIMIT_CPU), RESOURCE_CPU, 0,
            amounts[RESOURCE_CPU]);
        check_if(task, check_is_made(task->planner, FINDING_LIMIT_MEMORY), RESOURCE_MEMORY, 0,
            amounts[RESOURCE_MEMORY]);
    }
    if (is_reserving(task) == ANSWER_NO) {
        check_resource(task, RESOURCE_VOLUME, 0, amounts[RESOURCE_VOLUME]);
        check_if(task, check_is_made(task->planner, FINDING_LIMIT_STORAGE), RESOURCE_STORAGE, 0,
            amounts[RESOURCE_STORAGE]);
    }
    check_all_tagged(task);
}

void
forget_limits(Task *task)
{
    for (Ledger *ledger = task_ledger(task); ledger; ledger = ledger->parent) {
        ledger->found_by = NULL;
        for (int i = 0; i < RESOURCE_N; i++)
            ledger->quotas[i].found_by = NULL;
    }
}

/* --- using them up ---------------------------------------------------------------------------- */

static bool
is_limit(const FindingKind *kind)
{
    for (int i = 0; i < RESOURCE_N; i++)
        if (kind == finding_kinds[resources[i].exceeded - 1])
            return true;
    return false;
}

/* Would it be imported if there were no limits? */
static bool
is_blocked_by_limits(const PlanItem *item)
{
    for (size_t i = 0; i < item->n_findings; i++)
        if (item->findings[i].severity == SEVERITY_BLOCKER && !is_limit(item->findings[i].kind))
            return false;
    return true;
}

void
use_limits(Task *task)
{
    Verdict verdict = task->item->verdict;
    /* With that setting a VM that is off counts from its next start, or at the import already. */
    bool is_off = task->shape.is_off &&
                  setting_is_true(task->planner, "resource.count.running.vms.only") == ANSWER_YES;
    if (verdict == VERDICT_BLOCKED && (task->is_other || !is_blocked_by_limits(task->item)))
        return;
    for (Ledger *ledger = task_ledger(task); ledger; ledger = ledger->parent)
        for (int i = 0; i < RESOURCE_N; i++) {
            Quota *quota = &ledger->quotas[i];
            bool is_uncertain = verdict == VERDICT_UNKNOWN || (is_off && i <= RESOURCE_MEMORY);
            int64_t *sum = verdict == VERDICT_BLOCKED ? &quota->hopeful
                           : is_uncertain             ? &quota->possible
                                                      : &quota->certain;
            *sum += task->amounts[i];
        }
}

static void
fill_remedy(Planner *planner, const Ledger *ledger, int resource)
{
    const Quota *quota = &ledger->quotas[resource];
    int64_t unit = resources[resource].is_size ? GIB : 1;
    int64_t sum = quota->used + quota->slack + quota->certain + quota->possible + quota->hopeful;
    const char *owner = ledger->kind == OF_ACCOUNT
                            ? arena_printf(&planner->scratch, "account=%s domainid=%s",
                                  ledger->name, ledger->domainid ? ledger->domainid : "...")
                            : arena_printf(&planner->scratch, "%s=%s",
                                  ledger->kind == OF_PROJECT ? "projectid" : "domainid",
                                  ledger->id ? ledger->id : "...");
    g_snprintf(quota->remedy, REMEDY_MAX,
        "updateResourceLimit resourcetype=%d %s max=%" G_GINT64_FORMAT, resources[resource].number,
        owner, (sum + unit - 1) / unit);
}

void
finish_limits(Planner *planner)
{
    GHashTableIter iter;
    gpointer ledger;
    g_hash_table_iter_init(&iter, planner->ledgers);
    while (g_hash_table_iter_next(&iter, NULL, &ledger))
        for (int i = 0; i < RESOURCE_N; i++)
            if (((Ledger *)ledger)->quotas[i].remedy)
                fill_remedy(planner, ledger, i);
}

void
init_limits(Planner *planner)
{
    planner->has_odd_sizes = has_odd_sizes(planner->catalog);
}
