/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a host of the cluster can start the VM again, after all items of the plan that come
 * before.
 *
 * A start looks at the VM's last host first, where its place is kept for a while; then the planner
 * passes over clusters above their threshold, and a host must be Up, enabled, not dedicated to
 * others, have the offering's host tags, UEFI if the VM boots by it, as many and as fast cores, and
 * enough that is not given away. Totals are multiplied by the cluster's over-commitment.
 */
#include <string.h>

#include "trap_priv.h"

struct RoomHost {
    const Host *host;
    int64_t free_mhz, free_mib; /* after what the plan has taken */
    bool is_known, is_dedicated, is_up;
};

/* CPU in MHz and memory in MiB of a whole cluster. */
typedef struct RoomSum {
    int64_t total, allocated, taken;
    double threshold; /* below 0: not known */
    const char *threshold_text;
} RoomSum;

struct Room {
    const Cluster *cluster;
    RoomHost *hosts;
    size_t n_hosts;
    RoomSum cpu, memory;
    bool is_known;       /* what all hosts have given away */
    Answer is_dedicated; /* the whole cluster */
    Texts versions;      /* of hypervisors, each once */
};

/* What an item needs of a host. */
typedef struct Need {
    int64_t cpus, mhz_each, mhz, mib;
} Need;

/* --- reading the cluster ---------------------------------------------------------------------- */

static double
ratio_of(Text text)
{
    double ratio = text.value ? g_ascii_strtod(text.value, NULL) : 0;
    return ratio > 0 ? ratio : 1;
}

/* The cluster's own value before the global one. */
static const char *
threshold_of(const Planner *planner, const Cluster *cluster, const char *name)
{
    const Catalog *catalog = planner->catalog;
    const Setting *setting = table_find(&planner->settings, name);
    const char *value = setting ? setting->value.value : NULL;
    for (size_t i = 0; i < catalog->cluster_settings.n; i++) {
        const ClusterSetting *own = &catalog->cluster_settings.items[i];
        if (!g_strcmp0(own->clusterid.value, cluster->id.value) &&
            !g_strcmp0(own->name.value, name) && own->value.value)
            value = own->value.value;
    }
    return value;
}

static void
read_threshold(const Planner *planner, const Cluster *cluster, const char *name, RoomSum *sum)
{
    sum->threshold_text = threshold_of(planner, cluster, name);
    sum->threshold = sum->threshold_text ? g_ascii_strtod(sum->threshold_text, NULL) : -1;
}

static Answer
is_host_dedicated(const Catalog *catalog, const Host *host)
{
    for (size_t i = 0; i < catalog->dedicated_hosts.n; i++)
        if (!g_strcmp0(catalog->dedicated_hosts.items[i].hostid.value, host->id.value))
            return ANSWER_YES;
    return is_read(&catalog->dedicated_hosts) ? ANSWER_NO : ANSWER_UNKNOWN;
}

static Answer
is_cluster_dedicated(const Catalog *catalog, const Cluster *cluster)
{
    for (size_t i = 0; i < catalog->dedicated_clusters.n; i++)
        if (!g_strcmp0(catalog->dedicated_clusters.items[i].clusterid.value, cluster->id.value))
            return ANSWER_YES;
    return is_read(&catalog->dedicated_clusters) && is_read(&catalog->dedicated_hosts)
               ? ANSWER_NO
               : ANSWER_UNKNOWN;
}

static bool
is_up(const Host *host)
{
    return (!host->state.value || !strcmp(host->state.value, "Up")) &&
           (!host->resourcestate.value || !strcmp(host->resourcestate.value, "Enabled"));
}

static void
add_version(Room *room, Arena *arena, const char *version)
{
    if (!version || has_text(&room->versions, version))
        return;
    const char **items = arena_new_n(arena, const char *, room->versions.n + 1);
    if (room->versions.n)
        memcpy(items, room->versions.items, room->versions.n * sizeof *items);
    items[room->versions.n++] = version;
    room->versions.items = items;
}

static void
add_host(const Planner *planner, Room *room, const Host *host)
{
    double cpu_ratio = ratio_of(room->cluster->cpuovercommitratio),
           memory_ratio = ratio_of(room->cluster->memoryovercommitratio);
    RoomHost *to = &room->hosts[room->n_hosts++];
    int64_t mhz = (int64_t)((double)(host->cpunumber.value * host->cpuspeed.value) * cpu_ratio);
    int64_t mib = (int64_t)((double)(host->memorytotal.value / MIB) * memory_ratio);
    *to = (RoomHost){.host = host,
        .free_mhz = mhz - host->cpuallocatedvalue.value,
        .free_mib = mib - host->memoryallocatedbytes.value / MIB,
        .is_up = is_up(host),
        .is_dedicated = is_host_dedicated(planner->catalog, host) == ANSWER_YES,
        .is_known = host->cpuallocatedvalue.state == FACT_KNOWN &&
                    host->memoryallocatedbytes.state == FACT_KNOWN && mhz > 0 && mib > 0};
    room->cpu.total += mhz;
    room->cpu.allocated += host->cpuallocatedvalue.value;
    room->memory.total += mib;
    room->memory.allocated += host->memoryallocatedbytes.value / MIB;
    room->is_known &= to->is_known;
    add_version(room, planner->arena, host->hypervisorversion.value);
}

static Room *
find_room(const Planner *planner, const Cluster *cluster)
{
    const Catalog *catalog = planner->catalog;
    Room *room = g_hash_table_lookup(planner->rooms, cluster);
    if (room)
        return room;
    room = arena_new(planner->arena, Room);
    *room = (Room){.cluster = cluster,
        .hosts = arena_new_n(planner->arena, RoomHost, catalog->hosts.n),
        .is_known = is_read(&catalog->hosts),
        .is_dedicated = is_cluster_dedicated(catalog, cluster)};
    read_threshold(planner, cluster, "cluster.cpu.allocated.capacity.disablethreshold", &room->cpu);
    read_threshold(
        planner, cluster, "cluster.memory.allocated.capacity.disablethreshold", &room->memory);
    for (size_t i = 0; i < catalog->hosts.n; i++)
        if (!g_strcmp0(catalog->hosts.items[i].clusterid.value, cluster->id.value))
            add_host(planner, room, &catalog->hosts.items[i]);
    g_hash_table_insert(planner->rooms, (gpointer)cluster, room);
    return room;
}

/* --- what an item needs ----------------------------------------------------------------------- */

static Need
need_of(const Task *task)
{
    const ServiceOffering *offering = task->offering;
    Need need = {
        .cpus = task->shape.cpus, .mib = task->shape.memory_mib, .mhz_each = recorded_speed(task)};
    if (offering->cpunumber.state == FACT_KNOWN)
        need.cpus = offering->cpunumber.value;
    if (offering->memory.state == FACT_KNOWN)
        need.mib = offering->memory.value;
    need.mhz = need.cpus * need.mhz_each;
    return need;
}

static bool
has_tags(const Host *host, const Texts *tags)
{
    for (size_t i = 0; i < tags->n; i++)
        if (!has_text(&host->hosttags, tags->items[i]))
            return false;
    return true;
}

static bool
is_large_enough(const Room *room, const Host *host, const Need *need)
{
    double ratio = ratio_of(room->cluster->memoryovercommitratio);
    return (host->cpunumber.state != FACT_KNOWN || host->cpunumber.value >= need->cpus) &&
           (host->cpuspeed.state != FACT_KNOWN || host->cpuspeed.value >= need->mhz_each) &&
           (host->memorytotal.state != FACT_KNOWN ||
               (int64_t)((double)(host->memorytotal.value / MIB) * ratio) >= need->mib);
}

/* --- hosts that can --------------------------------------------------------------------------- */

/* How many hosts stay after each condition, in the order of the findings. */
typedef struct Sieve {
    size_t n_up, n_undedicated, n_tagged, n_uefi, n_large, n_room;
    int64_t most_mhz, most_mib; /* free on those that are large enough */
    int64_t fastest_mhz, most_cpus;
    bool is_uefi_unknown, has_tag_rule;
} Sieve;

static void
sift(Task *task, const Room *room, const RoomHost *at, const Need *need, Sieve *sieve)
{
    const Host *host = at->host;
    if (!at->is_up)
        return;
    sieve->n_up++;
    if (at->is_dedicated || room->is_dedicated == ANSWER_YES)
        return;
    sieve->n_undedicated++;
    sieve->has_tag_rule |= is_true(host->istagarule);
    if (!is_true(host->istagarule) && !has_tags(host, &task->offering->hosttags))
        return;
    sieve->n_tagged++;
    bool is_uefi = is_recorded_as_uefi(task);
    sieve->is_uefi_unknown |= is_uefi && host->ueficapability.state != FACT_KNOWN;
    if (is_uefi && host->ueficapability.state == FACT_KNOWN && !host->ueficapability.value)
        return;
    sieve->n_uefi++;
    sieve->fastest_mhz = MAX(sieve->fastest_mhz, host->cpuspeed.value);
    sieve->most_cpus = MAX(sieve->most_cpus, host->cpunumber.value);
    if (!is_large_enough(room, host, need))
        return;
    sieve->n_large++;
    sieve->most_mhz = MAX(sieve->most_mhz, at->free_mhz);
    sieve->most_mib = MAX(sieve->most_mib, at->free_mib);
    sieve->n_room += !at->is_known || (at->free_mhz >= need->mhz && at->free_mib >= need->mib);
}

static const char *
dedications(const Task *task, const Room *room)
{
    g_autoptr(GString) text = g_string_new(room->is_dedicated == ANSWER_YES ? "the cluster" : NULL);
    for (size_t i = 0; i < room->n_hosts; i++)
        if (room->hosts[i].is_dedicated)
            g_string_append_printf(
                text, "%s'%s'", text->len ? ", " : "", text_or_word(room->hosts[i].host->name));
    return arena_intern(task->planner->arena, text->str);
}

static void
find_sieved(Task *task, const Room *room, const Need *need, const Sieve *sieve)
{
    Arena *arena = task->planner->arena;
    const ServiceOffering *offering = task->offering;
    const char *cluster = text_or_word(room->cluster->name);
    if (!sieve->n_up)
        FIND(task, NO_HOST_UP, NULL, ARG(cluster), ARG(arena_printf(arena, "%zu", room->n_hosts)));
    else if (!sieve->n_undedicated)
        FIND(task, NO_HOST_DEDICATED, NULL, ARG(cluster), ARG(dedications(task, room)));
    else if (!sieve->n_tagged)
        FIND(task, NO_HOST_TAGGED, NULL, ARG(cluster), ARG(text_or_word(offering->name)),
            ARG(join_texts(arena, &offering->hosttags, ", ")));
    else if (!sieve->n_uefi)
        FIND(task, NO_HOST_UEFI, NULL, ARG(cluster));
    else if (!sieve->n_large)
        FIND(task, NO_HOST_LARGE, NULL, ARG(cluster), ARG_N(need->cpus), ARG_N(need->mhz_each),
            ARG_N(need->mib), ARG_N(sieve->most_cpus), ARG_N(sieve->fastest_mhz));
    else if (!sieve->n_room && need->mhz_each > 0)
        FIND(task, HOSTS_FULL, NULL, ARG(cluster), ARG_N(need->mhz), ARG_N(need->mib),
            ARG_N(sieve->most_mhz), ARG_N(sieve->most_mib))
            ->severity = task->shape.is_off ? SEVERITY_ACTION : SEVERITY_WARNING;
}

static RoomHost *
own_host(const Task *task, const Room *room)
{
    const char *name = task->server->host_name.value;
    const Host *host = name ? table_find(&task->planner->hosts, name) : NULL;
    for (size_t i = 0; host && i < room->n_hosts; i++)
        if (room->hosts[i].host == host)
            return &room->hosts[i];
    return NULL;
}

static void
check_hosts(Task *task, const Room *room, const Need *need)
{
    Sieve sieve = {0};
    const RoomHost *own = task->room_host;
    const ServiceOffering *offering = task->offering;
    if (own) /* mostly it will do */
        sift(task, room, own, need, &sieve);
    for (size_t i = 0; !sieve.n_room && i < room->n_hosts; i++)
        if (&room->hosts[i] != own)
            sift(task, room, &room->hosts[i], need, &sieve);
    if (!sieve.n_room)
        find_sieved(task, room, need, &sieve);
    if (own && sieve.n_tagged && !has_tags(own->host, &offering->hosttags) &&
        !is_true(own->host->istagarule))
        FIND(task, START_OTHER_HOST, NULL, ARG(text_or_word(own->host->name)),
            ARG(text_or_word(offering->name)),
            ARG(join_texts(task->planner->arena, &offering->hosttags, ", ")));
    if (sieve.is_uefi_unknown)
        task->start_untold |= START_FACT_UEFI;
    if (sieve.has_tag_rule)
        task->start_untold |= START_FACT_TAGS;
}

/* --- the cluster as a whole ------------------------------------------------------------------- */

static void
check_sum(Task *task, const Room *room, const RoomSum *sum, int64_t need, bool is_cpu)
{
    if (sum->threshold < 0) {
        task->start_untold |= START_FACT_THRESHOLD;
        return;
    }
    if ((double)(sum->allocated + sum->taken + need) <= (double)sum->total * sum->threshold)
        return;
    FIND(task, CLUSTER_OVER_THRESHOLD, NULL, ARG(text_or_word(room->cluster->name)),
        ARG(is_cpu ? "cpu" : "memory"), ARG_N(sum->allocated + sum->taken), ARG_N(sum->total),
        ARG_N(need), ARG(sum->threshold_text))
        ->severity = task->shape.is_off ? SEVERITY_ACTION : SEVERITY_WARNING;
}

static void
check_versions(Task *task, const Room *room)
{
    const InstanceView *server = task->server;
    if (room->versions.n < 2 || task->hypervisor != HYPERVISOR_VMWARE ||
        task->item->choice.templateid.value)
        return;
    for (size_t i = 0; i < room->versions.n; i++)
        if (!is_guest_os_mapped(task, room->versions.items[i]))
            FIND(task, GUEST_OS_ELSEWHERE, NULL, ARG(text_or_word(server->guest_os_name)),
                ARG(room->versions.items[i]));
}

void
check_start_room(Task *task)
{
    if (!task->cluster || !task->offering || !task->has_size)
        return;
    Room *room = task->room = find_room(task->planner, task->cluster);
    Need need = need_of(task);
    task->room_host = own_host(task, room);
    if (!is_read(&task->planner->catalog->hosts) || !room->n_hosts) {
        task->start_untold |= START_FACT_ALLOCATED;
        return;
    }
    if (room->is_dedicated == ANSWER_UNKNOWN)
        task->start_untold |= START_FACT_DEDICATED;
    for (size_t i = 0; room->n_hosts > 1 && i < task->view->nics.n; i++)
        if (task->view->nics.items[i].portgroup.state == FACT_UNKNOWN)
            task->start_untold |= START_FACT_VLANS;
    check_hosts(task, room, &need);
    check_versions(task, room);
    if (!room->is_known) {
        task->start_untold |= START_FACT_ALLOCATED;
        return;
    }
    if (need.mhz_each > 0)
        check_sum(task, room, &room->cpu, need.mhz, true);
    check_sum(task, room, &room->memory, need.mib, false);
}

void
use_start_room(Task *task)
{
    Verdict verdict = task->item->verdict;
    Room *room = task->room;
    if (!room || (verdict != VERDICT_READY && verdict != VERDICT_READY_AFTER_ACTION))
        return;
    Need need = need_of(task);
    room->cpu.taken += need.mhz;
    room->memory.taken += need.mib;
    if (task->room_host && !task->shape.is_off) {
        task->room_host->free_mhz -= need.mhz;
        task->room_host->free_mib -= need.mib;
    }
}
