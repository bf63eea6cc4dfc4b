/* SPDX-License-Identifier: Apache-2.0
 *
 * The signature of a CloudStack request.
 *
 * Source: CloudStack API, "Signing API Requests"; the server's own encoder is Java's URLEncoder,
 * which differs from RFC 3986 in '*' (kept) and '~' (encoded).
 */
#include "ingest_priv.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

void
cloudstack_append_encoded(GString *out, const char *text)
{
    for (; *text; text++) {
        if (g_ascii_isalnum(*text) || strchr(".-*_", *text))
            g_string_append_c(out, *text);
        else
            g_string_append_printf(out, "%%%02X", (unsigned)(unsigned char)*text);
    }
}

/* By name, as bytes: upper case before lower case, "[10]" before "[2]". */
static int
compare_names(const void *a, const void *b)
{
    const CloudStackParam *const *left = a, *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

char *
cloudstack_string_to_sign(const CloudStackParam *params, size_t n)
{
    g_autofree const CloudStackParam **sorted = g_new0(const CloudStackParam *, n + 1);
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        if (params[i].value)
            sorted[count++] = &params[i];
    qsort(sorted, count, sizeof *sorted, compare_names);
    g_autoptr(GString) text = g_string_new(NULL);
    for (size_t i = 0; i < count; i++) {
        g_string_append_printf(text, i ? "&%s=" : "%s=", sorted[i]->name);
        cloudstack_append_encoded(text, sorted[i]->value);
    }
    return g_ascii_strdown(text->str, (gssize)text->len);
}

char *
cloudstack_sign(const char *secret_key, const CloudStackParam *params, size_t n)
{
    g_autofree char *text = cloudstack_string_to_sign(params, n);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (!HMAC(EVP_sha1(), secret_key, (int)strlen(secret_key), (const unsigned char *)text,
            strlen(text), digest, &length))
        g_error("OpenSSL offers no HMAC-SHA1");
    return g_base64_encode(digest, length);
}
