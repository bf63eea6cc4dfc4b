/* SPDX-License-Identifier: Apache-2.0
 *
 * The key file: [source NAME] and [cloudstack NAME] groups. A flag goes before the environment, the
 * environment before the file; each value remembers where it came from.
 */
#include "appliance.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONFIG_BYTES_MAX = 1024 * 1024 };

static const char *const cloudstack_keys[] = {"url", "profile", "cmk-config", "api-key",
    "api-key-file", "api-key-fd", "secret-key", "secret-key-file", "secret-key-fd", "cacert",
    "fingerprint", "timeout", "zone", NULL};
static const char *const state_keys[] = {"folder", "keep-reports", "keep-free", NULL};
/* Keys of every source; the others are the back end's own. */
static const char *const source_keys[] = {
    "type", "username", "password", "password-file", "password-fd", NULL};
static const char *const secret_keys[] = {"password", "secret-key", NULL};
/* Those that hold what other keys name a file of. */
static const char *const value_keys[] = {"password", "secret-key", "api-key", NULL};

static void
config_value_free(gpointer data)
{
    ConfigValue *value = data;
    if (value->is_secret)
        explicit_bzero(value->value, strlen(value->value));
    g_free(value->key);
    g_free(value->value);
    g_free(value);
}

static void
config_group_free(gpointer data)
{
    ConfigGroup *group = data;
    g_free(group->kind);
    g_free(group->name);
    g_ptr_array_unref(group->values);
    g_free(group);
}

void
config_free(Config *config)
{
    if (!config)
        return;
    g_ptr_array_unref(config->groups);
    g_free(config->path);
    g_free(config);
}

ConfigGroup *
config_find_group(const Config *config, const char *kind, const char *name)
{
    for (unsigned i = 0; i < config->groups->len; i++) {
        ConfigGroup *group = g_ptr_array_index(config->groups, i);
        if (strcmp(group->kind, kind) == 0 && strcmp(group->name, name) == 0)
            return group;
    }
    return NULL;
}

bool
config_has_kind(const Config *config, const char *kind)
{
    for (unsigned i = 0; i < config->groups->len; i++)
        if (strcmp(((ConfigGroup *)g_ptr_array_index(config->groups, i))->kind, kind) == 0)
            return true;
    return false;
}

static ConfigGroup *
config_add_group(Config *config, const char *kind, const char *name)
{
    ConfigGroup *group = g_new0(ConfigGroup, 1);
    group->kind = g_strdup(kind);
    group->name = g_strdup(name);
    group->values = g_ptr_array_new_with_free_func(config_value_free);
    g_ptr_array_add(config->groups, group);
    return group;
}

static ConfigValue *
find_value(const ConfigGroup *group, const char *key)
{
    for (unsigned i = 0; i < group->values->len; i++) {
        ConfigValue *value = g_ptr_array_index(group->values, i);
        if (strcmp(value->key, key) == 0)
            return value;
    }
    return NULL;
}

const char *
config_find(const ConfigGroup *group, const char *key)
{
    const ConfigValue *value = find_value(group, key);
    return value ? value->value : NULL;
}

void
config_set(ConfigGroup *group, const char *key, const char *text, const char *origin)
{
    ConfigValue *old = find_value(group, key);
    if (old)
        g_ptr_array_remove(group->values, old);
    ConfigValue *value = g_new0(ConfigValue, 1);
    value->key = g_strdup(key);
    value->value = g_strdup(text);
    value->origin = origin;
    value->is_secret = g_strv_contains(secret_keys, key);
    g_ptr_array_add(group->values, value);
}

/* --- the key file ----------------------------------------------------------------------------- */

static bool
check_source_key(
    const char *path, ConfigGroup *group, const char *key, const char *value, GError **error)
{
    if (g_strv_contains(source_keys, key))
        return true;
    const char *type = config_find(group, "type");
    const SourceClass *class = source_find_class(type);
    static const SourceContext nowhere = {0};
    g_autoptr(Source) probe = source_new(class, group->name, &nowhere);
    if (source_config(probe, key, value, error))
        return true;
    g_prefix_error(error, "'%s': group [source %s]: ", path, group->name);
    return false;
}

static bool
check_source_type(const char *path, const ConfigGroup *group, GError **error)
{
    const char *type = config_find(group, "type");
    if (type && source_find_class(type))
        return true;
    g_autoptr(GString) known = g_string_new(NULL);
    for (const SourceClass *const *at = source_classes; *at; at++)
        g_string_append_printf(known, "%s%s", known->len ? ", " : "", (*at)->type);
    if (type)
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "'%s': group [source %s]: key 'type': '%s' is not a source; known: %s", path,
            group->name, type, known->str);
    else
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "'%s': group [source %s]: key 'type' is missing; it is one of: %s", path, group->name,
            known->str);
    return false;
}

static bool
check_known_key(const char *path, const ConfigGroup *group, const char *key, GError **error)
{
    const bool is_state = strcmp(group->kind, "state") == 0;
    const char *const *keys = is_state ? state_keys : cloudstack_keys;
    if (g_strv_contains(keys, key))
        return true;
    g_autofree char *known = g_strjoinv(", ", (char **)keys);
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
        "'%s': group [%s%s%s]: unknown key '%s'; known: %s", path, group->kind, is_state ? "" : " ",
        group->name, key, known);
    return false;
}

/* A secret may stand in the config itself only if nobody else can read it. */
static bool
check_secret_place(const char *path, const char *key, GError **error)
{
    struct stat st;
    if (!g_strv_contains(secret_keys, key) || (stat(path, &st) == 0 && !(st.st_mode & 077)))
        return true;
    g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
        "'%s': holds '%s' and others may read it: name a file of mode 0600 with '%s-file', or run: "
        "chmod 600 '%s'",
        path, key, key, path);
    return false;
}

/* "credential:NAME": of the service, else a file beside the config. (owned) */
static char *
credential_path(const char *config, const char *name)
{
    const char *passed = g_getenv("CREDENTIALS_DIRECTORY");
    if (passed) {
        g_autofree char *own = g_build_filename(passed, name, NULL);
        return access(own, F_OK) == 0 ? g_steal_pointer(&own)
                                      : g_strdup_printf("%s/vm-ingest_%s", passed, name);
    }
    g_autofree char *folder = g_path_get_dirname(config);
    return g_build_filename(folder, "credentials", name, NULL);
}

static bool
take_value(Config *config, ConfigGroup *group, const char *key, const char *value, GError **error)
{
    static const char scheme[] = "credential:";
    if (!g_str_has_prefix(value, scheme) || g_strv_contains(value_keys, key)) {
        config_set(group, key, value, config->path);
        return true;
    }
    const char *name = value + strlen(scheme);
    if (!*name || strchr(name, '/')) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "'%s': group [%s %s]: key '%s': '%s' has to be credential:NAME, the name of a file in "
            "the folder 'credentials' beside this one",
            config->path, group->kind, group->name, key, value);
        return false;
    }
    g_autofree char *path = credential_path(config->path, name);
    config_set(group, key, path, config->path);
    return true;
}

static bool
read_group_keys(
    Config *config, GKeyFile *file, const char *heading, ConfigGroup *group, GError **error)
{
    const bool is_source = strcmp(group->kind, "source") == 0;
    g_auto(GStrv) keys = g_key_file_get_keys(file, heading, NULL, NULL);
    for (char **key = keys; key && *key; key++) {
        GError *why = NULL;
        g_autofree char *value = g_key_file_get_string(file, heading, *key, &why);
        if (!value) {
            g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG, "'%s': group [%s]: key '%s': %s",
                config->path, heading, *key, why->message);
            g_error_free(why);
            return false;
        }
        g_strchomp(value);
        if (!check_secret_place(config->path, *key, error))
            return false;
        bool is_ok = take_value(config, group, *key, value, error);
        explicit_bzero(value, strlen(value));
        if (!is_ok)
            return false;
    }
    if (is_source && !check_source_type(config->path, group, error))
        return false;
    for (unsigned i = 0; i < group->values->len; i++) {
        const ConfigValue *value = g_ptr_array_index(group->values, i);
        if (!(is_source ? check_source_key(config->path, group, value->key, value->value, error)
                        : check_known_key(config->path, group, value->key, error)))
            return false;
    }
    return true;
}

static bool
read_group(Config *config, GKeyFile *file, const char *heading, GError **error)
{
    g_auto(GStrv) words = g_strsplit_set(heading, " \t", 2);
    const char *kind = words[0], *name = words[1] ? g_strstrip(words[1]) : "";
    const bool is_named = strcmp(kind, "source") == 0 || strcmp(kind, "cloudstack") == 0;
    if (is_named ? !*name : strcmp(heading, "state") != 0) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
            "'%s': unknown group [%s]; known: [source NAME], [cloudstack NAME], [state]",
            config->path, heading);
        return false;
    }
    if (config_find_group(config, kind, name)) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG, "'%s': two groups are called [%s %s]",
            config->path, kind, name);
        return false;
    }
    return read_group_keys(config, file, heading, config_add_group(config, kind, name), error);
}

/* GKeyFile merges what stands twice; an operator should be told. */
static bool
check_duplicates(const char *path, const char *text, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autofree char *group = g_strdup("");
    for (size_t i = 0; lines[i]; i++) {
        char *line = g_strstrip(lines[i]), *equals = strchr(line, '=');
        if (*line == '#' || !*line)
            continue;
        g_autofree char *what = NULL;
        if (*line == '[') {
            g_free(group);
            group = g_strdup(line);
            what = g_strdup(line);
        } else if (equals) {
            *equals = '\0';
            what = g_strdup_printf("%s %s", group, g_strchomp(line));
        }
        if (what && !g_hash_table_add(seen, g_strdup(what))) {
            g_set_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG,
                "'%s', line %zu: '%s' stands twice", path, i + 1, what);
            return false;
        }
    }
    return true;
}

static bool
read_text(Config *config, const char *text, size_t length, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    GError *why = NULL;
    if (!g_key_file_load_from_data(file, text, length, G_KEY_FILE_NONE, &why)) {
        g_set_error(
            error, INGEST_ERROR, INGEST_ERROR_CONFIG, "'%s': %s", config->path, why->message);
        g_error_free(why);
        return false;
    }
    if (!check_duplicates(config->path, text, error))
        return false;
    g_auto(GStrv) headings = g_key_file_get_groups(file, NULL);
    for (char **heading = headings; *heading; heading++)
        if (!read_group(config, file, *heading, error))
            return false;
    return true;
}

static bool
read_file(Config *config, const char *path, GError **error)
{
    struct stat st;
    GError *why = NULL;
    g_autofree char *text = NULL;
    size_t length = 0;
    if (stat(path, &st) == 0 && st.st_size > CONFIG_BYTES_MAX) {
        g_set_error(
            error, INGEST_ERROR, INGEST_ERROR_CONFIG, "config '%s': larger than 1 MiB", path);
        return false;
    }
    if (!g_file_get_contents(path, &text, &length, &why)) {
        g_set_error(
            error, INGEST_ERROR, INGEST_ERROR_CONFIG, "config '%s': %s", path, why->message);
        g_error_free(why);
        return false;
    }
    config->path = g_strdup(path);
    bool is_ok = read_text(config, text, length, error);
    explicit_bzero(text, length);
    return is_ok;
}

static char *
find_file(const Options *options)
{
    if (options->config)
        return g_strdup(options->config);
    g_autofree char *own =
        g_build_filename(g_get_user_config_dir(), "vm-ingest", "vm-ingest.conf", NULL);
    const char *const places[] = {CONFIG_SYSTEM_PATH, own};
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++)
        if (access(places[i], F_OK) == 0)
            return g_strdup(places[i]);
    return NULL;
}

/* --- the environment -------------------------------------------------------------------------- */

static const struct {
    const char *variable, *key;
    bool is_secret;
} govc_variables[] = {{"GOVC_USERNAME", "username", false}, {"GOVC_PASSWORD", "password", true},
    {"GOVC_TLS_CA_CERTS", "cacert", false}};

/* A flag goes before the environment. */
static void
set_from_environment(ConfigGroup *group, const char *key, const char *text)
{
    const ConfigValue *old = find_value(group, key);
    if (!old || strcmp(old->origin, "flag") != 0)
        config_set(group, key, text, "environment");
}

/* The vSphere source that the GOVC variables mean: the one that is configured, else none. */
static ConfigGroup *
find_only_vsphere(const Config *config, unsigned *ret_n)
{
    ConfigGroup *found = NULL;
    *ret_n = 0;
    for (unsigned i = 0; i < config->groups->len; i++) {
        ConfigGroup *group = g_ptr_array_index(config->groups, i);
        if (strcmp(group->kind, "source") == 0 &&
            g_strcmp0(config_find(group, "type"), "vsphere") == 0) {
            found = group;
            (*ret_n)++;
        }
    }
    return *ret_n == 1 ? found : NULL;
}

/* govc's form "https://user:password@host/sdk" is understood; the user part is taken out of the
 * URL. */
static void
set_govc_url(ConfigGroup *group, const char *url)
{
    const char *scheme = strstr(url, "://");
    const char *rest = scheme ? scheme + 3 : url, *at = strchr(rest, '@'),
               *slash = strchr(rest, '/');
    if (!at || (slash && at > slash)) {
        set_from_environment(group, "url", url);
        return;
    }
    g_autofree char *user = g_strndup(rest, (size_t)(at - rest));
    char *colon = strchr(user, ':');
    if (colon) {
        g_autofree char *password = g_uri_unescape_string(colon + 1, NULL);
        *colon = '\0';
        if (password)
            set_from_environment(group, "password", password);
    }
    g_autofree char *name = g_uri_unescape_string(user, NULL);
    set_from_environment(group, "username", name ? name : user);
    g_autofree char *clean = g_strdup_printf("%.*s%s", (int)(rest - url), url, at + 1);
    set_from_environment(group, "url", clean);
}

static void
read_govc(Config *config)
{
    unsigned n = 0;
    ConfigGroup *group = find_only_vsphere(config, &n);
    char *url = secret_from_environment("GOVC_URL"); /* may hold a password */
    if (!group && url && n == 0) {
        group = config_add_group(config, "source", "govc");
        set_from_environment(group, "type", "vsphere");
    }
    if (group && url)
        set_govc_url(group, url);
    bool has_extra = url != NULL;
    secret_free(url);
    for (size_t i = 0; i < G_N_ELEMENTS(govc_variables); i++) {
        char *value = govc_variables[i].is_secret
                          ? secret_from_environment(govc_variables[i].variable)
                          : g_strdup(g_getenv(govc_variables[i].variable));
        if (value && *value && group)
            set_from_environment(group, govc_variables[i].key, value);
        has_extra |= value && *value;
        secret_free(value);
    }
    if (has_extra && n > 1)
        message_warning("%u vSphere sources are configured: the GOVC_ variables are not used, "
                        "since they cannot mean all of them",
            n);
    if (has_extra && g_strcmp0(g_getenv("GOVC_INSECURE"), "1") == 0)
        message_warning(
            "GOVC_INSECURE is not honoured: trust the certificate by GOVC_TLS_CA_CERTS, "
            "or by key 'fingerprint' in the config");
}

static void
read_cloudstack_environment(Config *config, const Options *options)
{
    g_autofree char *endpoint = g_strdup(g_getenv("CLOUDSTACK_ENDPOINT"));
    char *key = secret_from_environment("CLOUDSTACK_KEY"),
         *secret = secret_from_environment("CLOUDSTACK_SECRET");
    if (!options->profile && ((endpoint && *endpoint) || (key && *key) || (secret && *secret))) {
        ConfigGroup *group = options->cloudstack
                                 ? config_find_group(config, "cloudstack", options->cloudstack)
                                 : NULL;
        for (unsigned i = 0; !group && !options->cloudstack && i < config->groups->len; i++) {
            ConfigGroup *other = g_ptr_array_index(config->groups, i);
            if (strcmp(other->kind, "cloudstack") == 0)
                group = other;
        }
        if (!group)
            group = config_add_group(
                config, "cloudstack", options->cloudstack ? options->cloudstack : "environment");
        const struct {
            const char *key, *value;
        } values[] = {{"url", endpoint}, {"api-key", key}, {"secret-key", secret}};
        for (size_t i = 0; i < G_N_ELEMENTS(values); i++)
            if (values[i].value && *values[i].value)
                set_from_environment(group, values[i].key, values[i].value);
    }
    secret_free(key);
    secret_free(secret);
}

/* --- flags ------------------------------------------------------------------------------------ */

/* --source TYPE:URL adds a source that no file knows. */
static bool
add_source_flag(Config *config, const char *flag, GError **error)
{
    const char *colon = strchr(flag, ':');
    if (config_find_group(config, "source", flag))
        return true;
    g_autofree char *type = colon ? g_strndup(flag, (size_t)(colon - flag)) : NULL;
    const SourceClass *class = type ? source_find_class(type) : NULL;
    if (!class || !colon[1]) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_USAGE,
            "--source '%s': neither a [source NAME] of %s nor TYPE:URL with TYPE vsphere, libvirt, "
            "rvtools, govc, cloudstack or file",
            flag, config->path ? config->path : "a config file (there is none)");
        return false;
    }
    ConfigGroup *group = config_add_group(config, "source", flag);
    config_set(group, "type", type, "flag");
    bool is_path = class == &source_file || class == &source_rvtools || class == &source_govc;
    const char *key = is_path ? "path" : strcmp(type, "libvirt") == 0 ? "uri" : "url";
    config_set(group, key, colon + 1, "flag");
    return true;
}

static bool
read_flags(Config *config, const Options *options, GError **error)
{
    for (char **flag = options->sources; flag && *flag; flag++)
        if (!add_source_flag(config, *flag, error))
            return false;
    if (options->profile) {
        const char *name = options->cloudstack ? options->cloudstack : options->profile;
        ConfigGroup *group = config_find_group(config, "cloudstack", name);
        config_set(group ? group : config_add_group(config, "cloudstack", name), "profile",
            options->profile, "flag");
    }
    if (options->cloudstack && !config_find_group(config, "cloudstack", options->cloudstack)) {
        g_set_error(error, INGEST_ERROR, INGEST_ERROR_USAGE,
            "--cloudstack '%s': no group [cloudstack %s] in %s", options->cloudstack,
            options->cloudstack, config->path ? config->path : "a config file (there is none)");
        return false;
    }
    return true;
}

Config *
config_load_file(const Options *options, GError **error)
{
    g_autoptr(Config) config = g_new0(Config, 1);
    config->groups = g_ptr_array_new_with_free_func(config_group_free);
    g_autofree char *path = find_file(options);
    return !path || read_file(config, path, error) ? g_steal_pointer(&config) : NULL;
}

Config *
config_load(const Options *options, GError **error)
{
    g_autoptr(Config) config = config_load_file(options, error);
    if (!config)
        return NULL;
    /* A URL source given by flag is the vSphere source that the GOVC variables mean. */
    if (!read_flags(config, options, error))
        return NULL;
    read_govc(config);
    read_cloudstack_environment(config, options);
    return g_steal_pointer(&config);
}

char *
config_describe(const Config *config)
{
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < config->groups->len; i++) {
        const ConfigGroup *group = g_ptr_array_index(config->groups, i);
        g_string_append_printf(text, "[%s %s]\n", group->kind, group->name);
        for (unsigned j = 0; j < group->values->len; j++) {
            const ConfigValue *value = g_ptr_array_index(group->values, j);
            g_string_append_printf(text, "%s = %s (%s)\n", value->key,
                value->is_secret ? "set" : value->value, value->origin);
        }
    }
    return g_string_free(text, false);
}

char *
config_read_secret(const ConfigGroup *group, const char *key, GError **error)
{
    const char *plain = config_find(group, key);
    if (plain)
        return g_strdup(plain);
    g_autofree char *file_key = g_strdup_printf("%s-file", key),
                    *fd_key = g_strdup_printf("%s-fd", key);
    const char *file = config_find(group, file_key), *fd = config_find(group, fd_key);
    char *secret = file ? secret_from_file(file, error) : fd ? secret_from_fd(fd, error) : NULL;
    if (!secret && (file || fd))
        g_prefix_error(error, "[%s %s]: ", group->kind, group->name);
    return secret;
}
