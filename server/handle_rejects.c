/*
 * The rows that an upload did not load: as JSON, or as a file that a clerk opens,
 * mends and uploads again: the original columns with the reason behind them.
 */
#include "server/check.h"
#include "server/handle.h"
#include "server/log.h"

#include "parse/csv_write.h"
#include "parse/json_token.h"
#include "parse/xlsx_write.h"

enum { PAGE = 500, FILE_CAP = 48 * 1024 * 1024 };

/* The columns of a page row; the cells are the last. */
enum { ROW, KIND, COLUMN, TEXT, REASON, CELLS };

/* Where the cells go: one of the two is open. */
struct table_out {
	struct buf bytes;
	struct csv_write csv;
	struct xlsx_write *xlsx; /* NULL: CSV */
};

static int to_buf(void *to, struct slice bytes, struct err *e)
{
	return buf_add(to, bytes, e);
}

static int out_open(struct table_out *o, bool xlsx, struct err *e)
{
	static const struct csv_write_options csv = { .bom = true, .defuse = true };
	static const struct xlsx_write_options options = { .inline_strings = true };
	const struct xlsx_write_sheet sheet = { .name = SLICE("Rejected rows"),
						.frozen = 1 };
	struct sink sink = { .write = to_buf, .to = &o->bytes };

	buf_init(&o->bytes, FILE_CAP);
	o->xlsx = NULL;
	if (!xlsx) {
		csv_write_init(&o->csv, &sink, &csv);
		return 0;
	}
	if (xlsx_write_open(&sink, &options, &o->xlsx, e) < 0)
		return -1;
	return xlsx_write_sheet(o->xlsx, &sheet, e);
}

static int out_cell(struct table_out *o, struct slice text, bool heading, struct err *e)
{
	if (o->xlsx == NULL)
		return csv_write_cell(&o->csv, text, e);
	return xlsx_write_cell(o->xlsx, heading ? XLSX_HEADING : XLSX_TEXT, text, e);
}

static int out_row_end(struct table_out *o, struct err *e)
{
	return o->xlsx == NULL ? csv_write_row_end(&o->csv, e)
			       : xlsx_write_row_end(o->xlsx, e);
}

static int out_finish(struct table_out *o, struct err *e)
{
	return o->xlsx == NULL ? csv_write_flush(&o->csv, e)
			       : xlsx_write_finish(o->xlsx, e);
}

static void out_release(struct table_out *o)
{
	xlsx_write_close(&o->xlsx);
	buf_release(&o->bytes);
}

static int write_headings(struct table_out *o, const struct stmt_result *headings,
			  struct err *e)
{
	static const struct slice ours[] = { SLICE_INIT("Row"),
					     SLICE_INIT("Problem in column"),
					     SLICE_INIT("Reason") };

	for (size_t i = 0; i < headings->rows; i++)
		if (stmt_value(headings, i, 1).p != NULL &&
		    out_cell(o, stmt_value(headings, i, 1), true, e) < 0)
			return -1;
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (out_cell(o, ours[i], true, e) < 0)
			return -1;
	return out_row_end(o, e);
}

/* The row's own cells, from a JSON array of strings and nulls. */
static int write_cells(struct table_out *o, struct slice json, struct arena *a,
		       struct err *e)
{
	struct json_token t;
	struct json j;

	json_init(&j, json, a);
	if (json_next(&j, &t, e) < 0)
		return -1;
	for (;;) {
		if (json_next(&j, &t, e) < 0)
			return -1;
		if (t.kind == JSON_ARRAY_END)
			return 0;
		if (t.kind != JSON_STRING)
			t.text = SLICE("");
		if (out_cell(o, t.text, false, e) < 0)
			return -1;
	}
}

static int write_row(struct table_out *o, const struct stmt_result *r, size_t i,
		     struct arena *a, struct err *e)
{
	if (write_cells(o, stmt_value(r, i, CELLS), a, e) < 0 ||
	    out_cell(o, stmt_value(r, i, ROW), false, e) < 0 ||
	    out_cell(o, stmt_value(r, i, COLUMN), false, e) < 0 ||
	    out_cell(o, stmt_value(r, i, REASON), false, e) < 0)
		return -1;
	return out_row_end(o, e);
}

/* All pages; each page's memory is given back before the next. */
static int write_rows(struct handle_env *env, struct slice upload, struct table_out *o,
		      struct err *e)
{
	char last[24] = "0", count[8];
	struct stmt_result r;
	struct arena page;
	int got = 0;

	(void)snprintf(count, sizeof(count), "%d", PAGE);
	arena_init(&page, FILE_CAP);
	do {
		const struct slice v[] = { upload, slice_str(last), slice_str(count) };

		arena_reset(&page);
		got = stmt_run(env->db, STMT_UPLOAD_REJECTS_PAGE, v, 3, &page, &r, e);
		for (size_t i = 0; got == 0 && i < r.rows; i++) {
			struct slice row = stmt_value(&r, i, ROW);

			(void)snprintf(last, sizeof(last), "%.*s", (int)row.n, row.p);
			got = write_row(o, &r, i, &page, e);
		}
	} while (got == 0 && r.rows == PAGE);
	arena_release(&page);
	return got;
}

static void export(struct handle_env *env, struct request *req, bool xlsx,
		   const struct stmt_result *headings, struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	struct slice id = stmt_value(headings, 0, 0);
	struct table_out o;

	if (out_open(&o, xlsx, &e) < 0 || write_headings(&o, headings, &e) < 0 ||
	    write_rows(env, req->segment[0], &o, &e) < 0 || out_finish(&o, &e) < 0) {
		log_line(LOG_ERROR, "upload_rejects %.*s: %s", (int)req->id.n, req->id.p,
			 e.text);
		response_failure(res, "too_large", &e);
	} else {
		response_body(
			res, 200,
			xlsx ? SLICE("application/vnd.openxmlformats-officedocument."
				     "spreadsheetml.sheet")
			     : SLICE("text/csv; charset=utf-8"),
			arena_dup(req->arena, buf_slice(&o.bytes)));
		response_field(
			res, "Content-Disposition",
			arena_printf(req->arena,
				     "attachment; filename=\"upload-%.*s-rejects.%s\"",
				     (int)id.n, id.p, xlsx ? "xlsx" : "csv"));
	}
	out_release(&o);
}

void handle_upload_rejects(struct handle_env *env, struct request *req,
			   struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	struct stmt_result headings;
	struct slice format;
	bool xlsx;

	if (request_query(req, SLICE("format"), &format, &e) < 0 ||
	    check_label("upload", req->segment[0], 255, &e) < 0) {
		response_failure(res, "bad_field", &e);
		return;
	}
	if (format.n == 0 || slice_eq(format, SLICE("json"))) {
		handle_stmt(env, STMT_UPLOAD_REJECTS, req->segment, 1, req, res);
		return;
	}
	xlsx = slice_eq(format, SLICE("xlsx"));
	if (!xlsx && !slice_eq(format, SLICE("csv"))) {
		response_error(res, 400, "bad_field", "format must be json, csv or xlsx");
	} else if (stmt_run(env->db, STMT_UPLOAD_HEADINGS, req->segment, 1, req->arena,
			    &headings, &e) < 0) {
		log_line(LOG_ERROR, "upload_rejects %.*s: %s", (int)req->id.n, req->id.p,
			 e.text);
		handle_failure(env, &e, res);
	} else if (headings.rows == 0) {
		response_error(res, 404, "upload_not_found", "there is no such upload");
	} else {
		export(env, req, xlsx, &headings, res);
	}
}
