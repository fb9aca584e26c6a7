"""The server before a primary and a standby in hosts of their own (support/hosts.py), and stations
that scan while the database is lost and moved."""

import os
import re
import threading
import time
import unittest
import uuid

from . import hosts
from .client import Client
from .hosts import Hosts
from .pg import migrate
from .server import Server
from .wait import wait_until


class Station(threading.Thread):
    """Scans one number after the other; asks again, with the same id, until it is told."""

    def __init__(self, port, name, numbers):
        super().__init__()
        self.client, self.name, self.numbers = Client(port), name, numbers
        self.told, self.answers, self.gap, self.stop = {}, set(), 0.0, threading.Event()

    def run(self):
        last = time.monotonic()
        for number in self.numbers:
            scan = {"waybill_number": number, "scan_id": str(uuid.uuid4()), "station": self.name}
            while not self.told_of(scan):
                if self.stop.wait(0.1):
                    return
            self.told[scan["scan_id"]] = number
            self.gap = max(self.gap, time.monotonic() - last)
            last = time.monotonic()
            if self.stop.wait(0.02):
                return

    def told_of(self, scan):
        try:
            r = self.client.post("/scan", scan)
        except OSError:
            self.answers.add((0, None))
            return False
        self.answers.add((r.status, r.headers.get("retry-after")))
        return r.status == 200


@unittest.skipUnless(hosts.can(), "needs root, namespaces, overlays and nft")
class MovedCase(unittest.TestCase):
    settings = {}  # of the site
    stations = 4

    @classmethod
    def setUpClass(cls):
        cls.site = Hosts(**cls.settings)
        cls.addClassCleanup(cls.site.stop)
        cls.site.script("db", "setup-db")
        for name in ("db", "replication"):
            cls.site.copy(f"/etc/waybill/{name}.password", "db", "db2")
        cls.site.script("db2", "setup-standby")
        cls.together()
        # As setup-app writes it.
        pgpass = os.path.join(cls.site.folder, "pgpass")
        with open(pgpass, "w", encoding="ascii") as f:
            f.write("*:*:*:waybill:" + cls.site.run("db", "cat", "/etc/waybill/db.password"))
        os.chmod(pgpass, 0o600)
        conninfo = re.search(r'(?m)^database = "(.*)"$', cls.site.text(
            "waybilld-site.conf", "app1"))[1].replace("/etc/waybill/pgpass", pgpass)
        migrate(conninfo)
        cls.server = Server(f'"{conninfo}"', {
            "workers": 6, "queue_workers": 1, "statement_timeout": "2s"})
        cls.addClassCleanup(cls.server.kill)
        cls.server.start()
        cls.client = cls.server.client
        cls.made = 0

    @classmethod
    def together(cls):
        """Commits wait for the standby from now on."""
        cls.site.script("db", "setup-db")

    @classmethod
    def tearDownClass(cls):
        cls.server.stop(expected_errors=[
            r"cannot connect to the database", r"database connection lost",
            r"database did not answer", r"\(57014\)", r"\(57P01\)"])

    def setUp(self):
        self.primary, self.standby = (
            ("db", "db2") if self.site.state("db") == "primary" else ("db2", "db"))
        wait_until(lambda: self.client.get("/ready").status == 200, "ready", 60)

    def numbers(self, count):
        type(self).made += 1
        numbers = [f"W{self.made}N{i:06}" for i in range(count)]
        r = self.client.upload("Waybill Number,Receiver\n".encode() +
                               "".join(f"{n},Ana\n" for n in numbers).encode(),
                               name=f"{self.made}.csv")
        self.assertEqual(r.status, 200, r)
        return numbers

    def recorded(self, name, scan_ids):
        """How often each of them is there."""
        rows = self.site.sql(name, "SELECT scan_id, count(*) FROM scanned_waybills GROUP BY 1",
                             "warehousedb").splitlines()
        found = dict(row.split("|") for row in rows)
        return [int(found.get(i, 0)) for i in scan_ids]

    def people(self, name):
        """Connections of the server to that host."""
        return int(self.site.sql(name, "SELECT count(*) FROM pg_stat_activity WHERE "
                                       "usename = 'waybill'"))

    def scanning_while(self, what, *events, patience=60):
        """Stations scan, an event comes between, they scan on, another event; then all that they
        were told is on the host that the last one names. Prints how long the longest wait was."""
        numbers = self.numbers(12000)
        stations = [Station(self.server.port.number, f"dock {i}", numbers[i::self.stations])
                    for i in range(self.stations)]
        for s in stations:
            s.start()
        try:
            wait_until(lambda: all(len(s.told) > 20 for s in stations), "stations scan", 60)
            for event in events:
                name = event()
                before = [len(s.told) for s in stations]
                wait_until(lambda b=before: all(len(s.told) > n + 20
                                                for s, n in zip(stations, b)),
                           "stations scan again", patience)
        finally:
            for s in stations:
                s.stop.set()
            for s in stations:
                s.join()
        told = [i for s in stations for i in s.told]
        self.assertEqual(set(self.recorded(name, told)), {1})
        self.assertLessEqual({a for s in stations for a in s.answers}, {(200, None), (503, "2")})
        print(f"{what}: {len(told)} scans told, none lost; longest wait "
              f"{max(s.gap for s in stations):.1f} s", flush=True)
