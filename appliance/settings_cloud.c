/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings out of what clouds hand to their machines: NoCloud's and ConfigDrive's user data, meta
 * data and network data. All of it is YAML, or JSON, which is YAML, too.
 */
#include "settings_address.h"
#include "settings_source.h"
#include "settings_source_priv.h"

#include <arpa/inet.h>
#include <string.h>
#include <yaml.h>

enum { CLOUD_ITEMS_MAX = 256 };

typedef struct Cloud {
    Settings *settings; /* borrowed */
    yaml_document_t document;
} Cloud;

static yaml_node_t *
node_at(Cloud *cloud, int index)
{
    return yaml_document_get_node(&cloud->document, index);
}

static const char *
text_of(const yaml_node_t *node)
{
    return node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

/* The value of a key; NULL: @node is no mapping, or has none. */
static yaml_node_t *
find(Cloud *cloud, yaml_node_t *node, const char *key)
{
    if (!node || node->type != YAML_MAPPING_NODE)
        return NULL;
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        const char *name = text_of(node_at(cloud, pair->key));
        if (name && strcmp(name, key) == 0)
            return node_at(cloud, pair->value);
    }
    return NULL;
}

static const char *
find_text(Cloud *cloud, yaml_node_t *node, const char *key)
{
    return text_of(find(cloud, node, key));
}

/* The values of a list or a mapping, or a single value as the only one of a list; NULL at its end.
 */
static yaml_node_t *
item_of(Cloud *cloud, yaml_node_t *node, unsigned i)
{
    if (!node || i >= CLOUD_ITEMS_MAX)
        return NULL;
    if (node->type == YAML_SEQUENCE_NODE) {
        yaml_node_item_t *item = node->data.sequence.items.start + i;
        return item < node->data.sequence.items.top ? node_at(cloud, *item) : NULL;
    }
    if (node->type == YAML_MAPPING_NODE) {
        yaml_node_pair_t *pair = node->data.mapping.pairs.start + i;
        return pair < node->data.mapping.pairs.top ? node_at(cloud, pair->value) : NULL;
    }
    return i == 0 ? node : NULL;
}

/* All texts of a list, with @between between them. (owned) */
static char *
join(Cloud *cloud, yaml_node_t *list, const char *between)
{
    GString *text = g_string_new(NULL);
    yaml_node_t *item;
    for (unsigned i = 0; (item = item_of(cloud, list, i)); i++)
        if (text_of(item))
            g_string_append_printf(text, "%s%s", text->len ? between : "", text_of(item));
    return g_string_free(text, false);
}

static void
put_list(Cloud *cloud, SettingKey key, yaml_node_t *list)
{
    g_autofree char *text = join(cloud, list, setting_joint(key));
    settings_put(cloud->settings, key, text);
}

static void
put_text(Cloud *cloud, SettingKey key, const char *text)
{
    if (text)
        settings_put(cloud->settings, key, text);
}

/* Adds to a setting that other parts of the same text may have set. */
static void
add_text(Cloud *cloud, SettingKey key, const char *text)
{
    const char *before = cloud->settings->values[key];
    g_autofree char *all =
        before ? g_strconcat(before, setting_joint(key), text, NULL) : g_strdup(text);
    settings_unset(cloud->settings, key);
    settings_put(cloud->settings, key, all);
}

/* NULL with a problem: it is no YAML. Empty: a document without content. */
static yaml_node_t *
load(Cloud *cloud, Settings *settings, const char *what, const char *text, size_t length)
{
    *cloud = (Cloud){.settings = settings};
    if (!settings_check_text(settings, what, text, length))
        return NULL;
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return NULL;
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    bool is_read = yaml_parser_load(&parser, &cloud->document);
    if (!is_read)
        settings_complain(settings, "%s: line %zu: %s", what, parser.problem_mark.line + 1,
            parser.problem ? parser.problem : "is no YAML");
    yaml_parser_delete(&parser);
    return is_read ? yaml_document_get_root_node(&cloud->document) : NULL;
}

static void
release(Cloud *cloud)
{
    if (cloud->document.nodes.start)
        yaml_document_delete(&cloud->document);
}

/* --- user data and meta data ------------------------------------------------------------------ */

static void
put_own(Cloud *cloud, yaml_node_t *own)
{
    if (own->type != YAML_MAPPING_NODE) {
        settings_complain(cloud->settings, "user-data: vm-ingest: is no mapping of settings");
        return;
    }
    for (yaml_node_pair_t *pair = own->data.mapping.pairs.start; pair < own->data.mapping.pairs.top;
         pair++) {
        const char *name = text_of(node_at(cloud, pair->key));
        yaml_node_t *value = node_at(cloud, pair->value);
        SettingKey key = name ? setting_from_name(name) : SETTING_N;
        g_autofree char *text = join(cloud, value, key < SETTING_N ? setting_joint(key) : ", ");
        if (name && value && value->type != YAML_MAPPING_NODE)
            settings_put_named(cloud->settings, name, text);
        else
            settings_complain(cloud->settings, "user-data: vm-ingest: line %zu: is not KEY: VALUE",
                node_at(cloud, pair->key)->start_mark.line + 1);
    }
}

static void
add_keys(Cloud *cloud, yaml_node_t *list)
{
    g_autofree char *keys = join(cloud, list, "\n");
    if (*keys)
        add_text(cloud, SETTING_SSH_KEY, keys);
}

void
settings_parse_user_data(Settings *settings, const char *yaml, size_t length)
{
    if (length < strlen("#cloud-config") || memcmp(yaml, "#cloud-config", 13) != 0)
        return;
    Cloud cloud;
    yaml_node_t *root = load(&cloud, settings, "user-data", yaml, length), *user;
    yaml_node_t *own = find(&cloud, root, "vm-ingest");
    if (own)
        put_own(&cloud, own);
    const char *name = find_text(&cloud, root, "fqdn");
    if (!name)
        name = find_text(&cloud, root, "hostname");
    if (!settings->values[SETTING_HOSTNAME])
        put_text(&cloud, SETTING_HOSTNAME, name);
    if (!settings->values[SETTING_SSH_KEY]) {
        add_keys(&cloud, find(&cloud, root, "ssh_authorized_keys"));
        yaml_node_t *users = find(&cloud, root, "users");
        for (unsigned i = 0; (user = item_of(&cloud, users, i)); i++)
            add_keys(&cloud, find(&cloud, user, "ssh_authorized_keys"));
    }
    yaml_node_t *ntp = find(&cloud, root, "ntp");
    if (!settings->values[SETTING_NTP])
        put_list(&cloud, SETTING_NTP, find(&cloud, ntp, "servers"));
    yaml_node_t *ca = find(&cloud, root, "ca_certs");
    if (!ca)
        ca = find(&cloud, root, "ca-certs");
    if (!settings->values[SETTING_CA])
        put_list(&cloud, SETTING_CA, find(&cloud, ca, "trusted"));
    release(&cloud);
}

void
settings_parse_meta_data(Settings *settings, const char *yaml, size_t length)
{
    static const char *const names[] = {"local-hostname", "local_hostname", "hostname"};
    static const char *const keys[] = {"public-keys", "public_keys"};
    Cloud cloud;
    yaml_node_t *root = load(&cloud, settings, "meta-data", yaml, length);
    for (size_t i = 0; i < G_N_ELEMENTS(names) && !settings->values[SETTING_HOSTNAME]; i++)
        put_text(&cloud, SETTING_HOSTNAME, find_text(&cloud, root, names[i]));
    for (size_t i = 0; i < G_N_ELEMENTS(keys) && !settings->values[SETTING_SSH_KEY]; i++)
        add_keys(&cloud, find(&cloud, root, keys[i]));
    release(&cloud);
}

/* --- network data ----------------------------------------------------------------------------- */

/* Of several NICs the first is the one that the appliance uses. */

static bool
is_default_route(const char *to)
{
    return !to || strcmp(to, "default") == 0 || strcmp(to, "0.0.0.0/0") == 0 ||
           strcmp(to, "::/0") == 0;
}

/* "255.255.255.0" or "ffff:ffff::" as 24 or 32; -1: its ones do not come first. */
static int
prefix_of_mask(const char *mask)
{
    IpAddress ip;
    guint64 bits = 0;
    if (g_ascii_string_to_unsigned(mask, 10, 0, 128, &bits, NULL))
        return (int)bits;
    if (!ip_parse(mask, &ip) || ip.has_prefix)
        return -1;
    unsigned n = 0;
    while (n < ip.n_bits && ip.bytes[n / 8] & (0x80 >> n % 8))
        n++;
    for (unsigned bit = n; bit < ip.n_bits; bit++)
        if (ip.bytes[bit / 8] & (0x80 >> bit % 8))
            return -1;
    return (int)n;
}

static void
add_address(Cloud *cloud, const char *address, const char *mask)
{
    if (!address)
        return;
    bool needs_mask = mask && !strchr(address, '/');
    int n_prefix = needs_mask ? prefix_of_mask(mask) : -1;
    if (needs_mask && n_prefix < 0)
        settings_complain(
            cloud->settings, "network-config: address '%s': its netmask is none", address);
    g_autofree char *whole =
        n_prefix >= 0 ? g_strdup_printf("%s/%d", address, n_prefix) : g_strdup(address);
    add_text(cloud, SETTING_ADDRESS, whole);
}

static void
add_list(Cloud *cloud, SettingKey key, yaml_node_t *list)
{
    g_autofree char *text = join(cloud, list, ", ");
    if (*text)
        add_text(cloud, key, text);
}

static void
parse_version_2(Cloud *cloud, yaml_node_t *ethernets)
{
    yaml_node_t *nic = item_of(cloud, ethernets, 0), *route;
    yaml_node_t *addresses = find(cloud, nic, "addresses"), *routes = find(cloud, nic, "routes");
    add_list(cloud, SETTING_ADDRESS, addresses);
    add_list(cloud, SETTING_GATEWAY, find(cloud, nic, "gateway4"));
    add_list(cloud, SETTING_GATEWAY, find(cloud, nic, "gateway6"));
    for (unsigned i = 0; (route = item_of(cloud, routes, i)); i++)
        if (is_default_route(find_text(cloud, route, "to")))
            add_list(cloud, SETTING_GATEWAY, find(cloud, route, "via"));
    add_list(cloud, SETTING_DNS, find(cloud, find(cloud, nic, "nameservers"), "addresses"));
}

static void
parse_version_1(Cloud *cloud, yaml_node_t *config)
{
    yaml_node_t *item, *subnet;
    bool has_nic = false;
    for (unsigned i = 0; (item = item_of(cloud, config, i)); i++) {
        const char *type = find_text(cloud, item, "type");
        if (g_strcmp0(type, "nameserver") == 0)
            add_list(cloud, SETTING_DNS, find(cloud, item, "address"));
        if (has_nic || g_strcmp0(type, "physical") != 0)
            continue;
        has_nic = true;
        yaml_node_t *subnets = find(cloud, item, "subnets");
        for (unsigned j = 0; (subnet = item_of(cloud, subnets, j)); j++) {
            add_address(
                cloud, find_text(cloud, subnet, "address"), find_text(cloud, subnet, "netmask"));
            add_list(cloud, SETTING_GATEWAY, find(cloud, subnet, "gateway"));
            add_list(cloud, SETTING_DNS, find(cloud, subnet, "dns_nameservers"));
        }
    }
}

static void
parse_openstack(Cloud *cloud, yaml_node_t *root)
{
    yaml_node_t *networks = find(cloud, root, "networks"), *network, *route, *service;
    const char *link = find_text(cloud, item_of(cloud, networks, 0), "link");
    for (unsigned i = 0; (network = item_of(cloud, networks, i)); i++) {
        if (g_strcmp0(find_text(cloud, network, "link"), link) != 0)
            continue;
        add_address(
            cloud, find_text(cloud, network, "ip_address"), find_text(cloud, network, "netmask"));
        yaml_node_t *routes = find(cloud, network, "routes");
        for (unsigned j = 0; (route = item_of(cloud, routes, j)); j++) {
            const char *to = find_text(cloud, route, "network");
            if (g_strcmp0(to, "0.0.0.0") == 0 || g_strcmp0(to, "::") == 0)
                add_list(cloud, SETTING_GATEWAY, find(cloud, route, "gateway"));
        }
        add_list(cloud, SETTING_GATEWAY, find(cloud, network, "gateway"));
    }
    yaml_node_t *services = find(cloud, root, "services");
    for (unsigned i = 0; (service = item_of(cloud, services, i)); i++)
        if (g_strcmp0(find_text(cloud, service, "type"), "dns") == 0)
            add_list(cloud, SETTING_DNS, find(cloud, service, "address"));
}

void
settings_parse_network_data(Settings *settings, const char *yaml, size_t length)
{
    Cloud cloud;
    yaml_node_t *root = load(&cloud, settings, "network-config", yaml, length);
    yaml_node_t *inner = find(&cloud, root, "network");
    if (inner)
        root = inner;
    if (find(&cloud, root, "ethernets"))
        parse_version_2(&cloud, find(&cloud, root, "ethernets"));
    else if (find(&cloud, root, "config"))
        parse_version_1(&cloud, find(&cloud, root, "config"));
    else if (find(&cloud, root, "networks"))
        parse_openstack(&cloud, root);
    else if (root && root->type != YAML_SCALAR_NODE)
        settings_complain(
            settings, "network-config: has neither ethernets nor config nor networks");
    release(&cloud);
}
