/*
 * Writes a workbook (ECMA-376 part 1, SpreadsheetML) as a stream: one sheet after
 * the other, row by row, cell by cell. Constant memory but for the shared strings,
 * and those have a cap.
 */
#ifndef PARSE_XLSX_WRITE_H
#define PARSE_XLSX_WRITE_H

#include "parse/sink.h"

#include <stdint.h>

enum {
	XLSX_MAX_ROWS = 1048576, /* of a sheet, the heading included */
	XLSX_MAX_COLUMNS = 16384,
	XLSX_MAX_SHEET_NAME = 31, /* UTF-16 units */
	XLSX_MAX_CELL = 32767     /* UTF-16 units of a cell's text */
};

struct xlsx_write_options {
	bool inline_strings; /* texts in the cells, no table of shared strings */
	/* Bytes of shared strings kept in memory; texts first met over it are written
	 * inline. 0: 64 MiB. */
	size_t max_strings;
	int level; /* of deflate, 1 to 9; 0: 4 */
};

struct xlsx_write_sheet {
	struct slice name;     /* unique in the workbook, see xlsx_write_sheet() */
	const uint16_t *width; /* of the first n_width columns, in digits */
	size_t n_width;
	/* A bit for each of the first 64 of them: cells that a person fills in later are
	 * text, so that leading zeros stay. */
	uint64_t text_columns;
	unsigned frozen; /* rows that stay in view at the top */
};

enum xlsx_write_kind {
	XLSX_TEXT,
	XLSX_HEADING, /* text in bold */
	/* A plain decimal ("-12.50") becomes a number. What is none, or has more than
	 * 15 significant digits or leading zeros, which a number would lose, becomes a
	 * text. */
	XLSX_NUMBER,
	/* "YYYY-MM-DD HH:MM[:SS]" or "YYYY-MM-DD", from 1900-03-01 on, becomes a number
	 * with a date style; anything else a text. */
	XLSX_DATE
};

struct xlsx_write;

/* out is copied; what it points to must outlive *w_r. */
int xlsx_write_open(const struct sink *out, const struct xlsx_write_options *o,
		    struct xlsx_write **w_r, struct err *e) MUST_CHECK;
/* Ends the sheet that is open, if any, and begins the next. ERR_INTERNAL for a name
 * that spreadsheets refuse: empty, over 31 characters, one of []:*?/\ or a control
 * character, an apostrophe at an end. */
int xlsx_write_sheet(struct xlsx_write *w, const struct xlsx_write_sheet *s,
		     struct err *e) MUST_CHECK;
/* The next cell of the row; an empty text leaves the cell out. Texts are UTF-8 (a bad
 * byte becomes U+FFFD) and are cut at XLSX_MAX_CELL. ERR_LIMIT over XLSX_MAX_COLUMNS
 * or XLSX_MAX_ROWS. */
int xlsx_write_cell(struct xlsx_write *w, enum xlsx_write_kind kind, struct slice text,
		    struct err *e) MUST_CHECK;
/* Ends the row; one without cells takes its row number and nothing else. */
int xlsx_write_row_end(struct xlsx_write *w, struct err *e) MUST_CHECK;
/* Rows ended in the open sheet. */
uint32_t xlsx_write_rows(const struct xlsx_write *w);
/* Ends the sheet (there must be one) and writes the rest of the workbook. Only
 * xlsx_write_close() may follow. */
int xlsx_write_finish(struct xlsx_write *w, struct err *e) MUST_CHECK;
/* Frees *w and sets it to NULL. Fine on NULL. Not a workbook without _finish(). */
void xlsx_write_close(struct xlsx_write **w);

#endif
