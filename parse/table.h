/*
 * Any manifest as rows of cells: an XLSX workbook, CSV or TSV behind one
 * interface. What kind of file it is is decided by its bytes, never by its name.
 */
#ifndef PARSE_TABLE_H
#define PARSE_TABLE_H

#include "parse/err.h"
#include "parse/slice.h"

#include <stdint.h>

enum cell_kind {
	CELL_TEXT,   /* shared, inline or formula string; every cell of CSV and TSV, where
		      * ="0012" is the text 0012 */
	CELL_NUMBER, /* value in `number` */
	CELL_DATE,   /* a number whose style shows a date or a time */
	CELL_BOOL,   /* text TRUE or FALSE */
	CELL_ERROR,  /* text #N/A and the like */
	CELL_NO_RESULT /* a formula whose result the file does not hold; no text. (One
			* that gave an empty text is no cell.) */
};

struct cell {
	uint32_t column; /* 0 is A */
	enum cell_kind kind;
	/* The cell as text. NUMBER: the shortest decimal digits that give the same
	 * double, integers below 10^21 without an exponent. DATE: "2025-01-31 08:05:00";
	 * "08:05:00" for a serial below 1; with fractions of a second ".250". */
	struct slice text;
	double number; /* NUMBER: the value. DATE: the serial in the 1900 system (a
			* NUMBER that is meant for one has that of the workbook) */
};

struct row {
	uint64_t number;          /* 1 is the sheet's (or file's) first row */
	const struct cell *cells; /* filled cells only, columns rising */
	size_t n;
	bool hidden;
	bool nul;       /* a cell's text holds a NUL, which no database keeps */
	bool date_1904; /* the workbook's serials count from 1904 */
	bool no_result; /* a cell is CELL_NO_RESULT */
	uint32_t width; /* cells of a record of delimited text, empty ones at its end
			 * included; 0 of a workbook's row */
	uint32_t over;  /* set by columns_next() */
};

/* Characters (UTF-16 units) of a cell, as spreadsheet programs have it. A table may hold
 * longer ones: whoever reads them decides what becomes of their rows. */
enum { TABLE_CELL_CHARS = 32767 };

struct table_limits {
	uint64_t max_unpacked; /* bytes of one part of a workbook */
	uint64_t max_all;      /* of all of its parts, as the archive says */
	uint32_t max_ratio;    /* unpacked : packed */
	uint64_t max_strings;  /* bytes of all shared strings */
	uint32_t max_entries;  /* of an archive */
	uint32_t max_columns;  /* 16384 (ECMA-376 part 1, 18.3.1.4) */
	uint32_t max_cell;     /* characters of a cell: 2^20 */
};
extern const struct table_limits table_limits_default;

struct table_sheet {
	struct slice name;
	bool hidden; /* hidden or very hidden */
};

/* Cells merged into one: what is shown is the first one's, the others are empty. */
struct table_merge {
	uint32_t first_column, last_column; /* 0 is A */
	uint64_t first_row, last_row;       /* 1 is the sheet's first */
};
enum { TABLE_MERGES = 1000 };

struct table;

/*
 * Opens `size` bytes of fd from byte `start` on. ERR_UNSUPPORTED: not a kind of
 * file that is read, the text says what it is (an old .xls, an encrypted workbook,
 * a web page, a PDF, a ZIP that is no workbook, empty) and what to do; ERR_INPUT:
 * damaged; ERR_LIMIT. fd stays the caller's and must outlive the table.
 */
int table_open(int fd, uint64_t start, uint64_t size, const struct table_limits *limits,
	       struct table **t_r, struct err *e) MUST_CHECK;
const char *table_format(const struct table *t); /* "xlsx", "csv" or "tsv" */
size_t table_sheets(const struct table *t); /* at least 1; CSV and TSV have one, "" */
struct table_sheet table_sheet(const struct table *t, size_t i);
/* Starts (again) at the first row of sheet i. */
int table_select(struct table *t, size_t i, struct err *e) MUST_CHECK;
/*
 * The next row that has a cell: PARSE_MORE with *r filled (valid until the next
 * call), PARSE_DONE behind the last, or -1: ERR_INPUT (row and column named),
 * ERR_LIMIT. Row numbers rise strictly; rows without cells are left out.
 */
int table_next(struct table *t, struct row *r, struct err *e) MUST_CHECK;
/* The merged cells of the selected sheet's whole, known behind its last row: the first
 * TABLE_MERGES, *n_r of them; *all_r is how many there are. None of delimited text. */
const struct table_merge *table_merges(const struct table *t, size_t *n_r,
				       uint64_t *all_r);
/* Whether the texts read so far may be wrong: nothing tells their encoding. */
bool table_guessed(const struct table *t);
/* How far the selected sheet was read, as bytes of the file out of *total_r. */
uint64_t table_progress(const struct table *t, uint64_t *total_r);
void table_close(struct table **t);

#endif
