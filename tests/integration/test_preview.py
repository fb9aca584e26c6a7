"""A file looked at before it is loaded, and the workbook to fill in."""

import io
import json
import os
import subprocess
import sys
import time
import zipfile
from csv import reader

from support.pg import BUILD, ROOT, clean_environment
from support.books import sheets
from support.uploads import UploadCase, csv, sample


class Preview(UploadCase):
    def preview(self, file, name="p.csv", status=200, **fields):
        r = self.client.upload(file, name=name, path="/upload/preview", **fields)
        self.assertEqual(r.status, status, r)
        return r.json()

    def test_shows_how_a_file_is_read_and_loads_nothing(self):
        file = ("July,,,\nWaybill Number,Receiver,COD,Status,Signing Time\n"
                "PA1,Ana,\"1,500.50\",Delivered,13/02/2025 08:00\n"
                "PA2,Ben,abc,Lost at sea,03/04/2025\n"
                ",Cara,1,Pending,\n"
                "PA1,Ana,2,Pending,\n"
                "Total,,3,,\n").encode()
        p = self.preview(file)
        self.assertEqual((p["format"], p["heading_row"], p["rows_read"], p["complete"]),
                         ("csv", 2, 5, True))
        self.assertEqual([m["field"] for m in p["mapping"]],
                         ["waybill_number", "receiver_name", "cod_amount", "status",
                          "signing_time"])
        self.assertEqual(p["samples"][0], ["PA1", "PA2", "Total"])
        self.assertEqual(p["rows"][0], {"row": 3, "values": {
            "waybill_number": "PA1", "status": "delivered", "receiver_name": "Ana",
            "cod_amount": "1500.5", "signing_time": "2025-02-13 08:00:00"}, "extra": {}})
        self.assertEqual(p["rows"][1]["values"]["signing_time"], "2025-04-03 00:00:00")
        self.assertEqual(p["rows"][1]["extra"], {"COD": "abc", "Status": "Lost at sea"})
        self.assertEqual([(r["row"], r["column"]) for r in p["rejects"]],
                         [(5, "Waybill Number")])
        self.assertEqual((p["rows_total"], p["rejected"], p["duplicate"]), (4, 1, 1))
        self.assertEqual({w["kind"] for w in p["warnings"]},
                         {"unknown_status", "bad_value", "ambiguous_date", "footer"})
        first = {w["kind"]: w["rows"] for w in p["warnings"]}
        self.assertEqual(first["bad_value"], [{"row": 4, "column": "COD", "text": "abc"}])
        self.assertEqual(first["unknown_status"],
                         [{"row": 4, "column": "Status", "text": "Lost at sea"}])
        self.assertEqual(first["ambiguous_date"],
                         [{"row": 4, "column": "Signing Time", "text": "03/04/2025"}])
        self.assertEqual([r["row"] for r in first["footer"]], [7])
        self.assertIn("waybill_number", p["fields"])
        self.assertEqual(self.db.value("SELECT count(*) FROM uploads WHERE file_name = 'p.csv'"),
                         "0")
        self.assertEqual(self.db.value("SELECT count(*) FROM waybills WHERE waybill_number "
                                       "LIKE 'PA%'"), "0")

    def test_a_file_that_would_be_refused_can_be_corrected(self):
        file = b"Ref,Receiver,City\nPB1,Ana,Cebu\n"
        p = self.preview(file)
        self.assertEqual(p["error"], "no_waybill_column")
        self.assertIn('"Ref"', p["message"])
        self.assertEqual([m["field"] for m in p["mapping"]], ["extra", "receiver_name", "city"])
        self.assertEqual((p["samples"], p["rows"]), ([["PB1"], ["Ana"], ["Cebu"]], []))
        p = self.preview(file, columns="waybill_number=Ref")
        self.assertNotIn("error", p)
        self.assertEqual(p["rows"][0]["values"]["waybill_number"], "PB1")

    def test_a_column_without_a_heading_is_shown_and_chosen(self):
        """It could not be chosen at all, and its cells were not shown."""
        for name, file, column in (("e.csv", b",Receiver,City\nPE1,Ana,Cebu\nPE2,Ben,Davao\n", "A"),
                                   ("f.csv", b"July\nReceiver,City\nAna,Cebu,PE1\nBen,Davao,PE2\n", "C")):
            with self.subTest(name):
                p = self.preview(file, name)
                self.assertEqual(p["error"], "no_waybill_column")
                self.assertEqual(p["unheaded"], [{"heading": f"Column {column}", "samples": ["PE1", "PE2"],
                                                  "column": ord(column) - ord("@")}])
                chosen = {"columns": f"waybill_number=Column {column}"}
                p = self.preview(file, name, **chosen)
                self.assertNotIn("error", p)
                self.assertEqual((p["unheaded"], p["rows_total"]), ([], 2))
                self.assertEqual(p["rows"][1]["values"]["waybill_number"], "PE2")
                self.upload(file, name, dry_run="true", **chosen)

    def kept(self):
        return int(self.db.value("SELECT count(*) FROM previews"))

    def test_a_kept_file_is_not_sent_again(self):
        path = sample(3000, self.folder, "--seed", "61")
        first = self.preview(path, "k.xlsx", keep="true")
        again = self.preview(None, kept=first["kept"], columns="extra=Remarks")
        self.assertEqual((again["kept"], again["file_name"]), (first["kept"], "k.xlsx"))
        self.assertEqual({m["heading"]: m["field"] for m in again["mapping"]}["Remarks"], "extra")
        answer = self.upload(None, kept=first["kept"])
        self.adds_up(answer, 3000)
        self.assertEqual((answer["inserted"], answer["file_name"]), (3000, "k.xlsx"))
        self.assertEqual(self.upload(path)["unchanged"], 3000)

    def test_a_kept_file_is_loaded_once_under_a_key(self):
        kept = self.preview(csv("PK1,Ana,1"), "q.csv", keep="true")["kept"]
        first = self.upload(None, kept=kept, upload_key="pk")
        self.assertEqual(self.upload(None, kept=kept, upload_key="pk")["id"], first["id"])
        self.assertEqual(self.upload(csv("PK1,Ana,1"), "q.csv", upload_key="pk")["id"], first["id"])
        queued = self.upload(None, status=202, kept=kept, upload_key="pq", **{"async": "true"})
        self.assertEqual(queued["state"], "queued")
        self.client.post(f"/uploads/{queued['id']}/cancel", {})

    def test_a_file_beside_a_kept_one_is_refused(self):
        """The one that was kept was passed over, and nobody was told."""
        kept = self.preview(csv("PO1,Ana,1"), "q.csv", keep="true")["kept"]
        for path in ("/upload", "/upload?async=true", "/upload/preview"):
            for name in (kept, "nonsense"):
                r = self.client.upload(csv("PO2,Ana,1"), "q.csv", path, kept=name)
                self.assertEqual((r.status, r.json()["error"]), (400, "bad_form"), r)
                self.assertRegex(r.json()["message"], '"kept".*"waybill_file".*one of both')
        self.assertEqual(self.client.get("/waybills/PO2").status, 404)
        self.assertEqual(self.upload(csv("PO2,Ana,1"), "q.csv", kept="")["inserted"], 1)
        self.assertEqual(self.upload(None, kept=kept)["inserted"], 1)

    def test_only_what_is_asked_for_and_can_be_read_is_kept(self):
        before = self.kept()
        self.assertNotIn("kept", self.preview(csv("PL1,Ana,1")))
        self.assertNotIn("kept", self.preview(b"", "x.csv", 415, keep="true"))
        self.assertEqual(self.kept(), before)
        self.preview(csv("PL1,Ana,1"), status=400, keep="perhaps")

    def test_what_is_not_kept_is_asked_for(self):
        lost = self.preview(csv("PM1,Ana,1"), keep="true")["kept"]
        cut = self.preview(csv("PM1,Ana,1"), keep="true")["kept"]
        self.db.query(f"DELETE FROM previews WHERE id = '{lost}'")
        self.db.query(f"DELETE FROM preview_files WHERE preview_id = '{cut}'")
        for kept in (lost, cut, "nonsense", "x' or true --"):
            for path in ("/upload", "/upload/preview"):
                r = self.client.upload(None, path=path, kept=kept)
                self.assertEqual((r.status, r.json()["error"]), (410, "file_not_kept"), r)
        self.assertEqual(self.client.upload(None).json()["error"], "no_file")

    def test_a_few_are_kept_for_an_hour(self):
        for i in range(18):
            last = self.preview(csv(f"PN{i},Ana,1"), keep="true")["kept"]
        self.assertEqual(self.kept(), 16)
        self.db.query("UPDATE previews SET kept_at = kept_at - interval '61 min' "
                      f"WHERE id <> '{last}'")
        self.db.query("SELECT job_step('session_purge', 1, 5, 0, 3600, 3600)")
        self.assertEqual(self.db.query("SELECT id FROM previews"), [[last]])
        self.assertEqual(self.db.value("SELECT count(*) FROM preview_files"), "1")

    def test_sheets_are_listed_and_chosen(self):
        with open(os.path.join(ROOT, "tests/fixtures/hidden_sheets_first.xlsx"), "rb") as f:
            book = f.read()
        p = self.preview(book, "s.xlsx")
        hidden = [s["name"] for s in p["sheets"] if s["hidden"]]
        self.assertTrue(hidden, p["sheets"])
        self.assertIn({"name": p["sheet"], "hidden": False}, p["sheets"])
        self.assertNotIn(p["sheet"], hidden)
        for name in hidden:
            got = self.preview(book, "s.xlsx", sheet=name)
            self.assertEqual(got["sheet"], name)
            self.assertNotEqual(got["rows"], p["rows"])

    def test_a_sheet_that_cannot_be_read_leaves_the_others_to_choose(self):
        rows = [("Waybill Number", "Receiver"), ("PS1", "Ana")]
        book = sheets(Manila=rows, Empty=[], hidden=rows)
        listed = [{"name": "Manila", "hidden": False}, {"name": "Empty", "hidden": False},
                  {"name": "hidden", "hidden": True}]
        for name, code in (("Empty", "no_heading_row"), ("No", "no_such_sheet")):
            with self.subTest(name):
                p = self.preview(book, "s.xlsx", 422, sheet=name)
                self.assertEqual((p["error"], p["sheets"]), (code, listed))
        p = self.preview(sheets(hidden=rows), "s.xlsx", 422)
        self.assertEqual((p["error"], p["sheets"]), ("no_heading_row", listed[2:]))
        self.assertNotIn("sheets", self.preview(b"%PDF-1.7", "s.xlsx", 415))

    def test_what_is_no_manifest_is_refused_as_by_an_upload(self):
        for file, status, code in ((b"", 415, "not_a_workbook"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
                                   + bytes(4096), 415, "not_a_workbook")):
            self.assertEqual(self.preview(file, "x.xls", status)["error"], code)
        answer = self.preview(csv("X1,Ana,1"), status=422, sheet="No")
        self.assertEqual((answer["error"], answer["message"]),
                         ("no_such_sheet", 'No sheet "No": a csv file has no sheets, so leave the sheet out.'))
        self.assertEqual(self.preview(csv("X1,Ana,1"), status=422, columns="a=b")["error"],
                         "bad_columns")

    def test_a_large_file_is_not_read_to_its_end(self):
        path = sample(100000, self.folder)
        with open(path, "rb") as f:
            data = f.read()
        start = time.monotonic()
        self.upload(path, dry_run="true")
        whole = time.monotonic() - start
        looked = []
        while len(looked) < 3 and min(looked, default=whole) >= whole / 2:
            start = time.monotonic()
            p = self.preview(data, "large.xlsx")
            looked.append(time.monotonic() - start)
            self.assertEqual((p["rows_read"], p["complete"], len(p["rows"])), (2000, False, 10))
        self.assertLess(min(looked), whole / 2)


class Template(UploadCase):
    def test_a_filled_template_is_read(self):
        got = self.client.get("/upload/template.xlsx")
        self.assertEqual(got.status, 200, got)
        self.assertIn("waybills-template.xlsx", got.headers["content-disposition"])
        headings, examples = self.columns(got.body)
        fields = self.client.upload(got.body, name="empty.xlsx", path="/upload/preview").json()["fields"]
        self.assertEqual(len(headings), len(fields))
        empty = self.upload(got.body, "empty.xlsx")
        self.assertEqual((empty["rows_total"], empty["warnings"][0]["kind"]), (0, "no_rows"))
        examples["Waybill Number"] = "0012300"
        answer = self.upload(self.filled(got.body, [examples[h] for h in headings]), "filled.xlsx")
        self.adds_up(answer, 1)
        self.assertEqual((answer["inserted"], answer["warnings"]), (1, []))
        self.assertEqual({m["field"] for m in answer["mapping"]}, set(fields))
        row = self.client.get("/waybills/0012300").json()
        row = row.get("waybill", row)
        self.assertEqual((row["receiver_phone"], row["barangay"], row["status"], row["item_name"],
                          row["submission_time"][:16]),
                         ("09181234567", "Lahug", "pending", "Shoes", "2025-01-30T17:40"), json.dumps(row))

    def columns(self, book):
        """The headings, and what the second sheet gives as an example for each."""
        path = os.path.join(self.folder, "template.xlsx")
        with open(path, "wb") as f:
            f.write(book)
        sheets = [list(reader(subprocess.run(
            [os.path.join(BUILD, "waybillctl"), "rows", path, "--sheet", name], check=True,
            capture_output=True, text=True, env=clean_environment()).stdout.splitlines()))
            for name in ("Waybills", "How to fill it in")]
        return sheets[0][0], {r[0]: r[2] for r in sheets[1][1:] if len(r) > 2}

    def filled(self, book, cells):
        """The template with a second row, as a spreadsheet program writes it."""
        row = "".join(f'<c t="inlineStr"><is><t>{c}</t></is></c>' for c in cells)
        out = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(out, "w") as new:
            for name in old.namelist():
                data = old.read(name)
                if name.endswith("sheet1.xml"):
                    data = data.replace(b"</sheetData>",
                                        f'<row r="2">{row}</row></sheetData>'.encode())
                new.writestr(name, data)
        return out.getvalue()

    def test_the_template_opens_in_openpyxl(self):
        python = next((p for p in (sys.executable, "/usr/bin/python3") if subprocess.run(
            [p, "-c", "import openpyxl"], check=False, stderr=subprocess.DEVNULL).returncode == 0),
            None)
        if python is None:
            self.skipTest("no Python here has openpyxl: ops/deps test")
        path = os.path.join(self.folder, "t.xlsx")
        with open(path, "wb") as f:
            f.write(self.client.get("/upload/template.xlsx").body)
        got = subprocess.run([python, "-c", "import sys, openpyxl\n"
                              "b = openpyxl.load_workbook(sys.argv[1])\n"
                              "d = b['Waybills'].column_dimensions\n"
                              "print(b.sheetnames, [d[c].number_format for c in 'ABDK'])", path],
                             check=True, capture_output=True, text=True).stdout
        self.assertEqual(got.strip(), "['Waybills', 'How to fill it in'] ['@', 'General', '@', '@']")
