/*
 * Tables of prefix codes. Ignorant of what the symbols are, and of the stream.
 */
#include "parse/huffman.h"

struct counts {
	unsigned of[HUFFMAN_LONGEST + 1]; /* codes of each length */
	unsigned longest;
	int left; /* codes of the greatest length that there could be more */
};

static void count_lengths(const unsigned char *length, size_t n, struct counts *c)
{
	*c = (struct counts){ .left = 1 };
	for (size_t i = 0; i < n; i++)
		c->of[length[i]]++;
	c->of[0] = 0;
	for (unsigned bits = 1; bits <= HUFFMAN_LONGEST; bits++) {
		c->left = c->left < 0 ? c->left : c->left * 2 - (int)c->of[bits];
		if (c->of[bits] > 0)
			c->longest = bits;
	}
}

/* The symbols by length, then by number: the order in which they get their codes. */
static size_t sort_symbols(const unsigned char *length, size_t n, const struct counts *c,
			   uint16_t *sorted)
{
	unsigned at[HUFFMAN_LONGEST + 2] = { 0 };

	for (unsigned bits = 1; bits <= HUFFMAN_LONGEST; bits++)
		at[bits + 1] = at[bits] + c->of[bits];
	for (size_t i = 0; i < n; i++)
		if (length[i] > 0)
			sorted[at[length[i]]++] = (uint16_t)i;
	return at[HUFFMAN_LONGEST];
}

/* The code behind this one, of the same length; bits in the order of the stream, that is,
 * the first one lowest. */
static uint32_t next_code(uint32_t code, unsigned bits)
{
	uint32_t bit = UINT32_C(1) << (bits - 1);

	while ((code & bit) != 0)
		bit >>= 1;
	return bit == 0 ? 0 : (code & (bit - 1)) + bit;
}

/* Bits of the second table that begins with a code of `bits`: it must hold the longest
 * code with the same first bits. */
static unsigned second_bits(const struct counts *c, unsigned bits, unsigned first)
{
	int left = 1 << (bits - first);

	for (; bits < c->longest; bits++) {
		left -= (int)c->of[bits];
		if (left <= 0)
			break;
		left *= 2;
	}
	return bits - first;
}

static void fill(uint32_t *table, uint32_t from, uint32_t step, uint32_t end,
		 uint32_t entry)
{
	for (; from < end; from += step)
		table[from] = entry;
}

/* Puts the codes, in their order, into the tables. */
static bool fill_codes(const unsigned char *length, const uint32_t *symbol,
		       const uint16_t *sorted, size_t used, struct counts *c,
		       unsigned first, uint32_t *table, size_t room)
{
	const uint32_t size = UINT32_C(1) << first;
	uint32_t code = 0, sub = 0, end = size, prefix = UINT32_MAX;
	unsigned sub_bits = 0;

	for (size_t i = 0; i < used; i++) {
		unsigned bits = length[sorted[i]];
		uint32_t entry = symbol[sorted[i]] + (bits << 8 | bits);

		if (bits <= first) {
			fill(table, code, UINT32_C(1) << bits, size, entry);
		} else {
			if ((code & (size - 1)) != prefix) {
				prefix = code & (size - 1);
				sub = end;
				sub_bits = second_bits(c, bits, first);
				end += UINT32_C(1) << sub_bits;
				if (end > room)
					return false;
				table[prefix] = sub << 16 | sub_bits << 8 | HUFFMAN_SUB;
			}
			fill(table + sub, code >> first, UINT32_C(1) << (bits - first),
			     UINT32_C(1) << sub_bits, entry);
		}
		c->of[bits]--;
		code = next_code(code, bits);
	}
	return true;
}

unsigned huffman_build(const unsigned char *length, size_t n, const uint32_t *symbol,
		       unsigned first, bool lone, uint32_t *table, size_t room)
{
	uint16_t sorted[HUFFMAN_SYMBOLS];
	struct counts c;
	size_t used;

	count_lengths(length, n, &c);
	if (c.left < 0 || (c.left > 0 && c.longest > 0 && !(lone && c.longest == 1)))
		return 0;
	if (first > c.longest)
		first = c.longest > 0 ? c.longest : 1;
	if (c.left > 0)
		fill(table, 0, 1, UINT32_C(1) << first, HUFFMAN_INVALID | 1 << 8 | 1);
	used = sort_symbols(length, n, &c, sorted);
	return fill_codes(length, symbol, sorted, used, &c, first, table, room) ? first
										: 0;
}
