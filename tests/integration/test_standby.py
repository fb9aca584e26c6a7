"""A primary and its standby, set up by the scripts in hosts of their own, and failover-db: what it
does to PostgreSQL when a host is lost, frozen, cut off, or only taken out for maintenance."""

import contextlib
import os
import re
import signal
import subprocess
import unittest

from support import hosts
from support.hosts import Hosts
from support.pg import ROOT, newest_postgresql
from support.wait import wait_until

VERSION = str(newest_postgresql())
DATA = f"/var/lib/postgresql/{VERSION}/main"


@unittest.skipUnless(hosts.can(), "needs root, namespaces, overlays and nft")
class StandbyCase(unittest.TestCase):
    settings = {}

    @classmethod
    def setUpClass(cls):
        cls.site = Hosts(**cls.settings)
        cls.addClassCleanup(cls.site.stop)
        cls.said = {"setup-db": cls.site.script("db", "setup-db")}
        for name in ("db", "replication"):
            cls.site.copy(f"/etc/waybill/{name}.password", "db", "db2")
        cls.said["setup-standby"] = cls.site.script("db2", "setup-standby")
        cls.said["together"] = cls.site.script("db", "setup-db")
        cls.site.sql("db", "CREATE TABLE note (n integer)", "warehousedb")

    def failover(self, *words, code=0):
        got, said = self.site.anywhere("failover-db", *words)
        self.assertEqual(got, code, said)
        return said

    def states(self):
        return self.site.state("db"), self.site.state("db2")

    def waits_for(self, name):
        return self.site.sql(name, "SHOW synchronous_standby_names")

    def note(self, name, n):
        self.site.sql(name, f"INSERT INTO note VALUES ({n})", "warehousedb")

    def notes(self, name):
        return self.site.sql(name, "SELECT string_agg(n::text, ' ' ORDER BY n) FROM note",
                             "warehousedb").split()

    def pair(self):
        """(primary, standby), commits waiting: what each test begins with and leaves."""
        names = ("db", "db2") if self.site.state("db") == "primary" else ("db2", "db")
        self.assertEqual(self.site.state(names[1]), "standby")
        self.comes(lambda: self.waits_for(names[0]), f'FIRST 1 ("{names[1]}")')
        return names

    def comes(self, ask, want):
        """What a reload changes, or a connection that ended, is seen a moment later."""
        with contextlib.suppress(AssertionError):
            wait_until(lambda: ask() == want, "it comes", 30)
        self.assertEqual(ask(), want)

    def watched(self, name):
        """What Prometheus is told of the database there, but for slots."""
        said = self.site.script_of_postgres(name, "watch-db", "--dry-run")
        return dict(re.findall(r"^waybill_(?:database_)?(\w+) (\S+)$", said, re.MULTILINE))

    def boot_firewall(self):
        """What a boot of the application host, or a reload, makes of its rules."""
        path = f"{self.site.folder}/nftables.conf"
        with open(path, "w", encoding="ascii") as f:
            f.write(self.site.text("nftables.conf", "app1").replace("/etc/waybill", self.site.fences))
        subprocess.run(["nft", "flush", "ruleset"], check=True)
        subprocess.run(["nft", "-f", path], check=True)
        # Its other rules would part the hosts, whose bridge is here.
        subprocess.run(["nft", "delete", "table", "inet", "waybill"], check=True)

    def answers(self, name):
        """Does PostgreSQL there answer an application host?"""
        return subprocess.run(["pg_isready", "-q", "-t", "2", "-h", self.site.address(name)],
                              check=False).returncode == 0


class SettingUp(StandbyCase):
    def test_once(self):
        self.assertIn("let replicator replicate", self.said["setup-db"])
        self.assertIn("copy the primary, 198.18.77.31", self.said["setup-standby"])
        self.assertIn("waybill-standby.conf", self.said["together"])
        self.assertNotIn("restart", self.said["together"])
        self.assertEqual(self.states(), ("primary", "standby"))
        self.comes(lambda: self.waits_for("db"), 'FIRST 1 ("db2")')
        self.comes(lambda: self.site.sql(
            "db", "SELECT application_name, sync_state, (SELECT slot_name FROM pg_replication_slots"
            " WHERE active) FROM pg_stat_replication"), "db2|sync|db2")

    def test_twice(self):
        for name, script in (("db", "setup-db"), ("db2", "setup-standby")):
            self.assertIn(f"{name}: nothing to change", self.site.script(name, script))

    def test_not_the_wrong_way_round(self):
        for name, script, reason in (
                ("db2", "setup-db", "db2 is a standby now: setup-standby is for it"),
                ("db", "setup-standby", "there must be one that answers")):
            self.assertIn(reason, self.site.script(name, script, ok=False))
        self.assertEqual(self.states(), ("primary", "standby"))

    def test_who_may_come(self):
        self.assertIn("no pg_hba.conf entry", subprocess.run(
            ["psql", "-d", f"host={self.site.address('db')} user=replicator dbname=postgres"],
            capture_output=True, text=True, check=False).stderr)

    def test_what_is_there_is_kept(self):
        self.site.run("db2", "pg_ctlcluster", VERSION, "main", "stop")
        self.site.run("db2", "rm", f"{DATA}/standby.signal")
        said = self.site.script("db2", "setup-standby", ok=False)
        self.assertIn("--replace moves it aside", said)
        said = self.site.script("db2", "setup-standby", "--replace")
        self.assertIn("db2: done", said)
        self.assertIn("main.before-", self.site.run("db2", "ls", os.path.dirname(DATA)))
        self.assertEqual(self.pair(), ("db", "db2"))

    def test_data_without_settings_is_kept(self):
        """As on a machine whose /etc was made anew: the package's tool would adopt the data."""
        self.site.run("db2", "pg_ctlcluster", VERSION, "main", "stop")
        self.site.run("db2", "rm", "-r", f"/etc/postgresql/{VERSION}/main")
        self.site.run("db2", "touch", f"{DATA}/what_was_there")
        self.assertIn("what was there is in", self.site.script("db2", "setup-standby", "--replace"))
        self.site.run("db2", "sh", "-c", f"ls {DATA}.before-*/what_was_there")
        self.site.script("db", "setup-db")
        self.assertEqual(self.pair(), ("db", "db2"))

    def test_no_restore_beside_a_primary(self):
        self.site.run("db2", "pg_ctlcluster", VERSION, "main", "stop")
        said = self.site.script_of_postgres("db2", "restore", "--live", "--dry-run", ok=False)
        self.assertIn("db takes the site's writes", said)
        self.site.script("db2", "setup-standby")
        self.assertEqual(self.pair(), ("db", "db2"))

    def test_no_patroni_without_votes(self):
        """It once stopped the primary first, and then waited for a majority for ever."""
        site = f"{self.site.folder}/patroni.conf"
        with open(self.site.site, encoding="ascii") as f, open(site, "w", encoding="ascii") as to:
            to.write(f.read() + "patroni = on\n")
        self.addCleanup(self.site.script, "db", "setup-db")  # the firewall without etcd
        for name, text in (("systemctl", f'''echo "$@" >>{self.site.folder}/systemctl
                case "$*" in *is-active*|*is-enabled*) exit 3 ;; esac'''), ("etcdctl", "exit 1")):
            self.site.program(name, text)
            self.addCleanup(self.site.program, name)
        self.site.run("db", "mkdir", "-p", "/run/systemd/system")
        self.addCleanup(self.site.run, "db", "rm", "-r", "/run/systemd")
        said = self.site.run("db", "env", "ETCD_SECONDS=1", f"{ROOT}/ops/setup-patroni", "--site", site,
                             "--host", "db", ok=False)
        self.assertIn("etcd has no majority yet", said)
        with open(f"{self.site.folder}/systemctl", encoding="ascii") as f:
            said = f.read()
        self.assertIn("start --no-block etcd\n", said)
        self.assertNotRegex(said, "postgresql|patroni")
        self.assertEqual(self.site.run("db", "ls", "/etc/patroni"), "")
        self.assertEqual(self.pair(), ("db", "db2"))

    def test_a_password_of_another_time(self):
        """As after a restore: the file has a new one, the database the old one."""
        self.site.run("db", "sh", "-c", "echo another >/etc/waybill/db.password")
        said = self.site.script("db", "setup-db")
        self.assertIn("make role waybill", said)
        self.assertNotIn("make role replicator", said)
        self.assertIn("db: nothing to change", self.site.script("db", "setup-db"))
        self.site.copy("/etc/waybill/db.password", "db", "db2")


class Moving(StandbyCase):
    def test_a_look_changes_nothing(self):
        primary, standby = self.pair()
        for words in (["--force"], ["--planned"], ["--alone"], ["--rejoin", standby]):
            self.failover("--dry-run", *words)
        self.assertEqual(self.pair(), (primary, standby))

    def test_what_is_refused(self):
        primary, _ = self.pair()
        for words, code, reason in (
                (["db9"], 2, "'db9' is no db host"), (["--rejoin"], 2, "--rejoin needs a host"),
                (["--planned", "--alone"], 2, "one of"), (["--planned", "--force"], 2, "--force is"),
                ([primary], 1, f"{primary} is the primary"), (["--frce"], 2, "unknown option"),
                (["db", "db2"], 2, "one host at most")):
            self.assertIn(reason, self.failover(*words, code=code))

    def test_two_at_once(self):
        """The second one would have stopped what the first had just started."""
        primary, standby = self.pair()
        other = subprocess.Popen(self.site.words(
            standby, "flock", "/run/waybill-failover.lock", "sh", "-c", "echo; exec cat"),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(other.communicate)  # the lock goes with cat, not with flock
        other.stdout.readline()
        for words in ([], ["--planned"], ["--rejoin", standby]):
            self.assertIn("somebody is at it already", self.failover(*words, code=1))
        self.failover("--dry-run", "--planned")
        self.assertEqual(self.pair(), (primary, standby))

    def test_planned(self):
        old, new = self.pair()
        self.note(old, 1)
        said = self.failover("--planned")
        self.assertIn(f"{new} has everything", said)
        self.assertEqual(self.pair(), (new, old))
        self.assertIn("1", self.notes(new))
        self.note(new, 2)
        wait_until(lambda: "2" in self.notes(old), "the old primary follows", 60)

    def test_a_primary_that_is_well_is_not_lost(self):
        """It was stopped all the same, and the site had one database left."""
        primary, standby = self.pair()
        self.assertIn(f"works, and {standby} follows it", self.failover(code=1))
        self.assertEqual(self.pair(), (primary, standby))

    def test_a_primary_that_died(self):
        old, new = self.pair()
        self.note(old, 3)
        self.site.signal(old, signal.SIGKILL)
        self.assertIn("commits wait for nobody, because no standby is left", self.failover())
        self.assertEqual(self.site.state(new), "primary")
        self.comes(lambda: self.waits_for(new), "")
        self.note(new, 4)
        # Whoever starts it: it is no second primary.
        self.site.run(old, "pg_ctlcluster", VERSION, "main", "start")
        self.assertEqual(self.site.state(old), "standby")
        # Nor may it become one: it follows nobody.
        said = self.failover("--planned", code=1)
        self.assertIn(f"{old}: behind", said)
        self.assertIn("no standby answers", said)
        self.failover("--rejoin", old)
        self.assertEqual(self.pair(), (new, old))
        # It once kept whom its commits had waited for as a primary.
        self.assertIn(f"{old}: nothing to change", self.site.script(old, "setup-standby"))
        wait_until(lambda: {"3", "4"} <= set(self.notes(old)), "the old primary has both", 60)
        self.assertIn("nothing to change", self.failover("--rejoin", old))

    def test_a_primary_that_is_frozen(self):
        old, new = self.pair()
        self.site.signal(old, signal.SIGSTOP)
        self.failover()
        self.site.signal(old, signal.SIGCONT)
        self.assertEqual((self.site.state(old), self.site.state(new)), ("down", "primary"))
        self.failover("--rejoin", old)
        self.assertEqual(self.pair(), (new, old))

    def test_a_primary_that_cannot_be_reached(self):
        """It runs, and nobody can stop it: the application hosts refuse it."""
        old, new = self.pair()
        self.site.lose(old)
        self.assertTrue(self.answers(old))
        self.assertIn("every application host refuses", self.failover())
        self.assertFalse(self.answers(old))
        self.boot_firewall()
        self.assertFalse(self.answers(old))
        self.assertEqual((self.site.state(old), self.site.state(new)), ("primary", "primary"))
        self.note(new, 5)
        self.site.reach(old)
        self.assertIn("2 hosts are a primary", self.failover("--planned", code=1))
        self.failover("--rejoin", old)
        self.assertTrue(self.answers(old))
        self.assertEqual(self.pair(), (new, old))
        wait_until(lambda: "5" in self.notes(old), "the old primary follows", 60)

    def test_a_primary_that_may_still_take_writes(self):
        old, new = self.pair()
        self.site.lose(old)
        self.site.lose("app1")
        self.addCleanup(self.site.reach, "app1", "here")
        said = self.failover(code=1)
        self.assertIn("It may still take writes", said)
        self.assertEqual((self.site.state(old), self.site.state(new)), ("primary", "standby"))
        self.assertIn("RISK taken", self.failover("--force"))
        self.assertEqual(self.site.state(new), "primary")
        self.site.reach(old)
        self.site.reach("app1", "here")
        self.failover("--rejoin", old)
        self.assertEqual(self.pair(), (new, old))

    def test_a_standby_that_is_away(self):
        primary, standby = self.pair()
        self.site.signal(standby, signal.SIGKILL)
        self.assertIn("no standby answers", self.failover(code=1))
        self.comes(lambda: self.watched(primary), {
            "answers": "1", "primary": "1", "standbys": "1", "standbys_streaming": "0",
            "commits_wait": "1", "standbys_waited_for": "0"})
        self.assertEqual(self.watched(standby), {"answers": "0"})
        self.assertIn("RISK", self.failover("--alone"))
        self.comes(lambda: self.watched(primary)["commits_wait"], "0")
        self.note(primary, 6)
        self.assertIn("nothing to change", self.failover("--alone"))
        self.site.script(standby, "setup-standby")
        # Nobody waited for it: it may lack something.
        self.site.signal(primary, signal.SIGKILL)
        self.assertIn("do not wait for", self.failover(code=1))
        self.site.run(primary, "pg_ctlcluster", VERSION, "main", "start")
        self.assertEqual(self.site.state(primary), "primary")
        self.failover("--rejoin", standby)
        self.assertEqual(self.pair(), (primary, standby))
        self.comes(lambda: self.watched(primary), {
            "answers": "1", "primary": "1", "standbys": "1", "standbys_streaming": "1",
            "commits_wait": "1", "standbys_waited_for": "1"})
        self.assertEqual(self.watched(standby), {"answers": "1", "primary": "0"})

    def test_an_update(self):
        """First the standby, then the other, which is a standby by then; apt is a stand-in."""
        primary, standby = self.pair()
        for name in ("apt-get", "apt-cache", "dpkg-query"):
            self.addCleanup(self.site.program, name)
        self.site.program("apt-cache", "echo '  Candidate: 99-1'")
        self.site.program("dpkg-query", "cat /etc/waybill/postgresql.version 2>/dev/null || echo 1-1")
        self.site.program("apt-get", '''case "$*" in
            *" update"*) ;;
            *) pg_ctlcluster ''' + VERSION + ''' main restart; hostname=$(cat /etc/waybill/name)
               echo "$hostname $(runuser -u postgres -- psql -XAtc "SELECT pg_is_in_recovery()")" >>'''
                          + self.site.folder + '''/updates
               echo 99-1 >/etc/waybill/postgresql.version ;;
            esac''')
        for name in ("db", "db2"):
            self.site.run(name, "sh", "-c", f"echo {name} >/etc/waybill/name")
        code, said = self.site.anywhere("rolling-upgrade-db", "--dry-run")
        self.assertEqual((code, "3 changes to make" in said), (0, True), said)
        code, said = self.site.anywhere("rolling-upgrade-db")
        self.assertEqual(code, 0, said)
        with open(f"{self.site.folder}/updates", encoding="ascii") as f:
            self.assertEqual(f.read(), f"{standby} t\n{primary} t\n")
        self.assertEqual(self.pair(), (standby, primary))
        code, said = self.site.anywhere("rolling-upgrade-db")
        self.assertEqual((code, "nothing to change" in said), (0, True), said)
        # Nothing is touched while the standby does not follow.
        self.site.program("apt-cache", "echo '  Candidate: 100-1'")
        self.site.run(primary, "pg_ctlcluster", VERSION, "main", "stop")
        code, said = self.site.anywhere("rolling-upgrade-db")
        self.assertEqual((code, "one standby must answer" in said), (1, True), said)
        self.site.run(primary, "pg_ctlcluster", VERSION, "main", "start")


class Three(StandbyCase):
    """Two standbys: commits wait for one of them, which need not be the one that answers."""
    settings = {"third": True}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name in ("db", "replication"):
            cls.site.copy(f"/etc/waybill/{name}.password", "db", "db3")
        cls.site.script("db3", "setup-standby")
        cls.site.script("db", "setup-db")

    def test_who_may_have_more_must_answer(self):
        self.comes(lambda: self.waits_for("db"), 'FIRST 1 ("db2","db3")')
        self.site.signal("db2", signal.SIGKILL)
        self.note("db", 1)  # db3 has it, db2 has not
        self.site.signal("db3", signal.SIGKILL)
        self.site.signal("db", signal.SIGKILL)
        self.site.run("db2", "pg_ctlcluster", VERSION, "main", "start")
        said = self.failover(code=1)
        self.assertIn("commits on db do not wait for db2 alone", said)
        # Whom db's commits waited for cannot be read now. db3, which is down, was once no reason to stop.
        self.site.lose("db")
        self.assertIn("db db3: one of them may have been the primary", self.failover(code=1))
        self.assertEqual(self.site.state("db2"), "standby")
        self.site.lose("db3")
        self.assertIn("db db3: one of them may have been the primary", self.failover(code=1))
        self.assertEqual(self.site.state("db2"), "standby")
        self.site.reach("db")
        self.site.reach("db3")
        # With all that commits waited for, the one that has most takes over.
        self.site.run("db3", "pg_ctlcluster", VERSION, "main", "start")
        self.failover()
        self.assertEqual(self.site.state("db3"), "primary")
        self.assertEqual(self.notes("db3"), ["1"])
        self.comes(lambda: self.waits_for("db3"), 'FIRST 1 ("db2")')
        self.failover("--rejoin", "db")
        self.comes(lambda: self.waits_for("db3"), 'FIRST 1 ("db","db2")')


if __name__ == "__main__":
    unittest.main()
