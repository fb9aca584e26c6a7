/*
 * The shared strings of a workbook (ECMA-376 part 1, 18.4), held as one run of
 * bytes and an offset each.
 */
#ifndef PARSE_XLSX_STRINGS_H
#define PARSE_XLSX_STRINGS_H

#include "parse/table.h"
#include "parse/xml_token.h"

/* Read-only once opened, so several sheets may use it. */
struct xlsx_strings;

/*
 * Reads the whole part from `read`. The counts that it claims are not looked at.
 * ERR_INPUT: damaged, or no table of strings; ERR_LIMIT: more than limits->max_strings
 * bytes (an offset of 4 bytes for each string included), or a string longer than
 * limits->max_cell.
 */
int xlsx_strings_open(xml_read_fn *read, void *from, const struct table_limits *limits,
		      struct xlsx_strings **s_r, struct err *e) MUST_CHECK;
size_t xlsx_strings_count(const struct xlsx_strings *s);
/* String number i < xlsx_strings_count(), UTF-8; valid until _close(). */
struct slice xlsx_strings_at(const struct xlsx_strings *s, size_t i);
/* Says that string number i < xlsx_strings_count() will be asked for soon: the table is
 * larger than the processor's caches. */
void xlsx_strings_fetch(const struct xlsx_strings *s, size_t i);
/* Frees *s and sets it to NULL. Fine on NULL. */
void xlsx_strings_close(struct xlsx_strings **s);

#endif
