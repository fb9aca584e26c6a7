/*
 * Numbers in people's files: amounts with currency signs and thousands separators,
 * weights and counts with a unit, and long identifiers that a spreadsheet took for
 * numbers. Nothing is guessed: text that reads two ways is refused. Exact decimal
 * digits throughout, never a double.
 */
#ifndef PARSE_NUM_H
#define PARSE_NUM_H

#include "parse/err.h"
#include "parse/slice.h"

#include <stdint.h>

/* Decimal digits only: no sign, no white space, not empty, no more than max. */
bool num_u64(struct slice s, uint64_t max, uint64_t *n_r) MUST_CHECK;

enum { NUM_DIGITS = 32, NUM_TEXT = 2 * NUM_DIGITS + 2 };

/* The value digits / 10^scale; without digits it is 0. */
struct num {
	char digit[NUM_DIGITS]; /* '0' to '9', the first is not '0' */
	unsigned n;
	int scale; /* decimal places; below 0: zeros behind the digits */
	bool negative;
};

/*
 * All of these take trimmed text and return false when it is not such a number. A point
 * or comma that stands alone before exactly three digits could separate thousands or
 * decimals ("1.234"); each says how it takes that. With both signs, or one repeated,
 * groups of three must be complete and the last sign, when it differs, is the decimal
 * one: "1,234.50", "1.234,50", "1.234.567". Groups may also be parted by a space, a
 * no-break space or an apostrophe.
 */

/* As programs write numbers: [-] digits [. digits] [E [sign] digits]. */
bool num_plain(struct slice s, struct num *n_r) MUST_CHECK;
/* With a currency sign or code on either side (₱, P, PHP, Rp, IDR, RM, MYR, $, US$,
 * S$, ¥, ...) and Indonesia's ",-" behind. "1,234" is 1234. "1.234" is 1234 with Rp or
 * IDR and refused without: an amount must not be wrong by a thousand. */
bool num_money(struct slice s, struct num *n_r) MUST_CHECK;
/* Whether a text says that there is something to collect or not, but not how much: "COD",
 * "NON-COD", "yes", "tidak". */
bool num_money_flag(struct slice s);
/* In kilograms; with kg, or g, which divides by 1000. "1.234" is 1.234 kg, "1,5" is
 * 1.5 kg, "1,234" is refused. */
bool num_weight(struct slice s, struct num *n_r) MUST_CHECK;
/* A count, with pcs, items, parcels and the like. "1,234" is 1234, "3.0" is 3, "1.234"
 * is refused, as is whatever is not whole. */
bool num_count(struct slice s, struct num *n_r) MUST_CHECK;

/* Writes the value in plain decimal digits to `to` (NUM_TEXT bytes), rounded half away
 * from zero to at most `places` decimal places, without trailing zeros; returns the
 * length, or 0 when the rounded value has more than `whole` digits before the point.
 * whole + places is at most NUM_DIGITS. A value that rounds to zero is "0", without a
 * sign. */
size_t num_write(const struct num *value, unsigned whole, unsigned places, char *to);

enum num_whole {
	NUM_OTHER,    /* not such a number: the text stands for itself */
	NUM_WHOLE,    /* a whole number whose digits are all there */
	NUM_FRACTION, /* a number that is not whole */
	NUM_LOST /* digits are missing (7.72E+11) or beyond the 15 that a double holds */
};
enum { NUM_WHOLE_DIGITS = 15 };
/*
 * An identifier that a spreadsheet took for a number and a program wrote as one:
 * "7.72012345678E+11", "772012345678.0", "772,012,345,678". NUM_WHOLE with its digits
 * in `to` (NUM_WHOLE_DIGITS bytes) and their count in *n_r. Digits alone are NUM_OTHER:
 * leading zeros and any length are as someone typed them; so is an exponent without point
 * and sign ("12E5").
 */
enum num_whole num_whole(struct slice s, char *to, size_t *n_r) MUST_CHECK;

#endif
