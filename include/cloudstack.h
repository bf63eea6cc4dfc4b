/* SPDX-License-Identifier: Apache-2.0
 *
 * The CloudStack call seam: one method. ingest/ supplies the real one; tests a stand-in.
 *
 * Source: CloudStack API, request and reply forms as its API documentation has them.
 */
#ifndef CLOUDSTACK_H
#define CLOUDSTACK_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct json_object;

typedef struct CloudStackParam {
    const char *name, *value;
} CloudStackParam;

/* What the server said when it refused, and what was wrong with a reply that was read. */
typedef struct CloudStackFault {
    int http_status;  /* 0: no reply */
    int code;         /* errorcode, 0 if the reply had none */
    int cs_code;      /* cserrorcode, 0 if none */
    char *text;       /* (owned) errortext */
    unsigned repairs; /* places where the reply was no valid JSON and was repaired; no refusal */
} CloudStackFault;

static inline void
cloudstack_fault_clear(CloudStackFault *fault)
{
    g_free(fault->text);
    *fault = (CloudStackFault){0};
}

/* The page size that a server names when it refuses a larger one; 0: that was not the reason. */
static inline uint64_t
cloudstack_fault_page_size(const CloudStackFault *fault)
{
    static const char mark[] = "max allowed page size value: ";
    const char *found = fault->text ? strstr(fault->text, mark) : NULL;
    return found ? g_ascii_strtoull(found + strlen(mark), NULL, 10) : 0;
}

typedef struct CloudStack CloudStack;

struct CloudStack {
    /**
     * call - one request, one reply
     * @command:   API name, such as "listZones"
     * @params:    without command, key, signature and response form; NULL values are left out
     * @timeout_s: 0 = the client's own
     * @fault:     may be NULL, else zeroed; filled when the server refused
     * @ret_reply: (owned) the value of the reply's only member, an object
     *
     * Errors:  AUTH (401, 432, 531), UNREACHABLE, TIMEOUT, REFUSED (any other refusal), PROTOCOL
     * Threads: any number at a time
     */
    bool (*call)(CloudStack *self, const char *command, const CloudStackParam *params, size_t n,
        unsigned timeout_s, CloudStackFault *fault, struct json_object **ret_reply, GError **error);
    const char *url; /* without keys */
};

#endif
