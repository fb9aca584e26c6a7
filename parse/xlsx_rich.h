/*
 * Strings of a workbook (ECMA-376 part 1, 18.4.8 si and 18.3.1.53 is): plain, or
 * runs of rich text, which are joined; phonetic hints are left out. White space is
 * kept, whether xml:space asks for it or not.
 */
#ifndef PARSE_XLSX_RICH_H
#define PARSE_XLSX_RICH_H

#include "parse/buf.h"
#include "parse/xml_token.h"

/* Of every part of a workbook. */
extern const struct xml_limits xlsx_xml_limits;

/* Reads on behind the START of an element of type ST_Xstring (t, v) up to its END
 * and appends its text, escapes resolved. */
int xlsx_plain_read(struct xml *x, struct buf *to, struct err *e) MUST_CHECK;
/* The same for an element of type CT_Rst (si, is). */
int xlsx_rich_read(struct xml *x, struct buf *to, struct err *e) MUST_CHECK;

#endif
