/*
 * The styles of a workbook (ECMA-376 part 1, 18.8), as far as they make a number a
 * date.
 */
#ifndef PARSE_XLSX_STYLES_H
#define PARSE_XLSX_STYLES_H

#include "parse/xml_token.h"

struct xlsx_styles {
	bool *date; /* by the style of a cell: does it show a date or a time? */
	size_t n;
};

/* Reads the whole part. *s is filled to be released, failed or not. ERR_INPUT:
 * damaged, or no part of styles; ERR_LIMIT: more styles or formats than any program
 * writes. */
int xlsx_styles_read(struct xml *x, struct xlsx_styles *s, struct err *e) MUST_CHECK;
void xlsx_styles_release(struct xlsx_styles *s);

#endif
