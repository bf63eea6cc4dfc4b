#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The CloudStack stand-in beyond the recordings: signatures, TLS, faults, other estates (TAP)."""
import http.client
import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.parse

TESTS = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, TESTS)
from conformance.peer import API_PATH, Peer, signing, tls_files  # noqa: E402

LAB = os.path.join(TESTS, "estates", "lab.json")
TINY = os.path.join(TESTS, "estates", "tiny.json")
CASES = []


def case(name):
    def declare(test):
        CASES.append((name, test))
        return test
    return declare


class Started:
    """A peer for the time of a with block."""

    def __init__(self, estate, *options):
        self.arguments = (estate, *options)

    def __enter__(self):
        self.peer = Peer(*self.arguments)
        return self.peer

    def __exit__(self, *_):
        self.peer.stop()


def answer(peer, user="admin", method="POST", **params):
    status, _, text = peer.call(user, params, method)
    (_, body), = json.loads(text).items()
    return status, body


def finished(peer, user="admin", **params):
    """The job that a call starts, when it has ended."""
    status, body = answer(peer, user, **params)
    assert status == 200, body
    while True:
        _, job = answer(peer, user, command="queryAsyncJobResult", jobid=body["jobid"])
        if job["jobstatus"]:
            return job
        time.sleep(0.01)


@case("signatures are those of two known vectors")
def vectors():
    plain = {"apikey": "key", "command": "listZones", "response": "json"}
    assert signing.string_to_sign(plain) == "apikey=key&command=listzones&response=json"
    assert signing.signature("secret", plain) == "CB2VceYQ2lFqNkAe+39yeUIsH5w="
    odd = {"apikey": "ABC-123", "command": "importUnmanagedInstance", "details[0].cpuSpeed": "2000",
           "expires": "2026-11-21T12:00:00+0000", "name": "web 01+\u00fc*~", "nicnetworklist[0].network": "n1",
           "nicnetworklist[0].nic": "Network adapter 1", "response": "json", "signatureversion": "3"}
    assert signing.signature("SECRET", odd) == "bFeQA8pct0fPH9fJXyWAfi1nsN4="


@case("an estate with other names, few fields and one VM can be listed and imported")
def tiny():
    with Started(TINY) as peer:
        for command in ("listZones", "listPods", "listClusters", "listHosts", "listStoragePools", "listNetworks",
                        "listServiceOfferings", "listDiskOfferings", "listOsTypes", "listAccounts", "listDomains",
                        "listGuestOsMapping", "listPhysicalNetworks", "listNetworkOfferings", "listApis"):
            status, body = answer(peer, "tiny", command=command, listall="true")
            assert status == 200 and body["count"] >= 1, (command, body)
        status, body = answer(peer, "tiny", command="listHosts")
        assert "cpuloadaverage" not in body["host"][0], "4.20.3 has no cpuloadaverage"
        job = finished(peer, "tiny", command="importUnmanagedInstance", name="files",
                       clusterid="30000000-0000-4000-8000-000000000001",
                       serviceofferingid="70000000-0000-4000-8000-000000000001")
        assert job["jobstatus"] == 1, job
        assert job["jobresult"]["virtualmachine"]["nic"][0]["networkname"] == "office"
        status, body = answer(peer, "tiny", command="listUnmanagedInstances",
                              clusterid="30000000-0000-4000-8000-000000000001")
        assert body == {}, body


@case("the estate of the recordings is what make-estate makes of them")
def estate_is_current():
    with tempfile.TemporaryDirectory() as folder:
        made = os.path.join(folder, "lab.json")
        subprocess.run([sys.executable, os.path.join(TESTS, "make-estate"), made], check=True)
        with open(made, encoding="utf-8") as new, open(LAB, encoding="utf-8") as kept:
            assert new.read() == kept.read(), "run tests/make-estate"


@case("it speaks HTTPS with a certificate that clients can verify")
def tls():
    with tempfile.TemporaryDirectory() as folder:
        cert, key = tls_files(folder)
        with Started(TINY, "--tls-cert", cert, "--tls-key", key) as peer:
            context = ssl.create_default_context(cafile=cert)
            peer.connection = http.client.HTTPSConnection(peer.address, timeout=120, context=context)
            status, body = answer(peer, "tiny", command="listZones")
            assert (status, body["count"]) == (200, 1)
            stranger = http.client.HTTPSConnection(peer.address, timeout=120, context=ssl.create_default_context())
            try:
                stranger.request("GET", API_PATH)
                raise AssertionError("an unknown certificate was accepted")
            except ssl.SSLCertVerificationError:
                pass
            assert answer(peer, "tiny", command="listZones")[0] == 200, "a refusal by one client hurt another"


@case("faults take the place of replies and end when told")
def faults():
    with Started(TINY) as peer:
        call = {"command": "listZones"}
        for fault, status, start in (("http-503", 503, "<html>"), ("html", 200, "<html>")):
            peer.control("fault", **{fault: ""})
            got = peer.call("tiny", call)
            assert (got[0], got[2][:6]) == (status, start), got
            peer.control("fault", **{fault: None})
        peer.control("fault", **{"expired-clock": ""})
        assert peer.call("tiny", call)[0] == 401
        peer.control("fault", **{"expired-clock": None, "rate-limit": "1"})
        assert peer.call("tiny", call)[0] == 200 and any(peer.call("tiny", call)[0] == 429 for _ in range(100))
        peer.control("fault", **{"rate-limit": None, "slow": "0.3"})
        begin = time.monotonic()
        assert peer.call("tiny", call)[0] == 200 and time.monotonic() - begin >= 0.3
        peer.control("fault", **{"slow": None, "truncate": ""})
        try:
            peer.call("tiny", call)
            raise AssertionError("the reply was whole")
        except http.client.IncompleteRead:
            pass


@case("a server in maintenance still answers lists, but takes no jobs")
def maintenance():
    with Started(LAB, "--fault", "maintenance") as peer:
        assert answer(peer, command="listZones")[0] == 200
        status, body = answer(peer, command="updatePhysicalNetwork", id="8b6b641f-2ded-4cef-947d-af17735612d6")
        assert (status, body["errorcode"]) == (503, 503) and "Can not accept new jobs" in body["errortext"], body


@case("a host that does not answer is missing without a word")
def drop_host():
    with Started(LAB, "--fault", "drop-host=esx1.lab.example") as peer:
        _, body = answer(peer, command="listUnmanagedInstances", clusterid="e4a3bacf-806e-4932-b6bf-ec8d3e4c870d")
        assert {row["hostname"] for row in body["unmanagedinstance"]} == {"esx2.lab.example"}


@case("the access log tells command, parameters and status, and no secret")
def access_log():
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "log")
        with Started(TINY, "--log", log) as peer:
            answer(peer, "tiny", command="listZones", name="no such")
            answer(peer, "tiny", command="listNics", virtualmachineid="0")
        with open(log, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
    assert [(line["command"], line["status"]) for line in lines] == [("listZones", 200), ("listNics", 431)]
    assert lines[0]["params"]["name"] == "no such"
    assert not any("signature" in name or name == "apikey" for line in lines for name in line["params"]
                   if name != "signatureversion")


@case("an added key pair is the root admin's")
def added_key():
    with Started(TINY, "--admin-key", "MORE-KEY", "--admin-secret", "MORE-SECRET") as peer:
        peer.keys["more"] = {"apikey": "MORE-KEY", "secretkey": "MORE-SECRET"}
        assert answer(peer, "more", command="listHosts")[0] == 200


@case("expires has to be near and GET only for reading once the setting demands it")
def enforced():
    with Started(LAB) as peer:
        answer(peer, command="updateConfiguration", name="enforce.post.requests.and.timestamps", value="true")
        assert answer(peer, method="GET", command="listZones")[0] == 200
        status, body = answer(peer, method="GET", command="updateConfiguration", name="x", value="y")
        assert (status, body["errorcode"]) == (400, 400), body
        far = peer.signed("admin", {"command": "listZones"})
        far["expires"] = "2099-01-01T00:00:00+0000"
        del far["signature"]
        far["signature"] = signing.signature(peer.keys["admin"]["secretkey"], far)
        peer.signed = lambda *_: far
        assert peer.call("admin", {})[0] == 401


@case("query and body are merged, the query wins and names are free in case")
def merged():
    with Started(TINY) as peer:
        signed = peer.signed("tiny", {"command": "listZones", "NAME": "north"})
        body = urllib.parse.urlencode({**signed, "NAME": "elsewhere"})
        peer.connection.request("POST", f"{API_PATH}?NAME=north", body)
        assert json.loads(peer.connection.getresponse().read())["listzonesresponse"]["count"] == 1


@case("every name of parameters, also of maps, is read as the server reads it")
def map_syntax():
    with Started(LAB) as peer:
        status, body = answer(peer, command="importUnmanagedInstance", **{"nicnetworklist[x].nic": "1"})
        assert (status, body["errorcode"]) == (430, 430), body
        status, body = answer(peer, command="listZones", name="tab\there")
        assert status == 431 and "non-printable" in body["errortext"], body
        status, body = answer(peer, command="listZones", name="n" * 256)
        assert status == 431 and "max allowed length 255" in body["errortext"], body


def main():
    failures = 0
    for number, (name, test) in enumerate(CASES, 1):
        try:
            test()
            print(f"ok {number} - {name}")
        except Exception:
            failures += 1
            print(f"not ok {number} - {name}")
            print("# " + traceback.format_exc().rstrip().replace("\n", "\n# "))
    print(f"1..{len(CASES)}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
