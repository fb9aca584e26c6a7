"""A real HAProxy on free ports, with a frontend and a backend for each way in which a site would
set one up, all before one server; and its log, one line for each request that it saw."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass

from .wait import Port, wait_until

# What a frontend and its backend have beyond the defaults.
VARIANTS = {
    "defaults": ("", "http-reuse safe"),
    "reuse": ("", "http-reuse always\n    retry-on all-retryable-errors"),
    "server-close": ("option http-server-close", "http-reuse safe"),
    "close": ("option httpclose", "http-reuse never"),
    "buffered": ("option http-buffer-request", "http-reuse aggressive"),
    "lenient": ("option accept-invalid-http-request", "http-reuse always"),
}

GLOBAL = """
global
    log stdout len 4096 format raw local0
    nbthread 1
    tune.bufsize 32768
defaults
    mode http
    log global
    option forwardfor
    option redispatch 1
    retries 3
    timeout connect 2s
    timeout client 500ms
    timeout server 10s
    timeout http-request 500ms
    timeout http-keep-alive 500ms
    timeout queue 5s
    unique-id-format "h-%cp-%rt"
    log-format "%ci %ID %ST %ts %f/%s %HM %HU %HV"
"""

PAIR = """
frontend {name}
    bind 127.0.0.1:{port}
    {frontend}
    http-request set-header X-Request-Id %[unique-id]
    default_backend {name}
backend {name}
    {backend}
    http-request disable-l7-retry if METH_POST
    server app 127.0.0.1:{server} maxconn 18
"""


@dataclass(frozen=True)
class Forwarded:
    """A request as HAProxy saw it."""

    client: str  # its address
    id: str  # what the server was told as X-Request-Id
    status: int
    ended: str  # "--": nobody broke off
    sent: bool  # to the server
    method: str  # BAD: it could not read it
    target: str


BAD = "<BADREQ>"
LINE = re.compile(r"^(\S+) (\S+) (-?\d+) (\S\S) (\S+)/(\S+) (\S+) (\S+) \S+$", re.MULTILINE)


def _plain(text):
    return re.sub("#([0-9A-F]{2})", lambda h: chr(int(h[1], 16)), text)


def program():
    return shutil.which("haproxy", path=os.environ.get("PATH", "") + ":/usr/sbin")


class Haproxy:
    def __init__(self, server_port):
        self.folder = tempfile.mkdtemp(prefix="waybill-haproxy-")
        self.ports = {name: Port() for name in VARIANTS}
        path = os.path.join(self.folder, "haproxy.cfg")
        with open(path, "w", encoding="ascii") as f:
            f.write(GLOBAL)
            f.writelines(PAIR.format(name=name, port=self.ports[name].number, frontend=frontend,
                                     backend=backend, server=server_port)
                         for name, (frontend, backend) in VARIANTS.items())
        # A file takes every line; a datagram socket loses some under load.
        self.log = open(os.path.join(self.folder, "log"), "wb+")
        self.process = subprocess.Popen([program(), "-db", "-f", path], stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log)
        wait_until(self._listens, "HAProxy listens")

    def _listens(self):
        if self.process.poll() is not None:
            raise AssertionError(f"HAProxy ended:\n{self._text()}")
        try:
            for port in self.ports.values():
                socket.create_connection(("127.0.0.1", port.number), 1).close()
            return True
        except OSError:
            return False

    def _text(self):
        with open(self.log.name, encoding="latin-1") as f:
            return f.read()

    def saw(self, variant):
        """All requests to this frontend, in the order in which they ended."""
        found = []
        for m in LINE.finditer(self._text()):
            if m[5] == variant:
                found.append(Forwarded(m[1], m[2], int(m[3]), m[4], m[6] != "<NOSRV>",
                                       _plain(m[7]), _plain(m[8])))
        return found

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()
        for port in self.ports.values():
            port.release()
        shutil.rmtree(self.folder, ignore_errors=True)
