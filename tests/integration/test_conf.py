"""conf/ as rendered for a site: the programs that read the files accept them without a word."""

import glob
import os
import re
import unittest

from support.pg import BUILD, Cluster
from support.site import CONF, Site, program, run


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
        pem = os.path.join(site.folder, "site.pem")
        out = run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                  "-nodes", "-days", "2", "-subj", "/CN=waybill.test", "-keyout", pem + ".key",
                  "-out", pem)
        self.assertEqual(out.returncode, 0, out.stderr)
        with open(pem + ".key", encoding="ascii") as key, open(pem, "a", encoding="ascii") as f:
            f.write(key.read())
        os.unlink(pem + ".key")  # else HAProxy would take it from there
        site = self.site(tls_certificate=pem)
        out = self.check(site, "lb1")
        self.assertEqual((out.returncode, re.findall("WARNING|ALERT", out.stderr)), (0, []), out)
        text = site.text("haproxy.cfg", "lb1")
        self.assertEqual(text.count("httponly secure attr"), 2)
        self.assertIn("Strict-Transport-Security", text)

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
        for path in glob.glob(os.path.join(CONF, "*.service")):
            with self.subTest(path), open(path, encoding="utf-8") as f:
                # The program must be there; an unknown key is only a line of output.
                mine = os.path.join(site.folder, os.path.basename(path))
                with open(mine, "w", encoding="utf-8") as out:
                    out.write(f.read().replace("/usr/bin/waybilld", f"{BUILD}/waybilld"))
                out = run(analyze, "verify", mine)
                self.assertEqual((out.returncode, out.stdout + out.stderr), (0, ""))
                out = run(analyze, "security", "--offline=true", "--threshold=20", mine)
                self.assertEqual(out.returncode, 0, out.stdout)


class Hosts(ConfCase):
    def test_the_server_takes_the_file_of_an_application_host(self):
        database = Cluster.shared().database()
        self.addCleanup(database.drop)
        for pgbouncer in ("off", "on"):
            site = self.site(pgbouncer=pgbouncer, auth="on")
            text = site.text("waybilld-site.conf", "app1")
            self.assertIn("127.0.0.1 port=6432" if pgbouncer == "on" else
                          "host=127.0.77.31,127.0.77.32 port=5432", text)
            path = site.render("waybilld-site.conf", "app1")
            # Where this machine has them
            environment = {"WAYBILL_DATABASE": database.conninfo, "WAYBILL_LISTEN": "127.0.0.1:1",
                           "WAYBILL_SPOOL_DIR": site.folder,
                           "WAYBILL_STATIC_DIR": os.path.join(os.path.dirname(CONF), "static")}
            out = run(os.path.join(BUILD, "waybilld"), "-t", "-c", path, env=environment)
            self.assertEqual(out.returncode, 0, out)
            with open(path, "a", encoding="utf-8") as f:
                f.write("wrokers = 3\n")
            out = run(os.path.join(BUILD, "waybilld"), "-t", "-c", path, env=environment)
            self.assertNotEqual(out.returncode, 0)
            self.assertIn("wrokers", out.stderr)


if __name__ == "__main__":
    unittest.main()
