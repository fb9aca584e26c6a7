"""Waybills over HTTP: searched, put on hold, resumed."""

import csv
import io
import unittest
import urllib.parse

from support.floor import FloorCase


class Search(FloorCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rows = "ASE00,Zoe,2,Q,Davao,Pending\n" + "".join(
            f"SE{i:03d},Ana {i},0917000{i:04d},Shop {i % 3},Cebu {i % 7},Pending\n"
            for i in range(120))
        rows += "SX1,50% off_se005,1,Q,Davao,Delivered\n"
        r = cls.client.upload(
            ("Waybill Number,Receiver,Receiver Phone,Sender Name,Destination,Status\n"
             + rows).encode(), name="search.csv")
        assert r.status == 200, r
        cls.upload = r.json()["id"]

    def found(self, limit=500, **query):
        got, cursor = [], ""
        while cursor is not None:
            page = self.get("/waybills?" + urllib.parse.urlencode(
                {**query, "limit": limit, "cursor": cursor}))
            got += [w["waybill_number"] for w in page["waybills"]]
            cursor = page["next"]
        return got

    def test_all_newest_first_in_pages(self):
        # One upload's rows are as new as each other: they come in the order of their numbers.
        want = ["SX1", *(f"SE{i:03d}" for i in reversed(range(120))), "ASE00"]
        for limit in (500, 7, 122, 1):
            self.assertEqual(self.found(limit=limit), want)

    def test_any_part(self):
        for limit in (500, 1, 3):
            for q, want in (
                    ("se005", ["SE005", "SX1"]),
                    ("SE00", [*(f"SE{i:03d}" for i in range(10)), "SX1", "ASE00"]),
                    ("E119", ["SE119"]), ("ana 11", ["SE119", "SE118", "SE117", "SE116", "SE115",
                                                     "SE114", "SE113", "SE112", "SE111", "SE110",
                                                     "SE011"]),
                    ("9170000077", ["SE077"]), ("zOe", ["ASE00"]), ("davao", ["SX1", "ASE00"]),
                    ("50% off", ["SX1"]), ("f_s", ["SX1"]), ("0%", ["SX1"]), ("nothing", []),
                    ("shop 2", [f"SE{i:03d}" for i in reversed(range(120)) if i % 3 == 2])):
                with self.subTest(q=q, limit=limit):
                    self.assertEqual(self.found(q=q, limit=limit), want)

    def test_filters(self):
        self.assertEqual(self.found(status="delivered"), ["SX1"])
        self.assertEqual(self.found(q="SE1", status="delivered"), [])
        self.assertEqual(len(self.found(upload=self.upload, limit=50)), 122)
        self.assertEqual(self.found(upload=self.upload, q="se005"), ["SX1", "SE005"])
        self.assertEqual(self.found(upload=99999), [])
        self.assertEqual(self.found(to="2001-01-01"), [])
        self.assertEqual(len(self.found(**{"from": "2001-01-01"}, limit=100)), 122)
        for query in ("status=lost", "limit=501", "cursor=x", "cursor=ix", "from=now", "upload=a"):
            self.assertEqual(self.client.get(f"/waybills?{query}").status, 400, query)

    def test_a_page_looks_at_so_many_rows(self):
        """With a bound of rows to look at, pages come short or empty, but nothing is missed."""
        def walk(q, status, upload):
            got, cursor = [], None
            for _ in range(1000):
                row = self.db.query(
                    "select array_to_json(array(select waybill_number from unnest(f.ids) "
                    "with ordinality i (id, n) join waybills using (id) order by n)), f.next "
                    f"from waybill_find({q}, {status}, {upload}, null, null, "
                    f"{'null' if cursor is None else repr(cursor)}, 4, 5) f")[0]
                got += [n for n in row[0].strip("[]").replace('"', "").split(",") if n]
                cursor = row[1]
                if cursor is None:
                    return got
            raise AssertionError("no end")

        self.assertEqual(walk("'SE005'", "null", "null"), ["SE005", "SX1"])
        self.assertEqual(walk("'se'", "'delivered'", "null"), ["SX1"])
        self.assertEqual(len(walk("null", "null", "null")), 122)
        self.assertEqual(len(walk("null", "null", str(self.upload))), 122)


class Export(FloorCase):
    def table(self, query):
        r = self.client.get(f"/waybills?format=csv&{query}")
        self.assertEqual(r.status, 200, r)
        return list(csv.reader(io.StringIO(r.body.decode("utf-8-sig"), newline="")))

    def test_all_that_fit(self):
        """More than one page of the database, and both phases of a search."""
        n = 2500
        rows = "".join(f"XP{i:05d},=Ana {i},1.5,{'Cebu' if i % 2 else 'Davao XP'}\n"
                       for i in range(n))
        self.client.upload(f"Waybill Number,Receiver,Weight,Destination\n{rows}ZXP,Zoe,2,Iloilo\n"
                           .encode(), name="export.csv")
        got = self.table("q=xp")
        self.assertEqual(got[0][0], "Waybill Number")
        self.assertEqual([row[0] for row in got[1:]], [*(f"XP{i:05d}" for i in range(n)), "ZXP"])
        self.assertEqual((got[1][5], got[1][15]), ("'=Ana 0", "1.5"))
        self.assertEqual(len(self.table("")), n + 2)
        self.assertEqual(len(self.table("q=nothing")), 1)
        # What was exported is what an upload reads.
        back = self.client.get("/waybills?format=xlsx&q=xp")
        self.assertIn('filename="waybills.xlsx"', back.headers["content-disposition"])
        again = self.client.upload(back.body, name="waybills.xlsx").json()
        self.assertEqual((again["rows_total"], again["inserted"], again["unchanged"]),
                         (n + 1, 0, n + 1))
        head = self.client.request("HEAD", "/waybills?format=csv&q=nothing")
        self.assertEqual((head.status, head.body), (200, b""))
        self.assertEqual(self.client.get("/waybills?format=pdf").status, 400)


class Hold(FloorCase):
    def test_hold_and_resume(self):
        self.load("HO1", status="In Transit")
        r = self.post("/waybills/HO1/hold", 400)
        self.assertEqual(r["error"], "reason_required")
        got = self.post("/waybills/ho1/hold", reason="address unreadable", by="sue")
        self.assertEqual((got["status"], got["already"]), ("issue_pending", False))
        self.assertTrue(self.post("/waybills/HO1/hold", reason="again")["already"])
        self.scan("HO1", "on_hold")
        self.assertEqual(self.post("/waybills/HO1/resume", by="tom")["status"], "in_transit")
        self.assertTrue(self.post("/waybills/HO1/resume")["already"])
        self.assertIsNone(self.get("/waybills/HO1")["marked_pending_at"])
        self.assertEqual(self.events("HO1"), [("in_transit", "issue_pending", "hold"),
                                              ("issue_pending", "in_transit", "resume")])
        held = [e for e in self.get("/waybills/HO1")["history"] if e.get("cause") == "hold"][0]
        self.assertEqual((held["by"], held["detail"]["reason"]), ("sue", "address unreadable"))

    def test_what_cannot_be(self):
        for n, status in (("HX1", "Delivered"), ("HX2", "Returned"), ("HX3", "Cancelled")):
            self.load(n, status=status)
            self.assertEqual(self.post(f"/waybills/{n}/hold", 409, reason="x")["error"],
                             "wrong_status")
        self.load("HX4")
        self.assertEqual(self.post("/waybills/HX4/resume", 409)["error"], "not_on_hold")
        for what in ("hold", "resume"):
            self.assertEqual(self.post(f"/waybills/HX9/{what}", 404, reason="x")["error"],
                             "waybill_not_found")

    def test_a_hold_without_a_history_resumes_as_pending(self):
        self.load("HN1")
        self.db.query("alter table waybills disable trigger user; "
                      "update waybills set status = 'issue_pending' where waybill_number = 'HN1'; "
                      "alter table waybills enable trigger user; "
                      "update waybill_status_totals set waybills = waybills - 1 where status = "
                      "'pending' and slot = (select min(slot) from waybill_status_totals "
                      "where status = 'pending'); insert into waybill_status_totals values "
                      "('issue_pending', 31, 1) on conflict (status, slot) do update "
                      "set waybills = waybill_status_totals.waybills + 1")
        self.assertEqual(self.post("/waybills/HN1/resume")["status"], "pending")


if __name__ == "__main__":
    unittest.main()
