/*
 * Parameters (RFC 9110 section 5.6.6), shown as name=value| each.
 */
#include "parse/http_param.h"

#include "parse/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct row {
	struct slice in, want;
	bool fails; /* behind those */
} rows[] = {
	{ SLICE_INIT(""), SLICE_INIT(""), false },
	{ SLICE_INIT(" \t"), SLICE_INIT(""), false },
	{ SLICE_INIT(";a=b"), SLICE_INIT("a=b|"), false },
	{ SLICE_INIT(" ; a=b;\tc=d "), SLICE_INIT("a=b|c=d|"), false },
	{ SLICE_INIT(";a=\"b c;d\""), SLICE_INIT("a=b c;d|"), false },
	{ SLICE_INIT(";a=\"\";b=c"), SLICE_INIT("a=|b=c|"), false },
	{ SLICE_INIT(";a=\"\\\"\\\\\""), SLICE_INIT("a=\\\"\\\\|"), false },
	{ SLICE_INIT(";a=\"\xc3\xa9\""), SLICE_INIT("a=\xc3\xa9|"), false },
	{ SLICE_INIT(";"), SLICE_INIT(""), true },
	{ SLICE_INIT(";a=b;"), SLICE_INIT("a=b|"), true },
	{ SLICE_INIT("a=b"), SLICE_INIT(""), true },
	{ SLICE_INIT(";a"), SLICE_INIT(""), true },
	{ SLICE_INIT(";a="), SLICE_INIT(""), true },
	{ SLICE_INIT(";=b"), SLICE_INIT(""), true },
	{ SLICE_INIT(";a =b"), SLICE_INIT(""), true },
	{ SLICE_INIT(";a= b"), SLICE_INIT(""), true },
	{ SLICE_INIT(";a=b c=d"), SLICE_INIT("a=b|"), true },
	{ SLICE_INIT(";a=\"b\"c"), SLICE_INIT("a=b|"), true },
	{ SLICE_INIT(";a=b=c"), SLICE_INIT("a=b|"), true },
	{ SLICE_INIT(";a=\"b"), SLICE_INIT(""), true },
	{ SLICE_INIT(";a=\""), SLICE_INIT(""), true },
	{ SLICE_INIT(";a=\"b\\"), SLICE_INIT(""), true },
	{ SLICE_INIT(";a=\"b\\\""), SLICE_INIT(""), true },
	{ SLICE_INIT(";a=\"\n\""), SLICE_INIT(""), true },
	{ SLICE_INIT(";a=\"\\\r\""), SLICE_INIT(""), true },
	{ SLICE_INIT(";a=\"\0\""), SLICE_INIT(""), true },
};

static void parameters(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice rest = rows[i].in, name, value;
		struct err e = { 0 };
		struct buf got;
		int r;

		buf_init(&got, 1024);
		while ((r = http_param_next(&rest, &name, &value, &e)) == PARSE_MORE) {
			assert_int_equal(buf_add(&got, name, &e), 0);
			assert_int_equal(buf_byte(&got, '=', &e), 0);
			assert_int_equal(buf_add(&got, value, &e), 0);
			assert_int_equal(buf_byte(&got, '|', &e), 0);
		}
		if (r != (rows[i].fails ? -1 : PARSE_DONE) ||
		    !slice_eq(buf_slice(&got), rows[i].want))
			fail_msg("%s: %d '%.*s' %s", rows[i].in.p, r, (int)got.n,
				 got.p == NULL ? "" : got.p, e.text);
		buf_release(&got);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(parameters) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
