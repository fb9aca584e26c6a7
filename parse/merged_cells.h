/*
 * Merged cells among a manifest's rows: their value is in the first of them, so that the
 * other rows lack what everybody sees there.
 */
#ifndef PARSE_MERGED_CELLS_H
#define PARSE_MERGED_CELLS_H

#include "parse/waybill.h"

/* To be called when table_next() said PARSE_DONE: counts into notes->merged those that
 * begin in a row from below the headings to the last waybill. Titles and totals are
 * merged on purpose. */
void merged_cells_note(const struct table *t, const struct columns *c,
		       struct waybill_notes *notes);

#endif
