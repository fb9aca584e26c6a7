"""The life of the server's processes: reloads and upgrades that lose no request, draining,
workers that retire or get stuck, and what a service manager is told."""

import contextlib
import json
import os
import pwd
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import uuid

from support.client import Connection, multipart
from support.copies import open_copy
from support.pg import BUILD, ROOT, Cluster, children, clean_environment, freeze
from support.pooler import not_pooled
from support.server import Server, check_log
from support.wait import wait_until

ENDS = 60 * float(os.environ.get("WBTEST_SLOW", "1"))  # seconds until a process has ended
PROGRAM = os.path.join(BUILD, "waybilld")


class Load:
    """A few clients, half of them on keep-alive, that ask for a path without pause.
    Whatever is no whole answer of status 200 is remembered. A keep-alive client opens a new
    connection only after an answer with Connection: close, as HTTP has it."""

    def __init__(self, port, clients=4, pause=0.0, path="/health"):
        self.port = port
        self.path = path
        self.pause = pause
        self.count = 0
        self.wrong = []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(i % 2 == 0,), daemon=True)
                        for i in range(clients)]
        for t in self.threads:
            t.start()

    def run(self, keep):
        c = None
        while not self.over.is_set():
            try:
                c = c or Connection(self.port)
                r = c.request("GET", self.path,
                              headers={} if keep else {"Connection": "close"})
                if r.status != 200:
                    self.wrong.append(repr(r))
                if not keep or r.headers.get("connection", "").lower() == "close":
                    c.close()
                    c = None
            except OSError as e:
                self.wrong.append(repr(e))
                c = None
            self.count += 1
            time.sleep(self.pause)
        if c:
            c.close()

    def done(self):
        self.over.set()
        for t in self.threads:
            t.join()
        return self.wrong


class Manager:
    """A service manager's notification socket."""

    def __init__(self, name=None):
        self.path = name or os.path.join(tempfile.mkdtemp(prefix="waybill-notify-"), "n")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + self.path[1:] if self.path[0] == "@" else self.path)
        self.socket.setblocking(False)
        self.said = []  # dicts of VARIABLE: value

    def listen(self):
        try:
            while True:
                text = self.socket.recv(4096).decode()
                self.said.append(dict(line.split("=", 1) for line in text.split("\n")))
        except BlockingIOError:
            return self.said

    def wait_for(self, name, value=None, after=0):
        return wait_until(
            lambda: next((m for m in self.listen()[after:]
                          if name in m and value in (None, m[name])), None),
            f"the manager is told {name}={value}")

    def close(self):
        self.socket.close()
        if self.path[0] != "@":
            shutil.rmtree(os.path.dirname(self.path))


class Life(unittest.TestCase):
    def make(self, environment=None, **settings):
        db = Cluster.shared().database()
        self.addCleanup(db.drop)
        server = Server(db.conninfo, {"workers": 2, **settings}, environment)
        server.db = db
        self.addCleanup(server.kill)
        return server

    def start(self, environment=None, **settings):
        return self.make(environment, **settings).start()

    def load(self, server, path="/health"):
        load = Load(server.port.number, path=path)
        self.addCleanup(load.over.set)
        return load

    @contextlib.contextmanager
    def no_more_connections(self, server):
        """PostgreSQL keeps what it has, and refuses more."""
        limit = f'ALTER DATABASE "{server.db.name}" CONNECTION LIMIT'
        server.db.query(f"{limit} 0", role="postgres")
        try:
            yield
        finally:
            server.db.query(f"{limit} -1", role="postgres")

    def in_state(self, server, state):
        out = subprocess.run([os.path.join(BUILD, "waybillctl"), "-c", server.config_path,
                              "status"], env=clean_environment(), stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, check=False).stdout
        return [int(p) for p in re.findall(rf"^worker +(\d+) +{state} ", out, re.MULTILINE)]

    def drain(self, server, workers):
        """Waits until each of these that is still there knows that it is to go."""
        wait_until(lambda: set(workers) & set(server.workers())
                   <= set(self.in_state(server, "draining")), "the old ones drain")

    def workers(self, server, n, without=()):
        def found():
            pids = server.workers()
            return pids if len(pids) == n and not set(pids) & set(without) else None
        return wait_until(found, f"{n} workers run", 60)

    def body_awaited(self, server):
        """Waits until a worker has taken a connection, and a head, whose body is not there."""
        wait_until(lambda: 'waybill_connections{state="body"} 1' in
                   server.client.get("/metrics").body.decode(), "a worker waits for the body")

    def upload_in_pieces(self, server, c, n, begun):
        """Begins an upload that takes n seconds to come, calls begun(), and returns the answer."""
        kind, body = multipart(b"Waybill Number,Receiver\nSL1,Ana\nSL2,Ben\n", "slow.csv")
        c.send(f"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\n"
               f"Content-Length: {len(body)}\r\n\r\n".encode() + body[:40])
        self.body_awaited(server)
        begun()
        for i in range(n * 4):
            time.sleep(0.25)
            c.send(body[40 + i:41 + i])
        c.send(body[40 + n * 4:])
        return c.response()


class Reload(Life):
    def test_no_request_fails_while_workers_are_replaced_again_and_again(self):
        server = self.start(workers=3)
        load = self.load(server)
        for i in range(5):
            before = server.workers()
            server.signal(signal.SIGHUP)
            wait_until(lambda n=i: server.log().count("reloaded; ") == n + 1, "reloaded")
            wait_until(lambda b=before: not set(b) & set(server.workers()), "the old are gone")
        self.assertEqual(load.done(), [])
        self.assertGreater(load.count, 50)
        server.stop()

    @not_pooled("a pooler takes more clients than PostgreSQL takes connections")
    def test_workers_that_cannot_connect_yet_leave_requests_to_the_old_ones(self):
        """New workers went to their loops without a connection when the database was slow
        to give one, and answered 503 while the old ones could have answered."""
        server = self.start()
        load = self.load(server, "/ready")
        before = self.workers(server, 2)
        with self.no_more_connections(server):
            server.signal(signal.SIGHUP)
            server.wait_for_log("too many connections")
            time.sleep(0.5)
        wait_until(lambda: not set(before) & set(server.workers()), "the old are gone", 60)
        self.assertEqual(load.done(), [])
        server.stop()

    @not_pooled("a pooler takes more clients than PostgreSQL takes connections")
    def test_the_old_workers_stay_until_the_new_ones_are_ready(self):
        """Nothing failed when they were told to go at once: requests waited in the backlog."""
        server = self.start()
        before = self.workers(server, 2)
        with self.no_more_connections(server):
            server.signal(signal.SIGHUP)
            wait_until(lambda: len(set(re.findall(r"worker (\d+)\[\d+\] .*too many connections",
                                                  server.log()))) == 2, "the new ones have begun")
            self.assertNotIn("reloaded; ", server.log())
            self.assertLessEqual(set(before), set(server.workers()))
            self.assertEqual(server.client.get("/ready").status, 200)
        server.wait_for_log("reloaded; 2 new workers", 60)
        self.workers(server, 2, without=before)
        server.stop()

    @not_pooled("a pooler takes more clients than PostgreSQL takes connections")
    def test_reloads_that_overtake_each_other(self):
        """Workers of a generation that was never whole kept their slots until the next one was
        ready, which found none left: no reload came to its end any more."""
        server = self.start(workers=86)
        before = self.workers(server, 86)
        with self.no_more_connections(server):
            for first in (87, 173):
                server.signal(signal.SIGHUP)
                server.wait_for_log(rf"worker {first}\[\d+\] .*too many connections")
            self.assertLessEqual(set(before), set(server.workers()))
            self.assertEqual(server.client.get("/ready").status, 200)
        server.wait_for_log("reloaded; 86 new workers", 90)
        self.workers(server, 86, without=before)
        server.stop()

    def test_an_idle_connection_gets_one_more_answer(self):
        server = self.start()
        before = self.workers(server, 2)
        with server.client.connect() as c:
            r = c.request("GET", "/health")
            self.assertNotEqual(r.headers.get("connection"), "close")
            server.signal(signal.SIGHUP)
            server.wait_for_log("reloaded; ")
            self.drain(server, before)
            r = c.request("GET", "/health")
            self.assertEqual((r.status, r.headers.get("connection")), (200, "close"))
            self.assertTrue(c.closed())
        server.stop()

    def test_a_request_behind_the_last_answer_does_not_reset_the_connection(self):
        """The server ended a connection by its own wish with a request of the client's on the
        way: the reset that this brought could take the answer along (RFC 9112, 9.6)."""
        server = self.start()
        with server.client.connect() as c:
            c.request("GET", "/health")
            server.signal(signal.SIGHUP)
            server.wait_for_log("reloaded; ")
            wait_until(lambda: c.request("GET", "/health").headers.get("connection") == "close",
                       "the last answer")
            for _ in range(5):
                c.send(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")  # fails after a reset
            self.assertTrue(c.closed())
        server.stop()

    def test_an_upload_may_take_longer_than_a_stop(self):
        """The old worker was ended after stop_timeout, and its clients got no answer."""
        server = self.start(stop_timeout="500ms")
        before = self.workers(server, 2)
        def reload():
            server.signal(signal.SIGHUP)
            server.wait_for_log("reloaded")
        with server.client.connect() as c:
            r = self.upload_in_pieces(server, c, 2, reload)
            self.assertEqual((r.status, r.headers.get("connection")), (200, "close"), r)
            self.assertEqual(r.json()["inserted"], 2)
        self.workers(server, 2, without=before)
        server.stop()

    def test_a_connection_that_stays_idle_is_closed(self):
        server = self.start()
        before = self.workers(server, 2)
        with server.client.connect() as c:
            c.request("GET", "/health")
            begin = time.monotonic()
            server.signal(signal.SIGHUP)
            self.assertTrue(c.closed())
            self.assertGreater(time.monotonic() - begin, 4)
        self.workers(server, 2, without=before)
        server.stop()

    def test_a_bad_configuration_is_refused_whole(self):
        server = self.start()
        before = self.workers(server, 2)
        busy = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(busy.close)
        good = dict(server.settings)
        bad = [({"workers": "many"}, r"conf:\d+: key 'workers'"),
               ({"static_dir": "/nonexistent"}, r"/nonexistent"),
               ({"static_dir": os.path.join(ROOT, "conf")}, r'does not hold "dashboard.html"'),
               ({"access_log": "/nonexistent/a"}, r"key 'access_log'"),
               ({"log_file": "/nonexistent/b"}, r"/nonexistent/b"),
               ({"spool_dir": "/tmp"}, r"'spool_dir' and 'user'"),
               ({"listen": f"127.0.0.1:{busy.getsockname()[1]}"}, r"in use")]
        for changes, reason in bad:
            with self.subTest(changes):
                server.settings = dict(good)
                server.write_config(**changes)
                server.signal(signal.SIGHUP)
                server.wait_for_log(
                    rf"error .*reload refused, the old configuration stays: .*{reason}")
        self.assertEqual(server.workers(), before)
        self.assertEqual(server.client.get("/health").status, 200)
        server.settings = good
        server.write_config()
        server.signal(signal.SIGHUP)
        self.workers(server, 2, without=before)
        server.stop(expected_errors=[r"reload refused", r"cannot open"])

    def refused(self, server, reason, before, **changes):
        """A reload with these changes is refused for that reason, and nothing else happens."""
        good = dict(server.settings)
        n = server.log().count("reload refused")
        server.write_config(**changes)
        server.signal(signal.SIGHUP)
        wait_until(lambda: server.log().count("reload refused") > n, "it is refused", 30)
        line = [x for x in server.log().splitlines() if "reload refused" in x][-1]
        self.assertRegex(line, reason)
        self.assertEqual(server.workers(), before)
        server.settings = good
        server.write_config()

    def test_a_database_that_cannot_be_used_is_refused(self):
        """Workers that had a database were replaced by others that had none."""
        server = self.start()
        before = self.workers(server, 2)
        good = server.settings["database"]
        empty = Cluster.shared().database(migrated=False)
        self.addCleanup(empty.drop)
        for conninfo, reason in [
                (f"{good} dbname=nobody_made_it", r'key .database.*nobody_made_it" does not exist'),
                (f"{good} user=nobody_at_all", r"key .database.*nobody_at_all"),
                ("host=127.0.0.1 port=1 dbname=x", r"key .database.*refused"),
                ("host = = =", r"key .database"),
                (empty.conninfo, r"key .database.*waybillctl migrate")]:
            with self.subTest(conninfo):
                self.refused(server, reason, before, database=conninfo)
        with self.subTest("a zone that PostgreSQL does not know"):
            self.refused(server, r"timezone", before, timezone="Nowhere/Atall")
        # One that cannot be read at all was taken, and every look at it failed.
        self.refused(server, r"key 'database_read': invalid connection option .nonsense.", before,
                     database_read="nonsense=1 host=127.0.0.1")
        self.assertEqual(server.client.get("/ready").status, 200)
        # Another way to the same one is taken.
        server.write_config(database=f"{good} options='-c work_mem=5MB'",
                            database_read="host=127.0.0.1 port=1 dbname=away")
        server.signal(signal.SIGHUP)
        self.workers(server, 2, without=before)
        self.assertEqual(server.client.get("/ready").status, 200)
        server.stop(expected_errors=[r"reload refused"])

    def test_a_database_that_does_not_answer_does_not_hold_up_the_master(self):
        server = self.start()

        def begun(workers):
            """The trial, which is held up: it would end within seconds."""
            server.signal(signal.SIGHUP)
            client, _ = deaf.accept()
            self.addCleanup(client.close)
            trial, = set(server.workers()) - set(workers)
            freeze(trial)
            return trial

        with socket.create_server(("127.0.0.1", 0)) as deaf:
            deaf.settimeout(60)
            good = dict(server.settings)
            before = self.workers(server, 2)
            server.write_config(
                database=f"host=127.0.0.1 port={deaf.getsockname()[1]} dbname=x")
            trial = begun(before)
            server.signal(signal.SIGTTIN)
            server.wait_for_log("3 workers wanted")
            server.signal(signal.SIGUSR2)
            server.wait_for_log("upgrade refused: a configuration is being tried")
            self.assertNotIn("reload refused", server.log())
            os.kill(trial, signal.SIGCONT)
            server.wait_for_log("reload refused.*key 'database'")
            # A second reload takes the first one's place.
            begun(self.workers(server, 3))
            server.settings = good
            server.write_config()
            server.signal(signal.SIGHUP)
            server.wait_for_log("reloaded; 2 new workers")
        self.assertEqual(server.log().count("reload refused"), 1)
        server.stop(expected_errors=[r"reload refused"])

    @not_pooled("a pooler takes more clients than PostgreSQL takes connections")
    def test_a_new_database_is_taken_when_the_old_one_is_away(self):
        """Else nobody could lead a host away from a database that is gone."""
        server = self.start()
        before = self.workers(server, 2)
        with self.no_more_connections(server):
            server.write_config(database="host=127.0.0.1 port=1 dbname=x")
            server.signal(signal.SIGHUP)
            server.wait_for_log(r"warning .*key 'database'.*refused.*nor can the database in use")
            wait_until(lambda: not set(before) & set(server.workers()), "the old are gone", 60)
        server.stop()

    def test_drained_by_the_administrator(self):
        server = self.start()
        before = server.workers()
        def ctl(command):
            out = subprocess.run([os.path.join(BUILD, "waybillctl"), "-c", server.config_path,
                                  command], env=clean_environment(), capture_output=True,
                                 stdin=subprocess.DEVNULL, text=True, check=True).stdout
            return out.strip()
        def health():
            r = server.client.get("/health")
            return r.status, r.body
        def goes_on(path):
            with server.client.connect() as c:
                r = c.request("GET", path)
                return r.status, r.headers.get("connection") != "close"
        self.assertEqual(goes_on("/uploads"), (200, True))
        self.assertIn("from now on", ctl("drain"))
        self.assertEqual(health(), (503, b"draining\n"))
        self.assertEqual(goes_on("/uploads"), (200, False))
        self.assertIn("waybill_draining 1", server.client.get("/metrics").body.decode())
        self.assertEqual(server.workers(), before, "draining ends no worker")
        server.signal(signal.SIGHUP)
        self.workers(server, 2, without=before)
        self.assertEqual(health(), (503, b"draining\n"), "after a reload")
        server.signal(signal.SIGTERM)
        server.process.wait(ENDS)
        server.start(ready=False)
        wait_until(lambda: len(re.findall("listening on", server.log())) == 2, "it listens again")
        wait_until(lambda: health() == (503, b"draining\n"), "a restart remembers")
        self.assertIn("in service", ctl("undrain"))
        self.assertIn("in service", ctl("undrain"))
        wait_until(lambda: health() == (200, b"healthy\n"), "the host serves again")
        self.assertEqual(goes_on("/uploads"), (200, True))

    def test_back_in_service_with_the_same_workers(self):
        server = self.start()
        before = server.workers()
        for command in ("drain", "undrain"):
            for _ in range(40):  # both workers, and the load balancer does so all the time
                server.client.get("/health")
            subprocess.run([os.path.join(BUILD, "waybillctl"), "-c", server.config_path, command],
                           env=clean_environment(), stdin=subprocess.DEVNULL, check=True,
                           capture_output=True)
            if command == "undrain":
                time.sleep(2.5)  # the master looks every second, and nobody asks meanwhile
        self.assertEqual(server.workers(), before)
        server.signal(signal.SIGHUP)
        self.workers(server, 2, without=before)
        server.stop()

    def test_another_address(self):
        server = self.start()
        other = self.make().port
        server.write_config(listen=f"127.0.0.1:{other.number}")
        server.signal(signal.SIGHUP)
        def answers():
            try:
                with Connection(other.number) as c:
                    return c.request("GET", "/health").status == 200
            except ConnectionRefusedError:
                return False
        wait_until(answers, "the new address answers")
        def refused():
            try:
                Connection(server.port.number).close()
            except ConnectionRefusedError:
                return True
            return False
        wait_until(refused, "the old address is closed")
        server.stop()


class Upgrade(Life):
    """The server runs through a link, so that a test can put another program there."""

    def start_linked(self, environment=None, **settings):
        server = self.make(environment, **settings)
        server.program = os.path.join(server.folder, "waybilld")
        os.symlink(PROGRAM, server.program)
        with open(server.log_path, "ab") as log:
            server.process = subprocess.Popen(
                [server.program, "-c", server.config_path], env=server.environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(server._ready, "the server is ready")
        server.wait_for_log(" ready$")
        self.addCleanup(self.end_all, server)
        server.masters = []
        return server

    def end_all(self, server):
        for pid in server.masters:
            for p in [pid, *children(pid)]:
                try:
                    os.kill(p, signal.SIGKILL)
                except ProcessLookupError:
                    pass

    def replace(self, server, script):
        if os.path.lexists(server.program):
            os.unlink(server.program)
        with open(server.program, "w", encoding="ascii") as f:
            f.write(f"#!/bin/sh\n{script}\n")
        os.chmod(server.program, 0o755)

    def upgraded(self, server, nth=1):
        """Waits for the nth new program and returns its process id."""
        wait_until(lambda: len(re.findall(r"upgraded: process \d+ serves", server.log())) == nth,
                   "the new program serves")
        pid = int(re.findall(r"upgraded: process (\d+) serves", server.log())[-1])
        server.masters.append(pid)
        return pid

    def finish(self, server, pid, expected_errors=()):
        """Ends the last program, which is no child of ours, as a stop would."""
        family = [pid, *children(pid)]
        os.kill(pid, signal.SIGQUIT)
        wait_until(lambda: not any(running(p) for p in family), "the new program has ended", 30)
        check_log(server.log(), expected_errors)

    def test_the_new_program_takes_over_without_a_failed_request(self):
        server = self.start_linked()
        load = self.load(server)
        old = server.pid
        os.kill(old, signal.SIGUSR2)
        first = self.upgraded(server)
        self.assertEqual(server.process.wait(ENDS), 0)
        os.kill(first, signal.SIGUSR2)
        second = self.upgraded(server, 2)
        wait_until(lambda: not running(first), "the second program has ended", 20)
        time.sleep(0.2)
        self.assertEqual(load.done(), [])
        self.assertGreater(load.count, 50)
        self.assertNotIn(second, (old, first))
        out = subprocess.run([os.path.join(BUILD, "waybillctl"), "-c", server.config_path,
                              "status"], env=clean_environment(), capture_output=True,
                             text=True, check=False).stdout
        self.assertIn(f"waybilld {second},", out)
        self.finish(server, second)

    @not_pooled("a pooler takes more clients than PostgreSQL takes connections")
    def test_a_program_that_cannot_connect_yet_leaves_requests_to_the_old_one(self):
        """The new program called the database away, because it had never reached it, and
        /health said so to a load balancer."""
        server = self.start_linked()
        loads = [self.load(server), self.load(server, "/ready")]
        with self.no_more_connections(server):
            server.signal(signal.SIGUSR2)
            server.wait_for_log("too many connections")
            time.sleep(0.5)
        new = self.upgraded(server)
        self.assertEqual(server.process.wait(ENDS), 0)
        self.assertEqual([load.done() for load in loads], [[], []])
        self.finish(server, new)

    def test_an_upload_in_progress_is_finished_by_the_old_program(self):
        server = self.start_linked()
        with server.client.connect() as c:
            c.send(b"POST /scan HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                   b"Content-Length: 23\r\n\r\n{\"waybill_")
            self.body_awaited(server)
            server.signal(signal.SIGUSR2)
            new = self.upgraded(server)
            c.send(b"number\": \"X\"}")
            self.assertEqual(c.response().status, 404)
            self.assertTrue(c.closed())  # at once, unless its worker had not yet been told
        self.assertEqual(server.process.wait(ENDS), 0)
        self.finish(server, new)

    def test_an_upload_may_take_longer_than_a_stop(self):
        server = self.start_linked(stop_timeout="500ms")
        def upgrade():
            server.signal(signal.SIGUSR2)
            self.upgraded(server)
        with server.client.connect() as c:
            r = self.upload_in_pieces(server, c, 2, upgrade)
            self.assertEqual((r.status, r.json()["inserted"]), (200, 2), r)
        self.assertEqual(server.process.wait(ENDS), 0)
        self.finish(server, server.masters[-1])

    def test_a_program_that_fails_changes_nothing(self):
        server = self.start_linked()
        workers = self.workers(server, 2)
        load = self.load(server)
        for script, reason in [("exit 7", "exit status 7"),
                               ("kill -9 $$", "signal 9"),
                               (f"WAYBILL_WORKERS=many exec {PROGRAM} \"$@\"", "exit status 1")]:
            self.replace(server, script)
            server.signal(signal.SIGUSR2)
            server.wait_for_log(rf"error .*upgrade failed: process \d+ was ended by {reason} "
                                r"before it was ready; this program goes on")
        os.unlink(server.program)
        server.signal(signal.SIGUSR2)
        server.wait_for_log(r"upgrade failed: .* exit status 127")
        # One that ends when it has made a scoreboard of its own already.
        self.replace(server, f"exec {PROGRAM} -c {server.folder}/bad")
        with open(f"{server.folder}/bad", "w", encoding="utf-8") as f:
            f.writelines(f"{k} = {v}\n" for k, v in
                         {**server.settings, "access_log": "/nonexistent/a"}.items())
        server.signal(signal.SIGUSR2)
        wait_until(lambda: server.log().count("ended by exit status 1 before") == 2, "it failed")
        self.assertEqual(load.done(), [])
        self.assertEqual(self.workers(server, 2), workers)
        out = subprocess.run([os.path.join(BUILD, "waybillctl"), "-c", server.config_path,
                              "status"], env=clean_environment(), capture_output=True,
                             text=True, check=False).stdout
        self.assertIn(f"waybilld {server.pid},", out)
        self.assertEqual(os.listdir(server.spool), ["waybilld.scoreboard"])
        # And it can still be upgraded.
        os.unlink(server.program)
        os.symlink(PROGRAM, server.program)
        server.signal(signal.SIGUSR2)
        new = self.upgraded(server)
        self.assertEqual(server.process.wait(ENDS), 0)
        self.finish(server, new, [r"upgrade failed", r"cannot (run|start)"])

    def test_a_program_without_a_database_does_not_take_over(self):
        """It did, and its host had no database any more."""
        server = self.start_linked()
        workers = self.workers(server, 2)
        good = dict(server.settings)
        server.write_config(database="host=127.0.0.1 port=1 dbname=x")
        server.signal(signal.SIGUSR2)
        server.wait_for_log(r"not taking over: key 'database': .*refused", 30)
        server.wait_for_log(r"upgrade failed: process \d+ was ended by exit status 1")
        self.assertEqual(self.workers(server, 2), workers)
        self.assertEqual(server.client.get("/ready").status, 200)
        server.settings = good
        server.write_config()
        server.signal(signal.SIGUSR2)
        new = self.upgraded(server)
        self.assertEqual(server.process.wait(ENDS), 0)
        self.finish(server, new, [r"upgrade failed", r"not taking over"])

    def test_a_second_one_and_a_reload_are_refused_meanwhile(self):
        server = self.start_linked()
        go = os.path.join(server.folder, "go")
        self.replace(server, f"while [ ! -e {go} ]; do sleep 0.1; done; exec {PROGRAM} \"$@\"")
        server.signal(signal.SIGUSR2)
        server.wait_for_log(r"upgrading: process \d+ runs")
        server.signal(signal.SIGUSR2)
        server.wait_for_log(r"warning .*upgrade refused: process \d+ is about to take over")
        server.signal(signal.SIGHUP)
        server.wait_for_log(r"reload refused.*process \d+ is about to take over")
        with open(go, "wb"):
            pass
        new = self.upgraded(server)
        self.assertEqual(server.process.wait(ENDS), 0)
        self.assertEqual(server.log().count("upgrading:"), 1)
        self.finish(server, new, [r"reload refused"])

    def test_a_stop_ends_a_program_that_is_not_ready_too(self):
        server = self.start_linked()
        self.replace(server, "exec sleep 60")
        server.signal(signal.SIGUSR2)
        new = int(server.wait_for_log(r"upgrading: process (\d+) runs").group(1))
        server.masters.append(new)
        server.stop(expected_errors=["upgrade failed"])
        self.assertFalse(running(new))

    def test_a_unix_socket_keeps_its_file(self):
        server = self.make()
        path = os.path.join(server.folder, "s")
        server.write_config(listen=f"unix:{path}")
        server.program = os.path.join(server.folder, "waybilld")
        os.symlink(PROGRAM, server.program)
        server.masters = []
        self.addCleanup(self.end_all, server)
        with open(server.log_path, "ab") as log:
            server.process = subprocess.Popen(
                [server.program, "-c", server.config_path], env=server.environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        server.wait_for_log(" ready$")
        server.signal(signal.SIGUSR2)
        new = self.upgraded(server)
        self.assertEqual(server.process.wait(ENDS), 0)
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(path)
            s.sendall(b"GET /health HTTP/1.0\r\n\r\n")
            self.assertIn(b" 200 ", s.recv(4096))
        self.finish(server, new)
        self.assertFalse(os.path.exists(path))


    def test_a_server_without_workers(self):
        server = self.make(workers=0, queue_workers=1)
        server.program = os.path.join(server.folder, "waybilld")
        os.symlink(PROGRAM, server.program)
        server.masters = []
        self.addCleanup(self.end_all, server)
        with open(server.log_path, "ab") as log:
            server.process = subprocess.Popen(
                [server.program, "-c", server.config_path], env=server.environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        server.wait_for_log(" ready$")
        server.signal(signal.SIGUSR2)
        first = self.upgraded(server)
        self.assertEqual(server.process.wait(ENDS), 0)
        server.write_config(workers=1)
        os.kill(first, signal.SIGUSR2)
        second = self.upgraded(server, 2)
        self.assertEqual(server.client.get("/health").status, 200)
        self.finish(server, second)


class Drain(Life):
    def test_health_says_so_while_requests_are_answered(self):
        server = self.start(drain_delay="30s")
        with server.client.connect() as c:
            c.request("GET", "/health")
            server.signal(signal.SIGQUIT)
            wait_until(lambda: server.client.get("/health").body == b"draining\n", "draining")
            self.assertEqual(server.client.get("/health").status, 503)
            self.assertEqual(server.client.get("/ready").status, 200)
            r = c.request("GET", "/ready")
            self.assertEqual((r.status, r.headers.get("connection")), (200, "close"))
        server.signal(signal.SIGQUIT)
        self.assertEqual(server.process.wait(ENDS), 0)

    def test_it_lasts_as_long_as_it_is_to(self):
        server = self.start(drain_delay="1s")
        begin = time.monotonic()
        server.signal(signal.SIGQUIT)
        self.assertEqual(server.process.wait(ENDS), 0)
        self.assertGreater(time.monotonic() - begin, 0.9)

    def test_logs_are_opened_anew_during_the_delay(self):
        """USR1 was not heard: a log that was rotated meanwhile grew on under its old name."""
        server = self.make(drain_delay="30s")
        logs = [os.path.join(server.folder, name) for name in ("access", "events")]
        server.write_config(access_log=logs[0], log_file=logs[1])
        server.start()
        server.signal(signal.SIGQUIT)
        wait_until(lambda: "draining: " in server._own_log(), "it drains")
        for path in logs:
            os.rename(path, path + ".1")
        server.signal(signal.SIGUSR1)
        wait_until(lambda: all(map(os.path.exists, logs)), "the logs are opened anew")
        wait_until(lambda: server.client.get("/health").status == 503
                   and os.path.getsize(logs[0]) > 0, "a worker writes to its new log")
        server.signal(signal.SIGQUIT)
        self.assertEqual(server.process.wait(ENDS), 0)

    def test_what_comes_too_late_is_refused(self):
        """HUP and USR2 were passed over without a word."""
        server = self.start(drain_delay="30s")
        server.signal(signal.SIGQUIT)
        server.wait_for_log("draining: ")
        server.signal(signal.SIGHUP)
        server.wait_for_log("reload refused, the old configuration stays: .*stopping")
        server.signal(signal.SIGUSR2)
        server.wait_for_log("upgrade refused: .*stopping")
        server.signal(signal.SIGQUIT)
        self.assertEqual(server.process.wait(ENDS), 0)

    def test_workers_are_replaced_during_the_delay(self):
        server = self.start(drain_delay="30s")
        victim = self.workers(server, 2)[0]
        server.signal(signal.SIGQUIT)
        server.wait_for_log("draining: ")
        for _ in range(20):
            self.assertEqual(server.client.get("/ready").status, 200)
        time.sleep(0.3)
        self.assertIn(victim, server.workers())
        os.kill(victim, signal.SIGKILL)
        self.workers(server, 2, without=[victim])
        server.signal(signal.SIGQUIT)  # a second one does not wait
        self.assertEqual(server.process.wait(ENDS), 0)


class Workers(Life):
    def test_retire_after_max_requests_without_a_failed_request(self):
        server = self.start(workers=3, max_requests=50)
        before = self.workers(server, 3)
        load = self.load(server)
        wait_until(lambda: server.log().count("retiring after") >= 9, "workers retire", 30)
        self.assertEqual(load.done(), [])
        self.workers(server, 3, without=before)
        for n in re.findall(r"retiring after (\d+) requests", server.log()):
            self.assertTrue(50 <= int(n) <= 80, n)
        self.assertNotIn("next start waits", server.log())
        server.stop()

    def scan_that_waits(self, server, c):
        """Sends a scan that waits for a lock, and stops its worker meanwhile. Returns the worker's
        pid, or None when the scan was answered first, on a machine that had no time for us."""
        body = b'{"waybill_number": "X", "scan_id": "%s"}' % str(uuid.uuid4()).encode()
        c.send(b"POST /scan HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
               b"Content-Length: %d\r\n\r\n" % len(body) + body)
        pids = wait_until(lambda: self.in_state(server, "busy")
                          or select.select([c.socket], [], [], 0)[0], "it is at work, or was")
        for pid in pids:
            if isinstance(pid, int):
                os.kill(pid, signal.SIGSTOP)
                if pid in self.in_state(server, "busy"):
                    return pid
                os.kill(pid, signal.SIGCONT)
        c.response()
        return None

    def test_one_that_is_stuck_is_aborted_and_its_route_named(self):
        """It is stopped while a scan waits for a lock, which stands for a loop without end."""
        server = self.start(request_timeout="200ms", statement_timeout="60s")
        holder = subprocess.Popen(
            ["psql", "-X", "-q", "-d", server.db.conninfo, "-c",
             "BEGIN; LOCK TABLE scanned_waybills; SELECT pg_sleep(600)"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=clean_environment())
        self.addCleanup(lambda: (holder.kill(), holder.wait()))
        wait_until(lambda: server.db.value(
            "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted") != "0",
            "the table is locked")
        with server.client.connect() as c:
            pid = wait_until(lambda: self.scan_that_waits(server, c), "a worker waits", 60)
            server.wait_for_log(rf"error .*worker {pid} has not come back to its loop for "
                                r"\d{5,} ms, last route scan: aborting it", 60)
            server.wait_for_log(rf"worker {pid} was ended by signal 6, last route scan", 60)
            self.assertTrue(c.closed())
        self.workers(server, 2, without=[pid])
        wait_until(lambda: server.client.get("/health").status == 200, "healthy", 30)
        server.stop(expected_errors=[r"has not come back", r"ended by signal 6"])


def no_cores_here():
    """Why a core cannot be looked for, or None."""
    if os.geteuid() != 0:
        return "only root can become another user"
    try:
        with open("/proc/sys/kernel/core_pattern", encoding="ascii") as f:
            pattern = f.read().strip()
    except FileNotFoundError:
        return "where cores go is not known"
    if pattern != "core":
        return f"cores go to {pattern}"
    # A sanitizer turns them off, for its shadow memory's sake.
    return "a sanitizer's build leaves none" if BUILD.endswith("san") else None


@unittest.skipIf(os.geteuid() != 0, "only root can become another user")
class AnotherUser(Life):
    def test_owns_the_log_from_the_start(self):
        """The log was made while the server was still root, who alone could then write to it."""
        server = self.make(user="nobody", queue_workers=0)
        user = pwd.getpwnam("nobody")
        logs = os.path.join(server.folder, "logs")
        os.mkdir(logs)
        path = os.path.join(logs, "events")
        server.write_config(log_file=path, access_log=os.path.join(logs, "access"),
                            static_dir=open_copy(server.settings["static_dir"],
                                                server.folder + "/static"))
        for folder in (server.folder, server.spool, logs):
            os.chown(folder, user.pw_uid, user.pw_gid)
        # PostgreSQL may not let nobody in: pages are served all the same.
        server.start(ready=False)
        wait_until(lambda: os.path.exists(path) and re.search(r" ready$", server._own_log(),
                                                              re.MULTILINE), "the server runs")
        self.assertEqual(os.stat(path).st_uid, user.pw_uid)
        server.stop()

    def test_may_run_no_more_processes(self):
        """A request for a task was told that the database could not be reached."""
        # As whom nothing else runs. What looks for leaks would need a process.
        server = self.make({"ASAN_OPTIONS": "detect_leaks=0"}, user="games", workers=1)
        server.write_config(static_dir=open_copy(server.settings["static_dir"],
                                                server.folder + "/static"))
        for folder in (server.folder, server.spool):
            os.chown(folder, pwd.getpwnam("games").pw_uid, -1)
        with open(server.log_path, "ab") as log:
            server.process = subprocess.Popen(  # master and worker
                ["prlimit", "--nproc=2", PROGRAM, "-c", server.config_path],
                env=server.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        server.wait_for_log(" ready$")
        r = server.client.get("/sessions/1/manifest")
        self.assertEqual((r.status, r.json()["error"]), (503, "busy"), r)
        self.assertIn("retry-after", r.headers)
        self.assertEqual(server.client.get("/static/style.css").status, 200)
        server.stop(expected_errors=["cannot fork a task: Resource temporarily unavailable"])


@unittest.skipIf(no_cores_here(), no_cores_here())
class Core(Life):
    def test_of_a_worker_whose_server_became_another_user(self):
        """Giving up root makes a process one that leaves no core."""
        server = self.make(user="nobody")
        user = pwd.getpwnam("nobody")
        pages = open_copy(server.settings["static_dir"], server.folder + "/static")
        server.write_config(static_dir=pages)
        for path in (server.folder, server.spool):
            os.chown(path, user.pw_uid, user.pw_gid)
        with open(server.log_path, "ab") as log:
            server.process = subprocess.Popen(
                ["/bin/sh", "-c", f"ulimit -c unlimited; exec {PROGRAM} -c {server.config_path}"],
                env=server.environment, cwd=server.folder, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log)
        server.wait_for_log(r"master\[\d+\] ready$")  # PostgreSQL may not let nobody in
        worker = self.workers(server, 2)[0]
        os.kill(worker, signal.SIGABRT)
        server.wait_for_log(rf"worker {worker} was ended by signal 6")
        self.assertTrue([n for n in os.listdir(server.folder) if n.startswith("core")])
        server.stop(expected_errors=[r"ended by signal 6"])


class ServiceManager(Life):
    def told(self, name=None, **more):
        manager = Manager(name)
        self.addCleanup(manager.close)
        return manager, {"NOTIFY_SOCKET": manager.path, **more}

    def fed(self, manager, times):
        """Seconds that so many signs of life take."""
        begin, n = time.monotonic(), len(manager.listen())
        wait_until(lambda: sum("WATCHDOG" in m for m in manager.listen()[n:]) >= times,
                   "the watchdog is fed")
        return time.monotonic() - begin

    def test_is_told_of_start_reload_and_stop(self):
        for name in (None, f"@waybill-test-{uuid.uuid4()}"):
            with self.subTest(name):
                manager, environment = self.told(name, WATCHDOG_USEC="400000")
                server = self.start(environment)
                self.assertEqual(manager.wait_for("READY", "1")["MAINPID"], str(server.pid))
                n = len(manager.listen())
                server.signal(signal.SIGHUP)
                begin = manager.wait_for("RELOADING", "1", n)
                self.assertLessEqual(int(begin["MONOTONIC_USEC"]) / 1e6, time.monotonic())
                manager.wait_for("READY", "1", n)
                server.write_config(workers="x")
                n = len(manager.listen())
                server.signal(signal.SIGHUP)
                manager.wait_for("RELOADING", "1", n)
                self.assertIn("refused", manager.wait_for("READY", "1", n)["STATUS"])
                took = [self.fed(manager, 5)]
                while took[-1] >= 1.5 and len(took) < 3:  # a busy machine is not ours to judge
                    took.append(self.fed(manager, 5))
                self.assertTrue(0.7 < took[-1] < 1.5, took)  # 1 s
                n = len(manager.listen())
                server.stop(expected_errors=["reload refused"])
                manager.wait_for("STOPPING", "1", n)

    def test_is_told_who_took_over(self):
        manager, environment = self.told()
        case = Upgrade()
        self.addCleanup(case.doCleanups)
        server = case.start_linked(environment)
        n = len(manager.listen())
        server.signal(signal.SIGUSR2)
        new = case.upgraded(server)
        self.assertEqual(manager.wait_for("MAINPID", str(new), n)["READY"], "1")
        self.assertEqual(server.process.wait(ENDS), 0)
        self.assertFalse([m for m in manager.listen() if "STOPPING" in m])
        case.finish(server, new)
        manager.wait_for("STOPPING", "1", n)

    def start_activated(self, listener, count=1, **settings):
        """As systemd does it: the socket as descriptor 3, LISTEN_PID the process's own."""
        server = self.make()
        server.write_config(listen="127.0.0.1:1", **settings)  # which it could not use
        fd = listener.fileno()
        with open(server.log_path, "ab") as log:
            server.process = subprocess.Popen(
                ["/bin/sh", "-c",
                 f"exec 3<&{fd}; LISTEN_FDS={count} LISTEN_PID=$$ exec {PROGRAM} -c {server.config_path}"],
                env=server.environment, pass_fds=[fd], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log)
        return server

    def test_a_slow_reader_has_its_time_and_no_more(self):
        """It takes some of a long answer five times a second. What the kernel takes for it is as
        much as its listening socket says."""
        with tempfile.TemporaryDirectory() as static, socket.socket() as listener, \
                socket.socket() as client:
            shutil.copytree(os.path.join(ROOT, "static"), static, dirs_exist_ok=True)
            with open(os.path.join(static, "big.bin"), "wb") as f:
                f.write(bytes(4 << 20))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            server = self.start_activated(listener, request_timeout="2s", body_min_rate="4M",
                                          static_dir=static, access_log="-",
                                          access_log_format="json")
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.settimeout(0.2)
            client.connect(listener.getsockname())
            client.sendall(b"GET /static/big.bin HTTP/1.1\r\nHost: x\r\n\r\n")

            def ended():
                """Its line in the access log, once it has one."""
                with contextlib.suppress(TimeoutError, ConnectionResetError):
                    client.recv(40000)
                return [line for line in server.log().splitlines() if "big.bin" in line]

            line = json.loads(wait_until(ended, "the server ends it", pause=0.2)[0])
            self.assertLess(line["bytes"], 4 << 20)
            self.assertGreater(line["us"], 2500000)  # a second more than for no progress at all
            server.stop()

    def test_passes_the_socket(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            server = self.start_activated(listener)
            with Connection(listener.getsockname()[1]) as c:  # waits until it is there
                self.assertEqual(c.request("GET", "/static/style.css").status, 200)
            before = self.workers(server, 2)
            server.signal(signal.SIGHUP)
            self.workers(server, 2, without=before)
            with Connection(listener.getsockname()[1]) as c:
                self.assertEqual(c.request("GET", "/static/style.css").status, 200)
            case = Upgrade()
            server.masters = []
            self.addCleanup(case.end_all, server)
            server.signal(signal.SIGUSR2)
            new = case.upgraded(server)
            self.assertEqual(server.process.wait(ENDS), 0)
            with Connection(listener.getsockname()[1]) as c:
                self.assertEqual(c.request("GET", "/static/style.css").status, 200)
            case.finish(server, new)

    def test_passes_what_is_no_socket_to_listen_on(self):
        with socket.create_server(("127.0.0.1", 0)) as listener, \
                socket.socket() as other:
            for s, count, reason in [(other, 1, "not a listening socket"),
                                     (listener, 2, "passes 2 sockets")]:
                server = self.start_activated(s, count)
                self.assertEqual(server.process.wait(ENDS), 1)
                self.assertIn(reason, server.log())

    def test_passes_a_socket_to_a_server_without_workers(self):
        """It would go on listening, whatever the server does, and nobody would answer."""
        reason = "key 'workers' is 0, but a socket was passed"
        with socket.create_server(("127.0.0.1", 0)) as listener:
            server = self.start_activated(listener, workers=0, queue_workers=1)
            self.assertEqual(server.process.wait(ENDS), 1)
            self.assertIn(reason, server.log())
            server = self.start_activated(listener)
            server.wait_for_log(" ready$")
            server.write_config(workers=0, queue_workers=1)
            server.signal(signal.SIGHUP)
            server.wait_for_log(f"the old configuration stays: {reason}")
            with Connection(listener.getsockname()[1]) as c:
                self.assertEqual(c.request("GET", "/static/style.css").status, 200)
            server.stop(expected_errors=["the old configuration stays"])


def running(pid):
    """Not gone and not a zombie that nobody has waited for."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
            return f.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


if __name__ == "__main__":
    unittest.main()
