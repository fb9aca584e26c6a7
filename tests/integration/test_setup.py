"""The scripts that set a site up: what they write, twice the same; what they would call."""

import json
import os
import re
import stat
import unittest

from support.pg import ROOT
from support.site import Site, program, run

OPS = os.path.join(ROOT, "ops")


class SetupCase(unittest.TestCase):
    def setUp(self):
        self.site = Site(vm_image="/images/debian.qcow2")
        self.addCleanup(self.site.remove)
        self.root = os.path.join(self.site.folder, "root")
        os.mkdir(self.root)

    def call(self, script, *words, **environment):
        return run(os.path.join(OPS, script), "--site", self.site.path, *words,
                   env={"ROOT": self.root, "HOME": self.site.folder, **environment})

    def files(self):
        found = {}
        for folder, _, names in os.walk(self.root):
            for name in names:
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as f:
                    found[os.path.relpath(path, self.root)] = f.read()
        return found

    def secret(self, name, text="a:secret\\of the site"):
        path = os.path.join(self.root, "etc/waybill", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text + "\n")


# Of a database host
BACKUPS = {f"etc/systemd/system/waybill-{unit}" for unit in (
    "backup.service", "backup.timer", "backup-drill.service", "backup-drill.timer",
    "backup-wal.service", "backup-wal.timer", "wal-stream.service", "watch-db.service",
    "watch-db.timer")}


class Roles(SetupCase):
    WRITES = {
        ("setup-lb", "lb1"): {"etc/haproxy/haproxy.cfg", "etc/keepalived/keepalived.conf",
                              "etc/systemd/system/haproxy.service.d/waybill.conf",
                              "etc/systemd/system/keepalived.service.d/waybill.conf",
                              "etc/waybill/stats.password"},
        ("setup-app", "app2"): {"etc/waybill/waybilld.conf", "etc/waybill/pgpass",
                                "etc/waybill/worker.env", "etc/waybill/db.password"},
        ("setup-db", "db"): {"etc/systemd/system/postgresql@.service.d/waybill.conf",
                             "etc/postgresql/15/main/conf.d/waybill.conf",
                             "etc/postgresql/15/main/conf.d/waybill-standby.conf",
                             "etc/postgresql/15/main/pg_hba.conf", "etc/waybill/db.password",
                             "etc/waybill/replication.password", "etc/waybill/replication.pgpass", *BACKUPS},
        ("setup-standby", "db2"): {"etc/postgresql/15/main/conf.d/waybill.conf",
                                   "etc/postgresql/15/main/conf.d/waybill-standby.conf",
                                   "etc/postgresql/15/main/pg_hba.conf", "etc/waybill/db.password",
                                   "etc/waybill/replication.password",
                                   "etc/waybill/replication.pgpass", *BACKUPS},
        ("setup-monitoring", "mon"): {"etc/prometheus/prometheus.yml", "etc/prometheus/alerts.yml",
                                      "etc/prometheus/stats.password",
                                      "etc/waybill/stats.password"},
    }
    SECRET = re.compile(r"haproxy\.cfg|pgpass|password")

    def test_each_role_twice(self):
        for (script, host), files in self.WRITES.items():
            with self.subTest(script):
                run("rm", "-rf", self.root)
                os.mkdir(self.root)
                if script in ("setup-app", "setup-standby"):
                    self.secret("db.password")
                if script == "setup-standby":
                    self.secret("replication.password")
                if script == "setup-monitoring":
                    self.secret("stats.password")
                before = self.files()
                would = self.call(script, "--host", host, "--dry-run")
                self.assertEqual((would.returncode, would.stderr), (0, ""))
                self.assertEqual(self.files(), before)
                self.assertIn("changes to make", would.stdout)
                first = self.call(script, "--host", host)
                self.assertEqual((first.returncode, first.stderr), (0, ""))
                common = {"etc/nftables.conf", "etc/systemd/journald.conf.d/waybill.conf"}
                written = self.files()
                self.assertEqual(set(written), files | common)
                for name, text in written.items():
                    self.assertNotRegex(text, r"(?m)@[a-z_]+@|^#@", name)
                    mode = stat.S_IMODE(os.stat(os.path.join(self.root, name)).st_mode)
                    if self.SECRET.search(name) and name not in before:
                        self.assertEqual(mode, 0o600, name)
                for name in set(written) - set(before):
                    self.assertIn(f"/{name}", first.stdout)
                second = self.call(script, "--host", host)
                self.assertEqual((second.returncode, second.stderr), (0, ""))
                self.assertIn(f"{host}: nothing to change", second.stdout)
                self.assertEqual(self.files(), written)

    def test_a_database_host_begins_its_database_and_its_backups(self):
        # The backups' units were once in the variable that names the database's.
        os.makedirs(os.path.join(self.root, "var/lib/prometheus/node-exporter"))
        said = self.call("setup-db", "--host", "db").stdout
        for unit in ("postgresql@15-main", "waybill-backup.timer", "waybill-backup-drill.timer",
                     "waybill-backup-wal.timer", "waybill-wal-stream.service",
                     "waybill-watch-db.timer"):
            self.assertIn(f"systemctl enable --now {unit}\n", said)
        for name in ("waybill_backup", "waybill_wal", "waybill_drill", "waybill_database"):
            link = os.path.join(self.root, f"var/lib/prometheus/node-exporter/{name}.prom")
            self.assertEqual(os.readlink(link), f"/var/lib/waybill-backup/{name}.prom")
        self.assertIn("nothing to change", self.call("setup-db", "--host", "db").stdout)

    def test_a_change_of_the_site_is_shown_and_made(self):
        self.call("setup-lb", "--host", "lb1")
        with open(self.site.path, "a", encoding="utf-8") as f:
            f.write("maxconn = 12\nhost = app3 app 127.0.77.23\n")
        would = self.call("setup-lb", "--host", "lb1", "--dry-run").stdout
        self.assertIn("write " + self.root + "/etc/haproxy/haproxy.cfg", would)
        self.assertNotIn("maxconn 12", self.files()["etc/haproxy/haproxy.cfg"])
        self.assertIn("1 changes", self.call("setup-lb", "--host", "lb1").stdout)
        text = self.files()["etc/haproxy/haproxy.cfg"]
        self.assertEqual((text.count("server app3"), text.count("maxconn 12")), (3, 2))

    def test_secrets_are_nobodys_to_see(self):
        self.secret("stats.password", "page's secret")
        self.secret("db.password")
        self.secret("replication.password")
        said = "".join(self.call(script, "--host", host, *dry).stdout
                       for dry in (("--dry-run",), ()) for script, host in self.WRITES)
        self.assertNotIn("secret", said)
        files = self.files()
        self.assertIn('"page\'s secret"', files["etc/haproxy/haproxy.cfg"])
        # libpq's escapes
        self.assertEqual(files["etc/waybill/pgpass"], "*:*:*:waybill:a\\:secret\\\\of the site\n")

    def test_a_run_that_ended_half_way_is_finished_by_the_next(self):
        """Its files were as they should be by then, and what they ask for was never restarted."""
        in_the_way = os.path.join(self.root, "etc/systemd/system")
        os.makedirs(os.path.dirname(in_the_way))
        with open(in_the_way, "wb"):
            pass
        self.assertNotEqual(self.call("setup-db", "--host", "db").returncode, 0)
        self.assertIn("etc/postgresql/15/main/conf.d/waybill.conf", self.files())
        os.unlink(in_the_way)
        restart = "systemctl restart postgresql@15-main"
        for dry in (["--dry-run"], []):
            out = self.call("setup-db", "--host", "db", *dry)
            self.assertEqual((out.returncode, out.stderr), (0, ""))
            self.assertIn("conf.d/waybill.conf was written by a run that did not end", out.stdout)
        self.assertIn(restart, out.stdout)
        out = self.call("setup-db", "--host", "db").stdout
        self.assertIn("nothing to change", out)
        self.assertNotIn(restart, out)

    def test_a_secret_that_was_copied_open_to_all_is_closed(self):
        self.secret("db.password")
        path = os.path.join(self.root, "etc/waybill/db.password")
        os.chmod(path, 0o644)
        self.assertIn("would: close", self.call("setup-app", "--host", "app2", "--dry-run").stdout)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o644)
        self.call("setup-app", "--host", "app2")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)

    def test_odd_passwords(self):
        """Each file has quotes of its own."""
        odd = "a b'\"\\$x`id`&|"
        for name in ("db.password", "stats.password", "replication.password"):
            self.secret(name, odd)
        with open(self.site.path, "a", encoding="utf-8") as f:
            f.write("pgbouncer = on\npatroni = on\n")
        for script, host in (("setup-lb", "lb1"), ("setup-app", "app2"), ("setup-patroni", "db")):
            out = self.call(script, "--host", host)
            self.assertEqual((out.returncode, out.stderr), (0, ""))
        files = self.files()
        self.assertIn('insecure-password "a b\'\\"\\\\\\$x`id`&|"\n', files["etc/haproxy/haproxy.cfg"])
        self.assertEqual(files["etc/pgbouncer/userlist.txt"],
                         '"waybill" "a b\'""\\$x`id`&|"\n')
        self.assertIn('password: "a b\'\\"\\\\$x`id`&|"\n', files["etc/patroni/15-main.yml"])

    def test_what_is_refused(self):
        for script, words, reason in (
                ("setup-lb", ["--host", "app1"], "'app1' is no lb host of the site"),
                ("setup-lb", ["--hots", "lb1"], "unknown option --hots"),
                ("setup-lb", [], "--host NAME"),
                ("setup-app", ["--host", "app1"], "db.password is missing"),
                ("setup-standby", ["--host", "db2"], "db.password is missing"),
                ("setup-standby", ["--host", "mon"], "'mon' is no db host of the site"),
                ("setup-app", ["--host", "app1", "/nonexistent.deb"], "cannot be read"),
                ("setup-monitoring", ["--host", "mon"], "stats.password is missing")):
            with self.subTest(script=script, words=words):
                out = self.call(script, *words)
                self.assertIn(out.returncode, (1, 2))
                self.assertIn(reason, out.stderr)
        with open(self.site.path, "a", encoding="utf-8") as f:
            f.write("wrokers = 20\n")
        lines = len(open(self.site.path, encoding="utf-8").readlines())  # noqa: SIM115
        for script, _ in self.WRITES:
            out = self.call(script)
            self.assertEqual(out.returncode, 2)
            self.assertIn(f"site.conf:{lines}: unknown key 'wrokers'", out.stderr)
        self.assertNotIn("etc/haproxy/haproxy.cfg", self.files())

    def test_each_tells_what_it_does(self):
        for script in [*(s for s, _ in self.WRITES), "vm-setup", "deploy-app", "add-app-host", "verify-site",
                       "collect-logs", "failover-db", "setup-patroni",
                       "rolling-upgrade-db", "backup", "restore-drill", "watch-db"]:
            out = run(os.path.join(OPS, script), "--help")
            self.assertEqual(out.returncode, 0)
            self.assertIn(f"ops/{script} [--site FILE]", out.stdout)
            self.assertNotIn("#", out.stdout)


class Packages(SetupCase):
    """need_packages, with stand-ins for apt and dpkg."""

    APT = """#!/bin/sh
here=${0%/*}
case "$*" in *" update") echo update; : >"$here/lists" ;; *) echo "install ${*##*install }" ;; esac >>"$here/calls"
case "$*" in *" update") exit ;; esac
[ ! -e "$here/broken" ] || { echo "E: Sub-process /usr/bin/dpkg returned an error code (1)" >&2; exit 100; }
[ -e "$here/lists" ] || { cat "$here/says" >&2; exit 100; }
for word in ${*##*install }; do : >"$here/has-$word"; done
"""
    DPKG = """#!/bin/sh
for word; do :; done
[ ! -e "${0%/*}/has-$word" ] || echo "install ok installed"
"""

    def setUp(self):
        super().setUp()
        self.bin = os.path.join(self.site.folder, "apt")
        os.mkdir(self.bin)
        for name, text in (("apt-get", self.APT), ("dpkg-query", self.DPKG)):
            self.put(name, text)
            os.chmod(os.path.join(self.bin, name), 0o755)

    def put(self, name, text=""):
        with open(os.path.join(self.bin, name), "w", encoding="ascii") as f:
            f.write(text)

    def need(self, *packages):
        """(status, standard error, apt's calls)"""
        self.put("calls")
        out = run("sh", "-euc", '. "$0"; need_packages "$@"', os.path.join(OPS, "lib.sh"), *packages,
                  env={"PATH": self.bin + ":" + os.environ["PATH"], "ROOT": ""})
        with open(os.path.join(self.bin, "calls"), encoding="ascii") as f:
            return out.returncode, out.stderr, f.read().splitlines()

    def test_lists_are_read_when_they_lack_something(self):
        """A fresh image has none: "Unable to locate package"."""
        for says in ("E: Unable to locate package socat", "E: Package 'socat' has no installation "
                     "candidate", "E: Unable to fetch some archives, maybe run apt-get update"):
            with self.subTest(says=says):
                for name in os.listdir(self.bin):
                    if name.startswith(("has-", "lists")):
                        os.unlink(os.path.join(self.bin, name))
                self.put("says", says + "\n")
                install = "install curl socat"
                self.assertEqual(self.need("curl", "socat"), (0, "", [install, "update", install]))
                self.assertEqual(self.need("curl", "socat"), (0, "", []))
                self.assertEqual(self.need("curl", "age"), (0, "", ["install age"]))

    def test_another_failure_is_told_at_once(self):
        self.put("broken")
        code, said, calls = self.need("curl")
        self.assertEqual((code, calls), (1, ["install curl"]))
        self.assertIn("dpkg returned an error", said)
        self.assertIn("apt-get could not install: curl", said)


class Machines(SetupCase):
    def setUp(self):
        super().setUp()
        self.state = os.path.join(self.site.folder, "qm.json")
        os.makedirs(os.path.join(self.site.folder, ".ssh"))
        for path in (".ssh/id_ed25519.pub", "debian.qcow2"):
            with open(os.path.join(self.site.folder, path), "w", encoding="ascii") as f:
                f.write("x\n")
        self.image = os.path.join(self.site.folder, "debian.qcow2")
        with open(self.site.path, encoding="utf-8") as f:
            text = f.read().replace("/images/debian.qcow2", self.image)
        with open(self.site.path, "w", encoding="utf-8") as f:
            f.write(text)
        bin_ = os.path.join(self.site.folder, "bin")
        os.mkdir(bin_)
        os.symlink(os.path.join(ROOT, "tests", "support", "fake_qm"), os.path.join(bin_, "qm"))
        self.environment = {"PATH": bin_ + ":" + os.environ["PATH"], "FAKE_QM": self.state}

    def vm_setup(self, *words, **more):
        return self.call("vm-setup", *words, **self.environment, **more)

    def known(self):
        with open(self.state, encoding="utf-8") as f:
            return json.load(f)

    def test_the_calls(self):
        out = self.vm_setup("--dry-run", "db")
        self.assertEqual((out.returncode, out.stderr), (0, ""))
        self.assertFalse(os.path.exists(self.state))
        key = os.path.join(self.site.folder, ".ssh/id_ed25519.pub")
        self.assertEqual([x for x in out.stdout.splitlines() if x.startswith("qm ")], [
            "qm create 205 --name db --memory 8192 --cores 4 --cpu host --ostype l26"
            " --onboot 1 --scsihw virtio-scsi-single"
            " --net0 virtio,bridge=vmbr0 --serial0 socket --vga serial0",
            f"qm set 205 --scsi0 local-lvm:0,import-from={self.image},discard=on,iothread=1,ssd=1",
            "qm set 205 --ide2 local-lvm:cloudinit --boot order=scsi0",
            f"qm set 205 --ciuser waybill --sshkeys {key}"
            " --ipconfig0 ip=127.0.77.31/8,gw=127.0.77.1 --nameserver 127.0.77.1"
            " --searchdomain waybill.test",
            "qm disk resize 205 scsi0 100G",
            "qm start 205"])

    def test_all_machines_twice(self):
        would = [x for x in self.vm_setup("--dry-run").stdout.splitlines() if x.startswith("qm ")]
        out = self.vm_setup()
        self.assertEqual((out.returncode, out.stderr), (0, ""))
        state = self.known()
        self.assertEqual([" ".join(["qm", *c]) for c in state["calls"]], would)
        vms = state["vms"]
        self.assertEqual([v["name"] for v in vms.values()],
                         ["lb1", "lb2", "app1", "app2", "db", "db2", "mon"])
        self.assertEqual(list(vms), [str(n) for n in range(201, 208)])
        self.assertEqual({v["started"] for v in vms.values()}, {"1"})
        self.assertEqual((vms["201"]["memory"], vms["201"]["size"]), ("1024", "10G"))
        out = self.vm_setup()
        self.assertEqual(out.returncode, 0)
        self.assertIn("nothing to change", out.stdout)
        self.assertEqual(self.known()["vms"], vms)

    def test_somebody_elses_machine_is_left_alone(self):
        self.vm_setup("lb1")
        state = self.known()
        state["vms"]["202"] = {"name": "mail"}
        with open(self.state, "w", encoding="utf-8") as f:
            json.dump(state, f)
        out = self.vm_setup()
        self.assertEqual(out.returncode, 1)
        self.assertIn("VM 202 is there and is not lb2", out.stderr)

    def test_a_failure_half_way_says_what_to_do(self):
        out = self.vm_setup("app1", FAKE_QM_FAILS="disk resize")
        self.assertEqual(out.returncode, 1)
        self.assertIn("failed: qm disk resize 203 scsi0 20G", out.stderr)
        self.assertIn("VM 203 is half made: qm destroy 203 --purge", out.stderr)

    def test_a_name_of_nobody(self):
        self.assertIn("no host of the site is called app9", self.vm_setup("app9").stderr)


class Logs(SetupCase):
    def test_one_archive_of_all_hosts(self):
        hosts = {}
        for name, address in (("lb1", 11), ("lb2", 12), ("app1", 21), ("db", 31), ("db2", 32),
                              ("mon", 41)):  # app2 is away
            folder = os.path.join(self.site.folder, name)
            os.mkdir(folder)
            for program_ in ("journalctl", "uptime", "df", "free", "systemctl", "ss", "tail"):
                path = os.path.join(folder, program_)
                with open(path, "w", encoding="ascii") as f:
                    f.write(f'#!/bin/sh\necho "{name}: {program_} $*"\n')
                os.chmod(path, 0o755)
            hosts[f"127.0.77.{address}"] = {"replace": {}, "path": folder}
        path = os.path.join(self.site.folder, "hosts.json")
        with open(path, "w", encoding="ascii") as f:
            json.dump(hosts, f)
        archive = os.path.join(self.site.folder, "bad-hour.tar.gz")
        environment = {"SSH": os.path.join(ROOT, "tests", "support", "fake_ssh"), "SUDO": "",
                       "FAKE_SSH": path}
        would = self.call("collect-logs", "--dry-run", "3 hours ago", archive, **environment)
        self.assertEqual((would.returncode, os.path.exists(archive)), (0, False), would)
        out = self.call("collect-logs", "3 hours ago", archive, **environment)
        self.assertEqual(out.returncode, 1)
        self.assertIn("without: app2", out.stderr)
        self.assertEqual(stat.S_IMODE(os.stat(archive).st_mode), 0o600)
        run("tar", "-C", self.root, "-xzf", archive)
        files = self.files()
        self.assertIn("app1: journalctl --no-pager -o short-iso --since 3 hours ago -u waybilld",
                      files["bad-hour/app1.log"])
        for name, units in (
                ("lb2", "haproxy keepalived"), ("app1", "waybilld waybill-worker pgbouncer"),
                ("db", "postgresql@* patroni@* etcd waybill-backup* waybill-wal-stream waybill-watch-db"),
                ("mon", "prometheus prometheus-alertmanager etcd")):
            asked = files[f"bad-hour/{name}.log"].splitlines()[0]
            for unit in (*units.split(), "nftables", "prometheus-node-exporter"):
                self.assertIn(f" -u {unit} ", asked + " ", name)
        self.assertIn("db: tail", files["bad-hour/db.postgresql.log"])
        self.assertIn("uptime", files["bad-hour/mon.state"])
        out = self.call("collect-logs", "; reboot now", archive, **environment)
        self.assertEqual((out.returncode, "is no time" in out.stderr), (2, True), out)


class Shell(unittest.TestCase):
    def test_any_shell_reads_them(self):
        dash = program("dash") or "sh"
        for name in os.listdir(OPS):
            with open(os.path.join(OPS, name), encoding="utf-8") as f:
                if f.readline() != "#!/bin/sh\n":
                    continue
            out = run(dash, "-n", os.path.join(OPS, name))
            self.assertEqual((out.returncode, out.stderr), (0, ""), name)


if __name__ == "__main__":
    unittest.main()
