/* SPDX-License-Identifier: Apache-2.0
 *
 * Windows: how they are written, and when they are open where clocks change.
 */
#include "window.h"

#include "utc_text.h"

/* "2026-03-01T12:00:00Z" as seconds since 1970. */
static int64_t
at(const char *utc)
{
    struct tm parts = {0};
    g_assert_nonnull(strptime(utc, "%Y-%m-%dT%H:%M:%SZ", &parts));
    return timegm(&parts);
}

/* "2026-...Z 2026-...Z", or "never". (owned) */
static char *
span_text(const char *text, const char *now)
{
    g_autoptr(GError) error = NULL;
    Window window = {0};
    WindowSpan span;
    bool is_ok = window_parse(text, &window, &error);
    g_assert_no_error(error);
    g_assert_true(is_ok);
    char from[UTC_TEXT_BYTES], to[UTC_TEXT_BYTES];
    char *found = window_find(&window, at(now), &span)
                      ? g_strdup_printf("%s %s", utc_text((time_t)span.from, from),
                            utc_text((time_t)span.to, to))
                      : g_strdup("never");
    window_clear(&window);
    return found;
}

static const struct {
    const char *window, *now, *expected;
} spans[] = {
    /* 2026-11-21 is a Saturday. */
    {"22:00 to 06:00 UTC", "2026-11-21T12:00:00Z", "2026-11-21T22:00:00Z 2026-11-22T06:00:00Z"},
    {"22:00-06:00 UTC", "2026-11-21T05:59:59Z", "2026-11-20T22:00:00Z 2026-11-21T06:00:00Z"},
    {"22:00 - 06:00 UTC", "2026-11-21T06:00:00Z", "2026-11-21T22:00:00Z 2026-11-22T06:00:00Z"},
    {"8:30 to 9:00 UTC", "2026-11-21T08:30:00Z", "2026-11-21T08:30:00Z 2026-11-21T09:00:00Z"},
    {"00:00 to 24:00 UTC", "2026-11-21T12:00:00Z", "2026-11-21T00:00:00Z 2026-11-22T00:00:00Z"},
    {"06:00 to 06:00 UTC", "2026-11-21T05:00:00Z", "2026-11-20T06:00:00Z 2026-11-21T06:00:00Z"},
    {"mon-thu 22:00 to 06:00 UTC", "2026-11-21T12:00:00Z",
        "2026-11-23T22:00:00Z 2026-11-24T06:00:00Z"},
    {"sat,sun 09:00 to 18:00 UTC", "2026-11-21T18:00:00Z",
        "2026-11-22T09:00:00Z 2026-11-22T18:00:00Z"},
    {"Sat-Mon 22:00 to 06:00 UTC", "2026-11-24T05:00:00Z",
        "2026-11-23T22:00:00Z 2026-11-24T06:00:00Z"},
    {"thu 22:00 to 06:00 UTC", "2026-11-21T12:00:00Z", "2026-11-26T22:00:00Z 2026-11-27T06:00:00Z"},
    {"fri 20:00 to mon 05:00 UTC", "2026-11-22T12:00:00Z",
        "2026-11-20T20:00:00Z 2026-11-23T05:00:00Z"},
    {"fri 20:00 to fri 18:00 UTC", "2026-11-27T19:00:00Z",
        "2026-11-27T20:00:00Z 2026-12-04T18:00:00Z"},
    {"2026-11-21 22:00 to 2026-11-23 06:00 UTC", "2026-01-01T00:00:00Z",
        "2026-11-21T22:00:00Z 2026-11-23T06:00:00Z"},
    {"2026-11-21 22:00-06:00 UTC", "2026-11-22T00:00:00Z",
        "2026-11-21T22:00:00Z 2026-11-22T06:00:00Z"},
    {"2026-11-21 22:00-06:00 UTC", "2026-11-22T06:00:00Z", "never"},
    {"2028-02-29 00:00-24:00 UTC", "2026-11-22T06:00:00Z",
        "2028-02-29T00:00:00Z 2028-03-01T00:00:00Z"},
    /* A zone counts. */
    {"22:00 to 06:00 Europe/Berlin", "2026-11-21T12:00:00Z",
        "2026-11-21T21:00:00Z 2026-11-22T05:00:00Z"},
    {"22:00 to 06:00 Europe/Berlin", "2026-07-21T12:00:00Z",
        "2026-07-21T20:00:00Z 2026-07-22T04:00:00Z"},
    {"sat 00:00 to 04:00 Asia/Kolkata", "2026-11-20T12:00:00Z",
        "2026-11-20T18:30:00Z 2026-11-20T22:30:00Z"},
    {"mon 00:00 to 04:00 Pacific/Kiritimati", "2026-11-22T09:00:00Z",
        "2026-11-22T10:00:00Z 2026-11-22T14:00:00Z"},
    /* Berlin, 2026-03-29: 02:00 to 03:00 does not exist; the night is an hour shorter. */
    {"22:00 to 06:00 Europe/Berlin", "2026-03-29T00:00:00Z",
        "2026-03-28T21:00:00Z 2026-03-29T04:00:00Z"},
    {"02:30 to 05:00 Europe/Berlin", "2026-03-29T00:00:00Z",
        "2026-03-29T01:00:00Z 2026-03-29T03:00:00Z"},
    {"01:00 to 02:30 Europe/Berlin", "2026-03-29T00:00:00Z",
        "2026-03-29T00:00:00Z 2026-03-29T01:00:00Z"},
    {"02:10 to 02:50 Europe/Berlin", "2026-03-29T00:00:00Z", /* nothing is left of it */
        "2026-03-30T00:10:00Z 2026-03-30T00:50:00Z"},
    /* 2026-10-25: 02:00 to 03:00 comes twice, the first one counts. */
    {"22:00 to 06:00 Europe/Berlin", "2026-10-25T00:00:00Z",
        "2026-10-24T20:00:00Z 2026-10-25T05:00:00Z"},
    {"02:30 to 05:00 Europe/Berlin", "2026-10-25T00:00:00Z",
        "2026-10-25T00:30:00Z 2026-10-25T04:00:00Z"},
    {"01:00 to 02:30 Europe/Berlin", "2026-10-25T00:00:00Z",
        "2026-10-24T23:00:00Z 2026-10-25T00:30:00Z"},
    {"01:00 to 02:30 Europe/Berlin", "2026-10-25T00:45:00Z", /* not open a second time */
        "2026-10-26T00:00:00Z 2026-10-26T01:30:00Z"},
    /* West of Greenwich, half an hour, and a day that never was. */
    {"01:00 to 04:00 America/New_York", "2026-03-08T05:30:00Z",
        "2026-03-08T06:00:00Z 2026-03-08T08:00:00Z"},
    {"02:15 to 03:00 Australia/Lord_Howe", "2026-10-03T12:00:00Z",
        "2026-10-03T15:30:00Z 2026-10-03T16:00:00Z"},
    {"2011-12-30 12:00 to 2011-12-31 12:00 Pacific/Apia", "2011-12-29T00:00:00Z",
        "2011-12-30T10:00:00Z 2011-12-30T22:00:00Z"},
};

static void
test_windows_open_by_their_clock(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(spans); i++) {
        g_autofree char *found = span_text(spans[i].window, spans[i].now);
        if (strcmp(found, spans[i].expected) != 0)
            g_error("'%s' at %s: %s, expected %s", spans[i].window, spans[i].now, found,
                spans[i].expected);
    }
}

static const struct {
    const char *window, *expected;
} bad[] = {
    {"", "'' is no time, day or date: give HH:MM"},
    {"22:00", "expected 'to' and the end of the window after '22:00'"},
    {"22:00 to", "'' is no time, day or date"},
    {"22:00 to 06:00", "the window has no time zone: end it with one, as Europe/Berlin or UTC"},
    {"22:00 to 06:00 Mars/Phobos", "'Mars/Phobos' is no time zone of the tz database"},
    {"22:00 to 06:00 ../../etc/passwd", "is no time zone"},
    {"22:00 to 06:00 /etc/localtime", "is no time zone"},
    {"22:00 to 06:00 CEST", "'CEST' is no time zone"},
    {"22:00 to 06:00 UTC please", "'please' stands behind the time zone 'UTC'"},
    {"24:01 to 06:00 UTC", "'24:01' is no time"},
    {"22:60 to 06:00 UTC", "'22:60' is no time"},
    {"22 to 06 UTC", "'22' is no time"},
    {"22:0 to 06:00 UTC", "'22:0' is no time"},
    {"-1:00 to 06:00 UTC", "'-1:00' is no time"},
    {"fry 22:00 to 06:00 UTC", "'fry' is no time, day or date"},
    {"mon- 22:00 to 06:00 UTC", "'mon-' is no time"},
    {"mon,,tue 22:00 to 06:00 UTC", "'mon,,tue' is no time"},
    {"mon to 06:00 UTC", "'to' is no time of the day"},
    {"2026-02-29 22:00 to 06:00 UTC", "'2026-02-29' is no time, day or date"},
    {"2026-11-21 22:00 to 2026-11-20 06:00 UTC", "ends before it begins"},
    {"2026-11-21 22:00 to 2026-11-21 22:00 UTC", "ends before it begins"},
    {"22:00 to 2026-11-20 06:00 UTC", "let it begin on a date, too"},
    {"mon-fri 22:00 to sat 06:00 UTC", "a window that ends on a day begins on one"},
    {"2026-11-21 22:00 to sat 06:00 UTC", "a window that ends on a day begins on one"},
    {"22:00 to sat 06:00 UTC", "a window that ends on a day begins on one"},
};

static void
test_errors_tell_how_to_write_it(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        Window window = {0};
        g_assert_false(window_parse(bad[i].window, &window, &error));
        g_assert_error(error, INGEST_ERROR, INGEST_ERROR_INVALID);
        g_assert_null(window.zone);
        if (!strstr(error->message, bad[i].expected))
            g_error("'%s': '%s' lacks '%s'", bad[i].window, error->message, bad[i].expected);
    }
}

/* One of several is enough, and the one that is named is the one that opens next. */
static void
test_several_windows(void)
{
    const char *texts[] = {"sat 10:00 to 12:00 UTC", "2026-11-21 11:00 to 14:00 Europe/Berlin",
        "mon 10:00 to 12:00 UTC"};
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) windows =
        windows_parse(&(Texts){texts, G_N_ELEMENTS(texts), FACT_KNOWN}, "", &error);
    g_assert_no_error(error);
    WindowSpan span = {0};
    const Window *all = &g_array_index(windows, Window, 0);
    g_assert_true(windows_find(windows, at("2026-11-21T09:00:00Z"), &span) == &all[0]);
    g_assert_true(windows_find(windows, at("2026-11-21T10:30:00Z"), &span) == &all[1]);
    g_assert_cmpint(span.to, ==, at("2026-11-21T13:00:00Z"));
    g_assert_true(windows_find(windows, at("2026-11-21T13:00:00Z"), &span) == &all[2]);
    g_autofree char *clock = window_clock_text(&all[1], at("2026-11-21T10:00:00Z"));
    g_assert_cmpstr(clock, ==, "2026-11-21 11:00");
    texts[1] = "11:00";
    g_assert_null(
        windows_parse(&(Texts){texts, G_N_ELEMENTS(texts), FACT_KNOWN}, "wave 'a': ", &error));
    g_assert_true(g_str_has_prefix(error->message, "wave 'a': window '11:00': expected 'to'"));
}

/* Whenever asked, the span holds the time or comes after it, and spans of a day do not overlap. */
static void
test_spans_follow_each_other(void)
{
    static const char *const zones[] = {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
        "Pacific/Apia", "Africa/Casablanca", "Asia/Kathmandu"};
    for (int i = 0; i < 2000; i++) {
        int from = g_test_rand_int_range(0, 24 * 60), to = g_test_rand_int_range(0, 24 * 60);
        g_autofree char *text = g_strdup_printf("%02d:%02d to %02d:%02d %s", from / 60, from % 60,
            to / 60, to % 60, zones[g_test_rand_int_range(0, G_N_ELEMENTS(zones))]);
        int64_t now = g_test_rand_int_range(1000000000, 2000000000);
        Window window = {0};
        WindowSpan span, next;
        g_assert_true(window_parse(text, &window, NULL));
        g_assert_true(window_find(&window, now, &span));
        g_assert_cmpint(span.from, <, span.to);
        g_assert_cmpint(now, <, span.to);
        g_assert_cmpint(span.from - now, <, 3 * WINDOW_DAY_S);
        g_assert_true(window_find(&window, span.to, &next));
        g_assert_cmpint(next.from, >=, span.to - 3600 * 2);
        g_assert_cmpint(next.to, >, span.to);
        window_clear(&window);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/schedule/window/opens-by-its-clock", test_windows_open_by_their_clock);
    g_test_add_func(
        "/schedule/window/errors-tell-how-to-write-it", test_errors_tell_how_to_write_it);
    g_test_add_func("/schedule/window/one-of-several-is-enough", test_several_windows);
    g_test_add_func("/schedule/window/spans-follow-each-other", test_spans_follow_each_other);
    return g_test_run();
}
