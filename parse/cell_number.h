/*
 * The numbers of a worksheet, as values and as text.
 */
#ifndef PARSE_CELL_NUMBER_H
#define PARSE_CELL_NUMBER_H

#include "parse/err.h"
#include "parse/slice.h"

enum { CELL_NUMBER_MAX = 32 }; /* bytes of a number's text at the most */

/*
 * Reads a number as XML Schema writes a double (part 2, 3.2.5, without INF and
 * NaN), white space around it allowed, and writes to `to` (CELL_NUMBER_MAX bytes,
 * *n_r used) the shortest decimal digits that give the same double: from 10^-6 on
 * and below 10^21 without an exponent, otherwise as "1.5E+21". ERR_INPUT: not a
 * number, or larger than a double can be.
 */
int cell_number(struct slice s, double *value_r, char *to, size_t *n_r,
		struct err *e) MUST_CHECK;
/* The value alone. */
int cell_number_value(struct slice s, double *value_r, struct err *e) MUST_CHECK;
/* True for a number that stands in s as nearly all do: its first *n_r bytes are the text
 * that cell_number() would write. False says nothing about s. */
bool cell_number_plain(struct slice s, double *value_r, size_t *n_r);
/* The same text for a finite double; returns its length. */
size_t cell_number_text(double value, char *to);

#endif
