"""Many connections and many requests: who takes them, and what they cost."""

import contextlib
import os
import re
import socket
import unittest

from support.pg import BUILD
from support.server import ServerCase
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
                s.settimeout(15)
                s.sendall(ASK)
            for s in sockets:
                self.assertRegex(s.recv(4096), rb"^HTTP/1.1 200 ")
            return stack.pop_all()

    def spread(self, n, most):
        before = {pid: descriptors(pid) for pid in self.server.workers()}
        with self.opened(n):
            held = [descriptors(pid) - before[pid] for pid in self.server.workers()]
        self.assertGreaterEqual(sum(held), n)
        # One more: a worker that finds all others busy does not make a client wait.
        self.assertLessEqual(max(held), most + 1, held)
        wait_until(lambda: sum(map(descriptors, self.server.workers())) <= sum(before.values()),
                   "all are closed")

    def test_the_busiest_of_a_few_holds_at_most_twice_its_part(self):
        self.spread(64, 16)

    def test_of_many_each_holds_its_part(self):
        self.spread(400, 55)

    def test_all_at_once_are_answered_though_each_worker_was_asleep(self):
        for _ in range(20):
            with self.opened(8):
                pass


class Memory(ServerCase):
    settings = {"workers": 1}

    def ask(self, n):
        """n requests of several kinds on one connection, 20 at a time."""
        batch = (ASK * 18 + b"GET /static/style.css HTTP/1.1\r\nHost: a\r\n\r\n"
                 + b"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n")
        with socket.create_connection(("127.0.0.1", self.server.port.number), 15) as s:
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
                    ("127.0.0.1", self.server.port.number), 15))
                s.sendall(ASK)
                s.recv(4096)
            # They are silent now, and keep no buffers.
            self.assertLess(private(pid), first + 1024)
        self.ask(40000)
        self.assertLess(private(pid), 2048)
        self.assertLess(private(pid), first + 1024)


if __name__ == "__main__":
    unittest.main()
