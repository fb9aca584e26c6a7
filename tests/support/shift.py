"""Eight stations at work on a site (support/lab.py), from its start until stop(); what they heard is
compared with what is recorded.

    shift = Shift(lab, 60)
    shift.wait_for_more(100)            # scans that were answered
    shift.stop()
    shift.violations()                  # of support/scan_check.py
    shift.floor.failed, shift.floor.longest_wait()
"""

import asyncio
import random
import threading

from .lab import STATIONS, VIP, inside
from .scan_check import check
from .stations import Floor
from .wait import wait_until

PACE = 0.1  # seconds between two scans of a station


class Shift:
    def __init__(self, lab, seconds):
        """seconds: how long the scene may take, about."""
        self.lab = lab
        self.floor = Floor(random.randrange(10 ** 6), round(8 * seconds / PACE), pace=PACE,
                           timeout=5.0, sources=STATIONS)
        self.floor.prepare(lab.client(timeout=60))
        self.error = None
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def _work(self):
        try:
            inside(self.lab.outside, lambda: asyncio.run(self.floor.work(VIP, 80)))
        except BaseException as e:  # told by stop(), in the thread that waits
            self.error = e

    def heard(self):
        return sum(s.heard is not None for s in self.floor.scans)

    def wait_for_more(self, scans):
        """Until so many more were answered."""
        until = self.heard() + scans

        def enough():
            if self.error or not self.thread.is_alive():
                raise self.error or AssertionError("the shift ended too early")
            return self.heard() >= until
        wait_until(enough, f"{scans} more scans are answered", timeout=90, pause=0.05)

    def stop(self):
        self.floor.enough = True
        self.thread.join(180)
        if self.error:
            raise self.error
        if self.thread.is_alive():
            raise AssertionError(f"still at work: {self.floor.state()}")

    def violations(self):
        # What a scheduled job does for an upload that died behind its commit.
        self.lab.query("SELECT unknown_sweep(null)")
        return check(self.floor, self.lab.query, self.lab.client(timeout=60))
