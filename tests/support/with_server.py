#!/usr/bin/env python3
"""Runs a command against a fresh server and database: with_server.py CMD ARG...

The command finds the address in WAYBILL_URL, the programs in the folder WAYBILL_BUILD and
the database in WBTEST_DATABASE (conninfo). Its exit status is ours, unless the server's log
holds an error or it does not stop well."""

import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from support.pg import BUILD, Cluster  # noqa: E402
from support.server import Server  # noqa: E402


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    db = Cluster.shared().database()
    server = Server(db.conninfo).start()
    try:
        code = subprocess.run(
            sys.argv[1:], check=False,
            env={**os.environ, "WAYBILL_URL": server.url, "WAYBILL_BUILD": BUILD,
                 "WBTEST_DATABASE": db.conninfo}).returncode
        server.stop()
    finally:
        server.kill()
        db.drop()
    return code


if __name__ == "__main__":
    sys.exit(main())
