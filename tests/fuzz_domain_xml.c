/* SPDX-License-Identifier: Apache-2.0
 *
 * Domain XML from a hostile host, and the other documents that it sends: a network, interface, pool
 * or volume, a NUL byte, and the domain; or the domain alone.
 */
#include "discover/libvirt_priv.h"
#include "record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The document as the host's networks too: names then meet themselves. */
typedef struct FuzzHost {
    NetworkFacts network;
    InterfaceFacts interface;
    bool has_network, has_interface;
} FuzzHost;

static const NetworkFacts *
find_network(void *data, const char *name)
{
    FuzzHost *host = data;
    return host->has_network && name ? &host->network : NULL;
}

static const InterfaceFacts *
find_interface(void *data, const char *name)
{
    FuzzHost *host = data;
    return host->has_interface && name ? &host->interface : NULL;
}

static void
fuzz_domain(const char *xml, size_t length, Arena *arena, FuzzHost *host)
{
    DomainXml domain;
    HostNetworks networks = {host, find_network, find_interface, 9000000};
    if (!domain_xml_parse(xml, length, arena, &domain, NULL))
        return;
    for (size_t i = 0; i < domain.view.nics.n; i++) {
        domain.view.nics.items[i].vlan = vlan_resolve(&domain.nics[i], &networks, arena);
        nic_switch_kind(&domain.nics[i], &networks);
    }
    g_autoptr(GString) json = g_string_new(NULL);
    record_encode(inventory_record_types[RECORD_INSTANCE], &domain.view, json);
    g_autofree char *copy = g_strdup(json->str);
    json_object *object = json_tokener_parse(copy);
    g_assert(object);
    json_object_put(object);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena arena;
    FuzzHost host = {0};
    PoolFacts pool;
    VolumeFacts volume;
    arena_init(&arena);
    const char *text = (const char *)data;
    const char *split = memchr(text, 0, size);
    size_t first = split ? (size_t)(split - text) : 0;
    host.has_network = network_xml_parse(text, first, &arena, &host.network, NULL);
    host.has_interface = interface_xml_parse(text, first, &arena, &host.interface, NULL);
    pool_xml_parse(text, first, &arena, &pool, NULL);
    volume_xml_parse(text, first, &arena, &volume, NULL);
    const char *rest = split ? split + 1 : text;
    fuzz_domain(rest, size - (size_t)(rest - text), &arena, &host);
    arena_release(&arena);
    return 0;
}
