"""deploy-app and verify-site against two real servers behind a real HAProxy; ssh, and what a
package's installation does to a system, are stand-ins (support/fake_ssh)."""

import json
import os
import re
import signal
import subprocess
import threading
import unittest

from support.balancer import Balancer, password
from support.pg import ROOT, Cluster, clean_environment
from support.server import Server
from support.site import run
from support.wait import wait_until

OPS = os.path.join(ROOT, "ops")
# A host's programs: a package is its file, a restart is a reload of the server.
PROGRAMS = {
    "apt-get": 'for p; do :; done; test ! -e "$HERE/full" || { echo "no space left" >&2; exit 100; }\n'
               'if test -e "$HERE/slow"; then rm "$HERE/slow"; sleep 60; fi\n'
               'dpkg-deb -f "$p" Version >"$HERE/version"',
    "dpkg": "exit 0",
    "dpkg-query": 'cat "$HERE/version"',
    "waybillctl": 'test ! -e "$HERE/broken" || test "$(cat "$HERE/version")" != 2.0',
    "systemctl": 'case $1 in restart) kill -HUP "$(cat "$HERE/pid")" ;;\n'
                 'is-active) if test -e "$HERE/stopped-$2"; then echo inactive; else echo active; fi ;; esac',
    "setpriv": 'test ! -e "$HERE/frozen" || sleep 60\n'
               'case $* in *max_connections*) echo 120 ;; *pg_stat_activity*) cat "$HERE/connections" ;;\n'
               '*) echo f ;; esac',
    # Nobody waits for a frozen one here for as long as one does there.
    "timeout": 'shift; for_=60; test ! -e "$HERE/frozen" || for_=0.5; exec /usr/bin/timeout $for_ "$@"',
    "ip": 'cat "$HERE/addresses"',
}


class Deploy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.db = Cluster.shared().database()
        cls.addClassCleanup(cls.db.drop)
        cls.servers = []
        for _ in range(2):
            server = Server(cls.db.conninfo, {"trusted_proxies": "127.0.0.1"})
            cls.addClassCleanup(server.kill)
            cls.servers.append(server.start())
        cls.balancer = Balancer([s.port.number for s in cls.servers])
        cls.addClassCleanup(cls.balancer.stop)
        cls.balancer.wait_for("UP", "app1", "app2")
        cls.folder = cls.balancer.folder
        cls.debs = [cls.package(v) for v in ("1.0", "2.0")]
        cls.hosts = {}
        for name, address in (("lb1", "11"), ("lb2", "12"), ("db", "31"), ("mon", "41")):
            folder = cls.host(name, address, {
                "/run/haproxy": cls.folder, "/run/waybill-": os.path.join(cls.folder, "waybill-"),
                "/etc/waybill": os.path.join(cls.folder, name)})
            cls.write(folder, "version", "1.0\n")
            cls.write(folder, "connections", "40\n")
            cls.write(folder, "stats.password", password() + "\n")
        for i, server in enumerate(cls.servers, 1):
            folder = cls.host(f"app{i}", f"2{i}", {
                "http://127.0.0.1:8080": server.url, "/var/cache/waybill":
                os.path.join(cls.folder, f"app{i}")})
            cls.write(folder, "pid", str(server.pid))
        cls.frozen = cls.host("db2", "32", {})
        cls.write(cls.frozen, "frozen", "")
        del cls.hosts["127.0.77.32"]  # away
        cls.write(os.path.join(cls.folder, "lb1"), "addresses", "2: eth0 inet 127.0.77.10/32\n")
        cls.map = cls.write(cls.folder, "hosts.json", json.dumps(cls.hosts))

    @staticmethod
    def write(folder, name, text):
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    @classmethod
    def package(cls, version):
        folder = os.path.join(cls.folder, "package", "DEBIAN")
        os.makedirs(folder, exist_ok=True)
        cls.write(folder, "control", f"Package: waybill\nVersion: {version}\nArchitecture: all\n"
                  "Maintainer: x <x@localhost>\nDescription: x\n")
        path = os.path.join(cls.folder, f"{version}.deb")
        out = run("dpkg-deb", "--root-owner-group", "-b", os.path.dirname(folder), path)
        assert out.returncode == 0, out
        return path

    @classmethod
    def host(cls, name, address, replace):
        folder = os.path.join(cls.folder, name)
        os.mkdir(folder)
        for program, text in PROGRAMS.items():
            path = cls.write(folder, program, f"#!/bin/sh\nHERE={folder}\n{text}\n")
            os.chmod(path, 0o755)
        cls.write(folder, "addresses", "")
        cls.hosts[f"127.0.77.{address}"] = {"replace": replace, "path": folder}
        return folder

    def setUp(self):
        for i in (1, 2):
            folder = os.path.join(self.folder, f"app{i}")
            self.write(folder, "version", "1.0\n")
            with open(self.debs[0], "rb") as f, open(os.path.join(folder, "current.deb"), "wb") as to:
                to.write(f.read())
            for name in ("broken", "full", "new.deb"):
                if os.path.exists(os.path.join(folder, name)):
                    os.unlink(os.path.join(folder, name))
        for i in (1, 2):
            self.balancer.tell(f"set server waybill/app{i} state ready")
        self.balancer.wait_for("UP", "app1", "app2")

    def call(self, script, *words):
        return run(os.path.join(OPS, script), "--site", self.balancer.site.path, *words,
                   env=self.environment())

    def begin(self, *words):
        """deploy-app, in a process group of its own, as a terminal has it."""
        process = subprocess.Popen(
            [os.path.join(OPS, "deploy-app"), "--site", self.balancer.site.path, *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True, env={**clean_environment(), **self.environment()},
            # Whoever runs the tests in the background has them ignore it.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def environment(self):
        return {"SSH": os.path.join(ROOT, "tests", "support", "fake_ssh"), "SUDO": "",
                "FAKE_SSH": self.map, "DRAIN": "20"}

    def versions(self):
        return [open(os.path.join(self.folder, f"app{i}", "version"),  # noqa: SIM115
                     encoding="ascii").read().strip() for i in (1, 2)]

    def while_asking(self, work):
        """(what work() gave, requests that failed, all requests), people asking meanwhile."""
        failed, count, stop = [], [0], threading.Event()

        def ask(cookie):
            # Two stations, below the limit for one address
            while not stop.wait(0.03):
                r = self.balancer.client.post("/scan", {"waybill_number": "JT1"}, {"Cookie": cookie})
                count[0] += 1
                if r.status != 404:
                    failed.append(r)
        threads = [threading.Thread(target=ask, args=(f"SERVERID=app{i}",)) for i in (1, 2)]
        for thread in threads:
            thread.start()
        try:
            return work(), failed, count
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def test_a_new_release_at_noon(self):
        would = self.call("deploy-app", "--dry-run", self.debs[1])
        self.assertEqual((would.returncode, would.stderr), (0, ""))
        self.assertIn("2 changes to make", would.stdout)
        self.assertEqual(self.versions(), ["1.0", "1.0"])
        out, failed, count = self.while_asking(lambda: self.call("deploy-app", self.debs[1]))
        self.assertEqual((out.returncode, out.stderr), (0, ""), out.stdout)
        self.assertEqual(failed, [])
        self.assertGreater(count[0], 50)
        self.assertEqual(self.versions(), ["2.0", "2.0"])
        steps = re.findall(r"(app\d): (maintenance|installing|up)", out.stdout)
        self.assertEqual(steps, [(a, s) for a in ("app1", "app2")
                                 for s in ("maintenance", "installing", "up")])
        again = self.call("deploy-app", self.debs[1])
        self.assertIn("nothing to change", again.stdout)
        back = self.call("deploy-app", self.debs[0])
        self.assertEqual((back.returncode, self.versions()), (0, ["1.0", "1.0"]), back)

    def test_the_first_failure_ends_it_and_goes_back(self):
        self.write(os.path.join(self.folder, "app1"), "broken", "")
        out, failed, _ = self.while_asking(lambda: self.call("deploy-app", self.debs[1]))
        self.assertEqual((out.returncode, failed), (1, []), out)
        self.assertIn("app1 runs its previous package again", out.stdout)
        self.assertIn("app1 could not be brought to 2.0", out.stderr)
        self.assertEqual(self.versions(), ["1.0", "1.0"])
        self.balancer.wait_for("UP", "app1", "app2")

    def test_one_that_was_stopped_half_way_is_taken_up(self):
        """Installed, and neither migrated nor restarted: it once counted as done."""
        folder = os.path.join(self.folder, "app1")
        self.write(folder, "version", "2.0\n")
        self.write(folder, "new.deb", "")
        self.balancer.tell("set server waybill/app1 state maint")
        out = self.call("deploy-app", self.debs[1])
        self.assertEqual((out.returncode, self.versions()), (0, ["2.0", "2.0"]), out)
        self.assertIn("app1: up with 2.0", out.stdout)
        self.assertIn("nothing to change", self.call("deploy-app", self.debs[1]).stdout)
        self.balancer.wait_for("UP", "app1", "app2")

    def test_one_that_was_stopped_before_anything_was_installed_goes_back(self):
        """It has the package of before, and stayed in maintenance."""
        self.balancer.tell("set server waybill/app1 state maint")
        out = self.call("deploy-app", self.debs[0])
        self.assertEqual((out.returncode, self.versions()), (0, ["1.0", "1.0"]), out)
        self.assertIn("app1: up with 1.0", out.stdout)
        self.assertIn("app2 has 1.0", out.stdout)
        self.balancer.wait_for("UP", "app1", "app2")

    def test_ctrl_c_lets_the_host_in_again(self):
        """It once stayed in maintenance until somebody noticed."""
        with self.balancer.client.connect() as c:  # an upload that does not come to its end
            c.send(b"POST /upload HTTP/1.1\r\nHost: x\r\nCookie: SERVERID=app1\r\nContent-Length: 1000\r\n"
                   b"Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n")
            wait_until(lambda: self.balancer.state("app1", "waybill_long")["scur"] == "1", "it is in flight")
            process = self.begin(self.debs[1])
            wait_until(lambda: "MAINT" in self.balancer.state("app1")["status"], "it is out")
            os.killpg(process.pid, signal.SIGINT)
            said = process.communicate(timeout=120)[0]
        self.assertEqual((process.returncode, self.versions()), (130, ["1.0", "1.0"]), said)
        self.assertIn("stopped: app1 gets requests again", said)
        self.balancer.wait_for("UP", "app1", "app2")

    def test_ctrl_c_goes_back_and_a_second_one_at_once_is_refused(self):
        slow = self.write(os.path.join(self.folder, "app1"), "slow", "")
        process = self.begin(self.debs[1])
        wait_until(lambda: not os.path.exists(slow), "it installs", 60)
        other = self.call("deploy-app", self.debs[1])
        self.assertEqual((other.returncode, other.stdout), (1, ""), other)
        self.assertIn("somebody is at it already", other.stderr)
        os.killpg(process.pid, signal.SIGINT)
        said = process.communicate(timeout=120)[0]
        self.assertEqual((process.returncode, self.versions()), (130, ["1.0", "1.0"]), said)
        self.assertIn("app1 runs its previous package again", said)
        self.balancer.wait_for("UP", "app1", "app2")
        out = self.call("deploy-app", self.debs[1])
        self.assertEqual((out.returncode, self.versions()), (0, ["2.0", "2.0"]), out)

    def test_one_that_cannot_be_reached_is_not_taken_out(self):
        hosts = dict(self.hosts)
        del hosts["127.0.77.21"]
        self.addCleanup(self.write, self.folder, "hosts.json", json.dumps(self.hosts))
        self.write(self.folder, "hosts.json", json.dumps(hosts))
        out = self.call("deploy-app", self.debs[1])
        self.assertEqual(out.returncode, 1)
        self.assertIn("app1 cannot be reached by ssh", out.stderr)
        # Not "MAINT"; "UP 1/3" behind a balancer's start.
        self.assertRegex(self.balancer.state("app1")["status"], "^UP")

    def test_a_host_that_does_not_come_back_gets_no_requests(self):
        self.write(os.path.join(self.folder, "app1"), "full", "")
        out, failed, _ = self.while_asking(lambda: self.call("deploy-app", self.debs[1]))
        self.assertEqual((out.returncode, failed), (1, []), out)
        self.assertIn("app1 does not run with its previous package either", out.stdout)
        self.assertIn("MAINT", self.balancer.state("app1")["status"])
        # ... and the last one that answers is not touched.
        out = self.call("deploy-app", self.debs[1], "app2")
        self.assertEqual(out.returncode, 1)
        self.assertIn("no other host is up", out.stderr)
        self.assertEqual(self.versions(), ["1.0", "1.0"])
        self.assertRegex(self.balancer.state("app2")["status"], "^UP")

    def test_what_is_refused(self):
        for words, reason in (([], "which package?"), (["/nonexistent.deb"], "cannot be read"),
                              ([self.map], "is no Debian package"),
                              ([self.debs[1], "lb1"], "'lb1' is no app host")):
            out = self.call("deploy-app", *words)
            self.assertEqual(out.returncode, 2)
            self.assertIn(reason, out.stderr)

    def rows(self, text):
        return {(what.strip(), where): verdict for what, where, verdict in
                re.findall(r"^(.{34}) (\S+) +(.*)$", text, re.MULTILINE)}

    def test_verify(self):
        out = self.call("verify-site")
        rows = self.rows(out.stdout)
        for key in (("health", "app1"), ("schema and database", "app2"), ("queue worker", "app1"),
                    ("app2 in the balance", "lb2")):
            self.assertEqual(rows[key], "ok", out.stdout)
        self.assertEqual(rows["release", "app1"], "ok: 1.0")
        # Whom a busy host keeps waiting, the other one gets.
        self.assertRegex(rows["new clients, in turn", "lb"], r"^ok: app[12] \d\d app[12] \d\d$")
        self.assertEqual(rows["clients with a cookie", "lb"], "ok: app1 10 of 10, app2 10 of 10")
        for row in ("statistics ask for a password", "statistics, with the password", "keepalived"):
            self.assertEqual((rows[row, "lb1"], rows[row, "lb2"]), ("ok", "ok"), row)
        self.assertEqual(rows["the address 127.0.77.10", "lb"], "ok: on lb1")
        # The database's two hosts are one here that says "primary", and one that is away.
        self.assertEqual(rows["connections", "db"], "ok: 40 of 120")
        self.assertEqual(rows["PostgreSQL", "db2"], "WRONG: no answer")
        self.assertEqual(rows["primaries", "db"], "ok")
        self.assertEqual(out.returncode, 1)

    def test_verify_finds_what_is_wrong(self):
        for host, name, text in (("lb2", "addresses", "2: eth0 inet 127.0.77.10/32\n"),
                                 ("lb2", "stats.password", "of another site\n"),
                                 ("lb2", "stopped-keepalived", ""), ("app2", "version", "2.0\n"),
                                 ("mon", "version", ""), ("db", "connections", "110\n")):
            self.swap(os.path.join(self.folder, host, name), text)
        # A primary that was frozen once held up the whole table.
        hosts = dict(self.hosts)
        hosts["127.0.77.32"] = {"path": self.frozen}
        self.swap(self.map, json.dumps(hosts))
        # What clients bring back is lost on its way.
        self.addCleanup(self.balancer.reload)
        with open(self.balancer.config, encoding="utf-8") as f:
            self.swap(self.balancer.config, f.read().replace(
                "frontend waybill\n", "frontend waybill\n\thttp-request del-header Cookie\n"))
        self.balancer.reload()
        self.balancer.tell("set server waybill/app1 state maint")
        rows = self.rows(self.call("verify-site").stdout)
        for row, where, verdict in (
                ("app1 in the balance", "lb1", "WRONG: MAINT, not UP"),
                ("the address 127.0.77.10", "lb", "WRONG: on several: lb1 lb2"),
                ("keepalived", "lb1", "ok"), ("keepalived", "lb2", "WRONG: inactive, not active"),
                ("statistics, with the password", "lb1", "ok"),
                ("statistics, with the password", "lb2", "WRONG: 401, not 200"),
                ("clients with a cookie", "lb", "WRONG: app2 0 of 10"),
                ("release", "app1", "ok: 1.0"), ("release", "app2", "WRONG: 2.0, not 1.0 as app1"),
                ("release", "mon", "WRONG: unknown"), ("release", "db", "ok: 1.0"),
                ("connections", "db", "WRONG: 110 of 120"),
                ("PostgreSQL", "db2", "WRONG: no answer"), ("primaries", "db", "ok")):
            with self.subTest(row=row, where=where):
                self.assertEqual(rows.get((row, where)), verdict)

    def swap(self, path, text):
        """Another text in a file, or a file that was not there, for this test."""
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                self.addCleanup(self.write, *os.path.split(path), f.read())
        else:
            self.addCleanup(os.unlink, path)
        self.write(*os.path.split(path), text)


if __name__ == "__main__":
    unittest.main()
