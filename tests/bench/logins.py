"""What looking a login up costs: the same small request with auth = on and off, and the
statement alone beside an empty one."""

import os
import re
import shutil

from bench.common import RUNS, SECONDS, note, run, statement, wrk
from support.people import PASSWORD, People, cookie
from support.server import Server

CONNECTIONS = 8
WORKERS = 4


def script(folder, name, sql):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"\\set lifetime 43200\n\\set most 604800\n{sql};\n")
    return path


def tps(pgbench, path, db):
    out = run(pgbench, "-n", "-M", "prepared", "-c", CONNECTIONS, "-j", 1, "-T", SECONDS, "-f", path,
              db.conninfo)
    return float(re.search(r"tps = ([\d.]+)", out)[1])


def main(cluster, folder):
    pgbench = os.path.join(run("pg_config", "--bindir").strip(), "pgbench")
    if not os.path.exists(pgbench):
        pgbench = shutil.which("pgbench")
    db = cluster.database()
    on, off = (Server(db.conninfo, {"workers": WORKERS, "log_level": "info", "auth": auth}).start()
               for auth in ("on", "off"))
    try:
        People(on).add("admin", "admin")
        r = on.client.post("/login", {"username": "admin", "password": PASSWORD})
        session = cookie(r)
        assert on.client.post("/sessions", {"station": "a"}, {"Cookie": session}).status == 201
        db.query("INSERT INTO sessions SELECT md5(i::text), user_id, '', '', payload, last_activity "
                 "FROM sessions, generate_series(1, 1000) i; ANALYZE sessions, users")
        kept = db.value("SELECT id FROM sessions WHERE length(id) = 64")
        check = script(folder, "check.sql", statement("auth_check").replace("$1", f"'{kept}'")
                       .replace("$2", ":lifetime").replace("$3", ":most"))
        empty = script(folder, "empty.sql", "select 1")
        for _ in range(RUNS):
            for name, server in (("session_on", on), ("session_off", off)):
                note(name, "requests/s",
                     wrk(server.url + "/sessions/1", "get.lua", CONNECTIONS, session)[0])
            note("auth_check", "statements/s", tps(pgbench, check, db))
            note("empty_statement", "statements/s", tps(pgbench, empty, db))
    finally:
        on.stop()
        off.stop()
        db.drop()


# What, the figure, its measure, how the measure is named, the ratio (speed to speed) that is
# wanted; None where the row is there to be looked at.
TABLE = [
    ("GET /sessions/1, auth = on", "session_on", "session_off", "the same, auth = off", None),
    ("looking a login up, 8 connections", "auth_check", "empty_statement",
     "pgbench -M prepared, select 1", None),
]
