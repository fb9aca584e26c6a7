"""Pages, their assets, health, and which of page and data a path gives."""

import re
import unittest

from support.server import ServerCase

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
JSON = {"Accept": "application/json"}


class Pages(ServerCase):
    settings = {"workers": 2}

    def test_each_page_and_all_that_it_names(self):
        for path in ("/", "/upload", "/uploads", "/scan", "/dashboard", "/waybills/X1"):
            with self.subTest(path):
                page = self.client.get(path, HTML)
                self.assertEqual(page.status, 200, page)
                self.assertEqual(page.headers["content-type"], "text/html; charset=utf-8")
                self.assertIn("default-src 'none'", page.headers["content-security-policy"])
                assets = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.body.decode())
                self.assertTrue(assets)
                for asset in assets:
                    self.assertEqual(self.client.get(asset).status, 200, asset)

    def test_the_same_path_gives_data(self):
        for accept in (JSON, None, {"Accept": "*/*"}):
            r = self.client.get("/dashboard", accept)
            self.assertEqual((r.status, r.headers["content-type"]), (200, "application/json"), r)
        r = self.client.get("/waybills/X1", JSON)
        self.assertEqual((r.status, r.headers["content-type"]), (404, "application/json"), r)

    def test_etag_and_304(self):
        first = self.client.get("/scan", HTML)
        for known in (first.headers["etag"], "W/" + first.headers["etag"], "*",
                      '"other", ' + first.headers["etag"]):
            r = self.client.get("/scan", {**HTML, "If-None-Match": known})
            self.assertEqual((r.status, r.body), (304, b""), r)
            self.assertEqual(r.headers["etag"], first.headers["etag"])
            self.assertNotIn("content-length", r.headers)
        r = self.client.get("/scan", {**HTML, "If-None-Match": '"other"'})
        self.assertEqual(r.status, 200)

    def test_head_is_get_without_a_body(self):
        get, head = self.client.get("/scan", HTML), self.client.request("HEAD", "/scan", headers=HTML)
        self.assertEqual((head.status, head.body), (200, b""))
        self.assertEqual(head.headers["content-length"], str(len(get.body)))

    def test_nothing_outside_the_folder(self):
        for path in ("/static/../conf/waybilld.conf", "/static/..%2fconf", "/static/%2e%2e/x",
                     "/static//etc/passwd", "/static/.hidden", "/static/"):
            r = self.client.get(path)
            self.assertIn(r.status, (400, 404), (path, r))

    def test_health_and_ready(self):
        r = self.client.get("/health")
        self.assertEqual((r.status, r.body.strip()), (200, b"healthy"), r)
        r = self.client.get("/ready")
        self.assertEqual(r.status, 200, r)

    def test_errors_have_code_message_and_request_id(self):
        for method, path, status in (("GET", "/nothing", 404), ("DELETE", "/scan", 405),
                                     ("POST", "/health", 405), ("BREW", "/scan", 501)):
            r = self.client.request(method, path, headers={"X-Request-Id": "abc-1"})
            self.assertEqual(r.status, status, r)
            self.assertRegex(r.json()["error"], r"^[a-z_]+$")
            self.assertTrue(r.json()["message"].endswith("."))
            self.assertEqual(r.headers["x-request-id"], "abc-1")
            if status == 405:
                self.assertIn("allow", r.headers)

    def test_request_id_is_made_or_kept_when_harmless(self):
        made = {self.client.get("/health").headers["x-request-id"] for _ in range(5)}
        self.assertEqual(len(made), 5)
        r = self.client.get("/health", {"X-Request-Id": "a" * 65})
        self.assertNotEqual(r.headers["x-request-id"], "a" * 65)
        r = self.client.get("/health", {"X-Request-Id": "<script>"})
        self.assertNotIn("<", r.headers["x-request-id"])

    def test_answers_to_unreadable_heads_have_an_id_too(self):
        for head in (b"GET /health HTTP/1.1\r\n\r\n", b"GET /health HTTP/3.0\r\n\r\n",
                     b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", b"\x16\x03\x01\x02\x00",
                     b"GET /" + b"a" * 9000, b"GET / HTTP/1.1\r\nHost : a\r\n\r\n"):
            with self.client.connect() as c:
                c.send(head)
                r = c.response()
            self.assertGreaterEqual(r.status, 400)
            self.assertIn("x-request-id", r.headers, r)

    def test_options(self):
        r = self.client.request("OPTIONS", "/scan")
        self.assertEqual((r.status, r.headers["allow"]), (204, "GET, HEAD, POST, OPTIONS"), r)
        self.assertEqual(self.client.request("OPTIONS", "*").status, 204)


if __name__ == "__main__":
    unittest.main()
