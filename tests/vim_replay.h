/* SPDX-License-Identifier: Apache-2.0
 *
 * A vCenter made of recorded answers, below gSOAP: no socket, no TLS. The session's own calls are
 * answered here; the streamed ones (properties, pages, ports) take the next of the given bodies.
 */
#ifndef VIM_REPLAY_H
#define VIM_REPLAY_H

#include "discover/vim_priv.h"

#include <string.h>

#define REPLAY_ENVELOPE(body)                                                                      \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"                                                   \
    "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" "               \
    "xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" "                                              \
    "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soapenv:Body>" body                  \
    "</soapenv:Body></soapenv:Envelope>"
#define REPLAY_PAGE(objects)                                                                       \
    REPLAY_ENVELOPE("<RetrievePropertiesExResponse xmlns=\"urn:vim25\"><returnval>" objects        \
                    "</returnval></RetrievePropertiesExResponse>")
#define REPLAY_NEXT_PAGE(objects)                                                                  \
    REPLAY_ENVELOPE(                                                                               \
        "<ContinueRetrievePropertiesExResponse xmlns=\"urn:vim25\"><returnval>" objects            \
        "</returnval></ContinueRetrievePropertiesExResponse>")
#define REPLAY_NOTHING REPLAY_ENVELOPE("<RetrievePropertiesExResponse xmlns=\"urn:vim25\"/>")
#define REPLAY_FAULT(type, members)                                                                \
    REPLAY_ENVELOPE("<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>text of "   \
                    "the fault</faultstring><detail><" type "Fault xmlns=\"urn:vim25\" "           \
                    "xsi:type=\"" type "\">" members "</" type "Fault></detail></soapenv:Fault>")

typedef struct Replay {
    const SourceContext *context;
    Source source;
    VimConfig config;
    VimSession *session;
    const char *api_version;
    char **answers; /* bodies of streamed calls, in order; borrowed */
    size_t n_answers, n_used;
    GPtrArray *requests; /* of each call, with HTTP header; owned texts */
    GString *request, *response;
    size_t sent;
} Replay;

static inline Replay *
replay_of(struct soap *soap)
{
    const VimTransport *transport = soap->user;
    const VimSession *session =
        (const VimSession *)((const char *)transport - offsetof(VimSession, transport));
    return session->source->state;
}

static inline const char *
replay_streamed(Replay *replay)
{
    return replay->n_used < replay->n_answers
               ? replay->answers[replay->n_used++]
               : REPLAY_FAULT("SystemError", "<reason>no more answers</reason>");
}

/* The body that answers a request. (owned) */
static inline char *
replay_answer(Replay *replay, const char *request)
{
    static const char content[] = REPLAY_ENVELOPE(
        "<RetrieveServiceContentResponse xmlns=\"urn:vim25\"><returnval>"
        "<rootFolder type=\"Folder\">group-d1</rootFolder>"
        "<propertyCollector type=\"PropertyCollector\">propertyCollector</propertyCollector>"
        "<viewManager type=\"ViewManager\">ViewManager</viewManager>"
        "<about><name>VMware vCenter Server</name><fullName>VMware vCenter Server 8</fullName>"
        "<unknownMember>x</unknownMember><apiType>VirtualCenter</apiType>"
        "<apiVersion>%s</apiVersion></about>"
        "<sessionManager type=\"SessionManager\">SessionManager</sessionManager>"
        "</returnval></RetrieveServiceContentResponse>");
    static const struct {
        const char *call, *body;
    } fixed[] = {
        {"vim25:Login>", REPLAY_ENVELOPE("<LoginResponse xmlns=\"urn:vim25\"><returnval>"
                                         "<key>k</key><userName>u</userName><fullName>n</fullName>"
                                         "</returnval></LoginResponse>")},
        {"vim25:Logout>", REPLAY_ENVELOPE("<LogoutResponse xmlns=\"urn:vim25\"/>")},
        {"vim25:CreateContainerView>",
            REPLAY_ENVELOPE("<CreateContainerViewResponse xmlns=\"urn:vim25\"><returnval "
                            "type=\"ContainerView\">view-1</returnval>"
                            "</CreateContainerViewResponse>")},
        {"vim25:DestroyView>", REPLAY_ENVELOPE("<DestroyViewResponse xmlns=\"urn:vim25\"/>")},
        {"vim25:CancelRetrievePropertiesEx>",
            REPLAY_ENVELOPE("<CancelRetrievePropertiesExResponse xmlns=\"urn:vim25\"/>")},
    };
    if (strstr(request, "vim25:RetrieveServiceContent>"))
        return g_strdup_printf(content, replay->api_version);
    for (size_t i = 0; i < G_N_ELEMENTS(fixed); i++)
        if (strstr(request, fixed[i].call))
            return g_strdup(fixed[i].body);
    return g_strdup(replay_streamed(replay));
}

static inline SOAP_SOCKET
replay_open(struct soap *soap, const char *endpoint, const char *host, int port)
{
    (void)endpoint, (void)host, (void)port;
    return soap->socket = 0;
}

static inline int
replay_close(struct soap *soap)
{
    soap->socket = SOAP_INVALID_SOCKET;
    return SOAP_OK;
}

static inline int
replay_close_socket(struct soap *soap, SOAP_SOCKET fd)
{
    (void)fd;
    return replay_close(soap);
}

static inline int
replay_poll(struct soap *soap)
{
    (void)soap;
    return SOAP_OK;
}

static inline int
replay_send(struct soap *soap, const char *data, size_t length)
{
    Replay *replay = replay_of(soap);
    g_string_truncate(replay->response, 0);
    g_string_append_len(replay->request, data, (gssize)length);
    return SOAP_OK;
}

static inline size_t
replay_receive(struct soap *soap, char *data, size_t size)
{
    Replay *replay = replay_of(soap);
    if (replay->request->len > 0) {
        g_autofree char *body = replay_answer(replay, replay->request->str);
        bool is_fault = strstr(body, "<soapenv:Fault>") != NULL;
        g_string_printf(replay->response,
            "HTTP/1.1 %s\r\nContent-Type: text/xml; charset=utf-8\r\nSet-Cookie: "
            "vmware_soap_session=\"a/b:c =d\"; Path=/\r\nContent-Length: %zu\r\n\r\n%s",
            is_fault ? "500 Internal Server Error" : "200 OK", strlen(body), body);
        g_ptr_array_add(replay->requests, g_strdup(replay->request->str));
        g_string_truncate(replay->request, 0);
        replay->sent = 0;
    }
    size_t n = MIN(size, replay->response->len - replay->sent);
    memcpy(data, replay->response->str + replay->sent, n);
    replay->sent += n;
    return n;
}

/* @context: may be empty, must outlive the replay. */
static inline void
replay_init(Replay *replay, const SourceContext *context, char **answers, size_t n_answers)
{
    static char host[] = "vcenter.example.org", path[] = "/sdk", user[] = "user",
                password[] = "pa<&>ss", highest[] = "8.0.3.0", name[] = "vc";
    *replay = (Replay){.context = context,
        .answers = answers,
        .n_answers = n_answers,
        .api_version = "8.0.2.0",
        .requests = g_ptr_array_new_with_free_func(g_free),
        .request = g_string_new(NULL),
        .response = g_string_new(NULL)};
    replay->config = (VimConfig){.host = host,
        .path = path,
        .port = 443,
        .username = user,
        .password = password,
        .api_version = highest,
        .timeout_s = 5,
        .page = 500,
        .tags = VIM_TAGS_NO};
    replay->source = (Source){.class = &source_vsphere, .name = name, .context = context};
    replay->source.state = replay;
    replay->session = vim_session_new(&replay->source, &replay->config);
    struct soap *soap = replay->session->soap;
    soap->fopen = replay_open;
    soap->fclose = replay_close;
    soap->fclosesocket = replay_close_socket;
    soap->fpoll = replay_poll;
    soap->fsend = replay_send;
    soap->frecv = replay_receive;
}

static inline void
replay_release(Replay *replay)
{
    vim_session_close(replay->session);
    vim_session_free(replay->session);
    g_ptr_array_unref(replay->requests);
    g_string_free(replay->request, TRUE);
    g_string_free(replay->response, TRUE);
}

/* Logs in, reads infrastructure and instances into the sink: two or more streamed answers. */
static inline bool
replay_run(Replay *replay, InventorySink *sink, GError **error)
{
    VimInfra infra;
    if (!vim_session_open(replay->session, error))
        return false;
    vim_infra_init(&infra, replay->session);
    bool is_ok = vim_infra_fetch(&infra, error) && vim_infra_put(&infra, sink, error) &&
                 vim_instances_list(&infra, sink, error);
    vim_infra_put_problems(&infra, sink, NULL);
    vim_infra_release(&infra);
    return is_ok;
}

#endif
