/*
 * What the columns of a file are called: by their headings, each by a name of its own.
 */
#ifndef PARSE_COLUMN_NAMES_H
#define PARSE_COLUMN_NAMES_H

#include "parse/cell_text.h"
#include "parse/columns.h"

/* Bytes of a heading at the most: every row repeats it with the cell below it, so that a
 * small file could make much work. */
enum { COLUMN_HEADING = 255 };
enum { COLUMN_OWN_NAME = sizeof("Column ") + CELL_COLUMN_MAX };

/* A cell's text as a heading: trimmed, and cut at COLUMN_HEADING. */
struct slice column_heading(const struct cell *cell);
/* What a column without a heading is called, "Column F"; in `to`. */
struct slice column_own_name(uint32_t column, char to[COLUMN_OWN_NAME]);
/* Whether that is what the column is called. */
bool column_is_own_name(const struct column *column);
/* r, with an empty cell for each column that is chosen by its own name and has no cell
 * there. ERR_LIMIT. */
int column_row_widen(const struct row *r, const struct column_choice *chosen,
		     struct arena *a, struct row *wide_r, struct err *e) MUST_CHECK;
/* Copies the headings out of the row into c->column, as struct column says. ERR_LIMIT. */
int column_names(const struct row *r, struct columns *c, struct arena *a,
		 struct err *e) MUST_CHECK;
/* The order of bytes. */
int column_compare(struct slice a, struct slice b);

#endif
