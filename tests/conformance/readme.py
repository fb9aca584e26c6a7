#!/usr/bin/env python3
"""Writes README.md beside it anew, out of the table and the differences."""

import os
import sys

if __name__ == "__main__":
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
from conformance.differences import DIFFERENCES  # noqa: E402
from conformance.table import ROWS  # noqa: E402

README = os.path.join(os.path.dirname(os.path.abspath(__file__)), "README.md")
TOP = """# The conformance table

{rows} requests and runs of requests, each with the section of the RFC that it is about, the bytes
that are sent, and what must come back: the answers in their order, and whether the connection goes
on. `request_line.py`, `framing.py` and `files.py` hold them, `rows.py` says what a row is, and
`tests/integration/test_conformance.py` asks them of the real server: at once, byte by byte, and with
more requests behind. `make check-integration T=conformance` runs it.

This file is written by `tests/conformance/readme.py` out of the table; the test compares.

## Where nginx answers otherwise

{asked} of the rows are asked of nginx 1.22 and 1.26 too, with the settings of its package (the other rows are
about what this server alone has). It answers {same} of them alike. The others are meant to differ;
when nginx stops differing, or begins to, the test fails.

`kept`: the connection goes on; `closed`: it ends; `waits`: nothing more came; `!name`: that field of
the answer (or its body) is not what the table asks for; `?`: no HTTP answer.

## A client that ends its sending side

Who shuts down its sending side behind a whole request is answered all the same (RFC 9112 section
9.6), but for what a task does: uploads, and waybills as a file. There such a client is taken for
gone, its task is ended and nothing is answered, on purpose, and as nginx does by default before it
has an answer from behind it (`proxy_ignore_client_abort off`). A client that left looks the same
until something is written to it, a task writes nothing for minutes, and a machine full of tasks for
nobody would keep the others waiting. An upload ended so left nothing behind; it is sent again
with its `upload_key`.
"""


def written():
    rows = {row.name: row for row in ROWS}
    asked = sum(row.nginx for row in ROWS)
    differ = sum(len(r) for r in DIFFERENCES.values())
    text = [TOP.format(rows=len(ROWS), asked=asked, same=asked - differ)]
    for reason, outcomes in DIFFERENCES.items():
        text.append(f"\n{reason}\n\n| row | RFC | here | nginx |\n|---|---|---|---|\n")
        text += [f"| {name} | {rows[name].section} | {rows[name].outcome} | {outcome} |\n"
                 for name, outcome in outcomes.items()]
    return "".join(text)


if __name__ == "__main__":
    with open(README, "w", encoding="utf-8") as f:
        f.write(written())
