// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"peers/peerkit"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// front stands between the network and the simulator: counts calls, delays, breaks answers on
// demand, records, compresses.
type front struct {
	next   http.Handler
	tags   *tagService
	delay  time.Duration
	gzip   bool
	record string

	mutex     sync.Mutex
	calls     map[string]int
	total     int
	before    map[string]int // calls before the first answer with VMs
	restCalls int
	logins    int
	logouts   int
	fault     *faultPlan
}

func (f *front) register(mux *http.ServeMux) {
	mux.HandleFunc("/sdk", f.soap)
	mux.HandleFunc("/sdk/", f.soap)
	mux.HandleFunc("/counters", f.counters)
	mux.HandleFunc("/fault", f.setFault)
	mux.HandleFunc("/change", f.change)
}

func (f *front) soap(w http.ResponseWriter, r *http.Request) {
	request, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 16<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	method := peerkit.SoapMethod(request)
	if r.Method == http.MethodPost {
		f.mutex.Lock()
		f.calls[method]++
		f.total++
		f.mutex.Unlock()
	}
	time.Sleep(f.delay)
	if fault := f.pick(method, nil); fault != "" && f.faultBefore(w, r, fault) {
		return
	}
	if fault := refusedVersion(r.Header.Get("SOAPAction")); fault != "" {
		peerkit.Send(w, r, http.StatusInternalServerError, []byte(fault), false)
		return
	}
	inner := r.Clone(r.Context())
	inner.Body = io.NopCloser(bytes.NewReader(request))
	inner.Header.Set("User-Agent", r.Header.Get("SOAPAction")) // the session shows it to the collector
	answer := httptest.NewRecorder()
	f.next.ServeHTTP(answer, inner)
	f.countSession(method, answer.Code)
	body := asVcenterWrites(answer.Body.Bytes())
	f.noteInstances(body)
	if answer.Code == http.StatusOK {
		if fault := f.pick(method, body); fault != "" && breakAnswer(w, fault, body) {
			return
		}
	}
	quoteCookie(answer.Header())
	if f.record != "" && r.Method == http.MethodPost {
		peerkit.Record(f.record, request, answer.Code, answer.Header().Get("Set-Cookie"), body)
	}
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	peerkit.Send(w, r, answer.Code, body, f.gzip)
}

// asVcenterWrites gives xsi:type its usual prefix, declared on the envelope; Go's encoder invents one
// and declares it on each value. Quotes in texts are escaped, so only attributes are touched.
func asVcenterWrites(body []byte) []byte {
	body = bytes.ReplaceAll(body, []byte(` xmlns:XMLSchema-instance="http://www.w3.org/2001/XMLSchema-instance"`), nil)
	return bytes.ReplaceAll(body, []byte(` XMLSchema-instance:type="`), []byte(` xsi:type="`))
}

// noteInstances keeps the counts as they were before the call that first brought a VM.
func (f *front) noteInstances(body []byte) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.before != nil || !bytes.Contains(body, []byte(defaultFaultIn)) {
		return
	}
	f.before = map[string]int{}
	for method, n := range f.calls {
		f.before[method] = n
	}
	f.before["RetrievePropertiesEx"]--
}

// quoteCookie writes the session cookie as a vCenter does; clients must give it back as it is.
func quoteCookie(header http.Header) {
	name, value, found := strings.Cut(header.Get("Set-Cookie"), "=")
	if found {
		value, _, _ = strings.Cut(value, ";")
		header.Set("Set-Cookie", name+`="`+value+`"; Path=/; HttpOnly; Secure;`)
	}
}

func (f *front) countSession(method string, status int) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if status == http.StatusOK && strings.HasPrefix(method, "Login") {
		f.logins++
	}
	if status == http.StatusOK && method == "Logout" {
		f.logouts++
	}
}

// sessions are the keys of the sessions that the simulator holds now.
func sessions() []string {
	own := &simulator.Session{Registry: simulator.NewRegistry()}
	manager := own.Get(simulator.Map.SessionManager().Self).(*simulator.SessionManager)
	keys := []string{}
	for _, s := range manager.SessionList {
		keys = append(keys, s.Key)
	}
	return keys
}

// endSessions is what an idle time-out or an administrator does.
func endSessions() {
	ctx := &simulator.Context{Session: &simulator.Session{Registry: simulator.NewRegistry()}, Map: simulator.Map}
	simulator.Map.SessionManager().TerminateSession(ctx, &types.TerminateSession{SessionId: sessions()})
}

// counters answers with what a test wants to prove: calls by method, sessions left open. POST sets
// the counts to zero.
func (f *front) counters(w http.ResponseWriter, r *http.Request) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if r.Method == http.MethodPost {
		f.calls, f.before, f.total, f.logins, f.logouts = map[string]int{}, nil, 0, 0, 0
	}
	f.tags.mutex.Lock()
	defer f.tags.mutex.Unlock()
	answer := map[string]interface{}{"calls": f.calls, "calls_before_instances": f.before, "total": f.total, "rest_calls": f.restCalls, "sessions_open": len(sessions()),
		"logins": f.logins, "logouts": f.logouts,
		"rest_sessions_open": len(f.tags.sessions), "rest_logins": f.tags.opened, "rest_logouts": f.tags.closed}
	w.Header().Set("Content-Type", "application/json")
	text, _ := json.MarshalIndent(answer, "", " ")
	fmt.Fprintf(w, "%s\n", text)
}

// counted counts REST calls.
func (f *front) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/rest/") || strings.HasPrefix(r.URL.Path, "/api/") {
			f.mutex.Lock()
			f.restCalls++
			f.mutex.Unlock()
			time.Sleep(f.delay)
		}
		next.ServeHTTP(w, r)
	})
}
