/*
 * Rows out of a table into PostgreSQL. What a row means is decided in parse/, what
 * becomes of it in SQL; this only carries, counts and reports.
 */
#include "server/import_load.h"

#include "parse/json_write.h"
#include "parse/xlsx_text.h"
#include "server/clock.h"
#include "server/import_copy.h"
#include "server/log.h"
#include "server/stmt.h"

#include <ctype.h>
#include <inttypes.h>

enum {
	PIECE = 64 * 1024, /* of the COPY stream */
	TELL_MS = 400,
	TELL_ROWS = 256,   /* how often the clock is looked at */
	SAMPLE_ROWS = 5000 /* a smaller file is its own sample */
};

int import_refuse(struct import_job *j, unsigned http_status, const char *code,
		  const char *state, const char *advice)
{
	j->refusal = (struct import_refusal){ http_status, code, state, advice };
	return -1;
}

struct slice import_sentence(struct arena *a, const char *text, const char *advice)
{
	size_t n = strlen(text);
	const char *stop = n > 0 && strchr(".?!", text[n - 1]) != NULL ? "" : ".";

	return arena_printf(a, "%c%s%s%s%s", toupper((unsigned char)text[0]),
			    n > 0 ? text + 1 : "", stop, *advice != '\0' ? " " : "",
			    advice);
}

static const char split_it[] = "Split it into several files.";
static const char save_again[] =
	"Open it in Excel or LibreOffice, save it again as .xlsx, and upload that.";

/* What to do about a file that is over a limit. Splitting it helps only against too many
 * rows or bytes. */
static const char *limit_advice(const char *text)
{
	static const struct {
		const char *words, *advice;
	} table[] = {
		{ "is beyond row", split_it },
		{ "bytes, which is the limit", split_it },
		{ "shared strings: more than", split_it },
		{ "characters", "Shorten that cell and upload the file again." },
		{ "a quote is not closed",
		  "Look at the quotes in that row and upload the file again." },
		{ "columns", "Delete the columns that hold no waybill data." },
		{ "headings", "Delete the columns that hold no waybill data." },
		{ "row is too long", "Shorten that row and upload the file again." },
		{ "a row too large", "Shorten that row and upload the file again." },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strstr(text, table[i].words) != NULL)
			return table[i].advice;
	return save_again;
}

/* The reader's failures: whose fault are they? One whose text already says what to
 * upload gets no second advice. */
int import_table_failed(struct import_job *j, const struct err *e)
{
	switch (e->kind) {
	case ERR_UNSUPPORTED:
		return import_refuse(j, 415, "not_a_workbook", "failed", "");
	case ERR_LIMIT:
		return import_refuse(j, 413, "too_large", "failed",
				     limit_advice(e->text));
	case ERR_INPUT:
		return import_refuse(
			j, 422, "damaged_file", "failed",
			strstr(e->text, ": save the file as ") != NULL ? "" : save_again);
	default:
		return -1;
	}
}

/* columns_find() says why it found nothing in its first words. */
int import_columns_failed(struct import_job *j, const struct err *e)
{
	static const struct {
		const char *words, *code, *advice;
	} table[] = {
		{ "no column for the waybill number", "no_waybill_column",
		  "Name the column that holds the waybill numbers \"Waybill Number\"." },
		{ "no column is headed", "no_such_heading",
		  "Choose columns by the headings that the file has." },
		{ "no sheet", "no_such_sheet", "Choose one of the file's sheets." },
		{ "no heading row", "no_heading_row",
		  "The row above the data must name the columns, one of them \"Waybill "
		  "Number\"." },
		{ "names the waybill number and nothing else", "no_heading_row",
		  "The row above the data must name the columns." },
		{ "every sheet is hidden", "no_heading_row", "" },
		{ "is empty: ", "no_heading_row", "" },
	};

	for (size_t i = 0; e->kind == ERR_INPUT && i < sizeof(table) / sizeof(table[0]);
	     i++)
		if (strstr(e->text, table[i].words) != NULL)
			return import_refuse(j, 422, table[i].code, "failed",
					     table[i].advice);
	return import_table_failed(j, e);
}

int import_cancelled(struct import_job *j, struct err *e)
{
	(void)err_set(e, ERR_INPUT, "cancelled");
	return import_refuse(j, 409, "cancelled", "cancelled",
			     "Nothing of it was loaded.");
}

void import_claim_params(const struct import_job *j, struct slice v[2])
{
	static const struct slice none = { NULL, 0 };

	v[0] = j->claim == NULL ? none : j->claim->job;
	v[1] = j->claim == NULL ? none : j->claim->claim;
}

/* Does anybody still want it? A queue worker's task that nobody waits for any more has
 * lost its worker: the job is another's business. */
static int ask(struct import_job *j, struct err *e)
{
	if (j->hooks == NULL || j->hooks->wanted == NULL ||
	    j->hooks->wanted(j->hooks->ctx))
		return 0;
	if (j->claim != NULL)
		return err_set(e, ERR_TRANSIENT, "the queue worker is gone");
	(void)err_set(e, ERR_INPUT, "given up before it was loaded");
	return import_refuse(j, 409, "cancelled", "cancelled",
			     "Nothing of it was loaded.");
}

/* Others see how far it is through the side connection. What goes wrong there is not
 * worth the import. */
static int tell(struct import_job *j, enum import_phase phase, struct err *e)
{
	struct import_progress p = { .phase = phase,
				     .rows = j->report.staged + j->report.rejected };
	struct err ignored = { 0 };
	struct stmt_result r;
	struct slice v[5] = { j->id };

	p.bytes = table_progress(j->table, &p.bytes_total);
	v[1] = arena_printf(&j->row, "%" PRIu64, p.rows);
	v[2] = arena_printf(&j->row, "%" PRIu64, p.bytes);
	v[3] = arena_printf(&j->row, "%" PRIu64, p.bytes_total);
	v[4] = phase == IMPORT_READING ? SLICE("reading") : SLICE("merging");
	if (stmt_run(j->side, STMT_UPLOAD_PROGRESS, v, 5, &j->row, &r, &ignored) < 0)
		log_line(LOG_DEBUG, "upload progress: %s", ignored.text);
	else if (r.rows == 1 && slice_eq(stmt_value(&r, 0, 0), SLICE("t")))
		return import_cancelled(j, e);
	j->told_at = (int64_t)clock_ms();
	if (j->hooks != NULL && j->hooks->progress != NULL)
		j->hooks->progress(j->hooks->ctx, &p);
	return ask(j, e);
}

static int tell_now_and_then(struct import_job *j, struct err *e)
{
	uint64_t rows = j->report.staged + j->report.rejected;

	if (rows % TELL_ROWS != 0 || (int64_t)clock_ms() - j->told_at < TELL_MS)
		return 0;
	return tell(j, IMPORT_READING, e);
}

/* PostgreSQL refuses a value that the reader let through: as much the file's fault. */
static int copy_failed(struct import_job *j, const struct err *e)
{
	return e->kind == ERR_INPUT ? import_table_failed(j, e) : -1;
}

static int stage(struct import_job *j, uint64_t row, const struct waybill *w,
		 struct err *e)
{
	struct slice extra = w->extra;
	struct buf *b = &j->copy;

	/* Spares PostgreSQL the reading of an empty object. */
	if (slice_eq(extra, SLICE("{}")))
		extra = (struct slice){ NULL, 0 };
	if (import_copy_number(b, row, '\t', e) < 0)
		return -1;
	for (int f = 0; f < FIELD_COUNT; f++)
		if (import_copy_field(b, w->value[f], '\t', e) < 0)
			return -1;
	if (import_copy_field(b, w->signing_day_first, '\t', e) < 0 ||
	    import_copy_field(b, w->submission_day_first, '\t', e) < 0 ||
	    import_copy_field(b, extra, '\n', e) < 0)
		return -1;
	j->report.staged++;
	if (w->unknown_status.p != NULL)
		import_report_status(&j->report, w->unknown_status, &j->file);
	if (b->n < PIECE)
		return 0;
	if (stmt_copy_put(j->work, buf_slice(b), e) < 0)
		return copy_failed(j, e);
	buf_drop(b, b->n);
	return 0;
}

/* A rejected row's cells by heading; a cell under none by its column's letters. */
static int cells_json(struct import_job *j, const struct row *r, struct err *e)
{
	const struct columns *c = &j->columns;
	char letters[XLSX_TEXT_COLUMN];
	size_t at = 0;

	buf_drop(&j->cells, j->cells.n);
	if (json_write_object(&j->cells, e) < 0)
		return -1;
	for (size_t i = 0; i < r->n; i++) {
		struct slice name;

		while (at < c->n && c->column[at].column < r->cells[i].column)
			at++;
		if (at < c->n && c->column[at].column == r->cells[i].column)
			name = c->column[at].heading;
		else
			name = (struct slice){
				letters, xlsx_text_column(r->cells[i].column, letters)
			};
		if (json_write_key(&j->cells, name, e) < 0 ||
		    json_write_string(&j->cells, r->cells[i].text, e) < 0)
			return -1;
	}
	return json_write_object_end(&j->cells, e);
}

static int reject(struct import_job *j, const struct row *r, const struct reject *why,
		  struct err *e)
{
	struct err too_wide = { 0 };
	struct slice cells = SLICE("{}");
	struct buf b;
	int rc = -1;

	if (cells_json(j, r, &too_wide) == 0)
		cells = buf_slice(&j->cells);
	buf_init(&b, (size_t)8 * IMPORT_CELLS_MAX);
	if (import_copy_field(&b, j->id, '\t', e) == 0 &&
	    import_copy_number(&b, r->number, '\t', e) == 0 &&
	    import_copy_field(&b, SLICE("rejected"), '\t', e) == 0 &&
	    import_copy_field(&b, why->heading, '\t', e) == 0 &&
	    import_copy_field(&b, why->text, '\t', e) == 0 &&
	    import_copy_field(&b, why->reason, '\t', e) == 0 &&
	    import_copy_field(&b, cells, '\n', e) == 0)
		rc = import_spool_add(&j->rejects, buf_slice(&b), e);
	buf_release(&b);
	j->report.rejected++;
	return rc;
}

static int load_row(struct import_job *j, const struct row *r, struct err *e)
{
	enum row_verdict verdict;
	struct reject why;
	struct waybill w;

	arena_reset(&j->row);
	if (waybill_read(&j->columns, r, &j->row, &j->report.notes, &verdict, &w, &why,
			 e) < 0) {
		(void)err_prefix(e, "row %" PRIu64, r->number);
		return import_table_failed(j, e);
	}
	switch (verdict) {
	case ROW_WAYBILL:
		return stage(j, r->number, &w, e);
	case ROW_REJECTED:
		return reject(j, r, &why, e);
	case ROW_BLANK:
	case ROW_FOOTER:
		break;
	}
	return 0;
}

static int load_rows(struct import_job *j, struct err *e)
{
	struct row r;
	int step;

	while ((step = table_next(j->table, &r, e)) == PARSE_MORE)
		if (load_row(j, &r, e) < 0 || tell_now_and_then(j, e) < 0)
			return -1;
	return step == PARSE_DONE ? 0 : import_table_failed(j, e);
}

static int run(struct import_job *j, enum stmt_id id, const struct slice *v, size_t n,
	       struct stmt_result *r, struct err *e)
{
	return stmt_run(j->work, id, v, n, &j->file, r, e);
}

static uint64_t number(const struct stmt_result *r, size_t column)
{
	struct slice s = r->rows == 1 ? stmt_value(r, 0, column) : SLICE("");
	uint64_t n = 0;

	for (size_t i = 0; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
		n = n * 10 + (uint64_t)(s.p[i] - '0');
	return n;
}

static int begin(struct import_job *j, struct err *e)
{
	struct slice who = j->options->uploaded_by;
	struct slice lock[2] = { j->id, who.n > 0 ? who : (struct slice){ NULL, 0 } };
	struct slice more[2] = { arena_printf(&j->file, "%u",
					      (unsigned)j->cfg->task_timeout),
				 SLICE("64MB") };
	struct stmt_result r;

	db_patience(j->work, j->cfg->task_timeout);
	if (run(j, STMT_BEGIN, NULL, 0, &r, e) < 0 ||
	    run(j, STMT_LONG_WORK, more, 2, &r, e) < 0 ||
	    run(j, STMT_IMPORT_BEGIN, lock, 2, &r, e) < 0)
		return -1;
	return run(j, STMT_IMPORT_STAGING, NULL, 0, &r, e);
}

static int copy_rows(struct import_job *j, struct err *e)
{
	uint64_t rows;

	if (stmt_copy_begin(j->work, STMT_IMPORT_COPY, e) < 0 || load_rows(j, e) < 0)
		return -1;
	if (stmt_copy_put(j->work, buf_slice(&j->copy), e) < 0 ||
	    stmt_copy_end(j->work, &rows, e) < 0)
		return copy_failed(j, e);
	if (rows != j->report.staged)
		return err_set(e, ERR_INTERNAL,
			       "%" PRIu64 " rows were sent and %" PRIu64 " arrived",
			       j->report.staged, rows);
	return 0;
}

/*
 * A manifest is mostly new: when no number of a sample is known, all rows are inserted as
 * new ones. 1 done; 0 not done, because a number was known after all; -1.
 */
static int insert_all(struct import_job *j, const struct slice v[4], struct err *e)
{
	struct slice sample = j->report.staged < SAMPLE_ROWS ? SLICE("100") : SLICE("2");
	struct err known = { 0 };
	struct stmt_result r;

	if (run(j, STMT_IMPORT_KNOWN, &sample, 1, &r, e) < 0)
		return -1;
	if (number(&r, 0) > 0)
		return 0;
	if (run(j, STMT_IMPORT_INSERT, v, 4, &r, &known) == 0) {
		j->report.inserted = j->report.staged - j->report.duplicate;
		return 1;
	}
	if (known.kind != ERR_INPUT)
		return err_set(e, known.kind, "%s", known.text);
	return run(j, STMT_ROLLBACK_TO, NULL, 0, &r, e);
}

static int merge(struct import_job *j, struct err *e)
{
	const struct waybill_notes *n = &j->report.notes;
	struct slice yes = SLICE("true"), no = SLICE("false");
	struct slice v[4] = {
		j->id,
		j->options->batch ? yes : no,
		import_report_day_first(&n->signing, &n->submission) ? yes : no,
		import_report_day_first(&n->submission, &n->signing) ? yes : no,
	};
	struct stmt_result r;
	int done;

	if (run(j, STMT_SAVEPOINT, NULL, 0, &r, e) < 0)
		return -1;
	done = insert_all(j, v, e);
	if (done < 0)
		return -1;
	if (done == 0) {
		if (run(j, STMT_IMPORT_MERGE, v, 4, &r, e) < 0)
			return -1;
		j->report.inserted = number(&r, 0);
		j->report.updated = number(&r, 1);
		if (run(j, STMT_IMPORT_HELD, &j->id, 1, &r, e) < 0)
			return -1;
		j->report.on_hold = number(&r, 0);
	}
	j->report.loaded = true;
	return j->options->dry_run ? run(j, STMT_ROLLBACK_TO, NULL, 0, &r, e)
				   : import_columns_keep(j->work, j->options, &j->columns,
							 &j->file, e);
}

static int put_piece(void *to, struct slice bytes, struct err *e)
{
	return stmt_copy_put(to, bytes, e);
}

static int copy_rejects(struct import_job *j, struct err *e)
{
	struct sink out = { put_piece, j->work };
	uint64_t rows;

	if (j->report.rejected == 0)
		return 0;
	if (stmt_copy_begin(j->work, STMT_IMPORT_REJECTS, e) < 0 ||
	    import_spool_read(&j->rejects, out, e) < 0)
		return -1;
	return stmt_copy_end(j->work, &rows, e);
}

static int finish(struct import_job *j, bool strictly_refused, struct stmt_result *r_r,
		  struct err *e)
{
	struct slice v[8] = { j->id, SLICE("completed") };
	struct buf facts;
	int rc = -1;

	import_claim_params(j, &v[6]);
	if (strictly_refused) {
		v[1] = SLICE("failed");
		v[2] = SLICE("rows_rejected");
		v[3] = SLICE(
			"Some rows cannot be read, and every row was asked for, so "
			"nothing was loaded: mend the rows listed and upload the file "
			"again.");
	}
	v[4] = strictly_refused ? SLICE("422") : SLICE("200");
	buf_init(&facts, (size_t)16 * 1024 * 1024);
	if (import_report_json(&j->report, &facts, e) == 0) {
		v[5] = buf_slice(&facts);
		rc = stmt_run(j->work, STMT_IMPORT_FINISH, v, 8, j->answer, r_r, e);
	}
	buf_release(&facts);
	if (rc < 0 || r_r->rows != 1 || stmt_value(r_r, 0, 1).p != NULL)
		return rc;
	if (slice_eq(stmt_value(r_r, 0, 0), SLICE("409")))
		return import_cancelled(j, e);
	return err_set(e, ERR_INTERNAL, "another worker has taken this upload over");
}

static int find_columns(struct import_job *j, struct err *e)
{
	struct slice sheet;

	if (import_columns_find(j->side, j->table, j->options, &j->file, &j->columns,
				&sheet, &j->report.chosen, e) < 0)
		return import_columns_failed(j, e);
	j->report.sheet = sheet;
	j->report.columns = &j->columns;
	return 0;
}

int import_load(struct import_job *j, struct stmt_result *r_r, struct err *e)
{
	struct stmt_result r;
	bool refuse_all;

	arena_reset(&j->file);
	buf_drop(&j->copy, j->copy.n);
	j->report = (struct import_report){ .format = table_format(j->table) };
	if (import_spool_clear(&j->rejects, e) < 0 || find_columns(j, e) < 0 ||
	    begin(j, e) < 0 || copy_rows(j, e) < 0 || tell(j, IMPORT_MERGING, e) < 0 ||
	    run(j, STMT_IMPORT_MERGING, NULL, 0, &r, e) < 0 ||
	    run(j, STMT_IMPORT_DUPLICATES, &j->id, 1, &r, e) < 0)
		return -1;
	j->report.duplicate = number(&r, 0);
	refuse_all = j->options->strict && j->report.rejected > 0;
	if (!refuse_all && merge(j, e) < 0)
		return -1;
	if (copy_rejects(j, e) < 0 || finish(j, refuse_all, r_r, e) < 0)
		return -1;
	/* The last word before the COMMIT is the client's. (Progress is not told any
	 * more: the upload's row is ours until then.) */
	return ask(j, e);
}
