/*
 * One heading of a manifest to the field that it names. Headings match exactly, never
 * fuzzily, after normalising: lower case, letters and digits alone; a unit in
 * parentheses ("(kg)", "(PHP)"), "(*)" and whatever is invisible dropped.
 */
#ifndef PARSE_HEADING_H
#define PARSE_HEADING_H

#include "parse/columns.h"

struct heading {
	enum field field;
	/* Which of two headings of one field is meant: the larger. A qualified name
	 * ("Order Status", "COD Amount") beats a bare word ("Status", "COD"), that a
	 * looser or cut one ("Product", "Receiver Ce"); and of two alike the one with a
	 * unit wins ("COD (PHP)" is an amount, "COD" may be a flag). */
	unsigned specific;
	unsigned part; /* 1 to 3 for Remark1 to Remark3, which add to the field; else 0 */
};

/* False for a heading that names no field. text is valid UTF-8. */
bool heading_read(struct slice text, struct heading *h_r);

#endif
