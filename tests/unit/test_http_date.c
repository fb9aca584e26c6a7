/*
 * Dates of HTTP (RFC 9110 section 5.6.7), both ways.
 */
#include "parse/http_date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const int64_t now = 1760000000; /* 2025-10-09 */

static const struct row {
	struct slice in;
	int64_t want; /* -1: refused */
} rows[] = {
	{ SLICE_INIT("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777 },
	{ SLICE_INIT("Sunday, 06-Nov-94 08:49:37 GMT"), 784111777 },
	{ SLICE_INIT("Sun Nov  6 08:49:37 1994"), 784111777 },
	{ SLICE_INIT("Wed Nov 16 08:49:37 1994"), 784975777 },
	{ SLICE_INIT("Thu, 01 Jan 1970 00:00:00 GMT"), 0 },
	{ SLICE_INIT("Tue, 29 Feb 2000 23:59:59 GMT"), 951868799 },
	{ SLICE_INIT("Tue, 19 Jan 2038 03:14:08 GMT"), INT64_C(2147483648) },
	{ SLICE_INIT("Fri, 31 Dec 9999 23:59:59 GMT"), INT64_C(253402300799) },
	{ SLICE_INIT("Sat, 31 Dec 2016 23:59:60 GMT"), 1483228800 },
	/* 50 years ahead of 2025 is the future, one more the past. */
	{ SLICE_INIT("Tuesday, 01-Jan-75 00:00:00 GMT"), INT64_C(3313526400) },
	{ SLICE_INIT("Thursday, 01-Jan-76 00:00:00 GMT"), 189302400 },
	{ SLICE_INIT("Saturday, 01-Jan-00 00:00:00 GMT"), 946684800 },
	{ SLICE_INIT(""), -1 },
	{ SLICE_INIT("Mon, 06 Nov 1994 08:49:37 GMT"), -1 }, /* was a Sunday */
	{ SLICE_INIT("sun, 06 nov 1994 08:49:37 GMT"), -1 },
	{ SLICE_INIT("Sun, 6 Nov 1994 08:49:37 GMT"), -1 },
	{ SLICE_INIT("Sun, 06 Nov 1994 08:49:37 UTC"), -1 },
	{ SLICE_INIT("Sun, 06 Nov 1994 08:49:37 +0000"), -1 },
	{ SLICE_INIT("Sun, 06 Nov 1994 08:49:37 GM"), -1 },
	{ SLICE_INIT("Sun, 06 Nov 1994 08:49:37 GMT "), -1 },
	{ SLICE_INIT("Sun, 06 Nov 94 08:49:37 GMT"), -1 },
	{ SLICE_INIT("Sun, 06 Nov 1994 8:49:37 GMT"), -1 },
	{ SLICE_INIT("Sun, 06 Nov 1994 08:49 GMT"), -1 },
	{ SLICE_INIT("Sun, 06 Foo 1994 08:49:37 GMT"), -1 },
	{ SLICE_INIT("Foo, 06 Nov 1994 08:49:37 GMT"), -1 },
	{ SLICE_INIT("Sun, -6 Nov 1994 08:49:37 GMT"), -1 },
	{ SLICE_INIT("Sun, 00 Nov 1994 08:49:37 GMT"), -1 },
	{ SLICE_INIT("Thu, 31 Nov 1994 08:49:37 GMT"), -1 },
	{ SLICE_INIT("Thu, 29 Feb 2001 00:00:00 GMT"), -1 },
	{ SLICE_INIT("Sun, 06 Nov 1994 24:00:00 GMT"), -1 },
	{ SLICE_INIT("Sun, 06 Nov 1994 08:60:00 GMT"), -1 },
	{ SLICE_INIT("Sun, 06 Nov 1994 08:49:61 GMT"), -1 },
	{ SLICE_INIT("Wed, 31 Dec 1969 23:59:59 GMT"), -1 },
	{ SLICE_INIT("Fri, 01 Jan 0000 00:00:00 GMT"), -1 },
	{ SLICE_INIT("Sunday, 06-Nov-1994 08:49:37 GMT"), -1 },
	{ SLICE_INIT("Sun, 06-Nov-94 08:49:37 GMT"), -1 },
	{ SLICE_INIT("Sundays, 06-Nov-94 08:49:37 GMT"), -1 },
	{ SLICE_INIT("Sun Nov 06 08:49:37 1994 "), -1 },
	{ SLICE_INIT("Sun Nov 6 08:49:37 1994"), -1 },
	{ SLICE_INIT("784111777"), -1 },
	{ SLICE_INIT("Sun, 06 Nov 1994\0008:49:37 GMT"), -1 },
};

static void dates_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t t = -2;
		bool ok = http_date_parse(rows[i].in, now, &t);

		if (ok != (rows[i].want >= 0) || (ok && t != rows[i].want))
			fail_msg("%s: %d %lld", rows[i].in.p, ok, (long long)t);
	}
}

static void dates_are_written(void **state)
{
	char text[HTTP_DATE_SIZE];

	(void)state;
	http_date_write(784111777, text);
	assert_string_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT");
	http_date_write(0, text);
	assert_string_equal(text, "Thu, 01 Jan 1970 00:00:00 GMT");
	http_date_write(INT64_C(253402300799), text);
	assert_string_equal(text, "Fri, 31 Dec 9999 23:59:59 GMT");
	http_date_write(-1, text);
	assert_string_equal(text, "Thu, 01 Jan 1970 00:00:00 GMT");
	http_date_write(INT64_MAX, text);
	assert_string_equal(text, "Fri, 31 Dec 9999 23:59:59 GMT");
}

/* Every day for eight centuries, at an odd hour, is read as it was written. */
static void what_is_written_is_read(void **state)
{
	(void)state;
	for (int64_t t = 12345; t < INT64_C(25000000000); t += 86399) {
		char text[HTTP_DATE_SIZE];
		int64_t got = -1;

		http_date_write(t, text);
		if (!http_date_parse(slice_str(text), now, &got) || got != t)
			fail_msg("%s: %lld, not %lld", text, (long long)got,
				 (long long)t);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates_are_read),
		cmocka_unit_test(dates_are_written),
		cmocka_unit_test(what_is_written_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
