#!/usr/bin/env python3
"""Writes README.md beside it anew, out of the table."""

import os
import sys

if __name__ == "__main__":
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
from hostile.table import CASES  # noqa: E402

README = os.path.join(os.path.dirname(os.path.abspath(__file__)), "README.md")
TOP = """# Hostile files

{cases} files that no program should write, or that are no manifests at all, each with what must become
of it: {refused} are refused, by a stable code and a message that has the words below; {read} are read
right, however strange they are. `zips.py`, `sheets.py`, `texts.py` and `kinds.py` hold them, `case.py`
says what a case is, `archive.py` writes ZIP archives in which any field can lie, and `make.py FOLDER`
writes the files. What is random in them has its seed.

`tests/integration/test_hostile.py` puts each through `waybillctl rows`, `waybillctl rows --check` and
`POST /upload` of the real server: that verdict, in less than {cpu:g} s of processor time and {memory} MiB;
of a refused file nothing is loaded, and nothing stays in the spool. `make check-integration T=hostile`
runs it.

`exit`: of `rows` (and of `rows --check`, where that is another). `rows`: waybills that `POST /upload`
loads, and rows that it rejects by themselves.

This file is written by `tests/hostile/readme.py` out of the table; the test compares.

| file | what it is | exit | `POST /upload` | rows | words |
|---|---|---|---|---|---|
"""
CPU, MEMORY = 2.0, 64  # seconds, MiB


def line(case):
    status = "0" if case.exit == 0 else str(case.exit)
    if case.of_check != case.exit:
        status += f", {case.of_check}"
    answer = f"{case.status} {case.code}".strip()
    rows = "" if case.code else str(len(case.waybills)) + (
        f", {case.rejected} rejected" if case.rejected else "")
    words = f"`{case.words}`".replace("|", "\\|") if case.words else ""
    what = case.what.replace("|", "\\|").replace("<", "`<`")
    return f"| {case.file} | {what} | {status} | {answer} | {rows} | {words} |\n"


def written():
    refused = sum(bool(case.code) for case in CASES)
    return TOP.format(cases=len(CASES), refused=refused, read=len(CASES) - refused, cpu=CPU,
                      memory=MEMORY) + "".join(map(line, CASES))


if __name__ == "__main__":
    with open(README, "w", encoding="utf-8") as f:
        f.write(written())
