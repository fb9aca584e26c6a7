/* How many tries are let through, and when the next. */
#include "server/throttle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct throttle table;

static const struct row {
	const char *name;
	unsigned rate, tries; /* tries at once ... */
	unsigned allowed;
	uint64_t wait_ms; /* ... and what the last is told */
} rows[] = {
	{ "one a minute", 1, 2, 1, 60000 },
	{ "all of a minute at once", 30, 30, 30, 0 },
	{ "one too many", 30, 31, 30, 2000 },
	{ "a refused one does not count", 30, 1000, 30, 2000 },
	{ "sixty a minute", 60, 61, 60, 1000 },
};

static void lets_so_many_through(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned allowed = 0;
		uint64_t wait = 0;

		table = (struct throttle){ 0 };
		for (unsigned k = 0; k < rows[i].tries; k++) {
			wait = throttle_try(&table, 17, rows[i].rate, 5000);
			allowed += wait == 0;
		}
		if (allowed != rows[i].allowed || wait != rows[i].wait_ms)
			fail_msg("%s: %u, %llu ms", rows[i].name, allowed,
				 (unsigned long long)wait);
		/* What it was told is true. */
		if (wait > 0) {
			assert_int_not_equal(
				throttle_try(&table, 17, rows[i].rate, 5000 + wait - 1),
				0);
			assert_int_equal(
				throttle_try(&table, 17, rows[i].rate, 5000 + wait), 0);
		}
	}
}

static void clients_are_told_apart(void **state)
{
	(void)state;
	table = (struct throttle){ 0 };
	assert_int_equal(throttle_try(&table, 1, 1, 0), 0);
	assert_int_not_equal(throttle_try(&table, 1, 1, 0), 0);
	assert_int_equal(throttle_try(&table, 1 + THROTTLE_SETS, 1, 0), 0);
	/* The table is full; later, what lies in the past makes room again. */
	for (uint64_t k = 2; k < THROTTLE_WAYS; k++)
		assert_int_equal(throttle_try(&table, 1 + k * THROTTLE_SETS, 1, 0), 0);
	assert_int_not_equal(throttle_try(&table, 1 + 99 * THROTTLE_SETS, 1, 0), 0);
	assert_int_equal(throttle_try(&table, 1 + 99 * THROTTLE_SETS, 1, 60000), 0);
}

static const struct key_row {
	const char *name;
	struct slice a, b;
	bool same;
} keys[] = {
	{ "one address", SLICE_INIT("10.0.0.1"), SLICE_INIT("10.0.0.1"), true },
	{ "two addresses", SLICE_INIT("10.0.0.1"), SLICE_INIT("10.0.0.2"), false },
	{ "a mapped address", SLICE_INIT("10.0.0.1"), SLICE_INIT("::ffff:10.0.0.1"),
	  true },
	{ "one network", SLICE_INIT("2001:db8:1:2::1"), SLICE_INIT("2001:db8:1:2:9::1"),
	  true },
	{ "two networks", SLICE_INIT("2001:db8:1:2::1"), SLICE_INIT("2001:db8:1:3::1"),
	  false },
	{ "no address", SLICE_INIT("unix"), SLICE_INIT("unix"), true },
};

static void keys_by_address(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if ((throttle_key(keys[i].a, 7) == throttle_key(keys[i].b, 7)) !=
		    keys[i].same)
			fail_msg("%s", keys[i].name);
	assert_int_not_equal(throttle_key(SLICE("10.0.0.1"), 7),
			     throttle_key(SLICE("10.0.0.1"), 8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lets_so_many_through),
		cmocka_unit_test(clients_are_told_apart),
		cmocka_unit_test(keys_by_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
