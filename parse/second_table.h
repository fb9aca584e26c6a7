/*
 * Headings that come once more below a manifest's own: those of each printed page, or
 * those of another table that was pasted below, whose columns are others.
 */
#ifndef PARSE_SECOND_TABLE_H
#define PARSE_SECOND_TABLE_H

#include "parse/waybill.h"

/*
 * Why a row is no waybill though it may read as one, or NULL: it has the headings again,
 * or others, or stands below others (notes->below_other, which the headings again end).
 * number: its cell in the column of waybill numbers, or NULL. Static text.
 */
const char *second_table_fault(const struct columns *c, const struct row *r,
			       const struct cell *number, struct waybill_notes *notes);

#endif
