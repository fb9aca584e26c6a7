"""The site's configuration: what is read, what is refused, what a template becomes."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from support.pg import BUILD, ROOT, clean_environment
from support.site import run

SITE = os.path.join(ROOT, "ops", "site")
SAMPLE = os.path.join(ROOT, "ops", "site.conf")


class SiteCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="waybill-site-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        with open(SAMPLE, encoding="utf-8") as f:
            self.sample = f.read()

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def run_site(self, *words, site=SAMPLE, awk=None):
        environment = clean_environment()
        if awk:
            os.makedirs(os.path.join(self.folder, "bin"), exist_ok=True)
            link = os.path.join(self.folder, "bin", "awk")
            if os.path.lexists(link):
                os.unlink(link)
            os.symlink(awk, link)
            environment["PATH"] = os.path.dirname(link) + ":" + environment["PATH"]
        return subprocess.run([SITE, "--site", site, *words], env=environment, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)

    def render(self, template, *words, site=SAMPLE, awk=None):
        r = self.run_site("render", self.write("template", template), *words, site=site, awk=awk)
        self.assertEqual((r.returncode, r.stderr), (0, ""))
        return r.stdout


class Reading(SiteCase):
    def test_the_sample_is_right(self):
        r = self.run_site("check")
        self.assertEqual((r.returncode, r.stdout, r.stderr), (0, "", ""))

    def test_hosts_by_role(self):
        self.assertEqual(self.run_site("hosts", "app").stdout,
                         "app1 app 192.168.10.21 2G 2 20G\napp2 app 192.168.10.22 2G 2 20G\n")
        self.assertEqual(len(self.run_site("hosts").stdout.splitlines()), 7)

    def test_a_value_and_its_default(self):
        self.assertEqual(self.run_site("get", "vip").stdout, "192.168.10.10\n")
        bare = self.write("bare", "vip=10.0.0.1\nnetwork=10.0.0.0/8\ngateway=10.0.0.2\n"
                          "dns=10.0.0.2\ndomain=x\nhost=a lb 10.0.0.3\nhost=b app 10.0.0.4\n"
                          "host=c db 10.0.0.5\n")
        self.assertEqual(self.run_site("get", "workers", site=bare).stdout, "20\n")

    def test_mistakes_name_their_line(self):
        for line, reason in (
                ("wrokers = 20", "unknown key 'wrokers'"),
                ("workers", 'this is no "key = value"'),
                ("app_port = 99999", "key 'app_port': must be a port, 1 to 65535"),
                ("app_port = 80 80", "key 'app_port': must be a port"),
                ("vip = 192.168.10.256", "key 'vip': must be an IPv4 address"),
                ("vrrp_id = 256", "key 'vrrp_id': must be a number, 1 to 255"),
                ("timezone = Asia/Manilla", "key 'timezone': must be a time zone like Asia/Manila"),
                ("timezone = Asia", "key 'timezone': must be a time zone"),
                ("timezone = ../zoneinfo/Asia/Manila", "key 'timezone': must be a time zone"),
                ("timezone = -n/UTC", "key 'timezone': must be a time zone"),
                ("auth = yes", "key 'auth': must be on or off"),
                ("vm_ssh_key = $(reboot)", "key 'vm_ssh_key': must not hold quotes"),
                *((f"alertmanager = {value}", "key 'alertmanager': must be HOST:PORT, or nothing")
                  for value in ("mon", "mon:", "mon:0", ":9093", "http://mon:9093", "mon:9093/x",
                                'mon"]:9093', "mon:9093, mon2:9093")),
                ("backup_second = nas", "key 'backup_second': must be a folder, rsync's"),
                ("backup_second = /mnt/a b", "key 'backup_second': must be a folder"),
                ("backup_key_file = key", "key 'backup_key_file': must be a path from the root"),
                ("db_user = postgres", "key 'db_user': must be a word, and no role's"),
                ("db_user = replicator", "key 'db_user': must be a word, and no role's"),
                ("db_user = pg_waybill", "key 'db_user': must be a word, and no role's"),
                ("tls_certificate = site.pem", "key 'tls_certificate': must be a path from"),
                ("db_name = a b", "key 'db_name': must be a word"),
                ("workers = 20", "key 'workers' is set on line"),
                ("host = app1 app 192.168.10.99", "host app1 is there already"),
                ("host = app9 app 192.168.10.21", "address 192.168.10.21 is app1's"),
                ("host = app9 web 192.168.10.99", "'web' is no role"),
                ("host = App9 app 192.168.10.99", "'App9' is no host's name"),
                ("host = app9 app", "a host is NAME ROLE ADDRESS"),
                ("host = app9 app 192.168.10.99 2G two 20G", "a host's size is")):
            with self.subTest(line=line):
                key = line.split("=")[0].strip()
                kept = [old for old in self.sample.splitlines()
                        if reason.startswith("key 'workers' is") or key == "host"
                        or not old.startswith(key + " ")]
                r = self.run_site("check", site=self.write("bad", "\n".join(kept + [line]) + "\n"))
                self.assertEqual(r.returncode, 2, r)
                self.assertIn(f"bad:{len(kept) + 1}: {reason}", r.stderr)

    def test_no_number_that_the_server_refuses(self):
        for key in ("workers", "tasks", "queue_workers", "login_rate", "max_upload",
                    "retention_days"):
            said = run(os.path.join(BUILD, "waybilld"), "-t",
                       env={"WAYBILL_" + key.upper(): "9" * 19}).stderr
            high = int(re.search(rf"'{key}': .* is out of range: \d+ to (\d+)", said)[1])
            unit, high = ("M", high >> 20) if key == "max_upload" else ("", high)
            kept = [line for line in self.sample.splitlines() if not line.startswith(key + " ")]
            for number, status in ((high, 0), (high + 1, 2), (high * 1000, 2)):
                with self.subTest(key=key, number=number):
                    r = self.run_site("check", site=self.write(
                        "site", "\n".join([*kept, f"{key} = {number}{unit}"]) + "\n"))
                    self.assertEqual(r.returncode, status, r)
                    self.assertIn(f"site:{len(kept) + 1}: key '{key}': must be " if status else "",
                                  r.stderr)

    def test_zones_of_every_form(self):
        for zone in ("UTC", "Etc/GMT+8", "America/Argentina/Buenos_Aires", "Asia/Manila"):
            r = self.run_site("check", site=self.write(
                "site", self.sample.replace("timezone = Asia/Manila", f"timezone = {zone}")))
            self.assertEqual((r.returncode, r.stderr), (0, ""), zone)

    def test_a_site_needs_its_parts(self):
        for gone, reason in (("vip", "key 'vip' is not set"), ("host = db", "at least one host")):
            kept = "".join(line + "\n" for line in self.sample.splitlines()
                           if not line.startswith(gone))
            r = self.run_site("check", site=self.write("bad", kept))
            self.assertEqual(r.returncode, 2)
            self.assertIn(reason, r.stderr)

    def test_patroni_needs_votes(self):
        on = self.sample.replace("patroni = off", "patroni = on")
        for site, reason in ((on, ""), (on + "host = db3 db 192.168.10.33\n", "odd number of votes"),
                             (on.replace("host = db2 ", "host = x app 192.168.10.99\n#"), "two db hosts")):
            r = self.run_site("check", site=self.write("site", site))
            self.assertEqual(r.returncode, 2 if reason else 0, r)
            self.assertIn(reason, r.stderr)

    def refused(self, settings, awk=None):
        """(line within settings, what is said) of the sample with these lines at its end."""
        keys = {line.split("=")[0].strip() for line in settings} - {"host"}
        kept = [line for line in self.sample.splitlines()
                if line.split("=")[0].strip() not in keys]
        r = self.run_site("check", site=self.write("site", "\n".join([*kept, *settings]) + "\n"),
                          awk=awk and shutil.which(awk))
        if r.returncode == 0:
            self.assertEqual(r.stderr, "")
            return None
        self.assertEqual(r.returncode, 2, r)
        line, said = re.fullmatch(r".*/site:(\d+): (.*)\n", r.stderr).groups()
        return int(line) - len(kept), said

    def test_each_port_of_a_host_is_one_programs(self):
        """HAProxy, PgBouncer or the exporter would not start, each on the day it is set up."""
        tls = "tls_certificate = /etc/waybill/site.pem"
        for settings, want in (
                (["stats_port = 80"], (1, "key 'stats_port': port 80 is in use on each lb host: http_port")),
                (["http_port = 8404"], (1, "key 'http_port': port 8404 is in use on each lb host: stats_port")),
                (["http_port = 81", "stats_port = 0081"], (2, "key 'stats_port': port 81 is")),
                (["stats_port = 81", "http_port = 81"], (2, "key 'http_port': port 81 is")),
                (["http_port = 443"], None),
                ([tls, "http_port = 443"], (2, "key 'http_port': port 443 is in use")),
                ([tls, "https_port = 9100"], (2, "key 'https_port': port 9100 is in use on each lb host:"
                                                 " prometheus-node-exporter")),
                (["http_port = 10000"], (1, "key 'http_port': port 10000 is")),
                (["app_port = 9100"], (1, "key 'app_port': port 9100 is in use on each app host")),
                (["app_port = 22"], (1, "key 'app_port': port 22 is in use on each app host: ssh")),
                (["app_port = 8404"], None), (["app_port = 5432"], None), (["app_port = 80"], None),
                (["app_port = 6432"], None),
                (["app_port = 6432", "pgbouncer = on"], (1, "key 'app_port': port 6432 is")),
                (["db_port = 2379"], None), (["patroni = on"], None),
                (["patroni = on", "db_port = 2379"], (2, "key 'db_port': port 2379 is")),
                (["db_port = 9100"], (1, "key 'db_port': port 9100 is in use on each db host"))):
            with self.subTest(settings=settings):
                found = self.refused(settings)
                self.assertEqual(found and (found[0], found[1][:len(want[1]) if want else None]), want)

    def test_all_is_in_the_network(self):
        for settings, want in (
                (["vip = 192.168.11.10"], (1, "the vip is outside the network, 192.168.10.0/24")),
                (["vip = 127.0.0.1"], (1, "the vip is outside the network, 192.168.10.0/24")),
                (["host = app9 app 10.0.0.9"], (1, "host app9 is outside the network, 192.168.10.0/24")),
                (["host = app9 app 192.168.11.0"], (1, "host app9 is outside the network, "
                                                       "192.168.10.0/24")),
                (["host = app9 app 192.168.10.255"], None),
                (["network = 192.168.8.0/22", "host = app9 app 192.168.11.255"], None),
                (["network = 192.168.10.99/24"], None),
                (["network = 0.0.0.0/0", "host = app9 app 127.0.0.1"],
                 (2, "host app9 is this machine's alone"))):
            for awk in ("mawk", "gawk"):
                with self.subTest(settings=settings, awk=awk):
                    self.assertEqual(self.refused(settings, awk), want)

    def test_no_file_at_all(self):
        """Of a folder awk warned, in words of its own, and went on without it."""
        for path, reason in ((self.folder, "is a folder"), ("/nonexistent", "cannot be read")):
            for r in (self.run_site("check", site=path), self.run_site("render", path)):
                self.assertEqual((r.returncode, r.stderr),
                                 (2, f"ops/site: {path} {reason} (--help tells)\n"))

    def test_a_standby_to_read_from(self):
        kept = re.sub(r"(?m)^host = db2 .*\n", "", self.sample)
        for text, reason in ((self.sample, ""), (kept, "database_read = on takes a second db host")):
            r = self.run_site("check", site=self.write(
                "site", text.replace("database_read = off", "database_read = on")))
            self.assertEqual(r.returncode, 2 if reason else 0, r)
            self.assertIn(reason, r.stderr)

    def test_maxconn_fits_the_workers(self):
        """They were compared as text: 100 was no more than 20, and 50 was more than 100."""
        for workers, maxconn, fits in ((20, 18, True), (20, 20, True), (20, 21, False),
                                       (20, 100, False), (100, 50, True), (100, 9, True),
                                       (9, 10, False), (None, 18, True), (None, 100, False),
                                       (8, None, False), (100, None, True)):
            kept = [line for line in self.sample.splitlines()
                    if not line.startswith(("workers ", "maxconn "))]
            kept += [f"{key} = {n}" for key, n in (("workers", workers), ("maxconn", maxconn)) if n]
            site = self.write("site", "\n".join(kept) + "\n")
            for awk in ("mawk", "gawk"):
                with self.subTest(workers=workers, maxconn=maxconn, awk=awk):
                    r = self.run_site("check", site=site, awk=shutil.which(awk))
                    self.assertEqual(r.returncode, 0 if fits else 2, r)
                    self.assertIn("" if fits else "maxconn is above workers", r.stderr)


class Rendering(SiteCase):
    def test_values_hosts_and_conditions(self):
        template = ("bind @vip@:@stats_port@\n#@ for app\nserver @name@ @address@:@app_port@ @number@\n"
                    "#@ end\n#@ if tls_certificate\ntls\n#@ end\n#@ unless tls_certificate\n"
                    "plain\n#@ if synchronous\nsync\n#@ end\n#@ end\nI am @self@ @self_number@ of"
                    " @self_address@ beside @peers@, @secret@\n")
        want = ("bind 192.168.10.10:8404\nserver app1 192.168.10.21:8080 1\n"
                "server app2 192.168.10.22:8080 2\nplain\nsync\nI am lb2 2 of 192.168.10.12 beside"
                " 192.168.10.11, a\\nb&c\n")
        for awk in ("mawk", "gawk"):
            with self.subTest(awk=awk):
                self.assertEqual(self.render(template, "--host", "lb2", "secret=a\\nb&c",
                                             awk=shutil.which(awk)), want)

    def test_of_the_host_and_what_follows(self):
        template = ("#@ for peers\n@name@ @address@\n#@ end\n#@ if self_db\ndatabase\n#@ end\n"
                    "#@ if self_lb\nbalancer\n#@ end\n@self_memory_mb@ @pg_shared_mb@"
                    " @pg_cache_mb@ @db_connections@ @max_upload_bytes@ @lb_addresses@\n")
        self.assertEqual(self.render(template, "--host", "db2"),
                         "db 192.168.10.31\ndatabase\n8192 2048 6144 120 104857600 192.168.10.11,"
                         " 192.168.10.12\n")

    def test_large_numbers_keep_their_digits(self):
        """mawk, Debian's awk, made "gt 2.14748e+09" of 2G, by which HAProxy refused small bodies."""
        for size, number in (("2047M", 2047 << 20), ("2G", 2 << 30), ("4095M", 4095 << 20),
                             ("1024G", 1024 << 30)):
            site = self.write("site", self.sample.replace("max_upload = 100M",
                                                          f"max_upload = {size}"))
            for awk in ("mawk", "gawk"):
                with self.subTest(size=size, awk=awk):
                    self.assertEqual(self.render("gt @max_upload_bytes@\n", site=site,
                                                 awk=shutil.which(awk)), f"gt {number}\n")

    def test_a_value_from_a_file(self):
        secret = self.write("secret", "a b\nsecond line\n")
        self.assertEqual(self.render("@x@\n", f"x=@{secret}"), "a b\n")
        r = self.run_site("render", self.write("template", "@x@\n"), "x=@/nonexistent")
        self.assertEqual(r.returncode, 2)
        self.assertIn("/nonexistent cannot be read", r.stderr)

    def test_one_file_in_several(self):
        self.write("part", "#@ if synchronous\nI am @self@\n#@ end\n#@ for app\n@name@\n#@ end\n")
        self.assertEqual(self.render("a\n#@ include part\n#@ if patroni\n#@ include none\n#@ end\nb\n",
                                     "--host", "db2"), "a\nI am db2\napp1\napp2\nb\n")
        self.write("part", "x\n@nobody@\n")
        r = self.run_site("render", self.write("template", "a\n#@ include part\n"))
        self.assertEqual(r.returncode, 2)
        self.assertIn("part:2: nothing is called @nobody@ here", r.stderr)

    def test_mistakes_in_a_template(self):
        for template, reason in (("a\n@nobody@\n", ":2: nothing is called @nobody@ here"),
                                 ("@self@\n", "nothing is called @self@ here"),
                                 ("#@ if nothing\n", "nothing is called nothing here"),
                                 ("#@ for web\n", "for what?"),
                                 ("#@ if auth\n", "has no end"),
                                 ("#@ include nothing\n", "nothing cannot be read"),
                                 ("#@ end\n", "'end' is no for")):
            with self.subTest(template=template):
                r = self.run_site("render", self.write("template", template))
                self.assertEqual(r.returncode, 2)
                self.assertIn(reason, r.stderr)

    def test_an_unknown_host(self):
        r = self.run_site("render", self.write("template", "x\n"), "--host", "lb9")
        self.assertEqual(r.returncode, 2)
        self.assertIn("no host is called lb9", r.stderr)


if __name__ == "__main__":
    unittest.main()
