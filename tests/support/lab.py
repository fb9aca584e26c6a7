"""A whole site on this machine. Each host is a container with an address, a systemd and a root
file system of its own (over this machine's), joined by a switch in a namespace of its own, so that
nothing outside reaches them; the package is installed and the scripts of ops/ set them up, as
ops/README.md says it. Beside them is a client, an address in the same network.

    lab = Lab()                         # about half a minute; lab.close() ends all of it
    lab["app1"].sh("systemctl stop waybilld")
    lab["app1"].power_off()             # ... as a plug that is pulled; power_on() boots it anew
    lab.cut("app1", "db"); lab.heal()   # what these send to each other is dropped
    lab.client().get("/health")         # through the virtual address

It needs root, namespaces and systemd-nspawn: why_not() says what is missing."""

import atexit
import csv
import ctypes
import glob
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from .client import Client, Connection
from .pg import ROOT, clean_environment, newest_postgresql, psql
from .site import program
from .wait import wait_until

NETWORK = "198.18.77."  # of the range for measurements, RFC 2544: nobody's
VIP = NETWORK + "10"
HOSTS = (("lb", "lb", 11), ("lb2", "lb", 12), ("app1", "app", 21), ("app2", "app", 22),
         ("db", "db", 31), ("db2", "db", 32), ("mon", "mon", 41))
STATIONS = [f"{NETWORK}{100 + i}" for i in range(8)]
SECRETS = {"db.password": "of-the-database", "replication.password": "of-the-standby",
           "stats.password": "of-the-page"}
HOST = os.path.join(ROOT, "tests", "support", "lab_host")
PROGRAMS = ("systemd-nspawn", "haproxy", "keepalived", "nft", "ip", "nsenter", "prometheus",
            "pg_createcluster", "curl", "socat")
CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def why_not():
    """Why there can be no lab here, or None."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    for name in PROGRAMS:
        if not program(name):
            return f"{name} is not installed: ops/deps test"
    for words in (["ip", "netns", "list"], ["unshare", "-m", "-n", "-p", "-f", "true"]):
        out = subprocess.run(words, capture_output=True, text=True, check=False)
        if out.returncode != 0:
            return f"{' '.join(words)}: {out.stderr.strip()}"
    with tempfile.TemporaryDirectory(prefix="waybill-lab-") as folder:
        for name in ("upper", "work", "root"):
            os.mkdir(os.path.join(folder, name))
        out = subprocess.run(
            ["unshare", "-m", "mount", "-t", "overlay", "overlay", "-o",
             f"lowerdir=/,upperdir={folder}/upper,workdir={folder}/work", f"{folder}/root"],
            capture_output=True, text=True, check=False)
        if out.returncode != 0:
            return f"no overlay over / here: {out.stderr.strip()}"
    return None


def run(*words, check=True, **more):
    out = subprocess.run(words, capture_output=True, text=True, check=False,
                         env=clean_environment(), **{"stdin": subprocess.DEVNULL, **more})
    if check and out.returncode != 0:
        raise AssertionError(f"{' '.join(words)}: {out.returncode}\n{out.stdout}{out.stderr}")
    return out


def inside(netns, work):
    """What work() gives, run by a thread in a network namespace: sockets keep theirs."""
    result = []

    def body():
        with open(f"/run/netns/{netns}", "rb") as ns:
            if _libc.setns(ns.fileno(), CLONE_NEWNET) != 0:
                result.append((None, OSError(ctypes.get_errno(), f"setns {netns}")))
                return
        try:
            result.append((work(), None))
        except BaseException as e:  # raised in the thread that waits
            result.append((None, e))

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    value, error = result[0]
    if error:
        raise error
    return value


class Inside(Client):
    """A client in a network namespace."""

    def __init__(self, netns, host, port=80, timeout=20.0, source=""):
        super().__init__(port, timeout, host)
        self.netns = netns
        self.source = source

    def connect(self, timeout=None):
        return inside(self.netns, lambda: Connection(
            self.port, timeout or self.timeout, self.host, self.source))


class Host:
    def __init__(self, lab, name, role, number):
        self.lab = lab
        self.name = name
        self.role = role
        self.address = f"{NETWORK}{number}"
        self.netns = f"{lab.name}-{name}"
        self.plug = f"p-{name}"  # its end in the switch
        self.folder = os.path.join(lab.folder, name)
        self.log_path = os.path.join(lab.folder, f"{name}.log")
        self.process = self.leader = None

    def path(self, path):
        """A file of its own, from outside."""
        if self.leader:
            return f"/proc/{self.leader}/root{path}"
        return os.path.join(self.folder, "upper", path.lstrip("/"))

    def write(self, path, text, mode=0o644):
        os.makedirs(os.path.dirname(self.path(path)), exist_ok=True)
        with open(self.path(path), "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(self.path(path), mode)

    # --- power

    def power_on(self):
        self.lab.plug_in(self.netns, self.plug, [self.address])
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                ["unshare", "-m", HOST, "boot", self.folder, self.name, self.netns,
                 self.lab.lower],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=clean_environment())
        wait_until(self._booted, f"{self.name} has booted", timeout=180, pause=0.05)

    def _booted(self):
        if self.process.poll() is not None:
            with open(self.log_path, encoding="utf-8", errors="replace") as f:
                raise AssertionError(f"{self.name} does not boot:\n{f.read()[-3000:]}")
        try:
            path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
            with open(path, encoding="ascii") as f:
                self.leader = int(f.read().split()[0])
        except (OSError, IndexError):
            return False
        state = self.sh("systemctl is-system-running", check=False).stdout.strip()
        return state in ("running", "degraded")

    def enter(self):
        """Words in front of a command that make it one of this host's."""
        return ["nsenter", "-t", str(self.leader), "-m", "-u", "-i", "-n", "-p", "env", "-i",
                "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8"]

    def sh(self, command, check=True, **more):
        return run(*self.enter(), "sh", "-c", command, check=check, **more)

    def pids(self):
        """Of all its processes."""
        found = []
        mine = os.stat(f"/proc/{self.leader}/ns/pid").st_ino
        for path in glob.glob("/proc/[0-9]*"):
            try:
                if os.stat(path + "/ns/pid").st_ino == mine:
                    found.append(int(path[6:]))
            except OSError:
                continue
        return found

    def signal(self, number, name=None):
        """A signal to all of its processes, or those of this name."""
        for pid in self.pids():
            try:
                with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as f:
                    if name is None or f.read().strip() == name:
                        os.kill(pid, number)
            except OSError:
                continue

    def kill(self):
        """All its processes at once: the first one's death is the others'. Its kernel stays, and
        refuses connections."""
        self.strike()
        if self.process:
            self.process.wait()
        self.process = self.leader = None

    def strike(self):
        for pid in filter(None, (self.leader, self.process and self.process.pid)):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def power_off(self):
        """Nothing is heard of it any more, not even that it ended."""
        self.lab.pull(self.plug)
        self.kill()
        self.lab.unplug(self.netns, self.plug)


class Lab:
    HOSTS = HOSTS  # settings: of site.conf, beside those
    lower = "/"  # the system that is under each host's own files

    def __init__(self, **settings):
        self.name = f"wb{os.getpid()}"
        self.folder = tempfile.mkdtemp(prefix="waybill-lab-")
        self.base = os.path.join(self.folder, "base")
        self.switch = f"{self.name}-switch"
        self.outside = f"{self.name}-client"
        self.cuts = []
        atexit.register(self.close)
        signal.signal(signal.SIGTERM, self._stopped)
        self.hosts = {name: Host(self, name, role, n) for name, role, n in self.HOSTS}
        try:
            self._build(settings)
        except BaseException:
            self.close()
            raise

    def __getitem__(self, name):
        return self.hosts[name]

    def role(self, role):
        return [h for h in self.hosts.values() if h.role == role]

    def all(self, work, hosts):
        """work(host) for all at once."""
        with ThreadPoolExecutor(len(hosts)) as pool:
            return list(pool.map(work, hosts))

    def _stopped(self, *_):
        """By tests/run, when we take too long."""
        self.close()
        os._exit(143)

    # --- building it

    def _begin(self, settings):
        """The switch, the package, the site's file."""
        run("ip", "netns", "add", self.switch)
        run("ip", "-n", self.switch, "link", "add", "br0", "type", "bridge")
        run("ip", "-n", self.switch, "link", "set", "br0", "up")
        self.plug_in(self.outside, "p-client", [NETWORK + "99", *STATIONS])
        self.deb = package("1.0.0")
        self.site = os.path.join(self.folder, "site.conf")
        with open(self.site, "w", encoding="utf-8") as f:
            f.write(site_conf(self.HOSTS, settings))

    def _build(self, settings):
        self._begin({"pg_version": newest_postgresql(), **settings})
        run("unshare", "-m", HOST, "base", self.base, self.deb)
        for host in self.hosts.values():
            os.mkdir(host.folder)
            run("cp", "-a", os.path.join(self.base, "upper"), host.folder)
            with open(self.site, encoding="utf-8") as f:
                host.write("/etc/waybill/site.conf", f.read())
            for name, secret in SECRETS.items():
                host.write(f"/etc/waybill/{name}", secret + "\n", 0o600)
        self.all(Host.power_on, list(self.hosts.values()))
        self._map_ssh()
        self.all(lambda job: job(), [self._set_up_databases,
                                     lambda: self.all(self.set_up, self.role("lb")),
                                     lambda: self.all(self.set_up, self.role("mon"))])
        if settings.get("patroni") == "on":
            for host in (*self.role("mon"), *self.role("db")):
                self.set_up(host, "setup-patroni")
        self.all(self.set_up, self.role("app"))
        self["app1"].sh("waybillctl -c /etc/waybill/waybilld.conf migrate")
        self.wait_well()

    def set_up(self, host, script=None):
        """What it says of its changes."""
        name = script or {"lb": "setup-lb", "app": "setup-app", "db": "setup-db",
                          "mon": "setup-monitoring"}[host.role]
        return host.sh(f"/usr/share/waybill/ops/{name}").stdout

    def _set_up_databases(self):
        primary, standby = self.role("db")
        self.set_up(primary)
        self.set_up(standby, "setup-standby")
        self.set_up(primary)

    def _map_ssh(self):
        """How scripts that speak to the hosts by ssh reach them: see environment()."""
        self.map = os.path.join(self.folder, "hosts.json")
        with open(self.map, "w", encoding="utf-8") as f:
            json.dump({h.address: {"within": h.enter()} for h in self.hosts.values()
                       if h.leader}, f)

    def ops(self, script, *words, check=True, **environment):
        """A script that an administrator runs, at the client's machine."""
        self._map_ssh()
        return run("ip", "netns", "exec", self.outside, "env",
                   "SSH=" + os.path.join(ROOT, "tests", "support", "fake_ssh"), "SUDO=",
                   f"FAKE_SSH={self.map}", *(f"{k}={v}" for k, v in environment.items()),
                   os.path.join(ROOT, "ops", script), "--site", self.site, *words, check=check)

    def close(self):
        atexit.unregister(self.close)
        for host in self.hosts.values():
            host.strike()
        for host in self.hosts.values():
            host.kill()
            self.unplug(host.netns, host.plug)
        self.unplug(self.outside, "p-client")
        run("ip", "netns", "del", self.switch, check=False)
        for tree in ("/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"):
            for top in glob.glob(f"{tree}/{self.name}-*"):
                for folder, _, _ in os.walk(top, topdown=False):
                    remove_group(folder)
        remove_tree(self.folder)

    # --- cables

    def plug_in(self, netns, plug, addresses):
        if os.path.exists(f"/run/netns/{netns}"):
            return
        run("ip", "netns", "add", netns)
        run("ip", "-n", netns, "link", "set", "lo", "up")
        run("ip", "-n", self.switch, "link", "add", plug, "type", "veth", "peer", "name", "eth0",
            "netns", netns)
        run("ip", "-n", self.switch, "link", "set", plug, "master", "br0", "up")
        for address in addresses:
            run("ip", "-n", netns, "addr", "add", f"{address}/24", "dev", "eth0")
        run("ip", "-n", netns, "link", "set", "eth0", "up")

    def pull(self, plug):
        run("ip", "-n", self.switch, "link", "set", plug, "down", check=False)

    def unplug(self, netns, plug):
        run("ip", "-n", self.switch, "link", "del", plug, check=False)
        run("ip", "netns", "del", netns, check=False)

    def cut(self, one, other):
        """Nothing passes between two hosts any more, and nobody is told."""
        pair = (self[one].address, self[other].address)
        self.cuts.append(pair)
        self._cut()

    def repair(self):
        """What a test that failed left behind; PostgreSQL's roles stay."""
        self.heal()
        for host in self.hosts.values():
            if host.leader:
                host.signal(signal.SIGCONT)
            else:
                host.power_off()
                host.power_on()

    def heal(self):
        self.cuts.clear()
        self._cut()

    def _cut(self):
        rules = "".join(f"ip saddr {a} ip daddr {b} drop\nip saddr {b} ip daddr {a} drop\n"
                        for a, b in self.cuts)
        run("ip", "netns", "exec", self.switch, "nft", "-f", "-", stdin=None, input=(
            "table bridge lab\ndelete table bridge lab\ntable bridge lab {\nchain forward {\n"
            f"type filter hook forward priority 0; policy accept;\n{rules}}}\n}}\n"))

    # --- asking it

    def client(self, host=VIP, port=80, **more):
        return Inside(self.outside, host, port, **more)

    def sql(self, host, text, database="postgres"):
        """Rows, as the superuser on its socket."""
        within = [*host.enter(), "setpriv", "--reuid=postgres", "--regid=postgres",
                  "--init-groups", "--"]
        return psql(f"dbname={database} user=postgres", text, within)

    def query(self, text):
        """Of the primary."""
        return self.sql(self.primary(), text, "warehousedb")

    def is_primary(self, host):
        try:
            return bool(host.leader) and self.sql(host, "SELECT pg_is_in_recovery()") == [["f"]]
        except AssertionError:
            return False

    def primary(self):
        for host in self.role("db"):
            if self.is_primary(host):
                return host
        raise AssertionError("no database takes writes")

    def active(self):
        """The load balancer that has the address."""
        owners = [h for h in self.role("lb") if h.leader
                  and f" {VIP}/" in run("ip", "-n", h.netns, "-o", "addr").stdout]
        assert len(owners) == 1, [h.name for h in owners]
        return owners[0]

    def tell(self, lb, command):
        """What its HAProxy answers on its socket."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(10)
            s.connect(lb.path("/run/haproxy/admin.sock"))
            s.sendall(command.encode() + b"\n")
            return b"".join(iter(lambda: s.recv(65536), b"")).decode()

    def servers(self, lb):
        """{application host: UP, DOWN...} as this load balancer sees them."""
        return {name: row["status"] for name, row in self.stat(lb).items()}

    def stat(self, lb):
        """{application host: line of show stat}"""
        rows = csv.DictReader(io.StringIO(self.tell(lb, "show stat").lstrip("# ")))
        return {r["svname"]: r for r in rows
                if r["pxname"] == "waybill" and r["svname"].startswith("app")}

    def taken(self, lb):
        """{application host: requests that this load balancer has given it}"""
        return {name: int(row["stot"]) for name, row in self.stat(lb).items()}

    def is_well(self):
        try:
            self.active()
            for lb in self.role("lb"):
                if set(self.servers(lb).values()) != {"UP"} or len(self.servers(lb)) != 2:
                    return False
            rows = self.query("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' "
                              "AND sync_state = 'sync'")
            return rows == [["1"]] and self.client().get("/ready").status == 200
        except (OSError, AssertionError):
            return False

    def wait_well(self, timeout=120):
        try:
            wait_until(self.is_well, "the site is well", timeout, 0.2)
        except AssertionError as e:
            raise AssertionError(f"{e}\n{self.state()}") from None

    def state(self):
        """What is the matter, for a report."""
        lines = []
        for h in self.hosts.values():
            if not h.leader:
                lines.append(f"{h.name}: off")
                continue
            failed = h.sh("systemctl --failed --no-legend --plain", check=False).stdout.strip()
            lines.append(f"{h.name}: {failed or 'no failed unit'}")
            lines.append(h.sh("journalctl -q --no-pager -n 15 -o short-precise -p info",
                              check=False).stdout)
        return "\n".join(lines)


def remove_group(folder):
    """A control group, once the last process is out of it."""
    for _ in range(50):
        try:
            os.rmdir(folder)
            return
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.02)


def remove_tree(folder):
    """What a host had, once the last process of it is gone."""
    for _ in range(100):
        try:
            if os.path.exists(folder):
                shutil.rmtree(folder)
            return
        except OSError:
            time.sleep(0.1)
    shutil.rmtree(folder)


def site_conf(hosts, settings):
    lines = [f"vip = {VIP}", f"network = {NETWORK}0/24", f"gateway = {NETWORK}1",
             f"dns = {NETWORK}1", "domain = waybill.test",
             *(f"host = {name} {role} {NETWORK}{n} 512M 1 10G" for name, role, n in hosts),
             *(f"{k} = {v}" for k, v in settings.items())]
    return "".join(line + "\n" for line in lines)


def package(version):
    """The package of this tree, as make deb makes it."""
    run("make", "-C", ROOT, "-s", "deb", f"VERSION={version}")
    found = glob.glob(os.path.join(ROOT, "build", f"waybill_{version}_*.deb"))
    assert len(found) == 1, found
    return found[0]
