/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings of the appliance: its name, network, time, proxy, trust and who may log in.
 *
 * They come from the hypervisor on the first boot (settings_source.h) or from the console, and are
 * kept in one file. Each value is checked when it is put in, all of them together afterwards; what
 * is wrong is kept as a text that tells an operator what to write instead, and nothing is applied.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <glib.h>
#include <stdbool.h>

typedef enum SettingKey {
    SETTING_HOSTNAME,          /* "ingest1" or "ingest1.example.org" */
    SETTING_ADDRESS,           /* "192.0.2.10/24", at most one of each family; not set: DHCP */
    SETTING_GATEWAY,           /* of the addresses */
    SETTING_DNS,               /* addresses */
    SETTING_NTP,               /* names or addresses */
    SETTING_PROXY,             /* "http://[USER:PASSWORD@]HOST:PORT" */
    SETTING_SYSLOG,            /* "udp://HOST:PORT" or "tcp://HOST:PORT" */
    SETTING_SSH_KEY,           /* lines of authorized_keys without options */
    SETTING_ADMIN_SECRET_HASH, /* of crypt(5): $6$ or $y$ */
    SETTING_CA,                /* certificates in PEM */
    SETTING_N,
} SettingKey;

typedef struct Settings {
    char *values[SETTING_N]; /* NULL: not set; lists have ", " between their items */
    GPtrArray *problems;     /* of char *, owned: "gateway '10.0.0.1': ..." */
} Settings;

enum { SETTING_BYTES_MAX = 64 * 1024, SETTINGS_PROBLEMS_MAX = 20 };

Settings *settings_new(void);
void settings_free(Settings *settings);

const char *setting_name(SettingKey key);
/* SETTING_N: there is no such setting. */
SettingKey setting_from_name(const char *name);
/* What stands between the items of a list: ", " or a line end. */
const char *setting_joint(SettingKey key);
/* Is it for the administrator's eyes alone? */
bool setting_is_secret(SettingKey key);

/* Takes a value in, as text; an empty one is none. What is wrong with it becomes a problem. */
void settings_put(Settings *settings, SettingKey key, const char *value);
/* Takes a value out, so that another may be put in. */
void settings_unset(Settings *settings, SettingKey key);
G_GNUC_PRINTF(2, 3) void settings_complain(Settings *settings, const char *format, ...);
/* How values fit together. true: there is no problem, with these or earlier ones. */
bool settings_check(Settings *settings);

/**
 * settings_load - read the file that settings_save() wrote
 *
 * A later release may know settings that this one does not: they are kept in the file and left
 * alone. Errors: NOT_FOUND: there is no such file; INVALID: it is damaged (the text says where);
 * STORAGE. Returns: (owned)
 */
Settings *settings_load(const char *path, GError **error);
/* Mode 0600, whole or not at all; keeps settings of a later release that @path has. STORAGE */
bool settings_save(const Settings *settings, const char *path, GError **error);

/* --- what systemd and others read, made from the settings; all (owned) ------------------------ */

/* @interface: the NIC they are for. A file of systemd.network(5). */
char *settings_format_network(const Settings *settings, const char *interface);
/* A file of timesyncd.conf(5); NULL: nothing is set. */
char *settings_format_timesync(const Settings *settings);
/* Variables of the environment; empty: nothing is set. */
char *settings_format_environment(const Settings *settings);
/* A config of rsyslogd that sends all messages on; NULL: nothing is set. */
char *settings_format_syslog(const Settings *settings);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Settings, settings_free)

#endif
