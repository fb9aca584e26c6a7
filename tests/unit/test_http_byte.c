/*
 * The table of byte classes, against the grammars spelt out.
 */
#include "parse/http_byte.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static const struct row {
	const char *name;
	const char *bytes;
	enum http_byte_class class;
	bool high; /* 0x80 to 0xff too */
} rows[] = {
	{ "tchar (RFC 9110 section 5.6.2)", ALNUM "!#$%&'*+-.^_`|~", HTTP_TCHAR, false },
	{ "field value (RFC 9110 section 5.5)",
	  ALNUM "\t !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", HTTP_VALUE, true },
	{ "request target (RFC 3986, and what browsers leave)",
	  ALNUM "!$%&'()*+,-./:;=?@[\\]^_`{|}~", HTTP_TARGET, false },
	{ "path (RFC 3986 section 3.3)", ALNUM "-._~!$&'()*+,;=:@/", HTTP_PATH, false },
	{ "registered name (RFC 3986 section 3.2.2)", ALNUM "-._~!$&'()*+,;=", HTTP_HOST,
	  false },
};

static void classes_are_the_grammars(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int c = 0; c < 256; c++) {
			bool want = c >= 0x80
					    ? rows[i].high
					    : c != 0 && strchr(rows[i].bytes, c) != NULL;

			if (http_byte_is((char)c, rows[i].class) != want)
				fail_msg("%s: byte 0x%02x", rows[i].name, (unsigned)c);
		}
}

static void hex_digits(void **state)
{
	static const char digits[] = "0123456789abcdef";

	(void)state;
	for (int c = 0; c < 256; c++) {
		const char *at = c == 0 ? NULL : strchr(digits, slice_lower((char)c));

		assert_int_equal(http_byte_hex((char)c),
				 at == NULL ? -1 : (int)(at - digits));
	}
}

static void tokens(void **state)
{
	(void)state;
	assert_true(http_byte_token(SLICE("chunked")));
	assert_false(http_byte_token(SLICE("")));
	assert_false(http_byte_token(SLICE("a b")));
	assert_false(http_byte_token(SLICE("a\0")));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(classes_are_the_grammars),
		cmocka_unit_test(hex_digits),
		cmocka_unit_test(tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
