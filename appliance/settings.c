/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings of the appliance: what each may hold, how they fit together, and their file.
 */
#include "settings.h"

#include "error.h"
#include "outfile.h"
#include "settings_access.h"
#include "settings_address.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SETTINGS_GROUP "settings"

enum { SETTINGS_FILE_BYTES_MAX = 256 * 1024 };

/* --- what a value may be ---------------------------------------------------------------------- */

/* NULL: @item is fine. Else why not, and what to write: "is ...; write ..." (owned) */
typedef char *(*SettingCheck)(const char *item);

static char *
check_hostname(const char *item)
{
    return host_name_is_valid(item)
               ? NULL
               : g_strdup("is no host name: letters, digits and hyphens, with dots between labels");
}

static char *
check_address(const char *item)
{
    IpAddress address;
    if (!ip_parse(item, &address))
        return g_strdup("is no IP address with a prefix length; write it as 192.0.2.10/24");
    if (!address.has_prefix)
        return g_strdup_printf(
            "has no prefix length; write it as %s/%d", item, address.n_bits == 32 ? 24 : 64);
    return g_strdup(ip_find_unusable(&address));
}

static char *
check_ip(const char *item)
{
    IpAddress address;
    if (!ip_parse(item, &address) || address.has_prefix)
        return g_strdup("is no IP address");
    return g_strdup(ip_find_unusable(&address));
}

static char *
check_host(const char *item)
{
    return host_is_valid(item) ? NULL : g_strdup("is neither a host name nor an IP address");
}

static char *
check_proxy(const char *item)
{
    const char *rest = g_str_has_prefix(item, "http://") ? item + strlen("http://") : NULL;
    if (!rest)
        return g_strdup("is no proxy; write it as http://proxy.example.org:3128");
    size_t length = strlen(rest);
    g_autofree char *place =
        g_strndup(rest, length && rest[length - 1] == '/' ? length - 1 : length);
    const char *at = strrchr(place, '@');
    g_autofree char *host = NULL;
    unsigned port = 0;
    if (strpbrk(place, "\"'\\$` /?#") || !host_port_parse(at ? at + 1 : place, 0, &host, &port))
        return g_strdup("needs host and port; write it as http://proxy.example.org:3128");
    return NULL;
}

static char *
check_syslog(const char *item)
{
    const char *place = g_str_has_prefix(item, "udp://") || g_str_has_prefix(item, "tcp://")
                            ? item + strlen("udp://")
                            : NULL;
    g_autofree char *host = NULL;
    unsigned port = 0;
    if (!place || !host_port_parse(place, 514, &host, &port))
        return g_strdup("is no syslog server; write it as udp://log.example.org:514");
    return NULL;
}

static const struct {
    const char *name;
    unsigned n_items; /* at most; 1: no list */
    bool has_lines;   /* items are lines, not separated by commas */
    bool is_whole;    /* one text, whatever lines it has */
    bool is_secret;
    SettingCheck check;
} keys[SETTING_N] = {
    [SETTING_HOSTNAME] = {"hostname", 1, .check = check_hostname},
    [SETTING_ADDRESS] = {"address", 2, .check = check_address},
    [SETTING_GATEWAY] = {"gateway", 2, .check = check_ip},
    [SETTING_DNS] = {"dns", 4, .check = check_ip},
    [SETTING_NTP] = {"ntp", 8, .check = check_host},
    [SETTING_PROXY] = {"proxy", 1, .is_secret = true, .check = check_proxy},
    [SETTING_SYSLOG] = {"syslog", 1, .check = check_syslog},
    [SETTING_SSH_KEY] = {"ssh-key", 32, .has_lines = true, .check = ssh_key_find_fault},
    [SETTING_ADMIN_SECRET_HASH] = {"admin-secret-hash", 1, .is_secret = true,
        .check = secret_hash_find_fault},
    [SETTING_CA] = {"ca", 1, .is_whole = true, .check = certificates_find_fault},
};

const char *
setting_name(SettingKey key)
{
    return keys[key].name;
}

SettingKey
setting_from_name(const char *name)
{
    SettingKey key = 0;
    while (key < SETTING_N && strcmp(keys[key].name, name) != 0)
        key++;
    return key;
}

const char *
setting_joint(SettingKey key)
{
    return keys[key].has_lines || keys[key].is_whole ? "\n" : ", ";
}

bool
setting_is_secret(SettingKey key)
{
    return keys[key].is_secret;
}

Settings *
settings_new(void)
{
    Settings *settings = g_new0(Settings, 1);
    settings->problems = g_ptr_array_new_with_free_func(g_free);
    return settings;
}

void
settings_free(Settings *settings)
{
    if (!settings)
        return;
    for (SettingKey key = 0; key < SETTING_N; key++)
        settings_unset(settings, key);
    g_ptr_array_unref(settings->problems);
    g_free(settings);
}

void
settings_unset(Settings *settings, SettingKey key)
{
    if (settings->values[key])
        explicit_bzero(settings->values[key], strlen(settings->values[key]));
    g_clear_pointer(&settings->values[key], g_free);
}

void
settings_complain(Settings *settings, const char *format, ...)
{
    if (settings->problems->len >= SETTINGS_PROBLEMS_MAX)
        return;
    va_list args;
    va_start(args, format);
    g_ptr_array_add(settings->problems, g_strdup_vprintf(format, args));
    va_end(args);
}

/* What may be shown of a value that is wrong: short, printable, and no secret. (owned) */
static char *
shown(SettingKey key, const char *item)
{
    if (keys[key].is_secret || keys[key].is_whole)
        return g_strdup("");
    g_autofree char *valid = g_utf8_make_valid(item, (gssize)MIN(strlen(item), 60));
    for (char *c = valid; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    return g_strdup_printf(" '%s%s'", valid, strlen(item) > 60 ? "..." : "");
}

static void
take_item(Settings *settings, SettingKey key, GPtrArray *items, const char *text)
{
    char *item = g_strstrip(g_strdup(text));
    if (!*item || (keys[key].has_lines && *item == '#')) {
        g_free(item);
        return;
    }
    g_ptr_array_add(items, item);
    g_autofree char *fault = keys[key].check(item);
    g_autofree char *what = shown(key, item);
    if (fault)
        settings_complain(settings, "%s%s: %s", keys[key].name, what, fault);
}

void
settings_put(Settings *settings, SettingKey key, const char *value)
{
    const char *name = keys[key].name;
    if (strlen(value) > SETTING_BYTES_MAX) {
        settings_complain(settings, "%s: longer than %d bytes", name, SETTING_BYTES_MAX);
        return;
    }
    g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) parts = keys[key].is_whole ? g_strdupv((char *[]){(char *)value, NULL})
                          : keys[key].n_items == 1
                              ? g_strsplit(value, "\n", 2)
                              : g_strsplit_set(value, keys[key].has_lines ? "\n" : ", \n\t", -1);
    for (char **part = parts; *part; part++)
        take_item(settings, key, items, *part);
    if (items->len == 0)
        return;
    if (items->len > keys[key].n_items)
        settings_complain(settings, "%s: has %u values; %u %s the most", name, items->len,
            keys[key].n_items, keys[key].n_items == 1 ? "is" : "are");
    g_ptr_array_add(items, NULL);
    g_autofree char *joined = g_strjoinv(setting_joint(key), (char **)items->pdata);
    if (settings->values[key] && strcmp(settings->values[key], joined) != 0)
        settings_complain(settings, "%s: is given twice, with different values", name);
    settings_unset(settings, key);
    settings->values[key] = g_steal_pointer(&joined);
}

/* --- how they fit together -------------------------------------------------------------------- */

/* The items of a list that are IP addresses. (owned) */
static GArray *
parse_ips(const char *list)
{
    GArray *ips = g_array_new(false, false, sizeof(IpAddress));
    g_auto(GStrv) items = g_strsplit(list ? list : "", ", ", -1);
    for (char **item = items; *item; item++) {
        IpAddress ip;
        if (ip_parse(*item, &ip))
            g_array_append_val(ips, ip);
    }
    return ips;
}

static void
check_gateway(Settings *settings, const IpAddress *gateway, const char *text, GArray *addresses)
{
    g_autoptr(GString) nets = g_string_new(NULL);
    for (guint i = 0; i < addresses->len; i++) {
        const IpAddress *address = &g_array_index(addresses, IpAddress, i);
        if (address->family != gateway->family)
            continue;
        if (ip_is_same(address, gateway)) {
            settings_complain(settings, "gateway '%s': is the appliance's own address", text);
            return;
        }
        if (ip_is_in_network(gateway, address) || ip_is_link_local(gateway))
            return;
        g_autofree char *range = ip_format_range(address);
        g_string_append_printf(nets, "%s%s", nets->len ? " or " : "", range);
    }
    if (nets->len)
        settings_complain(
            settings, "gateway '%s': is not in the address's network, %s", text, nets->str);
    else
        settings_complain(settings, "gateway '%s': there is no IPv%d address beside it", text,
            gateway->n_bits == 32 ? 4 : 6);
}

static bool
has_both_once(GArray *ips)
{
    return ips->len < 2 ||
           g_array_index(ips, IpAddress, 0).family != g_array_index(ips, IpAddress, 1).family;
}

bool
settings_check(Settings *settings)
{
    const char *gateways = settings->values[SETTING_GATEWAY];
    g_autoptr(GArray) addresses = parse_ips(settings->values[SETTING_ADDRESS]);
    g_autoptr(GArray) routers = parse_ips(gateways);
    g_auto(GStrv) texts = g_strsplit(gateways ? gateways : "", ", ", -1);
    if (gateways && !settings->values[SETTING_ADDRESS])
        settings_complain(settings, "gateway '%s': there is no address beside it", gateways);
    else if (routers->len == g_strv_length(texts))
        for (guint i = 0; i < routers->len; i++)
            check_gateway(settings, &g_array_index(routers, IpAddress, i), texts[i], addresses);
    if (!has_both_once(addresses))
        settings_complain(
            settings, "address: two of one family; one IPv4 and one IPv6 address are the most");
    if (!has_both_once(routers))
        settings_complain(
            settings, "gateway: two of one family; one IPv4 and one IPv6 gateway are the most");
    return settings->problems->len == 0;
}

/* --- the file --------------------------------------------------------------------------------- */

static GKeyFile *
load_file(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    gsize length = 0;
    struct stat st;
    g_autoptr(GError) cause = NULL;
    if (stat(path, &st) == 0 && st.st_size > SETTINGS_FILE_BYTES_MAX) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_INVALID,
            "settings '%s': longer than %d bytes", path, SETTINGS_FILE_BYTES_MAX);
        return NULL;
    }
    if (!g_file_get_contents(path, &text, &length, &cause)) {
        bool is_absent = g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT);
        g_set_error(error, INGEST_ERROR, is_absent ? INGEST_ERROR_NOT_FOUND : INGEST_ERROR_STORAGE,
            "settings '%s': %s", path, is_absent ? "there are none" : cause->message);
        return NULL;
    }
    g_autoptr(GKeyFile) file = g_key_file_new();
    if (!g_key_file_load_from_data(file, text, length, G_KEY_FILE_NONE, &cause)) {
        g_set_error(
            error, INGEST_ERROR, INGEST_ERROR_INVALID, "settings '%s': %s", path, cause->message);
        return NULL;
    }
    return g_steal_pointer(&file);
}

Settings *
settings_load(const char *path, GError **error)
{
    g_autoptr(GKeyFile) file = load_file(path, error);
    if (!file)
        return NULL;
    g_autoptr(Settings) settings = settings_new();
    for (SettingKey key = 0; key < SETTING_N; key++) {
        g_autofree char *value = g_key_file_get_string(file, SETTINGS_GROUP, keys[key].name, NULL);
        if (value)
            settings_put(settings, key, value);
    }
    if (!settings_check(settings)) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_INVALID, "settings '%s': %s", path,
            (const char *)g_ptr_array_index(settings->problems, 0));
        return NULL;
    }
    return g_steal_pointer(&settings);
}

bool
settings_save(const Settings *settings, const char *path, GError **error)
{
    g_autoptr(GKeyFile) file = load_file(path, NULL);
    if (!file)
        file = g_key_file_new();
    for (SettingKey key = 0; key < SETTING_N; key++)
        if (settings->values[key])
            g_key_file_set_string(file, SETTINGS_GROUP, keys[key].name, settings->values[key]);
        else
            g_key_file_remove_key(file, SETTINGS_GROUP, keys[key].name, NULL);
    gsize length = 0;
    g_autofree char *text = g_key_file_to_data(file, &length, NULL);
    g_autoptr(OutFile) out = outfile_open(path, error);
    if (!out)
        return false;
    /* It may hold the password of a proxy. */
    bool is_written =
        fchmod(fileno(out->file), 0600) == 0 && fwrite(text, 1, length, out->file) == length;
    explicit_bzero(text, length);
    if (!is_written)
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_STORAGE, "settings cannot be written: %s",
            g_strerror(errno));
    return outfile_finish(out, is_written, error);
}
