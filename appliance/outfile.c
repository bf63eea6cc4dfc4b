/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that are written whole or not at all: under a temporary name first, then renamed.
 */
#include "outfile.h"

#include "error.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
fail(const char *path, const char *what, GError **error)
{
    g_set_error(
        error, INGEST_ERROR, INGEST_ERROR_STORAGE, "'%s': %s: %s", path, what, g_strerror(errno));
    return false;
}

OutFile *
outfile_open(const char *path, GError **error)
{
    g_autoptr(OutFile) out = g_new0(OutFile, 1);
    out->path = g_strdup(path && strcmp(path, "-") != 0 ? path : NULL);
    if (!out->path) {
        out->file = stdout;
        return g_steal_pointer(&out);
    }
    struct stat st;
    out->is_device = stat(out->path, &st) == 0 && !S_ISREG(st.st_mode);
    if (out->is_device && S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        fail(path, "cannot be written", error);
        return NULL;
    }
    out->temporary =
        out->is_device ? g_strdup(out->path) : g_strconcat(out->path, ".partial", NULL);
    out->file = fopen(out->temporary, out->is_device ? "we" : "w+e");
    if (!out->file) {
        fail(out->temporary, "cannot be written", error);
        return NULL;
    }
    return g_steal_pointer(&out);
}

static bool
commit(OutFile *out, GError **error)
{
    const char *name = out->path ? out->path : "standard output";
    if (fflush(out->file) != 0 || ferror(out->file))
        return fail(name, "cannot be written", error);
    if (!out->path)
        return true;
    if (!out->is_device && fsync(fileno(out->file)) != 0)
        return fail(name, "cannot be written", error);
    int closed = fclose(g_steal_pointer(&out->file));
    if (closed != 0)
        return fail(name, "cannot be written", error);
    if (!out->is_device && rename(out->temporary, out->path) != 0)
        return fail(name, "cannot be renamed into place", error);
    g_clear_pointer(&out->temporary, g_free);
    return true;
}

bool
outfile_finish(OutFile *out, bool is_written, GError **error)
{
    if (is_written)
        return commit(out, error);
    if (g_error_matches(*error, INGEST_ERROR, INGEST_ERROR_STORAGE))
        g_prefix_error(error, out->path ? "'%s': " : "standard output: ", out->path);
    return false;
}

void
outfile_keep_partial(OutFile *out)
{
    out->keeps_partial = true;
}

void
outfile_free(OutFile *out)
{
    if (!out)
        return;
    if (out->file && out->path)
        fclose(out->file);
    if (out->temporary && !out->is_device && !out->keeps_partial)
        unlink(out->temporary);
    g_free(out->path);
    g_free(out->temporary);
    g_free(out);
}

static ssize_t
digest_write(void *cookie, const char *bytes, size_t n)
{
    EVP_DigestUpdate(cookie, bytes, n);
    return (ssize_t)n;
}

char *
outfile_digest(OutFileWriter write, const void *what, GError **error)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_DigestInit_ex(context, EVP_sha256(), NULL);
    FILE *file = fopencookie(context, "w", (cookie_io_functions_t){.write = digest_write});
    bool is_ok = file && write(what, file, error);
    if (file)
        fclose(file);
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    EVP_DigestFinal_ex(context, sum, &length);
    EVP_MD_CTX_free(context);
    if (!is_ok)
        return NULL;
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < length; i++)
        g_string_append_printf(text, "%02x", sum[i]);
    return g_string_free(text, false);
}
