/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of VMs in a policy:
 *
 *   list NAME VM...
 *   list NAME from FILE        one VM a line; what begins with '#' is a comment
 *
 * and the condition "list NAME". A VM is given by its name, its id at the source, its instance
 * UUID, or its folder and name. Several lines of one name add up.
 */
#include <string.h>

#include "mapper_priv.h"
#include "policy_words.h"

enum { LIST_BYTES_MAX = POLICY_BYTES_MAX, PROBLEM_NAMES_MAX = 10 };

/* --- reading ---------------------------------------------------------------------------------- */

PolicyList *
parser_find_list(Parser *parser, const char *name, size_t column)
{
    GPtrArray *lists = parser->policy->lists;
    for (guint i = 0; i < lists->len; i++)
        if (!strcmp(((PolicyList *)lists->pdata[i])->name, name))
            return lists->pdata[i];
    PolicyList *list = g_new0(PolicyList, 1);
    *list = (PolicyList){.name = name,
        .line = parser->line,
        .column = column,
        .entries = g_hash_table_new(g_str_hash, g_str_equal),
        .last_names = g_hash_table_new(g_str_hash, g_str_equal)};
    g_ptr_array_add(lists, list);
    return list;
}

void
policy_list_free(void *given)
{
    PolicyList *list = given;
    g_hash_table_destroy(list->entries);
    g_hash_table_destroy(list->last_names);
    g_free(list);
}

static void
add_entry(PolicyList *list, const char *entry)
{
    const char *slash = *entry == '/' ? strrchr(entry, '/') : NULL;
    g_hash_table_add(list->entries, (gpointer)entry);
    if (slash)
        g_hash_table_add(list->last_names, (gpointer)(slash + 1));
}

static bool
add_file(Parser *parser, PolicyList *list, size_t column, const char *name)
{
    g_autoptr(GError) error = NULL;
    const PolicyFiles *files = parser->files;
    if (!files)
        return parser_complain(parser, column,
            "this policy may name no files: write the VMs of list '%s' into it", list->name);
    g_autofree char *text = files->read(files->data, name, &error);
    if (!text)
        return parser_complain(parser, column, "list '%s': %s", list->name, error->message);
    if (strlen(text) > LIST_BYTES_MAX || !g_utf8_validate(text, -1, NULL))
        return parser_complain(parser, column,
            "list '%s': file '%s' is larger than %d MiB or not UTF-8", list->name, name,
            LIST_BYTES_MAX >> 20);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        const char *entry = g_strstrip(*line);
        if (g_str_has_prefix(entry, "\xef\xbb\xbf")) /* that some editors put before UTF-8 */
            entry += 3;
        if (*entry && *entry != '#')
            add_entry(list, arena_strdup(&parser->policy->arena, entry));
    }
    return true;
}

bool
parse_list(Parser *parser)
{
    const char *name = NULL, *value = NULL;
    size_t column = parser_column(parser);
    if (!parser_take(parser, "the name of a list", &name))
        return false;
    PolicyList *list = parser_find_list(parser, name, column);
    list->is_defined = true;
    column = parser_column(parser);
    if (parser_accept(parser, "from"))
        return parser_take(parser, "the name of a file", &value) &&
               add_file(parser, list, column, value);
    do {
        if (!parser_take(parser, "a VM: name, id, UUID, or folder and name", &value))
            return false;
        add_entry(list, value);
    } while (parser_peek(parser));
    return true;
}

void
parser_check_lists(Parser *parser)
{
    const GPtrArray *lists = parser->policy->lists;
    for (guint i = 0; i < lists->len; i++) {
        const PolicyList *list = lists->pdata[i];
        parser->line = list->line;
        if (!list->is_defined)
            parser_complain(parser, list->column,
                "there is no list '%s': add a line 'list %s VM...' or 'list %s from FILE'",
                list->name, list->name, list->name);
    }
}

/* --- asking ----------------------------------------------------------------------------------- */

static bool
holds_text(const GHashTable *texts, Text text)
{
    return text.value && g_hash_table_contains((GHashTable *)texts, text.value);
}

/* The folder counts only where an entry tells one. */
static Answer
has_in_folder(const PolicyList *list, const InstanceView *view)
{
    if (!holds_text(list->last_names, view->name))
        return ANSWER_NO;
    if (!view->path.value)
        return view->path.state == FACT_UNKNOWN ? ANSWER_UNKNOWN : ANSWER_NO;
    g_autofree char *whole = g_strconcat(view->path.value, "/", view->name.value, NULL);
    return g_hash_table_contains(list->entries, whole) ? ANSWER_YES : ANSWER_NO;
}

Answer
list_has(const PolicyList *list, const InstanceView *view)
{
    if (holds_text(list->entries, view->name) || holds_text(list->entries, view->id) ||
        holds_text(list->entries, view->instance_uuid))
        return ANSWER_YES;
    return has_in_folder(list, view);
}

/* --- VMs that are not there ------------------------------------------------------------------- */

/* What VMs can be called in a list; texts are borrowed or of @arena. */
static GHashTable *
known_names(const Inventory *inventory, Arena *arena)
{
    GHashTable *known = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < inventory->n_views; i++) {
        const InstanceView *view = inventory->views[i];
        const char *names[] = {view->name.value, view->id.value, view->instance_uuid.value,
            view->path.value && view->name.value
                ? arena_printf(arena, "%s/%s", view->path.value, view->name.value)
                : NULL};
        for (size_t k = 0; k < G_N_ELEMENTS(names); k++)
            if (names[k])
                g_hash_table_add(known, (gpointer)names[k]);
    }
    return known;
}

static int
compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
add_problem(Planner *planner, const PolicyList *list, GPtrArray *missing)
{
    PlanInfo *info = &planner->plan->info;
    g_autoptr(GString) names = g_string_new(NULL);
    g_ptr_array_sort(missing, compare_texts);
    for (guint i = 0; i < missing->len && i < PROBLEM_NAMES_MAX; i++)
        g_string_append_printf(names, "%s'%s'", i ? ", " : "", (const char *)missing->pdata[i]);
    if (missing->len > PROBLEM_NAMES_MAX)
        g_string_append_printf(names, " and %u more", missing->len - PROBLEM_NAMES_MAX);
    info->problems.items[info->problems.n++] = (SourceProblem){
        .source = text_known("policy"),
        .id = text_known("list-names-no-vm"),
        .about = text_known(arena_printf(planner->arena, "list '%s'", list->name)),
        .text = text_known(
            arena_printf(planner->arena, "No VM that was read is called %s.", names->str)),
        .remedy = text_known("Correct the name, the id or the folder in the list, or discover the "
                             "source that has the VM."),
    };
}

void
add_list_problems_of_policy(Planner *planner)
{
    const GPtrArray *lists = planner->policy->lists;
    if (!lists->len)
        return;
    g_autoptr(GHashTable) known = known_names(planner->inventory, &planner->scratch);
    for (guint i = 0; i < lists->len; i++) {
        const PolicyList *list = lists->pdata[i];
        g_autoptr(GPtrArray) missing = g_ptr_array_new();
        GHashTableIter iter;
        gpointer entry;
        g_hash_table_iter_init(&iter, list->entries);
        while (g_hash_table_iter_next(&iter, &entry, NULL))
            if (!g_hash_table_contains(known, entry))
                g_ptr_array_add(missing, entry);
        if (missing->len)
            add_problem(planner, list, missing);
    }
}
