/*
 * The story of one upload: begun, tried up to three times, and told to the client as what
 * the database says of it. How a file is read and loaded stands in import_load.
 */
#include "server/import.h"

#include "server/import_columns.h"
#include "server/import_load.h"
#include "server/import_sum.h"
#include "server/log.h"

#include <inttypes.h>
#include <time.h>
#include <unistd.h>

enum { ATTEMPTS = 3, FILE_ARENA_MAX = 64 * 1024 * 1024, SETTLE_ATTEMPTS = 20 };

/* An upload's row as a statement answered it: (status, body). */
static int take_answer(const struct stmt_result *r, size_t status,
		       struct import_answer *answer, struct err *e)
{
	struct slice code;

	if (r->rows != 1)
		return err_set(e, ERR_INTERNAL, "the upload's row is gone");
	code = stmt_value(r, 0, status);
	answer->http_status = 0;
	for (size_t i = 0; i < code.n && i < 3; i++)
		answer->http_status =
			answer->http_status * 10 + (unsigned)(code.p[i] - '0');
	answer->json = stmt_value(r, 0, status + 1);
	return 0;
}

static struct slice or_null(struct slice s)
{
	return s.n > 0 ? s : (struct slice){ NULL, 0 };
}

/* 1 when the upload is to be loaded, 0 when its key is answered already. */
static int begin(struct import_job *j, const struct import_sum *sum,
		 struct import_answer *answer, struct err *e)
{
	const struct import_options *o = j->options;
	struct slice yes = SLICE("true"), no = SLICE("false");
	struct slice v[9] = {
		or_null(o->upload_key),
		or_null(o->file_name),
		or_null(o->uploaded_by),
		o->dry_run ? yes : no,
		o->strict ? yes : no,
		o->batch ? yes : no,
		arena_printf(j->answer, "%" PRIu64, sum->size),
		arena_printf(j->answer, "%" PRIu32, sum->crc32),
		import_columns_reading(o, j->answer),
	};
	struct stmt_result r;

	if (stmt_run(j->side, STMT_UPLOAD_BEGIN, v, 9, j->answer, &r, e) < 0)
		return -1;
	if (r.rows != 1)
		return err_set(e, ERR_INTERNAL, "an upload cannot be begun");
	if (stmt_value(&r, 0, 1).p != NULL)
		return take_answer(&r, 1, answer, e);
	j->id = stmt_value(&r, 0, 0);
	if (j->hooks != NULL && j->hooks->begun != NULL)
		j->hooks->begun(j->hooks->ctx, j->id);
	return 1;
}

/* The same for a queued upload, whose row is there: -1 with a refusal when it was
 * cancelled. */
static int take(struct import_job *j, struct err *e)
{
	struct slice v[3] = { j->claim->upload, j->claim->job, j->claim->claim };
	struct stmt_result r;

	j->id = j->claim->upload;
	if (stmt_run(j->side, STMT_UPLOAD_TAKE, v, 3, j->answer, &r, e) < 0)
		return -1;
	if (r.rows == 1 && slice_eq(stmt_value(&r, 0, 0), SLICE("0")))
		return 0;
	if (r.rows == 1 && slice_eq(stmt_value(&r, 0, 0), SLICE("409")))
		return import_cancelled(j, e);
	return err_set(e, ERR_INTERNAL, "another worker has taken this upload over");
}

/* The upload's lock goes with the connection; a connection that stays gives it back. */
static void release(struct import_job *j)
{
	struct err e = { 0 };
	struct stmt_result r;

	if (stmt_run(j->side, STMT_UPLOAD_RELEASE, &j->id, 1, j->answer, &r, &e) < 0)
		log_line(LOG_DEBUG, "upload lock: %s", e.text);
}

static void roll_back(struct import_job *j)
{
	struct err e = { 0 };
	struct stmt_result r;

	if (stmt_run(j->work, STMT_ROLLBACK, NULL, 0, j->answer, &r, &e) < 0)
		log_line(LOG_DEBUG, "rollback: %s", e.text);
}

static void wait_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	(void)nanosleep(&t, NULL);
}

/*
 * The connection went during COMMIT. Whether the rows are there is known once the server
 * is back and the transaction is over. 1 loaded, 0 not loaded, -1 cannot be found out.
 */
static int settle(struct import_job *j, struct import_answer *answer, struct err *e)
{
	for (int i = 0; i < SETTLE_ATTEMPTS; i++) {
		struct err again = { 0 };
		struct stmt_result r;

		if (stmt_run(j->side, STMT_UPLOAD_SETTLED, &j->id, 1, j->answer, &r,
			     &again) == 0) {
			if (take_answer(&r, 0, answer, e) < 0)
				return -1;
			return answer->http_status == 200 ? 1 : 0;
		}
		wait_ms(500);
	}
	return -1;
}

/* One transaction. 0 with the answer, or -1: see j->refusal and e. */
static int attempt(struct import_job *j, struct import_answer *answer, struct err *e)
{
	struct err commit = { 0 };
	struct stmt_result r, none;
	int known;

	if (import_load(j, &r, e) < 0 || take_answer(&r, 0, answer, e) < 0) {
		roll_back(j);
		return -1;
	}
	if (stmt_run(j->work, STMT_COMMIT, NULL, 0, j->answer, &none, &commit) == 0)
		return 0;
	roll_back(j);
	if (commit.kind != ERR_UNCERTAIN)
		return err_set(e, commit.kind, "%s", commit.text);
	known = settle(j, answer, e);
	if (known == 1)
		return 0;
	return err_set(e, known == 0 ? ERR_TRANSIENT : ERR_UNCERTAIN, "%s", commit.text);
}

/* A deadlock, a serialization failure, a server that went: the file is still here. */
static int attempts(struct import_job *j, struct import_answer *answer, struct err *e)
{
	for (int n = 1;; n++) {
		struct err failed = { 0 };

		if (attempt(j, answer, &failed) == 0)
			return 0;
		if (j->refusal.http_status != 0 || failed.kind != ERR_TRANSIENT ||
		    n == ATTEMPTS)
			return err_set(e, failed.kind, "%s", failed.text);
		log_line(LOG_WARNING, "upload %.*s: attempt %d: %s", (int)j->id.n,
			 j->id.p, n, failed.text);
		wait_ms(200L * n + getpid() % 100);
	}
}

/* Writes down that nothing was loaded, and why. */
static int fail(struct import_job *j, const char *state, const char *code,
		struct slice message, unsigned http_status, struct import_answer *answer,
		struct err *e)
{
	struct slice v[8] = { j->id, slice_str(state), slice_str(code), message,
			      arena_printf(j->answer, "%u", http_status) };
	struct stmt_result r;
	struct buf facts;
	int rc = -1;

	import_claim_params(j, &v[6]);
	j->report.loaded = false;
	buf_init(&facts, FILE_ARENA_MAX);
	if (import_report_json(&j->report, &facts, e) == 0) {
		v[5] = buf_slice(&facts);
		if (stmt_run(j->side, STMT_UPLOAD_FAIL, v, 8, j->answer, &r, e) == 0)
			rc = take_answer(&r, 0, answer, e);
	}
	buf_release(&facts);
	return rc;
}

static int refuse(struct import_job *j, const struct err *why,
		  struct import_answer *answer, struct err *e)
{
	const struct import_refusal *f = &j->refusal;

	return fail(j, f->state, f->code,
		    import_sentence(j->answer, why->text, f->advice), f->http_status,
		    answer, e);
}

/* Our own trouble: the upload's row says so if it can, and the caller is told by e. A
 * queued one may be tried again, which its worker decides. */
static int give_up(struct import_job *j, const struct err *why, struct err *e)
{
	struct import_answer unused;
	struct err ignored = { 0 };

	if (j->claim == NULL && why->kind != ERR_UNCERTAIN &&
	    fail(j, "failed",
		 why->kind == ERR_TRANSIENT ? "database_unreachable"
		 : why->kind == ERR_ROOM    ? "no_room"
		 : why->kind == ERR_BUSY    ? "busy"
					    : "internal_error",
		 SLICE("The server had a problem while it was loading this file; nothing "
		       "of it "
		       "was loaded: upload it again."),
		 503, &unused, &ignored) < 0)
		log_line(LOG_DEBUG, "upload %.*s: %s", (int)j->id.n, j->id.p,
			 ignored.text);
	return err_set(e, why->kind, "%s", why->text);
}

static int import(struct import_job *j, int fd, uint64_t start, uint64_t size,
		  struct import_answer *answer, struct err *e)
{
	struct table_limits limits = table_limits_default;
	struct err why = { 0 };
	int rc;

	limits.max_strings = j->cfg->max_shared_strings;
	if (j->claim != NULL && take(j, &why) < 0)
		rc = -1;
	else if (table_open(fd, start, size, &limits, &j->table, &why) == 0)
		rc = attempts(j, answer, &why);
	else
		rc = import_table_failed(j, &why);
	if (rc < 0 && why.kind == ERR_MEMORY && j->refusal.http_status == 0)
		(void)import_refuse(j, 422, "out_of_memory", "failed",
				    "The file needs more memory than the server gives "
				    "(task_memory): split it into several, or ask the "
				    "administrator to raise that.");
	if (rc < 0)
		rc = j->refusal.http_status != 0 ? refuse(j, &why, answer, e)
						 : give_up(j, &why, e);
	return rc;
}

/* Scans of numbers that were unknown until now are matched, in a transaction of their
 * own: they lock what stations work with, for which an import takes too long. When that
 * fails the rows are loaded all the same, and the next upload matches them, or the
 * scheduled job that is for an upload which died just here. */
static void match_scans(struct import_job *j, struct import_answer *answer)
{
	struct err e = { 0 };
	struct import_answer more;
	struct slice v[2] = { j->id, arena_printf(j->answer, "%u", answer->http_status) };
	struct stmt_result r;

	if (!j->report.loaded || j->options->dry_run)
		return;
	if (stmt_run(j->work, STMT_UPLOAD_MATCH, v, 2, j->answer, &r, &e) == 0 &&
	    take_answer(&r, 0, &more, &e) == 0)
		*answer = more;
	else
		log_line(LOG_WARNING, "upload %.*s: unknown scans: %s", (int)j->id.n,
			 j->id.p, e.text);
}

static void tell_done(const struct import_job *j)
{
	struct import_progress p = { .phase = IMPORT_DONE,
				     .rows = j->report.staged + j->report.rejected };

	if (j->hooks == NULL || j->hooks->progress == NULL)
		return;
	if (j->table != NULL)
		p.bytes = table_progress(j->table, &p.bytes_total);
	j->hooks->progress(j->hooks->ctx, &p);
}

static void tell_loaded(const struct import_job *j)
{
	const struct import_report *r = &j->report;
	struct import_rows rows = { .inserted = r->inserted,
				    .updated = r->updated,
				    .duplicate = r->duplicate,
				    .rejected = r->rejected };

	if (j->hooks == NULL || j->hooks->loaded == NULL || !r->loaded ||
	    j->options->dry_run)
		return;
	rows.unchanged = r->staged - r->duplicate - r->inserted - r->updated;
	j->hooks->loaded(j->hooks->ctx, &rows);
}

static void job_init(struct import_job *j)
{
	arena_init(&j->file, FILE_ARENA_MAX);
	arena_init(&j->row, IMPORT_ROW_MAX);
	buf_init(&j->copy, (size_t)2 * IMPORT_ROW_MAX);
	buf_init(&j->ordered, (size_t)2 * IMPORT_ROW_MAX);
	hash_set_init(&j->numbers, IMPORT_NUMBERS_MAX);
	buf_init(&j->cells, IMPORT_CELLS_MAX);
	import_spool_init(&j->rejects, j->cfg->spool_dir);
}

static void job_release(struct import_job *j)
{
	db_patience(j->work, 0);
	table_close(&j->table);
	import_spool_release(&j->rejects);
	buf_release(&j->cells);
	buf_release(&j->ordered);
	hash_set_release(&j->numbers);
	buf_release(&j->copy);
	arena_release(&j->row);
	arena_release(&j->file);
}

/* An upload that has begun, or is the queue's. */
static int load(struct import_job *j, int fd, uint64_t start, uint64_t size,
		struct import_answer *answer, struct err *e)
{
	int rc = import(j, fd, start, size, answer, e);

	if (rc == 0)
		match_scans(j, answer);
	tell_done(j);
	if (rc == 0)
		tell_loaded(j);
	release(j);
	return rc;
}

int import_run(const struct config *cfg, struct db *work, struct db *side, int fd,
	       uint64_t start, uint64_t size, const struct import_options *o,
	       const struct import_hooks *hooks, struct arena *a,
	       struct import_answer *answer, struct err *e)
{
	struct import_job j = { .cfg = cfg,
				.work = work,
				.side = side,
				.options = o,
				.hooks = hooks,
				.answer = a };
	struct import_sum sum;
	int rc;

	job_init(&j);
	rc = import_sum(fd, start, size, &sum, e);
	if (rc == 0)
		rc = begin(&j, &sum, answer, e);
	if (rc == 1)
		rc = load(&j, fd, start, size, answer, e);
	job_release(&j);
	return rc;
}

int import_run_queued(const struct config *cfg, struct db *work, struct db *side, int fd,
		      uint64_t size, const struct import_options *o,
		      const struct import_claim *claim, const struct import_hooks *hooks,
		      struct arena *a, struct import_answer *answer, struct err *e)
{
	struct import_job j = { .cfg = cfg,
				.work = work,
				.side = side,
				.options = o,
				.claim = claim,
				.hooks = hooks,
				.answer = a };
	int rc;

	job_init(&j);
	rc = load(&j, fd, 0, size, answer, e);
	job_release(&j);
	return rc;
}
