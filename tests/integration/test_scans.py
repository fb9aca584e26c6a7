"""Scans that meet: in one transaction, in one backlog, over one parcel, in a dying worker."""

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import threading
import time
import unittest
import uuid

from support.client import Connection
from support.pg import Database, clean_environment
from support.psql_session import PsqlSession
from support.server import ServerCase
from support.wait import wait_until

JSON = {"Content-Type": "application/json"}


def post(connection, path, value):
    return connection.request("POST", path, json.dumps(value).encode(), JSON)


def send(connection, path, value):
    """Waits for no answer."""
    body = json.dumps(value).encode()
    connection.send(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                    b"Content-Length: %d\r\n\r\n%s" % (path.encode(), len(body), body))


class Floor(ServerCase):
    """A server, waybills FL0000 to FL1199 (FR... are to be returned), and sessions."""

    settings = {"workers": 3}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        r = cls.client.upload(
            b"Waybill Number,Receiver,Status\n"
            + b"".join(b"FL%04d,Ana,Pending\n" % i for i in range(1200))
            + b"".join(b"FR%03d,Ana,For Return\n" % i for i in range(100)), name="floor.csv")
        assert r.status == 200, r
        # One that is there already: whoever waits for a lock does so for 2 s.
        cls.watcher = PsqlSession(cls.db.conninfo)
        cls.addClassCleanup(cls.watcher.close)

    def session(self):
        r = self.client.post("/sessions", {"scanned_by": "ana", "station": "dock 1"})
        self.assertEqual(r.status, 201, r)
        return r.json()["id"]

    def metric(self, name):
        text = self.client.get("/metrics").body.decode()
        return int(re.search(rf"^waybill_{name} (\d+)$", text, re.MULTILINE)[1])

    def counted(self, session):
        """The session's counters, having seen that they are those of its rows."""
        got = self.client.get(f"/sessions/{session}").json()
        rows = dict(self.db.query(
            "SELECT case when result in ('valid', 'duplicate') then result else 'error' end, "
            f"count(*) FROM scanned_waybills WHERE session_id = {session} AND mode <> 'check' "
            "GROUP BY 1"))
        counters = {k: got[k] for k in ("valid", "duplicate", "error")}
        self.assertEqual(counters, {k: int(rows.get(k, 0)) for k in counters})
        return counters

    def all_counted(self):
        """The dashboard's figures of scans are those of the rows."""
        self.assertEqual(self.db.query(
            "SELECT sum(valid), sum(duplicate), sum(error), "
            "(SELECT sum(n) FROM scan_hours, unnest(minutes) n) FROM scan_hours"),
            self.db.query(
                "SELECT count(*) FILTER (WHERE result = 'valid'), "
                "count(*) FILTER (WHERE result = 'duplicate'), "
                "count(*) FILTER (WHERE result NOT IN ('valid', 'duplicate')), count(*) "
                "FROM scanned_waybills"))

    @contextlib.contextmanager
    def locked(self, table):
        """Nobody else writes to it."""
        with PsqlSession(self.db.conninfo) as session:
            session.run(f"BEGIN; LOCK TABLE {table} IN SHARE MODE")
            yield

    @contextlib.contextmanager
    def held(self, number):
        """The parcel is locked until the end, or until the function that comes out is called."""
        with subprocess.Popen(["psql", "-X", "-q", "-A", "-t", "-d", self.db.conninfo], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              env=clean_environment()) as holder:
            def say(line):
                holder.stdin.write(line)
                holder.stdin.flush()
            say(f"BEGIN; SELECT 'held' FROM waybills WHERE waybill_number = '{number}' FOR UPDATE;\n")
            self.assertEqual(holder.stdout.readline(), "held\n")
            yield lambda: say("ROLLBACK;\n")

    def wait_for_worker(self):
        waiting = ("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                   "AND datname = current_database()")
        wait_until(lambda: self.watcher.run(waiting) != "0", "the worker waits")

    @contextlib.contextmanager
    def busy(self):
        """The worker waits for a parcel's lock, so that what comes meanwhile is ready together."""
        with self.held("FR000") as let_go, self.client.connect() as c:
            send(c, "/scan", {"waybill_number": "FR000", "mode": "return"})
            self.wait_for_worker()
            yield
            let_go()
            self.assertLess(c.response().status, 500)

    def at_once(self, *calls):
        """Runs them in threads; the first failure is raised here."""
        failed = []

        def run(call):
            try:
                call()
            except BaseException as e:  # pylint: disable=broad-except
                failed.append(e)

        threads = [threading.Thread(target=run, args=(c,)) for c in calls]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        if failed:
            raise failed[0]


class Together(Floor):
    settings = {"workers": 1}
    expected_errors = [r"P0001"]

    def together(self, *scans):
        """The answers to scans that are ready at the same time."""
        connections = [self.client.connect() for _ in scans]
        try:
            for c in connections:  # known to the worker
                self.assertEqual(c.request("GET", "/health").status, 200)
            before = self.metric("scans_together_total")
            with self.busy():
                for c, scan in zip(connections, scans):
                    send(c, "/scan", scan)
            answers = [c.response() for c in connections]
            return answers, self.metric("scans_together_total") - before
        finally:
            for c in connections:
                c.close()

    def test_each_gets_its_own_verdict(self):
        s, one = self.session(), str(uuid.uuid4())
        self.client.post("/scan", {"waybill_number": "FL0003", "session_id": s})
        cases = [
            ({"waybill_number": "FL0000", "session_id": s}, 200, "valid"),
            ({"waybill_number": "FL0001", "session_id": s, "scan_id": one}, 200, "valid"),
            ({"waybill_number": "FL0002", "station": 'a "quoted\\" dock'}, 200, "valid"),
            ({"waybill_number": "FL0003", "session_id": s}, 409, "duplicate"),
            ({"waybill_number": "FL0003", "session_id": s, "mode": "check"}, 200, "valid"),
            ({"waybill_number": "NOWHERE", "session_id": s}, 404, "not_found"),
            ({"waybill_number": "A B", "session_id": s}, 400, "invalid"),
            ({"waybill_number": "FL0004", "mode": "drop", "session_id": s}, 400, "invalid"),
            ({"waybill_number": "FL0004", "session_id": 999999}, 404, "invalid"),
            ({"waybill_number": "FR001", "mode": "return"}, 200, "valid"),
            ({"waybill_number": ["FL0005"]}, 400, "invalid"),
        ]
        answers, shared = self.together(*(c[0] for c in cases))
        for (scan, status, result), r in zip(cases, answers):
            with self.subTest(scan=scan):
                self.assertEqual((r.status, r.json()["result"]), (status, result), r)
        self.assertEqual(shared, len(cases) - 2)  # a return goes alone, and what stood behind it
        self.assertEqual(answers[2].json()["station"], 'a "quoted\\" dock')
        again = self.client.post("/scan", cases[1][0])
        self.assertEqual((again.status, again.body), (200, answers[1].body))
        self.assertEqual(self.counted(s), {"valid": 3, "duplicate": 1, "error": 3})
        self.all_counted()

    def test_one_number_at_many_stations(self):
        s = self.session()
        answers, shared = self.together(*({"waybill_number": "FL0010", "session_id": s,
                                           "station": f"dock {i}"} for i in range(20)))
        self.assertEqual(sorted(r.json()["result"] for r in answers),
                         ["duplicate"] * 19 + ["valid"])
        self.assertGreaterEqual(shared, 20)
        winner = next(r.json() for r in answers if r.status == 200)
        self.assertEqual({r.json()["first"]["station"] for r in answers if r.status == 409},
                         {winner["station"]})
        self.counted(s)

    def test_told_counters_are_those_of_what_is_recorded(self):
        r = self.client.upload(b"Waybill Number,Receiver\n" + b"".join(
            b"FT%d,Ana\n" % i for i in range(4)), name="told.csv")
        s = self.client.post("/sessions", {"scanned_by": "ana", "station": "dock 1",
                                           "uploads": [r.json()["id"]]}).json()["id"]

        def scan(n):
            return {"waybill_number": f"FT{n}", "session_id": s, "scan_id": str(uuid.uuid4())}

        def told(r):
            return [r.json()["session"][k] for k in ("valid", "duplicate", "error", "missing")]

        first = scan(0)
        answers, _ = self.together(first, scan(0), scan(1))
        self.assertEqual([r.json()["result"] for r in answers], ["valid", "duplicate", "valid"])
        self.assertEqual([told(r) for r in answers], [[1, 0, 0, 3], [2, 1, 0, 2], [2, 0, 0, 2]])
        # Some whose answers were lost, and what has been scanned since.
        unknown = dict(scan(1), waybill_number="NOWHERE")
        self.client.post("/scan", unknown)
        answers, _ = self.together(first, unknown, scan(2), scan(3))
        self.assertEqual([told(r) for r in answers],
                         [[1, 0, 0, 3], [2, 1, 1, 2], [3, 1, 1, 1], [4, 1, 1, 0]])
        self.counted(s)

    def test_more_than_fit_in_one_transaction(self):
        s = self.session()
        answers, shared = self.together(*({"waybill_number": f"FL{i:04d}", "session_id": s}
                                          for i in range(100, 250)))
        self.assertEqual({r.status for r in answers}, {200})
        self.assertGreaterEqual(shared, 128)
        self.assertEqual(self.counted(s)["valid"], 150)

    def test_one_that_fails_takes_none_along(self):
        self.db.query(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF new.station = 'broken' THEN RAISE 'no scans of this station'; END IF; "
            "RETURN new; END $$; CREATE TRIGGER refuse BEFORE INSERT ON scanned_waybills "
            "FOR EACH ROW EXECUTE FUNCTION refuse()")
        self.addCleanup(self.db.query, "DROP FUNCTION refuse CASCADE")
        s = self.session()
        answers, _ = self.together(*({"waybill_number": f"FL{300 + i:04d}", "session_id": s,
                                      "station": "broken" if i == 3 else "dock 1"}
                                     for i in range(8)))
        self.assertEqual([r.status for r in answers], [200] * 3 + [500] + [200] * 4)
        self.assertEqual(self.counted(s), {"valid": 7, "duplicate": 0, "error": 0})
        self.all_counted()

    def test_a_connection_is_answered_in_its_order(self):
        s = self.session()
        with self.client.connect() as c:
            for i in range(400, 410):
                send(c, "/scan", {"waybill_number": f"FL{i:04d}", "session_id": s})
                c.send(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            for i in range(400, 410):
                self.assertEqual(c.response().json()["waybill_number"], f"FL{i:04d}")
                self.assertEqual(c.response().body, b"healthy\n")

    def test_a_client_that_goes_away_is_recorded_all_the_same(self):
        s = self.session()
        with self.busy():
            c = self.client.connect()
            send(c, "/scan", {"waybill_number": "FL0450", "session_id": s})
            c.close()
        r = self.client.post("/scan", {"waybill_number": "FL0450", "session_id": s})
        self.assertEqual((r.status, r.json()["result"]), (409, "duplicate"), r)


class Stuck(Floor):
    settings = {"workers": 1}
    expected_errors = [r"lock timeout"]

    def test_a_lock_on_all_scans_is_told_within_seconds(self):
        """Not after each of them has waited for it."""
        with contextlib.ExitStack() as stack:
            stations = [stack.enter_context(self.client.connect()) for _ in range(20)]
            stack.enter_context(self.locked("scanned_waybills"))
            began = time.monotonic()
            for i, c in enumerate(stations):
                send(c, "/scan", {"waybill_number": f"FL{700 + i:04d}"})
                if i == 0:
                    self.wait_for_worker()
            for c in stations:
                r = c.response()
                self.assertEqual((r.status, r.json()["error"]), (503, "busy"), r)
                self.assertIn("retry-after", r.headers)
            self.assertLess(time.monotonic() - began, 15)  # each waits for 2 s
            self.assertEqual(self.client.get("/health").status, 200)
        backlog = [{"waybill_number": f"FL{700 + i:04d}", "scan_id": str(uuid.uuid4())}
                   for i in range(20)]
        with self.locked("scanned_waybills"):
            began = time.monotonic()
            r = self.client.post("/scans", {"scans": backlog})
            self.assertLess(time.monotonic() - began, 15)
        self.assertEqual(self.db.value("SELECT count(*) FROM scanned_waybills "
                                       "WHERE waybill_number LIKE 'FL07%'"), "0")
        r = self.client.post("/scans", {"scans": backlog})
        self.assertEqual({x["result"] for x in r.json()["results"]}, {"valid"})


class LongRound(Floor):
    """A round of the worker's loop that takes longer than a request may."""

    settings = {"workers": 1, "request_timeout": "200ms"}

    def test_a_scan_that_was_whole_before_is_answered(self):
        with contextlib.ExitStack() as stack:
            scanner, desk = (stack.enter_context(self.client.connect()) for _ in range(2))
            for c in (scanner, desk):  # known to the worker
                self.assertEqual(c.request("GET", "/health").status, 200)
            let_go = stack.enter_context(self.held("FR001"))
            with self.busy():
                send(scanner, "/scan", {"waybill_number": "FL0600"})
                send(desk, "/waybills/FR001/hold", {"by": "ana", "reason": "torn"})
            self.wait_for_worker()
            time.sleep(0.4)  # request_timeout is over
            let_go()
            self.assertEqual(desk.response().status, 200)
            self.assertEqual(scanner.response().json()["result"], "valid")


class Backlog(Floor):
    expected_errors = [r"database", r"scans \S+: ", r"terminating connection"]

    def send(self, *scans, status=200):
        r = self.client.post("/scans", {"scans": list(scans)})
        self.assertEqual(r.status, status, r)
        return r.json()["results"]

    def test_in_order_with_its_own_times(self):
        s, at = self.session(), "2025-01-31T08:05:00+08:00"
        scans = [{"waybill_number": n, "session_id": s, "scanned_at": at, "station": "dock 9",
                  "scanned_by": "ana", "scan_id": str(uuid.uuid4())}
                 for n in ("FL0000", "FL0001", "FL0000", "NOWHERE", "A B")]
        got = self.send(*scans)
        self.assertEqual([(r["status"], r["result"]) for r in got],
                         [(200, "valid"), (200, "valid"), (409, "duplicate"), (404, "not_found"),
                          (400, "invalid")])
        self.assertEqual([r["scan_id"] for r in got], [s["scan_id"] for s in scans])
        self.assertEqual(self.db.value(
            "SELECT count(DISTINCT scanned_at) FILTER (WHERE scanned_at = "
            f"'{at}') FROM scanned_waybills WHERE session_id = {s}"), "1")
        self.assertEqual(self.send(*scans), got)
        self.assertEqual(self.counted(s), {"valid": 2, "duplicate": 1, "error": 2})

    def test_a_return_comes_before_what_follows_it(self):
        got = self.send({"waybill_number": "FR010", "mode": "check"},
                        {"waybill_number": "FR010", "mode": "return"},
                        {"waybill_number": "FR010", "mode": "return"},
                        {"waybill_number": "FR010", "mode": "dispatch"},
                        {"waybill_number": "FL0020"})
        self.assertEqual([r["result"] for r in got],
                         ["valid", "valid", "wrong_status", "wrong_status", "valid"])

    def test_a_bad_item_is_invalid_alone(self):
        s = self.session()
        got = self.send({"waybill_number": "FL0030", "session_id": s}, 7, None, ["FL0031", {"a": 1}],
                        {"waybill_number": "FL0031", "mode": "drop"}, {},
                        {"waybill_number": {"a": ["b"]}},
                        {"waybill_number": "FL0032", "session_id": s})
        self.assertEqual([r["status"] for r in got], [200] + [400] * 6 + [200])
        for r in got[1:-1]:
            self.assertEqual(r["result"], "invalid")
        self.assertIn('"mode"', got[4]["message"])

    def test_a_field_twice_is_invalid_alone(self):
        r = self.client.request("POST", "/scans", b'{"scans":[{"waybill_number":"FL0040","mode":'
                                b'"check","mode":"check"},{"waybill_number":"FL0040"}]}', JSON)
        self.assertEqual([i["status"] for i in r.json()["results"]], [400, 200])
        self.assertIn("twice", r.json()["results"][0]["message"])

    def test_what_is_no_backlog(self):
        for body, code in ((b"{}", "bad_body"), (b"[]", "bad_body"), (b'{"scans":7}', "bad_body"),
                           (b'{"scans":[{"waybill_number":"FL0050"}', "bad_body"),
                           (b'{"scans":[{"waybill_number":"FL0050"}]} x', "bad_body"),
                           (b'{"scans":[],"scans":[]}', "bad_body")):
            with self.subTest(body):
                r = self.client.request("POST", "/scans", body, JSON)
                self.assertEqual((r.status, r.json()["error"]), (400, code), r)
        r = self.client.request("POST", "/scans", b"scans=1",
                                {"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual(r.status, 415, r)
        self.assertEqual(self.send(), [])
        self.assertEqual(self.db.value(
            "SELECT count(*) FROM scanned_waybills WHERE waybill_number = 'FL0050'"), "0")

    def test_a_thousand_and_one(self):
        s = self.session()
        scans = [{"waybill_number": f"FL{i % 500 + 600:04d}", "session_id": s, "station": "dock 4",
                  "scanned_at": "2025-01-31T08:05:00+08:00", "scan_id": str(uuid.uuid4())}
                 for i in range(1001)]
        r = self.client.post("/scans", {"scans": scans})
        self.assertEqual((r.status, r.json()["error"]), (413, "too_large"), r)
        self.assertIn("several requests", r.json()["message"])
        self.assertEqual(self.counted(s), {"valid": 0, "duplicate": 0, "error": 0})
        got = self.send(*scans[:1000])
        self.assertEqual([r["result"] for r in got], ["valid"] * 500 + ["duplicate"] * 500)
        self.assertEqual(self.counted(s), {"valid": 500, "duplicate": 500, "error": 0})

    def test_answers_that_fit_nowhere_are_recorded_once(self):
        """Some hundred kilobytes of a waybill's texts in each of them."""
        fields = ("Receiver", "Destination", "Province", "City", "Barangay", "Item Name", "Remarks")
        r = self.client.upload(("Waybill Number," + ",".join(fields) + "\nFX1"
                                + ("," + "x" * 32000) * len(fields) + "\n").encode(), name="x.csv")
        self.assertEqual((r.status, r.json()["inserted"]), (200, 1), r)
        r = self.client.post("/scans", {"scans": [{"waybill_number": "FX1"}] * 400})
        self.assertRegex(r.json()["message"], "memory; the scans are recorded")
        self.assertEqual(self.db.value(
            "SELECT count(*) FROM scanned_waybills WHERE waybill_number = 'FX1'"), "400")

    def test_without_the_database(self):
        admin = Database(self.db.cluster, "postgres")

        def allow(yes):
            admin.query(f'ALTER DATABASE "{self.db.name}" ALLOW_CONNECTIONS {yes}', role="postgres")

        allow("false")
        self.addCleanup(allow, "true")
        admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    f"WHERE datname = '{self.db.name}'", role="postgres")
        r = self.client.post("/scans", {"scans": [{"waybill_number": "FL0060"}] * 3})
        self.assertEqual(r.status, 503, r)
        self.assertIn("retry-after", r.headers)
        allow("true")
        scan = {"scans": [{"waybill_number": "FL0060"}]}
        wait_until(lambda: self.client.post("/scans", scan).status == 200, "scans are taken again")


class Races(Floor):
    def test_two_stations_a_thousand_numbers(self):
        s, told = self.session(), {"dock 1": [], "dock 2": []}
        numbers = [f"FL{i:04d}" for i in range(1000)]

        def station(name):
            with self.client.connect() as c:
                for n in numbers:
                    r = post(c, "/scan", {"waybill_number": n, "session_id": s, "station": name})
                    told[name].append(r.json()["result"])

        self.at_once(*(lambda n=n: station(n) for n in told))
        for n, pair in zip(numbers, zip(*told.values())):
            self.assertEqual(sorted(pair), ["duplicate", "valid"], n)
        self.assertEqual(self.counted(s), {"valid": 1000, "duplicate": 1000, "error": 0})

    def test_stations_and_backlogs_never_stop_each_other(self):
        sessions = [self.session() for _ in range(3)]
        numbers = [f"FL{i:04d}" for i in range(1100, 1160)] + [f"FR{i:03d}" for i in range(40)]
        statuses = []

        def station(seed):
            r = random.Random(seed)

            def scan():
                return {"waybill_number": r.choice(numbers), "session_id": r.choice(sessions),
                        "mode": r.choice(("dispatch", "dispatch", "dispatch", "check", "return")),
                        "station": "dock 1", "scanned_by": "ana", "scan_id": str(uuid.uuid4())}

            with self.client.connect() as c:
                for i in range(40):
                    if i % 8 == 7:
                        got = post(c, "/scans", {"scans": [scan() for _ in range(30)]})
                        statuses.append(got.status)
                        statuses.extend(i["status"] for i in got.json()["results"])
                    else:
                        statuses.append(post(c, "/scan", scan()).status)

        self.at_once(*(lambda n=n: station(n) for n in range(20)))
        self.assertEqual([s for s in statuses if s >= 500], [])
        for s in sessions:
            self.counted(s)
        self.all_counted()
        self.assertEqual(self.db.query(
            "SELECT waybill_number FROM scanned_waybills WHERE result = 'valid' AND mode <> 'check' "
            "GROUP BY session_id, waybill_number, mode HAVING count(*) > 1"), [])


class Killed(Floor):
    settings = {"workers": 2}
    expected_errors = [r"ended by signal 9", r"died", r"killed"]

    def test_workers_die_and_retries_count_once(self):
        s, told, done = self.session(), {}, threading.Event()

        def ask(scan):
            while True:
                try:
                    with Connection(self.client.port) as c:
                        r = post(c, "/scan", scan)
                    if r.status < 500:
                        return r.json()
                except (OSError, ConnectionError):
                    pass

        def station(first):
            for i in range(60):
                scan = {"waybill_number": f"FL{first * 40 + i:04d}", "session_id": s,
                        "station": f"dock {first}", "scan_id": str(uuid.uuid4())}
                told[scan["scan_id"]] = (scan["waybill_number"], ask(scan)["result"])

        def reaper():
            for _ in range(6):
                if done.wait(0.2):
                    return
                for pid in self.server.workers():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)

        killer = threading.Thread(target=reaper)
        killer.start()
        self.at_once(*(lambda n=n: station(n) for n in range(12)))
        done.set()
        killer.join()
        rows = self.db.query("SELECT scan_id, waybill_number, result FROM scanned_waybills "
                             f"WHERE session_id = {s}")
        self.assertEqual({r[0]: (r[1], r[2]) for r in rows}, told)
        self.assertEqual(len(rows), 12 * 60)
        self.counted(s)
        self.all_counted()


if __name__ == "__main__":
    unittest.main()
