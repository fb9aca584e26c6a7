/* Failure records: the first wins, texts are cut and never overrun. */
#include "parse/err.h"

#include "parse/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void first_failure_wins(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(err_set(&e, ERR_INPUT, "row %d", 17), -1);
	assert_int_equal(err_set(&e, ERR_INTERNAL, "cleanup"), -1);
	assert_int_equal(e.kind, ERR_INPUT);
	assert_string_equal(e.text, "row 17");
}

static void prefix_says_where(void **state)
{
	struct err e = { 0 };

	(void)state;
	(void)err_set(&e, ERR_LIMIT, "too long");
	assert_int_equal(err_prefix(&e, "column \"%s\"", "COD"), -1);
	assert_int_equal(err_prefix(&e, "row %d", 3), -1);
	assert_string_equal(e.text, "row 3: column \"COD\": too long");
	assert_int_equal(e.kind, ERR_LIMIT);
}

/* Prefixes and texts of every length around the size of the record. */
static void long_texts_are_cut(void **state)
{
	enum { SIZE = sizeof(((struct err *)0)->text) };
	char text[SIZE + 10];

	(void)state;
	memset(text, 'x', sizeof(text));
	for (int n = SIZE - 10; n < SIZE + 10; n++)
		for (int prefix = 0; prefix < SIZE + 10; prefix++) {
			struct err e = { 0 };
			size_t least = (size_t)(prefix < SIZE ? prefix : SIZE - 1);

			(void)err_set(&e, ERR_INPUT, "%.*s", n, text);
			assert_int_equal(strlen(e.text), n < SIZE ? n : SIZE - 1);
			(void)err_prefix(&e, "%.*s", prefix, text);
			assert_in_range(strlen(e.text), least, SIZE - 1);
			if (prefix < SIZE - 3)
				assert_memory_equal(e.text + prefix, ": x", 3);
		}
}

/* Such a text goes into JSON and to a database, which take no half character. */
static void cut_texts_end_in_whole_characters(void **state)
{
	enum { SIZE = sizeof(((struct err *)0)->text) };
	char text[3 * SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i += 3)
		memcpy(text + i, "\xe8\xbf\x90", 3);
	for (int lead = 0; lead < 4; lead++) {
		struct err set = { 0 }, prefixed = { 0 };

		(void)err_set(&set, ERR_INPUT, "%.*s%.*s", lead, "abcd",
			      (int)sizeof(text), text);
		assert_true(utf8_valid(slice_str(set.text)));
		assert_in_range(strlen(set.text), SIZE - 6, SIZE - 1);
		(void)err_set(&prefixed, ERR_INPUT, "%.*s", SIZE / 3 * 3, text);
		(void)err_prefix(&prefixed, "%.*s", lead, "abcd");
		assert_true(utf8_valid(slice_str(prefixed.text)));
		assert_in_range(strlen(prefixed.text), SIZE - 6, SIZE - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_failure_wins),
		cmocka_unit_test(prefix_says_where),
		cmocka_unit_test(long_texts_are_cut),
		cmocka_unit_test(cut_texts_end_in_whole_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
