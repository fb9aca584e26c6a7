"""A whole site (support/lab.py): what works while nothing is wrong, and what a warehouse notices
when a part is lost. There eight stations scan through the virtual address, something is killed,
frozen, cut off or replaced, and what every station heard is compared with what is recorded
(support/scan_check.py); a table says how many requests failed and how long a station waited at most.

The short form is a part of `make check`, on machines that have other things to do: it allows three
times the limits of the long one, `make site [CUTS=10] [T=name]`."""

import base64
import collections
import errno
import os
import random
import select
import signal
import socket
import time
import unittest

from support.lab import SECRETS, Lab, inside, package, why_not
from support.people import cookie
from support.pg import newest_postgresql
from support.scenes import LONG, print_table, scene
from support.wait import wait_until

CUTS = int(os.environ.get("WBTEST_CUTS", "3"))
LAB = None


def long(test):
    """A test of the long form alone."""
    return test if LONG else None


def setUpModule():
    global LAB
    reason = why_not()
    if reason:
        raise unittest.SkipTest(reason)
    LAB = Lab()
    unittest.addModuleCleanup(LAB.close)


class Faults(unittest.TestCase):
    @classmethod
    def tearDownClass(cls):
        print_table()

    def setUp(self):
        LAB.wait_well()

    def scene(self, name, act, limit, failed=None, **more):
        scene(self, LAB, name, act, limit, failed, **more)

    # --- application hosts

    def test_an_application_host_is_killed(self):
        def act():
            LAB["app1"].kill()
            time.sleep(3)
            LAB["app1"].power_off()
            LAB["app1"].power_on()

        self.scene("application host killed", act, 3, 0)

    @long
    def test_an_application_host_loses_power(self):
        def act():
            LAB["app1"].power_off()
            time.sleep(3)
            LAB["app1"].power_on()

        self.scene("application host without power", act, 3, 0)

    @long
    def test_an_application_host_freezes(self):
        app = LAB["app2"]

        def act():
            app.signal(signal.SIGSTOP)
            time.sleep(12)
            app.signal(signal.SIGCONT)

        self.scene("application host frozen", act, 3, 0)

    def cut(self, one, others, seconds=10):
        for other in others:
            LAB.cut(one, other)
        time.sleep(seconds)
        LAB.heal()

    @long
    def test_an_application_host_is_cut_off_from_the_balancers(self):
        self.scene("application host cut off from the load balancers",
                   lambda: self.cut("app1", ("lb", "lb2")), 3, 0)

    @long
    def test_an_application_host_is_cut_off_from_the_database(self):
        self.scene("application host cut off from the database",
                   lambda: self.cut("app1", ("db", "db2")), 3, 0)

    # --- load balancers

    def test_the_active_load_balancer_loses_power(self):
        def act():
            active = LAB.active()
            active.power_off()
            time.sleep(3)
            active.power_on()

        self.scene("active load balancer's host lost", act, 1)

    @long
    def test_haproxy_is_killed(self):
        self.scene("active load balancer's HAProxy killed",
                   lambda: LAB.active().signal(signal.SIGKILL, "haproxy"), 2)

    # --- deploys

    def test_a_deploy_at_noon(self):
        new, old = package("2.0.0"), LAB.deb
        for host in LAB.role("app"):
            # As setup-app keeps it when it installs the package itself
            with open(old, "rb") as f:
                host.sh("install -D /dev/stdin /var/cache/waybill/current.deb", stdin=f)

        def let_in():
            for lb in LAB.role("lb"):
                for app in LAB.role("app"):
                    LAB.tell(lb, f"set server waybill/{app.name} state ready")
        self.addCleanup(let_in)  # what a deploy that failed leaves in maintenance

        def act():
            for deb in (new, old):
                out = LAB.ops("deploy-app", deb, check=False)
                self.assertEqual(out.returncode, 0, out.stdout + out.stderr)

        self.scene("deploy to a new release and back", act, 3, 0, seconds=180)

    # --- databases

    def test_the_database_process_is_killed(self):
        self.scene("primary database's processes killed",
                   lambda: LAB.primary().signal(signal.SIGKILL, "postgres"), 10)

    def test_the_database_host_is_lost(self):
        old = LAB.primary()

        def act():
            old.power_off()
            time.sleep(1)  # until somebody calls it
            print(LAB.ops("failover-db").stdout)

        def back():
            old.power_on()
            print(LAB.ops("failover-db", "--rejoin", old.name).stdout)

        self.scene("primary database's host lost, failover-db", act, 30, back=back)

    # --- cuts

    @long
    def test_the_network_is_cut_and_healed(self):
        pairs = [("app1", "lb"), ("app1", "lb2"), ("app1", "db"), ("app2", "db"), ("app2", "lb"),
                 ("lb", "lb2"), ("app2", "db2"), ("db", "db2"), ("app1", "app2"), ("app2", "lb2")]
        rng = random.Random(os.environ.get("WBTEST_SEEDS"))

        def act():
            for i in range(CUTS):
                one, other = pairs[i % len(pairs)]
                self.cut(one, [other], rng.uniform(1, 6))
                time.sleep(rng.uniform(0, 2))

        self.scene(f"network between two hosts cut {CUTS} times", act, 15, seconds=60 + 10 * CUTS)


class AllIsWell(unittest.TestCase):
    """What works while nothing is wrong."""

    def setUp(self):
        LAB.wait_well()

    def test_a_second_set_up_changes_nothing(self):
        primary = LAB.primary()

        def again(host):
            standby = host.role == "db" and host is not primary
            return LAB.set_up(host, "setup-standby" if standby else None)
        hosts = list(LAB.hosts.values())
        for host, said in zip(hosts, LAB.all(again, hosts)):
            with self.subTest(host.name):
                self.assertRegex(said, "nothing to change\n$")

    def test_backups_are_made_and_found_from_root_s_home(self):
        """postgres may not be there, and nothing was found, or removed, by hand."""
        said = LAB.primary().sh("cd /root && chmod 700 . && PATH=$PATH:/usr/share/waybill/ops"
                                " && backup && restore --dry-run"
                                " && restore --into look --dry-run && ! restore --key none", check=False)
        self.assertEqual(said.returncode, 0, said.stdout + said.stderr)
        self.assertIn("would: restore it to /root/look\n", said.stdout)
        self.assertEqual(said.stderr, "ops/restore: /root/none cannot be read (--help tells)\n")

    def test_the_site_is_verified(self):
        said = []

        def content():  # what the other tests did may still be told of
            out = LAB.ops("verify-site", check=False)
            said.append(out.stdout + out.stderr)
            return out.returncode == 0
        try:
            wait_until(content, "verify-site is content", 60, 1)
        except AssertionError as e:
            self.fail(f"{e}\n{said[-1]}")

    def test_new_clients_go_to_each_host_in_turn(self):
        found = collections.Counter(cookie(LAB.client().get("/static/style.css"))
                                    for _ in range(200))
        self.assertEqual(set(found), {"SERVERID=app1", "SERVERID=app2"})
        self.assertLessEqual(abs(found["SERVERID=app1"] - found["SERVERID=app2"]), 10, found)

    def test_a_client_comes_back_to_its_host(self):
        lb = LAB.active()
        for app in ("app1", "app2"):
            before = LAB.taken(lb)
            for _ in range(50):
                r = LAB.client().get("/static/style.css", {"Cookie": f"SERVERID={app}"})
                self.assertEqual((r.status, "set-cookie" in r.headers), (200, False))
            after = LAB.taken(lb)
            self.assertEqual({a: after[a] - before[a] for a in after},
                             {"app1": 0, "app2": 0, app: 50})

    def test_the_address_stays_where_a_machine_is_busy(self):
        """A deploy under load once broke every connection: the one that had it was a third of a second
        late to say so."""
        for lb in LAB.role("lb"):
            self.assertIn("RR", lb.sh("ps -C keepalived -o cls=").stdout.split())

    def test_statistics_and_metrics(self):
        known = base64.b64encode(f"admin:{SECRETS['stats.password']}".encode()).decode()
        for lb in LAB.role("lb"):
            client = LAB.client(lb.address, 8404)
            for path, holds in (("/stats", b"app2"), ("/metrics", b"haproxy_server_status")):
                self.assertEqual(client.get(path).status, 401)
                r = client.get(path, {"Authorization": f"Basic {known}"})
                self.assertEqual(r.status, 200)
                self.assertIn(holds, r.body)

    # From whom a port is reached, as the architecture draws it; everything else is dropped. Port 22
    # and 443 have nobody behind them here: they are refused, which is an answer.
    PORTS = {
        "lb": {22: "*", 80: "*", 443: "*", 8404: "*", 9100: "mon", 10000: "lb"},
        "app": {22: "*", 8080: "lb mon", 9100: "mon"},
        "db": {22: "*", 5432: "app db mon", 9100: "mon"},
        "mon": {22: "*", 9090: "*", 9100: "mon"},
    }
    TRIED = (22, 80, 443, 5432, 6432, 8008, 8080, 8404, 9090, 9100, 10000, 2379)

    def test_every_path_through_the_firewalls(self):
        wrong = []
        places = [("client", "", LAB.outside),
                  *((h.name, h.role, h.netns) for h in LAB.hosts.values())]

        def try_from(place):
            name, _, netns = place
            return inside(netns, lambda: reached(
                [(h.name, h.address, port) for h in LAB.hosts.values() if h.name != name
                 for port in self.TRIED]))
        for (name, role, _), found in zip(places, LAB.all(try_from, places)):
            for (to, port), result in found.items():
                allowed = self.PORTS[LAB[to].role].get(port, "").split()
                want = "dropped"
                if "*" in allowed or role in allowed:
                    want = "refused" if port in (22, 443) else "open"
                if result != want:
                    wrong.append(f"{name} -> {to}:{port} is {result}, not {want}")
        self.assertEqual(wrong, [])

    def prometheus(self, path):
        r = LAB.client(LAB["mon"].address, 9090).get(path)
        self.assertEqual(r.status, 200, r)
        return r.json()["data"]

    def test_prometheus_asks_everybody(self):
        def all_up():
            seen = {(t["labels"]["job"], t["labels"]["host"]): t["health"]
                    for t in self.prometheus("/api/v1/targets")["activeTargets"]}
            want = {("node", h) for h in LAB.hosts} | {
                (job, h.name) for job, role in (("waybill", "app"), ("haproxy", "lb"))
                for h in LAB.role(role)}
            return want <= {key for key, health in seen.items() if health == "up"}
        wait_until(all_up, "all targets are up", timeout=40, pause=0.5)

    @long
    def test_a_lost_host_is_an_alert(self):
        def firing():
            return [a for a in self.prometheus("/api/v1/alerts")["alerts"]
                    if a["state"] == "firing" and a["labels"]["alertname"] == "HostGone"]
        LAB["app2"].sh("systemctl stop waybilld")
        try:
            began = time.monotonic()
            alert = wait_until(firing, "the alert fires", timeout=120, pause=0.5)[0]
            print(f"  HostGone fires {time.monotonic() - began:.0f} s after the stop", flush=True)
            self.assertEqual(alert["labels"]["host"], "app2")
        finally:
            LAB["app2"].sh("systemctl start waybilld")

    # --- the units, under a real systemd

    def shown(self, unit, name, host="app1"):
        return LAB[host].sh(f"systemctl show -P {name} {unit}").stdout.strip()

    def test_a_killed_service_is_started_again(self):
        passive = next(lb.name for lb in LAB.role("lb") if lb is not LAB.active())
        for host, unit in (("app1", "waybilld"), ("app1", "waybill-worker"), (passive, "keepalived")):
            with self.subTest(unit):
                before = int(self.shown(unit, "NRestarts", host))
                LAB[host].sh(f"systemctl kill -s KILL --kill-who=main {unit}")
                wait_until(lambda h=host, u=unit, n=before:
                           int(self.shown(u, "NRestarts", h)) == n + 1
                           and self.shown(u, "ActiveState", h) == "active", f"{unit} is back", 30, 0.2)

    def test_one_that_is_killed_again_and_again_is_started_each_time(self):
        # More often than systemd starts a unit in ten seconds when nobody tells it otherwise.
        for host, unit in (("lb2", "haproxy"), ("db2", f"postgresql@{newest_postgresql()}-main")):
            for n in range(7):
                with self.subTest(unit, n=n):
                    before = int(self.shown(unit, "NRestarts", host))
                    LAB[host].sh(f"systemctl kill -s KILL --kill-who=main {unit}")
                    wait_until(lambda h=host, u=unit, n=before:
                               int(self.shown(u, "NRestarts", h)) > n
                               and self.shown(u, "ActiveState", h) == "active",
                               f"{unit} is back", 30, 0.2)
        LAB.wait_well()

    def test_the_night_of_the_primary(self):
        """What the timers begin: its units forbid what they need not, and nothing that they do."""
        primary = LAB.primary()
        for unit in ("waybill-backup", "waybill-backup-drill", "waybill-backup-wal",
                     "waybill-watch-db"):
            out = primary.sh(f"systemctl start {unit}", check=False)
            said = primary.sh(f"journalctl --no-pager -o cat -u {unit}").stdout
            self.assertEqual(out.returncode, 0, said)
            self.assertEqual(primary.sh(f"systemctl is-enabled {unit}.timer").stdout, "enabled\n")
        # It still has its shared memory, and what it commits is in the stream.
        self.assertEqual(LAB.sql(primary, "SELECT pg_is_in_recovery()")[0][0], "f")
        wait_until(lambda: ".partial" in primary.sh("ls /var/backups/waybill/stream").stdout,
                   "the log streams", 30, 0.2)
        for host in LAB.role("db"):
            if host is not primary:
                before = host.sh("ls /var/backups/waybill/base").stdout
                host.sh("systemctl start waybill-backup waybill-backup-drill")
                self.assertEqual(host.sh("ls /var/backups/waybill/base").stdout, before)

        def told(name, value):
            found = self.prometheus(f"/api/v1/query?query={name}")["result"]
            return {r["metric"]["host"]: r["value"][1] for r in found}.get(primary.name) == value
        wait_until(lambda: told("waybill_drill_failed", "0") and told("waybill_commits_wait", "1")
                   and told("waybill_standbys_streaming", "1"), "Prometheus knows", 40, 0.5)

    def test_a_hanging_service_is_killed_by_its_watchdog(self):
        """With less patience than conf/'s half a minute."""
        app = LAB["app1"]
        self.assertEqual(self.shown("waybilld", "WatchdogUSec"), "30s")
        app.write("/etc/systemd/system/waybilld.service.d/test.conf",
                  "[Service]\nWatchdogSec=2s\nTimeoutAbortSec=1s\n")
        try:
            app.sh("systemctl daemon-reload && systemctl restart waybilld")
            before = int(self.shown("waybilld", "NRestarts"))
            app.sh("systemctl kill -s STOP --kill-who=main waybilld")
            wait_until(lambda: int(self.shown("waybilld", "NRestarts")) > before
                       and self.shown("waybilld", "ActiveState") == "active", "it is back", 30, 0.2)
        finally:
            app.sh("rm -r /etc/systemd/system/waybilld.service.d && systemctl daemon-reload && "
                   "systemctl restart waybilld")


def reached(targets, seconds=3):
    """{(name, port): open, refused or dropped} of TCP connections that are tried at once."""
    found, waiting = {}, {}
    poll = select.poll()
    for name, address, port in targets:
        s = socket.socket()
        s.setblocking(False)
        s.connect_ex((address, port))
        waiting[s.fileno()] = (s, (name, port))
        poll.register(s, select.POLLOUT)
    end = time.monotonic() + seconds
    while waiting and time.monotonic() < end:
        for fd, _ in poll.poll(100):
            poll.unregister(fd)
            s, key = waiting.pop(fd)
            error = s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            found[key] = {0: "open", errno.ECONNREFUSED: "refused"}.get(error, os.strerror(error))
            s.close()
    for s, key in waiting.values():
        found[key] = "dropped"
        s.close()
    return found


if __name__ == "__main__":
    unittest.main()
