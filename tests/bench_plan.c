/* SPDX-License-Identifier: Apache-2.0
 *
 * plan_build() over a large estate that is made in memory: bench_plan [VMS [NETWORKS]].
 * Prints seconds, peak memory and verdicts; the inputs are not counted as time.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include "tests/estate_builder.h"

enum { VLANS = 4000, DATASTORES = 200, HOSTS = 500, OFFERINGS = 60 };

/* CPU time of the process, which other work on the machine does not stretch. */
static double
now_s(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double
peak_mib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

static void
add_instances(Estate *estate, size_t n)
{
    Arena kept = estate->arena; /* the inventory copies what it is given */
    for (size_t i = 0; i < n; i++) {
        arena_init(&estate->arena);
        InstanceView *view = estate_add_vm(estate, estate_text(estate, "vm-%zu", i));
        view->cpus = int_known(1 + (int64_t)(i % 8));
        view->memory_bytes = int_known((1 + (int64_t)(i % 16)) << 30);
        view->path = text_known(estate_text(estate, "/DC0/vm/team-%zu", i % 50));
        estate_add_nic(estate, view, 1 + (int64_t)(i % VLANS));
        if (i % 4 == 0)
            estate_add_nic(estate, view, 1 + (int64_t)(i * 7 % VLANS));
        const char *datastore = estate_text(estate, "ds-%03zu", i % DATASTORES);
        estate_add_disk(estate, view, 40, datastore);
        if (i % 2 == 0)
            estate_add_disk(estate, view, 1 + (int64_t)(i % 500), datastore);
        estate_put_vm(estate, view, true);
        arena_release(&estate->arena);
    }
    estate->arena = kept;
}

static void
add_catalog(Estate *estate, size_t n_networks)
{
    for (size_t i = 0; i < n_networks; i++)
        estate_add_network(estate, estate_text(estate, "net-%zu", i), 1 + (int64_t)(i % VLANS));
    for (size_t i = 0; i < DATASTORES; i++)
        estate_add_pool(estate, estate_text(estate, "ds-%03zu", i), NULL);
    for (size_t i = 0; i < OFFERINGS; i++)
        estate_add_offering(estate, estate_text(estate, "so-%zu", i), 1 + (int64_t)(i % 8),
            1024 + 1024 * (int64_t)i);
    estate_add_constrained_offering(estate, "so-range", 1, 16, 512, 32768);
    estate_add_disk_offering(estate, "custom", 0, NULL);
    for (int64_t i = 1; i < 40; i++)
        estate_add_disk_offering(estate, estate_text(estate, "do-%d", (int)i), i * 10, NULL);
}

/* plan_check() of the last VM alone, all facts of the others in memory; no maps of the estate. */
static double
check_one(const Estate *estate, Plan *plan)
{
    g_autoptr(GError) error = NULL;
    PlanItem *items = plan->items;
    size_t n = plan->n_items;
    plan->items = n ? &items[n - 1] : items;
    plan->n_items = n ? 1 : 0;
    const bool is_wanted[] = {true};
    const PlanOptions options = {.is_wanted = is_wanted};
    double start = now_s();
    g_autoptr(Plan) checked =
        plan_check(plan, estate->inventory, estate->catalog, NULL, &options, &error);
    double seconds = now_s() - start;
    plan->items = items;
    plan->n_items = n;
    if (!checked)
        g_error("%s", error->message);
    return seconds;
}

int
main(int argc, char **argv)
{
    size_t n = argc > 1 ? g_ascii_strtoull(argv[1], NULL, 10) : 100000;
    size_t n_networks = argc > 2 ? g_ascii_strtoull(argv[2], NULL, 10) : 10000;
    g_autoptr(GError) error = NULL;
    g_auto(Estate) estate = {0};
    estate_init(&estate);
    add_catalog(&estate, n_networks);
    add_instances(&estate, n);
    estate_freeze(&estate);
    double inputs_mib = peak_mib(), start = now_s();
    g_autoptr(Plan) plan = plan_build(estate.inventory, estate.catalog, NULL, NULL, &error);
    double seconds = now_s() - start;
    if (!plan) {
        fprintf(stderr, "bench_plan: %s\n", error->message);
        return 1;
    }
    double one_ms = 1000 * check_one(&estate, plan);
    printf("{\"vms\": %zu, \"networks\": %zu, \"seconds\": %.3f, \"inputs_mib\": %.0f, "
           "\"peak_mib\": %.0f, "
           "\"check_one_ms\": %.1f",
        n, n_networks, seconds, inputs_mib, peak_mib(), one_ms);
    for (int verdict = VERDICT_READY; verdict < VERDICT_N; verdict++)
        printf(", \"%s\": %zu", verdict_words[verdict], plan->n_verdicts[verdict]);
    puts("}");
    return 0;
}
