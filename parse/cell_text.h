/*
 * The texts of a worksheet: escapes in strings, their length, column names.
 */
#ifndef PARSE_CELL_TEXT_H
#define PARSE_CELL_TEXT_H

#include "parse/slice.h"

#include <stdint.h>

enum { CELL_COLUMN_MAX = 8 }; /* bytes of a column's name, its NUL included */

/* Resolves the escapes _xHHHH_ (ECMA-376 part 1, 22.9.2.19, ST_Xstring) in place;
 * returns the new length. Lone surrogates and U+0000 become U+FFFD. */
size_t cell_unescape(char *p, size_t n);
/* True when valid UTF-8 is at most `max` characters long as spreadsheets count
 * them: UTF-16 units. */
bool cell_fits(struct slice s, uint32_t max);
/* 0 is "A", 26 is "AA". Writes to `to` (CELL_COLUMN_MAX bytes) and returns it. */
const char *cell_column_name(uint32_t column, char *to);

#endif
