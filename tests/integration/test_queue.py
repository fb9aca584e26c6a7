"""The queue: uploads that wait in the database, and who loads them when something dies."""

import os
import re
import signal
import tempfile
import threading
import time
import unittest
import uuid

from support.client import Client, multipart
from support.pg import Cluster, alive, children
from support.psql_session import PsqlSession
from support.server import Server, ServerCase
from support.wait import wait_until
from support.uploads import Stop, csv, sample

SANITIZED = "san" in os.environ.get("WAYBILL_BUILD", "")
OVER = ("completed", "failed", "cancelled")


def sent(client, data, name="m.csv", status=202, **fields):
    r = client.upload(data, name=name, **fields)
    if r.status != status:
        raise AssertionError(r)
    return r


def ended(client, upload, timeout=120.0):
    """The upload once it is over."""
    def over():
        r = client.get(f"/uploads/{upload}")
        return r.status == 200 and r.json()["state"] in OVER and r.json()
    return wait_until(over, f"upload {upload} is over", timeout)


class Queue(ServerCase):
    settings = {"queue_workers": 2, "workers": 2}

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def test_a_queued_upload_is_loaded(self):
        r = sent(self.client, csv("QA1,Ana,100", "QA2,Ben,x", ",Cara,1"), **{"async": "1"})
        answer = r.json()
        self.assertEqual(answer["state"], "queued", r)
        self.assertEqual(r.headers["location"], f"/uploads/{answer['id']}")
        self.assertEqual((answer["phase"], answer["job"]["state"]), ("waiting", "queued"))
        end = ended(self.client, answer["id"])
        self.assertEqual((end["state"], end["inserted"], end["rejected"], end["rows_total"]),
                         ("completed", 2, 1, 3), end)
        self.assertEqual(end["job"]["state"], "done")
        self.assertEqual(self.client.get("/waybills/QA1").status, 200)
        self.assertEqual(self.db.value("SELECT count(*) FROM upload_files"), "0")

    def test_options_come_through(self):
        with open(sample(50, self.folder), "rb") as f:
            book = f.read()
        r = sent(self.client, book, "b.xlsx", **{"async": "true"}, dry_run="true", batch="1",
                 uploaded_by="Ana", sheet="No Such Sheet")
        end = ended(self.client, r.json()["id"])
        self.assertEqual((end["state"], end["error"], end["uploaded_by"], end["dry_run"],
                          end["batch"]), ("failed", "no_such_sheet", "Ana", True, True), end)
        self.assertFalse(end["can_retry"], end)
        r = sent(self.client, book, "b.xlsx", **{"async": "true"}, dry_run="true")
        end = ended(self.client, r.json()["id"])
        self.assertEqual((end["state"], end["inserted"]), ("completed", 50), end)
        self.assertEqual(self.db.value(
            f"SELECT count(*) FROM waybills WHERE upload_id = {end['id']}"), "0")
        strict = sent(self.client, csv("QB1,Ana,1", ",Ben,1"), **{"async": "1"}, strict="1")
        end = ended(self.client, strict.json()["id"])
        self.assertEqual((end["state"], end["error"]), ("failed", "rows_rejected"), end)
        self.assertEqual((end["rows_total"], end["inserted"], end["rejected"], end["unreadable"]),
                         (2, 0, 2, 1), end)
        self.assertEqual(self.client.get("/waybills/QB1").status, 404)

    def test_the_same_key_again_gives_the_same_upload(self):
        key = str(uuid.uuid4())
        first = sent(self.client, csv("QC1,Ana,1"), upload_key=key, **{"async": "1"}).json()
        again = self.client.upload(csv("QC1,Ana,1"), name="m.csv", upload_key=key,
                                   **{"async": "1"})
        self.assertIn(again.status, (200, 202), again)
        self.assertEqual(again.json()["id"], first["id"])
        other = self.client.upload(csv("QC2,Ana,1"), name="m.csv", upload_key=key,
                                   **{"async": "1"})
        self.assertEqual((other.status, other.json()["error"]), (409, "upload_key_reused"), other)
        end = ended(self.client, key)
        self.assertEqual((end["id"], end["inserted"]), (first["id"], 1), end)
        for fields in ({}, {"async": "1"}):
            r = self.client.upload(csv("QC1,Ana,1"), name="m.csv", upload_key=key, **fields)
            self.assertEqual((r.status, r.json()["inserted"]), (200, 1), r)

    def test_a_file_that_is_no_manifest_is_refused_once(self):
        r = sent(self.client, b"%PDF-1.7\n", "x.pdf", **{"async": "1"})
        end = ended(self.client, r.json()["id"])
        self.assertEqual((end["state"], end["error"]), ("failed", "not_a_workbook"), end)
        self.assertEqual((end["job"]["state"], end["job"]["attempts"]), ("failed", 1), end)
        self.assertEqual(self.db.value("SELECT count(*) FROM upload_files"), "0")
        r = self.client.post(f"/uploads/{end['id']}/retry")
        self.assertEqual((r.status, r.json()["error"]), (409, "upload_file_gone"), r)
        self.assertIn("upload it again", r.json()["message"])

    def test_a_large_file_is_queued_by_itself(self):
        server = Server(self.db.conninfo, {"queue_threshold": "1K", "queue_workers": 1})
        self.addCleanup(server.kill)
        server.start()
        book = csv(*[f"QD{n},Ana,1" for n in range(200)])
        r = sent(server.client, book)
        self.assertEqual(ended(server.client, r.json()["id"])["inserted"], 200)
        r = sent(server.client, book, status=200, **{"async": "false"})
        self.assertEqual(r.json()["unchanged"], 200, r)
        server.stop()

    def test_a_file_of_many_parts(self):
        with open(sample(20000, self.folder, "--seed", "9"), "rb") as f:
            book = f.read()
        self.assertGreater(len(book), 3 * 512 * 1024)
        r = sent(self.client, book, "b.xlsx", **{"async": "1"})
        end = ended(self.client, r.json()["id"])
        self.assertEqual((end["state"], end["inserted"]), ("completed", 20000), end)

    def test_metrics_tell_of_jobs(self):
        r = sent(self.client, csv("QM1,Ana,1"), **{"async": "1"})
        ended(self.client, r.json()["id"])
        def counted():
            text = self.client.get("/metrics").body.decode()
            return all(re.search(line, text, re.MULTILINE) for line in (
                r'^waybill_jobs_total{kind="upload",result="done"} [1-9]',
                r'^waybill_queue_workers{state="idle"} [12]$')) and text
        text = wait_until(counted, "the metrics count the job, and a worker that has none", 30)
        for name in ("jobs_queued", "jobs_queued_seconds", "jobs_running"):
            self.assertRegex(text, rf"(?m)^waybill_{name} \d+$")



class Waiting(ServerCase):
    """Nobody takes jobs here: what can be done about an upload that waits."""
    settings = {"queue_workers": 0, "workers": 2}

    def test_a_waiting_upload_is_cancelled(self):
        upload = sent(self.client, csv("WA1,Ana,1"), **{"async": "1"}).json()["id"]
        for _ in range(2):
            r = self.client.post(f"/uploads/{upload}/cancel", {"by": "Ana"})
            self.assertEqual((r.status, r.json()["state"], r.json()["cancelled_by"]),
                             (200, "cancelled", "Ana"), r)
        self.assertEqual(self.db.query(
            f"SELECT state FROM jobs WHERE upload_id = {upload}"), [["cancelled"]])
        self.assertEqual(self.db.value(
            f"SELECT count(*) FROM upload_files WHERE upload_id = {upload}"), "0")
        server = Server(self.db.conninfo, {"queue_workers": 1, "workers": 0})
        self.addCleanup(server.kill)
        other = sent(self.client, csv("WA2,Ana,1"), **{"async": "1"}).json()["id"]
        server.start(ready=False)
        end = ended(self.client, other)
        self.assertEqual(end["state"], "completed", (end, server.log()))
        self.assertEqual(self.client.get("/waybills/WA1").status, 404)
        server.stop()

    def test_cancelling_what_is_not_there_or_loaded(self):
        r = self.client.post("/uploads/987654321/cancel")
        self.assertEqual((r.status, r.json()["error"]), (404, "upload_not_found"), r)
        upload = sent(self.client, csv("WB1,Ana,1"), status=200).json()["id"]
        r = self.client.post(f"/uploads/{upload}/cancel")
        self.assertEqual((r.status, r.json()["error"], r.json()["state"]),
                         (409, "upload_completed", "completed"), r)

    def test_a_rehearsal_that_waits_is_not_the_loading(self):
        """Who sent the file to be loaded was given the rehearsal, and nothing was loaded."""
        key = str(uuid.uuid4())
        first = sent(self.client, csv("WD1,Ana,1"), upload_key=key, dry_run="true",
                     **{"async": "1"}).json()
        for fields in ({"async": "1"}, {}, {"batch": "true"}):
            r = sent(self.client, csv("WD1,Ana,1"), status=409, upload_key=key, **fields).json()
            self.assertEqual((r["error"], r["id"], r["dry_run"]),
                             ("upload_in_progress", first["id"], True), r)
            self.assertRegex(r["message"], "rehearsed.*wait.*send the file again")
        again = sent(self.client, csv("WD1,Ana,1"), upload_key=key, dry_run="true",
                     **{"async": "1"}).json()
        self.assertEqual((again["id"], again["state"]), (first["id"], "queued"))
        strict = sent(self.client, csv("WD1,Ana,1"), status=409, upload_key=key, dry_run="true",
                      strict="true", **{"async": "1"}).json()
        self.assertEqual(strict["error"], "upload_key_reused")
        server = Server(self.db.conninfo, {"queue_workers": 1, "workers": 0})
        self.addCleanup(server.kill)
        server.start(ready=False)
        self.assertEqual(ended(self.client, key)["dry_run"], True)
        r = sent(self.client, csv("WD1,Ana,1"), upload_key=key, **{"async": "1"}).json()
        self.assertEqual((r["id"], r["dry_run"]), (first["id"], False))
        end = ended(self.client, key)
        self.assertEqual((end["state"], end["dry_run"], end["inserted"]), ("completed", False, 1))
        self.assertEqual(self.client.get("/waybills/WD1").status, 200)
        server.stop()

    def test_what_is_said_of_a_rehearsal_that_is_over(self):
        """It was told to be loaded, and to be undone."""
        rehearsed = sent(self.client, csv("WE1,Ana,1"), status=200, dry_run="true").json()["id"]
        loaded = sent(self.client, csv("WE1,Ana,1"), status=200).json()["id"]
        undone = sent(self.client, csv("WE2,Ana,1"), status=200).json()["id"]
        self.client.post(f"/uploads/{undone}/undo")
        for upload, act, words in (
                (rehearsed, "cancel", "rehearsal.*nothing of the file was loaded.*without dry_run"),
                (rehearsed, "retry", "rehearsal.*nothing of the file was loaded.*without dry_run"),
                (loaded, "cancel", "loaded already: undo the upload"),
                (loaded, "retry", "loaded already[.]$"),
                (undone, "cancel", "undone already"), (undone, "retry", "undone already")):
            r = self.client.post(f"/uploads/{upload}/{act}")
            self.assertEqual((r.status, r.json()["error"]), (409, "upload_completed"), r)
            self.assertRegex(r.json()["message"], words)

    def test_the_list_is_paged_and_searched(self):
        for n in range(5):
            sent(self.client, csv(f"WC{n},Ana,1"), f"list-{n}.csv", status=200,
                 uploaded_by="Lister")
        sent(self.client, csv(), "list-broken.csv", status=200)
        sent(self.client, csv("WC9,Ana,1", heading="x,y,z"), "list-none.csv", status=422)
        seen, cursor = [], ""
        while cursor is not None:
            r = self.client.get(f"/uploads?q=LIST&limit=2&cursor={cursor}").json()
            self.assertLessEqual(len(r["uploads"]), 2)
            seen += [u["file_name"] for u in r["uploads"]]
            cursor = r["next_cursor"]
        self.assertEqual(seen, ["list-none.csv", "list-broken.csv",
                                *(f"list-{n}.csv" for n in (4, 3, 2, 1, 0))])
        r = self.client.get("/uploads?q=lister&state=completed").json()
        self.assertEqual(len(r["uploads"]), 5, r)
        self.assertEqual(r["uploads"][0]["uploaded_by"], "Lister")
        failed = self.client.get("/uploads?q=list-&state=failed").json()["uploads"]
        self.assertEqual([u["file_name"] for u in failed], ["list-none.csv"])
        for bad in ("limit=0", "limit=201", "limit=x", "cursor=x", "state=lost"):
            r = self.client.get(f"/uploads?{bad}")
            self.assertEqual((r.status, r.json().get("error")), (400, "bad_field"), r)


class Undo(ServerCase):
    settings = {"queue_workers": 0, "workers": 2}

    def upload(self, *rows, **fields):
        return sent(self.client, csv(*rows), status=200, **fields).json()

    def undo(self, upload, status=200, by="Ben"):
        r = self.client.post(f"/uploads/{upload}/undo", {"by": by})
        self.assertEqual(r.status, status, r)
        return r.json()

    def totals(self):
        return self.db.query("SELECT status, sum(waybills) FROM waybill_status_totals "
                             "GROUP BY 1 HAVING sum(waybills) <> 0 ORDER BY 1")

    def counted(self):
        return self.db.query("SELECT status, count(*) FROM waybills GROUP BY 1 ORDER BY 1")

    def test_an_upload_is_taken_back_whole(self):
        before = self.totals()
        first = self.upload("UA1,Ana,1", "UA2,Ben,1")
        answer = self.undo(first["id"])
        self.assertEqual((answer["state"], answer["undone_by"], answer["undo"]["removed"],
                          answer["undo"]["kept"]), ("completed", "Ben", 2, 0), answer)
        self.assertIsNotNone(answer["undone_at"])
        self.assertEqual(self.client.get("/waybills/UA1").status, 404)
        self.assertEqual(self.totals(), before)
        again = self.undo(first["id"], by="Cara")
        self.assertEqual((again["undo"], again["undone_by"]), (answer["undo"], "Ben"))

    def test_what_was_touched_stays_and_is_named(self):
        first = self.upload(*(f"UB{n},Ana,1" for n in range(1, 8)))
        self.client.post("/scan", {"waybill_number": "UB1"})
        self.db.query("UPDATE waybills SET status = 'dispatched', updated_at = now() "
                      "WHERE waybill_number = 'UB2'")
        self.upload("UB3,Ana,1")
        other = self.upload("UB4,Ana,1")
        session = self.client.post("/sessions", {"uploads": [first["id"]]}).json()["id"]
        answer = self.undo(first["id"])
        self.assertEqual((answer["undo"]["removed"], answer["undo"]["kept"]), (0, 7), answer)
        self.db.query(f"UPDATE batch_sessions SET state = 'cancelled' WHERE id = {session}")
        answer = self.undo(first["id"])
        self.assertEqual((answer["undo"]["removed"], answer["undo"]["kept"]), (3, 4), answer)
        kept = {r["reason"]: r["waybill_numbers"] for r in answer["undo"]["reasons"]}
        self.assertEqual(kept, {"scanned": ["UB1"], "changed": ["UB2"],
                                "uploaded_again": ["UB3", "UB4"]})
        self.assertTrue(all(r["message"].endswith(".") for r in answer["undo"]["reasons"]))
        self.assertEqual(self.totals(), self.counted())
        self.undo(other["id"])  # it brought nothing
        answer = self.undo(first["id"])
        self.assertEqual((answer["undo"]["removed"], answer["undo"]["kept"]), (4, 3), answer)

    def test_what_cannot_be_undone(self):
        self.assertEqual(self.undo(987654321, 404)["error"], "upload_not_found")
        rehearsal = self.upload("UC1,Ana,1", dry_run="1")
        self.assertEqual(self.undo(rehearsal["id"], 409)["error"], "upload_not_completed")
        waiting = sent(self.client, csv("UC2,Ana,1"), **{"async": "1"}).json()
        answer = self.undo(waiting["id"], 409)
        self.assertIn("cancel", answer["message"])
        self.client.post(f"/uploads/{waiting['id']}/cancel")

    def test_an_undone_upload_may_come_again_with_its_key(self):
        key = str(uuid.uuid4())
        first = self.upload("UD1,Ana,1", upload_key=key)
        self.undo(first["id"])
        again = self.upload("UD1,Ana,1", upload_key=key)
        self.assertEqual((again["id"], again["inserted"], again["undone_at"]),
                         (first["id"], 1, None), again)

    def test_scans_meanwhile(self):
        """A parcel that was scanned before an upload is taken back stays; one that was
        scanned behind that is unknown."""
        numbers = [f"UE{n}" for n in range(400)]
        upload = self.upload(*(f"{n},Ana,1" for n in numbers))["id"]
        results = []
        def scan_all():
            for n in numbers:
                r = self.client.post("/scan", {"waybill_number": n}).json()
                results.append(r.get("result") or r["error"])
        thread = threading.Thread(target=scan_all)
        thread.start()
        wait_until(lambda: len(results) > 20, "scans go on")
        before = len(results)
        answer = self.undo(upload)
        after = len(results) + 1
        thread.join()
        self.assertEqual(set(results[:before]), {"valid"})
        self.assertEqual(set(results[after:]) - {"not_found"}, set())
        there = int(self.db.value("SELECT count(*) FROM waybills WHERE upload_id = "
                                  f"{upload}"))
        self.assertEqual(answer["undo"]["removed"], 400 - there)
        # One scan at the most can have been about to be written down.
        self.assertIn(results.count("valid") - there, (0, 1), answer)


class Clock(ServerCase):
    """What comes by the clock."""
    settings = {"queue_workers": 2, "workers": 2, "hold_days": 5, "retention_days": 30}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # A fresh database has everything due. From then on only what due() asks for.
        cls.db.query("UPDATE schedule SET next_at = now() + interval '1 day'")
        cls.wait_for_jobs()

    @classmethod
    def wait_for_jobs(cls):
        wait_until(lambda: cls.db.value(
            "SELECT count(*) FROM jobs WHERE state <> 'done'") == "0", "no job is under way", 30)

    def due(self, kind):
        """Makes it due, and waits until it was done."""
        self.wait_for_jobs()
        last = self.db.value("SELECT coalesce(max(id), 0) FROM jobs")
        self.db.query(f"UPDATE schedule SET next_at = now() WHERE kind = '{kind}'")
        wait_until(lambda: self.db.query(
            f"SELECT 1 FROM jobs WHERE id > {last} AND kind = '{kind}' AND state = 'done'"),
            f"{kind} is done", 30)
        self.assertEqual(self.db.value(f"SELECT count(*) FROM jobs WHERE id > {last}"), "1")
        return self.db.value(f"SELECT result ->> 'rows' FROM jobs WHERE id > {last}")

    def test_holds_expire(self):
        sent(self.client, csv("CA1,Ana,1", "CA2,Ana,1", "CA3,Ana,1"), status=200)
        self.db.query("UPDATE waybills SET status = 'issue_pending', marked_pending_at = "
                      "now() - interval '5 days 1 minute' WHERE waybill_number = 'CA1'")
        self.db.query("UPDATE waybills SET status = 'issue_pending', marked_pending_at = "
                      "now() - interval '4 days 23 hours' WHERE waybill_number = 'CA2'")
        self.assertEqual(self.due("hold_expiry"), "1")
        parcel = self.client.get("/waybills/CA1").json()
        self.assertEqual(parcel["status"], "cancelled", parcel)
        event = parcel["history"][-1]
        self.assertEqual((event["cause"], event["from"], event["to"], event["by"]),
                         ("job", "issue_pending", "cancelled", "hold_expiry"), event)
        self.assertIn("5 days", event["detail"]["reason"])
        self.assertEqual(self.client.get("/waybills/CA2").json()["status"], "issue_pending")
        self.assertEqual(self.db.value("SELECT to_char(next_at AT TIME ZONE 'Asia/Manila', "
                                       "'HH24:MI') FROM schedule WHERE kind = 'hold_expiry'"),
                         "00:10")

    def test_idle_web_sessions_go(self):
        self.db.query("INSERT INTO sessions (id, last_activity) VALUES "
                      "('old', extract(epoch FROM now() - interval '8 days')), "
                      "('new', extract(epoch FROM now()))")
        self.assertEqual(self.due("session_purge"), "1")
        self.assertEqual(self.db.query("SELECT id FROM sessions"), [["new"]])

    def test_what_an_upload_that_died_left_unmatched_is_matched(self):
        # Its process was killed behind the commit of its rows and in front of the matching.
        r = self.client.post("/scan", {"waybill_number": "CM1", "station": "dock 1"})
        self.assertEqual(r.json()["result"], "not_found")
        self.db.query("INSERT INTO waybills (waybill_number) VALUES ('CM1')")
        self.assertEqual(self.due("scans_match"), "1")
        self.assertEqual(self.db.query("SELECT result, told_result FROM scanned_waybills "
                                       "WHERE waybill_number = 'CM1'"), [["valid", "not_found"]])
        self.assertEqual(self.due("scans_match"), "0")

    def test_retention_removes_what_is_old_in_batches(self):
        self.db.query(
            "INSERT INTO scanned_waybills (scan_id, waybill_number, mode, result, scanned_at, "
            "received_at) SELECT gen_random_uuid(), 'CR' || n, 'check', 'not_found', now(), "
            "now() - CASE WHEN n <= 6000 THEN interval '31 days' ELSE interval '1 day' END "
            "FROM generate_series(1, 6010) n")
        self.db.query("INSERT INTO waybill_events (waybill_id, to_status, cause, changed_at) "
                      "VALUES (1, 'pending', 'other', now() - interval '40 days')")
        upload = sent(self.client, csv(",Ana,1"), status=200).json()["id"]
        self.db.query(f"UPDATE uploads SET finished_at = now() - interval '31 days' WHERE id = {upload}")
        self.assertEqual(self.due("retention"), "6002")
        self.assertEqual(self.db.value(
            "SELECT count(*) FROM scanned_waybills WHERE waybill_number LIKE 'CR%'"), "10")
        self.assertEqual(self.db.value(
            f"SELECT count(*) FROM upload_rejects WHERE upload_id = {upload}"), "0")

    def test_retention_leaves_what_figures_and_undo_go_by(self):
        old = [sent(self.client, csv("CK1,Ana,1"), status=200).json()["id"] for _ in range(2)]
        self.db.query("UPDATE uploads SET finished_at = now() - interval '31 days' "
                      f"WHERE id IN ({old[0]}, {old[1]})")
        self.db.query("INSERT INTO scan_hours SELECT date_trunc('hour', now() - interval '40 days'), 'CK', '', "
                      "0, 7, 0, 0, array_fill(0, ARRAY[60])")
        self.due("retention")
        self.assertEqual(self.db.value("SELECT valid FROM scan_hours WHERE station = 'CK'"), "7")
        self.db.query("DELETE FROM scan_hours WHERE station = 'CK'")
        undo = self.client.post(f"/uploads/{old[0]}/undo", {"by": "Ana"}).json()["undo"]
        self.assertEqual((undo["removed"], undo["reasons"][0]["reason"]), (0, "uploaded_again"), undo)

    def test_a_day_without_anything_to_do(self):
        self.assertEqual(self.due("retention"), "0")



class Busy(ServerCase):
    """What is done about uploads that are being loaded, from another host."""
    settings = {"queue_workers": 0, "workers": 2, "tasks": 2}
    rows = 60000

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.worker = Server(self.db.conninfo, {"queue_workers": 1, "workers": 0}, group=True)
        self.addCleanup(self.worker.kill)
        self.worker.start(ready=False)
        self.db.query("TRUNCATE waybills")
        path = sample(self.rows, self.folder, "--seed", "3")
        with open(path, "rb") as f:
            self.book = f.read()
        # However late we look, it is not over.
        self.stop = Stop(self, self.db, path)

    def queue(self, **fields):
        """An upload that a task is at, which does not end before stop.go(), and that task."""
        upload = sent(self.client, self.book, "b.xlsx", **{"async": "1"}, **fields).json()["id"]
        task = self.task(upload)
        self.stop.wait()
        return upload, task

    def find_task(self, upload):
        rows = self.db.query("SELECT split_part(locked_by, ' ', 2) FROM jobs "
                             f"WHERE upload_id = {upload} AND state = 'running'")
        state = self.client.get(f"/uploads/{upload}").json()["state"]
        tasks = [t for r in rows for t in children(int(r[0]))]
        return tasks[0] if state == "processing" and tasks else None

    def task(self, upload):
        return wait_until(lambda: self.find_task(upload), "a task is at it", 60)

    def count(self):
        return int(self.db.value("SELECT count(*) FROM waybills"))

    def nothing_left(self, upload):
        self.assertEqual(self.count(), 0)
        self.assertEqual(self.db.value(
            f"SELECT count(*) FROM upload_files WHERE upload_id = {upload}"), "0")

    def test_its_task_is_confined(self):
        upload, task = self.queue()
        os.kill(task, signal.SIGSTOP)
        with open(f"/proc/{task}/status", encoding="ascii") as f:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
        niceness = os.getpriority(os.PRIO_PROCESS, task)
        os.kill(task, signal.SIGCONT)
        self.stop.go()
        self.assertEqual(niceness, max(5, os.getpriority(os.PRIO_PROCESS, 0)))
        self.assertEqual(status["NoNewPrivs"], "1")
        if not SANITIZED:
            self.assertEqual(status["Seccomp"], "2")
        self.assertEqual(ended(self.client, upload)["inserted"], self.rows)
        self.worker.stop()

    def test_cancelled_while_it_is_loaded(self):
        upload, task = self.queue()
        os.kill(task, signal.SIGSTOP)
        r = self.client.post(f"/uploads/{upload}/cancel", {"by": "Cara"})
        self.assertEqual((r.status, r.json()["cancelling"], r.json()["state"]),
                         (202, True, "processing"), r)
        os.kill(task, signal.SIGCONT)
        self.stop.go()
        end = ended(self.client, upload)
        self.assertEqual((end["state"], end["error"], end["cancelled_by"], end["cancelling"]),
                         ("cancelled", "cancelled", "Cara", False), end)
        self.nothing_left(upload)
        r = self.client.post(f"/uploads/{upload}/cancel")
        self.assertEqual((r.status, r.json()["state"]), (200, "cancelled"), r)
        self.worker.stop()

    def test_cancelled_while_its_client_waits(self):
        key = str(uuid.uuid4())
        answers = []
        thread = threading.Thread(target=lambda: answers.append(
            self.client.upload(self.book, name="b.xlsx", upload_key=key)))
        thread.start()
        def cancelled():
            r = self.client.post(f"/uploads/{key}/cancel")
            return r.status == 202
        wait_until(cancelled, "the upload is being cancelled", 60)
        self.stop.go()
        thread.join()
        self.assertEqual((answers[0].status, answers[0].json()["error"]), (409, "cancelled"),
                         answers)
        self.assertEqual(self.client.get(f"/uploads/{key}").json()["state"], "cancelled")
        self.assertEqual(self.count(), 0)
        self.worker.stop()

    def test_progress_from_another_host(self):
        upload, _ = self.queue()
        seen = []
        def look():
            seen.append(self.client.get(f"/uploads/{upload}").json())
            return seen[-1]
        wait_until(lambda: look()["bytes_done"], "its progress is told", 60)
        self.stop.go()
        wait_until(lambda: look()["state"] in OVER, "it is over", 120)
        told = [u for u in seen if u["state"] == "processing" and u["bytes_done"]]
        self.assertTrue(told, [u["phase"] for u in seen])
        for u in told:
            self.assertIn(u["phase"], ("reading", "merging"))
            self.assertLessEqual(0, u["bytes_done"])
            self.assertLessEqual(u["bytes_done"], u["bytes_total"])
            self.assertGreater(u["rows_done"], 0)
            self.assertGreater(u["rows_per_second"], 0)
            self.assertGreaterEqual(u["seconds_left"], 0)
        self.assertEqual((seen[-1]["state"], seen[-1]["phase"], seen[-1]["seconds_left"]),
                         ("completed", None, None))
        self.worker.stop()

    def test_rows_that_go_straight_into_the_table_leave_no_merge(self):
        """With most of the rows there it said twice the time that had gone by."""
        upload, _ = self.queue()
        wait_until(lambda: self.client.get(f"/uploads/{upload}").json()["bytes_done"],
                   "its progress is told", 60)
        self.db.query("UPDATE uploads SET loading_at = progress_at - interval '600 s' "
                      f"WHERE id = {upload}")
        u = self.client.get(f"/uploads/{upload}").json()
        self.assertAlmostEqual(u["seconds_left"], 600 * (u["bytes_total"] / u["bytes_done"] - 1),
                               delta=1)
        self.stop.go()
        self.assertEqual(ended(self.client, upload)["state"], "completed")
        # All known: staged, to be merged.
        holder = PsqlSession(self.db.conninfo)
        self.addCleanup(holder.close)
        holder.run("SELECT pg_advisory_lock(6, 0)")  # as an undo
        again = sent(self.client, self.book, "b.xlsx", **{"async": "1"}).json()["id"]
        def merging():
            u = self.client.get(f"/uploads/{again}").json()
            return u["phase"] == "merging" and u
        wait_until(merging, "it is read", 60)
        self.db.query("UPDATE uploads SET loading_at = merging_at - interval '600 s' "
                      f"WHERE id = {again}")
        self.assertAlmostEqual(merging()["seconds_left"], 1200, delta=60)
        holder.run("SELECT pg_advisory_unlock(6, 0)")
        self.assertEqual(ended(self.client, again)["unchanged"], self.rows)
        self.worker.stop()

    def test_a_file_that_ends_its_task_again_and_again_is_given_up(self):
        upload, _ = self.queue()
        def given_up():
            u = self.client.get(f"/uploads/{upload}").json()
            if u["state"] == "failed":
                return u
            self.assertNotEqual(u["state"], "completed")
            self.db.query("UPDATE jobs SET run_at = now() WHERE state = 'queued'")  # no wait
            task = self.find_task(upload)
            if task:
                os.kill(task, signal.SIGKILL)
                wait_until(lambda: not alive(task), "it is dead")
            return None
        end = wait_until(given_up, "it is given up", 240)
        self.assertEqual((end["error"], end["job"]["attempts"], end["can_retry"]),
                         ("importer_died", 5, True), end)
        self.assertIn("signal 9", end["job"]["error"])
        self.assertEqual(self.count(), 0)
        self.stop.go()
        r = self.client.post(f"/uploads/{upload}/retry", {"by": "Ana"})
        self.assertEqual((r.status, r.json()["state"]), (202, "queued"), r)
        self.assertEqual(ended(self.client, upload)["inserted"], self.rows)
        self.assertEqual(self.client.post(f"/uploads/{upload}/retry").status, 409)
        self.worker.stop(expected_errors=[r"attempt 5: its task was killed.* \(signal 9\): failed"])

    def test_a_worker_that_stops_gives_its_job_back(self):
        upload, task = self.queue()
        os.kill(task, signal.SIGSTOP)
        self.stop.go()
        self.worker.stop(number=signal.SIGTERM)
        wait_until(lambda: not alive(task), "its task is gone, too")
        self.assertEqual(self.db.query(
            f"SELECT state, attempts FROM jobs WHERE upload_id = {upload}"), [["queued", "0"]])
        u = self.client.get(f"/uploads/{upload}").json()
        self.assertEqual((u["state"], u["phase"]), ("queued", "waiting"), u)
        other = Server(self.db.conninfo, {"queue_workers": 1, "workers": 0})
        self.addCleanup(other.kill)
        other.start(ready=False)
        self.assertEqual(ended(self.client, upload)["inserted"], self.rows)
        other.stop()

    def test_a_host_that_froze_changes_nothing_behind_the_one_that_took_over(self):
        # The numbers that its open transaction has brought are in the next attempt's way.
        upload, task = self.queue()
        frozen = self.worker.pid
        os.killpg(frozen, signal.SIGSTOP)
        self.stop.go()
        claim = self.db.value(f"SELECT locked_by FROM jobs WHERE upload_id = {upload}")
        other = Server(self.db.conninfo, {"queue_workers": 1, "workers": 0})
        self.addCleanup(other.kill)
        other.start(ready=False)

        def taken_over():
            # A last sign of life may have been on its way.
            self.db.query("UPDATE jobs SET heartbeat_at = now() - interval '61 s' "
                          f"WHERE upload_id = {upload} AND locked_by = '{claim}'")
            return self.db.value(f"SELECT attempts FROM jobs WHERE upload_id = {upload}") == "2"
        wait_until(taken_over, "the other worker has taken it over", 60)
        end = ended(self.client, upload)
        self.assertEqual((end["state"], end["inserted"], end["job"]["attempts"]),
                         ("completed", self.rows, 2), end)
        before = self.db.query("SELECT count(*), max(updated_at), max(id) FROM waybills")
        os.killpg(frozen, signal.SIGCONT)
        self.worker.wait_for_log(r"another worker", 60)
        wait_until(lambda: not alive(task), "the old task is gone")
        again = self.client.get(f"/uploads/{upload}").json()
        self.assertEqual(again, end)
        self.assertEqual(self.db.query("SELECT count(*), max(updated_at), max(id) FROM waybills"),
                         before)
        self.worker.stop()
        other.stop()


if __name__ == "__main__":
    unittest.main()
