/* Growable bytes: content survives growth and failures, and the cap holds. */
#include "parse/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void grows(void **state)
{
	struct err e = { 0 };
	struct buf b;

	(void)state;
	buf_init(&b, 100000);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(buf_byte(&b, (char)(i % 251), &e), 0);
	for (int i = 0; i < 100000; i++)
		assert_int_equal((unsigned char)b.p[i], i % 251);
	assert_int_equal(buf_slice(&b).n, 100000);
	buf_release(&b);
	assert_null(b.p);
	assert_int_equal(buf_add(&b, SLICE("again"), &e), 0);
	assert_true(slice_eq(buf_slice(&b), SLICE("again")));
	buf_release(&b);
}

static void the_cap_holds(void **state)
{
	struct err e = { 0 };
	struct buf b;

	(void)state;
	buf_init(&b, 5);
	assert_int_equal(buf_add(&b, SLICE("abc"), &e), 0);
	assert_int_equal(buf_add(&b, SLICE("def"), &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	assert_string_equal(e.text, "more than 5 bytes");
	e = (struct err){ 0 };
	assert_true(slice_eq(buf_slice(&b), SLICE("abc")));
	assert_int_equal(buf_reserve(&b, SIZE_MAX, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	e = (struct err){ 0 };
	assert_int_equal(buf_add(&b, SLICE("de"), &e), 0);
	assert_int_equal(buf_add(&b, SLICE(""), &e), 0);
	assert_int_equal(buf_byte(&b, 'f', &e), -1);
	assert_true(slice_eq(buf_slice(&b), SLICE("abcde")));
	buf_release(&b);
}

static void drops_from_the_front(void **state)
{
	struct err e = { 0 };
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	buf_drop(&b, 0);
	assert_int_equal(buf_add(&b, SLICE("abcdef"), &e), 0);
	buf_drop(&b, 2);
	assert_true(slice_eq(buf_slice(&b), SLICE("cdef")));
	buf_drop(&b, 0);
	buf_drop(&b, 4);
	assert_int_equal(b.n, 0);
	assert_int_equal(buf_add(&b, SLICE("x"), &e), 0);
	assert_true(slice_eq(buf_slice(&b), SLICE("x")));
	buf_release(&b);
}

static void prints(void **state)
{
	struct err e = { 0 };
	struct buf b;

	(void)state;
	buf_init(&b, 20);
	assert_int_equal(buf_printf(&b, &e, "%d,", 12), 0);
	assert_int_equal(buf_printf(&b, &e, "%s", "abc"), 0);
	assert_true(slice_eq(buf_slice(&b), SLICE("12,abc")));
	assert_int_equal(buf_printf(&b, &e, "%020d", 1), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	assert_true(slice_eq(buf_slice(&b), SLICE("12,abc")));
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows),
		cmocka_unit_test(the_cap_holds),
		cmocka_unit_test(drops_from_the_front),
		cmocka_unit_test(prints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
