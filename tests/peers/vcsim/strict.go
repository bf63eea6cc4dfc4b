// SPDX-License-Identifier: Apache-2.0

package main

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// The property paths of these types are checked as a vCenter does: against the declared types, so
// that a member of a subtype (config.defaultPortConfig.vlan) is InvalidProperty.
var checkedTypes = map[string]reflect.Type{
	"ClusterComputeResource":         reflect.TypeOf(mo.ClusterComputeResource{}),
	"ComputeResource":                reflect.TypeOf(mo.ComputeResource{}),
	"CustomFieldsManager":            reflect.TypeOf(mo.CustomFieldsManager{}),
	"Datacenter":                     reflect.TypeOf(mo.Datacenter{}),
	"Datastore":                      reflect.TypeOf(mo.Datastore{}),
	"DistributedVirtualPortgroup":    reflect.TypeOf(mo.DistributedVirtualPortgroup{}),
	"DistributedVirtualSwitch":       reflect.TypeOf(mo.DistributedVirtualSwitch{}),
	"Folder":                         reflect.TypeOf(mo.Folder{}),
	"HostSystem":                     reflect.TypeOf(mo.HostSystem{}),
	"ManagedEntity":                  reflect.TypeOf(mo.ManagedEntity{}),
	"Network":                        reflect.TypeOf(mo.Network{}),
	"OpaqueNetwork":                  reflect.TypeOf(mo.OpaqueNetwork{}),
	"ResourcePool":                   reflect.TypeOf(mo.ResourcePool{}),
	"StoragePod":                     reflect.TypeOf(mo.StoragePod{}),
	"Task":                           reflect.TypeOf(mo.Task{}),
	"VirtualApp":                     reflect.TypeOf(mo.VirtualApp{}),
	"VirtualMachine":                 reflect.TypeOf(mo.VirtualMachine{}),
	"VmwareDistributedVirtualSwitch": reflect.TypeOf(mo.VmwareDistributedVirtualSwitch{}),
}

// Paths that came later than API 6.7.
var pathsSince = map[string]string{
	"DistributedVirtualPortgroup config.backingType":       "7.0",
	"DistributedVirtualPortgroup config.logicalSwitchUuid": "7.0",
	"DistributedVirtualPortgroup config.segmentId":         "7.0",
	"DistributedVirtualPortgroup config.transportZoneUuid": "7.0",
	"VirtualMachine runtime.cryptoState":                   "7.0",
	"VirtualMachine config.sevEnabled":                     "7.0.1",
}

// refusedPath is the first path that the API of this version does not have, "" if none.
func refusedPath(specs []types.PropertyFilterSpec, version string) string {
	if !collectorRules.strict {
		return ""
	}
	for _, s := range specs {
		for _, p := range s.PropSet {
			kind, ok := checkedTypes[p.Type]
			for _, path := range p.PathSet {
				since := pathsSince[p.Type+" "+path]
				if ok && (!isPath(kind, path) || older(version, since)) {
					return path
				}
			}
		}
	}
	return ""
}

func isPath(kind reflect.Type, path string) bool {
	for _, name := range strings.Split(path, ".") {
		if i := strings.IndexByte(name, '['); i > 0 {
			name = name[:i]
		}
		kind = declared(kind)
		if name == "" || kind.Kind() != reflect.Struct {
			return false
		}
		field, ok := kind.FieldByName(strings.ToUpper(name[:1]) + name[1:])
		if !ok || field.Anonymous {
			return false
		}
		kind = field.Type
	}
	return true
}

// declared is the struct behind a pointer or behind an interface BaseX, whose declared type is X.
func declared(kind reflect.Type) reflect.Type {
	if kind.Kind() == reflect.Ptr {
		kind = kind.Elem()
	}
	if kind.Kind() == reflect.Interface {
		if t, ok := types.TypeFunc()(strings.TrimPrefix(kind.Name(), "Base")); ok {
			return t
		}
	}
	return kind
}

// declaredVersion is the API that the client speaks: what it declares by SOAPAction, at most ours.
func declaredVersion(ctx *simulator.Context) string {
	if ctx.Session == nil {
		return collectorRules.version
	}
	uri := strings.Trim(ctx.Session.UserAgent, `"`) // put there by the front
	version := strings.TrimPrefix(uri, "urn:vim25/")
	if version == uri || older(collectorRules.version, version) {
		return collectorRules.version
	}
	return version
}

// refusedVersion is the fault for a client that declares a later API than ours, "" if all is well.
func refusedVersion(action string) string {
	uri := strings.Trim(action, `"`)
	version := strings.TrimPrefix(uri, "urn:vim25/")
	if !collectorRules.strict || version == uri || !older(collectorRules.version, version) {
		return ""
	}
	text := "Unsupported version URI &quot;" + uri + "&quot;\n\nwhile parsing SOAP body\nat line 1, column 0"
	return soapFault("InvalidRequest", text, "")
}

// older compares dotted versions.
func older(have, need string) bool {
	if need == "" {
		return false
	}
	a, b := strings.Split(have, "."), strings.Split(need, ".")
	for i := range b {
		x := 0
		if i < len(a) {
			x, _ = strconv.Atoi(a[i])
		}
		if y, _ := strconv.Atoi(b[i]); x != y {
			return x < y
		}
	}
	return false
}
