/* SPDX-License-Identifier: Apache-2.0 */
#include "mapper/mapper_priv.h"
#include "tests/estate_builder.h"

/* A row of the server's checks has its place, its proof, and no more wordings than releases. */
static void
assert_check_is_complete(const FindingKind *kind)
{
    bool is_check = kind->stage != STAGE_NONE;
    g_assert_true(is_check == (kind->rank != RANK_NONE));
    g_assert_true(is_check == (kind->proof != PROOF_NONE));
    g_assert_true(!is_check || (kind->stage == STAGE_JOB) == (kind->rank >= RANK_CONVERT_EXTRA));
    g_autofree char *releases_of = finding_kind_releases(kind);
    g_autofree char *wordings = finding_kind_wordings(kind);
    g_assert_true(*releases_of); /* some release makes it */
    size_t n = 0, n_lines = 0;
    for (const ServerWording *each = kind->wordings; each && each->text; each++)
        n++;
    for (const char *p = wordings; (p = strchr(p, '\n')); p++)
        n_lines++;
    g_assert_cmpuint(n_lines, ==, n); /* each is that of some release */
}

static void
test_releases_are_told(void)
{
    g_autofree char *all = finding_kind_releases(finding_find_kind("no-disks"));
    g_assert_cmpstr(all, ==, "all");
    g_autofree char *some = finding_kind_releases(finding_find_kind("cluster-disabled"));
    g_assert_cmpstr(some, ==,
        "4.19.2, 4.19.3, 4.20.1, 4.20.2, 4.20.3, 4.21.0, 4.22.0, 4.22.0.1, 4.22.1, 4.23.0");
    g_autofree char *wordings = finding_kind_wordings(finding_find_kind("cluster-hypervisor"));
    g_assert_cmpstr(
        wordings, ==, "4.18.0, 4.18.2: VM import is currently not supported for hypervisor: {2}\n");
}

static void
test_each_kind_is_complete(void)
{
    g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < finding_kinds_n; i++) {
        const FindingKind *kind = finding_kinds[i];
        g_assert_nonnull(kind->id);
        g_assert_true(g_hash_table_add(ids, (gpointer)kind->id));
        for (const char *p = kind->id; *p; p++)
            g_assert_true(g_ascii_islower(*p) || g_ascii_isdigit(*p) || *p == '-');
        g_assert_cmpint(kind->severity, >, SEVERITY_NONE);
        const char *const texts[] = {kind->text, kind->evidence, kind->remedy, kind->meaning};
        for (size_t j = 0; j < G_N_ELEMENTS(texts); j++)
            g_assert_true(texts[j] && strlen(texts[j]) > 2);
        g_assert_true(finding_find_kind(kind->id) == kind);
        g_assert_true((kind->stage == STAGE_NONE) == (kind->server_code == 0));
        g_assert_true(kind->stage != STAGE_NONE || !kind->server_text);
        assert_check_is_complete(kind);
    }
    g_assert_null(finding_find_kind("no-such-kind"));
}

/* With all arguments given nothing of a template's words is left. */
static void
test_each_template_renders(void)
{
    Arena arena;
    arena_init(&arena);
    PlanItem item = {.instance.name = text_known("web-01")};
    for (size_t i = 0; i < finding_kinds_n; i++) {
        Finding finding = {.kind = finding_kinds[i],
            .severity = finding_kinds[i]->severity,
            .subject = "Network adapter 1"};
        for (int j = 0; j < FINDING_ARGS_MAX; j++)
            finding.args[j].text = "ARGUMENT";
        FindingText text;
        finding_render(&item, &finding, &arena, &text);
        const char *const texts[] = {
            text.text.value, text.evidence.value, text.remedy.value, text.server.text.value};
        for (size_t j = 0; j < G_N_ELEMENTS(texts); j++) {
            for (const char *p = texts[j]; p && (p = strchr(p, '{')); p++)
                g_assert_false(g_ascii_isdigit(p[1]));
            g_assert_false(
                texts[j] && (strstr(texts[j], "{nic}") || strstr(texts[j], "{disk}") ||
                                strstr(texts[j], "{vm}") || strstr(texts[j], "{shown}") ||
                                strstr(texts[j], "{CPU}") || strstr(texts[j], "{Template}")));
        }
        g_assert_cmpstr(text.id.value, ==, finding_kinds[i]->id);
        g_assert_cmpint(text.server.stage, ==, finding_kinds[i]->stage);
    }
    arena_release(&arena);
}

static void
test_numbers_and_sizes_render(void)
{
    Arena arena;
    arena_init(&arena);
    PlanItem item = {.instance.name = text_known("web-01")};
    Finding finding = {.kind = finding_find_kind("template-too-big"), .severity = SEVERITY_BLOCKER};
    finding.args[0].text = "big {1} {vm}";
    finding.args[1].number = (int64_t)3 << 29;
    finding.args[2].number = 10;
    finding.args[3].text = "1.50";
    FindingText text;
    finding_render(&item, &finding, &arena, &text);
    /* What stands in an argument is never taken for a template. */
    g_assert_cmpstr(text.text.value, ==, "Template 'big {1} {vm}' is bigger than the root disk.");
    g_assert_cmpstr(text.evidence.value, ==, "Template 1.50 GiB, root disk 10 GB when rounded up.");
    g_assert_cmpint(text.subject.state, ==, FACT_ABSENT);
    g_assert_cmpint(text.server.code.value, ==, 431);
    arena_release(&arena);
}

/* The server sends one refusal: it stands first, whatever else is found. */
static void
test_first_refusal_comes_first(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    InstanceView *view = estate_add_plain_vm(&estate, "2019");
    estate_add_nic(&estate, view, 99)->adapter = text_known("E1000");
    view->has_vtpm = bool_known(true);
    view->needs_consolidation = bool_known(true);
    estate_put_vm(&estate, view, true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    static const char *const expected[] = {"hostname-missing", "adapters-mixed",
        "vlan-without-network", "vtpm", "needs-consolidation"};
    g_assert_cmpuint(plan->items[0].n_findings, ==, G_N_ELEMENTS(expected));
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++)
        g_assert_cmpstr(plan->items[0].findings[i].kind->id, ==, expected[i]);
}

/* The words that a running server sends, as far as they hold no object of its own. */
static const struct {
    const char *id, *args[FINDING_ARGS_MAX], *subject, *text;
    int code;
} replies[] = {
    {"datastore-not-a-pool", {"Hard disk 1", "notadded", "z"}, "111-2000",
        "Storage pool for disk Hard disk 1(111-2000) with datastore: notadded not found in zone "
        "ID: z",
        530},
    {"adapters-mixed", {"Vmxnet3", "E1000"}, NULL,
        "Multiple network adapter of different type (Vmxnet3, E1000) are not supported for import. "
        "Please make sure that all network adapters are of the same type",
        530},
    {"network-vlan-differs", {"l2-102", "vlan://102", "101", "uuid"}, "Network adapter 1",
        "VLAN of network(ID: uuid) vlan://102 is found different from the VLAN of nic(ID: Network "
        "adapter 1) vlan://101 during VM import",
        530},
    {"network-forbidden", {"n", "o", "uuid", "x"}, "Network adapter 1",
        "Unable to use network with id= uuid, permission denied", 530},
    {"disk-offering-too-small", {"do-5g", "uuid", "5", "20", "20"}, "102-2001",
        "Size of disk offering(ID: uuid) 5GB is found less than the size of disk(ID: 102-2001) "
        "20GB "
        "during VM import",
        530},
    {"vlan-without-network", {"", "", "", "", "", ""}, "Network adapter 1",
        "Suitable network for nic(ID: Network adapter 1) not found during VM import", 530},
    {"no-disks", {""}, NULL, "No attached disks found for the unmanaged VM: web-01", 530},
    {"account-not-found", {"nobody", "d", ""}, NULL,
        "Unable to find account by name nobody in domain with specified id", 431},
    {"ip-not-available", {"10.1.1.1", "n", "uuid", "", ""}, "Network adapter 1",
        "IP address 10.1.1.1 for NIC(ID: Network adapter 1) is not available in network(ID: uuid)",
        530},
};

static void
test_server_texts_are_the_servers(void)
{
    Arena arena;
    arena_init(&arena);
    PlanItem item = {.instance.name = text_known("web-01")};
    for (size_t i = 0; i < G_N_ELEMENTS(replies); i++) {
        Finding finding = {.kind = finding_find_kind(replies[i].id), .subject = replies[i].subject};
        g_assert_nonnull(finding.kind);
        for (int j = 0; j < FINDING_ARGS_MAX; j++)
            finding.args[j].text = replies[i].args[j];
        FindingText text;
        finding_render(&item, &finding, &arena, &text);
        g_assert_cmpstr(text.server.text.value, ==, replies[i].text);
        g_assert_cmpint(text.server.code.value, ==, replies[i].code);
    }
    arena_release(&arena);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/findings/each-kind-is-complete", test_each_kind_is_complete);
    g_test_add_func("/findings/releases-are-told", test_releases_are_told);
    g_test_add_func("/findings/each-template-renders", test_each_template_renders);
    g_test_add_func("/findings/numbers-and-sizes-render", test_numbers_and_sizes_render);
    g_test_add_func("/findings/first-refusal-comes-first", test_first_refusal_comes_first);
    g_test_add_func("/findings/server-texts-are-the-servers", test_server_texts_are_the_servers);
    return g_test_run();
}
