/* SPDX-License-Identifier: Apache-2.0
 *
 * What a hypervisor hands to the appliance, from any bytes; the first says which form it is.
 */
#include "appliance/settings.h"
#include "appliance/settings_source.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const parsers[])(Settings *, const char *, size_t) = {
        settings_parse_ovf,
        settings_parse_lines,
        settings_parse_user_data,
        settings_parse_meta_data,
        settings_parse_network_data,
    };
    if (size == 0)
        return 0;
    g_autofree char *text = g_strndup((const char *)data + 1, size - 1);
    g_autoptr(Settings) settings = settings_new();
    parsers[data[0] % G_N_ELEMENTS(parsers)](settings, text, size - 1);
    /* What is right can be written for systemd; nothing in it makes a line of its own. */
    if (settings_check(settings)) {
        g_autofree char *network = settings_format_network(settings, "ens3");
        g_autofree char *timesync = settings_format_timesync(settings);
        g_autofree char *environment = settings_format_environment(settings);
        g_autofree char *syslog = settings_format_syslog(settings);
        g_auto(GStrv) lines = g_strsplit(network, "\n", -1);
        for (char **line = lines; *line; line++)
            g_assert_true(!**line || **line == '[' || strchr(*line, '='));
        g_assert_true(!timesync || !strchr(timesync, ';'));
    }
    return 0;
}
