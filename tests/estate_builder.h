/* SPDX-License-Identifier: Apache-2.0
 *
 * A small estate for tests of the mapper: a vSphere source, CloudStack's view of it and a catalog,
 * all made by hand. What a test does not say is ordinary: one zone, one cluster, one host, one
 * owner.
 */
#ifndef ESTATE_BUILDER_H
#define ESTATE_BUILDER_H

#include <string.h>

#include "arena.h"
#include "catalog.h"
#include "ingest/ingest_priv.h"
#include "inventory.h"
#include "plan.h"
#include "policy.h"

#define ZONE_ID    "zone-id"
#define CLUSTER_ID "cluster-id"

/* Lists of the catalog that an estate fills: member, type. */
#define ESTATE_LISTS(X)                                                                            \
    X(zones, Zone)                                                                                 \
    X(clusters, Cluster)                                                                           \
    X(hosts, Host)                                                                                 \
    X(pools, StoragePool)                                                                          \
    X(physical_networks, PhysicalNetwork)                                                          \
    X(traffic_types, TrafficType)                                                                  \
    X(networks, Network)                                                                           \
    X(network_offerings, NetworkOffering)                                                          \
    X(network_permissions, NetworkPermission)                                                      \
    X(shared_ips, SharedIp)                                                                        \
    X(vlan_ip_ranges, VlanIpRange)                                                                 \
    X(service_offerings, ServiceOffering)                                                          \
    X(disk_offerings, DiskOffering)                                                                \
    X(templates, Template)                                                                         \
    X(os_types, OsType)                                                                            \
    X(os_mappings, OsMapping)                                                                      \
    X(domains, Domain)                                                                             \
    X(accounts, Account)                                                                           \
    X(projects, Project)                                                                           \
    X(vms, ManagedVm)                                                                              \
    X(volumes, ManagedVolume)                                                                      \
    X(settings, Setting)                                                                           \
    X(cluster_settings, ClusterSetting)                                                            \
    X(zone_settings, ZoneSetting)                                                                  \
    X(pool_settings, PoolSetting)                                                                  \
    X(routers, Router)                                                                             \
    X(dedicated_hosts, DedicatedHost)                                                              \
    X(dedicated_clusters, DedicatedCluster)                                                        \
    X(image_stores, ImageStore)                                                                    \
    X(vmware_dcs, VmwareDc)                                                                        \
    X(jobs, PendingJob)                                                                            \
    X(apis, Api)

typedef struct Estate {
    Arena arena;
    InventoryBuilder *builder;
    Inventory *inventory;
    Catalog *catalog;
    int n_vms;
    SourceCall *calls;    /* what listing the cluster cost; NULL: not measured */
    bool is_view_partial; /* CloudStack's source broke off */
    bool has_no_view;     /* set before the first VM: CloudStack's view was not read */
    bool is_kvm;          /* set before the first VM: its source is a KVM host */
#define X(list, type) GArray *list;
    ESTATE_LISTS(X)
#undef X
} Estate;

G_GNUC_PRINTF(2, 3)
static inline const char *
estate_text(Estate *estate, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    return arena_strdup(&estate->arena, text);
}

static inline Text
known(const char *value)
{
    return value ? text_known(value) : text_absent();
}

static inline Texts
one_text(Estate *estate, const char *value)
{
    Texts texts = {.state = FACT_KNOWN};
    if (!value)
        return texts;
    texts.items = arena_new(&estate->arena, const char *);
    texts.items[texts.n++] = value;
    return texts;
}

/* --- catalog ---------------------------------------------------------------------------------- */

/* Borrowed from the estate until the next one of its kind is added. */
#define LAST(type, list) (&g_array_index((list), type, (list)->len - 1))

static inline Network *
estate_add_network(Estate *estate, const char *name, int64_t vlan)
{
    Network network = {.id = text_known(estate_text(estate, "id-of-%s", name)),
        .name = text_known(name),
        .type = text_known("L2"),
        .state = text_known("Setup"),
        .traffictype = text_known("Guest"),
        .zoneid = text_known(ZONE_ID),
        .physicalnetworkid = text_known("physical-1"),
        .acltype = text_known("Account"),
        .service = {.state = FACT_KNOWN},
        .account = text_known("admin"),
        .domainid = text_known("domain-root"),
        .broadcasturi = text_known(estate_text(estate, "vlan://%d", (int)vlan))};
    g_array_append_val(estate->networks, network);
    return LAST(Network, estate->networks);
}

static inline StoragePool *
estate_add_pool(Estate *estate, const char *name, const char *tag)
{
    StoragePool pool = {.id = text_known(estate_text(estate, "id-of-%s", name)),
        .name = text_known(name),
        .type = text_known("VMFS"),
        .scope = text_known("CLUSTER"),
        .path = text_known(estate_text(estate, "/DC0/%s", name)),
        .ipaddress = text_known(estate_text(estate, "VMFS datastore: /DC0/%s", name)),
        .state = text_known("Up"),
        .zoneid = text_known(ZONE_ID),
        .clusterid = text_known(CLUSTER_ID),
        .tags = one_text(estate, tag)};
    g_array_append_val(estate->pools, pool);
    return LAST(StoragePool, estate->pools);
}

static inline ServiceOffering *
estate_add_offering(Estate *estate, const char *name, int64_t cpus, int64_t memory_mib)
{
    ServiceOffering offering = {.id = text_known(estate_text(estate, "id-of-%s", name)),
        .name = text_known(name),
        .state = text_known("Active"),
        .storagetype = text_known("shared"),
        .diskofferingid = text_known(estate_text(estate, "root-of-%s", name))};
    if (cpus) {
        offering.cpunumber = int_known(cpus);
        offering.memory = int_known(memory_mib);
        offering.cpuspeed = int_known(1000);
    }
    g_array_append_val(estate->service_offerings, offering);
    return LAST(ServiceOffering, estate->service_offerings);
}

static inline ServiceOffering *
estate_add_constrained_offering(Estate *estate, const char *name, int64_t min_cpus,
    int64_t max_cpus, int64_t min_mib, int64_t max_mib)
{
    ServiceOffering *offering = estate_add_offering(estate, name, 0, 0);
    offering->cpuspeed = int_known(1000);
    offering->iscustomized = bool_known(true);
    offering->serviceofferingdetails = (ServiceOfferingDetails){
        int_known(min_cpus), int_known(max_cpus), int_known(min_mib), int_known(max_mib)};
    return offering;
}

/* @gib 0: a custom one. */
static inline DiskOffering *
estate_add_disk_offering(Estate *estate, const char *name, int64_t gib, const char *tag)
{
    DiskOffering offering = {.id = text_known(estate_text(estate, "id-of-%s", name)),
        .name = text_known(name),
        .state = text_known("Active"),
        .storagetype = text_known("shared"),
        .disksize = int_known(gib),
        .iscustomized = bool_known(gib == 0),
        .tags = one_text(estate, tag)};
    g_array_append_val(estate->disk_offerings, offering);
    return LAST(DiskOffering, estate->disk_offerings);
}

static inline Template *
estate_add_template(Estate *estate, const char *name, int64_t bytes)
{
    Template template = {.id = text_known(estate_text(estate, "id-of-%s", name)),
        .name = text_known(name),
        .hypervisor = text_known("KVM"),
        .isready = bool_known(true),
        .zoneid = text_known(ZONE_ID),
        .size = int_known(bytes)};
    g_array_append_val(estate->templates, template);
    return LAST(Template, estate->templates);
}

#define ESTATE_UNLIMITED(row)                                                                      \
    (row).vmlimit = (row).vmavailable = (row).cpulimit = (row).cpuavailable = (row).memorylimit =  \
        (row).memoryavailable = (row).volumelimit = (row).volumeavailable =                        \
            (row).primarystoragelimit = (row).primarystorageavailable = text_known("Unlimited")

static inline void
estate_add_domain(Estate *estate, const char *id, const char *path, const char *parent)
{
    const char *slash = strrchr(path, '/');
    Domain domain = {.id = text_known(id),
        .name = text_known(slash ? slash + 1 : path),
        .path = text_known(path),
        .parentdomainid = known(parent)};
    ESTATE_UNLIMITED(domain);
    g_array_append_val(estate->domains, domain);
}

static inline Account *
estate_add_account(Estate *estate, const char *name, const char *domainid, int64_t type)
{
    Account account = {.id = text_known(estate_text(estate, "id-of-%s", name)),
        .name = text_known(name),
        .domainid = text_known(domainid),
        .state = text_known("enabled"),
        .accounttype = int_known(type)};
    ESTATE_UNLIMITED(account);
    g_array_append_val(estate->accounts, account);
    return LAST(Account, estate->accounts);
}

static inline Project *
estate_add_project(Estate *estate, const char *name, const char *domainid)
{
    Project project = {.id = text_known(estate_text(estate, "id-of-%s", name)),
        .name = text_known(name),
        .domainid = text_known(domainid),
        .state = text_known("Active")};
    ESTATE_UNLIMITED(project);
    g_array_append_val(estate->projects, project);
    return LAST(Project, estate->projects);
}

static inline void
estate_add_setting(Estate *estate, const char *name, const char *value)
{
    Setting setting = {text_known(name), text_known(value)};
    g_array_append_val(estate->settings, setting);
}

/* @param: the only one that it has; NULL: none. */
static inline void
estate_add_api(Estate *estate, const char *name, const char *param)
{
    Api api = {.name = text_known(name)};
    api.params.state = FACT_KNOWN;
    api.params.n = param != NULL;
    api.params.items = arena_new(&estate->arena, ApiParam);
    api.params.items[0].name = known(param);
    g_array_append_val(estate->apis, api);
}

/* A managed VM with one NIC. */
static inline ManagedVm *
estate_add_managed(Estate *estate, const char *instancename, const char *mac, const char *networkid)
{
    ManagedVm vm = {.id = text_known(estate_text(estate, "vm-of-%s", instancename)),
        .name = text_known(instancename),
        .displayname = text_known(estate_text(estate, "display-%s", instancename)),
        .instancename = text_known(instancename),
        .state = text_known("Stopped"),
        .hypervisor = text_known("VMware"),
        .zoneid = text_known(ZONE_ID)};
    if (mac) {
        vm.nic.items = arena_new(&estate->arena, ManagedNic);
        vm.nic.items[0] =
            (ManagedNic){.networkid = known(networkid), .macaddress = text_known(mac)};
        vm.nic.n = 1;
    }
    vm.nic.state = FACT_KNOWN;
    g_array_append_val(estate->vms, vm);
    return LAST(ManagedVm, estate->vms);
}

/* --- inventory -------------------------------------------------------------------------------- */

static inline void
estate_put(Estate *estate, RecordKind kind, const void *record)
{
    g_autoptr(GError) error = NULL;
    inventory_put(inventory_builder_sink(estate->builder), kind, record, &error);
    g_assert_no_error(error);
}

enum { ESTATE_DEVICES_MAX = 8 };

/* A running VM with 2 CPUs and 2 GiB, without disks and NICs; not yet in the inventory. */
static inline InstanceView *
estate_add_vm(Estate *estate, const char *name)
{
    InstanceView *view = arena_new(&estate->arena, InstanceView);
    int number = ++estate->n_vms;
    *view = (InstanceView){.source = text_known("vc"),
        .id = text_known(estate_text(estate, "vm-%d", number)),
        .name = text_known(name),
        .instance_uuid = text_known(estate_text(estate, "uuid-%d", number)),
        .path = text_known("/DC0/vm"),
        .datacenter = text_known("DC0"),
        .cluster = text_known("domain-c1"),
        .cluster_name = text_known("C0"),
        .host = text_known("host-1"),
        .host_name = text_known("esx1"),
        .power = POWER_ON,
        .connection = CONNECTION_CONNECTED,
        .is_template = bool_known(false),
        .cpus = int_known(2),
        .memory_bytes = int_known((int64_t)2 << 30),
        .guest_os_name = text_known("Guest OS"),
        .cpu_reservation_mhz = int_known(0),
        .firmware = FIRMWARE_BIOS,
        .is_encrypted = bool_known(false)};
    view->tunings.state = FACT_KNOWN;
    view->snapshots.state = view->devices.state = FACT_KNOWN;
    view->nics.state = view->disks.state = FACT_KNOWN;
    view->nics.items = arena_new_n(&estate->arena, Nic, ESTATE_DEVICES_MAX);
    view->disks.items = arena_new_n(&estate->arena, Disk, ESTATE_DEVICES_MAX);
    return view;
}

static inline Nic *
estate_add_nic(Estate *estate, InstanceView *view, int64_t vlan)
{
    Nic *nic = &view->nics.items[view->nics.n++];
    *nic = (Nic){.id = text_known(estate_text(estate, "Network adapter %zu", view->nics.n)),
        .mac = text_known(estate_text(estate, "00:50:56:%02x:%02x:%02x",
            (unsigned)estate->n_vms >> 8 & 255, (unsigned)estate->n_vms & 255,
            (unsigned)(estate->n_vms >> 16) << 4 | (unsigned)view->nics.n)),
        .adapter = text_known("Vmxnet3"),
        .network = text_known(estate_text(estate, "VLAN%d", (int)vlan)),
        .vlan = {.kind = VLAN_ID,
            .id = int_known(vlan),
            .from = text_known("port group"),
            .is_certain = bool_known(true)}};
    nic->ips.state = FACT_KNOWN;
    return nic;
}

static inline Disk *
estate_add_disk(Estate *estate, InstanceView *view, int64_t gib, const char *datastore)
{
    size_t n = view->disks.n++;
    Disk *disk = &view->disks.items[n];
    *disk = (Disk){.id = text_known(estate_text(estate, "%d-%zu", estate->n_vms, 2000 + n)),
        .label = text_known(estate_text(estate, "Hard disk %zu", n + 1)),
        .capacity_bytes = int_known(gib << 30),
        .backing = DISK_BACKING_FILE,
        .path =
            text_known(estate_text(estate, "[%s] %s/disk%zu.vmdk", datastore, view->name.value, n)),
        .datastore_name = text_known(datastore),
        .datastore_host = text_absent(),
        .datastore_path = text_absent(),
        .datastore_type = text_absent(),
        .is_shared = bool_known(false),
        .controller = text_known("pvscsi"),
        .controller_unit = int_known(0),
        .position = int_known((int64_t)n)};
    return disk;
}

/* A VM with one disk on 'ds1' and one NIC on VLAN 10, as most tests want it. */
static inline InstanceView *
estate_add_plain_vm(Estate *estate, const char *name)
{
    InstanceView *view = estate_add_vm(estate, name);
    estate_add_disk(estate, view, 20, "ds1");
    estate_add_nic(estate, view, 10);
    return view;
}

/* CloudStack's view of it: what its reader would make of the same VM. */
static inline InstanceView *
estate_view_of(Estate *estate, const InstanceView *view)
{
    InstanceView *copy = arena_memdup(&estate->arena, view, sizeof *view);
    copy->source = text_known("cs");
    copy->id = text_known(estate_text(estate, CLUSTER_ID "/%s", view->name.value));
    copy->cluster = text_known(CLUSTER_ID);
    copy->path = copy->instance_uuid = copy->managed_by = (Text){0};
    copy->hypervisor = text_known(estate->is_kvm ? "KVM" : "VMware");
    copy->nics.items =
        arena_memdup(&estate->arena, view->nics.items, sizeof(Nic) * ESTATE_DEVICES_MAX);
    for (size_t i = 0; i < view->nics.n; i++) /* as of a distributed switch */
        if (view->nics.items[i].vlan.kind != VLAN_ID && view->nics.items[i].vlan.kind != VLAN_PVLAN)
            copy->nics.items[i].vlan = (Vlan){0};
    copy->disks.items =
        arena_memdup(&estate->arena, view->disks.items, sizeof(Disk) * ESTATE_DEVICES_MAX);
    return copy;
}

/* Into the inventory, seen by CloudStack or not. */
static inline void
estate_put_vm(Estate *estate, const InstanceView *view, bool is_listed)
{
    estate_put(estate, RECORD_INSTANCE, view);
    if (is_listed && !estate->has_no_view)
        estate_put(estate, RECORD_INSTANCE, estate_view_of(estate, view));
}

/* --- the whole -------------------------------------------------------------------------------- */

static inline void
estate_add_places(Estate *estate)
{
    SourceInfo vc = {.name = text_known("vc"),
        .kind = estate->is_kvm ? SOURCE_KIND_LIBVIRT : SOURCE_KIND_VSPHERE,
        .url = estate->is_kvm ? text_absent() : text_known("https://vcenter.example:443/sdk")};
    SourceCluster cluster = {.source = text_known("vc"),
        .id = text_known("domain-c1"),
        .name = text_known("C0"),
        .datacenter = text_known("DC0")};
    SourceHost host = {.source = text_known("vc"),
        .id = text_known("host-1"),
        .name = text_known("esx1"),
        .cluster = text_known("domain-c1"),
        .cpu_mhz = int_known(2600)};
    estate_put(estate, RECORD_SOURCE, &vc);
    estate_put(estate, RECORD_CLUSTER, &cluster);
    estate_put(estate, RECORD_HOST, &host);
}

static inline void
estate_add_cloudstack_view(Estate *estate)
{
    SourceInfo cs = {.name = text_known("cs"), .kind = SOURCE_KIND_CLOUDSTACK};
    SourceCluster cluster = {.source = text_known("cs"),
        .id = text_known(CLUSTER_ID),
        .name = text_known("vcenter/DC0/C0"),
        .hypervisor = text_known("VMware")};
    estate_put(estate, RECORD_SOURCE, &cs);
    estate_put(estate, RECORD_CLUSTER, &cluster);
}

static inline void
estate_init(Estate *estate)
{
    bool has_no_view = estate->has_no_view, is_kvm = estate->is_kvm;
    *estate = (Estate){.has_no_view = has_no_view, .is_kvm = is_kvm};
    arena_init(&estate->arena);
    estate->builder = inventory_builder_new();
#define X(list, type) estate->list = g_array_new(FALSE, TRUE, sizeof(type));
    ESTATE_LISTS(X)
#undef X
    Zone zone = {.id = text_known(ZONE_ID), .name = text_known("zone-1")};
    Cluster cluster = {.id = text_known(CLUSTER_ID),
        .name = text_known("vcenter/DC0/C0"),
        .zoneid = text_known(ZONE_ID),
        .hypervisortype = text_known("VMware"),
        .allocationstate = text_known("Enabled")};
    Host host = {.id = text_known("cs-host-1"),
        .name = text_known("esx1"),
        .clusterid = text_known(CLUSTER_ID),
        .state = text_known("Up"),
        .resourcestate = text_known("Enabled"),
        .cpunumber = int_known(1 << 20),
        .cpuspeed = int_known(3000),
        .cpuallocatedvalue = int_known(0),
        .memorytotal = int_known((int64_t)1 << 50),
        .memoryallocatedbytes = int_known(0),
        .ueficapability = bool_known(true)};
    g_array_append_val(estate->zones, zone);
    g_array_append_val(estate->clusters, cluster);
    g_array_append_val(estate->hosts, host);
    OsType type = {.id = text_known("os-1"), .description = text_known("Guest OS")};
    OsMapping mapping = {.ostypeid = text_known("os-1"),
        .hypervisor = text_known("VMware"),
        .hypervisorversion = text_known("default")};
    g_array_append_val(estate->os_types, type);
    g_array_append_val(estate->os_mappings, mapping);
    estate_add_domain(estate, "domain-root", "ROOT", NULL);
    estate_add_domain(estate, "domain-a", "ROOT/a", "domain-root");
    estate_add_domain(estate, "domain-sub", "ROOT/a/sub", "domain-a");
    estate_add_account(estate, "admin", "domain-root", 1);
    estate_add_setting(estate, "cluster.cpu.allocated.capacity.disablethreshold", "0.95");
    estate_add_setting(estate, "cluster.memory.allocated.capacity.disablethreshold", "0.95");
    estate_add_setting(estate, "vm.network.throttling.rate", "0");
    estate_add_setting(estate, "network.throttling.rate", "0");
    estate_add_places(estate);
    if (!estate->has_no_view)
        estate_add_cloudstack_view(estate);
}

/* estate_init() and what a plain VM needs to be ready. */
static inline void
estate_init_plain(Estate *estate)
{
    estate_init(estate);
    estate_add_network(estate, "l2-10", 10);
    estate_add_pool(estate, "ds1", NULL);
    estate_add_offering(estate, "so-2x2", 2, 2048);
    estate_add_disk_offering(estate, "custom", 0, NULL);
    estate_add_api(estate, "importUnmanagedInstance", NULL);
    estate_add_api(estate, "listServiceOfferings", "state");
    estate_add_api(estate, "listDiskOfferings", "state");
}

/* Ends the sources and makes inventory and catalog; all lists count as read. */
static inline void
estate_freeze(Estate *estate)
{
    const char *names[] = {"vc", "cs"};
    for (size_t i = 0; i < (estate->has_no_view ? 1 : 2); i++) {
        SourceEnd end = {.source = text_known(names[i]), .is_complete = bool_known(true)};
        if (i && estate->is_view_partial)
            end.is_complete = bool_known(false);
        if (i && estate->calls) {
            end.calls.items = estate->calls;
            end.calls.n = 1;
            end.calls.state = FACT_KNOWN;
        }
        estate_put(estate, RECORD_END, &end);
    }
    estate->inventory = inventory_builder_freeze(estate->builder);
    estate->catalog = catalog_new();
    estate->catalog->info.version = text_known("4.23.0.0");
#define X(list, type)                                                                              \
    estate->catalog->list.items = (type *)(void *)estate->list->data;                              \
    estate->catalog->list.n = estate->list->len;                                                   \
    estate->catalog->list.state = FACT_KNOWN;
    ESTATE_LISTS(X)
#undef X
}

static inline void
estate_release(Estate *estate)
{
    g_clear_pointer(&estate->inventory, inventory_unref);
    g_clear_pointer(&estate->builder, inventory_builder_free);
    g_clear_pointer(&estate->catalog, catalog_unref);
#define X(list, type) g_clear_pointer(&estate->list, g_array_unref);
    ESTATE_LISTS(X)
#undef X
    arena_release(&estate->arena);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Estate, estate_release)

static inline bool
template_uses(const char *template, int arg)
{
    g_autofree char *plain = g_strdup_printf("{%d}", arg),
                    *size = g_strdup_printf("{%d:size}", arg);
    return template && (strstr(template, plain) || strstr(template, size));
}

static inline bool
server_uses(const FindingKind *kind, int arg)
{
    bool is_used = template_uses(kind->server_text, arg);
    for (const ServerWording *each = kind->wordings; each && each->text; each++)
        is_used |= template_uses(each->text, arg);
    return is_used;
}

/* Each argument that a finding's templates name was given; a number that may be 0 aside. */
static inline void
assert_arguments(const Finding *finding)
{
    static const char *const may_be_zero[] = {"size-invalid", "cpus-not-counted",
        "memory-not-counted", "offering-partly-fixed", "nics-differ", "convert-nics-differ",
        "disks-differ", "disk-offering-missing", "no-disk-offering", "limit-exceeded-instances",
        "limit-exceeded-cpus", "limit-exceeded-memory", "limit-exceeded-volumes",
        "limit-exceeded-storage", "no-host-with-room", "no-host-large-enough",
        "cluster-over-threshold", NULL};
    const FindingKind *kind = finding->kind;
    for (int i = 1; i <= FINDING_ARGS_MAX; i++) {
        const FindingArg *arg = &finding->args[i - 1];
        bool is_used = template_uses(kind->text, i) || template_uses(kind->evidence, i) ||
                       template_uses(kind->remedy, i) || server_uses(kind, i);
        if (is_used && !arg->text && !arg->number && !g_strv_contains(may_be_zero, kind->id))
            g_error("finding '%s' lacks argument {%d}", kind->id, i);
        if (!is_used && ((arg->text && *arg->text) || arg->number))
            g_error("finding '%s' has argument {%d} that no template names", kind->id, i);
    }
    if (kind->server_text)
        g_assert_cmpint(kind->stage, !=, STAGE_NONE);
}

static inline void
assert_findings(const Plan *plan)
{
    for (size_t i = 0; i < plan->n_items; i++)
        for (size_t j = 0; j < plan->items[i].n_findings; j++)
            assert_arguments(&plan->items[i].findings[j]);
}

/* The plan of a frozen estate by rules; NULL = none. */
static inline Plan *
estate_plan(Estate *estate, const char *rules)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Policy) policy = rules ? policy_parse(rules, "rules", &error) : NULL;
    g_assert_no_error(error);
    Plan *plan = plan_build(estate->inventory, estate->catalog, policy, NULL, &error);
    g_assert_no_error(error);
    assert_findings(plan);
    return plan;
}

/* NULL: it has no such finding. */
static inline const Finding *
find_finding(const PlanItem *item, const char *id)
{
    for (size_t i = 0; i < item->n_findings; i++)
        if (!strcmp(item->findings[i].kind->id, id))
            return &item->findings[i];
    return NULL;
}

static inline void
assert_verdict(const PlanItem *item, Verdict verdict)
{
    if (item->verdict != verdict)
        g_test_message("%s: worst finding '%s'", item->instance.name.value,
            item->n_findings ? item->findings[0].kind->id : "none");
    g_assert_cmpstr(verdict_words[item->verdict], ==, verdict_words[verdict]);
}

static inline void
assert_finding(const PlanItem *item, const char *id)
{
    if (!find_finding(item, id))
        for (size_t i = 0; i < item->n_findings; i++)
            g_test_message("has '%s'", item->findings[i].kind->id);
    g_assert_nonnull(finding_find_kind(id));
    g_assert_nonnull(find_finding(item, id));
}

#endif
