"""A real nginx on a free port, with the defaults of its package: files below /static/, /health as
text, and /scan behind it, where a little origin takes what nginx takes for a body."""

import http.server
import os
import shutil
import subprocess
import tempfile
import threading

from .client import Client
from .wait import Port, wait_until

CONFIG = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    types {{ text/css css; text/javascript js; text/plain txt; }}
    map $http_x_request_id $id {{ "" $request_id; default $http_x_request_id; }}
    gzip on; gzip_types *; gzip_min_length 100; gzip_vary on;
    server {{
        listen 127.0.0.1:{port};
        add_header X-Request-Id $id always;
        location = / {{ return 200; }}
        location = /health {{ default_type text/plain; return 200 "healthy\\n"; }}
        location /static/ {{ alias {static}/; disable_symlinks on; }}
        location = /scan {{ proxy_pass http://127.0.0.1:{origin}; proxy_http_version 1.1; }}
        location / {{ return 404; }}
    }}
}}
"""


class Origin(http.server.BaseHTTPRequestHandler):
    """404 with the result for the one body that the table sends, 400 for others."""

    protocol_version = "HTTP/1.1"
    body = b""

    def do_POST(self):
        got = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        text = b'{"result":"not_found"}' if got == self.body else b"{}"
        self.send_response(404 if got == self.body else 400)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


def program():
    return shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")


def version():
    """"1.22.1"; empty when there is none."""
    if not program():
        return ""
    out = subprocess.run([program(), "-v"], capture_output=True, text=True, check=True).stderr
    return out.strip().rpartition("/")[2].split()[0]


class Nginx:
    def __init__(self, static, body):
        self.folder = tempfile.mkdtemp(prefix="waybill-nginx-")
        self.port = Port()
        handler = type("Handler", (Origin,), {"body": body})
        self.origin = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self.origin.serve_forever, daemon=True).start()
        path = os.path.join(self.folder, "nginx.conf")
        with open(path, "w", encoding="ascii") as f:
            f.write(CONFIG.format(folder=self.folder, port=self.port.number, static=static,
                                  origin=self.origin.server_address[1]))
        self.process = subprocess.Popen([program(), "-p", self.folder, "-c", path],
                                        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self._answers, "nginx answers")

    def _answers(self):
        try:
            return Client(self.port.number).get("/health").status == 200
        except OSError:
            return False

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        self.origin.shutdown()
        self.origin.server_close()
        self.port.release()
        shutil.rmtree(self.folder, ignore_errors=True)
