"""The load balancer of conf/haproxy.cfg, a real one, before two real servers, and before two that
break off."""

import base64
import collections
import http.client
import json
import os
import re
import ssl
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from support.balancer import BACKENDS, Balancer, password
from support.pg import Cluster, Database
from support.server import Server
from support.site import CONF, certificate
from support.wait import Port, wait_until

AGAIN = {"Idempotency-Key": "scan-1"}


def known(word=None):
    pair = base64.b64encode(f"admin:{word or password()}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


class TwoServers(unittest.TestCase):
    settings = {"trusted_proxies": "127.0.0.1", "access_log": "-", "access_log_format": "json",
                "workers": 3}

    @classmethod
    def setUpClass(cls):
        cls.db = Cluster.shared().database()
        cls.addClassCleanup(cls.db.drop)
        cls.servers = []
        for _ in range(2):
            server = Server(cls.db.conninfo, cls.settings)
            cls.addClassCleanup(server.kill)
            cls.servers.append(server.start())
        cls.balancer = Balancer([s.port.number for s in cls.servers])
        cls.addClassCleanup(cls.balancer.stop)
        cls.client = cls.balancer.client
        cls.balancer.wait_for("UP", "app1", "app2")

    def who(self, headers=None):
        """(host that answered, the cookie for its next request)"""
        r = self.client.get("/scan", headers)
        self.assertEqual(r.status, 200, r)
        cookie = r.headers.get("set-cookie", "")
        return cookie.partition(";")[0].removeprefix("SERVERID="), cookie

    def seen(self):
        return [json.loads(line) for server in self.servers
                for line in server.log().rpartition("\n")[0].splitlines() if line.startswith("{")]

    def test_new_clients_go_to_each_in_turn(self):
        found = collections.Counter(self.who()[0] for _ in range(200))
        self.assertEqual(set(found), {"app1", "app2"})
        self.assertLessEqual(abs(found["app1"] - found["app2"]), 10, found)

    def test_a_client_comes_back_to_its_host(self):
        host, cookie = self.who()
        self.assertRegex(cookie, "^SERVERID=app[12]; path=/; HttpOnly; SameSite=Lax$")
        before = int(self.balancer.state(host)["stot"])
        for _ in range(100):
            # A cookie that fits is not set again.
            self.assertEqual(self.who({"Cookie": f"SERVERID={host}"})[0], "")
        wait_until(lambda: int(self.balancer.state(host)["stot"]) == before + 100,
                   "all 100 went to it")

    def test_nobody_says_who_they_are_themselves(self):
        names = ("X-Forwarded-For", "X-Real-IP", "Forwarded")
        r = self.client.get("/scan?who", {**dict.fromkeys(names, "6.6.6.6"),
                                           "X-Forwarded-Proto": "https", "X-Request-Id": "mine"})
        self.assertEqual(r.status, 200)
        line = wait_until(lambda: [x for x in self.seen() if "scan?who" in str(x)],
                          "the server logged it")[-1]
        self.assertNotIn("6.6.6.6", json.dumps(line))
        self.assertIn("127.0.0.1", json.dumps(line))
        self.assertNotIn('"mine"', json.dumps(line))
        # The same name of the request in both logs
        name = r.headers["x-request-id"]
        self.assertIn(name, json.dumps(line))
        wait_until(lambda: name in self.balancer.log(), "HAProxy logged it under the same name")

    def test_statistics_and_metrics_ask_for_the_password(self):
        for path in ("/stats", "/metrics"):
            self.assertEqual(self.balancer.stats.get(path).status, 401)
            self.assertEqual(self.balancer.stats.get(path, known("guess")).status, 401)
        r = self.balancer.stats.get("/stats", known())
        self.assertIn(b"app2", r.body)
        self.assertNotIn(b"version 2", r.body)
        r = self.balancer.stats.get("/metrics", known())
        self.assertIn(b'haproxy_server_status{proxy="waybill",server="app1",state="UP"} 1', r.body)

    def test_dashboard_and_alerts_name_what_is_exported(self):
        self.client.post("/scan", {"waybill_number": "JT1"})
        text = (self.servers[0].client.get("/metrics").body
                + self.servers[1].client.get("/metrics").body
                + self.balancer.stats.get("/metrics", known()).body).decode()
        exported = set(re.findall(r"^(\w+)[ {]", text, re.MULTILINE))
        left = set()  # by scripts, for the node's exporter
        for script in ("backup", "restore-drill", "watch-db"):
            with open(os.path.join(CONF, "..", "ops", script), encoding="utf-8") as f:
                left |= set(re.findall(r"\bmetric (\w+) ", f.read()))
        used = []
        with open(os.path.join(CONF, "grafana-dashboard.json"), encoding="utf-8") as f:
            for panel in json.load(f)["panels"]:
                used += [(panel["title"], t["expr"]) for t in panel["targets"]]
        with open(os.path.join(CONF, "alerts.yml"), encoding="utf-8") as f:
            used += re.findall(r"alert: (\w+)\s+expr: (.*)", f.read())
        self.assertGreater(len(used), 40)
        for where, expression in used:
            names = set(re.findall(r"\b(?:waybill|haproxy)_\w+",
                                   re.sub(r'"[^"]*"', '""', expression)))
            self.assertTrue(names or re.search(r"\b(up|node_\w+)\b", expression), where)
            self.assertEqual(names - exported - left, set(), where)
            for name, inside in re.findall(r"(\w+)\{(.*?)\}", expression):
                labels = set(re.findall(r'(\w+)=', inside)) - {"job", "fstype", "mode"}
                others = name in left or name.startswith("node_")
                for label in () if others else labels:
                    self.assertRegex(text, rf"(?m)^{name}\{{.*\b{label}=", where)

    def test_maintenance_counts_for_every_backend_and_outlives_a_reload(self):
        self.balancer.tell("set server waybill/app1 state maint")
        try:
            self.assertEqual({self.who()[0] for _ in range(20)}, {"app2"})
            self.assertIn("MAINT", self.balancer.state("app1", "waybill_long")["status"])
            self.assertEqual(self.client.get("/health", {"Cookie": "SERVERID=app1"}).status, 200)
            self.balancer.reload()
            self.assertIn("MAINT", self.balancer.state("app1")["status"])
        finally:
            self.balancer.tell("set server waybill/app1 state ready")
        self.balancer.wait_for("UP", "app1")

    def test_no_request_is_lost_by_a_reload(self):
        failed, stop = [], threading.Event()

        def ask():
            while not stop.wait(0.03):  # below the limit for one address
                try:
                    r = self.client.get("/health")
                    if r.status != 200:
                        failed.append(r)
                except OSError as e:
                    failed.append(e)
        thread = threading.Thread(target=ask)
        thread.start()
        try:
            for _ in range(2):
                self.balancer.reload()
        finally:
            stop.set()
            thread.join()
        self.assertEqual(failed, [])

    def test_without_the_database_pages_load_and_scans_say_so(self):
        admin = Database(Cluster.shared(), "postgres")

        def allow(word):
            admin.query(f'ALTER DATABASE "{self.db.name}" ALLOW_CONNECTIONS {word}',
                        role="postgres")
        allow("false")
        try:
            admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        f"WHERE datname = '{self.db.name}'", role="postgres")
            self.balancer.wait_for("DOWN", "app1", "app2")
            self.assertEqual(self.client.get("/scan").status, 200)
            r = self.client.post("/scan", {"waybill_number": "JT1"}, AGAIN)
            self.assertEqual(r.status, 503, r)
            self.assertIn("retry-after", r.headers)
            self.assertIn("error", r.json())
        finally:
            allow("true")
        self.balancer.wait_for("UP", "app1", "app2")
        # A worker that was refused asks again within three seconds, by itself.
        wait_until(lambda: self.client.post("/scan", {"waybill_number": "JT1"}, AGAIN).status == 404,
                   "scans are answered again")


class BreaksOff(BaseHTTPRequestHandler):
    """Healthy, and reads /scan without an answer; anything else is fine."""

    protocol_version = "HTTP/1.1"
    scans = collections.Counter()
    lock = threading.Lock()
    go_on = threading.Event()  # for who asks for /slow

    def answer(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self):  # noqa: N802
        if self.path == "/broken":
            self.count("GET")
            return
        if self.path == "/slow":
            self.go_on.wait(20)
        self.answer()

    def do_POST(self):  # noqa: N802
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/scan":
            self.count(self.headers.get("Idempotency-Key", "no key"))
            return
        self.answer()

    def count(self, what):
        with self.lock:
            self.scans[what] += 1
        self.close_connection = True

    def log_message(self, *_):
        pass


class Faults(unittest.TestCase):
    def setUp(self):
        BreaksOff.scans.clear()
        self.servers = [ThreadingHTTPServer(("127.0.0.1", 0), BreaksOff) for _ in range(2)]
        for server in self.servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            self.addCleanup(server.server_close)
            self.addCleanup(server.shutdown)
        self.balancer = Balancer([s.server_port for s in self.servers], login_rate=5,
                                 max_upload="1M")
        self.addCleanup(self.balancer.stop)
        self.client = self.balancer.client
        self.balancer.wait_for("UP", "app1", "app2")

    def test_what_may_come_twice_is_asked_again_and_nothing_else(self):
        self.assertEqual(self.client.post("/scan", {"x": 1}).status, 502)
        self.assertEqual(BreaksOff.scans, {"no key": 1})
        self.client.post("/scan", {"x": 1}, AGAIN)
        wait_until(lambda: BreaksOff.scans["scan-1"] >= 4, "the last has begun")
        self.assertEqual(BreaksOff.scans, {"no key": 1, "scan-1": 4})
        self.client.get("/broken")
        wait_until(lambda: BreaksOff.scans["GET"] >= 4, "the last has begun")
        self.assertEqual(BreaksOff.scans["GET"], 4)

    def test_logins_by_the_minute(self):
        got = [self.client.post("/login") for _ in range(9)]
        self.assertEqual([r.status for r in got], [200] * 5 + [429] * 4)
        self.assertEqual((got[-1].headers["retry-after"], got[-1].json()["error"]),
                         ("60", "too_many_logins"))
        self.assertEqual(self.client.get("/login").status, 200)

    def test_requests_by_the_second(self):
        # Most of them in one word: a busy machine needs longer than ten seconds for so many.
        told = self.balancer.tell("set table rates key 127.0.0.1 data.http_req_rate 900")
        self.assertEqual(told.strip(), "")
        with self.client.connect() as c:
            got = [c.request("GET", "/") for _ in range(110)]
        self.assertEqual([r.status for r in got], [200] * 100 + [429] * 10)
        self.assertEqual((got[-1].headers["retry-after"], got[-1].json()["error"]),
                         ("10", "too_many_requests"))

    def test_what_a_host_has_no_worker_for_waits_here(self):
        BreaksOff.go_on.clear()
        self.addCleanup(BreaksOff.go_on.set)
        balancer = Balancer([s.server_port for s in self.servers], workers=2, maxconn=2)
        self.addCleanup(balancer.stop)
        balancer.wait_for("UP", "app1", "app2")
        got = []
        clients = [threading.Thread(target=lambda: got.append(balancer.client.get("/slow").status))
                   for _ in range(6)]
        for each in clients:
            each.start()

        def waiting():
            return [balancer.state(name)[column] for name, column in
                    (("app1", "scur"), ("app2", "scur"), ("BACKEND", "qcur"))]
        wait_until(lambda: waiting() == ["2", "2", "2"], "two wait for a worker")
        BreaksOff.go_on.set()
        for each in clients:
            each.join()
        self.assertEqual(got, [200] * 6)

    def test_large_bodies(self):
        for path, size, status in (("/upload", 1 << 20, 200), ("/upload", 2 << 20, 413),
                                   ("/sessions", 1 << 20, 200), ("/sessions", 3 << 20, 413)):
            with self.subTest(path=path, size=size), self.client.connect() as c:
                c.send(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n".encode())
                if status == 200:
                    c.send(bytes(size))
                self.assertEqual(c.response().status, status)

    def test_nobody_is_there(self):
        for server in self.servers:
            server.shutdown()
            server.server_close()
        r = self.client.get("/")
        self.assertEqual((r.status, r.json()["error"]), (503, "unavailable"))
        self.assertIn("retry-after", r.headers)
        self.balancer.wait_for("DOWN", "app1", "app2")
        self.assertEqual({self.balancer.state("BACKEND", b)["pxname"] for b in BACKENDS},
                         set(BACKENDS))
        self.assertEqual(self.client.get("/").json()["error"], "unavailable")


class Https(unittest.TestCase):
    def test_whoever_comes_without_is_sent_to_its_port(self):
        """It was the port of plain HTTP, which does not speak TLS."""
        folder = tempfile.TemporaryDirectory(prefix="waybill-https-")
        self.addCleanup(folder.cleanup)
        port = Port()
        self.addCleanup(port.release)
        balancer = Balancer([1, 1], https_port=port.number, tls_certificate=certificate(folder.name))
        self.addCleanup(balancer.stop)
        for host, there in (("waybill.lan", "waybill.lan"), ("[fd00::1]:8080", "[fd00::1]"),
                            (f"127.0.0.1:{balancer.port.number}", "127.0.0.1")):
            r = balancer.client.get("/scan?a=1&b=%20", {"Host": host})
            self.assertEqual((r.status, r.headers["location"]),
                             (308, f"https://{there}:{port.number}/scan?a=1&b=%20"))
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        https = http.client.HTTPSConnection("127.0.0.1", port.number, timeout=20, context=context)
        self.addCleanup(https.close)
        https.request("GET", "/scan")
        self.assertEqual(https.getresponse().status, 503)  # no host is up


if __name__ == "__main__":
    unittest.main()
