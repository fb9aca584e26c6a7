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
from support.pg import newest_postgresql
from support.wait import wait_until

LONG = os.environ.get("WBTEST_LONG") == "1"
YML = f"/etc/patroni/{newest_postgresql()}-main.yml"


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
    patroni, etcd = {}, {}  # their processes, by host

    @classmethod
    def together(cls):
        for name in ("mon", "db", "db2"):
            cls.site.script(name, "setup-patroni")
            cls.begin_etcd(name)
        for name in ("db", "db2"):
            cls.begin_patroni(name)
            wait_until(lambda n=name: cls.site.state(n) == {"db": "primary", "db2": "standby"}[n],
                       f"Patroni runs {name}", 60)
        cls.wait_for_pair("db")

    @classmethod
    def begin_etcd(cls, name, **more):
        """more: settings beside those of its file."""
        cls.etcd[name] = cls.site.begin(name, "etcd", environment={**dict(
            line.split("=", 1) for line in cls.site.run(name, "cat", "/etc/default/etcd").splitlines()
            if line.startswith("ETCD")), **more})

    @classmethod
    def begin_patroni(cls, name):
        cls.patroni[name] = cls.site.begin(name, "patroni", YML)

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

    def patronictl(self, name, *words, text=None):
        return self.site.run(name, "patronictl", "-c", YML, *words, text=text)

    @unittest.skipUnless(LONG, "`make patroni` runs it")
    def test_a_backup_comes_back_in_the_place_of_all(self):
        """The way that ops/README.md tells: what came since the backup is given up on purpose."""
        primary, standby = self.primary, self.standby
        self.site.sql(primary, "CREATE TABLE kept AS SELECT 1 AS n", "warehousedb")
        self.site.script_of_postgres(primary, "backup", "base")
        self.site.sql(primary, "DROP TABLE kept", "warehousedb")
        said = self.site.script_of_postgres(primary, "restore", "--live", ok=False)
        self.assertIn(f"patronictl -c {YML} remove waybill", said)
        for name in (standby, primary):
            self.patroni[name].terminate()
            self.patroni[name].wait(60)
        said = self.site.script_of_postgres(primary, "restore", "--live")
        self.assertIn(f"restored to /var/lib/postgresql/{newest_postgresql()}/main", said)
        self.patronictl(primary, "remove", "waybill", text="waybill\nYes I am aware\n")
        self.begin_patroni(primary)
        wait_until(lambda: self.site.state(primary) == "primary", "it is the primary again", 90)
        self.assertEqual(self.site.sql(primary, "SELECT n FROM kept", "warehousedb"), "1")
        self.begin_patroni(standby)
        wait_until(lambda: standby in self.patronictl(primary, "list"), "the other is there", 60)
        self.patronictl(primary, "reinit", "waybill", standby, "--force")
        self.wait_for_pair(primary)
        self.assertEqual(self.site.sql(standby, "SELECT n FROM kept", "warehousedb"), "1")

    def etcdctl(self, name, *words):
        return self.site.run(name, "etcdctl", *words)

    def vote_anew(self, name):
        """A member whose machine is another one."""
        self.site.run(name, "rm", "-rf", "/var/lib/etcd/waybill", "/etc/default/etcd")
        self.assertIn(f"let the other votes know {name}", self.site.script(name, "setup-patroni"))
        self.begin_etcd(name)
        wait_until(lambda: "is healthy" in self.site.run(
            name, "etcdctl", "endpoint", "health", ok=False), f"{name} has a vote", 60)
        self.site.script(name, "setup-patroni")
        self.assertIn(f"{name}: nothing to change", self.site.script(name, "setup-patroni"))

    @unittest.skipUnless(LONG, "`make patroni` runs it")
    def test_mon_is_lost_and_made_anew(self):
        self.site.signal("mon", signal.SIGKILL)
        self.vote_anew("mon")
        self.assertEqual(len(self.etcdctl(self.primary, "member", "list").splitlines()), 3)
        self.wait_for_pair(self.primary)

    @unittest.skipUnless(LONG, "`make patroni` runs it")
    def test_the_majority_of_the_votes_is_lost(self):
        primary, standby = self.primary, self.standby
        for name in ("mon", standby):
            self.site.signal(name, signal.SIGKILL)
        wait_until(lambda: self.site.state(primary) != "primary", "it takes no writes", 60)
        self.etcd[primary].terminate()
        self.etcd[primary].wait(60)
        self.begin_etcd(primary, ETCD_FORCE_NEW_CLUSTER="true")
        wait_until(lambda: self.site.state(primary) == "primary", "it is the primary again", 120)
        for name in ("mon", standby):
            self.vote_anew(name)
        self.begin_patroni(standby)
        self.wait_for_pair(primary)

    def test_again(self):
        for name in ("db", "db2", "mon"):
            self.assertIn(f"{name}: nothing to change", self.site.script(name, "setup-patroni"))
        # It once took Patroni's standby for somebody else's, and offered to move it aside.
        self.assertIn("nothing to change", self.site.script(self.standby, "setup-standby"))
        said = self.site.script(self.standby, "setup-standby", "--replace", ok=False)
        self.assertIn(f"reinit waybill {self.standby} makes a new copy", said)
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
        self.begin_patroni(self.primary)
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
