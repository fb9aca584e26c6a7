/*
 * Request targets (RFC 9112 section 3.2, RFC 3986) and urlencoded pairs (WHATWG URL
 * section 5.1).
 */
#include "parse/url.h"

#include "parse/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct row {
	const char *name;
	struct slice in;
	const char *path; /* NULL: refused */
	const char *query;
} rows[] = {
	{ "9112 3.2.1: root", SLICE_INIT("/"), "/", "" },
	{ "9112 3.2.1: a path", SLICE_INIT("/a/b.c"), "/a/b.c", "" },
	{ "9112 3.2.1: a query", SLICE_INIT("/a?b=c&d"), "/a", "b=c&d" },
	{ "9112 3.2.1: an empty query", SLICE_INIT("/a?"), "/a", "" },
	{ "9112 3.2.1: a second question mark", SLICE_INIT("/a?b?c"), "/a", "b?c" },
	{ "9112 3.2.1: slashes in a query", SLICE_INIT("/a?/../b"), "/a", "/../b" },
	{ "9112 3.2.2: absolute", SLICE_INIT("http://h:80/a?b"), "/a", "b" },
	{ "9112 3.2.2: absolute, any case", SLICE_INIT("HTTP://h/a"), "/a", "" },
	{ "9110 4.2.3: an empty path", SLICE_INIT("http://h"), "/", "" },
	{ "9110 4.2.3: an empty path and a query", SLICE_INIT("http://h?b"), "/", "b" },
	{ "9112 3.2.2: another scheme", SLICE_INIT("https://h/a"), NULL, NULL },
	{ "9112 3.2.4: asterisk", SLICE_INIT("*"), "*", "" },
	{ "9112 3.2: empty", SLICE_INIT(""), NULL, NULL },
	{ "9112 3.2: relative", SLICE_INIT("a/b"), NULL, NULL },
	{ "3986 2.1: an escape", SLICE_INIT("/a%20b%2dc"), "/a b-c", "" },
	{ "3986 2.1: UTF-8", SLICE_INIT("/%E8%BF%90"), "/\xe8\xbf\x90", "" },
	{ "3986 2.4: decoded once", SLICE_INIT("/%252e%252E/%25"), "/%2e%2E/%", "" },
	{ "3986 2.4: an escaped NUL, decoded once", SLICE_INIT("/%2500"), "/%00", "" },
	{ "3986 2.4: an escaped question mark", SLICE_INIT("/a%3Fb?c"), "/a?b", "c" },
	{ "3986 2.4: a plus is a plus", SLICE_INIT("/a+b"), "/a+b", "" },
	{ "3986 3.3: every pchar", SLICE_INIT("/-._~!$&'()*+,;=:@Az09"),
	  "/-._~!$&'()*+,;=:@Az09", "" },
	{ "3986 3.3: empty segments", SLICE_INIT("//a//b/"), "//a//b/", "" },
	{ "3986 3.3: dots that are no dot segment", SLICE_INIT("/.../a./.b/..c/d.."),
	  "/.../a./.b/..c/d..", "" },
	{ "3986 2.1: cut escape", SLICE_INIT("/a%2"), NULL, NULL },
	{ "3986 2.1: a percent sign alone", SLICE_INIT("/a%"), NULL, NULL },
	{ "3986 2.1: not hexadecimal", SLICE_INIT("/a%2g"), NULL, NULL },
	{ "3986 2.1: a sign", SLICE_INIT("/a%+1"), NULL, NULL },
	{ "3986 2.1: %u", SLICE_INIT("/a%u002f"), NULL, NULL },
	{ "escaped NUL", SLICE_INIT("/a%00.html"), NULL, NULL },
	{ "escaped CR LF", SLICE_INIT("/a%0d%0aX"), NULL, NULL },
	{ "escaped tab", SLICE_INIT("/a%09"), NULL, NULL },
	{ "escaped DEL", SLICE_INIT("/a%7F"), NULL, NULL },
	{ "escaped slash", SLICE_INIT("/a%2Fb"), NULL, NULL },
	{ "escaped slash, small", SLICE_INIT("/..%2fb"), NULL, NULL },
	{ "escaped backslash", SLICE_INIT("/a%5cb"), NULL, NULL },
	{ "backslash", SLICE_INIT("/a\\b"), NULL, NULL },
	{ "overlong slash", SLICE_INIT("/a%c0%afb"), NULL, NULL },
	{ "overlong dots", SLICE_INIT("/%c0%ae%c0%ae/"), NULL, NULL },
	{ "cut UTF-8", SLICE_INIT("/%E8%BF"), NULL, NULL },
	{ "a surrogate", SLICE_INIT("/%ED%A0%80"), NULL, NULL },
	{ "Latin-1", SLICE_INIT("/%E9"), NULL, NULL },
	{ "3986 5.2.4: dot", SLICE_INIT("/."), NULL, NULL },
	{ "3986 5.2.4: dot inside", SLICE_INIT("/a/./b"), NULL, NULL },
	{ "3986 5.2.4: dots", SLICE_INIT("/.."), NULL, NULL },
	{ "3986 5.2.4: dots inside", SLICE_INIT("/a/../b"), NULL, NULL },
	{ "3986 5.2.4: dots last", SLICE_INIT("/a/.."), NULL, NULL },
	{ "3986 5.2.4: escaped dots", SLICE_INIT("/%2e%2E/a"), NULL, NULL },
	{ "3986 5.2.4: half escaped dots", SLICE_INIT("/.%2e/a"), NULL, NULL },
	{ "3986 5.2.4: an escaped dot", SLICE_INIT("/%2e"), NULL, NULL },
	{ "3986 5.2.4: dots behind an authority", SLICE_INIT("http://h/../a"), NULL,
	  NULL },
	{ "3986 3.3: space", SLICE_INIT("/a b"), NULL, NULL },
	{ "3986 3.3: brackets", SLICE_INIT("/a[b]"), NULL, NULL },
	{ "3986 3.3: a bar", SLICE_INIT("/a|b"), NULL, NULL },
	{ "3986 3.3: a high byte", SLICE_INIT("/\xc3\xa9"), NULL, NULL },
	{ "3986 3.3: NUL", SLICE_INIT("/a\0b"), NULL, NULL },
	{ "3986 3.5: a fragment", SLICE_INIT("/a#b"), NULL, NULL },
	{ "3986 3.4: what browsers leave", SLICE_INIT("/?[a]{b}|^`\\"), "/",
	  "[a]{b}|^`\\" },
	{ "3986 3.4: a space", SLICE_INIT("/?a b"), NULL, NULL },
	{ "3986 3.4: a control", SLICE_INIT("/?a\x01"), NULL, NULL },
	{ "3986 3.4: a fragment", SLICE_INIT("/?a#b"), NULL, NULL },
};

static void targets(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 65536);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = { 0 };
		struct url u;
		int r = url_parse(rows[i].in, &a, &u, &e);

		if ((r == 0) != (rows[i].path != NULL) || (r < 0 && e.kind != ERR_INPUT))
			fail_msg("%s: %d %s", rows[i].name, r, e.text);
		if (r == 0 && (!slice_eq(u.path, slice_str(rows[i].path)) ||
			       !slice_eq(u.query, slice_str(rows[i].query))))
			fail_msg("%s: '%.*s' '%.*s'", rows[i].name, (int)u.path.n,
				 u.path.p, (int)u.query.n, u.query.p);
		arena_reset(&a);
	}
	arena_release(&a);
}

static const struct pair_row {
	const char *name;
	struct slice in;
	struct slice want; /* name LF value LF ... */
	bool fails;        /* behind those */
} pair_rows[] = {
	{ "empty", SLICE_INIT(""), SLICE_INIT(""), false },
	{ "one", SLICE_INIT("a=b"), SLICE_INIT("a\nb\n"), false },
	{ "two", SLICE_INIT("a=b&c=d"), SLICE_INIT("a\nb\nc\nd\n"), false },
	{ "no value", SLICE_INIT("a"), SLICE_INIT("a\n\n"), false },
	{ "an empty value", SLICE_INIT("a="), SLICE_INIT("a\n\n"), false },
	{ "an empty name", SLICE_INIT("=b"), SLICE_INIT("\nb\n"), false },
	{ "empty pairs", SLICE_INIT("&&a=b&&c=d&"), SLICE_INIT("a\nb\nc\nd\n"), false },
	{ "a second equals sign", SLICE_INIT("a=b=c"), SLICE_INIT("a\nb=c\n"), false },
	{ "plus and escapes", SLICE_INIT("a+b=%2b+%26%3D%25"), SLICE_INIT("a b\n+ &=%\n"),
	  false },
	{ "decoded once", SLICE_INIT("a=%2541"), SLICE_INIT("a\n%41\n"), false },
	{ "UTF-8, escaped and not", SLICE_INIT("a=%C3%A9\xc3\xa9"),
	  SLICE_INIT("a\n\xc3\xa9\xc3\xa9\n"), false },
	{ "a semicolon is no separator", SLICE_INIT("a=b;c=d"), SLICE_INIT("a\nb;c=d\n"),
	  false },
	{ "a tab and a line", SLICE_INIT("a=%09%0D"), SLICE_INIT("a\n\t\r\n"), false },
	{ "a NUL", SLICE_INIT("a=b&c=%00"), SLICE_INIT("a\nb\n"), true },
	{ "a raw NUL", SLICE_INIT("a=\0"), SLICE_INIT(""), true },
	{ "a cut escape", SLICE_INIT("a=%4"), SLICE_INIT(""), true },
	{ "an escape across pairs", SLICE_INIT("a=%4&1=b"), SLICE_INIT(""), true },
	{ "a bad escape in a name", SLICE_INIT("%zz=b"), SLICE_INIT(""), true },
	{ "a percent sign", SLICE_INIT("a=100%"), SLICE_INIT(""), true },
	{ "Latin-1", SLICE_INIT("a=%E9"), SLICE_INIT(""), true },
	{ "UTF-8 cut by a separator", SLICE_INIT("a=%C3&%A9=b"), SLICE_INIT(""), true },
};

static void pair_row_check(const struct pair_row *row, struct arena *a)
{
	struct slice rest = row->in, name, value;
	struct err e = { 0 };
	struct buf got;
	int r;

	buf_init(&got, 4096);
	for (;;) {
		r = url_pair_next(&rest, a, &name, &value, &e);
		if (r != PARSE_MORE)
			break;
		assert_int_equal(buf_add(&got, name, &e), 0);
		assert_int_equal(buf_byte(&got, '\n', &e), 0);
		assert_int_equal(buf_add(&got, value, &e), 0);
		assert_int_equal(buf_byte(&got, '\n', &e), 0);
	}
	if (r != (row->fails ? -1 : PARSE_DONE) || !slice_eq(buf_slice(&got), row->want))
		fail_msg("%s: %d '%.*s' %s", row->name, r, (int)got.n,
			 got.p == NULL ? "" : got.p, e.text);
	buf_release(&got);
}

static void pairs(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 65536);
	for (size_t i = 0; i < sizeof(pair_rows) / sizeof(pair_rows[0]); i++) {
		pair_row_check(&pair_rows[i], &a);
		arena_reset(&a);
	}
	arena_release(&a);
}

static void full_arena(void **state)
{
	struct slice rest = SLICE("abcdefghijklmnopqrstuvwxyz=b"), name, value;
	struct arena a;
	struct err e = { 0 }, e2 = { 0 };
	struct url u;

	(void)state;
	arena_init(&a, 16);
	assert_int_equal(url_parse(SLICE("/abcdefghijklmnopqrstuvwxyz"), &a, &u, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	assert_int_equal(url_pair_next(&rest, &a, &name, &value, &e2), -1);
	assert_int_equal(e2.kind, ERR_LIMIT);
	arena_release(&a);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(targets),
		cmocka_unit_test(pairs),
		cmocka_unit_test(full_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
