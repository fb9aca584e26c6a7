"""tests/run itself: what a file of tests gets that fails, and what is said of it."""

import argparse
import contextlib
import importlib.machinery
import importlib.util
import io
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest

from support.pg import ROOT
from support.wait import wait_until


def load(folder):
    loader = importlib.machinery.SourceFileLoader("waybill_run", os.path.join(ROOT, "tests/run"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    module.LOGS = folder
    return module


class SecondRun(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="waybill-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.module = load(self.folder)
        self.runner = self.runner_for(None)

    def runner_for(self, only):
        return self.module.Runner(argparse.Namespace(only=only, test=None, slow=1.0))

    def one(self, runner, name, fails, suite="browser"):
        """A file of tests that fails so many times: whether it passed, and what was printed."""
        marks = os.path.join(self.folder, f"{suite}-{name}.marks")
        script = (f'echo >>"{marks}"; if [ "$(wc -l <"{marks}")" -le {fails} ]; then '
                  'echo "not ok 1 - heard"; else echo "ok 1 - heard"; fi')
        with contextlib.redirect_stdout(io.StringIO()) as out:
            passed = runner.one(suite, name, ["sh", "-c", script], 60, self.module.tap_counts)
        return passed, out.getvalue()

    def totals(self, runner):
        return runner.totals.passed, runner.totals.failed

    def test_chance(self):
        passed, printed = self.one(self.runner, "scan", 1)
        self.assertTrue(passed)
        self.assertIn("1 FAILED", printed)
        self.assertIn("not ok 1 - heard", printed)
        self.assertEqual(self.totals(self.runner), (1, 0))
        self.assertEqual(self.runner.by_chance, ["browser scan"])
        with open(os.path.join(self.folder, "browser-scan.first.log"), encoding="utf-8") as f:
            self.assertEqual(f.read(), "not ok 1 - heard\n")

    def test_fault(self):
        self.assertFalse(self.one(self.runner, "scan", 2)[0])
        self.assertEqual(self.totals(self.runner), (0, 1))
        self.assertEqual(self.runner.by_chance, [])

    def test_what_stands_at_once(self):
        for runner, suite, name in ((self.runner, "unit", "http_head"), (self.runner, "integration", "floor"),
                                    (self.runner_for("browser"), "browser", "scan")):
            with self.subTest(suite=suite, name=name):
                self.assertFalse(self.one(runner, name, 1, suite)[0])

    def test_many_are_no_chance(self):
        passed = [self.one(self.runner, f"scan{i}", 1)[0] for i in range(5)]
        self.assertEqual(passed, [True, True, True, False, False])


SLOW = """
import subprocess
import unittest

class Slow(unittest.TestCase):
    def setUp(self):
        self.process = subprocess.Popen(["sleep", "1000"], start_new_session=True)
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)
        print("started", self.process.pid, flush=True)

    def test_1(self):
        self.process.wait()

    test_2 = test_1
"""

RUN = """
import signal, sys
sys.path.insert(0, sys.argv[1])
from integration.test_run import load
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
load(sys.argv[2]).run([sys.executable, sys.argv[1] + "/support/suite.py", sys.argv[2] + "/test_slow.py"],
                      sys.argv[3], 600)
"""


class Stopped(unittest.TestCase):
    """Ctrl-C reaches tests/run alone, for what it runs has a group of its own."""

    def test_nothing_stays(self):
        folder = tempfile.TemporaryDirectory(prefix="waybill-test-")
        self.addCleanup(folder.cleanup)
        log = os.path.join(folder.name, "log")
        with open(os.path.join(folder.name, "test_slow.py"), "w", encoding="utf-8") as f:
            f.write(SLOW)

        def started():
            try:
                with open(log, encoding="utf-8") as f:
                    return re.findall(r"started (\d+)\n", f.read())
            except FileNotFoundError:
                return []

        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signal=number.name):
                process = subprocess.Popen(
                    [sys.executable, "-B", "-c", RUN, os.path.join(ROOT, "tests"), folder.name, log],
                    stderr=subprocess.DEVNULL)
                self.addCleanup(process.wait)
                self.addCleanup(process.terminate)
                wait_until(started, "the test begins")
                process.send_signal(number)
                self.assertNotEqual(process.wait(60), 0)
                self.assertEqual(len(started()), 1, "no other test begins")
                self.assertRaises(ProcessLookupError, os.kill, int(started()[0]), 0)
                os.unlink(log)


if __name__ == "__main__":
    unittest.main()
