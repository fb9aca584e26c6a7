/* What columns are called: by their headings, and none as another. */
#include "parse/column_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

enum { CELLS = 8 };

/* Headings with a | between them; '~' is a cell of white space, '^' a NUL in one. */
static const struct row_of_names {
	const char *name, *headings, *want;
} rows[] = {
	{ "as they are", "Waybill|City", "Waybill|City" },
	{ "trimmed",
	  " Waybill \t|\xc2\xa0"
	  "City",
	  "Waybill|City" },
	{ "no heading", "Waybill|~|City", "Waybill|Column B|City" },
	{ "twice, thrice", "COD|City|COD|COD", "COD|City|COD (2)|COD (3)" },
	{ "what is made is there already", "COD|COD|COD (2)", "COD|COD (3)|COD (2)" },
	{ "its own column's name", "Column A|Column B", "Column A|Column B" },
	{ "another column's name", "Column B|~", "Column B (2)|Column B" },
	{ "no column's name", "Column b|Column ABCD", "Column b|Column ABCD" },
	{ "case counts", "cod|COD", "cod|COD" },
	{ "one is the other's beginning", "COD Fee|COD", "COD Fee|COD" },
	/* NULs were the end of a heading that was made unique: two could become one */
	{ "nul", "a^b|a^b|a^c|a^c",
	  "a\xef\xbf\xbd"
	  "b|a\xef\xbf\xbd"
	  "b (2)|a\xef\xbf\xbd"
	  "c|a\xef\xbf\xbd"
	  "c (2)" },
};

static void names_columns(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cell cells[CELLS];
		char text[200], got[200];
		size_t n = 0;
		struct row r = { .number = 1, .cells = cells };
		struct slice rest = { text, strlen(rows[i].headings) };
		struct columns c = { .n = 0 };
		struct err e = { 0 };
		struct arena a;

		memcpy(text, rows[i].headings, rest.n);
		for (size_t k = 0; k < rest.n; k++)
			text[k] = text[k] == '^' ? '\0' : text[k];
		for (uint32_t at = 0; rest.n > 0; at++) {
			struct slice one = slice_split(&rest, '|');

			if (slice_eq(one, SLICE("~")))
				one = SLICE(" \t");
			assert_true(r.n < CELLS);
			cells[r.n++] = (struct cell){ .column = at, .text = one };
		}
		arena_init(&a, 1 << 16);
		assert_int_equal(column_names(&r, &c, &a, &e), 0);
		for (size_t k = 0; k < c.n; k++) {
			assert_int_equal(c.column[k].column, k);
			n += (size_t)snprintf(
				got + n, sizeof(got) - n, "%s%.*s", k > 0 ? "|" : "",
				(int)c.column[k].heading.n, c.column[k].heading.p);
		}
		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].name, got);
		arena_release(&a);
	}
}

/* Every row repeated a heading as long as a cell: 700 KB made a gigabyte. */
static void cuts_long_headings(void **state)
{
	static char text[2 * COLUMN_HEADING];
	struct cell cell = { .text = { text, sizeof(text) } };

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(column_heading(&cell).n, COLUMN_HEADING);
	memcpy(text, "\xc2\xa0 ", 3);
	assert_int_equal(column_heading(&cell).n, COLUMN_HEADING);
	assert_int_equal(column_heading(&cell).p[0], 'x');
	memcpy(text + 3 + COLUMN_HEADING - 1, "\xc3\xb1",
	       2); /* not in the middle of it */
	assert_int_equal(column_heading(&cell).n, COLUMN_HEADING - 1);
	memcpy(text + 3 + COLUMN_HEADING - 1, "  ", 2);
	assert_int_equal(column_heading(&cell).n, COLUMN_HEADING - 1);
	cell.text.n = 3 + COLUMN_HEADING;
	assert_int_equal(column_heading(&cell).n, COLUMN_HEADING - 1);
}

static void orders_bytes(void **state)
{
	(void)state;
	assert_true(column_compare(SLICE("a"), SLICE("b")) < 0);
	assert_true(column_compare(SLICE("ab"), SLICE("a")) > 0);
	assert_true(column_compare(SLICE("\xc3"), SLICE("z")) > 0);
	assert_int_equal(column_compare(SLICE("a"), SLICE("a")), 0);
	assert_int_equal(column_compare(SLICE(""), SLICE("")), 0);
	assert_true(column_compare(SLICE(""), SLICE("a")) < 0);
}

static void names_of_their_own(void **state)
{
	char to[COLUMN_OWN_NAME];

	(void)state;
	assert_true(slice_eq(column_own_name(0, to), SLICE("Column A")));
	assert_true(slice_eq(column_own_name(16383, to), SLICE("Column XFD")));
	assert_true(slice_eq(column_own_name(UINT32_MAX, to), SLICE("Column MWLQKWV")));
}

static void a_full_arena_is_a_limit(void **state)
{
	const struct cell cells[] = { { .text = SLICE_INIT("a\0b") },
				      { .column = 1, .text = SLICE_INIT("a\0b") } };
	const struct row r = { .number = 1, .cells = cells, .n = 2 };
	struct columns c;
	struct arena a;
	size_t cap = 0;
	int got = -1;

	(void)state;
	for (; got < 0 && cap < 4096; cap += 16) {
		struct err e = { 0 };

		arena_init(&a, cap);
		got = column_names(&r, &c, &a, &e);
		assert_int_equal(e.kind, got < 0 ? ERR_LIMIT : ERR_NONE);
		arena_release(&a);
	}
	assert_int_equal(got, 0);
	assert_true(cap > 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_columns),
		cmocka_unit_test(cuts_long_headings),
		cmocka_unit_test(orders_bytes),
		cmocka_unit_test(names_of_their_own),
		cmocka_unit_test(a_full_arena_is_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
