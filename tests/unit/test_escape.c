/* Text among markup: spellings between runs, what is no UTF-8, and a sink that fails. */
#include "parse/buf.h"
#include "parse/escape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int to_buf(void *to, struct slice bytes, struct err *e)
{
	return buf_add(to, bytes, e);
}

/* The entities; a quote in brackets, put together; two underscores at once; a letter
 * that nobody asks about. */
static struct slice other(struct slice s, struct escape_spelling *use)
{
	if (s.p[0] == 'A')
		return SLICE("never");
	if (s.p[0] == '\'') {
		memcpy(use->room, "['']", 4);
		return (struct slice){ use->room, 4 };
	}
	if (slice_starts(s, SLICE("__"))) {
		use->n = 2;
		return SLICE("=");
	}
	if (slice_starts(s, SLICE("\xc3\xb1"))) {
		use->n = 2;
		return SLICE("n");
	}
	if (s.p[0] == '\x7f' || s.p[0] == '\t')
		return SLICE("?");
	return escape_entity(s.p[0]);
}

static const struct row {
	const char *name;
	struct slice in, want;
} rows[] = {
	{ "nothing", SLICE_INIT(""), SLICE_INIT("") },
	{ "plain", SLICE_INIT("ABC 123 ~"), SLICE_INIT("ABC 123 ~") },
	{ "the four entities", SLICE_INIT("&<>\""), SLICE_INIT("&amp;&lt;&gt;&quot;") },
	{ "once each", SLICE_INIT("&amp;"), SLICE_INIT("&amp;amp;") },
	{ "between runs", SLICE_INIT("a<b>c"), SLICE_INIT("a&lt;b&gt;c") },
	{ "put together", SLICE_INIT("it's"), SLICE_INIT("it['']s") },
	{ "of two bytes", SLICE_INIT("a__b_c___d"), SLICE_INIT("a=b_c=_d") },
	{ "of a character", SLICE_INIT("Ni\xc3\xb1o \xe8\xbf\x90"),
	  SLICE_INIT("Nino \xe8\xbf\x90") },
	{ "the ends of ASCII", SLICE_INIT("\t \x7f"), SLICE_INIT("? ?") },
	{ "a lone byte", SLICE_INIT("a\xff"), SLICE_INIT("a\uFFFD") },
	{ "cut off", SLICE_INIT("\xe8\xbf&"), SLICE_INIT("\uFFFD\uFFFD&amp;") },
	{ "a NUL", SLICE_INIT("a\0<"), SLICE_INIT("a\0&lt;") },
};

static void spellings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = { 0 };
		struct buf b;
		const struct sink out = { .write = to_buf, .to = &b };

		buf_init(&b, 100);
		assert_int_equal(escape_text(&out, rows[i].in, other, &e), 0);
		if (!slice_eq(buf_slice(&b), rows[i].want))
			fail_msg("%s: %.*s", rows[i].name, (int)b.n, b.p);
		buf_release(&b);
	}
}

/* At every place where it may fail, and nothing is written behind it. */
static void a_sink_that_fails(void **state)
{
	static const char whole[] = "ab&amp;c\uFFFDd";

	(void)state;
	for (size_t room = 0; room < sizeof(whole) - 1; room++) {
		struct err e = { 0 };
		struct buf b;
		const struct sink out = { .write = to_buf, .to = &b };

		buf_init(&b, room);
		assert_int_equal(escape_text(&out,
					     SLICE("ab&c\xff"
						   "d"),
					     other, &e),
				 -1);
		assert_int_equal(e.kind, ERR_LIMIT);
		assert_true(slice_starts(slice_str(whole), buf_slice(&b)));
		buf_release(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spellings),
		cmocka_unit_test(a_sink_that_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
