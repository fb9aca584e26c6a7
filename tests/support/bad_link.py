"""A TCP link that loses, delays, repeats and cuts HTTP requests and their answers.

    link = BadLink(random.Random(seed), host, port)
    port = await link.open()           # connect here instead
    link.calm = True                   # from now on it only passes everything on
    link.seen                          # Counter of what it did
"""

import asyncio
import collections

from .http_bytes import LIMIT, read_message

# Of 1,000 requests. A swallowed one costs its client a timeout.
FAULTS = {
    "late request": 20,
    "late answer": 20,
    "cut before the request": 10,
    "cut in the request": 10,
    "cut before the answer": 20,
    "cut in the answer": 15,
    "request swallowed": 1,
    "answer swallowed": 1,
    "request twice at once": 30,
    "request again later": 20,
}


class Cut(Exception):
    """The link is to be cut now."""


class BadLink:
    def __init__(self, random, host, port, faults=None):
        self.random = random
        self.to = (host, port)
        self.calm = False
        self.seen = collections.Counter()
        faults = FAULTS if faults is None else faults
        self.names = [*faults, ""]
        self.weights = [*faults.values(), 1000 - sum(faults.values())]
        self.tasks = set()

    async def open(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=LIMIT)
        return self.server.sockets[0].getsockname()[1]

    async def close(self):
        self.server.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def start(self, work):
        """Runs beside everything else, whatever becomes of it."""
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task):
        self.tasks.discard(task)
        if not task.cancelled() and not isinstance(task.exception(), (OSError, type(None))):
            raise task.exception()

    async def _serve(self, reader, writer):
        self.tasks.add(asyncio.current_task())
        far = None
        try:
            while data := await read_message(reader):
                if far is None:
                    far = await asyncio.open_connection(*self.to, limit=LIMIT)
                await self.exchange(data, writer, *far)
        except (OSError, Cut, asyncio.CancelledError):
            pass
        finally:
            self.tasks.discard(asyncio.current_task())
            for end in (writer, far and far[1]):
                if end and self.random.random() < 0.5:
                    end.transport.abort()
                elif end:
                    end.close()

    async def once(self, data, pause=0.0):
        """The request on a connection of its own; its answer goes nowhere."""
        await asyncio.sleep(pause)
        reader, writer = await asyncio.open_connection(*self.to, limit=LIMIT)
        try:
            writer.write(data)
            await read_message(reader)
        finally:
            writer.transport.abort()

    async def exchange(self, data, writer, far_reader, far_writer):
        """One request and its answer, or Cut."""
        fault = "" if self.calm else self.random.choices(self.names, self.weights)[0]
        self.seen[fault or "passed on"] += 1
        if fault == "cut before the request":
            raise Cut
        if fault == "request swallowed":
            await asyncio.sleep(60)
            raise Cut
        if fault == "late request":
            await asyncio.sleep(self.random.uniform(0, 0.1))
        if fault == "request again later":
            self.start(self.once(data, self.random.uniform(0, 3)))
        if fault == "request twice at once":
            self.start(self.once(data))
        if fault == "cut in the request":
            far_writer.write(data[:self.random.randrange(1, len(data))])
            await far_writer.drain()
            raise Cut
        far_writer.write(data)
        await far_writer.drain()
        if fault == "cut before the answer":
            # The server is anywhere between not having read it and having answered.
            await asyncio.sleep(self.random.choice((0, self.random.uniform(0, 0.02))))
            raise Cut
        message = await read_message(far_reader)
        if not message:
            raise Cut
        if fault == "late answer":
            await asyncio.sleep(self.random.uniform(0, 0.1))
        if fault == "answer swallowed":
            await asyncio.sleep(60)
            raise Cut
        if fault == "cut in the answer":
            message = message[:self.random.randrange(1, len(message))]
        writer.write(message)
        await writer.drain()
        if fault == "cut in the answer":
            raise Cut
