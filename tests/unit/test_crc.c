/*
 * CRC-32: the check value of the catalogues, and zlib's for every length and split.
 */
#include "parse/crc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <zlib.h>

enum { LEN = 1500 };

static void check_value(void **state)
{
	(void)state;
	assert_int_equal(crc_32(0, SLICE("123456789")), 0xcbf43926);
	assert_int_equal(crc_32(0, SLICE("")), 0);
	assert_int_equal(crc_32(7, SLICE("")), 7);
}

static void as_zlib(void **state)
{
	static char p[LEN + 3];
	uint64_t bits = 88172645463325252;

	(void)state;
	for (size_t i = 0; i < sizeof(p); i++) {
		bits ^= bits << 13;
		bits ^= bits >> 7;
		bits ^= bits << 17;
		p[i] = (char)bits;
	}
	for (size_t n = 0; n <= LEN; n++) {
		const char *at = p + n % 3;
		uint32_t want = (uint32_t)crc32(0, (const Bytef *)at, (uInt)n);
		struct slice rest = { at, n };
		struct slice part = slice_take(&rest, n * 2 / 3);

		assert_int_equal(crc_32(0, (struct slice){ at, n }), want);
		assert_int_equal(crc_32(crc_32(0, part), rest), want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check_value),
		cmocka_unit_test(as_zlib),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
