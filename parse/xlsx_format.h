/*
 * Number formats (ECMA-376 part 1, 18.8.30 and 18.8.31): which of them show a
 * number as a date or a time.
 */
#ifndef PARSE_XLSX_FORMAT_H
#define PARSE_XLSX_FORMAT_H

#include "parse/slice.h"

#include <stdint.h>

/* A format code as styles.xml has it, unescaped: "yyyy\-mm\-dd;@". */
bool xlsx_format_is_date(struct slice code);
/* A format id that styles.xml does not define itself. */
bool xlsx_format_id_is_date(uint32_t id);

#endif
