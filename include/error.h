/* SPDX-License-Identifier: Apache-2.0
 *
 * The one error domain. An error means that we could not do what was asked; a fact about an
 * instance that the operator must know is a finding (plan.h), not an error.
 *
 * A code exists only if some caller branches on it; the command maps codes to exit codes.
 * Messages: lower-case start, no full stop, values in single quotes, the peer's own code and text
 * verbatim, the place and the remedy; each module boundary adds one g_prefix_error().
 */
#ifndef ERROR_H
#define ERROR_H

#include <glib.h>

#define INGEST_ERROR (ingest_error_quark())

typedef enum IngestErrorCode {
    INGEST_ERROR_FAILED,      /* none of the others */
    INGEST_ERROR_USAGE,       /* wrong command line */
    INGEST_ERROR_CONFIG,      /* config, policy or secret file wrong or unsafe */
    INGEST_ERROR_INVALID,     /* a file or value that was given does not have the right form */
    INGEST_ERROR_AUTH,        /* login refused, or a right is missing */
    INGEST_ERROR_UNREACHABLE, /* no connection: name, route, refused, TLS */
    INGEST_ERROR_TIMEOUT,     /* the peer did not answer in time */
    INGEST_ERROR_PROTOCOL,    /* the peer's answer is not what its protocol says */
    INGEST_ERROR_REFUSED,     /* the peer understood and said no */
    INGEST_ERROR_NOT_FOUND,
    INGEST_ERROR_CONFLICT,    /* the facts are not those the plan was made from */
    INGEST_ERROR_UNSUPPORTED, /* the peer lacks what we need */
    INGEST_ERROR_STORAGE,     /* a local file cannot be written or read */
    INGEST_ERROR_CANCELLED,   /* interrupted */
} IngestErrorCode;

static inline GQuark
ingest_error_quark(void)
{
    return g_quark_from_static_string("vm-ingest-error");
}

#endif
