/* SPDX-License-Identifier: Apache-2.0
 *
 * The two slots of the image, and GRUB's block of variables.
 */
#include "slot.h"

#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define GRUBENV_HEAD "# GRUB Environment Block\n"

static const char *
find_word(const char *cmdline, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = cmdline; (at = strstr(at, word)); at += length)
        if (at == cmdline || at[-1] == ' ')
            return at + length;
    return NULL;
}

char
slot_find_running(const char *cmdline)
{
    const char *root = find_word(cmdline, "vm_ingest.root=");
    return root && (*root == 'a' || *root == 'b') && root[1] == ',' ? *root : 0;
}

bool
slot_is_trial(const char *cmdline)
{
    const char *end = find_word(cmdline, "vm_ingest.trial");
    return end && (*end == ' ' || *end == '\n' || *end == '\0');
}

char
slot_other(char slot)
{
    return slot == 'a' ? 'b' : 'a';
}

char *
grubenv_get(const char *block, const char *name)
{
    g_auto(GStrv) lines = g_strsplit(block, "\n", -1);
    size_t length = strlen(name);
    for (char **line = lines; *line; line++)
        if (strncmp(*line, name, length) == 0 && (*line)[length] == '=')
            return g_strdup(*line + length + 1);
    return NULL;
}

bool
grubenv_set(char block[GRUBENV_BYTES], const char *name, const char *value)
{
    g_autofree char *text = g_strndup(block, GRUBENV_BYTES);
    if (!g_str_has_prefix(text, GRUBENV_HEAD))
        return false;
    g_auto(GStrv) lines = g_strsplit(text + strlen(GRUBENV_HEAD), "\n", -1);
    g_autoptr(GString) all = g_string_new(GRUBENV_HEAD);
    size_t length = strlen(name);
    for (char **line = lines; *line; line++)
        if (strchr(*line, '=') && **line != '#' &&
            !(strncmp(*line, name, length) == 0 && (*line)[length] == '='))
            g_string_append_printf(all, "%s\n", *line);
    if (value)
        g_string_append_printf(all, "%s=%s\n", name, value);
    if (all->len > GRUBENV_BYTES)
        return false;
    memset(block, '#', GRUBENV_BYTES);
    memcpy(block, all->str, all->len);
    return true;
}

static bool
fail(const char *path, const char *what, GError **error)
{
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_STORAGE, "boot variables '%s': %s: %s", path,
        what, g_strerror(errno));
    return false;
}

static bool
read_block(int fd, const char *path, char block[GRUBENV_BYTES + 1], GError **error)
{
    ssize_t n = pread(fd, block, GRUBENV_BYTES + 1, 0);
    if (n < 0)
        return fail(path, "cannot be read", error);
    block[GRUBENV_BYTES] = '\0';
    if (n != GRUBENV_BYTES || !g_str_has_prefix(block, GRUBENV_HEAD)) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_INVALID,
            "boot variables '%s': is no block of GRUB's variables", path);
        return false;
    }
    return true;
}

char *
grubenv_read(const char *path, GError **error)
{
    char block[GRUBENV_BYTES + 1];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        fail(path, "cannot be read", error);
        return NULL;
    }
    bool is_read = read_block(fd, path, block, error);
    close(fd);
    return is_read ? g_strdup(block) : NULL;
}

/* In place: the file's blocks stay where they are, so that a power cut leaves the old or the new.
 */
static bool
write_block(int fd, const char *path, const char *const *pairs, GError **error)
{
    char block[GRUBENV_BYTES + 1];
    if (!read_block(fd, path, block, error))
        return false;
    for (; *pairs; pairs += 2)
        if (!grubenv_set(block, pairs[0], pairs[1])) {
            g_set_error(error, INGEST_ERROR, INGEST_ERROR_INVALID,
                "boot variables '%s': no room for '%s'", path, pairs[0]);
            return false;
        }
    if (pwrite(fd, block, GRUBENV_BYTES, 0) != GRUBENV_BYTES || fsync(fd) != 0)
        return fail(path, "cannot be written", error);
    return true;
}

bool
grubenv_write(const char *path, const char *const *pairs, GError **error)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return fail(path, "cannot be written", error);
    bool is_written = write_block(fd, path, pairs, error);
    close(fd);
    return is_written;
}
