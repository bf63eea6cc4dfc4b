/* SPDX-License-Identifier: Apache-2.0
 *
 * The words of a policy's line, and what its parsers ask of them. What is wrong is told with line
 * and column; the parsers go on with the next line.
 */
#ifndef POLICY_WORDS_H
#define POLICY_WORDS_H

#include "policy_priv.h"

enum { POLICY_ERRORS_MAX = 20, POLICY_WORDS_MAX = 64 };

typedef struct Word {
    const char *text;
    size_t column;
    bool is_quoted;
} Word;

/* What lines of the schedule said so far. */
typedef struct ScheduleLines ScheduleLines;

typedef struct Parser {
    Policy *policy;
    const char *name;
    size_t line;
    Word words[POLICY_WORDS_MAX];
    size_t n_words, next;
    size_t end_column;
    GString *errors;
    size_t n_errors;
    GArray *rules, *owners;
    ScheduleLines *schedule;
    const PolicyFiles *files; /* NULL: it may name none */
} Parser;

/* Notes an error of the line; returns false. */
G_GNUC_PRINTF(3, 4)
bool parser_complain(Parser *parser, size_t column, const char *format, ...);

/* Takes a line apart: words, texts in quotes, and no comment. */
bool parser_split(Parser *parser, const char *start, const char *end);
/* The next word, NULL at the end of the line; and its column. */
const Word *parser_peek(const Parser *parser);
size_t parser_column(const Parser *parser);
/* Passes over the keyword, if it is next. */
bool parser_accept(Parser *parser, const char *keyword);

/* Each of these takes what must be next, or complains; @what: how the error calls it. */
bool parser_take(Parser *parser, const char *what, const char **ret);
bool parser_take_number(
    Parser *parser, const char *what, int64_t least, int64_t most, int64_t *ret);
bool parser_take_arrow(Parser *parser);

/* --- policy_conditions.c ---------------------------------------------------------------------- */

/* "any", or conditions with "and" between them. */
bool parser_take_conditions(Parser *parser, Rule *rule);

/* --- policy_list.c ---------------------------------------------------------------------------- */

bool parse_list(Parser *parser);
/* The list of that name, which may be defined later; @column: where it is named. */
PolicyList *parser_find_list(Parser *parser, const char *name, size_t column);
/* Complains of those that were not. */
void parser_check_lists(Parser *parser);

/* --- policy_schedule.c ------------------------------------------------------------------------ */

/* A line that is no rule, by its first word. */
typedef struct PolicySetting {
    const char *word;
    bool (*parse)(Parser *parser);
} PolicySetting;

extern const PolicySetting policy_settings[];
extern const size_t policy_settings_n;

ScheduleLines *schedule_lines_new(void);
void schedule_lines_free(ScheduleLines *lines);
/* Makes the policy's schedule of them. */
void schedule_lines_keep(const ScheduleLines *lines, Policy *policy);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ScheduleLines, schedule_lines_free)

#endif
