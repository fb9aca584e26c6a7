/* UTF-8: what is valid, how far, and single code points. */
#include "parse/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct row {
	const char *name;
	struct slice in;
	size_t prefix; /* valid bytes */
} rows[] = {
	{ "empty", SLICE_INIT(""), 0 },
	{ "ascii", SLICE_INIT("abc"), 3 },
	{ "nul is a character", SLICE_INIT("a\0b"), 3 },
	{ "least of two", SLICE_INIT("\xc2\x80"), 2 },
	{ "greatest of two", SLICE_INIT("\xdf\xbf"), 2 },
	{ "least of three", SLICE_INIT("\xe0\xa0\x80"), 3 },
	{ "before the surrogates", SLICE_INIT("\xed\x9f\xbf"), 3 },
	{ "behind the surrogates", SLICE_INIT("\xee\x80\x80"), 3 },
	{ "greatest of three", SLICE_INIT("\xef\xbf\xbf"), 3 },
	{ "least of four", SLICE_INIT("\xf0\x90\x80\x80"), 4 },
	{ "greatest of four", SLICE_INIT("\xf4\x8f\xbf\xbf"), 4 },
	{ "lone tail", SLICE_INIT("a\x80"), 1 },
	{ "overlong two", SLICE_INIT("a\xc1\xbf"), 1 },
	{ "overlong three", SLICE_INIT("a\xe0\x9f\xbf"), 1 },
	{ "overlong four", SLICE_INIT("a\xf0\x8f\xbf\xbf"), 1 },
	{ "first surrogate", SLICE_INIT("a\xed\xa0\x80"), 1 },
	{ "last surrogate", SLICE_INIT("a\xed\xbf\xbf"), 1 },
	{ "beyond unicode", SLICE_INIT("a\xf4\x90\x80\x80"), 1 },
	{ "f5", SLICE_INIT("a\xf5\x80\x80\x80"), 1 },
	{ "ff", SLICE_INIT("a\xff"), 1 },
	{ "cut two", SLICE_INIT("a\xc3"), 1 },
	{ "cut three", SLICE_INIT("a\xe8\xbf"), 1 },
	{ "cut four", SLICE_INIT("a\xf0\x9f\x93"), 1 },
	{ "wrong third", SLICE_INIT("a\xe8\xbf\x41"), 1 },
	{ "wrong fourth", SLICE_INIT("a\xf0\x9f\x93\xc0"), 1 },
};

/* Behind 0 to 16 bytes of ASCII, so that each row meets every place in a word. */
static void tells_the_valid_prefix(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t pad = 0; pad <= 16; pad++) {
			char in[32];
			struct slice s = { in, pad + rows[i].in.n };

			memset(in, 'x', pad);
			memcpy(in + pad, rows[i].in.p, rows[i].in.n);
			if (utf8_valid_prefix(s) != pad + rows[i].prefix ||
			    utf8_valid(s) != (rows[i].prefix == rows[i].in.n))
				fail_msg("%s behind %zu: %zu", rows[i].name, pad,
					 utf8_valid_prefix(s));
		}
}

static void every_code_point_comes_back(void **state)
{
	(void)state;
	for (uint32_t code = 0; code <= 0x10ffff; code++) {
		char bytes[4];
		struct slice s = { bytes, 0 };

		if (code >= 0xd800 && code <= 0xdfff)
			continue;
		s.n = utf8_put(code, bytes);
		if (!utf8_valid(s) || utf8_length(s) != s.n || utf8_get(&s) != code ||
		    s.n != 0)
			fail_msg("U+%04X", code);
	}
}

static void takes_one_code_point(void **state)
{
	struct slice s = SLICE("\xc3\xb1"
			       "a");

	(void)state;
	assert_int_equal(utf8_get(&s), 0xf1);
	assert_true(slice_eq(s, SLICE("a")));
	assert_int_equal(utf8_length(SLICE("\xc3")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_the_valid_prefix),
		cmocka_unit_test(every_code_point_comes_back),
		cmocka_unit_test(takes_one_code_point),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
