/* SPDX-License-Identifier: Apache-2.0
 *
 * When imports may be started. A window is one text, the same in policy, plan file and options:
 *
 *   [DAYS] HH:MM to HH:MM ZONE                   mon-thu 22:00 to 06:00 Europe/Berlin
 *   DAY HH:MM to DAY HH:MM ZONE                  fri 20:00 to mon 05:00 Europe/Berlin
 *   DATE HH:MM to [DATE] HH:MM ZONE              2026-11-21 22:00 to 2026-11-23 06:00 UTC
 *
 * DAYS are those on which it begins: "mon,wed-fri"; none: every day. A window whose end is not
 * after its begin ends a day (between days: a week) later. HH:MM is the clock of ZONE, a name of
 * the tz database. A time that the clock shows twice is the first of the two; one that it skips is
 * the moment of the skip.
 */
#ifndef WINDOW_H
#define WINDOW_H

#include "error.h"
#include "fact.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    WINDOW_EPOCH_DAY = 719163, /* GDate's number of 1970-01-01 */
    WINDOW_DAY_S = 24 * 60 * 60,
    WINDOWS_MAX = 100,
};

typedef struct Window {
    unsigned days;       /* on which it begins, bit 0: Monday; 0: once, on .first_day */
    int64_t first_day;   /* since 1970-01-01 */
    int64_t length_days; /* from the day it begins on to the day it ends on */
    int from_minute, to_minute;
    GTimeZone *zone; /* owned */
    char *zone_name; /* owned */
} Window;

static inline void
window_clear(Window *window)
{
    g_clear_pointer(&window->zone, g_time_zone_unref);
    g_clear_pointer(&window->zone_name, g_free);
}

G_GNUC_PRINTF(2, 3)
static inline bool
window_complain(GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error_literal(error, INGEST_ERROR, INGEST_ERROR_INVALID, text);
    return false;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* One end of a window as it is written. */
typedef struct WindowEnd {
    unsigned days;
    bool has_date;
    int64_t date; /* since 1970-01-01 */
    int minute;
} WindowEnd;

/* A day or a range of days; false: it is neither. */
static inline bool
window_read_day_range(const char *text, unsigned *ret_days)
{
    static const char *const words[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    int first = -1, last = -1;
    for (int i = 0; i < 7; i++) {
        first = g_ascii_strncasecmp(text, words[i], 3) == 0 ? i : first;
        last = strlen(text) == 7 && g_ascii_strcasecmp(text + 4, words[i]) == 0 ? i : last;
    }
    if (strlen(text) == 3)
        last = first;
    if (first < 0 || last < 0 || (text[3] && text[3] != '-'))
        return false;
    for (int i = first;; i = (i + 1) % 7) {
        *ret_days |= 1U << i;
        if (i == last)
            return true;
    }
}

static inline bool
window_read_days(const char *text, unsigned *ret_days)
{
    g_auto(GStrv) ranges = g_strsplit(text, ",", 7);
    bool is_ok = *ranges != NULL;
    for (char **range = ranges; *range && is_ok; range++)
        is_ok = window_read_day_range(*range, ret_days);
    return is_ok;
}

static inline bool
window_read_date(const char *text, int64_t *ret_date)
{
    unsigned year, month, day;
    int length = 0;
    if (strlen(text) != 10 || strspn(text, "0123456789-") != 10 ||
        sscanf(text, "%4u-%2u-%2u%n", &year, &month, &day, &length) != 3 || length != 10 ||
        !g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)year))
        return false;
    GDate date;
    g_date_clear(&date, 1);
    g_date_set_dmy(&date, (GDateDay)day, (GDateMonth)month, (GDateYear)year);
    *ret_date = (int64_t)g_date_get_julian(&date) - WINDOW_EPOCH_DAY;
    return true;
}

static inline bool
window_read_time(const char *text, int *ret_minute)
{
    unsigned hour, minute;
    int length = 0;
    if (strspn(text, "0123456789:") != strlen(text) ||
        sscanf(text, "%2u:%2u%n", &hour, &minute, &length) != 2 || text[length] || length < 4 ||
        text[length - 3] != ':' || minute > 59 || hour * 60 + minute > 24 * 60)
        return false;
    *ret_minute = (int)(hour * 60 + minute);
    return true;
}

/* "[DAYS|DATE] HH:MM" from words[*next] on. */
static inline bool
window_read_end(char *const *words, size_t n, size_t *next, WindowEnd *ret, GError **error)
{
    const char *word = *next < n ? words[*next] : "";
    int minute;
    if (!window_read_time(word, &minute)) {
        ret->has_date = window_read_date(word, &ret->date);
        if (!ret->has_date && !window_read_days(word, &ret->days))
            return window_complain(error,
                "'%s' is no time, day or date: give HH:MM from 00:00 to 24:00, before it days as "
                "mon-fri or sat,sun, or a date as 2026-11-21",
                word);
        word = ++*next < n ? words[*next] : "";
    }
    if (!window_read_time(word, &ret->minute))
        return window_complain(
            error, "'%s' is no time of the day: give HH:MM from 00:00 to 24:00", word);
    ++*next;
    return true;
}

static inline bool
window_find_zone(Window *window, const char *name, GError **error)
{
    bool is_name = name && g_ascii_isalpha(*name) && !strstr(name, "..") &&
                   strspn(name, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "_+-/") == strlen(name);
    window->zone = is_name ? g_time_zone_new_identifier(name) : NULL;
    if (!name)
        return window_complain(
            error, "the window has no time zone: end it with one, as Europe/Berlin or UTC");
    if (!window->zone)
        return window_complain(error,
            "'%s' is no time zone of the tz database here: give a name as Europe/Berlin or UTC, "
            "and install the package tzdata if it is missing",
            name);
    window->zone_name = g_strdup(name);
    return true;
}

static inline int
window_count_days(unsigned days)
{
    int n = 0;
    for (; days; days &= days - 1)
        n++;
    return n;
}

static inline int
window_first_day(unsigned days)
{
    int i = 0;
    while (!(days >> i & 1))
        i++;
    return i;
}

/* What its two ends make of it. */
static inline bool
window_join(Window *window, const WindowEnd *from, const WindowEnd *to, GError **error)
{
    bool is_later = to->minute > from->minute;
    window->days = from->has_date ? 0 : from->days ? from->days : 0x7f;
    window->first_day = from->date;
    window->from_minute = from->minute;
    window->to_minute = to->minute;
    window->length_days = is_later ? 0 : 1;
    if (to->has_date) {
        if (!from->has_date)
            return window_complain(error, "the window ends on a date: let it begin on a date, too");
        window->length_days = to->date - from->date;
        if (window->length_days < 0 || (!window->length_days && !is_later))
            return window_complain(error, "the window ends before it begins: exchange the two");
    } else if (to->days) {
        if (window_count_days(from->days) != 1 || window_count_days(to->days) != 1)
            return window_complain(error,
                "a window that ends on a day begins on one: write it as 'fri 20:00 to mon 05:00'");
        window->length_days = (window_first_day(to->days) - window_first_day(from->days) + 7) % 7;
        if (!window->length_days && !is_later)
            window->length_days = 7;
    }
    return true;
}

/* The words of a window: "22:00-06:00" and "22:00 - 06:00" are "22:00 to 06:00". (owned) */
static inline GPtrArray *
window_split(const char *text)
{
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) parts = g_strsplit_set(text, " \t", -1);
    for (char **part = parts; *part; part++) {
        const char *dash = g_ascii_isdigit(**part) ? strchr(*part, '-') : NULL;
        if (!strcmp(*part, "-")) {
            g_ptr_array_add(words, g_strdup("to"));
        } else if (dash && strchr(*part, ':') && strchr(*part, ':') < dash) {
            g_ptr_array_add(words, g_strndup(*part, (size_t)(dash - *part)));
            g_ptr_array_add(words, g_strdup("to"));
            g_ptr_array_add(words, g_strdup(dash + 1));
        } else if (**part) {
            g_ptr_array_add(words, g_strdup(*part));
        }
    }
    return words;
}

/**
 * window_parse - read a window
 * @ret: release with window_clear()
 *
 * Asks GLib for the time zone, which reads the tz database.
 * Errors: INVALID with what is wrong and how to write it
 */
static inline bool
window_parse(const char *text, Window *ret, GError **error)
{
    g_autoptr(GPtrArray) words = window_split(text);
    char **word = (char **)words->pdata;
    size_t n = words->len, next = 0;
    WindowEnd from = {0}, to = {0};
    Window window = {0};
    if (!window_read_end(word, n, &next, &from, error))
        return false;
    if (next >= n || strcmp(word[next], "to") != 0)
        return window_complain(
            error, "expected 'to' and the end of the window after '%s'", word[next - 1]);
    next++;
    if (!window_read_end(word, n, &next, &to, error))
        return false;
    if (next + 1 < n)
        return window_complain(
            error, "'%s' stands behind the time zone '%s'", word[next + 1], word[next]);
    if (!window_join(&window, &from, &to, error) ||
        !window_find_zone(&window, next < n ? word[next] : NULL, error))
        return false;
    *ret = window;
    return true;
}

/* --- asking ----------------------------------------------------------------------------------- */

/* Seconds east of UTC that the clock is at a time. */
static inline int64_t
window_offset(const Window *window, int64_t at)
{
    return g_time_zone_get_offset(
        window->zone, g_time_zone_find_interval(window->zone, G_TIME_TYPE_UNIVERSAL, at));
}

/* The time at which the clock shows @minute of @day (since 1970-01-01). */
static inline int64_t
window_time_of(const Window *window, int64_t day, int minute)
{
    int64_t shown = day * WINDOW_DAY_S + (int64_t)minute * 60;
    int64_t before = window_offset(window, shown - WINDOW_DAY_S),
            after = window_offset(window, shown + WINDOW_DAY_S);
    if (window_offset(window, shown - before) == before)
        return shown - before;
    if (window_offset(window, shown - after) == after)
        return shown - after;
    int64_t early = shown - after, late = shown - before; /* the clock skips it in between */
    while (late - early > 1) {
        int64_t middle = early + (late - early) / 2;
        if (window_offset(window, middle) == before)
            early = middle;
        else
            late = middle;
    }
    return late;
}

typedef struct WindowSpan {
    int64_t from, to; /* seconds since 1970: open from .from to before .to */
} WindowSpan;

static inline WindowSpan
window_span_of(const Window *window, int64_t day)
{
    return (WindowSpan){window_time_of(window, day, window->from_minute),
        window_time_of(window, day + window->length_days, window->to_minute)};
}

/* The span that @now lies in, or else the next one. False: there is none any more. */
static inline bool
window_find(const Window *window, int64_t now, WindowSpan *ret)
{
    int64_t shown = now + window_offset(window, now), today = shown / WINDOW_DAY_S;
    int64_t day = window->days ? today - window->length_days - 1 : window->first_day;
    int64_t last = window->days ? today + 15 : window->first_day;
    for (; day <= last; day++) {
        if (window->days && !(window->days >> ((day + 3) % 7) & 1)) /* 1970-01-01: a Thursday */
            continue;
        WindowSpan span = window_span_of(window, day);
        if (span.from < span.to && now < span.to) {
            *ret = span;
            return true;
        }
    }
    return false;
}

/* "2026-11-21 22:00": what the window's clock shows. (owned) */
static inline char *
window_clock_text(const Window *window, int64_t at)
{
    time_t shown = (time_t)(at + window_offset(window, at));
    struct tm parts;
    char text[32];
    gmtime_r(&shown, &parts);
    strftime(text, sizeof text, "%Y-%m-%d %H:%M", &parts);
    return g_strdup(text);
}

/* --- several ---------------------------------------------------------------------------------- */

static inline void
windows_clear_one(void *window)
{
    window_clear((Window *)window);
}

/**
 * windows_parse - windows of which one is enough
 * @place: what error texts begin with, as "wave 'pilot': "; "" for nothing
 *
 * Errors:  INVALID with the text of the window
 * Returns: (owned) array of Window; empty: there is none, which is at any time
 */
static inline GArray *
windows_parse(const Texts *texts, const char *place, GError **error)
{
    g_autoptr(GArray) windows = g_array_new(false, true, sizeof(Window));
    g_array_set_clear_func(windows, windows_clear_one);
    if (texts->n > WINDOWS_MAX) {
        window_complain(error, "%s%zu windows: %d at most", place, texts->n, WINDOWS_MAX);
        return NULL;
    }
    for (size_t i = 0; i < texts->n; i++) {
        Window window = {0};
        if (!window_parse(texts->items[i], &window, error)) {
            g_prefix_error(error, "%swindow '%s': ", place, texts->items[i]);
            return NULL;
        }
        g_array_append_val(windows, window);
    }
    return g_steal_pointer(&windows);
}

/* The window that is open at @now or opens next, with that span; NULL: none does any more. */
static inline const Window *
windows_find(const GArray *windows, int64_t now, WindowSpan *ret)
{
    const Window *best = NULL;
    for (size_t i = 0; i < windows->len; i++) {
        const Window *window = &g_array_index(windows, Window, i);
        WindowSpan span;
        if (!window_find(window, now, &span))
            continue;
        bool is_better = !best || (span.from <= now ? ret->from > now || span.to > ret->to
                                                    : span.from < ret->from);
        if (is_better) {
            best = window;
            *ret = span;
        }
    }
    return best;
}

#endif
