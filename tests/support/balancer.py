"""HAProxy with conf/haproxy.cfg, on free ports, before servers of this machine."""

import csv
import io
import os
import re
import signal
import socket
import subprocess

from .client import Client
from .site import FOUND, Site, program
from .wait import Port, wait_until

BACKENDS = ("waybill", "waybill_long", "waybill_any")


class Balancer:
    """ports: those of app1 and app2, on 127.0.0.1."""

    def __init__(self, ports, **settings):
        self.port, self.stats_port, self.peer_port = Port(), Port(), Port()
        self.site = Site(http_port=self.port.number, stats_port=self.stats_port.number, **settings)
        self.folder = self.site.folder
        with open(os.path.join(self.folder, "waybill-state"), "w", encoding="ascii") as f:
            f.write("1\n")
        self.config = self.site.render("haproxy.cfg", "lb1", lambda text: self._here(text, ports))
        self.log_path = os.path.join(self.folder, "log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [program("haproxy"), "-W", "-f", self.config], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log)
        self.client = Client(self.port.number)
        self.stats = Client(self.stats_port.number)
        wait_until(self._answers, "HAProxy answers")

    def _here(self, text, ports):
        """What it needs of a machine of its own, here."""
        for i, port in enumerate(ports, 1):
            text = text.replace(f"127.0.77.2{i}:8080", f"127.0.0.1:{port}")
        text = text.replace(":10000", f":{self.peer_port.number}")
        text = re.sub(r"/(run/haproxy|var/lib/haproxy)", self.folder, text)
        return re.sub(r"(?m)^\t(user haproxy|group haproxy|chroot .*)$", "", text)

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"HAProxy ended:\n{self.log()}")
        try:
            return self.stats.get("/alive").status == 200
        except OSError:
            return False

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def tell(self, command):
        """What HAProxy answers on its socket."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(10)
            s.connect(os.path.join(self.folder, "admin.sock"))
            s.sendall(command.encode() + b"\n")
            return b"".join(iter(lambda: s.recv(65536), b"")).decode()

    def state(self, server, backend="waybill"):
        """The line of `show stat`, by name of its columns."""
        rows = csv.DictReader(io.StringIO(self.tell("show stat").lstrip("# ")))
        return next(r for r in rows if (r["pxname"], r["svname"]) == (backend, server))

    def wait_for(self, word, *servers, timeout=60):
        for server in servers:
            wait_until(lambda s=server: self.state(s)["status"].startswith(word),
                       f"{server} is {word}", timeout)

    def worker(self):
        return self.tell("show info").split("Pid: ")[1].split()[0]

    def reload(self):
        """As the unit does; returns once a new worker has taken over. A signal that meets a master in
        the middle of its last reload is lost, so that it is sent again."""
        old = self.worker()
        with open(os.path.join(self.folder, "waybill-state"), "w", encoding="ascii") as f:
            f.write(self.tell("show servers state"))
        for _ in range(5):
            self.process.send_signal(signal.SIGUSR2)
            try:
                wait_until(lambda: self.worker() != old, "reloaded", 15)
                break
            except AssertionError:
                continue
        else:
            raise AssertionError(f"HAProxy does not reload:\n{self.log()[-2000:]}")
        # Until then both accept what comes to their socket, and what the old one is told is lost.
        wait_until(lambda: not listens(old, self.port.number), "the old worker has let go", 60)

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        for port in (self.port, self.stats_port, self.peer_port):
            port.release()
        self.site.remove()


def listens(pid, port):
    """Whether that process has a listening socket of that TCP port."""
    with open("/proc/net/tcp", encoding="ascii") as f:
        inodes = {line.split()[9] for line in f.readlines()[1:]
                  if line.split()[3] == "0A" and int(line.split()[1].split(":")[1], 16) == port}
    try:
        names = os.listdir(f"/proc/{pid}/fd")
    except FileNotFoundError:
        return False  # it has ended
    for name in names:
        try:
            if os.readlink(f"/proc/{pid}/fd/{name}")[8:-1] in inodes:
                return True
        except FileNotFoundError:
            pass  # closed meanwhile
    return False


def password():
    return FOUND["stats_password"]
