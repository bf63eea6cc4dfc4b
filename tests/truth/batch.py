# SPDX-License-Identifier: Apache-2.0
"""Many cases on one estate: proposed, judged, and tried, one after the other in the order of the plan."""
import random

from cloudstack_sim.releases import RELEASES

from . import cases
from .estates import Estate
from .judge import call_of, compare, first_finding, predicted, unknown_reasons

class Outcome:
    """What was said of one item and what the server answered."""

    def __init__(self, release, round_name, case, item, trouble):
        self.release, self.round, self.case, self.trouble = release, round_name, case, trouble
        self.finding = first_finding(item) if predicted(item) else None
        self.unknown = unknown_reasons(item)
        self.kind = "accepted" if is_ready(item) else "unknown" if self.unknown else "withheld"


def is_ready(item):
    """Would the call be sent, and be accepted? One without an offering waits for somebody to power off."""
    return not predicted(item) and item["verdict"] in ("ready", "ready-after-action") and \
        bool(item["choice"]["serviceofferingid"])


def is_waiting(item):
    return bool(predicted(item)) and item["verdict"] == "ready-after-action"


class Batch:
    def __init__(self, stand, release, seed, targets, n_random, **kind):
        self.stand, self.release = stand, release
        generator = random.Random(f"{seed} {release}")
        is_vmfs_lost = RELEASES[release].pool_search == "p"
        self.estate = Estate(generator, plain="nfs" if is_vmfs_lost else generator.choice(("plain", "plain", "nfs")), **kind)
        self.cases = []
        for name in targets:
            make, cluster = cases.TARGETS[name]
            self.cases.append(make(self.estate, cluster))
            self.cases[-1].target = name
        self.cases += [cases.anything(self.estate) for _ in range(n_random)]
        generator.shuffle(self.estate.document["instances"])
        self.by_name = {case.row["name"]: case for case in reversed(self.cases)}

    def _meanwhile(self):
        """What happens between the list and the plan: hosts go down, somebody imports."""
        document, role = self.estate.document, self.estate.role
        for name in ("vc1-3", "kvm1-3"):
            role["host", name].update(self.estate.later[name])
        for row in document["instances"]:
            if row.get("_taken"):
                host = next(host for host in document["host"] if host["name"] == row["hostname"])
                self.estate.take(row, host)

    def prepare(self):
        document = self.estate.document
        self.stand.load(document, f"{self.release}.0" if self.release.count(".") < 3 else self.release)
        self.stand.discover()
        self._meanwhile()
        return self._plan()

    def read(self):
        """The plan of the estate as it is now."""
        self.stand.load(self.estate.document, self.stand.version)
        self.stand.discover()
        return self._plan()

    def _plan(self):
        self.stand.load(self.estate.document, self.stand.version)
        self.stand.catalog()
        return self.stand.plan(*self._zone())

    def make_unique(self):
        """No two instances of a name: whom a change concerns is told by name."""
        seen = set()
        for row in list(self.estate.document["instances"]):
            if row["name"] in seen or row.get("_taken"):
                self.estate.document["instances"].remove(row)
            seen.add(row["name"])

    def run(self, is_general=True):
        """Outcomes of what was proposed if @is_general, and of what was edited."""
        plan = self.prepare()
        if is_general:
            yield from self._judge_singly(plan)
            yield from self._judge("proposed", plan)
        for item in plan["items"]:
            case = self.by_name.get(item["instance"]["name"])
            if case:
                case.settle(item["choice"])
        yield from self._judge("edited", self.stand.check(plan, *self._zone()))

    def _judge_singly(self, plan):
        """What is ready is accepted as the only one, too."""
        self.stand.reset()
        for item in plan["items"]:
            if is_ready(item):
                yield self._outcome("single", item, self.stand.try_to(call_of(item), keep=False))

    def _judge(self, round_name, plan):
        """In the order of the plan, what was accepted staying so. What is refused until somebody acts is counted in by
        those behind it, as if he had: it is judged first, and left out of the wave."""
        self.stand.reset()
        while any(map(is_waiting, plan["items"])):
            for item in filter(is_waiting, plan["items"]):
                yield self._outcome(round_name, item, self.stand.try_to(call_of(item), keep=False))
            rest = [item for item in plan["items"] if not is_waiting(item)]
            plan = self.stand.check(dict(plan, items=rest), *self._zone())
        for item in plan["items"]:
            yield self._outcome(round_name, item, self.stand.try_to(call_of(item), keep=is_ready(item)))

    def _zone(self):
        return "--zone", self.estate.role["zone", "here"]["name"]

    def _outcome(self, round_name, item, answer):
        case = self.by_name.get(item["instance"]["name"])
        label = f"{self.release} {round_name} {case.aim if case else 'other'}"
        return Outcome(self.release, round_name, case, item, compare(item, answer, label))
