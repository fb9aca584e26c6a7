"""What a row of the conformance table is, and how a server is asked it.

A row is sent on a connection of its own. Its outcome is one line of text: the statuses of the
answers in their order, then

    kept     the connection answers one more request (a probe that is sent behind the row)
    closed   the server ends it
    waits    no further answer came, and the connection is still open

A status is followed by !NAME when the field NAME of its answer, or its body, is not what the
row says: "405!allow kept"."""

import re
from dataclasses import dataclass

from support.client import Connection

HOST = b"Host: a\r\n"
END = b"\r\n"
JSON = b"Content-Type: application/json\r\n"
SCAN = b'{"waybill_number":"NOPE-1"}'
PROBE = "conformance-probe"
NOT_HTTP = "?"  # a status, of an answer without a status line


@dataclass(frozen=True)
class Answer:
    status: int
    fields: tuple = ()  # of (name, pattern of its whole value, or None: it must not be there)
    body: object = None  # bytes, or a pattern of text to be found; None: any
    head: bool = False  # to HEAD: no body follows


@dataclass(frozen=True)
class Row:
    name: str
    section: str
    sent: tuple  # pieces; each but the last waits for one answer
    answers: tuple
    kept: bool
    nginx: bool = True  # nginx is asked too: the row is not about what this server alone has
    split: bool = True  # gives the same whatever pieces it comes in
    source: str = "127.0.0.1"  # whence the client connects
    client: object = None  # whom the access log takes for the client

    @property
    def outcome(self):
        return " ".join([str(a.status) for a in self.answers] + ["kept" if self.kept else "closed"])


def answer(status, body=None, head=False, **fields):
    """fields: content_type="text/.*", allow=None"""
    return Answer(status, tuple((k.replace("_", "-"), v) for k, v in fields.items()), body, head)


def _row(kept, name, section, sent, answers, options):
    return Row(name, section, (sent,) if isinstance(sent, bytes) else tuple(sent),
               tuple(a if isinstance(a, Answer) else answer(a) for a in answers), kept, **options)


def kept(name, section, sent, *answers, **options):
    """A row behind which the connection goes on."""
    return _row(True, name, section, sent, answers, options)


def closed(name, section, sent, *answers, **options):
    """A row that ends its connection."""
    return _row(False, name, section, sent, answers, options)


def get(target=b"/health", fields=b"", method=b"GET", version=b"HTTP/1.1", host=HOST):
    return method + b" " + target + b" " + version + END + host + fields + END


def post(fields=None, body=SCAN, target=b"/scan", version=b"HTTP/1.1"):
    """fields: in the place of Content-Length."""
    if fields is None:
        fields = b"Content-Length: %d\r\n" % len(body)
    return b"POST " + target + b" " + version + END + HOST + JSON + fields + END + body


def coded(coding=b"chunked", body=b"1b\r\n" + SCAN + b"\r\n0\r\n\r\n", **more):
    return post(b"Transfer-Encoding: " + coding + END, body, **more)


def chunks(text, **more):
    """text: all of the body as it is sent."""
    return coded(body=text, **more)


SCANNED = answer(404, body="not_found")


class _Reader:
    """Answers as they come, however odd."""

    def __init__(self, connection):
        self.socket, self.buffer = connection.socket, b""

    def _fill(self):
        data = self.socket.recv(65536)
        self.buffer += data
        return bool(data)

    def next(self, expected):
        """(status, fields, body), None at the end, TimeoutError."""
        while b"\r\n\r\n" not in self.buffer and (
                len(self.buffer) < 5 or self.buffer.startswith(b"HTTP/")):
            if not self._fill():
                if not self.buffer:
                    return None
                break
        head, mark, rest = self.buffer.partition(b"\r\n\r\n")
        status = re.match(rb"HTTP/1\.[01] (\d{3}) ", head)
        if not mark or not status:
            while self._fill():
                pass
            text, self.buffer = self.buffer, b""
            return NOT_HTTP, {}, text
        fields = {}
        for line in head.decode("latin-1").split("\r\n")[1:]:
            key, _, value = line.partition(":")
            fields[key.lower()] = value.strip()
        status = int(status[1])
        self.buffer = rest
        if fields.get("transfer-encoding") == "chunked" and not (expected and expected.head):
            return status, fields, self._chunks()
        length = int(fields.get("content-length", 0))
        if status in (100, 204, 304) or (expected is not None and expected.head):
            length = 0
        while len(self.buffer) < length and self._fill():
            pass
        if len(self.buffer) < length:
            raise AssertionError(f"an answer's body ends early: {head!r}")
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return status, fields, body


    def _chunks(self):
        """nginx packs as it sends."""
        body = b""
        while True:
            while b"\r\n" not in self.buffer and self._fill():
                pass
            size, _, self.buffer = self.buffer.partition(b"\r\n")
            size = int(size, 16)
            while len(self.buffer) < size + 2 and self._fill():
                pass
            body, self.buffer = body + self.buffer[:size], self.buffer[size + 2:]
            if size == 0:
                return body


def _faults(got, expected):
    if expected is None or got[0] != expected.status:
        return ""
    wrong = []
    for name, pattern in expected.fields:
        value = got[1].get(name)
        if (value is None) != (pattern is None) or (
                pattern is not None and not re.fullmatch(pattern, value)):
            wrong.append("!" + name)
    if isinstance(expected.body, bytes) and got[2] != expected.body:
        wrong.append("!body")
    if isinstance(expected.body, str) and not re.search(expected.body,
                                                        got[2].decode("utf-8", "replace")):
        wrong.append("!body")
    return "".join(wrong)


@dataclass
class Seen:
    outcome: str
    answers: list  # of (status, fields, body), the probe's last if it came


def _send(c, data, step):
    try:
        for i in range(0, len(data), step):
            c.send(data[i:i + step])
    except (BrokenPipeError, ConnectionResetError):
        pass  # refused before the end


def ask(port, row, patience=20.0, step=1 << 30, behind=b"", fields=b""):
    """Sends a row in pieces of `step` bytes, with `behind` at once behind its last byte, and
    returns what was seen. fields: added to the row's first request line."""
    with Connection(port, patience, source=row.source) as c:
        reader, seen, end = _Reader(c), [], None
        wanted = len(row.answers)

        def read():
            nonlocal end
            expected = row.answers[len(seen)] if len(seen) < wanted else None
            try:
                got = reader.next(expected)
            except TimeoutError:
                end = "waits"
            except ConnectionResetError:
                end = "closed"
            else:
                if got is None:
                    end = "closed"
                else:
                    seen.append(got)
        for i, piece in enumerate(row.sent):
            last = i == len(row.sent) - 1
            _send(c, piece + behind if last else piece, step)
            if not last and end is None:
                read()
        while end is None and len(seen) < wanted:
            read()
        if end is None:
            _send(c, get(fields=b"Connection: close\r\nX-Request-Id: " + PROBE.encode() + END),
                  1 << 30)
        while end is None:
            read()
        probe = bool(seen) and seen[-1][1].get("x-request-id") == PROBE
        statuses = [f"{got[0]}{_faults(got, row.answers[i] if i < wanted else None)}"
                    for i, got in enumerate(seen[:-1] if probe else seen)]
        return Seen(" ".join(statuses + ["kept" if probe else end]), seen)

