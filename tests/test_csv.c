/* SPDX-License-Identifier: Apache-2.0
 *
 * CSV as spreadsheets and exports write it.
 */
#include "cleanup.h"
#include "csv.h"

/* Rows as "a|b|c\n", the heading first; an error as its text. (owned) */
static char *
read_bytes(const char *bytes, size_t size, const char *encoding)
{
    g_autoptr(StdioFile) file = fmemopen((char *)bytes, size, "r");
    g_autoptr(GError) error = NULL;
    g_autoptr(CsvReader) csv = csv_new(file, "f.csv", encoding, &error);
    g_autoptr(GString) out = g_string_new(NULL);
    for (bool has_row = csv != NULL; has_row; has_row = csv_next(csv)) {
        for (unsigned i = 0; i < csv->starts->len; i++)
            g_string_append_printf(out, "%s%s", i ? "|" : "", csv_cell(csv, i));
        g_string_append_printf(out, " #%zu\n", csv->row);
    }
    if (csv && csv_finish(csv, &error))
        return g_strdup(out->str);
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_INVALID);
    return g_strdup(error->message);
}

static void
expect(const char *text, const char *wanted)
{
    g_autofree char *found = read_bytes(text, strlen(text), NULL);
    g_assert_cmpstr(found, ==, wanted);
}

static void
expect_utf16(const char *to, const char *mark, const char *wanted)
{
    gsize length = 0;
    g_autofree char *converted =
        g_convert("Größe\tb\r\n\U0001F600\t\"x\ty\"\r\n", -1, to, "UTF-8", NULL, &length, NULL);
    g_autoptr(GString) bytes = g_string_new_len(mark, 2);
    g_string_append_len(bytes, converted, (gssize)length);
    g_autofree char *found = read_bytes(bytes->str, bytes->len, NULL);
    g_assert_cmpstr(found, ==, wanted);
}

static void
test_separators(void)
{
    expect("a,b\n1,2\n", "a|b #1\n1|2 #2\n");
    expect("a;b\r\n1,5;2\r\n", "a|b #1\n1,5|2 #2\n");
    expect("a\tb\r1\t2", "a|b #1\n1|2 #2\n");
    expect("\"a,b,c\";d\n1;2\n", "a,b,c|d #1\n1|2 #2\n");
    expect("sep=;\r\na;b,c,d\r\n1;2\r\n", "a|b,c,d #1\n1|2 #2\n");
    expect("only\nx\n", "only #1\nx #2\n");
}

static void
test_encodings(void)
{
    expect("\xef\xbb\xbf"
           "a,b\n1,2\n",
        "a|b #1\n1|2 #2\n");
    expect_utf16("UTF-16LE", "\xff\xfe", "Größe|b #1\n\U0001F600|x\ty #2\n");
    expect_utf16("UTF-16BE", "\xfe\xff", "Größe|b #1\n\U0001F600|x\ty #2\n");
    g_autofree char *named = read_bytes("a\n\xe4\n", 4, "WINDOWS-1252");
    g_assert_cmpstr(named, ==, "a #1\nä #2\n");
    g_autofree char *guessed = read_bytes("a\n\xe4\n", 4, NULL);
    g_assert_nonnull(strstr(guessed, "not a text in UTF-8: save it as 'CSV UTF-8'"));
    g_autofree char *unmarked = read_bytes("a\0,\0b\0\n\0", 8, NULL);
    g_assert_nonnull(strstr(unmarked, "zero byte"));
    g_autofree char *unknown = read_bytes("a\n", 2, "no-such");
    g_assert_nonnull(strstr(unknown, "'no-such' is not an encoding"));
    g_autofree char *halved = read_bytes("\xff\xfe"
                                         "a\0\n",
        5, NULL);
    g_assert_nonnull(strstr(halved, "not a text in UTF-16LE"));
}

static void
test_quotes(void)
{
    expect("a,b\n\"x \"\"y\"\"\r\nz\",2\n3,4\n", "a|b #1\nx \"y\"\r\nz|2 #2\n3|4 #3\n");
    expect("a,b\n\"\",5\" x\n", "a|b #1\n|5\" x #2\n");
    expect("a,b\n1,\"2\n", "'f.csv', line 3: the quote that opens in line 2 is never closed");
    expect("a,b\n1,\"2\"x\n", "'f.csv', line 2: text follows a closing quote in cell 2");
}

static void
test_rows(void)
{
    expect("a,b\n,\n\n \n1\n,,\n2,3,4\n", "a|b #1\n1 #5\n2|3|4 #7\n");
    expect("\n\na,b\n", "a|b #3\n");
    expect(" ,,\n", "'f.csv', line 2: no heading: the file is empty");
}

static void
test_large(void)
{
    /* Longer than any buffer, with a separator and a quote across each border. */
    g_autoptr(GString) text = g_string_new("a,b\n");
    for (int i = 0; i < 30000; i++)
        g_string_append_printf(text, "%d,\"x\"\"ä\"\r\n", i);
    g_autoptr(StdioFile) file = fmemopen(text->str, text->len, "r");
    g_autoptr(CsvReader) csv = csv_new(file, "f.csv", NULL, NULL);
    int n = 0;
    for (; csv_next(csv); n++) {
        g_autofree char *wanted = g_strdup_printf("%d", n);
        g_assert_cmpstr(csv_cell(csv, 0), ==, wanted);
        g_assert_cmpstr(csv_cell(csv, 1), ==, "x\"ä");
    }
    g_assert_true(csv_finish(csv, NULL));
    g_assert_cmpint(n, ==, 30000);
    g_autofree char *cell = g_strnfill(CSV_CELL_BYTES_MAX + 1, 'x');
    g_autofree char *long_cell = g_strconcat("a\n", cell, "\n", NULL);
    g_autofree char *refused = read_bytes(long_cell, strlen(long_cell), NULL);
    g_assert_nonnull(strstr(refused, "a cell is larger than 1024 KiB"));
    g_autofree char *commas = g_strnfill(CSV_COLUMNS_MAX + 1, ',');
    g_autofree char *wide = read_bytes(commas, strlen(commas), NULL);
    g_assert_nonnull(strstr(wide, "more than 1000 columns"));
}

static void
test_heading(void)
{
    const char text[] = " Name ,ID,name\n1,2,3\n";
    g_autoptr(StdioFile) file = fmemopen((char *)text, strlen(text), "r");
    g_autoptr(CsvReader) csv = csv_new(file, "f.csv", NULL, NULL);
    g_assert_cmpint(csv_find_column(csv, "name"), ==, 0);
    g_assert_cmpint(csv_find_column_from(csv, "name", 1), ==, 2);
    g_assert_cmpint(csv_find_column(csv, "id"), ==, 1);
    g_assert_cmpint(csv_find_column(csv, "i"), ==, -1);
    g_assert_true(csv_next(csv));
    g_assert_cmpstr(csv_cell(csv, 7), ==, "");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/include/csv/separators", test_separators);
    g_test_add_func("/include/csv/encodings", test_encodings);
    g_test_add_func("/include/csv/quotes", test_quotes);
    g_test_add_func("/include/csv/rows-are-counted-as-a-spreadsheet-does", test_rows);
    g_test_add_func("/include/csv/large-files-and-limits", test_large);
    g_test_add_func("/include/csv/heading", test_heading);
    return g_test_run();
}
