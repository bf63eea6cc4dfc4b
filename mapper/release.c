/* SPDX-License-Identifier: Apache-2.0
 *
 * How the releases of CloudStack differ in what we depend on: one row each, read from their code.
 * Rows are in order of number, which is not the order of the code: 4.20.0 is older than 4.19.2.
 */
#include <string.h>

#include "mapper_priv.h"

#define ENDS POOL_SEARCH_ENDS
#define PATH POOL_SEARCH_PATH
#define CONT POOL_SEARCH_CONTAINS

static const Release releases[] = {
    /* minor, patch, pool search, by tag, by uuid, tag rules, enabled cluster, every host tag,
     * force removes, free shared IP, counts single disk, imports KVM,
     * asks KVM template, limits CPU, limits storage, reserves limits */
    {18, 2, ENDS, false, false, false, false, true, true, false, false, false, false, true, false,
        false},
    {19, 0, PATH, false, false, true, false, true, false, false, true, true, true, true, false,
        false},
    {19, 1, CONT, false, false, true, false, true, false, false, true, true, true, true, false,
        false},
    {19, 2, CONT, true, false, true, true, true, false, false, true, true, true, true, false,
        false},
    {19, 3, CONT, true, false, true, true, true, false, false, true, true, true, true, false,
        false},
    {20, 0, CONT, false, false, true, false, false, false, false, true, true, true, false, true,
        false},
    {20, 1, CONT, true, false, true, true, false, false, false, true, true, true, false, true,
        false},
    {20, 2, CONT, true, false, true, true, false, false, true, true, true, true, false, true,
        false},
    {20, 3, CONT, true, false, true, true, false, false, true, true, true, true, true, true, true},
    {21, 0, CONT, true, false, true, true, false, false, false, true, true, true, false, true,
        false},
    {22, 0, CONT, true, true, true, true, false, false, true, true, true, true, false, true, false},
    {22, 1, CONT, true, true, true, true, false, false, true, true, true, false, true, true, true},
    {23, 0, CONT, true, true, true, true, false, false, true, true, true, false, true, true, true},
};

/* Last row not above the number, within the same minor release. */
bool
releases_from_version(const char *version, ReleaseSet *ret)
{
    char *end = NULL;
    if (!version || strncmp(version, "4.", 2) != 0)
        return false;
    long minor = strtol(version + 2, &end, 10);
    long patch = *end == '.' ? strtol(end + 1, NULL, 10) : 0;
    if (end == version + 2)
        return false;
    ReleaseSet set = {.n = 1, .rows = {&releases[0]}};
    for (size_t i = 0; i < G_N_ELEMENTS(releases); i++)
        if (releases[i].minor < minor ||
            (releases[i].minor == minor && releases[i].patch <= patch) ||
            (releases[i].minor == minor && set.rows[0]->minor != minor))
            set.rows[0] = &releases[i];
    set.is_newer = minor > releases[G_N_ELEMENTS(releases) - 1].minor;
    *ret = set;
    return true;
}

/* What listApis shows of a release: an API, or a parameter of it, that only some have. */
static const struct {
    const char *api, *param;
    uint16_t rows; /* bit per row of releases[] */
} api_marks[] = {
    {"importVm", NULL, 0x1ffe},
    {"unmanageVolume", NULL, 0x1ffc},
    {"importVm", "forcemstoimportvmfiles", 0x1ffc},
    {"importVm", "importinstancehostid", 0x1fd8},
    {"listImportVmTasks", NULL, 0x1c00},
    {"importVm", "usevddk", 0x1800},
    {"updateVmNic", NULL, 0x1000},
};

static const Api *
find_api(const Catalog *catalog, const char *name)
{
    for (size_t i = 0; i < catalog->apis.n; i++)
        if (!g_strcmp0(catalog->apis.items[i].name.value, name))
            return &catalog->apis.items[i];
    return NULL;
}

static Answer
has_param(const Api *api, const char *name)
{
    if (!api || api->params.state != FACT_KNOWN)
        return ANSWER_UNKNOWN;
    for (size_t i = 0; i < api->params.n; i++)
        if (!g_strcmp0(api->params.items[i].name.value, name))
            return ANSWER_YES;
    return ANSWER_NO;
}

void
releases_from_apis(const Catalog *catalog, ReleaseSet *ret)
{
    unsigned rows = (1u << G_N_ELEMENTS(releases)) - 1;
    for (size_t i = 0; catalog->apis.n && i < G_N_ELEMENTS(api_marks); i++) {
        const Api *api = find_api(catalog, api_marks[i].api);
        Answer has = api ? ANSWER_YES : ANSWER_NO;
        if (api_marks[i].param)
            has = has_param(api, api_marks[i].param);
        if (has == ANSWER_YES)
            rows &= api_marks[i].rows;
        else if (has == ANSWER_NO)
            rows &= ~(unsigned)api_marks[i].rows;
    }
    if (!rows) /* a mixture that no release has: nothing is told */
        rows = (1u << G_N_ELEMENTS(releases)) - 1;
    ReleaseSet set = {.is_guessed = true};
    for (size_t i = 0; i < G_N_ELEMENTS(releases); i++)
        if (rows & (1u << i))
            set.rows[set.n++] = &releases[i];
    *ret = set;
}

Answer
releases_ask(const ReleaseSet *set, size_t offset)
{
    size_t yes = 0;
    for (size_t i = 0; i < set->n; i++)
        yes += *(const bool *)((const char *)set->rows[i] + offset);
    return yes == set->n ? ANSWER_YES : yes ? ANSWER_UNKNOWN : ANSWER_NO;
}
