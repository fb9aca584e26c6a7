"""A floor on which anything happens in any order: whatever was done, every figure is that of its
rows, every list has as many lines as its figure says, and every verdict told is told again.

WBTEST_SEED repeats a walk, WBTEST_STEPS makes it longer, WBTEST_EVERY looks after so many steps.
"""

import concurrent.futures
import datetime
import json
import os
import random
import unittest
import uuid

from support.figures import SQL
from support.floor import FloorCase

STEPS = int(os.environ.get("WBTEST_STEPS", "200"))
EVERY = int(os.environ.get("WBTEST_EVERY", "100"))
SEED = int(os.environ.get("WBTEST_SEED", random.randrange(1 << 30)))
STATUSES = ("Pending", "Pending", "Pending", "For Return", "Delivering", "Dispatched",
            "Delivered", "Cancelled", "In Transit")
# Histories that do not fit together: a change that begins where the one before did not end, and
# a parcel that is not what its last change made it.
HISTORY = """
with moved as (
	select waybill_id, from_status, to_status,
	       lag(to_status) over (partition by waybill_id order by id) as before,
	       lead(id) over (partition by waybill_id order by id) is null as last
	from waybill_events where from_status <> to_status
)
select waybill_number, before, from_status, to_status
from moved join waybills w on w.id = waybill_id
where from_status <> before or (last and w.status <> to_status)
"""
# Scans whose parcel is not the one of their number.
ASTRAY = """
select n.waybill_number, n.result, w.waybill_number
from scanned_waybills n left join waybills w on w.id = n.waybill_id
where n.voided_at is null and n.waybill_id is not null
      and w.waybill_number is distinct from n.waybill_number
"""


class Walker:
    """One person after another; what each did is remembered, so that it can be done again."""

    def __init__(self, case, seed, other=None):
        """other: a walker on the same floor, with the same numbers, uploads and sessions."""
        self.case = case
        self.client = case.client
        self.random = random.Random(seed)
        self.numbers = other.numbers if other else [f"W{seed}N{i}" for i in range(15)]
        self.uploads = other.uploads if other else []
        self.sessions = other.sessions if other else []
        self.scans = []  # (body, status, answer)
        self.done = []

    def ask(self, method, path, value=None):
        body = b"" if value is None else json.dumps(value).encode()
        for _ in range(10):  # as a station does that was told to come again
            r = self.client.request(method, path, body,
                                    {"Content-Type": "application/json"} if body else {})
            if r.status != 503:
                break
        self.done.append((method, path, value, r.status, r.body[:300]))
        self.case.assertLess(r.status, 500, r)
        return r

    def some(self, of, none=False):
        return self.random.choice(of) if of and not (none and self.random.random() < .15) else None

    def body(self):
        r = self.random
        at = datetime.datetime.now(datetime.timezone(datetime.timedelta(
            minutes=r.choice((0, 480, -570, 345))))) + datetime.timedelta(
                seconds=r.choice((0, 0, 0, -86400, 86400, -7, 400 * 86400)))
        body = {"waybill_number": r.choice(self.numbers), "scan_id": str(uuid.uuid4()),
                "station": r.choice(("dock 1", "dock 2", "Dok ünï")),
                "scanned_by": r.choice(("ana", "ben")), "scanned_at": at.isoformat()}
        if r.random() < .05:
            body["waybill_number"] = r.choice(("", "A B", "x" * 200, " " + self.numbers[0].lower()))
        if r.random() < .9 and self.sessions:
            body["session_id"] = r.choice(self.sessions[-4:])
        if r.random() < .4:
            body["mode"] = r.choice(("return", "check", "dispatch"))
        return body

    def scan(self):
        body = self.body()
        r = self.ask("POST", "/scan", body)
        self.scans.append((body, r.status, r.json()))

    def again(self):
        if self.scans:
            body, status, told = self.random.choice(self.scans)
            r = self.ask("POST", "/scan", body)
            got = {k: v for k, v in r.json().items() if not k.startswith("voided")}
            self.case.assertEqual((r.status, got), (status, told))

    def another(self):
        """The scan_id of a scan that another station made."""
        if self.scans:
            body, status, _ = self.random.choice(self.scans)
            r = self.ask("POST", "/scan", {**body, "station": "dock 9"})
            self.case.assertEqual((r.status, r.json()["error"]), (409, "scan_id_reused"))

    def backlog(self):
        bodies = [self.body() for _ in range(self.random.randrange(1, 25))]
        bodies += self.random.choices([b for b, _, _ in self.scans[-9:]] + bodies,
                                      k=self.random.randrange(3))
        broken = [{"waybill_number": 7}, {"mode": "sell", "waybill_number": "A"}, 3, "x", None]
        sent = list(bodies)
        if self.random.random() < .3:
            sent.insert(0, self.random.choice(broken))
        results = self.ask("POST", "/scans", {"scans": sent}).json()["results"]
        self.case.assertEqual(len(results), len(sent))
        told = {b["scan_id"]: (s, a) for b, s, a in self.scans}
        for body, result in zip(bodies, results[len(sent) - len(bodies):]):
            status = result.pop("status", None)
            result = {k: v for k, v in result.items() if not k.startswith("voided")}
            if body["scan_id"] in told:
                self.case.assertEqual((status, result), told[body["scan_id"]])
            else:
                told[body["scan_id"]] = status, result
                self.scans.append((body, status, result))

    def undo(self):
        if self.scans:
            body, _, _ = self.random.choice(self.scans[-30:])
            self.ask("DELETE", f"/scans/{body['scan_id']}?by=ben")

    def open(self):
        r, key = self.random, str(uuid.uuid4())
        body = {"scanned_by": "ana", "station": "dock 1", "session_key": key}
        if self.uploads and r.random() < .6:
            body["uploads"] = list(set(r.choices(self.uploads[-5:], k=3)))
        for _ in range(r.randrange(1, 3)):
            got = self.ask("POST", "/sessions", body)
            if got.status < 400 and got.json()["id"] not in self.sessions:
                self.sessions.append(got.json()["id"])

    def session(self, what, **value):
        session = self.some(self.sessions[-5:])
        if session:
            self.ask("POST", f"/sessions/{session}/{what}", value)

    def dispatch(self):
        r = self.random
        self.session("dispatch", dry_run=r.random() < .3, hold_missing=r.random() < .5)

    def upload(self):
        r = self.random
        fresh = r.sample(range(len(self.numbers)), 3)
        for i in fresh:
            self.numbers[i] += "A"
        rows = "".join(f"{n},Ana,{r.choice(STATUSES)},{r.choice(('Cebu', 'Davao', ''))}\n"
                       for n in (*(self.numbers[i] for i in fresh),
                                 *r.choices(self.numbers, k=r.randrange(5))))
        batch = r.choice(("true", "false"))
        for _ in range(10):  # as ask()
            a = self.client.upload(f"Waybill Number,Receiver,Status,City\n{rows}".encode(), "a.csv",
                                   batch=batch)
            if a.status != 503:
                break
        self.done.append(("upload", rows, a.status))
        self.case.assertEqual(a.status, 200, a)
        self.uploads.append(a.json()["id"])

    def take_back(self):
        if self.uploads:
            self.ask("POST", f"/uploads/{self.random.choice(self.uploads[-6:])}/undo", {})

    def meanwhile(self):
        """A session is away while uploads come and go."""
        session = self.some(self.sessions[-5:])
        if session:
            self.ask("POST", f"/sessions/{session}/cancel", {})
            uploads = self.ask("GET", f"/sessions/{session}").json()["uploads"]
            for upload in uploads:
                self.ask("POST", f"/uploads/{upload}/undo", {})
            self.upload()
            self.ask("POST", f"/sessions/{session}/resume", {})

    def waybill(self):
        what = self.random.choice(("hold", "resume"))
        self.ask("POST", f"/waybills/{self.random.choice(self.numbers)}/{what}", {"reason": "damp"})

    def unknown(self):
        listed = self.ask("GET", "/unknown-scans").json()["scans"]
        mine = [s for s in listed if s["waybill_number"][0] == "W"]
        if mine:
            scan, what = self.random.choice(mine), self.random.choice(("match", "dismiss"))
            value = {"waybill_number": self.random.choice(self.numbers)} \
                if what == "match" and self.random.random() < .8 else {"reason": "a pallet"}
            self.ask("POST", f"/unknown-scans/{scan['scan_id']}/{what}", value)

    STEPS = (("scan", 30), ("backlog", 6), ("again", 8), ("another", 2), ("undo", 14), ("open", 4),
             ("cancel", 3), ("resume", 5), ("dispatch", 3), ("upload", 6), ("take_back", 6),
             ("meanwhile", 3), ("waybill", 8), ("unknown", 6))

    def step(self):
        what, = self.random.choices([s for s, _ in self.STEPS], [w for _, w in self.STEPS])
        if what in ("cancel", "resume"):
            self.session(what, reason="rain")
        else:
            getattr(self, what)()


class Walk(FloorCase):
    def look(self, sessions):
        self.assertEqual(self.db.query(SQL), [], "figures that differ from their rows")
        self.assertEqual(self.db.query(HISTORY), [], "histories that do not fit together")
        self.assertEqual(self.db.query(ASTRAY), [], "scans of another number's parcel")
        self.assertEqual(self.db.query(
            "select waybill_number from scanned_waybills n join waybills w using (waybill_number) "
            "where n.result = 'not_found' and matched_at is null and dismissed_at is null "
            "and voided_at is null"), [], "unknown scans of known numbers")
        self.assertEqual(self.db.query(
            "select n.waybill_number, session_id from scanned_waybills n "
            "join batch_sessions b on b.id = session_id where b.state = 'open' "
            "and result = 'not_found' and matched_at is not null and voided_at is null"),
            [], "scans of open sessions that were matched and not judged")
        for s in sessions:
            got = self.get(f"/sessions/{s}")
            if got["state"] == "open" and got["expected"] is not None:
                missing = self.get(f"/sessions/{s}/missing?limit=1000")["missing"]
                self.assertEqual(got["missing"], len(missing), got)
            counted = [sum(x[k] for x in got["stations"]) for k in ("valid", "duplicate", "error")]
            self.assertEqual([got[k] for k in ("valid", "duplicate", "error")], counted)

    def walk(self, walkers, rounds, every):
        """Each walker its steps, all at once; now and then everybody stands still."""
        def steps(walker):
            for _ in range(every):
                walker.step()

        try:
            for _ in range(rounds):
                with concurrent.futures.ThreadPoolExecutor(len(walkers)) as pool:
                    list(pool.map(steps, walkers))
                if len(walkers) > 1:  # what a scan left to the next look at unknown scans
                    self.db.query("select unknown_sweep(null)")
                self.look(walkers[0].sessions)
        except AssertionError:
            for walker in walkers:
                print(*(f"{i} {line}" for i, line in enumerate(walker.done[-60:])), sep="\n")
            print(f"WBTEST_SEED={SEED} walks so again")
            raise

    def test_one_after_another(self):
        self.walk([Walker(self, SEED)], STEPS // EVERY, EVERY)

    def test_at_once(self):
        first = Walker(self, SEED + 1)
        others = [Walker(self, SEED + i, first) for i in range(2, 5)]
        self.walk([first, *others], STEPS // EVERY, EVERY)


if __name__ == "__main__":
    unittest.main()
