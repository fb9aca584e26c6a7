"""Where nginx (1.22, and 1.26 alike) answers a row otherwise, and why that is meant: {reason: {row: nginx's
outcome}}."""

DIFFERENCES = {
    ('nginx takes a bare LF, or two CRs and a LF, for the end of a line, and skips empty lines '
     'in any number. RFC 9112 section 2.2 allows most of that; but who takes a bare LF and who '
     'does not disagree about where a field, a chunk or a request ends, and two such readers '
     'behind each other are how requests are smuggled.'): {
        "a CR before the CRLF": "200 kept",
        "a bare LF at the end": "200 kept",
        "a bare LF at the end of chunks": "404 kept",
        "a bare LF behind a field": "200 kept",
        "a bare LF behind a size": "404 kept",
        "a bare LF behind a trailer": "404 kept",
        "a bare LF behind the data": "404 kept",
        "a bare LF behind the last chunk": "404 kept",
        "a bare LF behind the line": "200 kept",
        "a bare LF in an extension": "404 kept",
        "a bare LF in front": "200 kept",
        "an id with a bare LF": "200 kept",
        "bare LFs throughout": "200 kept",
        "chunked behind a bare LF": "501 closed",
        "two empty lines between requests": "200 200 kept",
        "two empty lines in front": "200 kept",
    },
    ('nginx takes more blanks in the request line than the grammar has (RFC 9112 section 3 '
     'allows that to those who fear nobody behind them).'): {
        "a space behind the version": "200 kept",
        "two spaces before the target": "200 kept",
        "two spaces before the version": "200 kept",
    },
    ("nginx's idea of a version is wider: it takes a request of HTTP/0.9, a minor version of "
     'two digits, and calls a version 0.9 a bad request.'): {
        "0.9 by name": "400 closed",
        "0.9 by silence": "? closed",
        "a second minor digit": "200 kept",
        "no point": "505 closed",
    },
    ('nginx looks at chunks and trailers less closely: it skips whatever stands between a size'
     ' and its LF, and whatever stands in trailers. Nothing may hide there from one reader of '
     'two.'): {
        "NUL in a trailer": "404 kept",
        "a control byte in an extension": "404 kept",
        "a folded trailer": "404 kept",
        "a size with a blank behind": "404 kept",
        "a trailer with a space before the colon": "404 kept",
        "a trailer without a colon": "404 kept",
        "an extension with a value alone": "404 kept",
        "an extension with an empty value": "404 kept",
        "an extension with an open quote": "404 kept",
        "an extension without a name": "404 kept",
        "endless extensions": "waits",
        "endless trailers": "500 closed",
        "extensions that are too long together": "400 kept",
    },
    ('nginx calls a size that is too large a bad request, and allows it any number of zeros; '
     'and it takes the LF alone behind data whose CR was counted as data.'): {
        "a chunk shorter than its size": "400 kept",
        "a size of 100 digits": "400 closed",
        "a size of 2 to the 60th less one": "400 closed",
        "a size of 2 to the 64th less one": "400 closed",
        "a size that wraps": "400 closed",
        "a size with too many zeros": "404 kept",
    },
    ('nginx refuses every transfer coding that is not exactly `chunked` with 501. Here that is'
     ' for codings that may exist: one that cannot end a body, or is no coding, is a bad '
     'request (RFC 9112 section 6.3); and a field may have blanks of both kinds around it '
     '(section 5.1).'): {
        "Host with blanks around it": "400 closed",
        "a comma and chunked": "501 closed",
        "a word that begins like chunked": "501 closed",
        "a word that ends like chunked": "501 closed",
        "blanks around a length": "400 closed",
        "chunked and a comma": "501 closed",
        "chunked and identity": "501 closed",
        "chunked behind a vertical tab": "501 closed",
        "chunked in quotes": "501 closed",
        "chunked not last": "501 closed",
        "chunked twice": "501 closed",
        "chunked with a parameter": "501 closed",
        "chunked with blanks around it": "501 closed",
        "gzip alone": "501 closed",
        "gzip and chunked on two lines": "400 closed",
        "identity": "501 closed",
        "no coding": "501 closed",
    },
    ('nginx leaves the bytes of fields alone: it ignores a line without a colon, takes any '
     'byte in a name, and control bytes in a value (but NUL). Here a field that is none is a '
     'bad request: nothing that reads our logs or headers must cope with them.'): {
        "DEL in a value": "200 kept",
        "a bracket in a name": "200 kept",
        "a control byte in a value": "200 kept",
        "a name in UTF-8": "200 kept",
        "a slash in a name": "200 kept",
        "a vertical tab in a value": "200 kept",
        "an escape byte in a value": "200 kept",
        "no colon": "200 kept",
    },
    ('nginx checks of Host, and of an absolute target, little more than that there is one; '
     'another scheme is served like http. Here what is no host (RFC 9110 section 7.2), or is '
     'not ours to answer for (section 7.4), is a bad request.'): {
        "Host in raw UTF-8": "200 kept",
        "Host with a bad address in brackets": "200 kept",
        "Host with a bad escape": "200 kept",
        "Host with a port that is none": "200 kept",
        "Host with a port too large": "200 kept",
        "Host with a query": "200 kept",
        "Host with a signed port": "200 kept",
        "Host with an unclosed bracket": "200 kept",
        "Host with text behind the brackets": "200 kept",
        "Host with user information": "200 kept",
        "absolute form of another scheme": "200 kept",
        "absolute form of https": "200 kept",
        "absolute form with a bad port": "200 kept",
    },
    ('nginx takes bytes in a target that no URL has (RFC 3986), drops a fragment, and has no '
     'asterisk form.'): {
        "a backslash in the path": "404 kept",
        "a brace in the path": "404 kept",
        "a fragment": "200 kept",
        "angle brackets in the target": "200 kept",
        "asterisk form": "400 closed",
        "quotes in the target": "200 kept",
        "raw UTF-8 in the target": "200 kept",
    },
    ('nginx resolves `.`, `..` and `//`, and decodes `%2f` and `%5c`, before it looks for a '
     'file. Here such a path is refused, or names nothing: nobody who means well sends it, and'
     ' what was checked is what is opened. A path that is no UTF-8 is refused for the same '
     'reason.'): {
        "an escape that is no UTF-8": "404 kept",
        "an escaped DEL": "404 kept",
        "an escaped backslash": "404 kept",
        "an escaped slash": "200 kept",
        "an escaped slash in capitals": "200 kept",
        "an overlong dot": "404 kept",
        "dots": "200 kept",
        "dots and an escaped slash": "200 kept",
        "dots at the end": "200 kept",
        "dots of an absolute target": "200 kept",
        "dots out of the root": "400 closed",
        "dots, one of them escaped": "200 kept",
        "escaped CR LF": "404 kept",
        "escaped dots": "200 kept",
        "one dot": "200 kept",
        "one dot at the end": "403 kept",
        "two slashes": "200 kept",
        "two slashes in a file's name": "200 kept",
    },
    ('nginx closes behind every 400 (and 412). Here a request that was read to its end, so '
     'that it is beyond doubt where the next begins, keeps its connection.'): {
        "HEAD with a bad path": "400 closed",
        "If-Match before If-None-Match": "412 closed",
        "If-Match compares strongly": "412 closed",
        "If-Match of another": "412 closed",
        "If-Unmodified-Since, earlier": "412 closed",
        "a bad escape": "400 closed",
        "a percent sign alone": "400 closed",
        "a refusal between requests": "200 400 closed",
        "an escape cut short": "400 closed",
        "an escaped NUL": "400 closed",
        "an escaped NUL before an ending": "400 closed",
    },
    ('nginx has its own idea of methods: one in small letters is a bad request, an unknown one'
     ' is answered by whoever answers, TRACE and CONNECT are refused with 405 and 400, a 405 '
     'does not name what is allowed. Here an unknown method is 501 (RFC 9110 section 15.6.2) '
     'and a 405 has its Allow (section 15.5.6).'): {
        "CONNECT": "400 closed",
        "CONNECT with a path": "405 closed",
        "DELETE of a file": "405!allow kept",
        "PATCH of a file": "405!allow kept",
        "POST to a file": "405!allow kept",
        "PUT of a file": "405!allow kept",
        "PUT of a file with a body": "405!allow kept",
        "TRACE": "405 closed",
        "a method of all that may be in one": "400 closed",
        "a method that is too long": "200 kept",
        "a method's case": "400 closed",
        "an unknown method": "200 kept",
        "an unknown method between requests": "200 200 200 kept",
        "another method's case": "400 closed",
    },
    ('nginx reads a body that nobody wants, and drops it; the connection goes on, or waits. '
     'Here such an answer ends the connection: a body that is refused is not worth its bytes. '
     'While it waits, nginx takes the next request for the body.'): {
        "a body for nothing": "404 kept",
        "a body with GET": "200 kept",
        "a body with HEAD": "200 kept",
        "a large length": "413 waits",
        "a large upload": "413 waits",
        "chunks for nothing": "404 kept",
        "chunks with GET": "200 kept",
        "no 100 for a large body": "413 waits",
        "no 100 for nothing": "404 400 closed",
        "nothing behind a body for nothing": "404 200 kept",
        "the largest length": "413 waits",
    },
    ('nginx knows only 100-continue and ignores other expectations; and it says 100 where no '
     'body follows.'): {
        "an expectation of no bytes": "100 200 kept",
        "an expectation without a body": "100 200 kept",
        "another expectation": "waits",
        "another expectation beside 100": "waits",
    },
    ('nginx has other limits: 8 KiB a line, its CRLF counted, four such lines, any number of '
     'fields, and it calls fields that are too long a bad request. Here they are 8 KiB for the '
     'line, 16 KiB for 100 fields, and a 431 (RFC 6585 section 5).'): {
        "a name that is too long": "400 closed",
        "many short fields": "400 closed",
        "one byte too long": "200 kept",
        "one field that is too long": "400 closed",
        "one field too many": "200 kept",
        "the longest line": "414 closed",
    },
    ('nginx serves several ranges, ranges of HEAD, and refuses a range that it cannot read '
     'with 416; RFC 9110 section 14.2 has GET alone, and lets a server ignore what is '
     'malformed or asks for much work. It compares If-Modified-Since for equality, and refuses'
     ' a second If-None-Match.'): {
        "If-Modified-Since, later": "200 kept",
        "If-None-Match on two lines": "400 closed",
        "a range backwards": "416 kept",
        "a range that is none": "416 kept",
        "a range with HEAD": "206 kept",
        "two ranges": "206 kept",
    },
    ('nginx packs as it sends, without a length; it knows neither `x-gzip` nor `*`, and '
     'overlooks that identity is preferred.'): {
        "HEAD of a packed form": "200!content-length kept",
        "any coding": "200!content-encoding kept",
        "identity preferred": "200!content-encoding!body kept",
        "x-gzip": "200!content-encoding kept",
    },
    ('nginx names folders and hidden files: a redirect or 403 tells that there is something. '
     'Here what is not served is not there.'): {
        "a folder": "301 kept",
        "a folder with a slash": "403 kept",
        "a hidden file": "200 kept",
        "a link out of the folder": "403 kept",
        "the files' folder": "403 kept",
    },
}

BY_ROW = {row: (outcome, reason) for reason, rows in DIFFERENCES.items()
          for row, outcome in rows.items()}
