/*
 * Bytes between a file and rows of (id, part, bytes). Ignorant of what is in them, and of
 * which table they are in.
 */
#include "server/file_parts.h"

#include "server/body.h"
#include "server/import_copy.h"
#include "server/import_sum.h"
#include "server/log.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* A part is read, written in hexadecimal and sent on before the next: its size is what
 * this costs in memory, some six times. */
enum { PART = 512 * 1024, PART_ARENA = 8 * 1024 * 1024 };

int file_parts_commit(const struct config *cfg, struct db *db, file_parts_fn *work,
		      void *ctx, struct arena *a, struct err *e)
{
	/* A large file takes its time; so does waiting for the same one, sent twice. */
	struct slice more[2] = { arena_printf(a, "%u", (unsigned)cfg->task_timeout),
				 SLICE("4MB") };
	struct err ignored = { 0 };
	struct stmt_result r;
	int rc = -1;

	db_patience(db, cfg->task_timeout);
	if (stmt_run(db, STMT_BEGIN, NULL, 0, a, &r, e) == 0 &&
	    stmt_run(db, STMT_LONG_WORK, more, 2, a, &r, e) == 0 && work(ctx, e) == 0 &&
	    stmt_run(db, STMT_COMMIT, NULL, 0, a, &r, e) == 0)
		rc = 0;
	else if (stmt_run(db, STMT_ROLLBACK, NULL, 0, a, &r, &ignored) < 0)
		log_line(LOG_DEBUG, "rollback: %s", ignored.text);
	db_patience(db, 0);
	return rc;
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

int file_parts_put(struct db *db, enum stmt_id copy, int fd, uint64_t start,
		   uint64_t size, struct slice id, struct err *e)
{
	uint64_t parts = 0, stored;
	struct buf line;
	char *part = malloc(PART);
	int rc;

	if (part == NULL)
		return err_set(e, ERR_INTERNAL, "out of memory");
	buf_init(&line, (size_t)3 * PART);
	rc = stmt_copy_begin(db, copy, e);
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

static unsigned nibble(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Writes down one part; 0 when there is none with that number, 1 when there was. */
static int get_part(struct db *db, const struct file_parts *f, unsigned part, int fd,
		    struct arena *a, struct err *e)
{
	struct slice v[2] = { f->id, arena_printf(a, "%u", part) };
	struct stmt_result r;
	struct slice hex;
	char *bytes;

	if (stmt_run(db, f->part, v, 2, a, &r, e) < 0)
		return -1;
	if (r.rows == 0)
		return 0;
	hex = stmt_value(&r, 0, 0);
	bytes = arena_alloc(a, hex.n / 2);
	if (bytes == NULL)
		return err_set(e, ERR_INTERNAL, "a part of a file is too large");
	for (size_t i = 0; i < hex.n / 2; i++)
		bytes[i] = (char)(nibble(hex.p[2 * i]) << 4 | nibble(hex.p[2 * i + 1]));
	return body_spool_write(fd, (struct slice){ bytes, hex.n / 2 }, e) < 0 ? -1 : 1;
}

int file_parts_get(struct db *db, const struct file_parts *f, int fd, uint64_t start,
		   uint64_t *size_r, struct err *e)
{
	struct import_sum sum;
	struct arena a;
	unsigned part = 0;
	int got;

	arena_init(&a, PART_ARENA);
	do {
		arena_reset(&a);
		got = get_part(db, f, part++, fd, &a, e);
	} while (got == 1);
	arena_release(&a);
	*size_r = strtoull(f->size.p, NULL, 10);
	if (got < 0 || import_sum(fd, start, *size_r + 1, &sum, e) < 0)
		return -1;
	return sum.size == *size_r && sum.crc32 == strtoul(f->crc32.p, NULL, 10)
		       ? PARSE_DONE
		       : PARSE_MORE;
}
