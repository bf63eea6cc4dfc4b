/* SPDX-License-Identifier: Apache-2.0
 *
 * Who may log in and who is trusted: SSH keys, hashes of secrets, certificates of authorities.
 */
#include "settings_access.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

enum { CERTIFICATES_MAX = 64, SSH_KEY_BYTES_MAX = 4096 };

static const char *const ssh_types[] = {
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    NULL,
};

static bool
is_base64(const char *text)
{
    size_t length = strlen(text);
    size_t digits =
        strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    return length && length % 4 == 0 && digits + strspn(text + digits, "=") == length &&
           length - digits <= 2;
}

/* Whether the key says of itself, too, that it is of that type. */
static bool
is_key_of_type(const char *base64, const char *type)
{
    gsize length = 0, n_type = strlen(type);
    g_autofree guchar *key = g_base64_decode(base64, &length);
    return length > n_type + 8 && key[0] == 0 && key[1] == 0 && key[2] == 0 && key[3] == n_type &&
           memcmp(key + 4, type, n_type) == 0;
}

char *
ssh_key_find_fault(const char *line)
{
    if (strlen(line) > SSH_KEY_BYTES_MAX)
        return g_strdup_printf("longer than %d bytes", SSH_KEY_BYTES_MAX);
    for (const char *c = line; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return g_strdup("holds control characters");
    if (strstr(line, "PRIVATE KEY"))
        return g_strdup("is a private key: keep it secret, and give its .pub file");
    g_auto(GStrv) words = g_strsplit(line, " ", 3);
    if (!g_strv_contains(ssh_types, words[0]))
        return g_strdup("does not begin with the type of a key, as ssh-ed25519 (options before it "
                        "are not taken)");
    if (!words[1] || !is_base64(words[1]) || !is_key_of_type(words[1], words[0]))
        return g_strdup("is not whole: write the one line of the .pub file");
    return NULL;
}

char *
secret_hash_find_fault(const char *hash)
{
    size_t length = strlen(hash);
    bool is_known = g_str_has_prefix(hash, "$6$") || g_str_has_prefix(hash, "$y$");
    const char *last = strrchr(hash, '$');
    size_t n_last = last ? strlen(last + 1) : 0;
    if (!is_known || length > 256 || n_last != (hash[1] == '6' ? 86 : 43) || last - hash < 4 ||
        strspn(hash, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./$=") !=
            length)
        return g_strdup(
            "is no hash of crypt(5) in the form $6$ or $y$; make it by: openssl passwd -6");
    return NULL;
}

char *
certificates_to_pem(const char *text)
{
    if (strstr(text, "-----BEGIN "))
        return g_strdup(text);
    g_auto(GStrv) pieces = g_strsplit_set(text, " \t\r\n", -1);
    g_autofree char *joined = g_strjoinv("", pieces);
    if (!is_base64(joined))
        return g_strdup("");
    gsize length = 0;
    g_autofree guchar *bytes = g_base64_decode(joined, &length);
    return g_strndup((const char *)bytes, length);
}

char *
certificates_find_fault(const char *text)
{
    g_autofree char *pem = certificates_to_pem(text);
    BIO *bio = BIO_new_mem_buf(pem, -1);
    unsigned n = 0, n_bad = 0;
    char *name = NULL, *header = NULL;
    unsigned char *data = NULL;
    long length = 0;
    while (n < CERTIFICATES_MAX && PEM_read_bio(bio, &name, &header, &data, &length)) {
        const unsigned char *next = data;
        X509 *certificate =
            strcmp(name, PEM_STRING_X509) == 0 ? d2i_X509(NULL, &next, length) : NULL;
        n++;
        n_bad += certificate == NULL;
        X509_free(certificate);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(data, (size_t)length);
    }
    bool is_at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    BIO_free(bio);
    if (n == 0)
        return g_strdup("holds no certificate in PEM (-----BEGIN CERTIFICATE-----)");
    if (n >= CERTIFICATES_MAX)
        return g_strdup_printf("holds more than %d certificates", CERTIFICATES_MAX - 1);
    if (n_bad)
        return g_strdup("holds something else than certificates");
    return is_at_end ? NULL : g_strdup_printf("certificate %u is damaged", n + 1);
}
