"""The server while its database is lost, moved, or waits for its standby: nothing that a station
was told is lost, what it was not told is found by its scan_id, and nobody waits for ever."""

import os
import re
import signal
import threading
import time
import unittest
import uuid

from support import hosts
from support.client import Client
from support.hosts import Hosts
from support.pg import migrate
from support.server import Server
from support.wait import wait_until

STATIONS = 4


class Station(threading.Thread):
    """Scans one number after the other; asks again, with the same id, until it is told."""

    def __init__(self, port, name, numbers):
        super().__init__()
        self.client, self.name, self.numbers = Client(port), name, numbers
        self.told, self.answers, self.gap, self.stop = {}, [], 0.0, threading.Event()

    def run(self):
        last = time.monotonic()
        for number in self.numbers:
            if self.stop.is_set():
                return
            scan_id = str(uuid.uuid4())
            while True:
                try:
                    r = self.client.post("/scan", {"waybill_number": number, "scan_id": scan_id,
                                                   "station": self.name})
                except OSError:
                    self.answers.append((0, None))
                    continue
                self.answers.append((r.status, r.headers.get("retry-after")))
                if r.status == 200:
                    break
                if self.stop.wait(0.1):
                    return
            self.told[scan_id] = number
            self.gap = max(self.gap, time.monotonic() - last)
            last = time.monotonic()


@unittest.skipUnless(hosts.can(), "needs root, namespaces, overlays and nft")
class Failover(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.site = Hosts()
        cls.addClassCleanup(cls.site.stop)
        cls.site.script("db", "setup-db")
        for name in ("db", "replication"):
            cls.site.copy(f"/etc/waybill/{name}.password", "db", "db2")
        cls.site.script("db2", "setup-standby")
        cls.site.script("db", "setup-db")
        # As setup-app writes it.
        cls.pgpass = os.path.join(cls.site.folder, "pgpass")
        with open(cls.pgpass, "w", encoding="ascii") as f:
            f.write("*:*:*:waybill:" + cls.site.run("db", "cat", "/etc/waybill/db.password"))
        os.chmod(cls.pgpass, 0o600)
        cls.conninfo = re.search(r'(?m)^database = "(.*)"$', cls.site.text(
            "waybilld-site.conf", "app1"))[1].replace("/etc/waybill/pgpass", cls.pgpass)
        migrate(cls.conninfo)
        cls.server = Server(f'"{cls.conninfo}"', {
            "workers": 6, "queue_workers": 1, "statement_timeout": "2s"})
        cls.addClassCleanup(cls.server.kill)
        cls.server.start()
        cls.client = cls.server.client
        cls.made = 0

    @classmethod
    def tearDownClass(cls):
        cls.server.stop(expected_errors=[r"cannot connect to the database", r"database connection lost",
                                         r"database did not answer", r"\(57014\)"])

    def setUp(self):
        self.primary, self.standby = (
            ("db", "db2") if self.site.state("db") == "primary" else ("db2", "db"))
        wait_until(lambda: self.client.get("/ready").status == 200, "ready", 30)

    def call(self, *words):
        code, said = self.site.anywhere("failover-db", *words)
        self.assertEqual(code, 0, said)

    def start(self, name):
        self.site.run(name, "pg_ctlcluster", "15", "main", "start")

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

    def test_the_primary_dies_while_stations_scan(self):
        numbers = self.numbers(4000)
        family = self.server.workers()
        stations = [Station(self.server.port.number, f"dock {i}", numbers[i::STATIONS])
                    for i in range(STATIONS)]
        for s in stations:
            s.start()
        try:
            wait_until(lambda: all(len(s.told) > 20 for s in stations), "stations scan", 30)
            self.site.signal(self.primary, signal.SIGKILL)
            self.call()
            before = [len(s.told) for s in stations]
            wait_until(lambda: all(len(s.told) > n + 20 for s, n in zip(stations, before)),
                       "stations scan again", 30)
        finally:
            for s in stations:
                s.stop.set()
            for s in stations:
                s.join()
        told = [i for s in stations for i in s.told]
        self.assertEqual(set(self.recorded(self.standby, told)), {1})
        answers = {a for s in stations for a in s.answers}
        self.assertLessEqual(answers, {(200, None), (503, "2")})
        print(f"the primary killed: {len(told)} scans told, none lost; longest wait "
              f"{max(s.gap for s in stations):.1f} s", flush=True)
        # The same processes, connected anew; the one that listens for uploads too.
        self.assertEqual(self.server.workers(), family)
        r = self.client.upload(b"Waybill Number,Receiver\nQUEUED1,Ana\n", name="queue.csv", **{"async": "1"})
        self.assertEqual(r.status, 202, r)
        wait_until(lambda: self.client.get(f"/uploads/{r.json()['id']}").json()["state"] ==
                   "completed", "the queue worker has moved")
        # The old one, back as a standby, is left alone.
        self.call("--rejoin", self.primary)
        for number in numbers[-20:]:
            self.client.post("/scan", {"waybill_number": number, "mode": "check"})
        self.assertEqual(self.people(self.primary), 0)
        self.assertGreater(self.people(self.standby), 0)

    def test_commits_wait_for_a_standby_that_is_away(self):
        """No worker waits for ever, nothing unsure is told as sure, nothing counts twice."""
        number = self.numbers(1)[0]
        scan = {"waybill_number": number, "scan_id": str(uuid.uuid4())}
        self.site.signal(self.standby, signal.SIGKILL)
        began = time.monotonic()
        r = self.client.post("/scan", scan)
        self.assertEqual((r.status, r.json()["error"]), (503, "outcome_unknown"), r)
        self.assertLess(time.monotonic() - began, 10)
        self.assertEqual(self.client.get(f"/waybills/{number}").status, 200)
        self.assertEqual(self.client.post("/scan", scan).status, 503)
        # A crash ends the wait: the scan is there, on this host alone. Told now, it would be
        # lost with the host.
        self.site.signal(self.primary, signal.SIGKILL)
        self.start(self.primary)
        wait_until(lambda: self.recorded(self.primary, [scan["scan_id"]]) == [1], "it is there")
        wait_until(lambda: self.client.get("/ready").status == 200, "ready", 30)
        # What is sure that it changed nothing may come, too: workers connect anew.
        said = []
        wait_until(lambda: said.append(self.client.post("/scan", scan).json().get("error")) or
                   said.count("outcome_unknown") == 3, "asked thrice", 60)
        self.assertNotIn(None, said)
        self.start(self.standby)
        r = wait_until(lambda: next((r for r in [self.client.post("/scan", scan)]
                                     if r.status == 200), None), "the standby has it", 30)
        self.assertEqual(r.json()["result"], "valid")
        self.assertEqual(self.recorded(self.standby, [scan["scan_id"]]), [1])


if __name__ == "__main__":
    unittest.main()
