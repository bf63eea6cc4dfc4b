/* SPDX-License-Identifier: Apache-2.0
 *
 * A [cloudstack NAME] group made into a client.
 */
#include "target.h"

#include "cloudstack_client.h"

#include <stdlib.h>

struct Target {
    CloudStackClient *client; /* owned */
};

typedef struct Keys {
    char *api_key, *secret_key; /* owned, wiped */
} Keys;

static void
keys_clear(Keys *keys)
{
    secret_free(keys->api_key);
    secret_free(keys->secret_key);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Keys, keys_clear)

static bool
read_key(const ConfigGroup *group, const char *key, char **ret, GError **error)
{
    GError *why = NULL;
    *ret = config_read_secret(group, key, &why);
    if (*ret)
        return true;
    if (why)
        g_propagate_error(error, why);
    else
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "[cloudstack %s]: '%s' is missing: set %s-file, a profile, or the CLOUDSTACK_ "
            "variables",
            group->name, key, key);
    return false;
}

/* Seconds, 0 = not set. */
static bool
read_timeout(const ConfigGroup *group, unsigned *ret, GError **error)
{
    const char *text = config_find(group, "timeout");
    char *end = NULL;
    unsigned long seconds = text ? strtoul(text, &end, 10) : 0;
    if (text && (!*text || *end || seconds == 0 || seconds > 86400)) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "[cloudstack %s]: timeout '%s': it is a number of seconds, 1 to 86400", group->name,
            text);
        return false;
    }
    *ret = (unsigned)seconds;
    return true;
}

Target *
target_open(ConfigGroup *group, GError **error)
{
    const char *profile = config_find(group, "profile");
    if (profile && !config_read_cmk(group, config_find(group, "cmk-config"), profile, error))
        return NULL;
    if (!config_find(group, "url")) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG, "[cloudstack %s]: 'url' is missing",
            group->name);
        return NULL;
    }
    g_auto(Keys) keys = {0};
    unsigned timeout_s = 0;
    if (!read_key(group, "api-key", &keys.api_key, error) ||
        !read_key(group, "secret-key", &keys.secret_key, error) ||
        !read_timeout(group, &timeout_s, error))
        return NULL;
    const CloudStackClientOptions options = {.url = config_find(group, "url"),
        .api_key = keys.api_key,
        .secret_key = keys.secret_key,
        .cacert = config_find(group, "cacert"),
        .fingerprint = config_find(group, "fingerprint"),
        .timeout_s = timeout_s,
        .is_cancelled = &interrupted};
    CloudStackClient *client = cloudstack_client_new(&options, error);
    if (!client) {
        g_prefix_error(error, "[cloudstack %s]: ", group->name);
        return NULL;
    }
    Target *target = g_new0(Target, 1);
    target->client = client;
    return target;
}

void
target_close(Target *target)
{
    if (!target)
        return;
    cloudstack_client_free(target->client);
    g_free(target);
}

CloudStack *
target_seam(Target *target)
{
    return cloudstack_client_seam(target->client);
}

bool
target_check(Target *target, const HopSink *hops, GError **error)
{
    return cloudstack_client_check(target->client, hops, error);
}
