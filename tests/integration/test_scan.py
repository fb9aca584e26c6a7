"""Scans and sessions over HTTP: every verdict, once each, recorded."""

import subprocess
import threading
import time
import unittest
import urllib.parse
import uuid

from support.pg import clean_environment
from support.server import ServerCase


class ScanCase(ServerCase):
    settings = {"workers": 4}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        r = cls.client.upload(
            b"Waybill Number,Receiver,Status\n"
            + b"".join(b"SC%03d,Ana,%s\n" % (i, s) for i, s in enumerate(
                [b"Pending"] * 60 + [b"Delivered", b"Returned", b"Cancelled", b"For Return"])),
            name="scan.csv")
        assert r.status == 200, r

    def session(self, **fields):
        r = self.client.post("/sessions", {"scanned_by": "ana", "station": "dock 1", **fields})
        self.assertEqual(r.status, 201, r)
        return r.json()["id"]

    def scan(self, number, status, result, **fields):
        r = self.client.post("/scan", {"waybill_number": number, **fields})
        self.assertEqual((r.status, r.json().get("result")), (status, result), r)
        return r.json()


class Scan(ScanCase):
    def test_valid_then_duplicate_then_unknown(self):
        s = self.session()
        valid = self.scan("SC000", 200, "valid", session_id=s, station="dock 1", scanned_by="ana")
        self.assertEqual((valid["sound"], valid["waybill"]["receiver_name"]), ("ok", "Ana"))
        again = self.scan(" sc000 ", 409, "duplicate", session_id=s, station="dock 2",
                          scanned_by="ben")
        self.assertEqual(again["sound"], "duplicate")
        self.assertEqual((again["first"]["station"], again["first"]["scanned_by"]),
                         ("dock 1", "ana"))
        unknown = self.scan("NOPE1", 404, "not_found", session_id=s)
        self.assertEqual(unknown["sound"], "error")
        self.assertEqual({k: unknown["session"][k] for k in ("valid", "duplicate", "error")},
                         {"valid": 1, "duplicate": 1, "error": 1})
        self.assertEqual(self.db.value(
            f"SELECT count(*) FROM scanned_waybills WHERE session_id = {s}"), "3")

    def test_a_duplicate_of_another_day_tells_the_day(self):
        s = self.session()
        self.scan("SC010", 200, "valid", session_id=s, scanned_by="ana", station="dock 1",
                  scanned_at="2025-01-31T08:05:00+08:00")
        got = self.scan("SC010", 409, "duplicate", session_id=s)
        self.assertEqual(got["message"], "SC010 was already scanned in this session on 2025-01-31 "
                                         "at 08:05:00 by ana at dock 1.")

    def test_a_scan_id_counts_once_and_gets_the_same_answer(self):
        s, key = self.session(), str(uuid.uuid4())
        first = self.scan("SC001", 200, "valid", session_id=s, scan_id=key)
        again = self.scan("SC001", 200, "valid", session_id=s, scan_id=key)
        self.assertEqual(first["scanned_at"], again["scanned_at"])
        self.assertEqual(self.db.value(
            f"SELECT count(*) FROM scanned_waybills WHERE scan_id = '{key}'"), "1")

    def test_a_scan_id_with_another_number_is_refused(self):
        s, key = self.session(), str(uuid.uuid4())
        self.scan("SC002", 200, "valid", session_id=s, scan_id=key)
        r = self.client.post("/scan", {"waybill_number": "SC003", "session_id": s, "scan_id": key})
        self.assertEqual((r.status, r.json()["error"]), (409, "scan_id_reused"), r)

    def test_without_a_session_nothing_is_a_duplicate(self):
        for _ in range(3):
            self.scan("SC004", 200, "valid")

    def test_statuses_that_may_not_leave(self):
        s = self.session()
        for number in ("SC060", "SC061", "SC062"):
            self.scan(number, 409, "wrong_status", session_id=s)
        self.db.query("UPDATE waybills SET status = 'issue_pending' WHERE waybill_number = 'SC005'")
        self.scan("SC005", 409, "on_hold", session_id=s)
        self.db.query("UPDATE waybills SET status = 'dispatched' WHERE waybill_number = 'SC006'")
        self.scan("SC006", 409, "already_dispatched", session_id=s)

    def test_returns_and_checks(self):
        s = self.session()
        self.scan("SC063", 200, "valid", session_id=s, mode="check")
        self.assertEqual(self.client.get("/waybills/SC063").json()["status"], "for_return")
        self.scan("SC063", 200, "valid", session_id=s, mode="return")
        got = self.client.get("/waybills/SC063").json()
        self.assertEqual(got["status"], "returned")

    def test_invalid_numbers_are_recorded(self):
        s = self.session()
        for number in ("", "   ", "X" * 65, "A B"):
            with self.subTest(number):
                self.assertIn("message", self.scan(number, 400, "invalid", session_id=s))
        self.assertEqual(self.db.value("SELECT count(*) FROM scanned_waybills WHERE "
                                       f"session_id = {s} AND result = 'invalid'"), "4")

    def test_bad_fields_name_the_field(self):
        for field, value in (("scan_id", "7"), ("session_id", "x"), ("mode", "drop"),
                             ("scanned_at", "now"), ("station", "a\nb")):
            with self.subTest(field):
                r = self.client.post("/scan", {"waybill_number": "SC007", field: value})
                self.assertEqual(r.status, 400, r)
                self.assertIn(field, r.json()["message"])

    def test_names_are_counted_in_characters(self):
        """As the page's fields count them: 40 letters of Thai were too long for 100 bytes, and
        each scan of that operator was refused."""
        name = "ก" * 100
        s = self.session(scanned_by=name, station=name)
        self.scan("SC011", 200, "valid", session_id=s, scanned_by=name, station=name)
        got = self.scan("SC012", 400, "invalid", session_id=s, scanned_by=name + "ก")
        self.assertIn("longer than 100 characters", got["message"])

    def test_lists_are_no_numbers(self):
        for value in (["SC007"], {"a": 1}):
            r = self.client.post("/scan", {"waybill_number": value})
            self.assertEqual((r.status, r.json()["error"]), (400, "bad_field"), r)

    def test_forms_mean_the_same(self):
        s = self.session()
        body = urllib.parse.urlencode({"waybill_number": "SC008", "session_id": s}).encode()
        r = self.client.request("POST", "/scan", body,
                                {"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual((r.status, r.json()["result"]), (200, "valid"), r)

    def test_unknown_session(self):
        r = self.client.post("/scan", {"waybill_number": "SC009", "session_id": 99999999})
        self.assertEqual((r.status, r.json()["error"]), (404, "session_not_found"), r)
        self.assertEqual(self.client.get("/sessions/99999999").status, 404)
        self.assertEqual(self.client.get("/sessions/abc").status, 404)

    def test_expected_and_missing(self):
        r = self.client.upload(b"Waybill Number,Receiver\nEX1,Ana\nEX2,Ben\nEX3,Cara\n",
                               name="expected.csv")
        s = self.session(uploads=[r.json()["id"]])
        self.scan("EX1", 200, "valid", session_id=s)
        self.scan("SC010", 200, "valid", session_id=s)
        got = self.client.get(f"/sessions/{s}").json()
        self.assertEqual({k: got[k] for k in ("valid", "expected", "missing")},
                         {"valid": 2, "expected": 3, "missing": 2})

    def test_a_corrected_manifest_is_expected(self):
        self.client.upload(b"Waybill Number,Receiver\nEC1,Ana\nEC2,Ben\n", name="first.csv")
        r = self.client.upload(b"Waybill Number,Receiver\nEC1,Anna\nEC2,Ben\nEC3,Cy\n",
                               name="corrected.csv")
        s = self.session(uploads=[r.json()["id"]])
        got = self.scan("EC2", 200, "valid", session_id=s)["session"]
        self.assertEqual((got["expected"], got["missing"]), (3, 2))

    def test_many_stations_one_number_exactly_one_valid(self):
        s = self.session()
        for number in (f"SC{i:03d}" for i in range(20, 40)):
            gate, results = threading.Barrier(4), []

            def race(number=number, gate=gate, results=results):
                with self.client.connect() as c:
                    gate.wait()
                    r = c.request("POST", "/scan",
                                  f"waybill_number={number}&session_id={s}".encode(),
                                  {"Content-Type": "application/x-www-form-urlencoded"})
                    results.append(r.json()["result"])

            threads = [threading.Thread(target=race) for _ in range(4)]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
            self.assertEqual(sorted(results), ["duplicate"] * 3 + ["valid"])
        got = self.client.get(f"/sessions/{s}").json()
        self.assertEqual((got["valid"], got["duplicate"]), (20, 60))

    def test_dashboard_shows_scans_and_totals(self):
        self.scan("SC050", 200, "valid", station="dash", scanned_by="dora")
        got = self.client.get("/dashboard")
        self.assertEqual(got.status, 200, got)
        d = got.json()
        self.assertEqual(d["waybills"]["total"],
                         int(self.db.value("SELECT count(*) FROM waybills")))
        self.assertEqual(d["scans"]["total"],
                         int(self.db.value("SELECT count(*) FROM scanned_waybills")))
        self.assertIn("dash", [s["station"] for s in d["by_station"]])
        self.assertIn("SC050", [s["waybill_number"] for s in d["recent_scans"]])

    def test_waybill_history(self):
        self.scan("SC051", 200, "valid", station="dock 9", scanned_by="hanna")
        got = self.client.get("/waybills/sc051")
        self.assertEqual(got.status, 200, got)
        text = got.body.decode()
        for word in ("SC051", "scan.csv", "dock 9", "hanna"):
            self.assertIn(word, text)
        missing = self.client.get("/waybills/NOPE99")
        self.assertEqual(missing.status, 404)
        self.assertIn("NOPE99", missing.json()["message"])


class Busy(ServerCase):
    settings = {"workers": 1}
    expected_errors = [r"lock timeout"]

    def test_a_parcel_that_an_upload_holds(self):
        self.client.upload(b"Waybill Number,Status\nBU1,For Return\n", name="busy.csv")
        with subprocess.Popen(["psql", "-X", "-q", "-A", "-t", "-d", self.db.conninfo], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              env=clean_environment()) as holder:
            holder.stdin.write("BEGIN; SELECT 'held' FROM waybills FOR UPDATE;\n")
            holder.stdin.flush()
            self.assertEqual(holder.stdout.readline(), "held\n")
            began = time.monotonic()
            scan = {"waybill_number": "BU1", "mode": "return", "scan_id": str(uuid.uuid4())}
            r = self.client.post("/scan", scan)
            self.assertLess(time.monotonic() - began, 5)
            self.assertEqual((r.status, r.json()["error"]), (503, "busy"), r)
            self.assertIn("retry-after", r.headers)
            self.assertEqual(self.client.get("/health").status, 200)
            self.assertEqual(self.db.value("SELECT count(*) FROM scanned_waybills"), "0")
            self.assertEqual(self.db.value("SELECT count(*) FROM scan_hours"), "0")
            holder.stdin.write("ROLLBACK;\n")
        r = self.client.post("/scan", scan)
        self.assertEqual((r.status, r.json()["result"]), (200, "valid"), r)


if __name__ == "__main__":
    unittest.main()
