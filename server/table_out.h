/*
 * A table for people to open, as CSV or as a workbook, written to an unlinked file in
 * spool_dir: of any length in constant memory, and answered whole or not at all. In
 * tasks.
 */
#ifndef SERVER_TABLE_OUT_H
#define SERVER_TABLE_OUT_H

#include "parse/csv_write.h"
#include "parse/xlsx_write.h"
#include "server/import_spool.h"
#include "server/response.h"

/* The caller's storage, which must not move. */
struct table_out {
	struct import_spool file;
	struct csv_write csv;
	struct xlsx_write *xlsx; /* NULL: CSV */
	struct slice sheet;      /* its name; behind a sheet's last row comes another */
	unsigned sheets;
};

/* `sheet` must outlive o. On -1 there is nothing to release. */
int table_out_open(struct table_out *o, const char *dir, bool xlsx, struct slice sheet,
		   struct err *e) MUST_CHECK;
int table_out_cell(struct table_out *o, enum xlsx_write_kind kind, struct slice text,
		   struct err *e) MUST_CHECK;
int table_out_row_end(struct table_out *o, struct err *e) MUST_CHECK;
/* Whether a workbook's sheet is full: table_out_sheet() begins the next. */
bool table_out_full(const struct table_out *o);
int table_out_sheet(struct table_out *o, struct err *e) MUST_CHECK;
/* Ends the table: *fd_r is its file, of *size_r bytes, o's until it is released. */
int table_out_finish(struct table_out *o, int *fd_r, uint64_t *size_r,
		     struct err *e) MUST_CHECK;
/* Ends the table and makes it res's body, as a download of that name ("x" becomes "x.csv"
 * or "x.xlsx"). */
int table_out_answer(struct table_out *o, struct slice name, struct response *res,
		     struct err *e) MUST_CHECK;
void table_out_release(struct table_out *o);

#endif
