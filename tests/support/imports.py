"""Imports through waybillctl into a database of their own."""

import json
import os
import subprocess
import tempfile
import unittest

from .pg import BUILD, Cluster, clean_environment
from .pooler import served

COUNTERS = ("inserted", "updated", "unchanged", "duplicate", "rejected")
ORDER = ("pending", "hq_scheduling", "dispatched", "in_transit", "delivering", "for_return")
FINAL = ("delivered", "returned", "cancelled")
TEXT = {"pending": "Pending", "hq_scheduling": "Headquarters Scheduling To Outlets",
        "dispatched": "Picked Up", "in_transit": "In Transit", "delivering": "On Delivery",
        "for_return": "RTS", "delivered": "Signed", "returned": "Returned", "cancelled": "Closed"}


class ImportCase(unittest.TestCase):
    settings = {}  # of the environment

    def setUp(self):
        self.db = Cluster.shared().database()
        self.addCleanup(self.db.drop)
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def environment(self):
        return {**clean_environment(), "WAYBILL_DATABASE": served(self.db.conninfo),
                "WAYBILL_SPOOL_DIR": self.folder, **self.settings}

    def file(self, *rows, name="file.csv"):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8", newline="") as f:
            f.write("\n".join(rows) + "\n")
        return path

    def sample(self, rows, *options):
        path = os.path.join(self.folder, "sample.xlsx")
        subprocess.run([os.path.join(BUILD, "waybillctl"), "sample", str(rows), path, *options],
                       check=True, stdin=subprocess.DEVNULL, env=clean_environment())
        return path

    def start(self, path, *options):
        return subprocess.Popen(
            [os.path.join(BUILD, "waybillctl"), "import", path, "--json", *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=self.environment())

    def run_import(self, path, *options, good=True):
        with self.start(path, *options) as p:
            out, err = p.communicate(timeout=120)
        self.assertEqual(p.returncode == 0, good, out + err)
        answer = json.loads(out[:out.index("\n")] if "\n" in out else out)
        if good:
            self.assertEqual(sum(answer[c] for c in COUNTERS), answer["rows_total"], answer)
        return answer

    def load(self, *rows, options=(), good=True):
        return self.run_import(self.file(*rows), *options, good=good)

    def counts(self, answer):
        return {c: answer[c] for c in COUNTERS if answer[c]}

    def holding(self, sql):
        """A connection that has begun a transaction with sql and waits."""
        p = subprocess.Popen(["psql", "-X", "-q", "-A", "-t", "-d", self.db.conninfo],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                             env=clean_environment())
        p.stdin.write(f"BEGIN; {sql}; SELECT 'held';\n")
        p.stdin.flush()
        self.assertEqual(p.stdout.readline(), "held\n")
        return p

    def let_go(self, p, sql="ROLLBACK"):
        p.stdin.write(sql + ";\n")
        p.stdin.close()
        p.stdout.close()
        self.assertEqual(p.wait(60), 0)

    def waiting(self):
        return self.db.value("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                             "AND datname = current_database()") != "0"

    def waybill(self, number, columns):
        rows = self.db.query(f"SELECT {columns} FROM waybills WHERE waybill_number = '{number}'")
        self.assertEqual(len(rows), 1, number)
        return rows[0]
