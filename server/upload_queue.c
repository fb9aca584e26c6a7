/*
 * Uploads into the queue and out of it. Ignorant of what is in their files, and of who
 * loads them when.
 */
#include "server/upload_queue.h"

#include "server/body.h"
#include "server/file_parts.h"
#include "server/import_columns.h"
#include "server/import_sum.h"

#include <inttypes.h>
#include <unistd.h>

static struct slice yes_no(bool b)
{
	return b ? SLICE("true") : SLICE("false");
}

static int take_answer(const struct stmt_result *r, size_t at,
		       struct import_answer *answer, struct err *e)
{
	if (r->rows != 1)
		return err_set(e, ERR_INTERNAL, "an upload cannot be queued");
	answer->http_status = (unsigned)strtoul(stmt_value(r, 0, at).p, NULL, 10);
	answer->json = stmt_value(r, 0, at + 1);
	return 0;
}

struct putting {
	struct db *db;
	int fd;
	uint64_t start, size;
	const struct import_options *o;
	struct arena *a;
	struct import_answer *answer;
};

/* The same answer as before ends it without a change. */
static int put(void *ctx, struct err *e)
{
	const struct putting *p = ctx;
	const struct import_options *o = p->o;
	struct import_sum sum;
	struct stmt_result r;
	struct slice v[9], queued[2];

	if (import_sum(p->fd, p->start, p->size, &sum, e) < 0)
		return -1;
	v[0] = o->upload_key;
	v[1] = o->file_name;
	v[2] = o->uploaded_by;
	v[3] = yes_no(o->dry_run);
	v[4] = yes_no(o->strict);
	v[5] = yes_no(o->batch);
	v[6] = arena_printf(p->a, "%" PRIu64, sum.size);
	v[7] = arena_printf(p->a, "%" PRIu32, sum.crc32);
	v[8] = import_columns_reading(o, p->a);
	if (stmt_run(p->db, STMT_UPLOAD_ENQUEUE, v, 9, p->a, &r, e) < 0)
		return -1;
	if (r.rows == 1 && stmt_value(&r, 0, 1).p != NULL)
		return take_answer(&r, 1, p->answer, e);
	if (r.rows != 1)
		return err_set(e, ERR_INTERNAL, "an upload cannot be queued");
	queued[0] = stmt_value(&r, 0, 0);
	queued[1] = v[8]; /* the options that the upload's own row does not hold */
	if (file_parts_put(p->db, STMT_UPLOAD_BYTES, p->fd, p->start, p->size, queued[0],
			   e) < 0 ||
	    stmt_run(p->db, STMT_UPLOAD_ENQUEUED, queued, 2, p->a, &r, e) < 0)
		return -1;
	return take_answer(&r, 0, p->answer, e);
}

int upload_queue_put(const struct config *cfg, struct db *db, int fd, uint64_t start,
		     uint64_t size, const struct import_options *o, struct arena *a,
		     struct import_answer *answer, struct err *e)
{
	struct putting p = { db, fd, start, size, o, a, answer };

	return file_parts_commit(cfg, db, put, &p, a, e);
}

static bool is_true(struct slice v)
{
	return slice_eq(v, SLICE("t"));
}

int upload_queue_get(const struct config *cfg, struct db *db,
		     const struct import_claim *claim, struct arena *a,
		     struct upload_queued *u, struct err *e)
{
	struct slice v[2] = { claim->upload, claim->job };
	struct file_parts parts = { .part = STMT_UPLOAD_PART, .id = claim->upload };
	struct stmt_result r;
	int got;

	u->fd = -1;
	if (stmt_run(db, STMT_UPLOAD_OPTIONS, v, 2, a, &r, e) < 0)
		return -1;
	if (r.rows != 1 || stmt_value(&r, 0, 6).p == NULL ||
	    stmt_value(&r, 0, 7).p == NULL)
		return err_set(e, ERR_INTERNAL, "the upload's row is gone");
	u->options = (struct import_options){
		.file_name = stmt_value(&r, 0, 0),
		.uploaded_by = stmt_value(&r, 0, 1),
		.dry_run = is_true(stmt_value(&r, 0, 2)),
		.strict = is_true(stmt_value(&r, 0, 3)),
		.batch = is_true(stmt_value(&r, 0, 4)),
		.sheet = stmt_value(&r, 0, 5),
	};
	if (import_columns_option(&u->options, stmt_value(&r, 0, 8), a, e) < 0)
		return err_set(e, ERR_INTERNAL, "the chosen columns cannot be read");
	parts.size = stmt_value(&r, 0, 6);
	parts.crc32 = stmt_value(&r, 0, 7);
	u->fd = body_spool_open(cfg->spool_dir, e);
	if (u->fd < 0)
		return -1;
	got = file_parts_get(db, &parts, u->fd, 0, &u->size, e);
	if (got == PARSE_DONE)
		return 0;
	(void)close(u->fd);
	u->fd = -1;
	return got < 0 ? -1
		       : err_set(e, ERR_INTERNAL, "its bytes are not those that came");
}
