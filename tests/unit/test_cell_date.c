/*
 * Serial dates: their text in the 1900 system, and ISO dates as serials.
 */
#include "parse/cell_date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct row {
	double serial;
	const char *text; /* "": no date */
} rows[] = {
	{ 0, "00:00:00" },
	{ 0.5, "12:00:00" },
	{ 0.33680555555555558, "08:05:00" },
	{ 0.99999, "23:59:59.136" },
	{ 0.9999999999, "1900-01-01 00:00:00" },
	{ 1, "1900-01-01 00:00:00" },
	{ 31, "1900-01-31 00:00:00" },
	{ 32, "1900-02-01 00:00:00" },
	{ 59, "1900-02-28 00:00:00" },
	/* The leap day of 1900 that a rival's bug made part of the standard. */
	{ 60, "1900-02-29 00:00:00" },
	{ 60.5, "1900-02-29 12:00:00" },
	{ 61, "1900-03-01 00:00:00" },
	{ 366, "1900-12-31 00:00:00" },
	{ 367, "1901-01-01 00:00:00" },
	{ 1462, "1904-01-01 00:00:00" },
	{ 1521, "1904-02-29 00:00:00" },
	{ 25569, "1970-01-01 00:00:00" },
	{ 36585, "2000-02-29 00:00:00" },
	{ 36586, "2000-03-01 00:00:00" },
	{ 45688.336805555555, "2025-01-31 08:05:00" },
	{ 45688.33680844907, "2025-01-31 08:05:00.250" },
	{ 45688.999999999, "2025-02-01 00:00:00" },
	{ 73109, "2100-02-28 00:00:00" },
	{ 73110, "2100-03-01 00:00:00" },
	{ 2958465, "9999-12-31 00:00:00" },
	{ 2958465.9999884, "9999-12-31 23:59:58.998" },
	{ 2958465.9999999999, "" },
	{ 2958466, "" },
	{ -1, "" },
	{ 1e300, "" },
};

static void serial_to_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[CELL_DATE_MAX];
		size_t n = cell_date_text(rows[i].serial, text);

		if (!slice_eq((struct slice){ text, n }, slice_str(rows[i].text)))
			fail_msg("%.10f: \"%.*s\"", rows[i].serial, (int)n, text);
	}
}

static const struct row whole_rows[] = {
	/* Six digits behind the point: 40.982 was meant to be 41. */
	{ 46066.742141, "2026-02-13 17:48:41" },
	{ 45688.336805555555, "2025-01-31 08:05:00" },
	{ 45688.99999999, "2025-02-01 00:00:00" },
	{ 0.33680555555555558, "08:05:00" },
	{ 0.9999999, "1900-01-01 00:00:00" },
	{ 2958465.9999999, "" },
	{ -1, "" },
};

static void serial_to_whole_seconds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(whole_rows) / sizeof(whole_rows[0]); i++) {
		char text[CELL_DATE_MAX];
		size_t n = cell_date_text_seconds(whole_rows[i].serial, text);

		if (!slice_eq((struct slice){ text, n }, slice_str(whole_rows[i].text)))
			fail_msg("%.10f: \"%.*s\"", whole_rows[i].serial, (int)n, text);
	}
}

static const struct iso_row {
	const char *in;
	double serial; /* negative: none */
} iso_rows[] = {
	{ "1900-01-01", 1 },
	{ "1900-02-28", 59 },
	{ "1900-02-29", -1 },
	{ "1900-03-01", 61 },
	{ "1970-01-01", 25569 },
	{ "2000-02-29", 36585 },
	{ "2025-01-31T12:00:00", 45688.5 },
	{ "2025-01-31T12:00", 45688.5 },
	{ "2025-01-31 12:00:00", 45688.5 },
	{ "2025-01-31T12:00:00Z", 45688.5 },
	{ "2025-01-31T12:00:00.000", 45688.5 },
	{ "2025-01-31T00:00:00.250", 45688 + 250.0 / 86400000 },
	{ "12:00:00", 0.5 },
	{ "T12:00:00", 0.5 },
	{ "9999-12-31", 2958465 },
	{ "", -1 },
	{ "2025", -1 },
	{ "2025-02-30", -1 },
	{ "2025-02-29", -1 },
	{ "2025-00-10", -1 },
	{ "2025-13-10", -1 },
	{ "2025-1-1", -1 },
	{ "1899-12-31", -1 },
	{ "2025-01-31T", -1 },
	{ "2025-01-31T24:00:00", -1 },
	{ "2025-01-31T12:60:00", -1 },
	{ "2025-01-31T12:00:00.", -1 },
	{ "2025-01-31T12:00:00.5x", -1 },
	{ "2025-01-31T12:00:00+08:00", -1 },
	{ "2025-01-31x12:00:00", -1 },
	{ "31/01/2025", -1 },
};

static void iso_to_serial(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(iso_rows) / sizeof(iso_rows[0]); i++) {
		double serial = -1;
		bool got = cell_date_serial(slice_str(iso_rows[i].in), &serial);

		if (got != (iso_rows[i].serial >= 0) ||
		    (got && serial != iso_rows[i].serial))
			fail_msg("\"%s\": %d %.10f", iso_rows[i].in, got, serial);
	}
}

/* Every day that has a serial comes back from its own text. */
static void every_day_round_trip(void **state)
{
	(void)state;
	for (int day = 1; day <= 2958465; day += day < 800000 ? 1 : 37) {
		char text[CELL_DATE_MAX];
		size_t n = cell_date_text(day, text);
		double back = 0;

		if (day == 60)
			continue;
		if (!cell_date_serial((struct slice){ text, n }, &back) || back != day)
			fail_msg("%d: \"%.*s\" is %.1f", day, (int)n, text, back);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(serial_to_text),
		cmocka_unit_test(serial_to_whole_seconds),
		cmocka_unit_test(iso_to_serial),
		cmocka_unit_test(every_day_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
