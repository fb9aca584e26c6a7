"""Imports through waybillctl: what is told, and what happens in trouble."""

import json
import signal
import tempfile
import threading
import time
import unittest

from support.imports import COUNTERS, ORDER, TEXT, ImportCase
from support.pg import Cluster
from support.wait import wait_until


class Reports(ImportCase):
    def test_the_last_of_equal_numbers_counts(self):
        answer = self.load("Waybill,Receiver", "A1,first", "B1,only", "a1 ,second", "A1,third")
        self.assertEqual(self.counts(answer), {"inserted": 2, "duplicate": 2})
        self.assertEqual(self.waybill("A1", "receiver_name"), ["third"])
        self.assertEqual([(r["row"], r["kind"], r["text"]) for r in answer["rejects"]],
                         [(2, "duplicate", "A1"), (4, "duplicate", "A1")])
        self.assertIn("row 5", answer["rejects"][0]["reason"])

    def test_a_number_that_comes_again_far_down(self):
        """The first rows are long in the table when PostgreSQL refuses one behind them."""
        rows = [f"L{n:05},y" for n in range(30000)]
        answer = self.load("Waybill,Receiver", *rows[:2000], "L00001,z", *rows[2000:], ",nobody")
        self.assertEqual(self.counts(answer), {"inserted": 30000, "duplicate": 1, "rejected": 1})
        self.assertEqual(self.waybill("L00001", "receiver_name"), ["z"])
        self.assertEqual([(r["row"], r["kind"]) for r in answer["rejects"]],
                         [(30003, "rejected"), (3, "duplicate")])
        self.assertEqual(self.db.value("SELECT sum(waybills) FROM waybill_status_totals"), "30000")

    def test_a_rejected_row_goes_alone(self):
        answer = self.load("Waybill,Receiver,Code", "A1,x,1", ",nobody,2", "A 3,space,3", "A4,y,4")
        self.assertEqual(self.counts(answer), {"inserted": 2, "rejected": 2})
        self.assertEqual([(r["row"], r["kind"], r["column"], r["text"]) for r in answer["rejects"]],
                         [(3, "rejected", "Waybill", None), (4, "rejected", "Waybill", "A 3")])
        for r in answer["rejects"]:
            self.assertTrue(r["reason"])
        cells = self.db.query("SELECT cells FROM upload_rejects ORDER BY row_number")
        self.assertEqual(json.loads(cells[0][0]), {"Receiver": "nobody", "Code": "2"})

    def test_strict_refuses_the_file_and_says_why(self):
        answer = self.load("Waybill,Receiver", "A1,x", ",nobody", "A1,y", options=["--strict"],
                           good=False)
        self.assertEqual((answer["state"], answer["error"]), ("failed", "rows_rejected"))
        # Nothing is loaded: the row that could have been is rejected with the one that cannot.
        self.assertEqual(self.counts(answer), {"duplicate": 1, "rejected": 2})
        self.assertEqual((answer["rows_total"], answer["unreadable"]), (3, 1))
        self.assertRegex(answer["message"], "^1 of 3 rows cannot be read.*nothing was loaded")
        self.assertEqual([r["row"] for r in answer["rejects"]], [3, 2])
        self.assertEqual(self.db.value("SELECT count(*) FROM waybills"), "0")
        self.assertEqual(self.counts(self.load("Waybill,Receiver", "A1,x", options=["--strict"])),
                         {"inserted": 1})

    def test_a_rehearsal_loads_nothing_and_tells_all(self):
        self.load("Waybill,Status", "A1,Pending", "A2,Pending")
        rows = ["Waybill,Status", "A1,Delivered", "A2,Pending", "A3,Pending", "A3,Signed", ",x"]
        path = self.file(*rows)
        before = self.db.query("SELECT * FROM waybills ORDER BY id")
        told = self.run_import(path, "--dry-run")
        self.assertTrue(told["dry_run"])
        self.assertEqual(self.db.query("SELECT * FROM waybills ORDER BY id"), before)
        self.assertEqual(self.db.value("SELECT count(*) FROM waybill_events"), "0")
        self.assertEqual(self.db.value("SELECT sum(waybills) FROM waybill_status_totals"), "2")
        done = self.run_import(path)
        for key in (*COUNTERS, "rejects", "warnings", "mapping", "rows_total"):
            self.assertEqual(told[key], done[key], key)
        self.assertEqual(self.counts(done), {"inserted": 1, "updated": 1, "unchanged": 1,
                                             "duplicate": 1, "rejected": 1})

    def test_mapping_and_warnings(self):
        answer = self.load("Waybill,Status,Receiver,Receiver Name,COD,Note of ours",
                           "A1,Lost at sea,Ana,Ana B,COD,k", "A2,lost AT sea,Ben,Ben C,12,",
                           "Total,,,,12,")
        fields = {m["heading"]: m["field"] for m in answer["mapping"]}
        self.assertEqual(fields["Waybill"], "waybill_number")
        self.assertEqual(fields["Note of ours"], "extra")
        self.assertEqual(sorted((fields["Receiver"], fields["Receiver Name"])),
                         ["extra", "receiver_name"])
        warnings = {w["kind"]: w for w in answer["warnings"]}
        self.assertEqual(warnings["unknown_status"]["count"], 2)
        self.assertIn("Lost at sea", warnings["unknown_status"]["message"])
        for kind in ("shadowed_column", "cod_flag", "footer"):
            self.assertEqual(warnings[kind]["count"], 1, kind)
        self.assertEqual(self.waybill("A1", "status, extra ->> 'Status'"), ["pending", "Lost at sea"])
        self.assertEqual(answer["heading_row"], 1)

    def test_dates_that_read_both_ways(self):
        for name, others, want in (("month first when nothing tells", [], "2025-03-04"),
                                   ("day first", ["25/04/2025 10:00"], "2025-04-03"),
                                   ("month first", ["04/25/2025 10:00"], "2025-03-04"),
                                   ("torn", ["25/04/2025 10:00", "04/25/2025 10:00"], "2025-03-04")):
            with self.subTest(name):
                self.db.query("TRUNCATE waybills")
                answer = self.load("Waybill,SigningTime", "A0,03/04/2025 08:05",
                                   *(f"B{i},{t}" for i, t in enumerate(others)))
                self.assertEqual(self.waybill("A0", "signing_time AT TIME ZONE 'Asia/Manila'")[0],
                                 want + " 08:05:00")
                warning = [w for w in answer["warnings"] if w["kind"] == "ambiguous_date"]
                self.assertEqual([w["count"] for w in warning], [1])
                self.assertIn("day/month/year" if want == "2025-04-03" else "month/day/year",
                              warning[0]["message"])

    def test_a_late_date_tells_how_the_first_ones_read(self):
        rows = [f"A{i},03/04/2025 08:05" for i in range(1000)]
        for last, want in (("25/04/2025 10:00", "2025-04-03"), ("04/25/2025 10:00", "2025-03-04")):
            with self.subTest(last):
                self.db.query("TRUNCATE waybills")
                answer = self.load("Waybill,SigningTime", *rows, f"B1,{last}")
                self.assertEqual(self.counts(answer), {"inserted": 1001})
                self.assertEqual(self.db.query(
                    "SELECT date(signing_time AT TIME ZONE 'Asia/Manila'), count(*) FROM waybills"
                    " GROUP BY 1 ORDER BY 2 DESC LIMIT 1"), [[want, "1000"]])

    def test_text_arrives_as_it_is(self):
        nasty = ["\\N", "\\.", "a\\tb", "C:\\", "'); DROP TABLE waybills; --", "{\"a\": 1}",
                 "Ni\u00f1o \U0001f4e6", "null", "=1+1"]
        self.load("Waybill,Receiver,Code",
                  *(f'N{i},"{t.replace(chr(34), chr(34) * 2)}","{t.replace(chr(34), chr(34) * 2)}"'
                    for i, t in enumerate(nasty)))
        for i, text in enumerate(nasty):
            self.assertEqual(self.waybill(f"N{i}", "receiver_name, extra ->> 'Code'"), [text, text])

    def test_a_refused_file_is_on_record(self):
        for rows, code in ((["What,is,this", "1,2,3"], "no_heading_row"),
                           (["Receiver,COD,Province", "Ana,1,Cebu"], "no_waybill_column")):
            answer = self.load(*rows, good=False)
            self.assertEqual((answer["state"], answer["error"]), ("failed", code), answer)
            self.assertEqual(self.db.query(
                f"SELECT state, error, message FROM uploads WHERE id = {answer['id']}"),
                [["failed", code, answer["message"]]])


class Trouble(ImportCase):
    def test_killed_while_it_merges(self):
        self.load("Waybill,Receiver", "A1,x")
        holder = self.holding("SELECT FROM waybills FOR UPDATE")
        with self.start(self.file("Waybill,Receiver", "A1,y", "A2,z")) as p:
            wait_until(self.waiting, "the merge waits for the row")
            state = "SELECT state FROM uploads ORDER BY id DESC LIMIT 1"
            self.assertEqual(self.db.value(state), "processing")
            p.send_signal(signal.SIGKILL)
        self.let_go(holder)
        wait_until(lambda: self.db.value(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1 AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database())") == "0",
            "its locks are gone")
        self.assertEqual(self.db.query("SELECT waybill_number, receiver_name FROM waybills"),
                         [["A1", "x"]])
        self.assertEqual(self.counts(self.load("Waybill,Receiver", "A1,y", "A2,z")),
                         {"inserted": 1, "updated": 1})

    def test_given_up_before_the_commit(self):
        self.load("Waybill,Receiver", "A1,x")
        holder = self.holding("SELECT FROM waybills FOR UPDATE")
        with self.start(self.file("Waybill,Receiver", "A1,y")) as p:
            wait_until(self.waiting, "the merge waits for the row")
            p.send_signal(signal.SIGINT)
            self.let_go(holder)
            p.communicate(timeout=120)
            self.assertNotEqual(p.returncode, 0)
        self.assertEqual(self.waybill("A1", "receiver_name"), ["x"])
        self.assertEqual(self.db.value("SELECT state FROM uploads ORDER BY id DESC LIMIT 1"),
                         "cancelled")

    def test_a_number_that_another_brings_meanwhile(self):
        holder = self.holding("INSERT INTO waybills (waybill_number, remarks) VALUES ('A1', 'r')")
        with self.start(self.file("Waybill,Receiver,Status", "A1,y,RTS")) as p:
            wait_until(self.waiting, "the insert waits for the other")
            self.let_go(holder, "COMMIT")
            out, err = p.communicate(timeout=120)
        self.assertEqual(p.returncode, 0, out + err)
        self.assertEqual(self.counts(json.loads(out)), {"updated": 1})
        self.assertEqual(self.waybill("A1", "receiver_name, remarks, status"),
                         ["y", "r", "for_return"])

    def test_the_same_that_another_brings_meanwhile(self):
        for known, want in (((), {"unchanged": 1}), (("A0,x",), {"unchanged": 2})):
            with self.subTest(known=known):
                self.db.query("TRUNCATE waybills")
                if known:
                    self.load("Waybill,Receiver", *known)
                holder = self.holding("INSERT INTO waybills (waybill_number, receiver_name) "
                                      "VALUES ('A1', 'y')")
                with self.start(self.file("Waybill,Receiver", *known, "A1,y")) as p:
                    wait_until(self.waiting, "the merge waits for the other")
                    self.let_go(holder, "COMMIT")
                    out, err = p.communicate(timeout=120)
                self.assertEqual(p.returncode, 0, out + err)
                self.assertEqual(self.counts(json.loads(out)), want)
                self.assertEqual(self.waybill("A1", "updated_at = created_at"), ["t"])

    def test_a_lock_is_waited_for(self):
        self.load("Waybill,Receiver", "A1,x")
        holder = self.holding("SELECT FROM waybills FOR UPDATE")
        with self.start(self.file("Waybill,Receiver", "A1,y")) as p:
            wait_until(self.waiting, "the merge waits for the row")
            time.sleep(2.5)  # longer than a scan would wait
            self.let_go(holder)
            out, err = p.communicate(timeout=120)
        self.assertEqual(p.returncode, 0, out + err)
        self.assertNotIn("attempt", err)
        self.assertEqual(self.counts(json.loads(out)), {"updated": 1})

    def test_the_connection_goes_and_it_begins_again(self):
        self.load("Waybill,Receiver", "A1,x")
        holder = self.holding("SELECT FROM waybills FOR UPDATE")
        with self.start(self.file("Waybill,Receiver", "A1,y", "A2,z")) as p:
            wait_until(self.waiting, "the merge waits for the row")
            self.db.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
                          "current_database() AND query LIKE '%with staged as%' AND "
                          "pid <> pg_backend_pid()", role="postgres")
            self.let_go(holder)
            out, err = p.communicate(timeout=120)
        self.assertEqual(p.returncode, 0, out + err)
        self.assertIn("attempt 1", err)
        self.assertEqual(self.counts(json.loads(out)), {"inserted": 1, "updated": 1})

    def test_many_at_once_in_any_order(self):
        paths = []
        for i in range(4):
            numbers = [f"M{n:05}" for n in range(800)]
            rows = [f"{n},by {i},{TEXT[ORDER[(k + i) % 5]]}" for k, n in enumerate(numbers)]
            rows = rows[i * 200:] + rows[:i * 200]
            paths.append(self.file("Waybill,Receiver,Status", *(rows[::-1] if i % 2 else rows),
                                   name=f"{i}.csv"))
        answers = []
        threads = [threading.Thread(target=lambda p=p: answers.append(self.run_import(p)))
                   for p in paths]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(len(answers), 4)
        self.assertEqual(sum(a["inserted"] for a in answers), 800)
        self.assertEqual(
            self.db.query("SELECT status, sum(waybills)::bigint FROM waybill_status_totals GROUP BY "
                          "1 HAVING sum(waybills) <> 0 ORDER BY 1"),
            self.db.query('SELECT status COLLATE "C", count(*) FROM waybills GROUP BY 1 ORDER BY 1'))

    def test_progress_is_seen_while_it_runs(self):
        path = self.sample(30000)
        holder = self.holding("LOCK TABLE waybills IN EXCLUSIVE MODE")  # so that it takes time
        with self.start(path) as p:
            wait_until(lambda: self.db.query("SELECT state FROM uploads") == [["processing"]],
                       "it is seen to be at work")
            self.let_go(holder)
            out, err = p.communicate(timeout=120)
        self.assertEqual(p.returncode, 0, err)
        self.assertEqual(json.loads(out)["rows_done"], 30000)


class ServerGone(ImportCase):
    """PostgreSQL is killed under an import: all of it is there, or nothing, and it is known."""

    def setUp(self):
        self.cluster = Cluster(durable=True)
        self.addCleanup(self.cluster.drop)
        self.db = self.cluster.database()
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def test_killed_while_it_reads(self):
        path = self.sample(60000)
        with self.start(path) as p:
            wait_until(lambda: self.db.query("SELECT id FROM uploads"), "the import has begun")
            self.cluster.kill9()
            self.cluster.start()
            out, err = p.communicate(timeout=120)
        rows = self.db.value("SELECT count(*) FROM waybills")
        state = self.db.query("SELECT state FROM uploads")
        if p.returncode == 0:
            self.assertEqual((rows, json.loads(out)["inserted"]), ("60000", 60000), err)
            self.assertEqual(state, [["completed"]])
        else:
            self.assertEqual(rows, "0", err)
            self.assertNotEqual(state, [["completed"]])

    def admin(self, sql):
        return self.db.query(sql, role="postgres")

    def wait_for_a_standby(self, name):
        self.admin(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
        self.admin("SELECT pg_reload_conf()")
        wait_until(lambda: self.db.value("SELECT '=' || current_setting('synchronous_standby_names')")
                   == "=" + name, "reloaded")
        # Who commits is told by the checkpointer, which does this behind the reload.
        self.admin("CHECKPOINT")

    def test_cut_off_in_a_commit_that_was_done(self):
        """The server commits, and the word of it is lost: a failure would be a lie, and so
        would be loading it twice."""
        self.load("Waybill,Receiver", "A1,x")
        holder = self.holding("SELECT FROM waybills FOR UPDATE")
        with self.start(self.file("Waybill,Receiver", "A1,y", "A2,z")) as p:
            wait_until(self.waiting, "the merge waits for the row")
            self.wait_for_a_standby("nobody")
            self.let_go(holder)
            stuck = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' LIMIT 1"
            first = wait_until(lambda: self.admin(stuck), "the commit waits for a standby")
            self.admin(f"SELECT pg_terminate_backend({first[0][0]})")
            # What it finds then is on this host alone, and told when the standby has it.
            wait_until(lambda: self.admin(stuck) not in ([], first), "its answer waits, too")
            self.wait_for_a_standby("")
            out, err = p.communicate(timeout=120)
        self.assertEqual(p.returncode, 0, out + err)
        answer = json.loads(out)
        self.assertEqual((answer["state"], self.counts(answer)),
                         ("completed", {"inserted": 1, "updated": 1}))
        self.assertNotIn("attempt 1", err)

    def test_cut_off_in_a_commit_that_was_not_done(self):
        self.db.query("CREATE SEQUENCE commits")
        self.db.query("CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                      "IF nextval('commits') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); "
                      "END IF; RETURN NULL; END $$")
        self.db.query("CREATE CONSTRAINT TRIGGER die AFTER INSERT ON waybills DEFERRABLE INITIALLY "
                      "DEFERRED FOR EACH ROW EXECUTE FUNCTION die()")
        with self.start(self.file("Waybill,Receiver", "A1,y")) as p:
            out, err = p.communicate(timeout=120)
        self.assertEqual(p.returncode, 0, out + err)
        self.assertIn("attempt 1", err)
        self.assertEqual(self.counts(json.loads(out)), {"inserted": 1})


if __name__ == "__main__":
    unittest.main()
