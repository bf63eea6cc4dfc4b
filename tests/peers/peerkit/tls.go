// SPDX-License-Identifier: Apache-2.0

// Package peerkit is what the vSphere peers share: a TLS listener and recorded SOAP calls.
package peerkit

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

// TLSOptions of a server. Without CertFile a self-signed certificate for Names is made.
type TLSOptions struct {
	Address, CertFile, KeyFile, Names, WriteCA string
	Valid                                      time.Duration // of the made certificate; negative: it has expired
}

// Server that listens.
type Server struct {
	Address     string // host:port
	Fingerprint string // SHA-256 of the certificate, AA:BB:...
}

// QuietLog drops what libraries log.
func QuietLog() { log.SetOutput(io.Discard) }

func selfSigned(names string, valid time.Duration) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return tls.Certificate{}, err
	}
	now := time.Now()
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: "vm-ingest test peer"},
		NotBefore: now.Add(-48 * time.Hour), NotAfter: now.Add(valid), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	for _, name := range strings.Split(names, ",") {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else if name != "" {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	return strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":")
}

// Listen serves handler over TLS in the background, HTTP/1.1 as vCenter's SOAP end does.
func Listen(o TLSOptions, handler http.Handler) (*Server, error) {
	var cert tls.Certificate
	var err error
	if o.CertFile != "" {
		cert, err = tls.LoadX509KeyPair(o.CertFile, o.KeyFile)
	} else {
		cert, err = selfSigned(o.Names, o.Valid)
	}
	if err != nil {
		return nil, err
	}
	if o.WriteCA != "" {
		last := cert.Certificate[len(cert.Certificate)-1]
		text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: last})
		if err := os.WriteFile(o.WriteCA, text, 0644); err != nil {
			return nil, err
		}
	}
	listener, err := net.Listen("tcp", o.Address)
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: handler, ErrorLog: log.Default(), TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}},
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){}}
	go func() { log.Fatal(server.ServeTLS(listener, "", "")) }()
	return &Server{listener.Addr().String(), fingerprint(cert.Certificate[0])}, nil
}
