/*
 * Which column of a file is which field: as the client chose, as was chosen the last time
 * a file had these headings, or as the headings say.
 */
#ifndef SERVER_IMPORT_COLUMNS_H
#define SERVER_IMPORT_COLUMNS_H

#include "server/import.h"

/* Where the columns are from, besides the headings. */
struct import_chosen {
	size_t n;        /* columns that were chosen; 0: none */
	struct slice by; /* of an earlier upload: who chose them, or NULL, ... */
	struct slice on; /* ... and on which day; NULL: chosen for this upload */
};

/*
 * The word "automatic", or what column_choice_add() reads; repeated ones add up. Texts
 * live in the arena. -1 with ERR_INPUT or ERR_LIMIT.
 */
int import_columns_option(struct import_options *o, struct slice text, struct arena *a,
			  struct err *e) MUST_CHECK;

/* The sheet and the columns that are asked for, as a JSON object; of no bytes when the
 * arena is full. */
struct slice import_columns_reading(const struct import_options *o, struct arena *a);

/* columns_find_chosen() with what is asked for or remembered. db is asked outside of any
 * transaction. */
int import_columns_find(struct db *db, struct table *t, const struct import_options *o,
			struct arena *a, struct columns *c_r, struct slice *sheet_r,
			struct import_chosen *chosen_r, struct err *e) MUST_CHECK;

/* The headings by the fields that they name, a JSON object, without the waybill number's;
 * it replaces what is in b. */
int import_columns_json(const struct columns *c, struct buf *b, struct err *e) MUST_CHECK;

/* Within the transaction that loads the rows: remembers or forgets, when asked to. */
int import_columns_keep(struct db *db, const struct import_options *o,
			const struct columns *c, struct arena *a,
			struct err *e) MUST_CHECK;

#endif
