/* SPDX-License-Identifier: Apache-2.0
 *
 * Two troubles at once, and what a server that hides its version shows of itself.
 */
#ifndef SERVER_ORDER_H
#define SERVER_ORDER_H

#include "tests/server_cases.h"

/* The newest release in which the case is refused as it says; -1: none. */
static inline int
newest_column(const Case *it)
{
    int column = (int)releases_n - 1;
    while (column >= 0 && !g_ascii_isdigit(it->by_release[column]))
        column--;
    return column;
}

/* Of which the place differs by release: see below. */
static inline bool
has_other_places(const Case *it)
{
    return g_str_has_prefix(finding_kinds[it->id - 1]->id, "limit-exceeded") ||
           it->id == FINDING_DOMAIN_WITHOUT_ACCOUNT || it->id == FINDING_OFFERING_CUSTOM_BROKEN;
}

/* NULL: they are told in the order of their places, or do not go together. (owned) */
static inline char *
judge_order(const Case *lower, const Case *higher)
{
    if (lower->place == higher->place || newest_column(lower) < 0 || newest_column(higher) < 0)
        return NULL;
    int column = MIN(newest_column(lower), newest_column(higher));
    if (!g_ascii_isdigit(lower->by_release[column]) || !g_ascii_isdigit(higher->by_release[column]))
        return NULL;
    if (column < (int)releases_n - 1 && (has_other_places(lower) || has_other_places(higher)))
        return NULL;
    if (judge_pair(lower, higher, (size_t)column) != ANSWER_NO)
        return NULL;
    return g_strdup_printf("%s comes after %s on %s", finding_kinds[lower->id - 1]->id,
        finding_kinds[higher->id - 1]->id, releases[column].name);
}

/* '<': the first one is told first; '>': the second one; ' ': one of them is no refusal. */
static const struct {
    FindingId a, b;
    const char *by_release;
} orders[] = {
    {FINDING_LIMIT_INSTANCES, FINDING_HOSTNAME_INVALID, "<<<<<<<<<><<>>>"},
    {FINDING_LIMIT_CPU, FINDING_NAME_NOT_LISTED, ">>>>>>   >  <>>"},
    {FINDING_OFFERING_CUSTOM_BROKEN, FINDING_LIMIT_INSTANCES, "            >  "},
    {FINDING_OFFERING_CUSTOM_BROKEN, FINDING_NAME_NOT_LISTED, "            <  "},
    {FINDING_DOMAIN_WITHOUT_ACCOUNT, FINDING_CLUSTER_HYPERVISOR, ">><<<<<<<<<<<<<"},
    {FINDING_LIMIT_CPU, FINDING_OFFERING_MEMORY, ">>>>>>   <  <<<"},
    {FINDING_LIMIT_VOLUMES, FINDING_DATASTORE_NOT_A_POOL, "<<<<<<<<<><<>>>"},
    {FINDING_LIMIT_STORAGE, FINDING_DATA_CONTROLLERS_MIXED, "      >>><>><<<"},
    {FINDING_OFFERING_HOST_TAG, FINDING_NO_DISKS, "<<<<<<         "},
    {FINDING_STORAGE_TAGS_RECORDED, FINDING_ADAPTERS_MIXED, "<<<<  <        "},
    {FINDING_CONVERT_NO_API, FINDING_VALUE_UNPRINTABLE, "<<             "},
    {FINDING_CONVERT_NO_HOST, FINDING_CONVERT_WINDOWS_RUNS, "  ><<<<<<<<<<<<"},
    {FINDING_CONVERT_TEMPORARY_NONE, FINDING_CONVERT_NICS_COUNT, "  ><<<<<<<<<<<<"},
    {FINDING_CONVERT_TEMPORARY_NONE, FINDING_CONVERT_NIC_OPEN, "  ><<<<<<<<<<<<"},
    {FINDING_CONVERT_NO_HOST, FINDING_CONVERT_MAC_TAKEN, "  ><<<<<<<<<<<<"},
    {FINDING_NETWORK_NO_PVLAN, FINDING_MAC_IN_NETWORK, "<<             "},
};

static inline const Case *
find_case(FindingId id, bool is_converted)
{
    for (size_t i = 0; i < G_N_ELEMENTS(server_cases); i++)
        if (server_cases[i].id == id && server_cases[i].is_converted == is_converted)
            return &server_cases[i];
    g_assert_not_reached();
}

/* NULL: as the table above has it; else the first difference. (owned) */
static inline char *
judge_orders_of(size_t column)
{
    for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
        bool is_converted = finding_kinds[orders[i].a - 1]->is_of_conversion;
        Answer first = judge_pair(
            find_case(orders[i].a, is_converted), find_case(orders[i].b, is_converted), column);
        char expected = orders[i].by_release[column];
        char found = first == ANSWER_YES ? '<' : first == ANSWER_NO ? '>' : ' ';
        if (found != expected)
            return g_strdup_printf("%s and %s on %s: '%c', not '%c'",
                finding_kinds[orders[i].a - 1]->id, finding_kinds[orders[i].b - 1]->id,
                releases[column].name, found, expected);
    }
    return NULL;
}

/* --- a hidden version ------------------------------------------------------------------------- */

/* NULL: narrowed down to the release and those that look the same. (owned) */
static inline char *
judge_narrowing(size_t column)
{
    Arena arena;
    arena_init(&arena);
    g_autoptr(Catalog) catalog = catalog_new();
    show_release(catalog, &arena, column);
    ReleaseSet set;
    releases_from_catalog(catalog, &set);
    g_autoptr(GString) expected = g_string_new(NULL);
    for (size_t i = 0; i < releases_n; i++)
        if (indistinct[i] == indistinct[column])
            g_string_append_printf(expected, "%s%s", expected->len ? ", " : "", releases[i].name);
    const char *found = releases_text(&arena, &set);
    char *trouble =
        strcmp(found, expected->str) ? g_strdup_printf("%s, not %s", found, expected->str) : NULL;
    catalog->apis.n = catalog->settings.n = 0;
    arena_release(&arena);
    return trouble;
}

#endif
