/* SPDX-License-Identifier: Apache-2.0
 *
 * Judge the chosen addresses as the server would.
 */
#include <string.h>

#include "nic_task.h"

static const char *
why_not_available(const Task *task, const Network *network, const char *ip4)
{
    Planner *planner = task->planner;
    const HashedText id = network_id(planner, network), address = hashed(ip4);
    const ManagedVm *vm = table_find_pair(&planner->managed_ips, id, address);
    const Router *router = table_find_pair(&planner->router_ips, id, address);
    const PlanItem *item = held_by(&planner->held_ips, id, address);
    if (router)
        return arena_printf(
            planner->arena, "virtual router '%s' has it", text_or_word(router->name));
    if (vm)
        return arena_printf(planner->arena, "'%s' has it", text_or_word(vm->displayname));
    if (item)
        return arena_printf(planner->arena, "'%s', an earlier item of this plan, takes it",
            text_or_word(item->instance.name));
    if (!ip_has_room(planner, network, count_uses(planner, network) + 1))
        return "'auto' of what this plan imports before takes the last free ones";
    return "it is outside, the gateway, or in use";
}

static void
find_ip_problem(const NicTask *at, FindingId problem, const char *ip4)
{
    Task *task = at->task;
    Planner *planner = task->planner;
    Arena *arena = planner->arena;
    const Network *network = at->network;
    const char *name = text_or_word(network->name), *id = text_or_word(network->id);
    const char *ips = join_texts(arena, &at->nic->ips, ", ");
    const char *recorded = ip_recorded(task, at->server, network, ip4);
    if (problem == FINDING_IP_NOT_FREE && recorded && uses_ip(task, network, recorded))
        FIND(task, IP_NOT_FREE, at->id,
            ARG(arena_printf(arena, "Address %s is not free", recorded)), ARG(name),
            ARG("an earlier NIC of the VM takes it"));
    else if (problem == FINDING_IP_MISSING)
        FIND(task, IP_MISSING, at->id, ARG(name), ARG(ips), ARG(id));
    else if (problem == FINDING_IP_NOT_AVAILABLE)
        FIND(task, IP_NOT_AVAILABLE, at->id, ARG(recorded), ARG(name), ARG(id),
            ARG(why_not_available(task, network, recorded)),
            ARG(arena_printf(arena, "%s, gateway %s", text_or_word(network->cidr),
                text_or_word(network->gateway))));
    else if (problem == FINDING_IP_NOT_FREE)
        FIND(task, IP_NOT_FREE, at->id,
            ARG(recorded ? arena_printf(arena, "Address %s is no free address", recorded)
                         : "'auto' finds no free address"),
            ARG(name),
            ARG(recorded ? "no such row"
                         : "none in a range is free, or left by what "
                           "this plan imports before"));
    else if (problem == FINDING_IP_TWICE)
        FIND(task, IP_TWICE, at->id, ARG(recorded), ARG(name));
    else if (problem == FINDING_LIST_UNREAD)
        find_unread_list(
            task, is_read(&planner->catalog->vlan_ip_ranges) ? "shared_ips" : "vlan_ip_ranges");
    else if (problem == FINDING_RELEASE_DECIDES)
        FIND(task, RELEASE_DECIDES, at->id,
            ARG(arena_printf(arena, "whether address %s needs a free row in '%s'", ip4, name)),
            ARG(releases_text(arena, &planner->releases)));
}

/* Why no address of the guest is recorded. */
static const char *
why_new(const NicTask *at)
{
    if (at->nic->ips.n)
        return arena_printf(at->task->planner->arena,
            "The guest has %s; the server is told no single IPv4 address of it.",
            join_texts(at->task->planner->arena, &at->nic->ips, ", "));
    return at->nic->ips.state == FACT_KNOWN
               ? "The guest was read, and has no address there."
               : "No source told which addresses the guest has, and neither was the server told.";
}

void
check_ip(const NicTask *at)
{
    Task *task = at->task;
    const char *ip4 = at->choice ? at->choice->ip4.value : NULL;
    if (!network_needs_ip(at->network))
        return;
    const Nic *reader = ip4 && !strcmp(ip4, "auto") ? at->server : at->nic;
    FindingId problem = ip_fit(task, reader, at->network, ip4);
    if (problem)
        find_ip_problem(at, problem, ip4);
    else if (!strcmp(ip4, "auto") && !ip_recorded(task, at->server, at->network, ip4))
        FIND(task, IP_NEW, at->id, ARG(why_new(at)));
    else if (strcmp(ip4, "auto") != 0 && at->nic->ips.n && !has_text(&at->nic->ips, ip4))
        FIND(task, IP_NOT_THE_GUESTS, at->id, ARG(ip4),
            ARG(join_texts(task->planner->arena, &at->nic->ips, ", ")));
}
