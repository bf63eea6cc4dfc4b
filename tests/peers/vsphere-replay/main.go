// SPDX-License-Identifier: Apache-2.0

// vsphere-replay answers SOAP calls over TLS with what vcsim -record kept, with next to no work of
// its own: what a client then needs is the client's own. GET /cpu tells the server's CPU seconds.
package main

import (
	"compress/gzip"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"peers/peerkit"
)

type answer struct {
	status int
	cookie string
	plain  []byte
	packed []byte // nil: not worth it
}

type server struct {
	answers map[string]*answer
	delay   time.Duration
	gzip    bool
}

func load(dir string) (map[string]*answer, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.xml"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("there is no recording in '%s'", dir)
	}
	answers := map[string]*answer{}
	for _, file := range files {
		a := &answer{}
		if a.plain, err = os.ReadFile(file); err != nil {
			return nil, err
		}
		head, err := os.ReadFile(strings.TrimSuffix(file, ".xml") + ".head")
		if err != nil {
			return nil, err
		}
		lines := strings.SplitN(string(head), "\n", 3)
		if _, err := fmt.Sscan(lines[0], &a.status); err != nil || len(lines) < 2 {
			return nil, fmt.Errorf("%s: no status", file)
		}
		a.cookie = lines[1]
		answers[strings.TrimSuffix(filepath.Base(file), ".xml")] = a
	}
	return answers, nil
}

func cpu(w http.ResponseWriter, r *http.Request) {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	fmt.Fprintf(w, "%.3f\n", float64(u.Utime.Sec+u.Stime.Sec)+float64(u.Utime.Usec+u.Stime.Usec)/1e6)
}

func (s *server) soap(w http.ResponseWriter, r *http.Request) {
	request, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 16<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	time.Sleep(s.delay)
	key := peerkit.RecordKey(request)
	a := s.answers[key]
	if r.Method != http.MethodPost || a == nil {
		log.Printf("vsphere-replay: no recording of %s %s (%s): %.400s", r.Method, r.URL.Path, key, request)
		http.Error(w, "no recording of "+key, http.StatusNotFound)
		return
	}
	if a.cookie != "" {
		w.Header().Set("Set-Cookie", a.cookie)
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	body := a.plain
	if s.gzip && a.packed != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.Header().Set("Content-Encoding", "gzip")
		body = a.packed
	}
	peerkit.Write(w, a.status, body)
}

func run() error {
	dir := flag.String("dir", "", "recording `directory`")
	listen := flag.String("listen", "127.0.0.1:0", "TLS listen `address`")
	cert := flag.String("cert", "", "certificate, PEM `file` (default: one made at start)")
	key := flag.String("key", "", "its key, PEM `file`")
	writeCA := flag.String("write-ca", "", "write the certificate to trust to this `file`")
	compress := flag.Bool("gzip", true, "compress when asked")
	delay := flag.Duration("delay", 0, "wait before each answer")
	flag.Parse()
	answers, err := load(*dir)
	if err != nil {
		return err
	}
	s := &server{answers: answers, delay: *delay, gzip: *compress}
	if *compress {
		for _, a := range answers { // now, not while somebody measures
			if len(a.plain) > 1400 {
				a.packed = peerkit.Compress(a.plain, gzip.DefaultCompression)
			}
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/cpu", cpu)
	mux.HandleFunc("/sdk", s.soap)
	mux.HandleFunc("/sdk/", s.soap)
	listener, err := peerkit.Listen(peerkit.TLSOptions{Address: *listen, CertFile: *cert, KeyFile: *key,
		Names: "localhost,127.0.0.1,::1", WriteCA: *writeCA, Valid: 48 * time.Hour}, mux)
	if err != nil {
		return err
	}
	fmt.Printf("listening on https://%s/sdk\n", listener.Address)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	<-stop
	return nil
}

func main() {
	log.SetFlags(0)
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "vsphere-replay: %v\n", err)
		os.Exit(1)
	}
}
