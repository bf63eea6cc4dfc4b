/* SPDX-License-Identifier: Apache-2.0
 *
 * A policy and the lists of VMs that it names, from files. A list that is named without its folder
 * lies beside the policy.
 */
#include "estate.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

void
policy_file_free(void *given)
{
    PolicyFile *file = given;
    g_free(file->name);
    g_free(file->sha256);
    g_free(file);
}

PolicyFile *
policy_file_new(const char *kind, const char *name, const char *text, size_t length)
{
    PolicyFile *file = g_new0(PolicyFile, 1);
    *file = (PolicyFile){.kind = kind,
        .name = g_strdup(name),
        .sha256 = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, (gssize)length)};
    return file;
}

/* (owned) NULL with an error; what was read is noted in @files. */
static char *
read_file(const char *kind, const char *path, GPtrArray *files, GError **error)
{
    const char *word = files->len ? "file" : kind; /* of a list an error names the list before it */
    struct stat st;
    g_autofree char *text = NULL;
    size_t length = 0;
    if (stat(path, &st) == 0 && st.st_size > POLICY_BYTES_MAX)
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG, "%s '%s': larger than %d MiB", word,
            path, POLICY_BYTES_MAX >> 20);
    else if (!g_file_get_contents(path, &text, &length, NULL))
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG, "%s '%s': cannot be read: %s", word,
            path, g_strerror(errno));
    else if (memchr(text, '\0', length))
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "%s '%s': holds a zero byte: not a text", word, path);
    else {
        g_ptr_array_add(files, policy_file_new(kind, path, text, length));
        return g_steal_pointer(&text);
    }
    return NULL;
}

typedef struct ListReader {
    char *folder; /* of the policy */
    GPtrArray *files;
} ListReader;

static char *
read_list(void *data, const char *name, GError **error)
{
    const ListReader *reader = data;
    g_autofree char *path = g_path_is_absolute(name) || !strcmp(reader->folder, ".")
                                ? g_strdup(name)
                                : g_build_filename(reader->folder, name, NULL);
    return read_file("list", path, reader->files, error);
}

Policy *
estate_read_policy(const char *path, GPtrArray **ret_files, GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(policy_file_free);
    g_autofree char *text = read_file("policy", path, files, error);
    g_autofree char *folder = g_path_get_dirname(path);
    ListReader reader = {folder, files};
    Policy *policy =
        text ? policy_parse_with(text, path, &(PolicyFiles){read_list, &reader}, error) : NULL;
    if (policy && ret_files)
        *ret_files = g_steal_pointer(&files);
    return policy;
}
