/* SPDX-License-Identifier: Apache-2.0
 *
 * The URI of a libvirt host: taken apart, held against what is known to be safe, put together anew.
 *
 * Source: libvirt's connection URIs and the parameters of its remote driver.
 */
#include "libvirt_priv.h"

/* Decoded, save the query; a part that is not there is NULL. */
typedef struct UriParts {
    char *scheme, *user, *host, *path, *query, *fragment;
    int port; /* -1: none */
} UriParts;

static void
uri_parts_clear(UriParts *parts)
{
    char *const texts[] = {
        parts->scheme, parts->user, parts->host, parts->path, parts->query, parts->fragment};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(UriParts, uri_parts_clear)

typedef enum Transport { TRANSPORT_LOCAL, TRANSPORT_SSH, TRANSPORT_TLS } Transport;

typedef struct Scheme {
    const char *name;
    Transport transport;
    bool is_test, may_have_socket;
} Scheme;

static const Scheme schemes[] = {
    {"qemu", TRANSPORT_LOCAL, false, true},
    {"qemu+unix", TRANSPORT_LOCAL, false, true},
    {"qemu+ssh", TRANSPORT_SSH, false, false},
    {"qemu+tls", TRANSPORT_TLS, false, false},
    {"test", TRANSPORT_LOCAL, true, false},
    {"test+unix", TRANSPORT_LOCAL, true, true},
};

void
host_uri_clear(HostUri *uri)
{
    g_free(uri->uri);
    g_free(uri->label);
    *uri = (HostUri){0};
}

G_GNUC_PRINTF(3, 4)
static bool
refuse(const char *given, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *why = g_strdup_vprintf(format, args);
    va_end(args);
    /* A URI may hold a password where it does not belong. */
    const char *at = strrchr(given, '@');
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG, "uri '%s%.200s': %s", at ? "...@" : "",
        at ? at + 1 : given, why);
    return false;
}

static const Scheme *
find_scheme(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++)
        if (g_strcmp0(name, schemes[i].name) == 0)
            return &schemes[i];
    return NULL;
}

/* A leading '-' would be an option of ssh. */
static bool
is_plain(const char *text, const char *more)
{
    if (!*text || *text == '-')
        return false;
    for (; *text; text++)
        if (!g_ascii_isalnum(*text) && !strchr(more, *text))
            return false;
    return true;
}

static bool
check_authority(const char *given, const Scheme *scheme, const UriParts *uri, GError **error)
{
    bool has_host = uri->host && *uri->host;
    if (scheme->transport == TRANSPORT_LOCAL && (has_host || uri->user))
        return refuse(given, error, "'%s' is a connection on this host: write '%s:///%s'",
            scheme->name, scheme->name, scheme->is_test ? "FILE" : "system");
    if (scheme->transport == TRANSPORT_LOCAL)
        return true;
    if (!has_host)
        return refuse(given, error, "no host: write '%s://HOST/system'", scheme->name);
    if (!is_plain(uri->host, ".-_:"))
        return refuse(given, error, "the host has a character that no host name has");
    if (uri->user && scheme->transport == TRANSPORT_TLS)
        return refuse(given, error, "TLS logs in by certificate: leave the user out");
    if (uri->user && strchr(uri->user, ':'))
        return refuse(given, error, "no password here: log in by key (keyfile=)");
    if (uri->user && !is_plain(uri->user, "._-"))
        return refuse(given, error, "the user has a character that no user name has");
    return true;
}

static bool
check_path(const char *given, const Scheme *scheme, const UriParts *uri, GError **error)
{
    const char *path = uri->path ? uri->path : "";
    if (scheme->is_test)
        return path[0] == '/' && path[1]
                   ? true
                   : refuse(given, error, "no file: write '%s:///default' or '%s:///PATH'",
                         scheme->name, scheme->name);
    if (strcmp(path, "/system") != 0 && strcmp(path, "/session") != 0)
        return refuse(given, error, "the path '%s' is neither '/system' nor '/session'", path);
    return true;
}

static bool
read_query(
    const char *given, const Scheme *scheme, const UriParts *uri, char **ret_socket, GError **error)
{
    static const struct {
        const char *name, *remedy;
    } refused[] = {
        {"no_verify", "host keys and certificates are always checked"},
        {"no_sanity", "host keys and certificates are always checked"},
        {"command", "programs in a URI are not run"},
        {"netcat", "programs in a URI are not run"},
        {"keyfile", "use the key 'keyfile' of the source"},
        {"known_hosts", "use the key 'known-hosts' of the source"},
        {"pkipath", "use the key 'pkipath' of the source"},
    };
    g_autofree char *socket = NULL;
    g_auto(GStrv) parts = g_strsplit_set(uri->query ? uri->query : "", "&;", -1);
    for (char **part = parts; *part; part++) {
        if (!**part)
            continue;
        char *equals = strchr(*part, '=');
        g_autofree char *name =
            equals ? g_strndup(*part, (size_t)(equals - *part)) : g_strdup(*part);
        if (scheme->may_have_socket && equals && strcmp(name, "socket") == 0) {
            g_free(socket);
            socket = g_uri_unescape_string(equals + 1, NULL);
            if (!socket || *socket != '/')
                return refuse(given, error, "'socket' is no absolute path");
            continue;
        }
        for (size_t i = 0; i < G_N_ELEMENTS(refused); i++)
            if (strcmp(name, refused[i].name) == 0)
                return refuse(
                    given, error, "parameter '%s' is refused: %s", name, refused[i].remedy);
        return refuse(given, error, "unknown parameter '%s'; '%s' takes %s", name, scheme->name,
            scheme->may_have_socket ? "'socket' only" : "none");
    }
    *ret_socket = g_steal_pointer(&socket);
    return true;
}

static void
add_parameter(GString *uri, const char *name, const char *value)
{
    if (!value)
        return;
    g_autofree char *escaped = g_uri_escape_string(value, "/", false);
    g_string_append_printf(uri, "%c%s=%s", strchr(uri->str, '?') ? '&' : '?', name, escaped);
}

static void
add_authority(GString *uri, const UriParts *parts, bool with_user)
{
    if (with_user && parts->user)
        g_string_append_printf(uri, "%s@", parts->user);
    const char *host = parts->host ? parts->host : "";
    g_string_append_printf(uri, strchr(host, ':') ? "[%s]" : "%s", host);
    if (parts->port > 0)
        g_string_append_printf(uri, ":%d", parts->port);
}

bool
libvirt_uri_build(const char *given, const UriOptions *options, HostUri *ret, GError **error)
{
    g_autofree char *socket = NULL;
    g_auto(UriParts) parts = {0};
    if (strpbrk(given, " \t\r\n<>\"") ||
        !g_uri_split(given, G_URI_FLAGS_ENCODED_QUERY, &parts.scheme, &parts.user, &parts.host,
            &parts.port, &parts.path, &parts.query, &parts.fragment, NULL) ||
        !parts.scheme)
        return refuse(given, error, "not a URI: write 'qemu+ssh://USER@HOST/system'");
    const Scheme *scheme = find_scheme(parts.scheme);
    if (!scheme)
        return refuse(given, error,
            "scheme '%s' is not one of qemu, qemu+unix, qemu+ssh, qemu+tls, test", parts.scheme);
    if (parts.fragment)
        return refuse(given, error, "'#%s' has no meaning here", parts.fragment);
    if (!check_authority(given, scheme, &parts, error) ||
        !check_path(given, scheme, &parts, error) ||
        !read_query(given, scheme, &parts, &socket, error))
        return false;

    g_autofree char *path = g_uri_escape_string(parts.path, "/", false);
    g_autoptr(GString) uri = g_string_new(scheme->name), label = g_string_new(scheme->name);
    g_string_append(uri, "://");
    g_string_append(label, "://");
    add_authority(uri, &parts, true);
    add_authority(label, &parts, false);
    g_string_append(uri, path);
    g_string_append(label, path);
    add_parameter(uri, "socket", socket);
    add_parameter(label, "socket", socket);
    if (scheme->transport == TRANSPORT_SSH) {
        add_parameter(uri, "no_tty", "1");
        add_parameter(uri, "keyfile", options->keyfile);
        add_parameter(uri, "command", options->ssh_command);
    } else if (scheme->transport == TRANSPORT_TLS) {
        add_parameter(uri, "pkipath", options->pkipath);
    }
    *ret = (HostUri){
        .uri = g_string_free(g_steal_pointer(&uri), false),
        .label = g_string_free(g_steal_pointer(&label), false),
        .is_ssh = scheme->transport == TRANSPORT_SSH,
        .is_tls = scheme->transport == TRANSPORT_TLS,
        .is_same_host = scheme->transport == TRANSPORT_LOCAL && !scheme->is_test && !socket,
    };
    return true;
}
