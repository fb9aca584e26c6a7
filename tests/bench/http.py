"""What needs no database, beside nginx with as many processes."""

import os
import shutil
import subprocess

from bench.common import RUNS, WORKERS, note, wrk
from support.server import Server
from support.wait import Port, wait_until

NGINX = """daemon off; worker_processes {workers}; pid {folder}/pid; error_log {folder}/error;
{user}
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{ listen 127.0.0.1:{port}; location = /health {{ default_type text/plain;
    return 200 "healthy\\n"; }} }}
}}
"""


def main(cluster, folder):
    db = cluster.database()
    server = Server(db.conninfo, {"workers": WORKERS, "log_level": "info"}).start()
    port = Port()
    conf = os.path.join(folder, "nginx.conf")
    with open(conf, "w", encoding="utf-8") as f:
        f.write(NGINX.format(workers=WORKERS, folder=folder, port=port.number,
                             user="user root;" if os.geteuid() == 0 else ""))
    nginx = subprocess.Popen(
        [shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin"), "-c", conf, "-p", folder],
        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        peer = f"http://127.0.0.1:{port.number}/health"
        wait_until(lambda: subprocess.run(["curl", "-sf", "-o", os.devnull, peer],
                                          check=False).returncode == 0, "nginx answers")
        for _ in range(RUNS):
            note("health", "requests/s", wrk(server.url + "/health", "get.lua", 64)[0])
            note("health_nginx", "requests/s", wrk(peer, "get.lua", 64)[0])
    finally:
        nginx.terminate()
        nginx.wait()
        port.release()
        server.stop()
        db.drop()


# What, the figure, its measure, how the measure is named, the ratio (speed to speed) that is
# wanted; None where the row is there to be looked at.
TABLE = [
    (f"GET /health, 64 connections, {WORKERS} processes", "health", "health_nginx",
     "nginx, as many processes, no access log", 1.0),
]
