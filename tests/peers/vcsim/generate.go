// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math/rand"
)

// generateEstate makes up a mixed estate of n VMs in two datacenters; the same n gives the same one.
func generateEstate(n int) *Estate {
	random := rand.New(rand.NewSource(42))
	estate := &Estate{
		CustomFields: []CustomField{{Key: 101, Name: "Owner", Type: "VirtualMachine"}, {Key: 102, Name: "Backup"}},
		Categories:   []Category{{Name: "Tier", Tags: []string{"gold", "silver", "bronze"}}, {Name: "App", Multiple: true, Tags: []string{"web", "db", "R&D"}}}}
	for i := 0; i < 2; i++ {
		estate.Datacenters = append(estate.Datacenters, generateDatacenter(i, n))
	}
	for i := 0; i < n; i++ {
		d := &estate.Datacenters[i%2]
		d.VMs = append(d.VMs, generateVM(i, d, random))
	}
	return estate
}

func generateDatacenter(i, vms int) Datacenter {
	d := Datacenter{Name: fmt.Sprintf("DC%d", i)}
	perCluster := 3
	if vms/200 > perCluster {
		perCluster = vms / 200
	}
	for c := 0; c < 2; c++ {
		cluster := Cluster{Name: fmt.Sprintf("DC%d_C%d", i, c), Pools: []Pool{{Name: "Prod"}, {Name: "Test", Pools: []Pool{{Name: "Inner"}}}}}
		for h := 0; h < perCluster; h++ {
			cluster.Hosts = append(cluster.Hosts, generateHost(fmt.Sprintf("esx%d-%d-%d.example.org", i, c, h), c == 0 && h == 0))
		}
		d.Clusters = append(d.Clusters, cluster)
	}
	d.Hosts = []Host{generateHost(fmt.Sprintf("esx%d-single.example.org", i), false)}
	for k := 0; k < 4+vms/500; k++ {
		s := Datastore{Name: fmt.Sprintf("ds%d-%02d", i, k), Type: []string{"NFS", "VMFS", "vsan", "NFS41"}[k%4], CapacityBytes: 4 << 40, FreeBytes: 1 << 40}
		if s.Type == "NFS" || s.Type == "NFS41" {
			s.NfsHost, s.NfsPath = fmt.Sprintf("10.9.%d.%d", i, k), fmt.Sprintf("/export/%s", s.Name)
		}
		d.Datastores = append(d.Datastores, s)
	}
	d.Switches = []Switch{generateSwitch(i)}
	d.Opaque = []Opaque{{Name: fmt.Sprintf("nsx-segment-%d", i), ID: stableUUID("opaque", d.Name)}}
	return d
}

func generateHost(name string, first bool) Host {
	odd := int32(10)
	if first {
		odd = 12 // the same port group name, another VLAN on one host: a real mess
	}
	return Host{Name: name, Vswitches: []Vswitch{
		{Name: "vSwitch0", Mtu: 1500, Portgroups: []HostPortgroup{{Name: "VM Network"}, {Name: "VLAN10", Vlan: odd}, {Name: "VLAN100", Vlan: 100}}},
		{Name: "vSwitch1", Mtu: 9000, Portgroups: []HostPortgroup{{Name: "VLAN1000", Vlan: 1000}, {Name: "Büro%2fLAN", Vlan: 20}, {Name: "trunk-std", Vlan: 4095}}}}}
}

var standardNames = []string{"VM Network", "VLAN10", "VLAN100", "VLAN1000", "Büro%2fLAN", "trunk-std"}

func generateSwitch(i int) Switch {
	id := func(n int32) *Vlan { return &Vlan{ID: n} }
	return Switch{Name: "DVS0", Mtu: 9000, Default: id(4),
		Pvlans: []Pvlan{{900, 900, "promiscuous"}, {900, 901, "isolated"}, {900, 902, "community"}},
		Portgroups: []Portgroup{
			{Name: fmt.Sprintf("DVS0-DVUplinks-%d", i), Vlan: &Vlan{Trunk: [][2]int32{{0, 4094}}}, Ports: 4, Uplink: true},
			{Name: "DVLAN1", Vlan: id(1)}, {Name: "DVLAN11", Vlan: id(11), Overridable: true}, {Name: "DVLAN111", Vlan: id(111)},
			{Name: "dv-untagged", Vlan: id(0)}, {Name: "dv-inherited", Vlan: &Vlan{Inherited: true}},
			{Name: "TRUNK 100-199,300", Vlan: &Vlan{Trunk: [][2]int32{{100, 199}, {300, 300}}}},
			{Name: "PVLAN-iso", Vlan: &Vlan{Pvlan: 901}}, {Name: "PVLAN-comm", Vlan: &Vlan{Pvlan: 902}}, {Name: "PVLAN-prom", Vlan: &Vlan{Pvlan: 900}},
			{Name: "Produktion%2fDMZ äöü", Vlan: id(77), Binding: "ephemeral"},
			{Name: "nsx-segment", Vlan: id(0), Backing: "nsx", LogicalSwitch: stableUUID("segment", fmt.Sprint(i))},
		}}
}

var vmNames = []string{"web-%05d", "db-%05d", "app server %05d", "Žluťoučký kůň %05d", "日本語-%05d", "a%%2fb-%05d", "R&D <prod> \"%05d\"",
	"percent%%25-%05d", "back%%5cslash-%05d", "🚀-%05d"}

func generateVM(n int, d *Datacenter, random *rand.Rand) VM {
	v := VM{Name: fmt.Sprintf(vmNames[n%len(vmNames)], n), ID: fmt.Sprintf("vm-%d", 100000+n), ExtraConfig: 20,
		Folder:  []string{"", "Prod", "Prod/Web%2fTier", "Test Ümlaut"}[random.Intn(4)],
		Version: []string{"vmx-13", "vmx-19", "vmx-21"}[n%3], Firmware: []string{"bios", "efi"}[n%2], Tracking: boolOf(n%3 == 0),
		CPUs: 1 << uint(n%5), Cores: 1 << uint(n%2), MemoryMB: 1024 << uint(n%6), Ovf: n%11 == 0, Consolidate: n%59 == 0}
	if n%50 == 7 {
		v.Name = "duplicate"
	}
	generatePlace(&v, n, d, random)
	if random.Intn(100) >= 75 {
		v.Power = "off"
		v.Template = random.Intn(5) == 0
	}
	if n%7 == 0 {
		v.Annotation = "line one\nline <two> & \"three\" ]]> ščř 🚀\ttab\r\nend"
	}
	if n%2 == 1 {
		v.SecureBoot = boolOf(n%4 == 1)
	}
	if n%41 == 0 {
		v.KeyID = stableUUID("key", fmt.Sprint(n))
	}
	if n%9 == 0 {
		v.Snapshots = []Snapshot{{Name: "before & after", Children: []Snapshot{{Name: "child"}}}}
	}
	if n%4 == 0 {
		v.Tags, v.Custom = []string{"Tier/gold", "App/web"}, map[string]string{"Owner": fmt.Sprintf("team-%d", n%5)}
	}
	if n%13 == 0 {
		v.Devices = append(v.Devices, "tpm")
	}
	if n%17 == 0 {
		v.Devices = append(v.Devices, "vgpu")
	}
	generateDisks(&v, n, d, random)
	generateNics(&v, n, d, random)
	if n%211 == 5 {
		v.NoConfig, v.Connection = true, "inaccessible"
	}
	return v
}

func boolOf(b bool) *bool { return &b }

func generatePlace(v *VM, n int, d *Datacenter, random *rand.Rand) {
	hosts := []string{}
	for _, c := range d.Clusters {
		for _, h := range c.Hosts {
			hosts = append(hosts, h.Name)
		}
	}
	if n%23 == 0 {
		v.Host = d.Hosts[0].Name
		return
	}
	v.Host = hosts[(n/2)%len(hosts)]
	v.Pool = []string{"", "Prod", "Test", "Test/Inner"}[random.Intn(4)]
}

func generateDisks(v *VM, n int, d *Datacenter, random *rand.Rand) {
	count := 1 + random.Intn(3)
	if n%20 == 0 {
		count = 8
	}
	for k := 0; k < count; k++ {
		store := d.Datastores[(n/2+k)%len(d.Datastores)].Name
		disk := Disk{Controller: []string{"pvscsi:0", "lsisas1068:0", "ahci:0", "nvme:0"}[n%4], Bytes: int64(10+random.Intn(200)) << 30,
			Datastore: store, Thin: n%2 == 0, Backing: "flat", KeyID: v.KeyID}
		switch {
		case n%37 == 0 && k == 0:
			disk.Backing, disk.Mode = []string{"rdm-physical", "rdm"}[n%2], "independent_persistent"
		case n%31 == 0:
			disk.Backing = "sesparse"
		case len(v.Snapshots) > 0:
			disk.Parents = 1
		}
		v.Disks = append(v.Disks, disk)
	}
	v.Cdrom = &Cdrom{}
	if n%3 == 0 {
		v.Cdrom.Iso = "[" + d.Datastores[0].Name + "] iso/debian 12.iso"
	}
}

func generateNics(v *VM, n int, d *Datacenter, random *rand.Rand) {
	count := 1 + random.Intn(2)
	if n%25 == 0 {
		count = 4
	}
	if n%97 == 0 {
		count = 0
	}
	s := &d.Switches[0]
	for k := 0; k < count; k++ {
		nic := Nic{Type: []string{"e1000", "e1000e", "sriov", "vmxnet3", "vmxnet3"}[n%5], Mac: fmt.Sprintf("00:50:56:%02x:%02x:%02x", (n>>14)&0x3f, (n>>6)&255, (n<<2|k)&255)}
		switch {
		case (n+k)%3 == 0:
			nic.Network = standardNames[random.Intn(len(standardNames))]
		case n%29 == 0:
			nic.Opaque = d.Opaque[0].ID
		default:
			nic.Switch, nic.Network = s.Name, s.Portgroups[1+random.Intn(len(s.Portgroups)-1)].Name
		}
		if n%6 != 5 {
			nic.IPs = []string{fmt.Sprintf("10.%d.%d.%d/24", n>>12&255, n>>4&255, (n&15)<<4+k), fmt.Sprintf("fe80::250:56ff:fe%02x:%x/64", n&255, n)}
		}
		v.Nics = append(v.Nics, nic)
	}
	v.HostName = fmt.Sprintf("host%d.example.org", n)
}
