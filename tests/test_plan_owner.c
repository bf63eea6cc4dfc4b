/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/estate_builder.h"

typedef struct Case {
    const char *name, *rules;
    const char *account, *domainid, *projectid;
    Verdict verdict;
    const char *finding;
} Case;

static const Case cases[] = {
    {"no-rule-leaves-it-to-the-caller", NULL, NULL, NULL, NULL, VERDICT_READY, NULL},
    {"caller-by-rule", "owner any -> caller", NULL, NULL, NULL, VERDICT_READY, NULL},
    {"account", "owner any -> account alice domain /a", "alice", "domain-a", NULL, VERDICT_READY,
        NULL},
    {"domain-by-full-path", "owner any -> domain ROOT/a account alice", "alice", "domain-a", NULL,
        VERDICT_READY, NULL},
    {"domain-by-id", "owner any -> domain domain-a account alice", "alice", "domain-a", NULL,
        VERDICT_READY, NULL},
    {"root-domain", "owner any -> domain / account admin", "admin", "domain-root", NULL,
        VERDICT_READY, NULL},
    {"project-by-name", "owner any -> project shop", NULL, NULL, "id-of-shop", VERDICT_READY, NULL},
    {"project-of-a-domain", "owner any -> project shop domain ROOT/a", NULL, NULL, "id-of-shop",
        VERDICT_READY, NULL},
    {"project-of-other-domain", "owner any -> project shop domain ROOT", NULL, NULL, "shop",
        VERDICT_BLOCKED, "project-not-found"},
    {"account-not-there", "owner any -> domain ROOT/a account nobody", "nobody", "domain-a", NULL,
        VERDICT_BLOCKED, "account-not-found"},
    {"domain-not-there", "owner any -> domain /b account alice", "alice", "/b", NULL,
        VERDICT_BLOCKED, "domain-not-found"},
    {"project-of-two-domains", "owner any -> project twin", NULL, NULL, "twin", VERDICT_BLOCKED,
        "project-ambiguous"},
    {"project-of-two-domains-by-domain", "owner any -> project twin domain /a", NULL, NULL,
        "twin-a", VERDICT_READY, NULL},
    {"project-of-two-domains-by-id", "owner any -> project twin-a", NULL, NULL, "twin-a",
        VERDICT_READY, NULL},
    {"project-of-no-domain", "owner any -> project shop domain /none", NULL, NULL, "shop",
        VERDICT_BLOCKED, "project-not-found"},
    {"project-not-there", "owner any -> project none", NULL, NULL, "none", VERDICT_BLOCKED,
        "project-not-found"},
    {"account-disabled", "owner any -> domain ROOT/a account locked", "locked", "domain-a", NULL,
        VERDICT_BLOCKED, "owner-not-active"},
    {"project-suspended", "owner any -> project old", NULL, NULL, "id-of-old", VERDICT_BLOCKED,
        "project-not-active"},
};

static void
prepare_accounts(Estate *estate)
{
    estate_init_plain(estate);
    Network *network = LAST(Network, estate->networks);
    network->acltype = text_known("Domain");
    network->subdomainaccess = bool_known(true);
    estate_add_account(estate, "alice", "domain-a", 0);
    estate_add_account(estate, "locked", "domain-a", 0)->state = text_known("disabled");
    estate_add_project(estate, "shop", "domain-a");
    estate_add_project(estate, "twin", "domain-a")->id = text_known("twin-a");
    estate_add_project(estate, "twin", "domain-root")->id = text_known("twin-root");
    estate_add_project(estate, "old", "domain-a")->state = text_known("Suspended");
}

static void
prepare(Estate *estate)
{
    prepare_accounts(estate);
    estate_put_vm(estate, estate_add_plain_vm(estate, "web-01"), true);
    estate_freeze(estate);
}

static void
test_case(gconstpointer data)
{
    const Case *it = data;
    g_auto(Estate) estate = {0};
    prepare(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, it->rules);
    const Choice *choice = &plan->items[0].choice;
    g_assert_cmpstr(choice->account.value, ==, it->account);
    g_assert_cmpstr(choice->domainid.value, ==, it->domainid);
    g_assert_cmpstr(choice->projectid.value, ==, it->projectid);
    assert_verdict(&plan->items[0], it->verdict);
    if (it->finding)
        g_assert_cmpstr(plan->items[0].findings[0].kind->id, ==, it->finding);
}

static void
test_unread_accounts_are_unknown(void)
{
    g_auto(Estate) estate = {0};
    prepare(&estate);
    estate.catalog->accounts.n = 0;
    estate.catalog->accounts.state = FACT_UNKNOWN;
    g_autoptr(Plan) plan = estate_plan(&estate, "owner any -> domain ROOT/a account alice");
    assert_verdict(&plan->items[0], VERDICT_UNKNOWN);
    assert_finding(&plan->items[0], "list-unread");
}

/* A list that was not read makes a VM unknown, never blocked: what it holds is not known. */
static void
test_unread_lists_block_nothing(void)
{
    static const char *const lists[] = {"domains", "accounts", "projects", "settings"};
    static const char *const owners[] = {
        "domain ROOT/a account alice", "domain ROOT/a account alice", "project shop", "caller"};
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        g_auto(Estate) estate = {0};
        estate_init_plain(&estate);
        Network *network = LAST(Network, estate.networks);
        network->account = text_known(i == 3 ? "bob" : "alice");
        network->domainid = text_known("domain-a");
        if (i == 2)
            network->projectid = text_known("id-of-shop");
        estate_add_account(&estate, "alice", "domain-a", 0);
        estate_add_account(&estate, "bob", "domain-a", 0);
        estate_add_project(&estate, "shop", "domain-a");
        LAST(ServiceOffering, estate.service_offerings)->domainid =
            i == 0 ? one_text(&estate, "domain-a") : (Texts){.state = FACT_KNOWN};
        estate_put_vm(&estate, estate_add_plain_vm(&estate, "web-01"), true);
        estate_freeze(&estate);
        Catalog *catalog = estate.catalog;
        FactState *states[] = {&catalog->domains.state, &catalog->accounts.state,
            &catalog->projects.state, &catalog->settings.state};
        size_t *counts[] = {
            &catalog->domains.n, &catalog->accounts.n, &catalog->projects.n, &catalog->settings.n};
        *states[i] = FACT_UNKNOWN;
        *counts[i] = 0;
        g_autofree char *rule = g_strdup_printf("owner any -> %s", owners[i]);
        g_autoptr(Plan) plan = estate_plan(&estate, rule);
        g_test_message("%s", lists[i]);
        assert_verdict(&plan->items[0], VERDICT_UNKNOWN);
    }
}

static void
test_several_root_admins_leave_the_caller_open(void)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    estate_add_account(&estate, "admin2", "domain-root", 1);
    LAST(Network, estate.networks)->acltype = text_known("Domain");
    estate_put_vm(&estate, estate_add_plain_vm(&estate, "web-01"), true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, NULL);
    assert_finding(&plan->items[0], "caller-unknown");
    assert_verdict(&plan->items[0], VERDICT_READY);
}

/* Of the owners that a rule names the first one is taken that the VM can be imported for. */
static void
test_next_owner_takes_what_the_first_may_not(void)
{
    g_auto(Estate) estate = {0};
    prepare_accounts(&estate);
    Account *small = estate_add_account(&estate, "small", "domain-a", 0);
    small->vmlimit = small->vmavailable = text_known("1");
    for (int i = 1; i <= 3; i++)
        estate_put_vm(
            &estate, estate_add_plain_vm(&estate, estate_text(&estate, "web-%d", i)), true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(
        &estate, "owner any -> account small domain /a or project old or account alice domain /a");
    static const char *const owners[] = {"small", "alice", "alice"};
    for (size_t i = 0; i < 3; i++) {
        assert_verdict(&plan->items[i], VERDICT_READY);
        g_assert_cmpstr(plan->items[i].choice.account.value, ==, owners[i]);
    }
    const Reason *reason = &plan->items[1].reasons[1];
    g_assert_cmpstr(reason->about.value, ==, "account");
    g_assert_cmpuint(reason->others.n, ==, 2);
    g_assert_cmpstr(reason->others.items[0], ==, "account 'small' in domain 'ROOT/a'");
    g_assert_nonnull(strstr(reason->why.value, "names before would be refused"));
}

/* Where none will do, the one is proposed that least stands in the way of. */
static void
test_no_owner_will_do(void)
{
    g_auto(Estate) estate = {0};
    prepare_accounts(&estate);
    estate_put_vm(&estate, estate_add_plain_vm(&estate, "web-1"), true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, "owner any -> project old or project none");
    assert_verdict(&plan->items[0], VERDICT_BLOCKED);
    g_assert_cmpstr(plan->items[0].choice.projectid.value, ==, "id-of-old");
    assert_finding(&plan->items[0], "project-not-active");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/plan/owner/%s", cases[i].name);
        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/plan/owner/next-one-takes-what-the-first-may-not",
        test_next_owner_takes_what_the_first_may_not);
    g_test_add_func("/plan/owner/none-will-do", test_no_owner_will_do);
    g_test_add_func("/plan/owner/unread-lists-block-nothing", test_unread_lists_block_nothing);
    g_test_add_func("/plan/owner/unread-accounts-are-unknown", test_unread_accounts_are_unknown);
    g_test_add_func(
        "/plan/owner/several-root-admins", test_several_root_admins_leave_the_caller_open);
    return g_test_run();
}
