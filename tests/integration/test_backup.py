"""Backups and what comes back of them, with a PostgreSQL that is really destroyed."""

import datetime
import hashlib
import os
import re
import shutil
import stat
import subprocess
import tempfile
import threading
import time
import unittest
import uuid

from support.pg import BUILD, ROOT, Cluster, Database, clean_environment, migrate
from support.psql_session import PsqlSession
from support.server import Server
from support.site import Site, program, run
from support.standby import Standby
from support.wait import Port, wait_until

OPS = os.path.join(ROOT, "ops")
NOBODY = "unshare --user --map-user=65534 --map-group=65534"  # as ops/pg runs PostgreSQL


def folder_for_postgres(parent, *names):
    path = os.path.join(parent, *names)
    os.makedirs(path, exist_ok=True)
    if os.geteuid() == 0 and not may_be_nobody():
        shutil.chown(path, "postgres", "postgres")
    return path


def may_be_nobody():
    return run(*NOBODY.split(), "true").returncode == 0


class BackupCase(unittest.TestCase):
    """A cluster with an archive, a migrated database in it, and a site that describes it."""

    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp(prefix="waybill-backup-", dir="/tmp")
        cls.addClassCleanup(shutil.rmtree, cls.top, ignore_errors=True)
        os.chmod(cls.top, 0o755)
        cls.first = folder_for_postgres(cls.top, "first")
        for name in ("wal", "base", "stream"):
            folder_for_postgres(cls.first, name)
        cls.second = folder_for_postgres(cls.top, "second")
        cls.figures = folder_for_postgres(cls.top, "figures")
        cls.key = cls.make_key("key") if cls.encrypted else "-"
        cls.cluster = Cluster(settings=[
            "archive_mode=on", "archive_timeout=1h", "max_wal_senders=5",
            f"archive_command={OPS}/wal put {cls.first}/wal {cls.key} %p %f"])
        cls.addClassCleanup(cls.cluster.drop)
        cls.db = Database(cls.cluster, "warehousedb")
        migrate(cls.db.conninfo)
        cls.data = os.path.join(cls.cluster.folder, "data")
        if not os.path.exists(cls.data):
            cls.data = cls.cluster._elsewhere()
        with open(os.path.join(cls.data, "PG_VERSION"), encoding="ascii") as f:
            version = f.read().strip()
        cls.settings = {"pg_version": version, "backup_dir": cls.first, "backup_second": cls.second}
        if cls.encrypted:
            cls.settings["backup_key_file"] = cls.key
        cls.environment = {"PGHOST": cls.cluster.socket, "WAYBILL_METRICS": cls.figures,
                           "WAYBILL_DATA": cls.data, "TMPDIR": folder_for_postgres(cls.top, "t")}
        if os.geteuid() == 0 and may_be_nobody():
            cls.environment["AS_POSTGRES"] = NOBODY

    @classmethod
    def make_key(cls, name):
        path = os.path.join(cls.top, name)
        out = run("age-keygen", "-o", path)
        assert out.returncode == 0, out
        if os.geteuid() == 0 and not may_be_nobody():
            shutil.chown(path, "postgres")
        return path

    def ops(self, script, *words, settings=None, code=0, **environment):
        """Runs it; its output, both streams."""
        site = Site(**{**self.settings, **(settings or {})})
        self.addCleanup(site.remove)
        os.chmod(site.folder, 0o755)
        out = run(os.path.join(OPS, script), "--site", site.path, *words,
                  env={**self.environment, **environment})
        self.assertEqual(out.returncode, code, f"{script} {words}\n{out.stdout}{out.stderr}")
        return out.stdout + out.stderr

    def at(self, *names):
        """A folder of this test's, for what restores make."""
        path = os.path.join(self.top, self.id().rpartition(".")[2], *names)
        folder_for_postgres(os.path.dirname(path))
        return path

    def drop_cluster(self, folder):
        """Of a restore --into."""
        pid = os.path.join(folder, "data", "postmaster.pid")
        if os.path.exists(pid):
            with open(pid, encoding="ascii") as f:
                number = int(f.readline())
            os.kill(number, 3)
            wait_until(lambda: not os.path.exists(f"/proc/{number}"), "it is gone", 60)
        shutil.rmtree(folder, ignore_errors=True)

    def metrics(self, name):
        with open(os.path.join(self.figures, name), encoding="ascii") as f:
            return dict(line.rsplit(" ", 1) for line in f.read().splitlines() if line[0] != "#")

    def unfinished(self, folder):
        """What begins with a dot and is no lock."""
        return [os.path.join(where, name) for where, folders, names in os.walk(folder)
                for name in folders + names
                if name.startswith(".") and not name.endswith("lock") and name != ".waybill-backups"]

    def clock(self, when):
        """A PATH on which it is that time for `date`; what is asked of a given time is not."""
        folder = self.at("clock", "x")
        path = os.path.join(os.path.dirname(folder), "date")
        with open(path, "w", encoding="ascii") as f:
            f.write('#!/bin/sh\nfor word; do case $word in -d | @*) exec /bin/date "$@" ;; esac; '
                    f'done\nexec /bin/date -d "{when}" "$@"\n')
        os.chmod(path, 0o755)
        return os.path.dirname(path) + ":" + os.environ["PATH"]


class Disaster(BackupCase):
    """Stations scan while a backup is made; later the data is gone."""
    encrypted = False
    NUMBERS = 12000  # more than the station can scan meanwhile

    def scan_on(self):
        """Until somebody stops it; each scan that was answered "valid", and when."""
        for number in range(self.NUMBERS):
            if self.over.is_set():
                return
            name = f"JT{number:05}"
            try:
                r = self.server.client.post("/scan", {"waybill_number": name,
                                                      "scan_id": str(uuid.uuid4())})
            except OSError:
                continue
            if r.status == 200:
                self.heard.append((name, time.time()))
            time.sleep(0.002)  # a person's hand is slower still

    def recorded(self, host):
        out = run("psql", "-X", "-A", "-t", "-h", host, "-U", "postgres", "-d", "warehousedb", "-c",
                  "SELECT waybill_number FROM scanned_waybills WHERE result = 'valid'")
        self.assertEqual(out.returncode, 0, out)
        return set(out.stdout.split())

    def start_stream(self):
        words = [os.path.join(OPS, "wal"), "stream", f"{self.first}/stream", f"{self.first}/wal"]
        if os.geteuid() == 0 and "AS_POSTGRES" in self.environment:
            words = NOBODY.split() + words
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**clean_environment(), **self.environment, "PGUSER": "postgres"})
        self.addCleanup(process.wait, 30)
        self.addCleanup(process.kill)
        wait_until(lambda: self.streamed(".partial"), "the log streams", 60)
        return process

    def streamed(self, end):
        return [f for f in os.listdir(f"{self.first}/stream") if f.endswith(end)]

    def kept_twice(self):
        return {f for f in self.streamed("") if os.path.exists(f"{self.first}/wal/{f}.gz")}

    def streams_within_a_second(self):
        """A moment before which all that was answered is in the stream."""
        lags = []
        while len(lags) < 3 and min(lags, default=1) >= 1:
            now = time.time()
            end = self.db.value("SELECT pg_current_wal_flush_lsn()")
            wait_until(lambda e=end: self.db.value(
                f"SELECT flush_lsn >= '{e}' FROM pg_stat_replication", "postgres") == "t",
                "it is in the stream", 60)
            lags.append(time.time() - now)
        self.assertLess(min(lags), 1)
        return now

    def test_all_that_was_answered_comes_back(self):
        with open(os.path.join(self.second, ".waybill-backups"), "w", encoding="ascii"):
            pass
        self.server = Server(self.db.conninfo)
        self.addCleanup(self.server.kill)
        self.server.start()
        rows = "".join(f"JT{n:05},Ana,Pending\n" for n in range(self.NUMBERS))
        r = self.server.client.upload(f"Waybill Number,Receiver,Status\n{rows}".encode(), "m.csv")
        self.assertEqual(r.status, 200, r)
        stream = self.start_stream()
        self.heard, self.over = [], threading.Event()
        station = threading.Thread(target=self.scan_on)
        station.start()
        self.addCleanup(self.over.set)
        wait_until(lambda: len(self.heard) > 20, "scans are answered")
        before = len(self.heard)
        self.ops("backup")
        during = len(self.heard)
        # What the archive has is not kept twice.
        twice = wait_until(self.kept_twice, "a piece is in both", 60)
        self.ops("backup", "wal")
        self.assertEqual(twice & self.kept_twice(), set())
        self.assertGreater(during - before, 20)
        wait_until(lambda: len(self.heard) > during + 50, "more scans")
        moment = datetime.datetime.now(datetime.timezone.utc)
        wait_until(lambda: len(self.heard) > during + 100, "more scans")
        whole = self.streams_within_a_second()

        # The machine's disk is gone, between two scans or in one
        self.cluster.kill9()
        shutil.rmtree(self.data)
        self.over.set()
        station.join()
        stream.wait(60)

        began = time.monotonic()
        said = self.ops("restore", "--live")
        took = time.monotonic() - began
        self.assertIn(f"restored to {self.data}", said)
        self.cluster.start()
        there = self.recorded(self.cluster.socket)
        lost = {name for name, _ in self.heard} - there
        late = {name for name, when in self.heard if whole < when}
        print(f"\n{len(self.heard)} scans were answered, {len(there)} are there after a restore of "
              f"{took:.1f} s; of the last {len(late)}, {len(lost)} are not", end=" ")
        self.assertLessEqual(lost, late)
        self.assertEqual(run("psql", "-X", "-A", "-t", "-h", self.cluster.socket, "-U", "postgres",
                             "-d", "postgres", "-c", "SHOW archive_mode").stdout, "on\n")

        # And to a moment between
        into = self.at("then")
        self.addCleanup(self.drop_cluster, into)
        said = self.ops("restore", "--to", moment.isoformat(), "--into", into)
        then = self.recorded(into)
        self.assertLessEqual({n for n, when in self.heard if when < moment.timestamp()}, then)
        # One may have been committed and not yet answered then.
        self.assertLessEqual(len(then - {n for n, when in self.heard
                                         if when < moment.timestamp()}), 1)
        self.assertRegex(said, r"scanned_waybills +%d\n" % len(then))
        # Of the timeline that the restore began, too
        self.ops("backup", "base")

    def test_what_is_refused(self):
        said = self.ops("restore", "--live", code=1)
        self.assertIn(f"a server runs in {self.data}: stop it first", said)
        for words, reason in (
                (["--to", "yesteryear"], "'yesteryear' is no time"),
                (["--to", "2199-01-01"], "is yet to come"),
                (["--live", "--into", "/x"], "exclude one another"),
                (["--from", "third"], "--from first, or second"),
                (["--base"], "--base needs a value"),
                (["--key", "/nonexistent"], "/nonexistent cannot be read"),
                (["--lvie"], "unknown option --lvie")):
            with self.subTest(words=words):
                self.assertIn(reason, self.ops("restore", *words, code=2))
        self.assertIn("no whole backup from before", self.ops(
            "restore", "--to", "2001-01-01", "--into", self.at("x"), code=1))
        self.assertIn("is none of all, base", self.ops("backup", "everything", code=2))


class Nightly(BackupCase):
    """One night's backup, encrypted, with the second location over rsync."""
    encrypted = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # What ssh would do, on this machine: ssh HOST COMMAND...
        shell = os.path.join(cls.top, "shell")
        with open(shell, "w", encoding="ascii") as f:
            f.write('#!/bin/sh\n[ "$1" = nas ] || exit 255\nshift\nexec sh -c "$*"\n')
        os.chmod(shell, 0o755)
        cls.environment["RSYNC_RSH"] = shell
        cls.folder = {"backup_second": cls.second}
        cls.settings["backup_second"] = f"nas:{cls.second}"
        rows = ", ".join(f"('JT{n}', 'pending')" for n in range(300))
        cls.db.query(f"INSERT INTO waybills (waybill_number, status) VALUES {rows}")
        # What somebody looks at is in no backup, and missed by no drill.
        cls.db.query("INSERT INTO previews (file_name, file_size, file_crc32) VALUES ('seen', 1, 1)")
        maker = cls("ops")
        maker.ops("backup")
        maker.doCleanups()
        cls.archive = os.listdir(os.path.join(cls.first, "wal"))

    def files(self, where, pattern=r""):
        return sorted(os.path.relpath(os.path.join(folder, name), where)
                      for folder, _, names in os.walk(where) for name in names
                      if re.search(pattern, name) and not name.startswith("."))

    def copy(self, *damages):
        """The first location, with damages: (pattern, change of the bytes or None)."""
        copy = self.at("copy")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.first, copy)
        for pattern, change in damages:
            path = os.path.join(copy, self.files(copy, pattern)[-1])
            if change is None:
                os.unlink(path)
                continue
            with open(path, "r+b") as f:
                data = change(f.read())
                f.seek(0)
                f.truncate()
                f.write(data)
        if os.geteuid() == 0 and "AS_POSTGRES" not in self.environment:
            run("chown", "-R", "postgres:", copy)
        return copy

    def drill(self, copy, code=1, **more):
        settings = {"backup_dir": copy, "backup_second": "", **more.pop("settings", {})}
        said = self.ops("restore-drill", settings=settings, code=code, **more)
        self.assertEqual(self.unfinished(copy), [])
        self.assertEqual(self.metrics("waybill_drill.prom")["waybill_drill_failed"], str(code))
        return said

    def test_both_locations_have_all_and_nothing_is_readable(self):
        first = self.files(self.first, r"\.(age|info)$")
        self.assertEqual(len([f for f in first if f.endswith(".info")]), 2)
        self.assertEqual(first, self.files(self.second, ""))
        self.assertEqual(self.unfinished(self.first) + self.unfinished(self.second), [])
        for name in self.files(self.first, r"\.gz"):
            path = os.path.join(self.first, name)
            self.assertTrue(name.endswith(".gz.age"), name)
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
            with open(path, "rb") as f:
                self.assertTrue(f.read().startswith(b"age-encryption.org/v1\n"))
        figures = self.metrics("waybill_backup.prom")
        for kind in ("base", "dump", "second"):
            at = figures[f'waybill_backup_last_success_timestamp_seconds{{kind="{kind}"}}']
            self.assertLess(abs(time.time() - int(at)), 600)
        self.assertEqual(figures["waybill_backup_failed"], "0")

    def test_the_drill_finds_it_good(self):
        said = self.ops("restore-drill")
        self.assertIn("come back", said)
        self.assertEqual(self.unfinished(self.first), [])
        figures = self.metrics("waybill_drill.prom")
        self.assertEqual((figures["waybill_drill_failed"],
                          figures['waybill_drill_rows{table="waybills"}']), ("0", "300"))

    def test_prometheus_reads_the_figures(self):
        self.ops("backup", "wal")
        links = self.at("links", "x")
        for name in ("waybill_backup", "waybill_wal", "waybill_drill"):
            os.symlink(os.path.join(self.figures, name + ".prom"),
                       os.path.join(os.path.dirname(links), name + ".prom"))
        exporter = program("prometheus-node-exporter")
        self.assertTrue(exporter, "ops/deps test installs prometheus-node-exporter")
        port = Port()
        self.addCleanup(port.release)
        process = subprocess.Popen(
            [exporter, "--collector.disable-defaults", "--collector.textfile",
             f"--collector.textfile.directory={os.path.dirname(links)}",
             f"--web.listen-address=127.0.0.1:{port.number}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait, 30)
        self.addCleanup(process.kill)
        address = f"http://127.0.0.1:{port.number}/metrics"
        page = wait_until(lambda: run("curl", "-sf", address).stdout, "it answers")
        self.assertIn("node_textfile_scrape_error 0\n", page)
        for name in ("waybill_backup_failed 0", "waybill_wal_archive_failing 0",
                     "waybill_wal_second_failing 0",
                     'waybill_backup_last_success_timestamp_seconds{kind="base"} '):
            self.assertIn(name, page)
        with open(os.path.join(ROOT, "conf", "alerts.yml"), encoding="utf-8") as f:
            asked = set(re.findall(r"waybill_(?:backup|wal|drill)_\w+", f.read()))
        for name in asked - set(re.findall(r"^(\w+)", page, re.MULTILINE)):
            self.assertIn("drill", name)  # which may not have run yet

    def test_damage_is_noticed(self):
        def flip(data):
            middle = len(data) // 2
            return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1:]

        said = self.drill(self.copy((r"Z\.tar", flip)))
        self.assertRegex(said, r"base/\S+ is damaged")
        # An .info that agrees with the damage: what is inside tells.
        copy = self.copy((r"Z\.tar", flip))
        path = os.path.join(copy, self.files(copy, r"Z\.tar")[0])
        summed = run("sha256sum", path).stdout.split()[0]
        info = os.path.join(copy, [f for f in self.files(copy, "info") if "base" in f][0])
        with open(info, encoding="ascii") as f:
            text = re.sub(r"(?m)^sha256 .*$", f"sha256 {summed}", f.read())
        with open(info, "w", encoding="ascii") as f:
            f.write(text)
        self.assertRegex(self.drill(copy), "cannot be read: unseal ended with 1")
        # A piece of the log within the base backup
        said = self.drill(self.copy((r"^0\w{23}\.gz", None)))
        self.assertRegex(said, "failed: base log")
        said = self.drill(self.copy((r"^0\w{23}\.gz", flip)))
        self.assertRegex(said, r"wal/\S+ cannot be read")
        said = self.drill(self.copy(), settings={"backup_key_file": self.make_key("other")})
        self.assertRegex(said, "failed: base")
        said = self.drill(self.copy((r"info$", lambda data: data.replace(b"waybills 300 300",
                                                                         b"waybills 301 301"))),
                          OLDEST="1")
        self.assertIn("failed: dump", said)
        self.assertIn("waybills has 300 rows, not 301", said)

    def test_a_hole_in_the_log_and_a_dump_cut_short_are_noticed(self):
        names = self.files(self.first, r"^0\w{23}\.gz")
        last = os.path.basename(names[-1])
        later = f"{last[:16]}{int(last[16:24], 16) + 2:08X}.gz.age"  # one is missing between
        copy = self.copy((r"sql", lambda data: data[:len(data) - 20]))
        shutil.copy(os.path.join(copy, names[-1]), os.path.join(copy, "wal", later))
        second = self.at("second")
        shutil.copytree(self.second, second)
        with open(os.path.join(second, self.files(second, r"Z\.tar")[0]), "r+b") as f:
            f.seek(1000)
            f.write(b"damage")
        said = self.drill(copy, settings={"backup_second": f"nas:{second}"})
        self.assertIn("failed: dump log second", said)
        self.assertRegex(said, r"second/base/\S+ differs from the one in")
        self.assertRegex(said, r"sql\S* is damaged")
        self.assertIn(f"{last[:16]}{int(last[16:24], 16) + 1:08X} is missing in the archive", said)

    def test_an_old_backup_is_no_last_nights(self):
        bin_ = self.clock("now + 2 days")
        said = self.ops("restore-drill", code=1, PATH=bin_)
        self.assertIn("the newest base backup is of", said)

    def test_the_dump_comes_back(self):
        would = self.ops("restore", "--dump", "newest", "--dry-run")
        self.assertIn("would: make database warehousedb_restored", would)
        said = self.ops("restore", "--dump", "newest")
        self.assertRegex(said, r"waybills +300\n")
        again = Database(self.cluster, "warehousedb_restored")
        self.addCleanup(again.drop)
        self.assertEqual(again.value("SELECT count(*) FROM waybills"), "300")
        self.assertIn("is there already", self.ops("restore", "--dump", "newest", code=1))
        # As it was always done
        plain = self.at("plain.sql")
        path = os.path.join(self.first, self.files(self.first, r"sql\.gz")[0])
        out = run("sh", "-c", f"age -d -i {self.key} {path} | gunzip >{plain}")
        self.assertEqual(out.returncode, 0, out)
        admin = Database(self.cluster, "postgres")
        admin.query("CREATE DATABASE byhand TEMPLATE template0", role="postgres")
        self.addCleanup(Database(self.cluster, "byhand").drop)
        out = run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", self.cluster.socket, "-U",
                  "postgres", "-d", "byhand", "-f", plain)
        self.assertEqual((out.returncode, out.stderr), (0, ""))

    def test_from_the_second_when_the_first_is_gone(self):
        into = self.at("again")
        self.addCleanup(self.drop_cluster, into)
        gone = os.path.join(self.top, "gone")
        said = self.ops("restore", "--into", into, settings={"backup_dir": gone})
        self.assertIn(f"from nas:{self.second}/base/", said)
        self.assertRegex(said, r"waybills +300\n")

    def test_zy_a_second_location_that_cannot_be_listed_is_not_an_empty_one(self):
        """One of the last: it leaves a dump that is in one location alone."""
        shell = os.path.join(self.top, "write-only")
        with open(shell, "w", encoding="ascii") as f:
            f.write('#!/bin/sh\ncase "$*" in *--sender*) exit 12 ;; esac\n'
                    f'exec {self.environment["RSYNC_RSH"]} "$@"\n')
        os.chmod(shell, 0o755)
        before = self.files(self.second)
        said = self.ops("backup", "dump", code=1, RSYNC_RSH=shell)
        self.assertIn("cannot be listed", said)
        self.assertIn("failed: second", said)
        self.assertEqual([f for f in before if not f.startswith("wal/")],
                         [f for f in self.files(self.second) if not f.startswith("wal/")])

    def test_two_at_once(self):
        """In the same second: the one that was refused once took away what the other was writing."""
        now = {"PATH": self.clock(f"@{int(time.time())}")}
        site = Site(**self.settings)
        self.addCleanup(site.remove)
        os.chmod(site.folder, 0o755)
        with PsqlSession(self.db.conninfo) as holder:
            # Its rows are not counted, but pg_dump waits for it, with its file begun.
            holder.run("BEGIN; LOCK TABLE previews")
            one = subprocess.Popen([os.path.join(OPS, "backup"), "--site", site.path, "dump"],
                                   env={**clean_environment(), **self.environment, **now},
                                   text=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
            self.addCleanup(one.kill)
            wait_until(lambda: self.unfinished(self.first) or one.poll() is not None,
                       "it is being written", 60)
            self.assertIn("running already", self.ops("backup", "dump", code=1, **now))
            holder.run("COMMIT")
            said = one.communicate(timeout=120)[1]
        self.assertEqual(one.returncode, 0, said)

    def test_zz_what_is_seven_days_old_goes(self):
        """The last of this class: it ages what the others use."""
        old = set(self.files(self.first, r"Z\."))
        self.ops("backup", "dump", PATH=self.clock("now + 6 days"))
        self.assertLessEqual(old, set(self.files(self.first, r"Z\.")))
        oldest = min(self.archive)
        said = self.ops("backup", PATH=self.clock("now + 7 days 1 hour"))
        self.assertIn("has expired", said)
        for where in (self.first, self.second):
            left = set(self.files(where, r"Z\."))
            self.assertEqual(old & left, set(), where)
            self.assertEqual(len([f for f in left if f.endswith(".info")]), 3)
            self.assertNotIn(oldest, os.listdir(os.path.join(where, "wal")))
        # The newest stays, whatever its age; and while backups fail, all do.
        kept = self.files(self.first, r"Z\.")
        self.ops("backup", "dump", PATH=self.clock("now + 30 days"))
        self.assertEqual([f for f in kept if "base" in f], self.files(self.first, r"^2\w+Z\."))
        kept = self.files(self.first)
        os.rename(self.second, self.second + "-away")
        with open(self.second, "w", encoding="ascii"):  # where no folder can be
            pass
        said = self.ops("backup", "dump", PATH=self.clock("now + 60 days"), code=1)
        self.assertIn("failed: second", said)
        self.assertLessEqual(set(kept), set(self.files(self.first)))
        figures = self.metrics("waybill_backup.prom")
        self.assertEqual(figures["waybill_backup_failed"], "1")
        # A disk that is full of them lets no new one be made: by hand, they go all the same.
        os.unlink(self.second)
        os.rename(self.second + "-away", self.second)
        full = self.files(self.first)
        self.assertNotIn("would", self.ops("backup", "--dry-run", "expire"))
        self.assertIn("has expired", self.ops("backup", "expire", PATH=self.clock("now + 60 days")))
        self.assertLess(set(self.files(self.first)), set(full))
        self.assertEqual(len(self.files(self.first, r"Z\.info")), 2)
        self.assertEqual(self.metrics("waybill_backup.prom"), figures)


class Alone(BackupCase):
    """No second location, no key, and no archive."""
    encrypted = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.settings.update({"backup_second": "", "wal_archive": "off"})

    def damage(self):
        """An entry of an index says something else than its row."""
        path = os.path.join(self.data, self.db.value(
            "SELECT pg_relation_filepath('waybills_pkey')"))
        self.cluster.stop()
        with open(path, "r+b") as f:
            f.seek(2 * 8192 - 16 - 8 * 16)  # the 8th entry of page 1: behind what ends the page
            entry = f.read(16)
            f.seek(-8, os.SEEK_CUR)
            f.write(b"\x7f" * 8)
        self.assertEqual(len(entry), 16)
        self.cluster.start()

    def test_a_backup_by_itself_and_a_database_that_is_damaged_inside(self):
        rows = ", ".join(f"('JT{n}', 'pending')" for n in range(50))
        self.db.query(f"INSERT INTO waybills (waybill_number, status) VALUES {rows}")
        self.ops("backup")
        into = self.at("again")
        self.addCleanup(self.drop_cluster, into)
        self.assertRegex(self.ops("restore", "--into", into), r"waybills +50\n")
        self.assertIn("made without wal_archive",
                      self.ops("restore", "--to", "now", "--into", self.at("then"), code=1))
        self.assertIn("come back", self.ops("restore-drill"))
        # What pg_verifybackup cannot see: it was so before it was copied.
        self.damage()
        self.ops("backup")
        said = self.ops("restore-drill", code=1)
        self.assertIn("pg_amcheck finds the restored database corrupted", said)
        self.assertIn("waybills_pkey", said)
        self.assertIn("failed: inside", said)


class Space(BackupCase):
    encrypted = False
    FULL = """mount -t tmpfs -o "$1" none "$0/base" && shift || exit 99
"$@" >&2; status=$?
ls -A "$0/base"; exit $status"""

    def test_a_refusal_is_told_to_prometheus(self):
        """It once ended before it told anybody, and a day went by."""
        for script, name in (("backup", "backup"), ("restore-drill", "drill")):
            for settings, environment in (({"backup_key_file": "/nonexistent"}, {}),
                                          ({"backup_dir": self.at("nowhere")}, {}),
                                          ({}, {"PGHOST": "/nonexistent"})):
                with self.subTest(script=script, settings=settings):
                    path = os.path.join(self.figures, f"waybill_{name}.prom")
                    if os.path.exists(path):
                        os.unlink(path)
                    self.ops(script, code=1, settings=settings, **environment)
                    self.assertEqual(self.metrics(f"waybill_{name}.prom")[f"waybill_{name}_failed"], "1")
        self.ops("backup", "wal", code=1, settings={"backup_dir": self.at("nowhere")})
        self.assertEqual(self.metrics("waybill_wal.prom")["waybill_wal_archive_failing"], "1")
        # A standby archives nothing: its alarm of a refusal once never ended.
        standby = Standby(self.cluster)
        self.addCleanup(standby.drop)
        self.ops("backup", "--dry-run", "wal", PGHOST=standby.socket)
        self.assertEqual(self.metrics("waybill_wal.prom")["waybill_wal_archive_failing"], "1")
        self.assertIn("this is a standby", self.ops("backup", "wal", PGHOST=standby.socket))
        self.assertEqual(self.metrics("waybill_wal.prom"), {"waybill_wal_archive_failing": "0"})

    def test_a_full_disk_leaves_nothing_half(self):
        if os.geteuid() != 0 or run("unshare", "-m", "true").returncode != 0:
            self.skipTest("only root may mount a small disk here")
        site = Site(**{**self.settings, "backup_second": ""})
        self.addCleanup(site.remove)
        os.chmod(site.folder, 0o755)
        for options, reason in (("size=8m,mode=777", r"a base backup needs \d+ MB in "),
                                ("size=1g,nr_inodes=100,mode=777", "No space left on device")):
            with self.subTest(options):
                out = run("unshare", "-m", "sh", "-c", self.FULL, self.first, options,
                          os.path.join(OPS, "backup"), "--site", site.path, "base",
                          env=self.environment)
                self.assertEqual((out.returncode, out.stdout), (1, ""), out)
                self.assertRegex(out.stderr, reason)
                self.assertIn("failed: base", out.stderr)
        self.assertEqual(self.unfinished(self.first), [])

    def made(self, where, days, start=0, kinds=("base", "dump")):
        """What a backup of so many days ago has left, its log beginning at that place."""
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() - days * 86400))
        with open(f"{where}/wal/00000001000000000000{start:04X}.gz", "w", encoding="ascii"):
            pass
        for kind in kinds:
            name, more = {"base": (f"base/{stamp}", ".tar.gz"),
                          "dump": (f"warehousedb-{stamp}", ".sql.gz")}[kind]
            with open(f"{where}/{name}{more}", "w", encoding="ascii"):
                pass
            with open(f"{where}/{name}.info", "w", encoding="ascii") as f:
                f.write(f"file {name}{more}\nsha256 {hashlib.sha256().hexdigest()}\nfinished 1\n"
                        f"start 00000001000000000000{start:04X}\n")
        if os.geteuid() == 0 and "AS_POSTGRES" not in self.environment:
            run("chown", "-R", "postgres:", where)
        return stamp

    def left(self, where):
        """(stamps of base backups, stamps of dumps, places in the log)"""
        return tuple(set(re.findall(pattern, "\n".join(os.listdir(folder)))) for folder, pattern in (
            (f"{where}/base", r"(\w+)\.info"), (where, r"-(\w+)\.info"),
            (f"{where}/wal", r"\w{20}(\w{4})\.gz")))

    def test_a_clock_that_was_wrong(self):
        """What it dated ahead was the newest until that day, and its log went; while it was ahead, all
        but the newest had expired."""
        where = os.path.dirname(self.at("first", "x"))
        for name in ("wal", "base"):
            folder_for_postgres(where, name)
        site = {"settings": {"backup_dir": where, "backup_second": ""}}
        good = {self.made(where, days, 50 - days) for days in range(1, 7)}
        old = {self.made(where, days, 50 - days) for days in (8, 9)}
        said = self.ops("backup", "dump", PATH=self.clock("now + 400 days"), **site)
        self.assertIn("was the clock wrong?", said)
        bases, dumps, log = self.left(where)
        self.assertLessEqual(good | old, bases & dumps)
        # It is right again: what it dated is not the newest, and has its log until it goes.
        ahead = self.made(where, -399.5, 30, ["base"])
        self.assertNotIn(ahead, self.ops("restore", "--dry-run", **site))
        said = self.ops("backup", "dump", **site)
        self.assertRegex(said, rf"these stay: {ahead}\S+ {ahead}\S+\n")
        bases, dumps, log = self.left(where)
        self.assertEqual((bases, len(dumps)), (good | {ahead}, 7))
        self.assertIn(f"{30:04X}", log)
        # The one that is the first by its date is not the first in the log.
        behind = self.made(where, 6.5, 60)
        self.assertNotIn("the clock", self.ops("backup", "dump", **site))
        bases, dumps, log = self.left(where)
        self.assertEqual((bases, good - dumps), (good | {behind}, set()))
        self.assertEqual(min(log), f"{50 - 6:04X}")

    def test_another_cluster_s_log_is_noticed(self):
        """After pg_upgrade timelines begin anew: a restore followed the old cluster's, and stopped."""
        for where in (self.first, self.second):
            path = f"{where}/wal/00000002.history.gz"
            self.addCleanup(lambda p=path: os.path.exists(p) and os.unlink(p))
        folder_for_postgres(self.second, "wal")
        with open(f"{self.first}/wal/00000002.history.gz", "w", encoding="ascii"):
            pass
        said = self.ops("backup", "base", settings={"backup_second": ""}, code=1)
        self.assertIn("00000002.history.gz is another cluster's", said)
        os.rename(f"{self.first}/wal/00000002.history.gz", f"{self.second}/wal/00000002.history.gz")
        said = self.ops("backup", "dump", code=1)
        self.assertIn(f"{self.second}/wal/00000002.history.gz is another cluster's", said)

    def test_a_folder_that_is_not_mounted(self):
        said = self.ops("backup", "wal", code=1)
        self.assertIn(f"touch {self.second}/.waybill-backups", said)


class Segments(unittest.TestCase):
    """ops/wal by itself."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="waybill-wal-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.key = os.path.join(self.folder, "key")
        run("age-keygen", "-o", self.key)
        self.segment = os.path.join(self.folder, "segment")
        self.back = os.path.join(self.folder, "back")
        with open(self.segment, "wb") as f:
            f.write(os.urandom(100000))
        self.archive = os.path.join(self.folder, "wal")
        os.mkdir(self.archive)

    def wal(self, *words, code=0):
        out = run(os.path.join(OPS, "wal"), *words)
        self.assertEqual(out.returncode, code, out)
        return out.stderr

    def test_there_and_back(self):
        for key, suffix in ((self.key, ".gz.age"), ("-", ".gz")):
            with self.subTest(suffix):
                name = f"00000001000000000000000{len(suffix)}"
                path = os.path.join(self.archive, name + suffix)
                self.wal("put", self.archive, key, self.segment, name)
                self.wal("put", self.archive, key, self.segment, name)  # asked once more
                self.wal("get", self.key, name, self.back, "/nonexistent", self.archive)
                self.assertEqual(run("cmp", self.segment, self.back).returncode, 0)
                other = os.path.join(self.folder, "other")
                with open(other, "wb") as f:
                    f.write(b"x")
                self.assertIn("other content",
                              self.wal("put", self.archive, key, other, name, code=1))
                with open(path, "r+b") as f:
                    f.seek(50000)
                    f.write(b"damage")
                # Not "there is none": PostgreSQL would take that for the end of the log.
                self.assertIn("cannot be read",
                              self.wal("get", self.key, name, self.back, self.archive, code=200))
                self.assertFalse(os.path.exists(self.back))
        self.wal("get", "-", "0" * 24, self.back, self.archive, code=1)
        self.assertEqual([f for f in os.listdir(self.archive) if f.startswith(".")], [])

    def test_what_cannot_be_written_is_refused(self):
        self.assertIn("could not be written", self.wal(
            "put", os.path.join(self.folder, "none"), "-", self.segment, "0" * 24, code=1))
        self.assertIn("could not be written", self.wal(
            "put", self.archive, "/nonexistent", self.segment, "0" * 24, code=1))
        self.assertEqual(os.listdir(self.archive), [])

    def test_one_that_is_killed_leaves_nothing_elsewhere(self):
        stuck, scratch = os.path.join(self.folder, "stuck"), os.path.join(self.folder, "tmp")
        os.mkfifo(stuck)
        os.mkdir(scratch)
        process = subprocess.Popen(
            [os.path.join(OPS, "wal"), "put", self.archive, "-", stuck, "0" * 24],
            start_new_session=True, env={**clean_environment(), "TMPDIR": scratch})
        wait_until(lambda: children_of(process.pid), "it waits")
        os.killpg(process.pid, 9)
        process.wait()
        self.assertEqual(os.listdir(scratch), [])


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return f.read().split()


if __name__ == "__main__":
    unittest.main()
