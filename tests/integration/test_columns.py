"""Columns that a person chooses, and that are remembered for the next file like it."""

import json

from support.uploads import UploadCase

ODD = b"Ref,Naam,Town\nOC1,Ana,Cebu\nOC2,Ben,Davao\n"


class Columns(UploadCase):
    settings = {"queue_workers": 1}
    def mapping(self, answer):
        return {m["heading"]: m["field"] for m in answer["mapping"]}

    def told(self, answer):
        return " ".join(w["message"] for w in answer["warnings"] if w["kind"] == "columns_chosen")

    def test_chosen_then_remembered_then_forgotten(self):
        refused = self.upload(ODD, "odd.csv", 422)
        self.assertEqual(refused["error"], "no_heading_row")
        first = self.upload(ODD, "odd.csv", uploaded_by="ana", columns=json.dumps(
            {"waybill_number": "Ref", "receiver_name": "Naam", "city": "Town"}))
        self.assertEqual(first["inserted"], 2)
        self.assertEqual(self.mapping(first),
                         {"Ref": "waybill_number", "Naam": "receiver_name", "Town": "city"})
        self.assertTrue(all(m["chosen"] for m in first["mapping"]), first)
        self.assertIn("as chosen for this file", self.told(first))
        again = self.upload(b"title\nTOWN,Ref,Naam\nCebu,OC3,Cara\n", "other.csv")
        self.assertEqual((again["inserted"], again["heading_row"]), (1, 2))
        self.assertRegex(self.told(again), r"as chosen on \d{4}-\d\d-\d\d by ana")
        self.assertEqual(self.db.value("SELECT city FROM waybills WHERE waybill_number = 'OC3'"),
                         "Cebu")
        self.assertEqual(self.upload(ODD, "odd.csv", 422, columns="automatic")["error"],
                         "no_heading_row")

    def test_automatic_forgets_once_it_is_loaded(self):
        file = b"Waybill,COD,COD Fee\nOF1,1,2\n"
        amount = "SELECT cod_amount FROM waybills WHERE waybill_number = 'OF1'"
        self.upload(file, "f.csv", columns="cod_amount=COD Fee")
        self.assertEqual(self.db.value(amount), "2")
        self.assertIn("cod_amount", self.mapping(self.upload(file, "f.csv"))["COD Fee"])
        checked = self.upload(file, "f.csv", columns="automatic", dry_run="true")
        self.assertEqual(self.mapping(checked)["COD Fee"], "extra")
        self.assertEqual(self.mapping(self.upload(file, "f.csv"))["COD Fee"], "cod_amount")
        self.upload(file, "f.csv", columns="automatic")
        self.assertEqual(self.db.value(amount), "1")
        self.assertEqual(self.mapping(self.upload(file, "f.csv"))["COD Fee"], "extra")

    def test_only_what_was_loaded_is_remembered(self):
        file = b"Waybill,Mass,City\nOR1,2,Cebu\n,3,Cebu\n"
        for options in ({"dry_run": "true"}, {"strict": "true"}):
            self.client.upload(file, name="r.csv", columns="weight=Mass", **options)
            self.assertEqual(self.mapping(self.upload(file, "r.csv"))["Mass"], "extra")

    def test_a_column_can_be_kept_out(self):
        answer = self.upload(b"Waybill,Status,City\nOK1,Delivered,Cebu\n", "k.csv",
                             columns="extra=Status")
        self.assertEqual(self.mapping(answer)["Status"], "extra")
        self.assertEqual(self.db.query("SELECT status, extra ->> 'Status' FROM waybills "
                                       "WHERE waybill_number = 'OK1'"), [["pending", "Delivered"]])

    def test_commas_and_equals_need_no_escapes(self):
        answer = self.upload(b'Waybill,"A=B, C"\nOE1,Ana\n', "e.csv",
                             columns="receiver_name=A=B, C")
        self.assertEqual(self.mapping(answer)["A=B, C"], "receiver_name")

    def test_wrong_choices_say_what_there_is(self):
        file = b"Waybill,City\nOW1,Cebu\n"
        for columns, code, says in (("colour=City", "bad_columns", "sender_name"),
                                    ("weight=Mass", "no_such_heading", '"Waybill", "City"'),
                                    ("extra=Waybill", "no_waybill_column", '"City"'),
                                    ("weight", "bad_columns", "weight=Heading")):
            answer = self.upload(file, "w.csv", 422, columns=columns)
            self.assertEqual(answer["error"], code, answer)
            self.assertIn(says, answer["message"])
        self.assertEqual(self.db.value("SELECT count(*) FROM waybills WHERE waybill_number = 'OW1'"),
                         "0")

    def test_a_queued_upload_has_them_too(self):
        self.upload(b"Number,City\nOQ1,Cebu\n", "q.csv", 202, **{"async": "true"},
                    upload_key="oq", columns="waybill_number=Number")
        done = self.ended("oq")
        self.assertEqual((done["state"], done["inserted"]), ("completed", 1), done)
        self.assertEqual(self.mapping(done)["Number"], "waybill_number")
