// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// Estate is what an estate file (JSON) describes: the whole inventory of one vCenter. Names are
// kept verbatim, so a slash in a name is written %2f as vCenter does. Unknown members are errors.
type Estate struct {
	About        About         `json:"about,omitempty"`
	CustomFields []CustomField `json:"customFields,omitempty"`
	Categories   []Category    `json:"categories,omitempty"`
	Datacenters  []Datacenter  `json:"datacenters"`
}

// About overrides what the service says of itself.
type About struct {
	APIVersion   string `json:"apiVersion,omitempty"`
	Name         string `json:"name,omitempty"`
	InstanceUUID string `json:"instanceUuid,omitempty"`
}

// CustomField is one custom attribute; Type is empty for a global one.
type CustomField struct {
	Key  int32  `json:"key"`
	Name string `json:"name"`
	Type string `json:"type,omitempty"`
}

// Category of vSphere tags. A tag is named "category/tag" elsewhere in the file.
type Category struct {
	Name     string   `json:"name"`
	Multiple bool     `json:"multiple,omitempty"`
	Tags     []string `json:"tags"`
}

// Datacenter and all that is in it.
type Datacenter struct {
	Name       string      `json:"name"`
	Folder     string      `json:"folder,omitempty"` // path below the root folder
	Datastores []Datastore `json:"datastores,omitempty"`
	Switches   []Switch    `json:"switches,omitempty"`
	Opaque     []Opaque    `json:"opaque,omitempty"`
	Clusters   []Cluster   `json:"clusters,omitempty"`
	Hosts      []Host      `json:"hosts,omitempty"` // standalone
	VMs        []VM        `json:"vms,omitempty"`
	// Hidden VM folders (paths): our account may not see them nor what is in them.
	HiddenFolders []string `json:"hiddenFolders,omitempty"`
}

// Datastore of type NFS, NFS41, VMFS, vsan or VVOL.
type Datastore struct {
	Name          string   `json:"name"`
	Type          string   `json:"type"`
	NfsHost       string   `json:"nfsHost,omitempty"`
	NfsPath       string   `json:"nfsPath,omitempty"`
	URL           string   `json:"url,omitempty"`
	CapacityBytes int64    `json:"capacityBytes,omitempty"`
	FreeBytes     int64    `json:"freeBytes,omitempty"`
	Maintenance   string   `json:"maintenance,omitempty"` // normal, enteringMaintenance, inMaintenance
	Inaccessible  bool     `json:"inaccessible,omitempty"`
	Pod           string   `json:"pod,omitempty"`   // datastore cluster
	Hosts         []string `json:"hosts,omitempty"` // empty: all of the datacenter
	Tags          []string `json:"tags,omitempty"`
	Hidden        bool     `json:"hidden,omitempty"`
}

// Switch is a distributed switch.
type Switch struct {
	Name       string      `json:"name"`
	UUID       string      `json:"uuid,omitempty"`
	Mtu        int32       `json:"mtu,omitempty"`
	Default    *Vlan       `json:"default,omitempty"` // what port groups inherit
	Pvlans     []Pvlan     `json:"pvlans,omitempty"`
	Portgroups []Portgroup `json:"portgroups"`
	Hosts      []string    `json:"hosts,omitempty"` // empty: all of the datacenter
	Uplinks    []string    `json:"uplinks,omitempty"`
	Hidden     bool        `json:"hidden,omitempty"`
}

// Pvlan is one entry of the PVLAN map; Type is promiscuous, isolated or community.
type Pvlan struct {
	Primary   int32  `json:"primary"`
	Secondary int32  `json:"secondary"`
	Type      string `json:"type"`
}

// Portgroup of a distributed switch. Without Vlan the setting has no VLAN member at all.
type Portgroup struct {
	Name          string     `json:"name"`
	Vlan          *Vlan      `json:"vlan,omitempty"`
	Binding       string     `json:"binding,omitempty"` // earlyBinding (default), lateBinding, ephemeral
	Ports         int        `json:"ports,omitempty"`
	Uplink        bool       `json:"uplink,omitempty"`
	Backing       string     `json:"backing,omitempty"` // standard (default) or nsx
	LogicalSwitch string     `json:"logicalSwitch,omitempty"`
	Segment       string     `json:"segment,omitempty"`
	Overridable   bool       `json:"overridable,omitempty"`
	Overrides     []Override `json:"overrides,omitempty"`
	Allow         []string   `json:"allow,omitempty"` // promiscuous, forgedTransmits, macChanges
	Tags          []string   `json:"tags,omitempty"`
	Hidden        bool       `json:"hidden,omitempty"`
}

// Override is a port's own VLAN setting.
type Override struct {
	Port string `json:"port"`
	Vlan *Vlan  `json:"vlan"`
}

// Opaque is a network that something else than vCenter rules (NSX).
type Opaque struct {
	Name   string `json:"name"`
	ID     string `json:"id"`
	Type   string `json:"type,omitempty"`
	Hidden bool   `json:"hidden,omitempty"`
}

// Cluster with its hosts and resource pools.
type Cluster struct {
	Name   string   `json:"name"`
	Folder string   `json:"folder,omitempty"`
	Hosts  []Host   `json:"hosts,omitempty"`
	Pools  []Pool   `json:"pools,omitempty"`
	Drs    bool     `json:"drs,omitempty"`
	Ha     bool     `json:"ha,omitempty"`
	Tags   []string `json:"tags,omitempty"`
}

// Pool is a resource pool or, with VApp, a vApp (VMs in it have no parent folder).
type Pool struct {
	Name  string `json:"name"`
	VApp  bool   `json:"vapp,omitempty"`
	Pools []Pool `json:"pools,omitempty"`
}

// Host is an ESXi host with its standard switches.
type Host struct {
	Name        string    `json:"name"`
	Folder      string    `json:"folder,omitempty"`
	Connection  string    `json:"connection,omitempty"` // connected, disconnected, notResponding
	Maintenance bool      `json:"maintenance,omitempty"`
	Version     string    `json:"version,omitempty"`
	Cores       int16     `json:"cores,omitempty"`
	CPUMhz      int32     `json:"cpuMhz,omitempty"`
	MemoryBytes int64     `json:"memoryBytes,omitempty"`
	Vswitches   []Vswitch `json:"vswitches,omitempty"`
	Tags        []string  `json:"tags,omitempty"`
	Hidden      bool      `json:"hidden,omitempty"`
	NoRead      []string  `json:"noRead,omitempty"` // property prefixes without permission
}

// Vswitch is a standard switch.
type Vswitch struct {
	Name       string          `json:"name"`
	Mtu        int32           `json:"mtu,omitempty"`
	Uplinks    []string        `json:"uplinks,omitempty"` // vmnic0...
	Portgroups []HostPortgroup `json:"portgroups"`
}

// HostPortgroup is a port group of a standard switch; VLAN 0 is none, 4095 all.
type HostPortgroup struct {
	Name  string   `json:"name"`
	Vlan  int32    `json:"vlan"`
	Allow []string `json:"allow,omitempty"` // promiscuous, forgedTransmits, macChanges
}

// VM is one virtual machine.
type VM struct {
	Name         string            `json:"name"`
	ID           string            `json:"id,omitempty"`     // MoRef value
	Folder       string            `json:"folder,omitempty"` // path below the datacenter's vm folder
	Host         string            `json:"host,omitempty"`
	Pool         string            `json:"pool,omitempty"` // path below the cluster's root pool
	UUID         string            `json:"uuid,omitempty"`
	InstanceUUID string            `json:"instanceUuid,omitempty"`
	Template     bool              `json:"template,omitempty"`
	Power        string            `json:"power,omitempty"`      // on (default), off, suspended
	Connection   string            `json:"connection,omitempty"` // connected (default), disconnected, orphaned, inaccessible, invalid
	GuestID      string            `json:"guestId,omitempty"`
	GuestName    string            `json:"guestName,omitempty"`
	Version      string            `json:"version,omitempty"`
	Firmware     string            `json:"firmware,omitempty"` // bios (default), efi
	SecureBoot   *bool             `json:"secureBoot,omitempty"`
	CPUs         int32             `json:"cpus,omitempty"`
	Cores        int32             `json:"cores,omitempty"` // per socket
	MemoryMB     int32             `json:"memoryMB,omitempty"`
	CPUReserve   int64             `json:"cpuReservationMhz,omitempty"`
	CPULimit     int64             `json:"cpuLimitMhz,omitempty"` // 0: none
	MemReserve   int64             `json:"memoryReservationMB,omitempty"`
	ManagedBy    string            `json:"managedBy,omitempty"` // extension key
	Annotation   string            `json:"annotation,omitempty"`
	Path         string            `json:"path,omitempty"`           // of the .vmx
	Tracking     *bool             `json:"changeTracking,omitempty"` // CBT
	KeyID        string            `json:"keyId,omitempty"`          // encrypted home
	FT           string            `json:"ft,omitempty"`             // primary, secondary
	Question     string            `json:"question,omitempty"`
	Consolidate  bool              `json:"consolidationNeeded,omitempty"`
	Custom       map[string]string `json:"custom,omitempty"`
	Tags         []string          `json:"tags,omitempty"`
	Snapshots    []Snapshot        `json:"snapshots,omitempty"`
	Tools        string            `json:"tools,omitempty"` // toolsOk, toolsOld, toolsNotRunning, toolsNotInstalled
	HostName     string            `json:"hostname,omitempty"`
	Controllers  map[string]string `json:"controllers,omitempty"` // "pvscsi:1" -> bus sharing
	Disks        []Disk            `json:"disks,omitempty"`
	Nics         []Nic             `json:"nics,omitempty"`
	Cdrom        *Cdrom            `json:"cdrom,omitempty"`
	Devices      []string          `json:"devices,omitempty"` // see otherDevices
	Ovf          bool              `json:"ovf,omitempty"`     // has vApp options (OVF properties)
	ExtraConfig  int               `json:"extraConfig,omitempty"`
	Disabled     []string          `json:"disabledMethods,omitempty"` // as a running backup leaves them
	Tasks        []string          `json:"tasks,omitempty"`           // running, by descriptionId
	NoConfig     bool              `json:"noConfig,omitempty"`        // config and guest are unset
	NoRead       []string          `json:"noRead,omitempty"`          // property prefixes without permission
	Hidden       bool              `json:"hidden,omitempty"`          // our account does not see it
	Gone         bool              `json:"gone,omitempty"`            // vanishes between listing and reading
}

// Snapshot and what was taken on top of it.
type Snapshot struct {
	Name     string     `json:"name"`
	Children []Snapshot `json:"children,omitempty"`
}

// Disk of a VM. Backing: flat (default), sesparse, sparse, rdm, rdm-physical, pmem, future, none.
type Disk struct {
	Controller string `json:"controller,omitempty"` // type:bus, default lsilogic:0
	Unit       *int32 `json:"unit,omitempty"`
	Bytes      int64  `json:"bytes"`
	Backing    string `json:"backing,omitempty"`
	Datastore  string `json:"datastore,omitempty"`
	Path       string `json:"path,omitempty"` // whole, with [datastore]
	Mode       string `json:"mode,omitempty"` // persistent (default), independent_persistent...
	Sharing    string `json:"sharing,omitempty"`
	Thin       bool   `json:"thin,omitempty"`
	KeyID      string `json:"keyId,omitempty"`
	Parents    int    `json:"parents,omitempty"` // length of the chain below
	UUID       string `json:"uuid,omitempty"`
}

// Nic of a VM. With Switch the network is a distributed port group's name; Opaque is an id; else
// the name of a standard port group (one that no host has is a stale name).
type Nic struct {
	Type       string   `json:"type,omitempty"` // vmxnet3 (default), e1000... see nicTypes
	Network    string   `json:"network,omitempty"`
	Switch     string   `json:"switch,omitempty"`
	Port       string   `json:"port,omitempty"`
	Opaque     string   `json:"opaque,omitempty"`
	NoBacking  bool     `json:"noBacking,omitempty"`
	Mac        string   `json:"mac,omitempty"`
	MacType    string   `json:"macType,omitempty"` // assigned (default), generated, manual
	Unplugged  bool     `json:"unplugged,omitempty"`
	IPs        []string `json:"ips,omitempty"`        // ADDRESS/PREFIX
	GuestMatch string   `json:"guestMatch,omitempty"` // key (default), mac: how guest.net names it
}

// Cdrom is an ISO file, or else the client's drive.
type Cdrom struct {
	Iso       string `json:"iso,omitempty"`
	Connected bool   `json:"connected,omitempty"`
}

// Vlan in JSON: 10, {"trunk": [[100,199],[300,300]]}, {"pvlan": 901}, {"inherited": 5} (the value
// that is shown), "inherited" (shows the switch's own).
type Vlan struct {
	ID        int32
	Trunk     [][2]int32
	Pvlan     int32
	Inherited bool
	Shown     bool // Inherited, and ID says what is shown
}

// UnmarshalJSON reads the forms above.
func (v *Vlan) UnmarshalJSON(text []byte) error {
	if json.Unmarshal(text, &v.ID) == nil {
		return nil
	}
	var word string
	if json.Unmarshal(text, &word) == nil {
		v.Inherited = true
		if word != "inherited" {
			return fmt.Errorf("vlan '%s' is not known", word)
		}
		return nil
	}
	var form struct {
		Trunk     [][2]int32 `json:"trunk"`
		Pvlan     int32      `json:"pvlan"`
		Inherited *int32     `json:"inherited"`
	}
	if err := json.Unmarshal(text, &form); err != nil {
		return err
	}
	v.Trunk, v.Pvlan = form.Trunk, form.Pvlan
	if form.Inherited != nil {
		v.ID, v.Inherited, v.Shown = *form.Inherited, true, true
	}
	return nil
}

// MarshalJSON writes the forms above.
func (v Vlan) MarshalJSON() ([]byte, error) {
	switch {
	case v.Trunk != nil:
		return json.Marshal(map[string]interface{}{"trunk": v.Trunk})
	case v.Pvlan != 0:
		return json.Marshal(map[string]interface{}{"pvlan": v.Pvlan})
	case v.Shown:
		return json.Marshal(map[string]interface{}{"inherited": v.ID})
	case v.Inherited:
		return json.Marshal("inherited")
	}
	return json.Marshal(v.ID)
}

func loadEstate(file string) (*Estate, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in := json.NewDecoder(f)
	in.DisallowUnknownFields()
	estate := &Estate{}
	if err := in.Decode(estate); err != nil {
		return nil, fmt.Errorf("%s: %v", file, err)
	}
	return estate, nil
}

func saveEstate(file string, estate *Estate) error {
	text, err := json.MarshalIndent(estate, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0644)
}
