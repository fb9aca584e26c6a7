"""Uploads over HTTP beside what psql does with the same rows in a file of its own."""

import os
import re
import threading
import zipfile

from bench.common import BOOK, LARGE, ROWS, RUNS, WORKERS, note, run, sample, statement, timed
from bench.scans import SMALL, fill, sessions, stations
from support.server import Server

# The columns of the staging table (sql/query/import_staging.sql) out of waybills.
STAGED = """row_number() over (order by id), waybill_number, status, sender_name, sender_phone,
 sender_address, receiver_name, receiver_phone, receiver_address, province, city, barangay,
 street, destination, weight, number_of_items, express_type, cod_amount, remarks, item_name,
 signing_time, submission_time, null, null, extra, row_hash""".replace("\n", "")
LOADED = """waybill_number, status, sender_name, sender_phone, sender_address, receiver_name,
 receiver_phone, receiver_address, province, city, barangay, street, destination, weight,
 number_of_items, express_type, cod_amount, remarks, item_name, signing_time, submission_time,
 extra""".replace("\n", "")

STATIONS = 8
MANY = 1_000_000  # rows of one file
PATIENCE = 600  # seconds for one upload, on a busy machine
TASK = 48 * 1024  # KiB that a task may need beside the shared strings


def psql(db, *commands):
    words = [w for c in commands for w in ("-c", c)]
    return run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", db.conninfo, *words)


def peak(server, answer):
    """KiB that the task of an upload needed at the most."""
    name = re.escape(answer.headers["x-request-id"])
    return int(server.wait_for_log(rf"upload {name}: answered 200, peak memory (\d+) KiB")[1])


def allowed(path):
    """KiB that it may need: its own, and the shared strings once and a half."""
    with zipfile.ZipFile(path) as z:
        strings = z.read("xl/sharedStrings.xml")
    return TASK + 1.5 * sum(map(len, re.findall(rb"<t[^>]*>([^<]*)", strings))) / 1024


def upload(cluster, path, again=False, like=None):
    """Seconds of one upload over HTTP into a fresh database, or a copy of `like`, and of the
    same again."""
    db = cluster.database(like=like)
    server = Server(db.conninfo, {"workers": WORKERS, "log_level": "info"}).start()
    server.client.timeout = PATIENCE
    try:
        took = []
        for count in ("inserted", "unchanged")[:1 + again]:
            def once(field=count):
                r = server.client.upload(path)
                assert r.status == 200 and r.json()[field] == ROWS, r
            took.append(timed(once))
        return db, took
    finally:
        server.stop()


def on_conflict():
    """The staged rows into the table, by the shortest statement that knows known numbers."""
    return (f"insert into waybills ({LOADED}) select {LOADED} from import_staging "
            "on conflict (waybill_number) do update set "
            + ", ".join(f"{c} = excluded.{c}" for c in LOADED.replace(" ", "").split(",")[1:]))


def beside_scans(cluster, path):
    """The 99th percentile of scans by STATIONS, alone and while a large import runs."""
    manifest = b"Waybill Number,Receiver\n" + b"".join(
        b"JT%d,Ana Cruz\n" % (1000000000000 + i) for i in range(SMALL))
    db = cluster.database()
    server = Server(db.conninfo, {"workers": WORKERS, "log_level": "info",
                                  "queue_threshold": "1G"}).start()
    server.client.timeout = PATIENCE
    answers = []
    load = threading.Thread(target=lambda: answers.append(server.client.upload(path)))
    try:
        assert server.client.upload(manifest, "scan.csv").status == 200
        sessions(server)
        note("scan_alone_p99", "ms", stations(server, STATIONS, SMALL)[1])
        load.start()
        note("scan_import_p99", "ms", stations(server, STATIONS, SMALL)[1])
        load.join()
        assert answers[0].status == 200, answers
        note("import_peak", "KiB", peak(server, answers[0]))
        note("import_peak_most", "KiB", allowed(path))
    finally:
        server.stop()
        db.drop()


def among_many(cluster, folder):
    """Into a table of LARGE waybills, and a file of MANY rows, beside ROWS into an empty one."""
    path = sample(ROWS, os.path.join(folder, "import.xlsx"))
    many = sample(MANY, os.path.join(folder, "many.xlsx"))
    large = cluster.database()
    fill(large, LARGE)
    for _ in range(RUNS):
        for name, like in (("import_empty", None), ("import_large", large)):
            db, took = upload(cluster, path, again=True, like=like)
            db.drop()
            note(name, "rows/s", ROWS / took[0])
            note(name + "_known", "rows/s", ROWS / took[1])
        db = cluster.database()
        server = Server(db.conninfo, {"workers": WORKERS, "log_level": "info", "max_upload": "1G",
                                      "queue_threshold": "1G"}).start()
        server.client.timeout = PATIENCE
        try:
            answers = []
            note("import_many", "rows/s",
                 MANY / timed(lambda: answers.append(server.client.upload(many))))  # noqa: B023
            assert answers[0].json()["inserted"] == MANY, answers
            note("import_many_peak", "KiB", peak(server, answers[0]))
            note("import_many_most", "KiB", allowed(many))
        finally:
            server.stop()
            db.drop()


def main(cluster, folder):
    if LARGE:
        among_many(cluster, folder)
        return
    path = sample(ROWS, os.path.join(folder, "import.xlsx"))
    db, _ = upload(cluster, path)
    staged, loaded = (os.path.join(folder, n) for n in ("staged", "loaded"))
    psql(db, f"\\copy (select {STAGED} from waybills order by id) to '{staged}'",
         f"\\copy (select {LOADED} from waybills order by id) to '{loaded}'")
    db.drop()
    staging = statement("import_staging").replace("on commit drop", "")
    for _ in range(RUNS):
        db, took = upload(cluster, path, again=True)
        db.drop()
        note("import_new", "rows/s", ROWS / took[0])
        note("import_known", "rows/s", ROWS / took[1])
        db = cluster.database()
        # One session, one transaction: what an import by psql takes at least.
        note("copy_merge", "rows/s", ROWS / timed(lambda: psql(
            db, "begin", staging, f"\\copy import_staging from '{staged}'", on_conflict(), "commit")))
        db.drop()
        db = cluster.database()
        note("copy_waybills", "rows/s", ROWS / timed(
            lambda: psql(db, f"\\copy waybills ({LOADED}) from '{loaded}'")))
        db.drop()
    large = sample(BOOK, os.path.join(folder, "large.xlsx"))
    for _ in range(RUNS):
        beside_scans(cluster, large)


# What, the figure, its measure, how the measure is named, the ratio (speed to speed) that is
# wanted; None where the row is there to be looked at.
TABLE = [
    (f"upload of {ROWS:,} rows beside {LARGE:,} waybills", "import_large", "import_empty",
     "into an empty table", 0.7),
    ("the same again, all known", "import_large_known", "import_empty_known",
     "into a table that has no others", 0.7),
    (f"upload of {MANY:,} rows", "import_many", "import_empty", f"{ROWS:,} rows", 0.8),
    ("... its task's memory", "import_many_peak", "import_many_most",
     "48 MiB, and the shared strings once and a half", 1.0),
] if LARGE else [
    (f"upload of {ROWS:,} new rows over HTTP", "import_new", "copy_waybills",
     "psql \\copy of the same rows into table waybills", 0.75),
    ("the same", "import_new", "copy_merge",
     "... into a staging table, then `insert ... on conflict`", 1.0),
    ("the same upload again, all known", "import_known", "import_new", "the first upload", 1.5),
    (f"scans, {STATIONS} stations, during a {BOOK:,}-row import", "scan_import_p99",
     "scan_alone_p99", "their 99th percentile without it", 0.33),
    ("... its task's memory", "import_peak", "import_peak_most",
     "48 MiB, and the shared strings once and a half", 1.0),
]
