"""Whether what stations were told is what happened: the history of support/stations.py against
the rows, events and figures of the database.

    for v in check(floor, lambda sql: psql(conninfo, sql), client): print(v)

Every scan was answered, is there once and says what its station heard; nothing is there that
nobody scanned; a verdict fits what others had been told before; figures equal rows. Beside
the figures it looks only at its own floor's scans, so the database may hold others.
"""

import collections
import datetime
import json

from . import figures

Row = collections.namedtuple("Row", (
    "id", "scan_id", "told_number", "number", "session", "mode", "station", "by", "result", "told",
    "at", "voided", "matched", "waybill_id", "answer_result", "answer_first"))
ROWS = """
select id, scan_id, coalesce(told_number, waybill_number), waybill_number, session_id, mode,
       station, scanned_by, result, coalesce(told_result, result), scanned_at at time zone 'UTC',
       voided_at is not null, matched_at is not null, waybill_id,
       coalesce(answer::json ->> 'result', answer::json ->> 'error'), answer::json -> 'first'
from scanned_waybills where station like '{name} %' order by id
"""
# Each line: a waybill and what is wrong with its history. (A database that has just been filled,
# or has crashed, has no statistics, and loops over everything for everything.)
EVENTS = """
set enable_nestloop = off;
with mine as (
	select id, waybill_number, status from waybills where waybill_number like 'F{prefix}%'
), moved as (
	select e.*, lag(to_status) over (partition by waybill_id order by e.id) as before,
	       lead(e.id) over (partition by waybill_id order by e.id) is null as last
	from waybill_events e join mine on mine.id = e.waybill_id
	where from_status <> to_status
), told as (
	select waybill_id, cause, detail ->> 'scan_id' as scan_id, count(*) as n
	from waybill_events join mine on mine.id = waybill_id
	where cause in ('scan', 'undo', 'match') group by 1, 2, 3
), wanted as (
	select waybill_id, 'scan' as cause, scan_id::text from scanned_waybills
	where mode = 'return' and result = 'valid'
	union all
	select waybill_id, 'undo', scan_id::text from scanned_waybills
	where voided_at is not null and waybill_id is not null
	union all
	select waybill_id, 'match', scan_id::text from scanned_waybills where matched_at is not null
), wanted_mine as (
	select wanted.* from wanted join mine on mine.id = wanted.waybill_id
), wrong as materialized (
	select waybill_id, format('%s -> %s after %s', from_status, to_status, before) as what
	from moved where before <> from_status
	union all
	select m.id, format('is %s, its history ends with %s', m.status, v.to_status)
	from mine m left join moved v on v.waybill_id = m.id and v.last
	where m.status <> coalesce(v.to_status, m.status)
	      or (v.id is null and m.status not in ('pending', 'for_return'))
	union all
	select coalesce(w.waybill_id, t.waybill_id),
	       format('%s of %s told %s times', coalesce(w.cause, t.cause),
		      coalesce(w.scan_id, t.scan_id), coalesce(t.n, 0))
	from wanted_mine w full join told t using (waybill_id, cause, scan_id)
	where t.n is distinct from 1 or w.scan_id is null
	union all
	select waybill_id, format('dispatched %s times by session %s', count(*),
				  detail ->> 'session_id')
	from moved where cause = 'dispatch' group by waybill_id, detail ->> 'session_id'
	having count(*) > 1
)
select waybill_number, what from wrong join mine on mine.id = waybill_id
"""
# Of each session: what its dispatch reported, against its scans and the history.
DISPATCHED = """
select s.id, (s.report ->> 'dispatched')::bigint, (s.report ->> 'skipped_count')::bigint,
       (s.report ->> 'held')::bigint, (s.report ? 'settled') or (s.report ->> 'held')::bigint = 0,
       (select count(*) from scanned_waybills n where n.session_id = s.id and result = 'valid'
        and mode = 'dispatch' and voided_at is null),
       (select count(*) from waybill_events where cause = 'dispatch'
        and detail ->> 'session_id' = s.id::text),
       (select count(*) from waybill_events where cause = 'hold'
        and detail ->> 'session_id' = s.id::text)
       - (select count(*) from waybill_events where cause = 'resume'
          and detail ->> 'session_id' = s.id::text)
from batch_sessions s where s.id in ({sessions})
"""
# Sent away is what was told valid, unless it was put on hold.
LEFT_BEHIND = """
select n.waybill_number, w.status
from scanned_waybills n join batch_sessions s on s.id = n.session_id
join waybills w on w.id = n.waybill_id
where s.id in ({sessions}) and s.state = 'dispatched' and n.mode = 'dispatch'
      and n.result = 'valid' and n.voided_at is null and w.status <> 'dispatched'
      and not exists (select from waybill_events e
		      where e.waybill_id = w.id and to_status = 'issue_pending')
"""
UNMATCHED = """
select n.waybill_number from scanned_waybills n join waybills w using (waybill_number)
where n.station like '{name} %' and n.result = 'not_found' and n.matched_at is null
      and n.voided_at is null
"""


class Violation:
    def __init__(self, kind, number, text, history):
        self.kind = kind
        self.number = number
        self.text = text
        self.history = history  # asks the database, so only of what is shown

    def __str__(self):
        return f"{self.kind}: {self.number}: {self.text}\n{self.history(self.number)}"


def when(text):
    return datetime.datetime.fromisoformat(text)


class Check:
    def __init__(self, floor, query, client):
        self.floor = floor
        self.client = client
        self.found = []
        self.asked = lambda sql: query(sql.format(
            name=floor.name, prefix=floor.name[6:].upper(),
            sessions=",".join(str(d.session) for d in floor.dispatches)))
        self.query = query
        self.rows = [Row(*r) for r in self.asked(ROWS)]
        self.row_of = collections.defaultdict(list)
        for r in self.rows:
            self.row_of[r.scan_id].append(r)
        self.scan_at = {(s.station, s.at): s for s in floor.scans}
        self.scans_of = collections.defaultdict(list)
        for s in floor.scans:
            self.scans_of[s.number].append(s)
        self.dispatch_of = {d.session: d for d in floor.dispatches}

    def say(self, kind, number, text):
        self.found.append(Violation(kind, number, text, self.history))

    def run(self):
        self.records()
        for scan in self.floor.scans:
            if scan.heard:
                self.verdict(scan)
        for scans in self.scans_of.values():
            self.told_valid(scans)
        for number, what in self.asked(EVENTS):
            self.say("events", number, what)
        for number, status in self.asked(LEFT_BEHIND):
            self.say("left behind", number, f"told valid, its session left, it is {status}")
        for (number,) in self.asked(UNMATCHED):
            self.say("unmatched", number, "its manifest came, its scan is still unknown")
        self.dispatched()
        self.figures()
        return self.found

    # What is in the table.

    def records(self):
        for s in self.floor.stations:
            if s.outbox:
                self.say("outbox", s.outbox[0].number, f"{len(s.outbox)} scans at {s.name}")
        for scan in self.floor.scans:
            rows = self.row_of.pop(scan.id, [])
            if len(rows) != 1:
                self.say("twice" if rows else "lost", scan.number,
                         f"{scan.id} was told {scan.result}, and is there {len(rows)} times")
            else:
                self.record(scan, rows[0])
        for rows in self.row_of.values():
            self.say("ghost", rows[0].number, f"nobody made {rows[0].scan_id}")
        once = collections.Counter(
            (r.session, r.number, r.mode) for r in self.rows
            if r.result == "valid" and r.voided == "f" and r.session and r.mode != "check")
        for key, n in once.items():
            if n > 1:
                self.say("two valid", key[1], f"{n} valid scans in session {key[0]}")

    def record(self, scan, row):
        session = None if scan.session is None else str(scan.session)
        made = (scan.number, scan.mode, session, scan.by, scan.at)
        kept = (row.told_number, row.mode, row.session, row.by,
                when(row.at).replace(tzinfo=datetime.timezone.utc))
        if made != kept:
            self.say("record", scan.number, f"{made} is kept as {kept}")
        if scan.heard:
            first = row.answer_first and json.loads(row.answer_first)
            if not scan.result == row.told == row.answer_result \
                    or (scan.body.get("first") or None) != (first or None):
                self.say("record", scan.number,
                         f"{scan.id} was told {scan.result} {scan.body.get('first')}, kept is "
                         f"{row.told} {row.answer_result} {first}")
        undone = bool(scan.undo and scan.undo.status == 200)
        if scan.undo and scan.undo.status not in (200, 409):
            self.say("undo", scan.number, f"{scan.id}: {scan.undo.status} {scan.undo.body}")
        elif undone != (row.voided == "t"):
            self.say("undo", scan.number, f"{scan.id}: undone {undone}, voided {row.voided}")

    # What was told, given what else was asked for and answered before or meanwhile.

    def verdict(self, scan):
        problem = self.problem(scan)
        if problem:
            self.say("verdict", scan.number, f"{scan.id} told {scan.result}: {problem}")

    def problem(self, scan):
        result, kind = scan.result, self.floor.kinds.get(scan.number)
        if kind is None or result == "invalid":
            return None if (kind, result) == (None, "invalid") else "wrong about a number"
        closed = self.dispatch_of.get(scan.session)
        if result == "session_closed":
            return None if closed and closed.sent < scan.heard else "nobody closed it"
        if closed and closed.heard < scan.sent:
            return "its session had been dispatched"
        upload = self.floor.upload_of.get(scan.number)
        if result == "not_found":
            known = upload and upload.heard and upload.heard < scan.sent
            return "its manifest had been loaded" if known else None
        if not upload or upload.sent > scan.heard:
            return "nobody has loaded it"
        if result == "on_hold" or kind == "held":
            held = kind == "held" or any(d.hold and d.sent < scan.heard
                                         for d in self.floor.dispatches)
            return None if held and result == "on_hold" else "wrong about a hold"
        if result == "duplicate":
            return self.duplicate(scan)
        if result == "wrong_status":
            returned = kind != "return" or any(s.sent < scan.heard and s is not scan
                                               for s in self.scans_of[scan.number])
            return None if scan.mode == "return" and returned else "wrong about its status"
        if result == "already_dispatched":
            return None if self.left(scan.number, lambda d: d.sent < scan.heard) \
                else "nobody dispatched it"
        if result != "valid":
            return "no verdict"
        if scan.mode == "dispatch" and self.left(scan.number, lambda d: d.heard < scan.sent,
                                                 surely=True):
            return "it had left"
        return "it is no return" if scan.mode == "return" and kind != "return" else None

    def left(self, number, when_dispatched, surely=False):
        """Whether a session that it was valid in was dispatched by then."""
        return any(s.result in ("valid", "not_found") and s.mode == "dispatch"
                   and not (surely and (s.result != "valid" or s.undo or s.heard > d.sent))
                   for s in self.scans_of[number]
                   for d in [self.dispatch_of.get(s.session)] if d and when_dispatched(d))

    def duplicate(self, scan):
        first = scan.body.get("first") or {}
        other = self.scan_at.get((first.get("station"), when(first.get("scanned_at", "0001-01-01"))))
        if scan.session is None or scan.mode == "check" or other is None or other is scan:
            return f"there is no first {first}"
        if (other.number, other.session, other.mode) != (scan.number, scan.session, scan.mode):
            return f"its first is of another kind, {other.id}"
        if other.result not in ("valid", "not_found"):
            return f"its first {other.id} was told {other.result}"
        if other.sent > scan.heard:
            return f"its first {other.id} was made later"
        if other.station == scan.station and other.place > scan.place and not scan.overtaken:
            return f"its first {other.id} stood behind it in the outbox"
        if other.undo and other.undo.status == 200 and other.undo.heard < scan.sent:
            return f"its first {other.id} had been undone"
        return None

    def told_valid(self, scans):
        """Of two of one kind that were told valid, one was undone before the other was."""
        valid = collections.defaultdict(list)
        for s in scans:
            if s.heard and s.result == "valid" and s.mode == "return":
                valid["return"].append(s)
            elif s.heard and s.result == "valid" and s.mode == "dispatch" and s.session:
                valid[s.session].append(s)
        for same in valid.values():
            for i, a in enumerate(same):
                for b in same[i + 1:]:
                    if not any(x.undo and x.undo.status == 200 and x.undo.sent < y.heard
                               for x, y in ((a, b), (b, a))):
                        self.say("order", a.number, f"{a.id} and {b.id} were both told valid")

    # Figures.

    def dispatched(self):
        for session, gone, skipped, held, settled, valid, events, holds in self.asked(DISPATCHED):
            if settled != "t" or int(gone) + int(skipped) != int(valid) or gone != events \
                    or held != holds:
                self.say("dispatch", f"session {session}",
                         f"reported {gone} dispatched, {skipped} skipped, {held} held (settled: "
                         f"{settled}); there are {valid} valid scans, {events} and {holds} events")

    def figures(self):
        for line in self.query(figures.SQL):
            self.say("figures", line[0], str(line[1:]))
        kinds = {}
        for s in self.floor.scans:
            count = kinds.setdefault(s.station, collections.Counter())
            count[s.result if s.result in ("valid", "duplicate") else "error"] += 1
        r = self.client.get("/dashboard?from=2020-01-01", {"Accept": "application/json"})
        shown = {s["station"]: {k: s[k] for k in ("valid", "duplicate", "error") if s[k]}
                 for s in r.json()["by_station"]}
        for station, count in kinds.items():
            if shown.get(station) != dict(count):
                self.say("figures", station, f"the dashboard has {shown.get(station)}, its scans "
                         f"were told {dict(count)}")
        counts = collections.defaultdict(collections.Counter)
        for row in self.rows:
            if row.session and row.voided == "f" and row.mode != "check":
                counts[row.session][
                    row.result if row.result in ("valid", "duplicate") else "error"] += 1
        for session, count in counts.items():
            got = self.client.get(f"/sessions/{session}", {"Accept": "application/json"}).json()
            if {k: got.get(k) for k in ("valid", "duplicate", "error") if got.get(k)} != dict(count):
                self.say("figures", f"session {session}", f"{got} for {dict(count)}")

    def history(self, number):
        """All that was asked, answered and kept of a number, in the order of time."""
        zero = self.floor.scans[0].sent or 0
        lines = []

        def line(asked, text):
            heard = f"{asked.heard - zero:9.3f}" if asked.heard else "    never"
            lines.append((asked.sent or 0, f"  {(asked.sent or 0) - zero:9.3f} {heard}  {text}"))

        for s in self.scans_of[number]:
            rows = [f"{r.result}{' voided' if r.voided == 't' else ''}"
                    f"{' matched' if r.matched == 't' else ''}" for r in self.rows
                    if r.scan_id == s.id]
            line(s, f"{s.id} {s.station} #{s.place} {s.mode} in {s.session}: {s.status} {s.result} "
                 f"{s.body and s.body.get('first') or ''}; kept: {rows}")
            if s.undo:
                line(s.undo, f"undo of {s.id}: {s.undo.status}")
        upload = self.floor.upload_of.get(number)
        if upload:
            line(upload, f"upload {upload.key}")
        sessions = {s.session for s in self.scans_of[number]}
        for d in self.floor.dispatches:
            if d.session in sessions:
                line(d, f"dispatch of {d.session}")
        events = self.query(
            "select from_status, to_status, cause, detail, changed_at from waybill_events "
            "where waybill_id = (select id from waybills where waybill_number = "
            f"'{number}') order by id")
        return "\n".join(["  sent      heard      (seconds)", *(text for _, text in sorted(lines)),
                          *(f"  event {e}" for e in events)])


def check(floor, query, client):
    """The violations; str() of one shows the history of its number."""
    return Check(floor, query, client).run()
