"""A scene: eight stations scan through a lab's virtual address (support/lab.py), something happens,
and what every station heard is compared with what is recorded (support/scan_check.py)."""

import os

from .shift import Shift

LONG = os.environ.get("WBTEST_LONG")
TABLE = []


def scene(test, lab, name, act, limit, failed=None, back=lambda: None, seconds=60):
    """Longest wait of a station while act() happens, below limit seconds (three times that in the
    short form, on machines that have other things to do); nothing lost. back() repairs what does
    not come back by itself."""
    shift = Shift(lab, seconds)
    try:
        shift.wait_for_more(150)
        test.addCleanup(lab.repair)
        act()
        shift.wait_for_more(150)
        back()
        lab.wait_well()
        shift.wait_for_more(100)
    finally:
        shift.stop()
    floor, found = shift.floor, shift.violations()
    wait, who, since = floor.longest_wait()
    if not LONG:
        limit *= 3
    lost = sum(v.kind == "lost" for v in found)
    TABLE.append((name, str(len(floor.scans)), str(len(floor.failed)), f"{wait:.2f} s",
                  f"{limit:g} s", str(lost)))
    why = "\n".join(f"    {t - since:8.3f} {where} {text[:150]}"
                    for t, where, text in floor.failed[:20])
    print(f"  {name}: {len(floor.failed)} of {len(floor.scans)} failed, longest gap {wait:.2f} s "
          f"({who}), {len(found)} violations\n{why}", flush=True)
    test.assertEqual(len(found), 0, "\n".join(map(str, found[:5])))
    test.assertLess(wait, limit, f"{who}\n{why}")
    if failed is not None:
        test.assertLessEqual(len(floor.failed), failed, why)


def print_table():
    head = ("scenario", "scans", "failed requests", "longest gap", "limit", "lost scans")
    print("\n| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for row in TABLE:
        print("| " + " | ".join(row) + " |")
