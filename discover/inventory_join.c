/* SPDX-License-Identifier: Apache-2.0
 *
 * One VM seen by its source and by CloudStack becomes one Instance.
 *
 * The two views have no common identifier. They share the name (CloudStack's as a vCenter escapes
 * it), and besides it each NIC's MAC, VMware's disk ids ("<number of the MoRef>-<device key>") and
 * the paths of the disks. A pair is joined if its shared facts are more than those of any other
 * pair that either of the two could form. What no shared fact tells apart stays separate, save a
 * lone pair of one name whose facts cannot be compared.
 */
#include "discover_priv.h"

#include <string.h>

/* So many views may share one fact before it is worth nothing (same name and same MAC). */
enum { SHARERS_MAX = 16 };

/* All views of one name. */
typedef struct NameGroup {
    unsigned number;
    size_t n_source, n_cloudstack;
    size_t last_source; /* place of the last source view */
} NameGroup;

/* What a view found as its best partner. */
typedef struct Match {
    size_t partner; /* place of the view */
    unsigned score; /* 0: none */
    bool is_tie;    /* another one scored as much */
} Match;

typedef struct Join {
    const Inventory *inventory;
    const bool *is_cloudstack; /* per view */
    GHashTable *names;         /* name, unescaped -> NameGroup */
    NameGroup **groups;        /* per view, borrowed from names; NULL: no name */
    GHashTable *facts;         /* "group kind:fact" (owned) -> GArray of places of source views */
    Match *matches;            /* per view */
    Arena names_arena;         /* of what had to be unescaped */
} Join;

typedef void FactFn(Join *join, size_t place, const char *fact, unsigned weight, void *data);

static const InstanceView *
join_view(const Join *join, size_t place)
{
    return join->inventory->views[place];
}

static bool
is_vmware_disk_id(const char *id)
{
    size_t digits = strspn(id, "0123456789");
    const char *key = id + digits;
    return digits && *key == '-' && key[1] && !key[1 + strspn(key + 1, "0123456789")];
}

/* Calls @fn with each fact that identifies the VM among those of its name. */
static void
join_each_fact(Join *join, size_t place, FactFn *fn, void *data)
{
    const InstanceView *view = join_view(join, place);
    g_autoptr(GString) fact = g_string_new(NULL);
    g_string_printf(fact, "%u ", join->groups[place]->number);
    size_t length = fact->len;
    for (size_t i = 0; i < view->nics.n; i++) {
        if (!view->nics.items[i].mac.value)
            continue;
        g_string_append(fact, "mac:");
        g_string_append(fact, view->nics.items[i].mac.value);
        g_string_ascii_down(fact);
        fn(join, place, fact->str, 4, data);
        g_string_truncate(fact, length);
    }
    for (size_t i = 0; i < view->disks.n; i++) {
        const Disk *disk = &view->disks.items[i];
        if (disk->id.value && is_vmware_disk_id(disk->id.value)) {
            g_string_append_printf(fact, "disk:%s", disk->id.value);
            fn(join, place, fact->str, 4, data);
            g_string_truncate(fact, length);
        }
        if (disk->path.value) {
            g_string_append_printf(fact, "path:%s", disk->path.value);
            fn(join, place, fact->str, 4, data);
            g_string_truncate(fact, length);
        }
    }
    if (view->host_name.value) { /* decides between two that are alike */
        g_string_append_printf(fact, "host:%s", view->host_name.value);
        fn(join, place, fact->str, 1, data);
    }
}

static void
join_add_fact(Join *join, size_t place, const char *fact, unsigned weight, void *data)
{
    (void)weight, (void)data;
    GArray *sharers = g_hash_table_lookup(join->facts, fact);
    if (!sharers) {
        sharers = g_array_sized_new(false, false, sizeof(size_t), 1);
        g_hash_table_insert(join->facts, g_strdup(fact), sharers);
    }
    bool is_known = sharers->len && g_array_index(sharers, size_t, sharers->len - 1) == place;
    if (!is_known && sharers->len <= SHARERS_MAX)
        g_array_append_val(sharers, place);
}

/* The source views that share facts with one CloudStack view, by place, with their scores. */
static void
join_score_fact(Join *join, size_t place, const char *fact, unsigned weight, void *data)
{
    (void)place;
    GHashTable *scores = data;
    GArray *sharers = g_hash_table_lookup(join->facts, fact);
    if (!sharers || sharers->len > SHARERS_MAX)
        return;
    for (size_t i = 0; i < sharers->len; i++) {
        gpointer key = GSIZE_TO_POINTER(g_array_index(sharers, size_t, i));
        gsize score = GPOINTER_TO_SIZE(g_hash_table_lookup(scores, key)) + weight;
        g_hash_table_insert(scores, key, GSIZE_TO_POINTER(score));
    }
}

static void
match_offer(Match *match, size_t partner, unsigned score)
{
    if (score > match->score)
        *match = (Match){.partner = partner, .score = score};
    else if (score == match->score)
        match->is_tie = true;
}

/* Two CloudStack servers may show the same VM: the first one's view is joined, that is no tie. */
static bool
join_is_other_server(const Join *join, const Match *match, size_t place, unsigned score)
{
    const char *first = join_view(join, match->partner)->source.value;
    return match->score == score && g_strcmp0(first, join_view(join, place)->source.value) != 0;
}

static void
join_score(Join *join, size_t place)
{
    g_autoptr(GHashTable) scores = g_hash_table_new(NULL, NULL);
    join_each_fact(join, place, join_score_fact, scores);
    GHashTableIter iter;
    gpointer key, value;
    g_hash_table_iter_init(&iter, scores);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        unsigned score = (unsigned)GPOINTER_TO_SIZE(value);
        size_t partner = GPOINTER_TO_SIZE(key);
        if (score < 4) /* a host's name alone is no evidence */
            continue;
        match_offer(&join->matches[place], partner, score);
        if (!join_is_other_server(join, &join->matches[partner], place, score))
            match_offer(&join->matches[partner], place, score);
    }
}

static bool
has_mac(const InstanceView *view)
{
    for (size_t i = 0; i < view->nics.n; i++)
        if (view->nics.items[i].mac.value)
            return true;
    return false;
}

static bool
has_vmware_disk(const InstanceView *view)
{
    for (size_t i = 0; i < view->disks.n; i++)
        if (view->disks.items[i].id.value && is_vmware_disk_id(view->disks.items[i].id.value))
            return true;
    return false;
}

/* The only two of a name that have no fact which could tell them apart. */
static void
join_lone_pair(Join *join, size_t place)
{
    const InstanceView *view = join_view(join, place);
    const NameGroup *group = join->groups[place];
    if (!group || group->n_source != 1 || group->n_cloudstack != 1 || join->matches[place].score)
        return;
    const InstanceView *other = join_view(join, group->last_source);
    if ((has_mac(view) && has_mac(other)) || (has_vmware_disk(view) && has_vmware_disk(other)))
        return;
    match_offer(&join->matches[place], group->last_source, 1);
    match_offer(&join->matches[group->last_source], place, 1);
}

/* CloudStack hands on a vCenter's names as they are, escapes included; sources unescape them. */
static const char *
join_name(Join *join, size_t place)
{
    const InstanceView *view = join_view(join, place);
    bool is_kvm = view->hypervisor.value && g_ascii_strcasecmp(view->hypervisor.value, "KVM") == 0;
    return join->is_cloudstack[place] && !is_kvm
               ? vim_unescape(&join->names_arena, view->name.value)
               : view->name.value;
}

static void
join_count_name(Join *join, size_t place)
{
    const char *name = join_name(join, place);
    if (!name)
        return;
    NameGroup *group = g_hash_table_lookup(join->names, name);
    if (!group) {
        group = g_new0(NameGroup, 1);
        group->number = g_hash_table_size(join->names);
        g_hash_table_insert(join->names, (gpointer)name, group);
    }
    join->groups[place] = group;
    if (join->is_cloudstack[place])
        group->n_cloudstack++;
    else {
        group->n_source++;
        group->last_source = place;
    }
}

static bool
join_is_pair(const Join *join, size_t place)
{
    const Match *match = &join->matches[place];
    if (!match->score || match->is_tie)
        return false;
    const Match *back = &join->matches[match->partner];
    return !back->is_tie && back->score == match->score && back->partner == place;
}

static Instance
join_instance(const Join *join, size_t place)
{
    const InstanceView *view = join_view(join, place);
    const NameGroup *group = join->groups[place];
    Instance instance = {.n_cloudstack_same_name = group ? group->n_cloudstack : 0};
    if (join->is_cloudstack[place]) {
        instance.cloudstack = view;
        return instance;
    }
    instance.source = view;
    if (join_is_pair(join, place))
        instance.cloudstack = join_view(join, join->matches[place].partner);
    return instance;
}

static const bool *
join_find_cloudstack(const Inventory *inventory)
{
    bool *is_cloudstack = g_new0(bool, inventory->n_views + 1);
    for (size_t i = 0; i < inventory->n_views; i++) {
        const SourceInfo *info =
            inventory_find_source(inventory, inventory->views[i]->source.value);
        is_cloudstack[i] = info && info->kind == SOURCE_KIND_CLOUDSTACK;
    }
    return is_cloudstack;
}

static void
join_match_all(Join *join)
{
    size_t n = join->inventory->n_views;
    for (size_t i = 0; i < n; i++)
        join_count_name(join, i);
    for (size_t i = 0; i < n; i++) {
        const NameGroup *group = join->groups[i];
        if (!join->is_cloudstack[i] && group && group->n_cloudstack)
            join_each_fact(join, i, join_add_fact, NULL);
    }
    for (size_t i = 0; i < n; i++)
        if (join->is_cloudstack[i] && join->groups[i])
            join_score(join, i);
    for (size_t i = 0; i < n; i++)
        if (join->is_cloudstack[i])
            join_lone_pair(join, i);
}

void
inventory_join(Inventory *inventory, Arena *arena)
{
    size_t n = inventory->n_views;
    g_autofree const bool *is_cloudstack = join_find_cloudstack(inventory);
    g_autofree Match *matches = g_new0(Match, n + 1);
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    g_autoptr(GHashTable) facts =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_array_unref);
    g_autofree NameGroup **groups = g_new0(NameGroup *, n + 1);
    Join join = {
        .inventory = inventory,
        .is_cloudstack = is_cloudstack,
        .names = names,
        .groups = groups,
        .facts = facts,
        .matches = matches,
    };
    arena_init(&join.names_arena);
    join_match_all(&join);

    Instance *instances = arena_new_n(arena, Instance, n);
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        if (!is_cloudstack[i] || !join_is_pair(&join, i))
            instances[count++] = join_instance(&join, i);
    inventory->instances = instances;
    inventory->n_instances = count;
    arena_release(&join.names_arena);
}
