/* SPDX-License-Identifier: Apache-2.0
 *
 * Each tests/golden/domain/NAME.xml is parsed and compared with NAME.expected: the instance record
 * of the inventory with one member a line, or the error. NAME.host, when there is one, holds the
 * networks and interfaces of the host: <host libvirt='9000000'> <network/>... <interface/>... .
 * GOLDEN_UPDATE=1 writes the expected files anew, to be looked at.
 */
#include <glib.h>
#include <libxml/parser.h>
#include <string.h>

#include "discover/libvirt_priv.h"
#include "record.h"
#include "cleanup.h"

#define FOLDER "tests/golden/domain"

typedef struct TestHost {
    Arena arena;
    GHashTable *networks, *interfaces;
    unsigned version;
} TestHost;

static const NetworkFacts *
find_network(void *data, const char *name)
{
    return g_hash_table_lookup(((TestHost *)data)->networks, name);
}

static const InterfaceFacts *
find_interface(void *data, const char *name)
{
    return g_hash_table_lookup(((TestHost *)data)->interfaces, name);
}

static void
host_init(TestHost *host)
{
    *host = (TestHost){.networks = g_hash_table_new(g_str_hash, g_str_equal),
        .interfaces = g_hash_table_new(g_str_hash, g_str_equal),
        .version = 9000000};
    arena_init(&host->arena);
}

static void
host_release(TestHost *host)
{
    g_hash_table_unref(host->networks);
    g_hash_table_unref(host->interfaces);
    arena_release(&host->arena);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TestHost, host_release)

static void
host_add(TestHost *host, xmlDoc *document, xmlNode *node)
{
    xmlBuffer *buffer = xmlBufferCreate();
    int length = xmlNodeDump(buffer, document, node, 0, 0);
    const char *text = (const char *)xmlBufferContent(buffer);
    g_autoptr(GError) error = NULL;
    if (xml_is(node, "network")) {
        NetworkFacts *network = arena_new(&host->arena, NetworkFacts);
        network_xml_parse(text, (size_t)length, &host->arena, network, &error);
        g_assert_no_error(error);
        g_hash_table_insert(host->networks, (gpointer)network->name, network);
    } else {
        InterfaceFacts *interface = arena_new(&host->arena, InterfaceFacts);
        interface_xml_parse(text, (size_t)length, &host->arena, interface, &error);
        g_assert_no_error(error);
        g_hash_table_insert(host->interfaces, (gpointer)interface->name, interface);
    }
    xmlBufferFree(buffer);
}

static void
host_load(TestHost *host, const char *path)
{
    g_autoptr(xmlDoc) document = xmlReadFile(path, NULL, XML_PARSE_NONET);
    uint64_t version = 0;
    g_assert_nonnull(document);
    xmlNode *root = xmlDocGetRootElement(document);
    g_assert_true(text_to_uint(xml_attr(root, "libvirt"), UINT32_MAX, &version));
    host->version = (unsigned)version;
    XML_EACH(root, node)
        host_add(host, document, node);
}

/* One member a line, so that a difference shows where it is. */
static char *
render(const char *xml, size_t length, TestHost *host)
{
    g_autoptr(GError) error = NULL;
    DomainXml domain = {0};
    if (!domain_xml_parse(xml, length, &host->arena, &domain, &error))
        return g_strdup_printf("error: %s\n", error->message);
    HostNetworks networks = {host, find_network, find_interface, host->version};
    for (size_t i = 0; i < domain.view.nics.n; i++)
        domain.view.nics.items[i].vlan = vlan_resolve(&domain.nics[i], &networks, &host->arena);
    g_autoptr(GString) json = g_string_new(NULL);
    record_encode(inventory_record_types[RECORD_INSTANCE], &domain.view, json);
    g_autoptr(JsonObject) object = json_tokener_parse(json->str);
    return g_strdup_printf("%s\n", json_object_to_json_string_ext(object,
                                       JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
}

static void
test_golden(const void *data)
{
    const char *name = data;
    g_autofree char *xml_path = g_strdup_printf(FOLDER "/%s.xml", name);
    g_autofree char *host_path = g_strdup_printf(FOLDER "/%s.host", name);
    g_autofree char *expected_path = g_strdup_printf(FOLDER "/%s.expected", name);
    g_autofree char *xml = NULL, *expected = NULL;
    g_auto(TestHost) host = {0};
    gsize length = 0;
    host_init(&host);
    g_assert_true(g_file_get_contents(xml_path, &xml, &length, NULL));
    if (g_file_test(host_path, G_FILE_TEST_EXISTS))
        host_load(&host, host_path);
    g_autofree char *got = render(xml, length, &host);
    if (g_getenv("GOLDEN_UPDATE"))
        g_assert_true(g_file_set_contents(expected_path, got, -1, NULL));
    g_assert_true(g_file_get_contents(expected_path, &expected, NULL, NULL));
    g_assert_cmpstr(got, ==, expected);
}

/* --- documents that are made here, as they are large ------------------------------------------ */

static char *
parse_error(const char *xml, size_t length)
{
    g_auto(TestHost) host = {0};
    host_init(&host);
    return render(xml, length, &host);
}

static void
test_too_large(void)
{
    g_autoptr(GString) xml = g_string_new("<domain><name>");
    while (xml->len <= XML_BYTES_MAX)
        g_string_append(xml, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    g_string_append(xml, "</name></domain>");
    g_autofree char *got = parse_error(xml->str, xml->len);
    g_assert_true(g_str_has_prefix(got, "error: domain XML: 41943"));
    g_assert_nonnull(strstr(got, "4194304 at most"));
}

static void
test_nul_inside(void)
{
    static const char xml[] = "<domain><name>a\0b</name></domain>";
    g_autofree char *got = parse_error(xml, sizeof xml - 1);
    g_assert_true(g_str_has_prefix(got, "error: domain XML, line 1: not well formed"));
}

static void
test_truncated_anywhere(void)
{
    g_autofree char *xml = NULL;
    gsize length = 0;
    g_assert_true(g_file_get_contents(FOLDER "/ovs-vlan.xml", &xml, &length, NULL));
    length = strlen(g_strchomp(xml));
    for (gsize n = 0; n < length; n += 13) {
        g_autofree char *got = parse_error(xml, n);
        g_assert_true(g_str_has_prefix(got, "error: domain XML"));
    }
}

static void
test_too_many_devices(void)
{
    g_autoptr(GString) xml = g_string_new(
        "<domain><name>many</name><uuid>00000000-0000-4000-8000-000000000001</uuid><devices>");
    for (int i = 0; i < DOMAIN_DISKS_MAX + 10; i++)
        g_string_append_printf(xml, "<disk type='file'><source file='/%d'/></disk>", i);
    for (int i = 0; i < DOMAIN_NICS_MAX + 10; i++)
        g_string_append(xml, "<interface type='user'/>");
    for (int i = 0; i < DOMAIN_DEVICES_MAX; i++)
        g_string_append(xml, "<hub type='usb'/>");
    g_string_append(xml, "</devices></domain>");
    Arena arena;
    DomainXml domain;
    arena_init(&arena);
    g_assert_true(domain_xml_parse(xml->str, xml->len, &arena, &domain, NULL));
    g_assert_cmpuint(domain.view.disks.n, ==, DOMAIN_DISKS_MAX);
    g_assert_cmpuint(domain.view.nics.n, ==, DOMAIN_NICS_MAX);
    guint n = 0;
    for (size_t i = 0; i < domain.view.problems.n; i++)
        n += strcmp(domain.view.problems.items[i].id.value, "too-many") == 0;
    g_assert_cmpuint(n, ==, 10 + 10 + 1);
    arena_release(&arena);
}

/* --- definitions ------------------------------------------------------------------------------ */

static void
parse_part(const char *part, bool is_live, Arena *arena, DomainXml *ret)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *xml =
        g_strdup_printf("<domain type='kvm'%s><name>a</name>"
                        "<uuid>00000000-0000-4000-8000-000000000001</uuid>"
                        "<memory unit='MiB'>64</memory><os><type arch='x86_64'>hvm</type></os>"
                        "%s</domain>",
            is_live ? " id='3'" : "", part);
    domain_xml_parse(xml, strlen(xml), arena, ret, &error);
    g_assert_no_error(error);
}

#define DISK(KEY, FORMAT, PATH)                                                                    \
    "<disk type='file' device='disk'><driver type='" FORMAT "'/><source file='" PATH               \
    "'/><target dev='" KEY "' bus='virtio'/></disk>"
#define NIC(MAC, KIND, MORE)                                                                       \
    "<interface type='" KIND "'><mac address='52:54:00:00:00:" MAC "'/>" MORE                      \
    "<model type='virtio'/></interface>"

static void
test_pending_changes(void)
{
    static const struct {
        const char *live, *defined, *pending;
    } cases[] = {
        {"<vcpu>2</vcpu>", "<vcpu>2</vcpu>", NULL},
        {"<vcpu>2</vcpu>", "<vcpu current='2'>4</vcpu>", NULL},
        {"<vcpu>2</vcpu>", "<vcpu>4</vcpu>", "vCPUs 2, defined 4"},
        {"<devices>" DISK("vda", "qcow2", "/a") "</devices>",
            "<devices>" DISK("vdb", "qcow2", "/b") DISK("vda", "qcow2", "/a") "</devices>",
            "disk 'vdb' is defined, but not attached"},
        {"<devices>" DISK("vda", "qcow2", "/snap") DISK("vdb", "raw", "/b") "</devices>",
            "<devices>" DISK("vda", "qcow2", "/a") "</devices>",
            "disk 'vda' on '/snap', defined on '/a'; disk 'vdb' is not defined"},
        {"<devices>" DISK("vda", "qcow2", "/a") "</devices>",
            "<devices>" DISK("vda", "raw", "/a") "</devices>",
            "disk 'vda' is qcow2, defined as raw"},
        /* what a network gave stands in the live XML only */
        {"<devices>" NIC("01", "bridge",
             "<source network='n' portgroup='p' bridge='br0'/><vlan><tag "
             "id='5'/></vlan>") "</devices>",
            "<devices>" NIC("01", "network", "<source network='n'/>") "</devices>", NULL},
        {"<devices>" NIC("01", "bridge", "<source bridge='br0'/>") "</devices>",
            "<devices>" NIC("01", "bridge", "<source bridge='br1'/>") "</devices>",
            "NIC 52:54:00:00:00:01 on 'br0', defined on 'br1'"},
        {"<devices>" NIC(
             "01", "bridge", "<source bridge='br0'/><vlan><tag id='5'/></vlan>") "</devices>",
            "<devices>" NIC(
                "01", "bridge", "<source bridge='br0'/><vlan><tag id='6'/></vlan>") "</devices>",
            "NIC 52:54:00:00:00:01 has another <vlan> than defined"},
        /* one MAC twice */
        {"<devices>" NIC("01", "user", "") NIC("01", "user", "") NIC("02", "user", "") "</devices>",
            "<devices>" NIC("01", "user", "") NIC("03", "user", "") "</devices>",
            "NIC 52:54:00:00:00:01 is not defined; NIC 52:54:00:00:00:02 is not defined; "
            "NIC 52:54:00:00:00:03 is defined, but not attached"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Arena arena;
        DomainXml live, defined;
        arena_init(&arena);
        parse_part(cases[i].live, true, &arena, &live);
        parse_part(cases[i].defined, false, &arena, &defined);
        g_assert_cmpstr(domain_pending_changes(&live, &defined, &arena), ==, cases[i].pending);
        arena_release(&arena);
    }
}

static void
test_pending_changes_are_bounded(void)
{
    g_autoptr(GString) devices = g_string_new("<devices>");
    Arena arena;
    DomainXml live, defined;
    for (int i = 0; i < 20; i++)
        g_string_append_printf(devices,
            "<disk type='file'><source file='/%d'/><target dev='vd%d' bus='virtio'/></disk>", i, i);
    g_string_append(devices, "</devices>");
    arena_init(&arena);
    parse_part("", true, &arena, &live);
    parse_part(devices->str, false, &arena, &defined);
    const char *pending = domain_pending_changes(&live, &defined, &arena);
    g_assert_nonnull(strstr(pending, "disk 'vd15' is defined"));
    g_assert_true(g_str_has_suffix(pending, "attached; and 4 more"));
    arena_release(&arena);
}

/* --- numbers ---------------------------------------------------------------------------------- */

static void
test_sizes_with_units(void)
{
    static const struct {
        const char *text, *unit;
        int64_t bytes; /* -1: refused */
    } cases[] = {{"1", NULL, 1024}, {"1", "b", 1}, {"3", "KB", 3000}, {"1", "KiB", 1024},
        {"2", "MB", 2000000}, {"2", "MiB", 2 << 20}, {"1", "GB", 1000000000}, {"1", "g", 1 << 30},
        {"1", "TiB", 1LL << 40}, {"7", "EiB", 7LL << 60}, {"8", "EiB", -1},
        {"9223372036854775807", "b", INT64_MAX}, {"9223372036854775808", "b", -1},
        {"18446744073709551616", "b", -1}, {"18446744073709551615", "KiB", -1}, {"-1", "b", -1},
        {"", "b", -1}, {"1.5", "GiB", -1}, {" 1", "b", -1}, {"1", "furlong", -1}, {NULL, "b", -1}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        int64_t bytes = -1;
        bool is_ok = text_to_bytes(cases[i].text, cases[i].unit, &bytes);
        g_assert_cmpint(is_ok, ==, cases[i].bytes >= 0);
        g_assert_cmpint(bytes, ==, cases[i].bytes);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_autoptr(GDir) folder = g_dir_open(FOLDER, 0, NULL);
    g_assert_nonnull(folder);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (const char *file; (file = g_dir_read_name(folder)) != NULL;)
        if (g_str_has_suffix(file, ".xml"))
            g_ptr_array_add(names, g_strndup(file, strlen(file) - strlen(".xml")));
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path =
            g_strdup_printf("/domain-xml/%s", (char *)g_ptr_array_index(names, i));
        g_test_add_data_func(path, g_ptr_array_index(names, i), test_golden);
    }
    g_test_add_func("/domain-xml/too-large-is-refused", test_too_large);
    g_test_add_func("/domain-xml/nul-is-refused", test_nul_inside);
    g_test_add_func("/domain-xml/truncated-anywhere-is-refused", test_truncated_anywhere);
    g_test_add_func("/domain-xml/too-many-devices-are-told", test_too_many_devices);
    g_test_add_func("/domain-xml/pending-changes-are-named", test_pending_changes);
    g_test_add_func("/domain-xml/pending-changes-are-bounded", test_pending_changes_are_bounded);
    g_test_add_func("/domain-xml/sizes-with-units", test_sizes_with_units);
    return g_test_run();
}
