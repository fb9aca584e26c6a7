/*
 * Escapes in strings, their length as spreadsheets count, column names.
 */
#include "parse/cell_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct row {
	const char *in, *out;
} rows[] = {
	{ "", "" },
	{ "plain", "plain" },
	{ "a_x000D_b", "a\rb" },
	{ "_x0041__x0042_", "AB" },
	{ "_x005F_x000D_", "_x000D_" },
	{ "_x005f_x0041_", "_x0041_" },
	{ "_x00e9_", "\xC3\xA9" },
	{ "_x20AC_ 5", "\xE2\x82\xAC 5" },
	{ "_xD83D__xDE00_", "\xF0\x9F\x98\x80" },
	{ "_xD83D_", "\xEF\xBF\xBD" },
	{ "_xDE00__xD83D_", "\xEF\xBF\xBD\xEF\xBF\xBD" },
	{ "_xD83D__x0041_", "\xEF\xBF\xBD"
			    "A" },
	{ "_x0000_", "\xEF\xBF\xBD" },
	{ "__x0041_", "_A" },
	{ "_x004_", "_x004_" },
	{ "_x00041_", "_x00041_" },
	{ "_X0041_", "_X0041_" },
	{ "_x00G1_", "_x00G1_" },
	{ "_x0041", "_x0041" },
	{ "JT_x", "JT_x" },
	{ "snake_case_name", "snake_case_name" },
};

static void escapes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[64];
		size_t n = strlen(rows[i].in);

		memcpy(text, rows[i].in, n);
		n = cell_unescape(text, n);
		if (!slice_eq((struct slice){ text, n }, slice_str(rows[i].out)))
			fail_msg("\"%s\": \"%.*s\"", rows[i].in, (int)n, text);
	}
}

static void length_in_utf16_units(void **state)
{
	(void)state;
	assert_true(cell_fits(SLICE("abc"), 3));
	assert_false(cell_fits(SLICE("abc"), 2));
	assert_true(cell_fits(SLICE("\xC3\xA9\xE2\x82\xAC"), 2));
	assert_false(cell_fits(SLICE("\xC3\xA9\xE2\x82\xAC"), 1));
	assert_true(cell_fits(SLICE("\xF0\x9F\x98\x80"), 2));
	assert_false(cell_fits(SLICE("\xF0\x9F\x98\x80"), 1));
	assert_true(cell_fits(SLICE(""), 0));
	assert_true(cell_fits(SLICE("\xE2\x82\xAC\xE2\x82\xAC"), 2));
	assert_false(cell_fits(SLICE("\xE2\x82\xAC\xE2\x82\xAC"), 1));
}

static const struct name_row {
	uint32_t column;
	const char *name;
} names[] = {
	{ 0, "A" },     { 25, "Z" },      { 26, "AA" },
	{ 51, "AZ" },   { 52, "BA" },     { 701, "ZZ" },
	{ 702, "AAA" }, { 16383, "XFD" }, { UINT32_MAX, "MWLQKWV" },
};

static void column_names(void **state)
{
	char name[CELL_COLUMN_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_string_equal(cell_column_name(names[i].column, name),
				    names[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes),
		cmocka_unit_test(length_in_utf16_units),
		cmocka_unit_test(column_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
