/* SPDX-License-Identifier: Apache-2.0
 *
 * Any text is a policy or an error that names a line.
 */
#include "error.h"
#include "policy.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A list that a policy names is the policy itself. */
static char *
read_itself(void *data, const char *name, GError **error)
{
    (void)name;
    (void)error;
    return g_strdup(data);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(GError) error = NULL;
    const PolicyFiles files = {read_itself, text};
    g_autoptr(Policy) policy = policy_parse_with(text, "fuzzed", &files, &error);
    if (!policy == !error)
        g_error("neither a policy nor an error, or both");
    if (error && (error->domain != INGEST_ERROR || !strstr(error->message, "fuzzed")))
        g_error("error without the file's name: %s", error->message);
    if (policy && policy_count_rules(policy) > strlen(text))
        g_error("more rules than characters");
    return 0;
}
