"""The conformance table (tests/conformance) asked of the real server over its socket, in every
way that bytes can arrive, and of a real nginx."""

import email.utils
import json
import os
import re
import shutil
import tempfile
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

from conformance.differences import BY_ROW, DIFFERENCES
from conformance.files import DIGITS, STAMP, TRUSTED
from conformance.readme import README, written
from conformance.rows import SCAN, ask, get
from conformance.table import ROWS
from support.copies import open_copy
from support.nginx import Nginx, version
from support.pg import ROOT
from support.server import ServerCase
from support.wait import wait_until

AT_ONCE = 8  # connections
SECTION = re.compile(r"(3629|3986|6585|7239|911[0123]) [0-9]+(\.[0-9]+)*")


def files(place):
    """The folder that the table's paths below /static/ are about."""
    folder = os.path.join(place, "static")
    open_copy(os.path.join(ROOT, "static"), folder)
    os.makedirs(os.path.join(folder, "deep", "er"))
    os.mkdir(os.path.join(place, "away"))
    for name, data in (("digits.txt", DIGITS), ("text.css", b"p { color: #123; }\n" * 100),
                       ("app.0123abcd.js", b"export const x = 1;\n" * 50), ("empty.txt", b""),
                       (".hidden", b"x"), ("deep/er/note.txt", b"deep\n"),
                       ("../away/secret.txt", b"secret")):
        path = os.path.join(folder, name)
        with open(path, "wb") as f:
            f.write(data)
        os.utime(path, (STAMP, STAMP))
    os.symlink("../away/secret.txt", os.path.join(folder, "out.txt"))
    os.symlink("../away", os.path.join(folder, "away"))
    return folder


def each(rows, do):
    """do(row) for all, some at once: [(row, result)] in order."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(zip(rows, pool.map(do, rows)))


class Table(unittest.TestCase):
    def test_it_is_a_table(self):
        self.assertGreaterEqual(len(ROWS), 200)
        self.assertEqual(len({row.name for row in ROWS}), len(ROWS), "a name is there twice")
        self.assertEqual([row.name for row in ROWS if not SECTION.fullmatch(row.section)], [])


class Conformance(ServerCase):
    settings = {"workers": 2, "access_log": "-", "access_log_format": "json",
                "trusted_proxies": TRUSTED, "proxy_protocol": "on"}

    @classmethod
    def setUpClass(cls):
        place = tempfile.mkdtemp(prefix="waybill-conformance-")
        cls.addClassCleanup(shutil.rmtree, place)
        cls.folder = files(place)
        cls.settings = {**cls.settings, "static_dir": cls.folder}
        super().setUpClass()
        wait_until(lambda: cls.client.get("/health").status == 200, "the server is healthy")

    def ask_all(self, rows, **how):
        """Asks, and returns [(row, seen)]; fails with every row that went otherwise."""
        port = self.server.port.number
        seen = each(rows, lambda row: ask(port, row, **how))
        self.assertEqual({row.name: s.outcome for row, s in seen if s.outcome != row.outcome},
                         {row.name: row.outcome for row, s in seen if s.outcome != row.outcome})
        return seen

    def assert_proper(self, row, seen):
        """What every answer has."""
        for i, (status, fields, body) in enumerate(seen.answers):
            if status == 100:
                continue
            date = email.utils.parsedate_to_datetime(fields["date"]).timestamp()
            self.assertLess(abs(date - time.time()), 60, row.name)
            self.assertIn("x-request-id", fields, row.name)
            self.assertNotIn("transfer-encoding", fields, row.name)
            last = i == len(seen.answers) - 1
            self.assertEqual(fields["connection"], "close" if last else "keep-alive", row.name)
            if status >= 400 and i < len(row.answers) and not row.answers[i].head:
                self.assertEqual(fields["content-type"], "application/json", row.name)
                self.assertLessEqual({"error", "message"} if status != 404 or b"result" not in body
                                     else {"result"}, set(json.loads(body)), row.name)

    def test_at_once(self):
        for row, seen in self.ask_all(ROWS):
            self.assert_proper(row, seen)

    def test_byte_by_byte(self):
        self.ask_all([row for row in ROWS if row.split and sum(map(len, row.sent)) < 400], step=1)

    def test_in_large_pieces(self):
        self.ask_all([row for row in ROWS if row.split and sum(map(len, row.sent)) >= 400], step=1000)

    def test_nothing_behind_the_end_is_answered(self):
        self.ask_all([row for row in ROWS if not row.kept], behind=get() + get())

    def test_the_log_names_the_right_client(self):
        rows = [row for row in ROWS if row.client]
        before = len(self.server.log())
        self.assertGreaterEqual(len(rows), 8)
        for row in rows:
            self.ask_all([row])
            lines = wait_until(
                lambda: [json.loads(line) for line in
                         self.server.log()[before:].rpartition("\n")[0].splitlines() if line.startswith("{") and "conformance-probe" not in line],
                "a line in the access log")
            before = len(self.server.log())
            self.assertEqual(lines[0]["client"], row.client, row.name)


class OfNginx(unittest.TestCase):
    """Where nginx answers otherwise, that is meant, and written down."""

    @classmethod
    def setUpClass(cls):
        if not version().startswith(("1.22.", "1.26.")):
            raise unittest.SkipTest(f"the differences are those of nginx 1.22 and 1.26, not {version()!r}")
        place = tempfile.mkdtemp(prefix="waybill-conformance-")
        cls.addClassCleanup(shutil.rmtree, place)
        os.chmod(place, 0o755)  # nginx's workers are another user
        cls.nginx = Nginx(files(place), SCAN)
        cls.addClassCleanup(cls.nginx.stop)

    def test_every_difference_is_written_down_and_is_one(self):
        self.maxDiff = None
        seen = each([row for row in ROWS if row.nginx],
                    lambda row: ask(self.nginx.port.number, row, patience=(
                        3.0 if BY_ROW.get(row.name, ("", ""))[0].endswith("waits") else 20.0)))
        found = {row.name: s.outcome for row, s in seen if s.outcome != row.outcome}
        self.assertEqual({name: outcome for name, (outcome, _) in BY_ROW.items()}, found)

    def test_every_difference_names_a_row_once(self):
        names = [name for rows in DIFFERENCES.values() for name in rows]
        self.assertEqual(len(names), len(set(names)))
        self.assertLessEqual(set(names), {row.name for row in ROWS if row.nginx})

    def test_the_readme_lists_them(self):
        with open(README, encoding="utf-8") as f:
            self.assertEqual(f.read(), written(), "run tests/conformance/readme.py")


if __name__ == "__main__":
    unittest.main()
