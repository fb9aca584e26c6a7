"""Byte streams for two readers that must not disagree: the rows of the table, runs of them, and
what becomes of those when bytes are changed, lost, doubled and mixed. Behind each come two requests
whose paths tell that the reader found its way."""

from .rows import END, HOST, SCAN, chunks, get, post
from .table import ROWS

AFTER = get(b"/after-1") + get(b"/after-2", b"Connection: close\r\n")
SHORT = 600
HIDDEN = get(b"/hidden")  # only ever inside a body
SMUGGLERS = [
    post(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n" + HIDDEN),
    post(b"Transfer-Encoding: chunked\r\nContent-Length: %d\r\n" % (5 + len(HIDDEN)),
         b"0\r\n\r\n" + HIDDEN),
    post(b"Content-Length: %d\r\nContent-Length: 0\r\n" % len(HIDDEN), HIDDEN),
    post(b"Content-Length: 0\r\nContent-Length: %d\r\n" % len(HIDDEN), HIDDEN),
    post(b"Content-Length: 0, %d\r\n" % len(HIDDEN), HIDDEN),
    post(b"Content-Length: +%d\r\n" % len(HIDDEN), HIDDEN),
    post(b"Content-Length: %d\r\n" % len(HIDDEN), HIDDEN),
    get(fields=b"Content-Length: %d\r\n" % len(HIDDEN)) + HIDDEN,
    get(fields=b"Content-Length: %d\r\n" % len(HIDDEN), method=b"HEAD") + HIDDEN,
    get(b"/scan", b"Content-Length: %d\r\n" % len(HIDDEN), b"DELETE") + HIDDEN,
    get(fields=b"Content-Length: %d\r\n" % len(HIDDEN), version=b"HTTP/1.0") + HIDDEN,
    post(b"Content-Length : %d\r\n" % len(HIDDEN), HIDDEN),
    post(b"X: y\r\n Content-Length: %d\r\n" % len(HIDDEN), HIDDEN),
    post(b"X: y\nContent-Length: %d\r\n" % len(HIDDEN), HIDDEN),
    post(b"X: y\rContent-Length: %d\r\n" % len(HIDDEN), HIDDEN),
    post(b"Content-Length: 3\r\nTransfer-Encoding: xchunked\r\n", b"0\r\n\r\n" + HIDDEN),
    post(b"Content-Length: 3\r\nTransfer-Encoding : chunked\r\n", b"0\r\n\r\n" + HIDDEN),
    post(b"Content-Length: 3\r\nTransfer-Encoding: identity\r\n", b"abc" + HIDDEN),
    post(b"Content-Length: 3\r\nTransfer-Encoding:\x0bchunked\r\n", b"abc" + HIDDEN),
    post(b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n", b"abc" + HIDDEN),
    post(b"Transfer-Encoding: chunked\r\n", b"5\r\n0\r\n\r\n\r\n0\r\n\r\n"),
    chunks(b"%x\r\n%s\r\n0\r\n\r\n" % (len(HIDDEN), HIDDEN)),
    chunks(b"%x;a=\"\r\n%s\r\n0\r\n\r\n" % (len(HIDDEN), HIDDEN)),
    chunks(b"%x\n%s\r\n0\r\n\r\n" % (len(HIDDEN), HIDDEN)),
    chunks(b"5;\n0\r\n\r\n\r\n0\r\n\r\n" + HIDDEN),
    chunks(b"0x5\r\nabcde\r\n0\r\n\r\n" + HIDDEN),
    chunks(b"100000000000000005\r\nabcde\r\n0\r\n\r\n" + HIDDEN),
    chunks(b"0\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN),
    chunks(b"0\r\nX: y\n\r\n" + HIDDEN),
    b"GET http://a/health HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde",
    b"GET /health HTTP/1.1\r\n" + HOST + b"Connection: Content-Length, X-Request-Id\r\n"
    b"Content-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN,
]
PIECES = [b"\r", b"\n", b"\r\n", b"\0", b" ", b"\t", b":", b";", b",", b"\x0b", b"0\r\n\r\n", b"\xff",
          b"Content-Length: 5\r\n", b"Content-Length: 0\r\n", b"Transfer-Encoding: chunked\r\n",
          b"Transfer-Encoding: x\r\n", b"Connection: close\r\n", b"Expect: 100-continue\r\n", HOST,
          b"1b\r\n" + SCAN + END, b" HTTP/1.0", HIDDEN]
# What HAProxy refuses though it leaves no doubt.
REFUSED_THERE = {
    "trailers are no fields": "trailers that would frame a body are ignored here",
    "an upgrade is ignored": "a WebSocket needs a key there; here there are no WebSockets",
}


def rows():
    """The rows that do not speak of their client's address."""
    return [b"".join(row.sent) for row in ROWS
            if row.source == "127.0.0.1" and row.name not in REFUSED_THERE]


def _mutated(random, data):
    for _ in range(random.randint(1, 3)):
        at = random.randrange(len(data) + 1)
        upto = min(len(data), at + random.choice((1, 1, 2, 5, 20)))
        kind = random.randrange(7)
        if kind == 0:
            data = data[:at] + bytes([random.randrange(256)]) + data[upto:]
        elif kind == 1:
            data = data[:at] + data[upto:]
        elif kind == 2:
            data = data[:upto] + data[at:]
        elif kind in (3, 4):
            data = data[:at] + random.choice(PIECES) + data[at:]
        elif kind == 5:  # where lines end is where readers differ
            lines = data.split(END)
            cut = random.randrange(len(lines))
            data = END.join(lines[:cut + 1]) + random.choice((b"\n", b"\r", b"\r\n ", b"\r\r\n")) \
                + END.join(lines[cut + 1:])
        else:
            lines = data.split(END)
            i, j = random.randrange(len(lines)), random.randrange(len(lines))
            lines[i], lines[j] = lines[j], lines[i]
            data = END.join(lines)
    return data


def short():
    """The rows that are no trials of limits, and the smugglers."""
    return [b for b in rows() + SMUGGLERS if len(b) < SHORT]


def streams(random, runs, mutations):
    """The rows, the smugglers, so many runs of short ones, and so many mutations of those."""
    base = short()
    found = rows() + SMUGGLERS
    for _ in range(runs):
        found.append(b"".join(random.choice(base) for _ in range(random.randint(2, 4))))
    for _ in range(mutations):
        found.append(_mutated(random, b"".join(random.choice(base)
                                               for _ in range(random.randint(1, 3)))))
    return [data + AFTER for data in found]


def short_streams():
    return [data + AFTER for data in short()]
