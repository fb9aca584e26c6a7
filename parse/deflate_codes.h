/*
 * The two codes of a block of DEFLATE (RFC 1951, 3.2.5 to 3.2.7), of literals and
 * lengths and of distances, as tables to decode them by.
 */
#ifndef PARSE_DEFLATE_CODES_H
#define PARSE_DEFLATE_CODES_H

#include "parse/huffman.h"

enum {
	DEFLATE_END = 256,       /* the symbol that ends a block */
	DEFLATE_LITLENS = 286,   /* symbols that occur */
	DEFLATE_DISTANCES = 30,  /* ... */
	DEFLATE_LONGEST = 258,   /* bytes of a match */
	DEFLATE_BACK = 32 * 1024 /* bytes that a match may reach back */
};

/* Entries of `litlen` are HUFFMAN_LITERAL with a byte, HUFFMAN_END, or the length of a
 * match; of `distance` how far it reaches back. What never occurs is HUFFMAN_INVALID. */
struct deflate_codes {
	unsigned litlen_bits, distance_bits; /* of the first tables */
	bool fixed;                          /* private, as the symbols */
	uint32_t litlen_symbol[HUFFMAN_SYMBOLS];
	uint32_t distance_symbol[DEFLATE_DISTANCES + 2];
	/* Room for the most that 288 and 32 codes of up to 15 bits can take behind first
	 * tables of 11 and 8 bits. */
	uint32_t litlen[2342];
	uint32_t distance[402];
};

void deflate_codes_init(struct deflate_codes *c);
/* The codes of these lengths, those of distances behind the others; false when they are
 * none. */
bool deflate_codes_build(struct deflate_codes *c, const unsigned char *length,
			 size_t n_litlen, size_t n_distance);
/* The fixed codes. */
void deflate_codes_fixed(struct deflate_codes *c);

#endif
