/* SPDX-License-Identifier: Apache-2.0
 *
 * The root disk, and a disk offering for each data disk.
 */
#include <string.h>

#include "mapper_priv.h"

static int64_t
round_up_gib(int64_t bytes)
{
    return (bytes + GIB - 1) / GIB;
}

static const Disk *
find_disk(const InstanceView *view, const char *id)
{
    for (size_t i = 0; id && i < view->disks.n; i++)
        if (!g_strcmp0(view->disks.items[i].id.value, id))
            return &view->disks.items[i];
    return NULL;
}

/* Unknown places sort behind known ones, and so keep the order of the list. */
static int64_t
place_on_bus(const Disk *disk)
{
    int64_t unit = disk->controller_unit.state == FACT_KNOWN ? disk->controller_unit.value : 0;
    int64_t position = disk->position.state == FACT_KNOWN ? disk->position.value : 999;
    return unit * 1000 + position;
}

/* The disk that the firmware boots from: the first one of the first controller. */
void
propose_root(Task *task)
{
    const InstanceView *server = task->server;
    Choice *choice = &task->item->choice;
    const Disk *root = NULL;
    for (size_t i = 0; i < server->disks.n; i++) {
        const Disk *disk = &server->disks.items[i];
        if (disk->id.value && (!root || place_on_bus(disk) < place_on_bus(root)))
            root = disk;
    }
    choice->root = root ? root->id : text_absent();
    task->root = root;
    task->root_match = root ? pool_match_find(task, root) : NULL;
    import_space(task);
    if (root)
        add_reason(task, "root", text_or_word(root->label),
            server->disks.n > 1 ? "the first disk of the first controller" : "the only disk",
            (Texts){.state = FACT_KNOWN});
}

/* --- disk offerings --------------------------------------------------------------------------- */

static FindingId
disk_offering_fit(
    const Planner *planner, const DiskOffering *offering, const Owner *owner, int64_t bytes)
{
    Answer sees = owner_sees(planner, owner, &offering->domainid);
    if (sees != ANSWER_YES)
        return sees == ANSWER_NO ? FINDING_DISK_OFFERING_OF_OTHER_DOMAIN : FINDING_LIST_UNREAD;
    if (zone_sees(planner, &offering->zoneid) == ANSWER_NO)
        return FINDING_DISK_OFFERING_OF_OTHER_ZONE;
    if (!is_true(offering->iscustomized) && !offering->disksize.value)
        return FINDING_DISK_OFFERING_SIZELESS;
    if (!is_true(offering->iscustomized) && offering->disksize.value * GIB < bytes)
        return FINDING_DISK_OFFERING_TOO_SMALL;
    if (is_true(offering->iscustomized) && !bytes)
        return FINDING_DISK_SIZE_ZERO; /* a fixed one would lend its size */
    return is_true(offering->encrypt) ? FINDING_DISK_OFFERING_ENCRYPTS : FINDING_NONE;
}

typedef struct Candidate {
    const DiskOffering *offering;
    int by_rule, certainty, n_tags, storagetype;
    int64_t surplus_gib;
} Candidate;

static int
compare_candidates(gconstpointer a, gconstpointer b)
{
    const Candidate *left = a, *right = b;
    if (left->by_rule != right->by_rule)
        return right->by_rule - left->by_rule;
    if (left->certainty != right->certainty)
        return right->certainty - left->certainty;
    if (left->n_tags != right->n_tags)
        return right->n_tags - left->n_tags;
    if (left->storagetype != right->storagetype)
        return right->storagetype - left->storagetype;
    if (left->surplus_gib != right->surplus_gib)
        return left->surplus_gib < right->surplus_gib ? -1 : 1;
    return g_strcmp0(left->offering->name.value, right->offering->name.value);
}

static void
note_nearest(const DiskOffering *offering, FindingId problem, DiskOfferingPick *pick)
{
    bool is_tags = problem == FINDING_STORAGE_TAGS_DIFFER;
    bool is_size = problem == FINDING_DISK_OFFERING_TOO_SMALL;
    bool has_tags = pick->nearest_problem == FINDING_STORAGE_TAGS_DIFFER;
    bool is_larger = pick->nearest && is_size && !has_tags &&
                     offering->disksize.value > pick->nearest->disksize.value;
    if ((is_tags && !has_tags) || (is_size && !pick->nearest) || is_larger) {
        pick->nearest = offering;
        pick->nearest_problem = problem;
    }
}

static Candidate
make_candidate(
    const Task *task, const DiskOffering *offering, const PoolMatch *match, int64_t bytes)
{
    bool is_local = !g_strcmp0(offering->storagetype.value, "local");
    bool is_local_pool = match->right && !g_strcmp0(match->right->scope.value, "HOST");
    return (Candidate){.offering = offering,
        .by_rule = disk_offering_rule_score(task, offering->name.value),
        .certainty = certainty_of(task, match, &offering->tags),
        .n_tags = match->target ? -(int)offering->tags.n : (int)offering->tags.n,
        .storagetype = is_local == is_local_pool,
        .surplus_gib =
            is_true(offering->iscustomized) ? 0 : offering->disksize.value - round_up_gib(bytes)};
}

/* Is one that lacks nothing but a pool with its tags preferred to each that fits? */
static void
note_wanted(const Candidate *candidate, Candidate *wanted)
{
    if (candidate->by_rule > 0 && g_strcmp0(candidate->offering->storagetype.value, "local") != 0 &&
        (!wanted->offering || compare_candidates(candidate, wanted) < 0))
        *wanted = *candidate;
}

/* What to import with until then: the best that loses no tag by the change. */
static void
choose_transitional(
    const Planner *planner, const GArray *fitting, const Candidate *wanted, DiskOfferingPick *pick)
{
    if (!wanted->offering || !fitting->len ||
        g_array_index(fitting, Candidate, 0).by_rule >= wanted->by_rule)
        return;
    pick->wanted = wanted->offering;
    bool keeps = must_keep_tags(planner);
    for (guint i = 0; i < fitting->len && !pick->transitional; i++) {
        const DiskOffering *offering = g_array_index(fitting, Candidate, i).offering;
        if (!keeps || texts_within(&offering->tags, &wanted->offering->tags))
            pick->transitional = offering;
    }
}

static DiskOfferingPick *
pick_disk_offering(const Task *task, const PoolMatch *match, int64_t bytes)
{
    Planner *planner = task->planner;
    const Catalog *catalog = planner->catalog;
    DiskOfferingPick *pick = arena_new(planner->arena, DiskOfferingPick);
    g_autoptr(GArray) fitting = g_array_new(false, true, sizeof(Candidate));
    Candidate wanted = {0};
    for (size_t i = 0; i < catalog->disk_offerings.n; i++) {
        const DiskOffering *offering = &catalog->disk_offerings.items[i];
        if (offering->state.value && strcmp(offering->state.value, "Active") != 0)
            continue;
        Candidate candidate = make_candidate(task, offering, match, bytes);
        FindingId problem = disk_offering_fit(planner, offering, task->owner, bytes);
        if (!problem && candidate.certainty < 0) {
            problem = FINDING_STORAGE_TAGS_DIFFER;
            note_wanted(&candidate, &wanted);
        }
        if (problem)
            note_nearest(offering, problem, pick);
        else if (candidate.by_rule >= 0)
            g_array_append_val(fitting, candidate);
    }
    g_array_sort(fitting, compare_candidates);
    choose_transitional(planner, fitting, &wanted, pick);
    pick->others.state = FACT_KNOWN;
    if (!fitting->len)
        return pick;
    pick->best = g_array_index(fitting, Candidate, 0).offering;
    pick->why = is_true(pick->best->iscustomized) ? "a custom offering takes any size"
                                                  : "the smallest fixed offering that is enough";
    pick->others.n = MIN(fitting->len - 1, (guint)OTHERS_MAX);
    pick->others.items = arena_new_n(planner->arena, const char *, pick->others.n);
    for (size_t i = 0; i < pick->others.n; i++)
        pick->others.items[i] =
            text_or_word(g_array_index(fitting, Candidate, i + 1).offering->name);
    return pick;
}

static const DiskOfferingPick *
find_disk_offering_pick(const Task *task, const PoolMatch *match, int64_t bytes)
{
    Planner *planner = task->planner;
    NumberKey key = {{(uint64_t)bytes, (uintptr_t)task->owner, (uintptr_t)match},
        rule_set(task, RULE_PREFER_DISK_OFFERING, RULE_FORBID_DISK_OFFERING)};
    DiskOfferingPick *pick = g_hash_table_lookup(planner->disk_offering_picks, &key);
    if (pick)
        return pick;
    key.text = arena_intern(&planner->scratch, key.text);
    pick = pick_disk_offering(task, match, bytes);
    g_hash_table_insert(
        planner->disk_offering_picks, arena_memdup(&planner->scratch, &key, sizeof key), pick);
    return pick;
}

/* In two steps if something is preferred that the pool has not the tags of. */
static const DiskOffering *
choose_disk_offering(
    Task *task, const Disk *disk, const DiskOfferingPick *pick, const char **ret_why)
{
    Arena *arena = task->planner->arena;
    const DiskOffering *wanted = pick->wanted;
    *ret_why = pick->why;
    if (!pick->best && pick->nearest)
        note_disk_miss(task->planner, pick->nearest,
            pick->nearest_problem == FINDING_STORAGE_TAGS_DIFFER
                ? "its storage tags are not on the pool of the disk: two steps, and none fits "
                  "until "
                  "then"
                : "it is too small");
    if (!wanted)
        return pick->best;
    const char *obstacle = pick->transitional
                               ? propose_move(task, disk, &wanted->tags, wanted->id)
                               : "no offering without further tags fits until it is moved";
    if (obstacle)
        note_disk_miss(task->planner, wanted, obstacle);
    *ret_why = arena_printf(arena, "%s; '%s' is preferred, %s%s",
        obstacle ? pick->why : "fits where the disk lies", text_or_word(wanted->name),
        obstacle ? "but out of reach: " : "and given when the disk is moved",
        obstacle ? obstacle : "");
    return obstacle ? pick->best : pick->transitional;
}

static Text
propose_disk(Task *task, const Disk *disk)
{
    if (disk->capacity_bytes.state != FACT_KNOWN)
        return text_absent();
    const DiskOfferingPick *pick =
        find_disk_offering_pick(task, pool_match_find(task, disk), disk->capacity_bytes.value);
    const char *why = NULL;
    const DiskOffering *offering = choose_disk_offering(task, disk, pick, &why);
    if (!offering)
        return text_absent();
    add_reason(task, about_disk(task->planner, disk->id.value), text_or_word(offering->name), why,
        pick->others);
    return offering->id;
}

void
propose_disks(Task *task)
{
    const InstanceView *server = task->server;
    Planner *planner = task->planner;
    Choice *choice = &task->item->choice;
    choice->disks.state = FACT_KNOWN;
    if (server->disks.n < 2)
        return;
    choice->disks.items = arena_new_n(planner->arena, DiskChoice, server->disks.n);
    for (size_t i = 0; i < server->disks.n; i++) {
        const Disk *disk = &server->disks.items[i];
        if (disk == task->root || !disk->id.value)
            continue;
        DiskChoice *entry = &choice->disks.items[choice->disks.n++];
        *entry = (DiskChoice){disk->id, propose_disk(task, disk)};
    }
}

/* --- judging ---------------------------------------------------------------------------------- */

const char *
disk_ids(Arena *arena, const InstanceView *view)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (size_t i = 0; i < view->disks.n; i++)
        g_string_append_printf(text, "%s%s", i ? ", " : "", text_or_word(view->disks.items[i].id));
    return arena_strndup(arena, text->str, text->len);
}

static const DiskChoice *
find_choice(const Choice *choice, const char *id)
{
    for (size_t i = 0; i < choice->disks.n; i++)
        if (!g_strcmp0(choice->disks.items[i].disk.value, id))
            return &choice->disks.items[i];
    return NULL;
}

static void
warn_of_controller(Task *task, const Disk *disk)
{
    if (!task->target && !g_strcmp0(disk->controller.value, "none"))
        FIND(task, CONTROLLER_NONE, disk->id.value, ARG(text_or_word(disk->label)),
            ARG(text_or_word(disk->controller_type)));
}

/* Data disks: all on the kind of controller of the first one. The server looks at it before it
 * looks at the disk's offering and pool, and at those before the next disk. */
static void
check_controller(Task *task, const Disk *disk, const char **first)
{
    const char *controller = disk->controller.value;
    warn_of_controller(task, disk);
    if (!*first || !**first)
        *first = controller;
    else if (controller && strcmp(*first, controller) != 0 && !task->target)
        FIND(task, DATA_CONTROLLERS_MIXED, disk->id.value, ARG(*first), ARG(controller));
}

/* How the server splits the disks: those with an offering, and the rest. */
typedef struct Split {
    int64_t n_mapped; /* ids that have an offering, of this instance or not */
    size_t n_left;
    const Disk *left; /* the first one */
} Split;

/* How many ids have an offering; one that stands there twice counts once. */
static int64_t
count_mapped(Planner *planner, const Choice *choice)
{
    Table *mapped = &planner->mapped_disks;
    table_empty(mapped);
    for (size_t i = 0; i < choice->disks.n; i++) {
        const DiskChoice *entry = &choice->disks.items[i];
        if (entry->disk.value && entry->diskofferingid.value)
            table_add(mapped, entry->disk.value, entry);
    }
    return (int64_t)mapped->n;
}

static bool
is_left(const Planner *planner, const Disk *disk)
{
    return !disk->id.value || !table_find(&planner->mapped_disks, disk->id.value);
}

static Split
split_disks(const Task *task)
{
    const InstanceView *server = task->server;
    Split split = {.n_mapped = count_mapped(task->planner, &task->item->choice)};
    for (size_t i = 0; i < server->disks.n; i++) {
        const Disk *disk = &server->disks.items[i];
        if (is_left(task->planner, disk))
            split.left = split.n_left++ ? split.left : disk;
    }
    return split;
}

static const char *
left_ids(const Task *task)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (size_t i = 0; i < task->server->disks.n; i++) {
        const Disk *disk = &task->server->disks.items[i];
        if (is_left(task->planner, disk))
            g_string_append_printf(text, "%s%s", text->len ? ", " : "", text_or_word(disk->id));
    }
    return arena_strndup(task->planner->arena, text->str, text->len);
}

/* The only disk is the root disk, whatever offerings are given, in releases that do not count. */
static bool
is_single_disk_taken(Task *task)
{
    Planner *planner = task->planner;
    Answer counts = RELEASES_ASK(&planner->releases, counts_single_disk);
    if (counts == ANSWER_UNKNOWN)
        FIND(task, RELEASE_DECIDES, NULL, ARG("whether a disk offering for the only disk counts"),
            ARG(releases_text(planner->arena, &planner->releases)));
    return counts != ANSWER_YES;
}

/* One disk must be left, which becomes the root disk; the server counts before it compares. Returns
 * its refusal, NULL if it makes none. */
static const char *
check_split(Task *task)
{
    const size_t total = task->server->disks.n;
    Arena *arena = task->planner->arena;
    Split split = split_disks(task);
    if (total == 1 && split.n_mapped && is_single_disk_taken(task)) {
        task->root = &task->server->disks.items[0];
        return NULL;
    }
    if (split.n_mapped + 1 != (int64_t)total)
        return arena_printf(arena,
            "VM has total %zu disks for which %" G_GINT64_FORMAT
            " disk offering mappings provided. %zu disks need a disk offering for import",
            total, split.n_mapped, total - 1);
    if (split.n_left > 1)
        return arena_printf(arena,
            "VM has total %zu disks, disk offering mapping not provided for %zu disks. Disk IDs "
            "that may need a disk offering - %s",
            total, split.n_left - 1, left_ids(task));
    if (task->root && split.left != task->root)
        FIND(task, ROOT_HAS_OFFERING, task->root->id.value, ARG(text_or_word(task->root->label)));
    else if (!task->root)
        FIND(task, ROOT_DIFFERS, NULL, ARG(text_or_word(task->item->choice.root)),
            ARG(text_or_word(split.left->id)));
    task->root = split.left;
    return NULL;
}

/* Ids of offerings are read before the disks are looked at, also those that no disk will use. */
static void
check_entry_offering(Task *task, const DiskChoice *entry)
{
    Planner *planner = task->planner;
    const char *id = entry->diskofferingid.value;
    if (!id || table_find(&planner->disk_offerings, id))
        return;
    if (!is_read(&planner->catalog->disk_offerings))
        find_unread_list(task, "disk_offerings");
    else if (planner->lists_deleted_disk_offerings)
        FIND(task, DISK_OFFERING_NOT_FOUND, text_or_word(entry->disk), ARG(id));
    else
        FIND(task, DISK_OFFERING_UNSEEN, text_or_word(entry->disk), ARG(id),
            ARG(UNSEEN_OFFERING_WHY));
}

static void
check_entries(Task *task, const char *refusal)
{
    const InstanceView *server = task->server;
    const Choice *choice = &task->item->choice;
    Arena *arena = task->planner->arena;
    for (size_t i = 0; i < choice->disks.n; i++) {
        const char *id = choice->disks.items[i].disk.value;
        const Disk *disk = find_disk(server, id);
        if (!refusal || (disk && disk != task->root))
            continue;
        FIND(task, DISK_CHOICE_UNKNOWN, NULL, ARG(id ? id : "(none)"), ARG(disk_ids(arena, server)),
            ARG(""), ARG(""), ARG(""), ARG(refusal));
    }
}

/* What the offering to create needs besides, and what follows then. */
static const char *
create_offering_text(const Planner *planner, const PoolMatch *match, const DiskOfferingPick *pick)
{
    const DiskOffering *nearest =
        pick->nearest_problem == FINDING_STORAGE_TAGS_DIFFER ? pick->nearest : NULL;
    const char *storage = match->right && is_local_pool(match->right) ? " storagetype=local" : "";
    if (!nearest)
        return arena_printf(planner->arena, "%s, without tags", storage);
    return arena_printf(planner->arena,
        "%s, without tags, to import with; then migrateVolume newdiskofferingid=%s ('%s') to a "
        "pool with its tags, %s: make the plan again, with the rule 'prefer disk-offering \"%s\"'",
        storage, text_or_word(nearest->id), text_or_word(nearest->name),
        join_texts(planner->arena, &nearest->tags, ", "), text_or_word(nearest->name));
}

static void
find_no_disk_offering(
    Task *task, const Disk *disk, const PoolMatch *match, bool has_entry, const char *refusal)
{
    Planner *planner = task->planner;
    const char *label = text_or_word(disk->label);
    if (!is_read(&planner->catalog->disk_offerings)) {
        find_unread_list(task, "disk_offerings");
        return;
    }
    if (!has_entry) {
        FIND(task, DISK_CHOICE_MISSING, disk->id.value, ARG(label), ARG(""), ARG(""), ARG(""),
            ARG(""), ARG(refusal));
        return;
    }
    const DiskOfferingPick *pick = find_disk_offering_pick(task, match, disk->capacity_bytes.value);
    const char *nearest = "none";
    if (pick->nearest)
        nearest =
            arena_printf(planner->arena, "'%s', but for its %s", text_or_word(pick->nearest->name),
                pick->nearest_problem == FINDING_STORAGE_TAGS_DIFFER ? "storage tags: two steps"
                                                                     : "size");
    FIND(task, DISK_OFFERING_NONE_FITS, disk->id.value, ARG(label),
        ARG_N(round_up_gib(disk->capacity_bytes.value)),
        ARG(match->right ? text_or_word(match->right->name) : "unknown"), ARG(nearest),
        ARG(create_offering_text(planner, match, pick)), ARG(refusal));
}

static void
find_misfit(Task *task, const Disk *disk, const DiskOffering *offering, FindingId problem)
{
    const char *name = text_or_word(offering->name), *id = disk->id.value;
    if (problem == FINDING_DISK_OFFERING_OF_OTHER_DOMAIN)
        FIND(task, DISK_OFFERING_OF_OTHER_DOMAIN, id, ARG(name), ARG(task->owner->label),
            ARG(text_or_word(offering->id)));
    else if (problem == FINDING_DISK_OFFERING_OF_OTHER_ZONE)
        FIND(task, DISK_OFFERING_OF_OTHER_ZONE, id, ARG(name),
            ARG(text_or_word(task->planner->zone->name)), ARG(text_or_word(offering->id)),
            ARG(task->owner->label));
    else if (problem == FINDING_DISK_OFFERING_TOO_SMALL)
        FIND(task, DISK_OFFERING_TOO_SMALL, id, ARG(name), ARG(text_or_word(offering->id)),
            ARG_N(offering->disksize.value), ARG_N(round_up_gib(disk->capacity_bytes.value)),
            ARG_N(disk->capacity_bytes.value / GIB));
    else if (problem == FINDING_DISK_OFFERING_SIZELESS)
        FIND(task, DISK_OFFERING_SIZELESS, id, ARG(name), ARG(text_or_word(offering->id)));
    else if (problem == FINDING_DISK_OFFERING_ENCRYPTS)
        FIND(task, DISK_OFFERING_ENCRYPTS, id, ARG(name));
    else if (problem == FINDING_LIST_UNREAD)
        find_unread_list(task, "domains");
}

/* The server looks at the right to the offering first, then at limits, then at sizes. */
static bool
is_about_access(FindingId misfit)
{
    return misfit == FINDING_DISK_OFFERING_OF_OTHER_DOMAIN ||
           misfit == FINDING_DISK_OFFERING_OF_OTHER_ZONE || misfit == FINDING_LIST_UNREAD;
}

static void
warn_of_disk_offering(Task *task, const Disk *disk, const DiskOffering *offering)
{
    const char *name = text_or_word(offering->name), *id = disk->id.value;
    int64_t gib = round_up_gib(disk->capacity_bytes.value);
    if (offering->state.value && strcmp(offering->state.value, "Active") != 0)
        FIND(task, DISK_OFFERING_NOT_ACTIVE, id, ARG(name), ARG(offering->state.value));
    if (disk_offering_rule_score(task, offering->name.value) < 0)
        FIND(task, DISK_OFFERING_FORBIDDEN, id, ARG(name));
    if (gib && !is_true(offering->iscustomized) && offering->disksize.value > gib)
        FIND(
            task, DISK_OFFERING_LARGER, id, ARG(name), ARG_N(offering->disksize.value), ARG_N(gib));
}

/* @is_sized: does it do no harm if the size is 0? */
static void
check_disk(Task *task, const Disk *disk, Answer is_sized)
{
    const char *label = text_or_word(disk->label);
    bool is_zero = disk->capacity_bytes.state == FACT_KNOWN && disk->capacity_bytes.value == 0;
    if (disk->capacity_bytes.state != FACT_KNOWN)
        FIND(task, DISK_SIZE_UNKNOWN, disk->id.value, ARG(label));
    else if (is_zero && is_sized != ANSWER_NO)
        FIND(task, DISK_SIZE_ZERO, disk->id.value, ARG(label))->severity =
            is_sized == ANSWER_YES ? SEVERITY_WARNING : SEVERITY_UNKNOWN;
    else if (is_zero)
        FIND(task, DISK_SIZE_ZERO, disk->id.value, ARG(label));
}

static void
check_pool_state(Task *task, const Disk *disk, const PoolMatch *match)
{
    const StoragePool *pool = match->right;
    if (pool && pool->state.value && strcmp(pool->state.value, "Up") != 0)
        FIND(task, POOL_NOT_UP, disk->id.value, ARG(text_or_word(pool->name)),
            ARG(pool->state.value));
}

/* A local offering on shared storage, or the other way round. */
static void
check_storage_type(
    Task *task, const Disk *disk, const PoolMatch *match, Text storagetype, Text name)
{
    if (!match->right || !match->right->scope.value || !storagetype.value)
        return;
    bool is_local = !strcmp(storagetype.value, "local");
    if (is_local != is_local_pool(match->right))
        FIND(task, STORAGE_TYPE_DIFFERS, disk->id.value, ARG(text_or_word(name)),
            ARG(storagetype.value), ARG(text_or_word(match->right->name)),
            ARG(is_local ? "shared" : "local to a host"));
}

/* On KVM a root disk without a size is given that of the service offering. */
int64_t
task_root_bytes(const Task *task)
{
    int64_t bytes = task->root ? task->root->capacity_bytes.value : 0;
    if (bytes || task->hypervisor != HYPERVISOR_KVM || !task->offering)
        return bytes;
    return MAX(task->offering->rootdisksize.value, 0) * GIB;
}

static void
check_root(Task *task)
{
    static const Texts no_tags;
    const Disk *root = task->root;
    const ServiceOffering *offering = task->offering;
    check_disk_limit_first(task);
    check_disk(task, root, task_root_bytes(task) ? ANSWER_YES : ANSWER_NO);
    if (root->controller.state == FACT_KNOWN && !*root->controller.value && !task->target)
        FIND(task, ROOT_WITHOUT_CONTROLLER, root->id.value, ARG(""));
    task->root_match = pool_match_find(task, root);
    find_pool_problem(task, root, task->root_match, offering ? &offering->storagetags : &no_tags,
        offering ? text_or_word(offering->name) : "any");
    if (offering) {
        check_tags_recorded(task, root, task->root_match, &offering->storagetags, offering->name,
            offering->diskofferingid);
        check_storage_type(task, root, task->root_match, offering->storagetype, offering->name);
    }
    check_pool_state(task, root, task->root_match);
    check_disk_limit_last(task, task_root_bytes(task));
}

static void
check_has_offering(Task *task, const Disk *disk, const char *refusal)
{
    const DiskChoice *entry = find_choice(&task->item->choice, disk->id.value);
    if ((!entry || !entry->diskofferingid.value) && disk->capacity_bytes.state == FACT_KNOWN)
        find_no_disk_offering(task, disk, pool_match_find(task, disk), entry != NULL, refusal);
}

static void
check_data_disk(Task *task, const Disk *disk)
{
    static const Texts no_tags;
    Planner *planner = task->planner;
    const PoolMatch *match = pool_match_find(task, disk);
    const DiskChoice *entry = find_choice(&task->item->choice, disk->id.value);
    const char *id = entry ? entry->diskofferingid.value : NULL;
    const DiskOffering *offering = id ? table_find(&planner->disk_offerings, id) : NULL;
    FindingId misfit = FINDING_NONE;
    if (offering && disk->capacity_bytes.state == FACT_KNOWN)
        misfit = disk_offering_fit(planner, offering, task->owner, disk->capacity_bytes.value);
    if (is_about_access(misfit))
        find_misfit(task, disk, offering, misfit);
    check_disk_limit_first(task);
    /* In most releases a disk without a size is given that of a fixed offering. */
    bool is_fixed = offering && !is_true(offering->iscustomized) && offering->disksize.value > 0;
    check_disk(
        task, disk, is_fixed ? RELEASES_ASK(&planner->releases, lends_disk_size) : ANSWER_NO);
    if (misfit && !is_about_access(misfit))
        find_misfit(task, disk, offering, misfit);
    if (offering && disk->capacity_bytes.state == FACT_KNOWN)
        warn_of_disk_offering(task, disk, offering);
    find_pool_problem(task, disk, match, offering ? &offering->tags : &no_tags,
        offering ? text_or_word(offering->name) : "any");
    if (offering) {
        check_tags_recorded(task, disk, match, &offering->tags, offering->name, offering->id);
        check_storage_type(task, disk, match, offering->storagetype, offering->name);
    }
    check_pool_state(task, disk, match);
    int64_t bytes = disk->capacity_bytes.value;
    check_disk_limit_last(task, bytes || !is_fixed ? bytes : offering->disksize.value * GIB);
}

void
check_disks(Task *task)
{
    const InstanceView *server = task->server;
    const Choice *choice = &task->item->choice;
    if (server->disks.state != FACT_KNOWN && !server->disks.n) {
        FIND(task, FACTS_UNREAD, NULL, ARG("The list of disks"), ARG(text_or_word(server->source)));
        return;
    }
    for (size_t i = 0; i < choice->disks.n; i++)
        check_entry_offering(task, &choice->disks.items[i]);
    if (!server->disks.n) {
        FIND(task, NO_DISKS, NULL, ARG(""));
        return;
    }
    task->root = find_disk(server, choice->root.value);
    const char *refusal = check_split(task);
    if (!task->root)
        FIND(task, ROOT_UNKNOWN, NULL, ARG(text_or_word(choice->root)),
            ARG(disk_ids(task->planner->arena, server)), ARG(""), ARG(""), ARG(""), ARG(refusal));
    check_entries(task, refusal);
    for (size_t i = 0; refusal && i < server->disks.n; i++)
        if (&server->disks.items[i] != task->root)
            check_has_offering(task, &server->disks.items[i], refusal);
    if (task->root) {
        warn_of_controller(task, task->root);
        check_root(task);
    }
    const char *controller = NULL;
    for (size_t i = 0; i < server->disks.n; i++) {
        const Disk *disk = &server->disks.items[i];
        if (disk == task->root)
            continue;
        check_controller(task, disk, &controller);
        check_data_disk(task, disk);
    }
}
