"""Odd cells and files with little in them: one cell's trouble is that of its row alone."""

import io
import os
import tempfile
import zipfile

from integration.test_ctl_rows import ctl
from integration.test_upload import UploadCase
from support.books import sheets


def workbook(*rows):
    return sheets(One=rows)


STRICT = "http://purl.oclc.org/ooxml"
# One of everything that a cell may legally be, in the strict variant, every element prefixed.
LEGAL = f"""\ufeff<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<!-- a comment --><?an instruction?>
<x:worksheet xmlns:x="{STRICT}/spreadsheetml/main"><x:dimension ref="A1:F9"/><x:sheetData>
<x:row><x:c t="inlineStr"><x:is><x:t>Waybill<![CDATA[ Number]]></x:t></x:is></x:c>
<x:c t="inlineStr"><x:is><x:r><x:rPr><x:b/></x:rPr><x:t>Recei</x:t></x:r><x:r><x:t>ver</x:t></x:r>
<x:rPh sb="0" eb="1"><x:t>no</x:t></x:rPh></x:is></x:c>
<x:c t="str"><x:f>"C"&amp;"OD"</x:f><x:v>C&#79;&#x44;</x:v></x:c>
<x:c t="inlineStr"><x:is><x:t>Signing Time</x:t></x:is></x:c>
<x:c t="inlineStr"><x:is><x:t>Flag</x:t></x:is></x:c><x:c t="inlineStr"><x:is><x:t>Note</x:t></x:is></x:c></x:row>
<x:row r="3" hidden="1"><x:c r="A3" t="str"><x:v>BR1</x:v></x:c><x:c r="B3" t="inlineStr"><x:is>
<x:t xml:space="preserve"> Ana_x0020_&lt;b&gt; </x:t></x:is></x:c><x:c><x:f>1+1</x:f><x:v> 2.50 </x:v></x:c>
<x:c t="d"><x:v>2025-01-31T08:05:00</x:v></x:c><x:c t="b"><x:v>1</x:v></x:c><x:c t="e"><x:v>#N/A</x:v></x:c></x:row>
<x:row r="5"><x:c r="A5"><x:v>7.72012345678E+11</x:v></x:c><x:c r="C5" t="n"><x:v>1e2</x:v></x:c></x:row>
</x:sheetData><x:mergeCells><x:mergeCell ref="A1:A2"/></x:mergeCells></x:worksheet>
"""


def strict():
    links = (f"<Relationship Id='{{}}' Type='{STRICT}/officeDocument/relationships/{{}}' "
             "Target='{}'/>").format
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("_rels/.rels", f"<Relationships>{links('a', 'officeDocument', 'b.xml')}</Relationships>")
        z.writestr("_rels/b.xml.rels", f"<Relationships>{links('b', 'worksheet', '/s.xml')}</Relationships>")
        z.writestr("b.xml", f"<workbook xmlns='{STRICT}/spreadsheetml/main' xmlns:q='{STRICT}/officeDocument/"
                   "relationships'><workbookPr/><sheets><sheet name='S' q:id='b'/></sheets></workbook>")
        z.writestr("s.xml", LEGAL)
    return b"MZ before the archive" + out.getvalue()


def text(*rows):
    return ("\n".join(",".join(row) for row in rows) + "\n").encode()


class Cells(UploadCase):
    def test_a_long_cell_rejects_its_row(self):
        for make, name in ((text, "x.csv"), (workbook, "x.xlsx")):
            with self.subTest(name):
                answer = self.upload(make(("Waybill Number", "Receiver"),
                                          (name + "1", "x" * 40000), (name + "2", "Ben"),
                                          (name + "3", "y" * 32767)), name)
                self.assertEqual((answer["inserted"], answer["rejected"]), (2, 1), answer)
                reject = answer["rejects"][0]
                self.assertEqual((reject["row"], reject["column"], reject["reason"]),
                                 (2, "Receiver", "the cell has more than 32,767 characters"))
                self.assertRegex(reject["text"], r"\Ax{100,1000}\Z")

    def test_a_file_over_the_last_limit_is_refused_with_advice_that_helps(self):
        answer = self.upload(text(("Waybill Number", "Receiver"), ("L1", "x" * 1100000)),
                             "x.csv", status=413)
        self.assertEqual(answer["message"], "Row 2, column B: the cell has too many characters. "
                         "Shorten that cell and upload the file again.")
        columns = text(["Waybill Number", "Receiver"] + ["c"] * 17000)
        self.assertRegex(self.upload(columns, "x.csv", status=413)["message"],
                         r"too many columns\. Delete the columns [^.]*\.\Z")

    def test_control_characters(self):
        answer = self.upload(b"Waybill Number,Receiver\nB\x07C1,\x01Ana\n\"BC2\nBC3\",b\n", "x.csv")
        self.assertEqual((answer["inserted"], answer["rejected"]), (1, 1), answer)
        self.assertEqual(answer["rejects"][0]["reason"],
                         "a line break inside the waybill number")
        self.assertEqual(self.client.get("/waybills/BC1").status, 200)

    def test_a_nul_rejects_its_row(self):
        """PostgreSQL keeps none; one in a cell once had the whole file refused."""
        answer = self.upload(b"Waybill Number,Receiver\nNU1,A\0na\nNU2,Ben\nNU\x003,Cy\n", "x.csv")
        self.adds_up(answer, 3)
        self.assertEqual((answer["inserted"], answer["rejected"]), (1, 2), answer)
        self.assertEqual([(r["row"], r["column"], r["reason"]) for r in answer["rejects"]],
                         [(n, column, "the cell has a NUL character, which cannot be kept: type "
                           "its text anew") for n, column in ((2, "Receiver"), (4, "Waybill Number"))])
        r = self.client.get(f"/uploads/{answer['id']}/rejects?format=csv")
        self.assertIn("NU1 ?,A\ufffdna", r.body.decode(), r)
        self.assertEqual(self.upload(r.body, "list.csv")["rejected"], 2)

    def test_a_nul_in_a_heading(self):
        answer = self.upload(b"Waybill\0 Number,Recei\0ver,No\0te\nNH1,Ana,x\n,Ben,y\n", "x.csv")
        self.assertEqual((answer["inserted"], answer["rejected"]), (1, 1), answer)
        self.assertIn({"column": 3, "heading": "No\ufffdte"}, [
            {k: m[k] for k in ("column", "heading")} for m in answer["mapping"]], answer)
        self.assertEqual(self.client.get("/waybills/NH1").json()["extra"], {"No\ufffdte": "x"})

    def test_one_advice(self):
        answer = self.upload(b"Waybill Number,Receiver\nN1," + b"x" * 10000 + b"\x81\n", "x.csv",
                             status=422)
        self.assertRegex(answer["message"], r": save the file as CSV UTF-8 and upload that\.\Z")

    def test_a_damaged_file_is_to_be_fetched_again(self):
        """Excel opens none of these, so that nobody can save them again."""
        book = workbook(("Waybill Number", "Receiver"), *((f"DF{i}", f"Ana {i}") for i in range(200)))
        for name, data in (("cut", book[:len(book) // 2]), ("padded", book + bytes(100_000)),
                           ("wrong", book.replace(b"Ana 7<", b"Ana 8<")), ("its first bytes", book[:4]),
                           ("text", "Waybill Number,Receiver\nDF1,Ana\n".encode("utf-16")[:-1])):
            with self.subTest(name):
                answer = self.upload(data, "x.xlsx", status=422)
                self.assertEqual(answer["error"], "damaged_file")
                self.assertRegex(answer["message"], r"\. Export or download it again where it came from, and "
                                 r"upload that\.\Z")
        answer = self.upload(b'Waybill Number,Receiver\nDF1,"Ana\n', "x.csv", status=422)
        self.assertRegex(answer["message"], r"never closed\. Look at the quotes in that row and upload the "
                         r"file again\.\Z")

    def test_nothing_in_it(self):
        self.assertEqual(self.upload(workbook(), "x.xlsx", status=422)["message"],
                         "The sheet is empty: choose the sheet that holds the waybills, or ask "
                         "the sender for the file again.")
        self.assertEqual(self.upload(b",,\n", "x.csv", status=422)["message"],
                         "The file is empty: ask the sender for the file again.")
        answer = self.upload(text(("Waybill Number", "Receiver")), "x.csv")
        self.assertEqual((answer["rows_total"], answer["state"]), (0, "completed"))
        self.assertEqual([w["kind"] for w in answer["warnings"]], ["no_rows"])


class Legal(UploadCase):
    def test_everything_that_a_cell_may_be(self):
        answer = self.upload(strict(), "strict.xlsx")
        self.adds_up(answer, 2)
        self.assertEqual([(w["kind"], w["count"]) for w in answer["warnings"]], [("hidden_row", 1)])
        row = self.client.get("/waybills/BR1").json()
        self.assertEqual((row["receiver_name"], row["cod_amount"], row["signing_time"][:19], row["extra"]),
                         ("Ana <b>", 2.5, "2025-01-31T08:05:00", {"Flag": "TRUE", "Note": "#N/A"}))
        row = self.client.get("/waybills/772012345678").json()
        self.assertEqual((row["cod_amount"], row["extra"]), (100, {}))


class Formulas(UploadCase):
    """A program that does not calculate writes a formula alone, or 0 for its result."""

    def book(self, *numbers):
        data = "".join(f"<row>{n}<c t='inlineStr'><is><t>R{i}</t></is></c><c><f>1+1</f><v/></c></row>"
                       for i, n in enumerate(numbers))
        out = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(workbook(("Waybill Number", "Receiver", "COD")))) as old, \
                zipfile.ZipFile(out, "w") as new:
            for name in old.namelist():
                new.writestr(name, old.read(name).replace(
                    b"</sheetData>", data.encode() + b"</sheetData>"))
        return out.getvalue()

    def test_a_formula_without_its_result_is_no_empty_cell(self):
        """Nothing told why the cells that Excel shows filled had been loaded empty."""
        answer = self.upload(self.book("<c t='inlineStr'><is><t>FA1</t></is></c>",
                                       "<c><f>A1</f></c>", "<c/>"), "x.xlsx")
        self.assertEqual((answer["inserted"], answer["rejected"]), (1, 2), answer)
        self.assertEqual([r["reason"][:40] for r in answer["rejects"]],
                         ["the cell is a formula whose result the f", "no waybill number"])
        warned = {w["kind"]: w for w in answer["warnings"]}
        self.assertEqual((warned["no_result"]["count"], warned["no_result"]["rows"][0]["row"]), (1, 2))
        self.assertRegex(warned["no_result"]["message"], "open it in Excel or LibreOffice, save it")

    def test_zero_is_no_waybill_number(self):
        """Every row was loaded as one waybill 0, the others as its duplicates."""
        answer = self.upload(self.book("<c><f>A1</f><v>0</v></c>", "<c><f>A1</f><v>0</v></c>"),
                             "x.xlsx")
        self.assertEqual((answer["inserted"], answer["rejected"]), (0, 2), answer)
        self.assertRegex(answer["rejects"][1]["reason"], "^zero, .*formula")


class Sheets(UploadCase):
    """One sheet is read; whoever sees that it is loaded must not take the others for loaded."""

    HEADINGS = ("Waybill Number", "Receiver")

    def left(self, book, **fields):
        """What an upload, a preview of it and `waybillctl rows --check` say about other sheets."""
        said = []
        for path in ("/upload", "/upload/preview"):
            answer = self.client.upload(book, name="x.xlsx", path=path, **fields)
            self.assertEqual(answer.status, 200, answer)
            said.append([(w["count"], w["message"]) for w in answer.json()["warnings"]
                         if w["kind"] == "sheet_not_read"])
        self.assertEqual(said[0], said[1])
        if not fields:
            with tempfile.NamedTemporaryFile() as f:
                f.write(book)
                f.flush()
                told = ctl("rows", "--check", f.name).stdout.decode()
            self.assertEqual("not read, though they have waybills" in told, said[0] != [], told)
        return said[0]

    def test_sheets_that_are_not_read_are_named(self):
        """A workbook with a sheet for each city was loaded in part without a word."""
        book = sheets(Notes=[("Manifest",)], Manila=[self.HEADINGS, ("SA1", "Ana")],
                      Cebu=[("July",), self.HEADINGS, ("SA2", "Ben")])
        (count, message), = self.left(book)
        self.assertEqual((count, message), (1, 'Sheet "Cebu" has waybills too and was not read: '
                                            "upload the file again with that sheet chosen."))
        self.assertEqual(self.left(book, sheet="Manila"), [])
        self.assertEqual(self.left(book, dry_run="true", columns="waybill_number=Receiver"),
                         [(1, message)])
        many = sheets(**{f"City {i}": [self.HEADINGS, (f"SB{i}", "Ana")] for i in range(30)})
        (count, message), = self.left(many)
        self.assertEqual(count, 29)
        self.assertRegex(message, r'\ASheets "City 1", "City 2".* and \d+ more have waybills too')

    def test_sheets_without_waybills_are_not(self):
        self.assertEqual(self.left(sheets(
            One=[self.HEADINGS, ("SC1", "Ana")], Empty=[], Form=[self.HEADINGS, (" ", "Ana"), ("-", "")],
            hidden=[self.HEADINGS, ("SC2", "Ben")], Sums=[("Status", "Waybills"), ("RTS", "2")])), [])

    def test_a_choice_of_columns_holds_for_the_others_too(self):
        book = sheets(A=[("Ref", "Receiver"), ("SD1", "Ana")], B=[("Ref", "Receiver"), ("SD2", "Ben")])
        self.assertEqual(len(self.left(book, columns="waybill_number=Ref")), 1)
        self.assertEqual([w["kind"] for w in self.upload(book, "x.xlsx")["warnings"]],
                         ["sheet_not_read", "columns_chosen"])


class SharedStrings(UploadCase):
    settings = {"max_shared_strings": "1M"}

    def test_more_than_the_limit_is_refused_with_advice(self):
        """A preview went by another limit than loading."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x.xlsx")
            for rows, status in ((200, 200), (12000, 413)):
                self.assertEqual(ctl("sample", str(rows), path).returncode, 0)
                with open(path, "rb") as f:
                    book = f.read()
                answer = self.upload(book, "x.xlsx", status=status)
                looked = self.client.upload(book, name="x.xlsx", path="/upload/preview")
                self.assertEqual(looked.status, status, looked)
        self.assertRegex(answer["message"], r"hared strings: more than 1048576 bytes\. .*\b[Ss]plit")
