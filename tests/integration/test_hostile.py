"""The hostile files (tests/hostile) through waybillctl and through the real server: each gets the
verdict that its table says, in little time and memory, and leaves nothing behind."""

import csv
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from hostile.readme import CPU, MEMORY, README, written
from hostile.table import CASES
from support.pg import BUILD, ROOT, clean_environment
from support.server import ServerCase
from support.wait import wait_until

SANITIZED = "san" in os.environ.get("WAYBILL_BUILD", "")
FOLDER = None


def setUpModule():
    """A process of its own makes the files: a child's peak begins with its parent's size."""
    global FOLDER
    FOLDER = tempfile.mkdtemp(prefix="waybill-hostile-")
    unittest.addModuleCleanup(shutil.rmtree, FOLDER)
    subprocess.run([sys.executable, "-B", os.path.join(ROOT, "tests/hostile/make.py"), FOLDER],
                   check=True)


def path(case):
    return os.path.join(FOLDER, case.file)


def run(*arguments):
    """(exit status, stdout, stderr, seconds, MiB)"""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        p = subprocess.Popen([os.path.join(BUILD, "waybillctl"), *arguments], stdout=out, stderr=err,
                             stdin=subprocess.DEVNULL, env=clean_environment())
        _, status, used = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        return (p.returncode, out.read(1 << 20), err.read().decode(),
                used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


class Table(unittest.TestCase):
    def test_it_is_a_table(self):
        self.assertGreaterEqual(len(CASES), 60)
        self.assertEqual(len({c.name for c in CASES}), len(CASES), "a name is there twice")
        for case in CASES:
            self.assertEqual(bool(case.code), bool(case.words), case.name)
            self.assertTrue(case.code or case.status == 200, case.name)

    def test_the_readme_lists_it(self):
        with open(README, encoding="utf-8") as f:
            self.assertEqual(f.read(), written(), "run tests/hostile/readme.py")


class Rows(unittest.TestCase):
    def check(self, case, want, *options):
        code, out, err, seconds, mebibytes = run("rows", *options, path(case))
        self.assertEqual(code, want, err)
        if want:
            self.assertEqual(err.count("\n"), 1, err)
            self.assertRegex(err, case.words)
        else:
            self.assertEqual(err, "")
        if not SANITIZED:
            self.assertLess(seconds, CPU)
            self.assertLess(mebibytes, MEMORY)
        return out

    def test_rows(self):
        for case in CASES:
            with self.subTest(case.name):
                out = self.check(case, case.exit)
                if case.cell:
                    row, column, text = case.cell
                    rows = list(csv.reader(io.StringIO(out.decode(), newline="")))
                    self.assertEqual(rows[row][column], text)

    def test_check(self):
        for case in CASES:
            with self.subTest(case.name):
                self.check(case, case.of_check, "--check")


class Upload(ServerCase):
    settings = {"workers": 2, "log_level": "info"}
    loaded = None

    def used(self, case):
        """(seconds, MiB) of its task, as the log has them."""
        said = wait_until(lambda: re.search(
            rf"hostile-{case.name}: answered \d+, peak memory (\d+) KiB, processor time (\d+) ms$",
            self.server.log(), re.MULTILINE), "the task's end is in the log")
        return int(said[2]) / 1000, int(said[1]) / 1024

    def refused(self, case, answer):
        self.assertEqual(answer["error"], case.code)
        self.assertRegex(answer["message"], f"(?i){case.words}")
        self.assertTrue(answer["message"].endswith("."), answer["message"])
        self.assertEqual(answer["state"], "failed")

    def check(self, case):
        r = self.client.upload(path(case), headers={"X-Request-Id": f"hostile-{case.name}"},
                               **{"async": "false"})
        answer = r.json()
        self.assertEqual((r.status, answer.get("error")), (case.status, case.code or None), r)
        if case.code:
            self.refused(case, answer)
        else:
            taken = sum(answer[c] for c in ("inserted", "updated", "unchanged"))
            self.assertEqual((taken, answer["rejected"], answer["rows_total"], answer["state"]),
                             (len(case.waybills), case.rejected, taken + case.rejected, "completed"),
                             answer)
        if not SANITIZED:
            seconds, mebibytes = self.used(case)
            self.assertLess(seconds, CPU)
            self.assertLess(mebibytes, MEMORY)

    def test_upload(self):
        spool = os.listdir(self.server.spool)
        for case in sorted(CASES, key=lambda c: not c.code):  # what is refused comes first
            if not case.code and self.loaded is None:
                self.loaded = self.db.query("SELECT waybill_number FROM waybills")
                self.assertEqual(self.loaded, [], "loaded from a file that was refused")
            with self.subTest(case.name):
                self.check(case)
                self.assertEqual(os.listdir(self.server.spool), spool)
        self.assertEqual(self.client.get("/health").status, 200)
        self.assertEqual({row[0] for row in self.db.query("SELECT waybill_number FROM waybills")},
                         {number for case in CASES for number in case.waybills})
        self.assertEqual(self.db.value("SELECT count(*) FROM uploads WHERE state = 'processing'"), "0")

    def test_formulas_leave_as_text(self):
        """Each way out of the system that a spreadsheet program opens."""
        names = ('=HYPERLINK("http://x/")', "@SUM(A1)", "+1", "-1", "\t=1")
        rows = "".join(f'HF{i},"{name.replace(chr(34), chr(34) * 2)}",1\r\n' for i, name in enumerate(names))
        r = self.client.upload(f"Waybill Number,Remarks,COD\r\n{rows}".encode(), "f.csv")
        self.assertEqual(r.json()["inserted"], len(names), r)
        got = self.client.get("/waybills?q=HF&format=csv").body.decode("utf-8-sig")
        cells = [c for row in csv.reader(io.StringIO(got, newline="")) for c in row]
        self.assertIn("'=HYPERLINK(\"http://x/\")", cells)
        self.assertEqual([c for c in cells if re.match(r"[=@]|[+-](?![0-9.]+$)|\t", c)], [])
        self.db.query("DELETE FROM waybills")


if __name__ == "__main__":
    unittest.main()
