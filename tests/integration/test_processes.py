"""Processes: how many there are, what signals do, and what happens when one of them, or
PostgreSQL, dies."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import threading
import time
import unittest
import uuid

from support.client import Connection, multipart
from support.pg import BUILD, Cluster, alive, clean_environment, freeze
from support.pooler import POOLED, not_pooled
from support.server import Server, ServerCase
from support.wait import wait_until

SLOW = float(os.environ.get("WBTEST_SLOW", "1"))
ENDS = 60 * SLOW  # seconds until a process has ended
KILLED = [r"worker \d+ was ended by signal 9"]


class Requests(threading.Thread):
    """GET /health on a new connection each, until done(); remembers what went wrong."""

    def __init__(self, client):
        super().__init__()
        self.client = client
        self.count = 0
        self.wrong = []
        self.over = threading.Event()
        self.start()

    def run(self):
        while not self.over.is_set():
            try:
                r = self.client.get("/health")
                if r.status != 200:
                    self.wrong.append(repr(r))
            except OSError as e:
                self.wrong.append(repr(e))
            self.count += 1

    def done(self):
        self.over.set()
        self.join()
        return self.wrong


class Workers(ServerCase):
    settings = {"workers": 20}
    expected_errors = KILLED

    def twenty(self, without=()):
        def found():
            pids = self.server.workers()
            return pids if len(pids) == 20 and not set(pids) & set(without) else None
        return wait_until(found, "20 workers run")

    def test_twenty_run_and_status_shows_them(self):
        self.twenty()
        def workers_shown():
            out = subprocess.run(
                [os.path.join(BUILD, "waybillctl"), "-c", self.server.config_path, "status"],
                env=clean_environment(), capture_output=True, text=True, check=True).stdout
            return set(re.findall(r"^worker +(\d+)", out, re.MULTILINE)) == \
                {str(p) for p in self.server.workers()}
        wait_until(workers_shown, "waybillctl status lists the workers")

    def at_rest(self, pid, files):
        """Stops it; true when it is at no request, whose client would be told nothing."""
        freeze(pid)
        if len(os.listdir(f"/proc/{pid}/fd")) == files:
            return True
        os.kill(pid, signal.SIGCONT)
        return False

    def test_a_killed_worker_is_replaced_while_others_answer(self):
        victim = self.twenty()[7]
        self.server.wait_for_silence()
        files = len(os.listdir(f"/proc/{victim}/fd"))
        requests = Requests(self.client)
        wait_until(lambda: requests.count > 0, "requests are answered")
        wait_until(lambda: self.at_rest(victim, files), "it is at no request")
        os.kill(victim, signal.SIGKILL)
        self.twenty(without=[victim])
        self.assertEqual(requests.done(), [])
        self.server.wait_for_log(rf"worker {victim} was ended by signal 9")

    def test_all_killed_at_once_are_replaced(self):
        victims = self.twenty()
        time.sleep(1.1)  # younger ones would count as failed starts
        for pid in victims:
            os.kill(pid, signal.SIGKILL)
        self.twenty(without=victims)
        self.assertEqual(self.client.get("/health").status, 200)

    def restarts(self):
        return re.findall(r"^waybill_worker_restarts_total.*", self.client.get("/metrics").body.decode(),
                          re.MULTILINE)

    def test_one_more_and_one_fewer(self):
        before, restarts = self.twenty(), self.restarts()
        self.server.signal(signal.SIGTTIN)
        wait_until(lambda: len(self.server.workers()) == 21, "21 workers run")
        self.server.signal(signal.SIGTTOU)
        wait_until(lambda: len(self.server.workers()) == 20, "20 workers run")
        self.assertEqual(len(set(before) & set(self.server.workers())), 20)
        self.assertEqual(self.restarts(), restarts)


class Reload(ServerCase):
    settings = {"workers": 3}
    expected_errors = [r"reload refused, the old configuration stays: .*conf:\d+: key 'workers'"]

    def test_reload_replaces_workers_without_a_failed_request(self):
        before = wait_until(
            lambda: len(p := self.server.workers()) == 3 and p, "3 workers run")
        requests = Requests(self.client)
        self.server.write_config(workers=5)
        self.server.signal(signal.SIGHUP)
        def replaced():
            now = self.server.workers()
            return len(now) == 5 and not set(now) & set(before)
        wait_until(replaced, "5 new workers and no old one")
        self.assertEqual(requests.done(), [])
        self.assertGreater(requests.count, 0)
        self.server.write_config(workers=3)
        self.server.signal(signal.SIGHUP)
        wait_until(lambda: len(self.server.workers()) == 3, "3 workers again")

    def test_a_bad_configuration_changes_nothing(self):
        before = wait_until(
            lambda: len(p := self.server.workers()) == 3 and p, "3 workers run")
        self.server.write_config(workers="many")
        self.server.signal(signal.SIGHUP)
        self.server.wait_for_log(r"reload refused")
        self.server.write_config(workers=3)
        self.assertEqual(self.server.workers(), before)
        self.assertEqual(self.client.get("/health").status, 200)


class Alone(unittest.TestCase):
    """Tests that stop, kill or misuse a server of their own."""

    def server(self, **settings):
        db = Cluster.shared().database()
        self.addCleanup(db.drop)
        server = Server(db.conninfo, settings)
        self.addCleanup(server.kill)
        return server

    def half_an_upload(self, server):
        """(connection, the rest of the request): a worker waits for that rest."""
        kind, body = multipart(b"Waybill Number,Receiver\nHU1,Ana\nHU2,Ben\n", "half.csv")
        c = server.client.connect()
        self.addCleanup(c.close)
        c.send(f"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\n"
               f"Content-Length: {len(body)}\r\n\r\n".encode() + body[:-20])
        wait_until(lambda: self.busy(server), "a worker holds the connection")
        return c, body[-20:]

    def busy(self, server):
        out = subprocess.run(
            [os.path.join(BUILD, "waybillctl"), "-c", server.config_path, "status"],
            env=clean_environment(), capture_output=True, text=True, check=False).stdout
        return re.search(r"^worker +\d+ +\w+ +[1-9]", out, re.MULTILINE)

    def test_term_stops_at_once_with_clients_connected(self):
        server = self.server(workers=4, stop_timeout="120s").start()
        idle = [server.client.connect() for _ in range(10)]
        for c in idle:
            c.request("GET", "/health")
        self.half_an_upload(server)
        begin = time.monotonic()
        server.stop(signal.SIGTERM)
        self.assertLess(time.monotonic() - begin, 20 * SLOW)
        for c in idle:
            self.assertTrue(c.closed())
            c.close()

    def test_int_stops_too(self):
        self.server(workers=2).start().stop(signal.SIGINT)

    def test_quit_finishes_what_is_being_answered(self):
        server = self.server(workers=2, stop_timeout="20s").start()
        c, rest = self.half_an_upload(server)
        idle = server.client.connect()
        idle.request("GET", "/health")
        server.signal(signal.SIGQUIT)
        self.assertTrue(idle.closed(), "an idle connection is closed")
        idle.close()
        c.send(rest)
        r = c.response()
        self.assertEqual((r.status, r.json()["inserted"]), (200, 2), r)
        self.assertEqual(server.process.wait(ENDS), 0)

    def test_quit_refuses_new_connections(self):
        """They must go to another host at once, not wait for an answer that never comes."""
        server = self.server(workers=2, stop_timeout="20s").start()
        self.half_an_upload(server)
        server.signal(signal.SIGQUIT)
        def refused():
            try:
                Connection(server.port.number).close()
            except ConnectionRefusedError:
                return True
            return False
        wait_until(refused, "new connections are refused", timeout=15)
        self.assertIsNone(server.process.poll())
        server.signal(signal.SIGTERM)
        self.assertEqual(server.process.wait(ENDS), 0)

    def test_quit_does_not_wait_longer_than_it_may(self):
        server = self.server(workers=2, stop_timeout="1s").start()
        self.half_an_upload(server)
        begin = time.monotonic()
        server.signal(signal.SIGQUIT)
        self.assertEqual(server.process.wait(20 * SLOW), 0)
        self.assertGreater(time.monotonic() - begin, 0.9)

    def test_workers_end_with_a_killed_master(self):
        server = self.server(workers=4).start()
        workers = wait_until(lambda: len(p := server.workers()) == 4 and p, "4 workers run")
        server.process.kill()
        server.process.wait()
        wait_until(lambda: not any(alive(p) for p in workers), "the workers are gone")
        server.start()  # the address is free again
        server.stop(expected_errors=[r"the master is gone"])

    def test_a_crash_loop_backs_off_and_recovers(self):
        server = self.server(workers=1).start()
        seen = set()
        end = time.monotonic() + 4
        while time.monotonic() < end:
            for pid in server.workers():
                seen.add(pid)
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.002)
        # 100 ms doubling: seven starts take 6.3 s. Without a delay there are hundreds.
        self.assertLessEqual(len(seen), 9)
        self.assertGreaterEqual(len(seen), 3)
        server.wait_for_log(r"warning .*the next start waits")
        wait_until(lambda: server.workers(), "a worker is started again", timeout=60)
        wait_until(lambda: server.client.get("/health").status == 200, "it answers")
        server.stop(expected_errors=KILLED)

    def test_the_address_in_use_is_named(self):
        server = self.server(workers=1).start()
        second = Server("dbname=none", {"listen": f"127.0.0.1:{server.port.number}"})
        self.addCleanup(second.kill)
        second.start(ready=False)
        self.assertEqual(second.process.wait(ENDS), 1)
        self.assertRegex(second.log(), rf"127\.0\.0\.1:{server.port.number}.*in use")
        server.stop()

    def test_a_unix_socket_in_use_is_left_alone(self):
        """A second start took the file away, and nobody reached the first any more."""
        server = self.server(workers=1)
        path = os.path.join(server.folder, "s")
        server.write_config(listen=f"unix:{path}")
        server.start(ready=False)
        server.wait_for_log(" ready$")
        second = Server("dbname=none", {"listen": f"unix:{path}"})
        self.addCleanup(second.kill)
        second.start(ready=False)
        self.assertEqual(second.process.wait(ENDS), 1)
        self.assertRegex(second.log(), rf"unix:{path}.*in use")
        def answers():
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(ENDS)
                s.connect(path)
                s.sendall(b"GET /health HTTP/1.0\r\n\r\n")
                return b" 200 " in s.recv(4096)
        self.assertTrue(answers())
        family = server.workers()
        server.process.kill()  # its file stays, and is nobody's
        server.process.wait()
        wait_until(lambda: not any(map(alive, family)), "its workers ended")
        self.assertTrue(os.path.exists(path))
        n = len(server.log())
        server.start(ready=False)
        wait_until(lambda: re.search(r" ready$", server.log()[n:], re.MULTILINE), "it is ready")
        self.assertTrue(answers())
        server.stop(expected_errors=["the master is gone"])

    def test_log_file_is_opened_anew(self):
        server = self.server(workers=2)
        path = os.path.join(server.folder, "events")
        server.write_config(log_file=path)
        server.start()
        os.rename(path, path + ".1")
        server.signal(signal.SIGUSR1)
        wait_until(lambda: os.path.exists(path), "the log file is there again")
        server.signal(signal.SIGHUP)
        def reloaded():
            with open(path, encoding="utf-8") as f:
                return "reloaded" in f.read()
        wait_until(reloaded, "events stand in the new file")
        server.stop()

    def test_an_access_log_that_cannot_be_opened_anew_is_written_on(self):
        """It was closed, and what was asked from then on stood nowhere and was not counted."""
        server = self.server(workers=1)
        folder = os.path.join(server.folder, "logs")
        os.mkdir(folder)
        server.write_config(access_log=os.path.join(folder, "access"))
        server.start()
        os.rename(folder, folder + ".away")
        server.signal(signal.SIGUSR1)
        server.wait_for_log(r"worker 1\[\d+\] key 'access_log': cannot open")
        self.assertEqual(server.client.get("/health?late").status, 200)
        def written():
            with open(os.path.join(folder + ".away", "access"), encoding="utf-8") as f:
                return "/health?late" in f.read()
        wait_until(written, "the line stands in the old file")
        server.stop(expected_errors=["cannot open"])

    def test_an_event_log_that_cannot_be_opened_anew_keeps_no_other_from_it(self):
        """The access log was written on under the name that it had been moved to."""
        server = self.server(workers=1)
        folder = os.path.join(server.folder, "logs")
        access = os.path.join(server.folder, "access")
        os.mkdir(folder)
        server.write_config(access_log=access, log_file=os.path.join(folder, "events"))
        server.start()
        os.rename(access, access + ".1")
        os.rename(folder, folder + ".away")
        server.signal(signal.SIGUSR1)
        server.wait_for_log(r"worker 1\[\d+\] log file .* No such file")
        def written():
            self.assertEqual(server.client.get("/health?late").status, 200)
            with open(access, encoding="utf-8") as f:
                return "/health?late" in f.read()
        wait_until(written, "the line stands in the new file")
        server.stop(expected_errors=["log file"])

    def test_a_disk_that_is_full_ends_no_process(self):
        """A worker, or the master, that wrote where nobody had written before on the
        scoreboard was ended by SIGBUS; so was a start."""
        server = self.server(workers=1)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "waybill", server.spool],
                          capture_output=True, check=False).returncode != 0:
            self.skipTest("a small disk cannot be mounted here: it takes root")
        try:
            server.start()
            with open(os.path.join(server.spool, "full"), "wb", buffering=0) as f, \
                    contextlib.suppress(OSError):
                while True:
                    f.write(bytes(4096))
            server.write_config(workers=8)
            server.signal(signal.SIGHUP)
            server.wait_for_log("reloaded; 8 new workers")
            self.assertEqual(server.client.get("/health").status, 200)
            # A task's slot.
            self.assertEqual(server.client.get("/waybills?format=csv").status, 503)
            family = [server.pid, *server.workers()]
            server.signal(signal.SIGTERM)
            self.assertEqual(server.process.wait(ENDS), 0)
            server.start()  # where the last one's was
            server.signal(signal.SIGQUIT)
            self.assertEqual(server.process.wait(ENDS), 0)
            self.assertFalse([p for p in family if alive(p)])
            self.assertNotIn("by signal", server.log())
        finally:
            subprocess.run(["umount", "-l", server.spool], check=True)

    def test_without_workers_it_listens_nowhere(self):
        """A client's connection was taken by the kernel, and answered by nobody."""
        front = self.server(workers=1).start()
        behind = self.server(workers=0, queue_workers=1)
        behind.write_config(listen=front.settings["listen"])  # the same file for both units
        behind.start(ready=False)
        behind.wait_for_log(r"listening nowhere, without workers but 1 for the queue")
        behind.wait_for_log(" ready$")
        behind.signal(signal.SIGTTIN)
        behind.wait_for_log("warning .*no worker more: with workers = 0")
        front.stop()
        def refused():
            try:
                behind.client.connect().close()
            except ConnectionRefusedError:
                return True
            return False
        behind.write_config(listen=f"127.0.0.1:{behind.port.number}")
        for n, workers in ((1, 2), (2, 0), (3, 1)):
            self.assertTrue(workers == 0 or refused())
            behind.write_config(workers=workers)
            behind.signal(signal.SIGHUP)
            wait_until(lambda n=n: behind.log().count("reloaded; ") == n, "it is taken over")
            if workers > 0:
                wait_until(lambda: behind.client.get("/health").status == 200, "it serves")
            else:
                wait_until(refused, "it does not listen")
        behind.stop()

    def test_check_says_what_is_wrong(self):
        def check(server):
            out = subprocess.run(
                [os.path.join(BUILD, "waybilld"), "-c", server.config_path, "-t"],
                env=clean_environment(), stdin=subprocess.DEVNULL, capture_output=True,
                text=True, check=False)
            return out.returncode, out.stdout + out.stderr
        server = self.server()
        self.assertEqual(check(server)[0], 0, check(server)[1])
        server.write_config(workers="x")
        self.assertEqual(check(server)[0], 1)
        self.assertRegex(check(server)[1], r"waybilld\.conf:\d+: key 'workers': 'x' is not")
        server.write_config(workers=1, database="host=/nonexistent")
        self.assertEqual(check(server)[0], 1)
        self.assertIn("/nonexistent", check(server)[1])
        server.write_config(database=Cluster.shared().database(migrated=False).conninfo)
        self.assertEqual(check(server)[0], 1)
        self.assertIn("migrate", check(server)[1])


class Idle(ServerCase):
    settings = {"workers": 2}

    def test_fifty_idle_connections_leave_the_next_its_answer(self):
        idle = [self.client.connect() for _ in range(50)]
        for c in idle[:25]:
            self.assertEqual(c.request("GET", "/health").status, 200)
        idle[30].send(b"GET /hea")  # one that is slow in the middle
        time.sleep(0.5)
        slow = []
        while len(slow) < 3 and min(slow, default=1) >= 0.1 * SLOW:  # others want the machine, too
            took = []
            for _ in range(20):
                begin = time.monotonic()
                self.assertEqual(self.client.get("/health").status, 200)
                took.append(time.monotonic() - begin)
            slow.append(sorted(took)[-2])
        self.assertLess(min(slow), 0.1 * SLOW, slow)
        for c in idle:
            c.close()


class Database(unittest.TestCase):
    def scan(self, server, scan_id):
        return server.client.post("/scan", {"waybill_number": "PG1", "scan_id": scan_id,
                                            "station": "dock 1", "scanned_by": "ana"})

    def test_killed_and_started_again(self):
        cluster = Cluster(durable=True)
        self.addCleanup(cluster.drop)
        db = cluster.database()
        server = Server(db.conninfo, {"workers": 4})
        self.addCleanup(server.kill)
        server.start()
        self.assertEqual(
            server.client.upload(b"Waybill Number,Receiver\nPG1,Ana\n", "m.csv").status, 200)
        before = str(uuid.uuid4())
        self.assertEqual(self.scan(server, before).status, 200)
        workers = server.workers()

        cluster.kill9()
        during = str(uuid.uuid4())
        begin = time.monotonic()
        for _ in range(8):  # so that more than one worker meets its dead connection
            r = self.scan(server, during)
            self.assertEqual(r.status, 503, r)
            self.assertIn("retry-after", r.headers)
            self.assertIn("error", r.json())
        # A pooler tries by itself before it gives a request up.
        self.assertLess(time.monotonic() - begin, (32 if POOLED else 16) * SLOW)
        wait_until(lambda: (r := server.client.get("/health")).status == 503
                   and r.body == b"database unreachable\n", "/health says so")
        self.assertEqual(server.client.get("/ready").status, 503)
        self.assertEqual(server.client.get("/scan", {"Accept": "text/html"}).status, 200)

        cluster.start()
        r = wait_until(lambda: (r := self.scan(server, during)).status == 200 and r,
                       "scans are taken again")
        self.assertEqual(r.json()["result"], "valid")
        # Of a worker that has not connected anew, perhaps.
        again = wait_until(lambda: (r := self.scan(server, before)).status == 200 and r,
                           "the one before is known")
        self.assertEqual(again.json()["result"], "valid")
        wait_until(lambda: server.client.get("/health").status == 200, "healthy again")
        self.assertEqual(db.value("SELECT count(*) FROM scanned_waybills"), "2")
        self.assertEqual(server.workers(), workers)
        server.stop(expected_errors=[r"connection", r"server closed", r"could not connect",
                                     r"server login has been failing",
                                     r"terminat", r"recovery mode|starting up|shutting down"])

    def test_absent_at_the_start(self):
        server = Server("host=/nonexistent dbname=none", {"workers": 2})
        self.addCleanup(server.kill)
        server.start(ready=False)
        def answers():
            try:
                return server.client.get("/health").body == b"database unreachable\n"
            except ConnectionRefusedError:
                return False
        wait_until(answers, "/health answers")
        r = self.scan(server, str(uuid.uuid4()))
        self.assertEqual(r.status, 503, r)
        server.stop(expected_errors=[r"nonexistent"])


class Frozen(ServerCase):
    settings = {"workers": 20}
    expected_errors = [r"database"]

    @not_pooled("the backends are the pooler's")
    def test_a_database_that_answers_nothing_is_told_within_seconds(self):
        """However many workers ask it in turn."""
        wait_until(lambda: self.client.get("/health").status == 200, "it serves")
        with contextlib.ExitStack() as stack:
            for pid, in self.db.query("SELECT pid FROM pg_stat_activity WHERE pid <> "
                                      "pg_backend_pid() AND datname = current_database()"):
                os.kill(int(pid), signal.SIGSTOP)
                stack.callback(os.kill, int(pid), signal.SIGCONT)
            began = time.monotonic()
            wait_until(lambda: self.client.get("/health").status == 503, "it says so", 60)
            self.assertLess(time.monotonic() - began, 8)
        wait_until(lambda: self.client.get("/health").status == 200, "it serves again", 60)


if __name__ == "__main__":
    unittest.main()
