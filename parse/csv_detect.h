/*
 * Which character stands between the cells of a delimited text file, and what of its
 * quotes depends on it.
 */
#ifndef PARSE_CSV_DETECT_H
#define PARSE_CSV_DETECT_H

#include "parse/err.h"
#include "parse/slice.h"

#include <stdbool.h>

/*
 * The delimiter by the first lines, given as UTF-8; what follows the last line end in
 * head is ignored if there is one. A first line "sep=;", as Excel reads and writes it,
 * decides: *skip_r is then its length, with its end; otherwise 0. Without one, of comma,
 * semicolon, tab and pipe that one which divides most lines into the same number of
 * cells, more cells counting a little; a comma if none does.
 */
char csv_detect(struct slice head, size_t *skip_r);

/* Space, which is never the delimiter, and tab where it is not. */
static inline bool csv_is_blank(char c, char delimiter)
{
	return c == ' ' || (c == '\t' && delimiter != '\t');
}

/*
 * Whether s, the rest of a file from where a cell begins, begins with blanks and a quoted
 * text that nothing but blanks separates from the end of the cell: a delimiter, a line
 * end, or the end of s when it is the last of the file. PARSE_DONE; PARSE_MORE: more of
 * the file has to tell; -1: it does not. *quote_r: where the blanks end, and the first
 * quote is if there is one.
 */
int csv_quoted(struct slice s, char delimiter, bool last, size_t *quote_r) MUST_CHECK;

#endif
