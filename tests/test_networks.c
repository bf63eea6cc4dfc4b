/* SPDX-License-Identifier: Apache-2.0
 *
 * Networks in the form of CloudStack's discover_networks.py: its members, and right answers where
 * that script gives wrong ones.
 */
#include <json-c/json.h>

#include "appliance/report.h"
#include "cleanup.h"

/* Two hosts of one cluster and one that stands alone. Port group "VLAN1" is VLAN 1 on one host and
   11 on the other; "VLAN10" holds its name. */
static const char inventory_text[] =
    "{\"apiVersion\":\"vm-ingest/v1\",\"kind\":\"Inventory\",\"records\":[\n"
    "{\"source\":{\"name\":\"vc\",\"kind\":\"vsphere\"}},\n"
    "{\"cluster\":{\"source\":\"vc\",\"id\":\"c1\",\"name\":\"Cluster One\"}},\n"
    "{\"host\":{\"source\":\"vc\",\"id\":\"h1\",\"name\":\"esx1\",\"cluster\":\"c1\"}},\n"
    "{\"host\":{\"source\":\"vc\",\"id\":\"h2\",\"name\":\"esx2\",\"cluster\":\"c1\"}},\n"
    "{\"host\":{\"source\":\"vc\",\"id\":\"h3\",\"name\":\"esx3\",\"cluster\":null}},\n"
    "{\"switch\":{\"source\":\"vc\",\"id\":\"h1/vs0\",\"name\":\"vSwitch0\",\"kind\":\"standard\","
    "\"host\":\"h1\"}},\n"
    "{\"switch\":{\"source\":\"vc\",\"id\":\"h2/vs0\",\"name\":\"vSwitch0\",\"kind\":\"standard\","
    "\"host\":\"h2\"}},\n"
    "{\"switch\":{\"source\":\"vc\",\"id\":\"dvs\",\"name\":\"DVS\",\"kind\":\"distributed\"}},\n"
    "{\"portgroup\":{\"source\":\"vc\",\"id\":\"p1\",\"name\":\"VLAN1\",\"switch_id\":\"h1/vs0\","
    "\"hosts\":[\"h1\"],\"vlan\":{\"kind\":\"id\",\"id\":1}}},\n"
    "{\"portgroup\":{\"source\":\"vc\",\"id\":\"p2\",\"name\":\"VLAN1\",\"switch_id\":\"h2/vs0\","
    "\"hosts\":[\"h2\"],\"vlan\":{\"kind\":\"id\",\"id\":11}}},\n"
    "{\"portgroup\":{\"source\":\"vc\",\"id\":\"p10\",\"name\":\"VLAN10\",\"switch_id\":\"h1/vs0\","
    "\"hosts\":[\"h1\"],\"vlan\":{\"kind\":\"id\",\"id\":10}}},\n"
    "{\"portgroup\":{\"source\":\"vc\",\"id\":\"d1\",\"name\":\"Any\",\"switch_id\":\"dvs\","
    "\"hosts\":[\"h1\",\"h2\",\"h3\"],\"vlan\":{\"kind\":\"none\"}}},\n"
    "%s"
    "{\"end\":{\"source\":\"vc\",\"is_complete\":true}}]}\n";

static char *
vm(const char *name, const char *host, const char *portgroup, const char *vlan)
{
    return g_strdup_printf(
        "{\"instance\":{\"source\":\"vc\",\"id\":\"id-%s\",\"name\":\"%s\",\"host\":\"%s\","
        "\"nics\":[{\"id\":\"Network adapter 1\",\"label\":\"Network adapter 1\","
        "\"mac\":\"00:50:56:00:00:01\",\"portgroup\":\"%s\"%s%s}]}},\n",
        name, name, host, portgroup, vlan ? ",\"vlan\":" : "", vlan ? vlan : "");
}

static json_object *
discover(const char *vms)
{
    g_autofree char *text = g_strdup_printf(inventory_text, vms);
    g_autoptr(StdioFile) file = fmemopen(text, strlen(text), "r");
    g_autoptr(InventoryBuilder) builder = inventory_builder_new();
    g_autoptr(GError) error = NULL;
    inventory_read(file, "test", inventory_builder_sink(builder), &error);
    g_assert_no_error(error);
    g_autoptr(Inventory) inventory = inventory_builder_freeze(builder);
    g_autofree char *out = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&out, &size);
    g_assert_true(report_discover_networks(inventory, stream, NULL));
    fclose(stream);
    return json_tokener_parse(out);
}

static void
assert_network(json_object *document, size_t index, const char *wanted)
{
    json_object *networks = NULL;
    g_assert_true(json_object_object_get_ex(document, "networks", &networks));
    json_object *network = json_object_array_get_idx(networks, index);
    g_assert_cmpstr(json_object_to_json_string_ext(
                        network, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
        ==, wanted);
}

#define DEVICE                                                                                     \
    "{\"device\":{\"label\":\"Network adapter 1\",\"macaddress\":\"00:50:56:00:00:01\"},\"name\":"

static void
test_each_host_its_own(void)
{
    g_autofree char *a = vm("a", "h1", "p1", NULL), *b = vm("b", "h2", "p2", NULL),
                    *c = vm("c", "h1", "p10", NULL), *d = vm("d", "h1", "p1", NULL);
    g_autofree char *vms = g_strconcat(a, b, c, d, NULL);
    g_autoptr(JsonObject) document = discover(vms);
    json_object *count = NULL;
    json_object_object_get_ex(document, "count", &count);
    g_assert_cmpint(json_object_get_int(count), ==, 3);
    assert_network(document, 0,
        "{\"cluster\":\"Cluster One\",\"host\":\"esx1\",\"portgroup\":\"VLAN1\",\"switch\":"
        "\"vSwitch0\",\"virtualmachines\":[" DEVICE "\"a\"}," DEVICE "\"d\"}],\"vlanid\":\"1\"}");
    assert_network(document, 1,
        "{\"cluster\":\"Cluster One\",\"host\":\"esx2\",\"portgroup\":\"VLAN1\",\"switch\":"
        "\"vSwitch0\",\"virtualmachines\":[" DEVICE "\"b\"}],\"vlanid\":\"11\"}");
    assert_network(document, 2,
        "{\"cluster\":\"Cluster One\",\"host\":\"esx1\",\"portgroup\":\"VLAN10\",\"switch\":"
        "\"vSwitch0\",\"virtualmachines\":[" DEVICE "\"c\"}],\"vlanid\":\"10\"}");
}

static void
test_kinds_of_vlan(void)
{
    g_autofree char *trunk = vm("t", "h1", "d1",
                        "{\"kind\":\"trunk\",\"ranges\":[{\"start\":1,\"end\":10},"
                        "{\"start\":20,\"end\":20}]}"),
                    *pvlan = vm("p", "h2", "d1",
                        "{\"kind\":\"pvlan\",\"id\":100,\"secondary\":101,\"pvlan_type\":"
                        "\"community\"}"),
                    *untagged = vm("u", "h3", "d1", NULL),
                    *overlay = vm("o", "h3", "d1", "{\"kind\":\"overlay\",\"segment\":\"5001\"}"),
                    *single = vm("s", "h3", "d1",
                        "{\"kind\":\"trunk\",\"ranges\":[{\"start\":7,\"end\":7}]}");
    g_autofree char *vms = g_strconcat(trunk, pvlan, untagged, overlay, single, NULL);
    g_autoptr(JsonObject) document = discover(vms);
    assert_network(document, 0,
        "{\"cluster\":\"Cluster One\",\"host\":\"esx1\",\"portgroup\":\"Any\",\"switch\":\"DVS\","
        "\"virtualmachines\":[" DEVICE "\"t\"}],\"vlanid\":\"1-10,20\"}");
    assert_network(document, 1,
        "{\"cluster\":\"Cluster One\",\"host\":\"esx2\",\"isolatedpvlan\":\"101\","
        "\"isolatedpvlantype\":\"community\",\"portgroup\":\"Any\",\"switch\":\"DVS\","
        "\"virtualmachines\":[" DEVICE "\"p\"}],\"vlanid\":\"100\"}");
    assert_network(document, 2,
        "{\"cluster\":\"\",\"host\":\"esx3\",\"portgroup\":\"Any\",\"switch\":\"DVS\","
        "\"virtualmachines\":[" DEVICE "\"u\"}],\"vlanid\":\"0\"}");
    assert_network(document, 3,
        "{\"cluster\":\"\",\"host\":\"esx3\",\"portgroup\":\"Any\",\"switch\":\"DVS\","
        "\"virtualmachines\":[" DEVICE "\"o\"}]}");
    assert_network(document, 4,
        "{\"cluster\":\"\",\"host\":\"esx3\",\"portgroup\":\"Any\",\"switch\":\"DVS\","
        "\"virtualmachines\":[" DEVICE "\"s\"}],\"vlanid\":\"7-7\"}");
}

static void
test_no_vm(void)
{
    g_autoptr(JsonObject) document = discover("");
    g_assert_cmpstr(json_object_to_json_string_ext(document, JSON_C_TO_STRING_PLAIN), ==,
        "{\"count\":0,\"networks\":[]}");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/discover-networks/each-host-has-its-own-port-group", test_each_host_its_own);
    g_test_add_func("/discover-networks/trunk-pvlan-untagged-overlay", test_kinds_of_vlan);
    g_test_add_func("/discover-networks/nothing-is-an-empty-list", test_no_vm);
    return g_test_run();
}
