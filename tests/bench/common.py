"""What every part of the performance table shares: the settings, running and timing commands, and
the figures noted so far."""

import os
import re
import statistics
import subprocess
import sys
import time

from support.pg import BUILD, ROOT, clean_environment

HERE = os.path.join(ROOT, "tests", "bench")
RUNS = int(os.environ.get("RUNS", "5"))
ROWS = int(os.environ.get("ROWS", "100000"))
BOOK = int(os.environ.get("BOOK", "500000"))
SECONDS = int(os.environ.get("SECONDS", "5"))
LARGE = int(os.environ.get("LARGE", "0"))
WORKERS = 20
LESS = ("s", "ms", "connections", "KiB")  # units of which less is better

figures = {}  # name -> (unit, [one value per round])


def note(name, unit, value):
    figures.setdefault(name, (unit, []))[1].append(value)


def run(*command, **options):
    """Standard output of a command that must succeed."""
    out = subprocess.run([str(c) for c in command], env=clean_environment(), text=True,
                         stdin=subprocess.DEVNULL, capture_output=True, check=False, **options)
    if out.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}: exit {out.returncode}\n"
                         f"{out.stdout}{out.stderr}")
    return out.stdout


def timed(call):
    begin = time.monotonic()
    call()
    return time.monotonic() - begin


def statement(name):
    """A statement file without its comments."""
    with open(os.path.join(ROOT, "sql", "query", name + ".sql"), encoding="utf-8") as f:
        return "".join(line for line in f if not line.lstrip().startswith("--")).strip()


def sample(rows, path, *options):
    run(os.path.join(BUILD, "waybillctl"), "sample", rows, path, "--seed", 9, *options)
    return path


def wrk_figures(url, script, connections, *arguments):
    """What the script tells, by name. A round with a failed request does not count and is
    measured again, twice at most."""
    for _ in range(3):
        out = run("wrk", "-t", 2, "-c", connections, "-d", f"{SECONDS}s", "-s",
                  os.path.join(HERE, script), url, *(["--", *arguments] if arguments else []))
        words = dict(re.findall(r"^(rate|p\d+_ms|faults) ([\d.]+)$", out, re.MULTILINE))
        if words.get("faults") == "0":
            return {name: float(n) for name, n in words.items()}
        print(f"measuring again: {words.get('faults')} failed requests of {url}", file=sys.stderr)
    raise SystemExit(f"wrk {url}: requests fail\n{out}")


def wrk(url, script, connections, *arguments):
    """(requests a second, 99th percentile in ms)."""
    words = wrk_figures(url, script, connections, *arguments)
    return words["rate"], words["p99_ms"]


def median(name):
    return statistics.median(figures[name][1])


def shown(name):
    value, unit = median(name), figures[name][0]
    return (f"{value:.2f} {unit}" if value < 100 and unit in (*LESS, "of it")
            else f"{value:,.0f} {unit}")
