"""waybillctl import, migrate and status: a manifest from a shell to the database."""

import json
import os
import pty
import re
import signal
import subprocess
import tempfile
import time
import unittest

from support.pg import BUILD, ROOT, Cluster, clean_environment
from support.pooler import served
from support.server import ServerCase
from support.uploads import Stop, csv
from support.wait import wait_until

CTL = os.path.join(BUILD, "waybillctl")
FIXTURES = os.path.join(ROOT, "tests", "fixtures")

# rows, repeated, rejected of every fixture with a manifest in it.
FILES = {
    "openpyxl_plain.xlsx": (12, 0, 0), "xlsxwriter_in_memory.xlsx": (12, 0, 0),
    "xlsxwriter_constant_memory.xlsx": (12, 0, 0), "libreoffice_from_ods.xlsx": (12, 0, 0),
    "libreoffice_from_csv.xlsx": (6, 0, 0), "libreoffice_guessed.xlsx": (6, 0, 0),
    "sheetjs_default.xlsx": (10, 0, 0), "sheetjs_shared_strings.xlsx": (10, 0, 0),
    "sample_shared.xlsx": (60, 0, 0), "sample_inline.xlsx": (60, 0, 0),
    "heading_on_row_8.xlsx": (6, 0, 0), "helper_sheet_first.xlsx": (5, 0, 0),
    "hidden_sheets_first.xlsx": (4, 0, 0), "numbers_as_numbers.xlsx": (8, 0, 2),
    "dates_from_1904.xlsx": (2, 0, 0), "date_formats.xlsx": (26, 0, 0),
    "rich_text.xlsx": (2, 0, 0), "formulas_with_cached_values.xlsx": (5, 0, 0),
    "blank_rows_at_the_end.xlsx": (3, 0, 0), "footer_total.xlsx": (4, 0, 0),
    "duplicates.xlsx": (8, 4, 0), "jt_portal_order.xlsx": (8, 0, 0),
    "headings_indonesian.xlsx": (5, 0, 0), "headings_chinese.xlsx": (3, 0, 0),
    "cells_without_references.xlsx": (2, 0, 0), "stored_not_deflated.xlsx": (1, 0, 0),
    "prefixed_names.xlsx": (1, 0, 0), "sheet_in_utf16.xlsx": (1, 0, 0),
    "utf8.csv": (6, 0, 0), "utf8_unix_lines.csv": (6, 0, 0), "utf8_bom.csv": (6, 0, 0),
    "utf16le_tabs.csv": (6, 0, 0), "windows_1252.csv": (6, 0, 0),
    "windows_1252_semicolons.csv": (6, 0, 0), "tabs.tsv": (6, 0, 0),
    "libreoffice_semicolons.csv": (12, 0, 0), "called.xlsx": (6, 0, 0),
    "quoted_lines.csv": (2, 0, 0), "numbers_lost_by_excel.csv": (4, 0, 2),
}


def fixture(name):
    return os.path.join(FIXTURES, name)


class ImportCase(unittest.TestCase):
    def setUp(self):
        self.db = Cluster.shared().database()
        self.addCleanup(self.db.drop)
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.environment = {**clean_environment(), "WAYBILL_DATABASE": served(self.db.conninfo),
                            "WAYBILL_SPOOL_DIR": self.folder}

    def ctl(self, *arguments, status=0):
        out = subprocess.run([CTL, *arguments], env=self.environment, capture_output=True,
                             text=True, stdin=subprocess.DEVNULL, timeout=120, check=False)
        self.assertEqual(out.returncode, status, out)
        lines = out.stderr.splitlines()
        self.assertEqual(len(lines), 0 if status == 0 else 1, out.stderr)
        return out.stdout if status == 0 else lines[0]

    def json(self, *arguments):
        return json.loads(self.ctl("import", "--json", *arguments))

    def sample(self, rows, name="sample.xlsx"):
        path = os.path.join(self.folder, name)
        self.ctl("sample", str(rows), path)
        return path


class Import(ImportCase):
    def test_every_fixture_counts_as_noted(self):
        for name, (rows, repeated, rejected) in FILES.items():
            with self.subTest(name):
                r = self.json("--dry-run", fixture(name))
                self.assertEqual(
                    [r["rows_total"], r["duplicate"], r["rejected"], r["inserted"]],
                    [rows, repeated, rejected, rows - repeated - rejected], r)
        self.assertEqual(self.db.value("SELECT count(*) FROM waybills"), "0")

    def test_every_writer_brings_the_same_values(self):
        columns = ("waybill_number, receiver_name, receiver_phone, weight, cod_amount, status, "
                   "remarks, signing_time AT TIME ZONE 'Asia/Manila'")
        rows = {}
        for name in ["openpyxl_plain.xlsx", "xlsxwriter_in_memory.xlsx",
                     "xlsxwriter_constant_memory.xlsx", "libreoffice_from_ods.xlsx"]:
            self.db.query("TRUNCATE waybills CASCADE")
            self.ctl("import", fixture(name))
            rows[name] = self.db.query(f"SELECT {columns} FROM waybills ORDER BY 1")
        first = rows["openpyxl_plain.xlsx"]
        self.assertEqual(first[2][0], "JT0000000100014")
        self.assertEqual(first[2][4:6], ["1250", "delivered"])
        self.assertEqual(first[2][7], "2025-02-02 08:07:02")
        self.assertEqual(first[3][6], "Call first,\nthen deliver")
        for name, got in rows.items():
            self.assertEqual(got, first, name)

    def test_the_report_adds_up_and_a_second_import_changes_nothing(self):
        path = self.sample(500)
        out = self.ctl("import", path)
        self.assertRegex(out, r"(?m)^ +500 rows$")
        self.assertRegex(out, r"(?m)^ +500 inserted$")
        out = self.ctl("import", path)
        self.assertRegex(out, r"(?m)^ +0 inserted$")
        self.assertRegex(out, r"(?m)^ +500 unchanged$")
        self.assertEqual(self.db.value("SELECT count(*) FROM waybills"), "500")

    def test_rejects_are_listed_with_row_and_reason(self):
        out = self.ctl("import", fixture("numbers_as_numbers.xlsx"))
        self.assertRegex(out, r"row 5, Tracking No\. '1234567890123456': .*15 digits")
        self.assertEqual(
            self.db.query("SELECT waybill_number FROM waybills ORDER BY 1"),
            [["0012345678"], ["123456789012"], ["772012345678"], ["772012345679"],
             ["999999999999999"], ["JT0000000200001"]])

    def test_strict_loads_nothing_of_a_file_with_a_bad_row(self):
        line = self.ctl("import", "--strict", fixture("numbers_as_numbers.xlsx"), status=2)
        self.assertTrue(line.startswith("waybillctl: "), line)
        self.assertEqual(self.db.value("SELECT count(*) FROM waybills"), "0")

    def test_strict_lists_the_rows_to_mend(self):
        """It said "mend the rows listed", and listed none."""
        for options in ((), ("--dry-run",)):
            out = subprocess.run(
                [CTL, "import", "--strict", *options, fixture("numbers_as_numbers.xlsx")],
                env=self.environment, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                check=False)
            self.assertEqual(out.returncode, 2, out)
            self.assertRegex(out.stderr, r"\Awaybillctl: 2 of 8 rows cannot be read.*rows listed.*\n\Z")
            for line in (r"0 inserted", r"8 rejected", r"2 of them cannot be read",
                         r"row 5, Tracking No\. '1234567890123456': .*15 digits"):
                self.assertRegex(out.stdout, rf"(?m)^ +{line}")
            self.assertRegex(out.stdout, r"(?m)^Rows that cannot be read")
        out = subprocess.run([CTL, "import", "--strict", "--json",
                              fixture("numbers_as_numbers.xlsx")], env=self.environment,
                             capture_output=True, text=True, check=False)
        self.assertEqual(json.loads(out.stdout)["unreadable"], 2)

    def test_the_row_that_is_lost_among_many_that_come_twice(self):
        path = os.path.join(self.folder, "twice.csv")
        with open(path, "wb") as f:
            f.write(csv(*["CT1,Ana,1"] * 150, ",Lost,1"))
        out = self.ctl("import", path)
        self.assertRegex(out, r"(?m)^Rows left out\n +row 152, .*: ")

    def test_batch_and_sheet_are_passed_on(self):
        r = self.json("--batch", fixture("hidden_sheets_first.xlsx"), "--sheet", "Last month")
        self.assertEqual((r["sheet"], r["inserted"], r["batch"]), ("Last month", 3, True))
        self.assertEqual(
            self.db.query("SELECT DISTINCT left(waybill_number, 9), batch_ready FROM waybills"),
            [["JT9999999", "t"]])

    def test_refusals_say_why(self):
        for name, words in [("bad_pdf.xlsx", "PDF"), ("bad_truncated.xlsx", "cut off"),
                            ("bad_no_headings.xlsx", "heading"),
                            ("bad_no_waybill_column.xlsx", "waybill number"),
                            ("bad_encrypted.xlsx", "password")]:
            self.assertRegex(self.ctl("import", fixture(name), status=2), words)
        line = self.ctl("import", fixture("helper_sheet_first.xlsx"), "--sheet", "Nope", status=2)
        self.assertRegex(line, "Nope")
        self.assertEqual(self.db.value("SELECT count(*) FROM waybills"), "0")

    def test_a_refusal_as_json_is_what_http_clients_get(self):
        out = subprocess.run([CTL, "import", "--json", fixture("bad_pdf.xlsx")],
                             env=self.environment, capture_output=True, text=True, check=False)
        self.assertEqual(out.returncode, 2)
        self.assertIn("error", json.loads(out.stdout))

    def test_without_a_database_it_fails(self):
        self.environment["WAYBILL_DATABASE"] = "host=/nonexistent"
        line = self.ctl("import", fixture("utf8.csv"), status=1)
        self.assertRegex(line, "database")

    def test_a_spool_folder_of_somebody_else_is_no_hindrance(self):
        self.environment["WAYBILL_SPOOL_DIR"] = "/nonexistent"
        self.assertRegex(self.ctl("import", fixture("numbers_as_numbers.xlsx")), "6 inserted")

    def test_a_terminal_gets_a_progress_bar(self):
        path = self.sample(20000)
        ours, theirs = pty.openpty()
        with subprocess.Popen([CTL, "import", path], env=self.environment, stderr=theirs,
                              stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL) as process:
            os.close(theirs)
            seen = b""
            try:
                while part := os.read(ours, 4096):
                    seen += part
            except OSError:  # the terminal is gone with the process
                pass
            self.assertEqual(process.wait(), 0)
        os.close(ours)
        self.assertRegex(seen, rb"\r\[#{40}\] 20000 rows done, \d+ rows/s\x1b\[K\r\n$")

    def test_the_seconds_that_are_left(self):
        """Rows that go straight into the table are there when they are read; it reckoned with a
        merge behind that, which takes twice as long."""
        path = self.sample(60000)
        stop = Stop(self, self.db, path)
        began = time.monotonic()
        ours, theirs = pty.openpty()
        with subprocess.Popen([CTL, "import", path], env=self.environment, stderr=theirs,
                              stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL) as process:
            os.close(theirs)
            stop.wait()
            wait_until(lambda: self.db.value(
                "SELECT count(*) FROM pg_stat_activity WHERE query ~* '^copy waybills' AND "
                "xact_start < now() - interval '6 s'") != "0", "it is at it for seconds", 60)
            stop.go()
            told = b""
            try:
                while part := os.read(ours, 4096):
                    told += part
            except OSError:
                pass
            self.assertEqual(process.wait(), 0)
        os.close(ours)
        left = [(len(bar), int(s)) for bar, s in
                re.findall(rb"\[(#+)\.*\] \d+ rows read, \d+ rows/s, some (\d+) s left", told)]
        self.assertTrue(left, told)
        # Three fourths took that long, and the rest takes a third of it.
        self.assertGreater(left[-1][0], 28)
        self.assertLess(left[-1][1], time.monotonic() - began, left)

    def confined(self, pid):
        """It reads a stranger's file between the walls of a task."""
        with open(f"/proc/{pid}/status", encoding="ascii") as f:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
        with open(f"/proc/{pid}/limits", encoding="ascii") as f:
            limits = {line[:26].strip(): line[26:].split()[0] for line in f}
        self.assertEqual((status["NoNewPrivs"], limits["Max cpu time"]), ("1", "601"))
        if "san" not in os.environ.get("WAYBILL_BUILD", ""):
            self.assertEqual((status["Seccomp"], limits["Max address space"]), ("2", str(2 << 30)))

    def test_an_interrupted_import_loads_nothing(self):
        """It waits for a lock that we hold, and is told to give up meanwhile."""
        holder = subprocess.Popen(
            ["psql", "-X", "-q", "-d", self.db.conninfo, "-c",
             "BEGIN; LOCK TABLE waybills IN EXCLUSIVE MODE; SELECT pg_sleep(60)"],
            env=clean_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_until(lambda: self.db.value(
                "SELECT count(*) FROM pg_locks WHERE mode = 'ExclusiveLock' AND "
                "relation = 'waybills'::regclass") == "1", "the lock is held")
            with subprocess.Popen([CTL, "import", fixture("utf8.csv")], env=self.environment,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                  stdin=subprocess.DEVNULL) as process:
                wait_until(lambda: self.db.value(
                    "SELECT count(*) FROM pg_locks WHERE NOT granted AND "
                    "relation = 'waybills'::regclass") != "0", "the import waits")
                self.confined(process.pid)
                process.send_signal(signal.SIGINT)
                self.db.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                              "WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()")
                said = process.stderr.read().decode()
                self.assertNotEqual(process.wait(), 0)
            self.assertEqual(len(said.splitlines()), 1, said)
        finally:
            holder.kill()
            holder.wait()
        self.assertEqual(self.db.value("SELECT count(*) FROM waybills"), "0")


class Export(ImportCase):
    def test_what_is_exported_can_be_loaded_again(self):
        self.ctl("import", self.sample(2500))
        for name in ("all.csv", "all.xlsx"):
            with self.subTest(name=name):
                path = os.path.join(self.folder, name)
                self.assertEqual(self.ctl("export", "waybills", path), "")
                again = self.json(path)
                self.assertEqual((again["rows_total"], again["unchanged"]), (2500, 2500), again)
                self.assertEqual(sorted(os.listdir(self.folder)),
                                 sorted({"sample.xlsx", "all.csv", name}))

    def test_a_search(self):
        self.ctl("import", self.sample(300))
        path = os.path.join(self.folder, "some.csv")
        number = self.db.value("SELECT max(waybill_number) FROM waybills")
        self.ctl("export", "waybills", path, "--q", number)
        with open(path, encoding="utf-8-sig") as f:
            lines = f.read().splitlines()
        self.assertEqual(len(lines), 2)
        self.assertIn(number, lines[1])
        self.ctl("export", "waybills", path, "--status", "issue_pending", "--from", "2020-01-01")
        with open(path, encoding="utf-8-sig") as f:
            self.assertEqual(len(f.read().splitlines()), 1, "an old file gives way")

    def test_mistakes(self):
        path = os.path.join(self.folder, "x.csv")
        for words, reason in ((["scans", path], "waybills can"),
                              (["waybills", path + ".pdf"], "must end in .csv or .xlsx"),
                              (["waybills", path, "--status", "lost"], 'status "lost"'),
                              (["waybills", path, "--upload", "x"], "--upload"),
                              (["waybills", path, "--from", "yesterday"], "--from"),
                              (["waybills", "/nonexistent/x.csv"], "/nonexistent")):
            with self.subTest(words=words):
                line = subprocess.run([CTL, "export", *words], env=self.environment, text=True,
                                      capture_output=True, stdin=subprocess.DEVNULL, check=False)
                self.assertIn(line.returncode, (1, 2))
                self.assertIn(reason, line.stderr)
                self.assertEqual(os.listdir(self.folder), [])


class Migrate(unittest.TestCase):
    def test_an_empty_database_and_a_current_one(self):
        db = Cluster.shared().database(migrated=False)
        self.addCleanup(db.drop)
        environment = {**clean_environment(), "WAYBILL_DATABASE": served(db.conninfo)}
        said = [subprocess.run([CTL, "migrate"], env=environment, capture_output=True, text=True,
                               check=True).stdout for _ in range(2)]
        self.assertRegex(said[0], r"^the schema went from version 0 to \d+\n$")
        self.assertRegex(said[1], r"^the schema is up to date \(version \d+\)\n$")


class Status(ServerCase):
    settings = {"workers": 3}

    def status(self, spool):
        return subprocess.run(
            [CTL, "status"], capture_output=True, text=True, check=False,
            env={**clean_environment(), "WAYBILL_SPOOL_DIR": spool})

    def test_workers_and_the_database_are_shown(self):
        out = self.status(self.server.spool)
        self.assertEqual((out.returncode, out.stderr), (0, ""))
        self.assertRegex(out.stdout, rf"^waybilld {self.server.pid}, up .*, 3 workers wanted")
        self.assertRegex(out.stdout, r"(?m)^database up \(asked [\d.]+ s ago\)$")
        pids = re.findall(r"(?m)^worker +(\d+)  (?:idle|busy)", out.stdout)
        self.assertEqual(sorted(map(int, pids)), self.server.workers())

    def test_no_server_is_an_error(self):
        with tempfile.TemporaryDirectory() as folder:
            out = self.status(folder)
        self.assertNotEqual(out.returncode, 0)
        self.assertEqual(len(out.stderr.splitlines()), 1)


if __name__ == "__main__":
    unittest.main()
