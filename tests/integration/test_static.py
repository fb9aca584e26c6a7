"""Static files through the real server: packed forms, conditions, ranges, changes."""

import gzip
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from email.utils import formatdate, parsedate_to_datetime

from support.client import Connection
from support.pg import BUILD, ROOT, clean_environment
from support.server import ServerCase
from support.wait import wait_until

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
GZIP = {"Accept-Encoding": "gzip, deflate, br"}
DIGITS = b"0123456789"


class Static(ServerCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.mkdtemp(prefix="waybill-static-")
        cls.addClassCleanup(shutil.rmtree, cls.place)
        cls.folder = os.path.join(cls.place, "static")
        shutil.copytree(os.path.join(ROOT, "static"), cls.folder)
        cls.settings = {"workers": 2, "static_dir": cls.folder}
        cls.write("digits.txt", DIGITS)
        cls.write("app.0123abcd.js", b"export const x = 1;\n" * 50)
        cls.write("../secret.txt", b"secret")
        os.symlink(os.path.join(cls.place, "secret.txt"), os.path.join(cls.folder, "out.txt"))
        os.symlink("digits.txt", os.path.join(cls.folder, "in.txt"))
        super().setUpClass()

    @classmethod
    def write(cls, name, data, mtime=None):
        """As a careful person does it: the whole file, then moved into its place."""
        path = os.path.join(cls.folder, name)
        with open(path + ".new", "wb") as f:
            f.write(data)
        if mtime is not None:
            os.utime(path + ".new", (mtime, mtime))
        os.rename(path + ".new", path)

    def test_every_file_is_given_whole_with_its_type(self):
        types = {"html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8",
                 "css": "text/css; charset=utf-8", "svg": "image/svg+xml"}
        for name in os.listdir(os.path.join(ROOT, "static")):
            path = os.path.join(ROOT, "static", name)
            if not os.path.isfile(path):
                continue
            with self.subTest(name), open(path, "rb") as f:
                want = f.read()
                plain = self.client.get("/static/" + name)
                self.assertEqual((plain.status, plain.body), (200, want))
                self.assertNotIn("content-encoding", plain.headers)
                self.assertEqual(plain.headers["content-type"], types[name.rsplit(".", 1)[1]])
                self.assertEqual(plain.headers["cache-control"], "no-cache")
                self.assertEqual(int(plain.headers["content-length"]), len(want))
                self.assertEqual(
                    int(parsedate_to_datetime(plain.headers["last-modified"]).timestamp()),
                    int(os.stat(os.path.join(self.folder, name)).st_mtime))
                packed = self.client.get("/static/" + name, GZIP)
                if "content-encoding" in packed.headers:
                    self.assertEqual(gzip.decompress(packed.body), want)
                    self.assertLess(len(packed.body), len(want) * 0.9 + 1)
                    self.assertNotEqual(packed.headers["etag"], plain.headers["etag"])
                    for r in (plain, packed):
                        self.assertIn("Accept-Encoding", r.headers["vary"])
                else:
                    self.assertEqual(packed.body, want)

    def test_pages_are_packed_too_and_vary_by_both(self):
        plain, packed = self.client.get("/scan", HTML), self.client.get("/scan", {**HTML, **GZIP})
        self.assertEqual(packed.headers["content-encoding"], "gzip")
        self.assertEqual(gzip.decompress(packed.body), plain.body)
        self.assertEqual(packed.headers["vary"], "Accept, Accept-Encoding")
        refused = self.client.get("/scan", {**HTML, "Accept-Encoding": "gzip;q=0, *"})
        self.assertEqual((refused.status, refused.body), (200, plain.body))

    def test_names_with_a_hash_may_be_kept(self):
        r = self.client.get("/static/app.0123abcd.js")
        self.assertEqual(r.headers["cache-control"], "public, max-age=31536000, immutable")

    def test_conditions_and_ranges_on_one_connection(self):
        """Each answer must leave the connection where the next one begins."""
        first = self.client.get("/static/digits.txt")
        etag, date = first.headers["etag"], first.headers["last-modified"]
        stamp = parsedate_to_datetime(date).timestamp()
        earlier = formatdate(stamp - 1, usegmt=True)
        cases = [
            ("RFC 9110 13.1.2", {"If-None-Match": etag}, 304, b"", None),
            ("RFC 9110 13.1.2", {"If-None-Match": '"no"'}, 200, DIGITS, None),
            ("RFC 9110 13.1.3", {"If-Modified-Since": date}, 304, b"", None),
            ("RFC 9110 13.1.3", {"If-Modified-Since": earlier}, 200, DIGITS, None),
            ("RFC 9110 13.2.2", {"If-Modified-Since": date, "If-None-Match": '"no"'}, 200,
             DIGITS, None),
            ("RFC 9110 13.1.1", {"If-Match": '"no"'}, 412, None, None),
            ("RFC 9110 13.1.1", {"If-Match": etag}, 200, DIGITS, None),
            ("RFC 9110 13.1.4", {"If-Unmodified-Since": earlier}, 412, None, None),
            ("RFC 9110 14.2", {"Range": "bytes=2-4"}, 206, b"234", "bytes 2-4/10"),
            ("RFC 9110 14.2", {"Range": "bytes=-2"}, 206, b"89", "bytes 8-9/10"),
            ("RFC 9110 14.2", {"Range": "bytes=8-99"}, 206, b"89", "bytes 8-9/10"),
            ("RFC 9110 14.2", {"Range": "bytes=0-1,3-4"}, 200, DIGITS, None),
            ("RFC 9110 15.5.17", {"Range": "bytes=10-"}, 416, None, "bytes */10"),
            ("RFC 9110 13.1.5", {"Range": "bytes=2-4", "If-Range": etag}, 206, b"234",
             "bytes 2-4/10"),
            ("RFC 9110 13.1.5", {"Range": "bytes=2-4", "If-Range": "W/" + etag}, 200, DIGITS,
             None),
        ]
        with Connection(self.server.port.number) as c:
            for section, headers, status, body, content_range in cases:
                with self.subTest(section, headers=headers):
                    r = c.request("GET", "/static/digits.txt", headers=headers)
                    self.assertEqual(r.status, status, r)
                    self.assertEqual(r.headers.get("content-range"), content_range)
                    if body is None:
                        self.assertRegex(r.json()["error"], "precondition_failed|range_not_")
                    else:
                        self.assertEqual(r.body, body)
                    head = c.request("HEAD", "/static/digits.txt", headers=headers)
                    # A range is one of GET alone (RFC 9110 section 14.2).
                    self.assertEqual(head.status, 200 if "Range" in headers else status, head)
                    if status not in (206, 304, 416):
                        self.assertEqual(head.headers["content-length"],
                                         r.headers["content-length"])

    def test_a_download_goes_on_where_it_stopped(self):
        whole = self.client.get("/static/style.css", GZIP)
        half = len(whole.body) // 2
        rest = self.client.get("/static/style.css", {
            **GZIP, "Range": f"bytes={half}-", "If-Range": whole.headers["etag"]})
        self.assertEqual((rest.status, whole.body[:half] + rest.body), (206, whole.body))
        self.assertEqual(rest.headers["etag"], whole.headers["etag"])

    def test_a_date_does_not_tell_one_form_from_the_other(self):
        """A download that goes on by the date could get a part of other bytes."""
        whole = self.client.get("/static/style.css")
        later = {"Range": "bytes=5-", "If-Range": whole.headers["last-modified"]}
        for form in ({}, GZIP):
            self.assertEqual(self.client.get("/static/style.css", {**form, **later}).status, 200)

    def test_what_lies_behind_the_end_depends_on_the_form(self):
        for name, vary in (("style.css", "Accept-Encoding"), ("digits.txt", None)):
            r = self.client.get("/static/" + name, {"Range": "bytes=9999999-"})
            self.assertEqual((r.status, r.headers.get("vary")), (416, vary))

    def test_links_are_not_followed(self):
        for name in ("out.txt", "in.txt"):
            self.assertEqual(self.client.get("/static/" + name).status, 404)

    def reload(self):
        """None of the workers that answer then is an old one."""
        old = set(self.server.workers())
        self.server.signal(signal.SIGHUP)
        wait_until(lambda: (new := set(self.server.workers())) and not new & old,
                   "the workers are new", 30)

    def test_a_changed_file_is_noticed_and_a_link_in_its_place_is_not(self):
        self.write("news.txt", b"one", mtime=1700000000)
        self.assertEqual(self.client.get("/static/news.txt").status, 404)
        self.reload()
        old = wait_until(lambda: next((r for r in [self.client.get("/static/news.txt")]
                                       if r.body == b"one"), None), "HUP brings new files")
        self.write("news.txt", b"two!", mtime=1700000001)
        # Which worker answers is chance; but a second later none gives the old file.
        changed = time.monotonic()
        wait_until(lambda: time.monotonic() > changed + 1, "a second passes")
        for _ in range(20):
            self.assertEqual(self.client.get("/static/news.txt").body, b"two!")
        new = self.client.get("/static/news.txt", {"If-None-Match": old.headers["etag"]})
        self.assertEqual((new.status, new.body), (200, b"two!"))
        self.assertNotEqual(new.headers["etag"], old.headers["etag"])
        path = os.path.join(self.folder, "news.txt")
        os.unlink(path)
        os.symlink(os.path.join(self.place, "secret.txt"), path)
        # A worker looks when it is asked, and gives what it read last.
        last = {self.client.get("/static/news.txt").body for _ in range(20)}
        wait_until(lambda: last.add(self.client.get("/static/news.txt").body)
                   or 'served on: cannot open "news.txt"' in self.server.log(),
                   "a worker looks at the link")
        last.update(self.client.get("/static/news.txt").body for _ in range(20))
        self.assertLessEqual(last, {b"one", b"two!"})
        self.server.signal(signal.SIGHUP)
        wait_until(lambda: self.client.get("/static/news.txt").status == 404,
                   "HUP takes it away")


class Check(unittest.TestCase):
    def test_t_misses_a_page(self):
        """It was missed by the first who asked for it."""
        for folder, said in (("conf", 'does not hold "dashboard.html"'), ("static", "database")):
            out = subprocess.run(
                [os.path.join(BUILD, "waybilld"), "-t"], stdin=subprocess.DEVNULL,
                env={**clean_environment(), "WAYBILL_STATIC_DIR": os.path.join(ROOT, folder),
                     "WAYBILL_DATABASE": "host=/nonexistent", "WAYBILL_SPOOL_DIR": "/tmp"},
                capture_output=True, text=True, check=False)
            self.assertEqual(out.returncode, 1, out)
            self.assertIn(said, out.stderr)


if __name__ == "__main__":
    unittest.main()
