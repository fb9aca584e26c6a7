/* The symbols of DEFLATE: RFC 1951's own tables against what the decoding tables say. */
#include "parse/deflate_codes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Large, and the same for every test. */
static struct deflate_codes codes;

/* 3.2.5, the first table: code, extra bits, lengths. */
static const struct row {
	unsigned symbol, extra, from, to;
} lengths[] = {
	{ 257, 0, 3, 3 },     { 258, 0, 4, 4 },     { 259, 0, 5, 5 },
	{ 260, 0, 6, 6 },     { 261, 0, 7, 7 },     { 262, 0, 8, 8 },
	{ 263, 0, 9, 9 },     { 264, 0, 10, 10 },   { 265, 1, 11, 12 },
	{ 266, 1, 13, 14 },   { 267, 1, 15, 16 },   { 268, 1, 17, 18 },
	{ 269, 2, 19, 22 },   { 270, 2, 23, 26 },   { 271, 2, 27, 30 },
	{ 272, 2, 31, 34 },   { 273, 3, 35, 42 },   { 274, 3, 43, 50 },
	{ 275, 3, 51, 58 },   { 276, 3, 59, 66 },   { 277, 4, 67, 82 },
	{ 278, 4, 83, 98 },   { 279, 4, 99, 114 },  { 280, 4, 115, 130 },
	{ 281, 5, 131, 162 }, { 282, 5, 163, 194 }, { 283, 5, 195, 226 },
	{ 284, 5, 227, 258 }, { 285, 0, 258, 258 },
};

/* ... the second: code, extra bits, distances. */
static const struct row distances[] = {
	{ 0, 0, 1, 1 },           { 1, 0, 2, 2 },           { 2, 0, 3, 3 },
	{ 3, 0, 4, 4 },           { 4, 1, 5, 6 },           { 5, 1, 7, 8 },
	{ 6, 2, 9, 12 },          { 7, 2, 13, 16 },         { 8, 3, 17, 24 },
	{ 9, 3, 25, 32 },         { 10, 4, 33, 48 },        { 11, 4, 49, 64 },
	{ 12, 5, 65, 96 },        { 13, 5, 97, 128 },       { 14, 6, 129, 192 },
	{ 15, 6, 193, 256 },      { 16, 7, 257, 384 },      { 17, 7, 385, 512 },
	{ 18, 8, 513, 768 },      { 19, 8, 769, 1024 },     { 20, 9, 1025, 1536 },
	{ 21, 9, 1537, 2048 },    { 22, 10, 2049, 3072 },   { 23, 10, 3073, 4096 },
	{ 24, 11, 4097, 6144 },   { 25, 11, 6145, 8192 },   { 26, 12, 8193, 12288 },
	{ 27, 12, 12289, 16384 }, { 28, 13, 16385, 24576 }, { 29, 13, 24577, 32768 },
};

/* 3.2.6: the fixed code of a literal or length, and its bits. */
static unsigned fixed_code(unsigned symbol, unsigned *bits_r)
{
	*bits_r = symbol < 144 || symbol >= 280 ? 8 : symbol < 256 ? 9 : 7;
	if (symbol < 144)
		return 0x30 + symbol;
	if (symbol < 256)
		return 0x190 + (symbol - 144);
	return symbol < 280 ? symbol - 256 : 0xC0 + (symbol - 280);
}

/* The stream's first bits: a code from its highest bit on, then ones or zeros. */
static uint32_t stream(unsigned code, unsigned bits, bool ones)
{
	uint32_t all = 0;

	for (unsigned i = 0; i < bits; i++)
		all |= (code >> i & 1u) << (bits - 1 - i);
	return ones ? all | UINT32_MAX << bits : all;
}

static uint32_t look(const uint32_t *table, unsigned first, uint32_t bits)
{
	uint32_t entry = table[bits & ((1u << first) - 1)];

	if ((entry & HUFFMAN_KIND) == HUFFMAN_SUB)
		entry = table[(entry >> 16) +
			      (bits >> first & ((1u << huffman_code(entry)) - 1))];
	return entry;
}

static void check_row(const struct row *r, const uint32_t *table, unsigned first,
		      unsigned code, unsigned bits)
{
	uint32_t low = stream(code, bits, false), high = stream(code, bits, true);
	uint32_t entry = look(table, first, low);

	assert_int_equal(entry & (HUFFMAN_OTHER | HUFFMAN_LITERAL), 0);
	if (huffman_code(entry) != bits || huffman_drop(entry) != bits + r->extra ||
	    huffman_value(entry, low) != r->from ||
	    huffman_value(look(table, first, high), high) != r->to)
		fail_msg("symbol %u: %x", r->symbol, entry);
}

static void fixed_literals(void **state)
{
	(void)state;
	deflate_codes_init(&codes);
	deflate_codes_fixed(&codes);
	for (unsigned symbol = 0; symbol < HUFFMAN_SYMBOLS; symbol++) {
		unsigned bits, code = fixed_code(symbol, &bits);
		uint32_t entry =
			look(codes.litlen, codes.litlen_bits, stream(code, bits, false));

		if (symbol < DEFLATE_END) {
			assert_true((entry & HUFFMAN_LITERAL) != 0);
			assert_int_equal(entry >> 16, symbol);
			assert_int_equal(huffman_drop(entry), bits);
		} else if (symbol == DEFLATE_END) {
			assert_int_equal(entry & HUFFMAN_KIND, HUFFMAN_END);
		} else if (symbol >= DEFLATE_LITLENS) {
			assert_int_equal(entry & HUFFMAN_KIND, HUFFMAN_INVALID);
		} else {
			check_row(&lengths[symbol - 257], codes.litlen, codes.litlen_bits,
				  code, bits);
		}
	}
}

static void fixed_distances(void **state)
{
	(void)state;
	deflate_codes_init(&codes);
	deflate_codes_fixed(&codes);
	for (unsigned i = 0; i < DEFLATE_DISTANCES; i++)
		check_row(&distances[i], codes.distance, codes.distance_bits, i, 5);
	for (unsigned i = DEFLATE_DISTANCES; i < 32; i++)
		assert_int_equal(
			look(codes.distance, codes.distance_bits, stream(i, 5, false)) &
				HUFFMAN_KIND,
			HUFFMAN_INVALID);
}

static const struct code {
	const char *name;
	unsigned char litlen[4]; /* lengths of 'a', 'b', the end, and a match of 3 */
	unsigned char distance[4];
	bool good;
} made[] = {
	{ "whole", { 2, 2, 2, 2 }, { 2, 2, 2, 2 }, true },
	{ "no distances", { 1, 2, 2, 0 }, { 0, 0, 0, 0 }, true },
	{ "one distance of one bit", { 1, 2, 2, 0 }, { 0, 0, 1, 0 }, true },
	{ "one distance of two bits", { 1, 2, 2, 0 }, { 0, 0, 2, 0 }, false },
	{ "a missing literal", { 1, 2, 0, 0 }, { 0, 0, 0, 0 }, false },
	{ "too many literals", { 1, 1, 1, 0 }, { 0, 0, 0, 0 }, false },
	{ "too many distances", { 1, 2, 2, 0 }, { 1, 1, 1, 0 }, false },
	{ "the longest", { 1, 2, 15, 15 }, { 1, 0, 0, 1 }, false },
};

static void codes_of_a_block(void **state)
{
	(void)state;
	deflate_codes_init(&codes);
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		unsigned char length[258 + 4] = { 0 };

		length['a'] = made[i].litlen[0];
		length['b'] = made[i].litlen[1];
		length[DEFLATE_END] = made[i].litlen[2];
		length[DEFLATE_END + 1] = made[i].litlen[3];
		memcpy(length + 258, made[i].distance, 4);
		if (deflate_codes_build(&codes, length, 258, 4) != made[i].good)
			fail_msg("%s", made[i].name);
	}
}

/* A block of codes of its own between two of fixed ones. */
static void fixed_ones_come_back(void **state)
{
	unsigned char length[258 + 4] = { 0 };

	(void)state;
	length['a'] = length[DEFLATE_END] = 1;
	deflate_codes_init(&codes);
	deflate_codes_fixed(&codes);
	assert_true(deflate_codes_build(&codes, length, 258, 4));
	assert_int_equal(look(codes.litlen, codes.litlen_bits, 0) >> 16, 'a');
	deflate_codes_fixed(&codes);
	assert_int_equal(
		look(codes.litlen, codes.litlen_bits, stream(0x30 + 'a', 8, 0)) >> 16,
		'a');
	assert_int_equal(look(codes.litlen, codes.litlen_bits, 0) & HUFFMAN_KIND,
			 HUFFMAN_END);
}

/* The most bits that any code can have: both tables have room for them. */
static void room_for_the_longest(void **state)
{
	unsigned char length[HUFFMAN_SYMBOLS + DEFLATE_DISTANCES] = { 0 };

	(void)state;
	for (unsigned i = 0; i < 15; i++)
		length[i] = (unsigned char)(i + 1);
	length[DEFLATE_END] = 15;
	for (unsigned i = 0; i < 15; i++)
		length[DEFLATE_LITLENS + i] = (unsigned char)(i + 1);
	length[DEFLATE_LITLENS + 15] = 15;
	deflate_codes_init(&codes);
	assert_true(
		deflate_codes_build(&codes, length, DEFLATE_LITLENS, DEFLATE_DISTANCES));
	assert_int_equal(look(codes.litlen, codes.litlen_bits, stream(0x7FFF, 15, 0)) &
				 HUFFMAN_KIND,
			 HUFFMAN_END);
	assert_int_equal(huffman_value(look(codes.distance, codes.distance_bits,
					    stream(0x7FFE, 15, 0)),
				       stream(0x7FFE, 15, 0)),
			 distances[14].from);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fixed_literals),
		cmocka_unit_test(fixed_distances),
		cmocka_unit_test(codes_of_a_block),
		cmocka_unit_test(fixed_ones_come_back),
		cmocka_unit_test(room_for_the_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
