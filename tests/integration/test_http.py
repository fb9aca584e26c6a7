"""HTTP/1.1 over a socket: framing, keep-alive, refusals and how connections end, by section
of RFC 9112 (or RFC 9110 where it says so): what takes more than one exchange of bytes. The others
are rows of tests/conformance; what the parsers alone decide is in tests/unit."""

import email.utils
import itertools
import json
import os
import re
import shutil
import socket
import threading
import time
import unittest

from support.pg import ROOT
from support.server import Server, ServerCase
from support.wait import wait_until

HOST = b"Host: a\r\n"
JSON = b"Content-Type: application/json\r\n"
SCAN = b'{"waybill_number":"NOPE-1"}'


def get(path=b"/health", more=b""):
    return b"GET " + path + b" HTTP/1.1\r\n" + HOST + more + b"\r\n"


def post(body=SCAN, more=b"", path=b"/scan"):
    return (b"POST " + path + b" HTTP/1.1\r\n" + HOST + JSON + more
            + b"Content-Length: %d\r\n\r\n" % len(body) + body)


def chunked(*chunks, more=b"", trailers=b""):
    body = b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in chunks)
    return (b"POST /scan HTTP/1.1\r\n" + HOST + JSON + more
            + b"Transfer-Encoding: chunked\r\n\r\n" + body + b"0\r\n" + trailers + b"\r\n")


def metrics(path):
    """Those of the server on a unix socket."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(60)
        s.connect(path)
        s.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        return b"".join(iter(lambda: s.recv(65536), b""))


class HttpCase(ServerCase):
    settings = {"workers": 2}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        wait_until(lambda: cls.client.get("/health").status == 200, "the server is healthy")

    def connect(self):
        c = self.client.connect(timeout=60)
        self.addCleanup(c.close)
        return c

    def assert_health(self, c, response=None):
        r = response or c.response()
        self.assertEqual((r.status, r.body.strip()), (200, b"healthy"), r)
        return r

    def assert_alive(self, c):
        c.send(get())
        return self.assert_health(c)


class KeepAlive(HttpCase):
    def test_1_1_goes_on(self):  # 9.3
        c = self.connect()
        for _ in range(20):
            r = self.assert_alive(c)
            self.assertNotEqual(r.headers.get("connection"), "close")

    def test_1_0_with_keep_alive_goes_on(self):  # 9.3
        c = self.connect()
        for _ in range(3):
            c.send(b"GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            r = self.assert_health(c)
            self.assertEqual(r.headers["connection"].lower(), "keep-alive")

    def test_1_0_is_never_answered_in_chunks(self):  # 6.1
        c = self.connect()
        c.send(b"GET /scan HTTP/1.0\r\nAccept: text/html\r\n\r\n")
        r = c.response()
        self.assertEqual(r.status, 200)
        self.assertNotIn("transfer-encoding", r.headers)

    def test_half_closed_clients_are_answered(self):  # 9.6
        c = self.connect()
        c.send(get() + get(b"/nothing"))
        c.socket.shutdown(socket.SHUT_WR)
        self.assert_health(c)
        self.assertEqual(c.response().status, 404)
        self.assertTrue(c.closed())



class Order(HttpCase):
    PIPELINE = [
        (get(), 200, False), (get(b"/nothing"), 404, False), (post(), 404, False),
        (b"HEAD /health HTTP/1.1\r\n" + HOST + b"\r\n", 200, True),
        (chunked(SCAN[:5], SCAN[5:]), 404, False), (get(b"/ready"), 200, False),
        (b"DELETE /health HTTP/1.1\r\n" + HOST + b"\r\n", 405, False),
        (get(b"http://b/health"), 200, False),
        (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", 204, False),
        (chunked(SCAN, trailers=b"A: b\r\n"), 404, False), (get(), 200, False),
    ]

    def answers(self, c):
        for i, (raw, status, head_only) in enumerate(self.PIPELINE):
            r = c.response(head_only)
            self.assertEqual(r.status, status, (i, raw, r))

    def test_pipelined_at_once(self):  # 9.3.2
        c = self.connect()
        c.send(b"".join(raw for raw, _, _ in self.PIPELINE))
        self.answers(c)
        self.assert_alive(c)

    def test_pipelined_in_pieces(self):
        whole = b"".join(raw for raw, _, _ in self.PIPELINE)
        for step in (1, 7, 100):
            c = self.connect()
            for i in range(0, len(whole), step):
                c.send(whole[i:i + step])
            self.answers(c)
            self.assert_alive(c)

    def test_pipelined_then_closed(self):
        c = self.connect()
        c.send(get() + get(more=b"Connection: close\r\n") + get(b"/nothing"))
        self.assert_health(c)
        self.assert_health(c)
        self.assertTrue(c.closed())

    def test_many_pipelined(self):
        c = self.connect()
        sender = threading.Thread(target=c.send, args=(get() * 2000,))
        sender.start()
        for _ in range(2000):
            self.assert_health(c)
        sender.join()

    def test_each_split_of_a_request(self):
        raw = post()
        for at in range(1, len(raw)):
            c = self.connect()
            c.send(raw[:at])
            time.sleep(0.001)
            c.send(raw[at:])
            r = c.response()
            self.assertEqual((r.status, r.json()["result"]), (404, "not_found"), (at, r))
            c.close()


class Head(HttpCase):
    def test_as_get_without_a_body(self):  # 9110 9.3.2
        c = self.connect()
        for path in (b"/health", b"/nothing", b"/static/../x", b"/scan", b"/scans"):
            accept = b"Accept: text/html\r\n"
            c.send(get(path, accept))
            want = c.response()
            c.send(get(path, accept).replace(b"GET", b"HEAD", 1))
            got = c.response(head_only=True)
            self.assertEqual((got.status, got.headers["content-length"]),
                             (want.status, want.headers["content-length"]), path)
            self.assert_alive(c)


class Bodies(HttpCase):
    def assert_scanned(self, r):
        self.assertEqual((r.status, r.json().get("result")), (404, "not_found"), r)
        self.assertEqual(r.json()["waybill_number"], "NOPE-1")

    def test_chunks(self):  # 7.1
        c = self.connect()
        for raw in (chunked(SCAN), chunked(*[bytes([b]) for b in SCAN]),
                    chunked(SCAN, trailers=b"X-A: b\r\nX-C:\r\n"),
                    chunked(SCAN).replace(b"\r\n0\r\n", b"\r\n0;a=b;c=\"d\"\r\n")):
            c.send(raw)
            self.assert_scanned(c.response())

    def test_chunks_byte_by_byte(self):
        c = self.connect()
        for b in chunked(SCAN[:7], SCAN[7:], trailers=b"A: b\r\n"):
            c.send(bytes([b]))
        self.assert_scanned(c.response())

    def test_a_body_that_a_route_does_not_want(self):
        """It is read and dropped, or the connection ends: never taken for a request."""
        for raw in (get(more=b"Content-Length: 5\r\n") + b"GET /", get(b"/nothing", b"Content-Length: 5\r\n")
                    + b"GET /"):
            c = self.connect()
            c.send(raw)
            r = c.response()
            self.assertIn(r.status, (200, 404, 413), r)
            if r.headers.get("connection") == "close":
                self.assertTrue(c.closed())
            else:
                self.assert_alive(c)

    def test_a_body_cut_short_is_no_request(self):
        before = self.db.value("SELECT count(*) FROM scanned_waybills")
        c = self.connect()
        c.send(post()[:-3])
        c.socket.shutdown(socket.SHUT_WR)
        c._rest()
        self.assert_alive(self.connect())
        self.assertEqual(self.db.value("SELECT count(*) FROM scanned_waybills"), before)


class Continue(HttpCase):
    EXPECT = b"Expect: 100-continue\r\n"

    def test_clients_that_do_not_wait(self):
        c = self.connect()
        c.send(post(more=self.EXPECT))
        r = c.response()
        if r.status == 100:
            r = c.response()
        self.assertEqual(r.status, 404, r)
        self.assert_alive(c)

    def test_not_in_1_0(self):
        c = self.connect()
        c.send(b"POST /scan HTTP/1.0\r\n" + JSON + self.EXPECT + b"Content-Length: %d\r\n\r\n" % len(SCAN))
        c.socket.settimeout(0.3)
        with self.assertRaises(socket.timeout):
            c.socket.recv(1)
        c.socket.settimeout(60)
        c.send(SCAN)
        self.assertEqual(c.response().status, 404)

    def test_behind_an_answer_that_fills_the_socket(self):
        """There was no room for the 100, and the client was taken for gone. A unix socket is
        full at a byte that can be told beforehand."""
        one, other = socket.socketpair(socket.AF_UNIX)
        with one, other:
            one.setblocking(False)
            room = one.send(bytes(4 << 20))
            self.assertRaises(BlockingIOError, one.send, b"100")
        server = Server(self.db.conninfo, {"workers": 1})
        self.addCleanup(server.kill)
        pages = shutil.copytree(os.path.join(ROOT, "static"), os.path.join(server.folder, "static"))
        with open(os.path.join(pages, "big.bin"), "wb") as f:
            f.write(bytes(room - 2048))
        path = os.path.join(server.folder, "s")
        server.write_config(listen=f"unix:{path}", static_dir=pages)
        server.start(ready=False)
        server.wait_for_log(" ready$")
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(60)
            s.connect(path)
            whole = post(more=self.EXPECT)
            s.sendall(get(b"/static/big.bin") + whole[:-len(SCAN)])
            wait_until(lambda: b'waybill_connections{state="body"} 1' in metrics(path),
                       "the server waits for the body")
            s.sendall(whole[-len(SCAN):])
            s.shutdown(socket.SHUT_WR)
            came = b"".join(iter(lambda: s.recv(65536), b""))
        self.assertIn(b"HTTP/1.1 404 ", came)
        server.stop()


class TooLarge(HttpCase):
    def test_the_answer_survives_the_body(self):  # 9.6
        """A client that sends all of a refused body first still reads the answer."""
        c = self.connect()
        size = 3 * 1024 * 1024
        c.send(b"POST /scan HTTP/1.1\r\n" + HOST + JSON + b"Content-Length: %d\r\n\r\n" % size)
        for _ in range(size // 65536):
            c.send(b"x" * 65536)
        r = c.response()
        self.assertEqual((r.status, r.json()["error"]), (413, "too_large"), r)
        self.assertEqual(r.headers["connection"], "close")
        self.assertEqual(c._rest(), b"")

    def test_the_answer_waits_for_a_client_that_sends_on(self):  # 9.6
        """Programs that send all of a file before they read lost the answer to a reset after
        4 MiB, or after two seconds."""
        for pieces, pause in ((48, 0), (10, 0.3)):
            with self.subTest(pieces), self.client.connect(timeout=60) as c:
                c.send(b"POST /upload HTTP/1.1\r\n" + HOST
                       + b"Content-Type: multipart/form-data; boundary=b\r\n"
                       b"Content-Length: 99999999999\r\n\r\n")
                for _ in range(pieces):
                    c.send(b"x" * 1048576)
                    time.sleep(pause)  # a slow line
                r = c.response()
                self.assertEqual((r.status, r.json()["error"]), (413, "too_large"), r)
                c.socket.shutdown(socket.SHUT_WR)
                self.assertEqual(c._rest(), b"")

    def test_it_is_answered_before_the_body(self):
        c = self.connect()
        c.send(b"POST /upload HTTP/1.1\r\n" + HOST + b"Content-Type: multipart/form-data; boundary=b\r\n"
               b"Content-Length: 99999999999\r\n\r\n")
        self.assertEqual(c.response().status, 413)
        self.assertTrue(c.closed())

    def test_chunks_count_too(self):
        c = self.connect()
        c.send(b"POST /scan HTTP/1.1\r\n" + HOST + JSON + b"Transfer-Encoding: chunked\r\n\r\n")
        try:
            for _ in range(20):
                c.send(b"8000\r\n" + b"x" * 32768 + b"\r\n")
        except (BrokenPipeError, ConnectionResetError):
            self.fail("the connection was reset under the client")
        self.assertEqual(c.response().status, 413)


class Answers(HttpCase):
    def test_date(self):  # 9110 6.6.1
        for path in ("/health", "/nothing", "/ready", "/scan"):
            before = time.time()
            r = self.client.get(path)
            date = email.utils.parsedate_to_datetime(r.headers["date"])
            self.assertTrue(before - 2 < date.timestamp() < time.time() + 1, path)
            self.assertTrue(r.headers["date"].endswith(" GMT"))

    def test_request_ids(self):
        taken = self.client.get("/health", {"X-Request-Id": "abc-123"})
        self.assertEqual(taken.headers["x-request-id"], "abc-123")
        made = {self.client.get("/health").headers["x-request-id"] for _ in range(20)}
        self.assertEqual(len(made), 20)

    def test_a_client_that_says_nothing_at_first(self):
        """The kernel keeps a connection back until it has bytes, but not for good."""
        def taken():
            text = self.client.get("/metrics").body.decode()
            return int(re.search(r"^waybill_connections_accepted_total (\d+)$", text,
                                 re.MULTILINE).group(1))
        alone = taken() + 1
        self.assertEqual(taken(), alone, "each look is a connection itself")
        late = self.connect()
        looks = itertools.count(alone + 1)
        wait_until(lambda: taken() > next(looks), "it is taken though it is silent")
        self.assert_alive(late)

    def test_idle_connections_pin_nobody(self):
        idle = [self.connect() for _ in range(50)]
        for c in idle[::2]:
            c.send(b"GET /hea")
        took = []
        while len(took) < 3 and min(took, default=1) >= 1:  # others want the machine, too
            begin = time.monotonic()
            self.assert_alive(self.connect())
            took.append(time.monotonic() - begin)
        self.assertLess(min(took), 1)
        for c in idle[::2]:
            c.send(b"lth HTTP/1.1\r\n" + HOST + b"\r\n")
        for c in idle[::2]:
            self.assert_health(c)


if __name__ == "__main__":
    unittest.main()
