// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"log"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// faultPlan says which answers to break, and how. Kinds:
//
//	truncated   half of the answer, then the connection ends
//	malformed   random bytes where a tag should be
//	endtag      three end tags have a wrong name
//	doctype     a DTD with an entity bomb
//	deep        two million nested elements
//	endless     one value without an end (6 GiB)
//	many        objects without an end (6 GiB)
//	gzipbomb    objects without an end, compressed (4 GiB in 12 MiB)
//	forever     each page has a token, the listing never ends
//	trickle     a byte every half second
//	stall       half of the answer, then silence
//	http503, html503, http404, empty
//	expired     the session is ended, NotAuthenticated
//	gone        ManagedObjectNotFound
//	nopermission, busy   NoPermission, a RuntimeFault of the server
type faultPlan struct {
	kind  string
	on    *regexp.Regexp // SOAP method
	in    string         // only answers that hold this text
	skip  int            // let so many pass
	times int            // break so many, 0: all
}

const (
	defaultFaultOn = "^(Continue)?RetrievePropertiesEx$"
	defaultFaultIn = `<obj type="VirtualMachine">`
)

// Kinds that answer in place of the simulator, before it is asked.
var beforeFaults = map[string]bool{"expired": true, "gone": true, "nopermission": true, "busy": true, "http503": true, "html503": true, "http404": true, "empty": true}

func isFault(kind string) bool {
	switch kind {
	case "truncated", "malformed", "endtag", "doctype", "deep", "endless", "many", "gzipbomb", "forever", "trickle", "stall":
		return true
	}
	return beforeFaults[kind]
}

func newFaultPlan(kind, on, in string, skip, times int) (*faultPlan, error) {
	if kind == "" || kind == "none" {
		return nil, nil
	}
	if !isFault(kind) {
		return nil, fmt.Errorf("fault '%s' is not known", kind)
	}
	re, err := regexp.Compile(orDefault(on, defaultFaultOn))
	if err != nil {
		return nil, err
	}
	return &faultPlan{kind, re, in, skip, times}, nil
}

// setFault: POST /fault?kind=...&on=...&in=...&skip=N&times=N changes the plan of a running server.
func (f *front) setFault(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	skip, _ := strconv.Atoi(q.Get("skip"))
	times, _ := strconv.Atoi(q.Get("times"))
	in := defaultFaultIn
	if q.Has("in") {
		in = q.Get("in")
	}
	plan, err := newFaultPlan(q.Get("kind"), q.Get("on"), in, skip, times)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	f.mutex.Lock()
	f.fault = plan
	f.mutex.Unlock()
}

// pick names the fault for this call, "" for none. It is asked twice: before the simulator, with no
// body, and after it.
func (f *front) pick(method string, body []byte) string {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	p := f.fault
	if p == nil || !p.on.MatchString(method) {
		return ""
	}
	before := beforeFaults[p.kind] || p.kind == "forever" && method == "ContinueRetrievePropertiesEx"
	if before != (body == nil) {
		return ""
	}
	if body != nil && p.in != "" && !bytes.Contains(body, []byte(p.in)) {
		return ""
	}
	if p.skip > 0 {
		p.skip--
		return ""
	}
	if p.times > 0 {
		if p.times--; p.times == 0 {
			f.fault = nil
		}
	}
	return p.kind
}

func soapFault(name, text, detail string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/" xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>` +
		text + `</faultstring><detail><` + name + `Fault xmlns="urn:vim25" xsi:type="` + name + `">` + detail + `</` + name + `Fault></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>`
}

// faultBefore answers in place of the simulator.
func (f *front) faultBefore(w http.ResponseWriter, r *http.Request, kind string) bool {
	status, body := http.StatusInternalServerError, ""
	switch kind {
	case "expired":
		endSessions()
		body = soapFault("NotAuthenticated", "The session is not authenticated.", `<object type="PropertyCollector">propertyCollector</object><privilegeId>System.View</privilegeId>`)
	case "gone":
		body = soapFault("ManagedObjectNotFound", "The object 'vim.VirtualMachine:vm-77' has already been deleted or has not been completely created", `<obj type="VirtualMachine">vm-77</obj>`)
	case "nopermission":
		body = soapFault("NoPermission", "Permission to perform this operation was denied.", `<object type="Folder">group-d1</object><privilegeId>System.View</privilegeId>`)
	case "busy":
		body = soapFault("SystemError", "A general system error occurred: too busy", `<reason>too busy</reason>`)
	case "html503":
		w.Header().Set("Content-Type", "text/html")
		status, body = http.StatusServiceUnavailable, "<html><body><h1>503 Service Unavailable</h1></body></html>"
	case "http503":
		status = http.StatusServiceUnavailable
	case "http404":
		status = http.StatusNotFound
	case "empty":
		status = http.StatusOK
	case "forever":
		status = http.StatusOK
		body = strings.Replace(answerHead, "<RetrieveP", "<ContinueRetrieveP", 1) + "<token>again</token>" + oneObject +
			"</returnval></ContinueRetrievePropertiesExResponse></e:Body></e:Envelope>"
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
	return true
}

const answerHead = `<?xml version="1.0"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><e:Body><RetrievePropertiesExResponse xmlns="urn:vim25"><returnval>`

const oneObject = `<objects><obj type="VirtualMachine">vm-1</obj><propSet><name>name</name><val xsi:type="xsd:string">x</val></propSet></objects>`

var tokenRE = regexp.MustCompile(`<returnval>(<token>[^<]*</token>)?`)

func entityBomb() string {
	dtd := `<!ENTITY a "aaaaaaaaaa">`
	for c := 'b'; c <= 'i'; c++ {
		dtd += fmt.Sprintf(`<!ENTITY %c "%s">`, c, strings.Repeat(fmt.Sprintf("&%c;", c-1), 10))
	}
	return strings.Replace(answerHead, `?>`, `?><!DOCTYPE l [`+dtd+`]>`, 1) + `<token>&i;&i;&i;</token></returnval></RetrievePropertiesExResponse></e:Body></e:Envelope>`
}

// breakAnswer sends a broken form of body; false if the kind is not one of these.
func breakAnswer(w http.ResponseWriter, kind string, body []byte) bool {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	send := func(text []byte) {
		w.Header().Set("Content-Length", fmt.Sprint(len(text)))
		_, _ = w.Write(text)
	}
	switch kind {
	case "truncated":
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		_, _ = w.Write(body[:len(body)/2])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	case "malformed":
		send(bytes.Replace(body, []byte("</propSet>"), []byte("<\x01&;<<>"), 1))
	case "endtag":
		send(bytes.Replace(body, []byte("</propSet>"), []byte("</wrongTag>"), 3))
	case "doctype":
		send([]byte(entityBomb()))
	case "deep":
		send([]byte(answerHead + strings.Repeat("<objects>", 2000000)))
	case "endless":
		repeat(w, answerHead+"<token>", bytes.Repeat([]byte("A"), 1<<20), 6<<10)
	case "many":
		repeat(w, answerHead, []byte(strings.Repeat(oneObject, 8000)), 6<<10)
	case "gzipbomb":
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		repeat(z, answerHead, []byte(strings.Repeat(oneObject, 8000)), 4<<10)
		_ = z.Close()
	case "forever":
		send(tokenRE.ReplaceAll(body, []byte("<returnval><token>again</token>")))
	case "stall":
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		_, _ = w.Write(body[:len(body)/2])
		w.(http.Flusher).Flush()
		time.Sleep(time.Hour)
	case "trickle":
		for i := range body {
			if _, err := w.Write(body[i : i+1]); err != nil {
				return true
			}
			w.(http.Flusher).Flush()
			time.Sleep(500 * time.Millisecond)
		}
	default:
		return false
	}
	return true
}

// repeat writes without an end until the client goes.
func repeat(w io.Writer, head string, chunk []byte, times int) {
	_, _ = w.Write([]byte(head))
	for i := 0; i < times; i++ {
		if _, err := w.Write(chunk); err != nil {
			log.Printf("endless answer: the client went after %d chunks of %d bytes", i, len(chunk))
			return
		}
	}
}
