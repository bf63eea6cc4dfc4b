/* SPDX-License-Identifier: Apache-2.0 */
#include "appliance/box.h"
#include "appliance/settings.h"
#include "appliance/settings_access.h"
#include "appliance/settings_collect.h"
#include "appliance/settings_source.h"

#include "error.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char ed25519_key[] =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGjc0I5hCGWas6kBO+ppOmOwWmwEvSm53tHkpjYmjYQa me@there";

/* One setting's value after it was put in: NULL if it was refused with all of @words. */
static void
assert_refused(SettingKey key, const char *value, const char *words)
{
    g_autoptr(Settings) settings = settings_new();
    settings_put(settings, key, value);
    if (settings_check(settings))
        g_error("%s '%s' was taken", setting_name(key), value);
    const char *problem = g_ptr_array_index(settings->problems, 0);
    g_auto(GStrv) each = g_strsplit(words, "|", -1);
    g_assert_true(g_str_has_prefix(problem, setting_name(key)));
    for (char **word = each; *word; word++)
        if (!strstr(problem, *word))
            g_error("'%s' is not in: %s", *word, problem);
}

static void
assert_taken(SettingKey key, const char *value, const char *expected)
{
    g_autoptr(Settings) settings = settings_new();
    settings_put(settings, key, value);
    if (!settings_check(settings))
        g_error("%s '%s': %s", setting_name(key), value,
            (const char *)g_ptr_array_index(settings->problems, 0));
    g_assert_cmpstr(settings->values[key], ==, expected);
}

static void
values_are_checked_one_by_one(void)
{
    assert_taken(SETTING_HOSTNAME, " ingest1.example.org\n", "ingest1.example.org");
    assert_taken(SETTING_HOSTNAME, "", NULL);
    assert_refused(SETTING_HOSTNAME, "in gest", "no host name");
    assert_refused(SETTING_HOSTNAME, "-a", "no host name");
    assert_refused(SETTING_HOSTNAME, "a..b", "no host name");
    assert_refused(SETTING_HOSTNAME, "10.0.0.1", "no host name");
    assert_refused(SETTING_HOSTNAME, "a_b", "no host name");
    assert_refused(SETTING_HOSTNAME, "a\nb", "2 values|1 is the most");
    assert_taken(SETTING_ADDRESS, "192.0.2.10/24", "192.0.2.10/24");
    assert_taken(SETTING_ADDRESS, "192.0.2.10/24,2001:db8::5/64", "192.0.2.10/24, 2001:db8::5/64");
    assert_taken(SETTING_ADDRESS, "192.0.2.10/31", "192.0.2.10/31");
    assert_refused(SETTING_ADDRESS, "192.0.2.10", "no prefix length|192.0.2.10/24");
    assert_refused(SETTING_ADDRESS, "2001:db8::5", "no prefix length|2001:db8::5/64");
    assert_refused(SETTING_ADDRESS, "192.0.2.300/24", "no IP address");
    assert_refused(SETTING_ADDRESS, "192.0.2.10/33", "no IP address");
    assert_refused(SETTING_ADDRESS, "192.0.2.10/-1", "no IP address");
    assert_refused(SETTING_ADDRESS, "192.0.2.10/0", "prefix length of 0");
    assert_refused(SETTING_ADDRESS, "192.0.2.0/24", "network itself");
    assert_refused(SETTING_ADDRESS, "192.0.2.255/24", "broadcast");
    assert_refused(SETTING_ADDRESS, "224.0.0.1/24", "multicast");
    assert_refused(SETTING_ADDRESS, "127.0.0.1/8", "loopback");
    assert_refused(SETTING_ADDRESS, "::1/128", "loopback");
    assert_refused(SETTING_ADDRESS, "ff02::1/64", "multicast");
    assert_refused(SETTING_ADDRESS, "192.0.2.10/24 192.0.2.11/24", "two of one family");
    assert_taken(SETTING_DNS, "192.0.2.1 , 2001:db8::53", "192.0.2.1, 2001:db8::53");
    assert_refused(SETTING_DNS, "dns.example.org", "no IP address");
    assert_refused(
        SETTING_DNS, "1.1.1.1 1.1.1.2 1.1.1.3 1.1.1.4 1.1.1.5", "5 values|4 are the most");
    assert_taken(SETTING_NTP, "ntp.example.org,192.0.2.1", "ntp.example.org, 192.0.2.1");
    assert_refused(SETTING_NTP, "$(reboot)", "neither a host name nor");
    assert_taken(SETTING_PROXY, "http://proxy:3128", "http://proxy:3128");
    assert_taken(SETTING_PROXY, "http://u:p@[2001:db8::1]:3128/", "http://u:p@[2001:db8::1]:3128/");
    assert_refused(SETTING_PROXY, "proxy:3128", "http://");
    assert_refused(SETTING_PROXY, "http://proxy", "host and port");
    assert_refused(SETTING_PROXY, "http://a\"b:1", "host and port");
    assert_taken(SETTING_SYSLOG, "udp://log.example.org", "udp://log.example.org");
    assert_refused(SETTING_SYSLOG, "log.example.org", "udp://");
    assert_refused(SETTING_SYSLOG, "tcp://log:99999", "no syslog server");
}

static void
who_may_log_in_is_checked(void)
{
    assert_taken(SETTING_SSH_KEY, ed25519_key, ed25519_key);
    assert_refused(SETTING_SSH_KEY, "ssh-ed25519 AAAA", "not whole");
    assert_refused(SETTING_SSH_KEY, "command=\"x\" ssh-ed25519 AAAA", "type of a key");
    assert_refused(SETTING_SSH_KEY, "-----BEGIN OPENSSH PRIVATE KEY-----", "private key");
    assert_refused(SETTING_SSH_KEY,
        "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIGjc0I5hCGWas6kBO+ppOmOwWmwEvSm53tHkpjYmjYQa",
        "not whole");
    assert_taken(SETTING_ADMIN_SECRET_HASH,
        "$6$abcdefgh$"
        "7AjUMMpAJ5QRRFRxJTMd5RGyF8QhcCR.hXYC.jUJFWMWkMSnKHZb5XLGhKzLNMCsXRzWQH6D0vVlSiAjxuW2w1",
        "$6$abcdefgh$"
        "7AjUMMpAJ5QRRFRxJTMd5RGyF8QhcCR.hXYC.jUJFWMWkMSnKHZb5XLGhKzLNMCsXRzWQH6D0vVlSiAjxuW2w1");
    assert_refused(SETTING_ADMIN_SECRET_HASH, "secret", "no hash|openssl passwd -6");
    assert_refused(SETTING_ADMIN_SECRET_HASH, "$1$abc$0123456789012345678901", "no hash");
    assert_refused(SETTING_ADMIN_SECRET_HASH, "$6$abc$short", "no hash");
    assert_refused(SETTING_CA, "hello", "no certificate");
    assert_refused(SETTING_CA, "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        "something else");
    assert_refused(SETTING_CA, "-----BEGIN CERTIFICATE-----\nMIIB\n", "no certificate");
}

static void
a_secret_is_not_shown(void)
{
    g_autoptr(Settings) settings = settings_new();
    settings_put(settings, SETTING_ADMIN_SECRET_HASH, "hunter2");
    settings_put(settings, SETTING_PROXY, "ftp://user:hunter2@proxy");
    g_assert_cmpuint(settings->problems->len, ==, 2);
    g_assert_true(setting_is_secret(SETTING_PROXY));
    for (guint i = 0; i < 2; i++)
        g_assert_null(strstr(g_ptr_array_index(settings->problems, i), "hunter2"));
}

/* @problem: what settings_check() must say, or NULL. */
static void
assert_together(const char *address, const char *gateway, const char *problem)
{
    g_autoptr(Settings) settings = settings_new();
    settings_put(settings, SETTING_ADDRESS, address);
    settings_put(settings, SETTING_GATEWAY, gateway);
    g_assert_cmpint(settings_check(settings), ==, problem == NULL);
    if (problem && !strstr(g_ptr_array_index(settings->problems, 0), problem))
        g_error(
            "'%s' is not in: %s", problem, (const char *)g_ptr_array_index(settings->problems, 0));
}

static void
a_gateway_is_in_the_network(void)
{
    assert_together("192.0.2.10/24", "192.0.2.1", NULL);
    assert_together("192.0.2.10/24", "", NULL);
    assert_together("192.0.2.10/24", "192.0.3.1", "192.0.2.0 to 192.0.2.255");
    assert_together("192.0.2.130/25", "192.0.2.1", "192.0.2.128 to 192.0.2.255");
    assert_together("192.0.2.10/24", "192.0.2.10", "own address");
    assert_together("192.0.2.10/24", "2001:db8::1", "no IPv6 address");
    assert_together("2001:db8::5/64", "fe80::1", NULL);
    assert_together("2001:db8::5/64", "2001:db9::1", "2001:db8:: to 2001:db8::ffff:ffff:ffff:ffff");
    assert_together("192.0.2.10/24,2001:db8::5/64", "192.0.2.1,2001:db8::1", NULL);
    assert_together("", "192.0.2.1", "no address beside it");
}

static void
the_file_keeps_all_and_what_it_does_not_know(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("vmi-settings-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "settings", NULL);
    g_assert_null(settings_load(path, &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_NOT_FOUND);
    g_clear_error(&error);
    g_assert_true(g_file_set_contents(
        path, "[settings]\nhostname=old\nproxy=http://p:1\nof-a-later-release=yes\n", -1, NULL));

    g_autoptr(Settings) first = settings_load(path, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(first->values[SETTING_HOSTNAME], ==, "old");
    settings_unset(first, SETTING_PROXY);
    settings_unset(first, SETTING_HOSTNAME);
    settings_put(first, SETTING_HOSTNAME, "new");
    g_autofree char *two_keys = g_strconcat(ed25519_key, "\n", ed25519_key, "\n", NULL);
    settings_put(first, SETTING_SSH_KEY, two_keys);
    g_assert_true(settings_save(first, path, &error));
    g_assert_no_error(error);
    struct stat st;
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 0777, ==, 0600);

    g_autoptr(Settings) second = settings_load(path, &error);
    g_assert_no_error(error);
    for (SettingKey key = 0; key < SETTING_N; key++)
        g_assert_cmpstr(first->values[key], ==, second->values[key]);
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_nonnull(strstr(text, "of-a-later-release=yes"));
    g_assert_null(strstr(text, "proxy"));

    g_assert_true(g_file_set_contents(path, "[settings]\naddress=x\n", -1, NULL));
    g_assert_null(settings_load(path, &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_INVALID);
    unlink(path);
    rmdir(folder);
}

/* --- what systemd reads ----------------------------------------------------------------------- */

static void
texts_for_systemd(void)
{
    g_autoptr(Settings) settings = settings_new();
    g_autofree char *dhcp = settings_format_network(settings, "ens3");
    g_assert_nonnull(strstr(dhcp, "[Match]\nName=ens3\n"));
    g_assert_nonnull(strstr(dhcp, "\nDHCP=yes\n"));
    g_assert_null(settings_format_timesync(settings));
    g_assert_null(settings_format_syslog(settings));
    settings_put(settings, SETTING_HOSTNAME, "a.example.org");
    settings_put(settings, SETTING_ADDRESS, "192.0.2.10/24 2001:db8::5/64");
    settings_put(settings, SETTING_GATEWAY, "192.0.2.1");
    settings_put(settings, SETTING_DNS, "192.0.2.2 192.0.2.3");
    settings_put(settings, SETTING_NTP, "a b");
    settings_put(settings, SETTING_PROXY, "http://p:1");
    settings_put(settings, SETTING_SYSLOG, "tcp://[2001:db8::9]:601");
    g_assert_true(settings_check(settings));
    g_autofree char *network = settings_format_network(settings, "ens3");
    g_assert_null(strstr(network, "DHCP=yes"));
    g_assert_nonnull(strstr(network, "Address=192.0.2.10/24\nAddress=2001:db8::5/64\n"
                                     "Gateway=192.0.2.1\nDNS=192.0.2.2\nDNS=192.0.2.3\n"
                                     "Domains=example.org\n"));
    g_autofree char *timesync = settings_format_timesync(settings);
    g_assert_cmpstr(timesync, ==, "[Time]\nNTP=a b \nFallbackNTP=\n");
    g_autofree char *environment = settings_format_environment(settings);
    g_assert_nonnull(strstr(environment, "https_proxy=http://p:1\n"));
    g_autofree char *syslog = settings_format_syslog(settings);
    g_assert_nonnull(strstr(syslog, "target=\"2001:db8::9\" port=\"601\" protocol=\"tcp\""));
}

/* --- what hypervisors say --------------------------------------------------------------------- */

#define OVF_HEAD                                                                                   \
    "<?xml version=\"1.0\"?>\n<Environment xmlns=\"http://schemas.dmtf.org/ovf/environment/1\" "   \
    "xmlns:oe=\"http://schemas.dmtf.org/ovf/environment/1\" oe:id=\"\">"

static Settings *
parse(void (*parser)(Settings *, const char *, size_t), const char *text)
{
    Settings *settings = settings_new();
    parser(settings, text, strlen(text));
    settings_check(settings);
    return settings;
}

static void
assert_problem(Settings *settings, const char *words)
{
    if (settings->problems->len == 0)
        g_error("no problem, but '%s' was expected", words);
    if (!strstr(g_ptr_array_index(settings->problems, 0), words))
        g_error(
            "'%s' is not in: %s", words, (const char *)g_ptr_array_index(settings->problems, 0));
}

static void
an_ovf_environment_is_read(void)
{
    g_autoptr(Settings) settings = parse(settings_parse_ovf, OVF_HEAD
        "<PlatformSection><Kind>VMware ESXi</Kind></PlatformSection><PropertySection>"
        "<Property oe:key=\"vm-ingest.address\" oe:value=\"192.0.2.10/24\"/>"
        "<Property oe:key=\"vm-ingest.gateway\" oe:value=\"192.0.2.1\"/>"
        "<Property oe:key=\"hostname\" oe:value=\"a&#45;b\"/>"
        "<Property oe:key=\"vm-ingest.dns\" oe:value=\"\"/>"
        "<Property oe:key=\"vm.name\" oe:value=\"other\"/></PropertySection>"
        "<Entity oe:id=\"x\"><PropertySection><Property oe:key=\"vm-ingest.ntp\" oe:value=\"n\"/>"
        "</PropertySection></Entity></Environment>");
    g_assert_cmpuint(settings->problems->len, ==, 0);
    g_assert_cmpstr(settings->values[SETTING_ADDRESS], ==, "192.0.2.10/24");
    g_assert_cmpstr(settings->values[SETTING_HOSTNAME], ==, "a-b");
    g_assert_null(settings->values[SETTING_DNS]);
    g_assert_null(settings->values[SETTING_NTP]);
}

static void
malformed_ovf_environments_are_refused(void)
{
    static const char *const cases[][2] = {
        {"", "is no XML"},
        {"<Environment", "is no XML"},
        {OVF_HEAD "<PropertySection><Property oe:key='vm-ingest.address'", "is no XML"},
        {"<Environment/>", "begins with <Environment>"},
        {"<!DOCTYPE x [<!ENTITY a 'aaaa'>]><x>&a;</x>", "document type"},
        {OVF_HEAD "<PropertySection><Property oe:value='x'/></PropertySection></Environment>",
            "without a key"},
        {OVF_HEAD "<PropertySection><Property oe:key='vm-ingest.adress' oe:value='x'/>"
                  "</PropertySection></Environment>",
            "'adress': there is no such setting"},
        {OVF_HEAD "<PropertySection><Property oe:key='vm-ingest.hostname' oe:value='a'/>"
                  "<Property oe:key='hostname' oe:value='b'/></PropertySection></Environment>",
            "given twice"},
        {"\xff\xfe", "no UTF-8"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Settings) settings = parse(settings_parse_ovf, cases[i][0]);
        assert_problem(settings, cases[i][1]);
    }
    /* Entities that swell must not take time or memory. */
    GString *bomb = g_string_new("<!DOCTYPE x [<!ENTITY a0 'aaaaaaaaaaaaaaaaaaaa'>");
    for (int i = 1; i < 20; i++)
        g_string_append_printf(
            bomb, "<!ENTITY a%d '&a%d;&a%d;&a%d;&a%d;'>", i, i - 1, i - 1, i - 1, i - 1);
    g_string_append(bomb, "]><x>&a19;</x>");
    g_autoptr(Settings) settings = parse(settings_parse_ovf, bomb->str);
    g_assert_cmpuint(settings->problems->len, >, 0);
    g_string_free(bomb, true);
}

static void
user_data_is_read(void)
{
    g_autofree char *text = g_strdup_printf(
        "#cloud-config\nhostname: short\nfqdn: a.example.org\n"
        "password: ignored\nssh_authorized_keys:\n  - %s\nntp:\n  servers: [n1, n2]\n"
        "vm-ingest:\n  address: 192.0.2.10/24\n  gateway: 192.0.2.1\n  dns: [192.0.2.2, "
        "192.0.2.3]\n",
        ed25519_key);
    g_autoptr(Settings) settings = parse(settings_parse_user_data, text);
    g_assert_cmpuint(settings->problems->len, ==, 0);
    g_assert_cmpstr(settings->values[SETTING_HOSTNAME], ==, "a.example.org");
    g_assert_cmpstr(settings->values[SETTING_SSH_KEY], ==, ed25519_key);
    g_assert_cmpstr(settings->values[SETTING_NTP], ==, "n1, n2");
    g_assert_cmpstr(settings->values[SETTING_DNS], ==, "192.0.2.2, 192.0.2.3");
    g_autoptr(Settings) script = parse(settings_parse_user_data, "#!/bin/sh\nhostname: x\n");
    g_assert_false(settings_has_any(script));
    g_autoptr(Settings) torn = parse(settings_parse_user_data, "#cloud-config\na: [b\n");
    assert_problem(torn, "user-data: line");
    g_autoptr(Settings) typo =
        parse(settings_parse_user_data, "#cloud-config\nvm-ingest:\n  gatewy: 1\n");
    assert_problem(typo, "'gatewy': there is no such setting");
    g_autoptr(Settings) list = parse(settings_parse_user_data, "#cloud-config\nvm-ingest: [a]\n");
    assert_problem(list, "no mapping");
    g_autoptr(Settings) own_alias =
        parse(settings_parse_user_data, "#cloud-config\nvm-ingest: &a\n  hostname: *a\n");
    assert_problem(own_alias, "is not KEY: VALUE");
}

static void
meta_data_is_read(void)
{
    g_autofree char *map = g_strdup_printf(
        "{\"uuid\": \"x\", \"hostname\": \"h1\", \"public_keys\": {\"mine\": \"%s\"}}",
        ed25519_key);
    g_autoptr(Settings) json = parse(settings_parse_meta_data, map);
    g_assert_cmpstr(json->values[SETTING_HOSTNAME], ==, "h1");
    g_assert_cmpstr(json->values[SETTING_SSH_KEY], ==, ed25519_key);
    g_autoptr(Settings) yaml =
        parse(settings_parse_meta_data, "instance-id: i\nlocal-hostname: h2\n");
    g_assert_cmpstr(yaml->values[SETTING_HOSTNAME], ==, "h2");
    g_autoptr(Settings) empty = parse(settings_parse_meta_data, "");
    g_assert_cmpuint(empty->problems->len, ==, 0);
}

static void
network_data_is_read(void)
{
    g_autoptr(Settings) two = parse(settings_parse_network_data,
        "network:\n  version: 2\n  ethernets:\n    a:\n      addresses: [192.0.2.10/24, "
        "'2001:db8::5/64']\n"
        "      routes:\n        - to: default\n          via: 192.0.2.1\n        - {to: "
        "10.0.0.0/8, via: 192.0.2.9}\n"
        "      nameservers: {addresses: [192.0.2.2]}\n    b: {addresses: [10.0.0.1/8]}\n");
    g_assert_cmpuint(two->problems->len, ==, 0);
    g_assert_cmpstr(two->values[SETTING_ADDRESS], ==, "192.0.2.10/24, 2001:db8::5/64");
    g_assert_cmpstr(two->values[SETTING_GATEWAY], ==, "192.0.2.1");
    g_assert_cmpstr(two->values[SETTING_DNS], ==, "192.0.2.2");
    g_autoptr(Settings) one =
        parse(settings_parse_network_data, "version: 1\nconfig:\n- type: physical\n  name: eth0\n  "
                                           "subnets:\n  - {type: static, address: 192.0.2.10, "
                                           "netmask: 255.255.255.128, gateway: 192.0.2.1}\n- "
                                           "{type: nameserver, address: [192.0.2.2]}\n");
    g_assert_cmpuint(one->problems->len, ==, 0);
    g_assert_cmpstr(one->values[SETTING_ADDRESS], ==, "192.0.2.10/25");
    g_assert_cmpstr(one->values[SETTING_DNS], ==, "192.0.2.2");
    g_autoptr(Settings) openstack = parse(settings_parse_network_data,
        "{\"links\": [], \"networks\": [{\"id\": \"n0\", \"link\": \"l0\", \"type\": \"ipv4\", "
        "\"ip_address\": "
        "\"192.0.2.10\", \"netmask\": \"255.255.255.0\", \"routes\": [{\"network\": \"0.0.0.0\", "
        "\"netmask\": "
        "\"0.0.0.0\", \"gateway\": \"192.0.2.1\"}]}, {\"link\": \"l1\", \"ip_address\": "
        "\"10.0.0.1\", \"netmask\": "
        "\"255.0.0.0\"}], \"services\": [{\"type\": \"dns\", \"address\": \"192.0.2.2\"}]}");
    g_assert_cmpuint(openstack->problems->len, ==, 0);
    g_assert_cmpstr(openstack->values[SETTING_ADDRESS], ==, "192.0.2.10/24");
    g_assert_cmpstr(openstack->values[SETTING_GATEWAY], ==, "192.0.2.1");
    g_assert_cmpstr(openstack->values[SETTING_DNS], ==, "192.0.2.2");
    g_autoptr(Settings) mask = parse(settings_parse_network_data,
        "config: [{type: physical, subnets: [{address: 192.0.2.10, netmask: 255.0.255.0}]}]");
    assert_problem(mask, "netmask");
    g_autoptr(Settings) other = parse(settings_parse_network_data, "bonds: {a: b}\n");
    assert_problem(other, "neither ethernets nor config");
}

static void
lines_are_read(void)
{
    g_autoptr(Settings) settings = parse(
        settings_parse_lines, "# mine\n[settings]\nhostname = a\r\n dns=192.0.2.1, 192.0.2.2\n\n");
    g_assert_cmpuint(settings->problems->len, ==, 0);
    g_assert_cmpstr(settings->values[SETTING_HOSTNAME], ==, "a");
    g_assert_cmpstr(settings->values[SETTING_DNS], ==, "192.0.2.1, 192.0.2.2");
    g_autoptr(Settings) bad = parse(settings_parse_lines, "hostname a\n");
    assert_problem(bad, "line 1: is not KEY = VALUE");
}

/* --- which place is read ---------------------------------------------------------------------- */

static void
write_under(const char *root, const char *path, const char *text)
{
    g_autofree char *full = g_build_filename(root, path, NULL);
    g_autofree char *folder = g_path_get_dirname(full);
    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    g_assert_true(g_file_set_contents(full, text, -1, NULL));
}

/* The hostname that is found below @root, or the first problem. */
static void
assert_collected(const char *root, const char *origin, const char *hostname)
{
    const char *found = NULL;
    g_autoptr(Settings) settings = settings_collect(root, &found);
    g_assert_cmpstr(found, ==, origin);
    g_assert_cmpstr(settings->values[SETTING_HOSTNAME], ==, hostname);
}

static void
the_first_place_that_has_any_counts(void)
{
    g_autofree char *root = g_dir_make_tmp("vmi-collect-XXXXXX", NULL);
    assert_collected(root, NULL, NULL);
    write_under(
        root, BOX_MEDIA "/config-2/openstack/latest/meta_data.json", "{\"hostname\": \"drive\"}");
    assert_collected(root, "ConfigDrive", "drive");
    write_under(root, BOX_MEDIA "/cidata/meta-data", "local-hostname: nocloud\n");
    assert_collected(root, "NoCloud disk", "nocloud");
    write_under(root, BOX_MEDIA "/OVF ENV/ovf-env.xml",
        OVF_HEAD "<PropertySection><Property oe:key=\"vm-ingest.hostname\""
                 " oe:value=\"ovf\"/></PropertySection></Environment>");
    assert_collected(root, "OVF environment", "ovf");
    write_under(root, BOX_CREDENTIALS "/vm-ingest.hostname", "credential\n");
    write_under(root, BOX_CREDENTIALS "/other", "x");
    assert_collected(root, "credentials of fw_cfg or SMBIOS", "credential");
    write_under(root, BOX_CREDENTIALS "/vm-ingest.hostnam", "x");
    const char *origin = NULL;
    g_autoptr(Settings) settings = settings_collect(root, &origin);
    assert_problem(settings, "credential 'vm-ingest.hostnam': there is no such setting");
    g_autofree char *remove = g_strdup_printf("rm -r '%s'", root);
    g_assert_cmpint(system(remove), ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/settings/values/are-checked-one-by-one", values_are_checked_one_by_one);
    g_test_add_func("/settings/values/who-may-log-in-is-checked", who_may_log_in_is_checked);
    g_test_add_func("/settings/values/a-secret-is-not-shown", a_secret_is_not_shown);
    g_test_add_func("/settings/check/a-gateway-is-in-the-network", a_gateway_is_in_the_network);
    g_test_add_func("/settings/file/keeps-all-and-what-it-does-not-know",
        the_file_keeps_all_and_what_it_does_not_know);
    g_test_add_func("/settings/format/texts-for-systemd", texts_for_systemd);
    g_test_add_func("/settings/ovf/an-environment-is-read", an_ovf_environment_is_read);
    g_test_add_func(
        "/settings/ovf/malformed-ones-are-refused", malformed_ovf_environments_are_refused);
    g_test_add_func("/settings/cloud/user-data-is-read", user_data_is_read);
    g_test_add_func("/settings/cloud/meta-data-is-read", meta_data_is_read);
    g_test_add_func("/settings/cloud/network-data-is-read", network_data_is_read);
    g_test_add_func("/settings/lines/are-read", lines_are_read);
    g_test_add_func("/settings/collect/the-first-place-that-has-any-counts",
        the_first_place_that_has_any_counts);
    return g_test_run();
}
