/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables of fields: what is asked of an object type, and where each answer goes.
 */
#include "vim_priv.h"

#include <string.h>

/* --- what is asked ---------------------------------------------------------------------------- */

static size_t
add_path(VimSpec *spec, const char *path)
{
    for (size_t i = 0; i < spec->n_paths; i++)
        if (strcmp(spec->paths[i], path) == 0)
            return i;
    g_assert(spec->n_paths < VIM_PATHS_MAX);
    spec->paths[spec->n_paths] = path;
    return spec->n_paths++;
}

void
vim_spec_init(VimSpec *spec, const char *type, const VimField *fields, size_t n_fields)
{
    *spec = (VimSpec){.type = type, .fields = fields, .n_fields = n_fields};
    g_assert(n_fields <= VIM_PATHS_MAX);
    for (size_t i = 0; i < n_fields; i++)
        spec->field_path[i] = (unsigned char)add_path(spec, fields[i].path);
}

static size_t
find_path(const VimSpec *spec, const char *path, size_t guess)
{
    /* Properties mostly come in the order they were asked in. */
    for (size_t i = 0; i < spec->n_paths; i++) {
        size_t at = (guess + i) % spec->n_paths;
        if (strcmp(spec->paths[at], path) == 0)
            return at;
    }
    return SIZE_MAX;
}

bool
vim_spec_drop(VimSpec *spec, const char *path)
{
    bool has_dropped = false;
    for (size_t i = 0; i < spec->n_paths; i++) {
        /* A server names the part that it does not know: the path or its beginning. */
        size_t length = strlen(path);
        if (strncmp(spec->paths[i], path, length) == 0 &&
            (spec->paths[i][length] == '\0' || spec->paths[i][length] == '.') &&
            !spec->is_dropped[i])
            has_dropped = spec->is_dropped[i] = true;
    }
    return has_dropped;
}

/* --- what was answered ------------------------------------------------------------------------ */

void
vim_object_read(VimObject *object, const VimSpec *spec, const VimNode *node, Arena *arena)
{
    const VimNode *reference = vim_node_find(node, "obj");
    *object = (VimObject){.spec = spec, .arena = arena};
    object->type = reference ? reference->ref_type : "";
    object->id = reference ? reference->text : "";
    size_t guess = 0;
    for (const VimNode *child = node->children; child; child = child->next) {
        bool is_missing = strcmp(child->name, "missingSet") == 0;
        if (!is_missing && strcmp(child->name, "propSet") != 0)
            continue;
        const char *path = vim_node_text(child, is_missing ? "path" : "name");
        size_t at = path ? find_path(spec, path, guess) : SIZE_MAX;
        if (at == SIZE_MAX)
            continue;
        guess = at + 1;
        if (is_missing) {
            object->missing[at] = child;
            object->n_missing++;
        } else {
            object->values[at] = vim_node_find(child, "val");
        }
    }
}

const VimNode *
vim_object_value(const VimObject *object, const char *path)
{
    size_t at = find_path(object->spec, path, 0);
    return at == SIZE_MAX ? NULL : object->values[at];
}

bool
vim_object_is_missing(const VimObject *object, const char *path)
{
    size_t at = find_path(object->spec, path, 0);
    return at == SIZE_MAX || object->missing[at] || object->spec->is_dropped[at];
}

bool
vim_object_has(const VimObject *object, const char *prefix)
{
    size_t length = strlen(prefix);
    for (size_t i = 0; i < object->spec->n_paths; i++)
        if (object->values[i] && strncmp(object->spec->paths[i], prefix, length) == 0)
            return true;
    return false;
}

/* --- applying --------------------------------------------------------------------------------- */

static int
find_word(const VimWord *words, const char *text)
{
    for (; words->text; words++)
        if (strcmp(words->text, text) == 0)
            return words->value;
    return 0;
}

static Int
scaled(Int value, int64_t scale)
{
    if (value.state == FACT_KNOWN && scale &&
        __builtin_mul_overflow(value.value, scale, &value.value))
        return (Int){0};
    return value;
}

/* @node: the element with the value; @is_unset: the server told that there is none. */
static void
apply_value(const VimField *field, const VimNode *node, bool is_unset, Arena *arena, void *record)
{
    void *at = (char *)record + field->offset;
    switch (field->kind) {
    case VIM_TEXT:
    case VIM_NAME:
        if (node)
            *(Text *)at =
                text_known(field->kind == VIM_NAME ? vim_unescape(arena, node->text) : node->text);
        break;
    case VIM_TEXT_OR_NONE:
        if (node && *node->text)
            *(Text *)at = text_known(node->text);
        else if (node || is_unset)
            *(Text *)at = text_absent();
        break;
    case VIM_INT:
        if (node)
            *(Int *)at = scaled(vim_node_int(node, ""), field->scale);
        break;
    case VIM_BOOL:
    case VIM_FALSE:
        if (node)
            *(Bool *)at = vim_node_bool(node, "");
        else if (is_unset && field->kind == VIM_FALSE)
            *(Bool *)at = bool_known(false);
        break;
    case VIM_WORD:
        if (node)
            *(int *)at = find_word(field->words, node->text);
        break;
    case VIM_VALUE:
        break;
    }
}

/* Unset means unset only if the server could have told: something beside it was told. */
static bool
is_unset(const VimObject *object, size_t path)
{
    if (object->missing[path] || object->spec->is_dropped[path])
        return false;
    char group[64];
    const char *name = object->spec->paths[path];
    g_snprintf(group, sizeof group, "%.*s", (int)strcspn(name, "."), name);
    return strchr(name, '.') ? vim_object_has(object, group) : true;
}

void
vim_fields_apply(const VimObject *object, void *record)
{
    const VimSpec *spec = object->spec;
    for (size_t i = 0; i < spec->n_fields; i++) {
        const VimField *field = &spec->fields[i];
        size_t path = spec->field_path[i];
        const VimNode *value = object->values[path];
        const VimNode *node =
            value && field->element ? vim_node_find_path(value, field->element) : value;
        bool unset = !node && field->kind != VIM_VALUE && (value || is_unset(object, path));
        apply_value(field, node, unset, object->arena, record);
    }
}

void
vim_elements_apply(
    const VimNode *node, const VimField *fields, size_t n, Arena *arena, void *record)
{
    for (size_t i = 0; i < n; i++)
        apply_value(&fields[i], vim_node_find_path(node, fields[i].path), true, arena, record);
}

void
vim_fields_keep(const VimSpec *spec, void *record, Arena *arena)
{
    for (size_t i = 0; i < spec->n_fields; i++) {
        const VimField *field = &spec->fields[i];
        if (field->kind != VIM_TEXT && field->kind != VIM_TEXT_OR_NONE && field->kind != VIM_NAME)
            continue;
        Text *text = (Text *)((char *)record + field->offset);
        text->value = arena_strdup(arena, text->value);
    }
}
