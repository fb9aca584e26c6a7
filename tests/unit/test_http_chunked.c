/*
 * Chunked bodies (RFC 9112 section 7.1): the data that comes out, what is left, and
 * what is refused.
 */
#include "parse/http_chunked.h"

#include "parse/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct row {
	const char *name;
	struct slice in;
	int want;
	struct slice data; /* handed out before the end or the fault */
	struct slice left; /* with PARSE_DONE */
} rows[] = {
	/* clang-format off */
	{ "7.1: empty body", SLICE_INIT("0\r\n\r\n"), PARSE_DONE, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1: one chunk", SLICE_INIT("3\r\nabc\r\n0\r\n\r\n"), PARSE_DONE, SLICE_INIT("abc"), SLICE_INIT("") },
	{ "7.1: two chunks", SLICE_INIT("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), PARSE_DONE, SLICE_INIT("abcde"), SLICE_INIT("") },
	{ "7.1: what follows is left", SLICE_INIT("1\r\na\r\n0\r\n\r\nGET /"), PARSE_DONE, SLICE_INIT("a"), SLICE_INIT("GET /") },
	{ "7.1: hexadecimal, small letters", SLICE_INIT("a\r\n0123456789\r\n0\r\n\r\n"), PARSE_DONE, SLICE_INIT("0123456789"), SLICE_INIT("") },
	{ "7.1: hexadecimal, large letters", SLICE_INIT("A\r\n0123456789\r\n0\r\n\r\n"), PARSE_DONE, SLICE_INIT("0123456789"), SLICE_INIT("") },
	{ "7.1: two digits", SLICE_INIT("10\r\n0123456789abcdef\r\n0\r\n\r\n"), PARSE_DONE, SLICE_INIT("0123456789abcdef"), SLICE_INIT("") },
	{ "7.1: leading zeros", SLICE_INIT("003\r\nabc\r\n000\r\n\r\n"), PARSE_DONE, SLICE_INIT("abc"), SLICE_INIT("") },
	{ "7.1: CRLF in the data", SLICE_INIT("5\r\n\r\n0\r\n\r\n0\r\n\r\n"), PARSE_DONE, SLICE_INIT("\r\n0\r\n"), SLICE_INIT("") },
	{ "7.1: NUL in the data", SLICE_INIT("1\r\n\0\r\n0\r\n\r\n"), PARSE_DONE, SLICE_INIT("\0"), SLICE_INIT("") },
	{ "7.1: cut in the size", SLICE_INIT("3"), PARSE_MORE, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1: cut in the data", SLICE_INIT("3\r\nab"), PARSE_MORE, SLICE_INIT("ab"), SLICE_INIT("") },
	{ "7.1: cut behind the data", SLICE_INIT("3\r\nabc\r"), PARSE_MORE, SLICE_INIT("abc"), SLICE_INIT("") },
	{ "7.1: cut before the last LF", SLICE_INIT("3\r\nabc\r\n0\r\n\r"), PARSE_MORE, SLICE_INIT("abc"), SLICE_INIT("") },
	{ "7.1: the largest size", SLICE_INIT("fffffffffffffff\r\nab"), PARSE_MORE, SLICE_INIT("ab"), SLICE_INIT("") },
	{ "7.1: too many digits", SLICE_INIT("1000000000000000\r\n"), -1, SLICE_INIT(""), SLICE_INIT("!") },
	{ "7.1: too many zeros", SLICE_INIT("0000000000000001\r\n"), -1, SLICE_INIT(""), SLICE_INIT("!") },
	{ "7.1: a size that wraps", SLICE_INIT("10000000000000003\r\nabc\r\n"), -1, SLICE_INIT(""), SLICE_INIT("!") },
	{ "7.1: no size", SLICE_INIT("\r\nabc"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1: a space before the size", SLICE_INIT(" 3\r\nabc"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1: a plus", SLICE_INIT("+3\r\nabc"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1: a minus", SLICE_INIT("-3\r\nabc"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1: 0x", SLICE_INIT("0x3\r\nabc"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1: not hexadecimal", SLICE_INIT("g\r\n"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1: an underscore", SLICE_INIT("1_0\r\n"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1: NUL behind the size", SLICE_INIT("3\0\r\nabc"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1: a space behind the size", SLICE_INIT("3 \r\nabc"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1: a tab behind the size", SLICE_INIT("3\t\r\nabc"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1: LF alone behind the size", SLICE_INIT("3\nabc\r\n"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1: CR alone behind the size", SLICE_INIT("3\rabc\r\n"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1: CR CR LF behind the size", SLICE_INIT("3\r\r\nabc\r\n"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1: LF alone behind the data", SLICE_INIT("3\r\nabc\n0\r\n\r\n"), -1, SLICE_INIT("abc"), SLICE_INIT("") },
	{ "7.1: CR alone behind the data", SLICE_INIT("3\r\nabc\r0\r\n\r\n"), -1, SLICE_INIT("abc"), SLICE_INIT("") },
	{ "7.1: data longer than its size", SLICE_INIT("3\r\nabcd\r\n"), -1, SLICE_INIT("abc"), SLICE_INIT("") },
	{ "7.1: data shorter than its size", SLICE_INIT("5\r\nabc\r\n0\r\n\r\n"), -1, SLICE_INIT("abc\r\n"), SLICE_INIT("") },
	{ "7.1: two bytes in place of CRLF", SLICE_INIT("3\r\nabcXX0\r\n\r\n"), -1, SLICE_INIT("abc"), SLICE_INIT("") },
	{ "7.1: LF alone ends the last chunk", SLICE_INIT("0\n\r\n"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1: LF alone ends the body", SLICE_INIT("0\r\n\n"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1: CR alone ends the body", SLICE_INIT("0\r\n\rX"), -1, SLICE_INIT(""), SLICE_INIT("") },

	{ "7.1.1: an extension", SLICE_INIT("1;a\r\nx\r\n0\r\n\r\n"), PARSE_DONE, SLICE_INIT("x"), SLICE_INIT("") },
	{ "7.1.1: with a value", SLICE_INIT("1;a=b\r\nx\r\n0;c=d\r\n\r\n"), PARSE_DONE, SLICE_INIT("x"), SLICE_INIT("") },
	{ "7.1.1: with white space everywhere", SLICE_INIT("1 \t;\t a \t=\t b ; c ;d\r\nx\r\n0\r\n\r\n"), PARSE_DONE, SLICE_INIT("x"), SLICE_INIT("") },
	{ "7.1.1: with a quoted value", SLICE_INIT("1;a=\"b;\\\"\t\\\\ \xff\";c\r\nx\r\n0\r\n\r\n"), PARSE_DONE, SLICE_INIT("x"), SLICE_INIT("") },
	{ "7.1.1: with an empty quoted value", SLICE_INIT("1;a=\"\" ;b\r\nx\r\n0\r\n\r\n"), PARSE_DONE, SLICE_INIT("x"), SLICE_INIT("") },
	{ "7.1.1: without a name", SLICE_INIT("1;\r\nx"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1.1: a value without a name", SLICE_INIT("1;=b\r\nx"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1.1: two semicolons", SLICE_INIT("1;;a\r\nx"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1.1: two equals signs", SLICE_INIT("1;a==b\r\nx"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1.1: an empty value", SLICE_INIT("1;a=\r\nx"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1.1: white space behind a name", SLICE_INIT("1;a \r\nx"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1.1: white space behind a value", SLICE_INIT("1;a=b \r\nx"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1.1: two names", SLICE_INIT("1;a b\r\nx"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1.1: an equals sign behind a value", SLICE_INIT("1;a=b =c\r\nx"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1.1: an equals sign behind the size", SLICE_INIT("1 =c\r\nx"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1.1: LF in an extension", SLICE_INIT("1;a\nx\r\nx"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1.1: LF in a quoted value", SLICE_INIT("1;a=\"\n\"\r\nx"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1.1: CR in a quoted value", SLICE_INIT("1;a=\"\r\n\"\r\nx"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1.1: an escaped CR", SLICE_INIT("1;a=\"\\\r\n\"\r\nx"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1.1: NUL in an extension", SLICE_INIT("1;a\0\r\nx"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1.1: a byte behind a quoted value", SLICE_INIT("1;a=\"b\"c\r\nx"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1.1: a comma", SLICE_INIT("1;a,b\r\nx"), -1, SLICE_INIT(""), SLICE_INIT("") },

	{ "7.1.2: a trailer", SLICE_INIT("0\r\nA: b\r\n\r\nX"), PARSE_DONE, SLICE_INIT(""), SLICE_INIT("X") },
	{ "7.1.2: two trailers, one empty", SLICE_INIT("1\r\nx\r\n0\r\nA:\r\nB: c d\r\n\r\n"), PARSE_DONE, SLICE_INIT("x"), SLICE_INIT("") },
	{ "7.1.2: no colon", SLICE_INIT("0\r\nabc\r\n\r\n"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1.2: no name", SLICE_INIT("0\r\n: b\r\n\r\n"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1.2: a space before the colon", SLICE_INIT("0\r\nA : b\r\n\r\n"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1.2: folded", SLICE_INIT("0\r\nA: b\r\n c\r\n\r\n"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1.2: a request in place of trailers", SLICE_INIT("0\r\nGET / HTTP/1.1\r\n"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1.2: NUL in a value", SLICE_INIT("0\r\nA: \0\r\n\r\n"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1.2: LF alone", SLICE_INIT("0\r\nA: b\n\r\n"), -1, SLICE_INIT(""), SLICE_INIT("") },
	{ "7.1.2: CR alone", SLICE_INIT("0\r\nA: b\rc\r\n\r\n"), -1, SLICE_INIT(""), SLICE_INIT("") },
	/* clang-format on */
};

/* Feeds one buffer until it is used up or the body is over. */
static int feed(struct http_chunked *c, struct slice *in, struct buf *data, struct err *e)
{
	int r;

	do {
		struct slice run;

		r = http_chunked_feed(c, in, &run, e);
		if (r < 0)
			return -1;
		assert_true(r == PARSE_MORE || run.n == 0);
		assert_int_equal(buf_add(data, run, e), 0);
	} while (r == PARSE_MORE && in->n > 0);
	return r;
}

static void row_check(const struct row *row, size_t first, size_t step)
{
	struct http_chunked c = { 0 };
	struct slice rest = row->in;
	struct err e = { 0 };
	struct buf data;
	int r = PARSE_MORE;

	buf_init(&data, 4096);
	for (size_t n = first; r == PARSE_MORE && rest.n > 0; n = step) {
		struct slice part = slice_take(&rest, n);
		char *copy = malloc(part.n + 1);
		struct slice in = { copy, part.n };

		assert_non_null(copy);
		memcpy(copy, part.p, part.n);
		r = feed(&c, &in, &data, &e);
		rest = slice_from(row->in, (size_t)(part.p - row->in.p) + part.n - in.n);
		free(copy);
	}
	if (r != row->want || !slice_eq(buf_slice(&data), row->data))
		fail_msg("%s, %zu then %zu: %d '%.*s' %s", row->name, first, step, r,
			 (int)data.n, data.p == NULL ? "" : data.p, e.text);
	if (r == PARSE_DONE && !slice_eq(rest, row->left))
		fail_msg("%s, %zu then %zu: left %zu", row->name, first, step, rest.n);
	if (r < 0 && e.kind != (row->left.n > 0 ? ERR_LIMIT : ERR_INPUT))
		fail_msg("%s: kind %d", row->name, (int)e.kind);
	buf_release(&data);
}

static void same_result_for_every_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t first = 1; first <= rows[i].in.n; first++)
			row_check(&rows[i], first, rows[i].in.n);
		for (size_t step = 1; step < 8; step++)
			row_check(&rows[i], step, step);
	}
}

static int feed_many(struct http_chunked *c, const char *text, size_t times,
		     struct err *e)
{
	int r = PARSE_MORE;

	for (size_t i = 0; i < times && r == PARSE_MORE; i++) {
		struct slice in = slice_str(text), run;

		while (r == PARSE_MORE && in.n > 0)
			r = http_chunked_feed(c, &in, &run, e);
	}
	return r;
}

/* Work per useful byte is bounded over the whole body, not per chunk. */
static void overhead_is_bounded(void **state)
{
	struct http_chunked ext = { 0 }, trailer = { 0 }, plain = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(feed_many(&ext, "1;a=b\r\nx\r\n", 1000, &e), PARSE_MORE);
	assert_int_equal(feed_many(&ext, "1;a=b\r\nx\r\n", 4000, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	e = (struct err){ 0 };
	assert_int_equal(feed_many(&trailer, "0\r\n", 1, &e), PARSE_MORE);
	assert_int_equal(feed_many(&trailer, "A: b\r\n", 10000, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	e = (struct err){ 0 };
	assert_int_equal(feed_many(&plain, "1\r\nx\r\n", 100000, &e), PARSE_MORE);
}

static void done_stays_done(void **state)
{
	struct slice in = SLICE("0\r\n\r\nGET"), run;
	struct http_chunked c = { 0 };
	struct err e = { 0 };

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(http_chunked_feed(&c, &in, &run, &e), PARSE_DONE);
		assert_int_equal(in.n, 3);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_result_for_every_split),
		cmocka_unit_test(overhead_is_bounded),
		cmocka_unit_test(done_stays_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
