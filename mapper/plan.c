/* SPDX-License-Identifier: Apache-2.0
 *
 * Make a plan: propose choices for each instance and judge them.
 */
#include "plan.h"

#include <stdatomic.h>
#include <string.h>

#include "convert_priv.h"
#include "plan_priv.h"
#include "trap_priv.h"

struct PlanStore {
    Arena arena;
    atomic_size_t references;
    Plan *given; /* reference to a plan whose texts are borrowed, or NULL */
};

/* --- lifetime --------------------------------------------------------------------------------- */

Plan *
plan_new_empty(void)
{
    Plan *plan = g_new0(Plan, 1);
    plan->store = g_new0(struct PlanStore, 1);
    arena_init(&plan->store->arena);
    atomic_init(&plan->store->references, 1);
    return plan;
}

Arena *
plan_arena(Plan *plan)
{
    return &plan->store->arena;
}

Plan *
plan_ref(const Plan *plan)
{
    atomic_fetch_add(&plan->store->references, 1);
    return (Plan *)plan;
}

void
plan_unref(Plan *plan)
{
    if (!plan || atomic_fetch_sub(&plan->store->references, 1) != 1)
        return;
    if (plan->inventory)
        inventory_unref(plan->inventory);
    if (plan->catalog)
        catalog_unref(plan->catalog);
    plan_unref(plan->store->given);
    arena_release(&plan->store->arena);
    g_free(plan->store);
    g_free(plan);
}

void
plan_borrow(Plan *plan, const Plan *given)
{
    plan->store->given = plan_ref(given);
}

/* --- the steps -------------------------------------------------------------------------------- */

/* Each check may rest on those before it; in which order the server looks, server_order.c says. */
static const Step in_place[] = {
    check_params,
    check_owner,
    check_cluster,
    check_hostname,
    check_managed,
    check_visible,
    check_name,
    check_offering,
    check_disks,
    check_moves,
    check_nics,
    check_template,
    check_guest_os,
    check_limits,
    check_source,
    check_start,
    check_rules,
    NULL,
};

static const Step converted[] = {
    check_params,
    check_convert_call,
    check_owner,
    check_cluster,
    check_hostname,
    check_convert_source,
    check_offering,
    check_convert_hosts,
    check_disks,
    check_convert_storage,
    check_nics,
    check_template,
    check_limits,
    check_source,
    check_convert_guest,
    check_start,
    check_rules,
    check_convert_notes,
    NULL,
};

static void
keep_findings(Planner *planner, PlanItem *item)
{
    const GArray *findings = planner->findings;
    if (!findings->len)
        return;
    guint first = first_refusal(planner, findings, choice_is_converted(&item->choice));
    item->findings = arena_new_n(planner->arena, Finding, findings->len);
    if (first < findings->len)
        item->findings[item->n_findings++] = g_array_index(findings, Finding, first);
    for (int severity = SEVERITY_N - 1; severity > SEVERITY_NONE; severity--)
        for (guint i = 0; i < findings->len; i++)
            if (i != first && g_array_index(findings, Finding, i).severity == (Severity)severity)
                item->findings[item->n_findings++] = g_array_index(findings, Finding, i);
}

static Verdict
verdict_of(const PlanItem *item)
{
    static const Verdict by_severity[SEVERITY_N] = {
        [SEVERITY_ACTION] = VERDICT_READY_AFTER_ACTION,
        [SEVERITY_UNKNOWN] = VERDICT_UNKNOWN,
        [SEVERITY_BLOCKER] = VERDICT_BLOCKED,
    };
    Severity worst = SEVERITY_NONE;
    for (size_t i = 0; i < item->n_findings; i++)
        worst = MAX(worst, item->findings[i].severity);
    return by_severity[worst] ? by_severity[worst] : VERDICT_READY;
}

void
finish_item(Planner *planner, PlanItem *item)
{
    keep_findings(planner, item);
    item->reasons = arena_memdup(
        planner->arena, planner->reasons->data, planner->reasons->len * sizeof(Reason));
    item->n_reasons = planner->reasons->len;
    item->verdict = verdict_of(item);
    planner->plan->n_verdicts[item->verdict]++;
}

/* --- identity --------------------------------------------------------------------------------- */

static void
describe_disks(Planner *planner, PlanInstance *instance, const InstanceView *view)
{
    instance->disks.state = view->disks.state;
    instance->disks.n = view->disks.n;
    instance->disks.items = arena_new_n(planner->arena, PlanDisk, view->disks.n);
    for (size_t i = 0; i < view->disks.n; i++) {
        const Disk *disk = &view->disks.items[i];
        Text datastore = disk->datastore_name;
        const Datastore *record = NULL;
        if (!datastore.value && disk->datastore.value)
            record = inventory_find_datastore(
                planner->inventory, view->source.value, disk->datastore.value);
        instance->disks.items[i] = (PlanDisk){disk->id, disk->label,
            record ? record->name : datastore, disk->path, disk->capacity_bytes};
    }
}

static void
describe_nics(Planner *planner, PlanInstance *instance, const InstanceView *view)
{
    instance->nics.state = view->nics.state;
    instance->nics.n = view->nics.n;
    instance->nics.items = arena_new_n(planner->arena, PlanNic, view->nics.n);
    for (size_t i = 0; i < view->nics.n; i++) {
        const Nic *nic = &view->nics.items[i];
        instance->nics.items[i] =
            (PlanNic){nic->id, nic->mac, nic->adapter, nic->network, nic->vlan, nic->ips};
    }
}

static void
describe_instance(Planner *planner, PlanItem *item, const Instance *instance)
{
    const InstanceView *view = instance_view(instance), *other = instance->cloudstack;
    PlanInstance *to = &item->instance;
    *to = (PlanInstance){
        .source = view->source,
        .id = view->id,
        .instance_uuid = view->instance_uuid,
        .bios_uuid = view->bios_uuid,
        .name = view->name,
        .path = view->path,
        .cloudstack_source = other && other != view ? other->source : text_absent(),
        .cloudstack_id = other && other != view ? other->id : text_absent(),
        .is_listed = bool_known(other != NULL),
        .datacenter = view->datacenter,
        .cluster = view->cluster_name,
        .host = view->host_name,
        .guest_os = view->guest_os_name,
        .power = view->power,
        .cpus = view->cpus,
        .memory_bytes = view->memory_bytes,
    };
    describe_disks(planner, to, view);
    describe_nics(planner, to, view);
    item->facts_of = instance;
}

static Hypervisor
hypervisor_of(Planner *planner, const Instance *instance)
{
    const InstanceView *view = instance_view(instance);
    const SourceInfo *source = planner_source(planner, view);
    const char *word = instance->cloudstack ? instance->cloudstack->hypervisor.value : NULL;
    if (source && source->kind == SOURCE_KIND_VSPHERE)
        return HYPERVISOR_VMWARE;
    if (source && source->kind == SOURCE_KIND_LIBVIRT)
        return HYPERVISOR_KVM;
    if (!word && instance->cloudstack && instance->cloudstack->cluster.value) {
        const Cluster *cluster =
            table_find(&planner->clusters, instance->cloudstack->cluster.value);
        word = cluster ? cluster->hypervisortype.value : NULL;
    }
    if (!word)
        return HYPERVISOR_UNKNOWN;
    return !g_ascii_strcasecmp(word, "KVM")      ? HYPERVISOR_KVM
           : !g_ascii_strcasecmp(word, "VMware") ? HYPERVISOR_VMWARE
                                                 : HYPERVISOR_UNKNOWN;
}

Task
plan_start_task(Planner *planner, PlanItem *item, const Instance *instance)
{
    g_array_set_size(planner->findings, 0);
    g_array_set_size(planner->reasons, 0);
    g_array_set_size(planner->nic_uses, 0);
    g_array_set_size(planner->misses, 0);
    describe_instance(planner, item, instance);
    Task task = {.planner = planner,
        .item = item,
        .instance = instance,
        .view = instance_view(instance),
        .server = instance->cloudstack ? instance->cloudstack : instance->source,
        .hypervisor = hypervisor_of(planner, instance)};
    task_read_shape(&task);
    return task;
}

Severity
run_checks(Task *task)
{
    const GArray *findings = task->planner->findings;
    Severity worst = SEVERITY_NONE;
    for (const Step *check = task->target ? converted : in_place; *check && !task->is_other;
         check++)
        (*check)(task);
    for (guint i = 0; i < findings->len; i++)
        worst = MAX(worst, g_array_index(findings, Finding, i).severity);
    return worst;
}

void
settle(Task *task)
{
    finish_item(task->planner, task->item);
    Verdict verdict = task->item->verdict;
    if (verdict == VERDICT_READY || verdict == VERDICT_READY_AFTER_ACTION)
        hold_uses(task);
    keep_space(task);
    count_storage(task);
    count_offerings(task);
    count_freeze(task->planner, task->item);
    count_import(task->planner, task->item);
    use_limits(task);
    use_start_room(task);
}

/* --- the plan --------------------------------------------------------------------------------- */

/* A release that is not known for certain concerns all items alike. */
static void
add_release_problem(Planner *planner)
{
    const ReleaseSet *set = &planner->releases;
    PlanInfo *info = &planner->plan->info;
    const char *names = releases_text(planner->arena, set);
    SourceProblem problem = {.source = planner->catalog->info.name, .about = info->server_version};
    static const struct {
        const char *id, *text;
    } inexact[] = {
        [RELEASE_NEWER] = {"release-newer",
            "the server's release is newer than all that are known"},
        [RELEASE_OLDER] = {"release-older",
            "the server's release is older than all that are known"},
        [RELEASE_NEAR] = {"release-near", "the server's release is none of those that are known"},
    };
    if (set->match == RELEASE_NARROWED && set->n > 1) {
        problem.id = text_known("release-unknown");
        problem.text = text_known("the server hides its release");
        problem.evidence = text_known(
            arena_printf(planner->arena, "by its APIs and settings it is one of %s", names));
        problem.remedy = text_known("say which one it is: --server-version");
    } else if (set->match != RELEASE_EXACT && set->match != RELEASE_NARROWED) {
        problem.id = text_known(inexact[set->match].id);
        problem.text = text_known(inexact[set->match].text);
        problem.evidence = text_known(arena_printf(planner->arena, "judged as %s", names));
        problem.remedy = text_known("look for a newer vm-ingest, and try one import first");
    }
    if (problem.id.value)
        info->problems.items[info->problems.n++] = problem;
}

/* Lists that were not read are problems of the catalog. */
static void
add_list_problem(Planner *planner, const CatalogList *list, const char *id, const char *text,
    Text evidence, const char *remedy)
{
    PlanInfo *info = &planner->plan->info;
    info->problems.items[info->problems.n++] = (SourceProblem){
        .source = planner->catalog->info.name,
        .id = text_known(id),
        .about = list->name,
        .text = text_known(text),
        .evidence = evidence,
        .remedy = text_known(remedy),
    };
}

static void
add_list_problems(Planner *planner, const CatalogList *list)
{
    if (list->is_complete.state == FACT_KNOWN && !list->is_complete.value)
        add_list_problem(planner, list, "list-unread",
            "a list of the catalog was not read to its end", list->error,
            "use the keys of a root administrator, or allow the role the API");
    if (list->repaired.value > 0)
        add_list_problem(planner, list, "reply-repaired",
            "the server answered with broken JSON, which was repaired: a backslash before a "
            "character that needs none was taken away",
            list->command,
            "compare names that hold & ' < > or = with what CloudStack shows; a volume's chain "
            "info of such a VM is what breaks it");
}

/* What the server is busy with, and a setting that a second import trips over. */
static void
add_platform_problems(Planner *planner)
{
    const Catalog *catalog = planner->catalog;
    PlanInfo *info = &planner->plan->info;
    SourceProblem problem = {.source = catalog->info.name};
    if (catalog->jobs.n) {
        problem.id = text_known("jobs-pending");
        problem.about = text_known("jobs");
        problem.text = text_known("jobs of the server had not ended when the catalog was read");
        problem.evidence =
            text_known(arena_printf(planner->arena, "listAsyncJobs: %zu, the first is %s",
                catalog->jobs.n, text_or_word(catalog->jobs.items[0].cmd)));
        problem.remedy = text_known("wait for them and read the catalog again: an import that is "
                                    "under way is in no other list yet");
        info->problems.items[info->problems.n++] = problem;
    }
    if (setting_is_true(planner, "unmanage.vm.preserve.nics") == ANSWER_YES) {
        problem.id = text_known("nics-preserved");
        problem.about = text_known("unmanage.vm.preserve.nics");
        problem.text = text_known("the server keeps the NICs of VMs that it no longer manages");
        problem.evidence = text_known("listConfigurations: unmanage.vm.preserve.nics is true");
        problem.remedy =
            text_known("set it to false before a VM is unmanaged: else its MAC counts as taken, "
                       "which no list shows, and importing it again is refused");
        info->problems.items[info->problems.n++] = problem;
    }
}

enum { PLATFORM_PROBLEMS_MAX = 2 };

static void
collect_problems(Planner *planner)
{
    const Inventory *inventory = planner->inventory;
    const Catalog *catalog = planner->catalog;
    PlanInfo *info = &planner->plan->info;
    size_t most = inventory->n_problems + 2 * catalog->lists.n + 1 + PLATFORM_PROBLEMS_MAX +
                  planner->policy->lists->len;
    info->problems.items = arena_new_n(planner->arena, SourceProblem, most);
    info->problems.state = FACT_KNOWN;
    for (size_t i = 0; i < inventory->n_problems; i++)
        info->problems.items[info->problems.n++] = *inventory->problems[i];
    for (size_t i = 0; i < catalog->lists.n; i++)
        add_list_problems(planner, &catalog->lists.items[i]);
    add_release_problem(planner);
    add_platform_problems(planner);
    add_list_problems_of_policy(planner);
}

static bool
find_release(Planner *planner, const PlanOptions *options, GError **error)
{
    const Catalog *catalog = planner->catalog;
    const char *pinned = options ? options->server_version : NULL;
    const char *version = pinned ? pinned : catalog->info.version.value;
    planner->plan->info.server_version =
        version ? text_known(arena_strdup(planner->arena, version)) : (Text){0};
    if (pinned && !releases_from_version(pinned, &planner->releases)) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "server version '%s' is not of the form 4.20.3", pinned);
        return false;
    }
    if (!pinned && !releases_from_version(version, &planner->releases))
        releases_from_catalog(catalog, &planner->releases);
    return true;
}

bool
plan_start(Planner *planner, const PlanOptions *options, GError **error)
{
    planner->plan = plan_new_empty();
    planner->arena = plan_arena(planner->plan);
    planner->plan->inventory = inventory_ref(planner->inventory);
    planner->plan->catalog = catalog_ref(planner->catalog);
    planner->convert = options && !planner->is_checking ? options->convert : NULL;
    if (!planner_find_zone(planner, options ? options->zone : NULL, error) ||
        !find_release(planner, options, error) || !check_convert_cluster(planner, error))
        return false;
    planner->plan->info.zone = planner->zone->name;
    planner->plan->info.zoneid = planner->zone->id;
    planner_init(planner);
    collect_problems(planner);
    return true;
}

Plan *
plan_end(Planner *planner, Plan *plan, GError **error)
{
    planner_release(planner);
    if (plan)
        return plan;
    g_prefix_error(error, "make a plan: ");
    plan_unref(planner->plan);
    return NULL;
}

void
finish_items(Planner *planner)
{
    finish_limits(planner);
    finish_shared(planner);
}

void
build_maps(Planner *planner)
{
    plan_build_matrix(planner);
    plan_build_storage(planner);
    plan_build_offerings(planner);
    plan_build_freeze(planner);
    plan_build_time(planner);
}

static void
build_item(Planner *planner, PlanItem *item, const Instance *instance)
{
    Task task = plan_start_task(planner, item, instance);
    propose(&task);
    settle(&task);
}

Plan *
plan_build(const Inventory *inventory, const Catalog *catalog, const Policy *policy,
    const PlanOptions *options, GError **error)
{
    g_autoptr(Policy) none = policy ? NULL : policy_new_default();
    Planner planner = {.inventory = inventory, .catalog = catalog};
    planner.policy = policy ? policy : none;
    if (!plan_start(&planner, options, error))
        return plan_end(&planner, NULL, error);
    Plan *plan = planner.plan;
    plan->n_items = inventory->n_instances;
    plan->items = arena_new_n(planner.arena, PlanItem, plan->n_items);
    start_matrix(&planner);
    for (size_t i = 0; i < plan->n_items; i++) {
        count_vlans(&planner, &inventory->instances[i]);
        build_item(&planner, &plan->items[i], &inventory->instances[i]);
    }
    finish_items(&planner);
    build_maps(&planner);
    plan_build_schedule(&planner, NULL);
    return plan_end(&planner, plan, error);
}

void
count_all_vlans(Planner *planner)
{
    const Inventory *inventory = planner->inventory;
    start_matrix(planner);
    for (size_t i = 0; i < inventory->n_instances; i++)
        count_vlans(planner, &inventory->instances[i]);
}

Plan *
plan_build_networks(
    const Inventory *inventory, const Catalog *catalog, const PlanOptions *options, GError **error)
{
    g_autoptr(Policy) none = policy_new_default();
    Planner planner = {.inventory = inventory, .catalog = catalog, .policy = none};
    if (!plan_start(&planner, options, error))
        return plan_end(&planner, NULL, error);
    count_all_vlans(&planner);
    plan_build_matrix(&planner);
    return plan_end(&planner, planner.plan, error);
}
