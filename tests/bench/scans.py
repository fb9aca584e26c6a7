"""Scans over HTTP beside pgbench with the same statement."""

import os
import re
import shutil

from bench.common import ROWS, RUNS, SECONDS, WORKERS, note, run, statement, wrk
from support.server import Server

STATIONS = 20
SESSIONS = 20


def scan_script(path):
    values = {1: "'JT' || :n::text", 2: "'dispatch'", 3: ":s::text",
              4: "gen_random_uuid()::text", 5: "'dock 1'", 6: "'ana'"}
    sql = re.sub(r"\$(\d+)", lambda m: f"({values.get(int(m[1]), 'null::text')})",
                 statement("scan"))
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"\\set n random(1000000000000, {1000000000000 + ROWS - 1})\n"
                f"\\set s random(1, {SESSIONS})\n{sql};\n")
    return path


def main(cluster, folder):
    pgbench = os.path.join(run("pg_config", "--bindir").strip(), "pgbench")
    if not os.path.exists(pgbench):
        pgbench = shutil.which("pgbench")
    script = scan_script(os.path.join(folder, "scan.sql"))
    manifest = b"Waybill Number,Receiver\n" + b"".join(
        b"JT%d,Ana Cruz\n" % (1000000000000 + i) for i in range(ROWS))
    db = cluster.database()
    server = Server(db.conninfo, {"workers": WORKERS, "log_level": "info"}).start()
    try:
        assert server.client.upload(manifest, "scan.csv").status == 200
        for _ in range(SESSIONS):
            r = server.client.post("/sessions", {"scanned_by": "ana", "station": "dock 1"})
            assert r.status == 201 and int(r.json()["id"]) <= SESSIONS, r
        answered = "SELECT count(*) FROM scanned_waybills WHERE result IN ('valid', 'duplicate')"
        for i in range(RUNS):
            before = int(db.value(answered))
            rate, p99 = wrk(server.url, "scan.lua", STATIONS, ROWS, SESSIONS, i)
            recorded = int(db.value(answered)) - before
            assert recorded > 0.95 * rate * SECONDS, f"{recorded} recorded, {rate}/s answered"
            note("scan_http", "scans/s", rate)
            note("scan_http_p99", "ms", p99)
            out = run(pgbench, "-n", "-M", "prepared", "-c", STATIONS, "-j", 2, "-T", SECONDS,
                      "-f", script, db.conninfo)
            note("scan_pgbench", "scans/s", float(re.search(r"tps = ([\d.]+)", out)[1]))
    finally:
        server.stop()
        db.drop()


# What, the figure, its measure, how the measure is named, the ratio (speed to speed) that is
# wanted; None where the row is there to be looked at.
TABLE = [
    (f"scans over HTTP, {STATIONS} stations", "scan_http", "scan_pgbench",
     "pgbench -M prepared, the same statement", 0.85),
]
