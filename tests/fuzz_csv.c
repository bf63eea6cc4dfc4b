/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes are rows or an error that names the file; rows that were read are read again the same
 * when they are written plainly.
 */
#include "cleanup.h"
#include "csv.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* All cells, the heading's too, in quotes; NULL on error. */
static GString *
rewrite(const void *data, size_t size, size_t *ret_rows)
{
    g_autoptr(StdioFile) file = fmemopen((void *)data, size, "r");
    g_autoptr(GError) error = NULL;
    g_autoptr(CsvReader) csv = csv_new(file, "fuzzed", NULL, &error);
    GString *out = g_string_new(NULL);
    *ret_rows = 0;
    for (bool has_row = csv != NULL; has_row; has_row = csv_next(csv)) {
        for (unsigned i = 0; i < csv->starts->len; i++) {
            g_auto(GStrv) parts = g_strsplit(csv_cell(csv, i), "\"", -1);
            g_autofree char *cell = g_strjoinv("\"\"", parts);
            g_string_append_printf(out, "%s\"%s\"", i ? "," : "", cell);
        }
        g_string_append_c(out, '\n');
        ++*ret_rows;
    }
    if (csv && csv_finish(csv, &error))
        return out;
    if (!error || error->domain != INGEST_ERROR || !strstr(error->message, "'fuzzed', line "))
        g_error("not a good error: %s", error ? error->message : "none");
    g_string_free(out, true);
    return NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t n_rows, n_again;
    GString *once = size ? rewrite(data, size, &n_rows) : NULL;
    if (!once)
        return 0;
    if (!g_utf8_validate(once->str, (gssize)once->len, NULL))
        g_error("cells that are not UTF-8");
    GString *twice = rewrite(once->str, once->len, &n_again);
    /* A first line "sep=x" in quotes is none, and a separator in quotes does not count. */
    if (!twice || n_rows != n_again || !g_string_equal(once, twice))
        g_error("written:\n%s\nread again:\n%s", once->str, twice ? twice->str : "(error)");
    g_string_free(once, true);
    g_string_free(twice, true);
    return 0;
}
