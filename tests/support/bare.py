"""A lab (support/lab.py) of bare machines: under each host's files is a fresh Debian or Ubuntu, as
an administrator finds it, with packages fetched but none installed: the release that this machine
has, or WBTEST_SUITE. It needs debootstrap too, and the package source of this machine."""

import fcntl
import os
import re
import shutil

from . import lab
from .pg import BUILD, ROOT
from .site import program

# systemd as process 1, and what every cloud image has.
INCLUDE = "ca-certificates,systemd,systemd-sysv,dbus,iproute2,procps,openssl"
# What the roles install; so that they can without a network.
PACKAGES = ("haproxy", "keepalived", "postgresql", "pgbouncer", "prometheus", "nftables",
            "prometheus-node-exporter", "curl", "socat", "adduser", "gawk", "libpq5", "rsync")


def why_not():
    if not program("debootstrap"):
        return "debootstrap is not installed: ops/deps test"
    if not mirror():
        return "this is neither Debian nor Ubuntu, or has no package source"
    return lab.why_not()


def release():
    with open("/etc/os-release", encoding="utf-8") as f:
        return dict(re.findall(r'^(\w+)="?([^"\n]*)', f.read(), re.MULTILINE))


def mirror():
    """Where this machine's own packages come from: (the name of the release to fetch from there, an
    address), or None."""
    if not program("apt-get"):
        return None
    name = release().get("VERSION_CODENAME")
    for line in lab.run("apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(COMPONENT)",
                        "Created-By: Packages", check=False).stdout.splitlines():
        address, codename, component = line.split()
        if codename == name and component == "main":
            return os.environ.get("WBTEST_SUITE") or name, address
    return None


def system():
    """The folder of the fresh system, below the build folder; made once."""
    name, address = mirror()
    folder = os.path.join(ROOT, BUILD, "bare", name)
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    with open(folder + ".packages", "a+", encoding="ascii") as made:
        fcntl.flock(made, fcntl.LOCK_EX)
        made.seek(0)
        if made.read() == " ".join(PACKAGES):
            return folder
        made.truncate(0)
        shutil.rmtree(folder, ignore_errors=True)
        components = "main,universe" if release().get("ID") == "ubuntu" else "main"
        lab.run("debootstrap", "--variant=minbase", f"--include={INCLUDE}",
                f"--components={components}", name, folder, address)
        fetch = ["chroot", folder, "apt-get", "-q", "-y", "--no-install-recommends"]
        lab.run(*fetch, "update")
        lab.run(*fetch, "--download-only", "install", *PACKAGES)
        made.write(" ".join(PACKAGES))
    return folder


class BareLab(lab.Lab):
    """Its hosts have booted, and have nothing yet."""

    HOSTS = (("lb", "lb", 11), ("app1", "app", 21), ("app2", "app", 22), ("db", "db", 31),
             ("db2", "db", 32), ("mon", "mon", 41))

    def _build(self, settings):
        self.lower = system()
        version = re.search(r"postgresql-(\d+)", lab.run(
            "chroot", self.lower, "apt-cache", "show", "--no-all-versions", "postgresql").stdout)[1]
        self._begin({"pg_version": version, **settings})
        for host in self.hosts.values():
            os.makedirs(os.path.join(host.folder, "upper"))
            host.write("/etc/machine-id", "")
            host.write("/etc/hostname", host.name + "\n")
        self.all(lab.Host.power_on, list(self.hosts.values()))
