/* Amounts, weights, counts and identifiers that a spreadsheet took for numbers. */
#include "parse/num.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

typedef bool read_fn(struct slice s, struct num *n_r);

/* want NULL: refused. */
static const struct row {
	read_fn *read;
	struct slice in;
	const char *want;
} rows[] = {
	{ num_plain, SLICE_INIT("0"), "0" },
	{ num_plain, SLICE_INIT("1250.5"), "1250.5" },
	{ num_plain, SLICE_INIT("0.30000000000000004"), "0.3" },
	{ num_plain, SLICE_INIT("1.234"), "1.234" },
	{ num_plain, SLICE_INIT("1.2345"), "1.235" },
	{ num_plain, SLICE_INIT("1.2344"), "1.234" },
	{ num_plain, SLICE_INIT("0.0005"), "0.001" },
	{ num_plain, SLICE_INIT("0.0004"), "0" },
	{ num_plain, SLICE_INIT("999.9999"), "1000" },
	{ num_plain, SLICE_INIT("1E-7"), "0" },
	{ num_plain, SLICE_INIT("1.5E+3"), "1500" },
	{ num_plain, SLICE_INIT("15e-1"), "1.5" },
	{ num_plain, SLICE_INIT("-12.5"), "-12.5" },
	{ num_plain, SLICE_INIT("-0.0001"), "0" },
	{ num_plain, SLICE_INIT("9999999999"), "9999999999" },
	{ num_plain, SLICE_INIT("10000000000"), NULL },
	{ num_plain, SLICE_INIT("9999999999.9999"), NULL },
	{ num_plain, SLICE_INIT("1E+300"), NULL },
	{ num_plain, SLICE_INIT("123456789012345678901234567890123456"), NULL },
	{ num_plain, SLICE_INIT("1,5"), NULL },
	{ num_plain, SLICE_INIT(""), NULL },
	{ num_plain, SLICE_INIT(".5"), NULL },
	{ num_plain, SLICE_INIT("1e"), NULL },
	{ num_plain, SLICE_INIT("1e+"), NULL },
	{ num_plain, SLICE_INIT("x"), NULL },

	{ num_money, SLICE_INIT("1250"), "1250" },
	{ num_money, SLICE_INIT("1250.00"), "1250" },
	{ num_money, SLICE_INIT("1,250.50"), "1250.5" },
	{ num_money, SLICE_INIT("1,250"), "1250" },
	{ num_money, SLICE_INIT("1,234,567.89"), "1234567.89" },
	{ num_money, SLICE_INIT("1.234,56"), "1234.56" },
	{ num_money, SLICE_INIT("1.234.567"), "1234567" },
	{ num_money, SLICE_INIT("1.234.567,8"), "1234567.8" },
	{ num_money, SLICE_INIT("12,5"), "12.5" },
	{ num_money, SLICE_INIT("12,50"), "12.5" },
	{ num_money, SLICE_INIT("1 234,56"), "1234.56" },
	{ num_money,
	  SLICE_INIT("1\xc2\xa0"
		     "234"),
	  "1234" },
	{ num_money, SLICE_INIT("1'234.50"), "1234.5" },
	{ num_money, SLICE_INIT("0.500"), "0.5" },
	{ num_money, SLICE_INIT("1250.500"), "1250.5" },
	{ num_money, SLICE_INIT(".50"), "0.5" },
	{ num_money, SLICE_INIT("₱1,250.00"), "1250" },
	{ num_money, SLICE_INIT("₱ 1,250"), "1250" },
	{ num_money, SLICE_INIT("PHP 1,250.00"), "1250" },
	{ num_money, SLICE_INIT("Php1250"), "1250" },
	{ num_money, SLICE_INIT("1,250 PHP"), "1250" },
	{ num_money, SLICE_INIT("P1,250"), "1250" },
	{ num_money, SLICE_INIT("Rp 150.000"), "150000" },
	{ num_money, SLICE_INIT("Rp150.000,-"), "150000" },
	{ num_money, SLICE_INIT("Rp. 1.250.000,00"), "1250000" },
	{ num_money, SLICE_INIT("IDR 150.000"), "150000" },
	{ num_money, SLICE_INIT("RM12.50"), "12.5" },
	{ num_money, SLICE_INIT("RM 1,234.50"), "1234.5" },
	{ num_money, SLICE_INIT("$1,234.50"), "1234.5" },
	{ num_money, SLICE_INIT("US$ 5"), "5" },
	{ num_money, SLICE_INIT("¥88"), "88" },
	{ num_money, SLICE_INIT("-5"), "-5" },
	{ num_money, SLICE_INIT("₱-5"), "-5" },
	/* an amount must not be wrong by a thousand */
	{ num_money, SLICE_INIT("1.250"), NULL },
	{ num_money, SLICE_INIT("₱1.250"), NULL },
	{ num_money, SLICE_INIT("1,23,456"), NULL },
	{ num_money, SLICE_INIT("1,2345,678"), NULL },
	{ num_money, SLICE_INIT("1234,567,890"), NULL },
	{ num_money, SLICE_INIT("1,234.567.8"), NULL },
	{ num_money, SLICE_INIT("1.234,567,8"), NULL },
	{ num_money, SLICE_INIT("1,234 567"), NULL },
	{ num_money, SLICE_INIT("12 34"), NULL },
	{ num_money, SLICE_INIT("1,"), NULL },
	{ num_money, SLICE_INIT("PHP"), NULL },
	{ num_money, SLICE_INIT("₱"), NULL },
	{ num_money, SLICE_INIT("COD"), NULL },
	{ num_money, SLICE_INIT("(100)"), NULL },
	{ num_money, SLICE_INIT("EUR 5"), NULL },
	{ num_money, SLICE_INIT("12abc"), NULL },
	{ num_money, SLICE_INIT(""), NULL },

	{ num_weight, SLICE_INIT("2"), "2" },
	{ num_weight, SLICE_INIT("1.234"), "1.234" },
	{ num_weight, SLICE_INIT("1,5"), "1.5" },
	{ num_weight, SLICE_INIT("1.5kg"), "1.5" },
	{ num_weight, SLICE_INIT("1.5 KG"), "1.5" },
	{ num_weight, SLICE_INIT("2 kgs"), "2" },
	{ num_weight, SLICE_INIT("500 g"), "0.5" },
	{ num_weight, SLICE_INIT("1,500.5 g"), "1.501" },
	{ num_weight, SLICE_INIT("0,500"), "0.5" },
	{ num_weight, SLICE_INIT(".5"), "0.5" },
	{ num_weight, SLICE_INIT("1,234"), NULL },
	{ num_weight, SLICE_INIT("5 lb"), NULL },
	{ num_weight, SLICE_INIT("kg"), NULL },

	{ num_count, SLICE_INIT("3"), "3" },
	{ num_count, SLICE_INIT("3.0"), "3" },
	{ num_count, SLICE_INIT("1,000"), "1000" },
	{ num_count, SLICE_INIT("3 pcs"), "3" },
	{ num_count, SLICE_INIT("1 parcel"), "1" },
	{ num_count, SLICE_INIT("2.5"), NULL },
	{ num_count, SLICE_INIT("1.000"), NULL },
	{ num_count, SLICE_INIT("three"), NULL },
};

static void reads_or_refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char to[NUM_TEXT];
		struct num n;
		size_t len = 0;

		if (rows[i].read(rows[i].in, &n))
			len = num_write(&n, 10, 3, to);
		if (len > 0 && rows[i].want == NULL)
			fail_msg("row %zu \"%s\": %.*s", i, rows[i].in.p, (int)len, to);
		if (rows[i].want != NULL &&
		    !slice_eq((struct slice){ to, len }, slice_str(rows[i].want)))
			fail_msg("row %zu \"%s\": %.*s, not %s", i, rows[i].in.p,
				 (int)len, to, rows[i].want);
	}
}

static const struct whole_row {
	struct slice in;
	enum num_whole want;
	const char *digits;
} whole_rows[] = {
	{ SLICE_INIT("772012345678"), NUM_OTHER, NULL },
	{ SLICE_INIT("0001234"), NUM_OTHER, NULL },
	{ SLICE_INIT("12345678901234567890"), NUM_OTHER, NULL },
	{ SLICE_INIT("JT0001234567890"), NUM_OTHER, NULL },
	{ SLICE_INIT("12E5"), NUM_OTHER, NULL },
	{ SLICE_INIT("1.2.3"), NUM_OTHER, NULL },
	{ SLICE_INIT("0917.1234567"), NUM_OTHER, NULL },
	{ SLICE_INIT("12-3"), NUM_OTHER, NULL },
	{ SLICE_INIT(""), NUM_OTHER, NULL },
	{ SLICE_INIT("7"), NUM_OTHER, NULL },
	{ SLICE_INIT("1,23"), NUM_OTHER, NULL },
	{ SLICE_INIT("7.72012345678E+11"), NUM_WHOLE, "772012345678" },
	{ SLICE_INIT("7.72012345678e+11"), NUM_WHOLE, "772012345678" },
	{ SLICE_INIT("7.72012345678E11"), NUM_WHOLE, "772012345678" },
	{ SLICE_INIT("7,72012345678E+11"), NUM_WHOLE, "772012345678" },
	{ SLICE_INIT("1.23456789012E+11"), NUM_WHOLE, "123456789012" },
	{ SLICE_INIT("1.20000000000E+11"), NUM_WHOLE, "120000000000" },
	{ SLICE_INIT("1.23456789012345E+14"), NUM_WHOLE, "123456789012345" },
	{ SLICE_INIT("772012345678.0"), NUM_WHOLE, "772012345678" },
	{ SLICE_INIT("772012345678.00"), NUM_WHOLE, "772012345678" },
	{ SLICE_INIT("772,012,345,678"), NUM_WHOLE, "772012345678" },
	{ SLICE_INIT("772012345678.5"), NUM_FRACTION, NULL },
	{ SLICE_INIT("7.72012345678E+10"), NUM_FRACTION, NULL },
	{ SLICE_INIT("7.7E-5"), NUM_FRACTION, NULL },
	{ SLICE_INIT("7.72012E+11"), NUM_LOST, NULL },
	{ SLICE_INIT("7.72E+11"), NUM_LOST, NULL },
	{ SLICE_INIT("7,72E+11"), NUM_LOST, NULL },
	{ SLICE_INIT("8E+11"), NUM_LOST, NULL },
	{ SLICE_INIT("1.234567890123456E+15"), NUM_LOST, NULL },
	{ SLICE_INIT("1234567890123456.0"), NUM_LOST, NULL },
	{ SLICE_INIT("12345678901234567890123456.0"), NUM_LOST, NULL },
	{ SLICE_INIT("1,234,567,890,123,456"), NUM_LOST, NULL },
};

static void identifiers_keep_their_digits(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(whole_rows); i++) {
		char to[NUM_WHOLE_DIGITS];
		size_t n = 0;
		enum num_whole got = num_whole(whole_rows[i].in, to, &n);

		if (got != whole_rows[i].want)
			fail_msg("\"%s\": %d", whole_rows[i].in.p, (int)got);
		if (got == NUM_WHOLE &&
		    !slice_eq((struct slice){ to, n }, slice_str(whole_rows[i].digits)))
			fail_msg("\"%s\": %.*s", whole_rows[i].in.p, (int)n, to);
	}
}

static void whole_numbers_in_range(void **state)
{
	uint64_t n = 7;

	(void)state;
	assert_true(num_u64(SLICE("0"), 10, &n));
	assert_int_equal(n, 0);
	assert_true(num_u64(SLICE("0010"), 10, &n));
	assert_int_equal(n, 10);
	assert_false(num_u64(SLICE("11"), 10, &n));
	assert_true(num_u64(SLICE("18446744073709551615"), UINT64_MAX, &n));
	assert_true(n == UINT64_MAX);
	assert_false(num_u64(SLICE("18446744073709551616"), UINT64_MAX, &n));
	assert_false(num_u64(SLICE("99999999999999999999"), UINT64_MAX, &n));
	assert_false(num_u64(SLICE(""), 10, &n));
	assert_false(num_u64(SLICE("+1"), 10, &n));
	assert_false(num_u64(SLICE("-1"), 10, &n));
	assert_false(num_u64(SLICE(" 1"), 10, &n));
	assert_false(num_u64(SLICE("1 "), 10, &n));
	assert_false(num_u64(SLICE("0x1"), 10, &n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_or_refuses),
		cmocka_unit_test(identifiers_keep_their_digits),
		cmocka_unit_test(whole_numbers_in_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
