"""Uploads against undos, scans and each other of the same numbers, at the same instant, many times:
whoever is told something finds it so."""

import os
import unittest

from support.floor import FloorCase

ROWS = 30
TRIES = int(os.environ.get("TRIES", "12"))  # of each race; more of them by hand


class Races(FloorCase):
    settings = {"workers": 12, "tasks": 4}

    def number(self, i, k):
        return f"{self.id()[-4:].upper()}{i}X{k}"

    def manifest(self, i, order=1, receiver="Ana", rows=ROWS):
        numbers = [self.number(i, k) for k in range(rows)][::order]
        return numbers, ("Waybill Number,Receiver\n"
                         + "".join(f"{n},{receiver}\n" for n in numbers)).encode()

    def upload(self, file):
        r = self.client.upload(file, name="m.csv")
        self.assertEqual(r.status, 200, r)
        return r.json()

    def brought(self, answer):
        """A file's rows by what became of them, which are all of its rows."""
        got = {k: answer[k] for k in ("inserted", "updated", "unchanged")}
        self.assertEqual(sum(got.values()), ROWS, answer)
        return got

    def known(self, i):
        return int(self.db.value(
            f"SELECT count(*) FROM waybills WHERE waybill_number LIKE '{self.number(i, '%')}'"))

    def scans(self, numbers):
        """A station at work until it hears that nothing is there any more; what it heard."""
        heard = []
        for n in numbers:
            heard.append(self.client.post("/scan", {"waybill_number": n}).json()["result"])
            if heard[-3:] == ["not_found"] * 3:
                break
        return heard

    def test_undo_against_scans(self):
        """A parcel whose scan is valid is there; it once could go in the instant in between."""
        heard = set()
        for i in range(TRIES):
            numbers, file = self.manifest(i, rows=450)
            upload = self.upload(file)["id"]
            *stations, undo = self.together(
                *[lambda part=numbers[k::3]: self.scans(part) for k in range(3)],
                lambda u=upload: self.post(f"/uploads/{u}/undo")["undo"])
            heard |= {result for station in stations for result in station}
            self.assertEqual(self.db.value(
                "SELECT count(*) FROM scanned_waybills WHERE waybill_id IS NOT NULL AND "
                "waybill_id NOT IN (SELECT id FROM waybills)"), "0", undo)
            self.assertEqual(undo["removed"], 450 - self.known(i))
        self.assertEqual(heard, {"valid", "not_found"})

    def test_undo_against_a_second_upload(self):
        """What the second is told is there stays there: an undo waits for it, or goes first."""
        both = set()
        for i in range(TRIES):
            _, file = self.manifest(i)
            first = self.upload(file)["id"]
            second, undo = self.together(lambda f=file: self.upload(f),
                                         lambda u=first: self.post(f"/uploads/{u}/undo"))
            got = self.brought(second)
            self.assertEqual(self.known(i), ROWS, (second, undo))
            self.assertEqual(undo["undo"]["removed"], got["inserted"], (second, undo))
            both.add(got["inserted"])
        self.assertLessEqual(both, {0, ROWS})

    def test_two_uploads_of_new_numbers(self):
        """One brings them, the other finds them, in whatever order they stand in its file."""
        for i in range(TRIES):
            files = [self.manifest(i, 1)[1], self.manifest(i, -1, "Ben")[1]]
            got = [self.brought(a) for a in self.together(*[lambda f=f: self.upload(f) for f in files])]
            self.assertEqual(sum(g["inserted"] for g in got), ROWS, got)
            self.assertEqual(sum(g["updated"] for g in got), ROWS, got)
            self.assertEqual(self.known(i), ROWS)
            self.assertEqual(self.db.value("SELECT count(DISTINCT receiver_name) FROM waybills "
                                           f"WHERE waybill_number LIKE '{self.number(i, '%')}'"), "1")


if __name__ == "__main__":
    unittest.main()
