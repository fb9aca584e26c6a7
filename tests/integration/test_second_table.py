"""Headings that come again below a manifest's own, with the same columns or with others."""

from integration.test_ctl_rows import ctl
from integration.test_rejects import LoadedCase, table
from support.books import book, row, text

HEADINGS = ["Waybill Number", "Receiver", "COD"]
OTHERS = ["Receiver", "COD (PHP)", "Tracking No.", "Colour"]


class SecondTable(LoadedCase):
    def rejected(self, answer):
        return [(r["row"], r["reason"][:21]) for r in answer["rejects"]]

    def test_other_headings(self):
        """A parcel was called RECEIVER, another like who was to receive it."""
        rows = [HEADINGS, ["ST1", "Ana", "5"], [], OTHERS, ["Ben", "7", "ST2", "red"],
                ["Cy", "8", "ST3", "blue"], ["Total", "15"]]
        for name, file, number in (("t.csv", table(*rows), 4),
                                   ("t.xlsx", book(*(row(*map(text, r)) for r in rows)), 4)):
            with self.subTest(name):
                answer = self.upload(file, name)
                self.adds_up(answer, 4)
                self.assertEqual(self.loaded(), ["ST1"])
                self.assertEqual(self.rejected(answer), [
                    (number, "other headings than t"), (number + 1, "below other headings,"),
                    (number + 2, "below other headings,")])
                warning = next(w for w in answer["warnings"] if w["kind"] == "other_headings")
                self.assertEqual((warning["count"], warning["rows"]),
                                 (1, [{"row": number, "column": "", "text": "Receiver"}]))
                seen = self.client.upload(file, name=name, path="/upload/preview").json()
                self.assertIn("other_headings", [w["kind"] for w in seen["warnings"]])
                again = self.upload(self.rejects(answer, "csv"), "r.csv")
                self.assertEqual((again["inserted"], again["rejected"]), (0, 3))

    def test_the_same_columns_again(self):
        """On each printed page, or spelled otherwise: the rows below are read as ever."""
        for middle in (HEADINGS, ["waybill number", "", ""], ["Tracking No", "Consignee", "COD Amount"],
                       ["RESI", "Nama Penerima", "Nilai COD"]):
            with self.subTest(middle):
                answer = self.upload(table(HEADINGS, ["SS1", "Ana", "5"], middle, ["SS2", "Ben", "6"]), "s.csv")
                self.assertEqual(self.rejected(answer), [(3, "the headings again, n")])
                self.assertEqual((self.loaded(), answer["warnings"]), (["SS1", "SS2"], []))

    def test_two_columns_of_one_name(self):
        heads = ["Waybill", "COD", "COD", "Remarks", "Remarks"]
        answer = self.upload(table(heads, ["SD1", 1, 2, "a", "b"], heads, ["SD2", 1, 2, "a", "b"]), "d.csv")
        self.assertEqual((self.loaded(), answer["rejected"]), (["SD1", "SD2"], 1))

    def test_the_own_headings_end_the_other_table(self):
        answer = self.upload(table(HEADINGS, ["SE1", "Ana", "5"], OTHERS[:3], ["Ben", "7", "SE2"],
                                   HEADINGS, ["SE3", "Cy", "8"]), "e.csv")
        self.assertEqual((self.loaded(), answer["rejected"]), (["SE1", "SE3"], 3))

    def test_words_that_are_headings_are_values_too(self):
        rows = [["SW1", "Product", "COD"], ["WAYBILL", "Ana", "5"], ["Resi", "Tracking No", "x"],
                ["SW2", "Waybill", "Receiver"]]
        answer = self.upload(table(HEADINGS, *rows), "w.csv")
        self.assertEqual((self.loaded(), answer["rejected"]), (["RESI", "SW1", "SW2", "WAYBILL"], 0), answer)

    def test_waybillctl_tells(self):
        path = self.folder + "/t.csv"
        with open(path, "wb") as f:
            f.write(table(HEADINGS, ["ST1", "Ana", "5"], OTHERS, ["Ben", "7", "ST2", "red"]))
        self.assertIn("1 with other headings; what is below them is rejected",
                      ctl("rows", path, "--check").stdout.decode())
