"""Whether two readers have one idea of where requests end.

A stream of bytes is sent on a connection of its own, once to the server and once to a HAProxy before
it. What each took for a request is in its log: a line per request, with method and target; HAProxy
gives every request that it passes on an id of its own (X-Request-Id), which the server's line shows
again. They agree when

1. every request that the server saw behind HAProxy is one that HAProxy passed on, by its id, with the
   same method and target, and no id is there twice: nothing was smuggled through;
2. every request that HAProxy passed on and got answered has its line in the server's log: nothing was
   swallowed. A line that shows no request (the server refused its head) counts for one of those;
3. of one stream, HAProxy and the server (asked directly) saw the same requests, as far as both went:
   one list begins with the other. Each may stop sooner, by refusing; but where the server saw any,
   HAProxy has at least one line (3.0 has none of a request whose server breaks off a connection that
   had others before);
4. behind a request that HAProxy cannot read, the server (asked directly) sees none either. (Two
   things HAProxy refuses though they leave no doubt: an absolute target with another host than the
   Host field, where RFC 9112 section 3.2.2 has the target win; and a length among trailers, which
   section 7.1.2 lets a server ignore.);
5. a request that the server (asked directly) did not refuse has the same status behind HAProxy: so it
   had the same body. (With the fields that HAProxy adds, it may have too many: 431. And where a query
   follows the host at once, HAProxy 3.0 makes both of them the Host field: 400.)

A reader that is a little lenient breaks one of these; lenient.py has some. One that takes a bare LF
does not, since HAProxy takes it too: that is what the table is for."""

import re
import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from support.haproxy import BAD
from support.wait import wait_until

AT_ONCE = 24  # most wait for a deadline
REFUSALS = (400, 408, 413, 414, 417, 431, 501, 505)
FRAMING_TRAILER = re.compile(rb"\r\n0+[^\r\n]*\r\n(?:[^\r\n]+\r\n)*?Content-Length:", re.I)
QUERY_AT_ONCE = re.compile(r"http://[^/?]*\?", re.I)
SHOWN = 480  # bytes of a target in the server's log


def _send(port, data, source):
    """Sends all and waits for the end."""
    with socket.create_connection(("127.0.0.1", port), 20, source_address=(source, 0)) as c:
        try:
            c.sendall(data)
            while c.recv(65536):
                pass
        except (BrokenPipeError, ConnectionResetError):
            pass


def _address(i):
    """Of the client that sends stream i: logs show it."""
    return f"127.{10 + (i >> 16)}.{i >> 8 & 255}.{i & 255}"


def _send_all(port, streams):
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in pool.map(lambda i: _send(port, streams[i], _address(i)), range(len(streams))):
            pass


def _shown(method, target):
    """As both logs have it: cut, without the port that http has anyway, which HAProxy drops, and
    without the path that HAProxy 3.0 gives an absolute target that has none."""
    target = re.sub(r"^(http://[^/?]*):80(?=[/?]|$)", r"\1", target[:SHOWN], flags=re.I)
    return method, re.sub(r"^(http://[^/]+)/$", r"\1", target, flags=re.I)


def ask_directly(backend, streams):
    """[[(method, target, status)]]: what the server sees of each stream."""
    _send_all(backend.port, streams)
    by_client = {}
    for line in backend.seen():
        if "target" in line:
            by_client.setdefault(line["client"], []).append(
                (line["method"], line["target"], line["status"]))
    return [by_client.get(_address(i), []) for i in range(len(streams))]


def _smuggled(passed, lines):
    """1 and 2."""
    found = []
    by_id = {f.id: f for f in passed if f.sent}
    shown = Counter(line["request_id"] for line in lines if "target" in line)
    refused = sum("target" not in line for line in lines)
    for line in lines:
        if "target" not in line:
            continue
        f = by_id.get(line["request_id"])
        if f is None:
            found.append(f"never passed on: {line}")
        elif _shown(f.method, f.target) != _shown(line["method"], line["target"]):
            found.append(f"passed on as {f}: {line}")
        elif shown[f.id] > 1:
            found.append(f"seen {shown[f.id]} times: {line}")
    missing = [f for f in by_id.values() if f.id not in shown]
    broken = sum(f.ended != "--" for f in missing)
    if not len(missing) - broken <= refused <= len(missing):
        found.append(f"{refused} requests without a head that could be read, for {len(missing)} that "
                     f"were passed on, {broken} of them cut short: {missing[:5]}")
    return found


def _differing(data, direct, passed):
    """3, 4 and 5, of one stream."""
    refused = bool(passed) and passed[-1].method == BAD
    passed = [f for f in passed if f.method != BAD]
    plain = [_shown(method, target) for method, target, _ in direct]
    proxied = [_shown(f.method, f.target) for f in passed]
    both = min(len(plain), len(proxied))
    told = f"{data[:400]!r}\n  directly {direct}\n  by HAProxy {passed}"
    if direct and not passed and not refused:
        return [f"nothing by HAProxy: {told}"]
    if plain[:both] != proxied[:both]:
        return [f"other requests: {told}"]
    if refused and len(direct) > both + 1 and not (
            plain[both][1].lower().startswith("http://") or FRAMING_TRAILER.search(data)):
        return [f"more requests, behind one that HAProxy could not read: {told}"]
    if any(status not in REFUSALS and f.status not in (status, 431)
           and not (f.status == 400 and QUERY_AT_ONCE.match(target))
           for (_, target, status), f in zip(direct, passed)):
        return [f"another answer: {told}"]
    return []


def _told(passed, lines):
    """Whether each request that was answered has its line, which comes behind its answer."""
    shown = {line["request_id"] for line in lines if "target" in line}
    missing = {f.id for f in passed if f.sent and f.ended == "--"} - shown
    return len(missing) <= sum("target" not in line for line in lines)


def ask_through(backend, haproxy, variant, streams, direct):
    """Sends them through HAProxy; returns a line for each disagreement."""
    before = len(backend.seen())
    _send_all(haproxy.ports[variant].number, streams)
    # It tells of a stream once both sides have ended, which its client may see long before.
    due = {_address(i) for i, requests in enumerate(direct) if requests}
    with suppress(AssertionError):  # which of them are missing, is told below
        wait_until(lambda: due <= {f.client for f in haproxy.saw(variant)}, "its lines", 15)
        wait_until(lambda: _told(haproxy.saw(variant), backend.seen()[before:]), "ours", 5)
    by_client = {}
    passed = haproxy.saw(variant)
    for f in passed:
        by_client.setdefault(f.client, []).append(f)
    found = _smuggled(passed, backend.seen()[before:])
    for i, (data, requests) in enumerate(zip(streams, direct)):
        found += _differing(data, requests, by_client.get(_address(i), []))
    return found
