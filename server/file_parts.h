/*
 * A file in a table of the database, in parts: whatever its size, little of it is in
 * memory at a time.
 */
#ifndef SERVER_FILE_PARTS_H
#define SERVER_FILE_PARTS_H

#include "server/config.h"
#include "server/stmt.h"

/* Runs work(ctx) and commits, with the time that a large file takes; db must be in no
 * transaction. -1: nothing is done; ERR_UNCERTAIN the commit may have happened. */
typedef int file_parts_fn(void *ctx, struct err *e);
int file_parts_commit(const struct config *cfg, struct db *db, file_parts_fn *work,
		      void *ctx, struct arena *a, struct err *e) MUST_CHECK;
/* Copies `size` bytes of fd from byte `start` on by `copy`, a COPY of (id, part, bytes),
 * within a transaction. Errors as stmt_copy_end(); ERR_INTERNAL when fd cannot be read.
 */
int file_parts_put(struct db *db, enum stmt_id copy, int fd, uint64_t start,
		   uint64_t size, struct slice id, struct err *e) MUST_CHECK;

struct file_parts {
	enum stmt_id part; /* gives the bytes of (id, part) in hexadecimal, or no row */
	struct slice id;
	struct slice size, crc32; /* of the whole, in digits */
};
/* Writes the parts to fd, which stands at its end, byte `start`. PARSE_DONE with *size_r,
 * or PARSE_MORE: they are not those that were put in. */
int file_parts_get(struct db *db, const struct file_parts *f, int fd, uint64_t start,
		   uint64_t *size_r, struct err *e) MUST_CHECK;

#endif
