/*
 * Rows out of a table into PostgreSQL. What a row means is decided in parse/, what
 * becomes of it in SQL; this only carries, counts and reports.
 */
#include "server/import_load.h"

#include "server/clock.h"
#include "server/import_rows.h"
#include "server/log.h"
#include "server/stmt.h"

#include <ctype.h>
#include <inttypes.h>

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
	"Open it in Excel or LibreOffice, save it again as .xlsx, and upload that; if it "
	"does not open there, export or download it again where it came from.";
static const char fetch_again[] =
	"Export or download it again where it came from, and upload that.";
static const char mend_quotes[] =
	"Look at the quotes in that row and upload the file again.";

struct advice {
	const char *words, *advice;
};

/* What stands beside the first words that the text has. */
static const char *advice_for(const char *text, const struct advice *table, size_t n,
			      const char *otherwise)
{
	for (size_t i = 0; i < n; i++)
		if (strstr(text, table[i].words) != NULL)
			return table[i].advice;
	return otherwise;
}

/* What to do about a file that is over a limit. Splitting it helps only against too many
 * rows or bytes. */
static const char *limit_advice(const char *text)
{
	static const struct advice table[] = {
		{ "is beyond row", split_it },
		{ "bytes, which is the limit", split_it },
		{ "shared strings: more than", split_it },
		{ "characters", "Shorten that cell and upload the file again." },
		{ "a quote is not closed", mend_quotes },
		{ "columns", "Delete the columns that hold no waybill data." },
		{ "headings", "Delete the columns that hold no waybill data." },
		{ "row is too long", "Shorten that row and upload the file again." },
		{ "a row too large", "Shorten that row and upload the file again." },
	};

	return advice_for(text, table, sizeof(table) / sizeof(table[0]), save_again);
}

/* What to do about a file that is wrong. What lost bytes on its way no program opens. */
static const char *damage_advice(const char *text)
{
	static const struct advice table[] = {
		{ ": save the file as ", "" },
		{ "never closed", mend_quotes },
		{ "cut off", fetch_again },
		{ "damaged", fetch_again },
		{ "too short", fetch_again },
		{ "ends early", fetch_again },
		{ "ends inside", fetch_again },
		{ "local ", fetch_again },
		{ "than the directory says", fetch_again },
		{ "behind the end of", fetch_again },
		{ "is missing", fetch_again },
	};

	return advice_for(text, table, sizeof(table) / sizeof(table[0]), save_again);
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
		return import_refuse(j, 422, "damaged_file", "failed",
				     damage_advice(e->text));
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
		{ "has no sheets", "no_such_sheet", "" },
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
int import_tell(struct import_job *j, enum import_phase phase, struct err *e)
{
	struct import_progress p = { .phase = phase,
				     .direct = j->direct.yes,
				     .rows = j->report.staged + j->report.rejected };
	struct err ignored = { 0 };
	struct stmt_result r;
	struct slice v[6] = { j->id };

	p.bytes = table_progress(j->table, &p.bytes_total);
	v[1] = arena_printf(&j->row, "%" PRIu64, p.rows);
	v[2] = arena_printf(&j->row, "%" PRIu64, p.bytes);
	v[3] = arena_printf(&j->row, "%" PRIu64, p.bytes_total);
	v[4] = phase == IMPORT_READING ? SLICE("reading") : SLICE("merging");
	v[5] = p.direct ? SLICE("true") : SLICE("false");
	if (stmt_run(j->side, STMT_UPLOAD_PROGRESS, v, 6, &j->row, &r, &ignored) < 0)
		log_line(LOG_DEBUG, "upload progress: %s", ignored.text);
	else if (r.rows == 1 && slice_eq(stmt_value(&r, 0, 0), SLICE("t")))
		return import_cancelled(j, e);
	j->told_at = (int64_t)clock_ms();
	if (j->hooks != NULL && j->hooks->progress != NULL)
		j->hooks->progress(j->hooks->ctx, &p);
	return ask(j, e);
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
	    run(j, STMT_LONG_WORK, more, 2, &r, e) < 0)
		return -1;
	return run(j, STMT_IMPORT_BEGIN, lock, 2, &r, e);
}

/* The whole table by COPY. 1; 0 when it came to a stop (see import_rows()); -1. */
static int copy_rows(struct import_job *j, enum stmt_id copy, struct err *e)
{
	uint64_t rows;
	int rc;

	if (stmt_copy_begin(j->work, copy, e) < 0)
		return -1;
	rc = import_rows(j, e);
	if (rc < 0 || stmt_copy_end(j->work, &rows, e) < 0)
		return -1;
	if (rc == 1 && rows != j->report.staged)
		return err_set(e, ERR_INTERNAL,
			       "%" PRIu64 " rows were sent and %" PRIu64 " arrived",
			       j->report.staged, rows);
	return rc;
}

static bool all_refused(const struct import_job *j)
{
	return j->options->strict && j->report.rejected > 0;
}

/* To the table's first row, with nothing counted. */
static int rewind_table(struct import_job *j, struct err *e)
{
	struct slice sheet;

	buf_drop(&j->copy, j->copy.n);
	buf_drop(&j->ordered, j->ordered.n);
	hash_set_release(&j->numbers);
	j->repeated = false;
	j->report = (struct import_report){ .format = table_format(j->table),
					    .left = &j->left };
	import_report_today(&j->report.notes);
	if (import_spool_clear(&j->rejects, e) < 0)
		return -1;
	if (import_columns_find(j->side, j->table, j->options, &j->file, &j->columns,
				&sheet, &j->report.chosen, e) < 0)
		return import_columns_failed(j, e);
	j->report.sheet = sheet;
	j->report.columns = &j->columns;
	return 0;
}

/*
 * A manifest is mostly new: when its first numbers are unknown, all rows go into the
 * table as they are read. 1 all are there; 0 none is, because a number was known or came
 * twice after all, or the dates are to be read in another way than the first rows said.
 */
static int load_directly(struct import_job *j, struct err *e)
{
	struct date_order *signing = &j->report.notes.signing;
	struct date_order *submission = &j->report.notes.submission;
	struct err known = { 0 };
	struct stmt_result r;
	struct slice numbers;
	int rc;

	if (import_rows_first(j, &numbers, e) < 0 ||
	    run(j, STMT_IMPORT_KNOWN, &numbers, 1, &r, e) < 0)
		return -1;
	j->direct = (struct import_direct){
		.yes = number(&r, 0) == 0,
		.signing_day_first = import_report_day_first(signing, submission),
		.submission_day_first = import_report_day_first(submission, signing),
	};
	if (rewind_table(j, e) < 0)
		return -1;
	if (!j->direct.yes)
		return 0;
	rc = copy_rows(j, STMT_IMPORT_DIRECT, &known);
	j->direct.yes = false;
	if (rc == 1 &&
	    j->direct.signing_day_first == import_report_day_first(signing, submission) &&
	    j->direct.submission_day_first ==
		    import_report_day_first(submission, signing))
		return 1;
	if (rc < 0 && (known.kind != ERR_INPUT || j->refusal.http_status != 0))
		return err_set(e, known.kind, "%s", known.text);
	if (run(j, STMT_ROLLBACK_TO, NULL, 0, &r, e) < 0 || rewind_table(j, e) < 0)
		return -1;
	/* What is left is reckoned from here on. */
	return import_tell(j, IMPORT_READING, e);
}

static int merge(struct import_job *j, struct err *e)
{
	const struct waybill_notes *n = &j->report.notes;
	struct slice yes = SLICE("true"), no = SLICE("false");
	struct slice v[5] = {
		j->id,
		j->options->batch ? yes : no,
		import_report_day_first(&n->signing, &n->submission) ? yes : no,
		import_report_day_first(&n->submission, &n->signing) ? yes : no,
	};
	struct stmt_result r;

	if (import_columns_json(&j->columns, &j->cells, e) < 0)
		return -1;
	v[4] = buf_slice(&j->cells);
	if (run(j, STMT_IMPORT_MERGE, v, 5, &r, e) < 0)
		return -1;
	j->report.inserted = number(&r, 0);
	j->report.updated = number(&r, 1);
	j->report.on_hold = number(&r, 3);
	if (j->report.inserted + number(&r, 2) == j->report.staged - j->report.duplicate)
		return 0;
	/* Another has brought some of them since the merge began to look. */
	if (run(j, STMT_IMPORT_HELD, &j->id, 1, &r, e) < 0)
		return -1;
	j->report.on_hold = number(&r, 0);
	return 0;
}

/* By way of the staging table, from where each row finds what is known of its number. */
static int load_staged(struct import_job *j, struct err *e)
{
	struct stmt_result r;

	if (run(j, STMT_IMPORT_STAGING, NULL, 0, &r, e) < 0)
		return -1;
	if (copy_rows(j, STMT_IMPORT_COPY, e) < 0)
		/* A value that the reader let through is as much the file's fault. */
		return j->refusal.http_status == 0 && e->kind == ERR_INPUT
			       ? import_table_failed(j, e)
			       : -1;
	if (import_tell(j, IMPORT_MERGING, e) < 0 ||
	    run(j, STMT_IMPORT_MERGING, NULL, 0, &r, e) < 0)
		return -1;
	hash_set_release(&j->numbers);
	if (j->repeated && run(j, STMT_IMPORT_DUPLICATES, &j->id, 1, &r, e) < 0)
		return -1;
	j->report.duplicate = j->repeated ? number(&r, 0) : 0;
	/* Repeated rows are reported, whatever becomes of the others. */
	if (run(j, STMT_SAVEPOINT, NULL, 0, &r, e) < 0)
		return -1;
	return all_refused(j) ? 0 : merge(j, e);
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
		j->report.refused = true;
		v[1] = SLICE("failed");
		v[2] = SLICE("rows_rejected");
		v[3] = arena_printf(
			j->answer,
			"%" PRIu64 " of %" PRIu64 " rows cannot be read, and every row "
			"was asked for, so nothing was loaded: mend the rows listed and "
			"upload the file again.",
			j->report.rejected, j->report.staged + j->report.rejected);
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

/* The rows, or none of them when this is a trial or one was rejected that must not be. */
static int load_table(struct import_job *j, struct err *e)
{
	/* Without an order of the numbers two imports may wait for each other in a
	 * circle: the one that is ended starts again, and does not go that way twice. */
	bool in_order = j->direct_tried;
	struct stmt_result r;
	int rc;

	j->direct_tried = true;
	if (run(j, STMT_SAVEPOINT, NULL, 0, &r, e) < 0)
		return -1;
	rc = in_order ? 0 : load_directly(j, e);
	if (rc < 0 || (rc == 0 && load_staged(j, e) < 0))
		return -1;
	if (all_refused(j))
		return run(j, STMT_ROLLBACK_TO, NULL, 0, &r, e);
	j->report.loaded = true;
	if (rc == 1)
		j->report.inserted = j->report.staged;
	return j->options->dry_run ? run(j, STMT_ROLLBACK_TO, NULL, 0, &r, e)
				   : import_columns_keep(j->work, j->options, &j->columns,
							 &j->file, e);
}

/* To the first row of the sheet that is read, knowing which others there are. */
static int choose_sheet(struct import_job *j, struct err *e)
{
	if (rewind_table(j, e) < 0)
		return -1;
	if (table_sheets(j->table) == 1)
		return 0;
	import_sheets_find(j->side, j->table, j->options, j->report.sheet, &j->left);
	return rewind_table(j, e);
}

int import_load(struct import_job *j, struct stmt_result *r_r, struct err *e)
{
	arena_reset(&j->file);
	if (choose_sheet(j, e) < 0 || begin(j, e) < 0 || load_table(j, e) < 0)
		return -1;
	if (copy_rejects(j, e) < 0 || finish(j, all_refused(j), r_r, e) < 0)
		return -1;
	/* The last word before the COMMIT is the client's. (Progress is not told any
	 * more: the upload's row is ours until then.) */
	return ask(j, e);
}
