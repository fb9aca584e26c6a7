"""What PgBouncer in transaction mode costs: scans and a small request through it, beside the same
straight to PostgreSQL; and how much of that are the statements that are not prepared."""

from bench.common import RUNS, WORKERS, note, wrk
from bench.scans import STATIONS, recorded, sessions, stations
from support.pooler import Pooler
from support.server import Server

NUMBERS = 20000


def main(cluster, folder):
    del folder
    db = cluster.database()
    manifest = b"Waybill Number,Receiver\n" + b"".join(
        b"JT%d,Ana Cruz\n" % (1000000000000 + i) for i in range(NUMBERS))
    pooler = Pooler(cluster.socket)
    direct, bare, pooled = servers = [
        Server(conninfo, {"workers": WORKERS, "log_level": "info", "database_pooled": on}).start()
        for conninfo, on in ((db.conninfo, "off"), (db.conninfo, "on"),
                             (pooler.conninfo(db.name), "on"))]
    try:
        assert direct.client.upload(manifest, "scan.csv").status == 200
        sessions(direct)
        for _ in range(RUNS):
            for name, server in (("direct", direct), ("unprepared", bare), ("pooled", pooled)):
                note(f"{name}_scans", "scans/s",
                     recorded(db, lambda s=server: stations(s, STATIONS, NUMBERS))[0])
                note(f"{name}_reads", "requests/s", wrk(server.url + "/sessions/1", "get.lua", 8)[0])
    finally:
        for server in servers:
            server.stop()
        pooler.stop()
        db.drop()


# What, the figure, its measure, how the measure is named, the ratio (speed to speed) that is
# wanted; None where the row is there to be looked at.
TABLE = [
    (f"scans through PgBouncer, {STATIONS} stations", "pooled_scans", "direct_scans",
     "straight to PostgreSQL", None),
    ("... nothing prepared, but no PgBouncer", "unprepared_scans", "direct_scans", "the same", None),
    ("GET /sessions/1 through PgBouncer", "pooled_reads", "direct_reads", "the same", None),
    ("... nothing prepared, but no PgBouncer", "unprepared_reads", "direct_reads", "the same", None),
]
