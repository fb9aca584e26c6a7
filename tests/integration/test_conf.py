"""conf/ as rendered for a site: the programs that read the files accept them without a word."""

import glob
import gzip
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from support.pg import BUILD, ROOT, Cluster, Database
from support.server import Server
from support.site import CONF, Site, certificate, program, run
from support.wait import Port, wait_until


class ConfCase(unittest.TestCase):
    def site(self, **settings):
        site = Site(**settings)
        self.addCleanup(site.remove)
        return site

    def need(self, name, package):
        found = program(name)
        self.assertTrue(found, f"{name} is missing: ops/deps test installs {package}")
        return found


class Templates(ConfCase):
    def test_each_says_where_it_goes_and_renders_for_every_role(self):
        site = self.site()
        hosts = {"haproxy.cfg": "lb1", "keepalived.conf": "lb2", "waybilld-site.conf": "app1"}
        for template, host in hosts.items():
            with self.subTest(template):
                text = site.text(template, host)
                self.assertNotRegex(text, r"(?m)^#@|@[a-z_]+@")
                self.assertRegex("".join(text.splitlines(True)[:5]), r"/etc/")


class Balancers(ConfCase):
    def check(self, site, host):
        # As any user: who HAProxy becomes is root's business.
        def change(text):
            text = re.sub(r"/(run/haproxy|var/lib/haproxy)", site.folder, text)
            return text if os.geteuid() == 0 else re.sub(r"(?m)^\s+(user|group) haproxy$", "", text)
        with open(os.path.join(site.folder, "waybill-state"), "w", encoding="ascii") as f:
            f.write("1\n")
        return run(self.need("haproxy", "haproxy"), "-c", "-f",
                   site.render("haproxy.cfg", host, change))

    def test_haproxy_takes_its_file_without_a_warning(self):
        for host in ("lb1", "lb2"):
            out = self.check(self.site(), host)
            self.assertEqual((out.returncode, re.findall("WARNING|ALERT", out.stderr)), (0, []), out)

    def test_with_https(self):
        site = self.site(tls_certificate="/nonexistent/site.pem")
        out = self.check(site, "lb1")
        self.assertIn("/nonexistent/site.pem", out.stderr)
        pem = certificate(site.folder)
        site = self.site(tls_certificate=pem)
        out = self.check(site, "lb1")
        self.assertEqual((out.returncode, re.findall("WARNING|ALERT", out.stderr)), (0, []), out)
        text = site.text("haproxy.cfg", "lb1")
        self.assertEqual(text.count("httponly secure attr"), 2)
        self.assertIn("https://%[req.hdr(host),host_only]%[pathq]", text)
        self.assertIn("Strict-Transport-Security", text)
        for port in ("http_port", "https_port"):
            text = self.site(tls_certificate=pem, **{port: 8443}).text("haproxy.cfg", "lb1")
            self.assertNotIn("Strict-Transport-Security", text)

    def test_keepalived_takes_its_file(self):
        site = self.site(vrrp_id=77)
        keepalived = self.need("keepalived", "keepalived")
        if os.geteuid() != 0 or run("unshare", "-n", "true").returncode != 0:
            self.skipTest("keepalived looks at an interface and at owners: it needs root, and a "
                          "network namespace of its own")
        # 2.2.7 stops with SIGTERM, half-way, after a look at the script as another user.
        path = site.render("keepalived.conf", "lb2", interface="eth0", change=lambda text:
                           text.replace("script_user nobody nogroup", "script_user root"))
        out = run("unshare", "-n", "sh", "-c", 'ip link add eth0 type veth peer name eth1 && '
                  'ip addr add 127.0.77.12/24 dev eth0 && ip link set eth0 up && '
                  'exec "$0" --config-test -f "$1"', keepalived, path)
        self.assertEqual((out.returncode, out.stdout + out.stderr), (0, ""))
        text = site.text("keepalived.conf", "lb2")
        self.assertEqual(re.search(r"unicast_peer \{\s+(.*?)\s+\}", text, re.DOTALL)[1],
                         "127.0.77.11")
        for line in ("priority 102", "virtual_router_id 77", "vrrp_version 3", "advert_int 0.1"):
            self.assertIn(line, text)


class Firewall(ConfCase):
    # What each role accepts: (who, protocol and port)
    WANT = {
        "lb1": {("127.0.0.0/8", "{ 80, 443, 8404 }"), ("127.0.77.12", "10000"),
                ("127.0.77.12", "vrrp")},
        "app1": {("127.0.77.11", "8080"), ("127.0.77.12", "8080"), ("127.0.77.41", "8080")},
        "db": {("127.0.77.21", "5432"), ("127.0.77.22", "5432"), ("127.0.77.32", "5432"),
               ("127.0.77.41", "5432")},
        "mon": {("127.0.0.0/8", "9090")},
    }

    def test_each_role_has_the_ways_of_the_plan_and_no_other(self):
        site = self.site()
        for host, ways in self.WANT.items():
            found = set(re.findall(r"ip saddr (\S+) (?:tcp dport|ip protocol) (.+) accept",
                                   site.text("nftables.conf", host)))
            self.assertEqual(found, ways | {("127.0.0.0/8", "22"), ("127.0.77.41", "9100")}, host)

    def test_the_votes_of_a_failover(self):
        site = self.site(patroni="on")
        for host, ports in (("db", "{ 2379, 2380, 8008 }"), ("mon", "{ 2379, 2380 }")):
            found = re.findall(r"ip saddr (\S+) tcp dport (\{ 2379.+) accept",
                               site.text("nftables.conf", host))
            self.assertEqual(found, [(f"127.0.77.{n}", ports) for n in (31, 32, 41)])
        self.assertNotIn("2379", site.text("nftables.conf", "app1"))

    def test_nft_takes_them_twice(self):
        nft = self.need("nft", "nftables")
        if run("unshare", "-rn", "true").returncode != 0:
            self.skipTest("no network namespace of one's own here, so nft may not look")
        site = self.site()
        for host in self.WANT:
            path = site.render("nftables.conf", host)
            out = run("unshare", "-rn", "sh", "-c", '"$0" -f "$1" && "$0" -f "$1" && "$0" list '
                      'ruleset', nft, path)
            self.assertEqual((out.returncode, out.stderr), (0, ""))
            self.assertEqual(out.stdout.count("table inet"), 1)


class Units(ConfCase):
    def test_systemd_takes_them_without_a_word(self):
        analyze = program("systemd-analyze")
        if not analyze:
            self.skipTest("there is no systemd here")
        site = self.site()
        names = [os.path.basename(path) for kind in ("service", "timer")
                 for path in sorted(glob.glob(os.path.join(CONF, f"*.{kind}")))]
        paths = {}
        for name in names:
            # The program must be there; an unknown key is only a line of output.
            paths[name] = os.path.join(site.folder, name)
            with open(paths[name], "w", encoding="utf-8") as out:
                out.write(site.text(name, "db").replace("/usr/bin/waybilld", f"{BUILD}/waybilld")
                          .replace("/usr/share/waybill/ops", os.path.join(ROOT, "ops")))
        for name, path in paths.items():
            with self.subTest(name):
                out = run(analyze, "verify", path)
                self.assertEqual((out.returncode, out.stdout + out.stderr), (0, ""))
                if name.endswith(".service"):
                    out = run(analyze, "security", "--offline=true", "--threshold=20", path)
                    self.assertEqual(out.returncode, 0, out.stdout)

    def test_a_core_has_a_place(self):
        """An aborted worker left none: no limit, and / for a folder, which is read-only."""
        for name in ("waybilld.service", "waybill-worker.service"):
            with open(os.path.join(CONF, name), encoding="utf-8") as f:
                keys = dict(line.rstrip("\n").split("=", 1) for line in f
                            if "=" in line and line[0] != "#")
            self.assertEqual(keys["LimitCORE"], "infinity", name)
            folder = keys["WorkingDirectory"]
            # systemd makes it and gives it to User=; all else is read-only.
            self.assertIn(folder, [f"/var/lib/{d}" for d in keys["StateDirectory"].split()], name)
            with open(os.path.join(CONF, "alerts.yml"), encoding="utf-8") as f:
                self.assertIn(f"coredumpctl, or without systemd-coredump {folder}/core", f.read())

    def test_what_a_site_needs_is_started_for_ever(self):
        """systemd once gave up etcd after five starts in ten seconds, and never started keepalived again."""
        for name in ("etcd", "haproxy", "keepalived", "patroni", "pgbouncer"):
            with open(os.path.join(CONF, f"{name}-service.conf"), encoding="utf-8") as f:
                unit, service = f.read().split("[Service]")
            self.assertIn("[Unit]\n", unit, name)
            self.assertIn("StartLimitIntervalSec=0\n", unit, name)
            self.assertIn("Restart=always\n", service, name)

    def test_the_backup_is_at_two_and_may_write_where_it_writes(self):
        site = self.site(backup_second="/mnt/nas", timezone="Asia/Tokyo")
        self.assertIn("OnCalendar=*-*-* 02:00:00 Asia/Tokyo\n", site.text("waybill-backup.timer", "db"))
        text = site.text("waybill-backup.service", "db")
        self.assertIn("ReadWritePaths=-/var/backups/waybill\nReadWritePaths=-/mnt/nas\n", text)
        text = self.site(backup_second="nas:waybill").text("waybill-backup.service", "db")
        self.assertEqual(text.count("ReadWritePaths="), 1)
        for name in glob.glob(os.path.join(CONF, "waybill-*.service")):
            with open(name, encoding="utf-8") as f:
                text = f.read()
            # At the end of a unit of the user postgres it would take the database's memory.
            if "User=postgres" in text:
                self.assertNotIn("RemoveIPC=yes", text)


class Hosts(ConfCase):
    def test_the_server_takes_the_file_of_an_application_host(self):
        database = Cluster.shared().database()
        self.addCleanup(database.drop)
        for pgbouncer in ("off", "on"):
            site = self.site(pgbouncer=pgbouncer, auth="on", database_read=pgbouncer,
                             retention_days=90)
            text = site.text("waybilld-site.conf", "app1")
            self.assertIn("\nretention_days = 90\n", text)
            found = re.findall('(?m)^database_read = "host=127.0.77.32,127.0.77.31 port=5432 .*"$',
                               text)
            self.assertEqual(len(found), pgbouncer == "on")
            self.assertIn("127.0.0.1 port=6432" if pgbouncer == "on" else
                          "host=127.0.77.31,127.0.77.32 port=5432", text)
            path = site.render("waybilld-site.conf", "app1")
            # Where this machine has them
            environment = {"WAYBILL_DATABASE": database.conninfo, "WAYBILL_LISTEN": "127.0.0.1:1",
                           "WAYBILL_SPOOL_DIR": site.folder,
                           "WAYBILL_STATIC_DIR": os.path.join(os.path.dirname(CONF), "static")}
            out = run(os.path.join(BUILD, "waybilld"), "-t", "-c", path, env=environment)
            self.assertEqual(out.returncode, 0, out)
            out = run(os.path.join(BUILD, "waybilld"), "-t", "-c", path,
                      env={**environment, "WAYBILL_DATABASE_READ": "hots=127.0.0.1"})
            self.assertNotEqual(out.returncode, 0)
            self.assertIn('key \'database_read\': invalid connection option "hots"', out.stderr)
            with open(path, "a", encoding="utf-8") as f:
                f.write("wrokers = 3\n")
            out = run(os.path.join(BUILD, "waybilld"), "-t", "-c", path, env=environment)
            self.assertNotEqual(out.returncode, 0)
            self.assertIn("wrokers", out.stderr)

    def test_the_servers_settings_that_the_runbook_names_are_the_sites(self):
        """setup-app writes waybilld.conf anew: what was added there by hand, as advised, was gone."""
        with open(os.path.join(ROOT, "ops", "README.md"), encoding="utf-8") as f:
            named = set(re.findall(r"`([a-z_]+)(?: = \w+)?`", f.read()))
        with open(os.path.join(CONF, "waybilld.conf"), encoding="utf-8") as f:
            # max_connections there is PostgreSQL's.
            named &= set(re.findall(r"(?m)^#?([a-z_]+) =", f.read())) - {"max_connections"}
        self.assertIn("retention_days", named)
        text = self.site(database_read="on", pgbouncer="on").text("waybilld-site.conf", "app1")
        self.assertEqual(named - set(re.findall(r"(?m)^([a-z_]+) =", text)), set())

    def test_of_the_memory_of_the_database_host(self):
        text = self.site().text("postgresql.conf", "db")
        for line in ("shared_buffers = 2048MB", "effective_cache_size = 6144MB",
                     "max_connections = 120",
                     "archive_command = '/usr/share/waybill/ops/wal put "
                     "/var/backups/waybill/wal - %p %f'"):
            self.assertIn(line, text)
        self.assertIn("archive_command = '/bin/true'",
                      self.site(wal_archive="off").text("postgresql.conf", "db"))
        self.assertIn("/wal put /b/wal /k %p", self.site(backup_dir="/b", backup_key_file="/k").text(
            "postgresql.conf", "db"))
        for standby, line in (("db2", "synchronous_standby_names = 'FIRST 1 (db2)'"),
                              ("", "synchronous_standby_names = ''")):
            self.assertIn(line, self.site().text("postgresql-standby.conf", "db", standby=standby))
        self.assertIn("max_connections = 220", self.site(workers=45).text("postgresql.conf", "db2"))


class Databases(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.archive = tempfile.mkdtemp(prefix="waybill-archive-")
        os.mkdir(os.path.join(cls.archive, "wal"))
        for folder in (cls.archive, os.path.join(cls.archive, "wal")):
            os.chmod(folder, 0o777)
        cls.site = Site(host="db3 db 127.0.77.33 1G 1 20G", backup_dir=cls.archive,
                        wal_archive="on")
        # The tests' cluster listens on its own socket alone.
        path = cls.site.render("postgresql.conf", "db3", lambda text: re.sub(
            r"(?m)^(listen_addresses|port) = .*$", "", text)
            .replace("/usr/share/waybill/ops", os.path.join(ROOT, "ops")))
        os.chmod(path, 0o644)
        os.chmod(cls.site.folder, 0o755)
        cls.cluster = Cluster(settings=[f"include={path}"])
        cls.addClassCleanup(cls.cluster.drop)
        cls.addClassCleanup(shutil.rmtree, cls.archive, ignore_errors=True)
        cls.addClassCleanup(cls.site.remove)
        cls.data = os.path.join(cls.cluster.folder, "data")
        if not os.path.exists(cls.data):
            cls.data = cls.cluster._elsewhere()
        cls.admin = Database(cls.cluster, "postgres")

    def ask(self, sql):
        return self.admin.query(sql, role="postgres")

    def test_postgresql_takes_its_settings(self):
        self.assertEqual(self.ask("SELECT name, error FROM pg_file_settings WHERE error IS NOT NULL"),
                         [])
        for name, want in (("effective_cache_size", "768MB"), ("max_connections", "120"),
                           ("archive_mode", "on"), ("password_encryption", "scram-sha-256")):
            self.assertEqual(self.ask(f"SHOW {name}"), [[want]])
        self.ask("CREATE EXTENSION pg_stat_statements")
        self.assertGreaterEqual(int(self.ask("SELECT count(*) FROM pg_stat_statements")[0][0]), 0)

    def test_the_log_is_archived_under_its_own_name(self):
        self.ask("CREATE TABLE t AS SELECT 1")
        name = self.ask("SELECT pg_walfile_name(pg_switch_wal())")[0][0]
        wait_until(lambda: self.ask("SELECT last_archived_wal FROM pg_stat_archiver")[0][0] == name,
                   "it is archived", 30)
        self.assertEqual([f for f in os.listdir(os.path.join(self.archive, "wal")) if "part" in f], [])
        with gzip.open(os.path.join(self.archive, "wal", name + ".gz")) as f:
            self.assertEqual(len(f.read()), 16 << 20)

    def test_who_may_connect(self):
        with open(os.path.join(self.data, "pg_hba.conf"), "w", encoding="utf-8") as f:
            f.write(self.site.text("pg_hba.conf", "db3"))
        rules = self.ask("SELECT type, array_to_string(database, ','), "
                         "array_to_string(user_name, ','), address, auth_method, error "
                         "FROM pg_hba_file_rules")
        self.assertEqual({r[5] for r in rules}, {None})
        self.assertEqual({r[4] for r in rules}, {"peer", "scram-sha-256"})
        over_network = {tuple(r[1:4]) for r in rules if r[0] == "host"}
        self.assertEqual(over_network, {
            *(("warehousedb", "waybill", a) for a in ("127.0.0.1", "127.0.77.21", "127.0.77.22")),
            *((d, "replicator", a) for d in ("replication", "postgres")
              for a in ("127.0.77.31", "127.0.77.32")),
            ("warehousedb", "monitor", "127.0.77.41")})


class Pooler(ConfCase):
    def test_the_server_works_through_it(self):
        pgbouncer = self.need("pgbouncer", "pgbouncer")
        site = self.site()
        database = Cluster.shared().database()
        self.addCleanup(database.drop)
        port = Port()
        self.addCleanup(port.release)
        users = os.path.join(site.folder, "userlist.txt")
        with open(users, "w", encoding="ascii") as f:
            f.write('"waybill" "secret"\n')

        def here(text):
            text = re.sub(r"(?m)^warehousedb = .*$",
                          f"* = host={database.cluster.socket} user=waybill", text)
            return (text.replace("6432", str(port.number))
                    .replace("/etc/pgbouncer/userlist.txt", users))
        path = site.render("pgbouncer.ini", "app1", here)
        # It refuses to be root, but must reach the cluster's socket: as in ops/pg.
        nobody = ["unshare", "--user", "--map-user=65534", "--map-group=65534"]
        if os.geteuid() == 0 and run(*nobody, "true").returncode != 0:
            self.skipTest("root may make no user namespace here")
        log = os.path.join(site.folder, "log")
        with open(log, "wb") as out:
            process = subprocess.Popen((nobody if os.geteuid() == 0 else []) + [pgbouncer, path],
                                       stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self.addCleanup(process.wait, 30)
        self.addCleanup(process.terminate)

        def said():
            with open(log, encoding="utf-8") as f:
                return f.read()
        wait_until(lambda: "process up" in said(), "PgBouncer is up")
        self.assertNotRegex(said(), "ERROR|WARNING|FATAL")
        server = Server(f"host=127.0.0.1 port={port.number} user=waybill password=secret "
                        f"dbname={database.name}", {"queue_workers": 1, "database_pooled": "on"})
        self.addCleanup(server.kill)
        server.start()
        answer = server.client.upload(b"Waybill Number,COD\nJT1,5\n", "m.csv", path="/upload?async=true")
        self.assertEqual(answer.status, 202, answer)
        wait_until(lambda: server.client.post("/scan", {"waybill_number": "JT1"}).status == 200,
                   "the queue loaded it")
        server.stop()


class Watching(ConfCase):
    def test_prometheus_takes_its_files(self):
        promtool = self.need("promtool", "prometheus")
        for alertmanager in ("", "127.0.0.1:9093", "alerts.waybill.lan:9093"):
            site = self.site(alertmanager=alertmanager)
            shutil.copy(os.path.join(CONF, "alerts.yml"), site.folder)
            path = site.render("prometheus.yml", "mon", lambda text:
                               text.replace("/etc/prometheus/stats.password", "stats.password"))
            with open(os.path.join(site.folder, "stats.password"), "w", encoding="ascii") as f:
                f.write("x\n")
            out = run(promtool, "check", "config", path)
            self.assertEqual(out.returncode, 0, out)
            with open(path, encoding="utf-8") as f:
                text = f.read()
            self.assertEqual(text.count(":9100"), 7)
            self.assertEqual(text.count(":8404"), 2)
            self.assertEqual(re.findall("alerting:|:9093", text), ["alerting:", ":9093"] if alertmanager else [])

    def test_each_alert_fires_when_it_should_and_not_while_all_is_well(self):
        promtool = self.need("promtool", "prometheus")
        site = self.site()
        alerts = os.path.join(CONF, "alerts.yml")
        path = os.path.join(site.folder, "test.yml")
        with open(os.path.join(os.path.dirname(__file__), "alerts_test.yml"), encoding="utf-8") as f:
            cases = f.read()
        with open(path, "w", encoding="utf-8") as f:
            f.write(cases.replace("RULES", alerts))
        out = run(promtool, "test", "rules", path)
        self.assertEqual(out.returncode, 0, out.stdout + out.stderr)
        with open(alerts, encoding="utf-8") as f:
            names = re.findall(r"alert: (\w+)", f.read())
        self.assertEqual(re.findall(r"- name: (\w+)$", cases, re.MULTILINE), names)


if __name__ == "__main__":
    unittest.main()
