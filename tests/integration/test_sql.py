"""The schema and the statements under sql/, asked directly: what they promise whoever asks."""

import glob
import json
import os
import random
import re
import subprocess
import tempfile
import threading
import unittest
import uuid

from support.pg import BUILD, ROOT, Cluster, clean_environment
from support.pooler import served
from support.server import Server
from support.wait import wait_until

STATUSES = ("pending", "hq_scheduling", "dispatched", "in_transit", "delivering", "delivered",
            "for_return", "returned", "issue_pending", "cancelled")


def text_of(name):
    with open(os.path.join(ROOT, "sql", "query", name + ".sql"), encoding="ascii") as f:
        return f.read()


def literal(value):
    return "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"


def statement(name, *params, explain=""):
    """SQL that runs a statement of sql/query as the server does: prepared, all text."""
    sql = text_of(name)
    body = re.sub(r"^\s*--.*$", "", sql, flags=re.M)
    types = ["text"] * max((int(n) for n in re.findall(r"\$(\d+)", body)), default=0)
    assert len(types) == len(params), (name, types, params)
    declared = f"({', '.join(types)})" if types else ""
    values = f"({', '.join(map(literal, params))})" if params else ""
    return f"PREPARE q{declared} AS {sql}\n; {explain} EXECUTE q{values}"


class SqlCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.db = Cluster.shared().database()
        cls.addClassCleanup(cls.db.drop)

    def ask(self, name, *params):
        """(status, body) of a statement for a handler."""
        rows = self.db.query(statement(name, *params))
        self.assertEqual((len(rows), len(rows[0])), (1, 2), rows)
        return int(rows[0][0]), json.loads(rows[0][1])

    def scan(self, number, mode=None, session=None, scan_id=None, station="S1", by="ana",
             at=None, invalid=None):
        return self.ask("scan", number, mode, session, scan_id, station, by, at, invalid)

    def session(self, uploads=None):
        status, body = self.ask("session_create", "ana", "S1", uploads, None, None)
        self.assertEqual(status, 201, body)
        return body["id"]

    def waybill(self, status="pending", destination="Cebu", upload=None):
        number = "W" + uuid.uuid4().hex[:12].upper()
        self.db.query("INSERT INTO waybills (waybill_number, status, destination, upload_id) VALUES "
                      f"('{number}', '{status}', {literal(destination)}, {upload or 'NULL'})")
        return number

    def upload(self, state="completed"):
        return int(self.db.value(f"INSERT INTO uploads (state) VALUES ('{state}') RETURNING id"))


class Verdicts(SqlCase):
    EXPECTED = {
        "dispatch": {"issue_pending": "on_hold", "dispatched": "already_dispatched",
                     "delivered": "wrong_status", "returned": "wrong_status",
                     "cancelled": "wrong_status"},
        "return": {s: "wrong_status" for s in STATUSES} | {
            "for_return": "valid", "delivering": "valid", "issue_pending": "on_hold"},
        "check": {"issue_pending": "on_hold"},
    }

    def test_every_status_in_every_mode(self):
        for mode, expected in self.EXPECTED.items():
            for status in STATUSES:
                with self.subTest(mode=mode, status=status):
                    number = self.waybill(status)
                    want = expected.get(status, "valid")
                    code, body = self.scan(number, mode)
                    self.assertEqual((code, body["result"]), (200 if want == "valid" else 409, want))
                    self.assertEqual(body["sound"], "ok" if want == "valid" else "error")
                    self.assertEqual("message" in body, want != "valid")
                    now = self.db.value(
                        f"SELECT status FROM waybills WHERE waybill_number = '{number}'")
                    moved = mode == "return" and want == "valid"
                    self.assertEqual(now, "returned" if moved else status)
                    self.assertEqual(body["waybill"]["status"], now)
                    self.assertEqual(self.db.query(
                        "SELECT result, mode FROM scanned_waybills WHERE waybill_number = "
                        f"'{number}'"), [[want, mode]])

    def test_a_return_is_a_line_of_history(self):
        number = self.waybill("for_return")
        session = self.session()
        code, body = self.scan(number, "return", session, by="ben")
        self.assertEqual(code, 200, body)
        _, found = self.ask("waybill_get", number)
        change = [h for h in found["history"] if h["kind"] == "status"]
        self.assertEqual([(h["from"], h["to"], h["by"], h["cause"]) for h in change],
                         [("for_return", "returned", "ben", "scan")])
        self.assertEqual(change[0]["detail"],
                         {"scan_id": body["scan_id"], "session_id": session})

    def test_invalid_is_recorded(self):
        code, body = self.scan("A?B", invalid="control characters inside")
        self.assertEqual((code, body["result"], body["error"]), (400, "invalid", "invalid"))
        self.assertIn("control characters inside", body["message"])
        self.assertEqual(self.db.query(
            "SELECT waybill_id, result FROM scanned_waybills WHERE waybill_number = 'A?B'"),
            [[None, "invalid"]])

    def test_a_field_that_cannot_be_read(self):
        number = self.waybill()
        code, body = self.scan(number, invalid='field "mode" must be of use')
        self.assertEqual((code, body["result"], body["error"], body["message"]),
                         (400, "invalid", "bad_field", 'Field "mode" must be of use.'))
        self.assertEqual(self.db.value(
            f"SELECT result FROM scanned_waybills WHERE waybill_number = '{number}'"), "invalid")

    def test_closed_and_unknown_sessions(self):
        number, session = self.waybill(), self.session()
        for state in ("dispatched", "cancelled"):
            self.db.query(f"UPDATE batch_sessions SET state = '{state}' WHERE id = {session}")
            code, body = self.scan(number, session=session)
            self.assertEqual((code, body["result"]), (409, "session_closed"))
            self.assertIn(state, body["message"])

    def test_a_session_that_is_not_there(self):
        number, one = self.waybill(), str(uuid.uuid4())
        code, body = self.scan(number, session=999999, scan_id=one)
        self.assertEqual((code, body["error"], body["result"]),
                         (404, "session_not_found", "invalid"))
        self.assertIn("999999", body["message"])
        self.assertEqual(self.scan(number, session=999999, scan_id=one), (code, body))
        # Not of the session that gets this number one day.
        self.assertEqual(self.db.query(
            f"SELECT session_id, result FROM scanned_waybills WHERE scan_id = '{one}'"),
            [[None, "invalid"]])
        code, body = self.scan(self.waybill(), session=999999, scan_id=one)
        self.assertEqual((code, body["error"]), (409, "scan_id_reused"))

    def test_values_are_never_sql(self):
        nasty = "'); DROP TABLE waybills; --"
        code, body = self.scan(nasty, station=nasty, by=nasty)
        self.assertEqual((code, body["waybill_number"], body["station"]), (404, nasty, nasty))


class Once(SqlCase):
    def test_the_same_scan_again_is_answered_the_same(self):
        number, session, one = self.waybill(), self.session(), str(uuid.uuid4())
        first = self.scan(number, session=session, scan_id=one)
        self.scan(self.waybill(), session=session)
        self.db.query(f"UPDATE waybills SET status = 'cancelled' WHERE waybill_number = '{number}'")
        self.db.query(f"UPDATE batch_sessions SET state = 'cancelled' WHERE id = {session}")
        self.assertEqual(self.scan(number, session=session, scan_id=one), first)
        self.assertEqual(self.ask("session_get", session, None, None)[1]["valid"], 2)

    def test_the_same_id_for_another_scan_is_refused(self):
        number, other, session = self.waybill(), self.waybill(), self.session()
        one, at = str(uuid.uuid4()), "2025-01-31T08:05:00+08:00"
        self.scan(number, session=session, scan_id=one, at=at)
        for change in ({"number": other}, {"mode": "check"}, {"session": None},
                       {"station": "S2"}, {"by": None}, {"at": "2025-01-31T08:05:01+08:00"}):
            with self.subTest(change=change):
                code, body = self.scan(**{"number": number, "session": session, "scan_id": one,
                                          "at": at, **change})
                self.assertEqual((code, body["error"]), (409, "scan_id_reused"))
        self.assertEqual(self.db.value(
            f"SELECT count(*) FROM scanned_waybills WHERE scan_id = '{one}'"), "1")

    def race(self, *queries):
        """Each query in a connection of its own, all at once; their (status, body)."""
        answers, ready = [], threading.Barrier(len(queries))

        def run(query):
            ready.wait()
            rows = self.db.query(query)
            answers.append((int(rows[0][0]), json.loads(rows[0][1])))

        threads = [threading.Thread(target=run, args=(q,)) for q in queries]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(len(answers), len(queries))
        return answers

    def test_many_at_once(self):
        for mode, status in (("dispatch", "pending"), ("return", "for_return")):
            with self.subTest(mode=mode):
                number, session = self.waybill(status), self.session()
                got = self.race(*(statement("scan", number, mode, session, None, f"S{i}", None,
                                            None, None) for i in range(8)))
                self.assertEqual(sorted(b["result"] for _, b in got), ["duplicate"] * 7 + ["valid"])
                winner = next(b for _, b in got if b["result"] == "valid")
                for _, body in got:
                    if body["result"] == "duplicate":
                        self.assertEqual(body["first"]["station"], winner["station"])

    def test_a_check_only_looks(self):
        number, session = self.waybill(), self.session()
        got = self.race(*(statement("scan", number, "check", session, None, "S1", None, None, None)
                          for _ in range(4)))
        self.assertEqual([b["result"] for _, b in got], ["valid"] * 4)
        self.assertEqual(self.scan(number, "dispatch", session)[1]["result"], "valid")
        _, body = self.scan(number, "check", session)
        self.assertEqual((body["result"], body["sound"]), ("valid", "ok"))
        self.assertEqual([body["session"][k] for k in ("valid", "duplicate", "error")], [1, 0, 0])

    def test_many_at_once_with_one_id(self):
        for session in (None, self.session()):
            number, one = self.waybill(), str(uuid.uuid4())
            got = self.race(*(statement("scan", number, None, session, one, "S1", None, None, None)
                              for _ in range(8)))
            self.assertEqual(got, [got[0]] * 8)
            self.assertEqual(got[0][1]["result"], "valid")
            self.assertEqual(self.db.value(
                f"SELECT count(*) FROM scanned_waybills WHERE waybill_number = '{number}'"), "1")

    def test_returns_at_once_without_a_session(self):
        number = self.waybill("for_return")
        got = self.race(*(statement("scan", number, "return", None, None, f"S{i}", None, None, None)
                          for i in range(6)))
        self.assertEqual(sorted(b["result"] for _, b in got), ["valid"] + ["wrong_status"] * 5)

    def test_a_voided_scan_makes_room(self):
        number, session = self.waybill(), self.session()
        self.assertEqual(self.scan(number, session=session)[1]["result"], "valid")
        self.assertEqual(self.scan(number, session=session)[1]["result"], "duplicate")
        self.db.query(f"UPDATE scanned_waybills SET voided_at = now() WHERE session_id = {session}")
        self.assertEqual(self.scan(number, session=session)[1]["result"], "valid")

    def test_modes_and_sessions_are_apart(self):
        number, a, b = self.waybill(), self.session(), self.session()
        for session, mode in ((a, "dispatch"), (a, "check"), (b, "dispatch")):
            self.assertEqual(self.scan(number, mode, session)[1]["result"], "valid")

    def test_an_expected_waybill_is_found_once(self):
        upload = self.upload()
        mine, other = self.waybill(upload=upload), self.waybill()
        self.waybill(upload=upload)
        session = self.session(f"[{upload}]")
        counters = lambda b: [b[k] for k in ("valid", "duplicate", "error", "expected", "missing")]
        steps = ((mine, "check", [0, 0, 0, 2, 2]), (mine, "dispatch", [1, 0, 0, 2, 1]),
                 (mine, "dispatch", [1, 1, 0, 2, 1]), (other, "dispatch", [2, 1, 0, 2, 1]),
                 ("NOWHERE", "dispatch", [2, 1, 1, 2, 1]))
        for number, mode, want in steps:
            _, body = self.scan(number, mode, session)
            self.assertEqual(counters(body["session"]), want, (number, mode))
            self.assertEqual(counters(self.ask("session_get", session, None, None)[1]), want)

    def test_nothing_is_missing_when_nothing_is_expected(self):
        session = self.session()
        _, body = self.scan(self.waybill(), session=session)
        for b in (body["session"], self.ask("session_get", session, None, None)[1]):
            self.assertEqual((b["expected"], b["missing"]), (None, None))

    def test_a_waybill_that_was_known_is_expected_too(self):
        first, again = self.upload(), self.upload()
        numbers = [self.waybill(upload=first) for _ in range(2)] + [self.waybill(upload=again)]
        self.db.query(f"INSERT INTO upload_known SELECT {again}, array_agg(id) FROM waybills "
                      f"WHERE upload_id = {first}")
        self.waybill(upload=again)
        for uploads, want in (([again], 4), ([first], 2), ([first, again], 4)):
            session = self.session(json.dumps(uploads))
            _, body = self.scan(numbers[0], session=session)
            self.assertEqual([body["session"][k] for k in ("valid", "expected", "missing")],
                             [1, want, want - 1])
            self.assertEqual(self.ask("session_get", session, None, None)[1]["missing"], want - 1)

    def test_what_a_session_expects_stays(self):
        upload = self.upload()
        self.waybill(upload=upload)
        session = self.session(f"[{upload}]")
        late = self.waybill(upload=upload)
        _, body = self.scan(late, session=session)
        self.assertEqual([body["session"][k] for k in ("valid", "expected", "missing")], [1, 1, 1])

    def test_only_loaded_uploads_can_be_expected(self):
        for upload in (self.upload("failed"), 999999):
            status, body = self.ask("session_create", None, None, f"[{upload}]", None, None)
            self.assertEqual((status, body["error"]), (422, "unknown_upload"))
            self.assertIn(str(upload), body["message"])


class Together(SqlCase):
    """Scans in one transaction are answered, recorded and counted as if each came alone."""

    FIELDS = ("number", "mode", "session", "scan_id", "station", "by", "at", "invalid")

    def many(self, *scans):
        rows = self.db.query(self.statement(*scans))
        return [(int(status), json.loads(body)) for status, body in rows]

    def statement(self, *scans):
        def array(name):
            values = (s.get(name, "dispatch" if name == "mode" else None) for s in scans)
            return "{" + ",".join("NULL" if v is None else json.dumps(str(v))
                                  for v in values) + "}"
        return statement("scan_many", *map(array, self.FIELDS))

    def world(self):
        """Waybills of every status, a session that expects some, one that is closed."""
        upload = self.upload()
        numbers = [self.waybill(s, upload=upload if i % 2 else None)
                   for i, s in enumerate(STATUSES)] + ["NOWHERE"]
        closed = self.session()
        self.db.query(f"UPDATE batch_sessions SET state = 'cancelled' WHERE id = {closed}")
        return numbers, (self.session(f"[{upload}]"), self.session(), closed, None, 888888)

    def scans(self, numbers, sessions, seed):
        r = random.Random(seed)
        return [{"number": r.choice(numbers), "mode": r.choice(("dispatch", "dispatch", "check")),
                 "session": r.choice(sessions), "station": r.choice(("S1", "S2", None)),
                 "by": r.choice(('a"n\\a', None)), "at": r.choice((None, "2025-01-31T08:05:00+08:00")),
                 "invalid": r.choice((None,) * 9 + ('field "x" is odd', "it is empty")),
                 "scan_id": str(uuid.uuid4())}
                for _ in range(40)]

    def told(self, answers, numbers):
        """Without what differs between two worlds, and without the counters, which the scans of
        one transaction may see in another order."""
        out = []
        for status, body in answers:
            text = json.dumps([status, {k: v for k, v in body.items()
                                        if k not in ("scan_id", "scanned_at", "session")}
                               | ({"first": {k: body["first"][k] for k in ("station", "scanned_by")}}
                                  if body.get("first") else {})])
            text = re.sub(r"at \d\d:\d\d:\d\d", "at TIME", text)
            for i, n in enumerate(numbers[:-1]):
                text = text.replace(n, f"<{i}>")
            out.append(text)
        return out

    def test_as_if_each_came_alone(self):
        for seed in range(4):
            with self.subTest(seed=seed):
                one, other = self.world(), self.world()
                alone = [self.scan(**s) for s in self.scans(*one, seed)]
                together = self.many(*self.scans(*other, seed))
                self.assertEqual(self.told(together, other[0]), self.told(alone, one[0]))
                for a, b in zip(one[1][:3], other[1][:3]):
                    counters = [[self.ask("session_get", s, None, None)[1][k] for k in
                                 ("valid", "duplicate", "error", "expected", "missing")]
                                for s in (a, b)]
                    self.assertEqual(counters[0], counters[1])

    def test_the_counters_are_those_after_each(self):
        session = self.session()
        scans = [{"number": self.waybill(), "session": session} for _ in range(5)]
        got = self.many(*scans, {"number": "NOWHERE", "session": session})
        self.assertEqual(sorted((b["session"]["valid"], b["result"]) for _, b in got
                                if b["result"] == "valid"),
                         [(n, "valid") for n in range(1, 6)])
        self.assertEqual([self.ask("session_get", session, None, None)[1][k]
                          for k in ("valid", "duplicate", "error")], [5, 0, 1])

    def test_figures_are_found_by_their_index(self):
        # A plan made while the figures filled one page read all of them, of all sessions, in
        # every scan, and was kept.
        sessions = [self.session() for _ in range(3)]
        self.many(*({"number": self.waybill(), "session": s} for s in sessions))
        self.db.query("VACUUM (ANALYZE) batch_sessions, session_counters, scan_hours")
        for ask in (statement("scan", self.waybill(), None, sessions[0], None, "S1", "ana", None, None),
                    self.statement(*({"number": self.waybill(), "session": s} for s in sessions))):
            told = self.db.query(f"{ask}; SELECT relname, seq_scan FROM pg_stat_xact_user_tables "
                                 "WHERE seq_scan > 0")
            self.assertEqual([row for row in told if not row[0].isdigit()], [])

    def test_a_number_twice_is_a_duplicate_of_the_first(self):
        session, number = self.session(), self.waybill()
        got = self.many(*({"number": number, "session": session, "station": f"S{i}"}
                          for i in range(4)))
        self.assertEqual([b["result"] for _, b in got], ["valid"] + ["duplicate"] * 3)
        self.assertEqual({b["first"]["station"] for _, b in got[1:]}, {"S0"})
        self.assertEqual([b["session"]["duplicate"] for _, b in got], [0, 1, 2, 3])

    def test_a_scan_id_twice_is_one_scan(self):
        session, one = self.session(), str(uuid.uuid4())
        scan = {"number": self.waybill(), "session": session, "scan_id": one}
        first, *others = self.many(scan, scan, {**scan, "number": self.waybill()})
        self.assertEqual(others[0], first)
        self.assertEqual((others[1][0], others[1][1]["error"]), (409, "scan_id_reused"))
        self.assertEqual(self.many(scan, scan), [first, first])
        self.assertEqual(self.ask("session_get", session, None, None)[1]["valid"], 1)

    def test_returns_too(self):
        number = self.waybill("for_return")
        got = self.many(*({"number": number, "mode": "return"} for _ in range(3)))
        self.assertEqual([b["result"] for _, b in got], ["valid", "wrong_status", "wrong_status"])

    def test_a_session_that_is_being_dispatched_is_asked_alone(self):
        busy, free = self.session(), self.session()
        number = self.waybill()
        lock = f"BEGIN; SELECT pg_advisory_xact_lock(2, {busy});"
        with subprocess.Popen(["psql", "-X", "-q", "-A", "-t", "-d", self.db.conninfo], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              env=clean_environment()) as holder:
            holder.stdin.write(lock + " SELECT 'held';\n")
            holder.stdin.flush()
            while holder.stdout.readline() != "held\n":
                pass
            rows = self.db.query(self.statement({"number": number, "session": busy},
                                                {"number": number, "session": free}))
            holder.stdin.write("ROLLBACK;\n")
        self.assertEqual(rows[0], [None, None])
        self.assertEqual(rows[1][0], "200")
        self.assertEqual(self.db.value(
            f"SELECT count(*) FROM scanned_waybills WHERE session_id = {busy}"), "0")

    def test_crossing_orders_never_deadlock(self):
        session = self.session()
        numbers = [self.waybill() for _ in range(30)]
        def batch(order):
            return self.statement(*({"number": n, "session": session} for n in order))
        for _ in range(5):
            queries = [batch(numbers), batch(numbers[::-1])] * 3
            threads, failed = [], []
            def run(q, failed=failed):
                try:
                    self.db.query(q)
                except AssertionError as e:
                    failed.append(e)
            for q in queries:
                threads.append(threading.Thread(target=run, args=(q,)))
                threads[-1].start()
            for t in threads:
                t.join()
            self.assertEqual(failed, [])
        got = self.ask("session_get", session, None, None)[1]
        self.assertEqual((got["valid"], got["duplicate"]), (30, 30 * 30 - 30))


class Totals(SqlCase):
    """What is kept while rows change is what counting them would give."""

    def same(self):
        for column, table in (("status", "waybill_status_totals"),
                              ("destination", "waybill_destination_totals")):
            kept = self.db.query(f"SELECT {column}, sum(waybills) FROM {table} GROUP BY 1 "
                                 "HAVING sum(waybills) <> 0 ORDER BY 1")
            counted = self.db.query(f'SELECT {column} COLLATE "C", count(*) FROM waybills WHERE '
                                    f"{column} IS NOT NULL GROUP BY 1 ORDER BY 1")
            self.assertEqual(kept, counted)

    def test_any_change(self):
        for change in (
                "INSERT INTO waybills (waybill_number, status, destination) SELECT 'T' || n, "
                "(ARRAY['pending', 'delivered'])[1 + n % 2], nullif('D' || n % 3, 'D0') "
                "FROM generate_series(1, 50) n",
                "UPDATE waybills SET status = 'returned' WHERE status = 'delivered'",
                "UPDATE waybills SET destination = 'D9' WHERE destination = 'D1'",
                "UPDATE waybills SET destination = NULL, status = 'cancelled' WHERE id % 7 = 0",
                "UPDATE waybills SET remarks = 'x'",
                "INSERT INTO waybills (waybill_number) VALUES ('T1') ON CONFLICT (waybill_number) "
                "DO UPDATE SET status = 'for_return'",
                "DELETE FROM waybills WHERE id % 5 = 0",
                "TRUNCATE waybills"):
            with self.subTest(change=change):
                self.db.query(change)
                self.same()

    def test_a_change_by_hand_has_a_line_too(self):
        number = self.waybill()
        self.db.query(f"UPDATE waybills SET status = 'cancelled' WHERE waybill_number = '{number}'")
        self.assertEqual(self.db.query(
            "SELECT e.from_status, e.to_status, e.cause, e.changed_by FROM waybill_events e JOIN "
            f"waybills w ON w.id = e.waybill_id WHERE w.waybill_number = '{number}'"),
            [["pending", "cancelled", "other", "waybill"]])

    def test_dashboard_counts_scans(self):
        number, session = self.waybill("delivered"), self.session()
        before = self.ask("dashboard", None, None)[1]
        self.scan(self.waybill(), session=session, station="D1", by="zoe")
        self.scan(number, session=session, station="D1", by="zoe")
        self.scan("NOWHERE", "check", station=None, by=None)
        after = self.ask("dashboard", None, None)[1]
        more = {k: after["scans"][k] - before["scans"][k]
                for k in ("total", "valid", "duplicate", "error")}
        self.assertEqual(more, {"total": 3, "valid": 1, "duplicate": 0, "error": 2})
        self.assertIn({"station": "D1", "valid": 1, "duplicate": 0, "error": 1}, after["by_station"])
        self.assertIn({"scanned_by": "zoe", "valid": 1, "duplicate": 0, "error": 1},
                      after["by_operator"])
        self.assertEqual(sum(m["scans"] for m in after["scans"]["per_minute"]),
                         after["scans"]["total"])
        self.assertEqual(list(after["waybills"]["by_status"]), list(STATUSES))
        self.assertEqual(after["recent_scans"][0]["waybill_number"], "NOWHERE")
        self.assertGreater(after["rates"]["delivered"], 0)

    def test_dashboard_of_another_time_is_empty(self):
        _, body = self.ask("dashboard", "2001-01-01", "2001-01-02")
        self.assertEqual((body["scans"]["total"], body["by_station"]), (0, []))

    def test_dashboard_until_a_day_ends_with_it(self):
        self.db.query("INSERT INTO scan_hours SELECT h, 'Z', '', 1, 1, 0, 0, "
                      "array_fill(1, ARRAY[1]) || array_fill(0, ARRAY[59]) FROM generate_series("
                      "timestamptz '2003-01-01 00:00', '2003-01-02 23:00', '1 hour') h")
        for until, want in (("2003-01-01", 24), ("2003-01-02", 48),
                            ("2003-01-01T08:00:00", 8), ("2003-01-02T00:00:00", 24)):
            _, body = self.ask("dashboard", "2003-01-01", until)
            self.assertEqual(body["scans"]["total"], want, until)

    def test_the_latest_sixty_minutes(self):
        self.db.query(
            "INSERT INTO scan_hours SELECT h, 'X', '', s, 20, 0, 0, array_fill(1, ARRAY[20]) || "
            "array_fill(0, ARRAY[40]) FROM generate_series(timestamptz '2002-01-01 00:00', "
            "'2002-01-01 09:00', '1 hour') h, generate_series(1, 3) s")
        _, body = self.ask("dashboard", "2002-01-01", "2002-01-02")
        minutes = body["scans"]["per_minute"]
        self.assertEqual((body["scans"]["total"], len(minutes)), (600, 60))
        self.assertEqual({m["scans"] for m in minutes}, {3})
        self.assertEqual((minutes[0]["minute"][11:16], minutes[-1]["minute"][11:16]),
                         ("07:00", "09:19"))

    def test_dashboard_reads_no_big_table(self):
        self.db.query("INSERT INTO waybills (waybill_number) SELECT 'B' || n "
                      "FROM generate_series(1, 20000) n")
        self.db.query("INSERT INTO scanned_waybills (scan_id, waybill_number, mode, result, "
                      "scanned_at) SELECT gen_random_uuid(), 'B' || n, 'dispatch', 'valid', now() "
                      "FROM generate_series(1, 20000) n")
        self.db.query("ANALYZE waybills, scanned_waybills", role="postgres")
        rows = self.db.query(statement("dashboard", None, None,
                                       explain="EXPLAIN (ANALYZE, FORMAT JSON)"))

        def nodes(plan):
            yield plan
            for child in plan.get("Plans", ()):
                yield from nodes(child)

        for plan in nodes(json.loads(rows[0][0])[0]["Plan"]):
            self.assertNotEqual(plan.get("Relation Name"), "waybills", plan)
            if plan.get("Relation Name") == "scanned_waybills":
                self.assertLessEqual(plan["Actual Rows"], 20, plan)


class Uploads(SqlCase):
    def begin(self, key, dry_run="false", size=100, crc=7, reading="{}"):
        """Its answer. The connection that held its lock is gone by then."""
        answer = self.db.query(statement("upload_begin", key, "a.xlsx", "ana", dry_run, "false",
                                         "false", size, crc, reading))[0]
        if answer[0]:
            self.wait_for_lock(answer[0])
        return answer

    def wait_for_lock(self, number):
        """A connection's end is not waited for by whoever ends it."""
        wait_until(lambda: self.db.value(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1 "
            f"AND objid = {number} AND database = (SELECT oid FROM pg_database "
            "WHERE datname = current_database())") == "0", "the upload's lock is free")

    def test_whose_loader_died_is_failed(self):
        key = str(uuid.uuid4())
        number = self.begin(key)[0]
        status, body = self.ask("upload_get", key)
        self.assertEqual((status, body["state"], body["error"]), (200, "failed", "importer_died"))
        self.assertIn("upload it again", body["message"])
        self.assertEqual(self.db.value(f"SELECT state FROM uploads WHERE id = {number}"), "failed")
        self.assertEqual(self.begin(key)[0], number)

    def test_whose_loader_lives_is_in_progress(self):
        key = str(uuid.uuid4())
        holder = subprocess.Popen(
            ["psql", "-X", "-q", "-A", "-t", "-d", self.db.conninfo], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, env=clean_environment())
        with holder:
            holder.stdin.write(statement("upload_begin", key, "a.xlsx", None, "false", "false",
                                         "false", 100, 7, "{}") + ";\n")
            holder.stdin.flush()
            number = holder.stdout.readline().split("|")[0]
            self.assertEqual(self.ask("upload_get", number)[1]["state"], "processing")
            _, status, body = self.begin(key)
            self.assertEqual((status, json.loads(body)["error"]), ("409", "upload_in_progress"))
            _, status, body = self.begin(key, crc=8)
            self.assertEqual((status, json.loads(body)["error"]), ("409", "upload_key_reused"))
            self.assertEqual(self.ask("dashboard", None, None)[1]["uploads"][0]["state"], "processing")
            holder.stdin.close()
            holder.wait()
        self.wait_for_lock(number)
        self.assertEqual(self.ask("upload_get", number)[1]["state"], "failed")

    def test_a_completed_key_is_answered_again(self):
        key = str(uuid.uuid4())
        number = self.begin(key)[0]
        self.db.query(f"UPDATE uploads SET state = 'completed', inserted = 7 WHERE id = {number}")
        none, status, body = self.begin(key)
        self.assertEqual((none, status, json.loads(body)["inserted"]), (None, "200", 7))
        # A rehearsal of what is loaded is answered too; what was only rehearsed is loaded.
        self.assertEqual(self.begin(key, "true")[1], "200")
        self.db.query(f"UPDATE uploads SET dry_run = true WHERE id = {number}")
        self.assertEqual(self.begin(key)[:2], [number, None])

    def test_a_key_is_of_one_file(self):
        for size, crc in ((101, 7), (100, 8), (None, None)):
            for state in ("completed", "failed", "cancelled"):
                with self.subTest(size=size, crc=crc, state=state):
                    key = str(uuid.uuid4())
                    number = self.begin(key)[0]
                    self.db.query(f"UPDATE uploads SET state = '{state}' WHERE id = {number}")
                    got, status, body = self.begin(key, size=size, crc=crc)
                    if state == "completed":
                        self.assertEqual((got, status), (None, "409"))
                        self.assertEqual(json.loads(body)["error"], "upload_key_reused")
                        self.assertIn("another file", json.loads(body)["message"])
                    else:
                        self.assertEqual((got, status), (number, None))
                        self.db.query("UPDATE uploads SET state = 'completed' WHERE "
                                      f"id = {number}")
                        self.assertEqual(self.begin(key, size=size, crc=crc)[1], "200")
                        self.assertEqual(self.begin(key)[1], "409")

    def test_a_key_is_of_one_reading(self):
        sheet = '{"sheet": "March"}'
        key = str(uuid.uuid4())
        number = self.begin(key)[0]
        self.db.query(f"UPDATE uploads SET state = 'failed' WHERE id = {number}")
        self.assertEqual(self.begin(key, reading=sheet), [number, None, None])
        self.db.query(f"UPDATE uploads SET state = 'completed' WHERE id = {number}")
        self.assertEqual(self.begin(key)[1], "409")
        self.assertEqual(self.begin(key, reading=sheet)[1], "200")
        # The release before does not tell it.
        self.assertEqual(self.begin(key, reading=None)[1], "200")
        self.db.query(f"UPDATE uploads SET reading = NULL WHERE id = {number}")
        self.assertEqual(self.begin(key, reading=sheet)[1], "200")

    def test_of_many_rejects_the_first_are_shown(self):
        number = self.upload()
        self.db.query("INSERT INTO upload_rejects (upload_id, row_number, kind, reason) SELECT "
                      f"{number}, n * 2, 'rejected', 'no number' FROM generate_series(1, 150) n")
        self.db.query(f"UPDATE uploads SET rejected = 150 WHERE id = {number}")
        _, body = self.ask("upload_rejects", number, "all", None, None)
        self.assertEqual((len(body["rejects"]), body["next"]), (150, None))
        self.assertEqual(len(self.ask("upload_get", number)[1]["rejects"]), 100)

    def test_unknown(self):
        for name, more in (("upload_get", ()), ("upload_rejects", ("all", None, None))):
            for asked in ("nothing", "999999", "99999999999999999999"):
                status, body = self.ask(name, asked, *more)
                self.assertEqual((status, body["error"]), (404, "upload_not_found"))
        self.assertEqual(self.ask("waybill_get", "NOWHERE")[1]["error"], "waybill_not_found")


def migrate(db, code=0, program=os.path.join(BUILD, "waybillctl")):
    out = subprocess.run(
        [program, "migrate"], stdin=subprocess.DEVNULL,
        env={**clean_environment(), "WAYBILL_DATABASE": served(db.conninfo)}, capture_output=True,
        text=True, check=False)
    assert (out.returncode == 0) == (code == 0), out
    return out.stdout + out.stderr


class Migrations(unittest.TestCase):
    FILES = sorted(glob.glob(os.path.join(ROOT, "sql", "migrate", "*.sql")))
    SESSION_KEY = 13  # it alters batch_sessions
    UPLOAD_TOLD = 27  # it counts anew what was refused
    SHAPE = ("SELECT table_name, column_name, data_type, is_nullable, column_default FROM "
             "information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2")
    FUNCTIONS = "SELECT oid::regprocedure, prosrc FROM pg_proc WHERE pronamespace = " \
                "'public'::regnamespace ORDER BY 1"

    def fresh(self, migrated=False):
        db = Cluster.shared().database(migrated)
        self.addCleanup(db.drop)
        return db

    def advance(self, db, to):
        """By the files alone."""
        db.query("CREATE TABLE schema_version (version integer PRIMARY KEY, name text NOT NULL,"
                 " applied_at timestamptz NOT NULL DEFAULT now())")
        for i, path in enumerate(self.FILES[:to], 1):
            with open(path, encoding="ascii") as f:
                db.query(f.read())
            db.query(f"INSERT INTO schema_version VALUES ({i}, 'step')")

    def test_every_step_leads_to_the_same_schema(self):
        newest = self.fresh(migrated=True)
        want = newest.query(self.SHAPE), newest.query(self.FUNCTIONS)
        for found in range(len(self.FILES) + 1):
            db = self.fresh()
            self.advance(db, found)
            migrate(db)
            self.assertEqual((db.query(self.SHAPE), db.query(self.FUNCTIONS)), want, found)

    def test_what_strict_refused_before_adds_up(self):
        db = self.fresh()
        self.advance(db, self.UPLOAD_TOLD - 1)
        db.query("INSERT INTO uploads (state, error, rows_total, duplicate, rejected, inserted) VALUES"
                 " ('failed', 'rows_rejected', 5, 1, 1, 0), ('completed', NULL, 5, 1, 1, 3),"
                 " ('failed', 'no_heading_row', NULL, 0, 0, 0)")
        migrate(db)
        self.assertEqual(db.query("SELECT j ->> 'rejected', j ->> 'unreadable' FROM uploads u, "
                                  "upload_json(u, false) j ORDER BY u.id"),
                         [["4", "1"], ["1", "1"], ["0", "0"]])

    def test_again_changes_nothing(self):
        db = self.fresh()
        self.assertIn("from version 0", migrate(db))
        before = db.query("SELECT * FROM schema_version")
        migrate(db)
        self.assertEqual(db.query("SELECT * FROM schema_version"), before)

    def test_two_at_once(self):
        db = self.fresh()
        threads = [threading.Thread(target=migrate, args=(db,)) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(db.value("SELECT count(*) FROM schema_version"), str(len(self.FILES)))

    def test_who_works_meanwhile_does_not_wait_behind_it(self):
        """A dump holds a table for minutes, and whoever wanted it after the migration timed out."""
        db = self.fresh()
        self.advance(db, self.SESSION_KEY - 1)
        with subprocess.Popen(["psql", "-X", "-q", "-d", db.conninfo], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              env=clean_environment()) as dump:
            dump.stdin.write("BEGIN; SELECT count(*) FROM batch_sessions;\n")
            dump.stdin.flush()
            dump.stdout.readline()
            said = []
            migration = threading.Thread(target=lambda: said.append(migrate(db)))
            migration.start()
            waits = ("SELECT count(*) FROM pg_locks WHERE NOT granted"
                     " AND relation = 'batch_sessions'::regclass")
            for _ in range(2):
                wait_until(lambda: db.value(waits) == "1", "it wants the table", 30)
                db.query("SET lock_timeout = '2s'; SELECT count(*) FROM batch_sessions")
            dump.stdin.write("COMMIT;\n")
        migration.join()
        self.assertIn("somebody works with what it changes", said[0])
        self.assertIn(f"to {len(self.FILES)}", said[0])

    def next_release(self, folder, text):
        """waybillctl with one more migration."""
        newest = os.path.join(folder, "migrate", f"{len(self.FILES) + 1:04}_more.sql")
        os.mkdir(os.path.dirname(newest))
        with open(newest, "w", encoding="ascii") as f:
            f.write(text)
        program, table = (os.path.join(folder, name) for name in ("waybillctl", "sql_table."))
        with open(table + "c", "w", encoding="ascii") as f:
            subprocess.run(["awk", "-v", f"header={table}h", "-f", "sql/embed.awk",
                            *self.FILES, newest, *sorted(glob.glob("sql/query/*.sql", root_dir=ROOT))],
                           cwd=ROOT, stdout=f, check=True)
        subprocess.run(
            [os.environ.get("CC", "cc"), "-std=c11", "-D_POSIX_C_SOURCE=200809L", "-I" + folder, "-I.",
             "-include", "parse/banned.h",
             "-I" + subprocess.check_output(["pg_config", "--includedir"], text=True).strip(),
             *(["-fsanitize=address,undefined"] if BUILD.endswith("san") else []), "-o", program,
             "server/migrate.c", table + "c",
             *(os.path.join(BUILD, name) for name in (
                 "obj/server/waybillctl.o", "libserver.a", "libparse.a")),
             "-lpq", "-lcrypt", "-lz", "-lm"], cwd=ROOT, check=True)
        return program

    def test_one_that_needs_the_site_at_rest(self):
        with tempfile.TemporaryDirectory(prefix="waybill-release-") as folder:
            program = self.next_release(folder, "-- at rest: each row is written anew\n"
                                                "alter table uploads alter column rows_total type numeric;\n")
            db = self.fresh(migrated=True)
            server = Server(db.conninfo, {"workers": 1}).start()
            try:
                said = migrate(db, 1, program)
            finally:
                server.stop()
            wait_until(lambda: db.value("SELECT count(*) FROM pg_stat_activity WHERE datname = "
                                        "current_database() AND application_name LIKE 'waybilld %'")
                       == "0", "its connections are gone")
            self.assertRegex(said, r"'more' needs the site at rest, and servers work at .+: stop")
            self.assertIn(f"to {len(self.FILES) + 1}", migrate(db, 0, program))

    def test_a_newer_database_is_refused(self):
        db = self.fresh(migrated=True)
        db.query("INSERT INTO schema_version VALUES (9999, 'from the future')")
        self.assertIn("install the newer program", migrate(db, code=1))

    def test_a_migration_that_fails_leaves_the_one_before(self):
        db = self.fresh()
        db.query("CREATE TABLE scan_hours (in_the_way integer)")
        self.assertRegex(migrate(db, code=1), r"migration 2 'totals'.*scan_hours")
        self.assertEqual(db.value("SELECT max(version) FROM schema_version"), "1")
        self.assertIsNone(db.value("SELECT to_regclass('session_counters')"))

    def test_ready_says_what_is_missing(self):
        db = self.fresh(migrated=True)
        want = len(self.FILES)
        self.assertEqual(db.query(statement("ready", want))[0][0], "200")
        status, body = db.query(statement("ready", want + 1))[0]
        self.assertEqual((status, json.loads(body)["error"]), ("503", "schema_too_old"))

    def test_the_sessions_table_is_as_promised(self):
        db = self.fresh(migrated=True)
        self.assertEqual(db.query(
            "SELECT attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute WHERE "
            "attrelid = 'sessions'::regclass AND attnum > 0 ORDER BY attnum"),
            [["id", "character varying(255)", "t"], ["user_id", "bigint", "f"],
             ["ip_address", "character varying(45)", "f"], ["user_agent", "text", "f"],
             ["payload", "text", "f"], ["last_activity", "integer", "f"]])


class Embed(unittest.TestCase):
    """sql/embed.awk: SQL in, one C table out, the same with every awk."""

    def embed(self, files, awk="awk"):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                path = os.path.join(folder, name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w", encoding="utf-8", newline="") as f:
                    f.write(text)
            out = subprocess.run(
                [awk, "-v", "header=header.h", "-f", os.path.join(ROOT, "sql", "embed.awk"),
                 *sorted(files)], cwd=folder, capture_output=True, text=True, check=False)
            header = ""
            if out.returncode == 0:
                with open(os.path.join(folder, "header.h"), encoding="utf-8") as f:
                    header = f.read()
            return out, header

    GOOD = {"migrate/0001_a.sql": "create table a ();\n",
            "query/q.sql": '-- reads\n-- about $9\nselect $1, \'\\n"??(\', $12 -- kept\n\n'
                           "-- gone\nwhere true\n",
            "query/w.sql": "delete from a\n", "query/x.sql": "-- plain\ncopy a from stdin\n"}

    def test_table(self):
        out, header = self.embed(self.GOOD)
        self.assertEqual(out.returncode, 0, out.stderr)
        self.assertIn('"select $1, \'\\\\n\\"\\?\\?(\', $12 -- kept\\n"\n\t"where true\\n"\n'
                      "\t, SQL_READS, 12 }", out.stdout)
        self.assertIn("SQL_WRITES, 0", out.stdout)
        self.assertIn("SQL_PLAIN, 0", out.stdout)
        self.assertNotIn("gone", out.stdout)
        self.assertIn("STMT_Q,\n\tSTMT_W,\n\tSTMT_X,\n\tSTMT_COUNT", header)
        self.assertIn("SQL_MIGRATIONS = 1 ", header)

    def test_refusals(self):
        for name, change, words in (
                ("gap", {"migrate/0003_b.sql": "x\n"}, "without a gap"),
                ("no number", {"migrate/start.sql": "x\n"}, "NNNN_name"),
                ("capitals", {"query/Big.sql": "x\n"}, "lower case"),
                ("not ASCII", {"query/n.sql": "select 'ni\u00f1o'\n"}, "ASCII"),
                ("carriage return", {"query/r.sql": "select 1\r\n"}, "ASCII")):
            with self.subTest(name):
                out, _ = self.embed({**self.GOOD, **change})
                self.assertEqual(out.returncode, 1)
                self.assertIn(words, out.stderr)

    def test_awks_agree(self):
        found = [awk for awk in ("mawk", "gawk", "original-awk", "busybox") if any(
            os.access(os.path.join(d, awk), os.X_OK) for d in os.environ["PATH"].split(":"))]
        found = [awk for awk in found if awk != "busybox"]
        if len(found) < 2:
            self.skipTest(f"only one awk here: {found}")
        files = {os.path.relpath(p, os.path.join(ROOT, "sql")): open(p, encoding="ascii").read()
                 for p in glob.glob(os.path.join(ROOT, "sql", "*", "*.sql"))}
        answers = [(o.stdout, h) for o, h in (self.embed(files, awk) for awk in found)]
        self.assertEqual(answers, [answers[0]] * len(answers))


if __name__ == "__main__":
    unittest.main()
