"""Behind a proxy: who the client is. And what one client, or too many, may do."""

import contextlib
import json
import os
import signal
import socket
import struct
import time
import unittest
import unittest.mock

from support.client import Client, Connection
from support.pg import freeze
from support.psql_session import PsqlSession
from support.server import Server, ServerCase
from support.wait import wait_until

V2 = b"\r\n\r\n\0\r\nQUIT\n"


class Logged(ServerCase):
    """The access log tells whom the server took for the client."""

    @classmethod
    def setUpClass(cls):
        cls.settings = {**cls.settings, "workers": 2, "access_log_format": "json",
                        "access_log": "-"}
        super().setUpClass()

    def line(self, request_id):
        def found():
            for line in self.server.log().split("\n")[:-1]:  # not one that is being written
                if line.startswith("{") and json.loads(line).get("request_id") == request_id:
                    return json.loads(line)
            return None
        return wait_until(found, f"a line for {request_id}")

    def client_of(self, request_id):
        return self.line(request_id)["client"]


class Untrusted(Logged):
    def test_fields_are_not_believed(self):
        self.client.get("/health", {"X-Request-Id": "u-1", "X-Forwarded-For": "9.9.9.9"})
        self.assertEqual(self.client_of("u-1"), "127.0.0.1")

    def test_a_proxy_header_is_a_bad_request(self):
        with self.client.connect() as c:
            c.send(b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nGET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertEqual(c.response().status, 400)


def has_ipv6():
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


class EveryAddress(Logged):
    """`*` listened for IPv4 alone."""
    settings = {"trusted_proxies": "127.0.0.3", "max_connections_per_client": 20}
    form = "*:{}"

    @classmethod
    def setUpClass(cls):
        # Its port is known only now.
        write = Server.write_config
        def listening(server, **changes):
            write(server, **{"listen": cls.form.format(server.port.number), **changes})
        with unittest.mock.patch.object(Server, "write_config", listening):
            super().setUpClass()

    def ask(self, request_id, host, source, *fields):
        with socket.create_connection((host, self.server.port.number), 30,
                                      source_address=(source, 0)) as s:
            s.sendall("\r\n".join(["GET /health HTTP/1.0", f"X-Request-Id: {request_id}", *fields,
                                   "", ""]).encode())
            self.assertRegex(s.recv(100), rb"^HTTP/1.1 200 ")
        return self.client_of(request_id)

    def test_ipv4_is_named_as_such(self):
        self.assertEqual(self.ask("a-1", "127.0.0.1", "127.0.0.2"), "127.0.0.2")
        self.assertEqual(self.ask("a-2", "127.0.0.1", "127.0.0.3", "X-Forwarded-For: 9.9.9.9"),
                         "9.9.9.9", "a trusted proxy")
        self.assertEqual(self.ask("a-3", "127.0.0.1", "127.0.0.2", "X-Forwarded-For: 9.9.9.9"),
                         "127.0.0.2", "another")

    @unittest.skipUnless(has_ipv6(), "no IPv6 here")
    def test_ipv6_too(self):
        self.assertEqual(self.ask("a-6", "::1", "::1"), "::1")

    @unittest.skipUnless(has_ipv6(), "no IPv6 here")
    def test_a_mapped_client_is_the_ipv4_one(self):
        port = self.server.port.number
        self.server.wait_for_silence()
        with contextlib.ExitStack() as stack:
            for _ in range(10):
                for family, host in ((socket.AF_INET6, "::ffff:127.0.0.1"),
                                     (socket.AF_INET, "127.0.0.1")):
                    s = stack.enter_context(socket.socket(family))
                    s.settimeout(30)
                    s.connect((host, port))
                    s.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
                    self.assertRegex(s.recv(100), rb"^HTTP/1.1 200 ")
            self.assertEqual(self.client.get("/health").status, 429)
        def again():
            return self.client.get("/health").status == 200
        wait_until(again, "room again")


@unittest.skipUnless(has_ipv6(), "no IPv6 here")
class AnyOfIPv6(EveryAddress):
    form = "[::]:{}"


class Forwarded(Logged):
    settings = {"trusted_proxies": "127.0.0.1, 10.0.0.0/8, fd00::/8"}

    def test_the_rightmost_that_is_not_trusted(self):
        for i, (value, want) in enumerate((
                ("9.9.9.9", "9.9.9.9"), ("6.6.6.6, 9.9.9.9", "9.9.9.9"),
                ("9.9.9.9, 10.1.1.1, fd00::2", "9.9.9.9"), ("2001:db8::1", "2001:db8::1"),
                ("nonsense", "127.0.0.1"), ("10.2.2.2", "10.2.2.2"))):
            self.client.get("/health", {"X-Request-Id": f"f-{i}", "X-Forwarded-For": value})
            self.assertEqual(self.client_of(f"f-{i}"), want, value)

    def test_each_request_of_a_connection_has_its_own(self):
        with self.client.connect() as c:
            for i in range(3):
                c.request("GET", "/health", headers={"X-Request-Id": f"k-{i}",
                                                     "X-Forwarded-For": f"9.9.9.{i}"})
            c.request("GET", "/health", headers={"X-Request-Id": "k-3"})
        self.assertEqual([self.client_of(f"k-{i}") for i in range(4)],
                         ["9.9.9.0", "9.9.9.1", "9.9.9.2", "127.0.0.1"])


class Introduced(Logged):
    """Every connection begins with a PROXY header."""
    settings = {"trusted_proxies": "127.0.0.1", "proxy_protocol": "on"}

    @classmethod
    def setUpClass(cls):
        ready = Client.get

        def get(self, path, headers=None):
            return Introduced.ask(self.port, b"PROXY UNKNOWN\r\n", path, headers)
        Client.get = get
        cls.addClassCleanup(setattr, Client, "get", ready)
        super().setUpClass()

    @staticmethod
    def ask(port, header, path="/health", headers=None, pieces=1):
        with Connection(port) as c:
            for i in range(0, len(header), max(1, len(header) // pieces)):
                c.send(header[i:i + max(1, len(header) // pieces)])
                if pieces > 1:
                    time.sleep(0.002)
            return c.request("GET", path, headers={"Connection": "close", **(headers or {})})


class ProxyProtocol(Introduced):
    def test_both_versions(self):
        v4 = struct.pack(">BBH4B4BHH", 0x21, 0x11, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
        v6 = struct.pack(">BBH", 0x21, 0x21, 36) + socket.inet_pton(socket.AF_INET6, "2001:db8::9") \
            + socket.inet_pton(socket.AF_INET6, "::1") + struct.pack(">HH", 1, 2)
        local = struct.pack(">BBH", 0x20, 0, 0)
        for i, (header, want) in enumerate((
                (b"PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\n", "1.2.3.4"),
                (b"PROXY TCP6 2001:db8::9 ::1 9 10\r\n", "2001:db8::9"),
                (b"PROXY UNKNOWN\r\n", "127.0.0.1"),
                (V2 + v4, "1.2.3.4"), (V2 + v6, "2001:db8::9"), (V2 + local, "127.0.0.1"))):
            for pieces in (1, 5):
                name = f"p-{i}-{pieces}"
                r = self.ask(self.server.port.number, header, headers={"X-Request-Id": name},
                             pieces=pieces)
                self.assertEqual(r.status, 200, header)
                self.assertEqual(self.client_of(name), want, header)

    def test_without_a_header_the_connection_ends(self):
        for start in (b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n", b"PROXY TCP4 1.2.3.4\r\n",
                      V2 + b"\x31\x11\0\0"):
            with Connection(self.server.port.number) as c:
                c.send(start)
                self.assertTrue(c.closed(), start)
        self.server.wait_for_log("warning .*127.0.0.1 closed: the PROXY header is missing")

    def test_the_named_client_is_not_believed_further(self):
        self.ask(self.server.port.number, b"PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\n",
                 headers={"X-Request-Id": "n-1", "X-Forwarded-For": "9.9.9.9"})
        self.assertEqual(self.client_of("n-1"), "1.2.3.4")


class FullBehindProxy(Introduced):
    settings = {**Introduced.settings, "max_connections": 2}

    def test_one_more_is_told_so_behind_its_header(self):
        """Its header was taken for its request, a bad one."""
        self.server.wait_for_silence()
        held = [self.client.connect() for _ in range(4)]
        try:
            for c in held:
                c.send(b"PROXY UNKNOWN\r\n")
                self.assertEqual(c.request("GET", "/health").status, 200)
            for header in (b"PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\n", V2 + b"\x20\0\0\0"):
                r = self.ask(self.server.port.number, header, "/scan")
                self.assertEqual((r.status, r.json()["error"]), (503, "busy"), header)
        finally:
            for c in held:
                c.close()
        wait_until(lambda: self.client.get("/health").status == 200, "room again")


class OneClient(ServerCase):
    settings = {"workers": 3, "max_connections_per_client": 6}

    def ask(self, c):
        return c.request("GET", "/health")

    def test_over_all_workers(self):
        self.server.wait_for_silence()
        held = [self.client.connect() for _ in range(6)]
        try:
            self.assertEqual({self.ask(c).status for c in held}, {200})
            with self.client.connect() as c:
                r = self.ask(c)
                self.assertEqual((r.status, r.json()["error"]), (429, "too_many_connections"), r)
                self.assertIn("retry-after", r.headers)
                self.assertTrue(c.closed())
            # Others are served: a second address of this machine is another client.
            other = socket.create_connection(("127.0.0.1", self.server.port.number), 30,
                                             source_address=("127.0.0.2", 0))
            with other:
                other.sendall(b"GET /health HTTP/1.0\r\n\r\n")
                self.assertTrue(other.recv(100).startswith(b"HTTP/1.1 200 "))
        finally:
            for c in held:
                c.close()
        def again():
            with self.client.connect() as c:
                return self.ask(c).status == 200
        wait_until(again, "room again")

    def test_a_flood_is_closed_at_once(self):
        held = [self.client.connect() for _ in range(12)]
        try:
            for c in held:
                c.send(b"GET /hea")  # one that says nothing may be taken later than the next
            def flooded():
                with self.client.connect() as c:
                    c.send(b"GET /hea")
                    return c.closed()
            wait_until(flooded, "a connection without an answer")
        finally:
            for c in held:
                c.close()
        def again():
            try:
                return self.client.get("/health").status == 200
            except ConnectionError:
                return False
        wait_until(again, "room again")


class Full(ServerCase):
    settings = {"workers": 2, "max_connections": 5}

    def test_one_more_than_all_workers_hold(self):
        self.server.wait_for_silence()
        held = [self.client.connect() for _ in range(10)]
        try:
            for c in held:
                self.assertEqual(c.request("GET", "/health").status, 200)
            with self.client.connect() as c:
                r = c.request("GET", "/scan")
                self.assertEqual((r.status, r.json()["error"]), (503, "busy"), r)
                self.assertIn("retry-after", r.headers)
            self.assertEqual(held[0].request("GET", "/health").status, 200)
        finally:
            for c in held:
                c.close()
        wait_until(lambda: self.client.get("/health").status == 200, "room again")


class Overload(ServerCase):
    settings = {"workers": 1, "shed_after": "1s", "statement_timeout": "15s"}

    def test_what_waited_too_long_is_refused(self):
        # Sessions, since scans that are there at once are answered at once.
        self.db.query("create function slow() returns trigger language plpgsql as "
                      "$$ begin perform pg_sleep(0.2); return new; end $$")
        self.db.query("create trigger slow before insert on batch_sessions "
                      "for each row execute function slow()")
        body = json.dumps({"scanned_by": "ana", "station": "dock 1"}).encode()
        held = [self.client.connect() for _ in range(12)]
        try:
            for c in held:
                self.assertEqual(c.request("GET", "/health").status, 200)
            worker, = self.server.workers()
            freeze(worker)  # so that it finds all of them there
            for c in held:
                c.send(b"POST /sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                       b"Content-Length: %d\r\n\r\n" % len(body) + body)
            os.kill(worker, signal.SIGCONT)
            answers = [c.response() for c in held]
        finally:
            for c in held:
                c.close()
        statuses = [r.status for r in answers]
        self.assertEqual(set(statuses), {201, 503}, statuses)
        self.assertGreaterEqual(statuses.count(201), 2)
        refused = next(r for r in answers if r.status == 503)
        self.assertEqual((refused.json()["error"], refused.headers["connection"]),
                         ("busy", "keep-alive"))
        self.assertEqual(self.db.value("select count(*) from batch_sessions"),
                         str(statuses.count(201)))
        self.assertIn(f"waybill_requests_shed_total {statuses.count(503)}\n",
                      self.client.get("/metrics").body.decode())


    def twelve_at_once(self, server):
        """The answers to requests on connections that are there together when the worker looks."""
        worker, = server.workers()
        held = [server.client.connect() for _ in range(12)]
        freeze(worker)
        for i, c in enumerate(held):
            c.send(b"GET /waybills/X%d HTTP/1.1\r\nHost: x\r\n\r\n" % i)
        os.kill(worker, signal.SIGCONT)
        answers = [c.response() for c in held]
        for c in held:
            c.close()
        return answers

    def test_what_waited_too_long_to_be_accepted_is_refused(self):
        """A worker takes one new connection a round; a table's lock makes rounds long."""
        settings = {"workers": 1, "shed_after": "400ms", "statement_timeout": "300ms",
                    "slow_log": "100ms"}
        server = Server(self.db.conninfo, settings)
        self.addCleanup(server.kill)
        server.start()
        answers, taken = [], []
        with PsqlSession(self.db.conninfo) as holder:
            holder.run("BEGIN; LOCK TABLE waybills")
            while not taken and len(answers) < 36:  # on a busy machine even the first may wait
                came = self.twelve_at_once(server)
                taken = [r for r in came if not r.json()["message"].startswith("The server is busy")]
                answers += came
        self.assertEqual({r.status for r in answers}, {503})
        self.assertTrue(1 <= len(taken) <= 6, [r.json() for r in answers])
        self.assertIn(f"waybill_requests_shed_total {len(answers) - len(taken)}\n",
                      server.client.get("/metrics").body.decode())
        # ... and the log tells the whole of it.
        self.assertRegex(server.log(), r"slow: waybill \S+: answered 503 after ([4-9]\d\d|\d{4,}) ms")
        server.stop(expected_errors=[r"57014|statement timeout"])


class TakingTurns(ServerCase):
    settings = {"workers": 1, "access_log": "-", "access_log_format": "json"}

    def test_one_who_asks_for_much_at_once_holds_nobody_up(self):
        many = b"GET /waybills?limit=1 HTTP/1.1\r\nHost: x\r\n\r\n" * 1200
        with self.client.connect() as greedy, self.client.connect() as other:
            self.assertEqual(other.request("GET", "/health").status, 200)
            worker, = self.server.workers()
            freeze(worker)  # both are there when it looks
            greedy.send(many)
            other.send(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            os.kill(worker, signal.SIGCONT)
            self.assertEqual(other.response().status, 200)
            for _ in range(1200):
                self.assertEqual(greedy.response().status, 200)

        def all_told():
            """The last answer comes before its line."""
            routes = [json.loads(line)["route"] for line in self.server.log().split("\n")[:-1]
                      if line.startswith("{")]
            return routes if routes.count("waybill_list") == 1200 else None

        routes = wait_until(all_told, "each has its line")
        before = routes[:len(routes) - 1 - routes[::-1].index("health")]
        self.assertLess(before.count("waybill_list"), 1100)


class SlowBody(ServerCase):
    settings = {"workers": 1, "body_min_rate": "1K"}

    def test_a_trickle_is_refused_and_a_stream_is_not(self):
        head = (b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n"
                b"Content-Type: multipart/form-data; boundary=x\r\n\r\n")
        with self.client.connect() as slow, self.client.connect() as fast:
            slow.send(head)
            fast.send(head)
            until = time.monotonic() + 11
            while time.monotonic() < until:
                slow.send(b"x" * 50)
                fast.send(b"x" * 20000)  # fast enough, even if we had no processor for seconds
                time.sleep(0.5)
            r = slow.response()
            self.assertEqual((r.status, r.json()["error"]), (408, "request_timeout"), r)
            fast.socket.settimeout(0.5)
            with self.assertRaises(TimeoutError):
                fast.response()


if __name__ == "__main__":
    unittest.main()
