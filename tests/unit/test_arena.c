/* Memory for a request: aligned, zeroed, capped, and given back at once. */
#include "parse/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void pieces_are_aligned_zeroed_and_apart(void **state)
{
	struct arena a;
	char *p[200];

	(void)state;
	arena_init(&a, 10 * 1024 * 1024);
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < 200; i++) {
			size_t n = i * 37;

			p[i] = arena_alloc(&a, n);
			assert_non_null(p[i]);
			assert_int_equal((uintptr_t)p[i] % 16, 0);
			for (size_t k = 0; k < n; k++)
				assert_int_equal(p[i][k], 0);
			memset(p[i], (int)i, n);
		}
		for (size_t i = 0; i < 200; i++)
			for (size_t k = 0; k < i * 37; k++)
				assert_int_equal((unsigned char)p[i][k], i);
		arena_reset(&a);
		assert_int_equal(a.used, 0);
	}
	arena_release(&a);
	assert_null(a.head);
}

static void the_cap_holds(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 64);
	assert_non_null(arena_alloc(&a, 33)); /* 48 with alignment */
	assert_null(arena_alloc(&a, 17));
	assert_non_null(arena_alloc(&a, 16));
	assert_null(arena_alloc(&a, 0));
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_null(arena_dup(&a, SLICE("x")).p);
	assert_null(arena_printf(&a, "x").p);
	arena_reset(&a);
	assert_non_null(arena_alloc(&a, 64));
	arena_release(&a);
}

/* A piece larger than a block does not stay behind when the arena is emptied. */
static void a_large_piece_is_given_back(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 1024 * 1024);
	assert_non_null(arena_alloc(&a, 500000));
	assert_null(arena_alloc(&a, 600000));
	arena_reset(&a);
	assert_non_null(arena_alloc(&a, 600000));
	assert_non_null(arena_alloc(&a, 10));
	arena_reset(&a);
	assert_non_null(arena_alloc(&a, 10));
	arena_release(&a);
}

static void copies_end_in_nul(void **state)
{
	struct arena a;
	struct slice s;

	(void)state;
	arena_init(&a, 1000);
	s = arena_dup(&a, SLICE("a\0b"));
	assert_true(slice_eq(s, SLICE("a\0b")));
	assert_int_equal(s.p[3], 0);
	s = arena_dup(&a, (struct slice){ NULL, 0 });
	assert_non_null(s.p);
	assert_int_equal(s.n, 0);
	s = arena_printf(&a, "%s-%d", "x", 42);
	assert_true(slice_eq(s, SLICE("x-42")));
	assert_int_equal(s.p[4], 0);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_aligned_zeroed_and_apart),
		cmocka_unit_test(the_cap_holds),
		cmocka_unit_test(a_large_piece_is_given_back),
		cmocka_unit_test(copies_end_in_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
