"""Merged cells in a manifest's rows: only the first of them has the value that all show."""

import os
import resource

from integration.test_ctl_rows import ctl
from integration.test_rejects import LoadedCase
from support.books import book, number, row, text


def merges(*ranges):
    return ("<mergeCells>" + "".join(f"<mergeCell ref='{r}'/>" for r in ranges) + "</mergeCells>")


HEAD = row(text("Waybill Number"), text("Receiver"), text("COD"))


class Merged(LoadedCase):
    def file(self, *ranges, foot=""):
        return book(row(text("Manifest")), HEAD,
                    row(text("MC1"), text("Ana"), number(1)), "<row><c t='str'><v>MC2</v></c></row>",
                    row(text("MC3"), "<c/>", number(3)), foot, behind=merges(*ranges))

    def told(self, answer):
        return [w for w in answer["warnings"] if w["kind"] == "merged_cells"]

    def test_they_are_told(self):
        """Receivers were Ana, none and none, with no word about it."""
        file = self.file("A1:C1", "B3:B5", "C4:D4")
        for answer in (self.upload(file), self.client.upload(file, path="/upload/preview").json()):
            (warning,) = self.told(answer)
            self.assertEqual(warning["count"], 2)
            self.assertEqual(warning["rows"], [
                {"row": 3, "column": "Receiver", "text": "B3:B5"}, {"row": 4, "column": "COD", "text": "C4:D4"}])
            self.assertIn("unmerge them, fill the value into each row", warning["message"])
        self.assertEqual(self.loaded(), ["MC1", "MC2", "MC3"])

    def test_titles_headings_and_totals_are_merged_on_purpose(self):
        foot = row(text("Total"), "<c/>", number(4)) + row(text(""), text("Signed: Ana"))
        for ranges in (["A1:C1", "A2:A3", "A6:B6", "B7:C9"], ["B4"], ["B4:B4"], ["x", "4:5", "", "B:B", ":"]):
            with self.subTest(ranges):
                self.assertEqual(self.told(self.upload(self.file(*ranges, foot=foot))), [])

    def test_many(self):
        file = book(HEAD, *(row(text(f"MM{n}"), text("Ana")) for n in range(3000)),
                    behind=merges(*(f"B{n}:B{n + 1}" for n in range(2, 3000, 2))))
        (warning,) = self.told(self.upload(file))
        self.assertEqual((warning["count"], len(warning["rows"])), (1499, 5))

    def test_more_than_anybody_has(self):
        path = os.path.join(self.folder, "many.xlsx")
        with open(path, "wb") as f:
            f.write(book(HEAD, row(text("MM1"), text("Ana")), behind=merges(*["B2:B9"] * 1000000)))
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        out = ctl("rows", path, "--check").stdout.decode()
        self.assertIn("1000000 merged ranges, whose value is in their first cell alone", out)
        self.assertLess(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before, 5)
