# SPDX-License-Identifier: Apache-2.0
"""All batches of one release: general ones first, then what is left to reach."""
import collections
import tempfile

from . import cases, tables
from .batch import Batch
from .stand import Stand

WANTED = 20
COPIES = 1
LARGEST = 420
# Estates of each round: a setting or a kind of zone makes other checks possible.
ROUNDS = ({}, {"has_flag": True, "strict": "rare,ssd"}, {"is_basic": True, "has_trunk": False},
          {"has_flag": True, "has_trunk": False, "strict": "rare"}, {"has_custom": False}, {"is_basic": True}, {})


class Result:
    """Numbers and texts only, so that it can come from another process."""

    def __init__(self, release):
        self.release = release
        self.n = collections.Counter()
        self.reached = collections.Counter()   # finding -> times that it was the first refusal, and rightly
        self.unknown = collections.Counter()
        self.troubles = []                     # (kind, aim, text)
        self.by_aim = collections.defaultdict(collections.Counter)

    def add(self, outcome):
        self.n["cases"] += 1
        for reason in outcome.unknown:
            self.unknown[reason] += 1
        aim = outcome.case.aim if outcome.case else "none"
        if outcome.trouble:
            self.troubles.append((outcome.trouble.kind, aim, str(outcome.trouble)))
        elif outcome.finding:
            self.n["refused"] += 1
            self.reached[outcome.finding] += 1
            if outcome.case and outcome.round == "edited":
                self.by_aim[outcome.finding][outcome.case.target] += 1
        else:
            self.n[outcome.kind] += 1


def _missing(result, wanted):
    """Targets to make again, as often as they are likely to be needed."""
    found = []
    for finding in wanted:
        lacking = WANTED - result.reached[finding]
        aims = [aim for aim, _ in result.by_aim[finding].most_common(3) if aim in cases.TARGETS]
        aims = aims or tables.AIMS.get(finding, ())
        for number in range(lacking + lacking // 4 + 2 if aims and lacking > 0 else 0):
            found.append(aims[number % len(aims)])
    return found


def run(release, seed, wanted):
    """@wanted: the findings that can be reached in the release."""
    result = Result(release)
    with tempfile.TemporaryDirectory() as folder, Stand(folder) as stand:
        targets, n_random = list(cases.TARGETS) * COPIES, 120
        for number, kind in enumerate(ROUNDS):
            while targets or n_random:
                batch = Batch(stand, release, f"{seed} {number} {len(targets)}", targets[:LARGEST], n_random, **kind)
                targets, n_random = targets[LARGEST:], 0
                for outcome in batch.run(is_general=number == 0):
                    result.add(outcome)
            targets = _missing(result, wanted)
            if not targets:
                break
    return result
