/*
 * Files into and out of the database, a part at a time. Ignorant of what is in them, and
 * of who loads them when.
 */
#include "server/upload_queue.h"

#include "parse/json_write.h"
#include "server/body.h"
#include "server/import_columns.h"
#include "server/import_copy.h"
#include "server/import_sum.h"
#include "server/log.h"
#include "server/stmt.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

/* A part is read, written in hexadecimal and sent on before the next: its size is what
 * this costs in memory, some six times. */
enum { PART = 512 * 1024, PART_ARENA = 8 * 1024 * 1024, OPTIONS_MAX = 256 * 1024 };

static struct slice yes_no(bool b)
{
	return b ? SLICE("true") : SLICE("false");
}

static int read_part(int fd, uint64_t at, size_t n, char *to, struct err *e)
{
	size_t done = 0;

	while (done < n) {
		ssize_t got = pread(fd, to + done, n - done, (off_t)(at + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return err_set(e, ERR_INTERNAL, "the spooled file: %s",
				       got < 0 ? strerror(errno) : "is cut short");
		done += (size_t)got;
	}
	return 0;
}

/* A bytea in COPY's text format: \x and hexadecimal digits, the backslash doubled. */
static int hex_line(struct buf *b, const char *from, size_t n, struct err *e)
{
	static const char digits[] = "0123456789abcdef";

	if (buf_add(b, SLICE("\\\\x"), e) < 0 || buf_reserve(b, 2 * n + 1, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)from[i];

		b->p[b->n++] = digits[c >> 4];
		b->p[b->n++] = digits[c & 15];
	}
	b->p[b->n++] = '\n';
	return 0;
}

static int put_parts(struct db *db, int fd, uint64_t start, uint64_t size,
		     struct slice id, struct err *e)
{
	uint64_t parts = 0, stored;
	struct buf line;
	char *part = malloc(PART);
	int rc = 0;

	if (part == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	buf_init(&line, (size_t)3 * PART);
	for (uint64_t at = 0; rc == 0 && at < size; at += PART) {
		size_t n = size - at < PART ? (size_t)(size - at) : PART;

		buf_drop(&line, line.n);
		if (read_part(fd, start + at, n, part, e) < 0 ||
		    import_copy_field(&line, id, '\t', e) < 0 ||
		    import_copy_number(&line, parts++, '\t', e) < 0 ||
		    hex_line(&line, part, n, e) < 0 ||
		    stmt_copy_put(db, buf_slice(&line), e) < 0)
			rc = -1;
	}
	buf_release(&line);
	free(part);
	if (rc < 0 || stmt_copy_end(db, &stored, e) < 0)
		return -1;
	return stored == parts ? 0
			       : err_set(e, ERR_INTERNAL, "some parts did not arrive");
}

static int put_columns(const struct import_options *o, struct buf *b, struct err *e)
{
	if (o->columns == NULL && !o->columns_automatic)
		return 0;
	if (json_write_key(b, SLICE("columns"), e) < 0)
		return -1;
	return o->columns == NULL ? json_write_string(b, SLICE("automatic"), e)
				  : column_choice_json(o->columns, b, e);
}

/* The options that the upload's own row does not hold. */
static struct slice payload(const struct import_options *o, struct arena *a)
{
	struct slice json = { NULL, 0 };
	struct err e = { 0 };
	struct buf b;

	buf_init(&b, OPTIONS_MAX);
	if (json_write_object(&b, &e) == 0 &&
	    (o->sheet.n == 0 || (json_write_key(&b, SLICE("sheet"), &e) == 0 &&
				 json_write_string(&b, o->sheet, &e) == 0)) &&
	    put_columns(o, &b, &e) == 0 && json_write_object_end(&b, &e) == 0)
		json = arena_dup(a, buf_slice(&b));
	buf_release(&b);
	return json;
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

/* Within the transaction; the same answer as before ends it without a change. */
static int put(struct db *db, int fd, uint64_t start, uint64_t size,
	       const struct import_options *o, struct arena *a,
	       struct import_answer *answer, struct err *e)
{
	struct import_sum sum;
	struct stmt_result r;
	struct slice v[8], queued[2];

	if (import_sum(fd, start, size, &sum, e) < 0)
		return -1;
	v[0] = o->upload_key;
	v[1] = o->file_name;
	v[2] = o->uploaded_by;
	v[3] = yes_no(o->dry_run);
	v[4] = yes_no(o->strict);
	v[5] = yes_no(o->batch);
	v[6] = arena_printf(a, "%" PRIu64, sum.size);
	v[7] = arena_printf(a, "%" PRIu32, sum.crc32);
	if (stmt_run(db, STMT_UPLOAD_ENQUEUE, v, 8, a, &r, e) < 0)
		return -1;
	if (r.rows == 1 && stmt_value(&r, 0, 1).p != NULL)
		return take_answer(&r, 1, answer, e);
	if (r.rows != 1)
		return err_set(e, ERR_INTERNAL, "an upload cannot be queued");
	queued[0] = stmt_value(&r, 0, 0);
	queued[1] = payload(o, a);
	if (stmt_copy_begin(db, STMT_UPLOAD_BYTES, e) < 0 ||
	    put_parts(db, fd, start, size, queued[0], e) < 0 ||
	    stmt_run(db, STMT_UPLOAD_ENQUEUED, queued, 2, a, &r, e) < 0)
		return -1;
	return take_answer(&r, 0, answer, e);
}

int upload_queue_put(const struct config *cfg, struct db *db, int fd, uint64_t start,
		     uint64_t size, const struct import_options *o, struct arena *a,
		     struct import_answer *answer, struct err *e)
{
	/* A large file takes its time; so does waiting for the same one, sent twice. */
	struct slice more[2] = { arena_printf(a, "%u", (unsigned)cfg->task_timeout),
				 SLICE("4MB") };
	struct err ignored = { 0 };
	struct stmt_result r;

	db_patience(db, cfg->task_timeout);
	if (stmt_run(db, STMT_BEGIN, NULL, 0, a, &r, e) == 0 &&
	    stmt_run(db, STMT_LONG_WORK, more, 2, a, &r, e) == 0 &&
	    put(db, fd, start, size, o, a, answer, e) == 0 &&
	    stmt_run(db, STMT_COMMIT, NULL, 0, a, &r, e) == 0) {
		db_patience(db, 0);
		return 0;
	}
	if (stmt_run(db, STMT_ROLLBACK, NULL, 0, a, &r, &ignored) < 0)
		log_line(LOG_DEBUG, "rollback: %s", ignored.text);
	db_patience(db, 0);
	return -1;
}

static unsigned nibble(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Writes down one part; 0 when there is none with that number, 1 when there was. */
static int get_part(struct db *db, struct slice upload, unsigned part, int fd,
		    struct arena *a, struct err *e)
{
	struct slice v[2] = { upload, arena_printf(a, "%u", part) };
	struct stmt_result r;
	struct slice hex;
	char *bytes;

	if (stmt_run(db, STMT_UPLOAD_PART, v, 2, a, &r, e) < 0)
		return -1;
	if (r.rows == 0)
		return 0;
	hex = stmt_value(&r, 0, 0);
	bytes = arena_alloc(a, hex.n / 2);
	if (bytes == NULL)
		return err_set(e, ERR_INTERNAL, "a part of an upload is too large");
	for (size_t i = 0; i < hex.n / 2; i++)
		bytes[i] = (char)(nibble(hex.p[2 * i]) << 4 | nibble(hex.p[2 * i + 1]));
	return body_spool_write(fd, (struct slice){ bytes, hex.n / 2 }, e) < 0 ? -1 : 1;
}

static int get_bytes(struct db *db, struct slice upload, int fd, struct err *e)
{
	struct arena a;
	unsigned part = 0;
	int got;

	arena_init(&a, PART_ARENA);
	do {
		arena_reset(&a);
		got = get_part(db, upload, part++, fd, &a, e);
	} while (got == 1);
	arena_release(&a);
	return got;
}

static int check_bytes(struct upload_queued *u, struct slice size, struct slice crc32,
		       struct err *e)
{
	struct import_sum sum;

	u->size = strtoull(size.p, NULL, 10);
	if (import_sum(u->fd, 0, u->size + 1, &sum, e) < 0)
		return -1;
	if (sum.size != u->size || sum.crc32 != strtoul(crc32.p, NULL, 10))
		return err_set(e, ERR_INTERNAL, "its bytes are not those that came");
	return 0;
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
	struct stmt_result r;

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
	u->fd = body_spool_open(cfg->spool_dir, e);
	if (u->fd < 0)
		return -1;
	if (get_bytes(db, claim->upload, u->fd, e) == 0 &&
	    check_bytes(u, stmt_value(&r, 0, 6), stmt_value(&r, 0, 7), e) == 0)
		return 0;
	(void)close(u->fd);
	u->fd = -1;
	return -1;
}
