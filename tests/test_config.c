/* SPDX-License-Identifier: Apache-2.0 */
#include "appliance/appliance.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *folder;

static char *
write_file(const char *name, const char *text, mode_t mode)
{
    char *path = g_build_filename(folder, name, NULL);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_assert_cmpint(chmod(path, mode), ==, 0);
    return path;
}

static Config *
load(const char *text, mode_t mode, Options *options, GError **error)
{
    g_autofree char *path = write_file("vm-ingest.conf", text, mode);
    options->config = path;
    Config *config = config_load(options, error);
    options->config = NULL;
    return config;
}

static void
assert_refused(const char *text, mode_t mode, const char *const *words)
{
    g_autoptr(GError) error = NULL;
    Options options = {0};
    g_autoptr(Config) config = load(text, mode, &options, &error);
    g_assert_null(config);
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG);
    for (; *words; words++)
        if (!strstr(error->message, *words))
            g_error("'%s' is not in: %s", *words, error->message);
}

static const char two_groups[] =
    "# comment\n"
    "[source vc1]\ntype = vsphere\nurl = https://vc.example.org\nusername = u\n"
    "[cloudstack prod]\nurl = https://cs.example.org/client/api\napi-key = k\n";

static void
groups_and_keys_are_read(void)
{
    g_autoptr(GError) error = NULL;
    Options options = {0};
    g_autoptr(Config) config = load(two_groups, 0644, &options, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(config->groups->len, ==, 2);
    const ConfigGroup *source = config_find_group(config, "source", "vc1");
    g_assert_cmpstr(config_find(source, "url"), ==, "https://vc.example.org");
    g_assert_cmpstr(
        config_find(config_find_group(config, "cloudstack", "prod"), "api-key"), ==, "k");
    g_assert_null(config_find(source, "cacert"));
}

static void
wrong_groups_and_keys_are_named(void)
{
    const struct {
        const char *text;
        const char *words[5];
    } cases[] = {
        {"[source vc1]\ntype=vsphere\nurll=x\n", {"vm-ingest.conf", "[source vc1]", "urll", "url"}},
        {"[source vc1]\ntype=vmware\n", {"[source vc1]", "type", "vmware", "vsphere"}},
        {"[source vc1]\nurl=x\n", {"[source vc1]", "type", "missing", "libvirt"}},
        {"[cloudstack p]\nurl=x\nsecretkey=1\n",
            {"[cloudstack p]", "secretkey", "secret-key-file"}},
        {"[target p]\nurl=x\n", {"[target p]", "[source NAME]"}},
        {"[source]\ntype=vsphere\n", {"[source]", "[source NAME]"}},
        {"url=x\n", {"vm-ingest.conf"}},
        {"[source a]\ntype=file\npath=/x\npath=/y\n", {"line 4", "path", "twice"}},
        {"[source a]\ntype=file\n[source a]\ntype=file\n", {"line 3", "[source a]", "twice"}},
        {"[source a]\ntype=\xff\xfe\n", {"[source a]", "type"}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_refused(cases[i].text, 0600, cases[i].words);
}

static void
a_secret_in_a_readable_config_is_refused(void)
{
    const char *const words[] = {"password", "chmod 600", "password-file", NULL};
    assert_refused("[source a]\ntype=vsphere\npassword=hunter2\n", 0640, words);
    g_autoptr(GError) error = NULL;
    Options options = {0};
    g_autoptr(Config) config =
        load("[source a]\ntype=vsphere\npassword=hunter2\n", 0600, &options, &error);
    g_assert_no_error(error);
    g_autofree char *shown = config_describe(config);
    g_assert_nonnull(strstr(shown, "password = set"));
    g_assert_null(strstr(shown, "hunter2"));
}

static void
the_environment_goes_before_the_file(void)
{
    g_autoptr(GError) error = NULL;
    Options options = {0};
    g_setenv("GOVC_URL", "https://admin%40vsphere.local:pa%3Ass@other.example.org/sdk", TRUE);
    g_setenv("CLOUDSTACK_ENDPOINT", "https://env.example.org/client/api", TRUE);
    g_setenv("CLOUDSTACK_SECRET", "env-secret", TRUE);
    g_autoptr(Config) config = load(two_groups, 0644, &options, &error);
    g_assert_no_error(error);
    const ConfigGroup *source = config_find_group(config, "source", "vc1");
    g_assert_cmpstr(config_find(source, "url"), ==, "https://other.example.org/sdk");
    g_assert_cmpstr(config_find(source, "username"), ==, "admin@vsphere.local");
    g_assert_cmpstr(config_find(source, "password"), ==, "pa:ss");
    const ConfigGroup *target = config_find_group(config, "cloudstack", "prod");
    g_assert_cmpstr(config_find(target, "url"), ==, "https://env.example.org/client/api");
    g_assert_cmpstr(config_find(target, "secret-key"), ==, "env-secret");
    g_assert_cmpstr(config_find(target, "api-key"), ==, "k");
    /* What holds a secret does not stay for others to see. */
    g_assert_null(g_getenv("GOVC_URL"));
    g_assert_null(g_getenv("CLOUDSTACK_SECRET"));
    g_unsetenv("CLOUDSTACK_ENDPOINT");
}

static void
govc_variables_do_not_mean_two_vcenters(void)
{
    g_autoptr(GError) error = NULL;
    Options options = {0};
    g_setenv("GOVC_PASSWORD", "wrong-for-one-of-them", TRUE);
    g_autoptr(Config) config =
        load("[source a]\ntype=vsphere\nurl=a\n[source b]\ntype=vsphere\nurl=b\n", 0644, &options,
            &error);
    g_assert_no_error(error);
    g_assert_null(config_find(config_find_group(config, "source", "a"), "password"));
    g_assert_null(config_find(config_find_group(config, "source", "b"), "password"));
}

static void
a_flag_goes_before_the_environment(void)
{
    g_autoptr(GError) error = NULL;
    char *flags[] = {(char *)"vsphere:https://flag.example.org", NULL};
    Options options = {.sources = flags};
    g_setenv("GOVC_URL", "https://env.example.org", TRUE);
    g_setenv("GOVC_USERNAME", "from-env", TRUE);
    g_autoptr(Config) config = load("", 0644, &options, &error);
    g_assert_no_error(error);
    const ConfigGroup *source = config_find_group(config, "source", flags[0]);
    g_assert_cmpstr(config_find(source, "url"), ==, "https://flag.example.org");
    g_assert_cmpstr(config_find(source, "username"), ==, "from-env");
    g_unsetenv("GOVC_USERNAME");
}

static void
an_unknown_source_flag_is_a_usage_error(void)
{
    char *flags[] = {(char *)"vc9", NULL};
    Options options = {.sources = flags};
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = load(two_groups, 0644, &options, &error);
    g_assert_null(config);
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_USAGE);
    g_assert_nonnull(strstr(error->message, "vc9"));
}

static void
a_cmk_profile_is_read(void)
{
    g_autofree char *path = write_file("cmk",
        "prompt     = \xF0\x9F\x90\xB1 >\nverifycert = true\nprofile    = other\n\n"
        "[other]\nurl = https://other/client/api\n\n"
        "[prod]\nurl       = https://prod.example.org/client/api\napikey    = AB#c;d\nsecretkey = "
        "s;#t\n",
        0600);
    g_autoptr(GError) error = NULL;
    Options options = {.profile = (char *)"prod"};
    g_autoptr(Config) config = load("", 0644, &options, &error);
    g_assert_no_error(error);
    ConfigGroup *group = config_find_group(config, "cloudstack", "prod");
    g_assert_true(config_read_cmk(group, path, "prod", &error));
    g_assert_cmpstr(config_find(group, "url"), ==, "https://prod.example.org/client/api");
    g_assert_cmpstr(config_find(group, "api-key"), ==, "AB#c;d");
    g_assert_cmpstr(config_find(group, "secret-key"), ==, "s;#t");
    g_assert_false(config_read_cmk(group, path, "none", &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG);
    g_assert_nonnull(strstr(error->message, "none"));
}

/* --- secrets ---------------------------------------------------------------------------------- */

static void
a_secret_file_gives_its_first_line(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = write_file("secret", "p\xC3\xA4ss word \r\nsecond line\n", 0600);
    char *secret = secret_from_file(path, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(secret, ==, "p\xC3\xA4ss word ");
    secret_free(secret);
}

static void
an_unsafe_secret_file_is_refused(void)
{
    const struct {
        const char *text;
        mode_t mode;
        const char *word;
    } cases[] = {{"x\n", 0640, "chmod 600"}, {"x\n", 0604, "chmod 600"}, {"", 0600, "empty"},
        {"\nx\n", 0600, "empty"}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *path = write_file("unsafe", cases[i].text, cases[i].mode);
        g_assert_null(secret_from_file(path, &error));
        g_assert_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG);
        g_assert_nonnull(strstr(error->message, cases[i].word));
    }
    g_autoptr(GError) error = NULL;
    g_assert_null(secret_from_file(folder, &error));
    g_assert_nonnull(strstr(error->message, "regular"));
    g_clear_error(&error);
    g_autofree char *large = g_strnfill(SECRET_BYTES_MAX + 10, 'x'),
                    *path = write_file("large", large, 0600);
    g_assert_null(secret_from_file(path, &error));
    g_assert_nonnull(strstr(error->message, "longer"));
}

static void
a_descriptor_gives_a_secret_and_is_closed(void)
{
    g_autoptr(GError) error = NULL;
    int ends[2];
    g_assert_cmpint(pipe(ends), ==, 0);
    g_assert_cmpint(write(ends[1], "by fd\n", 6), ==, 6);
    close(ends[1]);
    g_autofree char *number = g_strdup_printf("%d", ends[0]);
    char *secret = secret_from_fd(number, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(secret, ==, "by fd");
    secret_free(secret);
    g_assert_null(secret_from_fd(number, &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG);
    g_clear_error(&error);
    g_assert_null(secret_from_fd("3x", &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG);
}

/* Beside the config, or what systemd passed: under its own name or under that of the folder. */
static void
a_credential_is_found(void)
{
    static const char text[] = "[cloudstack c]\nurl=http://h/\napi-key = credential:x\n"
                               "secret-key-file = credential:c.secret\n";
    g_autofree char *passed = g_build_filename(folder, "passed", NULL);
    g_assert_cmpint(g_mkdir(passed, 0700), ==, 0);
    g_autofree char *mine = write_file("passed/vm-ingest_c.secret", "of the folder\n", 0440);
    for (int i = 0; i < 3; i++) {
        g_autoptr(GError) error = NULL;
        Options options = {0};
        if (i > 0)
            g_setenv("CREDENTIALS_DIRECTORY", passed, TRUE);
        g_autofree char *own = i == 2 ? write_file("passed/c.secret", "its own\n", 0440) : NULL;
        g_autofree char *path = i == 0   ? g_build_filename(folder, "credentials", "c.secret", NULL)
                                : i == 1 ? g_strdup(mine)
                                         : g_strdup(own);
        g_autoptr(Config) config = load(text, 0644, &options, &error);
        g_unsetenv("CREDENTIALS_DIRECTORY");
        g_assert_no_error(error);
        const ConfigGroup *group = config_find_group(config, "cloudstack", "c");
        g_assert_cmpstr(config_find(group, "secret-key-file"), ==, path);
        g_assert_cmpstr(config_find(group, "api-key"), ==, "credential:x");
    }
}

/* The group's bits are the mask of an ACL there, and only there. */
static void
a_credential_may_look_readable_for_the_group(void)
{
    g_autofree char *passed = g_build_filename(folder, "acl", NULL);
    g_assert_cmpint(g_mkdir(passed, 0700), ==, 0);
    g_autofree char *path = write_file("acl/word", "word\n", 0440);
    g_assert_null(secret_from_file(path, NULL));
    g_setenv("CREDENTIALS_DIRECTORY", passed, TRUE);
    char *secret = secret_from_file(path, NULL);
    g_assert_cmpstr(secret, ==, "word");
    secret_free(secret);
    g_assert_cmpint(chmod(path, 0444), ==, 0);
    g_assert_null(secret_from_file(path, NULL));
    g_unsetenv("CREDENTIALS_DIRECTORY");
}

static void
a_credential_is_no_path(void)
{
    assert_refused("[cloudstack c]\nurl=http://h/\nsecret-key-file = credential:../x\n", 0644,
        (const char *const[]){"secret-key-file", "credential:NAME", NULL});
    assert_refused("[cloudstack c]\nurl=http://h/\ncacert = credential:\n", 0644,
        (const char *const[]){"cacert", "credential:NAME", NULL});
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("vm-ingest-config-XXXXXX", NULL);
    g_setenv("HOME", folder, TRUE);
    g_test_add_func("/config/groups-and-keys-are-read", groups_and_keys_are_read);
    g_test_add_func("/config/wrong-groups-and-keys-are-named", wrong_groups_and_keys_are_named);
    g_test_add_func(
        "/config/secret-in-readable-config-is-refused", a_secret_in_a_readable_config_is_refused);
    g_test_add_func("/config/environment-goes-before-file", the_environment_goes_before_the_file);
    g_test_add_func(
        "/config/govc-variables-do-not-mean-two-vcenters", govc_variables_do_not_mean_two_vcenters);
    g_test_add_func("/config/flag-goes-before-environment", a_flag_goes_before_the_environment);
    g_test_add_func(
        "/config/unknown-source-flag-is-a-usage-error", an_unknown_source_flag_is_a_usage_error);
    g_test_add_func("/config/cmk-profile-is-read", a_cmk_profile_is_read);
    g_test_add_func("/secret/file-gives-first-line", a_secret_file_gives_its_first_line);
    g_test_add_func("/secret/unsafe-file-is-refused", an_unsafe_secret_file_is_refused);
    g_test_add_func(
        "/secret/descriptor-gives-secret-and-is-closed", a_descriptor_gives_a_secret_and_is_closed);
    g_test_add_func("/credential/is-found", a_credential_is_found);
    g_test_add_func("/credential/may-look-readable-for-the-group",
        a_credential_may_look_readable_for_the_group);
    g_test_add_func("/credential/is-no-path", a_credential_is_no_path);
    int code = g_test_run();
    g_autofree char *clean = g_strdup_printf("rm -rf '%s'", folder);
    g_assert_cmpint(g_spawn_command_line_sync(clean, NULL, NULL, NULL, NULL), ==, TRUE);
    g_free(folder);
    return code;
}
