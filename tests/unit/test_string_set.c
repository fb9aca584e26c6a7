/*
 * Texts get numbers in the order they came, the same text the same number, until the
 * bytes run out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "parse/string_set.h"

static void texts_are_numbered_once(void **state)
{
	static const struct row {
		const char *text;
		uint32_t want;
	} rows[] = {
		{ "Pending", 0 },
		{ "", 1 },
		{ "Quezon City", 2 },
		{ "Pending", 0 },
		{ "", 1 },
		{ "pending", 3 },
		{ "Pending ", 4 },
		{ "Quezon City", 2 },
	};
	struct string_set s;
	struct err e = { 0 };

	(void)state;
	string_set_init(&s, 1000);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t index = 99;

		assert_int_equal(string_set_add(&s, slice_str(rows[i].text), &index, &e),
				 PARSE_DONE);
		assert_int_equal(index, rows[i].want);
		assert_true(slice_eq(string_set_at(&s, index), slice_str(rows[i].text)));
	}
	assert_int_equal(s.n, 5);
	string_set_release(&s);
}

/* Past several doublings every number still names its text. */
static void growing_keeps_the_numbers(void **state)
{
	struct string_set s;
	struct err e = { 0 };
	char text[24];

	(void)state;
	string_set_init(&s, 1000000);
	for (int pass = 0; pass < 2; pass++)
		for (uint32_t i = 0; i < 20000; i++) {
			uint32_t index;

			(void)snprintf(text, sizeof(text), "JT%013u", i * 7);
			assert_int_equal(string_set_add(&s, slice_str(text), &index, &e),
					 PARSE_DONE);
			assert_int_equal(index, i);
		}
	assert_int_equal(s.n, 20000);
	string_set_release(&s);
}

static void a_full_set_still_knows_what_it_holds(void **state)
{
	struct string_set s;
	struct err e = { 0 };
	uint32_t index = 99;

	(void)state;
	string_set_init(&s, 10);
	assert_int_equal(string_set_add(&s, SLICE("12345678"), &index, &e), PARSE_DONE);
	assert_int_equal(string_set_add(&s, SLICE("abc"), &index, &e), PARSE_MORE);
	assert_int_equal(string_set_add(&s, SLICE("ab"), &index, &e), PARSE_DONE);
	assert_int_equal(index, 1);
	assert_int_equal(string_set_add(&s, SLICE("c"), &index, &e), PARSE_MORE);
	assert_int_equal(string_set_add(&s, SLICE("12345678"), &index, &e), PARSE_DONE);
	assert_int_equal(index, 0);
	assert_int_equal(e.kind, ERR_NONE);
	string_set_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_numbered_once),
		cmocka_unit_test(growing_keeps_the_numbers),
		cmocka_unit_test(a_full_set_still_knows_what_it_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
