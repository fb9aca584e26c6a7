"""Simulated stations: operators who scan, undo and scan again, and outboxes that behave as the
scan page's: a scan has its scan_id before it is sent, scans go out in order, and what was not
answered stays and is sent again under the same id; after an outage as a backlog.

    floor = Floor(seed=1, numbers=2000, port=port)
    floor.prepare(client)              # manifests, holds and sessions, over a good connection
    await floor.work("127.0.0.1", port)         # over a bad one, until every outbox is empty
    floor.scans, floor.uploads, floor.dispatches   # the history, for support/scan_check.py
    floor.failed, floor.longest_wait()              # what the stations had to bear

Times are of time.monotonic(), of this process alone. Station names begin with floor.name, so
that a database may hold other scans as well.
"""

import asyncio
import collections
import datetime
import json
import random
import time
import uuid

from .client import multipart
from .http_bytes import Caller, request

GROUPS = ((0, 1, 2), (3, 4, 5), (6, 7))  # stations that share a session
TIMEOUT = 2.0  # seconds until a station gives up an answer, unless its floor says otherwise
BACKLOG = 150  # scans that an operator makes while the line is down
FIRST_TIME = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)


class Asked:
    """Something that is asked for until it is answered, and when."""

    sent = None  # when it was sent first
    heard = None  # when the answer was there
    status = None
    body = None  # the answer's JSON


class Scan(Asked):
    def __init__(self, station, place, number, mode, session):
        self.id = str(uuid.UUID(int=station.random.getrandbits(128), version=4))
        self.station = station.name
        self.by = station.by
        self.place = place  # its place among this station's scans
        self.number = number
        self.mode = mode
        self.session = session
        # A client's clock tells nothing about order, but its times tell scans apart.
        self.at = FIRST_TIME + datetime.timedelta(milliseconds=place)
        self.overtaken = False  # later scans of its backlog were taken before it
        self.undo = None  # Asked

    @property
    def result(self):
        return self.body and self.body.get("result", self.body.get("error"))

    def json(self):
        return {k: v for k, v in (
            ("waybill_number", self.number), ("mode", self.mode), ("session_id", self.session),
            ("scan_id", self.id), ("station", self.station), ("scanned_by", self.by),
            ("scanned_at", self.at.isoformat())) if v is not None}


class Upload(Asked):
    def __init__(self, key, numbers, status="Pending"):
        self.key = key
        self.numbers = numbers
        rows = "".join(f"{n},Ana of {n},{status}\n" for n in numbers)
        self.form = multipart(f"Waybill Number,Receiver,Status\n{rows}".encode(), f"{key}.csv",
                              upload_key=key)


class Dispatch(Asked):
    def __init__(self, session, hold):
        self.session = session
        self.hold = hold


class Group:
    """Stations that work together, session after session."""

    def __init__(self, sessions, total):
        self.sessions = sessions
        self.current = 0
        self.total = total  # scans that its work holds
        self.made = 0

    @property
    def session(self):
        return self.sessions[self.current]


class Station:
    def __init__(self, floor, index, group, work):
        self.floor = floor
        self.index = index
        self.name = f"{floor.name} {index}"
        self.by = f"operator {index % 5}"
        self.group = group
        self.work = work
        self.random = random.Random(f"{floor.seed} {index}")
        self.outbox = collections.deque()
        self.down = False  # the last request was not answered
        self.places = 0
        self.changed = asyncio.Event()
        self.done = False

    def scan(self, number, mode, session):
        self.places += 1
        scan = Scan(self, self.places, number, mode, session)
        self.floor.scans.append(scan)
        self.outbox.append(scan)
        self.changed.set()

    async def _change(self):
        self.changed.clear()
        await self.changed.wait()

    async def operate(self):
        for number, mode in self.work:
            if self.floor.enough:
                break
            self.scan(number, mode, None if self.random.random() < 0.01 else self.group.session)
            self.group.made += 1
            ahead = self.random.choice((1, 1, 1, 2, 5))
            limit = self.random.randrange(1, BACKLOG)
            while len(self.outbox) >= (limit if self.down else ahead):
                await self._change()
            if self.floor.pace:
                await asyncio.sleep(self.floor.pace * self.random.uniform(0.5, 1.5))
            elif self.down:
                await asyncio.sleep(self.random.uniform(0, 0.01))
        self.done = True
        self.changed.set()

    async def send(self, caller):
        failures = 0
        while self.outbox or not self.done:
            if not self.outbox:
                await self._change()
                continue
            many = len(self.outbox) > (1 if self.down else 5)
            try:
                await (self._send_many(caller) if many else self._send_one(caller))
                self.down = False
                failures = 0
            except ConnectionError as e:
                self.floor.fail(self.name, e)
                self.down = True
                self.changed.set()
                await asyncio.sleep(self.floor.pause(self.random, failures, caller.retry_after))
                failures += 1

    async def _send_one(self, caller):
        scan = self.outbox[0]
        # A paced floor's stations are the scan page: static/sender.js.
        await ask_once(caller, scan, "POST", "/scan", json.dumps(scan.json()).encode(),
                       key=scan.id, insist=self.floor.pace and not self.down)
        self.outbox.popleft()
        await self._heard(caller, scan)

    async def _send_many(self, caller):
        batch = [self.outbox[i] for i in
                 range(min(len(self.outbox), self.random.randrange(2, 100)))]
        whole = Asked()
        now = time.monotonic()
        for scan in batch:
            scan.sent = scan.sent or now
        body = json.dumps({"scans": [s.json() for s in batch]}).encode()
        await ask_once(caller, whole, "POST", "/scans", body, key=f"{batch[0].id}-{len(batch)}")
        answers = whole.body["results"]
        assert len(answers) == len(batch), (len(answers), len(batch))
        left = []
        for scan, answer in zip(batch, answers):
            self.outbox.popleft()
            if answer["status"] >= 500:
                left.append(scan)
                scan.overtaken = True
            else:
                scan.heard, scan.status, scan.body = whole.heard, answer["status"], answer
        self.outbox.extendleft(reversed(left))
        for scan in batch:
            if scan.heard:
                await self._heard(caller, scan)
        if left:
            raise ConnectionError("a part of the backlog was not taken")

    async def _heard(self, caller, scan):
        """The verdict sounds, and the operator acts on it."""
        self.changed.set()
        if scan.result == "session_closed" and scan.session != self.group.session:
            self.scan(scan.number, scan.mode, self.group.session)
        if self.random.random() < (0.02 if scan.result == "valid" else 0.005):
            scan.undo = Asked()
            await self.floor.ask(caller, scan.undo, "DELETE", f"/scans/{scan.id}?by=ben",
                                 self.random, key=f"undo-{scan.id}", insist=self.floor.pace)
            if self.random.random() < 0.5:
                self.scan(scan.number, scan.mode, self.group.session)


async def ask_once(caller, asked, method, path, body=b"", kind="application/json", key="",
                   insist=False):
    """Fills in the answer; raises ConnectionError when the server did not say."""
    asked.sent = asked.sent or time.monotonic()
    ask = caller.insist if insist else caller.ask
    status, text = await ask(request(method, path, body, kind, key))
    if status >= 500 or status in (408, 429):
        raise ConnectionError(f"{method} {path}: answered {status} {text[:200]}")
    asked.heard, asked.status, asked.body = time.monotonic(), status, json.loads(text)


class Floor:
    def __init__(self, seed, numbers, sessions=2, pace=0.0, timeout=TIMEOUT, sources=()):
        """pace: seconds from one scan of a station to its next; sources: the stations' own
        addresses."""
        self.seed = seed
        self.pace = pace
        self.timeout = timeout
        self.sources = sources
        self.enough = False  # True: what is not scanned yet stays
        self.failed = []  # (when, who, why) of each request that was not answered
        self.random = random.Random(seed)
        self.name = f"floor-{uuid.uuid4().hex[:8]}"
        self.scans = []
        self.dispatches = []
        self.stations = []
        self.groups = []
        self.sessions = sessions  # of each group, one after another
        r, prefix = self.random, self.name[6:].upper()
        self.kinds = {f"F{prefix}{i:06d}": r.choices(
            ("known", "late", "unknown", "held", "return"), (90, 4, 2, 2, 2))[0]
            for i in range(numbers)}
        self.uploads = []
        self.upload_of = {}

    def fail(self, who, why):
        self.failed.append((time.monotonic(), who, str(why)))

    def pause(self, rng, failures, asked):
        """Seconds until what was not answered is sent again."""
        if not self.pace:
            return rng.uniform(0.02, 0.3)
        # As the scan page's: static/scan_queue.js
        return min(max(0.2 * 2 ** failures, asked), 10) * rng.uniform(0.8, 1)

    def longest_wait(self):
        """(seconds, station, when): the longest that one had a scan to send and heard nothing."""
        longest = (0.0, "", 0.0)
        last = {}
        for s in sorted((s for s in self.scans if s.heard), key=lambda s: s.heard):
            since = max(s.sent, last.get(s.station, 0.0))
            longest = max(longest, (s.heard - since, s.station, since))
            last[s.station] = s.heard
        return longest

    def caller(self, timeout, index=None):
        source = self.sources[index] if self.sources and index is not None else None
        return Caller(*self.address, timeout, source)

    async def ask(self, caller, asked, method, path, rng, body=b"", kind="application/json",
                  settled=None, key="", insist=False):
        """Until it is answered, and settled(asked) is true of the answer."""
        failures = 0
        while True:
            try:
                await ask_once(caller, asked, method, path, body, kind, key,
                               insist and not failures)
                if settled is None or settled(asked):
                    return
                asked.heard = None
            except ConnectionError as e:
                self.fail(path, e)
            await asyncio.sleep(self.pause(rng, failures, caller.retry_after))
            failures += 1

    def state(self):
        """Who has not finished, for a report."""
        return [f"{s.name}: {len(s.outbox)} in its outbox, {'all' if s.done else 'not all'} made"
                for s in self.stations] + [
                    f"session {d.session}: {'dispatched' if d.heard else 'being dispatched'}"
                    for d in self.dispatches] + [
                        f"upload {u.key}: {u.status}" for u in self.late if u.numbers]

    def of_kind(self, kind):
        return [n for n, k in self.kinds.items() if k == kind]

    def prepare(self, client):
        numbers = list(self.kinds)
        shares = [[n for n in numbers[i::len(GROUPS)]] for i in range(len(GROUPS))]
        for i, share in enumerate(shares):
            known = [n for n in share if self.kinds[n] == "known"]
            upload = self._load(client, Upload(f"{self.name}-{i}", known))
            sessions = [self._make(client, "/sessions", {
                "scanned_by": "ana", "station": self.name, "uploads": [upload.body["id"]]})["id"]
                for _ in range(self.sessions)]
            self.groups.append((share, sessions))
        self._load(client, Upload(f"{self.name}-held", self.of_kind("held")))
        self._load(client, Upload(f"{self.name}-return", self.of_kind("return"), "For Return"))
        for n in self.of_kind("held"):
            self._make(client, f"/waybills/{n}/hold", {"reason": "wet", "by": "ana"})
        late = self.of_kind("late")
        self.late = [Upload(f"{self.name}-late-{i}", late[i::5]) for i in range(5)]
        for upload in self.late:
            self._add(upload)

    def _make(self, client, path, fields):
        r = client.post(path, fields)
        assert r.status in (200, 201), r
        return r.json()

    def _add(self, upload):
        self.uploads.append(upload)
        self.upload_of.update((n, upload) for n in upload.numbers)

    def _load(self, client, upload):
        self._add(upload)
        if upload.numbers:
            kind, body = upload.form
            upload.sent = time.monotonic()
            r = client.request("POST", "/upload", body, {"Content-Type": kind})
            assert r.status == 200, r
            upload.heard, upload.status, upload.body = time.monotonic(), 200, r.json()
        return upload

    def _work(self, share):
        """What the stations of a group scan: its numbers, some of them at several stations or
        twice, and some of other groups."""
        r = self.random
        work = []
        everything = list(self.kinds)
        for n in share:
            if r.random() < 0.02:
                continue  # this one is missing
            mode = "return" if self.kinds[n] == "return" else "dispatch"
            work.append((n, mode))
            chance = r.random()
            if chance < 0.10:
                work.append((n, mode))
            elif chance < 0.12:
                work.append((n, "check"))
            elif chance < 0.13:
                work.append((n if mode == "dispatch" else "A B", "return"))
            elif chance < 0.135:
                work.append(("A B", "dispatch"))
            elif chance < 0.16:
                other = r.choice(everything)
                work.append((other, "return" if self.kinds[other] == "return" else "dispatch"))
            if r.random() < 0.05:
                again = r.choice(share)
                work.append((again, "return" if self.kinds[again] == "return" else "dispatch"))
        return work

    async def work(self, host, port):
        """Until everything has been scanned, answered for and dispatched."""
        self.address = (host, port)
        stations = []
        groups = []
        for (share, sessions), members in zip(self.groups, GROUPS):
            work = self._work(share)
            group = Group(sessions, len(work))
            groups.append(group)
            # Neighbours in the list meet at different stations.
            stations += [Station(self, i, group, work[k::len(members)])
                         for k, i in enumerate(members)]
        self.stations = stations
        await asyncio.gather(*(self._man(s) for s in stations),
                             *(self._close(g) for g in groups), self._upload_late(groups))
        last = [Dispatch(g.session, True) for g in groups]
        await asyncio.gather(*(self._dispatch(d) for d in last))
        # Too late, and told so.
        known = self.of_kind("known")
        for s in stations:
            s.done = False
            s.work = [(self.random.choice(known), "dispatch") for _ in range(5)]
        await asyncio.gather(*(self._man(s) for s in stations))

    async def _man(self, station):
        caller = self.caller(self.timeout, station.index)
        try:
            await asyncio.gather(station.operate(), station.send(caller))
        finally:
            caller.close()

    async def _until(self, groups, part):
        total = sum(g.total for g in groups)
        while sum(g.made for g in groups) < total * part and not self.enough:
            await asyncio.sleep(0.05)

    async def _close(self, group):
        """Sessions leave one after another while their stations still work."""
        for i in range(1, len(group.sessions)):
            await self._until([group], i / len(group.sessions))
            leaves = Dispatch(group.session, False)
            group.current = i
            await self._dispatch(leaves)

    async def _dispatch(self, d):
        self.dispatches.append(d)
        caller = self.caller(10 * self.timeout)
        try:
            await self.ask(caller, d, "POST", f"/sessions/{d.session}/dispatch", self.random,
                           json.dumps({"hold_missing": d.hold, "by": "ana"}).encode())
        finally:
            caller.close()
        assert d.status == 200, (d.status, d.body)

    async def _upload_late(self, groups):
        for i, upload in enumerate(self.late):
            await self._until(groups, (i + 1) / (len(self.late) + 1))
            if not upload.numbers:
                continue
            caller = self.caller(10 * self.timeout)
            kind, body = upload.form
            try:
                await self.ask(caller, upload, "POST", "/upload", self.random, body, kind,
                               settled=lambda u: u.body.get("error") != "upload_in_progress")
            finally:
                caller.close()
            assert upload.status == 200, (upload.status, upload.body)
