# SPDX-License-Identifier: Apache-2.0
"""The simulated vCenter (peers/vcsim) as a process of a test, and what it can be told while it runs."""
import json
import os
import pathlib
import ssl
import subprocess
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
VCSIM = ROOT / os.environ.get("B", "build") / "peers/vcsim"
USER, PASSWORD = "admin@vsphere.local", "pass"


class Vcenter:
    number = 0

    def __init__(self, work, *args):
        Vcenter.number += 1
        self.work = work
        self.ca = work / f"ca{Vcenter.number}.pem"
        self.process = subprocess.Popen([VCSIM, "-write-ca", self.ca, "-fingerprint", *map(str, args)],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = self.process.stdout.readline().split()[-1]
        self.fingerprint = self.process.stdout.readline().split()[-1]
        self.base = self.url[:-len("/sdk")]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def web(self, path, method="GET"):
        context = ssl._create_unverified_context()
        request = urllib.request.Request(self.base + path, method=method)
        return urllib.request.urlopen(request, context=context, timeout=120).read()

    def fault(self, **query):
        self.web("/fault?" + urllib.parse.urlencode(query), "POST")

    def change(self, **query):
        self.web("/change?" + urllib.parse.urlencode(query), "POST")

    def counters(self):
        return json.loads(self.web("/counters"))

    def reset(self):
        self.web("/counters", "POST")

    def config(self, name="vc", **keys):
        return config_of(self.work, self, name, **keys)


def config_of(work, vcenter, name="vc", **keys):
    """A [source NAME] group of the config; vcenter None: without its address."""
    secret = work / "password"
    secret.write_text(keys.pop("password", PASSWORD) + "\n")
    secret.chmod(0o600)
    values = {"type": "vsphere", "url": vcenter.url if vcenter else "", "username": USER,
              "password-file": str(secret)}
    if vcenter:
        values["cacert"] = str(vcenter.ca)
    values.update({key: str(value) for key, value in keys.items()})
    lines = [f"{key} = {value}" for key, value in values.items() if value != "None"]
    return f"[source {name}]\n" + "\n".join(lines) + "\n"
