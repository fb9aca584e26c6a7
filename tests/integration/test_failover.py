"""The server while its database is lost, moved, or waits for its standby: nothing that a station
was told is lost, what it was not told is found by its scan_id, and nobody waits for ever."""

import signal
import time
import unittest
import uuid

from support.moved import MovedCase
from support.pg import newest_postgresql
from support.wait import wait_until


class Failover(MovedCase):
    def call(self, *words):
        code, said = self.site.anywhere("failover-db", *words)
        self.assertEqual(code, 0, said)

    def start(self, name):
        self.site.run(name, "pg_ctlcluster", str(newest_postgresql()), "main", "start")

    def kill_and_move(self):
        self.site.signal(self.primary, signal.SIGKILL)
        self.call()
        return self.standby

    def test_the_primary_dies_while_stations_scan(self):
        family = self.server.workers()
        self.scanning_while("the primary killed, failover-db at once", self.kill_and_move)
        # The same processes, connected anew; the one that listens for uploads too.
        self.assertEqual(self.server.workers(), family)
        r = self.client.upload(b"Waybill Number,Receiver\nQUEUED1,Ana\n", name="queue.csv",
                               **{"async": "1"})
        self.assertEqual(r.status, 202, r)
        path = f"/uploads/{r.json()['id']}"

        def completed():
            """Asked of a worker that has not connected anew, it may be 503 once."""
            answer = self.client.get(path)
            return answer.status == 200 and answer.json()["state"] == "completed"

        wait_until(completed, "the queue worker has moved")
        # The old one, back as a standby, is left alone.
        self.call("--rejoin", self.primary)
        for _ in range(20):
            self.client.post("/scan", {"waybill_number": "QUEUED1", "mode": "check"})
        # Who connects anew asks it first, and leaves it again.
        wait_until(lambda: self.people(self.primary) == 0, "nobody stays there")
        self.assertGreater(self.people(self.standby), 0)

    def test_a_planned_move_while_stations_scan(self):
        def move():
            self.call("--planned")
            return self.standby
        self.scanning_while("failover-db --planned", move)

    def test_commits_wait_for_a_standby_that_is_away(self):
        """No worker waits for ever, nothing unsure is told as sure, nothing counts twice."""
        number = self.numbers(1)[0]
        scan = {"waybill_number": number, "scan_id": str(uuid.uuid4())}
        self.site.signal(self.standby, signal.SIGKILL)
        began = time.monotonic()
        r = self.client.post("/scan", scan)
        self.assertEqual((r.status, r.json()["error"]), (503, "outcome_unknown"), r)
        self.assertLess(time.monotonic() - began, 30)
        self.assertEqual(self.client.get(f"/waybills/{number}").status, 200)
        self.assertEqual(self.client.post("/scan", scan).status, 503)
        # A crash ends the wait: the scan is there, on this host alone. Told now, it would be
        # lost with the host.
        self.site.signal(self.primary, signal.SIGKILL)
        self.start(self.primary)
        wait_until(lambda: self.recorded(self.primary, [scan["scan_id"]]) == [1], "it is there")
        # What is sure that it changed nothing may come, too: workers connect anew.
        said = []
        wait_until(lambda: said.append(self.client.post("/scan", scan).json().get("error")) or
                   said.count("outcome_unknown") == 3, "asked thrice", 120)
        self.assertNotIn(None, said)
        self.start(self.standby)
        r = wait_until(lambda: next((r for r in [self.client.post("/scan", scan)]
                                     if r.status == 200), None), "the standby has it", 60)
        self.assertEqual(r.json()["result"], "valid")
        # It has it on disk, and will show it when it has replayed it.
        wait_until(lambda: self.recorded(self.standby, [scan["scan_id"]]) == [1], "it is there")


if __name__ == "__main__":
    unittest.main()
