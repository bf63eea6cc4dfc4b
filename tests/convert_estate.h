/* SPDX-License-Identifier: Apache-2.0
 *
 * What a VM of estate_builder.h needs to be converted: a KVM cluster with a host that has virt-v2v,
 * an NFS pool, secondary storage, and the zone's link with the VM's datacenter.
 */
#ifndef CONVERT_ESTATE_H
#define CONVERT_ESTATE_H

#include "tests/estate_builder.h"

#define KVM_ID        "kvm-cluster-id"
#define CONVERT_RULE  "convert any -> cluster kvm-1"
#define CONVERT_GUEST "Debian GNU/Linux 11 (64-bit)"

static const int64_t terabyte = (int64_t)1 << 40;

static inline Host *
estate_add_kvm_host(Estate *estate, const char *name)
{
    Host host = {.id = text_known(estate_text(estate, "id-of-%s", name)),
        .name = text_known(name),
        .ipaddress = text_known("10.9.0.1"),
        .hypervisor = text_known("KVM"),
        .zoneid = text_known(ZONE_ID),
        .clusterid = text_known(KVM_ID),
        .state = text_known("Up"),
        .resourcestate = text_known("Enabled"),
        .instanceconversionsupported = bool_known(true),
        .cpunumber = int_known(64),
        .cpuspeed = int_known(3000),
        .cpuallocatedvalue = int_known(0),
        .memorytotal = int_known(terabyte),
        .memoryallocatedbytes = int_known(0),
        .ueficapability = bool_known(true)};
    g_array_append_val(estate->hosts, host);
    return LAST(Host, estate->hosts);
}

static inline StoragePool *
estate_add_nfs_pool(Estate *estate, const char *name, const char *tag)
{
    StoragePool *pool = estate_add_pool(estate, name, tag);
    pool->type = text_known("NetworkFilesystem");
    pool->path = text_known(estate_text(estate, "/export/%s", name));
    pool->ipaddress = text_known("10.9.0.2");
    pool->clusterid = text_known(KVM_ID);
    pool->hypervisor = text_known("KVM");
    pool->disksizetotal = int_known(10 * terabyte);
    pool->disksizeused = int_known(terabyte);
    pool->disksizeallocated = int_known(terabyte);
    return pool;
}

static inline ImageStore *
estate_add_image_store(Estate *estate, const char *name)
{
    ImageStore store = {.id = text_known(estate_text(estate, "id-of-%s", name)),
        .name = text_known(name),
        .protocol = text_known("nfs"),
        .zoneid = text_known(ZONE_ID),
        .disksizetotal = int_known(10 * terabyte),
        .disksizeused = int_known(terabyte)};
    g_array_append_val(estate->image_stores, store);
    return LAST(ImageStore, estate->image_stores);
}

static inline VmwareDc *
estate_add_vmware_dc(Estate *estate, const char *name, const char *vcenter)
{
    VmwareDc dc = {.id = text_known(estate_text(estate, "id-of-%s", name)),
        .name = text_known(name),
        .vcenter = text_known(vcenter)};
    g_array_append_val(estate->vmware_dcs, dc);
    return LAST(VmwareDc, estate->vmware_dcs);
}

/* Beside estate_init_plain(), all but the API. */
static inline void
estate_add_kvm(Estate *estate)
{
    Cluster cluster = {.id = text_known(KVM_ID),
        .name = text_known("kvm-1"),
        .zoneid = text_known(ZONE_ID),
        .hypervisortype = text_known("KVM"),
        .allocationstate = text_known("Enabled")};
    OsType type = {.id = text_known("os-2"), .description = text_known(CONVERT_GUEST)};
    OsMapping mapping = {.ostypeid = text_known("os-2"),
        .hypervisor = text_known("VMware"),
        .hypervisorversion = text_known("default")};
    g_array_append_val(estate->clusters, cluster);
    g_array_append_val(estate->os_types, type);
    g_array_append_val(estate->os_mappings, mapping);
    estate_add_kvm_host(estate, "kvm-h1");
    estate_add_nfs_pool(estate, "nfs-1", NULL);
    estate_add_image_store(estate, "secondary-1");
    estate_add_vmware_dc(estate, "DC0", "vcenter.example");
}

/* A guest that virt-v2v converts, off, on disks that are half full. */
static inline void
make_convertible(InstanceView *view)
{
    view->power = POWER_OFF;
    view->guest_os_id = text_known("debian11_64Guest");
    view->guest_os_name = text_known(CONVERT_GUEST);
    for (size_t i = 0; i < view->disks.n; i++) {
        Disk *disk = &view->disks.items[i];
        disk->allocated_bytes = int_known(disk->capacity_bytes.value / 2);
    }
}

#endif
