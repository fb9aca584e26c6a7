/*
 * A worksheet's row while its cells are gathered: references, types and raw values
 * in, typed cells with their text out. No allocation for a cell: a row's texts share
 * one buffer, shared strings are views into their table.
 */
#ifndef PARSE_XLSX_ROW_H
#define PARSE_XLSX_ROW_H

#include "parse/buf.h"
#include "parse/table.h"
#include "parse/xlsx_strings.h"

/* ECMA-376 part 1, 18.18.11, ST_CellType */
enum xlsx_type {
	XLSX_TYPE_NUMBER,
	XLSX_TYPE_SHARED, /* an index into the shared strings */
	XLSX_TYPE_INLINE,
	XLSX_TYPE_FORMULA, /* the text that a formula gave */
	XLSX_TYPE_BOOL,
	XLSX_TYPE_ERROR,
	XLSX_TYPE_DATE /* ISO 8601 */
};

struct xlsx_sheet_setup {
	const struct xlsx_strings *strings; /* NULL: the workbook has none */
	const bool *date_style; /* by a cell's style: does it show a date or a time? */
	size_t n_styles;        /* other styles show none */
	bool date_1904;         /* serials count from 1904 */
	uint32_t max_columns;   /* over it: ERR_LIMIT */
	uint32_t max_cell;      /* characters of a cell; over it: ERR_LIMIT */
};

struct xlsx_cell {
	uint32_t column;
	uint32_t style;
	enum xlsx_type type;
	bool formula;    /* for xlsx_row_add(); one without a value is CELL_NO_RESULT */
	uint32_t string; /* XLSX_TYPE_SHARED: the value, for xlsx_row_add_view() alone */
};

struct xlsx_row {
	const struct xlsx_sheet_setup *setup;
	uint64_t number;      /* of the row, or of the one before it */
	uint32_t next_column; /* the first one that no cell was in or before */
	struct cell *cells;   /* n of them; their texts are set by xlsx_row_end() */
	size_t n;
	bool no_result; /* one of them is CELL_NO_RESULT */
	size_t n_kept;  /* cells whose texts are in no view of xlsx_row_add_view() */
	/* The cells' texts. A value is appended here, then xlsx_row_add() is called. */
	struct buf text;
	size_t *text_at; /* private: of each cell in `text` */
	size_t room;     /* private: of cells and text_at */
};

/* What setup points to must outlive the row. */
void xlsx_row_init(struct xlsx_row *row, const struct xlsx_sheet_setup *setup);
/* Begins the row of that number ("" for one without: the number after the last).
 * ERR_INPUT: no number, or not beyond the last row's. */
int xlsx_row_begin(struct xlsx_row *row, struct slice number, struct err *e) MUST_CHECK;
/* The column of a cell by its reference ("" for one without: one further than the
 * last). ERR_INPUT: no reference, of another row, or not beyond the last cell's. */
int xlsx_row_place(struct xlsx_row *row, struct slice ref, uint32_t *column_r,
		   struct err *e) MUST_CHECK;
/* Makes the cell's value, which is in row->text from byte `from` on, a cell of the row;
 * one without text is left out, but for a formula's. ERR_INPUT: not a value of its type;
 * ERR_LIMIT. */
int xlsx_row_add(struct xlsx_row *row, const struct xlsx_cell *c, size_t from,
		 struct err *e) MUST_CHECK;
/* The same for a value that is a view, not copied as long as the row can do without. */
int xlsx_row_add_view(struct xlsx_row *row, const struct xlsx_cell *c, struct slice value,
		      struct err *e) MUST_CHECK;
/* Copies what is in such views still: what they point to may go. */
int xlsx_row_keep(struct xlsx_row *row, struct err *e) MUST_CHECK;
/* Fills *r, but for `hidden`; valid until the next row begins. */
void xlsx_row_end(struct xlsx_row *row, struct row *r);
void xlsx_row_release(struct xlsx_row *row);

/* The attribute t of a cell; false for none of the types. */
bool xlsx_type_read(struct slice s, enum xlsx_type *type_r);
/* A whole number of 1 to 10 digits, white space around it allowed. */
bool xlsx_count_read(struct slice s, uint64_t *value_r);
/* A cell's place (18.18.7, ST_CellRef, A1 style): letters of bijective base 26, then the
 * row, any number of at most ten digits. */
bool xlsx_ref_read(struct slice s, uint32_t *column_r, uint64_t *row_r);
/* "1" or "true". */
bool xlsx_is_true(struct slice s);

#endif
