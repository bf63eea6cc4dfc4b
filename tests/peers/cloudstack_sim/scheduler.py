# SPDX-License-Identifier: Apache-2.0
"""One thread that carries out all async jobs when their time has come.

A job waits for a worker, then check() runs; it then waits for its host if that one is
talked to often enough already, and talks with it for as long as jobs of its command
take; then commit() runs. A test can hold hosts, and a restart loses what is in flight.
Nothing locks a VM: two jobs that are both between the steps both succeed.
"""
import collections
import heapq
import random
import sys
import threading
import time

from .errors import ApiError

IN_PROGRESS, SUCCEEDED, FAILED = 0, 1, 2
DAY_S = 86400


class Pace:
    """How long jobs take, how many run, how long they are remembered."""

    def __init__(self, seconds=0.05, jitter=0.0, seed=1, workers=125, hostjobs=0, expire=DAY_S):
        self.seconds, self.jitter, self.seed = {"*": 0.05}, float(jitter), seed
        self.workers, self.hostjobs, self.expire = int(workers), int(hostjobs), float(expire)
        self.set(seconds=seconds)

    def set(self, seconds=None, **others):
        """@seconds: a number for all commands; or, for some, {command: number} or that as 'command=number,..'."""
        if isinstance(seconds, str) and "=" in seconds:
            seconds = dict(each.split("=", 1) for each in seconds.split(","))
        if isinstance(seconds, dict):
            self.seconds.update({name: float(value) for name, value in seconds.items()})
        elif seconds is not None:
            self.seconds = {"*": float(seconds)}
        for name, value in others.items():
            kind = {"jitter": float, "seed": int, "workers": int, "hostjobs": int, "expire": float}.get(name)
            if kind is None:
                raise KeyError(f"no setting {name} of jobs")
            setattr(self, name, kind(value))

    def length(self, command, number):
        """Of the @number-th job: the same for the same seed."""
        seconds = self.seconds.get(command, self.seconds["*"])
        return seconds * (1 + self.jitter * random.Random(f"{self.seed}:{number}").uniform(-1, 1))


class Job:
    """A job between its submission and its end."""

    def __init__(self, number, entry, row, work, fate):
        self.number, self.entry, self.row, self.work, self.fate = number, entry, row, work, fate or {}
        self.host, self.is_checked = None, False

    def check(self):
        self.work.check()
        self.is_checked = True

    def act(self, how):
        """What the server had got done before it died: 'yes', 'partly' or 'no'. Nobody hears of an error."""
        try:
            if how != "no" and not self.is_checked:
                self.check()
            if how == "yes":
                self.work.commit(self.row)
            elif how == "partly":
                self.work.partly(self.row)
        except ApiError:
            pass


class Scheduler:
    """Queue of the jobs that wait for a worker, those that run, and the rows of both."""

    def __init__(self, estate, pace, on_change=lambda: None):
        self.estate, self.pace, self.on_change = estate, pace, on_change
        self.wake = threading.Condition(estate.lock)
        self.waiting, self.timed, self.parked, self.talks = collections.deque(), [], [], {}
        self.held = {}
        self.running = set()
        self.pending = {}  # id of what a job works on: the job's row
        self.count = 0
        self.thread, self.is_stopped = None, False

    # --- what others ask for; the estate's lock is held -------------------------

    def submit(self, entry, row, work, fate=None):
        self.count += 1
        job = Job(self.count, entry, row, work, fate)
        self.waiting.append(job)
        if row["jobinstanceid"]:
            self.pending[row["jobinstanceid"]] = row
        if self.thread is None:
            self.thread = threading.Thread(target=self._loop, daemon=True, name="jobs")
            self.thread.start()
        self.wake.notify_all()

    def hold(self, host_id, is_held):
        self.held[host_id] = is_held
        self._release()

    def poke(self):
        """The clock or the pace has changed."""
        self._release()

    def settle(self, timeout_s=20):
        """Returns when all that is due has been done."""
        self._release()
        self.wake.wait_for(lambda: not self._next_step(), timeout_s)

    def stop(self):
        with self.wake:
            self.is_stopped = True
            self.wake.notify_all()

    def in_flight(self):
        return [*self.waiting, *self.running]

    def restart(self, acted="no"):
        """Every job in flight ends without a result. @acted: what of its work was done."""
        flight = sorted(self.in_flight(), key=lambda job: job.number)
        self.waiting, self.timed, self.parked, self.talks, self.running = collections.deque(), [], [], {}, set()
        for job in flight:
            self.estate.scratch.clear()
            job.act(acted)
            self.lose(job.row)

    # --- the thread ---------------------------------------------------------------

    def _release(self):
        for job in self.parked:
            heapq.heappush(self.timed, (0, job.number, job))
        self.parked = []
        self.wake.notify_all()

    def _loop(self):
        """The lock is let go after each step, so that calls are answered between two jobs."""
        while not self.is_stopped:
            with self.wake:
                step = self._next_step()
                if step:
                    step()
                elif not self.is_stopped:
                    self.wake.notify_all()
                    self.wake.wait(self._seconds_to_next())
            time.sleep(0)

    def _seconds_to_next(self):
        return max(0.0, self.timed[0][0] - self.estate.clock.seconds()) if self.timed else None

    def _next_step(self):
        """What is due, or None. Jobs begin before others end: two that are submitted together meet."""
        if self.waiting and len(self.running) < self.pace.workers and not self.held.get("*"):
            return lambda: self._start(self.waiting.popleft())
        if self.timed and self.timed[0][0] <= self.estate.clock.seconds():
            return lambda: self._finish(heapq.heappop(self.timed)[2])
        return None

    def _start(self, job):
        self.running.add(job)
        self.estate.scratch.clear()
        if self._ends(job, job.check):
            return
        self.on_change()
        job.host = job.work.host_id()
        talks = self.talks.setdefault(job.host, {"now": 0, "next": []})
        if job.host and 0 < self.pace.hostjobs <= talks["now"]:
            talks["next"].append(job)
        else:
            self._talk(job, talks)

    def _talk(self, job, talks):
        talks["now"] += 1
        length = job.fate.get("seconds")
        length = self.pace.length(job.entry.name, job.number) if length is None else float(length)
        job.work.begin(length)
        heapq.heappush(self.timed, (self.estate.clock.seconds() + length, job.number, job))

    def _finish(self, job):
        if self.held.get(job.host) or self.held.get("*"):
            return self.parked.append(job)
        talks = self.talks[job.host]
        talks["now"] -= 1
        if talks["next"]:
            self._talk(talks["next"].pop(0), talks)
        self.estate.scratch.clear()
        end = job.fate.get("end", "ok")
        if end == "lost":
            job.act(job.fate.get("act", "no"))
            self.running.discard(job)
            self.lose(job.row)
        elif end == "failed":
            self._ends(job, lambda: self._fail(job))
        else:
            self._ends(job, lambda: self._succeed(job))

    def _fail(self, job):
        act = job.fate.get("act", "no")
        if act == "no" and not job.fate.get("text"):
            job.work.fail()
        job.act(act)
        raise ApiError(int(job.fate.get("code", 530)), job.fate.get("text"))

    @staticmethod
    def _succeed(job):
        result = job.work.commit(job.row)
        job.row.update(jobstatus=SUCCEEDED, jobresulttype="object", jobresult=result)

    def _ends(self, job, step):
        """Runs a step of the job; True if the job has ended by it."""
        row = job.row
        try:
            step()
        except ApiError as error:
            code, result = in_job(error)
            row.update(jobstatus=FAILED, jobresultcode=code, jobresulttype="object", jobresult=result)
        except Exception as bug:  # a fault of ours: said aloud, and the job ends
            print(f"cloudstack-sim: {row['cmd']}: {bug!r}", file=sys.stderr, flush=True)
            row.update(jobstatus=FAILED, jobresultcode=530, jobresulttype="object",
                       jobresult={"errorcode": 530, "errortext": f"stand-in failed: {bug!r}"})
        if row["jobstatus"] == IN_PROGRESS:
            return False
        row["_running"] = False
        self.running.discard(job)
        self._end(row)
        return True

    def _end(self, row):
        row.update(completed=self.estate.now(), _ended=self.estate.clock.time())
        if self.pending.get(row["jobinstanceid"]) is row:
            del self.pending[row["jobinstanceid"]]
        self.on_change()

    def lose(self, row):
        """Failed without a result; the server that ran it stays named."""
        row.update(jobstatus=FAILED, jobresultcode=530)
        self._end(row)


def in_job(error):
    """Inside a job everything but 431 and errors of the API layer itself becomes 530."""
    code = error.status if error.status in (431, 533) else 530
    return code, {"errorcode": code, **({"errortext": error.text} if error.text is not None else {})}
