/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/estate_builder.h"

static const char *const good_rules[] = {
    "owner folder \"/DC0/vm/Finance/*\" -> account fin domain /ROOT/Customers",
    "owner tag \"tenant:acme\" -> project acme",
    "owner tag acme and cluster C0 -> project acme domain ROOT/a",
    "owner attribute \"Owner\" \"x y\" -> domain /x account y",
    "owner pool \"Gold*\" -> caller",
    "owner cluster C0 -> domain ROOT account admin",
    "owner name web-* and datacenter DC0 and host esx? and source vc -> caller",
    "owner any -> caller # the rest",
    "owner any -> account a domain /x or domain /y account b or project p or caller",
    "prefer offering so-*",
    "prefer disk-offering \"do *\" for folder /DC0/vm/x",
    "forbid offering \"so-tiny\" for any",
    "forbid disk-offering *",
    "network portgroup \"VLAN10\" -> network \"l2-101\"",
    "network switch DVS0 and vlan 10 and folder /DC0 -> network l2",
    "network pvlan 100 201 -> network l2",
    "network untagged -> network l2",
    "hostname from name",
    "hostname from guest for name web-*",
    "hostname name \"a b\" -> \"ab-{name}\"",
    "displayname any -> \"{name} (imported)\"",
    "wave tag first -> \"wave 1\"",
    "priority folder /DC0/vm/Web -> 10",
    "priority any -> -10",
    "wave cpus >= 8 and memory <64GiB and disk > 2 TiB -> big",
    "prefer offering x for memory = 512MiB",
    "wave account fin and domain /ROOT/Customers -> 1",
    "priority project \"a*\" -> 1",
    "list first web-01 \"a b\" vm-7 /DC0/vm/Web/db",
    "limit jobs 20",
    "limit cluster 8",
    "limit host \"esx 1\" 2",
    "limit pool 5 3", /* a pool that is called 5 */
    "limit moves gold 1",
    "window 22:00 to 06:00 Europe/Berlin",
    "window mon-thu 22:00-06:00 UTC for wave \"wave 1\"",
    "window \"fri 20:00 to mon 05:00 UTC\"",
    "window 2026-11-21 20:00 to 2026-11-23 05:00 America/New_York",
    "failures 5",
    "failures none for wave pilot",
    "waves pilot \"wave 1\" overlap",
    "waves overlap",
    "template \"kvm-*\" for cluster k",
    "convert folder /DC0/vm/Web -> none",
    "convert any -> cluster kvm-1",
    "convert tag x -> cluster kvm-1 host h import-host i pool p direct vddk",
    "convert any -> server-export pool \"nfs 1\" cluster kvm-1",
    "   # only a comment",
    "",
    "owner name \"a \\\"quoted\\\" \\\\ name\" -> caller",
};

static void
test_each_word_parses(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(good_rules); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Policy) policy = policy_parse(good_rules[i], "rules", &error);
        g_assert_no_error(error);
        bool is_rule = *good_rules[i] && good_rules[i][0] != ' ';
        g_assert_cmpuint(policy_count_rules(policy), ==, is_rule ? 1 : 0);
    }
}

static const struct {
    const char *text, *expected;
} bad_rules[] = {
    {"onwer any -> caller", "line 1, column 1: 'onwer' begins no rule"},
    {"# x\n\nowner any", "line 3, column 10: expected '->'"},
    {"owner -> caller", "line 1, column 7: expected a condition"},
    {"owner any -> account x", "column 14: an owner is 'account NAME domain PATH'"},
    {"owner any -> project p account a domain d", "an account or a project, not both"},
    {"owner any -> domain a domain b account c", "one domain, one account"},
    {"owner any -> caller or", "column 23: an owner is 'account NAME domain PATH'"},
    {"owner any -> caller or caller or caller or caller or caller or caller or caller or caller or "
     "caller",
        "column 94: a rule names 8 owners at most"},
    {"owner vlan 10 -> caller", "'vlan' is a condition of a NIC"},
    {"network vlan 5000 -> network x",
        "column 14: a value for 'vlan' is '5000', expected a number"},
    {"network vlan x -> network x", "expected a number from 1 to 4094"},
    {"network vlan 10 -> l2", "expected 'network'"},
    {"network vlan 10 -> network", "expected the name of a network, found the end of the line"},
    {"prefer so-*", "expected 'offering' or 'disk-offering'"},
    {"prefer offering", "expected a pattern for the offering's name"},
    {"owner name \"abc -> caller", "column 12: the quote is not closed"},
    {"owner name \"\" -> caller", "must not be empty"},
    {"owner any -> caller now", "column 21: 'now' stands behind the end of the rule"},
    {"hostname from dns", "expected 'name' or 'guest'"},
    {"wave any ->", "expected the name of a wave"},
    {"convert any cluster c", "column 13: expected '->'"},
    {"convert any ->", "column 15: expected 'none', or 'cluster'"},
    {"convert any -> host h", "column 16: expected 'none', or 'cluster'"},
    {"convert any -> none cluster c", "'cluster' stands behind the end of the rule"},
    {"convert any -> cluster", "expected a name or an id, found the end of the line"},
    {"convert any -> cluster a cluster b", "column 26: 'cluster' stands twice"},
    {"convert any -> cluster a pool p direct direct", "column 40: 'direct' stands twice"},
    {"convert any -> cluster a direct", "'direct' needs 'pool'"},
    {"convert any -> cluster a vddk server-export", "exclude each other"},
    {"convert any -> cluster a zone z",
        "column 26: expected cluster, host, import-host, pool, direct, vddk or server-export"},
    {"convert vlan 10 -> none", "'vlan' is a condition of a NIC"},
    {"limits host 2",
        "'limits' begins no rule: expected owner, prefer, forbid, network, template, "
        "hostname, displayname, wave, convert, priority, limit, window, failures, waves or list"},
    {"wave cpus 8 -> x",
        "column 11: expected a comparison (<, <=, =, >=, >) after 'cpus', found '8'"},
    {"wave cpus", "after 'cpus', found 'the end of the line'"},
    {"wave cpus >= 8GiB -> x",
        "column 11: 'cpus' is compared with '8GiB', expected a number, as 8"},
    {"wave memory > 8 -> x", "'memory' is compared with '8', expected a size in MiB, GiB or TiB"},
    {"wave memory >-8GiB -> x", "'memory' is compared with '-8GiB', expected a size"},
    {"wave disk > 99999999TiB -> x", "expected a size in MiB, GiB or TiB, as 64GiB"},
    {"wave disk > -> x", "expected what it is compared with, found '->'"},
    {"hostname account x -> y", "column 10: 'account' is a condition of the owner: it stands in "
                                "'wave' and 'priority' rules only"},
    {"wave list pilot -> x\n",
        "line 1, column 11: there is no list 'pilot': add a line 'list pilot "
        "VM...' or 'list pilot from FILE'"},
    {"list a", "expected a VM: name, id, UUID, or folder and name, found the end of the line"},
    {"list a from", "expected the name of a file"},
    {"list a from b.txt", "column 8: this policy may name no files: write the VMs of list 'a'"},
    {"wave rack x -> 1",
        "(any, folder, tag, attribute, pool, cluster, name, datacenter, host, source, "
        "datastore, cpus, memory, disk, list, account, project, domain), found 'rack'"},
    {"priority any -> high", "the priority is 'high', expected a number from -1000000 to 1000000"},
    {"priority any", "expected '->'"},
    {"limit", "column 6: expected what is limited: jobs, cluster, host, pool or moves"},
    {"limit racks 2", "column 7: expected what is limited"},
    {"limit jobs 0", "the number of jobs is '0', expected a number from 1 to 10000"},
    {"limit host", "expected the limit, found the end of the line"},
    {"limit host esx1", "column 12: the limit is 'esx1', expected a number from 1 to 10000"},
    {"limit host esx1 2 3", "column 19: '3' stands behind the end of the rule"},
    {"limit jobs 2\nlimit jobs 2", "line 2, column 12: 'limit jobs' stands twice"},
    {"limit host 2\nlimit host a 1\nlimit host 3",
        "line 3, column 7: this limit stands twice, the other one is 2"},
    {"window 22:00 to 06:00", "column 8: the window has no time zone: end it with one"},
    {"window 22:00 to 06:00 Europe/Berlim",
        "column 8: 'Europe/Berlim' is no time zone of the tz database here: give a name as "
        "Europe/Berlin or UTC"},
    {"window 22:00 to 06:00 UTC for pilot", "column 31: expected 'wave' and its name after 'for'"},
    {"window", "'' is no time, day or date: give HH:MM"},
    {"failures", "expected the number of failures (or 'none'), found the end of the line"},
    {"failures 0", "expected a number from 1 to 100000"},
    {"failures 3\nfailures none", "line 2, column 10: 'failures' stands twice"},
    {"failures 3 for wave a\nfailures 3\nfailures 4 for wave a", "line 3, column 10: "},
    {"waves", "expected the name of a wave, found the end of the line"},
    {"waves a b\nwaves c a", "line 2, column 9: wave 'a' stands twice in the order"},
    {"owner name a and name b and name c and name d and name e and name f and name g and name h "
     "and name i -> caller",
        "8 conditions at most"},
};

static void
test_errors_tell_place_and_remedy(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(bad_rules); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Policy) policy = policy_parse(bad_rules[i].text, "site.policy", &error);
        g_assert_null(policy);
        g_assert_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG);
        g_assert_true(g_str_has_prefix(error->message, "'site.policy', line "));
        if (!strstr(error->message, bad_rules[i].expected))
            g_error("case %zu: '%s' lacks '%s'", i, error->message, bad_rules[i].expected);
    }
}

static void
test_twenty_errors_are_told_at_once(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    for (int i = 0; i < 30; i++)
        g_string_append(text, "nonsense\n");
    g_assert_null(policy_parse(text->str, "p", &error));
    g_auto(GStrv) lines = g_strsplit(error->message, "\n", 0);
    g_assert_cmpuint(g_strv_length(lines), ==, 21);
    g_assert_cmpstr(lines[20], ==, "and 10 more errors");
}

static void
test_large_or_broken_files_are_refused(void)
{
    g_autoptr(GError) large = NULL, broken = NULL;
    g_autofree char *text = g_strnfill(1024 * 1024 + 1, '#');
    g_assert_null(policy_parse(text, "p", &large));
    g_assert_error(large, INGEST_ERROR, INGEST_ERROR_CONFIG);
    g_assert_null(policy_parse("owner name \"\xff\" -> caller", "p", &broken));
    g_assert_nonnull(strstr(broken->message, "UTF-8"));
}

/* Which display name a VM gets tells which rule held. */
static void
assert_rule(const char *rules, const char *expected)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    InstanceView *view = estate_add_plain_vm(&estate, "web-01");
    view->path = text_known("/DC0/vm/Finance/Web");
    view->resource_pool = text_known("/DC0/host/C0/Resources/Gold/Gläser");
    Attribute attribute = {text_known("Owner"), text_known("ann")};
    Tag tag = {text_known("tenant"), text_known("acme")};
    view->attributes.items = &attribute;
    view->tags.items = &tag;
    view->attributes.n = view->tags.n = 1;
    view->attributes.state = view->tags.state = FACT_KNOWN;
    estate_put_vm(&estate, view, true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, rules);
    g_assert_cmpstr(plan->items[0].choice.displayname.value, ==, expected);
}

static void
test_first_rule_that_holds_wins(void)
{
    assert_rule(
        "displayname name db-* -> a\ndisplayname name web-* -> b\ndisplayname any -> c", "b");
    assert_rule("displayname name db-* -> a", "web-01");
    assert_rule("displayname any -> \"<{name}>\"", "<web-01>");
}

static void
test_conditions_look_at_their_fact(void)
{
    assert_rule("displayname folder /DC0/vm/Finance -> x", "x");
    assert_rule("displayname folder /DC0/vm/Finance/* -> x", "x");
    assert_rule("displayname folder /DC0/vm/Finance/Web -> x", "x");
    assert_rule("displayname folder /DC0/vm/Fin -> x", "web-01");
    assert_rule("displayname folder \"/DC0/*/Web\" -> x", "x");
    assert_rule("displayname tag tenant:acme -> x", "x");
    assert_rule("displayname tag acme -> x", "x");
    assert_rule("displayname tag other:acme -> x", "web-01");
    assert_rule("displayname attribute Owner a?n -> x", "x");
    assert_rule("displayname attribute Owner bob -> x", "web-01");
    assert_rule("displayname pool Gold -> x", "x");
    assert_rule("displayname pool Gläser -> x", "x");
    assert_rule("displayname pool Gold/Gläser -> x", "x");
    assert_rule("displayname pool /DC0/host/C0/Resources/Gold -> x", "x");
    assert_rule("displayname pool /DC0/host/C0/Resources/Gol -> x", "web-01");
    assert_rule("displayname pool C0 -> x", "web-01");
    assert_rule("displayname pool G -> x", "web-01");
    assert_rule("displayname pool Gl?ser -> x", "x");
    assert_rule("displayname pool Gl??ser -> x", "web-01");
    assert_rule("displayname pool Gl*?er -> x", "x");
    assert_rule("displayname cluster C? -> x", "x");
    assert_rule("displayname datacenter DC0 and host esx1 and source vc -> x", "x");
    assert_rule("displayname datacenter DC0 and host esx2 -> x", "web-01");
}

static char *
read_any(void *data, const char *name, GError **error)
{
    g_assert_null(data);
    g_assert_null(*error);
    return g_strdup(name);
}

/* What the manual shows is what is read. */
static void
test_examples_of_the_manual_parse(void)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) rules = g_string_new(NULL);
    if (!g_file_get_contents("appliance/man/vm-ingest-policy.5", &text, NULL, NULL)) {
        g_test_skip("not run from the top of the tree");
        return;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
    bool is_example = false;
    for (char **line = lines; *line; line++) {
        if (g_str_has_prefix(*line, ".Bd") || g_str_has_prefix(*line, ".Ed"))
            is_example = (*line)[1] == 'B';
        else if (is_example)
            g_string_append_printf(rules, "%s\n", *line);
    }
    const PolicyFiles files = {read_any, NULL};
    g_autoptr(Policy) policy = policy_parse_with(rules->str, "manual", &files, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(policy_count_rules(policy), >, 15);
}

/* A VM whose tags, and whose folder, the source did not tell. */
static void
assert_undecided(const char *rules, Verdict verdict, bool is_undecided)
{
    g_auto(Estate) estate = {0};
    estate_init_plain(&estate);
    InstanceView *view = estate_add_plain_vm(&estate, "web-01");
    view->path = view->cluster_name = (Text){0};
    view->attributes.state = FACT_KNOWN;
    estate_put_vm(&estate, view, true);
    estate_freeze(&estate);
    g_autoptr(Plan) plan = estate_plan(&estate, rules);
    assert_verdict(&plan->items[0], verdict);
    bool is_told = false;
    for (size_t i = 0; i < plan->items[0].n_findings; i++)
        is_told |= !strcmp(plan->items[0].findings[i].kind->id, "policy-rule-undecided");
    g_assert_cmpint(is_told, ==, is_undecided);
}

static void
test_a_fact_that_was_not_read_leaves_a_rule_open(void)
{
    assert_undecided("owner tag acme -> caller\nowner any -> caller", VERDICT_UNKNOWN, true);
    assert_undecided("owner folder /DC0/vm/x -> caller", VERDICT_UNKNOWN, true);
    assert_undecided("owner name db-* and tag acme -> caller", VERDICT_READY, false);
    assert_undecided("owner any -> caller\nowner tag acme -> caller", VERDICT_READY, false);
    assert_undecided("owner attribute Owner ann -> caller", VERDICT_READY, false);
    assert_undecided("owner cluster C1 -> caller", VERDICT_READY, false);
    assert_undecided("wave tag acme -> 1", VERDICT_READY, true);
    assert_undecided("priority tag acme -> 1", VERDICT_READY, true);
    assert_undecided("forbid offering x for tag acme", VERDICT_UNKNOWN, true);
    assert_undecided("forbid offering x\nforbid offering y for tag acme", VERDICT_UNKNOWN, true);
    assert_undecided("network folder /DC0/vm -> network l2-10", VERDICT_UNKNOWN, true);
    assert_undecided("template x for tag acme", VERDICT_READY, false);
}

static void
test_a_name_is_filled_in_everywhere(void)
{
    assert_rule("displayname any -> \"{name} or {name}\"", "web-01 or web-01");
}

static void
test_a_byte_order_mark_is_passed_over(void)
{
    assert_rule("\xef\xbb\xbf"
                "displayname any -> x\r\n",
        "x");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/policy/parse/each-word-parses", test_each_word_parses);
    g_test_add_func(
        "/policy/parse/errors-tell-place-and-remedy", test_errors_tell_place_and_remedy);
    g_test_add_func("/policy/parse/twenty-errors-at-once", test_twenty_errors_are_told_at_once);
    g_test_add_func(
        "/policy/parse/large-or-broken-is-refused", test_large_or_broken_files_are_refused);
    g_test_add_func("/policy/examples-of-the-manual-parse", test_examples_of_the_manual_parse);
    g_test_add_func("/policy/first-rule-that-holds-wins", test_first_rule_that_holds_wins);
    g_test_add_func("/policy/conditions-look-at-their-fact", test_conditions_look_at_their_fact);
    g_test_add_func(
        "/policy/unread-fact-leaves-a-rule-open", test_a_fact_that_was_not_read_leaves_a_rule_open);
    g_test_add_func("/policy/name-is-filled-in-everywhere", test_a_name_is_filled_in_everywhere);
    g_test_add_func(
        "/policy/parse/byte-order-mark-is-passed-over", test_a_byte_order_mark_is_passed_over);
    return g_test_run();
}
