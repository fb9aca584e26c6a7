"""A private PgBouncer in front of a cluster, in transaction mode.

    pooler = Pooler.of(cluster.socket)     # one for each cluster and program
    pooler.conninfo("t1_1")                # for a server with database_pooled = on

With WBTEST_POOL=transaction (make check-integration POOL=transaction) every server under test
reaches its database this way, as served() has it, and so do the tools; what a test itself asks
of the database goes straight there. A test that cannot mean a pooled server says so:

    @not_pooled("kills the server's own connection")
"""

import atexit
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

from .wait import wait_until

POOLED = os.environ.get("WBTEST_POOL") == "transaction"
INI = """
[databases]
* = host={socket}
[pgbouncer]
unix_socket_dir = {folder}
unix_socket_mode = 0777
listen_port = 6432
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
; More than the servers of any test hold at once, far less than they have connections
default_pool_size = 12
max_client_conn = 1000
max_db_connections = 0
server_connect_timeout = 2
server_login_retry = 0.2
query_wait_timeout = 10
log_connections = 0
log_disconnections = 0
log_stats = 0
ignore_startup_parameters = extra_float_digits
logfile = {folder}/log
pidfile = {folder}/pid
"""


def not_pooled(reason):
    """Skips a test, or all of a class, behind a pooler."""
    return unittest.skipIf(POOLED, f"not through a pooler: {reason}")


def served(conninfo):
    """The database as a server under test is to reach it."""
    direct = re.fullmatch(r"host=(/\S+) user=(\S+) dbname=(\S+)", conninfo)
    if not POOLED or not direct:
        return conninfo
    return Pooler.of(direct[1]).conninfo(direct[3], direct[2])


class Pooler:
    _of = {}

    def __init__(self, socket):
        """socket: of a cluster, or of several with commas, and what PgBouncer's line says more."""
        self.socket = re.split("[ ,]", socket)[0]
        self.folder = tempfile.mkdtemp(prefix="waybill-pool-")
        os.chmod(self.folder, 0o777)
        with open(os.path.join(self.folder, "users"), "w", encoding="ascii") as f:
            f.write('"waybill" ""\n"postgres" ""\n')
        self.ini = os.path.join(self.folder, "pgbouncer.ini")
        with open(self.ini, "w", encoding="ascii") as f:
            f.write(INI.format(socket=socket, folder=self.folder))
        self.process = None
        atexit.register(self.stop)
        self.start()

    @classmethod
    def of(cls, socket):
        if socket not in cls._of:
            cls._of[socket] = cls(socket)
        return cls._of[socket]

    def start(self):
        program = shutil.which("pgbouncer", path=os.environ["PATH"] + ":/usr/sbin")
        if program is None:
            raise unittest.SkipTest("there is no pgbouncer here")
        # It refuses to be root, and the socket is for PostgreSQL's own user alone, whom ops/pg
        # has in a namespace of users when it can.
        owner = os.stat(self.socket + "/.s.PGSQL.5432").st_uid
        become = (["unshare", "--user", "--map-user=65534", "--map-group=65534"] if owner == 0 else
                  ["setpriv", f"--reuid={owner}", f"--regid={owner}", "--clear-groups"])
        self.process = subprocess.Popen(
            (become if os.geteuid() == 0 else []) + [program, "-q", self.ini],
            stdin=subprocess.DEVNULL)
        wait_until(self._listens, "PgBouncer listens")

    def _listens(self):
        """Its socket is there a moment before it may be connected to."""
        with socket.socket(socket.AF_UNIX) as s:
            return s.connect_ex(os.path.join(self.folder, ".s.PGSQL.6432")) == 0

    def conninfo(self, database, role="waybill"):
        return f"host={self.folder} port=6432 user={role} dbname={database}"

    def stop(self, number=signal.SIGTERM):
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait()
            self.process = None
        shutil.rmtree(self.folder, ignore_errors=True)
