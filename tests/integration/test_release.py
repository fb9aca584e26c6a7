"""The previous release and this one beside each other on one database, as in every update of a
site: first the schema, then one host after the other."""

import concurrent.futures
import unittest
import uuid

from support.people import People
from support.pg import BUILD, Cluster, migrate
from support.pooler import not_pooled
from support.release import previous
from support.server import Server
from support.uploads import csv
from support.wait import wait_until


@not_pooled("the previous release may know nothing of it")
class Both(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.release = previous()
        # With the old schema, in use, when the new one comes.
        cls.db = Cluster.shared().database(migrated=False)
        cls.addClassCleanup(cls.db.drop)
        out = cls.release.run(cls.db.conninfo, "migrate")
        assert out.returncode == 0, out.stderr
        cls.old = cls.start(programs=cls.release.programs, static_dir=cls.release.static)
        assert cls.old.client.upload(csv("JT-OLD,Ana,1"), "m.csv").status == 200
        migrate(cls.db.conninfo)
        cls.new = cls.start()

    @classmethod
    def start(cls, programs=BUILD, ready=True, **settings):
        server = Server(cls.db.conninfo, {"workers": 2, **settings}, programs=programs)
        cls.addClassCleanup(server.kill)
        return server.start(ready)

    @classmethod
    def tearDownClass(cls):
        log = cls.old.log()
        cls.old.stop()
        cls.new.stop()
        # Said by one whose worker connects behind a migration that took something away.
        assert "cannot be prepared" not in log, log

    def each(self):
        """(name, the one, the other)"""
        return (("OLD", self.old.client, self.new.client), ("NEW", self.new.client, self.old.client))

    def load(self, client, prefix, n, **options):
        answer = client.upload(csv(*(f"{prefix}{i},Ana,1" for i in range(n))), f"{prefix}.csv",
                               **options)
        self.assertEqual(answer.status, 200, answer)
        return answer.json()

    def test_the_old_one_is_ready_and_its_new_workers_too(self):
        """Workers that connect now prepare every statement of the old release anew."""
        before = set(self.old.workers())
        self.old.signal(1)
        wait_until(lambda: len(now := set(self.old.workers())) == len(before) and not now & before,
                   "its workers are new", timeout=30)
        wait_until(lambda: self.old.client.get("/ready").status == 200, "they are ready", 30)
        self.assertEqual(self.old.client.post("/scan", {"waybill_number": "JT-OLD"}).status, 200)
        self.assertNotIn("cannot be prepared", self.old.log())

    def test_a_number_at_both_at_once_is_valid_once(self):
        for name, one, other in self.each():
            self.load(one, f"JTS{name}", 40)
            session = one.post("/sessions", {"scanned_by": "ana", "station": "s"}).json()["id"]

            def scan(client, i, prefix=f"JTS{name}", session=session):
                return client.post("/scan", {"waybill_number": f"{prefix}{i}",
                                             "session_id": session}).json()["result"]
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                pairs = [(pool.submit(scan, one, i), pool.submit(scan, other, i))
                         for i in range(40)]
                for pair in pairs:
                    self.assertEqual(sorted(f.result() for f in pair), ["duplicate", "valid"])
            for client in (one, other):
                counted = client.get(f"/sessions/{session}").json()
                self.assertEqual((counted["valid"], counted["duplicate"]), (40, 40), counted)
            answer = other.post(f"/sessions/{session}/dispatch", {})
            self.assertEqual((answer.status, answer.json()["dispatched"]), (200, 40), answer)
            self.assertEqual(self.db.value(
                "SELECT count(*) FROM waybills WHERE status = 'dispatched' "
                f"AND waybill_number LIKE 'JTS{name}%'"), "40")

    def test_a_backlog_that_is_sent_to_both(self):
        for name, one, other in self.each():
            self.load(one, f"JTB{name}", 30)
            scans = {"scans": [{"waybill_number": f"JTB{name}{i}", "scan_id": str(uuid.uuid4()),
                                "scanned_at": "2026-01-01T08:00:00+08:00"} for i in range(30)]}
            first, again = one.post("/scans", scans), other.post("/scans", scans)
            self.assertEqual((first.status, again.status), (200, 200), again)
            results = [[r["result"] for r in a.json()["results"]] for a in (first, again)]
            self.assertEqual(results[0], results[1])
            self.assertEqual(self.db.value(
                f"SELECT count(*) FROM scanned_waybills WHERE waybill_number LIKE 'JTB{name}%'"),
                "30")

    def test_an_upload_is_known_to_both(self):
        for name, one, other in self.each():
            first = self.load(one, f"JTU{name}", 50, upload_key=f"key-{name}")
            again = self.load(other, f"JTU{name}", 50, upload_key=f"key-{name}")
            self.assertEqual((again["id"], again["inserted"]), (first["id"], 50))
            undone = other.post(f"/uploads/{first['id']}/undo", {})
            self.assertEqual(undone.status, 200, undone)
            self.assertEqual(one.get(f"/uploads/{first['id']}").json()["undo"]["removed"], 50)

    def test_what_the_other_changed_is_changed_back(self):
        for name, one, other in self.each():
            self.load(one, f"JTH{name}", 50)
            changed = other.upload(csv(*(f"JTH{name}{i},Ben,1" for i in range(20))), "b.csv")
            self.assertEqual(changed.json()["updated"], 20, changed)
            again = self.load(one, f"JTH{name}", 50)
            self.assertEqual((again["updated"], again["unchanged"]), (20, 30), again)

    def test_a_queued_upload_is_loaded_by_the_other(self):
        for name, one, other in self.each():
            by = {"static_dir": self.release.static, "programs": self.release.programs} \
                if name == "NEW" else {}
            loader = self.start(ready=False, workers=0, queue_workers=1, **by)
            sent = one.upload(csv(*(f"JTQ{name}{i},Ana,1" for i in range(50))), "q.csv",
                              path="/upload?async=true")
            self.assertEqual(sent.status, 202, sent)
            end = wait_until(
                lambda: (u := one.get(f"/uploads/{sent.json()['id']}").json())["state"]
                not in ("queued", "processing") and u, "it is over", timeout=60)
            self.assertEqual((end["state"], end["inserted"]), ("completed", 50), end)
            loader.stop()

    def test_a_login_at_one_is_known_to_the_other(self):
        old = self.start(programs=self.release.programs, static_dir=self.release.static, auth="on")
        new = self.start(auth="on")
        people = People(new)
        people.add("boss", "admin")
        for one, other in ((old, new), (new, old)):
            who = people.login("boss", client=one.client)
            answer = other.client.get("/me", who)
            self.assertEqual((answer.status, answer.json()["username"]), (200, "boss"), answer)
            self.assertEqual(other.client.post("/logout", {}, who).status, 200)
            self.assertEqual(one.client.get("/waybills", who).status, 401)
        old.stop()
        new.stop()


if __name__ == "__main__":
    unittest.main()
