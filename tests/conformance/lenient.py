"""A little server that reads requests as strictly as ours, but for one fault: for the test of the test
whether two readers agree. It logs what ours logs."""

import re
import socketserver
import threading

LENGTH, CODING = b"content-length", b"transfer-encoding"
FAULTS = {
    "": "none: it must be found to agree",
    "last length": "of several lengths it takes the last",
    "length wins": "it ignores chunked beside a length",
    "like chunked": "every coding whose name has chunked in it is chunked to it",
    "not last": "chunked need not be the last coding",
    "bare CR": "a CR ends a line without a LF",
    "loose sizes": "it takes of a chunk's size what looks like a number, and forgets the rest",
    "no body with GET": "what follows the head of a GET is the next request to it",
    "blank before the colon": "it takes a field whose name has a blank behind it",
    "folded": "it reads a folded line as a field of its own",
    "no trailers": "a request ends with the last chunk's line",
}


class Refused(Exception):
    pass


class _Requests(socketserver.StreamRequestHandler):
    timeout = 0.5
    fault = ""
    lines = []

    def _line(self):
        if self.rest:
            return self.rest.pop(0)
        line = self.rfile.readline(20000)
        if not line:
            raise EOFError
        if not line.endswith(b"\r\n"):
            raise Refused
        line = line[:-2]
        if self.fault == "bare CR":
            line, *self.rest = line.split(b"\r")
        if re.search(rb"[\0-\x08\x0a-\x1f\x7f]", line):
            raise Refused
        return line

    def _field(self, line):
        if self.fault == "folded":
            line = line.lstrip(b" \t")
        name, colon, value = line.partition(b":")
        if self.fault == "blank before the colon":
            name = name.rstrip(b" \t")
        if not colon or not re.fullmatch(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
            raise Refused
        return name.lower(), value.strip(b" \t")

    def _head(self):
        line = self._line() or self._line()
        m = re.fullmatch(rb"([A-Z]{1,32}) (/[!$-;=?-~]*|\*|http://a[/?][!$-;=?-~]*) HTTP/1\.(\d)", line)
        if not m or m[1] == b"CONNECT" or m[2] == b"*" and m[1] != b"OPTIONS":
            raise Refused
        fields = []
        while line := self._line():
            fields.append(self._field(line))
        hosts = [v for k, v in fields if k == b"host"]
        if len(hosts) > 1 or not hosts and m[3] != b"0" or not all(
                re.fullmatch(rb"[a-z0-9._]+(:\d{0,5})?", h) for h in hosts) or len(fields) > 100:
            raise Refused
        return m[1], m[2], m[3] != b"0", fields

    def _framing(self, method, modern, fields):
        """The length of a body, or "chunked"."""
        lengths = [v for k, v in fields if k == LENGTH]
        codings = [v.lower() for k, v in fields if k == CODING]
        if self.fault == "last length" and lengths:
            lengths = [lengths[-1].split(b",")[-1].strip()]
        if self.fault == "length wins" and lengths:
            codings = []
        if self.fault == "no body with GET" and method == b"GET":
            return 0
        if codings:
            fits = {"like chunked": b"chunked" in codings[-1],
                    "not last": any(b"chunked" in c.split(b",") for c in codings)}
            if lengths and self.fault != "like chunked" or not modern or not (
                    fits.get(self.fault) or codings == [b"chunked"]):
                raise Refused
            return "chunked"
        if len(lengths) > 1 or lengths and not re.fullmatch(rb"\d{1,18}", lengths[0]):
            raise Refused
        return int(lengths[0]) if lengths else 0

    def _exactly(self, n):
        data = self.rfile.read(n)
        if len(data) < n:
            raise EOFError
        return data

    def _chunks(self):
        body = b""
        while True:
            line = self._line()
            loose = self.fault == "loose sizes"
            m = re.match(rb"\s*(?:0x)?([0-9a-fA-F]*)", line) if loose else re.fullmatch(
                rb"([0-9a-fA-F]{1,15})((?:[ \t]*;[ \t]*[\w]+(?:[ \t]*=[ \t]*(?:\w+|\"[^\"]*\"))?)*)", line)
            if not m:
                raise Refused
            size = int(m[1] or b"0", 16)
            if size > 16384:
                raise Refused
            if size == 0:
                break
            body += self._exactly(size)
            if self._line() != b"":
                raise Refused
        while self.fault != "no trailers" and (line := self._line()):
            self._field(line)
        return body

    def _answer(self, status, keep, head=False):
        body = b"" if status == 204 else b"x\n"
        self.wfile.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\nConnection: %s\r\n\r\n%s" % (
            status, len(body), b"keep-alive" if keep else b"close", b"" if head else body))

    def _one(self):
        """Whether to go on."""
        line = {"client": self.client_address[0], "status": 400}
        try:
            method, target, modern, fields = self._head()
            line |= {"method": method.decode(), "target": target.decode("latin-1"),
                     "request_id": next((v.decode("latin-1") for k, v in fields
                                         if k == b"x-request-id"), "")}
            size = self._framing(method, modern, fields)
            options = [o.strip().lower() for k, v in fields if k == b"connection"
                       for o in v.split(b",")]
            if any(k == b"expect" for k, _ in fields) and size:
                self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = self._chunks() if size == "chunked" else self._exactly(size)
            line["status"] = 404 if b"after" in target else 200 + len(body) % 4
        except Refused:
            self.lines.append(line)
            self._answer(400, False)
            return False
        keep = b"close" not in options and (modern or b"keep-alive" in options)
        self.lines.append(line)
        self._answer(line["status"], keep, method == b"HEAD")
        return keep

    def handle(self):
        self.rest = []
        try:
            while self._one():
                pass
        except (EOFError, OSError):
            pass


class Lenient:
    def __init__(self, fault):
        self.lines = []
        handler = type("Handler", (_Requests,), {"fault": fault, "lines": self.lines})
        self.server = type("Server", (socketserver.ThreadingTCPServer,), {
            "daemon_threads": True, "request_queue_size": 256})(("127.0.0.1", 0), handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def seen(self):
        return list(self.lines)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
