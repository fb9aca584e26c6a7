/*
 * A file's rows on their way into PostgreSQL: read, counted, and sent as the text of a
 * COPY; the rejected ones spooled. For import_load.
 */
#ifndef SERVER_IMPORT_ROWS_H
#define SERVER_IMPORT_ROWS_H

#include "server/import_load.h"

/*
 * All rows from where j->table stands, into the COPY that is open: import_direct.sql when
 * j->direct says yes, else import_copy.sql. 1 all sent; 0 PostgreSQL does not want the
 * rest (a direct COPY only; its end tells why); -1, by a fault of the file when
 * j->refusal says so.
 */
int import_rows(struct import_job *j, struct err *e) MUST_CHECK;

/* The first rows' waybill numbers, a line feed behind each, as a view of j->copy; the
 * rows' dates are counted in the report. -1 as above. */
int import_rows_first(struct import_job *j, struct slice *numbers_r,
		      struct err *e) MUST_CHECK;

#endif
