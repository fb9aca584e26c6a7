/*
 * Numbers of a sheet: the value, and the shortest text that gives it again.
 */
#include "parse/cell_number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct row {
	const char *in;
	const char *text; /* NULL: refused */
	double value;
} rows[] = {
	{ "0", "0", 0 },
	{ "-0", "0", 0 },
	{ "0.000", "0", 0 },
	{ "1", "1", 1 },
	{ "-42", "-42", -42 },
	{ "+42", "42", 42 },
	{ "007", "7", 7 },
	{ " 12\n", "12", 12 },
	{ "0.1", "0.1", 0.1 },
	{ ".5", "0.5", 0.5 },
	{ "5.", "5", 5 },
	{ "1.50", "1.5", 1.5 },
	{ "100", "100", 100 },
	{ "8418.72", "8418.72", 8418.72 },
	{ "7.72012345678E11", "772012345678", 772012345678.0 },
	{ "1.23456789012E+11", "123456789012", 123456789012.0 },
	{ "772012345678.0", "772012345678", 772012345678.0 },
	{ "999999999999999", "999999999999999", 999999999999999.0 },
	{ "9007199254740993", "9007199254740992", 9007199254740992.0 },
	{ "12345678901234567", "12345678901234568", 12345678901234568.0 },
	/* What a program writes that prints every double with 17 digits. */
	{ "0.10000000000000001", "0.1", 0.1 },
	{ "1234.5599999999999", "1234.56", 1234.56 },
	{ "45688.336805555555", "45688.336805555555", 45688.336805555555 },
	{ "0.30000000000000004", "0.30000000000000004", 0.30000000000000004 },
	{ "100000000000000000000", "100000000000000000000", 1e20 },
	{ "999999999999999900000", "999999999999999900000", 999999999999999900000.0 },
	{ "1E21", "1E+21", 1e21 },
	{ "1.5e+300", "1.5E+300", 1.5e300 },
	{ "-1.5e300", "-1.5E+300", -1.5e300 },
	{ "0.000001", "0.000001", 1e-6 },
	{ "1E-7", "1E-7", 1e-7 },
	{ "-1.25E-10", "-1.25E-10", -1.25e-10 },
	{ "4.9406564584124654E-324", "5E-324", 4.9406564584124654e-324 },
	{ "2.2250738585072014E-308", "2.2250738585072014E-308", 2.2250738585072014e-308 },
	{ "1.7976931348623157E+308", "1.7976931348623157E+308", 1.7976931348623157e308 },
	{ "1E-99999", "0", 0 },
	{ "0E99999", "0", 0 },
	{ "1.7976931348623159E+308", NULL, 0 },
	{ "1E99999999999999999999", NULL, 0 },
	{ "", NULL, 0 },
	{ " ", NULL, 0 },
	{ ".", NULL, 0 },
	{ "-", NULL, 0 },
	{ "1e", NULL, 0 },
	{ "1e+", NULL, 0 },
	{ "1.2.3", NULL, 0 },
	{ "1,5", NULL, 0 },
	{ "0x10", NULL, 0 },
	{ "INF", NULL, 0 },
	{ "NaN", NULL, 0 },
	{ "12a", NULL, 0 },
	{ "1 2", NULL, 0 },
};

static void text_and_value(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[CELL_NUMBER_MAX] = "";
		size_t n = 0;
		double value = 0;
		struct err e = { 0 };
		int got = cell_number(slice_str(rows[i].in), &value, text, &n, &e);

		if (rows[i].text == NULL) {
			if (got != -1 || e.kind != ERR_INPUT)
				fail_msg("\"%s\": accepted as %.*s", rows[i].in, (int)n,
					 text);
			continue;
		}
		if (got != 0 || value != rows[i].value ||
		    !slice_eq((struct slice){ text, n }, slice_str(rows[i].text)))
			fail_msg("\"%s\": %d, %.17g, \"%.*s\" %s", rows[i].in, got, value,
				 (int)n, text, e.text);
	}
}

/* A view that ends in the middle of a longer text is read to its end only. */
static void ends_with_its_view(void **state)
{
	char text[CELL_NUMBER_MAX];
	size_t n;
	double value;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(cell_number((struct slice){ "0.12345678901234567899", 19 },
				     &value, text, &n, &e),
			 0);
	assert_true(value == 0.12345678901234567);
}

/* Doubles of every size, spread by a fixed sequence: the text gives the same double
 * again, and no text with a digit less does. */
static void shortest_round_trip(void **state)
{
	uint64_t bits = 88172645463325252;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char text[CELL_NUMBER_MAX], again[CELL_NUMBER_MAX];
		size_t n, m;
		double value, back;
		struct err e = { 0 };

		bits ^= bits << 13;
		bits ^= bits >> 7;
		bits ^= bits << 17;
		memcpy(&value, &bits, sizeof(value));
		if ((bits >> 52 & 0x7FF) == 0x7FF)
			continue;
		n = cell_number_text(value, text);
		assert_int_equal(
			cell_number((struct slice){ text, n }, &back, again, &m, &e), 0);
		if (back != value || n != m || memcmp(text, again, n) != 0)
			fail_msg("%.17g became %.*s", value, (int)n, text);
	}
}

static uint64_t next_random(uint64_t *bits)
{
	*bits ^= *bits << 13;
	*bits ^= *bits >> 7;
	*bits ^= *bits << 17;
	return *bits;
}

/* One decimal of up to 19 digits; every other one close to few digits, as programs write
 * sums of cents. */
static size_t write_number(uint64_t *bits, char *to, size_t size)
{
	uint64_t r = next_random(bits);
	int digits = (int)(r % 19) + 1, behind = (int)(r / 19 % 19);
	uint64_t mantissa = next_random(bits);
	double money = (double)(mantissa % 10000000) / 100 + (double)(r >> 60) * 0.1;
	uint64_t limit = 1;

	if (r >> 59 & 1)
		return (size_t)snprintf(to, size, "%.17g", money);
	while (digits-- > 0)
		limit *= 10;
	mantissa %= limit;
	limit = 1;
	for (int i = 0; i < behind; i++)
		limit *= 10;
	return (size_t)snprintf(to, size, "%s%llu.%0*llu", r >> 63 ? "-" : "",
				(unsigned long long)(mantissa / limit), behind,
				(unsigned long long)(mantissa % limit));
}

/* Numbers as they are written take short cuts: value and text are those of the C
 * library's conversion. */
static void short_cuts_are_exact(void **state)
{
	uint64_t bits = 88172645463325252;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		char in[64], text[CELL_NUMBER_MAX], want[CELL_NUMBER_MAX];
		struct slice s = { in, write_number(&bits, in, sizeof(in)) };
		double value, alone, plain, right = strtod(in, NULL);
		size_t n, m = cell_number_text(right, want), plain_n;
		struct err e = { 0 };

		assert_int_equal(cell_number(s, &value, text, &n, &e), 0);
		assert_int_equal(cell_number_value(s, &alone, &e), 0);
		if (value != right || alone != right || n != m ||
		    memcmp(text, want, n) != 0)
			fail_msg("%s: %.17g and %.17g for %.17g, text %.*s", in, value,
				 alone, right, (int)n, text);
		if (cell_number_plain(s, &plain, &plain_n) &&
		    (plain != right || plain_n != m || memcmp(in, want, m) != 0))
			fail_msg("%s: %.17g, %zu bytes", in, plain, plain_n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_and_value),
		cmocka_unit_test(ends_with_its_view),
		cmocka_unit_test(shortest_round_trip),
		cmocka_unit_test(short_cuts_are_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
