/* XML's characters, names and references. */
#include "parse/xml_char.h"

#include "parse/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* 2.2 [2], for each code point. */
static bool is_char(uint32_t c)
{
	return c == 9 || c == 10 || c == 13 || (c >= 0x20 && c <= 0xd7ff) ||
	       (c >= 0xe000 && c <= 0xfffd) || c >= 0x10000;
}

static void knows_every_character(void **state)
{
	(void)state;
	for (uint32_t code = 0; code <= 0x10ffff; code++) {
		char in[16] = "12345678";
		size_t n;

		if (code >= 0xd800 && code <= 0xdfff)
			continue;
		n = utf8_put(code, in + 3);
		if (xml_chars_prefix((struct slice){ in, 3 + n }) !=
		    (is_char(code) ? 3 + n : 3))
			fail_msg("U+%04X", code);
	}
}

/* At each place of a word, and not only in the first one. */
static void stops_at_the_first_bad_byte(void **state)
{
	static const char bad[] = { '\0', '\x1f', '\x80', '\xff' };
	char in[40];

	(void)state;
	for (size_t b = 0; b < sizeof(bad); b++)
		for (size_t at = 0; at < sizeof(in); at++) {
			memset(in, 'x', sizeof(in));
			in[at] = bad[b];
			assert_int_equal(
				xml_chars_prefix((struct slice){ in, sizeof(in) }), at);
		}
	memset(in, '\x7f', sizeof(in));
	assert_int_equal(xml_chars_prefix((struct slice){ in, sizeof(in) }), sizeof(in));
}

static const struct name_row {
	struct slice in;
	bool want;
} names[] = {
	{ SLICE_INIT("a"), true },
	{ SLICE_INIT("_a-b.1"), true },
	{ SLICE_INIT(""), false },
	{ SLICE_INIT("1a"), false },
	{ SLICE_INIT("-a"), false },
	{ SLICE_INIT("a:b"), false },
	{ SLICE_INIT("a b"), false },
	{ SLICE_INIT("\xc3\x80"), true },  /* U+00C0 */
	{ SLICE_INIT("\xc3\x97"), false }, /* U+00D7 */
	{ SLICE_INIT("\xc2\xb7"), false }, /* U+00B7, not at the start */
	{ SLICE_INIT("a\xc2\xb7"), true },
	{ SLICE_INIT("a\xcc\x80"), true }, /* U+0300 */
	{ SLICE_INIT("\xcc\x80"), false },
	{ SLICE_INIT("\xcd\xbe"), false },         /* U+037E */
	{ SLICE_INIT("\xe8\xbf\x90"), true },      /* U+8FD0 */
	{ SLICE_INIT("\xf0\x90\x80\x80"), true },  /* U+10000 */
	{ SLICE_INIT("\xf3\xb0\x80\x80"), false }, /* U+F0000 */
};

static void knows_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (xml_name_valid(names[i].in) != names[i].want)
			fail_msg("row %zu", i);
}

static const struct ref_row {
	struct slice in;
	int want;
	uint32_t code;
} refs[] = {
	{ SLICE_INIT("&amp;x"), 5, '&' },
	{ SLICE_INIT("&lt;"), 4, '<' },
	{ SLICE_INIT("&gt;"), 4, '>' },
	{ SLICE_INIT("&quot;"), 6, '"' },
	{ SLICE_INIT("&apos;"), 6, '\'' },
	{ SLICE_INIT("&#9;"), 4, 9 },
	{ SLICE_INIT("&#x0a;"), 6, 10 },
	{ SLICE_INIT("&#x10FFFF;"), 10, 0x10ffff },
	{ SLICE_INIT("&#0000000000000000000000065;"), 28, 'A' },
	{ SLICE_INIT("&"), 0, 0 },
	{ SLICE_INIT("&am"), 0, 0 },
	{ SLICE_INIT("&#"), 0, 0 },
	{ SLICE_INIT("&#x"), 0, 0 },
	{ SLICE_INIT("&#x1"), 0, 0 },
	{ SLICE_INIT("& "), -1, 0 },
	{ SLICE_INIT("&amp "), -1, 0 },
	{ SLICE_INIT("&AMP;"), -1, 0 },
	{ SLICE_INIT("&#;"), -1, 0 },
	{ SLICE_INIT("&#x;"), -1, 0 },
	{ SLICE_INIT("&#X41;"), -1, 0 },
	{ SLICE_INIT("&#1a;"), -1, 0 },
	{ SLICE_INIT("&#8;"), -1, 0 },
	{ SLICE_INIT("&#xFFFE;"), -1, 0 },
	{ SLICE_INIT("&#xD800;"), -1, 0 },
	{ SLICE_INIT("&#x110000;"), -1, 0 },
	{ SLICE_INIT("&#x100000041;"), -1, 0 },
	{ SLICE_INIT("&#00000000000000000000000000000000000065;"), -1, 0 },
};

static void knows_references(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refs) / sizeof(refs[0]); i++) {
		uint32_t code = 0;
		int got = xml_reference(refs[i].in, &code);

		if (got != refs[i].want || (got > 0 && code != refs[i].code))
			fail_msg("%.*s: %d, %u", (int)refs[i].in.n, refs[i].in.p, got,
				 code);
	}
}

static void classes_agree_with_the_grammar(void **state)
{
	(void)state;
	for (unsigned c = 1; c < 0x80; c++) {
		char p = (char)c;
		struct slice s = { &p, 1 };
		bool first = xml_name_valid(s);

		assert_int_equal((xml_class[c] & XML_FIRST) != 0, first);
		assert_int_equal((xml_class[c] & XML_SPACE) != 0,
				 c == ' ' || c == '\t' || c == '\n' || c == '\r');
		assert_int_equal((xml_class[c] & XML_NAME) != 0,
				 first || c == '-' || c == '.' || (c >= '0' && c <= '9'));
	}
}

static void trims_space(void **state)
{
	static const struct {
		struct slice in, want;
	} spaces[] = {
		{ SLICE_INIT(" 1 2\t\r\n"), SLICE_INIT("1 2") },
		{ SLICE_INIT("1"), SLICE_INIT("1") },
		{ SLICE_INIT(""), SLICE_INIT("") },
		{ SLICE_INIT(" \n "), SLICE_INIT("") },
		{ SLICE_INIT("\xc2\xa0"
			     "1\v"),
		  SLICE_INIT("\xc2\xa0"
			     "1\v") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++)
		assert_true(slice_eq(xml_trim(spaces[i].in), spaces[i].want));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_every_character),
		cmocka_unit_test(stops_at_the_first_bad_byte),
		cmocka_unit_test(knows_names),
		cmocka_unit_test(knows_references),
		cmocka_unit_test(classes_agree_with_the_grammar),
		cmocka_unit_test(trims_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
