/* Lines of a COPY in the order of their first fields. */
#include "server/import_order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct row {
	const char *name;
	struct slice in, out;
} rows[] = {
	{ "none", SLICE_INIT(""), SLICE_INIT("") },
	{ "one", SLICE_INIT("JT2\ta\n"), SLICE_INIT("JT2\ta\n") },
	{ "two", SLICE_INIT("JT2\ta\nJT1\tb\n"), SLICE_INIT("JT1\tb\nJT2\ta\n") },
	{ "in order already", SLICE_INIT("A\nB\nC\n"), SLICE_INIT("A\nB\nC\n") },
	{ "backwards", SLICE_INIT("C\nB\nA\n"), SLICE_INIT("A\nB\nC\n") },
	{ "a shorter field is first, whatever is behind it",
	  SLICE_INIT("JT10\ta\nJT1\tz\n"), SLICE_INIT("JT1\tz\nJT10\ta\n") },
	{ "of one number, by what is behind it", SLICE_INIT("A\t2\nA\t1\n"),
	  SLICE_INIT("A\t1\nA\t2\n") },
	{ "the same twice", SLICE_INIT("B\nA\nB\n"), SLICE_INIT("A\nB\nB\n") },
	{ "as unsigned bytes", SLICE_INIT("\xc3\xb1\nz\n"), SLICE_INIT("z\n\xc3\xb1\n") },
	{ "a line feed in a value", SLICE_INIT("B\ta\\nA\nA\n"),
	  SLICE_INIT("A\nB\ta\\nA\n") },
};

static void sorts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = { 0 };
		struct arena a;
		struct buf b;

		arena_init(&a, 1000);
		buf_init(&b, 100);
		assert_int_equal(buf_add(&b, SLICE("before\n"), &e), 0);
		assert_int_equal(import_order(rows[i].in, &a, &b, &e), 0);
		if (!slice_eq(slice_from(buf_slice(&b), 7), rows[i].out))
			fail_msg("%s: \"%.*s\"", rows[i].name, (int)b.n, b.p);
		buf_release(&b);
		arena_release(&a);
	}
}

static void needs_room(void **state)
{
	struct err e = { 0 };
	struct arena a;
	struct buf b;

	(void)state;
	arena_init(&a, 20);
	buf_init(&b, 100);
	assert_int_equal(import_order(SLICE("B\nA\n"), &a, &b, &e), -1);
	assert_int_equal(e.kind, ERR_MEMORY);
	arena_release(&a);
	buf_release(&b);
	e = (struct err){ 0 };
	arena_init(&a, 1000);
	buf_init(&b, 3);
	assert_int_equal(import_order(SLICE("B\nA\n"), &a, &b, &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	arena_release(&a);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sorts),
		cmocka_unit_test(needs_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
