"""HTTP/1.1 over a socket: framing, keep-alive, refusals and how connections end, by section
of RFC 9112 (or RFC 9110 where it says so). What the parsers alone decide is in tests/unit."""

import email.utils
import json
import socket
import threading
import time
import unittest

from support.server import ServerCase
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


# Each ends its connection, since nobody can know where the next request would begin.
REFUSED = [
    ("2.2: a bare LF", b"GET /health HTTP/1.1\n" + HOST + b"\r\n", 400),
    ("2.2: a bare CR", b"GET /health HTTP/1.1\r\nHost: a\rb\r\n\r\n", 400),
    ("2.2: white space before a field", b"GET /health HTTP/1.1\r\n X: y\r\n" + HOST + b"\r\n", 400),
    ("2.2: TLS to a plain port", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    ("2.3: HTTP/2.0", b"GET /health HTTP/2.0\r\n" + HOST + b"\r\n", 505),
    ("2.3: HTTP/0.9", b"GET /health\r\n", 400),
    ("2.3: lower case", b"GET /health http/1.1\r\n" + HOST + b"\r\n", 400),
    ("3: two spaces", b"GET  /health HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("3: a long target", b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
    ("3.1: a long method", b"A" * 100 + b" / HTTP/1.1\r\n" + HOST + b"\r\n", 501),
    ("3.1: CONNECT (9110 9.3.6)", b"CONNECT a:80 HTTP/1.1\r\n" + HOST + b"\r\n", 501),
    ("3.2: Host missing", b"GET /health HTTP/1.1\r\n\r\n", 400),
    ("3.2: Host twice", get(more=HOST), 400),
    ("3.2: Host invalid", b"GET /health HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
    ("3.2: Host empty", b"GET /health HTTP/1.1\r\nHost:\r\n\r\n", 400),
    ("3.2: a relative target", b"GET health HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("3.2: a fragment", get(b"/health#x"), 400),
    ("3.2.4: asterisk with GET", get(b"*"), 400),
    ("5: too many fields (6585 5)", get(more=b"A: b\r\n" * 101), 431),
    ("5: fields too long (6585 5)", get(more=b"A: " + b"b" * 17000 + b"\r\n"), 431),
    ("5.1: a space before the colon", get(more=b"A : b\r\n"), 400),
    ("5.2: a folded line", get(more=b"A: b\r\n c\r\n"), 400),
    ("5.5: NUL in a value (9110 5.5)", get(more=b"A: b\0\r\n"), 400),
    ("6.1: length beside chunked", post(b"0\r\n\r\n", b"Transfer-Encoding: chunked\r\n"), 400),
    ("6.1: chunked in 1.0",
     b"POST /scan HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("6.1: unknown coding",
     b"POST /scan HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
    ("6.3: chunked not last",
     b"POST /scan HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked, gzip\r\n\r\n", 400),
    ("6.3: two lengths", post(more=b"Content-Length: 5\r\n"), 400),
    ("6.3: the same length twice", post(more=b"Content-Length: %d\r\n" % len(SCAN)), 400),
    ("6.3: a list of lengths",
     b"POST /scan HTTP/1.1\r\n" + HOST + b"Content-Length: 3, 3\r\n\r\nabc", 400),
    ("6.3: a signed length",
     b"POST /scan HTTP/1.1\r\n" + HOST + b"Content-Length: +3\r\n\r\nabc", 400),
    ("6.3: a length that wraps",
     b"POST /scan HTTP/1.1\r\n" + HOST + b"Content-Length: 18446744073709551617\r\n\r\na", 400),
    ("7.1: a bad chunk size", chunked()[:-5] + b"x\r\n", 400),
    ("7.1: a chunk size that wraps", chunked()[:-5] + b"10000000000000001\r\nabc\r\n", 413),
    ("7.1: LF alone behind a size", chunked()[:-5] + b"1\nx\r\n0\r\n\r\n", 400),
    ("7.1: a chunk longer than its size", chunked()[:-5] + b"1\r\nxy\r\n0\r\n\r\n", 400),
    ("7.1.1: endless extensions", chunked()[:-5] + b"1;" + b"a" * 20000, 413),
    ("7.1.2: endless trailers", chunked()[:-2] + b"A: b\r\n" * 3000, 413),
    ("9110 10.1.1: another expectation", post(more=b"Expect: 200-ok\r\n"), 417),
    ("9110 15.5.14: a large length",
     b"POST /scan HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999999\r\n\r\n", 413),
    ("9110 15.5.14: many chunks", chunked(*[b"x" * 9000] * 3), 413),
]

# Refused too, but where the next request begins is beyond doubt.
REFUSED_KEPT = [
    ("9110 15.5.5: unknown path", get(b"/nothing"), 404),
    ("9110 15.5.6: method not for this path", b"DELETE /health HTTP/1.1\r\n" + HOST + b"\r\n", 405),
    ("9110 15.6.2: unknown method", b"BREW /health HTTP/1.1\r\n" + HOST + b"\r\n", 501),
    ("9110 9.1: methods have a case", b"get /health HTTP/1.1\r\n" + HOST + b"\r\n", 501),
    ("9110 9.3.8: TRACE", b"TRACE /health HTTP/1.1\r\n" + HOST + b"\r\n", 501),
    ("3986 2.1: a bad escape", get(b"/%zz"), 400),
    ("3986 2.4: escaped CR LF", get(b"/%0d%0aSet-Cookie:%20a=b"), 400),
    ("3986 5.2.4: dots", get(b"/static/../x"), 400),
    ("3986 5.2.4: escaped dots", get(b"/static/%2e%2e/x"), 400),
    ("an escaped slash", get(b"/static/..%2fx"), 400),
    ("an escaped NUL", get(b"/static/a%00"), 400),
]


class HttpCase(ServerCase):
    settings = {"workers": 2}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        wait_until(lambda: cls.client.get("/health").status == 200, "the server is healthy")

    def connect(self):
        c = self.client.connect(timeout=20)
        self.addCleanup(c.close)
        return c

    def assert_health(self, c, response=None):
        r = response or c.response()
        self.assertEqual((r.status, r.body.strip()), (200, b"healthy"), r)
        return r

    def assert_alive(self, c):
        c.send(get())
        return self.assert_health(c)

    def assert_refused(self, name, c, status, closed):
        r = c.response()
        self.assertEqual(r.status, status, (name, r))
        self.assertEqual(r.headers["content-type"], "application/json", name)
        self.assertEqual(set(json.loads(r.body)) & {"error", "message"}, {"error", "message"}, name)
        self.assertIn("date", r.headers, name)
        if closed:
            self.assertEqual(r.headers.get("connection"), "close", name)
            self.assertTrue(c.closed(), name)
        else:
            self.assert_alive(c)


class Refusals(HttpCase):
    def test_at_once(self):
        for rows, closed in ((REFUSED, True), (REFUSED_KEPT, False)):
            for name, raw, status in rows:
                with self.subTest(name), self.client.connect(timeout=20) as c:
                    c.send(raw)
                    self.assert_refused(name, c, status, closed)

    def test_byte_by_byte(self):
        for rows, closed in ((REFUSED, True), (REFUSED_KEPT, False)):
            for name, raw, status in rows:
                if len(raw) > 400:
                    continue
                with self.subTest(name), self.client.connect(timeout=20) as c:
                    try:
                        for i in range(len(raw)):
                            c.send(raw[i:i + 1])
                    except (BrokenPipeError, ConnectionResetError):
                        pass  # refused at the first bad byte, which may not be the last
                    self.assert_refused(name, c, status, closed)

    def test_nothing_behind_a_refusal_is_answered(self):
        for name, raw, status in REFUSED:
            with self.subTest(name), self.client.connect(timeout=20) as c:
                c.send(raw + get() + get())
                r = c.response()
                self.assertEqual(r.status, status, (name, r))
                self.assertEqual(c._rest(), b"", name)

    def test_405_says_what_is_possible(self):
        r = self.client.request("DELETE", "/scan")
        self.assertEqual(r.status, 405, r)
        self.assertEqual({m.strip() for m in r.headers["allow"].split(",")} - {"OPTIONS"},
                         {"GET", "HEAD", "POST"}, r)

    def test_nothing_of_the_request_becomes_a_header(self):
        for raw in (get(b"/%0d%0aX-Evil:1"), get(more=b"X-Request-Id: a;b\r\n"),
                    get(b"/waybills/%0d%0aX-Evil:%201"), get(b"/?a=%0d%0aX-Evil:1")):
            c = self.connect()
            c.send(raw)
            r = c.response()
            self.assertNotIn("x-evil", r.headers)
            self.assertNotEqual(r.headers.get("x-request-id"), "a;b")


class KeepAlive(HttpCase):
    def test_1_1_goes_on(self):  # 9.3
        c = self.connect()
        for _ in range(20):
            r = self.assert_alive(c)
            self.assertNotEqual(r.headers.get("connection"), "close")

    def test_close_is_obeyed(self):  # 9.6
        for value in (b"close", b"Close", b"te, close", b"keep-alive, close"):
            c = self.connect()
            c.send(get(more=b"Connection: " + value + b"\r\n") + get())
            self.assertEqual(self.assert_health(c).headers["connection"], "close")
            self.assertTrue(c.closed(), value)

    def test_1_0_closes(self):  # 9.3
        c = self.connect()
        c.send(b"GET /health HTTP/1.0\r\n\r\n")
        r = self.assert_health(c)
        self.assertEqual(r.headers["connection"], "close")
        self.assertTrue(c.closed())

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

    def test_a_higher_minor_is_1_1(self):  # 9110 2.5
        c = self.connect()
        c.send(b"GET /health HTTP/1.7\r\n" + HOST + b"\r\n")
        self.assert_health(c)
        self.assert_alive(c)

    def test_half_closed_clients_are_answered(self):  # 9.6
        c = self.connect()
        c.send(get() + get(b"/nothing"))
        c.socket.shutdown(socket.SHUT_WR)
        self.assert_health(c)
        self.assertEqual(c.response().status, 404)
        self.assertTrue(c.closed())

    def test_an_empty_line_between_requests(self):  # 2.2
        c = self.connect()
        c.send(get() + b"\r\n" + get())
        self.assert_health(c)
        self.assert_health(c)


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
        for path in (b"/health", b"/nothing", b"/static/../x", b"/scan"):
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

    def test_length(self):
        c = self.connect()
        for _ in range(3):
            c.send(post())
            self.assert_scanned(c.response())

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

    def test_trailers_are_not_headers(self):  # 9110 6.5.1
        c = self.connect()
        c.send(chunked(SCAN, trailers=b"X-Request-Id: from-a-trailer\r\nConnection: close\r\n"))
        r = c.response()
        self.assertNotEqual(r.headers["x-request-id"], "from-a-trailer")
        self.assert_alive(c)

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

    def test_before_the_body(self):  # 9110 10.1.1
        for raw in (post(more=self.EXPECT), chunked(SCAN, more=self.EXPECT)):
            head, _, body = raw.partition(b"\r\n\r\n")
            c = self.connect()
            c.send(head + b"\r\n\r\n")
            self.assertEqual(c.response().status, 100)
            c.send(body)
            self.assertEqual(c.response().status, 404)
            self.assert_alive(c)

    def test_clients_that_do_not_wait(self):
        c = self.connect()
        c.send(post(more=self.EXPECT))
        r = c.response()
        if r.status == 100:
            r = c.response()
        self.assertEqual(r.status, 404, r)
        self.assert_alive(c)

    def test_not_for_a_body_that_is_refused(self):
        for raw, status in (
                (b"POST /nothing HTTP/1.1\r\n" + HOST + self.EXPECT + b"Content-Length: 5\r\n\r\n", 404),
                (b"POST /scan HTTP/1.1\r\n" + HOST + self.EXPECT + b"Content-Length: 9999999\r\n\r\n", 413),
                (b"POST /scan HTTP/1.1\r\n" + HOST + b"Expect: x\r\nContent-Length: 5\r\n\r\n", 417)):
            c = self.connect()
            c.send(raw)
            self.assertEqual(c.response().status, status)
            self.assertTrue(c.closed())

    def test_not_in_1_0(self):
        c = self.connect()
        c.send(b"POST /scan HTTP/1.0\r\n" + JSON + self.EXPECT + b"Content-Length: %d\r\n\r\n" % len(SCAN))
        c.socket.settimeout(0.3)
        with self.assertRaises(socket.timeout):
            c.socket.recv(1)
        c.socket.settimeout(20)
        c.send(SCAN)
        self.assertEqual(c.response().status, 404)

    def test_not_without_a_body(self):
        c = self.connect()
        c.send(get(more=self.EXPECT))
        self.assert_health(c)


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
            r = self.client.get(path)
            date = email.utils.parsedate_to_datetime(r.headers["date"])
            self.assertLess(abs(date.timestamp() - time.time()), 5, path)
            self.assertTrue(r.headers["date"].endswith(" GMT"))

    def test_request_ids(self):
        taken = self.client.get("/health", {"X-Request-Id": "abc-123"})
        self.assertEqual(taken.headers["x-request-id"], "abc-123")
        made = {self.client.get("/health").headers["x-request-id"] for _ in range(20)}
        self.assertEqual(len(made), 20)

    def test_absolute_form(self):  # 3.2.2
        c = self.connect()
        for target in (b"http://b/health", b"HTTP://b:81/health?x"):
            c.send(get(target))
            self.assert_health(c)

    def test_idle_connections_pin_nobody(self):
        idle = [self.connect() for _ in range(50)]
        for c in idle[::2]:
            c.send(b"GET /hea")
        begin = time.monotonic()
        self.assert_alive(self.connect())
        self.assertLess(time.monotonic() - begin, 1)
        for c in idle[::2]:
            c.send(b"lth HTTP/1.1\r\n" + HOST + b"\r\n")
        for c in idle[::2]:
            self.assert_health(c)


if __name__ == "__main__":
    unittest.main()
