/*
 * Uploads that wait in the database: their bytes go into its table upload_files, in
 * parts, and come out again on whichever host loads them.
 */
#ifndef SERVER_UPLOAD_QUEUE_H
#define SERVER_UPLOAD_QUEUE_H

#include "server/import.h"

/*
 * Puts `size` bytes of fd from byte `start` on into the queue. db must be in no
 * transaction. 0 with *answer: 202 with the upload's JSON once it is committed, or what
 * the same upload_key was answered before (200, 202, 409). -1: ERR_TRANSIENT,
 * ERR_INTERNAL nothing is queued; ERR_UNCERTAIN the commit may have happened.
 */
int upload_queue_put(const struct config *cfg, struct db *db, int fd, uint64_t start,
		     uint64_t size, const struct import_options *o, struct arena *a,
		     struct import_answer *answer, struct err *e) MUST_CHECK;

/* What loading a queued upload takes, fetched by upload_queue_get(). */
struct upload_queued {
	struct import_options options; /* views live in the arena */
	int fd;                        /* an unlinked file; the caller's */
	uint64_t size;
};

/* ERR_TRANSIENT, or ERR_INTERNAL when the bytes are not those that were put in. */
int upload_queue_get(const struct config *cfg, struct db *db,
		     const struct import_claim *claim, struct arena *a,
		     struct upload_queued *u, struct err *e) MUST_CHECK;

#endif
