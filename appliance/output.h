/* SPDX-License-Identifier: Apache-2.0
 *
 * How the command prints what it has: -o table, json, yaml, csv.
 *
 * Data goes to the file that is given, never anywhere else. Nothing is cut but a table on a
 * terminal that is too narrow for it; no colour but on a terminal and without NO_COLOR.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include "error.h"

#include <stdbool.h>
#include <stdio.h>

struct json_object;

typedef enum OutputFormat {
    OUTPUT_TABLE,
    OUTPUT_JSON,
    OUTPUT_YAML,
    OUTPUT_CSV,
    OUTPUT_FORMAT_N
} OutputFormat;

/* Of "table", "json", "yaml", "csv". USAGE: not one of the words; the text lists them. */
bool output_format_parse(const char *word, OutputFormat *ret_format, GError **error);

typedef struct OutputStyle {
    bool has_color;
    bool no_headers;  /* tables and CSV without their first line */
    unsigned columns; /* of the terminal; 0: no terminal, nothing is cut */
} OutputStyle;

/* What suits @file: colour and width only if it is a terminal; honours NO_COLOR, TERM, COLUMNS. */
OutputStyle output_style_of(FILE *file);

/* --- tables ----------------------------------------------------------------------------------- */

/* Rows of text cells under column names. */
typedef struct OutputTable OutputTable;

typedef struct OutputColumn {
    const char *title; /* table and CSV heading, "VLAN ID" */
    const char *key;   /* JSON and YAML member, "vlan" */
    bool is_number;    /* aligned to the right; a JSON number where the cell is one */
    bool is_fixed;     /* never cut on a narrow terminal */
} OutputColumn;

/* @columns: borrowed, must outlive the table. (owned) */
OutputTable *output_table_new(const OutputColumn *columns, size_t n_columns);
void output_table_free(OutputTable *table);
/* @cells: n_columns of them, copied; NULL is an empty cell and no member in JSON. */
void output_table_add(OutputTable *table, const char *const *cells);
size_t output_table_count(const OutputTable *table);

/**
 * output_table_print - print in any of the formats
 *
 * JSON and YAML are a list of objects, a member per known cell. CSV is as in report_csv().
 * Errors: STORAGE
 */
bool output_table_print(const OutputTable *table, OutputFormat format, const OutputStyle *style,
    FILE *file, GError **error);

/* --- documents -------------------------------------------------------------------------------- */

/* Pretty-printed, with a line feed at the end. STORAGE. */
bool output_json(struct json_object *value, FILE *file, GError **error);
/* OUTPUT_YAML or else JSON, of a JSON text that we made ourselves (record_encode()). */
bool output_document_text(const char *json, OutputFormat format, FILE *file, GError **error);

/* --- pieces ----------------------------------------------------------------------------------- */

/**
 * output_csv_cell - append a cell: RFC 4180, and nothing that a spreadsheet would run
 * @text: NULL is an empty cell
 *
 * A cell that begins with = + - @ (full-width too), tab, line break or ' gets a ' before it. So a
 * reader that takes one leading ' away has the exact text back.
 */
void output_csv_cell(GString *out, const char *text);

/**
 * output_csv_text - append a cell that must come back from a spreadsheet as it is
 *
 * As output_csv_cell(); what output_is_rewritten() tells of gets a ' before it, too.
 */
void output_csv_text(GString *out, const char *text);

/* Whether a spreadsheet may turn @text, left alone, into another one: 007, 1E5, 1-2, MAR1, true. */
bool output_is_rewritten(const char *text);

/* For a terminal: no escape sequences, nothing that turns the direction of the line. (owned) */
char *output_printable(const char *text);

/* Flushes; STORAGE when something could not be written. */
bool output_flush(FILE *file, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OutputTable, output_table_free)

#endif
