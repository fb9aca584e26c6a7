"""Workbooks whose XML, references, numbers or relationships are not what they should be."""

import random

from . import book as b
from .archive import STORED, Entry, archive
from .case import damaged, read, too_large

DTD = '<?xml version="1.0"?><!DOCTYPE worksheet [{}]>'


def with_dtd(inner, rows=b.ROW2):
    return b.with_sheet(b.sheet(rows).replace(b.HEAD, DTD.format(inner)))


def laughs():
    return with_dtd('<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {chr(c)} "{f"&{chr(c - 1)};" * 10}">' for c in range(ord("b"), ord("k"))),
        b.ROW2.replace("Ana", "&j;"))


def row2(first=b.text("A2", "H1"), second=b.text("B2", "Ana"), third="<c r=\"C2\"><v>100</v></c>",
         more=""):
    return f'<row r="2"{more}>{first}{second}{third}</row>'


def number(value, style=""):
    return b.with_rows(row2(third=f'<c r="C2"{style}><v>{value}</v></c>'))


def extra(value):
    """A number in a column that no field takes."""
    return b.with_rows(row2(more="") .replace("</row>", f'<c r="D2"><v>{value}</v></c></row>'),
                       headings=b.HEADINGS.replace("</row>", b.text("D1", "Note") + "</row>"))


def dated(value, more="", fmt=14):
    return b.book({
        b.STYLES: b.styles(xfs=f'<xf numFmtId="0"/><xf numFmtId="{fmt}"/>'),
        b.BOOK: b.workbook(top=more),
        b.SHEET: b.sheet(row2().replace("</row>", f'<c r="D2" s="1"><v>{value}</v></c></row>'),
                         headings=b.HEADINGS.replace("</row>", b.text("D1", "Printed") + "</row>")),
    })


def shared(index, values=("Ana", "Ben"), more=""):
    return b.book({b.STRINGS: b.strings(*values, more=more),
                   b.SHEET: b.sheet(row2(second=f'<c r="B2" t="s"><v>{index}</v></c>'))})


def related(*targets, more="", sheets=None):
    changed = {b.BOOK_RELS: b.rels(*targets, more=more)}
    if sheets is not None:
        changed[b.BOOK] = b.workbook(sheets)
    return b.book(changed)


def thousand_sheets(n):
    names = [f"xl/worksheets/s{i}.xml" for i in range(n)]
    empty = b.sheet("", "").encode()
    rels = [(f"r{i}", "worksheet", f"worksheets/s{i}.xml") for i in range(n)]
    rels.append(("rId1", "worksheet", "worksheets/sheet1.xml"))
    sheets = "".join(f'<sheet name="S{i}" sheetId="{i + 2}" r:id="r{i}"/>' for i in range(n))
    return archive(b.entries({
        b.BOOK: b.workbook(sheets + '<sheet name="Manifest" sheetId="1" r:id="rId1"/>'),
        b.BOOK_RELS: b.rels(*rels)}) + [Entry(name, empty, STORED) for name in names])


def far_parts(own=False):
    """4,000 sheets, each by a name in another case than its part's; names differ at their ends
    alone, so that whoever compares them one by one never ends. own: each has a part of its own."""
    stem = "x" * 900
    n = 4000
    rels = [(f"r{i}", "worksheet", f"{stem}{i if own else 9999:04}.XML") for i in range(n)]
    sheets = "".join(f'<sheet name="S{i}" sheetId="{i + 2}" r:id="r{i}"/>' for i in range(n))
    empty, last = b.sheet("", "").encode(), n - 1 if own else 9999
    return archive(b.entries({b.BOOK: b.workbook(sheets), b.BOOK_RELS: b.rels(*rels), b.SHEET: None}) +
                   [Entry(f"xl/{stem}{i:04}.xml", b.sheet().encode() if i == last else empty, STORED)
                    for i in range(9900)] + [Entry(f"xl/{stem}9999.xml", b.sheet().encode())][own:])


def utf16(xml, order):
    return xml.replace("UTF-8", "UTF-16").encode(order)


def noise_text(n, seed=2):
    """Characters that no packer shortens much."""
    return random.Random(seed).randbytes(n // 2).hex()


def noise(seed, n=400):
    """A sheet in which n bytes are others."""
    rng = random.Random(seed)
    data = bytearray(b.sheet("".join(row2().replace("2", str(i)) for i in range(2, 60))).encode())
    for _ in range(n):
        data[rng.randrange(200, len(data))] = rng.randrange(256)
    return b.book({b.SHEET: bytes(data)})


NINES = "9" * 400

CASES = [
    # --- XML
    damaged("xml-dtd", "a document type declaration", lambda: with_dtd(""),
            r"document type declaration"),
    damaged("xml-laughs", "a billion laughs", laughs, r"document type declaration"),
    damaged("xml-external", "an external entity, file:///etc/passwd",
            lambda: with_dtd('<!ENTITY x SYSTEM "file:///etc/passwd">', b.ROW2.replace("Ana", "&x;")),
            r"document type declaration"),
    damaged("xml-parameter", "an external parameter entity",
            lambda: with_dtd('<!ENTITY % p SYSTEM "http://127.0.0.1/x.dtd"> %p;'),
            r"document type declaration"),
    damaged("xml-entity", "an entity that nobody declared",
            lambda: b.with_rows(b.ROW2.replace("Ana", "&nbsp;")), r"unknown entity|entity"),
    damaged("xml-entity-endless", "a reference that does not end",
            lambda: b.with_rows(b.ROW2.replace("Ana", "&" + "a" * 300_000)), r"reference|entity|row 2"),
    damaged("xml-character-zero", "a reference to U+0000",
            lambda: b.with_rows(b.ROW2.replace("Ana", "&#0;")), r"unknown entity"),
    damaged("xml-character-surrogate", "a reference to half of a surrogate pair",
            lambda: b.with_rows(b.ROW2.replace("Ana", "&#xD800;")), r"unknown entity"),
    damaged("xml-character-huge", "a reference to U+FFFFFFFFFFFF",
            lambda: b.with_rows(b.ROW2.replace("Ana", "&#xFFFFFFFFFFFF;")), r"unknown entity"),
    too_large("xml-deep", "200,000 elements inside of each other",
              lambda: b.with_sheet(b.sheet(bottom="<a>" * 200_000 + "</a>" * 200_000)),
              r"deep|elements"),
    too_large("xml-attributes", "an element of 100,000 attributes",
              lambda: b.with_rows(row2(more="".join(f' a{i}=""' for i in range(100_000)))),
              r"attributes|markup|larger|bytes"),
    damaged("xml-attribute-twice", "an attribute twice",
            lambda: b.with_rows(row2(first='<c r="A2" t="n" r="B2"><v>1</v></c>')), r"attribute|twice"),
    too_large("xml-attribute-huge", "an attribute of 32 MiB",
              lambda: b.with_rows(row2(more=f' a="{"x" * (32 << 20)}"')), r"bytes"),
    too_large("xml-name-huge", "a name of 8 MiB",
              lambda: b.with_rows(f"<{'n' * (8 << 20)}/>" + b.ROW2), r"bytes"),
    too_large("xml-comment-huge", "a comment of 32 MiB",
              lambda: b.with_rows(f"<!--{'x' * (32 << 20)}-->" + b.ROW2), r"bytes"),
    too_large("xml-text-huge", "a cell of 32 MiB",
              lambda: b.with_rows(b.ROW2.replace("Ana", "x" * (32 << 20))), r"unpacks to more than 512"),
    damaged("xml-utf8-bad", "a byte that UTF-8 does not have",
            lambda: b.book({b.SHEET: b.sheet().encode().replace(b"Ana", b"A\xffa")}), r"UTF-8|character"),
    damaged("xml-utf8-overlong", "a slash in two bytes",
            lambda: b.book({b.SHEET: b.sheet().encode().replace(b"Ana", b"A\xc0\xaf")}), r"UTF-8|character"),
    damaged("xml-utf8-surrogate", "a surrogate in UTF-8",
            lambda: b.book({b.SHEET: b.sheet().encode().replace(b"Ana", b"A\xed\xa0\x80")}),
            r"UTF-8|character"),
    damaged("xml-control", "a control character", lambda: b.with_rows(b.ROW2.replace("Ana", "A\x01a")),
            r"character"),
    damaged("xml-nul", "a NUL", lambda: b.with_rows(b.ROW2.replace("Ana", "A\0a")), r"character|NUL"),
    read("xml-utf16", "UTF-16 with a byte order mark",
         lambda: b.book({b.SHEET: utf16("\ufeff" + b.sheet(), "utf-16-le")})),
    damaged("xml-utf16-bare", "UTF-16 without one",
            lambda: b.book({b.SHEET: utf16(b.sheet(), "utf-16-le")}), r"XML|sheet|character|encoding"),
    damaged("xml-utf16-odd", "UTF-16 that ends in half a unit",
            lambda: b.book({b.SHEET: utf16("\ufeff" + b.sheet(), "utf-16-be") + b"\0"}), r"ends inside a character"),
    damaged("xml-utf16-lone", "UTF-16 with half of a surrogate pair",
            lambda: b.book({b.SHEET: ("\ufeff" + b.sheet().replace("UTF-8", "UTF-16")
                                      .replace("Ana", "A\ud800a")).encode("utf-16-le", "surrogatepass")}),
            r"UTF-16|surrogate"),
    damaged("xml-encoding-lie", "Latin-1 that says it is UTF-8",
            lambda: b.book({b.SHEET: b.sheet(b.ROW2.replace("Ana", "Peña")).encode("latin-1")}),
            r"UTF-8|character"),
    read("xml-prefix-unbound", "elements under a prefix that is bound to nothing: names are local",
         lambda: b.with_rows(b.ROW2.replace("<c ", "<x:c ").replace("</c>", "</x:c>"))),
    damaged("xml-unclosed", "an element without an end",
            lambda: b.with_sheet(b.sheet().replace("</row></sheetData>", "</sheetData>")), r"does not close"),
    damaged("xml-crossed", "elements that cross",
            lambda: b.with_rows(b.ROW2.replace("</t></is>", "</is></t>")), r"end|closed|row"),
    damaged("xml-two-roots", "two roots", lambda: b.with_sheet(b.sheet() + "<again/>"), r"root|behind|end"),
    damaged("xml-text-outside", "text behind the root", lambda: b.with_sheet(b.sheet() + "more"),
            r"root|behind|end|text"),
    damaged("xml-lt-attribute", "a < in an attribute",
            lambda: b.with_rows(row2(more=' a="<"')), r"attribute|<"),
    damaged("xml-cdata-end", "]]> in text", lambda: b.with_rows(b.ROW2.replace("Ana", "a]]>b")),
            r"\]\]>|text"),
    damaged("xml-comment-double", "-- in a comment",
            lambda: b.with_rows("<!-- a -- b -->" + b.ROW2), r"comment"),
    read("xml-instructions", "100,000 processing instructions between rows",
         lambda: b.with_rows("<?php system('id'); ?>" * 100_000 + b.ROW2)),
    damaged("xml-declaration-late", "an XML declaration in the middle",
            lambda: b.with_rows('<?xml version="1.0"?>' + b.ROW2), r"declaration|instruction"),
    damaged("xml-empty", "a sheet of no bytes", lambda: b.book({b.SHEET: ""}), r"no element"),
    damaged("xml-html", "a sheet that is a web page",
            lambda: b.with_sheet("<html><body><table></table></body></html>"), r"not a worksheet"),
    read("xml-xinclude", "an XInclude of /etc/passwd in place of the number: nothing is fetched",
            lambda: b.with_rows(row2(first='<c r="A2" t="inlineStr"><is><t><xi:include '
                                     'href="file:///etc/passwd" parse="text"/></t></is></c>')),
         (), rejected=1),
    damaged("xml-noise", "400 bytes of a sheet are random ones (seed 1)", lambda: noise(1), r"row|byte"),
    # --- rows and cells
    read("rows-empty", "2,000,000 empty rows in front of the one row",
         lambda: b.with_rows("".join(f'<row r="{i}"/>' for i in range(2, 2_000_002)) +
                             row2().replace('2"', '2000002"'))),
    read("rows-far", "a row at 1,048,576", lambda: b.with_rows(row2().replace('2"', '1048576"'))),
    too_large("row-overflow", "row 4,294,967,297",
              lambda: b.with_rows(row2().replace('2"', '4294967297"')), r"beyond row"),
    damaged("row-digits", "a row number of 400 digits",
            lambda: b.with_rows(row2().replace('r="2"', f'r="{NINES}"')), r"not a row's number"),
    damaged("row-negative", "row -2", lambda: b.with_rows(row2().replace('r="2"', 'r="-2"')),
            r"not a row's number"),
    damaged("row-zero", "row 0", lambda: b.with_rows(row2().replace('r="2"', 'r="0"')),
            r"not a row's number"),
    damaged("row-backwards", "rows backwards",
            lambda: b.with_rows(row2().replace('2"', '5"') + row2().replace('2"', '4"')),
            r"row 4 comes behind row 5"),
    damaged("row-twice", "a row twice", lambda: b.with_rows(row2() + row2()),
            r"row 2 comes behind row 2"),
    damaged("cell-backwards", "cells backwards",
            lambda: b.with_rows(row2(first="", third=b.text("A2", "H1"))), r"column A comes behind"),
    damaged("cell-twice", "a cell twice",
            lambda: b.with_rows(row2(second=b.text("A2", "H2"))), r"column A comes behind"),
    damaged("cell-elsewhere", "a cell of another row",
            lambda: b.with_rows(row2(second=b.text("B9", "Ana"))), r'row 2: holds cell "B9"'),
    too_large("cell-xfe", "column XFE, one behind the last",
              lambda: b.with_rows(row2(third='<c r="XFE2"><v>1</v></c>')), r"more than 16384 columns"),
    read("cell-xfd", "column XFD, the last",
         lambda: b.with_rows(row2().replace("</row>", '<c r="XFD2"><v>1</v></c></row>'))),
    damaged("cell-billions", "column ZZZZZZZ",
            lambda: b.with_rows(row2(third='<c r="ZZZZZZZ2"><v>1</v></c>')), r"not a cell's place"),
    too_large("cell-many", "a row of 20,000 cells without references",
              lambda: b.with_rows("<row>" + "<c><v>1</v></c>" * 20_000 + "</row>"),
              r"more than 16384 columns"),
    damaged("cell-type", "a cell of type z",
            lambda: b.with_rows(row2(third='<c r="C2" t="z"><v>1</v></c>')), r't="z"'),
    damaged("cell-two-values", "a cell of two values",
            lambda: b.with_rows(row2(third='<c r="C2"><v>1</v><v>2</v></c>')), r"two values"),
    damaged("cell-bool", "a truth of 7",
            lambda: b.with_rows(row2(third='<c r="C2" t="b"><v>7</v></c>')), r"not true or false"),
    read("cell-32767", "a cell of 32,767 characters", lambda:
         b.with_rows(row2(second=b.text("B2", "x" * 32767)))),
    read("cell-32768", "a cell of 32,768 characters: its row is refused, and says why",
         lambda: b.with_rows(row2(second=b.text("B2", "x" * 32768)) +
                             row2().replace('2"', '3"').replace("H1", "H2")),
         ("H2",), rejected=1),
    read("cell-formula", "a formula of 2 MB without an end to its brackets: what it gave counts",
         lambda: b.with_rows(row2(second='<c r="B2" t="str"><f>' + "SUM(" * 20_000 +
                                  "</f><v>Ana</v></c>")), cell=(1, 1, "Ana")),
    too_large("row-fat", "a row of 48 cells of a million characters",
              lambda: b.with_rows("<row>" + "".join(
                  b.text("", noise_text(10**6, i)).replace(' r=""', "") for i in range(48)) +
                  "</row>"), r"bytes"),
    # --- styles and strings
    damaged("style-negative", "style -1", lambda: number(1, ' s="-1"'), r's="-1"'),
    damaged("style-huge", "style 10^20", lambda: number(1, ' s="100000000000000000000"'), r's="1000'),
    read("style-none", "style 4,294,967,295 of a workbook without styles",
         lambda: number(1, ' s="4294967295"')),
    damaged("style-format", "a number format -5",
            lambda: b.book({b.STYLES: b.styles(xfs='<xf numFmtId="-5"/>')}), r"number format"),
    read("style-format-none", "a style whose format nobody defined",
         lambda: dated(1, fmt=4000), cell=(1, 3, "1")),
    read("style-cyclic", "styles whose bases are each other: nobody follows them",
         lambda: b.book({b.STYLES: b.styles(xfs='<xf numFmtId="0" xfId="1"/><xf numFmtId="0" xfId="0"/>')
                         .replace("<cellXfs>", '<cellStyleXfs><xf xfId="1"/><xf xfId="0"/>'
                                  "</cellStyleXfs><cellXfs>")})),
    too_large("style-many", "1,100,000 styles",
              lambda: b.book({b.STYLES: b.styles(xfs="<xf/>" * 1_100_000)}), r"more than"),
    read("style-missing", "a relationship to styles that are not there",
         lambda: related(("rId1", "worksheet", "worksheets/sheet1.xml"),
                         ("rId3", "styles", "styles.xml"))),
    read("strings-count-lie", "a table of strings that says it has 4,294,967,295",
         lambda: shared(1, more=' count="4294967295" uniqueCount="4294967295"'), cell=(1, 1, "Ben")),
    damaged("strings-negative", "shared string -1", lambda: shared(-1), r'string "-1" is not there'),
    damaged("strings-behind", "a shared string one behind the last", lambda: shared(2),
            r'string "2" is not there'),
    damaged("strings-huge", "shared string 2^64", lambda: shared(1 << 64), r"is not there"),
    damaged("strings-none", "a shared string of a workbook that has none",
            lambda: b.with_rows(row2(second='<c r="B2" t="s"><v>0</v></c>')), r"is not there"),
    damaged("strings-missing", "a relationship to strings that are not there",
            lambda: b.book({b.BOOK_RELS: b.rels(("rId1", "worksheet", "worksheets/sheet1.xml"),
                                                ("rId2", "sharedStrings", "gone.xml")),
                            b.SHEET: b.sheet(row2(second='<c r="B2" t="s"><v>0</v></c>'))}),
            r"is not there"),
    damaged("strings-are-sheet", "the table of strings is the sheet",
            lambda: b.book({b.BOOK_RELS: b.rels(("rId1", "worksheet", "worksheets/sheet1.xml"),
                                                ("rId2", "sharedStrings", "worksheets/sheet1.xml"))}),
            r"not a table of shared strings"),
    too_large("strings-long", "a shared string of 2 MiB",
              lambda: shared(0, (noise_text(2 << 20),)), r"string 0 is longer"),
    # --- numbers and dates
    damaged("number-1e309", "1e309: no number that a sheet can hold", lambda: extra("1e309"),
            r"column D"),
    damaged("number-nan", "NaN", lambda: extra("NaN"), r"not a number"),
    damaged("number-inf", "-INF", lambda: extra("-INF"), r"not a number"),
    damaged("number-hex", "0x10", lambda: extra("0x10"), r"not a number"),
    damaged("number-words", "DROP TABLE waybills", lambda: extra("'; DROP TABLE waybills; --"),
            r"not a number"),
    read("number-tiny", "1e-400 is nothing", lambda: extra("1e-400"), cell=(1, 3, "0")),
    damaged("number-digits", "400 nines", lambda: extra(NINES), r"column D"),
    damaged("number-long", "100,000 digits behind the point", lambda: extra("0." + "1" * 100_000),
            r"not a number"),
    read("date-far", "a date of serial 10^15 stays a number", lambda: dated("1e15"),
         cell=(1, 3, "1000000000000000")),
    read("date-negative", "a date of serial -1 stays a number", lambda: dated("-1"),
         cell=(1, 3, "-1")),
    read("date-last", "31 December 9999", lambda: dated("2958465"), cell=(1, 3, "9999-12-31 00:00:00")),
    read("date-behind", "the day behind it stays a number", lambda: dated("2958466"),
         cell=(1, 3, "2958466")),
    read("date-1904-last", "1904: a day that the calendar does not have stays a number",
         lambda: dated("2958465", '<workbookPr date1904="1"/>'), cell=(1, 3, "2958465")),
    # --- the package
    damaged("sheet-missing", "the sheet's part is missing", lambda: b.book({b.SHEET: None}),
            r"is missing"),
    damaged("book-missing", "the workbook's part is missing", lambda: b.book({b.BOOK: None}),
            r"is missing"),
    damaged("sheet-unrelated", "a sheet whose relationship is not there",
            lambda: related(("rId9", "worksheet", "worksheets/sheet1.xml")), r"leads nowhere"),
    damaged("sheet-external", "a sheet that lies outside: http://127.0.0.1/sheet1.xml is not fetched",
            lambda: related(more='<Relationship Id="rId1" TargetMode="External" '
                            f'Type="{b.OFFICE}/worksheet" Target="http://127.0.0.1/sheet1.xml"/>'),
            r"leads nowhere"),
    damaged("sheet-file", "a sheet at file:///etc/passwd",
            lambda: related(("rId1", "worksheet", "file:///etc/passwd")), r"is missing"),
    read("sheet-parent", "a sheet at ../../../../xl/worksheets/sheet1.xml: nothing is above the root",
         lambda: related(("rId1", "worksheet", "../../../../xl/worksheets/sheet1.xml"))),
    damaged("sheet-parent-passwd", "a sheet at ../../../../../../etc/passwd",
            lambda: related(("rId1", "worksheet", "../../../../../../etc/passwd")), r"is missing"),
    read("sheet-absolute", "a sheet at /xl/worksheets/sheet1.xml",
         lambda: related(("rId1", "worksheet", "/xl/worksheets/sheet1.xml"))),
    damaged("sheet-is-book", "a sheet that is the workbook itself",
            lambda: related(("rId1", "worksheet", "workbook.xml")), r"not a worksheet"),
    damaged("book-is-rels", "a workbook that is the list of its own relationships",
            lambda: b.book({"_rels/.rels": b.rels(("rId1", "officeDocument",
                                                   "xl/_rels/workbook.xml.rels"))}),
            r"not a workbook"),
    damaged("sheets-none", "a workbook without sheets", lambda: b.book({b.BOOK: b.workbook("")}),
            r"no worksheet"),
    read("sheets-1000", "1,000 empty sheets in front of the one", lambda: thousand_sheets(1000)),
    too_large("sheets-5000", "5,000 sheets", lambda: thousand_sheets(5000), r"more than 4096 sheets"),
    damaged("sheets-far", "4,000 sheets lead to the last of 9,900 parts with names of 900 bytes",
            far_parts, r"are one part"),
    read("parts-far", "4,000 sheets and their parts, found by names of 900 bytes in another case",
         lambda: far_parts(True)),
    damaged("sheets-one", "two sheets are one part",
            lambda: b.book({b.BOOK: b.workbook('<sheet name="A" sheetId="1" r:id="rId1"/>'
                                               '<sheet name="B" sheetId="2" r:id="rId1"/>')}),
            r'"A" and "B" are one part'),
    too_large("rels-many", "100,000 relationships",
              lambda: related(*[(f"r{i}", "x", "y") for i in range(100_000)]),
              r"more relationships|more names"),
    read("types-missing", "no content types: relationships tell what a part is",
         lambda: b.book({"[Content_Types].xml": None})),
    read("types-lie", "content types that call the sheet a picture",
         lambda: b.book({"[Content_Types].xml": b.TYPES.replace("application/xml", "image/png")})),
    # --- text that is a formula elsewhere
    read("text-formula", "cells that begin like formulas are text, here and in every export",
         lambda: b.with_rows(row2(second=b.text("B2", "=HYPERLINK(&quot;http://x/&quot;)")) +
                             row2(second=b.text("B3", "@SUM(1+1)*cmd|' /C calc'!A0")).replace('2"', '3"')
                             .replace("H1", "H2")),
         ("H1", "H2"), cell=(1, 1, '=HYPERLINK("http://x/")')),
    read("text-sql", "a name that is SQL", lambda:
         b.with_rows(b.ROW2.replace("Ana", "Robert'); DROP TABLE waybills;--\\.")),
         cell=(1, 1, "Robert'); DROP TABLE waybills;--\\.")),
    read("text-html", "a name that is a script", lambda:
         b.with_rows(b.ROW2.replace("Ana", "&lt;script&gt;alert(1)&lt;/script&gt;")),
         cell=(1, 1, "<script>alert(1)</script>")),
    read("text-escaped-nul", "_x0000_ in a name: no text that PostgreSQL can keep",
         lambda: b.with_rows(b.ROW2.replace("Ana", "A_x0000_b"))),
]
