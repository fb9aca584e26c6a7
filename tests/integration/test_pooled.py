"""The server behind a PgBouncer in transaction mode (database_pooled = on): what it leaves behind
there, what it says when the pooler loses a server, and some of the other tests once more.
`make check-integration POOL=transaction` runs all of them that way."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest
import uuid

from support.client import multipart
from support.pg import ROOT, Cluster, children, psql
from support.pooler import Pooler
from support.psql_session import PsqlSession
from support.server import Server
from support.standby import Standby
from support.uploads import sample
from support.wait import wait_until


class PooledCase(unittest.TestCase):
    settings = {}

    def setUp(self):
        self.cluster = Cluster.shared()
        self.db = self.cluster.database()
        self.addCleanup(self.db.drop)
        self.pooler = Pooler(self.cluster.socket)
        self.addCleanup(self.pooler.stop)
        self.server = self.start(**self.settings)
        self.client = self.server.client

    def start(self, group=False, **settings):
        server = Server(self.pooler.conninfo(self.db.name), {"database_pooled": "on", **settings},
                        group=group)
        self.addCleanup(server.kill)
        return server.start()

    def load(self):
        answer = self.client.upload(b"Waybill Number,Status\nJT1,For Return\n", "m.csv")
        self.assertEqual((answer.status, answer.json()["inserted"]), (200, 1), answer)

    def scan(self, number, **fields):
        return self.client.post("/scan", {"waybill_number": number, "mode": "return", **fields})


class Sessions(PooledCase):
    settings = {"workers": 20, "queue_workers": 2, "statement_timeout": "7s"}

    def test_nothing_is_left_in_one(self):
        book = b"Waybill Number,COD\n" + b"".join(b"JT%d,5\n" % n for n in range(300))
        self.assertEqual(self.client.upload(book, "m.csv").status, 200)
        queued = self.client.upload(book, "q.csv", path="/upload?async=true").json()["id"]
        session = self.client.post("/sessions", {"scanned_by": "ana"}).json()["id"]
        for n in range(100):
            self.assertEqual(self.scan(f"JT{n}", session_id=session, mode="dispatch").status, 200)
        wait_until(lambda: self.client.get(f"/uploads/{queued}").json()["state"] == "completed",
                   "the queue has loaded it")
        self.assertEqual(self.client.post(f"/sessions/{session}/dispatch", {}).status, 200)
        # The queue's worker is told of the end a moment later than we are.
        wait_until(lambda: self.db.value(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = "
            "(SELECT oid FROM pg_database WHERE datname = current_database())") == "0",
            "no lock is left")
        # 22 processes and what they forked had no more than the pool; ours are over in a moment.
        wait_until(lambda: int(self.db.value(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid()")) <= 12, "there are no more than the pool's")
        pooled = self.pooler.conninfo(self.db.name)
        for _ in range(15):
            self.assertEqual(psql(pooled, """
                SELECT current_setting('statement_timeout'), current_setting('lock_timeout'),
                       coalesce(current_setting('waybill.pooled', true), ''),
                       (SELECT count(*) FROM pg_prepared_statements),
                       (SELECT count(*) FROM pg_listening_channels()),
                       (SELECT count(*) FROM pg_class WHERE relpersistence = 't')"""),
                [["0", "0", "", "0", "0", "0"]])
        self.server.stop()

    def test_a_transaction_has_its_settings(self):
        """A scan waits for a locked parcel for 2 s, as it does without a pooler."""
        self.load()
        with PsqlSession(self.db.conninfo) as other:
            other.run("BEGIN; SELECT FROM waybills WHERE waybill_number = 'JT1' FOR UPDATE")
            answer = self.scan("JT1")
            self.assertEqual((answer.status, answer.json()["error"]), (503, "busy"), answer)
            other.run("ROLLBACK")
        self.assertEqual(self.scan("JT1").status, 200)
        self.server.stop(expected_errors=[r"lock timeout"])


class Losses(PooledCase):
    settings = {"workers": 2}

    def lost(self, end):
        """What a scan hears whose server end(pid) stops while it waits for its parcel. Its scan_id
        counts once."""
        self.load()
        scan_id = str(uuid.uuid4())
        with PsqlSession(self.db.conninfo) as other:
            other.run("BEGIN; SELECT FROM waybills WHERE waybill_number = 'JT1' FOR UPDATE")
            with self.client.connect() as c:
                body = json.dumps({"waybill_number": "JT1", "scan_id": scan_id, "mode": "return"}).encode()
                c.send(b"POST /scan HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                       b"Content-Length: %d\r\n\r\n" % len(body) + body)
                waits = wait_until(lambda: self.db.query(
                    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
                    "AND wait_event_type = 'Lock'"), "the scan waits")
                end(int(waits[0][0]))
                answer = c.response()
            self.assertEqual(answer.status, 503, answer)
            self.assertIn("retry-after", answer.headers)
        wait_until(lambda: self.scan("JT1", scan_id=scan_id).status == 200, "the scan counts", 60, 0.2)
        self.assertEqual(self.scan("JT1", scan_id=scan_id).status, 200)
        self.assertEqual(self.db.value("SELECT count(*) FROM scanned_waybills"), "1")
        self.server.stop(expected_errors=[r"scan"])
        return answer.json()["error"]

    def test_a_server_that_says_that_it_was_stopped(self):
        self.assertEqual(self.lost(lambda pid: self.db.query(f"SELECT pg_terminate_backend({pid})")),
                         "database_unreachable")

    def test_a_server_that_vanishes(self):
        """Whether it was done nobody can know."""
        self.assertEqual(self.lost(lambda pid: os.kill(pid, signal.SIGKILL)), "outcome_unknown")

    def test_a_pooler_that_dies_and_comes_back(self):
        self.load()
        folder = self.pooler.folder
        self.pooler.process.kill()
        self.pooler.process.wait()
        answer = self.scan("JT1")
        self.assertEqual(answer.status, 503, answer)
        for name in ("pid", ".s.PGSQL.6432"):
            if os.path.exists(os.path.join(folder, name)):
                os.unlink(os.path.join(folder, name))
        self.pooler.start()
        wait_until(lambda: self.scan("JT1").status == 200, "it works again")
        self.server.stop(expected_errors=[r"scan"])

    def test_an_upload_whose_host_died_is_given_up(self):
        """No session's lock tells so: only that nothing was heard of it for 10 s."""
        other = self.start(group=True, workers=1)
        key = str(uuid.uuid4())
        with tempfile.TemporaryDirectory() as folder:
            with open(sample(60000, folder), "rb") as f:
                book = f.read()
        kind, body = multipart(book, "m.xlsx", upload_key=key)
        with other.client.connect() as c, PsqlSession(self.db.conninfo) as holder:
            holder.run("BEGIN; LOCK TABLE waybills IN EXCLUSIVE MODE")  # or it might be done
            c.send(b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n"
                   b"Content-Type: %s\r\n\r\n" % (len(body), kind.encode()) + body)
            tasks = wait_until(lambda: [t for w in other.workers() for t in children(w)],
                               "a task works on the upload")
            wait_until(lambda: self.client.get(f"/uploads/{key}").status == 200, "it is known")
            os.kill(tasks[0], signal.SIGSTOP)
            os.killpg(other.pid, signal.SIGKILL)
        state = self.client.get(f"/uploads/{key}").json()["state"]
        self.assertEqual(state, "processing")
        again = self.client.upload(book, "m.xlsx", upload_key=key)
        self.assertEqual((again.status, again.json()["error"]), (409, "upload_in_progress"), again)
        wait_until(lambda: self.db.value(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1 AND database"
            " = (SELECT oid FROM pg_database WHERE datname = current_database())") == "0",
            "its transaction is gone")
        self.db.query("UPDATE uploads SET loading_at = loading_at - interval '10 s', "
                      "progress_at = progress_at - interval '10 s'")
        u = self.client.get(f"/uploads/{key}").json()
        self.assertEqual((u["state"], u["error"]), ("failed", "importer_died"), u)
        again = self.client.upload(book, "m.xlsx", upload_key=key)
        self.assertEqual((again.status, again.json()["inserted"]), (200, 60000), again)
        self.server.stop()


class Hosts(unittest.TestCase):
    def test_it_leads_to_the_host_that_takes_writes(self):
        """By the line of conf/pgbouncer.ini: PgBouncer itself takes the hosts in turn."""
        with open(os.path.join(ROOT, "conf", "pgbouncer.ini"), encoding="utf-8") as f:
            ends_itself = next(line for line in f if "connect_query" in line and line[0] == "@")
        primary = Cluster()
        self.addCleanup(primary.drop)
        db = primary.database()
        standby = Standby(primary)
        self.addCleanup(standby.drop)
        pooler = Pooler(f"{standby.socket},{primary.socket} connect_query="
                        + ends_itself.split("connect_query=")[1].strip())
        self.addCleanup(pooler.stop)
        server = Server(pooler.conninfo(db.name), {"database_pooled": "on", "workers": 4})
        self.addCleanup(server.kill)
        server.start()
        for _ in range(20):
            self.assertEqual(
                server.client.post("/scan", {"waybill_number": "JT1"}).status, 404)
        primary.stop("immediate")
        standby.query("SELECT pg_promote()")
        wait_until(lambda: server.client.post("/scan", {"waybill_number": "JT1"}).status == 404,
                   "the new primary takes scans", timeout=30)
        server.stop(expected_errors=[r"scan", r"database"])


class OnceMore(unittest.TestCase):
    """Some of the other tests, with a pooler between. What each file needs to say that it works
    there, not what it proves."""
    parts = (("scan", "Scan.test"), ("scans", "Together"), ("upload", "Upload.test"),
             ("queue", "Queue.test"), ("sessions", "Ends"), ("auth", "Sessions"))

    def test_some_of(self):
        for name, only in self.parts:
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                counts = os.path.join(folder, "counts")
                out = subprocess.run(
                    [sys.executable, os.path.join(ROOT, "tests/support/suite.py"),
                     os.path.join(ROOT, f"tests/integration/test_{name}.py"), only],
                    env={**os.environ, "WBTEST_POOL": "transaction", "WBTEST_COUNTS": counts},
                    stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
                self.assertEqual(out.returncode, 0, out.stdout[-8000:])
                with open(counts, encoding="utf-8") as f:
                    self.assertGreater(json.load(f)["passed"], 3)


if __name__ == "__main__":
    unittest.main()
