"""What a warehouse notices when a part of the site is lost: eight stations scan through the virtual
address, something is killed, frozen, cut off or replaced, and what every station heard is compared
with what is recorded (support/scan_check.py). The table at the end says how many requests failed
and how long a station waited at most.

The short form is a part of `make check`; `make site [CUTS=10] [T=name]` is the long one."""

import asyncio
import os
import random
import signal
import threading
import time
import unittest

from support.lab import STATIONS, VIP, Lab, inside, package, why_not
from support.scan_check import check
from support.stations import Floor
from support.wait import wait_until

LONG = os.environ.get("WBTEST_LONG")
CUTS = int(os.environ.get("WBTEST_CUTS", "3"))
PACE = 0.06  # seconds between two scans of a station: eight of them make some 130 a second
TABLE = []


def long(test):
    """A test of the long form alone."""
    return test if LONG else None


def setUpModule():
    reason = why_not()
    if reason:
        raise unittest.SkipTest(reason)


class Shift:
    """Eight stations at work, from its start until stop()."""

    def __init__(self, lab):
        self.lab = lab
        self.floor = Floor(random.randrange(10 ** 6), 6000, pace=PACE, timeout=5.0,
                           sources=STATIONS)
        self.floor.prepare(lab.client(timeout=60))
        self.error = None
        self.thread = threading.Thread(target=self._work)
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
        wait_until(lambda: self.error or self.heard() >= until, f"{scans} more scans are answered",
                   timeout=90, pause=0.05)

    def stop(self):
        self.floor.enough = True
        self.thread.join(180)
        if self.error:
            raise self.error
        if self.thread.is_alive():
            raise AssertionError(f"still at work: {self.floor.state()}")


class Faults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = Lab()
        cls.addClassCleanup(cls.lab.close)

    @classmethod
    def tearDownClass(cls):
        head = ("scenario", "scans", "failed requests", "longest gap", "limit", "lost scans")
        print("\n| " + " | ".join(head) + " |\n|" + "---|" * len(head))
        for row in TABLE:
            print("| " + " | ".join(row) + " |")

    def setUp(self):
        self.lab.wait_well()

    def scene(self, name, act, limit, failed=None):
        """Longest wait of a station while act() happens, below limit seconds; nothing lost."""
        shift = Shift(self.lab)
        try:
            shift.wait_for_more(150)
            act()
            shift.wait_for_more(150)
            self.lab.wait_well()
            shift.wait_for_more(100)
        finally:
            shift.stop()
        floor = shift.floor
        self.lab.query("SELECT unknown_sweep(null)")
        found = check(floor, self.lab.query, self.lab.client(timeout=60))
        wait, who, since = floor.longest_wait()
        lost = sum(v.kind == "lost" for v in found)
        TABLE.append((name, str(len(floor.scans)), str(len(floor.failed)), f"{wait:.2f} s",
                      f"{limit:g} s", str(lost)))
        print(f"  {name}: {len(floor.failed)} of {len(floor.scans)} failed, longest gap {wait:.2f} s "
              f"({who}), {len(found)} violations", flush=True)
        why = "\n".join(f"{t - since:.3f} {who} {text}" for t, who, text in floor.failed[:20])
        self.assertEqual(len(found), 0, "\n".join(map(str, found[:5])))
        self.assertLess(wait, limit, f"{who}\n{why}")
        if failed is not None:
            self.assertLessEqual(len(floor.failed), failed, why)

    # --- application hosts

    def test_an_application_host_is_killed(self):
        def act():
            self.lab["app1"].kill()
            time.sleep(3)
            self.lab["app1"].power_off()
            self.lab["app1"].power_on()

        self.scene("application host killed", act, 3, 0)

    @long
    def test_an_application_host_loses_power(self):
        def act():
            self.lab["app1"].power_off()
            time.sleep(3)
            self.lab["app1"].power_on()

        self.scene("application host without power", act, 3, 0)

    @long
    def test_an_application_host_freezes(self):
        app = self.lab["app2"]

        def act():
            app.signal(signal.SIGSTOP)
            time.sleep(12)
            app.signal(signal.SIGCONT)

        self.scene("application host frozen", act, 3, 0)

    def cut(self, one, others, seconds=10):
        for other in others:
            self.lab.cut(one, other)
        time.sleep(seconds)
        self.lab.heal()

    @long
    def test_an_application_host_is_cut_off_from_the_balancers(self):
        self.scene("application host cut off from the load balancers",
                   lambda: self.cut("app1", ("lb", "lb2")), 3, 0)

    @long
    def test_an_application_host_is_cut_off_from_the_database(self):
        self.scene("application host cut off from the database",
                   lambda: self.cut("app1", ("db", "db2")), 3, 0)

    # --- load balancers

    def test_the_active_load_balancer_loses_power(self):
        def act():
            active = self.lab.active()
            active.power_off()
            time.sleep(3)
            active.power_on()

        self.scene("active load balancer's host lost", act, 1)

    @long
    def test_haproxy_is_killed(self):
        self.scene("active load balancer's HAProxy killed",
                   lambda: self.lab.active().signal(signal.SIGKILL, "haproxy"), 2)

    # --- deploys

    def test_a_deploy_at_noon(self):
        new, old = package("2.0.0"), self.lab.deb
        for host in self.lab.role("app"):
            # As setup-app keeps it when it installs the package itself
            with open(old, "rb") as f:
                host.sh("install -D /dev/stdin /var/cache/waybill/current.deb", stdin=f)

        def act():
            for deb in (new, old):
                out = self.lab.ops("deploy-app", deb, check=False)
                self.assertEqual(out.returncode, 0, out.stdout + out.stderr)

        self.scene("deploy to a new release and back", act, 3, 0)

    # --- cuts

    @long
    def test_the_network_is_cut_and_healed(self):
        pairs = [("app1", "lb"), ("app1", "lb2"), ("app1", "db"), ("app2", "db"), ("app2", "lb"),
                 ("lb", "lb2"), ("app2", "db2"), ("db", "db2"), ("app1", "app2"), ("app2", "lb2")]
        rng = random.Random(os.environ.get("WBTEST_SEEDS"))

        def act():
            for i in range(CUTS):
                one, other = pairs[i % len(pairs)]
                self.cut(one, [other], rng.uniform(1, 6))
                time.sleep(rng.uniform(0, 2))

        self.scene(f"network between two hosts cut {CUTS} times", act, 10)


if __name__ == "__main__":
    unittest.main()
