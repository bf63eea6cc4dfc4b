// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

type vlan struct {
	Kind      string     `json:"kind"`
	ID        int32      `json:"id,omitempty"`
	Secondary int32      `json:"secondary,omitempty"`
	PvlanType string     `json:"pvlan_type,omitempty"`
	Ranges    [][2]int32 `json:"ranges,omitempty"`
	From      string     `json:"from,omitempty"`
	IsCertain bool       `json:"is_certain"`
}

type portgroup struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Kind        string   `json:"kind"`
	Switch      string   `json:"switch_id"`
	Hosts       []string `json:"hosts"`
	Vlan        vlan     `json:"vlan"`
	IsUplink    bool     `json:"is_uplink"`
	Ephemeral   bool     `json:"is_ephemeral"`
	Promiscuous *bool    `json:"allows_promiscuous"`
	Forged      *bool    `json:"allows_forged_transmits"`
	MacChanges  *bool    `json:"allows_mac_changes"`
}

type datastore struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Type        string   `json:"type"`
	NfsHost     *string  `json:"nfs_host"`
	NfsPath     *string  `json:"nfs_path"`
	URL         string   `json:"url"`
	Capacity    int64    `json:"capacity_bytes"`
	Free        int64    `json:"free_bytes"`
	Accessible  bool     `json:"is_accessible"`
	Maintenance bool     `json:"in_maintenance"`
	Pod         *string  `json:"pod"`
	Hosts       []string `json:"hosts"`
}

// infrastructure is what VMs refer to.
type infrastructure struct {
	names      map[types.ManagedObjectReference]string
	parents    map[types.ManagedObjectReference]types.ManagedObjectReference
	hostGroups map[types.ManagedObjectReference]map[string]*portgroup
	groups     map[string]*portgroup // distributed, by key
	ports      map[string]vlan       // by switch UUID and port: overrides
	opaque     map[string]string
	fields     map[int32]string
	datastores map[types.ManagedObjectReference]*datastore
	tasks      map[types.ManagedObjectReference]string
}

func idVlan(id int32) vlan {
	switch id {
	case 0:
		return vlan{Kind: "none", IsCertain: true}
	case 4095:
		return vlan{Kind: "trunk", Ranges: [][2]int32{{0, 4094}}, IsCertain: true}
	}
	return vlan{Kind: "id", ID: id, IsCertain: true}
}

type pvlanMap map[int32]types.VMwareDVSPvlanMapEntry

func specVlan(spec types.BaseVmwareDistributedVirtualSwitchVlanSpec, pvlans pvlanMap) vlan {
	switch s := spec.(type) {
	case *types.VmwareDistributedVirtualSwitchVlanIdSpec:
		return idVlan(s.VlanId)
	case *types.VmwareDistributedVirtualSwitchTrunkVlanSpec:
		v := vlan{Kind: "trunk", IsCertain: true}
		for _, r := range s.VlanId {
			v.Ranges = append(v.Ranges, [2]int32{r.Start, r.End})
		}
		return v
	case *types.VmwareDistributedVirtualSwitchPvlanSpec:
		entry := pvlans[s.PvlanId]
		return vlan{Kind: "pvlan", ID: entry.PrimaryVlanId, Secondary: s.PvlanId, PvlanType: entry.PvlanType, IsCertain: entry.PvlanType != ""}
	}
	return vlan{Kind: "unknown"}
}

func settingVlan(setting types.BaseDVPortSetting) types.BaseVmwareDistributedVirtualSwitchVlanSpec {
	if s, ok := setting.(*types.VMwareDVSPortSetting); ok {
		return s.Vlan
	}
	return nil
}

func (r *reader) emit(word string, record interface{}) error {
	return r.out.Encode(map[string]interface{}{word: record})
}

func (r *reader) readInfrastructure() error {
	r.infra = infrastructure{names: map[types.ManagedObjectReference]string{}, parents: map[types.ManagedObjectReference]types.ManagedObjectReference{},
		hostGroups: map[types.ManagedObjectReference]map[string]*portgroup{}, groups: map[string]*portgroup{}, ports: map[string]vlan{}, opaque: map[string]string{}, fields: map[int32]string{},
		datastores: map[types.ManagedObjectReference]*datastore{}, tasks: map[types.ManagedObjectReference]string{}}
	for _, step := range []func() error{r.readTree, r.readClusters, r.readHosts, r.readDatastores, r.readSwitches, r.readFields, r.readTasks} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) readTree() error {
	for _, kind := range []string{"Datacenter", "Folder", "ResourcePool"} {
		var list []mo.ManagedEntity
		if err := r.all(kind, []string{"name", "parent"}, &list); err != nil {
			return err
		}
		for _, e := range list {
			r.infra.names[e.Self] = e.Name
			if e.Parent != nil {
				r.infra.parents[e.Self] = *e.Parent
			}
		}
	}
	var networks []mo.OpaqueNetwork
	if err := r.all("OpaqueNetwork", []string{"name", "summary"}, &networks); err != nil {
		return err
	}
	for _, n := range networks {
		if s, ok := n.Summary.(*types.OpaqueNetworkSummary); ok {
			r.infra.opaque[s.OpaqueNetworkId] = n.Self.Value
		}
	}
	return nil
}

func (r *reader) readClusters() error {
	var clusters []mo.ComputeResource
	if err := r.all("ComputeResource", []string{"name", "parent", "configurationEx"}, &clusters); err != nil {
		return err
	}
	for _, c := range clusters {
		r.infra.names[c.Self] = c.Name
		if c.Parent != nil {
			r.infra.parents[c.Self] = *c.Parent
		}
		record := map[string]interface{}{"id": c.Self.Value, "name": c.Name, "path": r.path(&c.Self)}
		if x, ok := c.ConfigurationEx.(*types.ClusterConfigInfoEx); ok {
			record["has_drs"], record["has_ha"] = x.DrsConfig.Enabled, x.DasConfig.Enabled
		}
		if err := r.emit("cluster", record); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) readHosts() error {
	var hosts []mo.HostSystem
	if err := r.all("HostSystem", []string{"name", "parent", "runtime.connectionState", "runtime.inMaintenanceMode", "config.product",
		"summary.hardware", "config.network.portgroup", "config.network.vswitch"}, &hosts); err != nil {
		return err
	}
	for _, h := range hosts {
		r.infra.names[h.Self] = h.Name
		if h.Parent != nil {
			r.infra.parents[h.Self] = *h.Parent
		}
		record := map[string]interface{}{"id": h.Self.Value, "name": h.Name, "connection": h.Runtime.ConnectionState, "in_maintenance": h.Runtime.InMaintenanceMode,
			"cluster": r.infra.parents[h.Self].Value}
		if x := h.Summary.Hardware; x != nil {
			record["cpus"], record["cpu_mhz"], record["memory_bytes"] = x.NumCpuCores, x.CpuMhz, x.MemorySize
		}
		if h.Config != nil {
			record["version"] = h.Config.Product.Version
		}
		if err := r.emit("host", record); err != nil {
			return err
		}
		if err := r.hostNetworks(&h); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) hostNetworks(h *mo.HostSystem) error {
	groups := map[string]*portgroup{}
	r.infra.hostGroups[h.Self] = groups
	if h.Config == nil || h.Config.Network == nil {
		return nil
	}
	for _, s := range h.Config.Network.Vswitch {
		if err := r.emit("switch", map[string]interface{}{"id": h.Self.Value + "/" + s.Name, "name": s.Name, "kind": "standard", "host": h.Self.Value, "mtu": s.Mtu, "uplinks": s.Pnic}); err != nil {
			return err
		}
	}
	for _, p := range h.Config.Network.Portgroup {
		g := &portgroup{ID: h.Self.Value + "/" + p.Spec.Name, Name: p.Spec.Name, Kind: "standard", Switch: h.Self.Value + "/" + p.Spec.VswitchName,
			Hosts: []string{h.Self.Value}, Vlan: idVlan(p.Spec.VlanId)}
		g.Vlan.From = "port group of " + h.Self.Value
		if s := p.ComputedPolicy.Security; s != nil {
			g.Promiscuous, g.Forged, g.MacChanges = s.AllowPromiscuous, s.ForgedTransmits, s.MacChanges
		}
		groups[g.Name] = g
		if err := r.emit("portgroup", g); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) readDatastores() error {
	var stores []mo.Datastore
	if err := r.all("Datastore", []string{"name", "parent", "summary", "info", "host"}, &stores); err != nil {
		return err
	}
	for _, d := range stores {
		record := &datastore{ID: d.Self.Value, Name: d.Name, Type: d.Summary.Type, URL: d.Summary.Url, Capacity: d.Summary.Capacity, Free: d.Summary.FreeSpace,
			Accessible: d.Summary.Accessible, Maintenance: d.Summary.MaintenanceMode != "normal", Hosts: []string{}}
		for _, h := range d.Host {
			record.Hosts = append(record.Hosts, h.Key.Value)
		}
		if nas, ok := d.Info.(*types.NasDatastoreInfo); ok && nas.Nas != nil {
			record.NfsHost, record.NfsPath = &nas.Nas.RemoteHost, &nas.Nas.RemotePath
		}
		if d.Parent != nil && d.Parent.Type == "StoragePod" {
			record.Pod = textOf(r.infra.names[*d.Parent])
		}
		r.infra.datastores[d.Self] = record
		if err := r.emit("datastore", record); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) readSwitches() error {
	var switches []mo.DistributedVirtualSwitch
	if err := r.all("DistributedVirtualSwitch", []string{"name", "uuid", "config"}, &switches); err != nil {
		return err
	}
	pvlans := map[types.ManagedObjectReference]pvlanMap{}
	defaults := map[types.ManagedObjectReference]types.BaseVmwareDistributedVirtualSwitchVlanSpec{}
	for _, s := range switches {
		entries := pvlanMap{}
		if c, ok := s.Config.(*types.VMwareDVSConfigInfo); ok {
			for _, e := range c.PvlanConfig {
				entries[e.SecondaryVlanId] = e
			}
			defaults[s.Self] = settingVlan(c.DefaultPortConfig)
		}
		pvlans[s.Self] = entries
		if err := r.emit("switch", map[string]interface{}{"id": s.Self.Value, "name": s.Name, "kind": "distributed", "uuid": s.Uuid, "pvlans": entries}); err != nil {
			return err
		}
	}
	if err := r.readGroups(pvlans, defaults); err != nil {
		return err
	}
	for _, s := range switches {
		if err := r.readPorts(s, pvlans[s.Self]); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) readGroups(pvlans map[types.ManagedObjectReference]pvlanMap, defaults map[types.ManagedObjectReference]types.BaseVmwareDistributedVirtualSwitchVlanSpec) error {
	var groups []mo.DistributedVirtualPortgroup
	if err := r.all("DistributedVirtualPortgroup", []string{"name", "key", "host", "config"}, &groups); err != nil {
		return err
	}
	for _, g := range groups {
		spec, owner := settingVlan(g.Config.DefaultPortConfig), types.ManagedObjectReference{}
		if g.Config.DistributedVirtualSwitch != nil {
			owner = *g.Config.DistributedVirtualSwitch
		}
		if spec == nil || spec.GetVmwareDistributedVirtualSwitchVlanSpec().Inherited {
			spec = defaults[owner]
		}
		record := &portgroup{ID: g.Self.Value, Name: g.Name, Kind: "distributed", Switch: owner.Value, Hosts: []string{}, Vlan: specVlan(spec, pvlans[owner]),
			IsUplink: g.Config.Uplink != nil && *g.Config.Uplink, Ephemeral: g.Config.Type == "ephemeral"}
		record.Vlan.From = "port group " + g.Self.Value
		for _, h := range g.Host {
			record.Hosts = append(record.Hosts, h.Value)
		}
		r.infra.groups[g.Key] = record
		if err := r.emit("portgroup", record); err != nil {
			return err
		}
	}
	return nil
}

// readPorts finds the ports with a VLAN setting of their own.
func (r *reader) readPorts(s mo.DistributedVirtualSwitch, pvlans pvlanMap) error {
	connected := true
	answer, err := methods.FetchDVPorts(r.ctx, r.client, &types.FetchDVPorts{This: s.Self, Criteria: &types.DistributedVirtualSwitchPortCriteria{Connected: &connected}})
	if err != nil {
		return err
	}
	for _, p := range answer.Returnval {
		spec := settingVlan(p.Config.Setting)
		if spec != nil && !spec.GetVmwareDistributedVirtualSwitchVlanSpec().Inherited {
			v := specVlan(spec, pvlans)
			v.From = "port " + p.Key + " of " + s.Self.Value
			r.infra.ports[s.Uuid+"/"+p.Key] = v
		}
	}
	return nil
}

func (r *reader) readFields() error {
	if r.client.ServiceContent.CustomFieldsManager == nil {
		return nil
	}
	answer, err := methods.RetrieveProperties(r.ctx, r.client, &types.RetrieveProperties{This: r.client.ServiceContent.PropertyCollector,
		SpecSet: []types.PropertyFilterSpec{{PropSet: []types.PropertySpec{{Type: "CustomFieldsManager", PathSet: []string{"field"}}},
			ObjectSet: []types.ObjectSpec{{Obj: *r.client.ServiceContent.CustomFieldsManager}}}}})
	if err != nil {
		return err
	}
	var managers []mo.CustomFieldsManager
	if err := mo.LoadObjectContent(answer.Returnval, &managers); err != nil {
		return err
	}
	for _, m := range managers {
		for _, f := range m.Field {
			r.infra.fields[f.Key] = f.Name
		}
	}
	return nil
}

// readTasks finds what runs now.
func (r *reader) readTasks() error {
	if r.client.ServiceContent.TaskManager == nil {
		return nil
	}
	yes, no := true, false
	answer, err := methods.RetrieveProperties(r.ctx, r.client, &types.RetrieveProperties{This: r.client.ServiceContent.PropertyCollector,
		SpecSet: []types.PropertyFilterSpec{{PropSet: []types.PropertySpec{{Type: "Task", PathSet: []string{"info.state", "info.descriptionId"}}},
			ObjectSet: []types.ObjectSpec{{Obj: *r.client.ServiceContent.TaskManager, Skip: &yes,
				SelectSet: []types.BaseSelectionSpec{&types.TraversalSpec{Type: "TaskManager", Path: "recentTask", Skip: &no}}}}}}})
	if err != nil {
		return err
	}
	var tasks []mo.Task
	if err := mo.LoadObjectContent(answer.Returnval, &tasks); err != nil {
		return err
	}
	for _, t := range tasks {
		if t.Info.State == types.TaskInfoStateRunning || t.Info.State == types.TaskInfoStateQueued {
			r.infra.tasks[t.Self] = t.Info.DescriptionId
		}
	}
	return nil
}
