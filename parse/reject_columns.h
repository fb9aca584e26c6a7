/*
 * The columns that a list of rejected rows has behind those of the file: they tell what
 * is to be mended, and are not the file's when the list is uploaded as one.
 */
#ifndef PARSE_REJECT_COLUMNS_H
#define PARSE_REJECT_COLUMNS_H

#include "parse/table.h"

enum { REJECT_COLUMNS = 3 };

/* Their headings: "Row", "Problem in column", "Reason". */
extern const struct slice reject_columns[REJECT_COLUMNS];

/* Takes them off a row of headings that ends with just these, side by side, and returns
 * the first one's column; UINT32_MAX when there are none, or nothing else. */
uint32_t reject_columns_drop(struct row *r);

#endif
