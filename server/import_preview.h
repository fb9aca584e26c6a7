/*
 * A file as an import would take it, without loading it: its sheets, how its columns are
 * read, its first rows as they would be stored, and the problems found in the first
 * IMPORT_PREVIEW_ROWS rows; of a larger file it reads no further.
 */
#ifndef SERVER_IMPORT_PREVIEW_H
#define SERVER_IMPORT_PREVIEW_H

#include "server/import.h"

enum {
	IMPORT_PREVIEW_ROWS = 2000,
	IMPORT_PREVIEW_SHOWN = 10,   /* rows as they would be stored */
	IMPORT_PREVIEW_SAMPLES = 3,  /* different cells of each column */
	IMPORT_PREVIEW_PROBLEMS = 20 /* rows that would be rejected */
};

/*
 * 0 with *answer filled, in the arena: 200, also for a file whose columns are still to be
 * chosen (then with the `error` and `message` that loading it would give, and the columns
 * of the row that comes nearest to headings); 413, 415, 422 as import_run(), with the
 * `sheets` of a file that could be opened, so that another may be chosen. -1: our own
 * trouble. Only what was chosen before is asked of db.
 */
int import_preview(const struct config *cfg, struct db *db, int fd, uint64_t start,
		   uint64_t size, const struct import_options *o, struct arena *a,
		   struct import_answer *answer, struct err *e) MUST_CHECK;

#endif
