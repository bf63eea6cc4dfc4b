// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// collectorRules hold for all sessions: each session has a collector of its own, made by reflection.
var collectorRules struct {
	noRead  map[ref][]string // property prefixes without permission
	strict  bool             // refuse paths that a vCenter refuses
	version string           // API version
	maxPage int32            // server side cap of a page, 0: none
}

// A vCenter cuts an answer at 100 objects if the client does not say maxObjects.
const defaultPage = 100

// tokens are counted over all sessions; the first is "0", which a vCenter too may send.
var nextToken int64 = -1

// collector is the property collector with what the simulator's own lacks: pages, permissions and
// the refusals of a vCenter.
type collector struct {
	simulator.PropertyCollector
	mutex sync.Mutex
	rest  map[string]pageRest
}

type pageRest struct {
	objects []types.ObjectContent
	size    int32
}

func (c *collector) page(objects []types.ObjectContent, size int32) ([]types.ObjectContent, string) {
	if cap := collectorRules.maxPage; cap > 0 && size > cap {
		size = cap
	}
	if len(objects) <= int(size) {
		return objects, ""
	}
	token := fmt.Sprint(atomic.AddInt64(&nextToken, 1))
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.rest == nil {
		c.rest = map[string]pageRest{}
	}
	c.rest[token] = pageRest{objects[size:], size}
	return objects[:size], token
}

func notAuthenticated(object ref) *soap.Fault {
	return simulator.Fault("The session is not authenticated.",
		&types.NotAuthenticated{NoPermission: types.NoPermission{Object: object, PrivilegeId: "System.View"}})
}

// RetrievePropertiesEx answers with the first page.
func (c *collector) RetrievePropertiesEx(ctx *simulator.Context, r *types.RetrievePropertiesEx) soap.HasFault {
	body := &methods.RetrievePropertiesExBody{}
	if ctx.Session == nil {
		body.Fault_ = notAuthenticated(c.Self)
		return body
	}
	if path := refusedPath(r.SpecSet, declaredVersion(ctx)); path != "" {
		body.Fault_ = simulator.Fault("A specified parameter was not correct: "+path, &types.InvalidProperty{Name: path})
		return body
	}
	body = c.PropertyCollector.RetrievePropertiesEx(ctx, r).(*methods.RetrievePropertiesExBody)
	if body.Res == nil || body.Res.Returnval == nil {
		return body
	}
	answer := body.Res.Returnval
	hideUnreadable(answer.Objects)
	if len(answer.Objects) == 0 {
		body.Res.Returnval = nil // a vCenter answers without returnval when nothing matches
		return body
	}
	size := r.Options.MaxObjects
	if size <= 0 {
		size = defaultPage
	}
	answer.Objects, answer.Token = c.page(answer.Objects, size)
	return body
}

// RetrieveProperties is the old call: everything in one answer.
func (c *collector) RetrieveProperties(ctx *simulator.Context, r *types.RetrieveProperties) soap.HasFault {
	body := &methods.RetrievePropertiesBody{}
	if ctx.Session == nil && !isServiceContent(r.SpecSet) {
		body.Fault_ = notAuthenticated(c.Self)
		return body
	}
	if path := refusedPath(r.SpecSet, declaredVersion(ctx)); path != "" {
		body.Fault_ = simulator.Fault("A specified parameter was not correct: "+path, &types.InvalidProperty{Name: path})
		return body
	}
	body = c.PropertyCollector.RetrieveProperties(ctx, r).(*methods.RetrievePropertiesBody)
	if body.Res != nil {
		hideUnreadable(body.Res.Returnval)
	}
	return body
}

func isServiceContent(specs []types.PropertyFilterSpec) bool {
	for _, s := range specs {
		for _, o := range s.ObjectSet {
			if o.Obj.Type != "ServiceInstance" && o.Obj.Type != "SessionManager" {
				return false
			}
		}
	}
	return true
}

// ContinueRetrievePropertiesEx answers with the next page; a token is good once, in its session.
func (c *collector) ContinueRetrievePropertiesEx(ctx *simulator.Context, r *types.ContinueRetrievePropertiesEx) soap.HasFault {
	body := &methods.ContinueRetrievePropertiesExBody{}
	c.mutex.Lock()
	rest, ok := c.rest[r.Token]
	delete(c.rest, r.Token)
	c.mutex.Unlock()
	if !ok {
		body.Fault_ = simulator.Fault("A specified parameter was not correct: token", &types.InvalidArgument{InvalidProperty: "token"})
		return body
	}
	objects, token := c.page(rest.objects, rest.size)
	body.Res = &types.ContinueRetrievePropertiesExResponse{Returnval: types.RetrieveResult{Token: token, Objects: objects}}
	return body
}

// CancelRetrievePropertiesEx forgets the pages that were not fetched.
func (c *collector) CancelRetrievePropertiesEx(ctx *simulator.Context, r *types.CancelRetrievePropertiesEx) soap.HasFault {
	c.mutex.Lock()
	delete(c.rest, r.Token)
	c.mutex.Unlock()
	return &methods.CancelRetrievePropertiesExBody{Res: &types.CancelRetrievePropertiesExResponse{}}
}

// hideUnreadable moves what our account may not read from propSet to missingSet.
func hideUnreadable(objects []types.ObjectContent) {
	for i := range objects {
		o := &objects[i]
		prefixes := collectorRules.noRead[o.Obj]
		if len(prefixes) == 0 {
			continue
		}
		var kept []types.DynamicProperty
		for _, p := range o.PropSet {
			if !underAny(p.Name, prefixes) {
				kept = append(kept, p)
				continue
			}
			o.MissingSet = append(o.MissingSet, types.MissingProperty{Path: p.Name, Fault: types.LocalizedMethodFault{
				Fault:            &types.NoPermission{Object: o.Obj, PrivilegeId: "System.Read"},
				LocalizedMessage: "Permission to perform this operation was denied."}})
		}
		o.PropSet = kept
	}
}

func underAny(path string, prefixes []string) bool {
	for _, p := range prefixes {
		if path == p || strings.HasPrefix(path, p+".") || p == "*" {
			return true
		}
	}
	return false
}
