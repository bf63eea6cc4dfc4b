// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"sort"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// vmBuild is one VM on its way into the registry.
type vmBuild struct {
	*builder
	dc   *dcBuild
	in   *VM
	vm   *machine
	home string // [datastore] folder/
	seed string // of derived UUIDs
	nics int
}

func (b *builder) virtualMachine(d *dcBuild, in *VM) error {
	if in.Hidden || d.hides(in.Folder) {
		return nil
	}
	v := &vmBuild{builder: b, dc: d, in: in, vm: &machine{}}
	v.vm.Self = ref{Type: "VirtualMachine", Value: in.ID}
	if in.ID == "" {
		v.vm.Self = b.id("VirtualMachine", "vm")
	}
	if simulator.Map.Get(v.vm.Self) != nil {
		return fmt.Errorf("id '%s' is used twice", in.ID)
	}
	v.seed = d.path + "/" + v.vm.Self.Value
	v.vm.Name = in.Name
	v.home = v.homeFolder()
	if err := v.place(); err != nil {
		return err
	}
	v.runtime()
	if err := v.config(); err != nil {
		return err
	}
	v.guest()
	v.snapshots()
	v.custom()
	v.tasks()
	v.summary()
	if in.NoConfig {
		v.vm.Config, v.vm.Guest = nil, nil
	}
	if len(in.NoRead) > 0 {
		b.noRead[v.vm.Self] = in.NoRead
	}
	if in.Gone {
		return nil
	}
	simulator.Map.Put(v.vm)
	return b.tag(v.vm.Self, in.Tags)
}

func (d *dcBuild) hides(folder string) bool {
	for _, h := range d.hidden {
		if folder == h || strings.HasPrefix(folder, h+"/") {
			return true
		}
	}
	return false
}

// homeFolder is where the .vmx lies: given, or beside the first disk.
func (v *vmBuild) homeFolder() string {
	if i := strings.LastIndexByte(v.in.Path, '/'); i >= 0 {
		return v.in.Path[:i+1]
	}
	store := ""
	for _, k := range v.in.Disks {
		store = orDefault(store, k.Datastore)
	}
	if store == "" {
		for name := range v.dc.datastores {
			if store == "" || name < store {
				store = name
			}
		}
	}
	safe := strings.NewReplacer("%2f", "_", "%5c", "_", "%25", "_", "<", "_", ">", "_", "\"", "_", "&", "_", "/", "_").Replace(v.in.Name)
	return "[" + store + "] " + safe + "/"
}

// place hangs the VM below its folder, host and pool.
func (v *vmBuild) place() error {
	d, in := v.dc, v.in
	name := in.Host
	if name == "" && len(d.hostOrder) > 0 {
		name = d.hostOrder[0]
	}
	h := d.hosts[name]
	if h == nil {
		return fmt.Errorf("there is no host '%s'", name)
	}
	v.vm.Runtime.Host = refOf(h.host.Self)
	h.host.Vm = append(h.host.Vm, v.vm.Self)
	pool := poolBuild{pool: h.root}
	if in.Pool != "" {
		pool = h.pools[in.Pool]
	}
	if pool.pool == nil {
		return fmt.Errorf("there is no resource pool '%s'", in.Pool)
	}
	if !in.Template {
		v.vm.ResourcePool = refOf(pool.pool.Self)
		pool.pool.Vm = append(pool.pool.Vm, v.vm.Self)
	}
	if pool.vapp {
		v.vm.ParentVApp = refOf(pool.pool.Self)
		return nil
	}
	f := v.folderPath(d.vmFolder, in.Folder, "group-v", d.folders)
	v.vm.Parent = refOf(f.Self)
	f.ChildEntity = append(f.ChildEntity, v.vm.Self)
	return nil
}

var powerStates = map[string]types.VirtualMachinePowerState{
	"": types.VirtualMachinePowerStatePoweredOn, "on": types.VirtualMachinePowerStatePoweredOn,
	"off": types.VirtualMachinePowerStatePoweredOff, "suspended": types.VirtualMachinePowerStateSuspended}

func (v *vmBuild) isOn() bool {
	return v.vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn
}

func (v *vmBuild) runtime() {
	in, r := v.in, &v.vm.Runtime
	r.PowerState = powerStates[in.Power]
	if in.Template {
		r.PowerState = types.VirtualMachinePowerStatePoweredOff
	}
	r.ConnectionState = types.VirtualMachineConnectionState(orDefault(in.Connection, "connected"))
	r.ConsolidationNeeded = types.NewBool(in.Consolidate)
	if v.isOn() {
		t := epoch
		r.BootTime = &t
	}
	r.FaultToleranceState = types.VirtualMachineFaultToleranceStateNotConfigured
	if in.FT != "" {
		r.FaultToleranceState = types.VirtualMachineFaultToleranceStateRunning
	}
	if in.KeyID != "" {
		r.CryptoState = "safe"
	}
	if in.Question != "" {
		r.Question = &types.VirtualMachineQuestionInfo{Id: "17", Text: in.Question, Choice: types.ChoiceOption{
			ChoiceInfo: []types.BaseElementDescription{
				&types.ElementDescription{Description: types.Description{Label: "Cancel", Summary: "Cancel"}, Key: "0"},
				&types.ElementDescription{Description: types.Description{Label: "I Copied It", Summary: "I Copied It"}, Key: "2"}}},
			Message: []types.VirtualMachineMessage{{Id: "msg.uuid.altered", Text: in.Question}}}
	}
}

func (v *vmBuild) config() error {
	in := v.in
	c := &types.VirtualMachineConfigInfo{ChangeVersion: "2026-01-01T00:00:00.0Z", Modified: epoch, Name: in.Name,
		GuestId: orDefault(in.GuestID, "debian11_64Guest"), GuestFullName: orDefault(in.GuestName, "Debian GNU/Linux 11 (64-bit)"),
		Version: orDefault(in.Version, "vmx-19"), Uuid: orDefault(in.UUID, stableUUID("bios", v.seed)),
		InstanceUuid: orDefault(in.InstanceUUID, stableUUID("instance", v.seed)), Template: in.Template,
		Firmware: orDefault(in.Firmware, "bios"), Annotation: in.Annotation, ChangeTrackingEnabled: in.Tracking,
		Files: types.VirtualMachineFileInfo{VmPathName: orDefault(in.Path, v.home+"vm.vmx"), SnapshotDirectory: v.home,
			SuspendDirectory: v.home, LogDirectory: v.home}, Tools: &types.ToolsConfigInfo{}}
	if in.SecureBoot != nil {
		c.BootOptions = &types.VirtualMachineBootOptions{EfiSecureBootEnabled: in.SecureBoot}
	}
	if in.KeyID != "" {
		c.KeyId = cryptoKey(in.KeyID)
	}
	v.faultTolerance(c)
	if in.ManagedBy != "" {
		c.ManagedBy = &types.ManagedByInfo{ExtensionKey: in.ManagedBy, Type: "VirtualMachine"}
	}
	c.CpuAllocation, c.MemoryAllocation = allocation(in.CPUReserve, in.CPULimit), allocation(in.MemReserve, 0)
	v.vm.ResourceConfig = &types.ResourceConfigSpec{Entity: refOf(v.vm.Self), CpuAllocation: *c.CpuAllocation, MemoryAllocation: *c.MemoryAllocation}
	c.Hardware.NumCPU, c.Hardware.NumCoresPerSocket, c.Hardware.MemoryMB = in.CPUs, in.Cores, in.MemoryMB
	if in.CPUs == 0 {
		c.Hardware.NumCPU = 1
	}
	if in.Cores == 0 {
		c.Hardware.NumCoresPerSocket = 1
	}
	if in.MemoryMB == 0 {
		c.Hardware.MemoryMB = 1024
	}
	for i := 0; i < in.ExtraConfig; i++ {
		c.ExtraConfig = append(c.ExtraConfig, &types.OptionValue{Key: fmt.Sprintf("guestinfo.vendor.option.number.%d", i), Value: "value"})
	}
	if in.Ovf {
		c.VAppConfig = &types.VmConfigInfo{Product: []types.VAppProductInfo{{Key: 0, Name: "Appliance", Vendor: "ACME", Version: "1.2"}},
			Property: []types.VAppPropertyInfo{{Key: 0, Id: "ip0", Type: "ip", Value: "10.0.0.1"}}, OvfEnvironmentTransport: []string{"iso"}}
	}
	v.vm.Config = c
	return v.devices()
}

func allocation(reserve, limit int64) *types.ResourceAllocationInfo {
	if limit == 0 {
		limit = -1 // none
	}
	return &types.ResourceAllocationInfo{Reservation: &reserve, Limit: &limit, ExpandableReservation: types.NewBool(false),
		Shares: &types.SharesInfo{Shares: 1000, Level: "normal"}}
}

func cryptoKey(id string) *types.CryptoKeyId {
	return &types.CryptoKeyId{KeyId: id, ProviderId: &types.KeyProviderId{Id: "kms1"}}
}

func (v *vmBuild) faultTolerance(c *types.VirtualMachineConfigInfo) {
	info := types.FaultToleranceConfigInfo{Role: 1, InstanceUuids: []string{c.InstanceUuid}, ConfigPaths: []string{c.Files.VmPathName}}
	switch v.in.FT {
	case "primary":
		c.FtInfo = &types.FaultTolerancePrimaryConfigInfo{FaultToleranceConfigInfo: info}
	case "secondary":
		info.Role = 2
		c.FtInfo = &types.FaultToleranceSecondaryConfigInfo{FaultToleranceConfigInfo: info, PrimaryVM: v.vm.Self}
	}
}

func (v *vmBuild) snapshots() {
	if len(v.in.Snapshots) == 0 {
		return
	}
	next := 0
	var grow func(in []Snapshot) []types.VirtualMachineSnapshotTree
	grow = func(in []Snapshot) []types.VirtualMachineSnapshotTree {
		var out []types.VirtualMachineSnapshotTree
		for _, s := range in {
			next++
			out = append(out, types.VirtualMachineSnapshotTree{Vm: v.vm.Self, Name: s.Name, Id: int32(next), CreateTime: epoch, State: v.vm.Runtime.PowerState,
				Snapshot:          ref{Type: "VirtualMachineSnapshot", Value: fmt.Sprintf("snapshot-%s-%d", v.vm.Self.Value, next)},
				ChildSnapshotList: grow(s.Children)})
		}
		return out
	}
	roots := grow(v.in.Snapshots)
	last := roots[len(roots)-1]
	for len(last.ChildSnapshotList) > 0 {
		last = last.ChildSnapshotList[len(last.ChildSnapshotList)-1]
	}
	v.vm.Snapshot = &types.VirtualMachineSnapshotInfo{CurrentSnapshot: refOf(last.Snapshot), RootSnapshotList: roots}
	for _, r := range roots {
		v.vm.RootSnapshot = append(v.vm.RootSnapshot, r.Snapshot)
	}
}

func (v *vmBuild) custom() {
	var names []string
	for name := range v.in.Custom {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		value := &types.CustomFieldStringValue{CustomFieldValue: types.CustomFieldValue{Key: v.fields[name]}, Value: v.in.Custom[name]}
		v.vm.CustomValue = append(v.vm.CustomValue, value)
		v.vm.Value = append(v.vm.Value, value)
	}
	for _, field := range simulator.Map.CustomFieldsManager().Field {
		if field.ManagedObjectType == "" || field.ManagedObjectType == "VirtualMachine" {
			v.vm.AvailableField = append(v.vm.AvailableField, field)
		}
	}
}

// tasks shows running tasks and the methods that a backup product has switched off.
func (v *vmBuild) tasks() {
	v.vm.DisabledMethod = v.in.Disabled
	for _, name := range v.in.Tasks {
		t := &mo.Task{}
		t.Self = v.id("Task", "task")
		began := epoch
		t.Info = types.TaskInfo{Key: t.Self.Value, Task: t.Self, Name: strings.Replace(name, ".", "_", 1), DescriptionId: name, Entity: refOf(v.vm.Self),
			EntityName: v.in.Name, State: types.TaskInfoStateRunning, Progress: 42, Reason: &types.TaskReasonUser{UserName: "VSPHERE.LOCAL\\backup"},
			QueueTime: began, StartTime: &began}
		simulator.Map.Put(t)
		v.vm.RecentTask = append(v.vm.RecentTask, t.Self)
	}
}

func (v *vmBuild) summary() {
	c, s := v.vm.Config, &v.vm.Summary
	s.Vm = refOf(v.vm.Self)
	s.Runtime = v.vm.Runtime
	s.Config = types.VirtualMachineConfigSummary{Name: v.in.Name, Template: c.Template, VmPathName: c.Files.VmPathName, MemorySizeMB: c.Hardware.MemoryMB,
		NumCpu: c.Hardware.NumCPU, NumEthernetCards: int32(len(v.in.Nics)), NumVirtualDisks: int32(len(v.in.Disks)), Uuid: c.Uuid,
		InstanceUuid: c.InstanceUuid, GuestId: c.GuestId, GuestFullName: c.GuestFullName, FtInfo: c.FtInfo}
	total := int64(0)
	for _, d := range v.in.Disks {
		total += d.Bytes
	}
	s.Storage = &types.VirtualMachineStorageSummary{Committed: total / 2, Uncommitted: total - total/2, Timestamp: epoch}
	for name, ds := range v.dc.datastores {
		if strings.HasPrefix(v.home, "["+name+"] ") {
			v.use(ds)
		}
	}
}

// use notes a datastore that files of the VM are on.
func (v *vmBuild) use(ds *mo.Datastore) {
	for _, have := range v.vm.Datastore {
		if have == ds.Self {
			return
		}
	}
	v.vm.Datastore = append(v.vm.Datastore, ds.Self)
	ds.Vm = append(ds.Vm, v.vm.Self)
}
