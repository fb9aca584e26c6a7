/*
 * A manifest's heading row to the fields of a waybill. Headings match exactly
 * after normalising, never fuzzily.
 */
#ifndef PARSE_COLUMNS_H
#define PARSE_COLUMNS_H

#include "parse/arena.h"
#include "parse/err.h"
#include "parse/sha256.h"
#include "parse/table.h"

struct column_choice; /* column_choice.h */

enum field {
	FIELD_WAYBILL_NUMBER,
	FIELD_STATUS,
	FIELD_SENDER_NAME,
	FIELD_SENDER_PHONE,
	FIELD_SENDER_ADDRESS,
	FIELD_RECEIVER_NAME,
	FIELD_RECEIVER_PHONE,
	FIELD_RECEIVER_ADDRESS,
	FIELD_PROVINCE,
	FIELD_CITY,
	FIELD_BARANGAY,
	FIELD_STREET,
	FIELD_DESTINATION,
	FIELD_WEIGHT,
	FIELD_NUMBER_OF_ITEMS,
	FIELD_EXPRESS_TYPE,
	FIELD_COD_AMOUNT,
	FIELD_REMARKS,
	FIELD_ITEM_NAME,
	FIELD_SIGNING_TIME,
	FIELD_SUBMISSION_TIME,
	FIELD_COUNT,
	FIELD_EXTRA = FIELD_COUNT /* kept in `extra` under its own heading */
};

/* The database's column name: "waybill_number", ... */
const char *field_name(enum field f);

struct column {
	uint32_t column;  /* 0 is A */
	enum field field; /* FIELD_EXTRA for a column that maps to no field */
	/* As the file has it, trimmed, and no longer than COLUMN_HEADING. No two are the
	 * same: the second "COD" is "COD (2)"; an empty one is "Column F", and no other
	 * column has such a name. */
	struct slice heading;
	bool shadowed; /* another column won `field`: kept in extra, reported */
	bool chosen;   /* `field` is a person's choice, not what the heading says */
};

struct columns {
	uint64_t heading_row;  /* its row number */
	struct column *column; /* columns rising; in the arena */
	size_t n;
	int32_t of[FIELD_COUNT]; /* index into column[] of a field's (first) column, or -1
				  */
	uint32_t end;    /* columns from this one on are a list of rejected rows' own
			  * (reject_columns.h) and not read; UINT32_MAX: there are none */
	uint32_t headed; /* columns through the last that has a heading or was chosen */
	uint32_t width;  /* of the heading row, as struct row has it */
	bool wide;       /* the rows have cells beyond it: see columns_wide.h */
	/* The same for every row with these headings, in whatever order and with whatever
	 * marks and upper case: what a choice of columns is remembered by. */
	char key[SHA256_HEX];
};

/*
 * Which column a field is read from, when several name it: the most specific heading
 * (struct heading says which that is), then the leftmost; the others are shadowed.
 * Remark1, Remark2 and Remark3 shadow nothing and are not shadowed: waybill_read() joins
 * them to the remarks in the columns' order. "Street" is FIELD_STREET beside a column of
 * addresses, and the receiver's address where there is none.
 */

/* How many different fields the row's headings name; 0 unless one of them is the
 * waybill number and there are at least two. */
unsigned columns_score(const struct row *r);
/* Maps the heading row; all of *c_r is in the arena. ERR_INPUT when columns_score() is 0
 * (lists the headings seen); ERR_LIMIT. */
int columns_map(const struct row *r, struct arena *a, struct columns *c_r,
		struct err *e) MUST_CHECK;

/*
 * Chooses the sheet (the first visible one that has a heading row among its first
 * 20 rows with a cell, or the one named, any case; an empty name names none; of several
 * such rows the one that names most fields, then the first) and maps its headings; leaves
 * t selected at that sheet with the heading row as the last row read, so that
 * table_next() goes on with the data. ERR_INPUT: no such sheet (lists the sheets), no
 * heading row or no waybill number column (lists the headings seen).
 */
int columns_find(struct table *t, struct slice sheet, struct arena *a,
		 struct columns *c_r, struct slice *sheet_r, struct err *e) MUST_CHECK;

/*
 * The same where a person has chosen columns, which goes before what headings say; what
 * was not chosen is read as ever. With a chosen column for the waybill number, any row
 * that has all chosen headings may be the heading row. A column without a heading is
 * chosen by its own name, "Column F", in a row that names another field. ERR_INPUT too
 * when no row has them all (lists the headings seen). A NULL or empty choice is
 * columns_find().
 */
int columns_find_chosen(struct table *t, struct slice sheet,
			const struct column_choice *chosen, struct arena *a,
			struct columns *c_r, struct slice *sheet_r,
			struct err *e) MUST_CHECK;

/* After columns_find() found no heading row: the row that comes nearest, mapped though
 * its waybill number may be missing, for a person to choose. ERR_INPUT: nothing is there.
 */
int columns_near(struct table *t, struct slice sheet, struct arena *a,
		 struct columns *c_r, struct slice *sheet_r, struct err *e) MUST_CHECK;

/*
 * table_next() without cells behind c->end; a row may be left without any. r->over is 0
 * unless a row of delimited text is filled beyond c->headed: then it is how many columns
 * it fills.
 */
int columns_next(const struct columns *c, struct table *t, struct row *r,
		 struct err *e) MUST_CHECK;

enum { COLUMNS_KEYS = 64 };
/* The keys (struct columns) of the rows that may be heading rows, in the order of
 * columns_find(), each once; at most COLUMNS_KEYS. */
int columns_keys(struct table *t, struct slice sheet, char (*key)[SHA256_HEX],
		 size_t *n_r, struct err *e) MUST_CHECK;

#endif
