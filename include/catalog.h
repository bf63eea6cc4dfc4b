/* SPDX-License-Identifier: Apache-2.0
 *
 * What the target offers: zones, clusters, pools, networks, offerings, owners, and what CloudStack
 * manages already.
 *
 * A catalog is a set of lists, one per list call. A list is known (read to its end) or unknown (the
 * role lacks the API, the call failed): .state of each LIST_OF tells, CatalogList says why.
 * Members carry CloudStack's own names, so each struct reads beside its API documentation; units
 * are CloudStack's and stand in the comment. The saved catalog holds the server's items verbatim.
 */
#ifndef CATALOG_H
#define CATALOG_H

#include "cloudstack.h"
#include "fact.h"

#include <stdatomic.h>
#include <stdio.h>

#define CATALOG_API_VERSION "vm-ingest/v1"
#define CATALOG_KIND        "Catalog"

typedef struct Zone {
    Text id, name, networktype, allocationstate; /* "Basic" or "Advanced"; "Enabled" */
    Bool securitygroupsenabled, localstorageenabled;
    Text domainid; /* of a dedicated zone */
} Zone;

typedef struct Pod {
    Text id, name, zoneid, allocationstate;
} Pod;

typedef struct Cluster {
    Text id, name, podid, zoneid, zonename;
    Text hypervisortype, allocationstate, managedstate;
    Text cpuovercommitratio, memoryovercommitratio; /* "1.0"; a host's totals are before them */
} Cluster;

/* What an agent tells of its host besides. */
typedef struct HostDetails {
    Bool vddk; /* "host.vddk.support" */
} HostDetails;

typedef struct Host {
    Text id, name, ipaddress, clusterid, podid, zoneid;
    Text type, state, resourcestate, hypervisor, hypervisorversion;
    Texts hosttags;
    Bool istagarule;
    Int cpunumber, cpuspeed; /* MHz of one core */
    Int cpuallocatedvalue;   /* MHz that VMs were given, those stopped a while ago too */
    Int memorytotal, memoryallocatedbytes;
    Bool ueficapability;
    Bool instanceconversionsupported; /* KVM: virt-v2v is there; from 4.19.1 on */
    HostDetails details;
} Host;

typedef struct StoragePool {
    Text id, name, type, scope, path, ipaddress, state, hypervisor, provider;
    Text zoneid, podid, clusterid; /* clusterid is absent for a zone-wide pool */
    Texts tags;
    Bool istagarule, managed;
    Int disksizetotal, disksizeallocated, disksizeused; /* bytes */
    Text overprovisionfactor;
} StoragePool;

/* Secondary storage. */
typedef struct ImageStore {
    Text id, name, zoneid, protocol, providername, scope; /* zoneid is absent if region-wide */
    Bool readonly;
    Int disksizetotal, disksizeused; /* bytes; not known until the server has measured them */
} ImageStore;

typedef struct PhysicalNetwork {
    Text id, name, zoneid, state;
    Text vlan; /* "100-200,300-399": the dynamic guest range */
    Text tags, isolationmethods;
} PhysicalNetwork;

typedef struct TrafficType {
    Text id, physicalnetworkid, traffictype, vmwarenetworklabel, kvmnetworklabel;
} TrafficType;

/* "Dhcp", "SourceNat", ...: what a network does for its guests. */
typedef struct NetworkService {
    Text name;
} NetworkService;

typedef struct Network {
    Text id, name, displaytext, type, state, traffictype; /* "Isolated", "Shared", "L2" */
    Text broadcastdomaintype, broadcasturi, vlan;         /* root administrator's view only */
    Text zoneid, physicalnetworkid, networkofferingid;
    Text acltype, account, domainid, domain, projectid, vpcid; /* acltype: "Account", "Domain" */
    Bool subdomainaccess, specifyvlan, issystem, canusefordeploy;
    Text cidr, gateway, netmask, networkdomain;
    LIST_OF(NetworkService) service;
} Network;

typedef struct NetworkOffering {
    Text id, name, state, guestiptype, traffictype;
    Bool specifyvlan, specifyipranges, isdefault, forvpc;
    Int networkrate; /* Mbit/s */
    Bool ispersistent;
    Text tags, availability;
    Texts domainid, zoneid; /* not known = public */
} NetworkOffering;

/* listNetworkPermissions of one network. */
typedef struct NetworkPermission {
    Text networkid, accountid, account, domainid, projectid;
} NetworkPermission;

typedef struct VlanIpRange {
    Text id, networkid, physicalnetworkid, zoneid, vlan, startip, endip, gateway, netmask;
    Bool forvirtualnetwork;
} VlanIpRange;

/* listPublicIpAddresses forvirtualnetwork=false: addresses of shared networks. */
typedef struct SharedIp {
    Text id, ipaddress, networkid, state, vlanid;
} SharedIp;

typedef struct RouterNic {
    Text networkid, ipaddress, macaddress, traffictype;
} RouterNic;

/* A virtual router; listVirtualMachines shows none. */
typedef struct Router {
    Text id, name, state, zoneid, guestnetworkid, guestipaddress;
    LIST_OF(RouterNic) nic;
} Router;

typedef struct ServiceOfferingDetails {
    Int mincpunumber, maxcpunumber, minmemory, maxmemory; /* MiB */
} ServiceOfferingDetails;

typedef struct ServiceOffering {
    Text id, name, displaytext, state;
    Int cpunumber, cpuspeed, memory; /* MHz, MiB; not known = free to choose */
    Bool iscustomized;
    ServiceOfferingDetails serviceofferingdetails;
    Texts hosttags, storagetags;
    Text storagetype;
    Int rootdisksize; /* GiB, 0 = the template's */
    Text diskofferingid;
    Bool diskofferingstrictness, encryptroot, offerha, limitcpuuse, isvolatile, issystem;
    Texts domainid, zoneid; /* not known = public */
    Text gpucardname, vgpuprofilename;
    Int networkrate; /* Mbit/s, of the default NIC; not known: the setting's */
} ServiceOffering;

typedef struct DiskOffering {
    Text id, name, displaytext, state;
    Int disksize; /* GiB */
    Bool iscustomized, encrypt, displayoffering, disksizestrictness;
    Texts tags;
    Text storagetype, provisioningtype;
    Texts domainid, zoneid;
} DiskOffering;

typedef struct Template {
    Text id, name, displaytext, hypervisor, format, zoneid, status, templatetype, templatetag;
    Text ostypeid, ostypename, account, domainid;
    Bool isready, ispublic, isfeatured, deployasis, requireshvm;
    Int size; /* bytes */
} Template;

typedef struct OsType {
    Text id, name, description;
} OsType;

typedef struct OsMapping {
    Text id, ostypeid, osdisplayname, osnameforhypervisor, hypervisor, hypervisorversion;
} OsMapping;

typedef struct Domain {
    Text id, name, path, parentdomainid, state;
    Text vmlimit, vmavailable, cpulimit, cpuavailable, memorylimit, memoryavailable;
    Text volumelimit, volumeavailable, primarystoragelimit, primarystorageavailable;
} Domain;

enum { ACCOUNT_TYPE_ROOT_ADMIN = 1 }; /* others: 0 user, 2 domain administrator, 5 project */

typedef struct Account {
    Text id, name, domainid, domain, domainpath, state, roleid;
    Int accounttype; /* ACCOUNT_TYPE_... */
    Text vmlimit, vmavailable, cpulimit, cpuavailable, memorylimit, memoryavailable;
    Text volumelimit, volumeavailable, primarystoragelimit, primarystorageavailable;
} Account;

typedef struct Project {
    Text id, name, displaytext, domainid, domain, projectaccountname, state;
    Text vmlimit, vmavailable, cpulimit, cpuavailable, memorylimit, memoryavailable;
    Text volumelimit, volumeavailable, primarystoragelimit, primarystorageavailable;
} Project;

typedef struct ManagedNic {
    Text id, networkid, macaddress, ipaddress, broadcasturi;
} ManagedNic;

/* A VM that CloudStack manages, of any account, project and state. */
typedef struct ManagedVm {
    Text id, name, displayname, instancename, state, hypervisor;
    Text account, domainid, projectid, zoneid, hostid;
    LIST_OF(ManagedNic) nic;
} ManagedVm;

typedef struct ManagedVolume {
    Text id, name, type, path, storageid, storage, virtualmachineid, state, chaininfo;
    Int size; /* bytes */
} ManagedVolume;

typedef struct Setting {
    Text name, value;
} Setting;

/* The value of a setting for one cluster, its own or the global one. */
typedef struct ClusterSetting {
    Text name, clusterid, value;
} ClusterSetting;

/* The value of a threshold for one zone or pool, its own or the one above. */
typedef struct ZoneSetting {
    Text name, zoneid, value;
} ZoneSetting;

typedef struct PoolSetting {
    Text name, storageid, value;
} PoolSetting;

/* A host that is kept for one domain or account. */
typedef struct DedicatedHost {
    Text id, hostid, domainid, accountid, affinitygroupid;
} DedicatedHost;

typedef struct DedicatedCluster {
    Text id, clusterid, domainid, accountid, affinitygroupid;
} DedicatedCluster;

/* A job that has not ended. */
typedef struct PendingJob {
    Text jobid, cmd, account, created;
    Int jobstatus;
} PendingJob;

typedef struct ApiParam {
    Text name, since;
} ApiParam;

typedef struct Api {
    Text name, since;
    Bool isasync;
    LIST_OF(ApiParam) params;
} Api;

/* A datacenter of a vCenter that is linked with a zone. */
typedef struct VmwareDc {
    Text id, name, vcenter;
} VmwareDc;

typedef struct Capability {
    Text cloudstackversion;
} Capability;

/* What became of one list call. */
typedef struct CatalogList {
    Text name;    /* the list's word: "zones", "networks", ... */
    Text command; /* "listZones" */
    Text read_at; /* RFC 3339, UTC */
    Bool is_complete;
    Int count;        /* items */
    Text error;       /* why it is not complete */
    Int code;         /* server's error code, absent if it was none of its making */
    Int repaired;     /* replies whose broken JSON had to be repaired */
    Bool is_optional; /* a plan can do without it; not every server or role has it */
    Int requests;     /* calls made for it */
    Int elapsed_ms;   /* that these took together; side by side with those of other lists */
} CatalogList;

typedef struct CatalogInfo {
    Text name; /* of the [cloudstack NAME] group */
    Text url;  /* without keys */
    Text read_at;
    Text version;      /* "4.23.0.0-SNAPSHOT"; unknown when the server hides it */
    Text version_from; /* "listCapabilities", "--server-version", ... */
} CatalogInfo;

typedef struct Catalog Catalog;

/* Read-only once frozen; may be read by many threads. */
struct Catalog {
    CatalogInfo info;
    LIST_OF(CatalogList) lists;
    LIST_OF(Zone) zones;
    LIST_OF(Pod) pods;
    LIST_OF(Cluster) clusters;
    LIST_OF(Host) hosts;
    LIST_OF(StoragePool) pools;
    LIST_OF(PhysicalNetwork) physical_networks;
    LIST_OF(TrafficType) traffic_types;
    LIST_OF(Network) networks;
    LIST_OF(NetworkOffering) network_offerings;
    LIST_OF(NetworkPermission) network_permissions;
    LIST_OF(VlanIpRange) vlan_ip_ranges;
    LIST_OF(SharedIp) shared_ips;
    LIST_OF(ServiceOffering) service_offerings;
    LIST_OF(DiskOffering) disk_offerings;
    LIST_OF(Template) templates;
    LIST_OF(OsType) os_types;
    LIST_OF(OsMapping) os_mappings;
    LIST_OF(Domain) domains;
    LIST_OF(Account) accounts;
    LIST_OF(Project) projects;
    LIST_OF(ManagedVm) vms;
    LIST_OF(ManagedVolume) volumes;
    LIST_OF(Setting) settings;
    LIST_OF(ClusterSetting) cluster_settings;
    LIST_OF(ZoneSetting) zone_settings;
    LIST_OF(PoolSetting) pool_settings;
    LIST_OF(Router) routers;
    LIST_OF(DedicatedHost) dedicated_hosts;
    LIST_OF(DedicatedCluster) dedicated_clusters;
    LIST_OF(PendingJob) jobs;
    LIST_OF(Api) apis;
    LIST_OF(ImageStore) image_stores;
    LIST_OF(VmwareDc) vmware_dcs;
    LIST_OF(Capability) capabilities;
    struct CatalogStore *store; /* private: arena, reference count, raw items for saving */
};

/* NULL = no such list was asked for. */
const CatalogList *catalog_find_list(const Catalog *catalog, const char *name);

/* One reference more or less, from any thread; the last one frees all. */
Catalog *catalog_ref(const Catalog *catalog);
void catalog_unref(Catalog *catalog);

typedef struct CatalogFetchOptions {
    const char *name; /* for CatalogInfo */
    const char *zone; /* name or id; NULL = all zones */
    void (*progress)(void *data, const char *list, uint64_t done, uint64_t total);
    void *progress_data;
    const atomic_bool *is_cancelled;
} CatalogFetchOptions;

/**
 * catalog_fetch - read what the target offers
 * @cs: borrowed for the call
 *
 * A list that the role may not read is unknown, not an error. Lists are paged to their end (500 a
 * page), deduplicated by id; VMs, volumes and networks are read for all accounts and all projects.
 *
 * Calls:   listCapabilities, listApis, listZones, ... (the table in ingest/catalog_lists.c)
 * Errors:  AUTH when not even listApis is allowed (the text tells a wrong key, a clock that is off
 *          and an absent API apart as far as the server lets us), UNREACHABLE, TIMEOUT, CANCELLED;
 *          NOT_FOUND when the zone is none that the server shows
 * Returns: (owned) frozen, with one reference
 */
Catalog *catalog_fetch(CloudStack *cs, const CatalogFetchOptions *options, GError **error);

/* INVALID with line and member; STORAGE; UNSUPPORTED for another apiVersion. (owned) */
Catalog *catalog_read(FILE *file, const char *name, GError **error);
/* catalog_read() of a file. (owned) */
Catalog *catalog_load(const char *path, GError **error);
/* Loading what was saved and saving it again gives the same bytes. STORAGE. */
bool catalog_save(const Catalog *catalog, FILE *file, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Catalog, catalog_unref)

#endif
