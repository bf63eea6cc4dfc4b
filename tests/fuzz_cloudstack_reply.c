/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader of CloudStack's replies: any body with any status gives an object or an error that is
 * UTF-8; what was repaired parses again without repair.
 *
 * The first byte chooses the HTTP status.
 */
#include "ingest/ingest_priv.h"

#include "cleanup.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 401, 404, 431, 503, 530};
    if (size < 1)
        return 0;
    int status = statuses[data[0] % G_N_ELEMENTS(statuses)];
    g_autofree char *body = g_malloc(size);
    memcpy(body, data + 1, size - 1);
    body[size - 1] = '\0';
    CloudStackFault fault = {0};
    g_autoptr(JsonObject) reply = NULL;
    g_autoptr(GError) error = NULL;
    bool is_ok = cloudstack_reply_read("listFuzz", status, body, size - 1, &fault, &reply, &error);
    g_assert_true(is_ok == (reply != NULL));
    g_assert_true(is_ok == (error == NULL));
    if (error)
        g_assert_true(g_utf8_validate(error->message, -1, NULL));
    if (reply) {
        const char *text = json_object_to_json_string_ext(reply, JSON_C_TO_STRING_PLAIN);
        unsigned repairs = 0;
        g_autoptr(JsonObject) again = cloudstack_json_parse(text, strlen(text), &repairs, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(repairs, ==, 0);
        catalog_scrub(again);
    }
    cloudstack_fault_clear(&fault);
    return 0;
}
