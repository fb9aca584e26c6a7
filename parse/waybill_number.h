/*
 * The waybill number: the one cell that decides about a row, and what a scanner or a
 * keyboard sends.
 */
#ifndef PARSE_WAYBILL_NUMBER_H
#define PARSE_WAYBILL_NUMBER_H

#include "parse/arena.h"
#include "parse/err.h"
#include "parse/table.h"

enum { WAYBILL_NUMBER_MAX = 64 }; /* characters, not bytes */

/*
 * A number typed or scanned, as it is stored: without white space, control characters
 * and an apostrophe around it, ASCII letters in upper case. Returns 0; -1 with
 * ERR_INPUT: empty, longer than WAYBILL_NUMBER_MAX, invalid UTF-8, or with white space
 * or control characters inside; ERR_LIMIT. The result is in the arena or a view of text.
 */
int waybill_number_normalise(struct slice text, struct arena *a, struct slice *number_r,
			     struct err *e) MUST_CHECK;

/*
 * What a list of rejected rows has behind a number that could be read there though it was
 * not in its file (a number cell's text, say): as long as it is there, the number is
 * refused.
 */
extern const struct slice waybill_number_unmended;

/*
 * The same for a cell of valid text, where control characters inside are dropped as
 * well (but for line breaks, which may part two numbers), fillers ("-", "N/A") are no
 * number, nor are errors, TRUE and FALSE, dates and negative numbers, be they values or
 * texts; and numbers have exactly their digits or are refused. Returns 0 with either
 * *number_r filled and *reason_r NULL, or *reason_r the reason for a clerk (static, lower
 * case, no final stop); -1: ERR_LIMIT.
 */
int waybill_number_cell(const struct cell *cell, struct arena *a, struct slice *number_r,
			const char **reason_r, struct err *e) MUST_CHECK;

#endif
