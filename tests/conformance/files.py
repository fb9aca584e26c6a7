"""RFC 9110 sections 8, 12 to 14: files, their conditions and ranges; what an answer says; and
whom the server believes."""

from email.utils import formatdate

from .rows import END, answer, closed, get, kept

DIGITS = b"0123456789"
STAMP = 1700000000  # when every file of the table was changed
DATE = formatdate(STAMP, usegmt=True).encode()
EARLIER = formatdate(STAMP - 1, usegmt=True).encode()
LATER = formatdate(STAMP + 1, usegmt=True).encode()
# What the server makes of those bytes, and what nginx makes of that time and length.
ETAG = b'"50c0aafd8b4330b2"'
NGINX_ETAG = b'"6553f100-a"'
TAGS = ETAG + b", " + NGINX_ETAG  # If-None-Match and If-Match take a list
WEAK = b"W/" + ETAG + b", W/" + NGINX_ETAG
FILE = b"/static/digits.txt"
TEXT = b"/static/text.css"

WHOLE = answer(200, DIGITS, content_length="10", last_modified=DATE.decode(), accept_ranges="bytes")
SAME = answer(304, b"", etag='".*"', content_length=None)


def ask(fields, method=b"GET", target=FILE):
    return get(target, fields + END, method)


def part(body, content_range):
    return answer(206, body, content_range=content_range, content_length=str(len(body)))


OUTSIDE = answer(416, content_range=r"bytes \*/10")
FALSE = answer(412)

CONDITIONS = [
    kept("a file", "9110 8.8", get(FILE), WHOLE),
    kept("HEAD of a file", "9110 9.3.2", get(FILE, method=b"HEAD"),
         answer(200, head=True, content_length="10", last_modified=DATE.decode(), etag='".*"')),
    kept("If-None-Match", "9110 13.1.2", ask(b"If-None-Match: " + TAGS), SAME),
    kept("If-None-Match compares weakly", "9110 13.1.2", ask(b"If-None-Match: " + WEAK), SAME),
    kept("If-None-Match in a list", "9110 13.1.2", ask(b'If-None-Match: "a", ' + TAGS + b', "b"'), SAME),
    kept("If-None-Match on two lines", "9110 5.3",
         ask(b'If-None-Match: "a"\r\nIf-None-Match: ' + TAGS), SAME),
    kept("If-None-Match of any", "9110 13.1.2", ask(b"If-None-Match: *"), SAME),
    kept("If-None-Match of another", "9110 13.1.2", ask(b'If-None-Match: "a"'), WHOLE),
    kept("If-None-Match without quotes", "9110 8.8.3", ask(b"If-None-Match: abc"), WHOLE),
    kept("If-None-Match with HEAD", "9110 13.1.2", ask(b"If-None-Match: " + TAGS, b"HEAD"),
         answer(304, head=True)),
    kept("If-None-Match before a date", "9110 13.2.2",
         ask(b'If-None-Match: "a"\r\nIf-Modified-Since: ' + DATE), WHOLE),
    kept("If-Modified-Since", "9110 13.1.3", ask(b"If-Modified-Since: " + DATE), SAME),
    kept("If-Modified-Since, later", "9110 13.1.3", ask(b"If-Modified-Since: " + LATER), SAME),
    kept("If-Modified-Since, earlier", "9110 13.1.3", ask(b"If-Modified-Since: " + EARLIER), WHOLE),
    kept("If-Modified-Since, no date", "9110 13.1.3", ask(b"If-Modified-Since: yesterday"), WHOLE),
    kept("If-Modified-Since, as RFC 850 has it", "9110 5.6.7",
         ask(b"If-Modified-Since: Tuesday, 14-Nov-23 22:13:20 GMT"), SAME),
    kept("If-Modified-Since, as asctime has it", "9110 5.6.7",
         ask(b"If-Modified-Since: Tue Nov 14 22:13:20 2023"), SAME),
    kept("If-Match", "9110 13.1.1", ask(b"If-Match: " + TAGS), WHOLE),
    kept("If-Match of any", "9110 13.1.1", ask(b"If-Match: *"), WHOLE),
    kept("If-Match of another", "9110 13.1.1", ask(b'If-Match: "a"'), FALSE),
    kept("If-Match compares strongly", "9110 13.1.1", ask(b"If-Match: " + WEAK), FALSE),
    kept("If-Unmodified-Since", "9110 13.1.4", ask(b"If-Unmodified-Since: " + DATE), WHOLE),
    kept("If-Unmodified-Since, earlier", "9110 13.1.4", ask(b"If-Unmodified-Since: " + EARLIER), FALSE),
    kept("If-Match before If-None-Match", "9110 13.2.2",
         ask(b'If-Match: "a"\r\nIf-None-Match: ' + TAGS), FALSE),
    kept("a condition of what is not there", "9110 13.2.1", ask(b"If-None-Match: *", target=b"/static/x"),
         404),
]

RANGES = [
    kept("a range", "9110 14.2", ask(b"Range: bytes=2-4"), part(b"234", "bytes 2-4/10")),
    kept("the first byte", "9110 14.2", ask(b"Range: bytes=0-0"), part(b"0", "bytes 0-0/10")),
    kept("an open range", "9110 14.1.2", ask(b"Range: bytes=7-"), part(b"789", "bytes 7-9/10")),
    kept("the last bytes", "9110 14.1.2", ask(b"Range: bytes=-2"), part(b"89", "bytes 8-9/10")),
    kept("more last bytes than there are", "9110 14.1.2", ask(b"Range: bytes=-20"),
         part(DIGITS, "bytes 0-9/10")),
    kept("a range beyond the end", "9110 14.1.2", ask(b"Range: bytes=8-99"), part(b"89", "bytes 8-9/10")),
    kept("a range behind the end", "9110 15.5.17", ask(b"Range: bytes=10-"), OUTSIDE),
    kept("no last bytes", "9110 14.1.2", ask(b"Range: bytes=-0"), OUTSIDE),
    kept("a range of 30 digits", "9110 14.1.2", ask(b"Range: bytes=" + b"9" * 30 + b"-"), OUTSIDE),
    kept("two ranges", "9110 14.2", ask(b"Range: bytes=0-1,3-4"), answer(200, DIGITS)),
    kept("a thousand ranges", "9110 17.15", ask(b"Range: bytes=" + b",".join([b"0-"] * 1000)),
         answer(200, DIGITS)),
    kept("another unit", "9110 14.2", ask(b"Range: lines=1-2"), answer(200, DIGITS)),
    kept("a range that is none", "9110 14.2", ask(b"Range: bytes=x"), answer(200, DIGITS)),
    kept("a range backwards", "9110 14.1.1", ask(b"Range: bytes=4-2"), answer(200, DIGITS)),
    kept("a range with HEAD", "9110 14.2", ask(b"Range: bytes=2-4", b"HEAD"),
         answer(200, head=True, content_length="10")),
    kept("a range where a condition says no", "9110 13.2.2",
         ask(b"Range: bytes=2-4\r\nIf-None-Match: " + TAGS), SAME),
    kept("If-Range by date", "9110 13.1.5", ask(b"Range: bytes=2-4\r\nIf-Range: " + DATE),
         part(b"234", "bytes 2-4/10")),
    kept("If-Range by an earlier date", "9110 13.1.5", ask(b"Range: bytes=2-4\r\nIf-Range: " + EARLIER),
         answer(200, DIGITS)),
    kept("If-Range by another tag", "9110 13.1.5", ask(b'Range: bytes=2-4\r\nIf-Range: "a"'),
         answer(200, DIGITS)),
    kept("If-Range by a weak tag", "9110 13.1.5", ask(b"Range: bytes=2-4\r\nIf-Range: W/" + ETAG),
         answer(200, DIGITS)),
    kept("If-Range without Range", "9110 13.1.5", ask(b"If-Range: " + ETAG), answer(200, DIGITS)),
]

PACKED = answer(200, content_encoding="gzip", vary=".*Accept-Encoding.*", content_type="text/css.*")
PLAIN = answer(200, "color", content_encoding=None, vary=".*Accept-Encoding.*")


def packed(value):
    return ask(b"Accept-Encoding: " + value, target=TEXT)


FORMS = [
    kept("no coding asked for", "9110 12.5.3", get(TEXT), PLAIN),
    kept("gzip", "9110 12.5.3", packed(b"gzip"), PACKED),
    kept("gzip among others", "9110 12.5.3", packed(b"br, gzip, deflate"), PACKED),
    kept("gzip in capitals", "9110 8.4.1", packed(b"GZIP"), PACKED),
    kept("x-gzip", "9110 8.4.1.3", packed(b"x-gzip"), PACKED),
    kept("gzip with a weight", "9110 12.4.2", packed(b"gzip;q=0.5"), PACKED),
    kept("gzip refused", "9110 12.4.2", packed(b"gzip;q=0"), PLAIN),
    kept("gzip refused with blanks and zeros", "9110 12.4.2", packed(b"gzip ; q=0.000"), PLAIN),
    kept("identity asked for", "9110 12.5.3", packed(b"identity"), PLAIN),
    kept("identity preferred", "9110 12.5.3", packed(b"identity, gzip;q=0.5"), PLAIN),
    kept("any coding", "9110 12.5.3", packed(b"*"), PACKED),
    kept("nothing is worth packing", "9110 8.4", ask(b"Accept-Encoding: gzip"),
         answer(200, DIGITS, content_encoding=None)),
    kept("a word that ends like gzip", "9110 8.4.1", packed(b"notgzip"), PLAIN),
    kept("HEAD of a packed form", "9110 9.3.2",
         ask(b"Accept-Encoding: gzip", b"HEAD", TEXT), answer(200, head=True, content_encoding="gzip",
                                                               content_length="[0-9]+")),
    kept("a type", "9110 8.3", get(b"/static/text.css"), answer(200, content_type="text/css.*")),
    kept("a name with a hash", "9111 5.2.2.2", get(b"/static/app.0123abcd.js"),
         answer(200, cache_control=".*immutable.*"), nginx=False),
    kept("a name without", "9111 5.2.2.4", get(FILE), answer(200, cache_control="no-cache"), nginx=False),
    kept("a file in a folder", "9110 4.1", get(b"/static/deep/er/note.txt"), answer(200, b"deep\n")),
    kept("an empty file", "9110 6.4", get(b"/static/empty.txt"), answer(200, b"", content_length="0")),
    kept("a folder", "9110 15.5.5", get(b"/static/deep"), 404),
    kept("a folder with a slash", "9110 15.5.5", get(b"/static/deep/"), 404),
    kept("the files' folder", "9110 15.5.5", get(b"/static/"), 404),
    kept("a file with a slash behind", "9110 15.5.5", get(FILE + b"/"), 404),
    kept("a link out of the folder", "9110 17.3", get(b"/static/out.txt"), 404),
    kept("a folder that is a link out", "9110 17.3", get(b"/static/away/secret.txt"), 404),
    kept("a hidden file", "9110 17.3", get(b"/static/.hidden"), 404),
    kept("two slashes in a file's name", "3986 3.3", get(b"/static//digits.txt"), 404),
    kept("a page by Accept", "9110 12.5.1", get(b"/dashboard", b"Accept: text/html\r\n"),
         answer(200, content_type="text/html.*", vary="Accept.*"), nginx=False),
    kept("data by Accept", "9110 12.5.1", get(b"/dashboard", b"Accept: application/json\r\n"),
         answer(200, content_type="application/json"), nginx=False),
    kept("data by no Accept", "9110 12.5.1", get(b"/dashboard"),
         answer(200, content_type="application/json"), nginx=False),
    kept("data by Accept's weights", "9110 12.4.2",
         get(b"/dashboard", b"Accept: text/html;q=0.4, application/json\r\n"),
         answer(200, content_type="application/json"), nginx=False),
]


def identified(value, pattern, name, section="9110 5.5"):
    return kept(name, section, get(fields=b"X-Request-Id: " + value + END),
                answer(200, x_request_id=pattern), nginx=False)


MADE = "[0-9a-f]+-[0-9a-f]+-[0-9a-f]+"

ANSWERS = [
    kept("Date", "9110 6.6.1", get(), answer(200, date=r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT")),
    kept("Date of a refusal", "9110 6.6.1", get(b"/nothing"), answer(404, date=".* GMT")),
    closed("Date of a bad request", "9110 6.6.1", get(host=b""), answer(400, date=".* GMT")),
    kept("no sniffing", "9110 8.3", get(), answer(200, x_content_type_options="nosniff"), nginx=False),
    identified(b"abc-1.2:3_Z", "abc-1.2:3_Z", "an id is taken over"),
    identified(b"a" * 64, "a" * 64, "the longest id"),
    identified(b"a" * 65, MADE, "an id that is too long"),
    identified(b"", MADE, "an empty id"),
    identified(b"a;b", MADE, "an id with a semicolon", "9110 17.9"),
    identified(b"<script>", MADE, "an id with a tag", "9110 17.9"),
    identified(b"a\tb", MADE, "an id with a tab", "9110 17.9"),
    identified(b"\xc3\xb1", MADE, "an id in UTF-8", "9110 17.9"),
    closed("an id with a bare CR", "9110 5.5", get(fields=b"X-Request-Id: a\rX-Evil: 1\r\n"),
           answer(400, x_evil=None)),
    closed("an id with a bare LF", "9110 5.5", get(fields=b"X-Request-Id: a\nX-Evil: 1\r\n"),
           answer(400, x_evil=None)),
    kept("nothing of a path becomes a field", "9110 17.9", get(b"/waybills/%0d%0aX-Evil:%201"),
         answer(400, x_evil=None), nginx=False),
    kept("nothing of a method becomes a field", "9110 17.9", get(method=b"X-EVIL"),
         answer(501, x_evil=None), nginx=False),
]

FORWARDED = b"X-Forwarded-For: 9.9.9.9\r\n"
TRUSTED = "127.0.0.2"  # of the settings that the table is asked with


def told(name, client, sent, kind=kept, source=TRUSTED, section="7239 8.1"):
    return kind(name, section, sent, 200, nginx=False, source=source, client=client)


V2 = b"\r\n\r\n\0\r\nQUIT\n"

CLIENTS = [
    told("X-Forwarded-For of a stranger", "127.0.0.1", get(fields=FORWARDED), source="127.0.0.1"),
    told("X-Forwarded-For of a trusted proxy", "9.9.9.9",
         b"PROXY UNKNOWN\r\n" + get(fields=FORWARDED)),
    told("the nearest that is not trusted", "9.9.9.9",
         b"PROXY UNKNOWN\r\n" + get(fields=b"X-Forwarded-For: 6.6.6.6, 9.9.9.9, 127.0.0.2\r\n")),
    told("X-Forwarded-For on two lines", "9.9.9.9",
         b"PROXY UNKNOWN\r\n" + get(fields=b"X-Forwarded-For: 6.6.6.6\r\n" + FORWARDED)),
    told("X-Forwarded-For that is no address", TRUSTED,
         b"PROXY UNKNOWN\r\n" + get(fields=b"X-Forwarded-For: x\r\n")),
    told("PROXY, version 1", "1.2.3.4", b"PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\n" + get()),
    told("PROXY, version 2", "1.2.3.4",
         V2 + b"\x21\x11\0\x0c\1\2\3\4\5\6\7\x08\0\x09\0\x0a" + get()),
    told("PROXY's client is not believed further", "1.2.3.4",
         b"PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\n" + get(fields=FORWARDED)),
    closed("PROXY of a stranger", "9112 3", b"PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\n" + get(), 400),
    closed("PROXY, version 2, of a stranger", "9112 3",
           V2 + b"\x21\x11\0\x0c\1\2\3\4\5\6\7\x08\0\x09\0\x0a" + get(), 400),
    closed("PROXY that is missing", "9112 9.6", get(), nginx=False, source=TRUSTED),
    closed("PROXY that is malformed", "9112 9.6", b"PROXY TCP9 1.2.3.4\r\n" + get(), nginx=False,
           source=TRUSTED),
    closed("PROXY twice", "9112 3", b"PROXY UNKNOWN\r\n" * 2 + get(), 400, nginx=False, source=TRUSTED),
]

ROWS = CONDITIONS + RANGES + FORMS + ANSWERS + CLIENTS
