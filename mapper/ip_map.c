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

static FindingId
auto_fit(const Task *task, const Nic *nic, const Network *network)
{
    const char *only = only_ip4(task, nic);
    return only ? ip_fit(task, nic, network, only) : FINDING_NONE;
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

/* The row that a shared network needs for an address in newer releases. */
static FindingId
shared_fit(const Task *task, const Network *network, const char *ip4)
{
    Planner *planner = task->planner;
    bool is_basic = !g_strcmp0(planner->zone->networktype.value, "Basic");
    Answer needs_row = is_basic ? RELEASES_ASK(&planner->releases, needs_free_basic_ip)
                                : RELEASES_ASK(&planner->releases, needs_free_shared_ip);
    if (g_strcmp0(network->type.value, "Shared") != 0 || needs_row == ANSWER_NO)
        return FINDING_NONE;
    const SharedIp *row =
        table_find_pair(&planner->shared_ips, hashed(network->id.value), hashed(ip4));
    if (row && row->state.value)
        return strcmp(row->state.value, "Free") ? FINDING_IP_NOT_AVAILABLE : FINDING_NONE;
    /* The rows of free addresses are not shown by each release; each range is. */
    Answer in_range = is_in_ranges(planner, network, ip4);
    if (in_range == ANSWER_YES)
        return FINDING_NONE;
    if (in_range == ANSWER_UNKNOWN || !is_read(&planner->catalog->shared_ips))
        return FINDING_LIST_UNREAD;
    return needs_row == ANSWER_YES ? FINDING_IP_NOT_FREE : FINDING_RELEASE_DECIDES;
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
    if (!strcmp(ip4, "auto"))
        return auto_fit(task, nic, network);
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
    return shared_fit(task, network, ip4);
}

/* The guest's first address that fits, else the first one inside the network. One that is known to
 * have no address there may be given a new one; an address that nobody read is not none. */
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
    bool may_be_new = nic->ips.state == FACT_KNOWN &&
                      (!nic->ips.n || (task->hypervisor == HYPERVISOR_KVM && !task->target));
    return inside ? inside : may_be_new && !ip_fit(task, nic, network, "auto") ? "auto" : NULL;
}
