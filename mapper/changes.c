/* SPDX-License-Identifier: Apache-2.0
 *
 * The document of changes: its memory, filling it, and whether it holds together.
 */
#include "change.h"

#include <stdatomic.h>
#include <string.h>

#include "arena.h"
#include "error.h"

const char *const change_kind_words[CHANGE_KIND_N] = {
    [CHANGE_NETWORK] = "network",
    [CHANGE_NETWORK_PERMISSION] = "network-permission",
    [CHANGE_DOMAIN] = "domain",
    [CHANGE_ACCOUNT] = "account",
    [CHANGE_PROJECT] = "project",
    [CHANGE_LIMIT] = "limit",
    [CHANGE_SERVICE_OFFERING] = "service-offering",
    [CHANGE_DISK_OFFERING] = "disk-offering",
    [CHANGE_GUEST_OS_MAPPING] = "guest-os-mapping",
    [CHANGE_TEMPLATE] = "template",
};

/* A document that was edited must not become a way to send just any call. */
static const struct {
    const char *call, *undo;
} commands_of_kind[CHANGE_KIND_N] = {
    [CHANGE_NETWORK] = {"createNetwork", "deleteNetwork"},
    [CHANGE_NETWORK_PERMISSION] = {"createNetworkPermissions", "removeNetworkPermissions"},
    [CHANGE_DOMAIN] = {"createDomain", "deleteDomain"},
    [CHANGE_ACCOUNT] = {"createAccount", "deleteAccount"},
    [CHANGE_PROJECT] = {"createProject", "deleteProject"},
    [CHANGE_LIMIT] = {"updateResourceLimit", "updateResourceLimit"},
    [CHANGE_SERVICE_OFFERING] = {"createServiceOffering", "deleteServiceOffering"},
    [CHANGE_DISK_OFFERING] = {"createDiskOffering", "deleteDiskOffering"},
    [CHANGE_GUEST_OS_MAPPING] = {"addGuestOsMapping", "removeGuestOsMapping"},
    [CHANGE_TEMPLATE] = {"registerTemplate", "deleteTemplate"},
};

/* Parameters by which an undo would take more away than was made. */
static const char *const undo_never[] = {"cleanup", "forced", "force", NULL};

struct ChangesStore {
    Arena arena;
    atomic_size_t references;
};

/* --- lifetime --------------------------------------------------------------------------------- */

Changes *
changes_new_empty(void)
{
    Changes *changes = g_new0(Changes, 1);
    changes->store = g_new0(struct ChangesStore, 1);
    arena_init(&changes->store->arena);
    atomic_init(&changes->store->references, 1);
    changes->changes.state = FACT_KNOWN;
    return changes;
}

Arena *
changes_arena(Changes *changes)
{
    return &changes->store->arena;
}

Changes *
changes_ref(const Changes *changes)
{
    atomic_fetch_add(&changes->store->references, 1);
    return (Changes *)changes;
}

void
changes_unref(Changes *changes)
{
    if (!changes || atomic_fetch_sub(&changes->store->references, 1) != 1)
        return;
    if (changes->inventory)
        inventory_unref(changes->inventory);
    if (changes->catalog)
        catalog_unref(changes->catalog);
    arena_release(&changes->store->arena);
    g_free(changes->store);
    g_free(changes);
}

const Change *
changes_find(const Changes *changes, const char *id)
{
    for (size_t i = 0; i < changes->changes.n; i++)
        if (!g_strcmp0(changes->changes.items[i].id.value, id))
            return &changes->changes.items[i];
    return NULL;
}

/* --- filling ---------------------------------------------------------------------------------- */

void *
changes_list_grow(Changes *changes, void *list, size_t item_bytes)
{
    LIST_OF(void) grown;
    memcpy(&grown, list, sizeof grown);
    bool is_full = (grown.n & (grown.n - 1)) == 0; /* none yet, or a power of two */
    if (is_full) {
        void *items = arena_alloc(changes_arena(changes), MAX(1, 2 * grown.n) * item_bytes);
        if (grown.n)
            memcpy(items, grown.items, grown.n * item_bytes);
        grown.items = items;
    }
    grown.state = FACT_KNOWN;
    void *item = (char *)grown.items + grown.n++ * item_bytes;
    memcpy(list, &grown, sizeof grown);
    return item;
}

static Text
copy(Changes *changes, const char *text)
{
    return text_known(arena_strdup(changes_arena(changes), text));
}

Change *
changes_add(Changes *changes, ChangeKind kind, const char *id, const char *name)
{
    Change *change = change_list_add(changes, &changes->changes);
    change->id = copy(changes, id);
    change->kind = kind;
    change->name = copy(changes, name);
    change->findings.state = FACT_KNOWN;
    return change;
}

void
change_call_init(Changes *changes, ChangeCall *call, const char *command)
{
    *call = (ChangeCall){.command = copy(changes, command)};
    call->params.state = FACT_KNOWN;
}

void
change_call_add(Changes *changes, ChangeCall *call, const char *param, const char *value)
{
    *change_list_add(changes, &call->params) =
        (CallParam){copy(changes, param), copy(changes, value)};
}

void
change_call_add_ref(Changes *changes, ChangeCall *call, const char *param, const char *change)
{
    *change_list_add(changes, &call->refs) =
        (ChangeRef){copy(changes, param), copy(changes, change)};
}

ChangeCall *
change_find_add_read(Changes *changes, ChangeFind *find, const char *command)
{
    ChangeCall *read = change_list_add(changes, &find->reads);
    change_call_init(changes, read, command);
    return read;
}

void
change_expect(Changes *changes, ChangeFind *find, const char *member, const char *value)
{
    *change_list_add(changes, &find->expects) = (ChangeExpect){
        .member = copy(changes, member), .value = value ? copy(changes, value) : text_absent()};
}

void
change_expect_param(Changes *changes, ChangeFind *find, const char *member, const char *param)
{
    *change_list_add(changes, &find->expects) =
        (ChangeExpect){.member = copy(changes, member), .param = copy(changes, param)};
}

void
change_expect_ref(Changes *changes, ChangeFind *find, const char *member, const char *change)
{
    *change_list_add(changes, &find->expects) =
        (ChangeExpect){.member = copy(changes, member), .ref = copy(changes, change)};
}

void
change_add_clash(Changes *changes, ChangeFind *find, const char *member)
{
    *change_list_add(changes, &find->clashes) = arena_strdup(changes_arena(changes), member);
    find->clashes.state = FACT_KNOWN;
}

/* --- does it hold together? ------------------------------------------------------------------- */

typedef struct Checker {
    GHashTable *earlier; /* ids of the changes before, borrowed */
    const Change *change;
    GError **error;
} Checker;

G_GNUC_PRINTF(3, 4)
static bool
complain(const Checker *checker, const char *member, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(checker->error, INGEST_ERROR, INGEST_ERROR_INVALID, "change '%s', '%s': %s",
        checker->change->id.value ? checker->change->id.value : "(without id)", member, text);
    return false;
}

static bool
check_ref(const Checker *checker, const char *member, const char *ref, bool may_be_self)
{
    if (g_hash_table_contains(checker->earlier, ref) ||
        (may_be_self && !strcmp(ref, checker->change->id.value)))
        return true;
    return complain(checker, member, "'%.80s' is no %schange before this one", ref,
        may_be_self ? "" : "other ");
}

static bool
has_param(const ChangeCall *call, const char *name)
{
    for (size_t i = 0; i < call->params.n; i++)
        if (!g_strcmp0(call->params.items[i].name.value, name))
            return true;
    for (size_t i = 0; i < call->refs.n; i++)
        if (!g_strcmp0(call->refs.items[i].param.value, name))
            return true;
    return false;
}

/* A parameter stands once, whether as value, reference or secret. */
static bool
check_call(const Checker *checker, const ChangeCall *call, const char *member, bool may_be_self)
{
    if (!call->command.value || !*call->command.value)
        return complain(checker, member, "the command is missing");
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < call->params.n; i++)
        if (!g_hash_table_add(seen, (gpointer)call->params.items[i].name.value))
            return complain(checker, member, "parameter '%.80s' stands twice",
                call->params.items[i].name.value);
    for (size_t i = 0; i < call->refs.n; i++) {
        const ChangeRef *ref = &call->refs.items[i];
        if (!ref->param.value || !ref->change.value)
            return complain(checker, member, "a reference names no change");
        if (!g_hash_table_add(seen, (gpointer)ref->param.value))
            return complain(checker, member, "parameter '%.80s' stands twice", ref->param.value);
        if (!check_ref(checker, member, ref->change.value, may_be_self))
            return false;
    }
    for (size_t i = 0; i < call->secrets.n; i++)
        if (!g_hash_table_add(seen, (gpointer)call->secrets.items[i]))
            return complain(
                checker, member, "parameter '%.80s' stands twice", call->secrets.items[i]);
    return true;
}

/* Reads only: an edited file must not make a change where it is not looked for. */
static bool
check_reads(
    const Checker *checker, const ChangeCall *reads, size_t n, const char *member, bool may_be_self)
{
    if (!n)
        return complain(checker, member, "there is no read");
    for (size_t i = 0; i < n; i++) {
        if (!check_call(checker, &reads[i], member, may_be_self))
            return false;
        if (!g_str_has_prefix(reads[i].command.value, "list"))
            return complain(checker, member, "'%.80s' is no list call", reads[i].command.value);
    }
    return true;
}

static bool
check_expects(const Checker *checker, const ChangeExpect *expects, size_t n, const char *member)
{
    for (size_t i = 0; i < n; i++) {
        const ChangeExpect *expect = &expects[i];
        int said = (expect->value.state != FACT_UNKNOWN) + (expect->param.value != NULL) +
                   (expect->ref.value != NULL);
        if (!expect->member.value)
            return complain(checker, member, "an expectation names no member");
        if (said != 1)
            return complain(checker, member, "of '%.80s', give one of value, param and ref",
                expect->member.value);
        if (expect->param.value && !has_param(&checker->change->call, expect->param.value))
            return complain(
                checker, member, "the call has no parameter '%.80s'", expect->param.value);
        if (expect->ref.value && !check_ref(checker, member, expect->ref.value, false))
            return false;
    }
    return true;
}

static bool
check_find(const Checker *checker, const ChangeFind *find)
{
    if (!find->item.value)
        return complain(checker, "find.item", "is missing");
    if (!find->expects.n)
        return complain(checker, "find.expects", "nothing is expected");
    if (!check_reads(checker, find->reads.items, find->reads.n, "find.reads", false) ||
        !check_expects(checker, find->expects.items, find->expects.n, "find.expects") ||
        !check_expects(checker, find->before.items, find->before.n, "find.before"))
        return false;
    for (size_t i = 0; i < find->clashes.n; i++) {
        bool is_expected = false;
        for (size_t j = 0; j < find->expects.n && !is_expected; j++)
            is_expected = !strcmp(find->clashes.items[i], find->expects.items[j].member.value);
        if (!is_expected)
            return complain(checker, "find.clashes", "'%.80s' is no member that is expected",
                find->clashes.items[i]);
    }
    return true;
}

/* The one command that makes things of this kind, and the one that takes them back. */
static bool
check_commands(const Checker *checker)
{
    const Change *change = checker->change;
    const char *call = commands_of_kind[change->kind].call,
               *undo = commands_of_kind[change->kind].undo;
    if (!call)
        return complain(checker, "kind", "is missing");
    if (strcmp(change->call.command.value, call) != 0)
        return complain(checker, "call", "of kind '%s' it has to be %s, not '%.80s'",
            change_kind_words[change->kind], call, change->call.command.value);
    if (!change->undo.command.value)
        return true;
    if (strcmp(change->undo.command.value, undo) != 0)
        return complain(checker, "undo", "of kind '%s' it has to be %s, not '%.80s'",
            change_kind_words[change->kind], undo, change->undo.command.value);
    for (size_t i = 0; undo_never[i]; i++)
        if (has_param(&change->undo, undo_never[i]))
            return complain(checker, "undo", "'%s' would take away more than was made: remove it",
                undo_never[i]);
    return true;
}

/* The server takes 0, 4095, 4096 and more; no guest can be on such a VLAN. */
static bool
check_vlans(const Checker *checker)
{
    if (checker->change->verdict == VERDICT_BLOCKED)
        return true; /* not sent */
    static const char *const names[] = {"vlan", "isolatedpvlan"};
    const ChangeCall *call = &checker->change->call;
    for (size_t i = 0; i < call->params.n; i++) {
        const char *name = call->params.items[i].name.value;
        const char *value = call->params.items[i].value.value;
        bool is_vlan = !g_strcmp0(name, names[0]) || !g_strcmp0(name, names[1]);
        if (!is_vlan || !value || (!strcmp(value, "untagged") && !strcmp(name, names[0])))
            continue;
        char *end = NULL;
        int64_t id = g_ascii_strtoll(value, &end, 10);
        if (!g_ascii_isdigit(*value) || *end || id < 1 || id >= VLAN_ALL)
            return complain(checker, "call",
                "%s '%.20s' is none: 1 to 4094%s (the server would take others, which no guest "
                "can use)",
                name, value, strcmp(name, names[0]) ? "" : ", or untagged");
    }
    return true;
}

static bool
check_change(const Checker *checker)
{
    const Change *change = checker->change;
    if (!change->id.value || !*change->id.value)
        return complain(checker, "id", "is missing");
    if (strspn(change->id.value,
            "-._0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") !=
        strlen(change->id.value))
        return complain(checker, "id", "letters, digits, '-', '.' and '_' only");
    if (g_hash_table_contains(checker->earlier, change->id.value))
        return complain(checker, "id", "stands twice");
    if (!check_call(checker, &change->call, "call", false) || !check_find(checker, &change->find))
        return false;
    if (change->undo.command.value && !check_call(checker, &change->undo, "undo", true))
        return false;
    if (!check_commands(checker) || !check_vlans(checker))
        return false;
    for (size_t i = 0; i < change->uses.n; i++) {
        const ChangeUse *use = &change->uses.items[i];
        if (!use->item.value)
            return complain(checker, "uses.item", "is missing");
        if (!check_reads(checker, use->reads.items, use->reads.n, "uses.reads", true))
            return false;
    }
    return true;
}

bool
changes_check(const Changes *changes, GError **error)
{
    g_autoptr(GHashTable) earlier = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < changes->changes.n; i++) {
        const Checker checker = {earlier, &changes->changes.items[i], error};
        if (!check_change(&checker))
            return false;
        g_hash_table_add(earlier, (gpointer)checker.change->id.value);
    }
    return true;
}
