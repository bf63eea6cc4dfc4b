# SPDX-License-Identifier: Apache-2.0
"""Async jobs: what a command returns to be done, the rows of the table 'job', and who may ask for them.

scheduler.py carries them out: check() under the lock, then the talk with the host
(which a test can hold up), then commit() under the lock.
"""
import re
import uuid

from .errors import ApiError, bad_parameter, failure, forbidden, invalid
from .estate import as_text
from .registry import command
from .params import is_true
from .scheduler import IN_PROGRESS

UUID_FORM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
OLD_SERVER_NUMBER = 3281355014145  # 4.20.x names a management server by its number


def _fail():
    raise failure("the job failed")


class Work:
    """What a job does: check() may raise, commit() returns the job's result. partly(): what is left of it if the
    server dies half-way; fail() raises what the server says when the host fails; begin() is told how long the talk takes."""

    def __init__(self, commit, check=None, host_id=None, instance_id=None, partly=None, fail=None, begin=None):
        self.check, self.commit = check or (lambda: None), commit
        self.host_id, self.instance_id = host_id or (lambda: None), instance_id
        self.partly, self.fail = partly or (lambda job: None), fail or _fail
        self.begin = begin or (lambda seconds: None)


def add_row(simulator, entry, caller, instance_id, job_id):
    estate = simulator.estate
    return estate["job"].add({
        "id": job_id, "accountid": caller.account["id"], "account": caller.account["name"],
        "domainid": caller.domain_id, "userid": caller.user["id"], "cmd": entry.cmd,
        "jobprocstatus": 0, "jobresultcode": 0, "jobstatus": IN_PROGRESS, "created": estate.now(),
        "jobinstancetype": entry.instance_type, "jobinstanceid": instance_id,
        "_begun": estate.clock.time(), "_running": True})


def submit(simulator, entry, caller, work, job_id, fate=None):
    """@fate: what a fault has in store for the job, see faults.py."""
    row = add_row(simulator, entry, caller, work.instance_id, job_id)
    simulator.scheduler.submit(entry, row, work, fate)


def forget_expired(simulator):
    """Rows older than job.expire.minutes: ended ones by their end, others by their beginning."""
    jobs, oldest = simulator.estate["job"], simulator.estate.clock.time() - simulator.scheduler.pace.expire
    if jobs.rows and jobs.rows[0]["_begun"] < oldest:
        jobs.drop_all([row for row in jobs.rows if row.get("_ended", row["_begun"]) < oldest])


def require_service(simulator):
    """A server on its way down takes no new jobs."""
    if "maintenance" not in simulator.switches:
        return
    if simulator.estate.is_old:
        raise ApiError(530, "A shutdown has been triggered. Can not accept new jobs")
    raise ApiError(503, "Maintenance or Shutdown has been initiated on this management server. Can not accept "
                        "new jobs")


def new_job_id(estate, given):
    """The id the client chose (customjobid) or a new one; asked for when the command has been looked at.

    The row of an ended job is a removed one, which the check does not see and the table does: 530, as recorded. That a
    running job's is seen, and worded otherwise, is read in the code and not recorded."""
    wanted = given.get("customjobid")
    if wanted is None:
        return str(uuid.uuid4())
    if not UUID_FORM.match(wanted):
        raise invalid(f"UUID: {wanted} doesn't follow the UUID format")
    row = estate["job"].get(wanted)
    if row and row["jobstatus"] == IN_PROGRESS:
        raise invalid(f"UUID: {wanted} already exists so can't create/update with custom id")
    if row:
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
