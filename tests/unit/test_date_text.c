/* Dates and times as text and as serials, to one form. */
#include "parse/date_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* want NULL: not a date. */
static const struct row {
	const char *in, *want;
	enum date_order_of order;
	const char *day_first;
} rows[] = {
	/* year first */
	{ "2025-01-31 08:05", "2025-01-31 08:05:00", DATE_FIXED, NULL },
	{ "2025-01-31 08:05:09", "2025-01-31 08:05:09", DATE_FIXED, NULL },
	{ "2025-01-31", "2025-01-31 00:00:00", DATE_FIXED, NULL },
	{ "2025/01/31 8:05", "2025-01-31 08:05:00", DATE_FIXED, NULL },
	{ "2025.1.2", "2025-01-02 00:00:00", DATE_FIXED, NULL },
	{ "2025-1-2 8:05", "2025-01-02 08:05:00", DATE_FIXED, NULL },
	{ "20250131", "2025-01-31 00:00:00", DATE_FIXED, NULL },
	{ "2024-02-29", "2024-02-29 00:00:00", DATE_FIXED, NULL },
	{ "2000-02-29", "2000-02-29 00:00:00", DATE_FIXED, NULL },
	/* ISO 8601 */
	{ "2025-01-31T08:05:09", "2025-01-31 08:05:09", DATE_FIXED, NULL },
	{ "2025-01-31T08:05:09.250", "2025-01-31 08:05:09", DATE_FIXED, NULL },
	{ "2025-01-31T08:05:09Z", "2025-01-31 08:05:09+00:00", DATE_FIXED, NULL },
	{ "2025-01-31T08:05:09.250+08:00", "2025-01-31 08:05:09+08:00", DATE_FIXED,
	  NULL },
	{ "2025-01-31 08:05:09+0730", "2025-01-31 08:05:09+07:30", DATE_FIXED, NULL },
	{ "2025-01-31 08:05:09-05", "2025-01-31 08:05:09-05:00", DATE_FIXED, NULL },
	{ "2025-01-31 08:05:09 +08:00", "2025-01-31 08:05:09+08:00", DATE_FIXED, NULL },
	/* halves of the day */
	{ "2025-01-31 08:05 AM", "2025-01-31 08:05:00", DATE_FIXED, NULL },
	{ "2025-01-31 08:05PM", "2025-01-31 20:05:00", DATE_FIXED, NULL },
	{ "2025-01-31 8:05:09 pm", "2025-01-31 20:05:09", DATE_FIXED, NULL },
	{ "2025-01-31 12:00 AM", "2025-01-31 00:00:00", DATE_FIXED, NULL },
	{ "2025-01-31 12:00 PM", "2025-01-31 12:00:00", DATE_FIXED, NULL },
	{ "2025-01-31 00:30 AM", "2025-01-31 00:30:00", DATE_FIXED, NULL },
	{ "2025-01-31 13:05 PM", "2025-01-31 13:05:00", DATE_FIXED, NULL },
	{ "2025-01-31 13:05 AM", NULL, DATE_FIXED, NULL },
	{ "2025-01-31 00:05 PM", NULL, DATE_FIXED, NULL },
	/* year last */
	{ "01/31/2025 08:05", "2025-01-31 08:05:00", DATE_MONTH_FIRST, NULL },
	{ "1/31/2025", "2025-01-31 00:00:00", DATE_MONTH_FIRST, NULL },
	{ "31/01/2025", "2025-01-31 00:00:00", DATE_DAY_FIRST, NULL },
	{ "31-01-2025 8:05", "2025-01-31 08:05:00", DATE_DAY_FIRST, NULL },
	{ "31.01.2025", "2025-01-31 00:00:00", DATE_DAY_FIRST, NULL },
	{ "03/04/2025", "2025-03-04 00:00:00", DATE_EITHER, "2025-04-03 00:00:00" },
	{ "3/4/2025 8:05 PM", "2025-03-04 20:05:00", DATE_EITHER, "2025-04-03 20:05:00" },
	{ "12/12/2025", "2025-12-12 00:00:00", DATE_FIXED, NULL },
	{ "29/02/2024", "2024-02-29 00:00:00", DATE_DAY_FIRST, NULL },
	{ "1/31/25 8:05", "2025-01-31 08:05:00", DATE_MONTH_FIRST, NULL },
	{ "01/02/2025, 08:05", "2025-01-02 08:05:00", DATE_EITHER,
	  "2025-02-01 08:05:00" },
	/* named months */
	{ "31-Jan-2025", "2025-01-31 00:00:00", DATE_FIXED, NULL },
	{ "31-JAN-25 08:05", "2025-01-31 08:05:00", DATE_FIXED, NULL },
	{ "31 January 2025 8:05 am", "2025-01-31 08:05:00", DATE_FIXED, NULL },
	{ "Jan 31, 2025", "2025-01-31 00:00:00", DATE_FIXED, NULL },
	{ "Sept. 1, 2025 08:05", "2025-09-01 08:05:00", DATE_FIXED, NULL },
	{ "17 Agustus 2025", "2025-08-17 00:00:00", DATE_FIXED, NULL },
	{ "5 Mei 2025", "2025-05-05 00:00:00", DATE_FIXED, NULL },
	{ "31 Des 2025", "2025-12-31 00:00:00", DATE_FIXED, NULL },
	/* serials */
	{ "45688", "2025-01-31 00:00:00", DATE_FIXED, NULL },
	{ "45688.336805555555", "2025-01-31 08:05:00", DATE_FIXED, NULL },
	{ "32874", "1990-01-01 00:00:00", DATE_FIXED, NULL },
	{ "73050.5", "2099-12-31 12:00:00", DATE_FIXED, NULL },
	{ "32873", NULL, DATE_FIXED, NULL },
	{ "73051", NULL, DATE_FIXED, NULL },
	{ "45688.", NULL, DATE_FIXED, NULL },
	{ "45688.5x", NULL, DATE_FIXED, NULL },
	/* days and times that do not exist */
	{ "31/02/2025", NULL, DATE_FIXED, NULL },
	{ "29/02/2025", NULL, DATE_FIXED, NULL },
	{ "2025-02-29", NULL, DATE_FIXED, NULL },
	{ "2100-02-29", NULL, DATE_FIXED, NULL },
	{ "13/13/2025", NULL, DATE_FIXED, NULL },
	{ "00/01/2025", NULL, DATE_FIXED, NULL },
	{ "2025-13-01", NULL, DATE_FIXED, NULL },
	{ "2025-00-01", NULL, DATE_FIXED, NULL },
	{ "2025-01-00", NULL, DATE_FIXED, NULL },
	{ "0000-00-00", NULL, DATE_FIXED, NULL },
	{ "1899-12-31", NULL, DATE_FIXED, NULL },
	{ "31-Feb-2025", NULL, DATE_FIXED, NULL },
	{ "20250231", NULL, DATE_FIXED, NULL },
	{ "2025-01-31 24:00", NULL, DATE_FIXED, NULL },
	{ "2025-01-31 08:60", NULL, DATE_FIXED, NULL },
	{ "2025-01-31 08:05:60", NULL, DATE_FIXED, NULL },
	{ "2025-01-31 08:05+15:00", NULL, DATE_FIXED, NULL },
	/* not dates */
	{ "", NULL, DATE_FIXED, NULL },
	{ "-", NULL, DATE_FIXED, NULL },
	{ "yesterday", NULL, DATE_FIXED, NULL },
	{ "08:05:00", NULL, DATE_FIXED, NULL },
	{ "2025", NULL, DATE_FIXED, NULL },
	{ "2025-01", NULL, DATE_FIXED, NULL },
	{ "2025-01/31", NULL, DATE_FIXED, NULL },
	{ "1/31", NULL, DATE_FIXED, NULL },
	{ "1/31-2025", NULL, DATE_FIXED, NULL },
	{ "Jan 2025", NULL, DATE_FIXED, NULL },
	{ "2025-01-31x", NULL, DATE_FIXED, NULL },
	{ "2025-01-31T", NULL, DATE_FIXED, NULL },
	{ "2025-01-3108:05", NULL, DATE_FIXED, NULL },
	{ "2025-01-31 08", NULL, DATE_FIXED, NULL },
	{ "2025-01-31 8:5", NULL, DATE_FIXED, NULL },
	{ "2025-01-31 08:05 XX", NULL, DATE_FIXED, NULL },
	{ "2025-01-31Z", NULL, DATE_FIXED, NULL },
	{ "2025-01-31 08:05:00+8", NULL, DATE_FIXED, NULL },
	{ "2025-01-31 08:05:00 +08:00 x", NULL, DATE_FIXED, NULL },
	{ "1/31/125", NULL, DATE_FIXED, NULL },
	{ "1/31/20255", NULL, DATE_FIXED, NULL },
	{ "1738310400", NULL, DATE_FIXED, NULL },
};

static void reads_each_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct date_text d;
		bool got = date_text_read(slice_str(rows[i].in), &d);

		if (got != (rows[i].want != NULL))
			fail_msg("\"%s\": %s", rows[i].in, got ? "read" : "refused");
		if (!got)
			continue;
		if (!slice_eq((struct slice){ d.text, d.n }, slice_str(rows[i].want)))
			fail_msg("\"%s\": %.*s", rows[i].in, (int)d.n, d.text);
		if (d.order != rows[i].order)
			fail_msg("\"%s\": order %d", rows[i].in, (int)d.order);
		if (d.order == DATE_EITHER &&
		    !slice_eq((struct slice){ d.day_first, d.n },
			      slice_str(rows[i].day_first)))
			fail_msg("\"%s\": %.*s", rows[i].in, (int)d.n, d.day_first);
	}
}

static const struct serial_row {
	double in;
	const char *want;
} serial_rows[] = {
	{ 45688, "2025-01-31 00:00:00" },
	{ 45688.336805555555, "2025-01-31 08:05:00" },
	{ 45688.999999999, "2025-02-01 00:00:00" },
	/* six decimals of 17:48:41: cutting the milliseconds gave :40 */
	{ 45688.742141, "2025-01-31 17:48:41" },
	{ 36526, "2000-01-01 00:00:00" },
	{ 36585, "2000-02-29 00:00:00" },
	{ 20250131, "2025-01-31 00:00:00" },
	{ 20250131.5, NULL },
	{ 20251331, NULL },
	{ 0.5, NULL },
	{ 0, NULL },
	{ -45688, NULL },
	{ 32873.9, NULL },
	{ 73051, NULL },
	{ 1738310400, NULL },
	{ 1e300, NULL },
};

static void reads_plausible_serials(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(serial_rows); i++) {
		struct date_text d;
		bool got = date_serial_read(serial_rows[i].in, &d);

		if (got != (serial_rows[i].want != NULL))
			fail_msg("%f: %s", serial_rows[i].in, got ? "read" : "refused");
		if (got && !slice_eq((struct slice){ d.text, d.n },
				     slice_str(serial_rows[i].want)))
			fail_msg("%f: %.*s", serial_rows[i].in, (int)d.n, d.text);
	}
}

/* Every cut of every row is read or refused, never both ways and never out of bounds. */
static void every_prefix_is_safe(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t n = 0; n < strlen(rows[i].in); n++) {
			struct date_text d;
			struct slice cut = { rows[i].in, n };

			if (date_text_read(cut, &d))
				assert_true(d.n == 19 || d.n == 25);
		}
}

/* On 2026-11-24. */
static const struct short_row {
	const char *in, *want;
	enum date_order_of order;
	bool doubt;
} short_rows[] = {
	{ "25/01/31", "2025-01-31 00:00:00", DATE_FIXED, false },
	{ "25-1-31 8:05", "2025-01-31 08:05:00", DATE_FIXED, false },
	{ "25/01/05", "2025-01-05 00:00:00", DATE_FIXED, false },
	{ "31/01/25", "2025-01-31 00:00:00", DATE_DAY_FIRST, false },
	{ "13/01/25", "2025-01-13 00:00:00", DATE_DAY_FIRST, false },
	{ "01/31/25", "2025-01-31 00:00:00", DATE_MONTH_FIRST, false },
	{ "03/04/25", "2025-03-04 00:00:00", DATE_EITHER, false },
	{ "26/11/24", "2026-11-24 00:00:00", DATE_FIXED, true },
	{ "24/11/26", "2026-11-24 00:00:00", DATE_DAY_FIRST, true },
	{ "26/11/26", "2026-11-26 00:00:00", DATE_DAY_FIRST, false },
	{ "26/11/27", "2027-11-26 00:00:00", DATE_DAY_FIRST, false }, /* either is */
	{ "25/01/25", "2025-01-25 00:00:00", DATE_DAY_FIRST, false },
	{ "24/02/30", "2030-02-24 00:00:00", DATE_DAY_FIRST, false },
	{ "31-Jan-25", "2025-01-31 00:00:00", DATE_FIXED, false },
	{ "31/01/2025", "2025-01-31 00:00:00", DATE_DAY_FIRST, false },
	{ "45688", "2025-01-31 00:00:00", DATE_FIXED, false },
};

static void two_digits_of_the_year(void **state)
{
	struct date_text d;

	(void)state;
	for (size_t i = 0; i < COUNT(short_rows); i++) {
		const struct short_row *want = &short_rows[i];

		if (!date_text_read_until(slice_str(want->in), "2026-11-25", &d))
			fail_msg("\"%s\": refused", want->in);
		if (!slice_eq((struct slice){ d.text, d.n }, slice_str(want->want)) ||
		    d.order != want->order || d.short_year != want->doubt)
			fail_msg("\"%s\": %.*s, order %d, %d", want->in, (int)d.n, d.text,
				 (int)d.order, d.short_year);
	}
	assert_false(date_text_read_until(SLICE("45/13/31"), "2026-11-25", &d));
	assert_true(date_text_read_until(SLICE("25/01/31"), "", &d));
	assert_memory_equal(d.text, "2031-01-25", 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_each_form),
		cmocka_unit_test(reads_plausible_serials),
		cmocka_unit_test(every_prefix_is_safe),
		cmocka_unit_test(two_digits_of_the_year),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
