/*
 * Which character stands between the cells of a delimited text file.
 */
#ifndef PARSE_CSV_DETECT_H
#define PARSE_CSV_DETECT_H

#include "parse/slice.h"

/*
 * The delimiter by the first lines, given as UTF-8; what follows the last line end in
 * head is ignored if there is one. A first line "sep=;", as Excel reads and writes it,
 * decides: *skip_r is then its length, with its end; otherwise 0. Without one, of comma,
 * semicolon, tab and pipe that one which divides most lines into the same number of
 * cells, more cells counting a little; a comma if none does.
 */
char csv_detect(struct slice head, size_t *skip_r);

#endif
