/* SPDX-License-Identifier: Apache-2.0
 *
 * Read a CSV file row by row, however a spreadsheet or an export wrote it.
 *
 *   encoding    UTF-8 with or without a byte order mark, UTF-16 with one, or the one that is named
 *   separator   comma, semicolon or tab: what stands most often in the heading; "sep=;" before it
 *   rows        end in LF, CR LF or CR; quotes as in RFC 4180
 *   heading     the first row; blanks around its names do not count, nor do upper and lower case
 *
 * Rows are counted as a spreadsheet does: the heading is row 1, and a cell of several lines does
 * not start a new one. Rows without any content are passed over.
 */
#ifndef CSV_H
#define CSV_H

#include "error.h"

#include <errno.h>
#include <iconv.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    CSV_CELL_BYTES_MAX = 1024 * 1024,
    CSV_ROW_BYTES_MAX = 8 * 1024 * 1024,
    CSV_COLUMNS_MAX = 1000,
    CSV_ROWS_MAX = 5 * 1000 * 1000,
};

typedef struct CsvReader {
    FILE *file; /* borrowed */
    const char *name;
    const char *encoding; /* as iconv calls it */
    iconv_t decoder;
    char raw[16384];  /* bytes of the file that are not decoded yet */
    char text[65536]; /* decoded */
    size_t n_raw, n_text, at;
    bool has_ended;  /* no more bytes come */
    bool has_failed; /* .why says it */
    GError *why;
    char separator;
    size_t line;        /* of the next character, from 1 */
    size_t row;         /* number of the row last read */
    size_t row_line;    /* where it begins */
    GString *cells;     /* of the row, each ends with a zero */
    GArray *starts;     /* offsets (size_t) in .cells */
    GPtrArray *heading; /* owned names */
} CsvReader;

G_GNUC_PRINTF(2, 3)
static inline bool
csv_complain(CsvReader *csv, const char *format, ...)
{
    if (csv->has_failed)
        return false;
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    csv->has_failed = true;
    csv->why =
        g_error_new(INGEST_ERROR, ferror(csv->file) ? INGEST_ERROR_STORAGE : INGEST_ERROR_INVALID,
            "'%s', line %zu: %s", csv->name, csv->line, text);
    return false;
}

/* --- decoding --------------------------------------------------------------------------------- */

static inline bool
csv_read_raw(CsvReader *csv)
{
    size_t n = fread(csv->raw + csv->n_raw, 1, sizeof csv->raw - csv->n_raw, csv->file);
    csv->n_raw += n;
    if (n == 0 && ferror(csv->file))
        return csv_complain(csv, "cannot be read: %s", g_strerror(errno));
    csv->has_ended = n == 0;
    return true;
}

/* What the text was told or found to be is not what it is. */
static inline bool
csv_complain_encoding(CsvReader *csv)
{
    return csv_complain(csv,
        "not a text in %s: save it as 'CSV UTF-8' or 'Unicode text', or say which encoding it has",
        csv->encoding);
}

/* Decodes the next piece into .text, which has been used up. */
static inline bool
csv_decode(CsvReader *csv)
{
    csv->at = csv->n_text = 0;
    while (csv->n_text == 0 && !csv->has_failed) {
        const bool is_full = csv->n_raw == sizeof csv->raw;
        if (!csv->has_ended && !is_full && !csv_read_raw(csv))
            return false;
        if (csv->n_raw == 0)
            return true; /* the end */
        char *from = csv->raw, *to = csv->text;
        size_t n_from = csv->n_raw, n_to = sizeof csv->text;
        size_t outcome = iconv(csv->decoder, &from, &n_from, &to, &n_to);
        int why = outcome == (size_t)-1 ? errno : 0;
        csv->n_text = (size_t)(to - csv->text);
        memmove(csv->raw, from, n_from);
        csv->n_raw = n_from;
        if (csv->n_text == 0 && (why == EILSEQ || (why == EINVAL && (csv->has_ended || is_full))))
            return csv_complain_encoding(csv);
    }
    return !csv->has_failed;
}

/* The next byte of UTF-8, or EOF; what is wrong is kept. */
static inline int
csv_peek(CsvReader *csv)
{
    if (csv->at == csv->n_text && (csv->has_failed || !csv_decode(csv)))
        return EOF;
    if (csv->at == csv->n_text)
        return EOF;
    if (csv->text[csv->at] == '\0') {
        csv_complain(csv, "holds a zero byte: not a text, or UTF-16 without a byte order mark");
        return EOF;
    }
    return (unsigned char)csv->text[csv->at];
}

static inline int
csv_next_char(CsvReader *csv)
{
    int c = csv_peek(csv);
    if (c == EOF)
        return EOF;
    csv->at++;
    if (c == '\n' || (c == '\r' && csv_peek(csv) != '\n'))
        csv->line++;
    return c;
}

/* By its byte order mark, which is taken away; else @encoding, else UTF-8. */
static inline bool
csv_find_encoding(CsvReader *csv, const char *encoding)
{
    static const struct {
        const char *mark, *encoding;
        size_t length;
    } marks[] = {
        {"\xef\xbb\xbf", "UTF-8", 3}, {"\xff\xfe", "UTF-16LE", 2}, {"\xfe\xff", "UTF-16BE", 2}};
    if (!csv_read_raw(csv))
        return false;
    csv->encoding = encoding ? encoding : "UTF-8";
    for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
        if (csv->n_raw < marks[i].length || memcmp(csv->raw, marks[i].mark, marks[i].length) != 0)
            continue;
        csv->encoding = marks[i].encoding;
        csv->n_raw -= marks[i].length;
        memmove(csv->raw, csv->raw + marks[i].length, csv->n_raw);
        break;
    }
    csv->decoder = iconv_open("UTF-8", csv->encoding);
    return csv->decoder != (iconv_t)-1 ||
           csv_complain(csv, "'%s' is not an encoding that is known here", csv->encoding);
}

/* --- rows ------------------------------------------------------------------------------------- */

static inline const char *
csv_cell(const CsvReader *csv, size_t column)
{
    return column < csv->starts->len ? csv->cells->str + g_array_index(csv->starts, size_t, column)
                                     : "";
}

static inline bool
csv_end_cell(CsvReader *csv)
{
    size_t start = g_array_index(csv->starts, size_t, csv->starts->len - 1);
    if (csv->cells->len - start > CSV_CELL_BYTES_MAX || csv->cells->len > CSV_ROW_BYTES_MAX)
        return csv_complain(csv, "a cell is larger than %d KiB, or a row than %d MiB",
            CSV_CELL_BYTES_MAX >> 10, CSV_ROW_BYTES_MAX >> 20);
    /* iconv lets through what is beyond Unicode. */
    if (!g_utf8_validate(csv->cells->str + start, (gssize)(csv->cells->len - start), NULL))
        return csv_complain_encoding(csv);
    g_string_append_c(csv->cells, '\0');
    return true;
}

static inline bool
csv_begin_cell(CsvReader *csv)
{
    if (csv->starts->len >= CSV_COLUMNS_MAX)
        return csv_complain(csv, "more than %d columns", CSV_COLUMNS_MAX);
    size_t start = csv->cells->len;
    g_array_append_val(csv->starts, start);
    return true;
}

/* Up to the closing quote; the opening one has been read. */
static inline bool
csv_read_quoted(CsvReader *csv)
{
    size_t begin = csv->line;
    for (;;) {
        int c = csv_next_char(csv);
        if (c == EOF)
            return csv_complain(csv, "the quote that opens in line %zu is never closed", begin);
        if (c == '"' && csv_peek(csv) != '"')
            return true;
        if (c == '"')
            csv_next_char(csv);
        g_string_append_c(csv->cells, (char)c);
        if (csv->cells->len > CSV_ROW_BYTES_MAX)
            return csv_complain(csv, "the quote that opens in line %zu is not closed for %d MiB",
                begin, CSV_ROW_BYTES_MAX >> 20);
    }
}

/* One row, blank or not; false at the end and on failure. */
static inline bool
csv_read_row(CsvReader *csv)
{
    g_string_truncate(csv->cells, 0);
    g_array_set_size(csv->starts, 0);
    csv->row_line = csv->line;
    if (csv_peek(csv) == EOF || !csv_begin_cell(csv))
        return false;
    for (bool is_fresh = true;;) {
        int c = csv_next_char(csv);
        if (c == '\r' && csv_peek(csv) == '\n')
            c = csv_next_char(csv);
        if (c == EOF || c == '\n' || c == '\r')
            return !csv->has_failed && csv_end_cell(csv);
        if (c == csv->separator) {
            if (!csv_end_cell(csv) || !csv_begin_cell(csv))
                return false;
            is_fresh = true;
        } else if (c == '"' && is_fresh) {
            if (!csv_read_quoted(csv))
                return false;
            int after = csv_peek(csv);
            if (after != EOF && !strchr("\r\n", after) && after != csv->separator)
                return csv_complain(
                    csv, "text follows a closing quote in cell %u", csv->starts->len);
            is_fresh = false;
        } else {
            g_string_append_c(csv->cells, (char)c);
            is_fresh = false;
            if (csv->cells->len > CSV_ROW_BYTES_MAX)
                return csv_end_cell(csv);
        }
    }
}

static inline bool
csv_row_is_blank(const CsvReader *csv)
{
    for (size_t i = 0; i < csv->cells->len; i++)
        if (csv->cells->str[i] && !strchr(" \t", csv->cells->str[i]))
            return false;
    return true;
}

/**
 * csv_next - the next row that is not blank
 *
 * Its cells are those of csv_cell(), valid until the next call; a short row ends in empty cells.
 * Returns false at the end of the file, and on failure: see csv_finish()
 */
static inline bool
csv_next(CsvReader *csv)
{
    while (csv_read_row(csv)) {
        if (++csv->row > CSV_ROWS_MAX)
            return csv_complain(csv, "more than %d rows", CSV_ROWS_MAX);
        if (!csv_row_is_blank(csv))
            return true;
    }
    return false;
}

/* --- the heading ------------------------------------------------------------------------------ */

/* What stands most often outside quotes in the line ahead. Looks at one piece of text at most. */
static inline char
csv_guess_separator(CsvReader *csv)
{
    static const char separators[] = ",;\t";
    size_t counts[3] = {0}, best = 0;
    bool is_quoted = false;
    csv_peek(csv);
    for (size_t i = csv->at; i < csv->n_text; i++) {
        char c = csv->text[i];
        if (!is_quoted && (c == '\n' || c == '\r') && counts[0] + counts[1] + counts[2] > 0)
            break;
        is_quoted ^= c == '"';
        const char *found = c && !is_quoted ? strchr(separators, c) : NULL;
        if (found)
            counts[found - separators]++;
    }
    for (size_t i = 1; i < G_N_ELEMENTS(counts); i++)
        if (counts[i] > counts[best])
            best = i;
    return separators[best];
}

/* "sep=;" in a line of its own, which spreadsheets do not show. */
static inline bool
csv_has_separator_line(CsvReader *csv)
{
    csv_peek(csv);
    const char *text = csv->text + csv->at;
    size_t length = csv->n_text - csv->at;
    if (length < 6 || g_ascii_strncasecmp(text, "sep=", 4) != 0 || !strchr("\r\n", text[5]))
        return false;
    csv->separator = text[4];
    for (int i = 0; i < 5; i++)
        csv_next_char(csv);
    int c = csv_next_char(csv);
    if (c == '\r' && csv_peek(csv) == '\n')
        csv_next_char(csv);
    return true;
}

static inline bool
csv_read_heading(CsvReader *csv)
{
    if (!csv_has_separator_line(csv))
        csv->separator = csv_guess_separator(csv);
    if (!csv_next(csv))
        return csv_complain(csv, "no heading: the file is empty");
    for (size_t i = 0; i < csv->starts->len; i++) {
        g_autofree char *name = g_strdup(csv_cell(csv, i));
        g_ptr_array_add(csv->heading, g_strdup(g_strstrip(name)));
    }
    return true;
}

/* Column of a name of the heading, from @from on; -1: there is none. */
static inline int
csv_find_column_from(const CsvReader *csv, const char *name, unsigned from)
{
    for (unsigned i = from; i < csv->heading->len; i++)
        if (g_ascii_strcasecmp(g_ptr_array_index(csv->heading, i), name) == 0)
            return (int)i;
    return -1;
}

static inline int
csv_find_column(const CsvReader *csv, const char *name)
{
    return csv_find_column_from(csv, name, 0);
}

/* --- the whole -------------------------------------------------------------------------------- */

static inline void
csv_free(CsvReader *csv)
{
    if (!csv)
        return;
    if (csv->decoder != (iconv_t)-1)
        iconv_close(csv->decoder);
    g_string_free(csv->cells, true);
    g_array_unref(csv->starts);
    g_ptr_array_unref(csv->heading);
    g_clear_error(&csv->why);
    g_free(csv);
}

/**
 * csv_new - begin to read a file, its heading first
 * @file: open for reading, borrowed
 * @name: what error texts call it, borrowed
 * @encoding: of a file without byte order mark, as iconv calls it; NULL: UTF-8; borrowed
 *
 * Errors:  INVALID with the line; STORAGE
 * Returns: (owned)
 */
static inline CsvReader *
csv_new(FILE *file, const char *name, const char *encoding, GError **error)
{
    CsvReader *csv = g_new0(CsvReader, 1);
    csv->file = file;
    csv->name = name;
    csv->decoder = (iconv_t)-1;
    csv->line = 1;
    csv->cells = g_string_new(NULL);
    csv->starts = g_array_new(false, false, sizeof(size_t));
    csv->heading = g_ptr_array_new_with_free_func(g_free);
    if (csv_find_encoding(csv, encoding) && csv_read_heading(csv))
        return csv;
    g_propagate_error(error, g_steal_pointer(&csv->why));
    csv_free(csv);
    return NULL;
}

/* After csv_next() said false: whether that was the end. INVALID with the line; STORAGE. */
static inline bool
csv_finish(CsvReader *csv, GError **error)
{
    if (!csv->has_failed)
        return true;
    g_propagate_error(error, g_steal_pointer(&csv->why));
    return false;
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CsvReader, csv_free)

#endif
