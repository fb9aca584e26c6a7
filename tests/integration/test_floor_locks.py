"""What waits for what on the floor: matches, scans, undos and dispatches that want the same
rows, held open half-way so that they surely meet."""

import unittest

from support.floor import FloorCase
from support.psql_session import PsqlSession
from support.wait import wait_until

SCAN = ("SELECT status, body::json ->> 'result' FROM scan_record('{number}', 'dispatch', {session}, "
        "null, 'dock 1', 'ana', null, null)")


class LocksCase(FloorCase):
    def open_psql(self):
        session = PsqlSession(self.db.conninfo)
        self.addCleanup(session.__exit__)
        return session

    def waits(self, session):
        wait_until(lambda: self.db.value("SELECT wait_event_type FROM pg_stat_activity "
                                         f"WHERE pid = {session.pid}") == "Lock", "it waits")

    def scan_by(self, psql, number, session):
        return psql.run(SCAN.format(number=number, session=session))

    def known(self, *numbers):
        """Waybills that no upload has matched yet."""
        for n in numbers:
            self.db.query(f"INSERT INTO waybills (waybill_number) VALUES ('{n}')")


class Matches(LocksCase):
    def test_a_match_that_waits_for_scans_never_makes_them_wait(self):
        """It makes one scan valid and wants to do so with another, whose number a station has
        just scanned in a transaction that goes on to the first one: a circle, which the
        database broke by failing one of the two after a second."""
        for i, backwards in enumerate((False, True)):
            s, numbers = self.open(), [f"LM{i}A", f"LM{i}B"]
            for n in numbers:
                self.scan(n, "not_found", session_id=s)
            self.known(*numbers)
            station, match = self.open_psql(), self.open_psql()
            first, then = numbers[::-1] if backwards else numbers
            station.run("BEGIN")
            self.assertEqual(self.scan_by(station, first, s), "200|valid")
            match.send("SELECT unknown_sweep(null)")
            self.waits(match)
            self.assertEqual(self.scan_by(station, then, s), "200|valid")
            station.run("COMMIT")
            self.assertEqual(match.answer(), "2")
            self.assertEqual(self.figures(s)[:3], (2, 2, 0))

    def test_a_scan_that_is_known_by_now_never_holds_its_station_up(self):
        """It is matched as it is recorded, when its number came between its look and its
        record, and another station holds the number. It stays unknown until the next look."""
        s = self.open()
        sweep, other, station = self.open_psql(), self.open_psql(), self.open_psql()
        sweep.run("SELECT pg_advisory_lock(7, 0)")
        station.send(SCAN.format(number="LU1", session=s))
        self.waits(station)
        self.known("LU1")
        other.run("BEGIN")
        self.assertEqual(self.scan_by(other, "LU1", s), "200|valid")
        sweep.run("SELECT pg_advisory_unlock(7, 0)")
        self.assertEqual(station.answer(), "404|not_found")
        other.run("COMMIT")
        self.assertEqual(self.figures(s)[:3], (1, 0, 1))
        self.assertEqual(self.db.value("SELECT unknown_sweep(null)"), "1")
        self.assertEqual(self.figures(s)[:3], (1, 1, 0))


class Holds(LocksCase):
    def test_what_was_told_valid_leaves_though_another_dispatch_held_it(self):
        """Two dispatches one behind the other: the second came before the first had taken
        from hold what the second's session had been told is valid, and left it behind."""
        numbers = ["LH1", "LH2", "LH3"]
        upload = self.load(*numbers)["id"]
        a, b = self.open(uploads=[upload]), self.open(station="dock 2")
        dispatch = self.open_psql()
        dispatch.run("BEGIN")
        self.assertEqual(dispatch.run(f"SELECT status FROM session_dispatch({a}, true, false, 'sue')"), "200")
        self.scan("LH1", session_id=b)
        dispatch.run("COMMIT")
        self.scan("LH2", "on_hold", session_id=b)
        got = self.post(f"/sessions/{b}/dispatch", hold_missing=True)
        self.assertEqual((got["dispatched_numbers"], got["skipped_count"]), (["LH1"], 0))
        got = self.post(f"/sessions/{a}/dispatch", hold_missing=True)
        self.assertEqual((got["already"], got["held"], got["held_numbers"]), (True, 2, ["LH2", "LH3"]))
        self.assertEqual([self.status(n) for n in numbers], ["dispatched", "issue_pending", "issue_pending"])
        self.assertEqual([e[2] for e in self.events("LH1")], ["hold", "resume", "dispatch"])

    def test_what_a_person_put_on_hold_stays(self):
        upload = self.load("LP1", "LP2")["id"]
        a, b = self.open(uploads=[upload]), self.open(station="dock 2")
        self.scan("LP1", session_id=b)
        self.post("/waybills/LP1/hold", reason="torn")
        self.post(f"/sessions/{a}/dispatch", hold_missing=True)
        got = self.post(f"/sessions/{b}/dispatch")
        self.assertEqual((got["dispatched"], got["skipped_count"]), (0, 1))
        self.assertEqual(self.status("LP1"), "issue_pending")


if __name__ == "__main__":
    unittest.main()
