/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables, CSV, JSON and YAML: one set of cells or one JSON value, printed in each form.
 */
#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <json-c/json.h>
#include <yaml.h>

#include "cleanup.h"
#include "record.h"

static const char *const format_words[OUTPUT_FORMAT_N] = {"table", "json", "yaml", "csv"};

bool
output_format_parse(const char *word, OutputFormat *ret_format, GError **error)
{
    for (int i = 0; i < OUTPUT_FORMAT_N; i++) {
        if (strcmp(word, format_words[i]) == 0) {
            *ret_format = (OutputFormat)i;
            return true;
        }
    }
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_USAGE,
        "'%s' is not an output format; use table, json, yaml or csv", word);
    return false;
}

OutputStyle
output_style_of(FILE *file)
{
    OutputStyle style = {0};
    int fd = fileno(file);
    if (fd < 0 || !isatty(fd))
        return style;
    const char *no_color = g_getenv("NO_COLOR"), *term = g_getenv("TERM"),
               *columns = g_getenv("COLUMNS");
    style.has_color = !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
    struct winsize size = {0};
    guint64 wanted = 0;
    if (columns && g_ascii_string_to_unsigned(columns, 10, 20, 10000, &wanted, NULL))
        style.columns = (unsigned)wanted;
    else if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20)
        style.columns = size.ws_col;
    else
        style.columns = 80;
    return style;
}

bool
output_flush(FILE *file, GError **error)
{
    if (fflush(file) == 0 && !ferror(file))
        return true;
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_STORAGE, "cannot write: %s",
        errno ? g_strerror(errno) : "write error");
    return false;
}

/* --- JSON and YAML ---------------------------------------------------------------------------- */

bool
output_json(struct json_object *value, FILE *file, GError **error)
{
    fputs(json_object_to_json_string_ext(value,
              JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE),
        file);
    fputc('\n', file);
    return output_flush(file, error);
}

/* A text that YAML would read as something else than a text has to be quoted. */
static bool
is_plain_yaml(const char *text)
{
    static const char *const words[] = {"null", "true", "false", "yes", "no", "on", "off", "y", "n",
        "~", ".nan", ".inf", "-.inf", "+.inf"};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_ascii_strcasecmp(text, words[i]) == 0)
            return false;
    if (!g_ascii_isalpha(*text) && *text != '/' && *text != '(')
        return false; /* numbers, times, 0x1f, 1e3, .5, ... */
    for (const char *at = text; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return false;
    return true;
}

static bool
emit_scalar(yaml_emitter_t *emitter, const char *text, bool is_text)
{
    yaml_event_t event;
    bool is_plain = !is_text || is_plain_yaml(text);
    bool has_breaks = strpbrk(text, "\n\r\t") != NULL;
    return yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text,
               (int)strlen(text), is_plain, is_text,
               is_plain     ? YAML_PLAIN_SCALAR_STYLE
               : has_breaks ? YAML_DOUBLE_QUOTED_SCALAR_STYLE
                            : YAML_SINGLE_QUOTED_SCALAR_STYLE) &&
           yaml_emitter_emit(emitter, &event);
}

static bool emit_value(yaml_emitter_t *emitter, json_object *value);

static bool
emit_object(yaml_emitter_t *emitter, json_object *object)
{
    yaml_event_t event;
    yaml_mapping_style_t style =
        json_object_object_length(object) ? YAML_BLOCK_MAPPING_STYLE : YAML_FLOW_MAPPING_STYLE;
    if (!yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, style) ||
        !yaml_emitter_emit(emitter, &event))
        return false;
    struct json_object_iterator at = json_object_iter_begin(object),
                                end = json_object_iter_end(object);
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
        if (!emit_scalar(emitter, json_object_iter_peek_name(&at), true) ||
            !emit_value(emitter, json_object_iter_peek_value(&at)))
            return false;
    return yaml_mapping_end_event_initialize(&event) && yaml_emitter_emit(emitter, &event);
}

static bool
emit_list(yaml_emitter_t *emitter, json_object *list)
{
    yaml_event_t event;
    size_t n = json_object_array_length(list);
    if (!yaml_sequence_start_event_initialize(
            &event, NULL, NULL, 1, n ? YAML_BLOCK_SEQUENCE_STYLE : YAML_FLOW_SEQUENCE_STYLE) ||
        !yaml_emitter_emit(emitter, &event))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!emit_value(emitter, json_object_array_get_idx(list, i)))
            return false;
    return yaml_sequence_end_event_initialize(&event) && yaml_emitter_emit(emitter, &event);
}

static bool
emit_value(yaml_emitter_t *emitter, json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_object:
        return emit_object(emitter, value);
    case json_type_array:
        return emit_list(emitter, value);
    case json_type_string:
        return emit_scalar(emitter, json_object_get_string(value), true);
    case json_type_null:
        return emit_scalar(emitter, "null", false);
    case json_type_boolean:
    case json_type_double:
    case json_type_int:
        return emit_scalar(emitter, json_object_to_json_string(value), false);
    }
    g_assert_not_reached();
}

static bool
emit_document(yaml_emitter_t *emitter, json_object *value)
{
    yaml_event_t event;
    return yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING) &&
           yaml_emitter_emit(emitter, &event) &&
           yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1) &&
           yaml_emitter_emit(emitter, &event) && emit_value(emitter, value) &&
           yaml_document_end_event_initialize(&event, 1) && yaml_emitter_emit(emitter, &event) &&
           yaml_stream_end_event_initialize(&event) && yaml_emitter_emit(emitter, &event);
}

static bool
print_yaml(struct json_object *value, FILE *file, GError **error)
{
    yaml_emitter_t emitter;
    g_assert(yaml_emitter_initialize(&emitter));
    yaml_emitter_set_output_file(&emitter, file);
    yaml_emitter_set_unicode(&emitter, 1);
    yaml_emitter_set_width(&emitter, -1);
    bool is_ok = emit_document(&emitter, value);
    if (!is_ok && !ferror(file))
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_FAILED, "cannot write YAML: %s",
            emitter.problem ? emitter.problem : "unknown");
    yaml_emitter_delete(&emitter);
    return (is_ok || ferror(file)) && output_flush(file, error);
}

static bool
print_value(struct json_object *value, OutputFormat format, FILE *file, GError **error)
{
    return format == OUTPUT_YAML ? print_yaml(value, file, error) : output_json(value, file, error);
}

bool
output_document_text(const char *json, OutputFormat format, FILE *file, GError **error)
{
    g_autoptr(JsonObject) value = json_tokener_parse(json);
    g_assert(value);
    return print_value(value, format, file, error);
}

/* --- CSV -------------------------------------------------------------------------------------- */

/* What makes a spreadsheet run a cell, full-width forms included; and our own mark. */
static bool
begins_risky(const char *text)
{
    static const gunichar wide[] = {0xff1d, 0xff0b, 0xff0d, 0xff20};
    if (*text && strchr("=+-@\t\r\n'", *text))
        return true;
    gunichar c = g_utf8_get_char_validated(text, -1);
    for (size_t i = 0; i < G_N_ELEMENTS(wide); i++)
        if (c == wide[i])
            return true;
    return false;
}

/* "5" and "40", which come back as they are. */
static bool
is_plain_number(const char *text)
{
    size_t length = strspn(text, "0123456789");
    return length && !text[length] && length <= 15 && (*text != '0' || length == 1);
}

/* "Mar 1", "1-Dez", "SEP2": a month, which spreadsheets know in their own language, and digits. */
static bool
is_date_by_name(const char *text)
{
    static const char months[] = "jan feb fev feb fév mar mär mrz mrt apr avr abr may mai mei maj "
                                 "mag jun jui giu jul lug aug aoû ago sep set oct okt ott out nov "
                                 "dec dez dic déc gen ene ";
    g_autofree char *lower = g_utf8_strdown(text, -1);
    const char *letters = lower + strspn(lower, "0123456789 ./-");
    char first[16] = "";
    g_utf8_strncpy(first, letters, MIN(3, g_utf8_strlen(letters, 10)));
    size_t word = strcspn(letters, "0123456789 ./-");
    bool has_digits = strpbrk(text, "0123456789") != NULL;
    return has_digits && word >= 3 && word <= 12 && strlen(first) >= 3 &&
           !letters[word + strspn(letters + word, "0123456789 ./-")] && strstr(months, first);
}

bool
output_is_rewritten(const char *text)
{
    static const char *const truths[] = {"true", "false", "wahr", "falsch", "vrai", "faux", "vero",
        "falso", "verdadero", "waar", "onwaar", NULL};
    g_autofree char *lower = g_utf8_strdown(text, -1);
    if (!*text || is_plain_number(text) || g_uuid_string_is_valid(text))
        return false;
    bool is_numeric = strpbrk(text, "0123456789") && !lower[strspn(lower, "0123456789.,:/-+e% ")];
    return is_numeric || *text == '#' || g_strv_contains(truths, lower) || is_date_by_name(text);
}

static void
add_csv_cell(GString *out, const char *text, bool is_risky)
{
    if (!is_risky && !strpbrk(text, ",\"\r\n")) {
        g_string_append(out, text);
        return;
    }
    g_string_append_c(out, '"');
    if (is_risky)
        g_string_append_c(out, '\'');
    for (; *text; text++) {
        if (*text == '"')
            g_string_append_c(out, '"');
        g_string_append_c(out, *text);
    }
    g_string_append_c(out, '"');
}

void
output_csv_cell(GString *out, const char *text)
{
    if (text)
        add_csv_cell(out, text, begins_risky(text));
}

void
output_csv_text(GString *out, const char *text)
{
    if (text)
        add_csv_cell(out, text, begins_risky(text) || output_is_rewritten(text));
}

/* --- tables ----------------------------------------------------------------------------------- */

struct OutputTable {
    const OutputColumn *columns;
    size_t n_columns;
    GPtrArray *cells; /* owned texts or NULL, row by row */
};

OutputTable *
output_table_new(const OutputColumn *columns, size_t n_columns)
{
    OutputTable *table = g_new0(OutputTable, 1);
    *table = (OutputTable){columns, n_columns, g_ptr_array_new_with_free_func(g_free)};
    return table;
}

void
output_table_free(OutputTable *table)
{
    if (!table)
        return;
    g_ptr_array_unref(table->cells);
    g_free(table);
}

void
output_table_add(OutputTable *table, const char *const *cells)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        char *cell = g_strdup(cells[i]);
        if (cell && !g_utf8_validate(cell, -1, NULL)) {
            char *valid = g_utf8_make_valid(cell, -1);
            g_free(cell);
            cell = valid;
        }
        g_ptr_array_add(table->cells, cell);
    }
}

size_t
output_table_count(const OutputTable *table)
{
    return table->n_columns ? table->cells->len / table->n_columns : 0;
}

static const char *
table_cell(const OutputTable *table, size_t row, size_t column)
{
    return g_ptr_array_index(table->cells, row * table->n_columns + column);
}

/* Columns of a terminal that one character takes. */
static unsigned
char_width(gunichar c)
{
    if (!g_unichar_isprint(c))
        return 1; /* is shown as '?' */
    return g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
}

static unsigned
text_width(const char *text)
{
    unsigned width = 0;
    for (; *text; text = g_utf8_next_char(text))
        width += char_width(g_utf8_get_char(text));
    return width;
}

/* Makes columns narrower, the widest first, until they fit the terminal or are 12 wide. */
static void
fit_widths(const OutputTable *table, unsigned *widths, unsigned limit)
{
    for (;;) {
        unsigned total = 0;
        size_t widest = SIZE_MAX;
        for (size_t i = 0; i < table->n_columns; i++) {
            total += widths[i] + (i ? 2 : 0);
            if (!table->columns[i].is_fixed && widths[i] > 12 &&
                (widest == SIZE_MAX || widths[i] > widths[widest]))
                widest = i;
        }
        if (total <= limit || widest == SIZE_MAX)
            return;
        widths[widest]--;
    }
}

static void
append_spaces(GString *out, size_t n)
{
    while (n--)
        g_string_append_c(out, ' ');
}

/* Characters without a shape that turn the direction of all that follows. */
static bool
is_bidi_control(gunichar c)
{
    return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

static bool
is_shown(gunichar c)
{
    return g_unichar_isprint(c) || g_unichar_iszerowidth(c);
}

char *
output_printable(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *out = g_string_new(NULL);
    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (!is_bidi_control(c))
            g_string_append_unichar(out, is_shown(c) || c == '\n' || c == '\t' ? c : '?');
    }
    return g_string_free(out, false);
}

/* A text without control characters (a VM's name may hold an escape sequence), cut to @limit. */
static unsigned
append_shown(GString *out, const char *text, unsigned limit)
{
    unsigned width = 0;
    bool is_cut = text_width(text) > limit;
    for (; *text; text = g_utf8_next_char(text)) {
        gunichar c = g_utf8_get_char(text);
        if (width + char_width(c) > limit - (is_cut ? 1 : 0))
            break;
        width += char_width(c);
        if (!is_bidi_control(c))
            g_string_append_unichar(out, is_shown(c) ? c : '?');
    }
    if (is_cut) {
        g_string_append(out, "…");
        width++;
    }
    return width;
}

static void
append_cell(
    GString *out, const OutputColumn *column, const char *text, unsigned width, bool is_last)
{
    gsize begin = out->len;
    unsigned used = append_shown(out, text ? text : "", width);
    if (column->is_number) {
        g_autofree char *shown = g_strdup(out->str + begin);
        g_string_truncate(out, begin);
        append_spaces(out, width - used);
        g_string_append(out, shown);
    } else if (!is_last) {
        append_spaces(out, width - used);
    }
}

static void
print_aligned(const OutputTable *table, const OutputStyle *style, FILE *file)
{
    size_t rows = output_table_count(table), n = table->n_columns;
    g_autofree unsigned *widths = g_new0(unsigned, n);
    for (size_t i = 0; i < n; i++) {
        widths[i] = style->no_headers ? 0 : text_width(table->columns[i].title);
        for (size_t row = 0; row < rows; row++) {
            const char *cell = table_cell(table, row, i);
            widths[i] = MAX(widths[i], cell ? text_width(cell) : 0);
        }
    }
    if (style->columns)
        fit_widths(table, widths, style->columns);
    g_autoptr(GString) line = g_string_new(style->has_color ? "\033[1m" : NULL);
    for (size_t i = 0; i < n; i++) {
        g_string_append(line, i ? "  " : "");
        append_cell(line, &table->columns[i], table->columns[i].title, widths[i], i + 1 == n);
    }
    if (!style->no_headers)
        fprintf(file, "%s%s\n", line->str, style->has_color ? "\033[0m" : "");
    for (size_t row = 0; row < rows; row++) {
        g_string_truncate(line, 0);
        for (size_t i = 0; i < n; i++) {
            g_string_append(line, i ? "  " : "");
            append_cell(line, &table->columns[i], table_cell(table, row, i), widths[i], i + 1 == n);
        }
        while (line->len && line->str[line->len - 1] == ' ')
            g_string_truncate(line, line->len - 1);
        fprintf(file, "%s\n", line->str);
    }
}

static void
print_csv(const OutputTable *table, const OutputStyle *style, FILE *file)
{
    g_autoptr(GString) line = g_string_new(NULL);
    for (size_t row = style->no_headers; row <= output_table_count(table); row++) {
        g_string_truncate(line, 0);
        for (size_t i = 0; i < table->n_columns; i++) {
            if (i)
                g_string_append_c(line, ',');
            output_csv_cell(line, row ? table_cell(table, row - 1, i) : table->columns[i].key);
        }
        fprintf(file, "%s\r\n", line->str);
    }
}

static void
append_json_row(const OutputTable *table, size_t row, GString *out)
{
    const char *separator = "";
    g_string_append_c(out, '{');
    for (size_t i = 0; i < table->n_columns; i++) {
        const OutputColumn *column = &table->columns[i];
        const char *cell = table_cell(table, row, i);
        gint64 number;
        if (!cell)
            continue;
        g_string_append(out, separator);
        json_append_text(out, column->key);
        g_string_append_c(out, ':');
        if (column->is_number &&
            g_ascii_string_to_signed(cell, 10, INT64_MIN, INT64_MAX, &number, NULL))
            g_string_append_printf(out, "%" G_GINT64_FORMAT, number);
        else
            json_append_text(out, cell);
        separator = ",";
    }
    g_string_append_c(out, '}');
}

static bool
print_document(const OutputTable *table, OutputFormat format, FILE *file, GError **error)
{
    g_autoptr(GString) json = g_string_new("[");
    for (size_t row = 0; row < output_table_count(table); row++) {
        g_string_append(json, row ? "," : "");
        append_json_row(table, row, json);
    }
    g_string_append_c(json, ']');
    return output_document_text(json->str, format, file, error);
}

bool
output_table_print(const OutputTable *table, OutputFormat format, const OutputStyle *style,
    FILE *file, GError **error)
{
    if (format == OUTPUT_JSON || format == OUTPUT_YAML)
        return print_document(table, format, file, error);
    if (format == OUTPUT_CSV)
        print_csv(table, style, file);
    else
        print_aligned(table, style, file);
    return output_flush(file, error);
}
