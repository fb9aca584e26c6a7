"""Reading a workbook beside zlib's inflate of the same entries."""

import os
import subprocess

from bench.common import BOOK, RUNS, note, run, sample, timed
from support.pg import BUILD, clean_environment


def main(_, folder):
    tool = os.path.join(BUILD, "waybillctl")
    for name, options in (("shared", []), ("inline", ["--inline"])):
        path = sample(BOOK, os.path.join(folder, f"{name}.xlsx"), *options)
        for _ in range(RUNS):
            with open(os.devnull, "wb") as null:
                note(f"read_{name}", "s", timed(lambda: subprocess.run(
                    [tool, "rows", path], stdout=null, env=clean_environment(), check=True)))
            note(f"inflate_{name}", "s", timed(
                lambda: run(os.path.join(BUILD, "bench_inflate"), path)))


# What, the figure, its measure, how the measure is named, the ratio (speed to speed) that is
# wanted; None where the row is there to be looked at.
TABLE = [
    (f"reading {BOOK:,} rows, shared strings", "read_shared", "inflate_shared",
     "zlib's inflate of the same entries", 1 / 1.5),
    (f"reading {BOOK:,} rows, inline strings", "read_inline", "inflate_inline",
     "... the same", 1 / 1.5),
]
