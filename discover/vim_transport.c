/* SPDX-License-Identifier: Apache-2.0
 *
 * TCP and TLS for gSOAP, under two clocks and the cancel flag.
 *
 * gSOAP's own transport takes a common name for a host name, lets a peer that trickles bytes hold
 * us for ever, and says "SSL error". So its I/O hooks lead here: the socket does not block, and
 * each wait ends at the stall timeout, the call's deadline, or when the run is cancelled.
 */
#include "vim_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { POLL_SLICE_MS = 200 };

static VimTransport *
transport_of(struct soap *soap)
{
    return soap->user;
}

void
vim_transport_init(VimTransport *transport)
{
    *transport = (VimTransport){.fd = -1};
}

static void
disconnect(VimTransport *transport)
{
    if (transport->ssl) {
        if (SSL_is_init_finished(transport->ssl))
            SSL_shutdown(transport->ssl);
        ERR_clear_error();
        g_clear_pointer(&transport->ssl, SSL_free);
    }
    if (transport->fd >= 0)
        close(transport->fd);
    transport->fd = -1;
}

void
vim_transport_release(VimTransport *transport)
{
    disconnect(transport);
    g_clear_pointer(&transport->context, SSL_CTX_free);
    g_clear_error(&transport->error);
    g_clear_pointer(&transport->remedy, g_free);
    g_clear_pointer(&transport->host, g_free);
}

void
vim_transport_fail(
    VimTransport *transport, IngestErrorCode code, const char *remedy, const char *format, ...)
{
    if (transport->error)
        return;
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_free(transport->remedy);
    transport->remedy = g_strdup(remedy);
    if (remedy)
        g_set_error(&transport->error, INGEST_ERROR, code, "%s (%s)", text, remedy);
    else
        g_set_error_literal(&transport->error, INGEST_ERROR, code, text);
}

static int64_t
total_timeout_us(const VimTransport *transport)
{
    unsigned seconds = transport->is_closing ? VIM_CLOSE_TIMEOUT_S
                                             : MAX(transport->timeout_s * VIM_TRANSFER_FACTOR, 1u);
    return (int64_t)seconds * G_USEC_PER_SEC;
}

void
vim_transport_begin(VimTransport *transport)
{
    g_clear_error(&transport->error);
    g_clear_pointer(&transport->remedy, g_free);
    transport->page_bytes = 0;
    transport->begin_us = g_get_monotonic_time();
    transport->deadline_us = transport->begin_us + total_timeout_us(transport);
    if (transport->source->deadline_us && !transport->is_closing)
        transport->deadline_us = MIN(transport->deadline_us, transport->source->deadline_us);
}

/* The call has used up its time. */
static void
fail_late(VimTransport *transport, const char *doing)
{
    bool is_callers = transport->deadline_us == transport->source->deadline_us;
    vim_transport_fail(transport, INGEST_ERROR_TIMEOUT,
        is_callers ? "try again when the server is less busy"
                   : "raise timeout= if the server is slow",
        "%s '%s': the answer was not complete after %.1f s", doing, transport->host,
        (double)(g_get_monotonic_time() - transport->begin_us) / G_USEC_PER_SEC);
}

static bool
is_cancelled(VimTransport *transport)
{
    if (transport->is_closing || !source_is_cancelled(transport->source))
        return false;
    vim_transport_fail(transport, INGEST_ERROR_CANCELLED, NULL, "interrupted");
    return true;
}

/* Waits until the socket can be read or written. */
static bool
wait_for(VimTransport *transport, short events, unsigned timeout_s, const char *doing)
{
    int64_t stall_us = g_get_monotonic_time() + (int64_t)timeout_s * G_USEC_PER_SEC;
    for (;;) {
        if (is_cancelled(transport))
            return false;
        struct pollfd poll_fd = {.fd = transport->fd, .events = events};
        int n = poll(&poll_fd, 1, POLL_SLICE_MS);
        if (n > 0)
            return true;
        if (n < 0 && errno != EINTR)
            break;
        int64_t now = g_get_monotonic_time();
        if (now >= transport->deadline_us || now >= stall_us)
            break;
    }
    if (g_get_monotonic_time() >= transport->deadline_us)
        fail_late(transport, doing);
    else
        vim_transport_fail(transport, INGEST_ERROR_TIMEOUT, "raise timeout= if the server is slow",
            "%s '%s': no answer after %u s", doing, transport->host, timeout_s);
    return false;
}

/* --- connecting ------------------------------------------------------------------------------- */

/* A session may be silent for hours: a firewall that forgets it, or a dead peer, shows early. */
static void
keep_alive(int fd)
{
    static const struct {
        int level, option, value;
    } settings[] = {{SOL_SOCKET, SO_KEEPALIVE, 1}, {IPPROTO_TCP, TCP_KEEPIDLE, 60},
        {IPPROTO_TCP, TCP_KEEPINTVL, 10}, {IPPROTO_TCP, TCP_KEEPCNT, 3}};
    for (size_t i = 0; i < G_N_ELEMENTS(settings); i++)
        setsockopt(fd, settings[i].level, settings[i].option, &settings[i].value,
            sizeof settings[i].value);
}

static bool
connect_address(VimTransport *transport, const struct addrinfo *address, int *ret_errno)
{
    int one = 1, failure = 0;
    socklen_t size = sizeof failure;
    transport->fd =
        socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    if (transport->fd < 0) {
        *ret_errno = errno;
        return false;
    }
    setsockopt(transport->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    keep_alive(transport->fd);
    getnameinfo(address->ai_addr, address->ai_addrlen, transport->address,
        sizeof transport->address, NULL, 0, NI_NUMERICHOST);
    if (connect(transport->fd, address->ai_addr, address->ai_addrlen) == 0)
        return true;
    failure = errno;
    if (failure == EINPROGRESS) {
        unsigned timeout_s = MIN(transport->timeout_s, (unsigned)VIM_CONNECT_TIMEOUT_S);
        if (!wait_for(transport, POLLOUT, timeout_s, "connecting to"))
            failure = ETIMEDOUT;
        else
            getsockopt(transport->fd, SOL_SOCKET, SO_ERROR, &failure, &size);
    }
    if (failure == 0)
        return true;
    *ret_errno = failure;
    disconnect(transport);
    return false;
}

static bool
connect_host(VimTransport *transport)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG}, *found = NULL;
    char port[16];
    g_snprintf(port, sizeof port, "%d", transport->port);
    int failure = getaddrinfo(transport->host, port, &hints, &found);
    if (failure != 0) {
        vim_transport_fail(transport, INGEST_ERROR_UNREACHABLE,
            "check the host name in url= and the DNS of this machine", "unknown host '%s': %s",
            transport->host, gai_strerror(failure));
        return false;
    }
    transport->stage = MAX(transport->stage, VIM_STAGE_CONNECTION);
    bool is_connected = false;
    for (const struct addrinfo *at = found; at && !is_connected && !transport->error;
         at = at->ai_next)
        is_connected = connect_address(transport, at, &failure);
    freeaddrinfo(found);
    if (!is_connected)
        vim_transport_fail(transport, INGEST_ERROR_UNREACHABLE,
            failure == ECONNREFUSED ? "check host and port in url=, and that vCenter runs"
                                    : "check host and port in url=, routes and firewalls",
            "no connection to '%s' (%s) port %d: %s", transport->host, transport->address,
            transport->port, g_strerror(failure));
    return is_connected;
}

/* --- TLS -------------------------------------------------------------------------------------- */

/* What to do after an SSL_...() that did not succeed: wait and repeat, or give up. */
static bool
wait_for_ssl(VimTransport *transport, int result, unsigned timeout_s, const char *doing)
{
    switch (SSL_get_error(transport->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return wait_for(transport, POLLIN, timeout_s, doing);
    case SSL_ERROR_WANT_WRITE:
        return wait_for(transport, POLLOUT, timeout_s, doing);
    default:
        return false;
    }
}

static void
fail_handshake(VimTransport *transport)
{
    unsigned long code = ERR_peek_error();
    const char *reason = ERR_reason_error_string(code);
    if (transport->error)
        return;
    if (transport->trust.verify_error != X509_V_OK) {
        g_autofree char *remedy = NULL;
        g_autofree char *text = vim_trust_explain(&transport->trust, &remedy);
        vim_transport_fail(transport, INGEST_ERROR_UNREACHABLE, remedy, "TLS to '%s' port %d: %s",
            transport->host, transport->port, text);
        return;
    }
    vim_transport_fail(transport, INGEST_ERROR_UNREACHABLE,
        "check that url= names the HTTPS port of a vCenter or ESXi host; TLS 1.2 or newer is "
        "needed",
        "TLS to '%s' port %d failed: %s", transport->host, transport->port,
        reason ? reason : "the server closed the connection");
}

static bool
handshake(VimTransport *transport)
{
    transport->stage = MAX(transport->stage, VIM_STAGE_TLS);
    transport->trust.verify_error = X509_V_OK;
    ERR_clear_error();
    transport->ssl = SSL_new(transport->context);
    g_assert(transport->ssl);
    SSL_set_fd(transport->ssl, transport->fd);
    unsigned char address[sizeof(struct in6_addr)];
    if (inet_pton(AF_INET, transport->host, address) != 1 &&
        inet_pton(AF_INET6, transport->host, address) != 1)
        SSL_set_tlsext_host_name(transport->ssl, transport->host);
    for (;;) {
        int result = SSL_connect(transport->ssl);
        if (result == 1)
            return true;
        if (!wait_for_ssl(transport, result, transport->timeout_s, "TLS handshake with")) {
            fail_handshake(transport);
            return false;
        }
    }
}

static bool
make_context(VimTransport *transport)
{
    if (transport->context)
        return true;
    g_autoptr(GError) error = NULL;
    transport->context = SSL_CTX_new(TLS_client_method());
    g_assert(transport->context);
    SSL_CTX_set_mode(
        transport->context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_options(transport->context, SSL_OP_IGNORE_UNEXPECTED_EOF);
    if (vim_trust_apply(&transport->trust, transport->context, &error))
        return true;
    g_clear_pointer(&transport->context, SSL_CTX_free);
    vim_transport_fail(transport, error->code, NULL, "%s", error->message);
    return false;
}

/* --- gSOAP's hooks ---------------------------------------------------------------------------- */

static SOAP_SOCKET
hook_open(struct soap *soap, const char *endpoint G_GNUC_UNUSED, const char *host G_GNUC_UNUSED,
    int port G_GNUC_UNUSED)
{
    VimTransport *transport = transport_of(soap);
    disconnect(transport);
    if (make_context(transport) && connect_host(transport) && handshake(transport)) {
        transport->stage = MAX(transport->stage, VIM_STAGE_LOGIN);
        soap->socket = transport->fd;
        return transport->fd;
    }
    disconnect(transport);
    soap->error = SOAP_TCP_ERROR;
    return SOAP_INVALID_SOCKET;
}

static int
hook_close(struct soap *soap)
{
    disconnect(transport_of(soap));
    soap->socket = SOAP_INVALID_SOCKET;
    return SOAP_OK;
}

static int
hook_close_socket(struct soap *soap, SOAP_SOCKET fd G_GNUC_UNUSED)
{
    return hook_close(soap);
}

static int
hook_shutdown_socket(
    struct soap *soap G_GNUC_UNUSED, SOAP_SOCKET fd G_GNUC_UNUSED, int how G_GNUC_UNUSED)
{
    return SOAP_OK;
}

static int
hook_send(struct soap *soap, const char *data, size_t length)
{
    VimTransport *transport = transport_of(soap);
    while (length > 0) {
        if (!transport->ssl || is_cancelled(transport))
            return SOAP_EOF;
        ERR_clear_error();
        int n = SSL_write(transport->ssl, data, (int)MIN(length, (size_t)G_MAXINT));
        if (n > 0) {
            data += n;
            length -= (size_t)n;
        } else if (!wait_for_ssl(transport, n, transport->timeout_s, "sending to")) {
            return SOAP_EOF;
        }
    }
    return SOAP_OK;
}

static size_t
hook_receive(struct soap *soap, char *data, size_t size)
{
    VimTransport *transport = transport_of(soap);
    for (;;) {
        if (!transport->ssl || is_cancelled(transport))
            return 0;
        if (g_get_monotonic_time() >= transport->deadline_us) {
            fail_late(transport, "reading from");
            return 0;
        }
        ERR_clear_error();
        int n = SSL_read(transport->ssl, data, (int)MIN(size, (size_t)G_MAXINT));
        if (n > 0)
            return (size_t)n;
        if (!wait_for_ssl(transport, n, transport->timeout_s, "reading from"))
            return 0;
    }
}

/* Is a kept connection still good? What is readable before we asked can only be its end. */
static int
hook_poll(struct soap *soap)
{
    VimTransport *transport = transport_of(soap);
    struct pollfd poll_fd = {.fd = transport->fd, .events = POLLIN};
    char byte;
    if (!transport->ssl)
        return SOAP_EOF;
    if (poll(&poll_fd, 1, 0) == 0)
        return SOAP_OK;
    ERR_clear_error(); /* session tickets may come at any time and are no end */
    int n = SSL_peek(transport->ssl, &byte, 1);
    return n <= 0 && SSL_get_error(transport->ssl, n) == SSL_ERROR_WANT_READ ? SOAP_OK : SOAP_EOF;
}

/* Sees what was received, after inflation. */
static int
hook_inflated(struct soap *soap, const char *data, size_t length)
{
    VimTransport *transport = transport_of(soap);
    static const char doctype[] = "<!DOCTYPE";
    transport->page_bytes += length;
    if (transport->page_bytes > VIM_PAGE_BYTES_MAX) {
        vim_transport_fail(transport, INGEST_ERROR_PROTOCOL,
            "lower page=", "'%s' sent an answer of more than %d MiB", transport->host,
            VIM_PAGE_BYTES_MAX >> 20);
        return SOAP_EOF;
    }
    if (memmem(data, length, doctype, sizeof doctype - 1)) {
        vim_transport_fail(transport, INGEST_ERROR_PROTOCOL,
            "check that url= names a vCenter and no proxy answers in its place",
            "'%s' sent a document type declaration, which SOAP forbids", transport->host);
        return SOAP_EOF;
    }
    return SOAP_OK;
}

void
vim_transport_attach(VimTransport *transport, struct soap *soap)
{
    soap->user = transport;
    soap->fopen = hook_open;
    soap->fclose = hook_close;
    soap->fclosesocket = hook_close_socket;
    soap->fshutdownsocket = hook_shutdown_socket;
    soap->fsend = hook_send;
    soap->frecv = hook_receive;
    soap->fpoll = hook_poll;
    soap->fpreparerecv = hook_inflated;
}
