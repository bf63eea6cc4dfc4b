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

/* details[0].cpuSpeed, if it is a number above 0. */
static bool
has_speed_detail(const Choice *choice)
{
    for (size_t i = 0; i < choice->details.n; i++) {
        const DetailChoice *detail = &choice->details.items[i];
        if (g_strcmp0(detail->key.value, "cpuSpeed") != 0 || !detail->value.value)
            continue;
        char *end = NULL;
        int64_t mhz = g_ascii_strtoll(detail->value.value, &end, 10);
        return end != detail->value.value && !*end && mhz > 0 && mhz <= G_MAXINT32;
    }
    return false;
}

static void
find_no_offering(Task *task)
{
    const Shape *shape = &task->shape;
    const OfferingPick *pick = task->offering_pick;
    Arena *arena = task->planner->arena;
    const char *nearest = "none was looked for";
    if (pick && !pick->nearest)
        nearest = "none";
    else if (pick && pick->nearest_problem == FINDING_STORAGE_TAGS_DIFFER)
        nearest = arena_printf(arena, "'%s' fits but for its storage tags: two steps",
            text_or_word(pick->nearest->name));
    else if (pick)
        nearest = arena_printf(arena, "'%s' when powered off", text_or_word(pick->nearest->name));
    bool needs_off = pick && pick->nearest && !shape->is_off &&
                     pick->nearest_problem != FINDING_STORAGE_TAGS_DIFFER;
    if (!is_read(&task->planner->catalog->service_offerings))
        find_unread_list(task, "service_offerings");
    else if (needs_off)
        FIND(task, OFFERING_NEEDS_POWER_OFF, NULL, ARG_N(shape->cpus), ARG_N(shape->memory_mib),
            ARG(text_or_word(pick->nearest->name)));
    else
        FIND(task, OFFERING_NONE_FITS, NULL, ARG_N(shape->cpus), ARG_N(shape->memory_mib),
            ARG(shape->is_off ? ", powered off" : ", running"), ARG(nearest));
}

/* The arguments that the finding of a misfit takes. */
static void
find_misfit(Task *task, const ServiceOffering *offering, FindingId problem)
{
    const Shape *shape = &task->shape;
    const ServiceOfferingDetails *limits = &offering->serviceofferingdetails;
    FindingArg args[FINDING_ARGS_MAX] = {
        ARG(text_or_word(offering->name)), ARG(text_or_word(offering->id))};
    int64_t has = offering->cpunumber.value, wants = shape->cpus;
    bool is_limit = false;
    if (problem == FINDING_OFFERING_MEMORY) {
        has = offering->memory.value;
        wants = shape->memory_mib;
    } else if (problem == FINDING_OFFERING_SPEED) {
        has = offering->cpuspeed.value;
        wants = shape->reservation_mhz;
    } else if (problem == FINDING_OFFERING_PARTLY_FIXED) {
        wants = offering->memory.value;
    } else if (problem == FINDING_OFFERING_CPU_RANGE) {
        has = limits->mincpunumber.value;
        wants = limits->maxcpunumber.value;
        args[4] = ARG_N(shape->cpus);
        is_limit = true;
    } else if (problem == FINDING_OFFERING_MEMORY_RANGE) {
        has = limits->minmemory.value;
        wants = limits->maxmemory.value;
        args[4] = ARG_N(shape->memory_mib);
        is_limit = true;
    }
    args[2] = ARG_N(has);
    args[3] = ARG_N(wants);
    if (!is_limit)
        args[4] = ARG(power_text(task));
    if (problem == FINDING_OFFERING_OF_OTHER_ZONE) {
        args[1] = ARG(text_or_word(task->planner->zone->name));
        args[2] = ARG(text_or_word(offering->id));
        args[3] = ARG(task->owner->label);
        args[4] = ARG(NULL);
    }
    add_finding(task, problem, NULL, args);
}

/* Host tags: each of them up to 4.19, later only those that a setting lists. */
static void
check_host_tags(Task *task, const ServiceOffering *offering)
{
    Planner *planner = task->planner;
    const InstanceView *server = task->server;
    const Host *host = server->host_name.value
                           ? g_hash_table_lookup(planner->hosts, server->host_name.value)
                           : NULL;
    const Setting *strict = g_hash_table_lookup(planner->settings, "vm.strict.host.tags");
    Answer every = RELEASES_ASK(&planner->releases, needs_every_host_tag);
    if (!host || is_true(task->item->choice.migrateallowed))
        return;
    for (size_t i = 0; i < offering->hosttags.n; i++) {
        const char *tag = offering->hosttags.items[i];
        if (has_text(&host->hosttags, tag))
            continue;
        g_auto(GStrv) listed =
            g_strsplit(strict && strict->value.value ? strict->value.value : "", ",", 64);
        bool is_listed = g_strv_contains((const char *const *)listed, tag);
        if (every == ANSWER_NO && !is_listed)
            continue;
        Finding *finding = FIND(task, OFFERING_HOST_TAG, NULL, ARG(text_or_word(offering->name)),
            ARG(text_or_word(offering->id)), ARG(text_or_word(host->name)), ARG(tag),
            ARG(task->item->choice.templateid.value ? task->item->choice.templateid.value
                                                    : "the default template"),
            ARG(text_or_word(host->id)));
        if (every == ANSWER_UNKNOWN && !is_listed)
            finding->severity = SEVERITY_UNKNOWN;
        return;
    }
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

void
check_offering(Task *task)
{
    Planner *planner = task->planner;
    const Text id = task->item->choice.serviceofferingid;
    if (!task->has_size)
        return;
    if (task->shape.cpus <= 0 || task->shape.memory_mib <= 0)
        FIND(task, SIZE_INVALID, NULL, ARG_N(task->shape.cpus), ARG_N(task->shape.memory_mib),
            ARG(id.value ? id.value : "none"));
    if (!id.value && (task->shape.cpus <= 0 || task->shape.memory_mib <= 0))
        return;
    if (!id.value) {
        find_no_offering(task);
        return;
    }
    const ServiceOffering *offering = g_hash_table_lookup(planner->service_offerings, id.value);
    task->offering = offering;
    if (!offering) {
        if (is_read(&planner->catalog->service_offerings))
            FIND(task, OFFERING_NOT_FOUND, NULL, ARG(id.value), ARG("serviceofferingid"));
        else
            find_unread_list(task, "service_offerings");
        return;
    }
    Answer sees = owner_sees(planner, task->owner, &offering->domainid);
    if (sees == ANSWER_NO)
        FIND(task, OFFERING_OF_OTHER_DOMAIN, NULL, ARG(text_or_word(offering->name)),
            ARG(task->owner->label), ARG(id.value));
    else if (sees == ANSWER_UNKNOWN)
        find_unread_list(task, "domains");
    task->shape.has_speed = has_speed_detail(&task->item->choice);
    FindingId problem = offering_fit(planner, offering, &task->shape);
    if (problem)
        find_misfit(task, offering, problem);
    check_host_tags(task, offering);
    warn_of_offering(task, offering);
}
