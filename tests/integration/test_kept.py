"""Files that a preview keeps, with two hosts behind one database, and when PostgreSQL is lost: its
unlogged tables are empty then, and whoever names a file is asked to send it again."""

import tempfile
import unittest

from support.pg import Cluster, Database, migrate
from support.pooler import not_pooled
from support.server import Server
from support.standby import Standby
from support.uploads import csv, sample
from support.wait import wait_until

LOST = [r"cannot connect to the database", r"database connection lost", r"\(57P0\d\)",
        r"server login has been failing"]


class KeptCase(unittest.TestCase):
    def host(self, conninfo, **settings):
        server = Server(conninfo, {"workers": 2, **settings}).start()
        self.addCleanup(server.kill)
        return server

    def keep(self, host, file, name="k.csv"):
        r = host.client.upload(file, name=name, path="/upload/preview", keep="true")
        self.assertEqual(r.status, 200, r)
        return r.json()["kept"]

    def ask(self, host, kept, path="/upload", **fields):
        return host.client.upload(None, path=path, kept=kept, **fields)

    def asked_again(self, host, kept):
        """Both ways to name a file that is gone say so; sent anew, it is kept and loaded."""
        for path in ("/upload", "/upload/preview"):
            r = self.ask(host, kept, path)
            self.assertEqual((r.status, r.json()["error"]), (410, "file_not_kept"), r)
            self.assertIn("send it again", r.json()["message"])
        r = self.ask(host, self.keep(host, csv("KN1,Ana,1")))
        self.assertEqual((r.status, r.json()["inserted"]), (200, 1), r)


class TwoHosts(KeptCase):
    def test_what_one_keeps_the_other_has(self):
        db = Cluster.shared().database()
        self.addCleanup(db.drop)
        one = self.host(db.conninfo)
        two = self.host(db.conninfo, queue_workers=1)
        folder = self.enterContext(tempfile.TemporaryDirectory())
        kept = self.keep(one, sample(9000, folder, "--seed", "71"), "k.xlsx")
        looked = self.ask(two, kept, "/upload/preview", columns="extra=Remarks")
        self.assertEqual((looked.status, looked.json()["kept"]), (200, kept), looked)
        loaded = self.ask(two, kept, upload_key="kept")
        self.assertEqual((loaded.status, loaded.json()["inserted"]), (200, 9000), loaded)
        again = self.ask(one, kept, upload_key="kept").json()
        self.assertEqual((again["id"], again["file_name"]), (loaded.json()["id"], "k.xlsx"))
        # The queue has bytes of its own: whoever kept the file may be gone.
        queued = self.ask(one, kept, **{"async": "true"})
        self.assertEqual(queued.status, 202, queued)
        one.stop()
        done = wait_until(lambda: next((u for u in [two.client.get(queued.headers["location"]).json()]
                                        if u["state"] not in ("queued", "processing")), None),
                          "the other host has loaded it", 60)
        self.assertEqual((done["state"], done["unchanged"]), ("completed", 9000), done)
        two.stop()


class Lost(KeptCase):
    def test_a_crash_empties_what_was_kept(self):
        cluster = Cluster(durable=True)
        self.addCleanup(cluster.drop)
        host = self.host(cluster.database().conninfo)
        kept = self.keep(host, csv("KC1,Ana,1"))
        cluster.kill9()
        r = self.ask(host, kept)
        self.assertEqual((r.status, r.headers.get("retry-after") is not None), (503, True), r)
        cluster.start()
        wait_until(lambda: host.client.get("/ready").status == 200, "the database is back", 60)
        wait_until(lambda: self.ask(host, kept).status != 503, "uploads are taken")
        self.asked_again(host, kept)
        host.stop(expected_errors=LOST)

    @not_pooled("PgBouncer would ask both hosts in turn")
    def test_a_standby_that_takes_over_has_none(self):
        primary = Cluster(settings=["wal_level=replica"])
        self.addCleanup(primary.drop)
        standby = Standby(primary)
        self.addCleanup(standby.drop)
        migrate(primary.conninfo("warehousedb"))
        standby.catch_up()
        host = self.host(f"host={primary.socket},{standby.socket} user=waybill dbname=warehousedb")
        kept = self.keep(host, csv("KF1,Ana,1"))
        primary.kill9()
        # A standby that nobody has promoted yet may be asked: it can tell nothing, for now.
        for path in ("/upload", "/upload/preview"):
            r = self.ask(host, kept, path)
            self.assertEqual((r.status, r.headers.get("retry-after") is not None), (503, True), r)
        standby.query("SELECT pg_promote()")
        wait_until(lambda: host.client.get("/ready").status == 200, "the standby answers", 60)
        wait_until(lambda: self.ask(host, kept).status != 503, "uploads are taken", 60)
        self.asked_again(host, kept)
        self.assertEqual(Database(standby, "warehousedb").value(
            "SELECT count(*) FROM waybills"), "1")
        host.stop(expected_errors=[*LOST, r"\(0A000\)"])


if __name__ == "__main__":
    unittest.main()
