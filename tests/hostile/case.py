"""What a hostile file is, and what must become of it."""

from dataclasses import dataclass
from typing import Callable


@dataclass(frozen=True)
class Case:
    name: str  # of the file too, without its ending
    what: str  # in a few words
    make: Callable[[], bytes]
    code: str = ""  # the error's; "" for a file that is read right
    words: str = ""  # a pattern that its message has, from every program alike
    status: int = 200  # of POST /upload
    exit: int = 0  # of waybillctl rows and of rows --check
    check_exit: int | None = None  # of rows --check, when it is another
    waybills: tuple = ()  # numbers that are loaded by it, no others
    rejected: int = 0  # rows that are refused by themselves
    cell: tuple = ()  # (row, column, text), from 0, that rows shows
    ending: str = "xlsx"

    @property
    def file(self):
        return f"{self.name}.{self.ending}"

    @property
    def of_check(self):
        return self.exit if self.check_exit is None else self.check_exit


def read(name, what, make, waybills=("H1",), **more):
    """A file that is read right, however strange."""
    return Case(name, what, make, waybills=tuple(waybills), **more)


def damaged(name, what, make, words, **more):
    return Case(name, what, make, "damaged_file", words, 422, 2, **more)


def too_large(name, what, make, words, **more):
    return Case(name, what, make, "too_large", words, 413, 2, **more)


def no_workbook(name, what, make, words, **more):
    return Case(name, what, make, "not_a_workbook", words, 415, 2, **more)
