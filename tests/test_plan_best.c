/* SPDX-License-Identifier: Apache-2.0
 *
 * The plan's own proposals are the best acceptable ones: on small random estates every combination
 * of choices is judged by plan_check(). If one is ready, the proposal is ready, and none that is
 * ready is better: in the order of the rules, fewer changes at the next start, right tags, smaller
 * surplus, name. With -m thorough forty times as many
 * estates, and those of more combinations.
 */
#include "tests/every_choice.h"

enum { COMBINATIONS_MAX = 1000, COMBINATIONS_MAX_THOROUGH = 20000 };

/* What an estate has besides; the rest is there always. */
typedef enum Trait {
    TRAIT_KVM = 1,
    TRAIT_OWNERS = 2,
    TRAIT_CLUSTERS = 4,
    TRAIT_MOVES = 8,
    TRAIT_ADDRESSES = 16,
    TRAIT_NAMES = 32,
    TRAIT_LIMITS = 64,
    TRAIT_RULES = 128
} Trait;

static const struct Mix {
    const char *name;
    unsigned traits;
    int cases, found_min; /* estates; VMs that can be made ready */
} mixes[] = {
    {"vmware", 0, 20, 8},
    {"kvm", TRAIT_KVM, 15, 6},
    {"owners", TRAIT_OWNERS | TRAIT_LIMITS, 20, 5},
    {"owners-kvm", TRAIT_OWNERS | TRAIT_KVM, 15, 4},
    {"clusters", TRAIT_CLUSTERS, 20, 5},
    {"moves", TRAIT_MOVES | TRAIT_CLUSTERS, 20, 2},
    {"addresses", TRAIT_ADDRESSES, 20, 5},
    {"addresses-kvm", TRAIT_ADDRESSES | TRAIT_KVM, 15, 5},
    {"names", TRAIT_NAMES, 20, 8},
    {"limits", TRAIT_LIMITS, 20, 8},
    {"rules", TRAIT_RULES | TRAIT_CLUSTERS, 20, 3},
    {"rules-kvm", TRAIT_RULES | TRAIT_KVM | TRAIT_OWNERS, 15, 2},
};

/* --- estates ---------------------------------------------------------------------------------- */

#define ONE_OF(rand, ...)                                                                          \
    ((const char *const[]){__VA_ARGS__})[g_rand_int_range(                                         \
        (rand), 0, G_N_ELEMENTS(((const char *const[]){__VA_ARGS__})))]

static bool
maybe(GRand *rand, int percent)
{
    return g_rand_int_range(rand, 0, 100) < percent;
}

static const char *
letter_name(Estate *estate, GRand *rand, const char *kind, int i)
{
    return estate_text(estate, "%s-%c%d", kind, 'a' + g_rand_int_range(rand, 0, 4), i);
}

static void
add_offerings(Estate *estate, GRand *rand, unsigned traits)
{
    int n = g_rand_int_range(rand, 3, 8);
    for (int i = 0; i < n; i++) {
        const char *name = letter_name(estate, rand, "so", i);
        ServiceOffering *offering =
            maybe(rand, 45) ? estate_add_constrained_offering(
                                  estate, name, 1, g_rand_int_range(rand, 1, 5), 512, 4096)
                            : estate_add_offering(estate, name, g_rand_int_range(rand, 1, 4),
                                  1024 * g_rand_int_range(rand, 1, 4));
        if (offering->serviceofferingdetails.mincpunumber.state == FACT_KNOWN && maybe(rand, 30))
            offering->cpuspeed = (Int){0};
        offering->storagetags = one_text(estate, ONE_OF(rand, NULL, NULL, "gold", "ssd"));
        offering->hosttags = one_text(estate, ONE_OF(rand, NULL, NULL, NULL, "fast"));
        offering->limitcpuuse = bool_known(maybe(rand, 25));
        if (maybe(rand, 15))
            offering->storagetype = text_known("local");
        if ((traits & TRAIT_OWNERS) && maybe(rand, 40))
            offering->domainid = one_text(estate, ONE_OF(rand, "domain-a", "domain-sub"));
    }
    n = g_rand_int_range(rand, 2, 5);
    for (int i = 0; i < n; i++) {
        DiskOffering *offering = estate_add_disk_offering(estate,
            letter_name(estate, rand, "do", i), i ? 10 * g_rand_int_range(rand, 0, 4) : 0,
            i ? ONE_OF(rand, NULL, NULL, "gold", "ssd") : NULL);
        if ((traits & TRAIT_OWNERS) && maybe(rand, 25))
            offering->domainid = one_text(estate, "domain-a");
    }
}

static void
share(Estate *estate, GRand *rand, Network *network, unsigned traits)
{
    bool is_tight = traits & TRAIT_ADDRESSES;
    network->type = text_known(maybe(rand, 80) ? "Shared" : "Isolated");
    network->cidr = text_known(ONE_OF(rand, "10.0.0.0/24", "10.0.1.0/24"));
    network->gateway = text_known("10.0.0.1");
    VlanIpRange range = {.id = text_known(estate_text(estate, "range-%s", network->id.value)),
        .networkid = network->id,
        .startip = text_known(is_tight ? "10.0.0.4" : "10.0.0.1"),
        .endip = text_known(is_tight ? ONE_OF(rand, "10.0.0.4", "10.0.0.5", "10.0.0.6")
                                     : ONE_OF(rand, "10.0.0.6", "10.0.1.200"))};
    if (is_tight && !strcmp(network->cidr.value, "10.0.1.0/24")) {
        range.startip = text_known("10.0.1.4");
        range.endip = text_known(ONE_OF(rand, "10.0.1.4", "10.0.1.5"));
    }
    if (!strcmp(network->type.value, "Shared"))
        g_array_append_val(estate->vlan_ip_ranges, range);
}

/* A managed VM that has a name, a MAC and an address there already. */
static void
occupy(Estate *estate, GRand *rand, const Network *network, int i)
{
    ManagedVm *vm = estate_add_managed(estate, ONE_OF(rand, "vm-0", "vm-1", "other"),
        ONE_OF(rand, "02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:09"),
        network->id.value);
    vm->nic.items[0].ipaddress =
        text_known(ONE_OF(rand, "10.0.0.5", "10.0.1.5", "10.0.0.4", "10.0.1.4"));
    vm->id = text_known(estate_text(estate, "managed-%d", i));
    vm->instancename = text_known(estate_text(estate, "i-2-%d-VM", i));
}

static void
set_wire(Estate *estate, GRand *rand, Network *network, int i)
{
    if (i > 1 && maybe(rand, 20))
        network->broadcasturi =
            text_known(ONE_OF(rand, "pvlan://10-i201", "pvlan://10-i202", "pvlan://10-p10"));
    else if (i > 1 && maybe(rand, 10))
        network->broadcasturi = text_known("vlan://untagged");
    else
        network->broadcasturi = text_known(estate_text(estate, "vlan://%d", 10 * (1 + i % 2)));
}

static void
add_networks(Estate *estate, GRand *rand, unsigned traits)
{
    int n = g_rand_int_range(rand, 3, traits & TRAIT_ADDRESSES ? 7 : 6);
    for (int i = 0; i < n; i++) {
        Network *network = estate_add_network(estate, letter_name(estate, rand, "net", i), 10);
        set_wire(estate, rand, network, i);
        if ((traits & TRAIT_RULES) && maybe(rand, 40))
            network->name = text_known("net-rule");
        if (maybe(rand, traits & TRAIT_ADDRESSES ? 90 : 45))
            share(estate, rand, network, traits);
        if (maybe(rand, traits & TRAIT_OWNERS ? 45 : 12))
            network->account = text_known(ONE_OF(rand, "somebody", "second", "third"));
        if (maybe(rand, 20))
            occupy(estate, rand, network, i);
    }
}

static const OwnerOption owner_options[] = {
    {"account team domain /a", "team", "domain-a", NULL},
    {"account second domain /a/sub", "second", "domain-sub", NULL},
    {"project shop", NULL, NULL, "id-of-shop"},
    {"caller", NULL, NULL, NULL},
};

#define LIMIT(rand, row, unit)                                                                     \
    do {                                                                                           \
        (row)->cpulimit = (row)->cpuavailable = text_known(ONE_OF((rand), "2", "4", "6"));         \
        (row)->memorylimit = (row)->memoryavailable = text_known(ONE_OF((rand), "4096", "8192"));  \
        if (maybe((rand), 40))                                                                     \
            (row)->volumelimit = (row)->volumeavailable =                                          \
                text_known(ONE_OF((rand), "1", "3", "8"));                                         \
        if (maybe((rand), 40))                                                                     \
            (row)->primarystoragelimit = (row)->primarystorageavailable =                          \
                text_known(ONE_OF((rand), "30", "90"));                                            \
    } while (0)

static void
add_owners(Estate *estate, GRand *rand, unsigned traits, Rules *rules)
{
    int percent = traits & TRAIT_LIMITS ? 70 : 20;
    Account *team = estate_add_account(estate, "team", "domain-a", 0);
    if (maybe(rand, percent))
        LIMIT(rand, team, 1);
    Account *second = estate_add_account(estate, "second", "domain-sub", 0);
    if (maybe(rand, percent))
        LIMIT(rand, second, 1);
    Project *project = estate_add_project(estate, "shop", "domain-a");
    if (maybe(rand, percent))
        LIMIT(rand, project, 1);
    Domain *domain = &g_array_index(estate->domains, Domain, 1);
    if (maybe(rand, percent / 2))
        LIMIT(rand, domain, 1);
    int first = traits & TRAIT_OWNERS ? g_rand_int_range(rand, 0, 4) : 0;
    rules->n_owners = traits & TRAIT_OWNERS ? (size_t)g_rand_int_range(rand, 1, 4) : 1;
    for (size_t i = 0; i < rules->n_owners; i++)
        rules->owners[i] = owner_options[((size_t)first + i) % G_N_ELEMENTS(owner_options)];
}

/* Each network is one owner's, or open to a domain. */
static void
give_networks(Estate *estate, GRand *rand, unsigned traits)
{
    EACH(Network, network, estate->networks)
    {
        if (!strcmp(network->account.value, "admin")) {
            network->account = text_known("team");
            network->domainid = text_known("domain-a");
        } else if (!strcmp(network->account.value, "second")) {
            network->domainid = text_known("domain-sub");
        } else if (!strcmp(network->account.value, "third")) {
            network->account = text_absent();
            network->projectid = text_known("id-of-shop");
            network->domainid = text_known("domain-a");
        }
        if ((traits & TRAIT_OWNERS) && maybe(rand, 15)) {
            network->acltype = text_known("Domain");
            network->domainid = text_known(ONE_OF(rand, "domain-a", "domain-sub", "domain-root"));
            network->subdomainaccess = bool_known(maybe(rand, 50));
        }
        if ((traits & TRAIT_OWNERS) && maybe(rand, 20)) {
            NetworkPermission permission = {.networkid = network->id,
                .accountid = text_known(ONE_OF(rand, "id-of-team", "id-of-second"))};
            g_array_append_val(estate->network_permissions, permission);
        }
    }
}

static void
add_settings(Estate *estate, GRand *rand, unsigned traits)
{
    if (maybe(rand, traits & TRAIT_LIMITS ? 35 : 10))
        estate_add_setting(estate, "resource.limit.storage.tags", "gold");
    if (maybe(rand, 50))
        estate_add_setting(estate, "vm.strict.host.tags", "fast");
    if ((traits & TRAIT_NAMES) && maybe(rand, 30))
        estate_add_setting(estate, "vm.instancename.flag", "true");
    estate_add_setting(estate, "pool.storage.capacity.disablethreshold", "0.85");
    estate_add_setting(estate, "pool.storage.allocated.capacity.disablethreshold", "0.85");
}

static void
fill_pool(GRand *rand, StoragePool *pool)
{
    pool->disksizetotal = int_known((int64_t)1000 << 30);
    pool->disksizeallocated = int_known((int64_t)(maybe(rand, 15) ? 840 : 100) << 30);
    pool->disksizeused = int_known((int64_t)50 << 30);
    pool->overprovisionfactor = text_known("1.0");
}

static void
add_places(Estate *estate, GRand *rand, unsigned traits)
{
    EACH(Host, host, estate->hosts)
    host->hosttags = one_text(estate, ONE_OF(rand, NULL, "fast"));
    fill_pool(rand, estate_add_pool(estate, "ds1", ONE_OF(rand, NULL, "gold", "ssd")));
    if (!(traits & TRAIT_CLUSTERS))
        return;
    Cluster cluster = g_array_index(estate->clusters, Cluster, 0);
    cluster.id = text_known("cluster-2");
    cluster.name = text_known("vcenter/DC0/C1");
    g_array_append_val(estate->clusters, cluster);
    Host host = g_array_index(estate->hosts, Host, 0);
    host.id = text_known("cs-host-2");
    host.name = text_known("esx2");
    host.clusterid = cluster.id;
    host.hosttags = one_text(estate, ONE_OF(rand, NULL, "fast"));
    g_array_append_val(estate->hosts, host);
    int n = g_rand_int_range(rand, 1, 4);
    for (int i = 0; i < n; i++) {
        const char *name = i ? estate_text(estate, "other%d", i) : ONE_OF(rand, "ds10", "other");
        StoragePool *pool = estate_add_pool(estate, name, ONE_OF(rand, NULL, "gold", "ssd"));
        fill_pool(rand, pool);
        pool->clusterid = known(ONE_OF(rand, CLUSTER_ID, "cluster-2", NULL));
        if (maybe(rand, 15))
            pool->scope = text_known("HOST");
        if (maybe(rand, 10))
            pool->state = text_known("Maintenance");
    }
}

static void
add_templates(Estate *estate, GRand *rand)
{
    int n = g_rand_int_range(rand, 1, 5);
    for (int i = 0; i < n; i++) {
        Template *template = estate_add_template(estate, letter_name(estate, rand, "t", i),
            (int64_t)g_rand_int_range(rand, 1, 6) * 5 << 30);
        template->templatetag = known(ONE_OF(rand, NULL, NULL, "fast"));
        if (maybe(rand, 10))
            template->isready = bool_known(false);
    }
}

static void
add_vlan(Estate *estate, GRand *rand, InstanceView *view)
{
    Nic *nic = estate_add_nic(estate, view, 10 * g_rand_int_range(rand, 1, 3));
    if (maybe(rand, 7))
        nic->vlan = (Vlan){.kind = VLAN_PVLAN,
            .id = int_known(10),
            .secondary = int_known(201),
            .pvlan_type = PVLAN_ISOLATED,
            .from = text_known("port group"),
            .is_certain = bool_known(true)};
    else if (maybe(rand, 4))
        nic->vlan.kind = VLAN_NONE;
    nic->mac = text_known(ONE_OF(
        rand, "02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03", nic->mac.value));
    if (maybe(rand, 15))
        nic->ips = (Texts){0};
    else
        nic->ips =
            one_text(estate, ONE_OF(rand, NULL, "10.0.0.5", "10.0.1.5", "10.0.0.4", "10.0.1.4"));
}

static void
add_vms(Estate *estate, GRand *rand, unsigned traits)
{
    static const char *const odd_names[] = {"vm-0", "vm-0.lan", "VM_0", "vm 0", "0vm-0"};
    int n_vms = traits & (TRAIT_NAMES | TRAIT_LIMITS) ? 3 : 2;
    for (int i = 0; i < n_vms; i++) {
        const char *name = estate_text(estate, "vm-%d", i);
        if (traits & TRAIT_NAMES)
            name = odd_names[(size_t)g_rand_int_range(rand, 0, 3) + (size_t)i];
        else if (i && maybe(rand, 30))
            name = estate_text(estate, "vm-0.lan%d", i); /* of one host name */
        InstanceView *view = estate_add_vm(estate, name);
        view->power = maybe(rand, 35) ? POWER_OFF : POWER_ON;
        view->cpus = int_known(g_rand_int_range(rand, 1, 4));
        view->memory_bytes = int_known((int64_t)g_rand_int_range(rand, 1, 4) << 30);
        if (maybe(rand, 15))
            view->cpu_reservation_mhz = int_known(ONE_OF(rand, "x", NULL) ? 1000 : 500);
        estate_add_disk(estate, view, 20, "ds1");
        if (maybe(rand, traits & TRAIT_MOVES ? 90 : 50))
            estate_add_disk(estate, view, 10 * g_rand_int_range(rand, 1, 4), "ds1");
        int n = g_rand_int_range(rand, 1, traits & TRAIT_ADDRESSES ? 4 : 3);
        for (int j = 0; j < n; j++)
            add_vlan(estate, rand, view);
        estate_put_vm(estate, view, true);
    }
}

static void
add_rules(GRand *rand, unsigned traits, Rules *rules)
{
    if (traits & TRAIT_MOVES)
        rules->offerings[rules->n_offerings++] =
            (OfferingRule){true, true, ONE_OF(rand, "do-a", "do-b", "do-c")};
    while ((traits & TRAIT_RULES) && rules->n_offerings < RULES_MAX && maybe(rand, 75))
        rules->offerings[rules->n_offerings++] = (OfferingRule){.is_prefer = maybe(rand, 60),
            .is_disk = maybe(rand, 40),
            .prefix = ONE_OF(rand, "so-a", "so-b", "so-c", "do-a", "do-b", "so", "do")};
    for (size_t i = 0; i < rules->n_offerings; i++)
        if (g_str_has_prefix(rules->offerings[i].prefix, "do") != rules->offerings[i].is_disk)
            rules->offerings[i].is_disk = !rules->offerings[i].is_disk;
    if ((traits & TRAIT_RULES) && maybe(rand, 40))
        rules->network = "net-rule";
    if ((traits & TRAIT_RULES) && (traits & TRAIT_KVM) && maybe(rand, 40))
        rules->template = ONE_OF(rand, "t-a", "t-b", "t-c");
}

static void
make_estate(Estate *estate, GRand *rand, unsigned traits, Rules *rules)
{
    estate->is_kvm = traits & TRAIT_KVM;
    estate_init(estate);
    if (estate->is_kvm)
        LAST(Cluster, estate->clusters)->hypervisortype = text_known("KVM");
    estate_add_api(estate, "importUnmanagedInstance", NULL);
    estate_add_api(estate, "listServiceOfferings", "state");
    estate_add_api(estate, "listDiskOfferings", "state");
    add_offerings(estate, rand, traits);
    add_networks(estate, rand, traits);
    add_places(estate, rand, traits);
    add_owners(estate, rand, traits, rules);
    give_networks(estate, rand, traits);
    add_settings(estate, rand, traits);
    if (estate->is_kvm)
        add_templates(estate, rand);
    add_rules(rand, traits, rules);
    add_vms(estate, rand, traits);
    estate_freeze(estate);
}

/* --- the test --------------------------------------------------------------------------------- */

typedef struct Trial {
    const struct Mix *mix;
    int seed;
    Estate *estate;
    Rules rules;
    const Policy *policy;
    Plan *plan;
    int n_tried, n_found, n_too_many;
} Trial;

static void
fail(const Trial *trial, const char *what, const PlanItem *proposed, const PlanItem *better)
{
    g_autofree char *rules = rules_text(&trial->rules);
    g_test_message("%s, seed %d, %s: better in: %s", trial->mix->name, trial->seed,
        proposed->instance.name.value, what);
    g_test_message("rules: %s", rules);
    describe_choice("proposed", proposed);
    describe_choice("better", better);
    g_test_fail();
}

static void
compare(Trial *trial, const PlanItem *proposed, const Merit *merit, const PlanItem *other)
{
    if (!is_acceptable(trial->estate, &trial->rules, proposed)) {
        fail(trial, "it is ready", proposed, other);
        return;
    }
    Merit found = merit_of(trial->estate, &trial->rules, other);
    int order = 0;
    const char *what = compare_merits(&found, merit, &order);
    if (what && order < 0)
        fail(trial, what, proposed, other);
}

/* The item's lists are copied, so that what is proposed can be told while others are tried. */
static void
copy_choice(Estate *estate, PlanItem *item)
{
    Choice *choice = &item->choice;
    choice->nics.items = arena_memdup(
        &estate->arena, choice->nics.items, choice->nics.n * sizeof *choice->nics.items);
    choice->disks.items = arena_memdup(
        &estate->arena, choice->disks.items, choice->disks.n * sizeof *choice->disks.items);
}

/* The items before it stay as they were proposed: they take names, MACs, addresses and limits. */
static void
try_all(Trial *trial, size_t index)
{
    PlanItem *item = &trial->plan->items[index], proposed = *item;
    const size_t n_items = trial->plan->n_items;
    Search search = {0};
    DetailChoice speed = {text_known("cpuSpeed"), text_known("1000")};
    copy_choice(trial->estate, item);
    item->choice.details = (__typeof__(item->choice.details)){&speed, 1, FACT_KNOWN};
    dial_all(&search, trial->estate, &trial->rules, item, trial->mix->traits & TRAIT_MOVES);
    const size_t n = count_combinations(&search);
    const size_t most = g_test_thorough() ? COMBINATIONS_MAX_THOROUGH : COMBINATIONS_MAX;
    Merit merit = proposed.verdict == VERDICT_READY
                      ? merit_of(trial->estate, &trial->rules, &proposed)
                      : (Merit){0};
    bool is_found = false;
    trial->plan->n_items = index + 1;
    trial->n_too_many += n > most;
    for (bool more = n && n <= most; more && !g_test_failed(); more = turn(&search)) {
        g_autoptr(GError) error = NULL;
        gather_moves(&search, &item->choice);
        g_autoptr(Plan) checked = plan_check(trial->plan, trial->estate->inventory,
            trial->estate->catalog, trial->policy, NULL, &error);
        g_assert_no_error(error);
        if (!is_acceptable(trial->estate, &trial->rules, &checked->items[index]))
            continue;
        is_found = true;
        compare(trial, &proposed, &merit, &checked->items[index]);
    }
    trial->n_found += is_found;
    trial->n_tried++;
    item->choice = proposed.choice;
    trial->plan->n_items = n_items;
}

static void
check_case(Trial *trial)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)trial->seed);
    g_autoptr(GError) error = NULL;
    g_auto(Estate) estate = {0};
    trial->estate = &estate;
    trial->rules = (Rules){0};
    make_estate(&estate, rand, trial->mix->traits, &trial->rules);
    g_autofree char *text = rules_text(&trial->rules);
    g_autoptr(Policy) policy = policy_parse(text, "rules", &error);
    g_assert_no_error(error);
    g_autoptr(Plan) plan = plan_build(estate.inventory, estate.catalog, policy, NULL, &error);
    g_assert_no_error(error);
    trial->policy = policy;
    trial->plan = plan;
    for (size_t i = 0; i < plan->n_items; i++) { /* so that the digest is not made each time */
        g_autofree char *facts = plan_item_facts(&plan->items[i]);
        plan->items[i].loaded_facts = text_known(estate_text(&estate, "%s", facts));
    }
    for (size_t i = 0; i < plan->n_items; i++)
        try_all(trial, i);
}

static void
test_mix(gconstpointer data)
{
    Trial trial = {.mix = data};
    int n = trial.mix->cases * (g_test_thorough() ? 40 : 1);
    for (; trial.seed < n && !g_test_failed(); trial.seed++)
        check_case(&trial);
    g_test_message("%d of %d VMs could be made ready; %d have too many combinations", trial.n_found,
        trial.n_tried, trial.n_too_many);
    if (!g_test_failed())
        g_assert_cmpint(trial.n_found, >, trial.mix->found_min);
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
    VlanIpRange range = {.networkid = shared->id,
        .startip = text_known("10.0.0.4"),
        .endip = text_known("10.0.0.9")};
    g_array_append_val(estate.vlan_ip_ranges, range);
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
    for (size_t i = 0; i < G_N_ELEMENTS(mixes); i++) {
        g_autofree char *path =
            g_strdup_printf("/plan/best/no-ready-choice-is-better/%s", mixes[i].name);
        g_test_add_data_func(path, &mixes[i], test_mix);
    }
    g_test_add_func("/plan/best/nics-are-chosen-together", test_together);
    return g_test_run();
}
