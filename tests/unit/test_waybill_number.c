/* Waybill numbers: typed, scanned, and as cells hold them. */
#include "parse/waybill_number.h"

#include "parse/cell_number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define DIGITS_64  "1234567890123456789012345678901234567890123456789012345678901234"
#define CHINESE_16 "运单运单运单运单运单运单运单运单"

/* want NULL: refused for that reason. */
static const struct row_of_number {
	struct slice in;
	const char *want, *reason;
} typed_rows[] = {
	{ SLICE_INIT("JT0000000000001"), "JT0000000000001", NULL },
	{ SLICE_INIT("jt0000000000001"), "JT0000000000001", NULL },
	{ SLICE_INIT(" \tJT1\r\n"), "JT1", NULL },
	{ SLICE_INIT("\xc2\xa0JT1\xc2\xa0"), "JT1", NULL },
	{ SLICE_INIT("\xef\xbb\xbfJT1"), "JT1", NULL },
	{ SLICE_INIT("'JT1"), "JT1", NULL },
	{ SLICE_INIT(" ' JT1"), "JT1", NULL },
	{ SLICE_INIT("\x01JT1\x1d"), "JT1", NULL },
	{ SLICE_INIT("ab-12/c.d"), "AB-12/C.D", NULL },
	{ SLICE_INIT("000123"), "000123", NULL },
	{ SLICE_INIT("12E5"), "12E5", NULL },
	{ SLICE_INIT("\xef\xbc\xaa\xef\xbc\xb4\xef\xbc\x90\xef\xbd\x81\xef\xbc\x8d"
		     "1"),
	  "JT0A-1", NULL }, /* full-width forms */
	{ SLICE_INIT("运单1a"), "运单1A", NULL },
	{ SLICE_INIT(DIGITS_64), DIGITS_64, NULL },
	{ SLICE_INIT(CHINESE_16 CHINESE_16 CHINESE_16 CHINESE_16),
	  CHINESE_16 CHINESE_16 CHINESE_16 CHINESE_16, NULL },
	{ SLICE_INIT(DIGITS_64 "5"), NULL, "a waybill number longer than 64 characters" },
	{ SLICE_INIT(CHINESE_16 CHINESE_16 CHINESE_16 CHINESE_16 "x"), NULL,
	  "a waybill number longer than 64 characters" },
	{ SLICE_INIT(""), NULL, "no waybill number" },
	{ SLICE_INIT(" \t\r\n"), NULL, "no waybill number" },
	{ SLICE_INIT("'"), NULL, "no waybill number" },
	{ SLICE_INIT("JT1 JT2"), NULL, "a space inside the waybill number" },
	{ SLICE_INIT("JT1\tJT2"), NULL, "a space inside the waybill number" },
	/* two numbers in one cell, or one that a line end goes through: nobody can tell
	 */
	{ SLICE_INIT("JT1\nJT2"), NULL, "a line break inside the waybill number" },
	{ SLICE_INIT("JT1\rJT2"), NULL, "a line break inside the waybill number" },
	{ SLICE_INIT("JT1 \r\n JT2"), NULL, "a line break inside the waybill number" },
	{ SLICE_INIT("JT1\vJT2"), NULL, "a line break inside the waybill number" },
	{ SLICE_INIT("JT1\xe2\x80\xa8JT2"), NULL,
	  "a line break inside the waybill number" },
	{ SLICE_INIT("JT1\xc2\x85JT2"), NULL, "a line break inside the waybill number" },
	{ SLICE_INIT("JT1\xc2\xa0JT2"), NULL, "a space inside the waybill number" },
	{ SLICE_INIT("JT\x01"
		     "1"),
	  NULL, "a control character inside the waybill number" },
	{ SLICE_INIT("JT\0001"), NULL, "a control character inside the waybill number" },
	{ SLICE_INIT("JT\xe2\x80\x8b"
		     "1"),
	  NULL, "a control character inside the waybill number" },
	{ SLICE_INIT("JT\xff"), NULL, "a waybill number that is not UTF-8" },
};

static void typed_and_scanned(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(typed_rows); i++) {
		const struct row_of_number *want = &typed_rows[i];
		struct slice number;
		struct err e = { 0 };
		struct arena a;
		int got;

		arena_init(&a, 1 << 16);
		got = waybill_number_normalise(want->in, &a, &number, &e);
		if (want->want == NULL) {
			if (got == 0 || e.kind != ERR_INPUT ||
			    strcmp(e.text, want->reason) != 0)
				fail_msg("row %zu: %d %s", i, got, e.text);
		} else if (got < 0 || !slice_eq(number, slice_str(want->want))) {
			fail_msg("row %zu: %d %s", i, got, e.text);
		}
		arena_release(&a);
	}
}

static const char lost[] = "digits of the number are lost, a spreadsheet shortened it: "
			   "format the column as text and export again";
static const char rounded[] =
	"Excel keeps only 15 digits of a number, the rest of this one "
	"is lost: format the column as text and export again";
static const char zero[] =
	"zero, not a waybill number; if a formula gave it, open the file in Excel or "
	"LibreOffice, save it, and upload that";

static const char shows_error[] = "the cell shows an error, not a waybill number";
static const char negative[] = "a negative number, not a waybill number";
static const char date[] = "a date, not a waybill number: format the column as text and "
			   "export again";
static const char unmended[] = "marked with ? in a list of rejected rows, which tells "
			       "why: mend it and take the mark off";

static const struct row_of_number text_rows[] = {
	{ SLICE_INIT("\tjt0000000000001 "), "JT0000000000001", NULL },
	{ SLICE_INIT("'000123"), "000123", NULL },
	{ SLICE_INIT("12345678901234567890"), "12345678901234567890", NULL },
	{ SLICE_INIT("JT\x01"
		     "1"),
	  "JT1", NULL },
	{ SLICE_INIT("JT\xe2\x80\x8b"
		     "1"),
	  "JT1", NULL },
	{ SLICE_INIT("1.23456789012E+11"), "123456789012", NULL },
	{ SLICE_INIT("772012345678.0"), "772012345678", NULL },
	{ SLICE_INIT("772,012,345,678"), "772012345678", NULL },
	{ SLICE_INIT("1E5"), "1E5", NULL },
	{ SLICE_INIT("7.72012E+11"), NULL, lost },
	{ SLICE_INIT("8E+11"), NULL, lost },
	{ SLICE_INIT("1.2345678901234567E+16"), NULL, lost },
	{ SLICE_INIT("772012345678.5"), NULL, "not a whole number" },
	{ SLICE_INIT("#REF!"), NULL, shows_error },
	{ SLICE_INIT(" '#DIV/0!"), NULL, shows_error },
	{ SLICE_INIT("Err:502"), NULL, shows_error },
	{ SLICE_INIT("#12"), "#12", NULL },
	{ SLICE_INIT("True"), NULL, "true or false, not a waybill number" },
	{ SLICE_INIT("TRUE1"), "TRUE1", NULL },
	{ SLICE_INIT("-5"), NULL, negative },
	{ SLICE_INIT("-1.5E+3"), NULL, negative },
	{ SLICE_INIT("-A5"), "-A5", NULL },
	{ SLICE_INIT("2025-01-31"), NULL, date },
	{ SLICE_INIT("2025-01-31 08:05:00"), NULL, date },
	{ SLICE_INIT("1/31/2025"), NULL, date },
	{ SLICE_INIT("08:05:00"), NULL, date },
	{ SLICE_INIT("2025-13-31"), "2025-13-31", NULL },
	{ SLICE_INIT("01-02-2025"), "01-02-2025", NULL },
	{ SLICE_INIT("20250131"), "20250131", NULL },
	{ SLICE_INIT("12/34"), "12/34", NULL },
	{ SLICE_INIT("12:"), "12:", NULL },
	{ SLICE_INIT("JT1 ?"), NULL, unmended },
	{ SLICE_INIT("JT1?"), NULL, unmended },
	{ SLICE_INIT("JT1 2"), NULL, "a space inside the waybill number" },
	{ SLICE_INIT("JT1\nJT2"), NULL, "a line break inside the waybill number" },
	{ SLICE_INIT(""), NULL, "no waybill number" },
	{ SLICE_INIT("-"), NULL, "no waybill number" },
	{ SLICE_INIT("N/A"), NULL, "no waybill number" },
	{ SLICE_INIT(DIGITS_64 "5"), NULL, "a waybill number longer than 64 characters" },
};

static void check_cell(size_t i, const struct cell *cell,
		       const struct row_of_number *want)
{
	const char *reason;
	struct slice number;
	struct err e = { 0 };
	struct arena a;

	arena_init(&a, 1 << 16);
	assert_int_equal(waybill_number_cell(cell, &a, &number, &reason, &e), 0);
	if (want->want == NULL) {
		if (reason == NULL || strcmp(reason, want->reason) != 0)
			fail_msg("row %zu: %s", i, reason == NULL ? "read" : reason);
	} else if (reason != NULL || !slice_eq(number, slice_str(want->want))) {
		fail_msg("row %zu: %.*s %s", i, (int)number.n, number.p,
			 reason == NULL ? "" : reason);
	}
	arena_release(&a);
}

static void cells_of_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(text_rows); i++) {
		const struct cell cell = { .kind = CELL_TEXT, .text = text_rows[i].in };

		check_cell(i, &cell, &text_rows[i]);
	}
}

static const struct {
	double in;
	struct row_of_number want;
} number_rows[] = {
	{ 772012345678, { .want = "772012345678" } },
	{ 1.23456789012E+11, { .want = "123456789012" } },
	{ 999999999999999, { .want = "999999999999999" } },
	{ 120000000000, { .want = "120000000000" } },
	{ 1000000000000000, { .reason = rounded } },
	{ 1234567890123450, { .reason = rounded } },
	{ 1.5e21, { .reason = rounded } },
	{ 772012345678.5, { .reason = "not a whole number" } },
	{ 0.0000001, { .reason = "not a whole number" } },
	{ -5, { .reason = negative } },
	{ 0, { .reason = zero } }, /* it was loaded, and all such rows but one were
				      duplicates */
};

static void cells_of_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(number_rows); i++) {
		char text[CELL_NUMBER_MAX];
		const struct cell cell = {
			.kind = CELL_NUMBER,
			.text = { text, cell_number_text(number_rows[i].in, text) },
			.number = number_rows[i].in,
		};

		check_cell(i, &cell, &number_rows[i].want);
	}
}

static void cells_of_other_kinds(void **state)
{
	static const struct {
		struct cell cell;
		struct row_of_number want;
	} rows[] = {
		{ { .kind = CELL_DATE, .text = SLICE_INIT("2025-01-31 00:00:00") },
		  { .reason = date } },
		{ { .kind = CELL_TEXT, .text = SLICE_INIT("000") }, { .reason = zero } },
		{ { .kind = CELL_NO_RESULT, .text = SLICE_INIT("") },
		  { .reason =
			    "the cell is a formula whose result the file does not hold: "
			    "open it in Excel or LibreOffice, save it, and upload "
			    "that" } },
		{ { .kind = CELL_BOOL, .text = SLICE_INIT("TRUE") },
		  { .reason = "true or false, not a waybill number" } },
		{ { .kind = CELL_ERROR, .text = SLICE_INIT("#REF!") },
		  { .reason = shows_error } },
		{ { .kind = CELL_ERROR, .text = SLICE_INIT("#N/A") },
		  { .reason = "no waybill number" } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check_cell(i, &rows[i].cell, &rows[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(typed_and_scanned),
		cmocka_unit_test(cells_of_text),
		cmocka_unit_test(cells_of_numbers),
		cmocka_unit_test(cells_of_other_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
