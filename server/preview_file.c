/*
 * Looked-at files into and out of the database. Ignorant of what is in them.
 */
#include "server/preview_file.h"

#include "server/file_parts.h"
#include "server/import_sum.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

struct keeping {
	struct db *db;
	int fd;
	uint64_t start, size;
	struct slice file_name, id;
	struct arena *a;
};

static int keep(void *ctx, struct err *e)
{
	struct keeping *k = ctx;
	struct import_sum sum;
	struct stmt_result r;
	struct slice v[3];

	if (import_sum(k->fd, k->start, k->size, &sum, e) < 0)
		return -1;
	v[0] = k->file_name;
	v[1] = arena_printf(k->a, "%" PRIu64, sum.size);
	v[2] = arena_printf(k->a, "%" PRIu32, sum.crc32);
	if (stmt_run(k->db, STMT_PREVIEW_KEEP, v, 3, k->a, &r, e) < 0)
		return -1;
	if (r.rows != 1)
		return err_set(e, ERR_INTERNAL, "a file cannot be kept");
	k->id = stmt_value(&r, 0, 0);
	return file_parts_put(k->db, STMT_PREVIEW_BYTES, k->fd, k->start, k->size, k->id,
			      e);
}

int preview_file_keep(const struct config *cfg, struct db *db, int fd, uint64_t start,
		      uint64_t size, struct slice file_name, struct arena *a,
		      struct slice *id_r, struct err *e)
{
	struct keeping k = { db, fd, start, size, file_name, { NULL, 0 }, a };
	int rc = file_parts_commit(cfg, db, keep, &k, a, e);

	*id_r = k.id;
	return rc;
}

int preview_file_get(struct db *db, struct slice id, int fd, struct arena *a,
		     struct preview_file *f_r, struct err *e)
{
	struct file_parts parts = { .part = STMT_PREVIEW_PART };
	off_t end = lseek(fd, 0, SEEK_END);
	struct stmt_result r;

	if (end < 0)
		return err_set(e, ERR_INTERNAL, "the spooled body: %s", strerror(errno));
	if (stmt_run(db, STMT_PREVIEW_FILE, &id, 1, a, &r, e) < 0)
		return -1;
	if (r.rows != 1)
		return PARSE_MORE;
	parts.id = stmt_value(&r, 0, 0);
	f_r->file_name = stmt_value(&r, 0, 1);
	parts.size = stmt_value(&r, 0, 2);
	parts.crc32 = stmt_value(&r, 0, 3);
	f_r->start = (uint64_t)end;
	return file_parts_get(db, &parts, fd, f_r->start, &f_r->size, e);
}
