/* SPDX-License-Identifier: Apache-2.0
 *
 * A random estate whose VMs stand in each other's way: names, MACs and addresses that several have,
 * limits, pools and hosts that are enough for some of them, and choices that were edited.
 */
#ifndef CROWD_H
#define CROWD_H

#include "appliance/report.h"
#include "include/record.h"
#include "tests/estate_builder.h"

enum { CROWD_VMS = 40, CROWD_NAMES = 70, CROWD_ADDRESSES = 30 };

#define CROWD_RULES                                                                                \
    "owner name a* -> account alice domain ROOT/a\n"                                               \
    "owner name b* -> project crowd domain ROOT/a\n"                                               \
    "owner any -> caller\n"

static inline int
crowd_below(int n)
{
    return g_test_rand_int_range(0, n);
}

static inline Network *
crowd_add_network(Estate *estate, const char *name, int64_t vlan, const char *type)
{
    Network *network = estate_add_network(estate, name, vlan);
    network->acltype = text_known("Domain");
    network->subdomainaccess = bool_known(true);
    network->type = text_known(type);
    if (strcmp(type, "L2") != 0) {
        network->cidr = text_known("10.0.0.0/24");
        network->gateway = text_known("10.0.0.1");
    }
    return network;
}

/* Enough for some of the VMs. */
static inline Text
crowd_few(Estate *estate, int least)
{
    return text_known(estate_text(estate, "%d", least + crowd_below(least)));
}

static inline void
crowd_add_owners(Estate *estate)
{
    Account *alice = estate_add_account(estate, "alice", "domain-a", 0);
    Project *project = estate_add_project(estate, "crowd", "domain-a");
    Domain *domain = &g_array_index(estate->domains, Domain, 1);
    alice->vmlimit = text_known("10");
    alice->vmavailable = crowd_few(estate, 4);
    alice->memorylimit = text_known("30000");
    alice->memoryavailable = crowd_few(estate, 8000);
    project->primarystoragelimit = text_known("1000");
    project->primarystorageavailable = crowd_few(estate, 100);
    domain->cpulimit = text_known("100");
    domain->cpuavailable = crowd_few(estate, 15);
}

static inline void
crowd_add_room(Estate *estate)
{
    const char *pools[] = {"ds1", "ds2", "ds22"};
    for (size_t i = 0; i < G_N_ELEMENTS(pools); i++) {
        StoragePool *pool = estate_add_pool(estate, pools[i], i == 1 ? "gold" : NULL);
        pool->disksizetotal = int_known((int64_t)1000 << 30);
        pool->disksizeallocated = int_known((int64_t)(400 + crowd_below(400)) << 30);
        pool->disksizeused = int_known((int64_t)crowd_below(800) << 30);
        pool->overprovisionfactor = text_known("1");
    }
    estate_add_setting(estate, "pool.storage.allocated.capacity.disablethreshold", "0.9");
    estate_add_setting(estate, "pool.storage.capacity.disablethreshold", "0.9");
    Host *host = LAST(Host, estate->hosts);
    host->cpunumber = int_known(16);
    host->memorytotal = int_known((int64_t)(10 + crowd_below(30)) << 30);
}

static inline void
crowd_init(Estate *estate)
{
    estate_init(estate);
    crowd_add_network(estate, "l2-10", 10, "L2");
    crowd_add_network(estate, "shared-20", 20, "Shared");
    crowd_add_network(estate, "shared-20b", 20, "Shared");
    crowd_add_network(estate, "isolated-30", 30, "Isolated");
    VlanIpRange range = {.networkid = text_known("id-of-shared-20"),
        .startip = text_known("10.0.0.5"),
        .endip = text_known("10.0.0.200")};
    g_array_append_val(estate->vlan_ip_ranges, range);
    crowd_add_owners(estate);
    crowd_add_room(estate);
    estate_add_offering(estate, "so-1x1", 1, 1024);
    estate_add_offering(estate, "so-2x2", 2, 2048)->hosttags =
        one_text(estate, crowd_below(4) ? NULL : "rare");
    estate_add_constrained_offering(estate, "so-range", 1, 8, 512, 8192);
    estate_add_disk_offering(estate, "custom", 0, NULL);
    estate_add_disk_offering(estate, "gold", 0, "gold");
    estate_add_setting(estate, "vm.instancename.flag", crowd_below(2) ? "true" : "false");
    estate_add_managed(estate, "a-3", "00:50:56:00:00:07", "id-of-l2-10");
    estate_add_api(estate, "importUnmanagedInstance", NULL);
}

static inline const char *
crowd_name(Estate *estate)
{
    return estate_text(estate, "%c-%d", "abc"[crowd_below(3)], crowd_below(CROWD_NAMES));
}

static inline InstanceView *
crowd_add_vm(Estate *estate)
{
    InstanceView *view = estate_add_vm(estate, crowd_name(estate));
    view->cpus = int_known(1 + crowd_below(3));
    view->memory_bytes = int_known((int64_t)(1 + crowd_below(3)) << 30);
    view->power = crowd_below(4) ? POWER_ON : POWER_OFF;
    view->is_template = bool_known(!crowd_below(40));
    for (int i = 0; i <= crowd_below(3); i++) {
        Nic *nic = estate_add_nic(estate, view, crowd_below(30) ? 10 * (1 + crowd_below(3)) : 40);
        nic->vlan.is_certain = bool_known(crowd_below(12));
        if (!crowd_below(4))
            nic->mac = text_known(estate_text(estate, "00:50:56:00:00:%02x", crowd_below(12)));
        nic->ips = crowd_below(5) ? one_text(estate, estate_text(estate, "10.0.0.%d",
                                                         1 + crowd_below(CROWD_ADDRESSES)))
                                  : (Texts){.state = FACT_KNOWN};
    }
    for (int i = 0; i <= crowd_below(3); i++)
        estate_add_disk(estate, view, 10 + crowd_below(40),
            crowd_below(3)    ? "ds1"
            : crowd_below(20) ? "ds2"
                              : "elsewhere");
    return view;
}

/* Frozen, and its plan. */
static inline Plan *
crowd_make(Estate *estate)
{
    crowd_init(estate);
    for (int i = 0; i < CROWD_VMS; i++)
        estate_put_vm(estate, crowd_add_vm(estate), crowd_below(8));
    estate_freeze(estate);
    return estate_plan(estate, CROWD_RULES);
}

/* As somebody would who does not look: what is edited need not fit. */
static inline void
crowd_edit(Plan *plan)
{
    for (size_t i = 0; i < plan->n_items; i++) {
        Choice *choice = &plan->items[i].choice;
        const Choice *other = &plan->items[crowd_below((int)plan->n_items)].choice;
        int what = crowd_below(12);
        if (what == 0)
            choice->serviceofferingid = other->serviceofferingid;
        else if (what == 1)
            choice->hostname = other->hostname;
        else if (what == 2 && choice->nics.n && other->nics.n)
            choice->nics.items[0].networkid = other->nics.items[0].networkid;
        else if (what == 3)
            choice->root = other->root;
        else if (what == 4)
            choice->forced = bool_known(true);
        else if (what == 5)
            choice->name = other->name;
        else if (what == 6)
            plan->items[i].instance.id = plan->items[crowd_below((int)i + 1)].instance.id;
        else if (what == 7)
            plan->items[i].instance.id = text_known("gone");
    }
}

/* (owned) All that a plan file says of the item. */
static inline char *
crowd_text(const PlanItem *item)
{
    Arena arena;
    arena_init(&arena);
    PlanItem with_texts = plan_item_with_texts(item, &arena);
    GString *text = g_string_new(NULL);
    record_encode(&plan_item_type, &with_texts, text);
    arena_release(&arena);
    return g_string_free(text, false);
}

static inline void
assert_same_item(const PlanItem *item, const PlanItem *wanted)
{
    g_autofree char *is = crowd_text(item), *should = crowd_text(wanted);
    g_assert_cmpstr(is, ==, should);
}

#endif
