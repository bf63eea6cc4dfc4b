/* SPDX-License-Identifier: Apache-2.0
 *
 * Judge the chosen service offering as the server would.
 */
#include <string.h>

#include "mapper_priv.h"

static const char *
power_text(const Task *task)
{
    return task->server->power == POWER_ON ? "PowerOn" : "PowerUnknown";
}

/* details[0].cpuSpeed, if it is a number: the server takes it, be it below 0, instead of its own.
 */
static bool
read_speed_detail(const Choice *choice, int64_t *ret_mhz)
{
    for (size_t i = 0; i < choice->details.n; i++) {
        const DetailChoice *detail = &choice->details.items[i];
        if (g_strcmp0(detail->key.value, "cpuSpeed") != 0 || !detail->value.value)
            continue;
        const char *text = detail->value.value;
        char *end = NULL;
        *ret_mhz = g_ascii_strtoll(text, &end, 10);
        return end != text && !*end && !g_ascii_isspace(*text) && *ret_mhz >= G_MININT32 &&
               *ret_mhz <= G_MAXINT32;
    }
    return false;
}

/* What the offering to create needs besides, and what follows then. */
static const char *
create_offering_text(const Task *task, const OfferingPick *pick)
{
    bool is_local =
        task->root_match && task->root_match->right && is_local_pool(task->root_match->right);
    const char *storage = is_local ? " storagetype=local" : "";
    if (!pick || !pick->nearest || pick->nearest_problem != FINDING_STORAGE_TAGS_DIFFER)
        return storage;
    const char *name = text_or_word(pick->nearest->name);
    return arena_printf(task->planner->arena,
        "%s, without storage tags, to import with; then migrateVolume newdiskofferingid=... moves "
        "the root disk to a pool with the tags of '%s': make the plan again, with the rule 'prefer "
        "offering \"%s\"'",
        storage, name, name);
}

static void
find_no_offering(Task *task)
{
    const Shape *shape = &task->shape;
    const OfferingPick *pick = task->offering_pick;
    if (!is_read(&task->planner->catalog->service_offerings))
        find_unread_list(task, "service_offerings");
    else
        FIND(task, OFFERING_NONE_FITS, NULL, ARG_N(shape->cpus), ARG_N(shape->memory_mib),
            ARG(shape->is_off ? ", powered off" : ", running"),
            ARG(nearest_offering_text(task, pick)),
            ARG_N(shape->reservation_mhz > 0 ? shape->reservation_mhz : CPU_SPEED_DEFAULT_MHZ),
            ARG(create_offering_text(task, pick)));
}

/* The arguments from the third on: what the offering has and the instance wants. */
static void
fill_sizes(const Task *task, const ServiceOffering *offering, FindingId problem, FindingArg *args)
{
    const Shape *shape = &task->shape;
    const CustomRange range = custom_range(task->planner, offering);
    const FindingArg power = ARG(power_text(task));
    if (problem == FINDING_OFFERING_CPU_RANGE)
        memcpy(args,
            (FindingArg[]){ARG_N(range.cpus_min), ARG_N(range.cpus_max), ARG_N(shape->cpus)},
            3 * sizeof *args);
    else if (problem == FINDING_OFFERING_MEMORY_RANGE)
        memcpy(args,
            (FindingArg[]){
                ARG_N(range.memory_min), ARG_N(range.memory_max), ARG_N(shape->memory_mib)},
            3 * sizeof *args);
    else if (problem == FINDING_OFFERING_CPU)
        memcpy(args, (FindingArg[]){ARG_N(offering->cpunumber.value), ARG_N(shape->cpus), power},
            3 * sizeof *args);
    else if (problem == FINDING_OFFERING_MEMORY)
        memcpy(args, (FindingArg[]){ARG_N(offering->memory.value), ARG_N(shape->memory_mib), power},
            3 * sizeof *args);
    else if (problem == FINDING_OFFERING_SPEED)
        memcpy(args,
            (FindingArg[]){ARG_N(offering->cpuspeed.value), ARG_N(shape->reservation_mhz), power},
            3 * sizeof *args);
    else if (problem == FINDING_OFFERING_PARTLY_FIXED)
        memcpy(args,
            (FindingArg[]){ARG_N(offering->cpunumber.value), ARG_N(offering->memory.value),
                ARG_N(offering->cpuspeed.value)},
            3 * sizeof *args);
    else if (problem == FINDING_OFFERING_MEMORY_FIXED)
        args[0] = ARG_N(offering->memory.value);
}

/* What of the offering is free to choose. */
static const char *
free_member(const ServiceOffering *offering)
{
    return offering->cpunumber.state != FACT_KNOWN ? "cpunumber"
           : offering->memory.state != FACT_KNOWN  ? "memory"
                                                   : "cpuspeed";
}

static void
find_smaller(Task *task, const ServiceOffering *offering)
{
    int64_t has = 0, wants = 0;
    const char *what = smaller_than_source(offering, &task->shape, &has, &wants);
    FIND_IF_MADE(task, CONVERT_OFFERING_SMALL, NULL, ARG(text_or_word(offering->name)),
        ARG(text_or_word(offering->id)), ARG(what), ARG_N(has), ARG_N(wants));
}

static void
find_misfit(Task *task, const ServiceOffering *offering, FindingId problem)
{
    const char *name = text_or_word(offering->name), *id = text_or_word(offering->id);
    FindingArg args[FINDING_ARGS_MAX] = {ARG(name), ARG(id)};
    fill_sizes(task, offering, problem, args + 2);
    if (problem == FINDING_OFFERING_CUSTOM_BROKEN)
        args[1] = ARG(free_member(offering));
    if (problem == FINDING_OFFERING_OF_OTHER_ZONE) {
        args[1] = ARG(text_or_word(task->planner->zone->name));
        args[2] = ARG(id);
        args[3] = ARG(task->owner->label);
    }
    add_finding(task, problem, NULL, args);
}

/* One was proposed that fits the VM when it is off, since none does as it runs. */
static void
tell_power_off(Task *task, const ServiceOffering *offering, FindingId problem)
{
    if (is_size_misfit(problem) && offering_needs_power_off(task->offering_pick))
        FIND(task, OFFERING_NEEDS_POWER_OFF, NULL, ARG_N(task->shape.cpus),
            ARG_N(task->shape.memory_mib), ARG(text_or_word(offering->name)),
            ARG(offering_size_text(task, offering)));
}

/* A custom offering on a server that may be the release that breaks on it. */
static void
check_custom_release(Task *task, const ServiceOffering *offering)
{
    Planner *planner = task->planner;
    if (offering_is_custom(offering) &&
        check_is_made(planner, FINDING_OFFERING_CUSTOM_BROKEN) == ANSWER_UNKNOWN)
        FIND(task, RELEASE_DECIDES, NULL, ARG("whether an import with a custom offering works"),
            ARG(releases_text(planner->arena, &planner->releases)));
}

/* --- host tags -------------------------------------------------------------------------------- */

static bool
setting_lists(const Planner *planner, const char *setting, const char *tag)
{
    const Setting *row = table_find(&planner->settings, setting);
    g_auto(GStrv) listed = g_strsplit(row && row->value.value ? row->value.value : "", ",", 64);
    for (char **each = listed; *each; each++)
        if (!strcmp(g_strstrip(*each), tag))
            return true;
    return false;
}

/* From 4.20 on only these tags bind: named by a setting, or with limits of their own. */
static bool
is_strict_tag(const Planner *planner, const char *tag)
{
    return setting_lists(planner, "vm.strict.host.tags", tag) ||
           (setting_is_true(planner, "vm.strict.resource.limit.host.tag.check") != ANSWER_NO &&
               setting_lists(planner, "resource.limit.host.tags", tag));
}

/* A tag that binds and that the host lacks; NULL: none. */
static const char *
missing_tag(const Planner *planner, const ServiceOffering *offering, const Template *template,
    const Host *host, bool is_each_binding)
{
    for (size_t i = 0; i < offering->hosttags.n; i++) {
        const char *tag = offering->hosttags.items[i];
        if (!has_text(&host->hosttags, tag) && (is_each_binding || is_strict_tag(planner, tag)))
            return tag;
    }
    const char *tag = template ? template->templatetag.value : NULL;
    bool is_missing = tag && !is_each_binding && is_strict_tag(planner, tag);
    return is_missing && !has_text(&host->hosttags, tag) ? tag : NULL;
}

/* Would its tag be refused with whatever offering? Only releases that go by settings ask for it. */
bool
template_tag_is_missing(const Task *task, const Template *template)
{
    const Planner *planner = task->planner;
    const char *name = task->server->host_name.value, *tag = template->templatetag.value;
    const Host *host = name ? table_find(&planner->hosts, name) : NULL;
    return tag && host && RELEASES_ASK(&planner->releases, needs_every_host_tag) != ANSWER_YES &&
           is_strict_tag(planner, tag) && !has_text(&host->hosttags, tag);
}

/* Another host of the cluster that the instance could be moved to. */
static bool
has_other_host(const Task *task, const Template *template, const Host *host, bool is_each_binding)
{
    const Catalog *catalog = task->planner->catalog;
    for (size_t i = 0; i < catalog->hosts.n; i++) {
        const Host *other = &catalog->hosts.items[i];
        if (other != host && !g_strcmp0(other->clusterid.value, host->clusterid.value) &&
            !g_strcmp0(other->state.value, "Up") &&
            !g_strcmp0(other->resourcestate.value, "Enabled") &&
            !missing_tag(task->planner, task->offering, template, other, is_each_binding))
            return true;
    }
    return false;
}

static void
find_missing_tag(
    Task *task, const Template *template, const Host *host, const char *tag, bool is_each_binding)
{
    const ServiceOffering *offering = task->offering;
    const char *name = text_or_word(offering->name);
    const char *templateid = task->item->choice.templateid.value;
    if (!is_true(task->item->choice.migrateallowed))
        FIND(task, OFFERING_HOST_TAG, NULL, ARG(name), ARG(text_or_word(offering->id)),
            ARG(text_or_word(host->name)), ARG(tag),
            ARG(templateid ? templateid : "the default template"), ARG(text_or_word(host->id)));
    else if (has_other_host(task, template, host, is_each_binding))
        FIND(task, OFFERING_MOVES, NULL, ARG(name), ARG(tag), ARG(text_or_word(host->name)));
    else
        FIND(task, OFFERING_NO_HOST, NULL, ARG(name), ARG(tag));
}

/* Each tag of the offering up to 4.19, later only those that settings call strict. */
static void
check_host_tags(Task *task, const ServiceOffering *offering)
{
    Planner *planner = task->planner;
    const char *name = task->server->host_name.value;
    const char *templateid = task->item->choice.templateid.value;
    const Host *host = name ? table_find(&planner->hosts, name) : NULL;
    const Template *template = templateid ? table_find(&planner->templates, templateid) : NULL;
    Answer every = RELEASES_ASK(&planner->releases, needs_every_host_tag);
    if (!host)
        return;
    if (is_true(host->istagarule) &&
        RELEASES_ASK(&planner->releases, evaluates_host_rules) != ANSWER_NO) {
        FIND(task, HOST_TAG_RULE, NULL, ARG(text_or_word(host->name)),
            ARG(text_or_word(offering->name)));
        return;
    }
    const char *each = missing_tag(planner, offering, template, host, true);
    const char *strict = missing_tag(planner, offering, template, host, false);
    if (every != ANSWER_YES && !is_read(&planner->catalog->settings) &&
        (each || (template && template->templatetag.value)))
        find_unread_list(task, "settings");
    else if (every == ANSWER_UNKNOWN && !each != !strict)
        FIND(task, RELEASE_DECIDES, NULL,
            ARG(arena_printf(
                planner->arena, "whether the host tag '%s' binds", each ? each : strict)),
            ARG(releases_text(planner->arena, &planner->releases)));
    else if (every == ANSWER_YES ? each : strict)
        find_missing_tag(
            task, template, host, every == ANSWER_YES ? each : strict, every == ANSWER_YES);
}

/* What the server accepts and the operator should know. */
static void
warn_of_offering(Task *task, const ServiceOffering *offering)
{
    const Shape *shape = &task->shape;
    const char *name = text_or_word(offering->name);
    if (offering->state.value && strcmp(offering->state.value, "Active") != 0)
        FIND(task, OFFERING_NOT_ACTIVE, NULL, ARG(name), ARG(offering->state.value));
    if (offering_is_forbidden(task, offering->name.value))
        FIND(task, OFFERING_FORBIDDEN, NULL, ARG(name));
    if (offering->gpucardname.value)
        FIND(task, OFFERING_GPU, NULL, ARG(name), ARG(offering->gpucardname.value));
    bool is_fixed = offering->cpunumber.state == FACT_KNOWN && offering->memory.state == FACT_KNOWN;
    if (shape->is_off && is_fixed &&
        (offering->cpunumber.value != shape->cpus || offering->memory.value != shape->memory_mib))
        FIND(task, OFFERING_RESIZES, NULL, ARG(name), ARG_N(offering->cpunumber.value),
            ARG_N(offering->memory.value), ARG_N(shape->cpus), ARG_N(shape->memory_mib));
}

/* Is the size reserved before the offering is compared? What is off is given the offering's. */
static bool
is_size_reserved(const Task *task, const ServiceOffering *offering, FindingId check)
{
    const Planner *planner = task->planner;
    bool is_lent = task->shape.is_off && offering && !offering_is_custom(offering);
    return offering && !is_lent && check_is_made(planner, check) == ANSWER_YES &&
           RELEASES_ASK(&planner->releases, breaks_custom) == ANSWER_NO;
}

static void
check_size(Task *task, const ServiceOffering *offering)
{
    static const FindingId ids[2][2] = {{FINDING_MEMORY_INVALID, FINDING_MEMORY_UNCOUNTED},
        {FINDING_SIZE_INVALID, FINDING_CPUS_UNCOUNTED}};
    const Shape *shape = &task->shape;
    const char *id = task->item->choice.serviceofferingid.value;
    bool is_cpus = shape->cpus <= 0;
    if (!is_cpus && shape->memory_mib > 0)
        return;
    FindingArg args[FINDING_ARGS_MAX] = {ARG_N(is_cpus ? shape->cpus : shape->memory_mib)};
    bool is_reserved = is_size_reserved(task, offering, ids[is_cpus][true]);
    if (!is_reserved) { /* the text names the offering */
        args[1] = ARG(id ? id : "none");
        args[2] = ARG(offering ? text_or_word(offering->name) : "none");
    }
    add_finding(task, ids[is_cpus][is_reserved], NULL, args);
}

void
check_offering(Task *task)
{
    Planner *planner = task->planner;
    const Text id = task->item->choice.serviceofferingid;
    if (!task->has_size)
        return;
    const ServiceOffering *chosen =
        id.value ? table_find(&planner->service_offerings, id.value) : NULL;
    check_size(task, chosen);
    if (!id.value && (task->shape.cpus <= 0 || task->shape.memory_mib <= 0))
        return;
    if (!id.value) {
        find_no_offering(task);
        return;
    }
    const ServiceOffering *offering = task->offering = chosen;
    if (!offering) {
        if (!is_read(&planner->catalog->service_offerings))
            find_unread_list(task, "service_offerings");
        else if (planner->lists_deleted_offerings)
            FIND(task, OFFERING_NOT_FOUND, NULL, ARG(id.value), ARG("serviceofferingid"));
        else
            FIND(task, OFFERING_UNSEEN, NULL, ARG(id.value), ARG(UNSEEN_OFFERING_WHY));
        return;
    }
    Answer sees = owner_sees(planner, task->owner, &offering->domainid);
    if (sees == ANSWER_NO)
        FIND(task, OFFERING_OF_OTHER_DOMAIN, NULL, ARG(text_or_word(offering->name)),
            ARG(task->owner->label), ARG(id.value));
    else if (sees == ANSWER_UNKNOWN)
        find_unread_list(task, "domains");
    task->shape.has_speed = read_speed_detail(&task->item->choice, &task->shape.given_mhz);
    FindingId problem = offering_fit(planner, offering, &task->shape);
    if (problem == FINDING_CONVERT_OFFERING_SMALL)
        find_smaller(task, offering);
    else if (problem)
        find_misfit(task, offering, problem);
    tell_power_off(task, offering, problem);
    check_custom_release(task, offering);
    if (!task->target) /* the copy is on no host yet */
        check_host_tags(task, offering);
    warn_of_offering(task, offering);
}
