"""Archives that lie about themselves, or unpack to more than they should."""

import struct

from . import book as b
from .archive import (STORED, Entry, archive, archive64, deflate, end_record, laid_out)
from .case import damaged, no_workbook, read, too_large

MIB = 1 << 20


def with_entry(entry, **how):
    """The workbook with that entry in place of its part of that name, or behind its parts."""
    return archive(b.entries(x=entry), **how)


def with_sheet(**how):
    """The sheet's entry, with fields that lie."""
    return with_entry(Entry(b.SHEET, b.sheet().encode(), **how))


def zeros(mebibytes):
    """(packed, crc) of a sheet that ends in so many MiB of blanks: 1,030 : 1."""
    return Entry(b.SHEET, b.sheet().encode() + b" " * (mebibytes * MIB))


def overlapping(n):
    """One body of 1 MiB that n entries of the directory claim."""
    first = Entry("a0", b"\0" * MIB)
    ghosts = [Entry(f"a{i}", body=first.body, size=MIB, crc=first.crc, ghost=True)
              for i in range(1, n)]
    return archive(b.entries() + [first] + ghosts)


def quoted(n):
    """Each entry's packed bytes quote the next one's local header as a stored block, and all end in
    one kernel: n entries unpack it n times."""
    kernel = deflate(b"\0" * MIB)
    crc = Entry("x", b"\0" * MIB).crc
    out, directory, bodies = [], [], kernel
    offsets = []
    for i in reversed(range(n)):
        name = b"q%d" % i
        head = Entry(name, body=bodies, size=MIB, crc=crc).header(0x04034B50, 0)
        offsets.append((name, head, len(bodies)))
        quote = b"\0" + struct.pack("<HH", len(head), 0xFFFF ^ len(head))
        bodies = quote + head + bodies
    body = bodies[5:]  # the first header needs no quotation
    at = 0
    for name, head, size in reversed(offsets):
        directory.append(Entry(name, body=b"x" * size, size=MIB, crc=crc)
                         .header(0x02014B50, at))
        at += len(head) + 5
    whole, central = laid_out(b.entries())
    base = len(body)
    central = laid_out(b.entries(), base)[1]
    data = body + whole
    central = b"".join(directory) + central
    return data + central + end_record(n + len(b.entries()), len(central), len(data))


def many_entries(n):
    return archive(b.entries() + [Entry(f"f{i}", b"", STORED) for i in range(n)])


def no_end():
    whole = b.book()
    return whole[:-22]


def loop():
    """The directory is said to begin at the first local header, where no directory is."""
    body, directory = laid_out(b.entries())
    return body + directory + end_record(5, len(directory), 0) + end_record(5, len(directory), 4)


def two_ends():
    """A second end record behind a whole archive, of an archive without entries."""
    return b.book() + end_record(0, 0, 0)


def inner_end():
    """The archive's comment holds an end record of its own, whose comment does not reach the end."""
    return b.book(comment=b"x" * 20 + end_record(0, 0, 0) + b"y" * 40)


def comment_end():
    """The same, but it does: two readings of one file."""
    return b.book(comment=b"x" * 20 + end_record(0, 0, 0))


def zip64_extra(**values):
    fields = b"".join(struct.pack("<Q", v) for v in values.values())
    return struct.pack("<HH", 1, len(fields)) + fields


def zip64_sizes(packed, unpacked):
    return with_sheet(central={"packed": 0xFFFFFFFF, "unpacked": 0xFFFFFFFF,
                               "extra": zip64_extra(u=unpacked, p=packed)})


def body_of(xml):
    return deflate(xml.encode())


def cut_name():
    whole = b.book()
    at = whole.rindex(b"PK\x01\x02")
    return whole[:at + 28] + b"\xff\xff" + whole[at + 30:]


BODY = body_of(b.sheet())
SIZE = len(b.sheet())

CASES = [
    # --- what unpacks to more
    too_large("bomb-flat", "a sheet of 32 MiB of blanks in 32 kB, 1,030 : 1", lambda:
              with_entry(zeros(32)), r"unpacks to more than 512 times"),
    damaged("bomb-overlap", "1,000 entries whose local header is one and the same",
            lambda: overlapping(1000), r"overlap"),
    damaged("bomb-quoted", "overlapping entries that quote each other's headers (Fifield's kernel)",
            lambda: quoted(200), r"overlap"),
    read("bomb-nested", "an archive of zeros inside of the archive: nothing unpacks it",
         lambda: archive(b.entries() + [Entry("inner.zip", archive([Entry("z", b"\0" * 8 * MIB)]))])),
    no_workbook("bomb-alone", "a ZIP of ZIPs, and no workbook",
                lambda: archive([Entry(f"{i}.zip", archive([Entry("z", b"\0" * MIB)]))
                                 for i in range(16)]), r"ZIP archive without a workbook"),
    too_large("bomb-many", "parts of 3 GiB each, nine in all",
              lambda: archive(b.entries() + [Entry(f"xl/media/{i}", b"x", central={"unpacked": 3 << 30})
                                             for i in range(9)]), r"the workbook unpacks to more than"),
    read("bomb-unread", "a bomb in a part that no sheet leads to",
         lambda: archive(b.entries() + [Entry("xl/media/image1.png", b"\0" * 8 * MIB)])),
    too_large("bomb-strings", "shared strings of 32 MiB in 32 kB",
              lambda: b.book({b.STRINGS: b.strings("a").encode() + b" " * (32 * MIB)}),
              r"unpacks to more than 512 times"),
    too_large("bomb-styles", "styles of 32 MiB in 32 kB",
              lambda: b.book({b.STYLES: b.styles().encode() + b" " * (32 * MIB)}),
              r"unpacks to more than 512 times"),
    too_large("bomb-rels", "relationships of 32 MiB in 32 kB",
              lambda: b.book({b.BOOK_RELS: b.rels(("rId1", "worksheet", "worksheets/sheet1.xml"))
                              .encode() + b" " * (32 * MIB)}), r"unpacks to more than 512 times"),
    # --- the directory
    too_large("entries-20000", "20,000 entries", lambda: many_entries(20000),
              r"more than 10000 entries"),
    read("entries-9000", "9,000 entries beside the workbook's", lambda: many_entries(9000)),
    damaged("count-lie-more", "the end record counts more entries than there are",
            lambda: b.book(count=9), r"directory"),
    damaged("count-lie-fewer", "the end record counts fewer",
            lambda: b.book(count=3), r"more directory than entries"),
    damaged("count-two", "the counts of entries on this disk and in all differ",
            lambda: b.book(counted=4), r"several volumes"),
    damaged("disk", "an entry on disk 3", lambda: with_sheet(central={"disk": 3}),
            r"several volumes"),
    damaged("end-missing", "no end record", no_end, r"cut off or damaged"),
    no_workbook("end-two", "a second end record, of an empty archive, behind a whole one",
                two_ends, r"ZIP archive without a workbook"),
    read("end-in-comment", "an end record inside of the comment that does not reach the file's end",
         inner_end),
    no_workbook("end-in-comment-last", "one that does: the last end is the end",
                comment_end, r"ZIP archive without a workbook"),
    damaged("comment-short", "a comment longer than the rest of the file",
            lambda: archive(b.entries())[:-2] + struct.pack("<H", 500), r"cut off or damaged"),
    damaged("directory-outside", "the directory begins behind the end of the file",
            lambda: b.book(offset=0x7FFFFFFF), r"no directory|directory outside"),
    damaged("directory-huge", "a directory of 4 GiB", lambda: b.book(size=0xFFFFFFF0),
            r"directory outside"),
    damaged("directory-loop", "a directory that is said to lie among the local headers", loop,
            r"directory"),
    damaged("directory-cut", "a directory entry whose name is longer than the directory",
            cut_name, r"directory"),
    damaged("offset-outside", "a local header behind the file's end",
            lambda: with_sheet(central={"offset": 0x7FFFFFF0}), r"outside"),
    damaged("offset-inside", "a local header inside of another entry",
            lambda: with_sheet(central={"offset": 7}), r"overlap"),
    damaged("offset-directory", "a local header inside of the directory",
            lambda: with_sheet(central={"offset": len(laid_out(b.entries())[0]) + 8}),
            r"overlap|outside"),
    # --- names
    damaged("name-twice", "two entries of one name", lambda:
            archive(b.entries() + [Entry(b.SHEET, b.sheet("").encode())]), r"one name"),
    damaged("name-twice-case", "two entries whose names differ by case alone (OPC: one part)",
            lambda: archive(b.entries() + [Entry("XL/Worksheets/Sheet1.XML", b.sheet("").encode())]),
            r"one name"),
    damaged("name-twice-percent", "two entries whose names differ by percent-encoding alone",
            lambda: archive(b.entries() + [Entry("xl/worksheets/sheet%31.xml",
                                                 b.sheet("").encode())]), r"one name"),
    read("name-parent", "an entry named ../../../../etc/passwd: nothing is ever unpacked to a file",
         lambda: archive(b.entries() + [Entry("../../../../etc/passwd", b"x")])),
    read("name-absolute", "an entry named /etc/cron.d/x",
         lambda: archive(b.entries() + [Entry("/etc/cron.d/x", b"x")])),
    read("name-backslash", "parts whose folders are told apart by backslashes",
         lambda: archive([Entry(e.name.replace(b"/", b"\\"), e.data) for e in b.entries()])),
    read("name-nul", "a name with a NUL in it: another name than the one before the NUL",
         lambda: archive(b.entries() + [Entry(b.SHEET.encode() + b"\0.txt", b"x")])),
    read("name-long", "a name of 65,535 bytes",
         lambda: archive(b.entries() + [Entry(b"n" * 65535, b"x")])),
    damaged("name-empty", "the sheet's entry has no name",
            lambda: with_sheet(local={"name": b""}, central={"name": b""}), r"missing"),
    damaged("name-local", "another name in the local header",
            lambda: with_sheet(local={"name": b"xl/worksheets/sheet2.xml"}),
            r"local name differs"),
    damaged("name-local-length", "a longer name in the local header",
            lambda: with_sheet(local={"name": b"xl/worksheets/sheet10.xml"}),
            r"local header differs"),
    # --- sizes, checksums, methods
    damaged("crc-both", "a wrong CRC in both headers", lambda: with_sheet(crc=1), r"CRC-32 is wrong"),
    damaged("crc-local", "a wrong CRC in the local header",
            lambda: with_sheet(local={"crc": 1}), r"differ from the directory"),
    damaged("size-local", "another size in the local header",
            lambda: with_sheet(local={"unpacked": 7}), r"differ from the directory"),
    damaged("size-longer", "the sheet is longer than it says",
            lambda: with_sheet(size=SIZE - 10), r"longer than the directory says"),
    damaged("size-shorter", "the sheet is shorter than it says",
            lambda: with_sheet(size=SIZE + 10), r"shorter than the directory says"),
    damaged("size-huge", "a sheet that says it has 4 GiB",
            lambda: with_sheet(size=0xFFFFFFFE), r"shorter than the directory says"),
    damaged("packed-longer", "packed bytes up to the middle of the next entry",
            lambda: archive([Entry(b.SHEET, b.sheet().encode(),
                                   local={"packed": len(BODY) + 40},
                                   central={"packed": len(BODY) + 40})] +
                            [e for e in b.entries() if e.name != b.SHEET.encode()]), r"overlap"),
    damaged("packed-shorter", "fewer packed bytes than there are",
            lambda: with_sheet(local={"packed": len(BODY) - 9}, central={"packed": len(BODY) - 9}),
            r"ends early"),
    damaged("packed-behind", "bytes behind the end of the packed stream",
            lambda: with_sheet(body=BODY + b"more"), r"behind the end of its packed data"),
    damaged("deflate-cut", "a packed stream that was cut off",
            lambda: with_sheet(body=BODY[:len(BODY) // 2]), r"ends early"),
    damaged("deflate-garbage", "a packed stream of nonsense",
            lambda: with_sheet(body=b"\x07" * 64), r"damaged|packed"),
    damaged("deflate-far", "a distance that lies before the first byte",
            lambda: with_sheet(body=bytes.fromhex("63c402c6004b4c040000"), size=8), r"distance|packed|damaged"),
    damaged("method-unknown", "packed by LZMA", lambda: with_sheet(method=14, body=BODY),
            r"unknown method 14"),
    damaged("method-differs", "stored, says the local header",
            lambda: with_sheet(local={"method": STORED}), r"local header differs"),
    damaged("stored-sizes", "stored, with two different sizes",
            lambda: with_sheet(method=STORED, local={"unpacked": 9}, central={"unpacked": 9}),
            r"two different sizes"),
    damaged("encrypted", "the sheet is encrypted", lambda: with_sheet(flags=1), r"encrypted"),
    damaged("encrypted-local", "encrypted, says the local header",
            lambda: with_sheet(local={"flags": 1}), r"encrypted"),
    read("descriptor-lies", "a data descriptor full of lies: the directory counts",
         lambda: with_sheet(flags=8, local={"crc": 0, "packed": 0, "unpacked": 0},
                            descriptor=struct.pack("<IIII", 0x08074B50, 1, 2, 3))),
    # --- ZIP64
    read("zip64", "ZIP64 records that are true", lambda: archive64(b.entries())),
    too_large("zip64-count", "ZIP64: 2^60 entries",
              lambda: archive64(b.entries(), {"count": 1 << 60}), r"entries"),
    damaged("zip64-size", "ZIP64: a directory of 2^63 bytes",
            lambda: archive64(b.entries(), {"size": 1 << 63}), r"directory outside"),
    damaged("zip64-offset", "ZIP64: a directory at 2^64 - 1",
            lambda: archive64(b.entries(), {"offset": (1 << 64) - 1}), r"directory|outside"),
    damaged("zip64-locator", "ZIP64: the record is at 2^63",
            lambda: archive64(b.entries(), place=1 << 63), r"ZIP64 record outside"),
    damaged("zip64-differs", "ZIP64: the two end records differ",
            lambda: archive64(b.entries(), old={"count": 3}), r"two end records differ"),
    damaged("zip64-packed", "ZIP64: 2^64 - 1 packed bytes",
            lambda: zip64_sizes((1 << 64) - 1, SIZE), r"overlap"),
    too_large("zip64-unpacked", "ZIP64: 2^64 - 1 bytes",
              lambda: zip64_sizes(len(BODY), (1 << 64) - 1), r"the workbook unpacks to more than 8589934592 bytes"),
    damaged("zip64-unpacked-lie", "ZIP64: 2^33 - 10,000 bytes",
            lambda: zip64_sizes(len(BODY), (1 << 33) - 10_000), r"differ from the directory"),
    damaged("zip64-field", "ZIP64: the field is missing",
            lambda: with_sheet(central={"packed": 0xFFFFFFFF, "unpacked": 0xFFFFFFFF}),
            r"overlap|ZIP64"),
    # --- around it
    read("prefix", "1 MiB in front of the archive", lambda: b.book(prefix=b"MZ" + b"\0" * MIB)),
    read("prefix-shifted", "the same, with offsets that count it",
         lambda: b.book(prefix=b"#!/bin/sh\n" * 100, shift=1000)),
    damaged("trailing", "70,000 bytes behind the archive", lambda: b.book(tail=b"x" * 70000),
            r"cut off or damaged"),
    damaged("trailing-few", "four bytes behind the archive", lambda: b.book(tail=b"\r\n\r\n"),
            r"cut off or damaged"),
    damaged("truncated", "the first half of a workbook",
            lambda: b.book()[:len(b.book()) // 2], r"cut off or damaged"),
]

