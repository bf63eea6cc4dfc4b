# SPDX-License-Identifier: Apache-2.0
"""importVm with importsource=vmware: a VM of a vCenter becomes a stopped one of a KVM cluster.

None of this is recorded: the parameters are those of the recorded listApis, checks and
texts are from the contract (its section 5.2). Source VMs are the instances on VMware
hosts and the rows of the table 'vcentervm' (the same form; vcenter and datacenter say
where, if given); vCenters linked to the zone are rows of the table 'VMwareDC'.
"""
import json
import uuid

from . import fit, limits, nics
from .errors import ApiError, bad_parameter, failure, invalid
from .importing import FROM_THE_HOST, Import, import_params, ORDERS
from .jobs import Work
from .params import is_true
from .records import mac_text
from .registry import LIST_PARAMS, command

SOURCES = ("VMWARE", "EXTERNAL", "SHARED", "LOCAL", "UNMANAGED")
DIRECT_TYPES = ("NetworkFilesystem", "Filesystem", "SharedMountPoint")
STEPS = ("Prepare", "CloningInstance", "ConvertingInstance", "Importing", "Completed")
EXTRA = "convert.vmware.instance.to.kvm.extra.params.allowed"


class Conversion(Import):
    """One submitted importVm."""

    def __init__(self, call):
        super().__init__(call)
        self.task = self.source = None
        self.vcenter, self.datacenter = self.given.get("vcenter"), self.given.get("datacentername")
        self.pool = call.row("convertinstancepoolid")
        self.is_direct = is_true(self.given.get("forceconverttopool")) and self.release.convert_direct
        self.has_vddk = is_true(self.given.get("usevddk")) and self.release.convert_vddk

    def host_id(self):
        return self.convert_host["id"]

    def check(self):
        for each in (zone_is_there, is_for_kvm, source_is_known, *ORDERS[self.release.order][0], vcenter_is_one,
                     vcenter_is_complete, files_or_vddk, pool_is_direct, extra_is_allowed, vcenter_is_linked):
            each(self)
        self._event("Scheduled")
        self._event("Started")
        self._guarded(hosts_are_fit, temporary_place_is_there, pools_are_there)
        self.task = self.estate["importvmtask"].add({
            "zoneid": self.cluster["zoneid"], "account": self.owner.row["name"], "accountid": self.owner.account_id,
            "displayname": self.display, "vcenter": self.vcenter, "datacentername": self.datacenter,
            "sourcevmname": self.name, "state": "Running", "convertinstancehostid": self.convert_host["id"],
            "convertinstancehostname": self.convert_host["name"], "created": self.estate.now(),
            "lastupdated": self.estate.now(), "_created": self.estate.clock.time()})
        self.last_known = {kind: self.estate[kind].last_number for kind in ("nic", "virtualmachine")}
        self._guarded(source_is_found, source_may_run, offering_is_big_enough, limits_are_kept, nics_are_as_many, nics_are_free)

    def begin(self, seconds):
        """The hosts work: listImportVmTasks tells how far they are."""
        self.task.update(_begun=self.estate.clock.time(), _seconds=seconds)

    def _guarded(self, *checks):
        """Whatever is wrong from here on is 530, and the task says so."""
        try:
            for each in checks:
                each(self)
        except ApiError as error:
            self._end_task("Failed", error.text)
            self._event("Completed", level="ERROR")
            raise failure(error.text) from error

    def _check_found(self):
        self.instance = converted(self)
        self.host = self.import_host
        for each in ORDERS[self.release.order][1]:
            if each not in FROM_THE_HOST:
                each(self)

    def find_pool(self, disk, tags):
        return next(pool for pool in self.pools if fit.has_tags(self.release, pool, tags))

    def commit(self, job):
        try:
            result = super().commit(job)
        except ApiError as error:
            self._end_task("Failed", error.text)
            raise failure(error.text) from error
        self._end_task("Completed", None, result["virtualmachine"]["id"])
        return result

    def finish(self, vm):
        """The name is CloudStack's own; no host has it before it is started."""
        owner_n = self.estate["account"].get(self.owner.account_id) or {"_n": self.owner.row["_n"]}
        vm.update(instancename=f"i-{owner_n['_n']}-{vm['_n']}-VM", hostid=None, state="Stopped", _instance=None,
                  _source=self.source["_n"])
        self.estate["virtualmachine"].touch()

    def fail(self):
        self._end_task("Failed", "conversion failed")
        raise failure(f"Failed to convert the instance {self.name} from VMware to KVM: virt-v2v failed")

    def _end_task(self, state, text, vm_id=None):
        if self.task:
            self.task.update(state=state, virtualmachineid=vm_id, lastupdated=self.estate.now(),
                             _ended=self.estate.clock.time(), description=text)


def converted(job):
    """The source as the KVM hosts have it after the conversion: off, virtio, files on the chosen pools."""
    instance = json.loads(json.dumps(job.source))
    instance.update(powerstate="PowerOff", hostid=job.import_host["id"], clusterid=job.cluster["id"])
    for disk in instance.get("disk", []):
        disk.update(controller="virtio", imagepath=str(uuid.uuid4()))
    for nic in instance.get("nic", []):
        nic["adaptertype"] = "virtio"
    return instance


# --- what was asked ---------------------------------------------------------------


def zone_is_there(job):
    if job.call.row("zoneid").get("_removed"):
        raise invalid("Please specify a valid zone.")


def is_for_kvm(job):
    kind = job.given["hypervisor"]
    if kind.upper() != "KVM" or job.cluster["hypervisortype"] != "KVM":
        kind = kind if kind.upper() != "KVM" else job.cluster["hypervisortype"]
        raise invalid(f"VM import is currently not supported for hypervisor: {kind}")


def source_is_known(job):
    source = job.given["importsource"].upper()
    if source not in SOURCES:
        raise failure(f"No enum constant org.apache.cloudstack.vm.ImportSource.{source}")
    if source == "UNMANAGED":
        raise failure(f"Failed to find unmanaged vm with name: {job.name} in cluster: {job.cluster['id']}")
    if source != "VMWARE":
        raise failure(f"stand-in: importsource={source.lower()} is not implemented")


def vcenter_is_one(job):
    if bool(job.given.get("existingvcenterid")) == bool(job.vcenter):
        raise bad_parameter("Please provide an existing vCenter ID or a vCenter IP/Name, parameters are mutually exclusive")


def vcenter_is_complete(job):
    if job.vcenter and not all(job.given.get(name) for name in ("datacentername", "username", "password")):
        raise bad_parameter("Please set all the information for a vCenter IP/Name, datacenter, username and password")


def files_or_vddk(job):
    if is_true(job.given.get("forcemstoimportvmfiles")) and job.has_vddk:
        raise bad_parameter("Parameters forcemstoimportvmfiles and usevddk are mutually exclusive")


def pool_is_direct(job):
    if not job.is_direct:
        return
    if job.pool is None:
        raise failure("The parameter forceconverttopool is set to true, but a primary storage pool has not been provided "
                      "for conversion")
    if job.pool["type"] not in DIRECT_TYPES:
        raise failure(f"The selected storage pool {job.pool['name']} does not support direct conversion as its type "
                      f"{job.pool['type']}")


def extra_is_allowed(job):
    wanted = job.given.get("extraparams")
    if not wanted or not job.release.convert_direct:
        return
    if not is_true(job.estate.setting(EXTRA)):
        raise bad_parameter("Extra parameters for Vmware to KVM conversion are disabled by the administrator")
    allowed = [each.strip() for each in job.estate.setting(EXTRA + ".list").split(",") if each.strip()]
    if not allowed:
        raise bad_parameter("Extra parameters for Vmware to KVM conversion are enabled but the allowed list of parameters "
                            "is empty")
    for word in wanted.split():
        if word.startswith("--") and word.lstrip("-").partition("=")[0] not in allowed:
            raise bad_parameter(f"The parameter {word.lstrip('-').partition('=')[0]} is not allowed by the administrator")


def vcenter_is_linked(job):
    linked = job.call.row("existingvcenterid")
    if linked:
        job.vcenter, job.datacenter = linked["vcenter"], linked["name"]


# --- where it is converted ----------------------------------------------------------


def _why_unfit(host, states):
    if host.get("resourcestate", "Enabled") not in states:
        return "state"
    if host.get("state", "Up") != "Up":
        return "running"
    return None if host.get("type", "Routing") == "Routing" else "routing"


def hosts_are_fit(job):
    own = [host for host in job.estate["host"].where(clusterid=job.cluster["id"]) if host.get("type", "Routing") == "Routing"]
    able = [host for host in own if host.get("instanceconversionsupported")]
    job.convert_host = _named_host(job, job.call.row("convertinstancehostid")) or next(iter(able or own), None)
    if job.convert_host is None:
        raise failure(f"Could not find any suitable KVM host in cluster {job.cluster['name']} to perform the instance "
                      "conversion")
    job.import_host = _import_host(job) or next(iter(own), None)
    if job.convert_host.get("instanceconversionsupported") is False:
        raise failure(f"The host {job.convert_host['name']} doesn't support conversion of instance {job.name} from VMware to "
                      "KVM due to: virt-v2v is not installed")


def _named_host(job, host):
    if host is None:
        return None
    why = _why_unfit(host, ("Enabled", "Disabled") if job.release.convert_hosts == "z" else ("Enabled",))
    texts = {"state": f"as the host is in {host.get('resourcestate')} state", "running": "as it is not running",
             "routing": "as it is not a routing host"}
    near = "zoneid" if job.release.convert_hosts == "z" else "clusterid"
    if why is None and host.get(near) != job.cluster["zoneid" if near == "zoneid" else "id"]:
        raise failure(f"Cannot perform the conversion on the host {host['name']} as it is not in the same "
                      f"{near.removesuffix('id')} as the destination cluster")
    if why:
        raise failure(f"Cannot perform the conversion on the host {host['name']} {texts[why]}")
    return host


def _import_host(job):
    host = job.call.row("importinstancehostid")
    if host is None or job.release.convert_hosts != "z":
        return None
    texts = {"state": "it is not in Enabled state", "running": "it is not running", "routing": "it is not a routing host"}
    why = _why_unfit(host, ("Enabled",))
    text = texts.get(why) or (host.get("clusterid") != job.cluster["id"] and
                              "it is not in the same cluster as the destination cluster")
    if text:
        raise failure(f"Cannot import the converted instance on the host {host['name']} as {text}")
    return host


def temporary_place_is_there(job):
    """The pool that was named, or the zone's secondary storage on NFS."""
    pool = job.pool
    if pool is None:
        if not any(store.get("protocol", "nfs") == "nfs" for store in job.estate["imagestore"].where(
                zoneid=job.cluster["zoneid"])):
            raise failure(f"Could not find an NFS secondary storage pool on zone {job.call.row('zoneid')['_n']} to use as a "
                          "temporary location for instance conversion")
        return
    if pool.get("scope") == "HOST" and (job.convert_host is not job.import_host or not job.is_direct):
        raise failure("Please select the same host as convert and importing host and set forceconvertopool to true to use a "
                      "local storage pool for conversion")
    if not job.is_direct and pool["type"] != "NetworkFilesystem":
        raise failure(f"The storage pool {pool['name']} is not supported for temporary conversion location,only NFS storage "
                      "pools are supported when forceconverttopool is set to false")
    if pool.get("clusterid") not in (None, job.cluster["id"]):
        raise failure(f"Cannot use the storage pool {pool['name']} for the instance conversion as it is not in the scope of "
                      f"the cluster {job.cluster['name']}")


def pools_are_there(job):
    """NFS pools of the cluster and the zone, or the one that is converted to."""
    job.pools = [job.pool] if job.is_direct else [
        pool for pool in job.estate["storagepool"] if pool["type"] == "NetworkFilesystem"
        and pool.get("zoneid") == job.cluster["zoneid"] and pool.get("clusterid") in (None, job.cluster["id"])
        and pool.get("hypervisor") in (None, "KVM", "Any") and pool.get("state", "Up") == "Up"]
    if not job.pools:
        raise failure("Cannot find suitable storage pools in the cluster for the converted instance")
    wanted = [(job.offering.get("storagetags"), f"{job.offering.get('diskofferingname') or job.offering['name']} that belongs "
               f"to the service offering {job.offering['name']}")]
    wanted += [(offering.get("tags"), offering["name"]) for offering in job.disk_offering_of.values()]
    for tags, name in wanted:
        if not any(fit.has_tags(job.release, pool, tags) for pool in job.pools):
            raise failure(f"Cannot find suitable storage pool for disk offering {name}")


# --- the source ---------------------------------------------------------------------


def _sources(job):
    for row in job.estate["vcentervm"].where(name=job.name):
        if row.get("vcenter") in (None, job.vcenter) and row.get("datacenter") in (None, job.datacenter):
            yield row
    for row in job.call.simulator.hypervisor.named(job.name):
        if job.estate["cluster"].get(row["clusterid"])["hypervisortype"] == "VMware":
            yield row


def source_is_found(job):
    job.source = next(_sources(job), None)
    if job.source is None:
        raise failure(f"Cannot find VM with name {job.name} on vCenter {job.vcenter}/{job.datacenter}")


def source_may_run(job):
    if job.source.get("powerstate") != "PowerOn":
        return
    if "windows" in f"{job.source.get('osdisplayname')} {job.source.get('osid')}".lower():
        raise failure(f"VM {job.name} is a Windows VM and its Running, cannot be imported. Please gracefully shut it down "
                      "before attempting the import")
    if job.source.get("_standalone"):
        raise failure(f"VM {job.name} might be on standalone host and is Running, cannot be imported. Please shut it down "
                      "before attempting the import")


def offering_is_big_enough(job):
    least = job.offering.get("serviceofferingdetails") or {}
    for label, member, minimum in (("CPU number", "cpunumber", "mincpunumber"), ("CPU speed", "cpuspeed", None),
                                   ("Memory", "memory", "minmemory")):
        wanted, has = job.offering.get(member) or least.get(minimum), job.source.get(member) or 0
        if wanted is not None and int(wanted) < has:
            raise failure(f"The requested {label} ({wanted}) is less than the source VM {label} ({has})")


def limits_are_kept(job):
    if job.release.limit_user_vm == "R":
        for resource, amount in (("user_vm", 1), ("cpu", job.source["cpunumber"]), ("memory", job.source["memory"])):
            limits.require(job.estate, job.owner, resource, amount, "VM resource allocation error for account")


def nics_are_as_many(job):
    found, given = len(job.source.get("nic", [])), len(job.network_of)
    if found != given:
        raise failure(f"Different number of nics found on instance {job.name}: {found} vs {given} nics provided")


def nics_are_free(job):
    """MAC, right, hostname and address of each, as far as they can be told before the conversion."""
    job.instance = converted(job)
    for nic in job.instance.get("nic", []):
        network = job.network_of.get(nic["id"])
        if network is None:
            raise failure("Cannot find a network with id = null")
        if not job.forced and job.has_mac(network, nic):
            raise failure(mac_text(job, network, nic["macaddress"]))
    nics.have_networks(job)
    job.nics = []


# --- its progress -------------------------------------------------------------------


def _step(estate, task):
    """By the share of the job's time that has passed."""
    if task["state"] == "Completed":
        return "Completed"
    share = (estate.clock.time() - task["_begun"]) / max(task["_seconds"], 0.001) if "_begun" in task else 0
    return STEPS[1 if share < 0.2 else 2 if share < 0.9 else 3] if "_begun" in task else STEPS[0]


def _duration(seconds):
    hours, rest = divmod(int(seconds), 3600)
    parts = [f"{hours} hs " if hours else "", f"{rest // 60} min " if rest >= 60 else "",
             f"{rest % 60} secs" if rest % 60 else ""]
    return "".join(parts)


def _describe(task, step):
    return {"CloningInstance": f"Cloning source instance: {task['sourcevmname']} on vCenter: {task['vcenter']} / datacenter: "
                               f"{task['datacentername']}",
            "ConvertingInstance": "Converting the cloned VMware instance to a KVM instance on the host: "
                                  f"{task['convertinstancehostname']}",
            "Importing": f"Importing the converted KVM instance on the host: {task['convertinstancehostname']}",
            "Prepare": "Preparing to convert Vmware instance", "Completed": f"Completed at {task['lastupdated']}"}[step]


def show_task(estate, task):
    step = _step(estate, task)
    passed = task.get("_ended", estate.clock.time()) - task["_created"]
    zone = estate["zone"].get(task["zoneid"])
    shown = {name: value for name, value in task.items() if not name.startswith("_") and value is not None}
    return {**shown, "zonename": zone["name"], "step": f"[{STEPS.index(step) + 1}/{len(STEPS)}] {step}",
            "stepduration": _duration(passed), "duration": _duration(passed),
            "description": task.get("description") or _describe(task, step)}


@command("listImportVmTasks", "zoneid!:zone accountid:account vcenter:string convertinstancehostid:host tasksfilter:string "
         + LIST_PARAMS, kind="importvmtask", exists=lambda estate: estate.release.convert_direct)
def list_tasks(call):
    state = (call.given.get("tasksfilter") or "All").capitalize()
    if state not in ("All", "Running", "Completed", "Failed"):
        raise bad_parameter(f"Invalid value for task state: {call.given['tasksfilter']}")
    rows = [row for row in call.estate["importvmtask"].where(zoneid=call.given["zoneid"]) if state in ("All", row["state"])]
    for name in ("accountid", "vcenter", "convertinstancehostid"):
        rows = [row for row in rows if call.given.get(name) in (None, row[name])]
    return call.page("importvmtask", rows, lambda row: show_task(call.estate, row))


@command("listVmwareDcs", "zoneid!:zone " + LIST_PARAMS, exists=lambda estate: bool(estate["VMwareDC"].rows))
def list_datacenters(call):
    """Only where the plugin is there, which the recorded server lacks."""
    rows = call.estate["VMwareDC"].where(zoneid=call.given["zoneid"])
    zone = call.row("zoneid")
    return call.whole("VMwareDC", [{"id": row["id"], "zoneid": zone["_n"], "name": row["name"], "vcenter": row["vcenter"]}
                                   for row in rows])


@command("importVm", import_params("zoneid!:zone hypervisor!:string importsource!:string existingvcenterid:VMwareDC "
                                   "hostip:string vcenter:string datacentername:string clustername:string host:string "
                                   "hostid:host username:string password:string diskpath:string networkid:network "
                                   "storageid:storagepool temppath:string convertinstancehostid:host "
                                   "importinstancehostid:host convertinstancepoolid:storagepool "
                                   "forcemstoimportvmfiles:boolean forceconverttopool:boolean extraparams:string "
                                   "osid:ostype usevddk:boolean"),
         is_async=True, kind="virtualmachine", since="4.19.0", exists=lambda estate: estate.release.kvm,
         cmd="org.apache.cloudstack.api.command.admin.vm.ImportVmCmd")
def import_vm(call):
    job = Conversion(call)
    return Work(job.commit, job.check, job.host_id, partly=job.partly, fail=job.fail, begin=job.begin)
