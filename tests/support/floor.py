"""What tests of the scanning floor share: manifests, sessions, scans, and figures that must
be right after every test."""

import threading
import uuid

from .figures import check_figures
from .server import ServerCase


class FloorCase(ServerCase):
    settings = {"workers": 6}

    def tearDown(self):
        super().tearDown()
        check_figures(self, self.db)

    def load(self, *numbers, status="Pending", **fields):
        """Uploads a manifest of these numbers; its answer."""
        rows = "".join(f"{n},Ana of {n},{status}\n" for n in numbers)
        r = self.client.upload(f"Waybill Number,Receiver,Status\n{rows}".encode(),
                               name=f"{numbers[0]}.csv", **fields)
        self.assertEqual(r.status, 200, r)
        return r.json()

    def open(self, **fields):
        r = self.client.post("/sessions", {"scanned_by": "ana", "station": "dock 1", **fields})
        self.assertEqual(r.status, 201, r)
        return r.json()["id"]

    def scan(self, number, result="valid", **fields):
        """Scans with a scan_id and the fields of its own; the answer's."""
        r = self.client.post("/scan", {"waybill_number": number, "scan_id": str(uuid.uuid4()),
                                       "scanned_by": "ana", "station": "dock 1", **fields})
        self.assertEqual(r.json().get("result"), result, r)
        return r.json()

    def ok(self, method, path, value=None, status=200):
        r = self.client.request(method, path) if value is None and method != "POST" \
            else self.client.post(path, value)
        self.assertEqual(r.status, status, r)
        return r.json()

    def get(self, path):
        return self.ok("GET", path)

    def post(self, path, status=200, **fields):
        return self.ok("POST", path, fields, status)

    def undo(self, scan_id, status=200, query="?by=ben&station=dock%202"):
        return self.ok("DELETE", f"/scans/{scan_id}{query}", None, status)

    def figures(self, session):
        got = self.get(f"/sessions/{session}")
        return tuple(got[k] for k in ("valid", "duplicate", "error", "missing"))

    def status(self, number):
        return self.get(f"/waybills/{number}")["status"]

    def events(self, number):
        """(from, to, cause) of everything that happened to it."""
        return [(e["from"], e["to"], e["cause"]) for e in self.get(f"/waybills/{number}")["history"]
                if e["kind"] == "status"]

    def together(self, *calls):
        """Runs the calls at the same instant; their results."""
        gate, results = threading.Barrier(len(calls)), [None] * len(calls)

        def run(i, call):
            gate.wait()
            results[i] = call()

        threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        return results
