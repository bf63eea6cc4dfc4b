/* SPDX-License-Identifier: Apache-2.0
 *
 * Judge what the call of a conversion names - vCenter, hosts, pool, parameters of virt-v2v - as the
 * server would.
 */
#include <string.h>

#include "convert_priv.h"

/* --- ids -------------------------------------------------------------------------------------- */

static void
check_id(Task *task, const char *param, Text id, bool is_there, bool is_list_read, const char *list)
{
    if (!id.value || is_there)
        return;
    if (is_list_read)
        FIND(task, CONVERT_ID_NOT_FOUND, NULL, ARG(id.value), ARG(param), ARG(list));
    else
        find_unread_list(task, list);
}

static void
check_ids(Task *task)
{
    const Planner *planner = task->planner;
    const Catalog *catalog = planner->catalog;
    const ConvertChoice *convert = &task->item->choice.convert;
    bool has_pools = is_read(&catalog->pools), has_hosts = is_read(&catalog->hosts),
         has_dcs = is_read(&catalog->vmware_dcs), has_types = is_read(&catalog->os_types);
    bool is_own_zone = !g_strcmp0(convert->zoneid.value, planner->zone->id.value), has_os = false;
    bool knows_import_host = RELEASES_ASK(&planner->releases, has_import_host) != ANSWER_NO,
         knows_os = RELEASES_ASK(&planner->releases, has_vddk) != ANSWER_NO;
    for (size_t i = 0; i < catalog->os_types.n && !has_os; i++)
        has_os = !g_strcmp0(catalog->os_types.items[i].id.value, convert->osid.value);
    check_id(task, "zoneid", convert->zoneid, is_own_zone, true, "zones");
    check_id(task, "existingvcenterid", convert->existingvcenterid,
        find_vmware_dc(planner, convert->existingvcenterid.value) != NULL, has_dcs, "vmware_dcs");
    check_id(task, "convertinstancehostid", convert->convertinstancehostid,
        find_host_by_id(planner, convert->convertinstancehostid.value) != NULL, has_hosts, "hosts");
    check_id(task, "importinstancehostid",
        knows_import_host ? convert->importinstancehostid : text_absent(),
        find_host_by_id(planner, convert->importinstancehostid.value) != NULL, has_hosts, "hosts");
    check_id(task, "convertinstancepoolid", convert->convertinstancepoolid,
        task->target->pool != NULL, has_pools, "pools");
    check_id(task, "osid", knows_os ? convert->osid : text_absent(), has_os, has_types, "os_types");
    if (!convert->zoneid.value)
        FIND(task, CONVERT_ZONE_MISSING, NULL, ARG(planner->zone->id.value));
}

/* --- what the release knows ------------------------------------------------------------------- */

/* The server passes over parameters that it does not know. */
static void
check_known(Task *task)
{
    const ConvertChoice *convert = &task->item->choice.convert;
    const struct {
        const char *param;
        bool is_set;
        size_t member;
    } params[] = {
        {"forcemstoimportvmfiles", is_true(convert->forcemstoimportvmfiles),
            offsetof(Release, has_import_volume)},
        {"importinstancehostid", convert->importinstancehostid.value != NULL,
            offsetof(Release, has_import_host)},
        {"forceconverttopool", is_true(convert->forceconverttopool),
            offsetof(Release, has_import_tasks)},
        {"extraparams", convert->extraparams.value != NULL, offsetof(Release, has_import_tasks)},
        {"usevddk", is_true(convert->usevddk), offsetof(Release, has_vddk)},
        {"osid", convert->osid.value != NULL, offsetof(Release, has_vddk)},
    };
    Planner *planner = task->planner;
    for (size_t i = 0; i < G_N_ELEMENTS(params); i++) {
        Answer knows =
            params[i].is_set ? releases_ask(&planner->releases, params[i].member) : ANSWER_YES;
        if (knows != ANSWER_YES)
            FIND(task, CONVERT_PARAM_IGNORED, NULL, ARG(params[i].param),
                ARG(releases_text(planner->arena, &planner->releases)))
                ->severity = knows == ANSWER_NO ? SEVERITY_WARNING : SEVERITY_UNKNOWN;
    }
}

static void
check_importable(Task *task)
{
    Planner *planner = task->planner;
    const char *source = task->item->choice.convert.importsource.value;
    Answer has_api = RELEASES_ASK(&planner->releases, has_import_vm);
    if (g_ascii_strcasecmp(source, "vmware") != 0)
        FIND(task, CONVERT_SOURCE_WORD, NULL, ARG(source));
    if (has_api == ANSWER_NO)
        FIND(task, CONVERT_NO_API, NULL, ARG(releases_text(planner->arena, &planner->releases)));
    task->is_other = has_api == ANSWER_NO || g_ascii_strcasecmp(source, "vmware") != 0;
    if (has_api == ANSWER_UNKNOWN)
        FIND(task, RELEASE_DECIDES, NULL, ARG("whether it has importVm"),
            ARG(releases_text(planner->arena, &planner->releases)));
}

/* --- parameters of virt-v2v ------------------------------------------------------------------- */

static const char *
setting_text(const Planner *planner, const char *name)
{
    const Setting *setting = table_find(&planner->settings, name);
    return setting ? setting->value.value : NULL;
}

/* The words that begin with a hyphen, without their hyphens; the first that is not allowed. */
static const char *
forbidden_param(Arena *arena, const char *params, const char *allowed)
{
    g_auto(GStrv) words = g_strsplit(params, " ", -1);
    g_auto(GStrv) list = g_strsplit(allowed, ",", -1);
    for (char **word = words; *word; word++) {
        const char *name = *word + strspn(*word, "-");
        if (name != *word && !g_strv_contains((const char *const *)list, name))
            return arena_strdup(arena, name);
    }
    return NULL;
}

static void
check_extra_params(Task *task)
{
    Planner *planner = task->planner;
    const char *params = task->item->choice.convert.extraparams.value;
    const char *list =
        setting_text(planner, "convert.vmware.instance.to.kvm.extra.params.allowed.list");
    Answer allows = setting_is_true(planner, "convert.vmware.instance.to.kvm.extra.params.allowed");
    if (!params || !params[strspn(params, " ")] ||
        RELEASES_ASK(&planner->releases, has_import_tasks) == ANSWER_NO)
        return;
    const char *forbidden = list ? forbidden_param(planner->arena, params, list) : NULL;
    if (allows == ANSWER_UNKNOWN)
        find_unread_list(task, "settings");
    else if (allows == ANSWER_NO)
        FIND_IF_MADE(task, CONVERT_EXTRA_OFF, NULL, ARG(params));
    else if (!list || !list[strspn(list, " ")])
        FIND_IF_MADE(task, CONVERT_EXTRA_NONE, NULL, ARG(params));
    else if (forbidden)
        FIND_IF_MADE(task, CONVERT_EXTRA_PARAM, NULL, ARG(forbidden), ARG(list));
}

/* --- vCenter ---------------------------------------------------------------------------------- */

static bool
is_blank(Text text)
{
    return !text.value || !text.value[strspn(text.value, " ")];
}

static void
check_vcenter(Task *task)
{
    const ConvertChoice *convert = &task->item->choice.convert;
    bool has_id = convert->existingvcenterid.value, has_name = convert->vcenter.value;
    if (has_id == has_name)
        FIND(task, CONVERT_VCENTER_ONE, NULL, ARG(has_id ? "both" : "neither"));
    else if (!has_id && (is_blank(convert->vcenter) || is_blank(convert->datacentername) ||
                            is_blank(convert->credentials)))
        FIND(task, CONVERT_VCENTER_HALF, NULL,
            ARG(is_blank(convert->datacentername) ? "datacentername"
                : is_blank(convert->credentials)  ? "credentials"
                                                  : "vcenter"));
}

/* Not named in the call, the VDDK is used by releases that have it. */
static void
check_reader(Task *task)
{
    const ReleaseSet *set = &task->planner->releases;
    const ConvertChoice *convert = &task->item->choice.convert;
    bool is_left_open = convert->usevddk.state != FACT_KNOWN;
    Answer has_vddk = RELEASES_ASK(set, has_vddk);
    if (has_vddk == ANSWER_NO || (!is_left_open && !convert->usevddk.value))
        return;
    if (is_true(convert->forcemstoimportvmfiles))
        FIND_IF_MADE(task, CONVERT_VDDK_EXCLUDES, NULL, ARG(is_left_open ? "left open" : "true"));
    else if (is_left_open)
        FIND(task, CONVERT_VDDK_OPEN, NULL, ARG(releases_text(task->planner->arena, set)));
}

void
check_convert_call(Task *task)
{
    check_importable(task);
    if (task->is_other)
        return;
    check_ids(task);
    check_known(task);
    check_extra_params(task);
    check_vcenter(task);
    check_reader(task);
    const char *type = task->cluster ? task->cluster->hypervisortype.value : NULL;
    if (type && g_ascii_strcasecmp(type, "KVM") != 0)
        FIND(task, CONVERT_NOT_TO_KVM, NULL, ARG(text_or_word(task->cluster->name)), ARG(type));
}

/* --- hosts ------------------------------------------------------------------------------------ */

static bool
is_within(const Host *host, const Cluster *cluster)
{
    return !host->clusterid.value || !g_strcmp0(host->clusterid.value, cluster->id.value);
}

/* What the server's sentence ends in; NULL: nothing stands against it. */
static const char *
conversion_obstacle(const Task *task, const Host *host)
{
    const Planner *planner = task->planner;
    const char *state = text_or_word(host->resourcestate);
    bool is_zone_wide = RELEASES_ASK(&planner->releases, has_import_host) != ANSWER_NO;
    bool is_enabled = !host->resourcestate.value || !strcmp(state, "Enabled");
    if (!is_enabled && (!is_zone_wide || strcmp(state, "Disabled") != 0))
        return arena_printf(planner->arena, "as the host is in %s state", state);
    if (host->state.value && strcmp(host->state.value, "Up") != 0)
        return "as it is not running";
    if (is_zone_wide ? host->zoneid.value && g_strcmp0(host->zoneid.value, planner->zone->id.value)
                     : !is_within(host, task->cluster))
        return is_zone_wide ? "as it is not in the same zone as the destination cluster"
                            : "as it is of another cluster";
    return NULL;
}

static void
check_vddk_host(Task *task, const Host *host)
{
    bool uses_vddk = is_true(task->item->choice.convert.usevddk);
    if (!uses_vddk || RELEASES_ASK(&task->planner->releases, has_vddk) == ANSWER_NO)
        return;
    if (!is_true(host->details.vddk))
        FIND(task, CONVERT_VDDK_HOST, NULL, ARG(text_or_word(host->name)))->severity =
            host->details.vddk.state == FACT_KNOWN ? SEVERITY_ACTION : SEVERITY_UNKNOWN;
}

/* Only the first release asks no host, until it converts. */
static void
check_support(Task *task, const Host *host)
{
    const char *name = text_or_word(host->name);
    Bool can = host->instanceconversionsupported;
    Answer is_asked = check_is_made(task->planner, FINDING_CONVERT_HOST_INCAPABLE);
    if (can.state != FACT_KNOWN)
        FIND(task, CONVERT_HOST_UNTOLD, NULL, ARG(name));
    else if (!can.value)
        FIND(task, CONVERT_HOST_INCAPABLE, NULL, ARG(name), ARG(text_or_word(host->ipaddress)),
            ARG(text_or_word(host->id)))
            ->is_unforetold = is_asked != ANSWER_YES;
    else
        check_vddk_host(task, host);
}

static void
check_conversion_host(Task *task, const Host *host)
{
    const char *obstacle = conversion_obstacle(task, host);
    const char *name = text_or_word(host->name);
    if (!is_of_kvm(task->planner, host))
        FIND(task, CONVERT_HOST_FOREIGN, NULL, ARG(name));
    else if (obstacle)
        FIND(task, CONVERT_HOST_UNFIT, NULL, ARG(name), ARG(obstacle), ARG(text_or_word(host->id)));
    else
        check_support(task, host);
}

/* Left open, the server takes any host of the cluster that has virt-v2v, else any. */
static void
check_any_host(Task *task)
{
    const Catalog *catalog = task->planner->catalog;
    const Host *able = NULL, *any = NULL;
    if (!is_read(&catalog->hosts)) {
        find_unread_list(task, "hosts");
        return;
    }
    for (size_t i = 0; i < catalog->hosts.n; i++) {
        const Host *host = &catalog->hosts.items[i];
        if (!is_within(host, task->cluster) || !is_of_kvm(task->planner, host))
            continue;
        any = any ? any : host;
        bool is_able = is_true(host->instanceconversionsupported);
        if (is_able && (!able || conversion_obstacle(task, host)))
            able = host; /* the worst of those that it may take */
    }
    if (able || any)
        check_conversion_host(task, able ? able : any);
    else
        FIND(task, CONVERT_NO_HOST, NULL, ARG(text_or_word(task->cluster->name)));
}

/* The host that moves the disks to their pools and records the VM. */
static void
check_import_host(Task *task, const Host *host)
{
    const char *obstacle = NULL;
    if (host->resourcestate.value && strcmp(host->resourcestate.value, "Enabled") != 0)
        obstacle = "as it is not in Enabled state";
    else if (host->state.value && strcmp(host->state.value, "Up") != 0)
        obstacle = "as it is not running";
    else if (!is_within(host, task->cluster))
        obstacle = "as it is not in the same cluster as the destination cluster";
    if (obstacle)
        FIND_IF_MADE(task, CONVERT_IMPORT_HOST, NULL, ARG(text_or_word(host->name)), ARG(obstacle),
            ARG(text_or_word(host->id)));
}

/* Left open, it may be one that is down. */
static void
check_any_import_host(Task *task)
{
    const Catalog *catalog = task->planner->catalog;
    if (RELEASES_ASK(&task->planner->releases, has_import_host) == ANSWER_NO)
        return;
    for (size_t i = 0; i < catalog->hosts.n; i++) {
        const Host *host = &catalog->hosts.items[i];
        if (is_within(host, task->cluster) && is_of_kvm(task->planner, host) && !is_host_up(host)) {
            FIND(task, CONVERT_IMPORT_HOST_OPEN, NULL, ARG(text_or_word(host->name)),
                ARG(text_or_word(host->state)), ARG(text_or_word(host->resourcestate)));
            return;
        }
    }
}

void
check_convert_hosts(Task *task)
{
    const ConvertChoice *convert = &task->item->choice.convert;
    if (!task->cluster)
        return;
    const Host *host = find_host_by_id(task->planner, convert->convertinstancehostid.value);
    const Host *import = find_host_by_id(task->planner, convert->importinstancehostid.value);
    if (host)
        check_conversion_host(task, host);
    else if (!convert->convertinstancehostid.value)
        check_any_host(task);
    if (import)
        check_import_host(task, import);
    else if (!convert->importinstancehostid.value)
        check_any_import_host(task);
}
