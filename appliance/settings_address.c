/* SPDX-License-Identifier: Apache-2.0
 *
 * IP addresses with their networks, names of hosts.
 */
#include "settings_address.h"

#include <arpa/inet.h>
#include <string.h>

bool
ip_parse(const char *text, IpAddress *ret_address)
{
    IpAddress address = {0};
    const char *slash = strchr(text, '/');
    g_autofree char *digits = slash ? g_strndup(text, (gsize)(slash - text)) : g_strdup(text);
    address.family = strchr(digits, ':') ? AF_INET6 : AF_INET;
    address.n_bits = address.family == AF_INET6 ? 128 : 32;
    address.n_prefix = address.n_bits;
    if (inet_pton(address.family, digits, address.bytes) != 1)
        return false;
    if (slash) {
        guint64 bits = 0;
        if (!g_ascii_string_to_unsigned(slash + 1, 10, 0, address.n_bits, &bits, NULL))
            return false;
        address.n_prefix = (unsigned)bits;
        address.has_prefix = true;
    }
    *ret_address = address;
    return true;
}

bool
ip_is_in_network(const IpAddress *address, const IpAddress *network)
{
    if (address->family != network->family)
        return false;
    for (unsigned bit = 0; bit < network->n_prefix; bit++)
        if ((address->bytes[bit / 8] ^ network->bytes[bit / 8]) & (0x80 >> bit % 8))
            return false;
    return true;
}

bool
ip_is_same(const IpAddress *a, const IpAddress *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, a->n_bits / 8) == 0;
}

bool
ip_is_link_local(const IpAddress *address)
{
    return address->family == AF_INET6 && address->bytes[0] == 0xfe &&
           (address->bytes[1] & 0xc0) == 0x80;
}

/* The network's first or last address: all bits of the host's part are 0, or 1. */
static IpAddress
edge_of(const IpAddress *network, bool is_last)
{
    IpAddress edge = *network;
    for (unsigned bit = network->n_prefix; bit < network->n_bits; bit++) {
        uint8_t mask = (uint8_t)(0x80 >> bit % 8);
        edge.bytes[bit / 8] =
            (uint8_t)(is_last ? edge.bytes[bit / 8] | mask : edge.bytes[bit / 8] & ~mask);
    }
    return edge;
}

static const char *
find_unusable_v4(const IpAddress *address)
{
    if (address->bytes[0] == 0)
        return "is no address of a machine (0.0.0.0/8)";
    if (address->bytes[0] == 127)
        return "is a loopback address";
    if (address->bytes[0] >= 240)
        return "is reserved (240.0.0.0/4)";
    if (address->bytes[0] >= 224)
        return "is a multicast address";
    if (address->has_prefix && address->n_prefix < 31) {
        IpAddress first = edge_of(address, false), last = edge_of(address, true);
        if (ip_is_same(address, &first))
            return "is the network itself, not an address in it";
        if (ip_is_same(address, &last))
            return "is the broadcast address of its network";
    }
    return NULL;
}

const char *
ip_find_unusable(const IpAddress *address)
{
    static const uint8_t zeros[15];
    if (address->has_prefix && address->n_prefix == 0)
        return "has a prefix length of 0";
    if (address->family == AF_INET)
        return find_unusable_v4(address);
    if (address->bytes[0] == 0xff)
        return "is a multicast address";
    if (memcmp(address->bytes, zeros, 15) == 0 && address->bytes[15] <= 1)
        return address->bytes[15] ? "is the loopback address" : "is no address of a machine (::)";
    return NULL;
}

char *
ip_format_range(const IpAddress *network)
{
    char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];
    IpAddress first = edge_of(network, false), last = edge_of(network, true);
    inet_ntop(network->family, first.bytes, from, sizeof from);
    inet_ntop(network->family, last.bytes, to, sizeof to);
    return g_strdup_printf("%s to %s", from, to);
}

bool
host_name_is_valid(const char *name)
{
    size_t length = strlen(name), label = 0;
    bool has_letter = false;
    if (length == 0 || length > 253)
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = name[i];
        if (c == '.') {
            if (label == 0 || name[i - 1] == '-')
                return false;
            label = 0;
            continue;
        }
        if (!g_ascii_isalnum(c) && c != '-')
            return false;
        if ((c == '-' && label == 0) || ++label > 63)
            return false;
        has_letter = has_letter || !g_ascii_isdigit(c);
    }
    return label > 0 && name[length - 1] != '-' && has_letter;
}

bool
host_is_valid(const char *host)
{
    IpAddress address;
    return host_name_is_valid(host) || (ip_parse(host, &address) && !address.has_prefix);
}

bool
host_port_parse(const char *text, unsigned default_port, char **ret_host, unsigned *ret_port)
{
    const char *port = NULL;
    g_autofree char *host = NULL;
    if (*text == '[') {
        const char *end = strchr(text, ']');
        if (!end || (end[1] && end[1] != ':') || !memchr(text, ':', (size_t)(end - text)))
            return false;
        host = g_strndup(text + 1, (gsize)(end - text - 1));
        port = end[1] ? end + 2 : NULL;
    } else {
        const char *colon = strchr(text, ':');
        host = colon ? g_strndup(text, (gsize)(colon - text)) : g_strdup(text);
        port = colon ? colon + 1 : NULL;
    }
    guint64 number = default_port;
    if (port && !g_ascii_string_to_unsigned(port, 10, 1, 65535, &number, NULL))
        return false;
    if (number == 0 || !host_is_valid(host))
        return false;
    *ret_host = g_steal_pointer(&host);
    *ret_port = (unsigned)number;
    return true;
}
