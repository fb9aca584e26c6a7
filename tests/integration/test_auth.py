"""Logging in, sessions, roles, deeds of other sites' pages, users and the audit log."""

import hashlib
import json
import os
import pty
import re
import signal
import subprocess
import termios
import threading
import time
import uuid
from urllib.parse import urlencode

from support.client import Connection, multipart
from support.people import PASSWORD, ROLES, People, cookie
from support.pg import BUILD, ROOT, Database, clean_environment
from support.psql_session import PsqlSession
from support.server import Server, ServerCase
from support.pooler import POOLED
from support.wait import wait_until

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
NAMED = b"PROXY TCP4 9.8.7.6 127.0.0.1 1 2\r\n"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class AuthCase(ServerCase):
    settings = {"workers": 2, "auth": "on", "login_rate": 0}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = People(cls.server)
        cls.people.add_all()

    def error(self, response, status, code):
        self.assertEqual((response.status, response.json().get("error")), (status, code), response)

    def audit(self, action):
        """(actor, subject, ip_address) of its entries, oldest first."""
        return [tuple(row) for row in self.db.query(
            f"SELECT actor, subject, ip_address FROM audit_log WHERE action = '{action}' ORDER BY id")]


class Login(AuthCase):
    def test_in_and_out(self):
        r = self.client.post("/login", {"username": "Scanner", "password": PASSWORD},
                             {"User-Agent": "a hand-held", "X-Request-Id": "login-1"})
        self.assertEqual(r.json(), {"username": "scanner", "role": "scanner", "next": "/scan"}, r)
        self.assertRegex(r.headers["set-cookie"],
                         r"^waybill_session=[0-9a-f]{64}; Path=/; HttpOnly; SameSite=Lax$")
        mine = {"Cookie": "SERVERID=app1; " + cookie(r)}
        self.assertEqual(self.client.get("/me", mine).json(),
                         {"auth": True, "username": "scanner", "role": "scanner"})
        rows = self.db.query("SELECT actor, subject, ip_address, request_id FROM audit_log "
                             "WHERE request_id = 'login-1'")
        self.assertEqual(rows, [["scanner", "scanner", "127.0.0.1", "login-1"]])
        self.assertEqual(self.db.value("SELECT count(*) FROM sessions WHERE user_agent = 'a hand-held' "
                                       "AND ip_address = '127.0.0.1'"), "1")
        r = self.client.post("/logout", headers=mine)
        self.assertEqual(r.status, 200, r)
        self.assertIn("Max-Age=0", r.headers["set-cookie"])
        self.error(self.client.get("/me", mine), 401, "login_required")
        self.assertIn(("scanner", "scanner", "127.0.0.1"), self.audit("logout"))

    def test_what_does_not_log_in(self):
        self.people.add("gone", "scanner")
        self.people.ctl("user", "disable", "gone")
        told = set()
        before = self.failures()
        for name, password in (("scanner", "wrong horse battery"), ("nobody", PASSWORD), ("", ""),
                               ("gone", PASSWORD), ("scanner", PASSWORD + "\0x"), ("sca nner", PASSWORD),
                               ("scanner", "x" * 5000), ("scanner", "")):
            r = self.client.post("/login", {"username": name, "password": password})
            if "\0" in password:
                self.assertEqual(r.status, 400, r)
                continue
            self.error(r, 401, "wrong_login")
            self.assertNotIn("set-cookie", r.headers)
            told.add(r.body)
        self.assertEqual(len(told), 1, "the answers tell who exists")
        failed = self.audit("login_failed")
        self.assertIn((None, "scanner", "127.0.0.1"), failed)
        self.assertIn((None, "gone", "127.0.0.1"), failed)
        self.assertNotIn("nobody", {subject for _, subject, _ in failed})
        self.assertNotIn("nobody", self.server.log())
        self.assertEqual(self.failures(), before + 7)

    def failures(self):
        text = self.client.get("/metrics").body.decode()
        return int(re.search(r'logins_total\{result="failed"\} (\d+)', text).group(1))

    def test_a_form_without_scripts(self):
        def post(**fields):
            body = "&".join(f"{k}={v}" for k, v in fields.items()).encode()
            return self.client.request("POST", "/login", body, {**FORM, **HTML})

        for after, to in (("%2Fusers%3Fx%3D1", "/users?x=1"), ("", "/"), ("//evil.example", "/"),
                          ("https%3A%2F%2Fevil.example", "/"), ("%2F%5Cevil.example", "/"),
                          ("%2F%09%2Fevil.example", "/"), ("%2Fa%5C..%2F%2Fevil", "/"),
                          ("evil.example", "/"), ("%2F%0D%0AX-A%3A+b", "/")):
            r = post(username="admin", password=PASSWORD.replace(" ", "+"), next=after)
            self.assertEqual((r.status, r.headers["location"]), (303, to), r)
            self.assertNotIn("x-a", r.headers)
        r = self.client.request("POST", "/logout", b"", {**HTML, "Cookie": cookie(r)})
        self.assertEqual((r.status, r.headers["location"]), (303, "/login"), r)

    def test_pages_send_to_the_login_and_back(self):
        for path, to in (("/", "/login"), ("/scan", "/login?next=/scan"),
                         ("/waybills/A%20B?x=1&y=2", "/login?next=/waybills/A%2520B%3Fx%3D1%26y%3D2"),
                         ("/users", "/login?next=/users")):
            r = self.client.get(path, HTML)
            self.assertEqual((r.status, r.headers["location"]), (303, to), r)
        r = self.client.get("http://127.0.0.1/scan", HTML)
        self.assertEqual((r.status, r.headers["location"]), (303, "/login"), r)
        page = self.client.get("/login", HTML)
        self.assertEqual(page.status, 200, page)
        self.assertIn("default-src 'none'", page.headers["content-security-policy"])
        for asset in re.findall(r'(?:src|href)="(/static/[^"]+)"', page.body.decode()):
            self.assertEqual(self.client.get(asset).status, 200, asset)
        for path in ("/health", "/ready", "/metrics"):
            self.assertEqual(self.client.get(path).status, 200, path)

    def test_my_own_password(self):
        self.people.add("pia", "scanner")
        first, second = self.people.login("pia"), self.people.login("pia")
        r = self.client.post("/me/password", {"password": "wrong horse", "new_password": "battery staple"},
                             first)
        self.error(r, 401, "wrong_login")
        r = self.client.post("/me/password", {"password": PASSWORD, "new_password": "short"}, first)
        self.error(r, 400, "bad_password")
        r = self.client.post("/me/password", {"password": PASSWORD, "new_password": "battery staple"}, first)
        self.assertEqual(r.status, 200, r)
        for session in (first, second):
            self.error(self.client.get("/me", session), 401, "login_required")
        self.people.login("pia", "battery staple")
        self.assertIn(("pia", "pia", "127.0.0.1"), self.audit("user_password"))


class Sessions(AuthCase):
    settings = {**AuthCase.settings, "session_lifetime": "10m", "session_max": "1h"}

    def row(self, session, column):
        return self.db.value(f"SELECT {column} FROM sessions WHERE id = '{self.id_of(session)}'")

    @staticmethod
    def id_of(session):
        return hashlib.sha256(session["Cookie"].split("=")[1].encode()).hexdigest()

    def test_the_database_does_not_know_the_cookie(self):
        session = self.people.login("scanner")
        token = session["Cookie"].split("=")[1]
        everything = str(self.db.query("SELECT s::text FROM sessions s UNION ALL "
                                       "SELECT a::text FROM audit_log a"))
        self.assertNotIn(token, everything)
        self.assertIn(self.id_of(session), everything)
        # What a thief of the table has opens nothing.
        self.error(self.client.get("/me", {"Cookie": f"waybill_session={self.id_of(session)}"}),
                   401, "login_required")

    def test_a_login_replaces_the_one_before(self):
        first = self.people.login("scanner")
        r = self.client.post("/login", {"username": "office", "password": PASSWORD}, first)
        self.assertEqual(r.status, 200, r)
        self.error(self.client.get("/me", first), 401, "login_required")
        self.assertEqual(self.client.get("/me", {"Cookie": cookie(r)}).json()["username"], "office")

    def test_what_is_no_session(self):
        mine = self.people.login("scanner")["Cookie"]
        for bad in ("", "waybill_session=", mine + "0", mine[:-1], mine.upper(), mine.replace("=", ""),
                    mine + "; waybill_session=" + "0" * 64, "waybill_session=" + "0" * 64,
                    mine.replace("waybill", "Waybill"), "waybill_session='; drop table users; --"):
            self.error(self.client.get("/me", {"Cookie": bad}), 401, "login_required")
        self.assertEqual(self.client.get("/me", {"Cookie": f'a="b"; {mine}; c'}).status, 200)

    def test_idle_and_old_sessions_end(self):
        for column, value in (("last_activity", "last_activity - 601"),
                              ("payload", "jsonb_set(payload::jsonb, '{started}', "
                                          "to_jsonb((payload::jsonb ->> 'started')::integer - 3601))::text")):
            session = self.people.login("scanner")
            self.assertEqual(self.client.get("/me", session).status, 200)
            self.db.query(f"UPDATE sessions SET {column} = {value} WHERE id = '{self.id_of(session)}'")
            self.error(self.client.get("/me", session), 401, "login_required")
        out = self.people.ctl("session", "purge").stdout
        self.assertRegex(out, r"^[12] sessions")
        self.assertEqual(self.people.ctl("session", "purge").stdout, "0 sessions that had ended are gone\n")

    def test_use_keeps_it_alive_and_writes_once_a_minute(self):
        session = self.people.login("scanner")
        self.db.query(f"UPDATE sessions SET last_activity = last_activity - 300 WHERE id = '{self.id_of(session)}'")
        before = int(self.row(session, "last_activity"))
        self.assertEqual(self.client.get("/me", session).status, 200)
        after, version = int(self.row(session, "last_activity")), self.row(session, "xmin")
        self.assertGreaterEqual(after, before + 300)
        for _ in range(5):
            self.assertEqual(self.client.get("/me", session).status, 200)
        self.assertEqual(self.row(session, "xmin"), version, "a request wrote again within a minute")

    def test_a_change_of_the_user_ends_them_at_once(self):
        for name, change in (("u-role", ("role", "{}", "office")), ("u-off", ("disable", "{}")),
                             ("u-pass", ("passwd", "{}", "--stdin"))):
            self.people.add(name, "scanner")
            sessions = [self.people.login(name) for _ in range(3)]
            self.people.ctl("user", *(w.format(name) for w in change), stdin="another horse\n")
            for session in sessions:
                self.error(self.client.get("/me", session), 401, "login_required")
        self.people.ctl("user", "enable", "u-off")
        self.error(self.client.get("/me", sessions[0]), 401, "login_required")
        self.assertEqual(self.client.get("/me", self.people.login("u-off")).status, 200)

    def test_a_login_under_way_during_a_change_gives_no_session(self):
        """The session went in after the change had swept the user's sessions."""
        self.people.add("racer", "scanner")
        session = self.people.login("racer")
        row = self.db.query(f"SELECT user_id, payload FROM sessions WHERE id = '{self.id_of(session)}'")[0]
        self.people.ctl("user", "role", "racer", "office")
        self.db.query(f"INSERT INTO sessions VALUES ('{self.id_of(session)}', {row[0]}, '', '', '{row[1]}', "
                      "extract(epoch from now())::integer)")
        self.error(self.client.get("/me", session), 401, "login_required")

    def test_another_host_knows_them(self):
        other = Server(self.db.conninfo, self.settings).start()
        try:
            session = self.people.login("office", client=other.client)
            self.assertEqual(self.client.get("/me", session).json()["username"], "office")
            self.assertEqual(self.client.post("/logout", headers=session).status, 200)
            self.error(other.client.get("/me", session), 401, "login_required")
            other.stop()
        finally:
            other.kill()

    def test_secure_cookies(self):
        for settings, headers, secure in (({"trusted_proxies": "127.0.0.1"}, {"X-Forwarded-Proto": "https"}, True),
                                          ({"trusted_proxies": "127.0.0.1"}, {"X-Forwarded-Proto": "http"}, False),
                                          ({}, {"X-Forwarded-Proto": "https"}, False),
                                          ({"cookie_secure": "on"}, {}, True)):
            other = Server(self.db.conninfo, {**self.settings, **settings}).start()
            try:
                r = other.client.post("/login", {"username": "office", "password": PASSWORD}, headers)
                self.assertEqual("; Secure" in r.headers["set-cookie"], secure, (settings, headers, r))
                other.stop()
            finally:
                other.kill()


    def test_a_proxy_says_https_behind_its_header(self):
        """The header names the client, whose X-Forwarded-Proto would not be believed."""
        other = Server(self.db.conninfo, {**self.settings, "trusted_proxies": "127.0.0.3",
                                          "proxy_protocol": "on"}).start()
        said = urlencode({"username": "office", "password": PASSWORD}).encode()
        try:
            for peer, start, proto, secure in (("127.0.0.3", b"PROXY UNKNOWN\r\n", "https", True),
                                               ("127.0.0.3", NAMED, "https", True),
                                               ("127.0.0.3", NAMED, "http", False),
                                               ("127.0.0.4", b"", "https", False)):
                with self.subTest(peer, start=start, proto=proto), \
                        Connection(other.port.number, source=peer) as c:
                    c.send(start)
                    r = c.request("POST", "/login", said, {**FORM, "X-Forwarded-Proto": proto})
                    self.assertEqual("; Secure" in r.headers["set-cookie"], secure, r)
            other.stop()
        finally:
            other.kill()


class Roles(AuthCase):
    def routes(self):
        with open(os.path.join(ROOT, "server", "router.c"), encoding="utf-8") as f:
            table = re.search(r"routes\[\] = \{(.*?)^\};", f.read(), re.S | re.M).group(1)
        found = re.findall(r'\{\s*HTTP_(\w+),\s*ROLE_(\w+),\s*"([^"]+)",\s*"(\w+)",\s*(\w+),\s*(\w+|"[^"]+"),',
                           table)
        self.assertEqual(len(found), table.count("HTTP_"), "a line that this test cannot read")
        return found

    def test_every_route_and_role(self):
        sessions = {role: self.people.login(role) for role in ROLES}
        routes = self.routes()
        self.assertGreater(len(routes), 20)
        for method, least, path, name, handler, _ in routes:
            path = path.replace("{}", "1").replace("{*}", "1")
            with self.subTest(name):
                r = self.client.request(method, path)
                if least == "ANYONE":
                    self.assertNotIn(r.json()["error"] if r.body[:1] == b"{" and b'"error"' in r.body else "",
                                     ("login_required", "forbidden"), r)
                    continue
                if handler == "NULL":
                    self.assertEqual((r.status, r.headers.get("location", "")[:6]), (303, "/login"), r)
                else:
                    self.error(r, 401, "login_required")
                    self.assertIn("www-authenticate", r.headers)
                for role, session in sessions.items():
                    r = self.client.request(method, path, headers=session)
                    if handler == "NULL":
                        self.assertEqual(r.status, 200, r)
                    elif ROLES.index(role) < ROLES.index(least.lower()):
                        self.error(r, 403, "forbidden")
                        self.assertEqual(r.json()["role"], least.lower())
                        self.assertIn(least.lower(), r.json()["message"])
                    else:
                        self.assertNotIn(r.status, (401, 403), r)

    def test_who_did_it_is_who_logged_in(self):
        office, scanner = self.people.login("office"), self.people.login("scanner")
        kind, body = multipart(b"Waybill Number,Receiver\nAUTH1,Ana\n", "m.csv", uploaded_by="somebody else")
        r = self.client.request("POST", "/upload", body, {"Content-Type": kind, **office})
        self.assertEqual(r.status, 200, r)
        self.assertEqual(self.db.value(f"SELECT uploaded_by FROM uploads WHERE id = {r.json()['id']}"), "office")
        self.assertIn(("office", str(r.json()["id"]), "127.0.0.1"), self.audit("upload"))
        r = self.client.post("/sessions", {"station": "dock 1"}, scanner)
        self.assertEqual((r.status, r.json()["scanned_by"]), (201, "scanner"), r)
        self.assertIn(("scanner", str(r.json()["id"]), "127.0.0.1"), self.audit("session_create"))
        r = self.client.post("/scan", {"waybill_number": "AUTH1"}, scanner)
        self.assertEqual((r.status, r.json()["scanned_by"]), (200, "scanner"), r)
        r = self.client.post("/scan", {"waybill_number": "AUTH1", "scanned_by": "badge 7"}, scanner)
        self.assertEqual(r.json()["scanned_by"], "badge 7", r)
        self.assertEqual(self.audit("scan"), [], "scans are their own record")

    def test_later_deeds_are_theirs_too(self):
        boss = self.people.login("supervisor")
        kind, body = multipart(b"Waybill Number,Receiver\nDEED1,Ana\nDEED2,Ben\n", "m.csv")
        r = self.client.request("POST", "/upload", body, {"Content-Type": kind, **boss})
        self.assertEqual(r.status, 200, r)
        session = self.client.post("/sessions", {"station": "dock 1"}, boss).json()["id"]
        scan = {"waybill_number": "DEED1", "session_id": session, "scan_id": str(uuid.uuid4())}
        self.assertEqual(self.client.post("/scan", scan, boss).status, 200)
        forged = {"by": "somebody else"}
        for method, path, value in (("DELETE", f"/scans/{scan['scan_id']}", forged),
                                    ("POST", "/waybills/DEED2/hold", {**forged, "reason": "torn"}),
                                    ("POST", f"/sessions/{session}/dispatch", forged)):
            r = self.client.request(method, path, json.dumps(value).encode(),
                                    {"Content-Type": "application/json", **boss})
            self.assertEqual(r.status, 200, r)
        self.assertEqual(self.db.value("SELECT voided_by FROM scanned_waybills "
                                       f"WHERE scan_id = '{scan['scan_id']}'"), "supervisor")
        self.assertEqual(self.db.value("SELECT changed_by FROM waybill_events WHERE cause = 'hold'"), "supervisor")
        self.assertEqual(self.db.value(f"SELECT closed_by FROM batch_sessions WHERE id = {session}"), "supervisor")
        for action, subject in (("scan_undo", scan["scan_id"]), ("waybill_hold", "DEED2"),
                                ("session_dispatch", str(session))):
            self.assertIn(("supervisor", subject, "127.0.0.1"), self.audit(action))

    def test_a_scan_is_undone_by_whose_it_is_or_a_supervisor(self):
        self.people.add("ana", "scanner")
        self.people.add("ben", "scanner")
        ana, ben, boss = (self.people.login(who) for who in ("ana", "ben", "supervisor"))

        def scan(**fields):
            key = str(uuid.uuid4())
            r = self.client.post("/scan", {"waybill_number": "UNDO1", "scan_id": key, **fields}, ana)
            self.assertEqual(r.json()["scan_id"], key, r)
            return key

        def undo(key, who, by=""):
            return self.client.request("DELETE", f"/scans/{key}?by={by}", headers=who)

        def others(key, who, by=""):
            self.error(undo(key, who, by), 409, "scan_of_another")

        mine = scan()
        others(mine, ben)
        others(mine, ben, "ana")  # a name somebody logs in with is proved by that login
        others(mine, self.people.login("office"))
        self.assertEqual(self.audit("scan_undo"), [])
        self.assertEqual(self.db.value("SELECT count(voided_at) FROM scanned_waybills "
                                       f"WHERE scan_id = '{mine}'"), "0")
        self.assertEqual(undo(mine, ana).status, 200)
        badge = scan(scanned_by="Badge 7")
        others(badge, ben)
        others(badge, ana)
        others(badge, ben, "Badge%208")
        r = undo(badge, ben, "Badge%207")  # a login that operators share, each with a badge
        self.assertEqual((r.status, r.json()["voided_by"]), (200, "ben"), r)
        theirs = scan()
        r = undo(theirs, boss)
        self.assertEqual((r.status, r.json()["voided_by"]), (200, "supervisor"), r)
        self.error(undo(uuid.uuid4(), ben), 404, "scan_not_found")
        self.assertEqual([(actor, subject) for actor, subject, _ in self.audit("scan_undo")],
                         [("ana", mine), ("ben", badge), ("supervisor", theirs)])
        self.assertEqual(undo(scan(scanned_by="Ana"), ana).status, 200)  # as a person writes it

    def test_the_access_log_names_them(self):
        session = self.people.login("supervisor")
        for form, line in (("combined", r'^127\.0\.0\.1 - supervisor \[.*"GET /me'),
                           ("json", r'"client":"127\.0\.0\.1","user":"supervisor",')):
            other = Server(self.db.conninfo, {**self.settings, "access_log": "-", "access_log_format": form})
            other.start()
            try:
                self.assertEqual(other.client.get("/me", session).status, 200)
                other.wait_for_log(line)
                other.stop()
            finally:
                other.kill()

    def test_every_page_has_the_menu(self):
        for name in sorted(os.listdir(os.path.join(ROOT, "static"))):
            if name.endswith(".html") and name != "login.html":
                with open(os.path.join(ROOT, "static", name), encoding="utf-8") as f:
                    self.assertIn('<script type="module" src="/static/me.js"></script>', f.read(), name)

    def test_a_refused_body_is_not_read(self):
        with self.client.connect() as c:
            c.send(b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=x\r\n"
                   b"Content-Length: 50000000\r\n\r\n")
            r = c.response()
            self.error(r, 401, "login_required")
            self.assertEqual(r.headers["connection"], "close")

    def test_pages_of_other_sites_change_nothing(self):
        session = self.people.login("admin")
        for headers, status in (({}, 404), ({"Sec-Fetch-Site": "same-origin"}, 404),
                                ({"Sec-Fetch-Site": "none"}, 404), ({"Sec-Fetch-Site": "cross-site"}, 403),
                                ({"Sec-Fetch-Site": "same-site"}, 403), ({"Origin": "http://127.0.0.1"}, 404),
                                ({"Origin": "https://127.0.0.1"}, 404), ({"Origin": "http://127.0.0.1:81"}, 403),
                                ({"Origin": "http://evil.example"}, 403), ({"Origin": "null"}, 403),
                                ({"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1"}, 403)):
            r = self.client.request("POST", "/users/no-one/disable", b"", {**session, **headers})
            self.assertEqual(r.status, status, (headers, r))
            if status == 403:
                self.error(r, 403, "cross_site")
        body = f"username=admin&password={PASSWORD}".replace(" ", "+").encode()
        r = self.client.request("POST", "/login", body, {**FORM, "Sec-Fetch-Site": "cross-site"})
        self.error(r, 403, "cross_site")
        # A link from elsewhere may lead here.
        r = self.client.get("/scan", {**HTML, **session, "Sec-Fetch-Site": "cross-site"})
        self.assertEqual(r.status, 200, r)


class Users(AuthCase):
    def setUp(self):
        self.admin = self.people.login("admin")

    def post(self, path, value=None):
        return self.client.post(path, value, self.admin)

    def test_life_of_a_user(self):
        r = self.post("/users", {"username": "Ben.Reyes", "password": "a long enough one", "role": "scanner"})
        self.assertEqual((r.status, r.json()["username"], r.json()["role"]), (201, "ben.reyes", "scanner"), r)
        self.error(self.post("/users", {"username": "ben.reyes", "password": "a long enough one",
                                        "role": "office"}), 409, "user_exists")
        ben = self.people.login("ben.reyes", "a long enough one")
        users = {u["username"]: u for u in self.client.get("/users", self.admin).json()["users"]}
        self.assertEqual((users["ben.reyes"]["role"], users["ben.reyes"]["disabled"],
                          users["ben.reyes"]["sessions"]), ("scanner", False, 1))
        self.assertNotIn("password", str(users))
        r = self.post("/users/ben.reyes/role", {"role": "office"})
        self.assertEqual(r.json(), {"username": "ben.reyes", "role": "office"}, r)
        self.error(self.client.get("/me", ben), 401, "login_required")
        self.assertEqual(self.post("/users/ben.reyes/password", {"password": "another long one"}).status, 200)
        self.people.login("ben.reyes", "another long one")
        self.assertEqual(self.post("/users/ben.reyes/disable").json(), {"username": "ben.reyes", "disabled": True})
        self.error(self.client.post("/login", {"username": "ben.reyes", "password": "another long one"}),
                   401, "wrong_login")
        self.assertEqual(self.post("/users/ben.reyes/enable").json(), {"username": "ben.reyes", "disabled": False})
        self.people.login("ben.reyes", "another long one")
        for action in ("user_add", "user_role", "user_password", "user_disable", "user_enable"):
            self.assertIn(("admin", "ben.reyes", "127.0.0.1"), self.audit(action))

    def test_what_is_refused(self):
        good = {"username": "new", "password": "a long enough one", "role": "scanner"}
        for change, code in (({"username": "a b"}, "bad_username"), ({"username": ""}, "bad_username"),
                             ({"password": "short"}, "bad_password"), ({"password": None}, "bad_password"),
                             ({"password": "x" * 201}, "bad_password"), ({"role": "god"}, "bad_role"),
                             ({"role": None}, "bad_role")):
            self.error(self.post("/users", {**good, **change}), 400, code)
        self.error(self.post("/users/no-one/role", {"role": "admin"}), 404, "user_not_found")
        self.error(self.post("/users/no-one/password", {"password": "a long enough one"}), 404, "user_not_found")
        self.error(self.post("/users/no-one/disable"), 404, "user_not_found")

    def test_the_last_administrator_stays(self):
        self.error(self.post("/users/admin/disable"), 409, "last_admin")
        self.error(self.post("/users/admin/role", {"role": "office"}), 409, "last_admin")
        self.assertEqual(self.client.get("/me", self.admin).status, 200)
        # Two that end each other at the same instant: one is left.
        self.people.add("admin-b", "admin")
        for _ in range(10):
            threads = [threading.Thread(target=self.people.ctl, args=("user", "disable", name),
                                        kwargs={"check": False}) for name in ("admin", "admin-b")]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
            self.assertEqual(self.db.value("SELECT count(*) FROM users WHERE role = 'admin' "
                                           "AND disabled_at IS NULL"), "1")
            for name in ("admin", "admin-b"):
                self.people.ctl("user", "enable", name)
        self.people.ctl("user", "disable", "admin-b")

    def test_the_audit_log_is_paged_and_filtered(self):
        for i in range(5):
            self.people.add(f"paged-{i}", "scanner")
        first = self.client.get("/audit?action=user_add&limit=3", self.admin).json()
        self.assertEqual(len(first["entries"]), 3)
        second = self.client.get(f"/audit?action=user_add&limit=1000&cursor={first['cursor']}", self.admin).json()
        self.assertIsNone(second["cursor"])
        ids = [e["id"] for e in first["entries"] + second["entries"]]
        self.assertEqual(ids, sorted(set(ids), reverse=True))
        self.assertEqual(len(ids), int(self.db.value("SELECT count(*) FROM audit_log WHERE action = 'user_add'")))
        mine = self.client.get("/audit?user=paged-3", self.admin).json()["entries"]
        self.assertEqual([(e["action"], e["subject"], e["detail"]) for e in mine],
                         [("user_add", "paged-3", {"role": "scanner"})])
        self.assertTrue(mine[0]["actor"].startswith("waybillctl"))
        self.assertRegex(mine[0]["at"], r"^\d{4}-\d\d-\d\dT[\d:.]+\+08:00$")
        self.assertEqual(self.client.get("/audit?from=2999-01-01", self.admin).json(),
                         {"entries": [], "cursor": None})
        self.assertEqual(self.client.get("/audit?to=2000-01-01", self.admin).json()["entries"], [])
        for bad in ("limit=0", "limit=1001", "limit=x", "cursor=x", "from=yesterday"):
            self.error(self.client.get(f"/audit?{bad}", self.admin), 400, "bad_field")

    def at_a_terminal(self, words, *typed):
        """(exit status, what the terminal showed) of waybillctl user WORDS."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(os.path.join(BUILD, "waybillctl"),
                      ["waybillctl", "-c", self.server.config_path, "user", *words], self.server.environment)
        shown = b""
        with open(terminal, "r+b", buffering=0) as t:
            for prompt, answer in typed:
                while not shown.endswith(prompt):
                    shown += t.read(1)
                # Not before the echo is off: what comes earlier is thrown away.
                wait_until(lambda: not termios.tcgetattr(t)[3] & termios.ECHO, "the echo is off")
                t.write(answer + b"\n")
            try:
                while piece := t.read(1000):
                    shown += piece
            except OSError:  # its end, as Linux tells it
                pass
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()

    def test_a_password_is_typed_unseen_and_twice(self):
        again = (b"Password: ", b"typed at a terminal"), (b"Again: ", b"typed at a terminal")
        status, shown = self.at_a_terminal(["add", "typist", "--role", "scanner"], *again)
        self.assertEqual(status, 0, shown)
        self.assertNotIn("terminal", shown)
        self.people.login("typist", "typed at a terminal")
        status, shown = self.at_a_terminal(["passwd", "typist"], again[0], (b"Again: ", b"something else"))
        self.assertEqual(status, 2, shown)
        self.assertIn("not the same", shown)
        self.people.login("typist", "typed at a terminal")

    def test_the_tool(self):
        out = self.people.ctl("user", "list").stdout
        self.assertRegex(out, r"(?m)^admin +admin +enabled +\d+$")
        for words, stdin, why in ((("add", "x"), "", "--role is needed"),
                                  (("add", "x", "--role", "god"), "", "'god' is no role"),
                                  (("add", "x", "--role", "office", "--stdin"), "short\n", "8 to 200"),
                                  (("add", "x", "--role", "office", "--stdin"), "", "no password"),
                                  (("add", "x", "--role", "office"), "long enough\n", "no terminal"),
                                  (("add", "a b", "--role", "office"), "", "1 to 64 letters"),
                                  (("add", "admin", "--role", "office", "--stdin"), "long enough\n",
                                   "There is a user admin already"),
                                  (("role", "no-one", "office"), "", "There is no user no-one"),
                                  (("disable", "admin"), "", "last administrator"),
                                  (("frobnicate",), "", "user what?"), ((), "", "user what?")):
            out = self.people.ctl("user", *words, stdin=stdin, check=False)
            self.assertEqual(out.returncode, 2, (words, out))
            self.assertIn(why, out.stderr)
            self.assertEqual(out.stderr.count("\n"), 1)


class Rate(AuthCase):
    settings = {**AuthCase.settings, "login_rate": 6, "workers": 4, "trusted_proxies": "127.0.0.1"}

    def test_so_many_a_minute_over_all_workers(self):
        began = time.monotonic()
        for failed in range(60):
            r = self.client.post("/login", {"username": "nobody", "password": "x"})
            if r.status != 401:
                break
        # One more every ten seconds, where a machine needs so long
        self.assertIn(failed, range(6, 8 + int(time.monotonic() - began) // 10))
        self.error(r, 429, "too_many_logins")
        self.assertIn(int(r.headers["retry-after"]), range(1, 11))
        # Others log in all the same; so do those who are in.
        session = self.people.login("scanner", client=Elsewhere(self.client))
        self.assertEqual(self.client.get("/me", session).status, 200)
        r = self.client.post("/me/password", {"password": "x", "new_password": "long enough"}, session)
        self.error(r, 429, "too_many_logins")
        self.assertRegex(self.client.get("/metrics").body.decode(), r'logins_total\{result="limited"\} [1-9]')


class Elsewhere:
    """The same client at another address, as a trusted proxy names it."""

    def __init__(self, client):
        self.client = client

    def post(self, path, value=None, headers=None):
        return self.client.post(path, value, {"X-Forwarded-For": "10.9.8.7", **(headers or {})})


class Busy(AuthCase):
    settings = {**AuthCase.settings, "tasks": 1}

    def test_logins_do_not_wait_for_uploads(self):
        office = self.people.login("office")
        kind, body = multipart(b"Waybill Number,Receiver\nBUSY1,Ana\n", "m.csv")
        locker = subprocess.Popen(["psql", "-X", "-q", "-d", self.db.conninfo], env=clean_environment(),
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            locker.stdin.write("BEGIN; LOCK TABLE waybills; SELECT 'locked';\n")
            locker.stdin.flush()
            while "locked" not in locker.stdout.readline():
                pass
            done = []
            upload = threading.Thread(target=lambda: done.append(self.client.request(
                "POST", "/upload", body, {"Content-Type": kind, **office})))
            upload.start()
            wait_until(lambda: self.db.value("SELECT count(*) FROM pg_stat_activity WHERE "
                                             "datname = current_database() AND wait_event = 'relation'") != "0",
                       "the upload waits")
            self.people.login("scanner")
            self.assertEqual(done, [])
        finally:
            locker.stdin.close()
            locker.wait()
            locker.stdout.close()
        upload.join()
        self.assertEqual(done[0].status, 200, done)


class Away(AuthCase):
    expected_errors = [r"database|connect|\bme\b|login|scan_page"]

    def test_pages_load_and_data_say_503_without_the_database(self):
        session = self.people.login("scanner")
        admin = Database(self.db.cluster, "postgres")
        admin.query(f'ALTER DATABASE "{self.db.name}" ALLOW_CONNECTIONS false', role="postgres")
        try:
            admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        f"WHERE datname = '{self.db.name}'", role="postgres")
            wait_until(lambda: not admin.query("SELECT FROM pg_stat_activity WHERE "
                                               f"datname = '{self.db.name}'", role="postgres"),
                       "they are gone", 60)
            self.assertEqual(self.client.get("/scan", {**HTML, **session}).status, 200)
            r = self.client.get("/me", session)
            self.error(r, 503, "database_unreachable")
            self.assertIn("retry-after", r.headers)
            # A worker that a pooler kept waiting sheds what came meanwhile.
            r = wait_until(lambda: next((r for r in [self.client.post(
                "/login", {"username": "scanner", "password": PASSWORD})]
                if not POOLED or r.json()["error"] != "busy"), None), "it is not shed", 60)
            self.error(r, 503, "database_unreachable")
        finally:
            admin.query(f'ALTER DATABASE "{self.db.name}" ALLOW_CONNECTIONS true', role="postgres")
        wait_until(lambda: self.client.get("/me", session).status == 200, "the session is known again")


class SlowLookup(AuthCase):
    settings = {**AuthCase.settings, "slow_log": "300ms"}
    expected_errors = [r"lock timeout", r"slow: ", r"ended by signal 9, last route session_list"]

    def waits(self, holder):
        wait_until(lambda: holder.run("SELECT count(*) FROM pg_locks WHERE NOT granted") != "0",
                   "it waits")

    def test_is_a_part_of_its_request(self):
        session = self.people.login("scanner")
        with PsqlSession(self.db.conninfo) as holder:
            for name, status in (("lookup-1", 503), ("lookup-2", 200)):
                holder.run("BEGIN; LOCK TABLE sessions")
                answers = []
                asks = threading.Thread(target=lambda n=name: answers.append(
                    self.client.get("/me", {**session, "X-Request-Id": n})))
                asks.start()
                if status == 200:
                    self.waits(holder)
                    holder.run("SELECT pg_sleep(0.5)")
                    holder.run("ROLLBACK")
                asks.join()
                holder.run("ROLLBACK")
                self.assertEqual(answers[0].status, status, answers)
                took = self.server.wait_for_log(
                    rf"slow: me {name}: answered {status} after (\d+) ms, database (\d+) ms, "
                    r"longest statement 'auth_check'")
                self.assertGreaterEqual(int(took[1]), int(took[2]))
                self.assertGreaterEqual(int(took[2]), 400)

    def test_shows_its_worker_at_its_request(self):
        session = self.people.login("scanner")
        self.assertEqual(self.client.get("/me", session).status, 200)
        with PsqlSession(self.db.conninfo) as holder, self.client.connect() as c:
            holder.run("BEGIN; LOCK TABLE sessions")
            c.send(f"GET /sessions HTTP/1.1\r\nHost: a\r\nCookie: {session['Cookie']}\r\n\r\n".encode())
            self.waits(holder)
            out = subprocess.run([os.path.join(BUILD, "waybillctl"), "-c", self.server.config_path,
                                  "status"], env=clean_environment(), stdin=subprocess.DEVNULL,
                                 capture_output=True, text=True, check=True).stdout
            busy = re.search(r"^worker +(\d+) +busy .* session_list$", out, re.MULTILINE)
            self.assertIsNotNone(busy, out)
            os.kill(int(busy[1]), signal.SIGKILL)
            self.server.wait_for_log(rf"worker {busy[1]} was ended by signal 9, last route session_list")
            holder.run("ROLLBACK")


class Off(ServerCase):
    settings = {"workers": 2, "metrics_from": "10.0.0.0/8"}

    def test_nobody_logs_in(self):
        self.assertEqual(self.client.get("/me").json(), {"auth": False})
        for method, path in (("GET", "/login"), ("POST", "/login"), ("POST", "/logout"), ("GET", "/users"),
                             ("POST", "/users"), ("GET", "/audit")):
            r = self.client.request(method, path)
            self.assertEqual((r.status, r.json()["error"]), (404, "auth_off"), r)
        r = self.client.post("/sessions", {"scanned_by": "ana"}, {"Sec-Fetch-Site": "cross-site"})
        self.assertEqual(r.status, 201, r)
        self.assertEqual(self.db.value("SELECT count(*) FROM audit_log"), "0")

    def test_metrics_are_for_those_named(self):
        self.assertEqual(self.client.get("/metrics").status, 403)

    def test_the_check_warns_without_an_administrator(self):
        people = People(self.server)
        for expected in (True, False):
            out = subprocess.run([os.path.join(BUILD, "waybilld"), "-c", self.server.config_path, "-t"],
                                 env={**self.server.environment, "WAYBILL_AUTH": "on"},
                                 capture_output=True, text=True, check=False)
            self.assertEqual(out.returncode, 0, out)
            self.assertEqual("no administrator" in out.stderr, expected, out)
            if expected:
                people.add("boss", "admin")
