/* Invisible characters, fillers and comparison keys. */
#include "parse/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct trim_row {
	const char *name;
	struct slice in, want;
} trim_rows[] = {
	{ "empty", SLICE_INIT(""), SLICE_INIT("") },
	{ "nothing around", SLICE_INIT("a b"), SLICE_INIT("a b") },
	{ "spaces and tabs", SLICE_INIT(" \ta\t "), SLICE_INIT("a") },
	{ "line ends", SLICE_INIT("\r\na\r\n"), SLICE_INIT("a") },
	{ "controls",
	  SLICE_INIT("\x01\x7f"
		     "a\x1f"),
	  SLICE_INIT("a") },
	{ "NUL", SLICE_INIT("\0a\0"), SLICE_INIT("a") },
	{ "NBSP",
	  SLICE_INIT("\xc2\xa0"
		     "a\xc2\xa0\xc2\xa0"),
	  SLICE_INIT("a") },
	{ "BOM",
	  SLICE_INIT("\xef\xbb\xbf"
		     "a"),
	  SLICE_INIT("a") },
	{ "zero width", SLICE_INIT("a\xe2\x80\x8b"), SLICE_INIT("a") },
	{ "wide space", SLICE_INIT("\xe3\x80\x80运单\xe3\x80\x80"), SLICE_INIT("运单") },
	{ "only blanks", SLICE_INIT(" \xc2\xa0\t"), SLICE_INIT("") },
	{ "Chinese stays", SLICE_INIT("运单号"), SLICE_INIT("运单号") },
	{ "four bytes stay", SLICE_INIT("\xf0\xa0\x80\x80"),
	  SLICE_INIT("\xf0\xa0\x80\x80") },
	{ "inside stays",
	  SLICE_INIT("a\xc2\xa0"
		     "b\tc"),
	  SLICE_INIT("a\xc2\xa0"
		     "b\tc") },
};

static void trims_what_cannot_be_seen(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(trim_rows); i++) {
		struct slice got = text_trim(trim_rows[i].in);

		if (!slice_eq(got, trim_rows[i].want))
			fail_msg("%s: \"%.*s\"", trim_rows[i].name, (int)got.n, got.p);
	}
}

static const struct filler_row {
	struct slice in;
	bool want;
} filler_rows[] = {
	{ SLICE_INIT("-"), true },
	{ SLICE_INIT("--"), true },
	{ SLICE_INIT("—"), true },
	{ SLICE_INIT("n/a"), true },
	{ SLICE_INIT("N/A"), true },
	{ SLICE_INIT("#N/A"), true },
	{ SLICE_INIT("NULL"), true },
	{ SLICE_INIT("None"), true },
	{ SLICE_INIT("nil"), true },
	{ SLICE_INIT("NaT"), true },
	{ SLICE_INIT("\\N"), true },
	{ SLICE_INIT("0000-00-00"), true },
	{ SLICE_INIT("0000-00-00 00:00:00"), true },
	{ SLICE_INIT(""), false },
	{ SLICE_INIT("0"), false },
	{ SLICE_INIT("N"), false },
	{ SLICE_INIT("-1"), false },
	{ SLICE_INIT("运"), false },
	{ SLICE_INIT("2025-00-00"), false },
	{ SLICE_INIT("not available"), false },
};

static void knows_fillers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(filler_rows); i++)
		if (text_is_filler(filler_rows[i].in) != filler_rows[i].want)
			fail_msg("\"%s\"", filler_rows[i].in.p);
}

static const struct filler_row error_rows[] = {
	{ SLICE_INIT("#REF!"), true },
	{ SLICE_INIT("#div/0!"), true },
	{ SLICE_INIT("#NAME?"), true },
	{ SLICE_INIT("#N/A"), true },
	{ SLICE_INIT("#GETTING_DATA!"), true },
	{ SLICE_INIT("#ÜBERLAUF!"), true },
	{ SLICE_INIT("Err:502"), true },
	{ SLICE_INIT(""), false },
	{ SLICE_INIT("#"), false },
	{ SLICE_INIT("#!"), false },
	{ SLICE_INIT("#1!"), false },
	{ SLICE_INIT("#A B!"), false },
	{ SLICE_INIT("#12"), false },
	{ SLICE_INIT("REF!"), false },
	{ SLICE_INIT("Err:50x"), false },
	{ SLICE_INIT("Err:5020"), false },
};

static void knows_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(error_rows); i++)
		if (text_is_error(error_rows[i].in) != error_rows[i].want)
			fail_msg("\"%s\"", error_rows[i].in.p);
}

static const struct trim_row key_rows[] = {
	{ "words", SLICE_INIT("Waybill No."), SLICE_INIT("waybillno") },
	{ "full width", SLICE_INIT("ＣＯＤ　１"), SLICE_INIT("cod1") },
	{ "Chinese", SLICE_INIT(" 运单号： "), SLICE_INIT("运单号") },
	{ "Latin-1", SLICE_INIT("DIRECCIÓN Ñ×ß"), SLICE_INIT("direcciónñß") },
	{ "signs", SLICE_INIT("a_b-c/d#e*(f)₱"), SLICE_INIT("abcdef") },
	{ "only signs", SLICE_INIT("(*)"), SLICE_INIT("") },
	{ "emoji",
	  SLICE_INIT("\xf0\x9f\x93\xa6"
		     "box"),
	  SLICE_INIT("box") },
};

static void keys_hold_letters_and_digits(void **state)
{
	char to[64];

	(void)state;
	for (size_t i = 0; i < COUNT(key_rows); i++) {
		size_t n = 0;

		assert_true(text_key(key_rows[i].in, to, sizeof(to), &n));
		if (!slice_eq((struct slice){ to, n }, key_rows[i].want))
			fail_msg("%s: \"%.*s\"", key_rows[i].name, (int)n, to);
	}
}

static void key_that_does_not_fit(void **state)
{
	char to[4];
	size_t n = 0;

	(void)state;
	assert_true(text_key(SLICE("a-b-c-d"), to, sizeof(to), &n));
	assert_int_equal(n, 4);
	assert_false(text_key(SLICE("e"), to, sizeof(to), &n));
	n = 2;
	assert_false(text_key(SLICE("运"), to, sizeof(to), &n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trims_what_cannot_be_seen),
		cmocka_unit_test(knows_fillers),
		cmocka_unit_test(knows_errors),
		cmocka_unit_test(keys_hold_letters_and_digits),
		cmocka_unit_test(key_that_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
