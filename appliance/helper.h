/* SPDX-License-Identifier: Apache-2.0
 *
 * What needs root on the appliance, and nothing else, behind a socket.
 *
 * A request is one line: a verb and its arguments, "reboot" or "time-set-ntp servers=a%20b".
 * What is not a letter, digit or one of -._~ may be percent-encoded in a value, and has to be if
 * it is a space, a percent sign or no printable ASCII. The reply is one line of JSON,
 *
 *   {"ok":true,"result":{...}}
 *   {"ok":false,"code":"usage","error":"reboot: there is no argument 'x'"}
 *
 * and ends the connection. The verbs and their arguments are a fixed table; every argument has a
 * check of its own, which is made before anything is done.
 */
#ifndef HELPER_H
#define HELPER_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct json_object;

#define HELPER_SOCKET "/run/vm-ingest/helper.socket"

enum {
    HELPER_REQUEST_BYTES_MAX = 128 * 1024,
    HELPER_REPLY_BYTES_MAX = 1024 * 1024,
    HELPER_ARGS_MAX = 16,
};

typedef struct HelperArg {
    const char *name;
    bool is_required;
    bool is_secret; /* never logged */
    /* NULL with an error that ends "...: '@value' is ..." */
    bool (*check)(const char *value, GError **error);
} HelperArg;

typedef struct HelperVerb HelperVerb;

typedef struct HelperRequest {
    const HelperVerb *verb;
    char *values[HELPER_ARGS_MAX]; /* of verb->args, owned; NULL: not given */
} HelperRequest;

struct HelperVerb {
    const char *name;
    HelperArg args[HELPER_ARGS_MAX]; /* up to the first without a name */
    /* The request has been checked. @ret_result: (owned), may stay NULL */
    bool (*run)(const HelperRequest *request, struct json_object **ret_result, GError **error);
};

extern const HelperVerb *const helper_verbs[]; /* NULL-terminated */

/**
 * helper_parse - from a line to a request that may be carried out
 * @line: without its line end; may hold anything
 *
 * Errors: USAGE: no such verb or argument, one missing or given twice, not well encoded; INVALID:
 * a value that its check refuses
 */
bool helper_parse(const char *line, size_t length, HelperRequest *ret_request, GError **error);
void helper_request_release(HelperRequest *request);

/* One line with its end. @error: NULL = it went well. (owned) */
char *helper_format_reply(struct json_object *result, const GError *error);

/* The value of an argument; NULL: not given. */
const char *helper_find_value(const HelperRequest *request, const char *name);

/* --- the side that asks ----------------------------------------------------------------------- */

/**
 * helper_call - have something done
 * @path:  of the socket; NULL = HELPER_SOCKET
 * @args:  name, value, name, value, NULL
 *
 * Errors: UNREACHABLE: there is no helper; TIMEOUT; PROTOCOL; else what the helper says, with the
 * code it says
 */
bool helper_call(const char *path, const char *verb, const char *const *args,
    struct json_object **ret_result, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HelperRequest, helper_request_release)

#endif
