/* SPDX-License-Identifier: Apache-2.0
 *
 * The conditions of a policy's rules, as they are written.
 */
#include <string.h>

#include "mapper_priv.h"
#include "policy_words.h"

typedef enum ConditionForm {
    FORM_PATTERN,
    FORM_TAG,
    FORM_PAIR,
    FORM_NUMBER,
    FORM_TWO,
    FORM_NOTHING,
    FORM_COUNT, /* a comparison with a number */
    FORM_SIZE,  /* a comparison with a number of MiB, GiB or TiB */
    FORM_DOMAIN,
    FORM_LIST
} ConditionForm;

typedef enum ConditionOf { OF_INSTANCE, OF_OWNER, OF_NIC } ConditionOf;

static const struct {
    const char *word;
    ConditionForm form;
    ConditionOf of;
} condition_words[CONDITION_N] = {
    [CONDITION_FOLDER] = {"folder", FORM_PATTERN, OF_INSTANCE},
    [CONDITION_TAG] = {"tag", FORM_TAG, OF_INSTANCE},
    [CONDITION_ATTRIBUTE] = {"attribute", FORM_PAIR, OF_INSTANCE},
    [CONDITION_POOL] = {"pool", FORM_PATTERN, OF_INSTANCE},
    [CONDITION_CLUSTER] = {"cluster", FORM_PATTERN, OF_INSTANCE},
    [CONDITION_NAME] = {"name", FORM_PATTERN, OF_INSTANCE},
    [CONDITION_DATACENTER] = {"datacenter", FORM_PATTERN, OF_INSTANCE},
    [CONDITION_HOST] = {"host", FORM_PATTERN, OF_INSTANCE},
    [CONDITION_SOURCE] = {"source", FORM_PATTERN, OF_INSTANCE},
    [CONDITION_DATASTORE] = {"datastore", FORM_PATTERN, OF_INSTANCE},
    [CONDITION_CPUS] = {"cpus", FORM_COUNT, OF_INSTANCE},
    [CONDITION_MEMORY] = {"memory", FORM_SIZE, OF_INSTANCE},
    [CONDITION_DISK] = {"disk", FORM_SIZE, OF_INSTANCE},
    [CONDITION_LIST] = {"list", FORM_LIST, OF_INSTANCE},
    [CONDITION_ACCOUNT] = {"account", FORM_PATTERN, OF_OWNER},
    [CONDITION_PROJECT] = {"project", FORM_PATTERN, OF_OWNER},
    [CONDITION_DOMAIN] = {"domain", FORM_DOMAIN, OF_OWNER},
    [CONDITION_PORTGROUP] = {"portgroup", FORM_PATTERN, OF_NIC},
    [CONDITION_SWITCH] = {"switch", FORM_PATTERN, OF_NIC},
    [CONDITION_VLAN] = {"vlan", FORM_NUMBER, OF_NIC},
    [CONDITION_PVLAN] = {"pvlan", FORM_TWO, OF_NIC},
    [CONDITION_UNTAGGED] = {"untagged", FORM_NOTHING, OF_NIC},
};

const char *
condition_word(ConditionKind kind)
{
    return condition_words[kind].word;
}

/* "folder X/" and "folder X/" with a star mean what "folder X" means. */
static const char *
trim_folder(Arena *arena, const char *pattern)
{
    size_t length = strlen(pattern);
    if (length > 2 && !strcmp(pattern + length - 2, "/*"))
        length -= 2;
    else if (length > 1 && pattern[length - 1] == '/')
        length--;
    return arena_strndup(arena, pattern, length);
}

/* "category:name", or a name of any category. */
static void
split_tag(Arena *arena, Condition *condition)
{
    const char *colon = strchr(condition->pattern, ':');
    if (!colon)
        return;
    condition->key = arena_strndup(arena, condition->pattern, (size_t)(colon - condition->pattern));
    condition->pattern = arena_strdup(arena, colon + 1);
}

/* "ROOT/a", "/ROOT/a" and "/a" are "a"; "" is ROOT. */
const char *
trim_domain(const char *path)
{
    path += *path == '/';
    if (!strncmp(path, "ROOT", 4) && (!path[4] || path[4] == '/'))
        path += path[4] ? 5 : 4;
    return path;
}

static bool
read_unit(const char *text, int64_t *ret_bytes)
{
    static const struct {
        const char *word;
        int64_t bytes;
    } units[] = {{"MiB", MIB}, {"GiB", GIB}, {"TiB", GIB << 10}};
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        if (strcmp(text, units[i].word) != 0)
            continue;
        *ret_bytes = units[i].bytes;
        return true;
    }
    return false;
}

/* "64GiB" or "64 GiB"; of a count "64". */
static bool
take_amount(Parser *parser, const char *text, size_t column, Condition *condition)
{
    char *end = NULL;
    bool is_count = condition_words[condition->kind].form == FORM_COUNT;
    const int64_t most = is_count ? G_MAXINT32 : (int64_t)1 << 22; /* TiB: of MiB no more */
    int64_t number = g_ascii_strtoll(text, &end, 10), unit = 1;
    const Word *next = parser_peek(parser);
    bool is_number = end != text && g_ascii_isdigit(*text) && number <= most;
    if (is_number && !is_count && !*end && next && read_unit(next->text, &unit))
        parser->next++;
    else if (is_number && !is_count)
        is_number = read_unit(end, &unit);
    else
        is_number = is_number && !*end;
    condition->number = number * unit;
    return is_number || parser_complain(parser, column, "'%s' is compared with '%s', expected %s",
                            condition_words[condition->kind].word, text,
                            is_count ? "a number, as 8" : "a size in MiB, GiB or TiB, as 64GiB");
}

static bool
take_comparison(Parser *parser, Condition *condition)
{
    static const struct {
        const char *sign;
        Comparison comparison;
    } signs[] = {{"<=", COMPARE_AT_MOST}, {">=", COMPARE_AT_LEAST}, {"<", COMPARE_LESS},
        {">", COMPARE_MORE}, {"=", COMPARE_EQUAL}};
    const Word *word = parser_peek(parser);
    size_t column = parser_column(parser);
    for (size_t i = 0; word && i < G_N_ELEMENTS(signs); i++) {
        if (!g_str_has_prefix(word->text, signs[i].sign))
            continue;
        const char *rest = word->text + strlen(signs[i].sign);
        parser->next++;
        condition->comparison = signs[i].comparison;
        return (*rest || parser_take(parser, "what it is compared with", &rest)) &&
               take_amount(parser, rest, column, condition);
    }
    return parser_complain(parser, column,
        "expected a comparison (<, <=, =, >=, >) after '%s', found '%s'",
        condition_words[condition->kind].word, word ? word->text : "the end of the line");
}

static bool
take_condition_value(Parser *parser, Condition *condition)
{
    ConditionForm form = condition_words[condition->kind].form;
    Arena *arena = &parser->policy->arena;
    size_t column = parser_column(parser);
    g_autofree char *what =
        g_strdup_printf("a value for '%s'", condition_words[condition->kind].word);
    if (form == FORM_NOTHING)
        return true;
    if (form == FORM_COUNT || form == FORM_SIZE)
        return take_comparison(parser, condition);
    if (form == FORM_NUMBER || form == FORM_TWO)
        return parser_take_number(parser, what, 1, VLAN_ID_MAX, &condition->number) &&
               (form == FORM_NUMBER ||
                   parser_take_number(parser, what, 1, VLAN_ID_MAX, &condition->second));
    if (form == FORM_PAIR && !parser_take(parser, "the name of an attribute", &condition->key))
        return false;
    if (!parser_take(parser, what, &condition->pattern))
        return false;
    if (form == FORM_TAG)
        split_tag(arena, condition);
    if (condition->kind == CONDITION_FOLDER || form == FORM_DOMAIN)
        condition->pattern = trim_folder(arena, condition->pattern);
    if (form == FORM_DOMAIN)
        condition->pattern = trim_domain(condition->pattern);
    if (form == FORM_LIST)
        condition->list = parser_find_list(parser, condition->pattern, column);
    return true;
}

/* What the owner is like is known for the rules that are asked once it is chosen. */
static bool
stands_in_rule(ConditionKind kind, const Rule *rule)
{
    ConditionOf of = condition_words[kind].of;
    return of == OF_INSTANCE || (of == OF_NIC && rule->kind == RULE_NETWORK) ||
           (of == OF_OWNER && (rule->kind == RULE_WAVE || rule->kind == RULE_PRIORITY));
}

static bool
complain_of_condition(Parser *parser, const Rule *rule, const Word *word)
{
    g_autoptr(GString) known = g_string_new("any");
    for (int kind = 0; kind < CONDITION_N; kind++)
        if (stands_in_rule((ConditionKind)kind, rule))
            g_string_append_printf(known, ", %s", condition_words[kind].word);
    return parser_complain(parser, parser_column(parser), "expected a condition (%s), found '%s'",
        known->str, word ? word->text : "the end of the line");
}

static bool
take_condition(Parser *parser, Rule *rule)
{
    const Word *word = parser_peek(parser);
    size_t column = parser_column(parser);
    int kind = 0;
    while (kind < CONDITION_N &&
           (!word || word->is_quoted || strcmp(word->text, condition_words[kind].word) != 0))
        kind++;
    if (kind == CONDITION_N)
        return complain_of_condition(parser, rule, word);
    if (!stands_in_rule((ConditionKind)kind, rule))
        return parser_complain(parser, column,
            condition_words[kind].of == OF_NIC
                ? "'%s' is a condition of a NIC: it stands in 'network' rules only"
                : "'%s' is a condition of the owner: it stands in 'wave' and 'priority' rules only",
            word->text);
    if (rule->n_conditions == CONDITIONS_MAX)
        return parser_complain(parser, column, "a rule has %d conditions at most", CONDITIONS_MAX);
    parser->next++;
    Condition *condition = &rule->conditions[rule->n_conditions++];
    condition->kind = (ConditionKind)kind;
    return take_condition_value(parser, condition);
}

bool
parser_take_conditions(Parser *parser, Rule *rule)
{
    if (parser_accept(parser, "any"))
        return true;
    do {
        if (!take_condition(parser, rule))
            return false;
    } while (parser_accept(parser, "and"));
    return true;
}
