/* What a report says: which way dates are read, statuses by their text, whole JSON. */
#include "server/import_report.h"

#include "parse/json_token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct date_row {
	const char *name;
	struct date_order own, other; /* day first, month first, ambiguous */
	bool day_first;
	const char *says; /* a part of the warning */
} rows[] = {
	{ "nothing tells",
	  { 0, 0, 5 },
	  { 0, 0, 0 },
	  false,
	  "no other date of the file tells" },
	{ "day first only", { 3, 0, 5 }, { 0, 0, 0 }, true, "3 others can only be so" },
	{ "month first only",
	  { 0, 2, 5 },
	  { 0, 0, 0 },
	  false,
	  "2 others can only be so" },
	{ "both: month first", { 9, 1, 5 }, { 0, 0, 0 }, false, "so look at them" },
	{ "the other column tells",
	  { 0, 0, 5 },
	  { 4, 0, 0 },
	  true,
	  "4 others in the file's other date column can only be so" },
	{ "its own evidence goes before",
	  { 0, 1, 5 },
	  { 4, 0, 0 },
	  false,
	  "1 others can only be so" },
	{ "the other column is torn",
	  { 0, 0, 5 },
	  { 4, 4, 0 },
	  false,
	  "so look at them" },
};

static void test_dates(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct import_report r = { .format = "csv" };
		struct err e = { 0 };
		struct buf b;

		if (import_report_day_first(&rows[i].own, &rows[i].other) !=
		    rows[i].day_first)
			fail_msg("%s: %d", rows[i].name, !rows[i].day_first);
		r.notes.signing = rows[i].own;
		r.notes.submission = rows[i].other;
		buf_init(&b, 100000);
		assert_int_equal(import_report_json(&r, &b, &e), 0);
		assert_int_equal(buf_byte(&b, '\0', &e), 0);
		if (strstr(b.p, rows[i].says) == NULL ||
		    strstr(b.p, rows[i].day_first ? "day/month/year"
						  : "month/day/year") == NULL)
			fail_msg("%s: %s", rows[i].name, b.p);
		buf_release(&b);
	}
}

/* Reads the whole text; the number behind `name`, or -1. */
static long number_of(struct slice text, const char *name)
{
	struct err e = { 0 };
	struct json_token t;
	struct arena a;
	struct json j;
	long n = -1;

	arena_init(&a, 1000000);
	json_init(&j, text, &a);
	do {
		assert_int_equal(json_next(&j, &t, &e), 0);
		if (t.kind == JSON_KEY && slice_eq(t.text, slice_str(name)) && n < 0) {
			assert_int_equal(json_next(&j, &t, &e), 0);
			n = strtol(arena_dup(&a, t.text).p, NULL, 10);
		}
	} while (t.kind != JSON_END);
	arena_release(&a);
	return n;
}

static void test_counters_add_up(void **state)
{
	struct import_report r = { .staged = 100,
				   .duplicate = 5,
				   .inserted = 60,
				   .updated = 15,
				   .rejected = 7,
				   .loaded = true };
	struct err e = { 0 };
	struct buf b;

	(void)state;
	for (int again = 0; again < 2; again++) {
		buf_init(&b, 100000);
		assert_int_equal(import_report_json(&r, &b, &e), 0);
		assert_int_equal(number_of(buf_slice(&b), "rows_total"), 107);
		/* Nothing is unchanged that was never compared. */
		assert_int_equal(number_of(buf_slice(&b), "unchanged"), again ? 0 : 20);
		buf_release(&b);
		r.loaded = false;
	}
}

/* Where every row was asked for and one is bad, none is loaded: the good ones are
 * rejected with it, and the repeated ones stay repeated. */
static void test_refused(void **state)
{
	struct import_report r = {
		.staged = 3, .duplicate = 1, .rejected = 1, .refused = true
	};
	static const struct {
		const char *name;
		long n;
	} want[] = { { "rows_total", 4 }, { "inserted", 0 },  { "updated", 0 },
		     { "unchanged", 0 },  { "duplicate", 1 }, { "rejected", 3 },
		     { "unreadable", 1 } };
	struct err e = { 0 };
	struct buf b;

	(void)state;
	buf_init(&b, 100000);
	assert_int_equal(import_report_json(&r, &b, &e), 0);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_int_equal(number_of(buf_slice(&b), want[i].name), want[i].n);
	buf_release(&b);
}

static void test_statuses(void **state)
{
	struct import_report r = { .format = "csv" };
	struct err e = { 0 };
	struct arena a;
	struct buf b;
	char text[32];

	(void)state;
	arena_init(&a, 100000);
	for (int i = 0; i < IMPORT_STATUSES + 3; i++) {
		(void)snprintf(text, sizeof(text), "Odd \"%d\"", i);
		import_report_status(&r, slice_str(text), &a);
		import_report_status(&r, slice_str(text), &a);
	}
	import_report_status(&r, SLICE("oDD \"0\""), &a);
	assert_int_equal(r.statuses, IMPORT_STATUSES);
	assert_int_equal(r.status[0].rows, 3);
	assert_int_equal(r.status[1].rows, 2);
	assert_int_equal(r.other_statuses, 6);
	buf_init(&b, 100000);
	assert_int_equal(import_report_json(&r, &b, &e), 0);
	assert_int_equal(number_of(buf_slice(&b), "count"), 3);
	buf_release(&b);
	arena_release(&a);
}

/* A file of headings alone is loaded like any other, and its sender is told; of one
 * that was refused nobody knows. */
static void test_no_rows(void **state)
{
	struct import_report r = { .format = "csv" };
	struct err e = { 0 };
	struct buf b;

	(void)state;
	for (int i = 0; i < 3; i++) {
		r.loaded = i > 0;
		r.rejected = i > 1;
		buf_init(&b, 100000);
		assert_int_equal(import_report_json(&r, &b, &e), 0);
		assert_int_equal(buf_byte(&b, '\0', &e), 0);
		assert_int_equal(strstr(b.p, "\"no_rows\"") != NULL, i == 1);
		buf_release(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dates),   cmocka_unit_test(test_counters_add_up),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_no_rows),
	};

	return cmocka_run_group_tests_name("import_report", tests, NULL, NULL);
}
