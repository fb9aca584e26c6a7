/* How many children to start and when, and who accepts. */
#include "server/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void starts_what_is_missing(void **state)
{
	struct policy p = { 0 };
	uint64_t wait;

	(void)state;
	assert_int_equal(policy_starts(&p, 1000, 20, 0, &wait), 20);
	assert_int_equal(policy_starts(&p, 1000, 20, 19, &wait), 1);
	assert_int_equal(policy_starts(&p, 1000, 20, 20, &wait), 0);
	assert_int_equal(policy_starts(&p, 1000, 2, 5, &wait), 0);
	assert_int_equal(wait, 0);
}

/* A worker killed after a day of service is replaced at once. */
static void late_death_costs_no_wait(void **state)
{
	struct policy p = { 0 };
	uint64_t wait;

	(void)state;
	assert_false(policy_died(&p, 90000, 80000));
	assert_int_equal(policy_starts(&p, 90000, 20, 19, &wait), 1);
	assert_int_equal(wait, 0);
}

static void early_deaths_double_the_wait_up_to_a_cap(void **state)
{
	static const uint64_t want[] = { 100,  200,  400,   800,   1600,
					 3200, 6400, 10000, 10000, 10000 };
	struct policy p = { 0 };
	uint64_t now = 50000, wait;

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_true(policy_died(&p, now, 5));
		assert_int_equal(policy_starts(&p, now, 20, 0, &wait), 0);
		assert_int_equal(wait, want[i]);
		now += wait;
		/* One tries whether it is over, not twenty. */
		assert_int_equal(policy_starts(&p, now, 20, 0, &wait), 1);
	}
	policy_lived(&p);
	assert_int_equal(policy_starts(&p, now, 20, 1, &wait), 19);
}

/* Twenty workers that fail together are one failure. */
static void siblings_of_one_bad_start_count_once(void **state)
{
	struct policy p = { 0 };
	uint64_t wait;

	(void)state;
	for (int i = 0; i < 20; i++)
		(void)policy_died(&p, 70000, 3);
	assert_int_equal(policy_starts(&p, 70000, 20, 0, &wait), 0);
	assert_int_equal(wait, POLICY_FIRST_MS);
}

static void share_of_connections(void **state)
{
	const enum policy_turn T = POLICY_TAKES, P = POLICY_PASSES, R = POLICY_RESERVE;
	const struct row {
		unsigned own, all, workers, rank;
		enum policy_turn turn;
	} rows[] = {
		{ 0, 0, 20, 0, T },
		{ 0, 0, 20, 10, T },
		{ 0, 0, 20, 11, R },
		{ 1, 1, 20, 0, P },
		{ 1, 10, 20, 0, P },
		{ 1, 11, 20, 0, T },
		{ 2, 21, 20, 0, P },
		{ 3, 33, 20, 3, T },
		{ 4, 38, 20, 3, P },
		{ 13, 149, 20, 10, T },
		{ 14, 149, 20, 3, P },
		{ 0, 149, 20, 19, R },
		{ 0, 319, 20, 19, R },
		{ 0, 320, 20, 19, T },
		{ 100, 2000, 20, 19, T },
		{ 101, 2000, 20, 0, P },
		{ 500, 500, 1, 0, T },
		{ 500, 500, 0, 0, T },
		{ 1, 2, 2, 1, T },
		{ 3, 5, 2, 1, P },
		{ 0, 6, 4, 2, T },
		{ 0, 6, 4, 3, R },
		{ UINT32_MAX, UINT32_MAX, 20, 0, P },
	};

	(void)state;
	/* However many come at once, each finds somebody who takes it, and nobody gets
	 * more than twice an even part, rounded up. */
	for (unsigned workers = 1; workers <= 20; workers++) {
		unsigned own[20] = { 0 };

		for (unsigned all = 0; all < 500; all++) {
			unsigned i = 0;

			while (i < workers &&
			       policy_turn(own[i], all, workers, i) != POLICY_TAKES)
				i++;
			assert_true(i < workers);
			own[i]++;
			assert_true(own[i] * workers < 2 * (all + 1) + workers);
		}
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (policy_turn(rows[i].own, rows[i].all, rows[i].workers,
				rows[i].rank) != rows[i].turn)
			fail_msg("own %u of %u over %u, rank %u", rows[i].own,
				 rows[i].all, rows[i].workers, rows[i].rank);
}

/* Workers of one start must not retire together, and none before its time. */
static void request_limits_are_spread(void **state)
{
	uint64_t least = UINT64_MAX, most = 0;

	(void)state;
	assert_int_equal(policy_requests(0, 7), 0);
	for (unsigned n = 1; n <= 20; n++) {
		uint64_t limit = policy_requests(1000, n);

		assert_true(limit >= 1000 && limit <= 1200);
		assert_true(limit != policy_requests(1000, n + 1));
		least = limit < least ? limit : least;
		most = limit > most ? limit : most;
		assert_int_equal(policy_requests(1, n), 1);
	}
	assert_true(most - least > 150);
	assert_true(policy_requests(UINT32_MAX, 1) > UINT32_MAX);
}

static void stuck_workers(void **state)
{
	static const struct row {
		uint64_t now, since, awake;
		uint32_t timeout;
		bool stuck;
	} rows[] = {
		{ 100000, 99000, 0, 30000, false },
		{ 100000, 60001, 0, 30000, false },
		{ 100000, 60000, 0, 30000, true },
		{ 100000, 60000, 60001, 30000, false }, /* the master slept itself */
		{ 100000, 100001, 0, 30000, false },    /* shown after now was read */
		{ 100000, 89000, 0, 1000, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (policy_stuck(rows[i].now, rows[i].since, rows[i].awake,
				 rows[i].timeout) != rows[i].stuck)
			fail_msg("row %zu", i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_what_is_missing),
		cmocka_unit_test(late_death_costs_no_wait),
		cmocka_unit_test(early_deaths_double_the_wait_up_to_a_cap),
		cmocka_unit_test(siblings_of_one_bad_start_count_once),
		cmocka_unit_test(share_of_connections),
		cmocka_unit_test(request_limits_are_spread),
		cmocka_unit_test(stuck_workers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
