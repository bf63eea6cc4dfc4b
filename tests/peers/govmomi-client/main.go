// SPDX-License-Identifier: Apache-2.0

// govmomi-client reads the inventory of a vCenter with govmomi the way a careful Go program would
// (container views, paged property collector) and writes the same facts as vm-ingest discover does,
// one JSON object a line. make bench measures both in one run. At the end it prints its own
// CPU seconds and peak memory.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/view"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// What is read of each VM.
var vmPaths = []string{"name", "parent", "parentVApp", "resourcePool", "customValue", "recentTask",
	"config.uuid", "config.instanceUuid", "config.template", "config.guestId", "config.guestFullName", "config.version",
	"config.firmware", "config.bootOptions", "config.annotation", "config.hardware.numCPU", "config.hardware.numCoresPerSocket",
	"config.hardware.memoryMB", "config.hardware.device", "config.changeTrackingEnabled", "config.keyId",
	"config.managedBy", "resourceConfig.cpuAllocation", "resourceConfig.memoryAllocation",
	"guest.net", "guest.toolsStatus", "guest.toolsRunningStatus", "guest.hostName",
	"runtime.powerState", "runtime.connectionState", "runtime.host", "runtime.bootTime", "runtime.question", "runtime.consolidationNeeded",
	"runtime.faultToleranceState",
	"snapshot", "summary.storage"}

type reader struct {
	ctx    context.Context
	client *vim25.Client
	views  *view.Manager
	out    *json.Encoder
	page   int32
	infra  infrastructure
	vms    int
}

func login(ctx context.Context, address, ca, user, password string) (*govmomi.Client, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	transport := soap.NewClient(u, false)
	if ca != "" {
		if err := transport.SetRootCAs(ca); err != nil {
			return nil, err
		}
	}
	client, err := vim25.NewClient(ctx, transport)
	if err != nil {
		return nil, err
	}
	c := &govmomi.Client{Client: client, SessionManager: session.NewManager(client)}
	return c, c.Login(ctx, url.UserPassword(user, password))
}

// pages calls use with the objects of each page.
func (r *reader) pages(kind string, paths []string, use func([]types.ObjectContent) error) error {
	v, err := r.views.CreateContainerView(r.ctx, r.client.ServiceContent.RootFolder, []string{kind}, true)
	if err != nil {
		return err
	}
	defer func() { _ = v.Destroy(r.ctx) }()
	collector := r.client.ServiceContent.PropertyCollector
	yes, no := true, false
	answer, err := methods.RetrievePropertiesEx(r.ctx, r.client, &types.RetrievePropertiesEx{This: collector,
		Options: types.RetrieveOptions{MaxObjects: r.page},
		SpecSet: []types.PropertyFilterSpec{{PropSet: []types.PropertySpec{{Type: kind, PathSet: paths}},
			ObjectSet: []types.ObjectSpec{{Obj: v.Reference(), Skip: &yes,
				SelectSet: []types.BaseSelectionSpec{&types.TraversalSpec{Type: "ContainerView", Path: "view", Skip: &no}}}}}}})
	if err != nil || answer.Returnval == nil {
		return err
	}
	result := *answer.Returnval
	for {
		if err := use(result.Objects); err != nil || result.Token == "" {
			return err
		}
		next, err := methods.ContinueRetrievePropertiesEx(r.ctx, r.client, &types.ContinueRetrievePropertiesEx{This: collector, Token: result.Token})
		if err != nil {
			return err
		}
		result = next.Returnval
	}
}

func (r *reader) all(kind string, paths []string, list interface{}) error {
	var objects []types.ObjectContent
	err := r.pages(kind, paths, func(page []types.ObjectContent) error {
		objects = append(objects, page...)
		return nil
	})
	if err != nil {
		return err
	}
	return mo.LoadObjectContent(objects, list)
}

func (r *reader) run() error {
	if err := r.readInfrastructure(); err != nil {
		return err
	}
	return r.pages("VirtualMachine", vmPaths, func(objects []types.ObjectContent) error {
		var vms []mo.VirtualMachine
		if err := mo.LoadObjectContent(objects, &vms); err != nil {
			return err
		}
		for i := range vms {
			r.vms++
			if err := r.out.Encode(map[string]interface{}{"instance": r.instance(&vms[i])}); err != nil {
				return err
			}
		}
		return nil
	})
}

func used() (seconds float64, kib int64) {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6, u.Maxrss
}

func run() error {
	address := flag.String("url", "", "`URL` of the vCenter")
	ca := flag.String("ca", "", "certificate to trust, PEM `file`")
	out := flag.String("out", "/dev/null", "write the facts to this `file`")
	user := flag.String("username", "admin@vsphere.local", "user `name`")
	passwordFile := flag.String("password-file", "", "`file` with the password (default: 'pass')")
	page := flag.Int("page", 500, "objects a page")
	flag.Parse()
	password := "pass"
	if *passwordFile != "" {
		text, err := os.ReadFile(*passwordFile)
		if err != nil {
			return err
		}
		password = strings.TrimRight(string(text), "\r\n")
	}
	began := time.Now()
	ctx := context.Background()
	c, err := login(ctx, *address, *ca, *user, password)
	if err != nil {
		return err
	}
	defer func() { _ = c.Logout(ctx) }()
	file, err := os.Create(*out)
	if err != nil {
		return err
	}
	defer file.Close()
	buffer := bufio.NewWriter(file)
	r := &reader{ctx: ctx, client: c.Client, views: view.NewManager(c.Client), out: json.NewEncoder(buffer), page: int32(*page)}
	if err := r.run(); err != nil {
		return err
	}
	if err := buffer.Flush(); err != nil {
		return err
	}
	seconds, kib := used()
	fmt.Printf("vms %d cpu_s %.3f rss_kib %d wall_s %.3f\n", r.vms, seconds, kib, time.Since(began).Seconds())
	return nil
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "govmomi-client: %v\n", err)
		os.Exit(1)
	}
}
