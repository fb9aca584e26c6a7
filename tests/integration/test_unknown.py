"""Scans of numbers that no upload had brought: listed, matched, dismissed."""

import json
import threading
import unittest
import uuid

from support.floor import FloorCase


def matched(upload):
    """How many unknown scans an upload says it matched."""
    return sum(w["count"] for w in upload["warnings"] if w["kind"] == "scans_matched")


class Unknown(FloorCase):
    def listed(self, query=""):
        return [x["scan_id"] for x in self.get(f"/unknown-scans?{query}")["scans"]]

    def test_listed_in_pages_by_state(self):
        s = self.open()
        keys = [self.scan(f"KL{i}", "not_found", session_id=s, station=f"kl {i}")["scan_id"]
                for i in range(4)]
        self.assertEqual(self.listed("q=kl2"), [keys[2]])
        self.assertEqual(self.listed("q=kl%203"), [keys[3]])
        got, cursor = [], ""
        while cursor is not None:
            page = self.get(f"/unknown-scans?session_id={s}&limit=3&cursor={cursor}")
            got += [x["scan_id"] for x in page["scans"]]
            cursor = page["next"]
        self.assertEqual(got, keys[::-1])
        self.load("KL0")
        self.post(f"/unknown-scans/{keys[1]}/dismiss", reason="a box", by="sue")
        self.undo(keys[2])
        for state, want in (("open", [3]), ("matched", [0]), ("dismissed", [1]), ("all", [3, 1, 0])):
            self.assertEqual(self.listed(f"session_id={s}&state={state}"), [keys[i] for i in want])

    def test_a_later_upload_matches(self):
        known = self.load("KM1")["id"]
        s = self.open(uploads=[known])
        cursor = self.get(f"/sessions/{s}")["news_cursor"]
        body = {"waybill_number": "KM2", "session_id": s, "scan_id": str(uuid.uuid4()),
                "station": "dock 1", "scanned_at": "2026-01-05T08:00:00+08:00"}
        told = self.post("/scan", 404, **body)
        self.assertEqual(self.figures(s), (0, 0, 1, 1))
        self.assertEqual(self.get(f"/sessions/{s}?since={cursor}")["news"], [])
        upload = self.load("KM2", "KM3")
        self.assertEqual(matched(upload), 1)
        self.assertEqual(matched(self.get(f"/uploads/{upload['id']}")), 1)
        self.assertEqual(self.figures(s), (1, 0, 0, 1))
        got = self.get(f"/sessions/{s}?since={cursor}")
        self.assertEqual([(n["kind"], n["scan_id"], n["waybill_number"], n["result"], n["station"])
                          for n in got["news"]],
                         [("matched", body["scan_id"], "KM2", "valid", "dock 1")])
        self.assertEqual(self.get(f"/sessions/{s}?since={got['news_cursor']}")["news"], [])
        self.assertEqual(self.post("/scan", 404, **body), told)
        self.scan("KM2", "duplicate", session_id=s)
        history = self.get("/waybills/KM2")["history"]
        self.assertEqual([(e["cause"], e["detail"]["scan_id"], e["detail"]["upload_id"])
                          for e in history if e["kind"] == "status"],
                         [("match", body["scan_id"], upload["id"])])
        scan = self.get(f"/sessions/{s}/scans?order=oldest")["scans"][0]
        self.assertEqual((scan["result"], scan["told"], scan["matched_to"]),
                         ("valid", "not_found", "KM2"))
        self.assertEqual(self.post(f"/sessions/{s}/dispatch")["dispatched_numbers"], ["KM2"])

    def test_a_match_can_be_undone(self):
        s = self.open()
        key = self.scan("KU1", "not_found", session_id=s)["scan_id"]
        self.load("KU1")
        self.assertEqual(self.figures(s)[:3], (1, 0, 0))
        self.undo(key)
        self.assertEqual(self.figures(s)[:3], (0, 0, 0))
        self.scan("KU1", session_id=s)

    def test_an_expected_number_is_found_when_matched(self):
        s = self.open(uploads=[self.load("KE1", "KE2")["id"]])
        key = self.scan("KE1X", "not_found", session_id=s)["scan_id"]
        self.post(f"/unknown-scans/{key}/match", waybill_number="ke1", by="sue")
        self.assertEqual(self.figures(s), (1, 0, 0, 1))

    def test_twice_scanned_is_one_valid_and_a_duplicate(self):
        s, t = self.open(), self.open()
        for _ in range(3):
            self.scan("KT1", "not_found", session_id=s)
        self.scan("KT1", "not_found", session_id=t)
        self.assertEqual(matched(self.load("KT1")), 4)
        self.assertEqual(self.figures(s)[:3], (1, 2, 0))
        self.assertEqual(self.figures(t)[:3], (1, 0, 0))

    def test_too_late_for_its_session(self):
        s = self.open()
        key = self.scan("KC1", "not_found", session_id=s)["scan_id"]
        self.post(f"/sessions/{s}/dispatch")
        self.assertEqual(matched(self.load("KC1")), 1)
        self.assertEqual(self.figures(s)[:3], (0, 0, 1))
        scan = self.get(f"/sessions/{s}/scans")["scans"][0]
        self.assertEqual((scan["scan_id"], scan["result"], scan["matched_to"]),
                         (key, "not_found", "KC1"))
        self.assertTrue(self.get("/waybills/KC1")["history"][-1]["detail"]["late"])
        self.assertNotIn(key, self.listed())

    def test_brought_while_its_session_was_cancelled(self):
        s = self.open()
        body = {"waybill_number": "KO1", "session_id": s, "scan_id": str(uuid.uuid4()),
                "scanned_at": "2026-01-05T08:00:00+08:00"}
        first = self.post("/scan", 404, **body)
        meant = self.scan("KO2X", "not_found", session_id=s)["scan_id"]
        self.scan("KO2X", "not_found", session_id=s)
        gone = self.scan("KO4", "not_found", session_id=s)["scan_id"]
        self.undo(gone)
        news = self.get(f"/sessions/{s}")["news_cursor"]
        self.post(f"/sessions/{s}/cancel")
        self.load("KO1", "KO2", "KO4")
        self.post(f"/unknown-scans/{meant}/match", waybill_number="KO2", by="sue")
        self.assertEqual(self.figures(s)[:3], (0, 0, 3))
        got = self.post(f"/sessions/{s}/resume")
        self.assertEqual([got[k] for k in ("valid", "duplicate", "error")], [2, 0, 1])
        scans = {x["waybill_number"]: x for x in self.get(f"/sessions/{s}/scans")["scans"]}
        self.assertEqual([scans[n]["result"] for n in ("KO1", "KO2", "KO2X", "KO4")],
                         ["valid", "valid", "not_found", "not_found"])
        self.assertEqual((scans["KO2"]["scanned_number"], scans["KO2"]["matched_by"]),
                         ("KO2X", "sue"))
        self.assertEqual({n["waybill_number"] for n in
                          self.get(f"/sessions/{s}?since={news}")["news"]}, {"KO1", "KO2"})
        self.assertEqual(self.post("/scan", 404, **body), first)
        self.assertEqual(self.post(f"/sessions/{s}/dispatch")["dispatched"], 2)

    def test_what_the_manifest_says_counts(self):
        s = self.open()
        self.scan("KD1", "not_found", session_id=s)
        self.scan("KD2", "not_found", session_id=s, mode="return")
        self.scan("KD3", "not_found", mode="return")
        self.scan("KD3", "not_found", mode="return")
        self.load("KD1", status="Delivered")
        self.load("KD2", "KD3", status="For Return")
        self.assertEqual(self.figures(s)[:3], (1, 0, 1))
        self.assertEqual({self.status(n) for n in ("KD2", "KD3")}, {"returned"})
        self.assertEqual(self.events("KD2"), [("for_return", "for_return", "match"),
                                              ("for_return", "returned", "scan")])
        self.assertEqual(sorted(x["result"] for x in self.get("/waybills/KD3")["history"]
                                if x["kind"] == "scan"), ["valid", "wrong_status"])

    def test_by_hand(self):
        self.load("KH1", "KH2")
        s = self.open()
        body = {"waybill_number": "KH1O", "session_id": s, "scan_id": str(uuid.uuid4()),
                "scanned_at": "2026-01-05T08:00:00+08:00"}
        told = self.post("/scan", 404, **body)
        path = f"/unknown-scans/{body['scan_id']}"
        self.assertEqual(self.post(f"{path}/match", 409)["error"], "waybill_not_found")
        self.assertEqual(self.post(f"{path}/match", 409, waybill_number="KH9")["error"],
                         "waybill_not_found")
        self.assertEqual(self.post(f"{path}/match", 400, waybill_number="K H")["error"], "bad_field")
        got = self.post(f"{path}/match", waybill_number=" kh1", by="sue")
        self.assertEqual((got["matched_to"], got["scanned_number"], got["matched_by"], got["result"]),
                         ("KH1", "KH1O", "sue", "valid"))
        self.assertEqual(got["session"]["valid"], 1)
        again = self.post(f"{path}/match", waybill_number="KH1", by="tom")
        self.assertEqual((again["already"], again["matched_by"]), (True, "sue"))
        self.assertEqual(self.post(f"{path}/match", 409, waybill_number="KH2")["error"],
                         "scan_settled")
        self.assertEqual(self.post(f"{path}/dismiss", 409)["error"], "scan_settled")
        self.assertEqual(self.post("/scan", 404, **body), told)
        self.scan("KH1", "duplicate", session_id=s)

    def test_dismissed_is_not_matched(self):
        s = self.open()
        key = self.scan("KX1", "not_found", session_id=s)["scan_id"]
        got = self.post(f"/unknown-scans/{key}/dismiss", reason="a box", by="sue")
        self.assertEqual((got["already"], got["dismissed_by"], got["dismissed_reason"]),
                         (False, "sue", "a box"))
        self.assertTrue(self.post(f"/unknown-scans/{key}/dismiss")["already"])
        self.assertEqual(matched(self.load("KX1")), 0)
        self.assertEqual(self.post(f"/unknown-scans/{key}/match", 409)["error"], "scan_settled")
        self.assertEqual(self.post(f"/unknown-scans/{uuid.uuid4()}/dismiss", 404)["error"],
                         "scan_not_found")
        valid = self.scan("KX1", session_id=s)["scan_id"]
        self.assertEqual(self.post(f"/unknown-scans/{valid}/match", 409)["error"], "scan_settled")

    def test_a_rehearsal_matches_nothing(self):
        self.scan("KR1", "not_found")
        self.assertEqual(matched(self.load("KR1", dry_run="true")), 0)
        self.assertEqual(matched(self.load("KR1")), 1)


class Races(FloorCase):
    def test_upload_against_scans(self):
        """However a scan falls between the rows' commit and their match, none stays open whose
        number is known, and each number has exactly one valid scan."""
        for turn in range(8):
            numbers = [f"KZ{turn}-{i}" for i in range(25)]
            s = self.open()

            def station(s=s, numbers=numbers):
                with self.client.connect() as c:
                    for n in numbers:
                        c.request("POST", "/scan", f"waybill_number={n}&session_id={s}".encode(),
                                  {"Content-Type": "application/x-www-form-urlencoded"})

            self.together(station, station, lambda numbers=numbers: self.load(*numbers))
            self.assertEqual(self.get(f"/unknown-scans?session_id={s}")["scans"], [])
            self.assertEqual(self.figures(s)[:3], (25, 25, 0))

    def test_a_match_against_backlogs_never_waits_in_a_circle(self):
        """A match makes scans valid in the order in which they were made, a backlog in the
        order of its numbers: where both want the same numbers each waits for the other."""
        for turn in range(10):
            numbers = [f"KQ{turn:02d}-{i:02d}" for i in range(100)]
            s, loaded = self.open(), threading.Event()
            self.post("/scans", scans=[{"waybill_number": n, "session_id": s}
                                       for n in reversed(numbers)])
            verdicts = []

            def station(s=s, numbers=numbers, loaded=loaded, verdicts=verdicts):
                with self.client.connect() as c:
                    last = False
                    while not last:
                        last = loaded.is_set()
                        r = c.request("POST", "/scans", json.dumps({"scans": [
                            {"waybill_number": n, "session_id": s} for n in numbers]}).encode(),
                            {"Content-Type": "application/json"})
                        verdicts.append({item["status"] for item in r.json()["results"]})

            def upload(numbers=numbers, loaded=loaded):
                try:
                    self.load(*numbers)
                finally:
                    loaded.set()

            self.together(station, station, upload)
            self.assertLessEqual(set.union(*verdicts), {200, 404, 409})
            self.assertEqual(self.get(f"/unknown-scans?session_id={s}")["scans"], [])
            self.assertEqual(self.figures(s)[0], len(numbers))
        self.assertNotIn("deadlock", self.server.log())

    def test_two_uploads_against_a_scan_and_a_dispatch(self):
        for turn in range(8):
            n = f"KY{turn}"
            s = self.open()
            self.scan(n, "not_found", session_id=s)
            *_, report = self.together(lambda: self.load(n), lambda: self.load(n, f"{n}B"),
                                       lambda: self.scan(f"{n}C", "not_found", session_id=s),
                                       lambda: self.post(f"/sessions/{s}/dispatch"))
            matched = self.get(f"/unknown-scans?session_id={s}&state=matched")["scans"]
            self.assertEqual([x["waybill_number"] for x in matched], [n])
            self.assertEqual(report["dispatched"], int(matched[0]["result"] == "valid"))


if __name__ == "__main__":
    unittest.main()
