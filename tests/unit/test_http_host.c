/*
 * Host and port (RFC 9110 section 7.2, RFC 3986 section 3.2.2 and 3.2.3).
 */
#include "parse/http_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct row {
	struct slice in;
	bool want;
} rows[] = {
	{ SLICE_INIT("example.com"), true },
	{ SLICE_INIT("EXAMPLE.com:8080"), true },
	{ SLICE_INIT("127.0.0.1"), true },
	{ SLICE_INIT("127.0.0.1:0"), true },
	{ SLICE_INIT("a:65535"), true },
	{ SLICE_INIT("a:"), true },
	{ SLICE_INIT("a-b_c~!$&'()*+,;=.d"), true },
	{ SLICE_INIT("a%2Fb"), true },
	{ SLICE_INIT("[::1]"), true },
	{ SLICE_INIT("[2001:db8::7]:443"), true },
	{ SLICE_INIT("[::ffff:127.0.0.1]"), true },
	{ SLICE_INIT(""), false },
	{ SLICE_INIT(":80"), false },
	{ SLICE_INIT("a:65536"), false },
	{ SLICE_INIT("a:000080"), false },
	{ SLICE_INIT("a:8x"), false },
	{ SLICE_INIT("a:80:80"), false },
	{ SLICE_INIT("a b"), false },
	{ SLICE_INIT("a/b"), false },
	{ SLICE_INIT("a?b"), false },
	{ SLICE_INIT("a#b"), false },
	{ SLICE_INIT("a\\b"), false },
	{ SLICE_INIT("user@a"), false },
	{ SLICE_INIT("a\0b"), false },
	{ SLICE_INIT("a\xc3\xa9"), false },
	{ SLICE_INIT("a%2"), false },
	{ SLICE_INIT("a%"), false },
	{ SLICE_INIT("a%zz"), false },
	{ SLICE_INIT("::1"), false },
	{ SLICE_INIT("["), false },
	{ SLICE_INIT("[]"), false },
	{ SLICE_INIT("[::1"), false },
	{ SLICE_INIT("[::1]x"), false },
	{ SLICE_INIT("[::1]80"), false },
	{ SLICE_INIT("[::1]:x"), false },
	{ SLICE_INIT("[::1\0]"), false },
	{ SLICE_INIT("[127.0.0.1]"), false },
	{ SLICE_INIT("[v1.a]"), false },
	{ SLICE_INIT("[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]"), false },
};

static void hosts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (http_host_valid(rows[i].in) != rows[i].want)
			fail_msg("row %zu: %s", i, rows[i].in.p);
	assert_false(http_host_valid((struct slice){ NULL, 0 }));
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(hosts) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
