/* SPDX-License-Identifier: Apache-2.0
 *
 * The words of a policy's line.
 */
#include "policy_words.h"

#include <inttypes.h>
#include <string.h>

bool
parser_complain(Parser *parser, size_t column, const char *format, ...)
{
    if (parser->n_errors++ >= POLICY_ERRORS_MAX)
        return false;
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_string_append_printf(parser->errors, "%s'%s', line %zu, column %zu: %s",
        parser->errors->len ? "\n" : "", parser->name, parser->line, column, text);
    return false;
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* A text in quotes; \" and \\ stand for themselves. Returns behind the closing quote, or NULL. */
static const char *
read_quoted(Parser *parser, const char *start, const char *at, const char *end)
{
    g_autoptr(GString) text = g_string_new(NULL);
    size_t column = (size_t)(at - start) + 1;
    for (at++; at < end && *at != '"'; at++) {
        if (*at == '\\' && at + 1 < end && (at[1] == '"' || at[1] == '\\'))
            at++;
        g_string_append_c(text, *at);
    }
    if (at == end) {
        parser_complain(
            parser, column, "the quote is not closed: put a '\"' at the end of the text");
        return NULL;
    }
    const char *copy = arena_strndup(&parser->policy->arena, text->str, text->len);
    parser->words[parser->n_words++] = (Word){copy, column, true};
    return at + 1;
}

bool
parser_split(Parser *parser, const char *start, const char *end)
{
    parser->n_words = parser->next = 0;
    parser->end_column = (size_t)(end - start) + 1;
    for (const char *at = start; at < end;) {
        if (is_blank(*at)) {
            at++;
            continue;
        }
        if (*at == '#')
            return true;
        if (parser->n_words == POLICY_WORDS_MAX)
            return parser_complain(parser, (size_t)(at - start) + 1,
                "a rule has %d words at most: split it into several rules", POLICY_WORDS_MAX);
        if (*at == '"') {
            at = read_quoted(parser, start, at, end);
            if (!at)
                return false;
            continue;
        }
        const char *word = at;
        while (at < end && !is_blank(*at) && *at != '"' && *at != '#')
            at++;
        const char *copy = arena_strndup(&parser->policy->arena, word, (size_t)(at - word));
        parser->words[parser->n_words++] = (Word){copy, (size_t)(word - start) + 1, false};
    }
    return true;
}

const Word *
parser_peek(const Parser *parser)
{
    return parser->next < parser->n_words ? &parser->words[parser->next] : NULL;
}

size_t
parser_column(const Parser *parser)
{
    const Word *word = parser_peek(parser);
    return word ? word->column : parser->end_column;
}

bool
parser_accept(Parser *parser, const char *keyword)
{
    const Word *word = parser_peek(parser);
    if (!word || word->is_quoted || strcmp(word->text, keyword) != 0)
        return false;
    parser->next++;
    return true;
}

/* A value: a text in quotes, or a bare word that is no arrow. */
bool
parser_take(Parser *parser, const char *what, const char **ret)
{
    const Word *word = parser_peek(parser);
    if (!word || (!word->is_quoted && !strcmp(word->text, "->")))
        return parser_complain(parser, parser_column(parser), "expected %s, found %s", what,
            word ? "'->'" : "the end of the line");
    if (!*word->text)
        return parser_complain(parser, word->column, "%s must not be empty", what);
    *ret = word->text;
    parser->next++;
    return true;
}

bool
parser_take_number(Parser *parser, const char *what, int64_t least, int64_t most, int64_t *ret)
{
    const char *text = NULL;
    size_t column = parser_column(parser);
    if (!parser_take(parser, what, &text))
        return false;
    char *end = NULL;
    int64_t number = g_ascii_strtoll(text, &end, 10);
    if (end == text || *end || number < least || number > most)
        return parser_complain(parser, column,
            "%s is '%s', expected a number from %" PRId64 " to %" PRId64, what, text, least, most);
    *ret = number;
    return true;
}

bool
parser_take_arrow(Parser *parser)
{
    const Word *word = parser_peek(parser);
    if (parser_accept(parser, "->"))
        return true;
    return parser_complain(parser, parser_column(parser),
        "expected '->' (or 'and' and a further condition), found '%s'",
        word ? word->text : "the end of the line");
}
