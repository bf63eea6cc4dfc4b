/* SPDX-License-Identifier: Apache-2.0
 *
 * Output formats: what tables, YAML and CSV look like, and that nothing is lost in them.
 */
#include <json-c/json.h>

#include "appliance/output.h"
#include "cleanup.h"
#include "record.h"

/* What @print wrote to the file it was given. */
static char *
read_back(FILE *file)
{
    g_autoptr(GString) text = g_string_new(NULL);
    int c;
    rewind(file);
    while ((c = getc(file)) != EOF)
        g_string_append_c(text, (char)c);
    return g_strdup(text->str);
}

static const OutputColumn columns[] = {
    {"NAME", "name", .is_fixed = false},
    {"CPUS", "cpus", .is_number = true},
    {"NOTE", "note", .is_fixed = false},
};

static OutputTable *
make_table(void)
{
    OutputTable *table = output_table_new(columns, G_N_ELEMENTS(columns));
    output_table_add(table, (const char *[]){"a-rather-long-name-of-a-vm", "4", "=1+1"});
    output_table_add(table, (const char *[]){"b\033[31m", "16", NULL});
    return table;
}

static char *
print_table(OutputFormat format, OutputStyle style)
{
    g_autoptr(OutputTable) table = make_table();
    g_autoptr(StdioFile) file = tmpfile();
    g_autoptr(GError) error = NULL;
    g_assert_true(output_table_print(table, format, &style, file, &error));
    return read_back(file);
}

static void
test_table_is_whole_off_a_terminal(void)
{
    g_autofree char *text = print_table(OUTPUT_TABLE, (OutputStyle){0});
    g_assert_cmpstr(text, ==,
        "NAME                        CPUS  NOTE\n"
        "a-rather-long-name-of-a-vm     4  =1+1\n"
        "b?[31m                        16\n");
}

static void
test_table_is_cut_on_a_terminal(void)
{
    g_autofree char *text = print_table(OUTPUT_TABLE, (OutputStyle){.columns = 30});
    g_assert_cmpstr(text, ==,
        "NAME                CPUS  NOTE\n"
        "a-rather-long-nam…     4  =1+1\n"
        "b?[31m                16\n");
}

static void
test_csv_defuses_formulas(void)
{
    g_autofree char *text = print_table(OUTPUT_CSV, (OutputStyle){0});
    g_assert_cmpstr(
        text, ==, "name,cpus,note\r\na-rather-long-name-of-a-vm,4,\"'=1+1\"\r\nb\033[31m,16,\r\n");
}

static void
test_yaml_quotes_what_is_no_text(void)
{
    g_autoptr(StdioFile) file = tmpfile();
    g_autoptr(GError) error = NULL;
    g_assert_true(output_document_text(
        "{\"a\":\"no\",\"b\":\"012\",\"c\":1,\"d\":null,\"e\":[],\"f\":\"x: y\",\"g\":\"plain "
        "text\","
        "\"h\":[{\"i\":true}],\"j\":\"two\\nlines\",\"k\":\"\",\"yes\":\"null\"}",
        OUTPUT_YAML, file, &error));
    g_autofree char *text = read_back(file);
    g_assert_cmpstr(text, ==,
        "a: 'no'\nb: '012'\nc: 1\nd: null\ne: []\nf: 'x: y'\ng: plain text\nh:\n- i: true\n"
        "j: \"two\\nlines\"\nk: ''\n'yes': 'null'\n");
}

/* What our documentation tells a reader to do. */
static char *
csv_parse_cell(const char *csv)
{
    g_autoptr(GString) text = g_string_new(NULL);
    bool is_quoted = *csv == '"';
    for (csv += is_quoted; *csv && !(is_quoted && csv[0] == '"' && csv[1] != '"'); csv++) {
        g_string_append_c(text, *csv);
        if (is_quoted && *csv == '"')
            csv++;
    }
    return g_strdup(text->str + (text->str[0] == '\''));
}

static void
test_csv_cell_comes_back(void)
{
    static const char *const texts[] = {"", "web01", "=cmd|' /C calc'!A0", "+1", "-1", "@x", "\tx",
        "\rx", "\nx", "'quoted'", "''=x", "a,b", "say \"hi\"", "two\nlines", "＝1", "=\"x\",1"};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GString) csv = g_string_new(NULL);
        output_csv_cell(csv, texts[i]);
        g_autofree char *back = csv_parse_cell(csv->str);
        g_assert_cmpstr(back, ==, texts[i]);
        g_assert_null(strchr("=+-@\t\r", csv->str[0] ? csv->str[0] : 'x'));
    }
}

static void
test_csv_text_survives_a_spreadsheet(void)
{
    static const char *const rewritten[] = {"007", "1.5", "1,5", "1E5", "2e-3", "1-2", "1/2/26",
        "12:30", "2026-01-31", "12345678901234567890", "true", "WAHR", "#NAME?", "MAR1", "1-Dez",
        "Sep 2026", "50%", "1. März"};
    static const char *const kept[] = {"", "0", "42", "web01", "m-1-x", "mars", "march-hare1",
        "10.0.0.5x", "00000000-0000-4000-8000-000000000007", "Network adapter 1=x", "ubuntu-2204"};
    for (size_t i = 0; i < G_N_ELEMENTS(rewritten); i++) {
        g_autoptr(GString) csv = g_string_new(NULL);
        output_csv_text(csv, rewritten[i]);
        g_autofree char *wanted = g_strdup_printf("\"'%s\"", rewritten[i]);
        g_assert_cmpstr(csv->str, ==, wanted);
        g_autofree char *back = csv_parse_cell(csv->str);
        g_assert_cmpstr(back, ==, rewritten[i]);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(kept); i++) {
        g_autoptr(GString) csv = g_string_new(NULL);
        output_csv_text(csv, kept[i]);
        g_assert_cmpstr(csv->str, ==, kept[i]);
    }
}

static void
test_format_word_unknown(void)
{
    g_autoptr(GError) error = NULL;
    OutputFormat format = OUTPUT_CSV;
    g_assert_false(output_format_parse("xml", &format, &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_USAGE);
    g_assert_nonnull(strstr(error->message, "table, json, yaml or csv"));
    g_assert_cmpint(format, ==, OUTPUT_CSV);
}

static void
test_full_disk_is_an_error(void)
{
    g_autoptr(StdioFile) file = fopen("/dev/full", "w");
    g_autoptr(GError) error = NULL;
    if (!file) {
        g_test_skip("no /dev/full");
        return;
    }
    g_assert_false(output_document_text("{\"a\":1}", OUTPUT_YAML, file, &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_STORAGE);
}

typedef struct Pair {
    Text key, value;
} Pair;

typedef struct Holder {
    LIST_OF(Pair) details;
} Holder;

static const Field pair_fields[] = {F_TEXT(Pair, key), F_TEXT(Pair, value)};
static const RecordType pair_type = RECORD_TYPE(Pair, pair_fields);
static const Field holder_fields[] = {F_MAP(Holder, details, &pair_type)};
static const RecordType holder_type = RECORD_TYPE(Holder, holder_fields);

static void
test_map_field_is_an_object(void)
{
    static const char json[] = "{\"details\":{\"cpuNumber\":\"2\",\"odd \\\"key\":\"x\"}}";
    g_autoptr(JsonObject) object = json_tokener_parse(json);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    Arena arena;
    arena_init(&arena);
    Holder holder = {0};
    g_assert_true(record_decode(&holder_type, object, RECORD_STRICT, "x", &arena, &holder, &error));
    g_assert_cmpuint(holder.details.n, ==, 2);
    g_assert_cmpstr(holder.details.items[0].key.value, ==, "cpuNumber");
    record_encode(&holder_type, &holder, text);
    g_assert_cmpstr(text->str, ==, json);

    g_autoptr(JsonObject) wrong = json_tokener_parse("{\"details\":{\"cpuNumber\":2}}");
    g_assert_false(record_decode(&holder_type, wrong, RECORD_STRICT, "x", &arena, &holder, &error));
    g_assert_cmpstr(error->message, ==, "'x.details.cpuNumber': expected a text, found int");
    arena_release(&arena);
}

static void
test_a_text_cannot_take_over_the_terminal(void)
{
    g_autofree char *text = output_printable("a\033[31mb\r\n\tc\xe2\x80\xae"
                                             "d\xe2\x81\xa6"
                                             "e\xc2\x9b"
                                             "f\xff");
    g_assert_cmpstr(text, ==, "a?[31mb?\n\tcde?f\xef\xbf\xbd");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/output/table_is_whole_off_a_terminal", test_table_is_whole_off_a_terminal);
    g_test_add_func("/output/table_is_cut_on_a_terminal", test_table_is_cut_on_a_terminal);
    g_test_add_func("/output/csv_defuses_formulas", test_csv_defuses_formulas);
    g_test_add_func("/output/yaml_quotes_what_is_no_text", test_yaml_quotes_what_is_no_text);
    g_test_add_func("/output/csv_cell_comes_back", test_csv_cell_comes_back);
    g_test_add_func(
        "/output/csv-text-survives-a-spreadsheet", test_csv_text_survives_a_spreadsheet);
    g_test_add_func("/output/format_word_unknown", test_format_word_unknown);
    g_test_add_func("/output/full_disk_is_an_error", test_full_disk_is_an_error);
    g_test_add_func("/record/map_field_is_an_object", test_map_field_is_an_object);
    g_test_add_func(
        "/output/text-cannot-take-over-terminal", test_a_text_cannot_take_over_the_terminal);
    return g_test_run();
}
