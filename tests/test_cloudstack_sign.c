/* SPDX-License-Identifier: Apache-2.0
 *
 * The signature of CloudStack requests: published examples, and random requests against another
 * implementation.
 */
#include "ingest/ingest_priv.h"

#include <stdio.h>
#include <string.h>

enum { N_RANDOM = 300, PARAMS_MAX = 8, TEXT_MAX = 24 };

static void
test_documented_example(void)
{
    const CloudStackParam params[] = {
        {"response", "json"}, {"command", "listZones"}, {"apikey", "key"}};
    g_autofree char *text = cloudstack_string_to_sign(params, G_N_ELEMENTS(params));
    g_assert_cmpstr(text, ==, "apikey=key&command=listzones&response=json");
    g_autofree char *signature = cloudstack_sign("secret", params, G_N_ELEMENTS(params));
    g_assert_cmpstr(signature, ==, "CB2VceYQ2lFqNkAe+39yeUIsH5w=");
}

static void
test_maps_and_odd_characters(void)
{
    const CloudStackParam params[] = {{"apikey", "abc-123"}, {"command", "importUnmanagedInstance"},
        {"name", "web 01+\xc3\xbc*~"}, {"response", "json"}, {"signatureversion", "3"},
        {"expires", "2026-11-21T12:00:00+0000"}, {"nicnetworklist[0].nic", "Network adapter 1"},
        {"nicnetworklist[0].network", "N1"}, {"details[0].cpuSpeed", "2000"}, {"account", NULL}};
    g_autofree char *text = cloudstack_string_to_sign(params, G_N_ELEMENTS(params));
    g_assert_cmpstr(text, ==,
        "apikey=abc-123&command=importunmanagedinstance&details[0].cpuspeed=2000&expires="
        "2026-11-21t12%3a00%3a00%2b0000&name=web%2001%2b%c3%bc*%7e&nicnetworklist[0].network=n1&"
        "nicnetworklist[0].nic=network%20adapter%201&response=json&signatureversion=3");
    g_autofree char *signature = cloudstack_sign("SECRET", params, G_N_ELEMENTS(params));
    g_assert_cmpstr(signature, ==, "bFeQA8pct0fPH9fJXyWAfi1nsN4=");
}

/* Upper case sorts before lower case, "[10]" before "[2]". */
static void
test_order_of_names(void)
{
    const CloudStackParam params[] = {
        {"a[2].x", "1"}, {"a[10].x", "2"}, {"command", "c"}, {"Zeta", "3"}, {"empty", ""}};
    g_autofree char *text = cloudstack_string_to_sign(params, G_N_ELEMENTS(params));
    g_assert_cmpstr(text, ==, "zeta=3&a[10].x=2&a[2].x=1&command=c&empty=");
}

static char *
random_text(GRand *rand, bool is_name)
{
    static const char *const pieces[] = {"a", "Z", "0", "[0].", "-", "_", "*", "~", "+", " ", "/",
        "&", "=", "%", "\xc3\xbc", "\xf0\x9f\x98\x80", "'", "\"", "\\", ".", "(", "!", ":"};
    GString *text = g_string_new(is_name ? "n" : NULL);
    int n = g_rand_int_range(rand, 0, TEXT_MAX);
    for (int i = 0; i < n; i++)
        g_string_append(
            text, pieces[g_rand_int_range(rand, 0, is_name ? 6 : G_N_ELEMENTS(pieces))]);
    return g_string_free(text, false);
}

static void
print_hex(FILE *file, const char *text)
{
    fputs(" x", file);
    for (; *text; text++)
        fprintf(file, "%02x", (unsigned)(unsigned char)*text);
}

/* Writes one random request for the other implementation and returns our signature. (owned) */
static char *
one_request(GRand *rand, FILE *file)
{
    CloudStackParam params[PARAMS_MAX] = {0};
    size_t n = 0;
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < PARAMS_MAX; i++) {
        char *base = random_text(rand, true), *value = random_text(rand, false);
        g_ptr_array_add(texts, base);
        char *name = g_strdup_printf("%s%d", base, i);
        g_ptr_array_add(texts, name);
        g_ptr_array_add(texts, value);
        params[n++] = (CloudStackParam){name, value};
    }
    g_autofree char *secret = random_text(rand, true);
    print_hex(file, secret);
    for (size_t i = 0; i < n; i++) {
        print_hex(file, params[i].name);
        print_hex(file, params[i].value);
    }
    fputc('\n', file);
    return cloudstack_sign(secret, params, n);
}

static void
test_random_requests(void)
{
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    int fd = g_file_open_tmp("sign-XXXXXX", &path, &error);
    g_assert_no_error(error);
    FILE *file = fdopen(fd, "w");
    GRand *rand = g_rand_new_with_seed(20261121);
    g_autoptr(GPtrArray) ours = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < N_RANDOM; i++)
        g_ptr_array_add(ours, one_request(rand, file));
    g_rand_free(rand);
    fclose(file);
    g_autofree char *command =
        g_strdup_printf("/usr/bin/python3 tests/sign_reference.py < '%s'", path);
    FILE *theirs = popen(command, "r");
    char line[200];
    for (int i = 0; i < N_RANDOM; i++) {
        g_assert_nonnull(fgets(line, sizeof line, theirs));
        g_assert_cmpstr(g_strchomp(line), ==, ours->pdata[i]);
    }
    g_assert_cmpint(pclose(theirs), ==, 0);
    remove(path);
}

static void
assert_url(const char *given, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *url = cloudstack_url_parse(given, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(url, ==, expected);
}

static void
test_urls(void)
{
    assert_url("cloud.example", "https://cloud.example/client/api");
    assert_url("cloud.example:8443", "https://cloud.example:8443/client/api");
    assert_url("http://10.0.0.1:8080/", "http://10.0.0.1:8080/client/api");
    assert_url("https://cloud.example/client", "https://cloud.example/client/api");
    assert_url("https://cloud.example/client/api/", "https://cloud.example/client/api");
    assert_url("https://[2001:db8::1]:8443/portal/api", "https://[2001:db8::1]:8443/portal/api");
    static const char *const bad[] = {"", "ftp://cloud.example", "https://cloud.example/?a=b",
        "https://cloud.example/#x", "https://cloud example", "https://"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(cloudstack_url_parse(bad[i], &error));
        g_assert_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG);
    }
    g_autoptr(GError) error = NULL;
    g_assert_null(cloudstack_url_parse("https://admin:hunter2@cloud.example/", &error));
    g_assert_nonnull(error);
    g_assert_null(strstr(error->message, "hunter2"));
}

static void
assert_refused(CloudStackClientOptions options, const char *word)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(cloudstack_client_new(&options, &error));
    g_assert_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG);
    if (!strstr(error->message, word))
        g_test_message("no '%s' in '%s'", word, error->message), g_test_fail();
}

static void
test_options(void)
{
    CloudStackClientOptions good = {.url = "cloud.example", .api_key = "k", .secret_key = "s"};
    g_autoptr(GError) error = NULL;
    g_autoptr(CloudStackClient) client = cloudstack_client_new(&good, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(cloudstack_client_seam(client)->url, ==, "https://cloud.example/client/api");
    CloudStackClientOptions bad = good;
    bad.url = NULL;
    assert_refused(bad, "url");
    bad = good, bad.secret_key = "";
    assert_refused(bad, "secret key");
    bad = good, bad.api_key = "two words";
    assert_refused(bad, "API key");
    bad = good, bad.fingerprint = "AA:BB";
    assert_refused(bad, "fingerprint");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sign/the documented example", test_documented_example);
    g_test_add_func("/sign/maps and odd characters", test_maps_and_odd_characters);
    g_test_add_func("/sign/order of names", test_order_of_names);
    g_test_add_func("/sign/random requests as another implementation signs", test_random_requests);
    g_test_add_func("/client/addresses are completed or refused", test_urls);
    g_test_add_func("/client/wrong options are named", test_options);
    return g_test_run();
}
