/* Views of bytes: taking, splitting, comparing, at the edges. */
#include "parse/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct slice none = { NULL, 0 };

static void compares(void **state)
{
	(void)state;
	assert_true(slice_eq(SLICE("ab"), SLICE("ab")));
	assert_false(slice_eq(SLICE("ab"), SLICE("aB")));
	assert_false(slice_eq(SLICE("ab"), SLICE("abc")));
	assert_true(slice_eq(none, SLICE("")));
	assert_true(slice_eq(SLICE("a\0b"), SLICE("a\0b")));
	assert_false(slice_eq(SLICE("a\0b"), SLICE("a\0c")));
	assert_true(slice_eq_nocase(SLICE("Content-Type"), SLICE("content-tYPE")));
	assert_false(slice_eq_nocase(SLICE("ab"), SLICE("abc")));
	/* '@' and '`' differ in the same bit as letters do, but are none */
	assert_false(slice_eq_nocase(SLICE("@"), SLICE("`")));
	assert_false(slice_eq_nocase(SLICE("\xc3\x91"), SLICE("\xc3\xb1")));
}

static void finds_ends(void **state)
{
	(void)state;
	assert_true(slice_starts(SLICE("abc"), SLICE("ab")));
	assert_true(slice_starts(SLICE("abc"), none));
	assert_false(slice_starts(SLICE("a"), SLICE("ab")));
	assert_false(slice_starts(none, SLICE("a")));
	assert_true(slice_ends(SLICE("abc"), SLICE("bc")));
	assert_true(slice_ends(SLICE("abc"), SLICE("abc")));
	assert_false(slice_ends(SLICE("bc"), SLICE("abc")));
	assert_false(slice_ends(SLICE("abc"), SLICE("ab")));
}

static void takes_what_is_there(void **state)
{
	struct slice s = SLICE("abcd");

	(void)state;
	assert_true(slice_eq(slice_take(&s, 1), SLICE("a")));
	assert_true(slice_eq(slice_take(&s, 0), SLICE("")));
	assert_true(slice_eq(slice_from(s, 2), SLICE("d")));
	assert_int_equal(slice_from(s, 4).n, 0);
	assert_true(slice_eq(slice_take(&s, 100), SLICE("bcd")));
	assert_int_equal(s.n, 0);
	assert_int_equal(slice_take(&s, 1).n, 0);
	s = none;
	assert_int_equal(slice_take(&s, SIZE_MAX).n, 0);
	assert_null(s.p);
}

static void splits(void **state)
{
	struct slice s = SLICE("a,,b");

	(void)state;
	assert_true(slice_eq(slice_split(&s, ','), SLICE("a")));
	assert_true(slice_eq(slice_split(&s, ','), SLICE("")));
	assert_true(slice_eq(slice_split(&s, ','), SLICE("b")));
	assert_int_equal(s.n, 0);
	assert_int_equal(slice_split(&s, ',').n, 0);
	s = SLICE(",");
	assert_int_equal(slice_split(&s, ',').n, 0);
	assert_int_equal(s.n, 0);
}

static void finds_a_byte(void **state)
{
	struct slice s = SLICE("a\0b");

	(void)state;
	assert_ptr_equal(slice_find(s, 'b'), s.p + 2);
	assert_ptr_equal(slice_find(s, '\0'), s.p + 1);
	assert_null(slice_find(s, 'c'));
	assert_null(slice_find(none, 'a'));
}

static void trims(void **state)
{
	(void)state;
	assert_true(slice_eq(slice_trim(SLICE(" \ta b\t ")), SLICE("a b")));
	assert_true(slice_eq(slice_trim(SLICE(" \t ")), SLICE("")));
	assert_true(slice_eq(slice_trim(SLICE("\r\na")), SLICE("\r\na")));
	assert_int_equal(slice_trim(none).n, 0);
}

static void views_strings(void **state)
{
	(void)state;
	assert_true(slice_eq(slice_str("ab"), SLICE("ab")));
	assert_int_equal(slice_str(NULL).n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compares),      cmocka_unit_test(finds_ends),
		cmocka_unit_test(splits),        cmocka_unit_test(takes_what_is_there),
		cmocka_unit_test(finds_a_byte),  cmocka_unit_test(trims),
		cmocka_unit_test(views_strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
