// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

type disk struct {
	ID             string   `json:"id"`
	Label          string   `json:"label"`
	Key            string   `json:"key"`
	CapacityBytes  int64    `json:"capacity_bytes"`
	Backing        string   `json:"backing"`
	BackingType    string   `json:"backing_type"`
	Format         string   `json:"format"`
	Path           *string  `json:"path"`
	Datastore      *string  `json:"datastore"`
	DatastoreName  *string  `json:"datastore_name"`
	DatastoreHost  *string  `json:"datastore_host"`
	DatastorePath  *string  `json:"datastore_path"`
	DatastoreType  *string  `json:"datastore_type"`
	Controller     string   `json:"controller"`
	ControllerType string   `json:"controller_type"`
	ControllerUnit int32    `json:"controller_unit"`
	Position       *int32   `json:"position"`
	Mode           string   `json:"mode"`
	Sharing        string   `json:"sharing"`
	IsShared       bool     `json:"is_shared"`
	IsIndependent  bool     `json:"is_independent"`
	IsEncrypted    bool     `json:"is_encrypted"`
	IsThin         *bool    `json:"is_thin"`
	Chain          []string `json:"chain"`
}

type nic struct {
	ID              string   `json:"id"`
	Label           string   `json:"label"`
	Key             string   `json:"key"`
	Mac             string   `json:"mac"`
	Adapter         string   `json:"adapter"`
	AdapterType     string   `json:"adapter_type"`
	Network         *string  `json:"network"`
	Portgroup       *string  `json:"portgroup"`
	SwitchID        *string  `json:"switch_id"`
	Port            *string  `json:"port"`
	Vlan            vlan     `json:"vlan"`
	IsConnected     *bool    `json:"is_connected"`
	StartsConnected *bool    `json:"starts_connected"`
	IPs             []string `json:"ips"`
	IPsFrom         string   `json:"ips_from"`
}

type snapshot struct {
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`
	Depth     int       `json:"depth"`
}

type cdrom struct {
	Label       string  `json:"label"`
	Path        *string `json:"path"`
	IsConnected *bool   `json:"is_connected"`
}

type device struct {
	Kind  string `json:"kind"`
	Type  string `json:"type"`
	Label string `json:"label"`
}

type attribute struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

type instance struct {
	Source           string      `json:"source"`
	ID               string      `json:"id"`
	Name             string      `json:"name"`
	InstanceUUID     *string     `json:"instance_uuid"`
	BiosUUID         *string     `json:"bios_uuid"`
	Path             string      `json:"path"`
	Datacenter       string      `json:"datacenter"`
	ResourcePool     *string     `json:"resource_pool"`
	VApp             *string     `json:"vapp"`
	Host             *string     `json:"host"`
	Cluster          *string     `json:"cluster"`
	HostName         *string     `json:"host_name"`
	ClusterName      *string     `json:"cluster_name"`
	Power            string      `json:"power"`
	Connection       string      `json:"connection"`
	IsTemplate       bool        `json:"is_template"`
	Cpus             int32       `json:"cpus"`
	CoresPerSocket   int32       `json:"cores_per_socket"`
	MemoryBytes      int64       `json:"memory_bytes"`
	CPUReserveMhz    *int64      `json:"cpu_reservation_mhz"`
	CPULimitMhz      *int64      `json:"cpu_limit_mhz"`
	MemReserveBytes  *int64      `json:"memory_reservation_bytes"`
	HardwareVersion  string      `json:"hardware_version"`
	Firmware         string      `json:"firmware"`
	SecureBoot       *bool       `json:"secure_boot"`
	HasVtpm          bool        `json:"has_vtpm"`
	IsEncrypted      bool        `json:"is_encrypted"`
	GuestOsID        string      `json:"guest_os_id"`
	GuestOsName      string      `json:"guest_os_name"`
	GuestHostname    *string     `json:"guest_hostname"`
	ToolsStatus      *string     `json:"tools_status"`
	ToolsRunning     *string     `json:"tools_running"`
	Disks            []disk      `json:"disks"`
	Nics             []nic       `json:"nics"`
	Snapshots        []snapshot  `json:"snapshots"`
	Cdroms           []cdrom     `json:"cdroms"`
	Devices          []device    `json:"devices"`
	IsFaultTolerant  bool        `json:"is_fault_tolerant"`
	NeedsConsolidate *bool       `json:"needs_consolidation"`
	ChangeTracking   *bool       `json:"has_change_tracking"`
	Question         *string     `json:"question"`
	Tasks            []string    `json:"tasks"`
	Annotation       *string     `json:"annotation"`
	Attributes       []attribute `json:"attributes"`
	BootedAt         *time.Time  `json:"booted_at"`
	CommittedBytes   *int64      `json:"storage_committed_bytes"`
	ManagedBy        *string     `json:"managed_by"`
	Problems         []string    `json:"problems"`
}

var unescape = strings.NewReplacer("%2f", "/", "%2F", "/", "%5c", "\\", "%5C", "\\", "%25", "%")

// path is the chain of folders above, as the client shows it.
func (r *reader) path(ref *types.ManagedObjectReference) string {
	if ref == nil {
		return ""
	}
	parent, ok := r.infra.parents[*ref]
	if !ok {
		return ""
	}
	return r.path(&parent) + "/" + unescape.Replace(r.infra.names[*ref])
}

func textOf(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

var powerWords = map[types.VirtualMachinePowerState]string{"poweredOn": "on", "poweredOff": "off", "suspended": "suspended"}

func (r *reader) instance(vm *mo.VirtualMachine) *instance {
	in := &instance{Source: "govmomi", ID: vm.Self.Value, Name: unescape.Replace(vm.Name), Path: r.path(vm.Parent),
		ResourcePool: textOf(r.path(vm.ResourcePool)), Power: powerWords[vm.Runtime.PowerState], Connection: string(vm.Runtime.ConnectionState),
		NeedsConsolidate: vm.Runtime.ConsolidationNeeded, BootedAt: vm.Runtime.BootTime, Disks: []disk{}, Nics: []nic{}, Snapshots: []snapshot{},
		Cdroms: []cdrom{}, Devices: []device{}, Tasks: []string{}, Attributes: []attribute{}, Problems: []string{}}
	in.Datacenter, _, _ = strings.Cut(strings.TrimPrefix(in.Path, "/"), "/")
	if vm.ParentVApp != nil {
		in.VApp = textOf(r.path(vm.ParentVApp))
	}
	if h := vm.Runtime.Host; h != nil {
		cluster := r.infra.parents[*h]
		in.Host, in.HostName = &h.Value, textOf(r.infra.names[*h])
		in.Cluster, in.ClusterName = textOf(cluster.Value), textOf(r.infra.names[cluster])
	}
	if vm.Runtime.Question != nil {
		in.Question = &vm.Runtime.Question.Text
	}
	in.IsFaultTolerant = vm.Runtime.FaultToleranceState != "" && vm.Runtime.FaultToleranceState != types.VirtualMachineFaultToleranceStateNotConfigured
	if vm.Summary.Storage != nil {
		in.CommittedBytes = &vm.Summary.Storage.Committed
	}
	for _, v := range vm.CustomValue {
		if s, ok := v.(*types.CustomFieldStringValue); ok {
			in.Attributes = append(in.Attributes, attribute{r.infra.fields[s.Key], s.Value})
		}
	}
	for _, t := range vm.RecentTask {
		if name, ok := r.infra.tasks[t]; ok {
			in.Tasks = append(in.Tasks, name)
		}
	}
	if vm.Snapshot != nil {
		in.snapshots(vm.Snapshot.RootSnapshotList, 1)
	}
	if g := vm.Guest; g != nil {
		in.GuestHostname, in.ToolsStatus, in.ToolsRunning = textOf(g.HostName), textOf(string(g.ToolsStatus)), textOf(g.ToolsRunningStatus)
	}
	if vm.Config != nil {
		r.config(in, vm)
	}
	return in
}

func (in *instance) snapshots(tree []types.VirtualMachineSnapshotTree, depth int) {
	for _, s := range tree {
		in.Snapshots = append(in.Snapshots, snapshot{s.Name, s.CreateTime, depth})
		in.snapshots(s.ChildSnapshotList, depth+1)
	}
}

func (r *reader) config(in *instance, vm *mo.VirtualMachine) {
	c := vm.Config
	in.InstanceUUID, in.BiosUUID, in.IsTemplate, in.HardwareVersion, in.Firmware = &c.InstanceUuid, &c.Uuid, c.Template, c.Version, c.Firmware
	in.GuestOsID, in.GuestOsName, in.Annotation, in.ChangeTracking = c.GuestId, c.GuestFullName, textOf(c.Annotation), c.ChangeTrackingEnabled
	in.Cpus, in.CoresPerSocket, in.MemoryBytes = c.Hardware.NumCPU, c.Hardware.NumCoresPerSocket, int64(c.Hardware.MemoryMB)<<20
	in.IsEncrypted = c.KeyId != nil
	if c.ManagedBy != nil {
		in.ManagedBy = &c.ManagedBy.ExtensionKey
	}
	if c.BootOptions != nil {
		in.SecureBoot = c.BootOptions.EfiSecureBootEnabled
	}
	in.allocations(vm.ResourceConfig)
	controllers := map[int32]types.BaseVirtualDevice{}
	for _, d := range c.Hardware.Device {
		if _, ok := d.(types.BaseVirtualController); ok {
			controllers[d.GetVirtualDevice().Key] = d
		}
	}
	for _, d := range c.Hardware.Device {
		switch x := d.(type) {
		case *types.VirtualDisk:
			in.Disks = append(in.Disks, r.disk(x, controllers[x.ControllerKey]))
		case types.BaseVirtualEthernetCard:
			in.Nics = append(in.Nics, r.nic(vm, d, x.GetVirtualEthernetCard()))
			if _, ok := d.(*types.VirtualSriovEthernetCard); ok {
				in.Devices = append(in.Devices, device{"sriov", typeName(d), label(d.GetVirtualDevice())})
			}
		case *types.VirtualCdrom:
			in.Cdroms = append(in.Cdroms, cdromOf(x))
		case *types.VirtualTPM:
			in.HasVtpm = true
		case types.BaseVirtualController, *types.VirtualKeyboard, *types.VirtualPointingDevice, *types.VirtualMachineVideoCard, *types.VirtualMachineVMCIDevice:
		default:
			in.Devices = append(in.Devices, device{deviceKind(d), typeName(d), label(d.GetVirtualDevice())})
		}
	}
}

func (in *instance) allocations(spec *types.ResourceConfigSpec) {
	if spec == nil {
		return
	}
	in.CPUReserveMhz = spec.CpuAllocation.Reservation
	if limit := spec.CpuAllocation.Limit; limit != nil && *limit >= 0 {
		in.CPULimitMhz = limit
	}
	if mb := spec.MemoryAllocation.Reservation; mb != nil {
		bytes := *mb << 20
		in.MemReserveBytes = &bytes
	}
}

func deviceKind(d types.BaseVirtualDevice) string {
	switch x := d.(type) {
	case *types.VirtualPCIPassthrough:
		if _, ok := x.Backing.(*types.VirtualPCIPassthroughVmiopBackingInfo); ok {
			return "vgpu"
		}
		return "pci-passthrough"
	case *types.VirtualUSB:
		return "usb"
	case *types.VirtualSerialPort:
		return "serial"
	case *types.VirtualParallelPort:
		return "parallel"
	case *types.VirtualFloppy:
		return "floppy"
	}
	return "unknown"
}

func typeName(v interface{}) string { return reflect.TypeOf(v).Elem().Name() }

func label(d *types.VirtualDevice) string {
	if d.DeviceInfo == nil {
		return ""
	}
	return d.DeviceInfo.GetDescription().Label
}

func cdromOf(c *types.VirtualCdrom) cdrom {
	record := cdrom{Label: label(&c.VirtualDevice)}
	if b, ok := c.Backing.(*types.VirtualCdromIsoBackingInfo); ok {
		record.Path = &b.FileName
	}
	if c.Connectable != nil {
		record.IsConnected = &c.Connectable.Connected
	}
	return record
}

// As CloudStack names controllers and adapters.
var controllerWords = map[string]string{"VirtualLsiLogicController": "lsilogic", "VirtualLsiLogicSASController": "lsisas1068",
	"VirtualBusLogicController": "buslogic", "ParaVirtualSCSIController": "pvscsi", "VirtualIDEController": "ide"}
var adapterWords = map[string]string{"VirtualVmxnet3": "Vmxnet3", "VirtualVmxnet2": "Vmxnet2", "VirtualE1000": "E1000", "VirtualE1000e": "E1000e", "VirtualPCNet32": "PCNet32"}

func orElse(word, fallback string) string {
	if word == "" {
		return fallback
	}
	return word
}

func (r *reader) disk(d *types.VirtualDisk, controller types.BaseVirtualDevice) disk {
	record := disk{ID: d.DiskObjectId, Label: label(&d.VirtualDevice), Key: strconv.Itoa(int(d.Key)), CapacityBytes: d.CapacityInBytes,
		Backing: "other", Format: "vmdk", Position: d.UnitNumber, Chain: []string{}}
	if controller != nil {
		record.ControllerType = typeName(controller)
		record.Controller = orElse(controllerWords[record.ControllerType], "none")
		record.ControllerUnit = controller.(types.BaseVirtualController).GetVirtualController().BusNumber
	}
	if d.Backing != nil {
		record.BackingType = typeName(d.Backing)
	}
	if b, ok := d.Backing.(types.BaseVirtualDeviceFileBackingInfo); ok {
		r.diskFile(&record, b.GetVirtualDeviceFileBackingInfo())
	}
	switch b := d.Backing.(type) {
	case *types.VirtualDiskFlatVer2BackingInfo:
		record.Backing, record.Mode, record.Sharing, record.IsThin, record.IsEncrypted = "file", b.DiskMode, b.Sharing, b.ThinProvisioned, b.KeyId != nil
		for p := b.Parent; p != nil; p = p.Parent {
			record.Chain = append(record.Chain, p.FileName)
		}
	case *types.VirtualDiskSeSparseBackingInfo:
		record.Backing, record.Mode, record.IsEncrypted = "file", b.DiskMode, b.KeyId != nil
		for p := b.Parent; p != nil; p = p.Parent {
			record.Chain = append(record.Chain, p.FileName)
		}
	case *types.VirtualDiskRawDiskMappingVer1BackingInfo:
		record.Backing, record.Mode, record.Sharing = "rdm", b.DiskMode, b.Sharing
	}
	record.IsShared = record.Sharing != "" && record.Sharing != "sharingNone"
	record.IsIndependent = strings.HasPrefix(record.Mode, "independent")
	return record
}

func (r *reader) diskFile(record *disk, f *types.VirtualDeviceFileBackingInfo) {
	record.Path = &f.FileName
	if f.Datastore == nil {
		return
	}
	record.Datastore = &f.Datastore.Value
	if store := r.infra.datastores[*f.Datastore]; store != nil {
		record.DatastoreName, record.DatastoreType = &store.Name, &store.Type
		record.DatastoreHost, record.DatastorePath = store.NfsHost, store.NfsPath
	}
}

func (r *reader) nic(vm *mo.VirtualMachine, d types.BaseVirtualDevice, c *types.VirtualEthernetCard) nic {
	name := label(&c.VirtualDevice)
	record := nic{ID: name, Label: name, Key: strconv.Itoa(int(c.Key)), Mac: strings.ToLower(c.MacAddress), AdapterType: typeName(d), Vlan: vlan{Kind: "unknown"}}
	record.Adapter = orElse(adapterWords[record.AdapterType], record.AdapterType)
	if c.Connectable != nil {
		record.IsConnected, record.StartsConnected = &c.Connectable.Connected, &c.Connectable.StartConnected
	}
	switch b := c.Backing.(type) {
	case *types.VirtualEthernetCardNetworkBackingInfo:
		record.Network = &b.DeviceName
		if vm.Runtime.Host != nil {
			if g, ok := r.infra.hostGroups[*vm.Runtime.Host][b.DeviceName]; ok {
				record.Portgroup, record.SwitchID, record.Vlan = &g.ID, &g.Switch, g.Vlan
			}
		}
	case *types.VirtualEthernetCardDistributedVirtualPortBackingInfo:
		if g := r.infra.groups[b.Port.PortgroupKey]; g != nil {
			record.Network, record.Portgroup, record.SwitchID, record.Vlan = &g.Name, &g.ID, &g.Switch, g.Vlan
		}
		record.Port = &b.Port.PortKey
		if v, ok := r.infra.ports[b.Port.SwitchUuid+"/"+b.Port.PortKey]; ok {
			record.Vlan = v
		}
	case *types.VirtualEthernetCardOpaqueNetworkBackingInfo:
		record.Portgroup, record.Vlan = textOf(r.infra.opaque[b.OpaqueNetworkId]), vlan{Kind: "overlay", IsCertain: true, From: "opaque network " + b.OpaqueNetworkId}
	}
	record.IPs = guestIPs(vm.Guest, c)
	if len(record.IPs) > 0 {
		record.IPsFrom = "tools"
	}
	return record
}

// guestIPs are those that the guest reports for this NIC, by device key, else by MAC.
func guestIPs(g *types.GuestInfo, c *types.VirtualEthernetCard) []string {
	ips := []string{}
	if g == nil {
		return ips
	}
	for _, n := range g.Net {
		if n.DeviceConfigId != c.Key && !(n.DeviceConfigId < 0 && strings.EqualFold(n.MacAddress, c.MacAddress)) {
			continue
		}
		for _, text := range n.IpAddress {
			if ip := net.ParseIP(text); ip != nil && !ip.IsLinkLocalUnicast() && !ip.IsLoopback() {
				ips = append(ips, text)
			}
		}
	}
	return ips
}
