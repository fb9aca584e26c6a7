/*
 * Code 128 (ISO/IEC 15417): ASCII text to the widths of bars and spaces, with as few
 * symbol characters as the text allows, by switching between the code sets A, B and C.
 */
#ifndef PARSE_CODE128_H
#define PARSE_CODE128_H

#include "parse/err.h"
#include "parse/slice.h"

#include <stdint.h>

enum {
	CODE128_MAX = 80,   /* characters of text */
	CODE128_QUIET = 10, /* modules to be left empty at each side */
	CODE128_SYMBOLS = 1 + 2 * CODE128_MAX + 2, /* start, data, check, stop */
	CODE128_WIDTHS = CODE128_SYMBOLS * 6 + 1   /* six for each, seven for the stop */
};

struct code128 {
	uint8_t symbol[CODE128_SYMBOLS]; /* values 0 to 106, from start to stop */
	size_t symbols;
	uint8_t width[CODE128_WIDTHS]; /* in modules, 1 to 4: bar, space, bar ... bar */
	size_t widths;
	unsigned modules; /* their sum, quiet zones left out */
};

/* ERR_INPUT for no text and for bytes over 127, ERR_LIMIT for more than CODE128_MAX. */
int code128_encode(struct slice text, struct code128 *c, struct err *e) MUST_CHECK;

#endif
