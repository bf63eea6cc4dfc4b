/* SPDX-License-Identifier: Apache-2.0
 *
 * CloudStack's view of a cluster, kept between runs: one file a cluster with the raw reply, its
 * server, and when it was asked for. A marker file tells since when a listing is under way; it is
 * taken away when all clusters have been read.
 *
 * The files are written beside and renamed into place, mode 0600. What is not as we wrote it is as
 * good as not there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "discover_priv.h"
#include "error.h"
#include "cleanup.h"

/* Ids and addresses come from outside; their digest makes a safe name of the file. */
static char *
cache_path(const UnmanagedCache *cache, const char *cluster_id)
{
    g_autofree char *key = g_strconcat(cache->url, "\n", cluster_id, NULL);
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, key, -1);
    return g_strdup_printf(
        "%s/unmanaged-%.24s.%s", cache->folder, digest, *cluster_id ? "json" : "begun");
}

static bool
cache_complain(const char *path, GError **error)
{
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_STORAGE, "'%s' cannot be written: %s", path,
        g_strerror(errno));
    return false;
}

static bool
write_all(int fd, const char *text, size_t length)
{
    while (length) {
        ssize_t n = write(fd, text, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        text += n;
        length -= (size_t)n;
    }
    return true;
}

/* Whole or not at all, and for our eyes only. */
static bool
write_file(const char *path, const char *text, GError **error)
{
    g_autofree char *beside = g_strconcat(path, ".XXXXXX", NULL);
    int fd = mkstemp(beside); /* 0600 */
    if (fd < 0)
        return cache_complain(beside, error);
    bool is_written = write_all(fd, text, strlen(text)) && fsync(fd) == 0;
    int why = errno;
    bool is_closed = close(fd) == 0;
    if (is_written && is_closed && rename(beside, path) == 0)
        return true;
    if (!is_written)
        errno = why;
    cache_complain(path, error);
    unlink(beside);
    return false;
}

static bool
write_json(const char *path, json_object *json, GError **error)
{
    return write_file(path, json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN), error);
}

bool
unmanaged_cache_store(const UnmanagedCache *cache, const char *cluster_id, int64_t read_at_s,
    json_object *reply, GError **error)
{
    if (!cache->folder)
        return true;
    if (g_mkdir_with_parents(cache->folder, 0700) != 0)
        return cache_complain(cache->folder, error);
    g_autofree char *path = cache_path(cache, cluster_id);
    g_autoptr(JsonObject) file = json_object_new_object();
    json_object_object_add(file, "url", json_object_new_string(cache->url));
    json_object_object_add(file, "clusterid", json_object_new_string(cluster_id));
    json_object_object_add(file, "read_at_s", json_object_new_int64(read_at_s));
    json_object_object_add(file, "reply", json_object_get(reply));
    return write_json(path, file, error);
}

static bool
is_text(json_object *file, const char *name, const char *expected)
{
    json_object *value = NULL;
    return json_object_object_get_ex(file, name, &value) &&
           json_object_is_type(value, json_type_string) &&
           strcmp(json_object_get_string(value), expected) == 0;
}

/* NULL unless the file is one of this server and cluster. (owned) */
static json_object *
load_file(const UnmanagedCache *cache, const char *cluster_id, int64_t *ret_read_at_s)
{
    g_autofree char *path = cache_path(cache, cluster_id);
    g_autoptr(JsonObject) file = json_object_from_file(path);
    json_object *read_at = NULL;
    if (!json_object_is_type(file, json_type_object) || !is_text(file, "url", cache->url) ||
        !is_text(file, "clusterid", cluster_id) ||
        !json_object_object_get_ex(file, "read_at_s", &read_at))
        return NULL;
    *ret_read_at_s = json_object_get_int64(read_at);
    return g_steal_pointer(&file);
}

json_object *
unmanaged_cache_load(
    const UnmanagedCache *cache, const char *cluster_id, int64_t since_s, int64_t *ret_read_at_s)
{
    int64_t read_at_s = 0;
    json_object *reply = NULL;
    g_autoptr(JsonObject) file = cache->folder ? load_file(cache, cluster_id, &read_at_s) : NULL;
    if (!file || read_at_s < since_s || !json_object_object_get_ex(file, "reply", &reply) ||
        !json_object_is_type(reply, json_type_object))
        return NULL;
    *ret_read_at_s = read_at_s;
    return json_object_get(reply);
}

bool
unmanaged_cache_begin(const UnmanagedCache *cache, int64_t begun_at_s, GError **error)
{
    return unmanaged_cache_store(cache, "", begun_at_s, NULL, error);
}

int64_t
unmanaged_cache_begun_at_s(const UnmanagedCache *cache)
{
    int64_t begun_at_s = INT64_MAX;
    g_autoptr(JsonObject) file = cache->folder ? load_file(cache, "", &begun_at_s) : NULL;
    return file ? begun_at_s : INT64_MAX;
}

void
unmanaged_cache_finish(const UnmanagedCache *cache)
{
    if (!cache->folder)
        return;
    g_autofree char *path = cache_path(cache, "");
    unlink(path);
}
