/* SPDX-License-Identifier: Apache-2.0
 *
 * What makes an appliance itself: TLS key and certificate, SSH host key, setup code.
 */
#include "identity.h"

#include "box.h"
#include "error.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <unistd.h>

enum {
    CODE_DIGITS = 16, /* of 5 bits */
    CERTIFICATE_DAYS = 3650,
};

/* --- TLS -------------------------------------------------------------------------------------- */

static bool
fail_openssl(const char *what, GError **error)
{
    char text[256];
    ERR_error_string_n(ERR_get_error(), text, sizeof text);
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_FAILED, "%s: %s", what, text);
    return false;
}

static bool
add_extension(X509 *certificate, int kind, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    bool is_added = extension && X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return is_added;
}

static bool
fill_certificate(X509 *certificate, EVP_PKEY *key, const char *hostname)
{
    unsigned char serial[16];
    g_autofree char *names = g_strdup_printf("DNS:%s,DNS:localhost,IP:127.0.0.1", hostname);
    X509_NAME *name = X509_get_subject_name(certificate);
    if (RAND_bytes(serial, sizeof serial) != 1)
        return false;
    serial[0] &= 0x7f;
    BIGNUM *number = BN_bin2bn(serial, sizeof serial, NULL);
    bool is_filled = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) &&
                     X509_set_version(certificate, X509_VERSION_3) &&
                     /* A machine's clock may be wrong on its first boot. */
                     X509_gmtime_adj(X509_getm_notBefore(certificate), -86400L) &&
                     X509_gmtime_adj(X509_getm_notAfter(certificate), CERTIFICATE_DAYS * 86400L) &&
                     X509_NAME_add_entry_by_txt(
                         name, "CN", MBSTRING_UTF8, (const unsigned char *)hostname, -1, -1, 0) &&
                     X509_set_issuer_name(certificate, name) && X509_set_pubkey(certificate, key) &&
                     add_extension(certificate, NID_subject_alt_name, names) &&
                     add_extension(certificate, NID_basic_constraints, "critical,CA:no") &&
                     add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
                     X509_sign(certificate, key, EVP_sha256());
    BN_free(number);
    return is_filled;
}

static char *
take_text(BIO *bio)
{
    char *data = NULL;
    long length = BIO_get_mem_data(bio, &data);
    char *text = g_strndup(data, (gsize)length);
    BIO_free(bio);
    return text;
}

/* A key, and a certificate of its own for the host's name and "localhost". */
static bool
make_tls(const char *hostname, char **ret_key, char **ret_cert, GError **error)
{
    /* A common name has 64 characters at most. */
    g_autofree char *name =
        strlen(hostname) <= 64 ? g_strdup(hostname) : g_strndup(hostname, strcspn(hostname, "."));
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    BIO *key_text = BIO_new(BIO_s_mem()), *cert_text = BIO_new(BIO_s_mem());
    bool is_made = key && certificate && fill_certificate(certificate, key, name) &&
                   PEM_write_bio_PrivateKey(key_text, key, NULL, NULL, 0, NULL, NULL) &&
                   PEM_write_bio_X509(cert_text, certificate);
    g_autofree char *key_pem = take_text(key_text);
    g_autofree char *cert_pem = take_text(cert_text);
    EVP_PKEY_free(key);
    X509_free(certificate);
    if (!is_made)
        return fail_openssl("TLS certificate cannot be made", error);
    *ret_key = g_steal_pointer(&key_pem);
    *ret_cert = g_steal_pointer(&cert_pem);
    return true;
}

char *
identity_fingerprint(const char *cert, GError **error)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    BIO *bio = BIO_new_mem_buf(cert, -1);
    X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    bool is_read = certificate && X509_digest(certificate, EVP_sha256(), digest, &length);
    X509_free(certificate);
    BIO_free(bio);
    if (!is_read) {
        ERR_clear_error();
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_INVALID, "TLS certificate is damaged");
        return NULL;
    }
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < length; i++)
        g_string_append_printf(text, "%s%02X", i ? ":" : "", digest[i]);
    return g_string_free(text, false);
}

/* --- setup code ------------------------------------------------------------------------------- */

/* Without those that are taken for each other: I and 1, O and 0. */
static const char code_digits[] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/* "ABCD-EFGH-JKLM-NPQR", 80 bits from the kernel. (owned) */
static char *
make_code(void)
{
    unsigned char random[CODE_DIGITS];
    GString *code = g_string_new(NULL);
    g_assert(RAND_bytes(random, sizeof random) == 1);
    for (unsigned i = 0; i < CODE_DIGITS; i++)
        g_string_append_printf(
            code, "%s%c", i && i % 4 == 0 ? "-" : "", code_digits[random[i] & 31]);
    return g_string_free(code, false);
}

/* Without blanks and hyphens, in upper case: as people type it. (owned) */
static char *
normalise_code(const char *code)
{
    GString *text = g_string_new(NULL);
    for (; *code && text->len <= CODE_DIGITS; code++)
        if (*code != ' ' && *code != '-')
            g_string_append_c(text, g_ascii_toupper(*code));
    return g_string_free(text, false);
}

bool
identity_check_secret(const char *root, const char *admin_hash, const char *secret)
{
    if (admin_hash) {
        struct crypt_data data = {0};
        const char *hash = crypt_r(secret, admin_hash, &data);
        size_t length = strlen(admin_hash);
        bool is_same =
            hash && strlen(hash) == length && CRYPTO_memcmp(hash, admin_hash, length) == 0;
        explicit_bzero(&data, sizeof data);
        return is_same;
    }
    g_autofree char *stored = box_read(root, BOX_SETUP_CODE, NULL);
    g_autofree char *code = stored ? normalise_code(g_strstrip(stored)) : NULL;
    g_autofree char *given = normalise_code(secret);
    return code && strlen(code) == CODE_DIGITS && strlen(given) == CODE_DIGITS &&
           CRYPTO_memcmp(code, given, CODE_DIGITS) == 0;
}

/* --- on the disk ------------------------------------------------------------------------------ */

static bool
is_there(const char *root, const char *path)
{
    g_autofree char *full = box_path(root, path);
    return g_file_test(full, G_FILE_TEST_IS_REGULAR);
}

static bool
ensure_tls(const char *root, const char *hostname, GError **error)
{
    g_autofree char *key = NULL, *cert = NULL;
    if (is_there(root, BOX_TLS_CERT) && is_there(root, BOX_TLS_KEY))
        return true;
    /* The certificate comes last: it says that both are there. */
    return make_tls(hostname, &key, &cert, error) &&
           box_write(root, BOX_TLS_KEY, key, 0600, NULL, error) &&
           box_write(root, BOX_TLS_CERT, cert, 0644, NULL, error);
}

static bool
ensure_code(const char *root, GError **error)
{
    g_autofree char *code = make_code();
    return is_there(root, BOX_SETUP_CODE) ||
           box_write(root, BOX_SETUP_CODE, code, 0600, NULL, error);
}

static bool
ensure_ssh(const char *root, GError **error)
{
    g_autofree char *path = box_path(root, BOX_SSH_HOST_KEY);
    g_autofree char *half = g_strconcat(path, ".new", NULL);
    g_autofree char *half_public = g_strconcat(half, ".pub", NULL);
    g_autofree char *path_public = g_strconcat(path, ".pub", NULL);
    if (is_there(root, BOX_SSH_HOST_KEY))
        return true;
    unlink(half);
    const char *const argv[] = {
        "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "vm-ingest", "-f", half, NULL};
    if (!box_run(argv, error))
        return false;
    if (rename(half_public, path_public) == 0 && rename(half, path) == 0)
        return true;
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_STORAGE, "'%s': cannot be renamed", half);
    return false;
}

static bool
show_tls(const char *root, GError **error)
{
    g_autofree char *cert = box_read(root, BOX_TLS_CERT, error);
    g_autofree char *print = cert ? identity_fingerprint(cert, error) : NULL;
    return print && box_write(root, BOX_TLS_PRINT, print, 0644, NULL, error);
}

/* As ssh-keygen prints it: SHA256 of the key's bytes, in base64 without padding. */
static bool
show_ssh(const char *root, GError **error)
{
    g_autofree char *line = box_read(root, BOX_SSH_HOST_KEY ".pub", error);
    g_auto(GStrv) words = g_strsplit(line ? line : "", " ", 3);
    if (!words[0] || !words[1])
        return true;
    gsize length = 0;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n_digest = 0;
    g_autofree guchar *key = g_base64_decode(words[1], &length);
    EVP_Digest(key, length, digest, &n_digest, EVP_sha256(), NULL);
    g_autofree char *base64 = g_base64_encode(digest, n_digest);
    base64[strcspn(base64, "=")] = '\0';
    g_autofree char *text = g_strconcat("SHA256:", base64, NULL);
    return box_write(root, BOX_SSH_PRINT, text, 0644, NULL, error);
}

static bool
show_code(const char *root, bool is_code_valid, GError **error)
{
    if (!is_code_valid) {
        box_remove(root, BOX_SHOWN_CODE);
        return true;
    }
    g_autofree char *code = box_read(root, BOX_SETUP_CODE, error);
    return code && box_write(root, BOX_SHOWN_CODE, code, 0640, BOX_CONSOLE_GROUP, error);
}

bool
identity_ensure(const char *root, const char *hostname, bool is_code_valid, GError **error)
{
    return ensure_tls(root, hostname, error) && ensure_code(root, error) &&
           ensure_ssh(root, error) && show_tls(root, error) && show_ssh(root, error) &&
           show_code(root, is_code_valid, error);
}
