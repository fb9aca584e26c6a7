"""A streaming standby of a test's own cluster.

    primary = Cluster()
    standby = Standby(primary)              # at the primary's end when this returns
    standby.conninfo("warehousedb")
    standby.stop(); standby.start()
    standby.pause(); standby.resume()       # receives, but replays nothing meanwhile
    standby.freeze(); standby.thaw()        # connections stay, nothing answers
"""

import atexit
import contextlib
import os
import signal
import subprocess
import tempfile
import unittest

from .pg import QUICK, Cluster, Database, children, clean_environment, freeze
from .wait import wait_until


class Standby(Cluster):
    def __init__(self, primary):
        self.primary = primary
        self.settings = list(QUICK)
        self.folder = tempfile.mkdtemp(prefix="waybill-test-")
        self.owned = True
        self.count = 0
        atexit.register(self.drop)
        # As ops/pg: root runs PostgreSQL in a namespace of users.
        nobody = ["unshare", "--user", "--map-user=65534", "--map-group=65534"]
        if os.geteuid() == 0 and subprocess.run([*nobody, "true"], capture_output=True,
                                                check=False).returncode != 0:
            raise unittest.SkipTest("root may make no user namespace here")
        subprocess.run((nobody if os.geteuid() == 0 else []) +
                       ["pg_basebackup", "-h", primary.socket, "-U", "postgres", "-X", "stream",
                        "-c", "fast", "-R", "-D", os.path.join(self.folder, "data")],
                       env=clean_environment(), check=True, stdin=subprocess.DEVNULL)
        self.start()
        self.catch_up()

    def query(self, sql):
        Database(self, "postgres").query(sql, role="postgres")

    def value(self, sql):
        return Database(self, "postgres").value(sql, role="postgres")

    def catch_up(self):
        end = Database(self.primary, "postgres").value("SELECT pg_current_wal_flush_lsn()")
        wait_until(lambda: self.value(f"SELECT pg_last_wal_replay_lsn() >= '{end}'") == "t",
                   "the standby has caught up")

    def pause(self):
        self.query("SELECT pg_wal_replay_pause()")
        wait_until(lambda: self.value("SELECT pg_get_wal_replay_pause_state()") == "paused",
                   "the standby replays nothing")

    def resume(self):
        self.query("SELECT pg_wal_replay_resume()")

    def freeze(self):
        freeze(self.pid())  # first: it must not start another meanwhile
        for pid in children(self.pid()):
            with contextlib.suppress(ProcessLookupError, FileNotFoundError):
                freeze(pid)

    def thaw(self):
        for pid in [*children(self.pid()), self.pid()]:
            os.kill(pid, signal.SIGCONT)
