// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// machine is a VM whose guest can be asked to shut down; the simulator's own pulls the plug.
type machine struct {
	mo.VirtualMachine
	shutdown string // what the guest does: "" goes off a little later, "hang" stays on
}

// guestLag is how long a guest takes to go off.
const guestLag = 400 * time.Millisecond

// ShutdownGuest answers before the guest has done anything, as a vCenter does.
func (m *machine) ShutdownGuest(r *types.ShutdownGuest) soap.HasFault {
	body := &methods.ShutdownGuestBody{}
	switch {
	case m.shutdown == "deny":
		body.Fault_ = simulator.Fault("Permission to perform this operation was denied.",
			&types.NoPermission{Object: m.Self, PrivilegeId: "VirtualMachine.Interact.PowerOff"})
	case m.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn:
		body.Fault_ = simulator.Fault("The attempted operation cannot be performed in the current state.",
			&types.InvalidPowerState{RequestedState: types.VirtualMachinePowerStatePoweredOn, ExistingState: m.Runtime.PowerState})
	case m.shutdown == "busy":
		body.Fault_ = simulator.Fault("The operation is not allowed in the current state.",
			&types.TaskInProgress{Task: ref{Type: "Task", Value: "task-1"}})
	case m.Guest == nil || m.Guest.ToolsRunningStatus != "guestToolsRunning":
		body.Fault_ = simulator.Fault("Cannot complete operation because VMware Tools is not running in this virtual machine.",
			&types.ToolsUnavailable{})
	default:
		body.Res = &types.ShutdownGuestResponse{}
		if m.shutdown != "hang" {
			time.AfterFunc(guestLag, func() { simulator.Map.WithLock(m, func() { m.setPower("off") }) })
		}
	}
	return body
}

func (m *machine) setPower(word string) {
	m.Runtime.PowerState, m.Runtime.BootTime = powerStates[word], nil
	if m.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn {
		t := epoch
		m.Runtime.BootTime = &t
	}
	m.Summary.Runtime = m.Runtime
}

// changes are what POST /change?vm=ID&WHAT=VALUE does to a VM between two readings.
var changes = map[string]func(m *machine, value string) error{
	"name":  func(m *machine, value string) error { m.Name, m.Config.Name = value, value; return nil },
	"power": func(m *machine, value string) error { m.setPower(value); return nil },
	"boot": func(m *machine, value string) error {
		t, err := time.Parse(time.RFC3339, value)
		m.Runtime.BootTime = &t
		return err
	},
	"shutdown": func(m *machine, value string) error { m.shutdown = value; return nil },
	"tools":    func(m *machine, value string) error { m.Guest.ToolsRunningStatus = value; return nil },
	"question": func(m *machine, value string) error {
		m.Runtime.Question = &types.VirtualMachineQuestionInfo{Id: "17", Text: value}
		return nil
	},
	"snapshot": func(m *machine, value string) error {
		tree := types.VirtualMachineSnapshotTree{Vm: m.Self, Name: value, CreateTime: epoch, State: m.Runtime.PowerState,
			Snapshot: ref{Type: "VirtualMachineSnapshot", Value: "snapshot-" + value}}
		m.Snapshot = &types.VirtualMachineSnapshotInfo{CurrentSnapshot: refOf(tree.Snapshot), RootSnapshotList: []types.VirtualMachineSnapshotTree{tree}}
		return nil
	},
	"task":    startTask,
	"mac":     setMac,
	"network": setNetwork,
	"disk":    growDisk,
	"host":    setHost,
	"noread": func(m *machine, value string) error {
		collectorRules.noRead[m.Self] = strings.Split(value, ",")
		return nil
	},
	"remove": func(m *machine, _ string) error { simulator.Map.Remove(m.Self); return nil },
}

func startTask(m *machine, name string) error {
	t := &mo.Task{}
	t.Self = ref{Type: "Task", Value: "task-of-" + m.Self.Value}
	t.Info = types.TaskInfo{Key: t.Self.Value, Task: t.Self, Name: name, DescriptionId: strings.Replace(name, "_", ".", 1), Entity: refOf(m.Self),
		EntityName: m.Name, State: types.TaskInfoStateRunning, Reason: &types.TaskReasonUser{UserName: "backup"}, QueueTime: epoch}
	simulator.Map.Put(t)
	m.RecentTask = append(m.RecentTask, t.Self)
	return nil
}

func (m *machine) card() (*types.VirtualEthernetCard, error) {
	for _, device := range m.Config.Hardware.Device {
		if card, ok := device.(types.BaseVirtualEthernetCard); ok {
			return card.GetVirtualEthernetCard(), nil
		}
	}
	return nil, fmt.Errorf("'%s' has no NIC", m.Name)
}

func setMac(m *machine, value string) error {
	card, err := m.card()
	if err == nil {
		card.MacAddress = value
	}
	return err
}

// setNetwork moves the first NIC to another standard port group.
func setNetwork(m *machine, value string) error {
	card, err := m.card()
	if err == nil {
		card.Backing = &types.VirtualEthernetCardNetworkBackingInfo{VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: value}}
	}
	return err
}

func growDisk(m *machine, value string) error {
	bytes, err := strconv.ParseInt(value, 10, 64)
	for _, device := range m.Config.Hardware.Device {
		if disk, ok := device.(*types.VirtualDisk); ok && err == nil {
			disk.CapacityInBytes, disk.CapacityInKB = bytes, bytes>>10
			return nil
		}
	}
	return fmt.Errorf("no disk to grow: %v", err)
}

func setHost(m *machine, value string) error {
	m.Runtime.Host = &ref{Type: "HostSystem", Value: value}
	if simulator.Map.Get(*m.Runtime.Host) == nil {
		return fmt.Errorf("there is no host '%s'", value)
	}
	return nil
}

// setVlan gives a standard port group of all hosts, or a distributed one, another VLAN.
func setVlan(name string, id int32) int {
	n := 0
	for _, e := range simulator.Map.All("HostSystem") {
		host := e.(*mo.HostSystem)
		if host.Config == nil {
			continue // not connected
		}
		for i := range host.Config.Network.Portgroup {
			if p := &host.Config.Network.Portgroup[i]; p.Spec.Name == name {
				p.Spec.VlanId = id
				n++
			}
		}
	}
	for _, e := range simulator.Map.All("DistributedVirtualPortgroup") {
		if group, ok := e.(*dvGroup); ok && group.Name == name {
			group.Config.DefaultPortConfig = portSetting(&types.VmwareDistributedVirtualSwitchVlanIdSpec{VlanId: id})
			n++
		}
	}
	return n
}

func changeMachine(q url.Values) error {
	object, ok := simulator.Map.Get(ref{Type: "VirtualMachine", Value: q.Get("vm")}).(*machine)
	if !ok {
		return fmt.Errorf("there is no VM '%s'", q.Get("vm"))
	}
	for what := range q {
		change := changes[what]
		if what == "vm" {
			continue
		}
		if change == nil {
			return fmt.Errorf("change '%s' is not known", what)
		}
		var err error
		simulator.Map.WithLock(object, func() { err = change(object, q.Get(what)) })
		if err != nil {
			return err
		}
	}
	return nil
}

// change: POST /change?vm=ID&WHAT=VALUE..., or POST /change?portgroup=NAME&vlan=ID.
func (f *front) change(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	var err error
	if q.Has("portgroup") {
		vlan, _ := strconv.Atoi(q.Get("vlan"))
		if setVlan(q.Get("portgroup"), int32(vlan)) == 0 {
			err = fmt.Errorf("there is no port group '%s'", q.Get("portgroup"))
		}
	} else {
		err = changeMachine(q)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}
