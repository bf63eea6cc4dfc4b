/* SPDX-License-Identifier: Apache-2.0
 *
 * Read the rules of a policy. One rule a line:
 *
 *   owner CONDITIONS -> OWNER [or OWNER ...]
 *   prefer|forbid offering|disk-offering PATTERN [for CONDITIONS]
 *   template PATTERN [for CONDITIONS]
 *   network CONDITIONS -> network NAME
 *   hostname from name|guest [for CONDITIONS]
 *   hostname|displayname|wave CONDITIONS -> TEXT
 *   convert CONDITIONS -> none | cluster NAME [host NAME] [import-host NAME] [pool NAME [direct]]
 *                         [vddk | server-export]
 *   priority CONDITIONS -> N
 *
 * and the settings of policy_schedule.c.
 *
 * OWNER is: domain PATH account NAME | project NAME [domain PATH] | caller
 * CONDITIONS are joined by "and"; "any" holds always. All errors of a file are told at once.
 */
#include <string.h>

#include "mapper_priv.h"
#include "policy_words.h"

enum {
    POLICY_RULES_MAX = 10000,
    PRIORITY_MAX = 1000000,
};

static bool
take_for(Parser *parser, Rule *rule)
{
    return !parser_accept(parser, "for") || parser_take_conditions(parser, rule);
}

/* --- rules ------------------------------------------------------------------------------------ */

static bool
take_owner(Parser *parser, RuleOwner *owner)
{
    size_t column = parser_column(parser);
    if (parser_accept(parser, "caller")) {
        owner->is_caller = true;
        return true;
    }
    for (;;) {
        const char **place = NULL;
        size_t at = parser_column(parser);
        if (parser_accept(parser, "domain"))
            place = &owner->domain;
        else if (parser_accept(parser, "account"))
            place = &owner->account;
        else if (parser_accept(parser, "project"))
            place = &owner->project;
        else
            break;
        if (*place)
            return parser_complain(
                parser, at, "an owner has one domain, one account, one project at most");
        if (!parser_take(parser, "a name", place))
            return false;
    }
    if (owner->project && owner->account)
        return parser_complain(
            parser, column, "an owner is an account or a project, not both: leave one of them out");
    if (!owner->project && (!owner->account || !owner->domain))
        return parser_complain(
            parser, column, "an owner is 'account NAME domain PATH', 'project NAME' or 'caller'");
    return true;
}

static bool
take_owners(Parser *parser, Rule *rule)
{
    rule->first_owner = parser->owners->len;
    do {
        RuleOwner owner = {0};
        size_t column = parser_column(parser);
        if (rule->n_owners == RULE_OWNERS_MAX)
            return parser_complain(
                parser, column, "a rule names %d owners at most", RULE_OWNERS_MAX);
        if (!take_owner(parser, &owner))
            return false;
        g_array_append_val(parser->owners, owner);
        rule->n_owners++;
    } while (parser_accept(parser, "or"));
    return true;
}

static bool
parse_owner(Parser *parser, Rule *rule)
{
    rule->kind = RULE_OWNER;
    return parser_take_conditions(parser, rule) && parser_take_arrow(parser) &&
           take_owners(parser, rule);
}

static bool
parse_offering(Parser *parser, Rule *rule, bool is_prefer)
{
    size_t column = parser_column(parser);
    if (parser_accept(parser, "offering"))
        rule->kind = is_prefer ? RULE_PREFER_OFFERING : RULE_FORBID_OFFERING;
    else if (parser_accept(parser, "disk-offering"))
        rule->kind = is_prefer ? RULE_PREFER_DISK_OFFERING : RULE_FORBID_DISK_OFFERING;
    else
        return parser_complain(parser, column, "expected 'offering' or 'disk-offering'");
    return parser_take(parser, "a pattern for the offering's name", &rule->value) &&
           take_for(parser, rule);
}

static bool
parse_prefer(Parser *parser, Rule *rule)
{
    return parse_offering(parser, rule, true);
}

static bool
parse_forbid(Parser *parser, Rule *rule)
{
    return parse_offering(parser, rule, false);
}

static bool
parse_template(Parser *parser, Rule *rule)
{
    rule->kind = RULE_TEMPLATE;
    return parser_take(parser, "a pattern for the template's name", &rule->value) &&
           take_for(parser, rule);
}

static bool
parse_network(Parser *parser, Rule *rule)
{
    rule->kind = RULE_NETWORK;
    if (!parser_take_conditions(parser, rule) || !parser_take_arrow(parser))
        return false;
    if (!parser_accept(parser, "network"))
        return parser_complain(parser, parser_column(parser),
            "expected 'network' and the name or id of a network of CloudStack");
    return parser_take(parser, "the name of a network", &rule->value);
}

static bool
parse_text_rule(Parser *parser, Rule *rule, RuleKind kind, const char *what)
{
    rule->kind = kind;
    return parser_take_conditions(parser, rule) && parser_take_arrow(parser) &&
           parser_take(parser, what, &rule->value);
}

static bool
parse_hostname(Parser *parser, Rule *rule)
{
    rule->kind = RULE_HOSTNAME;
    if (!parser_accept(parser, "from"))
        return parse_text_rule(parser, rule, RULE_HOSTNAME, "a host name");
    size_t column = parser_column(parser);
    if (parser_accept(parser, "guest"))
        rule->is_from_guest = true;
    else if (!parser_accept(parser, "name")) /* which is what is done without a rule */
        return parser_complain(parser, column, "expected 'name' or 'guest' after 'from'");
    return take_for(parser, rule);
}

static bool
parse_displayname(Parser *parser, Rule *rule)
{
    return parse_text_rule(parser, rule, RULE_DISPLAYNAME, "a display name");
}

static bool
parse_wave(Parser *parser, Rule *rule)
{
    return parse_text_rule(parser, rule, RULE_WAVE, "the name of a wave");
}

static bool
take_convert_options(Parser *parser, RuleConvert *convert)
{
    struct {
        const char *word, **value;
        bool *flag;
    } options[] = {{"cluster", &convert->cluster, NULL}, {"host", &convert->host, NULL},
        {"import-host", &convert->import_host, NULL}, {"pool", &convert->pool, NULL},
        {"direct", NULL, &convert->is_direct}, {"vddk", NULL, &convert->uses_vddk},
        {"server-export", NULL, &convert->is_exported_by_server}};
    while (parser_peek(parser)) {
        size_t column = parser_column(parser), i = 0;
        while (i < G_N_ELEMENTS(options) && !parser_accept(parser, options[i].word))
            i++;
        if (i == G_N_ELEMENTS(options))
            return parser_complain(parser, column,
                "expected cluster, host, import-host, pool, direct, vddk or server-export, found "
                "'%s'",
                parser_peek(parser)->text);
        if (options[i].flag ? *options[i].flag : *options[i].value != NULL)
            return parser_complain(parser, column, "'%s' stands twice", options[i].word);
        if (options[i].flag)
            *options[i].flag = true;
        else if (!parser_take(parser, "a name or an id", options[i].value))
            return false;
    }
    return true;
}

static bool
parse_convert(Parser *parser, Rule *rule)
{
    RuleConvert *convert = arena_new(&parser->policy->arena, RuleConvert);
    rule->kind = RULE_CONVERT;
    rule->convert = convert;
    if (!parser_take_conditions(parser, rule) || !parser_take_arrow(parser))
        return false;
    size_t column = parser_column(parser);
    if (parser_accept(parser, "none"))
        return true;
    if (!take_convert_options(parser, convert))
        return false;
    if (!convert->cluster)
        return parser_complain(
            parser, column, "expected 'none', or 'cluster' and the name of a KVM cluster");
    if (convert->is_direct && !convert->pool)
        return parser_complain(parser, column, "'direct' needs 'pool' and the name of a pool");
    if (convert->uses_vddk && convert->is_exported_by_server)
        return parser_complain(parser, column, "'vddk' and 'server-export' exclude each other");
    return true;
}

static bool
parse_priority(Parser *parser, Rule *rule)
{
    rule->kind = RULE_PRIORITY;
    return parser_take_conditions(parser, rule) && parser_take_arrow(parser) &&
           parser_take_number(parser, "the priority", -PRIORITY_MAX, PRIORITY_MAX, &rule->number);
}

static const struct {
    const char *word;
    bool (*parse)(Parser *parser, Rule *rule);
} rule_words[] = {
    {"owner", parse_owner},
    {"prefer", parse_prefer},
    {"forbid", parse_forbid},
    {"network", parse_network},
    {"template", parse_template},
    {"hostname", parse_hostname},
    {"displayname", parse_displayname},
    {"wave", parse_wave},
    {"convert", parse_convert},
    {"priority", parse_priority},
};

/* NULL: no rule begins so. */
static bool (*find_rule_parser(const Word *word))(Parser *, Rule *)
{
    for (size_t i = 0; !word->is_quoted && i < G_N_ELEMENTS(rule_words); i++)
        if (!strcmp(word->text, rule_words[i].word))
            return rule_words[i].parse;
    return NULL;
}

static const PolicySetting *
find_setting(const Word *word)
{
    for (size_t i = 0; !word->is_quoted && i < policy_settings_n; i++)
        if (!strcmp(word->text, policy_settings[i].word))
            return &policy_settings[i];
    return NULL;
}

static bool
complain_of_first_word(Parser *parser, const Word *word)
{
    g_autoptr(GString) known = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(rule_words); i++)
        g_string_append_printf(known, "%s, ", rule_words[i].word);
    for (size_t i = 0; i < policy_settings_n; i++)
        g_string_append_printf(known, "%s%s", i + 1 < policy_settings_n ? i ? ", " : "" : " or ",
            policy_settings[i].word);
    return parser_complain(
        parser, word->column, "'%s' begins no rule: expected %s", word->text, known->str);
}

/* What the line begins with decides; nothing may stand behind it. */
static bool
parse_words(Parser *parser, Rule *rule, bool *ret_is_rule)
{
    const Word *word = parser_peek(parser);
    bool (*parse_rule)(Parser *, Rule *) = find_rule_parser(word);
    const PolicySetting *setting = find_setting(word);
    if (!parse_rule && !setting)
        return complain_of_first_word(parser, word);
    parser->next++;
    if (!(parse_rule ? parse_rule(parser, rule) : setting->parse(parser)))
        return false;
    *ret_is_rule = parse_rule != NULL;
    word = parser_peek(parser);
    return !word || parser_complain(parser, word->column,
                        "'%s' stands behind the end of the rule: begin a new line", word->text);
}

static void
parse_line(Parser *parser, const char *start, const char *end)
{
    Rule rule = {.line = parser->line};
    bool is_rule = false;
    if (!parser_split(parser, start, end) || !parser->n_words ||
        !parse_words(parser, &rule, &is_rule))
        return;
    if (parser->rules->len + parser->policy->n_settings == POLICY_RULES_MAX) {
        parser_complain(parser, 1, "a policy has %d rules at most", POLICY_RULES_MAX);
        return;
    }
    if (is_rule)
        g_array_append_val(parser->rules, rule);
    else
        parser->policy->n_settings++;
}

static void
parse_text(Parser *parser, const char *text)
{
    static const char mark[] = "\xef\xbb\xbf"; /* that some editors put before UTF-8 */
    for (const char *line = text + (g_str_has_prefix(text, mark) ? strlen(mark) : 0); *line;) {
        const char *end = line + strcspn(line, "\n");
        parser->line++;
        parse_line(parser, line, end);
        line = *end ? end + 1 : end;
    }
}

static void
keep_rules(Policy *policy, const GArray *rules, const GArray *owners)
{
    policy->owners = arena_memdup(&policy->arena, owners->data, owners->len * sizeof(RuleOwner));
    policy->n_owners = owners->len;
    policy->rules = arena_memdup(&policy->arena, rules->data, rules->len * sizeof(Rule));
    policy->n_rules = rules->len;
    for (int kind = 0; kind < RULE_KIND_N; kind++)
        policy->of_kind[kind] = arena_new_n(&policy->arena, const Rule *, rules->len);
    for (size_t i = 0; i < policy->n_rules; i++) {
        RuleKind kind = policy->rules[i].kind;
        policy->of_kind[kind][policy->n_of_kind[kind]++] = &policy->rules[i];
    }
}

Policy *
policy_parse(const char *text, const char *name, GError **error)
{
    return policy_parse_with(text, name, NULL, error);
}

Policy *
policy_parse_with(const char *text, const char *name, const PolicyFiles *files, GError **error)
{
    g_autoptr(Policy) policy = policy_new_default();
    g_autoptr(GString) errors = g_string_new(NULL);
    g_autoptr(GArray) rules = g_array_new(false, true, sizeof(Rule));
    g_autoptr(GArray) owners = g_array_new(false, true, sizeof(RuleOwner));
    g_autoptr(ScheduleLines) schedule = schedule_lines_new();
    Parser parser = {.policy = policy,
        .name = name,
        .errors = errors,
        .rules = rules,
        .owners = owners,
        .schedule = schedule,
        .files = files};
    if (strlen(text) > POLICY_BYTES_MAX) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "policy '%s' is larger than %d MiB: split the estate into several plans", name,
            POLICY_BYTES_MAX >> 20);
        return NULL;
    }
    if (!g_utf8_validate(text, -1, NULL)) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "policy '%s' is not valid UTF-8: save it in that encoding", name);
        return NULL;
    }
    parse_text(&parser, text);
    parser_check_lists(&parser);
    if (parser.n_errors > POLICY_ERRORS_MAX)
        g_string_append_printf(
            errors, "\nand %zu more errors", parser.n_errors - POLICY_ERRORS_MAX);
    if (parser.n_errors) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG, "%s", errors->str);
        return NULL;
    }
    keep_rules(policy, rules, owners);
    schedule_lines_keep(schedule, policy);
    return g_steal_pointer(&policy);
}
