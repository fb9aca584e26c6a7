"""Eight stations scan over a link that loses, delays, repeats and cuts what it carries, while
workers, the server and PostgreSQL are killed; afterwards every verdict that a station heard must
be what is recorded, once (support/scan_check.py says what else).

The short form is a part of `make check`; `make floor-chaos [SEEDS="1 2"] [NUMBERS=20000]` is the
long one. A seed decides what is scanned and what goes wrong, not what happens at once."""

import asyncio
import collections
import json
import os
import random
import time
import unittest

from support.bad_link import BadLink
from support.http_bytes import response
from support.nemesis import Nemesis, acts_on
from support.pg import Cluster
from support.scan_check import check
from support.server import SANITIZER, Server
from support.stations import Floor
from support.wait import wait_until

NUMBERS = int(os.environ.get("WBTEST_NUMBERS", "3000"))
SEEDS = os.environ.get("WBTEST_SEEDS", str(random.randrange(10 ** 6))).split()


class FloorChaos(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Processes die, not the machine: what PostgreSQL wrote outlives it without fsync, which
        # would make every restart take seconds.
        cls.cluster = Cluster(durable=True, settings=["fsync=off", "shared_buffers=64MB"])
        cls.addClassCleanup(cls.cluster.drop)

    def serve(self, workers=4):
        self.db = self.cluster.database()
        self.addCleanup(self.db.drop)
        server = Server(self.db.conninfo, {"workers": workers, "log_level": "info"}, group=True)
        self.addCleanup(server.kill)
        return server.start()

    def play(self, server, floor, link, acts, pause=(0.1, 1.0), most=None):
        """The violations, after everything has been scanned."""
        floor.prepare(server.client)
        # Also where commits are told before they are on disk: the stations need their sessions.
        self.db.query("CHECKPOINT", role="postgres")
        nemesis = Nemesis(random.Random(f"nemesis {floor.seed}"), acts, pause, most)

        async def run():
            port = await link.open()
            try:
                await asyncio.wait_for(floor.work("127.0.0.1", port), 300 + len(floor.kinds) / 20)
            except asyncio.TimeoutError:
                said = "\n".join(server.log().splitlines()[-30:])
                raise AssertionError(f"still at work: {floor.state()}\n{said}") from None
            finally:
                await link.close()

        started = time.monotonic()
        with nemesis:
            asyncio.run(run())
        took = time.monotonic() - started
        wait_until(lambda: self.answers(server.client), "the server is ready", timeout=60)
        # What a scheduled job does for an upload that died behind its commit.
        self.db.query("SELECT unknown_sweep(null)")
        found = check(floor, self.db.query, server.client)
        told = collections.Counter(s.result for s in floor.scans)
        undone = sum(bool(s.undo) for s in floor.scans)
        print(f"seed {floor.seed}: {len(floor.scans)} scans in {took:.1f} s, {undone} undone, "
              f"{dict(told)}\n  link {dict(link.seen)}\n  nemesis {dict(nemesis.done)}\n"
              f"  {len(found)} violations, {time.monotonic() - started - took:.1f} s to check",
              flush=True)
        return found, nemesis

    @staticmethod
    def answers(client):
        try:
            return client.get("/ready").status == 200
        except OSError:
            return False

    def test_every_verdict_heard_is_recorded_once(self):
        for seed in SEEDS:
            with self.subTest(seed=seed):
                server = self.serve()
                link = BadLink(random.Random(f"link {seed}"), "127.0.0.1", server.port.number)
                acts = acts_on(random.Random(f"acts {seed}"), server, self.cluster)
                found, nemesis = self.play(server, Floor(seed, NUMBERS), link, acts)
                self.assertEqual(len(found), 0, "\n".join(map(str, found[:20])))
                self.assertEqual(set(nemesis.done), set(acts), "the run was too short")
                self.assertIsNone(SANITIZER.search(server.log()))
                server.stop(expected_errors=[""])

    # A test of the test: with each of these faults the same check has to find something.

    def caught(self, kinds, floor, link, server, acts, pause=(0.1, 1.0), most=None):
        found, _ = self.play(server, floor, link, acts, pause, most)
        kinds_found = collections.Counter(v.kind for v in found)
        print(f"  found {dict(kinds_found)}", flush=True)
        self.assertTrue(kinds & set(kinds_found), kinds_found)
        self.assertIn("sent      heard", str(found[0]))

    @staticmethod
    def upon_answers(floor, act):
        """act, as soon as stations have heard some more: on a slow machine nobody may have heard
        anything since the time before, and nothing would be lost."""
        def heard():
            return sum(s.heard is not None for s in floor.scans)

        def then():
            enough = heard() + 20
            wait_until(lambda: heard() >= enough or floor.stations and
                       all(s.done for s in floor.stations), "stations hear answers", timeout=60)
            act()
        return then

    def test_an_answer_before_the_commit_is_durable_is_caught(self):
        server = self.serve()
        # The commit is told before it is on disk, which only a lost machine shows.
        self.db.query(f'ALTER DATABASE "{self.db.name}" SET synchronous_commit = off')
        for setting in ("wal_writer_delay = '2s'", "wal_writer_flush_after = '1GB'",
                        "wal_buffers = '64MB'"):
            self.db.query(f"ALTER SYSTEM SET {setting}", role="postgres")
        self.cluster.restart()
        wait_until(lambda: self.answers(server.client), "the server is ready", timeout=60)
        link = BadLink(random.Random(2), "127.0.0.1", server.port.number, {})
        acts = acts_on(random.Random(2), server, self.cluster)
        floor = Floor(2, 1000)
        killed = self.upon_answers(floor, acts["PostgreSQL killed"])
        self.caught({"lost"}, floor, link, server, {"PostgreSQL killed": killed}, (0.1, 0.3), 3)

    def test_an_answer_before_the_request_is_carried_out_is_caught(self):
        server = self.serve()
        link = Hasty(random.Random(3), "127.0.0.1", server.port.number)
        acts = acts_on(random.Random(3), server, self.cluster)
        floor = Floor(3, 400)
        killed = self.upon_answers(floor, acts["server killed"])
        self.caught({"lost"}, floor, link, server, {"server killed": killed}, (0.0, 0.1), 3)

    def read_then_write(self, unique):
        """Makes "is this scan_id there already?" a question asked in front of the insert."""
        if not unique:
            self.db.query("ALTER TABLE scanned_waybills DROP CONSTRAINT "
                          "scanned_waybills_scan_id_key")
        self.db.query("""
            CREATE FUNCTION read_then_write() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF EXISTS (SELECT FROM scanned_waybills WHERE scan_id = new.scan_id) THEN
                    RETURN NULL;
                END IF;
                PERFORM pg_sleep(0.005);
                RETURN new;
            END $$;
            CREATE TRIGGER read_then_write BEFORE INSERT ON scanned_waybills
            FOR EACH ROW EXECUTE FUNCTION read_then_write()""")

    def test_idempotency_by_reading_before_writing_is_caught(self):
        server = self.serve()
        self.read_then_write(unique=False)
        link = BadLink(random.Random(4), "127.0.0.1", server.port.number,
                       {"request twice at once": 300})
        self.caught({"twice"}, Floor(4, 400), link, server, {"nothing": lambda: None})

    def test_the_same_question_before_a_constraint_is_not_caught(self):
        server = self.serve()
        self.read_then_write(unique=True)
        link = BadLink(random.Random(4), "127.0.0.1", server.port.number,
                       {"request twice at once": 300})
        found, _ = self.play(server, Floor(4, 400), link, {"nothing": lambda: None})
        self.assertEqual(len(found), 0, "\n".join(map(str, found[:20])))

    def test_every_kind_of_violation_is_found(self):
        server = self.serve()
        floor = Floor(5, 300)
        link = BadLink(random.Random(5), "127.0.0.1", server.port.number, {})
        found, _ = self.play(server, floor, link, {"nothing": lambda: None})
        self.assertEqual(len(found), 0, "\n".join(map(str, found[:20])))

        def told(result):
            return next(s for s in floor.scans if s.result == result and s.session)

        def also_valid():
            told("duplicate").body["result"] = "valid"

        def now_unknown():
            told("on_hold").body["result"] = "not_found"

        def leave():
            floor.stations[0].outbox.append(floor.scans[0])

        one = "(select min(id) from scanned_waybills where "
        tamperings = (
            ("outbox", leave),
            ("dispatch", "update batch_sessions set report = report || '{\"dispatched\":1}' "
             f"where id = {floor.dispatches[0].session}"),
            ("order", also_valid),
            ("verdict", now_unknown),
            ("record", "update scanned_waybills set scanned_by = 'x' where id = "
             f"{one} result = 'valid')"),
            ("lost", f"delete from scanned_waybills where id = {one} result = 'invalid')"),
            ("ghost", "insert into scanned_waybills (scan_id, waybill_number, mode, station, "
             "result, scanned_at) select gen_random_uuid(), waybill_number, mode, station, "
             f"result, scanned_at from scanned_waybills where id = {one} result = 'valid')"),
            ("two valid", "drop index scanned_waybills_once; insert into scanned_waybills "
             "(scan_id, waybill_number, mode, session_id, station, result, scanned_at) select "
             "gen_random_uuid(), waybill_number, mode, session_id, station, result, scanned_at "
             f"from scanned_waybills where id = {one} result = 'valid' and mode = 'dispatch' "
             "and session_id is not null and voided_at is null)"),
            ("undo", "update scanned_waybills set voided_at = now() where id = "
             f"{one} result = 'on_hold')"),
            ("events", "update waybill_events set to_status = 'delivered' where id = "
             "(select min(id) from waybill_events where cause = 'dispatch')"),
            ("left behind", "update waybills set status = 'pending' where id = (select "
             "min(waybill_id) from waybill_events where cause = 'dispatch')"),
            ("unmatched", "update scanned_waybills set matched_at = null, result = "
             f"'not_found' where id = {one} matched_at is not null)"),
            ("figures", "update session_counters set valid = valid + 1"))
        # A few at a time, upon those before: each is to add to what is said of its kind.
        for i in range(0, len(tamperings), 4):
            before = collections.Counter(v.kind for v in found)
            for _, tamper in tamperings[i:i + 4]:
                tamper() if callable(tamper) else self.db.query(tamper)
            found = check(floor, self.db.query, server.client)
            after = collections.Counter(v.kind for v in found)
            for kind, _ in tamperings[i:i + 4]:
                with self.subTest(kind):
                    self.assertGreater(after[kind], before[kind])


class Hasty(BadLink):
    """Acknowledges scans of its own accord and passes them on a moment later."""

    async def exchange(self, data, writer, far_reader, far_writer):
        head, _, body = data.partition(b"\r\n\r\n")
        if not head.startswith(b"POST /scan "):
            await super().exchange(data, writer, far_reader, far_writer)
            return
        self.seen["answered at once"] += 1
        self.start(self.once(data, 0.02))
        writer.write(response(200, json.dumps({"result": "valid", **json.loads(body)}).encode()))
        await writer.drain()


if __name__ == "__main__":
    unittest.main()
