/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a hypervisor may have left settings: credentials that systemd took from fw_cfg or SMBIOS,
 * the environment disk of an OVF package, NoCloud's and ConfigDrive's disks.
 */
#include "settings_collect.h"

#include "box.h"
#include "cleanup.h"
#include "settings_source.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOUNT_POINT       BOX_RUN "/media"
#define CREDENTIAL_PREFIX "vm-ingest."
#define OVF_LABEL         "OVF"

typedef void (*SettingsParser)(Settings *settings, const char *text, size_t length);

/* A file that need not be there. */
static void
parse_file(Settings *settings, const char *folder, const char *name, SettingsParser parse)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *text = g_malloc(SETTINGS_TEXT_BYTES_MAX + 2);
    g_autoptr(StdioFile) file = fopen(path, "re");
    if (!file) {
        if (errno != ENOENT && errno != ENOTDIR)
            settings_complain(settings, "%s: cannot be read: %s", name, g_strerror(errno));
        return;
    }
    size_t length = fread(text, 1, SETTINGS_TEXT_BYTES_MAX + 1, file);
    if (ferror(file)) {
        settings_complain(settings, "%s: cannot be read: %s", name, g_strerror(errno));
        return;
    }
    text[length] = '\0';
    parse(settings, text, length);
    explicit_bzero(text, length);
}

/* --- credentials ------------------------------------------------------------------------------ */

static void
take_credentials(Settings *settings, const char *root)
{
    g_autofree char *folder = box_path(root, BOX_CREDENTIALS);
    g_autoptr(GDir) entries = g_dir_open(folder, 0, NULL);
    const char *name;
    while (entries && (name = g_dir_read_name(entries))) {
        if (!g_str_has_prefix(name, CREDENTIAL_PREFIX))
            continue;
        const char *word = name + strlen(CREDENTIAL_PREFIX);
        g_autofree char *path = g_strconcat(BOX_CREDENTIALS, "/", name, NULL);
        g_autoptr(GError) error = NULL;
        g_autofree char *text = box_read(root, path, &error);
        SettingKey key = setting_from_name(word);
        if (error)
            settings_complain(settings, "credential '%s': %s", name, error->message);
        else if (strcmp(word, "settings") == 0)
            settings_parse_lines(settings, text, strlen(text));
        else if (key != SETTING_N)
            settings_put(settings, key, text);
        else
            settings_complain(settings, "credential '%s': there is no such setting", name);
    }
}

/* --- disks ------------------------------------------------------------------------------------ */

/* Unless the user data had an address of its own. */
static void
parse_network(Settings *settings, const char *folder, const char *name)
{
    if (!settings->values[SETTING_ADDRESS])
        parse_file(settings, folder, name, settings_parse_network_data);
}

static void
take_ovf(Settings *settings, const char *folder)
{
    parse_file(settings, folder, "ovf-env.xml", settings_parse_ovf);
}

static void
take_no_cloud(Settings *settings, const char *folder)
{
    parse_file(settings, folder, "vm-ingest.conf", settings_parse_lines);
    parse_file(settings, folder, "user-data", settings_parse_user_data);
    parse_file(settings, folder, "meta-data", settings_parse_meta_data);
    parse_network(settings, folder, "network-config");
}

static void
put_hostname_text(Settings *settings, const char *text, size_t length)
{
    (void)length;
    if (!settings->values[SETTING_HOSTNAME])
        settings_put(settings, SETTING_HOSTNAME, text);
}

static void
put_keys_text(Settings *settings, const char *text, size_t length)
{
    (void)length;
    if (!settings->values[SETTING_SSH_KEY])
        settings_put(settings, SETTING_SSH_KEY, text);
}

/* OpenStack's form, and the files that CloudStack puts beside it. */
static void
take_config_drive(Settings *settings, const char *folder)
{
    parse_file(settings, folder, "openstack/latest/user_data", settings_parse_user_data);
    parse_file(settings, folder, "cloudstack/userdata/user_data.txt", settings_parse_user_data);
    parse_file(settings, folder, "openstack/latest/meta_data.json", settings_parse_meta_data);
    parse_file(settings, folder, "cloudstack/metadata/local-hostname.txt", put_hostname_text);
    parse_file(settings, folder, "cloudstack/metadata/public-keys.txt", put_keys_text);
    parse_network(settings, folder, "openstack/latest/network_data.json");
}

static const struct {
    const char *label;  /* of the disk, or how it begins */
    const char *origin; /* for people */
    void (*take)(Settings *settings, const char *folder);
} media[] = {
    {OVF_LABEL, "OVF environment", take_ovf},
    {"cidata", "NoCloud disk", take_no_cloud},
    {"CIDATA", "NoCloud disk", take_no_cloud},
    {"config-2", "ConfigDrive", take_config_drive},
    {"CONFIG-2", "ConfigDrive", take_config_drive},
};

/* A folder in tests; a disk otherwise, which is mounted for the time of the call. */
static void
take_disk(Settings *settings, const char *root, const char *path, size_t i)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return;
    if (S_ISDIR(st.st_mode)) {
        media[i].take(settings, path);
        return;
    }
    static const char *const types[] = {"iso9660", "vfat"};
    g_autofree char *point = box_path(root, MOUNT_POINT);
    g_mkdir_with_parents(point, 0700);
    for (size_t t = 0; t < G_N_ELEMENTS(types); t++)
        if (mount(path, point, types[t], MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0) {
            media[i].take(settings, point);
            umount2(point, MNT_DETACH);
            return;
        }
    settings_complain(
        settings, "%s: the disk cannot be read: %s", media[i].origin, g_strerror(errno));
}

static const char *
take_media(Settings *settings, const char *root)
{
    g_autofree char *folder = box_path(root, BOX_MEDIA);
    for (size_t i = 0; i < G_N_ELEMENTS(media); i++) {
        g_autoptr(GDir) labels = g_dir_open(folder, 0, NULL);
        const char *label;
        while (labels && (label = g_dir_read_name(labels))) {
            bool is_ours = strcmp(media[i].label, OVF_LABEL) == 0
                               ? g_str_has_prefix(label, OVF_LABEL)
                               : strcmp(label, media[i].label) == 0;
            g_autofree char *path = g_build_filename(folder, label, NULL);
            if (is_ours)
                take_disk(settings, root, path, i);
            if (is_ours && (settings_has_any(settings) || settings->problems->len))
                return media[i].origin;
        }
    }
    return NULL;
}

Settings *
settings_collect(const char *root, const char **ret_origin)
{
    g_autoptr(Settings) settings = settings_new();
    const char *origin = NULL;
    take_credentials(settings, root);
    if (settings_has_any(settings) || settings->problems->len)
        origin = "credentials of fw_cfg or SMBIOS";
    else
        origin = take_media(settings, root);
    settings_check(settings);
    *ret_origin = origin;
    return g_steal_pointer(&settings);
}
