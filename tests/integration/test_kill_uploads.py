"""Queued uploads while everything around them is killed, in each phase of an upload in turn.

Two hosts on one database, the second without web workers. Each upload's numbers are its own,
so that afterwards PostgreSQL tells whether all of its rows are there, or none, and whether its
state says the same. `make kill-uploads [KILLS=200] [SEED=n]` is the long form."""

import collections
import json
import os
import random
import signal
import threading
import time
import unittest

from support.client import multipart
from support.nemesis import refuses
from support.pg import Cluster, children
from support.psql_session import PsqlSession
from support.server import SANITIZER, Server
from support.wait import wait_until

KILLS = int(os.environ.get("KILLS", "20"))
ROWS = int(os.environ.get("ROWS", "6000"))
SEED = os.environ.get("SEED", str(random.randrange(10 ** 9)))
VICTIMS = ("task", "task", "worker of a task", "worker of a task", "web worker", "host", "postgresql")
# What PostgreSQL does for an upload at that moment, by its statement (import_*.sql, upload_*.sql).
PHASES = {"bytes": "copy upload_files%", "direct": "copy waybills%", "staging": "copy import_staging%",
          "duplicates": "with repeated as%", "merge": "with staged as%", "finish": "%upload_finish%",
          "commit": "commit%", "match": "%upload_match%", "whatever": "%"}


def manifest(n):
    """Each third has a number twice, far apart, and so goes by way of the staging table."""
    rows = [f"K{n:04d}-{i:05d},Ana Cruz {i},Manila,{i % 900}.50\n" for i in range(ROWS)]
    return "".join(["Waybill Number,Receiver,City,COD\n", *rows[:1] * (n % 3 == 0), *rows]).encode()


class Sender(threading.Thread):
    """Sends one upload until it is answered, with the same key, as a page does."""

    def __init__(self, client, n):
        super().__init__(daemon=True)
        self.client = client
        self.key = f"kill-{n}"
        # One in eight is waited for: those are to be all or nothing just as well.
        wait = "false" if n % 8 == 7 else "true"
        self.form = multipart(manifest(n), f"{self.key}.csv", upload_key=self.key, **{"async": wait})
        self.answer = None
        self.tries = 0
        self.start()

    def run(self):
        kind, body = self.form
        while self.answer is None:
            self.tries += 1
            try:
                r = self.client.request("POST", "/upload", body, {"Content-Type": kind})
            except OSError:
                time.sleep(0.1)
                continue
            if r.status in (200, 202):
                self.answer = r.json()
            elif r.status in (500, 503) or r.json()["error"] == "upload_in_progress":
                time.sleep(0.1)
            else:
                raise AssertionError(r)


class KillUploads(unittest.TestCase):
    def setUp(self):
        self.random = random.Random(SEED)
        self.cluster = Cluster(durable=True)
        self.addCleanup(self.cluster.drop)
        self.db = self.cluster.database()
        self.hosts = [
            Server(self.db.conninfo, {"workers": 2, "queue_workers": 1}, group=True),
            Server(self.db.conninfo, {"workers": 0, "queue_workers": 1}, group=True),
        ]
        for h in self.hosts:
            self.addCleanup(h.kill)
            h.start(ready=h is self.hosts[0])
        self.killed = collections.Counter()
        self.phases = collections.Counter()

    def reached(self, phase):
        """Waits until PostgreSQL does that for an upload; False when it does not come to it."""
        end = time.monotonic() + 2
        with PsqlSession(self.db.conninfo) as session:
            while time.monotonic() < end:
                if session.run("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND "
                               "application_name LIKE 'waybilld%task%' AND ltrim(query, E' \\n') "
                               f"LIKE '{PHASES[phase]}'") not in ("0", ""):
                    return True
        return False

    def pids(self, what):
        """A task is a worker's child."""
        web = self.hosts[0].workers()
        if what == "web worker":
            return web
        workers = web + self.hosts[1].workers()
        tasks = {w: children(w) for w in workers}
        return sum(tasks.values(), []) if what == "task" else [w for w in workers if tasks[w]]

    def kill_one(self, what):
        if what == "postgresql":
            self.cluster.kill9()
            self.cluster.start()
        elif what == "host":
            host = self.random.choice(self.hosts)
            os.killpg(host.pid, signal.SIGKILL)
            host.process.wait()
            wait_until(lambda: refuses(host.port.number), "nobody listens there")
            host.start(ready=False)
        else:
            found = self.pids(what)
            if not found:
                return False
            try:
                os.kill(self.random.choice(found), signal.SIGKILL)
            except ProcessLookupError:
                return False
        return True

    def settled(self):
        try:
            return self.db.value("SELECT count(*) FROM uploads WHERE state IN "
                                 "('queued', 'processing')") == "0"
        except AssertionError:
            return False

    def check(self, sender):
        rows = self.db.query("SELECT id, state, error, message, inserted, undone_at FROM uploads "
                             f"WHERE upload_key = '{sender.key}'")
        self.assertEqual(len(rows), 1, sender.key)
        upload, state, error, message, inserted, _ = rows[0]
        there = self.db.query(
            "SELECT count(*), count(*) FILTER (WHERE upload_id = "
            f"{upload}) FROM waybills WHERE waybill_number LIKE 'K{int(sender.key[5:]):04d}-%'")
        want = str(ROWS) if state == "completed" else "0"
        self.assertEqual(there, [[want, want]], (sender.key, state, error))
        if state == "completed":
            self.assertEqual(inserted, want)
        else:
            self.assertEqual(state, "failed", sender.key)
            self.assertTrue(error and message.endswith("."), sender.key)
        return state if state == "completed" else error

    def test_all_rows_or_none_and_the_state_says_which(self):
        print(f"SEED={SEED}", flush=True)
        senders = []
        while sum(self.killed.values()) < KILLS:
            senders.append(Sender(self.hosts[0].client, len(senders)))
            what = self.random.choice(VICTIMS)
            phase = list(PHASES)[len(senders) % len(PHASES)]
            if self.reached(phase) and self.kill_one(what):
                self.killed[what] += 1
                self.phases[phase] += 1
            # Not faster than the work is done, or none would ever come to its end.
            wait_until(lambda: sum(s.answer is None for s in senders) < 4, "uploads are taken",
                       timeout=300)
        for s in senders:
            s.join(300)
            self.assertIsNotNone(s.answer, s.key)
        wait_until(self.settled, "every upload is over", timeout=600, pause=0.5)
        ends = collections.Counter(self.check(s) for s in senders)
        attempts = self.db.query("SELECT attempts, count(*) FROM jobs WHERE kind = 'upload' "
                                 "GROUP BY 1 ORDER BY 1")
        print(f"killed {dict(self.killed)}\nduring {dict(self.phases)}\n"
              f"ended {dict(ends)}\nattempts {json.dumps(attempts)}", flush=True)
        self.assertEqual(self.db.value(
            "SELECT count(*) FROM jobs WHERE kind = 'upload' AND state IN ('queued', 'running')"),
            "0")
        self.assertEqual(self.db.value(
            "SELECT count(*) FROM upload_files f JOIN uploads u ON u.id = f.upload_id WHERE "
            "u.state <> 'failed' OR u.error NOT IN ('importer_died', 'database_unreachable')"),
            "0")
        self.assertEqual(
            self.db.value("SELECT sum(waybills) FROM waybill_status_totals"),
            self.db.value("SELECT count(*) FROM waybills"))
        self.assertGreater(ends["completed"], 0)
        if KILLS >= 100:
            # The others are over within milliseconds.
            self.assertLessEqual({"direct", "staging", "merge", "finish", "commit"}, set(self.phases))
        for h in self.hosts:
            self.assertIsNone(SANITIZER.search(h.log()))
            h.wait_for_log(rf"master\[{h.pid}\] ready$")  # killed last, it may be starting yet
            h.stop(expected_errors=[""])


if __name__ == "__main__":
    unittest.main()
