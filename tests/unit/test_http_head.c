/*
 * Request heads: what is taken, what is refused and with which status, by section of
 * RFC 9112 (or RFC 9110 where it says so).
 */
#include "parse/http_head.h"

#include "parse/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct http_limits limits = {
	.max_line = 64,
	.max_head = 200,
	.max_fields = 8,
};

#define V   " HTTP/1.1\r\n"
#define H   "Host: a\r\n"
#define END "\r\n"
#define G   "GET / HTTP/1.1\r\n"
#define TEN "0123456789"

static const struct row {
	const char *name;
	struct slice in;
	int want;
	unsigned status;  /* with -1 */
	const char *head; /* with PARSE_DONE: as show() writes it */
} rows[] = {
	/* clang-format off */
	{ "2.1: the smallest request", SLICE_INIT(G H END), PARSE_DONE, 0,
	  "GET / 1 a|Host=a|" },
	{ "2.1: what follows is left", SLICE_INIT(G H END "GET"), PARSE_DONE, 0,
	  "GET / 1 a|Host=a|" },
	{ "2.1: not over yet", SLICE_INIT(G H), PARSE_MORE, 0, NULL },
	{ "2.1: not over before the last LF", SLICE_INIT(G H "\r"), PARSE_MORE, 0, NULL },
	{ "2.2: one empty line before", SLICE_INIT("\r\n" G H END), PARSE_DONE, 0,
	  "GET / 1 a|Host=a|" },
	{ "2.2: two empty lines before", SLICE_INIT("\r\n\r\n" G H END), -1, 400, NULL },
	{ "2.2: a bare LF before", SLICE_INIT("\n" G H END), -1, 400, NULL },
	{ "2.2: a bare CR before", SLICE_INIT("\r" G H END), -1, 400, NULL },
	{ "2.2: white space before", SLICE_INIT(" " G H END), -1, 400, NULL },
	{ "2.2: LF alone ends the request line", SLICE_INIT("GET / HTTP/1.1\n" H END), -1, 400, NULL },
	{ "2.2: CR alone ends the request line", SLICE_INIT("GET / HTTP/1.1\r" H END), -1, 400, NULL },
	{ "2.2: CR CR LF ends the request line", SLICE_INIT("GET / HTTP/1.1\r\r\n" H END), -1, 400, NULL },
	{ "2.2: LF alone ends a field", SLICE_INIT(G "Host: a\n" END), -1, 400, NULL },
	{ "2.2: CR alone in a value", SLICE_INIT(G "Host: a\rb\r\n" END), -1, 400, NULL },
	{ "2.2: CR CR LF ends a field", SLICE_INIT(G "Host: a\r\r\n" END), -1, 400, NULL },
	{ "2.2: LF alone ends the head", SLICE_INIT(G H "\n"), -1, 400, NULL },
	{ "2.2: CR without LF ends the head", SLICE_INIT(G H "\rX"), -1, 400, NULL },
	{ "2.2: white space between request line and fields", SLICE_INIT(G " X: y\r\n" H END), -1, 400, NULL },
	{ "2.2: TLS to a plain port", SLICE_INIT("\x16\x03\x01\x02\x00\x01"), -1, 400, NULL },
	{ "2.2: NUL before the method", SLICE_INIT("\0" G H END), -1, 400, NULL },

	{ "2.3: HTTP/1.0 needs no Host", SLICE_INIT("GET / HTTP/1.0\r\n\r\n"), PARSE_DONE, 0,
	  "GET / 0 |" },
	{ "2.3: HTTP/1.0 with Host", SLICE_INIT("GET / HTTP/1.0\r\n" H END), PARSE_DONE, 0,
	  "GET / 0 a|Host=a|" },
	{ "2.3: a higher minor counts as 1.1", SLICE_INIT("GET / HTTP/1.2\r\n" H END), PARSE_DONE, 0,
	  "GET / 1 a|Host=a|" },
	{ "2.3: 1.9", SLICE_INIT("GET / HTTP/1.9\r\n" H END), PARSE_DONE, 0, "GET / 1 a|Host=a|" },
	{ "2.3: a higher minor needs a Host", SLICE_INIT("GET / HTTP/1.2\r\n" END), -1, 400, NULL },
	{ "2.3: HTTP/2.0", SLICE_INIT("GET / HTTP/2.0\r\n" H END), -1, 505, NULL },
	{ "2.3: HTTP/3.0", SLICE_INIT("GET / HTTP/3.0\r\n" H END), -1, 505, NULL },
	{ "2.3: HTTP/0.9", SLICE_INIT("GET / HTTP/0.9\r\n" H END), -1, 505, NULL },
	{ "2.3: without a minor", SLICE_INIT("GET / HTTP/1\r\n" H END), -1, 400, NULL },
	{ "2.3: two digits minor", SLICE_INIT("GET / HTTP/1.10\r\n" H END), -1, 400, NULL },
	{ "2.3: two digits major", SLICE_INIT("GET / HTTP/11.1\r\n" H END), -1, 400, NULL },
	{ "2.3: lower case name", SLICE_INIT("GET / http/1.1\r\n" H END), -1, 400, NULL },
	{ "2.3: another protocol", SLICE_INIT("GET / HTCPCP/1.0\r\n" H END), -1, 400, NULL },
	{ "2.3: a letter for the minor", SLICE_INIT("GET / HTTP/1.x\r\n" H END), -1, 400, NULL },
	{ "2.3: a comma for the dot", SLICE_INIT("GET / HTTP/1,1\r\n" H END), -1, 400, NULL },
	{ "2.3: a space before the dot", SLICE_INIT("GET / HTTP/1 .1\r\n" H END), -1, 400, NULL },
	{ "2.3: no version at all (0.9)", SLICE_INIT("GET /\r\n"), -1, 400, NULL },
	{ "2.3: an empty version", SLICE_INIT("GET / \r\n"), -1, 400, NULL },

	{ "3: white space behind the version", SLICE_INIT("GET / HTTP/1.1 \r\n" H END), -1, 400, NULL },
	{ "3: two spaces before the target", SLICE_INIT("GET  / HTTP/1.1\r\n" H END), -1, 400, NULL },
	{ "3: two spaces before the version", SLICE_INIT("GET /  HTTP/1.1\r\n" H END), -1, 400, NULL },
	{ "3: a tab before the target", SLICE_INIT("GET\t/ HTTP/1.1\r\n" H END), -1, 400, NULL },
	{ "3: a tab before the version", SLICE_INIT("GET /\tHTTP/1.1\r\n" H END), -1, 400, NULL },
	{ "3: a vertical tab before the target", SLICE_INIT("GET\v/ HTTP/1.1\r\n" H END), -1, 400, NULL },
	{ "3: white space in the target", SLICE_INIT("GET /a b HTTP/1.1\r\n" H END), -1, 400, NULL },
	{ "3: a method only", SLICE_INIT("GET\r\n"), -1, 400, NULL },
	{ "3: a line of 64 bytes", SLICE_INIT("GET /" TEN TEN TEN TEN TEN V H END), PARSE_DONE, 0,
	  "GET /" TEN TEN TEN TEN TEN " 1 a|Host=a|" },
	{ "3: ... of 65: 414", SLICE_INIT("GET /" TEN TEN TEN TEN TEN "0" V H END), -1, 414, NULL },
	{ "3: a line without an end: 414", SLICE_INIT("GET /" TEN TEN TEN TEN TEN TEN TEN TEN), -1, 414, NULL },
	{ "3: the limit comes before later faults", SLICE_INIT("GET /" TEN TEN TEN TEN TEN TEN "012345\x01"), -1, 414, NULL },

	{ "3.1: HEAD", SLICE_INIT("HEAD / HTTP/1.1\r\n" H END), PARSE_DONE, 0, "HEAD / 1 a|Host=a|" },
	{ "3.1: POST", SLICE_INIT("POST / HTTP/1.1\r\n" H END), PARSE_DONE, 0, "POST / 1 a|Host=a|" },
	{ "3.1: PUT", SLICE_INIT("PUT / HTTP/1.1\r\n" H END), PARSE_DONE, 0, "PUT / 1 a|Host=a|" },
	{ "3.1: DELETE", SLICE_INIT("DELETE / HTTP/1.1\r\n" H END), PARSE_DONE, 0, "DELETE / 1 a|Host=a|" },
	{ "3.1: OPTIONS", SLICE_INIT("OPTIONS / HTTP/1.1\r\n" H END), PARSE_DONE, 0, "OPTIONS / 1 a|Host=a|" },
	{ "3.1: PATCH", SLICE_INIT("PATCH / HTTP/1.1\r\n" H END), PARSE_DONE, 0, "PATCH / 1 a|Host=a|" },
	{ "3.1: TRACE is not known", SLICE_INIT("TRACE / HTTP/1.1\r\n" H END), PARSE_DONE, 0, "OTHER:TRACE / 1 a|Host=a|" },
	{ "3.1: methods have a case (9110 9.1)", SLICE_INIT("get / HTTP/1.1\r\n" H END), PARSE_DONE, 0, "OTHER:get / 1 a|Host=a|" },
	{ "3.1: an unknown token", SLICE_INIT("M-SEARCH / HTTP/1.1\r\n" H END), PARSE_DONE, 0, "OTHER:M-SEARCH / 1 a|Host=a|" },
	{ "3.1: every tchar (9110 5.6.2)", SLICE_INIT("!#$%&'*+-.^_`|~ / HTTP/1.1\r\n" H END), PARSE_DONE, 0,
	  "OTHER:!#$%&'*+-.^_`|~ / 1 a|Host=a|" },
	{ "3.1: a method of 32", SLICE_INIT(TEN TEN TEN "01 / HTTP/1.1\r\n" H END), PARSE_DONE, 0,
	  "OTHER:" TEN TEN TEN "01 / 1 a|Host=a|" },
	{ "3.1: a longer method: 501", SLICE_INIT(TEN TEN TEN "012"), -1, 501, NULL },
	{ "3.1: a longer method that ends badly: 501", SLICE_INIT(TEN TEN TEN "0123\n"), -1, 501, NULL },
	{ "3.1: CONNECT: 501 (9110 9.3.6)", SLICE_INIT("CONNECT a:80 HTTP/1.1\r\n" H END), -1, 501, NULL },
	{ "3.1: an empty method", SLICE_INIT(" / HTTP/1.1\r\n" H END), -1, 400, NULL },
	{ "3.1: a colon in the method", SLICE_INIT("GE:T / HTTP/1.1\r\n" H END), -1, 400, NULL },
	{ "3.1: a NUL in the method", SLICE_INIT("GE\0T / HTTP/1.1\r\n" H END), -1, 400, NULL },
	{ "3.1: a high byte in the method", SLICE_INIT("G\xc9T / HTTP/1.1\r\n" H END), -1, 400, NULL },

	{ "3.2: no target", SLICE_INIT("GET HTTP/1.1\r\n" H END), -1, 400, NULL },
	{ "3.2: a relative path", SLICE_INIT("GET a/b HTTP/1.1\r\n" H END), -1, 400, NULL },
	{ "3.2: a query alone", SLICE_INIT("GET ?a HTTP/1.1\r\n" H END), -1, 400, NULL },
	{ "3.2: a fragment", SLICE_INIT("GET /a#b HTTP/1.1\r\n" H END), -1, 400, NULL },
	{ "3.2: a quote in the target", SLICE_INIT("GET /\" HTTP/1.1\r\n" H END), -1, 400, NULL },
	{ "3.2: < in the target", SLICE_INIT("GET /<script> HTTP/1.1\r\n" H END), -1, 400, NULL },
	{ "3.2: NUL in the target", SLICE_INIT("GET /a\0b HTTP/1.1\r\n" H END), -1, 400, NULL },
	{ "3.2: DEL in the target", SLICE_INIT("GET /a\x7f HTTP/1.1\r\n" H END), -1, 400, NULL },
	{ "3.2: a high byte in the target", SLICE_INIT("GET /\xc3\xa9 HTTP/1.1\r\n" H END), -1, 400, NULL },
	{ "3.2: CR LF in the target", SLICE_INIT("GET /a\r\nX: y HTTP/1.1\r\n" H END), -1, 400, NULL },
	{ "3.2: what browsers leave in a query", SLICE_INIT("GET /?a[]={b|c}^`\\ HTTP/1.1\r\n" H END), PARSE_DONE, 0,
	  "GET /?a[]={b|c}^`\\ 1 a|Host=a|" },
	{ "3.2.1: origin form with a query", SLICE_INIT("GET /a/b?c=d&e HTTP/1.1\r\n" H END), PARSE_DONE, 0,
	  "GET /a/b?c=d&e 1 a|Host=a|" },
	{ "3.2.1: two slashes are a path", SLICE_INIT("GET //b/c HTTP/1.1\r\n" H END), PARSE_DONE, 0,
	  "GET //b/c 1 a|Host=a|" },
	{ "3.2.2: absolute form overrides Host", SLICE_INIT("GET http://b:81/c HTTP/1.1\r\n" H END), PARSE_DONE, 0,
	  "GET http://b:81/c 1 b:81|Host=a|" },
	{ "3.2.2: absolute form, any case", SLICE_INIT("GET HTTP://B HTTP/1.1\r\n" H END), PARSE_DONE, 0,
	  "GET HTTP://B 1 B|Host=a|" },
	{ "3.2.2: absolute form with a query", SLICE_INIT("GET http://b?c HTTP/1.1\r\n" H END), PARSE_DONE, 0,
	  "GET http://b?c 1 b|Host=a|" },
	{ "3.2.2: absolute form in 1.0", SLICE_INIT("GET http://b/ HTTP/1.0\r\n\r\n"), PARSE_DONE, 0,
	  "GET http://b/ 0 b|" },
	{ "3.2.2: absolute form still needs Host", SLICE_INIT("GET http://b/ HTTP/1.1\r\n\r\n"), -1, 400, NULL },
	{ "3.2.2: another scheme", SLICE_INIT("GET ftp://b/ HTTP/1.1\r\n" H END), -1, 400, NULL },
	{ "3.2.2: https on a plain connection (9110 7.4)", SLICE_INIT("GET https://b/ HTTP/1.1\r\n" H END), -1, 400, NULL },
	{ "3.2.2: no host (9110 4.2.1)", SLICE_INIT("GET http:///a HTTP/1.1\r\n" H END), -1, 400, NULL },
	{ "3.2.2: user information (9110 4.2.4)", SLICE_INIT("GET http://u:p@b/ HTTP/1.1\r\n" H END), -1, 400, NULL },
	{ "3.2.2: a bad port", SLICE_INIT("GET http://b:99999/ HTTP/1.1\r\n" H END), -1, 400, NULL },
	{ "3.2.2: one slash", SLICE_INIT("GET http:/b/ HTTP/1.1\r\n" H END), -1, 400, NULL },
	{ "3.2.3: authority form without CONNECT", SLICE_INIT("GET a:80 HTTP/1.1\r\n" H END), -1, 400, NULL },
	{ "3.2.4: asterisk with OPTIONS", SLICE_INIT("OPTIONS * HTTP/1.1\r\n" H END), PARSE_DONE, 0,
	  "OPTIONS * 1 a|Host=a|" },
	{ "3.2.4: asterisk with GET", SLICE_INIT("GET * HTTP/1.1\r\n" H END), -1, 400, NULL },
	{ "3.2.4: asterisk and more", SLICE_INIT("OPTIONS */a HTTP/1.1\r\n" H END), -1, 400, NULL },
	{ "3.2.4: the preface of HTTP/2 (9113 3.4)", SLICE_INIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), -1, 400, NULL },

	{ "3.2: Host missing", SLICE_INIT(G END), -1, 400, NULL },
	{ "3.2: Host missing among others", SLICE_INIT(G "Hos: a\r\nHost2: a\r\n" END), -1, 400, NULL },
	{ "3.2: Host twice", SLICE_INIT(G H H END), -1, 400, NULL },
	{ "3.2: Host twice, apart, in other cases", SLICE_INIT(G "HOST: a\r\nA: b\r\nhost: b\r\n" END), -1, 400, NULL },
	{ "3.2: Host twice in 1.0", SLICE_INIT("GET / HTTP/1.0\r\n" H H END), -1, 400, NULL },
	{ "3.2: Host empty", SLICE_INIT(G "Host:\r\n" END), -1, 400, NULL },
	{ "3.2: Host empty in 1.0", SLICE_INIT("GET / HTTP/1.0\r\nHost: \r\n" END), PARSE_DONE, 0, "GET / 0 |Host=|" },
	{ "3.2: Host invalid in 1.0", SLICE_INIT("GET / HTTP/1.0\r\nHost: a b\r\n" END), -1, 400, NULL },
	{ "3.2: Host with a path", SLICE_INIT(G "Host: a/b\r\n" END), -1, 400, NULL },
	{ "3.2: Host with user information", SLICE_INIT(G "Host: u@a\r\n" END), -1, 400, NULL },
	{ "3.2: two names in Host", SLICE_INIT(G "Host: a b\r\n" END), -1, 400, NULL },
	{ "3.2: Host with a bad port", SLICE_INIT(G "Host: a:b\r\n" END), -1, 400, NULL },
	{ "3.2: Host with a port", SLICE_INIT(G "hOST: [::1]:80\r\n" END), PARSE_DONE, 0, "GET / 1 [::1]:80|hOST=[::1]:80|" },

	{ "5: no white space behind the colon", SLICE_INIT(G "Host:a\r\n" END), PARSE_DONE, 0, "GET / 1 a|Host=a|" },
	{ "5: white space around the value", SLICE_INIT(G "Host: \t a\t \r\n" END), PARSE_DONE, 0, "GET / 1 a|Host=a|" },
	{ "5: an empty value (9110 5.5)", SLICE_INIT(G H "A:\r\nB: \t\r\n" END), PARSE_DONE, 0, "GET / 1 a|Host=a|A=|B=|" },
	{ "5: colons and white space inside a value", SLICE_INIT(G H "A: b : c\td\r\n" END), PARSE_DONE, 0,
	  "GET / 1 a|Host=a|A=b : c\td|" },
	{ "5: eight bytes and more at once", SLICE_INIT(G H "A: " TEN TEN "\t" TEN "\r\n" END), PARSE_DONE, 0,
	  "GET / 1 a|Host=a|A=" TEN TEN "\t" TEN "|" },
	{ "5: obs-text (9110 5.5)", SLICE_INIT(G H "A: \xc3\xa9\x80\xff\r\n" END), PARSE_DONE, 0,
	  "GET / 1 a|Host=a|A=\xc3\xa9\x80\xff|" },
	{ "5: the same name twice", SLICE_INIT(G H "A: b\r\na: c\r\n" END), PARSE_DONE, 0, "GET / 1 a|Host=a|A=b|a=c|" },
	{ "5: the smallest name", SLICE_INIT(G H "!: x\r\n" END), PARSE_DONE, 0, "GET / 1 a|Host=a|!=x|" },
	{ "5: eight fields", SLICE_INIT(G H "A:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\n" END), PARSE_DONE, 0,
	  "GET / 1 a|Host=a|A=|A=|A=|A=|A=|A=|A=|" },
	{ "5: nine fields: 431 (6585 5)", SLICE_INIT(G H "A:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA:\r\nA"), -1, 431, NULL },
	{ "5: fields of 200 bytes", SLICE_INIT(G H "A: " TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "012345\r\n" END), PARSE_DONE, 0,
	  "GET / 1 a|Host=a|A=" TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "012345|" },
	{ "5: fields of 201 bytes: 431", SLICE_INIT(G H "A: " TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "0123456\r\n" END), -1, 431, NULL },
	{ "5: a name without an end: 431", SLICE_INIT(G TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN), -1, 431, NULL },
	{ "5: the limit comes before later faults", SLICE_INIT(G "A: " TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "\x01"), -1, 431, NULL },

	{ "5.1: a space before the colon", SLICE_INIT(G "Host : a\r\n" END), -1, 400, NULL },
	{ "5.1: a tab before the colon", SLICE_INIT(G "Host\t: a\r\n" END), -1, 400, NULL },
	{ "5.1: an empty name", SLICE_INIT(G H ": x\r\n" END), -1, 400, NULL },
	{ "5.1: no colon", SLICE_INIT(G H "Abc\r\n" END), -1, 400, NULL },
	{ "5.1: a space in the name", SLICE_INIT(G H "A b: c\r\n" END), -1, 400, NULL },
	{ "5.1: a slash in the name", SLICE_INIT(G H "A/b: c\r\n" END), -1, 400, NULL },
	{ "5.1: a NUL in the name", SLICE_INIT(G H "A\0: c\r\n" END), -1, 400, NULL },
	{ "5.1: a high byte in the name", SLICE_INIT(G H "\xc3\xa9: c\r\n" END), -1, 400, NULL },
	{ "5.1: a bracket in the name", SLICE_INIT(G H "A[0]: c\r\n" END), -1, 400, NULL },
	{ "5.2: a folded line", SLICE_INIT(G H "A: b\r\n c\r\n" END), -1, 400, NULL },
	{ "5.2: a line folded with a tab", SLICE_INIT(G H "A: b\r\n\tc\r\n" END), -1, 400, NULL },
	{ "5.2: a line folded around a name", SLICE_INIT(G H "A:\r\n Transfer-Encoding: chunked\r\n" END), -1, 400, NULL },
	{ "5.5: NUL in a value (9110 5.5)", SLICE_INIT(G H "A: b\0c\r\n" END), -1, 400, NULL },
	{ "5.5: NUL far in a value", SLICE_INIT(G H "A: " TEN "\0" TEN "\r\n" END), -1, 400, NULL },
	{ "5.5: DEL far in a value", SLICE_INIT(G H "A: " TEN "\x7f" TEN "\r\n" END), -1, 400, NULL },
	{ "5.5: a control far in a value", SLICE_INIT(G H "A: " TEN "\x1f" TEN "\r\n" END), -1, 400, NULL },
	{ "5.5: a vertical tab in a value", SLICE_INIT(G H "A: b\vc\r\n" END), -1, 400, NULL },
	{ "5.5: a form feed in a value", SLICE_INIT(G H "A: b\fc\r\n" END), -1, 400, NULL },
	{ "5.5: an escape in a value", SLICE_INIT(G H "A: \x1b[2J\r\n" END), -1, 400, NULL },
	/* clang-format on */
};

static void show_slice(struct buf *b, struct slice s)
{
	struct err e = { 0 };

	assert_int_equal(buf_add(b, s, &e), 0);
}

static void show(const struct http_head *h, struct buf *b)
{
	static const char *const method[] = { "GET",    "HEAD",    "POST",  "PUT",
					      "DELETE", "OPTIONS", "PATCH", "OTHER:" };

	show_slice(b, slice_str(method[h->method]));
	if (h->method == HTTP_OTHER)
		show_slice(b, h->method_text);
	else
		assert_true(slice_eq(h->method_text, slice_str(method[h->method])));
	show_slice(b, SLICE(" "));
	show_slice(b, h->target);
	show_slice(b, h->minor == 0 ? SLICE(" 0 ") : SLICE(" 1 "));
	show_slice(b, h->host);
	show_slice(b, SLICE("|"));
	for (size_t i = 0; i < h->n_fields; i++) {
		show_slice(b, h->field[i].name);
		show_slice(b, SLICE("="));
		show_slice(b, h->field[i].value);
		show_slice(b, SLICE("|"));
	}
}

/* Feeds the first bytes of s from a buffer that ends with them and goes away. */
static int feed_some(struct http_head_parser *p, struct slice s, size_t n,
		     struct buf *shown, size_t *used_r, struct err *e)
{
	struct http_head *h = malloc(sizeof(*h));
	char *copy = malloc(n == 0 ? 1 : n);
	int r;

	assert_non_null(h);
	assert_non_null(copy);
	memset(h, 0xa5, sizeof(*h));
	memcpy(copy, s.p, n);
	r = http_head_feed(p, (struct slice){ copy, n }, &limits, h, used_r, e);
	if (r == PARSE_DONE)
		show(h, shown);
	free(copy);
	free(h);
	return r;
}

/* Feeds `first` bytes, then `step` more at a time. */
static void row_check(const struct row *row, size_t first, size_t step)
{
	struct http_head_parser p = { 0 };
	struct err e = { 0 };
	struct buf shown;
	size_t used = 0, n = first;
	int r;

	buf_init(&shown, 4096);
	for (;;) {
		r = feed_some(&p, row->in, n, &shown, &used, &e);
		if (r != PARSE_MORE || n == row->in.n)
			break;
		n = row->in.n - n < step ? row->in.n : n + step;
	}
	if (r != row->want || (r < 0 && p.http_status != row->status))
		fail_msg("%s, %zu then %zu: %d %u %s", row->name, first, step, r,
			 p.http_status, e.text);
	if (r < 0 && (e.kind == ERR_LIMIT) != (row->status == 414 || row->status == 431))
		fail_msg("%s: kind %d", row->name, (int)e.kind);
	if (r == PARSE_DONE) {
		if (!slice_eq(buf_slice(&shown), slice_str(row->head)))
			fail_msg("%s, %zu then %zu: %.*s", row->name, first, step,
				 (int)shown.n, shown.p);
		if (used > row->in.n || memcmp(row->in.p + used - 4, "\r\n\r\n", 4) != 0)
			fail_msg("%s: used %zu", row->name, used);
	}
	buf_release(&shown);
}

static void same_result_for_every_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t first = 0; first <= rows[i].in.n; first++)
			row_check(&rows[i], first, rows[i].in.n);
		for (size_t step = 1; step < 8; step++)
			row_check(&rows[i], 0, step);
	}
}

/* A refusal of HEAD must not carry a body, which the next reader of the connection would
 * take for an answer. */
static void refused_heads_tell_their_method(void **state)
{
	static const struct slice bad = SLICE_INIT("HEAD / HTTP/1.1\r\n\r\n");

	(void)state;
	for (size_t first = 0; first <= bad.n; first++) {
		struct http_head_parser p = { 0 };
		struct err e = { 0 };
		struct buf shown;
		size_t used;

		buf_init(&shown, 64);
		if (first < bad.n)
			assert_int_equal(feed_some(&p, bad, first, &shown, &used, &e),
					 PARSE_MORE);
		assert_int_equal(p.method,
				 first > 4 && first < bad.n ? HTTP_HEAD : HTTP_GET);
		assert_int_equal(feed_some(&p, bad, bad.n, &shown, &used, &e), -1);
		assert_int_equal(p.method, HTTP_HEAD);
		buf_release(&shown);
	}
}

/* Whatever single byte a proxy and we could read differently: every byte in every
 * place of a head gives the same answer whole and byte by byte. */
static void same_result_for_every_byte(void **state)
{
	static const struct slice good =
		SLICE_INIT("\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n");
	char bytes[64];

	(void)state;
	for (size_t i = 0; i < good.n; i++)
		for (int c = 0; c < 256; c++) {
			struct http_head_parser whole = { 0 }, pieces = { 0 };
			struct err e = { 0 }, e2 = { 0 };
			struct slice in = { bytes, good.n };
			struct http_head h;
			size_t used;
			int want, got = PARSE_MORE;

			memcpy(bytes, good.p, good.n);
			bytes[i] = (char)c;
			want = http_head_feed(&whole, in, &limits, &h, &used, &e);
			for (in.n = 1; got == PARSE_MORE && in.n <= good.n; in.n++)
				got = http_head_feed(&pieces, in, &limits, &h, &used,
						     &e2);
			if (got != want || whole.http_status != pieces.http_status ||
			    strcmp(e.text, e2.text) != 0)
				fail_msg("byte 0x%02x at %zu: %d %u %s, %d %u %s",
					 (unsigned)c, i, want, whole.http_status, e.text,
					 got, pieces.http_status, e2.text);
		}
}

static void fields_are_found(void **state)
{
	static const struct slice in = SLICE_INIT(
		G H "A: b\r\nConnection: x , Close\r\nconnection:,,upgrade\r\n" END);
	struct http_head_parser p = { 0 };
	struct err e = { 0 };
	struct http_head h;
	size_t used;

	(void)state;
	assert_int_equal(http_head_feed(&p, in, &limits, &h, &used, &e), PARSE_DONE);
	assert_true(slice_eq(http_head_field(&h, SLICE("a")), SLICE("b")));
	assert_null(http_head_field(&h, SLICE("b")).p);
	assert_true(
		slice_eq(http_head_field(&h, SLICE("CONNECTION")), SLICE("x , Close")));
	assert_true(http_head_lists(&h, SLICE("connection"), SLICE("close")));
	assert_true(http_head_lists(&h, SLICE("connection"), SLICE("upgrade")));
	assert_true(http_head_lists(&h, SLICE("connection"), SLICE("X")));
	assert_false(http_head_lists(&h, SLICE("connection"), SLICE("keep-alive")));
	assert_false(http_head_lists(&h, SLICE("a"), SLICE("close")));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_result_for_every_split),
		cmocka_unit_test(refused_heads_tell_their_method),
		cmocka_unit_test(same_result_for_every_byte),
		cmocka_unit_test(fields_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
