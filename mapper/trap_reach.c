/* SPDX-License-Identifier: Apache-2.0
 *
 * Does a NIC's wire reach the other hosts of its cluster? A standard switch and a Linux bridge
 * belong to one host: a port group of the same name may be missing on the next one, or carry
 * another VLAN there; and CloudStack's own port group needs the VLAN on whatever host the VM
 * starts.
 */
#include <string.h>

#include "trap_priv.h"

enum { HOSTS_NAMED_MAX = 5 };

/* Indexes over hosts and port groups, made when first asked. */
struct Reach {
    GHashTable *groups;  /* "source/host/name" -> Portgroup of that host alone */
    GHashTable *carried; /* "source/host" -> GHashTable of VlanKey + 1 */
    GHashTable *places;  /* "source/cluster" -> ReachPlace */
    GHashTable *answers; /* "source/cluster/port group" -> ReachAnswer */
};

/* The hosts of a cluster, as far as a source has them. */
typedef struct ReachPlace {
    GPtrArray *hosts; /* SourceHost */
} ReachPlace;

/* Names of hosts, for findings; NULL: none. */
typedef struct ReachAnswer {
    const char *without_group; /* no port group of that name */
    const char *other_vlan;    /* one with another VLAN: "esx2 (VLAN 30)" */
    const char *outside;       /* not in the distributed switch */
    const char *without_vlan;  /* no port group or bridge with the VLAN */
    const char *unread;        /* their networks were not read */
} ReachAnswer;

static void
free_set(gpointer set)
{
    g_hash_table_destroy(set);
}

/* --- indexes ---------------------------------------------------------------------------------- */

/* Under the key that was made last. */
static void
keep(Planner *planner, GHashTable *table, gconstpointer value)
{
    g_hash_table_insert(table, key_keep(&planner->scratch, planner->lookup), (gpointer)value);
}

static void
add_vlan(Planner *planner, GHashTable *vlans, VlanKey vlan)
{
    if (vlan && !g_hash_table_contains(vlans, &vlan))
        g_hash_table_add(vlans, arena_memdup(&planner->scratch, &vlan, sizeof vlan));
}

/* A trunk carries each id of its ranges. */
static void
add_vlans(Planner *planner, GHashTable *vlans, const Vlan *vlan)
{
    if (vlan->kind != VLAN_TRUNK)
        add_vlan(planner, vlans, vlan_key(vlan));
    for (size_t i = 0; vlan->kind == VLAN_TRUNK && i < vlan->ranges.n; i++) {
        int64_t first = MAX(vlan->ranges.items[i].start.value, 1),
                last = MIN(vlan->ranges.items[i].end.value, VLAN_ID_MAX);
        for (int64_t id = first; id <= last; id++)
            add_vlan(planner, vlans, vlan_key_of_id(id));
    }
}

static void
add_carried(Planner *planner, const Portgroup *group, const char *host)
{
    Reach *reach = planner->reach;
    GHashTable *vlans =
        g_hash_table_lookup(reach->carried, planner_key(planner, group->source.value, host, NULL));
    if (!vlans) {
        vlans = g_hash_table_new(g_int64_hash, g_int64_equal);
        keep(planner, reach->carried, vlans);
    }
    add_vlans(planner, vlans, &group->vlan);
}

static void
add_group(Planner *planner, const Portgroup *group)
{
    Reach *reach = planner->reach;
    for (size_t i = 0; i < group->hosts.n; i++)
        add_carried(planner, group, group->hosts.items[i]);
    if (group->kind == SWITCH_DISTRIBUTED || group->hosts.n != 1)
        return;
    planner_key(planner, group->source.value, group->hosts.items[0], group->name.value);
    keep(planner, reach->groups, group);
}

static void
add_to_place(Planner *planner, const char *source, const char *cluster, const SourceHost *host)
{
    Reach *reach = planner->reach;
    ReachPlace *place =
        g_hash_table_lookup(reach->places, planner_key(planner, source, cluster, NULL));
    if (!place) {
        place = arena_new(&planner->scratch, ReachPlace);
        place->hosts = g_ptr_array_new();
        keep(planner, reach->places, place);
    }
    g_ptr_array_add(place->hosts, (gpointer)host);
}

/* Hosts of vCenter by their cluster there, KVM hosts by CloudStack's. */
static void
add_host(Planner *planner, const SourceHost *host)
{
    const SourceInfo *source = inventory_find_source(planner->inventory, host->source.value);
    if (!source || source->kind == SOURCE_KIND_CLOUDSTACK)
        return;
    if (host->cluster.value)
        add_to_place(planner, host->source.value, host->cluster.value, host);
    const Host *known = host->name.value ? table_find(&planner->hosts, host->name.value) : NULL;
    if (source->kind == SOURCE_KIND_LIBVIRT && known && known->clusterid.value)
        add_to_place(planner, NULL, known->clusterid.value, host);
}

static void
make_reach(Planner *planner)
{
    const Inventory *inventory = planner->inventory;
    Reach *reach = planner->reach = arena_new(&planner->scratch, Reach);
    reach->groups = g_hash_table_new(key_hash, key_equal);
    reach->answers = g_hash_table_new(key_hash, key_equal);
    reach->places = g_hash_table_new(key_hash, key_equal);
    reach->carried = g_hash_table_new_full(key_hash, key_equal, NULL, free_set);
    for (size_t i = 0; i < inventory->n_portgroups; i++)
        if (!is_true(inventory->portgroups[i]->is_uplink))
            add_group(planner, inventory->portgroups[i]);
    for (size_t i = 0; i < inventory->n_hosts; i++)
        add_host(planner, inventory->hosts[i]);
}

void
reach_release(Planner *planner)
{
    Reach *reach = planner->reach;
    if (!reach)
        return;
    GHashTableIter iter;
    gpointer place;
    g_hash_table_iter_init(&iter, reach->places);
    while (g_hash_table_iter_next(&iter, NULL, &place))
        g_ptr_array_unref(((ReachPlace *)place)->hosts);
    GHashTable *tables[] = {reach->groups, reach->answers, reach->places, reach->carried};
    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++)
        g_hash_table_destroy(tables[i]);
    planner->reach = NULL;
}

/* --- answers ---------------------------------------------------------------------------------- */

/* Names of hosts, a few and then their number. */
typedef struct Names {
    GString *text;
    size_t n;
} Names;

static void
add_name(Names *names, const char *name, const char *what)
{
    if (names->n++ < HOSTS_NAMED_MAX)
        g_string_append_printf(
            names->text, "%s%s%s", names->text->len ? ", " : "", name, what ? what : "");
}

static const char *
end_names(Planner *planner, Names *names)
{
    if (names->n > HOSTS_NAMED_MAX)
        g_string_append_printf(names->text, " and %zu more", names->n - HOSTS_NAMED_MAX);
    const char *text = names->n ? arena_strdup(planner->arena, names->text->str) : NULL;
    g_string_free(names->text, true);
    return text;
}

static bool
carries(Planner *planner, const SourceHost *host, VlanKey vlan, bool *ret_is_read)
{
    const GHashTable *vlans = g_hash_table_lookup(
        planner->reach->carried, planner_key(planner, host->source.value, host->id.value, NULL));
    *ret_is_read = vlans != NULL;
    return vlans && g_hash_table_contains((GHashTable *)vlans, &vlan);
}

typedef struct Ask {
    const Portgroup *group;
    VlanKey vlan; /* that the VM will need there; 0: not known */
    Names without_group, other_vlan, outside, without_vlan, unread;
} Ask;

static void
ask_host(Planner *planner, Ask *ask, const SourceHost *host)
{
    const char *name = text_or_word(host->name);
    bool is_read = false, has_vlan = carries(planner, host, ask->vlan, &is_read);
    if (!is_read) {
        add_name(&ask->unread, name, NULL);
        return;
    }
    if (ask->vlan && !has_vlan)
        add_name(&ask->without_vlan, name, NULL);
    if (ask->group->kind == SWITCH_DISTRIBUTED) {
        if (ask->group->hosts.state == FACT_KNOWN && !has_text(&ask->group->hosts, host->id.value))
            add_name(&ask->outside, name, NULL);
        return;
    }
    const Portgroup *other = g_hash_table_lookup(planner->reach->groups,
        planner_key(planner, host->source.value, host->id.value, ask->group->name.value));
    if (!other) {
        add_name(&ask->without_group, name, NULL);
    } else if (vlan_key(&other->vlan) != vlan_key(&ask->group->vlan)) {
        g_autofree char *what = g_strdup_printf(" (%s)", planner_vlan_text(planner, &other->vlan));
        add_name(&ask->other_vlan, name, what);
    }
}

static ReachAnswer *
ask_place(Planner *planner, const ReachPlace *place, const Portgroup *group, VlanKey vlan)
{
    ReachAnswer *answer = arena_new(&planner->scratch, ReachAnswer);
    Ask ask = {.group = group, .vlan = vlan};
    Names *all[] = {
        &ask.without_group, &ask.other_vlan, &ask.outside, &ask.without_vlan, &ask.unread};
    const char **to[] = {&answer->without_group, &answer->other_vlan, &answer->outside,
        &answer->without_vlan, &answer->unread};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        all[i]->text = g_string_new(NULL);
    for (guint i = 0; i < place->hosts->len; i++)
        ask_host(planner, &ask, g_ptr_array_index(place->hosts, i));
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        *to[i] = end_names(planner, all[i]);
    return answer;
}

static const ReachPlace *
place_of(const Task *task)
{
    Planner *planner = task->planner;
    bool is_kvm = task->hypervisor == HYPERVISOR_KVM;
    const char *cluster =
        is_kvm ? task->cluster ? task->cluster->id.value : NULL : task->view->cluster.value;
    if (!cluster)
        return NULL;
    return g_hash_table_lookup(planner->reach->places,
        planner_key(planner, is_kvm ? NULL : task->view->source.value, cluster, NULL));
}

/* The same for all NICs of a port group that need the same VLAN. */
static const ReachAnswer *
answer_of(const Task *task, const Portgroup *group, VlanKey vlan, const char *vlan_name)
{
    Planner *planner = task->planner;
    const ReachPlace *place = place_of(task);
    if (!place || place->hosts->len < 2)
        return NULL;
    const char *const parts[] = {group->source.value, group->id.value,
        task->cluster ? task->cluster->id.value : task->view->cluster.value, vlan_name};
    ReachAnswer *answer = g_hash_table_lookup(
        planner->reach->answers, planner_key_of(planner, parts, G_N_ELEMENTS(parts)));
    if (answer)
        return answer;
    answer = ask_place(planner, place, group, vlan);
    planner_key_of(planner, parts, G_N_ELEMENTS(parts));
    keep(planner, planner->reach->answers, answer);
    return answer;
}

void
check_reach(Task *task, const Nic *nic, const Portgroup *group, const Network *network)
{
    Planner *planner = task->planner;
    const char *id = nic->id.value, *name = text_or_word(group->name);
    VlanKey vlan = network && network->broadcasturi.value
                       ? vlan_key_of_uri(network->broadcasturi.value)
                       : vlan_key(&nic->vlan);
    if (group->kind == SWITCH_OPAQUE || group->kind == SWITCH_PRIVATE)
        return;
    if (!planner->reach)
        make_reach(planner);
    const char *own = planner_vlan_text(planner, &group->vlan);
    const char *needed = network && network->broadcasturi.value
                             ? network->broadcasturi.value
                             : planner_vlan_text(planner, &nic->vlan);
    const ReachAnswer *answer = answer_of(task, group, vlan, needed);
    if (!answer)
        return;
    if (answer->other_vlan)
        FIND(task, PORTGROUP_DRIFT, id, ARG(name), ARG(own), ARG(answer->other_vlan));
    if (answer->without_group)
        FIND(task, PORTGROUP_MISSING, id, ARG(name), ARG(answer->without_group));
    if (answer->outside)
        FIND(task, SWITCH_NOT_JOINED, id, ARG(name), ARG(answer->outside));
    if (answer->without_vlan)
        FIND(task, VLAN_NOT_REACHED, id, ARG(needed), ARG(answer->without_vlan));
    if (answer->unread)
        FIND(task, REACH_UNTOLD, id, ARG(name), ARG(answer->unread));
}
