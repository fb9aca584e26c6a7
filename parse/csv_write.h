/*
 * Writes records as CSV (RFC 4180): comma, CRLF, quotes only where they are needed.
 */
#ifndef PARSE_CSV_WRITE_H
#define PARSE_CSV_WRITE_H

#include "parse/sink.h"

struct csv_write_options {
	bool bom; /* begin with a UTF-8 byte order mark: Excel wants one */
	/* Put an apostrophe before a cell that a spreadsheet would run as a formula
	 * (CWE-1236); a plain decimal number stays as it is. For exports that people
	 * open; not for output that programs read back. */
	bool defuse;
};

/* What `defuse` puts an apostrophe before. */
bool csv_is_formula(struct slice text);

enum { CSV_WRITE_ROOM = 16 * 1024 };

/* The caller's storage; set up by csv_write_init(), holds nothing to release. */
struct csv_write {
	struct sink out;
	struct csv_write_options options;
	bool begun;  /* the BOM was considered */
	bool in_row; /* a cell was written in this row */
	size_t n;
	char room[CSV_WRITE_ROOM];
};

/* out is copied; what it points to must outlive w. */
void csv_write_init(struct csv_write *w, const struct sink *out,
		    const struct csv_write_options *o);
int csv_write_cell(struct csv_write *w, struct slice text, struct err *e) MUST_CHECK;
/* Ends the record; one without cells becomes an empty line. */
int csv_write_row_end(struct csv_write *w, struct err *e) MUST_CHECK;
/* Hands what is still in w to the sink; to be called once at the end. */
int csv_write_flush(struct csv_write *w, struct err *e) MUST_CHECK;

#endif
