/*
 * The rows that an upload did not load: as JSON, or as a file that a clerk opens,
 * mends and uploads again: the original columns with the reason behind them.
 */
#include "server/check.h"
#include "server/fields.h"
#include "server/handle.h"
#include "server/log.h"
#include "server/table_out.h"

#include "parse/date_text.h"
#include "parse/json_token.h"
#include "parse/json_write.h"
#include "parse/reject_columns.h"
#include "parse/text.h"
#include "parse/waybill_number.h"

/* PAGE: upload_rejects_page.sql says it */
enum {
	PAGE = 500,
	PAGE_CAP = 48 * 1024 * 1024,
	HEADINGS_MAX = 16 * 1024 * 1024,
	LIST_MAX = 10000 /* of the list as JSON; upload_rejects.sql says it */
};

/* The columns of a page row; the cells are the last. */
enum { ROW, KIND, COLUMN, TEXT, REASON, CELLS };

static int write_headings(struct table_out *o, const struct stmt_result *headings,
			  struct err *e)
{
	for (size_t i = 0; i < headings->rows; i++)
		if (stmt_value(headings, i, 1).p != NULL &&
		    table_out_cell(o, XLSX_HEADING, stmt_value(headings, i, 1), e) < 0)
			return -1;
	for (size_t i = 0; i < REJECT_COLUMNS; i++)
		if (table_out_cell(o, XLSX_HEADING, reject_columns[i], e) < 0)
			return -1;
	return table_out_row_end(o, e);
}

/* What a file of rejects holds. */
struct wanted {
	struct slice upload;
	struct slice kind; /* rejected, duplicate, all */
	struct slice json; /* the headings, an array */
	const struct stmt_result *headings;
	size_t number; /* which of them has the waybill numbers; SIZE_MAX: none */
};

/* 03/04/2025 is 3 April because other rows of the file said so, which are not in the
 * list: there it reads one way only. */
static struct slice date_of_file(struct slice text, struct date_text *d)
{
	if (!date_text_read(text_trim(text), d) || d->order != DATE_EITHER)
		return text;
	return (struct slice){ d->day_first, d->n };
}

/* A list has texts alone, so that a number which a workbook had rounded looks as good as
 * any there; and the number of a row whose other cells were cut, or stand in the wrong
 * columns, is good. */
static int mark_number(struct slice *text, struct arena *a, bool *marked_r, struct err *e)
{
	const struct cell cell = { .kind = CELL_TEXT, .text = *text };
	const char *reason;
	struct slice number;

	if (waybill_number_cell(&cell, a, &number, &reason, e) < 0)
		return -1;
	*marked_r = reason == NULL;
	if (*marked_r)
		*text = arena_printf(a, "%.*s%.*s", (int)text->n, text->p,
				     (int)waybill_number_unmended.n,
				     waybill_number_unmended.p);
	return text->p == NULL && *marked_r ? err_set(e, ERR_LIMIT, "a row too large")
					    : 0;
}

/* The row's own cells, from a JSON array of strings and nulls; *marked_r: its number is
 * marked, since it could be read. */
static int write_cells(struct table_out *o, const struct wanted *w, struct slice json,
		       bool rejected, bool *marked_r, struct arena *a, struct err *e)
{
	struct date_text d;
	struct json_token t;
	struct json j;

	*marked_r = false;
	json_init(&j, json, a);
	if (json_next(&j, &t, e) < 0)
		return -1;
	for (size_t i = 0;; i++) {
		if (json_next(&j, &t, e) < 0)
			return -1;
		if (t.kind == JSON_ARRAY_END)
			return 0;
		if (t.kind != JSON_STRING)
			t.text = SLICE("");
		if (i < w->headings->rows &&
		    slice_eq(stmt_value(w->headings, i, 2), SLICE("t")))
			t.text = date_of_file(t.text, &d);
		if (rejected && i == w->number &&
		    mark_number(&t.text, a, marked_r, e) < 0)
			return -1;
		if (table_out_cell(o, XLSX_TEXT, t.text, e) < 0)
			return -1;
	}
}

static int write_row(struct table_out *o, const struct wanted *w,
		     const struct stmt_result *r, size_t i, struct arena *a,
		     struct err *e)
{
	bool rejected = slice_eq(stmt_value(r, i, KIND), SLICE("rejected"));
	struct slice reason = stmt_value(r, i, REASON);
	bool marked;

	if (write_cells(o, w, stmt_value(r, i, CELLS), rejected, &marked, a, e) < 0)
		return -1;
	if (marked)
		reason =
			arena_printf(a,
				     "%.*s (the ? behind the number keeps the row from "
				     "being loaded until it is mended: take it off then)",
				     (int)reason.n, reason.p);
	if (table_out_cell(o, XLSX_TEXT, stmt_value(r, i, ROW), e) < 0 ||
	    table_out_cell(o, XLSX_TEXT, stmt_value(r, i, COLUMN), e) < 0 ||
	    table_out_cell(o, XLSX_TEXT, reason, e) < 0)
		return -1;
	return table_out_row_end(o, e);
}

/* All pages; each page's memory is given back before the next. */
static int write_pages(struct handle_env *env, const struct wanted *w,
		       struct table_out *o, struct err *e)
{
	struct stmt_result r = { .rows = PAGE };
	struct arena page;
	int got = 0;

	arena_init(&page, PAGE_CAP);
	while (got == 0 && r.rows == PAGE) {
		arena_reset(&page);
		got = stmt_run(env->db, STMT_UPLOAD_REJECTS_PAGE, NULL, 0, &page, &r, e);
		for (size_t i = 0; got == 0 && i < r.rows; i++)
			got = write_row(o, w, &r, i, &page, e);
	}
	arena_release(&page);
	return got;
}

static int write_rows(struct handle_env *env, struct request *req, const struct wanted *w,
		      struct table_out *o, struct err *e)
{
	const struct slice v[] = { w->upload, w->json, w->kind };
	struct err ignored = { .kind = ERR_NONE };
	struct stmt_result r;
	int got;

	if (stmt_run(env->db, STMT_BEGIN, NULL, 0, req->arena, &r, e) < 0)
		return -1;
	got = stmt_run(env->db, STMT_UPLOAD_REJECTS_OPEN, v, 3, req->arena, &r, e);
	if (got == 0)
		got = write_pages(env, w, o, e);
	if (stmt_run(env->db, STMT_ROLLBACK, NULL, 0, req->arena, &r, &ignored) < 0)
		log_line(LOG_DEBUG, "rollback: %s", ignored.text);
	return got;
}

static int headings_json(const struct stmt_result *headings, struct arena *a,
			 struct slice *json_r, struct err *e)
{
	struct buf b;
	int rc;

	buf_init(&b, HEADINGS_MAX);
	rc = json_write_array(&b, e);
	for (size_t i = 0; rc == 0 && i < headings->rows; i++)
		if (stmt_value(headings, i, 1).p != NULL)
			rc = json_write_string(&b, stmt_value(headings, i, 1), e);
	if (rc == 0)
		rc = json_write_array_end(&b, e);
	*json_r = arena_dup(a, buf_slice(&b));
	buf_release(&b);
	return rc == 0 && json_r->p == NULL ? err_set(e, ERR_LIMIT, "too many headings")
					    : rc;
}

static size_t number_column(const struct stmt_result *headings)
{
	for (size_t i = 0; i < headings->rows; i++)
		if (slice_eq(stmt_value(headings, i, 3), SLICE("t")))
			return i;
	return SIZE_MAX;
}

static void export(struct handle_env *env, struct request *req, bool xlsx,
		   struct slice kind, const struct stmt_result *headings,
		   struct response *res)
{
	struct wanted wanted = { .upload = req->segment[0],
				 .kind = kind,
				 .headings = headings,
				 .number = number_column(headings) };
	struct err e = { .kind = ERR_NONE };
	struct slice id = stmt_value(headings, 0, 0);
	struct table_out o;

	struct slice name =
		arena_printf(req->arena, "upload-%.*s-rejects", (int)id.n, id.p);

	if (table_out_open(&o, env->cfg->spool_dir, xlsx, SLICE("Rejected rows"), &e) <
	    0) {
		response_failure(res, "too_large", &e);
		return;
	}
	if (headings_json(headings, req->arena, &wanted.json, &e) < 0 ||
	    write_headings(&o, headings, &e) < 0 ||
	    write_rows(env, req, &wanted, &o, &e) < 0 ||
	    table_out_answer(&o, name, res, &e) < 0) {
		log_line(LOG_ERROR, "upload_rejects %.*s: %s", (int)req->id.n, req->id.p,
			 e.text);
		response_failure(res, "too_large", &e);
	}
	table_out_release(&o);
}

static int check_kind(struct slice kind, struct err *e)
{
	if (kind.n == 0 || slice_eq(kind, SLICE("rejected")) ||
	    slice_eq(kind, SLICE("duplicate")) || slice_eq(kind, SLICE("all")))
		return 0;
	return err_set(e, ERR_INPUT, "field \"kind\" must be rejected, duplicate or all");
}

/* As data, a page at a time: what the file lost, and the earlier rows of a number. */
static void list(struct handle_env *env, struct request *req, struct slice kind,
		 struct response *res)
{
	static const struct field_rule fields[] = {
		{ .name = "limit", .kind = FIELD_LIMIT, .max = LIST_MAX },
		{ .name = "cursor", .kind = FIELD_ID },
	};
	struct slice v[4] = { req->segment[0], kind.n > 0 ? kind : SLICE("all") };

	if (fields_read(req, fields, 2, &v[2], res) == 0)
		handle_stmt(env, STMT_UPLOAD_REJECTS, v, 4, req, res);
}

void handle_upload_rejects(struct handle_env *env, struct request *req,
			   struct response *res)
{
	struct err e = { .kind = ERR_NONE };
	struct stmt_result headings;
	struct slice format, kind;
	bool xlsx;

	if (request_query(req, SLICE("format"), &format, &e) < 0 ||
	    request_query(req, SLICE("kind"), &kind, &e) < 0 ||
	    check_kind(kind, &e) < 0 ||
	    check_label("upload", req->segment[0], 255, &e) < 0) {
		response_failure(res, "bad_field", &e);
		return;
	}
	if (format.n == 0 || slice_eq(format, SLICE("json"))) {
		list(env, req, kind, res);
		return;
	}
	/* Earlier rows of a number are not to be mended: uploaded again alone they would
	 * take the place of the row that counted. */
	if (kind.n == 0)
		kind = SLICE("rejected");
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
		export(env, req, xlsx, kind, &headings, res);
	}
}
