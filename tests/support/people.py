"""Users and logins for tests of a server with auth = on.

    people = People(server)
    people.add("ana", "scanner")          # by waybillctl
    server.client.get("/me", people.login("ana"))
"""

import os
import re
import subprocess

from .pg import BUILD

PASSWORD = "correct horse battery"
ROLES = ["scanner", "office", "supervisor", "admin"]


class People:
    def __init__(self, server):
        self.server = server

    def ctl(self, *words, stdin="", check=True):
        out = subprocess.run(
            [os.path.join(BUILD, "waybillctl"), "-c", self.server.config_path, *words],
            env=self.server.environment, input=stdin, capture_output=True, text=True, check=False)
        if check and out.returncode != 0:
            raise AssertionError(f"waybillctl {words}: {out.returncode} {out.stderr}")
        return out

    def add(self, name, role, password=PASSWORD):
        self.ctl("user", "add", name, "--role", role, "--stdin", stdin=password + "\n")

    def add_all(self):
        """One of each role, named like it."""
        for role in ROLES:
            self.add(role, role)

    def login(self, name, password=PASSWORD, client=None):
        """The Cookie field of a fresh session."""
        r = (client or self.server.client).post("/login", {"username": name, "password": password})
        if r.status != 200:
            raise AssertionError(f"login of {name}: {r}")
        return {"Cookie": cookie(r)}


def cookie(response):
    """name=value of the Set-Cookie field."""
    return re.match(r"[^;]*", response.headers["set-cookie"]).group()
