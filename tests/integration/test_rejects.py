"""Rejected rows as files: as they were, with the reason, to mend and upload again as they are."""

import io
import json
import os
import subprocess
import zipfile
from csv import reader, writer

from support.pg import BUILD, clean_environment
from support.books import book, cell, number, row, text
from support.uploads import UploadCase
from support.wait import wait_until

HEADINGS = ["COD", "Colour", "Receiver", "Waybill Number", "Remarks"]
ROWS = [["1,500", "red", "Ana", "RT1", "-"],
        ["2", "blue, \"dark\"", "Ben\nJr", "", "=1+1"],
        ["3", "", "Cara", "RT3", ""],
        ["4", "", "Old", "RT4", ""],
        ["5", "green", " Dan ", "9" * 80, "", "beyond"],
        ["6", "", "New", "RT4", ""]]


def table(*rows):
    out = io.StringIO()
    writer(out).writerows(rows)
    return out.getvalue().encode()


class RejectsCase(UploadCase):
    def rejects(self, upload, form, kind=""):
        r = self.client.get(f"/uploads/{upload['id']}/rejects?format={form}&kind={kind}")
        self.assertEqual(r.status, 200, r)
        return r.body

    def rows(self, body):
        return list(reader(io.StringIO(body.decode("utf-8-sig"), newline="")))


class Rejects(RejectsCase):
    def first(self):
        answer = self.upload(table(["A title"], HEADINGS, *ROWS), "order.csv")
        self.adds_up(answer, 6)
        self.assertEqual((answer["rejected"], answer["duplicate"]), (2, 1))
        return answer

    def check(self, mended):
        """What was rejected is loaded, and nothing else is changed."""
        self.adds_up(mended, 2)
        self.assertEqual((mended["inserted"], mended["rejected"]), (2, 0), mended)
        got = self.db.query("SELECT waybill_number, receiver_name, cod_amount, extra::text "
                            "FROM waybills WHERE waybill_number ~ '^RT' ORDER BY 1")
        self.assertEqual([[*row[:3], json.loads(row[3])] for row in got], [
            ["RT1", "Ana", "1500", {"Colour": "red"}],
            ["RT2", "Ben\nJr", "2", {"Colour": "blue, \"dark\""}], ["RT3", "Cara", "3", {}],
            ["RT4", "New", "6", {}], ["RT5", "Dan", "5", {"Colour": "green", "Column F": "beyond"}]])
        self.assertEqual(self.client.get("/waybills/RT2").json()["remarks"], "=1+1")
        self.db.query("DELETE FROM waybills WHERE waybill_number ~ '^RT'")

    def test_csv_keeps_the_columns_in_order_and_goes_in_again(self):
        lines = self.rows(self.rejects(self.first(), "csv"))
        self.assertEqual(lines[0], HEADINGS + ["Column F", "Row", "Problem in column", "Reason"])
        self.assertEqual([line[:6] for line in lines[1:]],
                         [["2", "blue, \"dark\"", "Ben\nJr", "", "'=1+1", ""],
                          ["5", "green", " Dan ", "9" * 80, "", "beyond"]])
        # The line break in a cell takes a line of the file: rows are counted as programs show them.
        self.assertEqual([line[7] for line in lines[1:]], ["Waybill Number"] * 2)
        for line, number in zip(lines[1:], ("RT2", "RT5")):
            line[3] = number
        self.check(self.upload(table(*lines), "mended.csv"))

    def test_dates_are_read_as_those_of_the_whole_file(self):
        """Other rows said that 03/04 is the third of April; in the list alone it was 4 March."""
        answer = self.upload(table(["Waybill", "Signing Time", "Submission Time", "Note"],
                                   ["RU1", "13/04/2025", "", ""],
                                   ["", "03/04/2025 08:05", "2025-01-02", "03/04/2025"]), "d.csv")
        lines = self.rows(self.rejects(answer, "csv"))
        self.assertEqual(lines[1][:4], ["", "2025-04-03 08:05:00", "2025-01-02", "03/04/2025"])
        lines[1][0] = "RU2"
        self.upload(table(*lines), "mended.csv")
        self.assertEqual(self.client.get("/waybills/RU2").json()["signing_time"],
                         "2025-04-03T08:05:00+08:00")

    def test_many_are_read_once(self):
        """Each page went through all rows behind it: a hundred thousand took eight seconds, a
        million would have taken most of an hour."""
        rows = [["" if n % 3 else f"RM{n % 2}", f"Name {n}"] for n in range(6000)]
        loaded = (5994, 5997)
        answer = self.upload(table(["Waybill", "Receiver"], *rows), "many.csv")
        self.assertEqual((answer["rejected"], answer["duplicate"]), (4000, 1998))
        read = ("SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) FROM "
                "pg_stat_user_tables WHERE relname = 'upload_rejects'")
        before = int(self.db.value(read))
        for kind, wanted in (("", lambda n: n % 3), ("all", lambda n: n not in loaded),
                             ("duplicate", lambda n: n % 3 == 0 and n not in loaded)):
            lines = self.rows(self.rejects(answer, "csv", kind))[1:]
            self.assertEqual([line[2] for line in lines],
                             [str(n + 2) for n in range(6000) if wanted(n)], kind)
        wait_until(lambda: int(self.db.value(read)) > before, "the reading is counted")
        # The headings of each list, and the list; what the upload itself read may be counted late.
        # Before, it was some 120,000.
        self.assertLess(int(self.db.value(read)) - before, 4 * 2 * 6000 + 6000)

    def test_as_data_a_page_at_a_time(self):
        """The list ended after 10,000 rows as if there were no more."""
        answer = self.upload(table(["Waybill", "Receiver"],
                                   *(["" if n % 2 else "RP1", f"Name {n}"] for n in range(12002))),
                             "pages.csv")
        self.assertEqual((answer["rejected"], answer["duplicate"]), (6001, 6000))
        path = f"/uploads/{answer['id']}/rejects?"
        rows = [(n + 2, "rejected" if n % 2 else "duplicate") for n in range(12002) if n != 12000]
        for query, wanted, pages in (
                ("", rows, [10000, 2001]), ("format=json&limit=4000", rows, [4000, 4000, 4000, 1]),
                ("limit=3000&kind=rejected", [r for r in rows if r[1] == "rejected"], [3000, 3000, 1]),
                ("limit=3000&kind=duplicate", [r for r in rows if r[1] == "duplicate"], [3000, 3000])):
            seen, sizes, cursor = [], [], ""
            while cursor is not None:
                got = self.client.get(f"{path}{query}&cursor={cursor}").json()
                seen += [(r["row"], r["kind"]) for r in got["rejects"]]
                sizes.append(len(got["rejects"]))
                cursor = got["next"]
            self.assertEqual((sizes, seen), (pages, wanted), query)
            self.assertEqual((got["rejected"], got["duplicate"]), (6001, 6000))
        for bad in ("limit=0", "limit=10001", "limit=x", "cursor=x", "kind=odd"):
            r = self.client.get(path + bad)
            self.assertEqual((r.status, r.json()["error"]), (400, "bad_field"), r)

    def test_a_workbook_is_exact(self):
        book = self.rejects(self.first(), "xlsx")
        path = os.path.join(self.folder, "r.xlsx")
        with open(path, "wb") as f:
            f.write(book)
        shown = subprocess.run([os.path.join(BUILD, "waybillctl"), "rows", path], check=True,
                               capture_output=True, env=clean_environment()).stdout
        lines = self.rows(shown)
        self.assertEqual(lines[1][:5], ["2", "blue, \"dark\"", "Ben\nJr", "", "=1+1"])
        out = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(out, "w") as new:
            for name in old.namelist():
                data = old.read(name)
                if name.endswith("sheet1.xml"):
                    self.assertIn(b"9" * 80, data)
                    data = data.replace(b"9" * 80, b"RT5").replace(
                        b'<c r="E2"', b'<c r="D2" t="inlineStr"><is><t>RT2</t></is></c><c r="E2"')
                new.writestr(name, data)
        self.check(self.upload(out.getvalue(), "mended.xlsx"))

    def test_the_list_is_read_as_its_file_was(self):
        """Row, column and reason were kept with the waybill, and a choice of columns was not known
        again because of them."""
        chosen = {"columns": "waybill_number=Ref"}
        file = table(["Ref", "Who", "Reason"], ["RX1", "Ana", "a"], ["", "Ben", "b"])
        lines = self.rows(self.rejects(self.upload(file, "x.csv", **chosen), "csv"))
        self.assertEqual(lines, [["Ref", "Who", "Reason", "Row", "Problem in column", "Reason"],
                                 ["", "Ben", "b", "3", "Ref", "no waybill number"]])
        again = self.upload(table(*lines), "again.csv")
        self.assertEqual((again["rejected"], again["warnings"][0]["kind"]), (1, "columns_chosen"))
        self.assertEqual([m["heading"] for m in again["mapping"]], ["Ref", "Who", "Reason"])
        self.assertEqual(self.rows(self.rejects(again, "csv"))[0], lines[0])
        seen = self.client.upload(table(*lines), name="again.csv", path="/upload/preview").json()
        self.assertEqual((seen["unheaded"], seen["rejected"]), ([], 1))
        lines[1][0] = "RX2"
        self.assertEqual(self.upload(table(*lines), "mended.csv")["inserted"], 1)
        self.assertEqual(self.client.get("/waybills/RX2").json()["extra"],
                         {"Who": "Ben", "Reason": "b"})

    def test_earlier_rows_of_a_number_are_not_to_be_mended(self):
        answer = self.first()
        both = self.rows(self.rejects(answer, "csv", "all"))
        double = self.rows(self.rejects(answer, "csv", "duplicate"))
        self.assertEqual((len(both), len(double)), (4, 2))
        self.assertEqual(double[1][3], "RT4")
        self.assertEqual(self.client.get(
            f"/uploads/{answer['id']}/rejects?format=csv&kind=odd").status, 400)
        self.db.query("DELETE FROM waybills WHERE waybill_number ~ '^RT'")

    def test_a_row_too_large_to_be_kept_is_kept_in_part(self):
        answer = self.upload(table(["Waybill", "City", *(f"H{i}" for i in range(12))],
                                   ["", "Cebu", *("x" * 30000 for _ in range(12))]), "large.csv")
        self.assertEqual(answer["rejected"], 1)
        self.assertIn("too long to be kept whole", answer["rejects"][0]["reason"])
        line = self.rows(self.rejects(answer, "csv"))[1]
        self.assertEqual(line[1], "Cebu")
        self.assertRegex(line[5], "^x{1000,}$")


class LoadedCase(RejectsCase):
    def loaded(self):
        return [r[0] for r in self.db.query("SELECT waybill_number FROM waybills ORDER BY 1")]

    def setUp(self):
        super().setUp()
        self.db.query("DELETE FROM waybills")


class Unmended(LoadedCase):
    """A list has texts alone; a row that was rejected for what its cell was, was loaded from it."""

    KINDS = [("<v>1234567890123456</v>", "", "Excel keeps only 15 digits"),
             ("<v>1</v>", "b", "true or false"), ("<v>#REF!</v>", "e", "shows an error"),
             ("<v>-5</v>", "", "negative"), ("<v>08:05:00</v>", "d", "a date"),
             ("<v>2025-01-31T08:05:00</v>", "d", "a date"), ("<v>7720.5</v>", "", "not a whole")]

    def number_cells(self):
        return book(row(text("Waybill Number"), text("Receiver"), text("COD")), *(
            row(cell(value, kind), text(f"Name {i}"), number(i))
            for i, (value, kind, _) in enumerate(self.KINDS)))

    def test_as_it_was_downloaded_it_is_rejected_again(self):
        for form in ("xlsx", "csv"):
            with self.subTest(form):
                answer = self.upload(self.number_cells(), "kinds.xlsx")
                for wanted, told in zip(self.KINDS, answer["rejects"], strict=True):
                    self.assertIn(wanted[2], told["reason"])
                again = self.upload(self.rejects(answer, form), f"r.{form}")
                self.assertEqual((again["rejected"], again["inserted"]), (7, 0), self.loaded())
                # A list of a list is no way around it.
                third = self.upload(self.rejects(again, form), f"r2.{form}")
                self.assertEqual((third["rejected"], self.loaded()), (7, []))

    def test_a_number_that_could_be_read_in_the_list_is_marked_there(self):
        answer = self.upload(self.number_cells(), "kinds.xlsx")
        self.assertEqual(answer["rejects"][0]["text"], "1234567890123456")
        lines = self.rows(self.rejects(answer, "csv"))
        self.assertEqual(lines[1][0], "1234567890123456 ?")
        self.assertIn("the ? behind the number", lines[1][5])
        self.assertEqual([line[0] for line in lines[2:]],
                         ["TRUE", "#REF!", "-5", "08:05:00", "2025-01-31 08:05:00", "7720.5"])
        reason = self.upload(table(*lines), "r.csv")["rejects"][0]["reason"]
        self.assertIn("marked with ? in a list of rejected rows", reason)

    def test_what_is_mended_is_loaded(self):
        for form in ("csv", "xlsx"):
            with self.subTest(form):
                self.db.query("DELETE FROM waybills")
                answer = self.upload(self.number_cells(), "kinds.xlsx")
                lines = self.rows(self.rejects(answer, "csv"))
                lines[1][0] = lines[1][0].removesuffix(" ?")
                for i, line in enumerate(lines[2:]):
                    line[0] = f"RN{i}"
                mended = table(*lines) if form == "csv" else book(
                    *(row(*map(text, line)) for line in lines))
                self.assertEqual(self.upload(mended, f"m.{form}")["inserted"], 7)
                self.assertEqual(self.loaded(), ["1234567890123456", *(f"RN{i}" for i in range(6))])

    def test_a_row_that_is_cut_in_the_list_is_not_loaded_so(self):
        """Its number is good; the cell that was too long is a part of itself in the list."""
        for form, length in (("xlsx", 40000), ("csv", 300000)):
            answer = self.upload(table(["Waybill", "Receiver"], ["RC1", "x" * length]), "long.csv")
            again = self.upload(self.rejects(answer, form), f"r.{form}")
            self.assertEqual((again["rejected"], self.loaded()), (1, []))

    def test_earlier_rows_of_a_number_are_not_marked(self):
        answer = self.upload(table(["Waybill", "City"], ["RE1", "Cebu"], ["RE1", "Bohol"]), "e.csv")
        self.assertEqual(self.rows(self.rejects(answer, "csv", "all"))[1][0], "RE1")


class SpreadsheetTexts(LoadedCase):
    """What a spreadsheet shows for an error, a switch or a date is the text of a CSV file."""

    TEXTS = {"the cell shows an error": ("#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!",
                                         "#ref!", "#GETTING_DATA!", "#SPILL!", "Err:502"),
             "true or false": ("TRUE", "FALSE", "true", "False"),
             "a date": ("2025-01-31", "2025-01-31 08:05:00", "2025-1-31T08:05", "2025/01/31",
                        "1/31/2025", "08:05:00", "8:05"),
             "negative": ("-5", "-1.5E+3")}
    NUMBERS = ("#12", "TRUE1", "2025-13-31", "20250131", "45000", "12-34-5678", "01-02-2025", "AB/12",
               "1234567890123456", "#A!B", "#1!", "-A5", "ERR:502X")

    def test_they_are_no_numbers(self):
        texts = [t for group in self.TEXTS.values() for t in group]
        reasons = [reason for reason, group in self.TEXTS.items() for _ in group]
        for name, file in (
                ("t.csv", table(["Waybill", "City"], *([t, "Cebu"] for t in texts))),
                ("t.xlsx", book(row(text("Waybill"), text("City")),
                                *(row(text(t), text("Cebu")) for t in texts))),
                ("s.xlsx", book(row(text("Waybill"), text("City")),
                                *(row(cell(f"<v>{t}</v>", "str"), text("Cebu")) for t in texts)))):
            with self.subTest(name):
                answer = self.upload(file, name)
                self.assertEqual((answer["inserted"], self.loaded()), (0, []))
                for want, told in zip(reasons, answer["rejects"], strict=True):
                    self.assertIn(want, told["reason"], told)

    def test_numbers_like_them_are(self):
        answer = self.upload(table(["Waybill", "City"], *([n, "Cebu"] for n in self.NUMBERS)), "n.csv")
        self.assertEqual((answer["rejected"], self.loaded()), (0, sorted(self.NUMBERS)), answer)

    def test_a_name_is_no_error_either(self):
        """A workbook's error was kept among the other columns; its text became a receiver."""
        answer = self.upload(table(["Waybill", "Receiver", "Remarks"], ["RS1", "#REF!", "#FRAGILE!"]), "e.csv")
        self.assertEqual([w["kind"] for w in answer["warnings"]], ["bad_value"])
        got = self.client.get("/waybills/RS1").json()
        self.assertEqual((got["receiver_name"], got["remarks"], got["extra"]),
                         (None, "#FRAGILE!", {"Receiver": "#REF!"}))

    def test_a_scan_is_what_was_scanned(self):
        """Nobody scans an error; what is scanned is looked for as it is."""
        for n in ("12-34-5678", "TRUE1", "#12"):
            self.upload(table(["Waybill", "City"], [n, "Cebu"]), "n.csv")
            self.assertEqual(self.client.post("/scan", {"waybill_number": n}).status, 200, n)
