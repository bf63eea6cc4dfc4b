/* SPDX-License-Identifier: Apache-2.0
 *
 * Plan files: what is saved is what is loaded, what people edit is read, what is wrong is named.
 */
#include "schema.h"

#include "appliance/report.h"

#define CORPUS "tests/corpus/plan/"

static char *
read_text(const char *path)
{
    char *text = NULL;
    g_autoptr(GError) error = NULL;
    if (!g_file_get_contents(path, &text, NULL, &error))
        g_error("%s", error->message);
    return text;
}

static Plan *
load(const char *name)
{
    g_autofree char *path = g_strconcat(CORPUS, name, NULL);
    g_autoptr(GError) error = NULL;
    Plan *plan = plan_load(path, &error);
    g_assert_no_error(error);
    return plan;
}

static char *
save(const Plan *plan)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    g_assert_true(plan_save(plan, file, NULL));
    fclose(file);
    return text;
}

/* What reading @text says. */
static char *
complaint(const char *text, int code)
{
    g_autoptr(StdioFile) file = fmemopen((char *)text, strlen(text), "r");
    g_autoptr(GError) error = NULL;
    g_assert_null(plan_read(file, "p.json", &error));
    g_assert_error(error, INGEST_ERROR, code);
    return g_strdup(error->message);
}

static char *
replaced(const char *from, const char *to)
{
    g_autofree char *text = read_text(CORPUS "valid-full.json");
    g_auto(GStrv) parts = g_strsplit(text, from, 2);
    g_assert_cmpuint(g_strv_length(parts), ==, 2);
    return g_strjoinv(to, parts);
}

static void
assert_complaint(const char *from, const char *to, int code, const char *wanted)
{
    g_autofree char *text = replaced(from, to), *found = complaint(text, code);
    if (!strstr(found, wanted))
        g_error("'%s' is not in '%s'", wanted, found);
}

static void
test_same_bytes(void)
{
    static const char *const names[] = {"valid-full.json", "valid-empty.json"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_strconcat(CORPUS, names[i], NULL), *text = read_text(path);
        g_autoptr(Plan) plan = load(names[i]);
        g_autofree char *saved = save(plan);
        g_assert_cmpstr(saved, ==, text);
    }
}

static void
test_members(void)
{
    g_autoptr(Plan) plan = load("valid-full.json");
    g_assert_cmpuint(plan->n_items, ==, 2);
    g_assert_cmpuint(plan->n_networks, ==, 1);
    g_assert_cmpuint(plan->n_verdicts[VERDICT_BLOCKED], ==, 1);
    g_assert_cmpuint(plan->n_verdicts[VERDICT_READY], ==, 1);
    const Choice *choice = &plan->items[0].choice;
    g_assert_cmpuint(choice->details.n, ==, 2);
    g_assert_cmpstr(choice->details.items[1].key.value, ==, "memory");
    g_assert_cmpstr(choice->details.items[1].value.value, ==, "4096");
    g_assert_cmpint(choice->projectid.state, ==, FACT_ABSENT);
    g_assert_true(is_true(choice->power.off));
    g_assert_cmpint(choice->power.deadline.value, ==, 300);
    g_assert_cmpint(choice->priority.value, ==, -5);
    g_assert_cmpint(plan->schedule.limits.items[0].kind, ==, LIMIT_HOST);
    g_assert_cmpint(plan->schedule.waves.items[0].failures.state, ==, FACT_ABSENT);
    g_assert_cmpint(plan->schedule.waves.items[1].failures.state, ==, FACT_UNKNOWN);
    g_assert_cmpint(plan->items[1].instance.cpus.state, ==, FACT_UNKNOWN);
    g_assert_cmpstr(plan->items[0].loaded_calls.items[0].params.items[1].name.value, ==,
        "nicnetworklist[0].nic");
}

static void
test_edited_by_hand(void)
{
    g_autoptr(Plan) plan = load("valid-by-hand.json");
    g_assert_cmpuint(plan->n_items, ==, 2);
    g_assert_cmpstr(plan->items[0].choice.hostname.value, ==, "web");
    g_assert_cmpint(plan->items[0].loaded_findings.state, ==, FACT_UNKNOWN);
    g_assert_cmpstr(plan->info.zone.value, ==, "z");
}

static void
test_unknown_member_is_named(void)
{
    assert_complaint("\"networkid\":\"n1\"", "\"netid\":\"n1\"", INGEST_ERROR_INVALID,
        "'p.json', line 20: 'items[0].choice.nics[0]': unknown member 'netid': remove it or "
        "correct "
        "its name; known are nic, networkid, ip4");
    assert_complaint("\"info\":", "\"about\":", INGEST_ERROR_INVALID,
        "line 1: unknown member 'about': remove it or correct its name; known are apiVersion");
    assert_complaint(
        "\"networks\":[\n", "\"nets\":[\n", INGEST_ERROR_INVALID, "unknown member 'nets'");
}

static void
test_wrong_values_are_named(void)
{
    assert_complaint("\"verdict\":\"ready\"", "\"verdict\":\"fine\"", INGEST_ERROR_INVALID,
        "line 21: 'items[1].verdict': 'fine' is not a known word");
    assert_complaint("\"cpuNumber\":\"2\"", "\"cpuNumber\":2", INGEST_ERROR_INVALID,
        "'items[0].choice.details.cpuNumber': expected a text, found int");
    assert_complaint("vm-ingest/v1", "vm-ingest/v9", INGEST_ERROR_UNSUPPORTED, "vm-ingest/v9");
    assert_complaint(
        "\"Plan\"", "\"Inventory\"", INGEST_ERROR_UNSUPPORTED, "'kind' is 'Inventory', not 'Plan'");
    assert_complaint("\"id\":\"vm-7\",\"instance_uuid\":\"50000000-0000-4000-8000-000000000007\","
                     "\"bios_uuid\":null,\"name\":\"</script>\"",
        "\"bios_uuid\":null", INGEST_ERROR_INVALID, "tells no instance");
    assert_complaint("\"kvm1\",", "\"vc1\",\"id\":\"vm-7\",", INGEST_ERROR_INVALID,
        "'items[1].instance': 'vm-7' of source 'vc1' stands twice");
    assert_complaint("\"nics\":[{\"nic\"", "\"nics\":[{\"nic\":\"N\"},{\"nic\":\"N\"},{\"nic\"",
        INGEST_ERROR_INVALID, "'items[0].choice.nics': 'N' stands twice; remove one");
    assert_complaint("\"disks\":[]", "\"disks\":[{\"disk\":\"D\"},{\"disk\":\"D\"}]",
        INGEST_ERROR_INVALID, "'items[0].choice.disks': 'D' stands twice; remove one");
    assert_complaint("\"kind\":\"Plan\",", "\"kind\":\"Plan\",\"kind\":\"Plan\",",
        INGEST_ERROR_INVALID, "'kind' stands twice");
    assert_complaint("\"root\":\"7-2000\"", "\"root\":\"7-2000\",\"root\":\"7-2001\"",
        INGEST_ERROR_INVALID, "line 20: ");
    assert_complaint("\"kind\":\"Plan\",", "", INGEST_ERROR_INVALID, "member 'kind' is missing");
}

/* What cannot be obeyed is told when the plan is read, not in the middle of a run. */
static void
test_wrong_schedules_are_named(void)
{
    static const struct {
        const char *from, *to, *expected;
    } cases[] = {
        {"\"jobs\":20", "\"jobs\":0", "line 2: 'schedule': jobs is 0: give 1 or more"},
        {"\"jobs\":20", "\"job\":20",
            "'schedule': unknown member 'job': remove it or correct its name; known are jobs, "
            "limits"},
        {"\"name\":\"esx1\",", "", "'schedule': 'limits[1]': host has a limit already"},
        {"\"kind\":\"moves\",\"jobs\":2", "\"kind\":\"moves\"", "member 'jobs' is missing"},
        {"\"kind\":\"moves\"", "\"kind\":\"rack\"", "'rack' is not a known word"},
        {"Europe/Berlin", "Europe/Atlantis",
            "'schedule': window 'fri 20:00 to mon 05:00 Europe/Atlantis': 'Europe/Atlantis' is no "
            "time zone of the tz database"},
        {"20:00 to 22:00 UTC", "20:00 UTC", "'schedule': wave '1': window '2026-11-21 20:00 UTC'"},
        {"\"failures\":3", "\"failures\":-3", "'schedule': failures is -3: give 1 or more"},
        {"{\"name\":\"2\"}", "{\"name\":\"1\"}", "'schedule': wave '1': it stands twice"},
        {"{\"name\":\"2\"}", "{\"name\":null}", "member 'name' is missing"},
        {"\"overlap\":false", "\"overlap\":\"no\"", "expected true or false"},
        {"\"priority\":-5", "\"priority\":\"high\"", "expected a whole number"},
        {"\n\"networks\"", "\n\"schedule\":{},\n\"networks\"", "'schedule' stands twice"},
        {"\n\"networks\"", "\n\"schedule\":[],\n\"networks\"", "'schedule' cannot be a list"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_complaint(cases[i].from, cases[i].to, INGEST_ERROR_INVALID, cases[i].expected);
}

static void
test_what_is_no_plan(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *truncated = read_text(CORPUS "bad-truncated.json");
    g_autofree char *found = complaint(truncated, INGEST_ERROR_INVALID);
    g_assert_nonnull(strstr(found, "truncated"));
    g_assert_null(plan_load("tests/corpus/plan/no-such-file", &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(error->message, "no-such-file"));
}

static void
test_a_byte_order_mark_is_passed_over(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *plain = read_text(CORPUS "valid-full.json");
    g_autofree char *marked = g_strconcat("\xef\xbb\xbf", plain, NULL);
    g_autoptr(StdioFile) file = fmemopen(marked, strlen(marked), "r");
    g_autoptr(Plan) plan = plan_read(file, "p.json", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(plan->n_items, >, 0);
}

static void
test_full_disk(void)
{
    g_autoptr(Plan) plan = load("valid-full.json");
    g_autoptr(StdioFile) file = fopen("/dev/full", "w");
    g_autoptr(GError) error = NULL;
    g_assert_nonnull(file);
    g_assert_false(plan_save(plan, file, &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_STORAGE);
    g_assert_nonnull(strstr(error->message, "No space left"));
}

static void
test_schema(void)
{
    const RecordType *const types[] = {&plan_info_type, &schedule_type, &matrix_row_type,
        &storage_row_type, &offering_row_type, &freeze_row_type, &time_row_type, &absence_type,
        &plan_item_type};
    g_autoptr(JsonObject) schema = schema_load("appliance/schema/plan.schema.json");
    schema_assert_defs(schema, types, G_N_ELEMENTS(types));
}

/* --- reports of it ---------------------------------------------------------------------------- */

typedef bool (*Report)(const Plan *plan, FILE *file, GError **error);

static char *
text_of(Report report, const char *name)
{
    g_autoptr(Plan) plan = load(name);
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    g_assert_true(report(plan, file, NULL));
    fclose(file);
    return text;
}

static bool
text_report(const Plan *plan, FILE *file, GError **error)
{
    const OutputStyle plain = {0};
    return report_text(plan, &plain, file, error);
}

static void
test_text(void)
{
    g_autofree char *text = text_of(text_report, "valid-full.json");
    g_assert_true(g_str_has_prefix(text,
        "Dry run of 2 VMs, into zone 'z' of CloudStack 4.22.0, 2026-01-15T09:30:00Z\n\n"
        "  ready                    1  ███████████████\n"
        "  ready after action       0\n"
        "  blocked                  1  ███████████████\n"));
    g_assert_nonnull(
        strstr(text, "  action      1 VM   hostname-not-label\n          '</script>': t\n"
                     "          Remedy: r\n"));
    g_assert_nonnull(strstr(text, "inventory 'i.json' is only half read"));
    g_assert_nonnull(strstr(text,
        "1         1      0             0        1        0   16 GiB  2026-11-21 20:00 to 22:00 "
        "UTC\n"
        "2         0      0             0        0        0    0 GiB\n"
        "(none)    1      1             0        0        0  unknown\n"
        "  At once: 20 in all, 1 on host 'esx1', 2 on each host, 2 moves of disks from or to each "
        "pool. Begun fri 20:00 to mon 05:00 Europe/Berlin. Failures that pause a wave: 3. A wave "
        "begins when the one before has ended.\n"));
    g_assert_null(strchr(text, '\033'));
}

static void
test_html_is_safe(void)
{
    g_autofree char *text = text_of(report_html, "valid-full.json");
    size_t scripts = 0;
    for (const char *at = text; (at = strstr(at, "</script>")); at++)
        scripts++;
    g_assert_cmpuint(scripts, ==, 2); /* those of the page */
    g_assert_nonnull(strstr(text, "\"\\u003c/script\\u003e\""));
    g_assert_nonnull(strstr(text, "&lt;/script&gt;"));
    static const char *const outside[] = {"http:", "https:", " src=", "@import", "url("};
    for (size_t i = 0; i < G_N_ELEMENTS(outside); i++)
        g_assert_null(strstr(text, outside[i]));
}

static bool
csv_report(const Plan *plan, FILE *file, GError **error)
{
    const OutputStyle plain = {0};
    return report_csv(plan, &plain, file, error);
}

static void
test_csv(void)
{
    g_autofree char *text = text_of(csv_report, "valid-full.json");
    g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 4);
    g_assert_true(g_str_has_prefix(lines[1],
        "vc1,vm-7,50000000-0000-4000-8000-000000000007,</script>,/DC/vm/Web,DC,c1,esx1,Debian,on,"
        "2,4096,1,16.0,1,\"trunk 1-10,20\",blocked,hostname-not-label,t,r,a,d,,c1,x,web,t,s,"
        "Network adapter 1=n1,\"'7-2000\",,1,Network adapter 1=auto,cpuNumber=2; memory=4096,no,no,"
        "7-2000=p,7-2000=do,yes,300,Network adapter 1=10.0.0.8,vmware"));
    g_assert_cmpstr(lines[2], ==, "kvm1,,,db,,,,,,off,,,,,,,ready,,,,,,,,,,,,,,,,,,,,,,,,,,,,,2");
}

static void
test_csv_networks(void)
{
    g_autofree char *text = text_of(report_csv_networks, "valid-full.json");
    g_assert_cmpstr(text, ==,
        "vlan,zone,match,networks,portgroups,switches,hosts,instances,nics,note,networkids\r\n"
        "pvlan 100/101 isolated,z,several,net (a),pg,dvs,1,1,1,choose,n1\r\n");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plan-file/what-was-loaded-is-saved-with-the-same-bytes", test_same_bytes);
    g_test_add_func("/plan-file/members-come-back", test_members);
    g_test_add_func("/plan-file/hand-edited-order-and-gaps-are-read", test_edited_by_hand);
    g_test_add_func("/plan-file/unknown-member-is-named", test_unknown_member_is_named);
    g_test_add_func("/plan-file/wrong-values-are-named", test_wrong_values_are_named);
    g_test_add_func("/plan-file/wrong-schedules-are-named", test_wrong_schedules_are_named);
    g_test_add_func("/plan-file/what-is-no-plan-is-refused", test_what_is_no_plan);
    g_test_add_func("/plan-file/full-disk-is-an-error", test_full_disk);
    g_test_add_func("/plan-file/schema-agrees-with-the-tables", test_schema);
    g_test_add_func("/report/text-summary", test_text);
    g_test_add_func("/report/html-is-safe-and-self-contained", test_html_is_safe);
    g_test_add_func("/report/csv-has-one-line-a-vm", test_csv);
    g_test_add_func("/report/csv-of-networks", test_csv_networks);
    g_test_add_func("/plan/file/byte-order-mark", test_a_byte_order_mark_is_passed_over);
    return g_test_run();
}
