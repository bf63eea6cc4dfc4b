/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading an item of listImportVmTasks.
 */
#include "import_task.h"

#include <string.h>
#include <time.h>

static const char *const state_words[IMPORT_TASK_STATE_N] = {
    [IMPORT_TASK_RUNNING] = "Running",
    [IMPORT_TASK_COMPLETED] = "Completed",
    [IMPORT_TASK_FAILED] = "Failed",
};

static const char *const step_words[IMPORT_STEP_N] = {
    [IMPORT_STEP_PREPARE] = "Prepare",
    [IMPORT_STEP_CLONE] = "CloningInstance",
    [IMPORT_STEP_CONVERT] = "ConvertingInstance",
    [IMPORT_STEP_IMPORT] = "Importing",
    [IMPORT_STEP_DONE] = "Completed",
};

/* The item as it is sent. */
typedef struct RawTask {
    ImportTask task;
    Text state, step, stepduration, duration;
} RawTask;

/* clang-format off */
#define T(member) {.name = #member, .kind = FIELD_TEXT, .offset = offsetof(RawTask, task.member)}
#define RAW(member) {.name = #member, .kind = FIELD_TEXT, .offset = offsetof(RawTask, member)}
/* clang-format on */

static const Field raw_fields[] = {T(id), T(vcenter), T(datacentername), T(sourcevmname),
    T(displayname), T(account), T(accountid), T(zoneid), T(virtualmachineid),
    T(convertinstancehostid), T(convertinstancehostname), T(description), T(created),
    T(lastupdated), RAW(state), RAW(step), RAW(stepduration), RAW(duration)};
static const RecordType raw_type = RECORD_TYPE(RawTask, raw_fields);

static int
find_word(const char *word, const char *const *words, int n)
{
    for (int i = 1; word && i < n; i++)
        if (!g_ascii_strcasecmp(word, words[i]))
            return i;
    return 0;
}

/* "3/5] ConvertingInstance"; returns what stands behind the bracket. */
static const char *
read_place(const char *text, ImportTask *task)
{
    guint64 number = 0, steps = 0;
    const char *slash = strchr(text, '/'), *end = strchr(text, ']');
    if (!end || !slash || slash > end)
        return text;
    g_autofree char *first = g_strndup(text, (gsize)(slash - text));
    g_autofree char *last = g_strndup(slash + 1, (gsize)(end - slash - 1));
    if (g_ascii_string_to_unsigned(first, 10, 1, 100, &number, NULL) &&
        g_ascii_string_to_unsigned(last, 10, number, 100, &steps, NULL)) {
        task->step_number = int_known((int64_t)number);
        task->steps = int_known((int64_t)steps);
    }
    return end + 1 + strspn(end + 1, " ");
}

static void
read_step(const char *text, ImportTask *task)
{
    if (text && *text == '[')
        text = read_place(text + 1, task);
    task->step = (ImportTaskStep)find_word(text, step_words, IMPORT_STEP_N);
}

Int
import_task_seconds(const char *text)
{
    static const struct {
        const char *word;
        int64_t seconds;
    } units[] = {{"hs", 3600}, {"min", 60}, {"secs", 1}};
    enum { AMOUNT_MAX = 1000000 };
    int64_t total = 0;
    g_auto(GStrv) words = g_strsplit_set(text ? text : "", " ", 16);
    const char *amount = NULL;
    for (char **word = words; *word; word++) {
        guint64 number = 0;
        size_t unit = 0;
        if (!**word)
            continue;
        if (!amount) {
            amount = *word;
            continue;
        }
        while (unit < G_N_ELEMENTS(units) && strcmp(*word, units[unit].word) != 0)
            unit++;
        if (unit == G_N_ELEMENTS(units) ||
            !g_ascii_string_to_unsigned(amount, 10, 0, AMOUNT_MAX, &number, NULL))
            return (Int){0};
        total += (int64_t)number * units[unit].seconds;
        amount = NULL;
    }
    return text && !amount ? int_known(total) : (Int){0};
}

static Int
seconds_since_1970(const char *text)
{
    struct tm at = {0};
    const char *end = text ? strptime(text, "%Y-%m-%dT%H:%M:%S%z", &at) : NULL;
    if (!end || *end)
        return (Int){0};
    int64_t offset = at.tm_gmtoff;
    return int_known((int64_t)timegm(&at) - offset);
}

bool
import_task_read(json_object *item, Arena *arena, ImportTask *ret_task, GError **error)
{
    RawTask raw = {0};
    if (!json_object_is_type(item, json_type_object) ||
        !record_decode(&raw_type, item, RECORD_LENIENT, "importvmtask", arena, &raw, NULL)) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_PROTOCOL,
            "listImportVmTasks: an item is no object of texts");
        return false;
    }
    ImportTask task = raw.task;
    task.state = (ImportTaskState)find_word(raw.state.value, state_words, IMPORT_TASK_STATE_N);
    read_step(raw.step.value, &task);
    task.step_seconds = import_task_seconds(raw.stepduration.value);
    task.seconds = import_task_seconds(raw.duration.value);
    task.created_at = seconds_since_1970(task.created.value);
    *ret_task = task;
    return true;
}

bool
import_task_is_of(
    const ImportTask *task, const char *sourcevmname, const char *displayname, int64_t submitted_at)
{
    const char *shown = displayname ? displayname : sourcevmname;
    if (g_strcmp0(task->sourcevmname.value, sourcevmname) != 0 ||
        (task->displayname.value && g_strcmp0(task->displayname.value, shown) != 0))
        return false;
    return task->created_at.state != FACT_KNOWN || task->created_at.value >= submitted_at;
}

/* " for 1 h 4 min", " for 4 min 10 s", " for 7 s" */
static void
append_duration(GString *out, const char *word, Int seconds)
{
    if (seconds.state != FACT_KNOWN)
        return;
    int64_t s = seconds.value;
    if (s >= 3600)
        g_string_append_printf(
            out, "%s %" PRId64 " h %" PRId64 " min", word, s / 3600, s % 3600 / 60);
    else if (s >= 60)
        g_string_append_printf(out, "%s %" PRId64 " min %" PRId64 " s", word, s / 60, s % 60);
    else
        g_string_append_printf(out, "%s %" PRId64 " s", word, s);
}

/* "converted in 1 h 2 min", "failed after 7 s: why" */
static void
append_end(GString *out, const ImportTask *task)
{
    bool is_done = task->state == IMPORT_TASK_COMPLETED;
    g_string_append(out, is_done ? "converted" : "failed");
    append_duration(out, is_done ? " in" : " after", task->seconds);
    if (!is_done && task->description.value)
        g_string_append_printf(out, ": %s", task->description.value);
}

static void
append_progress(GString *out, const ImportTask *task)
{
    static const char *const doing[IMPORT_STEP_N] = {
        [IMPORT_STEP_UNKNOWN] = "at a step that is not known",
        [IMPORT_STEP_PREPARE] = "being prepared",
        [IMPORT_STEP_CLONE] = "read or cloned at the source",
        [IMPORT_STEP_CONVERT] = "converting",
        [IMPORT_STEP_IMPORT] = "being imported",
        [IMPORT_STEP_DONE] = "ending",
    };
    g_string_append(out, doing[task->step]);
    if (task->convertinstancehostname.value)
        g_string_append_printf(out, " on host '%s'", task->convertinstancehostname.value);
    if (task->step_number.state == FACT_KNOWN)
        g_string_append_printf(
            out, ", step %" PRId64 " of %" PRId64, task->step_number.value, task->steps.value);
    append_duration(out, ", for", task->step_seconds);
}

const char *
import_task_text(const ImportTask *task, Arena *arena)
{
    g_autoptr(GString) out = g_string_new(NULL);
    if (task->state == IMPORT_TASK_COMPLETED || task->state == IMPORT_TASK_FAILED)
        append_end(out, task);
    else
        append_progress(out, task);
    return arena_strdup(arena, out->str);
}
