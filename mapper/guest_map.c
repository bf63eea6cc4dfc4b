/* SPDX-License-Identifier: Apache-2.0
 *
 * Host name, display name and template.
 */
#include <string.h>

#include "convert_priv.h"
#include "mapper_priv.h"

enum { HOSTNAME_MAX = 63 };

/* 1 to 63 letters, digits, hyphens; a letter first, no hyphen last. */
static bool
hostname_is_valid(const char *hostname)
{
    size_t length = strlen(hostname);
    if (!length || length > HOSTNAME_MAX || !g_ascii_isalpha(hostname[0]) ||
        hostname[length - 1] == '-')
        return false;
    for (size_t i = 0; i < length; i++)
        if (!g_ascii_isalnum(hostname[i]) && hostname[i] != '-')
            return false;
    return true;
}

/* A DNS label made of @name: what may not stand in it becomes a hyphen. NULL: nothing is left. */
static const char *
derive_hostname(Arena *arena, const char *name)
{
    char label[HOSTNAME_MAX + 1];
    size_t n = 0;
    const char *dot = strchr(name, '.');
    bool is_fqdn = dot && g_ascii_isalpha(name[0]) && !strpbrk(name, " _/");
    const char *end = is_fqdn ? dot : name + strlen(name);
    while (name < end && !g_ascii_isalpha(*name))
        name++;
    for (; name < end && n < HOSTNAME_MAX; name++) {
        if (g_ascii_isalnum(*name))
            label[n++] = *name;
        else if (n && label[n - 1] != '-')
            label[n++] = '-';
    }
    while (n && label[n - 1] == '-')
        n--;
    return n ? arena_strndup(arena, label, n) : NULL;
}

/* The plan outlives the policy. */
const char *
fill_name(Arena *arena, const char *text, const char *name)
{
    if (!strstr(text, "{name}"))
        return arena_intern(arena, text);
    g_autoptr(GString) filled = g_string_new(text);
    g_string_replace(filled, "{name}", name, 0);
    return arena_strndup(arena, filled->str, filled->len);
}

static Text
propose_hostname(Task *task, const char *name)
{
    Planner *planner = task->planner;
    Arena *arena = planner->arena;
    const Rule *rule =
        policy_find_rule(planner->policy, planner->inventory, RULE_HOSTNAME, task->view, NULL);
    const char *wanted = name;
    if (rule && rule->value)
        wanted = fill_name(arena, rule->value, name);
    else if (rule && rule->is_from_guest && task->view->guest_hostname.value)
        wanted = task->view->guest_hostname.value;
    const char *hostname = hostname_is_valid(wanted) ? wanted : derive_hostname(arena, wanted);
    if (!hostname)
        return text_absent();
    if (hostname != name)
        add_reason(task, "hostname", hostname,
            wanted == hostname ? "by a hostname rule" : "made a DNS label of the name",
            (Texts){.state = FACT_KNOWN});
    return text_known(hostname);
}

/* What only an operator or a rule asks for is written out all the same, to be seen and edited. */
static void
propose_nothing_special(Choice *choice)
{
    choice->migrateallowed = choice->forced = choice->power.off = bool_known(false);
    choice->power.deadline.state = FACT_ABSENT;
    choice->migrate.state = choice->ips.state = FACT_KNOWN;
    if (!choice_is_converted(choice))
        choice->convert.importsource = text_absent();
}

void
propose_names(Task *task)
{
    Planner *planner = task->planner;
    const InstanceView *view = task->view;
    Choice *choice = &task->item->choice;
    const char *name = task->server->name.value ? task->server->name.value : "";
    choice->name = choice->displayname = task->server->name;
    choice->hostname = propose_hostname(task, name);
    const Rule *rule =
        policy_find_rule(planner->policy, planner->inventory, RULE_DISPLAYNAME, view, NULL);
    if (rule)
        choice->displayname = text_known(fill_name(planner->arena, rule->value, name));
    propose_nothing_special(choice);
}

/* Without one that is given it is the name on VMware and the display name on KVM. */
const char *
task_hostname(const Task *task)
{
    const Choice *choice = &task->item->choice;
    if (choice->hostname.value && *choice->hostname.value)
        return choice->hostname.value;
    /* Of the cluster that is asked, whatever the instance is. */
    const char *kind = task->cluster ? task->cluster->hypervisortype.value : NULL;
    bool is_kvm = kind ? !strcmp(kind, "KVM") : task->hypervisor == HYPERVISOR_KVM;
    const Text *display = &choice->displayname;
    return is_kvm && display->value && *display->value ? display->value : choice->name.value;
}

/* Names are unique in a zone of VMware if a setting says so. */
static void
check_hostname_in_zone(Task *task, const char *hostname)
{
    Planner *planner = task->planner;
    if (task->hypervisor != HYPERVISOR_VMWARE || !planner->has_unique_hostnames)
        return;
    const ManagedVm *vm =
        table_find_pair(&planner->managed_hostnames, hashed(NULL), hashed(hostname));
    const PlanItem *item = held_by(&planner->held_hostnames, hashed(NULL), hashed(hostname));
    if (vm || item)
        FIND(task, HOSTNAME_IN_ZONE, NULL, ARG(hostname), ARG(planner->zone->id.value),
            ARG(text_or_word(vm ? vm->displayname : item->instance.name)),
            ARG(text_or_word(planner->zone->name)));
}

void
check_hostname(Task *task)
{
    const char *hostname = task->item->choice.hostname.value;
    const char *name = task->item->choice.name.value;
    if (!name || !*name) {
        FIND(task, NAME_EMPTY, NULL,
            ARG(name ? "Invalid value provided for API arg: name"
                     : arena_printf(task->planner->arena,
                           "Unable to execute API command %s due to missing parameter name",
                           choice_api(&task->item->choice)->lower)));
        return;
    }
    if (hostname && !*hostname)
        hostname = NULL;
    check_hostname_in_zone(task, task_hostname(task));
    if (!hostname && !hostname_is_valid(task_hostname(task)))
        FIND(task, HOSTNAME_MISSING, NULL, ARG(""));
    else if (hostname && !hostname_is_valid(hostname))
        FIND(task, HOSTNAME_INVALID, NULL, ARG(hostname));
    else if (hostname && !hostname_is_valid(name))
        FIND(task, HOSTNAME_DERIVED, NULL, ARG(hostname));
}

/* --- template --------------------------------------------------------------------------------- */

static int64_t
root_gib(const Task *task)
{
    return (task_root_bytes(task) + GIB - 1) / GIB;
}

/* Why a template is none for the instance; NULL: it is one. The server asks for less: it only looks
 * at the size. */
static const char *
template_oddity(const Task *task, const Template *template)
{
    const Zone *zone = task->planner->zone;
    if (!g_strcmp0(template->templatetype.value, "SYSTEM"))
        return "it is one of CloudStack's own";
    if (g_strcmp0(template->hypervisor.value, "KVM") != 0)
        return "it is not for KVM";
    if (template->zoneid.value && g_strcmp0(template->zoneid.value, zone->id.value) != 0)
        return "it is of another zone";
    return template->isready.state == FACT_KNOWN && !template->isready.value ? "it is not ready"
                                                                             : NULL;
}

static bool
is_root_sized(const Task *task)
{
    return task->root && task->root->capacity_bytes.state == FACT_KNOWN;
}

static bool
is_small_enough(const Task *task, const Template *template)
{
    return template->size.state == FACT_KNOWN &&
           (!is_root_sized(task) || template->size.value <= root_gib(task) * GIB);
}

/* How much is against it; the host tag that its own tag asks for counts most. */
static int
template_faults(const Task *task, const Template *template)
{
    const char *oddity = template_oddity(task, template);
    return 4 * template_tag_is_missing(task, template) +
           (!oddity                                                 ? 0
               : !g_strcmp0(template->templatetype.value, "SYSTEM") ? 3
               : g_strcmp0(template->hypervisor.value, "KVM") != 0  ? 2
                                                                    : 1);
}

static bool
is_better_template(const Template *template, int faults, const Template *than, int its_faults)
{
    if (!than || faults != its_faults)
        return !than || faults < its_faults;
    if (template->size.value != than->size.value)
        return template->size.value < than->size.value;
    return g_strcmp0(template->name.value, than->name.value) < 0;
}

/* Not bigger than the root disk, if that was read: the one with least against it, the smallest of
 * those is the safest. */
static const Template *
best_template(const Task *task, const char *pattern)
{
    const Catalog *catalog = task->planner->catalog;
    const Template *best = NULL;
    int least = 0;
    for (size_t i = 0; i < catalog->templates.n; i++) {
        const Template *template = &catalog->templates.items[i];
        if (!is_small_enough(task, template) ||
            (pattern && !glob_match(pattern, template->name.value)))
            continue;
        int faults = template_faults(task, template);
        if (!is_better_template(template, faults, best, least))
            continue;
        best = template;
        least = faults;
    }
    return best;
}

/* "'x' fits but for its size, 10.00 GiB: the root disk has 8 GiB" */
static const char *
nearest_template_text(const Task *task)
{
    const Catalog *catalog = task->planner->catalog;
    const Template *nearest = NULL;
    for (size_t i = 0; i < catalog->templates.n; i++) {
        const Template *template = &catalog->templates.items[i];
        if (template->size.state == FACT_KNOWN && !template_oddity(task, template) &&
            (!nearest || template->size.value < nearest->size.value))
            nearest = template;
    }
    if (nearest)
        return arena_printf(task->planner->arena,
            "'%s' fits but for its size, %.2f GiB, which is more than the root disk has",
            text_or_word(nearest->name), (double)nearest->size.value / (double)GIB);
    return catalog->templates.n
               ? "none of the catalog's templates is for KVM, ready and in the zone"
               : "the catalog has none";
}

/* The names of the others that would do. */
static Texts
other_templates(const Task *task, const char *pattern, const Template *chosen)
{
    const Catalog *catalog = task->planner->catalog;
    Texts names = {
        .state = FACT_KNOWN, .items = arena_new_n(task->planner->arena, const char *, OTHERS_MAX)};
    for (size_t i = 0; i < catalog->templates.n && names.n < OTHERS_MAX; i++) {
        const Template *template = &catalog->templates.items[i];
        if (template != chosen && is_small_enough(task, template) &&
            !template_faults(task, template) &&
            (!pattern || glob_match(pattern, template->name.value)))
            names.items[names.n++] = text_or_word(template->name);
    }
    return names;
}

void
propose_template(Task *task)
{
    Planner *planner = task->planner;
    Choice *choice = &task->item->choice;
    const Rule *rule =
        policy_find_rule(planner->policy, planner->inventory, RULE_TEMPLATE, task->view, NULL);
    const char *pattern = rule ? rule->value : NULL;
    choice->templateid = text_absent();
    if (task->hypervisor != HYPERVISOR_KVM || (task->target && !rule))
        return; /* a conversion needs none */
    const Template *template = best_template(task, pattern);
    if (!template)
        return;
    choice->templateid = template->id;
    add_reason(task, "templateid", text_or_word(template->name),
        rule ? "the smallest that the template rule names"
             : "the smallest KVM template, as the server asks for one",
        other_templates(task, pattern, template));
}

void
check_template(Task *task)
{
    Planner *planner = task->planner;
    const char *id = task->item->choice.templateid.value;
    bool is_kvm = task->hypervisor == HYPERVISOR_KVM && !task->target;
    bool is_list_read = is_read(&planner->catalog->templates);
    const Template *template = id ? table_find(&planner->templates, id) : NULL;
    task->template = template;
    if (!id && !is_kvm)
        return;
    if (template && is_kvm && template_oddity(task, template))
        FIND(task, TEMPLATE_ODD, NULL, ARG(text_or_word(template->name)),
            ARG(template_oddity(task, template)));
    if (!template && !is_list_read) {
        find_unread_list(task, "templates");
        return;
    }
    if (!id) {
        const char *size = is_root_sized(task) ? arena_printf(planner->arena,
                                                     "%" G_GINT64_FORMAT " GiB", root_gib(task))
                                               : "of unknown size";
        bool is_asked = check_is_made(planner, FINDING_TEMPLATE_NEEDED) != ANSWER_NO ||
                        check_is_made(planner, FINDING_TEMPLATE_MISSING) == ANSWER_NO;
        const Template *fitting = best_template(task, NULL);
        const char *why = fitting ? arena_printf(planner->arena, "the choice names none, '%s' fits",
                                        text_or_word(fitting->name))
                                  : nearest_template_text(task);
        add_finding(task, is_asked ? FINDING_TEMPLATE_NEEDED : FINDING_TEMPLATE_MISSING, NULL,
            (FindingArg[FINDING_ARGS_MAX]){ARG(why), ARG(size), ARG("(internal number)")});
    } else if (!template) {
        FIND(task, TEMPLATE_NOT_FOUND, NULL, ARG(id), ARG("templateid"));
    } else if (is_kvm && (template->size.state != FACT_KNOWN || !is_root_sized(task))) {
        FIND(task, TEMPLATE_SIZE_UNKNOWN, NULL, ARG(text_or_word(template->name)),
            ARG(template->size.state == FACT_KNOWN ? "known" : "unknown"),
            ARG(is_root_sized(task) ? "known" : "unknown"));
    } else if (is_kvm && template->size.value > root_gib(task) * GIB) {
        FIND(task, TEMPLATE_TOO_BIG, NULL, ARG(text_or_word(template->name)),
            ARG_N(template->size.value), ARG_N(root_gib(task)),
            ARG(arena_printf(planner->arena, "%.2f", (double)template->size.value / (double)GIB)));
    }
}
