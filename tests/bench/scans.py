"""Scans over HTTP beside pgbench with the same statement, and the statement beside the barest one."""

import glob
import os
import random
import re
import shutil

from bench.common import LARGE, ROWS, RUNS, SECONDS, WORKERS, note, run, statement
from support.pg import BUILD
from support.server import Server

STATIONS = 20
MANY = 150
TOGETHER = 8  # scans that a worker finds ready at once, of MANY stations
OPEN_RATE = 1000
SESSIONS = 20
SMALL = 10000  # waybills, to compare LARGE with

# What any scan must do: find the waybill and keep a row that says so.
BARE_TABLE = """CREATE TABLE bare_scans (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
waybill_id bigint, waybill_number text COLLATE "C", station text, scanned_by text,
scanned_at timestamptz)"""
BARE = """INSERT INTO bare_scans (waybill_id, waybill_number, station, scanned_by, scanned_at)
SELECT id, waybill_number, 'dock 1', 'ana', now() FROM waybills
WHERE waybill_number = 'JT' || :n::text RETURNING id"""


def full():
    values = {1: "'JT' || :n::text", 2: "'dispatch'", 3: ":s::text",
              4: "gen_random_uuid()::text", 5: "'dock 1'", 6: "'ana'"}
    return re.sub(r"\$(\d+)", lambda m: f"({values.get(int(m[1]), 'null::text')})",
                  statement("scan"))


def together():
    """TOGETHER scans in one statement, as a worker asks for those that are ready."""
    def each(one):
        return f"array[{', '.join(one % {'i': i} for i in range(TOGETHER))}]"
    values = {1: each("'JT' || :n%(i)d::text"), 2: each("'dispatch'"), 3: each(":s%(i)d"),
              4: each("gen_random_uuid()"), 5: each("'dock 1'"), 6: each("'ana'")}
    return re.sub(r"\$(\d+)(::\w+\[\])?",
                  lambda m: f"({values.get(int(m[1]), each('null'))})" + (m[2] or ""),
                  statement("scan_many"))


def pgbench(db, folder, sql, rows):
    """(transactions a second, 99th percentile in ms) of a statement with as many clients as there
    are stations. Numbers and sessions are random: :n and :s, and :n0, :s0 and so on."""
    program = os.path.join(run("pg_config", "--bindir").strip(), "pgbench")
    script, log = (os.path.join(folder, n) for n in ("pgbench.sql", "pgbench.log"))
    with open(script, "w", encoding="utf-8") as f:
        for i in sorted(set(re.findall(r":[ns](\d*)\b", sql))):
            f.write(f"\\set n{i} random(1000000000000, {1000000000000 + rows - 1})\n"
                    f"\\set s{i} random(1, {SESSIONS})\n")
        f.write(f"{sql};\n")
    out = run(program if os.path.exists(program) else shutil.which("pgbench"), "-n", "-M",
              "prepared", "-c", STATIONS, "-j", 2, "-T", SECONDS, "-l", "--log-prefix", log, "-f",
              script, db.conninfo)
    took = []
    for path in glob.glob(log + "*"):
        with open(path, encoding="ascii") as f:
            took.extend(int(line.split()[2]) for line in f)
        os.remove(path)
    took.sort()
    return float(re.search(r"tps = ([\d.]+)", out)[1]), took[-1 - len(took) // 100] / 1000


def stations(server, count, rows, rate=0, *more):
    """(answers a second, 99th percentile in ms); without a failed scan, or not at all."""
    # A seed of its own: the same scans again would be answered from the first time.
    out = run(os.path.join(BUILD, "bench_scan_load"), server.port.number, count, rate, SECONDS, rows,
              SESSIONS, random.getrandbits(31), *more)
    words = dict(re.findall(r"^(\w+) ([\d.]+)$", out, re.MULTILINE))
    if words["faults"] != "0":
        raise SystemExit(f"scans failed\n{out}")
    return float(words["rate"]), float(words["p99_ms"])


def recorded(db, scan):
    """What scan() returns, having seen that what was answered is in the table."""
    count = "SELECT count(*) FROM scanned_waybills WHERE result IN ('valid', 'duplicate')"
    before = int(db.value(count))
    rate, p99 = scan()
    there = int(db.value(count)) - before
    assert there > 0.95 * rate * SECONDS, f"{there} recorded, {rate}/s answered"
    return rate, p99


def times(n, figures):
    """The figures of n scans to a transaction."""
    rate, p99 = figures
    return n * rate, p99


def sessions(server):
    for _ in range(SESSIONS):
        r = server.client.post("/sessions", {"scanned_by": "ana", "station": "dock 1"})
        assert r.status == 201 and int(r.json()["id"]) <= SESSIONS, r


def floor(cluster, folder):
    manifest = b"Waybill Number,Receiver\n" + b"".join(
        b"JT%d,Ana Cruz\n" % (1000000000000 + i) for i in range(ROWS))
    db = cluster.database()
    server = Server(db.conninfo, {"workers": WORKERS, "log_level": "info"}).start()
    try:
        assert server.client.upload(manifest, "scan.csv").status == 200
        sessions(server)
        db.query(BARE_TABLE)
        note("scan_open_limit", "ms", 2.0)
        for _ in range(RUNS):
            for name, count, *more in (("scan_http", STATIONS), ("scan_one", STATIONS, 0, "one"),
                                       ("scan_many", MANY)):
                rate, p99 = recorded(db, lambda: stations(server, count, ROWS, *more))
                note(name, "scans/s", rate)
                note(name + "_p99", "ms", p99)
            note("scan_open_p99", "ms", stations(server, MANY, ROWS, OPEN_RATE)[1])
            for name, sql in (("scan_pgbench", full()), ("scan_bare", BARE)):
                rate, p99 = pgbench(db, folder, sql, ROWS)
                note(name, "scans/s", rate)
                note(name + "_p99", "ms", p99)
            rate, _ = recorded(db, lambda: times(TOGETHER, pgbench(db, folder, together(), ROWS)))
            note("scan_together", "scans/s", rate)
    finally:
        server.stop()
        db.drop()


def fill(db, rows):
    """Waybills of numbers that follow each other, without what an upload keeps beside them."""
    db.query("ALTER TABLE waybills DISABLE TRIGGER USER; INSERT INTO waybills (waybill_number, "
             "receiver_name, destination, item_name, weight, cod_amount) SELECT 'JT' || n, "
             "'Ana Cruz', 'Cebu', 'Shoes', 1.5, 1250 FROM generate_series(1000000000000, "
             f"{1000000000000 + rows - 1}) n; ALTER TABLE waybills ENABLE TRIGGER USER")
    db.query("VACUUM (ANALYZE) waybills")


def of_size(cluster, folder, rows, name):
    """What part of pgbench's scans a server makes, and of the barest statement's ours, with so many
    waybills."""
    db = cluster.database()
    fill(db, rows)
    db.query(BARE_TABLE)
    server = Server(db.conninfo, {"workers": WORKERS, "log_level": "info"}).start()
    try:
        sessions(server)
        for _ in range(RUNS):
            http = stations(server, STATIONS, rows)[0]
            ours, bare = (pgbench(db, folder, sql, rows)[0] for sql in (full(), BARE))
            note("scan_http_" + name, "of it", http / ours)
            note("scan_statement_" + name, "of it", ours / bare)
    finally:
        server.stop()
        db.drop()


def main(cluster, folder):
    if LARGE:
        of_size(cluster, folder, SMALL, "small")
        of_size(cluster, folder, LARGE, "large")
    else:
        floor(cluster, folder)


# What, the figure, its measure, how the measure is named, the ratio (speed to speed) that is
# wanted; None where the row is there to be looked at.
TABLE = [
    (f"with {LARGE:,} waybills: HTTP beside pgbench", "scan_http_large", "scan_http_small",
     f"... with {SMALL:,}", 0.85),
    (f"with {LARGE:,} waybills: statement beside barest", "scan_statement_large",
     "scan_statement_small", f"... with {SMALL:,}", 0.85),
] if LARGE else [
    (f"scans over HTTP, {STATIONS} stations", "scan_http", "scan_pgbench",
     "pgbench -M prepared, the same statement", 0.85),
    ("... their 99th percentile", "scan_http_p99", "scan_pgbench_p99", "... its own", 0.5),
    ("... connected one by one", "scan_one", "scan_pgbench", "pgbench", 0.85),
    ("... their 99th percentile", "scan_one_p99", "scan_pgbench_p99", "... its own", 0.5),
    (f"scans over HTTP, {MANY} stations", "scan_many", "scan_pgbench",
     f"pgbench, {STATIONS} clients", 2.0),
    (f"{OPEN_RATE:,} scans a second due at {MANY} stations", "scan_open_p99", "scan_open_limit",
     "99th percentile: 2 ms on a quiet machine", 1.0),
    ("the scan statement", "scan_pgbench", "scan_bare",
     "find a waybill, insert a row: the barest scan", 0.6),
    (f"... given {TOGETHER} at a time", "scan_together", "scan_bare", "... the same, one at a time",
     None),
]
