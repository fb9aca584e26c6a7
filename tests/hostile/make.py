#!/usr/bin/env python3
"""Writes the files: make.py FOLDER [NAME...]"""

import os
import sys

if __name__ == "__main__":
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
from hostile.table import CASES  # noqa: E402


def write(folder, names=()):
    for case in CASES:
        if not names or case.name in names:
            with open(os.path.join(folder, case.file), "wb") as f:
                f.write(case.make())


if __name__ == "__main__":
    write(sys.argv[1], sys.argv[2:])
