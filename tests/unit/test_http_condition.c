/*
 * Preconditions for one state of a representation, "x", changed last at 1994-11-06
 * 08:49:37 (RFC 9110 section 13).
 */
#include "parse/http_condition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const int64_t modified = 784111777;
static const int64_t now = 1760000000;

#define THEN   "Sun, 06 Nov 1994 08:49:37 GMT"
#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define AFTER  "Sun, 06 Nov 1994 08:49:38 GMT"

static const struct row {
	const char *name;
	struct slice method, fields;
	enum http_condition want;
} rows[] = {
	{ "13.2: none", SLICE_INIT("GET"), SLICE_INIT(""), HTTP_CONDITION_TRUE },

	{ "13.1.1: If-Match", SLICE_INIT("GET"), SLICE_INIT("If-Match: \"x\"\r\n"),
	  HTTP_CONDITION_TRUE },
	{ "13.1.1: ... a list", SLICE_INIT("GET"),
	  SLICE_INIT("If-Match: \"y\", \"x\"\r\n"), HTTP_CONDITION_TRUE },
	{ "13.1.1: ... two fields", SLICE_INIT("GET"),
	  SLICE_INIT("If-Match: \"y\"\r\nif-match: \"x\"\r\n"), HTTP_CONDITION_TRUE },
	{ "13.1.1: ... anything", SLICE_INIT("GET"), SLICE_INIT("If-Match: *\r\n"),
	  HTTP_CONDITION_TRUE },
	{ "13.1.1: ... another", SLICE_INIT("GET"), SLICE_INIT("If-Match: \"y\"\r\n"),
	  HTTP_CONDITION_FALSE },
	{ "13.1.1: ... a weak one never matches", SLICE_INIT("GET"),
	  SLICE_INIT("If-Match: W/\"x\"\r\n"), HTTP_CONDITION_FALSE },
	{ "13.1.1: ... a malformed one", SLICE_INIT("GET"), SLICE_INIT("If-Match: x\r\n"),
	  HTTP_CONDITION_FALSE },
	{ "13.1.1: ... empty", SLICE_INIT("GET"), SLICE_INIT("If-Match:\r\n"),
	  HTTP_CONDITION_FALSE },
	{ "13.1.1: ... POST", SLICE_INIT("POST"), SLICE_INIT("If-Match: \"y\"\r\n"),
	  HTTP_CONDITION_FALSE },

	{ "13.1.2: If-None-Match", SLICE_INIT("GET"),
	  SLICE_INIT("If-None-Match: \"x\"\r\n"), HTTP_CONDITION_UNCHANGED },
	{ "13.1.2: ... HEAD", SLICE_INIT("HEAD"), SLICE_INIT("If-None-Match: \"x\"\r\n"),
	  HTTP_CONDITION_UNCHANGED },
	{ "13.1.2: ... POST", SLICE_INIT("POST"), SLICE_INIT("If-None-Match: \"x\"\r\n"),
	  HTTP_CONDITION_FALSE },
	{ "13.1.2: ... weak", SLICE_INIT("GET"), SLICE_INIT("If-None-Match: W/\"x\"\r\n"),
	  HTTP_CONDITION_UNCHANGED },
	{ "13.1.2: ... anything", SLICE_INIT("GET"), SLICE_INIT("If-None-Match: *\r\n"),
	  HTTP_CONDITION_UNCHANGED },
	{ "13.1.2: ... two fields", SLICE_INIT("GET"),
	  SLICE_INIT("If-None-Match: \"y\"\r\nIf-None-Match: \"x\"\r\n"),
	  HTTP_CONDITION_UNCHANGED },
	{ "13.1.2: ... another", SLICE_INIT("GET"),
	  SLICE_INIT("If-None-Match: \"y\"\r\n"), HTTP_CONDITION_TRUE },
	{ "13.1.2: ... without quotes", SLICE_INIT("GET"),
	  SLICE_INIT("If-None-Match: x\r\n"), HTTP_CONDITION_TRUE },

	{ "13.1.3: If-Modified-Since", SLICE_INIT("GET"),
	  SLICE_INIT("If-Modified-Since: " THEN "\r\n"), HTTP_CONDITION_UNCHANGED },
	{ "13.1.3: ... a later date", SLICE_INIT("GET"),
	  SLICE_INIT("If-Modified-Since: " AFTER "\r\n"), HTTP_CONDITION_UNCHANGED },
	{ "13.1.3: ... an earlier date", SLICE_INIT("GET"),
	  SLICE_INIT("If-Modified-Since: " BEFORE "\r\n"), HTTP_CONDITION_TRUE },
	{ "13.1.3: ... HEAD", SLICE_INIT("HEAD"),
	  SLICE_INIT("If-Modified-Since: " THEN "\r\n"), HTTP_CONDITION_UNCHANGED },
	{ "13.1.3: ... not for POST", SLICE_INIT("POST"),
	  SLICE_INIT("If-Modified-Since: " THEN "\r\n"), HTTP_CONDITION_TRUE },
	{ "13.1.3: ... asctime()'s form", SLICE_INIT("GET"),
	  SLICE_INIT("If-Modified-Since: Sun Nov  6 08:49:37 1994\r\n"),
	  HTTP_CONDITION_UNCHANGED },
	{ "13.1.3: ... the form of RFC 850", SLICE_INIT("GET"),
	  SLICE_INIT("If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n"),
	  HTTP_CONDITION_UNCHANGED },
	{ "13.1.3: ... not a date", SLICE_INIT("GET"),
	  SLICE_INIT("If-Modified-Since: yesterday\r\n"), HTTP_CONDITION_TRUE },
	{ "13.1.3: ... a date that is none", SLICE_INIT("GET"),
	  SLICE_INIT("If-Modified-Since: Sun, 31 Nov 2094 08:49:37 GMT\r\n"),
	  HTTP_CONDITION_TRUE },
	{ "13.1.3: ... twice", SLICE_INIT("GET"),
	  SLICE_INIT("If-Modified-Since: " THEN "\r\nIf-Modified-Since: " THEN "\r\n"),
	  HTTP_CONDITION_TRUE },

	{ "13.1.4: If-Unmodified-Since", SLICE_INIT("GET"),
	  SLICE_INIT("If-Unmodified-Since: " THEN "\r\n"), HTTP_CONDITION_TRUE },
	{ "13.1.4: ... a later date", SLICE_INIT("GET"),
	  SLICE_INIT("If-Unmodified-Since: " AFTER "\r\n"), HTTP_CONDITION_TRUE },
	{ "13.1.4: ... an earlier date", SLICE_INIT("GET"),
	  SLICE_INIT("If-Unmodified-Since: " BEFORE "\r\n"), HTTP_CONDITION_FALSE },
	{ "13.1.4: ... not a date", SLICE_INIT("GET"),
	  SLICE_INIT("If-Unmodified-Since: 0\r\n"), HTTP_CONDITION_TRUE },

	{ "13.2.2: If-Match before If-Unmodified-Since", SLICE_INIT("GET"),
	  SLICE_INIT("If-Unmodified-Since: " BEFORE "\r\nIf-Match: \"x\"\r\n"),
	  HTTP_CONDITION_TRUE },
	{ "13.2.2: If-None-Match before If-Modified-Since", SLICE_INIT("GET"),
	  SLICE_INIT("If-Modified-Since: " THEN "\r\nIf-None-Match: \"y\"\r\n"),
	  HTTP_CONDITION_TRUE },
	{ "13.2.2: ... and the other way", SLICE_INIT("GET"),
	  SLICE_INIT("If-Modified-Since: " BEFORE "\r\nIf-None-Match: \"x\"\r\n"),
	  HTTP_CONDITION_UNCHANGED },
	{ "13.2.2: ... a malformed one too", SLICE_INIT("GET"),
	  SLICE_INIT("If-Modified-Since: " THEN "\r\nIf-None-Match: x\r\n"),
	  HTTP_CONDITION_TRUE },
	{ "13.2.2: If-Match fails before If-None-Match", SLICE_INIT("GET"),
	  SLICE_INIT("If-None-Match: \"x\"\r\nIf-Match: \"y\"\r\n"),
	  HTTP_CONDITION_FALSE },
	{ "13.2.2: If-Match holds, then If-None-Match", SLICE_INIT("GET"),
	  SLICE_INIT("If-None-Match: \"x\"\r\nIf-Match: \"x\"\r\n"),
	  HTTP_CONDITION_UNCHANGED },
	{ "13.2.2: If-Unmodified-Since fails before If-None-Match", SLICE_INIT("GET"),
	  SLICE_INIT("If-None-Match: \"x\"\r\nIf-Unmodified-Since: " BEFORE "\r\n"),
	  HTTP_CONDITION_FALSE },
};

static const struct range_row {
	const char *name;
	struct slice method, fields;
	bool want;
} range_rows[] = {
	{ "14.2: Range", SLICE_INIT("GET"), SLICE_INIT("Range: R\r\n"), true },
	{ "14.2: none", SLICE_INIT("GET"), SLICE_INIT(""), false },
	{ "14.2: HEAD has no ranges", SLICE_INIT("HEAD"), SLICE_INIT("Range: R\r\n"),
	  false },
	{ "14.2: POST has no ranges", SLICE_INIT("POST"), SLICE_INIT("Range: R\r\n"),
	  false },
	{ "5.3: two fields", SLICE_INIT("GET"), SLICE_INIT("Range: R\r\nRange: R\r\n"),
	  false },
	{ "13.1.5: If-Range", SLICE_INIT("GET"),
	  SLICE_INIT("Range: R\r\nIf-Range: \"x\"\r\n"), true },
	{ "13.1.5: ... alone", SLICE_INIT("GET"), SLICE_INIT("If-Range: \"x\"\r\n"),
	  false },
	{ "13.1.5: ... another", SLICE_INIT("GET"),
	  SLICE_INIT("Range: R\r\nIf-Range: \"y\"\r\n"), false },
	{ "13.1.5: ... weak", SLICE_INIT("GET"),
	  SLICE_INIT("Range: R\r\nIf-Range: W/\"x\"\r\n"), false },
	{ "13.1.5: ... a list is malformed", SLICE_INIT("GET"),
	  SLICE_INIT("Range: R\r\nIf-Range: \"x\", \"x\"\r\n"), false },
	{ "13.1.5: ... an asterisk is malformed", SLICE_INIT("GET"),
	  SLICE_INIT("Range: R\r\nIf-Range: *\r\n"), false },
	{ "13.1.5: ... empty", SLICE_INIT("GET"), SLICE_INIT("Range: R\r\nIf-Range:\r\n"),
	  false },
	{ "13.1.5: ... twice", SLICE_INIT("GET"),
	  SLICE_INIT("Range: R\r\nIf-Range: \"x\"\r\nIf-Range: \"x\"\r\n"), false },
	{ "13.1.5: ... a date", SLICE_INIT("GET"),
	  SLICE_INIT("Range: R\r\nIf-Range: " THEN "\r\n"), true },
	{ "13.1.5: ... a later date is not the same", SLICE_INIT("GET"),
	  SLICE_INIT("Range: R\r\nIf-Range: " AFTER "\r\n"), false },
	{ "13.1.5: ... an earlier date", SLICE_INIT("GET"),
	  SLICE_INIT("Range: R\r\nIf-Range: " BEFORE "\r\n"), false },
};

/* Views into `text`, which outlives the head. */
static struct http_head head_of(char text[512], struct slice method, struct slice fields)
{
	static const struct http_limits limits = { 1000, 1000, HTTP_MAX_FIELDS };
	struct http_head_parser p = { 0 };
	struct err e = { 0 };
	struct http_head h;
	size_t used;

	(void)snprintf(text, 512, "%.*s / HTTP/1.1\r\nHost: a\r\n%.*s\r\n", (int)method.n,
		       method.p, (int)fields.n, fields.p);
	if (http_head_feed(&p, slice_str(text), &limits, &h, &used, &e) != PARSE_DONE)
		fail_msg("%s: %s", text, e.text);
	return h;
}

static void conditions(void **state)
{
	const struct http_validators v = { SLICE("\"x\""), modified, false };
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_head h = head_of(text, rows[i].method, rows[i].fields);
		enum http_condition got = http_condition_check(&h, &v, now);

		if (got != rows[i].want)
			fail_msg("%s: %d", rows[i].name, (int)got);
	}
}

static void conditional_ranges(void **state)
{
	const struct http_validators v = { SLICE("\"x\""), modified, false };
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(range_rows) / sizeof(range_rows[0]); i++) {
		const struct range_row *row = &range_rows[i];
		struct http_head h = head_of(text, row->method, row->fields);
		struct slice got = http_condition_range(&h, &v, now);

		if (slice_eq(got, SLICE("R")) != row->want ||
		    (!row->want && got.p != NULL))
			fail_msg("%s", row->name);
	}
}

/* Section 8.8.2.2: within the second of a change another one may have the same date. */
static void a_date_counts_when_its_second_is_over(void **state)
{
	const struct http_validators v = { SLICE("\"x\""), modified, false };
	char text[512];
	struct http_head h =
		head_of(text, SLICE("GET"), SLICE("Range: R\r\nIf-Range: " THEN "\r\n"));

	(void)state;
	assert_null(http_condition_range(&h, &v, modified).p);
	assert_non_null(http_condition_range(&h, &v, modified + 1).p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions),
		cmocka_unit_test(conditional_ranges),
		cmocka_unit_test(a_date_counts_when_its_second_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
