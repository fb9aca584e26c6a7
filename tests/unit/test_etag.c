/*
 * If-None-Match and If-Match against one tag, "x" (RFC 9110 sections 8.8.3, 13.1.1 and
 * 13.1.2).
 */
#include "parse/etag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct row {
	struct slice in;
	bool want;
} rows[] = {
	{ SLICE_INIT("\"x\""), true },
	{ SLICE_INIT("W/\"x\""), true },
	{ SLICE_INIT("*"), true },
	{ SLICE_INIT(" \"x\"\t"), true },
	{ SLICE_INIT("\"y\", \"x\""), true },
	{ SLICE_INIT("\"x\",\"y\""), true },
	{ SLICE_INIT("\"a,b\" ,\tW/\"\", W/\"x\""), true },
	{ SLICE_INIT(", ,\"x\""), true },
	{ SLICE_INIT("\"\xff!\", \"x\""), true },
	{ SLICE_INIT(""), false },
	{ SLICE_INIT("x"), false },
	{ SLICE_INIT("\"y\""), false },
	{ SLICE_INIT("\"X\""), false },
	{ SLICE_INIT("\"x"), false },
	{ SLICE_INIT("\""), false },
	{ SLICE_INIT("\"xx\""), false },
	{ SLICE_INIT("w/\"x\""), false },
	{ SLICE_INIT("W/ \"x\""), false },
	{ SLICE_INIT("W\"x\""), false },
	{ SLICE_INIT("\"y\" \"x\""), false },
	{ SLICE_INIT("\"a \", \"x\""), false },
	{ SLICE_INIT("\"a,\"x\""), false },
	{ SLICE_INIT("*, \"y\""), false },
	{ SLICE_INIT(",,,"), false },
};

static void lists(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (etag_matches(rows[i].in, SLICE("\"x\"")) != rows[i].want)
			fail_msg("%s", rows[i].in.p);
		if (etag_matches(rows[i].in, SLICE("W/\"x\"")) != rows[i].want)
			fail_msg("%s, the tag being weak", rows[i].in.p);
	}
	assert_false(etag_matches((struct slice){ NULL, 0 }, SLICE("\"x\"")));
	assert_false(etag_matches(SLICE("\"x"), SLICE("\"x")));
}

static const struct row strong_rows[] = {
	{ SLICE_INIT("\"x\""), true },        { SLICE_INIT("*"), true },
	{ SLICE_INIT("\"y\", \"x\""), true }, { SLICE_INIT("W/\"x\", \"x\""), true },
	{ SLICE_INIT("W/\"x\""), false },     { SLICE_INIT("\"y\", W/\"x\""), false },
	{ SLICE_INIT("\"y\""), false },       { SLICE_INIT("x"), false },
};

static void strong_lists(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(strong_rows) / sizeof(strong_rows[0]); i++) {
		const struct row *row = &strong_rows[i];

		if (etag_matches_strongly(row->in, SLICE("\"x\"")) != row->want)
			fail_msg("%s", row->in.p);
		if (etag_matches_strongly(row->in, SLICE("W/\"x\"")) !=
		    slice_eq(row->in, SLICE("*")))
			fail_msg("%s, the tag being weak", row->in.p);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(lists),
						   cmocka_unit_test(strong_lists) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
