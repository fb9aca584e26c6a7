/*
 * Merged cells. Ignorant of what is in them.
 */
#include "parse/merged_cells.h"

#include "parse/column_names.h"

#include <inttypes.h>
#include <stdio.h>

enum { RANGE = 2 * (CELL_COLUMN_MAX + 20) };

static void add(const struct table_merge *m, const struct columns *c, struct note *to)
{
	char first[CELL_COLUMN_MAX], last[CELL_COLUMN_MAX], own[COLUMN_OWN_NAME];
	struct slice heading = column_own_name(m->first_column, own);
	char range[RANGE];

	for (size_t i = 0; i < c->n; i++)
		if (c->column[i].column == m->first_column)
			heading = c->column[i].heading;
	(void)snprintf(range, sizeof(range), "%s%" PRIu64 ":%s%" PRIu64,
		       cell_column_name(m->first_column, first), m->first_row,
		       cell_column_name(m->last_column, last), m->last_row);
	note_add(to, m->first_row, heading, slice_str(range));
}

void merged_cells_note(const struct table *t, const struct columns *c,
		       struct waybill_notes *notes)
{
	size_t n;
	uint64_t all;
	const struct table_merge *m = table_merges(t, &n, &all);

	for (size_t i = 0; i < n; i++) {
		if (m[i].first_row <= c->heading_row ||
		    m[i].first_row > notes->last_waybill)
			continue;
		notes->merged++;
		add(&m[i], c, &notes->first.merged);
	}
	/* Of so many it is not known where they stand. */
	if (notes->merged > 0)
		notes->merged += all - n;
}
