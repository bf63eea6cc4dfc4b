# SPDX-License-Identifier: Apache-2.0
"""Async jobs: a thread a job; rows of the table 'job' are what can be asked for.

Work that a command returns runs in two steps, as on the server: check() under the
lock, then the talk with the host (which a test can hold up), then commit() under the
lock. Nothing locks a VM: two jobs that are both between the steps both succeed.
"""
import re
import sys
import threading
import uuid

from .errors import ApiError, bad_parameter, forbidden, invalid
from .estate import as_text, now
from .registry import command
from .params import is_true

UUID_FORM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
OLD_SERVER_NUMBER = 3281355014145  # 4.20.x names a management server by its number
IN_PROGRESS, SUCCEEDED, FAILED = 0, 1, 2


class Work:
    """What a job does: check() may raise, commit() returns the job's result."""

    def __init__(self, commit, check=None, host_id=None, instance_id=None):
        self.check, self.commit = check or (lambda: None), commit
        self.host_id, self.instance_id = host_id or (lambda: None), instance_id


class Runner:
    """Runs jobs, and loses them when the server is restarted."""

    def __init__(self, estate, seconds):
        self.estate, self.seconds = estate, seconds
        self.held = {}
        self.generation = 0
        self.wake = threading.Condition(estate.lock)

    def submit(self, entry, caller, work, job_id):
        estate = self.estate
        row = estate["job"].add({
            "id": job_id, "accountid": caller.account["id"], "account": caller.account["name"],
            "domainid": caller.domain_id, "userid": caller.user["id"], "cmd": entry.cmd,
            "jobprocstatus": 0, "jobresultcode": 0, "jobstatus": IN_PROGRESS, "created": now(),
            "jobinstancetype": entry.instance_type, "jobinstanceid": work.instance_id,
            "_running": True})
        threading.Thread(target=self._run, args=(row, work, self.generation), daemon=True).start()
        return row

    def hold(self, host_id, is_held):
        with self.wake:
            self.held[host_id] = is_held
            self.wake.notify_all()

    def restart(self):
        """Every job in flight is failed without a result; its work is lost."""
        with self.wake:
            self.generation += 1
            for row in self.estate["job"]:
                if row["jobstatus"] == IN_PROGRESS:
                    row.update(jobstatus=FAILED, jobresultcode=530, completed=now())
            self.wake.notify_all()

    def _talk_to_host(self, host_id, generation):
        self.wake.wait_for(lambda: generation != self.generation, timeout=self.seconds)
        return self._wait(lambda: self.held.get(host_id) or self.held.get("*"), generation)

    def _wait(self, is_held, generation):
        """False if the server was restarted meanwhile."""
        self.wake.wait_for(lambda: generation != self.generation or not is_held())
        return generation == self.generation

    def _run(self, row, work, generation):
        with self.wake:
            try:
                if not self._wait(lambda: self.held.get("*"), generation):
                    return
                self.estate.scratch.clear()
                work.check()
                if not self._talk_to_host(work.host_id(), generation):
                    return
                self.estate.scratch.clear()
                result = work.commit(row)
                row.update(jobstatus=SUCCEEDED, jobresulttype="object", jobresult=result)
            except ApiError as error:
                code, result = in_job(error)
                row.update(jobstatus=FAILED, jobresultcode=code, jobresulttype="object", jobresult=result)
            except Exception as bug:  # a fault of ours: said aloud, and the job ends
                print(f"cloudstack-sim: {row['cmd']}: {bug!r}", file=sys.stderr, flush=True)
                row.update(jobstatus=FAILED, jobresultcode=530, jobresulttype="object",
                           jobresult={"errorcode": 530, "errortext": f"stand-in failed: {bug!r}"})
            row.update(completed=now(), _running=False)


def in_job(error):
    """Inside a job everything but 431 and errors of the API layer itself becomes 530."""
    code = error.status if error.status in (431, 533) else 530
    return code, {"errorcode": code, **({"errortext": error.text} if error.text is not None else {})}


def require_service(simulator):
    """A server on its way down takes no new jobs."""
    if "maintenance" not in simulator.faults:
        return
    if simulator.estate.is_old:
        raise ApiError(530, "A shutdown has been triggered. Can not accept new jobs")
    raise ApiError(503, "Maintenance or Shutdown has been initiated on this management server. Can not accept "
                        "new jobs")


def new_job_id(estate, given):
    """The id the client chose (customjobid) or a new one."""
    wanted = given.get("customjobid")
    if wanted is None:
        return str(uuid.uuid4())
    if not UUID_FORM.match(wanted):
        raise invalid(f"UUID: {wanted} doesn't follow the UUID format")
    if estate["job"].get(wanted):
        raise ApiError(530, "Entity already exists ")
    return wanted


JOB_FIELDS = ("accountid account domainid domainpath userid cmd jobprocstatus jobresultcode jobresulttype "
              "jobresult jobinstancetype jobinstanceid managementserverid managementservername created "
              "completed jobid jobstatus").split()


def show(estate, row):
    server = estate["managementserver"].rows[0] if estate["managementserver"].rows else {}
    values = dict(row, jobid=row["id"], domainpath=estate["domain"].get(row["domainid"])["path"])
    if row["_running"]:
        values["managementserverid"] = OLD_SERVER_NUMBER if estate.is_old else server.get("id")
        values["managementservername"] = None if estate.is_old else server.get("name")
    return {name: values[name] for name in JOB_FIELDS if values.get(name) is not None}


@command("queryAsyncJobResult", "jobid:job resourceid:string resourcetype:string", role="user", kind="job")
def query_job(call):
    job_id = call.given.get("jobid")
    if job_id is None and call.estate.is_old:
        raise bad_parameter("Unable to execute API command queryasyncjobresult due to missing parameter jobid")
    if job_id is None:
        raise invalid("Expected parameter job id or parameters resource type and resource id")
    row = call.estate["job"].get(job_id)
    if not call.caller.is_root_admin and row["accountid"] != call.caller.account["id"]:
        raise forbidden(f"Account {as_text('account', call.caller.account)} is not authorized to see "
                        f"job id={row['_n']}")
    return show(call.estate, row)


@command("listAsyncJobs", "listall:boolean account:string domainid:domain startdate:date "
         "keyword:string page:integer pagesize:integer", role="user", kind="job")
def list_jobs(call):
    rows = [row for row in call.estate["job"] if row["jobstatus"] == IN_PROGRESS]
    if not (call.caller.is_root_admin and is_true(call.given.get("listall"))):
        rows = [row for row in rows if row["accountid"] == call.caller.account["id"]]
    return call.page("asyncjobs", [show(call.estate, row) for row in rows])
