/*
 * The small readers beside a row: types, counts, truth. Rows themselves are held to
 * their rules in test_xlsx_sheet.c.
 */
#include "parse/xlsx_row.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct count {
	const char *in;
	int64_t value; /* negative: refused */
} counts[] = {
	{ "0", 0 },
	{ "7", 7 },
	{ "0042", 42 },
	{ " 5\n", 5 },
	{ "9999999999", 9999999999 },
	{ "12345678901", -1 },
	{ "", -1 },
	{ " ", -1 },
	{ "-1", -1 },
	{ "1.0", -1 },
	{ "1 2", -1 },
	{ "x", -1 },
};

static void whole_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		uint64_t value = 0;
		bool got = xlsx_count_read(slice_str(counts[i].in), &value);

		if (got != (counts[i].value >= 0) ||
		    (got && value != (uint64_t)counts[i].value))
			fail_msg("\"%s\": %d %llu", counts[i].in, got,
				 (unsigned long long)value);
	}
}

static void types(void **state)
{
	static const struct {
		const char *name;
		enum xlsx_type type;
	} known[] = {
		{ "n", XLSX_TYPE_NUMBER },    { "s", XLSX_TYPE_SHARED },
		{ "str", XLSX_TYPE_FORMULA }, { "inlineStr", XLSX_TYPE_INLINE },
		{ "b", XLSX_TYPE_BOOL },      { "e", XLSX_TYPE_ERROR },
		{ "d", XLSX_TYPE_DATE },
	};
	enum xlsx_type type;

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		assert_true(xlsx_type_read(slice_str(known[i].name), &type));
		assert_int_equal(type, known[i].type);
	}
	assert_false(xlsx_type_read(SLICE(""), &type));
	assert_false(xlsx_type_read(SLICE("S"), &type));
	assert_false(xlsx_type_read(SLICE("inlinestr"), &type));
}

static void truth(void **state)
{
	(void)state;
	assert_true(xlsx_is_true(SLICE("1")) && xlsx_is_true(SLICE("true")));
	assert_false(xlsx_is_true(SLICE("0")) || xlsx_is_true(SLICE("false")));
	assert_false(xlsx_is_true(SLICE("")) || xlsx_is_true(SLICE("TRUE")));
}

/* A row wider than any before it moves the cells and the texts: what was put there
 * earlier must move along. */
static void wide_row(void **state)
{
	const struct xlsx_sheet_setup setup = { .max_columns = 16384, .max_cell = 100 };
	struct xlsx_cell c = { .type = XLSX_TYPE_INLINE };
	struct xlsx_row row;
	struct err e = { 0 };
	struct row r = { .hidden = false };

	(void)state;
	xlsx_row_init(&row, &setup);
	assert_int_equal(xlsx_row_begin(&row, SLICE(""), &e), 0);
	for (unsigned i = 0; i < 5000; i++) {
		size_t from = row.text.n;

		assert_int_equal(buf_printf(&row.text, &e, "cell %u", i), 0);
		assert_int_equal(xlsx_row_place(&row, SLICE(""), &c.column, &e), 0);
		assert_int_equal(xlsx_row_add(&row, &c, from, &e), 0);
	}
	xlsx_row_end(&row, &r);
	assert_int_equal(r.n, 5000);
	assert_true(slice_eq(r.cells[0].text, SLICE("cell 0")));
	assert_true(slice_eq(r.cells[4999].text, SLICE("cell 4999")));
	assert_int_equal(r.cells[4999].column, 4999);
	xlsx_row_release(&row);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_numbers),
		cmocka_unit_test(types),
		cmocka_unit_test(truth),
		cmocka_unit_test(wide_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
