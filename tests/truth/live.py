# SPDX-License-Identifier: Apache-2.0
"""The comparison against a management server that is given: make truth SERVER=URL PREFIX=NAME.

Only VMs whose name begins with the prefix are ever imported, one at a time, and each is given back by
unmanageVirtualMachine before the next call. Of all others the server's lists are read.
"""
import json
import os
import random
import subprocess
import uuid

from .client import Client, ServerError
from .judge import PROGRAM, SAFETY, call_of, compare, finding_ids, first_finding, predicted

# A refusal that comes while NICs are recorded leaves rows behind: such calls are not sent.
LEAVES_ROWS = {"mac-in-network", "mac-invalid", "ip-not-in-range", "ip-not-available"}
FOUND_OUT = (0, 3, 6)


class Live:
    def __init__(self, client, folder, options):
        self.client, self.folder, self.options = client, folder, options
        self.random = random.Random(options.seed)
        self.config = os.path.join(folder, "vm-ingest.conf")
        with open(os.open(self.config, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(f"[cloudstack live]\nurl = {client.url}\napi-key = {client.key}\nsecret-key = {client.secret}\n")
        self.n = {"cases": 0, "agreed": 0, "accepted": 0, "refused": 0, "withheld": 0}
        self.disagreements = []

    # --- vm-ingest ---

    def _run(self, *arguments, expected=FOUND_OUT):
        done = subprocess.run([PROGRAM, *arguments, "--config", self.config, "--progress", "none"], check=False,
                              capture_output=True, text=True)
        if done.returncode not in expected:
            raise ServerError(f"vm-ingest {arguments[0]}: {done.stderr.strip()}")
        return done.stdout

    def _saved(self):
        found = ["--inventory", os.path.join(self.folder, "inventory"), "--catalog", os.path.join(self.folder, "catalog")]
        for name, value in (("--zone", self.options.zone), ("--server-version", self.options.release)):
            found += [name, value] if value else []
        return found

    def _read(self):
        self._run("discover", "--out", os.path.join(self.folder, "inventory"), expected=(0, 6))
        self._run("catalog", "--out", os.path.join(self.folder, "catalog"), expected=(0, 6))

    def _check(self, plan):
        path = os.path.join(self.folder, "plan")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(plan, file)
        return json.loads(self._run("check", path, *self._saved()))

    # --- what is allowed ---

    def _is_allowed(self, item):
        """By the name that the call would send, as well as by the instance's."""
        names = (item["instance"]["name"], item["choice"].get("name"))
        return all(name and name.startswith(self.options.prefix) for name in names)

    def _is_wanted(self, item, clusters):
        return self._is_allowed(item) and item["choice"].get("clusterid") in clusters

    def _may_be_sent(self, item):
        choice, said = item["choice"], predicted(item)
        if not self._is_allowed(item) or choice["forced"] or choice["migrateallowed"]:
            return False
        if SAFETY & finding_ids(item) or LEAVES_ROWS & finding_ids(item):
            return False
        return bool(said) or item["verdict"] in ("ready", "ready-after-action")

    # --- choices ---

    def _lists(self):
        """What ids there are to choose among; lists only."""
        found = {}
        for kind, params in (("network", {"command": "listNetworks", "listall": "true"}),
                             ("serviceoffering", {"command": "listServiceOfferings", "listall": "true"}),
                             ("diskoffering", {"command": "listDiskOfferings", "listall": "true"}),
                             ("account", {"command": "listAccounts", "listall": "true"}),
                             ("cluster", {"command": "listClusters"}),
                             ("template", {"command": "listTemplates", "templatefilter": "all"})):
            found[kind] = self.client.asked(**params, page=1, pagesize=100).get(kind, [])
        return found

    def _edit(self, choice, lists):
        """One or two members become others that exist, or none that does."""
        def any_id(kind):
            rows = lists[kind]
            return self.random.choice(rows)["id"] if rows and self.random.random() < 0.9 else str(uuid.UUID(
                int=self.random.getrandbits(128), version=4))
        account = self.random.choice(lists["account"])
        edits = [lambda: choice.update(serviceofferingid=any_id("serviceoffering")),
                 lambda: choice.update(hostname=self.random.choice(("bad_name", "1st", "x" * 64, "fine-name", None))),
                 lambda: choice.update(clusterid=any_id("cluster")),
                 lambda: choice.update(templateid=any_id("template")),
                 lambda: choice.update(details={"cpuSpeed": self.random.choice(("1000", "fast", "0"))}),
                 lambda: choice.update(account=account["name"], domainid=account["domainid"], projectid=None),
                 lambda: choice.update(disks=choice["disks"][1:]),
                 lambda: [disk.update(diskofferingid=any_id("diskoffering")) for disk in choice["disks"]],
                 lambda: [nic.update(networkid=any_id("network")) for nic in choice["nics"]],
                 lambda: choice.update(nics=choice["nics"][1:])]
        for edit in self.random.sample(edits, self.random.choice((1, 1, 2))):
            edit()

    # --- calls ---

    def _undo(self, vm_id, name):
        body = self.client.asked(command="unmanageVirtualMachine", id=vm_id)
        job = self.client.job(body["jobid"])
        if job["jobstatus"] != 1:
            raise ServerError(f"'{name}' was imported as {vm_id} and could not be given back: {job.get('jobresult')}; "
                              f"nothing more is sent. Do it by hand: unmanageVirtualMachine id={vm_id}")

    def _try(self, item, label):
        if not self._may_be_sent(item):
            self.n["withheld"] += 1
            return
        answer, vm_id = self.client.submit(dict(call_of(item), customjobid=str(uuid.uuid4())))
        if vm_id:
            self._undo(vm_id, item["instance"]["name"])
        trouble = compare(item, answer, label)
        self.n["cases"] += 1
        self.n["agreed"] += not trouble
        self.n["refused" if answer else "accepted"] += 1
        print(f"  {label:10} {item['instance']['name']:30} {'DISAGREES' if trouble else 'agrees':10} "
              f"{first_finding(item) or item['verdict']}", flush=True)
        if trouble:
            self.disagreements.append(trouble)

    def _alone(self, plan, item):
        return self._check(dict(plan, items=[item]))["items"][0]

    def run(self):
        self._read()
        plan = json.loads(self._run("plan", *self._saved()))
        clusters = {row["id"] for row in self.client.asked(command="listClusters")["cluster"]
                    if self.options.cluster in (None, row["id"], row["name"])}
        items = [item for item in plan["items"] if self._is_wanted(item, clusters)]
        print(f"{len(plan['items'])} unmanaged VMs, {len(items)} of them begin with '{self.options.prefix}'")
        if not items:
            raise ServerError("no VM may be imported: correct PREFIX, or CLUSTER")
        for item in items:
            self._try(self._alone(plan, item), "proposed")
        lists = self._lists()
        for _ in range(self.options.cases):
            item = json.loads(json.dumps(self.random.choice(items)))
            self._edit(item["choice"], lists)
            self._try(self._alone(plan, item), "edited")
        return self._report()

    def _report(self):
        for trouble in self.disagreements:
            print(trouble)
        share = 100 * self.n["agreed"] / max(self.n["cases"], 1)
        print(f"{self.n['cases']} calls: {self.n['accepted']} accepted and given back, {self.n['refused']} refused; "
              f"{self.n['withheld']} not sent; {share:.2f} % agreement, {len(self.disagreements)} disagreements")
        return 1 if self.disagreements or not self.n["cases"] else 0


def client_of(options, environment):
    return Client(options.server, environment["CLOUDSTACK_KEY"], environment["CLOUDSTACK_SECRET"], poll_s=options.poll)
