/*
 * Dates and times as people and programs write them into files, to one form:
 * "2025-01-31 08:05:00". No time zone is known here: a time is local to wherever the
 * reader says, unless the text itself names an offset, which is then kept:
 * "2025-01-31 08:05:00+08:00".
 */
#ifndef PARSE_DATE_TEXT_H
#define PARSE_DATE_TEXT_H

#include "parse/err.h"
#include "parse/slice.h"

enum { DATE_TEXT_MAX = 32 }; /* bytes of a date at the most */

enum date_order_of {
	DATE_FIXED,       /* the form leaves no doubt, or both readings agree */
	DATE_DAY_FIRST,   /* can only be d/m/Y */
	DATE_MONTH_FIRST, /* can only be m/d/Y */
	DATE_EITHER       /* 03/04/2025 */
};

struct date_text {
	enum date_order_of order;
	size_t n;                      /* bytes of each text */
	char text[DATE_TEXT_MAX];      /* EITHER: read month first */
	char day_first[DATE_TEXT_MAX]; /* EITHER only */
	bool short_year; /* of date_text_read_until(): another reading was near */
};

enum { DATE_DAY_LENGTH = 10 }; /* "2025-01-31" */

/*
 * Reads trimmed, valid text. False when it is no date, or a day or time that does not
 * exist (31/02/2025, 25:00). Forms, case ignored, years 1900 to 9999:
 *
 *   date:  Y-m-d  Y/m/d  Y.m.d  Ymd (8 digits)  d/m/Y or m/d/Y with / - or .
 *          31-Jan-2025  31 January 2025  Jan 31, 2025  (English or Indonesian months)
 *          in the latter five a year of two digits is 20yy
 *   time:  none (midnight)  H:i  H:i:s  H:i:s.fraction (dropped), each with AM or PM
 *          behind it or without; parted from the date by spaces, a comma or a "T"
 *   zone:  none  Z  +08:00  +0800  +08; kept as an offset
 *   and a spreadsheet's serial: date_serial_read()
 */
bool date_text_read(struct slice s, struct date_text *d_r) MUST_CHECK;

/*
 * The same where 25/01/31 may have its year first: read so when its day is not behind
 * last_day ("2026-11-25"; "" is date_text_read()) and year last it would be, or in an
 * earlier year. When both are possible and less than ten years apart, d_r->short_year.
 */
bool date_text_read_until(struct slice s, const char *last_day,
			  struct date_text *d_r) MUST_CHECK;

/* A serial of the 1900 system that no style marks as a date: only the years 1990 to 2099
 * are believed. 8 digits are Ymd. */
bool date_serial_read(double serial, struct date_text *d_r) MUST_CHECK;

#endif
