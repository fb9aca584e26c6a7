/*
 * One worksheet (ECMA-376 part 1, 18.3.1) as a stream of rows of typed cells.
 */
#ifndef PARSE_XLSX_SHEET_H
#define PARSE_XLSX_SHEET_H

#include "parse/xlsx_row.h"
#include "parse/xml_token.h"

struct xlsx_sheet;

/* Reads the part from `read`. What setup points to must outlive *s_r. */
int xlsx_sheet_open(xml_read_fn *read, void *from, const struct xlsx_sheet_setup *setup,
		    struct xlsx_sheet **s_r, struct err *e) MUST_CHECK;
/* As table_next(). PARSE_DONE is returned when the whole part was read and is well
 * formed, not just its rows. */
int xlsx_sheet_next(struct xlsx_sheet *s, struct row *r, struct err *e) MUST_CHECK;
/* As table_merges(). */
const struct table_merge *xlsx_sheet_merges(const struct xlsx_sheet *s, size_t *n_r,
					    uint64_t *all_r);
/* Frees *s and sets it to NULL. Fine on NULL. */
void xlsx_sheet_close(struct xlsx_sheet **s);

#endif
