"""Database hosts on one machine: each with an address, a network and /etc, /run and PostgreSQL's
folders of its own (namespaces), joined by a bridge. The test itself is on that network as well,
at app1's address. Whatever runs in them ends with stop(); nothing of the machine is touched."""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import tempfile

from .copies import open_copy
from .pg import ROOT, clean_environment, freeze, newest_postgresql
from .wait import wait_until

NEWNET = 0x40000000
NETWORK = "198.18.77"
ADDRESSES = {"db": 31, "db2": 32, "mon": 41}
SITE = f"""vip = {NETWORK}.10
network = {NETWORK}.0/24
gateway = {NETWORK}.1
dns = {NETWORK}.1
domain = waybill.test
host = lb1 lb {NETWORK}.11
host = app1 app {NETWORK}.21
host = db db {NETWORK}.31 1G 1 10G
host = db2 db {NETWORK}.32 1G 1 10G
host = mon mon {NETWORK}.41
wal_archive = off
"""
# Its own root where it matters, in memory; the packages that a host needs are there already.
BEGIN = r"""set -e
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$1"
cd "$1"
mkdir etc work state state-work lib log etcd backups
mount -t overlay -o lowerdir=/etc,upperdir=etc,workdir=work overlay /etc
# Before a folder is made there: it would be the machine's, and stay.
mount -t overlay -o lowerdir=/var/lib,upperdir=state,workdir=state-work overlay /var/lib
rm -rf /etc/postgresql /etc/waybill /etc/patroni /var/lib/waybill-backup
mkdir /etc/postgresql /etc/waybill /etc/patroni /var/lib/waybill-backup
mkdir -p /var/lib/etcd
# As an administrator may have it: what his own settings leave out is not there by itself.
echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
mount --bind etcd /var/lib/etcd
mount --bind lib /var/lib/postgresql
mount --bind log /var/log/postgresql
mount --bind backups /var/backups
chown postgres: /etc/postgresql /var/lib/waybill-backup lib log etcd
mount -t tmpfs -o mode=755 tmpfs /run
install -d -o postgres -g postgres /run/postgresql
ip link set lo up
cd /
echo ready
exec sleep infinity
"""


def _call(number, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, number)(*arguments) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def can():
    """Whether this machine lets us: root, with namespaces and overlays."""
    if os.geteuid() != 0:
        return False
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run(
            ["unshare", "-mn", "sh", "-ec", 'mount -t tmpfs tmpfs "$1"; cd "$1"; mkdir u w; mount -t '
             "overlay -o lowerdir=/etc,upperdir=u,workdir=w overlay /etc; nft list tables", "sh",
             folder], capture_output=True, check=False).returncode == 0


class Hosts:
    def __init__(self, third=False, **settings):
        """third: a third database host, db3."""
        self.addresses = {**ADDRESSES, **({"db3": 33} if third else {})}
        self.folder = tempfile.mkdtemp(prefix="waybill-hosts-")
        self.before = os.open("/proc/self/ns/net", os.O_RDONLY)
        self.holders, self.daemons = {}, []
        self.site = os.path.join(self.folder, "site.conf")
        with open(self.site, "w", encoding="ascii") as f:
            f.write(SITE + "".join(f"{k} = {v}\n" for k, v in {
                "pg_version": newest_postgresql(), **settings}.items()))
            if third:
                f.write(f"host = db3 db {NETWORK}.33 1G 1 10G\n")
        self.ssh = os.path.join(self.folder, "ssh")
        with open(self.ssh, "w", encoding="ascii") as f:
            f.write("#!/bin/sh\nfor command; do at=$to to=$command; done\n"
                    f'host={self.folder}/at-${{at#*@}}\n'
                    '[ -e "$host" ] || exit 255\n'
                    'read -r pid <"$host"\n'
                    '[ "$pid" = here ] && exec sh -c "$command"\n'
                    f'exec nsenter -t "$pid" -m -n env "PATH={self.folder}/bin:$PATH" sh -c "$command"\n')
        os.chmod(self.ssh, 0o755)
        os.mkdir(os.path.join(self.folder, "bin"))
        # app1's, which has this machine's /etc
        self.fences = os.path.join(self.folder, "fences")
        self.program("dpkg-query")
        # What runs elsewhere on this machine is none of theirs.
        self.program("pgrep", 'exec /usr/bin/pgrep --ns $$ --nslist mnt "$@"')
        _call("unshare", NEWNET)
        self._ip("link", "set", "lo", "up")
        self._ip("link", "add", "br0", "type", "bridge")
        self._ip("addr", "add", f"{NETWORK}.21/24", "dev", "br0")
        self._ip("link", "set", "br0", "up")
        self.reach("app1", "here")
        for name in self.addresses:
            self._begin(name)

    @staticmethod
    def _ip(*words):
        subprocess.run(["ip", *words], check=True, capture_output=True)

    def program(self, name, text=None):
        """What the hosts run in the place of a program of the system; without text: as at first."""
        path = os.path.join(self.folder, "bin", name)
        if text is None and name != "dpkg-query":
            os.unlink(path)
            return
        with open(path, "w", encoding="ascii") as f:
            f.write(f"#!/bin/sh\n{text or 'echo install ok installed'}\n")
        os.chmod(path, 0o755)

    def address(self, name):
        return f"{NETWORK}.{self.addresses.get(name, 21)}"

    def text(self, template, name):
        """A file of conf/ for that host."""
        return subprocess.run(
            [os.path.join(ROOT, "ops", "site"), "--site", self.site, "render",
             os.path.join(ROOT, "conf", template), "--host", name],
            env=clean_environment(), capture_output=True, text=True, check=True).stdout

    def _begin(self, name):
        root = os.path.join(self.folder, name)
        os.mkdir(root)
        # Ends with us, however we end.
        holder = subprocess.Popen(["unshare", "-mn", "sh", "-c", BEGIN, "sh", root],
                                  stdout=subprocess.PIPE, text=True, start_new_session=True)
        self.holders[name] = holder
        if holder.stdout.readline() != "ready\n":
            raise AssertionError(f"host {name} did not begin")
        self._ip("link", "add", f"v-{name}", "type", "veth", "peer", "name", "eth0", "netns",
                 str(holder.pid))
        self._ip("link", "set", f"v-{name}", "master", "br0", "up")
        self.run(name, "ip", "addr", "add", f"{self.address(name)}/24", "dev", "eth0")
        self.run(name, "ip", "link", "set", "eth0", "up")
        self.reach(name)

    def reach(self, name, how=None):
        """There is a way in by ssh (again)."""
        with open(os.path.join(self.folder, f"at-{self.address(name)}"), "w", encoding="ascii") as f:
            f.write(f"{how or self.holders[name].pid}\n")

    def cut(self, name, ssh=True):
        """Off the network; ssh: and no way in."""
        self._ip("link", "set", f"v-{name}", "down")
        if ssh:
            self.lose(name)

    def lose(self, name):
        os.unlink(os.path.join(self.folder, f"at-{self.address(name)}"))

    def heal(self, name):
        self._ip("link", "set", f"v-{name}", "up")
        self.reach(name)

    def words(self, name, *words):
        return ["nsenter", "-t", str(self.holders[name].pid), "-m", "-n", "env",
                f"PATH={self.folder}/bin:{os.environ['PATH']}:/usr/sbin:/sbin", *words]

    def run(self, name, *words, text=None, ok=True):
        """On the host; what it printed, both ways."""
        with tempfile.TemporaryFile("w+") as out:  # daemons would hold a pipe open
            code = subprocess.run(self.words(name, *words), env=clean_environment(), input=text,
                                  stdin=None if text else subprocess.DEVNULL, stdout=out,
                                  stderr=out, check=False, text=True).returncode
            out.seek(0)
            said = out.read()
        if ok and code != 0:
            raise AssertionError(f"{name}: {words}: exit {code}\n{said}")
        return said

    def begin(self, name, *words, environment=None):
        """A daemon on the host, as user postgres, which ends with it; its process."""
        with open(os.path.join(self.folder, f"{name}-{os.path.basename(words[0])}.log"), "ab") as log:
            self.daemons.append(subprocess.Popen(
                self.words(name, "setpriv", "--reuid=postgres", "--regid=postgres",
                           "--init-groups", *words), stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env={**clean_environment(), **(environment or {})}))
        return self.daemons[-1]

    def script(self, name, script, *words, ok=True):
        """One of ops/ on the host."""
        return self.run(name, os.path.join(ROOT, "ops", script), "--site", self.site, "--host",
                        name, *words, ok=ok)

    def script_of_postgres(self, name, script, *words, ok=True):
        """One of ops/ on the host that goes on as postgres, who may not be let into the folder that
        the others run from."""
        copy = os.path.join(self.folder, "copy")
        os.chmod(self.folder, 0o711)
        for part in ("ops", "conf"):
            open_copy(os.path.join(ROOT, part), os.path.join(copy, part))
        return self.run(name, os.path.join(copy, "ops", script), "--site", self.site, "--host",
                        name, *words, ok=ok)

    def anywhere(self, script, *words):
        """One of ops/ that speaks to the hosts: (exit status, what it printed)."""
        with tempfile.TemporaryFile("w+") as out:
            code = subprocess.run([os.path.join(ROOT, "ops", script), "--site", self.site, *words],
                                  env={**clean_environment(), "SSH": self.ssh, "SUDO": "",
                                       "FENCES": self.fences},
                                  stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                  check=False).returncode
            out.seek(0)
            return code, out.read()

    def copy(self, path, name, to):
        text = self.run(name, "cat", path)
        self.run(to, "sh", "-c", f"umask 077; cat >{path}", text=text)

    def sql(self, name, sql, database="postgres"):
        return self.run(name, "setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups",
                        "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database,
                        "-c", sql).strip()

    def state(self, name):
        """primary, standby or down."""
        said = self.run(name, "setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups",
                        "psql", "-X", "-A", "-t", "-c", "SELECT pg_is_in_recovery()", ok=False)
        return {"t": "standby", "f": "primary"}.get(said.strip(), "down")

    def pids(self, name):
        """Of everything that runs on the host, but for what keeps it."""
        space = os.stat(f"/proc/{self.holders[name].pid}/ns/mnt").st_ino
        found = []
        for entry in os.listdir("/proc"):
            try:
                if entry.isdigit() and os.stat(f"/proc/{entry}/ns/mnt").st_ino == space:
                    found.append(int(entry))
            except OSError:
                pass
        return [p for p in found if p != self.holders[name].pid]

    def _gone(self, pids):
        for daemon in self.daemons:
            daemon.poll()
        return not any(os.path.exists(f"/proc/{p}") for p in pids)

    def _frozen(self, name):
        """All of the host, at a stand: nobody cleans up after another, nor starts one more."""
        still = set()
        while more := set(self.pids(name)) - still:
            for pid in more:
                with contextlib.suppress(ProcessLookupError, FileNotFoundError):
                    freeze(pid)
            still |= more
        return still

    def signal(self, name, number):
        """To all of the host at once."""
        pids = self._frozen(name) if number == signal.SIGKILL else self.pids(name)
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
        if number == signal.SIGKILL:
            # Reaped, too: a zombie's lock files still count.
            wait_until(lambda: self._gone(pids), f"all of {name} is gone", timeout=60)

    def stop(self):
        for name, holder in self.holders.items():
            self.signal(name, signal.SIGKILL)
            holder.kill()
            holder.wait()
            holder.stdout.close()
        for daemon in self.daemons:
            daemon.wait()
        _call("setns", self.before, NEWNET)
        os.close(self.before)
        shutil.rmtree(self.folder, ignore_errors=True)
