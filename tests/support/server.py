"""The real server on a free port against a database of its own.

    class Scan(ServerCase):
        settings = {"workers": 2}               # over DEFAULTS
        expected_errors = [r"task \\S+ died"]    # log lines of level error that may be there

        def test_x(self):
            r = self.client.post("/scan", {"waybill_number": "JT1"})
            self.assertEqual(r.status, 404, r)
            self.assertEqual(self.db.value("SELECT count(*) FROM scanned_waybills"), "1")

Each class has a fresh migrated database and a server; when the class ends the server must
stop by QUIT with exit status 0, and its log must hold no error that was not expected and
no report of a sanitizer.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from .client import Client
from .pg import BUILD, ROOT, Cluster, alive, children, clean_environment
from .pooler import served
from .wait import Port, wait_until

DEFAULTS = {
    "workers": 4,
    "queue_workers": 0,
    "stop_timeout": "10s",
    "log_level": "debug",
}
ASAN_OPTIONS = "detect_leaks=1:exitcode=99"
SANITIZER = re.compile(r"(Address|Leak|Thread|Memory|UndefinedBehavior)Sanitizer|runtime error:")
QUIT = signal.SIGQUIT
ERROR = re.compile(r"^\S+ error ")


class Server:
    def __init__(self, conninfo, settings=None, environment=None, group=False, programs=BUILD):
        """group: its processes form a group of their own, so that all can be killed at once.
        programs: the folder of waybilld."""
        self.programs = programs
        self.group = group
        self.port = Port()
        self.url = f"http://127.0.0.1:{self.port.number}"
        self.client = Client(self.port.number)
        self.folder = tempfile.mkdtemp(prefix="waybill-server-")
        self.spool = os.path.join(self.folder, "spool")
        os.mkdir(self.spool)
        self.log_path = os.path.join(self.folder, "log")
        self.config_path = os.path.join(self.folder, "waybilld.conf")
        self.environment = {
            **clean_environment(),
            "ASAN_OPTIONS": ASAN_OPTIONS,
            "UBSAN_OPTIONS": "print_stacktrace=1",
            **(environment or {}),
        }
        self.settings = {
            "listen": f"127.0.0.1:{self.port.number}",
            "database": conninfo,
            "spool_dir": self.spool,
            "static_dir": os.path.join(ROOT, "static"),
            **DEFAULTS,
            **(settings or {}),
        }
        self.write_config()
        self.process = None

    def write_config(self, **changes):
        """Takes effect with HUP."""
        self.settings.update(changes)
        with open(self.config_path, "w", encoding="utf-8") as f:
            f.writelines(f"{k} = {served(v) if k == 'database' else v}\n"
                         for k, v in self.settings.items())

    def start(self, ready=True):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [os.path.join(self.programs, "waybilld"), "-c", self.config_path],
                env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=self.group)
        if ready:
            try:
                wait_until(self._ready, "the server is ready", timeout=60)
            except AssertionError as e:
                log = self.log()
                self.kill()
                raise AssertionError(f"{e}\n{log[-4000:]}") from None
        return self

    def _ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"waybilld ended with {self.process.returncode}")
        try:
            # The first worker answers; the log tells when all are at their loops.
            return (self.client.get("/ready").status == 200
                    and re.search(r"master\[\d+\] ready$", self._own_log(), re.MULTILINE))
        except OSError:
            return False

    def _own_log(self):
        path = self.settings.get("log_file")
        if not path:
            return self.log()
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read()

    @property
    def pid(self):
        return self.process.pid

    def workers(self):
        """Process ids of the master's children that run now."""
        return children(self.process.pid)

    def signal(self, number):
        self.process.send_signal(number)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def held(self):
        """{pid: connections} of the workers, as the scoreboard has it: a worker writes it there
        at the end of a round, when what it answered in it is logged and counted."""
        out = subprocess.run([os.path.join(self.programs, "waybillctl"), "-c", self.config_path,
                              "status", "--once"], env=self.environment, capture_output=True,
                             stdin=subprocess.DEVNULL, text=True, check=False).stdout
        return {int(pid): int(n) for pid, n in
                re.findall(r"^worker +(\d+) +\w+ +(\d+)", out, re.MULTILINE)}

    def wait_for_silence(self):
        """Until no worker holds a connection any more: a client may close one, and ask for
        more, before the worker has seen that it is closed."""
        wait_until(lambda: (held := self.held()) and not any(held.values()),
                   "no connection is open")

    def wait_for_log(self, pattern, timeout=30.0):
        try:
            return wait_until(lambda: re.search(pattern, self.log(), re.MULTILINE),
                              f"the log says {pattern!r}", timeout)
        except AssertionError as e:
            raise AssertionError(f"{e}; it ends:\n{self.log()[-2000:]}") from None

    def stop(self, number=QUIT, expected_errors=(), timeout=60.0):
        """Stops it, and fails on a wrong exit status, a process left behind, or
        anything in the log that no test expected."""
        if self.process is None:
            return
        family = [self.pid, *self.workers()]
        self.signal(number)
        try:
            code = self.process.wait(timeout * float(os.environ.get("WBTEST_SLOW", "1")))
        except subprocess.TimeoutExpired:
            log = self.log()
            self.kill()
            raise AssertionError(f"the server did not stop\n{log[-4000:]}") from None
        log = self.log()
        self._remove()
        if code != 0:
            raise AssertionError(f"waybilld ended with {code}\n{log[-4000:]}")
        # What the master killed last may take a moment to die.
        end = time.monotonic() + 30
        left = [p for p in family if alive(p)]
        while left and time.monotonic() < end:
            time.sleep(0.02)
            left = [p for p in left if alive(p)]
        if left:
            raise AssertionError(f"still running after the master: {left}")
        check_log(log, expected_errors)

    def kill(self):
        """Ends it whatever state it is in; nothing is checked."""
        if self.process is not None:
            family = self.workers()
            self.process.kill()
            self.process.wait()
            for pid in family:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        self._remove()

    def _remove(self):
        self.process = None
        self.port.release()
        shutil.rmtree(self.folder, ignore_errors=True)


def check_log(log, expected_errors=()):
    lines = log.splitlines()
    reports = [i for i, line in enumerate(lines) if SANITIZER.search(line)]
    if reports:
        raise AssertionError("sanitizer:\n" + "\n".join(lines[reports[0]:reports[0] + 60]))
    bad = [line for line in lines
           if ERROR.search(line) and not any(re.search(p, line) for p in expected_errors)]
    if bad:
        raise AssertionError("unexpected in the log:\n" + "\n".join(bad[:20]))


class ServerCase(unittest.TestCase):
    settings = {}
    environment = {}
    expected_errors = []

    @classmethod
    def setUpClass(cls):
        cls.db = Cluster.shared().database()
        cls.server = Server(cls.db.conninfo, cls.settings, cls.environment)
        cls.addClassCleanup(cls.db.drop)
        cls.addClassCleanup(cls.server.kill)
        cls.server.start()
        cls.client = cls.server.client

    @classmethod
    def tearDownClass(cls):
        cls.server.stop(expected_errors=cls.expected_errors)

    def run(self, result=None):
        """Shows what the server said during a test that failed."""
        before = len(result.failures) + len(result.errors) if result else 0
        if not hasattr(self, "server"):  # its class is skipped
            super().run(result)
            return
        said = len(self.server.log()) if self.server.process else 0
        super().run(result)
        if result and len(result.failures) + len(result.errors) > before:
            if self.server.process:
                print(f"--- the server's log during {self.id()}", file=sys.stderr)
                print(self.server.log()[said:][-6000:], file=sys.stderr)
