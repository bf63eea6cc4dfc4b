// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"sort"
	"strconv"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// dvs is a distributed switch that answers for its ports. The simulator's own knows neither PVLAN
// maps nor port criteria, and derives its UUID from the name.
type dvs struct {
	mo.VmwareDistributedVirtualSwitch
	groups map[string]*dvGroup // by port group name
	byKey  map[string]*dvGroup
	ports  map[string]*dvPort
	order  []string
	next   int
}

type dvGroup struct {
	mo.DistributedVirtualPortgroup
	def types.BaseVmwareDistributedVirtualSwitchVlanSpec
	in  *Portgroup
}

type dvPort struct {
	group     *dvGroup
	override  *Vlan
	connectee *types.DistributedVirtualSwitchPortConnectee
}

func vlanSpec(v *Vlan, inherited types.BaseVmwareDistributedVirtualSwitchVlanSpec) types.BaseVmwareDistributedVirtualSwitchVlanSpec {
	switch {
	case v == nil:
		return nil
	case v.Trunk != nil:
		spec := &types.VmwareDistributedVirtualSwitchTrunkVlanSpec{}
		for _, r := range v.Trunk {
			spec.VlanId = append(spec.VlanId, types.NumericRange{Start: r[0], End: r[1]})
		}
		return spec
	case v.Pvlan != 0:
		return &types.VmwareDistributedVirtualSwitchPvlanSpec{PvlanId: v.Pvlan}
	case v.Inherited && !v.Shown:
		return markInherited(inherited)
	}
	spec := &types.VmwareDistributedVirtualSwitchVlanIdSpec{VlanId: v.ID}
	spec.Inherited = v.Inherited
	return spec
}

// markInherited copies a setting and says that it comes from above.
func markInherited(spec types.BaseVmwareDistributedVirtualSwitchVlanSpec) types.BaseVmwareDistributedVirtualSwitchVlanSpec {
	switch s := spec.(type) {
	case *types.VmwareDistributedVirtualSwitchVlanIdSpec:
		c := *s
		c.Inherited = true
		return &c
	case *types.VmwareDistributedVirtualSwitchTrunkVlanSpec:
		c := *s
		c.Inherited = true
		return &c
	case *types.VmwareDistributedVirtualSwitchPvlanSpec:
		c := *s
		c.Inherited = true
		return &c
	}
	return nil
}

func portSetting(vlan types.BaseVmwareDistributedVirtualSwitchVlanSpec) *types.VMwareDVSPortSetting {
	blocked := &types.BoolPolicy{Value: types.NewBool(false)}
	return &types.VMwareDVSPortSetting{DVPortSetting: types.DVPortSetting{Blocked: blocked}, Vlan: vlan}
}

func dvsSecurity(allow []string) *types.DVSSecurityPolicy {
	policy := func(word string) *types.BoolPolicy { return &types.BoolPolicy{Value: types.NewBool(isIn(allow, word))} }
	return &types.DVSSecurityPolicy{AllowPromiscuous: policy("promiscuous"), MacChanges: policy("macChanges"), ForgedTransmits: policy("forgedTransmits")}
}

func (b *builder) distributedSwitch(d *dcBuild, in *Switch, folder *mo.Folder) error {
	s := &dvs{groups: map[string]*dvGroup{}, byKey: map[string]*dvGroup{}, ports: map[string]*dvPort{}}
	s.Self = b.id("VmwareDistributedVirtualSwitch", "dvs")
	s.Name = in.Name
	s.Parent = refOf(folder.Self)
	s.Uuid = orDefault(in.UUID, stableUUID("dvs", d.path, in.Name))
	def := vlanSpec(in.Default, nil)
	if def == nil {
		def = &types.VmwareDistributedVirtualSwitchVlanIdSpec{}
	}
	config := &types.VMwareDVSConfigInfo{MaxMtu: in.Mtu, DVSConfigInfo: types.DVSConfigInfo{Uuid: s.Uuid, Name: in.Name, ConfigVersion: "1",
		CreateTime: epoch, DefaultPortConfig: portSetting(def), Policy: &types.DVSPolicy{}, NumPorts: 100, MaxPorts: 2147483647}}
	for _, p := range in.Pvlans {
		config.PvlanConfig = append(config.PvlanConfig, types.VMwareDVSPvlanMapEntry{PrimaryVlanId: p.Primary, SecondaryVlanId: p.Secondary, PvlanType: p.Type})
	}
	config.UplinkPortPolicy = &types.DVSNameArrayUplinkPortPolicy{UplinkPortName: in.Uplinks}
	s.Config = config
	s.Summary = types.DVSSummary{Name: in.Name, Uuid: s.Uuid, NumPorts: 100}
	if err := s.members(d, in.Hosts); err != nil {
		return err
	}
	for i := range in.Portgroups {
		if err := b.portgroup(d, s, &in.Portgroups[i], def, folder, in.Hidden); err != nil {
			return fmt.Errorf("port group '%s': %v", in.Portgroups[i].Name, err)
		}
	}
	d.switches[in.Name] = s
	if in.Hidden {
		d.missing[s.Self] = true
		return nil
	}
	folder.ChildEntity = append(folder.ChildEntity, s.Self)
	simulator.Map.Put(s)
	return nil
}

func (s *dvs) members(d *dcBuild, names []string) error {
	if len(names) == 0 {
		names = d.hostOrder
	}
	for _, name := range names {
		h := d.hosts[name]
		if h == nil {
			return fmt.Errorf("there is no host '%s'", name)
		}
		s.Summary.HostMember = append(s.Summary.HostMember, h.host.Self)
	}
	return nil
}

func (b *builder) portgroup(d *dcBuild, s *dvs, in *Portgroup, def types.BaseVmwareDistributedVirtualSwitchVlanSpec, folder *mo.Folder, hidden bool) error {
	g := &dvGroup{in: in, def: vlanSpec(in.Vlan, def)}
	g.Self = b.id("DistributedVirtualPortgroup", "dvportgroup")
	b.network(d, &g.Network, in.Name, folder, hidden || in.Hidden)
	g.Key = g.Self.Value
	g.Host = s.Summary.HostMember
	g.Summary = &types.NetworkSummary{Network: refOf(g.Self), Name: in.Name, Accessible: true}
	g.Config = types.DVPortgroupConfigInfo{Key: g.Key, Name: in.Name, NumPorts: int32(in.Ports), DistributedVirtualSwitch: refOf(s.Self),
		DefaultPortConfig: portSetting(g.def), Type: orDefault(in.Binding, "earlyBinding"), BackingType: orDefault(in.Backing, "standard"),
		ConfigVersion: "0", AutoExpand: types.NewBool(true), Uplink: types.NewBool(in.Uplink), LogicalSwitchUuid: in.LogicalSwitch, SegmentId: in.Segment,
		Policy: &types.VMwareDVSPortgroupPolicy{VlanOverrideAllowed: in.Overridable || len(in.Overrides) > 0}}
	g.Config.DefaultPortConfig.(*types.VMwareDVSPortSetting).SecurityPolicy = dvsSecurity(in.Allow)
	if in.Uplink {
		g.Tag = []types.Tag{{Key: "SYSTEM/DVS.UPLINKPG"}}
	}
	s.Portgroup = append(s.Portgroup, g.Self)
	s.Summary.PortgroupName = append(s.Summary.PortgroupName, in.Name)
	s.groups[in.Name], s.byKey[g.Key] = g, g
	for _, o := range in.Overrides {
		s.addPort(o.Port, g).override = o.Vlan
	}
	for i := len(in.Overrides); i < in.Ports; i++ {
		s.addPort("", g)
	}
	if hidden || in.Hidden {
		return nil
	}
	simulator.Map.Put(g)
	return b.tag(g.Self, in.Tags)
}

// addPort makes port key (empty: the next free number) a port of g.
func (s *dvs) addPort(key string, g *dvGroup) *dvPort {
	for key == "" {
		if k := strconv.Itoa(s.next); s.ports[k] == nil {
			key = k
		}
		s.next++
	}
	if p := s.ports[key]; p != nil {
		return p
	}
	p := &dvPort{group: g}
	s.ports[key] = p
	s.order = append(s.order, key)
	g.PortKeys = append(g.PortKeys, key)
	return p
}

// connect gives a NIC a port: the wished one, else the first free one, else a new one.
func (s *dvs) connect(g *dvGroup, wish string, vm ref, nicKey int32) string {
	key := wish
	for i := 0; key == "" && i < len(g.PortKeys); i++ {
		if p := s.ports[g.PortKeys[i]]; p.connectee == nil && p.override == nil {
			key = g.PortKeys[i]
		}
	}
	if key == "" {
		s.addPort("", g)
		key = g.PortKeys[len(g.PortKeys)-1]
	}
	p := s.addPort(key, g)
	p.connectee = &types.DistributedVirtualSwitchPortConnectee{ConnectedEntity: refOf(vm), NicKey: strconv.Itoa(int(nicKey)), Type: "vmVnic"}
	return key
}

func (p *dvPort) info(s *dvs, key string) types.DistributedVirtualPort {
	vlan := markInherited(p.group.def)
	if p.override != nil {
		vlan = vlanSpec(p.override, p.group.def)
	}
	return types.DistributedVirtualPort{Key: key, DvsUuid: s.Uuid, PortgroupKey: p.group.Key, Connectee: p.connectee, LastStatusChange: epoch,
		Config: types.DVPortConfigInfo{Setting: portSetting(vlan), ConfigVersion: "0"}}
}

func isIn(list []string, word string) bool {
	for _, w := range list {
		if w == word {
			return true
		}
	}
	return false
}

// matches says whether a port meets the criteria; absent criteria match all.
func (p *dvPort) matches(key string, c *types.DistributedVirtualSwitchPortCriteria) bool {
	if c == nil {
		return true
	}
	if c.Connected != nil && *c.Connected != (p.connectee != nil) {
		return false
	}
	if c.UplinkPort != nil && *c.UplinkPort != p.group.in.Uplink {
		return false
	}
	if len(c.PortKey) > 0 && !isIn(c.PortKey, key) {
		return false
	}
	inside := c.Inside == nil || *c.Inside
	return len(c.PortgroupKey) == 0 || isIn(c.PortgroupKey, p.group.Key) == inside
}

// FetchDVPorts answers with the ports that meet the criteria, overrides applied.
func (s *dvs) FetchDVPorts(r *types.FetchDVPorts) soap.HasFault {
	res := &types.FetchDVPortsResponse{}
	for _, key := range s.order {
		if p := s.ports[key]; p.matches(key, r.Criteria) {
			res.Returnval = append(res.Returnval, p.info(s, key))
		}
	}
	return &methods.FetchDVPortsBody{Res: res}
}

// FetchDVPortKeys answers with the keys of the ports that meet the criteria.
func (s *dvs) FetchDVPortKeys(r *types.FetchDVPortKeys) soap.HasFault {
	res := &types.FetchDVPortKeysResponse{}
	for _, key := range s.order {
		if s.ports[key].matches(key, r.Criteria) {
			res.Returnval = append(res.Returnval, key)
		}
	}
	sort.Strings(res.Returnval)
	return &methods.FetchDVPortKeysBody{Res: res}
}

// LookupDvPortGroup finds a port group by key.
func (s *dvs) LookupDvPortGroup(r *types.LookupDvPortGroup) soap.HasFault {
	body := &methods.LookupDvPortGroupBody{}
	if g := s.byKey[r.PortgroupKey]; g != nil {
		body.Res = &types.LookupDvPortGroupResponse{Returnval: refOf(g.Self)}
	} else {
		body.Fault_ = simulator.Fault("The object or item referred to could not be found.", &types.NotFound{})
	}
	return body
}

// dvsManager finds switches by UUID.
type dvsManager struct {
	mo.DistributedVirtualSwitchManager
}

func newDvsManager() *dvsManager {
	m := &dvsManager{}
	m.Self = ref{Type: "DistributedVirtualSwitchManager", Value: "DVSManager"}
	return m
}

// QueryDvsByUuid answers with the switch of that UUID.
func (m *dvsManager) QueryDvsByUuid(r *types.QueryDvsByUuid) soap.HasFault {
	body := &methods.QueryDvsByUuidBody{}
	for _, e := range simulator.Map.All("VmwareDistributedVirtualSwitch") {
		if s, ok := e.(*dvs); ok && s.Uuid == r.Uuid {
			body.Res = &types.QueryDvsByUuidResponse{Returnval: refOf(s.Self)}
			return body
		}
	}
	body.Fault_ = simulator.Fault("The object or item referred to could not be found.", &types.NotFound{})
	return body
}
