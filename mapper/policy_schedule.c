/* SPDX-License-Identifier: Apache-2.0
 *
 * The lines of a policy that say how imports are spread over time:
 *
 *   limit jobs N
 *   limit cluster|host|pool|moves [NAME] N
 *   window WINDOW [for wave NAME]             WINDOW: see window.h
 *   failures N|none [for wave NAME]
 *   waves NAME...
 *   waves overlap
 */
#include <string.h>

#include "policy_words.h"

#include "window.h"

enum { JOBS_MAX = 10000, FAILURES_MAX = 100000, WAVES_MAX = 1000 };

/* A wave while its lines are read. */
typedef struct WaveLines {
    const char *name;
    GPtrArray *windows; /* owned */
    Int failures;
    bool is_ordered; /* by a 'waves' line */
} WaveLines;

struct ScheduleLines {
    GArray *limits;       /* ScheduleLimit */
    GArray *waves;        /* WaveLines; the first one: the schedule itself */
    GHashTable *waves_at; /* name -> place */
    GPtrArray *order;     /* names */
    Int jobs;
    Bool overlap;
};

static void
clear_wave(void *wave)
{
    g_ptr_array_unref(((WaveLines *)wave)->windows);
}

ScheduleLines *
schedule_lines_new(void)
{
    ScheduleLines *lines = g_new0(ScheduleLines, 1);
    const WaveLines itself = {.windows = g_ptr_array_new()};
    lines->limits = g_array_new(false, true, sizeof(ScheduleLimit));
    lines->waves = g_array_new(false, true, sizeof(WaveLines));
    g_array_set_clear_func(lines->waves, clear_wave);
    g_array_append_val(lines->waves, itself);
    lines->waves_at = g_hash_table_new(g_str_hash, g_str_equal);
    lines->order = g_ptr_array_new();
    return lines;
}

void
schedule_lines_free(ScheduleLines *lines)
{
    g_array_unref(lines->limits);
    g_array_unref(lines->waves);
    g_hash_table_destroy(lines->waves_at);
    g_ptr_array_unref(lines->order);
    g_free(lines);
}

/* --- limits ----------------------------------------------------------------------------------- */

const char *const limit_kind_words[LIMIT_KIND_N] = {
    [LIMIT_CLUSTER] = "cluster",
    [LIMIT_HOST] = "host",
    [LIMIT_POOL] = "pool",
    [LIMIT_MOVES] = "moves",
};

static bool
parse_jobs(Parser *parser)
{
    Int *jobs = &parser->schedule->jobs;
    size_t column = parser_column(parser);
    if (jobs->state == FACT_KNOWN)
        return parser_complain(
            parser, column, "'limit jobs' stands twice: leave one of the lines out");
    jobs->state = FACT_KNOWN;
    return parser_take_number(parser, "the number of jobs", 1, JOBS_MAX, &jobs->value);
}

static bool
add_limit(Parser *parser, size_t column, const ScheduleLimit *limit)
{
    GArray *limits = parser->schedule->limits;
    for (guint i = 0; i < limits->len; i++) {
        const ScheduleLimit *other = &g_array_index(limits, ScheduleLimit, i);
        if (other->kind == limit->kind && !g_strcmp0(other->name.value, limit->name.value))
            return parser_complain(parser, column,
                "this limit stands twice, the other one is %" G_GINT64_FORMAT
                ": leave one of the lines out",
                other->jobs.value);
    }
    g_array_append_val(limits, *limit);
    return true;
}

static bool
parse_limit(Parser *parser)
{
    size_t column = parser_column(parser);
    ScheduleLimit limit = {.jobs.state = FACT_KNOWN};
    if (parser_accept(parser, "jobs"))
        return parse_jobs(parser);
    for (int kind = LIMIT_NONE + 1; kind < LIMIT_KIND_N && !limit.kind; kind++)
        if (parser_accept(parser, limit_kind_words[kind]))
            limit.kind = (LimitKind)kind;
    if (!limit.kind)
        return parser_complain(parser, column,
            "expected what is limited: jobs, cluster, host, pool or moves, and how many at once");
    if (parser->n_words - parser->next > 1) {
        if (!parser_take(parser, "a name", &limit.name.value))
            return false;
        limit.name.state = FACT_KNOWN;
    }
    return parser_take_number(parser, "the limit", 1, JOBS_MAX, &limit.jobs.value) &&
           add_limit(parser, column, &limit);
}

/* --- waves ------------------------------------------------------------------------------------ */

static WaveLines *
find_wave(Parser *parser, const char *name)
{
    ScheduleLines *lines = parser->schedule;
    size_t place = name ? (size_t)g_hash_table_lookup(lines->waves_at, name) : 0;
    if (name && !place) {
        const WaveLines wave = {.name = name, .windows = g_ptr_array_new()};
        place = lines->waves->len;
        g_array_append_val(lines->waves, wave);
        g_hash_table_insert(lines->waves_at, (gpointer)name, (gpointer)place);
    }
    return &g_array_index(lines->waves, WaveLines, place);
}

/* "[for wave NAME]" at the end of a line; NULL: of the whole schedule. */
static bool
take_for_wave(Parser *parser, WaveLines **ret)
{
    const char *name = NULL;
    size_t column = parser_column(parser);
    if (parser_accept(parser, "for")) {
        if (!parser_accept(parser, "wave"))
            return parser_complain(
                parser, parser_column(parser), "expected 'wave' and its name after 'for'");
        if (!parser_take(parser, "the name of a wave", &name))
            return false;
    }
    if (parser->schedule->waves->len > WAVES_MAX)
        return parser_complain(parser, column, "a policy names %d waves at most", WAVES_MAX);
    *ret = find_wave(parser, name);
    return true;
}

static bool
parse_waves(Parser *parser)
{
    ScheduleLines *lines = parser->schedule;
    if (parser->n_words == 2 && parser_accept(parser, "overlap")) {
        lines->overlap = bool_known(true);
        return true;
    }
    do {
        size_t column = parser_column(parser);
        const char *name = NULL;
        if (!parser_take(parser, "the name of a wave", &name))
            return false;
        WaveLines *wave = find_wave(parser, name);
        if (wave->is_ordered)
            return parser_complain(
                parser, column, "wave '%s' stands twice in the order: leave one out", name);
        if (lines->waves->len > WAVES_MAX)
            return parser_complain(parser, column, "a policy names %d waves at most", WAVES_MAX);
        wave->is_ordered = true;
        g_ptr_array_add(lines->order, (gpointer)wave->name);
    } while (parser_peek(parser));
    return true;
}

static bool
parse_window(Parser *parser)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    size_t column = parser_column(parser);
    WaveLines *wave = NULL;
    Window window = {0};
    for (const Word *word; (word = parser_peek(parser)); parser->next++) {
        if (!word->is_quoted && !strcmp(word->text, "for"))
            break;
        g_string_append_printf(text, "%s%s", text->len ? " " : "", word->text);
    }
    if (!window_parse(text->str, &window, &error))
        return parser_complain(parser, column, "%s", error->message);
    window_clear(&window);
    if (!take_for_wave(parser, &wave))
        return false;
    if (wave->windows->len == WINDOWS_MAX)
        return parser_complain(parser, column, "%d windows at most", WINDOWS_MAX);
    g_ptr_array_add(
        wave->windows, (gpointer)arena_strndup(&parser->policy->arena, text->str, text->len));
    return true;
}

static bool
parse_failures(Parser *parser)
{
    size_t column = parser_column(parser);
    Int failures = {.state = FACT_ABSENT};
    WaveLines *wave = NULL;
    if (!parser_accept(parser, "none")) {
        failures.state = FACT_KNOWN;
        if (!parser_take_number(
                parser, "the number of failures (or 'none')", 1, FAILURES_MAX, &failures.value))
            return false;
    }
    if (!take_for_wave(parser, &wave))
        return false;
    if (wave->failures.state != FACT_UNKNOWN)
        return parser_complain(
            parser, column, "'failures' stands twice for it: leave one of the lines out");
    wave->failures = failures;
    return true;
}

/* --- all of it -------------------------------------------------------------------------------- */

const PolicySetting policy_settings[] = {
    {"limit", parse_limit},
    {"window", parse_window},
    {"failures", parse_failures},
    {"waves", parse_waves},
    {"list", parse_list},
};
const size_t policy_settings_n = G_N_ELEMENTS(policy_settings);

static Texts
keep_texts(Arena *arena, const GPtrArray *texts)
{
    return (Texts){.items = arena_memdup(arena, texts->pdata, texts->len * sizeof(char *)),
        .n = texts->len,
        .state = FACT_KNOWN};
}

static void
keep_wave(Policy *policy, const WaveLines *wave)
{
    Schedule *schedule = &policy->schedule;
    schedule->waves.items[schedule->waves.n++] = (ScheduleWave){.name = text_known(wave->name),
        .windows = wave->windows->len ? keep_texts(&policy->arena, wave->windows) : (Texts){0},
        .failures = wave->failures};
}

void
schedule_lines_keep(const ScheduleLines *lines, Policy *policy)
{
    Arena *arena = &policy->arena;
    Schedule *schedule = &policy->schedule;
    const WaveLines *waves = (const WaveLines *)(void *)lines->waves->data;
    schedule->jobs = lines->jobs;
    schedule->overlap = lines->overlap;
    schedule->failures = waves[0].failures;
    schedule->windows = keep_texts(arena, waves[0].windows);
    schedule->limits.items =
        arena_memdup(arena, lines->limits->data, lines->limits->len * sizeof(ScheduleLimit));
    schedule->limits.n = lines->limits->len;
    schedule->waves.items = arena_new_n(arena, ScheduleWave, lines->waves->len);
    for (guint i = 0; i < lines->order->len; i++)
        keep_wave(
            policy, &waves[(size_t)g_hash_table_lookup(lines->waves_at, lines->order->pdata[i])]);
    policy->n_ordered_waves = schedule->waves.n;
    for (guint i = 1; i < lines->waves->len; i++)
        if (!waves[i].is_ordered)
            keep_wave(policy, &waves[i]);
}
