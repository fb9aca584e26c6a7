"""Small random workbooks, written by XlsxWriter or by openpyxl, and what openpyxl reads in each:
random_books.py SEED COUNT FOLDER makes FOLDER/N.xlsx, and FOLDER/N.json with the records that
`waybillctl rows` must write. Run by the Python that has the two."""

import datetime
import json
import os
import random
import re
import sys

import openpyxl
import xlsxwriter
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.text import Text
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.xml.constants import SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                                "fixtures", "make"))
from cells import cell, trimmed  # noqa: E402

LETTERS = ["a", "Z", "0", "7", " ", "  ", ",", ";", '"', "'", "&", "<", ">", "]", "]]>", "_",
           "_x", "_x0041_", "_x000a_", "x0041_", "\n", "\t", "ñ", "é", "€", "東京", "😀", "\u00a0",
           "\u200b", "-", "=", "+", "@", "#N/A", "&amp;", "<v>", "TRUE", "1E5", "\ufeff"]
DATES = ["yyyy-mm-dd", "dd/mm/yyyy hh:mm", "m/d/yy", "d-mmm-yy", "mmmm yyyy", "h:mm AM/PM",
         "yyyy\\-mm\\-dd\\ hh:mm:ss.000", '"on "dd/mm/yy', "[$-409]d-mmm-yyyy", "[Red]dd.mm.yyyy"]
NUMBERS = ["General", "0", "0.00", "#,##0.00", "0.00E+00", '0" days"', "[Red]0", "0%", "@",
           '_-"P"* #,##0.00_-', "# ?/?", '"m"0', "\\d0", "[$PHP] #,##0"]


def text(r):
    return "".join(r.choice(LETTERS) for _ in range(r.randrange(1, r.choice([3, 12, 60]))))


def figure(r):
    return r.choice([
        lambda: r.randrange(100), lambda: -r.randrange(10 ** 6), lambda: r.randrange(10 ** 12),
        lambda: r.randrange(10 ** 18), lambda: round(r.uniform(0, 5000), 2),
        lambda: r.uniform(-1, 1), lambda: r.uniform(0, 1) * 10 ** r.randrange(-30, 30),
        lambda: r.randrange(10 ** 4) * 0.1, lambda: 0.0, lambda: 1e21, lambda: 1e-7])()


def day(r):
    moment = datetime.datetime(1904, 1, 2) + datetime.timedelta(
        days=r.randrange(300 * 365), seconds=r.randrange(86400) if r.random() < .7 else 0)
    if r.random() < .2:
        moment += datetime.timedelta(milliseconds=r.randrange(1000))
    return moment


def value(r):
    """(kind, value)"""
    kind = r.choice(["text"] * 5 + ["number"] * 4 + ["date"] * 2 + ["time", "bool", "blank", "blank",
                                                                   "formula"])
    return kind, {"text": text, "number": figure, "date": day, "blank": lambda _: None,
                  "time": lambda r: datetime.time(r.randrange(24), r.randrange(60), r.randrange(60)),
                  "bool": lambda r: r.random() < .5,
                  "formula": lambda r: r.choice([text(r), figure(r)])}[kind](r)


def plan(r):
    """{(row, column): (kind, value)} of a sheet with gaps."""
    places = {}
    for row in range(r.randrange(1, 25)):
        if r.random() < .1:
            continue
        for column in range(r.randrange(1, r.choice([4, 16, 40]))):
            if r.random() < .9:
                places[row, column] = value(r)
    if r.random() < .1:
        places[r.randrange(30, 200), r.randrange(300)] = ("text", text(r))
    return places


def by_xlsxwriter(r, places, path):
    options = {"date_1904": r.random() < .2, "constant_memory": r.random() < .4,
               "use_zip64": r.random() < .2}
    book = xlsxwriter.Workbook(path, options)
    sheet = book.add_worksheet()
    formats = {f: book.add_format({"num_format": f}) for f in DATES + NUMBERS + ["hh:mm:ss"]}
    bold = book.add_format({"bold": True})
    if r.random() < .3:
        sheet.set_row(r.randrange(10), None, None, {"hidden": True})
    if r.random() < .3 and not options["constant_memory"]:
        sheet.merge_range(40, 0, 41, 3, "merged over")
    for (row, column), (kind, v) in sorted(places.items()):
        if kind == "text" and len(v) > 2 and r.random() < .15 and "_" not in v:
            sheet.write_rich_string(row, column, v[:1], bold, v[1:2], v[2:])
        elif kind == "text":
            sheet.write_string(row, column, v, *([bold] if r.random() < .1 else []))
        elif kind == "number":
            sheet.write_number(row, column, v, formats[r.choice(NUMBERS)]
                               if r.random() < .5 else None)
        elif kind == "date":
            sheet.write_datetime(row, column, v, formats[r.choice(DATES)])
        elif kind == "time":
            sheet.write_datetime(row, column, v, formats["hh:mm:ss"])
        elif kind == "bool":
            sheet.write_boolean(row, column, v)
        elif kind == "formula":
            sheet.write_formula(row, column, "=A1&B1", None, v)
        else:
            sheet.write_blank(row, column, None, bold)
    book.close()


def by_openpyxl(r, places, path):
    streamed = r.random() < .4
    book = openpyxl.Workbook(write_only=streamed)
    if r.random() < .2:
        book.epoch = CALENDAR_MAC_1904
    sheet = book.create_sheet() if streamed else book.active
    last = max(row for row, _ in places) if places else 0
    for row in range(last + 1):
        columns = sorted(c for r_, c in places if r_ == row)
        record = []
        for column in range(columns[-1] + 1 if columns else 0):
            kind, v = places.get((row, column), ("blank", None))
            c = WriteOnlyCell(sheet) if streamed else sheet.cell(row + 1, column + 1)
            if kind in ("text", "formula"):
                c.value = str(v)
                c.data_type = "s"
            elif v is not None:
                c.value = v
            if kind == "date":
                c.number_format = r.choice(DATES)
            elif kind == "number" and r.random() < .5:
                c.number_format = r.choice(NUMBERS)
            record.append(c)
        if streamed:
            sheet.append(record)
    if not streamed:
        if r.random() < .3:
            sheet.merge_cells("A40:C41")
        if r.random() < .3:
            sheet.row_dimensions[2].hidden = True
    book.save(path)


# Where openpyxl is not followed, each with its reason:
#   escapes    ECMA-376 part 1, 22.9.2.19: _xHHHH_ in a text stands for a character. openpyxl leaves
#              them, and takes every "x005F_" out of shared strings, as if nothing but an escaped
#              underscore could be meant
#   exponents  numbers from 10^21 on and below 10^-6 are written so here (cells.py: number)


def whole_strings(source):
    """openpyxl's read_string_table(), with nothing taken out."""
    strings = []
    for _, node in iterparse(source):
        if node.tag == f"{{{SHEET_MAIN_NS}}}si":
            strings.append(Text.from_tree(node).content)
            node.clear()
    return strings


openpyxl.reader.excel.read_string_table = whole_strings


def unescaped(value):
    if not isinstance(value, str):
        return value
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda m: chr(int(m[1], 16)), value)


def read(path):
    sheet = openpyxl.load_workbook(path, data_only=True).worksheets[0]
    records = [trimmed([cell(unescaped(v)) for v in values])
               for values in sheet.iter_rows(min_row=1, min_col=1, values_only=True)]
    while records and not records[-1]:
        records.pop()
    return records


def main():
    seed, count, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    for i in range(count):
        r = random.Random(seed * 1000003 + i)
        path = os.path.join(folder, f"{i}.xlsx")
        places, program = plan(r), r.choice([by_xlsxwriter, by_openpyxl])
        program(r, places, path)
        with open(os.path.join(folder, f"{i}.json"), "w", encoding="utf-8") as f:
            json.dump(read(path), f)


if __name__ == "__main__":
    main()
