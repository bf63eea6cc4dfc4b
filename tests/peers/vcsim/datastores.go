// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

func (b *builder) datastores(d *dcBuild, in []Datastore, folder *mo.Folder) error {
	for i := range in {
		if err := b.datastore(d, &in[i], folder); err != nil {
			return fmt.Errorf("datastore '%s': %v", in[i].Name, err)
		}
	}
	return nil
}

func (b *builder) datastore(d *dcBuild, in *Datastore, folder *mo.Folder) error {
	parent := folder
	if in.Pod != "" {
		parent = b.pod(d, in.Pod, folder)
	}
	ds := &mo.Datastore{}
	ds.Self = b.id("Datastore", "datastore")
	ds.Name = in.Name
	ds.Parent = refOf(parent.Self)
	url := in.URL
	if url == "" {
		url = "ds:///vmfs/volumes/" + stableUUID("datastore", d.path, in.Name) + "/"
	}
	capacity, free := in.CapacityBytes, in.FreeBytes
	if capacity == 0 {
		capacity, free = 4<<40, 1<<40
	}
	ds.Summary = types.DatastoreSummary{Datastore: refOf(ds.Self), Name: in.Name, Url: url, Capacity: capacity, FreeSpace: free,
		Accessible: !in.Inaccessible, Type: in.Type, MaintenanceMode: orDefault(in.Maintenance, "normal"), MultipleHostAccess: types.NewBool(true)}
	ds.Info = datastoreInfo(in, url, capacity, free)
	hosts := in.Hosts
	if len(hosts) == 0 {
		hosts = d.hostOrder
	}
	for _, name := range hosts {
		h := d.hosts[name]
		if h == nil {
			return fmt.Errorf("there is no host '%s'", name)
		}
		up := types.NewBool(!in.Inaccessible)
		h.host.Datastore = append(h.host.Datastore, ds.Self)
		ds.Host = append(ds.Host, types.DatastoreHostMount{Key: h.host.Self,
			MountInfo: types.HostMountInfo{Path: url, AccessMode: "readWrite", Mounted: up, Accessible: up}})
	}
	d.datastores[in.Name] = ds
	if in.Hidden {
		d.missing[ds.Self] = true
		return nil
	}
	parent.ChildEntity = append(parent.ChildEntity, ds.Self)
	d.dc.Datastore = append(d.dc.Datastore, ds.Self)
	simulator.Map.Put(ds)
	return b.tag(ds.Self, in.Tags)
}

// pod makes a datastore cluster. To the simulator it is a folder of another name: its views do not
// look into its own StoragePod type.
func (b *builder) pod(d *dcBuild, name string, folder *mo.Folder) *mo.Folder {
	if p := d.pods[name]; p != nil {
		return p
	}
	p := &mo.Folder{ChildType: []string{"Datastore"}}
	p.Self = b.id("StoragePod", "group-p")
	p.Name = name
	p.Parent = refOf(folder.Self)
	folder.ChildEntity = append(folder.ChildEntity, p.Self)
	simulator.Map.Put(p)
	d.pods[name] = p
	return p
}

func datastoreInfo(in *Datastore, url string, capacity, free int64) types.BaseDatastoreInfo {
	info := types.DatastoreInfo{Name: in.Name, Url: url, FreeSpace: free, MaxFileSize: 62 << 40}
	volume := types.HostFileSystemVolume{Type: in.Type, Name: in.Name, Capacity: capacity}
	switch in.Type {
	case "NFS", "NFS41":
		nas := &types.HostNasVolume{HostFileSystemVolume: volume, RemoteHost: in.NfsHost, RemotePath: in.NfsPath, UserName: ""}
		if in.Type == "NFS41" {
			nas.RemoteHostNames = []string{in.NfsHost}
			nas.SecurityType = "AUTH_SYS"
		}
		return &types.NasDatastoreInfo{DatastoreInfo: info, Nas: nas}
	case "VMFS":
		return &types.VmfsDatastoreInfo{DatastoreInfo: info, Vmfs: &types.HostVmfsVolume{HostFileSystemVolume: volume, BlockSizeMb: 1,
			MaxBlocks: 63963136, MajorVersion: 6, Version: "6.82", Uuid: stableUUID("vmfs", url), Local: types.NewBool(false)}}
	case "vsan":
		return &types.VsanDatastoreInfo{DatastoreInfo: info, MembershipUuid: stableUUID("vsan", url)}
	}
	return &info
}
