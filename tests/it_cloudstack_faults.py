#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The CloudStack stand-in's jobs, faults and control channel, over plain HTTP (TAP)."""
import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.parse
import uuid

TESTS = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, TESTS)
from conformance.peer import API_PATH, Peer, tls_files  # noqa: E402

LAB = os.path.join(TESTS, "estates", "lab.json")
VC_1, SO_1X1024 = "e4a3bacf-806e-4932-b6bf-ec8d3e4c870d", "ca5ce7d7-ba3f-48ec-82d9-d2d8f14f96d2"
L2_101, GOLD_POOL = "983a5361-bab2-49dd-89b8-79d01b169cd0", "c63004c9-6018-3b9a-9227-ff9af7c697fc"
DO_CUSTOM, DO_GOLD = "27096945-455d-4b19-9fcc-4dec99524796", "bcbc9bfe-2731-4c27-af36-7e6870ed326c"
SO_CUSTOM, SHARED_200 = "07c3561d-e973-49ac-a0f7-92c4760a8a06", "533ec596-843c-4e04-88d0-c0edc3ea7887"
L2_103_ALICE = "5d058ef0-d328-447e-ad90-6cf3171a00f5"
ZONE, KVM_1 = "4604b207-6e10-4126-b1a9-52c18506649f", "42aa7f4e-ac13-4127-985f-9e0ba68c006a"
VMFS1, SO_CUSTOM_SSD = "f2bab878-a76a-3cb7-9524-c284512083f4", "made by the test"
ESX1, KVM1_HOST = "b599795e-a936-403e-bed3-55ddf25df22e", "9aa8be74-b58e-4493-b80d-9613dccf0964"
KVM_TEMPLATE = "8496808f-e580-11f1-ac51-02fc00000001"
ENDED = (http.client.HTTPException, OSError)
CASES = []


def case(name):
    def declare(test):
        CASES.append((name, test))
        return test
    return declare


class Stand:
    """A stand-in as it is at its start: the one that all cases share, or one with options for the time of a with block."""
    shared = None

    def __init__(self, *options, seconds=0.01):
        self.options, self.seconds = options, seconds

    def __enter__(self):
        if self.options:
            self.peer = Peer(LAB, *self.options)
            return self
        if Stand.shared is None:
            Stand.shared = Peer(LAB)
        self.peer = Stand.shared
        self.peer.control("reset")
        self.peer.control("faults", script=[])
        self.peer.control("jobs", jitter=0, seed=1, hostjobs=0, workers=125, expire=86400, seconds={
            "importUnmanagedInstance": self.seconds, "migrateVolume": 0.01, "*": 0.01})
        return self

    def __exit__(self, *_):
        if self.options:
            self.peer.stop()

    def call(self, command, **params):
        """(HTTP status, what the one member of the reply holds)"""
        status, _, text = self.peer.call("admin", {"command": command, **params})
        (_, body), = json.loads(text).items()
        return status, body

    def raw(self, command, **params):
        """(status, headers, bytes) over a connection of its own."""
        form = self.peer.signed("admin", {"command": command, **params})
        connection = http.client.HTTPConnection(self.peer.address, timeout=20)
        try:
            connection.request("POST", API_PATH, urllib.parse.urlencode(form))
            reply = connection.getresponse()
            return reply.status, reply.headers, reply.read()
        finally:
            connection.close()

    def ends_without_reply(self, command, **params):
        try:
            self.raw(command, **params)
        except ENDED:
            return True
        return False

    def faults(self, *script, **more):
        self.peer.control("faults", script=list(script), **more)

    def submit(self, name, **more):
        return self.call("importUnmanagedInstance", **{**import_of(name), **more})

    def job(self, job_id):
        return self.peer.job(job_id)[1]["queryasyncjobresultresponse"]

    def job_now(self, job_id):
        return self.peer.job(job_id, wait=False)[1]["queryasyncjobresultresponse"]

    def volume(self, volume_id):
        return self.call("listVolumes", id=volume_id, listall="true")[1]["volume"][0]

    def imported(self, name, **more):
        status, body = self.submit(name, **more)
        assert status == 200, body
        done = self.job(body["jobid"])
        assert done["jobstatus"] == 1, done
        return done["jobresult"]["virtualmachine"]

    def managed(self, name):
        return sum(each["managed"] for each in self.peer.control("state")["instances"] if each["name"] == name)


def import_of(name):
    return {"clusterid": VC_1, "name": name, "serviceofferingid": SO_1X1024,
            "nicnetworklist[0].nic": "Network adapter 1", "nicnetworklist[0].network": L2_101}


# --- jobs -----------------------------------------------------------------------


@case("a used customjobid is refused while its job runs, after it, and not once it is forgotten")
def used_jobid():
    with Stand(seconds=0.4) as sim:
        chosen = str(uuid.uuid4())
        assert sim.submit("job-a", customjobid=chosen) == (200, {"jobid": chosen})
        status, body = sim.submit("job-b", customjobid=chosen)
        assert (status, body["errorcode"]) == (431, 431), body
        assert body["errortext"] == f"UUID: {chosen} already exists so can't create/update with custom id"
        assert sim.job(chosen)["jobstatus"] == 1
        status, body = sim.submit("job-b", customjobid=chosen)
        assert (status, body) == (530, {"uuidList": [], "errorcode": 530, "cserrorcode": 9999,
                                        "errortext": "Entity already exists "})
        sim.peer.control("clock", advance=86400 - 60)
        assert sim.submit("job-b", customjobid=chosen)[0] == 530
        sim.peer.control("clock", advance=120)
        assert sim.call("queryAsyncJobResult", jobid=chosen)[0] == 431
        assert sim.submit("job-b", customjobid=chosen) == (200, {"jobid": chosen})


@case("the time that jobs are remembered can be set")
def expiry():
    with Stand() as sim:
        sim.peer.control("jobs", expire=60)
        status, body = sim.submit("job-a")
        sim.job(body["jobid"])
        sim.peer.control("clock", advance=59)
        assert sim.call("queryAsyncJobResult", jobid=body["jobid"])[0] == 200
        sim.peer.control("clock", advance=2)
        assert sim.call("queryAsyncJobResult", jobid=body["jobid"])[0] == 431


@case("jobs take as long as their command, give or take the jitter, the same for the same seed")
def lengths():
    def times(seed):
        with Stand(seconds=1000) as sim:
            sim.peer.control("jobs", jitter=0.5, seed=seed)
            ids = [sim.submit(name)[1]["jobid"] for name in ("job-a", "job-b", "power-me")]
            _, body = sim.call("createTags", resourcetype="Network", resourceids=L2_101,
                               **{"tags[0].key": "k", "tags[0].value": "v"})
            assert sim.job(body["jobid"])["jobstatus"] == 1, "a short job waits for no long one"
            ended = {}
            sim.peer.control("clock", advance=480)
            for step in range(490, 1510, 10):
                sim.peer.control("clock", advance=10)
                for each in ids:
                    if each not in ended and sim.job_now(each)["jobstatus"]:
                        ended[each] = step
            return [ended[each] for each in ids]
    first = times("1")
    assert first == times("1") and first != times("2"), first
    assert len(set(first)) > 1, first


@case("a host is talked to by so many jobs at once and no more; the others wait")
def host_jobs():
    with Stand(seconds=100) as sim:
        sim.peer.control("jobs", hostjobs=1)
        ids = [sim.submit(name)[1]["jobid"] for name in ("job-a", "job-b")]
        sim.peer.control("clock", advance=101)
        assert [sim.job_now(each)["jobstatus"] for each in ids] == [1, 0]
        sim.peer.control("clock", advance=101)
        assert sim.job_now(ids[1])["jobstatus"] == 1


@case("a restart fails jobs without a result, whether their work was done, done by half or not")
def restart():
    for acted, managed, nics in (("no", 0, 0), ("yes", 1, 1), ("partly", 1, 0)):
        with Stand(seconds=100) as sim:
            job_id = sim.submit("job-a")[1]["jobid"]
            assert sim.call("listAsyncJobs", listall="true")[1]["count"] == 1
            sim.peer.control("restart", acted=acted)
            done = sim.job(job_id)
            assert (done["jobstatus"], done["jobresultcode"]) == (2, 530) and "jobresult" not in done, done
            assert "managementserverid" in done and "jobresulttype" not in done
            assert sim.managed("job-a") == managed, acted
            state = sim.peer.control("state")
            record = next((r for each in state["instances"] for r in each["records"]), {"nics": [], "volumes": []})
            assert len(record["nics"]) == nics and len(record["volumes"]) == managed, record
            assert sim.call("listAsyncJobs", listall="true")[1] == {}


@case("a server that is down takes no connections, then starts with HTML")
def down():
    with Stand() as sim:
        other = Peer.__new__(Peer)
        other.keys = sim.peer.keys
        other.connection = http.client.HTTPConnection(sim.peer.address, timeout=20)
        assert other.call("admin", {"command": "listZones"})[0] == 200
        sim.peer.control("restart", down=0.4, starting=0.4)
        try:
            other.connection.auto_open = 0
            other.call("admin", {"command": "listZones"})
            raise AssertionError("the old connection is alive")
        except ENDED:
            pass
        assert sim.ends_without_reply("listZones")
        time.sleep(0.5)
        status, _, body = sim.raw("listZones")
        assert status == 503 and body.startswith(b"<html>"), body
        time.sleep(0.4)
        assert sim.raw("listZones")[0] == 200


@case("a volume is Migrating while it moves, and moves once")
def migrating():
    with Stand() as sim:
        sim.peer.control("jobs", seconds={"migrateVolume": 100})
        vm = sim.imported("job-a")
        volume = sim.call("listVolumes", virtualmachineid=vm["id"], listall="true")[1]["volume"][0]
        move = {"volumeid": volume["id"], "storageid": GOLD_POOL, "newdiskofferingid": DO_GOLD, "livemigrate": "true"}
        job_id = sim.call("migrateVolume", **move)[1]["jobid"]
        sim.peer.control("clock")
        now = sim.volume(volume["id"])
        assert (now["state"], now["jobid"], now["jobstatus"]) == ("Migrating", job_id, 0), now
        second = sim.job(sim.call("migrateVolume", **move)[1]["jobid"])
        assert second["jobresult"] == {"errorcode": 431, "errortext": "Volume must be in ready state"}, second
        sim.peer.control("clock", advance=101)
        assert sim.job(job_id)["jobstatus"] == 1
        after = sim.volume(volume["id"])
        assert (after["state"], after["storageid"], after["diskofferingid"]) == ("Ready", GOLD_POOL, DO_GOLD)
        assert "jobid" not in after


# --- faults -----------------------------------------------------------------------


@case("the n-th call is refused with the given status and text, the others are not")
def refused():
    with Stand() as sim:
        sim.faults("on=listZones call=2 times=2 do=refuse status=530 text='no such luck' cserrorcode=4250")
        assert [sim.call("listZones")[0] for _ in range(4)] == [200, 530, 530, 200]
        sim.faults("on=!listZones,listPods do=refuse status=401")
        assert sim.call("listZones")[0] == 200
        status, body = sim.call("listHosts")
        assert (status, body) == (401, {"uuidList": [], "errorcode": 401, "errortext":
                                        "unable to verify user credentials and/or request signature"}), body
        sim.faults({"do": "refuse", "status": 429, "retry-after": 3}, {"do": "refuse", "status": 503, "form": "html"})
        status, headers, _ = sim.raw("listZones")
        assert (status, headers["Retry-After"]) == (429, "3")
        fired = sim.peer.control("fired")
        assert [each["hit"] for each in fired["faults"]] == [1, 1], fired


@case("a call whose connection is dropped was carried out, or was not, as the script says")
def dropped():
    for act, managed in (("no", 0), ("yes", 1), ("late", 1)):
        for reset in "01":
            with Stand() as sim:
                sim.faults(f"on=importUnmanagedInstance do=drop act={act} reset={reset}")
                chosen = str(uuid.uuid4())
                assert sim.ends_without_reply("importUnmanagedInstance", customjobid=chosen, **import_of("job-a"))
                time.sleep(0.1)
                assert sim.managed("job-a") == managed, (act, reset)
                assert sim.call("queryAsyncJobResult", jobid=chosen)[0] == (200 if managed else 431)
                call = sim.peer.control("calls", command="importUnmanagedInstance")["calls"][0]
                assert (call["status"], call["acted"], call["fault"]) == (None, bool(managed), "drop"), call


@case("an answer comes later than the client waits, with the call carried out before, after, or never")
def delayed():
    for act, at_once, later in (("yes", 1, 1), ("late", 0, 1), ("no", 0, 0)):
        with Stand() as sim:
            sim.faults(f"on=importUnmanagedInstance do=delay seconds=0.6 act={act}")
            impatient = socket.create_connection(sim.peer.address.split(":"))
            form = sim.peer.signed("admin", {"command": "importUnmanagedInstance", **import_of("job-a")})
            body = urllib.parse.urlencode(form)
            impatient.sendall(f"POST {API_PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
            time.sleep(0.3)
            assert sim.managed("job-a") == at_once, act
            impatient.close()
            time.sleep(0.6)
            assert sim.managed("job-a") == later, act


@case("a fault concerns only the calls that say so")
def where():
    with Stand() as sim:
        sim.faults("on=importUnmanagedInstance where.name=job-b do=refuse status=530")
        assert [sim.submit(name)[0] for name in ("job-a", "job-b", "power-me")] == [200, 530, 200]


@case("the control channel has a socket or a port of its own")
def own_channel():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "control")
        with Stand("--control", path) as sim:
            assert sim.peer.process.stdout.readline() == f"control on {path}\n"
            got = subprocess.run(["curl", "-s", "--unix-socket", path, "-d", "{}", "http://sim/sim/state"], check=True,
                                 capture_output=True, text=True).stdout
            assert json.loads(got)["managed"] == 0
            got = subprocess.run(["curl", "-s", "--unix-socket", path, "http://sim/client/api"], check=True,
                                 capture_output=True, text=True).stdout
            assert "Not Found" in got
        with Stand("--control", "0") as sim:
            url = sim.peer.process.stdout.readline().split()[-1]
            connection = http.client.HTTPConnection(url.partition("//")[2], timeout=20)
            connection.request("POST", "/sim/no-such", "{}")
            assert connection.getresponse().status == 404


@case("a wrong script is refused and changes nothing")
def wrong_script():
    with Stand() as sim:
        sim.faults("on=listZones do=refuse status=530")
        for wrong in ("do=explode", "do=drop act=perhaps", "on=listZones call", "do=refuse stauts=530", "{"):
            try:
                sim.faults(wrong)
                raise AssertionError(f"{wrong} was taken")
            except RuntimeError as error:
                assert "400" in str(error) or "error" in str(error)
        assert sim.call("listZones")[0] == 530


@case("replies come in part, slowly, or as nonsense, of a call that was carried out")
def mangled():
    with Stand() as sim:
        for do, check in (("truncate share=0.3", lambda: sim.ends_without_reply("listZones")),
                          ("garbage", lambda: not _is_json(sim.raw("listZones")[2])),
                          ("refuse status=200 form=html text='Please log in'",
                           lambda: sim.raw("listZones")[2].startswith(b"<html>"))):
            sim.faults(f"do={do}")
            assert check(), do
            assert sim.call("listZones")[0] == 200
        sim.faults("on=listNetworks do=slow seconds=0.4")
        begin = time.monotonic()
        status, _, body = sim.raw("listNetworks", listall="true")
        assert status == 200 and _is_json(body) and time.monotonic() - begin >= 0.35
        sim.faults("on=importUnmanagedInstance do=garbage")
        assert sim.raw("importUnmanagedInstance", **import_of("job-a"))[0] == 200
        assert sim.peer.control("clock", advance=1) and sim.managed("job-a") == 1


def _is_json(data):
    try:
        return bool(json.loads(data))
    except ValueError:
        return False


@case("a proxy gives up on a call that was carried out")
def gateway_timeout():
    with Stand() as sim:
        sim.faults("on=importUnmanagedInstance do=refuse status=504 form=html act=yes")
        status, _, body = sim.raw("importUnmanagedInstance", **import_of("job-a"))
        assert status == 504 and body.startswith(b"<html>")
        assert sim.peer.control("clock", advance=1) and sim.managed("job-a") == 1


@case("an id is taken by another client, whose job ran or was lost; a reply names a wrong job")
def taken():
    for act, managed, status in (("yes", 1, 1), ("no", 0, 2)):
        with Stand() as sim:
            sim.faults(f"on=importUnmanagedInstance do=taken act={act}")
            chosen = str(uuid.uuid4())
            assert sim.submit("job-a", customjobid=chosen)[1]["errortext"] == "Entity already exists "
            assert sim.job(chosen)["jobstatus"] == status and sim.managed("job-a") == managed, act
    with Stand() as sim:
        sim.imported("job-b")
        sim.faults("on=importUnmanagedInstance do=jobid")
        chosen = str(uuid.uuid4())
        status, body = sim.submit("job-a", customjobid=chosen)
        assert status == 200 and body["jobid"] != chosen, body
        assert sim.job(chosen)["jobstatus"] == 1


@case("a job fails, with or without words, is lost, or takes longer, and did its work or not")
def fates():
    with Stand() as sim:
        for fate, managed, result in (
                ("end=failed text='no such host'", 0, {"errorcode": 530, "errortext": "no such host"}),
                ("end=failed text='timed out' act=yes", 1, {"errorcode": 530, "errortext": "timed out"}),
                ("end=failed code=431 text=x", 0, {"errorcode": 431, "errortext": "x"}),
                ("end=lost", 0, None), ("end=lost act=yes", 1, None)):
            sim.peer.control("reset")
            sim.faults(f"on=importUnmanagedInstance do=job {fate}")
            done = sim.job(sim.submit("job-a")[1]["jobid"])
            assert done["jobstatus"] == 2 and done.get("jobresult") == result, (fate, done)
            assert sim.managed("job-a") == managed, fate
        sim.peer.control("reset")
        sim.faults("on=importUnmanagedInstance do=job seconds=50")
        job_id = sim.submit("job-a")[1]["jobid"]
        sim.peer.control("clock", advance=49)
        assert sim.job_now(job_id)["jobstatus"] == 0
        sim.peer.control("clock", advance=2)
        assert sim.job_now(job_id)["jobstatus"] == 1


@case("a migration that the host fails is worded as the server does, and leaves the volume where it was")
def migration_fails():
    with Stand() as sim:
        vm = sim.imported("job-a")
        before = sim.call("listVolumes", virtualmachineid=vm["id"], listall="true")[1]["volume"][0]
        sim.faults("on=migrateVolume do=job end=failed", "on=migrateVolume do=job end=lost act=partly call=2")
        move = {"volumeid": before["id"], "storageid": GOLD_POOL, "newdiskofferingid": DO_GOLD, "livemigrate": "true"}
        done = sim.job(sim.call("migrateVolume", **move)[1]["jobid"])
        assert done["jobresult"]["errortext"].startswith("Migrate volume failed: com.cloud.utils.exception."), done
        assert sim.volume(before["id"]) == before
        done = sim.job(sim.call("migrateVolume", **move)[1]["jobid"])
        assert "jobresult" not in done and sim.volume(before["id"])["state"] == "Migrating"


@case("things happen outside between two calls: renamed, powered off, key withdrawn, server of another version")
def outside():
    with Stand() as sim:
        sim.faults("on=importUnmanagedInstance do=sim verb=rename name=job-a to=job-a-old",
                   "on=listZones do=sim verb=upgrade version=4.20.3.0",
                   "on=listHosts do=sim verb=key apikey=ADMIN-API-KEY",
                   {"on": "listPods", "do": "sim", "verb": "power", "name": "job-b", "state": "PowerOff"})
        done = sim.job(sim.submit("job-a")[1]["jobid"])
        assert "Failed to find unmanaged vm with name: job-a" in done["jobresult"]["errortext"], done
        assert sim.call("listCapabilities")[1]["capability"]["cloudstackversion"].startswith("4.23")
        sim.call("listZones")
        assert sim.call("listCapabilities")[1]["capability"]["cloudstackversion"] == "4.20.3.0"
        sim.peer.control("upgrade", version="4.23.0.0-SNAPSHOT")
        sim.imported("job-b")
        sim.call("listPods")
        row, = sim.call("listUnmanagedInstances", clusterid=VC_1, name="job-b")[1]["unmanagedinstance"]
        assert row["powerstate"] == "PowerOff", "managed, and listed as unmanaged again"
        assert sim.managed("job-b") == 1
        assert sim.call("listHosts")[0] == 401 and sim.call("listZones")[0] == 401
        sim.peer.control("key", apikey="ADMIN-API-KEY", revoked=False)
        assert sim.call("listZones")[0] == 200


@case("over TLS connections are dropped, reset and cut as well, one connection serves many calls, control goes on")
def tls():
    with tempfile.TemporaryDirectory() as folder:
        cert, key = tls_files(folder)
        with Stand("--tls-cert", cert, "--tls-key", key, "--control", os.path.join(folder, "control")) as sim:
            trusted = ssl.create_default_context(cafile=cert)

            def connect():
                sim.peer.connection = http.client.HTTPSConnection(sim.peer.address, timeout=20, context=trusted)
            connect()
            assert all(sim.call("listZones")[0] == 200 for _ in range(20))
            assert {call["connection"] for call in sim.peer.control("calls")["calls"]} == {1}
            for deed in ("drop", "drop act=yes reset=1", "truncate", "delay seconds=0 act=no"):
                sim.faults(f"on=listZones do={deed}")
                try:
                    sim.call("listZones")
                    raise AssertionError(deed)
                except ENDED:
                    connect()
                assert sim.call("listZones")[0] == 200


@case("a moved volume keeps its path, or gets another")
def moved_paths():
    with Stand() as sim:
        for number, switch in enumerate((None, "")):
            vm = sim.imported(("job-a", "job-b")[number])
            sim.peer.control("fault", **{"moved-paths": switch})
            before = sim.call("listVolumes", virtualmachineid=vm["id"], listall="true")[1]["volume"][0]
            sim.job(sim.call("migrateVolume", volumeid=before["id"], storageid=GOLD_POOL, newdiskofferingid=DO_GOLD,
                             livemigrate="true")[1]["jobid"])
            after = sim.volume(before["id"])
            assert after["storageid"] == GOLD_POOL and (after["path"] == before["path"]) == (switch is None)
            assert ("nfs-gold" in after["chaininfo"]) == (switch is not None), after["chaininfo"]
        sim.peer.control("fault", **{"moved-paths": None})


@case("a server that restarts under a call answers it never; a command of the test's runs before a call")
def under_a_call():
    with tempfile.TemporaryDirectory() as folder, Stand(seconds=100) as sim:
        path = os.path.join(folder, "ran")
        running = sim.submit("job-b")[1]["jobid"]
        sim.faults("on=importUnmanagedInstance do=sim verb=restart acted=yes down=0.3",
                   {"on": "listZones", "do": "run", "command": f"echo here >{path}"})
        assert sim.ends_without_reply("importUnmanagedInstance", **import_of("job-a"))
        time.sleep(0.4)
        sim.peer.connection.close()
        assert sim.job(running)["jobstatus"] == 2 and sim.managed("job-b") == 1 and sim.managed("job-a") == 0
        assert sim.call("listZones")[0] == 200 and os.path.exists(path)


@case("a clock that is off makes every signature expired")
def clock_off():
    with Stand() as sim:
        sim.faults("on=listHosts do=sim verb=fault expired-clock=86400")
        assert [sim.call(each)[0] for each in ("listZones", "listHosts", "listZones")] == [200, 401, 401]
        sim.peer.control("fault", **{"expired-clock": None})
        assert sim.call("listZones")[0] == 200


@case("two imports of one VM at once are two records of it")
def twice():
    with Stand(seconds=100) as sim:
        ids = [sim.submit("job-b")[1]["jobid"] for _ in range(2)]
        sim.peer.control("clock", advance=101)
        assert [sim.job(each)["jobstatus"] for each in ids] == [1, 1]
        state = sim.peer.control("state")
        assert state["managed_twice"] == ["job-b"] and sim.managed("job-b") == 2


@case("random faults are the same for the same seed, and as many as the rate says")
def torture():
    def hits(seed):
        with Stand() as sim:
            sim.faults(f"do=random rate=0.3 seed={seed} kinds=refuse,garbage,truncate")
            for _ in range(60):
                sim.ends_without_reply("listZones")
            return [(each["call"], each["do"]) for each in sim.peer.control("fired")["fired"]]
    first = hits(7)
    assert first == hits(7) != hits(8) and 8 <= len(first) <= 30, first
    assert len({do for _, do in first}) > 1


# --- what undo and the list of residue meet -------------------------------------------


@case("unmanage is refused for snapshots, an ISO, a volume that moves, and a VM that its host has no longer")
def unmanage_refused():
    with Stand() as sim:
        vm = sim.imported("job-a")
        volume = sim.call("listVolumes", virtualmachineid=vm["id"], listall="true")[1]["volume"][0]

        def refusal():
            done = sim.job(sim.call("unmanageVirtualMachine", id=vm["id"])[1]["jobid"])
            assert done["jobresultcode"] == 530, done
            return done["jobresult"]["errortext"]
        sim.peer.control("add", kind="snapshot", row={"id": "5" * 8, "name": "s", "volumeid": volume["id"],
                                                      "state": "BackedUp", "account": "admin", "domainid": vm["domainid"]})
        assert "volume snapshots for its volume(s)" in refusal()
        assert sim.call("listSnapshots", volumeid=volume["id"], listall="true")[1]["count"] == 1
        sim.peer.control("remove", kind="snapshot", id="5" * 8)
        sim.peer.control("patch", kind="virtualmachine", id=vm["id"], set={"isoid": "1"})
        assert "ISO attached" in refusal()
        sim.peer.control("patch", kind="virtualmachine", id=vm["id"], set={"isoid": None})
        sim.peer.control("patch", kind="volume", id=volume["id"], set={"state": "Migrating"})
        assert "pending jobs or HA tasks" in refusal()
        sim.peer.control("patch", kind="volume", id=volume["id"], set={"state": "Ready"})
        sim.peer.control("rename", name="job-a", to="job-a-new")
        assert "is not found in the hypervisor" in refusal()
        sim.peer.control("rename", name="job-a-new", to="job-a")
        assert sim.job(sim.call("unmanageVirtualMachine", id=vm["id"])[1]["jobid"])["jobstatus"] == 1
        assert sim.managed("job-a") == 0 and sim.imported("job-a")["name"] == "job-a"


@case("after unmanage CPUs and memory of a dynamic offering stay counted, NICs stay if a setting says so")
def stays():
    with Stand() as sim:
        alice = {"account": "alice", "domainid": "d4a9f68a-b926-4c13-8bbd-db220f3f1771"}

        def counted():
            row, = sim.call("listAccounts", name="alice", listall="true")[1]["account"]
            return row["vmtotal"], row["cputotal"], row["memorytotal"]
        request = {**import_of("job-a"), "serviceofferingid": SO_CUSTOM, "details[0].cpuSpeed": "500",
                   "nicnetworklist[0].network": L2_103_ALICE, **alice}
        sim.peer.control("change", name="job-a", set={"nic": [{"id": "Network adapter 1", "vlanid": 103, "adaptertype":
                                                              "Vmxnet3", "macaddress": "00:50:56:aa:00:34"}]})
        sim.call("updateConfiguration", name="unmanage.vm.preserve.nics", value="true")
        vm = sim.job(sim.call("importUnmanagedInstance", **request)[1]["jobid"])["jobresult"]["virtualmachine"]
        before = counted()
        sim.job(sim.call("unmanageVirtualMachine", id=vm["id"])[1]["jobid"])
        assert before == (1, 1, 1024) and counted() == (0, 1, 1024), (before, counted())
        assert [nic["macaddress"] for nic in sim.peer.control("state")["nics_without_vm"]] == ["00:50:56:aa:00:34"]
        done = sim.job(sim.call("importUnmanagedInstance", **request)[1]["jobid"])
        assert "NIC with MAC address 00:50:56:aa:00:34 exists" in done["jobresult"]["errortext"], done


@case("a failed import leaves a NIC and an address behind, which the next try runs into")
def leftovers():
    with Stand() as sim:
        request = {**import_of("leftover"), "nicnetworklist[1].nic": "Network adapter 2", "nicnetworklist[1].network": L2_101,
                   "nicnetworklist[0].network": SHARED_200, "nicipaddresslist[0].nic": "Network adapter 1",
                   "nicipaddresslist[0].ip4Address": "192.168.200.33"}
        sim.peer.control("change", name="leftover", set={"nic": [
            {"id": f"Network adapter {number}", "adaptertype": "Vmxnet3", "macaddress": mac, **vlan}
            for number, mac, vlan in ((1, "00:50:56:aa:77:01", {}), (2, "", {}))]})
        done = sim.job(sim.call("importUnmanagedInstance", **request)[1]["jobid"])
        assert "Mac address not specified" in done["jobresult"]["errortext"], done
        left, = sim.peer.control("state")["nics_without_vm"]
        assert (left["macaddress"], left["ipaddress"]) == ("00:50:56:aa:77:01", "192.168.200.33")
        done = sim.job(sim.call("importUnmanagedInstance", **request)[1]["jobid"])
        assert "IP address 192.168.200.33" in done["jobresult"]["errortext"], done
        taken = sim.call("listPublicIpAddresses", listall="true", forvirtualnetwork="false", networkid=SHARED_200)[1]
        assert [row["ipaddress"] for row in taken["publicipaddress"]] == ["192.168.200.33"], taken
        free = sim.call("listPublicIpAddresses", listall="true", forvirtualnetwork="false", state="Free",
                        associatednetworkid=SHARED_200)[1]
        assert free["count"] == 89


@case("further addresses are given in a Shared network's ranges only, and are taken on submit whatever then comes")
def further_addresses():
    with Stand() as sim:
        sim.peer.control("change", name="job-a", set={"nic": [{"id": "Network adapter 1", "adaptertype": "Vmxnet3",
                                                              "macaddress": "00:50:56:aa:00:34"}]})
        vm = sim.imported("job-a", **{"nicnetworklist[0].network": SHARED_200, "nicipaddresslist[0].nic": "Network adapter 1",
                                      "nicipaddresslist[0].ip4Address": "192.168.200.40"})
        nic, chosen = vm["nic"][0]["id"], str(uuid.uuid4())
        assert sim.call("addIpToNic", nicid=nic, ipaddress="192.168.200.41", customjobid=chosen)[0] == 200
        assert sim.job(chosen)["jobresult"]["nicsecondaryip"]["ipaddress"] == "192.168.200.41"
        for wrong in ("192.168.200.41", "192.168.200.40", "192.168.200.200", "10.0.0.1", "2001:db8::1"):
            status, body = sim.call("addIpToNic", nicid=nic, ipaddress=wrong)
            assert (status, body["errortext"]) == (530, "Failed to assign secondary IP to NIC"), wrong
        assert sim.call("addIpToNic", nicid=nic, ipaddress="192.168.200.42", customjobid=chosen)[0] == 530
        assert sim.call("addIpToNic", nicid=nic, ipaddress="192.168.200.42")[0] == 530, "the refused one holds it"
        l2 = sim.imported("job-b")["nic"][0]["id"]
        assert sim.call("addIpToNic", nicid=l2, ipaddress="192.168.101.9")[0] == 530


@case("a VM with VM snapshots moves no volume; a destroyed volume is listed as such")
def snapshots():
    with Stand() as sim:
        vm = sim.imported("job-a")
        volume = sim.call("listVolumes", virtualmachineid=vm["id"], listall="true")[1]["volume"][0]
        sim.peer.control("add", kind="vmsnapshot", row={"id": "6" * 8, "name": "s", "virtualmachineid": vm["id"],
                                                        "state": "Ready", "account": "admin", "domainid": vm["domainid"]})
        done = sim.job(sim.call("migrateVolume", volumeid=volume["id"], storageid=GOLD_POOL, livemigrate="true")[1]["jobid"])
        assert "remove all VM snapshots" in done["jobresult"]["errortext"], done
        assert sim.call("listVMSnapshot", virtualmachineid=vm["id"], listall="true")[1]["vmSnapshot"][0]["name"] == "s"
        sim.peer.control("patch", kind="volume", id=volume["id"], set={"state": "Destroy"})
        listed = sim.call("listVolumes", state="Destroy", listall="true")[1]["volume"]
        assert [(row["id"], row["destroyed"]) for row in listed] == [(volume["id"], True)]


# --- importVm: from the contract, not recorded ------------------------------------------


def conversion_of(sim, name, **more):
    """A request that is accepted; None takes a parameter out."""
    for host in ("kvm1.lab.example", "kvm2.lab.example"):
        sim.peer.control("patch", kind="host", name=host, set={"instanceconversionsupported": True})
    request = {"zoneid": ZONE, "clusterid": KVM_1, "name": name, "hypervisor": "KVM", "importsource": "vmware", "hostname": name,
               "vcenter": "vc.lab.example", "datacentername": "DC0", "username": "u", "password": "secret-of-vc",
               "serviceofferingid": SO_1X1024, "templateid": KVM_TEMPLATE, "nicnetworklist[0].nic": "Network adapter 1",
               "nicnetworklist[0].network": L2_101, **more}
    return {name: value for name, value in request.items() if value is not None}


@case("importVm makes a stopped VM on a pool of the KVM cluster, and leaves the source as it is")
def converted():
    with Stand() as sim:
        sim.peer.control("jobs", seconds={"importVm": 100})
        job_id = sim.call("importVm", **conversion_of(sim, "job-a"))[1]["jobid"]
        steps = []
        for _ in range(3):
            sim.peer.control("clock", advance=30)
            steps.append(sim.call("listImportVmTasks", zoneid=ZONE, tasksfilter="Running")[1]["importvmtask"][0]["step"])
        assert steps == ["[3/5] ConvertingInstance", "[3/5] ConvertingInstance", "[4/5] Importing"], steps
        sim.peer.control("clock", advance=30)
        vm = sim.job(job_id)["jobresult"]["virtualmachine"]
        assert (vm["state"], vm["hypervisor"], vm["details"]["nicAdapter"]) == ("Stopped", "KVM", "virtio"), vm
        assert vm["instancename"].startswith("i-") and vm["instancename"].endswith("-VM") and "hostid" not in vm
        row = next(each for each in sim.peer.control("state")["instances"] if each["name"] == "job-a")
        assert row["managed"] == 0 and [copy["id"] for copy in row["copies"]] == [vm["id"]]
        volume = sim.call("listVolumes", virtualmachineid=vm["id"], listall="true")[1]["volume"][0]
        assert volume["storage"] in ("kvm-plain", "kvm-gold") and "chaininfo" not in volume, volume
        task, = sim.call("listImportVmTasks", zoneid=ZONE, tasksfilter="completed")[1]["importvmtask"]
        assert (task["virtualmachineid"], task["step"]) == (vm["id"], "[5/5] Completed"), task
        assert sim.call("listImportVmTasks", zoneid=ZONE, tasksfilter="no such")[0] == 431
        assert "secret-of-vc" not in json.dumps(sim.peer.control("calls")), "the log of calls holds a password"


@case("importVm refuses what the contract says, in its words")
def conversion_refused():
    refusals = (
        (431, "mutually exclusive", {"vcenter": None}),
        (431, "Please set all the information", {"password": None}),
        (431, "disabled by the administrator", {"extraparams": "--mac 00:11"}),
        (530, "No enum constant", {"importsource": "floppy"}),
        (431, "not supported for hypervisor: VMware", {"hypervisor": "VMware"}),
        (530, "a primary storage pool has not been provided", {"forceconverttopool": "true"}),
        (530, "does not support direct conversion", {"forceconverttopool": "true", "convertinstancepoolid": VMFS1}),
        (530, "only NFS storage pools are supported", {"convertinstancepoolid": VMFS1}),
        (530, "not in the same cluster", {"importinstancehostid": ESX1}),
        (530, "Cannot find VM with name nobody on vCenter vc.lab.example/DC0", {"name": "nobody"}),
        (530, "0 nics provided", {"nicnetworklist[0].nic": None, "nicnetworklist[0].network": None}),
        (530, "Cannot find suitable storage pool for disk offering", {"serviceofferingid": SO_CUSTOM_SSD}),
    )
    with Stand() as sim:
        sim.call("createServiceOffering", name="so-ssd", displaytext="x", cpunumber=1, cpuspeed=500, memory=1024, tags="ssd")
        offerings = sim.call("listServiceOfferings", listall="true")[1]["serviceoffering"]
        ssd = next(each["id"] for each in offerings if each["name"] == "so-ssd")
        for code, text, change in refusals:
            change = {name: ssd if value == SO_CUSTOM_SSD else value for name, value in change.items()}
            status, body = sim.call("importVm", **conversion_of(sim, **{"name": "job-a", **change}))
            assert status == 200, (change, body)
            done = sim.job(body["jobid"])
            assert done["jobresultcode"] == code and text in done["jobresult"]["errortext"], (change, done)
        sim.peer.control("change", name="job-a", set={"osdisplayname": "Microsoft Windows Server 2022 (64-bit)"})
        done = sim.job(sim.call("importVm", **conversion_of(sim, "job-a"))[1]["jobid"])
        assert "is a Windows VM and its Running" in done["jobresult"]["errortext"], done
        failed = sim.call("listImportVmTasks", zoneid=ZONE, tasksfilter="Failed")[1]["importvmtask"]
        assert len(failed) == 3, [each["description"] for each in failed]
        request = conversion_of(sim, "job-a")
        sim.peer.control("patch", kind="host", name="kvm1.lab.example", set={"instanceconversionsupported": False})
        request["convertinstancehostid"] = KVM1_HOST
        done = sim.job(sim.call("importVm", **request)[1]["jobid"])
        assert "doesn't support conversion of instance" in done["jobresult"]["errortext"], done


@case("releases have the APIs and parameters of importVm that the table of releases says")
def conversion_releases():
    with Stand() as sim:
        for version, vm, tasks in (("4.18.2.0", 401, 401), ("4.21.0.0", 200, 401), ("4.22.0.0", 200, 200)):
            sim.peer.control("upgrade", version=version)
            assert sim.call("importVm", **conversion_of(sim, "job-a"))[0] == vm, version
            assert sim.call("listImportVmTasks", zoneid=ZONE)[0] == tasks, version
        assert sim.call("listVmwareDcs", zoneid=ZONE)[0] == 401, "the plugin is absent"
        sim.peer.control("add", kind="VMwareDC", row={"id": "7" * 8, "name": "DC9", "vcenter": "vc9", "zoneid": ZONE})
        row, = sim.call("listVmwareDcs", zoneid=ZONE)[1]["VMwareDC"]
        assert (row["id"], row["name"], row["vcenter"], row["zoneid"]) == ("7" * 8, "DC9", "vc9", 2), "a number"
        request = conversion_of(sim, "nobody", vcenter=None, existingvcenterid="7" * 8)
        done = sim.job(sim.call("importVm", **request)[1]["jobid"])
        assert done["jobresult"]["errortext"] == "Cannot find VM with name nobody on vCenter vc9/DC9", done


# --- killed and started again -------------------------------------------------------


@case("a stand-in that is killed goes on where it was: records, used ids, faults; jobs in flight are lost")
def killed():
    with tempfile.TemporaryDirectory() as folder:
        options = ("--state", os.path.join(folder, "state"), "--job-seconds", "importUnmanagedInstance=0.05,migrateVolume=99")
        ended, lost, killing = (str(uuid.uuid4()) for _ in range(3))
        with Stand(*options) as sim:
            vm = sim.imported("job-a", customjobid=ended)
            volume = sim.call("listVolumes", virtualmachineid=vm["id"], listall="true")[1]["volume"][0]
            sim.call("migrateVolume", volumeid=volume["id"], storageid=GOLD_POOL, newdiskofferingid=DO_GOLD,
                     livemigrate="true", customjobid=lost)
            sim.peer.control("clock", advance=10)
            sim.faults("on=importUnmanagedInstance do=kill act=yes", "on=importUnmanagedInstance call=2 do=refuse status=503")
            assert sim.ends_without_reply("importUnmanagedInstance", customjobid=killing, **import_of("job-b"))
            assert sim.peer.process.wait(10) == -9
        with Stand(*options) as sim:
            done = sim.job_now(ended)
            assert (done["jobstatus"], done["jobresult"]["virtualmachine"]["id"]) == (1, vm["id"])
            assert sim.managed("job-a") == 1 and sim.volume(volume["id"])["state"] == "Migrating"
            for each in (lost, killing):
                done = sim.job_now(each)
                assert (done["jobstatus"], done.get("jobresult")) == (2, None), done
            assert sim.managed("job-b") == 0
            assert sim.submit("job-b", customjobid=killing)[0] == 503, "the script goes on"
            assert sim.submit("job-b", customjobid=killing)[1]["errortext"] == "Entity already exists "
            assert sim.imported("job-b")["name"] == "job-b"


@case("200 imports are taken within 5 s over one connection, and each VM is managed once")
def many():
    with Stand("--vms", "200", "--job-seconds", "0.5") as sim:
        begin = time.monotonic()
        ids = [sim.submit(f"vm-{number:05}")[1]["jobid"] for number in range(1, 201)]
        assert time.monotonic() - begin < 5, time.monotonic() - begin
        assert all(sim.job(each)["jobstatus"] == 1 for each in ids)
        state = sim.peer.control("state")
        assert (state["managed"], state["managed_twice"]) == (200, [])
        assert len({call["connection"] for call in sim.peer.control("calls")["calls"]}) == 1


def main():
    failures = 0
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    for number, (name, test) in enumerate([each for each in CASES if wanted in each[0]], 1):
        try:
            test()
            print(f"ok {number} - {name}", flush=True)
        except Exception:
            failures += 1
            print(f"not ok {number} - {name}")
            print("# " + traceback.format_exc().rstrip().replace("\n", "\n# "), flush=True)
    if Stand.shared:
        Stand.shared.stop()
    print(f"1..{len(CASES)}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
