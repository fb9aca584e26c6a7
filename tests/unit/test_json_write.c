/* JSON onto a buffer: escapes, commas, bounds. */
#include "parse/json_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct row {
	const char *name;
	struct slice in;
	const char *want;
} rows[] = {
	{ "empty", SLICE_INIT(""), "\"\"" },
	{ "plain", SLICE_INIT("JT0001"), "\"JT0001\"" },
	{ "quote and backslash", SLICE_INIT("a\"b\\c"), "\"a\\\"b\\\\c\"" },
	{ "slash stays", SLICE_INIT("a/b"), "\"a/b\"" },
	{ "short escapes", SLICE_INIT("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"" },
	{ "long escapes", SLICE_INIT("\x01\x1f"), "\"\\u0001\\u001f\"" },
	{ "DEL stays", SLICE_INIT("\x7f"), "\"\x7f\"" },
	{ "NUL", SLICE_INIT("a\0b"),
	  "\"a\xef\xbf\xbd"
	  "b\"" },
	{ "two, three and four bytes", SLICE_INIT("ñ运\xf0\x9f\x93\xa6"),
	  "\"ñ运\xf0\x9f\x93\xa6\"" },
	{ "long run", SLICE_INIT("运单号运单号x运单号"), "\"运单号运单号x运单号\"" },
	{ "lone byte",
	  SLICE_INIT("a\xff"
		     "b"),
	  "\"a\xef\xbf\xbd"
	  "b\"" },
	{ "cut sequence", SLICE_INIT("运\xe8\xbf"), "\"运\xef\xbf\xbd\xef\xbf\xbd\"" },
	{ "surrogate", SLICE_INIT("\xed\xa0\x80"),
	  "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
};

static void writes_valid_strings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice want = slice_str(rows[i].want);
		struct err e = { 0 };
		struct buf b;

		buf_init(&b, 1024);
		assert_int_equal(json_write_string(&b, rows[i].in, &e), 0);
		if (!slice_eq(buf_slice(&b), want))
			fail_msg("%s: %.*s", rows[i].name, (int)b.n, b.p);
		assert_int_equal(json_string_size(rows[i].in), want.n);
		buf_release(&b);
	}
}

static void sets_commas(void **state)
{
	struct err e = { 0 };
	struct buf b;
	int bad = 0;

	(void)state;
	buf_init(&b, 1024);
	bad |= buf_add(&b, SLICE("data: "), &e);
	bad |= json_write_object(&b, &e);
	bad |= json_write_key(&b, SLICE("a"), &e);
	bad |= json_write_int(&b, INT64_MIN, &e);
	bad |= json_write_key(&b, SLICE("b"), &e);
	bad |= json_write_array(&b, &e);
	bad |= json_write_bool(&b, true, &e);
	bad |= json_write_bool(&b, false, &e);
	bad |= json_write_null(&b, &e);
	bad |= json_write_uint(&b, UINT64_MAX, &e);
	bad |= json_write_string(&b, SLICE("x"), &e);
	bad |= json_write_array(&b, &e);
	bad |= json_write_array_end(&b, &e);
	bad |= json_write_object(&b, &e);
	bad |= json_write_object_end(&b, &e);
	bad |= json_write_raw(&b, SLICE("{\"y\":1}"), &e);
	bad |= json_write_array_end(&b, &e);
	bad |= json_write_key(&b, (struct slice){ NULL, 0 }, &e);
	bad |= json_write_string(&b, (struct slice){ NULL, 0 }, &e);
	bad |= buf_add(&b, SLICE(",\"hand\":"), &e);
	bad |= json_write_string(&b, SLICE(""), &e);
	bad |= json_write_object_end(&b, &e);
	assert_int_equal(bad, 0);
	assert_true(slice_eq(buf_slice(&b),
			     SLICE("data: {\"a\":-9223372036854775808,\"b\":[true,false,"
				   "null,18446744073709551615,\"x\",[],{},{\"y\":1}],"
				   "\"\":null,\"hand\":\"\"}")));
	buf_release(&b);
}

static void stops_at_the_cap(void **state)
{
	struct err e = { 0 };
	struct buf b;

	(void)state;
	buf_init(&b, 8);
	assert_int_equal(json_write_string(&b, SLICE("123456"), &e), 0);
	assert_int_equal(json_write_string(&b, SLICE("1"), &e), -1);
	assert_int_equal(e.kind, ERR_LIMIT);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_valid_strings),
		cmocka_unit_test(sets_commas),
		cmocka_unit_test(stops_at_the_cap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
