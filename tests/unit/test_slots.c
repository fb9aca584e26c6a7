/* The scoreboard: what outlives a process, and connections counted by client. */
#include "server/slots.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <unistd.h>

static char dir[] = "/tmp/waybill-slots-XXXXXX";
static struct slots *slots;

static int open_slots(void **state)
{
	struct err e = { 0 };

	(void)state;
	return slots_create(dir, &slots, &e);
}

static int close_slots(void **state)
{
	(void)state;
	slots_close(&slots);
	return 0;
}

static void counters_outlive_their_process(void **state)
{
	static struct metrics_sum sum;
	struct slot *slot = slots_take(slots, SLOT_WORKER, 1, 4000000);

	(void)state;
	memset(&sum, 0, sizeof(sum));
	assert_non_null(slot);
	assert_null(slots_take(slots, SLOT_WORKER, 1, 4000001));
	metrics_add(slots_metrics(slots, slot), METRIC_SENT, 5);
	(void)atomic_fetch_add(&slot->requests, 1);
	(void)slots_bury(slots, 4000000);
	slot = slots_take(slots, SLOT_WORKER, 1, 4000001);
	assert_non_null(slot);
	assert_int_equal(atomic_load(&slot->requests), 0);
	metrics_add(slots_metrics(slots, slot), METRIC_SENT, 2);
	slots_sum(slots, &sum);
	assert_int_equal(sum.count[METRIC_SENT], 7);
}

static void only_some_causes_are_unexpected(void **state)
{
	(void)state;
	for (int i = 0; i < SLOTS_CAUSES; i++)
		slots_restarted(slots, (enum slots_cause)i);
	assert_int_equal(atomic_load(&slots_shared(slots)->restarts), 3);
}

static void clients_are_counted_over_all_workers(void **state)
{
	struct slot *a = slots_take(slots, SLOT_WORKER, SLOTS_WORKERS, 4000000);
	struct slot *b = slots_take(slots, SLOT_WORKER, SLOTS_WORKERS, 4000001);

	(void)state;
	assert_int_equal(slots_client(slots, a, 7, 1), 1);
	assert_int_equal(slots_client(slots, b, 7, 1), 2);
	/* The same place in the table, another client. */
	assert_int_equal(slots_client(slots, b, 7 + SLOT_CLIENTS, 1), 1);
	assert_int_equal(slots_client(slots, b, 7, 1), 3);
	assert_int_equal(slots_client(slots, a, 7, -1), 2);
	assert_int_equal(slots_client(slots, a, 7, -1), 2);
	/* What a worker held ends with it. */
	(void)slots_bury(slots, 4000001);
	assert_int_equal(slots_client(slots, a, 7, 1), 1);
	b = slots_take(slots, SLOT_WORKER, SLOTS_WORKERS, 4000002);
	assert_int_equal(slots_client(slots, b, 7, 1), 2);
}

static void a_full_table_counts_nobody_wrongly(void **state)
{
	struct slot *a = slots_take(slots, SLOT_WORKER, SLOTS_WORKERS, 4000000);

	(void)state;
	for (uint64_t i = 0; i < 16; i++)
		assert_int_equal(slots_client(slots, a, 1 + i * SLOT_CLIENTS, 1), 1);
	assert_int_equal(slots_client(slots, a, 1 + 16 * SLOT_CLIENTS, 1), 0);
	assert_int_equal(slots_client(slots, a, 1 + 16 * SLOT_CLIENTS, -1), 0);
	for (uint64_t i = 0; i < 16; i++)
		assert_int_equal(slots_client(slots, a, 1 + i * SLOT_CLIENTS, -1), 0);
	assert_int_equal(slots_client(slots, a, 1 + 16 * SLOT_CLIENTS, 1), 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(counters_outlive_their_process,
						open_slots, close_slots),
		cmocka_unit_test_setup_teardown(only_some_causes_are_unexpected,
						open_slots, close_slots),
		cmocka_unit_test_setup_teardown(clients_are_counted_over_all_workers,
						open_slots, close_slots),
		cmocka_unit_test_setup_teardown(a_full_table_counts_nobody_wrongly,
						open_slots, close_slots),
	};
	char path[sizeof(dir) + 32];
	int failed;

	if (mkdtemp(dir) == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)snprintf(path, sizeof(path), "%s/waybilld.scoreboard", dir);
	(void)unlink(path);
	(void)rmdir(dir);
	return failed;
}
