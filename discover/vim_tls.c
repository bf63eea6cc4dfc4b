/* SPDX-License-Identifier: Apache-2.0
 *
 * Which certificate of a vCenter we accept: one that a CA of the bundle vouches for and that
 * carries the host's name as subjectAltName (the common name does not count), or exactly the one
 * whose SHA-256 fingerprint was given. A bundle that holds the server's own certificate names it as
 * a fingerprint does, so the strength of its key is not asked then; its name and time are. Either
 * way nothing secret leaves before that is settled.
 */
#include "vim_priv.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

bool
vim_fingerprint_parse(const char *text, unsigned char *ret_bytes)
{
    unsigned char bytes[VIM_FINGERPRINT_BYTES];
    size_t n = 0;
    if (g_ascii_strncasecmp(text, "sha256:", 7) == 0)
        text += 7;
    for (; *text; n++) {
        int high = g_ascii_xdigit_value(text[0]);
        int low = high < 0 ? -1 : g_ascii_xdigit_value(text[1]);
        if (low < 0 || n == VIM_FINGERPRINT_BYTES)
            return false;
        bytes[n] = (unsigned char)(high << 4 | low);
        text += 2;
        if (*text == ':' && text[1])
            text++;
    }
    if (n != VIM_FINGERPRINT_BYTES)
        return false;
    memcpy(ret_bytes, bytes, n);
    return true;
}

static void
append_name(char *names, size_t size, const unsigned char *name, int length)
{
    size_t used = strlen(names);
    g_snprintf(names + used, size - used, "%s%.*s", used ? ", " : "", length, (const char *)name);
}

/* Whom the certificate is for, as far as it fits. */
static void
note_names(VimTrust *trust, X509 *certificate)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    trust->names[0] = '\0';
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_DNS) {
            append_name(trust->names, sizeof trust->names, ASN1_STRING_get0_data(name->d.dNSName),
                ASN1_STRING_length(name->d.dNSName));
        } else if (name->type == GEN_IPADD) {
            char text[INET6_ADDRSTRLEN] = "";
            int length = ASN1_STRING_length(name->d.iPAddress);
            if (length == 4 || length == 16)
                inet_ntop(length == 4 ? AF_INET : AF_INET6,
                    ASN1_STRING_get0_data(name->d.iPAddress), text, sizeof text);
            append_name(
                trust->names, sizeof trust->names, (const unsigned char *)text, (int)strlen(text));
        }
    }
    GENERAL_NAMES_free(names);
    g_autofree char *valid = g_utf8_make_valid(trust->names, -1);
    g_strlcpy(trust->names, valid, sizeof trust->names);
}

static void
note_expiry(VimTrust *trust, X509 *certificate)
{
    BIO *text = BIO_new(BIO_s_mem());
    if (text && ASN1_TIME_print(text, X509_get0_notAfter(certificate))) {
        int n = BIO_read(text, trust->not_after, sizeof trust->not_after - 1);
        trust->not_after[MAX(n, 0)] = '\0';
    }
    BIO_free(text);
}

static bool
is_in_bundle(X509_STORE_CTX *store, X509 *leaf)
{
    bool is_found = false;
    STACK_OF(X509) *same = X509_STORE_CTX_get1_certs(store, X509_get_subject_name(leaf));
    for (int i = 0; i < sk_X509_num(same); i++)
        is_found |= X509_cmp(sk_X509_value(same, i), leaf) == 0;
    sk_X509_pop_free(same, X509_free);
    return is_found;
}

static int
verify_certificate(X509_STORE_CTX *store, void *data)
{
    VimTrust *trust = data;
    X509 *leaf = X509_STORE_CTX_get0_cert(store);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (!leaf || !X509_digest(leaf, EVP_sha256(), digest, &n) || n != VIM_FINGERPRINT_BYTES)
        return 0;
    for (unsigned i = 0; i < n; i++)
        g_snprintf(trust->seen + 3 * i, 4, i + 1 < n ? "%02X:" : "%02X", digest[i]);
    note_names(trust, leaf);
    note_expiry(trust, leaf);
    if (trust->has_fingerprint) {
        bool is_same = memcmp(digest, trust->fingerprint, n) == 0;
        trust->verify_error = is_same ? X509_V_OK : X509_V_ERR_CERT_REJECTED;
    } else {
        if (trust->cacert && is_in_bundle(store, leaf))
            X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(store), 0);
        trust->verify_error =
            X509_verify_cert(store) > 0 ? X509_V_OK : X509_STORE_CTX_get_error(store);
    }
    X509_STORE_CTX_set_error(store, (int)trust->verify_error);
    return trust->verify_error == X509_V_OK;
}

static bool
load_authorities(const VimTrust *trust, SSL_CTX *context, GError **error)
{
    if (trust->has_fingerprint)
        return true;
    ERR_clear_error();
    if (trust->cacert ? SSL_CTX_load_verify_file(context, trust->cacert)
                      : SSL_CTX_set_default_verify_paths(context))
        return true;
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
        "CA bundle '%s' cannot be used: %s (cacert must name a readable PEM file)",
        trust->cacert ? trust->cacert : "of the system", reason ? reason : "no certificate in it");
    return false;
}

bool
vim_trust_apply(VimTrust *trust, SSL_CTX *context, GError **error)
{
    X509_VERIFY_PARAM *param = SSL_CTX_get0_param(context);
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(context, verify_certificate, trust);
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
    X509_VERIFY_PARAM_set_hostflags(
        param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    unsigned char address[16];
    bool is_address = inet_pton(AF_INET, trust->host, address) == 1 ||
                      inet_pton(AF_INET6, trust->host, address) == 1;
    if (!(is_address ? X509_VERIFY_PARAM_set1_ip_asc(param, trust->host)
                     : X509_VERIFY_PARAM_set1_host(param, trust->host, 0))) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG, "'%s' is no host name", trust->host);
        return false;
    }
    return load_authorities(trust, context, error);
}

char *
vim_trust_explain(const VimTrust *trust, char **ret_remedy)
{
    long why = trust->verify_error;
    if (trust->has_fingerprint) {
        *ret_remedy = g_strdup_printf("if the certificate was renewed, set fingerprint=%s after "
                                      "comparing it on the server itself",
            trust->seen);
        return g_strdup_printf(
            "the certificate is not the one of the fingerprint given; the server shows %s",
            trust->seen);
    }
    if (why == X509_V_ERR_HOSTNAME_MISMATCH || why == X509_V_ERR_IP_ADDRESS_MISMATCH) {
        *ret_remedy = g_strdup("use a name of the certificate in the URL, or set fingerprint=");
        return g_strdup_printf("host name mismatch: the certificate is for '%s', not for '%s'",
            *trust->names ? trust->names : "(no name)", trust->host);
    }
    if (why == X509_V_ERR_CERT_HAS_EXPIRED || why == X509_V_ERR_CERT_NOT_YET_VALID) {
        *ret_remedy = g_strdup("renew the certificate, or check the clock of this machine");
        return g_strdup_printf("the certificate %s (valid until %s)",
            why == X509_V_ERR_CERT_HAS_EXPIRED ? "has expired" : "is not valid yet",
            trust->not_after);
    }
    if (why == X509_V_ERR_EE_KEY_TOO_SMALL || why == X509_V_ERR_CA_KEY_TOO_SMALL ||
        why == X509_V_ERR_CA_MD_TOO_WEAK) {
        *ret_remedy = g_strdup_printf("renew it on the server, or trust this certificate alone "
                                      "with fingerprint=%s after comparing it",
            trust->seen);
        return g_strdup_printf("the certificate is too weak to be trusted by a CA (%s)",
            X509_verify_cert_error_string(why));
    }
    *ret_remedy = g_strdup_printf("give the CA's certificate with cacert=FILE, or trust this "
                                  "certificate alone with fingerprint=%s after comparing it",
        trust->seen);
    return g_strdup_printf("the certificate is signed by an unknown CA (%s); its SHA-256 "
                           "fingerprint is %s",
        X509_verify_cert_error_string(why), trust->seen);
}
