/*
 * A hash comes first once, as long as there is room.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "parse/hash_set.h"
#include "parse/row_hash.h"

static uint64_t nth(size_t i)
{
	struct slice v = { (const char *)&i, sizeof(i) };

	return row_hash(0, &v, 1);
}

static void each_is_first_once(void **state)
{
	enum { N = 100000 };
	struct hash_set s;

	(void)state;
	hash_set_init(&s, N);
	for (size_t i = 0; i < N; i++) {
		assert_true(hash_set_first(&s, nth(i)));
		if (i % 7 == 0)
			assert_false(hash_set_first(&s, nth(i / 2)));
	}
	assert_int_equal(s.n, N);
	assert_true(s.n_slots <= (size_t)4 * N);
	/* Full: nobody knows. */
	assert_false(hash_set_first(&s, nth(N)));
	hash_set_release(&s);
	assert_true(hash_set_first(&s, nth(3)));
	assert_false(hash_set_first(&s, nth(3)));
	hash_set_release(&s);
}

/* All of them want one slot, the last one: they go on at the first. */
static void they_stand_in_each_others_way(void **state)
{
	struct hash_set s;

	(void)state;
	hash_set_init(&s, 1000);
	for (uint64_t i = 1; i <= 1000; i++)
		assert_true(hash_set_first(&s, i << 32 | UINT32_MAX));
	for (uint64_t i = 1; i < 1000; i++)
		assert_false(hash_set_first(&s, i << 32 | UINT32_MAX));
	hash_set_release(&s);
}

static void zero_is_a_hash_too(void **state)
{
	struct hash_set s;

	(void)state;
	hash_set_init(&s, 10);
	assert_true(hash_set_first(&s, 0));
	assert_false(hash_set_first(&s, 0));
	hash_set_release(&s);
	hash_set_init(&s, 0);
	assert_false(hash_set_first(&s, 5));
	hash_set_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_first_once),
		cmocka_unit_test(they_stand_in_each_others_way),
		cmocka_unit_test(zero_is_a_hash_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
