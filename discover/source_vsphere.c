/* SPDX-License-Identifier: Apache-2.0
 *
 * The vSphere source: a vCenter Server or a single ESXi host, read by its SOAP API.
 */
#include "vim_priv.h"

#include <netdb.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "utc_text.h"

enum { PAGE_DEFAULT = 500, PAGE_MAX = 10000, TIMEOUT_DEFAULT_S = 60, TIMEOUT_MAX_S = 3600 };

/* The newest API that this code was tested with. */
static const char api_version_tested[] = "8.0.3.0";

typedef struct VsphereSource {
    VimConfig config;
    VimSession *session;
    /* Of a session that reads instance by instance: tags are read once, and kept. */
    VimTagSet *tags;
    bool has_asked_tags;
} VsphereSource;

/* A peer that hangs up must not end the process: OpenSSL writes without MSG_NOSIGNAL. */
typedef struct SigpipeGuard {
    sigset_t before;
    bool was_pending;
} SigpipeGuard;

static void
sigpipe_block(SigpipeGuard *guard)
{
    sigset_t sigpipe, pending;
    sigemptyset(&sigpipe);
    sigaddset(&sigpipe, SIGPIPE);
    sigpending(&pending);
    guard->was_pending = sigismember(&pending, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &sigpipe, &guard->before);
}

static void
sigpipe_restore(const SigpipeGuard *guard)
{
    sigset_t sigpipe;
    struct timespec at_once = {0};
    sigemptyset(&sigpipe);
    sigaddset(&sigpipe, SIGPIPE);
    while (!guard->was_pending && sigtimedwait(&sigpipe, NULL, &at_once) == SIGPIPE)
        continue;
    pthread_sigmask(SIG_SETMASK, &guard->before, NULL);
}

/* --- config ----------------------------------------------------------------------------------- */

static void *
vsphere_create(Source *source G_GNUC_UNUSED)
{
    VsphereSource *self = g_new0(VsphereSource, 1);
    self->config.timeout_s = TIMEOUT_DEFAULT_S;
    self->config.page = PAGE_DEFAULT;
    self->config.api_version = g_strdup(api_version_tested);
    return self;
}

static bool
config_invalid(GError **error, const char *key, const char *value, const char *expected)
{
    g_set_error(
        error, INGEST_ERROR, INGEST_ERROR_CONFIG, "%s='%s': expected %s", key, value, expected);
    return false;
}

static void
set_text(char **to, const char *value)
{
    g_free(*to);
    *to = g_strdup(value);
}

static bool
set_number(unsigned *to, const char *key, const char *value, unsigned max, GError **error)
{
    char *end = NULL;
    uint64_t number = g_ascii_strtoull(value, &end, 10);
    if (!g_ascii_isdigit(*value) || *end || number == 0 || number > max) {
        g_autofree char *expected = g_strdup_printf("a number from 1 to %u", max);
        return config_invalid(error, key, value, expected);
    }
    *to = (unsigned)number;
    return true;
}

/* Splits [https://]HOST[:PORT][/PATH]; HOST may be a bracketed IPv6 address. */
static bool
set_url(VimConfig *config, const char *value, GError **error)
{
    static const char expected[] = "https://HOST[:PORT][/sdk] or HOST";
    const char *at = value;
    if (g_ascii_strncasecmp(at, "https://", 8) == 0)
        at += 8;
    else if (strstr(at, "://"))
        return config_invalid(error, "url", value, expected);
    size_t authority = strcspn(at, "/?#");
    if (memchr(at, '@', authority)) { /* not shown: a password may stand in it */
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "url: a user or password in the URL is not taken; use username= and the secret");
        return false;
    }
    g_autofree char *host_port = g_strndup(at, authority);
    const char *path = at[authority] == '/' && at[authority + 1] ? at + authority : "/sdk";
    char *host = host_port, *colon = strrchr(host_port, ':');
    unsigned port = 443;
    if (*host == '[') {
        char *end = strchr(host, ']');
        if (!end || (end[1] && end[1] != ':'))
            return config_invalid(error, "url", value, expected);
        colon = end[1] == ':' ? end + 1 : NULL;
        *end = '\0';
        host++;
    } else if (colon && strchr(host, ':') != colon) {
        colon = NULL; /* a bare IPv6 address */
    }
    if (colon) {
        *colon = '\0';
        if (!set_number(&port, "url", colon + 1, 65535, error))
            return false;
    }
    if (!*host || strpbrk(host, " \t\r\n\"'<>\\"))
        return config_invalid(error, "url", value, expected);
    g_autofree char *trimmed = g_strdup(path);
    for (size_t n = strlen(trimmed); n > 1 && trimmed[n - 1] == '/'; n--)
        trimmed[n - 1] = '\0';
    set_text(&config->url, value);
    set_text(&config->host, host);
    set_text(&config->path, trimmed);
    config->port = (int)port;
    return true;
}

static bool
set_tags(VimConfig *config, const char *value, GError **error)
{
    static const char *const words[] = {
        [VIM_TAGS_AUTO] = "auto", [VIM_TAGS_YES] = "yes", [VIM_TAGS_NO] = "no"};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (strcmp(words[i], value) == 0) {
            config->tags = (enum VimTagsMode)i;
            return true;
        }
    }
    return config_invalid(error, "tags", value, "yes, no or auto");
}

static void
wipe(char **secret)
{
    if (*secret)
        OPENSSL_cleanse(*secret, strlen(*secret));
    g_clear_pointer(secret, g_free);
}

static bool
vsphere_config(Source *source, const char *key, const char *value, GError **error)
{
    VimConfig *config = &((VsphereSource *)source->state)->config;
    const struct {
        const char *key;
        char **text;
    } texts[] = {{"username", &config->username}, {"cacert", &config->cacert},
        {"api-version", &config->api_version}};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (strcmp(texts[i].key, key) == 0) {
            set_text(texts[i].text, value);
            return true;
        }
    }
    if (strcmp(key, "url") == 0)
        return set_url(config, value, error);
    if (strcmp(key, "password") == 0) {
        wipe(&config->password);
        config->password = g_strdup(value);
        return true;
    }
    if (strcmp(key, "fingerprint") == 0) {
        config->has_fingerprint = vim_fingerprint_parse(value, config->fingerprint);
        return config->has_fingerprint ||
               config_invalid(error, key, value, "a SHA-256 fingerprint of 64 hexadecimal digits");
    }
    if (strcmp(key, "timeout") == 0)
        return set_number(&config->timeout_s, key, value, TIMEOUT_MAX_S, error);
    if (strcmp(key, "page") == 0)
        return set_number(&config->page, key, value, PAGE_MAX, error);
    if (strcmp(key, "tags") == 0)
        return set_tags(config, value, error);
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG, "unknown key '%s'", key);
    return false;
}

static bool
check_config(const VimConfig *config, GError **error)
{
    const char *missing = !config->host       ? "url"
                          : !config->username ? "username"
                          : !config->password ? "password"
                                              : NULL;
    if (!missing)
        return true;
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG, "%s= is missing", missing);
    return false;
}

/* --- reading ---------------------------------------------------------------------------------- */

static bool
vsphere_open(Source *source, GError **error)
{
    VsphereSource *self = source->state;
    SigpipeGuard guard;
    if (!check_config(&self->config, error))
        return false;
    sigpipe_block(&guard);
    self->session = vim_session_new(source, &self->config);
    bool is_open = vim_session_open(self->session, error);
    sigpipe_restore(&guard);
    return is_open;
}

static bool
put_source(const VimSession *session, InventorySink *sink, GError **error)
{
    char read_at[UTC_TEXT_BYTES];
    g_autofree char *url = g_strdup_printf(
        strchr(session->config->host, ':') ? "https://[%s]:%d%s" : "https://%s:%d%s",
        session->config->host, session->config->port, session->config->path);
    SourceInfo info = {.name = text_known(session->source->name),
        .kind = SOURCE_KIND_VSPHERE,
        .url = text_known(url),
        .product = text_known(session->product),
        .api_version = text_known(session->api_version),
        .uuid = text_known(session->uuid),
        .read_at = text_known(utc_text(time(NULL), read_at)),
        .is_cached = bool_known(false)};
    return inventory_put(sink, RECORD_SOURCE, &info, error);
}

/* Tags are a service of their own; without it they are unknown, and that is said once. */
static bool
read_tags(VimInfra *infra, GError **error)
{
    VimSession *session = infra->session;
    g_autoptr(GError) failure = NULL;
    bool is_host = g_strcmp0(session->api_type, "HostAgent") == 0; /* a host has no tags */
    if (session->config->tags == VIM_TAGS_NO || (is_host && session->config->tags == VIM_TAGS_AUTO))
        return true;
    if (vim_tags_fetch(session, &infra->tags, &failure))
        return true;
    if (source_is_cancelled(session->source)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return false;
    }
    SourceProblem *problem = vim_infra_problem(infra, "tags-unread", session->config->host,
        "rules by tag do not match; see that the account may use the vCenter's tagging service, "
        "or set tags=no");
    problem->text = text_known("vSphere tags could not be read; they are unknown");
    problem->evidence = text_known(arena_strdup(&infra->arena, failure->message));
    return true;
}

/* --- some instances --------------------------------------------------------------------------- */

/* What hangs on what is a question for all tags at once: too much for each instance anew. */
static bool
lend_tags(VsphereSource *self, VimInfra *infra, GError **error)
{
    if (!self->has_asked_tags) {
        if (!read_tags(infra, error))
            return false;
        self->has_asked_tags = true;
        self->tags = infra->tags;
    }
    infra->tags = self->tags;
    return true;
}

static bool
read_some(VsphereSource *self, VimInfra *infra, SourceRead *read, GError **error)
{
    bool is_ok = put_source(self->session, read->sink, error) && lend_tags(self, infra, error) &&
                 vim_instances_read(infra, read, error);
    return vim_infra_put_problems(infra, read->sink, is_ok ? error : NULL) && is_ok;
}

static bool
vsphere_read(Source *source, SourceRead *read, GError **error)
{
    VsphereSource *self = source->state;
    VimInfra infra;
    SigpipeGuard guard;
    sigpipe_block(&guard);
    vim_infra_init(&infra, self->session);
    bool is_ok = read_some(self, &infra, read, error);
    infra.tags = NULL; /* lent */
    vim_infra_release(&infra);
    sigpipe_restore(&guard);
    return is_ok;
}

static bool
vsphere_read_power(Source *source, const char *id, PowerState *ret_power, GError **error)
{
    VsphereSource *self = source->state;
    SigpipeGuard guard;
    sigpipe_block(&guard);
    bool is_ok = vim_power_read(self->session, id, ret_power, error);
    sigpipe_restore(&guard);
    return is_ok;
}

static bool
vsphere_shutdown_guest(Source *source, const char *id, GError **error)
{
    VsphereSource *self = source->state;
    SigpipeGuard guard;
    sigpipe_block(&guard);
    bool is_ok = vim_guest_shutdown(self->session, id, error);
    sigpipe_restore(&guard);
    return is_ok;
}

/* --- the whole -------------------------------------------------------------------------------- */

static bool
list_all(VimInfra *infra, InventorySink *sink, GError **error)
{
    const SourceContext *context = infra->session->source->context;
    if (context && context->progress)
        context->progress(context->progress_data, infra->source, "networks", 0, 0);
    return put_source(infra->session, sink, error) && vim_infra_fetch(infra, error) &&
           read_tags(infra, error) && vim_infra_put(infra, sink, error) &&
           vim_instances_list(infra, sink, error);
}

static bool
vsphere_list(Source *source, InventorySink *sink, GError **error)
{
    VsphereSource *self = source->state;
    VimInfra infra;
    SigpipeGuard guard;
    sigpipe_block(&guard);
    vim_infra_init(&infra, self->session);
    bool is_ok = list_all(&infra, sink, error);
    /* What went wrong is told even when the listing broke. */
    if (!vim_infra_put_problems(&infra, sink, is_ok ? error : NULL))
        is_ok = false;
    vim_infra_release(&infra);
    sigpipe_restore(&guard);
    return is_ok;
}

static void
vsphere_close(Source *source)
{
    VsphereSource *self = source->state;
    SigpipeGuard guard;
    sigpipe_block(&guard);
    vim_session_close(self->session);
    g_clear_pointer(&self->session, vim_session_free);
    g_clear_pointer(&self->tags, vim_tags_free);
    self->has_asked_tags = false;
    sigpipe_restore(&guard);
}

static void
vsphere_destroy(void *state)
{
    VsphereSource *self = state;
    VimConfig *config = &self->config;
    vim_session_free(self->session);
    wipe(&config->password);
    char *texts[] = {config->url, config->host, config->path, config->username, config->cacert,
        config->api_version};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_free(self);
}

/* --- doctor ----------------------------------------------------------------------------------- */

static const char *const stage_words[VIM_STAGE_N] = {
    [VIM_STAGE_NAME] = "name",
    [VIM_STAGE_CONNECTION] = "connection",
    [VIM_STAGE_TLS] = "tls",
    [VIM_STAGE_LOGIN] = "login",
    [VIM_STAGE_RIGHTS] = "rights",
};

static char *
stage_detail(const VimSession *session, VimStage stage)
{
    const VimTransport *transport = &session->transport;
    switch (stage) {
    case VIM_STAGE_NAME:
        return g_strdup_printf("'%s' is %s", transport->host, transport->address);
    case VIM_STAGE_CONNECTION:
        return g_strdup_printf("%s port %d", transport->address, transport->port);
    case VIM_STAGE_TLS:
        return g_strdup_printf(
            "certificate %s, valid until %s", transport->trust.seen, transport->trust.not_after);
    case VIM_STAGE_LOGIN:
        return g_strdup_printf("'%s' at %s, API %s", session->config->username,
            session->product ? session->product : "?",
            session->api_version ? session->api_version : "?");
    case VIM_STAGE_RIGHTS:
        return g_strdup("the inventory can be read");
    case VIM_STAGE_N:
        break;
    }
    g_assert_not_reached();
}

/* The privilege that hid most, or NULL. */
static const VimDenied *
worst_denied(const VimInfra *infra)
{
    GHashTableIter at;
    gpointer value = NULL;
    const VimDenied *worst = NULL;
    g_hash_table_iter_init(&at, infra->denied);
    while (g_hash_table_iter_next(&at, NULL, &value))
        if (!worst || ((const VimDenied *)value)->n > worst->n)
            worst = value;
    return worst;
}

static bool
tell_rights(const VimInfra *infra, uint64_t n_instances, const HopSink *hops)
{
    const VimDenied *denied = worst_denied(infra);
    g_autofree char *detail = NULL;
    if (denied)
        detail = g_strdup_printf("the privilege %s is missing on %u of the objects, first on %s",
            denied->privilege, denied->n, denied->first);
    else if (!infra->has_root)
        detail = g_strdup("the privilege System.View is missing on the root folder");
    else
        detail = g_strdup_printf("%" G_GUINT64_FORMAT
                                 " instances, %u hosts, %u port groups, %u datastores are visible",
            n_instances, infra->hosts->len, infra->portgroups->len, infra->datastores->len);
    bool is_ok = !denied && infra->has_root;
    hops->hop(hops->data, "rights", is_ok ? HOP_OK : HOP_FAILED, detail,
        is_ok ? NULL : "give the account the role Read-only on the vCenter's root, propagated");
    return is_ok;
}

/* What rights are for: the inventory can be listed, and nothing of it is hidden. */
static bool
check_rights(VimSession *session, const HopSink *hops, GError **error)
{
    VimInfra infra;
    uint64_t n_instances = 0;
    vim_infra_init(&infra, session);
    bool is_read =
        vim_infra_fetch(&infra, error) && vim_instances_count(&infra, &n_instances, error);
    bool is_ok = is_read && tell_rights(&infra, n_instances, hops);
    vim_infra_release(&infra);
    return is_ok;
}

/* An error's text ends with its remedy in brackets; a hop has it beside. (owned) */
static char *
without_remedy(const char *text, const char *remedy)
{
    g_autofree char *end = remedy ? g_strdup_printf(" (%s)", remedy) : NULL;
    size_t length = strlen(text);
    if (end && g_str_has_suffix(text, end))
        length -= strlen(end);
    return g_strndup(text, length);
}

static bool
check_hops(VimSession *session, const HopSink *hops)
{
    g_autoptr(GError) error = NULL;
    bool is_open = vim_session_open(session, &error);
    VimStage reached = session->transport.stage;
    for (int stage = 0; stage < (is_open ? VIM_STAGE_RIGHTS : (int)reached); stage++) {
        g_autofree char *detail = stage_detail(session, (VimStage)stage);
        hops->hop(hops->data, stage_words[stage], HOP_OK, detail, NULL);
    }
    if (is_open && check_rights(session, hops, &error))
        return true;
    if (!error)
        return false; /* told by check_rights() */
    const char *remedy = session->transport.remedy;
    g_autofree char *detail = without_remedy(error->message, remedy);
    hops->hop(hops->data, stage_words[MIN(reached, VIM_STAGE_RIGHTS)], HOP_FAILED, detail,
        remedy ? remedy : "see the text");
    for (int stage = (int)reached + 1; stage < VIM_STAGE_N; stage++)
        hops->hop(hops->data, stage_words[stage], HOP_SKIPPED, "not reached", NULL);
    return false;
}

static bool
vsphere_check(Source *source, const HopSink *hops, GError **error)
{
    VsphereSource *self = source->state;
    SigpipeGuard guard;
    if (!check_config(&self->config, error))
        return false;
    sigpipe_block(&guard);
    self->session = vim_session_new(source, &self->config);
    bool is_ok = check_hops(self->session, hops);
    vim_session_close(self->session);
    g_clear_pointer(&self->session, vim_session_free);
    sigpipe_restore(&guard);
    return is_ok;
}

const SourceClass source_vsphere = {
    .type = "vsphere",
    .summary = "a VMware vCenter Server or ESXi host, by its SOAP API",
    .config_help = "url=https://HOST[:PORT][/sdk]  the vCenter\n"
                   "username=NAME                  account with the role Read-only\n"
                   "password=...                   its secret, from a file, prompt or descriptor\n"
                   "cacert=FILE                    PEM bundle of CAs to trust (default: system's)\n"
                   "fingerprint=SHA256             trust exactly this certificate\n"
                   "timeout=SECONDS                wait for an answer (60)\n"
                   "page=N                         instances per request (500)\n"
                   "api-version=VERSION            highest API version to ask for (8.0.3.0)\n"
                   "tags=auto|yes|no               read vSphere tags (auto)",
    .can = SOURCE_CAN_VLAN | SOURCE_CAN_GUEST_IPS | SOURCE_CAN_TAGS | SOURCE_CAN_FOLDERS |
           SOURCE_CAN_SNAPSHOTS,
    .create = vsphere_create,
    .config = vsphere_config,
    .open = vsphere_open,
    .list = vsphere_list,
    .check = vsphere_check,
    .read = vsphere_read,
    .read_power = vsphere_read_power,
    .shutdown_guest = vsphere_shutdown_guest,
    .close = vsphere_close,
    .destroy = vsphere_destroy,
};
