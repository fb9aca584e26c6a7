"""HTTP/1.1 messages as bytes over asyncio streams: what a link has to know to cut one in two.
Only what our clients and our server send: a Content-Length or no body."""

import asyncio
import time

LIMIT = 64 << 20
# As static/insist.js has them.
COPIES = 2
SOONEST = 0.4  # seconds
PATIENCE = 3  # times what the last answer took


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
        self.took = 0.0  # seconds, until the last answer of insist()

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

    async def insist(self, data):
        """ask(), and the same again over other connections while nobody answers. The first good
        answer counts, or the last bad one; its connection is the one that is kept."""
        began = time.monotonic()
        pause = max(SOONEST, PATIENCE * self.took)
        calls = {asyncio.create_task(self.ask(data)): self}
        copies = 0
        call = caller = None
        try:
            while calls and not settles(call):
                done, _ = await asyncio.wait(calls, timeout=pause if copies < COPIES else None,
                                             return_when=asyncio.FIRST_COMPLETED)
                if done:
                    call = done.pop()
                    caller = calls.pop(call)
                else:
                    copies += 1
                    copy = Caller(*self.address, began + self.timeout - time.monotonic())
                    copy.source, copy.cookie = self.source, self.cookie
                    calls[asyncio.create_task(copy.ask(data))] = copy
        finally:
            for other, its in calls.items():
                other.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
                other.cancel()
                its.close()
        self._become(caller)
        self.took = time.monotonic() - began
        return call.result()

    def _become(self, caller):
        if caller is not self:
            self.close()
            self.reader, self.writer = caller.reader, caller.writer
            self.cookie, self.retry_after = caller.cookie, caller.retry_after


def settles(call):
    """Whether asking again would change nothing."""
    return bool(call) and not call.exception() and (
        call.result()[0] < 500 and call.result()[0] != 429)
