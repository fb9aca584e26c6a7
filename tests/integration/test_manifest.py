"""The manifest of a session in its four forms, and labels."""

import csv
import html.parser
import io
import re
import unittest
import zipfile

from support.floor import FloorCase

HEADING = ("Waybill Number", "Receiver", "Destination", "Quantity", "Weight", "COD", "Remarks", "Sender Name",
           "Receiver Phone", "Address", "Item Name")
PAGE = {"Accept": "text/html,*/*;q=0.8"}
DATA = {"Accept": "application/json"}


def text(answer):
    return answer.body.decode()


class Text(html.parser.HTMLParser):
    """Tags in order and the text between them; a page that is not well nested fails."""

    VOID = {"meta", "link", "br"}

    def __init__(self, page):
        super().__init__()
        self.tags, self.open, self.text = [], [], []
        self.feed(page)
        self.close()
        assert self.open == [], self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, (tag, self.open)

    def handle_data(self, data):
        if data.strip():
            self.text.append(data.strip())


class ManifestCase(FloorCase):
    def load_rows(self, *rows):
        out = io.StringIO()
        csv.writer(out).writerows((HEADING, *[r + ("",) * (len(HEADING) - len(r)) for r in rows]))
        r = self.client.upload(out.getvalue().encode(), name="m.csv")
        self.assertEqual((r.status, r.json()["rejected"]), (200, 0), r)

    def manifest(self, session, query="", headers=None, status=200):
        r = self.client.request("GET", f"/sessions/{session}/manifest{query}", headers=headers or {})
        self.assertEqual(r.status, status, r)
        return r

    def data(self, session):
        return self.manifest(session, "?format=json").json()

    def a_session(self, prefix):
        """Three valid scans, of which one is undone, a duplicate, an unknown one, a look."""
        self.load_rows((f"{prefix}1", "Ana", "Cebu", "2", "1.5", "1,250.50"),
                       (f"{prefix}2", "Ben", "Davao", "1", "0.25", ""),
                       (f"{prefix}3", "Cy", "Cebu", "3", "2", "99"),
                       (f"{prefix}4", "Di", "Iloilo", "9", "9", "9"))
        s = self.open(station="dock 9", scanned_by="mia")
        self.scan(f"{prefix}3", session_id=s, station="dock 9", scanned_by="mia")
        self.scan(f"{prefix}1", session_id=s)
        self.scan(f"{prefix}2", session_id=s)
        self.scan(f"{prefix}1", "duplicate", session_id=s)
        self.scan(f"{prefix}X", "not_found", session_id=s)
        self.scan(f"{prefix}4", session_id=s, mode="check")
        undone = self.scan(f"{prefix}4", session_id=s)
        self.undo(undone["scan_id"])
        return s


class Figures(ManifestCase):
    def test_valid_scans_that_stand_and_their_sums(self):
        s = self.a_session("MA")
        m = self.data(s)
        self.assertEqual([p["waybill_number"] for p in m["parcels"]], ["MA1", "MA2", "MA3"])
        self.assertEqual(m["totals"], {"parcels": 3, "returned": 0, "items": 6, "weight": 3.75,
                                       "cod_amount": 1349.5})
        self.assertEqual(m["destinations"], [
            {"destination": "Cebu", "parcels": 2, "returned": 0, "items": 5, "weight": 3.5, "cod_amount": 1349.5},
            {"destination": "Davao", "parcels": 1, "returned": 0, "items": 1, "weight": 0.25, "cod_amount": 0}])
        self.assertEqual((m["session"]["id"], m["session"]["valid"], m["session"]["station"],
                          m["timezone"]), (s, 3, "dock 9", "Asia/Manila"))
        self.assertTrue(m["printed_at"].endswith("+08:00"), m["printed_at"])
        first = m["parcels"][0]
        self.assertEqual((first["receiver_name"], first["destination"], first["cod_amount"], first["mode"],
                          first["status"], first["scanned_by"]),
                         ("Ana", "Cebu", 1250.5, "dispatch", "pending", "ana"))

    def test_returns_are_told_apart(self):
        self.load("MR1", status="For Return")
        s = self.open()
        self.scan("MR1", session_id=s, mode="return")
        m = self.data(s)
        self.assertEqual((m["totals"]["parcels"], m["totals"]["returned"], m["parcels"][0]["mode"]),
                         (1, 1, "return"))
        self.assertIn("<small>returned</small>", text(self.manifest(s)))

    def test_more_than_a_page_of_the_database(self):
        numbers = [f"MP{i:05}" for i in range(1203)]
        self.load_rows(*[(n, "R", f"City {i % 7}", "1", "0.5", "10") for i, n in enumerate(numbers)])
        s = self.open()
        self.db.query("INSERT INTO scanned_waybills (scan_id, waybill_number, waybill_id, session_id, mode, "
                      "station, scanned_by, result, scanned_at) SELECT gen_random_uuid(), waybill_number, id, "
                      f"{s}, 'dispatch', 'dock 1', 'ana', 'valid', now() FROM waybills "
                      "WHERE waybill_number LIKE 'MP%'")
        try:
            m = self.data(s)
            self.assertEqual([p["waybill_number"] for p in m["parcels"]], numbers)
            self.assertEqual((m["totals"]["parcels"], m["totals"]["cod_amount"], len(m["destinations"])),
                             (1203, 12030, 7))
            page = Text(text(self.manifest(s, "?barcodes=true")))
            self.assertEqual(sum(a.get("class") == "barcode" for _, a in page.tags), 1204)
            self.assertIn("1203", page.text)
            rows = list(csv.reader(io.StringIO(self.manifest(s, "?format=csv").body.decode("utf-8-sig"))))
            self.assertEqual(sum(r[:1] != [] and r[0].startswith("MP") for r in rows), 1203)
        finally:
            self.db.query(f"DELETE FROM scanned_waybills WHERE session_id = {s}")

    def test_an_empty_session(self):
        s = self.open()
        m = self.data(s)
        self.assertEqual((m["parcels"], m["destinations"], m["totals"]["parcels"], m["totals"]["weight"]),
                         ([], [], 0, 0))
        Text(text(self.manifest(s)))


class Forms(ManifestCase):
    def test_which_form(self):
        s = self.open()
        for headers, query, kind in (({}, "", "text/html"), (PAGE, "", "text/html"),
                                     (DATA, "", "application/json"), (DATA, "?format=html", "text/html"),
                                     (PAGE, "?format=json", "application/json"), (PAGE, "?format=csv", "text/csv")):
            with self.subTest(headers=headers, query=query):
                r = self.manifest(s, query, headers)
                self.assertEqual(r.headers["content-type"].split(";")[0], kind)
        for query in ("?format=pdf", "?paper=a5", "?barcodes=maybe"):
            self.assertEqual(self.manifest(s, query, status=400).json()["error"], "bad_field")
        for session in ("99999999", "x", "0"):
            r = self.manifest(session, "", PAGE, status=404)
            self.assertEqual((r.json()["error"], r.headers["content-type"]),
                             ("session_not_found", "application/json"))
        self.assertEqual(self.client.request("HEAD", f"/sessions/{s}/manifest").status, 200)

    def test_the_page(self):
        s = self.a_session("MB")
        r = self.manifest(s, "", PAGE)
        policy = r.headers["content-security-policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn("unsafe", policy)
        self.assertEqual(r.headers["cache-control"], "no-store")
        page = Text(text(r))
        for words in (f"Manifest of session {s}", f"SESSION-{s}", "mia", "dock 9", "Asia/Manila", "1,349.50",
                      "3.75", "Cebu", "Davao", "MB1", "MB2", "MB3", "Open: not dispatched yet. Parcels may "
                      "still be added.", "Released by", "Received by (courier)"):
            self.assertIn(words, page.text)
        self.assertNotIn("MB4", page.text)
        self.assertFalse([a for _, a in page.tags if "style" in a or any(n.startswith("on") for n in a)])
        self.assertNotIn("style", [t for t, _ in page.tags])
        self.assertEqual(sum(a.get("class") == "barcode" for _, a in page.tags), 1)
        self.assertIn(("body", {"class": "a4"}), page.tags)
        both = Text(text(self.manifest(s, "?paper=label&barcodes=true")))
        self.assertEqual(sum(a.get("class") == "barcode" for _, a in both.tags), 4)
        self.assertIn(("body", {"class": "label"}), both.tags)

    def test_states(self):
        s = self.a_session("MC")
        self.post(f"/sessions/{s}/cancel", by="sue", reason="wrong truck")
        self.assertRegex(text(self.manifest(s)),
                         r"Cancelled \d{4}-\d\d-\d\d \d\d:\d\d by <bdi>sue</bdi>: <bdi>wrong truck</bdi><")
        self.post(f"/sessions/{s}/resume", by="sue")
        self.post("/waybills/MC1/hold", by="sue", reason="late")
        self.post(f"/sessions/{s}/dispatch", by="tom")
        page = text(self.manifest(s))
        self.assertRegex(page, r"Dispatched \d{4}-\d\d-\d\d \d\d:\d\d by <bdi>tom</bdi>")
        self.assertRegex(page, r"Left behind at the dispatch, being on hold or gone already: 1<")

    def test_values_are_text(self):
        evil = "<script>alert(1)</script>\"'&"
        self.load_rows(("MD1", evil, evil, "1", "1", "1"), ("MD&<2>", "=1+1", "@x", "1", "1", "-1"))
        s = self.open(station=evil, scanned_by=evil)
        self.scan("MD1", session_id=s)
        self.scan("MD&<2>", session_id=s)
        self.post(f"/sessions/{s}/cancel", by=evil, reason=evil)
        r = self.manifest(s, "?barcodes=true")
        page = Text(text(r))
        self.assertEqual([a for t, a in page.tags if t == "script"],
                         [{"type": "module", "src": "/static/print.js"}])
        self.assertEqual(page.text.count(evil), 8)
        self.assertIn("MD&<2>", page.text)
        self.assertIn("Barcode MD&<2>", [a.get("aria-label") for _, a in page.tags])
        # A cell that a spreadsheet would run has an apostrophe before it.
        table = self.manifest(s, "?format=csv").body.decode("utf-8-sig")
        self.assertIn("'=1+1,'@x", table)
        label = Text(text(self.client.get("/waybills/MD1/label")))
        self.assertIn(evil, label.text)

    def test_tables(self):
        s = self.a_session("ME")
        r = self.manifest(s, "?format=csv")
        self.assertEqual(r.headers["content-disposition"], f'attachment; filename="manifest-{s}.csv"')
        rows = list(csv.reader(io.StringIO(r.body.decode("utf-8-sig"))))
        self.assertIn(["Session", str(s)], rows)
        self.assertIn(["State", "open"], rows)
        at = [row[:1] for row in rows].index(["Waybill Number"])
        self.assertEqual(rows[at][:8], ["Waybill Number", "Mode", "Order Status", "Receiver Name", "Destination",
                                        "Number Of Items", "Weight", "COD Amount"])
        self.assertEqual([row[:8] for row in rows[at + 1:at + 5]], [
            ["ME1", "dispatch", "pending", "Ana", "Cebu", "2", "1.5", "1250.5"],
            ["ME2", "dispatch", "pending", "Ben", "Davao", "1", "0.25", ""],
            ["ME3", "dispatch", "pending", "Cy", "Cebu", "3", "2", "99"],
            ["Total", "3", "", "", "", "6", "3.75", "1349.5"]])
        self.assertEqual(rows[at + 5:], [
            [], ["Destination", "Parcels", "Returned", "Number Of Items", "Weight", "COD Amount"],
            ["Cebu", "2", "0", "5", "3.5", "1349.5"], ["Davao", "1", "0", "1", "0.25", "0"],
            ["Total", "3", "0", "6", "3.75", "1349.5"]])
        book = zipfile.ZipFile(io.BytesIO(self.manifest(s, "?format=xlsx").body))
        self.assertIsNone(book.testzip())
        names = re.findall(r'<sheet name="([^"]+)"', book.read("xl/workbook.xml").decode())
        self.assertEqual(names, ["Session", "Parcels", "Destinations"])
        self.assertIn("<v>1349.5</v>", book.read("xl/worksheets/sheet2.xml").decode())


class Labels(ManifestCase):
    def test_a_label(self):
        self.load_rows(("ML1", "Ana Cruz", "Cebu City", "2", "1.50", "1,250", "call first", "Shop", "09171234567",
                        "12 Mango Ave", "Shoes"), ("ML2", "Ben", "Davao"))
        r = self.client.request("GET", "/waybills/ml1/label", headers=PAGE)
        self.assertEqual((r.status, r.headers["content-type"]), (200, "text/html; charset=utf-8"), r)
        self.assertIn("default-src 'none'", r.headers["content-security-policy"])
        page = Text(text(r))
        for words in ("ML1", "Ana Cruz", "Cebu City", "1.5", "1,250.00", "call first", "Shop", "09171234567",
                      "12 Mango Ave", "Shoes", "Courier's remarks"):
            self.assertIn(words, page.text)
        self.assertEqual(sum(a.get("class") == "barcode" for _, a in page.tags), 1)
        self.assertIn("None", Text(text(self.client.get("/waybills/ML2/label"))).text)

    def test_a_number_that_is_no_barcode(self):
        self.load_rows(("\u8fd01", "Ana"))
        page = Text(text(self.client.get("/waybills/%E8%BF%901/label")))
        self.assertIn("\u8fd01", page.text)
        self.assertEqual([a for _, a in page.tags if a.get("class") == "barcode"], [])

    def test_unknown(self):
        for path, status, error in (("/waybills/MLX/label", 404, "waybill_not_found"),
                                    ("/waybills/a%20b/label", 400, "bad_waybill_number")):
            r = self.client.request("GET", path, headers=PAGE)
            self.assertEqual((r.status, r.json()["error"]), (status, error), r)


if __name__ == "__main__":
    unittest.main()
