/*
 * All waybills that fit a search, as a table under the headings that an upload
 * understands.
 */
#ifndef SERVER_WAYBILL_TABLE_H
#define SERVER_WAYBILL_TABLE_H

#include "server/db_read.h"
#include "server/table_out.h"

enum { WAYBILL_QUERY = 5 };

/* query: q, status, upload, from, to as waybill_list.sql takes them, checked; p NULL for
 * absent. Each page as db_read_run() does. Writes headings and rows; the caller ends the
 * table. */
int waybill_table_write(struct db_read *read, struct db *primary,
			const struct slice query[WAYBILL_QUERY], struct table_out *o,
			struct err *e) MUST_CHECK;

#endif
