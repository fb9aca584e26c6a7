"""The previous release, built from this repository's history.

    old = previous()                    # None, with a reason, where that is not to be had
    Server(db.conninfo, {"static_dir": old.static}, programs=old.programs)
"""

import fcntl
import os
import shutil
import subprocess
import unittest

from .pg import BUILD, ROOT, clean_environment

# What runs at the sites today; each release puts the one before here.
PREVIOUS = "2eade37bc42479505713d118fb7afc6ee9508f52"


class Release:
    def __init__(self, folder):
        self.programs = os.path.join(folder, "build")
        self.static = os.path.join(folder, "static")

    def run(self, conninfo, *words):
        """Its waybillctl."""
        return run(os.path.join(self.programs, "waybillctl"), *words,
                   env={**clean_environment(), "WAYBILL_DATABASE": conninfo})


def run(*words, **more):
    return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False, **more)


def previous():
    """Built once for each build folder. Skips the test where there is no history (a release's
    archive, a shallow clone)."""
    if shutil.which("git") is None:
        raise unittest.SkipTest("there is no git here")
    if run("git", "-C", ROOT, "cat-file", "-e", PREVIOUS + "^{commit}").returncode != 0:
        raise unittest.SkipTest(f"the previous release, {PREVIOUS[:12]}, is not in this history: "
                                "a clone that is not shallow has it")
    folder = os.path.join(BUILD, "previous", PREVIOUS[:12])
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    with open(folder + ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(folder):
            _build(folder)
    return Release(folder)


def _build(folder):
    new = folder + ".new"
    shutil.rmtree(new, ignore_errors=True)
    os.mkdir(new)
    archive = subprocess.run(["git", "-C", ROOT, "archive", PREVIOUS], check=True,
                             stdout=subprocess.PIPE).stdout
    subprocess.run(["tar", "-x", "-C", new], input=archive, check=True)
    environment = {k: v for k, v in clean_environment().items()
                   if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "SAN")}
    # Quickly: what it does is asked, not how fast.
    out = run("make", "-s", "-j2", "-C", new, "OPT=-O0", "HARDEN=", "all", env=environment)
    if out.returncode != 0:
        raise AssertionError(f"the previous release does not build\n{out.stdout}{out.stderr}")
    os.rename(new, folder)
