/* SPDX-License-Identifier: Apache-2.0
 *
 * One session with a vCenter: made, used, always logged out. What a SOAP call failed with becomes
 * one error here, told by the type of the fault and never by its text, which is localised.
 */
#include "vim_priv.h"

#include <soapH.h>
#include <string.h>

/* gSOAP's library wants a table of this name; the generated one has another. */
SOAP_NMAC struct Namespace namespaces[] = {
    {"SOAP-ENV", "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/*/soap-envelope",
        NULL},
    {"SOAP-ENC", "http://schemas.xmlsoap.org/soap/encoding/", "http://www.w3.org/*/soap-encoding",
        NULL},
    {"xsi", "http://www.w3.org/2001/XMLSchema-instance", "http://www.w3.org/*/XMLSchema-instance",
        NULL},
    {"xsd", "http://www.w3.org/2001/XMLSchema", "http://www.w3.org/*/XMLSchema", NULL},
    {"vim25", "urn:vim25", NULL, NULL},
    {NULL, NULL, NULL, NULL},
};

static const char session_cookie[] = "vmware_soap_session";

/* --- making ----------------------------------------------------------------------------------- */

/* gSOAP's own cookie jar rewrites the value; vCenter gets back what it gave. */
static int
parse_header(struct soap *soap, const char *name, const char *value)
{
    VimTransport *transport = soap->user;
    VimSession *session = (VimSession *)((char *)transport - offsetof(VimSession, transport));
    if (g_ascii_strcasecmp(name, "Set-Cookie") != 0)
        return session->parse_header(soap, name, value);
    if (g_str_has_prefix(value, session_cookie) && value[sizeof session_cookie - 1] == '=') {
        g_free(session->cookie_header);
        session->cookie_header = g_strdup_printf("Cookie: %.*s", (int)strcspn(value, ";"), value);
    }
    return SOAP_OK;
}

static void
set_up_soap(VimSession *session)
{
    struct soap *soap =
        soap_new2(SOAP_IO_KEEPALIVE | SOAP_C_UTFSTRING, SOAP_IO_KEEPALIVE | SOAP_C_UTFSTRING);
    soap_set_namespaces(soap, namespaces);
    soap_set_imode(soap, SOAP_ENC_ZLIB); /* asks for gzip */
    soap->max_keep_alive = 0;            /* no limit on requests of a connection */
    soap->maxlevel = VIM_DEPTH_MAX + 8;  /* the envelope comes on top */
    soap->maxlength = VIM_TEXT_BYTES_MAX;
    soap->recv_maxlength = 2 * (uint64_t)VIM_PAGE_BYTES_MAX; /* the transport is stricter */
    soap->recv_timeout = soap->send_timeout = 0;             /* the transport's clocks count */
    soap->connect_timeout = 0;
    session->soap = soap;
    session->parse_header = soap->fparsehdr;
    vim_transport_attach(&session->transport, soap);
    soap->fparsehdr = parse_header;
}

VimSession *
vim_session_new(Source *source, const VimConfig *config)
{
    VimSession *session = g_new0(VimSession, 1);
    session->source = source;
    session->config = config;
    VimTransport *transport = &session->transport;
    vim_transport_init(transport);
    transport->host = g_strdup(config->host);
    transport->port = config->port;
    transport->timeout_s = config->timeout_s;
    transport->source = source;
    transport->trust = (VimTrust){.host = transport->host,
        .cacert = config->cacert,
        .has_fingerprint = config->has_fingerprint};
    memcpy(transport->trust.fingerprint, config->fingerprint, VIM_FINGERPRINT_BYTES);
    bool is_v6 = strchr(config->host, ':') != NULL;
    session->endpoint = g_strdup_printf(
        is_v6 ? "http://[%s]:%d%s" : "http://%s:%d%s", config->host, config->port, config->path);
    session->action = g_strdup("urn:vim25/6.5");
    set_up_soap(session);
    return session;
}

static void
ref_clear(VimRef *ref)
{
    g_clear_pointer(&ref->type, g_free);
    g_clear_pointer(&ref->id, g_free);
}

static void
ref_set(VimRef *ref, const struct vim25__ManagedObjectReference *from)
{
    ref_clear(ref);
    if (!from || !from->__item)
        return;
    ref->type = g_strdup(from->type ? from->type : "");
    ref->id = g_strdup(from->__item);
}

void
vim_session_free(VimSession *session)
{
    if (!session)
        return;
    soap_destroy(session->soap);
    soap_end(session->soap);
    soap_free(session->soap);
    vim_transport_release(&session->transport);
    VimRef *refs[] = {&session->root, &session->collector, &session->views, &session->sessions,
        &session->fields, &session->tasks};
    for (size_t i = 0; i < G_N_ELEMENTS(refs); i++)
        ref_clear(refs[i]);
    char *texts[] = {session->endpoint, session->action, session->cookie_header, session->product,
        session->api_version, session->api_type, session->uuid, session->fault,
        session->fault_detail};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_free(session);
}

/* --- calls ------------------------------------------------------------------------------------ */

void
vim_call_begin(VimSession *session, bool is_strict)
{
    vim_transport_begin(&session->transport);
    session->source->requests++;
    g_clear_pointer(&session->fault, g_free);
    g_clear_pointer(&session->fault_detail, g_free);
    session->soap->http_extra_header = session->cookie_header;
    /* Strict refuses wrong end tags, but also members that our lean structs do not list. */
    if (is_strict)
        soap_set_imode(session->soap, SOAP_XML_STRICT);
    else
        soap_clr_imode(session->soap, SOAP_XML_STRICT);
}

/* "NotAuthenticated" from <NotAuthenticatedFault xsi:type="vim25:NotAuthenticated">; what has no
 * xsi:type goes by its name. */
static char *
fault_type(const char *detail)
{
    const char *begin = strchr(detail, '<');
    if (!begin)
        return NULL;
    g_autofree char *tag = g_strndup(begin + 1, strcspn(begin + 1, ">"));
    const char *type = strstr(tag, ":type=");
    g_autofree char *name = type && type[6] ? g_strndup(type + 7, strcspn(type + 7, "\"'"))
                                            : g_strndup(tag, strcspn(tag, " \t\r\n/"));
    char *local = strchr(name, ':') ? strchr(name, ':') + 1 : name;
    if (!type && g_str_has_suffix(local, "Fault"))
        local[strlen(local) - strlen("Fault")] = '\0';
    return g_strdup(local);
}

char *
vim_fault_member(const VimSession *session, const char *element)
{
    g_autofree char *open = g_strdup_printf("<%s>", element);
    const char *at = session->fault_detail ? strstr(session->fault_detail, open) : NULL;
    if (!at)
        return NULL;
    at += strlen(open);
    return g_strndup(at, MIN(strcspn(at, "<"), 200));
}

static const struct {
    const char *fault;
    IngestErrorCode code;
    const char *remedy;
} fault_table[] = {
    {"InvalidLogin", INGEST_ERROR_AUTH,
        "check username= and the password, and that the account is not locked; it is not tried "
        "again, so that it does not become so"},
    {"NoPermission", INGEST_ERROR_AUTH, "give the account the role Read-only on the vCenter"},
    {"NotAuthenticated", INGEST_ERROR_AUTH, "the session has ended; run again"},
    {"UserNotFound", INGEST_ERROR_AUTH, "check username="},
    {"PasswordExpired", INGEST_ERROR_AUTH, "change the account's password"},
    {"ToolsUnavailable", INGEST_ERROR_UNSUPPORTED,
        "start VMware Tools in the guest, or shut it down yourself"},
    {"InvalidLocale", INGEST_ERROR_REFUSED, NULL},
    {"HostCommunication", INGEST_ERROR_REFUSED, "try again later"},
};

static void
fail_fault(VimSession *session, const char *what)
{
    struct SOAP_ENV__Fault *fault = session->soap->fault;
    const char *text = fault && fault->faultstring ? fault->faultstring : "no text";
    g_autofree char *valid = g_utf8_make_valid(text, (gssize)MIN(strlen(text), 500));
    if (fault && fault->detail && fault->detail->__any)
        session->fault_detail = g_utf8_make_valid(fault->detail->__any, -1);
    session->fault = session->fault_detail ? fault_type(session->fault_detail) : NULL;
    IngestErrorCode code = INGEST_ERROR_REFUSED;
    const char *remedy = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(fault_table); i++) {
        if (vim_fault_is(session, fault_table[i].fault)) {
            code = fault_table[i].code;
            remedy = fault_table[i].remedy;
        }
    }
    g_autofree char *right = vim_fault_member(session, "privilegeId");
    vim_transport_fail(&session->transport, code, remedy, "%s: %s%s%s: %s", what,
        session->fault ? session->fault : "SOAP fault", right ? " " : "", right ? right : "",
        valid);
}

static void
fail_http(VimSession *session, const char *what, int status)
{
    VimTransport *transport = &session->transport;
    static const char check_url[] =
        "check that url= names a vCenter or ESXi host and its API, as in https://HOST/sdk";
    if (status == 401 || status == 403)
        vim_transport_fail(transport, INGEST_ERROR_AUTH, check_url,
            "%s: '%s' answered HTTP %d instead of SOAP", what, transport->host, status);
    else if (status == 503 || status == 502 || status == 504)
        vim_transport_fail(transport, INGEST_ERROR_UNREACHABLE,
            "vCenter's service is starting or down; try again later", "%s: '%s' answered HTTP %d",
            what, transport->host, status);
    else if (status == 200)
        vim_transport_fail(transport, INGEST_ERROR_PROTOCOL, check_url,
            "%s: what '%s' answered is not the vSphere API", what, transport->host);
    else
        vim_transport_fail(transport, INGEST_ERROR_PROTOCOL, check_url,
            "%s: '%s' answered HTTP %d, which is not the vSphere API", what, transport->host,
            status);
}

static void
fail_soap(VimSession *session, int soap_error, const char *what)
{
    VimTransport *transport = &session->transport;
    struct soap *soap = session->soap;
    if (soap_error == SOAP_EOF || soap_error == SOAP_ZLIB_ERROR || soap_error == SOAP_EOM) {
        vim_transport_fail(transport, INGEST_ERROR_PROTOCOL, "try again; check proxies in between",
            "%s: the answer of '%s' is truncated or broken", what, transport->host);
        return;
    }
    soap_set_fault(soap);
    const char **text = soap_faultstring(soap);
    vim_transport_fail(transport, INGEST_ERROR_PROTOCOL, "check proxies in between",
        "%s: the answer of '%s' is not well-formed (gSOAP error %d: %s)", what, transport->host,
        soap_error, text && *text ? *text : "unknown");
}

bool
vim_call_end(VimSession *session, int soap_error, const char *what, GError **error)
{
    VimTransport *transport = &session->transport;
    struct soap *soap = session->soap;
    if (soap_error != SOAP_OK) {
        bool is_connected = transport->stage > VIM_STAGE_TLS;
        if (transport->error && is_connected && transport->error->code != INGEST_ERROR_CANCELLED)
            g_prefix_error(&transport->error, "%s: ", what);
        if (soap_error == SOAP_FAULT)
            fail_fault(session, what);
        else if (soap_error >= 200 && soap_error < 600)
            fail_http(session, what, soap_error);
        else
            fail_soap(session, soap_error, what);
        if (soap_error != SOAP_FAULT)
            soap_force_closesock(soap);
    }
    soap->fault = NULL;
    soap_destroy(soap);
    soap_end(soap);
    if (!transport->error)
        return true;
    g_propagate_error(error, g_steal_pointer(&transport->error));
    return false;
}

/* --- opening ---------------------------------------------------------------------------------- */

static int
compare_versions(const char *a, const char *b)
{
    while (*a || *b) {
        char *end_a = NULL, *end_b = NULL;
        uint64_t part_a = g_ascii_strtoull(a, &end_a, 10), part_b = g_ascii_strtoull(b, &end_b, 10);
        if (part_a != part_b)
            return part_a < part_b ? -1 : 1;
        if ((end_a == a && *a) || (end_b == b && *b))
            return 0; /* not digits: nothing to compare */
        a = end_a + (*end_a == '.');
        b = end_b + (*end_b == '.');
    }
    return 0;
}

/* vCenter answers with what the declared version knew: the highest that both know. */
static void
agree_on_version(VimSession *session)
{
    const char *highest = session->config->api_version, *version = session->api_version;
    if (!version || compare_versions(version, highest) > 0)
        version = highest;
    g_free(session->action);
    session->action = g_strdup_printf("urn:vim25/%s", version);
}

static void
take_content(VimSession *session, const struct vim25__ServiceContent *content)
{
    const struct vim25__AboutInfo *about = content->about;
    ref_set(&session->root, content->rootFolder);
    ref_set(&session->collector, content->propertyCollector);
    ref_set(&session->views, content->viewManager);
    ref_set(&session->sessions, content->sessionManager);
    ref_set(&session->fields, content->customFieldsManager);
    ref_set(&session->tasks, content->taskManager);
    session->product = g_strdup(about->fullName ? about->fullName : about->name);
    session->api_version = g_strdup(about->apiVersion);
    session->api_type = g_strdup(about->apiType);
    session->uuid = g_strdup(about->instanceUuid);
}

static bool
fetch_content(VimSession *session, GError **error)
{
    char service_instance[] = "ServiceInstance";
    struct vim25__ManagedObjectReference instance = {service_instance, service_instance};
    struct vim25__RetrieveServiceContentResponse response = {0};
    vim_call_begin(session, false);
    int failure = soap_call_vim25__RetrieveServiceContent(
        session->soap, session->endpoint, session->action, &instance, &response);
    const struct vim25__ServiceContent *content = failure ? NULL : response.returnval;
    bool is_content = content && content->about && content->rootFolder &&
                      content->propertyCollector && content->viewManager && content->sessionManager;
    if (is_content)
        take_content(session, content);
    else if (!failure)
        vim_transport_fail(&session->transport, INGEST_ERROR_PROTOCOL,
            "check that url= names a vCenter", "'%s' answered without a service content",
            session->transport.host);
    return vim_call_end(session, failure, "reading the service content", error);
}

bool
vim_session_login(VimSession *session, GError **error)
{
    struct vim25__ManagedObjectReference manager = {session->sessions.type, session->sessions.id};
    struct vim25__LoginResponse response = {0};
    g_clear_pointer(&session->cookie_header, g_free);
    vim_call_begin(session, false);
    int failure = soap_call_vim25__Login(session->soap, session->endpoint, session->action,
        &manager, session->config->username, session->config->password, &response);
    /* An answer that broke off after its cookie left a session behind, too. */
    session->is_logged_in = !failure || (failure != SOAP_FAULT && session->cookie_header != NULL);
    if (session->soap->bufidx >= session->soap->buflen) /* the password lay in it */
        OPENSSL_cleanse(session->soap->buf, sizeof session->soap->buf);
    g_autofree char *what = g_strdup_printf("login of '%s'", session->config->username);
    if (!vim_call_end(session, failure, what, error))
        return false;
    session->transport.stage = MAX(session->transport.stage, VIM_STAGE_RIGHTS);
    return true;
}

bool
vim_session_open(VimSession *session, GError **error)
{
    if (!fetch_content(session, error))
        return false;
    agree_on_version(session);
    return vim_session_login(session, error);
}

void
vim_session_close(VimSession *session)
{
    if (!session || !session->is_logged_in)
        return;
    struct vim25__ManagedObjectReference manager = {session->sessions.type, session->sessions.id};
    struct vim25__LogoutResponse response = {0};
    session->transport.is_closing = true;
    vim_call_begin(session, false);
    int failure = soap_call_vim25__Logout(
        session->soap, session->endpoint, session->action, &manager, &response);
    vim_call_end(session, failure, "logout", NULL);
    soap_force_closesock(session->soap);
    session->is_logged_in = false;
    session->transport.is_closing = false;
}

/* --- guests ----------------------------------------------------------------------------------- */

static bool
ask_guest(VimSession *session, const char *id, GError **error)
{
    char type[] = "VirtualMachine";
    struct vim25__ManagedObjectReference machine = {type, (char *)id};
    struct vim25__ShutdownGuestResponse response = {0};
    vim_call_begin(session, false);
    int failure = soap_call_vim25__ShutdownGuest(
        session->soap, session->endpoint, session->action, &machine, &response);
    return vim_call_end(session, failure, "asking the guest to shut down", error);
}

bool
vim_guest_shutdown(VimSession *session, const char *id, GError **error)
{
    g_autoptr(GError) failure = NULL;
    if (ask_guest(session, id, &failure))
        return true;
    if (vim_fault_is(session, "NotAuthenticated")) { /* so it was not done */
        g_clear_error(&failure);
        if (vim_session_login(session, &failure) && ask_guest(session, id, &failure))
            return true;
    }
    if (vim_fault_is(session, "ManagedObjectNotFound"))
        failure->code = INGEST_ERROR_NOT_FOUND;
    if (vim_fault_is(session, "NoPermission"))
        g_prefix_error(&failure, "it takes the privilege VirtualMachine.Interact.PowerOff: ");
    g_propagate_error(error, g_steal_pointer(&failure));
    return false;
}
