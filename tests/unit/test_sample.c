/*
 * The sample's promises: the same bytes for the same seed, numbers that never meet, and
 * limits. What its rows mean to the reader, tests/integration/test_ctl_rows.py holds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "parse/buf.h"
#include "parse/string_set.h"
#include "server/sample.h"

enum { ROOM = 64 * 1024 * 1024 };

static int into_buf(void *to, struct slice bytes, struct err *e)
{
	return buf_add(to, bytes, e);
}

static struct buf write_sample(struct sample_options o)
{
	struct err e = { 0 };
	struct buf out;

	buf_init(&out, ROOM);
	if (sample_write(&o, &(struct sink){ into_buf, &out }, &e) < 0)
		fail_msg("%s", e.text);
	return out;
}

static void a_seed_gives_its_bytes(void **state)
{
	static const struct row {
		const char *name;
		struct sample_options a, b;
		bool same;
	} rows[] = {
		{ "csv again", { 100, 3, false, true }, { 100, 3, false, true }, true },
		{ "workbook again",
		  { 100, 3, false, false },
		  { 100, 3, false, false },
		  true },
		{ "another seed",
		  { 100, 3, false, true },
		  { 100, 4, false, true },
		  false },
		{ "seed 0", { 100, 0, false, true }, { 100, 1, false, true }, false },
		{ "inline", { 100, 3, false, false }, { 100, 3, true, false }, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf a = write_sample(rows[i].a), b = write_sample(rows[i].b);

		if (slice_eq(buf_slice(&a), buf_slice(&b)) != rows[i].same)
			fail_msg("%s", rows[i].name);
		buf_release(&a);
		buf_release(&b);
	}
}

/* Row k is the same however many follow it. */
static void fewer_rows_are_the_first_ones(void **state)
{
	struct buf few = write_sample((struct sample_options){ 10, 3, false, true });
	struct buf more = write_sample((struct sample_options){ 20, 3, false, true });

	(void)state;
	assert_true(few.n > 500 && slice_starts(buf_slice(&more), buf_slice(&few)));
	buf_release(&few);
	buf_release(&more);
}

static void numbers_never_meet(void **state)
{
	static const uint32_t seeds[] = { 0, 1, 2, 12345, SAMPLE_MAX_SEED };
	struct string_set seen;
	struct err e = { 0 };

	(void)state;
	string_set_init(&seen, ROOM);
	for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++) {
		struct buf out = write_sample(
			(struct sample_options){ 20000, seeds[i], false, true });
		struct slice rest = buf_slice(&out);

		(void)slice_split(&rest, '\n');
		while (rest.n > 0) {
			struct slice line = slice_split(&rest, '\n');
			struct slice number = slice_split(&line, ',');
			uint32_t index;

			assert_int_equal(number.n, 15);
			assert_true(slice_starts(number, SLICE("JT")));
			assert_int_equal(string_set_add(&seen, number, &index, &e),
					 PARSE_DONE);
		}
		buf_release(&out);
	}
	assert_int_equal(seen.n, 100000);
	string_set_release(&seen);
}

static void too_much_is_refused(void **state)
{
	static const struct row {
		const char *name;
		struct sample_options o;
	} rows[] = {
		{ "a sheet's rows", { 1048576, 1, false, false } },
		{ "rows", { SAMPLE_MAX_ROWS + 1, 1, false, true } },
		{ "seed", { 1, SAMPLE_MAX_SEED + 1, false, true } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = { 0 };
		struct buf out;

		buf_init(&out, ROOM);
		if (sample_write(&rows[i].o, &(struct sink){ into_buf, &out }, &e) == 0)
			fail_msg("%s", rows[i].name);
		assert_int_equal(e.kind, ERR_LIMIT);
		assert_int_equal(out.n, 0);
		buf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_seed_gives_its_bytes),
		cmocka_unit_test(fewer_rows_are_the_first_ones),
		cmocka_unit_test(numbers_never_meet),
		cmocka_unit_test(too_much_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
