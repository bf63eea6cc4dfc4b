#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Verdicts are true: what vm-ingest says of a call is what the stand-in answers to it (TAP).

Ready must be accepted, as the only one and as one of a wave; blocked with a refusal of the server
must be refused with that code and text (ids aside). Random choices on random estates, release by
release, until each check that can be reached was the first refusal 20 times. TRUTH_SEED=N draws
other estates, TRUTH_RELEASES="4.20.3 4.23" takes those releases only.
"""
import collections
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile
import traceback

TESTS = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, TESTS)
from truth import alone, release_run, tables  # noqa: E402  pylint: disable=wrong-import-order
from cloudstack_sim import releases  # noqa: E402
from truth.judge import PROGRAM  # noqa: E402

SEED = int(os.environ.get("TRUTH_SEED", "20261121"))
RELEASES = os.environ.get("TRUTH_RELEASES", " ".join(releases.NAMES)).split()
SHOWN = 6
CASES, COUNTS = [], collections.Counter()


def case(name):
    def declare(test):
        CASES.append((name, test))
        return test
    return declare


def read_checks():
    """{finding: releases that make the check} of all that the server makes."""
    listed = json.loads(subprocess.run([PROGRAM, "explain", "-o", "json"], check=True, capture_output=True).stdout)
    checks = {}
    for each in listed:
        told, = json.loads(subprocess.run([PROGRAM, "explain", "-o", "json", each["id"]], check=True,
                                          capture_output=True).stdout)
        if told.get("server_stage"):
            names = told["server_releases"].split(", ")
            checks[each["id"]] = set(releases.NAMES) if names == ["all"] else set(names) & set(releases.NAMES)
    return checks


class Random:
    """The runs of all releases, made side by side."""

    def __init__(self):
        self.checks = read_checks()
        self.results = {}

    def reachable(self, release):
        return [check for check, made in self.checks.items() if release in made and check not in tables.NEVER
                and not check.startswith(tables.CONVERSIONS) and release not in tables.UNREACHABLE.get(check, {})]

    def run(self):
        with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
            running = {release: pool.submit(release_run.run, release, SEED, self.reachable(release))
                       for release in RELEASES}
            self.results = {release: future.result() for release, future in running.items()}

    def judge(self, release):
        result = self.results[release]
        COUNTS["cases"] += result.n["cases"]
        COUNTS["wrong"] += len(result.troubles)
        for kind in ("accepted", "refused", "unknown"):
            COUNTS[kind] += result.n[kind]
        kinds = collections.Counter((kind, aim) for kind, aim, _ in result.troubles)
        shown = {(kind, aim): text for kind, aim, text in result.troubles}
        assert not kinds, f"{len(result.troubles)} of {result.n['cases']}:\n" + "\n".join(
            f"{count} x {shown[key]}" for key, count in kinds.most_common(SHOWN))

    def count_unknown(self):
        """Their share, and no reason that somebody could tell."""
        reasons = sum((result.unknown for result in self.results.values()), collections.Counter())
        print(f"# unknown: {100 * COUNTS['unknown'] / max(COUNTS['cases'], 1):.2f} % of the cases; " +
              ", ".join(f"{reason} {count}" for reason, count in reasons.most_common()))
        wrong = {reason: count for reason, count in reasons.items() if reason not in tables.UNTOLD}
        assert not wrong, f"unknown for reasons that can be told: {wrong}"

    def count_reached(self):
        """How often each check was the first refusal, release by release."""
        print("# first refusals, a column each release: " + " ".join(RELEASES))
        short = []
        for check in sorted(self.checks):
            counts = [self.results[release].reached[check] for release in RELEASES]
            reachable = [check in self.reachable(release) for release in RELEASES]
            cells = " ".join(f"{count:4}" if can or count else "   -" for count, can in zip(counts, reachable))
            print(f"#   {check:32} {cells}")
            short += [f"{check} in {release}: {count}" for release, count, can in zip(RELEASES, counts, reachable)
                      if can and count < release_run.WANTED]
        assert not short, f"reached less than {release_run.WANTED} times: " + "; ".join(short)

    def declare(self):
        for release in RELEASES:
            case(f"{release}: what is said of random choices on random estates is what the server answers")(
                lambda release=release: self.judge(release))
        case("a verdict is unknown only where nobody can tell")(self.count_unknown)
        case(f"each check that can be reached was the first refusal {release_run.WANTED} times in each release")(
            self.count_reached)


@case("one fact that changes changes the verdicts that it concerns, and no other")
def one_fact():
    with tempfile.TemporaryDirectory() as folder:
        alone.judge(folder, SEED, RELEASES)


def main():
    estates = Random()
    estates.run()
    estates.declare()
    print(f"1..{len(CASES)}")
    failed = 0
    for number, (name, test) in enumerate(CASES, 1):
        try:
            test()
            print(f"ok {number} - {name}", flush=True)
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            print(f"not ok {number} - {name}")
            text = str(error) if isinstance(error, AssertionError) else traceback.format_exc()
            print("\n".join(f"# {line}" for line in text.splitlines()), flush=True)
    share = 100 * (1 - COUNTS["wrong"] / max(COUNTS["cases"], 1))
    print(f"# {COUNTS['cases']} cases: {COUNTS['accepted']} accepted, {COUNTS['refused']} refused, "
          f"{COUNTS['unknown']} unknown; {COUNTS['wrong']} disagreements, {share:.2f} % agreement")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
