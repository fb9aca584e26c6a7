/*
 * A manifest's rows to the database in one transaction: all valid rows or none.
 * Runs in a task, a queue worker or waybillctl, never in a web worker's loop.
 */
#ifndef SERVER_IMPORT_H
#define SERVER_IMPORT_H

#include "parse/column_choice.h"
#include "parse/table.h"
#include "server/config.h"
#include "server/db.h"

struct import_options {
	/* The client's; empty: none. At most 255 bytes. Once more with the same file,
	 * sheet, columns, strict and batch it is answered as before, with others refused
	 * (409 upload_key_reused). */
	struct slice upload_key;
	struct slice file_name; /* as the client named it, without a path */
	struct slice uploaded_by;
	struct slice sheet; /* empty: choose */
	/* Columns that were chosen for this file; NULL or empty: as its headings say, or
	 * as was chosen the last time a file had the same headings. Remembered when the
	 * rows are loaded. */
	const struct column_choice *columns;
	/* As the headings say in any case; what was chosen for them before is forgotten
	 * when the rows are loaded. */
	bool columns_automatic;
	bool dry_run, strict, batch;
};

/* A queued upload: its row is there already, and its job is ours as long as the claim
 * holds. */
struct import_claim {
	struct slice upload; /* the ids, as text */
	struct slice job;
	struct slice claim;
};

enum import_phase { IMPORT_READING, IMPORT_MERGING, IMPORT_DONE };

struct import_progress {
	enum import_phase phase;
	bool direct; /* rows go straight into the table: no merge follows */
	uint64_t rows;
	uint64_t bytes, bytes_total; /* of the file */
};

/* What became of a file's rows. */
struct import_rows {
	uint64_t inserted, updated, unchanged, duplicate, rejected;
};

struct import_hooks {
	void *ctx;
	/* Called now and then, and always just before COMMIT: false gives up, and
	 * nothing is loaded. NULL: always true. (That a user has cancelled the upload, on
	 * whatever host, is seen without it.) */
	bool (*wanted)(void *ctx);
	/* Called once the upload has its number. May be NULL. */
	void (*begun)(void *ctx, struct slice id);
	void (*progress)(void *ctx, const struct import_progress *p); /* may be NULL */
	/* Called once, after the COMMIT of rows that were loaded. May be NULL. */
	void (*loaded)(void *ctx, const struct import_rows *rows);
};

/* What a client is told: 200 with the upload's JSON, or an error's. */
struct import_answer {
	unsigned http_status;
	struct slice json; /* in the arena */
};

/*
 * Imports `size` bytes of fd from byte `start` on. work carries the one transaction;
 * side is a second connection on which the upload's state and progress are seen by
 * others while it runs. Returns 0 with *answer filled, for refusals of the file too
 * (415, 422, 413, 409): they are answers. -1: our own trouble (ERR_TRANSIENT,
 * ERR_INTERNAL), nothing loaded.
 */
int import_run(const struct config *cfg, struct db *work, struct db *side, int fd,
	       uint64_t start, uint64_t size, const struct import_options *o,
	       const struct import_hooks *hooks, struct arena *a,
	       struct import_answer *answer, struct err *e) MUST_CHECK;

/*
 * The same for a queued upload. Its end is its job's end, in one transaction: committed,
 * refused or cancelled; 0 with *answer. -1: nothing was loaded, and the job is as it was;
 * whether to try again is the caller's to say by the kind.
 */
int import_run_queued(const struct config *cfg, struct db *work, struct db *side, int fd,
		      uint64_t size, const struct import_options *o,
		      const struct import_claim *claim, const struct import_hooks *hooks,
		      struct arena *a, struct import_answer *answer,
		      struct err *e) MUST_CHECK;

#endif
