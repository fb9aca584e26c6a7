/*
 * Rows of delimited text that are wider than their headings. A comma that should have
 * stood in quotes parts a value in two, and all that is behind it moves under the next
 * heading: an amount of money, too. A file may as well have a last column that nobody
 * gave a heading.
 */
#ifndef PARSE_COLUMNS_WIDE_H
#define PARSE_COLUMNS_WIDE_H

#include "parse/columns.h"

/* How many columns the row fills when that is beyond c->headed, else 0; 0 of a workbook's
 * row, whose cells say where they stand. */
uint32_t columns_over(const struct columns *c, const struct row *r);
/*
 * Looks at the first 100 rows below the headings, which were read last, and sets c->wide:
 * at least nine in ten are wider than the row of headings, there are two or more, and
 * none of them has letters alone under a heading of phones, amounts or times. What cannot
 * be read is left to whoever reads it next.
 */
void columns_wide_look(struct table *t, struct columns *c);
/* Whether the row's values may stand in the wrong columns: r->over is known. */
bool columns_shifted(const struct columns *c, const struct row *r);

#endif
