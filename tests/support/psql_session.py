"""A database session that stays open between statements, for tests of what waits for what.

    with PsqlSession(db.conninfo) as one, PsqlSession(db.conninfo) as other:
        one.run("BEGIN; SELECT ...")
        other.send("SELECT ...")          # waits for one
        one.run("COMMIT")
        other.answer()
"""

import subprocess

from .pg import clean_environment

END = "-- end of answer --"


class PsqlSession:
    def __init__(self, conninfo):
        self.psql = subprocess.Popen(
            ["psql", "-X", "-q", "-A", "-t", "-d", conninfo], text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=clean_environment())
        self.pid = self.run("SELECT pg_backend_pid()")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.psql.stdin.close()
        self.psql.wait()
        self.psql.stdout.close()

    def send(self, sql):
        self.psql.stdin.write(f"{sql};\n\\echo {END}\n")

    def answer(self):
        """What it printed, errors too."""
        lines = []
        for line in self.psql.stdout:
            if line.strip() == END:
                break
            lines.append(line.rstrip("\n"))
        return "\n".join(lines)

    def run(self, sql):
        self.send(sql)
        return self.answer()
