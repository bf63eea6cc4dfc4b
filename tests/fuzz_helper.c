/* SPDX-License-Identifier: Apache-2.0
 *
 * Any line is a request that was checked or an error, and the reply is one line of JSON.
 */
#include "appliance/helper.h"

#include <json-c/json.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_auto(HelperRequest) request = {0};
    bool is_ok = helper_parse((const char *)data, size, &request, &error);
    if (is_ok == (error != NULL))
        g_error("neither a request nor an error, or both");
    if (!is_ok && request.verb)
        g_error("an error with a request");
    for (size_t i = 0; is_ok && i < HELPER_ARGS_MAX && request.verb->args[i].name; i++) {
        const HelperArg *arg = &request.verb->args[i];
        if (request.values[i] ? !arg->check(request.values[i], NULL) : arg->is_required)
            g_error("an argument that was not checked");
    }
    g_autofree char *reply = helper_format_reply(NULL, error);
    if (strchr(reply, '\n') != reply + strlen(reply) - 1)
        g_error("not one line: %s", reply);
    struct json_object *parsed = json_tokener_parse(reply);
    if (!parsed)
        g_error("no JSON: %s", reply);
    json_object_put(parsed);
    return 0;
}
