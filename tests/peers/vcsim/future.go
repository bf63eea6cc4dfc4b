// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/vmware/govmomi/vim25/types"
)

// Types that no client knows. The simulator writes a value's Go type name as its xsi:type.

// VirtualFutureNic is a network adapter of a later API.
type VirtualFutureNic struct {
	types.VirtualEthernetCard
	Lanes int32 `xml:"lanes"`
}

// VirtualFutureController is a storage controller of a later API.
type VirtualFutureController struct {
	types.VirtualController
}

// VirtualDiskFutureBackingInfo is a disk backing of a later API.
type VirtualDiskFutureBackingInfo struct {
	types.VirtualDeviceFileBackingInfo
	DiskMode string `xml:"diskMode"`
	Hologram string `xml:"hologram"`
}

// FutureLink has members of known names, one level deeper.
type FutureLink struct {
	types.DynamicData
	Key   int32  `xml:"key"`
	Label string `xml:"label"`
}

// VirtualFutureDevice is neither disk nor NIC, though it shares a member's name with disks.
type VirtualFutureDevice struct {
	types.VirtualDevice
	CapacityInKB int64        `xml:"capacityInKB"`
	Link         []FutureLink `xml:"link"`
}

// otherDevice makes what is neither controller, disk, NIC nor CD-ROM; nil if the name is not known.
func otherDevice(name string, n int32) types.BaseVirtualDevice {
	base := func(key int32, label string) types.VirtualDevice {
		return types.VirtualDevice{Key: key + n, ControllerKey: 100, UnitNumber: types.NewInt32(20 + n),
			DeviceInfo: &types.Description{Label: fmt.Sprintf("%s %d", label, n), Summary: label}}
	}
	switch name {
	case "tpm":
		return &types.VirtualTPM{VirtualDevice: base(11000, "Virtual TPM")}
	case "vgpu":
		d := &types.VirtualPCIPassthrough{VirtualDevice: base(13000, "PCI device")}
		d.Backing = &types.VirtualPCIPassthroughVmiopBackingInfo{Vgpu: "grid_p40-8q"}
		return d
	case "pci":
		d := &types.VirtualPCIPassthrough{VirtualDevice: base(13000, "PCI device")}
		d.Backing = &types.VirtualPCIPassthroughDeviceBackingInfo{VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: "0000:3b:00.0"},
			Id: "0000:3b:00.0", DeviceId: "1db6", SystemId: "sys", VendorId: 0x10de}
		return d
	case "usb":
		d := &types.VirtualUSB{VirtualDevice: base(8000, "USB"), Connected: true}
		d.Backing = &types.VirtualUSBUSBBackingInfo{VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: "path:1/0/1"}}
		return d
	case "usb-controller":
		return &types.VirtualUSBController{VirtualController: types.VirtualController{VirtualDevice: base(7000, "USB controller")}}
	case "serial":
		d := &types.VirtualSerialPort{VirtualDevice: base(9000, "Serial port"), YieldOnPoll: true}
		d.Backing = &types.VirtualSerialPortURIBackingInfo{VirtualDeviceURIBackingInfo: types.VirtualDeviceURIBackingInfo{ServiceURI: "telnet://:2001", Direction: "server"}}
		return d
	case "parallel":
		d := &types.VirtualParallelPort{VirtualDevice: base(10000, "Parallel port")}
		d.Backing = &types.VirtualParallelPortDeviceBackingInfo{VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: "/dev/lp0"}}
		return d
	case "floppy":
		return &types.VirtualFloppy{VirtualDevice: base(8500, "Floppy drive")}
	case "sound":
		return &types.VirtualHdAudioCard{VirtualSoundCard: types.VirtualSoundCard{VirtualDevice: base(5000, "Sound card")}}
	case "nvdimm":
		return &types.VirtualNVDIMM{VirtualDevice: base(55000, "NVDIMM"), CapacityInMB: 1024}
	case "watchdog":
		return &types.VirtualWDT{VirtualDevice: base(18000, "Watchdog")}
	case "future":
		return &VirtualFutureDevice{VirtualDevice: base(99000, "Quantum accelerator"), CapacityInKB: 4711, Link: []FutureLink{{Key: 99, Label: "inner"}}}
	}
	return nil
}
