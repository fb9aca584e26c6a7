"""The rules of the tree that a compiler alone does not see."""

import glob
import os
import re
import subprocess
import tempfile
import unittest

from support.pg import BUILD, ROOT


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def files(*patterns):
    found = []
    for pattern in patterns:
        found += glob.glob(os.path.join(ROOT, pattern))
    return sorted(os.path.relpath(f, ROOT) for f in found)


class Tree(unittest.TestCase):
    def test_each_header_compiles_alone(self):
        include = subprocess.run(["pg_config", "--includedir"], capture_output=True, text=True,
                                 check=True).stdout.strip()
        wrong = []
        for header in files("parse/*.h", "server/*.h"):
            with tempfile.NamedTemporaryFile("w", suffix=".c") as f:
                f.write(f'#include "{header}"\n#include "{header}"\ntypedef int nothing;\n')
                f.flush()
                out = subprocess.run(
                    [os.environ.get("CC", "cc"), "-std=c11", "-D_POSIX_C_SOURCE=200809L", "-I.",
                     f"-I{BUILD}/gen", "-isystem", include, "-Wall", "-Wextra", "-Werror",
                     "-fsyntax-only", f.name],
                    cwd=ROOT, capture_output=True, text=True, check=False)
                if out.returncode != 0:
                    wrong.append(out.stderr)
        self.assertEqual("".join(wrong), "")

    def test_parse_knows_only_itself_and_the_system(self):
        wrong = []
        for path in files("parse/*.[ch]"):
            for name in re.findall(r'#include ["<]([^">]+)', read(path)):
                if name.startswith(("server/", "tests/", "libpq", "sql_table")):
                    wrong.append(f"{path} includes {name}")
        self.assertEqual(wrong, [])

    def test_only_the_database_modules_know_libpq(self):
        wrong = [path for path in files("server/*.[ch]") if "libpq-fe.h" in read(path)
                 and not re.match(r"(db|stmt|migrate|pq)[._]", os.path.basename(path))]
        self.assertEqual(wrong, [])

    def test_no_sql_stands_in_c(self):
        sql = re.compile(r'"\s*(SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE TABLE)\b')
        wrong = [path for path in files("server/*.[ch]", "parse/*.[ch]") if sql.search(read(path))]
        self.assertEqual(wrong, [])

    def test_each_status_that_is_answered_is_counted(self):
        """410 was counted as "other", and went out as "410 Unknown"."""
        table = re.search(r"statuses\[.*?\};", read("server/metrics.c"), re.DOTALL).group()
        counted = set(re.findall(r"\b\d{3}\b", table))
        said = {status for path in files("server/*.c") for status in
                re.findall(r"(?:res,|status =)\s+(\d{3})\b", read(path))}
        self.assertIn("404", said)
        self.assertEqual(said - counted, set())

    def test_a_file_stays_under_600_lines(self):
        wrong = {path: read(path).count("\n") for path in files("server/*.c", "parse/*.c")
                 if read(path).count("\n") > 600}
        self.assertEqual(wrong, {})

    def test_the_sample_configuration_shows_every_key_and_its_default(self):
        keys = dict(re.findall(r'^\t\{ "(\w+)", \w+, AT\(\w+\), "?([^",]*)"?,', read("server/config.c"),
                               re.MULTILINE))
        self.assertGreater(len(keys), 20)
        keys["static_dir"] = "/usr/local/share/waybill/static"
        shown = dict(re.findall(r"^#(\w+) =[ ]?(.*)$", read("conf/waybilld.conf"), re.MULTILINE))
        self.assertEqual(shown, keys)
