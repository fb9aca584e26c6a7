/*
 * Waybills as rows, page by page out of the database, in constant memory.
 */
#include "server/waybill_table.h"

#include "parse/json_token.h"

enum { PAGE_CAP = 48 * 1024 * 1024 };

/* The parameters of waybill_export.sql; the cursor is the last. */
enum { CURSOR = WAYBILL_QUERY, PARAMS };

static const struct {
	struct slice heading;
	enum xlsx_write_kind kind;
} columns[] = {
	{ SLICE_INIT("Waybill Number"), XLSX_TEXT },
	{ SLICE_INIT("Order Status"), XLSX_TEXT },
	{ SLICE_INIT("Sender Name"), XLSX_TEXT },
	{ SLICE_INIT("Sender Phone"), XLSX_TEXT },
	{ SLICE_INIT("Sender Address"), XLSX_TEXT },
	{ SLICE_INIT("Receiver Name"), XLSX_TEXT },
	{ SLICE_INIT("Receiver Phone"), XLSX_TEXT },
	{ SLICE_INIT("Receiver Address"), XLSX_TEXT },
	{ SLICE_INIT("Province"), XLSX_TEXT },
	{ SLICE_INIT("City"), XLSX_TEXT },
	{ SLICE_INIT("Barangay"), XLSX_TEXT },
	{ SLICE_INIT("Street"), XLSX_TEXT },
	{ SLICE_INIT("Destination"), XLSX_TEXT },
	{ SLICE_INIT("Item Name"), XLSX_TEXT },
	{ SLICE_INIT("Number Of Items"), XLSX_NUMBER },
	{ SLICE_INIT("Weight"), XLSX_NUMBER },
	{ SLICE_INIT("Express Type"), XLSX_TEXT },
	{ SLICE_INIT("COD Amount"), XLSX_NUMBER },
	{ SLICE_INIT("Remarks"), XLSX_TEXT },
	{ SLICE_INIT("Signing Time"), XLSX_DATE },
	{ SLICE_INIT("Submission Time"), XLSX_DATE },
};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static int write_headings(struct table_out *o, struct err *e)
{
	for (size_t i = 0; i < COLUMNS; i++)
		if (table_out_cell(o, XLSX_HEADING, columns[i].heading, e) < 0)
			return -1;
	return table_out_row_end(o, e);
}

/* A row from a JSON array of strings and nulls. */
static int write_row(struct table_out *o, struct slice json, struct arena *a,
		     struct err *e)
{
	struct json_token t;
	struct json j;

	if (table_out_full(o) && (table_out_sheet(o, e) < 0 || write_headings(o, e) < 0))
		return -1;
	json_init(&j, json, a);
	if (json_next(&j, &t, e) < 0)
		return -1;
	for (size_t i = 0; i < COLUMNS; i++) {
		if (json_next(&j, &t, e) < 0)
			return -1;
		if (t.kind != JSON_STRING)
			t.text = SLICE("");
		if (table_out_cell(o, columns[i].kind, t.text, e) < 0)
			return -1;
	}
	return table_out_row_end(o, e);
}

/* All pages; each page's memory is given back before the next. */
static int write_rows(struct db_read *read, struct db *primary,
		      const struct slice query[CURSOR], struct table_out *o,
		      struct err *e)
{
	char last[256] = "";
	struct slice v[PARAMS];
	struct stmt_result r;
	struct arena page;
	int got;

	memcpy(v, query, sizeof(query[0]) * CURSOR);
	arena_init(&page, PAGE_CAP);
	do {
		struct slice next;

		arena_reset(&page);
		v[CURSOR] = slice_str(last);
		got = db_read_run(read, primary, STMT_WAYBILL_EXPORT, v, PARAMS, &page,
				  &r, e);
		for (size_t i = 0; got == 0 && i < r.rows; i++)
			if (stmt_value(&r, i, 0).p != NULL)
				got = write_row(o, stmt_value(&r, i, 0), &page, e);
		if (got < 0 || r.rows == 0)
			break;
		next = stmt_value(&r, 0, 1);
		(void)snprintf(last, sizeof(last), "%.*s", (int)next.n, next.p);
	} while (last[0] != '\0');
	arena_release(&page);
	return got;
}

int waybill_table_write(struct db_read *read, struct db *primary,
			const struct slice query[WAYBILL_QUERY], struct table_out *o,
			struct err *e)
{
	if (write_headings(o, e) < 0)
		return -1;
	return write_rows(read, primary, query, o, e);
}
