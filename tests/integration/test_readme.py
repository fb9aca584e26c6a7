"""The tour of README.md gives what it shows: each "$ command" of a console block is run, and its
output compared with the lines below it, where ... stands for anything."""

import os
import re
import subprocess
import tempfile

from support.pg import BUILD, ROOT, clean_environment
from support.server import ServerCase


def blocks(text):
    """[(command, expected output)] of all console blocks, in order."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


def fits(expected, got):
    pattern = ".*".join(re.escape(p) for p in expected.strip().split("..."))
    return re.fullmatch(pattern, got.strip(), re.DOTALL) is not None


class Readme(ServerCase):
    settings = {"workers": 20, "queue_workers": 1}

    def test_the_tour(self):
        with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as f:
            steps = blocks(f.read())
        self.assertGreater(len(steps), 8)
        with tempfile.TemporaryDirectory() as folder:
            for command, expected in steps:
                here = command.replace("http://127.0.0.1:8080", self.server.url)
                here = here.replace("build/run/waybilld.conf", self.server.config_path)
                here = here.replace("/tmp/manifest.csv", os.path.join(folder, "manifest.csv"))
                here = here.replace("build/waybill", os.path.join(BUILD, "waybill"))
                out = subprocess.run(["sh", "-c", here], cwd=ROOT, env=clean_environment(),
                                     stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                     check=False)
                self.assertTrue(fits(expected, out.stdout + out.stderr),
                                f"$ {here}\n{out.stdout}{out.stderr}\nexpected:\n{expected}")

    def test_the_settings_table_shows_every_key_and_its_default(self):
        with open(os.path.join(ROOT, "conf", "waybilld.conf"), encoding="utf-8") as f:
            keys = dict(re.findall(r"^#(\w+) =[ ]?(.*)$", f.read(), re.MULTILINE))
        keys["static_dir"] = "PREFIX/share/waybill/static"
        with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as f:
            table = f.read().split("## Settings")[1].split("##")[0]
        shown = dict(re.findall(r"^\| `(\w+)` \| `?([^`|]*?)`? ?\| ", table, re.MULTILINE))
        self.assertEqual({k: v.strip() for k, v in shown.items()}, keys)
