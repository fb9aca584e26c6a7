"""Delimited text that is not what it should be."""

from .case import damaged, no_workbook, read, too_large

MIB = 1 << 20
HEAD = b"Waybill Number,Receiver,COD\n"
ROW = b"H1,Ana,100\n"


def numbered(prefix, n, row):
    """n rows, and the waybills that they are."""
    return b"".join(row % (b"%s%d" % (prefix, i)) for i in range(n))


def named(prefix, n):
    return tuple(f"{prefix}{i}" for i in range(n))


# Each as long as a cell may be, and as hard to read as what its column holds can be.
LONG = {"Status": b"x " * 16000, "Receiver Address": b"Cebu City," * 3200, "Receiver Phone": b"9" * 32000,
        "Weight": b"1." * 16000, "COD": b"1," * 16000, "Signing Time": b"1/" * 16000,
        "Submission Time": b"2025-01-01T" * 2900, "Remark1": b"- " * 16000, "Number of Items": b" 1" * 16000}

CASES = [
    read("csv-nul", "NULs in cells: their rows are refused, and say why",
         lambda: HEAD + b"H1,A\0na,100\nH2,Ben,1\n\0" + b"x" * 60 + b"\n", ("H2",), rejected=2, ending="csv"),
    read("csv-nul-late", "NULs behind the first 100,000 bytes",
         lambda: HEAD + b"\n" * 100_000 + ROW + b"\0" * 5000 + b"\n", rejected=1, ending="csv"),
    no_workbook("csv-nul-many", "more NULs than text has by accident", lambda: HEAD + b"H1\0\0\0,\0\0,1\n",
                r"neither a workbook nor a text file", ending="csv"),
    too_large("csv-quote-open", "a quote that is not closed for 100 MB",
              lambda: HEAD + b'H1,"' + b"x\n" * (50 * 10**6), r"row 2, column B: .*quote is not closed", ending="csv"),
    too_large("csv-line", "a line of 100 MB, in one cell",
              lambda: HEAD + b"H1," + b"x" * 10**8, r"row 2", ending="csv"),
    too_large("csv-line-cells", "a line of 100 MB, of empty cells",
              lambda: HEAD + b"," * 10**8, r"row 2, column XFE: too many columns", ending="csv"),
    too_large("csv-columns", "1,000,000 headings",
              lambda: b",".join(b"h%d" % i for i in range(10**6)) + b"\n" + ROW,
              r"columns", ending="csv"),
    read("csv-lines", "3,000,000 blank lines in front of the row",
         lambda: HEAD + b"\n" * 3_000_000 + ROW, ending="csv"),
    read("csv-quotes", "a cell of 30,000 doubled quotes",
         lambda: HEAD + b'H1,"' + b'""' * 30_000 + b'",1\n', ending="csv"),
    damaged("csv-behind-quote", "text behind a closing quote",
            lambda: HEAD + b'H1,"Ana"x,1\n', r"row 2, column B", ending="csv"),
    damaged("csv-mixed", "UTF-8, then Windows-1252",
            lambda: HEAD + "H1,Peña,1\n".encode() + "H2,Peña,1\n".encode("cp1252"),
            r"row 3: byte 44 \(0xf1\) is no UTF-8", ending="csv"),
    damaged("csv-bom-lie", "a mark of UTF-8 in front of Windows-1252", lambda:
            b"\xef\xbb\xbf" + HEAD + b"H1,Pe\xf1a,1\n", r"row 2: byte 36 \(0xf1\) is no UTF-8",
            ending="csv"),
    damaged("csv-utf16-odd", "UTF-16 that ends in half a unit",
            lambda: b"\xff\xfe" + (HEAD + ROW).decode().encode("utf-16-le") + b"x", r"ends inside a character",
            ending="csv"),
    read("csv-formula", "a cell that begins like a formula is text, here and in every export",
         lambda: HEAD + b"H1,=1+1,1\nH2,\"@SUM(A1)\",1\nH3,-2+3,1\nH4,\"\t=1\",1\n",
         ("H1", "H2", "H3", "H4"), ending="csv"),
    read("csv-sep-lie", "sep=; in front of commas",
         lambda: b"sep=;\n" + HEAD + ROW, (), status=422, code="no_heading_row",
         words=r"no heading row", check_exit=2, ending="csv"),
    read("csv-long-cell", "a cell of 32,768 characters: its row is refused, and says why",
         lambda: HEAD + b"H1," + b"x" * 32768 + b",1\nH2,Ben,1\n", ("H2",), rejected=1, ending="csv"),
    # --- what takes time
    read("csv-headings-same", "16,300 columns called COD", lambda:
         b"Waybill Number,City," + b",".join([b"COD"] * 16300) + b"\nH1,Cebu" + b",1" * 16300 + b"\n", ending="csv"),
    read("csv-headings-numbered", "8,000 columns of one name, and 8,000 called as those would be told apart", lambda:
         b"Waybill Number,City," + b",".join([b"a"] * 8000 + [b"a (%d)" % i for i in range(2, 8002)]) +
         b"\nH1,Cebu" + b",1" * 16000 + b"\n", ending="csv"),
    read("csv-headings-rows", "19 rows of 16,384 cells in front of the headings", lambda:
         (b",".join(b"h%d" % i for i in range(16384)) + b"\n") * 19 + HEAD + ROW, ending="csv"),
    read("csv-headings-long", "20 headings of 32,000 letters, which each of 2,000 rows repeats", lambda:
         b"Waybill Number,City," + b",".join(b"%c" % (97 + i) * 32000 for i in range(20)) + b"\n" +
         numbered(b"HH", 2000, b"%s,Cebu" + b",1" * 20 + b"\n"), named("HH", 2000), ending="csv"),
    read("csv-statuses", "20,000 statuses, each unknown and each another", lambda:
         b"Waybill Number,Status\n" + b"".join(b"HS%d,s%d\n" % (i, i) for i in range(20000)),
         named("HS", 20000), ending="csv"),
    read("csv-rejects", "50,000 rows without a number", lambda: HEAD + b",Ana,1\n" * 50000, (),
         rejected=50000, ending="csv"),
    read("csv-cells-long", "100 rows of cells as long as may be, in nine columns", lambda:
         b"Waybill Number," + ",".join(LONG).encode() + b"\n" +
         numbered(b"HL", 100, b"%s" + b"".join(b',"%s"' % v for v in LONG.values()) + b"\n"),
         named("HL", 100), ending="csv"),
]
