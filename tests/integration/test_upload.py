"""Uploads as a clerk's browser sends them, and what goes wrong with them."""

import contextlib
import json
import os
import re
import signal
import subprocess
import threading
import unittest
import uuid

from support.client import multipart
from support.pg import ROOT, children
from support.server import ASAN_OPTIONS
from support.uploads import Stop, UploadCase, csv, sample
from support.wait import wait_until

SANITIZED = "san" in os.environ.get("WAYBILL_BUILD", "")


class Upload(UploadCase):
    def test_sample_goes_in_and_a_second_time_changes_nothing(self):
        path = sample(500, self.folder)
        first = self.upload(path)
        self.adds_up(first, 500)
        self.assertEqual((first["inserted"], first["state"]), (500, "completed"))
        before = self.db.query("SELECT max(updated_at), count(*) FROM waybills")
        second = self.upload(path)
        self.adds_up(second, 500)
        self.assertEqual(second["unchanged"], 500)
        self.assertEqual(self.db.query("SELECT max(updated_at), count(*) FROM waybills"), before)

    def test_state_and_rejects_by_id_and_by_key(self):
        key = str(uuid.uuid4())
        answer = self.upload(csv("KA1,Ana,100", ",Ben,200", "KA2,Cara,x"), "k.csv",
                             upload_key=key)
        self.adds_up(answer, 3)
        self.assertEqual(answer["rejected"], 1)
        self.assertEqual(answer["rejects"][0]["row"], 3)
        for name in (key, answer["id"]):
            state = self.client.get(f"/uploads/{name}")
            self.assertEqual(state.status, 200, state)
            self.assertEqual(state.json()["inserted"], 2)
            rejects = self.client.get(f"/uploads/{name}/rejects")
            self.assertEqual(rejects.status, 200, rejects)
            self.assertIn("waybill number", rejects.body.decode())
        listed = self.client.get("/uploads")
        self.assertEqual(listed.status, 200, listed)
        self.assertIn(key, listed.body.decode())

    def test_rejects_as_files_to_mend_and_upload_again(self):
        answer = self.upload(csv("KF1,Ana,100", ",=1+1,200", " ,Cara,1"), "f.csv")
        path = f"/uploads/{answer['id']}/rejects?format="
        got = self.client.get(path + "csv")
        self.assertEqual(got.status, 200, got)
        self.assertIn("attachment", got.headers["content-disposition"])
        lines = got.body.decode("utf-8-sig").splitlines()
        self.assertEqual(lines[0], "Waybill Number,Receiver,COD,Row,Problem in column,Reason")
        self.assertEqual(len(lines), 3)
        self.assertTrue(lines[1].startswith(",'=1+1,200,3,Waybill Number,"), lines)
        book = self.client.get(path + "xlsx")
        self.assertEqual((book.status, book.body[:2]), (200, b"PK"), book)
        mended = self.client.upload(got.body.replace(b"\r\n,", b"\r\nKF2,"), name="mended.csv")
        self.assertEqual(mended.json()["inserted"], 1, mended)
        self.assertEqual(self.client.get(path + "pdf").status, 400)
        self.assertEqual(self.client.get("/uploads/none/rejects?format=csv").status, 404)

    def test_the_same_key_again_gives_the_first_answer(self):
        key = str(uuid.uuid4())
        first = self.upload(csv("KB1,Ana,1"), "k.csv", upload_key=key)
        again = self.upload(csv("KB1,Ana,1"), "k.csv", upload_key=key)
        self.assertEqual(first["id"], again["id"])
        self.assertEqual(again["inserted"], 1)
        self.assertEqual(self.db.value(
            f"SELECT count(*) FROM uploads WHERE upload_key = '{key}'"), "1")

    def test_a_key_with_another_file_is_refused(self):
        key = str(uuid.uuid4())
        first = self.upload(csv("KK1,Ana,1"), "k.csv", upload_key=key)
        again = self.upload(csv("KK2,Ana,1"), "k.csv", status=409, upload_key=key)
        self.assertEqual(again["error"], "upload_key_reused")
        self.assertTrue(again["message"].endswith("."), again)
        self.assertEqual(self.client.get("/waybills/KK2").status, 404)
        self.assertEqual(self.upload(csv("KK1,Ana,1"), "k.csv", upload_key=key)["id"], first["id"])
        key = str(uuid.uuid4())
        self.upload(b"What,is,this\n1,2,3\n", "k.csv", status=422, upload_key=key)
        self.assertEqual(self.upload(csv("KK2,Ana,1"), "k.csv", upload_key=key)["inserted"], 1)

    def test_a_key_with_another_reading_is_refused(self):
        """It was given the first answer, and whoever had corrected the columns believed it."""
        file = b"Waybill,COD,COD Fee\nKR1,1,2\n"
        key = str(uuid.uuid4())
        first = self.upload(file, "k.csv", upload_key=key)
        for path in ("/upload", "/upload?async=true"):
            for other in ({"columns": "cod_amount=COD Fee"}, {"columns": "automatic"},
                          {"sheet": "March"}):
                r = self.client.upload(file, "k.csv", path, upload_key=key, **other)
                self.assertEqual((r.status, r.json()["error"]), (409, "upload_key_reused"), r)
                self.assertRegex(r.json()["message"], "another sheet or other columns.*a new key")
                self.assertEqual(r.json()["id"], first["id"])
        self.assertEqual(self.upload(file, "k.csv", upload_key=key)["id"], first["id"])
        self.assertEqual(self.db.value("SELECT cod_amount FROM waybills"
                                       " WHERE waybill_number = 'KR1'"), "1")
        key = str(uuid.uuid4())
        odd = b"Ref,Naam\nKR2,Ana\n"
        chosen = {"columns": "waybill_number=Ref", "upload_key": key}
        self.upload(odd, "k.csv", status=422, upload_key=key)
        first = self.upload(odd, "k.csv", **chosen)
        self.assertEqual(first["inserted"], 1)
        self.assertEqual(self.upload(odd, "k.csv", **chosen)["id"], first["id"])
        self.upload(odd, "k.csv", status=409, upload_key=key)

    def test_unknown_upload_is_404(self):
        r = self.client.get("/uploads/987654321")
        self.assertEqual(r.status, 404, r)
        self.assertIn("message", r.json())

    def test_known_numbers_are_updated(self):
        self.upload(csv("KC1,Ana,1", "KC2,Ben,2"), "a.csv")
        answer = self.upload(csv("KC1,Ana,1", "KC2,Benito,2", "KC3,Cara,3"), "b.csv")
        self.assertEqual((answer["unchanged"], answer["updated"], answer["inserted"]), (1, 1, 1))
        got = self.client.get("/waybills/kc2")
        self.assertEqual(got.status, 200, got)
        self.assertIn("Benito", got.body.decode())

    def test_a_cell_as_long_as_a_sheet_allows(self):
        # The figures' index could not hold such a destination, and the upload failed.
        words = " ".join(str(i * 7919 % 100003) for i in range(5200))[:32000]
        answer = self.upload(csv(f"KG1,{words},1", heading="Waybill Number,Destination,COD"), "g.csv")
        self.assertEqual(answer["inserted"], 1, answer)
        self.assertEqual(self.client.get("/waybills/KG1").json()["destination"], words)
        self.upload(csv("KG1,Cebu,1", heading="Waybill Number,Destination,COD"), "g.csv")
        self.assertIn({"destination": "Cebu", "waybills": 1},
                      self.client.get("/dashboard").json()["by_destination"])

    def test_dry_run_and_strict_load_nothing(self):
        self.upload(csv("KD1,Ana,1"), "d.csv", dry_run="true")
        self.upload(csv("KD2,Ana,1", ",Ben,1"), "d.csv", status=422, strict="1")
        self.assertEqual(self.db.value(
            "SELECT count(*) FROM waybills WHERE waybill_number LIKE 'KD%'"), "0")

    def test_a_strict_refusal_adds_up(self):
        """The good rows of a refused file were counted nowhere."""
        for rows, unreadable, twice in ((("KM1,Ana,1", "KM2,Ben,1", ",Cara,1"), 1, 0),
                                        (("KM1,Ana,1", ",Ben,1", "KM1,Cara,1", ",Dan,1"), 2, 1),
                                        ((",Ana,1",), 1, 0)):
            for fields in ({}, {"dry_run": "true"}, {"batch": "true"}):
                answer = self.upload(csv(*rows), "m.csv", status=422, strict="true", **fields)
                for got in (answer, self.client.get(f"/uploads/{answer['id']}").json(),
                            self.client.get(f"/uploads/{answer['id']}/rejects").json()):
                    self.assertEqual((got["rejected"], got["unreadable"], got["duplicate"]),
                                     (len(rows) - twice, unreadable, twice), got)
                    self.assertEqual(len(got["rejects"]), unreadable + twice)
                self.adds_up(answer, len(rows))
                self.assertEqual((answer["state"], answer["error"]), ("failed", "rows_rejected"))
                self.assertIn(f"{unreadable} of {len(rows)} rows", answer["message"])
        # With a number that is known, too; and where the file is good nothing is different.
        self.upload(csv("KM1,Ana,1"), "m.csv", strict="true")
        answer = self.upload(csv("KM1,Ana,1", ",Ben,1"), "m.csv", status=422, strict="true")
        self.adds_up(answer, 2)
        self.assertEqual((answer["rejected"], answer["unreadable"], answer["unchanged"]), (2, 1, 0))
        answer = self.upload(csv("KM1,Ana,1", ",Ben,1"), "m.csv")
        self.adds_up(answer, 2)
        self.assertEqual((answer["rejected"], answer["unreadable"]), (1, 1))

    def test_the_rows_that_are_lost_are_told_first(self):
        """Behind a hundred equal numbers the only row that was lost could not be seen."""
        answer = self.upload(csv(*["KN1,Ana,1"] * 150, ",Lost,1", "KN1,Ana,1", ",Lost,2"), "n.csv")
        self.assertEqual((answer["duplicate"], answer["rejected"]), (150, 2))
        for got in (answer, self.client.get(f"/uploads/{answer['id']}").json()):
            self.assertEqual([(r["row"], r["kind"]) for r in got["rejects"]],
                             [(152, "rejected"), (154, "rejected"),
                              *((row, "duplicate") for row in range(2, 100))])
        answer = self.upload(csv("KN2,a,1", *[",Lost,1"] * 120, "KN2,b,1"), "n.csv")
        self.assertEqual([(r["row"], r["kind"]) for r in answer["rejects"]],
                         [(row, "rejected") for row in range(3, 103)])

    def test_a_key_with_another_strict_or_batch_is_refused(self):
        """It was given the first answer: nothing was ready for a batch, and a row was missing."""
        file = csv("KO1,Ana,1", ",Ben,1")
        key = str(uuid.uuid4())
        first = self.upload(file, "o.csv", upload_key=key)
        for path in ("/upload", "/upload?async=true"):
            for other in ({"strict": "true"}, {"batch": "true"},
                          {"strict": "true", "dry_run": "true"}):
                r = self.client.upload(file, "o.csv", path, upload_key=key, **other)
                self.assertEqual((r.status, r.json()["error"]), (409, "upload_key_reused"), r)
                self.assertRegex(r.json()["message"], "another strict or batch.*a new key")
                self.assertEqual(r.json()["id"], first["id"])
        self.assertEqual(self.upload(file, "o.csv", upload_key=key, strict="false")["id"], first["id"])
        # What was refused, or only rehearsed, is no answer to it.
        key = str(uuid.uuid4())
        self.upload(file, "o.csv", status=422, upload_key=key, strict="true")
        self.assertEqual(self.upload(file, "o.csv", upload_key=key)["unchanged"], 1)
        key = str(uuid.uuid4())
        self.upload(file, "o.csv", upload_key=key, dry_run="true")
        answer = self.upload(file, "o.csv", upload_key=key, batch="true")
        self.assertEqual((answer["dry_run"], answer["batch"], answer["updated"]), (False, True, 1))
        self.assertTrue(self.client.get("/waybills/KO1").json()["batch_ready"])

    def test_a_mistyped_switch_loads_nothing(self):
        for field in ("dry_run", "strict", "batch"):
            for value in ("ture", "", "maybe"):
                self.upload(csv("KH1,Ana,1"), "h.csv", status=400, **{field: value})
        self.upload(csv("KH1,Ana,1"), "h.csv", status=400, upload_key="a/b")
        self.assertEqual(self.db.value(
            "SELECT count(*) FROM waybills WHERE waybill_number = 'KH1'"), "0")

    def test_a_mistyped_option_loads_nothing(self):
        """dryrun=true was nobody's option, and the file was loaded."""
        for name in ("dryrun", "dry-run", "DRY_RUN", "dryRun", "Strict", "upload-key", "uploadKey",
                     "a_sync", "uploadedBy"):
            for path, fields in ((f"/upload?{name}=true", {}), ("/upload", {name: "true"}),
                                 (f"/upload/preview?{name}=true", {})):
                r = self.client.upload(csv("KJ1,Ana,1"), "j.csv", path, **fields)
                self.assertEqual((r.status, r.json()["error"]), (400, "bad_form"), (path, r))
                self.assertRegex(r.json()["message"], f'"{name}" is not known.*"[a-z_]+"')
        self.assertIn('"dry_run"', self.client.upload(csv("KJ1,Ana,1"), "j.csv",
                                                      dryrun="1").json()["message"])
        self.assertEqual(self.client.get("/waybills/KJ1").status, 404)
        # What else is in the form is its own business.
        self.upload(csv("KJ1,Ana,1"), "j.csv", dry="true", runs="true", csrf_token="x")

    def test_a_key_is_no_number_of_an_upload(self):
        """Whoever asked for it by its key got the upload of that number, and undid that."""
        first = self.upload(csv("KL1,Ana,1"), "l.csv")
        for path in ("/upload", "/upload?async=true", "/upload/preview"):
            r = self.client.upload(csv("KL2,Ana,1"), "l.csv", path, upload_key=str(first["id"]))
            self.assertEqual((r.status, r.json()["error"]), (400, "bad_form"), r)
            self.assertRegex(r.json()["message"], '"upload_key" .*number.*letter')
        self.assertEqual(self.client.get("/waybills/KL2").status, 404)
        for key in (f"k{first['id']}", f"{first['id']}.1", "1732418728"):
            got = self.upload(csv(f"KL{key},Ana,1"), "l.csv", upload_key=key)
            self.assertEqual(self.client.get(f"/uploads/{key}").json()["id"], got["id"])
            undone = self.client.post(f"/uploads/{key}/undo").json()
            self.assertEqual((undone["id"], undone["undo"]["removed"]), (got["id"], 1))
        self.assertEqual(self.client.get("/waybills/KL1").status, 200)

    def test_a_chunked_upload(self):
        kind, body = multipart(csv("KE1,Ana,1"), "e.csv")
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 37]), body[i:i + 37])
                          for i in range(0, len(body), 37))
        with self.client.connect() as c:
            c.send(b"POST /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                   b"Content-Type: " + kind.encode() + b"\r\n\r\n" + chunks + b"0\r\n\r\n")
            r = c.response()
        self.assertEqual((r.status, r.json()["inserted"]), (200, 1), r)

    def test_two_uploads_at_once_of_the_same_numbers(self):
        paths = [sample(3000, self.folder, "--seed", "77", name=n) for n in ("a.xlsx", "b.xlsx")]
        answers = []
        threads = [threading.Thread(target=lambda p=p: answers.append(self.client.upload(p)))
                   for p in paths]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual([r.status for r in answers], [200, 200], answers)
        self.assertEqual(sum(r.json()["inserted"] for r in answers), 3000)


class Refused(UploadCase):
    """Each file that is none: a 4xx with a sentence that tells a clerk what to do."""

    def refused(self, status, words, data, name="x.xlsx"):
        answer = self.upload(data, name, status=status)
        self.assertRegex(answer["message"], words)
        self.assertRegex(answer["error"], r"^[a-z_]+$")
        self.assertEqual(self.db.value("SELECT count(*) FROM waybills"), "0")

    def test_empty_file(self):
        self.refused(415, "(?i)empty", b"")

    def test_binary_that_is_no_workbook(self):
        self.refused(415, r"(?i)xlsx", bytes(range(256)) * 20)

    def test_web_page(self):
        self.refused(415, r"(?i)web page", b"<html><body><table><tr><td>Waybill</td></tr></table>",
                     "report.xls")

    def test_pdf(self):
        self.refused(415, r"PDF", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n")

    def test_truncated_workbook(self):
        with open(sample(200, self.folder), "rb") as f:
            whole = f.read()
        for part in (30, len(whole) // 2, len(whole) - 1):
            answer = self.client.upload(whole[:part], name="cut.xlsx")
            self.assertIn(answer.status, (415, 422), answer)
            self.assertIn("message", answer.json())

    def test_fixtures_that_are_refused(self):
        folder = os.path.join(ROOT, "tests", "fixtures")
        found = [n for n in sorted(os.listdir(folder)) if n.startswith("bad_")]
        self.assertGreater(len(found), 5)
        for name in found:
            with self.subTest(name):
                r = self.client.upload(os.path.join(folder, name))
                self.assertIn(r.status, (400, 413, 415, 422), r)
                self.assertGreater(len(r.json()["message"]), 20)

    def test_no_headings(self):
        self.refused(422, r"(?i)heading", csv("1,2,3", heading="4,5,6"), "n.csv")

    def test_no_waybill_column(self):
        self.refused(422, r"(?i)waybill", csv("Ana,Manila,3", heading="Receiver,City,COD"), "n.csv")

    def test_no_file(self):
        mark = "BOUNDARY"
        body = f'--{mark}\r\nContent-Disposition: form-data; name="strict"\r\n\r\n1\r\n--{mark}--\r\n'
        r = self.client.request("POST", "/upload", body.encode(),
                                {"Content-Type": f"multipart/form-data; boundary={mark}"})
        self.assertEqual((r.status, r.json()["error"]), (400, "no_file"), r)

    def test_a_file_in_another_field(self):
        for size in (100, 300000):
            kind, body = multipart(csv("KI1,Ana,1") + b" " * size, "i.csv", field="file")
            r = self.client.request("POST", "/upload", body, {"Content-Type": kind})
            self.assertEqual((r.status, r.json()["error"]), (400, "no_file"), r)
            self.assertRegex(r.json()["message"], 'field "file".*"waybill_file"')
        kind, body = multipart(csv("KI1,Ana,1"), "i.csv", photo="x" * 70000)
        r = self.client.request("POST", "/upload", body, {"Content-Type": kind})
        self.assertEqual((r.status, r.json()["error"]), (413, "too_large"), r)
        self.assertRegex(r.json()["message"], 'Field "photo" .*65536')
        # What others keep in the form beside the manifest is their own business.
        mark = "BOUNDARY"
        parts = [b'--%s\r\nContent-Disposition: form-data; name="%s"; filename="%s"\r\n\r\n%s\r\n'
                 % (mark.encode(), name, file, data)
                 for name, file, data in ((b"waybill_file", b"i.csv", csv("KI1,Ana,1")),
                                          (b"photo", b"i.jpg", b"x" * 300000))]
        r = self.client.request("POST", "/upload?dry_run=1", b"".join(parts) + b"--BOUNDARY--\r\n",
                                {"Content-Type": f"multipart/form-data; boundary={mark}"})
        self.assertEqual((r.status, r.json()["inserted"]), (200, 1), r)

    def test_no_form(self):
        r = self.client.request("POST", "/upload", b"{}", {"Content-Type": "application/json"})
        self.assertEqual(r.status, 415, r)


class Small(UploadCase):
    settings = {"max_upload": "1M"}

    def test_too_large_is_refused_unread(self):
        with self.client.connect() as c:
            c.send(b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 104857600\r\n"
                   b"Content-Type: multipart/form-data; boundary=B\r\n\r\n" + b"x" * 100000)
            r = c.response()
        self.assertEqual((r.status, r.json()["error"]), (413, "too_large"), r)
        self.assertEqual(r.json()["message"], "The upload is larger than the 1 MiB that are allowed: split "
                         "the file into several, or ask the administrator to raise max_upload.")

    def test_too_large_in_chunks(self):
        with self.client.connect() as c:
            c.send(b"POST /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                   b"Content-Type: multipart/form-data; boundary=B\r\n\r\n")
            for _ in range(17):
                c.send(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            r = c.response()
        self.assertEqual(r.status, 413, r)


class FullDisk(UploadCase):
    expected_errors = [r"(spool folder|cannot create a file in .*): No space left on device"]

    @contextlib.contextmanager
    def small_disk(self):
        spool = self.server.spool
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=777", "waybill", spool],
                          capture_output=True, check=False).returncode != 0:
            self.skipTest("a small disk cannot be mounted here: it takes root")
        try:
            yield spool
        finally:
            subprocess.run(["umount", "-l", spool], check=True)

    def assert_no_room(self, r):
        self.assertEqual((r.status, r.json()["error"]), (503, "no_room"), r)
        self.assertEqual(r.headers["retry-after"], "10")

    def test_a_full_disk_is_named(self):
        rows = csv(*(f"FULL{n:040},," for n in range(20000)))
        with self.small_disk():
            self.assert_no_room(self.client.upload(rows, "full.csv"))
        self.assertEqual(self.client.upload(rows, "full.csv").status, 200)

    def test_by_every_task(self):
        """Those who kept nothing until then were told that the database could not be reached, or
        that something went wrong."""
        rows = csv("FEW1,,", ",,")
        first = self.client.upload(rows, "few.csv").json()
        with self.small_disk() as spool:
            with open(os.path.join(spool, "full"), "wb", buffering=0) as f, \
                    contextlib.suppress(OSError):
                while True:
                    f.write(bytes(4096))
            self.assert_no_room(self.client.upload(rows, "few.csv"))
            self.assert_no_room(self.client.upload(rows, "few.csv", path="/upload?async=true"))
            self.assert_no_room(self.client.upload(rows, "few.csv", path="/upload/preview"))
            for path in ("/waybills?format=csv", "/waybills?format=xlsx",
                         f"/uploads/{first['id']}/rejects?format=csv"):
                self.assert_no_room(self.client.get(path))


class Large(UploadCase):
    def large(self, *options):
        path = sample(100000, self.folder, *options)
        answer = self.upload(path)
        self.adds_up(answer, 100000)
        self.assertEqual(answer["inserted"], 100000)
        again = self.upload(path)
        self.adds_up(again, 100000)
        self.assertEqual(again["unchanged"], 100000)

        def peaks_logged():
            # Each says it when it has answered.
            found = [int(p) for p in re.findall(r"peak memory (\d+) KiB", self.server.log())]
            return len(found) >= 2 and found
        peaks = wait_until(peaks_logged, "both have told their memory")
        if not SANITIZED:
            self.assertLess(max(peaks), 64 * 1024)

    def test_a_hundred_thousand_rows_with_shared_strings(self):
        self.large("--seed", "5")

    def test_a_hundred_thousand_rows_with_inline_strings(self):
        self.large("--seed", "6", "--inline")


class Killed(UploadCase):
    settings = {"workers": 2}
    # A task is killed by SIGSEGV, too, and has to die of it rather than of a report.
    environment = {"ASAN_OPTIONS": f"{ASAN_OPTIONS}:handle_segv=0"}
    expected_errors = [r"ended", r"worker \d+ was ended", r"connection", r"upload"]

    def begin(self, seed):
        """Sends an upload and returns its connection once a task works on it: its rows are on their
        way, and do not all come before stop.go()."""
        self.key = str(uuid.uuid4())
        path = sample(60000, self.folder, "--seed", str(seed))
        self.stop = Stop(self, self.db, path)
        with open(path, "rb") as f:
            kind, body = multipart(f.read(), "m.xlsx", upload_key=self.key)
        c = self.client.connect()
        self.addCleanup(c.close)
        c.send(b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nContent-Type: %s\r\n\r\n"
               % (len(body), kind.encode()) + body)
        self.stop.wait()
        return c

    def tasks(self):
        return [(w, t) for w in self.server.workers() for t in children(w)]

    def nothing_loaded(self, *ends):
        wait_until(lambda: not self.tasks(), "the task is gone")
        self.stop.go()
        state = wait_until(
            lambda: (s := self.client.get(f"/uploads/{self.key}")).json()["state"] != "processing"
            and s, "the upload is given up")
        self.assertIn(state.json()["state"], ends or ("failed",), state)
        self.assertEqual(self.db.value("SELECT count(*) FROM waybills"), "0")

    def next_works(self, seed):
        with open(sample(60000, self.folder, "--seed", str(seed)), "rb") as f:
            r = self.client.upload(f.read(), name="m.xlsx", upload_key=self.key)
        self.assertEqual((r.status, r.json()["inserted"]), (200, 60000), r)
        self.db.query("TRUNCATE waybills")

    def test_worker_killed(self):
        c = self.begin(11)
        os.kill(self.tasks()[0][0], signal.SIGKILL)
        try:
            answer = c.response().status
        except OSError:
            answer = None
        self.assertNotIn(answer, range(200, 300))
        # The kernel closes a dead worker's descriptors before it kills its task, which may just
        # have time to say that nobody waits for it any more.
        self.nothing_loaded("failed", "cancelled")
        self.next_works(11)

    def test_task_is_confined(self):
        c = self.begin(13)
        task = self.tasks()[0][1]
        with open(f"/proc/{task}/status", encoding="ascii") as f:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
        with open(f"/proc/{task}/limits", encoding="ascii") as f:
            limits = {line[:26].strip(): line[26:].split()[0] for line in f}
        niceness = os.getpriority(os.PRIO_PROCESS, task)
        self.stop.go()
        self.assertEqual(c.response().status, 200)
        # Scans come first, and are on the same processors.
        self.assertEqual(niceness, max(5, os.getpriority(os.PRIO_PROCESS, 0)))
        self.assertEqual(limits["Max cpu time"], "601")
        self.assertEqual(limits["Max file size"], str(4 << 30))
        self.assertEqual(limits["Max core file size"], "0")
        self.assertEqual(status["NoNewPrivs"], "1")
        if not SANITIZED:
            self.assertEqual(limits["Max address space"], str(2 << 30))
            self.assertEqual(status["Seccomp"], "2")
        self.db.query("TRUNCATE waybills")

    def test_task_killed(self):
        c = self.begin(12)
        os.kill(self.tasks()[0][1], signal.SIGKILL)
        r = c.response()
        self.assertEqual((r.status, r.json()["error"]), (503, "task_died"), r)
        self.nothing_loaded()
        self.next_works(12)

    def test_how_a_task_died_is_said(self):
        """To the client, and to whoever looks at the upload later."""
        for seed, (number, words) in enumerate((
                (signal.SIGKILL, r"was killed.*memory \(signal 9\)"),
                (signal.SIGXCPU, r"more processor time than task_timeout"),
                (signal.SIGSYS, r"tried what it may not do"),
                (signal.SIGSEGV, r"crashed \(signal 11\)"))):
            with self.subTest(number):
                c = self.begin(20 + seed)
                os.kill(self.tasks()[0][1], number)
                r = c.response()
                self.assertEqual((r.status, r.json()["error"]), (503, "task_died"), r)
                self.assertRegex(r.json()["message"], words + r".*nothing was changed")
                self.nothing_loaded()
                state = self.client.get(f"/uploads/{self.key}").json()
                self.assertEqual(state["error"], "importer_died", state)
                self.assertRegex(state["message"], words)

    def test_client_gone(self):
        self.begin(13).close()
        self.nothing_loaded()
        self.next_works(13)


if __name__ == "__main__":
    unittest.main()
