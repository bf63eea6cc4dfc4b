/* SPDX-License-Identifier: Apache-2.0
 *
 * The cases of server_battery.h. Columns of @by_release: 4.18.0 (for 4.17.2 to 4.18.1), 4.18.2,
 * 4.19.0 to 4.19.3, 4.20.0 to 4.20.3, 4.21.0, 4.22.0, 4.22.0.1, 4.22.1, 4.23.0.
 */
#ifndef SERVER_CASES_H
#define SERVER_CASES_H

#include "tests/server_battery.h"

#define NIC_1         (&bench->view->nics.items[0])
#define DISK_1        (&bench->view->disks.items[0])
#define NETWORK_1     (&g_array_index(bench->estate.networks, Network, 0))
#define OFFERING_1    (&g_array_index(bench->estate.service_offerings, ServiceOffering, 0))
#define HOST_1        (&g_array_index(bench->estate.hosts, Host, 0))
#define CLUSTER_1     (&g_array_index(bench->estate.clusters, Cluster, 0))
#define POOL_1        (&g_array_index(bench->estate.pools, StoragePool, 0))
#define PREPARE(name) static inline void prepare_##name(Bench *bench)
/* Another case put together with it may have left none. */
static NicChoice spare_nic;
static DiskChoice spare_disk;
#define CHOSEN_NIC   (choice->nics.n ? &choice->nics.items[0] : &spare_nic)
#define CHOSEN_DISK  (choice->disks.n ? &choice->disks.items[0] : &spare_disk)
#define CHOOSE(name) static inline void choose_##name(G_GNUC_UNUSED Bench *bench, Choice *choice)

/* --- submit ----------------------------------------------------------------------------------- */

PREPARE(no_right)
{
    g_array_remove_index(bench->estate.apis, 0);
}
CHOOSE(tab)
{
    choice->displayname = text_known("web\t01");
}
CHOOSE(long_name)
{
    choice->displayname = text_known(estate_text(&bench->estate, "%0256d", 1));
}
CHOOSE(no_such_cluster)
{
    choice->clusterid = text_known("none");
}
PREPARE(no_cluster)
{
    CLUSTER_1->name = text_known("other");
    HOST_1->name = text_known("other");
    bench->is_unseen = true;
}
CHOOSE(no_name)
{
    choice->name = text_absent();
}
CHOOSE(no_such_domain)
{
    choice->account = text_known("alice");
    choice->domainid = text_known("none");
}
CHOOSE(no_such_project)
{
    choice->projectid = text_known("none");
}
CHOOSE(no_such_template)
{
    choice->templateid = text_known("none");
}
CHOOSE(no_such_offering)
{
    choice->serviceofferingid = text_known("none");
}
CHOOSE(no_offering)
{
    choice->serviceofferingid = text_absent();
}
CHOOSE(no_such_account)
{
    choice->account = text_known("nobody");
    choice->domainid = text_known("domain-a");
}
PREPARE(locked)
{
    estate_add_account(&bench->estate, "locked", "domain-root", 0)->state = text_known("locked");
}
CHOOSE(locked)
{
    choice->account = text_known("locked");
    choice->domainid = text_known("domain-root");
}
PREPARE(suspended)
{
    estate_add_project(&bench->estate, "old", "domain-root")->state = text_known("Suspended");
}
CHOOSE(suspended)
{
    choice->projectid = text_known("id-of-old");
}
CHOOSE(account_alone)
{
    choice->account = text_known("admin");
}

/* --- before the instance is looked for -------------------------------------------------------- */

CHOOSE(domain_alone)
{
    choice->domainid = text_known("domain-root");
}
PREPARE(xen)
{
    CLUSTER_1->hypervisortype = text_known("XenServer");
}
PREPARE(disabled)
{
    CLUSTER_1->allocationstate = text_known("Disabled");
}

/* An owner that is no root administrator, with a network of his own. */
PREPARE(alice)
{
    Network *network = estate_add_network(&bench->estate, "l2-alice", 10);
    network->account = text_known("alice");
    network->domainid = text_known("domain-a");
    estate_add_account(&bench->estate, "alice", "domain-a", 0);
}
CHOOSE(alice)
{
    choice->account = text_known("alice");
    choice->domainid = text_known("domain-a");
    for (size_t i = 0; i < choice->nics.n; i++)
        choice->nics.items[i].networkid = text_known("id-of-l2-alice");
}
PREPARE(other_domain)
{
    prepare_alice(bench);
    OFFERING_1->domainid = one_text(&bench->estate, "domain-sub");
}
PREPARE(other_zone)
{
    OFFERING_1->zoneid = one_text(&bench->estate, "zone-2");
}
CHOOSE(first_offering)
{
    choice->serviceofferingid = text_known("id-of-so-2x2");
}
CHOOSE(alice_first)
{
    choose_alice(bench, choice);
    choose_first_offering(bench, choice);
}
CHOOSE(bad_hostname)
{
    choice->hostname = text_known("web_01");
}
PREPARE(dotted)
{
    bench->view->name = text_known("web.01");
}
CHOOSE(no_hostname)
{
    choice->hostname = text_absent();
}
PREPARE(flag)
{
    estate_add_setting(&bench->estate, "vm.instancename.flag", "true");
    estate_add_managed(&bench->estate, "taken", NULL, NULL);
}
CHOOSE(taken)
{
    choice->hostname = text_known("taken");
}
CHOOSE(no_such_network)
{
    CHOSEN_NIC->networkid = text_known("none");
}
CHOOSE(bad_ip)
{
    CHOSEN_NIC->ip4 = text_known("10.0.0.300");
}

static inline void
add_disk_choice(Bench *bench, Choice *choice, const char *disk, const char *offering)
{
    DiskChoice *items = arena_new_n(&bench->estate.arena, DiskChoice, choice->disks.n + 1);
    for (size_t i = 0; i < choice->disks.n; i++)
        items[i] = choice->disks.items[i];
    items[choice->disks.n] = (DiskChoice){text_known(disk), text_known(offering)};
    choice->disks.items = items;
    choice->disks.n++;
}

PREPARE(second_disk)
{
    estate_add_disk(&bench->estate, bench->view, 10, "ds1");
}
CHOOSE(no_such_disk_offering)
{
    CHOSEN_DISK->diskofferingid = text_known("none");
}

/* --- the instance ----------------------------------------------------------------------------- */

PREPARE(template)
{
    bench->view->is_template = bool_known(true);
    bench->is_unseen = true;
}
PREPARE(managed)
{
    ManagedVm *vm = estate_add_managed(&bench->estate, "web-01", NULL, NULL);
    vm->hostid = text_known("cs-host-1");
    bench->is_unseen = true;
}
PREPARE(unseen)
{
    bench->is_unseen = true;
}
PREPARE(hidden)
{
    estate_put_vm(&bench->estate, estate_add_plain_vm(&bench->estate, "web-02"), true);
    bench->is_unseen = true;
}
PREPARE(silent)
{
    for (int i = 0; i < 3; i++)
        estate_put_vm(&bench->estate,
            estate_add_plain_vm(&bench->estate, estate_text(&bench->estate, "silent-%d", i)),
            false);
    bench->is_unseen = true;
}
PREPARE(host_not_added)
{
    HOST_1->name = HOST_1->ipaddress = text_known("other");
    bench->is_unseen = true;
}
PREPARE(not_running)
{
    bench->view->hidden_because = one_text(&bench->estate, "it is not running");
    bench->is_unseen = true;
}
PREPARE(not_readable)
{
    bench->view->hidden_because = one_text(&bench->estate, HIDDEN_NO_CPUTUNE);
    bench->is_open = bench->is_unseen = true;
}
#define UNREADABLE(name, reason)                                                                   \
    PREPARE(name)                                                                                  \
    {                                                                                              \
        bench->view->hidden_because = one_text(&bench->estate, reason);                            \
        bench->is_unseen = true;                                                                   \
    }
UNREADABLE(no_cputune, HIDDEN_NO_CPUTUNE)
UNREADABLE(no_cache, "network disk '1'" HIDDEN_NO_CACHE)
UNREADABLE(itco, HIDDEN_ITCO_WATCHDOG)
PREPARE(system_vm)
{
    bench->view->name = text_known("vCLS-1b2c");
    bench->is_unseen = true;
}
PREPARE(own_name)
{
    bench->view->name = text_known("i-2-10-VM");
    bench->is_unseen = true;
}
PREPARE(namesake)
{
    estate_add_managed(&bench->estate, "web-01", "00:50:56:ff:00:01", NULL);
    ManagedVolume volume = {.id = text_known("volume-1"),
        .virtualmachineid = text_known("vm-of-web-01"),
        .path = text_known("other"),
        .storageid = text_known("id-of-ds1")};
    g_array_append_val(bench->estate.volumes, volume);
    bench->is_unseen = true;
}
PREPARE(host_down_unseen)
{
    HOST_1->state = text_known("Down");
    bench->is_unseen = true;
}
PREPARE(host_down)
{
    HOST_1->state = text_known("Down");
}
CHOOSE(other_name)
{
    choice->name = text_known("nobody");
}
PREPARE(unknown_os)
{
    bench->view->guest_os_name = text_known("Plan 9");
    bench->view->guest_os_id = text_known("plan9Guest");
}
PREPARE(unmapped_os)
{
    OsType type = {.id = text_known("os-2"), .description = text_known("Other OS")};
    g_array_append_val(bench->estate.os_types, type);
    bench->view->guest_os_name = text_known("Other OS");
    bench->view->guest_os_id = text_known("other");
}
PREPARE(no_memory)
{
    bench->view->memory_bytes = int_known(0);
}
PREPARE(no_cpus)
{
    bench->view->cpus = int_known(0);
}
PREPARE(no_memory_off)
{
    prepare_no_memory(bench);
    bench->view->power = POWER_OFF;
}
PREPARE(no_cpus_off)
{
    prepare_no_cpus(bench);
    bench->view->power = POWER_OFF;
}

/* --- limits ----------------------------------------------------------------------------------- */

static inline Account *
limited(Bench *bench)
{
    prepare_alice(bench);
    return LAST(Account, bench->estate.accounts);
}
#define LIMIT_OF_1(name, what)                                                                     \
    PREPARE(name)                                                                                  \
    {                                                                                              \
        Account *alice = limited(bench);                                                           \
        alice->what##limit = text_known("1");                                                      \
        alice->what##available = text_known("0");                                                  \
    }
LIMIT_OF_1(limit_vm, vm)
LIMIT_OF_1(limit_cpu, cpu)
LIMIT_OF_1(limit_memory, memory)
LIMIT_OF_1(limit_volume, volume)
LIMIT_OF_1(limit_storage, primarystorage)

/* --- offerings -------------------------------------------------------------------------------- */

PREPARE(four_cpus)
{
    bench->view->cpus = int_known(4);
}
PREPARE(three_gib)
{
    bench->view->memory_bytes = int_known((int64_t)3 << 30);
}
PREPARE(reservation)
{
    bench->view->cpu_reservation_mhz = int_known(1500);
}
PREPARE(few_cpus)
{
    estate_add_constrained_offering(&bench->estate, "so-few", 4, 8, 512, 8192);
}
CHOOSE(few_cpus)
{
    choice->serviceofferingid = text_known("id-of-so-few");
}
PREPARE(much_memory)
{
    estate_add_constrained_offering(&bench->estate, "so-much", 1, 8, 4096, 8192);
}
CHOOSE(much_memory)
{
    choice->serviceofferingid = text_known("id-of-so-much");
}
PREPARE(bounded)
{
    estate_add_constrained_offering(&bench->estate, "so-bounded", 1, 8, 512, 8192);
    estate_add_setting(&bench->estate, "vm.serviceoffering.cpu.cores.max", "1");
}
CHOOSE(bounded)
{
    choice->serviceofferingid = text_known("id-of-so-bounded");
}
PREPARE(custom)
{
    estate_add_offering(&bench->estate, "so-custom", 0, 0);
}
CHOOSE(custom)
{
    choice->serviceofferingid = text_known("id-of-so-custom");
    choice->details.n = 0;
}
PREPARE(fixed_cpus)
{
    estate_add_offering(&bench->estate, "so-cpus", 0, 0)->cpunumber = int_known(2);
}
CHOOSE(fixed_cpus)
{
    choice->serviceofferingid = text_known("id-of-so-cpus");
}
PREPARE(fixed_memory)
{
    ServiceOffering *offering = estate_add_offering(&bench->estate, "so-memory", 0, 0);
    offering->memory = int_known(2048);
    offering->cpuspeed = int_known(1000);
}
CHOOSE(fixed_memory)
{
    choice->serviceofferingid = text_known("id-of-so-memory");
}
PREPARE(any_size)
{
    estate_add_constrained_offering(&bench->estate, "so-any", 1, 8, 512, 8192);
}
CHOOSE(any_size)
{
    choice->serviceofferingid = text_known("id-of-so-any");
}
PREPARE(host_tag)
{
    OFFERING_1->hosttags = one_text(&bench->estate, "ssd");
}
PREPARE(strict_host_tag)
{
    prepare_host_tag(bench);
    estate_add_setting(&bench->estate, "vm.strict.host.tags", "gpu, ssd");
}
CHOOSE(migrate)
{
    choice->migrateallowed = bool_known(true);
}
PREPARE(host_rule)
{
    HOST_1->istagarule = bool_known(true);
}

/* --- disks ------------------------------------------------------------------------------------ */

PREPARE(no_disks)
{
    bench->view->disks.n = 0;
}
CHOOSE(only_disk)
{
    add_disk_choice(bench, choice, "1-2000", "id-of-custom");
}
CHOOSE(no_root)
{
    choose_only_disk(bench, choice);
    choice->root = text_known("9-9999");
}
CHOOSE(no_data_offering)
{
    CHOSEN_DISK->diskofferingid = text_absent();
}
CHOOSE(no_entry)
{
    choice->disks.n = 0;
}
CHOOSE(unknown_disk)
{
    CHOSEN_DISK->disk = text_known("9-9999");
}
CHOOSE(no_such_root)
{
    choice->root = text_known("9-9999");
    choice->disks.n = 0;
}
PREPARE(no_controller)
{
    DISK_1->controller = text_known("");
}
PREPARE(zero_root)
{
    DISK_1->capacity_bytes = int_known(0);
}
PREPARE(zero_data)
{
    estate_add_disk(&bench->estate, bench->view, 0, "ds1");
    estate_add_disk_offering(&bench->estate, "do-20", 20, NULL);
}
CHOOSE(zero_data)
{
    CHOSEN_DISK->diskofferingid = text_known("id-of-do-20");
}

static inline DiskOffering *
second_disk_offering(Bench *bench, int64_t gib)
{
    prepare_second_disk(bench);
    DiskOffering *offering = estate_add_disk_offering(&bench->estate, "do-2", gib, NULL);
    offering->iscustomized = bool_known(false);
    return offering;
}
CHOOSE(second_disk_offering)
{
    CHOSEN_DISK->diskofferingid = text_known("id-of-do-2");
}
PREPARE(disk_other_domain)
{
    prepare_alice(bench);
    second_disk_offering(bench, 20)->domainid = one_text(&bench->estate, "domain-sub");
}
CHOOSE(moving_second_disk)
{
    choose_second_disk_offering(bench, choice);
    choose_migrate(bench, choice);
}
CHOOSE(disk_other_domain)
{
    choose_alice(bench, choice);
    choose_second_disk_offering(bench, choice);
}
PREPARE(disk_other_zone)
{
    second_disk_offering(bench, 20)->zoneid = one_text(&bench->estate, "zone-2");
}
PREPARE(sizeless)
{
    second_disk_offering(bench, 0);
}
PREPARE(small)
{
    second_disk_offering(bench, 5);
}
PREPARE(controllers)
{
    prepare_second_disk(bench);
    estate_add_disk(&bench->estate, bench->view, 10, "ds1")->controller = text_known("lsilogic");
    estate_add_disk(&bench->estate, bench->view, 10, "ds1")->controller = text_known("ide");
}
PREPARE(no_pool)
{
    bench->view->disks.n = 0;
    estate_add_disk(&bench->estate, bench->view, 20, "elsewhere");
}
PREPARE(root_tag)
{
    OFFERING_1->storagetags = one_text(&bench->estate, "gold");
}
PREPARE(data_tag)
{
    second_disk_offering(bench, 20)->tags = one_text(&bench->estate, "gold");
}
PREPARE(by_name)
{
    bench->is_vmfs = true;
}
PREPARE(by_uuid)
{
    bench->is_vmfs = true;
    DISK_1->datastore_name = POOL_1->id;
}
PREPARE(two_by_name)
{
    bench->is_vmfs = true;
    estate_add_pool(&bench->estate, "ds10", NULL)->clusterid = text_known("cluster-2");
}
PREPARE(by_part_of_name)
{
    bench->is_vmfs = true;
    POOL_1->path = text_known("/DC0/ds1/folder");
}
PREPARE(rule_pool_data)
{
    second_disk_offering(bench, 20);
    POOL_1->istagarule = bool_known(true);
}
PREPARE(rule_pool)
{
    POOL_1->istagarule = bool_known(true);
}

/* --- NICs ------------------------------------------------------------------------------------- */

PREPARE(two_ips)
{
    NIC_1->ips.items = arena_new_n(&bench->estate.arena, const char *, 2);
    NIC_1->ips.items[NIC_1->ips.n++] = "10.1.1.5";
    NIC_1->ips.items[NIC_1->ips.n++] = "10.1.1.6";
}
CHOOSE(automatic)
{
    CHOSEN_NIC->ip4 = text_known("auto");
}
PREPARE(adapters)
{
    estate_add_nic(&bench->estate, bench->view, 10)->adapter = text_known("E1000");
    estate_add_nic(&bench->estate, bench->view, 10)->adapter = text_known("PCNet32");
}
PREPARE(untagged)
{
    NIC_1->vlan = (Vlan){.kind = VLAN_NONE};
}
CHOOSE(no_nic_entry)
{
    choice->nics.n = 0;
}
PREPARE(vlan_99)
{
    estate_add_nic(&bench->estate, bench->view, 99);
}
PREPARE(foreign)
{
    Network *network = estate_add_network(&bench->estate, "l2-99", 99);
    network->account = text_known("bob");
    network->domainid = text_known("domain-a");
    estate_add_nic(&bench->estate, bench->view, 99);
}
PREPARE(trunk)
{
    Nic *nic = estate_add_nic(&bench->estate, bench->view, 0);
    nic->vlan = (Vlan){.kind = VLAN_TRUNK, .from = text_known("port group")};
}
PREPARE(overlay)
{
    estate_add_nic(&bench->estate, bench->view, 0)->vlan =
        (Vlan){.kind = VLAN_OVERLAY, .segment = text_known("s-1")};
}
PREPARE(private_network)
{
    estate_add_nic(&bench->estate, bench->view, 0)->vlan = (Vlan){.kind = VLAN_PRIVATE};
}
PREPARE(network_elsewhere)
{
    estate_add_network(&bench->estate, "l2-far", 10)->zoneid = text_known("zone-2");
}
CHOOSE(network_elsewhere)
{
    CHOSEN_NIC->networkid = text_known("id-of-l2-far");
}
PREPARE(forbidden)
{
    Network *network = estate_add_network(&bench->estate, "l2-bob", 10);
    network->account = text_known("bob");
    network->domainid = text_known("domain-a");
}
CHOOSE(forbidden)
{
    CHOSEN_NIC->networkid = text_known("id-of-l2-bob");
}
PREPARE(other_domain_shared)
{
    prepare_alice(bench);
    Network *network = estate_add_network(&bench->estate, "shared-sub", 10);
    network->type = text_known("Shared");
    network->acltype = text_known("Domain");
    network->domainid = text_known("domain-sub");
}
CHOOSE(other_domain_shared)
{
    choose_alice(bench, choice);
    CHOSEN_NIC->networkid = text_known("id-of-shared-sub");
}
PREPARE(other_vlan)
{
    estate_add_network(&bench->estate, "l2-20", 20);
}
CHOOSE(other_vlan)
{
    CHOSEN_NIC->networkid = text_known("id-of-l2-20");
}
PREPARE(pvlan)
{
    NIC_1->vlan = (Vlan){.kind = VLAN_PVLAN,
        .id = int_known(300),
        .secondary = int_known(301),
        .pvlan_type = PVLAN_COMMUNITY,
        .from = text_known("port group"),
        .is_certain = bool_known(true)};
}
CHOOSE(first_network)
{
    CHOSEN_NIC->networkid = text_known("id-of-l2-10");
}
PREPARE(pvlan_without_uri)
{
    prepare_pvlan(bench);
    NETWORK_1->broadcasturi = text_absent();
    NETWORK_1->state = text_known("Allocated");
}
PREPARE(taken_hostname)
{
    estate_add_managed(&bench->estate, "taken", "00:50:56:ff:00:01", "id-of-l2-10");
}

static inline Network *
shared_network(Bench *bench)
{
    Network *network = NETWORK_1;
    network->type = text_known("Shared");
    network->cidr = text_known("10.1.1.0/24");
    network->gateway = text_known("10.1.1.1");
    VlanIpRange range = {.networkid = network->id,
        .startip = text_known("10.1.1.10"),
        .endip = text_known("10.1.1.20")};
    g_array_append_val(bench->estate.vlan_ip_ranges, range);
    return network;
}
PREPARE(shared)
{
    shared_network(bench);
}
PREPARE(shared_basic)
{
    shared_network(bench);
    g_array_index(bench->estate.zones, Zone, 0).networktype = text_known("Basic");
}
CHOOSE(no_ip)
{
    CHOSEN_NIC->ip4 = text_absent();
}
CHOOSE(gateway)
{
    CHOSEN_NIC->ip4 = text_known("10.1.1.1");
}
CHOOSE(outside_range)
{
    CHOSEN_NIC->ip4 = text_known("10.1.1.99");
}
PREPARE(two_shared)
{
    Network *network = shared_network(bench);
    NetworkService *dhcp = arena_new(&bench->estate.arena, NetworkService);
    dhcp->name = text_known("Dhcp");
    network->service = (__typeof__(network->service)){dhcp, 1, FACT_KNOWN};
    estate_add_nic(&bench->estate, bench->view, 10);
}
PREPARE(two_isolated)
{
    prepare_two_shared(bench);
    NETWORK_1->type = text_known("Isolated");
}
CHOOSE(address_twice)
{
    for (size_t i = 0; i < choice->nics.n; i++) {
        choice->nics.items[i].networkid = text_known("id-of-l2-10");
        choice->nics.items[i].ip4 = text_known("10.1.1.15");
    }
}
PREPARE(bad_mac)
{
    NIC_1->mac = text_known("00:50:56");
}
PREPARE(no_mac)
{
    NIC_1->mac = text_known("");
}
PREPARE(taken_mac)
{
    estate_add_managed(&bench->estate, "other", NIC_1->mac.value, "id-of-l2-10");
    ManagedVolume volume = {.id = text_known("volume-1"),
        .virtualmachineid = text_known("vm-of-other"),
        .path = text_known("other"),
        .storageid = text_known("id-of-ds1")};
    g_array_append_val(bench->estate.volumes, volume);
}
CHOOSE(forced)
{
    choice->forced = bool_known(true);
}

/* --- KVM -------------------------------------------------------------------------------------- */

PREPARE(kvm)
{
    CLUSTER_1->hypervisortype = text_known("KVM");
}

CHOOSE(no_template)
{
    choice->templateid = text_absent();
}
PREPARE(big_template)
{
    prepare_kvm(bench);
    estate_add_template(&bench->estate, "big", (int64_t)50 << 30);
}
CHOOSE(big_template)
{
    choice->templateid = text_known("id-of-big");
}

#include "tests/convert_cases.h"

static const Case server_cases[] = {
#include "tests/server_replies.h"
#include "tests/convert_replies.h"
};

#endif
