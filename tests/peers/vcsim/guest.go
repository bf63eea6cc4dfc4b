// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

// guest tells what VMware Tools would: nothing much unless the VM runs.
func (v *vmBuild) guest() {
	in := v.in
	tools := in.Tools
	if tools == "" {
		tools = "toolsNotRunning"
		if v.isOn() {
			tools = "toolsOk"
		}
	}
	g := &types.GuestInfo{ToolsStatus: types.VirtualMachineToolsStatus(tools), ToolsRunningStatus: "guestToolsNotRunning",
		ToolsVersionStatus2: "guestToolsCurrent", GuestState: "notRunning"}
	v.vm.Guest = g
	if v.isOn() && (tools == "toolsOk" || tools == "toolsOld") {
		g.ToolsRunningStatus, g.GuestState = "guestToolsRunning", "running"
		g.HostName = in.HostName
		g.GuestId, g.GuestFullName, g.GuestFamily = v.vm.Config.GuestId, v.vm.Config.GuestFullName, "linuxGuest"
		v.guestNics(g)
	}
}

func (v *vmBuild) guestNics(g *types.GuestInfo) {
	key := int32(4000)
	for _, n := range v.in.Nics {
		if len(n.IPs) > 0 {
			info := guestNic(n, key, v.mac(n, key))
			g.Net = append(g.Net, info)
			if g.IpAddress == "" {
				g.IpAddress = info.IpAddress[0]
			}
		}
		key++
	}
}

func guestNic(n Nic, key int32, mac string) types.GuestNicInfo {
	info := types.GuestNicInfo{Network: n.Network, MacAddress: mac, Connected: !n.Unplugged, DeviceConfigId: key, IpConfig: &types.NetIpConfigInfo{}}
	if n.GuestMatch == "mac" {
		info.DeviceConfigId = -1 // a NIC that only the guest knows by this number
	}
	for _, text := range n.IPs {
		address, bits, _ := strings.Cut(text, "/")
		length, err := strconv.Atoi(bits)
		if err != nil {
			length = 64
			if ip := net.ParseIP(address); ip != nil && ip.To4() != nil {
				length = 24
			}
		}
		info.IpAddress = append(info.IpAddress, address)
		info.IpConfig.IpAddress = append(info.IpConfig.IpAddress, types.NetIpConfigInfoIpAddress{IpAddress: address, PrefixLength: int32(length), State: "preferred"})
	}
	return info
}
