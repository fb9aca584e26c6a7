/*
 * An import's facts as JSON. Ignorant of how the rows were read and of the database.
 */
#include "server/import_report.h"

#include "parse/cell_date.h"
#include "parse/json_write.h"

#include <inttypes.h>
#include <time.h>

enum { DAY_SECONDS = 86400, SERIAL_1970 = 25569 };

void import_report_today(struct waybill_notes *n)
{
	char text[CELL_DATE_MAX];
	time_t tomorrow = time(NULL) / DAY_SECONDS + SERIAL_1970 + 1;

	if (cell_date_text((double)tomorrow, text) >= DATE_DAY_LENGTH)
		memcpy(n->last_day, text, DATE_DAY_LENGTH);
}

void import_report_status(struct import_report *r, struct slice text, struct arena *a)
{
	struct slice copy;

	for (size_t i = 0; i < r->statuses; i++)
		if (slice_eq_nocase(r->status[i].text, text)) {
			r->status[i].rows++;
			return;
		}
	copy = r->statuses < IMPORT_STATUSES ? arena_dup(a, text) : SLICE("");
	if (r->statuses == IMPORT_STATUSES || copy.p == NULL) {
		r->other_statuses++;
		return;
	}
	r->status[r->statuses].text = copy;
	r->status[r->statuses++].rows = 1;
}

bool import_report_day_first(const struct date_order *own, const struct date_order *other)
{
	const struct date_order *by =
		own->day_first == 0 && own->month_first == 0 ? other : own;

	return by->day_first > 0 && by->month_first == 0;
}

/* "rows": [{row, column, text}], the first of them. */
static int first_rows(struct buf *b, const struct note *n, struct err *e)
{
	if (json_write_key(b, SLICE("rows"), e) < 0 || json_write_array(b, e) < 0)
		return -1;
	for (size_t i = 0; i < n->n; i++)
		if (json_write_object(b, e) < 0 ||
		    json_write_key(b, SLICE("row"), e) < 0 ||
		    json_write_uint(b, n->first[i].row, e) < 0 ||
		    json_write_key(b, SLICE("column"), e) < 0 ||
		    json_write_string(b, slice_str(n->first[i].heading), e) < 0 ||
		    json_write_key(b, SLICE("text"), e) < 0 ||
		    json_write_string(b, slice_str(n->first[i].text), e) < 0 ||
		    json_write_object_end(b, e) < 0)
			return -1;
	return json_write_array_end(b, e);
}

/* One warning: {kind, count, message, rows}. */
static int warn_rows(struct buf *b, const char *kind, uint64_t count,
		     struct slice message, const struct note *first, struct err *e)
{
	if (json_write_object(b, e) < 0 || json_write_key(b, SLICE("kind"), e) < 0 ||
	    json_write_string(b, slice_str(kind), e) < 0 ||
	    json_write_key(b, SLICE("count"), e) < 0 ||
	    json_write_uint(b, count, e) < 0 ||
	    json_write_key(b, SLICE("message"), e) < 0 ||
	    json_write_string(b, message, e) < 0 ||
	    (first != NULL && first_rows(b, first, e) < 0))
		return -1;
	return json_write_object_end(b, e);
}

static int warn(struct buf *b, const char *kind, uint64_t count, struct slice message,
		struct err *e)
{
	return warn_rows(b, kind, count, message, NULL, e);
}

static int warn_fixed(struct buf *b, const char *kind, uint64_t count,
		      const char *message, const struct note *first, struct err *e)
{
	return count == 0 ? 0 : warn_rows(b, kind, count, slice_str(message), first, e);
}

static int warn_statuses(const struct import_report *r, struct buf *b, struct err *e)
{
	char text[400];

	for (size_t i = 0; i < r->statuses; i++) {
		struct slice s = r->status[i].text;

		(void)snprintf(text, sizeof(text),
			       "The status \"%.*s\" is not known: new parcels are loaded "
			       "as pending, known ones keep theirs, and the text is kept "
			       "with them.",
			       s.n < 200 ? (int)s.n : 200, s.p);
		if (warn_rows(b, "unknown_status", r->status[i].rows, slice_str(text),
			      i == 0 ? &r->notes.first.statuses : NULL, e) < 0)
			return -1;
	}
	return warn_fixed(
		b, "unknown_status", r->other_statuses,
		"Further statuses are not known: new parcels are loaded as pending, "
		"known ones keep theirs, and the texts are kept with them.",
		NULL, e);
}

/* Which way a column's ambiguous dates were read, and why. */
static int warn_dates(const char *field, const struct date_order *own,
		      const struct date_order *other, const struct note *first,
		      struct buf *b, struct err *e)
{
	bool day_first = import_report_day_first(own, other);
	bool by_own = own->day_first > 0 || own->month_first > 0;
	const struct date_order *by = by_own ? own : other;
	char text[400];
	int n;

	if (own->ambiguous == 0)
		return 0;
	n = snprintf(text, sizeof(text),
		     "Dates of %s that read both ways (like 03/04/2025) "
		     "were taken as %s: ",
		     field, day_first ? "day/month/year" : "month/day/year");
	if (n < 0 || (size_t)n >= sizeof(text))
		return err_set(e, ERR_INTERNAL, "text cannot be formatted");
	if (by->day_first > 0 && by->month_first > 0)
		(void)snprintf(text + n, sizeof(text) - (size_t)n,
			       "%" PRIu64 " others can only be day first and %" PRIu64
			       " only month first, so look at them.",
			       by->day_first, by->month_first);
	else if (by->day_first > 0 || by->month_first > 0)
		(void)snprintf(text + n, sizeof(text) - (size_t)n,
			       "%" PRIu64 " others %scan only be so.",
			       by->day_first + by->month_first,
			       by_own ? "" : "in the file's other date column ");
	else
		(void)snprintf(text + n, sizeof(text) - (size_t)n,
			       "no other date of the file tells.");
	return warn_rows(b, "ambiguous_date", own->ambiguous, slice_str(text), first, e);
}

static int warn_columns(const struct columns *c, struct buf *b, struct err *e)
{
	char text[400];

	for (size_t i = 0; i < c->n; i++) {
		struct slice lost = c->column[i].heading, won;

		if (!c->column[i].shadowed)
			continue;
		won = c->column[c->of[c->column[i].field]].heading;
		(void)snprintf(
			text, sizeof(text),
			"Column \"%.*s\" is kept among the other columns: \"%.*s\" is "
			"taken for %s.",
			lost.n < 120 ? (int)lost.n : 120, lost.p,
			won.n < 120 ? (int)won.n : 120, won.p,
			field_name(c->column[i].field));
		if (warn(b, "shadowed_column", 1, slice_str(text), e) < 0)
			return -1;
	}
	return 0;
}

/* Nobody must wonder why a column is not read as it is headed. */
static int warn_chosen(const struct import_chosen *c, struct buf *b, struct err *e)
{
	char text[300];

	if (c->n == 0)
		return 0;
	if (c->on.p == NULL)
		return warn(
			b, "columns_chosen", c->n,
			SLICE("Columns are as chosen for this file; the next file with "
			      "these headings is read the same way."),
			e);
	(void)snprintf(text, sizeof(text),
		       "Columns are as chosen on %.*s%s%.*s for a file with the same "
		       "headings; choose others, or \"automatic\", to change that.",
		       (int)c->on.n, c->on.p, c->by.n > 0 ? " by " : "",
		       c->by.n < 100 ? (int)c->by.n : 100, c->by.n > 0 ? c->by.p : "");
	return warn(b, "columns_chosen", c->n, slice_str(text), e);
}

/* Who sees that one sheet is loaded takes the file for loaded. */
static int warn_sheets(const struct import_sheets *s, struct buf *b, struct err *e)
{
	char text[400];

	if (s == NULL || s->n == 0)
		return 0;
	(void)snprintf(text, sizeof(text),
		       s->n == 1 ? "Sheet %s has waybills too and was not read: upload "
				   "the file again with that sheet chosen."
				 : "Sheets %s have waybills too and were not read: "
				   "upload the file again with each of them chosen.",
		       s->list);
	return warn(b, "sheet_not_read", s->n, slice_str(text), e);
}

/* What was met in the rows. */
static int warn_notes(const struct waybill_notes *n, struct buf *b, struct err *e)
{
	if (warn_fixed(b, "other_headings", n->other_tables,
		       "There are other headings further down, and what is below them is "
		       "not loaded, since its columns are others: put that table into a "
		       "sheet or a file of its own and upload it.",
		       &n->first.other_tables, e) < 0 ||
	    warn_fixed(b, "short_year", n->short_years,
		       "Dates with two digits of the year (like 24/01/25) were read as "
		       "the later of the days that they may mean: look at them, and have "
		       "years written with four digits.",
		       &n->first.short_years, e) < 0 ||
	    warn_fixed(b, "bad_value", n->bad_values,
		       "Cells that do not fit their column are kept among the other "
		       "columns; "
		       "their rows are loaded without them.",
		       &n->first.bad_values, e) < 0 ||
	    warn_fixed(b, "beyond_headings", n->over,
		       "Cells beyond the last heading are kept among the other columns: "
		       "look whether the values of these rows stand under their "
		       "headings.",
		       &n->first.over, e) < 0 ||
	    warn_fixed(b, "merged_cells", n->merged,
		       "Merged cells have their value in the first cell alone, and the "
		       "other rows are loaded without it: unmerge them, fill the value "
		       "into each row, save the file and upload it again.",
		       &n->first.merged, e) < 0 ||
	    warn_fixed(b, "no_result", n->no_results,
		       "Formulas whose results the file does not hold are empty cells: "
		       "open it in Excel or LibreOffice, save it, and upload that.",
		       &n->first.no_results, e) < 0 ||
	    warn_fixed(b, "cod_flag", n->cod_flags,
		       "COD cells that say COD or NON-COD carry no amount.",
		       &n->first.cod_flags, e) < 0 ||
	    warn_fixed(b, "phone_mended", n->phones_mended,
		       "Phone numbers had lost their leading 0 and got it back.",
		       &n->first.phones, e) < 0 ||
	    warn_fixed(b, "address_split", n->addresses_split,
		       "Addresses in one cell were split into province, city, barangay "
		       "and street as far as that was sure.",
		       NULL, e) < 0 ||
	    warn_fixed(b, "hidden_row", n->hidden_rows,
		       "Hidden rows are loaded like the others.", &n->first.hidden_rows,
		       e) < 0)
		return -1;
	return warn_fixed(b, "footer", n->footers, "Rows of totals are left out.",
			  &n->first.footers, e);
}

static int warnings(const struct import_report *r, struct buf *b, struct err *e)
{
	const struct waybill_notes *n = &r->notes;

	if (warn_sheets(r->left, b, e) < 0 || warn_chosen(&r->chosen, b, e) < 0)
		return -1;
	if (r->columns != NULL && warn_columns(r->columns, b, e) < 0)
		return -1;
	if (warn_fixed(b, "encoding", r->guessed,
		       "The file does not tell its encoding and was read as "
		       "Windows-1252: look "
		       "whether names with accents are right; if not, save it as \"CSV "
		       "UTF-8\" "
		       "or .xlsx and upload it again.",
		       NULL, e) < 0)
		return -1;
	if (warn_statuses(r, b, e) < 0 ||
	    warn_fixed(b, "on_hold", r->on_hold,
		       "Parcels on hold are left as they are; resume them and upload the "
		       "file again to change them.",
		       NULL, e) < 0 ||
	    warn_dates("the signing time", &n->signing, &n->submission, &n->first.signing,
		       b, e) < 0 ||
	    warn_dates("the submission time", &n->submission, &n->signing,
		       &n->first.submission, b, e) < 0 ||
	    warn_notes(n, b, e) < 0)
		return -1;
	return warn_fixed(b, "no_rows", r->loaded && r->staged + r->rejected == 0,
			  "There are headings, but no rows below them, so nothing was "
			  "loaded: choose the sheet that holds the waybills, or ask the "
			  "sender for the file again.",
			  NULL, e);
}

/* Whether the column's dates that read both ways are day first: a list of its rejected
 * rows must be read as the whole file was. */
static bool is_day_first(const struct import_report *r, const struct column *column)
{
	const struct waybill_notes *n = &r->notes;

	return (column->field == FIELD_SIGNING_TIME &&
		import_report_day_first(&n->signing, &n->submission)) ||
	       (column->field == FIELD_SUBMISSION_TIME &&
		import_report_day_first(&n->submission, &n->signing));
}

static int mapping(const struct import_report *r, struct buf *b, struct err *e)
{
	const struct columns *c = r->columns;

	for (size_t i = 0; i < c->n; i++) {
		const struct column *col = &c->column[i];
		bool extra = col->shadowed || col->field == FIELD_EXTRA;

		if (json_write_object(b, e) < 0 ||
		    json_write_key(b, SLICE("heading"), e) < 0 ||
		    json_write_string(b, col->heading, e) < 0 ||
		    json_write_key(b, SLICE("column"), e) < 0 ||
		    json_write_uint(b, (uint64_t)col->column + 1, e) < 0 ||
		    json_write_key(b, SLICE("field"), e) < 0 ||
		    json_write_string(b,
				      slice_str(extra ? "extra" : field_name(col->field)),
				      e) < 0 ||
		    (col->chosen && (json_write_key(b, SLICE("chosen"), e) < 0 ||
				     json_write_bool(b, true, e) < 0)) ||
		    (!extra && is_day_first(r, col) &&
		     (json_write_key(b, SLICE("day_first"), e) < 0 ||
		      json_write_bool(b, true, e) < 0)) ||
		    json_write_object_end(b, e) < 0)
			return -1;
	}
	return 0;
}

static int count(struct buf *b, const char *name, uint64_t n, struct err *e)
{
	if (json_write_key(b, slice_str(name), e) < 0)
		return -1;
	return json_write_uint(b, n, e);
}

/* The first is the sum of the others, but for the last: those of the rejected that cannot
 * be read. */
static int counters(const struct import_report *r, struct buf *b, struct err *e)
{
	uint64_t unchanged =
		r->loaded ? r->staged - r->duplicate - r->inserted - r->updated : 0;
	uint64_t rejected = r->rejected + (r->refused ? r->staged - r->duplicate : 0);

	if (count(b, "rows_total", r->staged + r->rejected, e) < 0 ||
	    count(b, "inserted", r->inserted, e) < 0 ||
	    count(b, "updated", r->updated, e) < 0 ||
	    count(b, "unchanged", unchanged, e) < 0 ||
	    count(b, "duplicate", r->duplicate, e) < 0 ||
	    count(b, "rejected", rejected, e) < 0)
		return -1;
	return count(b, "unreadable", r->rejected, e);
}

int import_report_json(const struct import_report *r, struct buf *b, struct err *e)
{
	if (json_write_object(b, e) < 0 || counters(r, b, e) < 0)
		return -1;
	if (r->format != NULL && (json_write_key(b, SLICE("format"), e) < 0 ||
				  json_write_string(b, slice_str(r->format), e) < 0))
		return -1;
	if (r->columns != NULL &&
	    (count(b, "heading_row", r->columns->heading_row, e) < 0 ||
	     json_write_key(b, SLICE("sheet"), e) < 0 ||
	     json_write_string(b, r->sheet, e) < 0))
		return -1;
	if (json_write_key(b, SLICE("mapping"), e) < 0 || json_write_array(b, e) < 0 ||
	    (r->columns != NULL && mapping(r, b, e) < 0) ||
	    json_write_array_end(b, e) < 0 ||
	    json_write_key(b, SLICE("warnings"), e) < 0 || json_write_array(b, e) < 0 ||
	    warnings(r, b, e) < 0 || json_write_array_end(b, e) < 0)
		return -1;
	return json_write_object_end(b, e);
}
