/* Small values from clients: accepted or refused with the field's name. */
#include "server/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum what { UUID, ID, LABEL, TIME };

static const struct row {
	const char *name;
	enum what what;
	struct slice in;
	bool good;
} rows[] = {
	{ "uuid", UUID, SLICE_INIT("0190a7b2-1c3d-7e4f-8a5b-6c7d8e9fa0b1"), true },
	{ "uuid upper case", UUID, SLICE_INIT("0190A7B2-1C3D-7E4F-8A5B-6C7D8E9FA0B1"),
	  true },
	{ "uuid without dashes", UUID, SLICE_INIT("0190a7b21c3d7e4f8a5b6c7d8e9fa0b1"),
	  false },
	{ "uuid cut", UUID, SLICE_INIT("0190a7b2-1c3d-7e4f-8a5b-6c7d8e9fa0b"), false },
	{ "uuid with g", UUID, SLICE_INIT("0190a7b2-1c3d-7e4f-8a5b-6c7d8e9fa0bg"),
	  false },
	{ "uuid empty", UUID, SLICE_INIT(""), false },
	{ "id", ID, SLICE_INIT("17"), true },
	{ "id of 18 digits", ID, SLICE_INIT("999999999999999999"), true },
	{ "id of 19 digits", ID, SLICE_INIT("1999999999999999999"), false },
	{ "id signed", ID, SLICE_INIT("-1"), false },
	{ "id with a letter", ID, SLICE_INIT("1a"), false },
	{ "id empty", ID, SLICE_INIT(""), false },
	{ "label", LABEL, SLICE_INIT("Dock 3 / Ni\xc3\xb1o"), true },
	{ "label too long", LABEL, SLICE_INIT("12345678901234567890x"), false },
	{ "label of 20 characters in 60 bytes", LABEL,
	  SLICE_INIT("\xe0\xb8\x81\xe0\xb8\x81\xe0\xb8\x81\xe0\xb8\x81\xe0\xb8\x81"
		     "\xe0\xb8\x81\xe0\xb8\x81\xe0\xb8\x81\xe0\xb8\x81\xe0\xb8\x81"
		     "\xe0\xb8\x81\xe0\xb8\x81\xe0\xb8\x81\xe0\xb8\x81\xe0\xb8\x81"
		     "\xe0\xb8\x81\xe0\xb8\x81\xe0\xb8\x81\xe0\xb8\x81\xe0\xb8\x81"),
	  true },
	{ "label of 21 characters", LABEL,
	  SLICE_INIT("1234567890123456789\xf0\x9f\x93\xa6x"), false },
	{ "label with a line end", LABEL, SLICE_INIT("a\nb"), false },
	{ "label not utf-8", LABEL, SLICE_INIT("a\xff"), false },
	{ "time", TIME, SLICE_INIT("2025-01-31T08:05:00+08:00"), true },
	{ "time in UTC with a fraction", TIME, SLICE_INIT("2025-01-31t08:05:00.123456z"),
	  true },
	{ "date alone", TIME, SLICE_INIT("2025-01-31"), true },
	{ "time without offset", TIME, SLICE_INIT("2025-01-31T08:05:00"), false },
	{ "time with an empty fraction", TIME, SLICE_INIT("2025-01-31T08:05:00.Z"),
	  false },
	{ "time with more behind", TIME, SLICE_INIT("2025-01-31T08:05:00Z "), false },
	{ "a day that is not", TIME, SLICE_INIT("2026-02-30T00:00:00Z"), false },
	{ "a leap day", TIME, SLICE_INIT("2024-02-29T23:59:59-12:00"), true },
	{ "no leap day", TIME, SLICE_INIT("2100-02-29"), false },
	{ "month 13", TIME, SLICE_INIT("2026-13-01"), false },
	{ "hour 24", TIME, SLICE_INIT("2026-01-01T24:00:00Z"), false },
	{ "offset of 15 hours", TIME, SLICE_INIT("2026-01-01T00:00:00+15:00"), false },
	{ "time is words", TIME, SLICE_INIT("yesterday"), false },
};

static int check(const struct row *r, struct err *e)
{
	switch (r->what) {
	case UUID:
		return check_uuid("f", r->in, e);
	case ID:
		return check_id("f", r->in, e);
	case LABEL:
		return check_label("f", r->in, 20, e);
	case TIME:
	default:
		return check_time("f", r->in, e);
	}
}

static void checks_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = { 0 };

		if ((check(&rows[i], &e) == 0) != rows[i].good)
			fail_msg("%s: %s", rows[i].name, e.text);
		if (!rows[i].good) {
			assert_int_equal(e.kind, ERR_INPUT);
			assert_non_null(strstr(e.text, "\"f\""));
		}
	}
}

static void absent_is_fine(void **state)
{
	const struct slice none = { NULL, 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(check_uuid("f", none, &e), 0);
	assert_int_equal(check_id("f", none, &e), 0);
	assert_int_equal(check_label("f", none, 5, &e), 0);
	assert_int_equal(check_time("f", none, &e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks_values),
		cmocka_unit_test(absent_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
