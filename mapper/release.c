/* SPDX-License-Identifier: Apache-2.0
 *
 * Which release the server is: by its version, else narrowed down by what its APIs and settings
 * show.
 */
#include <string.h>

#include "mapper_priv.h"

typedef struct Version {
    long minor, patch, security;
} Version;

/* "4.22.0.1", "4.23.0.0-SNAPSHOT" */
static bool
parse_version(const char *text, Version *ret)
{
    long numbers[3] = {0};
    if (!text || strncmp(text, "4.", 2) != 0)
        return false;
    const char *from = text + 2;
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        char *end = NULL;
        numbers[i] = strtol(from, &end, 10);
        if (end == from)
            return i > 0;
        *ret = (Version){numbers[0], numbers[1], numbers[2]};
        if (*end != '.')
            break;
        from = end + 1;
    }
    return true;
}

static bool
is_same_code(const Release *release, const Version *version)
{
    bool is_first = release->patch == version->patch;
    return release->minor == version->minor && version->patch >= release->patch &&
           version->patch <= release->last_patch &&
           (!is_first || version->security >= release->security) &&
           version->security <= release->last_security;
}

/* The last one that is not above the version; NULL: all are. */
static const Release *
last_before(const Version *version)
{
    const Release *last = NULL;
    for (size_t i = 0; i < releases_n; i++) {
        const Release *release = &releases[i];
        if (release->minor < version->minor ||
            (release->minor == version->minor &&
                (release->patch < version->patch ||
                    (release->patch == version->patch && release->security <= version->security))))
            last = release;
    }
    return last;
}

bool
releases_from_version(const char *text, ReleaseSet *ret)
{
    Version version;
    if (!parse_version(text, &version))
        return false;
    const Release *newest = &releases[releases_n - 1];
    const Release *release = last_before(&version);
    ReleaseSet set = {.n = 1, .rows = {release ? release : &releases[0]}};
    if (!release)
        set.match = RELEASE_OLDER;
    else if (!is_same_code(release, &version))
        set.match = release == newest ? RELEASE_NEWER : RELEASE_NEAR;
    *ret = set;
    return true;
}

/* --- narrowing down --------------------------------------------------------------------------- */

/* What only some releases have: an API, a parameter of one, or a setting. */
static const struct {
    size_t member;
    const char *api, *param, *setting;
} marks[] = {
    {offsetof(Release, has_import_vm), "importVm", NULL, NULL},
    {offsetof(Release, has_import_volume), "unmanageVolume", NULL, NULL},
    {offsetof(Release, has_import_volume), "importVm", "forcemstoimportvmfiles", NULL},
    {offsetof(Release, has_import_host), "importVm", "importinstancehostid", NULL},
    {offsetof(Release, has_dcvms_batch), "listVmwareDcVms", "batchsize", NULL},
    {offsetof(Release, has_dcvms_instance), "listVmwareDcVms", "instancename", NULL},
    {offsetof(Release, has_delete_protection), "updateVirtualMachine", "deleteprotection", NULL},
    {offsetof(Release, has_import_tasks), "listImportVmTasks", NULL, NULL},
    {offsetof(Release, has_vddk), "importVm", "usevddk", NULL},
    {offsetof(Release, has_update_nic), "updateVmNic", NULL, NULL},
    {offsetof(Release, has_strict_tags_setting), NULL, NULL, "vm.strict.host.tags"},
    {offsetof(Release, has_key_access_setting), NULL, NULL, "api.key.access"},
    {offsetof(Release, has_post_setting), NULL, NULL, "enforce.post.requests.and.timestamps"},
};

static Answer
has_api(const Catalog *catalog, const char *name, const char *param)
{
    const Api *api = NULL;
    for (size_t i = 0; i < catalog->apis.n && !api; i++)
        if (!g_strcmp0(catalog->apis.items[i].name.value, name))
            api = &catalog->apis.items[i];
    if (!param)
        return api ? ANSWER_YES : ANSWER_NO;
    if (!api || api->params.state != FACT_KNOWN)
        return ANSWER_UNKNOWN;
    for (size_t i = 0; i < api->params.n; i++)
        if (!g_strcmp0(api->params.items[i].name.value, param))
            return ANSWER_YES;
    return ANSWER_NO;
}

static Answer
has_setting(const Catalog *catalog, const char *name)
{
    for (size_t i = 0; i < catalog->settings.n; i++)
        if (!g_strcmp0(catalog->settings.items[i].name.value, name))
            return ANSWER_YES;
    return is_read(&catalog->settings) ? ANSWER_NO : ANSWER_UNKNOWN;
}

bool
release_is_in(const Release *release, ReleaseScope scope)
{
    if (!scope.member)
        return true;
    return *(const bool *)((const char *)release + scope.member) != scope.has_not;
}

/* Only releases that can hide their version do. */
static bool
is_version_hidden(const Catalog *catalog)
{
    return is_read(&catalog->capabilities) && catalog->capabilities.n == 1 &&
           !catalog->capabilities.items[0].cloudstackversion.value;
}

static bool
may_be(const Catalog *catalog, const Release *release)
{
    bool has_apis = catalog->apis.n, has_settings = catalog->settings.n;
    if (is_version_hidden(catalog) && !release->has_post_setting)
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
        if (marks[i].api ? !has_apis : !has_settings)
            continue;
        Answer has = marks[i].api ? has_api(catalog, marks[i].api, marks[i].param)
                                  : has_setting(catalog, marks[i].setting);
        ReleaseScope scope = {
            .member = (unsigned short)marks[i].member, .has_not = has == ANSWER_NO};
        if (has != ANSWER_UNKNOWN && !release_is_in(release, scope))
            return false;
    }
    return true;
}

void
releases_from_catalog(const Catalog *catalog, ReleaseSet *ret)
{
    ReleaseSet set = {.match = RELEASE_NARROWED};
    for (size_t i = 0; i < releases_n; i++)
        if (may_be(catalog, &releases[i]))
            set.rows[set.n++] = &releases[i];
    if (!set.n) /* a mixture that no release has: nothing is told */
        for (; set.n < releases_n; set.n++)
            set.rows[set.n] = &releases[set.n];
    *ret = set;
}

/* --- asking ----------------------------------------------------------------------------------- */

static Answer
ask(const ReleaseSet *set, ReleaseScope scope)
{
    size_t yes = 0;
    for (size_t i = 0; i < set->n; i++)
        yes += release_is_in(set->rows[i], scope);
    return yes == set->n ? ANSWER_YES : yes ? ANSWER_UNKNOWN : ANSWER_NO;
}

Answer
releases_ask(const ReleaseSet *set, size_t offset)
{
    return ask(set, (ReleaseScope){.member = (unsigned short)offset});
}

Answer
check_is_made(const Planner *planner, FindingId id)
{
    return ask(&planner->releases, finding_kinds[id - 1]->scope);
}

const char *
releases_text(Arena *arena, const ReleaseSet *set)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (size_t i = 0; i < set->n; i++)
        g_string_append_printf(text, "%s%s", i ? ", " : "", set->rows[i]->name);
    return arena_strndup(arena, text->str, text->len);
}
