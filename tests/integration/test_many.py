"""Many connections and many requests: who takes them, and what they cost."""

import contextlib
import os
import re
import resource
import signal
import socket
import subprocess
import time
import unittest

from support.client import multipart
from support.pg import BUILD, Cluster
from support.server import Server, ServerCase
from support.wait import wait_until

ASK = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"


def private(pid):
    """KiB that this process alone holds."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
        return sum(int(n) for n in re.findall(r"^Private_\w+: +(\d+) kB", f.read(), re.MULTILINE))


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Spread(ServerCase):
    settings = {"workers": 8}

    def opened(self, n):
        """Connections that were all opened before one was asked for anything."""
        with contextlib.ExitStack() as stack:
            sockets = [stack.enter_context(socket.socket()) for _ in range(n)]
            for s in sockets:
                s.setblocking(False)
                s.connect_ex(("127.0.0.1", self.server.port.number))
            for s in sockets:
                s.settimeout(60)
                s.sendall(ASK)
            for s in sockets:
                self.assertRegex(s.recv(4096), rb"^HTTP/1.1 200 ")
            return stack.pop_all()

    def held(self, n):
        """How many of n connections each worker has."""
        self.server.wait_for_silence()
        before = {pid: descriptors(pid) for pid in self.server.workers()}
        with self.opened(n):
            held = [descriptors(pid) - before[pid] for pid in self.server.workers()]
        self.assertGreaterEqual(sum(held), n)
        wait_until(lambda: sum(map(descriptors, self.server.workers())) <= sum(before.values()),
                   "all are closed")
        return held

    def spread(self, n, most):
        # One more: a worker that finds all others busy does not make a client wait.
        held = [self.held(n)]
        while max(held[-1]) > most + 1 and len(held) < 3:  # as on a machine that others want
            held.append(self.held(n))
        self.assertLessEqual(max(held[-1]), most + 1, held)

    def test_the_busiest_of_a_few_holds_at_most_twice_its_part(self):
        self.spread(64, 16)

    def test_a_few_are_left_to_those_who_can_hold_them_all(self):
        held = [self.held(20)]
        while held[-1].count(0) < 3 and len(held) < 3:  # as on a machine that others want
            held.append(self.held(20))
        self.assertGreaterEqual(held[-1].count(0), 3, held)

    def test_when_those_are_stuck_the_others_take_what_comes(self):
        self.server.wait_for_silence()
        before = {pid: descriptors(pid) for pid in self.server.workers()}
        with self.opened(20), contextlib.ExitStack() as stack:
            busy = [pid for pid in before if descriptors(pid) > before[pid]]
            for pid in busy:
                os.kill(pid, signal.SIGSTOP)
                stack.callback(os.kill, pid, signal.SIGCONT)
            self.assertLess(len(busy), 8, "nobody was left")
            with self.opened(4):
                pass
            took = []
            while not took or took[-1] > 0.5 and len(took) < 3:
                began = time.monotonic()
                with self.opened(150):  # and not one by one, each after a pause
                    took.append(time.monotonic() - began)
            self.assertLess(took[-1], 0.5, took)

    def test_one_takes_the_part_of_a_sibling_that_is_stuck(self):
        server = Server(self.db.conninfo, {"workers": 2}).start()
        try:
            stuck = server.workers()[0]
            os.kill(stuck, signal.SIGSTOP)
            try:
                with contextlib.ExitStack() as stack:
                    began = time.monotonic()
                    sockets = [stack.enter_context(socket.create_connection(
                        ("127.0.0.1", server.port.number), 60)) for _ in range(300)]
                    for s in sockets:
                        s.sendall(ASK)
                    for s in sockets:
                        self.assertRegex(s.recv(4096), rb"^HTTP/1.1 200 ")
                    self.assertLess(time.monotonic() - began, 1.5)  # one by one: 3 s
            finally:
                os.kill(stuck, signal.SIGCONT)
        finally:
            server.stop()

    def test_of_many_each_holds_its_part(self):
        self.spread(400, 55)

    def test_all_at_once_are_answered_though_each_worker_was_asleep(self):
        self.server.wait_for_silence()
        before = sum(map(descriptors, self.server.workers()))
        for _ in range(20):
            with self.opened(8):
                pass
        wait_until(lambda: sum(map(descriptors, self.server.workers())) <= before,
                   "all are closed")


class Memory(ServerCase):
    settings = {"workers": 1}

    def ask(self, n):
        """n requests of several kinds on one connection, 20 at a time."""
        batch = (ASK * 18 + b"GET /static/style.css HTTP/1.1\r\nHost: a\r\n\r\n"
                 + b"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n")
        with socket.create_connection(("127.0.0.1", self.server.port.number), 60) as s:
            left = b""
            for _ in range(n // 20):
                s.sendall(batch)
                count = 0
                while count < 20:
                    got = s.recv(1 << 16)
                    self.assertTrue(got, "closed")
                    count += (left + got).count(b"HTTP/1.1 ")
                    left = (left + got)[-8:]

    @unittest.skipIf(BUILD.endswith("san"), "a sanitizer needs memory of its own")
    def test_a_worker_stays_small(self):
        pid, = self.server.workers()
        self.ask(2000)
        first = private(pid)
        with contextlib.ExitStack() as stack:
            for _ in range(300):
                s = stack.enter_context(socket.create_connection(
                    ("127.0.0.1", self.server.port.number), 60))
                s.sendall(ASK)
                s.recv(4096)
            # They are silent now, and keep no buffers.
            self.assertLess(private(pid), first + 1024)
        self.ask(40000)
        self.assertLess(private(pid), 2048)
        self.assertLess(private(pid), first + 1024)


class Descriptors(unittest.TestCase):
    """Where connections end because a process may open no more files."""

    def start(self, limit, **settings):
        """The server under limits like "ulimit -Sn 30; ulimit -Hn 200"."""
        db = Cluster.shared().database()
        self.addCleanup(db.drop)
        server = Server(db.conninfo, {"workers": 1, **settings})
        self.addCleanup(server.kill)
        with open(server.log_path, "ab") as log:
            server.process = subprocess.Popen(
                ["/bin/sh", "-c",
                 f"{limit}; exec {os.path.join(BUILD, 'waybilld')} -c {server.config_path}"],
                env=server.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        server.wait_for_log(r"master\[\d+\] ready$")
        return server

    def failed(self, server):
        return int(re.search(r"^waybill_accepts_failed_total (\d+)$",
                             server.client.get("/metrics").body.decode(), re.MULTILINE).group(1))

    def test_the_limit_is_raised_as_far_as_it_may_be(self):
        server = self.start("ulimit -Sn 40; ulimit -Hn 300", max_connections=200)
        self.assertNotIn("may open only", server.log())
        self.assertEqual(resource.prlimit(server.workers()[0], resource.RLIMIT_NOFILE), (300, 300))
        with contextlib.ExitStack() as stack:
            for _ in range(150):
                c = stack.enter_context(server.client.connect())
                self.assertEqual(c.request("GET", "/health").status, 200)
        server.stop()

    def test_fewer_connections_than_asked_for_are_said_and_the_next_is_told(self):
        server = self.start("ulimit -n 200", max_connections=512, tasks=4)
        server.wait_for_log(r"warning .*max_connections is 512, but a process may open only 200 "
                            r"files: a worker takes 128 connections; raise the limit")
        with contextlib.ExitStack() as stack:
            for _ in range(128):
                c = stack.enter_context(server.client.connect())
                self.assertEqual(c.request("GET", "/health").status, 200)
            self.assertEqual(server.client.get("/health").status, 503)
        server.write_config(max_connections=100)
        server.signal(signal.SIGHUP)
        server.wait_for_log("reloaded")
        self.assertEqual(server.log().count("may open only"), 1)
        server.stop()

    def test_a_worker_without_a_descriptor_waits_quietly_for_one(self):
        server = self.start("ulimit -n 200")
        worker = server.workers()[0]
        alone = descriptors(worker)
        with contextlib.ExitStack() as stack:
            held = [stack.enter_context(server.client.connect()) for _ in range(3)]
            for c in held:
                c.request("GET", "/health")
            begin = self.failed(server)
            wait_until(lambda: descriptors(worker) == alone + 3, "only they are open")
            since = time.monotonic()
            resource.prlimit(worker, resource.RLIMIT_NOFILE, (descriptors(worker), 200))
            waiting = stack.enter_context(server.client.connect())
            waiting.send(ASK)
            server.wait_for_log("warning .*a connection has to wait: Too many open files; this "
                                "worker holds 3, and may open")
            with open(f"/proc/{worker}/stat", encoding="ascii") as f:
                before = sum(map(int, f.read().rpartition(")")[2].split()[11:13]))
            # Others are answered meanwhile.
            until = time.monotonic() + 1.5
            while time.monotonic() < until:
                self.assertEqual(held[0].request("GET", "/health").status, 200)
                time.sleep(0.05)
            with open(f"/proc/{worker}/stat", encoding="ascii") as f:
                spent = sum(map(int, f.read().rpartition(")")[2].split()[11:13])) - before
            self.assertLess(spent / os.sysconf("SC_CLK_TCK"), 0.5)
            held.pop().close()
            self.assertEqual(waiting.response().status, 200)
            waiting.close()
            wait_until(lambda: descriptors(worker) < resource.prlimit(
                worker, resource.RLIMIT_NOFILE)[0], "a descriptor is free")
            # It tries ten times a second.
            self.assertTrue(0 < self.failed(server) - begin < 10 + 20 * (time.monotonic() - since))
        self.assertEqual(server.log().count("has to wait"), 1)
        server.stop()

    def test_a_body_without_a_descriptor_is_refused_with_the_reason(self):
        """It was told that the disk is full."""
        server = self.start("ulimit -n 200")
        worker = server.workers()[0]
        with server.client.connect() as c:
            c.request("GET", "/health")
            resource.prlimit(worker, resource.RLIMIT_NOFILE, (descriptors(worker), 200))
            kind, body = multipart(bytes(100000), "large.csv")
            r = c.request("POST", "/upload", body, {"Content-Type": kind})
            resource.prlimit(worker, resource.RLIMIT_NOFILE, (200, 200))
        self.assertEqual((r.status, r.json()["error"]), (503, "busy"), r)
        self.assertRegex(r.json()["message"], "no more files or connections.*nothing was changed")
        self.assertEqual(r.headers["retry-after"], "10")
        server.stop(expected_errors=["cannot create a file in .*: Too many open files"])


if __name__ == "__main__":
    unittest.main()
