/* SPDX-License-Identifier: Apache-2.0
 *
 * How CloudStack's items read into the structs of catalog.h: its own member names, read leniently.
 *
 * Source: CloudStack API, response members of the list calls named in catalog_lists.c.
 */
#include "ingest_priv.h"

/* clang-format off */
#define T(member) F_TEXT(RECORD, member)
#define S(member) F_TEXT(RECORD, member, .is_interned = true) /* few distinct values: shared */
#define I(member) F_INT(RECORD, member)
#define B(member) F_BOOL(RECORD, member)
#define L(member) F_TEXTS(RECORD, member)
#define LIMITS \
    T(vmlimit), T(vmavailable), T(cpulimit), T(cpuavailable), T(memorylimit), T(memoryavailable), \
    T(volumelimit), T(volumeavailable), T(primarystoragelimit), T(primarystorageavailable)
#define NAMED_TYPE(T, table) RECORD_TYPE(T, table) /* so that RECORD is replaced by its struct */
#define TYPE(type_name) const RecordType type_name = NAMED_TYPE(RECORD, fields_of_##type_name)
#define FIELDS(type_name) static const Field fields_of_##type_name[]

#define RECORD CatalogInfo
FIELDS(catalog_info_type) = {T(name), T(url), T(read_at), T(version), T(version_from)};
TYPE(catalog_info_type);
#undef RECORD

#define RECORD CatalogList
FIELDS(catalog_list_type) = {F_TEXT(CatalogList, name, .is_required = true),
    F_TEXT(CatalogList, command, .is_required = true), T(read_at),
    F_BOOL(CatalogList, is_complete, .is_required = true), I(count), T(error), I(code),
    I(repaired), B(is_optional), I(requests), I(elapsed_ms)};
TYPE(catalog_list_type);
#undef RECORD

#define RECORD Zone
FIELDS(zone_type) = {T(id), T(name), S(networktype), S(allocationstate),
    B(securitygroupsenabled), B(localstorageenabled), S(domainid)};
TYPE(zone_type);
#undef RECORD

#define RECORD Pod
FIELDS(pod_type) = {T(id), T(name), S(zoneid), S(allocationstate)};
TYPE(pod_type);
#undef RECORD

#define RECORD Cluster
FIELDS(cluster_type) = {T(id), T(name), S(podid), S(zoneid), S(zonename), S(hypervisortype),
    S(allocationstate), S(managedstate), S(cpuovercommitratio), S(memoryovercommitratio)};
TYPE(cluster_type);
#undef RECORD

#define RECORD HostDetails
FIELDS(host_details_type) = {
    {.name = "host.vddk.support", .kind = FIELD_BOOL, .offset = offsetof(HostDetails, vddk)}};
static TYPE(host_details_type);
#undef RECORD

#define RECORD Host
FIELDS(host_type) = {T(id), T(name), T(ipaddress), S(clusterid), S(podid), S(zoneid), S(type),
    S(state), S(resourcestate), S(hypervisor), S(hypervisorversion), L(hosttags), B(istagarule),
    I(cpunumber), I(cpuspeed), I(cpuallocatedvalue), I(memorytotal), I(memoryallocatedbytes),
    B(ueficapability), B(instanceconversionsupported),
    F_RECORD(Host, details, &host_details_type)};
TYPE(host_type);
#undef RECORD

#define RECORD StoragePool
FIELDS(storage_pool_type) = {T(id), T(name), S(type), S(scope), T(path), T(ipaddress), S(state),
    S(hypervisor), S(provider), S(zoneid), S(podid), S(clusterid), L(tags), B(istagarule),
    B(managed), I(disksizetotal), I(disksizeallocated), I(disksizeused), S(overprovisionfactor)};
TYPE(storage_pool_type);
#undef RECORD

#define RECORD ImageStore
FIELDS(image_store_type) = {T(id), T(name), S(zoneid), S(protocol), S(providername),
    S(scope), B(readonly), I(disksizetotal), I(disksizeused)};
TYPE(image_store_type);
#undef RECORD

#define RECORD PhysicalNetwork
FIELDS(physical_network_type) = {T(id), T(name), S(zoneid), S(state), T(vlan), T(tags),
    T(isolationmethods)};
TYPE(physical_network_type);
#undef RECORD

#define RECORD TrafficType
FIELDS(traffic_type_type) = {T(id), S(physicalnetworkid), S(traffictype), S(vmwarenetworklabel),
    S(kvmnetworklabel)};
TYPE(traffic_type_type);
#undef RECORD

#define RECORD NetworkService
FIELDS(network_service_type) = {S(name)};
static TYPE(network_service_type);
#undef RECORD

#define RECORD Network
FIELDS(network_type) = {T(id), T(name), T(displaytext), S(type), S(state), S(traffictype),
    S(broadcastdomaintype), T(broadcasturi), T(vlan), S(zoneid), S(physicalnetworkid),
    S(networkofferingid), S(acltype), S(account), S(domainid), S(domain), S(projectid), S(vpcid),
    B(subdomainaccess), B(specifyvlan), B(issystem), B(canusefordeploy), T(cidr), T(gateway),
    S(netmask), S(networkdomain), F_LIST(Network, service, &network_service_type)};
TYPE(network_type);
#undef RECORD

#define RECORD NetworkOffering
FIELDS(network_offering_type) = {T(id), T(name), S(state), S(guestiptype), S(traffictype),
    B(specifyvlan), B(specifyipranges), B(isdefault), B(forvpc), I(networkrate), B(ispersistent),
    S(tags), S(availability), L(domainid), L(zoneid)};
TYPE(network_offering_type);
#undef RECORD

#define RECORD NetworkPermission
FIELDS(network_permission_type) = {S(networkid), S(accountid), S(account), S(domainid),
    S(projectid)};
TYPE(network_permission_type);
#undef RECORD

#define RECORD VlanIpRange
FIELDS(vlan_ip_range_type) = {T(id), S(networkid), S(physicalnetworkid), S(zoneid), T(vlan),
    T(startip), T(endip), T(gateway), S(netmask), B(forvirtualnetwork)};
TYPE(vlan_ip_range_type);
#undef RECORD

#define RECORD SharedIp
FIELDS(shared_ip_type) = {T(id), T(ipaddress), S(networkid), S(state), S(vlanid)};
TYPE(shared_ip_type);
#undef RECORD

#define RECORD ServiceOfferingDetails
FIELDS(service_offering_details_type) = {I(mincpunumber), I(maxcpunumber), I(minmemory),
    I(maxmemory)};
static TYPE(service_offering_details_type);
#undef RECORD

#define RECORD ServiceOffering
FIELDS(service_offering_type) = {T(id), T(name), T(displaytext), S(state), I(cpunumber),
    I(cpuspeed), I(memory), B(iscustomized),
    F_RECORD(ServiceOffering, serviceofferingdetails, &service_offering_details_type), L(hosttags),
    L(storagetags), S(storagetype), I(rootdisksize), T(diskofferingid), B(diskofferingstrictness),
    B(encryptroot), B(offerha), B(limitcpuuse), B(isvolatile), B(issystem), L(domainid), L(zoneid),
    S(gpucardname), S(vgpuprofilename), I(networkrate)};
TYPE(service_offering_type);
#undef RECORD

#define RECORD DiskOffering
FIELDS(disk_offering_type) = {T(id), T(name), T(displaytext), S(state), I(disksize),
    B(iscustomized), B(encrypt), B(displayoffering), B(disksizestrictness), L(tags),
    S(storagetype), S(provisioningtype), L(domainid), L(zoneid)};
TYPE(disk_offering_type);
#undef RECORD

#define RECORD Template
FIELDS(template_type) = {T(id), T(name), T(displaytext), S(hypervisor), S(format), S(zoneid),
    S(status), S(templatetype), S(templatetag), S(ostypeid), S(ostypename), S(account),
    S(domainid), B(isready), B(ispublic), B(isfeatured), B(deployasis), B(requireshvm), I(size)};
TYPE(template_type);
#undef RECORD

#define RECORD OsType
FIELDS(os_type_type) = {T(id), T(name), T(description)};
TYPE(os_type_type);
#undef RECORD

#define RECORD OsMapping
FIELDS(os_mapping_type) = {T(id), S(ostypeid), S(osdisplayname), S(osnameforhypervisor),
    S(hypervisor), S(hypervisorversion)};
TYPE(os_mapping_type);
#undef RECORD

#define RECORD Domain
FIELDS(domain_type) = {T(id), T(name), T(path), S(parentdomainid), S(state), LIMITS};
TYPE(domain_type);
#undef RECORD

#define RECORD Account
FIELDS(account_type) = {T(id), T(name), S(domainid), S(domain), S(domainpath), S(state),
    S(roleid), I(accounttype), LIMITS};
TYPE(account_type);
#undef RECORD

#define RECORD Project
FIELDS(project_type) = {T(id), T(name), T(displaytext), S(domainid), S(domain),
    T(projectaccountname), S(state), LIMITS};
TYPE(project_type);
#undef RECORD

#define RECORD ManagedNic
FIELDS(managed_nic_type) = {T(id), S(networkid), T(macaddress), T(ipaddress), S(broadcasturi)};
static TYPE(managed_nic_type);
#undef RECORD

#define RECORD ManagedVm
FIELDS(managed_vm_type) = {T(id), T(name), T(displayname), T(instancename), S(state),
    S(hypervisor), S(account), S(domainid), S(projectid), S(zoneid), S(hostid),
    F_LIST(ManagedVm, nic, &managed_nic_type)};
TYPE(managed_vm_type);
#undef RECORD

#define RECORD ManagedVolume
FIELDS(managed_volume_type) = {T(id), T(name), S(type), T(path), S(storageid), S(storage),
    T(virtualmachineid), S(state), T(chaininfo), I(size)};
TYPE(managed_volume_type);
#undef RECORD

#define RECORD Setting
FIELDS(setting_type) = {T(name), T(value)};
TYPE(setting_type);
#undef RECORD

#define RECORD ClusterSetting
FIELDS(cluster_setting_type) = {S(name), S(clusterid), S(value)};
TYPE(cluster_setting_type);
#undef RECORD

#define RECORD ZoneSetting
FIELDS(zone_setting_type) = {S(name), S(zoneid), S(value)};
TYPE(zone_setting_type);
#undef RECORD

#define RECORD PoolSetting
FIELDS(pool_setting_type) = {S(name), S(storageid), S(value)};
TYPE(pool_setting_type);
#undef RECORD

#define RECORD RouterNic
FIELDS(router_nic_type) = {S(networkid), T(ipaddress), T(macaddress), S(traffictype)};
static TYPE(router_nic_type);
#undef RECORD

#define RECORD Router
FIELDS(router_type) = {T(id), T(name), S(state), S(zoneid), S(guestnetworkid), T(guestipaddress),
    F_LIST(Router, nic, &router_nic_type)};
TYPE(router_type);
#undef RECORD

#define RECORD DedicatedHost
FIELDS(dedicated_host_type) = {T(id), T(hostid), S(domainid), S(accountid), S(affinitygroupid)};
TYPE(dedicated_host_type);
#undef RECORD

#define RECORD DedicatedCluster
FIELDS(dedicated_cluster_type) = {T(id), T(clusterid), S(domainid), S(accountid),
    S(affinitygroupid)};
TYPE(dedicated_cluster_type);
#undef RECORD

#define RECORD PendingJob
FIELDS(pending_job_type) = {T(jobid), S(cmd), S(account), T(created), I(jobstatus)};
TYPE(pending_job_type);
#undef RECORD

#define RECORD ApiParam
FIELDS(api_param_type) = {S(name), S(since)};
static TYPE(api_param_type);
#undef RECORD

#define RECORD Api
FIELDS(api_type) = {T(name), S(since), B(isasync), F_LIST(Api, params, &api_param_type)};
TYPE(api_type);
#undef RECORD

#define RECORD VmwareDc
FIELDS(vmware_dc_type) = {T(id), T(name), T(vcenter)};
TYPE(vmware_dc_type);
#undef RECORD

#define RECORD Capability
FIELDS(capability_type) = {T(cloudstackversion)};
TYPE(capability_type);
#undef RECORD
/* clang-format on */
