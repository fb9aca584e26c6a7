/*
 * Values as a workbook's XML holds them: texts escaped, dates as serial numbers.
 */
#ifndef PARSE_XLSX_TEXT_H
#define PARSE_XLSX_TEXT_H

#include "parse/sink.h"

#include <stdint.h>

enum { XLSX_TEXT_SERIAL = 32 }; /* room for a serial, a NUL included */

/* Writes text as character data or an attribute's value. */
int xlsx_text_escape(const struct sink *out, struct slice text, struct err *e) MUST_CHECK;
/* The first XLSX_MAX_CELL UTF-16 units of text. */
struct slice xlsx_text_cut(struct slice text);
/* Whether text is a plain decimal that a double gives back unchanged. */
bool xlsx_text_is_number(struct slice text);
/* "YYYY-MM-DD[ HH:MM[:SS]]" as a serial of the 1900 system; the length of what was
 * written, or 0 when text is no such date from 1900-03-01 to 9999-12-31. */
size_t xlsx_text_serial(struct slice text, char to[XLSX_TEXT_SERIAL]);

#endif
