/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings in the forms in which hypervisors hand them over, each a text of at most
 * SETTINGS_TEXT_BYTES_MAX bytes. What is wrong becomes a problem of the settings; what is meant for
 * others is passed over.
 */
#ifndef SETTINGS_SOURCE_H
#define SETTINGS_SOURCE_H

#include "settings.h"

enum { SETTINGS_TEXT_BYTES_MAX = 256 * 1024 };

/* The environment of an OVF package (ovf-env.xml): properties "vm-ingest.KEY" or "KEY". */
void settings_parse_ovf(Settings *settings, const char *xml, size_t length);
/* Lines "KEY = VALUE", as in a credential vm-ingest.settings. */
void settings_parse_lines(Settings *settings, const char *text, size_t length);
/* NoCloud's user-data: a "#cloud-config", with a mapping "vm-ingest" or cloud-init's own words. */
void settings_parse_user_data(Settings *settings, const char *yaml, size_t length);
/* NoCloud's meta-data, ConfigDrive's meta_data.json: the host's name, keys. */
void settings_parse_meta_data(Settings *settings, const char *yaml, size_t length);
/* NoCloud's network-config, version 1 or 2; ConfigDrive's network_data.json. */
void settings_parse_network_data(Settings *settings, const char *yaml, size_t length);

/* Whether anything was set. */
bool settings_has_any(const Settings *settings);

#endif
