"""waybillctl rows and sample: every fixture as the reader sees it, against what other
programs read in it (tests/fixtures/expect), and every file that must be refused."""

import contextlib
import csv
import io
import os
import re
import subprocess
import tempfile
import unittest
import zipfile

from support.pg import BUILD, ROOT, clean_environment
from support.wait import wait_until

CTL = os.path.join(BUILD, "waybillctl")
FIXTURES = os.path.join(ROOT, "tests", "fixtures")
EXPECT = os.path.join(FIXTURES, "expect")
SANITIZED = "san" in os.environ.get("WAYBILL_BUILD", "")

# What a clerk must read about each file: exit status 2 and these words.
REFUSED = {
    "bad_empty.xlsx": r"empty",
    "bad_truncated.xlsx": r"cut off or damaged",
    "bad_crc.xlsx": r"damaged.*CRC",
    "bad_cut_xml.xlsx": r"row 2.*cut off",
    "bad_dtd_in_sheet.xlsx": r"document type declaration",
    "bad_unpacks_too_far.xlsx": r"unpacks to more than",
    "bad_word_document.xlsx": r"Word document.*save",
    "bad_encrypted.xlsx": r"password.*save it again",
    "bad_old_binary.xls": r"old Excel workbook.*save it as \.xlsx",
    "bad_html_as.xls": r"web page.*save it as \.xlsx",
    "bad_portal_login.xlsx": r"web page",
    "bad_opendocument.ods": r"OpenDocument.*save it as \.xlsx",
    "bad_pdf.xlsx": r"PDF.*\.xlsx or \.csv",
    "bad_quotes.csv": r"row 2, column B.*never closed",
}


def ctl(*arguments):
    return subprocess.run([CTL, *arguments], env=clean_environment(), capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=120, check=False)


def fixture(name):
    return os.path.join(FIXTURES, name)


def read(path):
    with open(path, encoding="ascii") as f:
        return f.read()


def records(data):
    return list(csv.reader(io.StringIO(data.decode("utf-8"), newline="")))


class RowsCase(unittest.TestCase):
    def rows(self, *arguments):
        out = ctl("rows", *arguments)
        self.assertEqual((out.returncode, out.stderr), (0, b""), arguments)
        return records(out.stdout)

    def refused(self, status, *arguments):
        """Its one line on stderr."""
        out = ctl(*arguments)
        self.assertEqual(out.returncode, status, out)
        lines = out.stderr.decode().splitlines()
        self.assertEqual(len(lines), 1, out.stderr)
        self.assertTrue(lines[0].startswith("waybillctl: "), lines[0])
        return lines[0]


class Fixtures(RowsCase):
    def test_every_fixture_reads_as_other_programs_read_it(self):
        names = sorted(os.listdir(EXPECT))
        self.assertGreater(len(names), 35)
        for expected in names:
            name = expected.removesuffix(".csv")
            if "." not in name:
                name += ".xlsx"
            with self.subTest(name):
                with open(os.path.join(EXPECT, expected), "rb") as f:
                    self.assertEqual(self.rows(fixture(name)), records(f.read()))

    def test_every_file_is_expected_or_refused(self):
        """So that a fixture added without its outcome is noticed."""
        files = {n for n in os.listdir(FIXTURES) if n.endswith((".xlsx", ".xls", ".csv", ".tsv",
                                                               ".ods"))}
        known = {n.removesuffix(".csv") for n in os.listdir(EXPECT)}
        known = {n if "." in n else f"{n}.xlsx" for n in known}
        self.assertEqual(files, known | set(REFUSED))
        with open(fixture("README.md"), encoding="utf-8") as f:
            notes = f.read()
        for name in sorted(files):
            self.assertIn(f"`{name}`", notes)
            self.assertLess(os.path.getsize(fixture(name)), 30000, name)

    def test_bad_files_are_refused_by_name(self):
        for name, words in REFUSED.items():
            with self.subTest(name):
                self.assertRegex(self.refused(2, "rows", fixture(name)), words)
                self.assertRegex(self.refused(2, "rows", "--check", fixture(name)), words)

    def test_check_refuses_what_has_no_manifest_in_it(self):
        line = self.refused(2, "rows", "--check", fixture("bad_no_headings.xlsx"))
        self.assertRegex(line, r"no heading row")
        line = self.refused(2, "rows", "--check", fixture("bad_no_waybill_column.xlsx"))
        self.assertRegex(line, r"waybill number.*Receipt Waybill No")

    def test_every_truncation_is_refused(self):
        with open(fixture("sample_shared.xlsx"), "rb") as f:
            whole = f.read()
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "cut.xlsx")
            for n in [*range(4, len(whole), 997), len(whole) - 1]:
                with open(path, "wb") as f:
                    f.write(whole[:n])
                self.refused(2, "rows", path)


class Sheets(RowsCase):
    def test_a_sheet_is_chosen_by_name(self):
        book = fixture("helper_sheet_first.xlsx")
        want = [["Code", "Meaning"], ["EZ", "Standard"], ["RTS", "Return to Sender"]]
        for words in [[book, "--sheet", "Codes"], ["--sheet", "Codes", book],
                      [book, "--sheet=Codes"], ["--sheet=codes", "--", book]]:
            self.assertEqual(self.rows(*words), want, words)

    def test_a_hidden_sheet_is_read_when_named(self):
        book = fixture("hidden_sheets_first.xlsx")
        self.assertEqual(self.rows(book)[1][0], "JT0000000100000")
        self.assertEqual(self.rows(book, "--sheet", "Last month")[1][0], "JT9999999100000")
        self.assertEqual(self.rows(book, "--sheet", "Cache")[1][0], "JT8888888100000")

    def test_an_unknown_sheet_lists_the_sheets(self):
        line = self.refused(2, "rows", fixture("helper_sheet_first.xlsx"), "--sheet", "Data")
        self.assertIn("'Data'", line)
        for name in ["Instructions", "Codes", "Manifest"]:
            self.assertIn(f"'{name}'", line)
        line = self.refused(2, "rows", fixture("utf8.csv"), "--sheet", "Data")
        self.assertIn("csv files have no sheets", line)


class Confined(unittest.TestCase):
    """What a stranger's file is read by has the walls of a task around it, and nothing open but that
    file and what it prints to."""

    @staticmethod
    def walls(pid):
        """Is it confined yet?"""
        status = dict(line.split(":\t", 1) for line in read(f"/proc/{pid}/status").splitlines() if ":\t" in line)
        return status["NoNewPrivs"] == "1" and (SANITIZED or status["Seccomp"] == "2")

    def held(self, *arguments):
        """The limits of a process whose output nobody takes yet."""
        taken, given = os.pipe()
        os.set_blocking(given, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(given, b"x" * 4096)
        os.set_blocking(given, True)
        with open(taken, "rb") as out, subprocess.Popen(
                [CTL, *arguments], stdout=given, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env=clean_environment()) as process:
            os.close(given)
            wait_until(lambda: self.walls(process.pid), "it is between walls")
            limits = {line[:26].strip(): line[26:].split()[0]
                      for line in read(f"/proc/{process.pid}/limits").splitlines()}
            self.assertGreater(len(out.read()), 4096)
        self.assertEqual(process.returncode, 0)
        return limits

    def test_rows_and_its_check(self):
        for words in (("rows",), ("rows", "--check")):
            limits = self.held(*words, fixture("openpyxl_plain.xlsx"))
            self.assertEqual(limits["Max cpu time"], "601")
            self.assertEqual(limits["Max core file size"], "0")
            if not SANITIZED:
                self.assertEqual(limits["Max address space"], str(2 << 30))


class Output(RowsCase):
    def test_rows_without_cells_are_empty_lines(self):
        out = ctl("rows", fixture("cells_without_references.xlsx")).stdout
        self.assertEqual(out, b"Waybill Number,Receiver Name,Remarks\r\n"
                              b"JT0000000700002,,second\r\n\r\n\r\n"
                              b"JT0000000700003,,,far,next\r\n")

    def test_cells_with_separators_are_quoted(self):
        out = ctl("rows", fixture("quoted_lines.csv")).stdout
        self.assertEqual(out, b"Waybill Number,Remarks\r\n\r\n"
                              b"JT0000000800001,\"one\r\ntwo\"\"\"\r\nJT0000000800002\r\n")

    def test_a_full_disk_is_reported(self):
        with open("/dev/full", "wb") as full:
            out = subprocess.run([CTL, "rows", fixture("utf8.csv")], env=clean_environment(),
                                 stdout=full, stderr=subprocess.PIPE, check=False)
        self.assertEqual(out.returncode, 1)
        self.assertIn(b"No space left", out.stderr)

    def test_check_shows_the_mapping(self):
        out = ctl("rows", "--check", fixture("jt_portal_order.xlsx")).stdout.decode()
        for line in [r"sheet 'Waybill', headings in row 1", r"A +Serial Number -> extra",
                     r"C +Status -> status", r"D +Waybill Number -> waybill_number",
                     r"F +SigningTime -> signing_time", r"G +Receiver -> receiver_name",
                     r"K +Barangay -> barangay", r"N +Settlement Weight -> weight",
                     r"P +Receipt Waybill No -> extra", r"R +COD -> cod_amount",
                     r"T +Submission Time -> submission_time", r"8 data rows"]:
            self.assertRegex(out, line)

    def test_check_lists_the_problems(self):
        out = ctl("rows", "--check", fixture("numbers_as_numbers.xlsx")).stdout.decode()
        self.assertRegex(out, r"row 5: Tracking No\. '1234567890123456': .*15 digits")
        self.assertRegex(out, r"8 data rows\n +6 waybills\n +2 rejected")
        out = ctl("rows", "--check", fixture("duplicates.xlsx")).stdout.decode()
        self.assertEqual(re.findall(r"row (\d+): repeats waybill number", out),
                         ["5", "7", "8", "9"])
        out = ctl("rows", "--check", fixture("headings_indonesian.xlsx")).stdout.decode()
        self.assertRegex(out, r"M +COD -> extra \(another column")
        self.assertRegex(out, r"5 data rows\n +5 waybills\n +1 totals at the foot")
        for name, guess in (("windows_1252.csv", True), ("utf8.csv", False)):
            out = ctl("rows", "--check", fixture(name)).stdout.decode()
            self.assertEqual("the encoding is a guess" in out, guess, out)

    def test_check_prints_no_control_characters(self):
        """A terminal must not obey what a stranger's file says."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "escape.xlsx")
            with zipfile.ZipFile(fixture("stored_not_deflated.xlsx")) as old, \
                    zipfile.ZipFile(path, "w") as new:
                for part in old.namelist():
                    new.writestr(part, old.read(part).replace(
                        b"JT0000000700001", b"JT 1_x001B_[2J\xc2\x9b2J"))
            out = ctl("rows", "--check", path)
        self.assertEqual(out.returncode, 0, out)
        self.assertIn("row 2: Waybill Number 'JT 1?[2J?2J': ", out.stdout.decode())
        self.assertNotRegex(out.stdout, rb"[\x00-\x09\x0b-\x1f\x7f]")


class Sample(RowsCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def sample(self, rows, name, *options):
        path = os.path.join(self.folder, name)
        out = ctl("sample", str(rows), path, *options)
        self.assertEqual((out.returncode, out.stdout, out.stderr), (0, b"", b""))
        return path

    def test_the_three_forms_hold_the_same_rows(self):
        shared = self.rows(self.sample(3000, "a.xlsx", "--seed", "5"))
        in_line = self.rows(self.sample(3000, "b.xlsx", "--seed=5", "--inline"))
        text = self.rows(self.sample(3000, "c.csv", "--seed", "5"))
        self.assertEqual(len(shared), 3001)
        self.assertEqual(len(shared[0]), 16)
        self.assertEqual(shared, in_line)
        numbers = [shared[0].index(h) for h in ("Weight", "COD Amount")]
        for record in text[1:]:
            for column in numbers:  # 1.50 in a text, 1.5 as a number
                whole, _, part = record[column].partition(".")
                record[column] = f"{whole}.{part}".rstrip("0").rstrip(".") if part else whole
        self.assertEqual(shared, text)

    def test_the_same_seed_gives_the_same_bytes(self):
        paths = [self.sample(50, f"{i}.xlsx", "--seed", "9") for i in range(2)]
        files = []
        for path in paths:
            with open(path, "rb") as f:
                files.append(f.read())
        self.assertEqual(*files)

    def test_numbers_differ_within_and_between_seeds(self):
        seen = set()
        for seed in ["0", "1", "2", "99999"]:
            rows = self.rows(self.sample(2000, "s.csv", "--seed", seed))[1:]
            seen.update(r[0] for r in rows)
        self.assertEqual(len(seen), 8000)
        for number in seen:
            self.assertRegex(number, r"^JT\d{13}$")

    def test_dates_and_money_are_numbers(self):
        path = self.sample(10, "n.xlsx", "--inline")
        with zipfile.ZipFile(path) as z:
            sheet = z.read("xl/worksheets/sheet1.xml").decode()
        self.assertRegex(sheet, r'<c r="P2" s="2"><v>45\d{3}\.\d+</v></c>')
        self.assertRegex(sheet, r'<c r="L2"><v>[\d.]+</v></c>')
        self.assertRegex(sheet, r'<c r="A2" t="inlineStr"><is><t>JT')

    def test_every_row_is_a_waybill(self):
        for name, options in [("c.xlsx", []), ("c.csv", [])]:
            out = ctl("rows", "--check", self.sample(5000, name, *options)).stdout.decode()
            self.assertRegex(out, r"Rows\n +5000 data rows\n +5000 waybills\n"
                              r" +5000 addresses split into [a-z, ]+\n$")

    def test_a_sheet_is_never_overfilled(self):
        path = os.path.join(self.folder, "x.xlsx")
        line = self.refused(2, "sample", "1048576", path)
        self.assertRegex(line, r"1048575 rows")


class Usage(RowsCase):
    def test_mistakes_are_explained_in_one_line(self):
        for words, want in [
                ([], r"no command given.*--help"), (["fly"], r"unknown command 'fly'"),
                (["rows"], r"'rows' needs more.*usage: waybillctl rows FILE"),
                (["rows", "a", "b"], r"'b' is one too many"),
                (["rows", "--shet", "x", "a"], r"unknown option '--shet'"),
                (["rows", "a", "--sheet"], r"'--sheet' needs a value"),
                (["rows", "--check=yes", "a"], r"'--check' takes no value"),
                (["rows", "/nonexistent/a"], r"'/nonexistent/a' cannot be opened"),
                (["rows", "/"], r"'/' is not a file"),
                (["sample", "many", "x.csv"], r"'many' is not a number of rows"),
                (["sample", "5", "x.csv", "--seed", "-1"], r"'-1' is not a seed"),
                (["sample", "5", "/nonexistent/x.csv"], r"cannot be written"),
                (["migrate", "now"], r"'now' is one too many"),
                (["-c", "/nonexistent/conf", "status"], r"/nonexistent/conf")]:
            with self.subTest(words):
                self.assertRegex(self.refused(2, *words), want)

    def test_help_names_every_command(self):
        for words in [["--help"], ["-h"], ["help"], ["rows", "--help"]]:
            out = ctl(*words)
            self.assertEqual(out.returncode, 0)
            for command in ["migrate", "rows FILE", "rows --check", "import FILE", "sample ROWS",
                            "status"]:
                self.assertIn(command, out.stdout.decode())


if __name__ == "__main__":
    unittest.main()
