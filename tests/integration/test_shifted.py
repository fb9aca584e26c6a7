"""Rows of CSV with more cells than headings: a comma without quotes moves all that is behind it."""

from integration.test_rejects import LoadedCase, table

HEADINGS = ["Waybill Number", "Receiver", "Receiver Phone", "COD"]
REASON = ("5 cells under 4 headings, so that values may stand in the wrong columns: put a value that "
          "has a comma in it (or what else parts the cells) in quotes, or give each column a heading")
GOOD = [[f"RG{n}", f"Name {n}", "09171234567", "100"] for n in range(2, 30)]


class Shifted(LoadedCase):
    def told(self, answer):
        return [(r["row"], r["column"], r["text"], r["reason"]) for r in answer["rejects"]]

    def test_a_comma_without_quotes(self):
        """The phone was Juan, and 9171234567 was to be collected."""
        for rows, name in (([], "alone.csv"), (GOOD, "among.csv")):
            with self.subTest(name):
                file = table(HEADINGS, *rows) + b"RG1,Dela Cruz, Juan,09171234567,500\n"
                answer = self.upload(file, name)
                self.adds_up(answer, len(rows) + 1)
                self.assertEqual(self.told(answer), [(len(rows) + 2, "Column E", "500", REASON)])
                self.assertEqual(self.client.get("/waybills/RG1").status, 404)
                p = self.client.upload(file, name=name, path="/upload/preview").json()
                self.assertEqual(p["rejects"][0]["reason"], REASON)

    def test_every_row_has_one(self):
        """What is under the headings of phones and amounts tells that nobody meant it so."""
        rows = "".join(f"RH{n},Dela Cruz, Juan,09171234567,500\n" for n in range(20))
        answer = self.upload(table(HEADINGS) + rows.encode(), "all.csv")
        self.assertEqual((answer["rejected"], self.loaded()), (20, []))
        cod = "".join(f"RH{n},Dela Cruz, Juan,500\n" for n in range(20))
        answer = self.upload(b"Waybill Number,Receiver,COD\n" + cod.encode(), "cod.csv")
        self.assertEqual((answer["rejected"], self.loaded()), (20, []))

    def test_other_separators(self):
        for sign in "\t;|":
            with self.subTest(sign):
                lines = [HEADINGS, *GOOD, ["RG1", "Dela Cruz", "Juan", "09171234567", "500"]]
                answer = self.upload("".join(sign.join(line) + "\n" for line in lines).encode(), "s.csv")
                self.assertEqual(self.told(answer), [(30, "Column E", "500", REASON)])

    def test_quotes_mend_it(self):
        answer = self.upload(table(HEADINGS, ["RG1", "Dela Cruz, Juan", "09171234567", "500"]), "q.csv")
        self.assertEqual((answer["inserted"], answer["warnings"]), (1, []))

    def test_the_list_of_them_is_rejected_until_it_is_mended(self):
        file = table(HEADINGS, *GOOD) + b"RG1,Dela Cruz, Juan,09171234567,500\n"
        answer = self.upload(file, "m.csv")
        for form in ("csv", "xlsx"):
            again = self.upload(self.rejects(answer, form), f"r.{form}")
            self.assertEqual((again["rejected"], again["inserted"]), (1, 0), again)
        lines = self.rows(self.rejects(answer, "csv"))
        lines[1][:5] = ["RG1", "Dela Cruz, Juan", "09171234567", "500", ""]
        self.assertEqual(self.upload(table(*lines), "mended.csv")["inserted"], 1)
        self.assertEqual(self.client.get("/waybills/RG1").json()["cod_amount"], 500)

    def test_a_list_mended_by_hand(self):
        """The columns behind those of the file are not read: what moved there was gone."""
        lines = self.rows(self.rejects(self.upload(table(HEADINGS, ["", "Ana", "0917", "5"]), "f.csv"), "csv"))
        file = table(lines[0]) + b"RL1,Dela Cruz, Juan,09171234567,500,2,Waybill Number,why\n"
        answer = self.upload(file, "hand.csv")
        self.assertIn("8 cells under 7 headings", answer["rejects"][0]["reason"])

    def test_a_last_column_that_has_no_heading(self):
        rows = [[*row, f"note {n}" if n % 20 else ""] for n, row in enumerate(GOOD)]
        answer = self.upload(table(HEADINGS, *rows), "notes.csv")
        self.assertEqual((answer["inserted"], answer["rejected"]), (28, 0), answer)
        (warning,) = answer["warnings"]
        self.assertEqual((warning["kind"], warning["count"]), ("beyond_headings", 26))
        self.assertEqual(warning["rows"][0], {"row": 3, "column": "Column E", "text": "note 1"})
        self.assertEqual(self.client.get("/waybills/RG3").json()["extra"], {"Column E": "note 1"})

    def test_a_heading_that_is_there_and_empty(self):
        """Programs that fill up all rows alike know where each cell stands."""
        answer = self.upload(table([*HEADINGS, ""], *([*row, ""] for row in GOOD),
                                   ["RG1", "Ana", "0917", "500", "note"]), "padded.csv")
        self.assertEqual((answer["inserted"], answer["rejected"]), (29, 0), answer)
        self.assertEqual([(w["kind"], w["count"]) for w in answer["warnings"]], [("beyond_headings", 1)])

    def test_a_column_that_is_chosen_is_known(self):
        file = table(HEADINGS, *GOOD) + b"RG1,Ana,09171234567,500,note\n"
        answer = self.upload(file, "chosen.csv", columns="extra=Column E")
        self.assertEqual((answer["inserted"], answer["rejected"]), (29, 0), answer)
        self.assertEqual(self.client.get("/waybills/RG1").json()["extra"], {"Column E": "note"})
        self.upload(file, "chosen.csv", columns="automatic")

    def test_nothing_in_the_cells_beyond(self):
        file = ",".join(HEADINGS) + "\n" + "".join(",".join(row) + ",, \n" for row in GOOD)
        answer = self.upload(file.encode(), "trailing.csv")
        self.assertEqual((answer["inserted"], answer["warnings"]), (28, []))
