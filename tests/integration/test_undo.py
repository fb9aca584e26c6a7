"""Undo over HTTP: a scan stays in the record as voided, and all else is as if it were not."""

import unittest
import uuid

from support.floor import FloorCase


class Undo(FloorCase):
    def test_a_valid_scan_is_undone_and_made_again(self):
        s = self.open(uploads=[self.load("UA1", "UA2")["id"]])
        first = self.scan("UA1", session_id=s)["scan_id"]
        self.assertEqual(self.figures(s), (1, 0, 0, 1))
        got = self.undo(first)
        self.assertEqual((got["voided_by"], got["voided_station"], got["result"], got["status"]),
                         ("ben", "dock 2", "valid", "pending"))
        self.assertEqual({k: got["session"][k] for k in ("valid", "missing")},
                         {"valid": 0, "missing": 2})
        self.assertEqual(self.undo(first, query="?by=eve"), got)
        self.assertEqual(self.events("UA1"), [("pending", "pending", "undo")])
        self.scan("UA1", session_id=s)
        self.scan("UA1", "duplicate", session_id=s)
        self.assertEqual(self.figures(s), (1, 1, 0, 1))
        voided = [x for x in self.get("/waybills/UA1")["history"] if x.get("voided_at")]
        self.assertEqual([(x["scan_id"], x["voided_by"]) for x in voided], [(first, "ben")])

    def test_by_the_body(self):
        self.load("UB1")
        key = self.scan("UB1", session_id=self.open())["scan_id"]
        r = self.client.request("DELETE", f"/scans/{key}", b'{"by":"ben","station":"dock 3"}',
                                {"Content-Type": "application/json", "Content-Length": "31"})
        self.assertEqual((r.status, r.json()["voided_by"]), (200, "ben"), r)

    def test_a_retry_of_a_voided_scan_hears_the_old_answer_and_that_it_was_undone(self):
        self.load("UR1")
        s = self.open()
        body = {"waybill_number": "UR1", "session_id": s, "scan_id": str(uuid.uuid4()),
                "scanned_at": "2026-01-05T08:00:00+08:00"}
        first = self.post("/scan", **body)
        self.undo(body["scan_id"])
        again = self.post("/scan", **body)
        self.assertEqual(again.pop("voided_by"), "ben")
        self.assertIsNotNone(again.pop("voided_at"))
        self.assertEqual(again, first)
        self.assertEqual(self.figures(s)[:3], (0, 0, 0))

    def test_duplicates_and_errors_and_checks(self):
        self.load("UD1")
        s = self.open()
        first = self.scan("UD1", session_id=s)["scan_id"]
        twice = self.scan("UD1", "duplicate", session_id=s)["scan_id"]
        unknown = self.scan("UD9", "not_found", session_id=s)["scan_id"]
        bad = self.scan("U D", "invalid", session_id=s)["scan_id"]
        look = self.scan("UD1", session_id=s, mode="check")["scan_id"]
        for key, left in ((twice, (1, 0, 2)), (unknown, (1, 0, 1)), (bad, (1, 0, 0)),
                          (look, (1, 0, 0)), (first, (0, 0, 0))):
            self.undo(key)
            self.assertEqual(self.figures(s)[:3], left)
        self.assertNotIn(unknown, [x["scan_id"] for x in self.get("/unknown-scans")["scans"]])

    def test_a_duplicate_stays_when_its_first_scan_goes(self):
        self.load("UF1")
        s = self.open()
        first = self.scan("UF1", session_id=s)["scan_id"]
        self.scan("UF1", "duplicate", session_id=s)
        self.undo(first)
        self.assertEqual(self.figures(s)[:3], (0, 1, 0))

    def test_a_return_gets_its_status_back(self):
        self.load("UT1", "UT2", status="For Return")
        s = self.open()
        for session in (s, None):
            n = "UT1" if session else "UT2"
            key = self.scan(n, mode="return", **({"session_id": s} if session else {}))["scan_id"]
            self.assertEqual(self.status(n), "returned")
            self.assertEqual(self.undo(key)["status"], "for_return")
            self.assertEqual(self.events(n), [("for_return", "returned", "scan"),
                                              ("returned", "for_return", "undo")])

    def test_a_return_that_something_happened_to_since_keeps_its_status(self):
        self.load("UK1", status="For Return")
        key = self.scan("UK1", mode="return")["scan_id"]
        self.db.query("update waybills set status = 'cancelled' where waybill_number = 'UK1'")
        self.assertEqual(self.undo(key)["status"], "cancelled")
        self.load("UK2", status="For Return")
        first = self.scan("UK2", mode="return")["scan_id"]
        self.undo(first)
        second = self.scan("UK2", mode="return")["scan_id"]
        self.assertEqual(self.undo(first)["status"], "returned")
        self.assertEqual(self.undo(second)["status"], "for_return")

    def test_what_cannot_be_undone(self):
        self.load("UX1", "UX2")
        s = self.open()
        key, voided = (self.scan(n, session_id=s)["scan_id"] for n in ("UX1", "UX2"))
        self.undo(voided)
        self.post(f"/sessions/{s}/dispatch")
        self.assertEqual(self.undo(key, 409)["error"], "session_dispatched")
        self.undo(voided)
        t = self.open()
        key = self.scan("UX2", session_id=t)["scan_id"]
        self.post(f"/sessions/{t}/cancel")
        self.assertEqual(self.undo(key, 409)["error"], "session_cancelled")
        self.assertEqual(self.undo(uuid.uuid4(), 404)["error"], "scan_not_found")
        self.assertEqual(self.undo("7", 404)["error"], "scan_not_found")


class Races(FloorCase):
    def test_two_undos_count_once(self):
        for i in range(15):
            self.load(f"UU{i}", status="For Return")
            s = self.open()
            key = self.scan(f"UU{i}", session_id=s, mode="return")["scan_id"]
            self.together(*[lambda key=key: self.undo(key)] * 3)
            self.assertEqual(self.figures(s)[:3], (0, 0, 0))
            self.assertEqual(len(self.events(f"UU{i}")), 2)

    def test_undo_against_scan(self):
        """A number has one valid scan or none, and each told what became of it."""
        for i in range(25):
            n = f"US{i}"
            self.load(n)
            s = self.open()
            key = self.scan(n, session_id=s)["scan_id"]
            *_, r = self.together(
                lambda: self.undo(key),
                lambda: self.client.post("/scan", {"waybill_number": n, "session_id": s}).json())
            self.assertEqual(self.figures(s)[:2], {"valid": (1, 0), "duplicate": (0, 1)}[r["result"]])

    def test_undo_against_dispatch(self):
        for i in range(15):
            n = f"UG{i}"
            self.load(n)
            s = self.open()
            key = self.scan(n, session_id=s)["scan_id"]
            r, report = self.together(
                lambda: self.client.request("DELETE", f"/scans/{key}"),
                lambda: self.post(f"/sessions/{s}/dispatch"))
            self.assertIn(r.status, (200, 409), r)
            self.assertEqual(report["dispatched"], int(r.status == 409))
            self.assertEqual(self.status(n), "dispatched" if r.status == 409 else "pending")


if __name__ == "__main__":
    unittest.main()
