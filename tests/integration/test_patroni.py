"""Patroni and three etcds, as setup-patroni writes their files: the standby takes over by itself,
nothing that a station was told is lost, and two primaries never are.

The short form is a part of `make check`; `make patroni` has the long one, which cuts a host off."""

import json
import os
import signal
import threading
import unittest
import urllib.request

from support.moved import MovedCase
from support.wait import wait_until

LONG = os.environ.get("WBTEST_LONG") == "1"
YML = "/etc/patroni/15-main.yml"


class Watcher(threading.Thread):
    """Asks both hosts again and again who takes writes, cut off or not."""

    def __init__(self, site):
        super().__init__()
        self.site, self.both, self.looks, self.stop = site, 0, 0, threading.Event()

    def run(self):
        while not self.stop.wait(0.1):
            self.looks += 1
            # The one asked first may have stepped down meanwhile: asked again.
            self.both += ([self.site.state(n) for n in ("db", "db2", "db")] == ["primary"] * 3)


class Patroni(MovedCase):
    settings = {"patroni": "on"}

    @classmethod
    def together(cls):
        for name in ("mon", "db", "db2"):
            cls.site.script(name, "setup-patroni")
            cls.begin_etcd(name)
        for name in ("db", "db2"):
            cls.site.begin(name, "patroni", YML)
            wait_until(lambda n=name: cls.site.state(n) == {"db": "primary", "db2": "standby"}[n],
                       f"Patroni runs {name}", 60)
        cls.wait_for_pair("db")

    @classmethod
    def begin_etcd(cls, name):
        cls.site.begin(name, "etcd", environment=dict(
            line.split("=", 1) for line in cls.site.run(name, "cat", "/etc/default/etcd").splitlines()
            if line.startswith("ETCD")))

    @classmethod
    def members(cls, name):
        """{name: role} as Patroni there sees them."""
        try:
            with urllib.request.urlopen(f"http://{cls.site.address(name)}:8008/cluster",
                                        timeout=2) as r:
                return {m["name"]: m["role"] for m in json.load(r)["members"]
                        if m["state"] in ("running", "streaming")}
        except OSError:
            return {}

    @classmethod
    def wait_for_pair(cls, primary):
        """Commits wait for the other one, and the votes know it: it may be promoted."""
        want = {"db": "sync_standby", "db2": "sync_standby", primary: "leader"}
        wait_until(lambda: cls.members(primary) == want, f"{primary} leads a pair", 90, pause=0.2)

    def watch(self):
        watcher = Watcher(self.site)
        watcher.start()
        self.addCleanup(self.watched, watcher)

    def watched(self, watcher):
        watcher.stop.set()
        watcher.join()
        self.assertGreater(watcher.looks, 5)
        self.assertEqual(watcher.both, 0)

    def promoted(self):
        wait_until(lambda: self.site.state(self.standby) == "primary", "the standby is promoted",
                   60, pause=0.1)
        return self.standby

    def test_again(self):
        for name in ("db", "db2", "mon"):
            self.assertIn(f"{name}: nothing to change", self.site.script(name, "setup-patroni"))
        code, said = self.site.anywhere("failover-db", "--dry-run")
        self.assertEqual((code, "in Patroni's hands" in said), (2, True), said)

    def test_the_primary_and_its_patroni_are_killed(self):
        self.watch()

        def kill():
            self.site.signal(self.primary, signal.SIGKILL)
            return self.promoted()
        self.scanning_while("Patroni, the primary's host killed", kill, patience=60)
        # It comes back as a standby, by itself.
        self.begin_etcd(self.primary)
        self.site.begin(self.primary, "patroni", YML)
        self.wait_for_pair(self.standby)

    @unittest.skipUnless(LONG, "`make patroni` runs it")
    def test_the_primary_is_cut_off(self):
        self.watch()

        def cut():
            self.site.cut(self.primary)
            return self.promoted()

        def heal():
            # It once took the leader's key back, without what had been told meanwhile.
            self.site.heal(self.primary)
            self.wait_for_pair(self.standby)
            return self.standby
        self.scanning_while("Patroni, the primary's host cut off", cut, heal, patience=60)


if __name__ == "__main__":
    unittest.main()
