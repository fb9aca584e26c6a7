"""A task that needs more memory than it may have. Apart from the hostile files, whose measure of
a program's memory would count this process's own."""

import os
import random
import unittest

from hostile import book
from support.server import ServerCase
from support.wait import wait_until

SANITIZED = "san" in os.environ.get("WAYBILL_BUILD", "")


@unittest.skipIf(SANITIZED, "a sanitizer's memory has no limit")
class Memory(ServerCase):
    """Shared strings of 96 MiB, for a task that may have 128 MiB of addresses in all."""
    settings = {"workers": 2, "queue_workers": 1, "task_memory": "128M"}

    def refused(self, answer):
        self.assertEqual((answer["error"], answer["state"]), ("out_of_memory", "failed"), answer)
        self.assertRegex(answer["message"], r"out of memory.*task_memory.*split it")
        self.assertEqual(self.db.value("SELECT count(*) FROM waybills"), "0")

    def test_a_file_that_needs_more(self):
        text = random.Random(4).randbytes(500).hex()
        file = book.book({book.STRINGS: book.strings(*(f"{i} {text}" for i in range(96 * 1024)))})
        r = self.client.upload(file, "m.xlsx", **{"async": "false"})
        self.assertEqual(r.status, 422, r)
        self.refused(r.json())
        r = self.client.upload(file, "m.xlsx", **{"async": "true"})
        self.assertEqual(r.status, 202, r)
        def failed():
            u = self.client.get(f"/uploads/{r.json()['id']}").json()
            return u["state"] == "failed" and u
        queued = wait_until(failed, "the queue gives it up", 60)
        self.refused(queued)
        self.assertEqual(queued["job"]["attempts"], 1, queued)


if __name__ == "__main__":
    unittest.main()
