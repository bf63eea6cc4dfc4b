# SPDX-License-Identifier: Apache-2.0
"""Random estates for the stand-in: what CloudStack has, and the instances on its hosts.

Names, ids, orders, sizes and the numbers of things are drawn; what the checks of the
server need to be reached is always there. A row that a case wants is asked for by its
role: estate.role["network", "l2"] is an L2 network that the admin's VMs fit on.
"""
import uuid

GIB = 1 << 30
WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath", "inlet", "jetty", "knoll", "larch",
         "maple", "north", "ochre", "pines", "quarz", "ridge", "slate", "tidal", "umber", "vales", "wharf", "yucca")
OS = ("debian12_64Guest", "Debian GNU/Linux 12 (64-bit)")
SIZES = ((1, 1024, 500), (2, 2048, 1000), (4, 8192, 2000), (8, 16384, 2400))
PVLAN = {"i": "isolated", "c": "community", "p": "promiscuous"}
SETTINGS = ("vm.instancename.flag", "vm.strict.host.tags", "vm.strict.resource.limit.host.tag.check",
            "resource.limit.host.tags", "resource.limit.storage.tags", "resource.count.running.vms.only",
            "admin.is.allowed.to.deploy.anywhere", "vm.serviceoffering.cpu.cores.max", "vm.serviceoffering.ram.size.max")


def _base(network):
    return network["cidr"].rsplit(".", 2)[0]


class Estate:  # pylint: disable=too-many-instance-attributes
    """One estate; rows by role, and a random generator that its cases go on with."""

    def __init__(self, random, is_basic=False, has_flag=False, has_trunk=True, has_custom=True, plain="plain",
                 strict=None):
        self.random, self.is_basic, self.has_trunk, self.has_custom = random, is_basic, has_trunk, has_custom
        self.plain = plain  # the kind of pool that instances of VMware lie on
        self.document = {"keys": [{"apikey": "ADMIN-KEY", "secretkey": "ADMIN-SECRET", "user": "root"}], "instances": []}
        self.role, self.used = {}, set()
        self.settings = {"default.page.size": "500"}
        for build in (self._owners, self._places, self._pools, self._networks, self._offerings, self._templates,
                      self._limits, self._managed):
            build()
        self._settings(has_flag, strict)
        self.add("template", None, name="import-dummy", format="ISO", _hidden=True, _removed=True,
                 _import_dummy="VMware")
        for kind in ("serviceoffering", "diskoffering", "network", "account"):
            self._number_and_shuffle(kind)

    # --- rows ---

    def id(self):
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def name(self, prefix=""):
        """A name that no other row has."""
        while True:
            word = f"{prefix}{self.random.choice(WORDS)}{self.random.randrange(1, 1000)}"
            if word not in self.used:
                self.used.add(word)
                return word

    def add(self, kind, role, **row):
        row.setdefault("id", self.id())
        self.document.setdefault(kind, []).append(row)
        if role:
            self.role[kind, role] = row
        return row

    def _number_and_shuffle(self, kind):
        """Numbers follow the database, the list another order."""
        rows = self.document[kind]
        self.random.shuffle(rows)
        for number, row in enumerate(rows, 1):
            row["_n"] = number
        self.random.shuffle(rows)

    def any(self, kind):
        return self.random.choice(self.document[kind])

    # --- owners ---

    def _owners(self):
        root = self.add("domain", "root", name="ROOT", path="ROOT")
        acme = self.add("domain", "acme", name=self.name("d-"), parentdomainid=root["id"], level=1)
        sub = self.add("domain", "sub", name=self.name("d-"), parentdomainid=acme["id"], level=2)
        other = self.add("domain", "other", name=self.name("d-"), parentdomainid=root["id"], level=1)
        for row, above in ((acme, root), (sub, acme), (other, root)):
            row["path"] = f"{above['path']}/{row['name']}"
        self.add("account", "admin", name="operator", accounttype=1, domainid=root["id"],
                 user=[{"id": self.id(), "username": "root"}])
        for role, domain, state in (("user", acme, "enabled"), ("below", sub, "enabled"), ("foreign", other, "enabled"),
                                    ("off", acme, "disabled"), ("locked", acme, "locked")):
            self._account(role, domain, state)
        self.add("project", "plain", name=self.name("p-"), domainid=acme["id"], projectaccountname=self.name("Prj-"),
                 _accountid=self.id())
        self.add("project", "suspended", name=self.name("p-"), domainid=acme["id"], state="Suspended",
                 projectaccountname=self.name("Prj-"), _accountid=self.id())

    def _account(self, role, domain, state="enabled"):
        name = self.name("u-")
        return self.add("account", role, name=name, accounttype=0, domainid=domain["id"], state=state,
                        user=[{"id": self.id(), "username": name}])

    def _limits(self):
        """Accounts that may have none or few of one resource, alone or by their domain or project."""
        acme = self.role["domain", "acme"]
        few = {"user_vm": 0, "cpu": 0, "memory": 0, "volume": 0, "primary_storage": 0}
        for resource, most in few.items():
            self._limited(f"no-{resource}", self._account(f"no-{resource}", acme), resource, most)
            domain = self.add("domain", f"no-{resource}", name=self.name("d-"), parentdomainid=acme["id"], level=2)
            domain["path"] = f"{acme['path']}/{domain['name']}"
            self.add("_limit", None, owner=domain["id"], resource=resource, max=most)
            self._account(f"domain-no-{resource}", domain)
            project = self.add("project", f"no-{resource}", name=self.name("p-"), domainid=acme["id"],
                               projectaccountname=self.name("Prj-"), _accountid=self.id())
            self.add("_limit", None, owner=project["id"], resource=resource, max=most)
        for resource, most in (("user_vm", 3), ("cpu", 9), ("memory", 9000), ("volume", 4), ("primary_storage", 70)):
            self._limited(f"few-{resource}", self._account(f"few-{resource}", acme), resource, most)
        for row in self.document["account"] + self.document["project"]:
            for resource in few:
                if not any(each["owner"] == row["id"] and each["resource"] == resource
                           for each in self.document["_limit"]):
                    self.add("_limit", None, owner=row["id"], resource=resource, max=-1)

    def _limited(self, role, account, resource, most):
        self.role["limited", role] = account
        self.add("_limit", None, owner=account["id"], resource=resource, max=most)

    # --- places ---

    def _places(self):
        kind = "Basic" if self.is_basic else "Advanced"
        zone = self.add("zone", "here", name=self.name("z-"), networktype=kind)
        self.add("zone", "there", name=self.name("z-"), networktype="Advanced")
        pod = self.add("pod", "here", name=self.name("pod-"), zoneid=zone["id"])
        version = self.random.choice(("7.0.3.0", "8.0.2"))
        for role, hypervisor, state in (("vc1", "VMware", "Enabled"), ("vc2", "VMware", "Enabled"),
                                        ("vc-off", "VMware", "Disabled"), ("kvm1", "KVM", "Enabled"),
                                        ("kvm-off", "KVM", "Disabled"), ("xen", "XenServer", "Enabled")):
            cluster = self.add("cluster", role, name=self.name("c-"), zoneid=zone["id"], podid=pod["id"],
                               hypervisortype=hypervisor, allocationstate=state)
            for number in (1, 2, 3):
                self._host(f"{role}-{number}", cluster, hypervisor, version, number)
        # A host of each enabled cluster has tags; one is going down.
        self.later = {}
        for role in ("vc1", "kvm1"):
            self.role["host", f"{role}-2"]["hosttags"] = "ssd,gpu"
            self.later[f"{role}-3"] = self.random.choice((
                {"state": "Down"}, {"state": "Alert"}, {"resourcestate": "Maintenance"},
                {"resourcestate": "ErrorInMaintenance"}))
        there = self.role["zone", "there"]
        far_pod = self.add("pod", "there", name=self.name("pod-"), zoneid=there["id"])
        self.add("cluster", "there", name=self.name("c-"), zoneid=there["id"], podid=far_pod["id"], hypervisortype="VMware")

    def _host(self, role, cluster, hypervisor, version, number):
        self.add("host", role, name=f"{cluster['name']}-h{number}.example", ipaddress=f"10.9.{len(self.role)}.{number}",
                 zoneid=cluster["zoneid"], podid=cluster["podid"], clusterid=cluster["id"], hypervisor=hypervisor,
                 hypervisorversion=version if hypervisor == "VMware" else None)

    # --- pools ---

    def _pool(self, role, kind, path, address, cluster=None, **more):
        zone = self.role["zone", more.pop("zone", "here")]
        row = {"name": more.pop("name", None) or self.name("pool-"), "type": kind, "path": path, "ipaddress": address,
               "zoneid": zone["id"], "hypervisor": "VMware" if not cluster else cluster["hypervisortype"], **more}
        if cluster:
            row.update(clusterid=cluster["id"], podid=cluster["podid"], scope="CLUSTER")
        else:
            row["scope"] = "ZONE"
        return self.add("storagepool", role, **row)

    def _pools(self):
        for role in ("vc1", "vc2", "vc-off"):
            cluster, center = self.role["cluster", role], "/" + self.name("DC")
            self._vmfs(f"{role}-plain", cluster, center, self.name("ds-"))
            self._vmfs(f"{role}-gold", cluster, center, self.name("ds-"), tags="gold")
            self._vmfs(f"{role}-both", cluster, center, self.name("ds-"), tags="gold,silver")
            self._pool(f"{role}-nfs", "NetworkFilesystem", f"/export/{self.name()}", self._nfs_address(), cluster)
        cluster, center, short = self.role["cluster", "vc1"], "/" + self.name("DC"), self.name("sub-")
        self._vmfs("short", cluster, center, short)
        self._vmfs("long", cluster, center, short + "0", tags="silver")
        self._vmfs("rule", cluster, center, self.name("ds-"), tags="tags[0] == 'gold'", istagarule=True)
        self._pool("zone-wide", "NetworkFilesystem", f"/export/{self.name()}", self._nfs_address())
        for role in ("kvm1", "kvm-off"):
            cluster = self.role["cluster", role]
            self._pool(f"{role}-plain", "NetworkFilesystem", f"/export/{self.name()}", self._nfs_address(), cluster)
            self._pool(f"{role}-gold", "NetworkFilesystem", f"/export/{self.name()}", self._nfs_address(), cluster,
                       tags="gold")
        self._pool("there", "NetworkFilesystem", f"/export/{self.name()}", self._nfs_address(), zone="there")

    def _nfs_address(self):
        return f"10.7.{self.random.randrange(250)}.{self.random.randrange(2, 250)}"

    def _vmfs(self, role, cluster, center, datastore, **more):
        path = f"{center}/{datastore}"
        self._pool(role, "VMFS", path, f"VMFS datastore: {path}", cluster, name=datastore, **more)

    # --- networks ---

    def new_vlan(self):
        while True:
            vlan = self.random.randrange(2, 4000)
            if ("vlan", vlan) not in self.used:
                self.used.add(("vlan", vlan))
                return vlan

    def _network(self, role, kind, owner="admin", vlan=None, pvlan=None, **more):
        zone = self.role["zone", more.pop("zone", "here")]
        row = {"name": self.name("n-"), "type": kind, "zoneid": zone["id"], "networkofferingid":
               self.role["networkoffering", "L2"]["id"], "physicalnetworkid": self.role["physicalnetwork", "wire"]["id"],
               "traffictype": "Guest", "state": "Setup" if vlan else "Allocated", **more}
        if pvlan:
            row.update(broadcasturi=f"pvlan://{vlan}-{pvlan[0]}{pvlan[1]}", vlan="N/A", broadcastdomaintype="Pvlan")
        elif vlan is not None:
            row.update(broadcasturi=f"vlan://{vlan}", vlan=str(vlan))
        if kind != "L2":
            base = f"10.{100 + len(self.document['network'])}"
            row.update(cidr=f"{base}.0.0/16", gateway=f"{base}.0.1", netmask="255.255.0.0", networkdomain="cs.internal",
                       service=[] if role == "shared-more" else [{"name": "Dhcp"}])
        if owner:
            row.update(self._owned(owner))
        return self.add("network", role, **row)

    def _owned(self, owner):
        if owner == "project":
            project = self.role["project", "plain"]
            return {"acltype": "Account", "projectid": project["id"], "domainid": project["domainid"]}
        account = self.role["account", owner]
        return {"acltype": "Account", "account": account["name"], "domainid": account["domainid"], "_owner": account["id"]}

    def _range(self, network):
        base = _base(network)
        self.add("vlaniprange", None, zoneid=network["zoneid"], networkid=network["id"], vlan=network.get("vlan"),
                 physicalnetworkid=network["physicalnetworkid"], startip=f"{base}.1.1", endip=f"{base}.9.254",
                 gateway=network["gateway"], netmask=network["netmask"], cidr=network["cidr"], account="system",
                 domainid=self.role["domain", "root"]["id"], forvirtualnetwork=False)

    def _networks(self):
        self.add("physicalnetwork", "wire", name=self.name("wire-"), zoneid=self.role["zone", "here"]["id"],
                 vlan="4000-4090")
        self.add("traffictype", None, traffictype="Guest",
                 physicalnetworkid=self.role["physicalnetwork", "wire"]["id"], kvmnetworklabel="cloudbr0",
                 vmwarenetworklabel="dvSwitch0")
        for kind in ("L2", "Shared", "Isolated"):
            self.add("networkoffering", kind, name=self.name("no-"), guestiptype=kind, specifyvlan=kind != "Isolated")
        for role, owner in (("l2", "admin"), ("l2-more", "admin"), ("l2-user", "user"), ("l2-foreign", "foreign"),
                            ("l2-project", "project"), ("l2-permitted", "foreign")):
            self._network(role, "L2", owner, self.new_vlan())
        self.add("networkpermission", None, networkid=self.role["network", "l2-permitted"]["id"],
                 accountid=self.role["account", "user"]["id"])
        self._network("l2-none", "L2")
        self._network("l2-0", "L2", vlan=0)
        self._network("l2-4095", "L2", vlan=4095 if self.has_trunk else 4094)
        primary, secondary = self.new_vlan(), self.new_vlan()
        for letter in "ic":
            self._network(f"pvlan-{letter}", "L2", vlan=primary, pvlan=(letter, secondary))
        root, acme = self.role["domain", "root"]["id"], self.role["domain", "acme"]["id"]
        for role, domain, below in (("shared", root, True), ("shared-acme", acme, False), ("shared-more", root, True)):
            network = self._network(role, "Shared", None, self.new_vlan(), acltype="Domain", domainid=domain,
                                    subdomainaccess=below)
            self._range(network)
        self._range(self._network("shared-user", "Shared", "user", self.new_vlan()))
        self._network("isolated", "Isolated", vlan=self.new_vlan())
        self._network("isolated-user", "Isolated", "user")
        self._network("far", "L2", zone="there", vlan=self.new_vlan())

    # --- offerings ---

    def _offering(self, role, cpus=None, memory=None, speed=None, **more):
        row = {"name": self.name("so-"), "state": "Active", **more}
        row.update({k: v for k, v in (("cpunumber", cpus), ("memory", memory), ("cpuspeed", speed)) if v is not None})
        row["iscustomized"] = None in (cpus, memory, speed)
        return self.add("serviceoffering", role, **row)

    def _offerings(self):
        acme, there = self.role["domain", "acme"]["id"], self.role["zone", "there"]["id"]
        other, here = self.role["domain", "other"]["id"], self.role["zone", "here"]["id"]
        for cpus, memory, speed in SIZES:
            self._offering(f"fixed-{cpus}", cpus, memory, speed)
        custom = {} if self.has_custom else {"zoneid": there}
        self._offering("custom", **custom)
        self._offering("between", speed=1000, serviceofferingdetails={
            "mincpunumber": "2", "maxcpunumber": "4", "minmemory": "2048", "maxmemory": "8192"}, **custom)
        self._offering("half-cpu", cpus=2, speed=1000)
        self._offering("half-memory", memory=2048, speed=1000)
        self._offering("half-speed", cpus=2, memory=2048)
        self._offering("gold", 2, 2048, 1000, storagetags="gold")
        self._offering("silver", 2, 2048, 1000, storagetags="silver")
        self._offering("custom-gold", storagetags="gold", **custom)
        self._offering("ssd", 2, 2048, 1000, hosttags="ssd")
        self._offering("rare", 2, 2048, 1000, hosttags="rare")
        self._offering("two-tags", 2, 2048, 1000, hosttags="ssd,rare")
        self._offering("acme", 2, 2048, 1000, domainid=acme)
        self._offering("other", 2, 2048, 1000, domainid=other)
        self._offering("there", 2, 2048, 1000, zoneid=there)
        self._offering("here", 2, 2048, 1000, zoneid=here)
        self._offering("local", 2, 2048, 1000, storagetype="local")
        self._offering("root-20", 2, 2048, 1000, rootdisksize=20)
        self._offering("deleted", 2, 2048, 1000, state="Inactive")
        for role, more in (("custom", {"iscustomized": True}), ("gold", {"iscustomized": True, "tags": "gold"}),
                           ("silver", {"iscustomized": True, "tags": "silver"}), ("20", {"disksize": 20}),
                           ("5", {"disksize": 5}), ("100-gold", {"disksize": 100, "tags": "gold"}),
                           ("acme", {"iscustomized": True, "domainid": acme}),
                           ("other", {"iscustomized": True, "domainid": other}),
                           ("there", {"iscustomized": True, "zoneid": there}),
                           ("bronze", {"iscustomized": True, "tags": "bronze"}), ("zero", {"disksize": 0}), ("deleted", {"iscustomized": True, "state": "Inactive"}),
                           ("local", {"iscustomized": True, "storagetype": "local"})):
            self.add("diskoffering", role, name=self.name("do-"), **{"state": "Active", **more})

    def _templates(self):
        zone = self.role["zone", "here"]["id"]
        known, mapped = self.add("ostype", "known", name="Plan 9", description="Plan 9"), self.add(
            "ostype", "mapped", name=OS[1], description=OS[1])
        for role, hypervisor, size, tag in (("small", "KVM", GIB, None), ("big", "KVM", 50 * GIB, None),
                                            ("tagged", "KVM", GIB, "rare"), ("vmware", "VMware", GIB, None),
                                            ("vmware-tagged", "VMware", GIB, "rare")):
            self.add("template", role, name=self.name("t-"), hypervisor=hypervisor, size=size, isready=True, zoneid=zone,
                     format="QCOW2" if hypervisor == "KVM" else "OVA", templatetype="USER", ostypeid=mapped["id"],
                     **({"templatetag": tag} if tag else {}))
        self.add("template", "gone", name=self.name("t-"), hypervisor="KVM", size=GIB, _hidden=True, _removed=True)
        version = self.role["host", "vc1-1"]["hypervisorversion"]
        parent = ".".join(version.split(".")[:2])
        self.add("guestosmapping", None, hypervisor="VMware", hypervisorversion=self.random.choice((version, parent)),
                 ostypeid=mapped["id"], osdisplayname=OS[1], osnameforhypervisor=OS[0])
        self.add("guestosmapping", None, hypervisor="VMware", hypervisorversion="6.5", ostypeid=known["id"],
                 osdisplayname="Plan 9", osnameforhypervisor="plan9Guest")

    # --- what is managed already ---

    def _managed(self):
        """VMs on both L2 networks and the shared one, running and stopped, with and without a host."""
        for number, (network, host) in enumerate((("l2", "vc1-1"), ("l2-more", "vc2-1"), ("shared", "vc1-2"),
                                                  ("l2", None), ("shared-more", "kvm1-1"))):
            self._managed_vm(f"managed-{number}", network, host)

    def _managed_vm(self, role, network_role, host_role):
        admin, network = self.role["account", "admin"], self.role["network", network_role]
        host = self.role["host", host_role] if host_role else None
        offering = self.role["serviceoffering", "fixed-2"]
        owner = {"account": admin["name"], "domainid": admin["domainid"], "_owner": admin["id"]}
        vm = self.add("virtualmachine", role, name=self.name("m-"), zoneid=network["zoneid"],
                      instancename=self.name("i-"), state="Running" if host else "Stopped", cpunumber=2, memory=2048,
                      cpuspeed=1000, serviceofferingid=offering["id"], hypervisor=(host or {}).get("hypervisor", "VMware"),
                      details={}, **owner)
        vm["displayname"] = vm["name"]
        if host:
            vm.update(hostid=host["id"], _lasthostid=host["id"], _podid=host["podid"], clusterid=host["clusterid"])
        nic = {"virtualmachineid": vm["id"], "networkid": network["id"], "macaddress": self.mac(), "deviceid": "0",
               "isdefault": True, "type": network["type"]}
        if network["type"] != "L2":
            nic["ipaddress"] = self.address(network)
        self.add("nic", role, **nic)
        self.add("volume", role, name=f"ROOT-{role}", type="ROOT", virtualmachineid=vm["id"], size=10 * GIB, deviceid=0,
                 storageid=self.role["storagepool", "vc1-plain"]["id"], path=vm["instancename"], zoneid=vm["zoneid"],
                 state="Ready", hypervisor=vm["hypervisor"], **owner)

    def take(self, instance, host):
        """The record of an instance that somebody imported."""
        admin = self.role["account", "admin"]
        self.add("virtualmachine", None, name=self.name("m-"), displayname=instance["name"],
                 instancename=instance["name"], zoneid=host["zoneid"], clusterid=host["clusterid"], hostid=host["id"],
                 _lasthostid=host["id"], _podid=host["podid"], state="Running", hypervisor=host["hypervisor"],
                 cpunumber=2, memory=2048, cpuspeed=1000, details={}, account=admin["name"],
                 serviceofferingid=self.role["serviceoffering", "fixed-2"]["id"],
                 domainid=admin["domainid"], _owner=admin["id"])

    def mac(self):
        while True:
            mac = "00:50:56:" + ":".join(f"{self.random.randrange(256):02x}" for _ in range(3))
            if mac not in self.used:
                self.used.add(mac)
                return mac

    def _settings(self, has_flag, strict):
        self.settings.update({
            "vm.instancename.flag": str(has_flag).lower(),
            "vm.strict.host.tags": self.random.choice(("", "rare", "rare,ssd")) if strict is None else strict,
            "vm.strict.resource.limit.host.tag.check": self.random.choice(("true", "false")),
            "resource.limit.host.tags": self.random.choice(("", "", "rare")),
            "resource.count.running.vms.only": "false",
            "admin.is.allowed.to.deploy.anywhere": self.random.choice(("false", "false", "true")),
            "vm.serviceoffering.cpu.cores.max": self.random.choice(("0", "0", "6")),
            "vm.serviceoffering.ram.size.max": self.random.choice(("0", "0", "12288"))})
        for name, value in self.settings.items():
            self.add("configuration", None, name=name, value=value, category="Advanced", _no_id=True)

    # --- instances ---

    def instance(self, cluster="vc1", host=1, networks=("l2",), disks=1, datastores=None, size=1, power="PowerOn"):
        """One that fits: an offering of its size, networks of its VLANs, pools of its datastores."""
        is_kvm = self.role["cluster", cluster]["hypervisortype"] == "KVM"
        cpus, memory, _ = SIZES[size]
        name, stores = self.name("vm-"), datastores or [f"{cluster}-{'plain' if is_kvm else self.plain}"]
        row = {"name": name, "hostname": self.role["host", f"{cluster}-{host}"]["name"], "powerstate": power,
               "cpunumber": cpus, "cpucorepersocket": 1, "cpuspeed": 0, "memory": memory}
        if not is_kvm:
            row.update(osid=OS[0], osdisplayname=OS[1])
        serial = len(self.document["instances"]) + 100
        row["disk"] = [self.disk(place, stores[place % len(stores)], is_kvm, name, serial) for place in range(disks)]
        row["nic"] = [self.nic(place, network, is_kvm) for place, network in enumerate(networks)]
        self.document["instances"].append(row)
        return row

    def disk(self, place, store, is_kvm, name, serial):
        pool = self.role["storagepool", store]
        row = {"id": str(place) if is_kvm else f"{serial}-{2000 + place}", "capacity": (10 + place) * GIB, "position": place,
               "label": f"vd{'abcdefgh'[place]}" if is_kvm else f"Hard disk {place + 1}",
               "controller": "virtio" if is_kvm else "pvscsi"}
        if is_kvm:
            row.update(datastorename=pool["path"], datastorehost=pool["ipaddress"], datastorepath=pool["path"],
                       datastoretype="file", imagepath=f"/mnt/{pool['id']}/{name}-{place}")
        else:
            row.update(controllerunit=0, imagepath=f"[{pool['name']}] {name}/{name}_{place}.vmdk",
                       datastorename=pool["name"])
            if pool["type"] == "NetworkFilesystem":
                row.update(datastorehost=pool["ipaddress"], datastorepath=pool["path"], datastoretype="NFS")
        return row

    def nic(self, place, network_role, is_kvm):
        network = self.role["network", network_role]
        row = {"id": str(place) if is_kvm else f"Network adapter {place + 1}", "macaddress": self.mac(),
               "adaptertype": "virtio" if is_kvm else "Vmxnet3"}
        uri = network.get("broadcasturi", "")
        if uri.startswith("pvlan://"):
            primary, secondary = uri[len("pvlan://"):].split("-")
            row.update(vlanid=int(primary), isolatedpvlan=int(secondary[1:]), isolatedpvlantype=PVLAN[secondary[0]])
        elif uri:
            row["vlanid"] = int(uri[len("vlan://"):])
        if network["type"] != "L2" and not is_kvm:
            row["ipaddresses"] = [self.address(network)]
        return row

    def address(self, network):
        """One of its range that nobody else has."""
        while True:
            address = f"{_base(network)}.{self.random.randrange(3, 10)}.{self.random.randrange(1, 255)}"
            if address not in self.used:
                self.used.add(address)
                return address
