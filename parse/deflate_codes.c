/*
 * What the symbols of DEFLATE mean. Ignorant of the stream.
 */
#include "parse/deflate_codes.h"

#include <assert.h>
#include <string.h>

enum {
	LITLEN_BITS = 11,
	DISTANCE_BITS = 8,
	FIXED_DISTANCES = DEFLATE_DISTANCES + 2 /* two of them do not occur */
};

/* 3.2.5: codes 257-285 are lengths of 3-258, most with extra bits. */
static uint32_t litlen_symbol(size_t i)
{
	static const uint16_t base[] = { 3,  4,  5,  6,   7,   8,   9,   10, 11, 13,
					 15, 17, 19, 23,  27,  31,  35,  43, 51, 59,
					 67, 83, 99, 115, 131, 163, 195, 227 };

	if (i < DEFLATE_END)
		return (uint32_t)i << 16 | HUFFMAN_LITERAL;
	if (i == DEFLATE_END)
		return HUFFMAN_END;
	if (i >= DEFLATE_LITLENS)
		return HUFFMAN_INVALID;
	i -= DEFLATE_END + 1;
	if (i == sizeof(base) / sizeof(base[0]))
		return (uint32_t)DEFLATE_LONGEST << 16;
	return (uint32_t)base[i] << 16 | (i < 8 ? 0 : (uint32_t)(i - 4) / 4);
}

/* 3.2.5: codes 0-29 are distances of 1-32768. */
static uint32_t distance_symbol(size_t i)
{
	uint32_t extra = i < 4 ? 0 : (uint32_t)(i - 2) / 2;

	if (i >= DEFLATE_DISTANCES)
		return HUFFMAN_INVALID;
	if (i < 4)
		return (uint32_t)(i + 1) << 16;
	return (((2 + (uint32_t)(i & 1)) << extra) + 1) << 16 | extra;
}

void deflate_codes_init(struct deflate_codes *c)
{
	c->fixed = false;
	for (size_t i = 0; i < HUFFMAN_SYMBOLS; i++)
		c->litlen_symbol[i] = litlen_symbol(i);
	for (size_t i = 0; i < FIXED_DISTANCES; i++)
		c->distance_symbol[i] = distance_symbol(i);
}

bool deflate_codes_build(struct deflate_codes *c, const unsigned char *length,
			 size_t n_litlen, size_t n_distance)
{
	c->fixed = false;
	c->litlen_bits =
		huffman_build(length, n_litlen, c->litlen_symbol, LITLEN_BITS, true,
			      c->litlen, sizeof(c->litlen) / sizeof(c->litlen[0]));
	c->distance_bits = huffman_build(
		length + n_litlen, n_distance, c->distance_symbol, DISTANCE_BITS, true,
		c->distance, sizeof(c->distance) / sizeof(c->distance[0]));
	return c->litlen_bits > 0 && c->distance_bits > 0;
}

/* 3.2.6. A block of them may be of ten bits: they are not built again for each. */
void deflate_codes_fixed(struct deflate_codes *c)
{
	unsigned char length[HUFFMAN_SYMBOLS + FIXED_DISTANCES];

	if (c->fixed)
		return;
	memset(length, 8, 144);
	memset(length + 144, 9, 112);
	memset(length + 256, 7, 24);
	memset(length + 280, 8, 8);
	memset(length + HUFFMAN_SYMBOLS, 5, FIXED_DISTANCES);
	c->fixed = deflate_codes_build(c, length, HUFFMAN_SYMBOLS, FIXED_DISTANCES);
	assert(c->fixed);
}
