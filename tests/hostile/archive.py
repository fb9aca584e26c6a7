"""ZIP archives byte by byte (PKWARE APPNOTE 6.3, section 4.3), so that each field can lie."""

import struct
import zlib
from dataclasses import dataclass, field

STORED, DEFLATED = 0, 8
LOCAL, CENTRAL, END = 0x04034B50, 0x02014B50, 0x06054B50
END64, LOCATOR, DESCRIPTOR = 0x06064B50, 0x07064B50, 0x08074B50


def deflate(data, level=9):
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


@dataclass
class Entry:
    """None: what is true. `local` and `central` hold the fields that lie in one of the headers:
    method, flags, crc, packed, unpacked, name, extra, offset (of the local header), disk."""
    name: str | bytes
    data: bytes = b""
    method: int = DEFLATED
    body: bytes | None = None  # the packed bytes
    size: int | None = None  # of the data, when only the body is given
    crc: int | None = None
    flags: int = 0
    descriptor: bytes | None = None  # behind the body
    local: dict = field(default_factory=dict)
    central: dict = field(default_factory=dict)
    hidden: bool = False  # not in the directory
    ghost: bool = False  # only in the directory: its offset is that of the last local header

    def __post_init__(self):
        if isinstance(self.name, str):
            self.name = self.name.encode()
        if self.body is None:
            self.body = deflate(self.data) if self.method == DEFLATED else self.data
        if self.size is None:
            self.size = len(self.data)
        if self.crc is None:
            self.crc = zlib.crc32(self.data)

    def header(self, kind, offset):
        v = {"method": self.method, "flags": self.flags, "crc": self.crc, "packed": len(self.body),
             "unpacked": self.size, "name": self.name, "extra": b"", "offset": offset, "disk": 0,
             **(self.local if kind == LOCAL else self.central)}
        common = struct.pack("<HHHHHIIIHH", 20, v["flags"], v["method"], 0, 0x21, v["crc"],
                             v["packed"], v["unpacked"], len(v["name"]), len(v["extra"]))
        if kind == LOCAL:
            return struct.pack("<I", LOCAL) + common + v["name"] + v["extra"]
        return (struct.pack("<IH", CENTRAL, 20) + common +
                struct.pack("<HHHII", 0, v["disk"], 0, 0, v["offset"]) + v["name"] + v["extra"])


def end_record(count, size, offset, comment=b"", disk=0, counted=None):
    return struct.pack("<IHHHHIIH", END, disk, 0, count if counted is None else counted, count,
                       size, offset, len(comment)) + comment


def end64_record(count, size, offset):
    return struct.pack("<IQHHIIQQQQ", END64, 44, 45, 45, 0, 0, count, count, size, offset)


def locator(offset):
    return struct.pack("<IIQI", LOCATOR, 0, offset, 1)


def laid_out(entries, shift=0):
    """(local headers and bodies, directory): `shift` is added to the offsets."""
    out, directory, at, last = [], [], 0, 0
    for e in entries:
        if not e.ghost:
            last = at
            piece = e.header(LOCAL, 0) + e.body + (e.descriptor or b"")
            out.append(piece)
            at += len(piece)
        if not e.hidden:
            directory.append(e.header(CENTRAL, last + shift))
    return b"".join(out), b"".join(directory)


def archive(entries, prefix=b"", comment=b"", tail=b"", shift=0, between=b"", **end):
    """end: the fields of the last record that lie: count, size, offset, disk, counted."""
    body, directory = laid_out(entries, shift)
    says = {"count": sum(not e.hidden for e in entries), "size": len(directory),
            "offset": len(body) + shift, "comment": comment, **end}
    return prefix + body + directory + between + end_record(**says) + tail


def archive64(entries, lies=None, place=None, old=None):
    """The same with ZIP64 records. lies: (count, size, offset) over the true ones; place: what the
    locator says; old: fields of the old record, all ones unless given."""
    body, directory = laid_out(entries)
    true = {"count": len(entries), "size": len(directory), "offset": len(body)}
    at = len(body) + len(directory)
    last = {"count": 0xFFFF, "size": 0xFFFFFFFF, "offset": 0xFFFFFFFF, **(old or {})}
    return (body + directory + end64_record(**{**true, **(lies or {})}) +
            locator(at if place is None else place) + end_record(**last))
