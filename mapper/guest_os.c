/* SPDX-License-Identifier: Apache-2.0
 *
 * Guest OS on VMware: without a template the server looks it up by the name that vCenter shows,
 * then by vCenter's id, among the mappings of the host's hypervisor version.
 */
#include <string.h>

#include "trap_priv.h"

typedef struct GuestOs {
    const char *name, *id, *version;
    const OsType *type; /* of that name, or NULL */
} GuestOs;

static bool
is_mapped_for(const Planner *planner, const GuestOs *guest, const char *version)
{
    const char *type = guest->type ? guest->type->id.value : NULL;
    const HashedText hashed_version = hashed(version);
    return (type && table_find_pair(&planner->mapped_types, hashed_version, hashed(type))) ||
           (*guest->id && table_find_pair(&planner->mapped_os, hashed_version, hashed(guest->id)));
}

/* "8.0.0.2" may be mapped as its parent, "8.0", too. */
static bool
is_mapped(const Planner *planner, const GuestOs *guest)
{
    if (is_mapped_for(planner, guest, guest->version))
        return true;
    const char *dot = strchr(guest->version, '.');
    const char *end = dot ? strchr(dot + 1, '.') : NULL;
    if (!end)
        return false;
    g_autofree char *parent = g_strndup(guest->version, (gsize)(end - guest->version));
    return is_mapped_for(planner, guest, parent);
}

/* NULL: not known, as a finding tells. A host without a version has the server's 'default'. */
static const char *
version_of_host(Task *task)
{
    const Planner *planner = task->planner;
    const InstanceView *server = task->server;
    const char *name = server->host_name.value;
    const Host *host = name ? table_find(&planner->hosts, name) : NULL;
    if (server->hypervisor_version.value)
        return server->hypervisor_version.value;
    if (host)
        return host->hypervisorversion.value ? host->hypervisorversion.value : "default";
    if (name && !is_read(&planner->catalog->hosts))
        find_unread_list(task, "hosts");
    else
        FIND(task, FACTS_UNREAD, NULL,
            ARG("The hypervisor version of its host, which decides about the guest OS,"),
            ARG(text_or_word(server->source)));
    return NULL;
}

static GuestOs
guest_of(const Task *task, const char *version)
{
    const InstanceView *server = task->server;
    GuestOs guest = {.name = server->guest_os_name.value ? server->guest_os_name.value : "",
        .id = server->guest_os_id.value ? server->guest_os_id.value : "",
        .version = version};
    if (*guest.name)
        guest.type = table_find(&task->planner->os_types, guest.name);
    return guest;
}

bool
is_guest_os_mapped(const Task *task, const char *version)
{
    GuestOs guest = guest_of(task, version);
    return is_mapped(task->planner, &guest);
}

void
check_guest_os(Task *task)
{
    Planner *planner = task->planner;
    const Catalog *catalog = planner->catalog;
    const InstanceView *server = task->instance->cloudstack;
    if (!server || task->hypervisor != HYPERVISOR_VMWARE || task->item->choice.templateid.value)
        return;
    GuestOs guest = guest_of(task, version_of_host(task));
    if (!guest.version)
        return;
    if (is_mapped(planner, &guest))
        return;
    if (!is_read(&catalog->os_types))
        find_unread_list(task, "os_types");
    else if (!is_read(&catalog->os_mappings))
        find_unread_list(task, "os_mappings");
    else
        add_finding(task, guest.type ? FINDING_GUEST_OS_UNMAPPED : FINDING_GUEST_OS_UNKNOWN, NULL,
            (FindingArg[FINDING_ARGS_MAX]){ARG(guest.name), ARG(guest.id), ARG(guest.version),
                ARG(guest.type ? text_or_word(guest.type->id) : "")});
}
