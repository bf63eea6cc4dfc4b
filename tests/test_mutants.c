/* SPDX-License-Identifier: Apache-2.0
 *
 * Each change of a row of the server's checks, or of a cell of the releases, must make a case fail.
 * The tables are changed in memory, one place at a time; what no case notices is a missing case.
 *
 * MUTANTS=all prints each change and what noticed it.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/server_order.h"

static size_t n_mutants, n_survivors;

/* The tables are constant; only here they are not. */
static void
unlock(const void *from, size_t size)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t start = (uintptr_t)from & ~(page - 1), end = (uintptr_t)from + size;
    g_assert_cmpint(mprotect((void *)start, end - start, PROT_READ | PROT_WRITE), ==, 0);
}

/* @noticed: (owned) by which case; NULL: by none. */
static void
count_mutant(const char *what, char *noticed)
{
    n_mutants++;
    n_survivors += noticed == NULL;
    if (!noticed || g_getenv("MUTANTS"))
        printf("# %s: %s\n", what, noticed ? noticed : "SURVIVED");
    g_free(noticed);
}

/* --- rows ------------------------------------------------------------------------------------- */

/* A case about the kind that fails. (owned) NULL: none. */
static char *
failing_case(const FindingKind *kind)
{
    for (size_t i = 0; i < G_N_ELEMENTS(server_cases); i++)
        for (size_t column = 0;
             server_cases[i].id == (FindingId)kind->number && column < releases_n; column++) {
            char *trouble = judge_case(&server_cases[i], column);
            if (trouble)
                return trouble;
        }
    return NULL;
}

/* Two cases, one of them about the kind, that come in the wrong order. (owned) NULL: none. */
static char *
failing_order(const FindingKind *kind)
{
    for (size_t i = 0; i < G_N_ELEMENTS(server_cases); i++)
        for (size_t j = 0;
             server_cases[i].id == (FindingId)kind->number && j < G_N_ELEMENTS(server_cases); j++) {
            const Case *a = &server_cases[MIN(i, j)], *b = &server_cases[MAX(i, j)];
            char *trouble = i == j ? NULL : judge_order(a, b);
            if (trouble)
                return trouble;
        }
    for (size_t column = 0; column < releases_n; column++) {
        char *trouble = judge_orders_of(column);
        if (trouble)
            return trouble;
    }
    return NULL;
}

#define TRY(kind, member, value, judge)                                                            \
    G_STMT_START                                                                                   \
    {                                                                                              \
        typeof(((FindingKind *)0)->member) kept = (kind)->member;                                  \
        g_autofree char *what = g_strdup_printf("%s, " #member " := " #value, (kind)->id);         \
        (kind)->member = (value);                                                                  \
        count_mutant(what, judge(kind));                                                           \
        (kind)->member = kept;                                                                     \
    }                                                                                              \
    G_STMT_END

static void
change_scope(FindingKind *kind)
{
    if (kind->scope.member)
        TRY(kind, scope.has_not, !kind->scope.has_not, failing_case);
    else if (strstr("limit-exceeded-cpus limit-exceeded-memory", kind->id))
        TRY(kind, scope.member, offsetof(Release, limits_storage), failing_case);
}

static void
change_wordings(FindingKind *kind)
{
    for (ServerWording *each = (ServerWording *)kind->wordings; each && each->text; each++) {
        g_autofree char *what = g_strdup_printf("%s, wording '%.30s'", kind->id, each->text);
        const ServerWording kept = *each;
        unlock(each, sizeof *each);
        each->text = "mutated";
        count_mutant(what, failing_case(kind));
        *each = kept;
        each->scope.has_not = !each->scope.has_not;
        count_mutant(what, failing_case(kind));
        *each = kept;
    }
}

/* The ranks of the rows that come just before and just after. */
static int
neighbour_rank(const FindingKind *kind, int step)
{
    int nearest = step > 0 ? RANK_N : RANK_NONE;
    for (size_t i = 0; i < finding_kinds_n; i++) {
        int rank = finding_kinds[i]->rank;
        bool is_beyond = step > 0 ? rank > kind->rank : rank && rank < kind->rank;
        if (is_beyond && (step > 0 ? rank < nearest : rank > nearest))
            nearest = rank;
    }
    return nearest;
}

static void
change_rank(FindingKind *kind)
{
    if (neighbour_rank(kind, -1) != RANK_NONE)
        TRY(kind, rank, RANK_NONE, failing_order);
    if (neighbour_rank(kind, 1) != RANK_N)
        TRY(kind, rank, RANK_N - 1, failing_order);
}

static void
change_row(FindingKind *kind)
{
    TRY(kind, server_code, kind->server_code + 1, failing_case);
    TRY(kind, stage, kind->stage == STAGE_JOB ? STAGE_SUBMIT : STAGE_JOB, failing_case);
    TRY(kind, stage, STAGE_NONE, failing_case);
    TRY(kind, server_text, "mutated", failing_case);
    TRY(kind, severity, SEVERITY_WARNING, failing_case);
    TRY(kind, severity, SEVERITY_UNKNOWN, failing_case);
    if (kind->severity == SEVERITY_ACTION)
        TRY(kind, severity, SEVERITY_BLOCKER, failing_case);
    else
        TRY(kind, severity, SEVERITY_ACTION, failing_case);
    change_scope(kind);
    change_wordings(kind);
    change_rank(kind);
}

static void
test_rows(void)
{
    n_mutants = n_survivors = 0;
    for (size_t i = 0; i < finding_kinds_n; i++) {
        FindingKind *kind = (FindingKind *)finding_kinds[i];
        if (kind->stage == STAGE_NONE)
            continue;
        unlock(kind, sizeof *kind);
        change_row(kind);
        g_autofree char *trouble = failing_case(kind); /* all is as it was */
        g_assert_cmpstr(trouble, ==, NULL);
    }
    printf("# rows: %zu changes, %zu survived\n", n_mutants, n_survivors);
    g_assert_cmpuint(n_survivors, ==, 0);
}

/* --- cells ------------------------------------------------------------------------------------ */

/* What fails of a release. (owned) NULL: nothing. */
static char *
failing_release(size_t column)
{
    char *trouble = judge_narrowing(column);
    for (size_t i = 0; i < G_N_ELEMENTS(server_cases) && !trouble; i++)
        trouble = judge_case(&server_cases[i], column);
    return trouble ? trouble : judge_orders_of(column);
}

/* The first and last of the cells, which are all of one type. */
enum {
    CELLS_START = offsetof(Release, filters_pools_by_tag),
    CELLS_END = offsetof(Release, compares_with_source) + sizeof(bool)
};

/* Cells that nothing can show: what they are about does not come so far in the release. */
#define CELL(member) offsetof(Release, member)
static const struct {
    const char *releases; /* " 4.18.0 4.18.2 " */
    size_t member;
    const char *why;
} idle[] = {
    {" 4.18.0 4.18.2 ", CELL(asks_kvm_template), "it imports no KVM"},
    {" 4.18.0 4.18.2 ", CELL(misspells_please), "it has another text"},
    {" 4.18.0 4.18.2 4.19.0 ", CELL(tells_network_id), "it tells the number"},
    {" 4.18.0 4.18.2 ", CELL(has_import_host), "it has no importVm"},
    {" 4.18.0 4.18.2 ", CELL(has_vddk), "it has no importVm"},
    {" 4.18.0 4.18.2 ", CELL(has_dcvms_batch), "it has no listVmwareDcVms"},
    {" 4.18.0 4.18.2 ", CELL(has_dcvms_instance), "it has no listVmwareDcVms"},
    {" 4.18.0 4.18.2 ", CELL(clones_always), "it has no importVm"},
    {" 4.18.0 4.18.2 ", CELL(picks_pools_by_tag), "it has no importVm"},
    {" 4.18.0 4.18.2 ", CELL(compares_with_source), "it has no importVm"},
    {" 4.22.0.1 ", CELL(writes_cpu_large), "custom offerings break before"},
};

/* NULL: the cell matters. */
static const char *
why_idle(const Release *release, size_t member)
{
    g_autofree char *word = g_strdup_printf(" %s ", release->name);
    for (size_t i = 0; i < G_N_ELEMENTS(idle); i++)
        if (idle[i].member == member && strstr(idle[i].releases, word))
            return idle[i].why;
    return NULL;
}

static void
change_cell(Release *release, size_t column, size_t member)
{
    bool *cell = (bool *)((char *)release + member);
    const char *why = why_idle(release, member);
    g_autofree char *what = g_strdup_printf("%s, cell %zu", release->name, member - CELLS_START);
    *cell = !*cell;
    char *noticed = failing_release(column);
    *cell = !*cell;
    if (why && noticed)
        g_error("%s is said to be idle: %s", what, noticed);
    count_mutant(what, why ? g_strdup(why) : noticed);
}

static void
test_cells(void)
{
    n_mutants = n_survivors = 0;
    unlock(releases, sizeof(Release) * releases_n);
    for (size_t column = 0; column < releases_n; column++) {
        Release *release = (Release *)&releases[column];
        for (size_t member = CELLS_START; member < CELLS_END; member++)
            change_cell(release, column, member);
        PoolSearch kept = release->pool_search;
        for (int search = POOL_SEARCH_ENDS; search <= POOL_SEARCH_CONTAINS; search++) {
            g_autofree char *what = g_strdup_printf("%s, pool search %d", release->name, search);
            release->pool_search = (PoolSearch)search;
            if (release->pool_search != kept)
                count_mutant(what, failing_release(column));
        }
        release->pool_search = kept;
    }
    printf("# cells: %zu changes, %zu survived\n", n_mutants, n_survivors);
    g_assert_cmpuint(n_survivors, ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mutants/rows", test_rows);
    g_test_add_func("/mutants/cells", test_cells);
    return g_test_run();
}
