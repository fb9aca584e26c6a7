"""Sessions over HTTP: lists, counters, cancel, resume, dispatch, and what races with it."""

import threading
import time
import unittest
import uuid

from support.floor import FloorCase


class Lists(FloorCase):
    def test_history_newest_first_and_filtered(self):
        self.load("LA1", "LA2")
        ids = [self.open(station=f"gate {i}", scanned_by=who)
               for i, who in enumerate(("cora", "dan", "cora"))]
        self.scan("LA2", session_id=ids[1])
        self.post(f"/sessions/{ids[2]}/cancel", by="sue")

        def listed(query):
            return [s["id"] for s in self.get(f"/sessions?{query}")["sessions"] if s["id"] in ids]

        self.assertEqual(listed(""), ids[::-1])
        self.assertEqual(listed("state=open"), [ids[1], ids[0]])
        self.assertEqual(listed("state=cancelled"), [ids[2]])
        self.assertEqual(listed("station=gate%201"), [ids[1]])
        self.assertEqual(listed("scanned_by=cora"), [ids[2], ids[0]])
        self.assertEqual(listed("q=COR"), [ids[2], ids[0]])
        self.assertEqual(listed("q=la2"), [ids[1]])
        self.assertEqual(listed(f"q={ids[0]}"), [ids[0]])
        self.assertEqual(listed("q=%25"), [])
        self.assertEqual(listed("from=2200-01-01"), [])
        self.assertEqual(listed("to=2001-01-01"), [])
        self.assertEqual(self.client.get("/sessions?state=shut").status, 400)
        self.assertEqual(self.client.get("/sessions?limit=0").status, 400)

    def test_history_pages(self):
        ids = [self.open(station="pages") for _ in range(5)]
        got, cursor = [], ""
        while cursor is not None:
            page = self.get(f"/sessions?station=pages&limit=2&cursor={cursor}")
            got += [s["id"] for s in page["sessions"]]
            cursor = page["next"]
        self.assertEqual(got, ids[::-1])

    def test_missing_and_scans_in_pages(self):
        numbers = [f"LP{i}" for i in range(7)]
        s = self.open(uploads=[self.load(*numbers)["id"]])
        for n in numbers[:3]:
            self.scan(n, session_id=s)
        self.scan("LP0", "duplicate", session_id=s)
        undone = self.scan("LP3", session_id=s)["scan_id"]
        self.undo(undone)

        def pages(path, name):
            got, cursor = [], ""
            while cursor is not None:
                page = self.get(f"/sessions/{s}/{path}limit=2&cursor={cursor}")
                got += page[name]
                cursor = page["next"]
            return got

        self.assertEqual([w["waybill_number"] for w in pages("missing?", "missing")], numbers[3:])
        scans = pages("scans?", "scans")
        self.assertEqual([x["waybill_number"] for x in scans],
                         ["LP3", "LP0", "LP2", "LP1", "LP0"])
        self.assertEqual((scans[0]["scan_id"], scans[0]["voided_by"]), (undone, "ben"))
        self.assertEqual(pages("scans?order=oldest&", "scans"), scans[::-1])
        self.assertEqual(len(pages("scans?result=duplicate&", "scans")), 1)
        for path in ("/sessions/99999999/missing", "/sessions/x/scans", "/sessions/99999999/scans"):
            self.assertEqual(self.client.get(path).json()["error"], "session_not_found")

    def test_several_stations_in_one_session(self):
        self.load("LS1", "LS2", "LS3")
        s = self.open()
        self.scan("LS1", session_id=s, station="dock 1", scanned_by="ana")
        self.scan("LS2", session_id=s, station="dock 2", scanned_by="ben")
        self.scan("LS1", "duplicate", session_id=s, station="dock 2", scanned_by="ben")
        self.scan("LS9", "not_found", session_id=s, station="dock 2", scanned_by="ben")
        got = self.get(f"/sessions/{s}")
        self.assertEqual((got["valid"], got["duplicate"], got["error"]), (2, 1, 1))
        self.assertEqual([(b["station"], b["scanned_by"], b["valid"], b["duplicate"], b["error"])
                          for b in got["stations"]],
                         [("dock 1", "ana", 1, 0, 0), ("dock 2", "ben", 1, 1, 1)])
        self.assertNotIn("stations", self.get(f"/sessions/{s}?breakdown=false"))

    def test_expects_what_is_ready_for_a_batch(self):
        self.load("LB1", "LB2", "LB3", batch="true")
        self.load("LB4")
        self.assertEqual(self.get(f"/sessions/{self.open()}")["expected"], 3)
        self.assertIsNone(self.get(f"/sessions/{self.open(batch_ready=False)}")["expected"])
        self.post("/waybills/LB2/hold", reason="wet")
        s = self.open(batch_ready=True)
        self.assertEqual(self.get(f"/sessions/{s}")["expected"], 2)
        self.scan("LB1", session_id=s)
        self.post(f"/sessions/{s}/dispatch", hold_missing=True)
        self.assertEqual(self.status("LB3"), "issue_pending")
        # What left is not expected again; what was on hold is, once it is found.
        self.post("/waybills/LB2/resume")
        self.post("/waybills/LB3/resume")
        s = self.open(batch_ready=True)
        self.assertEqual([w["waybill_number"] for w in self.get(f"/sessions/{s}/missing")["missing"]],
                         ["LB2", "LB3"])
        self.post(f"/sessions/{s}/dispatch", hold_missing=True)
        self.assertIsNone(self.get(f"/sessions/{self.open()}")["expected"])


class Begins(FloorCase):
    def test_once_by_its_key(self):
        """A station that lost the answer, or began without a server, asks again."""
        upload = self.load("BK1", "BK2")["id"]
        asked = {"scanned_by": "ana", "station": "dock 1", "uploads": [upload],
                 "session_key": str(uuid.uuid4())}
        first = self.client.post("/sessions", asked)
        self.assertEqual((first.status, first.json()["expected"]), (201, 2), first)
        self.scan("BK1", session_id=first.json()["id"])
        again = self.client.post("/sessions", asked)
        self.assertEqual(again.status, 200, again)
        self.assertEqual([again.json()[k] for k in ("id", "already", "valid", "missing")],
                         [first.json()["id"], True, 1, 1])
        self.assertNotIn("already", first.json())
        self.assertEqual(self.post("/sessions", 409, **{**asked, "station": "dock 2"})["error"],
                         "session_key_reused")
        self.assertEqual(self.post("/sessions", 400, session_key="7")["error"], "bad_field")
        refused = self.post("/sessions", 422, session_key=str(uuid.uuid4()), uploads=[99999999])
        self.assertEqual(refused["error"], "unknown_upload")

    def test_at_once_by_one_key(self):
        for _ in range(20):
            asked = {"scanned_by": "ana", "station": "dock 1", "session_key": str(uuid.uuid4())}
            got = self.together(*[lambda asked=asked: self.client.post("/sessions", asked)] * 4)
            self.assertEqual(sorted(r.status for r in got), [200, 200, 200, 201], got)
            self.assertEqual(len({r.json()["id"] for r in got}), 1)


class Ends(FloorCase):
    def test_cancel_and_resume(self):
        self.load("EN1", "EN2")
        s, other = self.open(), self.open(station="dock 2")
        self.scan("EN1", session_id=s)
        self.assertFalse(self.post(f"/sessions/{s}/cancel", by="sue", reason="wrong truck")["already"])
        got = self.post(f"/sessions/{s}/cancel", by="tom")
        self.assertEqual((got["already"], got["closed_by"], got["reason"]),
                         (True, "sue", "wrong truck"))
        self.scan("EN2", "session_closed", session_id=s)
        self.assertEqual(self.post(f"/sessions/{s}/dispatch", 409)["error"], "session_cancelled")
        self.assertEqual(self.get(f"/sessions/{other}")["state"], "open")
        self.assertFalse(self.post(f"/sessions/{s}/resume")["already"])
        self.assertTrue(self.post(f"/sessions/{s}/resume")["already"])
        self.scan("EN2", session_id=s)
        self.scan("EN1", "duplicate", session_id=s)
        self.post(f"/sessions/{s}/dispatch")
        for what in ("cancel", "resume"):
            self.assertEqual(self.post(f"/sessions/{s}/{what}", 409)["error"], "session_dispatched")
        self.assertEqual(self.post("/sessions/99999999/cancel", 404)["error"], "session_not_found")

    def test_what_was_taken_back_while_cancelled_is_not_expected(self):
        upload, kept = self.load("ST1", "ST2")["id"], self.load("ST3")["id"]
        s = self.open(uploads=[upload, kept])
        self.post(f"/sessions/{s}/cancel")
        self.assertEqual(self.post(f"/uploads/{upload}/undo")["undo"]["removed"], 2)
        got = self.post(f"/sessions/{s}/resume")
        self.assertEqual((got["expected"], got["missing"]), (1, 1))
        missing = self.get(f"/sessions/{s}/missing")["missing"]
        self.assertEqual([m["waybill_number"] for m in missing], ["ST3"])
        self.load("ST1")
        self.scan("ST1", session_id=s)
        self.scan("ST3", session_id=s)
        self.assertEqual(self.figures(s), (2, 0, 0, 0))

    def test_begun_or_resumed_while_its_upload_is_taken_back(self):
        """What it expects is there, or what was there is kept."""
        for i in range(12):
            upload = self.load(f"SU{i}A", f"SU{i}B")["id"]
            again = self.open(uploads=[upload])
            self.post(f"/sessions/{again}/cancel")
            _, _, begun = self.together(
                lambda u=upload: self.post(f"/uploads/{u}/undo"),
                lambda s=again: self.post(f"/sessions/{s}/resume"),
                lambda u=upload: self.open(uploads=[u]))
            for s in (again, begun):
                missing = self.get(f"/sessions/{s}/missing")["missing"]
                self.assertEqual(self.get(f"/sessions/{s}")["missing"], len(missing))

    def test_dispatch_dry_then_real_then_again(self):
        numbers = [f"DI{i}" for i in range(6)]
        s = self.open(uploads=[self.load(*numbers)["id"]])
        for n in numbers[:4]:
            self.scan(n, session_id=s)
        self.scan(numbers[5], session_id=s, mode="check")
        self.undo(self.scan(numbers[4], session_id=s)["scan_id"])
        self.post(f"/waybills/{numbers[3]}/hold", reason="torn")
        dry = self.post(f"/sessions/{s}/dispatch", dry_run=True, hold_missing=True)
        self.assertEqual({self.status(n) for n in numbers}, {"pending", "issue_pending"})
        self.assertEqual((dry["dry_run"], dry["already"], dry["session"]["state"]),
                         (True, False, "open"))
        real = self.post(f"/sessions/{s}/dispatch", hold_missing=True, by="sue")
        for got in (dry, real):
            self.assertEqual((got["dispatched"], got["dispatched_numbers"]), (3, numbers[:3]))
            self.assertEqual(got["skipped"], [
                {"reason": "on_hold", "count": 1, "numbers": [numbers[3]]}])
            self.assertEqual((got["missing"], got["held"], got["held_numbers"]),
                             (2, 2, numbers[4:]))
        self.assertEqual([self.status(n) for n in numbers],
                         ["dispatched"] * 3 + ["issue_pending"] * 3)
        self.assertEqual(self.events(numbers[0]), [("pending", "dispatched", "dispatch")])
        self.assertEqual(self.events(numbers[5]), [("pending", "issue_pending", "hold")])
        self.assertIsNotNone(self.get(f"/waybills/{numbers[5]}")["marked_pending_at"])
        again = self.post(f"/sessions/{s}/dispatch", hold_missing=True)
        self.assertTrue(again["already"])
        self.assertEqual({k: again[k] for k in ("dispatched", "held", "missing", "skipped")},
                         {k: real[k] for k in ("dispatched", "held", "missing", "skipped")})
        self.assertEqual(len(self.events(numbers[0])), 1)
        self.assertEqual(self.get(f"/sessions/{s}")["closed_by"], "sue")
        self.scan(numbers[0], "session_closed", session_id=s)

    def test_dispatch_leaves_what_others_are_at(self):
        numbers = [f"DO{i}" for i in range(5)]
        upload = self.load(*numbers)["id"]
        a, b = self.open(uploads=[upload]), self.open(uploads=[upload], station="dock 2")
        self.scan(numbers[0], session_id=a)
        self.scan(numbers[1], session_id=b, station="dock 2")
        self.scan(numbers[2], session_id=b, station="dock 2")
        self.scan(numbers[2], session_id=a)
        self.db.query("update waybills set status = 'in_transit' where waybill_number = 'DO4'")
        got = self.post(f"/sessions/{a}/dispatch", hold_missing=True)
        self.assertEqual((got["dispatched"], got["held_numbers"]), (2, [numbers[3]]))
        self.assertEqual(got["not_held"], [
            {"reason": "in_transit", "count": 1, "numbers": ["DO4"]},
            {"reason": "scanned_elsewhere", "count": 1, "numbers": ["DO1"]}])
        self.assertEqual([self.status(n) for n in numbers], [
            "dispatched", "pending", "dispatched", "issue_pending", "in_transit"])
        got = self.post(f"/sessions/{b}/dispatch", hold_missing=True)
        self.assertEqual((got["dispatched"], got["skipped"], got["held"]), (
            1, [{"reason": "already_dispatched", "count": 1, "numbers": ["DO2"]}], 0))

    def test_dispatch_of_nothing_and_of_no_session(self):
        got = self.post(f"/sessions/{self.open(batch_ready=False)}/dispatch", hold_missing=True)
        self.assertEqual((got["dispatched"], got["skipped"], got["held"], got["missing"]),
                         (0, [], 0, 0))
        self.assertEqual(self.post("/sessions/99999999/dispatch", 404)["error"],
                         "session_not_found")
        self.assertEqual(self.post("/sessions/x/dispatch", 404)["error"], "session_not_found")
        self.assertEqual(self.post("/sessions/1/dispatch", 400, dry_run="perhaps")["error"],
                         "bad_field")


class Large(FloorCase):
    def session_of(self, parcels):
        """What takes a dry dispatch and a page behind all of a session that expects so many
        parcels and has scanned half of them; it returns its seconds."""
        numbers = [f"L{parcels}-{i:05d}" for i in range(parcels)]
        session = self.open(uploads=[self.load(*numbers)["id"]])
        for i in range(0, parcels // 2, 1000):
            self.post("/scans", scans=[{"waybill_number": n, "session_id": session}
                                       for n in numbers[i:min(i + 1000, parcels // 2)]])
        self.db.query("DELETE FROM pg_statistic WHERE starelid IN ('waybills'::regclass, "
                      "'scanned_waybills'::regclass, 'session_expected'::regclass)",
                      role="postgres")

        def run():
            before = time.monotonic()
            r = self.post(f"/sessions/{session}/dispatch", dry_run=True, hold_missing=True)
            self.assertEqual((r["dispatched"], r["held"]), (parcels // 2, parcels // 2))
            self.assertEqual(len(self.get(f"/sessions/{session}/missing?limit=1000")["missing"]),
                             min(1000, parcels // 2))
            return time.monotonic() - before

        return run

    def test_a_dispatch_compares_no_parcel_with_every_scan(self):
        # A join of the two took 5 s for 6,000 parcels, and the square of it for more: the
        # database's statistics know nothing of today's sessions.
        runs = self.session_of(2000), self.session_of(10000)
        # In turns, and the best of them: who else is busy here comes and goes.
        for _ in range(3):
            few, many = (min(each) for each in zip(*([run() for run in runs] for _ in range(3))))
            if many / few < 12:
                break
        self.assertLess(many / few, 12, (few, many))


class Races(FloorCase):
    def test_a_scan_told_valid_is_dispatched(self):
        for turn in range(6):
            numbers = [f"RS{turn}-{i}" for i in range(60)]
            self.load(*numbers)
            s, told = self.open(), []

            def station(mine):
                with self.client.connect() as c:
                    for n in mine:
                        r = c.request("POST", "/scan", f"waybill_number={n}&session_id={s}".encode(),
                                      {"Content-Type": "application/x-www-form-urlencoded"})
                        told.append((n, r.json().get("result")))

            first = threading.Event()

            def dispatch():
                first.wait(0.005 * turn)
                return self.post(f"/sessions/{s}/dispatch")

            *_, report = self.together(lambda: station(numbers[:30]),
                                       lambda: station(numbers[30:]), dispatch)
            valid = {n for n, result in told if result == "valid"}
            self.assertEqual({result for _, result in told} - {"valid", "session_closed"}, set())
            gone = {n for n in numbers if self.status(n) == "dispatched"}
            self.assertEqual(gone, valid)
            self.assertEqual(report["dispatched"], len(valid))

    def test_two_dispatches_are_one(self):
        numbers = [f"RD{i}" for i in range(40)]
        s = self.open(uploads=[self.load(*numbers)["id"]])
        for n in numbers[:20]:
            self.scan(n, session_id=s)
        got = self.together(*[lambda: self.post(f"/sessions/{s}/dispatch", hold_missing=True)] * 4)
        self.assertEqual(sorted(g["already"] for g in got), [False, True, True, True])
        self.assertEqual({(g["dispatched"], g["held"]) for g in got}, {(20, 20)})
        self.assertEqual(len(self.events(numbers[0])), 1)
        self.assertEqual(len(self.events(numbers[30])), 1)

    def test_a_parcel_scanned_at_another_station_is_not_left_on_hold(self):
        """Session a puts on hold what session b scans at the same time; b is dispatched as
        soon as its last scan is answered, before or after a has settled."""
        for turn in range(10):
            numbers = [f"RH{turn}-{i:02d}" for i in range(100)]
            upload = self.load(*numbers)["id"]
            a, b, told = self.open(uploads=[upload]), self.open(station="dock 2"), []

            def station():
                for at in range(0, len(numbers), 10):
                    r = self.client.post("/scans", {"scans": [
                        {"waybill_number": n, "session_id": b} for n in numbers[at:at + 10]]})
                    told.extend((i["waybill_number"], i["result"]) for i in r.json()["results"])
                    if any(i["result"] != "valid" for i in r.json()["results"]):
                        break
                return self.post(f"/sessions/{b}/dispatch")

            there, here = self.together(
                station, lambda: self.post(f"/sessions/{a}/dispatch", hold_missing=True))
            valid = {n for n, result in told if result == "valid"}
            self.assertEqual({result for _, result in told} - {"valid"}, {"on_hold"} if len(valid) < 100 else set())
            self.assertEqual({n for n in numbers if self.status(n) == "dispatched"}, valid)
            self.assertEqual((there["dispatched"], there["skipped_count"]), (len(valid), 0))
            self.assertEqual(here["held"], 100 - len(valid))

    def test_two_sessions_that_expect_the_same_never_wait_in_a_circle(self):
        for turn in range(4):
            numbers = [f"RC{turn}-{i}" for i in range(100)]
            upload = self.load(*numbers)["id"]
            a, b = self.open(uploads=[upload]), self.open(uploads=[upload], station="dock 2")
            for n in numbers[:10]:
                self.scan(n, session_id=a)
            for n in numbers[90:]:
                self.scan(n, session_id=b)
            got = self.together(*[lambda s=s: self.post(f"/sessions/{s}/dispatch", hold_missing=True)
                                  for s in (a, b)])
            self.assertEqual([g["dispatched"] for g in got], [10, 10])
            self.assertEqual(sum(g["held"] for g in got), 80)

    def test_hold_against_scan(self):
        for i in range(20):
            n = f"RW{i}"
            self.load(n)
            s = self.open()
            r, _ = self.together(
                lambda: self.client.post("/scan", {"waybill_number": n, "session_id": s,
                                                   "scan_id": str(uuid.uuid4())}).json()["result"],
                lambda: self.post(f"/waybills/{n}/hold", reason="wet"))
            self.assertIn(r, ("valid", "on_hold"))
            self.assertEqual(self.status(n), "issue_pending")
            got = self.post(f"/sessions/{s}/dispatch")
            self.assertEqual((got["dispatched"], got["skipped_count"]), (0, int(r == "valid")))


if __name__ == "__main__":
    unittest.main()
