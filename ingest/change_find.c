/* SPDX-License-Identifier: Apache-2.0
 *
 * Is what a change makes there already? References resolved, lists read, items judged.
 */
#include <string.h>

#include "ingest_priv.h"
#include "cleanup.h"

/* --- references ------------------------------------------------------------------------------- */

/* The id of what a change made or found; NULL: there is none yet. */
static const char *
object_of(const ChangeWork *work, const char *change)
{
    for (size_t i = 0; i < work->changes->changes.n; i++)
        if (!g_strcmp0(work->changes->changes.items[i].id.value, change)) {
            const JournalItem *item = &work->items[i];
            bool has_object =
                item->state == ITEM_FOUND || item->state == ITEM_VERIFIED || item->is_made;
            return has_object ? item->object.value : NULL;
        }
    return NULL;
}

/* Only what is as asked for is built on. */
static bool
is_there(const ChangeWork *work, const char *change)
{
    for (size_t i = 0; i < work->changes->changes.n; i++)
        if (!g_strcmp0(work->changes->changes.items[i].id.value, change))
            return work->items[i].state == ITEM_FOUND || work->items[i].state == ITEM_VERIFIED;
    return false;
}

const char *
change_find_missing(const ChangeWork *work, const Change *change)
{
    for (size_t i = 0; i < change->call.refs.n; i++)
        if (!is_there(work, change->call.refs.items[i].change.value))
            return change->call.refs.items[i].change.value;
    return NULL;
}

const char *
change_resolve(const ChangeWork *work, const ChangeCall *call, ResolvedCall *ret)
{
    size_t n = call->params.n + call->refs.n;
    CloudStackParam *params = arena_new_n(work->arena, CloudStackParam, n);
    for (size_t i = 0; i < call->params.n; i++)
        params[i] =
            (CloudStackParam){call->params.items[i].name.value, call->params.items[i].value.value};
    for (size_t i = 0; i < call->refs.n; i++) {
        const char *id = object_of(work, call->refs.items[i].change.value);
        if (!id)
            return call->refs.items[i].change.value;
        params[call->params.n + i] = (CloudStackParam){call->refs.items[i].param.value, id};
    }
    g_autoptr(JsonObject) request = json_object_new_object();
    for (size_t i = 0; i < n; i++)
        if (params[i].value)
            json_object_object_add(
                request, params[i].name, json_object_new_string(params[i].value));
    const char *text = json_object_to_json_string_ext(
        request, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    *ret = (ResolvedCall){params, n, arena_strdup(work->arena, text)};
    return NULL;
}

/* --- lists ------------------------------------------------------------------------------------ */

static const char *
member_text(json_object *item, const char *path)
{
    json_object *value = NULL;
    if (json_object_object_get_ex(item, path, &value))
        return value ? json_object_get_string(value) : NULL;
    const char *dot = strchr(path, '.');
    if (!dot)
        return NULL;
    g_autofree char *first = g_strndup(path, (size_t)(dot - path));
    return json_object_object_get_ex(item, first, &value) &&
                   json_object_is_type(value, json_type_object)
               ? member_text(value, dot + 1)
               : NULL;
}

static bool
fetch_all(const ChangeWork *work, const ChangeCall *reads, size_t n, const char *list,
    ListItems *items, GError **error)
{
    for (size_t i = 0; i < n; i++) {
        ResolvedCall resolved;
        const char *missing = change_resolve(work, &reads[i], &resolved);
        if (missing) {
            g_set_error(error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND,
                "%s: the id of '%s' is not known", reads[i].command.value, missing);
            return false;
        }
        if (!list_fetch(work->run->cs, reads[i].command.value, resolved.params, resolved.n, list,
                items, error))
            return false;
    }
    return true;
}

/* --- judging ---------------------------------------------------------------------------------- */

/* NULL: the member has to be absent. */
static const char *
expected_text(const ChangeWork *work, const Change *change, const ChangeExpect *expect)
{
    if (expect->ref.value)
        return object_of(work, expect->ref.value);
    if (!expect->param.value)
        return expect->value.value;
    for (size_t i = 0; i < change->call.params.n; i++)
        if (!g_strcmp0(change->call.params.items[i].name.value, expect->param.value))
            return change->call.params.items[i].value.value;
    for (size_t i = 0; i < change->call.refs.n; i++)
        if (!g_strcmp0(change->call.refs.items[i].param.value, expect->param.value))
            return object_of(work, change->call.refs.items[i].change.value);
    return NULL;
}

/* The first expectation that the item does not meet; NULL: it meets all. */
static const ChangeExpect *
first_unmet(const ChangeWork *work, const Change *change, const ChangeExpect *expects, size_t n,
    json_object *item)
{
    for (size_t i = 0; i < n; i++)
        if (g_strcmp0(member_text(item, expects[i].member.value),
                expected_text(work, change, &expects[i])) != 0)
            return &expects[i];
    return NULL;
}

/* The first member of .clashes that the item has as wanted, or NULL. */
static const char *
first_clash(const ChangeWork *work, const Change *change, json_object *item)
{
    const ChangeFind *find = &change->find;
    for (size_t i = 0; i < find->clashes.n; i++)
        for (size_t j = 0; j < find->expects.n; j++) {
            const ChangeExpect *expect = &find->expects.items[j];
            const char *wanted = expected_text(work, change, expect);
            if (!g_strcmp0(expect->member.value, find->clashes.items[i]) && wanted &&
                !g_strcmp0(member_text(item, expect->member.value), wanted))
                return find->clashes.items[i];
        }
    return NULL;
}

static const char *
id_of(const Change *change, json_object *item)
{
    return member_text(item, change->find.id.value ? change->find.id.value : "id");
}

static const char *
quoted(const ChangeWork *work, const char *text)
{
    return text ? arena_printf(work->arena, "'%s'", text) : "absent";
}

/* "network 'l2-101' (8b6b...): account is 'bob', not 'alice'" */
static const char *
describe_unmet(
    const ChangeWork *work, const Change *change, json_object *item, const ChangeExpect *unmet)
{
    const char *name = member_text(item, "name"), *id = id_of(change, item);
    const char *member = unmet->member.value;
    return arena_printf(work->arena, "%s %s (%s): %s is %s, not %s", change->find.item.value,
        quoted(work, name), id ? id : "without id", member, quoted(work, member_text(item, member)),
        quoted(work, expected_text(work, change, unmet)));
}

static void
keep_item(const ChangeWork *work, const Change *change, json_object *item, Look *look)
{
    if (look->item)
        json_object_put(look->item);
    look->item = json_object_get(item);
    look->id = arena_strdup(work->arena, id_of(change, item));
}

static void
judge_full(const ChangeWork *work, const Change *change, json_object *item, Look *look)
{
    const char *id = id_of(change, item);
    if (look->result == LOOK_THERE) {
        look->text = arena_printf(work->arena,
            "two are as asked for, %s and %s: which one is meant cannot be told",
            look->id ? look->id : "one", id ? id : "another");
        look->result = LOOK_CONFLICT;
    } else if (look->result == LOOK_ABSENT) {
        keep_item(work, change, item, look);
        look->result = LOOK_THERE;
        look->text = arena_printf(work->arena, "%s %s is as asked for", change->find.item.value,
            id ? id : "(without id)");
    }
}

static void
judge_partial(const ChangeWork *work, const Change *change, json_object *item, Look *look)
{
    const ChangeFind *find = &change->find;
    const char *clash = look->result == LOOK_ABSENT ? first_clash(work, change, item) : NULL;
    if (!clash)
        return;
    keep_item(work, change, item, look);
    look->result = LOOK_CONFLICT;
    look->text = arena_printf(work->arena, "another of the same %s: %s", clash,
        describe_unmet(work, change, item,
            first_unmet(work, change, find->expects.items, find->expects.n, item)));
}

/* What is as asked for goes before what is so in part. */
static void
judge_all(const ChangeWork *work, const Change *change, const ListItems *items, Look *look)
{
    const ChangeFind *find = &change->find;
    *look = (Look){.text = "none", .is_before = !find->before.n};
    g_autoptr(GPtrArray) partial = g_ptr_array_new();
    for (guint i = 0; i < items->found->len; i++) {
        json_object *item = g_ptr_array_index(items->found, i);
        if (find->before.n && !first_unmet(work, change, find->before.items, find->before.n, item))
            look->is_before = true;
        if (first_unmet(work, change, find->expects.items, find->expects.n, item))
            g_ptr_array_add(partial, item);
        else
            judge_full(work, change, item, look);
    }
    for (guint i = 0; i < partial->len; i++)
        judge_partial(work, change, g_ptr_array_index(partial, i), look);
}

void
look_clear(Look *look)
{
    if (look->item)
        json_object_put(look->item);
    *look = (Look){0};
}

static bool
fetch_items(const ChangeWork *work, const Change *change, ListItems *items, GError **error)
{
    return fetch_all(work, change->find.reads.items, change->find.reads.n, change->find.item.value,
        items, error);
}

bool
change_look(const ChangeWork *work, const Change *change, Look *ret, GError **error)
{
    g_auto(ListItems) items = list_items_new();
    if (!fetch_items(work, change, &items, error))
        return false;
    judge_all(work, change, &items, ret);
    return true;
}

bool
change_look_at(
    const ChangeWork *work, const Change *change, const char *id, Look *ret, GError **error)
{
    g_auto(ListItems) items = list_items_new();
    if (!fetch_items(work, change, &items, error))
        return false;
    *ret = (Look){.text = "none"};
    for (guint i = 0; i < items.found->len; i++) {
        json_object *item = g_ptr_array_index(items.found, i);
        if (g_strcmp0(id_of(change, item), id) != 0)
            continue;
        const ChangeExpect *unmet =
            first_unmet(work, change, change->find.expects.items, change->find.expects.n, item);
        keep_item(work, change, item, ret);
        ret->result = unmet ? LOOK_CONFLICT : LOOK_THERE;
        ret->text = unmet ? describe_unmet(work, change, item, unmet) : "is as it was made";
    }
    return true;
}

bool
change_find_use(const ChangeWork *work, const Change *change, const char **ret_text, GError **error)
{
    *ret_text = NULL;
    for (size_t i = 0; i < change->uses.n && !*ret_text; i++) {
        const ChangeUse *use = &change->uses.items[i];
        g_auto(ListItems) items = list_items_new();
        if (!fetch_all(work, use->reads.items, use->reads.n, use->item.value, &items, error))
            return false;
        if (!items.found->len)
            continue;
        json_object *first = g_ptr_array_index(items.found, 0);
        const char *name = member_text(first, "name"), *id = member_text(first, "id");
        *ret_text = arena_printf(work->arena, "%s: %s %s%s",
            use->what.value ? use->what.value : "it is in use", use->item.value,
            quoted(work, name ? name : id),
            items.found->len > 1 ? arena_printf(work->arena, " and %u more", items.found->len - 1)
                                 : "");
    }
    return true;
}
