"""The same byte streams through a real HAProxy and directly: never two ideas of where a request
ends (tests/conformance/agree.py says what that means)."""

import json
import os
import random
import re
import subprocess
import tempfile
import unittest

from conformance.agree import ask_directly, ask_through
from conformance.lenient import FAULTS, Lenient
from conformance.streams import short_streams, streams
from support.haproxy import VARIANTS, Haproxy, program
from support.pg import ROOT
from support.server import ServerCase

SEED = 20260101


class Real:
    """The server, as agree.py asks it."""

    def __init__(self, server):
        self.server, self.port = server, server.port.number

    def seen(self):
        return [json.loads(line) for line in self.server.log().splitlines()
                if line.startswith("{")]


class BehindHaproxy(ServerCase):
    # A stream that stops in the middle of a request ends soon.
    settings = {"workers": 3, "access_log": "-", "access_log_format": "json", "log_level": "info",
                "head_timeout": "500ms", "body_timeout": "500ms", "idle_timeout": "5s"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.haproxy = Haproxy(cls.server.port.number)
        cls.addClassCleanup(cls.haproxy.stop)

    def test_one_idea_of_where_requests_end(self):
        backend = Real(self.server)
        sent = streams(random.Random(SEED), 300, 900)
        self.assertGreater(len(sent), 1600)
        direct = ask_directly(backend, sent)
        self.assertGreater(sum(map(len, direct)), 1000)
        for variant in VARIANTS:
            with self.subTest(variant):
                found = ask_through(backend, self.haproxy, variant, sent, direct)
                if found:
                    self.fail(f"{len(found)} disagreements, seed {SEED}:\n" + "\n".join(found[:20]))


class Advice(unittest.TestCase):
    def test_haproxy_takes_the_readmes_lines(self):
        with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as f:
            lines = re.search(r"^```haproxy\n(.*?)^```$", f.read(), re.MULTILINE | re.DOTALL)[1]
        with tempfile.NamedTemporaryFile("w", suffix=".cfg") as f:
            f.write("defaults\n    mode http\n    timeout client 30s\nfrontend waybill\n"
                    "    bind 127.0.0.1:1\n    default_backend waybill\n" + lines)
            f.flush()
            out = subprocess.run([program(), "-c", "-f", f.name], capture_output=True, text=True,
                                 check=False)
        self.assertEqual((out.returncode, re.findall("WARNING|ALERT", out.stderr)), (0, []), out)
        with open(os.path.join(ROOT, "conf", "waybilld.conf"), encoding="utf-8") as f:
            default = dict(re.findall(r"^#(\w+) = (.*)$", f.read(), re.MULTILINE))
        self.assertEqual(int(re.search(r"maxconn (\d+)", lines)[1]),
                         int(default["workers"]) + int(default["tasks"]))


class TheTestItself(unittest.TestCase):
    """A reader that is lenient in one thing is found out, and one that is not is not."""

    def disagreements(self, fault):
        backend = Lenient(fault)
        haproxy = Haproxy(backend.port)
        try:
            sent = short_streams()
            direct = ask_directly(backend, sent)
            return ask_through(backend, haproxy, "lenient", sent, direct)
        finally:
            haproxy.stop()
            backend.stop()

    def test_each_fault_is_found(self):
        for fault, what in FAULTS.items():
            with self.subTest(fault):
                found = self.disagreements(fault)
                # What is lenient shows only when its bytes come together.
                for _ in range(3 if fault and not found else 0):
                    found = found or self.disagreements(fault)
                if fault and not found:
                    self.fail(f"nobody noticed: {what}")
                if found and not fault:
                    self.fail("\n".join(found[:20]))


if __name__ == "__main__":
    unittest.main()
