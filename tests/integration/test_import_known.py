"""What an import does to waybills that are known."""

import json
import unittest

from support.imports import FINAL, ORDER, TEXT, ImportCase


class KnownNumbers(ImportCase):
    def test_what_the_file_does_not_say_stays(self):
        self.load("Waybill,Receiver,COD,Weight,Remarks,RTS Reason",
                  "A1,Ana,100.50,1.5,fragile,none", "A2,Ben,,,,")
        before = self.waybill("A2", "updated_at")
        answer = self.load("Waybill,Receiver,COD,Weight,Province,Creator Code",
                           "A1,,200,,Cebu,7", "A2,Ben,,,,")
        self.assertEqual(self.counts(answer), {"updated": 1, "unchanged": 1})
        self.assertEqual(self.waybill("A1", "receiver_name, cod_amount, weight, remarks, province"),
                         ["Ana", "200", "1.5", "fragile", "Cebu"])
        self.assertEqual(json.loads(self.waybill("A1", "extra")[0]),
                         {"RTS Reason": "none", "Creator Code": "7"})
        self.assertEqual(self.waybill("A2", "updated_at"), before)

    def test_the_same_file_again_writes_nothing(self):
        path = self.sample(3000)
        self.assertEqual(self.counts(self.run_import(path)), {"inserted": 3000})
        written = "SELECT sum(hashtext(t.*::text)), max(xmin::text::bigint), max(xmax::text::bigint) " \
                  "FROM waybills t"
        before = self.db.query(written)
        self.assertEqual(self.counts(self.run_import(path)), {"unchanged": 3000})
        self.assertEqual(self.db.query(written), before)

    def test_a_row_is_known_again_however_it_came_in(self):
        """By a hash: without a look at its fields, and without writing it."""
        rows = [f"A{n},Ana {n},,2026-05-{n + 13},{n}.5,x{n},{'Delivered' if n % 2 else ''}"
                for n in range(9)]
        heading = "Waybill,Receiver,Remarks,Signing Time,Weight,Note,Status"
        hashes = "SELECT waybill_number, row_hash FROM waybills ORDER BY 1"
        self.load(heading, *rows)
        straight = self.db.query(hashes)
        self.assertEqual(len({h for _, h in straight}), 9)
        self.assertNotIn(None, [h for _, h in straight])
        self.db.query("TRUNCATE waybills")
        self.load(heading, rows[0], *rows)  # one comes twice: by way of the staging table
        self.assertEqual(self.db.query(hashes), straight)
        # Nothing but the hash says so here; what is compared is not written.
        self.db.query("ALTER TABLE waybills DISABLE TRIGGER waybills_row_hash; UPDATE waybills "
                      "SET receiver_name = 'Ben' WHERE waybill_number = 'A1'; "
                      "ALTER TABLE waybills ENABLE TRIGGER waybills_row_hash")
        self.assertEqual(self.counts(self.load(heading, *rows)), {"unchanged": 9})

    def test_rows_that_differ_alike_in_two_places_are_two(self):
        for one, other in (("A-001-001", "U-005-005"), ("B-003-003", "W-006-006")):
            self.load("Waybill,Receiver,Remarks", f"A1,Jose,{one}")
            answer = self.load("Waybill,Receiver,Remarks", f"A1,Jose,{other}")
            self.assertEqual((self.counts(answer), self.waybill("A1", "remarks")),
                             ({"updated": 1}, [other]))

    def test_what_came_between_is_undone_by_the_same_row_again(self):
        def another_file():
            self.load("Waybill,Receiver", "A1,Ben")

        def another_note():
            self.load("Waybill,Receiver,Note,Status", "A1,Ana,y,In Transit")

        def a_hand():
            self.db.query("UPDATE waybills SET receiver_name = 'Ben'")

        def a_hand_in_the_other_columns():
            self.db.query("UPDATE waybills SET extra = '{\"Note\": \"y\"}'")

        def an_earlier_status():
            self.db.query("UPDATE waybills SET status = 'pending'")
        for between in (another_file, another_note, a_hand, a_hand_in_the_other_columns,
                        an_earlier_status):
            with self.subTest(between.__name__):
                self.db.query("TRUNCATE waybills")
                row = "Waybill,Receiver,Note,Status", "A1,Ana,x,In Transit"
                self.load(*row)
                between()
                self.assertEqual(self.counts(self.load(*row)), {"updated": 1})
                self.assertEqual(self.waybill("A1", "receiver_name, extra, status"),
                                 ["Ana", '{"Note": "x"}', "in_transit"])
                self.assertEqual(self.counts(self.load(*row)), {"unchanged": 1})

    def test_the_same_row_with_another_meaning(self):
        """It is known by what it means here: the days of the file's other rows, its headings,
        the clock that its times are of."""
        dates = "Waybill,Signing Time"
        signed = "signing_time AT TIME ZONE 'Asia/Manila'"
        for other, day in (("04/25/2026", "2026-03-04"), ("25/04/2026", "2026-04-03"),
                           ("04/25/2026", "2026-03-04")):
            self.load(dates, "A1,03/04/2026", f"A2,{other}")
            self.assertEqual(self.waybill("A1", signed), [day + " 00:00:00"])
        for heading, cod in (("COD", "free"), ("COD Amount", "10"), ("COD", "10")):
            self.assertEqual(self.load(f"Waybill,{heading}", f"A3,{cod}")["rejected"], 0)
        self.assertEqual(self.waybill("A3", "cod_amount, extra"), ["10", "{}"])
        self.load(dates, "A4,2026-05-13 08:00")
        self.settings = {"WAYBILL_TIMEZONE": "UTC"}
        self.assertEqual(self.counts(self.load(dates, "A4,2026-05-13 08:00")), {"updated": 1})
        self.assertEqual(self.waybill("A4", signed), ["2026-05-13 16:00:00"])

    def test_one_known_number_among_many_new_ones(self):
        """The first rows do not meet it: what was begun as all new is taken back."""
        self.load("Waybill,Receiver", "L7777,x")
        answer = self.load("Waybill,Receiver", *(f"L{n:04},y" for n in range(9000)), "L0001,z")
        self.assertEqual(self.counts(answer), {"inserted": 8999, "updated": 1, "duplicate": 1})
        self.assertEqual(self.db.value("SELECT count(*) FROM waybills"), "9000")
        self.assertEqual(self.db.value("SELECT sum(waybills) FROM waybill_status_totals"), "9000")

    def test_a_status_only_moves_forward(self):
        known = ORDER + FINAL + ("issue_pending",)
        rows, want, events = [], {}, 0
        for was in known:
            for told in ORDER + FINAL:
                number = f"{was}-{told}".upper()
                self.db.query("INSERT INTO waybills (waybill_number, status) VALUES "
                              f"('{number}', '{was}')")
                rows.append(f"{number},{TEXT[told]}")
                forward = was in ORDER and (told in FINAL or ORDER.index(told) > ORDER.index(was))
                want[number] = told if forward else was
                events += forward
        answer = self.load("Waybill Number,Order Status", *rows)
        got = dict(self.db.query("SELECT waybill_number, status FROM waybills"))
        self.assertEqual(got, want)
        self.assertEqual(self.counts(answer), {"updated": events, "unchanged": len(rows) - events})
        self.assertEqual(self.db.query(
            "SELECT count(*), min(cause), min(detail ->> 'upload_id') FROM waybill_events"),
            [[str(events), "upload", str(answer["id"])]])

    def test_a_file_without_statuses_changes_none(self):
        self.load("Waybill,Status", "A1,Delivered", "A2,RTS", "A3,")
        self.load("Waybill,Receiver", "A1,x", "A2,y", "A3,z")
        self.assertEqual([self.waybill(n, "status")[0] for n in ("A1", "A2", "A3")],
                         ["delivered", "for_return", "pending"])

    def test_the_first_upload_keeps_its_waybills(self):
        first = self.load("Waybill,Receiver", "A1,x")
        second = self.load("Waybill,Receiver", "A1,y", "A2,z")
        self.assertEqual(self.waybill("A1", "upload_id"), [str(first["id"])])
        self.assertEqual(self.waybill("A2", "upload_id"), [str(second["id"])])

    def test_an_upload_knows_what_it_holds(self):
        self.load("Waybill,Receiver", "A1,x", "A2,y")
        again = self.load("Waybill,Receiver", "A1,z", "A2,y", "A3,w", "A1,z")
        self.assertEqual(self.counts(again),
                         {"inserted": 1, "updated": 1, "unchanged": 1, "duplicate": 1})
        self.assertEqual(self.db.query(
            "SELECT k.upload_id, string_agg(w.waybill_number, ' ' ORDER BY w.waybill_number) FROM "
            "upload_known k JOIN waybills w ON w.id = ANY (k.waybill_ids) GROUP BY 1"),
            [[str(again["id"]), "A1 A2"]])
        told = self.run_import(self.file("Waybill,Receiver", "A1,z"), "--dry-run")
        self.assertEqual(self.counts(told), {"unchanged": 1})
        self.assertEqual(self.db.value("SELECT count(*) FROM upload_known"), "1")

    def test_a_parcel_on_hold_is_not_touched(self):
        self.load("Waybill,Receiver,Code", "H1,x,1", "H2,x,1")
        self.db.query("UPDATE waybills SET status = 'issue_pending' WHERE waybill_number = 'H1'")
        before = self.waybill("H1", "waybills::text")
        for options in ((), ("--batch",)):
            answer = self.load("Waybill,Receiver,Status,Code,City",
                               f"H1,y{len(options)},Delivered,2,c", f"H2,y{len(options)},,2,c",
                               options=options)
            self.assertEqual(self.counts(answer), {"updated": 1, "unchanged": 1})
            self.assertEqual([w["count"] for w in answer["warnings"] if w["kind"] == "on_hold"], [1])
            self.assertEqual(self.waybill("H1", "waybills::text"), before)
        answer = self.load("Waybill,Receiver", "H2,q")
        self.assertEqual([w for w in answer["warnings"] if w["kind"] == "on_hold"], [])

    def test_an_unknown_status_of_a_known_parcel(self):
        self.load("Waybill,Status", "A1,Delivered")
        answer = self.load("Waybill,Status", "A1,Lost at sea", "A2,Lost at sea")
        self.assertEqual([self.waybill(n, "status")[0] for n in ("A1", "A2")],
                         ["delivered", "pending"])
        message = [w["message"] for w in answer["warnings"] if w["kind"] == "unknown_status"][0]
        self.assertIn("known ones keep theirs", message)

    def test_a_text_without_sense_goes_when_a_later_file_makes_sense(self):
        """An unknown status once stood beside the known one for ever."""
        def extra():
            return json.loads(self.waybill("A1", "extra")[0])
        heading = "Waybill,Status,Weight,COD,Note"
        self.load(heading, "A1,Lost at sea,heavy,free,x")
        self.assertEqual(extra(), {"Status": "Lost at sea", "Weight": "heavy", "COD": "free", "Note": "x"})
        self.assertEqual(self.counts(self.load("Waybill,Status,Weight,COD", "A1,,,")), {"unchanged": 1})
        self.assertEqual(self.counts(self.load(heading, "A1,In Transit,2.5,,")), {"updated": 1})
        self.assertEqual(extra(), {"COD": "free", "Note": "x"})
        self.assertEqual(self.counts(self.load(heading, "A1,In Transit,2.5,,")), {"unchanged": 1})
        self.load(heading, "A1,Gone,2.5,,y")
        self.assertEqual(extra(), {"Status": "Gone", "COD": "free", "Note": "y"})
        # An earlier status moves nothing back, and is known all the same.
        self.assertEqual(self.counts(self.load(heading, "A1,Dispatched,2.5,10,")), {"updated": 1})
        self.assertEqual((self.waybill("A1", "status")[0], extra()), ("in_transit", {"Note": "y"}))

    def test_batch_marks_new_and_known(self):
        self.load("Waybill,Receiver", "A1,x")
        self.assertEqual(self.counts(self.load("Waybill,Receiver", "A1,x", "A2,z",
                                               options=["--batch"])), {"inserted": 1, "updated": 1})
        self.load("Waybill,Receiver", "A1,x", "A2,z")
        self.assertEqual(self.db.value("SELECT count(*) FROM waybills WHERE batch_ready"), "2")


if __name__ == "__main__":
    unittest.main()
