#!/usr/bin/env python3
"""Runs the tests of one file of tests/integration: suite.py FILE [NAME]

Prints each test, and writes {"passed", "failed", "skipped"} to the file named by
WBTEST_COUNTS, for tests/run. NAME keeps the tests whose name contains it. Exit status 0: all passed
or were skipped, 1: one failed, 5: the file has none of that name."""

import importlib.util
import json
import os
import signal
import sys
import unittest

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[0] = TESTS


class Result(unittest.TextTestResult):
    passed = 0

    def __init__(self, *args, **named):
        super().__init__(*args, **named)
        signal.signal(signal.SIGTERM, self.end)

    def end(self, *_):
        """The test that runs becomes an error, so that what it started is stopped; no other begins."""
        self.stop()
        sys.exit(143)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1


def main():
    path = os.path.abspath(sys.argv[1])
    spec = importlib.util.spec_from_file_location(os.path.basename(path)[:-3], path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    loader = unittest.TestLoader()
    if len(sys.argv) > 2:
        loader.testNamePatterns = [f"*{sys.argv[2]}*"]
    result = unittest.TextTestRunner(verbosity=2, resultclass=Result, stream=sys.stdout).run(
        loader.loadTestsFromModule(module))
    counts = {
        "passed": result.passed + len(result.expectedFailures),
        "failed": len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses),
        "skipped": [f"{test}: {reason}" for test, reason in result.skipped],
    }
    if "WBTEST_COUNTS" in os.environ:
        with open(os.environ["WBTEST_COUNTS"], "w", encoding="utf-8") as f:
            json.dump(counts, f)
    if not (result.testsRun or result.skipped or counts["failed"]):
        return 5
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
