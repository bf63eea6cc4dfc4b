/* SPDX-License-Identifier: Apache-2.0
 *
 * Waves, priorities and the schedule that a plan proposes.
 */
#include "tests/estate_builder.h"

#include "appliance/report.h"
#include "cleanup.h"

static char *
schedule_text(const Plan *plan)
{
    g_autoptr(GString) text = g_string_new(NULL);
    record_encode(&schedule_type, &plan->schedule, text);
    return g_strdup(text->str);
}

/* VMs of these names, planned. */
static Plan *
plan_of(Estate *estate, const char *rules, const char *const *names)
{
    estate_init_plain(estate);
    for (; *names; names++)
        estate_put_vm(estate, estate_add_plain_vm(estate, *names), true);
    estate_freeze(estate);
    return estate_plan(estate, rules);
}

static void
assert_schedule(const char *rules, const char *expected)
{
    static const char *const names[] = {"a-10", "a-9", "b", "a-009", "c", NULL};
    g_auto(Estate) estate = {0};
    g_autoptr(Plan) plan = plan_of(&estate, rules, names);
    g_autofree char *found = schedule_text(plan);
    g_assert_cmpstr(found, ==, expected);
}

static void
test_defaults_are_written_out(void)
{
    assert_schedule("", "{\"jobs\":5,\"limits\":[{\"kind\":\"moves\",\"jobs\":2}],\"windows\":[],"
                        "\"failures\":3,\"waves\":[],\"overlap\":false}");
}

static void
test_settings_are_taken_over(void)
{
    assert_schedule("limit jobs 7\nlimit moves 1\nlimit pool \"p 1\" 3\nfailures none\n"
                    "window  22:00  to 06:00 \"Europe/Berlin\" # at night\n"
                    "window sat 00:00-24:00 UTC\nwaves overlap\nfailures 1 for wave x\n"
                    "window 10:00-11:00 UTC for wave x\n",
        "{\"jobs\":7,\"limits\":[{\"kind\":\"moves\",\"jobs\":1},{\"kind\":\"pool\",\"name\":\"p "
        "1\","
        "\"jobs\":3}],\"windows\":[\"22:00 to 06:00 Europe/Berlin\",\"sat 00:00-24:00 UTC\"],"
        "\"failures\":null,\"waves\":[{\"name\":\"x\",\"windows\":[\"10:00-11:00 UTC\"],"
        "\"failures\":1}],\"overlap\":true}");
}

/* Those of a 'waves' line, then the others by name, numbers by their value. */
static void
test_waves_are_in_order(void)
{
    assert_schedule("wave name c -> z\nwave any -> \"{name}\"\nwaves z later\nwaves b\n"
                    "failures 9 for wave a-10\n",
        "{\"jobs\":5,\"limits\":[{\"kind\":\"moves\",\"jobs\":2}],\"windows\":[],\"failures\":3,"
        "\"waves\":[{\"name\":\"z\"},{\"name\":\"later\"},{\"name\":\"b\"},{\"name\":\"a-009\"},"
        "{\"name\":\"a-9\"},{\"name\":\"a-10\",\"failures\":9}],\"overlap\":false}");
}

static void
test_priority_by_the_first_rule(void)
{
    static const char *const names[] = {"db-1", "web-1", "x", NULL};
    g_auto(Estate) estate = {0};
    g_autoptr(Plan) plan =
        plan_of(&estate, "priority name db-* -> 10\npriority name *-1 -> -3\n", names);
    g_assert_cmpint(plan->items[0].choice.priority.value, ==, 10);
    g_assert_cmpint(plan->items[1].choice.priority.value, ==, -3);
    g_assert_cmpint(plan->items[2].choice.priority.state, ==, FACT_ABSENT);
}

static Plan *
save_and_read(const Plan *plan)
{
    g_autofree char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    g_assert_true(plan_save(plan, out, NULL));
    fclose(out);
    g_autoptr(StdioFile) in = fmemopen(text, size, "r");
    g_autoptr(GError) error = NULL;
    Plan *read = plan_read(in, "p.json", &error);
    g_assert_no_error(error);
    return read;
}

/* A plan file that is checked keeps its schedule, whatever the policy says; new waves follow. */
static void
test_check_keeps_what_was_edited(void)
{
    static const char *const names[] = {"a", "b", NULL};
    g_auto(Estate) estate = {0};
    g_autoptr(Plan) built = plan_of(&estate, "wave any -> 1\nlimit jobs 7\n", names);
    g_autoptr(Plan) plan = save_and_read(built);
    ScheduleWave waves[] = {{.name = text_known("2")}, {.name = text_known("1")}};
    plan->schedule.waves.items = waves;
    plan->schedule.waves.n = 2;
    plan->schedule.jobs = int_known(9);
    plan->items[1].choice.wave = text_known("0");
    plan->items[1].choice.priority = int_known(4);
    g_autoptr(Policy) policy = policy_parse("limit jobs 3\nwave any -> 5\n", "other", NULL);
    g_autoptr(Plan) checked =
        plan_check(plan, estate.inventory, estate.catalog, policy, NULL, NULL);
    g_autofree char *found = schedule_text(checked);
    g_assert_cmpstr(found, ==,
        "{\"jobs\":9,\"limits\":[{\"kind\":\"moves\",\"jobs\":2}],\"windows\":[],\"failures\":3,"
        "\"waves\":[{\"name\":\"2\"},{\"name\":\"1\"},{\"name\":\"0\"}],\"overlap\":false}");
    g_assert_cmpstr(checked->items[0].choice.wave.value, ==, "1");
    g_assert_cmpint(checked->items[1].choice.priority.value, ==, 4);
}

/* Choices that are taken into a proposal bring their waves into its order. */
static void
test_choices_bring_waves(void)
{
    static const char *const names[] = {"a", "b", NULL};
    g_auto(Estate) estate = {0};
    g_autoptr(Policy) policy = policy_parse("wave any -> 2\nlimit jobs 7\n", "rules", NULL);
    g_autoptr(Plan) plan = plan_of(&estate, "wave any -> 2\nlimit jobs 7\n", names);
    plan->items[1].choice.wave = text_known("1");
    g_autoptr(Plan) checked =
        plan_check(plan, estate.inventory, estate.catalog, policy, NULL, NULL);
    g_assert_cmpuint(checked->schedule.waves.n, ==, 2);
    g_assert_cmpstr(checked->schedule.waves.items[0].name.value, ==, "1");
    g_assert_cmpint(checked->schedule.jobs.value, ==, 7);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plan/schedule/defaults-are-written-out", test_defaults_are_written_out);
    g_test_add_func("/plan/schedule/settings-are-taken-over", test_settings_are_taken_over);
    g_test_add_func("/plan/schedule/waves-are-in-order", test_waves_are_in_order);
    g_test_add_func("/plan/schedule/priority-by-the-first-rule", test_priority_by_the_first_rule);
    g_test_add_func("/plan/schedule/check-keeps-what-was-edited", test_check_keeps_what_was_edited);
    g_test_add_func("/plan/schedule/choices-bring-waves", test_choices_bring_waves);
    return g_test_run();
}
