"""What needs no database, beside nginx with as many processes; and what many connections cost."""

import contextlib
import os
import re
import shutil
import socket
import subprocess

from bench.common import BUILD, RUNS, WORKERS, note, run, wrk, wrk_figures
from support.pg import ROOT
from support.server import Server
from support.wait import Port, wait_until

FILE = 4096
MANY = 150
IDLE = 2000
REQUESTS = 1000000
MEMORY = 2048

NGINX = """daemon off; worker_processes {workers}; pid {folder}/pid; error_log {folder}/error;
{user}
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000;
  sendfile on; tcp_nopush on; open_file_cache max=100;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{ listen 127.0.0.1:{port}; location /static/ {{ alias {folder}/static/; }}
    location = /health {{ default_type text/plain; return 200 "healthy\\n"; }} }}
}}
"""


@contextlib.contextmanager
def peer_nginx(folder):
    port = Port()
    conf = os.path.join(folder, "nginx.conf")
    with open(conf, "w", encoding="utf-8") as f:
        f.write(NGINX.format(workers=WORKERS, folder=folder, port=port.number,
                             user="user root;" if os.geteuid() == 0 else ""))
    nginx = subprocess.Popen(
        [shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin"), "-c", conf, "-p", folder],
        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port.number}"
    try:
        wait_until(lambda: subprocess.run(["curl", "-sf", "-o", os.devnull, url + "/health"],
                                          check=False).returncode == 0, "nginx answers")
        yield url
    finally:
        nginx.terminate()
        nginx.wait()
        port.release()


@contextlib.contextmanager
def connections(server, n):
    """n of them opened at once, each with one answer."""
    with contextlib.ExitStack() as stack:
        all_of_them = [stack.enter_context(socket.socket()) for _ in range(n)]
        for s in all_of_them:
            s.setblocking(False)
            s.connect_ex(("127.0.0.1", server.port.number))
        for s in all_of_them:
            s.settimeout(10)
            s.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
        for s in all_of_them:
            assert s.recv(4096).startswith(b"HTTP/1.1 200 "), "no answer"
        yield


def busiest(server):
    out = run(os.path.join(BUILD, "waybillctl"), "-c", server.config_path, "status")
    held = [int(n) for n in re.findall(r"^worker +\d+ +\w+ +(\d+) ", out, re.MULTILINE)]
    assert len(held) == WORKERS and sum(held) >= MANY, out
    return max(held)


def answered(server):
    text = server.client.get("/metrics").body.decode()
    return sum(float(n) for n in
               re.findall(r"^waybill_requests_total\{.*\} (\S+)$", text, re.MULTILINE))


def private(pid):
    """KiB that this process alone holds."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
        return sum(int(n) for n in re.findall(r"^Private_\w+: +(\d+) kB", f.read(), re.MULTILINE))


def one_round(server, peer):
    for name, path, script in (("health", "/health", "get.lua"),
                               ("file", "/static/four.bin", "get.lua"),
                               ("close", "/health", "get_close.lua")):
        note(name, "requests/s", wrk(server.url + path, script, 64)[0])
        note(name + "_nginx", "requests/s", wrk(peer + path, script, 64)[0])
    with connections(server, MANY):
        note("busiest", "connections", busiest(server))
        note("share", "connections", MANY / WORKERS)
    words = wrk_figures(server.url + "/health", "get.lua", MANY)
    note("many_p99", "ms", words["p99_ms"])
    note("many_p50", "ms", words["p50_ms"])
    note("alone", "requests/s", wrk(server.url + "/health", "get.lua", 64)[0])
    with connections(server, IDLE):
        note("beside_idle", "requests/s", wrk(server.url + "/health", "get.lua", 64)[0])


def main(cluster, folder):
    static = os.path.join(folder, "static")
    shutil.copytree(os.path.join(ROOT, "static"), static)
    with open(os.path.join(static, "four.bin"), "wb") as f:
        f.write(os.urandom(FILE))
    db = cluster.database()
    server = Server(db.conninfo, {"workers": WORKERS, "log_level": "info",
                                  "static_dir": static}).start()
    try:
        with peer_nginx(folder) as peer:
            for _ in range(RUNS):
                one_round(server, peer)
        server.stop()
        server = Server(db.conninfo, {"workers": 1, "log_level": "info"}).start()
        while answered(server) < REQUESTS:
            wrk(server.url + "/health", "get.lua", 64)
        note("private", "KiB", max(private(pid) for pid in server.workers()))
        note("private_most", "KiB", MEMORY)
    finally:
        server.stop()
        db.drop()


NGINX_NAME = "nginx, as many processes, no access log"
# What, the figure, its measure, how the measure is named, the ratio (speed to speed) that is
# wanted; None where the row is there to be looked at.
TABLE = [
    (f"GET /health, 64 connections, {WORKERS} processes", "health", "health_nginx", NGINX_NAME, 1.0),
    ("a file of 4 KiB, the same", "file", "file_nginx", NGINX_NAME, 1.0),
    ("GET /health, a new connection for each", "close", "close_nginx", NGINX_NAME, 0.9),
    (f"{MANY} connections at once: the busiest worker", "busiest", "share", "an even share", 0.5),
    (f"GET /health, {MANY} connections, 99th percentile", "many_p99", "many_p50", "its median",
     1 / 3),
    (f"GET /health beside {IDLE:,} idle connections", "beside_idle", "alone", "without them", 0.8),
    (f"one worker's own memory after {REQUESTS:,} requests", "private", "private_most", "the most wanted",
     1.0),
]
