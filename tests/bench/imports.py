"""Uploads over HTTP beside psql's \\copy of the same rows."""

import os

from bench.common import ROWS, RUNS, WORKERS, note, run, sample, statement, timed
from support.server import Server

# The columns of the staging table (sql/query/import_staging.sql) out of waybills.
STAGED = """row_number() over (order by id), waybill_number, status, sender_name, sender_phone,
 sender_address, receiver_name, receiver_phone, receiver_address, province, city, barangay,
 street, destination, weight, number_of_items, express_type, cod_amount, remarks, item_name,
 signing_time, submission_time, null, null, extra""".replace("\n", "")
LOADED = """waybill_number, status, sender_name, sender_phone, sender_address, receiver_name,
 receiver_phone, receiver_address, province, city, barangay, street, destination, weight,
 number_of_items, express_type, cod_amount, remarks, item_name, signing_time, submission_time,
 extra""".replace("\n", "")


def psql(db, *commands):
    words = [w for c in commands for w in ("-c", c)]
    return run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", db.conninfo, *words)


def upload(cluster, path, again=False):
    """Seconds of one upload over HTTP into a fresh database, and of the same again."""
    db = cluster.database()
    server = Server(db.conninfo, {"workers": WORKERS, "log_level": "info"}).start()
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


def main(cluster, folder):
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
        note("copy_staging", "rows/s", ROWS / timed(
            lambda: psql(db, staging, f"\\copy import_staging from '{staged}'")))
        note("copy_waybills", "rows/s", ROWS / timed(
            lambda: psql(db, f"\\copy waybills ({LOADED}) from '{loaded}'")))
        db.drop()


# What, the figure, its measure, how the measure is named, the ratio (speed to speed) that is
# wanted; None where the row is there to be looked at.
TABLE = [
    (f"upload of {ROWS:,} new rows over HTTP", "import_new", "copy_waybills",
     "psql \\copy of the same rows into table waybills", 0.75),
    (f"upload of {ROWS:,} new rows over HTTP", "import_new", "copy_staging",
     "... into the staging table, which has no index", None),
    ("the same upload again, all known", "import_known", "import_new", "the first upload", 1.5),
]
