/* SPDX-License-Identifier: Apache-2.0
 *
 * IP addresses with their networks, names of hosts: what a setting may hold.
 */
#ifndef SETTINGS_ADDRESS_H
#define SETTINGS_ADDRESS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct IpAddress {
    int family; /* AF_INET, AF_INET6 */
    uint8_t bytes[16];
    unsigned n_bits;   /* 32 or 128 */
    unsigned n_prefix; /* of "/24"; n_bits without one */
    bool has_prefix;
} IpAddress;

/* "192.0.2.10", "192.0.2.10/24", "2001:db8::1/64" */
bool ip_parse(const char *text, IpAddress *ret_address);
bool ip_is_in_network(const IpAddress *address, const IpAddress *network);
bool ip_is_same(const IpAddress *a, const IpAddress *b);
/* fe80::/10, which is reached on every link */
bool ip_is_link_local(const IpAddress *address);
/* Why no machine can have it: "is a multicast address"; NULL: one can. (borrowed, static) */
const char *ip_find_unusable(const IpAddress *address);
/* The first and the last address of the network: "192.0.2.0 to 192.0.2.255" (owned) */
char *ip_format_range(const IpAddress *network);

/* By RFC 1123: labels of letters, digits and hyphens; not all digits and dots. */
bool host_name_is_valid(const char *name);
/* A name or an address. */
bool host_is_valid(const char *host);
/* "host:port", "[address]:port"; without a port if @default_port is not 0. @ret_host: (owned) */
bool host_port_parse(const char *text, unsigned default_port, char **ret_host, unsigned *ret_port);

#endif
