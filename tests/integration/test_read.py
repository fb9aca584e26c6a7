"""database_read: what a standby answers, and what is asked of the primary instead."""

import os
import re
import subprocess
import tempfile
import threading
import time
import unittest

from support.pg import BUILD, Cluster, clean_environment
from support.pooler import not_pooled
from support.server import Server
from support.site import Site
from support.standby import Standby
from support.wait import wait_until


@not_pooled("has a primary of its own to stop")
class Read(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.primary = Cluster()
        cls.addClassCleanup(cls.primary.drop)
        cls.db = cls.primary.database()
        cls.standby = Standby(cls.primary)
        cls.addClassCleanup(cls.standby.drop)

    def setUp(self):
        self.server = Server(self.db.conninfo, {
            "workers": 1, "database_read": self.standby.conninfo(self.db.name)})
        self.addCleanup(self.server.kill)
        self.server.start()
        self.client = self.server.client
        self.db.query("TRUNCATE waybills")

    def add(self, *numbers):
        for number in numbers:
            self.db.query(f"INSERT INTO waybills (waybill_number) VALUES ('{number}')")

    def listed(self):
        answer = self.client.get("/waybills?limit=100")
        self.assertEqual(answer.status, 200, answer)
        return sorted(w["waybill_number"] for w in answer.json()["waybills"])

    def counted(self, name="database_read_primary"):
        for line in self.client.get("/metrics").body.decode().splitlines():
            if line.startswith(f"waybill_{name}_total "):
                return int(line.split()[1])
        raise AssertionError(f"no metric {name}")

    def from_standby(self):
        """It is asked: the primary does not know this connection."""
        return self.standby.value("SELECT count(*) FROM pg_stat_activity "
                                  "WHERE application_name = 'waybilld reader 1'") == "1"

    def test_lists_and_the_dashboard_come_from_the_standby(self):
        self.add("JT1")
        self.standby.catch_up()
        wait_until(lambda: self.listed() == ["JT1"] and self.from_standby(), "the standby answers")
        before = self.counted()
        asked = self.standby.value(
            f"SELECT xact_commit FROM pg_stat_database WHERE datname = '{self.db.name}'")
        for _ in range(20):
            self.assertEqual(self.client.get("/dashboard").status, 200)
            self.assertEqual(self.listed(), ["JT1"])
        self.assertEqual(self.counted(), before)
        # Its count comes some moments later.
        wait_until(lambda: int(self.standby.value(
            f"SELECT xact_commit FROM pg_stat_database WHERE datname = '{self.db.name}'"))
            >= int(asked) + 40, "the standby has counted them", 60)
        export = self.client.get("/waybills?format=csv")
        self.assertEqual(export.status, 200, export)
        self.assertIn(b"JT1", export.body)
        self.server.stop()

    def test_as_a_site_writes_it(self):
        """Of all databases, whichever is a standby."""
        site = Site(database_read="on", db_name=self.db.name)
        self.addCleanup(site.remove)
        conninfo = re.search(r'(?m)^database_read = "(.*)"$', site.text("waybilld-site.conf", "app1"))[1]
        conninfo, n = re.subn(r"host=\S+ port=\d+", f"host={self.primary.socket},{self.standby.socket}",
                              conninfo)
        self.assertEqual(n, 1, conninfo)
        self.server.stop()
        self.server = Server(self.db.conninfo, {"workers": 1, "database_read": conninfo})
        self.addCleanup(self.server.kill)
        self.client = self.server.start().client
        self.add("JT1")
        self.standby.catch_up()
        wait_until(lambda: self.listed() == ["JT1"] and self.from_standby(), "the standby answers")

    def test_what_is_too_old_is_asked_of_the_primary(self):
        self.add("JT1")
        self.standby.catch_up()
        wait_until(lambda: self.listed() == ["JT1"] and self.from_standby(), "the standby answers")
        self.standby.pause()
        self.addCleanup(self.standby.resume)
        self.add("JT2")
        # At most 5 s (and the look that is due each second) without the newest.
        wait_until(lambda: self.listed() == ["JT1", "JT2"], "the primary is asked", timeout=12)
        # Evidence is a place in the log that was waited for as long, a second later.
        wait_until(lambda: self.listed() and
                   "database_read is more than 5 s behind" in self.server.log(), "it is told")
        self.assertGreater(self.counted(), 0)
        # A parcel and a scan are never asked of the standby.
        self.assertEqual(self.client.get("/waybills/JT2").status, 200)
        self.standby.resume()
        wait_until(lambda: self.listed() and "database_read has caught up" in self.server.log(),
                   "the standby is asked again")
        self.server.stop()

    def test_a_standby_that_is_away(self):
        self.add("JT1")
        self.standby.catch_up()
        wait_until(lambda: self.listed() == ["JT1"] and self.from_standby(), "the standby answers")
        self.standby.stop()
        self.addCleanup(self.standby.start)
        self.add("JT2")
        self.assertEqual(self.listed(), ["JT1", "JT2"])
        self.assertEqual(self.client.get("/dashboard").status, 200)
        self.assertEqual(self.client.get("/waybills?format=csv").status, 200)
        self.server.wait_for_log(r"warning .*database_read: .*the primary is asked instead")
        self.assertEqual(self.client.get("/health").status, 200)
        self.standby.start()
        wait_until(lambda: self.listed() and "database_read answers again" in self.server.log(),
                   "the standby is asked again", timeout=60)
        self.server.stop()

    def test_a_standby_that_is_frozen(self):
        """It keeps its connections, and answers nothing."""
        self.add("JT1")
        self.standby.catch_up()
        wait_until(lambda: self.listed() == ["JT1"] and self.from_standby(), "the standby answers")
        self.add("JT2")
        self.standby.freeze()
        try:
            from_ = time.monotonic()
            self.assertEqual(self.client.get("/dashboard").status, 200)
            # 2 s, and some for a busy machine; statement_timeout would be 10 s.
            self.assertLess(time.monotonic() - from_, 9)
            self.assertEqual(self.listed(), ["JT1", "JT2"])
            self.assertIn(b"JT2", self.client.get("/waybills?format=csv").body)
        finally:
            self.standby.thaw()
        self.server.wait_for_log(r"warning .*database_read: .*the primary is asked instead")
        self.server.stop()

    def ctl_export(self):
        """waybillctl's; its file's text."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "w.csv")
            out = subprocess.run(
                [os.path.join(BUILD, "waybillctl"), "export", "waybills", path],
                env={**clean_environment(), "WAYBILL_DATABASE": self.db.conninfo,
                     "WAYBILL_DATABASE_READ": self.standby.conninfo(self.db.name)},
                stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            self.assertEqual(out.returncode, 0, out.stderr)
            with open(path, encoding="utf-8-sig") as f:
                return f.read()

    def test_the_export_command_asks_the_primary_instead(self):
        self.add("JT1")
        self.standby.catch_up()
        self.standby.pause()
        self.addCleanup(self.standby.resume)
        self.add("JT2")
        self.assertIn("JT2", self.ctl_export())
        self.standby.resume()
        self.standby.stop()
        self.addCleanup(self.standby.start)
        self.assertIn("JT2", self.ctl_export())

    def test_a_page_of_an_export_that_fails_on_the_standby(self):
        """A lock that the primary holds reaches the standby; its page fails there after 2 s,
        is asked of the primary, and comes when the lock goes."""
        self.add("JT1")
        with subprocess.Popen(["psql", "-X", "-q", "-d", self.db.conninfo],
                              env=clean_environment(), stdin=subprocess.PIPE, text=True) as holder:
            holder.stdin.write("BEGIN; LOCK TABLE waybills;\n")
            holder.stdin.flush()
            held = ("SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND "
                    f"database = (SELECT oid FROM pg_database WHERE datname = '{self.db.name}')")
            wait_until(lambda: self.db.value(held, role="postgres") != "0", "the lock is held")
            self.db.query("CHECKPOINT", role="postgres")  # a lock alone stays in wal_buffers
            wait_until(lambda: self.standby.value(held) != "0", "the lock is on the standby")
            self.standby.catch_up()
            for _ in range(5):  # a standby that is late to answer is not asked at all
                answers, said = [], len(self.server.log())
                export = threading.Thread(
                    target=lambda: answers.append(self.client.get("/waybills?format=csv")))
                export.start()
                # Behind that the primary is asked, which has 2 s as well.
                wait_until(lambda: answers or "database_read: " in self.server.log()[said:],
                           "the standby was asked", 30)
                if not answers:
                    break
                export.join()
            holder.stdin.close()
            holder.wait()
            export.join()
        self.assertIn("lock timeout", self.server.log()[said:])
        self.assertEqual(answers[0].status, 200, answers[0])
        self.assertIn(b"JT1", answers[0].body)
        self.server.stop()

    def test_a_primary_that_is_away(self):
        self.add("JT1")
        self.standby.catch_up()
        wait_until(lambda: self.listed() == ["JT1"] and self.from_standby(), "the standby answers")
        self.primary.stop("immediate")
        self.addCleanup(self.primary.start)
        wait_until(lambda: self.client.post("/scan", {"waybill_number": "JT1"}).status == 503,
                   "the primary is gone")
        self.assertEqual(self.listed(), ["JT1"])
        self.primary.start()
        wait_until(lambda: self.client.post("/scan", {"waybill_number": "JT1"}).status == 200,
                   "the primary is back")
        self.server.stop(expected_errors=[r"database", r"scan"])


if __name__ == "__main__":
    unittest.main()
