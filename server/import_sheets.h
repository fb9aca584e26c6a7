/*
 * The sheets that an import leaves alone although they have waybills too: it reads one,
 * and nobody must take the others for loaded.
 */
#ifndef SERVER_IMPORT_SHEETS_H
#define SERVER_IMPORT_SHEETS_H

#include "server/import.h"

#include "parse/table.h"

enum { IMPORT_SHEETS_LIST = 160 };

struct import_sheets {
	uint64_t n;
	char list[IMPORT_SHEETS_LIST]; /* "A", "B" and 3 more */
};

/*
 * Looks for a heading row, and a number below it, in the visible sheets beside `taken`;
 * finds none when a sheet was asked for by its name. What is wrong with one of them is
 * not told: it is not read. Leaves no sheet selected. db is asked as by
 * import_columns_find().
 */
void import_sheets_find(struct db *db, struct table *t, const struct import_options *o,
			struct slice taken, struct import_sheets *s_r);

#endif
