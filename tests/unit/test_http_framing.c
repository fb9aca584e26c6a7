/*
 * Where a body ends and whether the connection goes on, by section of RFC 9112 (or
 * RFC 9110 where it says so).
 */
#include "parse/http_framing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct http_limits limits = {
	.max_line = 64,
	.max_head = 1000,
	.max_fields = 16,
};

#define P   "POST / HTTP/1.1\r\nHost: a\r\n"
#define P10 "POST / HTTP/1.0\r\n"
#define CL  "Content-Length: "
#define TE  "Transfer-Encoding: "
#define CON "Connection: "
#define EXP "Expect: "
#define END "\r\n\r\n"

enum { KEEP = 1, CONTINUE = 2 };

static const struct row {
	const char *name;
	struct slice in;
	unsigned status; /* 0: fine */
	enum http_body body;
	uint64_t length;
	unsigned flags;
} rows[] = {
	/* clang-format off */
	{ "6.3: no length is no body", SLICE_INIT(P "A: b" END), 0, HTTP_BODY_NONE, 0, KEEP },
	{ "6.3: a length", SLICE_INIT(P CL "12" END), 0, HTTP_BODY_LENGTH, 12, KEEP },
	{ "6.3: zero", SLICE_INIT(P CL "0" END), 0, HTTP_BODY_LENGTH, 0, KEEP },
	{ "6.3: leading zeros are digits (9110 8.6)", SLICE_INIT(P CL "0012" END), 0, HTTP_BODY_LENGTH, 12, KEEP },
	{ "6.3: names have no case", SLICE_INIT(P "CONTENT-length:12" END), 0, HTTP_BODY_LENGTH, 12, KEEP },
	{ "6.3: the largest", SLICE_INIT(P CL "9223372036854775807" END), 0, HTTP_BODY_LENGTH, INT64_MAX, KEEP },
	{ "6.3: one more", SLICE_INIT(P CL "9223372036854775808" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.3: 2^64", SLICE_INIT(P CL "18446744073709551616" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.3: 2^64 + 12", SLICE_INIT(P CL "18446744073709551628" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.3: far too long", SLICE_INIT(P CL "99999999999999999999999999999999999999" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.3: empty", SLICE_INIT(P CL END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.3: a plus", SLICE_INIT(P CL "+12" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.3: a minus", SLICE_INIT(P CL "-12" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.3: hexadecimal", SLICE_INIT(P CL "0x12" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.3: a fraction", SLICE_INIT(P CL "12.0" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.3: a space inside", SLICE_INIT(P CL "1 2" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.3: letters", SLICE_INIT(P CL "12b" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.3: a quoted number", SLICE_INIT(P CL "\"12\"" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.3: digits of another script", SLICE_INIT(P CL "\xd9\xa1\xd9\xa2" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.3: a list of one value", SLICE_INIT(P CL "12, 12" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.3: a list of two values", SLICE_INIT(P CL "12, 13" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.3: a comma", SLICE_INIT(P CL "12," END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.3: twice the same", SLICE_INIT(P CL "12\r\n" CL "12" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.3: twice, differing", SLICE_INIT(P CL "12\r\n" CL "13" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.3: twice, one empty", SLICE_INIT(P CL "\r\n" CL "13" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.3: with GET too", SLICE_INIT("GET / HTTP/1.1\r\nHost: a\r\n" CL "3" END), 0, HTTP_BODY_LENGTH, 3, KEEP },
	{ "6.3: a length in 1.0", SLICE_INIT(P10 CL "3" END), 0, HTTP_BODY_LENGTH, 3, 0 },
	{ "6.3: another name of the same length", SLICE_INIT(P "Content-Lengti: 12" END), 0, HTTP_BODY_NONE, 0, KEEP },

	{ "6.1: chunked", SLICE_INIT(P TE "chunked" END), 0, HTTP_BODY_CHUNKED, 0, KEEP },
	{ "6.1: codings have no case", SLICE_INIT(P TE "Chunked" END), 0, HTTP_BODY_CHUNKED, 0, KEEP },
	{ "6.1: chunked beside a length", SLICE_INIT(P TE "chunked\r\n" CL "3" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.1: a length beside chunked", SLICE_INIT(P CL "3\r\n" TE "chunked" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.1: another coding beside a length", SLICE_INIT(P CL "3\r\n" TE "identity" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.1: chunked in 1.0", SLICE_INIT(P10 TE "chunked" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.1: an unknown coding before chunked", SLICE_INIT(P TE "gzip, chunked" END), 501, HTTP_BODY_NONE, 0, 0 },
	{ "6.1: ... on lines of their own", SLICE_INIT(P TE "gzip\r\n" TE "chunked" END), 501, HTTP_BODY_NONE, 0, 0 },
	{ "6.1: identity is gone", SLICE_INIT(P TE "identity, chunked" END), 501, HTTP_BODY_NONE, 0, 0 },
	{ "6.1: a coding with a parameter", SLICE_INIT(P TE "gzip;q=1, chunked" END), 501, HTTP_BODY_NONE, 0, 0 },
	{ "6.3: chunked is not the last", SLICE_INIT(P TE "chunked, gzip" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.3: ... on lines of their own", SLICE_INIT(P TE "chunked\r\n" TE "gzip" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.3: not chunked at all", SLICE_INIT(P TE "gzip" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.3: identity alone", SLICE_INIT(P TE "identity" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.3: a word that contains chunked", SLICE_INIT(P TE "xchunked" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.3: empty", SLICE_INIT(P TE END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.3: an empty line behind chunked", SLICE_INIT(P TE "chunked\r\n" TE END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.3: an empty element before", SLICE_INIT(P TE ",chunked" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.3: an empty element behind", SLICE_INIT(P TE "chunked," END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.3: an obs-text byte before chunked", SLICE_INIT(P TE "\xa0" "chunked" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.3: quoted", SLICE_INIT(P TE "\"chunked\"" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "6.3: a word behind chunked", SLICE_INIT(P TE "chunked x" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "7.1: chunked twice", SLICE_INIT(P TE "chunked, chunked" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "7.1: chunked twice, on two lines", SLICE_INIT(P TE "chunked\r\n" TE "chunked" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "7.1: chunked has no parameters", SLICE_INIT(P TE "chunked;a=b" END), 400, HTTP_BODY_NONE, 0, 0 },
	{ "7.1: chunked has no quality", SLICE_INIT(P TE "chunked;q=0.5" END), 400, HTTP_BODY_NONE, 0, 0 },

	{ "9.3: 1.1 goes on", SLICE_INIT(P CON "upgrade" END), 0, HTTP_BODY_NONE, 0, KEEP },
	{ "9.3: 1.1 with close", SLICE_INIT(P CON "close" END), 0, HTTP_BODY_NONE, 0, 0 },
	{ "9.3: close has no case", SLICE_INIT(P CON "Close" END), 0, HTTP_BODY_NONE, 0, 0 },
	{ "9.3: close in a list", SLICE_INIT(P CON "te ,\tclose,upgrade" END), 0, HTTP_BODY_NONE, 0, 0 },
	{ "9.3: close on another line", SLICE_INIT(P CON "te\r\n" CON "close" END), 0, HTTP_BODY_NONE, 0, 0 },
	{ "9.3: close wins over keep-alive", SLICE_INIT(P CON "keep-alive, close" END), 0, HTTP_BODY_NONE, 0, 0 },
	{ "9.3: closed is not close", SLICE_INIT(P CON "closed" END), 0, HTTP_BODY_NONE, 0, KEEP },
	{ "9.3: 1.0 closes", SLICE_INIT(P10 "A: b" END), 0, HTTP_BODY_NONE, 0, 0 },
	{ "9.3: 1.0 with keep-alive", SLICE_INIT(P10 CON "Keep-Alive" END), 0, HTTP_BODY_NONE, 0, KEEP },
	{ "9.3: 1.0 with both", SLICE_INIT(P10 CON "keep-alive\r\n" CON "close" END), 0, HTTP_BODY_NONE, 0, 0 },

	{ "9110 10.1.1: expected with a length", SLICE_INIT(P CL "3\r\n" EXP "100-continue" END), 0, HTTP_BODY_LENGTH, 3, KEEP | CONTINUE },
	{ "9110 10.1.1: expected with chunks", SLICE_INIT(P TE "chunked\r\n" EXP "100-continue" END), 0, HTTP_BODY_CHUNKED, 0, KEEP | CONTINUE },
	{ "9110 10.1.1: without case", SLICE_INIT(P CL "3\r\n" EXP "100-Continue" END), 0, HTTP_BODY_LENGTH, 3, KEEP | CONTINUE },
	{ "9110 10.1.1: nothing to wait for without a body", SLICE_INIT(P EXP "100-continue" END), 0, HTTP_BODY_NONE, 0, KEEP },
	{ "9110 10.1.1: ... or with an empty one", SLICE_INIT(P CL "0\r\n" EXP "100-continue" END), 0, HTTP_BODY_LENGTH, 0, KEEP },
	{ "9110 10.1.1: ignored in 1.0", SLICE_INIT(P10 CL "3\r\n" EXP "100-continue" END), 0, HTTP_BODY_LENGTH, 3, 0 },
	{ "9110 10.1.1: an empty Expect", SLICE_INIT(P CL "3\r\n" EXP END), 0, HTTP_BODY_LENGTH, 3, KEEP },
	{ "9110 10.1.1: another expectation", SLICE_INIT(P CL "3\r\n" EXP "200-ok" END), 417, HTTP_BODY_NONE, 0, 0 },
	{ "9110 10.1.1: another beside it", SLICE_INIT(P CL "3\r\n" EXP "100-continue, x=y" END), 417, HTTP_BODY_NONE, 0, 0 },
	{ "9110 10.1.1: a doubtful length is worse", SLICE_INIT(P CL "3,3\r\n" EXP "x" END), 400, HTTP_BODY_NONE, 0, 0 },
	/* clang-format on */
};

static void row_check(const struct row *row)
{
	struct http_head_parser p = { 0 };
	struct http_framing f;
	struct err e = { 0 };
	struct http_head h;
	size_t used;
	int r;

	if (http_head_feed(&p, row->in, &limits, &h, &used, &e) != PARSE_DONE)
		fail_msg("%s: %s", row->name, e.text);
	memset(&f, 0xa5, sizeof(f));
	r = http_framing_decide(&h, &f, &e);
	if ((r < 0) != (row->status != 0) || f.http_status != row->status)
		fail_msg("%s: %d %u %s", row->name, r, f.http_status, e.text);
	if (r < 0 && e.kind != ERR_INPUT)
		fail_msg("%s: kind %d", row->name, (int)e.kind);
	if (r == 0 && (f.body != row->body || f.length != row->length ||
		       f.keep_alive != ((row->flags & KEEP) != 0) ||
		       f.expect_continue != ((row->flags & CONTINUE) != 0)))
		fail_msg("%s: body %d, length %llu, keep %d, continue %d", row->name,
			 (int)f.body, (unsigned long long)f.length, f.keep_alive,
			 f.expect_continue);
}

static void decisions(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		row_check(&rows[i]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(decisions) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
