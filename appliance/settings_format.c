/* SPDX-License-Identifier: Apache-2.0
 *
 * What systemd and others read, made from the settings. Every value was checked when it was put in:
 * none has blanks, quotes or line ends that the files would take for something else.
 */
#include "settings.h"
#include "settings_address.h"

#include <netinet/in.h>
#include <string.h>

static void
append_each(GString *text, const char *list, const char *before, const char *after)
{
    g_auto(GStrv) items = g_strsplit(list ? list : "", ", ", -1);
    for (char **item = items; *item; item++)
        g_string_append_printf(text, "%s%s%s", before, *item, after);
}

static bool
has_family(const char *list, int family)
{
    g_auto(GStrv) items = g_strsplit(list ? list : "", ", ", -1);
    for (char **item = items; *item; item++) {
        IpAddress ip;
        if (ip_parse(*item, &ip) && ip.family == family)
            return true;
    }
    return false;
}

char *
settings_format_network(const Settings *settings, const char *interface)
{
    const char *address = settings->values[SETTING_ADDRESS];
    const char *dns = settings->values[SETTING_DNS], *name = settings->values[SETTING_HOSTNAME];
    const char *domain = name ? strchr(name, '.') : NULL;
    GString *text = g_string_new(NULL);
    g_string_append_printf(
        text, "[Match]\nName=%s\n\n[Network]\nIPv6PrivacyExtensions=no\n", interface);
    /* A family without an address of its own is left to DHCP, or to the routers' announcements. */
    if (!address)
        g_string_append(text, "DHCP=yes\n");
    else if (has_family(address, AF_INET6))
        g_string_append(text, "IPv6AcceptRA=no\n");
    append_each(text, address, "Address=", "\n");
    append_each(text, settings->values[SETTING_GATEWAY], "Gateway=", "\n");
    append_each(text, dns, "DNS=", "\n");
    if (domain)
        g_string_append_printf(text, "Domains=%s\n", domain + 1);
    g_string_append_printf(
        text, "\n[DHCPv4]\nClientIdentifier=mac\nUseHostname=no\nUseDNS=%s\n", dns ? "no" : "yes");
    g_string_append_printf(text, "\n[DHCPv6]\nUseHostname=no\nUseDNS=%s\n", dns ? "no" : "yes");
    g_string_append_printf(text, "\n[IPv6AcceptRA]\nUseDNS=%s\n", dns ? "no" : "yes");
    return g_string_free(text, false);
}

char *
settings_format_timesync(const Settings *settings)
{
    if (!settings->values[SETTING_NTP])
        return NULL;
    GString *text = g_string_new("[Time]\nNTP=");
    append_each(text, settings->values[SETTING_NTP], "", " ");
    g_string_append(text, "\nFallbackNTP=\n");
    return g_string_free(text, false);
}

char *
settings_format_environment(const Settings *settings)
{
    GString *text = g_string_new(NULL);
    const char *proxy = settings->values[SETTING_PROXY];
    if (proxy)
        g_string_append_printf(text,
            "http_proxy=%s\nhttps_proxy=%s\nno_proxy=localhost,127.0.0.1,::1\n", proxy, proxy);
    return g_string_free(text, false);
}

char *
settings_format_syslog(const Settings *settings)
{
    const char *server = settings->values[SETTING_SYSLOG];
    g_autofree char *host = NULL;
    unsigned port = 0;
    if (!server || !host_port_parse(server + strlen("udp://"), 514, &host, &port))
        return NULL;
    return g_strdup_printf(
        "global(workDirectory=\"/var/lib/vm-ingest-appliance/syslog\")\n"
        "module(load=\"imjournal\" StateFile=\"journal\")\n"
        "action(type=\"omfwd\" target=\"%s\" port=\"%u\" protocol=\"%.3s\" "
        "template=\"RSYSLOG_SyslogProtocol23Format\"\n"
        "       queue.type=\"LinkedList\" queue.size=\"10000\" action.resumeRetryCount=\"-1\")\n",
        host, port, server);
}
