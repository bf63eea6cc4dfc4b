/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of a CSV file to the items of a plan. All that is wrong is told, cell by cell; nothing is
 * guessed: a row that may be another VM's is an error, as is one that was sorted apart.
 */
#include "choices.h"

#include <errno.h>
#include <string.h>

#include "arena.h"
#include "cleanup.h"
#include "csv.h"
#include "report.h"

/* Columns that say which VM a row is of. */
typedef enum IdentityColumn {
    COLUMN_SOURCE,
    COLUMN_ID,
    COLUMN_UUID,
    COLUMN_NAME,
    COLUMN_PATH,
    IDENTITY_N
} IdentityColumn;

static const char *const identity_names[IDENTITY_N] = {
    "source", "id", "instance_uuid", "name", "path"};

typedef struct ChoicesFile {
    CsvReader *csv;
    ChoiceReader reader;
    const char *path;
    int identity[IDENTITY_N]; /* column, or -1 */
    int *columns;             /* by index of choice_columns */
    GHashTable *items;        /* key -> item; see index_items() */
    GHashTable *seen;         /* item -> row */
    GString *problems;        /* a line each */
    GString *key;             /* scratch */
    size_t n_problems, n_changed;
} ChoicesFile;

/* --- the heading ------------------------------------------------------------------------------ */

/* A column of the report, which is read back or is for reading only. */
static bool
is_known_column(const char *name)
{
    g_autofree char *heading = report_csv_heading();
    g_auto(GStrv) columns = g_strsplit(heading, ",", -1);
    for (char **column = columns; *column; column++)
        if (g_ascii_strcasecmp(*column, name) == 0)
            return true;
    return false;
}

static bool
complain_heading(const char *path, const char *text, GError **error)
{
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_INVALID, "'%s', heading: %s", path, text);
    return false;
}

static bool
check_heading(const CsvReader *csv, const char *path, GError **error)
{
    for (unsigned i = 0; i < csv->heading->len; i++) {
        const char *name = g_ptr_array_index(csv->heading, i);
        if (is_known_column(name) && csv_find_column_from(csv, name, i + 1) >= 0) {
            g_autofree char *text = g_strdup_printf("column '%s' stands twice", name);
            return complain_heading(path, text, error);
        }
    }
    bool has_id = csv_find_column(csv, "source") >= 0 && csv_find_column(csv, "id") >= 0;
    if (!has_id && csv_find_column(csv, "instance_uuid") < 0 && csv_find_column(csv, "name") < 0)
        return complain_heading(path,
            "no column says which VM a row is of: keep source and id, or instance_uuid, or name, "
            "as vm-ingest report -o csv writes them",
            error);
    for (size_t i = 0; i < choice_columns_n; i++)
        if (csv_find_column(csv, choice_columns[i].name) >= 0)
            return true;
    g_autoptr(GString) known = g_string_new("no column of choices; they are");
    for (size_t i = 0; i < choice_columns_n; i++)
        g_string_append_printf(known, "%s %s", i ? "," : "", choice_columns[i].name);
    return complain_heading(path, known->str, error);
}

static char *
find_unknown_columns(const CsvReader *csv)
{
    GString *unknown = g_string_new(NULL);
    for (unsigned i = 0; i < csv->heading->len; i++) {
        const char *name = g_ptr_array_index(csv->heading, i);
        if (*name && !is_known_column(name))
            g_string_append_printf(unknown, "%s'%s'", unknown->len ? ", " : "", name);
    }
    return g_string_free(unknown, false);
}

static CsvReader *
open_csv(FILE *file, const char *path, GError **error)
{
    if (!file) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_STORAGE, "'%s' cannot be opened: %s", path,
            g_strerror(errno));
        return NULL;
    }
    g_autoptr(CsvReader) csv = csv_new(file, path, NULL, error);
    return csv && check_heading(csv, path, error) ? g_steal_pointer(&csv) : NULL;
}

bool
choices_check_file(const char *path, char **ret_unknown, GError **error)
{
    g_autoptr(StdioFile) file = fopen(path, "re");
    g_autoptr(CsvReader) csv = open_csv(file, path, error);
    while (csv && csv_next(csv))
        ;
    if (!csv || !csv_finish(csv, error))
        return false;
    *ret_unknown = find_unknown_columns(csv);
    return true;
}

/* --- which VM --------------------------------------------------------------------------------- */

static const char *
make_key(ChoicesFile *file, char kind, const char *a, const char *b)
{
    g_string_printf(file->key, "%c%s\x1f%s", kind, a ? a : "", b ? b : "");
    return file->key->str;
}

/* Stands in the index where several items have one key. */
static PlanItem several;

static void
add_item(ChoicesFile *file, PlanItem *item, char kind, const char *a, const char *b)
{
    const char *key = make_key(file, kind, a, b);
    if (g_hash_table_contains(file->items, key))
        item = &several;
    g_hash_table_insert(file->items, g_strdup(key), item);
}

/* By source and id, by UUID, by name and path, by name. */
static void
index_items(ChoicesFile *file)
{
    Plan *plan = file->reader.plan;
    for (size_t i = 0; i < plan->n_items; i++) {
        PlanItem *item = &plan->items[i];
        const PlanInstance *instance = &item->instance;
        add_item(file, item, 'i', instance->source.value, instance->id.value);
        if (instance->instance_uuid.value)
            add_item(file, item, 'u', instance->instance_uuid.value, NULL);
        if (instance->path.value)
            add_item(file, item, 'p', instance->name.value, instance->path.value);
        add_item(file, item, 'n', instance->name.value, NULL);
    }
}

/* The exact text of a cell: the quote that a spreadsheet must not take for a formula goes. */
static const char *
exact_cell(ChoicesFile *file, int column, bool *ret_guarded)
{
    const char *cell = column < 0 ? "" : csv_cell(file->csv, (size_t)column);
    *ret_guarded = *cell == '\'';
    return cell + *ret_guarded;
}

static const char *
identity_cell(ChoicesFile *file, IdentityColumn column)
{
    bool is_guarded;
    return exact_cell(file, file->identity[column], &is_guarded);
}

G_GNUC_PRINTF(3, 4)
static void
add_problem(ChoicesFile *file, const char *column, const char *format, ...)
{
    if (++file->n_problems > CHOICES_PROBLEMS_MAX)
        return;
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    const char *name = identity_cell(file, COLUMN_NAME);
    g_string_append_printf(file->problems, "\n  row %zu", file->csv->row);
    if (*name)
        g_string_append_printf(file->problems, " ('%s')", name);
    if (column)
        g_string_append_printf(file->problems, ", column '%s'", column);
    g_string_append_printf(file->problems, ": %s", text);
}

/* The key that a row is looked up by: the first that it has, as plan_check() does. */
static PlanItem *
look_up(ChoicesFile *file, const char **ret_column)
{
    const char *source = identity_cell(file, COLUMN_SOURCE), *id = identity_cell(file, COLUMN_ID),
               *uuid = identity_cell(file, COLUMN_UUID), *name = identity_cell(file, COLUMN_NAME),
               *path = identity_cell(file, COLUMN_PATH);
    PlanItem *item = NULL;
    *ret_column = "id";
    if (*source && *id)
        item = g_hash_table_lookup(file->items, make_key(file, 'i', source, id));
    if (!item && *uuid) {
        *ret_column = "instance_uuid";
        item = g_hash_table_lookup(file->items, make_key(file, 'u', uuid, NULL));
    }
    if (!item && *name) {
        *ret_column = "name";
        item = *path ? g_hash_table_lookup(file->items, make_key(file, 'p', name, path))
                     : g_hash_table_lookup(file->items, make_key(file, 'n', name, NULL));
    }
    return item;
}

/* A row whose cells name two VMs: its columns were sorted apart, or the VM is another one now. */
static bool
check_same_vm(ChoicesFile *file, const PlanInstance *instance)
{
    const struct {
        IdentityColumn column;
        Text fact;
    } facts[] = {{COLUMN_UUID, instance->instance_uuid}, {COLUMN_NAME, instance->name}};
    for (size_t i = 0; i < G_N_ELEMENTS(facts); i++) {
        const char *cell = identity_cell(file, facts[i].column);
        if (!*cell || !facts[i].fact.value || strcmp(cell, facts[i].fact.value) == 0)
            continue;
        add_problem(file, identity_names[facts[i].column],
            "'%s', but the VM of this row, '%s' of source '%s', has '%s': were the columns sorted "
            "apart? If the VM was changed, make a new report",
            cell, instance->id.value, instance->source.value, facts[i].fact.value);
        return false;
    }
    return true;
}

static PlanItem *
find_item(ChoicesFile *file)
{
    const char *column;
    PlanItem *item = look_up(file, &column);
    if (item == &several) {
        add_problem(
            file, column, "several VMs are called so: give source and id, as the report has them");
        return NULL;
    }
    if (!item) {
        add_problem(file, column, "no such VM in the inventory: remove the row, or correct it");
        return NULL;
    }
    size_t before = GPOINTER_TO_SIZE(g_hash_table_lookup(file->seen, item));
    if (before) {
        add_problem(file, column, "row %zu is of the same VM: keep one of them", before);
        return NULL;
    }
    g_hash_table_insert(file->seen, item, GSIZE_TO_POINTER(file->csv->row));
    return check_same_vm(file, &item->instance) ? item : NULL;
}

/* --- cells ------------------------------------------------------------------------------------ */

static void
take_cell(ChoicesFile *file, const ChoiceColumn *column, const char *cell, const char *proposed)
{
    g_autofree char *why = NULL;
    if (strcmp(cell, proposed) == 0)
        return;
    file->n_changed++;
    if (!column->apply(&file->reader, cell, &why))
        add_problem(file, column->name, "%s", why);
}

/* The cells that the plan would have; each (owned). */
static GPtrArray *
render_row(const Choice *choice)
{
    GPtrArray *cells = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < choice_columns_n; i++) {
        GString *cell = g_string_new(NULL);
        choice_columns[i].render(choice, cell);
        g_ptr_array_add(cells, g_string_free(cell, false));
    }
    return cells;
}

static void
take_row(ChoicesFile *file)
{
    PlanItem *item = find_item(file);
    if (!item)
        return;
    ChoiceReader *reader = &file->reader;
    reader->item = item;
    reader->has_owner = false;
    g_autoptr(GPtrArray) proposed = render_row(&item->choice);
    for (size_t i = 0; i < choice_columns_n; i++) {
        if (file->columns[i] < 0)
            continue;
        const char *cell = exact_cell(file, file->columns[i], &reader->is_guarded);
        take_cell(file, &choice_columns[i], cell, g_ptr_array_index(proposed, i));
    }
    g_autofree char *why = NULL;
    if (!choice_finish_owner(reader, &why))
        add_problem(file, "account", "%s", why);
}

/* --- the whole -------------------------------------------------------------------------------- */

static bool
tell_problems(const ChoicesFile *file, GError **error)
{
    if (file->n_problems == 0)
        return true;
    g_autofree char *more =
        file->n_problems > CHOICES_PROBLEMS_MAX
            ? g_strdup_printf("\n  and %zu more", file->n_problems - CHOICES_PROBLEMS_MAX)
            : g_strdup("");
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_INVALID, "'%s': %zu cell%s wrong:%s%s",
        file->path, file->n_problems, file->n_problems == 1 ? " is" : "s are", file->problems->str,
        more);
    return false;
}

static void
find_columns(ChoicesFile *file)
{
    for (size_t i = 0; i < IDENTITY_N; i++)
        file->identity[i] = csv_find_column(file->csv, identity_names[i]);
    file->columns = g_new0(int, choice_columns_n);
    for (size_t i = 0; i < choice_columns_n; i++)
        file->columns[i] = csv_find_column(file->csv, choice_columns[i].name);
}

bool
choices_read(const char *path, Plan *plan, ChoicesCount *ret_count, GError **error)
{
    g_autoptr(StdioFile) stream = fopen(path, "re");
    g_autoptr(CsvReader) csv = open_csv(stream, path, error);
    if (!csv)
        return false;
    g_autoptr(GHashTable) items = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    g_autoptr(GString) problems = g_string_new(NULL);
    g_autoptr(GString) key = g_string_new(NULL);
    ChoicesFile file = {.csv = csv,
        .reader.plan = plan,
        .path = path,
        .items = items,
        .seen = seen,
        .problems = problems,
        .key = key};
    file.reader.from = arena_printf(plan_arena(plan), "chosen in '%s'", path);
    find_columns(&file);
    index_items(&file);
    while (csv_next(csv))
        take_row(&file);
    choice_names_free(&file.reader);
    g_free(file.columns);
    if (!csv_finish(csv, error) || !tell_problems(&file, error))
        return false;
    *ret_count = (ChoicesCount){.changed = file.n_changed, .rows = g_hash_table_size(seen)};
    return true;
}
