/* SPDX-License-Identifier: Apache-2.0
 *
 * The real CloudStack client behind the seam of cloudstack.h: signed POST requests over HTTP(S).
 *
 * Every request carries signature version 3 and expires ten minutes later. TLS is verified by CA
 * bundle and host name, or by the SHA-256 fingerprint of the server's certificate. Reading calls
 * (get, list, query, find) are repeated on rate limits, 503 and broken connections; writing calls
 * never are, not even by the HTTP library. Redirects are not followed.
 */
#ifndef CLOUDSTACK_CLIENT_H
#define CLOUDSTACK_CLIENT_H

#include "cloudstack.h"
#include "source.h"

#include <stdatomic.h>

typedef struct CloudStackClient CloudStackClient;

typedef struct CloudStackClientOptions {
    /* "https://HOST/client/api", "HOST:PORT" (https, /client/api) or any other path of the API. */
    const char *url;
    const char *api_key;
    const char *secret_key;
    const char *cacert; /* path of a PEM bundle; NULL: the system's */
    /* SHA-256 of the certificate in hex, colons allowed; instead of a CA */
    const char *fingerprint;
    bool is_insecure;        /* certificate and host name are not checked */
    const char *proxy;       /* NULL: as http_proxy, https_proxy, no_proxy say */
    unsigned timeout_s;      /* of a call as a whole; 0: 120 */
    unsigned retry_delay_ms; /* before the first repetition, doubled for each further; 0: 500 */
    const atomic_bool *is_cancelled; /* NULL: never; breaks off running requests */
} CloudStackClientOptions;

/**
 * cloudstack_client_new - check the options and make a client; nothing is sent yet
 * @options: borrowed for the call
 *
 * Errors:  CONFIG naming the option and its right form
 * Returns: (owned)
 */
CloudStackClient *cloudstack_client_new(const CloudStackClientOptions *options, GError **error);

/* Wipes the secret key. */
void cloudstack_client_free(CloudStackClient *client);

/* (borrowed) Usable by any number of threads; each running call has its own connection. */
CloudStack *cloudstack_client_seam(CloudStackClient *client);

/**
 * cloudstack_client_check - test the way to the server hop by hop, for "doctor"
 *
 * Hops: "name", "connection", "tls", "login", "rights". False when a hop failed; no error is set.
 */
bool cloudstack_client_check(CloudStackClient *client, const HopSink *hops, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CloudStackClient, cloudstack_client_free)

#endif
