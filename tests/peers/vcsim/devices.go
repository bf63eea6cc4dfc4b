// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha1"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/simulator/esx"
	"github.com/vmware/govmomi/vim25/types"
)

// devices fills config.hardware.device as vCenter orders it: controllers, disks, the rest.
func (v *vmBuild) devices() error {
	list := append([]types.BaseVirtualDevice{}, esx.VirtualDevice...)
	controllers, err := v.controllers()
	if err != nil {
		return err
	}
	list = append(list, controllers...)
	list = append(list, v.cdrom()...)
	units := map[string]int32{}
	for i := range v.in.Disks {
		disk, err := v.disk(i, units)
		if err != nil {
			return fmt.Errorf("disk %d: %v", i+1, err)
		}
		list = append(list, disk)
	}
	for i := range v.in.Nics {
		nic, err := v.nic(i)
		if err != nil {
			return fmt.Errorf("NIC %d: %v", i+1, err)
		}
		list = append(list, nic)
	}
	for i, name := range v.in.Devices {
		device := otherDevice(name, int32(i))
		if device == nil {
			return fmt.Errorf("device '%s' is not known", name)
		}
		list = append(list, device)
	}
	v.vm.Config.Hardware.Device = list
	return nil
}

// A controller type of the estate file: device key of bus 0 and how the device is made.
var controllerTypes = map[string]struct {
	key   int32
	label string
	make  func(types.VirtualController, types.VirtualSCSISharing) types.BaseVirtualDevice
}{
	"lsilogic": {1000, "SCSI controller", func(c types.VirtualController, s types.VirtualSCSISharing) types.BaseVirtualDevice {
		return &types.VirtualLsiLogicController{VirtualSCSIController: types.VirtualSCSIController{VirtualController: c, SharedBus: s, ScsiCtlrUnitNumber: 7}}
	}},
	"lsisas1068": {1000, "SCSI controller", func(c types.VirtualController, s types.VirtualSCSISharing) types.BaseVirtualDevice {
		return &types.VirtualLsiLogicSASController{VirtualSCSIController: types.VirtualSCSIController{VirtualController: c, SharedBus: s, ScsiCtlrUnitNumber: 7}}
	}},
	"buslogic": {1000, "SCSI controller", func(c types.VirtualController, s types.VirtualSCSISharing) types.BaseVirtualDevice {
		return &types.VirtualBusLogicController{VirtualSCSIController: types.VirtualSCSIController{VirtualController: c, SharedBus: s, ScsiCtlrUnitNumber: 7}}
	}},
	"pvscsi": {1000, "SCSI controller", func(c types.VirtualController, s types.VirtualSCSISharing) types.BaseVirtualDevice {
		return &types.ParaVirtualSCSIController{VirtualSCSIController: types.VirtualSCSIController{VirtualController: c, SharedBus: s, ScsiCtlrUnitNumber: 7}}
	}},
	"future": {1000, "SCSI controller", func(c types.VirtualController, s types.VirtualSCSISharing) types.BaseVirtualDevice {
		return &VirtualFutureController{VirtualController: c}
	}},
	"ide": {200, "IDE", nil}, // both are always there
	"ahci": {15000, "SATA controller", func(c types.VirtualController, _ types.VirtualSCSISharing) types.BaseVirtualDevice {
		return &types.VirtualAHCIController{VirtualSATAController: types.VirtualSATAController{VirtualController: c}}
	}},
	"nvme": {31000, "NVME controller", func(c types.VirtualController, _ types.VirtualSCSISharing) types.BaseVirtualDevice {
		return &types.VirtualNVMEController{VirtualController: c}
	}},
}

const defaultController = "lsilogic:0"

func controllerOf(d *Disk) string { return orDefault(d.Controller, defaultController) }

// controllerKey is the device key of "type:bus".
func controllerKey(name string) (int32, error) {
	kind, bus, _ := strings.Cut(name, ":")
	t, ok := controllerTypes[kind]
	n, err := strconv.Atoi(orDefault(bus, "0"))
	if !ok || err != nil {
		return 0, fmt.Errorf("controller '%s' is not known", name)
	}
	return t.key + int32(n), nil
}

// controllers are those that disks name and those that are listed.
func (v *vmBuild) controllers() ([]types.BaseVirtualDevice, error) {
	sharing := map[string]string{}
	for i := range v.in.Disks {
		sharing[controllerOf(&v.in.Disks[i])] = "noSharing"
	}
	for name, s := range v.in.Controllers {
		sharing[name] = orDefault(s, "noSharing")
	}
	var names []string
	for name := range sharing {
		names = append(names, name)
	}
	sort.Strings(names)
	var list []types.BaseVirtualDevice
	for _, name := range names {
		key, err := controllerKey(name)
		if err != nil {
			return nil, err
		}
		kind, _, _ := strings.Cut(name, ":")
		t := controllerTypes[kind]
		if t.make == nil {
			continue
		}
		c := types.VirtualController{BusNumber: key - t.key}
		c.Key, c.ControllerKey, c.UnitNumber = key, 100, types.NewInt32(3+key-t.key)
		c.DeviceInfo = &types.Description{Label: fmt.Sprintf("%s %d", t.label, c.BusNumber), Summary: kind}
		list = append(list, t.make(c, types.VirtualSCSISharing(sharing[name])))
	}
	return list, nil
}

func (v *vmBuild) cdrom() []types.BaseVirtualDevice {
	in := v.in.Cdrom
	if in == nil {
		return nil
	}
	c := &types.VirtualCdrom{}
	c.Key, c.ControllerKey, c.UnitNumber = 3000, 200, types.NewInt32(1)
	c.DeviceInfo = &types.Description{Label: "CD/DVD drive 1", Summary: in.Iso}
	c.Connectable = &types.VirtualDeviceConnectInfo{AllowGuestControl: true, StartConnected: in.Connected, Connected: in.Connected && v.isOn(), Status: "ok"}
	if in.Iso != "" {
		c.Backing = &types.VirtualCdromIsoBackingInfo{VirtualDeviceFileBackingInfo: v.file(in.Iso)}
	} else {
		c.Backing = &types.VirtualCdromRemotePassthroughBackingInfo{VirtualDeviceRemoteDeviceBackingInfo: types.VirtualDeviceRemoteDeviceBackingInfo{UseAutoDetect: types.NewBool(false)}}
	}
	return []types.BaseVirtualDevice{c}
}

// file is a backing by path; its datastore is the one that the path names.
func (v *vmBuild) file(path string) types.VirtualDeviceFileBackingInfo {
	f := types.VirtualDeviceFileBackingInfo{FileName: path}
	if end := strings.IndexByte(path, ']'); end > 0 && path[0] == '[' {
		if ds := v.dc.datastores[path[1:end]]; ds != nil {
			f.Datastore = refOf(ds.Self)
			v.use(ds)
		}
	}
	return f
}

func (v *vmBuild) disk(i int, units map[string]int32) (types.BaseVirtualDevice, error) {
	in := &v.in.Disks[i]
	name := controllerOf(in)
	key, err := controllerKey(name)
	if err != nil {
		return nil, err
	}
	unit := units[name]
	if in.Unit != nil {
		unit = *in.Unit
	} else if unit == 7 && key >= 1000 && key < 2000 {
		unit = 8 // the SCSI controller itself has 7
	}
	units[name] = unit + 1
	path := in.Path
	if path == "" {
		store := in.Datastore
		if store == "" && len(v.in.Disks) > 0 {
			store = v.home[1:strings.IndexByte(v.home, ']')]
		}
		path = fmt.Sprintf("[%s] %sdisk_%d.vmdk", store, v.home[strings.IndexByte(v.home, ']')+2:], i)
	}
	d := &types.VirtualDisk{CapacityInKB: in.Bytes >> 10, CapacityInBytes: in.Bytes}
	d.Key, d.ControllerKey, d.UnitNumber = 2000+int32(i), key, types.NewInt32(unit)
	d.DiskObjectId = fmt.Sprintf("1-%d", d.Key)
	d.DeviceInfo = &types.Description{Label: fmt.Sprintf("Hard disk %d", i+1), Summary: fmt.Sprintf("%d KB", d.CapacityInKB)}
	d.Shares = &types.SharesInfo{Shares: 1000, Level: "normal"}
	d.Backing, err = v.diskBacking(in, path, orDefault(in.UUID, stableUUID("disk", v.seed, strconv.Itoa(i))))
	return d, err
}

func (v *vmBuild) diskBacking(in *Disk, path, id string) (types.BaseVirtualDeviceBackingInfo, error) {
	mode := orDefault(in.Mode, "persistent")
	switch orDefault(in.Backing, "flat") {
	case "flat":
		return v.flatChain(in, path, id, mode, in.Parents), nil
	case "sesparse":
		b := &types.VirtualDiskSeSparseBackingInfo{VirtualDeviceFileBackingInfo: v.file(path), DiskMode: mode, Uuid: id, DeltaDiskFormat: "seSparseFormat"}
		for i := 0; i < in.Parents; i++ { // the chain above stays se-sparse, its base too
			b = &types.VirtualDiskSeSparseBackingInfo{VirtualDeviceFileBackingInfo: v.file(deltaPath(path, i+1)), DiskMode: mode, Uuid: id, Parent: b}
		}
		return b, nil
	case "sparse":
		return &types.VirtualDiskSparseVer2BackingInfo{VirtualDeviceFileBackingInfo: v.file(path), DiskMode: mode, Uuid: id}, nil
	case "rdm", "rdm-physical":
		kind := "virtualMode"
		if in.Backing == "rdm-physical" {
			kind = "physicalMode"
		}
		lun := "0200000000" + strings.ReplaceAll(id, "-", "")
		return &types.VirtualDiskRawDiskMappingVer1BackingInfo{VirtualDeviceFileBackingInfo: v.file(path), LunUuid: lun, DeviceName: "vml." + lun,
			CompatibilityMode: kind, DiskMode: mode, Uuid: id, Sharing: in.Sharing}, nil
	case "pmem":
		return &types.VirtualDiskLocalPMemBackingInfo{VirtualDeviceFileBackingInfo: v.file(path), DiskMode: mode, Uuid: id}, nil
	case "future":
		return &VirtualDiskFutureBackingInfo{VirtualDeviceFileBackingInfo: v.file(path), DiskMode: mode, Hologram: "<&>"}, nil
	case "none":
		return nil, nil
	}
	return nil, fmt.Errorf("backing '%s' is not known", in.Backing)
}

func deltaPath(path string, n int) string {
	return fmt.Sprintf("%s-%06d.vmdk", strings.TrimSuffix(path, ".vmdk"), n)
}

func (v *vmBuild) flatChain(in *Disk, path, id, mode string, parents int) *types.VirtualDiskFlatVer2BackingInfo {
	b := &types.VirtualDiskFlatVer2BackingInfo{VirtualDeviceFileBackingInfo: v.file(path), DiskMode: mode, Split: types.NewBool(false),
		WriteThrough: types.NewBool(false), ThinProvisioned: types.NewBool(in.Thin), EagerlyScrub: types.NewBool(false), Uuid: id,
		ContentId: strings.ReplaceAll(id, "-", ""), DigestEnabled: types.NewBool(false), Sharing: orDefault(in.Sharing, "sharingNone")}
	if in.KeyID != "" {
		b.KeyId = cryptoKey(in.KeyID)
	}
	if parents > 0 {
		b.Parent = v.flatChain(in, path, id, mode, parents-1)
		b.FileName = deltaPath(path, parents)
	}
	return b
}

// NIC types of the estate file.
var nicTypes = map[string]func(types.VirtualEthernetCard) types.BaseVirtualDevice{
	"vmxnet3": func(c types.VirtualEthernetCard) types.BaseVirtualDevice {
		return &types.VirtualVmxnet3{VirtualVmxnet: types.VirtualVmxnet{VirtualEthernetCard: c}}
	},
	"vmxnet3vrdma": func(c types.VirtualEthernetCard) types.BaseVirtualDevice {
		return &types.VirtualVmxnet3Vrdma{VirtualVmxnet3: types.VirtualVmxnet3{VirtualVmxnet: types.VirtualVmxnet{VirtualEthernetCard: c}}}
	},
	"vmxnet2": func(c types.VirtualEthernetCard) types.BaseVirtualDevice {
		return &types.VirtualVmxnet2{VirtualVmxnet: types.VirtualVmxnet{VirtualEthernetCard: c}}
	},
	"vmxnet": func(c types.VirtualEthernetCard) types.BaseVirtualDevice {
		return &types.VirtualVmxnet{VirtualEthernetCard: c}
	},
	"e1000": func(c types.VirtualEthernetCard) types.BaseVirtualDevice {
		return &types.VirtualE1000{VirtualEthernetCard: c}
	},
	"e1000e": func(c types.VirtualEthernetCard) types.BaseVirtualDevice {
		return &types.VirtualE1000e{VirtualEthernetCard: c}
	},
	"pcnet32": func(c types.VirtualEthernetCard) types.BaseVirtualDevice {
		return &types.VirtualPCNet32{VirtualEthernetCard: c}
	},
	"sriov": func(c types.VirtualEthernetCard) types.BaseVirtualDevice {
		return &types.VirtualSriovEthernetCard{VirtualEthernetCard: c}
	},
	"future": func(c types.VirtualEthernetCard) types.BaseVirtualDevice {
		return &VirtualFutureNic{VirtualEthernetCard: c, Lanes: 4}
	},
}

// mac is the given address, or one derived from the VM.
func (v *vmBuild) mac(n Nic, key int32) string {
	if n.Mac != "" {
		return n.Mac
	}
	sum := sha1.Sum([]byte(fmt.Sprintf("%s/%d", v.seed, key)))
	return fmt.Sprintf("00:50:56:%02x:%02x:%02x", sum[0]&0x3f, sum[1], sum[2])
}

func (v *vmBuild) nic(i int) (types.BaseVirtualDevice, error) {
	in := v.in.Nics[i]
	make := nicTypes[orDefault(in.Type, "vmxnet3")]
	if make == nil {
		return nil, fmt.Errorf("type '%s' is not known", in.Type)
	}
	var c types.VirtualEthernetCard
	c.Key, c.ControllerKey, c.UnitNumber = 4000+int32(i), 100, types.NewInt32(int32(7+i))
	c.AddressType = orDefault(in.MacType, "assigned")
	c.MacAddress = v.mac(in, c.Key)
	c.DeviceInfo = &types.Description{Label: fmt.Sprintf("Network adapter %d", i+1), Summary: in.Network}
	c.WakeOnLanEnabled = types.NewBool(true)
	c.Connectable = &types.VirtualDeviceConnectInfo{StartConnected: !in.Unplugged, Connected: !in.Unplugged && v.isOn(), AllowGuestControl: true, Status: "ok"}
	backing, err := v.nicBacking(in, c.Key)
	c.Backing = backing
	return make(c), err
}

func (v *vmBuild) attach(network ref, vms *[]ref) {
	for _, have := range v.vm.Network {
		if have == network {
			return
		}
	}
	v.vm.Network = append(v.vm.Network, network)
	*vms = append(*vms, v.vm.Self)
}

func (v *vmBuild) nicBacking(in Nic, key int32) (types.BaseVirtualDeviceBackingInfo, error) {
	switch {
	case in.NoBacking:
		return nil, nil
	case in.Opaque != "":
		if n := v.dc.opaque[in.Opaque]; n != nil {
			v.attach(n.Self, &n.Vm)
		}
		return &types.VirtualEthernetCardOpaqueNetworkBackingInfo{OpaqueNetworkId: in.Opaque, OpaqueNetworkType: "nsx.LogicalSwitch"}, nil
	case in.Switch != "":
		s := v.dc.switches[in.Switch]
		if s == nil || s.groups[in.Network] == nil {
			return nil, fmt.Errorf("there is no port group '%s' on switch '%s'", in.Network, in.Switch)
		}
		g := s.groups[in.Network]
		v.attach(g.Self, &g.Vm)
		port := types.DistributedVirtualSwitchPortConnection{SwitchUuid: s.Uuid, PortgroupKey: g.Key, ConnectionCookie: 12345}
		port.PortKey = s.connect(g, in.Port, v.vm.Self, key)
		return &types.VirtualEthernetCardDistributedVirtualPortBackingInfo{Port: port}, nil
	}
	b := &types.VirtualEthernetCardNetworkBackingInfo{VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: in.Network, UseAutoDetect: types.NewBool(false)}}
	if n := v.dc.networks[in.Network]; n != nil {
		b.Network = refOf(n.Self)
		v.attach(n.Self, &n.Vm)
	}
	return b, nil
}
