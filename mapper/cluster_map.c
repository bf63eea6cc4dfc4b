/* SPDX-License-Identifier: Apache-2.0
 *
 * Where an instance is in CloudStack's eyes: its cluster, whether it is seen there, and whether it
 * is managed already.
 */
#include <string.h>

#include "mapper_priv.h"

/* A cluster of CloudStack for a cluster or host of a source, cached. */
typedef struct ClusterPick {
    const Cluster *cluster;
    const char *several; /* names, if more than one fits */
} ClusterPick;

const char *
hypervisor_word(Hypervisor hypervisor)
{
    static const char *const words[] = {[HYPERVISOR_VMWARE] = "VMware", [HYPERVISOR_KVM] = "KVM"};
    return words[hypervisor];
}

static bool
is_candidate(const Task *task, const Cluster *cluster)
{
    const char *word = hypervisor_word(task->hypervisor);
    return (!cluster->zoneid.value ||
               !g_strcmp0(cluster->zoneid.value, task->planner->zone->id.value)) &&
           (!word || !cluster->hypervisortype.value ||
               !g_ascii_strcasecmp(cluster->hypervisortype.value, word));
}

/* CloudStack calls a vSphere cluster "vcenter/datacenter/cluster". */
static bool
is_named_so(const Cluster *cluster, const char *name)
{
    const char *slash = cluster->name.value ? strrchr(cluster->name.value, '/') : NULL;
    return name && !g_strcmp0(slash ? slash + 1 : cluster->name.value, name);
}

static bool
is_in_datacenter(const Cluster *cluster, const char *datacenter)
{
    g_auto(GStrv) parts = g_strsplit(cluster->name.value, "/", 16);
    guint n = g_strv_length(parts);
    return n >= 2 && datacenter && !strcmp(parts[n - 2], datacenter);
}

static ClusterPick *
pick_cluster(const Task *task, const char *name, const char *host_name)
{
    Planner *planner = task->planner;
    const Catalog *catalog = planner->catalog;
    const char *datacenter = task->view->datacenter.value;
    ClusterPick *pick = arena_new(planner->arena, ClusterPick);
    const Host *host = host_name ? table_find(&planner->hosts, host_name) : NULL;
    if (host && host->clusterid.value)
        pick->cluster = table_find(&planner->clusters, host->clusterid.value);
    if (pick->cluster && is_candidate(task, pick->cluster))
        return pick;
    pick->cluster = NULL;
    g_autoptr(GString) several = g_string_new(NULL);
    size_t n = 0;
    for (size_t i = 0; i < catalog->clusters.n; i++) {
        const Cluster *cluster = &catalog->clusters.items[i];
        if (!is_candidate(task, cluster) || !is_named_so(cluster, name))
            continue;
        g_string_append_printf(several, "%s'%s'", n++ ? ", " : "", cluster->name.value);
        if (!pick->cluster || is_in_datacenter(cluster, datacenter))
            pick->cluster = cluster;
    }
    if (n > 1 && !is_in_datacenter(pick->cluster, datacenter)) {
        pick->several = arena_strdup(planner->arena, several->str);
        pick->cluster = NULL;
    }
    return pick;
}

static const char *
source_cluster_name(const Task *task)
{
    const InstanceView *view = task->view;
    if (view->cluster_name.value || !view->cluster.value)
        return view->cluster_name.value;
    const SourceCluster *cluster =
        inventory_find_cluster(task->planner->inventory, view->source.value, view->cluster.value);
    return cluster ? cluster->name.value : NULL;
}

const char *
source_host_name(const Task *task)
{
    const InstanceView *view = task->view;
    if (view->host_name.value || !view->host.value)
        return view->host_name.value;
    const SourceHost *host =
        inventory_find_host(task->planner->inventory, view->source.value, view->host.value);
    return host ? host->name.value : NULL;
}

static const ClusterPick *
find_cluster_pick(const Task *task)
{
    Planner *planner = task->planner;
    const char *name = source_cluster_name(task), *host = source_host_name(task);
    const char *const parts[] = {
        name, host, task->view->datacenter.value, hypervisor_word(task->hypervisor)};
    const Key *key = planner_key_of(planner, parts, G_N_ELEMENTS(parts));
    ClusterPick *pick = g_hash_table_lookup(planner->source_clusters, key);
    if (pick)
        return pick;
    Key *kept = key_keep(&planner->scratch, key);
    pick = pick_cluster(task, name, host);
    g_hash_table_insert(planner->source_clusters, kept, pick);
    return pick;
}

void
propose_cluster(Task *task)
{
    const InstanceView *cloudstack = task->instance->cloudstack;
    Choice *choice = &task->item->choice;
    const char *why = "CloudStack lists it there";
    if (cloudstack && cloudstack->cluster.value) {
        choice->clusterid = cloudstack->cluster;
        task->cluster = table_find(&task->planner->clusters, choice->clusterid.value);
    } else {
        task->cluster = find_cluster_pick(task)->cluster;
        choice->clusterid = task->cluster ? task->cluster->id : text_absent();
        why = "the cluster of its host, or of its name";
    }
    if (task->cluster)
        add_reason(task, "clusterid", text_or_word(task->cluster->name), why,
            (Texts){.state = FACT_KNOWN});
}

/* --- judging ---------------------------------------------------------------------------------- */

static void
find_no_cluster(Task *task)
{
    Planner *planner = task->planner;
    const ClusterPick *pick = find_cluster_pick(task);
    const char *name = source_cluster_name(task), *host = source_host_name(task);
    if (!is_read(&planner->catalog->clusters))
        find_unread_list(task, "clusters");
    else if (pick->several)
        FIND(task, CLUSTER_AMBIGUOUS, NULL, ARG(name), ARG(pick->several));
    else if (!name && !host)
        FIND(task, FACTS_UNREAD, NULL, ARG("Its host and its cluster"),
            ARG(text_or_word(task->view->source)));
    else
        FIND(task, CLUSTER_NOT_ADDED, NULL, ARG(name ? name : "(none)"),
            ARG(text_or_word(planner->zone->name)), ARG(host ? host : "(unknown)"));
}

static void
check_cluster_state(Task *task, const Cluster *cluster)
{
    Planner *planner = task->planner;
    const char *name = text_or_word(cluster->name);
    const char *state = cluster->allocationstate.value;
    Answer needs_enabled = check_is_made(planner, FINDING_CLUSTER_DISABLED);
    Answer imports_kvm = RELEASES_ASK(&planner->releases, imports_kvm);
    if (cluster->zoneid.value && strcmp(cluster->zoneid.value, planner->zone->id.value) != 0)
        FIND(task, CLUSTER_OTHER_ZONE, NULL, ARG(name), ARG(cluster->zoneid.value));
    const char *type = cluster->hypervisortype.value;
    bool is_vmware = type && !g_ascii_strcasecmp(type, "VMware");
    bool is_kvm = type && !g_ascii_strcasecmp(type, "KVM");
    if (type && !is_vmware && (!is_kvm || imports_kvm == ANSWER_NO))
        FIND(task, CLUSTER_HYPERVISOR, NULL, ARG(name), ARG(type));
    else if (is_kvm && imports_kvm == ANSWER_UNKNOWN)
        FIND(task, RELEASE_DECIDES, NULL, ARG("whether KVM instances can be imported"),
            ARG(releases_text(planner->arena, &planner->releases)));
    if (state && strcmp(state, "Enabled") != 0 && needs_enabled == ANSWER_YES)
        FIND(task, CLUSTER_DISABLED, NULL, ARG(name), ARG(state), ARG(text_or_word(cluster->id)));
    else if (state && strcmp(state, "Enabled") != 0 && needs_enabled == ANSWER_UNKNOWN)
        FIND(task, RELEASE_DECIDES, NULL,
            ARG(arena_printf(
                planner->arena, "whether cluster '%s', which is %s, is refused", name, state)),
            ARG(releases_text(planner->arena, &planner->releases)));
}

void
check_cluster(Task *task)
{
    Planner *planner = task->planner;
    const char *id = task->item->choice.clusterid.value;
    if (!id) {
        find_no_cluster(task);
        return;
    }
    task->cluster = table_find(&planner->clusters, id);
    if (task->cluster)
        check_cluster_state(task, task->cluster);
    else if (is_read(&planner->catalog->clusters))
        FIND(task, CLUSTER_NOT_FOUND, NULL, ARG(id), ARG("clusterid"));
    else
        find_unread_list(task, "clusters");
}

/* --- names ------------------------------------------------------------------------------------ */

void
check_name(Task *task)
{
    const InstanceView *view = task->view;
    if (!view->name.value || is_true(view->is_template))
        return;
    size_t here = name_use_find(task->planner, view)->n;
    size_t anywhere = name_uses_find(task->planner, view->name.value)->n;
    const char *cluster = source_cluster_name(task);
    if (here > 1)
        FIND(task, NAME_NOT_UNIQUE, NULL, ARG_N((int64_t)here), ARG(cluster ? cluster : "unknown"));
    else if (task->instance->n_cloudstack_same_name > 1 || anywhere > 1)
        FIND(task, NAME_ELSEWHERE, NULL,
            ARG_N((int64_t)MAX(anywhere, task->instance->n_cloudstack_same_name)));
}
