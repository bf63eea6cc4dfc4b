# SPDX-License-Identifier: Apache-2.0
"""The server's time: the real one, and what a test has put it forward by.

Jobs end and are forgotten by it, and rows are dated by it. Signatures are not: they
expire by the real clock and the fault expired-clock.
"""
import datetime
import time


class Clock:
    def __init__(self, ahead=0.0):
        self.ahead = ahead

    def advance(self, seconds):
        self.ahead += seconds

    def seconds(self):
        """Goes on evenly; for lengths of time within this process only."""
        return time.monotonic() + self.ahead

    def now(self):
        """As rows are dated."""
        return self.stamp(time.time() + self.ahead)

    def time(self):
        """Seconds since 1970."""
        return time.time() + self.ahead

    @staticmethod
    def stamp(seconds):
        moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
        return moment.strftime("%Y-%m-%dT%H:%M:%S+0000")
