/* Code 128: known symbols, and a decoder of its own that reads every text back. */
#include "parse/code128.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Symbols as the standard's table gives them: start, data, check (computed by hand or
 * taken from published examples), stop. */
static const struct row {
	const char *name;
	struct slice text;
	size_t n;
	uint8_t symbol[16];
} rows[] = {
	{ "published: Wikipedia",
	  SLICE_INIT("Wikipedia"),
	  12,
	  { 104, 55, 73, 75, 73, 80, 69, 68, 73, 65, 88, 106 } },
	{ "pairs of digits", SLICE_INIT("1234"), 5, { 105, 12, 34, 82, 106 } },
	{ "one digit", SLICE_INIT("7"), 4, { 104, 23, 24, 106 } },
	{ "two digits are one pair", SLICE_INIT("00"), 4, { 105, 0, 2, 106 } },
	{ "letters, then pairs",
	  SLICE_INIT("JT123456"),
	  9,
	  { 104, 42, 52, 99, 12, 34, 56, 71, 106 } },
	{ "a control character takes set A",
	  SLICE_INIT("A\tB"),
	  6,
	  { 103, 33, 73, 34, 75, 106 } },
	{ "one small letter among controls is shifted",
	  SLICE_INIT("\ta\t"),
	  7,
	  { 103, 73, 98, 65, 73, 35, 106 } },
	{ "DEL", SLICE_INIT("\x7f"), 4, { 104, 95, 96, 106 } },
	{ "NUL", SLICE_INIT("\0"), 4, { 103, 64, 64, 106 } },
};

static void gives_known_symbols(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = { 0 };
		struct code128 c;

		assert_int_equal(code128_encode(rows[i].text, &c, &e), 0);
		if (c.symbols != rows[i].n ||
		    memcmp(c.symbol, rows[i].symbol, rows[i].n) != 0) {
			for (size_t k = 0; k < c.symbols; k++)
				print_message("%u ", c.symbol[k]);
			fail_msg("%s", rows[i].name);
		}
	}
}

static void draws_widths(void **state)
{
	/* start C, 00, check 2, stop */
	static const char want[] = "211232"
				   "212222"
				   "222221"
				   "2331112";
	struct err e = { 0 };
	struct code128 c;

	(void)state;
	assert_int_equal(code128_encode(SLICE("00"), &c, &e), 0);
	assert_int_equal(c.widths, strlen(want));
	for (size_t i = 0; i < c.widths; i++)
		assert_int_equal('0' + c.width[i], want[i]);
	assert_int_equal(c.modules, 3 * 11 + 13);
}

/* --- a reader --- */

/* Which value has these widths, by what was seen so far; no two values may look alike. */
static int value_at(const uint8_t *w, char seen[107][8])
{
	for (int v = 0; v < 107; v++) {
		bool same = seen[v][0] != '\0';

		for (int k = 0; same && k < 6; k++)
			same = seen[v][k] == w[k];
		if (same)
			return v;
	}
	return -1;
}

static void learn(char seen[107][8], const struct code128 *c)
{
	for (size_t i = 0; i < c->symbols; i++)
		for (size_t k = 0; k < 6; k++)
			seen[c->symbol[i]][k] = (char)c->width[i * 6 + k];
}

/* Reads data symbols back to text by the rules of section 4.3; -1 where they are broken.
 */
static int read_back(const uint8_t *v, size_t n, char *text)
{
	int set = v[0] - 103, once = -1, at = 0;

	for (size_t i = 1; i + 2 < n; i++) {
		int in = once >= 0 ? once : set;

		once = -1;
		if (in == 2 && v[i] < 100) {
			text[at++] = (char)('0' + v[i] / 10);
			text[at++] = (char)('0' + v[i] % 10);
		} else if (in < 2 && v[i] < 96) {
			text[at++] = in == 0 && v[i] >= 64 ? (char)(v[i] - 64)
							   : (char)(v[i] + 32);
		} else if (in < 2 && v[i] == 98) {
			once = 1 - in;
		} else if (v[i] == 99 && in != 2) {
			set = 2;
		} else if (v[i] == 100 && in != 1) {
			set = 1;
		} else if (v[i] == 101 && in != 0) {
			set = 0;
		} else {
			return -1;
		}
	}
	return once >= 0 ? -1 : at;
}

static uint32_t seed = 1;

static uint32_t chance(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

/* Texts with runs of digits, capitals, small letters and controls. */
static size_t some_text(char *text, size_t max)
{
	size_t n = 1 + chance((uint32_t)max);
	uint32_t kind = chance(4);

	for (size_t i = 0; i < n; i++) {
		if (chance(3) == 0)
			kind = chance(4);
		text[i] = kind == 0   ? (char)('0' + chance(10))
			  : kind == 1 ? (char)(32 + chance(64))
			  : kind == 2 ? (char)(96 + chance(32))
				      : (char)chance(32);
	}
	return n;
}

static void reads_back_what_it_wrote(void **state)
{
	char seen[107][8] = { { 0 } };

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char text[CODE128_MAX], got[2 * CODE128_SYMBOLS];
		size_t n = some_text(text, CODE128_MAX);
		struct slice in = { text, n };
		uint8_t value[CODE128_SYMBOLS] = { 0 };
		struct err e = { 0 };
		struct code128 c;
		unsigned sum;

		assert_int_equal(code128_encode(in, &c, &e), 0);
		assert_int_equal(c.widths, c.symbols * 6 + 1);
		learn(seen, &c);
		for (size_t i = 0; i < c.symbols; i++) {
			int v = value_at(c.width + i * 6, seen);

			assert_true(v >= 0);
			value[i] = (uint8_t)v;
		}
		sum = value[0];
		for (size_t i = 1; i + 2 < c.symbols; i++)
			sum += (unsigned)i * value[i];
		assert_int_equal(sum % 103, value[c.symbols - 2]);
		assert_int_equal(value[c.symbols - 1], 106);
		assert_int_equal(read_back(value, c.symbols, got), n);
		assert_memory_equal(got, text, n);
	}
	/* Bars are 11 modules a symbol and even in sum (section 4.3.2 b). */
	for (int v = 0; v < 106; v++) {
		const char *w = seen[v];

		if (w[0] == '\0' && v != 102) /* FNC1 */
			fail_msg("value %d was never written", v);
		if (w[0] != '\0') {
			assert_int_equal(w[0] + w[1] + w[2] + w[3] + w[4] + w[5], 11);
			assert_int_equal((w[0] + w[2] + w[4]) % 2, 0);
		}
	}
}

/* The fewest data symbols for the rest of a text, by trying everything. */
static unsigned fewest(struct slice s, int set, bool latched)
{
	unsigned best = 1000, got;

	if (s.n == 0)
		return 0;
	if (set == 2 && s.n > 1 && s.p[0] >= '0' && s.p[0] <= '9' && s.p[1] >= '0' &&
	    s.p[1] <= '9')
		best = 1 + fewest(slice_from(s, 2), 2, false);
	if (set < 2) {
		bool fits = set == 0 ? s.p[0] < 96 : s.p[0] >= 32;

		best = (fits ? 1 : 2) + fewest(slice_from(s, 1), set, false);
	}
	for (int to = 0; !latched && to < 3; to++) {
		got = to == set ? 1000 : 1 + fewest(s, to, true);
		best = got < best ? got : best;
	}
	return best;
}

static void uses_the_fewest_symbols(void **state)
{
	(void)state;
	for (int round = 0; round < 1500; round++) {
		char text[7];
		struct slice in = { text, some_text(text, sizeof(text)) };
		struct err e = { 0 };
		struct code128 c;
		unsigned best = 1000;

		for (int set = 0; set < 3; set++) {
			unsigned got = fewest(in, set, true);

			best = got < best ? got : best;
		}
		assert_int_equal(code128_encode(in, &c, &e), 0);
		assert_int_equal(c.symbols, best + 3);
	}
}

static void refuses(void **state)
{
	static const char long_text[CODE128_MAX + 1] = { 0 };
	struct err e = { 0 };
	struct code128 c;

	(void)state;
	assert_int_equal(code128_encode(SLICE(""), &c, &e), -1);
	assert_int_equal(e.kind, ERR_INPUT);
	assert_int_equal(code128_encode(SLICE("JTñ"), &c, &e), -1);
	assert_int_equal(e.kind, ERR_INPUT);
	e = (struct err){ 0 };
	assert_int_equal(
		code128_encode((struct slice){ long_text, sizeof(long_text) }, &c, &e),
		-1);
	assert_int_equal(e.kind, ERR_LIMIT);
	assert_int_equal(code128_encode((struct slice){ long_text, CODE128_MAX }, &c, &e),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_known_symbols),
		cmocka_unit_test(draws_widths),
		cmocka_unit_test(reads_back_what_it_wrote),
		cmocka_unit_test(uses_the_fewest_symbols),
		cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
