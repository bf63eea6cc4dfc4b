/* SPDX-License-Identifier: Apache-2.0 */
#include "source_session.h"

#include <pthread.h>
#include <string.h>

#include <glib/gstdio.h>

#include "discover/discover_priv.h"
#include "error.h"
#include "plan.h"

/* --- a back end that does what it is told ----------------------------------------------------- */

enum { FAKE_VMS = 3 };

typedef struct Fake {
    /* What the source does. */
    PowerState power[FAKE_VMS]; /* of "vm-0", ...; unknown: it has no such instance */
    int fails_open, fails_read; /* error codes of the next call; once each */
    int unheard, refuses;       /* error codes of shutdown_guest; -1: none */
    int64_t takes_ms;           /* each call */
    int looks_until_off;        /* after the shutdown; -1: it stays on */
    bool hides_disks, is_half;
    /* What was done; the session lets one call in at a time. */
    unsigned n_opened, n_closed, n_read, n_asked, n_in, n_overlaps;
    bool is_open;
    atomic_bool is_cancelled;
} Fake;

static Fake *
fake_of(const Source *source)
{
    return source->context->progress_data;
}

static bool
fake_fail(int *code, GError **error)
{
    if (*code >= 0)
        g_set_error_literal(error, INGEST_ERROR, *code, "as it was told");
    bool is_failed = *code >= 0;
    *code = -1;
    return is_failed;
}

static bool
fake_open(Source *source, GError **error)
{
    Fake *fake = fake_of(source);
    g_assert_false(fake->is_open);
    fake->n_opened++;
    fake->is_open = true;
    return !fake_fail(&fake->fails_open, error);
}

static void
fake_close(Source *source)
{
    g_assert_true(fake_of(source)->is_open);
    fake_of(source)->is_open = false;
    fake_of(source)->n_closed++;
}

/* Takes its time, and sees whether another call is in. */
static bool
fake_work(Source *source, GError **error)
{
    Fake *fake = fake_of(source);
    g_assert_true(fake->is_open);
    fake->n_overlaps += ++fake->n_in > 1;
    source->requests++;
    for (int64_t ms = 0; ms < fake->takes_ms && !source_is_cancelled(source); ms++)
        g_usleep(1000);
    fake->n_in--;
    if (source_is_cancelled(source)) {
        g_set_error_literal(error, INGEST_ERROR, INGEST_ERROR_CANCELLED, "interrupted");
        return false;
    }
    return true;
}

static bool
fake_put(const Fake *fake, size_t i, InventorySink *sink, GError **error)
{
    g_autofree char *id = g_strdup_printf("vm-%zu", i);
    InstanceView view = {.id = text_known(id), .name = text_known("web"), .power = fake->power[i]};
    view.disks.state = fake->hides_disks ? FACT_UNKNOWN : FACT_KNOWN;
    view.nics.state = FACT_KNOWN;
    return inventory_put(sink, RECORD_INSTANCE, &view, error);
}

static size_t
number_of(const char *id)
{
    return (size_t)g_ascii_strtoull(id + strlen("vm-"), NULL, 10);
}

static bool
fake_read(Source *source, SourceRead *read, GError **error)
{
    Fake *fake = fake_of(source);
    fake->n_read++;
    if (!fake_work(source, error) || fake_fail(&fake->fails_read, error) ||
        !inventory_put(read->sink, RECORD_SOURCE, &(SourceInfo){0}, error))
        return false;
    for (size_t i = 0; i < read->n_ids; i++) {
        size_t number = number_of(read->ids[i]);
        if (number >= FAKE_VMS || fake->power[number] == POWER_UNKNOWN) {
            if (fake->is_half)
                source_read_note(read, read->ids[i], "host 'kvm2' is silent");
        } else if (!fake_put(fake, number, read->sink, error)) {
            return false;
        }
    }
    return true;
}

static bool
fake_read_power(Source *source, const char *id, PowerState *ret_power, GError **error)
{
    Fake *fake = fake_of(source);
    size_t number = number_of(id);
    if (!fake_work(source, error) || fake_fail(&fake->fails_read, error))
        return false;
    if (fake->power[number] == POWER_UNKNOWN) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND, "no instance '%s'", id);
        return false;
    }
    if (fake->n_asked && fake->looks_until_off >= 0 && fake->looks_until_off-- == 0)
        fake->power[number] = POWER_OFF;
    *ret_power = fake->power[number];
    return true;
}

static bool
fake_shutdown(Source *source, const char *id G_GNUC_UNUSED, GError **error)
{
    Fake *fake = fake_of(source);
    if (!fake_work(source, error) || fake_fail(&fake->refuses, error))
        return false;
    fake->n_asked++;
    return !fake_fail(&fake->unheard, error);
}

static const SourceClass fake_class = {
    .type = "vsphere",
    .open = fake_open,
    .close = fake_close,
    .read = fake_read,
    .read_power = fake_read_power,
    .shutdown_guest = fake_shutdown,
};

static const Fake fake_start = {.power = {POWER_ON, POWER_ON, POWER_OFF},
    .fails_open = -1,
    .fails_read = -1,
    .unheard = -1,
    .refuses = -1};

typedef struct Bed {
    Fake fake;
    SourceContext context;
    SourceSession *session;
} Bed;

static void
bed_clear(Bed *bed)
{
    source_session_free(bed->session);
    g_assert_cmpuint(bed->fake.n_opened, ==, bed->fake.n_closed);
    g_assert_cmpuint(bed->fake.n_overlaps, ==, 0);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Bed, bed_clear)

static void
bed_make(Bed *bed)
{
    bed->fake = fake_start;
    bed->context =
        (SourceContext){.is_cancelled = &bed->fake.is_cancelled, .progress_data = &bed->fake};
    bed->session = source_session_new(source_new(&fake_class, "vc1", &bed->context));
}

static SourceReading *
read_ids(SourceSession *session, const char *ids, const SourceLimits *limits, GError **error)
{
    g_auto(GStrv) list = g_strsplit(ids, " ", -1);
    const SourceQuery query = {.ids = (const char *const *)list,
        .n_ids = g_strv_length(list),
        .limits = limits ? *limits : (SourceLimits){0}};
    return source_session_read(session, &query, error);
}

/* "vm-0=there vm-9=gone" */
static char *
summary(const SourceReading *reading)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < reading->n_instances; i++) {
        const InstanceReading *row = &reading->instances[i];
        bool has_view = row->presence == PRESENCE_THERE || row->presence == PRESENCE_UNREADABLE;
        g_assert_true((row->view != NULL) == has_view);
        if (row->view)
            g_assert_cmpstr(row->view->id.value, ==, row->id);
        g_string_append_printf(
            text, "%s%s=%s", i ? " " : "", row->id, presence_to_string(row->presence));
    }
    return g_string_free(text, false);
}

/* --- reading ---------------------------------------------------------------------------------- */

static void
expect_reading(SourceSession *session, const char *ids, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SourceReading) reading = read_ids(session, ids, NULL, &error);
    g_assert_no_error(error);
    g_autofree char *told = summary(reading);
    g_assert_cmpstr(told, ==, expected);
}

static void
test_stays_open(void)
{
    g_auto(Bed) bed = {0};
    bed_make(&bed);
    g_assert_cmpuint(bed.fake.n_opened, ==, 0);
    for (int i = 0; i < 3; i++)
        expect_reading(bed.session, "vm-0 vm-2", "vm-0=there vm-2=there");
    g_assert_cmpuint(bed.fake.n_opened, ==, 1);
    g_assert_cmpuint(bed.fake.n_read, ==, 3);
}

static void
test_gone_is_not_unknown(void)
{
    g_auto(Bed) bed = {0};
    bed_make(&bed);
    expect_reading(bed.session, "vm-9 vm-0 vm-9", "vm-9=gone vm-0=there vm-9=gone");
    bed.fake.is_half = true;
    expect_reading(bed.session, "vm-9 vm-0", "vm-9=unknown vm-0=there");
    bed.fake.hides_disks = true;
    expect_reading(bed.session, "vm-9 vm-0", "vm-9=unknown vm-0=unreadable");
}

static void
test_kept_connection_that_died(void)
{
    g_auto(Bed) bed = {0};
    bed_make(&bed);
    expect_reading(bed.session, "vm-0", "vm-0=there");
    bed.fake.fails_read = INGEST_ERROR_UNREACHABLE;
    expect_reading(bed.session, "vm-0", "vm-0=there");
    g_assert_cmpuint(bed.fake.n_opened, ==, 2);
    g_assert_cmpuint(bed.fake.n_read, ==, 3);
}

/* What was just opened tells the truth, and a refused login is not tried again. */
static void
test_errors_are_told(void)
{
    const int codes[] = {INGEST_ERROR_UNREACHABLE, INGEST_ERROR_AUTH, INGEST_ERROR_TIMEOUT};
    for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
        g_auto(Bed) bed = {0};
        bed_make(&bed);
        bed.fake.fails_open = codes[i];
        g_autoptr(GError) error = NULL, later = NULL;
        g_assert_null(read_ids(bed.session, "vm-0", NULL, &error));
        g_assert_error(error, INGEST_ERROR, codes[i]);
        g_assert_cmpstr(error->message, ==, "source 'vc1': as it was told");
        g_assert_cmpuint(bed.fake.n_opened, ==, 1);
        expect_reading(bed.session, "vm-0", "vm-0=there"); /* opens anew */
        bed.fake.fails_read = INGEST_ERROR_AUTH;
        g_assert_null(read_ids(bed.session, "vm-0", NULL, &later));
        g_assert_error(later, INGEST_ERROR, INGEST_ERROR_AUTH);
        g_assert_cmpuint(bed.fake.n_opened, ==, 2);
    }
}

static void
test_too_many(void)
{
    g_auto(Bed) bed = {0};
    bed_make(&bed);
    const char *ids[SOURCE_QUERY_MAX + 1];
    for (size_t i = 0; i <= SOURCE_QUERY_MAX; i++)
        ids[i] = "vm-0";
    const SourceQuery query = {.ids = ids, .n_ids = G_N_ELEMENTS(ids)};
    g_autoptr(GError) error = NULL;
    g_assert_null(source_session_read(bed.session, &query, &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_INVALID);
    g_assert_cmpuint(bed.fake.n_opened, ==, 0);
}

/* --- many threads ----------------------------------------------------------------------------- */

static void *
read_often(void *data)
{
    for (int i = 0; i < 20; i++)
        expect_reading(data, i % 2 ? "vm-0 vm-1" : "vm-2 vm-7",
            i % 2 ? "vm-0=there vm-1=there" : "vm-2=there vm-7=gone");
    return NULL;
}

static void
test_threads_take_turns(void)
{
    g_auto(Bed) bed = {0};
    bed_make(&bed);
    bed.fake.takes_ms = 1;
    pthread_t threads[8];
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        g_assert_cmpint(pthread_create(&threads[i], NULL, read_often, bed.session), ==, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        pthread_join(threads[i], NULL);
    g_assert_cmpuint(bed.fake.n_read, ==, 8 * 20);
    g_assert_cmpuint(bed.fake.n_opened, ==, 1);
}

static void *
read_slowly(void *data)
{
    expect_reading(data, "vm-0", "vm-0=there");
    return NULL;
}

/* Whoever waits for its turn looks at its own clock and flag. */
static void
test_waiting_has_limits(void)
{
    g_auto(Bed) bed = {0};
    bed_make(&bed);
    bed.fake.takes_ms = 1500;
    pthread_t slow;
    g_assert_cmpint(pthread_create(&slow, NULL, read_slowly, bed.session), ==, 0);
    g_usleep(300 * 1000);
    atomic_bool is_cancelled = true;
    g_autoptr(GError) late = NULL, cancelled = NULL;
    g_assert_null(read_ids(bed.session, "vm-1", &(SourceLimits){.timeout_ms = 100}, &late));
    g_assert_error(late, INGEST_ERROR, INGEST_ERROR_TIMEOUT);
    g_assert_null(
        read_ids(bed.session, "vm-1", &(SourceLimits){.is_cancelled = &is_cancelled}, &cancelled));
    g_assert_error(cancelled, INGEST_ERROR, INGEST_ERROR_CANCELLED);
    pthread_join(slow, NULL);
    g_assert_cmpuint(bed.fake.n_read, ==, 1);
}

/* --- shutting down ---------------------------------------------------------------------------- */

typedef struct DownCase {
    const char *name;
    const char *id;
    int looks_until_off, unheard, refuses, fails_read;
    ShutdownOutcome outcome;
    int code; /* of the error; -1: none */
    unsigned n_asked;
} DownCase;

static const DownCase down_cases[] = {
    {"goes-off", "vm-0", 1, -1, -1, -1, SHUTDOWN_OFF, -1, 1},
    {"was-off", "vm-2", 0, -1, -1, -1, SHUTDOWN_WAS_OFF, -1, 0},
    {"stays-on", "vm-0", -1, -1, -1, -1, SHUTDOWN_STILL_ON, INGEST_ERROR_TIMEOUT, 1},
    {"no-tools", "vm-0", 0, -1, INGEST_ERROR_UNSUPPORTED, -1, SHUTDOWN_UNHEARD,
        INGEST_ERROR_UNSUPPORTED, 0},
    {"refused", "vm-0", 0, -1, INGEST_ERROR_REFUSED, -1, SHUTDOWN_REFUSED, INGEST_ERROR_REFUSED, 0},
    {"no-right", "vm-0", 0, -1, INGEST_ERROR_AUTH, -1, SHUTDOWN_REFUSED, INGEST_ERROR_AUTH, 0},
    /* The request may have gone: not sent again, but looked after. */
    {"answer-lost", "vm-0", 1, INGEST_ERROR_UNREACHABLE, -1, -1, SHUTDOWN_OFF, -1, 1},
    {"source-lost-before", "vm-0", 0, -1, -1, INGEST_ERROR_UNREACHABLE, SHUTDOWN_UNKNOWN,
        INGEST_ERROR_UNREACHABLE, 0},
    {"gone", "vm-1", 0, -1, -1, INGEST_ERROR_NOT_FOUND, SHUTDOWN_GONE, INGEST_ERROR_NOT_FOUND, 0},
};

static void
test_shutdown(gconstpointer data)
{
    const DownCase *row = data;
    g_auto(Bed) bed = {0};
    bed_make(&bed);
    bed.fake.looks_until_off = row->looks_until_off;
    bed.fake.unheard = row->unheard;
    bed.fake.refuses = row->refuses;
    bed.fake.fails_read = row->fails_read;
    g_autoptr(GError) error = NULL;
    const SourceLimits limits = {.timeout_ms = 1200};
    ShutdownOutcome outcome = source_session_shutdown_guest(bed.session, row->id, &limits, &error);
    g_assert_cmpstr(shutdown_to_string(outcome), ==, shutdown_to_string(row->outcome));
    if (row->code < 0)
        g_assert_no_error(error);
    else
        g_assert_error(error, INGEST_ERROR, row->code);
    g_assert_cmpuint(bed.fake.n_asked, ==, row->n_asked);
}

static void *
cancel_soon(void *data)
{
    g_usleep(400 * 1000);
    atomic_store((atomic_bool *)data, true);
    return NULL;
}

/* Others are served while a guest goes down; a cancelled wait ends at once and says what was. */
static void
test_shutdown_lets_others_in(void)
{
    g_auto(Bed) bed = {0};
    bed_make(&bed);
    bed.fake.looks_until_off = -1;
    atomic_bool is_cancelled = false;
    const SourceLimits limits = {.timeout_ms = 60 * 1000, .is_cancelled = &is_cancelled};
    pthread_t threads[2];
    g_assert_cmpint(pthread_create(&threads[0], NULL, read_often, bed.session), ==, 0);
    g_assert_cmpint(pthread_create(&threads[1], NULL, cancel_soon, &is_cancelled), ==, 0);
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(source_session_shutdown_guest(bed.session, "vm-1", &limits, &error), ==,
        SHUTDOWN_CANCELLED);
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_CANCELLED);
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        pthread_join(threads[i], NULL);
    g_assert_cmpuint(bed.fake.n_asked, ==, 1);
    g_assert_cmpuint(bed.fake.n_read, ==, 20);
}

/* --- a saved file ----------------------------------------------------------------------------- */

typedef struct FileBed {
    char *folder, *path;
    SourceContext context;
    SourceSession *session;
} FileBed;

static void
file_bed_write(const FileBed *bed, const char *text)
{
    g_autofree char *fresh = g_build_filename(bed->folder, "fresh.json", NULL);
    g_assert_true(g_file_set_contents(fresh, text, -1, NULL));
    g_assert_cmpint(g_rename(fresh, bed->path), ==, 0);
}

static void
file_bed_make(FileBed *bed, const char *text)
{
    bed->folder = g_dir_make_tmp("vm-ingest-test-XXXXXX", NULL);
    bed->path = g_build_filename(bed->folder, "saved.json", NULL);
    file_bed_write(bed, text);
    Source *source = source_new(&source_file, "saved", &bed->context);
    g_assert_true(source_config(source, "path", bed->path, NULL));
    bed->session = source_session_new(source);
}

static void
file_bed_clear(FileBed *bed)
{
    source_session_free(bed->session);
    g_unlink(bed->path);
    g_rmdir(bed->folder);
    g_free(bed->path);
    g_free(bed->folder);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FileBed, file_bed_clear)

static const char saved_text[] =
    "{\"apiVersion\":\"vm-ingest/v1\",\"kind\":\"Inventory\",\"records\":[\n"
    "{\"source\":{\"name\":\"vc\",\"kind\":\"vsphere\"}},\n"
    "{\"instance\":{\"source\":\"vc\",\"id\":\"vm-1\",\"name\":\"web\",\"power\":\"on\","
    "\"disks\":[],\"nics\":[{\"id\":\"NIC 1\",\"mac\":\"00:50:56:aa:00:01\"}],\"snapshots\":[],"
    "\"booted_at\":\"2026-01-01T00:00:00Z\",\"tasks\":[]}},\n"
    "{\"end\":{\"source\":\"vc\",\"is_complete\":true}},\n"
    "{\"source\":{\"name\":\"kvm\",\"kind\":\"libvirt\"}},\n"
    "{\"instance\":{\"source\":\"kvm\",\"id\":\"vm-1\",\"name\":\"db\",\"power\":\"off\","
    "\"disks\":[],\"nics\":[]}},\n"
    "{\"end\":{\"source\":\"kvm\",\"is_complete\":true}}\n"
    "]}\n";

static char *
replaced(const char *text, const char *old, const char *new)
{
    g_auto(GStrv) parts = g_strsplit(text, old, 2);
    g_assert_cmpuint(g_strv_length(parts), ==, 2);
    return g_strjoinv(new, parts);
}

static SourceReading *
read_saved(FileBed *bed, const char *source, const char *id)
{
    const SourceQuery query = {.source = source, .ids = &id, .n_ids = 1};
    g_autoptr(GError) error = NULL;
    SourceReading *reading = source_session_read(bed->session, &query, &error);
    g_assert_no_error(error);
    return reading;
}

static void
test_file_is_kept_until_it_changes(void)
{
    g_auto(FileBed) bed = {0};
    file_bed_make(&bed, saved_text);
    g_autoptr(SourceReading) first = read_saved(&bed, "vc", "vm-1"),
                             again = read_saved(&bed, "kvm", "vm-1");
    g_assert_cmpstr(first->instances[0].view->name.value, ==, "web");
    g_assert_cmpstr(again->instances[0].view->name.value, ==, "db");
    g_assert_true(first->inventory == again->inventory);
    g_autofree char *text = replaced(saved_text, "\"name\":\"web\"", "\"name\":\"www\"");
    file_bed_write(&bed, text);
    g_autoptr(SourceReading) renamed = read_saved(&bed, "vc", "vm-1");
    g_assert_cmpstr(renamed->instances[0].view->name.value, ==, "www");
    g_assert_cmpstr(first->instances[0].view->name.value, ==, "web"); /* a snapshot */
}

static void
test_half_read_file_is_unknown(void)
{
    g_autofree char *text = replaced(saved_text, "\"is_complete\":true", "\"is_complete\":false");
    g_auto(FileBed) bed = {0};
    file_bed_make(&bed, text);
    g_autoptr(SourceReading) there = read_saved(&bed, "vc", "vm-1"),
                             not_there = read_saved(&bed, "vc", "vm-2");
    g_assert_cmpint(there->instances[0].presence, ==, PRESENCE_THERE);
    g_assert_cmpint(not_there->instances[0].presence, ==, PRESENCE_UNKNOWN);
    g_assert_nonnull(strstr(not_there->instances[0].why, "source 'vc' was only half read"));
}

static void
test_file_shuts_nothing_down(void)
{
    g_auto(FileBed) bed = {0};
    file_bed_make(&bed, saved_text);
    g_autoptr(GError) error = NULL;
    const SourceLimits limits = {.timeout_ms = 1000};
    g_assert_cmpint(source_session_shutdown_guest(bed.session, "vm-1", &limits, &error), ==,
        SHUTDOWN_UNSUPPORTED);
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_UNSUPPORTED);
}

/* An export is a folder: a file that is added or replaced counts. */
static void
test_export_is_kept_until_it_changes(void)
{
    static const char *const texts[] = {
        "VM,Powerstate,VM ID\nweb,poweredOn,vm-1\n", "VM,Powerstate,VM ID\nwww,poweredOn,vm-1\n"};
    SourceContext context = {0};
    g_autofree char *folder = g_dir_make_tmp("vm-ingest-test-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "RVTools_tabvInfo.csv", NULL);
    Source *source = source_new(&source_rvtools, "export", &context);
    g_assert_true(source_config(source, "path", folder, NULL));
    g_autoptr(SourceSession) session = source_session_new(source);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_assert_true(g_file_set_contents(path, texts[i], -1, NULL));
        g_autoptr(SourceReading) first = read_ids(session, "vm-1 vm-2", NULL, NULL);
        g_autoptr(SourceReading) again = read_ids(session, "vm-1 vm-2", NULL, NULL);
        g_autofree char *told = summary(again);
        g_assert_cmpstr(told, ==, "vm-1=unreadable vm-2=gone"); /* no tab tells disks and NICs */
        g_assert_cmpstr(again->instances[0].view->name.value, ==, i ? "www" : "web");
        g_assert_true(first->inventory == again->inventory);
    }
    g_unlink(path);
    g_rmdir(folder);
}

/* --- the digest ------------------------------------------------------------------------------- */

/* Each change of what was read, and whether a plan that was made before it is stale. */
static const struct {
    const char *old, *new;
    bool is_stale;
} changes[] = {
    {"\"booted_at\":\"2026-01-01T00:00:00Z\"", "\"booted_at\":\"2026-01-02T00:00:00Z\"", false},
    {"\"tasks\":[]", "\"tasks\":[\"CreateSnapshot_Task\"]", false},
    {"\"tasks\":[]", "\"question\":\"moved or copied?\"", false},
    {"\"power\":\"on\"", "\"power\":\"off\"", true},
    {"\"name\":\"web\"", "\"name\":\"www\"", true},
    {"aa:00:01", "aa:00:02", true},
    {"\"snapshots\":[]", "\"snapshots\":[{\"name\":\"before\"}]", true},
    {"\"disks\":[],\"nics\":[{", "\"disks\":[{\"id\":\"51-2000\"}],\"nics\":[{", true},
};

static void
test_facts(void)
{
    g_auto(FileBed) bed = {0};
    file_bed_make(&bed, saved_text);
    g_autoptr(SourceReading) first = read_saved(&bed, "vc", "vm-1");
    const InstanceView *before = first->instances[0].view;
    g_autofree char *of_before = instance_facts(before, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_autofree char *text = replaced(saved_text, changes[i].old, changes[i].new);
        file_bed_write(&bed, text);
        g_autoptr(SourceReading) reading = read_saved(&bed, "vc", "vm-1");
        const InstanceView *after = reading->instances[0].view;
        g_autofree char *of_after = instance_facts(after, NULL);
        g_assert_true((strcmp(of_before, of_after) != 0) == changes[i].is_stale);
        Bool has_restarted = instance_has_restarted(before, after);
        g_assert_cmpint(has_restarted.state, ==, FACT_KNOWN);
        g_assert_true(has_restarted.value == (i == 0));
    }
}

static void
test_restarts(void)
{
    InstanceView before = {.host = text_known("kvm1"), .start_id = text_known("7")};
    InstanceView after = before;
    g_assert_cmpint(instance_has_restarted(&before, &after).state, ==, FACT_KNOWN);
    g_assert_false(instance_has_restarted(&before, &after).value);
    after.start_id = text_known("8");
    g_assert_true(instance_has_restarted(&before, &after).value);
    after.host = text_known("kvm2"); /* migrated: its number is another host's */
    g_assert_cmpint(instance_has_restarted(&before, &after).state, ==, FACT_UNKNOWN);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/session/read/stays-open-and-is-closed", test_stays_open);
    g_test_add_func("/session/read/gone-is-not-unknown", test_gone_is_not_unknown);
    g_test_add_func("/session/read/kept-connection-that-died", test_kept_connection_that_died);
    g_test_add_func("/session/read/errors-are-told", test_errors_are_told);
    g_test_add_func("/session/read/too-many-are-refused", test_too_many);
    g_test_add_func("/session/threads/take-turns", test_threads_take_turns);
    g_test_add_func("/session/threads/waiting-has-limits", test_waiting_has_limits);
    for (size_t i = 0; i < G_N_ELEMENTS(down_cases); i++) {
        g_autofree char *path = g_strconcat("/session/shutdown/", down_cases[i].name, NULL);
        g_test_add_data_func(path, &down_cases[i], test_shutdown);
    }
    g_test_add_func("/session/shutdown/lets-others-in", test_shutdown_lets_others_in);
    g_test_add_func("/session/file/is-kept-until-it-changes", test_file_is_kept_until_it_changes);
    g_test_add_func(
        "/session/file/export-is-kept-until-it-changes", test_export_is_kept_until_it_changes);
    g_test_add_func("/session/file/half-read-is-unknown", test_half_read_file_is_unknown);
    g_test_add_func("/session/file/shuts-nothing-down", test_file_shuts_nothing_down);
    g_test_add_func("/session/facts/what-makes-a-plan-stale", test_facts);
    g_test_add_func("/session/facts/restarts", test_restarts);
    return g_test_run();
}
