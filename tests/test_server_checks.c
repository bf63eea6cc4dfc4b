/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/server_order.h"

static void
test_case(gconstpointer data)
{
    const Case *it = data;
    for (size_t column = 0; column < releases_n; column++) {
        g_autofree char *trouble = judge_case(it, column);
        g_assert_cmpstr(trouble, ==, NULL);
    }
}

static void
test_order(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(server_cases); i++)
        for (size_t j = i + 1; j < G_N_ELEMENTS(server_cases); j++) {
            g_autofree char *trouble = judge_order(&server_cases[i], &server_cases[j]);
            g_assert_cmpstr(trouble, ==, NULL);
        }
}

static void
test_order_by_release(void)
{
    for (size_t column = 0; column < releases_n; column++) {
        g_autofree char *trouble = judge_orders_of(column);
        g_assert_cmpstr(trouble, ==, NULL);
    }
}

static void
test_hidden(void)
{
    bool is_right = true;
    for (size_t i = 0; i < G_N_ELEMENTS(server_cases); i++)
        for (size_t column = 0; column < releases_n; column++) {
            g_autofree char *trouble = judge_hidden(&server_cases[i], column);
            if (trouble)
                g_test_message("%s", trouble);
            is_right &= !trouble;
        }
    g_assert_true(is_right);
}

/* 4.20.1 and 4.20.2 do not look at the limit of CPUs, 4.20.3 does: nothing else tells them apart.
 */
static void
test_release_that_decides_is_named(void)
{
    const Case *limit = find_case(FINDING_LIMIT_CPU, false);
    g_auto(Outcome) outcome;
    ReleaseSet set;
    play_cases(&limit, 1, 8, &set, &outcome);
    g_assert_cmpuint(set.n, ==, 3);
    g_assert_cmpstr(set.rows[2]->name, ==, "4.20.3");
    g_assert_true(outcome.has[FINDING_RELEASE_DECIDES]);
    g_assert_false(outcome.has[FINDING_LIMIT_CPU]);
}

static void
test_narrowed_down(void)
{
    for (size_t column = 0; column < releases_n; column++) {
        g_autofree char *trouble = judge_narrowing(column);
        g_assert_cmpstr(trouble, ==, NULL);
    }
}

/* Each row of the table has a case, in a release that makes the check. */
static void
test_each_row_has_a_case(void)
{
    for (size_t i = 0; i < finding_kinds_n; i++) {
        bool is_met = finding_kinds[i]->stage == STAGE_NONE;
        for (size_t j = 0; j < G_N_ELEMENTS(server_cases) && !is_met; j++)
            is_met = server_cases[j].id == (FindingId)finding_kinds[i]->number &&
                     strpbrk(server_cases[j].by_release, "0123");
        if (!is_met)
            g_test_message("no case for '%s'", finding_kinds[i]->id);
        g_assert_true(is_met);
    }
}

static const struct {
    const char *version, *name;
    ReleaseMatch match;
} versions[] = {
    {"4.17.2.0", "4.18.0", RELEASE_OLDER},
    {"4.18.0.0", "4.18.0", RELEASE_EXACT},
    {"4.18.1.1", "4.18.0", RELEASE_EXACT},
    {"4.18.2.0", "4.18.2", RELEASE_EXACT},
    {"4.18.2.5", "4.18.2", RELEASE_EXACT},
    {"4.18.2.6", "4.18.2", RELEASE_NEAR},
    {"4.19.0.0", "4.19.0", RELEASE_EXACT},
    {"4.19.1.3", "4.19.1", RELEASE_NEAR},
    {"4.19.4.0", "4.19.3", RELEASE_NEAR},
    {"4.20.0.0", "4.20.0", RELEASE_EXACT},
    {"4.20.3", "4.20.3", RELEASE_EXACT},
    {"4.20.4.0", "4.20.3", RELEASE_NEAR},
    {"4.21.0.0", "4.21.0", RELEASE_EXACT},
    {"4.22.0.0", "4.22.0", RELEASE_EXACT},
    {"4.22.0.1", "4.22.0.1", RELEASE_EXACT},
    {"4.22.0.2", "4.22.0.1", RELEASE_NEAR},
    {"4.22.1.0", "4.22.1", RELEASE_EXACT},
    {"4.23.0.0-SNAPSHOT", "4.23.0", RELEASE_EXACT},
    {"4.23.1.0", "4.23.0", RELEASE_NEWER},
    {"4.30.0.0", "4.23.0", RELEASE_NEWER},
};

static void
test_versions(void)
{
    ReleaseSet set;
    for (size_t i = 0; i < G_N_ELEMENTS(versions); i++) {
        g_assert_true(releases_from_version(versions[i].version, &set));
        g_assert_cmpuint(set.n, ==, 1);
        g_assert_cmpstr(set.rows[0]->name, ==, versions[i].name);
        g_assert_cmpint((int)set.match, ==, (int)versions[i].match);
    }
    static const char *const none[] = {"", "4.", "5.0.0", "four", "4.x.1", NULL};
    for (size_t i = 0; none[i]; i++)
        g_assert_false(releases_from_version(none[i], &set));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(server_cases); i++) {
        const Case *it = &server_cases[i];
        g_autofree char *path = g_strdup_printf("/checks/%s/%zu", finding_kinds[it->id - 1]->id, i);
        g_test_add_data_func(path, it, test_case);
    }
    g_test_add_func("/checks/order", test_order);
    g_test_add_func("/checks/order-by-release", test_order_by_release);
    g_test_add_func("/checks/each-row-has-a-case", test_each_row_has_a_case);
    g_test_add_func("/releases/what-is-open-is-unknown", test_hidden);
    g_test_add_func("/releases/one-that-decides-is-named", test_release_that_decides_is_named);
    g_test_add_func("/releases/versions", test_versions);
    g_test_add_func("/releases/narrowed-down", test_narrowed_down);
    return g_test_run();
}
