/* SPDX-License-Identifier: Apache-2.0
 *
 * What the estate of a conversion has, and what is chosen, in the cases of convert_replies.h. Part
 * of server_cases.h.
 */
#ifndef CONVERT_CASES_H
#define CONVERT_CASES_H

#define KVM_CLUSTER (&g_array_index(bench->estate.clusters, Cluster, 1))
#define KVM_HOST    (&g_array_index(bench->estate.hosts, Host, 1))
#define NFS_POOL    (&g_array_index(bench->estate.pools, StoragePool, 1))
#define CONVERT     (&choice->convert)

/* --- the call --------------------------------------------------------------------------------- */

CHOOSE(no_such_convert_host)
{
    CONVERT->convertinstancehostid = text_known("none");
}
CHOOSE(no_such_import_host)
{
    CONVERT->importinstancehostid = text_known("none");
}
CHOOSE(no_such_vcenter)
{
    CONVERT->existingvcenterid = text_known("none");
}
CHOOSE(no_such_pool)
{
    CONVERT->convertinstancepoolid = text_known("none");
}
CHOOSE(no_such_os)
{
    CONVERT->osid = text_known("none");
}
CHOOSE(no_convert_zone)
{
    CONVERT->zoneid = text_absent();
}
CHOOSE(other_convert_zone)
{
    CONVERT->zoneid = text_known("zone-2");
}

#define ALLOWED "convert.vmware.instance.to.kvm.extra.params.allowed"

PREPARE(extra_off)
{
    estate_add_setting(&bench->estate, ALLOWED, "false");
}
PREPARE(extra_none)
{
    estate_add_setting(&bench->estate, ALLOWED, "true");
    estate_add_setting(&bench->estate, ALLOWED ".list", " ");
}
PREPARE(extra_few)
{
    estate_add_setting(&bench->estate, ALLOWED, "true");
    estate_add_setting(&bench->estate, ALLOWED ".list", "mac,bandwidth");
}
CHOOSE(extra)
{
    CONVERT->extraparams = text_known("--mac 00:50:56:00:00:01:bridge:br0 --root first");
}
CHOOSE(extra_allowed)
{
    CONVERT->extraparams = text_known("--bandwidth 10M");
}
PREPARE(kvm_disabled)
{
    KVM_CLUSTER->allocationstate = text_known("Disabled");
}

/* --- vCenter and the pool that is named ------------------------------------------------------- */

CHOOSE(no_vcenter)
{
    CONVERT->existingvcenterid = CONVERT->vcenter = text_absent();
}
CHOOSE(two_vcenters)
{
    CONVERT->vcenter = text_known("vcenter.example");
}
static inline void
name_vcenter(Choice *choice, const char *datacenter)
{
    CONVERT->existingvcenterid = text_absent();
    CONVERT->vcenter = text_known("vcenter.example");
    CONVERT->datacentername = known(datacenter);
    CONVERT->credentials = text_known("vc");
}
CHOOSE(half_vcenter)
{
    name_vcenter(choice, NULL);
}
CHOOSE(no_credentials)
{
    name_vcenter(choice, "DC0");
    CONVERT->credentials = text_known(" ");
}
CHOOSE(other_datacenter)
{
    name_vcenter(choice, "DC9");
}
CHOOSE(vddk_and_export)
{
    CONVERT->usevddk = CONVERT->forcemstoimportvmfiles = bool_known(true);
}
CHOOSE(direct_alone)
{
    CONVERT->forceconverttopool = bool_known(true);
}
PREPARE(rbd)
{
    StoragePool *pool = estate_add_nfs_pool(&bench->estate, "rbd-1", NULL);
    pool->type = text_known("RBD");
}
CHOOSE(direct_rbd)
{
    choose_direct_alone(bench, choice);
    CONVERT->convertinstancepoolid = text_known("id-of-rbd-1");
}
CHOOSE(rbd)
{
    CONVERT->convertinstancepoolid = text_known("id-of-rbd-1");
}
PREPARE(gold)
{
    NFS_POOL->tags = one_text(&bench->estate, "gold");
    estate_add_nfs_pool(&bench->estate, "shared-1", NULL)->type = text_known("SharedMountPoint");
    OFFERING_1->storagetags = one_text(&bench->estate, "gold");
    KVM_HOST->details.vddk = bool_known(true);
}
CHOOSE(vddk_to_plain)
{
    CONVERT->usevddk = bool_known(true);
    CONVERT->convertinstancepoolid = text_known("id-of-shared-1");
}

/* --- hosts and temporary storage -------------------------------------------------------------- */

PREPARE(no_kvm_host)
{
    g_array_set_size(bench->estate.hosts, 1);
}
PREPARE(kvm_host_down)
{
    KVM_HOST->state = text_known("Disconnected");
}
PREPARE(kvm_host_maintained)
{
    KVM_HOST->resourcestate = text_known("Maintenance");
}
PREPARE(kvm_host_disabled)
{
    KVM_HOST->resourcestate = text_known("Disabled");
    estate_add_kvm_host(&bench->estate, "kvm-h2");
}
CHOOSE(kvm_host)
{
    CONVERT->convertinstancehostid = text_known("id-of-kvm-h1");
}
CHOOSE(kvm_import_host)
{
    CONVERT->importinstancehostid = text_known("id-of-kvm-h1");
}
PREPARE(far_host)
{
    estate_add_kvm_host(&bench->estate, "far")->clusterid = text_known("kvm-2");
}
CHOOSE(far_host)
{
    CONVERT->convertinstancehostid = text_known("id-of-far");
}
CHOOSE(far_import_host)
{
    CONVERT->importinstancehostid = text_known("id-of-far");
}
CHOOSE(far_host_with_pool)
{
    choose_far_host(bench, choice);
    CONVERT->convertinstancepoolid = text_known("id-of-nfs-1");
}
PREPARE(no_virt_v2v)
{
    KVM_HOST->instanceconversionsupported = bool_known(false);
}
PREPARE(far_pool)
{
    estate_add_nfs_pool(&bench->estate, "far-nfs", NULL)->clusterid = text_known("kvm-2");
}
CHOOSE(far_pool)
{
    CONVERT->convertinstancepoolid = text_known("id-of-far-nfs");
}
PREPARE(local_pool)
{
    StoragePool *pool = estate_add_nfs_pool(&bench->estate, "local-1", NULL);
    pool->scope = text_known("HOST");
    pool->type = text_known("Filesystem");
}
CHOOSE(local_pool)
{
    CONVERT->convertinstancepoolid = text_known("id-of-local-1");
}
PREPARE(no_image_store)
{
    g_array_set_size(bench->estate.image_stores, 0);
}
PREPARE(s3)
{
    g_array_index(bench->estate.image_stores, ImageStore, 0).protocol = text_known("s3");
}

/* --- where disks come to, and the VM ---------------------------------------------------------- */

PREPARE(no_nfs_pool)
{
    NFS_POOL->clusterid = text_known("kvm-2");
}
PREPARE(silver)
{
    OFFERING_1->storagetags = one_text(&bench->estate, "silver");
}
PREPARE(windows)
{
    bench->view->power = POWER_ON;
    bench->view->guest_os_id = text_known("windows2019srv_64Guest");
    bench->view->guest_os_name = text_known("Microsoft Windows Server 2019 (64-bit)");
}
PREPARE(alone)
{
    bench->view->power = POWER_ON;
    bench->view->cluster = bench->view->cluster_name = text_absent();
}
PREPARE(small_offering)
{
    estate_add_offering(&bench->estate, "so-1x1", 1, 1024);
}
PREPARE(less_memory)
{
    estate_add_offering(&bench->estate, "so-1x1", 2, 1024);
}
CHOOSE(small_offering)
{
    choice->serviceofferingid = text_known("id-of-so-1x1");
}

/* --- NICs ------------------------------------------------------------------------------------- */

CHOOSE(no_nics)
{
    choice->nics.n = 0;
}
CHOOSE(nic_open)
{
    CHOSEN_NIC->nic = text_known("Network adapter 9");
}
PREPARE(mac_in_network)
{
    estate_add_managed(&bench->estate, "other", NIC_1->mac.value, "id-of-l2-10");
}

#endif
