"""A request that comes again is answered from what is recorded, and only when the standby has it.

After a crash while commits waited for the standby, what they did is there, on that host alone. Who
asks again must wait as the first one would have: told now, it would be lost with the host."""

import threading
import unittest
import uuid

from support.floor import FloorCase
from support.wait import wait_until

PROBE = "SELECT pg_logical_emit_message(true, 'probe', '')"
ROWS = b"Waybill Number,Receiver\n%s,Ana\n"


class ToldAgain(FloorCase):
    settings = {"workers": 3, "queue_workers": 1}

    def standby(self, name):
        """Commits wait for this one, which never comes; '': for nobody."""
        self.db.query(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'", role="postgres")
        self.db.query("SELECT pg_reload_conf()", role="postgres")
        wait_until(lambda: self.db.value("SELECT current_setting('synchronous_standby_names') = "
                                         f"'{name}'") == "t", "reloaded")

    def waiting(self, probes=False):
        """How many commits wait for the standby: those of the server, or our probes."""
        return int(self.db.value(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND "
            f"(query LIKE '%''probe''%') = {probes}", role="postgres"))

    def probe(self):
        """A commit that waits. Sessions see the setting before the checkpointer, and until that has
        taken it, no commit does."""
        while True:
            thread = threading.Thread(target=self.db.query, args=(PROBE, "postgres"))
            thread.start()
            wait_until(lambda t=thread: not t.is_alive() or self.waiting(probes=True),
                       "a commit waits, or does not")
            if thread.is_alive():
                return thread

    def again(self, ask, status=200):
        """ask() once more, while the standby is away: its answer comes with the standby."""
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(ask()))]
        self.standby("nobody")
        try:
            threads.append(self.probe())
            before = self.waiting()
            threads[0].start()
            wait_until(lambda: answers or self.waiting() > before,
                       "it waits for the standby, or is answered")
            self.assertEqual(answers, [], "answered without the standby")
        finally:
            self.standby("")
            for thread in threads:
                if thread.ident:  # begun
                    thread.join()
        self.assertEqual(answers[0].status, status, answers[0])
        return answers[0].json()

    def asked(self, path, **fields):
        return lambda: self.client.post(path, fields)

    def test_an_upload(self):
        key = str(uuid.uuid4())

        def ask():
            return self.client.upload(ROWS % b"TA1", name="a.csv", upload_key=key)
        first = ask().json()
        self.assertEqual(first["inserted"], 1)
        self.assertEqual(self.again(ask)["id"], first["id"])

    def test_an_upload_for_the_queue(self):
        fields = {"async": "1", "upload_key": str(uuid.uuid4())}

        def ask():
            return self.client.upload(ROWS % b"TA2", name="b.csv", **fields)
        number = ask().json()["id"]
        wait_until(lambda: self.get(f"/uploads/{number}")["state"] == "completed", "it is loaded")
        self.assertEqual(self.again(ask)["inserted"], 1)

    def test_an_upload_is_undone(self):
        number = self.load("TA3")["id"]
        ask = self.asked(f"/uploads/{number}/undo")
        self.assertEqual(ask().status, 200)
        self.assertEqual(self.again(ask)["undo"]["removed"], 1)

    def test_a_dispatch(self):
        self.load("TA4", "TA5")
        session = self.open()
        self.scan("TA4", session_id=session)
        ask = self.asked(f"/sessions/{session}/dispatch", by="sue")
        self.assertFalse(ask().json()["already"])
        self.assertTrue(self.again(ask)["already"])
        said = self.again(self.asked(f"/sessions/{session}/cancel", by="sue"), 409)
        self.assertEqual(said["error"], "session_dispatched")

    def test_a_dispatch_that_holds_what_is_missing(self):
        session = self.open(uploads=[self.load("TA6", "TA7")["id"]])
        self.scan("TA6", session_id=session)
        ask = self.asked(f"/sessions/{session}/dispatch", by="sue", hold_missing=True)
        self.assertEqual(ask().json()["held"], 1)
        self.assertEqual(self.again(ask)["held"], 1)

    def test_a_session_is_cancelled_and_resumed(self):
        session = self.open()
        for deed in ("cancel", "resume"):
            ask = self.asked(f"/sessions/{session}/{deed}", by="sue")
            self.assertFalse(ask().json()["already"], deed)
            self.assertTrue(self.again(ask)["already"], deed)

    def test_a_scan_is_undone(self):
        self.load("TA8")
        scan = self.scan("TA8")["scan_id"]

        def ask():
            return self.client.request("DELETE", f"/scans/{scan}?by=ben&station=dock%202")
        self.assertEqual(ask().status, 200)
        self.assertEqual(self.again(ask)["scan_id"], scan)

    def test_an_unknown_scan_is_settled(self):
        self.load("TA9")
        for deed, fields in (("match", {"waybill_number": "TA9"}), ("dismiss", {"reason": "a box"})):
            scan = self.scan(f"TX{deed}", "not_found")["scan_id"]
            ask = self.asked(f"/unknown-scans/{scan}/{deed}", by="sue", **fields)
            self.assertFalse(ask().json()["already"], deed)
            self.assertTrue(self.again(ask)["already"], deed)

    def test_a_parcel_is_held_and_resumed(self):
        self.load("TB1")
        for deed in ("hold", "resume"):
            ask = self.asked(f"/waybills/TB1/{deed}", by="sue", reason="torn")
            self.assertFalse(ask().json()["already"], deed)
            self.assertTrue(self.again(ask)["already"], deed)


if __name__ == "__main__":
    unittest.main()
