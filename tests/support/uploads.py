"""Files to upload."""

import os
import re
import subprocess
import tempfile
import zipfile

from .pg import BUILD, clean_environment
from .psql_session import PsqlSession
from .server import ServerCase
from .wait import wait_until

COUNTERS = ("inserted", "updated", "unchanged", "duplicate", "rejected")


def sample(rows, folder, *options, name="sample.xlsx"):
    """The path of a manifest as `waybillctl sample` makes them."""
    path = os.path.join(folder, name)
    subprocess.run([os.path.join(BUILD, "waybillctl"), "sample", str(rows), path, *options],
                   check=True, env=clean_environment(), stdin=subprocess.DEVNULL)
    return path


class Stop:
    """A load of that sample stops within its transaction, with most of its rows brought, until go():
    somebody else is about to bring one of its last numbers."""

    def __init__(self, test, db, path):
        with zipfile.ZipFile(path) as book:
            numbers = re.findall(rb"JT\d{9,}", book.read("xl/sharedStrings.xml"))
        self.db = db
        self.other = PsqlSession(db.conninfo)
        test.addCleanup(self.other.close)
        self.other.run("BEGIN; INSERT INTO waybills (waybill_number) VALUES "
                       f"('{numbers[len(numbers) * 4 // 5].decode()}')")

    def wait(self):
        """Until one is there."""
        waits = f"SELECT count(*) FROM pg_stat_activity WHERE {self.other.pid} = ANY(pg_blocking_pids(pid))"
        wait_until(lambda: self.db.value(waits) != "0", "the load has come to that row", 60)

    def go(self):
        self.other.run("ROLLBACK")


def csv(*rows, heading="Waybill Number,Receiver,COD"):
    return ("\n".join((heading, *rows)) + "\n").encode()


class UploadCase(ServerCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def upload(self, file, name=None, status=200, **fields):
        r = self.client.upload(file, name=name, **fields)
        self.assertEqual(r.status, status, r)
        return r.json()

    def adds_up(self, answer, rows):
        self.assertEqual(answer["rows_total"], rows, answer)
        self.assertEqual(sum(answer[c] for c in COUNTERS), rows, answer)

    def ended(self, upload):
        """The upload's state once it is over."""
        def over():
            state = self.client.get(f"/uploads/{upload}").json()
            return state if state["state"] not in ("queued", "processing") else None
        return wait_until(over, f"upload {upload} is over", 60.0)
