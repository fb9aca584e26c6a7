"""Under load on 50 connections, processes are replaced and killed: who fails, and who may.

The short form is a part of `make check`; `make chaos SECS=60 SEEDS="1 2"` is the long one."""

import os
import random
import signal
import time
import unittest

from support.load import Load, failed
from support.pg import Cluster, alive, children
from support.server import Server, check_log
from support.wait import wait_until

SECS = int(os.environ.get("WBTEST_SECS", "8"))
SEEDS = os.environ.get("WBTEST_SEEDS", "1").split()
SLOW = float(os.environ.get("WBTEST_SLOW", "1"))
WORKERS = 12
LOADS = (("/health", 25), ("/static/verdict.js", 25))


def held(pid, port):
    """Connections of that port that the process has accepted."""
    of_port = set()
    with open("/proc/net/tcp", encoding="ascii") as f:
        for line in f.readlines()[1:]:
            field = line.split()
            if int(field[1].split(":")[1], 16) == port and field[3] == "01":
                of_port.add(f"socket:[{field[9]}]")
    folder = f"/proc/{pid}/fd"
    found = set()
    for name in os.listdir(folder):
        try:
            found.add(os.readlink(os.path.join(folder, name)))
        except FileNotFoundError:
            pass
    return len(of_port & found)


def stopped(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
        return f.read().rpartition(")")[2].split()[0] in "TZX"


class Chaos(unittest.TestCase):
    def setUp(self):
        self.db = Cluster.shared().database()
        self.addCleanup(self.db.drop)
        self.server = Server(self.db.conninfo, {"workers": WORKERS, "log_level": "info"})
        self.addCleanup(self.server.kill)
        self.server.start()
        self.master = self.server.pid

    def loads(self):
        loads = [Load(self.server.url + path, n, SECS) for path, n in LOADS]
        for load in loads:
            self.addCleanup(load.kill)
        return loads

    def every(self, seconds, loads, act):
        """Calls act() so often while the load goes on; returns how often."""
        count, due = 0, time.monotonic() + seconds
        while all(load.running() for load in loads):
            now = time.monotonic()
            if now >= due:
                act()
                count += 1
                due = max(due + seconds, now)
            time.sleep(0.02)
        return count

    def told(self, what, times, figures):
        print(f"{what}: {times} times in {SECS} s; " +
              "; ".join(f"{path} {f}" for (path, _), f in zip(LOADS, figures)), flush=True)

    def whole(self):
        """All workers run and answer."""
        wait_until(lambda: len(children(self.master)) == WORKERS, "all workers run", 60)
        wait_until(lambda: self.server.client.get("/health").status == 200, "healthy")

    def test_reloads(self):
        loads = self.loads()
        times = self.every(1, loads, lambda: os.kill(self.master, signal.SIGHUP))
        figures = [load.done() for load in loads]
        self.told("HUP", times, figures)
        self.assertGreaterEqual(times, SECS // 2)
        wait_until(lambda: "reloaded; " in self.server.log(), "reloaded")
        self.assertEqual([failed(f) for f in figures], [0, 0], figures)
        self.whole()
        self.server.stop()

    def upgrade(self):
        """The next program serves; the one before it retires by itself."""
        os.kill(self.master, signal.SIGUSR2)
        line = rf"master\[{self.master}\] upgraded: process (\d+) serves"
        self.master = int(self.server.wait_for_log(line, 60)[1])
        self.addCleanup(end_family, self.master)

    def test_upgrades(self):
        loads = self.loads()
        times = self.every(min(5, SECS / 3), loads, self.upgrade)
        figures = [load.done() for load in loads]
        self.told("USR2", times, figures)
        self.assertGreaterEqual(times, 1)
        self.assertEqual([failed(f) for f in figures], [0, 0], figures)
        self.whole()
        self.assertEqual(self.server.process.wait(60 * SLOW), 0)
        end_family(self.master, signal.SIGQUIT)
        check_log(self.server.log())

    def kill_one(self, random_, bounds):
        pid = random_.choice(children(self.master) or [0])
        if pid == 0:
            return
        try:
            os.kill(pid, signal.SIGSTOP)  # it takes no more, while we count what it has
            # One that waits for a processor in the middle of accept() still has to come to that.
            wait_until(lambda: stopped(pid), "it stands", 60)
            bounds.append(held(pid, self.server.port.number))
            os.kill(pid, signal.SIGKILL)
        except (ProcessLookupError, FileNotFoundError):
            pass  # it ended by itself

    def test_kills(self):
        for seed in SEEDS:
            with self.subTest(seed=seed):
                random_, bounds = random.Random(seed), []
                loads = self.loads()
                times = self.every(0.5, loads, lambda b=bounds, r=random_: self.kill_one(r, b))
                figures = [load.done() for load in loads]
                lost = sum(failed(f) for f in figures)
                self.told(f"kill -9, seed {seed}, {lost} failed of {sum(bounds)} held", times,
                          figures)
                self.assertGreaterEqual(times, SECS // 2)
                self.assertGreater(sum(bounds), 0)
                self.assertLessEqual(lost, sum(bounds), figures)
                self.assertEqual([f["status"] for f in figures], [0, 0], figures)
                self.whole()
        self.server.stop(expected_errors=[r"worker \d+ was ended by signal 9"])


def end_family(pid, number=signal.SIGKILL):
    """Of a program that is no child of ours."""
    family = [pid, *children(pid)]
    for p in family if number == signal.SIGKILL else [pid]:
        try:
            os.kill(p, number)
        except ProcessLookupError:
            pass
    wait_until(lambda: not any(alive(p) for p in family), f"{pid} has ended", 60)


if __name__ == "__main__":
    unittest.main()
