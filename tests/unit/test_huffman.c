/*
 * Decoding tables: every code leads to its symbol, whatever bits follow it; what is no
 * code is refused.
 */
#include "parse/huffman.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { ROOM = 8192 };

static const struct row {
	const char *name;
	const char *length; /* a digit for each symbol, letters for 10 and more */
	unsigned first;
	bool lone, good;
} rows[] = {
	{ "two", "11", 7, false, true },
	{ "four", "2222", 7, false, true },
	{ "of many lengths", "123456789abcdeff", 8, false, true },
	{ "some not used", "0020010030003", 7, false, true },
	{ "the other way round", "ffedcba987654321", 8, false, true },
	{ "all in second tables", "ffedcba987654321", 3, false, true },
	{ "second tables of several sizes", "233334666677777788888888888888888888", 3,
	  false, true },
	{ "three too many", "222211", 7, false, false },
	{ "one too many", "12f2", 7, false, false },
	{ "one missing", "123", 7, true, false },
	{ "one of one bit", "01", 7, true, true },
	{ "one of one bit where that is no code", "01", 7, false, false },
	{ "one of two bits", "02", 7, true, false },
	{ "none", "000", 7, false, true },
};

static unsigned digit(char c)
{
	return (unsigned)(c >= 'a' ? c - 'a' + 10 : c - '0');
}

static uint32_t look(const uint32_t *table, unsigned first, uint32_t bits)
{
	uint32_t entry = table[bits & ((1u << first) - 1)];

	if ((entry & HUFFMAN_KIND) == HUFFMAN_SUB)
		entry = table[(entry >> 16) +
			      (bits >> first & ((1u << huffman_code(entry)) - 1))];
	return entry;
}

/* RFC 1951, 3.2.2: the codes by counting up; *n_r is how many of 2^15 bit strings begin
 * with one. */
static void check_codes(const char *name, const unsigned char *length, size_t n,
			unsigned first, const uint32_t *table, uint32_t *n_r)
{
	uint32_t code = 0;

	*n_r = 0;
	for (unsigned bits = 1; bits <= HUFFMAN_LONGEST; bits++, code <<= 1)
		for (size_t i = 0; i < n; i++) {
			uint32_t turned = 0, more = 1u << (HUFFMAN_LONGEST - bits);

			if (length[i] != bits)
				continue;
			for (unsigned b = 0; b < bits; b++)
				turned |= (code >> b & 1) << (bits - 1 - b);
			for (uint32_t behind = 0; behind < more; behind++) {
				uint32_t all = turned | behind << bits;
				uint32_t entry = look(table, first, all);

				if (entry >> 16 != i || huffman_code(entry) != bits ||
				    (entry & HUFFMAN_OTHER) != 0)
					fail_msg("%s: %x leads to %x", name, all, entry);
			}
			*n_r += more;
			code++;
		}
}

static void codes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		size_t n = strlen(r->length);
		unsigned char length[HUFFMAN_SYMBOLS];
		uint32_t symbol[HUFFMAN_SYMBOLS], table[ROOM], met, invalid = 0;
		unsigned first;

		for (size_t k = 0; k < n; k++) {
			length[k] = (unsigned char)digit(r->length[k]);
			symbol[k] = (uint32_t)k << 16;
		}
		first = huffman_build(length, n, symbol, r->first, r->lone, table, ROOM);
		if ((first > 0) != r->good || first > r->first)
			fail_msg("%s: %u", r->name, first);
		if (first == 0)
			continue;
		check_codes(r->name, length, n, first, table, &met);
		for (uint32_t all = 0; all < 1u << HUFFMAN_LONGEST; all++)
			invalid += (look(table, first, all) & HUFFMAN_KIND) ==
				   HUFFMAN_INVALID;
		assert_int_equal(met + invalid, 1 << HUFFMAN_LONGEST);
	}
}

static void room_is_kept(void **state)
{
	static const unsigned char length[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 9 };
	uint32_t symbol[10] = { 0 }, table[ROOM];

	(void)state;
	assert_int_equal(huffman_build(length, 10, symbol, 7, false, table, 128 + 4), 7);
	assert_int_equal(huffman_build(length, 10, symbol, 7, false, table, 128 + 3), 0);
	assert_int_equal(huffman_build(length, 10, symbol, 11, false, table, 512), 9);
}

static void extra_bits(void **state)
{
	static const unsigned char length[] = { 1, 1 };
	const uint32_t symbol[] = { 100u << 16 | 3, 7u << 16 };
	uint32_t table[2];

	(void)state;
	assert_int_equal(huffman_build(length, 2, symbol, 5, false, table, 2), 1);
	assert_int_equal(huffman_drop(table[0]), 4);
	assert_int_equal(huffman_value(table[0], 0xfa),
			 105); /* 0, then 101, then others */
	assert_int_equal(huffman_drop(table[1]), 1);
	assert_int_equal(huffman_value(table[1], 0xff), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes),
		cmocka_unit_test(room_is_kept),
		cmocka_unit_test(extra_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
