"""What can be seen of a running server: /metrics, the access log, slow requests."""

import fcntl
import json
import os
import pty
import random
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import termios
import unittest

from support.copies import open_copy
from support.pg import BUILD, ROOT
from support.psql_session import PsqlSession
from support.server import Server, ServerCase
from support.wait import wait_until

LINE = re.compile(r'^(waybill_\w+)(?:\{([^}]*)\})? (\d+(?:\.\d+)?)$')


def parse(text):
    """{(name, labels): value}; fails on a line that is not of the text format 0.0.4."""
    values, kinds, last = {}, {}, None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            last = line.split(" ", 3)[2]
            assert last not in kinds, f"{last} comes twice"
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name == last and kind in ("counter", "gauge", "histogram"), line
            kinds[name] = kind
        else:
            found = LINE.match(line)
            assert found, line
            name, labels, value = found.groups()
            base = re.sub(r"_(bucket|sum|count)$", "", name) if name not in kinds else name
            assert base == last, f"{line} stands under {last}"
            assert kinds[base] != "counter" or name.endswith("_total"), line
            key = (name, labels or "")
            assert key not in values, f"{key} comes twice"
            values[key] = float(value)
    return values


class Metrics(ServerCase):
    settings = {"workers": 3}
    expected_errors = [r"worker \d+ was ended by signal 9"]

    def metrics(self):
        r = self.client.get("/metrics")
        self.assertEqual((r.status, r.headers["content-type"]),
                         (200, "text/plain; version=0.0.4; charset=utf-8"), r)
        return parse(r.body.decode())

    def value(self, name, labels="", values=None):
        return (values or self.metrics()).get((f"waybill_{name}", labels), 0)

    def test_requests_by_route_and_status(self):
        labels = 'route="health",status="200"'
        before = self.metrics()
        for _ in range(10):
            self.client.get("/health")
        self.client.get("/no/such/place")
        self.client.request("DELETE", "/scan")
        with self.client.connect() as c:
            c.send(b"nonsense\r\n\r\n")
            self.assertEqual(c.response().status, 400)
        after = self.metrics()
        for labels, more in (('route="health",status="200"', 10), ('route="none",status="404"', 1),
                             ('route="none",status="405"', 1), ('route="none",status="400"', 1)):
            self.assertEqual(self.value("requests_total", labels, after)
                             - self.value("requests_total", labels, before), more, labels)
        for name in ("received_bytes_total", "sent_bytes_total", "connections_accepted_total"):
            self.assertGreater(self.value(name, "", after), self.value(name, "", before))

    def test_bytes_are_those_that_came_and_went(self):
        """A refused body that was read to its end was not counted, nor was "100 Continue"."""
        came = went = 0
        def ask(*pieces):
            nonlocal came, went
            with socket.create_connection(("127.0.0.1", self.server.port.number), 20) as s:
                answer = b""
                for piece in pieces:
                    s.sendall(piece)
                    came += len(piece)
                    if piece is not pieces[-1]:
                        answer += s.recv(65536)
                while more := s.recv(65536):
                    answer += more
            went += len(answer)
            return answer
        def counted():
            sent_before = went
            text = ask(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            v = parse(text.partition(b"\r\n\r\n")[2].decode())
            return (self.value("received_bytes_total", "", v) - came,
                    self.value("sent_bytes_total", "", v) - sent_before)
        scan = b"POST /scan HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        # A worker counts behind its write: what others asked before may be on its way.
        wait_until(lambda: len({counted() for _ in range(5)}) == 1, "nothing else is counted")
        before = counted()
        self.assertIn(b" 413 ", ask(scan + b"Content-Length: 500000\r\n\r\n" + b"x" * 500000))
        self.assertIn(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 4",
                      ask(scan + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n", b"{}"))
        wait_until(lambda: counted() == before, "each byte is counted once")

    def test_latencies(self):
        self.client.get("/health")
        values = self.metrics()
        buckets = [v for (name, labels), v in values.items()
                   if name == "waybill_request_seconds_bucket" and 'route="health"' in labels]
        self.assertEqual(len(buckets), 16)
        self.assertEqual(buckets, sorted(buckets))
        self.assertEqual(buckets[-1], self.value("request_seconds_count", 'route="health"', values))
        self.assertEqual(buckets[-1],
                         self.value("requests_total", 'route="health",status="200"', values))
        self.assertGreaterEqual(self.value("request_seconds_sum", 'route="health"', values), 0)

    def test_counters_outlive_a_worker(self):
        labels = 'route="health",status="200"'
        for _ in range(20):
            self.client.get("/health")
        before, crashed = self.value("requests_total", labels), 'cause="signal"'
        restarts = self.value("worker_restarts_total", crashed)
        for pid in self.server.workers():
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: self._reachable() and
                   self.value("worker_restarts_total", crashed) == restarts + 3,
                   "three restarts are counted")
        self.assertEqual(self.value("requests_total", labels), before)

    def _reachable(self):
        try:
            return self.client.get("/metrics").status == 200
        except OSError:
            return False

    def test_connections_and_workers_by_state(self):
        held = [self.client.connect() for _ in range(5)]
        try:
            held[0].send(b"GET /health HTTP/1.1\r\n")
            held[1].send(b"POST /scan HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
            def shown():
                v = self.metrics()
                return (self.value("connections", 'state="head"', v) == 1 and
                        self.value("connections", 'state="body"', v) == 1 and
                        self.value("connections", 'state="idle"', v) in (3, 4))
            wait_until(shown, "five connections are shown")
        finally:
            for c in held:
                c.close()
        wait_until(lambda: self.value("connections", 'state="idle"') <= 1, "all but ours are gone")
        v = self.metrics()
        self.assertEqual(self.value("workers_wanted", "", v), 3)
        self.assertEqual(self.value("database_up", "", v), 1)
        self.assertEqual(sum(self.value("workers", f'state="{s}"', v)
                             for s in ("starting", "idle", "busy", "draining")), 3)

    def test_scans_and_imports(self):
        before = self.metrics()
        csv = (b"Waybill Number,Sender Name,Receiver Name\n" +
               b"".join(b"JT00000%04d,A,B\n" % i for i in range(20)))
        r = self.client.upload(csv, "manifest.csv")
        self.assertEqual(r.status, 200, r)
        for number, status in (("JT000000001", 200), ("JT999999999", 404), ("no number!", 400)):
            r = self.client.post("/scan", {"waybill_number": number})
            self.assertEqual(r.status, status, r)
        after = self.metrics()
        for name, labels, more in (("scans_total", 'result="valid"', 1),
                                   ("scans_total", 'result="invalid"', 1),
                                   ("scans_total", 'result="not_found"', 1),
                                   ("scans_total", 'result="other"', 0),
                                   ("import_rows_total", 'result="inserted"', 20),
                                   ("import_rows_total", 'result="rejected"', 0),
                                   ("tasks_started_total", "", 1),
                                   ("tasks_died_total", "", 0)):
            self.assertEqual(self.value(name, labels, after) - self.value(name, labels, before),
                             more, (name, labels))
        self.assertGreater(self.value("database_statements_total", "", after), 5)
        self.assertGreater(self.value("database_connects_total", "", after), 0)
        self.assertIn(("waybill_jobs_queued", ""), after)

    def test_an_upload_that_is_repeated_or_only_tried_counts_once(self):
        csv = b"Waybill Number,Sender Name,Receiver Name\nJT77,A,B\nJT78,A,B\n"
        before = self.value("import_rows_total", 'result="inserted"')
        self.client.upload(csv, "m.csv", dry_run="true")
        for _ in range(2):
            self.client.upload(csv, "m.csv", upload_key="once")
        self.assertEqual(self.value("import_rows_total", 'result="inserted"'), before + 2)


class Status(ServerCase):
    settings = {"workers": 2}

    def command(self, *options):
        return [os.path.join(BUILD, "waybillctl"), "-c", self.server.config_path, "status", *options]

    def test_live_on_a_terminal_until_enter(self):
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        p = subprocess.Popen(self.command(), stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        seen = b""
        while seen.count(b"\x1b[H\x1b[J") < 2 or not seen.endswith(b"Enter ends this."):
            seen += os.read(ours, 65536)
        self.assertEqual(p.poll(), None)
        os.write(ours, b"\n")
        self.assertEqual(p.wait(60), 0)
        last = seen.decode().split("\x1b[H\x1b[J")[-1]
        self.assertEqual(len(re.findall(r"^worker +\d+ ", last, re.MULTILINE)), 2, last)
        self.assertRegex(last, r"requests a second; \d+ scans, ")

    def test_fits_its_terminal_and_outlives_the_server(self):
        """The first lines, which tell of the database, scrolled away; and during an upgrade it
        said that no server is running, and ended."""
        server = Server(self.db.conninfo, {"workers": 20})
        self.addCleanup(server.kill)
        server.start()
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 12, 60, 0, 0))
        p = subprocess.Popen([*self.command()[:2], server.config_path, "status"],
                             stdin=theirs, stdout=theirs, stderr=theirs)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        os.close(theirs)
        shown = bytearray()

        def frame(*words):
            """The lines of the first whole screen from now on that has these words."""
            def found():
                if select.select([ours], [], [], 0)[0]:
                    shown.extend(os.read(ours, 65536))
                last = shown.rpartition(b"Enter ends this.")[0].rpartition(b"\x1b[H\x1b[J")[2].decode()
                return last.split("\r\n") if all(w in last for w in words) else None
            return wait_until(found, f"it shows {words}")

        lines = frame("database up", f"waybilld {server.pid}", "\n15 lines more: --once")
        self.assertEqual(len(lines), 12)
        self.assertLessEqual(max(map(len, lines)), 60)
        server.signal(signal.SIGTERM)
        server.process.wait(60)
        frame("waybilld is not running")
        server.start()
        frame("database up", f"waybilld {server.pid}")
        os.write(ours, b"\n")
        self.assertEqual(p.wait(60), 0)
        server.stop()

    def test_once_elsewhere(self):
        out = subprocess.run(self.command(), capture_output=True, text=True, check=True).stdout
        self.assertNotIn("\x1b", out)
        ours, theirs = pty.openpty()
        with os.fdopen(ours, "rb"), os.fdopen(theirs, "wb") as to:
            self.assertEqual(subprocess.run(self.command("--once"), stdin=to, stdout=to,
                                            check=False, timeout=60).returncode, 0)


LARGE = 4 * 1024 * 1024  # more than a socket takes at once


class AccessLog(ServerCase):
    settings = {"workers": 2, "access_log_format": "json"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.path = os.path.join(cls.server.folder, "access")
        pages = shutil.copytree(cls.server.settings["static_dir"],
                                os.path.join(cls.server.folder, "static"))
        with open(os.path.join(pages, "large.png"), "wb") as f:
            f.write(random.Random(1).randbytes(LARGE))
        cls.server.write_config(access_log=cls.path, static_dir=pages)
        old = set(cls.server.workers())
        cls.server.signal(signal.SIGHUP)
        cls.server.wait_for_log("reloaded")
        wait_until(lambda: not old & set(cls.server.workers()), "those without a log are gone")
        wait_until(lambda: cls.client.get("/health") and os.path.exists(cls.path), "a log")

    def line(self, request_id):
        def found():
            with open(self.path, encoding="utf-8") as f:
                lines = [json.loads(line) for line in f if line.endswith("\n")]
            return next((line for line in lines if line.get("request_id") == request_id), None)
        return wait_until(found, f"a line for {request_id}")

    def test_json(self):
        self.client.get('/health?q=%22x%22', {"X-Request-Id": "log-1", "User-Agent": 'a"\\b\xff'})
        line = self.line("log-1")
        self.assertEqual((line["client"], line["method"], line["target"], line["route"],
                          line["status"]), ("127.0.0.1", "GET", '/health?q=%22x%22', "health", 200))
        self.assertEqual(line["bytes"], 8)
        self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertTrue(line["user_agent"].startswith('a"\\b'), line)

    def test_time_on_the_database(self):
        self.client.post("/scan", {"waybill_number": "JT1"}, {"X-Request-Id": "log-2"})
        line = self.line("log-2")
        self.assertEqual((line["route"], line["status"]), ("scan", 404))
        self.assertGreater(line["db_us"], 0)
        self.assertGreaterEqual(line["us"], line["db_us"])

    def test_long_targets_are_cut_and_no_line_is_broken(self):
        self.client.get("/health?" + "%41" * 2000, {"X-Request-Id": "log-3",
                                                    "User-Agent": "\x80" * 2000})
        self.assertEqual(len(self.line("log-3")["target"]), 480)

    def test_a_head_that_could_not_be_read(self):
        with self.client.connect() as c:
            c.send(b"nonsense\r\n\r\n")
            r = c.response()
        self.assertEqual(self.line(r.headers["x-request-id"])["status"], 400)

    def test_an_answer_that_its_client_did_not_wait_for(self):
        """It was counted, and its bytes too, but no line told of it."""
        with self.client.connect() as c:
            c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            request = b"GET /static/large.png HTTP/1.1\r\nHost: x\r\nX-Request-Id: left-1\r\n\r\n"
            c.send(request)
            self.assertEqual(c.socket.recv(12), b"HTTP/1.1 200")
        line = self.line("left-1")
        self.assertEqual((line["route"], line["status"]), ("static", 200))
        self.assertLess(line["bytes"], LARGE)


    def begin(self, c, request_id, fields="", body=b""):
        c.send(f"POST /scan HTTP/1.1\r\nHost: x\r\nX-Request-Id: {request_id}\r\n"
               f"Content-Type: application/json\r\n{fields}\r\n".encode() + body)

    def test_clients_that_leave_before_their_answer(self):
        """No line told of them."""
        unanswered = ("waybill_requests_unanswered_total", "")
        before = parse(self.client.get("/metrics").body.decode())[unanswered]
        with self.client.connect() as c:
            self.begin(c, "gone-1", "Content-Length: 100\r\n", b'{"waybill_')
        line = self.line("gone-1")
        self.assertEqual((line["method"], line["target"], line["route"], line["status"],
                          line["bytes"]), ("POST", "/scan", "scan", 499, 0))
        with self.client.connect() as c:
            c.send(b"GET /health HTTP/1.1\r\nHost")
        def head():
            with open(self.path, encoding="utf-8") as f:
                lines = [json.loads(line) for line in f if line.endswith("\n")]
            return [line for line in lines if line["status"] == 499 and line["request_id"] == ""]
        self.assertEqual(wait_until(head, "a line for the head")[0]["route"], "none")
        # Neither who came and said nothing, nor who had an answer, leaves such a line.
        with self.client.connect():
            pass
        with self.client.connect() as c:
            c.send(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                   b"X-Request-Id: gone-2\r\n\r\nGET /hea")
            c.response()
        self.assertEqual(self.line("gone-2")["status"], 200)
        self.assertEqual(len(head()), 1)
        after = parse(self.client.get("/metrics").body.decode())[unanswered]
        self.assertEqual(after - before, 2)


class EndedLog(ServerCase):
    settings = {"workers": 1, "access_log": "-"}
    expected_errors = [r"ended by signal 9, last route scan"]

    def test_requests_that_the_server_ends(self):
        self.db.query("create function slow() returns trigger language plpgsql as "
                      "$$ begin perform pg_sleep(60); return new; end $$")
        self.db.query("create trigger slow before insert on scanned_waybills "
                      "for each row execute function slow()")
        body = b'{"waybill_number": "JT1"}'
        with self.client.connect() as c:
            c.send(b"POST /scan HTTP/1.1\r\nHost: x\r\nX-Request-Id: dead-1\r\n"
                   b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            wait_until(lambda: self.db.value("SELECT count(*) FROM pg_stat_activity WHERE "
                                             "wait_event = 'PgSleep' AND datname = current_database()")
                       == "1", "it is at work")
            worker = self.server.workers()[0]
            os.kill(worker, signal.SIGKILL)
            self.server.wait_for_log(r'^- - - \[.*\] "-" - 0 "-" "-" dead-1 route=scan 0us db=0us$')
        wait_until(lambda: set(self.server.workers()) - {worker}, "another worker")
        with self.client.connect() as c:
            c.send(b"POST /scan HTTP/1.1\r\nHost: x\r\nX-Request-Id: dead-2\r\n"
                   b"Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{")
            self.client.get("/health")
            for pid in self.server.workers():
                os.kill(pid, signal.SIGTERM)
            self.server.wait_for_log(r'^127\.0\.0\.1 - - \[.*\] "POST /scan HTTP/1\.1" - 0 "-" "-" '
                                     r'dead-2 route=scan \d+us db=0us$')


class FullLog(ServerCase):
    """Nobody reads the pipe that the access log goes to."""
    settings = {"workers": 1}

    def test_costs_no_request(self):
        path = os.path.join(self.server.folder, "pipe")
        os.mkfifo(path)
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        self.server.write_config(access_log=path)
        self.server.signal(signal.SIGHUP)
        self.server.wait_for_log("reloaded")
        # The old worker answers once more, and closes.
        wait_until(lambda: len(self.server.workers()) == 1, "the old worker is gone")
        def lost():
            with self.client.connect() as c:
                for _ in range(200):
                    self.assertEqual(c.request("GET", "/health?" + "x" * 900).status, 200)
            text = self.client.get("/metrics").body.decode()
            return parse(text)[("waybill_access_log_lost_total", "")] > 0
        wait_until(lost, "lines are lost and counted")
        first = os.read(reader, 65536).decode().split("\n")[0]
        self.assertRegex(first, r'^127\.0\.0\.1 - - \[.*\] "GET /health.* HTTP/1\.1" 200 8 "-" "-" '
                                r'\S+ route=health \d+us db=\d+us$')


def filled_pipe():
    """A pipe of one page, as small as it gets, that nobody reads."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    return reader, writer


def stream_pair():
    """What the service manager gives as standard error: a socket."""
    reader, writer = socket.socketpair()
    writer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    return reader.detach(), writer.detach()


def closed_pipe():
    """As in a container: the server's user may not open it anew."""
    reader, writer = filled_pipe()
    os.fchmod(writer, 0)
    return reader, writer


class QueueDepth(ServerCase):
    """Nobody here takes jobs; how many there are is seen all the same."""
    settings = {"workers": 2, "queue_workers": 0}

    def queue(self, patience=60):
        with self.client.connect(patience) as c:
            text = c.request("GET", "/metrics").body.decode()
        return {name: value for (name, _), value in parse(text).items()
                if name.startswith("waybill_jobs_") and name != "waybill_jobs_total"}

    def test_seen_and_never_waited_for(self):
        """The statement ran in the worker that was asked, and /metrics waited for a lock."""
        wait_until(lambda: self.queue().get("waybill_jobs_queued") == 0, "the queue is seen")
        self.client.upload(b"Waybill Number,Sender Name,Receiver Name\nQD1,A,B\n", "q.csv",
                           **{"async": "1"})
        wait_until(lambda: self.queue().get("waybill_jobs_queued") == 1, "the job is seen")
        with PsqlSession(self.db.conninfo) as locked:
            locked.run("begin; lock table jobs in access exclusive mode")
            # Each answers within two seconds, until what was seen is too old; on a
            # machine that others want, one may not.
            late = 0

            def left_out():
                nonlocal late
                try:
                    return self.queue(2) == {}
                except TimeoutError:
                    late += 1
                    return False
            wait_until(left_out, "what nobody saw for long is left out")
            self.assertLess(late, 3)
            self.assertEqual(self.client.get("/health").status, 200)
            self.assertEqual(self.client.post("/scan", {"waybill_number": "QD1"}).status, 404)
            locked.run("rollback")
        wait_until(lambda: self.queue().get("waybill_jobs_queued") == 1, "it is seen again")
        self.assertEqual(self.queue()["waybill_jobs_running"], 0)

    def test_every_kind_is_counted(self):
        """scans_match was not: a kind that the counters did not know was dropped."""
        text = self.client.get("/metrics").body.decode()
        kinds = set(re.findall(r'(?m)^waybill_jobs_total{kind="(\w+)",', text))
        self.assertEqual(kinds, {"upload", *self.db.value(
            "SELECT string_agg(kind, ' ') FROM schedule").split()})
        # What else could become a job: each kind that job_step() knows, and each inserted.
        source = self.db.value("SELECT string_agg(prosrc, ' ') FROM pg_proc p JOIN pg_namespace n "
                               "ON n.oid = pronamespace WHERE nspname NOT IN "
                               "('pg_catalog', 'information_schema') AND prosrc LIKE '%job%'")
        named = set(re.findall(r"p_kind = '(\w+)'", source))
        self.assertLessEqual({"scans_match", "retention"}, named)
        self.assertLessEqual(named, kinds)


class FullEventLog(ServerCase):
    """Nobody reads standard error: requests, and the master with TERM and all, waited for
    that for ever."""
    settings = {"workers": 2, "slow_log": "1ms", "log_level": "debug"}

    def full(self, ends, user=None):
        reader, writer = ends()
        server = Server(self.db.conninfo, self.settings)
        self.addCleanup(server.kill)
        program = os.path.join(BUILD, "waybilld")
        if user:  # who need not be able to reach the tree
            os.chmod(server.folder, 0o755)
            shutil.chown(server.spool, user)
            program = open_copy(program, server.folder)
            static = open_copy(os.path.join(ROOT, "static"), os.path.join(server.folder, "static"))
            server.write_config(static_dir=static)
        server.process = subprocess.Popen(
            [program, "-c", server.config_path], env=server.environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=writer, user=user)
        self.addCleanup(os.close, reader)
        shared = os.get_blocking(writer)
        def lost():
            try:
                for _ in range(20):
                    server.client.post("/scan", {"waybill_number": "JT1"})
                text = server.client.get("/metrics").body.decode()
            except OSError:
                return False
            return parse(text)[("waybill_event_log_lost_total", "")] > 0
        wait_until(lost, "lines are lost and counted")
        self.assertTrue(shared and os.get_blocking(writer), "whoever started it may wait")
        os.close(writer)
        os.set_blocking(reader, False)
        taken = b""
        def told():
            nonlocal taken
            try:
                taken += os.read(reader, 65536)
            except BlockingIOError:
                pass
            return re.search(rb"(?m)^\S+ warning \w+( \d+)?\[\d+\] \d+ lines? of this log could not be "
                             rb"written and (is|are) lost$", taken)
        wait_until(told, "the log tells of it")
        for line in taken.decode().split("\n")[:-1]:  # the last one may be on its way
            self.assertRegex(line, r"^\d{4}-\d\d-\d\dT\S+Z (error|warning|info|debug) ")
        for _ in range(30):
            server.client.post("/scan", {"waybill_number": "JT1"})
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(server.process.wait(60), 0)

    def test_a_pipe(self):
        self.full(filled_pipe)

    def test_a_socket(self):
        self.full(stream_pair)

    @unittest.skipUnless(os.geteuid() == 0, "becomes another user")
    def test_a_pipe_of_another_user(self):
        self.full(closed_pipe, "nobody")


class Slow(ServerCase):
    settings = {"workers": 1, "slow_log": "300ms", "statement_timeout": "2s"}

    def test_names_what_a_task_waited_for(self):
        """It said "database 0 ms" of dispatches, uploads and exports, which work elsewhere."""
        session = self.client.post("/sessions", {"scanned_by": "ana"}).json()["id"]
        self.db.query("create function slow_close() returns trigger language plpgsql as "
                    "$$ begin perform pg_sleep(0.5); return new; end $$")
        self.db.query("create trigger slow_close before update on batch_sessions "
                    "for each row execute function slow_close()")
        r = self.client.post(f"/sessions/{session}/dispatch", {}, {"X-Request-Id": "slow-2"})
        self.assertEqual(r.status, 200, r)
        self.server.wait_for_log(r"slow: session_dispatch slow-2: answered 200 after \d{3,} ms, "
                                 r"database \d{3,} ms, longest statement 'session_dispatch\w*'$")

    def test_names_route_and_statement(self):
        self.db.query("create function slow() returns trigger language plpgsql as "
                    "$$ begin perform pg_sleep(0.5); return new; end $$")
        self.db.query("create trigger slow before insert on scanned_waybills "
                    "for each row execute function slow()")
        self.client.post("/scan", {"waybill_number": "JT1"}, {"X-Request-Id": "slow-1"})
        self.server.wait_for_log(r"warning .* slow: scan slow-1: answered 404 after \d{3,} ms, "
                                 r"database \d{3,} ms, longest statement 'scan'$")
        self.assertNotIn("slow: health", self.server.log())


if __name__ == "__main__":
    unittest.main()
