/*
 * Bytes kept aside in a file without a name until they are wanted, in order: the rejected
 * rows, while the connection is busy with the good ones.
 */
#ifndef SERVER_IMPORT_SPOOL_H
#define SERVER_IMPORT_SPOOL_H

#include "parse/buf.h"
#include "parse/sink.h"

#include <stdint.h>

struct import_spool {
	const char *dir; /* where the file is made, when the first bytes come */
	int fd;          /* -1: no file yet */
	struct buf pending;
	uint64_t size; /* bytes, the pending ones included */
};

void import_spool_init(struct import_spool *s, const char *dir);
/* ERR_ROOM, ERR_BUSY, ERR_INTERNAL: the file cannot be made or written. */
int import_spool_add(struct import_spool *s, struct slice bytes,
		     struct err *e) MUST_CHECK;
/* Writes what is pending; the descriptor stays the spool's. -1 with e. */
int import_spool_file(struct import_spool *s, int *fd_r, struct err *e) MUST_CHECK;
/* All bytes so far, piece by piece, to `to`. */
int import_spool_read(struct import_spool *s, struct sink to, struct err *e) MUST_CHECK;
/* Forgets the bytes and keeps the file for others. */
int import_spool_clear(struct import_spool *s, struct err *e) MUST_CHECK;
void import_spool_release(struct import_spool *s);

#endif
