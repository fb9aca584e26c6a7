"""A site from bare machines: each role set up as ops/README.md tells, by the package's own scripts,
in a fresh system with its own systemd; then one more application host, while the others work; a
second time without a change; and then the site works."""

import unittest

from support.bare import BareLab, why_not
from support.pg import BUILD
from support.wait import wait_until

OPS = "/usr/share/waybill/ops/"
# In the runbook's order. Copied there before: the host where it was made, and the file.
PASSWORD = ("db", "/etc/waybill/db.password")
STEPS = (
    ("db", "setup-db", ()),
    ("db2", "setup-standby", (PASSWORD, ("db", "/etc/waybill/replication.password"))),
    ("db", "setup-db", ()),
    ("app1", "setup-app /var/tmp/waybill.deb", (PASSWORD,)),
    ("lb", "setup-lb", ()),
    ("mon", "setup-monitoring", (("lb", "/etc/waybill/stats.password"),)),
)
NEW = "app2"  # it comes when the others are at work
OURS = {"lb": ("haproxy", "keepalived"), "app1": ("waybilld", "waybill-worker"),
        "app2": ("waybilld", "waybill-worker"), "db": ("postgresql@*",), "db2": ("postgresql@*",), "mon": ("prometheus",)}
# All that setting up may have changed, but for what servers write as they run.
FILES = ("find /etc /usr /var/lib -xdev -newer /setting-up -type f ! -path '/var/lib/postgresql/*'"
         " ! -path '/var/lib/prometheus/*' ! -path '/var/lib/systemd/*' ! -name '*.scoreboard'"
         " ! -path '/var/lib/waybill-backup/*.prom' -exec md5sum {} + | sort -k 2")


def setUpModule():
    reason = why_not() or BUILD.endswith("san") and "the package has no sanitizers"
    if reason:
        raise unittest.SkipTest(reason)


class BareMachines(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = BareLab()
        cls.addClassCleanup(cls.lab.close)
        with open(cls.lab.site, encoding="utf-8") as f:
            site = "".join(line for line in f if f" {NEW} " not in line)
        with open(cls.lab.deb, "rb") as f:
            deb = f.read()
        for host in cls.lab.hosts.values():
            if host.name == NEW:
                continue
            host.write("/etc/waybill/site.conf", site)
            with open(host.path("/var/tmp/waybill.deb"), "wb") as f:
                f.write(deb)
            host.sh("apt-get -q -y --no-install-recommends install /var/tmp/waybill.deb && "
                    "touch /setting-up")
        cls.said = [cls.step(*words) for words in STEPS]
        cls.lab["app1"].sh("waybillctl -c /etc/waybill/waybilld.conf migrate")
        wait_until(lambda: cls.lab.client().get("/ready").status == 200, "the site", 30, 0.2)
        cls.would = cls.lab.ops("add-app-host", "--dry-run", NEW, cls.lab.deb).stdout
        cls.lab[NEW].sh("touch /setting-up")
        cls.added = cls.lab.ops("add-app-host", NEW, cls.lab.deb).stdout

    @classmethod
    def step(cls, name, script, secrets):
        host = cls.lab[name]
        for place, path in secrets:
            with open(cls.lab[place].path(path), encoding="utf-8") as f:
                host.write(path, f.read(), 0o600)
        return host.sh(OPS + script)

    def test_each_role_is_set_up(self):
        for (name, *_), out in zip(STEPS, self.said):
            with self.subTest(name):
                self.assertNotIn("no systemd", out.stdout)
                for unit in OURS[name]:
                    self.assertEqual(self.active(name, unit), "active", unit)

    def active(self, name, unit):
        return self.lab[name].sh(f"systemctl show -p ActiveState --value '{unit}'").stdout.strip()

    def since(self, name):
        return self.lab[name].sh("systemctl show -p ActiveEnterTimestamp " +
                                 " ".join(f"'{unit}'" for unit in OURS[name])).stdout

    def test_a_host_is_added(self):
        for said in ("app2: install waybill", "db: setup-db", "lb: setup-lb"):
            self.assertIn(said, self.would)
            self.assertIn(said, self.added)
        self.assertIn(f"the site with {NEW}: done", self.added)
        up = self.lab.servers(self.lab["lb"])  # "UP 1/3": a check was not answered in time
        self.assertEqual({name: state.split()[0] for name, state in up.items()},
                         {"app1": "UP", "app2": "UP"})
        again = self.lab.ops("add-app-host", NEW, self.lab.deb).stdout
        self.assertIn(f"the site with {NEW}: nothing to change", again)
        # It once counted as left half-way; and no host had a package to go back to.
        out = self.lab.ops("deploy-app", self.lab.deb)
        self.assertIn("nothing to change", out.stdout)
        for name in ("app1", NEW):
            self.lab[name].sh("dpkg-deb -f /var/cache/waybill/current.deb Version")

    def test_nobody_is_added_who_is_not_of_the_site(self):
        out = self.lab.ops("add-app-host", "app9", self.lab.deb, check=False)
        self.assertEqual(out.returncode, 2)
        self.assertIn("add its line to", out.stderr)

    def test_a_second_time_changes_nothing(self):
        for name, script, _ in (*STEPS, (NEW, "setup-app", ())):
            with self.subTest(name):
                host = self.lab[name]
                before, since = host.sh(FILES).stdout, self.since(name)
                self.assertIn("waybill", before)
                out = host.sh(OPS + script, check=False)
                self.assertEqual((out.returncode, out.stderr), (0, ""), out.stdout)
                self.assertIn(f"{name}: nothing to change", out.stdout)
                self.assertEqual(host.sh(FILES).stdout, before)
                self.assertEqual(self.since(name), since)

    def test_another_postgresql_than_the_releases_is_refused(self):
        host = self.lab["db"]
        has = host.sh("sed -n 's/^pg_version = //p' /etc/waybill/site.conf").stdout.strip()
        other = "15" if has != "15" else "17"
        out = host.sh(f"sed 's/^pg_version = .*/pg_version = {other}/' /etc/waybill/site.conf "
                      f">/tmp/other.conf && {OPS}setup-db --site /tmp/other.conf", check=False)
        self.assertEqual(out.returncode, 1)
        self.assertIn(f"none of {other}: set pg_version = {has}", out.stderr)

    def test_a_user_scans_through_the_address(self):
        client = self.lab.client()
        wait_until(lambda: client.get("/ready").status == 200, "the site", 30, 0.2)
        rows = "".join(f"BARE{n:06},A\n" for n in range(50))
        answer = client.upload(("Waybill Number,Receiver\n" + rows).encode(), name="new.csv")
        self.assertEqual((answer.status, answer.json()["inserted"]), (200, 50))
        answer = client.post("/scan", {"waybill_number": "BARE000007"})
        self.assertEqual((answer.status, answer.json()["result"]), (200, "valid"))

    def content(self, said):
        out = self.lab.ops("verify-site", check=False)
        said.append(out.stdout + out.stderr)
        return out.returncode == 0

    def test_verify_site_finds_nothing_wrong(self):
        said = []
        try:
            wait_until(lambda: self.content(said), "verify-site is content", 60, 1)
        except AssertionError as e:
            self.fail(f"{e}\n{said[-1]}")
        self.assertRegex(said[-1], r"the address 198\S+ +lb +ok: on lb")
        self.assertRegex(said[-1], r"standbys that stream +db +ok: 1 of 1")


if __name__ == "__main__":
    unittest.main()
