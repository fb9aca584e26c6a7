/*
 * Repeated headings. Ignorant of what becomes of their rows.
 */
#include "parse/second_table.h"

#include "parse/column_names.h"
#include "parse/heading.h"
#include "parse/text.h"

static const char again[] = "the headings again, not a waybill";

/* Few waybill numbers have no digit, and so few rows are looked at twice. */
static bool has_digit(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= '0' && s.p[i] <= '9')
			return true;
	return false;
}

/* Most of its cells, the waybill number's among them, name a field. */
static bool is_headings(const struct row *r)
{
	size_t filled = 0;

	for (size_t i = 0; i < r->n; i++)
		filled += text_trim(r->cells[i].text).n > 0;
	return 2 * (size_t)columns_score(r) > filled;
}

/* "COD" is the heading of column "COD (2)", too: see struct column. */
static bool is_heading_of(const struct column *column, struct slice text)
{
	struct slice rest = column->heading, head;
	struct heading own, other;

	head = slice_take(&rest, text.n);
	if (slice_eq_nocase(head, text) &&
	    (rest.n == 0 || slice_starts(rest, SLICE(" ("))))
		return true;
	return heading_read(column->heading, &own) && heading_read(text, &other) &&
	       own.field == other.field;
}

/* Whether the cell, if it names a field, is what its column is headed. */
static bool agrees(const struct columns *c, const struct cell *cell)
{
	struct slice text = column_heading(cell);
	struct heading h;

	if (!heading_read(text, &h))
		return true;
	for (size_t i = 0; i < c->n; i++)
		if (c->column[i].column == cell->column)
			return is_heading_of(&c->column[i], text);
	return false;
}

const char *second_table_fault(const struct columns *c, const struct row *r,
			       const struct cell *number, struct waybill_notes *notes)
{
	struct slice text = { NULL, 0 };
	bool same;

	if (number != NULL)
		text = text_trim(number->text);
	same = text.n > 0 &&
	       slice_eq_nocase(text, c->column[c->of[FIELD_WAYBILL_NUMBER]].heading);
	if (same || (!has_digit(text) && is_headings(r))) {
		notes->below_other = false;
		for (size_t i = 0; i < r->n; i++)
			if (!agrees(c, &r->cells[i]))
				notes->below_other = true;
		if (!notes->below_other)
			return again;
		notes->other_tables++;
		note_add(&notes->first.other_tables, r->number, SLICE(""), text);
		return "other headings than the ones above, not a waybill";
	}
	if (notes->below_other)
		return "below other headings, so that its columns are others: put that "
		       "table into a sheet or a file of its own and upload it";
	return NULL;
}
