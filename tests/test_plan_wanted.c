/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/crowd.h"

static Plan *
check(const Estate *estate, const Plan *given, const bool *is_wanted)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Policy) policy = policy_parse(CROWD_RULES, "rules", &error);
    const PlanOptions options = {.is_wanted = is_wanted};
    Plan *plan = plan_check(given, estate->inventory, estate->catalog, policy, &options, &error);
    g_assert_no_error(error);
    return plan;
}

/* Whatever stands before and behind it. */
static void
test_wanted_items_are_those_of_the_whole(void)
{
    enum { ROUNDS = 30 };
    size_t n_verdicts[VERDICT_N] = {0};
    for (int round = 0; round < ROUNDS; round++) {
        g_auto(Estate) estate = {0};
        g_autoptr(Plan) given = crowd_make(&estate);
        crowd_edit(given);
        g_autoptr(Plan) whole = check(&estate, given, NULL);
        bool is_wanted[CROWD_VMS];
        for (size_t i = 0; i < whole->n_items; i++)
            is_wanted[i] = !crowd_below(4);
        g_autoptr(Plan) part = check(&estate, given, is_wanted);
        size_t n = 0;
        for (size_t i = 0; i < whole->n_items; i++) {
            n_verdicts[whole->items[i].verdict]++;
            if (is_wanted[i])
                assert_same_item(&part->items[n++], &whole->items[i]);
        }
        g_assert_cmpuint(part->n_items, ==, n);
        g_assert_cmpuint(
            part->n_networks + part->n_storage + part->n_offerings + part->n_freeze + part->n_time,
            ==, 0);
    }
    g_assert_cmpuint(n_verdicts[VERDICT_READY], >, ROUNDS);
    g_assert_cmpuint(n_verdicts[VERDICT_BLOCKED], >, ROUNDS);
    g_assert_cmpuint(n_verdicts[VERDICT_UNKNOWN], >, ROUNDS);
}

static void
test_verdicts_of_the_wanted_are_counted(void)
{
    g_auto(Estate) estate = {0};
    g_autoptr(Plan) given = crowd_make(&estate);
    for (size_t i = 0; i < given->n_items; i++) {
        bool is_wanted[CROWD_VMS] = {false};
        is_wanted[i] = true;
        g_autoptr(Plan) one = check(&estate, given, is_wanted);
        g_assert_cmpuint(one->n_items, ==, 1);
        for (int verdict = 0; verdict < VERDICT_N; verdict++)
            g_assert_cmpuint(
                one->n_verdicts[verdict], ==, (size_t)(one->items[0].verdict == (Verdict)verdict));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func(
        "/plan/wanted/items-are-those-of-the-whole", test_wanted_items_are_those_of_the_whole);
    g_test_add_func(
        "/plan/wanted/their-verdicts-are-counted", test_verdicts_of_the_wanted_are_counted);
    return g_test_run();
}
