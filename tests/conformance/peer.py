# SPDX-License-Identifier: Apache-2.0
"""Starts the stand-in and talks to it as the recorder talked to the real server."""
import datetime
import http.client
import json
import os
import subprocess
import sys
import time
import urllib.parse

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TESTS, "peers"))
from cloudstack_sim import server, signing  # noqa: E402

IMPLEMENTED = frozenset(server.COMMANDS)

API_PATH = "/client/api"


def _expires(seconds):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S+0000")


def _drop(*names):
    return lambda params: {k: v for k, v in params.items() if k not in names}


def _set(**values):
    return lambda params: dict(params, **values)


# What was done to a request before (first) and after (second) it was signed.
TRICKS = {
    "signing/expired": (_set(expires=_expires(-3600)), None),
    "signing/expires-garbage": (_set(expires="tomorrow"), None),
    "signing/expires-missing": (_drop("expires"), None),
    "signing/no-apikey": (None, _drop("apikey")),
    "signing/no-command": (None, _drop("command")),
    "signing/no-signature": (None, _drop("signature")),
    "signing/nothing": (None, _drop("apikey", "signature", "signatureversion", "expires")),
    "signing/signatureVersion-missing-with-expires": (None, _drop("signatureversion")),
    "signing/tampered": (None, _set(name="tampered")),
    "signing/wrong-apikey": (None, _set(apikey="NO-SUCH-KEY")),
    "signing/wrong-signature": (None, _set(signature="AAAAAAAAAAAAAAAAAAAAAAAAAAA=")),
}


def tls_files(folder):
    """(certificate, key) of 127.0.0.1, signed by itself."""
    cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=127.0.0.1",
                    "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    return cert, key


class Peer:
    def __init__(self, estate, *options):
        program = os.path.join(TESTS, "peers", "cloudstack-sim")
        self.process = subprocess.Popen(
            [sys.executable, program, "--estate", estate, "--port", "0", "--job-seconds", "0.01", *options],
            stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            raise RuntimeError(f"cloudstack-sim did not start: {line!r}")
        self.address = urllib.parse.urlsplit(line.split()[-1]).netloc
        self.connection = http.client.HTTPConnection(self.address, timeout=60)
        with open(estate, encoding="utf-8") as file:
            keys = json.load(file)["keys"]
        self.keys = {key["apikey"].partition("-")[0].lower(): key for key in keys}

    def stop(self):
        self.connection.close()
        self.process.terminate()
        self.process.wait()

    def control(self, verb, **request):
        """What /sim/VERB answers, see README.md."""
        self.connection.request("POST", f"/sim/{verb}", json.dumps(request))
        reply = self.connection.getresponse()
        text = reply.read().decode()
        if reply.status != 200:
            raise RuntimeError(f"/sim/{verb} {request}: {text}")
        return json.loads(text)

    def signed(self, user, params, trick=None):
        before, after = TRICKS.get(trick, (None, None))
        params = {name: str(value) for name, value in params.items()}
        params.setdefault("response", "json")
        params.update(apikey=self.keys[user]["apikey"], signatureversion="3", expires=_expires(600))
        params = before(params) if before else params
        params["signature"] = signing.signature(self.keys[user]["secretkey"], params)
        return after(params) if after else params

    def call(self, user, params, method="POST", trick=None):
        """(status, content type, body text)"""
        form = urllib.parse.urlencode(self.signed(user, params, trick))
        if method == "GET":
            self.connection.request("GET", f"{API_PATH}?{form}")
        else:
            self.connection.request("POST", API_PATH, form,
                                    {"Content-Type": "application/x-www-form-urlencoded"})
        reply = self.connection.getresponse()
        return reply.status, reply.getheader("Content-Type"), reply.read().decode()

    def job(self, job_id, wait=True):
        """The body of queryAsyncJobResult, of a finished job if @wait."""
        end = time.monotonic() + 20
        while True:
            status, _, text = self.call("admin", {"command": "queryAsyncJobResult", "jobid": job_id})
            body = json.loads(text)
            if not wait or body["queryasyncjobresultresponse"].get("jobstatus") != 0:
                return status, body
            if time.monotonic() > end:
                raise RuntimeError(f"job {job_id} does not end")
            time.sleep(0.005)
