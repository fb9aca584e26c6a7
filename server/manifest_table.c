/*
 * A manifest as CSV or as a workbook: the session, its parcels with their sum, and the
 * sums by destination: one below the other, or a sheet each.
 */
#include "server/manifest.h"

#include "server/table_out.h"

static const struct {
	struct slice heading;
	enum manifest_parcel from;
	enum xlsx_write_kind kind;
} columns[] = {
	{ SLICE_INIT("Waybill Number"), PARCEL_NUMBER, XLSX_TEXT },
	{ SLICE_INIT("Mode"), PARCEL_MODE, XLSX_TEXT },
	{ SLICE_INIT("Order Status"), PARCEL_STATUS, XLSX_TEXT },
	{ SLICE_INIT("Receiver Name"), PARCEL_RECEIVER, XLSX_TEXT },
	{ SLICE_INIT("Destination"), PARCEL_DESTINATION, XLSX_TEXT },
	{ SLICE_INIT("Number Of Items"), PARCEL_ITEMS, XLSX_NUMBER },
	{ SLICE_INIT("Weight"), PARCEL_WEIGHT, XLSX_NUMBER },
	{ SLICE_INIT("COD Amount"), PARCEL_COD, XLSX_NUMBER },
	{ SLICE_INIT("Scanned At"), PARCEL_SCANNED, XLSX_DATE },
	{ SLICE_INIT("Scanned By"), PARCEL_BY, XLSX_TEXT },
	{ SLICE_INIT("Station"), PARCEL_STATION, XLSX_TEXT },
};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static int headings(struct table_out *o, const struct slice *text, size_t n,
		    struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (table_out_cell(o, XLSX_HEADING, text[i], e) < 0)
			return -1;
	return table_out_row_end(o, e);
}

/* The next part: an empty line, or a sheet of its own. */
static int part(struct table_out *o, struct slice name, struct err *e)
{
	if (o->xlsx == NULL)
		return table_out_row_end(o, e);
	o->sheet = name;
	o->sheets = 0;
	return table_out_sheet(o, e);
}

static int fact(struct table_out *o, struct slice name, enum xlsx_write_kind kind,
		struct slice value, struct err *e)
{
	if (table_out_cell(o, XLSX_HEADING, name, e) < 0 ||
	    table_out_cell(o, kind, value, e) < 0)
		return -1;
	return table_out_row_end(o, e);
}

static int facts(struct manifest *m, struct table_out *o, struct err *e)
{
	static const struct {
		struct slice name;
		enum manifest_head from;
		enum xlsx_write_kind kind;
	} line[] = {
		{ SLICE_INIT("Session"), HEAD_ID, XLSX_NUMBER },
		{ SLICE_INIT("State"), HEAD_STATE, XLSX_TEXT },
		{ SLICE_INIT("Operator"), HEAD_BY, XLSX_TEXT },
		{ SLICE_INIT("Station"), HEAD_STATION, XLSX_TEXT },
		{ SLICE_INIT("Began"), HEAD_BEGAN, XLSX_DATE },
		{ SLICE_INIT("Ended"), HEAD_ENDED, XLSX_DATE },
		{ SLICE_INIT("Ended by"), HEAD_CLOSED_BY, XLSX_TEXT },
		{ SLICE_INIT("Reason"), HEAD_REASON, XLSX_TEXT },
		{ SLICE_INIT("Left behind at the dispatch"), HEAD_SKIPPED, XLSX_NUMBER },
		{ SLICE_INIT("As of"), HEAD_PRINTED, XLSX_DATE },
		{ SLICE_INIT("Time zone"), HEAD_ZONE, XLSX_TEXT },
	};

	for (size_t i = 0; i < sizeof(line) / sizeof(line[0]); i++)
		if (manifest_head(m, line[i].from).n > 0 &&
		    fact(o, line[i].name, line[i].kind, manifest_head(m, line[i].from),
			 e) < 0)
			return -1;
	return 0;
}

static int parcel_headings(struct table_out *o, struct err *e)
{
	struct slice text[COLUMNS];

	for (size_t i = 0; i < COLUMNS; i++)
		text[i] = columns[i].heading;
	return headings(o, text, COLUMNS, e);
}

static int parcel(void *ctx, const struct stmt_result *r, size_t row, struct err *e)
{
	struct table_out *o = ctx;

	if (table_out_full(o) && (table_out_sheet(o, e) < 0 || parcel_headings(o, e) < 0))
		return -1;
	for (size_t i = 0; i < COLUMNS; i++)
		if (table_out_cell(o, columns[i].kind,
				   stmt_value(r, row, columns[i].from), e) < 0)
			return -1;
	return table_out_row_end(o, e);
}

/* Below the columns that it sums. */
static int parcels_sum(struct manifest *m, struct table_out *o, struct err *e)
{
	const struct slice none = SLICE("");
	const struct slice cell[] = { SLICE("Total"),
				      stmt_value(&m->sums, 0, SUM_PARCELS),
				      none,
				      none,
				      none,
				      stmt_value(&m->sums, 0, SUM_ITEMS),
				      stmt_value(&m->sums, 0, SUM_WEIGHT),
				      stmt_value(&m->sums, 0, SUM_COD) };

	if (table_out_full(o) && table_out_sheet(o, e) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(cell) / sizeof(cell[0]); i++)
		if (table_out_cell(o, i == 0 ? XLSX_HEADING : XLSX_NUMBER, cell[i], e) <
		    0)
			return -1;
	return table_out_row_end(o, e);
}

static int destinations(struct manifest *m, struct table_out *o, struct err *e)
{
	static const struct slice heading[] = {
		SLICE_INIT("Destination"), SLICE_INIT("Parcels"),
		SLICE_INIT("Returned"),    SLICE_INIT("Number Of Items"),
		SLICE_INIT("Weight"),      SLICE_INIT("COD Amount")
	};

	if (headings(o, heading, sizeof(heading) / sizeof(heading[0]), e) < 0)
		return -1;
	for (size_t i = 1; i <= m->sums.rows; i++) {
		/* the whole, which came first, is written last */
		size_t row = i == m->sums.rows ? 0 : i;
		struct slice name = row == 0 ? SLICE("Total")
					     : manifest_place(stmt_value(
						       &m->sums, row, SUM_DESTINATION));

		if (table_out_cell(o, row == 0 ? XLSX_HEADING : XLSX_TEXT, name, e) < 0)
			return -1;
		for (size_t c = SUM_PARCELS; c <= SUM_COD; c++)
			if (table_out_cell(o, XLSX_NUMBER, stmt_value(&m->sums, row, c),
					   e) < 0)
				return -1;
		if (table_out_row_end(o, e) < 0)
			return -1;
	}
	return 0;
}

int manifest_table(struct manifest *m, const char *dir, bool xlsx, struct response *res,
		   struct err *e)
{
	struct slice id = manifest_head(m, HEAD_ID);
	struct table_out o;
	int rc = 0;

	if (table_out_open(&o, dir, xlsx, SLICE("Session"), e) < 0)
		return -1;
	if (facts(m, &o, e) < 0 || part(&o, SLICE("Parcels"), e) < 0 ||
	    parcel_headings(&o, e) < 0 || manifest_parcels(m, parcel, &o, e) < 0 ||
	    parcels_sum(m, &o, e) < 0 || part(&o, SLICE("Destinations"), e) < 0 ||
	    destinations(m, &o, e) < 0 ||
	    table_out_answer(&o,
			     arena_printf(res->arena, "manifest-%.*s", (int)id.n, id.p),
			     res, e) < 0)
		rc = -1;
	table_out_release(&o);
	return rc;
}
