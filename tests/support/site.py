"""A site on this machine's loopback addresses: a site.conf, and conf/'s files rendered for it."""

import os
import shutil
import subprocess
import tempfile

from .pg import ROOT, clean_environment

SITE = os.path.join(ROOT, "ops", "site")
CONF = os.path.join(ROOT, "conf")

TEXT = """vip = 127.0.77.10
network = 127.0.0.0/8
gateway = 127.0.77.1
dns = 127.0.77.1
domain = waybill.test
host = lb1 lb 127.0.77.11 1G 1 10G
host = lb2 lb 127.0.77.12 1G 1 10G
host = app1 app 127.0.77.21
host = app2 app 127.0.77.22
host = db db 127.0.77.31 8G 4 100G
host = db2 db 127.0.77.32 8G 4 100G
host = mon mon 127.0.77.41
vm_ssh_key = ~/.ssh/id_ed25519.pub
"""
# What the set-up scripts find out on a host.
FOUND = {"stats_password": "secret of the page", "interface": "lo", "standby": "",
         "db_verifier": ""}


def program(name):
    """Its path, or None: servers' programs are not on everybody's PATH."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def run(*words, **more):
    return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False, env={**clean_environment(), **more.pop("env", {})}, **more)


def certificate(folder):
    """Path of a file with one of its own making, and its key."""
    pem = os.path.join(folder, "site.pem")
    out = run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
              "-nodes", "-days", "2", "-subj", "/CN=waybill.test", "-keyout", pem + ".key",
              "-out", pem)
    assert out.returncode == 0, out.stderr
    with open(pem + ".key", encoding="ascii") as key, open(pem, "a", encoding="ascii") as f:
        f.write(key.read())
    os.unlink(pem + ".key")  # else HAProxy would take it from there
    return pem


class Site:
    def __init__(self, **settings):
        self.folder = tempfile.mkdtemp(prefix="waybill-site-")
        self.path = os.path.join(self.folder, "site.conf")
        with open(self.path, "w", encoding="utf-8") as f:
            f.write(TEXT)
            f.writelines(f"{k} = {v}\n" for k, v in settings.items())

    def get(self, key):
        return run(SITE, "--site", self.path, "get", key).stdout.strip()

    def text(self, template, host, **values):
        words = [f"{k}={v}" for k, v in {**FOUND, **values}.items()]
        out = run(SITE, "--site", self.path, "render", os.path.join(CONF, template),
                  "--host", host, *words)
        assert out.returncode == 0, out.stderr
        return out.stdout

    def render(self, template, host, change=lambda text: text, **values):
        """Path of the rendered file."""
        path = os.path.join(self.folder, f"{host}-{template}")
        with open(path, "w", encoding="utf-8") as f:
            f.write(change(self.text(template, host, **values)))
        os.chmod(path, 0o600)
        return path

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)
