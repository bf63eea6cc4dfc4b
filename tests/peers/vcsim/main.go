// SPDX-License-Identifier: Apache-2.0

// vcsim is a simulated vCenter for tests: govmomi's simulator with an estate from a file or made up,
// over TLS, with what the simulator lacks (pages, ports, PVLAN, permissions, tags over REST) and
// faults on demand. See README.md beside this file.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"sort"
	"strings"
	"syscall"
	"time"

	"peers/peerkit"

	"github.com/vmware/govmomi/simulator"
)

type options struct {
	listen, cert, key, writeCA, names string
	user, passwordFile, apiVersion    string
	estate, dumpEstate, record        string
	vms, noPerm, maxPage              int
	fingerprint, noTags, strict, gzip bool
	delay, valid                      time.Duration
	stock                             string
	fault, faultOn, faultIn           string
	faultSkip, faultTimes             int
	verbose                           bool
}

func parseOptions() *options {
	o := &options{}
	flag.StringVar(&o.listen, "listen", "127.0.0.1:0", "TLS listen `address`")
	flag.StringVar(&o.cert, "cert", "", "certificate chain, PEM `file` (default: one made at start)")
	flag.StringVar(&o.key, "key", "", "its key, PEM `file`")
	flag.StringVar(&o.names, "cert-names", "localhost,127.0.0.1,::1", "`names` and addresses in the made certificate")
	flag.DurationVar(&o.valid, "cert-valid", 48*time.Hour, "how long the made certificate is valid; negative: it has expired")
	flag.StringVar(&o.writeCA, "write-ca", "", "write the certificate that clients must trust to this `file`")
	flag.BoolVar(&o.fingerprint, "fingerprint", false, "print the certificate's SHA-256 fingerprint")
	flag.StringVar(&o.user, "username", "admin@vsphere.local", "user `name`")
	flag.StringVar(&o.passwordFile, "password-file", "", "`file` with the password (default: the password is 'pass')")
	flag.StringVar(&o.apiVersion, "api-version", "", "API `version` (default: the estate's, or 8.0.2)")
	flag.StringVar(&o.estate, "estate", "", "estate `file`, JSON")
	flag.IntVar(&o.vms, "vms", 0, "make up an estate of `N` VMs")
	flag.StringVar(&o.stock, "stock", "", "govmomi's own `model` as it is, vpx or esx, with -vms VMs a pool")
	flag.StringVar(&o.dumpEstate, "dump-estate", "", "write the estate to this `file` and exit")
	flag.IntVar(&o.noPerm, "noperm", 0, "every `N`th VM reports config as NoPermission")
	flag.IntVar(&o.maxPage, "max-page", 0, "cap pages at `N` objects")
	flag.BoolVar(&o.noTags, "no-tags", false, "no tagging service: /rest and /api answer 404")
	flag.BoolVar(&o.strict, "strict", true, "refuse property paths that a vCenter refuses")
	flag.BoolVar(&o.gzip, "gzip", true, "compress answers when asked")
	flag.DurationVar(&o.delay, "delay", 0, "wait before each answer")
	flag.StringVar(&o.fault, "fault", "", "break answers: `kind`, see faults.go")
	flag.StringVar(&o.faultOn, "fault-on", defaultFaultOn, "of SOAP methods that match this `regexp`")
	flag.StringVar(&o.faultIn, "fault-in", defaultFaultIn, "that hold this `text`")
	flag.IntVar(&o.faultSkip, "fault-skip", 0, "after `N` good ones")
	flag.IntVar(&o.faultTimes, "fault-times", 0, "`N` times only")
	flag.StringVar(&o.record, "record", "", "record calls and answers into this `directory`")
	flag.BoolVar(&o.verbose, "v", false, "let the simulator log")
	flag.Parse()
	return o
}

func password(file string) (string, error) {
	if file == "" {
		return "pass", nil
	}
	text, err := os.ReadFile(file)
	return strings.TrimRight(string(text), "\r\n"), err
}

func (o *options) loadEstate() (*Estate, error) {
	if o.estate != "" {
		return loadEstate(o.estate)
	}
	return generateEstate(o.vms), nil
}

// newModel is an empty vCenter that calls itself by the estate's names.
func newModel(estate *Estate, version string) (*simulator.Model, error) {
	model := simulator.VPX()
	model.Datacenter, model.Machine = 0, 0
	about := &model.ServiceContent.About
	about.ApiVersion = orDefault(version, orDefault(estate.About.APIVersion, "8.0.2.0"))
	about.Version = strings.Join(strings.SplitN(about.ApiVersion+".0.0", ".", 4)[:3], ".")
	about.Name = orDefault(estate.About.Name, "VMware vCenter Server")
	about.FullName = about.Name + " " + about.Version + " build-22385739"
	if err := model.Create(); err != nil {
		return nil, err
	}
	content := &simulator.Map.Get(ref{Type: "ServiceInstance", Value: "ServiceInstance"}).(*simulator.ServiceInstance).Content
	content.About.InstanceUuid = orDefault(estate.About.InstanceUUID, stableUUID("vcenter", about.Name))
	content.DvSwitchManager = refOf(newDvsManager().Self)
	return model, nil
}

func (o *options) rules(model *simulator.Model, b *builder) {
	collectorRules.noRead = b.noRead
	collectorRules.strict = o.strict
	collectorRules.version = model.ServiceContent.About.ApiVersion
	collectorRules.maxPage = int32(o.maxPage)
	if o.noPerm > 0 {
		vms := simulator.Map.All("VirtualMachine")
		sort.Slice(vms, func(i, j int) bool { return vms[i].Reference().Value < vms[j].Reference().Value })
		for i := 0; i < len(vms); i += o.noPerm {
			b.noRead[vms[i].Reference()] = []string{"config"}
		}
	}
	pc := &collector{}
	pc.Self = model.ServiceContent.PropertyCollector
	simulator.Map.Put(pc)
}

// stockModel is what govmomi's own vcsim serves: nothing of ours but the front.
func (o *options) stockModel() (*simulator.Model, error) {
	model := simulator.VPX()
	if o.stock == "esx" {
		model = simulator.ESX()
	} else if o.stock != "vpx" {
		return nil, fmt.Errorf("-stock is vpx or esx, not '%s'", o.stock)
	} else {
		model.Datacenter, model.Cluster, model.Pool, model.App, model.Folder = 2, 2, 1, 1, 1
		model.PortgroupNSX, model.OpaqueNetwork, model.Datastore = 1, 1, 2
	}
	if o.vms > 0 {
		model.Machine = o.vms
	}
	return model, model.Create()
}

func (o *options) ownModel(tags *tagService) (*simulator.Model, error) {
	estate, err := o.loadEstate()
	if err != nil {
		return nil, err
	}
	model, err := newModel(estate, o.apiVersion)
	if err != nil {
		return nil, err
	}
	b, err := buildEstate(model, estate, tags)
	if err != nil {
		return nil, err
	}
	o.rules(model, b)
	return model, nil
}

func (o *options) dump() error {
	estate, err := o.loadEstate()
	if err != nil {
		return err
	}
	return saveEstate(o.dumpEstate, estate)
}

func (o *options) serve() error {
	if o.dumpEstate != "" {
		return o.dump()
	}
	secret, err := password(o.passwordFile)
	if err != nil {
		return err
	}
	tags := newTagService(o.user, secret)
	var model *simulator.Model
	if o.stock != "" {
		model, err = o.stockModel()
	} else {
		model, err = o.ownModel(tags)
	}
	if err != nil {
		return err
	}
	defer model.Remove()
	model.Service.Listen = &url.URL{Host: "127.0.0.1:0", User: url.UserPassword(o.user, secret)}
	inner := model.Service.NewServer() // its own plain listener on loopback stays unused
	defer inner.Close()
	model.Service.Listen = &url.URL{User: url.UserPassword(o.user, secret)}
	f := &front{next: model.Service.ServeMux, tags: tags, delay: o.delay, gzip: o.gzip, record: o.record, calls: map[string]int{}}
	if f.fault, err = newFaultPlan(o.fault, o.faultOn, o.faultIn, o.faultSkip, o.faultTimes); err != nil {
		return err
	}
	mux := http.NewServeMux()
	f.register(mux)
	if !o.noTags {
		tags.register(mux)
	}
	server, err := peerkit.Listen(peerkit.TLSOptions{Address: o.listen, CertFile: o.cert, KeyFile: o.key, Names: o.names, WriteCA: o.writeCA, Valid: o.valid}, f.counted(mux))
	if err != nil {
		return err
	}
	fmt.Printf("listening on https://%s/sdk\n", server.Address)
	if o.fingerprint {
		fmt.Printf("fingerprint %s\n", server.Fingerprint)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	<-stop
	return nil
}

func main() {
	o := parseOptions()
	log.SetFlags(0)
	if !o.verbose {
		peerkit.QuietLog()
	}
	if err := o.serve(); err != nil {
		fmt.Fprintf(os.Stderr, "vcsim: %v\n", err)
		os.Exit(1)
	}
}
