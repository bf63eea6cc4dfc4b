// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

type ref = types.ManagedObjectReference

// The same estate gives the same answers in every run: ids are counted, UUIDs derived from names,
// times fixed. Recordings and golden files stay comparable.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func stableUUID(words ...string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("vcsim:"+strings.Join(words, "\x00"))).String()
}

// builder turns an Estate into managed objects of the simulator's registry. Objects are put there
// directly: creating them by tasks is quadratic and would not allow odd ones.
type builder struct {
	content types.ServiceContent
	next    int
	fields  map[string]int32 // custom attributes by name
	tags    *tagService
	noRead  map[ref][]string
	dcs     map[string]*dcBuild
}

// dcBuild is what the VMs of a datacenter refer to, by name.
type dcBuild struct {
	dc         *mo.Datacenter
	path       string
	vmFolder   *mo.Folder
	folders    map[string]*mo.Folder
	hidden     []string
	hosts      map[string]*hostBuild
	hostOrder  []string
	datastores map[string]*mo.Datastore
	networks   map[string]*mo.Network
	opaque     map[string]*mo.OpaqueNetwork
	switches   map[string]*dvs
	pods       map[string]*mo.Folder
	missing    map[ref]bool // hidden objects: refer to them, but do not show them
}

type hostBuild struct {
	host  *mo.HostSystem
	root  *mo.ResourcePool
	pools map[string]poolBuild
}

type poolBuild struct {
	pool *mo.ResourcePool
	vapp bool
}

func buildEstate(model *simulator.Model, estate *Estate, tags *tagService) (*builder, error) {
	b := &builder{content: model.ServiceContent, next: 1, tags: tags, fields: map[string]int32{},
		noRead: map[ref][]string{}, dcs: map[string]*dcBuild{}}
	b.customFields(estate.CustomFields)
	if err := tags.define(estate.Categories); err != nil {
		return nil, err
	}
	for i := range estate.Datacenters {
		if err := b.datacenter(&estate.Datacenters[i]); err != nil {
			return nil, fmt.Errorf("datacenter '%s': %v", estate.Datacenters[i].Name, err)
		}
	}
	simulator.Map.Put(newDvsManager())
	return b, nil
}

func (b *builder) id(kind, prefix string) ref {
	for {
		b.next++
		r := ref{Type: kind, Value: fmt.Sprintf("%s-%d", prefix, b.next)}
		if simulator.Map.Get(r) == nil { // estate files may have taken it
			return r
		}
	}
}

func (b *builder) customFields(fields []CustomField) {
	manager := simulator.Map.CustomFieldsManager()
	for _, f := range fields {
		manager.Field = append(manager.Field, types.CustomFieldDef{Key: f.Key, Name: f.Name, Type: "string", ManagedObjectType: f.Type})
		b.fields[f.Name] = f.Key
	}
}

func (b *builder) tag(object ref, names []string) error {
	for _, name := range names {
		if err := b.tags.attach(object, name); err != nil {
			return err
		}
	}
	return nil
}

func refOf(r ref) *ref { return &r }

// folder makes a folder below parent.
func (b *builder) folder(parent *mo.Folder, name, prefix string) *mo.Folder {
	f := &mo.Folder{ChildType: parent.ChildType}
	f.Self = b.id("Folder", prefix)
	f.Name = name
	f.Parent = refOf(parent.Self)
	parent.ChildEntity = append(parent.ChildEntity, f.Self)
	simulator.Map.Put(f)
	return f
}

// folderPath finds or makes the folder at a path below root; known holds what was made so far.
func (b *builder) folderPath(root *mo.Folder, path, prefix string, known map[string]*mo.Folder) *mo.Folder {
	if path == "" {
		return root
	}
	if f := known[path]; f != nil {
		return f
	}
	up, name := "", path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		up, name = path[:i], path[i+1:]
	}
	f := b.folder(b.folderPath(root, up, prefix, known), name, prefix)
	known[path] = f
	return f
}

func rootFolder(content types.ServiceContent) *mo.Folder {
	return &simulator.Map.Get(content.RootFolder).(*simulator.Folder).Folder
}

func (b *builder) datacenter(in *Datacenter) error {
	root := rootFolder(b.content)
	parent := b.folderPath(root, in.Folder, "group-d", map[string]*mo.Folder{})
	dc := &mo.Datacenter{}
	dc.Self = b.id("Datacenter", "datacenter")
	dc.Name = in.Name
	dc.Parent = refOf(parent.Self)
	parent.ChildEntity = append(parent.ChildEntity, dc.Self)
	sub := func(name, prefix string, kinds ...string) *mo.Folder {
		f := &mo.Folder{ChildType: append([]string{"Folder"}, kinds...)}
		f.Self = b.id("Folder", prefix)
		f.Name = name
		f.Parent = refOf(dc.Self)
		simulator.Map.Put(f)
		return f
	}
	vms := sub("vm", "group-v", "VirtualMachine", "VirtualApp")
	hosts := sub("host", "group-h", "ComputeResource")
	datastores := sub("datastore", "group-s", "Datastore", "StoragePod")
	networks := sub("network", "group-n", "Network", "DistributedVirtualSwitch")
	dc.VmFolder, dc.HostFolder, dc.DatastoreFolder, dc.NetworkFolder = vms.Self, hosts.Self, datastores.Self, networks.Self
	simulator.Map.Put(dc)
	d := &dcBuild{dc: dc, path: in.Name, vmFolder: vms, folders: map[string]*mo.Folder{}, hidden: in.HiddenFolders,
		hosts: map[string]*hostBuild{}, datastores: map[string]*mo.Datastore{}, networks: map[string]*mo.Network{},
		opaque: map[string]*mo.OpaqueNetwork{}, switches: map[string]*dvs{}, pods: map[string]*mo.Folder{}, missing: map[ref]bool{}}
	b.dcs[in.Name] = d
	if err := b.computeResources(d, in, hosts, networks); err != nil {
		return err
	}
	if err := b.datastores(d, in.Datastores, datastores); err != nil {
		return err
	}
	for i := range in.Switches {
		if err := b.distributedSwitch(d, &in.Switches[i], networks); err != nil {
			return fmt.Errorf("switch '%s': %v", in.Switches[i].Name, err)
		}
	}
	for _, o := range in.Opaque {
		b.opaqueNetwork(d, o, networks)
	}
	for i := range in.VMs {
		if err := b.virtualMachine(d, &in.VMs[i]); err != nil {
			return fmt.Errorf("VM '%s': %v", in.VMs[i].Name, err)
		}
	}
	return nil
}

func (b *builder) computeResources(d *dcBuild, in *Datacenter, folder, networks *mo.Folder) error {
	folders := map[string]*mo.Folder{}
	for i := range in.Clusters {
		c := &in.Clusters[i]
		parent := b.folderPath(folder, c.Folder, "group-h", folders)
		cluster := &mo.ClusterComputeResource{}
		cluster.Self = b.id("ClusterComputeResource", "domain-c")
		b.computeResource(&cluster.ComputeResource, parent, c.Name)
		cluster.Summary = &types.ClusterComputeResourceSummary{}
		das, drs := types.ClusterDasConfigInfo{Enabled: &c.Ha}, types.ClusterDrsConfigInfo{Enabled: &c.Drs}
		cluster.Configuration = types.ClusterConfigInfo{DasConfig: das, DrsConfig: drs}
		cluster.ConfigurationEx = &types.ClusterConfigInfoEx{DasConfig: das, DrsConfig: drs}
		simulator.Map.Put(cluster)
		if err := b.tag(cluster.Self, c.Tags); err != nil {
			return err
		}
		pools := map[string]poolBuild{}
		root := b.rootPool(cluster.Self, &cluster.ComputeResource)
		b.pools(root, c.Pools, "", pools)
		for j := range c.Hosts {
			if err := b.host(d, &c.Hosts[j], &cluster.ComputeResource, root, pools, networks); err != nil {
				return err
			}
		}
	}
	for i := range in.Hosts {
		h := &in.Hosts[i]
		parent := b.folderPath(folder, h.Folder, "group-h", folders)
		single := &mo.ComputeResource{}
		single.Self = b.id("ComputeResource", "domain-s")
		b.computeResource(single, parent, h.Name)
		single.Summary = &types.ComputeResourceSummary{}
		simulator.Map.Put(single)
		root := b.rootPool(single.Self, single)
		if err := b.host(d, h, single, root, map[string]poolBuild{}, networks); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) computeResource(c *mo.ComputeResource, parent *mo.Folder, name string) {
	c.Name = name
	c.Parent = refOf(parent.Self)
	parent.ChildEntity = append(parent.ChildEntity, c.Self)
}

func (b *builder) rootPool(owner ref, c *mo.ComputeResource) *mo.ResourcePool {
	pool := &mo.ResourcePool{Owner: owner, Summary: &types.ResourcePoolSummary{Name: "Resources"}}
	pool.Self = b.id("ResourcePool", "resgroup")
	pool.Name = "Resources"
	pool.Parent = refOf(owner)
	c.ResourcePool = refOf(pool.Self)
	simulator.Map.Put(pool)
	return pool
}

func (b *builder) pools(parent *mo.ResourcePool, in []Pool, path string, known map[string]poolBuild) {
	for _, p := range in {
		var pool *mo.ResourcePool
		var object mo.Reference
		if p.VApp {
			app := &mo.VirtualApp{VAppConfig: &types.VAppConfigInfo{}}
			app.Self = b.id("VirtualApp", "resgroup-v")
			app.Summary = &types.VirtualAppSummary{ResourcePoolSummary: types.ResourcePoolSummary{Name: p.Name}}
			pool, object = &app.ResourcePool, app
		} else {
			pool = &mo.ResourcePool{Summary: &types.ResourcePoolSummary{Name: p.Name}}
			pool.Self = b.id("ResourcePool", "resgroup")
			object = pool
		}
		pool.Name, pool.Owner, pool.Parent = p.Name, parent.Owner, refOf(parent.Self)
		parent.ResourcePool = append(parent.ResourcePool, pool.Self)
		simulator.Map.Put(object)
		known[path+p.Name] = poolBuild{pool, p.VApp}
		b.pools(pool, p.Pools, path+p.Name+"/", known)
	}
}

func orDefault(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

func (b *builder) host(d *dcBuild, in *Host, c *mo.ComputeResource, root *mo.ResourcePool, pools map[string]poolBuild, networks *mo.Folder) error {
	h := &mo.HostSystem{}
	h.Self = b.id("HostSystem", "host")
	h.Name = in.Name
	h.Parent = refOf(c.Self)
	h.Runtime.ConnectionState = types.HostSystemConnectionState(orDefault(in.Connection, "connected"))
	h.Runtime.PowerState = types.HostSystemPowerStatePoweredOn
	h.Runtime.InMaintenanceMode = in.Maintenance
	version := orDefault(in.Version, "8.0.2")
	product := types.AboutInfo{Name: "VMware ESXi", FullName: "VMware ESXi " + version, Vendor: "VMware, Inc.", Version: version,
		Build: "22380479", OsType: "vmnix-x86", ProductLineId: "embeddedEsx", ApiType: "HostAgent", ApiVersion: version}
	h.Config = &types.HostConfigInfo{Host: h.Self, Product: product, Network: &types.HostNetworkInfo{}}
	h.Summary = types.HostListSummary{Host: refOf(h.Self), Config: types.HostConfigSummary{Name: in.Name, Product: &product}}
	h.Summary.Runtime = &h.Runtime
	hostHardware(h, in, stableUUID("host", d.path, in.Name))
	b.vswitches(d, h, in.Vswitches, networks)
	if h.Runtime.ConnectionState != types.HostSystemConnectionStateConnected {
		h.Config = nil // vCenter has no live configuration of such a host
	}
	if len(in.NoRead) > 0 {
		b.noRead[h.Self] = in.NoRead
	}
	if d.hosts[in.Name] != nil {
		return fmt.Errorf("two hosts are named '%s'", in.Name)
	}
	d.hosts[in.Name] = &hostBuild{h, root, pools}
	d.hostOrder = append(d.hostOrder, in.Name)
	if in.Hidden {
		d.missing[h.Self] = true
		return nil
	}
	c.Host = append(c.Host, h.Self)
	simulator.Map.Put(h)
	return b.tag(h.Self, in.Tags)
}

func hostHardware(h *mo.HostSystem, in *Host, id string) {
	cores, mhz, memory := in.Cores, in.CPUMhz, in.MemoryBytes
	if cores == 0 {
		cores = 32
	}
	if mhz == 0 {
		mhz = 2600
	}
	if memory == 0 {
		memory = 256 << 30
	}
	h.Hardware = &types.HostHardwareInfo{SystemInfo: types.HostSystemInfo{Vendor: "ACME", Model: "R1", Uuid: id}, MemorySize: memory,
		CpuInfo: types.HostCpuInfo{NumCpuPackages: 2, NumCpuCores: cores, NumCpuThreads: 2 * cores, Hz: int64(mhz) * 1000000}}
	h.Summary.Hardware = &types.HostHardwareSummary{Vendor: "ACME", Model: "R1", Uuid: id, MemorySize: memory, CpuModel: "Xeon", CpuMhz: mhz,
		NumCpuPkgs: 2, NumCpuCores: cores, NumCpuThreads: 2 * cores, NumNics: 4, NumHBAs: 2}
}

func hostSecurity(allow []string) types.HostNetworkPolicy {
	yes := func(word string) *bool { return types.NewBool(isIn(allow, word)) }
	return types.HostNetworkPolicy{Security: &types.HostNetworkSecurityPolicy{AllowPromiscuous: yes("promiscuous"),
		MacChanges: yes("macChanges"), ForgedTransmits: yes("forgedTransmits")}}
}

func (b *builder) vswitches(d *dcBuild, h *mo.HostSystem, switches []Vswitch, folder *mo.Folder) {
	net := h.Config.Network
	for _, s := range switches {
		key := "key-vim.host.VirtualSwitch-" + s.Name
		v := types.HostVirtualSwitch{Name: s.Name, Key: key, NumPorts: 1536, NumPortsAvailable: 1500, Mtu: s.Mtu}
		for _, u := range s.Uplinks {
			v.Pnic = append(v.Pnic, "key-vim.host.PhysicalNic-"+u)
		}
		for _, p := range s.Portgroups {
			pgKey := "key-vim.host.PortGroup-" + p.Name
			v.Portgroup = append(v.Portgroup, pgKey)
			net.Portgroup = append(net.Portgroup, types.HostPortGroup{Key: pgKey, Vswitch: key, ComputedPolicy: hostSecurity(p.Allow),
				Spec: types.HostPortGroupSpec{Name: p.Name, VlanId: p.Vlan, VswitchName: s.Name}})
			n := b.standardNetwork(d, p.Name, folder)
			n.Host = append(n.Host, h.Self)
			h.Network = append(h.Network, n.Self)
		}
		net.Vswitch = append(net.Vswitch, v)
	}
}

// standardNetwork is one Network object for all port groups of that name in the datacenter.
func (b *builder) standardNetwork(d *dcBuild, name string, folder *mo.Folder) *mo.Network {
	if n := d.networks[name]; n != nil {
		return n
	}
	n := &mo.Network{}
	n.Self = b.id("Network", "network")
	b.network(d, n, name, folder, false)
	n.Summary = &types.NetworkSummary{Network: refOf(n.Self), Name: name, Accessible: true}
	simulator.Map.Put(n)
	d.networks[name] = n
	return n
}

// network fills what all kinds of networks share; Name is there twice in the simulator's type.
func (b *builder) network(d *dcBuild, n *mo.Network, name string, folder *mo.Folder, hidden bool) {
	n.Name, n.ManagedEntity.Name = name, name
	n.Parent = refOf(folder.Self)
	if hidden {
		d.missing[n.Self] = true
		return
	}
	folder.ChildEntity = append(folder.ChildEntity, n.Self)
	d.dc.Network = append(d.dc.Network, n.Self)
}

func (b *builder) opaqueNetwork(d *dcBuild, in Opaque, folder *mo.Folder) {
	n := &mo.OpaqueNetwork{}
	n.Self = b.id("OpaqueNetwork", "network-o")
	b.network(d, &n.Network, in.Name, folder, in.Hidden)
	n.Summary = &types.OpaqueNetworkSummary{NetworkSummary: types.NetworkSummary{Network: refOf(n.Self), Name: in.Name, Accessible: true},
		OpaqueNetworkId: in.ID, OpaqueNetworkType: orDefault(in.Type, "nsx.LogicalSwitch")}
	d.opaque[in.ID] = n
	if !in.Hidden {
		simulator.Map.Put(n)
	}
}
