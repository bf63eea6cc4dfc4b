// SPDX-License-Identifier: Apache-2.0

// govc-json saves what a vCenter has as govc prints it with -json: virtual machines, hosts and
// datastores as vm.info, host.info and datastore.info do, networks as ls does, the rest as collect
// does. Debian has the library of govc, not the command; the forms are those of govc 0.30 and newer
// ("_typeName" where the type is not the declared one), or with -old those before it.
package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/view"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// encode writes a value with the names of the API.
func encode(out *bytes.Buffer, v reflect.Value, declared bool) {
	for v.Kind() == reflect.Ptr || v.Kind() == reflect.Interface {
		if v.IsNil() {
			out.WriteString("null")
			return
		}
		declared = declared && v.Kind() == reflect.Ptr
		v = v.Elem()
	}
	switch {
	case v.Type() == reflect.TypeOf(time.Time{}):
		encodePlain(out, v.Interface())
	case v.Kind() == reflect.Struct:
		encodeStruct(out, v, declared)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		encodePlain(out, base64.StdEncoding.EncodeToString(v.Bytes()))
	case v.Kind() == reflect.Slice:
		out.WriteByte('[')
		for i := 0; i < v.Len(); i++ {
			if i > 0 {
				out.WriteByte(',')
			}
			encode(out, v.Index(i), v.Type().Elem().Kind() != reflect.Interface)
		}
		out.WriteByte(']')
	case !declared:
		fmt.Fprintf(out, `{"_typeName":%q,"_value":`, v.Type().Name())
		encodePlain(out, v.Interface())
		out.WriteByte('}')
	default:
		encodePlain(out, v.Interface())
	}
}

func encodePlain(out *bytes.Buffer, value interface{}) {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	out.Write(text)
}

func encodeStruct(out *bytes.Buffer, v reflect.Value, declared bool) {
	name := v.Type().Name()
	separator := ""
	out.WriteByte('{')
	if !declared {
		fmt.Fprintf(out, `"_typeName":%q`, name)
		separator = ","
	}
	if strings.HasPrefix(name, "ArrayOf") {
		fmt.Fprintf(out, `%s"_value":`, separator)
		encode(out, v.Field(0), true)
	} else {
		encodeFields(out, v, map[string]bool{}, &separator)
	}
	out.WriteByte('}')
}

func isUnset(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Ptr, reflect.Interface, reflect.Slice:
		return v.IsNil()
	}
	return false
}

// encodeFields writes a struct's own fields, then those of the structs in it; an outer name hides an inner one.
func encodeFields(out *bytes.Buffer, v reflect.Value, seen map[string]bool, separator *string) {
	var embedded []reflect.Value
	for i := 0; i < v.NumField(); i++ {
		field := v.Type().Field(i)
		if field.Anonymous && field.Type.Kind() == reflect.Struct {
			embedded = append(embedded, v.Field(i))
			continue
		}
		tag := field.Tag.Get("mo")
		if tag == "" {
			tag = field.Tag.Get("xml")
		}
		name := strings.Split(tag, ",")[0]
		if name == "" {
			name = strings.ToLower(field.Name[:1]) + field.Name[1:]
		}
		isOptional := strings.Contains(tag, ",omitempty")
		if isUnset(v.Field(i)) || isOptional && v.Field(i).IsZero() || field.PkgPath != "" || seen[name] {
			continue
		}
		seen[name] = true
		fmt.Fprintf(out, "%s%q:", *separator, name)
		encode(out, v.Field(i), field.Type.Kind() != reflect.Interface)
		*separator = ","
	}
	for _, inner := range embedded {
		encodeFields(out, inner, seen, separator)
	}
}

type saver struct {
	ctx    context.Context
	client *vim25.Client
	folder string
	old    bool
}

func (s *saver) write(name string, text []byte) error {
	return os.WriteFile(filepath.Join(s.folder, name), append(text, '\n'), 0o644)
}

// marshal writes an object as the chosen govc does.
func (s *saver) marshal(value interface{}) []byte {
	if s.old {
		text, err := json.Marshal(value)
		if err != nil {
			panic(err)
		}
		return text
	}
	var out bytes.Buffer
	encode(&out, reflect.ValueOf(value), true)
	return out.Bytes()
}

func (s *saver) refs(kind string) ([]types.ManagedObjectReference, error) {
	v, err := view.NewManager(s.client).CreateContainerView(s.ctx, s.client.ServiceContent.RootFolder, []string{kind}, true)
	if err != nil {
		return nil, err
	}
	defer func() { _ = v.Destroy(s.ctx) }()
	return v.Find(s.ctx, []string{kind}, property.Filter{})
}

// objects are all of a kind; without paths with all of their properties.
func (s *saver) objects(kind string, paths []string) ([]types.ObjectContent, error) {
	refs, err := s.refs(kind)
	if err != nil || len(refs) == 0 {
		return nil, err
	}
	var contents []types.ObjectContent
	for _, ref := range refs {
		spec := types.PropertySpec{Type: ref.Type, PathSet: paths}
		if paths == nil {
			yes := true
			spec.All = &yes
		}
		res, err := property.DefaultCollector(s.client).RetrieveProperties(s.ctx, types.RetrieveProperties{SpecSet: []types.PropertyFilterSpec{
			{PropSet: []types.PropertySpec{spec}, ObjectSet: []types.ObjectSpec{{Obj: ref}}}}})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", ref, err)
		}
		for _, content := range res.Returnval {
			content.MissingSet = nil // what the account may not read is not there
			contents = append(contents, content)
		}
	}
	return contents, nil
}

func (s *saver) whole(kind string) ([]interface{}, error) {
	contents, err := s.objects(kind, nil)
	var list []interface{}
	for _, content := range contents {
		object, err := mo.ObjectContentToType(content)
		if err != nil {
			return nil, err
		}
		list = append(list, object)
	}
	return list, err
}

// info is {"virtualMachines": [...]}.
func (s *saver) info(file, kind, member string) error {
	list, err := s.whole(kind)
	if err != nil {
		return err
	}
	if s.old {
		member = strings.ToUpper(member[:1]) + member[1:]
	}
	out := bytes.NewBufferString(fmt.Sprintf("{%q:[", member))
	for i, object := range list {
		if i > 0 {
			out.WriteByte(',')
		}
		out.Write(s.marshal(object))
	}
	out.WriteString("]}")
	return s.write(file, out.Bytes())
}

// ls is {"elements": [{"object": ..., "path": ...}]}.
func (s *saver) ls(file string, kinds ...string) error {
	out := bytes.NewBufferString(`{"elements":[`)
	separator := ""
	for _, kind := range kinds {
		list, err := s.whole(kind)
		if err != nil {
			return err
		}
		for _, object := range list {
			fmt.Fprintf(out, `%s{"object":%s,"path":"/x"}`, separator, s.marshal(object))
			separator = ","
		}
	}
	out.WriteString("]}")
	return s.write(file, out.Bytes())
}

// collect is one {"kind": "enter", "obj": ..., "changeSet": [...]} after the other.
func (s *saver) collect(file string, paths []string, kinds ...string) error {
	var out bytes.Buffer
	for _, kind := range kinds {
		contents, err := s.objects(kind, paths)
		if err != nil {
			return err
		}
		for _, content := range contents {
			update := types.ObjectUpdate{Kind: types.ObjectUpdateKindEnter, Obj: content.Obj}
			for _, p := range content.PropSet {
				update.ChangeSet = append(update.ChangeSet, types.PropertyChange{Name: p.Name, Op: types.PropertyChangeOpAssign, Val: p.Val})
			}
			out.Write(s.marshal(update))
			out.WriteByte('\n')
		}
	}
	return s.write(file, out.Bytes())
}

// single is collect -o: one object with its reference.
func (s *saver) single(file string, ref types.ManagedObjectReference) error {
	yes := true
	res, err := property.DefaultCollector(s.client).RetrieveProperties(s.ctx, types.RetrieveProperties{SpecSet: []types.PropertyFilterSpec{
		{PropSet: []types.PropertySpec{{Type: ref.Type, All: &yes}}, ObjectSet: []types.ObjectSpec{{Obj: ref}}}}})
	if err != nil || len(res.Returnval) != 1 {
		return err
	}
	object, err := mo.ObjectContentToType(res.Returnval[0])
	if err != nil {
		return err
	}
	return s.write(file, s.marshal(object))
}

func (s *saver) about() error {
	out := bytes.NewBufferString(`{"about":`)
	out.Write(s.marshal(s.client.ServiceContent.About))
	out.WriteByte('}')
	return s.write("about.json", out.Bytes())
}

func (s *saver) save() error {
	names := []string{"name", "parent"}
	steps := []func() error{
		s.about,
		func() error { return s.info("vms.json", "VirtualMachine", "virtualMachines") },
		func() error { return s.info("hosts.json", "HostSystem", "hostSystems") },
		func() error { return s.info("datastores.json", "Datastore", "datastores") },
		func() error { return s.ls("networks.json", "Network", "DistributedVirtualSwitch") },
		func() error { return s.collect("tree.json", names, "Datacenter", "Folder", "ResourcePool") },
		func() error {
			return s.collect("clusters.json", []string{"name", "parent", "configurationEx"}, "ComputeResource")
		},
		func() error { return s.single("root.json", s.client.ServiceContent.RootFolder) },
		func() error { return s.single("fields.json", *s.client.ServiceContent.CustomFieldsManager) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func run() error {
	address := flag.String("url", "", "`URL` of the vCenter")
	ca := flag.String("ca", "", "certificate to trust, PEM `file`")
	folder := flag.String("out", ".", "write the files into this `folder`")
	old := flag.Bool("old", false, "as govc before 0.30 wrote them")
	user := flag.String("username", "admin@vsphere.local", "user `name`")
	flag.Parse()
	u, err := url.Parse(*address)
	if err != nil {
		return err
	}
	transport := soap.NewClient(u, false)
	if err := transport.SetRootCAs(*ca); err != nil {
		return err
	}
	ctx := context.Background()
	client, err := vim25.NewClient(ctx, transport)
	if err != nil {
		return err
	}
	c := &govmomi.Client{Client: client, SessionManager: session.NewManager(client)}
	if err := c.Login(ctx, url.UserPassword(*user, "pass")); err != nil {
		return err
	}
	defer func() { _ = c.Logout(ctx) }()
	return (&saver{ctx: ctx, client: client, folder: *folder, old: *old}).save()
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "govc-json: %v\n", err)
		os.Exit(1)
	}
}
