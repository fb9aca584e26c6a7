"""A private PostgreSQL for tests (started by ops/pg) and fresh, migrated databases in it.

    db = Cluster.shared().database()      # fresh and migrated, in about 50 ms
    db.conninfo                           # for a configuration file
    db.query("SELECT 1, 'x'")             # [["1", "x"]]; NULL is None
    db.value("SELECT count(*) FROM t")    # "0"

The shared cluster runs without fsync. Tests that kill PostgreSQL make a cluster of their
own: Cluster(durable=True).
"""

import atexit
import csv
import fcntl
import glob
import io
import os
import shutil
import signal
import subprocess
import tempfile

from .pooler import POOLED
from .wait import wait_until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PG = os.path.join(ROOT, "ops", "pg")
BUILD = os.path.join(ROOT, os.environ.get("WAYBILL_BUILD", "build"))
NULL = "\N{REPLACEMENT CHARACTER}null"
QUICK = ["fsync=off", "full_page_writes=off", "shared_buffers=64MB"]


def clean_environment():
    """The environment without settings of ours or of libpq: tests say what they mean."""
    pooled = {"WAYBILL_DATABASE_POOLED": "on"} if POOLED else {}
    return {k: v for k, v in os.environ.items() if not k.startswith(("WAYBILL_", "PG"))} | pooled


def newest_postgresql():
    """Of those that are here and that a site may have: its major version."""
    found = [int(path.split("/")[4]) for path in glob.glob("/usr/lib/postgresql/*/bin/postgres")]
    return max(v for v in found if 15 <= v <= 17)


def psql(conninfo, sql, within=()):
    """Rows of text; NULL is None. Several statements are sent as one; the last one's rows count.
    within: words in front of psql that run it elsewhere."""
    out = subprocess.run(
        [*within, "psql", "-X", "-q", "--csv", "-t", "-v", "ON_ERROR_STOP=1",
         "-P", f"null={NULL}", "-d", conninfo, "-c", sql],
        env=clean_environment(), capture_output=True, text=True, check=False)
    if out.returncode != 0:
        raise AssertionError(f"{sql}\n{out.stderr}")
    rows = csv.reader(io.StringIO(out.stdout, newline=""))
    return [[None if v == NULL else v for v in row] for row in rows]


class Database:
    def __init__(self, cluster, name):
        self.cluster = cluster
        self.name = name

    @property
    def conninfo(self):
        return self.cluster.conninfo(self.name)

    def query(self, sql, role="waybill"):
        """See psql()."""
        return psql(self.cluster.conninfo(self.name, role), sql)

    def value(self, sql, role="waybill"):
        """The one value of a query of one row and column."""
        rows = self.query(sql, role)
        assert len(rows) == 1 and len(rows[0]) == 1, rows
        return rows[0][0]

    def drop(self):
        """Ends who is connected and removes it."""
        Database(self.cluster, "postgres").query(
            f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)', role="postgres")


class Cluster:
    _shared = None

    def __init__(self, durable=False, settings=()):
        self.settings = list(settings) + ([] if durable else QUICK)
        self.folder = tempfile.mkdtemp(prefix="waybill-test-")
        self.owned = True
        self.count = 0
        atexit.register(self.drop)
        self.start()

    @classmethod
    def shared(cls):
        """The cluster that tests/run started, or one of this program's own."""
        if cls._shared is None:
            folder = os.environ.get("WBTEST_CLUSTER")
            if folder:
                cls._shared = cls.__new__(cls)
                cls._shared.folder = folder
                cls._shared.owned = False
                cls._shared.count = 0
                cls._shared.socket = cls._shared.pg("status")
            else:
                cls._shared = cls()
        return cls._shared

    def pg(self, command, *arguments):
        """ops/pg COMMAND; returns the socket's folder when it printed a conninfo."""
        # Not captured through a pipe: PostgreSQL's processes would hold it open.
        with tempfile.TemporaryFile("w+", encoding="utf-8") as out:
            code = subprocess.run(
                [PG, command, self.folder, *arguments], env=clean_environment(),
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=False).returncode
            out.seek(0)
            text = out.read()
        if code != 0:
            raise AssertionError(f"ops/pg {command}: exit {code}\n{text}")
        words = dict(w.split("=", 1) for w in text.split() if "=" in w)
        return words.get("host")

    def start(self):
        self.socket = self.pg("start", *self.settings)

    def stop(self, mode="fast"):
        self.pg("stop", mode)

    def restart(self):
        self.stop()
        self.start()

    def pid(self):
        """Of the postmaster."""
        for folder in (os.path.join(self.folder, "data"), self._elsewhere()):
            path = os.path.join(folder, "postmaster.pid")
            if os.path.exists(path):
                with open(path, encoding="ascii") as f:
                    return int(f.readline())
        return None

    def _elsewhere(self):
        try:
            with open(os.path.join(self.folder, "elsewhere"), encoding="ascii") as f:
                return os.path.join(f.read().strip(), "data")
        except OSError:
            return "/nonexistent"

    def kill9(self):
        """Kills every process of it at once, as a lost machine would."""
        postmaster = self.pid()
        freeze(postmaster)  # it must not clean up after its children, nor start more
        pids = [postmaster, *children(postmaster)]
        for pid in reversed(pids):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        # Reaped too: a zombie still counts for those who look after it by its number.
        wait_until(lambda: not any(os.path.exists(f"/proc/{p}") for p in pids),
                   "PostgreSQL is gone", timeout=60)

    def conninfo(self, database, role="waybill"):
        return f"host={self.socket} user={role} dbname={database}"

    def database(self, migrated=True, like=None):
        """A fresh database: a copy of the template, an empty one, or a copy of database `like`,
        which nobody is connected to."""
        self.count += 1
        name = f"t{os.getpid()}_{self.count}"
        template = like.name if like else self._template() if migrated else "template0"
        # A large one by its files: through the log it would be written twice.
        how = " STRATEGY file_copy" if like else ""
        Database(self, "postgres").query(
            f'CREATE DATABASE "{name}" TEMPLATE "{template}"{how}')
        return Database(self, name)

    def _template(self):
        """Migrated once per cluster and build, whichever program asks first."""
        name = "template_" + "".join(c if c.isalnum() else "_" for c in BUILD)[-40:]
        with open(os.path.join(self.folder, "template.lock"), "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            admin = Database(self, "postgres")
            if admin.query(f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):
                return name
            admin.query(f'CREATE DATABASE "{name}_new" TEMPLATE template0')
            migrate(self.conninfo(f"{name}_new"))
            admin.query(f'ALTER DATABASE "{name}_new" RENAME TO "{name}"')
        return name

    def drop(self):
        if self.owned and self.folder:
            self.pg("drop")
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None


def migrate(conninfo):
    out = subprocess.run(
        [os.path.join(BUILD, "waybillctl"), "migrate"],
        env={**clean_environment(), "WAYBILL_DATABASE": conninfo, "WAYBILL_DATABASE_POOLED": "off"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if out.returncode != 0:
        raise AssertionError(f"waybillctl migrate: exit {out.returncode}\n{out.stderr}")


def children(pid):
    """Process ids of pid's direct children."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as f:
                    fields = f.read().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == pid and fields[0] != "Z":
                found.append(int(name))
    return sorted(found)


def freeze(pid):
    """Stops it, and returns once it stands still: a signal is only on its way at first."""
    os.kill(pid, signal.SIGSTOP)

    def still():
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
            return f.read().rpartition(")")[2].split()[0] in "TtZ"
    wait_until(still, f"process {pid} stands still", pause=0.001)


def alive(pid):
    """Whether pid runs (a zombie does not)."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
            return f.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
