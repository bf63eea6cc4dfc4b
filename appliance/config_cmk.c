/* SPDX-License-Identifier: Apache-2.0
 *
 * Profiles of cmk, the CloudStack command line client: ~/.cmk/config is read, never written.
 *
 * Its form is INI with core keys before the first group, values written aligned with blanks, and no
 * comments at a line's end: a key may hold '#' or ';'.
 */
#include "appliance.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { CMK_BYTES_MAX = 1024 * 1024 };

static const struct {
    const char *theirs, *ours;
} cmk_keys[] = {{"url", "url"}, {"apikey", "api-key"}, {"secretkey", "secret-key"}};

typedef struct CmkReader {
    ConfigGroup *group;
    const char *wanted; /* profile */
    bool is_inside, was_found;
    bool skips_tls; /* verifycert = false */
} CmkReader;

static void
take_key(CmkReader *reader, bool is_core, const char *key, const char *value)
{
    if (is_core && strcmp(key, "verifycert") == 0)
        reader->skips_tls = g_ascii_strcasecmp(value, "false") == 0;
    for (size_t i = 0; reader->is_inside && i < G_N_ELEMENTS(cmk_keys); i++)
        if (strcmp(cmk_keys[i].theirs, key) == 0 && *value &&
            !config_find(reader->group, cmk_keys[i].ours))
            config_set(reader->group, cmk_keys[i].ours, value, "cmk profile");
}

static void
take_lines(CmkReader *reader, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    bool is_core = true;
    for (char **at = lines; *at; at++) {
        char *line = g_strstrip(*at), *equals = strchr(line, '=');
        size_t length = strlen(line);
        if (*line == '#' || *line == ';' || !*line)
            continue;
        if (*line == '[' && line[length - 1] == ']') {
            line[length - 1] = '\0';
            is_core = false;
            reader->is_inside = strcmp(line + 1, reader->wanted) == 0;
            reader->was_found |= reader->is_inside;
        } else if (equals) {
            *equals = '\0';
            take_key(reader, is_core, g_strchomp(line), g_strchug(equals + 1));
        }
        explicit_bzero(*at, strlen(*at));
    }
}

bool
config_read_cmk(ConfigGroup *group, const char *path, const char *profile, GError **error)
{
    g_autofree char *own =
        path ? g_strdup(path) : g_build_filename(g_get_home_dir(), ".cmk", "config", NULL);
    struct stat st;
    g_autofree char *text = NULL;
    size_t length = 0;
    GError *why = NULL;
    if (stat(own, &st) == 0 && (st.st_mode & 077)) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "cmk config '%s': others may read it (mode %04o): run: chmod 600 '%s'", own,
            (unsigned)st.st_mode & 07777, own);
        return false;
    }
    if (stat(own, &st) == 0 && st.st_size > CMK_BYTES_MAX) {
        g_set_error(
            error, INGEST_ERROR, INGEST_ERROR_CONFIG, "cmk config '%s': larger than 1 MiB", own);
        return false;
    }
    if (!g_file_get_contents(own, &text, &length, &why)) {
        g_set_error(
            error, INGEST_ERROR, INGEST_ERROR_CONFIG, "cmk config '%s': %s", own, why->message);
        g_error_free(why);
        return false;
    }
    CmkReader reader = {.group = group, .wanted = profile};
    take_lines(&reader, text);
    explicit_bzero(text, length);
    if (!reader.was_found) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG, "cmk config '%s': no profile '%s'",
            own, profile);
        return false;
    }
    if (reader.skips_tls)
        message_warning("'%s' has verifycert = false, which is not honoured: set 'cacert' or "
                        "'fingerprint' in the "
                        "group [cloudstack %s]",
            own, group->name);
    return true;
}
