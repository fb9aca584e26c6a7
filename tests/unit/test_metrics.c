/* Counters: what a request, a scan's answer and a failure add to. */
#include "server/metrics.h"
#include "server/response.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct metrics m;
static struct metrics_sum sum;

static void begin(void)
{
	memset(&m, 0, sizeof(m));
	memset(&sum, 0, sizeof(sum));
}

static const struct row {
	const char *name;
	struct slice json;
	uint64_t valid, duplicate, other;
} rows[] = {
	{ "one", SLICE_INIT("{\"result\":\"valid\"}"), 1, 0, 0 },
	{ "blanks", SLICE_INIT("{\"result\" : \"duplicate\", \"a\":1}"), 0, 1, 0 },
	{ "many",
	  SLICE_INIT("[{\"result\":\"valid\"},{\"result\":\"valid\"},"
		     "{\"result\":\"duplicate\"}]"),
	  2, 1, 0 },
	{ "a new one", SLICE_INIT("{\"result\":\"surprise\"}"), 0, 0, 1 },
	{ "a value is no name", SLICE_INIT("{\"a\":\"result\",\"b\":\"valid\"}"), 0, 0,
	  0 },
	{ "in a text", SLICE_INIT("{\"note\":\"\\\"result\\\":\\\"valid\\\"\"}"), 0, 0,
	  0 },
	{ "a longer name", SLICE_INIT("{\"results\":\"valid\"}"), 0, 0, 0 },
	{ "no text", SLICE_INIT("{\"result\":null}"), 0, 0, 0 },
	{ "cut", SLICE_INIT("{\"result\":"), 0, 0, 0 },
	{ "nothing", SLICE_INIT(""), 0, 0, 0 },
};

static void scans(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *w = &rows[i];

		begin();
		metrics_scans(&m, w->json);
		metrics_sum_add(&sum, &m);
		if (sum.count[METRIC_SCAN_VALID] != w->valid ||
		    sum.count[METRIC_SCAN_DUPLICATE] != w->duplicate ||
		    sum.count[METRIC_SCAN_OTHER] != w->other)
			fail_msg("%s", w->name);
	}
	metrics_scans(NULL, SLICE("{\"result\":\"valid\"}"));
}

static void requests(void **state)
{
	static const struct {
		uint64_t us;
		size_t bucket;
	} times[] = { { 0, 0 },         { 500, 0 },       { 501, 1 },        { 1000, 1 },
		      { 30000000, 14 }, { 30000001, 15 }, { UINT64_MAX, 15 } };

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		begin();
		metrics_request(&m, 3, 404, times[i].us);
		metrics_sum_add(&sum, &m);
		assert_int_equal(sum.route[3].bucket[times[i].bucket], 1);
		assert_true(sum.route[3].us == times[i].us);
	}
	begin();
	metrics_request(&m, METRICS_ROUTES, 299, 1);
	metrics_sum_add(&sum, &m);
	assert_int_equal(sum.route[0].status[METRICS_STATUSES - 1], 1);
	assert_int_equal(metrics_status(METRICS_STATUSES - 1), 0);
	assert_true(metrics_bound(METRICS_BUCKETS - 1) == UINT64_MAX);
}

static void children_add_up(void **state)
{
	(void)state;
	begin();
	metrics_add(&m, METRIC_SENT, 7);
	metrics_db_error(&m, ERR_UNCERTAIN);
	metrics_db_error(&m, ERR_LIMIT);
	metrics_sum_add(&sum, &m);
	metrics_sum_add(&sum, &m);
	assert_int_equal(sum.count[METRIC_SENT], 14);
	assert_int_equal(sum.count[METRIC_DB_UNCERTAIN], 2);
	assert_int_equal(sum.count[METRIC_DB_INTERNAL], 2);
	metrics_add(NULL, METRIC_SENT, 1);
}

/* Answers with 303 were counted, and went out as "303 Unknown". */
static void every_status_that_counts_has_a_reason(void **state)
{
	(void)state;
	for (size_t i = 0; metrics_status(i) != 0; i++)
		if (strcmp(response_reason(metrics_status(i)), "Unknown") == 0)
			fail_msg("status %u", metrics_status(i));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_status_that_counts_has_a_reason),
		cmocka_unit_test(scans),
		cmocka_unit_test(requests),
		cmocka_unit_test(children_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
