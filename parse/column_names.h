/*
 * What the columns of a file are called: by their headings, each by a name of its own.
 */
#ifndef PARSE_COLUMN_NAMES_H
#define PARSE_COLUMN_NAMES_H

#include "parse/columns.h"

/* A cell's text as a heading: trimmed, and not beyond what a cell should hold, for every
 * row may repeat it. */
struct slice column_heading(const struct cell *cell);
/* Copies the headings out of the row into c->column, as struct column says. ERR_LIMIT. */
int column_names(const struct row *r, struct columns *c, struct arena *a,
		 struct err *e) MUST_CHECK;
/* The order of bytes. */
int column_compare(struct slice a, struct slice b);

#endif
