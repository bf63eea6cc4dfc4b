/* SPDX-License-Identifier: Apache-2.0
 *
 * A seam that sits out a server that is restarted: reading calls are repeated until patience ends.
 */
#include <string.h>

#include "ingest_priv.h"

enum {
    DELAY_FIRST_MS = 500,
    DELAY_MAX_MS = 15000,
    REFUSED_LOGINS_MAX = 3, /* in a row; one alone may be a server that is just starting */
};

struct Patient {
    CloudStack seam;
    CloudStack *inner;
    const atomic_bool *is_cancelled;
    unsigned patience_ms;
};

static bool
is_reading(const char *command)
{
    return g_str_has_prefix(command, "list") || g_str_has_prefix(command, "query") ||
           g_str_has_prefix(command, "get") || g_str_has_prefix(command, "find");
}

static bool
may_pass(const GError *why, unsigned *n_logins)
{
    bool is_login = g_error_matches(why, INGEST_ERROR, INGEST_ERROR_AUTH);
    *n_logins = is_login ? *n_logins + 1 : 0;
    return is_login ? *n_logins < REFUSED_LOGINS_MAX
                    : g_error_matches(why, INGEST_ERROR, INGEST_ERROR_UNREACHABLE) ||
                          g_error_matches(why, INGEST_ERROR, INGEST_ERROR_TIMEOUT) ||
                          g_error_matches(why, INGEST_ERROR, INGEST_ERROR_PROTOCOL);
}

static bool
call(CloudStack *self, const char *command, const CloudStackParam *params, size_t n,
    unsigned timeout_s, CloudStackFault *fault, json_object **ret_reply, GError **error)
{
    Patient *patient = (Patient *)self;
    CloudStack *inner = patient->inner;
    int64_t end_ms = g_get_monotonic_time() / 1000 + patient->patience_ms;
    unsigned n_logins = 0;
    for (unsigned delay_ms = DELAY_FIRST_MS;; delay_ms = MIN(2 * delay_ms, DELAY_MAX_MS)) {
        CloudStackFault own = {0};
        GError *why = NULL;
        bool is_ok = inner->call(inner, command, params, n, timeout_s, &own, ret_reply, &why);
        bool is_last = is_ok || !is_reading(command) || !may_pass(why, &n_logins) ||
                       g_get_monotonic_time() / 1000 >= end_ms;
        if (is_last && fault)
            *fault = own;
        else
            cloudstack_fault_clear(&own);
        if (is_last && why)
            g_propagate_error(error, why);
        else
            g_clear_error(&why);
        if (is_last)
            return is_ok;
        if (!send_pause(patient->is_cancelled, delay_ms, error))
            return false;
    }
}

Patient *
patient_new(CloudStack *inner, const atomic_bool *is_cancelled, unsigned patience_s)
{
    Patient *patient = g_new0(Patient, 1);
    *patient = (Patient){.seam = {.call = call, .url = inner->url},
        .inner = inner,
        .is_cancelled = is_cancelled,
        .patience_ms = 1000 * patience_s};
    return patient;
}

CloudStack *
patient_seam(Patient *patient)
{
    return &patient->seam;
}

void
patient_free(Patient *patient)
{
    g_free(patient);
}
