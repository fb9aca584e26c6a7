"""A small HTTP/1.1 client: ordinary requests, and raw bytes for what no client would send."""

import json
import os
import socket
import uuid


class Response:
    def __init__(self, status, reason, headers, body):
        self.status = status
        self.reason = reason
        self.headers = headers  # names in lower case; the last of equal names
        self.body = body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:2000]!r}>"


class Connection:
    """One connection. send() takes raw bytes; request() builds a proper request."""

    def __init__(self, port, timeout=30.0, host="127.0.0.1", source=""):
        self.socket = socket.create_connection((host, port), timeout=timeout,
                                               source_address=(source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        self.socket.sendall(data)

    def request(self, method, path, body=b"", headers=None):
        head = {"Host": "127.0.0.1", **(headers or {})}
        if body or method in ("POST", "PUT", "PATCH"):
            head.setdefault("Content-Length", str(len(body)))
        lines = "".join(f"{k}: {v}\r\n" for k, v in head.items())
        self.send(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body)
        return self.response(head_only=method == "HEAD")

    def closed(self):
        """Waits for the server's end of the connection; true when nothing came before it."""
        try:
            return self.buffer == b"" and self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def _fill(self):
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError(f"closed by the server after {self.buffer[:200]!r}")
        self.buffer += data

    def _until(self, mark):
        while mark not in self.buffer:
            self._fill()
        found, _, self.buffer = self.buffer.partition(mark)
        return found

    def _take(self, n):
        while len(self.buffer) < n:
            self._fill()
        found, self.buffer = self.buffer[:n], self.buffer[n:]
        return found

    def response(self, head_only=False):
        """The next response; 1xx are responses too."""
        lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        _, status, reason = (lines[0] + " ").split(" ", 2)
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = b""
        status = int(status)
        if not head_only and status >= 200 and status not in (204, 304):
            if headers.get("transfer-encoding", "").lower() == "chunked":
                body = self._chunks()
            elif "content-length" in headers:
                body = self._take(int(headers["content-length"]))
            else:
                body = self._rest()
        return Response(status, reason.strip(), headers, body)

    def _chunks(self):
        parts = []
        while True:
            size = int(self._until(b"\r\n").split(b";")[0], 16)
            parts.append(self._take(size))
            if size == 0:
                while self._until(b"\r\n"):
                    pass
                return b"".join(parts)
            assert self._take(2) == b"\r\n"

    def _rest(self):
        parts = [self.buffer]
        while data := self.socket.recv(65536):
            parts.append(data)
        self.buffer = b""
        return b"".join(parts)


class Client:
    """Requests, each on a connection of its own, to one server."""

    def __init__(self, port, timeout=60.0, host="127.0.0.1"):
        self.port = port
        self.timeout = timeout
        self.host = host

    def connect(self, timeout=None):
        return Connection(self.port, timeout or self.timeout, self.host)

    def request(self, method, path, body=b"", headers=None):
        with self.connect() as c:
            return c.request(method, path, body, {"Connection": "close", **(headers or {})})

    def get(self, path, headers=None):
        return self.request("GET", path, headers=headers)

    def post(self, path, value=None, headers=None):
        """value: an object sent as JSON, or nothing."""
        body = b"" if value is None else json.dumps(value).encode()
        kind = {} if value is None else {"Content-Type": "application/json"}
        return self.request("POST", path, body, {**kind, **(headers or {})})

    def upload(self, file, name=None, path="/upload", headers=None, **fields):
        """file: a path, or bytes with a name, or None: a form without one."""
        if file is not None and not isinstance(file, bytes):
            name = name or os.path.basename(file)
            with open(file, "rb") as f:
                file = f.read()
        kind, body = multipart(file, name or "manifest.xlsx", **fields)
        return self.request("POST", path, body, {"Content-Type": kind, **(headers or {})})


def multipart(data, name, field="waybill_file", **fields):
    """(Content-Type, body) of a form with one file behind its text fields, if data is any."""
    mark = uuid.uuid4().hex
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode()
        for k, v in fields.items()
    ]
    if data is not None:
        parts.append(
            f'--{mark}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n".encode())
        parts.extend([data, b"\r\n"])
    parts.append(f"--{mark}--\r\n".encode())
    return f"multipart/form-data; boundary={mark}", b"".join(parts)
