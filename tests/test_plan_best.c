/* SPDX-License-Identifier: Apache-2.0
 *
 * The plan's own proposals are the best acceptable ones: on small random estates every combination
 * of choices is judged by plan_check(). If one is ready, the proposal is ready, and none that is
 * ready is better: fewer changes at the next start, right tags, smaller surplus, name.
 */
#include "tests/estate_builder.h"

enum { CASES = 120, NETWORKS_MAX = 6, OFFERINGS_MAX = 8, COMBINATIONS_MAX = 3000 };

/* One member of a choice and all values that it may have; Text values, absent included. */
typedef struct Dial {
    Text *place;
    Text values[16];
    size_t n, at;
} Dial;

typedef struct Search {
    Dial dials[16];
    size_t n;
} Search;

static Dial *
add_dial(Search *search, Text *place)
{
    Dial *dial = &search->dials[search->n++];
    *dial = (Dial){.place = place};
    return dial;
}

static void
add_value(Dial *dial, Text value)
{
    g_assert_cmpuint(dial->n, <, G_N_ELEMENTS(dial->values));
    dial->values[dial->n++] = value;
}

static bool
turn(Search *search)
{
    for (size_t i = 0; i < search->n; i++) {
        Dial *dial = &search->dials[i];
        dial->at = (dial->at + 1) % dial->n;
        *dial->place = dial->values[dial->at];
        if (dial->at)
            return true;
    }
    return false;
}

static size_t
count_combinations(const Search *search)
{
    size_t n = 1;
    for (size_t i = 0; i < search->n; i++)
        n *= search->dials[i].n;
    return n;
}

/* --- estates ---------------------------------------------------------------------------------- */

#define ONE_OF(rand, ...)                                                                          \
    ((const char *const[]){__VA_ARGS__})[g_rand_int_range(                                         \
        (rand), 0, G_N_ELEMENTS(((const char *const[]){__VA_ARGS__})))]

static bool
maybe(GRand *rand, int percent)
{
    return g_rand_int_range(rand, 0, 100) < percent;
}

static void
add_offerings(Estate *estate, GRand *rand)
{
    int n = g_rand_int_range(rand, 3, OFFERINGS_MAX);
    for (int i = 0; i < n; i++) {
        const char *name = estate_text(estate, "so-%c", 'a' + g_rand_int_range(rand, 0, 26));
        const char *unique = estate_text(estate, "%s-%d", name, i);
        ServiceOffering *offering =
            maybe(rand, 45) ? estate_add_constrained_offering(
                                  estate, unique, 1, g_rand_int_range(rand, 1, 5), 512, 4096)
                            : estate_add_offering(estate, unique, g_rand_int_range(rand, 1, 4),
                                  1024 * g_rand_int_range(rand, 1, 4));
        if (offering->serviceofferingdetails.mincpunumber.state == FACT_KNOWN && maybe(rand, 30))
            offering->cpuspeed = (Int){0};
        offering->storagetags = one_text(estate, ONE_OF(rand, NULL, NULL, "gold", "ssd"));
        offering->hosttags = one_text(estate, ONE_OF(rand, NULL, NULL, NULL, "fast"));
        offering->limitcpuuse = bool_known(maybe(rand, 25));
    }
    n = g_rand_int_range(rand, 2, 5);
    for (int i = 0; i < n; i++)
        estate_add_disk_offering(estate, estate_text(estate, "do-%d", i),
            10 * g_rand_int_range(rand, 0, 3), ONE_OF(rand, NULL, NULL, "gold", "ssd"));
}

static void
add_networks(Estate *estate, GRand *rand)
{
    int n = g_rand_int_range(rand, 2, NETWORKS_MAX);
    for (int i = 0; i < n; i++) {
        Network *network =
            estate_add_network(estate, estate_text(estate, "net-%d", i), 10 * (1 + i % 2));
        if (maybe(rand, 45)) {
            network->type = text_known("Shared");
            network->cidr = text_known(ONE_OF(rand, "10.0.0.0/24", "10.0.1.0/24"));
            network->gateway = text_known("10.0.0.1");
            VlanIpRange range = {.networkid = network->id,
                .startip = text_known("10.0.0.1"),
                .endip = text_known(ONE_OF(rand, "10.0.0.6", "10.0.1.200"))};
            g_array_append_val(estate->vlan_ip_ranges, range);
        }
        if (maybe(rand, 15))
            network->account = text_known("somebody");
        if (maybe(rand, 30)) {
            ManagedVm *vm = estate_add_managed(estate, ONE_OF(rand, "vm-0", "vm-1", "other"),
                ONE_OF(rand, "02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:09"),
                network->id.value);
            vm->nic.items[0].ipaddress = text_known(ONE_OF(rand, "10.0.0.5", "10.0.1.5"));
            vm->id = text_known(estate_text(estate, "managed-%d", i));
            vm->instancename = text_known(estate_text(estate, "i-2-%d-VM", i));
        }
    }
}

/* "team" owns what is imported; its limits are small at times. */
static void
add_owner(Estate *estate, GRand *rand)
{
    Account *account = estate_add_account(estate, "team", "domain-a", 0);
    if (maybe(rand, 30)) {
        account->cpulimit = account->cpuavailable = text_known(ONE_OF(rand, "2", "4", "6"));
        account->memorylimit = account->memoryavailable = text_known(ONE_OF(rand, "4096", "8192"));
    }
    for (guint i = 0; i < estate->networks->len; i++) {
        Network *network = &g_array_index(estate->networks, Network, i);
        if (strcmp(network->account.value, "admin") == 0) {
            network->account = text_known("team");
            network->domainid = text_known("domain-a");
        }
    }
    if (maybe(rand, 20))
        estate_add_setting(estate, "resource.limit.storage.tags", "gold");
    if (maybe(rand, 50))
        estate_add_setting(estate, "vm.strict.host.tags", "fast");
}

static void
add_vms(Estate *estate, GRand *rand)
{
    for (int i = 0; i < 2; i++) {
        const char *name = i && maybe(rand, 40) ? "vm-0.lan" : estate_text(estate, "vm-%d", i);
        InstanceView *view = estate_add_vm(estate, name); /* of one host name at times */
        view->power = maybe(rand, 35) ? POWER_OFF : POWER_ON;
        view->cpus = int_known(g_rand_int_range(rand, 1, 4));
        view->memory_bytes = int_known((int64_t)g_rand_int_range(rand, 1, 4) << 30);
        estate_add_disk(estate, view, 20, "ds1");
        if (maybe(rand, 50))
            estate_add_disk(estate, view, 10 * g_rand_int_range(rand, 1, 3), "ds1");
        int n = g_rand_int_range(rand, 1, 3);
        for (int j = 0; j < n; j++) {
            Nic *nic = estate_add_nic(estate, view, 10 * g_rand_int_range(rand, 1, 3));
            nic->mac = text_known(ONE_OF(rand, "02:00:00:00:00:01", "02:00:00:00:00:02",
                "02:00:00:00:00:03", nic->mac.value));
            nic->ips = one_text(estate, ONE_OF(rand, NULL, "10.0.0.5", "10.0.1.5", "10.0.0.7"));
        }
        estate_put_vm(estate, view, true);
    }
}

static void
make_estate(Estate *estate, GRand *rand)
{
    estate_init(estate);
    Host *host = &g_array_index(estate->hosts, Host, 0);
    host->hosttags = one_text(estate, ONE_OF(rand, NULL, "fast"));
    add_offerings(estate, rand);
    add_networks(estate, rand);
    estate_add_pool(estate, "ds1", ONE_OF(rand, NULL, "gold", "ssd"));
    add_owner(estate, rand);
    add_vms(estate, rand);
    estate_freeze(estate);
}

/* --- all combinations ------------------------------------------------------------------------- */

/* With the speed that an offering may ask for given always: it does no harm where it is fixed. */
static void
add_nic_dials(Search *search, const Estate *estate, PlanItem *item)
{
    const InstanceView *view = item->facts_of->source;
    for (size_t i = 0; i < item->choice.nics.n; i++) {
        NicChoice *choice = &item->choice.nics.items[i];
        Dial *network = add_dial(search, &choice->networkid);
        for (guint j = 0; j < estate->networks->len; j++)
            add_value(network, g_array_index(estate->networks, Network, j).id);
        Dial *ip = add_dial(search, &choice->ip4);
        add_value(ip, text_absent());
        add_value(ip, text_known("auto"));
        for (size_t j = 0; j < view->nics.items[i].ips.n; j++)
            add_value(ip, text_known(view->nics.items[i].ips.items[j]));
    }
}

static void
add_dials(Search *search, const Estate *estate, PlanItem *item)
{
    Dial *offering = add_dial(search, &item->choice.serviceofferingid);
    for (guint i = 0; i < estate->service_offerings->len; i++)
        add_value(offering, g_array_index(estate->service_offerings, ServiceOffering, i).id);
    for (size_t i = 0; i < item->choice.disks.n; i++) {
        Dial *disk = add_dial(search, &item->choice.disks.items[i].diskofferingid);
        for (guint j = 0; j < estate->disk_offerings->len; j++)
            add_value(disk, g_array_index(estate->disk_offerings, DiskOffering, j).id);
    }
    add_nic_dials(search, estate, item);
}

static bool
is_about_wire(const Finding *finding)
{
    return !strcmp(finding->kind->id, "network-changes-vlan") ||
           !strcmp(finding->kind->id, "vlan-trunk");
}

/* Ready, on the wire that it is on: another VLAN is nothing that a plan may propose. */
static bool
is_acceptable(const PlanItem *item)
{
    for (size_t i = 0; i < item->n_findings; i++)
        if (is_about_wire(&item->findings[i]))
            return false;
    return item->verdict == VERDICT_READY;
}

/* --- the preference --------------------------------------------------------------------------- */

typedef struct Merit {
    int64_t changes, tags, surplus; /* less, more, less is better */
} Merit;

#define FIND_BY_ID(array, type, text)                                                              \
    ({                                                                                             \
        const type *found_ = NULL;                                                                 \
        for (guint i_ = 0; i_ < (array)->len; i_++)                                                \
            if (!g_strcmp0(g_array_index(array, type, i_).id.value, (text).value))                 \
                found_ = &g_array_index(array, type, i_);                                          \
        found_;                                                                                    \
    })

static Merit
merit_of_offering(const Estate *estate, const PlanItem *item)
{
    const ServiceOffering *offering =
        FIND_BY_ID(estate->service_offerings, ServiceOffering, item->choice.serviceofferingid);
    Merit merit = {
        .changes = is_true(offering->limitcpuuse), .tags = (int64_t)offering->storagetags.n};
    if (offering->cpunumber.state != FACT_KNOWN)
        return merit;
    int64_t cpus = offering->cpunumber.value - item->instance.cpus.value;
    int64_t memory = offering->memory.value - (item->instance.memory_bytes.value >> 20);
    merit.changes += (cpus != 0) + (memory != 0) + 3 * ((cpus < 0) + (memory < 0));
    merit.surplus = ABS(cpus) * 1024 + ABS(memory);
    return merit;
}

static Merit
merit_of_disks(const Estate *estate, const PlanItem *item)
{
    Merit merit = {0};
    for (size_t i = 0; i < item->choice.disks.n; i++) {
        const DiskChoice *choice = &item->choice.disks.items[i];
        const DiskOffering *offering =
            FIND_BY_ID(estate->disk_offerings, DiskOffering, choice->diskofferingid);
        merit.tags += (int64_t)offering->tags.n;
        for (size_t j = 0; j < item->instance.disks.n; j++)
            if (!strcmp(item->instance.disks.items[j].id.value, choice->disk.value) &&
                offering->disksize.value)
                merit.surplus += offering->disksize.value -
                                 (item->instance.disks.items[j].capacity_bytes.value >> 30);
    }
    return merit;
}

static Merit
merit_of_nics(const PlanItem *item)
{
    Merit merit = {0};
    for (size_t i = 0; i < item->n_findings; i++)
        merit.changes += !strcmp(item->findings[i].kind->id, "ip-new") ||
                         !strcmp(item->findings[i].kind->id, "ip-not-the-guests");
    return merit;
}

static int
compare_merits(Merit a, Merit b)
{
    if (a.changes != b.changes)
        return a.changes < b.changes ? 1 : -1;
    if (a.tags != b.tags)
        return a.tags > b.tags ? 1 : -1;
    return a.surplus < b.surplus ? 1 : a.surplus > b.surplus ? -1 : 0;
}

/* --- the test --------------------------------------------------------------------------------- */

static void
describe(const char *title, const PlanItem *item)
{
    const Choice *choice = &item->choice;
    g_test_message("%s: %s, offering %s", title, verdict_words[item->verdict],
        choice->serviceofferingid.value);
    for (size_t i = 0; i < choice->nics.n; i++)
        g_test_message("  NIC %s: %s %s", choice->nics.items[i].nic.value,
            choice->nics.items[i].networkid.value, choice->nics.items[i].ip4.value);
    for (size_t i = 0; i < choice->disks.n; i++)
        g_test_message("  disk: %s", choice->disks.items[i].diskofferingid.value);
    for (size_t i = 0; i < item->n_findings; i++)
        g_test_message("  finding %s: %s", item->findings[i].kind->id,
            severity_words[item->findings[i].severity]);
}

static void
assert_not_worse(const Estate *estate, int seed, const PlanItem *proposed, const PlanItem *other)
{
    bool is_better =
        !is_acceptable(proposed) ||
        compare_merits(merit_of_offering(estate, other), merit_of_offering(estate, proposed)) > 0 ||
        compare_merits(merit_of_disks(estate, other), merit_of_disks(estate, proposed)) > 0 ||
        compare_merits(merit_of_nics(other), merit_of_nics(proposed)) > 0;
    if (!is_better)
        return;
    g_test_message("seed %d, %s", seed, proposed->instance.name.value);
    describe("proposed", proposed);
    describe("better", other);
    g_test_fail();
}

/* The items before it stay as they were proposed: they take names, MACs, addresses and limits. */
static bool
try_all(const Estate *estate, Policy *policy, Plan *plan, size_t index, int seed)
{
    PlanItem *item = &plan->items[index], proposed = *item;
    const size_t n_items = plan->n_items;
    Search search = {0};
    DetailChoice speed = {text_known("cpuSpeed"), text_known("1000")};
    Choice kept = item->choice;
    g_autofree NicChoice *nics = g_memdup2(kept.nics.items, kept.nics.n * sizeof *kept.nics.items);
    g_autofree DiskChoice *disks =
        g_memdup2(kept.disks.items, kept.disks.n * sizeof *kept.disks.items);
    proposed.choice.nics.items = nics;
    proposed.choice.disks.items = disks;
    item->choice.details = (__typeof__(item->choice.details)){&speed, 1, FACT_KNOWN};
    add_dials(&search, estate, item);
    bool is_found = false, is_bounded = count_combinations(&search) <= COMBINATIONS_MAX;
    for (size_t i = 0; i < search.n; i++)
        *search.dials[i].place = search.dials[i].values[0];
    plan->n_items = index + 1;
    while (is_bounded && !g_test_failed()) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Plan) checked =
            plan_check(plan, estate->inventory, estate->catalog, policy, NULL, &error);
        g_assert_no_error(error);
        if (is_acceptable(&checked->items[index])) {
            is_found = true;
            assert_not_worse(estate, seed, &proposed, &checked->items[index]);
        }
        if (!turn(&search))
            break;
    }
    item->choice = kept;
    memcpy(kept.nics.items, nics, kept.nics.n * sizeof *nics);
    memcpy(kept.disks.items, disks, kept.disks.n * sizeof *disks);
    plan->n_items = n_items;
    return is_found;
}

static void
check_case(int seed, int *n_found)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)seed);
    g_autoptr(GError) error = NULL;
    g_auto(Estate) estate = {0};
    make_estate(&estate, rand);
    g_autoptr(Policy) policy =
        policy_parse("owner any -> account team domain /a\n", "rules", &error);
    g_assert_no_error(error);
    g_autoptr(Plan) plan = plan_build(estate.inventory, estate.catalog, policy, NULL, &error);
    g_assert_no_error(error);
    for (size_t i = 0; i < plan->n_items; i++)
        *n_found += try_all(&estate, policy, plan, i, seed);
}

static void
test_best(void)
{
    int n_found = 0;
    for (int seed = 0; seed < CASES && !g_test_failed(); seed++)
        check_case(seed, &n_found);
    g_test_message("%d VMs could be made ready", n_found);
    g_assert_cmpint(n_found, >, CASES / 3);
}

/* Two NICs of one MAC: the first would take the only network that the second may have. */
static void
test_together(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    Network *shared = estate_add_network(&estate, "shared-10", 10);
    shared->type = text_known("Shared");
    shared->cidr = text_known("10.0.0.0/24");
    InstanceView *view = estate_add_plain_vm(&estate, "vm-0");
    Nic *second = estate_add_nic(&estate, view, 10);
    second->mac = view->nics.items[0].mac;
    second->ips = one_text(&estate, "10.9.9.9");
    estate_put_vm(&estate, view, true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    const NicChoice *nics = plan->items[0].choice.nics.items;
    assert_verdict(&plan->items[0], VERDICT_READY);
    g_assert_cmpstr(nics[0].networkid.value, ==, "id-of-shared-10");
    g_assert_cmpstr(nics[0].ip4.value, ==, "auto");
    g_assert_cmpstr(nics[1].networkid.value, ==, "id-of-l2-10");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plan/best/no-ready-choice-is-better", test_best);
    g_test_add_func("/plan/best/nics-are-chosen-together", test_together);
    return g_test_run();
}
