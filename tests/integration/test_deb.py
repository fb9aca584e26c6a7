"""The Debian package: what is in it, and that it installs, upgrades and goes."""

import os
import re
import tempfile
import unittest

from support.pg import BUILD, ROOT
from support.site import program, run


@unittest.skipUnless(program("dpkg-deb"), "there is no dpkg-deb here")
class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="waybill-deb-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        cls.deb = cls.make("1.0")
        cls.root = os.path.join(cls.folder, "root")
        out = run("dpkg-deb", "-x", cls.deb, cls.root)
        assert out.returncode == 0, out

    @classmethod
    def make(cls, version):
        path = os.path.join(cls.folder, f"waybill-{version}.deb")
        out = run(os.path.join(ROOT, "ops", "make-deb"), BUILD, version, path)
        assert (out.returncode, out.stdout.strip()) == (0, path), out
        return path

    def at(self, path):
        return os.path.join(self.root, path.lstrip("/"))

    def test_it_holds_what_a_host_needs_and_its_owner_is_root(self):
        listed = run("dpkg-deb", "-c", self.deb).stdout
        self.assertEqual(set(re.findall(r"^\S+ (\S+) ", listed, re.MULTILINE)), {"root/root"})
        self.assertIn("drwxr-xr-x", listed.splitlines()[0])
        shared = self.at("/usr/share/waybill")
        for folder in ("conf", "static"):
            mine = {f for f in os.listdir(os.path.join(ROOT, folder)) if not f.endswith(".service")}
            self.assertLessEqual(mine, set(os.listdir(os.path.join(shared, folder))))
        scripts = set(os.listdir(os.path.join(shared, "ops")))
        self.assertLessEqual({"site", "site.awk", "lib.sh", "setup-app", "setup-lb"}, scripts)
        self.assertEqual(scripts & {"run", "pg", "deps", "make-deb"}, set())
        depends = run("dpkg-deb", "-f", self.deb, "Depends").stdout
        for package in ("libc6 (>= ", "libpq5", "zlib1g", "libcrypt1"):
            self.assertIn(package, depends)

    def test_units_and_scripts_find_their_files(self):
        for unit in ("waybilld", "waybill-worker"):
            with open(self.at(f"/lib/systemd/system/{unit}.service"), encoding="utf-8") as f:
                self.assertTrue(os.access(self.at(re.search(r"^ExecStart=(\S+)", f.read(),
                                                            re.MULTILINE)[1]), os.X_OK))
        out = run(self.at("/usr/share/waybill/ops/setup-app"), "--site",
                  self.at("/usr/share/doc/waybill/site.conf"), "--host", "app1", "--dry-run",
                  env={"ROOT": self.folder})
        self.assertEqual((out.returncode, out.stderr), (0, ""))
        self.assertIn("would: write", out.stdout)
        if not BUILD.endswith("san"):  # its libraries are loaded first, or not at all
            self.assertIn("waybilld ", run(self.at("/usr/bin/waybilld"), "-V").stdout)

    # In a copy of this system: an overlay, which goes with its namespace.
    SYSTEM = r"""set -e
mkdir "$0"; mount -t tmpfs none "$0"; mkdir "$0/up" "$0/work" "$0/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$0/up,workdir=$0/work" "$0/root"
cp "$1" "$2" "$0/root"; cd "$0/root"; mount -t proc proc proc
inside() { chroot . env PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"; }
inside dpkg --force-depends -i "/${1##*/}" >log 2>&1 || { cat log; exit 1; }
inside id -un waybill
inside sh -c 'ls -d /usr/share/waybill/static/login.html /lib/systemd/system/waybilld.service'
inside dpkg --force-depends -i "/${2##*/}" >log 2>&1 || { cat log; exit 1; }
inside dpkg-query -W -f '${Version}\n' waybill
inside dpkg --purge waybill >log 2>&1 || { cat log; exit 1; }
ls usr/bin/waybilld usr/share/waybill 2>/dev/null || echo gone
"""

    def test_it_installs_upgrades_and_goes(self):
        there = os.path.join(self.folder, "system")
        if os.geteuid() != 0 or run("unshare", "-m", "sh", "-c", 'mkdir -p "$0/u" "$0/w" && '
                                    'mount -t tmpfs none "$0" && mkdir "$0/u" "$0/w" "$0/r" && '
                                    'mount -t overlay overlay -o '
                                    '"lowerdir=/,upperdir=$0/u,workdir=$0/w" "$0/r"',
                                    os.path.join(self.folder, "may")).returncode != 0:
            self.skipTest("only root, and where it may mount an overlay, has a system to try it on")
        out = run("unshare", "-m", "sh", "-c", self.SYSTEM, there, self.deb, self.make("1.1"))
        self.assertEqual((out.returncode, out.stdout.split()),
                         (0, ["waybill", "/lib/systemd/system/waybilld.service",
                              "/usr/share/waybill/static/login.html", "1.1", "gone"]), out)


if __name__ == "__main__":
    unittest.main()
