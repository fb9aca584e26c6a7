"""waybillctl rows against openpyxl, cell by cell, on several hundred random workbooks that
XlsxWriter and openpyxl write (tests/support/random_books.py, where each divergence stands with its
reason). SEED=n makes others."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

from integration.test_ctl_rows import ctl, records
from support.pg import ROOT

COUNT = 300
SEED = os.environ.get("SEED", "1")
# Debian's packages of the two are for Debian's Python.
PYTHONS = [sys.executable, "/usr/bin/python3"]


def python_with_both():
    for python in PYTHONS:
        found = subprocess.run([python, "-c", "import openpyxl, xlsxwriter"], check=False,
                               stderr=subprocess.DEVNULL)
        if found.returncode == 0:
            return python
    return None


class RandomBooks(unittest.TestCase):
    def test_every_cell_as_openpyxl_reads_it(self):
        python = python_with_both()
        if python is None:
            self.skipTest("no Python here has openpyxl and xlsxwriter: ops/deps test")
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([python, "-B", os.path.join(ROOT, "tests/support/random_books.py"), SEED,
                            str(COUNT), folder], check=True, timeout=600)
            cells = 0
            for i in range(COUNT):
                out = ctl("rows", os.path.join(folder, f"{i}.xlsx"))
                self.assertEqual((out.returncode, out.stderr), (0, b""), i)
                with open(os.path.join(folder, f"{i}.json"), encoding="utf-8") as f:
                    want = json.load(f)
                with self.subTest(seed=SEED, book=i):
                    self.assertEqual(records(out.stdout), want)
                cells += sum(map(len, want))
            self.assertGreater(cells, 50 * COUNT)


if __name__ == "__main__":
    unittest.main()
