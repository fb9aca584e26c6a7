/*
 * Decoding tables for the prefix codes of DEFLATE (RFC 1951, 3.2.2): what the next bits
 * of a stream stand for, by looking them up. A first table is indexed by so many bits
 * that most codes fit in; longer ones go on in a second.
 */
#ifndef PARSE_HUFFMAN_H
#define PARSE_HUFFMAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HUFFMAN_LONGEST = 15, HUFFMAN_SYMBOLS = 288 };

/*
 * An entry: bits 0-5 how many bits of the stream it stands for, the extra bits behind the
 * code included; 6 and 7 flags; 8-11 how many bits the code has; 12-13 which exception;
 * 16-31 its value. An entry with the flag HUFFMAN_OTHER is none of a symbol:
 *   HUFFMAN_SUB      the first of 2^bits entries (bits 8-11), indexed by the bits that
 *                    follow, is at [value]
 *   HUFFMAN_END      a symbol that the caller marked so
 *   HUFFMAN_INVALID  no code begins with these bits, or the caller marked it so
 */
enum {
	HUFFMAN_OTHER = 1 << 6,
	HUFFMAN_LITERAL = 1 << 7, /* for the caller's use */
	HUFFMAN_SUB = 1 << 12 | HUFFMAN_OTHER,
	HUFFMAN_END = 2 << 12 | HUFFMAN_OTHER,
	HUFFMAN_INVALID = 3 << 12 | HUFFMAN_OTHER,
	HUFFMAN_KIND = HUFFMAN_INVALID
};

static inline unsigned huffman_drop(uint32_t entry)
{
	return entry & 63u;
}

static inline unsigned huffman_code(uint32_t entry)
{
	return entry >> 8 & 15u;
}

/* The value, with what the extra bits say added. `bits` begins with the code. */
static inline unsigned huffman_value(uint32_t entry, uint64_t bits)
{
	uint64_t whole = bits & ((UINT64_C(1) << huffman_drop(entry)) - 1);

	return (entry >> 16) + (unsigned)(whole >> huffman_code(entry));
}

/*
 * Builds the table of the code in which symbol i of n <= HUFFMAN_SYMBOLS has length[i]
 * bits, or is not used when that is 0; its entry is symbol[i] (value, flags, number of
 * extra bits), completed. `room` is the entries of both tables. Returns the bits of the
 * first one: `first`, or fewer when the longest code has fewer, so that small codes cost
 * little. 0 for lengths that make no code: more than there can be, or fewer, but for none
 * at all, and for a single one of one bit when `lone` says so.
 */
unsigned huffman_build(const unsigned char *length, size_t n, const uint32_t *symbol,
		       unsigned first, bool lone, uint32_t *table, size_t room);

#endif
