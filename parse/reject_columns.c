/*
 * The headings of a list of rejected rows, given and known again. Ignorant of the rows.
 */
#include "parse/reject_columns.h"

#include "parse/column_names.h"

const struct slice reject_columns[REJECT_COLUMNS] = { SLICE_INIT("Row"),
						      SLICE_INIT("Problem in column"),
						      SLICE_INIT("Reason") };

uint32_t reject_columns_drop(struct row *r)
{
	const struct cell *last;

	if (r->n <= REJECT_COLUMNS)
		return UINT32_MAX;
	last = r->cells + r->n - REJECT_COLUMNS;
	for (uint32_t i = 0; i < REJECT_COLUMNS; i++)
		if (last[i].column != last[0].column + i || last[i].kind != CELL_TEXT ||
		    !slice_eq(column_heading(&last[i]), reject_columns[i]))
			return UINT32_MAX;
	r->n -= REJECT_COLUMNS;
	return last[0].column;
}
