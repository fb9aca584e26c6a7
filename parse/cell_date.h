/*
 * Dates and times of a worksheet: serial numbers of days, and their text.
 */
#ifndef PARSE_CELL_DATE_H
#define PARSE_CELL_DATE_H

#include "parse/slice.h"

enum { CELL_DATE_MAX = 32 }; /* bytes of a date's text at the most */

/* Days from a serial of the 1904 date system to the same day's in the 1900 system. */
enum { CELL_DATE_1904 = 1462 };

/*
 * A serial of the 1900 date system as "2025-01-31 08:05:00", or as "08:05:00"
 * when it is below 1; rounded to milliseconds, which are shown (".250") unless 0.
 * Returns the length (`to` has CELL_DATE_MAX bytes), or 0 for what is no date:
 * below 0 or beyond the year 9999. Serial 60 is the day that spreadsheet programs
 * wrongly have (ECMA-376 part 1, 18.17.4.1), and comes out as they show it:
 * 1900-02-29.
 */
size_t cell_date_text(double serial, char *to);
/* The same, rounded to whole seconds, as spreadsheet programs show them. Programs that
 * write serials with few digits are off by some milliseconds either way: 17:48:40.982
 * was meant to be 17:48:41, and cutting the fraction off would tell another second. */
size_t cell_date_text_seconds(double serial, char *to);
/* An ISO 8601 date, time or both (ECMA-376 part 1, 18.18.11, type d) of the years
 * 1900 to 9999 as a serial of the 1900 system; a "Z" at its end is passed over.
 * False when it is none. */
bool cell_date_serial(struct slice iso, double *serial_r);

#endif
