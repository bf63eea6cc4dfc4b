/* SPDX-License-Identifier: Apache-2.0
 *
 * IPv4 addresses of NICs on networks that record one.
 */
#include <arpa/inet.h>
#include <string.h>

#include "trap_priv.h"

static bool
parse_ip4(const char *text, uint32_t *ret)
{
    struct in_addr address;
    if (!text || inet_pton(AF_INET, text, &address) != 1)
        return false;
    *ret = ntohl(address.s_addr);
    return true;
}

bool
ip4_is_valid(const char *text)
{
    uint32_t address;
    return parse_ip4(text, &address);
}

/* Is the address within "192.168.1.0/24", and neither its first nor its last one? */
static Answer
is_within_cidr(uint32_t address, Text cidr)
{
    if (!cidr.value)
        return ANSWER_UNKNOWN;
    const char *slash = strchr(cidr.value, '/');
    char base_text[INET_ADDRSTRLEN] = "";
    uint32_t base;
    if (!slash || (size_t)(slash - cidr.value) >= sizeof base_text)
        return ANSWER_UNKNOWN;
    memcpy(base_text, cidr.value, (size_t)(slash - cidr.value));
    int64_t bits = g_ascii_strtoll(slash + 1, NULL, 10);
    if (!parse_ip4(base_text, &base) || bits < 1 || bits > 32)
        return ANSWER_UNKNOWN;
    uint32_t mask = ~(uint32_t)0 << (32 - bits);
    bool is_edge = bits < 31 && ((address & ~mask) == 0 || (address & ~mask) == ~mask);
    return (address & mask) == (base & mask) && !is_edge ? ANSWER_YES : ANSWER_NO;
}

/* The address that "auto" stands for: the guest's only one on VMware; NULL: a new one. */
static const char *
only_ip4(const Task *task, const Nic *nic)
{
    bool is_told = task->hypervisor == HYPERVISOR_VMWARE && nic->ips.n == 1;
    return is_told && ip4_is_valid(nic->ips.items[0]) ? nic->ips.items[0] : NULL;
}

const char *
ip_recorded(const Task *task, const Nic *nic, const Network *network, const char *ip4)
{
    if (!ip4 || !network_needs_ip(network))
        return NULL;
    if (strcmp(ip4, "auto") != 0)
        return ip4;
    return only_ip4(task, nic);
}

/* Is the address in one of the network's ranges? */
static Answer
is_in_ranges(const Planner *planner, const Network *network, const char *ip4)
{
    const Catalog *catalog = planner->catalog;
    uint32_t address, first, last;
    if (!is_read(&catalog->vlan_ip_ranges) || !parse_ip4(ip4, &address))
        return ANSWER_UNKNOWN;
    for (size_t i = 0; i < catalog->vlan_ip_ranges.n; i++) {
        const VlanIpRange *range = &catalog->vlan_ip_ranges.items[i];
        if (!g_strcmp0(range->networkid.value, network->id.value) &&
            parse_ip4(range->startip.value, &first) && parse_ip4(range->endip.value, &last) &&
            address >= first && address <= last)
            return ANSWER_YES;
    }
    return ANSWER_NO;
}

/* Would the network hand the address out: of its ranges, or any of an isolated network? */
Answer
network_gives(const Planner *planner, const Network *network, const char *ip4)
{
    uint32_t address;
    if (!parse_ip4(ip4, &address))
        return ANSWER_NO;
    return g_strcmp0(network->type.value, "Shared") ? is_within_cidr(address, network->cidr)
                                                    : is_in_ranges(planner, network, ip4);
}

/* Addresses that a shared network may still hand out. */
typedef struct FreeIps {
    int64_t n; /* in the catalog, less those that the plan takes so far */
    bool has_range;
} FreeIps;

static FreeIps *
make_free(Planner *planner, const char *networkid)
{
    const Network *network = networkid ? table_find(&planner->networks, networkid) : NULL;
    FreeIps *free_ips = network ? g_hash_table_lookup(planner->free_ips, network) : NULL;
    if (network && !free_ips) {
        free_ips = arena_new(&planner->scratch, FreeIps);
        g_hash_table_insert(planner->free_ips, (gpointer)network, free_ips);
    }
    return free_ips;
}

static void
count_ranges(Planner *planner)
{
    const Catalog *catalog = planner->catalog;
    for (size_t i = 0; i < catalog->vlan_ip_ranges.n; i++) {
        const VlanIpRange *range = &catalog->vlan_ip_ranges.items[i];
        FreeIps *free_ips = make_free(planner, range->networkid.value);
        uint32_t first, last;
        if (!free_ips || !parse_ip4(range->startip.value, &first) ||
            !parse_ip4(range->endip.value, &last) || last < first)
            continue;
        free_ips->has_range = true;
        free_ips->n += (int64_t)last - first + 1;
    }
}

/* The rows of free addresses count where no range is shown. */
static void
count_free_rows(Planner *planner)
{
    const Catalog *catalog = planner->catalog;
    for (size_t i = 0; i < catalog->shared_ips.n; i++) {
        const SharedIp *row = &catalog->shared_ips.items[i];
        FreeIps *free_ips = make_free(planner, row->networkid.value);
        if (free_ips && !free_ips->has_range && !g_strcmp0(row->state.value, "Free"))
            free_ips->n++;
    }
}

/* An address that somebody has; @seen: those that were counted. */
static void
count_taken(Planner *planner, Table *seen, const char *networkid, const char *ip4)
{
    const Network *network = networkid && ip4 ? table_find(&planner->networks, networkid) : NULL;
    FreeIps *free_ips = network ? g_hash_table_lookup(planner->free_ips, network) : NULL;
    if (!free_ips || !free_ips->has_range || is_in_ranges(planner, network, ip4) != ANSWER_YES)
        return;
    void **place = table_at_pair(seen, hashed(networkid), hashed(ip4));
    free_ips->n -= !*place;
    *place = free_ips;
}

/* Once for all networks. */
static void
count_free(Planner *planner)
{
    const Catalog *catalog = planner->catalog;
    planner->free_ips = g_hash_table_new(NULL, NULL);
    count_ranges(planner);
    count_free_rows(planner);
    Table seen = {0};
    for (size_t i = 0; i < catalog->shared_ips.n; i++) {
        const SharedIp *row = &catalog->shared_ips.items[i];
        if (row->state.value && strcmp(row->state.value, "Free") != 0)
            count_taken(planner, &seen, row->networkid.value, row->ipaddress.value);
    }
    for (size_t i = 0; i < catalog->vms.n; i++)
        for (size_t j = 0; j < catalog->vms.items[i].nic.n; j++) {
            const ManagedNic *nic = &catalog->vms.items[i].nic.items[j];
            count_taken(planner, &seen, nic->networkid.value, nic->ipaddress.value);
        }
    for (size_t i = 0; i < catalog->routers.n; i++)
        for (size_t j = 0; j < catalog->routers.items[i].nic.n; j++) {
            const RouterNic *nic = &catalog->routers.items[i].nic.items[j];
            count_taken(planner, &seen, nic->networkid.value, nic->ipaddress.value);
        }
    for (size_t i = 0; i < catalog->networks.n; i++)
        count_taken(planner, &seen, catalog->networks.items[i].id.value,
            catalog->networks.items[i].gateway.value);
    table_release(&seen);
}

static FreeIps *
find_free(Planner *planner, const Network *network)
{
    if (!planner->free_ips)
        count_free(planner);
    return g_hash_table_lookup(planner->free_ips, network);
}

void
ip_take(Planner *planner, const Network *network, const char *ip4)
{
    FreeIps *free_ips = find_free(planner, network);
    bool is_counted = free_ips && (!ip4 || !free_ips->has_range ||
                                      is_in_ranges(planner, network, ip4) == ANSWER_YES);
    if (is_counted)
        free_ips->n--;
}

/* Does the server need a row of the network's ranges for an address there? */
static Answer
needs_row(const Planner *planner, const Network *network)
{
    bool is_basic = !g_strcmp0(planner->zone->networktype.value, "Basic");
    if (g_strcmp0(network->type.value, "Shared") != 0)
        return ANSWER_NO;
    return is_basic ? RELEASES_ASK(&planner->releases, needs_free_basic_ip)
                    : RELEASES_ASK(&planner->releases, needs_free_shared_ip);
}

bool
ip_has_room(Planner *planner, const Network *network, int64_t asked)
{
    const FreeIps *free_ips =
        needs_row(planner, network) == ANSWER_YES ? find_free(planner, network) : NULL;
    return !free_ips || free_ips->n >= asked;
}

/* One that the server chooses from the ranges. */
static FindingId
new_fit(const Task *task, const Network *network)
{
    Planner *planner = task->planner;
    Answer answer = needs_row(planner, network);
    if (answer == ANSWER_NO)
        return FINDING_NONE;
    if (!is_read(&planner->catalog->vlan_ip_ranges) || !is_read(&planner->catalog->shared_ips))
        return FINDING_LIST_UNREAD;
    const FreeIps *free_ips = find_free(planner, network);
    if (free_ips && free_ips->n > count_uses(planner, network))
        return FINDING_NONE;
    return answer == ANSWER_YES ? FINDING_IP_NOT_FREE : FINDING_RELEASE_DECIDES;
}

/* The row that a shared network needs for an address in newer releases. */
static FindingId
shared_fit(const Task *task, const Network *network, const char *ip4)
{
    Planner *planner = task->planner;
    Answer answer = needs_row(planner, network);
    if (answer == ANSWER_NO)
        return FINDING_NONE;
    const SharedIp *row =
        table_find_pair(&planner->shared_ips, network_id(planner, network), hashed(ip4));
    if (row && row->state.value && strcmp(row->state.value, "Free") != 0)
        return FINDING_IP_NOT_AVAILABLE;
    /* The rows of free addresses are not shown by each release; each range is. */
    Answer in_range = is_in_ranges(planner, network, ip4);
    if (!row && in_range != ANSWER_YES)
        return in_range == ANSWER_UNKNOWN || !is_read(&planner->catalog->shared_ips)
                   ? FINDING_LIST_UNREAD
               : answer == ANSWER_YES ? FINDING_IP_NOT_FREE
                                      : FINDING_RELEASE_DECIDES;
    const FreeIps *free_ips = find_free(planner, network);
    bool is_left = !free_ips || free_ips->n > count_uses(planner, network);
    return is_left ? FINDING_NONE : FINDING_IP_NOT_AVAILABLE; /* 'auto' took it before */
}

/* Another NIC of the VM has it already: seen when the NICs are recorded, whatever the release.
 * Where the network gives its guests nothing, some do not ask. */
static FindingId
twice_fit(const Task *task, const Network *network)
{
    Answer answer = needs_row(task->planner, network);
    bool is_served = network->service.state != FACT_KNOWN || network->service.n;
    if (answer == ANSWER_YES)
        return FINDING_IP_NOT_FREE;
    return is_served             ? FINDING_IP_TWICE
           : answer == ANSWER_NO ? FINDING_NONE
                                 : FINDING_RELEASE_DECIDES;
}

FindingId
ip_fit(const Task *task, const Nic *nic, const Network *network, const char *ip4)
{
    Planner *planner = task->planner;
    uint32_t address;
    if (!network_needs_ip(network))
        return FINDING_NONE;
    if (!ip4)
        return FINDING_IP_MISSING;
    if (!strcmp(ip4, "auto")) {
        const char *only = only_ip4(task, nic);
        return only ? ip_fit(task, nic, network, only) : new_fit(task, network);
    }
    if (!parse_ip4(ip4, &address))
        return FINDING_IP_INVALID;
    if (is_within_cidr(address, network->cidr) == ANSWER_NO ||
        !g_strcmp0(network->gateway.value, ip4))
        return FINDING_IP_NOT_AVAILABLE;
    const HashedText id = network_id(planner, network), address_text = hashed(ip4);
    if (table_find_pair(&planner->managed_ips, id, address_text) ||
        table_find_pair(&planner->router_ips, id, address_text) ||
        held_by(&planner->held_ips, id, address_text))
        return FINDING_IP_NOT_AVAILABLE;
    FindingId of_network = shared_fit(task, network, ip4);
    return !of_network && uses_ip(task, network, ip4) ? twice_fit(task, network) : of_network;
}

/* VMware's tools tell the server what the guest has, and it takes that. */
bool
ip_may_be_new(const Task *task, const Nic *nic, const Network *network)
{
    bool is_untold = !nic->ips.n || (task->hypervisor == HYPERVISOR_KVM && !task->target);
    return is_untold && !ip_fit(task, nic, network, "auto");
}

/* The guest's first address that fits; else one that the server chooses; else the guest's first one
 * inside the network, for a finding to tell what stands in its way. */
const char *
ip_choose(const Task *task, const Nic *nic, const Network *network)
{
    const char *inside = NULL;
    for (size_t i = 0; i < nic->ips.n; i++) {
        const char *ip4 = nic->ips.items[i];
        uint32_t address;
        if (!parse_ip4(ip4, &address))
            continue;
        if (!ip_fit(task, nic, network, ip4))
            return ip4;
        if (!inside && is_within_cidr(address, network->cidr) == ANSWER_YES)
            inside = ip4;
    }
    return ip_may_be_new(task, nic, network) ? "auto" : inside;
}
