/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/estate_builder.h"

typedef struct Case {
    const char *name, *os, *osid, *version; /* version of the host */
    const char *mapped_type, *mapped_name, *mapped_version;
    Verdict verdict;
    const char *server_text; /* NULL: accepted */
} Case;

#define NO_NAME(os, osid)                                                                          \
    "Unable to retrieve guest OS details for unmanaged VM: web-01 with OS name: " os               \
    ", OS ID: " osid " for hypervisor: VMware version: 7.0.3.0. templateid parameter can be "      \
    "used to assign template for VM"
#define NO_MAPPING                                                                                 \
    "Unable to find hypervisor guest OS ID: type-b details for unmanaged VM: web-01 for "          \
    "hypervisor: VMware version: 7.0.3.0. templateid parameter can be used to assign template "    \
    "for VM"

static const Case cases[] = {
    {"by-name", "Some OS", "", "7.0.3.0", "type-b", "some", "7.0.3.0", VERDICT_READY, NULL},
    {"by-name-and-parent-version", "Some OS", "", "7.0.3.0", "type-b", "some", "7.0", VERDICT_READY,
        NULL},
    {"by-id", "odd", "oddGuest", "7.0.3.0", "type-x", "oddGuest", "7.0.3.0", VERDICT_READY, NULL},
    {"by-id-and-parent-version", "odd", "oddGuest", "7.0.3.0", "type-x", "oddGuest", "7.0",
        VERDICT_READY, NULL},
    {"name-known-id-mapped", "Some OS", "oddGuest", "7.0.3.0", "type-x", "oddGuest", "7.0.3.0",
        VERDICT_READY, NULL},
    {"of-another-version", "Some OS", "", "7.0.3.0", "type-b", "some", "8.0", VERDICT_BLOCKED,
        NO_MAPPING},
    {"name-in-other-case", "some os", "x", "7.0.3.0", "type-b", "some", "7.0.3.0", VERDICT_BLOCKED,
        NO_NAME("some os", "x")},
    {"nothing-told", "", "", "7.0.3.0", "type-b", "some", "7.0.3.0", VERDICT_BLOCKED,
        NO_NAME("", "")},
    {"unknown-to-all", "Plan 9", "plan9Guest", "7.0.3.0", "type-b", "some", "7.0.3.0",
        VERDICT_BLOCKED, NO_NAME("Plan 9", "plan9Guest")},
};

static void
prepare(Estate *estate, const Case *it)
{
    estate_init_plain(estate);
    OsType type = {.id = text_known("type-b"), .description = text_known("Some OS")};
    OsMapping mapping = {.ostypeid = text_known(it->mapped_type),
        .osnameforhypervisor = text_known(it->mapped_name),
        .hypervisor = text_known("VMware"),
        .hypervisorversion = text_known(it->mapped_version)};
    g_array_append_val(estate->os_types, type);
    g_array_append_val(estate->os_mappings, mapping);
    g_array_index(estate->hosts, Host, 0).hypervisorversion = text_known(it->version);
    InstanceView *view = estate_add_plain_vm(estate, "web-01");
    view->guest_os_name = text_known(it->os);
    view->guest_os_id = text_known(it->osid);
    estate_put_vm(estate, view, true);
    estate_freeze(estate);
}

static void
test_case(gconstpointer data)
{
    const Case *it = data;
    g_auto(Estate) estate = {0};
    prepare(&estate, it);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    const PlanItem *item = &plan->items[0];
    assert_verdict(item, it->verdict);
    if (!it->server_text)
        return;
    Arena arena;
    arena_init(&arena);
    FindingText text;
    finding_render(item, &item->findings[0], &arena, &text);
    g_assert_cmpstr(text.server.text.value, ==, it->server_text);
    g_assert_cmpint(text.server.code.value, ==, 530);
    g_assert_cmpint((int)text.server.stage, ==, STAGE_JOB);
    arena_release(&arena);
}

static void
test_unread_lists_are_unknown(void)
{
    for (int i = 0; i < 3; i++) {
        g_auto(Estate) estate = {0};
        prepare(&estate, &cases[5]);
        Catalog *catalog = estate.catalog;
        if (i == 0)
            catalog->os_types.state = FACT_UNKNOWN;
        else if (i == 1)
            catalog->os_mappings.state = FACT_UNKNOWN;
        else
            catalog->hosts.state = FACT_UNKNOWN, catalog->hosts.n = 0;
        g_autoptr(Plan) plan = estate_plan(&estate, NULL);
        assert_verdict(&plan->items[0], VERDICT_UNKNOWN);
        assert_finding(&plan->items[0], "list-unread");
    }
}

static void
test_template_saves_it(void)
{
    g_auto(Estate) estate = {0};
    g_autoptr(GError) error = NULL;
    prepare(&estate, &cases[5]);
    Template template = {.id = text_known("any"), .name = text_known("any")};
    estate.catalog->templates.items = &template;
    estate.catalog->templates.n = 1;
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    plan->items[0].choice.templateid = text_known("any");
    g_autoptr(Plan) checked =
        plan_check(plan, estate.inventory, estate.catalog, NULL, NULL, &error);
    g_assert_no_error(error);
    assert_verdict(&checked->items[0], VERDICT_READY);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/plan/guest-os/%s", cases[i].name);
        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/plan/guest-os/unread-lists-are-unknown", test_unread_lists_are_unknown);
    g_test_add_func("/plan/guest-os/template-saves-it", test_template_saves_it);
    return g_test_run();
}
