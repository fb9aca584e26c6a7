/*
 * Values as a workbook's XML holds them: texts escaped, dates as serial numbers,
 * columns as letters.
 */
#ifndef PARSE_XLSX_TEXT_H
#define PARSE_XLSX_TEXT_H

#include "parse/sink.h"

#include <stdint.h>

/* Room for what the functions below write, a NUL included. */
enum { XLSX_TEXT_COLUMN = 8, XLSX_TEXT_SERIAL = 32 };

/* Writes text as character data or an attribute's value. */
int xlsx_text_escape(const struct sink *out, struct slice text, struct err *e) MUST_CHECK;
/* The first XLSX_MAX_CELL UTF-16 units of text. */
struct slice xlsx_text_cut(struct slice text);
/* 0 is "A"; returns the length. */
size_t xlsx_text_column(uint32_t column, char to[XLSX_TEXT_COLUMN]);
/* Whether text is a plain decimal that a double gives back unchanged. */
bool xlsx_text_is_number(struct slice text);
/* "YYYY-MM-DD[ HH:MM[:SS]]" as a serial of the 1900 system; the length of what was
 * written, or 0 when text is no such date from 1900-03-01 to 9999-12-31. */
size_t xlsx_text_serial(struct slice text, char to[XLSX_TEXT_SERIAL]);

#endif
