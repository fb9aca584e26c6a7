"""HTTP/1.1 messages as bytes over asyncio streams: what a link has to know to cut one in two.
Only what our clients and our server send: a Content-Length or no body."""

import asyncio

LIMIT = 64 << 20


async def read_message(reader):
    """A whole message, or b"" when the other side has closed in front of it."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as e:
        if e.partial:
            raise ConnectionError("cut inside a head") from None
        return b""
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    try:
        return head + (await reader.readexactly(length) if length else b"")
    except asyncio.IncompleteReadError:
        raise ConnectionError("cut inside a body") from None


def answer(message):
    """(status, body) of a response."""
    head, _, body = message.partition(b"\r\n\r\n")
    return int(head.split(b" ", 2)[1]), body


def closes(message):
    """Whether the connection ends with this response."""
    return b"\r\nconnection: close" in message.partition(b"\r\n\r\n")[0].lower()


def field(message, name):
    """A field's value, or ""; the name in lower case."""
    for line in message.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]:
        found, _, value = line.partition(b":")
        if found.lower().decode() == name:
            return value.strip().decode()
    return ""


def request(method, path, body=b"", kind="application/json", key=""):
    """key: it may be repeated on the way; it counts once."""
    head = f"{method} {path} HTTP/1.1\r\nHost: floor\r\nContent-Length: {len(body)}\r\n"
    if key:
        head += f"Idempotency-Key: {key}\r\n"
    if body:
        head += f"Content-Type: {kind}\r\n"
    return head.encode() + b"\r\n" + body


def response(status, body):
    return (f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


class Caller:
    """One client's connection, opened anew after every trouble, and its cookie. source: the
    client's own address."""

    def __init__(self, host, port, timeout, source=None):
        self.address = (host, port)
        self.timeout = timeout
        self.source = source and (source, 0)
        self.reader = self.writer = None
        self.cookie = ""
        self.retry_after = 0.0  # seconds, as the last answer said

    def close(self):
        if self.writer:
            self.writer.transport.abort()
            self.writer = None

    async def ask(self, data):
        """(status, body); raises OSError when no whole answer came in time."""
        try:
            return await asyncio.wait_for(self._ask(data), self.timeout)
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError) as e:
            self.close()
            raise ConnectionError(str(e)) from None

    async def _ask(self, data):
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(
                *self.address, limit=LIMIT, local_addr=self.source)
        if self.cookie:
            data = data.replace(b"\r\n", f"\r\nCookie: {self.cookie}\r\n".encode(), 1)
        self.retry_after = 0.0
        self.writer.write(data)
        await self.writer.drain()
        message = await read_message(self.reader)
        if not message:
            raise ConnectionError("closed without an answer")
        if closes(message):
            self.close()
        self.cookie = field(message, "set-cookie").partition(";")[0] or self.cookie
        self.retry_after = float(field(message, "retry-after") or 0)
        return answer(message)
