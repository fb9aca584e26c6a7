/*
 * Files that were looked at, kept in the database for an hour, so that they need not be
 * sent again: any host has them.
 */
#ifndef SERVER_PREVIEW_FILE_H
#define SERVER_PREVIEW_FILE_H

#include "parse/arena.h"
#include "server/config.h"
#include "server/db.h"

/* Keeps `size` bytes of fd from byte `start` on; db must be in no transaction. *id_r, in
 * the arena, is what they are asked for by; random, so that nobody else can. */
int preview_file_keep(const struct config *cfg, struct db *db, int fd, uint64_t start,
		      uint64_t size, struct slice file_name, struct arena *a,
		      struct slice *id_r, struct err *e) MUST_CHECK;

struct preview_file {
	uint64_t start, size;
	struct slice file_name;
};
/* Appends the kept bytes to fd: PARSE_DONE, or PARSE_MORE when they are not kept any more
 * and have to be sent. */
int preview_file_get(struct db *db, struct slice id, int fd, struct arena *a,
		     struct preview_file *f_r, struct err *e) MUST_CHECK;

#endif
