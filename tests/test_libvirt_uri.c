/* SPDX-License-Identifier: Apache-2.0 */
#include <glib.h>
#include <string.h>

#include "discover/libvirt_priv.h"

static void
test_built(void)
{
    static const UriOptions options = {"/keys/id key", "/pki", "/tmp/x/ssh"};
    static const struct {
        const char *given, *uri, *label;
    } cases[] = {
        {"qemu:///system", "qemu:///system", "qemu:///system"},
        {"qemu:///session", "qemu:///session", "qemu:///session"},
        {"qemu+unix:///system?socket=/run/a%20b", "qemu+unix:///system?socket=/run/a%20b",
            "qemu+unix:///system?socket=/run/a%20b"},
        {"qemu+ssh://root@kvm1.example.org/system",
            "qemu+ssh://root@kvm1.example.org/system?no_tty=1&keyfile=/keys/id%20key&command=/tmp/"
            "x/ssh",
            "qemu+ssh://kvm1.example.org/system"},
        {"qemu+ssh://kvm1:2222/system",
            "qemu+ssh://kvm1:2222/system?no_tty=1&keyfile=/keys/id%20key&command=/tmp/x/ssh",
            "qemu+ssh://kvm1:2222/system"},
        {"qemu+tls://[2001:db8::1]/system", "qemu+tls://[2001:db8::1]/system?pkipath=/pki",
            "qemu+tls://[2001:db8::1]/system"},
        {"test:///default", "test:///default", "test:///default"},
        {"test:///estates/a b.xml", NULL, NULL},
        {"test:///estates/a%20b.xml", "test:///estates/a%20b.xml", "test:///estates/a%20b.xml"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(HostUri) uri = {0};
        g_autoptr(GError) error = NULL;
        bool is_ok = libvirt_uri_build(cases[i].given, &options, &uri, &error);
        if (!cases[i].uri) {
            g_assert_false(is_ok);
            continue;
        }
        g_assert_no_error(error);
        g_assert_cmpstr(uri.uri, ==, cases[i].uri);
        g_assert_cmpstr(uri.label, ==, cases[i].label);
    }
}

static void
test_refused(void)
{
    static const struct {
        const char *given, *why;
    } cases[] = {
        {"", "not a URI"},
        {"kvm1", "not a URI"},
        {"http://kvm1/system", "scheme 'http'"},
        {"qemu+libssh://kvm1/system", "scheme 'qemu+libssh'"},
        {"qemu+tcp://kvm1/system", "scheme 'qemu+tcp'"},
        {"qemu+ext:///system?command=/bin/sh", "scheme 'qemu+ext'"},
        {"qemu+ssh://kvm1/system?no_verify=1", "'no_verify' is refused"},
        {"qemu+ssh://kvm1/system?command=/tmp/evil", "'command' is refused"},
        {"qemu+ssh://kvm1/system?netcat=/tmp/evil", "'netcat' is refused"},
        {"qemu+ssh://kvm1/system?keyfile=/k", "use the key 'keyfile'"},
        {"qemu+ssh://kvm1/system?a=1;command=/tmp/evil", "unknown parameter 'a'"},
        {"qemu+ssh://kvm1/system;command=/tmp/evil", "neither '/system' nor"},
        {"qemu+ssh://kvm1/system?%63ommand=/tmp/evil", "'command' is refused"},
        {"qemu+ssh:///system", "no host"},
        {"qemu+ssh://kvm1/", "neither '/system' nor '/session'"},
        {"qemu+ssh://-oProxyCommand=evil/system", "no host name has"},
        {"qemu+ssh://a%24b/system", "no host name has"},
        {"qemu+ssh://-l@kvm1/system", "no user name has"},
        {"qemu+ssh://root:secret@kvm1/system", "no password here"},
        {"qemu+tls://root@kvm1/system", "leave the user out"},
        {"qemu://kvm1/system", "connection on this host"},
        {"qemu:///system?socket=run/x", "no absolute path"},
        {"qemu:///system#frag", "'#frag'"},
        {"test:///", "no file"},
        {"test://host/default", "connection on this host"},
        {"test:///default?socket=/x", "unknown parameter 'socket'"},
    };
    static const UriOptions options;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(HostUri) uri = {0};
        g_autoptr(GError) error = NULL;
        g_assert_false(libvirt_uri_build(cases[i].given, &options, &uri, &error));
        g_assert_error(error, INGEST_ERROR, INGEST_ERROR_CONFIG);
        g_assert_null(strstr(error->message, "secret"));
        if (!strstr(error->message, cases[i].why))
            g_error("'%s': '%s' lacks '%s'", cases[i].given, error->message, cases[i].why);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/libvirt-uri/built-from-safe-parts", test_built);
    g_test_add_func("/libvirt-uri/unsafe-is-refused", test_refused);
    return g_test_run();
}
