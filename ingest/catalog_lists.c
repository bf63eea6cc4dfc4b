/* SPDX-License-Identifier: Apache-2.0
 *
 * The calls that make up a catalog, in the order in which the saved file has them.
 *
 * Notes
 *   apis           comes first: it tells what the key's role may call; not paged; the fields of
 *                  each reply, some megabytes in all, are left out
 *   networks, vms, volumes
 *                  listall=true leaves out what projects own: those take a second sweep
 *   hosts          without type=Routing the hosts of system VMs come along
 *   service_offerings, disk_offerings
 *                  state=all: deleted ones too, which an import takes by their ids; up to 4.18 the
 *                  parameter is unknown and passed over
 *   vms            "details" without the statistics, which are slow to compute
 *   templates      one item per template and zone, all with the same id
 *   shared_ips     forvirtualnetwork=false: addresses of shared networks, the free ones too
 *   cluster_settings
 *                  thresholds may be set for one cluster: one call each
 *   zone_settings, pool_settings
 *                  so may those of storage, for a zone (up to 4.20) or a pool: one call each,
 *                  of which the keyword leaves a few rows
 *   image_stores   secondary storage, where conversions put what they read; its URL may hold a
 *                  password and is left out
 *   routers        virtual routers stand in no list of VMs, but hold addresses of networks
 *   network_permissions
 *                  one call per network that belongs to one account: only there do grants exist
 */
#include "ingest_priv.h"

#include <string.h>

static bool
is_network_grantable(const void *parent)
{
    const Network *network = parent;
    const char *type = network->type.value, *acltype = network->acltype.value;
    if (!type || (strcmp(type, "L2") != 0 && strcmp(type, "Isolated") != 0))
        return false;
    return !network->vpcid.value && (!acltype || strcmp(acltype, "Account") == 0);
}

static const char *const api_dropped[] = {"description", "related", "response", NULL};
static const char *const setting_dropped[] = {"description", "displaytext", "group", "subgroup",
    "parent", "options", "type", "component", NULL};
static const char *const image_store_dropped[] = {"url", "details", NULL};
static const char *const job_dropped[] = {"jobresult", NULL};
static const char *const key_cluster_setting[] = {"name", "clusterid", NULL};
static const char *const key_zone_setting[] = {"name", "zoneid", NULL};
static const char *const key_pool_setting[] = {"name", "storageid", NULL};
static const char *const key_job[] = {"jobid", NULL};
static const char *const key_name[] = {"name", NULL};
static const char *const key_template[] = {"id", "zoneid", NULL};
static const char *const key_permission[] = {"networkid", "accountid", "projectid", NULL};

/* clang-format off */
#define LISTALL {"listall", "true"}
#define LIST(word_, command_, object_, type_, ...) \
    {.word = #word_, .command = command_, .object = object_, .type = &type_, \
     .offset = offsetof(Catalog, word_), __VA_ARGS__}

const CatalogListSpec catalog_list_specs[CATALOG_N_LISTS] = {
    LIST(apis, "listApis", "api", api_type, .key = key_name, .dropped = api_dropped),
    LIST(capabilities, "listCapabilities", "capability", capability_type, .key = key_name),
    LIST(zones, "listZones", "zone", zone_type, .is_paged = true),
    LIST(pods, "listPods", "pod", pod_type, .is_paged = true, .is_by_zone = true),
    LIST(clusters, "listClusters", "cluster", cluster_type, .is_paged = true, .is_by_zone = true),
    LIST(hosts, "listHosts", "host", host_type, .is_paged = true, .is_by_zone = true,
        .params = {{"type", "Routing"}}),
    LIST(pools, "listStoragePools", "storagepool", storage_pool_type, .is_paged = true,
        .is_by_zone = true),
    LIST(physical_networks, "listPhysicalNetworks", "physicalnetwork", physical_network_type,
        .is_paged = true, .is_by_zone = true),
    LIST(traffic_types, "listTrafficTypes", "traffictype", traffic_type_type, .is_paged = true,
        .parent = "physical_networks", .parent_param = "physicalnetworkid"),
    LIST(networks, "listNetworks", "network", network_type, .is_paged = true, .is_by_zone = true,
        .has_projects = true, .params = {LISTALL}),
    LIST(network_offerings, "listNetworkOfferings", "networkoffering", network_offering_type,
        .is_paged = true),
    LIST(network_permissions, "listNetworkPermissions", "networkpermission",
        network_permission_type, .is_optional = true, .key = key_permission, .parent = "networks",
        .parent_param = "networkid", .is_parent_wanted = is_network_grantable),
    LIST(vlan_ip_ranges, "listVlanIpRanges", "vlaniprange", vlan_ip_range_type, .is_paged = true,
        .is_by_zone = true),
    LIST(shared_ips, "listPublicIpAddresses", "publicipaddress", shared_ip_type, .is_paged = true,
        .is_by_zone = true,
        .params = {LISTALL, {"forvirtualnetwork", "false"}, {"allocatedonly", "false"}}),
    LIST(service_offerings, "listServiceOfferings", "serviceoffering", service_offering_type,
        .is_paged = true, .params = {LISTALL, {"state", "all"}}),
    LIST(disk_offerings, "listDiskOfferings", "diskoffering", disk_offering_type, .is_paged = true,
        .params = {LISTALL, {"state", "all"}}),
    LIST(templates, "listTemplates", "template", template_type, .is_paged = true,
        .is_by_zone = true, .key = key_template, .params = {LISTALL, {"templatefilter", "all"}}),
    LIST(os_types, "listOsTypes", "ostype", os_type_type, .is_paged = true),
    LIST(os_mappings, "listGuestOsMapping", "guestosmapping", os_mapping_type, .is_paged = true),
    LIST(domains, "listDomains", "domain", domain_type, .is_paged = true, .params = {LISTALL}),
    LIST(accounts, "listAccounts", "account", account_type, .is_paged = true, .params = {LISTALL}),
    LIST(projects, "listProjects", "project", project_type, .is_paged = true, .params = {LISTALL}),
    LIST(vms, "listVirtualMachines", "virtualmachine", managed_vm_type, .is_paged = true,
        .is_by_zone = true, .has_projects = true, .params = {LISTALL, {"details", "min,nics"}}),
    LIST(volumes, "listVolumes", "volume", managed_volume_type, .is_paged = true,
        .is_by_zone = true, .has_projects = true, .params = {LISTALL}),
    LIST(settings, "listConfigurations", "configuration", setting_type, .is_paged = true,
        .key = key_name),
    LIST(cluster_settings, "listConfigurations", "configuration", cluster_setting_type,
        .is_paged = true, .is_optional = true, .key = key_cluster_setting, .parent = "clusters",
        .parent_param = "clusterid", .dropped = setting_dropped),
    LIST(zone_settings, "listConfigurations", "configuration", zone_setting_type, .is_paged = true,
        .is_optional = true, .key = key_zone_setting, .parent = "zones", .parent_param = "zoneid",
        .dropped = setting_dropped, .params = {{"keyword", "disablethreshold"}}),
    LIST(pool_settings, "listConfigurations", "configuration", pool_setting_type, .is_paged = true,
        .is_optional = true, .key = key_pool_setting, .parent = "pools",
        .parent_param = "storageid", .dropped = setting_dropped,
        .params = {{"keyword", "disablethreshold"}}),
    LIST(routers, "listRouters", "router", router_type, .is_paged = true, .is_by_zone = true,
        .has_projects = true, .is_optional = true, .params = {LISTALL}),
    LIST(dedicated_hosts, "listDedicatedHosts", "dedicatedhost", dedicated_host_type,
        .is_paged = true, .is_optional = true),
    LIST(dedicated_clusters, "listDedicatedClusters", "dedicatedcluster", dedicated_cluster_type,
        .is_paged = true, .is_optional = true),
    LIST(jobs, "listAsyncJobs", "asyncjobs", pending_job_type, .is_paged = true,
        .is_optional = true, .key = key_job, .dropped = job_dropped, .params = {LISTALL}),
    LIST(image_stores, "listImageStores", "imagestore", image_store_type, .is_paged = true,
        .is_by_zone = true, .is_optional = true, .dropped = image_store_dropped),
    LIST(vmware_dcs, "listVmwareDcs", "VMwareDC", vmware_dc_type, .is_optional = true, .parent = "zones",
        .parent_param = "zoneid"),
};
/* clang-format on */

int
catalog_list_index(const char *word)
{
    for (int i = 0; i < CATALOG_N_LISTS; i++)
        if (strcmp(catalog_list_specs[i].word, word) == 0)
            return i;
    return -1;
}
