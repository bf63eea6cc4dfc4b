// SPDX-License-Identifier: Apache-2.0

package peerkit

import (
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var (
	bodyRE    = regexp.MustCompile(`(?s)<[A-Za-z0-9_-]*:?Body[ >].*`)
	methodRE  = regexp.MustCompile(`Body[^>]*>\s*<(?:[A-Za-z0-9_-]+:)?([A-Za-z_]+)`)
	viewRE    = regexp.MustCompile(`session\[[^\]]*\][0-9a-f-]*`)
	secretsRE = regexp.MustCompile(`(?s)<((?:[A-Za-z0-9_-]+:)?(?:userName|password))>.*?</`)
)

// SoapMethod names the call in a request, "unknown" if there is none.
func SoapMethod(request []byte) string {
	if m := methodRE.FindSubmatch(request); m != nil {
		return string(m[1])
	}
	return "unknown"
}

// RecordKey identifies a call: the method and a hash of the body in which session-bound ids and
// credentials are made the same.
func RecordKey(request []byte) string {
	body := viewRE.ReplaceAll(bodyRE.Find(request), []byte("VIEW"))
	body = secretsRE.ReplaceAll(body, []byte("<$1>*</"))
	sum := sha1.Sum(body)
	return SoapMethod(request) + "-" + hex.EncodeToString(sum[:8])
}

// Record keeps one call: KEY.xml is the answer, KEY.head its status and cookie.
func Record(dir string, request []byte, status int, cookie string, answer []byte) {
	key := RecordKey(request)
	err := os.MkdirAll(dir, 0755)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, key+".xml"), answer, 0644)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, key+".head"), []byte(fmt.Sprintf("%d\n%s\n", status, cookie)), 0644)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// Send writes an answer, compressed if the client can and it is worth it.
func Send(w http.ResponseWriter, r *http.Request, status int, body []byte, compress bool) {
	if compress && len(body) > 1400 && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		body = Compress(body, gzip.BestSpeed)
		w.Header().Set("Content-Encoding", "gzip")
	}
	Write(w, status, body)
}

// Write sends an answer; a long one in chunks, as a vCenter does.
func Write(w http.ResponseWriter, status int, body []byte) {
	if len(body) < 2048 {
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// Compress by gzip.
func Compress(body []byte, level int) []byte {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, level)
	_, _ = z.Write(body)
	_ = z.Close()
	return out.Bytes()
}
