/* SPDX-License-Identifier: Apache-2.0
 *
 * Parts of the import run: the id of a job, which volume a disk became, what is tried again.
 */
#include <glib/gstdio.h>

#include "ingest/import_priv.h"

#define ZONE    "4604b207-6e10-4126-b1a9-52c18506649f"
#define CLUSTER "e4a3bacf-806e-4932-b6bf-ec8d3e4c870d"

/* --- the job's id ----------------------------------------------------------------------------- */

/* Python: uuid.uuid5(uuid.UUID("6f0b9c1e-5277-4b0e-9a3d-1f64d8c25a91"),
 * f"{zone}/{cluster}/{name}/{n}") */
static void
test_job_id(void)
{
    Arena arena;
    arena_init(&arena);
    g_assert_cmpstr(import_job_id(&arena, ZONE, CLUSTER, "web-01", 1), ==,
        "deefead8-bcc6-534c-a90c-95ad79217de3");
    g_assert_cmpstr(import_job_id(&arena, ZONE, CLUSTER, "web-01", 2), ==,
        "c26d55ba-67b1-5b3a-9f9c-ccf57b70c113");
    g_assert_cmpstr(import_job_id(&arena, ZONE, CLUSTER, "wéb & 01", 1), ==,
        "b17ccd36-425b-5823-9a78-d16293fc66da");
    arena_release(&arena);
}

/* --- volumes ---------------------------------------------------------------------------------- */

static ReadVolume
volume(const char *id, const char *type, const char *name, const char *path)
{
    return (ReadVolume){.id = text_known(id),
        .type = text_known(type),
        .name = text_known(name),
        .path = text_known(path)};
}

static const char *
found(const ReadVolume *items, size_t n, const char *disk)
{
    PlanDisk disks[] = {
        {.id = text_known("121-2000"), .path = text_known("[vmfs1] a/a.vmdk")},
        {.id = text_known("121-2001"), .path = text_known("[vmfs1] a/a_1.vmdk")},
        {.id = text_known("1-2001"), .path = text_known("[vmfs2] b/b.vmdk")},
    };
    ImportWork work = {0};
    work.task.item.choice.root = text_known("121-2000");
    work.task.item.instance.disks.items = disks;
    work.task.item.instance.disks.n = G_N_ELEMENTS(disks);
    const ReadVolumes volumes = {.items = (ReadVolume *)items, .n = n, .state = FACT_KNOWN};
    const char *why = NULL;
    const ReadVolume *it = import_find_volume(&work, &volumes, disk, &why);
    g_assert_true(!it == (why != NULL));
    return it ? it->id.value : NULL;
}

static void
test_volume_by_name(void)
{
    const ReadVolume items[] = {volume("data", "DATADISK", "DATA-37-121-2001", "a_1"),
        volume("other", "DATADISK", "DATA-37-1-2001", "b"), volume("root", "ROOT", "ROOT-37", "a")};
    g_assert_cmpstr(found(items, 3, "121-2000"), ==, "root");
    g_assert_cmpstr(found(items, 3, "121-2001"), ==, "data");
    g_assert_cmpstr(found(items, 3, "1-2001"), ==, "other");
    g_assert_null(found(items, 3, "9"));
}

/* A name that somebody changed: the path tells, unless several volumes have it. */
static void
test_volume_by_path(void)
{
    const ReadVolume items[] = {volume("root", "ROOT", "ROOT-37", "a"),
        volume("data", "DATADISK", "my data", "a_1"), volume("twin", "DATADISK", "x", "b"),
        volume("twin2", "DATADISK", "y", "b")};
    g_assert_cmpstr(found(items, 4, "121-2001"), ==, "data");
    g_assert_null(found(items, 4, "1-2001"));
}

/* --- retrying --------------------------------------------------------------------------------- */

static size_t
retry(Journal *journal, int64_t run, ImportRetry what, const char *const *names)
{
    g_autoptr(GError) error = NULL;
    size_t n = 0;
    g_assert_true(import_retry(journal, run, what, names, &n, &error));
    g_assert_no_error(error);
    return n;
}

static void
test_retry(void)
{
    g_autofree char *folder = g_dir_make_tmp("import-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "journal.sqlite", NULL);
    const JournalNewItem new_items[] = {{.key = "vc/1", .name = "refused"},
        {.key = "vc/2", .name = "unmoved"}, {.key = "vc/3", .name = "done"}};
    const JournalNewRun begin = {.kind = IMPORT_KIND,
        .target = "http://cloud.example/client/api",
        .document = "{}",
        .tool_version = "0",
        .items = new_items,
        .n_items = 3};
    g_autoptr(GError) error = NULL;
    Arena arena;
    JournalItems items;
    int64_t run = 0;
    arena_init(&arena);
    {
        g_autoptr(Journal) journal = journal_open(path, JOURNAL_WRITE, &error);
        g_assert_true(journal_begin_run(journal, &begin, &run, &error));
        g_assert_true(journal_read_items(journal, run, &arena, &items, &error));
        const struct {
            JournalItemState state;
            const char *step;
            bool is_made;
        } states[] = {{ITEM_FAILED, "import", false}, {ITEM_FAILED, "migrate", true},
            {ITEM_VERIFIED, "verify", true}};
        for (size_t i = 0; i < 3; i++) {
            items.items[i].state = states[i].state;
            items.items[i].step = text_known(states[i].step);
            items.items[i].is_made = states[i].is_made;
            g_assert_true(journal_set_item(journal, &items.items[i], &error));
        }
        const char *const other[] = {"done", NULL}, *const none[] = {"nobody", NULL};
        size_t n = 0;
        g_assert_cmpuint(retry(journal, run, RETRY_MIGRATE, other), ==, 0);
        g_assert_false(import_retry(journal, run, RETRY_IMPORT, none, &n, &error));
        g_assert_error(error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND);
        g_clear_error(&error);
        g_assert_cmpuint(retry(journal, run, RETRY_VERIFY, NULL), ==, 0);
        g_assert_cmpuint(retry(journal, run, RETRY_MIGRATE, NULL), ==, 1);
        g_assert_cmpuint(retry(journal, run, RETRY_IMPORT, NULL), ==, 1);
        g_assert_true(journal_read_items(journal, run, &arena, &items, &error));
        g_assert_cmpint(items.items[0].state, ==, ITEM_PLANNED);
        g_assert_cmpint(items.items[1].state, ==, ITEM_IMPORTED);
        g_assert_cmpint(items.items[2].state, ==, ITEM_VERIFIED);
    }
    arena_release(&arena);
    g_autofree char *lock = g_strconcat(path, "-lock", NULL);
    g_remove(lock);
    g_remove(path);
    g_rmdir(folder);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/import/job-id/follows-from-zone-cluster-name-and-attempt", test_job_id);
    g_test_add_func("/import/volume/by-the-name-that-the-import-gives", test_volume_by_name);
    g_test_add_func("/import/volume/by-path-where-the-name-was-changed", test_volume_by_path);
    g_test_add_func("/import/retry/takes-what-failed-there", test_retry);
    return g_test_run();
}
